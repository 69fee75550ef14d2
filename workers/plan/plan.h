/* plan.h: from a guest's tree to what QEMU is told, on its command line and over QMP alike.
 *
 * Pure: no descriptor, file or call of the system is touched.  For each element one list of items is made, each a JSON property
 * object; the command line prints them (-device '{...}'), hot-plug sends them (device_add {...}).  Two forms of the same tables:
 *   PLAN_NATIVE  paths and values as the document has them: domxml-to-native
 *   PLAN_RUN     what QEMU can take by descriptor is by descriptor, the rest is bound into its view at /res/<index>
 * What cannot be expressed is VIR_ERR_CONFIG_UNSUPPORTED with the element's name; nothing is dropped silently.
 *
 * Shared by the qemu worker (run form, hot-plug) and xmlc (native form); it includes nothing of either. */
#ifndef BULKHEAD_PLAN_H
#define BULKHEAD_PLAN_H
#include <jansson.h>
#include <stdbool.h>
#include "ipc/err.h"
#include "ipc/manifest.h"
#include "ipc/settings.h"
#include "workers/caps.h"
#include "workers/tree.h"

enum plan_form { PLAN_RUN, PLAN_NATIVE };

/* One manifest entry with what became of it, ready to look up by index. */
struct plan_res {
    bool valid;
    uint32_t kind, flags, format;    /* format: probed, else the manifest's */
    int32_t parent;                  /* MK_IMAGE: index of the overlay above, -1 top; MK_LINK: its tap's */
    const char *path, *aux;          /* point into the manifest; may be NULL */
    int32_t error;                   /* < 0: an optional entry that was not opened */
    int16_t fd[2];                   /* numbers in QEMU, -1 none: main, read-only twin */
    uint8_t nfd;                     /* MK_TAP: queues, numbers from fd[0] on */
    uint32_t a;                      /* the entry's */
    bool is_block;
    bool theirs;                     /* QEMU has it from libvirt's daemon, by a name or number that nobody knows here: to be taken out, and not put in */
    uint32_t port;
    char name[108];
};
struct plan_host { struct plan_res *v; uint32_t n; int monitor_fd; };

/* Joins manifest and grants into *h.  Each grants blob is a grants memfd's bytes (grants_len 0: none yet); where several hands
 * answered, give them one after the other with plan_host_grants.  path and aux point into the manifest's bytes: keep them.
 * 0 or -EPROTO. */
int plan_host_load(struct plan_host *h, const void *manifest, size_t manifest_len);
int plan_host_grants(struct plan_host *h, const void *grants, size_t grants_len);
void plan_host_free(struct plan_host *h);

enum { PLAN_IMAGE_SETS = 200000 /* past a screenshot's, and libvirt's, which count from 0 */, PLAN_SETS = 1 << 20 };
struct plan_in {
    const struct tree *dom;            /* <domain>: completed, with addresses and aliases (run_form) */
    enum plan_form form;
    int id;                            /* domain id; -1 for PLAN_NATIVE */
    const char *lib_dir;               /* "/var/lib/libvirt/qemu"; NULL: that */
    const char *channel_dir;           /* PLAN_NATIVE: folder of agent sockets; NULL: lib_dir/channel/target */
    const struct plan_host *host;      /* PLAN_RUN; NULL for PLAN_NATIVE */
    const struct caps_emulator *caps;  /* NULL: a QEMU 7.2 for x86 is assumed */
    uint32_t first_set;                /* 0; or libvirt's daemon began the guest: numbers of QEMU's sets of descriptors from this one on, not below PLAN_SETS, are ours, one an entry of the manifest; images have those from PLAN_IMAGE_SETS on */
    int64_t now;                       /* seconds since 1970, for a clock that starts from now */
    bool incoming;                     /* add -incoming defer */
    const struct settings *settings;   /* PLAN_NATIVE: qemu.conf's; NULL: defaults */
};

enum plan_opt {
    PLAN_WORDS,      /* one or two words of a command line; start only */
    PLAN_ADD_FD,     /* {"fdset-id", "opaque"}: descriptor `which` of resource `res` joins a set.  QMP: add-fd with the descriptor */
    PLAN_GETFD,      /* {"fdname"}: hot-plug only: descriptor `which` of `res` under a name.  QMP: getfd with the descriptor */
    PLAN_OBJECT, PLAN_BLOCKDEV, PLAN_NETDEV, PLAN_CHARDEV, PLAN_AUDIODEV, PLAN_DEVICE,
};
struct plan_item {
    enum plan_opt opt;
    json_t *props;                     /* all but PLAN_WORDS */
    char *word[2];                     /* PLAN_WORDS: option and its value (or NULL) */
    int32_t res;                       /* manifest index of PLAN_ADD_FD, PLAN_GETFD; else -1 */
    uint8_t which;
};
struct plan { struct plan_item *v; size_t n, cap; };
void plan_free(struct plan *p);

/* All items of a guest in the order of libvirt's command line.  0; or -1 with *e set and *out empty. */
int plan_guest(const struct plan_in *in, struct plan *out, struct err *e);

/* Items of one child of <devices> for hot-plug, in the order to send them (unplug undoes them backwards).
 * dev need not be in in->dom, but has its alias and address. */
int plan_device(const struct plan_in *in, const struct tree *dev, struct plan *out, struct err *e);

/* QMP command and arguments of an item: "device_add", "blockdev-add", ...  *args is a new reference.  0, or -1: a start-only item. */
int plan_qmp(const struct plan_item *it, const char **command, json_t **args);
/* The one that undoes it. */
int plan_qmp_undo(const struct plan_item *it, const char **command, json_t **args);

/* The command line: NULL-terminated, argv[0] is the emulator; one allocation a word and one for the array. 0 or -1 with *e. */
int plan_argv(const struct plan_in *in, const struct plan *p, char ***argv, struct err *e);
void plan_argv_free(char **argv);
/* The same as one line for a shell, with environment, as domxml-to-native returns it.  Caller frees.  NULL with *e. */
char *plan_text(const struct plan_in *in, const struct plan *p, struct err *e);

/* Writes into the running tree what only the opening of its resources told: chains of images (<backingStore>, index=), pty and
 * unix paths of character devices, names of taps, ports of VNC.  PLAN_RUN only.  0 or -1 with *e. */
int plan_complete(struct tree *dom, const struct plan_host *h, struct err *e);
/* The same for a device that is about to be plugged into dom (its nodes get numbers nobody has). */
int plan_complete_device(const struct tree *dom, struct tree *dev, const struct plan_host *h, struct err *e);
/* After a device was put into dom: its nodes' numbers are not given again. */
void plan_count_nodes(struct tree *dom);
#endif
