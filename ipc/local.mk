# libipc.a: what every process links.  libc only.
noinst_LIBRARIES += libipc.a
libipc_a_SOURCES = \
	%reldir%/access.c %reldir%/access.h \
	%reldir%/birth.c %reldir%/birth.h \
	%reldir%/chan.c %reldir%/chan.h \
	%reldir%/crash.c %reldir%/crash.h \
	%reldir%/endpoint.c \
	%reldir%/err.c %reldir%/err_sys.c %reldir%/err.h %reldir%/errors.def \
	%reldir%/firmware.h \
	%reldir%/frame.c %reldir%/frame.h \
	%reldir%/index.c %reldir%/index.h \
	%reldir%/internal.h %reldir%/layout.h %reldir%/op.h %reldir%/save.h %reldir%/settings.h %reldir%/states.h \
	%reldir%/log.c %reldir%/log.h \
	%reldir%/loop.c %reldir%/loop.h \
	%reldir%/given.h %reldir%/manifest.c %reldir%/manifest_out.c %reldir%/manifest.h \
	%reldir%/short_name.c \
	%reldir%/mp.c %reldir%/mp_out.c %reldir%/mp.h \
	%reldir%/util.c %reldir%/util.h \
	$(NULL)

include %reldir%/schema/local.mk
