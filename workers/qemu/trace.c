#include "config.h"
#include "workers/qemu/trace.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"

/* Keys whose values are secrets wherever they stand: passwords of displays and users, secret objects, files read through the agent. */
static const char *const secret_keys[] = { "password", "passwd", "data", "secret", "buf-b64", "keys", "input-data", "crypted-password" };

static bool is_secret(const char *key)
{
    for (size_t i = 0; i < ARRAY_N(secret_keys); i++)
        if (!strcmp(key, secret_keys[i]))
            return true;
    return false;
}

json_t *trace_masked(json_t *v, unsigned depth)
{
    if (depth > TRACE_DEPTH_MAX)
        return json_string("...");
    if (json_is_object(v)) {
        json_t *o = json_object(), *x;
        const char *k;
        json_object_foreach(v, k, x)
            json_object_set_new(o, k, is_secret(k) && (json_is_string(x) || json_is_array(x)) ? json_string("***") : trace_masked(x, depth + 1));
        return o;
    }
    if (json_is_array(v)) {
        json_t *a = json_array(), *x;
        size_t i;
        json_array_foreach(v, i, x)
            json_array_append_new(a, trace_masked(x, depth + 1));
        return a;
    }
    return json_incref(v);
}

void trace_json(const char *dir, json_t *v)
{
    json_t *m = trace_masked(v, 0);
    AUTO_FREE char *text = json_dumps(m, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(m);
    log_line(LOG_L_WARN, "qmp %s %s", dir, text ? text : "?");
}
