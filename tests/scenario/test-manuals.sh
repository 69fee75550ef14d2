#!/bin/sh
# Manual pages are well formed, and a daemon's page has the options that the daemon has: no more, no less.
. "${SRCDIR:-.}/tests/functions.sh"
requires mandoc
cd "$SRCDIR"

step "mandoc finds nothing to say"
# That a page named in SEE ALSO is not installed here is no fault of the page.
said=$(mandoc -Tlint -W warning man/*.[1-8] 2>&1 | grep -v 'referenced manual not found' || true)
[ -z "$said" ] || fail "$said"

step "options"
for page in man/virt*d.8; do
    daemon=$(basename "$page" .8)
    in_help=$("$BUILDDIR/$daemon" --help | grep -o -e '--[a-z-]*' | sort -u)
    in_page=$({ sed -n 's/^\.It.*Fl.* , -\([a-z-]*\).*/--\1/p' "$page"; sed -n 's/^\.It Fl -\([a-z-]*\).*/--\1/p' "$page"; } | sort -u)
    [ "$in_help" = "$in_page" ] || fail "$daemon --help has:
$in_help
the page has:
$in_page"
done

step "logging: virtqemud(8) has every name that a filter finds"
for name in $(sed -n 's/.*\[ROLE_[A-Z_0-9]*\] = "\(.*\)".*/\1/p; s/^static.*supervisors\[.*{ \(.*\) };/\1/p' workers/filters.c | tr -d '",'); do
    grep -q -w -F -- "$name" man/virtqemud.8 || fail "$name"
done
for role in $("$BUILDDIR/roles/profiles" | sed 1d | cut -d ' ' -f 1); do
    [ "$role" = pid1 ] || grep -q -x -e "\.It $role" man/virtqemud.8 || fail "role $role"
done

step "profiles: bulkhead-policy(5) speaks of every column"
for column in $("$BUILDDIR/roles/profiles" | sed -n 1p); do
    case $column in role|filter) continue ;; esac
    grep -q "\\b$column\\b" man/bulkhead-policy.5 || fail "column $column is not in bulkhead-policy(5)"
done
