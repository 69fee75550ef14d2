/* Recorded conversations with libvirt's daemon, replayed: the gateway's bytes must be the same.
 *
 * tests/golden/gateway.talk: "# NAME" starts a conversation, "need-auth", "readonly" set the door, "empty" and "running" the one
 * guest; "c HEX" the client says, "s HEX" the server must answer, "." the server must have closed.  What the rest of the daemon
 * answers to a call that is passed on: "f METHOD HEX" a reply, "e METHOD CODE DOMAIN DETAIL" an error. */
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
static void answer(const char *talk, char *text, bool error)
{
    static uint8_t body[65536];
    struct err e = ERR_INIT;
    struct frame f;
    int code = 0, domain = 0, at = 0;
    char *rest = strchr(text, ' ');
    if (!rest)
        return;
    *rest++ = 0;
    if (!tap_ok(super_get(&f), "%s: %s is passed on", talk, text))
        return;
    const struct op *op = op_find(f.h.op);
    tap_str(op ? op->name : "?", text, "%s: as itself", talk);
    if (error && sscanf(rest, "%d %d %n", &code, &domain, &at) == 2) {
        err_set(&e, code, domain, "%s", rest + at);
        super_put(FRAME_ERROR, f.h.op, f.h.serial, 0, &e, err_wire_len(&e), NULL, 0);
    } else {
        super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, body, unhex(rest, body, sizeof body), NULL, 0);
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
            serve = (struct serve){ .uid = 1000 };
            snprintf(talk, sizeof talk, "%.60s", line + 2);
            continue;
        }
        if (!strcmp(line, "need-auth"))
            serve.need_auth = AUTH_POLKIT;
        if (!strcmp(line, "readonly"))
            serve.door = DOOR_RO;
        empty |= !strcmp(line, "empty");
        running |= !strcmp(line, "running");
        if (!started && (line[0] == 'c' || line[0] == 's') && line[1] == ' ') {
            gateway_start(serve);
            guest_recorded(!empty, running);
            started = true;
        }
        if (line[0] == 'c')
            client_send(bytes, unhex(line + 2, bytes, sizeof bytes));
        else if (line[0] == 's' && line[1] == ' ')
            expect(talk, no, bytes, unhex(line + 2, bytes, sizeof bytes));
        else if ((line[0] == 'f' || line[0] == 'e') && line[1] == ' ')
            answer(talk, line + 2, line[0] == 'e');
        else if (line[0] == '.')
            tap_ok(client_ended(), "%s: closed", talk);
    }
    if (started)
        gateway_stop();
}

int main(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/golden/gateway.talk", getenv("SRCDIR") ? getenv("SRCDIR") : ".");
    FILE *in = fopen(path, "r");
    if (!in) {
        tap_ok(false, "%s is there", path);
        return tap_done();
    }
    loop_init();
    replay(in);
    fclose(in);
    return tap_done();
}
