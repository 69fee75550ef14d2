/* argv.c: items printed: JSON for what QEMU takes as JSON, key=value for the rest; and the whole as a line for a shell. */
#include "priv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

/* key=value,... with the first key's value alone: "socket,id=charmonitor,fd=12,server=on" */
static char *keyval(struct ctx *c, json_t *props, const char *first)
{
    struct strbuf b = { NULL, 0, 0 };
    const char *key;
    json_t *v;
    if (first)
        pl_cat_escaped(c, &b, json_string_value(json_object_get(props, first)));
    json_object_foreach(props, key, v) {
        if (first && strcmp(key, first) == 0)
            continue;
        pl_cat(c, &b, "%s%s=", b.len ? "," : "", key);
        if (json_is_string(v))
            pl_cat_escaped(c, &b, json_string_value(v));
        else if (json_is_integer(v))
            pl_cat(c, &b, "%lld", (long long)json_integer_value(v));
        else
            pl_cat(c, &b, "%s", json_is_true(v) ? "on" : "off");
    }
    return b.s;
}

static char *add_fd(struct ctx *c, json_t *props)
{
    struct strbuf b = { NULL, 0, 0 };
    pl_cat(c, &b, "set=%lld,fd=%lld,opaque=%s", (long long)json_integer_value(json_object_get(props, "fdset-id")),
           (long long)json_integer_value(json_object_get(props, "fd")), json_string_value(json_object_get(props, "opaque")));
    return b.s;
}

static const char *const options[] = { [PLAN_ADD_FD] = "-add-fd", [PLAN_OBJECT] = "-object", [PLAN_BLOCKDEV] = "-blockdev", [PLAN_NETDEV] = "-netdev",
    [PLAN_CHARDEV] = "-chardev", [PLAN_AUDIODEV] = "-audiodev", [PLAN_DEVICE] = "-device" };

struct words { char **v; size_t n, cap; };

/* Takes w over. */
static void push(struct ctx *c, struct words *ws, char *w)
{
    if (ws->n + 1 >= ws->cap) {
        size_t cap = ws->cap ? ws->cap * 2 : 128;
        char **v = reallocarray(ws->v, cap, sizeof *v);
        if (v) {
            ws->v = v;
            ws->cap = cap;
        }
    }
    if (!w || ws->n + 1 >= ws->cap) {
        free(w);
        c->failed = true;
        return;
    }
    ws->v[ws->n++] = w;
    ws->v[ws->n] = NULL;
}

static void push_item(struct ctx *c, struct words *ws, const struct plan_item *it)
{
    switch (it->opt) {
    case PLAN_GETFD:
        break;
    case PLAN_WORDS:
        push(c, ws, strdup(it->word[0]));
        if (it->word[1])
            push(c, ws, strdup(it->word[1]));
        break;
    default:
        push(c, ws, strdup(options[it->opt]));
        push(c, ws, it->opt == PLAN_CHARDEV ? keyval(c, it->props, "backend") : it->opt == PLAN_ADD_FD ? add_fd(c, it->props)
                                                                              : json_dumps(it->props, JSON_COMPACT));
    }
}

int plan_argv(const struct plan_in *in, const struct plan *p, char ***argv, struct err *e)
{
    struct ctx c = { .in = in, .e = e };
    struct words ws = { NULL, 0, 0 };
    const char *emulator = tree_text(in->dom, "devices/emulator");
    push(&c, &ws, strdup(emulator ? emulator : ""));
    for (size_t i = 0; i < p->n; i++)
        push_item(&c, &ws, &p->v[i]);
    if (c.failed || !emulator) {
        plan_argv_free(ws.v);
        return err_set(e, emulator ? VIR_ERR_NO_MEMORY : VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "%s", emulator ? "" : "missing emulator");
    }
    *argv = ws.v;
    return 0;
}

void plan_argv_free(char **argv)
{
    for (char **w = argv; w && *w; w++)
        free(*w);
    free(argv);
}

/* ---- one line for a shell ---- */
static void cat_quoted(struct ctx *c, struct strbuf *b, const char *s)
{
    /* the words a shell takes as they are, and quotes around others */
    if (*s && !strpbrk(s, "\r\t\n !\"#$&'()*;<>?[\\]^`{|}~")) {
        pl_cat(c, b, "%s", s);
        return;
    }
    pl_cat(c, b, "'");
    for (; *s; s++)
        pl_cat(c, b, *s == '\'' ? "'\\''" : "%c", *s);
    pl_cat(c, b, "'");
}

static void environment(struct ctx *c, struct strbuf *b)
{
    static const struct { const char *key, *below; } homes[] = { { "HOME", "" }, { "XDG_DATA_HOME", "/.local/share" }, { "XDG_CACHE_HOME", "/.cache" },
        { "XDG_CONFIG_HOME", "/.config" } };
    const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    pl_cat(c, b, "LC_ALL=C PATH=%s ", path);
    for (unsigned i = 0; i < ARRAY_N(homes); i++) {
        struct strbuf v = { NULL, 0, 0 };
        pl_cat(c, &v, "%s/domain-%d-%s%s", pl_lib_dir(c), c->in->id, pl_short_name(c), homes[i].below);
        pl_cat(c, b, "%s=", homes[i].key);
        if (v.s)
            cat_quoted(c, b, v.s);
        pl_cat(c, b, " ");
        free(v.s);
    }
    TREE_EACH(g, tree_get(c->in->dom, "devices"), "graphics")
        if (tree_attr_is(g, "type", "sdl")) {
            if (tree_attr(g, "xauth"))
                pl_cat(c, b, "XAUTHORITY=%s ", tree_attr(g, "xauth"));
            if (tree_attr(g, "display"))
                pl_cat(c, b, "DISPLAY=%s ", tree_attr(g, "display"));
        }
    TREE_EACH(a, tree_get(c->in->dom, "devices"), "audio")
        if (tree_attr_is(a, "type", "sdl") && tree_attr(a, "driver"))
            pl_cat(c, b, "SDL_AUDIODRIVER=%s ", tree_attr(a, "driver"));
    if (tree_attr_is(tree_get(c->in->dom, "clock"), "offset", "timezone"))
        pl_cat(c, b, "TZ=%s ", tree_path_attr(c->in->dom, "clock", "timezone"));
    TREE_EACH(v, tree_get(c->in->dom, "qemu:commandline"), "qemu:env") {
        pl_cat(c, b, "%s=", tree_attr(v, "name") ? tree_attr(v, "name") : "");
        if (tree_attr(v, "value") && *tree_attr(v, "value"))
            cat_quoted(c, b, tree_attr(v, "value"));
        pl_cat(c, b, " ");
    }
}

char *plan_text(const struct plan_in *in, const struct plan *p, struct err *e)
{
    struct ctx c = { .in = in, .e = e };
    struct strbuf b = { NULL, 0, 0 };
    char **argv;
    if (plan_argv(in, p, &argv, e) < 0)
        return NULL;
    environment(&c, &b);
    for (char **w = argv; *w; w++) {
        if (w != argv)
            pl_cat(&c, &b, " ");
        cat_quoted(&c, &b, *w);
    }
    plan_argv_free(argv);
    if (c.failed) {
        free(b.s);
        return NULL;
    }
    return b.s;
}
