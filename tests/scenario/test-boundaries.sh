#!/bin/sh
# The walls between folders: what the trusted programs link, and who includes whom.
. "${SRCDIR:-.}/tests/functions.sh"
requires readelf nm awk
cd "$SRCDIR"

step "keeper, supervisor and the hands link libc, and libnl in hand-net only"
if nm "$BUILDDIR/virtqemud" 2>/dev/null | grep -q __asan_init; then
    echo "(built with sanitizers: not looked at)"
else
    for program in virtqemud virtlogd virtlockd roles/keeper roles/supervisor roles/supervisor-logd roles/supervisor-lockd roles/hand-open roles/hand-hook roles/hand-launch roles/hand-net roles/pid1 roles/log roles/lock roles/holder roles/conf; do
        [ -x "$BUILDDIR/$program" ] || continue
        for library in $(readelf -d "$BUILDDIR/$program" | awk '/\(NEEDED\)/ { gsub(/[][]/, "", $NF); print $NF }'); do
            case $program:$library in
            *:libc.so*|*:ld-linux*|*:libc.musl*|roles/hand-net:libnl-*) ;;
            *) fail "$program links $library" ;;
            esac
        done
    done
fi

step "supervisor/ includes nothing of workers/, and a role nothing of another role"
if grep -n '^ *# *include *"\(\.\./\)*workers/' supervisor/*.[ch] supervisor/*/*.[ch] daemon/*.[ch]; then
    fail "see above"
fi
for folder in workers/*/; do
    role=${folder#workers/}
    role=${role%/}
    # The library that turns a tree into a command line is shared by the worker that starts a guest and the one that prints it.
    others=$(grep -n '^ *# *include *"workers/[a-z]*/' "$folder"*.[ch] 2>/dev/null | grep -v "\"workers/$role/" | grep -v '"workers/plan/' || true)
    [ -z "$others" ] || fail "$others"
done

step "the core of the supervisors includes nothing of a daemon's objects, and these nothing of another daemon's"
if grep -n '^ *# *include *"\(supervisor/\)\{0,1\}[a-z]*d/' supervisor/*.[ch]; then
    fail "see above"
fi
for folder in supervisor/*/; do
    others=$(grep -n '^ *# *include *"supervisor/[a-z]*/' "$folder"*.[ch] | grep -v "\"$folder" || true)
    [ -z "$others" ] || fail "$others"
done

step "each role has a table and a row"
sed -n '/#define ROLES/,/^enum/p' ipc/birth.h | grep -o 'R([A-Z0-9_]*, "[a-z0-9-]*")' | tr -d '(),"' | while read -r id name; do
    [ "$name" = keeper ] || [ -r "policy/$name.policy" ] || fail "no policy/$name.policy"
    grep -q "^PROFILE(${id#R}," policy/profiles.def || fail "no row for ${id#R} in policy/profiles.def"
done
