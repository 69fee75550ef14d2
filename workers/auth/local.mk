# role auth: may this client do that?  Rules of a file, and the host's polkit
noinst_LIBRARIES += libauth.a
libauth_a_SOURCES = %D%/auth.h %D%/dbus.c %D%/dbus.h %D%/rights.c
pkglibexec_PROGRAMS += roles/auth
roles_auth_SOURCES = %D%/auth.c %D%/polkit.c %D%/polkit.h
roles_auth_LDADD = libauth.a libop.a libworker.a libpolicy.a libroutes.a libipc.a
roles_auth_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
