/* fuzz-secrets: what a secret daemon answers to a guest's talk role: the input is all that ever comes over the connection. */
#include "talk-fuzz.h"

/* One by its number, and one by its usage. */
static int names(void)
{
    static const struct fuzz_entry v[] = { { MK_SECRET, 0, -1, NULL, "volume uuid=01020304-0506-0708-090a-0b0c0d0e0f10" }, { MK_SECRET, 0, -1, NULL, "ceph usage=a name" } };
    static int fd = -1;
    return fuzz_manifest(&fd, v, ARRAY_N(v));
}

static int secrets(int fd, bool takes, struct mp_out *out, struct err *e)
{
    static const struct secret_keys keys = { .token = "00" };
    return secrets_say(fd, "secret:///system", names(), &keys, 10000, out, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_talk(data, size, true, true, secrets);
}
