#!/bin/sh
# What the kernel says of a running daemon's processes is what their profiles say: ids, capabilities, filters, namespaces.
. "${SRCDIR:-.}/tests/functions.sh"
requires_root
requires virsh pgrep awk
box
guest_files
start_daemon
guest_xml hello confined >"$BOX/confined.xml"
virsh -q create --paused "$BOX/confined.xml"
cleanup 'virsh -q destroy confined >/dev/null 2>&1'

"$BUILDDIR/roles/profiles" >"$BOX/profiles.log"
column() { awk -v role="$1" -v column="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) n = i } $1 == role { print $n }' "$BOX/profiles.log"; }
status() { awk -v key="$2:" '$1 == key { print $2 }' "/proc/$1/status"; }
# The bits of a capability set, as a count and by name: "none", or as many as the profile's list has.
count_bits() { printf '%s' "$1" | sed 's/0/0 /g; s/[1248]/1 /g; s/[3569aAcC]/2 /g; s/[7bdeBDE]/3 /g; s/[fF]/4 /g' | tr ' ' '\n' | awk '{ n += $1 } END { print n + 0 }'; }
count_names() { case $1 in none) echo 0 ;; *) echo "$1" | tr ',' '\n' | grep -c . ;; esac; }
keeper_ns() { readlink "/proc/$daemon/ns/$1"; }

looked=
guest_uid=
for pid in $daemon $(descendants "$daemon"); do
    [ -r "/proc/$pid/status" ] || continue
    name=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | head -n 1)
    case $name in
    bulkhead-*) role=${name#bulkhead-} ;;
    "$QEMU") role=qemu-system ;;
    *) [ "$pid" = "$daemon" ] && role=keeper || continue ;;
    esac
    case $role in hand-*) continue ;; esac      # they come and go
    looked="$looked $role"
    if [ $role = qemu-system ]; then
        uid=object caps=none namespaces=mnt,pid,net,ipc,uts
    else
        uid=$(column "$role" uid) caps=$(column "$role" capabilities) namespaces=$(column "$role" namespaces)
        [ "$role" != pid1 ] || namespaces=mnt,pid,net,ipc,uts
    fi
    case $uid:$(status "$pid" Uid) in
    root:0) ;;
    own:0|object:0) fail "$role ($pid) is root" ;;
    own:*) echo "$(status "$pid" Uid)" >>"$BOX/own-uids.log" ;;
    object:*) ;;
    *) fail "$role ($pid) has uid $(status "$pid" Uid), should be $uid" ;;
    esac
    [ "$role" != qemu-system ] || guest_uid=$(status "$pid" Uid)
    for set in CapEff CapPrm CapBnd; do
        has=$(count_bits "$(status "$pid" $set)")
        [ "$has" -le "$(count_names "$caps")" ] || fail "$role ($pid) has $has capabilities in $set ($(status "$pid" $set)), its profile $caps"
    done
    [ "$(count_bits "$(status "$pid" CapInh)")" = 0 ] && [ "$(count_bits "$(status "$pid" CapAmb)")" = 0 ] || fail "$role ($pid) hands capabilities down"
    if [ $role != keeper ]; then
        [ "$(status "$pid" NoNewPrivs)" = 1 ] || fail "$role ($pid) may gain privileges"
        [ "$(status "$pid" Seccomp)" = 2 ] || fail "$role ($pid) has no filter"
    fi
    for ns in mnt net ipc uts pid; do
        its=$(readlink "/proc/$pid/ns/$ns")
        case ,$namespaces, in
        *,$ns,*) [ "$its" != "$(keeper_ns $ns)" ] || fail "$role ($pid) is in the host's $ns namespace" ;;
        esac
    done
    case ,$namespaces, in
    *,mnt,*) [ $role = qemu-system ] || [ $role = pid1 ] || [ -z "$(ls "/proc/$pid/root/")" ] || fail "$role ($pid) sees files: $(ls "/proc/$pid/root/")" ;;
    esac
done
for role in keeper supervisor gateway conf host qemu log pid1 qemu-system; do
    case " $looked " in *" $role "*) ;; *) fail "there was no $role to look at:$looked" ;; esac
done
step "looked at:$looked"

step "no two of worker, QEMU and others share an id"
[ "$(wc -l <"$BOX/own-uids.log")" -ge 5 ] || fail "too few with an id of their own: $(cat "$BOX/own-uids.log")"
twice=$(sort "$BOX/own-uids.log" | uniq -d)
[ -z "$twice" ] || fail "two have uid $twice"
worker_uid=$(status "$(role_pids qemu)" Uid)
[ "$worker_uid" != "$guest_uid" ] || fail "the worker and its QEMU have one uid: $guest_uid"
