/* seeds.c: main of a harness without libFuzzer: every seed of its corpus once, and each seed's every beginning. */
#include <dirent.h>
#include <limits.h>
#include <string.h>
#include "ipc/util.h"
#include "tests/tap.h"
#include <fcntl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEED_MAX (1u << 20)

static bool run(const char *path)
{
    AUTO_FREE uint8_t *all = malloc(SEED_MAX);
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 || !all ? -1 : util_read_full(fd, all, SEED_MAX);
    size_t step = n > 4096 ? (size_t)n / 1024 : 1;
    if (n < 0)
        return false;
    for (size_t len = 0; len <= (size_t)n; len += len + step > (size_t)n && len < (size_t)n ? (size_t)n - len : step) {
        uint8_t *exact = malloc(len + !len);        /* so that a byte read past the end is seen by ASan and valgrind */
        memcpy(exact, all, len);
        LLVMFuzzerTestOneInput(exact, len);
        free(exact);
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *top = getenv("SRCDIR"), *name = strstr(argc ? argv[0] : "", "fuzz-");
    char dir[PATH_MAX], path[PATH_MAX];
    unsigned seeds = 0, bad = 0;
    while (name && strstr(name + 1, "fuzz-"))
        name = strstr(name + 1, "fuzz-");
    if (!name || util_format(dir, sizeof dir, "%s/tests/fuzz/corpus/%s", top ? top : ".", name + 5) < 0)
        return 1;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.' && util_format(path, sizeof path, "%s/%s", dir, e->d_name) == 0) {
            bad += !run(path);
            seeds++;
        }
    if (d)
        closedir(d);
    tap_ok(seeds > 0 && !bad, "%u seeds and their beginnings", seeds);
    return tap_done();
}
