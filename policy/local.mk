# libpolicy.a: what every role links to lock itself in.  libc only.
noinst_LIBRARIES += libpolicy.a
libpolicy_a_SOURCES = %reldir%/sandbox.c %reldir%/sandbox.h
