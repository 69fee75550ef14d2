#!/bin/sh
# The second C library: every source compiles with musl, and a daemon of which all that needs no library but libc is musl's runs a guest.
# Debian has musl, but no other library built for it: those that read XML and JSON, and hand-net, are taken from the ordinary build.
. "${SRCDIR:-.}/tests/functions.sh"
requires musl-gcc make virsh qemu-system-x86_64
requires_built supervisor gateway conf xmlc probe qemu log hand-open hand-net hand-launch pid1
[ -z "${SANITIZED:-}" ] || skip "sanitizers need glibc"
[ -e "$SRCDIR/config.status" ] && skip "the checkout was built in place: a second build needs it clean"
ordinary=$BUILDDIR
box
BUILDDIR=$BOX/musl

step "every source compiles"
mkdir -p "$BUILDDIR" "$BOX/headers"
for header in /usr/include/linux /usr/include/asm-generic /usr/include/"$(cc -print-multiarch)"/asm /usr/include/libxml2/libxml /usr/include/libnl3/netlink \
    /usr/include/jansson.h /usr/include/"$(cc -print-multiarch)"/jansson_config.h /usr/include/jansson_config.h /usr/include/unicode /usr/include/msgpack /usr/include/msgpack.h; do
    [ ! -e "$header" ] || ln -s "$header" "$BOX/headers/"
done
cd "$BUILDDIR"
"$SRCDIR/configure" -q --prefix=/usr --sysconfdir=/etc --localstatedir=/var --runstatedir=/run --enable-werror CC="musl-gcc -idirafter $BOX/headers"
make -s policy/mkfilter CC=cc       # runs at build time, where libseccomp is the host's
make -s ipc/schema/op-numbers.h
musl="virtqemud virtlogd virtlockd roles/keeper roles/supervisor roles/supervisor-logd roles/supervisor-lockd roles/hand-open roles/hand-hook roles/hand-launch roles/pid1 roles/conf roles/log roles/lock roles/holder roles/gateway"
# shellcheck disable=SC2086
make -s -j"$(nproc)" $musl
make -s -j"$(nproc)" roles/xmlc roles/probe roles/host roles/qemu roles/hand-net LDFLAGS=-Wl,--unresolved-symbols=ignore-all LIBXML_LIBS= JANSSON_LIBS= JANSSON_STATIC_LIBS= LIBNL_LIBS= MSGPACK_LIBS=
for role in xmlc probe host qemu hand-net; do cp "$ordinary/roles/$role" roles/; done
for program in $musl; do
    ! ldd "$program" 2>/dev/null | grep -q libc.so.6 || fail "$program is glibc's"
done

step "a guest runs, its worker is killed, a new daemon takes it over, it ends"
guest_files
start_daemon
guest_xml hello small >"$BOX/small.xml"
virsh -q define "$BOX/small.xml"
virsh -q start small
qemu=$(guest_pids) worker=$(role_pids qemu)
kill -9 "$worker"
restarted() { now=$(role_pids qemu); [ -n "$now" ] && [ "$now" != "$worker" ]; }
wait_for 30 "a new worker" restarted
[ "$(virsh domstate small | head -n 1)" = running ] || fail "the guest does not run"
stop_daemon
start_daemon
[ "$(virsh domstate small | head -n 1)" = running ] || fail "the guest was not taken over"
[ "$(guest_pids)" = "$qemu" ] || fail "the guest's QEMU is another one"
virsh -q destroy small
virsh -q undefine small
leftovers_of_guest small
stop_daemon
leftovers_of_daemon
