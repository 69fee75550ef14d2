/* test-tree.c: the document tree: navigation, change, printing, the msgpack form, and numbers in text. */
#include <errno.h>
#include "workers/tree.h"
#include "tests/tap.h"

static void build_and_print(void)
{
    AUTO_TREE *t = tree_new("domain");
    tree_set_attr(t, "type", "%s", "qemu");
    tree_add_text(t, "name", "a<b>&'c\"");
    struct tree *d = tree_make(t, "devices/disk");
    tree_set_attr(d, "device", "disk");
    tree_set_attr(d, "note", "it's \"<&>\"\n");
    tree_make(t, "devices/emulator");
    size_t n;
    char *s = tree_print(t, 0, &n);
    tap_str(s, "<domain type='qemu'>\n  <name>a&lt;b&gt;&amp;&apos;c&quot;</name>\n  <devices>\n"
               "    <disk device='disk' note='it&apos;s &quot;&lt;&amp;&gt;&quot;\n'/>\n    <emulator/>\n  </devices>\n</domain>\n", "printed");
    free(s);
    tap_str(tree_path_attr(t, "devices/disk", "device"), "disk", "an attribute by path");
    tap_ok(!tree_get(t, "devices/nothing/at/all") && !tree_text(t, "x/y") && !tree_attr(NULL, "a"), "what is missing is NULL");
    tree_set_attr(d, "device", "cdrom");
    tree_set_attr(d, "note", NULL);
    tap_ok(tree_attr_is(d, "device", "cdrom") && !tree_attr(d, "note"), "attributes change and go");

    struct tree *first = tree_new("disk");
    tree_insert(tree_get(t, "devices"), first, d);
    tap_ok(tree_first(tree_get(t, "devices"), "disk") == first && tree_next(first, "disk") == d && d->prev == first, "inserted before");
    tree_free(d);
    int k = 0;
    TREE_EACH(x, tree_get(t, "devices"), NULL) {
        (void)x;
        k++;
    }
    tap_int(k, 2, "one freed, two left");
    tap_ok(tree_get(t, "devices")->last == tree_get(t, "devices/emulator"), "the last one is known");

    struct mp_out o;
    struct mp_in in;
    mp_out_init(&o, 1 << 20);
    tree_pack(&o, t);
    mp_in_init(&in, o.p, o.len);
    AUTO_TREE *u = tree_unpack(&in);
    tap_ok(u && mp_end(&in), "the msgpack form is read back whole");
    char *a = tree_print(t, 0, NULL), *b = tree_print(u, 0, NULL);
    tap_str(b, a, "and prints the same");
    free(a);
    free(b);
    size_t bad = 0;
    for (size_t cut = 0; cut < o.len; cut++) {
        mp_in_init(&in, o.p, cut);
        struct tree *v = tree_unpack(&in);
        if (v || !in.bad)
            bad++;
        tree_free(v);
    }
    tap_int(bad, 0, "cut anywhere it is refused");
    mp_out_free(&o);
}

static void mixed(void)
{
    AUTO_TREE *t = tree_new("metadata");
    struct tree *p = tree_add(t, "p"), *x;
    x = tree_new(NULL);
    tree_set_text(x, "one ");
    tree_append(p, x);
    tree_add_text(p, "b", "two");
    x = tree_new(NULL);
    tree_set_text(x, " three");
    tree_append(p, x);
    char *s = tree_print(t, 0, NULL);
    tap_str(s, "<metadata>\n  <p>one <b>two</b> three</p>\n</metadata>\n", "mixed content keeps its blanks");
    free(s);
}

static void deep(void)
{
    struct mp_out o;
    struct mp_in in;
    mp_out_init(&o, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        mp_array(&o, 4);
        mp_str(&o, "a");
        mp_nil(&o);
        mp_array(&o, 0);
        mp_array(&o, i == 999 ? 0 : 1);
    }
    mp_in_init(&in, o.p, o.len);
    tap_ok(!tree_unpack(&in) && in.bad, "a thousand levels are refused");
    mp_out_free(&o);
}

static void numbers(void)
{
    static const struct { const char *s; int base; uint64_t max; int r; uint64_t v; } rows[] = {
        { "0", 10, 10, 0, 0 }, { "10", 10, 10, 0, 10 }, { "11", 10, 10, -EINVAL, 0 }, { "-1", 10, 10, -EINVAL, 0 }, { "+1", 10, 10, -EINVAL, 0 },
        { "", 10, 10, -EINVAL, 0 }, { " 1", 10, 10, -EINVAL, 0 }, { "1 ", 10, 10, -EINVAL, 0 }, { "0x1f", 0, 100, 0, 31 }, { "0x", 0, 100, -EINVAL, 0 },
        { "1f", 10, 100, -EINVAL, 0 }, { "18446744073709551615", 10, UINT64_MAX, 0, UINT64_MAX }, { "18446744073709551616", 10, UINT64_MAX, -EINVAL, 0 },
        { "99999999999999999999999", 10, UINT64_MAX, -EINVAL, 0 }, { NULL, 10, 10, -ENOENT, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t v = 0;
        int r = tree_parse_uint(rows[i].s, rows[i].base, rows[i].max, &v);
        tap_ok(r == rows[i].r && v == rows[i].v, "number \"%s\"", rows[i].s ? rows[i].s : "(absent)");
    }
}

int main(void)
{
    build_and_print();
    mixed();
    deep();
    numbers();
    return tap_done();
}
