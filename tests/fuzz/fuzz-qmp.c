/* fuzz-qmp: what a QEMU says on its monitor, to a worker that waits for answers of many kinds. */
#include "qemu-fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = fuzz_begin();
    /* The answers due, by id: 1 capabilities, 2 query-cpus-fast, 3 query-chardev, 4 query-balloon, 5-8 the parts of domstats, 9 query-block, 10 and 11 raw, 12 stop. */
    guest_learn(&fuzz_guest);
    FUZZ_CALL(api_domain_stats, OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, "\x00\xce\x40\x00\x00\x00", 2);
    FUZZ_CALL(api_block_info, OP_REMOTE_DOMAIN_GET_BLOCK_INFO, "\xa3" "vda\x00", 2);
    FUZZ_CALL(api_block_stats, OP_REMOTE_DOMAIN_BLOCK_STATS, "\xa0", 1);
    FUZZ_CALL(api_memory_stats, OP_REMOTE_DOMAIN_MEMORY_STATS, "\x20\x00", 2);
    FUZZ_CALL(api_disk_errors, OP_REMOTE_DOMAIN_GET_DISK_ERRORS, "\x20\x00", 2);
    FUZZ_CALL(api_monitor_command, OP_QEMU_DOMAIN_MONITOR_COMMAND, "\xa2{}\x00", 2);
    FUZZ_CALL(api_monitor_command, OP_QEMU_DOMAIN_MONITOR_COMMAND, "\xa1x\x01", 2);
    FUZZ_CALL(api_suspend, OP_REMOTE_DOMAIN_SUSPEND, "", 0);
    fuzz_say(fd, data, size);
    fuzz_finish(fd);
    return 0;
}
