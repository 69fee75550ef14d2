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

# wait_for SECONDS WHAT COMMAND...: polls until the command succeeds.
wait_for()
{
    wait_left=$(($1 * 20)) wait_what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$((wait_left -= 1))" -gt 0 ] || fail "not in time: $wait_what"
        sleep 0.05
    done
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
        trap - EXIT
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
        rm -rf "$BOX"
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
