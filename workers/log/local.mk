# role log: one log stream from pipe to file
noinst_LIBRARIES += liblog.a
liblog_a_SOURCES = workers/zipped.h %D%/backups.c %D%/clean.c %D%/live.c %D%/live.h %D%/read.c %D%/stream.c %D%/stream.h
pkglibexec_PROGRAMS += roles/log
roles_log_SOURCES = %D%/calls.c %D%/log.c %D%/log.h
roles_log_LDADD = liblog.a libworker.a libroutes.a libpolicy.a libipc.a $(ZLIB_STATIC_LIBS)
# One a stream, and it reads nothing that others wrote: at a fixed address its tables are shared instead of relocated.
roles_log_LDFLAGS = $(AM_LDFLAGS) $(FIXED_LDFLAGS)
