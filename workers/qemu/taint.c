/* taint.c: what libvirt says of a guest whose trouble it will not answer for, and of what a later QEMU has no more (virDomainGetMessages). */
#include "config.h"
#include <string.h>

#include "ipc/util.h"
#include "workers/caps.h"
#include "workers/qemu/ops.h"

enum { MESSAGE_DEPRECATION = 1, MESSAGE_TAINTING = 2 };

struct seen { const struct guest *g; const struct tree *t; const char *machine, *cpu /* deprecated ones; NULL none */; };

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
static bool has_commands(const struct seen *s) { return s->g->tainted_monitor; }
static bool has_agent_commands(const struct seen *s) { return s->g->tainted_agent; }

static bool has_host_cdrom(const struct seen *s)
{
    TREE_EACH(d, tree_get(s->t, "devices"), "disk")
        if (tree_attr_is(d, "device", "cdrom") && tree_attr_is(d, "type", "block") && tree_get(d, "source"))
            return true;
    return false;
}

/* In libvirt's order; path: there is such an element. */
static const struct taint { const char *text, *path; bool (*is)(const struct seen *s); } taints[] = {
    { "custom configuration parameters specified", "qemu:commandline/qemu:arg", NULL },
    { "custom monitor control commands issued", NULL, has_commands },
    { "running with undesirable elevated privileges", NULL, raw_io },
    { "network configuration using opaque shell scripts", NULL, has_script },
    { "potentially unsafe use of host CPU passthrough", NULL, has_host_cpu },
    { "use of host cdrom passthrough", NULL, has_host_cdrom },
    { "custom device tree blob used", "os/dtb", NULL },
    { "custom guest agent control commands issued", NULL, has_agent_commands },
    { "hypervisor feature autodetection override", "qemu:capabilities", NULL },
    { "use of deprecated configuration settings", NULL, is_old },
    { "custom device configuration", "qemu:override", NULL },
};

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
    json_t *list = json_array();
    bool old = !flags || flags & MESSAGE_DEPRECATION, tainting = !flags || flags & MESSAGE_TAINTING;
    message(list, old && s.machine, "deprecated configuration: machine type '", s.machine, "'");
    message(list, old && s.cpu, "deprecated configuration: CPU model '", s.cpu, "'");
    for (size_t i = 0; i < ARRAY_N(taints); i++)
        message(list, tainting && (taints[i].path ? tree_get(s.t, taints[i].path) != NULL : taints[i].is(&s)), "tainted: ", taints[i].text, "");
    mp_out_init(&o, FRAME_BODY_MAX);
    mp_array(&o, 1);
    mp_array(&o, (uint32_t)json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++)
        mp_str(&o, json_string_value(json_array_get(list, i)));
    json_decref(list);
    worker_reply_out(w, rq, &o);
}
