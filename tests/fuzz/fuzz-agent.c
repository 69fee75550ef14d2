/* fuzz-agent: what a guest says on its agent's channel, to a worker that waits for answers of all kinds. */
#include "qemu-fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int pair[2], fd = fuzz_begin();
    struct guest *g = &fuzz_guest;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) || agent_open(&g->agent, pair[0]))
        abort();
    agent_set_connected(&g->agent, true);
    /* Before each call the answer {"return":N} to the synchronisation is due, N from 1 on. */
    FUZZ_CALL(api_get_time, OP_REMOTE_DOMAIN_GET_TIME, "\x00", 1);
    FUZZ_CALL(api_get_guest_info, OP_REMOTE_DOMAIN_GET_GUEST_INFO, "\x00\x00", 2);
    FUZZ_CALL(api_get_fsinfo, OP_REMOTE_DOMAIN_GET_FSINFO, "\x00", 1);
    FUZZ_CALL(api_interface_addresses, OP_REMOTE_DOMAIN_INTERFACE_ADDRESSES, "\x01\x01", 2);
    FUZZ_CALL(api_agent_command, OP_QEMU_DOMAIN_AGENT_COMMAND, "\xa2{}\xfe\x00", 3);
    FUZZ_CALL(api_get_hostname, OP_REMOTE_DOMAIN_GET_HOSTNAME, "\x00", 1);
    FUZZ_CALL(api_get_vcpus_flags, OP_REMOTE_DOMAIN_GET_VCPUS_FLAGS, "\x08", 1);
    FUZZ_CALL(api_shutdown_flags, OP_REMOTE_DOMAIN_SHUTDOWN_FLAGS, "\x02", 1);
    fuzz_say(pair[1], data, size);
    close(pair[1]);
    fuzz_finish(fd);
    return 0;
}
