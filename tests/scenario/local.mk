# One behaviour a script.  ROOT_TESTS need root, in namespaces of their own.
scenario_tests = \
	%D%/test-boundaries.sh \
	%D%/test-budget.sh \
	%D%/test-clients.sh \
	%D%/test-daemon.sh \
	%D%/test-debug.sh \
	%D%/test-keepalive.sh \
	%D%/test-limits.sh \
	%D%/test-log-filters.sh \
	%D%/test-logd-session.py \
	%D%/test-manuals.sh \
	%D%/test-msgpack.sh \
	%D%/test-musl.sh \
	%D%/test-plain-daemons.sh \
	%D%/test-qemu-agent-lies.py \
	%D%/test-qemu-hostile.py \
	%D%/test-qemu-plug.py \
	%D%/test-qemu-plug-lies.py \
	%D%/test-qemu-resume.py \
	$(NULL)
guest_tests = \
	%D%/test-access-bus.py \
	%D%/test-access-polkit.py \
	%D%/test-access-rules.py \
	%D%/test-guest-calls.py \
	%D%/test-guest-confined.py \
	%D%/test-guest-console.py \
	%D%/test-guest-adopt.py \
	%D%/test-guest-agent.py \
	%D%/test-guest-devices.py \
	%D%/test-guest-elements.py \
	%D%/test-guest-disks.py \
	%D%/test-guest-files.py %D%/test-guest-filter.py \
	%D%/test-guest-giveup.py \
	%D%/test-guest-half.py \
	%D%/test-guest-hotplug.py \
	%D%/test-guest-kept.py \
	%D%/test-guest-anew.py \
	%D%/test-guest-left.py \
	%D%/test-guest-life.py \
	%D%/test-guest-save.py \
	%D%/test-guest-passt.py \
	%D%/test-guest-tpm.py \
	%D%/test-guest-virtiofs.py \
	%D%/test-guest-nics.py \
	%D%/test-guest-network.py \
	%D%/test-guest-owner.py \
	%D%/test-guest-plug.py \
	%D%/test-guest-tune.py \
	%D%/test-guest-serial.py \
	%D%/test-guest-spice.py \
	%D%/test-guest-vnc.py \
	$(NULL)
scenario_root_tests = \
	%D%/test-session-bare.py \
	%D%/test-clients-collectd.py \
	%D%/test-clients-dbus.py \
	%D%/test-clients-exporter.py \
	%D%/test-clients-ocf.py \
	%D%/test-clients-perl.py \
	%D%/test-clients-virtinst.py \
	%D%/test-init.sh \
	%D%/test-logd.py \
	%D%/test-logd-zip.py \
	%D%/test-logd-libvirtd.py \
	%D%/test-guest-leases.py \
	%D%/test-guest-hooks.py \
	%D%/test-guest-logd.py \
	%D%/test-lockd-held.py \
	%D%/test-lockd-rules.py \
	%D%/test-peer-admin.py \
	%D%/test-peer-badxml.py \
	%D%/test-peer-blkio.py \
	%D%/test-peer-calls.py \
	%D%/test-peer-cpu.py \
	%D%/test-peer-devices.py \
	%D%/test-peer-job.py \
	%D%/test-peer-meet.py \
	%D%/test-peer-none.py \
	%D%/test-peer-plug.py \
	%D%/test-peer-events.py \
	%D%/test-peer-files.py \
	%D%/test-peer-hooks.py \
	%D%/test-peer-hostside.py \
	%D%/test-peer-usb.py %D%/test-peer-pci.py \
	%D%/test-peer-firmware.py \
	%D%/test-peer-ram.py \
	%D%/test-peer-managedsave.py \
	%D%/test-peer-inside.py \
	%D%/test-peer-life.py \
	%D%/test-peer-lines.py \
	%D%/test-peer-live.py \
	%D%/test-peer-macvtap.py \
	%D%/test-peer-netdisk.py \
	%D%/test-peer-nodes.py \
	%D%/test-peer-autodump.py \
	%D%/test-peer-bypass.py \
	%D%/test-peer-packed.py \
	%D%/test-peer-vhostdisk.py \
	%D%/test-peer-lockd.py \
	%D%/test-peer-python.py \
	%D%/test-peer-queries.py \
	%D%/test-peer-virsh.py \
	%D%/test-peer-readonly.py \
	%D%/test-peer-rename.py \
	%D%/test-peer-save.py \
	%D%/test-peer-secrets.py \
	%D%/test-peer-siblings.py \
	%D%/test-routes.py \
	%D%/test-peer-tls.py \
	%D%/test-peer-display.py \
	%D%/test-peer-tpm.py \
	%D%/test-peer-transient.py \
	%D%/test-guest-9p.py \
	%D%/test-peer-tune.py \
	%D%/test-debug.sh \
	%D%/test-limits.sh \
	%D%/test-plain-daemons.sh \
	$(guest_tests) \
	%D%/test-siblings.py \
	%D%/test-sandbox-root.sh \
	%D%/test-sandbox-running.sh \
	%D%/test-units-root.sh \
	$(NULL)
TESTS += $(scenario_tests)
ROOT_TESTS += $(scenario_root_tests)
EXTRA_DIST += %D%/peer-virsh.txt %D%/peer-virsh-differs.txt %D%/client-libvirt.py %D%/client-msgpack.py %D%/../qemulib.py %D%/../qemulies.py %D%/../qemuguest.py $(scenario_tests) $(scenario_root_tests) %D%/../functions.sh %D%/../guest/mkinitrd.sh %D%/../guest/nine.c %D%/../guest/hello.xml %D%/../guest/agent.xml %D%/../check.sh %D%/../guestlib.py %D%/../displaylib.py %D%/../vhostuser.py %D%/../locklib.py %D%/../rpclib.py %D%/../oldkernel.py %D%/../hold.py %D%/../hostdevlib.py %D%/../needs.py
