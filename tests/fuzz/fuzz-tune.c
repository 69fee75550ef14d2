/* fuzz-tune: limits and pins of a guest, which a hand with root's rights reads. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "supervisor/hand_tune.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c) do { if (!(c)) abort(); } while (0)

/* A set that was read is the same when it is written and read again. */
static void same(const struct cpus *c)
{
    static struct tune again;
    char set[8192], text[8300];
    MUST(cpus_text(c, set, sizeof set));
    MUST(util_format(text, sizeof text, "hard=1 cpus=%s", set) == 0);
    MUST(tune_read(&again, text) == (cpus_any(c) ? 0 : -EPROTO));
    MUST(!cpus_any(c) || (!memcmp(&again.cpus, c, sizeof *c) && again.n[TUNE_HARD] == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tune t;
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = 0;
    if (tune_read(&t, text) == 0) {
        MUST(t.pins <= PINS_MAX && memchr(t.mems, 0, sizeof t.mems));
        for (int i = 0; i < TUNE_N; i++)
            MUST(t.n[i] >= -1 && (t.given[i] || !t.n[i]));
        same(&t.cpus);
        MUST(t.disks <= DISKS_MAX);
        for (unsigned i = 0; i < t.disks; i++)
            MUST(t.disk[i].what < DISK_WHAT_N && t.disk[i].n > 0 && t.disk[i].path[0] == '/' && memchr(t.disk[i].path, 0, sizeof t.disk[i].path) && !strchr(t.disk[i].path, ' '));
        for (unsigned i = 0; i < t.scheds; i++)
            MUST(i < PINS_MAX && t.sched[i].kind < THREAD_KINDS && t.sched[i].priority >= 0 && t.sched[i].priority < 100 && tune_sched(&t, t.sched[i].kind, t.sched[i].id));
        for (unsigned i = 0; i < t.pins; i++) {
            MUST(t.pin[i].kind < THREAD_KINDS && cpus_any(&t.pin[i].cpus) && tune_cpus(&t, t.pin[i].kind, t.pin[i].id));
            same(&t.pin[i].cpus);
        }
    }
    free(text);
    return 0;
}
