/* What a saved document may ask for: what its guest had, in whatever order, and nothing else. */
#include <string.h>
#include "tests/tap.h"
#include "workers/conf/kept.h"
#include "ipc/manifest.h"
#include "ipc/util.h"

struct row { struct manifest_entry m; const char *path, *aux; };
#define IMAGE(p, fmt, fl) { { .kind = MK_IMAGE, .parent = -1, .format = fmt, .flags = fl }, p, NULL }
#define TAP(n) { { .kind = MK_TAP, .parent = -1, .a = 1, .mac = { 2, 0, 0, 0, 0, n } }, "", "br0" }
#define FILTER(tap, text) { { .kind = MK_FILTER, .parent = tap }, NULL, text }
#define LINK(tap, text) { { .kind = MK_LINK, .parent = tap }, NULL, text }
#define SOCKET(p) { { .kind = MK_UNIX_LISTEN, .parent = -1 }, p, NULL }

static const struct row had[] = {
    IMAGE("/i/top", IMG_QCOW2, MF_PROBE), { { .kind = MK_IMAGE, .parent = 0, .format = IMG_RAW, .flags = MF_RO | MF_BACKING | MF_PROBE }, "/i/base", NULL }, IMAGE("/i/raw", IMG_RAW, 0),
    IMAGE("/i/found", IMG_QCOW2, MF_PROBE), SOCKET("/srv/domain-x.sock"), SOCKET("/srv/domain-7-x.sock"), SOCKET("/lib/domain-3-g/vnc.sock"), SOCKET("/lib/channel/target/domain-3-g/org.example.0"),
    { { .kind = MK_TCP_LISTEN, .parent = -1, .b = 5900, .c = 65535, .flags = MF_WORKER }, NULL, "127.0.0.1" },
    { { .kind = MK_TAP, .parent = -1, .a = 1, .mac = { 2, 0, 0, 0, 0, 1 } }, "", "br0" },
    { { .kind = MK_LINK, .parent = 0 }, "virbr0", "in=1,0,0 port=00000000-0000-4000-8000-000000000001 net=a b" },
    { { .kind = MK_TAP, .parent = -1, .a = 1, .mac = { 2, 0, 0, 0, 0, 3 } }, "vnet7", "br0" }, { { .kind = MK_PTY, .parent = -1 }, "/dev/pts/7", NULL },
    TAP(4), FILTER(13, "a"), { { .kind = MK_SECRET, .parent = -1 }, "iv=x data=y", "volume usage=mine" },
    IMAGE("/i/gone", IMG_RAW, MF_GONE),
};

static size_t make(uint8_t *buf, size_t cap, const struct row *rows, size_t n)
{
    struct manifest_out out;
    manifest_begin(&out, buf, cap);
    for (size_t i = 0; i < n; i++) {
        struct manifest_entry m = rows[i].m;
        manifest_add(&out, &m, rows[i].path, rows[i].aux);
    }
    return (size_t)manifest_finish(&out);
}

static int asks(const struct row *rows, size_t n, struct err *e)
{
    uint8_t h[8192], a[8192];
    size_t hn = make(h, sizeof h, had, ARRAY_N(had)), an = make(a, sizeof a, rows, n);
    *e = (struct err)ERR_INIT;
    return kept_covers(h, hn, a, an, "/lib", e);
}

int main(void)
{
    static const struct { struct row r; const char *what; } good[] = {
        { IMAGE("/i/top", IMG_QCOW2, MF_PROBE), "the same" }, { IMAGE("/i/top", IMG_QCOW2, 0), "no look at what it stands on" },
        { IMAGE("/i/base", IMG_RAW, MF_RO), "a layer that a header named, by its name" }, { IMAGE("/i/found", IMG_NONE, MF_PROBE), "a format that is to be found again" },
        { IMAGE(NULL, IMG_NONE, MF_EMPTY), "a drive without medium" }, { SOCKET("/lib/channel/target/domain-14-g/org.example.0"), "a socket of this run" }, { SOCKET("/lib/domain-14-g/vnc.sock"), "its screen's" },
        { { { .kind = MK_TAP, .parent = -1, .a = 1, .mac = { 2, 0, 0, 0, 0, 1 } }, "", "br0" }, "the interface" },
        { { { .kind = MK_LINK, .parent = -1 }, NULL, "out=5,0,0" }, "limits" }, { { { .kind = MK_PERF, .parent = -1 }, NULL, "page_faults" }, "an event" },
        { { { .kind = MK_TAP, .parent = -1, .a = 1, .mac = { 2, 0, 0, 0, 0, 3 } }, "", "br0" }, "an interface by a name that is made up" }, { { { .kind = MK_PTY, .parent = -1 }, NULL, NULL }, "another terminal" }, { { { .kind = MK_SECRET, .parent = -1 }, NULL, "volume usage=mine" }, "a secret that is to be looked up again" }, { { { .kind = MK_LINK, .parent = -1 }, NULL, "port=00000000-0000-4000-8000-000000000002 net=a b" }, "its network by another port" },
    }, bad[] = {
        { IMAGE("/i/other", IMG_RAW, 0), "another file" }, { IMAGE("/i/gone", IMG_RAW, 0), "a file of a device that had gone" }, { IMAGE("/i/gone", IMG_RAW, MF_GONE), "by the same mark" }, { IMAGE("/i/base", IMG_RAW, 0), "to write what was read-only" }, { IMAGE("/i/raw", IMG_QCOW2, 0), "another format" },
        { IMAGE("/i/raw", IMG_RAW, MF_PROBE), "a look at what it stands on" }, { IMAGE("/i/raw", IMG_NONE, MF_PROBE), "a guess at a format that was told" },
        { IMAGE("/i/raw", IMG_RAW, MF_SHARED), "an image without its lock" }, { IMAGE("/i/raw", IMG_RAW, MF_OPTIONAL), "other flags" }, { IMAGE(NULL, IMG_NONE, 0), "no path" },
        { { { .kind = MK_BIND, .parent = -1 }, "/i/raw", NULL }, "the same file for something else" }, { SOCKET("/lib/channel/target/domain-3-h/org.example.0"), "another guest's socket" },
        { SOCKET("/lib/channel/target/domain-/org.example.0"), "a socket of no run" }, { SOCKET("/srv/domain-3-g/org.example.0"), "a socket elsewhere" }, { SOCKET("/srv/domain-8-x.sock"), "a socket beside one that the document named" },
        { { { .kind = MK_TCP_LISTEN, .parent = -1, .b = 5900, .c = 65535, .flags = MF_WORKER }, NULL, "0.0.0.0" }, "another address" },
        { { { .kind = MK_TCP_LISTEN, .parent = -1, .a = 22, .b = 5900, .c = 65535, .flags = MF_WORKER }, NULL, "127.0.0.1" }, "another port" },
        { { { .kind = MK_TAP, .parent = -1, .a = 1, .mac = { 2, 0, 0, 0, 0, 1 } }, "", "br1" }, "another bridge" },
        { { { .kind = MK_TAP, .parent = -1, .a = 1, .mac = { 2, 0, 0, 0, 0, 2 } }, "", "br0" }, "another's address" }, { { { .kind = MK_HOSTNET, .parent = -1 }, NULL, NULL }, "the host's network" },
        { { { .kind = MK_LINK, .parent = -1 }, NULL, "port=00000000-0000-4000-8000-000000000001 net=a" }, "another network" },
        { TAP(4), "an interface without its filter" },
        { { { .kind = MK_SECRET, .parent = -1 }, NULL, "volume usage=yours" }, "another secret" }, { { { .kind = MK_SECRET, .parent = -1 }, "iv=a data=b", "volume usage=mine" }, "the value of another secret" },
    };
    static const struct row filtered[] = { TAP(4), FILTER(0, "a") }, others[] = { TAP(4), FILTER(0, "b") }, anew[] = { TAP(1), FILTER(0, "a") }, swapped[] = { TAP(1), TAP(4), FILTER(0, "a") };
    struct err e;
    tap_ok(asks(had, ARRAY_N(had) - 1, &e) == 0, "all that it had");
    tap_ok(asks(NULL, 0, &e) == 0, "nothing");
    for (size_t i = 0; i < ARRAY_N(good); i++)
        tap_ok(asks(&good[i].r, 1, &e) == 0, "%s: %s", good[i].what, e.detail);
    for (size_t i = 0; i < ARRAY_N(bad); i++)
        tap_ok(asks(&bad[i].r, 1, &e) < 0 && e.code == VIR_ERR_OPERATION_FAILED, "refused: %s", bad[i].what);
    tap_ok(asks(filtered, 2, &e) == 0, "an interface with its filter: %s", e.detail);
    tap_ok(asks(others, 2, &e) < 0 && asks(anew, 2, &e) < 0 && asks(swapped, 3, &e) < 0, "but not with another one, nor by another interface");
    uint8_t h[8192], other[8192];
    static const struct row apart[] = { TAP(1), LINK(0, "isolated=1") }, kept[] = { TAP(1), LINK(0, "frames=2 isolated=1") }, beside[] = { TAP(1), LINK(0, "isolated=0") }, named[] = { TAP(1), LINK(0, "net=a isolated=1") };
    size_t n = make(h, sizeof h, apart, 2);
    static const struct row at[] = { TAP(1), LINK(0, "in=1,0,0 host=10.0.0.1/24") }, none[] = { TAP(1), LINK(0, "in=1,0,0") }, all[] = { TAP(1), LINK(0, "host=10.0.0.1/24;0.0.0.0/0>10.0.0.2@1") };
    tap_ok(kept_covers(h, n, other, make(other, sizeof other, kept, 2), "/lib", &e) == 0 && kept_covers(h, n, other, make(other, sizeof other, kept, 1), "/lib", &e) < 0 &&
           kept_covers(h, n, other, make(other, sizeof other, beside, 2), "/lib", &e) < 0 && kept_covers(h, n, other, make(other, sizeof other, named, 2), "/lib", &e) < 0, "a port that was kept apart is so again");
    n = make(h, sizeof h, at, 2);
    tap_ok(kept_covers(h, n, other, make(other, sizeof other, at, 2), "/lib", &e) == 0 && kept_covers(h, n, other, make(other, sizeof other, none, 2), "/lib", &e) == 0 &&
           kept_covers(h, n, other, make(other, sizeof other, all, 2), "/lib", &e) < 0 && kept_covers(other, make(other, sizeof other, none, 2), h, n, "/lib", &e) < 0, "the host gets no address or route that it had not");
    static const struct row port[] = { TAP(1), LINK(0, "in=1,0,0 ovs=i,g,,5,,") }, again[] = { TAP(1), LINK(0, "frames=2 ovs=i,g,,5,,") }, tagged[] = { TAP(1), LINK(0, "ovs=i,g,,56,,") }, longer[] = { TAP(1), LINK(0, "ovs=i,g,,5,,p") };
    n = make(h, sizeof h, port, 2);
    tap_ok(kept_covers(h, n, other, make(other, sizeof other, again, 2), "/lib", &e) == 0 && kept_covers(h, n, other, make(other, sizeof other, port, 1), "/lib", &e) < 0 && kept_covers(h, n, other, make(other, sizeof other, tagged, 2), "/lib", &e) < 0 &&
           kept_covers(h, n, other, make(other, sizeof other, longer, 2), "/lib", &e) < 0 && kept_covers(other, make(other, sizeof other, none, 2), h, n, "/lib", &e) < 0, "a switch gets the port that it had, with its VLANs");
    static const struct row moved[] = { TAP(1), { { .kind = MK_LINK, .parent = 0, .b = 1 }, "br1", "" } }, there[] = { { { .kind = MK_TAP, .parent = -1, .a = 1, .mac = { 2, 0, 0, 0, 0, 1 } }, "", "br1" } },
        left[] = { TAP(1), { { .kind = MK_LINK, .flags = MF_GONE, .parent = 0 }, "br1", "" } };
    n = make(h, sizeof h, moved, 2);
    tap_ok(kept_covers(h, n, other, make(other, sizeof other, there, 1), "/lib", &e) == 0 && kept_covers(h, n, other, make(other, sizeof other, left, 1), "/lib", &e) < 0, "a tap that was moved comes back where it was then");
    n = make(h, sizeof h, left, 2);
    tap_ok(kept_covers(h, n, other, make(other, sizeof other, there, 1), "/lib", &e) < 0 && kept_covers(h, n, other, make(other, sizeof other, left, 1), "/lib", &e) == 0, "and not where it has left");
    n = make(h, sizeof h, had, ARRAY_N(had));
    e = (struct err)ERR_INIT;
    tap_ok(kept_covers(h, n - 8, h, n, "/lib", &e) < 0 && kept_covers(h, n, h, n - 8, "/lib", &e) < 0 && kept_covers("", 0, h, n, "/lib", &e) < 0, "what is cut off is malformed");
    return tap_done();
}
