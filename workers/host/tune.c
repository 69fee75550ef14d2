/* tune.c: what a client would set on the host itself.  This role may look, not change: what is wrong with a call is said, what is so already is done, and the rest cannot be. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ipc/util.h"
#include "workers/host/calls.h"
#include "workers/host/facts.h"
#include "workers/typed.h"

enum { REPLY_BYTES = 4096, SIZES_MAX = 1024 };

/* Kernel same-page merging; which of them can be set. */
static const struct { const char *name, *file; int type; } ksm[] = {
    { "shm_pages_to_scan", "pages_to_scan", TYPED_UINT }, { "shm_sleep_millisecs", "sleep_millisecs", TYPED_UINT }, { "shm_pages_shared", "pages_shared", TYPED_ULLONG },
    { "shm_pages_sharing", "pages_sharing", TYPED_ULLONG }, { "shm_pages_unshared", "pages_unshared", TYPED_ULLONG }, { "shm_pages_volatile", "pages_volatile", TYPED_ULLONG },
    { "shm_full_scans", "full_scans", TYPED_ULLONG }, { "shm_merge_across_nodes", "merge_across_nodes", TYPED_UINT },
};
static const struct param settable[] = { { "shm_pages_to_scan", NULL, TYPED_UINT, 0, 0 }, { "shm_sleep_millisecs", NULL, TYPED_UINT, 0, 0 },
    { "shm_merge_across_nodes", NULL, TYPED_UINT, 0, 0 } };

void on_memory_params(struct worker *w, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    struct mp_out o, list;
    uint64_t v;
    uint32_t n = 0;
    if (worker_args(w, rq, f, &in))
        return;
    int32_t asked = mp_get_i32(&in);
    mp_get_u32(&in);
    if (worker_args_end(w, rq, &in))
        return;
    mp_out_init(&list, REPLY_BYTES);
    for (size_t i = 0; i < ARRAY_N(ksm) && (int64_t)n < asked; i++)
        if (fact_number(&v, "/sys/kernel/mm/ksm/%s", ksm[i].file)) {
            typed_head(&list, ksm[i].name, ksm[i].type);
            mp_uint(&list, v);
            n++;
        }
    mp_out_init(&o, REPLY_BYTES * 2);
    mp_array(&o, 2);
    mp_list(&o, n, &list);
    mp_uint(&o, asked > 0 ? n : ARRAY_N(ksm));
    worker_reply_out(w, rq, &o);
}

void on_set_memory_params(struct worker *w, const struct request *rq, struct frame *f)
{
    AUTO_TYPED l = { 0 };
    struct err e = ERR_INIT;
    struct mp_in in;
    if (worker_args(w, rq, f, &in))
        return;
    if (typed_read(&in, settable, ARRAY_N(settable), &l, &e)) {
        worker_error(w, rq, &e);
        return;
    }
    mp_get_u32(&in);
    if (worker_args_end(w, rq, &in))
        return;
    for (size_t i = 0; i < ARRAY_N(ksm); i++)
        for (unsigned k = 0; k < l.n; k++) {
            uint64_t now;
            if (strcmp(settable[l.v[k].which].name, ksm[i].name) || (fact_number(&now, "/sys/kernel/mm/ksm/%s", ksm[i].file) && now == l.v[k].u))
                continue;
            worker_fail(w, rq, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "memory parameters of the host are not changed by this daemon");
            return;
        }
    worker_reply(w, rq, NULL, 0, NULL, 0);
}

/* The pool of that size, on a node or (-1) all of the host. */
static bool pool_size(int node, uint32_t kib, uint64_t *n)
{
    if (node >= 0) {
        uint64_t avail;
        return fact_page_counts(node, kib, n, &avail);
    }
    return fact_number(n, "/sys/kernel/mm/hugepages/hugepages-%ukB/nr_hugepages", kib);
}

void on_alloc_pages(struct worker *w, const struct request *rq, struct frame *f)
{
    enum { ALLOC_SET = 1 };
    struct fact_set cells;
    struct mp_in in;
    struct mp_out o;
    uint64_t has, count[SIZES_MAX];
    uint32_t size[SIZES_MAX], done = 0;
    if (worker_args(w, rq, f, &in))
        return;
    uint32_t n = mp_get_array(&in, SIZES_MAX);
    for (uint32_t i = 0; i < n && !in.bad; i++)
        size[i] = mp_get_u32(&in);
    uint32_t counts = mp_get_array(&in, SIZES_MAX);
    for (uint32_t i = 0; i < counts && !in.bad; i++)
        count[i] = mp_get_uint(&in);
    int32_t start = mp_get_i32(&in);
    uint32_t ncells = mp_get_u32(&in), flags = mp_get_u32(&in);
    in.bad |= counts != n;
    if (worker_args_end(w, rq, &in))
        return;
    fact_cells(&cells);
    int last = set_last(&cells);
    if (start > last) {
        worker_fail(w, rq, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "start cell %d out of range (0-%d)", start, last);
        return;
    }
    for (int64_t node = start; node <= last && node < (int64_t)start + ncells; node++)
        for (uint32_t i = 0; i < n; i++, done++)
            if (size[i] == (uint32_t)sysconf(_SC_PAGESIZE) / 1024) {
                worker_fail(w, rq, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_NONE, "system pages pool can't be modified");
                return;
            } else if (!pool_size((int)node, size[i], &has)) {
                if (node < 0)
                    worker_fail(w, rq, VIR_ERR_OPERATION_FAILED, VIR_FROM_NONE, "page size %u is not available", size[i]);
                else
                    worker_fail(w, rq, VIR_ERR_OPERATION_FAILED, VIR_FROM_NONE, "page size %u is not available on node %d", size[i], (int)node);
                return;
            } else if (count[i] != (flags & ALLOC_SET ? has : 0)) {
                worker_fail(w, rq, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "pools of huge pages are not changed by this daemon");
                return;
            }
    mp_out_init(&o, 64);
    mp_array(&o, 1);
    mp_uint(&o, done);
    worker_reply_out(w, rq, &o);
}

void on_node_suspend(struct worker *w, const struct request *rq, struct frame *f)
{
    static const char *const targets[] = { "Suspend-to-RAM", "Suspend-to-Disk", "Hybrid-Suspend" };
    struct mp_in in;
    if (worker_args(w, rq, f, &in))
        return;
    uint32_t target = mp_get_u32(&in);
    mp_get_uint(&in);
    mp_get_u32(&in);
    if (worker_args_end(w, rq, &in))
        return;
    if (target >= ARRAY_N(targets))
        worker_fail(w, rq, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Invalid suspend target");
    else
        worker_fail(w, rq, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_NONE, "%s", targets[target]);
}
