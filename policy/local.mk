# libpolicy.a: what every role links to lock itself in.  libc only.
noinst_LIBRARIES += libpolicy.a
libpolicy_a_SOURCES = \
	%D%/filter.c \
	%D%/landlock.c %D%/landlock.h \
	%D%/policy.h %D%/profile.c %D%/profiles.def \
	%D%/sandbox.c %D%/sandbox.h \
	$(NULL)
nodist_libpolicy_a_SOURCES = %D%/filters.c

pkglibexec_PROGRAMS += roles/profiles
roles_profiles_SOURCES = %D%/print.c
roles_profiles_LDADD = libpolicy.a libipc.a

# The tables become BPF at build time; libseccomp is linked by this program only, for the numbers of system calls.
policy_tables = \
	%D%/auth.policy %D%/base.policy %D%/conf.policy %D%/gateway.policy %D%/hand-hook.policy %D%/hand-launch.policy %D%/hand-net.policy %D%/hand-open.policy %D%/helper.policy %D%/holder.policy %D%/host.policy \
	%D%/lock.policy %D%/log.policy %D%/pid1.policy %D%/probe.policy %D%/qemu.policy %D%/qemu-shut.policy %D%/qemu-system.policy %D%/supervisor.policy \
	%D%/talk.policy %D%/trap.policy %D%/xmlc.policy %D%/zip.policy \
	$(NULL)
noinst_PROGRAMS += %D%/mkfilter
%C%_mkfilter_SOURCES = %D%/mkfilter.c %D%/constants.h
%C%_mkfilter_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
%C%_mkfilter_LDADD = $(SECCOMP_LIBS)

EXTRA_DIST += $(policy_tables)
CLEANFILES += %D%/filters.c
%D%/filters.c: %D%/mkfilter$(EXEEXT) $(policy_tables)
	$(AM_V_GEN)ASAN_OPTIONS=detect_leaks=0 %D%/mkfilter$(EXEEXT) $(srcdir)/%D% >$@.new && mv $@.new $@
