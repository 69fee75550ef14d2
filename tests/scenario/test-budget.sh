#!/bin/sh
# The trusted part stays small enough to be read: code lines (no comments, no blank ones) of keeper, supervisor and what they link of ipc/.
# The bound may be lowered, never raised.
. "${SRCDIR:-.}/tests/functions.sh"
requires nm cc awk
cd "$SRCDIR"
BUDGET=5000

step "the trusted part keeps its budget"
code_lines() { cat "$@" | cc -fpreprocessed -dD -E -P - 2>/dev/null | grep -c .; }
# Of ipc/, the files of which something is in one of the two programs.
linked=
for source in ipc/*.c; do
    object=$BUILDDIR/${source%.c}.o
    symbol=$(nm -g --defined-only "$object" 2>/dev/null | awk '$2 == "T" { print $3; exit }')
    if [ -n "$symbol" ] && { nm "$BUILDDIR/roles/keeper"; nm "$BUILDDIR/roles/supervisor"; } | grep -q " [Tt] $symbol\$"; then
        linked="$linked $source"
    fi
done
[ -n "$linked" ] || fail "cannot tell what of ipc/ is linked"
core=$(ls supervisor/*.[ch] | grep -v -e /hand -e /pid1)
hands=$(ls supervisor/*.[ch] | grep -e /hand -e /pid1)
lines=$(($(code_lines $core) + $(code_lines $linked)))
echo "keeper and supervisor $(code_lines $core), ipc $(code_lines $linked): $lines of $BUDGET; the hands beside them $(code_lines $hands)"
[ "$lines" -le "$BUDGET" ] || fail "the trusted part has grown: over the budget by $((lines - BUDGET))"
