# Programs tests drive.
check_PROGRAMS += %D%/argtool
%C%_argtool_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_argtool_LDADD = libplan.a libworker.a libipc.a $(JANSSON_LIBS)
