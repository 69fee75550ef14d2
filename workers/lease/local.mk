# role lease: what a guest's leases and logs are, and one talk with virtlockd or virtlogd about them
noinst_LIBRARIES += liblease.a
liblease_a_SOURCES = %D%/lease.h %D%/logs.c %D%/resources.c %D%/sha256.c %D%/talk.c
pkglibexec_PROGRAMS += roles/lease
roles_lease_SOURCES = %D%/lease.c
roles_lease_LDADD = liblease.a libxdr.a libop.a libworker.a libpolicy.a libroutes.a libipc.a
roles_lease_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
