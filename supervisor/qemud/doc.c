/* doc.c: flows over definitions: define, undefine, autostart, and every call that an xmlc works on.  No byte of XML is read here. */
#include "supervisor/qemud/guest.h"
#include "ipc/schema/op-numbers.h"

/* ---- xmlc ---- */

static const struct step text_steps[2];         /* the definition as it is stored is what the client wants to see: conf alone answers */

/* The call of the client itself; the stored definition goes with it when there is one, or the file that it is about; what is saved is a run, or looked into, and
 * with four descriptors an xmlc knows that. */
int doc_xmlc_pass(struct flow *f)
{
    const struct run *r = f->steps == file_save_steps || f->steps == size_steps || f->caller.op == OP_IN(IN_DUMP) ? run_of(f->slot) : NULL;
    const int tree = r ? run_fd(r, BFD_TREE, 0) : -1;
    const int more[] = { sup_fd(BFD_CAPS, 0), sup_fd(BFD_SETTINGS, 0), tree >= 0 ? tree : f->fd[f->fd[FF_SAVED] >= 0 ? FF_SAVED : FF_TEXT], tree >= 0 ? run_fd(r, BFD_MANIFEST, 0) : -1 };
    return flow_pass(f, peer_take(ROLE_XMLC, f->object, f->name), more, tree >= 0 ? 4 : more[2] >= 0 ? 3 : 2);
}

int doc_xmlc_call(struct flow *f)
{
    const uint32_t op = f->object ? IN_DOC_START : f->arg == DIR_STATUS ? IN_DOC_STATUS : IN_DOC_LOAD;
    struct doc_start d = { .id = f->id, .flags = f->caller.arg };
    const int fds[] = { sup_fd(BFD_CAPS, 0), sup_fd(BFD_SETTINGS, 0), f->fd[FF_TEXT] };
    util_copy_str(d.name, sizeof d.name, f->name);
    return flow_call(f, peer_take(ROLE_XMLC, f->object, f->name), OP_IN(op), 0, &d, sizeof d, fds, 3);
}

static bool name_is_good(const char name[NAME_MAX_BYTES])
{
    return memchr(name, 0, NAME_MAX_BYTES) && *name && strcmp(name, ".") && strcmp(name, "..") && !strpbrk(name, "/\n");
}

int doc_take(struct flow *f, struct frame *fr)
{
    static const uint8_t from[DOC_FD_N] = { [DOC_FD_XML] = FF_TEXT, [DOC_FD_TREE] = FF_TREE, [DOC_FD_MANIFEST] = FF_MANIFEST };
    if (fr->h.op != OP_IN(IN_DOC) || fr->h.flags & FRAME_BIG || fr->body_len < sizeof f->doc || fr->h.nfds != DOC_FD_N)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed document");
    memcpy(&f->doc, fr->body, sizeof f->doc);
    if (!name_is_good(f->doc.name) || f->doc.reply_len > sizeof f->reply || f->doc.event_len > sizeof f->reply - f->doc.reply_len ||
        fr->body_len != sizeof f->doc + f->doc.reply_len + f->doc.event_len)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed document");
    memcpy(f->reply, fr->body + sizeof f->doc, f->doc.reply_len + f->doc.event_len);
    for (int i = 0; i < DOC_FD_N; i++)
        flow_take(f, from[i], fr, (unsigned)i);       /* whoever reads it checks its seals */
    util_copy_str(f->name, sizeof f->name, f->doc.name);
    return policy_manifest(f->fd[FF_MANIFEST], &f->err) < 0 ? -1 : FLOW_NEXT;
}

/* An answer without a document goes to the caller as it is. */
int doc_or_answer(struct flow *f, struct frame *fr)
{
    return fr->h.op == OP_IN(IN_DOC) ? doc_take(f, fr) : flow_answer(f, fr);
}

int doc_is_own(struct flow *f)
{
    const struct index_slot *s = slot_row(f->slot);
    bool is = !strcmp(f->doc.name, s->name) && !memcmp(f->doc.uuid, s->uuid, sizeof s->uuid);
    return is ? FLOW_NEXT : err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the document is of another domain");
}

/* ---- define ---- */

/* libvirt's rules for names and uuids.  *slot: the object that is defined anew, -1 none. */
int doc_clash(struct flow *f, bool check_active, int *slot)
{
    char uuid[37];
    int by_uuid = slot_find_uuid(f->doc.uuid), by_name = slot_find_name(f->doc.name);
    for (struct flow *o = flow_next(NULL); o; o = flow_next(o))
        if (o != f && o->commits && (!strcmp(o->doc.name, f->doc.name) || !memcmp(o->doc.uuid, f->doc.uuid, 16)))
            return FLOW_LATER;          /* the other one's outcome decides */
    if (by_uuid >= 0 && strcmp(slot_row(by_uuid)->name, f->doc.name) && f->steps != rename_steps)
        return err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_DOMAIN, "domain '%s' is already defined with uuid %s", slot_row(by_uuid)->name, util_uuid_text(uuid, f->doc.uuid));
    if (by_uuid < 0 && by_name >= 0)
        return err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_DOMAIN, "domain '%s' already exists with uuid %s", f->doc.name, util_uuid_text(uuid, slot_row(by_name)->uuid));
    if (check_active && by_uuid >= 0 && slot_active(slot_row(by_uuid)))
        return err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_DOMAIN, "domain '%s' is already active", f->doc.name);
    *slot = by_uuid;
    return FLOW_NEXT;
}

/* One that was carried out by an earlier supervisor, who could not say so: without a uuid in it it would clash with its own work.  A guest that was
 * to run and does not was not; nor one that came half-way, whose end is waited for. */
int doc_again(struct flow *f)
{
    const struct run *r = run_of(f->slot = slot_made_by(&f->caller));
    return f->slot < 0 ? FLOW_NEXT : f->steps == define_steps || (r && r->phase == RUN_UP) ? FLOW_END : r ? FLOW_BLOCKED : FLOW_NEXT;
}

static int define_write(struct flow *f)
{
    int slot, r = doc_clash(f, false, &slot);
    if (r == FLOW_NEXT && slot >= 0)
        r = flow_claim(f, slot_handle(slot));
    if (r != FLOW_NEXT)
        return r;
    f->slot = slot;
    f->commits = true;
    return flow_conf(f, IN_CONF_WRITE, 0, DIR_DEFINITIONS, f->doc.name, f->fd[FF_TEXT]);
}

/* The facts of the document, and what conf says of the file that it has just written. */
static void commit(struct flow *f, const struct frame *fr)
{
    const struct conf_entry *e = (const void *)fr->body;
    slot_define(f->slot, &f->doc, fr->body_len == sizeof *e ? &e->file : &(struct def_file){ 0 });
}

static int define_commit(struct flow *f, struct frame *fr)
{
    bool is_new = f->slot < 0;
    if (is_new && (f->slot = slot_take(&f->doc)) < 0)
        return err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "too many domains");
    bool was = slot_row(f->slot)->flags & SLOT_PERSISTENT;
    slot_mark(f->slot, &f->caller);
    slot_flag(f->slot, SLOT_PERSISTENT, true);
    commit(f, fr);
    event_lifecycle(slot_row(f->slot), EVENT_DEFINED, was ? DEFINED_UPDATED : DEFINED_ADDED);
    return FLOW_NEXT;
}

void define_done(struct flow *f, bool ok)
{
    if (ok && !f->doc.reply_len)
        route_reply_dom(&f->caller, f->slot);
    else
        flow_answered(f, ok);
}

const struct step define_steps[] = { { "again", doc_again, NULL, NULL }, { "compile", doc_xmlc_pass, doc_take, NULL }, { "may", access_step, NULL, NULL }, { "write", define_write, define_commit, NULL }, { 0 } };

/* ---- calls on a stored definition, and on no object at all ---- */

/* Who claims nothing may have waited for conf while the domain went. */
int doc_is_there(struct flow *f)
{
    return slot_of(f->wanted) >= 0 ? FLOW_NEXT : err_set(&f->err, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "the domain is gone");
}

int doc_text_read(struct flow *f)
{
    return doc_is_there(f) < 0 ? -1 : f->steps == size_steps && run_of(f->slot) && run_fd(run_of(f->slot), BFD_TREE, 0) >= 0 ? FLOW_NEXT : flow_conf(f, IN_CONF_READ, f->steps == text_steps, DIR_DEFINITIONS, slot_row(f->slot)->name, -1);
}

int doc_text_got(struct flow *f, struct frame *fr)
{
    flow_take(f, FF_TEXT, fr, 0);
    return f->fd[FF_TEXT] < 0 ? err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the definition cannot be read") : FLOW_NEXT;
}

int doc_claim(struct flow *f)
{
    const struct run *r = run_of(slot_of(f->wanted));
    if (doc_is_there(f) < 0)
        return -1;
    /* The end of a guest needs the object too, and goes first: who had it and waited for that end would wait for ever. */
    return r && r->phase == RUN_ENDING ? FLOW_LATER : flow_claim(f, f->wanted);
}

static int live_go(struct flow *f)
{
    struct peer *p;
    if (guest_worker(f->slot, &p) != GUEST_READY)
        return err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_DOMAIN, "domain is not running");
    f->live_first = true;
    return flow_pass(f, p, NULL, 0);
}

int doc_write(struct flow *f)
{
    if (doc_is_own(f) < 0)
        return -1;
    return f->doc.changes ? flow_conf(f, IN_CONF_WRITE, CONF_WRITE_ONCE, DIR_DEFINITIONS, f->doc.name, f->fd[FF_TEXT]) : FLOW_NEXT;
}

int doc_written(struct flow *f, struct frame *fr)
{
    commit(f, fr);
    if (f->doc.event_len && !f->live_first)     /* else the worker has told it */
        event_send(slot_row(f->slot), OP_REMOTE_DOMAIN_EVENT_CALLBACK_METADATA_CHANGE, EVENT_ID_METADATA_CHANGE, f->reply + f->doc.reply_len, f->doc.event_len);
    return FLOW_NEXT;
}

/* What may change the definition has the object for itself; what only reads it waits for nobody, and its xmlc can but answer. */
static const struct step config_steps[] = { { "claim", doc_claim, NULL, NULL }, CONFIG_STEPS };
static const struct step live_steps[] = { { "claim", doc_claim, NULL, NULL }, { "live", live_go, NULL, NULL }, CONFIG_STEPS };
static const struct step read_steps[] = { { "read", doc_text_read, doc_text_got, NULL }, { "compile", doc_xmlc_pass, flow_answer, NULL }, { 0 } };
const struct step size_steps[] = { { "read", doc_text_read, doc_text_got, NULL }, { "compile", doc_xmlc_pass, doc_or_answer, NULL },
    { "look", chain_look, chain_looked, NULL }, { "probe", chain_probe, flow_answer, NULL }, { 0 } };
static const struct step text_steps[] = { { "read", doc_text_read, flow_answer, NULL }, { 0 } };
const struct step doc_steps[] = { { "compile", doc_xmlc_pass, flow_answer, NULL }, { 0 } };

static bool wants_stored_text(const struct caller *c, int slot)
{
    enum { XML_INACTIVE = 2 };
    uint32_t flags = slot_row(slot)->flags;
    return c->op == OP_REMOTE_DOMAIN_GET_XML_DESC && !(c->arg & ~(uint32_t)XML_INACTIVE) && flags & SLOT_CANONICAL && !(flags & SLOT_HAS_SECRETS);
}

void doc_config(const struct caller *c, struct frame *f, bool live)
{
    const struct step *steps = wants_stored_text(c, slot_of(f->h.object)) ? text_steps : c->op == OP_REMOTE_DOMAIN_GET_BLOCK_INFO ? size_steps : op_route_find(c->op)->ro ? read_steps : live ? live_steps : config_steps;
    flow_begin(steps, flow_answered, c, f);
}

/* ---- undefine ---- */

int doc_is_gone(struct flow *f)
{
    return slot_of(f->wanted) < 0 && f->caller.flags & FRAME_RESENT ? FLOW_END : FLOW_NEXT;
}

static int undefine_remove(struct flow *f)
{
    const struct index_slot *s = slot_row(f->slot);
    if (!(s->flags & SLOT_PERSISTENT))
        return err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "cannot undefine transient domain");
    if (s->flags & SLOT_MANAGED_SAVE && !(f->caller.arg & UNDEFINE_MANAGED_SAVE))
        return err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "Refusing to undefine while domain managed save image exists");
    return flow_conf(f, IN_CONF_REMOVE, f->caller.arg, DIR_DEFINITIONS, s->name, -1);
}

static int undefine_commit(struct flow *f)
{
    slot_flag(f->slot, SLOT_PERSISTENT | SLOT_AUTOSTART | SLOT_MANAGED_SAVE, false);
    event_lifecycle(slot_row(f->slot), EVENT_UNDEFINED, UNDEFINED_REMOVED);
    if (!slot_active(slot_row(f->slot)))
        slot_free(f->slot);
    return FLOW_NEXT;
}

const struct step undefine_steps[] = {
    { "again", doc_is_gone, NULL, NULL }, { "claim", doc_claim, NULL, NULL }, { "remove", undefine_remove, NULL, NULL }, { "save image", saved_drop, saved_dropped, NULL }, { "commit", undefine_commit, NULL, NULL }, { 0 },
};

/* ---- rename ---- */

static int rename_check(struct flow *f)
{
    const struct index_slot *s = slot_row(f->slot);
    const char *why = slot_active(s) ? "cannot rename active domain" : s->flags & SLOT_MANAGED_SAVE ? "domain with a managed saved state can't be renamed" : NULL;
    return why ? err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "%s", why) : FLOW_NEXT;
}

/* The new file, and when the index has its name, the end of the old one: before anybody else's call, for the old name is free then. */
static int rename_file(struct flow *f)
{
    int slot = slot_find_name(f->doc.name), r = FLOW_NEXT;
    bool is_done = slot == f->slot;
    if (slot >= 0 && !is_done)
        return err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_DOMAIN, "domain with name '%s' already exists", f->doc.name);
    if (!is_done && ((r = doc_clash(f, false, &slot)) != FLOW_NEXT || slot != f->slot))
        return r != FLOW_NEXT ? r : err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the document is of another domain");
    f->commits = true;
    return flow_conf(f, is_done ? IN_CONF_RENAMED : IN_CONF_RENAME, (uint32_t)f->slot, DIR_DEFINITIONS, f->doc.name, is_done ? -1 : f->fd[FF_TEXT]);
}

static int rename_commit(struct flow *f, struct frame *fr)
{
    event_lifecycle(slot_row(f->slot), EVENT_UNDEFINED, UNDEFINED_RENAMED);
    SLOT_EDIT(s, f->slot)
        memcpy(s->name, f->doc.name, sizeof s->name);
    commit(f, fr);
    event_lifecycle(slot_row(f->slot), EVENT_DEFINED, DEFINED_RENAMED);
    return FLOW_NEXT;
}

const struct step rename_steps[] = { { "claim", doc_claim, NULL, NULL }, { "check", rename_check, NULL, NULL }, { "read", doc_text_read, doc_text_got, NULL }, { "compile", doc_xmlc_pass, doc_or_answer, NULL },
    { "write", rename_file, rename_commit, NULL }, { "old file", rename_file, NULL, NULL }, { 0 } };

/* ---- autostart ---- */

static int autostart_write(struct flow *f)
{
    const struct index_slot *s = slot_row(f->slot);
    if (!(s->flags & SLOT_PERSISTENT))
        return err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "cannot set autostart for transient domain");
    if (!(s->flags & SLOT_AUTOSTART) == !f->caller.arg)
        return FLOW_END;
    return flow_conf(f, IN_CONF_AUTOSTART, f->caller.arg != 0, DIR_DEFINITIONS, s->name, -1);
}

static int autostart_commit(struct flow *f, struct frame *fr)
{
    slot_flag(f->slot, SLOT_AUTOSTART, f->caller.arg);
    return FLOW_NEXT;
}

const struct step autostart_steps[] = { { "claim", doc_claim, NULL, NULL }, { "write", autostart_write, autostart_commit, NULL }, { 0 } };
