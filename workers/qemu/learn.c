/* learn.c: what only QEMU knows of a guest that has just started, or that an earlier worker served. */
#include "config.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/guest.h"

enum { REASON_STARTED = 1, TASKS_MAX = 4096, SETUP_MS = 60000 };

/* QEMU names its threads as its own pid namespace numbers them; /proc here has the host's numbers. */
static int32_t host_tid(struct guest *g, int64_t inner, const char *task)
{
    char path[64], buf[4096];
    snprintf(path, sizeof path, "task/%.20s/status", task);
    if (read_small(g->proc_fd, path, buf, sizeof buf))
        return 0;
    const char *p = strstr(buf, "\nNSpid:"), *end = p ? strchr(p + 1, '\n') : NULL;
    if (!end)
        return 0;
    while (end > p && end[-1] >= '0' && end[-1] <= '9')
        end--;
    return strtol(end, NULL, 10) == inner ? (int32_t)strtol(task, NULL, 10) : 0;
}

static void map_tids(struct guest *g, const int64_t *inner)
{
    int fd = g->proc_fd < 0 ? -1 : openat(g->proc_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0)
            close(fd);
        return;
    }
    struct dirent *de;
    for (unsigned seen = 0; seen < TASKS_MAX && (de = readdir(d)); seen++) {
        if (de->d_name[0] < '0' || de->d_name[0] > '9')
            continue;
        for (uint32_t i = 0; i < g->ntids; i++) {
            int32_t t = g->tids[i] < 0 ? host_tid(g, inner[i], de->d_name) : 0;
            if (t)
                g->tids[i] = t;
        }
    }
    closedir(d);
}

void guest_take_cpus(struct guest *g, json_t *ret)
{
    size_t n = json_array_size(ret), most = 0;
    json_t *c;
    size_t i;
    json_array_foreach(ret, i, c) {
        json_int_t at = json_integer_value(json_object_get(c, "cpu-index"));
        most = at >= 0 && at < GUEST_VCPUS_MAX && (size_t)at >= most ? (size_t)at + 1 : most;
    }
    if (!n || n > GUEST_VCPUS_MAX || !most)
        return;
    AUTO_FREE int64_t *inner = calloc(most, sizeof *inner);
    free(g->tids);
    g->tids = calloc(most, sizeof *g->tids);
    g->ntids = g->tids ? (uint32_t)most : 0;
    if (!inner || !g->tids)
        return;
    json_array_foreach(ret, i, c) {
        json_int_t at = json_integer_value(json_object_get(c, "cpu-index"));
        if (at >= 0 && (size_t)at < most) {
            inner[at] = json_integer_value(json_object_get(c, "thread-id"));
            g->tids[at] = -1;
        }
    }
    g->vcpus = (uint32_t)n;
    map_tids(g, inner);
}

static void on_cpus(void *data, json_t *ret, const struct err *e)
{
    if (e)
        log_warn("%s", e->detail);
    guest_take_cpus(data, ret);
}

/* Ports of virtio-serial channels: query-chardev names the backend "char" + alias. */
static void on_chardevs(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    if (e)
        return;
    TREE_EACH(c, tree_get(g->tree, "devices"), "channel") {
        char label[160];
        const char *alias = device_alias(c);
        if (!alias || !tree_attr_is(tree_get(c, "target"), "type", "virtio") || util_format(label, sizeof label, "char%s", alias))
            continue;
        json_t *v;
        size_t i;
        json_array_foreach(ret, i, v) {
            const char *l = json_string_value(json_object_get(v, "label"));
            if (l && !strcmp(l, label))
                guest_set_channel(g, c, json_is_true(json_object_get(v, "frontend-open")), REASON_STARTED);
        }
    }
}

static void on_balloon(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    json_int_t bytes = json_integer_value(json_object_get(ret, "actual"));
    if (!e && bytes > 0)
        guest_set_balloon(g, (uint64_t)bytes / 1024, false);
}

/* A module's place, and how much of one that has no fixed size the guest has taken. */
static void on_modules(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    json_t *v;
    size_t i;
    if (e)
        return;
    json_array_foreach(ret, i, v) {
        json_t *d = json_object_get(v, "data");
        const char *id = json_string_value(json_object_get(d, "id")), *type = json_string_value(json_object_get(v, "type"));
        json_int_t at = json_integer_value(json_object_get(d, "addr")), slot = json_integer_value(json_object_get(d, "slot")), size = json_integer_value(json_object_get(d, "size"));
        struct tree *module = id ? guest_device(g, id) : NULL, *address = tree_get(module, "address");
        if (!module || strcmp(module->name, "memory") != 0 || !type)
            continue;
        if (!strcmp(type, "dimm") && tree_attr_is(address, "type", "dimm")) {
            tree_set_attr(address, "slot", "%lld", (long long)slot);
            tree_set_attr(address, "base", "0x%llx", (unsigned long long)at);
        } else if (!strcmp(type, "virtio-mem")) {
            guest_set_module(module, (uint64_t)size);
        }
        guest_changed(g);
    }
}

void guest_set_module(struct tree *module, uint64_t bytes)
{
    struct tree *target = tree_make(module, "target"), *now = tree_get(target, "current"), *requested = tree_get(target, "requested");
    if (!now && requested && requested->next)
        tree_insert(target, now = tree_new("current"), requested->next);
    now = now ? now : tree_make(target, "current");
    tree_set_attr(now, "unit", "KiB");
    tree_set_text(now, "%llu", (unsigned long long)bytes / 1024);
}

void guest_learn_memory(struct guest *g)
{
    if (tree_get(g->tree, "devices/memory"))
        qmp_send(&g->qmp, "query-memory-devices", NULL, -1, SETUP_MS, on_modules, g);
}

void guest_learn(struct guest *g)
{
    guest_learn_memory(g);
    qmp_send(&g->qmp, "query-cpus-fast", NULL, -1, SETUP_MS, on_cpus, g);
    qmp_send(&g->qmp, "query-chardev", NULL, -1, SETUP_MS, on_chardevs, g);
    if (g->has_balloon)
        qmp_send(&g->qmp, "query-balloon", NULL, -1, SETUP_MS, on_balloon, g);
}
