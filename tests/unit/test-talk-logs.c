/* test-talk-logs: the role talk as a process that speaks to virtlogd: what it asks for, which of the answers it takes, and what it hands over. */
#include <fcntl.h>
#include "ipc/manifest.h"
#include "ipc/schema/op-numbers.h"
#include "talk.h"
#include "tests/tap.h"

static const struct settings settings = { .magic = SETTINGS_MAGIC };
static const struct lock_owner guest = { .uuid = { 1, 2, 3 }, .id = 7, .pid = 4711, .name = "guest" };
enum answers { PIPES, READING_END, A_FILE, NO_DESCRIPTOR, REFUSED, LONG_TEXT };

/* ---- a virtlogd that notes what it is told ---- */

static uint8_t *put(uint8_t *p, uint32_t v)
{
    for (int i = 24; i >= 0; i -= 8)
        *p++ = (uint8_t)(v >> i);
    return p;
}

/* Procedure, the path, and the last word: the flags. */
static void note(FILE *to, const uint8_t *m, size_t n)
{
    const uint8_t *p = m + XDR_HEAD_BYTES;
    uint32_t proc = word(m + 12);
    if (proc == OP_PROC(OP_LOG_DOMAIN_OPEN_LOG_FILE)) {
        fprintf(to, "%.*s %u %.*s ", (int)word(p), p + 4, p[4 + padded(word(p))], (int)word(p + 8 + 16), p + 12 + 16);
        p += 4 + padded(word(p)) + 16;
        p += 4 + padded(word(p));
    }
    fprintf(to, "%u %.*s", proc, (int)word(p), p + 4);
    if (proc == OP_PROC(OP_LOG_DOMAIN_READ_LOG_FILE))
        fprintf(to, " %u %u", word(m + n - 16), word(m + n - 8));
    fprintf(to, " %u;", word(m + n - 4));
}

static bool answer(int fd, const uint8_t *call, enum answers how)
{
    static uint8_t out[1 << 16];
    struct err e = ERR_INIT;
    int given[2] = { -1, -1 };
    uint32_t proc = word(call + 12), length = how == LONG_TEXT ? 9999 : 5;
    bool opens = proc == OP_PROC(OP_LOG_DOMAIN_OPEN_LOG_FILE);
    if (how == REFUSED) {
        err_set(&e, VIR_ERR_OPERATION_FAILED, VIR_FROM_LOGGING, "no");
        return talk_answer(fd, call, &e);
    }
    uint8_t *p = out + XDR_HEAD_BYTES;
    if (opens)
        p = put(p, 1);
    if (proc == OP_PROC(OP_LOG_DOMAIN_READ_LOG_FILE)) {
        p = put(p, length);
        memset(p, 'x', padded(length));
        memcpy(p, "words", 5);
        p += padded(length);
    } else {
        p = put(put(put(put(p, 0), 77), 0), 5000);      /* inode, offset */
    }
    put(out, (uint32_t)(p - out));
    memcpy(out + 4, call + 4, XDR_HEAD_BYTES - 4);
    put(out + 16, opens ? XDR_REPLY_FDS : XDR_REPLY);
    if (util_write_full(fd, out, (size_t)(p - out)) != p - out)
        return false;
    if (!opens)
        return true;
    if (how == A_FILE)
        given[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
    else if (pipe2(given, O_CLOEXEC) || (how == PIPES && write(given[0] < 0 ? -1 : given[1], "x", 1) != 1))
        abort();
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int))]; } ctl = { .h = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
    memcpy(CMSG_DATA(&ctl.h), &given[how == READING_END ? 0 : 1], sizeof(int));
    struct iovec iov = { (void *)(uintptr_t)"", 1 };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = how == NO_DESCRIPTOR ? NULL : &ctl, .msg_controllen = how == NO_DESCRIPTOR ? 0 : sizeof ctl };
    bool done = sendmsg(fd, &m, MSG_NOSIGNAL) == 1;
    close(given[0]);
    close(given[1]);
    return done;
}

static bool serve(int fd, FILE *notes, const uint8_t *call, size_t n, const void *how)
{
    note(notes, call, n);
    return answer(fd, call, *(const enum answers *)how);
}

/* ---- the role ---- */

static struct fakesup role;

/* What was said; the answer is in role.reply until the next one. */
static const char *talk(uint32_t what, enum answers how, int manifest)
{
    static bool once;
    struct talk t;
    if (once)
        tap_int(fakesup_end(&role), 0, "the role ends");
    once = true;
    talk_begin(&t, serve, &how);
    tap_int(talk_role(&t, &role, &settings, what, &guest, manifest), 1, "it answers");
    return talk_end(&t);
}

static int refused_with(void)
{
    struct err e = ERR_INIT;
    if (role.reply.h.kind == FRAME_ERROR)
        err_from_wire(&e, role.reply.body, role.reply.body_len);
    return role.reply.h.nfds ? -1 : e.code;
}

int main(void)
{
    static uint8_t buf[4096];
    struct manifest_out out;
    char byte;
    manifest_begin(&out, buf, sizeof buf);
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_LOG, .parent = -1 }, "/a/new", NULL);
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_FILE_OUT, .parent = -1 }, "/a/none", NULL);
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_LOG, .parent = -1, .flags = MF_APPEND }, "/a/kept", NULL);
    int manifest = frame_memfd("manifest", buf, (size_t)manifest_finish(&out)), none = frame_memfd("none", "none", 4);

    tap_str(talk(TALK_LOGS, PIPES, manifest), "qemu 1 guest 1 /logs/guest.log 0;qemu 1 guest 1 /a/new 1;qemu 1 guest 1 /a/kept 0;", "a guest's log, and its devices', of which one begins anew");
    tap_int(role.reply.h.kind, FRAME_REPLY, "they are given");
    tap_int(role.reply.h.nfds, 3, "a pipe each");
    for (unsigned i = 0; i < role.reply.h.nfds; i++)
        tap_ok((fcntl(role.reply.fds[i], F_GETFL) & O_ACCMODE) == O_WRONLY && read(role.reply.fds[i], &byte, 1) < 0, "to be written");
    static const struct { enum answers how; const char *what; } bad[] = { { READING_END, "the reading end of a pipe" }, { A_FILE, "a file" }, { NO_DESCRIPTOR, "no descriptor" } };
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        tap_str(talk(TALK_LOGS, bad[i].how, manifest), "qemu 1 guest 1 /logs/guest.log 0;", "%s: the first is asked for", bad[i].what);
        tap_int(refused_with(), VIR_ERR_RPC, "and the answer is not taken");
    }
    talk(TALK_LOGS, REFUSED, manifest);
    tap_int(refused_with(), VIR_ERR_OPERATION_FAILED, "virtlogd's own error");
    tap_str(talk(TALK_LOGS, PIPES, none), "", "what is no manifest");
    tap_int(refused_with(), VIR_ERR_INTERNAL_ERROR, "nothing is asked for");

    tap_str(talk(TALK_TAIL, PIPES, manifest), "2 /logs/guest.log 0;3 /logs/guest.log 904 4096 0;", "the last words are asked for by their place");
    tap_ok(role.reply.h.kind == FRAME_REPLY && role.reply.body_len == 5 && !memcmp(role.reply.body, "words", 5), "and come as they are");
    talk(TALK_TAIL, LONG_TEXT, manifest);
    tap_int(refused_with(), VIR_ERR_RPC, "more than was asked for is not taken");
    talk(TALK_TAIL, REFUSED, manifest);
    tap_int(refused_with(), VIR_ERR_OPERATION_FAILED, "virtlogd's own error");
    tap_int(fakesup_end(&role), 0, "the role ends");
    return tap_done();
}
