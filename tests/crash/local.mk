# Killing processes in the middle of their work.
crash_programs = %D%/test-log-kill
check_PROGRAMS += $(crash_programs)
TESTS += $(crash_programs)
%C%_test_log_kill_LDADD = libipc.a
