/* save.c: a guest's state put away, under its name (managed save) or in a file of a client's choice, and the start that goes on from it; and dumps, which are
 * made in the same way.  conf or a hand has the file, the worker and its QEMU fill it; here is the order: the guest ends only when the file is safe, and a
 * managed one goes only when the guest runs again.  A guest that was stopped for a save goes on by a word from here only (IN_SAVED), so that it never runs
 * beside its complete image, whoever dies. */
#include "supervisor/qemud/guest.h"

enum { AGAIN_MS = 1500, DUMP_CRASH = 1 };

/* ---- a file of a client's choice: an xmlc makes of the call a manifest with its name, which is judged as any document's, a hand opens it, and only the
 * descriptor goes on ---- */

/* A hand opens the file (whoever names it has no say in whether its folders are made); then brings it to the disk, or after a failure takes it back if it made it. */
int file_hand(struct flow *f)
{
    const int fds[] = { f->fd[FF_MANIFEST], f->fd[FF_TREE], f->fd[FF_SAVED] };
    return run_hand(f, ROLE_HAND_OPEN, fds[2] < 0 ? IN_HAND_OPEN : IN_HAND_STATE, HAND_NO_MONITOR | (f->caller.op == OP_IN(IN_DUMP) ? HAND_FOLDERS : 0), fds, fds[2] < 0 ? 1 : f->start_err.code ? 2 : 3);
}

int file_opened(struct flow *f, struct frame *fr)
{
    if (hand_did(f, fr) < 0)
        return -1;
    flow_take(f, FF_TREE, fr, 0);       /* its grants */
    f->fd[FF_SAVED] = frame_take_fd(fr, 1);
    return FLOW_NEXT;
}

/* ---- a save, a dump ---- */

/* Of a guest that is gone, whose call comes again, there is no row any more, but what was written there last: whether the file is whole. */
static int file_claim(struct flow *f)
{
    const uint32_t row = object_slot(f->wanted);
    bool is_whole = row < sup.index.head->slots && sup.index.slot[row].gen == object_gen(f->wanted) && sup.index.slot[row].flags & SLOT_FILED;
    return is_whole && doc_is_gone(f) == FLOW_END ? FLOW_END : doc_claim(f);
}

static int check(struct flow *f)
{
    const struct index_slot *s = slot_row(f->slot);
    if (run_is_up(f) < 0)
        return f->caller.flags & FRAME_RESENT && s->flags & (SLOT_MANAGED_SAVE | SLOT_FILED) ? FLOW_END : -1;
    if (f->steps == save_steps && !(s->flags & SLOT_PERSISTENT))
        return err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "cannot do managed save for transient domain");
    f->id = f->run->id;
    util_copy_str(f->name, sizeof f->name, s->name);
    return FLOW_NEXT;
}

static int file_go(struct flow *f)
{
    return flow_conf(f, IN_CONF_SAVE, CONF_SAVE_NEW, DIR_SAVE, f->name, -1);
}

/* A dump is the client's own call, with the file. */
static int save_go(struct flow *f)
{
    struct peer *p;
    bool named = f->steps != save_steps;
    const int fds[] = { f->fd[named ? FF_SAVED : FF_TEXT], f->fd[FF_TEXT] };
    if (guest_worker(f->slot, &p) != GUEST_READY)
        return err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "domain is not running");
    return f->steps == dump_steps ? flow_pass(f, p, fds, 1) : flow_call(f, p, OP_IN(IN_SAVE), f->caller.arg, NULL, 0, fds, 1 + named);
}

static int keep_go(struct flow *f)
{
    struct run *r = run_of(f->slot);
    return flow_conf(f, IN_CONF_SAVE, CONF_SAVE_KEEP, DIR_SAVE, f->name, r ? run_fd(r, BFD_MANIFEST, 0) : -1);
}

/* ---- a saved state that is not wanted: it goes before the guest goes on, and is known until it has gone, so that it is nobody's next start ---- */

static int drop_go(struct flow *f)
{
    return flow_conf(f, IN_CONF_SAVE, CONF_SAVE_DROP, DIR_SAVE, slot_row(f->slot)->name, -1);
}

int saved_drop(struct flow *f)
{
    return slot_row(f->slot)->flags & SLOT_MANAGED_SAVE ? drop_go(f) : FLOW_NEXT;
}

int saved_dropped(struct flow *f, struct frame *fr)
{
    slot_flag(f->slot, SLOT_MANAGED_SAVE, false);
    return FLOW_NEXT;
}

/* Beside a guest that runs on, and that nobody works on, whatever there is is out of date; what is there after its end may be a later save's. */
enum { FORGET = 2, TAKE_BACK = 4 };
static const struct step forget_steps[] = { { "claim", doc_claim, NULL, NULL }, { "running", run_is_up, NULL, NULL }, [FORGET] = { "forget", drop_go, saved_dropped, flow_without }, { 0 },
    [TAKE_BACK] = { "take back", file_hand, hand_did, flow_without }, { 0 } };
const struct step save_remove_steps[] = { { "claim", doc_claim, NULL, NULL }, { "remove", saved_drop, saved_dropped, NULL }, { 0 } };

static void forget_done(struct flow *f, bool ok)
{
    if (ok)
        save_stopped(f->slot, f);
}

static void forget_again(struct loop_timer *t)
{
    saved_forget(t->data);
}

void saved_forget(struct run *r)
{
    struct flow *f = r->phase == RUN_UP ? run_flow(forget_steps, forget_done, NULL, r) : NULL;
    if (f)
        flow_go(f);
    else if (r->phase == RUN_UP)
        loop_after(&r->timer, AGAIN_MS, forget_again, r);
}

/* A save that failed takes its file away before it gives the object back: so it is never the next one's that goes. */
static int give_up(struct flow *f)
{
    f->start_err = f->err;
    memset(&f->err, 0, sizeof f->err);
    f->pc = f->steps == save_steps ? FORGET : TAKE_BACK;
    f->steps = forget_steps;
    f->i = 0;
    return FLOW_AGAIN;
}

/* Its worker found it stopped for a save: of one that nobody works on any more, none or the one that ends now, it goes on. */
void save_stopped(int slot, const struct flow *but)
{
    struct peer *p;
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(IN_SAVED), .object = slot_handle(slot) };
    for (const struct flow *f = flow_next(NULL); f; f = flow_next((struct flow *)f))
        if (f != but && f->wanted == h.object && (f->done == save_done || f->steps == forget_steps))
            return;
    if (guest_worker(slot, &p) == GUEST_READY)
        peer_send(p, &h, NULL, 0, NULL, 0);
}

/* The guest's end needs the object: it is given back, and only waited for. */
static int end_go(struct flow *f)
{
    struct run *r = run_of(f->slot);
    bool dump = f->steps == dump_steps;
    if (dump && !(f->caller.arg & DUMP_CRASH))
        return FLOW_NEXT;
    if (f->object) {
        slot_flag(f->slot, f->steps == save_steps ? SLOT_MANAGED_SAVE : SLOT_FILED, true);
        SLOT_EDIT(s, f->slot)           /* whoever comes next, supervisor or daemon, knows that it is this run which is in the file */
            s->state = DOM_PAUSED, s->reason = dump ? PAUSED_DUMP : PAUSED_SAVE;
        f->object = 0;
        if (r)
            stop_begin(r, dump ? &stop_dumped : &stop_saved, NULL, NULL);
        flow_unblock();
    }
    return r && r->id == f->id ? FLOW_BLOCKED : FLOW_NEXT;
}

void save_done(struct flow *f, bool ok)
{
    if ((f->start_err.code || !ok) && run_of(f->slot)) /* also of one that did nothing: the guest may wait for our word, of a save that came again as its supervisor died */
        save_stopped(f->slot, f);
    flow_answered(f, ok);
}

const struct step save_steps[] = {
    { "claim", doc_claim, NULL, NULL }, { "check", check, NULL, NULL }, { "file", file_go, doc_text_got, give_up }, { "save", save_go, NULL, give_up },
    { "keep", keep_go, NULL, give_up }, { "end", end_go, NULL, NULL }, { 0 },
};

#define GUEST_FILE_STEPS { "claim", file_claim, NULL, NULL }, { "check", check, NULL, NULL }, FILE_STEPS, { "fill", save_go, NULL, give_up }, { "keep", file_hand, hand_did, give_up }, \
    { "end", end_go, NULL, NULL }, { 0 }
const struct step file_save_steps[] = { GUEST_FILE_STEPS }, dump_steps[] = { GUEST_FILE_STEPS };

/* ---- its document, for who asks: an xmlc reads what conf finds behind the head, or what is in a client's file, which it may change ---- */

static int saved_xml_go(struct flow *f)
{
    bool there = doc_is_there(f) == FLOW_NEXT;
    if (!there || !(slot_row(f->slot)->flags & SLOT_MANAGED_SAVE))
        return there ? err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "domain does not have managed save image") : -1;
    return flow_conf(f, IN_CONF_SAVE, CONF_SAVE_OPEN, DIR_SAVE, slot_row(f->slot)->name, -1);
}

const struct step file_xml_steps[] = { FILE_STEPS, { "answer", doc_xmlc_pass, flow_answer, NULL }, { 0 } };
const struct step saved_xml_steps[] = { { "file", saved_xml_go, doc_text_got, NULL }, { "compile", doc_xmlc_pass, flow_answer, NULL }, { 0 } };
/* SAFETY: what becomes a client's document was first no more than its guest had: who edits it has not what a QEMU wrote there taken for his own words. */
const struct step saved_define_steps[] = { { "claim", doc_claim, NULL, NULL }, { "file", saved_xml_go, saved_got, NULL }, { "compile", doc_xmlc_call, run_compiled, NULL }, { "judge", saved_judge, NULL, NULL }, { "change", doc_xmlc_pass, flow_answer, NULL }, { 0 } };

/* ---- a start from it ---- */

int saved_go(struct flow *f)
{
    if (!(slot_row(f->slot)->flags & SLOT_MANAGED_SAVE) || f->fd[FF_TEXT] >= 0)
        return FLOW_NEXT;
    return f->caller.arg & START_FORCE_BOOT ? FLOW_NEXT : flow_conf(f, IN_CONF_SAVE, CONF_SAVE_OPEN, DIR_SAVE, f->name, -1);
}

int saved_got(struct flow *f, struct frame *fr)
{
    struct save_facts facts;
    if (fr->body_len != sizeof facts || fr->h.nfds != 2)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed answer of conf");
    memcpy(&facts, fr->body, sizeof facts);
    f->fd[FF_TEXT] = frame_take_fd(fr, 0);
    f->fd[FF_SAVED] = frame_take_fd(fr, 1);
    f->caller.arg |= facts.was_running ? 0 : START_PAUSED;
    return FLOW_NEXT;
}

/* SAFETY: the file was open in the guest's QEMU, and its document is no more than what that one says. It asks for what its guest had, and for no more.
 * A client's file asks for what the client could ask for by a document of his own. */
int saved_judge(struct flow *f)
{
    return f->fd[FF_SAVED] < 0 || f->steps == restore_steps ? FLOW_NEXT : flow_conf(f, IN_CONF_SAVE, f->steps == saved_define_steps ? CONF_SAVE_HAND_OVER : CONF_SAVE_JUDGE, DIR_SAVE, f->name, f->fd[FF_MANIFEST]);
}
