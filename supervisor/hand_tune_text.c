/* hand_tune_text.c: the words of limits and pins.  Part of hand-launch.  Assumes of its input: nothing, not even that xmlc wrote it. */
#include "supervisor/hand_tune.h"
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"

static const struct { const char *key; int64_t min; } numbers[TUNE_N] = {
    { "hard", 1 }, { "soft", 1 }, { "swap", 1 }, { "shares", 0 }, { "period", 1 }, { "quota", -1 }, { "weight", 0 },
    { "emulator_period", 1 }, { "emulator_quota", -1 }, { "vcpu_period", 1 }, { "vcpu_quota", -1 }, { "iothread_period", 1 }, { "iothread_quota", -1 },
};
static const char *const disk_keys[DISK_WHAT_N] = { [DISK_WEIGHT] = "dweight", [DISK_READ_BYTES] = "dread_bytes_sec", [DISK_WRITE_BYTES] = "dwrite_bytes_sec",
    [DISK_READ_IOPS] = "dread_iops_sec", [DISK_WRITE_IOPS] = "dwrite_iops_sec" };
static const struct { const char *name; int policy; bool priority; } scheds[] = {
    { "batch", SCHED_BATCH, false }, { "idle", SCHED_IDLE, false }, { "fifo", SCHED_FIFO, true }, { "rr", SCHED_RR, true } };
static const char pin_letters[THREAD_KINDS] = { [THREAD_EMULATOR] = 'e', [THREAD_VCPU] = 'v', [THREAD_IO] = 'i' };

/* A whole number that ends where its digits do. */
static const char *number(const char *s, int64_t max, int64_t *v)
{
    if (!isdigit((unsigned char)*s))
        return NULL;
    for (*v = 0; isdigit((unsigned char)*s); s++)
        if (__builtin_mul_overflow(*v, 10, v) || __builtin_add_overflow(*v, *s - '0', v) || *v > max)
            return NULL;
    return s;
}

/* "0-3,8", up to the word's end. */
static const char *set(const char *s, struct cpus *c)
{
    int64_t from, to;
    for (;; s++) {
        if (!(s = number(s, CPUS_MAX - 1, &from)))
            return NULL;
        to = from;
        if (*s == '-' && (!(s = number(s + 1, CPUS_MAX - 1, &to)) || to < from))
            return NULL;
        for (; from <= to; from++)
            c->w[from / 64] |= 1ull << from % 64;
        if (*s != ',')
            return s;
    }
}

/* "1000000:/dev/sda" */
static const char *disk(struct tune *t, int what, const char *s)
{
    struct tune_disk *d = &t->disk[t->disks];
    if (t->disks == DISKS_MAX || !(s = number(s, INT64_MAX / 2, &d->n)) || !d->n || *s++ != ':' || *s != '/')
        return NULL;
    size_t n = strcspn(s, " ");
    d->what = (uint8_t)what;
    t->disks++;
    return util_format(d->path, sizeof d->path, "%.*s", (int)n, s) == 0 ? s + n : NULL;
}

/* Whose it is: "e", "v2", "i1". */
static bool thread_key(const char *key, uint8_t *kind, uint32_t *id)
{
    int64_t n = 0;
    for (*kind = 0; *kind < THREAD_KINDS; ++*kind)
        if (*key == pin_letters[*kind]) {
            const char *end = *kind == THREAD_EMULATOR ? key + 1 : number(key + 1, UINT32_MAX, &n);
            *id = (uint32_t)n;
            return end && !*end;
        }
    return false;
}

/* "fifo:1", "idle:0" */
static const char *sched(struct tune *t, const char *key, const char *s)
{
    struct thread_sched *d = &t->sched[t->scheds];
    const size_t n = strcspn(s, ": ");
    int64_t priority = 0;
    if (t->scheds == PINS_MAX || s[n] != ':' || !thread_key(key, &d->kind, &d->id))
        return NULL;
    for (size_t i = 0; i < ARRAY_N(scheds); i++)
        if (strlen(scheds[i].name) == n && !memcmp(scheds[i].name, s, n)) {
            const char *end = number(s + n + 1, scheds[i].priority ? sched_get_priority_max(scheds[i].policy) : 0, &priority);
            d->policy = scheds[i].policy;
            d->priority = (int)priority;
            t->scheds++;
            return end && priority >= scheds[i].priority ? end : NULL;
        }
    return NULL;
}

static const char *word(struct tune *t, const char *key, const char *s)
{
    struct cpus nodes = { 0 };
    const char *end;
    for (int i = 0; i < TUNE_N; i++)
        if (!strcmp(key, numbers[i].key)) {
            bool minus = *s == '-' && numbers[i].min < 0;
            end = number(s + minus, INT64_MAX / 1024, &t->n[i]);
            t->n[i] = minus ? -t->n[i] : t->n[i];
            t->given[i] = true;
            return t->n[i] >= numbers[i].min ? end : NULL;
        }
    for (int i = 0; i < DISK_WHAT_N; i++)
        if (!strcmp(key, disk_keys[i]))
            return disk(t, i, s);
    if (!strcmp(key, "cpus"))
        return set(s, &t->cpus);
    if (!strcmp(key, "mems")) {
        end = set(s, &nodes);
        return end && util_format(t->mems, sizeof t->mems, "%.*s", (int)(end - s), s) == 0 ? end : NULL;
    }
    if (*key == 'S')
        return sched(t, key + 1, s);
    if (t->pins == PINS_MAX)
        return NULL;
    struct pin *p = &t->pin[t->pins++];
    return thread_key(key, &p->kind, &p->id) ? set(s, &p->cpus) : NULL;
}

int tune_read(struct tune *t, const char *text)
{
    memset(t, 0, sizeof *t);
    for (const char *s = text ? text : ""; *s;) {
        char key[KEY_BYTES];
        size_t n = strcspn(s, "= ");
        if (s[n] != '=' || n >= sizeof key)
            return -EPROTO;
        memcpy(key, s, n);
        key[n] = 0;
        if (!(s = word(t, key, s + n + 1)) || (*s && *s++ != ' '))
            return -EPROTO;
    }
    return 0;
}

bool cpus_any(const struct cpus *c)
{
    for (size_t i = 0; i < ARRAY_N(c->w); i++)
        if (c->w[i])
            return true;
    return false;
}

static bool has(const struct cpus *c, unsigned i)
{
    return i < CPUS_MAX && c->w[i / 64] >> i % 64 & 1;
}

bool cpus_text(const struct cpus *c, char *dst, size_t n)
{
    size_t at = 0;
    *dst = 0;
    for (unsigned i = 0, from; i < CPUS_MAX && at < n; i++) {
        if (!has(c, i))
            continue;
        for (from = i; has(c, i + 1); i++)
            ;
        at += (size_t)snprintf(dst + at, n - at, from == i ? "%s%u" : "%s%u-%u", at ? "," : "", from, i);
    }
    return at < n;
}

const struct pin *tune_pin(const struct tune *t, int kind, uint32_t id)
{
    for (unsigned i = 0; i < t->pins; i++)
        if (t->pin[i].kind == kind && t->pin[i].id == id)
            return &t->pin[i];
    return NULL;
}

const struct thread_sched *tune_sched(const struct tune *t, int kind, uint32_t id)
{
    const struct thread_sched *found = NULL;
    for (unsigned i = 0; i < t->scheds; i++)
        if (t->sched[i].kind == kind && t->sched[i].id == id)
            return &t->sched[i];
        else if (t->sched[i].kind == THREAD_EMULATOR)
            found = &t->sched[i];
    return found;
}

const struct cpus *tune_cpus(const struct tune *t, int kind, uint32_t id)
{
    const struct pin *p = tune_pin(t, kind, id);
    return p ? &p->cpus : cpus_any(&t->cpus) ? &t->cpus : NULL;
}
