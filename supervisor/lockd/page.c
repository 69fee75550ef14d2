/* page.c: the page of leases, as a table: a row a lease, found by lockspace and name. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include "lockd.h"

#define BUCKETS 8192u
#define REST_MIN 256u           /* freed rows rest while there are no more: what they say of their call may be asked for */
#define PAGE_OBJECT object_make(~0u, 1)
struct page *page;
uint32_t leases_used;
static uint32_t bucket[BUCKETS], chain[LEASES_MAX];     /* rows + 1 */
static uint32_t free_queue[LEASES_MAX], free_first, free_n;     /* whose turn is last: what a freed row says of its call stays long */
static int fds[LEASES_MAX];         /* + 1 */
static uint32_t gens[LEASES_MAX];   /* of what the keeper held */
static int page_fd = -1;
static struct rlimit files;
static struct loop_timer drop_timer;
enum { DROPS_MAX = 32, DROPS_MS = 3 };
static struct held drops[DROPS_MAX];    /* not told yet */
static uint32_t drops_n;

static struct held held_of(uint64_t object, uint32_t tag, uint32_t arg)
{
    return (struct held){ .kind = HELD_FD, .role = ROLE_LOCK, .object = object, .tag = tag, .arg = arg };
}

void keep_fd(uint64_t object, uint32_t tag, uint32_t arg, int fd)
{
    struct held h = held_of(object, tag, arg);
    keeper_tell(IN_STORE, &h, sizeof h, &fd, 1);
    holder_keep(&h, fd);
}

void hold_fd(uint64_t object, uint32_t tag, uint32_t arg, int fd)
{
    struct held h = held_of(object, tag, arg);
    holder_keep(&h, fd);
}

void page_hold(void)
{
    hold_fd(PAGE_OBJECT, BFD_LEASE, ~0u, page_fd);
}

void lease_hold(uint32_t row)
{
    if (fds[row])
        hold_fd(lease_object(&page->lease[row]), BFD_LEASE, row, fds[row] - 1);
}

static uint32_t *bucket_of(uint32_t space, const char *resource)
{
    uint32_t h = 2166136261u ^ space;
    for (; *resource; resource++)
        h = (h ^ (uint8_t)*resource) * 16777619u;
    return &bucket[h % BUCKETS];
}

static void link_in(struct lease *l)
{
    uint32_t *b = bucket_of(l->space, lease_resource(l));
    chain[lease_index(l)] = *b;
    *b = lease_index(l) + 1;
    leases_used++;
}

static void queue_free(uint32_t row)
{
    free_queue[(free_first + free_n++) % LEASES_MAX] = row;
}

struct lease *lease_find(uint32_t space, const char *resource, struct lease *after)
{
    for (uint32_t i = after ? chain[lease_index(after)] : *bucket_of(space, resource); i; i = chain[i - 1])
        if (page->lease[i - 1].space == space && !strcmp(lease_resource(&page->lease[i - 1]), resource))
            return &page->lease[i - 1];
    return NULL;
}

/* As many as keeper and holder can have descriptors for: half of what they may have, if the keeper's three for each client leave as many.  What it cannot
 * take would be lost with us. */
static uint32_t leases_most(void)
{
    rlim_t clients = 3 * (rlim_t)sup.clients->workers + files.rlim_cur / 8;
    rlim_t most = clients < files.rlim_cur / 2 ? files.rlim_cur / 2 : clients < files.rlim_cur ? files.rlim_cur - clients : 0;
    return most < LEASES_MAX ? (uint32_t)most : LEASES_MAX;
}

struct lease *lease_new(uint32_t space, const char *resource, const char *owner)
{
    uint32_t row = page->used_leases;
    if (leases_used >= leases_most())
        return NULL;
    if (free_n >= REST_MIN || row == LEASES_MAX) {
        if (!free_n)
            return NULL;
        row = free_queue[free_first];
        free_first = (free_first + 1) % LEASES_MAX;
        free_n--;
    } else {
        page->used_leases++;
    }
    struct lease *l = &page->lease[row];
    memset(l, 0, sizeof *l);
    l->space = space;
    l->gen = ++page->gen ? page->gen : ++page->gen;
    size_t n = strlen(resource) + 1, m = strlen(owner) + 1;
    l->is_long = n + m > sizeof l->text;
    char *text = l->is_long ? page->long_text[row] : l->text;
    memcpy(text, resource, n);
    memcpy(text + n, owner, m);
    link_in(l);
    return l;
}

int lease_fd(const struct lease *l)
{
    return fds[lease_index(l)] - 1;
}

void lease_keep(struct lease *l, int fd)
{
    fds[lease_index(l)] = fd + 1;
    keep_fd(lease_object(l), BFD_LEASE, lease_index(l), fd);
}

/* What is dropped was given up before, by the lock role: there is no hurry, and some at once cost as much as one. */
static void on_drops(struct loop_timer *t)
{
    loop_cancel(&drop_timer);
    keeper_tell(IN_DROP, drops, drops_n * sizeof *drops, NULL, 0);
    holder_drop(drops, drops_n);
    drops_n = 0;
}

static void drop(uint64_t object)
{
    drops[drops_n++] = (struct held){ .kind = HELD_FD, .object = object };
    if (drops_n == DROPS_MAX)
        on_drops(NULL);
    else if (!drop_timer.armed)
        loop_after(&drop_timer, DROPS_MS, on_drops, NULL);
}

void lease_free(struct lease *l)
{
    uint32_t row = lease_index(l), *i = bucket_of(l->space, lease_resource(l));
    __atomic_store_n(&l->state, LEASE_FREE, __ATOMIC_RELEASE);
    while (*i != row + 1)
        i = &chain[*i - 1];
    *i = chain[row];
    if (fds[row]) {
        close(fds[row] - 1);
        fds[row] = 0;
        drop(lease_object(l));
    }
    leases_used--;
    queue_free(row);
    idle_update();
}

/* Of a row that was used again an earlier descriptor may still be there, if a supervisor died before it could say so. */
void lease_held(uint64_t object, int fd)
{
    uint32_t row = object_slot(object), gen = object_gen(object);
    if (row >= LEASES_MAX || (fds[row] && gens[row] >= gen)) {
        if (row >= LEASES_MAX || gens[row] > gen)
            drop(object);
        close(fd);
        return;
    }
    if (fds[row]) {
        drop(object_make(row, gens[row]));
        close(fds[row] - 1);
    }
    fds[row] = fd + 1;
    gens[row] = gen;
}

/* A descriptor without its lease is a lock that nobody has. */
static void check_held(struct lease *l)
{
    uint32_t row = lease_index(l);
    if (!fds[row] || (l->state != LEASE_FREE && l->gen == gens[row]))
        return;
    drop(object_make(row, gens[row]));
    close(fds[row] - 1);
    fds[row] = 0;
}

static int page_new(void)
{
    int fd = memfd_create("bulkhead-leases", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, sizeof *page) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return -errno;
    keep_fd(PAGE_OBJECT, BFD_LEASE, ~0u, fd);
    return fd;
}

bool page_open(int fd)
{
    AUTO_CLOSE own = fd < 0 ? page_new() : fd;
    void *p = own < 0 ? MAP_FAILED : mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
    if (p == MAP_FAILED)
        return false;
    page = p;
    if (fd >= 0 && page->magic != PAGE_MAGIC)
        return false;
    page_fd = STEAL_FD(&own);
    getrlimit(RLIMIT_NOFILE, &files);
    page->magic = PAGE_MAGIC;
    page->used_spaces += !page->used_spaces;        /* the direct one */
    for (uint32_t i = 0; i < page->used_leases; i++) {
        check_held(&page->lease[i]);
        if (page->lease[i].state == LEASE_FREE)
            queue_free(i);
        else
            link_in(&page->lease[i]);
    }
    return true;
}
