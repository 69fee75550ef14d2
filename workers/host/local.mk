# role host: node facts and capabilities
noinst_LIBRARIES += libhost.a
libhost_a_SOURCES = %D%/capabilities.c %D%/descriptors.c %D%/descriptors.h %D%/domcaps.c %D%/host.h %D%/facts.c %D%/facts.h
libhost_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
pkglibexec_PROGRAMS += roles/host
roles_host_SOURCES = %D%/calls.h %D%/host.c %D%/neighbours.c %D%/tune.c
roles_host_LDADD = libhost.a libworker.a libroutes.a libpolicy.a libipc.a $(JANSSON_STATIC_LIBS)
roles_host_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
