#!/bin/sh
# Connections without end: the daemon stays quiet, loses nobody it serves, and lets others in; a low limit of descriptors is nobody's end.
. "${SRCDIR:-.}/tests/functions.sh"
requires virsh prlimit pgrep "$PYTHON"
requires_built supervisor gateway conf xmlc
box
# silent N SOCKET: connects so often, says how many were taken, and keeps them until it is killed.
cat >"$BOX/silent.py" <<'END'
import os, socket, sys, time
held, path = [], sys.argv[2]
for i in range(int(sys.argv[1])):
    s = socket.socket(socket.AF_UNIX)
    s.setblocking(False)
    for _ in range(200):
        try:
            s.connect(path)
            held.append(s)
            break
        except BlockingIOError:         # the backlog is full
            if len(held) > 300:
                break
            time.sleep(0.01)
print("holding", len(held), flush=True)
while True:
    time.sleep(1)
END
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# Processor time of daemon and supervisor in two seconds, in ticks of 10 ms.
burnt()
{
    before=$(($(ticks "$daemon") + $(ticks "$supervisor")))
    sleep 2
    echo $(($(ticks "$daemon") + $(ticks "$supervisor") - before))
}
clients() { role_pids gateway | wc -l; }

if [ "$(id -u)" != 0 ]; then
    step "a client, and 2048 descriptors and no more"
    prlimit --nofile=2048:2048 --pid $$
    start_daemon
    supervisor=$(role_pids supervisor)
    # A client from before, that asks again and again.
    mkfifo "$BOX/in"
    virsh <"$BOX/in" >"$BOX/client.log" 2>&1 &
    exec 8>"$BOX/in"
    echo "version" >&8
    wait_for 60 "a client" grep -q "Running hypervisor" "$BOX/client.log"

    step "no descriptor left to take a connection with: it waits, and so does the daemon"
    prlimit --pid "$supervisor" --nofile=0:2048
    virsh uri >"$BOX/late.log" 2>&1 &
    late=$!
    used=$(burnt)
    [ ! -s "$BOX/late.log" ] || fail "it was served: $(cat "$BOX/late.log")"
    [ "$used" -lt 60 ] || fail "it burns $used ticks in two seconds"
    prlimit --pid "$supervisor" --nofile=2048:2048
    wait "$late" || fail "who waited is not served: $(cat "$BOX/late.log")"

    step "500 connections that say nothing"
    "$PYTHON" "$BOX/silent.py" 500 "$SOCKETS/virtqemud-sock" >"$BOX/silent.log" &
    silent=$!
    cleanup "kill $silent 2>/dev/null"
    wait_for 60 "the silent ones" grep -q holding "$BOX/silent.log"
    cat "$BOX/silent.log"
    many() { [ "$(clients)" -gt 300 ]; }
    wait_for 60 "their gateways" many
    used=$(burnt)
    [ "$used" -lt 60 ] || fail "it burns $used ticks in two seconds"
    echo "uri" >&8
    wait_for 60 "the client from before" grep -q qemu:///session "$BOX/client.log"

    step "they do not lock others out"
    few() { [ "$(clients)" -lt 60 ]; }
    timeout 60 virsh list >/dev/null || fail "a new client is not served"
    wait_for 60 "an end to most of them" few
    [ "$(role_pids supervisor)" = "$supervisor" ] || fail "the supervisor is another one"
    [ "$(wc -l <"$(daemon_log)")" -lt 20 ] || fail "it is not quiet"
    exec 8>&-
    exit 0
fi

printf 'max_clients = 40\nmax_anonymous_clients = 5\n' >/etc/libvirt/virtqemud.conf
start_daemon
supervisor=$(role_pids supervisor)
as() { user=$1; shift; setpriv --reuid="$user" --regid="$user" --clear-groups env HOME=/ "$@"; }
chmod 755 "$BOX"

step "200 silent connections of one user: others come in at once"
as 65534 "$PYTHON" "$BOX/silent.py" 200 /run/libvirt/virtqemud-sock-ro >"$BOX/silent.log" &
silent=$!
cleanup "kill $silent 2>/dev/null"
wait_for 60 "the silent ones" grep -q holding "$BOX/silent.log"
timeout 60 virsh list >/dev/null || fail "root is locked out"
as 65533 timeout 60 virsh -r list >/dev/null || fail "another user is locked out"
[ "$(clients)" -le 30 ] || fail "one user has $(clients)"
used=$(burnt)
[ "$used" -lt 60 ] || fail "it burns $used ticks in two seconds"

step "and most of them end"
few() { [ "$(clients)" -le 10 ]; }
wait_for 60 "an end to most of them" few
as 65534 timeout 60 virsh -r list >/dev/null || fail "the user itself is locked out"
[ "$(role_pids supervisor)" = "$supervisor" ] || fail "the supervisor is another one"
[ "$(grep -c 'connections are refused' "$(daemon_log)")" -le 5 ] || fail "it is not quiet"
