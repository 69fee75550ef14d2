/* fuzz-ovsdb: words of a port of Open vSwitch, and what its database answers, both read by a hand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "supervisor/hand_ovsdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c) do { if (!(c)) abort(); } while (0)

static void words(const char *s)
{
    static const uint8_t mac[6];
    static struct ovs_port p;
    static char text[OVSDB_TEXT_MAX];
    char mark[OVS_MARK];
    if (ovs_read(&p, s) != 1)
        return;
    MUST(strlen(p.interface) == 36 && strlen(p.guest) == 36 && p.trunks <= OVS_TRUNKS_MAX && p.tag <= OVS_TAG_MAX && memchr(p.profile, 0, sizeof p.profile));
    ovs_mark(mark, &p, 255);
    MUST(strlen(mark) == 40);
    int r = ovsdb_add(text, &p, "a \"bridge\"", "tap\\\1", mac, mark, "");
    MUST(r == -E2BIG || ovsdb_message(text, strlen(text)) == (long)strlen(text));
    MUST(!ovsdb_vlans(text, &p, p.guest) && ovsdb_message(text, strlen(text)) == (long)strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char uuid[OVS_UUID], why[128], *s = malloc(size + 1);     /* of that size, so that nothing behind it is read */
    int64_t number;
    memcpy(s, data, size);
    s[size] = 0;
    words(s);
    char *bytes = malloc(size ? size : 1);
    memcpy(bytes, data, size);
    long n = ovsdb_message(bytes, size);
    MUST(n <= (long)size && n >= -EPROTO);
    if (n > 0) {
        int r = ovsdb_answer(bytes, (size_t)n, &number, uuid, why);
        MUST(r == 0 || r == 1 || r == -EREMOTEIO || r == -EPROTO);
        MUST(r || ((strlen(uuid) == 36 || !*uuid) && number >= -1));
        MUST(memchr(why, 0, sizeof why));
    }
    free(bytes);
    free(s);
    return 0;
}
