/* facts.c: see facts.h. */
#include "workers/host/facts.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ipc/util.h"

#define NODES "/sys/devices/system/node"
#define CPUS "/sys/devices/system/cpu"

static int read_file(const char *path, char *dst, size_t n)
{
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t r = fd < 0 ? -errno : util_read_full(fd, dst, n - 1);
    if (r < 0)
        return (int)r;
    while (r && dst[r - 1] == '\n')
        r--;
    dst[r] = 0;
    return 0;
}

#define PATH_OF(path, fmt) do { va_list ap_; va_start(ap_, fmt); int l_ = vsnprintf(path, sizeof path, fmt, ap_); va_end(ap_); if (l_ < 0 || l_ >= (int)sizeof path) path[0] = 0; } while (0)

int fact_text(char *dst, size_t n, const char *fmt, ...)
{
    char path[256];
    PATH_OF(path, fmt);
    dst[0] = 0;
    return read_file(path, dst, n);
}

bool fact_number(uint64_t *v, const char *fmt, ...)
{
    char path[256], text[64], *end;
    PATH_OF(path, fmt);
    if (read_file(path, text, sizeof text) < 0 || !*text)
        return false;
    *v = strtoull(text, &end, 0);
    return end != text;
}

unsigned set_count(const struct fact_set *s)
{
    unsigned n = 0;
    for (size_t i = 0; i < ARRAY_N(s->bits); i++)
        n += (unsigned)__builtin_popcountll(s->bits[i]);
    return n;
}

int set_last(const struct fact_set *s)
{
    for (int i = CPUS_MAX - 1; i >= 0; i--)
        if (set_has(s, (unsigned)i))
            return i;
    return -1;
}

void fact_list(struct fact_set *s, const char *fmt, ...)
{
    char path[256], text[8192];
    PATH_OF(path, fmt);
    *s = (struct fact_set){ { 0 } };
    if (read_file(path, text, sizeof text) < 0)
        return;
    for (char *p = text; *p; ) {
        char *end;
        unsigned long a = strtoul(p, &end, 10), b = a;
        if (end == p)
            return;
        if (*end == '-')
            b = strtoul(end + 1, &end, 10);
        for (; a <= b && a < CPUS_MAX; a++)
            s->bits[a / 64] |= 1ull << a % 64;
        p = *end == ',' ? end + 1 : end;
        if (p == end && *p)
            return;
    }
}

void fact_cells(struct fact_set *cells)
{
    fact_list(cells, NODES "/online");
    if (!set_count(cells))
        cells->bits[0] = 1;
}

static int topology_id(unsigned cpu, const char *what)
{
    uint64_t v;
    return fact_number(&v, CPUS "/cpu%u/topology/%s", cpu, what) && v < 65536 ? (int)v : 0;
}

void fact_cpu(struct fact_cpu *c, unsigned id)
{
    *c = (struct fact_cpu){ .id = id, .socket = topology_id(id, "physical_package_id"), .die = topology_id(id, "die_id"), .core = topology_id(id, "core_id") };
    if (fact_text(c->siblings, sizeof c->siblings, CPUS "/cpu%u/topology/thread_siblings_list", id) < 0)
        snprintf(c->siblings, sizeof c->siblings, "%u", id);
}

void fact_topology(struct fact_topology *t)
{
    static struct { int node, socket, die, core; } seen[CPUS_MAX];
    struct fact_set cells, of;
    char mhz[64];
    unsigned n = 0, sockets = 0, dies = 0, cores = 0;
    *t = (struct fact_topology){ .threads = 1 };
    fact_list(&t->present, CPUS "/present");
    fact_list(&t->online, CPUS "/online");
    fact_cells(&cells);
    t->nodes = set_count(&cells);
    t->mhz = fact_cpuinfo("cpu MHz", mhz, sizeof mhz) ? (unsigned)strtoul(mhz, NULL, 10) : 0;
    for (unsigned cell = 0; cell < CELLS_MAX; cell++) {
        if (!set_has(&cells, cell))
            continue;
        fact_list(&of, NODES "/node%u/cpulist", cell);
        for (unsigned i = 0; i < CPUS_MAX && n < CPUS_MAX; i++)
            if (set_has(&of, i) && set_has(&t->online, i)) {
                seen[n].node = (int)cell;
                seen[n].socket = topology_id(i, "physical_package_id");
                seen[n].die = topology_id(i, "die_id");
                seen[n++].core = topology_id(i, "core_id");
            }
    }
    if (!n)
        for (unsigned i = 0; i < CPUS_MAX; i++)
            if (set_has(&t->online, i)) {
                seen[n].node = 0;
                seen[n].socket = topology_id(i, "physical_package_id");
                seen[n].die = topology_id(i, "die_id");
                seen[n++].core = topology_id(i, "core_id");
            }
    /* The most of each below one of the next larger: what an even machine has everywhere. */
    for (unsigned i = 0; i < n; i++) {
        unsigned s = 0, d = 0, c = 0, th = 0;
        for (unsigned k = 0; k < n; k++) {
            bool first_s = true, first_d = true, first_c = true;
            for (unsigned j = 0; j < k; j++) {
                first_s &= seen[j].node != seen[k].node || seen[j].socket != seen[k].socket;
                first_d &= seen[j].socket != seen[k].socket || seen[j].die != seen[k].die;
                first_c &= seen[j].socket != seen[k].socket || seen[j].die != seen[k].die || seen[j].core != seen[k].core;
            }
            s += first_s && seen[k].node == seen[i].node;
            d += first_d && seen[k].socket == seen[i].socket;
            c += first_c && seen[k].socket == seen[i].socket && seen[k].die == seen[i].die;
            th += seen[k].socket == seen[i].socket && seen[k].die == seen[i].die && seen[k].core == seen[i].core;
        }
        sockets = s > sockets ? s : sockets;
        dies = d > dies ? d : dies;
        cores = c > cores ? c : cores;
        t->threads = th > t->threads ? th : t->threads;
        if (n > 64)
            break;      /* an even machine, and the work grows with the cube */
    }
    t->sockets = sockets ? sockets : 1;
    t->dies = dies ? dies : 1;
    t->cores = cores ? cores : 1;
}

bool fact_memory(int cell, const char *key, uint64_t *kib)
{
    char text[8192], path[64], word[64];
    snprintf(path, sizeof path, cell < 0 ? "/proc/meminfo" : NODES "/node%d/meminfo", cell);
    if (read_file(path, text, sizeof text) < 0)
        return cell == 0 && fact_memory(-1, key, kib);
    snprintf(word, sizeof word, cell < 0 ? "%s:" : " %s:", key);
    char *p = strstr(text, word);
    if (!p)
        return false;
    *kib = strtoull(p + strlen(word), NULL, 10);
    return true;
}

void fact_memory_all(uint64_t *total, uint64_t *avail)
{
    struct fact_set cells;
    uint64_t v;
    *total = *avail = 0;
    fact_cells(&cells);
    for (int i = 0; i < CELLS_MAX; i++) {
        if (!set_has(&cells, (unsigned)i))
            continue;
        *total += fact_memory(i, "MemTotal", &v) ? v : 0;
        *avail += fact_memory(i, "MemFree", &v) ? v : 0;
    }
}

unsigned fact_pages(uint32_t sizes[PAGES_MAX])
{
    static const uint32_t known[] = { 64, 512, 1024, 2048, 8192, 16384, 32768, 65536, 262144, 524288, 1048576, 2097152, 16777216 };
    unsigned n = 0;
    sizes[n++] = (uint32_t)(sysconf(_SC_PAGESIZE) / 1024);
    for (size_t i = 0; i < ARRAY_N(known) && n < PAGES_MAX; i++) {
        char path[96];
        snprintf(path, sizeof path, "/sys/kernel/mm/hugepages/hugepages-%ukB", known[i]);
        if (known[i] != sizes[0] && access(path, F_OK) == 0)
            sizes[n++] = known[i];
    }
    return n;
}

bool fact_page_counts(int cell, uint32_t size, uint64_t *total, uint64_t *avail)
{
    uint32_t sizes[PAGES_MAX];
    unsigned n = fact_pages(sizes);
    uint64_t all, left;
    if (size == sizes[0]) {
        if (!fact_memory(cell, "MemTotal", &all) || !fact_memory(cell, "MemFree", &left))
            return false;
        /* What huge pages hold is not there for ordinary ones. */
        for (unsigned i = 1; i < n; i++) {
            uint64_t t, f;
            if (fact_page_counts(cell, sizes[i], &t, &f))
                all -= t * sizes[i] > all ? all : t * sizes[i];
        }
        *total = all / size;
        *avail = left / size;
        return true;
    }
    if (fact_number(total, NODES "/node%d/hugepages/hugepages-%ukB/nr_hugepages", cell, size))
        return fact_number(avail, NODES "/node%d/hugepages/hugepages-%ukB/free_hugepages", cell, size);
    return cell == 0 && fact_number(total, "/sys/kernel/mm/hugepages/hugepages-%ukB/nr_hugepages", size) &&
           fact_number(avail, "/sys/kernel/mm/hugepages/hugepages-%ukB/free_hugepages", size);
}

bool fact_cpuinfo(const char *key, char *dst, size_t n)
{
    char text[16384], *p;
    if (read_file("/proc/cpuinfo", text, sizeof text) < 0)
        return false;
    for (char *line = text; line && *line; line = (p = strchr(line, '\n')) ? p + 1 : NULL) {
        size_t k = strlen(key);
        if (strncmp(line, key, k) || (line[k] != '\t' && line[k] != ' ' && line[k] != ':'))
            continue;
        char *v = strchr(line, ':'), *end = v ? strchr(v, '\n') : NULL;
        if (!v)
            return false;
        v += strspn(v + 1, " ") + 1;
        snprintf(dst, n, "%.*s", (int)(end ? end - v : (ptrdiff_t)strlen(v)), v);
        return true;
    }
    return false;
}
