#!/bin/sh
# Manual pages are well formed, and virtqemud(8) has the options that virtqemud has: no more, no less.
. "${SRCDIR:-.}/tests/functions.sh"
requires mandoc
cd "$SRCDIR"

step "mandoc finds nothing to say"
# That a page named in SEE ALSO is not installed here is no fault of the page.
said=$(mandoc -Tlint -W warning man/*.[1-8] 2>&1 | grep -v 'referenced manual not found' || true)
[ -z "$said" ] || fail "$said"

step "options"
in_help=$("$BUILDDIR/virtqemud" --help | grep -o -e '--[a-z-]*' | sort -u)
in_page=$({ sed -n 's/^\.It.*Fl.* , -\([a-z-]*\).*/--\1/p' man/virtqemud.8; sed -n 's/^\.It Fl -\([a-z-]*\).*/--\1/p' man/virtqemud.8; } | sort -u)
[ "$in_help" = "$in_page" ] || fail "--help has:
$in_help
the page has:
$in_page"

step "profiles: bulkhead-policy(5) speaks of every column"
for column in $("$BUILDDIR/roles/supervisor" --print-profiles | sed -n 1p); do
    case $column in role|filter) continue ;; esac
    grep -q "\\b$column\\b" man/bulkhead-policy.5 || fail "column $column is not in bulkhead-policy(5)"
done
