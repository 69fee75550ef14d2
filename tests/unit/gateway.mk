# The gateway between a client and a supervisor that the test plays.
gateway_tests = %D%/test-gateway-call %D%/test-gateway-event %D%/test-gateway-lockd %D%/test-gateway-logd %D%/test-gateway-mprpc %D%/test-gateway-talk
check_PROGRAMS += $(gateway_tests)
TESTS += $(gateway_tests)
EXTRA_DIST += %D%/gateway.h %D%/gateway-rpc.h tests/golden/gateway.talk tests/golden/lockd.talk tests/golden/logd.talk
gateway_test_libs = libgateway.a libxdr.a libop.a libworker.a libpolicy.a libroutes.a libipc.a
%C%_test_gateway_call_LDADD = $(gateway_test_libs)
%C%_test_gateway_event_LDADD = $(gateway_test_libs)
%C%_test_gateway_lockd_LDADD = $(gateway_test_libs)
%C%_test_gateway_logd_LDADD = $(gateway_test_libs)
%C%_test_gateway_mprpc_LDADD = $(gateway_test_libs)
%C%_test_gateway_talk_LDADD = $(gateway_test_libs)
