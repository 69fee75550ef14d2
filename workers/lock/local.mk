# role lock: the files of one lockspace and their locks
noinst_LIBRARIES += liblock.a
liblock_a_SOURCES = %D%/space.c %D%/space.h
pkglibexec_PROGRAMS += roles/lock
roles_lock_SOURCES = %D%/lock.c
roles_lock_LDADD = liblock.a libworker.a libroutes.a libpolicy.a libipc.a
roles_lock_LDFLAGS = $(AM_LDFLAGS) $(FIXED_LDFLAGS)
