# The front of each daemon: the same files, and one that says which it is.  It prepares, and becomes the keeper.
sbin_PROGRAMS += virtqemud virtlogd virtlockd
front_sources = \
	%reldir%/access.c \
	%reldir%/anew.c \
	%reldir%/daemon.h \
	%reldir%/defaults.c \
	%reldir%/door.c %reldir%/door.h \
	%reldir%/held.c \
	%reldir%/hooks.c \
	%reldir%/kind.h \
	%reldir%/layout.c \
	%reldir%/listen.c \
	%reldir%/owner.c \
	%reldir%/main.c \
	%reldir%/prepare.c \
	%reldir%/reload.c \
	%reldir%/role.c \
	%reldir%/void.c \
	%reldir%/worker_cli.c \
	supervisor/keeper_proc.c \
	supervisor/keeper_spawn.c \
	supervisor/keeper_store.c \
	supervisor/output.c \
	$(NULL)
virtqemud_SOURCES = $(front_sources) %reldir%/kind_qemud.c %reldir%/emulators.c %reldir%/kvm.c %reldir%/programs.c %reldir%/tls.c
virtqemud_LDADD = libpolicy.a libipc.a
virtlogd_SOURCES = $(front_sources) %reldir%/kind_logd.c
virtlogd_LDADD = libpolicy.a libipc.a
virtlockd_SOURCES = $(front_sources) %reldir%/kind_lockd.c %reldir%/lease_cli.c
virtlockd_LDADD = libpolicy.a libipc.a
