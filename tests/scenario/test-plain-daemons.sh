#!/bin/sh
# virtlogd and virtlockd as daemons: options, locks, doors and who may come in, signals, deaths, the admin program, --timeout, sockets of a service
# manager; and all of ours on one host.
. "${SRCDIR:-.}/tests/functions.sh"
PYTHON=${PYTHON:-python3}
requires virsh virt-admin "$PYTHON" stat sed
requires_built keeper supervisor-logd supervisor-lockd gateway conf
box
daemon=
cleanup '[ $status = 0 ] || say_log'
export BULKHEAD_LIBEXECDIR=$BUILDDIR/roles
mode=${URI##*/}

# Which programs the daemon's socket speaks, by both protocols.
cat >"$BOX/programs.py" <<'P'
import socket, sys
sys.path.insert(0, sys.argv[3])
from hold import CALLS
from rpclib import REMOTE, Client
which, path = sys.argv[1:3]
program, proc, args = CALLS[which]
with Client(path, program) as c:
    assert c.ask(1, program=REMOTE)[1][0] == 39, "of virtqemud's program this door knows nothing"
    for number in (proc, 99):
        assert c.ask(number, args if number == proc else b"")[1]
name, word = {"virtlogd": b"log.domain.get_log_file_position", "virtlockd": b"lock.acquire_resource"}[which], b"/nowhere/at-all"
values = [bytes([0xa0 | len(word)]) + word] + ([b"\xa1r"] if which == "virtlockd" else []) + [b"\0"]
for call in (b"\x94\0\x05\xd9" + bytes([len(name)]) + name + bytes([0x90 | len(values)]) + b"".join(values), b"\x94\0\x05\xacconnect.open\x92\xa0\0"):
    m = socket.socket(socket.AF_UNIX)
    m.settimeout(60)
    m.connect(path)
    m.sendall(call)
    assert m.recv(4, socket.MSG_WAITALL) == b"\x94\x01\x05\x93", "an error, by msgpack-RPC"
P
programs() { "$PYTHON" "$BOX/programs.py" $name "$SOCKETS/$name-sock" "$SRCDIR/tests" || fail "$name: programs${1:+ of $1}"; }

# refused_to_start WHAT-IT-SAYS OPTION...
refused_to_start()
{
    said=$1
    shift
    if timeout 30 "$program" "$@" 2>"$BOX/err"; then fail "$name $*: it was taken"; fi
    grep -q "$said" "$BOX/err" || fail "$name $*: $(cat "$BOX/err")"
}
admin() { virt-admin -q -c "$name:///$mode" "$@"; }
fact() { sed -n "s/^$1 *: *//p"; }

for name in virtlogd virtlockd; do
    program=$BUILDDIR/$name

    step "$name: help, version, what it does not take"
    "$program" --help | grep -q -- "^  $name \[options\]" || fail "--help"
    "$program" -V | grep -q "^$name (bulkhead) [0-9]" || fail "-V"
    refused_to_start "unrecognized option" --nonsense
    refused_to_start "unexpected" word
    refused_to_start "unexpected" --worker guest
    refused_to_start "timeout" -t many
    refused_to_start "cannot open" -f "$BOX/absent.conf"
    echo 'max_clients = "many"' >"$BOX/bad.conf"
    refused_to_start "max_clients" -f "$BOX/bad.conf"
    echo 'log_outputs = "3:stderr 1:nowhere"' >"$BOX/bad.conf"
    refused_to_start "log_outputs: Invalid log destination 'nowhere'" -f "$BOX/bad.conf"

    step "$name: -d, pid file, doors"
    printf 'max_clients = 77\nadmin_max_clients = 66\nlog_level = 2\nlog_outputs = "2:file:%s"\n' "$BOX/$name.own" >"$BOX/$name.conf"
    "$program" -d -f "$BOX/$name.conf" -p "$BOX/own.pid" </dev/null >>"$(daemon_log)" 2>&1 || fail "-d"
    daemon=$(cat "$BOX/own.pid")
    cleanup stop_daemon
    for door in sock admin-sock; do [ "$(stat -c %a "$SOCKETS/$name-$door")" = 700 ] || fail "mode of $door"; done
    [ ! -e "$SOCKETS/$name-sock-ro" ] || fail "a read-only door"
    refused_to_start "another daemon runs" -p "$BOX/own.pid"
    programs
    for role in conf host xmlc qemu; do [ -z "$(role_pids $role)" ] || fail "it runs a $role"; done
    "$program" --worker | grep -q '^gateway .* serving ' || fail "--worker"

    step "$name: the admin program"
    admin srv-list | grep -q " $name\$" || fail "srv-list"
    [ "$(admin srv-clients-info $name | fact nclients_max)" = 77 ] || fail "max_clients"
    [ "$(admin srv-clients-info admin | fact nclients_max)" = 66 ] || fail "admin_max_clients"
    [ "$(admin srv-threadpool-info $name | fact maxWorkers)" = 0 ] || fail "threads"
    admin srv-clients-set $name --max-clients 3 --max-unauth-clients 3 || fail "srv-clients-set"
    [ "$(admin srv-clients-info $name | fact nclients_max)" = 3 ] || fail "the limit is not in force"
    admin daemon-log-filters "1:log" && admin daemon-log-outputs "1:file:$BOX/$name.out" || fail "logging"
    admin daemon-log-filters | grep -qx "1:\*log\* " || fail "filters"
    if admin daemon-log-outputs "1:file:$BOX/$name.out 1:nowhere" 2>"$BOX/err"; then fail "an output that is none"; fi
    grep -q "Invalid log destination 'nowhere'" "$BOX/err" || fail "$(cat "$BOX/err")"
    admin daemon-log-outputs | grep -q "$name.out" || fail "outputs"
    admin daemon-log-outputs "" && admin daemon-log-outputs | grep -q "2:file:$BOX/$name.own" || fail "the file's outputs are not back"
    admin daemon-log-outputs "1:file:$BOX/$name.out" || fail "outputs"

    step "$name: a client stays through HUP, USR1 and the death of the supervisor"
    hold $name 1
    still_served "nothing"
    [ "$(admin srv-clients-list $name | grep -c unix)" = 1 ] || fail "srv-clients-list"
    kill -HUP "$daemon"
    still_served HUP
    sed -i 's/^max_clients.*/max_clients = 55/' "$BOX/$name.conf"
    kill -HUP "$daemon"
    wait_for 40 "the changed file in force" eval "[ \"\$(admin srv-clients-info $name | fact nclients_max)\" = 55 ]"
    still_served "a reload"
    sed -i 's/^max_clients.*/max_clients = "none"/' "$BOX/$name.conf"
    kill -HUP "$daemon"
    wait_for 40 "a word about a bad file" eval "grep -q 'configuration: .*max_clients' '$BOX/$name.own'"
    still_served "a bad file"
    [ "$(admin srv-clients-info $name | fact nclients_max)" = 55 ] || fail "a bad file is in force"
    kill -USR1 "$daemon"
    still_served USR1
    for turn in 1 2; do
        wait_for 40 "a supervisor that answers" admin srv-clients-info $name
        victim=$(role_pids supervisor)
        kill -9 $victim
        wait_for 40 "the next supervisor" eval "[ -n \"\$(role_pids supervisor)\" ] && [ \"\$(role_pids supervisor)\" != '$victim' ]"
        still_served "the death of the supervisor"
        wait_for 40 "a word about it where the log is" grep -q "keeper: supervisor $victim ended (signal 9)" "$BOX/$name.own"
    done
    cat "$BOX/$name.own" "$BOX/$name.out" | grep -q "error : keeper: supervisor $victim ended" || fail "what the daemon itself says behind -d is lost"
    [ "$(admin srv-clients-info $name | fact nclients_max)" = 55 ] || fail "a limit was forgotten"
    kill -0 "$daemon" || fail "the daemon's pid has changed"

    if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
        step "$name: nobody but root is served, whatever the socket's mode"
        chmod 777 "$SOCKETS/$name-sock" "$SOCKETS/$name-admin-sock"
        chmod 755 "$BOX" "$BOX/run"
        for door in sock admin-sock; do
            setpriv --reuid=65534 --regid=65534 --clear-groups "$PYTHON" - "$SOCKETS/$name-$door" <<'P' || fail "$door"
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
try:
    s.sendall(b"\0\0\0\x1c")
    assert s.recv(1) == b""
except (BrokenPipeError, ConnectionResetError):
    pass
P
        done
        still_served "a stranger"
    fi

    step "$name: TERM ends it, and leaves nothing"
    hold_end
    kill "$daemon"
    daemon_gone "$SOCKETS/$name-sock" "$SOCKETS/$name-admin-sock" "$BOX/own.pid"

    step "$name: as many clients as the limit says, and the next one waits"
    echo 'max_clients = 3' >"$BOX/$name.conf"
    "$program" -f "$BOX/$name.conf" >>"$(daemon_log)" 2>&1 &
    daemon=$!
    wait_for 30 "it answers" admin srv-list
    "$PYTHON" - $name "$SOCKETS/$name-sock" "$SRCDIR/tests" <<'P' || fail "max_clients"
import socket, sys
sys.path.insert(0, sys.argv[3])
from hold import CALLS
from rpclib import Client
program, proc, args = CALLS[sys.argv[1]]
def ask(c):
    assert c.ask(proc, args)[1]
with Client(sys.argv[2], program) as one, Client(sys.argv[2], program) as two, Client(sys.argv[2], program) as three:
    for c in one, two, three:
        ask(c)
    with Client(sys.argv[2], program) as four:
        four.sock.settimeout(1)
        try:
            ask(four)
            sys.exit("a fourth client is served")
        except socket.timeout:
            pass
        ask(one)
        two.close()
        four.sock.settimeout(60)
        assert four.sock.recv(1)
P
    kill "$daemon"
    daemon_gone "$SOCKETS/$name-sock"

    if [ "$mode" = session ]; then
        step "$name: a session without XDG folders has those below the home"
        mkdir -p "$BOX/bare/.config/libvirt"
        printf 'log_outputs = "1:file:%s"\nmax_clients = 44\n' "$BOX/bare/log" >"$BOX/bare/.config/libvirt/$name.conf"
        env -u XDG_RUNTIME_DIR -u XDG_CONFIG_HOME -u XDG_CACHE_HOME HOME="$BOX/bare" "$program" -v >>"$(daemon_log)" 2>&1 &
        daemon=$!
        bare() { env -u XDG_RUNTIME_DIR -u XDG_CONFIG_HOME -u XDG_CACHE_HOME HOME="$BOX/bare" virt-admin -q -c "$name:///session" "$@"; }
        wait_for 30 "it answers" bare srv-list
        [ "$(bare srv-clients-info $name | fact nclients_max)" = 44 ] || fail "its file was not read"
        for file in sock admin-sock; do [ "$(stat -c %a "$BOX/bare/.cache/libvirt/$name-$file")" = 700 ] || fail "$file"; done
        [ "$(cat "$BOX/bare/.cache/libvirt/$name.pid")" = "$daemon" ] || fail "pid file"
        grep -q ': info : gateway: sandbox of gateway ' "$BOX/bare/log" || fail "-v: $(cat "$BOX/bare/log")"
        kill "$daemon"
        daemon_gone "$BOX/bare/.cache/libvirt/$name-sock" "$BOX/bare/.cache/libvirt/$name.pid"
    fi

    step "$name: --timeout"
    "$program" -t 1 >>"$(daemon_log)" 2>&1 &
    timed=$!
    wait_for 30 "it answers" admin srv-list
    wait_for 30 "it has ended" eval "! kill -0 $timed"
    wait "$timed" || fail "its status"

    if [ $name = virtlockd ]; then
        step "$name: --timeout waits for the end of the last lock, though nobody is connected"
        : >"$BOX/image"
        "$program" -t 1 >>"$(daemon_log)" 2>&1 &
        timed=$!
        wait_for 30 "it answers" admin srv-list
        lock() { "$PYTHON" -c "import sys; sys.path.insert(0, '$SRCDIR/tests'); from locklib import Client; c = Client('$SOCKETS/virtlockd-sock'); sys.exit(c.register($$) or c.$1('', '$BOX/image'))"; }
        lock acquire || fail "a lock"
        sleep 3
        kill -0 $timed || fail "it ended, with a lock held"
        lock release || fail "the lock's release"
        wait_for 30 "it has ended" eval "! kill -0 $timed"
        wait "$timed" || fail "its status"
    fi

    step "$name: sockets of a service manager, which stay its own"
    cat >"$BOX/activate.py" <<'P'
import os, socket, sys
folder, binary, name = sys.argv[1:4]
def listener(word):
    s = socket.socket(socket.AF_UNIX); s.bind(os.path.join(folder, name + word)); s.listen(8); return s
main, admin = listener("-sock"), listener("-admin-sock")
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    fds = [os.dup2(os.dup(admin.fileno()), 100), os.dup2(os.dup(main.fileno()), 101), os.dup2(w, 102)]
    os.dup2(100, 3, inheritable=True); os.dup2(101, 4, inheritable=True); os.dup2(102, 5, inheritable=True)
    env = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="%s-admin.socket:%s.socket" % (name, name))
    os.execve(binary, [binary, "--notify-fd", "5"], env)
main.close(); admin.close(); os.close(w)
assert os.read(r, 1) == b"\n"
print(pid, flush=True)
os.waitpid(pid, 0)
P
    : >"$BOX/activated"
    "$PYTHON" "$BOX/activate.py" "$SOCKETS" "$program" $name >"$BOX/activated" 2>>"$(daemon_log)" &
    manager=$!
    wait_for 40 "readiness" test -s "$BOX/activated"
    programs "the socket that was handed over"
    admin srv-list | grep -q " $name\$" || fail "nor the admin's"
    kill "$(cat "$BOX/activated")"
    wait "$manager" || true
    [ -S "$SOCKETS/$name-sock" ] && [ -S "$SOCKETS/$name-admin-sock" ] || fail "a socket of the service manager was unlinked"
    rm -f "$SOCKETS/$name-sock" "$SOCKETS/$name-admin-sock"
done

step "all of them on one host: none is in another's way, and no two have a uid in common"
start_daemon
qemud=$daemon others=
for name in virtlogd virtlockd; do
    "$BUILDDIR/$name" >>"$(daemon_log)" 2>&1 &
    others="$others $!"
    cleanup "kill $! 2>/dev/null"
    wait_for 30 "$name answers" admin srv-list
    programs
done
virsh -q version >/dev/null || fail "virtqemud"
if [ "$(id -u)" = 0 ]; then
    : >"$BOX/uids"
    for daemon in $qemud $others; do
        for pid in $(role_pids '(supervisor|gateway)'); do awk '/^Uid:/ { print $2 }' "/proc/$pid/status"; done | sort -u | grep -vx 0 >>"$BOX/uids" || true
    done
    daemon=$qemud
    [ "$(wc -l <"$BOX/uids")" -ge 6 ] || fail "too few uids were seen: $(cat "$BOX/uids")"
    [ -z "$(sort "$BOX/uids" | uniq -d)" ] || fail "in common: $(sort "$BOX/uids" | uniq -d)"
fi
for pid in $others; do
    kill "$pid"
    wait "$pid" || fail "its status"
done
