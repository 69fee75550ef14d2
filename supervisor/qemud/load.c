/* load.c: what a first supervisor finds on the disk: definitions, running guests, what starts by itself.  The doors open when all is known.
 *
 * A running guest is taken over from its status file: the process by a pidfd, the monitor by a new connection to its socket. */
#include <sys/mman.h>
#include "supervisor/qemud/guest.h"

#define AT_ONCE 4u          /* xmlc's at work for the load */
static void more(void);

/* ---- definitions ---- */

/* An xmlc or a hand that dies over a file is followed by another: what is on the disk must not be lost from sight by it. */
static int again(struct flow *f)
{
    bool died = f->died && ++f->i < 4;
    f->died = false;
    return died ? FLOW_AGAIN : -1;
}

static int read_name(struct flow *f)
{
    return flow_conf(f, IN_CONF_READ, 0, f->arg, f->name, -1);
}

static int compiled(struct flow *f, struct frame *fr)
{
    char name[NAME_MAX_BYTES];
    util_copy_str(name, sizeof name, f->name);
    int r = doc_take(f, fr);
    return r == FLOW_NEXT && strcmp(name, f->doc.name) ? err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the file's name is not the domain's") : r;
}

#define READ_STEPS { "read", read_name, doc_text_got, NULL }, { "compile", doc_xmlc_call, compiled, again }
static const struct step load_steps[] = { READ_STEPS, { 0 } };

static uint32_t at_work;

static int slot_for(const struct doc_result *d)
{
    int slot = slot_find_uuid(d->uuid);
    if (slot < 0 && slot_find_name(d->name) < 0)
        slot = slot_take(d);
    return slot >= 0 && !strcmp(slot_row(slot)->name, d->name) ? slot : -1;
}

static bool load(const struct doc_result *d, const struct conf_entry *e)
{
    int slot = slot_for(d);
    if (slot < 0)
        return false;
    slot_flag(slot, SLOT_PERSISTENT | (e->beside & (SLOT_AUTOSTART | SLOT_MANAGED_SAVE)), true);
    slot_define(slot, d, &e->file);
    return true;
}

static void load_done(struct flow *f, bool ok)
{
    at_work--;
    if (!ok || !load(&f->doc, &f->entry))
        log_err("the definition of %s is not loaded: %s", f->name, ok ? "another domain has its name or uuid" : f->err.detail);
    more();
}

/* ---- guests that run ---- */

static int take_over(struct flow *f)
{
    if ((f->slot = slot_for(&f->doc)) < 0)
        return err_set(&f->err, VIR_ERR_DOM_EXIST, VIR_FROM_QEMU, "another domain has its name or uuid");
    f->run = run_of(f->slot);
    if (f->run && f->run->stub)
        return FLOW_NEXT;       /* an earlier supervisor had come so far */
    if (f->run)
        run_free(f->run);       /* or to a part of what it is given now */
    if (!(f->run = run_take(f->slot)))
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "too many guests run");
    struct hand_pid q = { .id = f->doc.id };
    util_copy_str(q.name, sizeof q.name, f->name);
    return hand_call(f, ROLE_HAND_OPEN, IN_HAND_PIDFD, &q, sizeof q, &f->fd[FF_MANIFEST], 1);
}

static int taken(struct flow *f, struct frame *fr)
{
    const struct hand_done *d = &hand_done;
    if (hand_did(f, fr) < 0)
        return -1;
    /* SAFETY: what a hand noted when it started the guest counts, not what its worker wrote into the status file. */
    if (fr->h.nfds && f->run->id != d->id && run_id_clashes(d->id))      /* it is its own when an earlier supervisor had come so far */
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "its id %d cannot be taken", d->id);
    f->run->id = d->id;
    f->run->has = HAND_HAS_TAPS;
    run_take_ours(f->run, fr, 2);       /* not more than a run can have */
    /* SAFETY: document and manifest are those it was started with.  Of libvirt's the status file's are all there are, and if the stub's are not to be had, or it has ended: what is
     * removed by them then are ports by numbers that nobody guesses, and sockets that nobody listens at. */
    if (run_fd(f->run, BFD_TREE, 0) < 0) {
        run_fd_add(f->run, BFD_TREE, 0, STEAL_FD(&f->fd[FF_TREE]));
        if (run_fd(f->run, BFD_MANIFEST, 0) < 0)
            run_fd_add(f->run, BFD_MANIFEST, 0, STEAL_FD(&f->fd[FF_MANIFEST]));
        run_fd_add(f->run, BFD_CHECKPOINT, 0, memfd_create("checkpoint", MFD_CLOEXEC));
    }
    if (fr->h.nfds < 2)
        return err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "there is no process of the guest's any more");
    run_adopt(f->run, fr, d->pid);
    return FLOW_NEXT;
}

static const struct step reload_steps[] = { { "reload", hook_go, hook_got, flow_without }, { 0 } }, reconnect_steps[] = { { "reconnect", hook_go, hook_got, flow_without }, { 0 } };
static const struct step adopt_steps[] = { READ_STEPS, { "process", take_over, taken, again }, { 0 } };

static void adopt_done(struct flow *f, bool ok)
{
    struct run *r = f->run;
    at_work--;
    if (!ok)
        log_err("%s, which ran when the last daemon ended: %s", f->name, f->err.detail);
    if (r && r->id <= 0)    /* nobody could tell whether it still does: it is left as it is, for the next daemon */
        run_free(r);
    if (f->slot >= 0 && (!r || !r->object) && !(slot_row(f->slot)->flags & SLOT_PERSISTENT))
        slot_free(f->slot);
    if (r && r->object) {
        bool saved = !r->stub && slot_row(r->slot)->flags & SLOT_MANAGED_SAVE;
        SLOT_EDIT(s, r->slot) {
            s->id = r->id;
            s->state = saved ? DOM_PAUSED : f->doc.state ? f->doc.state : DOM_RUNNING;
            s->reason = saved ? PAUSED_SAVE : f->doc.reason;
            s->qemu_pid = (uint32_t)r->stub;
            s->now = f->doc.facts;
        }
        log_run(r);
        if (r->stub && slot_begun(slot_row(r->slot))) {
            guest_up(r, NULL);
            saved_forget(r);      /* of a guest that runs on there is none */
            struct flow *told = run_flow(reconnect_steps, flow_answered, NULL, r);
            if (told)
                flow_go(told);
        } else                          /* its process is no more, and what is left in its cgroup is not known; or a start had come half-way, and nobody knows of that */
            stop_begin(r, saved ? &stop_saved : slot_begun(slot_row(r->slot)) ? &stop_crashed : &stop_failed, NULL, NULL);
    }
    more();
}

/* ---- one list after the other ---- */

static const struct { uint32_t dir; const struct step *steps; flow_done_fn *done; } lists[] = {
    { DIR_DEFINITIONS, load_steps, load_done }, { DIR_STATUS, adopt_steps, adopt_done },
};
static const struct conf_entry *entries;
static uint32_t entries_n, next_entry, list;

static void loaded(void)
{
    for (uint32_t i = 0; sup.birth.flags & BIRTH_FIRST && i < sup.index.head->slots; i++) {
        const struct index_slot *s = slot_row((int)i);
        struct flow *f = s->used && s->flags & SLOT_AUTOSTART && !slot_active(s) ? flow_start(create_steps, start_done, NULL) : NULL;
        if (!f)
            continue;
        f->wanted = slot_handle((int)i);
        f->caller.arg = sup.settings.auto_start_bypass_cache ? START_BYPASS_CACHE : 0;
        flow_go(f);
    }
    life_start(&host_life);
    ready();
    struct flow *f = sup.clients->reloaded ? flow_start(reload_steps, flow_answered, NULL) : NULL;
    sup.clients->reloaded = 0;
    if (f)
        flow_go(f);
}

/* Keeps AT_ONCE flows going; the last one to end finds nothing left, and the next list is asked for. */
static void more(void)
{
    static bool inside;
    if (inside)
        return;
    inside = true;
    while (next_entry < entries_n && at_work < AT_ONCE) {
        const struct conf_entry *e = &entries[next_entry++];
        /* Of some conf knows the facts from an earlier daemon.  They are as good as the definition, which conf brings as well, and spare a compilation,
         * no check: what a guest may use is decided anew from its definition at each start. */
        if (!memchr(e->doc.name, 0, sizeof e->doc.name) || (lists[list].dir == DIR_DEFINITIONS && e->known && load(&e->doc, e)))
            continue;
        struct flow *f = flow_start(lists[list].steps, lists[list].done, NULL);
        if (!f)
            continue;
        at_work++;
        f->arg = lists[list].dir;
        f->entry = *e;
        util_copy_str(f->name, sizeof f->name, e->doc.name);
        flow_go(f);
    }
    inside = false;
    if (next_entry < entries_n || at_work)
        return;
    if (entries)
        munmap((void *)(uintptr_t)entries, entries_n * sizeof *entries);
    entries = NULL;
    entries_n = next_entry = 0;
    list++;
    objects_load();
}

static int list_go(struct flow *f)
{
    return flow_conf(f, IN_CONF_LIST, lists[list].dir, 0, NULL, -1);
}

static int list_got(struct flow *f, struct frame *fr)
{
    const void *p = NULL;
    size_t n = 0;
    AUTO_CLOSE fd = frame_take_fd(fr, 0);
    if (fd < 0 || frame_map(fd, FRAME_BIG_MAX, &p, &n) < 0 || n % sizeof *entries)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the list of files cannot be read");
    entries = p;
    entries_n = (uint32_t)(n / sizeof *entries);
    return FLOW_NEXT;
}

static void list_done(struct flow *f, bool ok)
{
    if (!ok)
        log_err("nothing is loaded: %s", f->err.detail);
    more();
}

void objects_load(void)
{
    static const struct step list_steps[] = { { "start", hook_go, hook_got, flow_without }, { "list", list_go, list_got, NULL }, { 0 } };
    struct flow *f = !sup.index.head->loaded && list < ARRAY_N(lists) ? flow_start(list_steps + (list || sup.settings.hooks & HOOKS_BEGUN) /* the daemon's start is one */, list_done, NULL) : NULL;
    if (f)
        flow_go(f);
    else
        loaded();
}
