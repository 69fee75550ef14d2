/* facts.h: what /proc and /sys tell of this host.  Read anew for each call: CPUs and memory come and go. */
#ifndef BULKHEAD_HOST_FACTS_H
#define BULKHEAD_HOST_FACTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CPUS_MAX = 4096, CELLS_MAX = 256, PAGES_MAX = 8 };

/* Text of a file, at most n - 1 bytes, without the newline at its end. 0 or a negative errno. */
int fact_text(char *dst, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A decimal (or 0x) number from a file; false when it is not there. */
bool fact_number(uint64_t *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct fact_set { uint64_t bits[CPUS_MAX / 64]; };
static inline bool set_has(const struct fact_set *s, unsigned i) { return i < CPUS_MAX && (s->bits[i / 64] >> i % 64 & 1); }
unsigned set_count(const struct fact_set *s);
int set_last(const struct fact_set *s);                        /* highest member, -1 none */
/* "0-3,8": from a file; empty set when it is absent. */
void fact_list(struct fact_set *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct fact_cpu { unsigned id; int socket, die, core; char siblings[128]; };
struct fact_topology { struct fact_set present, online; unsigned nodes, sockets /* per node */, dies, cores /* per die or socket */, threads, mhz; };
void fact_topology(struct fact_topology *t);
void fact_cpu(struct fact_cpu *c, unsigned id);

/* KiB of "MemTotal:" and the like; cell -1: the whole host.  false: no such line or cell. */
bool fact_memory(int cell, const char *key, uint64_t *kib);
/* Total and free KiB of the whole host as libvirt counts them: the sum of the cells where there are any. */
void fact_memory_all(uint64_t *total_kib, uint64_t *free_kib);
void fact_cells(struct fact_set *cells);                       /* {0} where the kernel has none */
/* Page sizes in KiB, ordinary ones first, then ascending. Their number. */
unsigned fact_pages(uint32_t sizes[PAGES_MAX]);
/* Pages of a size in a cell: all and free. false: no such size or cell. */
bool fact_page_counts(int cell, uint32_t size_kib, uint64_t *total, uint64_t *avail);
/* Value of the first "key : value" line of /proc/cpuinfo. */
bool fact_cpuinfo(const char *key, char *dst, size_t n);
#endif
