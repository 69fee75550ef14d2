/* Recorded conversations with libvirt's daemons, replayed: the gateway's bytes must be the same.
 *
 * tests/golden/NAME.talk: "# NAME" starts a conversation, "need-auth", "readonly" set the door, "logd" and "lockd" the daemon, "empty" and "running" the one
 * guest; "c HEX" the client says, "s HEX" the server must answer, "." the server must have closed.  What the rest of the daemon
 * answers to a call that is passed on: "f METHOD HEX" a reply, "p METHOD HEX" one with a descriptor, "e METHOD CODE DOMAIN DETAIL" an error, before whose DETAIL comes the
 * errno if CODE is 38. */
#include <ctype.h>
#include "gateway.h"

static size_t unhex(const char *s, uint8_t *out, size_t max)
{
    size_t n = 0;
    unsigned v;
    while (n < max && isxdigit((unsigned char)s[0]) && sscanf(s, "%2x", &v) == 1) {
        out[n++] = (uint8_t)v;
        s += 2;
    }
    return n;
}

static void say_hex(const char *what, const uint8_t *p, size_t n)
{
    printf("# %s ", what);
    for (size_t i = 0; i < n && i < 400; i++)
        printf("%02x", p[i]);
    putchar('\n');
}

static void expect(const char *talk, unsigned line, const uint8_t *want, size_t n)
{
    static uint8_t got[65536];
    size_t k = client_get(got, n);
    if (!tap_ok(k == n && !memcmp(got, want, n), "%s: answer of line %u", talk, line)) {
        say_hex("want", want, n);
        say_hex("got ", got, k);
    }
}

/* The daemon's answer to the call that the gateway passed on: text is "METHOD ..." of an f or e line. */
static void answer(const char *talk, char *text, char kind)
{
    static uint8_t body[65536];
    struct err e = ERR_INIT;
    struct frame f;
    int code = 0, domain = 0, sys = -1, at = 0, more = 0;
    char *rest = strchr(text, ' ');
    if (!rest)
        return;
    *rest++ = 0;
    if (!tap_ok(super_get(&f), "%s: %s is passed on", talk, text))
        return;
    const struct op *op = op_find(f.h.op);
    tap_str(op ? op->name : "?", text, "%s: as itself", talk);
    if (kind == 'e' && sscanf(rest, "%d %d %n", &code, &domain, &at) == 2) {
        if (code == VIR_ERR_SYSTEM_ERROR && sscanf(rest + at, "%d %n", &sys, &more) == 1)
            at += more;
        err_set(&e, code, domain, "%s", rest + at);
        e.sys = sys;
        super_put(FRAME_ERROR, f.h.op, f.h.serial, 0, &e, err_wire_len(&e), NULL, 0);
    } else {
        super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, body, unhex(rest, body, sizeof body), &super, kind == 'p');
    }
    frame_done(&f);
}

/* The guest of the recordings. */
static void guest_recorded(bool there, bool running)
{
    guest_put(0, "tiny", 0, running ? 1 : -1, running ? 1 : 5, SLOT_PERSISTENT);
    struct index_slot *s = index_begin(&pages, 0);
    memcpy(s->uuid, "\x11\x11\x11\x11\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55", 16);
    s->reason = running ? 5 : 0;
    s->used = there;
    index_end(&pages, 0);
}

static void replay(FILE *in)
{
    static char line[400000];
    static uint8_t bytes[200000];
    char talk[64] = "";
    struct serve serve = { .uid = 1000 };
    bool started = false, empty = false, running = false;
    uint32_t daemon = DAEMON_QEMUD;
    unsigned no = 0;

    while (fgets(line, sizeof line, in)) {
        no++;
        line[strcspn(line, "\n")] = 0;
        if (line[0] == '#') {
            if (started) {
                tap_ok(!readable(client) || client_ended(), "%s: nothing more is said", talk);
                gateway_stop();
            }
            started = empty = running = false;
            daemon = DAEMON_QEMUD;
            serve = (struct serve){ .uid = 1000 };
            snprintf(talk, sizeof talk, "%.60s", line + 2);
            continue;
        }
        if (!strcmp(line, "need-auth"))
            serve.need_auth = AUTH_POLKIT;
        if (!strcmp(line, "readonly"))
            serve.door = DOOR_RO;
        if (!strcmp(line, "logd") || !strcmp(line, "lockd"))
            daemon = line[2] == 'g' ? DAEMON_LOGD : DAEMON_LOCKD;
        empty |= !strcmp(line, "empty");
        running |= !strcmp(line, "running");
        if (!started && (line[0] == 'c' || line[0] == 's') && line[1] == ' ') {
            gateway_start(serve);
            gw->layout.id = daemon;
            guest_recorded(!empty, running);
            started = true;
        }
        if (line[0] == 'c')
            client_send(bytes, unhex(line + 2, bytes, sizeof bytes));
        else if (line[0] == 's' && line[1] == ' ')
            expect(talk, no, bytes, unhex(line + 2, bytes, sizeof bytes));
        else if (line[0] && strchr("fpe", line[0]) && line[1] == ' ')
            answer(talk, line + 2, line[0]);
        else if (line[0] == '.')
            tap_ok(client_ended(), "%s: closed", talk);
    }
    if (started)
        gateway_stop();
}

int main(void)
{
    static const char *const talks[] = { "gateway", "lockd", "logd" };
    char path[4096];
    loop_init();
    for (size_t i = 0; i < sizeof talks / sizeof *talks; i++) {
        snprintf(path, sizeof path, "%s/tests/golden/%s.talk", getenv("SRCDIR") ? getenv("SRCDIR") : ".", talks[i]);
        FILE *in = fopen(path, "r");
        if (!tap_ok(in, "%s.talk is there", talks[i]))
            continue;
        replay(in);
        fclose(in);
    }
    return tap_done();
}
