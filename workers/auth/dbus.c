/* dbus.c: see dbus.h.  Of the specification's types what these messages have; numbers of this machine's order are sent, both are read. */
#include "workers/auth/dbus.h"
#include <stdio.h>
#include <string.h>

enum { CALL = 1, ANSWER = 2, FAILED = 3, FIELD_PATH = 1, FIELD_INTERFACE = 2, FIELD_MEMBER = 3, FIELD_ERROR = 4, FIELD_REPLY = 5, FIELD_DESTINATION = 6, FIELD_SIGNATURE = 8 };
#define ORDER (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B')
#define POLKIT "org.freedesktop.PolicyKit1"
#define AUTHORITY "/org/freedesktop/PolicyKit1/Authority"

/* ---- making ---- */

struct out { uint8_t *p; size_t n, size; bool full; };

static void put(struct out *o, const void *p, size_t n)
{
    if (n > o->size - o->n) {
        o->full = true;
        return;
    }
    memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void align(struct out *o, size_t to)
{
    static const uint8_t zeros[8];
    put(o, zeros, (to - o->n % to) % to);
}

static void put_u32(struct out *o, uint32_t v)
{
    align(o, 4);
    put(o, &v, sizeof v);
}

static void put_str(struct out *o, const char *s)
{
    put_u32(o, (uint32_t)strlen(s));
    put(o, s, strlen(s) + 1);
}

static void put_sig(struct out *o, const char *s)
{
    uint8_t n = (uint8_t)strlen(s);
    put(o, &n, 1);
    put(o, s, n + 1u);
}

/* An array's length stands before its first element's padding. */
static size_t array_begin(struct out *o, size_t element)
{
    put_u32(o, 0);
    size_t at = o->n;
    align(o, element);
    return at;
}

static void array_end(struct out *o, size_t at, size_t element)
{
    uint32_t n = (uint32_t)(o->n - (at + element - 1) / element * element);
    if (!o->full)
        memcpy(o->p + at - sizeof n, &n, sizeof n);
}

static void put_field(struct out *o, uint8_t code, const char *type, const char *value)
{
    align(o, 8);
    put(o, &code, 1);
    put_sig(o, type);
    if (*type == 'g')
        put_sig(o, value);
    else
        put_str(o, value);
}

static void head(struct out *o, uint32_t serial, const char *to, const char *path, const char *interface, const char *member, const char *signature)
{
    const uint8_t first[4] = { (uint8_t)ORDER, CALL, 0, 1 };
    put(o, first, sizeof first);
    put_u32(o, 0);
    put_u32(o, serial);
    size_t fields = array_begin(o, 8);
    put_field(o, FIELD_PATH, "o", path);
    put_field(o, FIELD_DESTINATION, "s", to);
    put_field(o, FIELD_INTERFACE, "s", interface);
    put_field(o, FIELD_MEMBER, "s", member);
    if (*signature)
        put_field(o, FIELD_SIGNATURE, "g", signature);
    array_end(o, fields, 8);
    align(o, 8);
}

static size_t finish(struct out *o, size_t body)
{
    uint32_t n = (uint32_t)(o->n - body);
    if (o->full)
        return 0;
    memcpy(o->p + 4, &n, sizeof n);
    return o->n;
}

/* Who we are the bus sees itself: EXTERNAL without a name. */
size_t dbus_greeting(uint8_t *to, size_t size)
{
    static const char words[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
    struct out o = { .p = to + sizeof words - 1, .size = size < sizeof words ? 0 : size - (sizeof words - 1) };
    if (!o.size)
        return 0;
    memcpy(to, words, sizeof words - 1);
    head(&o, 1, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", "");
    size_t n = finish(&o, o.n);
    return n ? sizeof words - 1 + n : 0;
}

static void put_entry(struct out *o, const char *key, const char *type)
{
    align(o, 8);
    put_str(o, key);
    put_sig(o, type);
}

size_t dbus_check(uint8_t *to, size_t size, uint32_t serial, const struct dbus_subject *s, const char *action, const struct dbus_pair *details, unsigned n, bool interactive, const char *cancel)
{
    struct out o = { .p = to, .size = size };
    static const uint64_t start;        /* polkit looks itself, and compares the uid */
    head(&o, serial, POLKIT, AUTHORITY, POLKIT ".Authority", "CheckAuthorization", "(sa{sv})sa{ss}us");
    size_t body = o.n;
    put_str(&o, "unix-process");
    size_t at = array_begin(&o, 8);
    put_entry(&o, "pid", "u");
    put_u32(&o, s->pid);
    put_entry(&o, "start-time", "t");
    align(&o, 8);
    put(&o, &start, sizeof start);
    put_entry(&o, "uid", "i");
    put_u32(&o, s->uid);
    array_end(&o, at, 8);
    put_str(&o, action);
    at = array_begin(&o, 8);
    for (unsigned i = 0; i < n; i++) {
        align(&o, 8);
        put_str(&o, details[i].key);
        put_str(&o, details[i].value);
    }
    array_end(&o, at, 8);
    put_u32(&o, interactive);
    put_str(&o, cancel);
    return finish(&o, body);
}

size_t dbus_cancel(uint8_t *to, size_t size, uint32_t serial, const char *cancel)
{
    struct out o = { .p = to, .size = size };
    head(&o, serial, POLKIT, AUTHORITY, POLKIT ".Authority", "CancelCheckAuthorization", "s");
    size_t body = o.n;
    put_str(&o, cancel);
    return finish(&o, body);
}

/* ---- looking ---- */

/* start: of the message, for alignment.  bad: something did not fit; everything that is read then is 0 or empty. */
struct in { const uint8_t *start, *p, *end; bool swap, bad; };

static const uint8_t *take(struct in *in, size_t align_to, size_t n)
{
    size_t pad = (align_to - (size_t)(in->p - in->start) % align_to) % align_to;
    if (in->bad || pad > (size_t)(in->end - in->p) || n > (size_t)(in->end - in->p) - pad) {
        in->bad = true;
        return NULL;
    }
    in->p += pad + n;
    return in->p - n;
}

static uint32_t get_u32(struct in *in)
{
    const uint8_t *p = take(in, 4, 4);
    uint32_t v = 0;
    if (p)
        memcpy(&v, p, sizeof v);
    return in->swap ? __builtin_bswap32(v) : v;
}

/* Its bytes, which end with a NUL and have no other; "" when it is bad. */
static const char *get_text(struct in *in, uint32_t n)
{
    const uint8_t *p = n < DBUS_MESSAGE_MAX ? take(in, 1, n + 1u) : NULL;
    if (!p || p[n] || memchr(p, 0, n)) {
        in->bad = true;
        return "";
    }
    return (const char *)p;
}

static const char *get_str(struct in *in)
{
    return get_text(in, get_u32(in));
}

static const char *get_sig(struct in *in)
{
    const uint8_t *n = take(in, 1, 1);
    return get_text(in, n ? *n : 0);
}

static void copy(char to[DBUS_TEXT_MAX], const char *from)
{
    snprintf(to, DBUS_TEXT_MAX, "%s", from);
}

/* Header fields are strings, signatures or numbers: another type is none of ours. */
static void read_fields(struct in *in, uint32_t bytes, struct dbus_message *m, char signature[DBUS_TEXT_MAX])
{
    const uint8_t *end = in->p + bytes;
    while (!in->bad && in->p < end) {
        const uint8_t *code = take(in, 8, 1);
        const char *type = get_sig(in);
        bool number = !strcmp(type, "u"), string = !strcmp(type, "s") || !strcmp(type, "o"), sig = !strcmp(type, "g");
        const char *v = string ? get_str(in) : sig ? get_sig(in) : "";
        uint32_t u = number ? get_u32(in) : 0;
        if (!code || !(number || string || sig) || in->p > end)
            in->bad = true;
        else if (*code == FIELD_REPLY && number)
            m->serial = u;
        else if (*code == FIELD_ERROR && string)
            copy(m->error, v);
        else if (*code == FIELD_SIGNATURE && sig)
            copy(signature, v);
    }
}

static bool get_bool(struct in *in)
{
    uint32_t v = get_u32(in);
    in->bad |= v > 1;
    return v == 1 && !in->bad;
}

static void read_result(struct in *in, struct dbus_message *m)
{
    take(in, 8, 0);
    bool authorized = get_bool(in), challenge = get_bool(in), dismissed = false;
    uint32_t bytes = get_u32(in);
    take(in, 8, 0);
    if (in->bad || bytes != (size_t)(in->end - in->p)) {
        in->bad = true;
        return;
    }
    while (!in->bad && in->p < in->end) {
        take(in, 8, 0);
        const char *key = get_str(in), *value = get_str(in);
        dismissed |= !in->bad && !strcmp(key, "polkit.dismissed") && *value;
    }
    if (in->bad)
        return;
    m->checked = true;
    m->authorized = authorized;
    m->challenge = challenge;
    m->dismissed = dismissed;
}

long dbus_read(const uint8_t *p, size_t n, struct dbus_message *m)
{
    enum { FIXED = 16 };
    char signature[DBUS_TEXT_MAX] = "";
    memset(m, 0, sizeof *m);
    if (n < FIXED)
        return 0;
    if ((p[0] != 'l' && p[0] != 'B') || p[3] != 1)
        return -1;
    struct in in = { .start = p, .p = p + 4, .end = p + FIXED, .swap = p[0] != ORDER };
    uint32_t body = get_u32(&in);
    get_u32(&in);
    uint32_t fields = get_u32(&in);
    if (body > DBUS_MESSAGE_MAX || fields > DBUS_MESSAGE_MAX)
        return -1;
    size_t heads = (FIXED + (size_t)fields + 7) / 8 * 8, total = heads + body;
    if (total > DBUS_MESSAGE_MAX)
        return -1;
    if (n < total)
        return 0;
    in.end = p + FIXED + fields;
    read_fields(&in, fields, m, signature);
    if (in.bad)
        return -1;
    in.p = p + heads;
    in.end = p + total;
    m->kind = p[1] == ANSWER ? DBUS_ANSWER : p[1] == FAILED ? DBUS_ERROR : DBUS_OTHER;
    if (m->kind == DBUS_ANSWER && !strcmp(signature, "(bba{ss})"))
        read_result(&in, m);
    else if (m->kind == DBUS_ERROR && signature[0] == 's')
        copy(m->text, get_str(&in));
    return in.bad ? -1 : (long)total;
}
