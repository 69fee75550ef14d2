/* probe as a process: images of every format, hostile headers, and a real QEMU's capabilities through the blob and its reader. */
#include <sys/stat.h>
#include "fakesup.h"
#include "tests/tap.h"
#include "workers/caps.h"

#define EMULATOR "/usr/bin/qemu-system-x86_64"

static struct fakesup sup;
static char dir[64];
static struct probe_result res;
static char error[2048];
static const char *as = "";         /* the image's path, as the probe is told it */

static const char *in_dir(const char *name)
{
    static char path[4][256];
    static int i;
    snprintf(path[++i % 4], 256, "%s/%s", dir, name);
    return path[i % 4];
}

/* Probes a file; true when there was a result. */
static bool probe(const char *path, uint32_t want)
{
    struct probe_req rq = { .want_format = want };
    struct birth b = { .uid = geteuid() ? 0xffffffffu : 65534u, .gid = geteuid() ? 0xffffffffu : 65534u, .flags = geteuid() ? BIRTH_SESSION : 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    util_copy_str(rq.path, sizeof rq.path, as);
    memset(&res, 0, sizeof res);
    error[0] = 0;
    if (fd < 0 || fakesup_spawn(&sup, ROLE_PROBE, b, NULL) < 0)
        return false;
    int fds[] = { fd, frame_memfd("question", &rq, sizeof rq) }, r = fakesup_call(&sup, OP_IN(IN_PROBE_IMAGE), 0, 0, NULL, 0, fds, 2);
    close(fds[1]);
    bool ok = r == 1 && sup.reply.h.kind == FRAME_REPLY && sup.reply.body_len == sizeof res;
    if (ok) {
        memcpy(&res, sup.reply.body, sizeof res);
    } else if (r == 1) {
        struct err e;
        err_from_wire(&e, sup.reply.body, sup.reply.body_len);
        snprintf(error, sizeof error, "%s", e.detail);
    } else {
        snprintf(error, sizeof error, "no answer (%d)", r);
    }
    close(fd);
    int status = fakesup_end(&sup);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        snprintf(error, sizeof error, "ended with %x", status), ok = false;
    return ok;
}

static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *fmt, ...)
{
    char cmd[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = snprintf(cmd, sizeof cmd, "cd %s && ", dir);
    vsnprintf(cmd + n, sizeof cmd - (size_t)n, fmt, ap);
    va_end(ap);
    if (system(cmd))
        tap_note("failed: %s", cmd);
}

static void images(void)
{
    static const struct { const char *fmt; int format; uint64_t size; } rows[] = { { "qcow2", IMG_QCOW2, 64 << 20 }, { "qcow", IMG_QCOW, 64 << 20 }, { "qed", IMG_QED, 64 << 20 },
        { "vmdk", IMG_VMDK, 64 << 20 }, { "vdi", IMG_VDI, 64 << 20 }, { "vhdx", IMG_VHDX, 0 }, { "parallels", IMG_PLOOP, 64 << 20 }, { "raw", IMG_RAW, 64 << 20 } };
    if (access("/usr/bin/qemu-img", X_OK)) {
        tap_note("no qemu-img");
        return;
    }
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        run("qemu-img create -q -f %s i.%s 64M", rows[i].fmt, rows[i].fmt);
        char name[32];
        snprintf(name, sizeof name, "i.%s", rows[i].fmt);
        bool ok = probe(in_dir(name), IMG_NONE);
        tap_ok(ok && res.format == (uint32_t)rows[i].format && res.virtual_size == rows[i].size && !res.has_backing, "%s: format %u, %llu bytes %s", rows[i].fmt, res.format, (unsigned long long)res.virtual_size, error);
    }
    run("qemu-img create -q -f qcow2 -o compat=0.10 old.qcow2 1G");
    tap_ok(probe(in_dir("old.qcow2"), IMG_QCOW2) && res.virtual_size == 1u << 30 && res.cluster == 65536, "qcow2 of version 2");
    run("qemu-img create -q -f qcow2 -b i.qcow2 -F qcow2 top.qcow2");
    tap_ok(probe(in_dir("top.qcow2"), IMG_QCOW2) && res.has_backing && !strcmp(res.backing, "i.qcow2") && res.backing_format == IMG_QCOW2, "backing file with its format: %s", res.backing);
    run("qemu-img rebase -u -F qcow2 -b 'json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"/x/y.img\"}}' top.qcow2");
    tap_ok(probe(in_dir("top.qcow2"), IMG_QCOW2) && !strcmp(res.backing, "/x/y.img") && res.backing_format == IMG_QCOW2, "backing file in JSON: %s %s", res.backing, error);
    run("qemu-img rebase -u -F raw -b 'file:///x/z' top.qcow2");
    tap_ok(probe(in_dir("top.qcow2"), IMG_QCOW2) && !strcmp(res.backing, "/x/z") && res.backing_format == IMG_RAW, "backing file as URI: %s %s", res.backing, error);
    run("qemu-img rebase -u -F raw -b 'nbd://localhost/x' top.qcow2");
    tap_ok(!probe(in_dir("top.qcow2"), IMG_QCOW2) && strstr(error, "is not supported"), "a backing store elsewhere: %s", error);
    static const struct { const char *image, *name, *is; } named[] = {
        { "/a/b/top", "i.img", "/a/b/i.img" }, { "/a//b/./top", "../c/./x/../i.img", "/a/c/i.img" }, { "/top", "../../../etc/x", "/etc/x" }, { "/a/top", "//x/./y", "/x/y" },
        { "/a/top", "/..", NULL }, { "/a/top", "nbd:x", NULL }, { "top", "i.img", NULL },
    };
    for (size_t i = 0; i < ARRAY_N(named); i++) {
        run("qemu-img create -q -f qcow2 top.qcow2 1M && qemu-img rebase -q -u -f qcow2 -b '%s' -F raw top.qcow2", named[i].name);
        as = named[i].image;
        bool ok = probe(in_dir("top.qcow2"), IMG_QCOW2);
        tap_ok(named[i].is ? ok && !strcmp(res.backing, named[i].is) : !ok, "%s of %s: %s %s", named[i].name, as, res.backing, error);
    }
    as = "";
    tap_ok(probe(in_dir("top.qcow2"), IMG_RAW) && res.format == IMG_RAW && !res.has_backing, "a disk that the document calls raw is not looked into");
    run("qemu-img create -q -f qcow2 -o data_file=d.raw,data_file_raw=on df.qcow2 1M");
    tap_ok(probe(in_dir("df.qcow2"), IMG_QCOW2) && !strcmp(res.data_file, "d.raw"), "external data file: %s", res.data_file);
    run("qemu-img create -q -f qed -b i.raw -F raw top.qed");
    tap_ok(probe(in_dir("top.qed"), IMG_NONE) && !strcmp(res.backing, "i.raw") && res.backing_format == IMG_RAW, "QED's backing file");
    run("qemu-img create -q -f vmdk -b i.vmdk -F vmdk top.vmdk");
    tap_ok(probe(in_dir("top.vmdk"), IMG_NONE) && !strcmp(res.backing, "i.vmdk") && res.backing_format == IMG_VMDK, "VMDK's parent: %s", res.backing);
    run("qemu-img create -q --object secret,id=s,data=abc -f luks -o key-secret=s,iter-time=10 i.luks 1M");
    /* Under load it cannot measure its key derivation, and gives up. */
    if (access(in_dir("i.luks"), F_OK) == 0 && probe(in_dir("i.luks"), IMG_NONE))
        tap_ok(res.format == IMG_LUKS && res.encrypted && res.virtual_size == 1 << 20, "LUKS: %llu", (unsigned long long)res.virtual_size);
    run("qemu-img create -q --object secret,id=s,data=abc -f qcow2 -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 e.qcow2 1M");
    if (access(in_dir("e.qcow2"), F_OK) == 0 && probe(in_dir("e.qcow2"), IMG_NONE))
        tap_ok(res.format == IMG_QCOW2 && res.encrypted, "encrypted qcow2");
    run("truncate -s 40000 i.iso && printf CD001 | dd of=i.iso bs=1 seek=32769 conv=notrunc status=none");
    tap_ok(probe(in_dir("i.iso"), IMG_NONE) && res.format == IMG_ISO, "ISO 9660");
}

static void put32(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 24); p[1] = (uint8_t)(v >> 16); p[2] = (uint8_t)(v >> 8); p[3] = (uint8_t)v; }

static void hostile(void)
{
    /* A good version 3 header, then one thing wrong at a time. */
    static const struct { const char *what, *text; size_t at; uint32_t value; } rows[] = {
        { "cluster bits 0", "bad cluster size", 20, 0 }, { "cluster bits 63", "bad cluster size", 20, 63 }, { "header length 8", "bad header length", 100, 8 },
        { "header length huge", "bad cluster size", 100, 0xffffffff }, { "extension runs out", "extension runs over", 108, 0xfffffff0 },
        { "backing name far away", "backing file name", 8, 0x7fffffff }, { "backing name too long", "backing file name", 16, 0xffffffff },
        { "backing name of 4096 bytes", "backing file name", 16, 4096 }, { "backing name with a NUL", "backing file name", 16, 1000 } };
    uint8_t h[8192];
    for (size_t i = 0; i <= ARRAY_N(rows); i++) {
        memset(h, 0, sizeof h);
        memcpy(h, "QFI\xfb", 4);
        put32(h + 4, 3);
        put32(h + 12, 512);
        put32(h + 16, 3);
        put32(h + 20, 16);
        put32(h + 28, 1 << 20);
        put32(h + 100, 104);
        put32(h + 104, 0xe2792aca);
        put32(h + 108, 3);
        memcpy(h + 112, "raw", 3);
        memcpy(h + 512, "abc", 3);
        if (i < ARRAY_N(rows))
            put32(h + rows[i].at, rows[i].value);
        int fd = open(in_dir("bad"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (write(fd, h, sizeof h) != sizeof h)
            return;
        close(fd);
        bool ok = probe(in_dir("bad"), IMG_QCOW2);
        if (i == ARRAY_N(rows))
            tap_ok(ok && !strcmp(res.backing, "abc") && res.backing_format == IMG_RAW, "the header itself is good: %s", error);
        else
            tap_ok(!ok && strstr(error, rows[i].text), "%s: %s", rows[i].what, error);
    }
    put32(h + 104, 0);
    int fd = open(in_dir("bad"), O_WRONLY);
    if (write(fd, h, sizeof h) == sizeof h)
        tap_ok(probe(in_dir("bad"), IMG_QCOW2) && res.has_backing && res.backing_format == IMG_NONE, "a backing file whose format is not told");
    close(fd);
    if (truncate(in_dir("bad"), 50) == 0)
        tap_ok(!probe(in_dir("bad"), IMG_QCOW2) && strstr(error, "too short"), "a short header: %s", error);
    close(open(in_dir("empty"), O_CREAT | O_WRONLY, 0600));
    tap_ok(probe(in_dir("empty"), IMG_QCOW2) && res.format == IMG_QCOW2 && !res.has_backing, "an empty file");
    tap_ok(!probe("/dev/null", IMG_NONE), "no image at all: %s", error);
}

static void caps(void)
{
    int q[2];
    struct birth b = { .uid = geteuid() ? 0xffffffffu : 65534u, .gid = geteuid() ? 0xffffffffu : 65534u, .flags = geteuid() ? BIRTH_SESSION : 0 };
    struct probe_caps who = { .emulator = EMULATOR, .accel = "tcg" };
    struct caps c = { 0 };
    if (access(EMULATOR, X_OK)) {
        tap_note("no QEMU");
        return;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, q) < 0)
        return;
    uint64_t t = util_now_ms();
    pid_t p = fork();
    if (p == 0) {
        dup2(q[1], 10);
        execl(EMULATOR, EMULATOR, "-nodefaults", "-display", "none", "-chardev", "socket,id=m,fd=10", "-mon", "chardev=m,mode=control", "-machine", "none,accel=tcg", "-S", NULL);
        _exit(1);
    }
    close(q[1]);
    fakesup_spawn(&sup, ROLE_PROBE, b, NULL);
    int r = fakesup_call(&sup, OP_IN(IN_PROBE_CAPS), 0, 0, &who, sizeof who, &q[0], 1);
    close(q[0]);
    tap_note("asked in %u ms", (unsigned)(util_now_ms() - t));
    if (r == 1 && sup.reply.h.kind == FRAME_ERROR)
        tap_note("%s", ((const struct err *)sup.reply.body)->detail);
    bool ok = tap_ok(r == 1 && sup.reply.h.kind == FRAME_REPLY && sup.reply.h.nfds == 1, "a QEMU tells about itself");
    ok = ok && tap_ok(caps_load(&c, sup.reply.fds[0], CAPS_WHOLE) == 0 && c.n == 1, "and it can be read");
    if (ok) {
        struct stat st;
        fstat(sup.reply.fds[0], &st);
        const struct caps_emulator *e = caps_find(&c, EMULATOR, "x86_64");
        tap_note("%lld bytes, %u machines, %u devices, %u cpus", (long long)st.st_size, e->nmachines, e->devices.n, e->cpus[CAPS_TCG].n);
        tap_ok(e && e->version >= 4002000 && e->has_accel[CAPS_TCG] && !e->has_accel[CAPS_KVM], "version %u (%s)", e->version, e->package);
        const struct caps_machine *pc = caps_machine(e, "pc"), *q35 = caps_machine(e, "q35"), *def = caps_machine(e, NULL);
        tap_ok(pc && !strncmp(pc->name, "pc-i440fx-", 10) && pc->cpus_max >= 255 && !strcmp(pc->ram_id, "pc.ram") && def == pc && q35 && q35 != pc && caps_machine(e, pc->name) == pc && !caps_machine(e, "nosuch"), "machines by name, alias and default");
        tap_ok(caps_has_device(e, "virtio-blk-pci") && !caps_has_device(e, "virtio-blk") && caps_has_object(e, "iothread") && caps_has_command(e, "blockdev-add"), "devices, objects, commands");
        tap_ok(caps_has_prop(e, "virtio-blk-pci", "iothread") && !caps_has_prop(e, "virtio-blk-pci", "nosuch") && caps_has_option(e, "sandbox", "elevateprivileges") && caps_has_option(e, "spice", NULL) == !!caps_has_option(e, "spice", NULL), "properties and options");
        tap_ok(caps_has_value(e, "BlockdevDriver", "qcow2") && caps_has_value(e, "NetClientDriver", "tap") && caps_has_value(e, "ChardevBackendKind", "socket") && caps_has_value(e, "DisplayType", "egl-headless") && caps_has_value(e, "MigrationCapability", "xbzrle") && !caps_has_value(e, "BlockdevDriver", "x"), "values of the schema");
        const struct caps_cpu *cpu = caps_cpu(e, CAPS_TCG, "Haswell");
        tap_ok(cpu && caps_list_has(&cpu->features, "avx2") && !caps_list_has(&cpu->features, "avx512f"), "processor models: %u features", cpu ? cpu->features.n : 0);
        struct caps heads = { 0 };
        const struct caps_emulator *h = caps_load(&heads, sup.reply.fds[0], CAPS_HEADS) == 0 ? caps_find(&heads, EMULATOR, NULL) : NULL;
        tap_ok(h && h->devices.n == e->devices.n && caps_has_device(h, "virtio-blk-pci") && caps_machine(h, "q35") && !caps_cpu(h, CAPS_TCG, "Haswell"), "heads alone have machines and devices");
        if (h)
            caps_free(&heads);
        /* Cut and broken blobs are refused, never overrun. */
        const void *blob;
        size_t n;
        int bad = 0, taken = 0;
        if (frame_map(sup.reply.fds[0], CAPS_BYTES_MAX, &blob, &n) == 0) {
            struct caps x = { 0 };
            uint8_t *copy = malloc(2 * n);
            memcpy(copy, blob, n);
            memcpy(copy + n, blob, n);
            tap_ok(caps_parse(&x, copy, 2 * n, CAPS_WHOLE) == 0 && x.n == 1, "two parts of one binary are one emulator");
            caps_free(&x);
            for (size_t k = 0; k < n; k += n / 97) {
                int parsed = caps_parse(&x, blob, k, CAPS_WHOLE);
                if (parsed == 0)
                    caps_free(&x);
                bad += parsed != 0 || k == 0;
            }
            srand(1);
            for (int k = 0; k < 2000; k++) {
                memcpy(copy, blob, n);
                for (int m = 0; m < 4; m++)
                    copy[(size_t)rand() % (k % 2 ? n : 2000)] = (uint8_t)rand();
                struct caps y = { 0 };
                if (caps_parse(&y, copy, n, CAPS_WHOLE) == 0) {
                    taken++;
                    caps_free(&y);
                }
            }
            free(copy);
            tap_ok(bad >= 97, "a cut blob is refused; %d of 2000 damaged ones had no error to see", taken);
        }
        caps_free(&c);
    }
    fakesup_end(&sup);
    kill(p, SIGKILL);
    waitpid(p, NULL, 0);
}

int main(void)
{
    snprintf(dir, sizeof dir, "/tmp/probe-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    images();
    hostile();
    caps();
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    if (system(cmd))
        return 1;
    return tap_done();
}
