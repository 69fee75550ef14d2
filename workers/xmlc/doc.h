/* doc.h: a domain's document on its way from a client's XML to the completed tree.  libxmlc.a; pure: no descriptor, no call of the system
 * but random numbers for a new uuid or MAC.
 *
 *   doc_parse     XML text -> canonical tree (parse.c, schema.c), completed: defaults, implicit devices, addresses (complete.c and below)
 *   doc_text      -> what virsh dumpxml shows
 *   doc_start     -> the running form (start.c), doc_manifest -> the resources it needs (manifest.c) */
#ifndef BULKHEAD_XMLC_DOC_H
#define BULKHEAD_XMLC_DOC_H
#include "ipc/err.h"
#include "ipc/settings.h"
#include "workers/caps.h"
#include "workers/tree.h"
#include "workers/xmlc/schema.h"

enum doc_flags {
    DOC_STRICT = 1,     /* the client asked for validation: unknown elements and attributes are refused */
    DOC_STORED = 2,     /* our own text: generated names stay, defaults are there already */
    DOC_LIVE = 4,       /* text of a running guest */
    DOC_CHANGE = 8,     /* a definition that a device is added to or taken from: the others keep their numbers */
    DOC_FRESH = 32,     /* of a start: what the firmware keeps begins as its template */
    DOC_AGAIN = 16,     /* that may have been done already, by a supervisor that could not say so */
    DOC_PLUG = 32,      /* the guest runs: there will be no more buses than there are */
};
struct doc_env {
    const struct caps *caps;            /* NULL: a QEMU 7.2 for x86_64 and i686 in /usr/bin is assumed */
    const struct caps *(*processors)(void);     /* the same with the processors each QEMU knows, read when they are asked for; NULL: unknown */
    const struct settings *settings;    /* NULL: defaults */
    const struct firmware_list *(*firmware)(void);      /* the host's images, read when they are asked for; NULL, or gives NULL: unknown */
    const char *lib_dir;                /* NULL: /var/lib/libvirt/qemu */
    unsigned flags;                     /* enum doc_flags */
};

#define DOC_DEVICES_MAX 1024        /* children of <devices>; the steps below compare them with each other */
#define DOC_CONTROLLERS_MAX 256     /* of a type, that addresses call for */

static inline const char *doc_lib_dir(const struct doc_env *env) { return env->lib_dir ? env->lib_dir : "/var/lib/libvirt/qemu"; }

/* Everything the steps of completion share. */
struct doc {
    struct tree *t, *devices;
    struct err *e;
    const struct doc_env *env;
    const struct caps_emulator *emu;    /* NULL: not known */
    const char *arch, *machine, *lib_dir;
    const char *cpu_default;            /* model of a QEMU whose capabilities are not known */
    bool kvm, pc, q35;                  /* type='kvm'; i440fx; q35 */
};

/* The completed document. NULL with *e set; the caller frees it. */
struct tree *doc_parse(const char *xml, size_t n, const struct doc_env *env, struct err *e);
struct tree *doc_complete(const struct tree *raw, const struct doc_env *env, struct err *e);    /* the same of one that has been read */
/* device.c: the definition with a device more, less, or another one in its place, completed anew. xml: of the device, or (DEVICE_DETACH_ALIAS) its alias.
 * NULL with *e set; the caller frees it. */
enum device_change { DEVICE_ATTACH, DEVICE_DETACH, DEVICE_UPDATE, DEVICE_DETACH_ALIAS };
struct tree *device_change(struct tree *dom, enum device_change what, const char *xml, size_t n, const struct doc_env *env, struct err *e);
/* What a client sees: flags are those of virDomainGetXMLDesc.  The caller frees it. */
char *doc_text(const struct tree *t, unsigned flags, size_t *len);

/* ---- the steps; 0, or -1 with d->e set ---- */
int complete_top(struct doc *d);        /* everything outside <devices> */
int complete_numa(struct doc *d);        /* complete-cpu.c */
int complete_cpus(struct doc *d);
int complete_tuning(struct doc *d);      /* complete-tune.c */
int check_ranges(struct doc *d);
int complete_devices(struct doc *d);    /* defaults of each device, implicit devices */
int complete_disks(struct doc *d);
int complete_hosts(struct doc *d, struct tree *source);     /* who serves it */
int complete_nets(struct doc *d);
int complete_chardevs(struct doc *d);
void complete_console(struct doc *d);   /* ... the last step: the console that stands for a serial port */
int complete_display(struct doc *d);    /* graphics, video, audio, sound, input */
int address_drives(struct doc *d);      /* drive, virtio-serial, ccid, dimm */
int address_serial(struct doc *d);
int address_usb(struct doc *d);
void storage_defaults(struct tree *source, bool ports);   /* ports, logical units of <source> */
int disk_index(const char *dev);        /* hda 0, vdb 1; -1 */
int address_pci(struct doc *d);
int check_document(struct doc *d);      /* what only the whole can tell */
int check_disks(struct doc *d);         /* check-disk.c */
unsigned net_prefix(const struct tree *t); /* link.c: how many bits of an <ip>'s or <route>'s address name its network; where nobody says, by its class */
int check_rules(struct doc *d);         /* rules.c: combinations that are refused */
int check_pci_addresses(struct doc *d, const struct tree *t);

/* ---- small helpers ---- */
void doc_default(struct tree *t, const char *attr, const char *value);     /* sets an attribute that is absent */
bool doc_is(const struct tree *t, const char *attr, const char *value);   /* tree_attr_is */
bool doc_in(const char *v, const char *list);                             /* v is one of the words of list, blank-separated */
unsigned doc_count(const struct tree *parent, const char *name);
/* Adds a device behind the last of its kind (order within <devices> is put right at the end). */
struct tree *doc_add_device(struct doc *d, const char *name);
struct tree *doc_find_controller(struct doc *d, const char *type, unsigned index);
struct tree *doc_add_controller(struct doc *d, const char *type, unsigned index, const char *model);
/* Puts devices of a kind in libvirt's order: each goes in front of the first that place() says it belongs before, or right behind the last it
 * belongs after; devices that have nothing to do with each other keep their places. */
enum place { PLACE_NONE, PLACE_BEFORE, PLACE_AFTER, PLACE_LAST /* behind it, and look no further */ };
typedef int doc_place_fn(const struct tree *t, const struct tree *other);
void doc_sort(struct doc *d, const char *name, doc_place_fn *place);
const char *doc_address_type(const struct tree *dev);                     /* of <address>, "" none */
struct tree *doc_address(struct tree *dev, const char *type);             /* makes or replaces <address type=...> */
unsigned doc_uint(const struct tree *t, const char *attr, unsigned deflt);
uint64_t doc_topology(const struct tree *dom);              /* how many processors <topology> makes; 0: there is none */
bool doc_same_scsi(const struct tree *a, const struct tree *b);     /* two <hostdev type='scsi'>, by what they are, whatever is said of the way there */
bool doc_same(const char *a, const char *b);                /* both NULL, or the same text */
int doc_unsupported(struct doc *d, int domain, const char *fmt, ...) __attribute__((format(printf, 3, 4)));   /* error 67 */
int doc_bad(struct doc *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));                       /* error 27, domain 20 */
int doc_invalid(struct doc *d);             /* after one of these: with DOC_STRICT it is error 92, for the schema forbids it */
int doc_random(void *p, size_t n);
void doc_uuid(char out[37]);
bool doc_has_device(const struct doc *d, const char *type);               /* QEMU has that device; yes when it is not known */
bool is_virtio_model(const char *model);                                  /* virtio, virtio-transitional, virtio-non-transitional */
#endif
