/* caps-choose.c: which emulator and machine a client means. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "ipc/err.h"
#include "ipc/util.h"
#include "workers/caps.h"

static bool is_one_of(const char *word, const char *const *known, size_t n)
{
    while (n && strcmp(word, known[n - 1]))
        n--;
    return n;
}

#define BAD(e, ...) err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, __VA_ARGS__)

bool caps_has_kvm(const struct caps *c, const struct caps_emulator *e)
{
    for (unsigned i = 0; i < c->n && e->kvm_present; i++)
        if (c->emulators[i].has_accel[CAPS_KVM])
            return true;
    return false;
}

int caps_choose(const struct caps *c, const char *path, const char *arch, const char *machine, const char *type, struct caps_choice *out, struct err *e)
{
    static const char *const arches[] = { "aarch64", "alpha", "armv6l", "armv7b", "armv7l", "i686", "loongarch64", "m68k", "mips", "mips64", "mips64el", "mipsel", "ppc", "ppc64", "ppc64le",
        "riscv32", "riscv64", "s390", "s390x", "sh4", "sparc", "sparc64", "x86_64" };
    static const char *const types[] = { "qemu", "kqemu", "kvm", "hvf", "xen", "lxc", "uml", "openvz", "test", "vmware", "hyperv", "vbox", "phyp", "parallels", "bhyve", "vz" };
    struct utsname u;
    if (arch && !is_one_of(arch, arches, ARRAY_N(arches)))
        return BAD(e, "unknown architecture: %s", arch);
    if (type && !is_one_of(type, types, ARRAY_N(types)))
        return BAD(e, "unknown virttype: %s", type);
    uname(&u);
    const struct caps_emulator *em = path ? caps_find(c, path, NULL) : caps_find(c, NULL, arch ? arch : u.machine);
    if (!em && path)
        return err_sys(e, VIR_FROM_QEMU, ENOENT, "Cannot check QEMU binary %s", path);
    if (!em)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "unable to find any emulator to serve '%s' architecture", arch ? arch : u.machine);
    if (arch && strcmp(arch, em->arch))
        return BAD(e, "architecture from emulator '%s' doesn't match given architecture '%s'", em->arch, arch);
    bool kvm = caps_has_kvm(c, em);
    if (type && strcmp(type, "qemu") && strcmp(type, "kvm"))
        return BAD(e, "Emulator '%s' does not support virt type '%s'", em->path, type);
    bool wants_kvm = type ? !strcmp(type, "kvm") : kvm;
    if (wants_kvm && !kvm)
        return BAD(e, "KVM is not supported by '%s' on this host", em->path);
    const struct caps_machine *m = caps_machine(em, machine);
    if (!m || !strcmp(m->name, "none"))
        return BAD(e, "the machine '%s' is not supported by emulator '%s'", machine ? machine : "", em->path);
    *out = (struct caps_choice){ em, m, wants_kvm };
    return 0;
}
