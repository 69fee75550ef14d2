/* fuzz-probe.c: what probe reads.  The first byte says what the rest is: 0 an image (the second byte is the declared format), 1 a caps blob,
 * 2 all that a QEMU would say to caps_ask(); what that makes must be readable. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/manifest.h"
#include "ipc/util.h"
#include "workers/caps.h"
#include "workers/probe/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void image(const uint8_t *data, size_t size)
{
    struct probe_result r;
    struct err e = ERR_INIT;
    int fd = memfd_create("image", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1)
        abort();
    if (image_probe(fd, data[0] % (IMG_N + 1), &r, &e) == 0) {
        /* What is passed on is text, and a backing file has a name. */
        if (!memchr(r.backing, 0, sizeof r.backing) || !memchr(r.data_file, 0, sizeof r.data_file) || r.format >= IMG_N || r.backing_format >= IMG_N ||
            (r.has_backing && !r.backing[0]))
            abort();
    } else if (!e.code) {
        abort();
    }
    close(fd);
}

static void blob(const uint8_t *data, size_t size)
{
    struct caps c;
    if (caps_parse(&c, data, size, CAPS_HEADS) == 0)
        caps_free(&c);
    if (caps_parse(&c, data, size, CAPS_WHOLE))
        return;
    for (unsigned i = 0; i < c.n; i++) {
        const struct caps_emulator *em = &c.emulators[i];
        const struct caps_machine *m = caps_machine(em, NULL);
        if (m && caps_machine(em, m->name) == NULL)
            abort();
        caps_has_prop(em, "virtio-blk-pci", "iothread");
        caps_has_option(em, "sandbox", "spawn");
        caps_has_value(em, "BlockdevDriver", "qcow2");
        caps_has_device(em, "VGA");
        caps_cpu(em, CAPS_TCG, "max");
    }
    caps_free(&c);
}

static void answers(const uint8_t *data, size_t size)
{
    static const struct probe_caps who = { .emulator = "/usr/bin/qemu", .accel = "tcg" };
    struct err e = ERR_INIT;
    struct mp_out o;
    uint32_t version;
    int s[2];
    if (size > 150000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) < 0)
        return;
    if (write(s[1], data, size) != (ssize_t)size)
        abort();
    shutdown(s[1], SHUT_WR);
    mp_out_init(&o, CAPS_BYTES_MAX);
    if (caps_ask(s[0], &who, &o, &version, &e) == 0) {
        struct caps c;
        /* What it packs, its own reader takes, unless QEMU's answers were odd: then it must say so, not overrun. */
        if (caps_parse(&c, o.p, o.len, CAPS_WHOLE) == 0)
            caps_free(&c);
    } else if (!e.code) {
        abort();
    }
    mp_out_free(&o);
    close(s[0]);
    close(s[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    if (data[0] % 3 == 0)
        image(data + 1, size - 1);
    else if (data[0] % 3 == 1)
        blob(data + 1, size - 1);
    else
        answers(data + 1, size - 1);
    return 0;
}
