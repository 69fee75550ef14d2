/* tune.c: limits and pins: what a document says of them in the words of the hand that tells the kernel (supervisor/hand_tune.h), and their change while the
 * guest runs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/base64.h"
#include "workers/tree-params.h"
#include "workers/xmlc/plug-kinds.h"
#include "workers/xmlc/run.h"

enum { HAND_CPUS = 1024 };      /* as many as the hand knows */

static const struct { const char *key, *path; bool is_signed; } numbers[] = {
    { "hard", "memtune/hard_limit", false }, { "soft", "memtune/soft_limit", false }, { "swap", "memtune/swap_hard_limit", false },
    { "shares", "cputune/shares", false }, { "period", "cputune/global_period", false }, { "quota", "cputune/global_quota", true },
    { "emulator_period", "cputune/emulator_period", false }, { "emulator_quota", "cputune/emulator_quota", true }, { "vcpu_period", "cputune/period", false },
    { "vcpu_quota", "cputune/quota", true }, { "iothread_period", "cputune/iothread_period", false }, { "iothread_quota", "cputune/iothread_quota", true },
    { "weight", "blkiotune/weight", false },
};
enum { OF_THREADS = 6, OF_THREADS_END = 12 };       /* among them: told thread by thread */
static const struct { const char *element, *attr; char letter; } pins[] = { { "vcpupin", "vcpu", 'v' }, { "emulatorpin", NULL, 'e' }, { "iothreadpin", "iothread", 'i' } };

static const struct { const char *element, *attr; char letter; } scheds[] = { { "vcpusched", "vcpus", 'v' }, { "emulatorsched", NULL, 'e' }, { "iothreadsched", "iothreads", 'i' } };
enum { PRIORITY_MIN = 1, PRIORITY_MAX = 99 };       /* the kernel's, of the schedulers that have any */

struct text { char *p; size_t n, at; };

static void put(struct text *x, const char *key, const char *value)
{
    int n = snprintf(x->p + x->at, x->n - x->at, "%s%s=%s", x->at ? " " : "", key, value);
    x->at += n > 0 ? (size_t)n : 0;
    x->at = x->at < x->n ? x->at : x->n - 1;
}

/* A set of CPUs as the hand reads it. */
static int put_set(struct text *x, const char *key, const char *set, const char *element, struct err *e)
{
    uint8_t map[BITMAP_BITS / 8];
    char plain[BITMAP_BITS * 5];
    bool bad = bitmap_parse(set, map, BITMAP_BITS) != 0;
    for (unsigned i = HAND_CPUS; i < BITMAP_BITS && !bad; i++)
        bad = BITMAP_GET(map, i);
    if (bad || bitmap_format(map, BITMAP_BITS, plain, sizeof plain) || !*plain)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "cpuset '%s' of element <%s> is not supported", set, element);
    put(x, key, plain);
    return 0;
}

/* The nodes that memory may come from, unless it may come from others too. */
static const char *nodes(const struct tree *t)
{
    const struct tree *memory = tree_get(t, "numatune/memory");
    return tree_attr_is(memory, "mode", "strict") || tree_attr_is(memory, "mode", "restrictive") ? tree_attr(memory, "nodeset") : NULL;
}

static const char *value_of(const struct tree *t, unsigned i)
{
    const char *s = tree_text(t, numbers[i].path);
    long long v = s ? strtoll(s, NULL, 10) : 0;
    bool is_limit = i < 3;
    return !s || (v <= 0 && !numbers[i].is_signed && strcmp(numbers[i].key, "shares")) || !(v || !numbers[i].is_signed) || (is_limit && v >= PARAMS_UNLIMITED) ? NULL : s;
}

/* What single disks of the host may have, by their paths. */
static int put_disks(struct text *x, const struct tree *t, struct err *e)
{
    static const char *const keys[] = { "weight", "read_bytes_sec", "write_bytes_sec", "read_iops_sec", "write_iops_sec" };
    TREE_EACH(d, tree_first(t, "blkiotune"), "device")
        for (unsigned i = 0; i < ARRAY_N(keys); i++) {
            const char *n = tree_text(d, keys[i]), *path = tree_text(d, "path");
            char key[24], value[600];
            if (!n || strtoull(n, NULL, 10) == 0)
                continue;
            snprintf(key, sizeof key, "d%s", keys[i]);
            if (!path || path[0] != '/' || strpbrk(path, " \t\n") || strlen(path) > 500 || strtoull(n, NULL, 10) > INT64_MAX / 2)
                return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "element <%s> of <device path='%s'> is not supported", keys[i], path ? path : "");
            snprintf(value, sizeof value, "%llu:%s", strtoull(n, NULL, 10), path);
            put(x, key, value);
        }
    return 0;
}

/* Of each thread by itself: that is how canonical documents have them. */
static int put_scheds(struct text *x, const struct tree *t, struct err *e)
{
    char key[24], value[32];
    for (unsigned k = 0; k < ARRAY_N(scheds); k++)
        TREE_EACH(s, tree_first(t, "cputune"), scheds[k].element) {
            const char *name = tree_attr(s, "scheduler"), *priority = tree_attr(s, "priority");
            const int n = priority ? atoi(priority) : 0;
            if (priority && (n < PRIORITY_MIN || n > PRIORITY_MAX))
                return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_NONE, "Scheduler priority %d out of range [%d, %d]", n, PRIORITY_MIN, PRIORITY_MAX);
            if (scheds[k].attr)
                snprintf(key, sizeof key, "S%c%u", scheds[k].letter, doc_uint(s, scheds[k].attr, 0));
            else
                snprintf(key, sizeof key, "S%c", scheds[k].letter);
            snprintf(value, sizeof value, "%.8s:%d", name ? name : "", n);
            put(x, key, value);
        }
    return 0;
}

int tune_text(const struct tree *t, char *dst, size_t n, struct err *e)
{
    struct text x = { dst, n, 0 };
    const char *cpus = tree_path_attr(t, "vcpu", "cpuset");
    char key[24];
    *dst = 0;
    for (unsigned i = 0; i < ARRAY_N(numbers); i++) {
        const char *s = value_of(t, i);
        if (!s)
            continue;
        snprintf(key, sizeof key, "%lld", s[0] == '-' ? -1ll : strtoll(s, NULL, 10));
        put(&x, numbers[i].key, key);
    }
    if ((cpus && put_set(&x, "cpus", cpus, "vcpu", e)) || (nodes(t) && put_set(&x, "mems", nodes(t), "numatune", e)) || put_disks(&x, t, e))
        return -1;
    for (unsigned k = 0; k < ARRAY_N(pins); k++)
        TREE_EACH(p, tree_first(t, "cputune"), pins[k].element) {
            const char *set = tree_attr(p, "cpuset");
            if (pins[k].attr)
                snprintf(key, sizeof key, "%c%u", pins[k].letter, doc_uint(p, pins[k].attr, 0));
            else
                snprintf(key, sizeof key, "%c", pins[k].letter);
            if (set && put_set(&x, key, set, pins[k].element, e))
                return -1;
        }
    if (put_scheds(&x, t, e))
        return -1;
    return x.at < n - 1 ? 0 : err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "the guest has more limits and pins than are supported");
}

bool tune_threads(const struct tree *t)
{
    for (unsigned i = OF_THREADS; i < OF_THREADS_END; i++)
        if (value_of(t, i))
            return true;
    for (unsigned k = 0; k < ARRAY_N(pins); k++)
        if (tree_first(tree_first(t, "cputune"), pins[k].element) || tree_first(tree_first(t, "cputune"), scheds[k].element))
            return true;
    return false;
}

/* Every entry as it was, but for this one's text. */
/* at: of that index; -1: of its kind and parent, and a new one if there is none. */
static int put_entry(struct manifest_out *out, struct manifest_entry *wanted, int64_t at, const char *name, const char *text, struct err *e)
{
    AUTO_FREE uint8_t *old = malloc(out->len);
    struct manifest_in in;
    struct manifest_entry m;
    const char *path, *aux;
    bool found = false;
    int r = -1;
    manifest_finish(out);
    if (old && !manifest_open(&in, memcpy(old, out->p, out->len), out->len)) {
        manifest_begin(out, out->p, out->cap);
        while ((r = manifest_next(&in, &m, &path, &aux)) > 0) {
            bool is = m.kind == wanted->kind && !(m.flags & MF_GONE) && (at < 0 ? m.parent == wanted->parent : m.index == at);
            found |= is;
            m.a = is && name ? wanted->a : m.a;
            if (manifest_add(out, &m, is && name ? name : path, is && text ? text : aux) < 0)
                break;
        }
    }
    if (r == 0 && !found && at >= 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "an answer about nothing that the guest has");
    if (r == 0 && !found)
        r = manifest_add(out, wanted, name, text);
    return r >= 0 ? 0 : err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "the guest has more host resources than are supported");
}

int plug_put(struct manifest_out *out, struct manifest_entry *wanted, const char *name, const char *text, struct err *e)
{
    return put_entry(out, wanted, -1, name, text, e);
}

int plug_secret(struct plug_run *p, uint32_t index, const char *value, size_t n, struct err *e)
{
    char text[4096];
    const char *data = text + 3 + SECRET_IV_CHARS + 6;
    struct manifest_entry m = { .kind = MK_SECRET };
    bool fits = util_format(text, sizeof text, "%.*s", (int)n, value) == 0 && strlen(text) == n && n > (size_t)(data - text) && !strncmp(text, "iv=", 3) && !strncmp(data - 6, " data=", 6);
    if (!fits || !base64_is(text + 3, SECRET_IV_CHARS) || !base64_is(data, n - (size_t)(data - text)))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "what came of a secret cannot be read");
    return put_entry(&p->manifest, &m, index, text, NULL, e);
}

int plug_tune(struct plug_run *p, const struct tree *before, struct err *e)
{
    static const char *const elements[] = { "blkiotune", "memtune", "cputune", "numatune", "perf" };
    char text[TUNE_TEXT_MAX];
    schema_order(&schema_domain, p->t);
    if (tune_text(p->t, text, sizeof text, e) || plug_put(&p->manifest, &(struct manifest_entry){ .kind = MK_TUNE, .parent = -1 }, NULL, text, e) || run_manifest_perf(p->t, &p->manifest, e))
        return -1;
    plug_release(p, before);
    for (unsigned i = 0; i < ARRAY_N(elements); i++) {
        const struct tree *t = tree_first(p->t, elements[i]);
        tree_append(p->devices, t ? tree_copy(t) : tree_new(elements[i]));
    }
    p->what = PLUG_TUNE;
    return 0;
}
