/* The role xmlc over its channel: what it answers to a definition, a start, a status file, and calls on a stored definition. */
#include <time.h>
#include <sys/mman.h>
#include "ipc/index.h"
#include "ipc/layout.h"
#include "ipc/manifest.h"
#include "ipc/mp.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/settings.h"
#include "tests/tap.h"
#include "tests/unit/fakesup.h"
#include "workers/tree.h"
#include "workers/tree-marks.h"

#define DOC "<domain type='qemu'><name>a</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid><memory unit='MiB'>128</memory><vcpu current='1'>2</vcpu>" \
    "<os><type>hvm</type></os><devices><disk><driver type='qcow2'/><source file='/x/a.qcow2'/><target dev='vda'/></disk><serial type='pty'/>" \
    "<interface type='user'><mac address='52:54:00:00:00:01'/></interface><graphics type='vnc' passwd='sesame'/>" \
    "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices></domain>"

static struct layout layout = { .lib_dir = "/var/lib/libvirt/qemu" };
static struct settings settings = { .magic = SETTINGS_MAGIC };
static struct fakesup s;

static void born(void)
{
    bool root = geteuid() == 0;
    struct birth b = { .uid = root ? 65534 : 0xffffffffu, .gid = root ? 65534 : 0xffffffffu, .flags = root ? 0 : BIRTH_SESSION, .nfds = 1, .fd_kind = { BFD_LAYOUT } };
    int fd = frame_memfd("layout", &layout, sizeof layout);
    tap_ok(fakesup_spawn(&s, ROLE_XMLC, b, &fd) == 0, "a role is born");
    close(fd);
}

/* One call with capabilities (none known), settings and maybe a stored text. */
static void call(uint32_t op, uint32_t arg, const void *body, size_t len, const char *stored)
{
    int fds[3] = { frame_memfd("caps", NULL, 0), frame_memfd("settings", &settings, sizeof settings), stored ? frame_memfd("xml", stored, strlen(stored)) : -1 };
    born();
    tap_int(fakesup_call(&s, op, 1, arg, body, len, fds, stored ? 3 : 2), 1, "it answers");
    for (int i = 0; i < 3; i++)
        util_closep(&fds[i]);
}

static void end(void) { tap_int(fakesup_end(&s), 0, "and ends"); }

/* The text of the reply's descriptor i; the caller frees it. */
static char *text_of(unsigned i, size_t *n)
{
    const void *p;
    size_t len = 0;
    char *out = NULL;
    if (i < s.reply.h.nfds && frame_map(s.reply.fds[i], 8u << 20, &p, &len) == 0) {
        out = calloc(1, len + 1);
        if (len) {
            memcpy(out, p, len);
            munmap((void *)(uintptr_t)p, len);
        }
    }
    if (n)
        *n = len;
    return out;
}

static int error_code(void)
{
    struct err e = ERR_INIT;
    err_from_wire(&e, s.reply.body, s.reply.body_len);
    return s.reply.h.kind == FRAME_ERROR ? e.code : 0;
}

static char *define(void)
{
    struct mp_out o;
    struct doc_result d = { .flags = 0 };
    mp_out_init(&o, 65536);
    mp_array(&o, 2);
    mp_str(&o, DOC);
    mp_uint(&o, 0);
    call(OP_REMOTE_DOMAIN_DEFINE_XML_FLAGS, 0, o.p, o.len, NULL);
    mp_out_free(&o);
    tap_int(s.reply.h.kind, FRAME_REPLY, "define: a reply");
    tap_ok(s.reply.h.op == OP_IN(IN_DOC) && s.reply.h.nfds == DOC_FD_N, "with a document");
    if (tap_ok(s.reply.body_len >= sizeof d, "and its facts"))
        memcpy(&d, s.reply.body, sizeof d);
    tap_str(d.name, "a", "name");
    tap_int(d.uuid[0], 0xc7, "uuid");
    tap_int(d.facts.vcpus, 1, "processors");
    tap_int(d.facts.vcpus_max, 2, "at most");
    tap_int((long long)d.facts.mem_kib, 131072, "memory");
    tap_int(d.flags, SLOT_HAS_SECRETS | SLOT_CANONICAL, "it holds a password, and is stored as it is shown");
    char *xml = text_of(DOC_FD_XML, NULL);
    tap_ok(xml && strstr(xml, "passwd='sesame'") && strstr(xml, "machine='pc-i440fx-7.2'"), "the text to store is whole and complete");
    tap_ok(xml && !strstr(xml, MARK_MANIFEST), "without marks");
    end();
    return xml;
}

static void start(const char *xml)
{
    struct doc_start st = { .id = 7, .name = "a" };
    struct manifest_in in;
    struct manifest_entry m;
    struct mp_in mp;
    const char *path, *aux;
    size_t n;
    int kinds[MK_KIND_N] = { 0 };
    call(OP_IN(IN_DOC_START), 0, &st, sizeof st, xml);
    tap_ok(s.reply.h.op == OP_IN(IN_DOC) && s.reply.h.nfds == DOC_FD_N, "start: a document");
    char *blob = text_of(DOC_FD_MANIFEST, &n);
    tap_int(manifest_open(&in, blob, n), 0, "a manifest");
    while (manifest_next(&in, &m, &path, &aux) == 1)
        kinds[m.kind]++;
    tap_ok(kinds[MK_IMAGE] == 1 && kinds[MK_PTY] == 1 && kinds[MK_HOSTNET] == 1 && kinds[MK_TCP_LISTEN] == 1 && kinds[MK_PAIR] == 1, "one of each resource");
    free(blob);
    blob = text_of(DOC_FD_TREE, &n);
    mp_in_init(&mp, blob, n);
    struct tree *t = tree_unpack(&mp);
    tap_ok(t && mp_end(&mp), "a tree");
    tap_str(tree_attr(t, "id"), "7", "with the id");
    tap_str(tree_path_attr(t, "devices/disk/alias", "name"), "virtio-disk0", "aliases");
    tap_str(tree_path_attr(t, "devices/disk/source", MARK_MANIFEST), "0", "and marks");
    tap_str(tree_path_attr(t, "devices/console/source", MARK_MANIFEST), tree_path_attr(t, "devices/serial/source", MARK_MANIFEST), "the console is the serial port");
    tap_str(tree_path_attr(t, "devices/channel/source", "path"), "/var/lib/libvirt/qemu/channel/target/domain-7-a/org.qemu.guest_agent.0", "the agent's path");
    tree_free(t);
    free(blob);
    end();
    static const char net[] = "<domain type='qemu'><name>a</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid><memory>65536</memory><os><type>hvm</type></os>"
        "<devices><interface type='network'><source network='default'/></interface></devices></domain>";
    call(OP_IN(IN_DOC_START), 0, &st, sizeof st, net);
    blob = text_of(DOC_FD_MANIFEST, &n);
    tap_ok(blob && memmem(blob, n, "port=", 5) && memmem(blob, n, " net=default", sizeof " net=default"), "a network is its daemon's to know: it is asked for a port by a number of ours");
    free(blob);
    end();
}

static void dom(struct mp_out *o, uint32_t n)
{
    mp_out_init(o, 65536);
    mp_array(o, n);
    mp_array(o, 3);
    mp_str(o, "a");
    mp_bin(o, "0123456789abcdef", 16);
    mp_int(o, -1);
}

/* ---- devices of a run: what the answer of one call has is what the next comes with ---- */

static char *run_tree, *run_manifest;
static size_t run_tree_len, run_manifest_len;

static void keep_run(void)
{
    free(run_tree);
    free(run_manifest);
    run_tree = text_of(DOC_FD_TREE, &run_tree_len);
    run_manifest = text_of(DOC_FD_MANIFEST, &run_manifest_len);
}

static void call_on_run(uint32_t op, const void *body, size_t len)
{
    int fds[4] = { frame_memfd("caps", NULL, 0), frame_memfd("settings", &settings, sizeof settings), frame_memfd("tree", run_tree, run_tree_len),
        frame_memfd("manifest", run_manifest, run_manifest_len) };
    born();
    tap_int(fakesup_call(&s, op, 1, 0, body, len, fds, 4), 1, "it answers");
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}

static struct doc_result on_run(uint32_t op, const void *body, size_t len)
{
    struct doc_result d = { .changes = 0 };
    call_on_run(op, body, len);
    if (tap_ok(s.reply.h.op == OP_IN(IN_DOC) && s.reply.h.nfds == DOC_FD_N && s.reply.body_len >= sizeof d, "a document"))
        memcpy(&d, s.reply.body, sizeof d);
    return d;
}

static struct tree *tree_of(unsigned i)
{
    return i < s.reply.h.nfds ? tree_map(s.reply.fds[i]) : NULL;
}

static struct doc_result device_call(uint32_t op, const char *xml)
{
    struct mp_out o;
    dom(&o, 3);
    mp_str(&o, xml);
    mp_uint(&o, 1);
    struct doc_result d = on_run(op, o.p, o.len);
    mp_out_free(&o);
    return d;
}

static unsigned entries_with(unsigned flag)
{
    struct manifest_in in;
    struct manifest_entry m;
    const char *path, *aux;
    size_t n;
    unsigned count = 0;
    char *blob = text_of(DOC_FD_MANIFEST, &n);
    if (tap_int(manifest_open(&in, blob, n), 0, "a manifest"))
        while (manifest_next(&in, &m, &path, &aux) == 1)
            count += !flag || m.flags & flag;
    free(blob);
    return count;
}

/* A dump that a worker asks for: what names its file is the run's own document, and that has to want one. */
static void auto_dump(const char *wants, uint64_t ago, bool is_named_by_it)
{
    struct doc_start st = { .id = 7, .name = "a" };
    AUTO_FREE char *xml = NULL;
    if (asprintf(&xml, "<domain type='qemu' id='7'><name>a</name><memory>8192</memory><os><type>hvm</type></os>%s</domain>", wants) < 0)
        return;
    call(OP_IN(IN_DOC_START), 0, &st, sizeof st, xml);
    keep_run();
    end();
    const uint64_t when = (uint64_t)time(NULL) - ago;
    struct tm tm;
    char text[40];
    strftime(text, sizeof text, "7-a-%Y-%m-%d-%H:%M:%S", localtime_r(&(time_t){ (time_t)when }, &tm));
    call_on_run(OP_IN(IN_DUMP), &when, sizeof when);
    tap_int(s.reply.h.kind, *wants ? FRAME_REPLY : FRAME_ERROR, "a dump of a guest with '%s'", wants);
    if (*wants) {
        size_t n;
        AUTO_FREE char *blob = text_of(DOC_FD_MANIFEST, &n);
        tap_int(memmem(blob, n, text, strlen(text)) != NULL, is_named_by_it, "its file has the time of the call (%s)", text);
        tap_int(entries_with(0), 1, "and is all there is");
    }
    end();
}

static void plug(const char *xml)
{
    static const char disk[] = "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/x/b.img'/><target dev='vdb' bus='virtio'/></disk>";
    struct doc_start st = { .id = 7, .name = "a" };
    struct plug_alias gone = { .alias = "virtio-disk1" };
    call(OP_IN(IN_DOC_START), 0, &st, sizeof st, xml);
    keep_run();
    unsigned before = entries_with(0);
    end();
    struct doc_result d = device_call(OP_REMOTE_DOMAIN_ATTACH_DEVICE_FLAGS, disk);
    tap_int(d.changes, PLUG_IN, "attach: a device comes");
    tap_int(d.reply_len, 1, "with an answer for the client");
    tap_int(d.id, 7, "to that run");
    struct tree *t = tree_of(DOC_FD_XML), *all = tree_of(DOC_FD_TREE);
    tap_str(tree_path_attr(t, "disk/alias", "name"), "virtio-disk1", "its alias");
    tap_int(atoi(tree_path_attr(t, "disk/source", MARK_MANIFEST)), before, "its mark is the next entry");
    tap_int(entries_with(0), before + 1, "which is there");
    tap_int(tree_get(all, "devices/disk") && tree_next(tree_get(all, "devices/disk"), "disk"), 1, "and the run has it");
    tree_free(t);
    tree_free(all);
    char *old = run_manifest;
    run_manifest = NULL;
    size_t n = run_manifest_len;
    keep_run();
    tap_ok(run_manifest_len > n && !memcmp(old + 16, run_manifest + 16, n - 16), "the entries that were there are the same");
    free(old);
    end();
    d = device_call(OP_REMOTE_DOMAIN_DETACH_DEVICE_FLAGS, disk);
    tap_int(d.changes, PLUG_OUT, "detach: it is to go");
    char *same = text_of(DOC_FD_TREE, &n);
    tap_ok(n == run_tree_len && !memcmp(same, run_tree, n), "and is there until it has");
    free(same);
    end();
    d = on_run(OP_IN(IN_DOC_UNPLUG), &gone, sizeof gone);
    tap_int(entries_with(MF_GONE), 1, "it has gone: what it had is marked so");
    all = tree_of(DOC_FD_TREE);
    tap_ok(all && !tree_next(tree_get(all, "devices/disk"), "disk"), "and the run has it no more");
    tree_free(all);
    keep_run();
    end();
    d = on_run(OP_IN(IN_DOC_UNPLUG), &gone, sizeof gone);
    tap_int(entries_with(MF_GONE), 1, "once more: nothing is left to do");
    end();
}

static void desc(const char *xml, uint32_t flags, bool secret)
{
    struct mp_out o;
    struct mp_in in;
    dom(&o, 2);
    mp_uint(&o, flags);
    call(OP_REMOTE_DOMAIN_GET_XML_DESC, flags, o.p, o.len, xml);
    mp_out_free(&o);
    tap_int(s.reply.h.op, OP_REMOTE_DOMAIN_GET_XML_DESC, "dumpxml with flags %u: an answer", flags);
    mp_in_init(&in, s.reply.body, s.reply.body_len);
    mp_get_array(&in, 1);
    char *text = mp_get_strdup(&in, 65536);
    tap_ok(text && mp_end(&in) && !strncmp(text, "<domain type='qemu'>", 20), "the document");
    tap_int(text && strstr(text, "sesame") != NULL, secret, "the password is in it");
    free(text);
    end();
}

/* What the header says, by which the supervisor has let a read-only client's call through, must be what the body says. */
static void desc_two_ways(const char *xml)
{
    struct mp_out o;
    dom(&o, 2);
    mp_uint(&o, 1);
    call(OP_REMOTE_DOMAIN_GET_XML_DESC, 0, o.p, o.len, xml);
    mp_out_free(&o);
    tap_int(error_code(), VIR_ERR_RPC, "dumpxml with other flags in its body than in its header");
    end();
}

static void metadata(const char *xml)
{
    struct mp_out o;
    struct mp_in in;
    dom(&o, 6);
    mp_int(&o, 2);
    mp_str(&o, "<x y='1'><z/></x>");
    mp_str(&o, "k");
    mp_str(&o, "urn:k");
    mp_uint(&o, 2);
    call(OP_REMOTE_DOMAIN_SET_METADATA, 2, o.p, o.len, xml);
    mp_out_free(&o);
    tap_int(s.reply.h.op, OP_IN(IN_DOC), "metadata set: a new document");
    char *next = text_of(DOC_FD_XML, NULL);
    tap_ok(next && strstr(next, "<k:x xmlns:k=\"urn:k\" y=\"1\">\n      <k:z/>"), "that has it");
    end();
    for (int have = 1; have >= 0; have--) {
        dom(&o, 4);
        mp_int(&o, 2);
        mp_str(&o, have ? "urn:k" : "urn:other");
        mp_uint(&o, 2);
        call(OP_REMOTE_DOMAIN_GET_METADATA, 2, o.p, o.len, next);
        mp_out_free(&o);
        mp_in_init(&in, s.reply.body, s.reply.body_len);
        if (have) {
            mp_get_array(&in, 1);
            char *got = mp_get_strdup(&in, 65536);
            tap_str(got, "<x y=\"1\">\n  <z/>\n</x>", "and gives it back");
            free(got);
        } else {
            tap_int(error_code(), VIR_ERR_NO_DOMAIN_METADATA, "another one is not there");
        }
        end();
    }
    free(next);
}

static void status(void)
{
    static const char file[] = "<domstatus state='paused' reason='user' pid='1234'><taint flag='custom-argv'/><taint flag='host-cpu'/><monitor path='/m' type='unix'/>"
        "<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>"
        "<domain type='qemu' id='3'><name>a</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid><memory unit='KiB'>65536</memory><currentMemory unit='KiB'>65536</currentMemory>"
        "<vcpu>1</vcpu><os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>"
        "<interface type='user'><mac address='52:54:00:00:00:01'/></interface><hostdev mode='subsystem' type='usb'><source><address bus='1' device='2'/></source></hostdev>"
        "<hostdev mode='subsystem' type='scsi'><source protocol='iscsi' name='iqn.2000-01.a:b/1'><host name='h'/><privateData><nodenames><nodename type='storage' name='libvirt-7-backend'/></nodenames></privateData>"
        "</source></hostdev></devices></domain></domstatus>";
    struct doc_start st = { .id = -1 };
    struct doc_result d = { .id = 0 };
    call(OP_IN(IN_DOC_STATUS), 0, &st, sizeof st, file);
    if (tap_ok(s.reply.h.op == OP_IN(IN_DOC) && s.reply.body_len == sizeof d, "status: a document"))
        memcpy(&d, s.reply.body, sizeof d);
    tap_ok(d.id == 3 && d.state == 3 && d.reason == 1, "its facts");
    char *xml = text_of(DOC_FD_XML, NULL);
    const char *nic = xml ? strstr(xml, "<interface type='user'>") : NULL, *source = nic ? strstr(nic, "<source") : NULL;
    tap_ok(nic && source > strstr(nic, "</interface>"), "an interface that has no source has got none");
    tap_ok(xml && !strstr(xml, "taint") && !strstr(xml, "privateData"), "nor what the file says beside the document");
    free(xml);
    AUTO_TREE *t = tree_of(DOC_FD_TREE);
    const struct tree *taint = tree_get(t, MARK_TAINTS "/taint"), *lun = tree_next(tree_get(t, "devices/hostdev"), "hostdev");
    tap_ok(tree_attr_is(taint, "flag", "custom-argv") && tree_attr_is(tree_next(taint, "taint"), "flag", "host-cpu"), "the tree has what the run is tainted for");
    tap_ok(tree_attr_is(tree_get(lun, "source"), MARK_NODE, "7"), "and the number of a LUN's block node");
    end();
    call(OP_IN(IN_DOC_STATUS), 0, &st, sizeof st, "<domstatus/>");
    tap_int(error_code(), VIR_ERR_XML_ERROR, "a status file without a domain");
    end();
}

/* Files that declare an encoding (what clients send is UTF-8): those that libxml2 knows by itself are read, an unknown one is refused, others may be either. */
static void encodings(void)
{
    enum { READ = 1, REFUSED = 2 };
    static const struct { const char *encoding, *bytes, *name; int may; } rows[] = {
        { "UTF-8", "caf\xc3\xa9", "caf\xc3\xa9", READ }, { "ISO-8859-1", "caf\xe9", "caf\xc3\xa9", READ }, { "US-ASCII", "cafe", "cafe", READ },
        { "ISO-8859-15", "\xa4", "\xe2\x82\xac", READ | REFUSED }, { "EUC-JP", "\xa4\xa2", "\xe3\x81\x82", READ | REFUSED }, { "no-such-one", "a", "", REFUSED },
    };
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        char text[1024];
        struct doc_start st = { .id = -1 };
        struct doc_result d = { .flags = 0 };
        struct err e = ERR_INIT;
        snprintf(text, sizeof text, "<?xml version='1.0' encoding='%s'?><domstatus state='paused' reason='user' pid='1234'><monitor path='/m' type='unix'/>"
            "<domain type='qemu' id='3'><name>%s</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid><memory>65536</memory><vcpu>1</vcpu>"
            "<os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os><devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices></domain></domstatus>",
            rows[i].encoding, rows[i].bytes);
        call(OP_IN(IN_DOC_STATUS), 0, &st, sizeof st, text);
        bool read = s.reply.h.op == OP_IN(IN_DOC) && s.reply.body_len >= sizeof d;
        if (read)
            memcpy(&d, s.reply.body, sizeof d);
        else
            err_from_wire(&e, s.reply.body, s.reply.body_len);
        tap_ok(read ? rows[i].may & READ && !strcmp(d.name, rows[i].name) : rows[i].may & REFUSED && e.code == VIR_ERR_XML_DETAIL && strcasestr(e.detail, "unsupported encoding"),
            "%s: %s", rows[i].encoding, read ? "read" : e.detail);
        end();
    }
}

/* ---- what came of a secret ---- */

#define IV "AAAAAAAAAAAAAAAAAAAAAA=="

/* The manifest that an xmlc makes of an answer about that entry; false: it refuses. */
static bool secret(uint32_t index, const char *text, bool more)
{
    uint8_t buf[8192];
    struct manifest_out m;
    struct mp_out tree, said;
    AUTO_TREE *t = tree_new("domain");
    tree_add(t, "devices");
    manifest_begin(&m, buf, sizeof buf);
    manifest_add(&m, &(struct manifest_entry){ .kind = MK_IMAGE, .parent = -1 }, "/i", NULL);
    manifest_add(&m, &(struct manifest_entry){ .kind = MK_SECRET, .parent = -1 }, NULL, "volume usage=v");
    mp_out_init(&tree, 65536);
    tree_pack(&tree, t);
    mp_out_init(&said, 65536);
    mp_array(&said, 1);
    mp_array(&said, 2);
    mp_uint(&said, index);
    mp_str(&said, text);
    if (more)
        mp_uint(&said, 0);
    int fds[5] = { frame_memfd("caps", NULL, 0), frame_memfd("settings", &settings, sizeof settings), frame_memfd("tree", tree.p, tree.len),
        frame_memfd("manifest", buf, (size_t)manifest_finish(&m)), frame_memfd("said", said.p, said.len) };
    born();
    tap_int(fakesup_call(&s, OP_IN(IN_DOC_PORTS), 1, 0, NULL, 0, fds, 5), 1, "it answers");
    for (int i = 0; i < 5; i++)
        util_closep(&fds[i]);
    mp_out_free(&tree);
    mp_out_free(&said);
    struct manifest_in in;
    struct manifest_entry e = { 0 };
    const char *path = NULL, *aux = NULL;
    size_t n = 0;
    AUTO_FREE char *now = s.reply.h.kind == FRAME_REPLY ? text_of(0, &n) : NULL;
    bool good = now && manifest_open(&in, now, n) == 0 && manifest_next(&in, &e, &path, &aux) == 1 && !strcmp(path, "/i") && manifest_next(&in, &e, &path, &aux) == 1 &&
                !strcmp(path, text) && !strcmp(aux, "volume usage=v") && manifest_next(&in, &e, &path, &aux) == 0;
    end();
    return good;
}

static void secrets(void)
{
    static const char *const bad[] = { "", "iv=" IV, "iv=" IV " data=", "iv=AAAA data=AAAA", "iv=" IV " data=AAA", "iv=" IV " data=AA A", "iv=" IV " data=AAAA\nAAAAAAA", "iv=" IV ",data=AAAA",
        "iv=AAAAAAAAAAAAAAAAAAAA\\\"== data=AAAA", "<networkport/>" };
    char longest[5000] = "iv=" IV " data=";
    tap_ok(secret(1, "iv=" IV " data=AAAA", false), "its value goes where its name is");
    tap_ok(!secret(0, "iv=" IV " data=AAAA", false), "and to no image");
    tap_ok(!secret(2, "iv=" IV " data=AAAA", false), "nor to what is not there");
    tap_ok(!secret(1, "iv=" IV " data=AAAA", true), "with something behind it");
    memset(longest + strlen(longest), 'A', 4096);
    tap_ok(!secret(1, longest, false), "longer than an entry");
    for (size_t i = 0; i < ARRAY_N(bad); i++)
        tap_ok(!secret(1, bad[i], false), "'%s' is none", bad[i]);
}

int main(void)
{
    char *xml = define();
    if (xml) {
        start(xml);
        plug(xml);
        auto_dump("", 0, true);
        auto_dump("<on_crash>coredump-destroy</on_crash>", 30, true);
        auto_dump("<devices><watchdog model='ib700' action='dump'/></devices>", 7200, false);
        desc(xml, 0, false);
        desc(xml, 1, true);
        desc_two_ways(xml);
        metadata(xml);
    }
    free(xml);
    status();
    encodings();
    call(OP_REMOTE_DOMAIN_DEFINE_XML, 0, "\xc1", 1, NULL);
    tap_int(error_code(), VIR_ERR_RPC, "a call that is no msgpack");
    end();
    secrets();
    return tap_done();
}
