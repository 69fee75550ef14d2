/* What of the host a document may name, however it spells it. */
#include "supervisor/qemud/guest.h"
#include "tests/tap.h"

struct sup sup = { .layout = { .lib_dir = "/var/lib/libvirt/qemu", .state_dir = "/run/libvirt/qemu", .conf_dir = "/etc/libvirt", .log_dir = "/var/log/libvirt/qemu", .cache_dir = "/var/cache/libvirt/qemu" } };

/* What the supervisor says of a manifest with this one entry; "" nothing. */
static const char *judged(int kind, const char *path, const char *aux)
{
    static struct err e;
    uint8_t buf[16384];
    struct manifest_entry m = { .kind = (uint8_t)kind, .parent = -1 };
    struct manifest_out out;
    e = (struct err)ERR_INIT;
    manifest_begin(&out, buf, sizeof buf);
    manifest_add(&out, &m, path, aux);
    ssize_t n = manifest_finish(&out);
    AUTO_CLOSE fd = n > 0 ? frame_memfd("manifest", buf, (size_t)n) : -1;
    return policy_manifest(fd, &e) == 1 ? "" : e.detail;
}

static void refused(int kind, const char *path, const char *aux)
{
    tap_ok(*judged(kind, path, aux) != 0, "%s is refused", path);
}

int main(void)
{
    static const struct { int kind; const char *path; } good[] = { { MK_IMAGE, "/var/lib/images/a.qcow2" }, { MK_IMAGE, "/proceedings/a" }, { MK_IMAGE, "/srv/..a/b.." }, { MK_IMAGE, "/srv/.hidden" },
        { MK_LOG, "/var/log/libvirt/qemu/a-serial.log" }, { MK_DEVNODE, "/dev/kvm" }, { MK_UNIX_LISTEN, "/var/lib/libvirt/qemu/domain-1-a/x.sock" }, { MK_TAP, "vnet0" } };
    static const struct { int kind; const char *path; } bad[] = { { MK_IMAGE, "/proc/kcore" }, { MK_IMAGE, "/proc" }, { MK_IMAGE, "/sys/x" }, { MK_IMAGE, "/etc/libvirt/qemu.conf" },
        { MK_BIND, "/run/libvirt/qemu/a.xml" }, { MK_IMAGE, "/var/lib/libvirt/qemu/save/a.save" }, { MK_IMAGE, "/var/lib/libvirt/qemu/domain-1-a/monitor.sock" }, { MK_IMAGE, "/dev/mem" },
        /* the same, spelled otherwise */
        { MK_IMAGE, "//proc/kcore" }, { MK_IMAGE, "/./proc/kcore" }, { MK_IMAGE, "/tmp/../proc/kcore" }, { MK_IMAGE, "/proc/../proc/kcore" }, { MK_IMAGE, "/tmp/.." }, { MK_IMAGE, "/proc//kcore" },
        { MK_IMAGE, "/etc/./libvirt/qemu.conf" }, { MK_IMAGE, "/etc//libvirt/qemu.conf" }, { MK_IMAGE, "/srv/" }, { MK_IMAGE, "/" }, { MK_IMAGE, "///" }, { MK_IMAGE, "" }, { MK_IMAGE, "proc/kcore" },
        { MK_IMAGE, "../proc/kcore" }, { MK_DEVNODE, "/dev//mem" }, { MK_DEVNODE, "//dev/kvm" }, { MK_DEVNODE, "/dev/sda" }, { MK_TAP, "../x" }, { MK_TAP, "much-too-long-a-name" }, { MK_TAP, ".." } };
    for (size_t i = 0; i < ARRAY_N(good); i++)
        tap_str(judged(good[i].kind, good[i].path, NULL), "", "%s", good[i].path);
    for (size_t i = 0; i < ARRAY_N(bad); i++)
        refused(bad[i].kind, bad[i].path, NULL);
    tap_str(judged(MK_NVRAM, "/var/lib/nvram/a.fd", "/usr/share/OVMF/OVMF_VARS.fd"), "", "a template");
    refused(MK_NVRAM, "/var/lib/nvram/a.fd", "//proc/kcore");
    refused(MK_IMAGE, NULL, NULL);

    static const struct { const char *in, *out; } plain[] = { { "/a/b", "/a/b" }, { "//a///b", "/a/b" }, { "/./a/./b/.", "/a/b" }, { "/a/b/", "/a/b" }, { "/", "/" }, { "//.//", "/" },
        { "/a/../b", "/a/../b" }, { "/..a/.b", "/..a/.b" } };
    for (size_t i = 0; i < ARRAY_N(plain); i++) {
        char path[64];
        util_plain_path(path, sizeof path, plain[i].in);
        tap_str(path, plain[i].out, "%s", plain[i].in);
    }
    char small[5];
    tap_ok(util_plain_path(small, sizeof small, "/abc") == 0 && util_plain_path(small, sizeof small, "/abcd") < 0 && !*small, "a path that does not fit");
    return tap_done();
}
