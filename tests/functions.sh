# functions.sh: what scenario scripts share.  A script sources it first:
#
#     . "${SRCDIR:-.}/tests/functions.sh"
#     requires virsh qemu-system-x86_64
#     box                         # from here on in private namespaces and folders (as root), or a private session (else)
#     start_daemon
#
# Exit status 77 skips, with the reason as the last line; anything that fails in between ends the script, for set -e is on.
set -eu
: "${SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${BUILDDIR:=$SRCDIR}"
QEMU=/usr/bin/qemu-system-x86_64

skip() { echo "SKIP: $*"; exit 77; }
fail() { echo "FAIL: $*" >&2; exit 1; }
# Every later line of output is one step of the story, so that a failed run tells how far it came.
step() { echo "--- $*"; }

requires()
{
    for program; do command -v "$program" >/dev/null || skip "$program is not installed"; done
}
requires_root() { [ "$(id -u)" = 0 ] || skip "needs root"; }
requires_built()
{
    for role; do [ -x "$BUILDDIR/roles/$role" ] || skip "role $role is not built"; done
}

# cleanup COMMAND...: run at the end, the last one first.
cleanups=
cleanup() { cleanups="$*; $cleanups"; }
trap 'status=$?; trap - EXIT; set +e; eval "$cleanups"; exit $status' EXIT
trap 'exit 1' INT TERM HUP

# soon SECONDS COMMAND...: whether the command succeeds within that time; polls.
soon()
{
    soon_left=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$((soon_left -= 1))" -gt 0 ] || return 1
        sleep 0.05
    done
}
# wait_for SECONDS WHAT COMMAND...: it has to.
wait_for()
{
    wait_limit=$1 wait_what=$2
    shift 2
    soon "$wait_limit" "$@" || fail "not in time: $wait_what"
}

# box: runs the rest of the script where it can disturb nobody: everything that runs in it ends with it.
# As root: private mount, net, ipc, uts and pid namespaces, with /run and libvirt's folders in a folder of our own.  As an ordinary user:
# a session (XDG folders) of its own.
box()
{
    if [ -z "${BOX:-}" ]; then
        BOX=$(mktemp -d "${TMPDIR:-/var/tmp}/bulkhead-XXXXXX")
        chmod 755 "$BOX"
        export BOX SRCDIR BUILDDIR
        trap 'rm -rf "$BOX"' EXIT
        status=0
        # The first process must be one that waits, for it has to reap orphans.
        set -- sh -c '"$@"; exit $?' sh sh "$0" "$@"
        if [ "$(id -u)" = 0 ]; then
            unshare -m -n -i -u -p -f --mount-proc --propagation private --kill-child "$@" || status=$?
        elif unshare -U --map-current-user -p -f --mount-proc true 2>/dev/null; then
            unshare -U --map-current-user -p -f --mount-proc --kill-child "$@" || status=$?
        else
            setsid -w "$@" || status=$?
        fi
        exit $status
    fi
    if [ "$(id -u)" = 0 ]; then
        for dir in run etc/libvirt var/lib/libvirt var/log/libvirt var/cache/libvirt; do
            mkdir -p "$BOX/$dir" "/$dir"
        done
        [ ! -e /etc/libvirt/qemu.conf ] || cp /etc/libvirt/*.conf "$BOX/etc/libvirt/"
        for dir in run etc/libvirt var/lib/libvirt var/log/libvirt var/cache/libvirt; do
            mount --bind "$BOX/$dir" "/$dir"
        done
        mkdir -p /run/libvirt /run/lock /var/log/libvirt/qemu /var/lib/libvirt/images /etc/libvirt/qemu
        ip link set lo up
        URI=qemu:///system SOCKETS=/run/libvirt
    else
        export HOME=$BOX/home XDG_RUNTIME_DIR=$BOX/run XDG_CONFIG_HOME=$BOX/etc XDG_CACHE_HOME=$BOX/cache XDG_DATA_HOME=$BOX/data
        mkdir -p -m 700 "$HOME" "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME" "$XDG_CACHE_HOME" "$XDG_DATA_HOME"
        URI=qemu:///session SOCKETS=$XDG_RUNTIME_DIR/libvirt
    fi
    export LIBVIRT_DEFAULT_URI=$URI LIBVIRT_AUTOSTART=0
}

daemon_log() { echo "$BOX/daemon.log"; }
say_log() { [ ! -s "$(daemon_log)" ] || { echo "--- the daemon said:"; cat "$(daemon_log)"; }; }

# start_daemon [OPTION...]: virtqemud of this build; returns when it answers.
start_daemon()
{
    state_before=$(box_state)
    BULKHEAD_LIBEXECDIR=$BUILDDIR/roles "$BUILDDIR/virtqemud" "$@" >>"$(daemon_log)" 2>&1 &
    daemon=$!
    cleanup 'stop_daemon; [ $status = 0 ] || say_log'
    wait_for 60 "virtqemud answers" virsh version
}
stop_daemon()
{
    [ -n "${daemon:-}" ] || return 0
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" || true
    daemon=
}

# hold DAEMON STATUS: a client that stays connected, whatever is done to the daemon (hold.py), and whose calls have this status.
hold()
{
    rm -f "$BOX/hold.in"
    mkfifo "$BOX/hold.in"
    "$PYTHON" "$SRCDIR/tests/hold.py" "$1" "$SOCKETS/$1-sock" "$URI" <"$BOX/hold.in" >"$BOX/hold.out" 2>&1 &
    hold=$! hold_status=$2 calls=0
    cleanup "kill $hold 2>/dev/null"
    exec 8>"$BOX/hold.in"
    wait_for 30 "the client is connected" grep -q open "$BOX/hold.out"
}
# still_served WHAT: after WHAT the client that stays is answered.
still_served()
{
    calls=$((calls + 1))
    echo call >&8
    wait_for 40 "an answer after $1" eval "[ \$(grep -c '^status $hold_status' '$BOX/hold.out') = $calls ]"
}
hold_end() { exec 8>&-; }
# daemon_gone FILE...: the daemon has been told to end; it and all of its processes do, and none of these files is left.
daemon_gone()
{
    wait_for 30 "the end" eval "! kill -0 $daemon 2>/dev/null"
    for left; do [ ! -e "$left" ] || fail "left over: $left"; done
    wait_for 30 "no process is left" eval '! pgrep -f "^bulkhead-" | while read -r p; do grep -q State:.*[RSD] /proc/$p/status && echo $p; done | grep -q .'
    daemon=
}

# start_peer: Debian's libvirtd (and virtlogd) in place of ours, to compare with.
start_peer()
{
    requires libvirtd virtlogd
    virtlogd >"$BOX/peer-virtlogd.log" 2>&1 &
    cleanup "kill $! 2>/dev/null"
    libvirtd >"$BOX/peer.log" 2>&1 &
    cleanup "kill $! 2>/dev/null"
    wait_for 60 "libvirtd answers" virsh version
}

# The test guest: KERNEL and INITRD, made once a build.
guest_files()
{
    requires busybox cpio "$QEMU"
    KERNEL=$(ls /boot/vmlinuz-*cloud* 2>/dev/null | sort -V | tail -n 1)
    [ -r "${KERNEL:-}" ] || skip "no cloud kernel in /boot (package linux-image-cloud-amd64)"
    INITRD=$BUILDDIR/tests/guest/initrd-${KERNEL##*/vmlinuz-}.gz
    if [ ! -w "$BUILDDIR/tests" ] && [ ! -r "$INITRD" ]; then
        INITRD=$BOX/initrd.gz
    fi
    if [ ! -r "$INITRD" ]; then
        mkdir -p "${INITRD%/*}"
        "$SRCDIR/tests/guest/mkinitrd.sh" "$INITRD" "${KERNEL##*/vmlinuz-}"
    fi
}
# guest_xml FILE NAME [WORDS]: a document of tests/guest with its blanks filled in.
guest_xml()
{
    sed -e '/^<!--/d' -e "s|@NAME@|$2|; s|@WORDS@|${3:-}|; s|@KERNEL@|$KERNEL|; s|@INITRD@|$INITRD|; s|@LOG@|$BOX/$2.log|" "$SRCDIR/tests/guest/$1.xml"
}

# role_pids ROLE: pids of a role's processes of the daemon that start_daemon started.
role_pids() { pgrep -P "$daemon" -f "^bulkhead-$1( |\$)" || true; }
# guest_pids: QEMUs in this box.
guest_pids() { pgrep -f "^$QEMU .*guest=" || true; }

# compartments: a line a process of the daemon and its guests: what the kernel says of it.  $1: the object's name, for what belongs to one.
compartments()
{
    printf '%-7s %-20s %-8s %-11s %-17s %-8s %s\n' pid role object uid capabilities filters 'namespaces of its own'
    for pid in $daemon $(descendants "$daemon"); do
        [ -r "/proc/$pid/status" ] || continue
        name=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | head -n 1)
        object=-
        case $name in
        bulkhead-qemu|bulkhead-log|bulkhead-pid1|"$QEMU") object=$1 ;;
        esac
        # shellcheck disable=SC2046
        set -- "$1" $(awk '/^(Uid|CapEff|Seccomp_filters):/ { print $2 }' "/proc/$pid/status")
        caps=$3
        [ -n "${3##*[1-9a-f]*}" ] && caps=none
        printf '%-7s %-20s %-8s %-11s %-17s %-8s %s\n' "$pid" "${name##*/}" "$object" "$2" "$caps" "${4:-?}" "$(own_namespaces "$pid")"
    done
}
descendants()
{
    for child in $(pgrep -P "$1"); do
        echo "$child"
        descendants "$child"
    done
}
# Those of a process that are not the daemon's.  The kernel tells root, and the owner of a process that is dumpable.
own_namespaces()
{
    own=
    for ns in user mnt pid net ipc uts cgroup; do
        its=$(readlink "/proc/$1/ns/$ns") || { echo "(kept from us)"; return; }
        [ "$its" = "$(readlink "/proc/$daemon/ns/$ns")" ] || own="$own $ns"
    done
    echo "${own:- -}"
}

# What a guest's run, or the daemon's, could leave behind; each says what it found and fails.
leftovers_of_guest()
{
    for pid in $(role_pids qemu) $(role_pids log) $(role_pids pid1) $(role_pids 'hand-[a-z]*') $(guest_pids); do
        wait_for 10 "end of process $pid ($(tr '\0' ' ' <"/proc/$pid/cmdline"))" test ! -e "/proc/$pid"
    done
    if [ "$(id -u)" = 0 ]; then
        ! find /sys/fs/cgroup -depth -type d -name "*qemu-*-$1.libvirt-qemu" 2>/dev/null | grep . || fail "a group is left"
        ! ip -o link | grep -E ': (vnet|tap)' || fail "a tap is left"
        ! find /run/libvirt/qemu /var/lib/libvirt/qemu -name "*-$1" -o -name "$1.*" -o -name monitor.sock | grep . || fail "a file is left"
    else
        ! find "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME/libvirt" -name "domain-*-$1" -o -name "$1.*" -o -name monitor.sock | grep . || fail "a file is left"
    fi
}
# What could stay behind in this box: mounts, and files of its folders but for what is meant to stay: logs, caches, and the stamp
# by which autostart is done once a boot.
box_state()
{
    sed 's/^[0-9]* [0-9]* //' /proc/self/mountinfo
    find "$BOX" ! -type d ! -path "$BOX/cache/*" ! -path "$BOX/var/cache/*" ! -path "$BOX/var/log/*" ! -path "$BOX/*.log" ! -path "$BOX/console*" ! -path "$BOX/*.xml" ! -name autostarted
}
leftovers_of_daemon()
{
    no_roles() { ! pgrep -f '^bulkhead-' >/dev/null; }
    wait_for 20 "the end of every role" no_roles
    box_state >"$BOX/after.log"
    echo "$state_before" | sort >"$BOX/before.log"
    sort "$BOX/after.log" | comm -13 "$BOX/before.log" - >"$BOX/left.log"
    [ ! -s "$BOX/left.log" ] || fail "left behind: $(cat "$BOX/left.log")"
}
