# role probe: one image header, or one QEMU's answers about itself
noinst_LIBRARIES += libprobe.a
libprobe_a_SOURCES = %D%/backing.c %D%/image.c %D%/caps_ask.c %D%/probe.h
libprobe_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
pkglibexec_PROGRAMS += roles/probe
roles_probe_SOURCES = %D%/probe.c
roles_probe_LDADD = libprobe.a libworker.a libroutes.a libpolicy.a libipc.a $(JANSSON_STATIC_LIBS)
roles_probe_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
