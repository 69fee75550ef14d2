/* xmlc.c: the role: born for one call, reads one document, answers, ends.
 *
 * Sees no file system and no network; all it reads comes with the call: capabilities, settings, and the stored definition if there is one. */
#include "workers/xmlc/xmlc.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <sys/sysinfo.h>
#include "ipc/index.h"
#include "ipc/access.h"
#include "ipc/layout.h"
#include "ipc/log.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/states.h"
#include "ipc/util.h"
#include "workers/cpu.h"
#include "workers/firmware.h"
#include "workers/manifest-file.h"
#include "workers/tree-form.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/files.h"
#include "workers/xmlc/hook.h"
#include "workers/xmlc/parse.h"
#include "workers/xmlc/run.h"

static struct layout layout;
static struct settings settings;
static struct caps caps;
static const struct firmware_page *firmware_page;
static int caps_fd = -1;
static unsigned host_cpus;
static uint8_t manifest_bytes[MANIFEST_BYTES_MAX];

/* ---- what comes with a call ---- */

static int load_struct(int fd, void *p, size_t n)
{
    const void *data;
    size_t len;
    int r = frame_map(fd, 1u << 20, &data, &len);
    if (r < 0)
        return r;
    if (len == n)
        memcpy(p, data, n);
    if (len)
        munmap((void *)(uintptr_t)data, len);
    return len == n ? 0 : -EPROTO;
}

/* Most documents have a processor that every QEMU knows: the others wait for the long lists. */
static const struct caps *processors(void)
{
    static struct caps whole;
    if (caps_fd >= 0 && !whole.n && caps_load(&whole, caps_fd, CAPS_WHOLE))
        log_warn("what QEMU knows of processors cannot be read");
    return whole.n ? &whole : NULL;
}

/* As the host has them now: few documents leave the choice to us. */
static const struct firmware_list *firmware(void)
{
    enum { WAIT_MS = 5000 };        /* a daemon's first guests may be started before role host has read them */
    static struct firmware_list list;
    return firmware_page && firmware_read(firmware_page, &list, WAIT_MS) ? &list : NULL;
}

static bool is_file_op(uint32_t op)
{
    for (size_t i = 0; file_op(i); i++)
        if (file_op(i) == op)
            return true;
    return false;
}

static int load(struct job *j, struct frame *f)
{
    unsigned first = f->h.flags & FRAME_BIG ? 1 : 0;
    const void *data;
    if (f->h.nfds < first + 2u || f->h.nfds > first + 5u)
        return -EPROTO;
    if (caps_load(&caps, f->fds[first], CAPS_HEADS) == 0 && caps.n)
        j->env.caps = &caps;
    caps_fd = f->fds[first];
    j->env.processors = processors;
    j->env.firmware = firmware;
    if (load_struct(f->fds[first + 1], &settings, sizeof settings) == 0 && settings.magic == SETTINGS_MAGIC) {
        j->env.settings = &settings;
        cpu_host_msr(settings.arch_capabilities);
    }
    if (layout.lib_dir[0])
        j->env.lib_dir = layout.lib_dir;
    if (f->h.nfds > first + 3u) {
        const void *manifest;
        size_t n;
        int r = frame_map(f->fds[first + 3], MANIFEST_BYTES_MAX, &manifest, &n);
        if (r < 0)
            return r;
        AUTO_TREE *t = tree_map(f->fds[first + 2]);
        if (!t || !manifest || plug_open(&j->run, t, manifest, n, manifest_bytes, sizeof manifest_bytes, &j->e))
            return -EPROTO;
        STEAL_PTR(&t);
        j->grants = j->run.grants = f->h.nfds > first + 4u ? f->fds[first + 4] : -1;
        return 0;
    }
    if (f->h.nfds == first + 3u && is_file_op(j->rq->op))
        j->file = f->fds[first + 2];
    else if (f->h.nfds == first + 3u) {
        int r = frame_map(f->fds[first + 2], PARSE_BYTES_MAX, &data, &j->stored_len);
        if (r < 0)
            return r;
        j->stored = data ? data : "";
    }
    return 0;
}

void skip_dom(struct job *j) { mp_skip(&j->in); }

/* ---- answers ---- */

static bool has_secrets(const struct tree *t)
{
    AUTO_TREE *a = tree_copy(t), *b = tree_copy(t);
    tree_form(a, FORM_SECURE);
    tree_form(b, 0);
    AUTO_FREE char *x = tree_print(a, 0, NULL), *y = tree_print(b, 0, NULL);
    return x && y && strcmp(x, y) != 0;
}

static uint32_t tpm_flags(const struct tree *backend)
{
    return !tree_attr_is(backend, "type", "emulator") ? 0 : SLOT_HAS_TPM | (tree_attr_is(backend, "persistent_state", "yes") ? SLOT_TPM_STAYS : 0);
}

/* The variables that undefine removes with it, or asks about: those that have the name we gave them. */
static uint32_t nvram_flag(const struct tree *t)
{
    const struct tree *os = tree_first(t, "os"), *nvram = tree_first(os, "nvram");
    char own[512];
    if (!nvram || (!nvram->text && !tree_first(nvram, "source")))
        return tree_attr_is(os, "firmware", "efi") && !tree_attr_is(tree_first(os, "loader"), "stateless", "yes") ? SLOT_HAS_NVRAM : 0;
    const char *path = nvram->text ? nvram->text : tree_path_attr(nvram, "source", "file");
    return path && util_format(own, sizeof own, "%s/nvram/%s_VARS.fd", layout.lib_dir, tree_text(t, "name")) == 0 && !strcmp(path, own) ? SLOT_HAS_NVRAM : 0;
}

static void facts(const struct tree *t, struct doc_result *d)
{
    const char *uuid = tree_text(t, "uuid");
    if (uuid && !access_uuid(uuid, d->uuid))
        memset(d->uuid, 0, sizeof d->uuid);
    util_copy_str(d->name, sizeof d->name, tree_text(t, "name"));
    d->flags = (has_secrets(t) ? SLOT_HAS_SECRETS : 0) | tpm_flags(tree_get(t, "devices/tpm/backend")) | nvram_flag(t);
    d->facts.vcpus_max = (uint32_t)tree_number(t, "vcpu", 0);
    d->facts.vcpus = doc_uint(tree_first(t, "vcpu"), "current", d->facts.vcpus_max);
    d->facts.mem_max_kib = tree_number(t, "memory", 0);
    d->facts.mem_kib = tree_number(t, "currentMemory", 0);
}

/* Does the stored text end with the document as it is shown, with no more than conf's head before it? One that is to be stored is what is sent. */
static bool is_shown_so(const struct job *j, const char *xml, size_t n)
{
    return j->rq->op != OP_IN(IN_DOC_LOAD) || (j->stored && j->stored_len >= n && j->stored_len - n <= 512 && !memcmp(j->stored + (j->stored_len - n), xml, n));
}

int send_parts(struct job *j, const void *xml, size_t n, const struct tree *form, struct manifest_out *mo, struct doc_result *d, const struct mp_out *reply)
{
    struct mp_out packed;
    int fds[DOC_FD_N] = {-1, -1, -1};
    ssize_t m = manifest_finish(mo);
    mp_out_init(&packed, 64u << 20);
    tree_pack(&packed, form);
    if (xml && m >= 0 && !packed.failed) {
        fds[DOC_FD_XML] = frame_memfd("xml", xml, n);
        fds[DOC_FD_TREE] = frame_memfd("tree", packed.p, packed.len);
        fds[DOC_FD_MANIFEST] = frame_memfd("manifest", mo->p, (size_t)m);
    }
    mp_out_free(&packed);
    d->reply_len = reply && !reply->failed ? (uint32_t)reply->len : 0;
    d->event_len = (uint32_t)j->event.len;
    size_t extra = d->reply_len + d->event_len;
    AUTO_FREE uint8_t *body = malloc(sizeof *d + extra);
    bool good = body && fds[0] >= 0 && fds[1] >= 0 && fds[2] >= 0;
    if (good) {
        struct request rq = *j->rq;
        rq.op = OP_IN(IN_DOC);
        memcpy(body, d, sizeof *d);
        if (d->reply_len)
            memcpy(body + sizeof *d, reply->p, d->reply_len);
        if (d->event_len)
            memcpy(body + sizeof *d + d->reply_len, j->event.p, d->event_len);
        worker_reply(j->w, &rq, body, sizeof *d + extra, fds, DOC_FD_N);
    }
    for (unsigned i = 0; i < DOC_FD_N; i++)
        util_closep(&fds[i]);
    return good ? 0 : err_set(&j->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
}

/* Sends a document: text to store, tree, manifest. form: the tree a worker or the start gets, with marks. */
static int send_doc(struct job *j, const struct tree *text, struct tree *form, bool running, struct doc_result *d, const struct mp_out *reply)
{
    struct manifest_out mo;
    size_t n;
    manifest_begin(&mo, manifest_bytes, sizeof manifest_bytes);
    if (run_manifest(form, &j->env, running, &mo, &j->e))
        return -1;
    if (j->peek_size && mo.entries) {
        struct manifest_entry m;
        memcpy(&m, manifest_bytes + sizeof(struct manifest_head), sizeof m);
        m.a = (uint32_t)j->peek_at;
        m.b = (uint32_t)(j->peek_at >> 32);
        m.c = j->peek_size;
        memcpy(manifest_bytes + sizeof(struct manifest_head), &m, sizeof m);
    }
    AUTO_FREE char *xml = tree_print(text, 0, &n);
    facts(text, d);
    d->flags |= xml && is_shown_so(j, xml, n) ? SLOT_CANONICAL : 0;
    return send_parts(j, xml, n, form, &mo, d, reply);
}

int send_definition(struct job *j, struct tree *t, struct doc_result *d, const struct mp_out *reply)
{
    AUTO_TREE *form = tree_copy(t);
    struct err ignored = ERR_INIT;
    run_form(form, 1, &j->env, &ignored);
    return send_doc(j, t, form, false, d, reply);
}

/* ---- calls ---- */

static int compile(struct job *j, unsigned strict_flag)
{
    struct doc_result d = {.changes = 1, .id = -1};
    size_t n;
    const char *xml = mp_get_str(&j->in, &n);
    uint32_t flags = mp_peek(&j->in) == MP_END ? 0 : mp_get_u32(&j->in);
    if (!mp_end(&j->in) || !xml)
        return err_set(&j->e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    if (flags & strict_flag)
        j->env.flags |= DOC_STRICT;
    AUTO_TREE *t = doc_parse(xml, n, &j->env, &j->e);
    return t ? send_definition(j, t, &d, NULL) : -1;
}

static int on_define(struct job *j) { return compile(j, 1 /* VIR_DOMAIN_DEFINE_VALIDATE */); }
static int on_create(struct job *j) { return compile(j, 16 /* VIR_DOMAIN_START_VALIDATE */); }

static struct tree *stored(struct job *j)
{
    j->env.flags |= DOC_STORED;
    if (!j->stored) {
        err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the definition is missing");
        return NULL;
    }
    return doc_parse(j->stored, j->stored_len, &j->env, &j->e);
}

static int on_load(struct job *j)
{
    struct doc_result d = {.id = -1};
    AUTO_TREE *t = stored(j);
    return t ? send_definition(j, t, &d, NULL) : -1;
}

static int on_start(struct job *j, const struct doc_start *s)
{
    struct doc_result d = {.id = s->id};
    AUTO_TREE *t = stored(j);
    j->env.flags |= s->flags & START_RESET_NVRAM ? DOC_FRESH : 0;
    if (!t || run_form(t, s->id, &j->env, &j->e))
        return -1;
    d.changes = tune_threads(t) ? PLUG_TUNE : 0;
    AUTO_TREE *form = tree_copy(t);
    return send_doc(j, t, form, true, &d, NULL);
}

/* The <cpu> that a running guest was started with, which its status file keeps beside the document. */
static int begun_cpu(struct job *j, const struct tree *raw, struct tree *form)
{
    if (!tree_first(raw, "cpu"))
        return 0;
    AUTO_TREE *around = tree_new("domain");
    tree_set_attr(around, "type", "qemu");      /* which a domain has to have, and says nothing of the processor */
    tree_append(around, tree_copy(tree_first(raw, "cpu")));
    AUTO_TREE *read = schema_apply(&schema_domain, around, SCHEMA_LIVE, &j->e);
    struct tree *cpu = tree_first(read, "cpu");
    if (!cpu)
        return read ? 0 : -1;
    tree_append(tree_add(form, MARK_CPU), cpu);
    return 0;
}

/* What it says beside the document of the run: for what that is tainted, and the block nodes of LUNs that are the guest's. */
static void take_notes(const struct tree *raw, struct tree *form)
{
    struct tree *lun = tree_first(tree_first(form, "devices"), "hostdev");
    TREE_EACH(t, raw, "taint")
        tree_append(tree_make(form, MARK_TAINTS), tree_copy(t));
    TREE_EACH(h, tree_get(raw, "domain/devices"), "hostdev") {      /* both have them in the same order */
        const char *name = tree_path_attr(h, "source/privateData/nodenames/nodename", "name");
        unsigned node;
        if (lun && name && doc_is(tree_first(lun, "source"), "protocol", "iscsi") && sscanf(name, "libvirt-%9u-", &node) == 1)
            tree_set_attr(tree_first(lun, "source"), MARK_NODE, "%u", node);
        lun = lun ? tree_next(lun, "hostdev") : NULL;
    }
}

/* A status file of ours tells libvirt's daemons to change no file's owner (workers/qemu/handback.c). */
static void own_label(const struct tree *raw, struct tree *t)
{
    bool ours = doc_is(tree_first(raw, "bulkhead"), "seclabel", "dynamic");
    for (struct tree *s = ours ? tree_first(t, "seclabel") : NULL; s; s = tree_next(s, "seclabel"))
        if (doc_is(s, "model", "dac") && doc_is(s, "type", "static")) {
            tree_set_attr(s, "type", "dynamic");
            tree_set_attr(s, "relabel", "yes");
            if (tree_text(s, "label") && !tree_first(s, "imagelabel"))
                tree_set_text(tree_add(s, "imagelabel"), "%s", tree_text(s, "label"));
        }
}

/* What a status file says of a network, where a running guest's document has it. */
static void take_actual(struct tree *nic)
{
    struct tree *actual = tree_first(nic, "actual");
    const struct tree *own = tree_first(actual, "source");
    if (!actual)
        return;
    struct tree *source = tree_make(nic, "source");
    if (!doc_is(actual, "type", "network"))
        tree_set_attr(nic, MARK_ACTUAL, tree_attr(actual, "type") ? "%s" : NULL, tree_attr(actual, "type"));
    for (const struct tree_attr *a = own ? own->attr : NULL; a; a = a->next)
        tree_set_attr(source, a->name, "%s", a->value);
    tree_free(actual);
}

/* A status file: <domstatus> around the running guest's document. */
static int on_status(struct job *j)
{
    struct doc_result d = {.id = -1};
    uint64_t v;
    AUTO_TREE *raw = parse_xml(j->stored ? j->stored : "", j->stored_len, "(domain_status)", "domstatus", &j->e);
    if (!raw)
        return -1;
    if (!tree_first(raw, "domain"))
        return err_set(&j->e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "no domain in status file");
    AUTO_TREE *t = schema_apply(&schema_domain, tree_first(raw, "domain"), SCHEMA_LIVE, &j->e);
    if (!t)
        return -1;
    if (!tree_text(t, "name") || !tree_text(t, "uuid") || tree_attr_uint(t, "id", INT32_MAX, &v) ||
        state_parse(tree_attr(raw, "state"), tree_attr(raw, "reason"), &d.state, &d.reason))
        return err_set(&j->e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "status file lacks name, uuid, id or state of the domain");
    d.id = (int32_t)v;
    own_label(raw, t);
    TREE_EACH(nic, tree_make(t, "devices"), "interface")
        take_actual(nic);
    AUTO_TREE *form = tree_copy(t);
    j->env.flags |= DOC_LIVE;
    if (begun_cpu(j, raw, form))
        return -1;
    take_notes(raw, form);
    return send_doc(j, t, form, false, &d, NULL);
}

static const struct { uint32_t op; int (*fn)(struct job *j); } documents[] = {
    {OP_REMOTE_DOMAIN_DEFINE_XML, on_define}, {OP_REMOTE_DOMAIN_DEFINE_XML_FLAGS, on_define}, {OP_REMOTE_DOMAIN_CREATE_XML, on_create},
};

static const struct stored_op lone_ops[] = {
    {OP_REMOTE_CONNECT_DOMAIN_XML_TO_NATIVE, on_native}, {OP_REMOTE_CONNECT_COMPARE_CPU, on_compare_cpu}, {OP_REMOTE_CONNECT_COMPARE_HYPERVISOR_CPU, on_compare_hypervisor_cpu},
    {OP_REMOTE_CONNECT_BASELINE_CPU, on_baseline_cpu}, {OP_REMOTE_CONNECT_BASELINE_HYPERVISOR_CPU, on_baseline_hypervisor_cpu},
};

static const struct stored_op *const stored_tables[] = { stored_ops, stored_sets };

/* What cannot be read back would be a definition that nobody can use any more: what was written by hand is read as a definition is. */
static int read_back(struct job *j)
{
    size_t n;
    schema_order(&schema_domain, j->t);
    AUTO_FREE char *text = tree_print(j->t, 0, &n);
    struct tree *t = text ? doc_parse(text, n, &j->env, &j->e) : NULL;
    if (!t)
        return text ? -1 : err_set(&j->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
    tree_free(j->t);
    j->t = t;
    return 1;
}

/* A call on a stored definition, or on a document in the arguments. */
static int on_object(struct job *j)
{
    struct mp_out o;
    struct doc_result d = {.changes = 1, .id = -1};
    stored_fn *fn = NULL;
    bool alone = false, is_set = false;
    for (size_t i = 0; i < ARRAY_N(stored_tables); i++)
        for (const struct stored_op *s = stored_tables[i]; s->op; s++)
            if (s->op == j->rq->op) {
                fn = s->fn;
                is_set = stored_tables[i] == stored_sets;
            }
    for (size_t i = 0; i < ARRAY_N(lone_ops); i++)
        if (lone_ops[i].op == j->rq->op) {
            fn = lone_ops[i].fn;
            alone = true;
        }
    if (!fn)
        return err_set(&j->e, VIR_ERR_NO_SUPPORT, VIR_FROM_QEMU, "this call on a domain that is not running");
    j->t = alone ? NULL : j->run.t ? STEAL_PTR(&j->run.t) : stored(j);
    if (!j->t && !alone)
        return -1;
    mp_out_init(&o, 8u << 20);
    int r = fn(j, &o);
    if (r == 1 && is_set)
        r = read_back(j);
    AUTO_TREE *t = j->t;        /* the call may have put another one there */
    if (r == 0)
        worker_reply(j->w, j->rq, o.p, o.len, NULL, 0);
    else if (r == 1) {
        schema_order(&schema_domain, t);
        r = send_definition(j, t, &d, &o);
    } else if (r == 2) {
        d.changes = 0;
        AUTO_TREE *form = tree_copy(t);
        r = send_doc(j, t, form, false, &d, NULL);
    }
    mp_out_free(&o);
    return r < 0 ? -1 : 0;
}

/* ---- devices of a running guest ---- */

static const struct { uint32_t op; enum device_change what; } plugs[] = {
    {OP_REMOTE_DOMAIN_ATTACH_DEVICE, DEVICE_ATTACH}, {OP_REMOTE_DOMAIN_ATTACH_DEVICE_FLAGS, DEVICE_ATTACH}, {OP_REMOTE_DOMAIN_DETACH_DEVICE, DEVICE_DETACH},
    {OP_REMOTE_DOMAIN_DETACH_DEVICE_FLAGS, DEVICE_DETACH}, {OP_REMOTE_DOMAIN_UPDATE_DEVICE_FLAGS, DEVICE_UPDATE}, {OP_REMOTE_DOMAIN_DETACH_DEVICE_ALIAS, DEVICE_DETACH_ALIAS},
};

static int send_run(struct job *j, const struct mp_out *reply)
{
    if ((j->run.what == PLUG_SHAPE || j->rq->op == OP_REMOTE_DOMAIN_SET_PERF_EVENTS) && grants_file_foreign(j->grants))      /* whose filters and counters are another daemon's */
        return err_set(&j->e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "%s of a guest that another daemon started cannot be changed", j->run.what == PLUG_SHAPE ? "limits of interfaces" : "events");
    struct doc_result d = {.changes = j->run.what, .id = (int32_t)doc_uint(j->run.t, "id", 0)};
    struct mp_out packed;
    mp_out_init(&packed, 64u << 20);
    tree_pack(&packed, j->run.devices);
    facts(j->run.t, &d);
    int r = packed.failed ? err_set(&j->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ") : send_parts(j, packed.p, packed.len, j->run.t, &j->run.manifest, &d, reply);
    mp_out_free(&packed);
    return r;
}

static int on_tune(struct job *j, stored_fn *fn)
{
    struct mp_out o;
    AUTO_TREE *before = tree_copy(j->run.t);
    bool of_interface = j->rq->op == OP_REMOTE_DOMAIN_SET_INTERFACE_PARAMETERS;
    mp_out_init(&o, 64);
    j->t = j->run.t;
    j->is_live = true;
    if (of_interface && plug_name_taps(&j->run, &j->e))
        return -1;
    int r = fn(j, &o) < 0 || (of_interface ? plug_shape(&j->run, before, &j->e) : plug_tune(&j->run, before, &j->e)) ? -1 : send_run(j, &o);
    mp_out_free(&o);
    return r;
}

static int on_plug(struct job *j)
{
    size_t n, i = 0;
    struct mp_out o;
    for (const struct stored_op *s = live_sets; s->op; s++)
        if (s->op == j->rq->op)
            return on_tune(j, s->fn);
    while (i < ARRAY_N(plugs) && plugs[i].op != j->rq->op)
        i++;
    if (i == ARRAY_N(plugs))
        return err_set(&j->e, VIR_ERR_NO_SUPPORT, VIR_FROM_QEMU, "this call on a domain that is running");
    skip_dom(j);
    const char *xml = mp_get_str(&j->in, &n);
    if (mp_peek(&j->in) != MP_END)
        mp_get_u32(&j->in);
    if (!mp_end(&j->in) || !xml)
        return err_set(&j->e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    j->env.flags = DOC_CHANGE | (j->rq->flags & FRAME_RESENT ? DOC_AGAIN : 0);
    if (plug_change(&j->run, plugs[i].what, xml, n, &j->env, &j->e))
        return -1;
    mp_out_init(&o, 64);
    mp_array(&o, 0);
    int r = send_run(j, j->run.what == PLUG_NONE ? NULL : &o);
    mp_out_free(&o);
    return r;
}

static int on_unplug(struct job *j, struct frame *f)
{
    struct plug_alias a;
    if (f->body_len != sizeof a || !j->run.t)
        return err_set(&j->e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    memcpy(&a, f->body, sizeof a);
    a.alias[sizeof a.alias - 1] = 0;
    plug_gone(&j->run, a.alias);
    return send_run(j, NULL);
}

static bool names_secret(struct plug_run *p, uint32_t index)
{
    struct manifest_in in;
    struct manifest_entry m;
    const char *path, *aux;
    manifest_finish(&p->manifest);
    for (int r = manifest_open(&in, p->manifest.p, p->manifest.len); r >= 0 && manifest_next(&in, &m, &path, &aux) > 0;)
        if (m.index == index)
            return m.kind == MK_SECRET;
    return false;
}

/* What networks are here, and what came of secrets. */
static int on_ports(struct job *j)
{
    const void *said;
    size_t n, len;
    struct mp_in in;
    if (!j->run.t || j->grants < 0 || frame_map(j->grants, FRAME_BIG_MAX, &said, &n) < 0)
        return err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the call came without its descriptors");
    mp_in_init(&in, said, n);
    uint32_t ports = mp_get_array(&in, MANIFEST_ENTRIES_MAX);
    for (uint32_t i = 0; i < ports; i++) {
        mp_get_array(&in, 2);
        uint32_t index = mp_get_u32(&in);
        const char *text = mp_get_str(&in, &len);
        if (!text || (names_secret(&j->run, index) ? plug_secret : link_port)(&j->run, index, text, len, &j->e))
            return text ? -1 : err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "what another daemon says cannot be read");
    }
    if (!mp_end(&in))
        return err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "what another daemon says cannot be read");
    ssize_t m = manifest_finish(&j->run.manifest);
    AUTO_CLOSE manifest = m < 0 ? -1 : frame_memfd("manifest", j->run.manifest.p, (size_t)m);
    if (manifest < 0)
        return err_set(&j->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
    worker_reply(j->w, j->rq, NULL, 0, &manifest, 1);
    return 0;
}

static int internal(struct job *j, struct frame *f)
{
    if (j->rq->op == OP_IN(IN_DOC_PORTS))
        return on_ports(j);
    if (j->rq->op == OP_IN(IN_DUMP))
        return on_auto_dump(j, f->body, f->body_len);
    if (j->rq->op == OP_IN(IN_DOC_UNPLUG))
        return on_unplug(j, f);
    struct doc_start s;
    if (f->body_len != sizeof s)
        return err_set(&j->e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    memcpy(&s, f->body, sizeof s);
    return j->rq->op == OP_IN(IN_DOC_START) ? on_start(j, &s) : j->rq->op == OP_IN(IN_DOC_LOAD) ? on_load(j) : on_status(j);
}

/* One call, then the end: nothing of one client's document is near another's. */
static void on_call(struct worker *w, const struct request *rq, struct frame *f)
{
    struct job j = {.w = w, .rq = rq, .e = ERR_INIT, .cpus = host_cpus, .file = -1, .grants = -1};
    int r;
    if (OP_PROG(rq->op) != PROG_INTERNAL && worker_args(w, rq, f, &j.in))
        return;
    r = load(&j, f);
    if (r < 0)
        r = err_set(&j.e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the call came without its descriptors");
    else if (OP_PROG(rq->op) == PROG_INTERNAL)
        r = internal(&j, f);
    else {
        int (*fn)(struct job *) = is_file_op(rq->op) ? on_file : j.run.t && rq->op != OP_REMOTE_DOMAIN_BLOCK_PEEK ? on_plug : on_object;
        for (size_t i = 0; i < ARRAY_N(documents); i++)
            if (documents[i].op == rq->op && !j.run.t)
                fn = documents[i].fn;
        r = fn(&j);
    }
    if (r < 0)
        worker_error(w, rq, &j.e);
    if (j.run.t)
        tree_free(j.run.t);
    if (j.run.devices)
        tree_free(j.run.devices);
}

/* One element of <metadata>, for a guest that runs: its worker keeps the document and reads no XML. */
static void on_element(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    struct mp_out packed;
    const void *text = NULL;
    size_t n = 0;
    AUTO_TREE *t = NULL;
    mp_out_init(&packed, PARSE_BYTES_MAX);
    if (f->h.nfds != 1 || frame_map(f->fds[0], PARSE_BYTES_MAX, &text, &n))
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the call came without its descriptors");
    else if ((t = parse_verbatim(text ? text : "", n, "(metadata_xml)", &e)))
        tree_pack(&packed, t);
    if (n)
        munmap((void *)(uintptr_t)text, n);
    AUTO_CLOSE fd = t && !packed.failed ? frame_memfd("element", packed.p, packed.len) : -1;
    if (fd >= 0)
        worker_reply(w, rq, NULL, 0, &fd, 1);
    else
        worker_error(w, rq, &e);
    mp_out_free(&packed);
}

static struct worker_op ops[128];

static void answers(uint32_t op, void (*fn)(struct worker *w, const struct request *rq, struct frame *f))
{
    static size_t n;
    BUG_ON(n == ARRAY_N(ops) - 1);      /* the last row ends them */
    ops[n++] = (struct worker_op){op, fn};
}

int main(void)
{
    static struct worker w;
    int fd;
    worker_birth(&w, ROLE_XMLC);
    fd = birth_fd(&w.birth, BFD_LAYOUT, -1, NULL);
    if (fd >= 0 && load_struct(fd, &layout, sizeof layout))
        log_warn("the layout cannot be read");
    firmware_page = firmware_map(birth_fd(&w.birth, BFD_FIRMWARE, -1, NULL), false, NULL);
    host_cpus = (unsigned)get_nprocs_conf();
    tzset();            /* the host's time zone, while it can be read: names of dumps have its time */
    static const uint32_t in[] = {IN_DOC_START, IN_DOC_LOAD, IN_DOC_STATUS, IN_DOC_UNPLUG, IN_DOC_PORTS, IN_DUMP};
    for (size_t i = 0; i < ARRAY_N(documents); i++)
        answers(documents[i].op, on_call);
    for (size_t i = 0; i < ARRAY_N(stored_tables); i++)
        for (const struct stored_op *s = stored_tables[i]; s->op; s++)
            answers(s->op, on_call);
    for (size_t i = 0; i < ARRAY_N(lone_ops); i++)
        answers(lone_ops[i].op, on_call);
    for (size_t i = 0; i < ARRAY_N(plugs); i++)
        answers(plugs[i].op, on_call);
    for (size_t i = 0; file_op(i); i++)
        answers(file_op(i), on_call);
    for (size_t i = 0; i < ARRAY_N(in); i++)
        answers(OP_IN(in[i]), on_call);
    answers(OP_IN(IN_DOC_ELEMENT), on_element);
    answers(OP_IN(IN_DOC_HOOK), on_hook);
    for (const struct stored_op *s = live_sets; s->op; s++)
        answers(s->op, on_call);
    w.ops = ops;
    worker_lock(&w);
    return worker_run(&w);
}
