# virtqemud: the front of the daemon.  It prepares, and becomes the keeper.
sbin_PROGRAMS += virtqemud
virtqemud_SOURCES = \
	%reldir%/daemon.h \
	%reldir%/defaults.c \
	%reldir%/emulators.c \
	%reldir%/layout.c \
	%reldir%/listen.c \
	%reldir%/owner.c \
	%reldir%/main.c \
	%reldir%/prepare.c \
	%reldir%/role.c \
	%reldir%/void.c \
	%reldir%/worker_cli.c \
	supervisor/keeper_proc.c \
	supervisor/keeper_spawn.c \
	supervisor/keeper_store.c \
	supervisor/output.c \
	$(NULL)
virtqemud_LDADD = libpolicy.a libipc.a
