/* outputs.c: see outputs.h. */
#include "workers/outputs.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "ipc/log.h"
#include "ipc/util.h"

static const struct { const char *word; bool named; } kinds[] = {
    [LOG_TO_STDERR] = { "stderr", false }, [LOG_TO_FILE] = { "file", true }, [LOG_TO_SYSLOG] = { "syslog", true }, [LOG_TO_JOURNALD] = { "journald", false },
};

static int parse_one(struct log_output *o, const char *item, struct err *e)
{
    const char *kind = strchr(item, ':'), *name = kind ? strchr(kind + 1, ':') : NULL;
    char *end;
    if (!kind)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Malformed format for log output '%s'", item);
    unsigned long level = strtoul(item, &end, 10);
    if (end == item || end != kind || level < LOG_L_DEBUG || level > LOG_L_ERR)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Invalid log priority '%.*s' for log output '%s'", (int)(kind - item), item, item);
    size_t n = name ? (size_t)(name - ++kind) : strlen(++kind);
    *o = (struct log_output){ .to = LOG_TO_STDERR, .level = (uint32_t)level };
    while (o->to < ARRAY_N(kinds) && (strlen(kinds[o->to].word) != n || memcmp(kinds[o->to].word, kind, n)))
        o->to++;
    if (o->to == ARRAY_N(kinds))
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Invalid log destination '%.*s' for log output '%s'", (int)n, kind, item);
    if (kinds[o->to].named != (name != NULL) || (name && strchr(name + 1, ':')))
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Log output '%s' does not meet the format requirements for destination type '%s'", item, kinds[o->to].word);
    if (name && (util_copy_str(o->name, sizeof o->name, name + 1) < 0 || (o->to == LOG_TO_FILE && o->name[0] != '/')))
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Log output '%s': at most %zu characters, and an absolute path where it is a file", item, sizeof o->name - 1);
    return 0;
}

int outputs_parse(struct logging *log, struct err *e)
{
    struct log_output found[LOG_OUTPUTS_MAX + 1] = { 0 };
    char copy[LOG_SETTING_MAX];
    unsigned n = 0;
    size_t len = 0;
    if (!memccpy(copy, log->text, 0, sizeof copy))
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "the text is too long");
    for (char *save, *item = strtok_r(copy, " ", &save); item; item = strtok_r(NULL, " ", &save)) {
        struct log_output *o = &found[n];
        if (parse_one(o, item, e) < 0)
            return -1;
        unsigned at = 0;
        while (found[at].to != o->to || strcmp(found[at].name, o->name))
            at++;
        if (at < n)
            memmove(&found[at], &found[at + 1], (n - at) * sizeof found[0]);
        else if (++n > LOG_OUTPUTS_MAX)
            return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "more than %d log outputs", LOG_OUTPUTS_MAX);
    }
    found[n] = (struct log_output){ .to = LOG_TO_NONE };
    *log = (struct logging){ .text = "" };
    memcpy(log->to, found, sizeof log->to);
    _Static_assert(LOG_OUTPUTS_MAX * (sizeof found[0].name + 12) <= sizeof log->text, "the text of a full table fits");
    for (const struct log_output *o = found; o->to; o++)
        len += (size_t)snprintf(log->text + len, sizeof log->text - len, "%s%u:%s%s%s", len ? " " : "", o->level, kinds[o->to].word, kinds[o->to].named ? ":" : "", o->name);
    return 0;
}
