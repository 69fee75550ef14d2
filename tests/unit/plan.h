/* plan.h: small guests for the tests of libplan: a tree from text, a manifest and grants by hand. */
#ifndef BULKHEAD_TESTS_PLAN_H
#define BULKHEAD_TESTS_PLAN_H
#include <errno.h>
#include "tests/tap.h"
#include "workers/plan/plan.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/parse.h"

/* One resource: what the manifest asks for and what the hand gave. */
struct given { struct manifest_entry m; const char *path, *aux; int fd, twin; unsigned nfd; const char *name; unsigned port; uint32_t probed; bool block; int error; };

static uint8_t plan_manifest[65536];

static void plan_host_make(struct plan_host *h, const struct given *g, size_t n, int monitor)
{
    static uint8_t grants[sizeof(struct grants_head) + 64 * sizeof(struct grant)];
    struct manifest_out o;
    manifest_begin(&o, plan_manifest, sizeof plan_manifest);
    struct grants_head head = { .magic = GRANTS_MAGIC, .n = (uint32_t)n, .monitor_fd = monitor };
    memcpy(grants, &head, sizeof head);
    for (size_t i = 0; i < n; i++) {
        struct manifest_entry e = g[i].m;
        struct grant r = { .index = (uint32_t)i, .error = g[i].error, .made = 1, .nqemu = (uint8_t)(g[i].nfd ? g[i].nfd : g[i].fd >= 0), .port = g[i].port,
            .is_block = g[i].block, .probed_format = g[i].probed, .qemu_fd = { (int16_t)g[i].fd, (int16_t)g[i].twin } };
        if (!(e.flags & MF_BACKING))
            e.parent = -1;
        manifest_add(&o, &e, g[i].path, g[i].aux);
        snprintf(r.name, sizeof r.name, "%s", g[i].name ? g[i].name : "");
        memcpy(grants + sizeof head + i * sizeof r, &r, sizeof r);
    }
    ssize_t len = manifest_finish(&o);
    if (len < 0 || plan_host_load(h, plan_manifest, (size_t)len) < 0 || plan_host_grants(h, grants, sizeof head + n * sizeof(struct grant)) < 0) {
        printf("Bail out! the test's own manifest is bad\n");
        exit(1);
    }
}

/* Attribute m= in the test's text stands for the mark. */
static void plan_mark(struct tree *t)
{
    if (tree_attr(t, "m")) {
        tree_set_attr(t, MARK_MANIFEST, "%s", tree_attr(t, "m"));
        tree_set_attr(t, "m", NULL);
    }
    for (struct tree *k = t->child; k; k = k->next)
        plan_mark(k);
}

static struct tree *plan_tree(const char *xml)
{
    struct err e = ERR_INIT;
    struct tree *t = parse_xml(xml, strlen(xml), "(test)", NULL, &e);
    if (!t) {
        printf("Bail out! %s\n", e.detail);
        exit(1);
    }
    plan_mark(t);
    return t;
}
#endif
