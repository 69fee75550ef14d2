#!/bin/sh
# check.sh: every test, in a copy of this tree: `make check` as an ordinary user, `make check-root` as root (skipped when it cannot be), all of
# it again under sanitizers with the fuzzers, `make distcheck` and the tarball against what git knows, and the demonstration as both.
# Ends with "N passed, N failed, N skipped"; the exit status is 0 when nothing failed.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
jobs=$(nproc)
passed=0 failed=0 skipped=0
work=$(mktemp -d "${TMPDIR:-/var/tmp}/bulkhead-check-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
tree=$work/tree
mkdir -p "$tree" "$work/home"

as_user()
{
    if [ "$(id -u)" = 0 ]; then
        env HOME="$work/home" TMPDIR="$work/home" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        env HOME="$work/home" TMPDIR="$work/home" "$@"
    fi
}
part() { echo; echo "== $*"; part=$*; started=$(date +%s); }
took() { echo "   ($(($(date +%s) - started)) s)"; }
# one OUTCOME: of a part that has no test results of its own.
one()
{
    case $1 in
    0) passed=$((passed + 1)) ;;
    77) skipped=$((skipped + 1)) ;;
    *) failed=$((failed + 1)); echo "FAILED: $part" | tee -a "$work/failures" ;;
    esac
    took
}
# Counts the results that automake's test driver left; names what failed, and shows the end of what each of those wrote.
results()
{
    before=$failed before_passed=$passed before_skipped=$skipped
    for outcome in $(find "$1" -name '*.trs' -exec sed -n 's/^:test-result: \([A-Z]*\).*/\1/p' {} +); do
        case $outcome in
        PASS|XFAIL) passed=$((passed + 1)) ;;
        SKIP) skipped=$((skipped + 1)) ;;
        *) failed=$((failed + 1)) ;;
        esac
    done
    if [ "$2" != 0 ]; then
        [ "$failed" -gt "$before" ] || failed=$((failed + 1))
        echo "FAILED: $part (status $2):"
        find "$1" -name '*.trs' -exec grep -lE '^:(global-)?test-result: (FAIL|ERROR|XPASS)' {} + >"$work/broken"
        while read -r broken; do
            name=${broken%.trs}
            echo "FAILED: ${name#./}" | tee -a "$work/failures"
            sed -n 's/^:test-result: \(FAIL\|ERROR\)/   /p' "$broken" | head -n 20
            grep -E '^(not ok|Traceback|AssertionError|[A-Za-z.]*Error:|FAIL)' "$name.log" | head -n 20 | cut -c 1-400
            tail -n 30 "$name.log" | cut -c 1-400
        done <"$work/broken"
        [ -s "$work/broken" ] || { [ -z "${3:-}" ] || tail -n 50 "$3"; }
    fi
    find "$1" -name '*.trs' -delete
    echo "   $((passed - before_passed)) passed, $((failed - before)) failed, $((skipped - before_skipped)) skipped"
    took
}

part "a copy of the tree"
(cd "$SRCDIR" && { git -c safe.directory='*' ls-files -z --cached --others --exclude-standard 2>/dev/null || find . -type f -not -path './build*' -print0; }) >"$work/files"
tar -C "$SRCDIR" --null -T "$work/files" --ignore-failed-read -cf - 2>/dev/null | tar -C "$tree" -xf -
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$work"
chmod 755 "$work"
cd "$tree" || exit 1
# The tarball is compared with what git has, so the copy is a repository too.
as_user git init -q . && as_user git add -A >/dev/null 2>&1
# Facts and recorded answers that lie beside the checkout lie beside the copy; the tests that use them skip without.
shared=$(cd "$SRCDIR/.." && pwd)/shared
[ ! -d "$shared" ] || ln -s "$shared" "$work/shared"
as_user autoreconf -fi >"$work/autoreconf.log" 2>&1 || cat "$work/autoreconf.log"
one $?
paths="--prefix=/usr --sysconfdir=/etc --localstatedir=/var --runstatedir=/run"

part "build, with warnings as errors"
mkdir "$work/build" && chmod 777 "$work/build" && cd "$work/build" || exit 1
# shellcheck disable=SC2086
as_user "$tree/configure" -q $paths --enable-werror && as_user make -s -j"$jobs" >"$work/build.log" 2>&1
status=$?
[ $status = 0 ] || tail -n 50 "$work/build.log"
one $status

part "make check, as an ordinary user"
as_user timeout 900 make -s -k check >"$work/check.log" 2>&1
results . $? "$work/check.log"

part "make check-root, with a second build that has crash points"
if [ "$(id -u)" = 0 ]; then
    mkdir "$work/crash" && chmod 777 "$work/crash"
    # shellcheck disable=SC2086
    (cd "$work/crash" && as_user "$tree/configure" -q $paths --enable-crash-points && as_user make -s -j"$jobs") >"$work/crash-build.log" 2>&1 || tail -n 50 "$work/crash-build.log"
    CRASH_BUILD=$work/crash timeout 1500 make -s -k -j"$jobs" check-root >"$work/check-root.log" 2>&1
    results . $? "$work/check-root.log"
    chown -R 65534:65534 .
else
    echo "not root: skipped"
    one 77
fi

part "the demonstration, as an ordinary user"
as_user env BUILDDIR="$work/build" timeout 300 "$tree/quickstart" show >"$work/show.log" 2>&1
status=$?
cat "$work/show.log"
one $status
if [ "$(id -u)" = 0 ]; then
    part "the demonstration, as root"
    env BUILDDIR="$work/build" timeout 300 "$tree/quickstart" show >"$work/show.log" 2>&1
    status=$?
    cat "$work/show.log"
    one $status
    chown -R 65534:65534 "$work/build"
fi

part "make check under sanitizers, built by clang"
mkdir "$work/fuzz" && chmod 777 "$work/fuzz" && cd "$work/fuzz" || exit 1
# shellcheck disable=SC2086
if as_user "$tree/configure" -q $paths --enable-fuzz CC=clang && as_user make -s -j"$jobs" >"$work/fuzz-build.log" 2>&1; then
    as_user timeout 900 make -s -k check >"$work/fuzz-check.log" 2>&1
    results . $? "$work/fuzz-check.log"
    part "fuzzers"
    as_user timeout 900 make -s fuzz
    one $?
else
    tail -n 50 "$work/fuzz-build.log"
    one 1
fi

part "make distcheck"
cd "$work/build" || exit 1
as_user timeout 900 make -s distcheck DISTCHECK_CONFIGURE_FLAGS="$paths" >"$work/distcheck.log" 2>&1
status=$?
[ $status = 0 ] || { grep -E '^(FAIL|ERROR|XPASS):' "$work/distcheck.log"; tail -n 50 "$work/distcheck.log"; }
find . -name '*.trs' -delete
one $status
part "the tarball holds what git has"
as_user make -s maintainer-check-dist
one $?

echo
[ ! -e "$work/failures" ] || cat "$work/failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
