/* cpu.c: the processor of a guest that was just started, as QEMU made it. */
#include "config.h"
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/cpu.h"
#include "workers/qemu/guest.h"
#include "workers/tree-marks.h"

#define FIRST_CPU "/machine/unattached/device[0]"
#define SETUP_MS 60000u

/* Answers come in the order of the questions: the words, single features, and what could not be had. */
struct learning { struct guest *g; struct cpu_features on, off; bool failed; };
struct asked { struct learning *l; unsigned feature; };

static void read_words(struct cpu_features *f, json_t *words)
{
    json_t *w;
    size_t i;
    json_array_foreach(words, i, w) {
        const char *reg = json_string_value(json_object_get(w, "cpuid-register"));
        if (reg)
            cpu_of_word(f, (uint32_t)json_integer_value(json_object_get(w, "cpuid-input-eax")), (uint32_t)json_integer_value(json_object_get(w, "cpuid-input-ecx")), reg,
                        (uint32_t)json_integer_value(json_object_get(w, "features")));
    }
}

static void on_words(void *data, json_t *ret, const struct err *e)
{
    struct learning *l = data;
    if (e)
        l->failed = true;
    else
        read_words(&l->on, ret);
}

static void on_feature(void *data, json_t *ret, const struct err *e)
{
    struct asked *a = data;
    (void)e;                /* an older QEMU does not know it */
    if (json_is_true(ret))
        cpu_add(&a->l->on, a->feature);
    free(a);
}

static void on_filtered(void *data, json_t *ret, const struct err *e)
{
    struct learning *l = data;
    struct guest *g = l->g;
    struct tree *cpu = tree_first(g->tree, "cpu");
    struct err own = ERR_INIT;
    bool changed;
    if (e || l->failed || !cpu) {
        log_warn("QEMU does not tell of its processor%s%s", e ? ": " : "", e ? e->detail : "");
        free(l);
        return;
    }
    read_words(&l->off, ret);
    AUTO_TREE *begun = tree_copy(cpu);
    if (cpu_doc_live(cpu, &l->on, &l->off, &changed, &own)) {
        start_failed(g, &own);
        guest_quit(g, SHUTOFF_FAILED, STOPPED_FAILED);
    } else if (changed && !tree_first(g->tree, MARK_CPU)) {
        tree_append(tree_add(g->tree, MARK_CPU), STEAL_PTR(&begun));
    }
    free(l);
}

static json_t *property(const char *name) { return json_pack("{s:s,s:s}", "path", FIRST_CPU, "property", name); }

void guest_learn_cpu(struct guest *g)
{
    const char *arch = tree_path_attr(g->tree, "os/type", "arch"), *name = tree_text(g->tree, "cpu/model");
    const struct cpu_model *m = name ? cpu_model_named(name) : NULL;
    struct learning *l;
    if (!m || !arch || (strcmp(arch, "x86_64") && strcmp(arch, "i686")) || !(l = calloc(1, sizeof *l)))
        return;
    l->g = g;
    qmp_send(&g->qmp, "qom-get", property("feature-words"), -1, SETUP_MS, on_words, l);
    for (unsigned i = 0; (name = cpu_feature_name(i)); i++) {
        struct asked *a;
        bool named = cpu_has(&m->has, i);
        TREE_EACH(f, tree_first(g->tree, "cpu"), "feature")
            named |= tree_attr_is(f, "name", name);
        if (!named || !cpu_feature_is_msr(i) || !(a = calloc(1, sizeof *a)))
            continue;
        *a = (struct asked){ l, i };
        qmp_send(&g->qmp, "qom-get", property(name), -1, SETUP_MS, on_feature, a);
    }
    qmp_send(&g->qmp, "qom-get", property("filtered-features"), -1, SETUP_MS, on_filtered, l);
}
