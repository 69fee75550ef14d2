# The schema's tables: made by gen.py, carried in the tarball, so that Python is needed in a checkout only.
schema_rpc = %D%/remote.rpc %D%/qemu.rpc %D%/lxc.rpc %D%/admin.rpc %D%/lock.rpc %D%/log.rpc %D%/keepalive.rpc
schema_made = %D%/op-numbers.h %D%/op-table.c %D%/op-routes.c %D%/operations.md %D%/bulkhead.dict

EXTRA_DIST += $(schema_rpc) %D%/gen.py %D%/gen.stamp %D%/bulkhead.dict
dist_doc_DATA += %D%/operations.md
BUILT_SOURCES += %D%/op-numbers.h
MAINTAINERCLEANFILES += $(schema_made) %D%/gen.stamp

# The stamp is older than what is made with it: else make would think each made anew, and forget that it is in the source folder.
$(schema_made): %D%/gen.stamp
	@test -f $@ || { rm -f %D%/gen.stamp; $(MAKE) $(AM_MAKEFLAGS) %D%/gen.stamp; }
%D%/gen.stamp: $(schema_rpc) %D%/gen.py
	$(AM_V_GEN)$(MKDIR_P) %D%; touch $@.new; rpc=; for f in $(schema_rpc); do rpc="$$rpc $(srcdir)/$$f"; done; \
	$(PYTHON) $(srcdir)/%D%/gen.py --out %D% $$rpc && mv $@.new $@

# libop.a: every operation with shapes and names (gateway, and who calls another daemon).  libroutes.a: rows for routing only (supervisor).
noinst_LIBRARIES += libop.a libroutes.a
libop_a_SOURCES = %D%/op-table.c %D%/op-numbers.h
libroutes_a_SOURCES = %D%/op-routes.c
