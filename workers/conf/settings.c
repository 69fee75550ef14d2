/* settings.c: see settings.h; which keys there are is told in keys.def. */
#include "workers/conf/settings.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "ipc/access.h"
#include "ipc/layout.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/conf/grammar.h"
#include "workers/filters.h"
#include "workers/outputs.h"

enum key_kind { KEY_INT, KEY_BOOL, KEY_STR, KEY_LIST, KEY_STR_LIST, KEY_INT_STR, KEY_MODE, KEY_AUTH, KEY_UUID, KEY_HANDLER, KEY_DRIVERS };
enum key_act { ACT_SET, ACT_LATER, ACT_OLD, ACT_OTHER };
#define EVERY DAEMON_N

static const struct key {
    const char *name;
    uint8_t file, kind, act;
    uint8_t daemon;             /* of ACT_SET: that alone acts on it; EVERY */
    uint16_t offset, size;      /* of the member */
    int64_t least, most;
} keys[] = {
#define SET(file, key, kind, member, least, most) \
    SETS(EVERY, file, key, kind, member, least, most)
#define OWN(file, key, kind, member, least, most) SETS(DAEMON_##file, file, key, kind, member, least, most)
#define SETS(daemon, file, key, kind, member, least, most) \
    { #key, CONF_FILE_##file, KEY_##kind, ACT_SET, daemon, offsetof(struct settings, member), sizeof ((struct settings *)0)->member, least, most },
#define OTHERS(file, key, kind, act) { #key, CONF_FILE_##file, KEY_##kind, act, EVERY, 0, 0, 0, 0 },
#define LATER(file, key, kind) OTHERS(file, key, kind, ACT_LATER)
#define OLD(file, key, kind) OTHERS(file, key, kind, ACT_OLD)
#define OTHER(file, key, kind) OTHERS(file, key, kind, ACT_OTHER)
#include "workers/conf/keys.def"
#undef SET
#undef OWN
#undef SETS
#undef OTHERS
#undef LATER
#undef OLD
#undef OTHER
};

#define UNKNOWN_MAX 32          /* unknown keys that are remembered, so that each is told once */
struct file {
    struct settings *s;
    const char *name;
    int file;
    bool told[ARRAY_N(keys)];       /* those that were there */
    char unknown[UNKNOWN_MAX][CONF_KEY_MAX];
    unsigned unknowns;
};

static const char *kind_text(int kind)
{
    switch (kind) {
    case KEY_INT: return "a number";
    case KEY_BOOL: return "0 or 1";
    case KEY_LIST: return "a list of strings";
    case KEY_STR_LIST: return "a string, or a list of strings";
    case KEY_INT_STR: return "a number, or a string";
    case KEY_MODE: return "a string of octal digits, up to \"0777\"";
    case KEY_AUTH: return "\"none\", \"sasl\" or \"polkit\"";
    case KEY_UUID: return "a UUID that is not one digit over and over";
    case KEY_HANDLER: return "\"logd\" or \"file\"";
    case KEY_DRIVERS: return "a list of \"polkit\" and \"nop\"";
    default: return "a string";
    }
}

static bool is_text(const struct conf_value *v, const char *text) { return v->len == strlen(text) && !memcmp(v->str, text, v->len); }

/* Eight times four bits a digit; dashes anywhere are passed over, as libvirt does. */
static bool parse_uuid(const struct conf_value *v, uint8_t uuid[16])
{
    unsigned n = 0;
    bool differ = false;
    uint8_t digits[32];
    for (size_t i = 0; i < v->len; i++) {
        char c = v->str[i];
        if (c == '-')
            continue;
        int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (d < 0 || n == ARRAY_N(digits))
            return false;
        digits[n++] = (uint8_t)d;
        differ = differ || d != digits[0];
    }
    if (n != ARRAY_N(digits) || !differ)
        return false;
    for (unsigned i = 0; i < 16; i++)
        uuid[i] = (uint8_t)(digits[2 * i] << 4 | digits[2 * i + 1]);
    return true;
}

static bool parse_mode(const struct conf_value *v, int64_t *mode)
{
    *mode = 0;
    for (size_t i = 0; i < v->len; i++) {
        if (v->str[i] < '0' || v->str[i] > '7' || *mode > 0777)
            return false;
        *mode = *mode * 8 + (v->str[i] - '0');
    }
    return v->len > 0;
}

/* The strings of a list, which the grammar has looked through: comments may be between them. */
static bool parse_drivers(const struct conf_value *v, int64_t *by)
{
    *by = 0;
    for (const char *p = v->str, *end = v->str + v->len; v->type == CONF_LIST && v->strings == v->items && p < end; p++) {
        if (*p == '#')
            p = memchr(p, '\n', (size_t)(end - p)) ? memchr(p, '\n', (size_t)(end - p)) : end - 1;
        if (*p != '"' && *p != '\'')
            continue;
        const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
        struct conf_value one = { .str = p + 1, .len = close ? (size_t)(close - p - 1) : 0 };
        if (!close || !(is_text(&one, "polkit") || is_text(&one, "nop")))
            return false;
        *by |= is_text(&one, "polkit") ? ACCESS_POLKIT : 0;
        p = close;
    }
    return v->type == CONF_LIST && v->strings == v->items;
}

/* Whether v is of k's kind; *n gets what a number, word or mode comes to. */
static bool is_kind(const struct key *k, const struct conf_value *v, int64_t *n, uint8_t uuid[16])
{
    bool str = v->type == CONF_STR;
    *n = v->number;
    switch ((enum key_kind)k->kind) {
    case KEY_INT: return v->type == CONF_INT;
    case KEY_BOOL: return v->type == CONF_INT && (v->number == 0 || v->number == 1);
    case KEY_STR: return str;
    case KEY_LIST: return v->type == CONF_LIST && v->strings == v->items;
    case KEY_STR_LIST: return str || (v->type == CONF_LIST && v->strings == v->items);
    case KEY_INT_STR: return str || v->type == CONF_INT;
    case KEY_MODE: return str && parse_mode(v, n);
    case KEY_AUTH:
        *n = !str ? -1 : is_text(v, "none") ? AUTH_NONE : is_text(v, "sasl") ? AUTH_SASL : is_text(v, "polkit") ? AUTH_POLKIT : -1;
        return *n >= 0;
    case KEY_UUID: return str && parse_uuid(v, uuid);
    case KEY_HANDLER:
        *n = !str ? -1 : is_text(v, "logd") ? STDIO_LOGD : is_text(v, "file") ? STDIO_FILE : -1;
        return *n >= 0;
    case KEY_DRIVERS: return parse_drivers(v, n);
    }
    return false;
}

static int set(struct file *f, const struct key *k, const struct conf_value *v, int64_t n, const uint8_t uuid[16], struct err *e)
{
    uint8_t *member = (uint8_t *)f->s + k->offset;
    if (k->kind == KEY_STR) {
        if (v->len >= k->size || memchr(v->str, 0, v->len))
            return err_set(e, VIR_ERR_CONF_SYNTAX, VIR_FROM_CONF, "%s:%u: %s: at most %u characters, and none of them NUL", f->name, v->line, k->name, k->size - 1u);
        memset(member, 0, k->size);
        memcpy(member, v->str, v->len);
    } else if (k->kind == KEY_UUID) {
        memcpy(member, uuid, 16);
    } else {
        if (k->least < k->most && (n < k->least || n > k->most))
            return err_set(e, VIR_ERR_CONF_SYNTAX, VIR_FROM_CONF, "%s:%u: %s: %lld is not between %lld and %lld", f->name, v->line, k->name,
                           (long long)n, (long long)k->least, (long long)k->most);
        uint32_t word = (uint32_t)n;
        if (k->kind == KEY_DRIVERS)         /* whether there are rules another file tells, which may have been read first */
            word |= f->s->access & ACCESS_RULES;
        memcpy(member, &word, sizeof word);
    }
    return 0;
}

static void tell_unknown(struct file *f, const char *key, unsigned line)
{
    for (unsigned i = 0; i < f->unknowns; i++)
        if (!strcmp(f->unknown[i], key))
            return;
    if (f->unknowns == UNKNOWN_MAX)
        return;
    util_copy_str(f->unknown[f->unknowns++], CONF_KEY_MAX, key);
    log_warn("%s:%u: unknown key \"%s\"%s", f->name, line, key, f->unknowns == UNKNOWN_MAX ? "; further ones are not told" : "");
}

static int assign(void *data, const char *key, const struct conf_value *v, struct err *e)
{
    struct file *f = data;
    uint8_t uuid[16];
    int64_t n;

    for (size_t i = 0; i < ARRAY_N(keys); i++) {
        const struct key *k = &keys[i];
        if (k->file != f->file || strcmp(k->name, key))
            continue;
        if (!is_kind(k, v, &n, uuid))
            return err_set(e, VIR_ERR_CONF_SYNTAX, VIR_FROM_CONF, "%s:%u: %s: %s is expected", f->name, v->line, key, kind_text(k->kind));
        bool again = f->told[i];
        f->told[i] = true;
        if (again)      /* as libvirt looks a key up */
            log_warn("%s:%u: \"%s\" is there a second time: the first one counts", f->name, v->line, key);
        else if (k->act == ACT_LATER)
            log_warn("%s:%u: \"%s\" is known, but not acted on yet", f->name, v->line, key);
        return !again && k->act == ACT_SET && (k->daemon == EVERY || k->daemon == f->s->daemon) ? set(f, k, v, n, uuid, e) : 0;
    }
    tell_unknown(f, key, v->line);
    return 0;
}

int settings_apply(struct settings *s, int file, const char *name, const char *text, size_t n, struct err *e)
{
    struct file f = { .s = s, .name = name, .file = file };
    return conf_parse(name, text, n, assign, &f, e);
}

void settings_env(struct settings *s, const struct settings *env)
{
    if (env->log_level)
        s->log_level = env->log_level;
    for (int i = 0; i < LOG_PARTS_N; i++)
        if (*env->log[i].text)
            s->log[i] = env->log[i];
}

/* What the key of TLS_DEFAULT's folder is opened with is no other folder's. SPICE's is never encrypted. */
static void tls_secrets(struct settings *s)
{
    static const char host[] = "/etc/pki/libvirt-";      /* what the daemon found itself */
    for (int i = TLS_DEFAULT + 1; i < TLS_USES_N; i++)
        if (i != TLS_SPICE && !*s->tls[i].secret && (!*s->tls[i].dir || strncmp(s->tls[i].dir, host, sizeof host - 1) == 0))
            util_copy_str(s->tls[i].secret, sizeof s->tls[i].secret, s->tls[TLS_DEFAULT].secret);
}

int settings_finish(struct settings *s, struct err *e)
{
    static const char *const syslog_of[DAEMON_N] = { "syslog:virtqemud", "syslog:virtlogd", "syslog:virtlockd" };
    struct err why = ERR_INIT;
    tls_secrets(s);
    if (!s->log_level)
        s->log_level = LOG_L_WARN;
    if (s->log_verbose && s->log_level > LOG_L_INFO)
        s->log_level = LOG_L_INFO;
    if (filters_parse(&s->log[LOG_FILTERS], s, &why) < 0)
        return err_set(e, VIR_ERR_CONF_SYNTAX, VIR_FROM_CONF, "log_filters: %s", why.detail);
    if (s->log[LOG_OUTPUTS].text[strspn(s->log[LOG_OUTPUTS].text, " ")] == 0)
        snprintf(s->log[LOG_OUTPUTS].text, LOG_SETTING_MAX, "%u:%s", s->log_level, s->log_behind ? syslog_of[s->daemon % DAEMON_N] : "stderr");
    if (outputs_parse(&s->log[LOG_OUTPUTS], &why) < 0)
        return err_set(e, VIR_ERR_CONF_SYNTAX, VIR_FROM_CONF, "log_outputs: %s", why.detail);
    if (s->remote_display_port_min > s->remote_display_port_max)
        return err_set(e, VIR_ERR_CONF_SYNTAX, VIR_FROM_CONF, "qemu.conf: remote_display_port_min is greater than remote_display_port_max");
    if (*s->lock_manager && strcmp(s->lock_manager, "nop") && strcmp(s->lock_manager, "lockd"))
        return err_set(e, VIR_ERR_CONF_SYNTAX, VIR_FROM_CONF, "qemu.conf: lock_manager: \"lockd\" and \"nop\" are supported, not \"%s\"", s->lock_manager);
    if (s->min_workers > s->max_workers)
        s->min_workers = s->max_workers;
    if (s->admin_min_workers > s->admin_max_workers)
        s->admin_min_workers = s->admin_max_workers;
    return 0;
}
