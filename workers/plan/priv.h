/* priv.h: what the files of libplan share. */
#ifndef BULKHEAD_PLAN_PRIV_H
#define BULKHEAD_PLAN_PRIV_H
#include "plan.h"
#include "workers/tree-marks.h"


#define PL_MASTER_KEY "masterKey0"     /* the object with which all secrets are encrypted */

/* Places in the boot order that <os><boot dev=> gives to the first device of a kind; 0: given away or not wanted. */
enum boot_kind { BOOT_DISK, BOOT_CDROM, BOOT_FLOPPY, BOOT_NET, BOOT_KIND_N };

struct ctx {
    const struct plan_in *in;
    const struct tree *devices;
    struct plan *out;
    struct err *e;
    bool failed;                     /* sticky: emitters do nothing more, the caller looks once */
    bool hotplug;
    bool boot_per_device;            /* some device has <boot order=> */
    unsigned boot[BOOT_KIND_N];
    char short_name[96];
    unsigned fd_shown;               /* PLAN_NATIVE: descriptor numbers are made up */
};
static inline bool pl_run(const struct ctx *c) { return c->in->form == PLAN_RUN; }

/* "unsupported configuration: ..."; only the first failure is kept. Returns -1. */
int pl_fail(struct ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The usual refusal: "<element> with attr='value' is not supported" (attr NULL: the element as such). Returns -1. */
int pl_refuse(struct ctx *c, const struct tree *el, const char *attr);
int pl_internal(struct ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* New item at the end; the object is borrowed and may be NULL without memory (json_object_set_new then does nothing). */
json_t *pl_item(struct ctx *c, enum plan_opt opt);
void pl_words(struct ctx *c, const char *opt, const char *fmt, ...) __attribute__((format(printf, 3, 4)));   /* fmt NULL: the option alone */
/* Takes buf, an argument built with pl_cat, as the value of opt. */
void pl_words_take(struct ctx *c, const char *opt, char *buf);
/* Appends to a growing string; NULL without memory (sticky: *s stays NULL and c fails). */
struct strbuf { char *s; size_t len, cap; };
void pl_cat(struct ctx *c, struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Appends s with every comma doubled, as QEMU's key=value lists want it. */
void pl_cat_escaped(struct ctx *c, struct strbuf *b, const char *s);

/* Setters that leave the key out when v is NULL. */
void pl_set(json_t *o, const char *key, const char *v);
void pl_setf(struct ctx *c, json_t *o, const char *key, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static inline void pl_set_int(json_t *o, const char *key, long long v) { json_object_set_new(o, key, json_integer(v)); }
static inline void pl_set_bool(json_t *o, const char *key, bool v) { json_object_set_new(o, key, json_boolean(v)); }

/* Numbers of a document, decimal or 0x: 0 and *v; -ENOENT absent; -1 and c fails: not a number. */
int pl_num(struct ctx *c, const struct tree *el, const char *path, const char *attr, unsigned long long *v);
/* The same with a default for absent. */
unsigned long long pl_num_or(struct ctx *c, const struct tree *el, const char *path, const char *attr, unsigned long long def);
/* Memory of a NUMA cell in bytes. */
bool pl_hmat(struct ctx *c);         /* its document tells of ways between nodes and caches in them */
unsigned long long pl_cell_size(struct ctx *c, const struct tree *cell);
/* Size in bytes of a text with unit= (KiB without). */
unsigned long long pl_size(struct ctx *c, const struct tree *el, const char *path);
/* attr of path is "yes", "on": 1; "no", "off": 0; absent: -1. */
int pl_tri(const struct tree *el, const char *path, const char *attr);
static inline bool pl_is(const char *a, const char *b) { return a && b && __builtin_strcmp(a, b) == 0; }
/* A host by its attribute, "" if there is none (or no element t): nobody tells QEMU of names, and xmlc lets a running guest have none but this one. */
const char *pl_host(const struct ctx *c, const struct tree *t, const char *attr);

/* ---- property tables (prop.c) ---- */
struct map { const char *from, *to; };          /* ends with from NULL; to NULL: the property is left out */
/* What v becomes; NULL: it is left out, or v (which may be NULL) is none of them, as *known tells whoever asks (known may be NULL). */
const char *pl_map(const struct map *m, const char *v, bool *known);
typedef void prop_fn(struct ctx *c, const struct tree *el, json_t *o);
enum prop_type { PT_END, PT_STR, PT_INT, PT_BOOL, PT_ONOFF, PT_MAP, PT_CONST, PT_ID, PT_REF, PT_FN };
struct prop {
    enum prop_type type;
    const char *key, *path, *attr;      /* attr NULL: text */
    const struct map *map;
    prop_fn *fn;
};
#define P_STR(k, p, a) { PT_STR, k, p, a, NULL, NULL }          /* as it stands */
#define P_INT(k, p, a) { PT_INT, k, p, a, NULL, NULL }          /* a number */
#define P_BOOL(k, p, a) { PT_BOOL, k, p, a, NULL, NULL }        /* yes/on, no/off -> true, false */
#define P_ONOFF(k, p, a) { PT_ONOFF, k, p, a, NULL, NULL }      /* the same -> "on", "off" */
#define P_MAP(k, p, a, m) { PT_MAP, k, p, a, m, NULL }          /* another word; one not in the map is refused */
#define P_CONST(k, v) { PT_CONST, k, v, NULL, NULL, NULL }
#define P_ID(k) { PT_ID, k, NULL, NULL, NULL, NULL }            /* the alias */
#define P_REF(k, prefix) { PT_REF, k, prefix, NULL, NULL, NULL }   /* prefix + alias: the back end that belongs to it */
#define P_FN(f) { PT_FN, NULL, NULL, NULL, NULL, f }
#define P_END { PT_END, NULL, NULL, NULL, NULL, NULL }
void pl_fill(struct ctx *c, const struct tree *el, const struct prop *t, json_t *o);
/* pl_item + pl_fill */
json_t *pl_emit(struct ctx *c, enum plan_opt opt, const struct tree *el, const struct prop *t);

/* ---- names and addresses (addr.c) ---- */
const char *pl_alias(struct ctx *c, const struct tree *el);       /* never NULL; c fails when it is missing */
void pl_address(struct ctx *c, const struct tree *el, json_t *o); /* bus=, addr=, ... of <address> */
/* The "driver" of a virtio device: base + "-pci" and the model's suffix, then the options common to all virtio devices. */
void pl_virtio(struct ctx *c, const struct tree *el, const char *base, const char *model, json_t *o);
void pl_rom(struct ctx *c, const struct tree *el, json_t *o);     /* <rom> */
/* Number in the boot order of a device, 0 none; each kind's number of <os> is used once. */
unsigned pl_bootindex(struct ctx *c, const struct tree *el, enum boot_kind kind);
/* Name of controller `index` of a type as a bus prefix ("pci.1", "usb", "scsi0"); c fails when there is none. */
const char *pl_controller(struct ctx *c, const char *type, unsigned long long index);
const struct tree *pl_controller_el(struct ctx *c, const char *type, unsigned long long index);
/* The name as it stands in paths of ours: at most 20 characters of it. */
const char *pl_short_name(struct ctx *c);
const char *pl_lib_dir(struct ctx *c);
const char *pl_ram_id(struct ctx *c);      /* QEMU's name of the main memory of this machine type */
void pl_boot_begin(struct ctx *c);

/* ---- resources (res.c) ---- */
/* What was granted for this element (its mark, or its <source>'s, tells the manifest index).  pl_res: NULL and c fails when it has none. */
const struct plan_res *pl_res(struct ctx *c, const struct tree *el, int32_t *index);
const struct plan_res *pl_res_if(struct ctx *c, const struct tree *el, int32_t *index);
/* Emits -add-fd for a resource's descriptors and gives "/dev/fdset/N" into buf. */
const char *pl_fdset(struct ctx *c, const struct plan_res *r, int32_t index, char buf[32]);
/* The same of an image: with first_set it has the number of its node ("libvirt-3"), by which whoever takes the guest over finds it. */
const char *pl_fdset_image(struct ctx *c, const struct plan_res *r, int32_t index, const char *node, char buf[32]);
/* The name under which QEMU knows descriptor k of a resource: its number, or for hot-plug a name after PLAN_GETFD. */
const char *pl_fdname(struct ctx *c, const struct plan_res *r, int32_t index, unsigned k, char buf[32]);
/* The name by which QEMU maps a resource's file. */
/* dev_chr.c: what <source> of a device says of connecting again, in the socket's item. */
void pl_reconnect(struct ctx *c, const struct tree *d, json_t *o);
const char *pl_mapped(struct ctx *c, const struct plan_res *r, int32_t index, char buf[32]);
/* A file QEMU opens by path: the path as it stands, or /res/<index>. NULL when failed. */
const char *pl_file(struct ctx *c, const struct tree *el, const char *path, char buf[32]);

/* ---- parts of the command line, in files of their own ---- */
typedef void plan_fn(struct ctx *c);
typedef void dev_fn(struct ctx *c, const struct tree *dev);
plan_fn pl_name, pl_firmware_nodes, pl_machine, pl_accel, pl_firmware, pl_cpu, pl_memory, pl_smp, pl_iothreads, pl_numa, pl_uuid_smbios,
    pl_monitor, pl_clock, pl_pm, pl_boot, pl_kernel, pl_tail, pl_qemu_args, pl_graphics_none, pl_global_controllers, pl_controllers, pl_floppies;
dev_fn pl_disk, pl_net, pl_serial, pl_parallel, pl_channel, pl_console, pl_ctrl, pl_graphics, pl_video, pl_input, pl_audio, pl_sound,
    pl_watchdog, pl_balloon, pl_rng, pl_hub, pl_redirdev, pl_smartcard, pl_memdev, pl_iommu, pl_shmem, pl_panic, pl_vsock,
    pl_filesystem, pl_tpm, pl_hostdev, pl_crypto;
void pl_scsi_place(struct ctx *c, const struct tree *el, json_t *o);     /* of a <address type='drive'> on a SCSI controller */
unsigned pl_disk_nodes(struct ctx *c);     /* how many images all disks have */
/* -chardev of a character device (serial, channel, smartcard, ...): id is "char" + alias. */
void pl_chardev(struct ctx *c, const struct tree *dev);
/* ",x509-dir=" of that use; el as below. */
void pl_tls_dir(struct ctx *c, struct strbuf *b, enum tls_use use, const struct tree *el);
/* -object tls-creds-x509 of that id; el: what has the mark of its certificates (MARK_TLS); of: what its secret is named after. */
void pl_tls_object(struct ctx *c, const char *id, const char *of, enum tls_use use, const struct tree *el, bool server);
void pl_apply_overrides(struct ctx *c);
/* Refuses elements and attributes the tables do not know (known.c). */
int pl_check_known(struct ctx *c, const struct tree *dom);
int pl_check_known_device(struct ctx *c, const struct tree *dev);
#endif
