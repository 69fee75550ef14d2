# Every role's sandbox, tried out: as the session's by `make check`, as the system daemon's by `make check-root`.
check_PROGRAMS += %D%/test-sandbox
TESTS += %D%/test-sandbox
%C%_test_sandbox_SOURCES = %D%/attempts.c %D%/attempts.def %D%/attempts.h %D%/test-sandbox.c
%C%_test_sandbox_LDADD = libpolicy.a libipc.a
