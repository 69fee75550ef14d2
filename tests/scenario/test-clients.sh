#!/bin/sh
# python3-libvirt against the daemon: what its connection, lists, events, console stream and statistics bring.
. "${SRCDIR:-.}/tests/functions.sh"
requires virsh qemu-system-x86_64
LIBVIRT_PYTHON=
for python in "$PYTHON" /usr/bin/python3; do
    [ -n "$LIBVIRT_PYTHON" ] || ! "$python" -c 'import libvirt' 2>/dev/null || LIBVIRT_PYTHON=$python
done
[ -n "$LIBVIRT_PYTHON" ] || skip "python3-libvirt is not installed"
requires_built supervisor gateway conf xmlc probe qemu log hand-open hand-net hand-launch pid1
box
guest_files
start_daemon
guest_xml hello small >"$BOX/small.xml"
timeout 180 "$LIBVIRT_PYTHON" "$SRCDIR/tests/scenario/client-libvirt.py" "$BOX/small.xml"
if [ "$(id -u)" != 0 ]; then
    step "a limit that nothing holds in a session is refused"
    guest_xml hello limited | sed 's|<devices>|<memtune><hard_limit unit="MiB">512</hard_limit></memtune>&|' >"$BOX/limited.xml"
    ! virsh create "$BOX/limited.xml" >"$BOX/refused" 2>&1 || fail "it was started"
    grep -q "Memory tuning is not available in session mode" "$BOX/refused" || fail "$(cat "$BOX/refused")"
fi
