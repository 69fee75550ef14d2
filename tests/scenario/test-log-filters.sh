#!/bin/sh
# What log_filters, log_level, LIBVIRT_LOG_FILTERS and the admin program say of the log holds, in every daemon, for processes that run already too: lines of
# the roles that a filter names appear and no others', until it is taken back.
. "${SRCDIR:-.}/tests/functions.sh"
PYTHON=${PYTHON:-python3}
requires virsh virt-admin "$PYTHON" sed
requires_built keeper supervisor supervisor-logd supervisor-lockd gateway conf host
box
daemon=
cleanup '[ $status = 0 ] || { say_log; tail -n 40 "$BOX/log"; }'
export BULKHEAD_LIBEXECDIR=$BUILDDIR/roles
mode=${URI##*/}
: >"$BOX/log"

admin() { virt-admin -q -c "$name:///$mode" "$@"; }
filters() { admin daemon-log-filters "$@" >/dev/null || fail "daemon-log-filters $*"; }
shown() { [ "$(admin daemon-log-filters)" = "$1" ] || fail "shown: '$(admin daemon-log-filters)'"; }
# start ANSWER [NAME=VALUE...]: the daemon in that environment, with a client that stays and whose calls have this status.
start()
{
    answer=$1
    shift
    env "$@" "$BUILDDIR/$name" -f "$BOX/conf" >>"$(daemon_log)" 2>&1 &
    daemon=$!
    cleanup stop_daemon
    wait_for 60 "$name answers" admin srv-list
    hold "$name" "$answer"
    still_served "nothing"
}
# roles LEVEL: whose lines of that level have come since the last look, in one line; mark: from here on.
mark() { lines=$(wc -l <"$BOX/log"); }
roles() { tail -n +$((lines + 1)) "$BOX/log" | sed -n "s/.* [0-9]*: $1 : \([a-z0-9-]*\)[^a-z0-9-].*/\1/p" | sort -u | tr '\n' ' ' | sed 's/ $//'; }
said_by() { [ "$(roles "$1")" = "$2" ]; }
# Traffic of a client that has been there all the time, of a new one, and of the admin program.
traffic()
{
    still_served "$1"
    admin srv-list >/dev/null || fail "srv-list"
    still_served "$1, again"
}
# only WHAT LEVEL ROLES: traffic has lines of these roles, and no others; what was on its way before may come once.
only()
{
    for turn in 1 2 3 4 5 6 7 8 9 10; do
        mark
        traffic "$1"
        ! soon 1 said_by "$2" "$3" || return 0
    done
    fail "$1: lines of level $2 of '$(roles "$2")', not of '$3'"
}

for name in virtqemud virtlogd virtlockd; do
    case $name in virtqemud) answer=0 area=qemu_driver kept='host' ;; virtlogd) answer=1 area=logging kept= ;; virtlockd) answer=1 area=locking kept= ;; esac
    printf 'log_level = 3\nlog_outputs = "1:file:%s"\n' "$BOX/log" >"$BOX/conf"

    step "$name: nobody says anything, until a filter asks for one role"
    start "$answer"
    shown ""
    only "no filter" debug ""
    filters "1:gateway"
    shown "1:*gateway* "
    only "1:gateway" debug gateway
    held=$(for pid in $(role_pids gateway); do grep -c " $pid: debug : gateway" "$BOX/log"; done | sort -n | tail -n 1)
    [ "${held:-0}" -ge 2 ] || fail "a gateway that was there before has not heard of it"

    step "$name: by libvirt's names, several, and the first that matches"
    filters "2:rpc.net 1:$area"
    only "2:rpc.net" debug supervisor
    filters "1:super*or 1:?eeper 3:keeper"
    mark
    traffic "supervisor and keeper"
    wait_for 20 "a line of each" eval '[ "$(roles debug)" = "keeper supervisor" ]'
    filters "4:gateway 1:*"
    mark
    traffic "all but one"
    wait_for 20 "all but one" eval '[ "$(roles debug | tr " " "\n" | grep -c -x -e supervisor -e keeper)" = 2 ]'
    case " $(roles debug) " in *" gateway "*) fail "a filter that raises" ;; esac
    for role in $kept; do case " $(roles debug) " in *" $role "*) ;; *) fail "no line of $role" ;; esac; done

    step "$name: a supervisor's death and USR1 change nothing; what is refused changes nothing"
    filters "1:gateway"
    victim=$(role_pids supervisor)
    kill -9 $victim
    wait_for 40 "the next supervisor" eval "[ -n \"\$(role_pids supervisor)\" ] && [ \"\$(role_pids supervisor)\" != '$victim' ]"
    still_served "the death of the supervisor"
    only "another supervisor" debug gateway
    kill -USR1 "$daemon"
    still_served USR1
    only "USR1" debug gateway
    if admin daemon-log-filters "1:supervisor 0:x" >"$BOX/err" 2>&1; then fail "a level that is none"; fi
    grep -q "Invalid priority '0' for filter '0:x'" "$BOX/err" || fail "$(cat "$BOX/err")"
    shown "1:*gateway* "
    only "a text that was refused" debug gateway
    filters ""
    shown ""
    only "none again" debug ""

    step "$name: the file's filters and its level, read again at HUP"
    filters "1:*"
    printf 'log_level = 3\nlog_filters = "1:rpc"\nlog_outputs = "1:file:%s"\n' "$BOX/log" >"$BOX/conf"
    kill -HUP "$daemon"
    still_served HUP
    wait_for 40 "the file's filter" eval '[ "$(admin daemon-log-filters)" = "1:*rpc* " ]'
    only "the file's filter" debug gateway
    printf 'log_level = 1\nlog_filters = "3:rpc 4:keeper"\nlog_outputs = "1:file:%s"\n' "$BOX/log" >"$BOX/conf"
    kill -HUP "$daemon"
    still_served "HUP again"
    wait_for 40 "the file's filter" eval '[ "$(admin daemon-log-filters)" = "3:*rpc* 4:*keeper* " ]'
    mark
    traffic "log_level = 1"
    wait_for 20 "log_level = 1" eval '[ -n "$(roles debug)" ]'
    case " $(roles debug) " in *" gateway "* | *" keeper "*) fail "a filter that raises: $(roles debug)" ;; esac
    filters ""
    mark
    traffic "log_level = 1 for all"
    wait_for 20 "all of them" eval '[ "$(roles debug | tr " " "\n" | grep -c -x -e supervisor -e keeper -e gateway)" = 3 ]'
    stop_daemon
    hold_end

    step "$name: the environment says more than the file, and what it cannot say ends the start"
    start "$answer" LIBVIRT_LOG_FILTERS="1:supervisor" LIBVIRT_DEBUG=error
    shown "1:*supervisor* "
    only "LIBVIRT_LOG_FILTERS" debug supervisor
    filters ""
    only "LIBVIRT_DEBUG" debug ""
    mark
    victim=$(role_pids supervisor)
    kill -9 $victim
    wait_for 40 "a word about it" eval '[ "$(roles error)" = keeper ]'
    [ -z "$(roles warning)$(roles debug)" ] || fail "LIBVIRT_DEBUG=error"
    hold_end
    stop_daemon
    for bad in LIBVIRT_LOG_FILTERS=1: LIBVIRT_LOG_OUTPUTS=nowhere LIBVIRT_DEBUG=7; do
        if env "$bad" "$BUILDDIR/$name" -t 1 >"$BOX/err" 2>&1; then fail "$bad"; fi
        grep -q -e "Invalid match string ''" -e "Malformed format for log output 'nowhere'" -e "Failed to set logging priority, argument '7' is invalid" "$BOX/err" || fail "$bad: $(cat "$BOX/err")"
    done
    if grep ': error : ' "$BOX/log" | grep -v 'keeper: supervisor .* ended (signal 9)'; then fail "what nobody expected"; fi
    echo 'log_filters = "gateway"' >"$BOX/conf"
    if "$BUILDDIR/$name" -f "$BOX/conf" -t 1 >"$BOX/err" 2>&1; then fail "a bad filter in the file"; fi
    grep -q "log_filters: Malformed format for filter 'gateway'" "$BOX/err" || fail "$(cat "$BOX/err")"
done
