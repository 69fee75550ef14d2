/* fuzz-ports: what a network daemon answers to a guest's talk role: the input is all that ever comes over the connection.
 *
 * Of odd length: a port is taken; of even length: two are given up; and likewise, what a network filter daemon answers about filters. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/frame.h"
#include "ipc/manifest.h"
#include "ipc/util.h"
#include "workers/talk/talk.h"
#include "workers/tree-marks.h"

/* A manifest with the link of one network, and one that has gone. */
static int links(void)
{
    static int fd = -1;
    uint8_t buf[1024];
    struct manifest_out out;
    if (fd >= 0)
        return fd;
    manifest_begin(&out, buf, sizeof buf);
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_TAP, .parent = -1 }, "", "");
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_LINK, .parent = 0 }, NULL, "port=01020304-0506-0708-090a-0b0c0d0e0f10 net=n");
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_TAP, .flags = MF_GONE, .parent = -1 }, "", "");
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_LINK, .flags = MF_GONE, .parent = 2 }, NULL, "port=11020304-0506-0708-090a-0b0c0d0e0f10 net=m");
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_TAP, .parent = -1 }, "tap0", "");
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_FILTER, .parent = 4 }, NULL, "<filterbinding><owner><uuid>a</uuid></owner></filterbinding>");
    return fd = frame_memfd("manifest", buf, (size_t)manifest_finish(&out));
}

static const struct tree *domain(void)
{
    static struct tree *t;
    if (t)
        return t;
    t = tree_new("domain");
    tree_add_text(t, "name", "guest");
    tree_set_attr(tree_add(tree_add(t, "devices"), "interface"), MARK_MANIFEST, "0");
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = ERR_INIT;
    struct mp_out answers;
    int pair[2];
    if (size > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return 0;
    if (write(pair[1], data, size) != (ssize_t)size || shutdown(pair[1], SHUT_WR))
        abort();
    bool takes = size % 2, of_ports = size / 2 % 2;
    mp_out_init(&answers, FRAME_BIG_MAX);
    int r = of_ports ? ports_say(pair[0], "network:///system", links(), takes ? domain() : NULL, 0, 10000, &answers, &e) :
        takes ? filters_set(pair[0], "nwfilter:///system", links(), -1, -1, 10000, &e) : filters_drop(pair[0], "nwfilter:///system", links(), -1, 0, 10000, &e);
    if ((r == 0) != (e.code == 0))
        abort();                /* a refusal without a reason, or the other way round */
    if (r == 0 && takes && of_ports && (answers.failed || mp_guard(answers.p, answers.len, MP_DEPTH_MAX, FRAME_BIG_MAX, NULL)))
        abort();                /* what xmlc cannot even walk */
    if ((r || !takes) && answers.len)
        abort();
    mp_out_free(&answers);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
