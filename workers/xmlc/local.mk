# xmlc: documents. libxmlc.a is pure and is linked by tests and tools too; only it includes libxml2.
noinst_LIBRARIES += libxmlc.a
XMLC_SCHEMA = %reldir%/schema/common.sx %reldir%/schema/domain.sx %reldir%/schema/cpu.sx %reldir%/schema/disk.sx %reldir%/schema/net.sx \
	%reldir%/schema/chardev.sx %reldir%/schema/display.sx %reldir%/schema/device.sx
libxmlc_a_SOURCES = \
	%reldir%/address.c %reldir%/check.c %reldir%/check-disk.c %reldir%/complete.c %reldir%/complete-cpu.c %reldir%/complete-tune.c %reldir%/complete-chardev.c %reldir%/complete-device.c %reldir%/complete-disk.c \
	%reldir%/complete-display.c %reldir%/complete-net.c %reldir%/device.c %reldir%/device.h %reldir%/doc.c %reldir%/doc.h %reldir%/firmware.c %reldir%/maker.h %reldir%/manifest.c %reldir%/manifest-chardev.c %reldir%/manifest-disk.c %reldir%/manifest-host.c %reldir%/manifest-net.c %reldir%/parse.c %reldir%/parse.h %reldir%/passt.c %reldir%/tls.c %reldir%/pci.c \
	%reldir%/pci.h %reldir%/link.c %reldir%/pci-device.c %reldir%/plug.c %reldir%/plug.h %reldir%/plug-kinds.c %reldir%/plug-kinds.h %reldir%/plug-update.c %reldir%/qemu-caps.def %reldir%/rules.c %reldir%/run.h %reldir%/schema.c %reldir%/schema.h %reldir%/start.c %reldir%/tune.c %reldir%/value.c \
	$(NULL)
nodist_libxmlc_a_SOURCES = %reldir%/schema-tables.c
libxmlc_a_CFLAGS = $(AM_CFLAGS) $(LIBXML_CFLAGS)
pkglibexec_PROGRAMS += roles/xmlc
roles_xmlc_SOURCES = %reldir%/abi.c %reldir%/cpu-ops.c %reldir%/files.c %reldir%/files.h %reldir%/hook.c %reldir%/hook.h %reldir%/ops.c %reldir%/ops-set.c %reldir%/status.c %reldir%/xmlc.c %reldir%/xmlc.h
roles_xmlc_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(LIBXML_CFLAGS)
roles_xmlc_LDADD = libxmlc.a libplan.a libworker.a libroutes.a libpolicy.a libipc.a
if STATIC_XML
roles_xmlc_SOURCES += %reldir%/encodings.c
roles_xmlc_LDADD += $(LIBXML_STATIC_LIBS) $(JANSSON_STATIC_LIBS)
roles_xmlc_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS) $(LIBXML_STATIC_LDFLAGS)
else
roles_xmlc_LDADD += $(LIBXML_LIBS) $(JANSSON_LIBS)
endif
EXTRA_DIST += %reldir%/schema/gen.py $(XMLC_SCHEMA)
CLEANFILES += %reldir%/schema-tables.c
%reldir%/schema-tables.c: %reldir%/schema/gen.py $(XMLC_SCHEMA)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(PYTHON) $(srcdir)/%reldir%/schema/gen.py $@ $(srcdir) $(XMLC_SCHEMA)
