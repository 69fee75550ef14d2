#!/bin/sh
# check.sh: every test, in a copy of this tree: `make check` as an ordinary user, `make check-root` as root (skipped when it cannot be), all of
# it again under sanitizers with the fuzzers, `make distcheck` and the tarball against what git knows, and the demonstration as both.
# Ends with "N passed, N failed, N skipped"; the exit status is 0 when nothing failed.
#
# As root, what the sanitizers are for goes on beside the rest, as a user of its own. Tests of one user go one after the other, but for the few of
# `make distcheck`: descriptors on their way are counted by user, and refused by the limit of who sends them (ETOOMANYREFS).
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
jobs=$(nproc)
user=65534
work=$(mktemp -d "${TMPDIR:-/var/tmp}/bulkhead-check-XXXXXX")
sanitizers=     # the process of that part, while it goes on beside the rest
trap '[ -z "$sanitizers" ] || kill "$sanitizers"; wait; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
tree=$work/tree
paths="--prefix=/usr --sysconfdir=/etc --localstatedir=/var --runstatedir=/run"
programs="check TESTS="     # all of them, those of tests too
mkdir -p "$tree"
: >"$work/totals"

as_user()
{
    if [ "$(id -u)" = 0 ]; then
        env HOME="$work/h$user" TMPDIR="$work/h$user" setpriv --reuid="$user" --regid="$user" --clear-groups --pdeathsig TERM "$@"
    else
        env HOME="$work/h$user" TMPDIR="$work/h$user" "$@"
    fi
}
# own FOLDER...: they are the ordinary user's.
own() { mkdir -p "$@" && { [ "$(id -u)" != 0 ] || chown -R "$user:$user" "$@"; }; }
part() { echo; echo "== $*"; part=$*; started=$(date +%s); }
# total PASSED FAILED SKIPPED: results of a part.
total() { echo "$*" >>"$work/totals"; echo "   $1 passed, $2 failed, $3 skipped ($(($(date +%s) - started)) s)"; }
# one OUTCOME: of a part that has no test results of its own.
one()
{
    case $1 in
    0) total 1 0 0 ;;
    77) total 0 0 1 ;;
    *) echo "FAILED: $part" | tee -a "$work/failures"; total 0 1 0 ;;
    esac
}
# results STATUS LOG: counts the results that automake's test driver left below this folder; names what failed, and shows the end of what each of those wrote.
results()
{
    outcomes=$(find . -name '*.trs' -exec sed -n 's/^:test-result: \([A-Z]*\).*/\1/p' {} +)
    passed=$(echo "$outcomes" | grep -cxE 'PASS|XFAIL') skipped=$(echo "$outcomes" | grep -cx SKIP) failed=$(echo "$outcomes" | grep -vcxE 'PASS|XFAIL|SKIP|')
    if [ "$1" != 0 ]; then
        [ "$failed" != 0 ] || failed=1
        echo "FAILED: $part (status $1):"
        broken=$(find . -name '*.trs' -exec grep -lE '^:(global-)?test-result: (FAIL|ERROR|XPASS)' {} +)
        for name in $broken; do
            name=${name%.trs}
            echo "FAILED: ${name#./}" | tee -a "$work/failures"
            sed -n 's/^:test-result: \(FAIL\|ERROR\)/   /p' "$name.trs" | head -n 20
            grep -E '^(not ok|Traceback|AssertionError|[A-Za-z.]*Error:|FAIL)' "$name.log" | head -n 20 | cut -c 1-400
            tail -n 30 "$name.log" | cut -c 1-400
        done
        [ -n "$broken" ] || tail -n 50 "$2"
    fi
    for name in $(find . -name '*.trs' -exec grep -lE '^:test-result: SKIP' {} +); do
        name=${name%.trs}
        echo "   skipped: ${name#./}: $(tail -n 3 "$name.log" | grep -v '^SKIP tests/' | tail -n 1 | cut -c 1-200)"
    done
    find . -name '*.trs' -delete
    total "$passed" "$failed" "$skipped"
}
# build LOG TARGETS OPTION...: configures this folder and makes that in it.
build()
{
    log=$1 targets=$2
    shift 2
    # shellcheck disable=SC2086
    as_user "$tree/configure" -q $paths "$@" >"$log" 2>&1 && as_user make -s -j"$jobs" $targets >>"$log" 2>&1
    status=$?
    [ $status = 0 ] || tail -n 50 "$log"
    one $status
    return $status
}
demonstration()
{
    "$@" env BUILDDIR="$work/build" timeout 300 "$tree/quickstart" show >"$work/show.log" 2>&1
    status=$?
    cat "$work/show.log"
    one $status
}

part "a copy of the tree"
(cd "$SRCDIR" && { git -c safe.directory='*' ls-files -z --cached --others --exclude-standard 2>/dev/null || find . -type f -not -path './build*' -print0; }) >"$work/files"
tar -C "$SRCDIR" --null -T "$work/files" --ignore-failed-read -cf - 2>/dev/null | tar -C "$tree" -xf -
chmod -R a+rX "$work"
own "$tree" "$work/build" "$work/crash" "$work/h$user"
cd "$tree" || exit 1
# The tarball is compared with what git has, so the copy is a repository too.
as_user git init -q . && as_user git add -A >/dev/null 2>&1
# Facts and recorded answers that lie beside the checkout lie beside the copy; the tests that use them skip without.
shared=$(cd "$SRCDIR/.." && pwd)/shared
[ ! -d "$shared" ] || ln -s "$shared" "$work/shared"
as_user autoreconf -fi >"$work/autoreconf.log" 2>&1 || cat "$work/autoreconf.log"
one $?

sanitizers()
{
    [ "$(id -u)" != 0 ] || user=1
    own "$work/fuzz" "$work/h$user" && cd "$work/fuzz" || exit 1
    part "build by clang, with sanitizers"
    build "$work/fuzz-build.log" "$programs" --enable-fuzz CC=clang || return 0
    part "make check under sanitizers"
    as_user timeout 1200 make -s -k check >"$work/fuzz-check.log" 2>&1
    results $? "$work/fuzz-check.log"
    part "fuzzers"
    as_user timeout 900 make -s -j"$jobs" fuzz
    one $?
}
[ "$(id -u)" != 0 ] || { sanitizers >"$work/sanitizers.log" 2>&1 & sanitizers=$!; }

cd "$work/build" || exit 1
part "build, with warnings as errors"
build "$work/build.log" "$programs" --enable-werror
part "make check, as an ordinary user"
as_user timeout 900 make -s -k check >"$work/check.log" 2>&1
results $? "$work/check.log"
part "the demonstration, as an ordinary user"
demonstration as_user
# From the tarball alone everything is built, tested, installed, taken away again; of the tests those that live on what else the tarball has.
part "make distcheck"
as_user timeout 900 make -s -j"$jobs" distcheck TESTS='$(DIST_TESTS)' DISTCHECK_CONFIGURE_FLAGS="$paths" >"$work/distcheck.log" 2>&1
status=$?
[ $status = 0 ] || { grep -E '^(FAIL|ERROR|XPASS):' "$work/distcheck.log"; tail -n 50 "$work/distcheck.log"; }
find . -name '*.trs' -delete
one $status
part "the tarball holds what git has"
as_user make -s maintainer-check-dist
one $?

if [ "$(id -u)" = 0 ]; then
    part "a build with crash points"
    cd "$work/crash" && build "$work/crash-build.log" all --enable-crash-points
    wait $sanitizers || { echo "FAILED: the sanitizers' part ended early" | tee -a "$work/failures"; total 0 1 0; }
    sanitizers=
    cat "$work/sanitizers.log"
    part "make check-root"
    cd "$work/build" || exit 1
    CRASH_BUILD=$work/crash timeout 1500 make -s -k -j"$jobs" check-root >"$work/check-root.log" 2>&1
    results $? "$work/check-root.log"
    part "the demonstration, as root"
    demonstration
else
    part "make check-root: not root"
    one 77
    sanitizers
fi

echo
[ ! -e "$work/failures" ] || cat "$work/failures"
awk '{ passed += $1; failed += $2; skipped += $3 } END { print passed + 0 " passed, " failed + 0 " failed, " skipped + 0 " skipped"; exit failed > 0 }' "$work/totals"
