# role gateway: adds roles/gateway to pkglibexec_PROGRAMS

# libxdr.a: libvirt's wire to msgpack and back; the gateway's, and its tests'.  Needs libop.a, libipc.a.
noinst_LIBRARIES += libxdr.a
libxdr_a_SOURCES = %D%/xdr.c %D%/xdr.h
