/* fuzz-plug: what a QEMU says while devices come and go. */
#include "qemu-fuzz.h"
#include "workers/qemu/plug.h"
#include "workers/tree-marks.h"

static int blob(const void *p, size_t n)
{
    int fd = frame_memfd("fuzz", p, n);
    if (fd < 0)
        abort();
    return fd;
}

static int devices_memfd(const struct tree *devices)
{
    struct mp_out o;
    mp_out_init(&o, 65536);
    tree_pack(&o, devices);
    int fd = blob(o.p, o.len);
    mp_out_free(&o);
    return fd;
}

static void tell(uint32_t what, const struct tree *devices)
{
    static const struct plug none;
    const struct manifest_head man = { .magic = MANIFEST_MAGIC, .bytes = sizeof man };
    const struct grants_head grants = { .magic = GRANTS_MAGIC, .monitor_fd = -1 };
    struct request rq = { .op = OP_IN(IN_PLUG), .arg = what, .serial = 1, .origin = 1 };
    struct frame f = { .h = { .op = OP_IN(IN_PLUG), .arg = what, .nfds = 3, .len = sizeof none }, .body = (const uint8_t *)&none, .body_len = sizeof none };
    f.fds[0] = devices_memfd(devices);
    f.fds[1] = blob(&man, sizeof man);
    f.fds[2] = blob(&grants, sizeof grants);
    if (what == PLUG_OUT) {
        close(f.fds[1]);
        close(f.fds[2]);
        f.h.nfds = 1;
    }
    later_call(&fuzz_worker, &rq, &f);
    frame_done(&f);
}

static void plug(uint32_t what, const char *alias, const char *port)
{
    AUTO_TREE *devices = tree_new("devices");
    struct tree *d = fuzz_device(devices, "input", alias), *a = tree_add(d, "address");
    tree_set_attr(d, "type", "tablet");
    tree_set_attr(d, "bus", "usb");
    tree_set_attr(a, "type", "usb");
    tree_set_attr(a, "bus", "0");
    tree_set_attr(a, "port", "%s", port);
    tell(what, devices);
}

/* QEMU is asked nothing of it. */
static void lease(bool goes)
{
    AUTO_TREE *devices = tree_new("devices");
    struct tree *d = tree_add(devices, "lease");
    tree_set_attr(d, MARK_GOES, goes ? "yes" : NULL);
    tree_add_text(d, "lockspace", "s");
    tree_add_text(d, "key", "k");
    tell(PLUG_CHANGE, devices);
    if (!tree_get(fuzz_guest.tree, "devices/lease") != goes)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = fuzz_begin();
    struct tree *usb = fuzz_device(tree_get(fuzz_guest.tree, "devices"), "controller", "usb");
    tree_set_attr(usb, "type", "usb");
    tree_set_attr(usb, "index", "0");
    /* The answers due, by id: 1 capabilities, 2 device_add, 3 device_del of it, 4 qom-list, and what that leads to. */
    lease(false);
    lease(true);
    plug(PLUG_IN, "input9", "2");
    plug(PLUG_OUT, "input9", "2");
    plug(PLUG_OUT, "virtio-disk0", "1");
    plug(PLUG_IN, "input8", "3");
    cleanup_load(&fuzz_guest, "{\"cleanup\":[{\"n\":3,\"do\":[{\"execute\":\"device_del\",\"arguments\":{\"id\":\"x\"}}],\"gone\":\"x\"}],\"gone\":[]}");
    fuzz_say(fd, data, size);
    unplug_look(&fuzz_guest);
    fuzz_say(fd, data, size);
    fuzz_finish(fd);
    return 0;
}
