/* test-talk-leases: names of lease files, which of a guest's resources are leased, what is said to virtlockd about them, and the role as a process. */
#include "ipc/op.h"
#include "ipc/schema/op-numbers.h"
#include "talk.h"
#include "tests/tap.h"
#include "workers/talk/talk.h"
#include "workers/tree-marks.h"

static struct settings settings;
static struct resources found;
static struct err e;

static void hash(const char *text, const char *want)
{
    char hex[SHA256_HEX];
    sha256_hex(text, strlen(text), hex);
    tap_str(hex, want, "of %zu bytes", strlen(text));
}

static void hashes(void)
{
    hash("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash("/var/lib/libvirt/images/d0.img", "2c7701d9f39841f72e7d699ed499786fdd99465e6c54e5cb77f9438d00abd588");
    hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    hash("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static struct tree *disk(struct tree *devices, const char *type, const char *attr, const char *path, const char *child)
{
    struct tree *d = tree_add(devices, "disk");
    tree_set_attr(d, "type", "%s", type);
    if (attr)
        tree_set_attr(tree_make(d, "source"), attr, "%s", path);
    if (child)
        tree_add(d, child);
    return d;
}

static struct tree *lease(struct tree *devices, const char *space, const char *key, const char *path)
{
    struct tree *l = tree_add(devices, "lease");
    if (space)
        tree_add_text(l, "lockspace", "%s", space);
    if (key)
        tree_add_text(l, "key", "%s", key);
    tree_set_attr(tree_make(l, "target"), "path", "%s", path);
    return l;
}

static void reset(void)
{
    resources_free(&found);
    e = (struct err)ERR_INIT;
}

static bool is(size_t i, const char *space, const char *name, uint32_t flags)
{
    return i < found.n && !strcmp(found.v[i].space, space) && !strcmp(found.v[i].name, name) && found.v[i].flags == flags;
}

static struct tree *document(void)
{
    struct tree *t = tree_new("domain"), *d = tree_add(t, "devices");
    disk(d, "file", "file", "/i/a", NULL);
    disk(d, "file", "file", "/i/cd", "readonly");
    disk(d, "file", NULL, NULL, NULL);
    disk(d, "network", "name", "pool/x", NULL);
    disk(d, "block", "dev", "/b/shared", "shareable");
    lease(d, "some", "key", "/l");
    return t;
}

/* The third disk of the document, by what the hand says of it. */
static void key(const struct tree *t, const struct disk_keys *k, const char *space, const char *name, uint32_t flags)
{
    tap_ok(resources_find(&found, t, -1, &settings, k, &e) == 0 && is(2, space, name, flags), "a disk of the host's is %s of %s", name, space);
    reset();
}

static void keys(struct tree *devices)
{
    static struct disk_keys k = { .n = 8, .v[7] = { .lvm = "an-lvm-name", .scsi = "360000" } };
    char hash_of[SHA256_HEX];
    struct tree *d = disk(devices, "block", "dev", "/dev/sda", NULL);
    const struct tree *t = devices->parent;
    sha256_hex("/dev/sda", 8, hash_of);
    tap_ok(resources_find(&found, t, -1, &settings, NULL, &e) == -1 && e.code == VIR_ERR_INTERNAL_ERROR, "nobody has said what it is called");
    reset();
    tap_ok(resources_find(&found, t, -1, &settings, &k, &e) == -1 && e.code == VIR_ERR_INTERNAL_ERROR, "or which of them it is");
    reset();
    tree_set_attr(tree_get(d, "source"), MARK_MANIFEST, "8");
    tap_ok(resources_find(&found, t, -1, &settings, &k, &e) == -1 && e.code == VIR_ERR_INTERNAL_ERROR, "or it is one too many");
    reset();
    tree_set_attr(tree_get(d, "source"), MARK_MANIFEST, "7");
    key(t, &k, "/scsi", "360000", LOCK_AUTOCREATE);
    util_copy_str(settings.lvm_lockspace_dir, sizeof settings.lvm_lockspace_dir, "/lvm");
    key(t, &k, "/lvm", "an-lvm-name", LOCK_AUTOCREATE);
    *k.v[7].lvm = 0;
    key(t, &k, "/scsi", "360000", LOCK_AUTOCREATE);
    *k.v[7].scsi = 0;
    key(t, &k, "/files", hash_of, LOCK_AUTOCREATE);
    k.no_udev = 1;
    tap_ok(resources_find(&found, t, -1, &settings, &k, &e) == -1 && e.code == VIR_ERR_CONFIG_UNSUPPORTED, "nobody knows what it is called: it is refused");
    reset();
    *settings.scsi_lockspace_dir = 0;
    key(t, &k, "/files", hash_of, LOCK_AUTOCREATE);
    *settings.lvm_lockspace_dir = 0;
    tree_free(d);
}

static void resources(void)
{
    AUTO_TREE *t = document();
    struct tree *devices = tree_get(t, "devices");
    settings = (struct settings){ .magic = SETTINGS_MAGIC, .auto_disk_leases = 1, .require_lease_for_disks = REQUIRE_UNLESS_AUTO };
    tap_ok(resources_find(&found, t, -1, &settings, NULL, &e) == 0 && found.n == 3, "disks that may be written and leases");
    tap_ok(is(0, "", "/i/a", 0) && is(1, "", "/b/shared", LOCK_SHARED) && is(2, "/l/some", "key", 0), "are images themselves, and what the document names");
    reset();
    tree_set_attr(tree_get(tree_first(devices, "disk"), "source"), MARK_MANIFEST, "7");
    tap_ok(resources_find(&found, t, 7, &settings, NULL, &e) == 0 && found.n == 1 && is(0, "", "/i/a", 0), "that of one disk");
    reset();
    tap_ok(resources_find(&found, t, 6, &settings, NULL, &e) == 0 && found.n == 0, "or none, where no disk has that image");
    reset();
    util_copy_str(settings.file_lockspace_dir, sizeof settings.file_lockspace_dir, "/files");
    char a[SHA256_HEX], b[SHA256_HEX];
    sha256_hex("/i/a", 4, a);
    sha256_hex("/b/shared", 9, b);
    tap_ok(resources_find(&found, t, -1, &settings, NULL, &e) == 0 && is(0, "/files", a, LOCK_AUTOCREATE) && is(1, "/files", b, LOCK_AUTOCREATE | LOCK_SHARED) && is(2, "/l/some", "key", 0), "or files named by their hashes");
    reset();
    settings.auto_disk_leases = 0;
    tap_ok(resources_find(&found, t, -1, &settings, NULL, &e) == 0 && found.n == 1 && is(0, "/l/some", "key", 0) && found.has_unleased, "disks only when that is wanted");
    reset();
    struct tree *odd = lease(devices, "some", "key", "/l");
    tree_set_attr(tree_get(odd, "target"), "offset", "1024");
    tap_ok(resources_find(&found, t, -1, &settings, NULL, &e) == -1 && e.code == VIR_ERR_INTERNAL_ERROR && !strcmp(e.detail, "Offset must be zero for this lock manager"), "an offset is refused in libvirt's words");
    reset();
    tree_free(odd);
    odd = lease(devices, NULL, "key", "/l");
    tap_ok(resources_find(&found, t, -1, &settings, NULL, &e) == -1 && strstr(e.detail, "Missing path or lockspace"), "so is a lease without a lockspace");
    reset();
    tree_free(odd);
    settings.auto_disk_leases = 1;
    util_copy_str(settings.scsi_lockspace_dir, sizeof settings.scsi_lockspace_dir, "/scsi");
    tap_int(resources_find(&found, t, -1, &settings, NULL, &e), 0, "the lockspace of host's disks does not matter without one");
    reset();
    keys(devices);
    *settings.scsi_lockspace_dir = 0;
    for (int i = 0; i < RESOURCES_MAX; i++)
        lease(devices, "s", "k", "/l");
    tap_ok(resources_find(&found, t, -1, &settings, NULL, &e) == -1 && e.code == VIR_ERR_CONFIG_UNSUPPORTED, "more leases than any guest needs are refused");
    reset();
}

/* ---- a virtlockd that notes what it is told ---- */

/* Two strings and flags, or what there is of them. */
static void note(FILE *to, uint32_t proc, const uint8_t *p, size_t n)
{
    fprintf(to, "%u", proc);
    if (proc == OP_PROC(OP_LOCK_REGISTER)) {
        fprintf(to, " %.*s %u %u", (int)word(p + 16), p + 20, word(p + n - 12), word(p + n - 8));
    } else {
        size_t at = 0;
        for (int i = 0; i < (proc == OP_PROC(OP_LOCK_CREATE_LOCKSPACE) ? 1 : 2); i++) {
            fprintf(to, " %.*s", (int)word(p + at), p + at + 4);
            at += 4 + padded(word(p + at));
        }
        if (at + 4 == n)
            fprintf(to, " %u", word(p + at));
    }
    fputc(';', to);
}

/* busy: what cannot be had. */
static bool serve(int fd, FILE *notes, const uint8_t *call, size_t n, const void *busy)
{
    struct err refusal = ERR_INIT;
    note(notes, word(call + 12), call + XDR_HEAD_BYTES, n - XDR_HEAD_BYTES);
    if (word(call + 12) == OP_PROC(OP_LOCK_ACQUIRE_RESOURCE) && memmem(call, n, busy, strlen(busy)))
        err_set(&refusal, VIR_ERR_RESOURCE_BUSY, VIR_FROM_LOCKSPACE, "Lockspace resource '%s' is locked", (const char *)busy);
    return talk_answer(fd, call, &refusal);
}

static void ask_role(struct talk *k, const struct tree *t, uint32_t what, const struct lock_owner *owner)
{
    struct fakesup s;
    struct mp_out o;
    mp_out_init(&o, 1 << 20);
    tree_pack(&o, t);
    AUTO_CLOSE tree = frame_memfd("tree", o.p, o.len);
    mp_out_free(&o);
    int r = talk_role(k, &s, &settings, what, owner, tree);
    if (r != 1)
        err_set(&e, VIR_ERR_INTERNAL_ERROR, 0, "no answer: %d", r);
    else if (s.reply.h.kind == FRAME_ERROR)
        err_from_wire(&e, s.reply.body, s.reply.body_len);
    tap_int(fakesup_end(&s), 0, "the role ends");
}

/* What was said. by: the role as a process, else the function. */
static const char *talk(const struct tree *t, uint32_t what, const char *busy, bool by_role)
{
    const struct lock_owner owner = { .id = 7, .pid = 4711, .name = "guest" };
    struct talk k;
    talk_begin(&k, serve, busy);
    reset();
    if (by_role)
        ask_role(&k, t, what, &owner);
    else if (!resources_find(&found, t, -1, &settings, NULL, &e))
        leases_say(k.fd, &owner, &found, &settings, what, 20000, &e);
    return talk_end(&k);
}

static void talks(void)
{
    AUTO_TREE *t = document();
    settings = (struct settings){ .magic = SETTINGS_MAGIC, .auto_disk_leases = 1, .require_lease_for_disks = REQUIRE_UNLESS_AUTO };
    for (int by_role = 0; by_role < 2; by_role++) {
        tap_str(talk(t, LEASES_TAKE, "-", by_role), "1 guest 7 4711;6  /i/a 0;6  /b/shared 1;6 /l/some key 0;", "what a take says");
        tap_int(e.code, 0, "and it is granted");
        tap_str(talk(t, LEASES_GIVE, "-", by_role), "1 guest 7 4711;7  /i/a 0;7  /b/shared 0;7 /l/some key 0;", "what giving up says");
        tap_str(talk(t, LEASES_TAKE, "key", by_role), "1 guest 7 4711;6  /i/a 0;6  /b/shared 1;6 /l/some key 0;7  /i/a 0;7  /b/shared 0;", "what was taken is given up when another is refused");
        tap_ok(e.code == VIR_ERR_RESOURCE_BUSY && e.domain == VIR_FROM_LOCKSPACE && !strcmp(e.detail, "Lockspace resource 'key' is locked"), "in virtlockd's words");
        tap_str(talk(t, LEASES_TAKE | LEASES_AGAIN, "-", by_role), "1 guest 7 4711;7  /i/a 0;7  /b/shared 0;7 /l/some key 0;6  /i/a 0;6  /b/shared 1;6 /l/some key 0;", "a take whose answer was lost");
    }
    util_copy_str(settings.file_lockspace_dir, sizeof settings.file_lockspace_dir, "/files");
    tap_ok(!strncmp(talk(t, LEASES_TAKE, "-", false), "8 /files;1 guest 7 4711;6 /files ", 33), "a lockspace of the configuration is made first");
    settings.auto_disk_leases = 0;
    tap_str(talk(t, LEASES_TAKE, "-", false), "1 guest 7 4711;6 /l/some key 0;", "not for disks without leases");
    tree_free(tree_get(t, "devices/lease"));
    tap_str(talk(t, LEASES_TAKE, "-", true), "", "a disk without a lease is refused");
    tap_str(e.detail, "Read/write, exclusive access, disks were present, but no leases specified", "in libvirt's words");
    settings.require_lease_for_disks = 0;
    tap_str(talk(t, LEASES_TAKE, "-", false), "1 guest 7 4711;", "unless that is allowed");
}

int main(void)
{
    hashes();
    resources();
    talks();
    return tap_done();
}
