/* nine.c: a client of 9P2000.L for the test guest, whose kernel has none: it drives the virtio device itself, by its ports, one request at a time.  Static, and root's.
 *
 *   nine put NAME TEXT | get NAME | stat NAME | chown NAME UID GID | mkdir NAME | link NAME TARGET | fifo NAME | device NAME | ls | attr NAME | raw NAME...
 * NAME is one step below the root that is exported; raw walks the steps as they are ("..", "a/b"), and opens what it comes to.  Prints what it was told, or "error N". */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

enum { T_LERROR = 7, T_LOPEN = 12, T_LCREATE = 14, T_SYMLINK = 16, T_MKNOD = 18, T_GETATTR = 24, T_SETATTR = 26, T_XATTRWALK = 30, T_READDIR = 40, T_MKDIR = 72, T_VERSION = 100, T_ATTACH = 104, T_WALK = 110, T_READ = 116, T_WRITE = 118 };
enum { ROOT = 1, FILE_FID = 2, ATTR_FID = 3, MESSAGE = 65536, HUGE = 2 << 20, RING = 4 << 12 };
struct desc { uint64_t addr; uint32_t len; uint16_t flags, next; };

static uint8_t *memory;         /* one page of 2 MiB: the ring, then what is asked, then the answer */
static uint64_t physical;
static unsigned port, queue, turn;
static uint8_t *at;             /* in a message that is made, or read */

static void die(const char *what) { perror(what); exit(2); }

static uint64_t number(const char *path, const char *name)
{
    char file[512], text[64] = "";
    snprintf(file, sizeof file, "%s/%s", path, name);
    int fd = open(file, O_RDONLY);
    if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
        die(file);
    close(fd);
    return strtoull(text, NULL, 16);
}

/* The device at $NINE (0000:00:10.0). */
static void device(void)
{
    char path[300], file[400];
    const uint16_t command = 7;
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s", getenv("NINE") ? getenv("NINE") : "");
    snprintf(file, sizeof file, "%s/config", path);
    int fd = open(file, O_RDWR);
    if (fd < 0 || pwrite(fd, &command, 2, 4) != 2 || iopl(3) < 0)
        die(file);
    close(fd);
    port = (unsigned)number(path, "resource");
}

static void begin(void)
{
    uint64_t entry = 0;
    int fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY);
    if (fd < 0 || write(fd, "4", 1) != 1)
        die("huge pages");
    memory = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (memory == MAP_FAILED)
        die("mmap");
    memset(memory, 0, HUGE);
    fd = open("/proc/self/pagemap", O_RDONLY);
    if (fd < 0 || pread(fd, &entry, 8, (off_t)((uintptr_t)memory / 4096 * 8)) != 8 || !(physical = (entry & ((1ull << 55) - 1)) << 12))
        die("pagemap");
    outb(0, port + 18);         /* reset, acknowledge, driver */
    outb(3, port + 18);
    outl(0, port + 4);          /* no features */
    outw(0, port + 14);
    queue = inw(port + 12);
    outl((uint32_t)(physical >> 12), port + 8);
    outb(7, port + 18);
}

/* What was made from memory + RING on goes; the answer is read from at on. Its type. */
static unsigned ask(unsigned type)
{
    uint8_t *q = memory + RING, *a = q + MESSAGE;
    struct desc *d = (struct desc *)memory;
    volatile uint16_t *avail = (uint16_t *)(memory + queue * sizeof *d), *used = (uint16_t *)(memory + (queue * (sizeof *d + 2) + 6 + 4095) / 4096 * 4096);
    uint32_t n = (uint32_t)(at - q);
    memcpy(q, &n, 4);
    q[4] = (uint8_t)type;
    d[0] = (struct desc){ physical + RING, n, 1, 1 };
    d[1] = (struct desc){ physical + RING + MESSAGE, MESSAGE, 2, 0 };
    avail[0] = 1;               /* nobody waits for interrupts */
    avail[2 + turn % queue] = 0;
    __sync_synchronize();
    avail[1] = (uint16_t)++turn;
    __sync_synchronize();
    outw(0, port + 16);
    for (int i = 0; used[1] != (uint16_t)turn && i < 100000; i++)
        usleep(100);
    if (used[1] != (uint16_t)turn)
        die("no answer");
    at = a + 7;
    return a[4];
}

static void make(void) { at = memory + RING + 7; }
static void put(uint64_t v, unsigned n) { memcpy(at, &v, n); at += n; }
static uint64_t get(unsigned n) { uint64_t v = 0; memcpy(&v, at, n); at += n; return v; }
static void text(const char *s) { size_t n = strlen(s); put(n, 2); memcpy(at, s, n); at += n; }

static void must(unsigned type)
{
    unsigned r = ask(type);
    if (r == T_LERROR)
        printf("error %u\n", (unsigned)get(4));
    else if (r != type + 1)
        printf("answer %u to %u\n", r, type);
    else
        return;
    exit(1);
}

static void walk(unsigned fid, char **steps, unsigned n)
{
    make();
    put(ROOT, 4), put(fid, 4), put(n, 2);
    for (unsigned i = 0; i < n; i++)
        text(steps[i]);
    must(T_WALK);
    if (get(2) != n) {
        puts("error 2");
        exit(1);
    }
}

static void contents(unsigned fid, unsigned type)
{
    uint64_t from = 0, n;
    do {
        make();
        put(fid, 4), put(from, 8), put(8192, 4);
        must(type);
        n = get(4);
        if (type == T_READ)
            fwrite(at, 1, n, stdout);
        for (uint8_t *end = at + n; type == T_READDIR && at < end;) {
            at += 13;
            from = get(8);
            at++;
            unsigned len = (unsigned)get(2);
            printf("%.*s\n", (int)len, at);
            at += len;
        }
        from += type == T_READ ? n : 0;
    } while (n);
}

static void lopen(unsigned fid, unsigned flags) { make(); put(fid, 4), put(flags, 4); must(T_LOPEN); }

static void status(unsigned fid)
{
    make();
    put(fid, 4), put(0x7ff, 8);
    must(T_GETATTR);
    at += 8 + 13;
    unsigned mode = (unsigned)get(4), uid = (unsigned)get(4), gid = (unsigned)get(4);
    at += 16;
    printf("%o %u:%u %llu\n", mode, uid, gid, (unsigned long long)get(8));
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "", *name = argc > 2 ? argv[2] : "", *more = argc > 3 ? argv[3] : "";
    device();
    begin();
    make();
    put(MESSAGE, 4), text("9P2000.L");
    must(T_VERSION);
    make();
    put(ROOT, 4), put(~0u, 4), text("root"), text(""), put(0, 4);
    must(T_ATTACH);
    if (!strcmp(what, "put")) {
        walk(FILE_FID, NULL, 0);
        make();
        put(FILE_FID, 4), text(name), put(O_WRONLY | O_TRUNC, 4), put(0644, 4), put(0, 4);
        must(T_LCREATE);
        make();
        put(FILE_FID, 4), put(0, 8), put(strlen(more), 4), memcpy(at, more, strlen(more)), at += strlen(more);
        must(T_WRITE);
        printf("%u\n", (unsigned)get(4));
    } else if (!strcmp(what, "get") || !strcmp(what, "raw")) {
        walk(FILE_FID, argv + 2, (unsigned)argc - 2);
        lopen(FILE_FID, O_RDONLY);
        contents(FILE_FID, T_READ);
    } else if (!strcmp(what, "stat")) {
        walk(FILE_FID, argv + 2, 1);
        status(FILE_FID);
    } else if (!strcmp(what, "attr")) {
        walk(FILE_FID, argv + 2, 1);
        make();
        put(FILE_FID, 4), put(ATTR_FID, 4), text("");
        must(T_XATTRWALK);
        contents(ATTR_FID, T_READ);
    } else if (!strcmp(what, "chown")) {
        walk(FILE_FID, argv + 2, 1);
        make();
        put(FILE_FID, 4), put(2 | 4, 4), put(0, 4), put((unsigned)atoi(more), 4), put((unsigned)atoi(argv[4]), 4), put(0, 8), put(0, 8), put(0, 8), put(0, 8), put(0, 8);
        must(T_SETATTR);
    } else if (!strcmp(what, "mkdir")) {
        make();
        put(ROOT, 4), text(name), put(0755, 4), put(0, 4);
        must(T_MKDIR);
    } else if (!strcmp(what, "link")) {
        make();
        put(ROOT, 4), text(name), text(more), put(0, 4);
        must(T_SYMLINK);
    } else if (!strcmp(what, "fifo") || !strcmp(what, "device")) {
        make();
        put(ROOT, 4), text(name), put((*what == 'f' ? 0010000 : 0020000) | 0644, 4), put(1, 4), put(3, 4), put(0, 4);
        must(T_MKNOD);
    } else if (!strcmp(what, "ls")) {
        walk(FILE_FID, NULL, 0);
        lopen(FILE_FID, O_RDONLY);
        contents(FILE_FID, T_READDIR);
    } else {
        die("what?");
    }
    puts("done");
    return 0;
}
