# The trusted part: keeper and supervisor.  Both link libc, libpolicy.a and libipc.a only.
pkglibexec_PROGRAMS += roles/keeper roles/supervisor roles/supervisor-logd roles/supervisor-lockd
roles_keeper_SOURCES = \
	%reldir%/keeper.c %reldir%/keeper.h \
	%reldir%/keeper_proc.c \
	%reldir%/keeper_spawn.c \
	%reldir%/keeper_store.c \
	%reldir%/output.c \
	$(NULL)
roles_keeper_LDADD = libpolicy.a libipc.a

# What every daemon's supervisor is made of, and what each knows of its objects (objects.h).
supervisor_core = \
	%reldir%/flow.c \
	%reldir%/gateways.c \
	%reldir%/life.c \
	%reldir%/objects.h \
	%reldir%/peer.c \
	%reldir%/route.c \
	%reldir%/sup.h \
	%reldir%/supervisor.c \
	$(NULL)
supervisor_libs = libroutes.a libpolicy.a libipc.a
roles_supervisor_SOURCES = $(supervisor_core) \
	%reldir%/qemud/chain.c \
	%reldir%/qemud/doc.c \
	%reldir%/qemud/events.c \
	%reldir%/qemud/guest.c %reldir%/qemud/guest.h \
	%reldir%/qemud/hook.c \
	%reldir%/qemud/load.c \
	%reldir%/qemud/manifest_policy.c \
	%reldir%/qemud/objects.c \
	%reldir%/qemud/plug.c \
	%reldir%/qemud/run_log.c \
	%reldir%/qemud/save.c \
	%reldir%/qemud/slots.c \
	%reldir%/qemud/start.c \
	%reldir%/qemud/stop.c \
	%reldir%/qemud/talk.c \
	$(NULL)
roles_supervisor_LDADD = $(supervisor_libs)
roles_supervisor_logd_SOURCES = $(supervisor_core) \
	%reldir%/logd/clean.c \
	%reldir%/logd/objects.c \
	%reldir%/logd/open.c \
	%reldir%/logd/streams.c %reldir%/logd/streams.h \
	%reldir%/logd/zip.c \
	$(NULL)
roles_supervisor_logd_LDADD = $(supervisor_libs)
roles_supervisor_lockd_SOURCES = $(supervisor_core) \
	%reldir%/lockd/check.c \
	%reldir%/lockd/holder.c %reldir%/lockd/holder.h \
	%reldir%/lockd/leases.c \
	%reldir%/lockd/lockd.h \
	%reldir%/lockd/objects.c \
	%reldir%/lockd/owners.c \
	%reldir%/lockd/page.c \
	%reldir%/lockd/spaces.c \
	$(NULL)
roles_supervisor_lockd_LDADD = $(supervisor_libs)
