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
