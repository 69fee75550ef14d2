/* qmp.c: an item as the QMP command that does to a running guest what the option does at its start. */
#include "priv.h"
#include <string.h>

/* A character device is flat on the command line and a union over QMP: {"id", "backend": {"type", "data": {...}}}.  These keys go by
 * another name there; an address goes into a union of its own. */
static const struct { const char *backend, *flat, *qmp, *addr; } moved[] = {
    { "socket", "fd", "str", "fd" }, { "socket", "path", "path", "unix" }, { "file", "path", "out", NULL }, { "serial", "path", "device", NULL },
};

static void move_in(json_t *data, const char *backend, const char *key, json_t *v)
{
    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++) {
        if (!pl_is(moved[i].backend, backend) || !pl_is(moved[i].flat, key))
            continue;
        if (moved[i].addr)
            json_object_set_new(data, "addr", json_pack("{s:s, s:{s:O}}", "type", moved[i].addr, "data", moved[i].qmp, v));
        else
            json_object_set(data, moved[i].qmp, v);
        return;
    }
    json_object_set(data, key, v);
}

static json_t *chardev_args(json_t *flat)
{
    const char *backend = json_string_value(json_object_get(flat, "backend")), *key;
    json_t *data = json_object(), *v;
    json_object_foreach(flat, key, v)
        if (strcmp(key, "id") != 0 && strcmp(key, "backend") != 0)
            move_in(data, backend, key, v);
    return json_pack("{s:O, s:{s:s, s:o}}", "id", json_object_get(flat, "id"), "backend", "type", backend, "data", data);
}

int plan_qmp(const struct plan_item *it, const char **command, json_t **args)
{
    static const char *const commands[] = { [PLAN_ADD_FD] = "add-fd", [PLAN_GETFD] = "getfd", [PLAN_OBJECT] = "object-add",
        [PLAN_BLOCKDEV] = "blockdev-add", [PLAN_NETDEV] = "netdev_add", [PLAN_CHARDEV] = "chardev-add", [PLAN_DEVICE] = "device_add" };
    if (it->opt >= sizeof commands / sizeof commands[0] || !commands[it->opt])
        return -1;
    json_t *a = it->opt == PLAN_CHARDEV ? chardev_args(it->props) : json_deep_copy(it->props);
    if (!a)
        return -1;
    if (it->opt == PLAN_ADD_FD)
        json_object_del(a, "fd");
    *command = commands[it->opt];
    *args = a;
    return 0;
}
