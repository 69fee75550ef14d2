/* hand_ovsdb.c: see hand_ovsdb.h.  Part of hand-net.
 *
 * SAFETY: the answers are another program's.  A key is looked for where a string stands before a colon; strings are stepped over as such, so that no value of
 * theirs is taken for a key; nothing is unescaped or kept but a number, a UUID and words for the log. */
#include "hand_ovsdb.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

enum { DEPTH_MAX = 64 };

/* ---- words ---- */

static bool is_uuid(const char *s)
{
    for (int i = 0; i < OVS_UUID - 1; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
            return false;
    return true;
}

/* The field at *s, up to `end`, into dst; *s is behind that end. */
static int field(const char **s, char end, char *dst, size_t size)
{
    size_t n = strcspn(*s, (const char[]){ end, ' ', 0 });
    if (n >= size || (*s)[n] != end)
        return -EPROTO;
    memcpy(dst, *s, n);
    dst[n] = 0;
    *s += n + 1;
    return 0;
}

/* A VLAN's number; -1: that is none. */
static int tag_of(const char *s)
{
    char *end;
    long v = isdigit((unsigned char)*s) ? strtol(s, &end, 10) : -1;
    return v >= 0 && v <= OVS_TAG_MAX && !*end ? (int)v : -1;
}

static int trunks(struct ovs_port *p, char *s)
{
    for (char *rest = s, *one; *s && (one = strsep(&rest, ":"));) {
        int tag = p->trunks < OVS_TRUNKS_MAX ? tag_of(one) : -1;
        if (tag < 0)
            return -EPROTO;
        p->trunk[p->trunks++] = (uint16_t)tag;
    }
    return 0;
}

int ovs_read(struct ovs_port *p, const char *words)
{
    char tag[8], list[5 * OVS_TRUNKS_MAX + 1];
    const char *s = words ? strstr(words, "ovs=") : NULL;
    *p = (struct ovs_port){ .tag = -1 };
    if (!s || (s != words && s[-1] != ' '))
        return 0;
    s += strlen("ovs=");
    if (field(&s, ',', p->interface, sizeof p->interface) || field(&s, ',', p->guest, sizeof p->guest) || field(&s, ',', p->mode, sizeof p->mode) || field(&s, ',', tag, sizeof tag) ||
        field(&s, ',', list, sizeof list) || trunks(p, list) || strcspn(s, " ") >= sizeof p->profile)
        return -EPROTO;
    memcpy(p->profile, s, strcspn(s, " "));
    if (*tag && (p->tag = tag_of(tag)) < 0)
        return -EPROTO;
    bool mode = !*p->mode || !strcmp(p->mode, "tagged") || !strcmp(p->mode, "untagged");
    return mode && is_uuid(p->interface) && is_uuid(p->guest) ? 1 : -EPROTO;
}

void ovs_mark(char mark[OVS_MARK], const struct ovs_port *p, uint32_t tap)
{
    snprintf(mark, OVS_MARK, "%s/%u", p->guest, tap);
}

/* ---- requests ---- */

struct text { char *p; size_t at; };

static void __attribute__((format(printf, 2, 3))) put(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    t->at += (size_t)vsnprintf(t->p + t->at, t->at < OVSDB_TEXT_MAX ? OVSDB_TEXT_MAX - t->at : 0, fmt, ap);
    t->at = t->at < OVSDB_TEXT_MAX ? t->at : OVSDB_TEXT_MAX;
    va_end(ap);
}

/* As a JSON string: names of interfaces may have almost any byte. */
static void put_string(struct text *t, const char *s)
{
    put(t, "\"");
    for (; *s; s++)
        put(t, *s == '"' || *s == '\\' ? "\\%c" : (unsigned char)*s < 0x20 || *s == 0x7f ? "\\u%04x" : "%c", (unsigned char)*s);
    put(t, "\"");
}

#define BEGIN "{\"id\":1,\"method\":\"transact\",\"params\":[\"Open_vSwitch\","
#define END "]}"
#define TELL ",{\"op\":\"mutate\",\"table\":\"Open_vSwitch\",\"where\":[],\"mutations\":[[\"next_cfg\",\"+=\",1]]},{\"op\":\"select\",\"table\":\"Open_vSwitch\",\"where\":[],\"columns\":[\"next_cfg\"]}"
#define MARK "bulkhead-tap"

static int whole(const struct text *t) { return t->at < OVSDB_TEXT_MAX ? 0 : -E2BIG; }

int ovsdb_find(char *dst, const char *value, int is_mark)
{
    struct text t = { dst, 0 };
    put(&t, BEGIN "{\"op\":\"select\",\"table\":\"Port\",\"columns\":[\"_uuid\"],\"where\":[[%s", is_mark ? "\"external_ids\",\"includes\",[\"map\",[[\"" MARK "\"," : "\"name\",\"==\",");
    put_string(&t, value);
    put(&t, "%s]]}" END, is_mark ? "]]]" : "");
    return whole(&t);
}

/* What libvirt has ovs-vsctl write into the interface's external_ids. */
static void put_ids(struct text *t, const struct ovs_port *p, const char *tap, const uint8_t a[6])
{
    put(t, "[\"map\",[[\"attached-mac\",\"%02x:%02x:%02x:%02x:%02x:%02x\"],[\"iface-id\",\"%s\"],[\"vm-id\",\"%s\"],", a[0], a[1], a[2], a[3], a[4], a[5], p->interface, p->guest);
    if (*p->profile) {
        put(t, "[\"port-profile\",");
        put_string(t, p->profile);
        put(t, "],[\"ifname\",");
        put_string(t, tap);
        put(t, "],");
    }
    put(t, "[\"iface-status\",\"active\"]]]");
}

/* Of the port's row: all columns, so that what it had before does not stay. */
static void put_vlans(struct text *t, const struct ovs_port *p)
{
    put(t, p->tag >= 0 ? "\"tag\":%d," : "\"tag\":[\"set\",[]],", p->tag);
    put(t, *p->mode ? "\"vlan_mode\":\"native-%s\"," : "\"vlan_mode\":[\"set\",[]],", p->mode);
    for (unsigned i = 0; i < p->trunks; i++)
        put(t, "%s%u", i ? "," : "\"trunks\":[\"set\",[", p->trunk[i]);
    put(t, "%s]]", p->trunks ? "" : "\"trunks\":[\"set\",[");
}

int ovsdb_add(char *dst, const struct ovs_port *p, const char *bridge, const char *tap, const uint8_t mac[6], const char *mark, const char *old)
{
    struct text t = { dst, 0 };
    /* A port that no bridge has would be gone with the transaction, without a word. */
    put(&t, BEGIN "{\"op\":\"wait\",\"timeout\":0,\"table\":\"Bridge\",\"columns\":[\"name\"],\"until\":\"==\",\"where\":[[\"name\",\"==\",");
    put_string(&t, bridge);
    put(&t, "]],\"rows\":[{\"name\":");
    put_string(&t, bridge);
    put(&t, "}]},{\"op\":\"insert\",\"table\":\"Interface\",\"uuid-name\":\"i\",\"row\":{\"name\":");
    put_string(&t, tap);
    put(&t, ",\"external_ids\":");
    put_ids(&t, p, tap, mac);
    put(&t, "}},{\"op\":\"insert\",\"table\":\"Port\",\"uuid-name\":\"p\",\"row\":{\"name\":");
    put_string(&t, tap);
    put(&t, ",\"interfaces\":[\"named-uuid\",\"i\"],");
    put_vlans(&t, p);
    put(&t, ",\"external_ids\":[\"map\",[[\"" MARK "\",\"%s\"]]]}},{\"op\":\"mutate\",\"table\":\"Bridge\",\"where\":[[\"name\",\"==\",", mark);
    put_string(&t, bridge);
    put(&t, "]],\"mutations\":[");
    if (*old)
        put(&t, "[\"ports\",\"delete\",[\"uuid\",\"%s\"]],", old);
    put(&t, "[\"ports\",\"insert\",[\"named-uuid\",\"p\"]]]}" TELL END);
    return whole(&t);
}

int ovsdb_vlans(char *dst, const struct ovs_port *p, const char *uuid)
{
    struct text t = { dst, 0 };
    put(&t, BEGIN "{\"op\":\"update\",\"table\":\"Port\",\"where\":[[\"_uuid\",\"==\",[\"uuid\",\"%s\"]]],\"row\":{", uuid);
    put_vlans(&t, p);
    put(&t, "}}" TELL END);
    return whole(&t);
}

int ovsdb_remove(char *dst, const char *uuid)
{
    struct text t = { dst, 0 };
    put(&t, BEGIN "{\"op\":\"mutate\",\"table\":\"Bridge\",\"where\":[[\"ports\",\"includes\",[\"uuid\",\"%s\"]]],\"mutations\":[[\"ports\",\"delete\",[\"uuid\",\"%s\"]]]}" TELL END, uuid, uuid);
    return whole(&t);
}

int ovsdb_state(char *dst)
{
    struct text t = { dst, 0 };
    put(&t, BEGIN "{\"op\":\"select\",\"table\":\"Open_vSwitch\",\"where\":[],\"columns\":[\"cur_cfg\"]}" END);
    return whole(&t);
}

/* ---- answers ---- */

/* Behind the string that begins at s; end: it has none. */
static const char *skip_string(const char *s, const char *end)
{
    for (s++; s < end && *s != '"'; s++)
        s += *s == '\\';
    return s < end ? s + 1 : end;
}

long ovsdb_message(const char *s, size_t n)
{
    const char *end = s + n;
    int depth = 0;
    for (const char *p = s; p < end; p = *p == '"' ? skip_string(p, end) : p + 1) {
        if (p == s && *p != '{')
            return -EPROTO;
        depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        if (depth > DEPTH_MAX)
            return -EPROTO;
        if (!depth)
            return p + 1 - s;
    }
    return 0;
}

/* What stands behind the next such key, with the rest of the message in *left; NULL: there is none. */
static const char *value(const char *s, const char *end, const char *key, size_t *left)
{
    size_t n = strlen(key);
    while (s < end) {
        const char *next = *s == '"' ? skip_string(s, end) : s + 1;
        bool is = *s == '"' && (size_t)(next - s) == n + 2 && !memcmp(s + 1, key, n) && next < end && *next == ':';
        s = next + is;
        if (is) {
            *left = (size_t)(end - s);
            return s;
        }
    }
    return NULL;
}

static bool begins(const char *s, size_t left, const char *with) { return left >= strlen(with) && !memcmp(s, with, strlen(with)); }

/* The string that begins there, for the log: printable. */
static void words(const char *s, size_t left, char why[128])
{
    size_t at = 0;
    for (size_t i = 1; left && *s == '"' && i < left && s[i] != '"' && at < 127; i++)
        why[at++] = (char)(isprint((unsigned char)s[i]) ? s[i] : '?');
    why[at] = 0;
}

int ovsdb_answer(const char *s, size_t n, int64_t *number, char uuid[OVS_UUID], char why[128])
{
    static const char begin[] = "[\"uuid\",\"";
    const char *end = s + n, *p;
    size_t left, k = strlen(begin);
    *number = -1;
    *uuid = *why = 0;
    if (value(s, end, "method", &left))
        return 1;
    for (p = s; (p = value(p, end, "error", &left));)
        if (!begins(p, left, "null")) {
            words(p, left, why);
            if ((p = value(p, end, "details", &left)))
                words(p, left, why);
            return -EREMOTEIO;
        }
    if (!value(s, end, "result", &left))
        return -EPROTO;
    for (int i = 0; i < 2; i++)
        if ((p = value(s, end, i ? "cur_cfg" : "next_cfg", &left))) {
            char digits[20] = "";
            size_t d = 0;
            while (d < left && d < sizeof digits - 1 && isdigit((unsigned char)p[d]))
                d++;
            memcpy(digits, p, d);
            if (!d || d == sizeof digits - 1)
                return -EPROTO;
            *number = strtoll(digits, NULL, 10);
        }
    if ((p = value(s, end, "_uuid", &left))) {
        if (!begins(p, left, begin) || left < k + OVS_UUID || !is_uuid(p + k))
            return -EPROTO;
        memcpy(uuid, p + k, OVS_UUID - 1);
        uuid[OVS_UUID - 1] = 0;
    }
    return 0;
}
