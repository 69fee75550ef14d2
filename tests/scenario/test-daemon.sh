#!/bin/sh
# The daemon's front and its keeper: options, locks, readiness, sockets of a service manager, signals, deaths, --timeout, silent clients.
. "${SRCDIR:-.}/tests/functions.sh"
PYTHON=${PYTHON:-python3}
requires virsh "$PYTHON" stat
requires_built keeper supervisor gateway conf host
box
daemon=
cleanup '[ $status = 0 ] || say_log'
export BULKHEAD_LIBEXECDIR=$BUILDDIR/roles
virtqemud=$BUILDDIR/virtqemud

step "help, version, what is no option"
"$virtqemud" --help | grep -q -- --notify-fd || fail "--help"
"$virtqemud" -V | grep -q '^virtqemud (bulkhead) [0-9]' || fail "-V"
if "$virtqemud" --nonsense 2>/dev/null; then fail "an unknown option was taken"; fi
if "$virtqemud" word 2>/dev/null; then fail "an argument was taken"; fi
if "$virtqemud" -t many 2>/dev/null; then fail "a timeout that is no number was taken"; fi
if "$virtqemud" -f "$BOX/absent.conf" 2>"$BOX/err"; then fail "a configuration that is absent was taken"; fi

step "a bad configuration is told and ends the start"
echo 'max_clients = "many"' >"$BOX/bad.conf"
if timeout 30 "$virtqemud" -f "$BOX/bad.conf" 2>"$BOX/err"; then fail "it was taken"; fi
grep -q max_clients "$BOX/err" || fail "nothing was said of it: $(cat "$BOX/err")"

step "-d returns when clients can connect; pid file; --notify-fd; modes"
"$virtqemud" -d -p "$BOX/own.pid" --notify-fd 7 7>"$BOX/notify" </dev/null >>"$(daemon_log)" 2>&1 || fail "-d"
daemon=$(cat "$BOX/own.pid")
cleanup stop_daemon
virsh -q version >/dev/null || fail "it does not answer at once"
[ "$(wc -l <"$BOX/notify")" = 1 ] || fail "no newline on the descriptor"
[ "$(stat -c %a "$SOCKETS/virtqemud-sock")" = 700 ] || fail "mode of the socket"
[ "$(stat -c %a "$SOCKETS/virtqemud-admin-sock")" = 700 ] || fail "mode of the admin socket"
if [ "$(id -u)" = 0 ]; then [ "$(stat -c %a "$SOCKETS/virtqemud-sock-ro")" = 777 ] || fail "mode of the read-only socket"; fi

step "there is one daemon a driver"
if timeout 30 "$virtqemud" -p "$BOX/other.pid" 2>"$BOX/err"; then fail "a second one runs"; fi
grep -q "another daemon runs" "$BOX/err" || fail "why: $(cat "$BOX/err")"
[ -S "$SOCKETS/virtqemud-sock" ] && virsh -q version >/dev/null || fail "the second one took the sockets away"

step "--worker shows the processes"
"$virtqemud" --worker >"$BOX/workers"
grep -q '^conf .* up ' "$BOX/workers" || fail "$(cat "$BOX/workers")"
grep -q '^gateway .* serving ' "$BOX/workers" || fail "$(cat "$BOX/workers")"

step "HUP is harmless, USR1 re-executes with the clients connected, each process may be killed"
hold virtqemud 0
still_served "nothing"
kill -HUP "$daemon"
still_served HUP
kill -USR1 "$daemon"
still_served USR1
for role in supervisor conf supervisor; do
    victim=$(role_pids "$role")
    [ -n "$victim" ] || fail "there is no $role"
    kill -9 $victim
    still_served "the death of $role"
    wait_for 40 "the next $role" eval "[ -n \"\$(role_pids $role)\" ]"
done
[ "$(cat "$BOX/own.pid")" = "$daemon" ] && kill -0 "$daemon" || fail "the daemon's pid has changed"

step "200 silent connections lock nobody out"
"$PYTHON" -c '
import socket, sys, time
c = []
for i in range(200):
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); c.append(s)
print("connected", flush=True)
sys.stdin.read()' "$SOCKETS/virtqemud-sock" <"$BOX/hold.in" >"$BOX/silent" 2>&1 &
silent=$!
cleanup "kill $silent 2>/dev/null"
wait_for 60 "200 connections" grep -q connected "$BOX/silent"
timeout 20 virsh -q version >/dev/null || fail "a client is locked out"
kill "$silent"
wait "$silent" || true
wait_for 60 "their gateways are gone" eval '[ "$(role_pids gateway | wc -l)" -le 8 ]'

step "TERM ends it, and leaves nothing"
hold_end
kill "$daemon"
daemon_gone "$SOCKETS/virtqemud-sock" "$SOCKETS/virtqemud-sock-ro" "$SOCKETS/virtqemud-admin-sock" "$BOX/own.pid"

step "--timeout: it ends by itself, not before its client has gone"
"$virtqemud" -t 1 >>"$(daemon_log)" 2>&1 &
timed=$!
wait_for 30 "it answers" virsh -q version
wait_for 30 "it has ended" eval "! kill -0 $timed"
wait "$timed" || fail "its status"

if command -v virt-admin >/dev/null; then
    step "and when it is told so while it runs"
    "$virtqemud" >>"$(daemon_log)" 2>&1 &
    timed=$!
    wait_for 30 "it answers" virsh -q version
    virt-admin -c "virtqemud:///${URI##*/}" daemon-timeout --timeout 1
    wait_for 30 "it has ended" eval "! kill -0 $timed"
    wait "$timed" || fail "its status"
fi

step "sockets and readiness of a service manager"
cat >"$BOX/activate.py" <<'P'
import os, socket, sys
folder, binary = sys.argv[1:3]
def listener(name):
    p = os.path.join(folder, name)
    if os.path.exists(p): os.unlink(p)
    s = socket.socket(socket.AF_UNIX); s.bind(p); s.listen(8); return s
n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); n.bind(os.path.join(folder, "notify"))
ro, rw = listener("virtqemud-sock-ro"), listener("virtqemud-sock")
pid = os.fork()
if pid == 0:
    a, b = os.dup(ro.fileno()), os.dup(rw.fileno())
    fds = [os.dup2(a, 100), os.dup2(b, 101)]
    os.dup2(100, 3, inheritable=True); os.dup2(101, 4, inheritable=True)
    env = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="virtqemud-ro.socket:virtqemud.socket", NOTIFY_SOCKET=os.path.join(folder, "notify"))
    os.execve(binary, [binary], env)
ro.close(); rw.close()
n.settimeout(30)
assert b"READY=1" in n.recv(4096)
print(pid, flush=True)
os.waitpid(pid, 0)
P
mkdir -p "$SOCKETS"
"$PYTHON" "$BOX/activate.py" "$SOCKETS" "$virtqemud" >"$BOX/activated" 2>>"$(daemon_log)" &
manager=$!
wait_for 40 "readiness" test -s "$BOX/activated"
virsh -q version >/dev/null || fail "the socket that was handed over is not served"
[ "$(id -u)" != 0 ] || virsh -q -r version >/dev/null || fail "nor the read-only one"
kill "$(cat "$BOX/activated")"
wait "$manager" || true
[ -S "$SOCKETS/virtqemud-sock" ] || fail "a socket of the service manager was unlinked"
