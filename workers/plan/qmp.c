/* qmp.c: an item as the QMP command that does to a running guest what the option does at its start. */
#include "priv.h"
#include <string.h>

/* The union of a character device over QMP: {"id", "backend": {"type", "data": {...}}}; rows say where a flat key goes. */
static const struct { const char *flat, *qmp; } renamed[] = { { "path", "device" }, { "localaddr", "" }, { NULL, NULL } };

static json_t *socket_addr(json_t *flat, const char *type, const char *key, const char *qmp_key)
{
    json_t *data = json_object();
    json_object_set(data, qmp_key, json_object_get(flat, key));
    return json_pack("{s:s, s:o}", "type", type, "data", data);
}

static json_t *chardev_data(json_t *flat, const char *backend)
{
    json_t *data = json_object();
    const char *key;
    json_t *v;
    bool is_socket = strcmp(backend, "socket") == 0;
    if (json_object_get(flat, "fd") && is_socket)
        json_object_set_new(data, "addr", socket_addr(flat, "fd", "fd", "str"));
    else if (json_object_get(flat, "path") && is_socket)
        json_object_set_new(data, "addr", socket_addr(flat, "unix", "path", "path"));
    json_object_foreach(flat, key, v) {
        if (strcmp(key, "id") == 0 || strcmp(key, "backend") == 0 || (is_socket && (strcmp(key, "fd") == 0 || strcmp(key, "path") == 0)))
            continue;
        if (strcmp(key, "path") == 0)
            json_object_set(data, strcmp(backend, "file") == 0 ? "out" : renamed[0].qmp, v);
        else
            json_object_set(data, key, v);
    }
    return data;
}

static json_t *chardev_args(json_t *flat)
{
    const char *backend = json_string_value(json_object_get(flat, "backend"));
    return json_pack("{s:O, s:{s:s, s:o}}", "id", json_object_get(flat, "id"), "backend", "type", backend, "data", chardev_data(flat, backend));
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
