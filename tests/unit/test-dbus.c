/* test-dbus: messages to the bus and to polkit, byte by byte where it matters, and what comes back: truths and lies. */
#include <string.h>
#include "tests/tap.h"
#include "workers/auth/dbus.h"

/* An answer of polkit's as a bus of this machine passes it on; its length. */
static size_t answer(uint8_t *p, uint32_t yes, uint32_t challenge, const char *key, uint8_t type, const char *signature)
{
    static const uint8_t first[] = { __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B', 2, 1, 1 };
    uint32_t words[3] = { 0, 77, 0 }, reply = 9, n;
    size_t at = 16, sig = strlen(signature);
    memset(p, 0, 512);
    memcpy(p, first, 4);
    p[1] = type;
    memcpy(p + at, "\5\1u\0", 4);
    memcpy(p + at + 4, &reply, 4);
    at += 8;
    memcpy(p + at, "\10\1g\0", 4);
    p[at + 4] = (uint8_t)sig;
    memcpy(p + at + 5, signature, sig + 1);
    at += 4 + 1 + sig + 1;
    words[2] = (uint32_t)(at - 16);
    at = (at + 7) / 8 * 8;
    size_t body = at;
    memcpy(p + at, &yes, 4);
    memcpy(p + at + 4, &challenge, 4);
    at += 16;           /* and the array's length, and its padding */
    size_t first_entry = at;
    if (*key) {
        n = (uint32_t)strlen(key);
        memcpy(p + at, &n, 4);
        memcpy(p + at + 4, key, n + 1);
        at = (at + 4 + n + 1 + 3) / 4 * 4;
        n = 4;
        memcpy(p + at, &n, 4);
        memcpy(p + at + 4, "true", 5);
        at += 9;
    }
    n = (uint32_t)(at - first_entry);
    memcpy(p + body + 8, &n, 4);
    words[0] = (uint32_t)(at - body);
    memcpy(p + 4, words, sizeof words);
    return at;
}

static void test_answers(void)
{
    uint8_t p[512];
    struct dbus_message m;
    size_t n = answer(p, 1, 0, "", 2, "(bba{ss})");
    tap_ok(dbus_read(p, n, &m) == (long)n && m.kind == DBUS_ANSWER && m.serial == 9 && m.checked && m.authorized && !m.challenge, "yes");
    for (size_t i = 0; i < n; i++)
        if (dbus_read(p, i, &m) != 0 || m.authorized)
            tap_ok(false, "%zu bytes of it are not enough", i);
    n = answer(p, 0, 1, "polkit.dismissed", 2, "(bba{ss})");
    tap_ok(dbus_read(p, n, &m) == (long)n && m.checked && !m.authorized && m.challenge && m.dismissed, "a prompt that was sent away");
    n = answer(p, 0, 1, "polkit.other", 2, "(bba{ss})");
    tap_ok(dbus_read(p, n, &m) == (long)n && m.checked && m.challenge && !m.dismissed, "another detail");
    n = answer(p, 1, 0, "", 2, "(bbas)");
    tap_ok(dbus_read(p, n, &m) == (long)n && !m.checked && !m.authorized, "an answer of another shape is no yes");
    n = answer(p, 1, 0, "", 4, "(bba{ss})");
    tap_ok(dbus_read(p, n, &m) == (long)n && m.kind == DBUS_OTHER && !m.authorized, "a signal is no yes");
    n = answer(p, 1, 0, "", 3, "(bba{ss})");
    tap_ok(dbus_read(p, n, &m) == (long)n && m.kind == DBUS_ERROR && !m.authorized, "an error is no yes");
    n = answer(p, 2, 0, "", 2, "(bba{ss})");
    tap_ok(dbus_read(p, n, &m) == -1 && !m.authorized, "a truth of two");
    n = answer(p, 1, 0, "polkit.dismissed", 2, "(bba{ss})");
    p[n - 1] = 'x';
    tap_ok(dbus_read(p, n, &m) == -1 && !m.authorized, "a text without an end");
    memset(p + 4, 0xff, 4);
    tap_ok(dbus_read(p, n, &m) == -1, "a body without an end");
    tap_ok(dbus_read((const uint8_t *)"HTTP/1.1 200 OK\r\n", 17, &m) == -1, "another protocol");
}

static void test_questions(void)
{
    uint8_t p[2048];
    struct dbus_message m;
    const struct dbus_subject s = { .pid = 1234, .uid = 1000 };
    const struct dbus_pair details[] = { { "connect_driver", "QEMU" }, { "domain_name", "web" } };
    size_t n = dbus_greeting(p, sizeof p);
    tap_ok(n > 40 && !memcmp(p, "\0AUTH EXTERNAL\r\n", 16), "a greeting without a name");
    tap_ok(dbus_greeting(p, 20) == 0, "it does not fit");
    n = dbus_check(p, sizeof p, 5, &s, "org.libvirt.unix.manage", details, 2, true, "c-5");
    tap_ok(n && dbus_read(p, n, &m) == (long)n && m.kind == DBUS_OTHER, "a call is well formed");
    tap_ok(memmem(p, n, "(sa{sv})sa{ss}us", 17) && memmem(p, n, "start-time", 11) && memmem(p, n, "web", 4), "and has what polkit wants to know");
    unsigned cut = 0;
    for (size_t i = 0; i < n; i++)
        cut += dbus_check(p, i, 5, &s, "org.libvirt.unix.manage", details, 2, true, "c-5") == 0;
    tap_ok(cut == n, "or is not made");
}

int main(void)
{
    test_answers();
    test_questions();
    return tap_done();
}
