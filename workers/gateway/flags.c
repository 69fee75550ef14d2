/* flags.c: which flags the calls that other roles carry out know.
 *
 * Checked here, for the one reason that a call takes many ways (a stored definition, a running guest, the supervisor's own steps) and a flag
 * that nobody looks at would change nothing in silence.  Calls that the gateway answers check their own. */
#include "gateway.h"
#include <string.h>
#include "ipc/util.h"

static const struct { uint32_t op, known; } rows[] = {
    { OP_REMOTE_CONNECT_BASELINE_CPU, 1 | 2 },
    { OP_REMOTE_CONNECT_BASELINE_HYPERVISOR_CPU, 1 | 2 },
    { OP_REMOTE_CONNECT_COMPARE_CPU, 1 | 2 },
    { OP_REMOTE_CONNECT_COMPARE_HYPERVISOR_CPU, 1 | 2 },
    { OP_REMOTE_CONNECT_DOMAIN_XML_TO_NATIVE, 0 },
    { OP_QEMU_DOMAIN_AGENT_COMMAND, 0 },
    { OP_QEMU_DOMAIN_MONITOR_COMMAND, 1 },
    { OP_QEMU_DOMAIN_MONITOR_COMMAND_WITH_FILES, 1 },
    { OP_REMOTE_CONNECT_GET_CPU_MODEL_NAMES, 0 },
    { OP_REMOTE_CONNECT_GET_DOMAIN_CAPABILITIES, 0 },
    { OP_REMOTE_CONNECT_GET_SYSINFO, 0 },
    { OP_REMOTE_DOMAIN_ABORT_JOB_FLAGS, 1 },
    { OP_REMOTE_DOMAIN_ADD_IOTHREAD, 1 | 2 },
    { OP_REMOTE_DOMAIN_AGENT_SET_RESPONSE_TIMEOUT, 0 },
    { OP_REMOTE_DOMAIN_ATTACH_DEVICE_FLAGS, 1 | 2 },
    { OP_REMOTE_DOMAIN_AUTHORIZED_SSH_KEYS_GET, 0 },
    { OP_REMOTE_DOMAIN_AUTHORIZED_SSH_KEYS_SET, 1 | 2 },
    { OP_REMOTE_DOMAIN_BACKUP_GET_XML_DESC, 0 },
    { OP_REMOTE_DOMAIN_BLOCK_JOB_ABORT, 1 | 2 },
    { OP_REMOTE_DOMAIN_BLOCK_JOB_SET_SPEED, 1 },
    { OP_REMOTE_DOMAIN_BLOCK_PEEK, 0 },
    { OP_REMOTE_DOMAIN_BLOCK_RESIZE, 1 },
    { OP_REMOTE_DOMAIN_BLOCK_STATS_FLAGS, 4 },
    { OP_REMOTE_DOMAIN_CHECKPOINT_LOOKUP_BY_NAME, 0 },
    { OP_REMOTE_DOMAIN_CORE_DUMP, 1 | 2 | 4 | 8 | 16 },    /* crash, live, bypass-cache, reset, memory-only */
    { OP_REMOTE_DOMAIN_CORE_DUMP_WITH_FORMAT, 1 | 2 | 4 | 8 | 16 },
    { OP_REMOTE_DOMAIN_CREATE_WITH_FLAGS, 1 | 2 | 4 | 8 | 32 },    /* paused, autodestroy, bypass-cache, force-boot, reset-nvram */
    { OP_REMOTE_DOMAIN_CREATE_XML, 1 | 2 | 16 | 32 },    /* paused, autodestroy; validate, reset-nvram; and nothing of a save image */
    { OP_REMOTE_DOMAIN_DEFINE_XML_FLAGS, 1 },
    { OP_REMOTE_DOMAIN_DEL_IOTHREAD, 1 | 2 },
    { OP_REMOTE_DOMAIN_DESTROY_FLAGS, 1 | 2 },
    { OP_REMOTE_DOMAIN_DETACH_DEVICE_ALIAS, 1 | 2 },
    { OP_REMOTE_DOMAIN_DETACH_DEVICE_FLAGS, 1 | 2 },
    { OP_REMOTE_DOMAIN_FD_ASSOCIATE, 1 | 2 },    /* seclabel-restore, seclabel-writable: there are no labels */
    { OP_REMOTE_DOMAIN_FSFREEZE, 0 },
    { OP_REMOTE_DOMAIN_FSTHAW, 0 },
    { OP_REMOTE_DOMAIN_FSTRIM, 0 },
    { OP_REMOTE_DOMAIN_GET_BLKIO_PARAMETERS, 1 | 2 | 4 },
    { OP_REMOTE_DOMAIN_GET_BLOCK_INFO, 0 },
    { OP_REMOTE_DOMAIN_GET_BLOCK_IO_TUNE, 1 | 2 | 4 },
    { OP_REMOTE_DOMAIN_GET_BLOCK_JOB_INFO, 1 },
    { OP_REMOTE_DOMAIN_GET_CONTROL_INFO, 0 },
    { OP_REMOTE_DOMAIN_GET_CPU_STATS, 4 },
    { OP_REMOTE_DOMAIN_GET_DISK_ERRORS, 0 },
    { OP_REMOTE_DOMAIN_GET_EMULATOR_PIN_INFO, 1 | 2 },
    { OP_REMOTE_DOMAIN_GET_FSINFO, 0 },
    { OP_REMOTE_DOMAIN_GET_GUEST_INFO, 0 },
    { OP_REMOTE_DOMAIN_GET_GUEST_VCPUS, 0 },
    { OP_REMOTE_DOMAIN_GET_HOSTNAME, 1 | 2 },    /* of a lease, of the agent */
    { OP_REMOTE_DOMAIN_GET_INTERFACE_PARAMETERS, 1 | 2 | 4 },
    { OP_REMOTE_DOMAIN_GET_IOTHREAD_INFO, 1 | 2 },
    { OP_REMOTE_DOMAIN_GET_JOB_STATS, 1 | 2 },
    { OP_REMOTE_DOMAIN_GET_MEMORY_PARAMETERS, 1 | 2 | 4 },
    { OP_REMOTE_DOMAIN_GET_MESSAGES, 1 | 2 },
    { OP_REMOTE_DOMAIN_GET_METADATA, 1 | 2 },
    { OP_REMOTE_DOMAIN_GET_NUMA_PARAMETERS, 1 | 2 | 4 },
    { OP_REMOTE_DOMAIN_GET_PERF_EVENTS, 1 | 2 | 4 },
    { OP_REMOTE_DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS, 1 | 2 | 4 },
    { OP_REMOTE_DOMAIN_GET_TIME, 0 },
    { OP_REMOTE_DOMAIN_GET_VCPUS_FLAGS, 1 | 2 | 4 | 8 },
    { OP_REMOTE_DOMAIN_GET_VCPU_PIN_INFO, 1 | 2 },
    { OP_REMOTE_DOMAIN_GET_XML_DESC, 1 | 2 | 4 | 8 },
    { OP_REMOTE_DOMAIN_HAS_CURRENT_SNAPSHOT, 0 },
    { OP_REMOTE_DOMAIN_INJECT_NMI, 0 },
    { OP_REMOTE_DOMAIN_LIST_ALL_CHECKPOINTS, 0xf },
    { OP_REMOTE_DOMAIN_LIST_ALL_SNAPSHOTS, 0x7ff },
    { OP_REMOTE_DOMAIN_MANAGED_SAVE, 1 | 2 | 4 },
    { OP_REMOTE_DOMAIN_MANAGED_SAVE_DEFINE_XML, 2 | 4 },
    { OP_REMOTE_DOMAIN_MANAGED_SAVE_GET_XML_DESC, 1 },
    { OP_REMOTE_DOMAIN_MANAGED_SAVE_REMOVE, 0 },
    { OP_REMOTE_DOMAIN_MEMORY_PEEK, 1 | 2 },
    { OP_REMOTE_DOMAIN_MEMORY_STATS, 0 },
    { OP_REMOTE_DOMAIN_MIGRATE_GET_COMPRESSION_CACHE, 0 },
    { OP_REMOTE_DOMAIN_MIGRATE_GET_MAX_DOWNTIME, 0 },
    { OP_REMOTE_DOMAIN_MIGRATE_GET_MAX_SPEED, 1 },
    { OP_REMOTE_DOMAIN_MIGRATE_SET_COMPRESSION_CACHE, 0 },
    { OP_REMOTE_DOMAIN_MIGRATE_SET_MAX_DOWNTIME, 0 },
    { OP_REMOTE_DOMAIN_MIGRATE_SET_MAX_SPEED, 1 },
    { OP_REMOTE_DOMAIN_MIGRATE_START_POST_COPY, 0 },
    { OP_REMOTE_DOMAIN_OPEN_CHANNEL, 1 },
    { OP_REMOTE_DOMAIN_OPEN_CONSOLE, 1 | 2 },
    { OP_REMOTE_DOMAIN_OPEN_GRAPHICS, 1 },
    { OP_REMOTE_DOMAIN_OPEN_GRAPHICS_FD, 1 },
    { OP_REMOTE_DOMAIN_PIN_EMULATOR, 1 | 2 },
    { OP_REMOTE_DOMAIN_PIN_IOTHREAD, 1 | 2 },
    { OP_REMOTE_DOMAIN_PIN_VCPU_FLAGS, 1 | 2 },
    { OP_REMOTE_DOMAIN_PM_SUSPEND_FOR_DURATION, 0 },
    { OP_REMOTE_DOMAIN_PM_WAKEUP, 0 },
    { OP_REMOTE_DOMAIN_REBOOT, 1 | 2 },
    { OP_REMOTE_DOMAIN_RENAME, 0 },
    { OP_REMOTE_DOMAIN_RESET, 0 },
    { OP_REMOTE_DOMAIN_RESTORE_FLAGS, 1 | 2 | 4 | 8 },    /* bypass-cache, running, paused, reset-nvram */
    { OP_REMOTE_DOMAIN_RESTORE_PARAMS, 1 | 2 | 4 | 8 },
    { OP_REMOTE_DOMAIN_SAVE_FLAGS, 1 | 2 | 4 },
    { OP_REMOTE_DOMAIN_SAVE_IMAGE_DEFINE_XML, 2 | 4 },
    { OP_REMOTE_DOMAIN_SAVE_IMAGE_GET_XML_DESC, 1 },
    { OP_REMOTE_DOMAIN_SAVE_PARAMS, 1 | 2 | 4 },
    { OP_REMOTE_DOMAIN_SCREENSHOT, 0 },
    { OP_REMOTE_DOMAIN_SEND_KEY, 0 },
    { OP_REMOTE_DOMAIN_SET_BLKIO_PARAMETERS, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_BLOCK_IO_TUNE, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_BLOCK_THRESHOLD, 0 },
    { OP_REMOTE_DOMAIN_SET_GUEST_VCPUS, 0 },
    { OP_REMOTE_DOMAIN_SET_INTERFACE_PARAMETERS, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_IOTHREAD_PARAMS, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_LIFECYCLE_ACTION, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_MEMORY_FLAGS, 1 | 2 | 4 },
    { OP_REMOTE_DOMAIN_SET_MEMORY_PARAMETERS, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_MEMORY_STATS_PERIOD, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_METADATA, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_NUMA_PARAMETERS, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_PERF_EVENTS, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_TIME, 1 },    /* from the guest's own clock */
    { OP_REMOTE_DOMAIN_SET_USER_PASSWORD, 1 },
    { OP_REMOTE_DOMAIN_SET_VCPU, 1 | 2 },
    { OP_REMOTE_DOMAIN_SET_VCPUS_FLAGS, 1 | 2 | 4 | 8 | 16 },
    { OP_REMOTE_DOMAIN_SHUTDOWN_FLAGS, 1 | 2 },
    { OP_REMOTE_DOMAIN_SNAPSHOT_CURRENT, 0 },
    { OP_REMOTE_DOMAIN_SNAPSHOT_LIST_NAMES, 0x7ff },
    { OP_REMOTE_DOMAIN_SNAPSHOT_LOOKUP_BY_NAME, 0 },
    { OP_REMOTE_DOMAIN_SNAPSHOT_NUM, 0x7ff },
    { OP_REMOTE_DOMAIN_START_DIRTY_RATE_CALC, 1 | 2 },
    { OP_REMOTE_DOMAIN_UNDEFINE_FLAGS, 0x7f },    /* managed save; metadata; nvram, tpm: away or kept */
    { OP_REMOTE_DOMAIN_UPDATE_DEVICE_FLAGS, 1 | 2 | 4 },    /* live, config, force */
    { OP_REMOTE_NODE_ALLOC_PAGES, 1 },
    { OP_REMOTE_NODE_GET_CPU_MAP, 0 },
    { OP_REMOTE_NODE_GET_CPU_STATS, 0 },
    { OP_REMOTE_NODE_GET_FREE_PAGES, 0 },
    { OP_REMOTE_NODE_GET_MEMORY_PARAMETERS, 4 },
    { OP_REMOTE_NODE_GET_MEMORY_STATS, 0 },
    { OP_REMOTE_NODE_SET_MEMORY_PARAMETERS, 0 },
    { OP_REMOTE_NODE_SUSPEND_FOR_DURATION, 0 },
};

/* Of these libvirt finds it in another place than the driver's function. */
static const struct { uint32_t op; int domain; const char *function; } elsewhere[] = {
    { OP_REMOTE_DOMAIN_BACKUP_GET_XML_DESC, VIR_FROM_QEMU, "qemuBackupGetXMLDesc" },
    { OP_REMOTE_DOMAIN_ATTACH_DEVICE_FLAGS, VIR_FROM_QEMU, "qemuDomainAttachDeviceLiveAndConfig" },
    { OP_REMOTE_DOMAIN_CORE_DUMP, VIR_FROM_QEMU, "qemuDomainCoreDumpWithFormat" },
    { OP_REMOTE_DOMAIN_DETACH_DEVICE_ALIAS, VIR_FROM_QEMU, "qemuDomainDetachDeviceAliasLiveAndConfig" },
    { OP_REMOTE_DOMAIN_DETACH_DEVICE_FLAGS, VIR_FROM_QEMU, "qemuDomainDetachDeviceLiveAndConfig" },
    { OP_REMOTE_DOMAIN_GET_METADATA, VIR_FROM_DOMAIN, "virDomainObjGetMetadata" },
    { OP_REMOTE_DOMAIN_MANAGED_SAVE_DEFINE_XML, VIR_FROM_QEMU, "qemuDomainSaveImageDefineXML" },
    { OP_REMOTE_DOMAIN_RESTORE_FLAGS, VIR_FROM_QEMU, "qemuDomainRestoreInternal" },
    { OP_REMOTE_DOMAIN_RESTORE_PARAMS, VIR_FROM_QEMU, "qemuDomainRestoreInternal" },
    { OP_REMOTE_NODE_GET_CPU_MAP, VIR_FROM_NONE, "virHostCPUGetMap" },
    { OP_REMOTE_NODE_GET_CPU_STATS, VIR_FROM_NONE, "virHostCPUGetStats" },
    { OP_REMOTE_NODE_GET_MEMORY_PARAMETERS, VIR_FROM_NONE, "virHostMemGetParameters" },
    { OP_REMOTE_NODE_GET_MEMORY_STATS, VIR_FROM_NONE, "virHostMemGetStats" },
    { OP_REMOTE_NODE_SET_MEMORY_PARAMETERS, VIR_FROM_NONE, "virHostMemSetParameters" },
    { OP_REMOTE_NODE_SUSPEND_FOR_DURATION, VIR_FROM_NONE, "virNodeSuspend" },
};

static bool known(struct gw *gw, struct call *c)
{
    size_t i = 0, k = 0;
    while (i < ARRAY_N(rows) && rows[i].op != c->op->id)
        i++;
    if (c->op->arg_flags < 0 || i == ARRAY_N(rows))
        return true;
    while (k < ARRAY_N(elsewhere) && elsewhere[k].op != c->op->id)
        k++;
    uint32_t unknown = c->arg & ~rows[i].known;
    if (!unknown || k == ARRAY_N(elsewhere))
        return call_flags_ok(gw, c, c->arg, rows[i].known);
    call_fail(gw, c, VIR_ERR_INVALID_ARG, elsewhere[k].domain, "unsupported flags (0x%x) in function %s", unknown, elsewhere[k].function);
    return false;
}

/* Of a guest that is off, and of one that is not there, as well. */
static bool timeout_ok(struct gw *gw, struct call *c)
{
    struct mp_in in;
    mp_in_init(&in, c->args.p, c->args.len);
    mp_get_array(&in, 3);
    mp_skip(&in);
    int32_t timeout = mp_get_i32(&in);
    if (in.bad || timeout >= -2)
        return true;
    call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "guest agent timeout '%d' is less than the minimum '-2'", timeout);
    return false;
}

bool call_flags_known(struct gw *gw, struct call *c)
{
    if (!known(gw, c) || (c->op->id == OP_REMOTE_DOMAIN_AGENT_SET_RESPONSE_TIMEOUT && !timeout_ok(gw, c)))
        return false;
    if (c->op->id == OP_REMOTE_DOMAIN_MEMORY_PEEK && c->arg != 1 && c->arg != 2) {      /* of a guest that is off as well */
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL");
        return false;
    }
    /* What is asked of both at once has two answers.  For most calls the client's library says so itself. */
    if (c->op->affects != 3 || (c->arg & 3) != 3 || !strstr(c->op->name, ".get_"))
        return true;
    call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive");
    return false;
}
