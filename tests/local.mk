# A program without extension speaks TAP (tests/tap.h); a script .sh or .py is one behaviour: exit 0, 1, or 77 to skip, with the reason.
# `make check` runs TESTS as an ordinary user, `make check-root` runs ROOT_TESTS (scripts) as root; see tests/functions.sh.
TEST_EXTENSIONS = .sh .py
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
PY_LOG_COMPILER = $(PYTHON)
# SANITIZED: sizes of processes mean little.
if SANITIZED
sanitized = SANITIZED=1; export SANITIZED;
endif
AM_TESTS_ENVIRONMENT = $(sanitized) \
	SRCDIR='$(abs_top_srcdir)'; BUILDDIR='$(abs_top_builddir)'; PYTHON='$(PYTHON)'; \
	PYTHONDONTWRITEBYTECODE=1; export SRCDIR BUILDDIR PYTHON PYTHONDONTWRITEBYTECODE;

EXTRA_DIST += %D%/tap.h

include %D%/unit/local.mk
include %D%/crash/local.mk
include %D%/fuzz/local.mk
include %D%/tool/local.mk
include %D%/unit/hands.mk
include %D%/sandbox/local.mk
include %D%/scenario/local.mk

# What looks at the files that a tarball brings, and the daemon that is built from one: `make distcheck TESTS='$(DIST_TESTS)'` where `make check` has had the rest.
DIST_TESTS = $(fuzz_programs) %D%/unit/test-schema.py %D%/unit/test-config-keys.py %D%/unit/test-compatibility.py %D%/unit/test-xmlc-golden.py %D%/unit/test-xmlc-plug.py \
	%D%/unit/test-gateway-talk %D%/unit/test-xdr %D%/sandbox/test-sandbox %D%/conformance/domscore.py %D%/conformance/argv.py %D%/scenario/test-boundaries.sh %D%/scenario/test-budget.sh \
	%D%/scenario/test-manuals.sh %D%/scenario/test-daemon.sh %D%/scenario/test-qemu-resume.py

check-root: all $(check_PROGRAMS) $(check_LIBRARIES)
	@test "$$(id -u)" = 0 || { echo "check-root: must be root"; exit 1; }
	@$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(ROOT_TESTS)' TEST_SUITE_LOG=test-suite-root.log
.PHONY: check-root

# `make bench`: virtqemud against libvirtd, and virtlogd against libvirt's, as root; see tests/bench.
noinst_PROGRAMS += %D%/bench/client
%C%_bench_client_SOURCES = %D%/bench/client.c
EXTRA_DIST += %D%/bench/bench.py %D%/bench/lockd.py %D%/bench/logd.py %D%/accesslib.py %D%/box.py %D%/netlib.py %D%/ovslib.py %D%/vnctls.py %D%/logdbox.py %D%/logdlib.py %D%/pair.py
bench: all
	BUILD='$(abs_top_builddir)' /usr/bin/python3 $(srcdir)/%D%/bench/bench.py $(BENCH_ARGS)
	BUILD='$(abs_top_builddir)' /usr/bin/python3 $(srcdir)/%D%/bench/lockd.py
	BUILD='$(abs_top_builddir)' /usr/bin/python3 $(srcdir)/%D%/bench/logd.py
.PHONY: bench
EXTRA_DIST += %D%/conformance/domscore.py %D%/qemuguest.py %D%/qemulib.py
TESTS += %D%/conformance/argv.py
EXTRA_DIST += %D%/conformance/argv.py %D%/conformance/difftest.py %D%/conformance/documents.py %D%/conformance/seeds.py
# What a test made for itself: an initial file system for its guest.
CLEANFILES += %D%/guest/initrd-*.gz
