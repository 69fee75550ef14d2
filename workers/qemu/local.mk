# role qemu: one process a running guest; the only one that reads what its QEMU and its agent say.
pkglibexec_PROGRAMS += roles/qemu
qemu_sources = \
	%D%/agent.c %D%/agent.h \
	%D%/api_agent.c %D%/api_block.c %D%/api_blockjob.c %D%/api_cpu.c %D%/api_doc.c %D%/api_inside.c %D%/api_iothread.c %D%/api_life.c %D%/api_mem.c %D%/api_migrate.c %D%/api_peek.c %D%/api_raw.c %D%/api_stats.c %D%/api_stream.c %D%/api_tune.c %D%/api_vcpu.c %D%/job.c %D%/job.h \
	%D%/call.c %D%/chain.c %D%/cleanup.c %D%/cpu.c %D%/debug.c %D%/doc.c %D%/dump.c %D%/ends.c %D%/guest.h \
	%D%/jline.c %D%/jline.h %D%/keymap.c %D%/keymap.h %D%/keymap-sets.h %D%/later.c %D%/learn.c %D%/lease.c %D%/main.c %D%/migrate.c %D%/migrate.h %D%/notify.c %D%/opened.c %D%/taint.c %D%/ops.h %D%/lzop.c %D%/lzop.h %D%/pack.c %D%/packer.c %D%/packer.h \
	%D%/plug.c %D%/plug.h %D%/plug_change.c %D%/plug_tune.c \
	%D%/qevent.c %D%/qmp.c %D%/qmp.h %D%/resume.c %D%/handback.c %D%/save.c %D%/start.c %D%/state.c \
	%D%/stats.c %D%/stats.h %D%/stream.c %D%/stream.h %D%/trace.c %D%/trace.h %D%/unplug.c \
	$(NULL)
roles_qemu_SOURCES = $(qemu_sources)
roles_qemu_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
roles_qemu_LDADD = libplan.a libworker.a libpolicy.a libroutes.a libipc.a $(JANSSON_STATIC_LIBS) $(PACK_STATIC_LIBS)
roles_qemu_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)

# libqemurole.a: the same without main, for harnesses that are QEMU, agent and supervisor at once.
check_LIBRARIES += libqemurole.a
libqemurole_a_SOURCES = $(qemu_sources)
libqemurole_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) -DQEMU_NO_MAIN
