/* argtool: the plan of a guest, for tests and for looking at.
 *   argtool native [CAPS]                a client's XML on standard input: the line domxml-to-native prints (CAPS: what is known of the emulators)
 *   argtool dry                          the same: the words of a run, with descriptors as the hands would number them; first a line
 *                                        "fd NUMBER KIND FLAGS" for each
 *   argtool run MANIFEST GRANTS...       a tree (msgpack, as BFD_TREE) on standard input: the words of its command line, one a line
 *   argtool complete MANIFEST GRANTS...  the same: the tree with what the opening told, as XML
 * An error is "error CODE: DETAIL" on standard output, and exit 3. */
#include <stdio.h>
#include <string.h>
#include "ipc/mp.h"
#include "ipc/util.h"
#include "workers/plan/plan.h"
#include "workers/xmlc/run.h"

static uint8_t *slurp(FILE *f, size_t *n)
{
    size_t cap = 4 << 20;
    uint8_t *p = f ? malloc(cap) : NULL;
    *n = p ? fread(p, 1, cap, f) : 0;
    return p;
}

static int load_host(struct plan_host *h, char **files)
{
    size_t n;
    FILE *f = fopen(files[0], "r");
    uint8_t *p = slurp(f, &n);    /* kept: the host's paths point into it */
    if (f)
        fclose(f);
    int rc = p ? plan_host_load(h, p, n) : -1;
    for (char **g = files + 1; rc == 0 && *g; g++) {
        f = fopen(*g, "r");
        p = slurp(f, &n);
        if (f)
            fclose(f);
        rc = p ? plan_host_grants(h, p, n) : -1;
        free(p);
    }
    return rc;
}

static struct caps *known_caps;
static const struct caps *processors(void) { return known_caps; }

/* The running form of a client's document; host: its resources as if all had been opened, NULL none wanted. */
static struct tree *from_xml(const char *xml, size_t n, int id, struct plan_host *host, const struct caps *caps, struct err *e)
{
    static uint8_t buf[MANIFEST_BYTES_MAX];
    struct doc_env env = { .caps = caps, .processors = caps ? processors : NULL };
    struct manifest_out o;
    struct tree *t = host ? doc_parse(xml, n, &env, e) : run_native(xml, n, &env, e);
    if (t && host && run_form(t, id, &env, e) < 0)
        goto bad;
    if (!t || !host)
        return t;
    manifest_begin(&o, buf, sizeof buf);
    if (run_manifest(t, &env, true, &o, e) < 0 || plan_host_load(host, buf, (size_t)manifest_finish(&o)) < 0)
        goto bad;
    return t;
bad:
    tree_free(t);
    return NULL;
}

static void pretend_grants(struct plan_host *h)
{
    int16_t next = QEMU_FD_BASE;
    h->monitor_fd = next++;
    printf("fd %d MONITOR 0\n", h->monitor_fd);
    for (uint32_t i = 0; i < h->n; i++) {
        struct plan_res *r = &h->v[i];
        bool none = r->kind == MK_BIND || r->kind == MK_DEVNODE || r->kind == MK_HOSTNET || (r->flags & (MF_EMPTY | MF_WORKER));
        if (r->kind == MK_PAIR)
            none = false;
        snprintf(r->name, sizeof r->name, "/dev/pts/%u", i);
        r->port = 5900 + i;
        r->nfd = none ? 0 : 1;
        if (none)
            continue;
        r->fd[0] = next++;
        printf("fd %d %u %u\n", r->fd[0], r->kind, r->flags);
        if ((r->kind == MK_IMAGE || r->kind == MK_NVRAM) && !(r->flags & MF_RO)) {
            r->fd[1] = next++;
            printf("fd %d %u %u\n", r->fd[1], r->kind, r->flags | MF_RO);
        }
    }
}

static struct tree *from_tree(const uint8_t *p, size_t n)
{
    struct mp_in in;
    if (!p || mp_guard(p, n, MP_DEPTH_MAX * 2, n, NULL) != 0)
        return NULL;
    mp_in_init(&in, p, n);
    return tree_unpack(&in);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    struct plan_host host = { NULL, 0, -1 };
    struct plan p = { NULL, 0, 0 };
    struct err e = ERR_INIT;
    size_t n;
    AUTO_FREE uint8_t *doc = slurp(stdin, &n);
    bool native = strcmp(mode, "native") == 0, dry = strcmp(mode, "dry") == 0;
    struct caps caps;
    bool known = native && argc > 2;
    if (known) {
        size_t m;
        FILE *f = fopen(argv[2], "r");
        uint8_t *blob = slurp(f, &m);       /* kept: names point into it */
        if (!blob || caps_parse(&caps, blob, m, CAPS_WHOLE)) {
            fprintf(stderr, "argtool: %s: not a capabilities file\n", argv[2]);
            return 2;
        }
        fclose(f);
        known_caps = &caps;
    }
    AUTO_TREE *dom = native || dry ? from_xml((char *)doc, n, native ? -1 : 1, native ? NULL : &host, known ? &caps : NULL, &e) : from_tree(doc, n);
    if (!dom && (native || dry)) {
        printf("error %d: %s\n", e.code, e.detail);
        return 3;
    }
    if (dry)
        pretend_grants(&host);
    if (!dom || (!native && !dry && (argc < 3 || load_host(&host, argv + 2) < 0))) {
        fprintf(stderr, "argtool: bad tree, manifest or grants\n");
        return 2;
    }
    struct plan_in pin = { .dom = dom, .form = native ? PLAN_NATIVE : PLAN_RUN, .id = native ? -1 : 1, .host = native ? NULL : &host, .now = 1000000000,
        .caps = known ? caps_find(&caps, tree_text(dom, "devices/emulator"), NULL) : NULL };
    int rc = native ? 0 : plan_complete(dom, &host, &e);
    if (rc == 0 && strcmp(mode, "complete") == 0) {
        AUTO_FREE char *xml = tree_print(dom, 0, NULL);
        puts(xml ? xml : "");
        return 0;
    }
    if (rc == 0)
        rc = plan_guest(&pin, &p, &e);
    if (rc == 0 && native) {
        AUTO_FREE char *text = plan_text(&pin, &p, &e);
        rc = text ? 0 : -1;
        if (text)
            puts(text);
    } else if (rc == 0) {
        char **words;
        rc = plan_argv(&pin, &p, &words, &e);
        for (char **w = words; rc == 0 && *w; w++)
            puts(*w);
        if (rc == 0)
            plan_argv_free(words);
    }
    plan_free(&p);
    plan_host_free(&host);
    if (rc < 0)
        printf("error %d: %s\n", e.code, e.detail);
    return rc < 0 ? 3 : 0;
}
