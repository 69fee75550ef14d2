#!/bin/sh
# Every role's sandbox as the system daemon has it: ids of its own, void namespaces, an empty bounding set.
. "${SRCDIR:-.}/tests/functions.sh"
requires_root
exec "$BUILDDIR/tests/sandbox/test-sandbox"
