/* maker.h: how a manifest is made, among the files that make it (manifest*.c). Functions give 0, or -1 with the maker's error set, where nothing else is said. */
#ifndef BULKHEAD_XMLC_MAKER_H
#define BULKHEAD_XMLC_MAKER_H
#include "workers/xmlc/run.h"

struct maker {
    struct tree *t, *devices;
    const struct doc_env *env;
    struct manifest_out *out;
    struct err *e;
    bool lenient;           /* of a definition: what cannot run yet is refused when it is started */
    bool comes;             /* of a device for a guest that runs */
    int hostnet;            /* the host's network: the entry's number, -1 none yet */
    bool by_socket;         /* a disk's server is reached by a socket's file */
};

/* ---- manifest.c ---- */
/* An entry of that kind; mark, unless NULL, gets its number. path, aux: NULL none; one that begins with '/' is made plain. The number, or -1 with the maker's error set. */
int maker_add(struct maker *m, struct tree *mark, struct manifest_entry *x, const char *path, const char *aux);
/* A file that QEMU takes by its path, in its view; path NULL: nothing. 0, or -1. */
int maker_bind(struct maker *m, struct tree *el, const char *path);
/* What is not there for a run; nothing of a definition. 0 of that, else -1. */
int maker_unsupported(struct maker *m, const char *what, const char *value);
/* fn for each device of that name, until one says -1. */
int maker_each(struct maker *m, const char *name, int (*fn)(struct maker *m, struct tree *t));

/* ---- manifest-net.c: the host's network, and interfaces ---- */
/* passt stands between the guest and the host's network. */
bool maker_is_passt(const struct tree *t);
/* The socket by which a server is reached, NULL none. */
const char *maker_server_socket(const struct tree *source);
/* Shall QEMU connect again whenever the other side has gone? */
bool maker_connects_again(const struct tree *source);
/* Does any image of this chain come over the network, or from such a socket? */
bool maker_by_network(const struct tree *disk, bool socket);
/* A LUN of a target that QEMU talks to. */
bool maker_by_iscsi(const struct tree *hostdev);
/* Does QEMU itself make the sockets of this device, back end or interface?  It takes none of datagrams, and one that it shall connect again is no descriptor: it connects to a disk's server whenever
 * that has gone, with a number that may be another file's by then. */
bool maker_makes_sockets(const struct tree *t);
/* The guest has the host's network from now on. */
int maker_host_network(struct maker *m, struct tree *mark);
/* What there is already, a bit a kind; m->hostnet. */
uint64_t maker_kinds_so_far(struct maker *m);
/* A QEMU that connects by itself must have nothing else to connect from: beside sockets of the host's network it is in that network at once, as with any other disk's server. */
int maker_socket_network(struct maker *m);
/* An address in numbers, or NULL: nobody here asks others what a name stands for. */
const char *maker_numeric(const char *address);
/* The number of a port at an address in numbers; 0 that the document names something else, with *m->e unless m is lenient. */
uint32_t maker_numbered(struct maker *m, const char *host, const char *service);
/* An interface's tap, socket or program, with what is said of it beside. */
int maker_interface(struct maker *m, struct tree *t);

/* ---- manifest-disk.c ---- */
/* The layers a document names; the last of them is looked at for more unless the document says that it ends there. */
int maker_backing(struct maker *m, struct tree *el, int parent, unsigned shared);
/* Passwords of an image and of its server, cookies, and of the layers below that the document names. */
int maker_disk_secrets(struct maker *m, const struct tree *image);
/* A disk's images, secrets and server. */
int maker_disk(struct maker *m, struct tree *t);

/* ---- manifest-chardev.c: character devices and displays ---- */
enum { MAKER_CHARDEVS = 6 };
extern const char *const maker_chardev_kinds[MAKER_CHARDEVS];       /* their elements' names */
/* A character device, or what has a <source> like one. */
int maker_chardev(struct maker *m, struct tree *t);
/* All of the guest's. */
int maker_chardevs(struct maker *m);
/* Where a display is listened for. */
int maker_display(struct maker *m, struct tree *g);

/* ---- manifest-host.c: files, devices and memory of the host, and programs beside QEMU ---- */
/* A TPM emulator, or the host's own. */
int maker_tpm(struct maker *m, struct tree *t);
/* A folder in QEMU's view, whose number mark gets: to be written unless t is <readonly/>. dir NULL: nothing. format: what the guest sees it as, IMG_NONE no disk. */
int maker_share(struct maker *m, const struct tree *t, struct tree *mark, const char *dir, uint32_t format);
/* A folder that the guest shares, or the program that serves it. */
int maker_filesystem(struct maker *m, struct tree *t);
/* Firmware with its variables, a kernel with what belongs to it, tables. */
int maker_firmware(struct maker *m, struct tree *os);
/* The file of a device's ROM. */
int maker_rom(struct maker *m, struct tree *t);
/* A source of random numbers. */
int maker_rng(struct maker *m, struct tree *t);
/* The guest's number at the host's vhost-vsock. */
int maker_vsock(struct maker *m, struct tree *t);
/* What QEMU may lock of its memory for a device of the host's that reaches it: a and b of x. */
void maker_locks(const struct maker *m, struct manifest_entry *x);
/* A device of the host's; runs: its guest does, and gets it now. */
int maker_hostdev_of(struct maker *m, struct tree *t, bool runs);
/* ... of one that is started. */
int maker_hostdev(struct maker *m, struct tree *t);
/* Memory by its name; or the server that has it and the interrupts. */
int maker_shmem(struct maker *m, struct tree *t);
/* An input device of the host's. */
int maker_input(struct maker *m, struct tree *t);
/* All parts that the guest begins with. */
int maker_parts(struct maker *m);
/* ... and one that is plugged in. */
int maker_module(struct maker *m, struct tree *t);
#endif
