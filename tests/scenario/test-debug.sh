#!/bin/sh
# One guest's worker is looked at, run under strace and gdb, and its monitor traced, while the daemon and the other guest go on.
. "${SRCDIR:-.}/tests/functions.sh"
requires virsh "$QEMU" strace gdb pgrep
requires_built supervisor gateway conf xmlc probe qemu log hand-open hand-net hand-launch pid1
[ "$(id -u)" = 0 ] || [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" = 0 ] || skip "this kernel lets root alone attach to a process"
box
start_daemon
for guest in one two; do
    cat >"$BOX/$guest.xml" <<END
<domain type='qemu'><name>$guest</name><memory unit='MiB'>32</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><emulator>$QEMU</emulator><graphics type='vnc' port='-1' autoport='yes' passwd='Xenopus'/></devices></domain>
END
    virsh -q create "$BOX/$guest.xml"
done
worker() { "$BUILDDIR/virtqemud" --worker "$@"; }
worker_pid() { worker "$1" | awk -v guest="$1" '$1 == "qemu" && $2 == guest { print $3 }'; }
others_work()
{
    timeout 60 virsh -q suspend two && timeout 60 virsh -q resume two && timeout 60 virsh -q list | grep -q two && timeout 60 virsh domstate one >/dev/null || fail "others must wait"
}

step "what each process does"
worker >"$BOX/all.log"
cat "$BOX/all.log"
for role in conf host gateway qemu log; do grep -q "^$role " "$BOX/all.log" || fail "no $role"; done
[ "$(grep -c '^qemu ' "$BOX/all.log")" = 2 ] || fail "there are two workers"
worker one >"$BOX/one.log"
cat "$BOX/one.log"
pid=$(worker_pid one)
echo " $(role_pids qemu | tr '\n' ' ') " | grep -q " $pid " || fail "its pid is another"
! grep -q ' two ' "$BOX/one.log" || fail "the other guest's"
grep -Eq '^  guest +running .* for [0-9.]+ s$' "$BOX/one.log" || fail "what it does since when"
grep -Eq '^  waits for +nothing$' "$BOX/one.log" || fail "what it waits for"
! worker none >/dev/null 2>"$BOX/none.log" || fail "a guest that is not there"
grep -q "no guest 'none' runs" "$BOX/none.log" || fail "no clear words"
! worker --trace 2>/dev/null || fail "a trace of nobody"

step "strace of one worker"
worker one --debug "strace -o $BOX/strace.log" >"$BOX/strace-said.log" 2>&1 &
front=$!
wait_for 60 "strace is attached" grep -q attached "$BOX/strace-said.log"
others_work
timeout 60 virsh -q qemu-monitor-command one --hmp info version >/dev/null
wait_for 60 "the system calls of a call" grep -Eq '^(sendmsg|sendto|write)\(.*human-monitor' "$BOX/strace.log"
tracer=$(awk '/^TracerPid:/ { print $2 }' "/proc/$pid/status")
kill "$tracer"
wait "$front" || true

step "gdb on one worker: a back trace with names; while it stands still its guest's calls wait, and nobody else's"
cat >"$BOX/commands" <<END
bt
shell touch $BOX/stopped
shell until [ -e $BOX/go ]; do sleep 0.05; done
END
worker one --debug "gdb -batch -x $BOX/commands" >"$BOX/gdb.log" 2>&1 &
front=$!
cleanup 'touch "$BOX/go"'
wait_for 60 "gdb has stopped it" test -e "$BOX/stopped"
virsh qemu-monitor-command one --hmp info status >"$BOX/answer.log" 2>&1 &
call=$!
others_work
others_work
worker one | grep -q "does not answer" || fail "a worker that stands still is not said to"
kill -0 "$call" || fail "the call did not wait: $(cat "$BOX/answer.log")"
touch "$BOX/go"
wait "$front" || fail "gdb: $(cat "$BOX/gdb.log")"
wait "$call" || fail "the call: $(cat "$BOX/answer.log")"
cat "$BOX/gdb.log"
grep -q "in worker_run " "$BOX/gdb.log" || fail "no names in the back trace"
grep -q "VM status: running" "$BOX/answer.log" || fail "the call's answer"
[ "$(worker_pid one)" = "$pid" ] || fail "it is another worker now"
if [ "$(id -u)" != 0 ]; then
    ! timeout 10 strace -o /dev/null -p "$pid" 2>/dev/null || fail "it can still be attached to"
fi

step "the monitor's traffic, without secrets"
worker one --trace >"$BOX/trace.log" 2>&1 &
front=$!
wait_for 60 "the trace begins" grep -q '^  agent' "$BOX/trace.log"
virsh -q qemu-monitor-command one '{"execute":"set_password","arguments":{"protocol":"vnc","password":"Rhinoderma"}}' >/dev/null
virsh -q qemu-monitor-command one '{"execute":"object-add","arguments":{"qom-type":"secret","id":"s0","data":"Dendrobates"}}' >/dev/null
virsh -q qemu-monitor-command one --hmp set_password vnc Hyperolius >/dev/null
virsh -q qemu-monitor-command one --hmp info status >/dev/null
virsh -q qemu-monitor-command two --hmp info version >/dev/null
others_work
virsh -q destroy one
wait "$front" || fail "the trace does not end with the guest: $(cat "$BOX/trace.log")"
sed -n '/qmp/p' "$BOX/trace.log"
grep -Eq '^ *[0-9]+\.[0-9]{3} qmp -> .*"password": ?"\*\*\*"' "$BOX/trace.log" || fail "the password's command is not there"
grep -q '"command-line": *"set_password \*\*\*"' "$BOX/trace.log" || fail "the shell's command is not there"
grep -q '<- .*VM status: running' "$BOX/trace.log" || fail "an answer is not there"
! grep -q 'info version' "$BOX/trace.log" || fail "another guest's traffic"
! grep -E 'Xenopus|Rhinoderma|Dendrobates|Hyperolius' "$BOX/trace.log" "$(daemon_log)" || fail "a secret"
