# role conf: files of definitions, and the configuration
noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = %D%/access.c %D%/access.h %D%/cache.c %D%/cache.h %D%/grammar.c %D%/grammar.h %D%/keys.def %D%/kept.c %D%/kept.h %D%/rename.c %D%/saved.c %D%/settings.c %D%/settings.h %D%/store.c %D%/store.h
pkglibexec_PROGRAMS += roles/conf
roles_conf_SOURCES = %D%/conf.c
roles_conf_LDADD = libconf.a libworker.a libroutes.a libpolicy.a libipc.a
