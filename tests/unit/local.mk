# A C file a module.  LDADD of each: the one library it looks at, and what that needs.
unit_programs = \
	%D%/test-util \
	$(NULL)
check_PROGRAMS += $(unit_programs)
TESTS += $(unit_programs)
%C%_test_util_LDADD = libipc.a
