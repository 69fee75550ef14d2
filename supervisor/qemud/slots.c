/* slots.c: objects as rows of the index page.  The page outlives us: a new supervisor finds every object where it was. */
#include "supervisor/qemud/guest.h"

int slot_of(uint64_t object)
{
    uint32_t i = object_slot(object);
    return i < sup.index.head->slots && sup.index.slot[i].used && sup.index.slot[i].gen == object_gen(object) ? (int)i : -1;
}

int slot_find(size_t member, const void *value, size_t n)
{
    for (uint32_t i = 0; i < sup.index.head->slots; i++)
        if (sup.index.slot[i].used && !memcmp((const char *)&sup.index.slot[i] + member, value, n))
            return (int)i;
    return -1;
}

static uint64_t mark_of(const struct caller *c)
{
    return c->number * 0x9e3779b97f4a7c15u + c->serial;
}

int slot_made_by(const struct caller *c)
{
    const uint64_t mark = mark_of(c);
    return c->flags & FRAME_RESENT ? slot_find(offsetof(struct index_slot, made_by), &mark, sizeof mark) : -1;
}

void slot_mark(int slot, const struct caller *c)
{
    SLOT_EDIT(s, slot)
        s->made_by = mark_of(c);
}

void slot_define(int slot, const struct doc_result *d, const struct def_file *file)
{
    SLOT_EDIT(s, slot) {
        s->file = *file;
        s->defined = d->facts;
        s->flags = (s->flags & ~(uint32_t)SLOT_FROM_DOC) | (d->flags & SLOT_FROM_DOC);
        if (!slot_active(s))
            s->now = s->defined;
    }
}

int slot_take(const struct doc_result *d)
{
    uint32_t i = 0, n = sup.index.head->slots;
    while (i < n && sup.index.slot[i].used)
        i++;
    if (i == INDEX_SLOTS_MAX)
        return -1;
    SLOT_EDIT(s, i) {
        uint32_t seq = s->seq;
        memset(s, 0, sizeof *s);
        s->seq = seq;
        s->gen = ++sup.index.head->next_gen;
        s->used = 1;
        s->id = -1;
        s->state = DOM_SHUTOFF;
        memcpy(s->uuid, d->uuid, 16);
        memcpy(s->name, d->name, sizeof s->name);
    }
    slot_define((int)i, d, &(struct def_file){ 0 });
    return (int)i;
}

void slot_flag(int slot, uint32_t flags, bool on)
{
    SLOT_EDIT(s, slot)
        s->flags = on ? s->flags | flags : s->flags & ~flags;
}

void slot_free(int slot)
{
    SLOT_EDIT(s, slot)
        s->used = 0;
}
