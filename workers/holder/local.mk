# role holder: copies of what must outlive the keeper
pkglibexec_PROGRAMS += roles/holder
roles_holder_SOURCES = %D%/holder.c
roles_holder_LDADD = libworker.a libroutes.a libpolicy.a libipc.a
roles_holder_LDFLAGS = $(AM_LDFLAGS) $(FIXED_LDFLAGS)
