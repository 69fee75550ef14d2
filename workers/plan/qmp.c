/* qmp.c: an item as the QMP command that does to a running guest what the option does at its start. */
#include "priv.h"
#include <string.h>

/* A character device is flat on the command line and a union over QMP: {"id", "backend": {"type", "data": {...}}}.  These keys go by
 * another name there; an address goes into a union of its own, of that type. */
static const struct { const char *backend, *flat, *qmp, *addr, *type; } moved[] = {
    { "socket", "fd", "str", "addr", "fd" }, { "socket", "path", "path", "addr", "unix" }, { "socket", "host", "host", "addr", "inet" }, { "socket", "port", "port", "addr", "inet" },
    { "udp", "host", "host", "remote", "inet" }, { "udp", "port", "port", "remote", "inet" }, { "udp", "localaddr", "host", "local", "inet" }, { "udp", "localport", "port", "local", "inet" },
    { "file", "path", "out", NULL, NULL }, { "serial", "path", "device", NULL, NULL }, { "parallel", "path", "device", NULL, NULL }, { "pipe", "path", "device", NULL, NULL },
};

static void move_into(json_t *data, const char *addr, const char *type, const char *key, json_t *v)
{
    json_t *to = json_object_get(data, addr);
    if (!to)
        json_object_set_new(data, addr, to = json_pack("{s:s, s:{}}", "type", type, "data"));
    json_object_set(json_object_get(to, "data"), key, v);
}

static void move_in(json_t *data, const char *backend, const char *key, json_t *v)
{
    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++) {
        if (!pl_is(moved[i].backend, backend) || !pl_is(moved[i].flat, key))
            continue;
        if (moved[i].addr)
            move_into(data, moved[i].addr, moved[i].type, moved[i].qmp, v);
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
    if (pl_is(backend, "socket") && !json_object_get(data, "server"))      /* which is no on the command line, and yes here */
        json_object_set_new(data, "server", json_false());
    return json_pack("{s:O, s:{s:s, s:o}}", "id", json_object_get(flat, "id"), "backend", "type", backend, "data", data);
}

/* The command, what undoes it, and by what that names the thing. */
static const struct { const char *command, *undo, *key; } commands[] = {
    [PLAN_ADD_FD] = { "add-fd", "remove-fd", "fdset-id" }, [PLAN_GETFD] = { "getfd", "closefd", "fdname" }, [PLAN_OBJECT] = { "object-add", "object-del", "id" },
    [PLAN_BLOCKDEV] = { "blockdev-add", "blockdev-del", "node-name" }, [PLAN_NETDEV] = { "netdev_add", "netdev_del", "id" },
    [PLAN_CHARDEV] = { "chardev-add", "chardev-remove", "id" }, [PLAN_DEVICE] = { "device_add", "device_del", "id" },
};

static bool has_command(const struct plan_item *it)
{
    return it->opt < sizeof commands / sizeof commands[0] && commands[it->opt].command;
}

int plan_qmp(const struct plan_item *it, const char **command, json_t **args)
{
    if (!has_command(it))
        return -1;
    json_t *a = it->opt == PLAN_CHARDEV ? chardev_args(it->props) : json_deep_copy(it->props);
    if (!a)
        return -1;
    if (it->opt == PLAN_ADD_FD)
        json_object_del(a, "fd");
    *command = commands[it->opt].command;
    *args = a;
    return 0;
}

int plan_qmp_undo(const struct plan_item *it, const char **command, json_t **args)
{
    json_t *v = has_command(it) ? json_object_get(it->props, commands[it->opt].key) : NULL;
    if (!v)
        return -1;
    *command = commands[it->opt].undo;
    *args = json_pack("{s:O}", commands[it->opt].key, v);
    return *args ? 0 : -1;
}
