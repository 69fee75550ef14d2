#!/bin/sh
# Unit tests of what the system daemon has root's rights for, and of roles with ids of their own: by an ordinary user half of each is not looked at.
. "${SRCDIR:-.}/tests/functions.sh"
requires_root
box
cd "$BUILDDIR/tests/unit"
for test in test-hand-* test-frame test-host test-probe; do
    case $test in *.*) continue ;; esac         # what else is made of them
    step "$test"
    (cd "$BUILDDIR" && "tests/unit/$test")
done
