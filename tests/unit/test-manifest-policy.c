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

/* A manifest of entries with these flags and paths, the last one with NULL. */
static int manifest_of(const struct manifest_entry *m, const char *const *paths)
{
    uint8_t buf[16384];
    struct manifest_out out;
    manifest_begin(&out, buf, sizeof buf);
    for (; *paths; m++, paths++) {
        struct manifest_entry one = *m;
        one.parent = -1;
        manifest_add(&out, &one, *paths, NULL);
    }
    return frame_memfd("manifest", buf, (size_t)manifest_finish(&out));
}

/* What goes on from what a guest has: gone or as it was, and more behind it. */
static void goes_on(void)
{
    const struct manifest_entry was[] = { { .kind = MK_IMAGE }, { .kind = MK_TAP, .a = 1 }, { .kind = MK_UNIX_LISTEN, .flags = MF_GONE } };
    const char *const had[] = { "/srv/a", "vnet0", "/srv/sock", NULL };
    static const struct { const char *what; struct manifest_entry m[4]; const char *paths[5]; int want; } cases[] = {
        { "the same", { { .kind = MK_IMAGE }, { .kind = MK_TAP, .a = 1 }, { .kind = MK_UNIX_LISTEN, .flags = MF_GONE } }, { "/srv/a", "vnet0", "/srv/sock" }, 3 },
        { "one more", { { .kind = MK_IMAGE }, { .kind = MK_TAP, .a = 1 }, { .kind = MK_UNIX_LISTEN, .flags = MF_GONE }, { .kind = MK_IMAGE } }, { "/srv/a", "vnet0", "/srv/sock", "/srv/b" }, 4 },
        { "one has gone", { { .kind = MK_IMAGE, .flags = MF_GONE }, { .kind = MK_TAP, .a = 1 }, { .kind = MK_UNIX_LISTEN, .flags = MF_GONE } }, { "/srv/a", "vnet0", "/srv/sock" }, 3 },
        { "one is back", { { .kind = MK_IMAGE }, { .kind = MK_TAP, .a = 1 }, { .kind = MK_UNIX_LISTEN } }, { "/srv/a", "vnet0", "/srv/sock" }, -1 },
        { "another path", { { .kind = MK_IMAGE }, { .kind = MK_TAP, .a = 1 }, { .kind = MK_UNIX_LISTEN, .flags = MF_GONE } }, { "/srv/a", "vnet1", "/srv/sock" }, -1 },
        { "another path of what has gone", { { .kind = MK_IMAGE, .flags = MF_GONE }, { .kind = MK_TAP, .a = 1 }, { .kind = MK_UNIX_LISTEN, .flags = MF_GONE } }, { "/srv/b", "vnet0", "/srv/sock" }, -1 },
        { "another kind", { { .kind = MK_FILE_OUT }, { .kind = MK_TAP, .a = 1 }, { .kind = MK_UNIX_LISTEN, .flags = MF_GONE } }, { "/srv/a", "vnet0", "/srv/sock" }, -1 },
        { "another flag", { { .kind = MK_IMAGE, .flags = MF_SHARED }, { .kind = MK_TAP, .a = 1 }, { .kind = MK_UNIX_LISTEN, .flags = MF_GONE } }, { "/srv/a", "vnet0", "/srv/sock" }, -1 },
        { "other queues", { { .kind = MK_IMAGE }, { .kind = MK_TAP, .a = 2 }, { .kind = MK_UNIX_LISTEN, .flags = MF_GONE } }, { "/srv/a", "vnet0", "/srv/sock" }, -1 },
        { "one less", { { .kind = MK_IMAGE }, { .kind = MK_TAP, .a = 1 } }, { "/srv/a", "vnet0" }, -1 },
        { "none at all", { { .kind = 0 } }, { NULL }, -1 },
    };
    const struct manifest_entry tap[] = { { .kind = MK_TAP, .a = 1 }, { .kind = MK_LINK }, { .kind = MK_FILTER }, { .kind = MK_SECRET } };
    const char *const none[] = { "vnet0", "br0", "", "iv=a data=b", NULL };
    static const struct { const char *what; struct manifest_entry m[4]; const char *paths[5]; int want; } links[] = {
        { "another bridge", { { .kind = MK_TAP, .a = 1 }, { .kind = MK_LINK }, { .kind = MK_FILTER }, { .kind = MK_SECRET } }, { "vnet0", "virbr0", "", "iv=a data=b" }, 4 },
        { "a bridge by no name", { { .kind = MK_TAP, .a = 1 }, { .kind = MK_LINK }, { .kind = MK_FILTER }, { .kind = MK_SECRET } }, { "vnet0", "../virbr0", "", "iv=a data=b" }, -1 },
        { "something else instead", { { .kind = MK_TAP, .a = 1 }, { .kind = MK_TUNE }, { .kind = MK_FILTER }, { .kind = MK_SECRET } }, { "vnet0", "br0", "", "iv=a data=b" }, -1 },
        { "another filter", { { .kind = MK_TAP, .a = 1 }, { .kind = MK_LINK }, { .kind = MK_FILTER, .a = 1 }, { .kind = MK_SECRET } }, { "vnet0", "br0", "", "iv=a data=b" }, 4 },
        { "what came of a secret", { { .kind = MK_TAP, .a = 1 }, { .kind = MK_LINK }, { .kind = MK_FILTER }, { .kind = MK_SECRET } }, { "vnet0", "br0", "", "iv=x data=y" }, 4 },
        { "a file in a secret's place", { { .kind = MK_TAP, .a = 1 }, { .kind = MK_LINK }, { .kind = MK_FILTER }, { .kind = MK_IMAGE } }, { "vnet0", "br0", "", "/srv/a" }, -1 },
    };
    struct err e = ERR_INIT;
    AUTO_CLOSE old = manifest_of(was, had);
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        AUTO_CLOSE fd = manifest_of(cases[i].m, cases[i].paths);
        int is = policy_manifest_after(fd, old, &e);
        tap_ok(is == cases[i].want, "beside what the guest has, %s (%d)", cases[i].what, is);
    }
    AUTO_CLOSE linked = manifest_of(tap, none);
    for (size_t i = 0; i < ARRAY_N(links); i++) {
        AUTO_CLOSE fd = manifest_of(links[i].m, links[i].paths);
        int is = policy_manifest_after(fd, linked, &e);
        tap_ok(is == links[i].want, "of a link, %s (%d)", links[i].what, is);
    }
}

int main(void)
{
    goes_on();
    static const struct { int kind; const char *path; } good[] = { { MK_IMAGE, "/var/lib/images/a.qcow2" }, { MK_IMAGE, "/proceedings/a" }, { MK_IMAGE, "/srv/..a/b.." }, { MK_IMAGE, "/srv/.hidden" },
        { MK_LOG, "/var/log/libvirt/qemu/a-serial.log" }, { MK_DEVNODE, "/dev/kvm" }, { MK_UNIX_LISTEN, "/var/lib/libvirt/qemu/domain-1-a/x.sock" }, { MK_TAP, "vnet0" }, { MK_LINE, "/dev/pts/3" } };
    static const struct { int kind; const char *path; } bad[] = { { MK_IMAGE, "/proc/kcore" }, { MK_IMAGE, "/proc" }, { MK_IMAGE, "/sys/x" }, { MK_IMAGE, "/etc/libvirt/qemu.conf" },
        { MK_BIND, "/run/libvirt/qemu/a.xml" }, { MK_SHARE, "/run/libvirt/qemu" }, { MK_SHARE, "/sys/fs" }, { MK_SHARE, "/" }, { MK_SHARE, "share" }, { MK_IMAGE, "/var/lib/libvirt/qemu/save/a.save" }, { MK_IMAGE, "/var/lib/libvirt/qemu/domain-1-a/monitor.sock" }, { MK_IMAGE, "/dev/mem" }, { MK_LINE, "/dev/mem" }, { MK_LINE, "/dev/fd/3" }, { MK_LINE, "/proc/self/fd/3" },
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
    tap_str(judged(MK_STATE, "/var/tmp/a.state", NULL), "", "a saved state");
    refused(MK_STATE, "/etc/libvirt/qemu/a.xml", NULL);
    refused(MK_STATE, "/proc/self/mem", NULL);
    tap_str(judged(MK_HELPER, "/srv/shared", NULL), "", "a folder that a helper sees");
    refused(MK_HELPER, "/etc/libvirt/qemu", NULL);
    refused(MK_HELPER, "/proc", NULL);
    tap_str(judged(MK_PERF, NULL, "page_faults"), "", "a performance event");
    tap_str(judged(MK_USB, NULL, NULL), "", "a USB device");
    tap_str(judged(MK_VFIO, "0000:07:00.0", "pci"), "", "a device behind VFIO, which a hand judges");
    tap_str(judged(MK_NODE, "/dev/vhost-scsi", NULL), "", "SCSI hosts of vhost");
    tap_str(judged(MK_NODE, "/dev/tpmrm0", NULL), "", "the host's TPM");
    refused(MK_NODE, "/dev/tpm", NULL);
    refused(MK_NODE, "/dev/vhost-net", NULL);
    tap_str(judged(MK_NODE, "/dev/vhost-vdpa-12", NULL), "", "a vDPA card");
    refused(MK_NODE, "/dev/vhost-vdpa", NULL);
    refused(MK_NODE, "/dev/vhost-vdpa-1x", NULL);
    refused(MK_NODE, "/dev/null", NULL);

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
