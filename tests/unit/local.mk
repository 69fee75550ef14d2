# A C file a module.  LDADD of each: the one library it looks at, and what that needs.
unit_programs = \
	%D%/test-access \
	%D%/test-util \
	%D%/test-conf \
	%D%/test-dbus \
	%D%/test-firmware \
	%D%/test-kept \
	%D%/test-lock \
	%D%/test-log \
	%D%/test-roles-files \
	%D%/test-rpc-client \
	%D%/test-xdr \
	$(NULL)
check_PROGRAMS += $(unit_programs)
TESTS += $(unit_programs)
%C%_test_access_LDADD = libauth.a libconf.a libop.a libworker.a libroutes.a libipc.a
%C%_test_util_LDADD = libipc.a
%C%_test_conf_LDADD = libconf.a libworker.a libipc.a
%C%_test_dbus_LDADD = libauth.a
%C%_test_firmware_LDADD = libhost.a libworker.a libroutes.a libipc.a $(JANSSON_LIBS)
%C%_test_kept_LDADD = libconf.a libipc.a
%C%_test_lock_LDADD = liblock.a libipc.a
%C%_test_log_LDADD = liblog.a libipc.a $(ZLIB_STATIC_LIBS)
%C%_test_roles_files_LDADD = libipc.a
%C%_test_rpc_client_LDADD = libxdr.a libop.a libroutes.a libipc.a
%C%_test_xdr_LDADD = libxdr.a libop.a libroutes.a libipc.a

# The schema against the facts, where they are at hand; real sessions' messages through the transcoder.
TESTS += %D%/test-schema.py %D%/test-config-keys.py %D%/test-compatibility.py
EXTRA_DIST += %D%/fakesup.h %D%/test-schema.py %D%/test-config-keys.py %D%/test-compatibility.py tests/golden/admin.msgs tests/golden/lock.msgs tests/golden/log.msgs tests/golden/more.msgs \
	tests/golden/odd.msgs tests/golden/virsh.msgs

IPC_TESTS = %D%/test-mp %D%/test-frame %D%/test-tree %D%/test-cpu %D%/test-manifest %D%/test-manifest-policy
check_PROGRAMS += $(IPC_TESTS)
TESTS += $(IPC_TESTS)
%C%_test_mp_SOURCES = %D%/test-mp.c
%C%_test_mp_LDADD = libipc.a
%C%_test_frame_SOURCES = %D%/test-frame.c
%C%_test_frame_LDADD = libipc.a
%C%_test_tree_SOURCES = %D%/test-tree.c
%C%_test_tree_LDADD = libworker.a libipc.a
%C%_test_cpu_SOURCES = %D%/test-cpu.c
%C%_test_cpu_LDADD = libworker.a libipc.a
%C%_test_manifest_SOURCES = %D%/test-manifest.c
%C%_test_manifest_LDADD = libipc.a
%C%_test_manifest_policy_SOURCES = %D%/test-manifest-policy.c supervisor/qemud/manifest_policy.c
%C%_test_manifest_policy_LDADD = libipc.a
include %D%/gateway.mk

# The plan of a guest, on trees, manifests and grants made by hand; and a real QEMU with such a plan.
PLAN_TESTS = %D%/test-plan %D%/test-plan-boot
check_PROGRAMS += $(PLAN_TESTS)
TESTS += $(PLAN_TESTS)
EXTRA_DIST += %D%/plan.h
%C%_test_plan_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_test_plan_LDADD = libplan.a libxmlc.a libworker.a libipc.a $(JANSSON_LIBS) $(LIBXML_LIBS)
%C%_test_plan_boot_CPPFLAGS = $(%C%_test_plan_CPPFLAGS)
%C%_test_plan_boot_LDADD = $(%C%_test_plan_LDADD)

check_PROGRAMS += %D%/test-jline
TESTS += %D%/test-jline
%C%_test_jline_SOURCES = %D%/test-jline.c workers/qemu/jline.c
%C%_test_jline_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_test_jline_LDADD = libworker.a libpolicy.a libroutes.a libipc.a $(JANSSON_LIBS)

# Documents: own inputs with libvirtd's answers, what is refused, and the role over its channel; recorded inputs where they are at hand.
XMLC_TESTS = %D%/test-xmlc-bad %D%/test-xmlc-role
check_PROGRAMS += $(XMLC_TESTS)
TESTS += $(XMLC_TESTS) %D%/test-xmlc-golden.py %D%/test-xmlc-plug.py tests/conformance/domscore.py
EXTRA_DIST += %D%/test-xmlc-golden.py %D%/test-xmlc-plug.py tests/golden/xmlc
%C%_test_xmlc_bad_LDADD = libxmlc.a libworker.a libipc.a $(LIBXML_LIBS)
%C%_test_xmlc_role_LDADD = libworker.a libipc.a
