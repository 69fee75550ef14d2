/* The host's firmware descriptors: which files count, what is too much of one, and a page that nobody can be hurt by. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/index.h"
#include "ipc/util.h"
#include "tests/tap.h"
#include "workers/host/descriptors.h"

#define GOOD(file) "{\"interface-types\":[\"uefi\"],\"mapping\":{\"device\":\"memory\",\"filename\":\"" file "\"},\"targets\":[{\"architecture\":\"x86_64\",\"machines\":[\"pc-q35-*\"]}],\"features\":[]}"

static char top[] = "/tmp/test-firmware-XXXXXX";
static struct firmware_list list, copy;

static void put(const char *folder, const char *name, const char *text)
{
    char path[256];
    util_format(path, sizeof path, "%s/%s", top, folder);
    mkdir(path, 0755);
    util_format(path, sizeof path, "%s/%s/%s", top, folder, name);
    AUTO_CLOSE fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    tap_ok(fd >= 0 && util_write_full(fd, text, strlen(text)) >= 0, "a file %s/%s", folder, name);
}

static void folders(void)
{
    char usual[64], own[64], path[256];
    util_format(usual, sizeof usual, "%s/usual", top);
    util_format(own, sizeof own, "%s/own", top);
    const char *const both[] = { usual, own, NULL };
    descriptors_read(both, &list);
    tap_ok(list.n == 0 && !list.bad[0], "without the folders there is none");
    put("usual", "60-b.json", GOOD("/b"));
    put("usual", "50-a.json", GOOD("/a"));
    put("usual", "70-c", GOOD("/c"));
    put("usual", ".hidden", "{");
    put("own", "50-a.json", GOOD("/own"));
    put("own", "70-c", "");
    descriptors_read(both, &list);
    tap_int(list.n, 2, "one is masked, one hidden");
    tap_str(list.v[0].file, "/own", "the later folder's takes the place of one of that name");
    tap_str(list.v[1].file, "/b", "in the order of names");
    put("own", "99-z.json", "{");
    descriptors_read(both, &list);
    tap_ok(list.n == 0 && strstr(list.bad, "unable to parse json file '") && strstr(list.bad, "/own/99-z.json'"), "one that is bad: %s", list.bad);
    util_format(path, sizeof path, "%s/own/99-z.json", top);
    tap_ok(unlink(path) == 0 && mkdir(path, 0755) == 0, "a folder in its place");
    descriptors_read(both, &list);
    tap_ok(list.n == 0 && list.bad[0], "is none either: %s", list.bad);
    tap_ok(rmdir(path) == 0 && mkfifo(path, 0644) == 0, "and nobody waits for a pipe's writer");
    descriptors_read(both, &list);
    tap_ok(list.n == 0 && list.bad[0], "%s", list.bad);
    unlink(path);
    for (int i = 0; i < FIRMWARE_MAX + 8; i++) {
        char name[32];
        util_format(name, sizeof name, "%d", i);
        util_format(path, sizeof path, "%s/usual/%s", top, name);
        AUTO_CLOSE fd = open(path, O_WRONLY | O_CREAT, 0644);
        if (fd < 0 || util_write_full(fd, GOOD("/x"), strlen(GOOD("/x"))) < 0)
            tap_ok(false, "a file %s", path);
    }
    descriptors_read(both, &list);
    tap_ok(list.n <= FIRMWARE_MAX && !list.bad[0], "more than are read: %u", list.n);
}

static void refused(const char *what, const char *text)
{
    struct err e = ERR_INIT;
    tap_ok(descriptor_parse("/x", text, strlen(text), &list.v[0], &e) < 0 && e.code == VIR_ERR_INTERNAL_ERROR, "%s: %s", what, e.detail);
}

static void limits(void)
{
    char text[8192], name[400];
    struct err e = ERR_INIT;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = 0;
    tap_int(descriptor_parse("/x", GOOD("/a"), strlen(GOOD("/a")), &list.v[0], &e), 0, "a good one");
    tap_ok(firmware_fits(&list.v[0], "x86_64", "pc-q35-7.2") && !firmware_fits(&list.v[0], "x86_64", "q35") && !firmware_fits(&list.v[0], "i686", "pc-q35-7.2"), "it is for some machines");
    refused("nothing", "");
    refused("more behind it", GOOD("/a") "x");
    refused("a NUL in a name", GOOD("/a\\u0000b"));
    snprintf(text, sizeof text, "{\"interface-types\":[],\"mapping\":{\"device\":\"memory\",\"filename\":\"%s\"},\"targets\":[],\"features\":[]}", name);
    refused("a name that is too long", text);
    size_t n = (size_t)snprintf(text, sizeof text, "{\"interface-types\":[],\"mapping\":{\"device\":\"memory\"},\"features\":[],\"targets\":[{\"architecture\":\"x86_64\",\"machines\":[\"a\"");
    for (int i = 0; i < FIRMWARE_TARGETS_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, ",\"a\"");
    snprintf(text + n, sizeof text - n, "]}]}");
    refused("too many machines", text);
    memset(text, '[', sizeof text - 1);
    text[sizeof text - 1] = 0;
    refused("deeper than anything", text);
}

static void page(void)
{
    int rw = -1, ro = -1, err;
    tap_int(page_create("firmware", "", 0, sizeof(struct firmware_page), &rw, &ro), 0, "a page");
    struct firmware_page *w = firmware_map(rw, true, &err), *r = firmware_map(ro, false, &err);
    tap_ok(w && r && !firmware_map(ro, true, &err) && err == -EACCES && !firmware_map(-1, false, &err), "which one writes and others read");
    tap_ok(!firmware_read(r, &copy, 0), "nobody has written it");
    memset(&list, 0, sizeof list);
    list.n = 1;
    strcpy(list.v[0].file, "/a");
    firmware_write(w, &list);
    tap_ok(firmware_read(r, &copy, 0) && copy.n == 1 && !strcmp(copy.v[0].file, "/a"), "what was written is read");
    w->turn++;
    tap_ok(!firmware_read(r, &copy, 20), "a writer that died in the midst of it");
    firmware_write(w, &list);
    tap_ok(firmware_read(r, &copy, 0), "its next instance writes all of it");
    memset(&w->list, 0xff, sizeof w->list);
    tap_ok(firmware_read(r, &copy, 0) && copy.n == FIRMWARE_MAX && strlen(copy.v[FIRMWARE_MAX - 1].file) == sizeof copy.v[0].file - 1 && copy.v[0].ntargets == FIRMWARE_TARGETS_MAX &&
        strlen(copy.v[0].targets[FIRMWARE_TARGETS_MAX - 1].machine) == sizeof copy.v[0].targets[0].machine - 1 && strlen(copy.bad) == sizeof copy.bad - 1, "a hostile one ends everywhere");
    w->magic = 0;
    tap_ok(!firmware_read(r, &copy, 0), "of another format");
    close(rw);
    close(ro);
}

int main(void)
{
    char line[64];
    if (!mkdtemp(top))
        return 1;
    folders();
    limits();
    page();
    util_format(line, sizeof line, "rm -rf %s", top);
    return system(line) ? 1 : tap_done();
}
