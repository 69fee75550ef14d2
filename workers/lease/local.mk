# role lease: what a guest's leases are, and one talk with virtlockd about them
noinst_LIBRARIES += liblease.a
liblease_a_SOURCES = %D%/lease.h %D%/resources.c %D%/sha256.c %D%/talk.c
pkglibexec_PROGRAMS += roles/lease
roles_lease_SOURCES = %D%/lease.c
roles_lease_LDADD = liblease.a libxdr.a libop.a libworker.a libpolicy.a libroutes.a libipc.a
roles_lease_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
