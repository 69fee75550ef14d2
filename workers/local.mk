# libworker.a: what worker roles share.
noinst_LIBRARIES += libworker.a
libworker_a_SOURCES = \
	%reldir%/base64.c %reldir%/base64.h \
	%reldir%/bitmap.c %reldir%/bitmap.h \
	%reldir%/caps.c %reldir%/caps-choose.c %reldir%/caps.h \
	%reldir%/cpu.c %reldir%/cpu-doc.c %reldir%/cpu.h %reldir%/cpu-features.def %reldir%/cpu-models.def \
	%reldir%/filters.c %reldir%/filters.h \
	%reldir%/firmware.c %reldir%/firmware.h \
	%reldir%/manifest-file.c %reldir%/manifest-file.h \
	%reldir%/outputs.c %reldir%/outputs.h \
	%reldir%/packs.c %reldir%/packs.h \
	%reldir%/saved.c %reldir%/saved.h \
	%reldir%/tree.c %reldir%/tree.h %reldir%/tree-form.c %reldir%/tree-form.h %reldir%/tree-marks.h %reldir%/tree-meta.c %reldir%/tree-meta.h %reldir%/tree-iothreads.c %reldir%/tree-iothreads.h %reldir%/tree-iotune.c %reldir%/tree-params.c %reldir%/tree-params-set.c %reldir%/tree-params.h %reldir%/tree-vcpus.c %reldir%/tree-vcpus.h %reldir%/typed.c %reldir%/typed.h \
	%reldir%/worker.c %reldir%/worker.h \
	$(NULL)

# libxdr.a: libvirt's wire to msgpack and back (the gateway's), and calls over it to another daemon.  Needs libop.a, libipc.a.
noinst_LIBRARIES += libxdr.a
libxdr_a_SOURCES = %reldir%/rpc-client.c %reldir%/rpc-client.h %reldir%/xdr.c %reldir%/xdr.h

include %reldir%/plan/local.mk
include %reldir%/gateway/local.mk
include %reldir%/auth/local.mk
include %reldir%/xmlc/local.mk
include %reldir%/probe/local.mk
include %reldir%/conf/local.mk
include %reldir%/host/local.mk
include %reldir%/holder/local.mk
include %reldir%/lock/local.mk
include %reldir%/log/local.mk
include %reldir%/qemu/local.mk
include %reldir%/talk/local.mk
include %reldir%/zip/local.mk
