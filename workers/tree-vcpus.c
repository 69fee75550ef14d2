#include "workers/tree-vcpus.h"
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

void vcpus_free(struct vcpu_set *s)
{
    free(STEAL_PTR(&s->v));
}

int vcpus_load(const struct tree *dom, struct vcpu_set *s)
{
    const struct tree *vcpu = tree_get(dom, "vcpu");
    uint64_t max, now, id, order;
    *s = (struct vcpu_set){ .individual = tree_get(dom, "vcpus") != NULL };
    if (tree_parse_uint(tree_text(dom, "vcpu"), 10, TREE_VCPUS_MAX, &max) || !max || !(s->v = calloc(max, sizeof *s->v)))
        return -1;
    s->max = (uint32_t)max;
    if (tree_attr_uint(vcpu, "current", max, &now))
        now = max;
    for (uint32_t i = 0; i < s->max; i++)
        s->v[i] = (struct vcpu_state){ .online = i < now, .is_pluggable = i >= now };
    TREE_EACH(t, tree_get(dom, "vcpus"), "vcpu")
        if (!tree_attr_uint(t, "id", max - 1, &id)) {
            bool online = tree_attr_is(t, "enabled", "yes"), told = tree_attr(t, "hotpluggable") != NULL;
            s->v[id] = (struct vcpu_state){ .online = online, .is_pluggable = told ? tree_attr_is(t, "hotpluggable", "yes") : !online,
                .order = tree_attr_uint(t, "order", UINT32_MAX, &order) ? 0 : (uint32_t)order };
        }
    return 0;
}

uint32_t vcpus_online(const struct vcpu_set *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->max; i++)
        n += s->v[i].online;
    return n;
}

int vcpus_resize(struct vcpu_set *s, uint32_t max)
{
    struct vcpu_state *v = max <= TREE_VCPUS_MAX ? realloc(s->v, max * sizeof *v) : NULL;
    if (!v)
        return -1;
    for (uint32_t i = s->max; i < max; i++)
        v[i] = (struct vcpu_state){ .is_pluggable = true };
    s->v = v;
    s->max = max;
    return 0;
}

void vcpus_store(struct tree *dom, const struct vcpu_set *s)
{
    struct tree *vcpu = tree_make(dom, "vcpu"), *old = tree_get(dom, "vcpus");
    uint32_t online = vcpus_online(s);
    if (online < s->max)
        tree_set_attr(vcpu, "current", "%u", online);
    else
        tree_set_attr(vcpu, "current", NULL);
    tree_set_text(vcpu, "%u", s->max);
    if (old)
        tree_free(old);
    if (!s->individual)
        return;
    struct tree *vcpus = tree_new("vcpus"), *behind = tree_next(vcpu, NULL);
    for (uint32_t i = 0; i < s->max; i++) {
        struct tree *t = tree_add(vcpus, "vcpu");
        tree_set_attr(t, "id", "%u", i);
        tree_set_attr(t, "enabled", s->v[i].online ? "yes" : "no");
        tree_set_attr(t, "hotpluggable", s->v[i].is_pluggable ? "yes" : "no");
        if (s->v[i].order && s->v[i].online)
            tree_set_attr(t, "order", "%u", s->v[i].order);
    }
    if (behind)
        tree_insert(dom, vcpus, behind);
    else
        tree_append(dom, vcpus);
}
