include %reldir%/core.mk

# Hands: one privileged verb each, started by the keeper for one call of the supervisor.
pkglibexec_PROGRAMS += roles/hand-open roles/hand-net roles/hand-hook roles/hand-launch roles/pid1
hand_sources = %reldir%/hand.c %reldir%/hand.h %reldir%/hand_daemon.c %reldir%/hand_path.c %reldir%/hand_record.c
roles_hand_open_SOURCES = $(hand_sources) %reldir%/hand_open.c %reldir%/hand_open.h %reldir%/hand_adopt.c %reldir%/hand_chain.c %reldir%/hand_connect.c %reldir%/hand_keys.c %reldir%/hand_lease.c %reldir%/hand_forget.c %reldir%/hand_given.c %reldir%/hand_node.c %reldir%/hand_overlay.c %reldir%/hand_perf.c %reldir%/hand_perf.h %reldir%/hand_pin.c %reldir%/hand_secret.c %reldir%/hand_settle.c %reldir%/hand_shm.c %reldir%/hand_sock.c %reldir%/hand_state.c %reldir%/hand_usb.c %reldir%/hand_vfio.c %reldir%/hand_vfio.h %reldir%/hand_vfio_open.c
roles_hand_open_LDADD = libpolicy.a libipc.a
roles_hand_open_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
roles_hand_net_SOURCES = $(hand_sources) %reldir%/hand_net.c %reldir%/hand_net.h %reldir%/hand_macvtap.c %reldir%/hand_ovs.c %reldir%/hand_ovsdb.c %reldir%/hand_ovsdb.h %reldir%/hand_addr.c %reldir%/hand_shape.c %reldir%/hand_shape.h
roles_hand_net_CFLAGS = $(AM_CFLAGS) $(LIBNL_CFLAGS)
roles_hand_net_LDADD = libpolicy.a libipc.a $(LIBNL_LIBS)
roles_hand_hook_SOURCES = $(hand_sources) %reldir%/hand_hook.c %reldir%/hand_hook.h %reldir%/hand_hook_run.c
roles_hand_hook_LDADD = libpolicy.a libipc.a
roles_hand_hook_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
roles_hand_launch_SOURCES = $(hand_sources) %reldir%/hand_launch.c %reldir%/hand_launch.h %reldir%/hand_helper.c %reldir%/hand_helper.h %reldir%/hand_passt.c %reldir%/hand_tpm.c %reldir%/hand_virtiofs.c %reldir%/hand_cgroup.c %reldir%/hand_forget.c %reldir%/hand_disks.c %reldir%/hand_perf.c %reldir%/hand_perf.h %reldir%/hand_reap.c %reldir%/hand_share.c %reldir%/hand_shm.c %reldir%/hand_tune.c %reldir%/hand_tune.h %reldir%/hand_tune_text.c %reldir%/hand_head.c %reldir%/hand_vfio.c %reldir%/hand_vfio.h %reldir%/hand_vfio_view.c %reldir%/hand_view.c
roles_hand_launch_LDADD = libpolicy.a libipc.a
roles_hand_launch_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
# Static: it lives as long as its guest and should cost next to nothing, and needs nothing of the view.
roles_pid1_SOURCES = %reldir%/pid1.c
roles_pid1_LDADD = libpolicy.a libipc.a
if !SANITIZED
roles_pid1_LDFLAGS = -static $(HARDEN_LDFLAGS) -no-pie
endif
