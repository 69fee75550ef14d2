/* load.c: what a first supervisor finds on the disk: definitions, running guests, what starts by itself.  The doors open when all that is known. */
#include <string.h>
#include <sys/mman.h>
#include "guest.h"
#include "ipc/schema/op-numbers.h"
#include "sup.h"

#define AT_ONCE 4u          /* xmlc's at work for the load */
static const struct conf_entry *entries;
static uint32_t entries_n, next_entry, at_work;
static int list_fd = -1;
static void more(void);

/* ---- index facts of one definition ---- */

static int read_name(struct flow *f)
{
    return flow_conf(f, IN_CONF_READ, 0, DIR_DEFINITIONS, f->name, -1);
}

static int compile(struct flow *f)
{
    return doc_xmlc_call(f, IN_DOC_LOAD, 0);
}

static int compiled(struct flow *f, struct frame *fr)
{
    char name[NAME_MAX_BYTES];
    util_copy_str(name, sizeof name, f->name);
    int r = doc_take(f, fr);
    return r == FLOW_NEXT && strcmp(name, f->doc.name) ? err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the file's name is not the domain's") : r;
}

static const struct step steps[] = { { "read", read_name, doc_text_got, NULL }, { "compile", compile, compiled, NULL }, { 0 } };

static void facts_done(struct flow *f, bool ok)
{
    int slot = slot_of(f->wanted);
    if (ok && slot >= 0 && !slot_active(slot_row(slot)))
        slot_facts(slot, &f->doc);
    else if (!ok)
        log_warn("the definition of %s: %s", f->name, f->err.detail);
}

void load_facts(int slot)
{
    struct flow *f = flow_start(steps, facts_done, 0, NULL);
    if (!f)
        return;
    f->wanted = slot_handle(slot);
    util_copy_str(f->name, sizeof f->name, slot_row(slot)->name);
    flow_go(f);
}

/* ---- all of them ---- */

static void define_done(struct flow *f, bool ok)
{
    int slot = ok ? slot_find_uuid(f->doc.uuid) : -1;
    at_work--;
    if (!ok) {
        log_err("the definition of %s is not loaded: %s", f->name, f->err.detail);
    } else {
        if (slot < 0 && slot_find_name(f->doc.name) < 0)
            slot = slot_take(&f->doc);
        if (slot < 0 || strcmp(slot_row(slot)->name, f->doc.name)) {
            log_err("the definition of %s is not loaded: another domain has its name or uuid", f->name);
        } else {
            if (!slot_active(slot_row(slot)))
                slot_facts(slot, &f->doc);
            SLOT_EDIT(s, slot)
                s->flags |= SLOT_PERSISTENT | (f->arg ? SLOT_AUTOSTART : 0);
        }
    }
    more();
}

static void autostart(void)
{
    for (uint32_t i = 0; sup.birth.flags & BIRTH_FIRST && i < sup.index.head->slots; i++) {
        const struct index_slot *s = slot_row((int)i);
        if (s->used && s->flags & SLOT_AUTOSTART && !slot_active(s))
            start_by_itself((int)i);
    }
}

static void loaded(void)
{
    if (entries)
        munmap((void *)(uintptr_t)entries, entries_n * sizeof *entries);
    entries = NULL;
    util_closep(&list_fd);
    autostart();
    ready();
}

/* Keeps AT_ONCE flows going; the last one to end finds nothing left. */
static void more(void)
{
    static bool inside, finished;
    if (inside || finished)
        return;
    inside = true;
    while (next_entry < entries_n && at_work < AT_ONCE) {
        const struct conf_entry *e = &entries[next_entry++];
        struct flow *f = memchr(e->name, 0, sizeof e->name) ? flow_start(steps, define_done, 0, NULL) : NULL;
        if (!f)
            continue;
        at_work++;
        f->arg = e->autostart;
        util_copy_str(f->name, sizeof f->name, e->name);
        flow_go(f);
    }
    inside = false;
    if (next_entry == entries_n && !at_work) {
        finished = true;
        loaded();
    }
}

static int list_go(struct flow *f)
{
    struct peer *p = life_peer(&conf_life);
    return flow_call(f, p, OP_IN(IN_CONF_LIST), DIR_DEFINITIONS, NULL, 0, NULL, 0);
}

static int list_got(struct flow *f, struct frame *fr)
{
    const void *p = NULL;
    size_t n = 0;
    list_fd = frame_take_fd(fr, 0);
    if (list_fd < 0 || frame_map(list_fd, FRAME_BIG_MAX, &p, &n) < 0 || n % sizeof *entries)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the list of definitions cannot be read");
    entries = p;
    entries_n = (uint32_t)(n / sizeof *entries);
    return FLOW_NEXT;
}

static void list_done(struct flow *f, bool ok)
{
    if (!ok)
        log_err("no definitions are loaded: %s", f->err.detail);
    more();
}

void load_begin(void)
{
    static const struct step list_steps[] = { { "list", list_go, list_got, NULL }, { 0 } };
    struct flow *f = flow_start(list_steps, list_done, 0, NULL);
    flow_go(f);
}
