/* argtool: the plan of a guest, for tests and for looking at.
 *   argtool native                       a client's XML on standard input: the line domxml-to-native prints
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

static struct tree *from_xml(const char *xml, size_t n, struct err *e)
{
    struct doc_env env = { .caps = NULL };
    struct tree *t = doc_parse(xml, n, &env, e);
    if (t && run_form(t, -1, &env, e) < 0) {
        tree_free(t);
        t = NULL;
    }
    return t;
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
    uint8_t *doc = slurp(stdin, &n);
    bool native = strcmp(mode, "native") == 0;
    AUTO_TREE *dom = native ? from_xml((char *)doc, n, &e) : from_tree(doc, n);
    if (!dom && native) {
        printf("error %d: %s\n", e.code, e.detail);
        return 3;
    }
    if (!dom || (!native && (argc < 3 || load_host(&host, argv + 2) < 0))) {
        fprintf(stderr, "argtool: bad tree, manifest or grants\n");
        return 2;
    }
    struct plan_in pin = { .dom = dom, .form = native ? PLAN_NATIVE : PLAN_RUN, .id = native ? -1 : 1, .host = native ? NULL : &host, .now = 1000000000 };
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
    free(doc);
    if (rc < 0)
        printf("error %d: %s\n", e.code, e.detail);
    return rc < 0 ? 3 : 0;
}
