/* cpu-ops.c: is a processor that a client describes one that this host, or a guest here, can be? */
#include <string.h>
#include <sys/utsname.h>
#include "ipc/util.h"
#include "workers/cpu.h"
#include "workers/xmlc/doc.h"
#include "workers/xmlc/parse.h"
#include "workers/xmlc/xmlc.h"

enum { COMPARE_FAIL_INCOMPATIBLE = 1 };
enum { INCOMPATIBLE, IDENTICAL, SUPERSET };

/* <cpu> of a client: a guest's where it says how it is to be matched, otherwise a host's. NULL with j->e set; the caller frees it.
 * VIR_ERR_CPU_INCOMPATIBLE: of another architecture. */
static struct tree *read_cpu(struct job *j, const char *xml, size_t n)
{
    struct utsname u;
    uname(&u);
    AUTO_TREE *raw = parse_xml(xml, n, "(CPU_definition)", "cpu", &j->e);
    if (!raw) {
        if (j->e.code == VIR_ERR_XML_ERROR)
            err_set(&j->e, VIR_ERR_XML_ERROR, VIR_FROM_CPU, "XML does not contain expected 'cpu' element");
        j->e.domain = VIR_FROM_CPU;
        return NULL;
    }
    const char *arch = tree_text(raw, "arch");
    if (arch && (tree_attr(raw, "match") || tree_attr(raw, "mode"))) {
        err_set(&j->e, VIR_ERR_XML_ERROR, VIR_FROM_CPU, "'arch' element cannot be used inside 'cpu' element with 'match' attribute'");
        return NULL;
    }
    if (arch && strcmp(arch, u.machine) != 0) {
        err_set(&j->e, VIR_ERR_CPU_INCOMPATIBLE, VIR_FROM_CPU, "CPU arch %s does not match host arch", arch);
        return NULL;
    }
    AUTO_TREE *around = tree_new("domain");
    tree_set_attr(around, "type", "qemu");
    tree_append(around, STEAL_PTR(&raw));
    AUTO_TREE *read = schema_apply(&schema_domain, around, 0, &j->e);
    if (!read)
        return NULL;
    struct tree *cpu = tree_make(read, "cpu");
    const char *model = tree_text(cpu, "model");
    if (model && !cpu_model_named(model)) {
        err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_CPU, "Unknown CPU model %s", model);
        return NULL;
    }
    TREE_EACH(f, cpu, "feature")
        if (tree_attr(f, "name") && cpu_feature(tree_attr(f, "name")) < 0) {
            err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_CPU, "Unknown CPU feature %s", tree_attr(f, "name"));
            return NULL;
        }
    tree_set_attr(cpu, "mode", "custom");
    tree_unlink(cpu);
    return cpu;
}

/* cpu NULL: j->e says why there is none. */
static int reply(struct job *j, struct mp_out *o, const struct tree *cpu, const struct cpu_features *host, const char *vendor, uint32_t flags)
{
    bool same = false;
    int result = SUPERSET;
    if (!cpu || cpu_doc_compare(cpu, host, vendor, &same, &j->e)) {
        if (flags & COMPARE_FAIL_INCOMPATIBLE || j->e.code != VIR_ERR_CPU_INCOMPATIBLE)
            return -1;
        result = INCOMPATIBLE;
    } else if (same) {
        result = IDENTICAL;
    }
    mp_array(o, 1);
    mp_int(o, result);
    return 0;
}

static int bad_args(struct job *j)
{
    return err_set(&j->e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
}

int on_compare_cpu(struct job *j, struct mp_out *o)
{
    struct cpu_features host;
    const char *vendor;
    size_t n;
    const char *xml = mp_get_str(&j->in, &n);
    uint32_t flags = mp_get_u32(&j->in);
    if (!mp_end(&j->in) || !xml)
        return bad_args(j);
    AUTO_TREE *cpu = read_cpu(j, xml, n);
    cpu_host(&host, &vendor);
    return reply(j, o, cpu, &host, vendor, flags);
}

int on_compare_hypervisor_cpu(struct job *j, struct mp_out *o)
{
    struct cpu_features most;
    struct utsname u;
    const char *vendor;
    char *words[4] = {NULL};
    size_t n;
    for (size_t i = 0; i < ARRAY_N(words); i++)
        words[i] = mp_get_nil(&j->in) ? NULL : mp_get_strdup(&j->in, 4096);
    AUTO_FREE char *emulator = words[0], *arch = words[1], *machine = words[2], *type = words[3];
    const char *xml = mp_get_str(&j->in, &n);
    uint32_t flags = mp_get_u32(&j->in);
    if (!mp_end(&j->in) || !xml)
        return bad_args(j);
    uname(&u);
    const struct caps *caps = j->env.processors ? j->env.processors() : NULL;
    const struct caps_emulator *e = caps ? caps_find(caps, emulator, emulator ? NULL : arch ? arch : u.machine) : NULL;
    if (!e)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "no emulator is known for this processor");
    bool kvm = type ? strcmp(type, "kvm") == 0 : e->has_accel[CAPS_KVM];
    AUTO_TREE *cpu = read_cpu(j, xml, n);
    if (!cpu_most(e, kvm, &most, &vendor))
        return err_set(&j->e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "'%s' does not tell what a guest can have", e->path);
    return reply(j, o, cpu, &most, vendor, flags);
}
