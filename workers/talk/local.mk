# role talk: what a guest's leases, logs, ports, filters and secrets are, and one talk with the host's daemon that has them
noinst_LIBRARIES += libtalk.a
libtalk_a_SOURCES = %D%/aes.c %D%/filters.c %D%/leases.c %D%/logs.c %D%/ports.c %D%/resources.c %D%/secrets.c %D%/sha256.c %D%/sibling.c %D%/talk.h
pkglibexec_PROGRAMS += roles/talk
roles_talk_SOURCES = %D%/talk.c
roles_talk_LDADD = libtalk.a libxdr.a libop.a libworker.a libpolicy.a libroutes.a libipc.a
roles_talk_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
