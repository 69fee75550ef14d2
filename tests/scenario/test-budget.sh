#!/bin/sh
# The trusted part stays small enough to be read: code lines (no comments, no blank ones) of keeper, a daemon's
# supervisor (the core, and the folder of its objects) and what they link of ipc/.
# The bound may be lowered, never raised.
. "${SRCDIR:-.}/tests/functions.sh"
requires nm cc awk
cd "$SRCDIR"
BUDGET=5000

step "the trusted part of each daemon keeps its budget"
code_lines() { cat "$@" | cc -fpreprocessed -dD -E -P - 2>/dev/null | grep -c .; }
# Of ipc/, the files of which something is in one of the two programs.
linked_of()
{
    symbols=$({ nm "$BUILDDIR/roles/keeper"; nm "$1"; } | awk '$2 == "T" || $2 == "t" { print " " $3 " " }')
    for source in ipc/*.c; do
        symbol=$(nm -g --defined-only "$BUILDDIR/${source%.c}.o" 2>/dev/null | awk '$2 == "T" { print $3; exit }')
        case $symbols in *" ${symbol:-none} "*) echo "$source" ;; esac
    done
}
core=$(ls supervisor/*.[ch] | grep -v -e /hand -e /pid1)
for folder in supervisor/*/; do
    daemon=$(basename "$folder")
    program=$BUILDDIR/roles/supervisor-$daemon
    [ "$daemon" != qemud ] || program=$BUILDDIR/roles/supervisor
    linked=$(linked_of "$program")
    [ -n "$linked" ] || fail "cannot tell what of ipc/ is linked into $program"
    own=$(code_lines $core "$folder"*.[ch])
    lines=$((own + $(code_lines $linked)))
    echo "$daemon: keeper and supervisor $own, ipc $(code_lines $linked): $lines of $BUDGET"
    [ "$lines" -le "$BUDGET" ] || fail "the trusted part has grown: over the budget by $((lines - BUDGET))"
done
hands=$(ls supervisor/*.[ch] | grep -e /hand -e /pid1)
echo "the hands beside them $(code_lines $hands)"
