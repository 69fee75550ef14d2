/* api_blockjob.c: jobs of QEMU's block layer on a disk.  None is begun here: one that there is was begun by the daemon before this one, or through the
 * monitor, and is told by the name that libvirt gives such a job: what it does, and the disk's. */
#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/ops.h"

enum { PATH_BYTES = 4096, MIB_SHIFT = 20, JOBS_MAX = 256 };
enum { JOB_PULL = 1, JOB_COPY, JOB_COMMIT, JOB_BACKUP = 5 };        /* virDomainBlockJobType */

struct blockjob { char target[64]; uint32_t flags; };

/* The type of a job of that disk by its name, "commit-vda-libvirt-3-format"; 0: it is none. */
static int job_type(const char *id, const char *target)
{
    static const struct { const char *head; int type; } heads[] = { { "pull-", JOB_PULL }, { "copy-", JOB_COPY }, { "commit-", JOB_COMMIT }, { "backup-", JOB_BACKUP } };
    for (size_t i = 0; id && i < ARRAY_N(heads); i++) {
        size_t n = strlen(heads[i].head), len = strlen(target);
        if (!strncmp(id, heads[i].head, n) && !strncmp(id + n, target, len) && (!id[n + len] || id[n + len] == '-'))
            return heads[i].type;
    }
    return 0;
}

static json_t *job_of(json_t *jobs, const char *target, int *type)
{
    for (size_t i = 0; i < json_array_size(jobs) && i < JOBS_MAX; i++) {
        json_t *job = json_array_get(jobs, i);
        if ((*type = job_type(json_string_value(json_object_get(job, "device")), target)))
            return job;
    }
    return NULL;
}

static uint64_t number(json_t *job, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(job, key));
    return v > 0 ? (uint64_t)v : 0;
}

static void on_info(struct call *c, json_t *ret)
{
    enum { BANDWIDTH_BYTES = 1 };
    struct blockjob *b = c->extra;
    struct mp_out o;
    int type = 0;
    json_t *job = job_of(ret, b->target, &type);
    uint64_t cur = number(job, "offset"), end = number(job, "len"), speed = number(job, "speed");
    bool ready = json_is_true(json_object_get(job, "ready"));
    /* What is at its end without being ready would be taken for done. */
    if (!cur && !end)
        cur = ready, end = 1;
    else if (!ready && cur == end)
        cur--;
    if (!(b->flags & BANDWIDTH_BYTES))
        speed = (speed >> MIB_SHIFT) + ((speed & ((1u << MIB_SHIFT) - 1)) != 0);
    mp_out_init(&o, 128);
    mp_array(&o, 5);
    mp_int(&o, job != NULL);
    mp_int(&o, job ? type : 0);
    mp_uint(&o, job ? speed : 0);
    mp_uint(&o, job ? cur : 0);
    mp_uint(&o, job ? end : 0);
    call_out(c, &o);
}

static void on_change(struct call *c, json_t *ret)
{
    struct blockjob *b = c->extra;
    int type;
    if (!job_of(ret, b->target, &type))
        call_failf(c, VIR_ERR_INVALID_ARG, "disk %s does not have an active block job", b->target);
    else
        call_failf(c, VIR_ERR_OPERATION_UNSUPPORTED, "the block job of disk %s was not begun by this daemon, and is left alone", b->target);
}

/* Asks QEMU for its jobs, for the one of the disk that is named. */
static void ask(struct guest *g, const struct request *rq, const char *path, uint32_t flags, call_done_fn *done)
{
    if (call_need_up(g, rq))
        return;
    struct tree *disk = guest_disk(g, path);
    const char *target = tree_path_attr(disk, "target", "dev");
    if (!target) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "disk '%s' not found in domain", path);
        return;
    }
    struct call *c = call_new(g, rq);
    struct blockjob *b = call_extra(c, sizeof *b);
    b->flags = flags;
    util_copy_str(b->target, sizeof b->target, target);
    call_qmp(c, "query-block-jobs", NULL, done);
}

OP_ARGS(api_block_job_info)
{
    AUTO_FREE char *path = mp_get_strdup(&in, PATH_BYTES);
    uint32_t flags = mp_get_u32(&in);
    if (!call_end_args(g, rq, &in))
        ask(g, rq, path, flags, on_info);
}

OP_ARGS(api_block_job_abort)
{
    AUTO_FREE char *path = mp_get_strdup(&in, PATH_BYTES);
    mp_get_u32(&in);
    if (!call_end_args(g, rq, &in))
        ask(g, rq, path, 0, on_change);
}

OP_ARGS(api_block_job_speed)
{
    enum { SPEED_BYTES = 1 };
    AUTO_FREE char *path = mp_get_strdup(&in, PATH_BYTES);
    uint64_t speed = mp_get_uint(&in);
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    if (!(flags & SPEED_BYTES) && speed > INT64_MAX >> MIB_SHIFT)
        reply_err(g, rq, VIR_ERR_OVERFLOW, "bandwidth must be less than %" PRId64, INT64_MAX >> MIB_SHIFT);
    else
        ask(g, rq, path, 0, on_change);
}
