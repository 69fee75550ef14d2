/* caps.h: what is known of the QEMU binaries: BFD_CAPS, as xmlc, the qemu worker and the host worker read it.
 *
 * The blob is one or more parts, one after the other.  A part is what one run of one binary said of itself: struct caps_part,
 * then two msgpack documents, padded to 8 bytes.  probe writes a part (IN_PROBE_CAPS); the supervisor passes parts on unread.
 * A binary is asked once with TCG, and once with KVM where that works: the two parts have the same emulator path and become
 * one struct caps_emulator here.  Lists of names are sorted by who writes them: a writer that does not only makes names missed.
 *
 * Documents are small and many, and what is known of a QEMU is much: who makes a document or a command line of one reads the heads alone.
 * Head: [version, package, arch, [kvm present, kvm enabled],
 *   [machine: [name, alias|nil, default cpu type|nil, default ram id|nil, most cpus, flags], ...], [device type, ...]]
 * Rest: [[user-creatable object type, ...], [QMP command, ...],
 *   [[device or object type, [property, ...]], ...]        only for the types in probe's table
 *   [[command line option, [parameter, ...]], ...],
 *   [[name of a QAPI enum or a union's branches, [value, ...]], ...]       only for the ones in probe's table
 *   [cpu: [name, QOM type, flags, [feature that keeps it from running here, ...], [feature it has, ...]], ...]] */
#ifndef BULKHEAD_CAPS_H
#define BULKHEAD_CAPS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define CAPS_MAGIC 0x43415031u
#define CAPS_FORMAT 2u
#define CAPS_BYTES_MAX (4u << 20)
struct caps_part {
    uint32_t magic, format;
    uint32_t bytes;             /* whole part, multiple of 8 */
    uint32_t head_bytes, rest_bytes;    /* of the msgpack documents that follow */
    uint32_t pad;
    char emulator[512];         /* path of the binary */
    char accel[8];              /* "tcg" or "kvm" */
};
_Static_assert(sizeof(struct caps_part) == 544, "fixed part");

enum caps_accel { CAPS_TCG, CAPS_KVM, CAPS_ACCEL_N };
enum caps_machine_flags { CAPS_M_DEFAULT = 1, CAPS_M_DEPRECATED = 2, CAPS_M_CPU_HOTPLUG = 4, CAPS_M_NUMA_MEM = 8, CAPS_M_ACPI = 16 };
enum caps_cpu_flags { CAPS_C_DEPRECATED = 1, CAPS_C_MIGRATABLE = 2, CAPS_C_STATIC = 4 };

/* A list of names, sorted by strcmp; look up with caps_list_has(). */
struct caps_list { const char **v; unsigned n; };
struct caps_named { const char *name; struct caps_list list; };
struct caps_machine {
    const char *name;           /* canonical: "pc-i440fx-7.2" */
    const char *alias;          /* "pc", NULL none */
    const char *cpu_type;       /* "qemu64-x86_64-cpu", may be NULL */
    const char *ram_id;         /* "pc.ram", may be NULL */
    uint32_t cpus_max, flags;
};
struct caps_cpu { const char *name, *type; uint32_t flags; struct caps_list blockers, features; };
struct caps_cpus { struct caps_cpu *v; unsigned n; };
struct caps_emulator {
    const char *path;           /* "/usr/bin/qemu-system-x86_64" */
    const char *arch;           /* as in a domain's <type arch=>: "x86_64", "aarch64" */
    const char *package;        /* "Debian 1:7.2+dfsg-7" */
    uint32_t version;           /* 7002022 for 7.2.22 */
    bool has_accel[CAPS_ACCEL_N];         /* a run with that accelerator answered */
    bool kvm_present;                     /* it was built with KVM */
    struct caps_machine *machines; unsigned nmachines;   /* in QEMU's order */
    struct caps_list devices, objects, commands;
    struct caps_named *props; unsigned nprops;           /* sorted by name */
    struct caps_named *options; unsigned noptions;       /* sorted by name */
    struct caps_named *enums; unsigned nenums;           /* sorted by name */
    struct caps_cpus cpus[CAPS_ACCEL_N];
};
struct caps { struct caps_emulator *emulators; unsigned n; void *arena; size_t arena_bytes; };

/* Reads a blob: caps_load from a sealed memfd (borrowed), caps_parse from memory (copied).  CAPS_HEADS: of objects, commands, properties,
 * options, enums and processors nothing is known then.  0 or a negative errno (-EPROTO: nonsense).
 * On success free with caps_free; nothing of the input is needed any more. */
enum caps_depth { CAPS_HEADS, CAPS_WHOLE };
int caps_load(struct caps *c, int fd, enum caps_depth depth);
int caps_parse(struct caps *c, const void *p, size_t n, enum caps_depth depth);
void caps_free(struct caps *c);

/* First emulator that fits; path or arch NULL: any.  NULL when there is none. */
const struct caps_emulator *caps_find(const struct caps *c, const char *path, const char *arch);
/* Guests run with KVM here: a binary has it, and one of those known runs with it. */
bool caps_has_kvm(const struct caps *c, const struct caps_emulator *e);
/* What a client means that names a binary, an architecture, a machine and an accelerator, any of them NULL.  0, or -1 with *e in libvirt's words. */
struct caps_choice { const struct caps_emulator *e; const struct caps_machine *machine; bool kvm; };
int caps_choose(const struct caps *c, const char *path, const char *arch, const char *machine, const char *type, struct caps_choice *out, struct err *e);
/* By canonical name or alias; NULL name: the binary's default.  NULL when there is none. */
const struct caps_machine *caps_machine(const struct caps_emulator *e, const char *name);
/* NULL when it is not known; e may be NULL, nothing is known then. */
const struct caps_cpu *caps_cpu(const struct caps_emulator *e, enum caps_accel a, const char *name);
bool caps_list_has(const struct caps_list *l, const char *name);
bool caps_has_device(const struct caps_emulator *e, const char *type);
bool caps_has_object(const struct caps_emulator *e, const char *type);
bool caps_has_command(const struct caps_emulator *e, const char *command);
bool caps_has_prop(const struct caps_emulator *e, const char *type, const char *prop);        /* false too when the type is not in probe's table */
bool caps_has_option(const struct caps_emulator *e, const char *option, const char *param);   /* param NULL: the option itself */
bool caps_has_value(const struct caps_emulator *e, const char *enum_name, const char *value);
#endif
