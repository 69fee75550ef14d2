/* fuzz-ports: what a network daemon answers to a guest's talk role: the input is all that ever comes over the connection.
 *
 * Of odd length: a port is taken; of even length: two are given up; and likewise, what a network filter daemon answers about filters. */
#include "talk-fuzz.h"
#include "workers/tree-marks.h"

/* A manifest with the link of one network, and one that has gone. */
static int links(void)
{
    static const struct fuzz_entry v[] = { { MK_TAP, 0, -1, "", "" }, { MK_LINK, 0, 0, NULL, "port=01020304-0506-0708-090a-0b0c0d0e0f10 net=n" },
        { MK_TAP, MF_GONE, -1, "", "" }, { MK_LINK, MF_GONE, 2, NULL, "port=11020304-0506-0708-090a-0b0c0d0e0f10 net=m" },
        { MK_TAP, 0, -1, "tap0", "" }, { MK_FILTER, 0, 4, NULL, "<filterbinding><owner><uuid>a</uuid></owner></filterbinding>" } };
    static int fd = -1;
    return fuzz_manifest(&fd, v, ARRAY_N(v));
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

static int ports(int fd, bool takes, struct mp_out *answers, struct err *e)
{
    return ports_say(fd, "network:///system", links(), takes ? domain() : NULL, 0, 10000, answers, e);
}

static int filters(int fd, bool takes, struct mp_out *answers, struct err *e)
{
    return takes ? filters_set(fd, "nwfilter:///system", links(), -1, -1, 10000, e) : filters_drop(fd, "nwfilter:///system", links(), -1, 0, 10000, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool of_ports = size / 2 % 2;
    return fuzz_talk(data, size, size % 2, of_ports, of_ports ? ports : filters);
}
