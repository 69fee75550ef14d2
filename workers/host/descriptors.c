/* descriptors.c: see descriptors.h. */
#include "workers/host/descriptors.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/loop.h"
#include "ipc/util.h"

/* Names of the format, in the order of ipc/firmware.h. */
static const char *const devices[] = { "flash", "kernel", "memory" }, *const modes[] = { "split", "combined", "stateless" };
static const char *const features[] = { "acpi-s3", "acpi-s4", "amd-sev", "amd-sev-es", "enrolled-keys", "requires-smm", "secure-boot" };
_Static_assert(ARRAY_N(devices) == FIRMWARE_DEVICE_N && ARRAY_N(modes) == FIRMWARE_MODE_N && ARRAY_N(features) == FIRMWARE_FEATURE_N, "a name each");
static const struct { const char *name; uint8_t bit; } interfaces[] = { { "bios", FIRMWARE_BIOS }, { "openfirmware", 0 }, { "uboot", 0 }, { "uefi", FIRMWARE_UEFI } };
/* Those that libvirt 9.0 knows: a descriptor for another one is one that it refuses. */
static const char *const archs[] = { "alpha", "armv6l", "armv7l", "armv7b", "aarch64", "cris", "i686", "ia64", "lm32", "loongarch64", "m68k", "microblaze", "microblazeel", "mips", "mipsel", "mips64",
    "mips64el", "openrisc", "parisc", "parisc64", "ppc", "ppcle", "ppc64", "ppc64le", "ppcemb", "riscv32", "riscv64", "s390", "s390x", "sh4", "sh4eb", "sparc", "sparc64", "unicore32", "x86_64", "xtensa", "xtensaeb" };

struct reader { const char *path; struct err *e; };

static int bad(struct reader *r, const char *what)
{
    return err_set(r->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "%s '%s'", what, r->path);
}

static int find(const char *const names[], size_t n, const char *name)
{
    for (size_t i = 0; name && i < n; i++)
        if (!strcmp(names[i], name))
            return (int)i;
    return -1;
}

/* A text that has to be there; one that is too long for dst is none that a host has. */
static int text(struct reader *r, const json_t *o, const char *key, const char *missing, char *dst, size_t n)
{
    const char *s = json_string_value(json_object_get(o, key));
    if (!s)
        return bad(r, missing);
    return util_copy_str(dst, n, s) < 0 ? bad(r, "a text is too long in") : 0;
}

static int read_flash(struct reader *r, const json_t *mapping, struct firmware *f)
{
    const json_t *image = json_object_get(mapping, "executable"), *vars = json_object_get(mapping, "nvram-template");
    const char *mode = json_string_value(json_object_get(mapping, "mode"));
    char format[sizeof f->format];
    int m = mode ? find(modes, ARRAY_N(modes), mode) : FIRMWARE_SPLIT;
    if (m < 0)
        return err_set(r->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "Firmware flash mode value '%s' unexpected", mode);
    f->mode = (uint8_t)m;
    if (!json_is_object(image))
        return bad(r, "missing 'executable' in");
    if (text(r, image, "filename", "missing 'filename' in", f->file, sizeof f->file) || text(r, image, "format", "missing 'format' in", f->format, sizeof f->format))
        return -1;
    if (f->mode != FIRMWARE_SPLIT)
        return 0;
    if (!json_is_object(vars))
        return bad(r, "missing 'nvram-template' in");
    return text(r, vars, "filename", "missing 'filename' in", f->nvram, sizeof f->nvram) || text(r, vars, "format", "missing 'format' in", format, sizeof format) ? -1 : 0;
}

static int read_mapping(struct reader *r, const json_t *root, struct firmware *f)
{
    const json_t *mapping = json_object_get(root, "mapping");
    if (!json_is_object(mapping))
        return bad(r, "missing mapping in");
    const char *device = json_string_value(json_object_get(mapping, "device"));
    int d = find(devices, ARRAY_N(devices), device);
    if (d < 0)
        return bad(r, device ? "unknown device type in" : "missing device type in");
    f->device = (uint8_t)d;
    const char *file = json_string_value(json_object_get(mapping, "filename"));
    if (d == FIRMWARE_FLASH)
        return read_flash(r, mapping, f);
    return file && util_copy_str(f->file, sizeof f->file, file) < 0 ? bad(r, "a text is too long in") : 0;
}

static int read_target(struct reader *r, const json_t *target, struct firmware *f)
{
    const char *arch = json_string_value(json_object_get(target, "architecture"));
    const json_t *machines = json_object_get(target, "machines"), *machine;
    size_t i;
    if (!arch)
        return bad(r, "missing 'architecture' in");
    arch = !strcmp(arch, "i386") ? "i686" : !strcmp(arch, "arm") ? "armv7l" : arch;     /* QEMU's names of libvirt's */
    if (find(archs, ARRAY_N(archs), arch) < 0)
        return err_set(r->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "unknown architecture '%s'", arch);
    if (!json_is_array(machines))
        return bad(r, "missing 'machines' in");
    json_array_foreach(machines, i, machine) {
        struct firmware_target *t = &f->targets[f->ntargets];
        const char *name = json_string_value(machine);
        if (!name)
            continue;
        if (f->ntargets == FIRMWARE_TARGETS_MAX || util_copy_str(t->machine, sizeof t->machine, name) < 0)
            return bad(r, "too many machines in");
        util_copy_str(t->arch, sizeof t->arch, arch);
        f->ntargets++;
    }
    return 0;
}

static int read_root(struct reader *r, const json_t *root, struct firmware *f)
{
    const json_t *list = json_object_get(root, "interface-types"), *v;
    size_t i, k;
    if (!json_is_array(list))
        return bad(r, "failed to get interface-types from");
    json_array_foreach(list, i, v) {
        const char *name = json_string_value(v);
        for (k = 0; k < ARRAY_N(interfaces) && !(name && !strcmp(interfaces[k].name, name)); k++);
        if (k == ARRAY_N(interfaces))
            return err_set(r->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "unknown interface type: '%s'", name ? name : "(null)");
        f->interfaces |= interfaces[k].bit;
    }
    if (read_mapping(r, root, f))
        return -1;
    if (!json_is_array(list = json_object_get(root, "targets")))
        return bad(r, "failed to get targets from");
    json_array_foreach(list, i, v)
        if (read_target(r, v, f))
            return -1;
    if (!json_is_array(list = json_object_get(root, "features")))
        return bad(r, "failed to get features from");
    json_array_foreach(list, i, v) {
        int n = find(features, ARRAY_N(features), json_string_value(v));
        f->features |= n < 0 ? 0 : 1u << n;
    }
    return 0;
}

int descriptor_parse(const char *path, const char *json, size_t n, struct firmware *out, struct err *e)
{
    struct reader r = { .path = path, .e = e };
    memset(out, 0, sizeof *out);
    json_t *root = json_loadb(json, n, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
    int got = root ? read_root(&r, root, out) : bad(&r, "unable to parse json file");
    json_decref(root);
    return got;
}

/* ---- the folders ---- */

struct entry { char name[256]; const char *folder; };

static int by_name(const void *a, const void *b) { return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name); }

/* The entries of a folder go into the list, of which there are n; how many there are then. */
static unsigned list_folder(const char *folder, struct entry *v, unsigned n)
{
    DIR *d = opendir(folder);
    for (struct dirent *de; d && (de = readdir(d)); ) {
        unsigned i = 0;
        if (*de->d_name == '.')
            continue;
        while (i < n && strcmp(v[i].name, de->d_name))
            i++;
        if (i == FIRMWARE_MAX) {
            log_warn("%s has more firmware descriptors than are read", folder);
            break;
        }
        util_copy_str(v[i].name, sizeof v[i].name, de->d_name);
        v[i].folder = folder;
        n += i == n;
    }
    if (d)
        closedir(d);
    return n;
}

/* One more row, unless the file is empty; -1: *e says what is wrong with it. */
static int read_entry(const struct entry *en, struct firmware_list *out, struct err *e)
{
    struct stat st;
    char path[512];
    util_format(path, sizeof path, "%s/%s", en->folder, en->name);
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(e, VIR_FROM_NONE, errno, "Failed to open file '%s'", path);
    if (!S_ISREG(st.st_mode) || st.st_size > DESCRIPTOR_BYTES_MAX)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "unable to parse json file '%s'", path);
    AUTO_FREE char *text = malloc((size_t)st.st_size + 1);
    ssize_t n = text ? util_read_full(fd, text, (size_t)st.st_size) : -ENOMEM;
    if (n < 0)
        return err_sys(e, VIR_FROM_NONE, (int)-n, "Failed to read file '%s'", path);
    if (n && descriptor_parse(path, text, (size_t)n, &out->v[out->n], e))
        return -1;
    out->n += n > 0;
    return 0;
}

void descriptors_read(const char *const folders[], struct firmware_list *out)
{
    static struct entry v[FIRMWARE_MAX];
    struct err e = ERR_INIT;
    unsigned n = 0;
    for (; *folders; folders++)
        n = list_folder(*folders, v, n);
    qsort(v, n, sizeof *v, by_name);
    out->n = 0;
    out->bad[0] = 0;
    for (unsigned i = 0; i < n; i++)
        if (read_entry(&v[i], out, &e)) {
            log_warn("no guest can have a firmware chosen for it: %s", e.detail);
            util_copy_str(out->bad, sizeof out->bad, e.detail);
            out->n = 0;
            return;
        }
}

/* ---- as they change ---- */

static const char *const folders[] = { "/usr/share/qemu/firmware", "/etc/qemu/firmware", NULL };
static struct { struct firmware_page *page; struct loop_source watch; } keeps;

static void renew(void)
{
    static struct firmware_list list;
    /* A folder that is not there yet is seen to come by the one above it. Before they are read: what changes meanwhile is an event then. */
    static const struct { const char *path; uint32_t events; } watched[] = {
        { "/usr/share/qemu", IN_CREATE | IN_MOVED_TO }, { "/etc/qemu", IN_CREATE | IN_MOVED_TO },
        { "/usr/share/qemu/firmware", IN_CREATE | IN_CLOSE_WRITE | IN_MOVE | IN_DELETE | IN_ATTRIB }, { "/etc/qemu/firmware", IN_CREATE | IN_CLOSE_WRITE | IN_MOVE | IN_DELETE | IN_ATTRIB },
    };
    for (size_t i = 0; keeps.watch.fd >= 0 && i < ARRAY_N(watched); i++)
        inotify_add_watch(keeps.watch.fd, watched[i].path, watched[i].events);
    descriptors_read(folders, &list);
    firmware_write(keeps.page, &list);
}

static void on_event(struct loop_source *s, uint32_t events)
{
    char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    (void)events;
    if (read(s->fd, buf, sizeof buf) > 0)
        renew();
}

void descriptors_keep(struct firmware_page *p)
{
    keeps.page = p;
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0 || loop_add(&keeps.watch, fd, EPOLLIN, on_event, NULL) < 0) {
        log_warn("firmware that is installed from now on is not seen: %s", strerror(errno));
        keeps.watch.fd = -1;
    }
    renew();
}
