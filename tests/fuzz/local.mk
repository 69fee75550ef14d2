# Harnesses, one a parser: fuzz-NAME.c with LLVMFuzzerTestOneInput, its seeds in corpus/NAME, its libraries below.
# Configured with --enable-fuzz, `make fuzz` gives each FUZZ_SECONDS; else `make check` runs the seeds through each.
FUZZ_SECONDS = 20
fuzz_programs = \
	%D%/fuzz-agent \
	%D%/fuzz-calls \
	%D%/fuzz-conf \
	%D%/fuzz-dbus \
	%D%/fuzz-firmware \
	%D%/fuzz-gateway-mprpc \
	%D%/fuzz-gateway-rpc \
	%D%/fuzz-gateway-sibling \
	%D%/fuzz-manifest \
	%D%/fuzz-mp \
	%D%/fuzz-ovsdb \
	%D%/fuzz-plan \
	%D%/fuzz-plug \
	%D%/fuzz-ports \
	%D%/fuzz-probe \
	%D%/fuzz-qmp \
	%D%/fuzz-saved \
	%D%/fuzz-secrets \
	%D%/fuzz-talk \
	%D%/fuzz-tune \
	%D%/fuzz-unpack \
	%D%/fuzz-xdr \
	%D%/fuzz-xmlc \
	$(NULL)
fuzz_conf_libs = libconf.a libworker.a libipc.a
fuzz_firmware_libs = libhost.a libworker.a libroutes.a libipc.a $(JANSSON_LIBS)
fuzz_gateway_libs = libgateway.a libxdr.a libop.a libworker.a libpolicy.a libroutes.a libipc.a
fuzz_manifest_libs = libconf.a libipc.a
fuzz_mp_libs = libworker.a libipc.a
fuzz_plan_libs = libxmlc.a libplan.a libworker.a libipc.a $(LIBXML_LIBS) $(JANSSON_LIBS)
fuzz_probe_libs = libprobe.a libworker.a libroutes.a libpolicy.a libipc.a $(JANSSON_LIBS)
fuzz_qemu_libs = libqemurole.a libplan.a libworker.a libpolicy.a libroutes.a libipc.a $(JANSSON_LIBS) $(PACK_STATIC_LIBS)
fuzz_saved_libs = libworker.a libipc.a
fuzz_talk_libs = libtalk.a libxdr.a libop.a libworker.a libroutes.a libipc.a
fuzz_xdr_libs = libxdr.a libop.a libipc.a
fuzz_xmlc_libs = libxmlc.a libworker.a libipc.a $(LIBXML_LIBS)

if FUZZ
fuzz_main =
else
fuzz_main = %D%/seeds.c
TESTS += $(fuzz_programs)
endif
check_PROGRAMS += $(fuzz_programs)
EXTRA_DIST += %D%/corpus %D%/seeds.c
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

%C%_fuzz_conf_SOURCES = %D%/fuzz-conf.c $(fuzz_main)
%C%_fuzz_conf_LDADD = $(fuzz_conf_libs)
%C%_fuzz_conf_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_dbus_SOURCES = %D%/fuzz-dbus.c $(fuzz_main)
%C%_fuzz_dbus_LDADD = libauth.a libipc.a
%C%_fuzz_dbus_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_gateway_mprpc_SOURCES = %D%/fuzz-gateway-mprpc.c %D%/gateway-fuzz.h $(fuzz_main)
%C%_fuzz_gateway_mprpc_LDADD = $(fuzz_gateway_libs)
%C%_fuzz_gateway_mprpc_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_gateway_sibling_SOURCES = %D%/fuzz-gateway-sibling.c %D%/gateway-fuzz.h $(fuzz_main)
%C%_fuzz_gateway_sibling_LDADD = $(fuzz_gateway_libs)
%C%_fuzz_gateway_sibling_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_gateway_rpc_SOURCES = %D%/fuzz-gateway-rpc.c %D%/gateway-fuzz.h $(fuzz_main)
%C%_fuzz_gateway_rpc_LDADD = $(fuzz_gateway_libs)
%C%_fuzz_gateway_rpc_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_tune_SOURCES = %D%/fuzz-tune.c supervisor/hand_tune_text.c $(fuzz_main)
%C%_fuzz_tune_LDADD = libipc.a
%C%_fuzz_tune_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_ovsdb_SOURCES = %D%/fuzz-ovsdb.c supervisor/hand_ovsdb.c $(fuzz_main)
%C%_fuzz_ovsdb_LDADD = libipc.a
%C%_fuzz_ovsdb_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_manifest_SOURCES = %D%/fuzz-manifest.c $(fuzz_main)
%C%_fuzz_manifest_LDADD = $(fuzz_manifest_libs)
%C%_fuzz_manifest_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_mp_SOURCES = %D%/fuzz-mp.c $(fuzz_main)
%C%_fuzz_mp_LDADD = $(fuzz_mp_libs)
%C%_fuzz_mp_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_plan_SOURCES = %D%/fuzz-plan.c $(fuzz_main)
%C%_fuzz_plan_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_fuzz_plan_LDADD = $(fuzz_plan_libs)
%C%_fuzz_plan_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_probe_SOURCES = %D%/fuzz-probe.c $(fuzz_main)
%C%_fuzz_probe_LDADD = $(fuzz_probe_libs)
%C%_fuzz_probe_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_qmp_SOURCES = %D%/fuzz-qmp.c %D%/qemu-fuzz.h $(fuzz_main)
%C%_fuzz_qmp_LDADD = $(fuzz_qemu_libs)
%C%_fuzz_qmp_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_plug_SOURCES = %D%/fuzz-plug.c %D%/qemu-fuzz.h $(fuzz_main)
%C%_fuzz_plug_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_fuzz_plug_LDADD = $(fuzz_qemu_libs)
%C%_fuzz_plug_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_calls_SOURCES = %D%/fuzz-calls.c %D%/qemu-fuzz.h $(fuzz_main)
%C%_fuzz_calls_LDADD = $(fuzz_qemu_libs)
%C%_fuzz_calls_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_agent_SOURCES = %D%/fuzz-agent.c %D%/qemu-fuzz.h $(fuzz_main)
%C%_fuzz_agent_LDADD = $(fuzz_qemu_libs)
%C%_fuzz_agent_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_firmware_SOURCES = %D%/fuzz-firmware.c $(fuzz_main)
%C%_fuzz_firmware_LDADD = $(fuzz_firmware_libs)
%C%_fuzz_firmware_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_saved_SOURCES = %D%/fuzz-saved.c $(fuzz_main)
%C%_fuzz_saved_LDADD = $(fuzz_saved_libs)
%C%_fuzz_saved_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_ports_SOURCES = %D%/fuzz-ports.c %D%/talk-fuzz.h $(fuzz_main)
%C%_fuzz_ports_LDADD = $(fuzz_talk_libs)
%C%_fuzz_ports_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_secrets_SOURCES = %D%/fuzz-secrets.c %D%/talk-fuzz.h $(fuzz_main)
%C%_fuzz_secrets_LDADD = $(fuzz_talk_libs)
%C%_fuzz_secrets_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_talk_SOURCES = %D%/fuzz-talk.c $(fuzz_main)
%C%_fuzz_talk_LDADD = $(fuzz_talk_libs)
%C%_fuzz_talk_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_unpack_SOURCES = %D%/fuzz-unpack.c $(fuzz_main)
%C%_fuzz_unpack_LDADD = $(fuzz_qemu_libs)
%C%_fuzz_unpack_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_xdr_SOURCES = %D%/fuzz-xdr.c $(fuzz_main)
%C%_fuzz_xdr_LDADD = $(fuzz_xdr_libs)
%C%_fuzz_xdr_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_xmlc_SOURCES = %D%/fuzz-xmlc.c $(fuzz_main)
%C%_fuzz_xmlc_LDADD = $(fuzz_xmlc_libs)
%C%_fuzz_xmlc_LDFLAGS = $(fuzz_ldflags)

# Harnesses may log; -close_fd_mask=2 keeps that out of the way of what libFuzzer says. As many at once as make is told (-j).
fuzz_runs = $(fuzz_programs:=.run)
fuzz: $(fuzz_runs)
$(fuzz_runs): $(fuzz_programs) ipc/schema/gen.stamp
	@p=$@; p=$${p%.run}; name=$${p##*/fuzz-}; mkdir -p fuzz-work/$$name; dict=ipc/schema/bulkhead.dict; test -f $$dict || dict=$(srcdir)/$$dict; \
		seeds=$(srcdir)/%D%/corpus/$$name; test -d $$seeds || seeds=; \
		./$$p -max_total_time=$(FUZZ_SECONDS) -dict=$$dict -close_fd_mask=2 -print_final_stats=1 -artifact_prefix=fuzz-work/$$name- \
			fuzz-work/$$name $$seeds >fuzz-work/$$name.log 2>&1 || { echo "== $$name"; tail -40 fuzz-work/$$name.log; exit 1; }; \
		sed -n "s/^stat::number_of_executed_units: */   $$name, runs: /p" fuzz-work/$$name.log
.PHONY: fuzz $(fuzz_runs)
