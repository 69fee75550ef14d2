# role zip: one backup of a log, compressed
if ZLIB
pkglibexec_PROGRAMS += roles/zip
roles_zip_SOURCES = %D%/zip.c workers/zipped.h
roles_zip_LDADD = libworker.a libroutes.a libpolicy.a libipc.a $(ZLIB_STATIC_LIBS)
roles_zip_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
endif
