# Programs tests drive.
check_PROGRAMS += %D%/argtool
%C%_argtool_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_argtool_LDADD = libxmlc.a libplan.a libworker.a libipc.a $(JANSSON_LIBS) $(LIBXML_LIBS)

# xmlc's library without a daemon, for developers and tests
noinst_PROGRAMS += %D%/domtool
%C%_domtool_SOURCES = %D%/domtool.c
%C%_domtool_LDADD = libxmlc.a libworker.a libipc.a $(LIBXML_LIBS)

# What tests were seen to do, for doc/compatibility.md
EXTRA_DIST += %D%/record.py

# What takes the place of libraries of QEMU's, and of the kernel, where a test makes devices up
EXTRA_DIST += %D%/fakeusb.c %D%/fakevfio.c %D%/fakekernel.py
