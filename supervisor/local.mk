# Hands: one privileged verb each, started by the keeper for one call of the supervisor.
pkglibexec_PROGRAMS += roles/hand-open
hand_sources = %reldir%/hand.c %reldir%/hand.h
roles_hand_open_SOURCES = $(hand_sources) %reldir%/hand_open.c %reldir%/hand_open.h %reldir%/hand_sock.c %reldir%/hand_path.c
roles_hand_open_LDADD = libipc.a $(CAPNG_LIBS)
