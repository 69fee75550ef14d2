/* ops.h: which function answers which operation. */
#ifndef BULKHEAD_QEMU_OPS_H
#define BULKHEAD_QEMU_OPS_H
#include "ipc/schema/op-numbers.h"
#include "workers/qemu/guest.h"

/* What a call waits for in this process (later.c), as libvirt's calls wait for each other's jobs; in each list by the file that answers. */

/* Nothing: what the document says is told of a guest that is still being started, or whose QEMU is stuck. */
#define AT_ONCE_OPS(X) \
    /* api_life.c */ \
    X(REMOTE_DOMAIN_GET_CONTROL_INFO, api_control_info) \
    /* api_doc.c */ \
    X(REMOTE_DOMAIN_GET_XML_DESC, api_get_xml) \
    X(REMOTE_DOMAIN_GET_METADATA, api_get_metadata) \
    X(REMOTE_DOMAIN_GET_SCHEDULER_TYPE, api_params) \
    X(REMOTE_DOMAIN_GET_SCHEDULER_PARAMETERS, api_params) \
    X(REMOTE_DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS, api_params) \
    X(REMOTE_DOMAIN_GET_MEMORY_PARAMETERS, api_params) \
    X(REMOTE_DOMAIN_GET_BLKIO_PARAMETERS, api_params) \
    X(REMOTE_DOMAIN_GET_NUMA_PARAMETERS, api_params) \
    X(REMOTE_DOMAIN_GET_INTERFACE_PARAMETERS, api_params) \
    X(REMOTE_DOMAIN_GET_PERF_EVENTS, api_params) \
    X(REMOTE_DOMAIN_GET_MESSAGES, api_messages) \
    X(REMOTE_DOMAIN_GET_SECURITY_LABEL_LIST, api_security_labels)

/* That the guest has been started: what is asked of its QEMU, its agent or a device's end, and leaves the guest as it is. */
#define QUERY_OPS(X) \
    /* api_life.c */ \
    X(REMOTE_DOMAIN_ABORT_JOB, api_abort_job) \
    X(REMOTE_DOMAIN_ABORT_JOB_FLAGS, api_abort_job) \
    /* job.c */ \
    X(REMOTE_DOMAIN_GET_JOB_INFO, api_job_info) \
    X(REMOTE_DOMAIN_GET_JOB_STATS, api_job_stats) \
    /* api_migrate.c */ \
    X(REMOTE_DOMAIN_MIGRATE_GET_MAX_DOWNTIME, api_get_max_downtime) \
    X(REMOTE_DOMAIN_MIGRATE_GET_MAX_SPEED, api_get_max_speed) \
    X(REMOTE_DOMAIN_MIGRATE_GET_COMPRESSION_CACHE, api_get_compression_cache) \
    /* api_doc.c */ \
    X(REMOTE_DOMAIN_GET_IOTHREAD_INFO, api_iothread_info) \
    X(REMOTE_DOMAIN_GET_DISK_ERRORS, api_disk_errors) \
    /* api_stats.c */ \
    X(REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, api_domain_stats) \
    X(REMOTE_DOMAIN_BLOCK_STATS, api_block_stats) \
    X(REMOTE_DOMAIN_BLOCK_STATS_FLAGS, api_block_stats_flags) \
    X(REMOTE_DOMAIN_GET_BLOCK_INFO, api_block_info) \
    /* api_mem.c */ \
    X(REMOTE_DOMAIN_MEMORY_STATS, api_memory_stats) \
    X(REMOTE_DOMAIN_INTERFACE_STATS, api_interface_stats) \
    /* api_cpu.c */ \
    X(REMOTE_DOMAIN_GET_CPU_STATS, api_cpu_stats) \
    X(REMOTE_DOMAIN_GET_VCPUS, api_get_vcpus) \
    X(REMOTE_DOMAIN_GET_VCPUS_FLAGS, api_get_vcpus_flags) \
    X(REMOTE_DOMAIN_GET_MAX_VCPUS, api_get_max_vcpus) \
    X(REMOTE_DOMAIN_GET_VCPU_PIN_INFO, api_vcpu_pin_info) \
    X(REMOTE_DOMAIN_GET_EMULATOR_PIN_INFO, api_emulator_pin_info) \
    /* api_peek.c */ \
    X(REMOTE_DOMAIN_MEMORY_PEEK, api_memory_peek) \
    /* api_raw.c */ \
    X(QEMU_DOMAIN_MONITOR_COMMAND, api_monitor_command) \
    X(QEMU_DOMAIN_MONITOR_COMMAND_WITH_FILES, api_monitor_command) \
    X(QEMU_DOMAIN_AGENT_COMMAND, api_agent_command) \
    /* api_stream.c */ \
    X(REMOTE_DOMAIN_OPEN_CONSOLE, api_open_console) \
    X(REMOTE_DOMAIN_OPEN_CHANNEL, api_open_channel) \
    X(REMOTE_DOMAIN_OPEN_GRAPHICS, api_open_graphics) \
    X(REMOTE_DOMAIN_OPEN_GRAPHICS_FD, api_open_graphics_fd) \
    X(REMOTE_DOMAIN_SCREENSHOT, api_screenshot) \
    /* api_agent.c */ \
    X(REMOTE_DOMAIN_GET_TIME, api_get_time) \
    X(REMOTE_DOMAIN_GET_HOSTNAME, api_get_hostname) \
    X(REMOTE_DOMAIN_INTERFACE_ADDRESSES, api_interface_addresses) \
    X(REMOTE_DOMAIN_GET_FSINFO, api_get_fsinfo) \
    X(REMOTE_DOMAIN_GET_GUEST_INFO, api_get_guest_info) \
    X(REMOTE_DOMAIN_AGENT_SET_RESPONSE_TIMEOUT, api_agent_timeout) \
    /* api_block.c */ \
    X(REMOTE_DOMAIN_GET_BLOCK_IO_TUNE, api_get_iotune) \
    /* api_blockjob.c */ \
    X(REMOTE_DOMAIN_GET_BLOCK_JOB_INFO, api_block_job_info) \
    /* api_inside.c */ \
    X(REMOTE_DOMAIN_FSFREEZE, api_fsfreeze) \
    X(REMOTE_DOMAIN_FSTHAW, api_fsthaw) \
    X(REMOTE_DOMAIN_FSTRIM, api_fstrim) \
    X(REMOTE_DOMAIN_SET_USER_PASSWORD, api_set_user_password) \
    X(REMOTE_DOMAIN_AUTHORIZED_SSH_KEYS_GET, api_ssh_keys_get) \
    X(REMOTE_DOMAIN_AUTHORIZED_SSH_KEYS_SET, api_ssh_keys_set) \
    X(REMOTE_DOMAIN_GET_GUEST_VCPUS, api_get_guest_vcpus) \
    X(REMOTE_DOMAIN_SET_GUEST_VCPUS, api_set_guest_vcpus) \
    X(REMOTE_DOMAIN_PM_SUSPEND_FOR_DURATION, api_pm_suspend)

/* And that no save, dump, suspend, resume, change of a device or of the number of processors is under way: what changes the guest, or what it does. */
#define MODIFY_OPS(X) \
    /* api_life.c */ \
    X(REMOTE_DOMAIN_SUSPEND, api_suspend) \
    X(REMOTE_DOMAIN_RESUME, api_resume) \
    X(REMOTE_DOMAIN_SHUTDOWN, api_shutdown) \
    X(REMOTE_DOMAIN_SHUTDOWN_FLAGS, api_shutdown_flags) \
    X(REMOTE_DOMAIN_REBOOT, api_reboot) \
    X(REMOTE_DOMAIN_RESET, api_reset) \
    X(REMOTE_DOMAIN_INJECT_NMI, api_inject_nmi) \
    X(REMOTE_DOMAIN_PM_WAKEUP, api_pm_wakeup) \
    X(REMOTE_DOMAIN_START_DIRTY_RATE_CALC, api_start_dirty_rate) \
    /* api_migrate.c */ \
    X(REMOTE_DOMAIN_MIGRATE_SET_MAX_DOWNTIME, api_set_max_downtime) \
    X(REMOTE_DOMAIN_MIGRATE_SET_MAX_SPEED, api_set_max_speed) \
    X(REMOTE_DOMAIN_MIGRATE_SET_COMPRESSION_CACHE, api_set_compression_cache) \
    X(REMOTE_DOMAIN_MIGRATE_START_POST_COPY, api_start_post_copy) \
    /* api_doc.c */ \
    X(REMOTE_DOMAIN_SET_METADATA, api_set_metadata) \
    /* api_stats.c */ \
    X(REMOTE_DOMAIN_SET_BLOCK_THRESHOLD, api_set_block_threshold) \
    /* api_mem.c */ \
    X(REMOTE_DOMAIN_SET_MEMORY, api_set_memory) \
    X(REMOTE_DOMAIN_SET_MEMORY_FLAGS, api_set_memory_flags) \
    X(REMOTE_DOMAIN_SET_MAX_MEMORY, api_set_max_memory) \
    X(REMOTE_DOMAIN_SET_MEMORY_STATS_PERIOD, api_memory_stats_period) \
    /* api_raw.c */ \
    X(REMOTE_DOMAIN_SEND_KEY, api_send_key) \
    /* api_agent.c */ \
    X(REMOTE_DOMAIN_SET_TIME, api_set_time) \
    /* api_block.c */ \
    X(REMOTE_DOMAIN_BLOCK_RESIZE, api_block_resize) \
    X(REMOTE_DOMAIN_SET_BLOCK_IO_TUNE, api_set_iotune) \
    /* api_blockjob.c */ \
    X(REMOTE_DOMAIN_BLOCK_JOB_ABORT, api_block_job_abort) \
    X(REMOTE_DOMAIN_BLOCK_JOB_SET_SPEED, api_block_job_speed) \
    /* api_iothread.c */ \
    X(REMOTE_DOMAIN_ADD_IOTHREAD, api_add_iothread) \
    X(REMOTE_DOMAIN_DEL_IOTHREAD, api_del_iothread) \
    X(REMOTE_DOMAIN_SET_IOTHREAD_PARAMS, api_set_iothread) \
    /* api_vcpu.c */ \
    X(REMOTE_DOMAIN_SET_VCPUS, api_set_vcpus) \
    X(REMOTE_DOMAIN_SET_VCPUS_FLAGS, api_set_vcpus_flags) \
    X(REMOTE_DOMAIN_SET_VCPU, api_set_vcpu) \
    /* api_tune.c */ \
    X(REMOTE_DOMAIN_SET_LIFECYCLE_ACTION, api_set_lifecycle)

/* And that it is not being reset. */
#define SAVE_OPS(X) \
    /* dump.c */ \
    X(REMOTE_DOMAIN_CORE_DUMP, api_core_dump) \
    X(REMOTE_DOMAIN_CORE_DUMP_WITH_FORMAT, api_core_dump)

#define GUEST_OPS(X) AT_ONCE_OPS(X) QUERY_OPS(X) MODIFY_OPS(X) SAVE_OPS(X)

#define X(op, fn) OP_FN(fn);     /* a function may answer several */
GUEST_OPS(X)
#undef X

OP_FN(later_call);                              /* for all of them, IN_PLUG and IN_SAVE: does it now, or later */
OP_FN(later_cancel);                            /* IN_CANCEL */
#endif
