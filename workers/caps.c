/* caps.c: reader of the caps blob.
 *
 * Two passes over each part would be needed to size the tables exactly; instead every table and string comes from one arena
 * that is bounded by the input's size: a string takes one byte more than its text and at least that in the input, an element of a
 * table takes at most ARENA_PER_BYTE times what it takes there. */
#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/frame.h"
#include "ipc/mp.h"
#include "workers/caps.h"

#define PARTS_MAX 16u
/* The largest element against the fewest bytes it can have: a struct caps_cpu is an array of five, six bytes at least; a bare
 * pointer is one nil.  Alignment adds up to 7 bytes a table, and a table has at least its one array byte. */
#define ARENA_PER_BYTE 24u

struct arena { char *p, *end; };

static void *arena_take(struct arena *a, size_t n, size_t size)
{
    size_t bytes, pad = -(uintptr_t)a->p & 7;
    if (__builtin_mul_overflow(n, size, &bytes) || __builtin_add_overflow(bytes, size == 1 ? 0 : pad, &bytes) || bytes > (size_t)(a->end - a->p))
        return NULL;
    char *p = a->p + (size == 1 ? 0 : pad);
    a->p += bytes;
    return p;
}

/* A string, or NULL for nil. */
static const char *read_name(struct arena *a, struct mp_in *in)
{
    size_t n;
    if (mp_get_nil(in))
        return NULL;
    const char *s = mp_get_str(in, &n);
    char *d = s && !memchr(s, 0, n) ? arena_take(a, n + 1, 1) : NULL;
    if (!d) {
        in->bad = true;
        return NULL;
    }
    memcpy(d, s, n);
    d[n] = 0;
    return d;
}

static const char *read_must(struct arena *a, struct mp_in *in)
{
    const char *s = read_name(a, in);
    if (!s)
        in->bad = true;
    return s;
}

static void *read_table(struct arena *a, struct mp_in *in, size_t size, unsigned *n)
{
    uint32_t want = mp_get_array(in, CAPS_BYTES_MAX);
    void *t = in->bad ? NULL : arena_take(a, want, size);
    *n = t ? want : 0;
    if (!t)
        in->bad = true;
    return t;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void read_list(struct arena *a, struct mp_in *in, struct caps_list *l)
{
    l->v = read_table(a, in, sizeof *l->v, &l->n);
    for (unsigned i = 0; i < l->n; i++)
        l->v[i] = read_must(a, in);
    if (in->bad)
        l->n = 0;
}

static void read_named(struct arena *a, struct mp_in *in, struct caps_named **v, unsigned *n)
{
    *v = read_table(a, in, sizeof **v, n);
    for (unsigned i = 0; i < *n && !in->bad; i++) {
        if (mp_get_array(in, 2) != 2)
            in->bad = true;
        (*v)[i].name = read_must(a, in);
        read_list(a, in, &(*v)[i].list);
    }
    if (in->bad)
        *n = 0;
    if (*n)
        qsort(*v, *n, sizeof **v, by_name);      /* the name is the first member */
}

static void read_machines(struct arena *a, struct mp_in *in, struct caps_emulator *e)
{
    e->machines = read_table(a, in, sizeof *e->machines, &e->nmachines);
    for (unsigned i = 0; i < e->nmachines && !in->bad; i++) {
        struct caps_machine *m = &e->machines[i];
        if (mp_get_array(in, 6) != 6)
            in->bad = true;
        m->name = read_must(a, in);
        m->alias = read_name(a, in);
        m->cpu_type = read_name(a, in);
        m->ram_id = read_name(a, in);
        m->cpus_max = mp_get_u32(in);
        m->flags = mp_get_u32(in);
    }
}

static void read_cpus(struct arena *a, struct mp_in *in, struct caps_cpus *c)
{
    c->v = read_table(a, in, sizeof *c->v, &c->n);
    for (unsigned i = 0; i < c->n && !in->bad; i++) {
        struct caps_cpu *cpu = &c->v[i];
        if (mp_get_array(in, 5) != 5)
            in->bad = true;
        cpu->name = read_must(a, in);
        cpu->type = read_must(a, in);
        cpu->flags = mp_get_u32(in);
        read_list(a, in, &cpu->blockers);
        read_list(a, in, &cpu->features);
    }
}

static int read_head(struct arena *a, struct caps_emulator *e, bool *kvm, const uint8_t *doc, size_t n)
{
    struct mp_in in;
    if (mp_guard(doc, n, MP_DEPTH_MAX, CAPS_BYTES_MAX, NULL))
        return -EPROTO;
    mp_in_init(&in, doc, n);
    if (mp_get_array(&in, 6) != 6)
        return -EPROTO;
    e->version = mp_get_u32(&in);
    e->package = read_must(a, &in);
    e->arch = read_must(a, &in);
    if (mp_get_array(&in, 2) != 2)
        return -EPROTO;
    e->kvm_present = mp_get_bool(&in);
    *kvm = mp_get_bool(&in);
    read_machines(a, &in, e);
    read_list(a, &in, &e->devices);
    return mp_end(&in) ? 0 : -EPROTO;
}

static int read_rest(struct arena *a, struct caps_emulator *e, enum caps_accel accel, const uint8_t *doc, size_t n)
{
    struct mp_in in;
    if (mp_guard(doc, n, MP_DEPTH_MAX, CAPS_BYTES_MAX, NULL))
        return -EPROTO;
    mp_in_init(&in, doc, n);
    if (mp_get_array(&in, 6) != 6)
        return -EPROTO;
    read_list(a, &in, &e->objects);
    read_list(a, &in, &e->commands);
    read_named(a, &in, &e->props, &e->nprops);
    read_named(a, &in, &e->options, &e->noptions);
    read_named(a, &in, &e->enums, &e->nenums);
    read_cpus(a, &in, &e->cpus[accel]);
    return mp_end(&in) ? 0 : -EPROTO;
}

/* One part into c; of a second run of the same binary only its CPUs are kept. */
static int read_part(struct arena *a, struct caps *c, const struct caps_part *part, const uint8_t *doc, enum caps_depth depth)
{
    enum caps_accel accel = !strcmp(part->accel, "kvm") ? CAPS_KVM : CAPS_TCG;
    struct caps_emulator e = { 0 }, *old = NULL;
    bool kvm = false;
    char *path = arena_take(a, strlen(part->emulator) + 1, 1);
    if (!path || read_head(a, &e, &kvm, doc, part->head_bytes) || (depth == CAPS_WHOLE && read_rest(a, &e, accel, doc + part->head_bytes, part->rest_bytes)))
        return -EPROTO;
    e.path = strcpy(path, part->emulator);
    e.has_accel[accel] = accel == CAPS_TCG || kvm;
    for (unsigned i = 0; i < c->n && !old; i++)
        if (!strcmp(c->emulators[i].path, e.path))
            old = &c->emulators[i];
    if (!old) {
        c->emulators[c->n++] = e;
    } else {
        old->cpus[accel] = e.cpus[accel];
        old->has_accel[accel] = e.has_accel[accel];
    }
    return 0;
}

int caps_parse(struct caps *c, const void *data, size_t n, enum caps_depth depth)
{
    const uint8_t *p = data;
    size_t left = n, strings = PARTS_MAX * sizeof(struct caps_emulator), bytes;
    struct caps out = { 0 };
    struct arena a;
    int r = 0;
    if (n > CAPS_BYTES_MAX || __builtin_mul_overflow(n, ARENA_PER_BYTE, &bytes) || __builtin_add_overflow(bytes, strings, &bytes))
        return -EPROTO;
    /* Untouched pages of a large arena cost nothing; and all of it goes at once, where a heap would keep it for whoever reads this again. */
    if (!bytes || (out.arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) == MAP_FAILED)
        return -ENOMEM;
    out.arena_bytes = bytes;
    a = (struct arena){ out.arena, (char *)out.arena + bytes };
    out.emulators = arena_take(&a, PARTS_MAX, sizeof *out.emulators);
    while (left && !r) {
        struct caps_part part;
        if (left < sizeof part) {
            r = -EPROTO;
            break;
        }
        memcpy(&part, p, sizeof part);
        if (part.magic != CAPS_MAGIC || part.format != CAPS_FORMAT || part.bytes > left || part.bytes % 8 || part.bytes < sizeof part ||
            part.head_bytes > part.bytes - sizeof part || part.rest_bytes > part.bytes - sizeof part - part.head_bytes || !memchr(part.emulator, 0, sizeof part.emulator) || !memchr(part.accel, 0, sizeof part.accel) ||
            out.n == PARTS_MAX)
            r = -EPROTO;
        else
            r = read_part(&a, &out, &part, p + sizeof part, depth);
        p += part.bytes;
        left -= r ? left : part.bytes;
    }
    if (r) {
        caps_free(&out);
        return r;
    }
    *c = out;
    return 0;
}

int caps_load(struct caps *c, int fd, enum caps_depth depth)
{
    const void *p;
    size_t n;
    int r = frame_map(fd, CAPS_BYTES_MAX, &p, &n);
    if (r)
        return r;
    r = caps_parse(c, p, n, depth);
    if (p)
        munmap((void *)p, n);
    return r;
}

void caps_free(struct caps *c)
{
    if (c->arena)
        munmap(c->arena, c->arena_bytes);
    *c = (struct caps){ 0 };
}

const struct caps_emulator *caps_find(const struct caps *c, const char *path, const char *arch)
{
    for (unsigned i = 0; i < c->n; i++)
        if ((!path || !strcmp(c->emulators[i].path, path)) && (!arch || !strcmp(c->emulators[i].arch, arch)))
            return &c->emulators[i];
    return NULL;
}

const struct caps_machine *caps_machine(const struct caps_emulator *e, const char *name)
{
    for (unsigned i = 0; i < e->nmachines; i++) {
        const struct caps_machine *m = &e->machines[i];
        if (name ? !strcmp(m->name, name) || (m->alias && !strcmp(m->alias, name)) : (m->flags & CAPS_M_DEFAULT) != 0)
            return m;
    }
    return NULL;
}

const struct caps_cpu *caps_cpu(const struct caps_emulator *e, enum caps_accel a, const char *name)
{
    for (unsigned i = 0; e && i < e->cpus[a].n; i++)
        if (!strcmp(e->cpus[a].v[i].name, name))
            return &e->cpus[a].v[i];
    return NULL;
}

bool caps_list_has(const struct caps_list *l, const char *name)
{
    return l->n && bsearch(&name, l->v, l->n, sizeof *l->v, by_name);
}

static bool named_has(const struct caps_named *v, unsigned n, const char *name, const char *value)
{
    const struct caps_named *f = n ? bsearch(&name, v, n, sizeof *v, by_name) : NULL;
    return f && (!value || caps_list_has(&f->list, value));
}

bool caps_has_device(const struct caps_emulator *e, const char *type) { return caps_list_has(&e->devices, type); }
bool caps_has_object(const struct caps_emulator *e, const char *type) { return caps_list_has(&e->objects, type); }
bool caps_has_command(const struct caps_emulator *e, const char *command) { return caps_list_has(&e->commands, command); }
bool caps_has_prop(const struct caps_emulator *e, const char *type, const char *prop) { return named_has(e->props, e->nprops, type, prop); }
bool caps_has_option(const struct caps_emulator *e, const char *option, const char *param) { return named_has(e->options, e->noptions, option, param); }
bool caps_has_value(const struct caps_emulator *e, const char *enum_name, const char *value) { return named_has(e->enums, e->nenums, enum_name, value); }
