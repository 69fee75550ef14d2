/* domtool: what xmlc makes of a document, without a daemon. For developers and tests.
 *
 *   domtool [-s] [-c CAPS] xml FILE...      canonical XML, as virsh dumpxml --inactive --security-info shows it   (-s: validate strictly)
 *   domtool ... tree FILE                   the msgpack tree that workers get
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
    printf("error %d %d %.*s%s%s\n", e->code, e->domain, (int)(p ? p - info : 0), info, e->detail, p ? p + 2 : "");
}

static int one(const char *what, const char *path, const struct doc_env *env)
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
    AUTO_FREE char *text = doc_text(t, FORM_SECURE | FORM_INACTIVE, NULL);
    fputs(text ? text : "out of memory\n", stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct doc_env env = {.flags = 0};
    struct caps caps;
    int c, worst = 0;
    log_init("domtool");
    while ((c = getopt(argc, argv, "sc:")) != -1) {
        if (c == 's')
            env.flags |= DOC_STRICT;
        else if (c == 'c') {
            size_t n;
            AUTO_FREE char *p = slurp(optarg, &n);
            if (caps_parse(&caps, p, n)) {
                fprintf(stderr, "domtool: %s: not a capabilities file\n", optarg);
                return 2;
            }
            env.caps = &caps;
        } else {
            return 2;
        }
    }
    if (argc - optind < 2 || (strcmp(argv[optind], "xml") != 0 && strcmp(argv[optind], "tree") != 0)) {
        fprintf(stderr, "usage: domtool [-s] [-c CAPS] xml|tree FILE...\n");
        return 2;
    }
    for (int i = optind + 1; i < argc; i++) {
        if (argc - optind > 2)
            printf("== %s\n", argv[i]);
        worst |= one(argv[optind], argv[i], &env);
    }
    if (env.caps)
        caps_free(&caps);
    return worst;
}
