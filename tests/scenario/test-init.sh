#!/bin/sh
# The init files: every kind is made, says nothing wrong to whoever reads it, and (as far as a host has such a thing, or this script can stand in for it)
# starts, watches, reloads and stops the daemons.
. "${SRCDIR:-.}/tests/functions.sh"
PYTHON=${PYTHON:-python3}
requires_root
requires virt-admin "$PYTHON"
requires_built keeper supervisor-logd supervisor-lockd gateway conf
box
cleanup '[ $status = 0 ] || say_log'
export BULKHEAD_LIBEXECDIR=$BUILDDIR/roles
made=$BOX/made
daemons="virtlogd virtlockd virtqemud"

step "every kind is made, and for every daemon"
mkdir "$BOX/sbin"
for name in $daemons; do ln -s "$BUILDDIR/$name" "$BOX/sbin/$name"; done
"$SRCDIR/init/make-init" "$made" systemd,runit,s6,sysv "$BOX/sbin" /etc /run /units
"$SRCDIR/init/make-init" "$made-openrc" openrc "$BOX/sbin" /etc /run /units
if "$SRCDIR/init/make-init" "$BOX/none" upstart /sbin /etc /run /units 2>/dev/null; then fail "a kind that there is not"; fi
for name in $daemons; do
    for file in "/units/$name.service" "/units/$name.socket" "/units/$name-admin.socket" "/etc/init.d/$name" "/etc/sv/$name/run" "/etc/sv/$name/log/run" "/etc/s6/sv/$name/run"; do
        [ -s "$made$file" ] || fail "no $file"
    done
    [ -x "$made-openrc/etc/init.d/$name" ] || fail "OpenRC's $name"
    [ "$(cat "$made/etc/s6/sv/$name/notification-fd") $(cat "$made/etc/s6/sv/$name/type")" = "3 longrun" ] || fail "s6's $name"
done
[ -s "$made/units/virtqemud-ro.socket" ] || fail "no virtqemud-ro.socket"
! grep -r '@[a-zA-Z]*@' "$made" "$made-openrc" || fail "a word that was not replaced"

step "shells take the scripts"
scripts=$(find "$made" -name run -o -path '*/init.d/*' -type f)
for script in $scripts; do
    [ -x "$script" ] || fail "$script cannot be executed"
    sh -n "$script" || fail "$script"
done
for name in $daemons; do sh -n "$made-openrc/etc/init.d/$name" || fail "OpenRC's $name"; done
if command -v shellcheck >/dev/null; then
    # shellcheck disable=SC2086
    shellcheck -s sh -e SC1090,SC1091 $scripts "$SRCDIR/init/make-init" || fail "shellcheck"
    # What openrc-run reads, sets and defines.
    shellcheck -s sh -e SC2034,SC2154 "$made-openrc"/etc/init.d/* || fail "shellcheck of OpenRC's"
fi

if command -v systemd-analyze >/dev/null; then
    step "systemd takes the units"
    for name in $daemons; do
        # Other units and manual pages are not of here; libvirt's own may be installed under the same names.
        SYSTEMD_UNIT_PATH=$made/units:/lib/systemd/system systemd-analyze verify --man=no --recursive-errors=no "$made/units/$name.service" "$made/units/$name"*.socket 2>"$BOX/verify" || fail "$(cat "$BOX/verify")"
        ! grep -F "$made/units" "$BOX/verify" || fail "units of $name"
    done
fi

# answers NAME: the daemon does.
answers() { virt-admin -q -c "$1:///system" srv-list; }
gone() { ! pgrep -f "^bulkhead-|^$BOX/sbin/" >/dev/null; }

step "OpenRC: what openrc-run would start"
for name in $daemons; do
    words=$(RC_SVCNAME=$name sh -c '. "$0"; depend() { :; }; echo "$command|$command_args|$supervisor|$pidfile"' "$made-openrc/etc/init.d/$name")
    [ "$words" = "$BOX/sbin/$name||supervise-daemon|/run/$name-supervise.pid" ] || fail "OpenRC's $name: $words"
done

step "runit: a loop as runsv's starts it, and again when it dies; TERM ends it"
cat >"$BOX/loop" <<'L'
#!/bin/sh
# What runsv does: runs ./run, again and again; TERM goes to it, and then it is over.
cd "$1" || exit 1
over=
trap 'over=1; kill -TERM $pid' TERM
while [ -z "$over" ]; do
    ./run &
    pid=$!
    echo $pid >"$BOX/pid"
    while kill -0 $pid 2>/dev/null; do wait $pid; done
    [ -n "$over" ] || sleep 0.2
done
L
chmod +x "$BOX/loop"
printf 'OPTS="-v --timeout 1000"\n' >"$made/etc/sv/virtlogd/conf"
for name in virtlogd virtlockd; do
    "$BOX/loop" "$made/etc/sv/$name" >>"$(daemon_log)" 2>&1 &
    loop=$!
    cleanup "kill $loop 2>/dev/null"
    wait_for 30 "$name answers" answers $name
    first=$(cat "$BOX/pid")
    [ "$(cat "/proc/$first/comm")" = $name ] || fail "the service's process is not the daemon"
    kill -HUP "$first"
    wait_for 30 "$name answers after HUP" answers $name
    kill -KILL "$first"
    again() { [ "$(cat "$BOX/pid")" != "$first" ] && answers $name; }
    wait_for 30 "$name is started again" again
    kill -TERM $loop
    wait $loop || true
    wait_for 30 "the end of $name" gone
done
grep -q timeout "/etc/sv/virtlogd/conf" 2>/dev/null && fail "this test is not in its box"
name=virtqemud
if [ -x "$BUILDDIR/roles/supervisor" ] && [ -x "$BUILDDIR/roles/host" ]; then
    "$BOX/loop" "$made/etc/sv/$name" >>"$(daemon_log)" 2>&1 &
    loop=$!
    cleanup "kill $loop 2>/dev/null"
    wait_for 60 "$name answers" answers $name
    kill -TERM $loop
    wait $loop || true
    wait_for 30 "the end of $name" gone
fi

step "s6: a newline on descriptor 3 says that clients can connect"
(cd "$made/etc/s6/sv/virtlogd" && exec ./run 3>"$BOX/ready" >>"$(daemon_log)") &
daemon=$!
cleanup stop_daemon
wait_for 30 "the newline" test -s "$BOX/ready"
answers virtlogd || fail "it said so too early"
stop_daemon
wait_for 30 "the end" gone

step "sysvinit: start, status, reload, restart, stop"
sysv() { "$made/etc/init.d/$name" "$@" >>"$(daemon_log)" 2>&1; }
for name in virtlogd virtlockd; do
    if sysv status; then fail "$name: status before the start"; fi
    sysv start || fail "$name: start"
    answers $name || fail "$name does not answer when start has returned"
    first=$(cat "/run/$name.pid")
    sysv start && [ "$(cat "/run/$name.pid")" = "$first" ] || fail "$name: a second start"
    sysv status || fail "$name: status"
    sysv reload || fail "$name: reload"
    wait_for 30 "$name answers after a reload" answers $name
    [ "$(cat "/run/$name.pid")" = "$first" ] || fail "$name: a reload is no restart"
    sysv restart || fail "$name: restart"
    [ "$(cat "/run/$name.pid")" != "$first" ] && answers $name || fail "$name: a restart is one"
    sysv stop || fail "$name: stop"
    wait_for 30 "the end of $name" gone
    sysv stop || fail "$name: a second stop"
    echo $$ >"/run/$name.pid"       # somebody else's
    if sysv status; then fail "$name: a pid of another program"; fi
    sysv stop && kill -0 $$ || fail "$name: stop ends another program"
    if sysv dance; then fail "$name: a word that there is not"; fi
done
