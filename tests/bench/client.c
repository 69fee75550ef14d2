/* client.c: a libvirt RPC load client for the benchmark: many connections, one call each in flight, no library in between,
 * so that what is measured is the daemon.
 *
 *   client SOCKET WORK CLIENTS SECONDS [NAME [PAUSE_MS]]
 *   WORK: noop | lookup | info | state | dumpxml | list | stats (of those that run) | connect
 *         lease: acquires and releases in turn, of virtlockd, NAME being the lockspace; a call is one of both
 *         image: the same of files, NAME/0.img, NAME/1.img and so on, which are there
 * With a pause there is one before each call.
 * Prints one line: calls, seconds, calls/s, and the round trip's median and 99th percentile in microseconds. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM 0x20008086u
#define LOCK_PROGRAM 0x0ea7beefu
enum { LOCK_REGISTER = 1, LOCK_ACQUIRE = 6, LOCK_RELEASE = 7, LOCK_SPACE = 8, AUTOCREATE = 2 };
enum { OPEN = 1, CLOSE = 2, AUTH_LIST = 66, LIB_VERSION = 157, LOOKUP_NAME = 23, GET_INFO = 16, GET_STATE = 212, GET_XML = 14, LIST_ALL = 273, ALL_STATS = 344 };
enum { STATS_ACTIVE = 1 };
#define CLIENTS_MAX 256
#define SLOW_NS 60000000000u            /* for the first answer */
#define SAMPLES_MAX 4000000

struct buf { uint8_t p[1024]; size_t n; };
struct client { int fd; bool held; uint32_t serial; uint64_t sent_ns; uint8_t *in; size_t have, cap; };

static uint32_t *samples;
static size_t nsamples;
static uint32_t program = PROGRAM;

static void die(const char *what)
{
    fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void put_u32(struct buf *b, uint32_t v)
{
    uint8_t w[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
    memcpy(b->p + b->n, w, 4);
    b->n += 4;
}

static void put_bytes(struct buf *b, const void *p, size_t n)
{
    memcpy(b->p + b->n, p, n);
    memset(b->p + b->n + n, 0, 3);
    b->n += (n + 3) & ~(size_t)3;
}

static void put_string(struct buf *b, const char *s)
{
    put_u32(b, (uint32_t)strlen(s));
    put_bytes(b, s, strlen(s));
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void send_call(struct client *c, uint32_t proc, const struct buf *args)
{
    struct buf m = { .n = 0 };
    put_u32(&m, (uint32_t)(28 + args->n));
    put_u32(&m, program);
    put_u32(&m, 1);
    put_u32(&m, proc);
    put_u32(&m, 0);
    put_u32(&m, c->serial++);
    put_u32(&m, 0);
    memcpy(m.p + m.n, args->p, args->n);
    m.n += args->n;
    c->sent_ns = now_ns();
    if (write(c->fd, m.p, m.n) != (ssize_t)m.n)
        die("write");
}

/* Reads what is there; true when one whole message is in c->in. */
static int take(struct client *c)
{
    for (;;) {
        size_t want = c->have < 4 ? 4 : get_u32(c->in);
        if (c->have >= 4 && c->have >= want)
            return 1;
        if (want + 65536 > c->cap) {
            c->cap = want + 65536;
            c->in = realloc(c->in, c->cap);
            if (!c->in)
                die("memory");
        }
        ssize_t n = recv(c->fd, c->in + c->have, c->cap - c->have, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return 0;
        if (n <= 0)
            die("the daemon closed the connection");
        c->have += (size_t)n;
    }
}

static void check_reply(struct client *c)
{
    if (get_u32(c->in + 24) != 0) {
        size_t len = get_u32(c->in), text = len >= 44 && get_u32(c->in + 36) ? get_u32(c->in + 40) : 0;
        fprintf(stderr, "client: error reply to procedure %u: %.*s\n", get_u32(c->in + 12), text <= len - 44 ? (int)text : 0, (const char *)c->in + 44);
        exit(1);
    }
    c->have = 0;
}

static void wait_reply(struct client *c)
{
    while (!take(c)) {
        struct epoll_event ev;
        int ep = epoll_create1(0);
        ev.events = EPOLLIN;
        epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
        epoll_wait(ep, &ev, 1, 10000);
        close(ep);
    }
}

static void dial(struct client *c, const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct buf none = { .n = 0 }, open = { .n = 0 };
    if (strlen(path) >= sizeof a.sun_path) {
        errno = ENAMETOOLONG;
        die(path);
    }
    strcpy(a.sun_path, path);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof a) < 0)
        die(path);
    c->serial = 0;
    c->have = 0;
    if (program == LOCK_PROGRAM) {
        put_bytes(&open, "bench's owner...", 16);
        put_string(&open, "bench");
        put_u32(&open, 1);
        put_u32(&open, (uint32_t)getpid());
        put_u32(&open, 0);
        send_call(c, LOCK_REGISTER, &open);
        wait_reply(c);
        check_reply(c);
        return;
    }
    send_call(c, AUTH_LIST, &none);
    wait_reply(c);
    check_reply(c);
    put_u32(&open, 1);
    put_string(&open, "qemu:///system");
    put_u32(&open, 0);
    send_call(c, OPEN, &open);
    wait_reply(c);
    check_reply(c);
}

/* What this client had not, it acquires; what it had it releases. */
static void lease_call(struct client *c, int who, const char *space, bool image)
{
    struct buf args = { .n = 0 };
    char name[512];
    if (image)
        snprintf(name, sizeof name, "%s/%d.img", space, who);
    else
        snprintf(name, sizeof name, "%032x%032x", (unsigned)getpid(), (unsigned)who);
    put_string(&args, image ? "" : space);
    put_string(&args, name);
    put_u32(&args, c->held || image ? 0 : AUTOCREATE);
    send_call(c, c->held ? LOCK_RELEASE : LOCK_ACQUIRE, &args);
    c->held = !c->held;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void sample(uint64_t ns)
{
    if (nsamples < SAMPLES_MAX)
        samples[nsamples++] = ns / 10 > UINT32_MAX ? UINT32_MAX : (uint32_t)(ns / 10);
}

static void pause_ms(int ms)
{
    struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
    if (ms > 0)
        nanosleep(&ts, NULL);
}

static struct client cl[CLIENTS_MAX];
static const char *name;        /* of the guest or lockspace */
static int n, pause_before;     /* clients; milliseconds before each call */
static size_t calls;

/* What is asked again and again. */
static struct work { uint32_t proc; struct buf args; bool lease, image; } work;

static void ask(struct client *c)
{
    if (work.lease)
        lease_call(c, (int)(c - cl), name, work.image);
    else
        send_call(c, work.proc, &work.args);
}

/* From here on for so many seconds, connecting anew each time. Nanoseconds it took. */
static uint64_t connects(const char *path, double secs)
{
    const struct buf none = { .n = 0 };
    uint64_t start = now_ns(), end = start + (uint64_t)(secs * 1e9);
    while (now_ns() < end) {
        pause_ms(pause_before);
        uint64_t t = now_ns();
        dial(&cl[0], path);
        send_call(&cl[0], CLOSE, &none);
        wait_reply(&cl[0]);
        close(cl[0].fd);
        sample(now_ns() - t);
        calls++;
    }
    return now_ns() - start;
}

/* The guest as calls name it. */
static void look_up(void)
{
    struct buf look = { .n = 0 };
    put_string(&look, name);
    send_call(&cl[0], LOOKUP_NAME, &look);
    wait_reply(&cl[0]);
    size_t len = get_u32(cl[0].in);
    if (get_u32(cl[0].in + 24) != 0 || len - 28 > sizeof work.args.p - 8) {
        fprintf(stderr, "client: no guest %s\n", name);
        exit(1);
    }
    memcpy(work.args.p, cl[0].in + 28, len - 28);
    work.args.n = len - 28;
    cl[0].have = 0;
}

static void work_begin(const char *what, const char *path)
{
    work.image = strcmp(what, "image") == 0;
    work.lease = work.image || strcmp(what, "lease") == 0;
    program = work.lease ? LOCK_PROGRAM : PROGRAM;
    for (int i = 0; i < n; i++)
        dial(&cl[i], path);
    if (work.image) {
        /* the direct lockspace is there */
    } else if (work.lease) {
        put_string(&work.args, name);
        send_call(&cl[0], LOCK_SPACE, &work.args);
        wait_reply(&cl[0]);
        check_reply(&cl[0]);
    } else if (strcmp(what, "noop") == 0) {
        work.proc = LIB_VERSION;
    } else if (strcmp(what, "list") == 0) {
        work.proc = LIST_ALL;
        put_u32(&work.args, 1);
        put_u32(&work.args, 0);
    } else if (strcmp(what, "stats") == 0) {
        work.proc = ALL_STATS;
        put_u32(&work.args, 0);
        put_u32(&work.args, 0);
        put_u32(&work.args, STATS_ACTIVE);
    } else if (strcmp(what, "lookup") == 0) {
        work.proc = LOOKUP_NAME;
        put_string(&work.args, name);
    } else {
        look_up();
        work.proc = strcmp(what, "info") == 0 ? GET_INFO : strcmp(what, "state") == 0 ? GET_STATE : GET_XML;
        if (work.proc != GET_INFO)
            put_u32(&work.args, 0);
    }
}

/* All clients ask, each again as soon as it has its answer. Nanoseconds it took. */
static uint64_t questions(double secs)
{
    int ep = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < n; i++) {
        struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &cl[i] };
        epoll_ctl(ep, EPOLL_CTL_ADD, cl[i].fd, &ev);
    }
    uint64_t start = now_ns(), end = start + (uint64_t)(secs * 1e9);
    pause_ms(pause_before);
    for (int i = 0; i < n; i++)
        ask(&cl[i]);
    while (now_ns() < end || (!nsamples && now_ns() < end + SLOW_NS)) {
        struct epoll_event ev[64];
        int k = epoll_wait(ep, ev, 64, 1000);
        for (int i = 0; i < k; i++) {
            struct client *c = ev[i].data.ptr;
            if (!take(c))
                continue;
            sample(now_ns() - c->sent_ns);
            check_reply(c);
            calls++;
            pause_ms(pause_before);
            ask(c);
        }
    }
    return now_ns() - start;
}

/* What is held others want, too. */
static void work_end(void)
{
    for (int i = 0; i < n && work.lease; i++) {
        wait_reply(&cl[i]);
        if (!cl[i].held)
            continue;
        ask(&cl[i]);
        wait_reply(&cl[i]);
    }
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: client SOCKET WORK CLIENTS SECONDS [NAME [PAUSE_MS]]\n");
        return 2;
    }
    double secs = atof(argv[4]);
    uint64_t took_ns;
    n = atoi(argv[3]);
    name = argc > 5 ? argv[5] : "";
    pause_before = argc > 6 ? atoi(argv[6]) : 0;
    if (n < 1 || n > CLIENTS_MAX)
        return 2;
    samples = malloc(SAMPLES_MAX * sizeof *samples);
    if (!samples)
        die("memory");
    if (strcmp(argv[2], "connect") == 0) {
        took_ns = connects(argv[1], secs);
    } else {
        work_begin(argv[2], argv[1]);
        took_ns = questions(secs);
        work_end();
    }
    double took = (double)took_ns / 1e9;
    if (!nsamples) {
        fprintf(stderr, "client: no answer\n");
        return 1;
    }
    qsort(samples, nsamples, sizeof *samples, by_value);
    printf("calls %zu seconds %.3f rate %.0f median_us %.1f p99_us %.1f\n", calls, took, (double)calls / took,
        samples[nsamples / 2] / 100.0, samples[nsamples * 99 / 100] / 100.0);
    return 0;
}
