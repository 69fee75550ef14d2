/* files.c: calls about a file of the client's choice: a guest's saved state, or a dump.
 *
 * Such a call comes once without the file: then its name becomes a manifest, which the supervisor judges, with the document that the client wants to be in it.
 * What a client wants to be read comes again with the file, open: its document is read as any client's.  SAFETY: the file is a client's too, whatever wrote it: by it a
 * guest gets what a document of the client's own would get it, and nothing else of the file is believed. */
#include "workers/xmlc/files.h"
#include <string.h>
#include <time.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/layout.h"
#include "ipc/states.h"
#include "ipc/util.h"
#include "workers/packs.h"
#include "workers/saved.h"
#include "workers/tree-form.h"
#include "workers/typed.h"

#define FILE_NAME_MAX 4096
enum { LATE_S = 3600 };
enum { SAVE_BYPASS_CACHE = 1, SAVE_RUNNING = 2, SAVE_PAUSED = 4, SAVE_RESET_NVRAM = 8, DUMP_MEMORY_ONLY = 16, DUMP_FORMATS = 5 };
enum what { SAVE, DUMP, RESTORE, SHOW, CHANGE };
/* args: d domain, p path, x another document, f flags, n number, t parameters with path and document */
static const struct { uint32_t op; enum what what; const char *args; } rows[] = {
    {OP_REMOTE_DOMAIN_SAVE, SAVE, "dp"}, {OP_REMOTE_DOMAIN_SAVE_FLAGS, SAVE, "dpxf"}, {OP_REMOTE_DOMAIN_SAVE_PARAMS, SAVE, "dtf"},
    {OP_REMOTE_DOMAIN_CORE_DUMP, DUMP, "dpf"}, {OP_REMOTE_DOMAIN_CORE_DUMP_WITH_FORMAT, DUMP, "dpnf"},
    {OP_REMOTE_DOMAIN_RESTORE, RESTORE, "p"}, {OP_REMOTE_DOMAIN_RESTORE_FLAGS, RESTORE, "pxf"}, {OP_REMOTE_DOMAIN_RESTORE_PARAMS, RESTORE, "tf"},
    {OP_REMOTE_DOMAIN_SAVE_IMAGE_GET_XML_DESC, SHOW, "pf"}, {OP_REMOTE_DOMAIN_SAVE_IMAGE_DEFINE_XML, CHANGE, "pxf"},
    {OP_REMOTE_DOMAIN_MANAGED_SAVE_DEFINE_XML, CHANGE, "dxf"},
};

struct args { enum what what; const char *path, *xml; size_t path_len, xml_len; uint32_t flags, format; struct typed_list params; };

uint32_t file_op(size_t i)
{
    return i < ARRAY_N(rows) ? rows[i].op : 0;
}

static const char *text(struct mp_in *in, size_t *n)
{
    *n = 0;
    return mp_get_nil(in) ? NULL : mp_get_str(in, n);
}

static int params(struct job *j, struct args *a)
{
    static const struct param known[] = {{"file", NULL, TYPED_STRING, 0, 0}, {"dxml", NULL, TYPED_STRING, 0, 0}};
    if (typed_read(&j->in, known, ARRAY_N(known), &a->params, &j->e))
        return -1;
    const struct typed *path = typed_find(&a->params, 0), *xml = typed_find(&a->params, 1);
    a->path = path ? path->s : NULL;
    a->xml = xml ? xml->s : NULL;
    a->path_len = path ? strlen(path->s) : 0;
    a->xml_len = xml ? strlen(xml->s) : 0;
    return 0;
}

static int read_args(struct job *j, struct args *a)
{
    size_t i = 0;
    while (rows[i].op != j->rq->op)
        i++;
    a->what = rows[i].what;
    for (const char *p = rows[i].args; *p; p++)
        switch (*p) {
        case 'd': skip_dom(j); break;
        case 'p': a->path = text(&j->in, &a->path_len); break;
        case 'x': a->xml = text(&j->in, &a->xml_len); break;
        case 'f': a->flags = mp_get_u32(&j->in); break;
        case 'n': a->format = mp_get_u32(&j->in); break;
        default:
            if (params(j, a))
                return -1;
        }
    if (args_end(j))
        return -1;
    if (!a->path && rows[i].op != OP_REMOTE_DOMAIN_MANAGED_SAVE_DEFINE_XML)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "the name of a file is missing");
    /* Here already: a file that is there is emptied when it is opened. */
    if (a->format >= DUMP_FORMATS)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "unknown dumpformat '%u'", a->format);
    if (a->format && !(a->flags & DUMP_MEMORY_ONLY))
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "kdump-compressed format is only supported with memory-only dump");
    if ((a->flags & (SAVE_RUNNING | SAVE_PAUSED)) == (SAVE_RUNNING | SAVE_PAUSED) && a->what != DUMP)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "Flags 'VIR_DOMAIN_SAVE_RUNNING' and 'VIR_DOMAIN_SAVE_PAUSED' are mutually exclusive");
    return 0;
}

/* One spelling a file, for it is judged by its name.  0, or -1. */
static int plain_path(const struct args *a, char out[FILE_NAME_MAX])
{
    AUTO_FREE char *path = a->path_len && a->path_len < FILE_NAME_MAX ? strndup(a->path, a->path_len) : NULL;
    return path && strlen(path) == a->path_len ? util_plain_path(out, FILE_NAME_MAX, path) : -1;
}

/* The client's own document; it is the same machine as that of t. */
static struct tree *other(struct job *j, const struct args *a, const struct tree *t)
{
    struct tree *o = doc_parse(a->xml, a->xml_len, &j->env, &j->e);
    if (o && abi_check(t, o, &j->e)) {
        tree_free(o);
        return NULL;
    }
    return o;
}

/* A manifest of that one file, and a document. */
static int send_name(struct job *j, const char *path, uint32_t flags, const char *xml, size_t n)
{
    static uint8_t buf[2 * FILE_NAME_MAX];
    struct manifest_entry m = {.kind = MK_STATE, .parent = -1, .flags = flags};
    struct manifest_out mo;
    struct doc_result d = {.id = -1, .name = "a guest of a file"};
    if (j->run.t)
        util_copy_str(d.name, sizeof d.name, tree_text(j->run.t, "name"));
    manifest_begin(&mo, buf, sizeof buf);
    if (manifest_add(&mo, &m, path, NULL) < 0)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "the name of a file is too long");
    AUTO_TREE *none = tree_new("none");
    return send_parts(j, xml, n, none, &mo, &d, NULL);
}

/* Without the file: what it is called, what is to be done with it, and the document that a guest of j->run is to be saved with. */
static int name_file(struct job *j, const struct args *a)
{
    static const uint32_t flags[] = {[SAVE] = 0, [DUMP] = 0, [RESTORE] = MF_PROBE | MF_RO, [SHOW] = MF_PROBE | MF_RO, [CHANGE] = MF_PROBE};
    char path[FILE_NAME_MAX];
    size_t n = 0;
    AUTO_FREE char *xml = NULL;
    if (plain_path(a, path))
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "the name of a file is empty, or too long");
    /* Here already, too. */
    if (a->what == SAVE && j->env.settings && pack_wanted(j->env.settings->save_image_format, "save", &j->e) < 0)
        return -1;
    if (a->xml && a->what == SAVE && j->run.t) {
        AUTO_TREE *t = other(j, a, j->run.t);
        if (!t || !(xml = doc_text(t, FORM_SECURE | FORM_INACTIVE | FORM_MIGRATABLE, &n)))
            return t ? err_set(&j->e, VIR_ERR_NO_MEMORY, VIR_FROM_QEMU, " ") : -1;
    }
    return send_name(j, path, flags[a->what], xml ? xml : "", n);
}

/* When it says that its guest fell. */
static time_t fell_at(const void *body, size_t n)
{
    const time_t now = time(NULL);
    uint64_t said = 0;
    if (n == sizeof said)
        memcpy(&said, body, sizeof said);
    return said <= (uint64_t)now && (uint64_t)now - said < LATE_S ? (time_t)said : now;
}

/* SAFETY: who asks is the worker of a guest, which may have been taken over: it says when, and gets a dump only if the run's own document, which it has no hand in, may want one; its name is ours.
 * The time in it is the worker's word, if that is a recent one: so what it may overwrite is its own guest's dump of the last hour. */
int on_auto_dump(struct job *j, const void *body, size_t n)
{
    char path[FILE_NAME_MAX], when[32];
    const struct tree *t = j->run.t, *watchdog = tree_get(tree_get(t, "devices"), "watchdog");
    const char *name = tree_text(t, "name"), *id = tree_attr(t, "id"), *crash = tree_text(t, "on_crash"), *folder = j->env.settings ? j->env.settings->auto_dump_path : "";
    struct tm tm;
    const time_t fell = fell_at(body, n);
    if (!name || !id || !j->env.lib_dir || !((crash && !strncmp(crash, "coredump-", strlen("coredump-"))) || tree_attr_is(watchdog, "action", "dump")))
        return err_set(&j->e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "the guest's document wants no dump");
    if (!localtime_r(&fell, &tm) || !strftime(when, sizeof when, "%Y-%m-%d-%H:%M:%S", &tm) ||
        util_format(path, sizeof path, "%s%s/%s-%.*s-%s", *folder ? folder : j->env.lib_dir, *folder ? "" : "/dump", id, (int)short_name_bytes(name), name, when))
        return err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the name of the dump is too long");
    return send_name(j, path, 0, "", 0);
}

static int show(struct job *j, const struct args *a, const struct tree *t)
{
    struct mp_out o;
    size_t n;
    AUTO_FREE char *s = doc_text(t, (a->flags & FORM_SECURE) | FORM_INACTIVE, &n);
    if (!s)
        return err_set(&j->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
    mp_out_init(&o, 8u << 20);
    mp_array(&o, 1);
    mp_strn(&o, s, n);
    worker_reply_out(j->w, j->rq, &o);
    return 0;
}

static int change(struct job *j, const struct saved *s, const struct tree *t, bool running)
{
    size_t n;
    AUTO_FREE char *xml = doc_text(t, FORM_SECURE | FORM_INACTIVE | FORM_MIGRATABLE, &n);
    if (!xml)
        return err_set(&j->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
    if (saved_replace(j->file, s, xml, n, running, &j->e))
        return -1;
    worker_reply(j->w, j->rq, NULL, 0, NULL, 0);
    return 0;
}

int on_file(struct job *j)
{
    struct args a = {0};
    struct saved s = {0};
    int r = read_args(j, &a);
    if (r == 0 && j->file < 0)
        r = name_file(j, &a);
    else if (r == 0 && (r = saved_read(j->file, &s, &j->e)) == 0) {
        bool running = a.flags & SAVE_RUNNING || (s.h.was_running && !(a.flags & SAVE_PAUSED));
        uint32_t restore = a.what == RESTORE ? a.flags : 0;
        struct doc_result d = {.id = -1, .changes = (running ? 0 : START_PAUSED) | (restore & SAVE_RESET_NVRAM ? START_RESET_NVRAM : 0) | (restore & SAVE_BYPASS_CACHE ? START_BYPASS_CACHE : 0)};
        AUTO_TREE *t = doc_parse(s.data, s.len, &j->env, &j->e), *o = t && a.xml ? other(j, &a, t) : NULL;
        const struct tree *is = a.xml ? o : t;
        r = !is ? -1 : a.what == SHOW ? show(j, &a, is) : a.what == CHANGE ? change(j, &s, is, running) : send_definition(j, a.xml ? o : t, &d, NULL);
    }
    free(s.data);
    typed_free(&a.params);
    return r;
}
