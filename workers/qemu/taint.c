/* taint.c: what libvirt says of a guest whose trouble it will not answer for, and of what a later QEMU has no more (virDomainGetMessages). */
#include "config.h"
#include <string.h>

#include "ipc/util.h"
#include "workers/caps.h"
#include "workers/qemu/ops.h"
#include "workers/tree-marks.h"

enum { MESSAGE_DEPRECATION = 1, MESSAGE_TAINTING = 2 };

struct seen { struct guest *g; const struct tree *t; const char *machine, *cpu /* deprecated ones; NULL none */; };

static bool has_device(const struct seen *s, const char *kind, const char *key, const char *is, const char *with)
{
    TREE_EACH(d, tree_get(s->t, "devices"), kind)
        if (tree_attr_is(d, key, is) && tree_get(d, with))
            return true;
    return false;
}

static bool raw_io(const struct seen *s) { return has_device(s, "disk", "rawio", "yes", "target"); }
static bool has_script(const struct seen *s) { return has_device(s, "interface", "type", "ethernet", "script"); }
static bool has_host_cpu(const struct seen *s) { return tree_get(s->t, "cpu") && tree_attr_is(tree_get(s->t, "cpu"), "mode", "host-passthrough"); }
static bool is_old(const struct seen *s) { return s->machine || s->cpu; }
static bool has_words(const struct seen *s) { return tree_get(s->t, "qemu:commandline/qemu:arg") || tree_get(s->t, "qemu:commandline/qemu:env"); }

static bool has_host_cdrom(const struct seen *s)
{
    TREE_EACH(d, tree_get(s->t, "devices"), "disk")
        if (tree_attr_is(d, "device", "cdrom") && tree_attr_is(d, "type", "block") && tree_get(d, "source"))
            return true;
    return false;
}

/* In libvirt's order, and by its names in status files; path: there is such an element; with neither, a client's call told (guest_taint()). */
static const struct taint { const char *flag, *text, *path; bool (*is)(const struct seen *s); } taints[] = {
    { "custom-argv", "custom configuration parameters specified", NULL, has_words },
    { "custom-monitor", "custom monitor control commands issued", NULL, NULL },
    { "high-privileges", "running with undesirable elevated privileges", NULL, raw_io },
    { "shell-scripts", "network configuration using opaque shell scripts", NULL, has_script },
    { "host-cpu", "potentially unsafe use of host CPU passthrough", NULL, has_host_cpu },
    { "cdrom-passthrough", "use of host cdrom passthrough", NULL, has_host_cdrom },
    { "custom-dtb", "custom device tree blob used", "os/dtb", NULL },
    { "custom-ga-command", "custom guest agent control commands issued", NULL, NULL },
    { "custom-hypervisor-feature", "hypervisor feature autodetection override", "qemu:capabilities", NULL },
    { "deprecated-config", "use of deprecated configuration settings", NULL, is_old },
    { "custom-device", "custom device configuration", "qemu:override", NULL },
};

static struct tree *find(const struct guest *g, const char *flag)
{
    TREE_EACH(t, tree_first(g->tree, MARK_TAINTS), "taint")
        if (tree_attr_is(t, "flag", flag))
            return t;
    return NULL;
}

bool guest_is_tainted(const struct guest *g, const char *flag)
{
    return find(g, flag) != NULL;
}

void guest_taint(struct guest *g, const char *flag)
{
    if (!guest_is_tainted(g, flag))
        tree_set_attr(tree_add(tree_make(g->tree, MARK_TAINTS), "taint"), "flag", "%s", flag);
}

/* What QEMU says that a later one may not have any more. */
static void look_for_old(struct seen *s)
{
    struct caps caps = { 0 };
    int fd = birth_fd(&s->g->w->birth, BFD_CAPS, -1, NULL);
    const char *emulator = tree_text(s->t, "devices/emulator"), *model = tree_text(s->t, "cpu/model"), *machine = tree_path_attr(s->t, "os/type", "machine");
    if (fd < 0 || caps_load(&caps, fd, CAPS_WHOLE))
        return;
    const struct caps_emulator *e = emulator ? caps_find(&caps, emulator, NULL) : NULL;
    const struct caps_machine *m = e && machine ? caps_machine(e, machine) : NULL;
    const struct caps_cpu *c = model ? caps_cpu(e, tree_attr_is(s->t, "type", "kvm") ? CAPS_KVM : CAPS_TCG, model) : NULL;
    s->machine = m && m->flags & CAPS_M_DEPRECATED ? machine : NULL;
    s->cpu = c && c->flags & CAPS_C_DEPRECATED ? model : NULL;
    caps_free(&caps);
}

static void look(const struct seen *s)
{
    struct guest *g = s->g;
    for (size_t i = 0; i < ARRAY_N(taints); i++)
        if (taints[i].path ? tree_get(g->tree, taints[i].path) != NULL : taints[i].is && taints[i].is(s))
            guest_taint(g, taints[i].flag);
}

void guest_taint_look(struct guest *g)
{
    struct seen s = { .g = g, .t = g->tree };
    if (!tree_first(g->tree, MARK_TAINTS))      /* what is old of it is so from the start */
        look_for_old(&s);
    tree_make(g->tree, MARK_TAINTS);
    look(&s);
    if (is_old(&s))
        tree_set_attr(find(g, "deprecated-config"), "of", s.machine ? "machine type '%s'" : "CPU model '%s'", s.machine ? s.machine : s.cpu);
}

void guest_taint_lines(const struct guest *g, char *buf, size_t n)
{
    *buf = 0;
    for (size_t i = 0; i < ARRAY_N(taints); i++) {
        const struct tree *t = find(g, taints[i].flag);
        const char *of = t ? tree_attr(t, "of") : NULL;
        size_t at = strlen(buf);
        if (t && util_format(buf + at, n - at, "%s%s%s%s\n", taints[i].flag, of ? " (" : "", of ? of : "", of ? ")" : "") < 0)
            buf[at] = 0;
    }
}

void guest_taint_status(const struct guest *g, struct tree *status)
{
    for (size_t i = 0; i < ARRAY_N(taints); i++)
        if (guest_is_tainted(g, taints[i].flag))
            tree_set_attr(tree_add(status, "taint"), "flag", "%s", taints[i].flag);
}

static void message(json_t *list, bool is, const char *before, const char *what, const char *behind)
{
    if (is)
        json_array_append_new(list, json_sprintf("%s%s%s", before, what, behind));
}

OP_FN(api_messages)
{
    struct guest *g = w->data;
    struct seen s = { .g = g, .t = g->tree };
    struct mp_out o;
    uint32_t flags;
    if (call_flags(g, rq, f, &flags))
        return;
    look_for_old(&s);
    look(&s);
    json_t *list = json_array();
    bool old = !flags || flags & MESSAGE_DEPRECATION, tainting = !flags || flags & MESSAGE_TAINTING;
    message(list, old && s.machine, "deprecated configuration: machine type '", s.machine, "'");
    message(list, old && s.cpu, "deprecated configuration: CPU model '", s.cpu, "'");
    for (size_t i = 0; i < ARRAY_N(taints); i++)
        message(list, tainting && guest_is_tainted(g, taints[i].flag), "tainted: ", taints[i].text, "");
    mp_out_init(&o, FRAME_BODY_MAX);
    mp_array(&o, 1);
    mp_array(&o, (uint32_t)json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++)
        mp_str(&o, json_string_value(json_array_get(list, i)));
    json_decref(list);
    worker_reply_out(w, rq, &o);
}
