/* domtool: what xmlc makes of a document, without a daemon. For developers and tests.
 *
 *   domtool [-s] [-c CAPS] xml FILE...      canonical XML, as virsh dumpxml --inactive --security-info shows it   (-s: validate strictly; -S: it is our own stored text)
 *   domtool ... tree FILE                   its msgpack tree
 *   domtool [-i ID] ... live FILE           the running form as a guest with that id gets it, with our marks
 *   domtool [-i ID] ... manifest FILE       the host resources of such a run, one a line
 *   domtool [-i ID] ... start FILE DIR      DIR/tree, DIR/manifest, DIR/xml: what the start of a guest is given
 *   domtool [-i ID] ... plug FILE attach|detach|update|alias|gone TEXT ...      what becomes of such a run when these calls come, one after the other;
 *                                           a call with a "+" behind it comes again, and may have been done
 * FILE - is standard input. A refused document prints "error CODE DOMAIN TEXT". With several files each answer has a line "== FILE" above. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/tree-form.h"
#include "workers/xmlc/doc.h"
#include "workers/xmlc/parse.h"
#include "workers/xmlc/plug.h"
#include "workers/xmlc/run.h"

static char *slurp(const char *path, size_t *n)
{
    AUTO_CLOSE fd = strcmp(path, "-") == 0 ? dup(0) : open(path, O_RDONLY | O_CLOEXEC);
    char *buf = fd >= 0 ? malloc(PARSE_BYTES_MAX + 2) : NULL;
    ssize_t k = buf ? util_read_full(fd, buf, PARSE_BYTES_MAX + 1) : -errno;
    if (k < 0) {
        fprintf(stderr, "domtool: %s: %s\n", path, strerror((int)-k));
        exit(2);
    }
    buf[k] = 0;
    *n = (size_t)k;
    return buf;
}

static void say_error(const struct err *e)
{
    const char *plain, *info;
    err_texts(e->code, &plain, &info);
    const char *p = strstr(info, "%s");
    if (!*e->detail)
        printf("error %d %d %s\n", e->code, e->domain, plain);
    else
        printf("error %d %d %.*s%s%s\n", e->code, e->domain, (int)(p ? p - info : 0), info, e->detail, p ? p + 2 : "");
}

static const char *const kinds[MK_KIND_N] = {"none", "image", "bind", "file-out", "log", "pty", "unix-listen", "unix-connect", "pair", "tcp-listen", "line",
    "tcp-connect", "tap", "devnode", "hostnet", "nvram", "tune", "state", [MK_SOCKET] = "socket"};

static void show_manifest(const void *p, size_t n)
{
    struct manifest_in in;
    struct manifest_entry m;
    const char *path, *aux;
    int r = manifest_open(&in, p, n);
    while (r == 0 && (r = manifest_next(&in, &m, &path, &aux)) > 0) {
        printf("%u %s flags=%u parent=%d format=%u a=%u b=%u c=%u path=%s aux=%s\n", m.index, kinds[m.kind], m.flags, m.parent, m.format, m.a, m.b, m.c,
            path ? path : "-", aux ? aux : "-");
        r = 0;
    }
}

static void put_file(const char *dir, const char *name, const void *p, size_t n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    AUTO_CLOSE fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || util_write_full(fd, p, n) != (ssize_t)n) {
        fprintf(stderr, "domtool: %s: %s\n", path, strerror(errno));
        exit(2);
    }
}

static int running(const char *what, struct tree *t, int id, const struct doc_env *env, const char *dir)
{
    static uint8_t buf[MANIFEST_BYTES_MAX];
    struct manifest_out out;
    struct err e = ERR_INIT;
    struct mp_out o;
    manifest_begin(&out, buf, sizeof buf);
    if (run_form(t, id, env, &e) || run_manifest(t, env, true, &out, &e)) {
        say_error(&e);
        return 1;
    }
    ssize_t n = manifest_finish(&out);
    AUTO_FREE char *text = tree_print(t, 0, NULL);
    if (strcmp(what, "manifest") == 0)
        show_manifest(buf, (size_t)n);
    else if (strcmp(what, "live") == 0)
        fputs(text, stdout);
    else {
        mp_out_init(&o, 64u << 20);
        tree_pack(&o, t);
        put_file(dir, "tree", o.p, o.len);
        put_file(dir, "manifest", buf, (size_t)n);
        put_file(dir, "xml", text, strlen(text));
        mp_out_free(&o);
    }
    return 0;
}

/* One call on a run: its devices with marks, and the run after it, in the caller's two buffers. */
static int plug(struct tree **run, struct manifest_out *manifest, const char *what, const char *text, const struct doc_env *env)
{
    static const char *const words[] = {"attach", "detach", "update", "alias"}, *const did[] = {"?", "in", "out", "change", "none"};
    static uint8_t buf[MANIFEST_BYTES_MAX];
    struct doc_env live = *env;
    struct plug_run p = {0};
    struct err e = ERR_INIT;
    unsigned i = 0, r = 0;
    AUTO_TREE *t = tree_copy(*run);
    printf("== %s %s\n", what, text);
    live.flags |= DOC_CHANGE;
    while (i < ARRAY_N(words) && strncmp(words[i], what, strlen(words[i])) != 0)
        i++;
    live.flags |= what[strlen(what) - 1] == '+' ? DOC_AGAIN : 0;
    if (plug_open(&p, t, manifest->p, manifest->len, buf, sizeof buf, &e) || (i < ARRAY_N(words) && plug_change(&p, (enum device_change)i, text, strlen(text), &live, &e))) {
        say_error(&e);
        r = 1;
    } else {
        if (i == ARRAY_N(words))
            plug_gone(&p, text);
        AUTO_FREE char *devices = tree_print(p.devices, 0, NULL);
        printf("%s\n%s", did[p.what], devices);
        memcpy(manifest->p, buf, manifest->len = (size_t)manifest_finish(&p.manifest));
        tree_free(*run);
        *run = STEAL_PTR(&t);
    }
    if (p.devices)
        tree_free(p.devices);
    return (int)r;
}

static int plugs(const char *path, int id, const struct doc_env *env, int n, char **args)
{
    static uint8_t buf[MANIFEST_BYTES_MAX];
    struct manifest_out out;
    struct err e = ERR_INIT;
    size_t len;
    int worst = 0;
    AUTO_FREE char *xml = slurp(path, &len);
    AUTO_TREE *t = doc_parse(xml, len, env, &e);
    manifest_begin(&out, buf, sizeof buf);
    if (!t || run_form(t, id, env, &e) || run_manifest(t, env, true, &out, &e)) {
        say_error(&e);
        return 1;
    }
    manifest_finish(&out);
    for (int i = 0; i + 1 < n; i += 2)
        worst |= plug(&t, &out, args[i], args[i + 1], env);
    AUTO_FREE char *text = tree_print(t, 0, NULL);
    printf("== run\n%s", text);
    show_manifest(out.p, out.len);
    return worst;
}

static int one(const char *what, const char *path, int id, const struct doc_env *env, const char *dir)
{
    struct err e = ERR_INIT;
    size_t n;
    AUTO_FREE char *xml = slurp(path, &n);
    AUTO_TREE *t = doc_parse(xml, n, env, &e);
    if (!t) {
        say_error(&e);
        return 1;
    }
    if (strcmp(what, "tree") == 0) {
        struct mp_out o;
        mp_out_init(&o, 64u << 20);
        tree_pack(&o, t);
        fwrite(o.p, 1, o.len, stdout);
        mp_out_free(&o);
        return 0;
    }
    if (strcmp(what, "xml") != 0)
        return running(what, t, id, env, dir);
    AUTO_FREE char *text = doc_text(t, FORM_SECURE | FORM_INACTIVE, NULL);
    fputs(text ? text : "out of memory\n", stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct doc_env env = {.flags = 0};
    struct caps caps;
    int c, worst = 0, id = 1;
    log_init("domtool");
    while ((c = getopt(argc, argv, "Ssc:i:")) != -1) {
        if (c == 's')
            env.flags |= DOC_STRICT;
        else if (c == 'S')
            env.flags |= DOC_STORED;
        else if (c == 'i')
            id = atoi(optarg);
        else if (c == 'c') {
            size_t n;
            AUTO_FREE char *p = slurp(optarg, &n);
            if (caps_parse(&caps, p, n, CAPS_HEADS)) {
                fprintf(stderr, "domtool: %s: not a capabilities file\n", optarg);
                return 2;
            }
            env.caps = &caps;
        } else {
            return 2;
        }
    }
    if (argc - optind < 2 || !doc_in(argv[optind], "xml tree live manifest start plug") || (strcmp(argv[optind], "start") == 0 && argc - optind != 3)) {
        fprintf(stderr, "usage: domtool [-s] [-c CAPS] [-i ID] xml|tree|live|manifest FILE...\n       domtool ... start FILE DIR\n       domtool ... plug FILE attach|detach|update|alias|gone TEXT ...\n");
        return 2;
    }
    if (strcmp(argv[optind], "start") == 0)
        return one("start", argv[optind + 1], id, &env, argv[optind + 2]);
    if (strcmp(argv[optind], "plug") == 0)
        return plugs(argv[optind + 1], id, &env, argc - optind - 2, argv + optind + 2);
    for (int i = optind + 1; i < argc; i++) {
        if (argc - optind > 2)
            printf("== %s\n", argv[i]);
        worst |= one(argv[optind], argv[i], id, &env, NULL);
    }
    if (env.caps)
        caps_free(&caps);
    return worst;
}
