# The trusted part: keeper and supervisor.  Both link libc, libpolicy.a and libipc.a only.
pkglibexec_PROGRAMS += roles/keeper roles/supervisor
roles_keeper_SOURCES = \
	%reldir%/keeper.c %reldir%/keeper.h \
	%reldir%/keeper_proc.c \
	%reldir%/keeper_spawn.c \
	%reldir%/keeper_store.c \
	%reldir%/output.c \
	$(NULL)
roles_keeper_LDADD = libpolicy.a libipc.a

roles_supervisor_SOURCES = \
	%reldir%/doc.c \
	%reldir%/events.c \
	%reldir%/flow.c \
	%reldir%/gateways.c \
	%reldir%/guest.c %reldir%/guest.h \
	%reldir%/life.c \
	%reldir%/load.c %reldir%/chain.c %reldir%/run_log.c %reldir%/save.c %reldir%/start.c %reldir%/stop.c \
	%reldir%/manifest_policy.c \
	%reldir%/peer.c \
	%reldir%/route.c \
	%reldir%/slots.c \
	%reldir%/sup.h \
	%reldir%/supervisor.c \
	$(NULL)
roles_supervisor_LDADD = libroutes.a libpolicy.a libipc.a

