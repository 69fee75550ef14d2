# libplan.a: tree -> QEMU command line and QMP arguments; pure, no system calls.
noinst_LIBRARIES += libplan.a
libplan_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libplan_a_SOURCES = \
	%reldir%/plan.h %reldir%/priv.h %reldir%/source.h \
	%reldir%/addr.c \
	%reldir%/argv.c \
	%reldir%/build.c \
	%reldir%/complete.c \
	%reldir%/cpu.c \
	%reldir%/dev_chr.c \
	%reldir%/dev_controller.c \
	%reldir%/dev_disk.c \
	%reldir%/dev_display.c \
	%reldir%/dev_ext.c \
	%reldir%/dev_misc.c \
	%reldir%/dev_net.c \
	%reldir%/dev_sound.c \
	%reldir%/guest.c \
	%reldir%/known.c \
	%reldir%/machine.c \
	%reldir%/memory.c \
	%reldir%/override.c \
	%reldir%/prop.c \
	%reldir%/qmp.c \
	%reldir%/res.c \
	%reldir%/source.c \
	%reldir%/system.c \
	$(NULL)
