/* list.c: lists of guests, in all forms, from the index page. */
#include "list.h"
#include "ipc/states.h"

/* Facts a filter asks for: in each group, any of the flags that are set must hold. */
static uint32_t list_facts(const struct index_slot *s)
{
    return (s->id >= 0 ? LIST_ACTIVE : LIST_INACTIVE) |
        (s->flags & SLOT_PERSISTENT ? LIST_PERSISTENT : LIST_TRANSIENT) |
        (s->state == DOM_RUNNING ? LIST_RUNNING : s->state == DOM_PAUSED ? LIST_PAUSED : s->state == DOM_SHUTOFF ? LIST_SHUTOFF : LIST_OTHER) |
        (s->flags & SLOT_MANAGED_SAVE ? LIST_MANAGED_SAVE : LIST_NO_MANAGED_SAVE) |
        (s->flags & SLOT_AUTOSTART ? LIST_AUTOSTART : LIST_NO_AUTOSTART) |
        (s->flags & SLOT_HAS_SNAPSHOT ? LIST_SNAPSHOT : LIST_NO_SNAPSHOT) |
        LIST_NO_CHECKPOINT;
}

bool list_shows(uint32_t flags, const struct index_slot *s)
{
    static const uint32_t groups[] = { LIST_ACTIVE | LIST_INACTIVE, LIST_PERSISTENT | LIST_TRANSIENT, LIST_RUNNING | LIST_PAUSED | LIST_SHUTOFF | LIST_OTHER,
        LIST_MANAGED_SAVE | LIST_NO_MANAGED_SAVE, LIST_AUTOSTART | LIST_NO_AUTOSTART, LIST_SNAPSHOT | LIST_NO_SNAPSHOT, LIST_CHECKPOINT | LIST_NO_CHECKPOINT };
    uint32_t facts = list_facts(s);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (flags & groups[i] && !(flags & groups[i] & facts))
            return false;
    return true;
}

bool list_next(const struct gw *gw, const struct call *c, uint32_t flags, uint32_t *slot, struct index_slot *s)
{
    uint32_t n = gw->ix.head->slots < INDEX_SLOTS_MAX ? gw->ix.head->slots : INDEX_SLOTS_MAX;
    while (*slot < n)
        if (index_read(&gw->ix, (*slot)++, s) == 0 && list_shows(flags, s) && access_sees(c, *slot - 1))
            return true;
    return false;
}

static unsigned list_count(const struct gw *gw, const struct call *c, uint32_t flags)
{
    struct index_slot s;
    uint32_t slot = 0;
    unsigned n = 0;
    while (list_next(gw, c, flags, &slot, &s))
        n++;
    return n;
}

static void num_of_domains(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    call_int(gw, c, list_count(gw, c, LIST_ACTIVE));
}

static void num_of_defined(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    call_int(gw, c, list_count(gw, c, LIST_INACTIVE));
}

/* Up to `max` of the guests that flags show, each put by `put`, as the one array of the reply. */
static void list_some(struct gw *gw, struct call *c, uint32_t flags, uint32_t max, void (*put)(struct mp_out *, const struct index_slot *))
{
    struct mp_out items, o;
    struct index_slot s;
    uint32_t slot = 0, n = 0;

    mp_out_init(&items, FRAME_BIG_MAX);
    while (n < max && list_next(gw, c, flags, &slot, &s)) {
        put(&items, &s);
        n++;
    }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_list(&o, n, &items);
    call_reply_out(gw, c, &o);
}

static bool list_max_ok(struct gw *gw, struct call *c, const char *what, int32_t max)
{
    if (max < 0)
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "%s must be non-negative", what);
    else if (max > LIST_MAX)
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "%s > REMOTE_DOMAIN_LIST_MAX", what);
    return max >= 0 && max <= LIST_MAX;
}

static void put_id(struct mp_out *o, const struct index_slot *s)
{
    mp_int(o, s->id);
}

static void put_name(struct mp_out *o, const struct index_slot *s)
{
    mp_str(o, s->name);
}

static void list_domains(struct gw *gw, struct call *c, struct mp_in *in)
{
    int32_t max = mp_get_i32(in);
    if (list_max_ok(gw, c, "maxids", max))
        list_some(gw, c, LIST_ACTIVE, (uint32_t)max, put_id);
}

static void list_defined(struct gw *gw, struct call *c, struct mp_in *in)
{
    int32_t max = mp_get_i32(in);
    if (list_max_ok(gw, c, "maxnames", max))
        list_some(gw, c, LIST_INACTIVE, (uint32_t)max, put_name);
}

static void list_all(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct mp_out items, o;
    struct index_slot s;
    uint32_t slot = 0, n = 0;
    bool want = mp_get_i32(in) != 0;
    uint32_t flags = mp_get_u32(in);

    if (!call_flags_ok(gw, c, flags, LIST_ALL))
        return;
    mp_out_init(&items, FRAME_BIG_MAX);
    while (n < LIST_MAX && list_next(gw, c, flags, &slot, &s)) {
        if (want)
            mp_domain(&items, &s);
        n++;
    }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 2);
    mp_list(&o, want ? n : 0, &items);
    mp_uint(&o, n);
    call_reply_out(gw, c, &o);
}

const struct local local_list[] = {
    { OP_REMOTE_CONNECT_NUM_OF_DOMAINS, num_of_domains },
    { OP_REMOTE_CONNECT_NUM_OF_DEFINED_DOMAINS, num_of_defined },
    { OP_REMOTE_CONNECT_LIST_DOMAINS, list_domains },
    { OP_REMOTE_CONNECT_LIST_DEFINED_DOMAINS, list_defined },
    { OP_REMOTE_CONNECT_LIST_ALL_DOMAINS, list_all },
    { 0, NULL },
};
