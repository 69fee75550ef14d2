# Killing processes in the middle of their work.
crash_programs = %D%/test-log-kill
check_PROGRAMS += $(crash_programs)
TESTS += $(crash_programs)
%C%_test_log_kill_LDADD = libipc.a
# Everybody around the supervisor, some of them taken over.
check_PROGRAMS += %D%/test-hostile
TESTS += %D%/test-hostile
%C%_test_hostile_SOURCES = %D%/test-hostile.c %D%/players.h
%C%_test_hostile_LDADD = libroutes.a libipc.a
check_PROGRAMS += %D%/test-hostile-plain
TESTS += %D%/test-hostile-plain
%C%_test_hostile_plain_SOURCES = %D%/test-hostile-plain.c %D%/players.h
%C%_test_hostile_plain_LDADD = libroutes.a libipc.a

# As root: one stuck guest of 20; and each role killed at each frame of each flow (wants a build with --enable-crash-points: CRASH_BUILD).
# And virtqemud and virtlockd under clients, virtlogd under a writer: their processes killed many times by chance (KILL_SECONDS; virtlogd's: KILL_GUESTS).
crash_scripts = %D%/stuck.py %D%/matrix.py %D%/qemud-kill.py %D%/logd-kill.py %D%/lockd-kill.py
ROOT_TESTS += $(crash_scripts)
EXTRA_DIST += $(crash_scripts)
