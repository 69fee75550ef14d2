# Hands and workers as processes of their own, with a fake supervisor (fakesup.h).
hand_programs = %D%/test-hand-lease %D%/test-hand-open %D%/test-hand-net %D%/test-hand-launch
check_PROGRAMS += $(hand_programs)
TESTS += $(hand_programs)
%C%_test_hand_open_SOURCES = %D%/test-hand-open.c %D%/fakesup.h
%C%_test_hand_open_LDADD = libipc.a
%C%_test_hand_lease_SOURCES = %D%/test-hand-lease.c %D%/fakesup.h
%C%_test_hand_lease_LDADD = libipc.a
%C%_test_hand_launch_SOURCES = %D%/test-hand-launch.c %D%/fakesup.h
%C%_test_hand_launch_LDADD = libipc.a
check_PROGRAMS += %D%/test-probe %D%/test-host
TESTS += %D%/test-probe %D%/test-host
%C%_test_probe_SOURCES = %D%/test-probe.c %D%/fakesup.h
%C%_test_probe_LDADD = libworker.a libroutes.a libpolicy.a libipc.a
%C%_test_hand_net_SOURCES = %D%/test-hand-net.c %D%/fakesup.h
%C%_test_hand_net_LDADD = libipc.a
%C%_test_host_SOURCES = %D%/test-host.c %D%/fakesup.h
%C%_test_host_LDADD = libipc.a
