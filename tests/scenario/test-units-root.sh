#!/bin/sh
# Unit tests of what the system daemon has root's rights for, and of roles with ids of their own: by an ordinary user half of each is not looked at.
. "${SRCDIR:-.}/tests/functions.sh"
requires_root
box
for test in hand-ends hand-launch hand-lease hand-net hand-open frame host probe; do
    step "$test"
    "$BUILDDIR/tests/unit/test-$test"
done
