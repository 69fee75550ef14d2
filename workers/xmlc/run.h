/* run.h: the running form of a document: ids, aliases, run-time paths, and the host resources of the run. */
#ifndef BULKHEAD_XMLC_RUN_H
#define BULKHEAD_XMLC_RUN_H
#include "ipc/manifest.h"
#include "workers/xmlc/doc.h"

/* Makes t (completed) what QEMU will be started from: id, aliases, paths of agent sockets, listen addresses.
 * 0, or -1 with *e set. */
int run_form(struct tree *t, int id, const struct doc_env *env, struct err *e);
/* A client's document as domxml-to-native shows it: the running form, with interfaces that say no more than what they are and get a place again, as
 * libvirt's do.  NULL with *e set; the caller frees it. */
struct tree *run_native(const char *xml, size_t n, const struct doc_env *env, struct err *e);
/* firmware.c: a document that leaves the choice of its firmware to us, or that names one of which the host's descriptors tell, gets what they say of it: image, variables,
 * what the machine must have.  t: completed.  0, or -1 with *e set. */
int run_firmware(struct tree *t, const struct doc_env *env, struct err *e);
/* <cpu> of an x86 guest, and what its emulator knows of processors (*e NULL: it does not matter, or is not known); NULL for others. */
struct tree *run_cpu(const struct tree *t, const struct doc_env *env, const struct caps_emulator **e);
/* A definition may name a model that nobody knows; who works with it is refused. 0, or -1 with *e set. */
int run_cpu_known(const struct tree *cpu, struct err *e);
/* The same of the one device that a running guest gets, which has a place there already. */
void run_device(struct tree *t, struct tree *dev, const struct doc_env *env);
/* A disk of t's that runs, if it is transient: what the guest writes goes into an overlay, which goes with its run, so the document's image is the second of the chain. */
void run_transient(const struct tree *t, struct tree *disk);
/* A memory module's size becomes what QEMU has of it, which is returned, in KiB. */
uint64_t run_module(struct tree *memory);
/* Names every device as libvirt does; names a client chose ("ua-...") stay. */
void run_aliases(struct tree *t);
/* "7-guest": names folders and sockets of a run; the name is cut to 20 characters. */
void run_short_name(const struct tree *t, int id, char out[128]);

/* The resources of a document: entries into out, and marks (tree-marks.h) into t.  running: what cannot run yet is refused;
 * otherwise it has no entry.  0, or -1 with *e set. */
int run_manifest(struct tree *t, const struct doc_env *env, bool running, struct manifest_out *out, struct err *e);
/* tune.c: what a document says of limits and pins, as MK_TUNE has it; "": nothing. 0, or -1 with *e set. */
enum { TUNE_TEXT_MAX = 4096 };
int tune_text(const struct tree *t, char *dst, size_t n, struct err *e);
/* link.c: what is said of an interface beside its tap, as MK_LINK has it; "": nothing. 0, or -1 with *e set. */
enum { LINK_TEXT_MAX = 1024 };
int link_mode(const char *mode);     /* enum macvtap_mode of <source mode=>, vepa where there is none */
uint32_t link_kind(const char *actual, const char *mode);       /* enum link_kind of what a network is here (NULL: a bridge of its own) */
int link_text(const struct tree *domain, const struct tree *interface, char *dst, size_t n, struct err *e);
/* The filter of an interface, as MK_FILTER has it; "": none. 0, or -1 with *e set. */
enum { FILTER_TEXT_MAX = 4096 };
int link_filter(const struct tree *domain, const struct tree *interface, char *dst, size_t n, struct err *e);
/* Its <vlan> is for a kind of interface, or a network, without tags: *e says so. -1. */
int link_untagged(const struct tree *t, struct err *e);
/* -1: of an interface that is of that type here nobody can ask for such a port of a switch. What a network makes of it its daemon says, and what asks nobody is let through. */
int link_profile(const struct tree *t, const char *type, const char *profile, struct err *e);
/* -1: an interface of that type (as the client has it) cannot be what the running guest's is. */
int link_stays(const char *type, struct err *e);
/* The performance events that are enabled in t and have no entry yet get one, those that are not enabled lose theirs. 0, or -1 with *e set. */
int run_manifest_perf(struct tree *t, struct manifest_out *out, struct err *e);
/* passt.c: what passt is told of an interface, as MK_HELPER has it. 0, or -1 with *e set. */
enum { PASST_TEXT_MAX = 2048 };
int passt_text(const struct tree *interface, char *dst, size_t n, struct err *e);
/* tls.c: gives el (<source>, <graphics>) its mark, and the certificates that it needs entries, if it goes by TLS.  server: of who is connected to; comes: the guest runs, and sees what it
 * saw when it was started.  0, or -1 with *e set. */
int run_tls(struct tree *el, enum tls_use use, bool server, bool comes, const struct doc_env *env, struct manifest_out *out, struct err *e);
/* ... entries of what may come later, where qemu.conf says that it goes by TLS. 0, or -1 with *e set. */
int run_tls_later(const struct doc_env *env, struct manifest_out *out, struct err *e);
/* A device whose connection nothing is said of has what qemu.conf says. */
void run_tls_says(struct tree *dev, const struct doc_env *env);
bool tune_threads(const struct tree *t);        /* some of it is told thread by thread, once there are threads */
/* ... of one of its devices, which comes to the guest while it runs. */
int run_manifest_device(struct tree *t, struct tree *dev, const struct doc_env *env, struct manifest_out *out, struct err *e);
/* Takes the marks out again. */
void run_unmark(struct tree *t);
#endif
