#!/bin/sh
# A msgpack-RPC client of thirty lines drives the daemon on the same socket as virsh: it lists guests, starts one, hears of it, stops it.
. "${SRCDIR:-.}/tests/functions.sh"
requires virsh qemu-system-x86_64 "$PYTHON"
requires_built supervisor gateway conf xmlc probe qemu log hand-open hand-net hand-launch pid1
"$PYTHON" -c 'import msgpack' 2>/dev/null || skip "python3-msgpack is not installed"
box
guest_files
start_daemon
guest_xml hello small >"$BOX/small.xml"
virsh -q define "$BOX/small.xml"

step "list, start, events, stop"
timeout 120 "$PYTHON" "$SRCDIR/tests/scenario/client-msgpack.py" "$SOCKETS/virtqemud-sock" small >"$BOX/client.log"
cat "$BOX/client.log"
grep -q "^guest small state 5 0$" "$BOX/client.log" || fail "the list"
grep -q "^state 1 1$" "$BOX/client.log" || fail "the state after the start"
for event in "4, 0" "2, 0" "5, 1"; do       # resumed unpaused, started booted, stopped destroyed
    grep -q "^event domain.event_callback_lifecycle .*, $event\]$" "$BOX/client.log" || fail "event $event"
done
[ "$(virsh -q domstate small)" = "shut off" ] || fail "it still runs"

step "its errors are libvirt's"
timeout 60 "$PYTHON" "$SRCDIR/tests/scenario/client-msgpack.py" "$SOCKETS/virtqemud-sock" none 2>"$BOX/client.err" && fail "a guest that is not there was started"
grep -q "Domain not found: no domain with matching name 'none'" "$BOX/client.err" || fail "the error: $(cat "$BOX/client.err")"
