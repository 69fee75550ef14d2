# role gateway: the only process that reads a client's bytes.
pkglibexec_PROGRAMS += roles/gateway
gateway_sources = \
	%D%/access.c %D%/addresses.c \
	%D%/absent.c %D%/admin.c %D%/call.c %D%/conn.c %D%/conn.h %D%/debug.c %D%/domain.c %D%/events.c %D%/flags.c %D%/gateway.h %D%/given.c %D%/info.c %D%/keepalive.c %D%/lockd.c %D%/logd.c \
	%D%/list.c %D%/list.h %D%/main.c %D%/mprpc.c %D%/none.c %D%/open.c %D%/route.c %D%/rpc.c %D%/sibling.c %D%/sibling.h %D%/sibling-events.c %D%/stats.c %D%/stream.c \
	$(NULL)
roles_gateway_SOURCES = $(gateway_sources)
roles_gateway_LDADD = libxdr.a libop.a libworker.a libpolicy.a libroutes.a libipc.a
roles_gateway_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)

# libgateway.a: the same without main, for tests that are client and supervisor at once.
check_LIBRARIES += libgateway.a
libgateway_a_SOURCES = $(gateway_sources)
libgateway_a_CPPFLAGS = $(AM_CPPFLAGS) -DGATEWAY_NO_MAIN
