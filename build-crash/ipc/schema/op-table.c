/* Made by gen.py from the schema (*.rpc); change that, not this. */
#include <string.h>
#include "ipc/op.h"
static const struct shape_field shape_param_value_fields[] = {
    { "arm", SH_I32, SA_ONE, 0, 0, NULL },
    { "arm", SH_U32, SA_ONE, 0, 0, NULL },
    { "arm", SH_I64, SA_ONE, 0, 0, NULL },
    { "arm", SH_U64, SA_ONE, 0, 0, NULL },
    { "arm", SH_F64, SA_ONE, 0, 0, NULL },
    { "arm", SH_BOOL, SA_ONE, 0, 0, NULL },
    { "arm", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const int32_t shape_param_value_values[] = { 1, 2, 3, 4, 5, 6, 7 };
static const struct shape_struct shape_param_value = { "param_value", shape_param_value_fields, shape_param_value_values, 7, 7 };
static const struct shape_field shape_domain_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "uuid", SH_FIXED, SA_ONE, 0, 16, NULL },
    { "id", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_domain = { "domain", shape_domain_fields, NULL, 3, 3 };
static const struct shape_field shape_network_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "uuid", SH_FIXED, SA_ONE, 0, 16, NULL },
};
static const struct shape_struct shape_network = { "network", shape_network_fields, NULL, 2, 2 };
static const struct shape_field shape_network_port_fields[] = {
    { "net", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "uuid", SH_FIXED, SA_ONE, 0, 16, NULL },
};
static const struct shape_struct shape_network_port = { "network_port", shape_network_port_fields, NULL, 2, 2 };
static const struct shape_field shape_nwfilter_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "uuid", SH_FIXED, SA_ONE, 0, 16, NULL },
};
static const struct shape_struct shape_nwfilter = { "nwfilter", shape_nwfilter_fields, NULL, 2, 2 };
static const struct shape_field shape_nwfilter_binding_fields[] = {
    { "portdev", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "filtername", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_nwfilter_binding = { "nwfilter_binding", shape_nwfilter_binding_fields, NULL, 2, 2 };
static const struct shape_field shape_interface_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "mac", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_interface = { "interface", shape_interface_fields, NULL, 2, 2 };
static const struct shape_field shape_storage_pool_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "uuid", SH_FIXED, SA_ONE, 0, 16, NULL },
};
static const struct shape_struct shape_storage_pool = { "storage_pool", shape_storage_pool_fields, NULL, 2, 2 };
static const struct shape_field shape_storage_vol_fields[] = {
    { "pool", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "key", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_storage_vol = { "storage_vol", shape_storage_vol_fields, NULL, 3, 3 };
static const struct shape_field shape_node_device_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_node_device = { "node_device", shape_node_device_fields, NULL, 1, 1 };
static const struct shape_field shape_secret_fields[] = {
    { "uuid", SH_FIXED, SA_ONE, 0, 16, NULL },
    { "usageType", SH_I32, SA_ONE, 0, 0, NULL },
    { "usageID", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_secret = { "secret", shape_secret_fields, NULL, 3, 3 };
static const struct shape_field shape_checkpoint_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
};
static const struct shape_struct shape_checkpoint = { "checkpoint", shape_checkpoint_fields, NULL, 2, 2 };
static const struct shape_field shape_snapshot_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
};
static const struct shape_struct shape_snapshot = { "snapshot", shape_snapshot_fields, NULL, 2, 2 };
static const struct shape_field shape_error_fields[] = {
    { "code", SH_I32, SA_ONE, 0, 0, NULL },
    { "domain", SH_I32, SA_ONE, 0, 0, NULL },
    { "message", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "level", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_OPTIONAL, 0, 0, &shape_domain },
    { "str1", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "str2", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "str3", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "int1", SH_I32, SA_ONE, 0, 0, NULL },
    { "int2", SH_I32, SA_ONE, 0, 0, NULL },
    { "net", SH_STRUCT, SA_OPTIONAL, 0, 0, &shape_network },
};
const struct shape_struct shape_error = { "error", shape_error_fields, NULL, 11, 11 };
static const struct shape_field shape_vcpu_info_fields[] = {
    { "number", SH_U32, SA_ONE, 0, 0, NULL },
    { "state", SH_I32, SA_ONE, 0, 0, NULL },
    { "cpu_time", SH_U64, SA_ONE, 0, 0, NULL },
    { "cpu", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_vcpu_info = { "vcpu_info", shape_vcpu_info_fields, NULL, 4, 4 };
static const struct shape_field shape_param_fields[] = {
    { "field", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "value", SH_UNION, SA_ONE, 0, 0, &shape_param_value },
};
static const struct shape_struct shape_param = { "param", shape_param_fields, NULL, 2, 3 };
static const struct shape_field shape_cpu_stat_fields[] = {
    { "field", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "value", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_cpu_stat = { "cpu_stat", shape_cpu_stat_fields, NULL, 2, 2 };
static const struct shape_field shape_memory_stat_fields[] = {
    { "field", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "value", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_memory_stat = { "memory_stat", shape_memory_stat_fields, NULL, 2, 2 };
static const struct shape_field shape_domain_disk_error_fields[] = {
    { "disk", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "error", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_domain_disk_error = { "domain_disk_error", shape_domain_disk_error_fields, NULL, 2, 2 };
static const struct shape_field shape_domain_memory_stat_fields[] = {
    { "tag", SH_I32, SA_ONE, 0, 0, NULL },
    { "val", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_domain_memory_stat = { "domain_memory_stat", shape_domain_memory_stat_fields, NULL, 2, 2 };
static const struct shape_field shape_domain_iothread_info_fields[] = {
    { "iothread_id", SH_U32, SA_ONE, 0, 0, NULL },
    { "cpumap", SH_BYTES, SA_ONE, 0, 2048, NULL },
};
static const struct shape_struct shape_domain_iothread_info = { "domain_iothread_info", shape_domain_iothread_info_fields, NULL, 2, 2 };
static const struct shape_field shape_security_label_fields[] = {
    { "label", SH_TEXT, SA_ONE, 0, 4096, NULL },
    { "enforcing", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_security_label = { "security_label", shape_security_label_fields, NULL, 2, 2 };
static const struct shape_field shape_event_lifecycle_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "event", SH_I32, SA_ONE, 0, 0, NULL },
    { "detail", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_event_lifecycle = { "event_lifecycle", shape_event_lifecycle_fields, NULL, 3, 3 };
static const struct shape_field shape_event_reboot_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
};
static const struct shape_struct shape_event_reboot = { "event_reboot", shape_event_reboot_fields, NULL, 1, 1 };
static const struct shape_field shape_event_rtc_change_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "offset", SH_I64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_event_rtc_change = { "event_rtc_change", shape_event_rtc_change_fields, NULL, 2, 2 };
static const struct shape_field shape_event_watchdog_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "action", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_event_watchdog = { "event_watchdog", shape_event_watchdog_fields, NULL, 2, 2 };
static const struct shape_field shape_event_io_error_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "srcPath", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "devAlias", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "action", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_event_io_error = { "event_io_error", shape_event_io_error_fields, NULL, 4, 4 };
static const struct shape_field shape_event_io_error_reason_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "srcPath", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "devAlias", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "action", SH_I32, SA_ONE, 0, 0, NULL },
    { "reason", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_event_io_error_reason = { "event_io_error_reason", shape_event_io_error_reason_fields, NULL, 5, 5 };
static const struct shape_field shape_graphics_address_fields[] = {
    { "family", SH_I32, SA_ONE, 0, 0, NULL },
    { "node", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "service", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_graphics_address = { "graphics_address", shape_graphics_address_fields, NULL, 3, 3 };
static const struct shape_field shape_graphics_identity_fields[] = {
    { "type", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_graphics_identity = { "graphics_identity", shape_graphics_identity_fields, NULL, 2, 2 };
static const struct shape_field shape_event_graphics_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "phase", SH_I32, SA_ONE, 0, 0, NULL },
    { "local", SH_STRUCT, SA_ONE, 0, 0, &shape_graphics_address },
    { "remote", SH_STRUCT, SA_ONE, 0, 0, &shape_graphics_address },
    { "authScheme", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "subject", SH_STRUCT, SA_VARIABLE, 20, 0, &shape_graphics_identity },
};
static const struct shape_struct shape_event_graphics = { "event_graphics", shape_event_graphics_fields, NULL, 6, 6 };
static const struct shape_field shape_event_block_job_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "status", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_event_block_job = { "event_block_job", shape_event_block_job_fields, NULL, 4, 4 };
static const struct shape_field shape_event_disk_change_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "oldSrcPath", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "newSrcPath", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "devAlias", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "reason", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_event_disk_change = { "event_disk_change", shape_event_disk_change_fields, NULL, 5, 5 };
static const struct shape_field shape_event_tray_change_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "devAlias", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "reason", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_event_tray_change = { "event_tray_change", shape_event_tray_change_fields, NULL, 3, 3 };
static const struct shape_field shape_event_pmwakeup_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
};
static const struct shape_struct shape_event_pmwakeup = { "event_pmwakeup", shape_event_pmwakeup_fields, NULL, 1, 1 };
static const struct shape_field shape_event_pmsuspend_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
};
static const struct shape_struct shape_event_pmsuspend = { "event_pmsuspend", shape_event_pmsuspend_fields, NULL, 1, 1 };
static const struct shape_field shape_event_balloon_change_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "actual", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_event_balloon_change = { "event_balloon_change", shape_event_balloon_change_fields, NULL, 2, 2 };
static const struct shape_field shape_event_pmsuspend_disk_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
};
static const struct shape_struct shape_event_pmsuspend_disk = { "event_pmsuspend_disk", shape_event_pmsuspend_disk_fields, NULL, 1, 1 };
static const struct shape_field shape_event_control_error_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
};
static const struct shape_struct shape_event_control_error = { "event_control_error", shape_event_control_error_fields, NULL, 1, 1 };
static const struct shape_field shape_event_device_removed_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "devAlias", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_event_device_removed = { "event_device_removed", shape_event_device_removed_fields, NULL, 2, 2 };
static const struct shape_field shape_network_dhcp_lease_fields[] = {
    { "iface", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "expirytime", SH_I64, SA_ONE, 0, 0, NULL },
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "mac", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "iaid", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "ipaddr", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "prefix", SH_U32, SA_ONE, 0, 0, NULL },
    { "hostname", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "clientid", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
};
static const struct shape_struct shape_network_dhcp_lease = { "network_dhcp_lease", shape_network_dhcp_lease_fields, NULL, 9, 9 };
static const struct shape_field shape_domain_stats_record_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "params", SH_STRUCT, SA_VARIABLE, 262144, 0, &shape_param },
};
static const struct shape_struct shape_domain_stats_record = { "domain_stats_record", shape_domain_stats_record_fields, NULL, 2, 2 };
static const struct shape_field shape_domain_fsinfo_fields[] = {
    { "mountpoint", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "fstype", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "dev_aliases", SH_STRING, SA_VARIABLE, 256, 4194304, NULL },
};
static const struct shape_struct shape_domain_fsinfo = { "domain_fsinfo", shape_domain_fsinfo_fields, NULL, 4, 4 };
static const struct shape_field shape_domain_ip_addr_fields[] = {
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "addr", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "prefix", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_domain_ip_addr = { "domain_ip_addr", shape_domain_ip_addr_fields, NULL, 3, 3 };
static const struct shape_field shape_domain_interface_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "hwaddr", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "addrs", SH_STRUCT, SA_VARIABLE, 2048, 0, &shape_domain_ip_addr },
};
static const struct shape_struct shape_domain_interface = { "domain_interface", shape_domain_interface_fields, NULL, 3, 3 };
static const struct shape_field shape_admin_param_value_fields[] = {
    { "arm", SH_I32, SA_ONE, 0, 0, NULL },
    { "arm", SH_U32, SA_ONE, 0, 0, NULL },
    { "arm", SH_I64, SA_ONE, 0, 0, NULL },
    { "arm", SH_U64, SA_ONE, 0, 0, NULL },
    { "arm", SH_F64, SA_ONE, 0, 0, NULL },
    { "arm", SH_BOOL, SA_ONE, 0, 0, NULL },
    { "arm", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const int32_t shape_admin_param_value_values[] = { 1, 2, 3, 4, 5, 6, 7 };
static const struct shape_struct shape_admin_param_value = { "param_value", shape_admin_param_value_fields, shape_admin_param_value_values, 7, 7 };
static const struct shape_field shape_admin_param_fields[] = {
    { "field", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "value", SH_UNION, SA_ONE, 0, 0, &shape_admin_param_value },
};
static const struct shape_struct shape_admin_param = { "param", shape_admin_param_fields, NULL, 2, 3 };
static const struct shape_field shape_admin_server_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_admin_server = { "server", shape_admin_server_fields, NULL, 1, 1 };
static const struct shape_field shape_admin_client_fields[] = {
    { "srv", SH_STRUCT, SA_ONE, 0, 0, &shape_admin_server },
    { "id", SH_U64, SA_ONE, 0, 0, NULL },
    { "timestamp", SH_I64, SA_ONE, 0, 0, NULL },
    { "transport", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_admin_client = { "client", shape_admin_client_fields, NULL, 4, 4 };
static const struct shape_field shape_lock_owner_fields[] = {
    { "uuid", SH_FIXED, SA_ONE, 0, 16, NULL },
    { "name", SH_STRING, SA_ONE, 0, 65536, NULL },
    { "id", SH_U32, SA_ONE, 0, 0, NULL },
    { "pid", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_lock_owner = { "owner", shape_lock_owner_fields, NULL, 4, 4 };
static const struct shape_field shape_log_domain_fields[] = {
    { "uuid", SH_FIXED, SA_ONE, 0, 16, NULL },
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_log_domain = { "domain", shape_log_domain_fields, NULL, 2, 2 };
static const struct shape_field shape_log_position_fields[] = {
    { "inode", SH_U64, SA_ONE, 0, 0, NULL },
    { "offset", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_log_position = { "position", shape_log_position_fields, NULL, 2, 2 };
static const struct shape_field shape_list_1_fields[] = {
    { "name", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_1 = { "list_1", shape_list_1_fields, NULL, 2, 2 };
static const struct shape_field shape_list_2_fields[] = {
    { "type", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_2 = { "list_2", shape_list_2_fields, NULL, 1, 1 };
static const struct shape_field shape_list_3_fields[] = {
    { "hv_ver", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_3 = { "list_3", shape_list_3_fields, NULL, 1, 1 };
static const struct shape_field shape_list_4_fields[] = {
    { "type", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_4 = { "list_4", shape_list_4_fields, NULL, 1, 1 };
static const struct shape_field shape_list_5_fields[] = {
    { "max_vcpus", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_5 = { "list_5", shape_list_5_fields, NULL, 1, 1 };
static const struct shape_field shape_list_6_fields[] = {
    { "model", SH_TEXT_FIXED, SA_ONE, 0, 32, NULL },
    { "memory", SH_U64, SA_ONE, 0, 0, NULL },
    { "cpus", SH_I32, SA_ONE, 0, 0, NULL },
    { "mhz", SH_I32, SA_ONE, 0, 0, NULL },
    { "nodes", SH_I32, SA_ONE, 0, 0, NULL },
    { "sockets", SH_I32, SA_ONE, 0, 0, NULL },
    { "cores", SH_I32, SA_ONE, 0, 0, NULL },
    { "threads", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_6 = { "list_6", shape_list_6_fields, NULL, 8, 8 };
static const struct shape_field shape_list_7_fields[] = {
    { "capabilities", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_7 = { "list_7", shape_list_7_fields, NULL, 1, 1 };
static const struct shape_field shape_list_8_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_8 = { "list_8", shape_list_8_fields, NULL, 2, 2 };
static const struct shape_field shape_list_9_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
};
static const struct shape_struct shape_list_9 = { "list_9", shape_list_9_fields, NULL, 1, 1 };
static const struct shape_field shape_list_10_fields[] = {
    { "xml_desc", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_10 = { "list_10", shape_list_10_fields, NULL, 2, 2 };
static const struct shape_field shape_list_11_fields[] = {
    { "xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_11 = { "list_11", shape_list_11_fields, NULL, 1, 1 };
static const struct shape_field shape_list_12_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_12 = { "list_12", shape_list_12_fields, NULL, 2, 2 };
static const struct shape_field shape_list_13_fields[] = {
    { "autostart", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_13 = { "list_13", shape_list_13_fields, NULL, 1, 1 };
static const struct shape_field shape_list_14_fields[] = {
    { "state", SH_U8, SA_ONE, 0, 0, NULL },
    { "maxMem", SH_U64, SA_ONE, 0, 0, NULL },
    { "memory", SH_U64, SA_ONE, 0, 0, NULL },
    { "nrVirtCpu", SH_U16, SA_ONE, 0, 0, NULL },
    { "cpuTime", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_14 = { "list_14", shape_list_14_fields, NULL, 5, 5 };
static const struct shape_field shape_list_15_fields[] = {
    { "memory", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_15 = { "list_15", shape_list_15_fields, NULL, 1, 1 };
static const struct shape_field shape_list_16_fields[] = {
    { "num", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_16 = { "list_16", shape_list_16_fields, NULL, 1, 1 };
static const struct shape_field shape_list_17_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "maxinfo", SH_I32, SA_ONE, 0, 0, NULL },
    { "maplen", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_17 = { "list_17", shape_list_17_fields, NULL, 3, 3 };
static const struct shape_field shape_list_18_fields[] = {
    { "info", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_vcpu_info },
    { "cpumaps", SH_BYTES, SA_ONE, 0, 8388608, NULL },
};
static const struct shape_struct shape_list_18 = { "list_18", shape_list_18_fields, NULL, 2, 2 };
static const struct shape_field shape_list_19_fields[] = {
    { "maxnames", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_19 = { "list_19", shape_list_19_fields, NULL, 1, 1 };
static const struct shape_field shape_list_20_fields[] = {
    { "names", SH_STRING, SA_VARIABLE, 16384, 4194304, NULL },
};
static const struct shape_struct shape_list_20 = { "list_20", shape_list_20_fields, NULL, 1, 1 };
static const struct shape_field shape_list_21_fields[] = {
    { "id", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_21 = { "list_21", shape_list_21_fields, NULL, 1, 1 };
static const struct shape_field shape_list_22_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_22 = { "list_22", shape_list_22_fields, NULL, 1, 1 };
static const struct shape_field shape_list_23_fields[] = {
    { "uuid", SH_FIXED, SA_ONE, 0, 16, NULL },
};
static const struct shape_struct shape_list_23 = { "list_23", shape_list_23_fields, NULL, 1, 1 };
static const struct shape_field shape_list_24_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "vcpu", SH_U32, SA_ONE, 0, 0, NULL },
    { "cpumap", SH_BYTES, SA_ONE, 0, 2048, NULL },
};
static const struct shape_struct shape_list_24 = { "list_24", shape_list_24_fields, NULL, 3, 3 };
static const struct shape_field shape_list_25_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "autostart", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_25 = { "list_25", shape_list_25_fields, NULL, 2, 2 };
static const struct shape_field shape_list_26_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "memory", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_26 = { "list_26", shape_list_26_fields, NULL, 2, 2 };
static const struct shape_field shape_list_27_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "nvcpus", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_27 = { "list_27", shape_list_27_fields, NULL, 2, 2 };
static const struct shape_field shape_list_28_fields[] = {
    { "maxids", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_28 = { "list_28", shape_list_28_fields, NULL, 1, 1 };
static const struct shape_field shape_list_29_fields[] = {
    { "ids", SH_I32, SA_VARIABLE, 16384, 0, NULL },
};
static const struct shape_struct shape_list_29 = { "list_29", shape_list_29_fields, NULL, 1, 1 };
static const struct shape_field shape_list_30_fields[] = {
    { "net", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
};
static const struct shape_struct shape_list_30 = { "list_30", shape_list_30_fields, NULL, 1, 1 };
static const struct shape_field shape_list_31_fields[] = {
    { "net", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_31 = { "list_31", shape_list_31_fields, NULL, 2, 2 };
static const struct shape_field shape_list_32_fields[] = {
    { "net", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "autostart", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_32 = { "list_32", shape_list_32_fields, NULL, 2, 2 };
static const struct shape_field shape_list_33_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "to", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_33 = { "list_33", shape_list_33_fields, NULL, 3, 3 };
static const struct shape_field shape_list_34_fields[] = {
    { "from", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_34 = { "list_34", shape_list_34_fields, NULL, 1, 1 };
static const struct shape_field shape_list_35_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "to", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_35 = { "list_35", shape_list_35_fields, NULL, 2, 2 };
static const struct shape_field shape_list_36_fields[] = {
    { "type", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_36 = { "list_36", shape_list_36_fields, NULL, 2, 2 };
static const struct shape_field shape_list_37_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_37 = { "list_37", shape_list_37_fields, NULL, 2, 2 };
static const struct shape_field shape_list_38_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 16, 0, &shape_param },
};
static const struct shape_struct shape_list_38 = { "list_38", shape_list_38_fields, NULL, 1, 1 };
static const struct shape_field shape_list_39_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "params", SH_STRUCT, SA_VARIABLE, 16, 0, &shape_param },
};
static const struct shape_struct shape_list_39 = { "list_39", shape_list_39_fields, NULL, 2, 2 };
static const struct shape_field shape_list_40_fields[] = {
    { "hostname", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_40 = { "list_40", shape_list_40_fields, NULL, 1, 1 };
static const struct shape_field shape_list_41_fields[] = {
    { "feature", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_41 = { "list_41", shape_list_41_fields, NULL, 1, 1 };
static const struct shape_field shape_list_42_fields[] = {
    { "supported", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_42 = { "list_42", shape_list_42_fields, NULL, 1, 1 };
static const struct shape_field shape_list_43_fields[] = {
    { "uri_in", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
    { "dname", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "resource", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_43 = { "list_43", shape_list_43_fields, NULL, 4, 4 };
static const struct shape_field shape_list_44_fields[] = {
    { "cookie", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "uri_out", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_44 = { "list_44", shape_list_44_fields, NULL, 2, 2 };
static const struct shape_field shape_list_45_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "cookie", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "uri", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
    { "dname", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "resource", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_45 = { "list_45", shape_list_45_fields, NULL, 6, 6 };
static const struct shape_field shape_list_46_fields[] = {
    { "dname", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "cookie", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "uri", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_46 = { "list_46", shape_list_46_fields, NULL, 4, 4 };
static const struct shape_field shape_list_47_fields[] = {
    { "ddom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
};
static const struct shape_struct shape_list_47 = { "list_47", shape_list_47_fields, NULL, 1, 1 };
static const struct shape_field shape_list_48_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_48 = { "list_48", shape_list_48_fields, NULL, 2, 2 };
static const struct shape_field shape_list_49_fields[] = {
    { "rd_req", SH_I64, SA_ONE, 0, 0, NULL },
    { "rd_bytes", SH_I64, SA_ONE, 0, 0, NULL },
    { "wr_req", SH_I64, SA_ONE, 0, 0, NULL },
    { "wr_bytes", SH_I64, SA_ONE, 0, 0, NULL },
    { "errs", SH_I64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_49 = { "list_49", shape_list_49_fields, NULL, 5, 5 };
static const struct shape_field shape_list_50_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "device", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_50 = { "list_50", shape_list_50_fields, NULL, 2, 2 };
static const struct shape_field shape_list_51_fields[] = {
    { "rx_bytes", SH_I64, SA_ONE, 0, 0, NULL },
    { "rx_packets", SH_I64, SA_ONE, 0, 0, NULL },
    { "rx_errs", SH_I64, SA_ONE, 0, 0, NULL },
    { "rx_drop", SH_I64, SA_ONE, 0, 0, NULL },
    { "tx_bytes", SH_I64, SA_ONE, 0, 0, NULL },
    { "tx_packets", SH_I64, SA_ONE, 0, 0, NULL },
    { "tx_errs", SH_I64, SA_ONE, 0, 0, NULL },
    { "tx_drop", SH_I64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_51 = { "list_51", shape_list_51_fields, NULL, 8, 8 };
static const struct shape_field shape_list_52_fields[] = {
    { "types", SH_I32, SA_VARIABLE, 20, 0, NULL },
};
static const struct shape_struct shape_list_52 = { "list_52", shape_list_52_fields, NULL, 1, 1 };
static const struct shape_field shape_list_53_fields[] = {
    { "mechlist", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_53 = { "list_53", shape_list_53_fields, NULL, 1, 1 };
static const struct shape_field shape_list_54_fields[] = {
    { "mech", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "nil", SH_I32, SA_ONE, 0, 0, NULL },
    { "data", SH_CHARS, SA_ONE, 0, 65536, NULL },
};
static const struct shape_struct shape_list_54 = { "list_54", shape_list_54_fields, NULL, 3, 3 };
static const struct shape_field shape_list_55_fields[] = {
    { "complete", SH_I32, SA_ONE, 0, 0, NULL },
    { "nil", SH_I32, SA_ONE, 0, 0, NULL },
    { "data", SH_CHARS, SA_ONE, 0, 65536, NULL },
};
static const struct shape_struct shape_list_55 = { "list_55", shape_list_55_fields, NULL, 3, 3 };
static const struct shape_field shape_list_56_fields[] = {
    { "nil", SH_I32, SA_ONE, 0, 0, NULL },
    { "data", SH_CHARS, SA_ONE, 0, 65536, NULL },
};
static const struct shape_struct shape_list_56 = { "list_56", shape_list_56_fields, NULL, 2, 2 };
static const struct shape_field shape_list_57_fields[] = {
    { "complete", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_57 = { "list_57", shape_list_57_fields, NULL, 1, 1 };
static const struct shape_field shape_list_58_fields[] = {
    { "type", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "srcSpec", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_58 = { "list_58", shape_list_58_fields, NULL, 3, 3 };
static const struct shape_field shape_list_59_fields[] = {
    { "xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_59 = { "list_59", shape_list_59_fields, NULL, 2, 2 };
static const struct shape_field shape_list_60_fields[] = {
    { "pool", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_pool },
};
static const struct shape_struct shape_list_60 = { "list_60", shape_list_60_fields, NULL, 1, 1 };
static const struct shape_field shape_list_61_fields[] = {
    { "pool", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_pool },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_61 = { "list_61", shape_list_61_fields, NULL, 2, 2 };
static const struct shape_field shape_list_62_fields[] = {
    { "vol", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_vol },
};
static const struct shape_struct shape_list_62 = { "list_62", shape_list_62_fields, NULL, 1, 1 };
static const struct shape_field shape_list_63_fields[] = {
    { "state", SH_U8, SA_ONE, 0, 0, NULL },
    { "capacity", SH_U64, SA_ONE, 0, 0, NULL },
    { "allocation", SH_U64, SA_ONE, 0, 0, NULL },
    { "available", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_63 = { "list_63", shape_list_63_fields, NULL, 4, 4 };
static const struct shape_field shape_list_64_fields[] = {
    { "pool", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_pool },
    { "autostart", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_64 = { "list_64", shape_list_64_fields, NULL, 2, 2 };
static const struct shape_field shape_list_65_fields[] = {
    { "pool", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_pool },
    { "maxnames", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_65 = { "list_65", shape_list_65_fields, NULL, 2, 2 };
static const struct shape_field shape_list_66_fields[] = {
    { "pool", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_pool },
    { "xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_66 = { "list_66", shape_list_66_fields, NULL, 3, 3 };
static const struct shape_field shape_list_67_fields[] = {
    { "vol", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_vol },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_67 = { "list_67", shape_list_67_fields, NULL, 2, 2 };
static const struct shape_field shape_list_68_fields[] = {
    { "pool", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_pool },
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_68 = { "list_68", shape_list_68_fields, NULL, 2, 2 };
static const struct shape_field shape_list_69_fields[] = {
    { "key", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_69 = { "list_69", shape_list_69_fields, NULL, 1, 1 };
static const struct shape_field shape_list_70_fields[] = {
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_70 = { "list_70", shape_list_70_fields, NULL, 1, 1 };
static const struct shape_field shape_list_71_fields[] = {
    { "type", SH_I8, SA_ONE, 0, 0, NULL },
    { "capacity", SH_U64, SA_ONE, 0, 0, NULL },
    { "allocation", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_71 = { "list_71", shape_list_71_fields, NULL, 3, 3 };
static const struct shape_field shape_list_72_fields[] = {
    { "startCell", SH_I32, SA_ONE, 0, 0, NULL },
    { "maxcells", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_72 = { "list_72", shape_list_72_fields, NULL, 2, 2 };
static const struct shape_field shape_list_73_fields[] = {
    { "cells", SH_U64, SA_VARIABLE, 1024, 0, NULL },
};
static const struct shape_struct shape_list_73 = { "list_73", shape_list_73_fields, NULL, 1, 1 };
static const struct shape_field shape_list_74_fields[] = {
    { "freeMem", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_74 = { "list_74", shape_list_74_fields, NULL, 1, 1 };
static const struct shape_field shape_list_75_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "offset", SH_U64, SA_ONE, 0, 0, NULL },
    { "size", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_75 = { "list_75", shape_list_75_fields, NULL, 5, 5 };
static const struct shape_field shape_list_76_fields[] = {
    { "buffer", SH_BYTES, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_76 = { "list_76", shape_list_76_fields, NULL, 1, 1 };
static const struct shape_field shape_list_77_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "offset", SH_U64, SA_ONE, 0, 0, NULL },
    { "size", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_77 = { "list_77", shape_list_77_fields, NULL, 4, 4 };
static const struct shape_field shape_list_78_fields[] = {
    { "cb_registered", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_78 = { "list_78", shape_list_78_fields, NULL, 1, 1 };
static const struct shape_field shape_list_79_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "event", SH_I32, SA_ONE, 0, 0, NULL },
    { "detail", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_79 = { "list_79", shape_list_79_fields, NULL, 3, 3 };
static const struct shape_field shape_list_80_fields[] = {
    { "uri_in", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
    { "dname", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "resource", SH_U64, SA_ONE, 0, 0, NULL },
    { "dom_xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_80 = { "list_80", shape_list_80_fields, NULL, 5, 5 };
static const struct shape_field shape_list_81_fields[] = {
    { "dname", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "cookie", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "uri", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
    { "retcode", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_81 = { "list_81", shape_list_81_fields, NULL, 5, 5 };
static const struct shape_field shape_list_82_fields[] = {
    { "uri", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_82 = { "list_82", shape_list_82_fields, NULL, 1, 1 };
static const struct shape_field shape_list_83_fields[] = {
    { "cap", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_83 = { "list_83", shape_list_83_fields, NULL, 2, 2 };
static const struct shape_field shape_list_84_fields[] = {
    { "cap", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "maxnames", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_84 = { "list_84", shape_list_84_fields, NULL, 3, 3 };
static const struct shape_field shape_list_85_fields[] = {
    { "names", SH_STRING, SA_VARIABLE, 65536, 4194304, NULL },
};
static const struct shape_struct shape_list_85 = { "list_85", shape_list_85_fields, NULL, 1, 1 };
static const struct shape_field shape_list_86_fields[] = {
    { "dev", SH_STRUCT, SA_ONE, 0, 0, &shape_node_device },
};
static const struct shape_struct shape_list_86 = { "list_86", shape_list_86_fields, NULL, 1, 1 };
static const struct shape_field shape_list_87_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_87 = { "list_87", shape_list_87_fields, NULL, 2, 2 };
static const struct shape_field shape_list_88_fields[] = {
    { "parentName", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_88 = { "list_88", shape_list_88_fields, NULL, 1, 1 };
static const struct shape_field shape_list_89_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "maxnames", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_89 = { "list_89", shape_list_89_fields, NULL, 2, 2 };
static const struct shape_field shape_list_90_fields[] = {
    { "label", SH_TEXT, SA_ONE, 0, 4096, NULL },
    { "enforcing", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_90 = { "list_90", shape_list_90_fields, NULL, 2, 2 };
static const struct shape_field shape_list_91_fields[] = {
    { "model", SH_TEXT, SA_ONE, 0, 256, NULL },
    { "doi", SH_TEXT, SA_ONE, 0, 256, NULL },
};
static const struct shape_struct shape_list_91 = { "list_91", shape_list_91_fields, NULL, 2, 2 };
static const struct shape_field shape_list_92_fields[] = {
    { "pool", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_pool },
    { "xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "clonevol", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_vol },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_92 = { "list_92", shape_list_92_fields, NULL, 4, 4 };
static const struct shape_field shape_list_93_fields[] = {
    { "iface", SH_STRUCT, SA_ONE, 0, 0, &shape_interface },
};
static const struct shape_struct shape_list_93 = { "list_93", shape_list_93_fields, NULL, 1, 1 };
static const struct shape_field shape_list_94_fields[] = {
    { "mac", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_94 = { "list_94", shape_list_94_fields, NULL, 1, 1 };
static const struct shape_field shape_list_95_fields[] = {
    { "iface", SH_STRUCT, SA_ONE, 0, 0, &shape_interface },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_95 = { "list_95", shape_list_95_fields, NULL, 2, 2 };
static const struct shape_field shape_list_96_fields[] = {
    { "nativeFormat", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "nativeConfig", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_96 = { "list_96", shape_list_96_fields, NULL, 3, 3 };
static const struct shape_field shape_list_97_fields[] = {
    { "domainXml", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_97 = { "list_97", shape_list_97_fields, NULL, 1, 1 };
static const struct shape_field shape_list_98_fields[] = {
    { "nativeFormat", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "domainXml", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_98 = { "list_98", shape_list_98_fields, NULL, 3, 3 };
static const struct shape_field shape_list_99_fields[] = {
    { "nativeConfig", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_99 = { "list_99", shape_list_99_fields, NULL, 1, 1 };
static const struct shape_field shape_list_100_fields[] = {
    { "maxuuids", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_100 = { "list_100", shape_list_100_fields, NULL, 1, 1 };
static const struct shape_field shape_list_101_fields[] = {
    { "uuids", SH_STRING, SA_VARIABLE, 16384, 4194304, NULL },
};
static const struct shape_struct shape_list_101 = { "list_101", shape_list_101_fields, NULL, 1, 1 };
static const struct shape_field shape_list_102_fields[] = {
    { "secret", SH_STRUCT, SA_ONE, 0, 0, &shape_secret },
};
static const struct shape_struct shape_list_102 = { "list_102", shape_list_102_fields, NULL, 1, 1 };
static const struct shape_field shape_list_103_fields[] = {
    { "secret", SH_STRUCT, SA_ONE, 0, 0, &shape_secret },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_103 = { "list_103", shape_list_103_fields, NULL, 2, 2 };
static const struct shape_field shape_list_104_fields[] = {
    { "secret", SH_STRUCT, SA_ONE, 0, 0, &shape_secret },
    { "value", SH_BYTES, SA_ONE, 0, 65536, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_104 = { "list_104", shape_list_104_fields, NULL, 3, 3 };
static const struct shape_field shape_list_105_fields[] = {
    { "value", SH_BYTES, SA_ONE, 0, 65536, NULL },
};
static const struct shape_struct shape_list_105 = { "list_105", shape_list_105_fields, NULL, 1, 1 };
static const struct shape_field shape_list_106_fields[] = {
    { "usageType", SH_I32, SA_ONE, 0, 0, NULL },
    { "usageID", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_106 = { "list_106", shape_list_106_fields, NULL, 2, 2 };
static const struct shape_field shape_list_107_fields[] = {
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
    { "dname", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "resource", SH_U64, SA_ONE, 0, 0, NULL },
    { "dom_xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_107 = { "list_107", shape_list_107_fields, NULL, 4, 4 };
static const struct shape_field shape_list_108_fields[] = {
    { "secure", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_108 = { "list_108", shape_list_108_fields, NULL, 1, 1 };
static const struct shape_field shape_list_109_fields[] = {
    { "active", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_109 = { "list_109", shape_list_109_fields, NULL, 1, 1 };
static const struct shape_field shape_list_110_fields[] = {
    { "persistent", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_110 = { "list_110", shape_list_110_fields, NULL, 1, 1 };
static const struct shape_field shape_list_111_fields[] = {
    { "lib_ver", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_111 = { "list_111", shape_list_111_fields, NULL, 1, 1 };
static const struct shape_field shape_list_112_fields[] = {
    { "result", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_112 = { "list_112", shape_list_112_fields, NULL, 1, 1 };
static const struct shape_field shape_list_113_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "maxStats", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_113 = { "list_113", shape_list_113_fields, NULL, 3, 3 };
static const struct shape_field shape_list_114_fields[] = {
    { "stats", SH_STRUCT, SA_VARIABLE, 1024, 0, &shape_domain_memory_stat },
};
static const struct shape_struct shape_list_114 = { "list_114", shape_list_114_fields, NULL, 1, 1 };
static const struct shape_field shape_list_115_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_115 = { "list_115", shape_list_115_fields, NULL, 3, 3 };
static const struct shape_field shape_list_116_fields[] = {
    { "xmlCPUs", SH_STRING, SA_VARIABLE, 256, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_116 = { "list_116", shape_list_116_fields, NULL, 2, 2 };
static const struct shape_field shape_list_117_fields[] = {
    { "cpu", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_117 = { "list_117", shape_list_117_fields, NULL, 1, 1 };
static const struct shape_field shape_list_118_fields[] = {
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "timeElapsed", SH_U64, SA_ONE, 0, 0, NULL },
    { "timeRemaining", SH_U64, SA_ONE, 0, 0, NULL },
    { "dataTotal", SH_U64, SA_ONE, 0, 0, NULL },
    { "dataProcessed", SH_U64, SA_ONE, 0, 0, NULL },
    { "dataRemaining", SH_U64, SA_ONE, 0, 0, NULL },
    { "memTotal", SH_U64, SA_ONE, 0, 0, NULL },
    { "memProcessed", SH_U64, SA_ONE, 0, 0, NULL },
    { "memRemaining", SH_U64, SA_ONE, 0, 0, NULL },
    { "fileTotal", SH_U64, SA_ONE, 0, 0, NULL },
    { "fileProcessed", SH_U64, SA_ONE, 0, 0, NULL },
    { "fileRemaining", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_118 = { "list_118", shape_list_118_fields, NULL, 12, 12 };
static const struct shape_field shape_list_119_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "downtime", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_119 = { "list_119", shape_list_119_fields, NULL, 3, 3 };
static const struct shape_field shape_list_120_fields[] = {
    { "eventID", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_120 = { "list_120", shape_list_120_fields, NULL, 1, 1 };
static const struct shape_field shape_list_121_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "offset", SH_I64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_121 = { "list_121", shape_list_121_fields, NULL, 2, 2 };
static const struct shape_field shape_list_122_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "action", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_122 = { "list_122", shape_list_122_fields, NULL, 2, 2 };
static const struct shape_field shape_list_123_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "srcPath", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "devAlias", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "action", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_123 = { "list_123", shape_list_123_fields, NULL, 4, 4 };
static const struct shape_field shape_list_124_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "phase", SH_I32, SA_ONE, 0, 0, NULL },
    { "local", SH_STRUCT, SA_ONE, 0, 0, &shape_graphics_address },
    { "remote", SH_STRUCT, SA_ONE, 0, 0, &shape_graphics_address },
    { "authScheme", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "subject", SH_STRUCT, SA_VARIABLE, 20, 0, &shape_graphics_identity },
};
static const struct shape_struct shape_list_124 = { "list_124", shape_list_124_fields, NULL, 6, 6 };
static const struct shape_field shape_list_125_fields[] = {
    { "nwfilter", SH_STRUCT, SA_ONE, 0, 0, &shape_nwfilter },
};
static const struct shape_struct shape_list_125 = { "list_125", shape_list_125_fields, NULL, 1, 1 };
static const struct shape_field shape_list_126_fields[] = {
    { "nwfilter", SH_STRUCT, SA_ONE, 0, 0, &shape_nwfilter },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_126 = { "list_126", shape_list_126_fields, NULL, 2, 2 };
static const struct shape_field shape_list_127_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "xml_desc", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_127 = { "list_127", shape_list_127_fields, NULL, 3, 3 };
static const struct shape_field shape_list_128_fields[] = {
    { "snap", SH_STRUCT, SA_ONE, 0, 0, &shape_snapshot },
};
static const struct shape_struct shape_list_128 = { "list_128", shape_list_128_fields, NULL, 1, 1 };
static const struct shape_field shape_list_129_fields[] = {
    { "snap", SH_STRUCT, SA_ONE, 0, 0, &shape_snapshot },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_129 = { "list_129", shape_list_129_fields, NULL, 2, 2 };
static const struct shape_field shape_list_130_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "maxnames", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_130 = { "list_130", shape_list_130_fields, NULL, 3, 3 };
static const struct shape_field shape_list_131_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_131 = { "list_131", shape_list_131_fields, NULL, 3, 3 };
static const struct shape_field shape_list_132_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_132 = { "list_132", shape_list_132_fields, NULL, 3, 3 };
static const struct shape_field shape_list_133_fields[] = {
    { "allocation", SH_U64, SA_ONE, 0, 0, NULL },
    { "capacity", SH_U64, SA_ONE, 0, 0, NULL },
    { "physical", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_133 = { "list_133", shape_list_133_fields, NULL, 3, 3 };
static const struct shape_field shape_list_134_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "srcPath", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "devAlias", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "action", SH_I32, SA_ONE, 0, 0, NULL },
    { "reason", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_134 = { "list_134", shape_list_134_fields, NULL, 5, 5 };
static const struct shape_field shape_list_135_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "params", SH_STRUCT, SA_VARIABLE, 16, 0, &shape_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_135 = { "list_135", shape_list_135_fields, NULL, 3, 3 };
static const struct shape_field shape_list_136_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_136 = { "list_136", shape_list_136_fields, NULL, 3, 3 };
static const struct shape_field shape_list_137_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 16, 0, &shape_param },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_137 = { "list_137", shape_list_137_fields, NULL, 2, 2 };
static const struct shape_field shape_list_138_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "nvcpus", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_138 = { "list_138", shape_list_138_fields, NULL, 3, 3 };
static const struct shape_field shape_list_139_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "dev_name", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_139 = { "list_139", shape_list_139_fields, NULL, 3, 3 };
static const struct shape_field shape_list_140_fields[] = {
    { "updated", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_140 = { "list_140", shape_list_140_fields, NULL, 1, 1 };
static const struct shape_field shape_list_141_fields[] = {
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_141 = { "list_141", shape_list_141_fields, NULL, 1, 1 };
static const struct shape_field shape_list_142_fields[] = {
    { "sysinfo", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_142 = { "list_142", shape_list_142_fields, NULL, 1, 1 };
static const struct shape_field shape_list_143_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "memory", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_143 = { "list_143", shape_list_143_fields, NULL, 3, 3 };
static const struct shape_field shape_list_144_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "bandwidth", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_144 = { "list_144", shape_list_144_fields, NULL, 3, 3 };
static const struct shape_field shape_list_145_fields[] = {
    { "vol", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_vol },
    { "offset", SH_U64, SA_ONE, 0, 0, NULL },
    { "length", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_145 = { "list_145", shape_list_145_fields, NULL, 4, 4 };
static const struct shape_field shape_list_146_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "screen", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_146 = { "list_146", shape_list_146_fields, NULL, 3, 3 };
static const struct shape_field shape_list_147_fields[] = {
    { "mime", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_147 = { "list_147", shape_list_147_fields, NULL, 1, 1 };
static const struct shape_field shape_list_148_fields[] = {
    { "state", SH_I32, SA_ONE, 0, 0, NULL },
    { "reason", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_148 = { "list_148", shape_list_148_fields, NULL, 2, 2 };
static const struct shape_field shape_list_149_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "xmlin", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
    { "dname", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "resource", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_149 = { "list_149", shape_list_149_fields, NULL, 5, 5 };
static const struct shape_field shape_list_150_fields[] = {
    { "cookie_out", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_150 = { "list_150", shape_list_150_fields, NULL, 2, 2 };
static const struct shape_field shape_list_151_fields[] = {
    { "cookie_in", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "uri_in", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
    { "dname", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "resource", SH_U64, SA_ONE, 0, 0, NULL },
    { "dom_xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_151 = { "list_151", shape_list_151_fields, NULL, 6, 6 };
static const struct shape_field shape_list_152_fields[] = {
    { "cookie_out", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "uri_out", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_152 = { "list_152", shape_list_152_fields, NULL, 2, 2 };
static const struct shape_field shape_list_153_fields[] = {
    { "cookie_in", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
    { "dname", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "resource", SH_U64, SA_ONE, 0, 0, NULL },
    { "dom_xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_153 = { "list_153", shape_list_153_fields, NULL, 5, 5 };
static const struct shape_field shape_list_154_fields[] = {
    { "cookie_out", SH_BYTES, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_154 = { "list_154", shape_list_154_fields, NULL, 1, 1 };
static const struct shape_field shape_list_155_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "xmlin", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "cookie_in", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "dconnuri", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "uri", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
    { "dname", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "resource", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_155 = { "list_155", shape_list_155_fields, NULL, 8, 8 };
static const struct shape_field shape_list_156_fields[] = {
    { "dname", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "cookie_in", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "dconnuri", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "uri", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
    { "cancelled", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_156 = { "list_156", shape_list_156_fields, NULL, 6, 6 };
static const struct shape_field shape_list_157_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "cookie_out", SH_BYTES, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_157 = { "list_157", shape_list_157_fields, NULL, 2, 2 };
static const struct shape_field shape_list_158_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "cookie_in", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U64, SA_ONE, 0, 0, NULL },
    { "cancelled", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_158 = { "list_158", shape_list_158_fields, NULL, 4, 4 };
static const struct shape_field shape_list_159_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "vcpu", SH_U32, SA_ONE, 0, 0, NULL },
    { "cpumap", SH_BYTES, SA_ONE, 0, 2048, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_159 = { "list_159", shape_list_159_fields, NULL, 4, 4 };
static const struct shape_field shape_list_160_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "codeset", SH_U32, SA_ONE, 0, 0, NULL },
    { "holdtime", SH_U32, SA_ONE, 0, 0, NULL },
    { "keycodes", SH_U32, SA_VARIABLE, 16, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_160 = { "list_160", shape_list_160_fields, NULL, 5, 5 };
static const struct shape_field shape_list_161_fields[] = {
    { "cpuNum", SH_I32, SA_ONE, 0, 0, NULL },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_161 = { "list_161", shape_list_161_fields, NULL, 3, 3 };
static const struct shape_field shape_list_162_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 16, 0, &shape_cpu_stat },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_162 = { "list_162", shape_list_162_fields, NULL, 2, 2 };
static const struct shape_field shape_list_163_fields[] = {
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
    { "cellNum", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_163 = { "list_163", shape_list_163_fields, NULL, 3, 3 };
static const struct shape_field shape_list_164_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 16, 0, &shape_memory_stat },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_164 = { "list_164", shape_list_164_fields, NULL, 2, 2 };
static const struct shape_field shape_list_165_fields[] = {
    { "state", SH_U32, SA_ONE, 0, 0, NULL },
    { "details", SH_U32, SA_ONE, 0, 0, NULL },
    { "stateTime", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_165 = { "list_165", shape_list_165_fields, NULL, 3, 3 };
static const struct shape_field shape_list_166_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "ncpumaps", SH_I32, SA_ONE, 0, 0, NULL },
    { "maplen", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_166 = { "list_166", shape_list_166_fields, NULL, 4, 4 };
static const struct shape_field shape_list_167_fields[] = {
    { "cpumaps", SH_BYTES, SA_ONE, 0, 8388608, NULL },
    { "num", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_167 = { "list_167", shape_list_167_fields, NULL, 2, 2 };
static const struct shape_field shape_list_168_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "to", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "dxml", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_168 = { "list_168", shape_list_168_fields, NULL, 4, 4 };
static const struct shape_field shape_list_169_fields[] = {
    { "from", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "dxml", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_169 = { "list_169", shape_list_169_fields, NULL, 3, 3 };
static const struct shape_field shape_list_170_fields[] = {
    { "file", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_170 = { "list_170", shape_list_170_fields, NULL, 2, 2 };
static const struct shape_field shape_list_171_fields[] = {
    { "file", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "dxml", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_171 = { "list_171", shape_list_171_fields, NULL, 3, 3 };
static const struct shape_field shape_list_172_fields[] = {
    { "found", SH_I32, SA_ONE, 0, 0, NULL },
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "bandwidth", SH_U64, SA_ONE, 0, 0, NULL },
    { "cur", SH_U64, SA_ONE, 0, 0, NULL },
    { "end", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_172 = { "list_172", shape_list_172_fields, NULL, 5, 5 };
static const struct shape_field shape_list_173_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "bandwidth", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_173 = { "list_173", shape_list_173_fields, NULL, 4, 4 };
static const struct shape_field shape_list_174_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "status", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_174 = { "list_174", shape_list_174_fields, NULL, 4, 4 };
static const struct shape_field shape_list_175_fields[] = {
    { "bandwidth", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_175 = { "list_175", shape_list_175_fields, NULL, 1, 1 };
static const struct shape_field shape_list_176_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_176 = { "list_176", shape_list_176_fields, NULL, 4, 4 };
static const struct shape_field shape_list_177_fields[] = {
    { "snap", SH_STRUCT, SA_ONE, 0, 0, &shape_snapshot },
    { "maxnames", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_177 = { "list_177", shape_list_177_fields, NULL, 3, 3 };
static const struct shape_field shape_list_178_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "oldSrcPath", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "newSrcPath", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "devAlias", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "reason", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_178 = { "list_178", shape_list_178_fields, NULL, 5, 5 };
static const struct shape_field shape_list_179_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "idx", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_179 = { "list_179", shape_list_179_fields, NULL, 3, 3 };
static const struct shape_field shape_list_180_fields[] = {
    { "target", SH_U32, SA_ONE, 0, 0, NULL },
    { "duration", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_180 = { "list_180", shape_list_180_fields, NULL, 3, 3 };
static const struct shape_field shape_list_181_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "disk", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "size", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_181 = { "list_181", shape_list_181_fields, NULL, 4, 4 };
static const struct shape_field shape_list_182_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "disk", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "params", SH_STRUCT, SA_VARIABLE, 32, 0, &shape_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_182 = { "list_182", shape_list_182_fields, NULL, 4, 4 };
static const struct shape_field shape_list_183_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "disk", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_183 = { "list_183", shape_list_183_fields, NULL, 4, 4 };
static const struct shape_field shape_list_184_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 32, 0, &shape_param },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_184 = { "list_184", shape_list_184_fields, NULL, 2, 2 };
static const struct shape_field shape_list_185_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "device", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "params", SH_STRUCT, SA_VARIABLE, 16, 0, &shape_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_185 = { "list_185", shape_list_185_fields, NULL, 4, 4 };
static const struct shape_field shape_list_186_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "device", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_186 = { "list_186", shape_list_186_fields, NULL, 4, 4 };
static const struct shape_field shape_list_187_fields[] = {
    { "vol", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_vol },
    { "algorithm", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_187 = { "list_187", shape_list_187_fields, NULL, 3, 3 };
static const struct shape_field shape_list_188_fields[] = {
    { "vol", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_vol },
    { "capacity", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_188 = { "list_188", shape_list_188_fields, NULL, 3, 3 };
static const struct shape_field shape_list_189_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "target", SH_U32, SA_ONE, 0, 0, NULL },
    { "duration", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_189 = { "list_189", shape_list_189_fields, NULL, 4, 4 };
static const struct shape_field shape_list_190_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "nparams", SH_U32, SA_ONE, 0, 0, NULL },
    { "start_cpu", SH_I32, SA_ONE, 0, 0, NULL },
    { "ncpus", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_190 = { "list_190", shape_list_190_fields, NULL, 5, 5 };
static const struct shape_field shape_list_191_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 2048, 0, &shape_param },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_191 = { "list_191", shape_list_191_fields, NULL, 2, 2 };
static const struct shape_field shape_list_192_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "maxerrors", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_192 = { "list_192", shape_list_192_fields, NULL, 3, 3 };
static const struct shape_field shape_list_193_fields[] = {
    { "errors", SH_STRUCT, SA_VARIABLE, 256, 0, &shape_domain_disk_error },
    { "nerrors", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_193 = { "list_193", shape_list_193_fields, NULL, 2, 2 };
static const struct shape_field shape_list_194_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "metadata", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "key", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "uri", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_194 = { "list_194", shape_list_194_fields, NULL, 6, 6 };
static const struct shape_field shape_list_195_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "uri", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_195 = { "list_195", shape_list_195_fields, NULL, 4, 4 };
static const struct shape_field shape_list_196_fields[] = {
    { "metadata", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_196 = { "list_196", shape_list_196_fields, NULL, 1, 1 };
static const struct shape_field shape_list_197_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "base", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "bandwidth", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_197 = { "list_197", shape_list_197_fields, NULL, 5, 5 };
static const struct shape_field shape_list_198_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "devAlias", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "reason", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_198 = { "list_198", shape_list_198_fields, NULL, 3, 3 };
static const struct shape_field shape_list_199_fields[] = {
    { "current", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_199 = { "list_199", shape_list_199_fields, NULL, 1, 1 };
static const struct shape_field shape_list_200_fields[] = {
    { "metadata", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_200 = { "list_200", shape_list_200_fields, NULL, 1, 1 };
static const struct shape_field shape_list_201_fields[] = {
    { "need_results", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_201 = { "list_201", shape_list_201_fields, NULL, 2, 2 };
static const struct shape_field shape_list_202_fields[] = {
    { "domains", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_domain },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_202 = { "list_202", shape_list_202_fields, NULL, 2, 2 };
static const struct shape_field shape_list_203_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "need_results", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_203 = { "list_203", shape_list_203_fields, NULL, 3, 3 };
static const struct shape_field shape_list_204_fields[] = {
    { "snapshots", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_snapshot },
    { "ret", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_204 = { "list_204", shape_list_204_fields, NULL, 2, 2 };
static const struct shape_field shape_list_205_fields[] = {
    { "snapshot", SH_STRUCT, SA_ONE, 0, 0, &shape_snapshot },
    { "need_results", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_205 = { "list_205", shape_list_205_fields, NULL, 3, 3 };
static const struct shape_field shape_list_206_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "actual", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_206 = { "list_206", shape_list_206_fields, NULL, 2, 2 };
static const struct shape_field shape_list_207_fields[] = {
    { "labels", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_security_label },
    { "ret", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_207 = { "list_207", shape_list_207_fields, NULL, 2, 2 };
static const struct shape_field shape_list_208_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "cpumap", SH_BYTES, SA_ONE, 0, 2048, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_208 = { "list_208", shape_list_208_fields, NULL, 3, 3 };
static const struct shape_field shape_list_209_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "maplen", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_209 = { "list_209", shape_list_209_fields, NULL, 3, 3 };
static const struct shape_field shape_list_210_fields[] = {
    { "cpumaps", SH_BYTES, SA_ONE, 0, 8388608, NULL },
    { "ret", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_210 = { "list_210", shape_list_210_fields, NULL, 2, 2 };
static const struct shape_field shape_list_211_fields[] = {
    { "pools", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_storage_pool },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_211 = { "list_211", shape_list_211_fields, NULL, 2, 2 };
static const struct shape_field shape_list_212_fields[] = {
    { "pool", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_pool },
    { "need_results", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_212 = { "list_212", shape_list_212_fields, NULL, 3, 3 };
static const struct shape_field shape_list_213_fields[] = {
    { "vols", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_storage_vol },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_213 = { "list_213", shape_list_213_fields, NULL, 2, 2 };
static const struct shape_field shape_list_214_fields[] = {
    { "nets", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_network },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_214 = { "list_214", shape_list_214_fields, NULL, 2, 2 };
static const struct shape_field shape_list_215_fields[] = {
    { "ifaces", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_interface },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_215 = { "list_215", shape_list_215_fields, NULL, 2, 2 };
static const struct shape_field shape_list_216_fields[] = {
    { "devices", SH_STRUCT, SA_VARIABLE, 65536, 0, &shape_node_device },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_216 = { "list_216", shape_list_216_fields, NULL, 2, 2 };
static const struct shape_field shape_list_217_fields[] = {
    { "filters", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_nwfilter },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_217 = { "list_217", shape_list_217_fields, NULL, 2, 2 };
static const struct shape_field shape_list_218_fields[] = {
    { "secrets", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_secret },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_218 = { "list_218", shape_list_218_fields, NULL, 2, 2 };
static const struct shape_field shape_list_219_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_219 = { "list_219", shape_list_219_fields, NULL, 2, 2 };
static const struct shape_field shape_list_220_fields[] = {
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_220 = { "list_220", shape_list_220_fields, NULL, 2, 2 };
static const struct shape_field shape_list_221_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_param },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_221 = { "list_221", shape_list_221_fields, NULL, 2, 2 };
static const struct shape_field shape_list_222_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "disk", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "base", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "top", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "bandwidth", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_222 = { "list_222", shape_list_222_fields, NULL, 6, 6 };
static const struct shape_field shape_list_223_fields[] = {
    { "net", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "command", SH_U32, SA_ONE, 0, 0, NULL },
    { "section", SH_U32, SA_ONE, 0, 0, NULL },
    { "parentIndex", SH_I32, SA_ONE, 0, 0, NULL },
    { "xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_223 = { "list_223", shape_list_223_fields, NULL, 6, 6 };
static const struct shape_field shape_list_224_fields[] = {
    { "need_map", SH_I32, SA_ONE, 0, 0, NULL },
    { "need_online", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_224 = { "list_224", shape_list_224_fields, NULL, 3, 3 };
static const struct shape_field shape_list_225_fields[] = {
    { "cpumap", SH_BYTES, SA_ONE, 0, 2048, NULL },
    { "online", SH_U32, SA_ONE, 0, 0, NULL },
    { "ret", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_225 = { "list_225", shape_list_225_fields, NULL, 3, 3 };
static const struct shape_field shape_list_226_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "mountPoint", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "minimum", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_226 = { "list_226", shape_list_226_fields, NULL, 4, 4 };
static const struct shape_field shape_list_227_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "pid_value", SH_I64, SA_ONE, 0, 0, NULL },
    { "signum", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_227 = { "list_227", shape_list_227_fields, NULL, 4, 4 };
static const struct shape_field shape_list_228_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "name", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_228 = { "list_228", shape_list_228_fields, NULL, 3, 3 };
static const struct shape_field shape_list_229_fields[] = {
    { "wwnn", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "wwpn", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_229 = { "list_229", shape_list_229_fields, NULL, 3, 3 };
static const struct shape_field shape_list_230_fields[] = {
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_param },
};
static const struct shape_struct shape_list_230 = { "list_230", shape_list_230_fields, NULL, 2, 2 };
static const struct shape_field shape_list_231_fields[] = {
    { "cacheSize", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_231 = { "list_231", shape_list_231_fields, NULL, 1, 1 };
static const struct shape_field shape_list_232_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "cacheSize", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_232 = { "list_232", shape_list_232_fields, NULL, 3, 3 };
static const struct shape_field shape_list_233_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "driverName", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_233 = { "list_233", shape_list_233_fields, NULL, 3, 3 };
static const struct shape_field shape_list_234_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_234 = { "list_234", shape_list_234_fields, NULL, 3, 3 };
static const struct shape_field shape_list_235_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_param },
    { "cookie_in", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_235 = { "list_235", shape_list_235_fields, NULL, 3, 3 };
static const struct shape_field shape_list_236_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "dconnuri", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_param },
    { "cookie_in", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_236 = { "list_236", shape_list_236_fields, NULL, 5, 5 };
static const struct shape_field shape_list_237_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_param },
    { "cookie_in", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
    { "cancelled", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_237 = { "list_237", shape_list_237_fields, NULL, 4, 4 };
static const struct shape_field shape_list_238_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_param },
    { "cookie_in", SH_BYTES, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
    { "cancelled", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_238 = { "list_238", shape_list_238_fields, NULL, 5, 5 };
static const struct shape_field shape_list_239_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "period", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_239 = { "list_239", shape_list_239_fields, NULL, 3, 3 };
static const struct shape_field shape_list_240_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "devAlias", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_240 = { "list_240", shape_list_240_fields, NULL, 2, 2 };
static const struct shape_field shape_list_241_fields[] = {
    { "arch", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "need_results", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_241 = { "list_241", shape_list_241_fields, NULL, 3, 3 };
static const struct shape_field shape_list_242_fields[] = {
    { "models", SH_STRING, SA_VARIABLE, 8192, 4194304, NULL },
    { "ret", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_242 = { "list_242", shape_list_242_fields, NULL, 2, 2 };
static const struct shape_field shape_list_243_fields[] = {
    { "eventID", SH_I32, SA_ONE, 0, 0, NULL },
    { "net", SH_STRUCT, SA_OPTIONAL, 0, 0, &shape_network },
};
static const struct shape_struct shape_list_243 = { "list_243", shape_list_243_fields, NULL, 2, 2 };
static const struct shape_field shape_list_244_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_244 = { "list_244", shape_list_244_fields, NULL, 1, 1 };
static const struct shape_field shape_list_245_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "net", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "event", SH_I32, SA_ONE, 0, 0, NULL },
    { "detail", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_245 = { "list_245", shape_list_245_fields, NULL, 4, 4 };
static const struct shape_field shape_list_246_fields[] = {
    { "eventID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_OPTIONAL, 0, 0, &shape_domain },
};
static const struct shape_struct shape_list_246 = { "list_246", shape_list_246_fields, NULL, 2, 2 };
static const struct shape_field shape_list_247_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_lifecycle },
};
static const struct shape_struct shape_list_247 = { "list_247", shape_list_247_fields, NULL, 2, 2 };
static const struct shape_field shape_list_248_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_reboot },
};
static const struct shape_struct shape_list_248 = { "list_248", shape_list_248_fields, NULL, 2, 2 };
static const struct shape_field shape_list_249_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_rtc_change },
};
static const struct shape_struct shape_list_249 = { "list_249", shape_list_249_fields, NULL, 2, 2 };
static const struct shape_field shape_list_250_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_watchdog },
};
static const struct shape_struct shape_list_250 = { "list_250", shape_list_250_fields, NULL, 2, 2 };
static const struct shape_field shape_list_251_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_io_error },
};
static const struct shape_struct shape_list_251 = { "list_251", shape_list_251_fields, NULL, 2, 2 };
static const struct shape_field shape_list_252_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_graphics },
};
static const struct shape_struct shape_list_252 = { "list_252", shape_list_252_fields, NULL, 2, 2 };
static const struct shape_field shape_list_253_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_io_error_reason },
};
static const struct shape_struct shape_list_253 = { "list_253", shape_list_253_fields, NULL, 2, 2 };
static const struct shape_field shape_list_254_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_control_error },
};
static const struct shape_struct shape_list_254 = { "list_254", shape_list_254_fields, NULL, 2, 2 };
static const struct shape_field shape_list_255_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_block_job },
};
static const struct shape_struct shape_list_255 = { "list_255", shape_list_255_fields, NULL, 2, 2 };
static const struct shape_field shape_list_256_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_disk_change },
};
static const struct shape_struct shape_list_256 = { "list_256", shape_list_256_fields, NULL, 2, 2 };
static const struct shape_field shape_list_257_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_tray_change },
};
static const struct shape_struct shape_list_257 = { "list_257", shape_list_257_fields, NULL, 2, 2 };
static const struct shape_field shape_list_258_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "reason", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_pmwakeup },
};
static const struct shape_struct shape_list_258 = { "list_258", shape_list_258_fields, NULL, 3, 3 };
static const struct shape_field shape_list_259_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "reason", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_pmsuspend },
};
static const struct shape_struct shape_list_259 = { "list_259", shape_list_259_fields, NULL, 3, 3 };
static const struct shape_field shape_list_260_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_balloon_change },
};
static const struct shape_struct shape_list_260 = { "list_260", shape_list_260_fields, NULL, 2, 2 };
static const struct shape_field shape_list_261_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "reason", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_pmsuspend_disk },
};
static const struct shape_struct shape_list_261 = { "list_261", shape_list_261_fields, NULL, 3, 3 };
static const struct shape_field shape_list_262_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "msg", SH_STRUCT, SA_ONE, 0, 0, &shape_event_device_removed },
};
static const struct shape_struct shape_list_262 = { "list_262", shape_list_262_fields, NULL, 2, 2 };
static const struct shape_field shape_list_263_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "to", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "dumpformat", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_263 = { "list_263", shape_list_263_fields, NULL, 4, 4 };
static const struct shape_field shape_list_264_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "mountpoints", SH_STRING, SA_VARIABLE, 256, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_264 = { "list_264", shape_list_264_fields, NULL, 3, 3 };
static const struct shape_field shape_list_265_fields[] = {
    { "filesystems", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_265 = { "list_265", shape_list_265_fields, NULL, 1, 1 };
static const struct shape_field shape_list_266_fields[] = {
    { "seconds", SH_I64, SA_ONE, 0, 0, NULL },
    { "nseconds", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_266 = { "list_266", shape_list_266_fields, NULL, 2, 2 };
static const struct shape_field shape_list_267_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "seconds", SH_I64, SA_ONE, 0, 0, NULL },
    { "nseconds", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_267 = { "list_267", shape_list_267_fields, NULL, 4, 4 };
static const struct shape_field shape_list_268_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "dst", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "status", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_268 = { "list_268", shape_list_268_fields, NULL, 5, 5 };
static const struct shape_field shape_list_269_fields[] = {
    { "pages", SH_U32, SA_VARIABLE, 1024, 0, NULL },
    { "startCell", SH_I32, SA_ONE, 0, 0, NULL },
    { "cellCount", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_269 = { "list_269", shape_list_269_fields, NULL, 4, 4 };
static const struct shape_field shape_list_270_fields[] = {
    { "counts", SH_U64, SA_VARIABLE, 1024, 0, NULL },
};
static const struct shape_struct shape_list_270 = { "list_270", shape_list_270_fields, NULL, 1, 1 };
static const struct shape_field shape_list_271_fields[] = {
    { "net", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "mac", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "need_results", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_271 = { "list_271", shape_list_271_fields, NULL, 4, 4 };
static const struct shape_field shape_list_272_fields[] = {
    { "leases", SH_STRUCT, SA_VARIABLE, 65536, 0, &shape_network_dhcp_lease },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_272 = { "list_272", shape_list_272_fields, NULL, 2, 2 };
static const struct shape_field shape_list_273_fields[] = {
    { "emulatorbin", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "arch", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "machine", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "virttype", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_273 = { "list_273", shape_list_273_fields, NULL, 5, 5 };
static const struct shape_field shape_list_274_fields[] = {
    { "doms", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_domain },
    { "stats", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_274 = { "list_274", shape_list_274_fields, NULL, 3, 3 };
static const struct shape_field shape_list_275_fields[] = {
    { "retStats", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_domain_stats_record },
};
static const struct shape_struct shape_list_275 = { "list_275", shape_list_275_fields, NULL, 1, 1 };
static const struct shape_field shape_list_276_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "destxml", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "params", SH_STRUCT, SA_VARIABLE, 16, 0, &shape_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_276 = { "list_276", shape_list_276_fields, NULL, 5, 5 };
static const struct shape_field shape_list_277_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "params", SH_STRUCT, SA_VARIABLE, 2048, 0, &shape_param },
};
static const struct shape_struct shape_list_277 = { "list_277", shape_list_277_fields, NULL, 3, 3 };
static const struct shape_field shape_list_278_fields[] = {
    { "pageSizes", SH_U32, SA_VARIABLE, 1024, 0, NULL },
    { "pageCounts", SH_U64, SA_VARIABLE, 1024, 0, NULL },
    { "startCell", SH_I32, SA_ONE, 0, 0, NULL },
    { "cellCount", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_278 = { "list_278", shape_list_278_fields, NULL, 5, 5 };
static const struct shape_field shape_list_279_fields[] = {
    { "ret", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_279 = { "list_279", shape_list_279_fields, NULL, 1, 1 };
static const struct shape_field shape_list_280_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "state", SH_I32, SA_ONE, 0, 0, NULL },
    { "reason", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_280 = { "list_280", shape_list_280_fields, NULL, 4, 4 };
static const struct shape_field shape_list_281_fields[] = {
    { "info", SH_STRUCT, SA_VARIABLE, 256, 0, &shape_domain_fsinfo },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_281 = { "list_281", shape_list_281_fields, NULL, 2, 2 };
static const struct shape_field shape_list_282_fields[] = {
    { "info", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_domain_iothread_info },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_282 = { "list_282", shape_list_282_fields, NULL, 2, 2 };
static const struct shape_field shape_list_283_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "iothreads_id", SH_U32, SA_ONE, 0, 0, NULL },
    { "cpumap", SH_BYTES, SA_ONE, 0, 2048, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_283 = { "list_283", shape_list_283_fields, NULL, 4, 4 };
static const struct shape_field shape_list_284_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "source", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_284 = { "list_284", shape_list_284_fields, NULL, 3, 3 };
static const struct shape_field shape_list_285_fields[] = {
    { "ifaces", SH_STRUCT, SA_VARIABLE, 2048, 0, &shape_domain_interface },
};
static const struct shape_struct shape_list_285 = { "list_285", shape_list_285_fields, NULL, 1, 1 };
static const struct shape_field shape_list_286_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "devAlias", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_286 = { "list_286", shape_list_286_fields, NULL, 3, 3 };
static const struct shape_field shape_list_287_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "iothread_id", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_287 = { "list_287", shape_list_287_fields, NULL, 3, 3 };
static const struct shape_field shape_list_288_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "user", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "password", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_288 = { "list_288", shape_list_288_fields, NULL, 4, 4 };
static const struct shape_field shape_list_289_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "new_name", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_289 = { "list_289", shape_list_289_fields, NULL, 3, 3 };
static const struct shape_field shape_list_290_fields[] = {
    { "retcode", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_290 = { "list_290", shape_list_290_fields, NULL, 1, 1 };
static const struct shape_field shape_list_291_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "iteration", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_291 = { "list_291", shape_list_291_fields, NULL, 3, 3 };
static const struct shape_field shape_list_292_fields[] = {
    { "reason", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_292 = { "list_292", shape_list_292_fields, NULL, 1, 1 };
static const struct shape_field shape_list_293_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_param },
};
static const struct shape_struct shape_list_293 = { "list_293", shape_list_293_fields, NULL, 3, 3 };
static const struct shape_field shape_list_294_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_param },
};
static const struct shape_struct shape_list_294 = { "list_294", shape_list_294_fields, NULL, 1, 1 };
static const struct shape_field shape_list_295_fields[] = {
    { "eventID", SH_I32, SA_ONE, 0, 0, NULL },
    { "pool", SH_STRUCT, SA_OPTIONAL, 0, 0, &shape_storage_pool },
};
static const struct shape_struct shape_list_295 = { "list_295", shape_list_295_fields, NULL, 2, 2 };
static const struct shape_field shape_list_296_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "pool", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_pool },
    { "event", SH_I32, SA_ONE, 0, 0, NULL },
    { "detail", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_296 = { "list_296", shape_list_296_fields, NULL, 4, 4 };
static const struct shape_field shape_list_297_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "cpumap", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "state", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_297 = { "list_297", shape_list_297_fields, NULL, 4, 4 };
static const struct shape_field shape_list_298_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "pool", SH_STRUCT, SA_ONE, 0, 0, &shape_storage_pool },
};
static const struct shape_struct shape_list_298 = { "list_298", shape_list_298_fields, NULL, 2, 2 };
static const struct shape_field shape_list_299_fields[] = {
    { "eventID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dev", SH_STRUCT, SA_OPTIONAL, 0, 0, &shape_node_device },
};
static const struct shape_struct shape_list_299 = { "list_299", shape_list_299_fields, NULL, 2, 2 };
static const struct shape_field shape_list_300_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dev", SH_STRUCT, SA_ONE, 0, 0, &shape_node_device },
    { "event", SH_I32, SA_ONE, 0, 0, NULL },
    { "detail", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_300 = { "list_300", shape_list_300_fields, NULL, 4, 4 };
static const struct shape_field shape_list_301_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dev", SH_STRUCT, SA_ONE, 0, 0, &shape_node_device },
};
static const struct shape_struct shape_list_301 = { "list_301", shape_list_301_fields, NULL, 2, 2 };
static const struct shape_field shape_list_302_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "nsuri", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_302 = { "list_302", shape_list_302_fields, NULL, 4, 4 };
static const struct shape_field shape_list_303_fields[] = {
    { "eventID", SH_I32, SA_ONE, 0, 0, NULL },
    { "secret", SH_STRUCT, SA_OPTIONAL, 0, 0, &shape_secret },
};
static const struct shape_struct shape_list_303 = { "list_303", shape_list_303_fields, NULL, 2, 2 };
static const struct shape_field shape_list_304_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "secret", SH_STRUCT, SA_ONE, 0, 0, &shape_secret },
    { "event", SH_I32, SA_ONE, 0, 0, NULL },
    { "detail", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_304 = { "list_304", shape_list_304_fields, NULL, 4, 4 };
static const struct shape_field shape_list_305_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "secret", SH_STRUCT, SA_ONE, 0, 0, &shape_secret },
};
static const struct shape_struct shape_list_305 = { "list_305", shape_list_305_fields, NULL, 2, 2 };
static const struct shape_field shape_list_306_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "dev", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "path", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "threshold", SH_U64, SA_ONE, 0, 0, NULL },
    { "excess", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_306 = { "list_306", shape_list_306_fields, NULL, 6, 6 };
static const struct shape_field shape_list_307_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "dev", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "threshold", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_307 = { "list_307", shape_list_307_fields, NULL, 4, 4 };
static const struct shape_field shape_list_308_fields[] = {
    { "downtime", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_308 = { "list_308", shape_list_308_fields, NULL, 1, 1 };
static const struct shape_field shape_list_309_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "dxml", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_309 = { "list_309", shape_list_309_fields, NULL, 3, 3 };
static const struct shape_field shape_list_310_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "type", SH_U32, SA_ONE, 0, 0, NULL },
    { "action", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_310 = { "list_310", shape_list_310_fields, NULL, 4, 4 };
static const struct shape_field shape_list_311_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "alias", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_311 = { "list_311", shape_list_311_fields, NULL, 3, 3 };
static const struct shape_field shape_list_312_fields[] = {
    { "emulator", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "arch", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "machine", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "virttype", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "xmlCPU", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_312 = { "list_312", shape_list_312_fields, NULL, 6, 6 };
static const struct shape_field shape_list_313_fields[] = {
    { "emulator", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "arch", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "machine", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "virttype", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "xmlCPUs", SH_STRING, SA_VARIABLE, 256, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_313 = { "list_313", shape_list_313_fields, NULL, 6, 6 };
static const struct shape_field shape_list_314_fields[] = {
    { "nwfilter", SH_STRUCT, SA_ONE, 0, 0, &shape_nwfilter_binding },
};
static const struct shape_struct shape_list_314 = { "list_314", shape_list_314_fields, NULL, 1, 1 };
static const struct shape_field shape_list_315_fields[] = {
    { "nwfilter", SH_STRUCT, SA_ONE, 0, 0, &shape_nwfilter_binding },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_315 = { "list_315", shape_list_315_fields, NULL, 2, 2 };
static const struct shape_field shape_list_316_fields[] = {
    { "bindings", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_nwfilter_binding },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_316 = { "list_316", shape_list_316_fields, NULL, 2, 2 };
static const struct shape_field shape_list_317_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "iothread_id", SH_U32, SA_ONE, 0, 0, NULL },
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_317 = { "list_317", shape_list_317_fields, NULL, 4, 4 };
static const struct shape_field shape_list_318_fields[] = {
    { "network", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "need_results", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_318 = { "list_318", shape_list_318_fields, NULL, 3, 3 };
static const struct shape_field shape_list_319_fields[] = {
    { "ports", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_network_port },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_319 = { "list_319", shape_list_319_fields, NULL, 2, 2 };
static const struct shape_field shape_list_320_fields[] = {
    { "network", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "uuid", SH_FIXED, SA_ONE, 0, 16, NULL },
};
static const struct shape_struct shape_list_320 = { "list_320", shape_list_320_fields, NULL, 2, 2 };
static const struct shape_field shape_list_321_fields[] = {
    { "port", SH_STRUCT, SA_ONE, 0, 0, &shape_network_port },
};
static const struct shape_struct shape_list_321 = { "list_321", shape_list_321_fields, NULL, 1, 1 };
static const struct shape_field shape_list_322_fields[] = {
    { "network", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_322 = { "list_322", shape_list_322_fields, NULL, 3, 3 };
static const struct shape_field shape_list_323_fields[] = {
    { "port", SH_STRUCT, SA_ONE, 0, 0, &shape_network_port },
    { "nparams", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_323 = { "list_323", shape_list_323_fields, NULL, 3, 3 };
static const struct shape_field shape_list_324_fields[] = {
    { "port", SH_STRUCT, SA_ONE, 0, 0, &shape_network_port },
    { "params", SH_STRUCT, SA_VARIABLE, 16, 0, &shape_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_324 = { "list_324", shape_list_324_fields, NULL, 3, 3 };
static const struct shape_field shape_list_325_fields[] = {
    { "port", SH_STRUCT, SA_ONE, 0, 0, &shape_network_port },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_325 = { "list_325", shape_list_325_fields, NULL, 2, 2 };
static const struct shape_field shape_list_326_fields[] = {
    { "checkpoint", SH_STRUCT, SA_ONE, 0, 0, &shape_checkpoint },
};
static const struct shape_struct shape_list_326 = { "list_326", shape_list_326_fields, NULL, 1, 1 };
static const struct shape_field shape_list_327_fields[] = {
    { "checkpoint", SH_STRUCT, SA_ONE, 0, 0, &shape_checkpoint },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_327 = { "list_327", shape_list_327_fields, NULL, 2, 2 };
static const struct shape_field shape_list_328_fields[] = {
    { "checkpoints", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_checkpoint },
    { "ret", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_328 = { "list_328", shape_list_328_fields, NULL, 2, 2 };
static const struct shape_field shape_list_329_fields[] = {
    { "checkpoint", SH_STRUCT, SA_ONE, 0, 0, &shape_checkpoint },
    { "need_results", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_329 = { "list_329", shape_list_329_fields, NULL, 3, 3 };
static const struct shape_field shape_list_330_fields[] = {
    { "parent", SH_STRUCT, SA_ONE, 0, 0, &shape_checkpoint },
};
static const struct shape_struct shape_list_330 = { "list_330", shape_list_330_fields, NULL, 1, 1 };
static const struct shape_field shape_list_331_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "types", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_331 = { "list_331", shape_list_331_fields, NULL, 3, 3 };
static const struct shape_field shape_list_332_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 2048, 0, &shape_param },
};
static const struct shape_struct shape_list_332 = { "list_332", shape_list_332_fields, NULL, 1, 1 };
static const struct shape_field shape_list_333_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 20, 0, &shape_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_333 = { "list_333", shape_list_333_fields, NULL, 2, 2 };
static const struct shape_field shape_list_334_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "timeout", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_334 = { "list_334", shape_list_334_fields, NULL, 3, 3 };
static const struct shape_field shape_list_335_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "backup_xml", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "checkpoint_xml", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_335 = { "list_335", shape_list_335_fields, NULL, 4, 4 };
static const struct shape_field shape_list_336_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "recipient", SH_I32, SA_ONE, 0, 0, NULL },
    { "action", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_336 = { "list_336", shape_list_336_fields, NULL, 5, 5 };
static const struct shape_field shape_list_337_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "user", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_337 = { "list_337", shape_list_337_fields, NULL, 3, 3 };
static const struct shape_field shape_list_338_fields[] = {
    { "keys", SH_STRING, SA_VARIABLE, 2048, 4194304, NULL },
};
static const struct shape_struct shape_list_338 = { "list_338", shape_list_338_fields, NULL, 1, 1 };
static const struct shape_field shape_list_339_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "user", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "keys", SH_STRING, SA_VARIABLE, 2048, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_339 = { "list_339", shape_list_339_fields, NULL, 4, 4 };
static const struct shape_field shape_list_340_fields[] = {
    { "msgs", SH_STRING, SA_VARIABLE, 2048, 4194304, NULL },
};
static const struct shape_struct shape_list_340 = { "list_340", shape_list_340_fields, NULL, 1, 1 };
static const struct shape_field shape_list_341_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "seconds", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_341 = { "list_341", shape_list_341_fields, NULL, 3, 3 };
static const struct shape_field shape_list_342_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "autostart", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_342 = { "list_342", shape_list_342_fields, NULL, 2, 2 };
static const struct shape_field shape_list_343_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "alias", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "size", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_343 = { "list_343", shape_list_343_fields, NULL, 4, 4 };
static const struct shape_field shape_list_344_fields[] = {
    { "network", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "metadata", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "key", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "uri", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_344 = { "list_344", shape_list_344_fields, NULL, 6, 6 };
static const struct shape_field shape_list_345_fields[] = {
    { "network", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "uri", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_345 = { "list_345", shape_list_345_fields, NULL, 4, 4 };
static const struct shape_field shape_list_346_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "net", SH_STRUCT, SA_ONE, 0, 0, &shape_network },
    { "type", SH_I32, SA_ONE, 0, 0, NULL },
    { "nsuri", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_346 = { "list_346", shape_list_346_fields, NULL, 4, 4 };
static const struct shape_field shape_list_347_fields[] = {
    { "name", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "xml_desc", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_347 = { "list_347", shape_list_347_fields, NULL, 3, 3 };
static const struct shape_field shape_list_348_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "type", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_348 = { "list_348", shape_list_348_fields, NULL, 3, 3 };
static const struct shape_field shape_list_349_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "group", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "params", SH_STRUCT, SA_VARIABLE, 32, 0, &shape_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_349 = { "list_349", shape_list_349_fields, NULL, 4, 4 };
static const struct shape_field shape_list_350_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "group", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_350 = { "list_350", shape_list_350_fields, NULL, 3, 3 };
static const struct shape_field shape_list_351_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "alias", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "oldMAC", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "newMAC", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_351 = { "list_351", shape_list_351_fields, NULL, 5, 5 };
static const struct shape_field shape_list_352_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "vcpuid", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_352 = { "list_352", shape_list_352_fields, NULL, 3, 3 };
static const struct shape_field shape_list_353_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "channelName", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "state", SH_I32, SA_ONE, 0, 0, NULL },
    { "reason", SH_I32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_353 = { "list_353", shape_list_353_fields, NULL, 5, 5 };
static const struct shape_field shape_list_354_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "device", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "params", SH_STRUCT, SA_VARIABLE, 16, 0, &shape_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_354 = { "list_354", shape_list_354_fields, NULL, 4, 4 };
static const struct shape_field shape_list_355_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "cmd", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_355 = { "list_355", shape_list_355_fields, NULL, 3, 3 };
static const struct shape_field shape_list_356_fields[] = {
    { "result", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_356 = { "list_356", shape_list_356_fields, NULL, 1, 1 };
static const struct shape_field shape_list_357_fields[] = {
    { "pid_value", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_357 = { "list_357", shape_list_357_fields, NULL, 2, 2 };
static const struct shape_field shape_list_358_fields[] = {
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "cmd", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "timeout", SH_I32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_358 = { "list_358", shape_list_358_fields, NULL, 4, 4 };
static const struct shape_field shape_list_359_fields[] = {
    { "result", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_359 = { "list_359", shape_list_359_fields, NULL, 1, 1 };
static const struct shape_field shape_list_360_fields[] = {
    { "dom", SH_STRUCT, SA_OPTIONAL, 0, 0, &shape_domain },
    { "event", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_360 = { "list_360", shape_list_360_fields, NULL, 3, 3 };
static const struct shape_field shape_list_361_fields[] = {
    { "callbackID", SH_I32, SA_ONE, 0, 0, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_domain },
    { "event", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "seconds", SH_I64, SA_ONE, 0, 0, NULL },
    { "micros", SH_U32, SA_ONE, 0, 0, NULL },
    { "details", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_361 = { "list_361", shape_list_361_fields, NULL, 6, 6 };
static const struct shape_field shape_list_362_fields[] = {
    { "libVer", SH_U64, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_362 = { "list_362", shape_list_362_fields, NULL, 1, 1 };
static const struct shape_field shape_list_363_fields[] = {
    { "need_results", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_363 = { "list_363", shape_list_363_fields, NULL, 2, 2 };
static const struct shape_field shape_list_364_fields[] = {
    { "servers", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_admin_server },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_364 = { "list_364", shape_list_364_fields, NULL, 2, 2 };
static const struct shape_field shape_list_365_fields[] = {
    { "srv", SH_STRUCT, SA_ONE, 0, 0, &shape_admin_server },
};
static const struct shape_struct shape_list_365 = { "list_365", shape_list_365_fields, NULL, 1, 1 };
static const struct shape_field shape_list_366_fields[] = {
    { "srv", SH_STRUCT, SA_ONE, 0, 0, &shape_admin_server },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_366 = { "list_366", shape_list_366_fields, NULL, 2, 2 };
static const struct shape_field shape_list_367_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 32, 0, &shape_admin_param },
};
static const struct shape_struct shape_list_367 = { "list_367", shape_list_367_fields, NULL, 1, 1 };
static const struct shape_field shape_list_368_fields[] = {
    { "srv", SH_STRUCT, SA_ONE, 0, 0, &shape_admin_server },
    { "params", SH_STRUCT, SA_VARIABLE, 32, 0, &shape_admin_param },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_368 = { "list_368", shape_list_368_fields, NULL, 3, 3 };
static const struct shape_field shape_list_369_fields[] = {
    { "srv", SH_STRUCT, SA_ONE, 0, 0, &shape_admin_server },
    { "need_results", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_369 = { "list_369", shape_list_369_fields, NULL, 3, 3 };
static const struct shape_field shape_list_370_fields[] = {
    { "clients", SH_STRUCT, SA_VARIABLE, 16384, 0, &shape_admin_client },
    { "ret", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_370 = { "list_370", shape_list_370_fields, NULL, 2, 2 };
static const struct shape_field shape_list_371_fields[] = {
    { "srv", SH_STRUCT, SA_ONE, 0, 0, &shape_admin_server },
    { "id", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_371 = { "list_371", shape_list_371_fields, NULL, 3, 3 };
static const struct shape_field shape_list_372_fields[] = {
    { "clnt", SH_STRUCT, SA_ONE, 0, 0, &shape_admin_client },
};
static const struct shape_struct shape_list_372 = { "list_372", shape_list_372_fields, NULL, 1, 1 };
static const struct shape_field shape_list_373_fields[] = {
    { "clnt", SH_STRUCT, SA_ONE, 0, 0, &shape_admin_client },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_373 = { "list_373", shape_list_373_fields, NULL, 2, 2 };
static const struct shape_field shape_list_374_fields[] = {
    { "params", SH_STRUCT, SA_VARIABLE, 64, 0, &shape_admin_param },
};
static const struct shape_struct shape_list_374 = { "list_374", shape_list_374_fields, NULL, 1, 1 };
static const struct shape_field shape_list_375_fields[] = {
    { "outputs", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "noutputs", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_375 = { "list_375", shape_list_375_fields, NULL, 2, 2 };
static const struct shape_field shape_list_376_fields[] = {
    { "filters", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "nfilters", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_376 = { "list_376", shape_list_376_fields, NULL, 2, 2 };
static const struct shape_field shape_list_377_fields[] = {
    { "outputs", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_377 = { "list_377", shape_list_377_fields, NULL, 2, 2 };
static const struct shape_field shape_list_378_fields[] = {
    { "filters", SH_STRING, SA_OPTIONAL, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_378 = { "list_378", shape_list_378_fields, NULL, 2, 2 };
static const struct shape_field shape_list_379_fields[] = {
    { "timeout", SH_U32, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_379 = { "list_379", shape_list_379_fields, NULL, 2, 2 };
static const struct shape_field shape_list_380_fields[] = {
    { "owner", SH_STRUCT, SA_ONE, 0, 0, &shape_lock_owner },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_380 = { "list_380", shape_list_380_fields, NULL, 2, 2 };
static const struct shape_field shape_list_381_fields[] = {
    { "path", SH_STRING, SA_ONE, 0, 65536, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_381 = { "list_381", shape_list_381_fields, NULL, 2, 2 };
static const struct shape_field shape_list_382_fields[] = {
    { "path", SH_STRING, SA_ONE, 0, 65536, NULL },
    { "name", SH_STRING, SA_ONE, 0, 65536, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_382 = { "list_382", shape_list_382_fields, NULL, 3, 3 };
static const struct shape_field shape_list_383_fields[] = {
    { "path", SH_STRING, SA_ONE, 0, 65536, NULL },
};
static const struct shape_struct shape_list_383 = { "list_383", shape_list_383_fields, NULL, 1, 1 };
static const struct shape_field shape_list_384_fields[] = {
    { "driver", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_log_domain },
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_384 = { "list_384", shape_list_384_fields, NULL, 4, 4 };
static const struct shape_field shape_list_385_fields[] = {
    { "pos", SH_STRUCT, SA_ONE, 0, 0, &shape_log_position },
};
static const struct shape_struct shape_list_385 = { "list_385", shape_list_385_fields, NULL, 1, 1 };
static const struct shape_field shape_list_386_fields[] = {
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_386 = { "list_386", shape_list_386_fields, NULL, 2, 2 };
static const struct shape_field shape_list_387_fields[] = {
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "pos", SH_STRUCT, SA_ONE, 0, 0, &shape_log_position },
    { "maxlen", SH_U64, SA_ONE, 0, 0, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_387 = { "list_387", shape_list_387_fields, NULL, 4, 4 };
static const struct shape_field shape_list_388_fields[] = {
    { "data", SH_STRING, SA_ONE, 0, 4194304, NULL },
};
static const struct shape_struct shape_list_388 = { "list_388", shape_list_388_fields, NULL, 1, 1 };
static const struct shape_field shape_list_389_fields[] = {
    { "driver", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "dom", SH_STRUCT, SA_ONE, 0, 0, &shape_log_domain },
    { "path", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "message", SH_STRING, SA_ONE, 0, 4194304, NULL },
    { "flags", SH_U32, SA_ONE, 0, 0, NULL },
};
static const struct shape_struct shape_list_389 = { "list_389", shape_list_389_fields, NULL, 5, 5 };
const struct op op_table[] = {
    { OP(PROG_REMOTE, 1), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "connect.open", "virConnectOpen", "connect:getattr", &shape_list_1, NULL },
    { OP(PROG_REMOTE, 2), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.close", "virConnectClose", "", NULL, NULL },
    { OP(PROG_REMOTE, 3), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.get_type", "virConnectGetType", "connect:getattr", NULL, &shape_list_2 },
    { OP(PROG_REMOTE, 4), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.get_version", "virConnectGetVersion", "connect:getattr", NULL, &shape_list_3 },
    { OP(PROG_REMOTE, 5), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.get_max_vcpus", "virConnectGetMaxVcpus", "connect:read", &shape_list_4, &shape_list_5 },
    { OP(PROG_REMOTE, 6), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "node.get_info", "virNodeGetInfo", "connect:read", NULL, &shape_list_6 },
    { OP(PROG_REMOTE, 7), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.get_capabilities", "virConnectGetCapabilities", "connect:read", NULL, &shape_list_7 },
    { OP(PROG_REMOTE, 8), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 5242880,
      "domain.attach_device", "virDomainAttachDevice", "domain:write", &shape_list_8, NULL },
    { OP(PROG_REMOTE, 9), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.create", "virDomainCreate", "domain:start", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 10), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "domain.create_xml", "virDomainCreateXML", "domain:write+start", &shape_list_10, &shape_list_9 },
    { OP(PROG_REMOTE, 11), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_SAFE, 0, 0, 0, 0, -1, -1, 0, 0x0u, 5242880,
      "domain.define_xml", "virDomainDefineXML", "domain:write+save", &shape_list_11, &shape_list_9 },
    { OP(PROG_REMOTE, 12), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.destroy", "virDomainDestroy", "domain:stop", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 13), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 5242880,
      "domain.detach_device", "virDomainDetachDevice", "domain:write", &shape_list_8, NULL },
    { OP(PROG_REMOTE, 14), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 2, 0x9u, 4096,
      "domain.get_xml_desc", "virDomainGetXMLDesc", "domain:read+read_secure?0x9", &shape_list_12, &shape_list_11 },
    { OP(PROG_REMOTE, 15), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_autostart", "virDomainGetAutostart", "domain:read", &shape_list_9, &shape_list_13 },
    { OP(PROG_REMOTE, 16), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_info", "virDomainGetInfo", "domain:read", &shape_list_9, &shape_list_14 },
    { OP(PROG_REMOTE, 17), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_max_memory", "virDomainGetMaxMemory", "domain:read", &shape_list_9, &shape_list_15 },
    { OP(PROG_REMOTE, 18), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_max_vcpus", "virDomainGetMaxVcpus", "domain:read", &shape_list_9, &shape_list_16 },
    { OP(PROG_REMOTE, 19), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_os_type", "virDomainGetOSType", "domain:read", &shape_list_9, &shape_list_2 },
    { OP(PROG_REMOTE, 20), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_vcpus", "virDomainGetVcpus", "domain:read", &shape_list_17, &shape_list_18 },
    { OP(PROG_REMOTE, 21), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.list_defined_domains", "virConnectListDefinedDomains", "connect:search_domains", &shape_list_19, &shape_list_20 },
    { OP(PROG_REMOTE, 22), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "domain.lookup_by_id", "virDomainLookupByID", "domain:getattr", &shape_list_21, &shape_list_9 },
    { OP(PROG_REMOTE, 23), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "domain.lookup_by_name", "virDomainLookupByName", "domain:getattr", &shape_list_22, &shape_list_9 },
    { OP(PROG_REMOTE, 24), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "domain.lookup_by_uuid", "virDomainLookupByUUID", "domain:getattr", &shape_list_23, &shape_list_9 },
    { OP(PROG_REMOTE, 25), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.num_of_defined_domains", "virConnectNumOfDefinedDomains", "connect:search_domains", NULL, &shape_list_16 },
    { OP(PROG_REMOTE, 26), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "domain.pin_vcpu", "virDomainPinVcpu", "domain:write", &shape_list_24, NULL },
    { OP(PROG_REMOTE, 27), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.reboot", "virDomainReboot", "domain:init_control+write?0x2", &shape_list_12, NULL },
    { OP(PROG_REMOTE, 28), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.resume", "virDomainResume", "domain:suspend", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 29), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.set_autostart", "virDomainSetAutostart", "domain:write", &shape_list_25, NULL },
    { OP(PROG_REMOTE, 30), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.set_max_memory", "virDomainSetMaxMemory", "domain:write", &shape_list_26, NULL },
    { OP(PROG_REMOTE, 31), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 0, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.set_memory", "virDomainSetMemory", "domain:write", &shape_list_26, NULL },
    { OP(PROG_REMOTE, 32), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.set_vcpus", "virDomainSetVcpus", "domain:write", &shape_list_27, NULL },
    { OP(PROG_REMOTE, 33), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 0, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.shutdown", "virDomainShutdown", "domain:init_control", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 34), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 0, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.suspend", "virDomainSuspend", "domain:suspend", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 35), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.undefine", "virDomainUndefine", "domain:delete", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 36), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.list_defined_networks", "virConnectListDefinedNetworks", "connect:search_networks", &shape_list_19, &shape_list_20 },
    { OP(PROG_REMOTE, 37), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.list_domains", "virConnectListDomains", "connect:search_domains", &shape_list_28, &shape_list_29 },
    { OP(PROG_REMOTE, 38), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.list_networks", "virConnectListNetworks", "connect:search_networks", &shape_list_19, &shape_list_20 },
    { OP(PROG_REMOTE, 39), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "network.create", "virNetworkCreate", "network:start", &shape_list_30, NULL },
    { OP(PROG_REMOTE, 40), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 5242880,
      "network.create_xml", "virNetworkCreateXML", "network:write+start", &shape_list_11, &shape_list_30 },
    { OP(PROG_REMOTE, 41), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 5242880,
      "network.define_xml", "virNetworkDefineXML", "network:write+save", &shape_list_11, &shape_list_30 },
    { OP(PROG_REMOTE, 42), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "network.destroy", "virNetworkDestroy", "network:stop", &shape_list_30, NULL },
    { OP(PROG_REMOTE, 43), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "network.get_xml_desc", "virNetworkGetXMLDesc", "network:read", &shape_list_31, &shape_list_11 },
    { OP(PROG_REMOTE, 44), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "network.get_autostart", "virNetworkGetAutostart", "network:read", &shape_list_30, &shape_list_13 },
    { OP(PROG_REMOTE, 45), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "network.get_bridge_name", "virNetworkGetBridgeName", "network:read", &shape_list_30, &shape_list_22 },
    { OP(PROG_REMOTE, 46), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "network.lookup_by_name", "virNetworkLookupByName", "network:getattr", &shape_list_22, &shape_list_30 },
    { OP(PROG_REMOTE, 47), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "network.lookup_by_uuid", "virNetworkLookupByUUID", "network:getattr", &shape_list_23, &shape_list_30 },
    { OP(PROG_REMOTE, 48), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "network.set_autostart", "virNetworkSetAutostart", "network:write", &shape_list_32, NULL },
    { OP(PROG_REMOTE, 49), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "network.undefine", "virNetworkUndefine", "network:delete", &shape_list_30, NULL },
    { OP(PROG_REMOTE, 50), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.num_of_defined_networks", "virConnectNumOfDefinedNetworks", "connect:search_networks", NULL, &shape_list_16 },
    { OP(PROG_REMOTE, 51), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.num_of_domains", "virConnectNumOfDomains", "connect:search_domains", NULL, &shape_list_16 },
    { OP(PROG_REMOTE, 52), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.num_of_networks", "virConnectNumOfNetworks", "connect:search_networks", NULL, &shape_list_16 },
    { OP(PROG_REMOTE, 53), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.core_dump", "virDomainCoreDump", "domain:core_dump", &shape_list_33, NULL },
    { OP(PROG_REMOTE, 54), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "domain.restore", "virDomainRestore", "domain:start+write", &shape_list_34, NULL },
    { OP(PROG_REMOTE, 55), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "domain.save", "virDomainSave", "domain:hibernate", &shape_list_35, NULL },
    { OP(PROG_REMOTE, 56), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_scheduler_type", "virDomainGetSchedulerType", "domain:read", &shape_list_9, &shape_list_36 },
    { OP(PROG_REMOTE, 57), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_scheduler_parameters", "virDomainGetSchedulerParameters", "domain:read", &shape_list_37, &shape_list_38 },
    { OP(PROG_REMOTE, 58), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "domain.set_scheduler_parameters", "virDomainSetSchedulerParameters", "domain:read", &shape_list_39, NULL },
    { OP(PROG_REMOTE, 59), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.get_hostname", "virConnectGetHostname", "connect:getattr", NULL, &shape_list_40 },
    { OP(PROG_REMOTE, 60), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.supports_feature", "virConnectSupportsFeature", "connect:getattr", &shape_list_41, &shape_list_42 },
    { OP(PROG_REMOTE, 61), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "domain.migrate_prepare", "virDomainMigratePrepare", "domain:migrate+start+write", &shape_list_43, &shape_list_44 },
    { OP(PROG_REMOTE, 62), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 16777216,
      "domain.migrate_perform", "virDomainMigratePerform", "domain:migrate", &shape_list_45, NULL },
    { OP(PROG_REMOTE, 63), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 16777216,
      "domain.migrate_finish", "virDomainMigrateFinish", "domain:migrate", &shape_list_46, &shape_list_47 },
    { OP(PROG_REMOTE, 64), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "domain.block_stats", "virDomainBlockStats", "domain:read", &shape_list_48, &shape_list_49 },
    { OP(PROG_REMOTE, 65), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "domain.interface_stats", "virDomainInterfaceStats", "domain:read", &shape_list_50, &shape_list_51 },
    { OP(PROG_REMOTE, 66), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "auth.list", "virAuthList", "", NULL, &shape_list_52 },
    { OP(PROG_REMOTE, 67), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 131072,
      "auth.sasl_init", "virAuthSaslInit", "", NULL, &shape_list_53 },
    { OP(PROG_REMOTE, 68), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 131072,
      "auth.sasl_start", "virAuthSaslStart", "", &shape_list_54, &shape_list_55 },
    { OP(PROG_REMOTE, 69), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 131072,
      "auth.sasl_step", "virAuthSaslStep", "", &shape_list_56, &shape_list_55 },
    { OP(PROG_REMOTE, 70), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "auth.polkit", "virAuthPolkit", "", NULL, &shape_list_57 },
    { OP(PROG_REMOTE, 71), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.num_of_storage_pools", "virConnectNumOfStoragePools", "connect:search_storage_pools", NULL, &shape_list_16 },
    { OP(PROG_REMOTE, 72), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.list_storage_pools", "virConnectListStoragePools", "connect:search_storage_pools", &shape_list_19, &shape_list_20 },
    { OP(PROG_REMOTE, 73), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.num_of_defined_storage_pools", "virConnectNumOfDefinedStoragePools", "connect:search_storage_pools", NULL, &shape_list_16 },
    { OP(PROG_REMOTE, 74), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.list_defined_storage_pools", "virConnectListDefinedStoragePools", "connect:search_storage_pools", &shape_list_19, &shape_list_20 },
    { OP(PROG_REMOTE, 75), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 5242880,
      "connect.find_storage_pool_sources", "virConnectFindStoragePoolSources", "connect:detect_storage_pools", &shape_list_58, &shape_list_11 },
    { OP(PROG_REMOTE, 76), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "storage_pool.create_xml", "virStoragePoolCreateXML", "storage_pool:start+write", &shape_list_59, &shape_list_60 },
    { OP(PROG_REMOTE, 77), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "storage_pool.define_xml", "virStoragePoolDefineXML", "storage_pool:write+save", &shape_list_59, &shape_list_60 },
    { OP(PROG_REMOTE, 78), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "storage_pool.create", "virStoragePoolCreate", "storage_pool:start", &shape_list_61, NULL },
    { OP(PROG_REMOTE, 79), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "storage_pool.build", "virStoragePoolBuild", "storage_pool:format", &shape_list_61, NULL },
    { OP(PROG_REMOTE, 80), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_pool.destroy", "virStoragePoolDestroy", "storage_pool:stop", &shape_list_60, NULL },
    { OP(PROG_REMOTE, 81), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "storage_pool.delete", "virStoragePoolDelete", "storage_pool:format", &shape_list_61, NULL },
    { OP(PROG_REMOTE, 82), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_pool.undefine", "virStoragePoolUndefine", "storage_pool:delete", &shape_list_60, NULL },
    { OP(PROG_REMOTE, 83), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "storage_pool.refresh", "virStoragePoolRefresh", "storage_pool:refresh", &shape_list_61, NULL },
    { OP(PROG_REMOTE, 84), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "storage_pool.lookup_by_name", "virStoragePoolLookupByName", "storage_pool:getattr", &shape_list_22, &shape_list_60 },
    { OP(PROG_REMOTE, 85), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "storage_pool.lookup_by_uuid", "virStoragePoolLookupByUUID", "storage_pool:getattr", &shape_list_23, &shape_list_60 },
    { OP(PROG_REMOTE, 86), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_pool.lookup_by_volume", "virStoragePoolLookupByVolume", "storage_pool:getattr", &shape_list_62, &shape_list_60 },
    { OP(PROG_REMOTE, 87), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_pool.get_info", "virStoragePoolGetInfo", "storage_pool:read", &shape_list_60, &shape_list_63 },
    { OP(PROG_REMOTE, 88), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "storage_pool.get_xml_desc", "virStoragePoolGetXMLDesc", "storage_pool:read", &shape_list_61, &shape_list_11 },
    { OP(PROG_REMOTE, 89), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_pool.get_autostart", "virStoragePoolGetAutostart", "storage_pool:read", &shape_list_60, &shape_list_13 },
    { OP(PROG_REMOTE, 90), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "storage_pool.set_autostart", "virStoragePoolSetAutostart", "storage_pool:write", &shape_list_64, NULL },
    { OP(PROG_REMOTE, 91), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_pool.num_of_volumes", "virStoragePoolNumOfVolumes", "storage_pool:search_storage_vols", &shape_list_60, &shape_list_16 },
    { OP(PROG_REMOTE, 92), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_pool.list_volumes", "virStoragePoolListVolumes", "storage_pool:search_storage_vols", &shape_list_65, &shape_list_20 },
    { OP(PROG_REMOTE, 93), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 5242880,
      "storage_vol.create_xml", "virStorageVolCreateXML", "storage_vol:create", &shape_list_66, &shape_list_62 },
    { OP(PROG_REMOTE, 94), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "storage_vol.delete", "virStorageVolDelete", "storage_vol:delete", &shape_list_67, NULL },
    { OP(PROG_REMOTE, 95), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_vol.lookup_by_name", "virStorageVolLookupByName", "storage_vol:getattr", &shape_list_68, &shape_list_62 },
    { OP(PROG_REMOTE, 96), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "storage_vol.lookup_by_key", "virStorageVolLookupByKey", "storage_vol:getattr", &shape_list_69, &shape_list_62 },
    { OP(PROG_REMOTE, 97), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "storage_vol.lookup_by_path", "virStorageVolLookupByPath", "storage_vol:getattr", &shape_list_70, &shape_list_62 },
    { OP(PROG_REMOTE, 98), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_vol.get_info", "virStorageVolGetInfo", "storage_vol:read", &shape_list_62, &shape_list_71 },
    { OP(PROG_REMOTE, 99), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "storage_vol.get_xml_desc", "virStorageVolGetXMLDesc", "storage_vol:read", &shape_list_67, &shape_list_11 },
    { OP(PROG_REMOTE, 100), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_vol.get_path", "virStorageVolGetPath", "storage_vol:read", &shape_list_62, &shape_list_22 },
    { OP(PROG_REMOTE, 101), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "node.get_cells_free_memory", "virNodeGetCellsFreeMemory", "connect:read", &shape_list_72, &shape_list_73 },
    { OP(PROG_REMOTE, 102), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "node.get_free_memory", "virNodeGetFreeMemory", "connect:read", NULL, &shape_list_74 },
    { OP(PROG_REMOTE, 103), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 0, 0, 0, 0, 4, 0, 0, 0x0u, 65536,
      "domain.block_peek", "virDomainBlockPeek", "domain:block_read", &shape_list_75, &shape_list_76 },
    { OP(PROG_REMOTE, 104), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 3, 0, 0, 0x0u, 4096,
      "domain.memory_peek", "virDomainMemoryPeek", "domain:mem_read", &shape_list_77, &shape_list_76 },
    { OP(PROG_REMOTE, 105), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.domain_event_register", "virConnectDomainEventRegister", "connect:search_domains", NULL, &shape_list_78 },
    { OP(PROG_REMOTE, 106), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.domain_event_deregister", "virConnectDomainEventDeregister", "connect:read", NULL, &shape_list_78 },
    { OP(PROG_REMOTE, 107), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_lifecycle", "", "", &shape_list_79, NULL },
    { OP(PROG_REMOTE, 108), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 16777216,
      "domain.migrate_prepare2", "virDomainMigratePrepare2", "domain:migrate+start+write", &shape_list_80, &shape_list_44 },
    { OP(PROG_REMOTE, 109), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 16777216,
      "domain.migrate_finish2", "virDomainMigrateFinish2", "domain:migrate", &shape_list_81, &shape_list_47 },
    { OP(PROG_REMOTE, 110), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.get_uri", "virConnectGetURI", "connect:getattr", NULL, &shape_list_82 },
    { OP(PROG_REMOTE, 111), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "node.num_of_devices", "virNodeNumOfDevices", "connect:search_node_devices", &shape_list_83, &shape_list_16 },
    { OP(PROG_REMOTE, 112), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 2, -1, 0, 0x0u, 65536,
      "node.list_devices", "virNodeListDevices", "connect:search_node_devices", &shape_list_84, &shape_list_85 },
    { OP(PROG_REMOTE, 113), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "node_device.lookup_by_name", "virNodeDeviceLookupByName", "node_device:getattr", &shape_list_22, &shape_list_86 },
    { OP(PROG_REMOTE, 114), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "node_device.get_xml_desc", "virNodeDeviceGetXMLDesc", "node_device:read", &shape_list_87, &shape_list_11 },
    { OP(PROG_REMOTE, 115), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "node_device.get_parent", "virNodeDeviceGetParent", "node_device:read", &shape_list_22, &shape_list_88 },
    { OP(PROG_REMOTE, 116), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "node_device.num_of_caps", "virNodeDeviceNumOfCaps", "node_device:read", &shape_list_22, &shape_list_16 },
    { OP(PROG_REMOTE, 117), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "node_device.list_caps", "virNodeDeviceListCaps", "node_device:read", &shape_list_89, &shape_list_85 },
    { OP(PROG_REMOTE, 118), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "node_device.dettach", "virNodeDeviceDettach", "node_device:detach", &shape_list_22, NULL },
    { OP(PROG_REMOTE, 119), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "node_device.re_attach", "virNodeDeviceReAttach", "node_device:detach", &shape_list_22, NULL },
    { OP(PROG_REMOTE, 120), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "node_device.reset", "virNodeDeviceReset", "node_device:detach", &shape_list_22, NULL },
    { OP(PROG_REMOTE, 121), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_security_label", "virDomainGetSecurityLabel", "domain:read", &shape_list_9, &shape_list_90 },
    { OP(PROG_REMOTE, 122), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "node.get_security_model", "virNodeGetSecurityModel", "connect:read", NULL, &shape_list_91 },
    { OP(PROG_REMOTE, 123), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "node_device.create_xml", "virNodeDeviceCreateXML", "node_device:write+start", &shape_list_10, &shape_list_86 },
    { OP(PROG_REMOTE, 124), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "node_device.destroy", "virNodeDeviceDestroy", "node_device:stop", &shape_list_22, NULL },
    { OP(PROG_REMOTE, 125), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 5242880,
      "storage_vol.create_xml_from", "virStorageVolCreateXMLFrom", "storage_vol:create", &shape_list_92, &shape_list_62 },
    { OP(PROG_REMOTE, 126), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.num_of_interfaces", "virConnectNumOfInterfaces", "connect:search_interfaces", NULL, &shape_list_16 },
    { OP(PROG_REMOTE, 127), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.list_interfaces", "virConnectListInterfaces", "connect:search_interfaces", &shape_list_19, &shape_list_20 },
    { OP(PROG_REMOTE, 128), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "interface.lookup_by_name", "virInterfaceLookupByName", "interface:getattr", &shape_list_22, &shape_list_93 },
    { OP(PROG_REMOTE, 129), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "interface.lookup_by_mac_string", "virInterfaceLookupByMACString", "interface:getattr", &shape_list_94, &shape_list_93 },
    { OP(PROG_REMOTE, 130), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "interface.get_xml_desc", "virInterfaceGetXMLDesc", "interface:read", &shape_list_95, &shape_list_11 },
    { OP(PROG_REMOTE, 131), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "interface.define_xml", "virInterfaceDefineXML", "interface:write+save", &shape_list_59, &shape_list_93 },
    { OP(PROG_REMOTE, 132), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "interface.undefine", "virInterfaceUndefine", "interface:delete", &shape_list_93, NULL },
    { OP(PROG_REMOTE, 133), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "interface.create", "virInterfaceCreate", "interface:start", &shape_list_95, NULL },
    { OP(PROG_REMOTE, 134), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "interface.destroy", "virInterfaceDestroy", "interface:stop", &shape_list_95, NULL },
    { OP(PROG_REMOTE, 135), OPK_CALL, CLASS_CONNECT, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 2, -1, 0, 0x0u, 5242880,
      "connect.domain_xml_from_native", "virConnectDomainXMLFromNative", "connect:write", &shape_list_96, &shape_list_97 },
    { OP(PROG_REMOTE, 136), OPK_CALL, CLASS_CONNECT, ROUTE_DOC, REPLAY_SAFE, 0, 0, 0, 0, 2, -1, 0, 0x0u, 5242880,
      "connect.domain_xml_to_native", "virConnectDomainXMLToNative", "connect:write", &shape_list_98, &shape_list_99 },
    { OP(PROG_REMOTE, 137), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.num_of_defined_interfaces", "virConnectNumOfDefinedInterfaces", "connect:search_interfaces", NULL, &shape_list_16 },
    { OP(PROG_REMOTE, 138), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.list_defined_interfaces", "virConnectListDefinedInterfaces", "connect:search_interfaces", &shape_list_19, &shape_list_20 },
    { OP(PROG_REMOTE, 139), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.num_of_secrets", "virConnectNumOfSecrets", "connect:search_secrets", NULL, &shape_list_16 },
    { OP(PROG_REMOTE, 140), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.list_secrets", "virConnectListSecrets", "connect:search_secrets", &shape_list_100, &shape_list_101 },
    { OP(PROG_REMOTE, 141), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "secret.lookup_by_uuid", "virSecretLookupByUUID", "secret:getattr", &shape_list_23, &shape_list_102 },
    { OP(PROG_REMOTE, 142), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "secret.define_xml", "virSecretDefineXML", "secret:write+save", &shape_list_59, &shape_list_102 },
    { OP(PROG_REMOTE, 143), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "secret.get_xml_desc", "virSecretGetXMLDesc", "secret:read", &shape_list_103, &shape_list_11 },
    { OP(PROG_REMOTE, 144), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 0, 0x0u, 131072,
      "secret.set_value", "virSecretSetValue", "secret:write", &shape_list_104, NULL },
    { OP(PROG_REMOTE, 145), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "secret.get_value", "virSecretGetValue", "secret:read_secure", &shape_list_103, &shape_list_105 },
    { OP(PROG_REMOTE, 146), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "secret.undefine", "virSecretUndefine", "secret:delete", &shape_list_102, NULL },
    { OP(PROG_REMOTE, 147), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "secret.lookup_by_usage", "virSecretLookupByUsage", "secret:getattr", &shape_list_106, &shape_list_102 },
    { OP(PROG_REMOTE, 148), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 1, 0, 0, -1, -1, 0, 0x0u, 16777216,
      "domain.migrate_prepare_tunnel", "virDomainMigratePrepareTunnel", "domain:migrate+start+write", &shape_list_107, NULL },
    { OP(PROG_REMOTE, 149), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.is_secure", "virConnectIsSecure", "", NULL, &shape_list_108 },
    { OP(PROG_REMOTE, 150), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.is_active", "virDomainIsActive", "domain:read", &shape_list_9, &shape_list_109 },
    { OP(PROG_REMOTE, 151), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.is_persistent", "virDomainIsPersistent", "domain:read", &shape_list_9, &shape_list_110 },
    { OP(PROG_REMOTE, 152), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "network.is_active", "virNetworkIsActive", "network:read", &shape_list_30, &shape_list_109 },
    { OP(PROG_REMOTE, 153), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "network.is_persistent", "virNetworkIsPersistent", "network:read", &shape_list_30, &shape_list_110 },
    { OP(PROG_REMOTE, 154), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_pool.is_active", "virStoragePoolIsActive", "storage_pool:read", &shape_list_60, &shape_list_109 },
    { OP(PROG_REMOTE, 155), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "storage_pool.is_persistent", "virStoragePoolIsPersistent", "storage_pool:read", &shape_list_60, &shape_list_110 },
    { OP(PROG_REMOTE, 156), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "interface.is_active", "virInterfaceIsActive", "interface:read", &shape_list_93, &shape_list_109 },
    { OP(PROG_REMOTE, 157), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.get_lib_version", "virConnectGetLibVersion", "connect:getattr", NULL, &shape_list_111 },
    { OP(PROG_REMOTE, 158), OPK_CALL, CLASS_CONNECT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "connect.compare_cpu", "virConnectCompareCPU", "connect:read", &shape_list_59, &shape_list_112 },
    { OP(PROG_REMOTE, 159), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.memory_stats", "virDomainMemoryStats", "domain:read", &shape_list_113, &shape_list_114 },
    { OP(PROG_REMOTE, 160), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 3, 0x0u, 5242880,
      "domain.attach_device_flags", "virDomainAttachDeviceFlags", "domain:write+save?config", &shape_list_115, NULL },
    { OP(PROG_REMOTE, 161), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 3, 0x0u, 5242880,
      "domain.detach_device_flags", "virDomainDetachDeviceFlags", "domain:write+save?config", &shape_list_115, NULL },
    { OP(PROG_REMOTE, 162), OPK_CALL, CLASS_CONNECT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "connect.baseline_cpu", "virConnectBaselineCPU", "connect:read", &shape_list_116, &shape_list_117 },
    { OP(PROG_REMOTE, 163), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_job_info", "virDomainGetJobInfo", "domain:read", &shape_list_9, &shape_list_118 },
    { OP(PROG_REMOTE, 164), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.abort_job", "virDomainAbortJob", "domain:write", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 165), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "storage_vol.wipe", "virStorageVolWipe", "storage_vol:format", &shape_list_67, NULL },
    { OP(PROG_REMOTE, 166), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.migrate_set_max_downtime", "virDomainMigrateSetMaxDowntime", "domain:migrate", &shape_list_119, NULL },
    { OP(PROG_REMOTE, 167), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.domain_event_register_any", "virConnectDomainEventRegisterAny", "connect:search_domains", &shape_list_120, NULL },
    { OP(PROG_REMOTE, 168), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.domain_event_deregister_any", "virConnectDomainEventDeregisterAny", "connect:read", &shape_list_120, NULL },
    { OP(PROG_REMOTE, 169), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_reboot", "", "", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 170), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_rtc_change", "", "", &shape_list_121, NULL },
    { OP(PROG_REMOTE, 171), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_watchdog", "", "", &shape_list_122, NULL },
    { OP(PROG_REMOTE, 172), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_io_error", "", "", &shape_list_123, NULL },
    { OP(PROG_REMOTE, 173), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_graphics", "", "", &shape_list_124, NULL },
    { OP(PROG_REMOTE, 174), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 3, 0x0u, 5242880,
      "domain.update_device_flags", "virDomainUpdateDeviceFlags", "domain:write+save?config", &shape_list_115, NULL },
    { OP(PROG_REMOTE, 175), OPK_CALL, CLASS_NWFILTER, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "nwfilter.lookup_by_name", "virNWFilterLookupByName", "nwfilter:getattr", &shape_list_22, &shape_list_125 },
    { OP(PROG_REMOTE, 176), OPK_CALL, CLASS_NWFILTER, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "nwfilter.lookup_by_uuid", "virNWFilterLookupByUUID", "nwfilter:getattr", &shape_list_23, &shape_list_125 },
    { OP(PROG_REMOTE, 177), OPK_CALL, CLASS_NWFILTER, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "nwfilter.get_xml_desc", "virNWFilterGetXMLDesc", "nwfilter:read", &shape_list_126, &shape_list_11 },
    { OP(PROG_REMOTE, 178), OPK_CALL, CLASS_NWFILTER, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.num_of_nwfilters", "virConnectNumOfNWFilters", "connect:search_nwfilters", NULL, &shape_list_16 },
    { OP(PROG_REMOTE, 179), OPK_CALL, CLASS_NWFILTER, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.list_nwfilters", "virConnectListNWFilters", "connect:search_nwfilters", &shape_list_19, &shape_list_20 },
    { OP(PROG_REMOTE, 180), OPK_CALL, CLASS_NWFILTER, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 5242880,
      "nwfilter.define_xml", "virNWFilterDefineXML", "nwfilter:write+save", &shape_list_11, &shape_list_125 },
    { OP(PROG_REMOTE, 181), OPK_CALL, CLASS_NWFILTER, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "nwfilter.undefine", "virNWFilterUndefine", "nwfilter:delete", &shape_list_125, NULL },
    { OP(PROG_REMOTE, 182), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.managed_save", "virDomainManagedSave", "domain:hibernate", &shape_list_12, NULL },
    { OP(PROG_REMOTE, 183), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.has_managed_save_image", "virDomainHasManagedSaveImage", "domain:read", &shape_list_12, &shape_list_112 },
    { OP(PROG_REMOTE, 184), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.managed_save_remove", "virDomainManagedSaveRemove", "domain:hibernate", &shape_list_12, NULL },
    { OP(PROG_REMOTE, 185), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 5242880,
      "domain.snapshot_create_xml", "virDomainSnapshotCreateXML", "domain:snapshot+fs_freeze?0x40", &shape_list_127, &shape_list_128 },
    { OP(PROG_REMOTE, 186), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x1u, 4096,
      "domain.snapshot_get_xml_desc", "virDomainSnapshotGetXMLDesc", "domain:read+read_secure?0x1", &shape_list_129, &shape_list_11 },
    { OP(PROG_REMOTE, 187), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.snapshot_num", "virDomainSnapshotNum", "domain:read", &shape_list_12, &shape_list_16 },
    { OP(PROG_REMOTE, 188), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.snapshot_list_names", "virDomainSnapshotListNames", "domain:read", &shape_list_130, &shape_list_20 },
    { OP(PROG_REMOTE, 189), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.snapshot_lookup_by_name", "virDomainSnapshotLookupByName", "domain:read", &shape_list_131, &shape_list_128 },
    { OP(PROG_REMOTE, 190), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.has_current_snapshot", "virDomainHasCurrentSnapshot", "domain:read", &shape_list_12, &shape_list_112 },
    { OP(PROG_REMOTE, 191), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.snapshot_current", "virDomainSnapshotCurrent", "domain:read", &shape_list_12, &shape_list_128 },
    { OP(PROG_REMOTE, 192), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.revert_to_snapshot", "virDomainRevertToSnapshot", "domain:snapshot", &shape_list_129, NULL },
    { OP(PROG_REMOTE, 193), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.snapshot_delete", "virDomainSnapshotDelete", "domain:snapshot", &shape_list_129, NULL },
    { OP(PROG_REMOTE, 194), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.get_block_info", "virDomainGetBlockInfo", "domain:read", &shape_list_132, &shape_list_133 },
    { OP(PROG_REMOTE, 195), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_io_error_reason", "", "", &shape_list_134, NULL },
    { OP(PROG_REMOTE, 196), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.create_with_flags", "virDomainCreateWithFlags", "domain:start", &shape_list_12, &shape_list_9 },
    { OP(PROG_REMOTE, 197), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 3, 0x0u, 65536,
      "domain.set_memory_parameters", "virDomainSetMemoryParameters", "domain:write+save?config", &shape_list_135, NULL },
    { OP(PROG_REMOTE, 198), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 3, 0x0u, 4096,
      "domain.get_memory_parameters", "virDomainGetMemoryParameters", "domain:read", &shape_list_136, &shape_list_137 },
    { OP(PROG_REMOTE, 199), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 3, 0x0u, 4096,
      "domain.set_vcpus_flags", "virDomainSetVcpusFlags", "domain:write+save?config+write?0x8", &shape_list_138, NULL },
    { OP(PROG_REMOTE, 200), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 3, 0x8u, 4096,
      "domain.get_vcpus_flags", "virDomainGetVcpusFlags", "domain:read+write?0x8", &shape_list_12, &shape_list_16 },
    { OP(PROG_REMOTE, 201), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 1, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.open_console", "virDomainOpenConsole", "domain:open_device", &shape_list_139, NULL },
    { OP(PROG_REMOTE, 202), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.is_updated", "virDomainIsUpdated", "domain:read", &shape_list_9, &shape_list_140 },
    { OP(PROG_REMOTE, 203), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 1, 0, 0, 0, 0, -1, 0, 0x0u, 4096,
      "connect.get_sysinfo", "virConnectGetSysinfo", "connect:read", &shape_list_141, &shape_list_142 },
    { OP(PROG_REMOTE, 204), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 3, 0x0u, 4096,
      "domain.set_memory_flags", "virDomainSetMemoryFlags", "domain:write+save?config", &shape_list_143, NULL },
    { OP(PROG_REMOTE, 205), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 3, 0x0u, 65536,
      "domain.set_blkio_parameters", "virDomainSetBlkioParameters", "domain:write+save?config", &shape_list_135, NULL },
    { OP(PROG_REMOTE, 206), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 3, 0x0u, 4096,
      "domain.get_blkio_parameters", "virDomainGetBlkioParameters", "domain:read", &shape_list_136, &shape_list_137 },
    { OP(PROG_REMOTE, 207), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.migrate_set_max_speed", "virDomainMigrateSetMaxSpeed", "domain:migrate", &shape_list_144, NULL },
    { OP(PROG_REMOTE, 208), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 1, 0, 0, 3, 0, 0, 0x0u, 65536,
      "storage_vol.upload", "virStorageVolUpload", "storage_vol:data_write", &shape_list_145, NULL },
    { OP(PROG_REMOTE, 209), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 1, 0, 0, 3, 0, 0, 0x0u, 65536,
      "storage_vol.download", "virStorageVolDownload", "storage_vol:data_read", &shape_list_145, NULL },
    { OP(PROG_REMOTE, 210), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.inject_nmi", "virDomainInjectNMI", "domain:inject_nmi", &shape_list_12, NULL },
    { OP(PROG_REMOTE, 211), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 1, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.screenshot", "virDomainScreenshot", "domain:screenshot", &shape_list_146, &shape_list_147 },
    { OP(PROG_REMOTE, 212), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.get_state", "virDomainGetState", "domain:read", &shape_list_12, &shape_list_148 },
    { OP(PROG_REMOTE, 213), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 16777216,
      "domain.migrate_begin3", "virDomainMigrateBegin3", "domain:migrate", &shape_list_149, &shape_list_150 },
    { OP(PROG_REMOTE, 214), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 16777216,
      "domain.migrate_prepare3", "virDomainMigratePrepare3", "domain:migrate+start+write", &shape_list_151, &shape_list_152 },
    { OP(PROG_REMOTE, 215), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 1, 0, 0, -1, -1, 0, 0x0u, 16777216,
      "domain.migrate_prepare_tunnel3", "virDomainMigratePrepareTunnel3", "domain:migrate+start+write", &shape_list_153, &shape_list_154 },
    { OP(PROG_REMOTE, 216), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 16777216,
      "domain.migrate_perform3", "virDomainMigratePerform3", "domain:migrate", &shape_list_155, &shape_list_154 },
    { OP(PROG_REMOTE, 217), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 16777216,
      "domain.migrate_finish3", "virDomainMigrateFinish3", "domain:migrate", &shape_list_156, &shape_list_157 },
    { OP(PROG_REMOTE, 218), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 16777216,
      "domain.migrate_confirm3", "virDomainMigrateConfirm3", "domain:migrate", &shape_list_158, NULL },
    { OP(PROG_REMOTE, 219), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 3, 0x0u, 65536,
      "domain.set_scheduler_parameters_flags", "virDomainSetSchedulerParametersFlags", "domain:write+save?config", &shape_list_135, NULL },
    { OP(PROG_REMOTE, 220), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 0, -1, 0, 0x0u, 65536,
      "interface.change_begin", "virInterfaceChangeBegin", "connect:interface_transaction", &shape_list_141, NULL },
    { OP(PROG_REMOTE, 221), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 0, -1, 0, 0x0u, 65536,
      "interface.change_commit", "virInterfaceChangeCommit", "connect:interface_transaction", &shape_list_141, NULL },
    { OP(PROG_REMOTE, 222), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 0, -1, 0, 0x0u, 65536,
      "interface.change_rollback", "virInterfaceChangeRollback", "connect:interface_transaction", &shape_list_141, NULL },
    { OP(PROG_REMOTE, 223), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 3, 0x0u, 4096,
      "domain.get_scheduler_parameters_flags", "virDomainGetSchedulerParametersFlags", "domain:read", &shape_list_136, &shape_list_38 },
    { OP(PROG_REMOTE, 224), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_control_error", "", "", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 225), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 3, 0x0u, 65536,
      "domain.pin_vcpu_flags", "virDomainPinVcpuFlags", "domain:write+save?config", &shape_list_159, NULL },
    { OP(PROG_REMOTE, 226), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 0, 0, 0, 4, 0, 0, 0x0u, 65536,
      "domain.send_key", "virDomainSendKey", "domain:send_input", &shape_list_160, NULL },
    { OP(PROG_REMOTE, 227), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 1, 0, 0, 0, 2, -1, 0, 0x0u, 4096,
      "node.get_cpu_stats", "virNodeGetCPUStats", "connect:read", &shape_list_161, &shape_list_162 },
    { OP(PROG_REMOTE, 228), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 1, 0, 0, 0, 2, -1, 0, 0x0u, 4096,
      "node.get_memory_stats", "virNodeGetMemoryStats", "connect:read", &shape_list_163, &shape_list_164 },
    { OP(PROG_REMOTE, 229), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.get_control_info", "virDomainGetControlInfo", "domain:read", &shape_list_12, &shape_list_165 },
    { OP(PROG_REMOTE, 230), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 3, 0, 3, 0x0u, 4096,
      "domain.get_vcpu_pin_info", "virDomainGetVcpuPinInfo", "domain:read", &shape_list_166, &shape_list_167 },
    { OP(PROG_REMOTE, 231), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.undefine_flags", "virDomainUndefineFlags", "domain:delete", &shape_list_12, NULL },
    { OP(PROG_REMOTE, 232), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 5242880,
      "domain.save_flags", "virDomainSaveFlags", "domain:hibernate", &shape_list_168, NULL },
    { OP(PROG_REMOTE, 233), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 5242880,
      "domain.restore_flags", "virDomainRestoreFlags", "domain:start+write", &shape_list_169, NULL },
    { OP(PROG_REMOTE, 234), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.destroy_flags", "virDomainDestroyFlags", "domain:stop", &shape_list_12, NULL },
    { OP(PROG_REMOTE, 235), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "domain.save_image_get_xml_desc", "virDomainSaveImageGetXMLDesc", "domain:write", &shape_list_170, &shape_list_11 },
    { OP(PROG_REMOTE, 236), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 5242880,
      "domain.save_image_define_xml", "virDomainSaveImageDefineXML", "domain:write+hibernate", &shape_list_171, NULL },
    { OP(PROG_REMOTE, 237), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.block_job_abort", "virDomainBlockJobAbort", "domain:write", &shape_list_132, NULL },
    { OP(PROG_REMOTE, 238), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.get_block_job_info", "virDomainGetBlockJobInfo", "domain:read", &shape_list_132, &shape_list_172 },
    { OP(PROG_REMOTE, 239), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "domain.block_job_set_speed", "virDomainBlockJobSetSpeed", "domain:write", &shape_list_173, NULL },
    { OP(PROG_REMOTE, 240), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "domain.block_pull", "virDomainBlockPull", "domain:block_write", &shape_list_173, NULL },
    { OP(PROG_REMOTE, 241), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_block_job", "", "", &shape_list_174, NULL },
    { OP(PROG_REMOTE, 242), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "domain.migrate_get_max_speed", "virDomainMigrateGetMaxSpeed", "domain:migrate", &shape_list_12, &shape_list_175 },
    { OP(PROG_REMOTE, 243), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "domain.block_stats_flags", "virDomainBlockStatsFlags", "domain:read", &shape_list_176, &shape_list_137 },
    { OP(PROG_REMOTE, 244), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.snapshot_get_parent", "virDomainSnapshotGetParent", "domain:read", &shape_list_129, &shape_list_128 },
    { OP(PROG_REMOTE, 245), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.reset", "virDomainReset", "domain:reset", &shape_list_12, NULL },
    { OP(PROG_REMOTE, 246), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.snapshot_num_children", "virDomainSnapshotNumChildren", "domain:read", &shape_list_129, &shape_list_16 },
    { OP(PROG_REMOTE, 247), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.snapshot_list_children_names", "virDomainSnapshotListChildrenNames", "domain:read", &shape_list_177, &shape_list_20 },
    { OP(PROG_REMOTE, 248), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_disk_change", "", "", &shape_list_178, NULL },
    { OP(PROG_REMOTE, 249), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 0, 1, 0, 2, 0, 0, 0x0u, 4096,
      "domain.open_graphics", "virDomainOpenGraphics", "domain:open_graphics", &shape_list_179, NULL },
    { OP(PROG_REMOTE, 250), OPK_CALL, CLASS_CONNECT, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 4096,
      "node.suspend_for_duration", "virNodeSuspendForDuration", "connect:pm_control", &shape_list_180, NULL },
    { OP(PROG_REMOTE, 251), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "domain.block_resize", "virDomainBlockResize", "domain:block_write", &shape_list_181, NULL },
    { OP(PROG_REMOTE, 252), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 3, 0, 3, 0x0u, 65536,
      "domain.set_block_io_tune", "virDomainSetBlockIoTune", "domain:write+save?config", &shape_list_182, NULL },
    { OP(PROG_REMOTE, 253), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 3, 0, 3, 0x0u, 65536,
      "domain.get_block_io_tune", "virDomainGetBlockIoTune", "domain:read", &shape_list_183, &shape_list_184 },
    { OP(PROG_REMOTE, 254), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 3, 0x0u, 65536,
      "domain.set_numa_parameters", "virDomainSetNumaParameters", "domain:write+save?config", &shape_list_135, NULL },
    { OP(PROG_REMOTE, 255), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 3, 0x0u, 4096,
      "domain.get_numa_parameters", "virDomainGetNumaParameters", "domain:read", &shape_list_136, &shape_list_137 },
    { OP(PROG_REMOTE, 256), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 3, 0, 3, 0x0u, 65536,
      "domain.set_interface_parameters", "virDomainSetInterfaceParameters", "domain:write+save?config", &shape_list_185, NULL },
    { OP(PROG_REMOTE, 257), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 3, 0, 3, 0x0u, 65536,
      "domain.get_interface_parameters", "virDomainGetInterfaceParameters", "domain:read", &shape_list_186, &shape_list_137 },
    { OP(PROG_REMOTE, 258), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.shutdown_flags", "virDomainShutdownFlags", "domain:init_control+write?0x2", &shape_list_12, NULL },
    { OP(PROG_REMOTE, 259), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "storage_vol.wipe_pattern", "virStorageVolWipePattern", "storage_vol:format", &shape_list_187, NULL },
    { OP(PROG_REMOTE, 260), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "storage_vol.resize", "virStorageVolResize", "storage_vol:resize", &shape_list_188, NULL },
    { OP(PROG_REMOTE, 261), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 4096,
      "domain.pm_suspend_for_duration", "virDomainPMSuspendForDuration", "domain:pm_control", &shape_list_189, NULL },
    { OP(PROG_REMOTE, 262), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, 4, 0, 0, 0x0u, 4096,
      "domain.get_cpu_stats", "virDomainGetCPUStats", "domain:read", &shape_list_190, &shape_list_191 },
    { OP(PROG_REMOTE, 263), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.get_disk_errors", "virDomainGetDiskErrors", "domain:read", &shape_list_192, &shape_list_193 },
    { OP(PROG_REMOTE, 264), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 0, 0, 0, 0, 5, 0, 3, 0x0u, 5242880,
      "domain.set_metadata", "virDomainSetMetadata", "domain:write+save?config", &shape_list_194, NULL },
    { OP(PROG_REMOTE, 265), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 3, 0, 3, 0x0u, 65536,
      "domain.get_metadata", "virDomainGetMetadata", "domain:read", &shape_list_195, &shape_list_196 },
    { OP(PROG_REMOTE, 266), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 4, 0, 0, 0x0u, 65536,
      "domain.block_rebase", "virDomainBlockRebase", "domain:block_write", &shape_list_197, NULL },
    { OP(PROG_REMOTE, 267), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.pm_wakeup", "virDomainPMWakeup", "domain:pm_control", &shape_list_12, NULL },
    { OP(PROG_REMOTE, 268), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_tray_change", "", "", &shape_list_198, NULL },
    { OP(PROG_REMOTE, 269), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_pmwakeup", "", "", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 270), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_pmsuspend", "", "", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 271), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.snapshot_is_current", "virDomainSnapshotIsCurrent", "domain:read", &shape_list_129, &shape_list_199 },
    { OP(PROG_REMOTE, 272), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.snapshot_has_metadata", "virDomainSnapshotHasMetadata", "domain:read", &shape_list_129, &shape_list_200 },
    { OP(PROG_REMOTE, 273), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 4096,
      "connect.list_all_domains", "virConnectListAllDomains", "connect:search_domains", &shape_list_201, &shape_list_202 },
    { OP(PROG_REMOTE, 274), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.list_all_snapshots", "virDomainListAllSnapshots", "domain:read", &shape_list_203, &shape_list_204 },
    { OP(PROG_REMOTE, 275), OPK_CALL, CLASS_SNAPSHOT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.snapshot_list_all_children", "virDomainSnapshotListAllChildren", "domain:read", &shape_list_205, &shape_list_204 },
    { OP(PROG_REMOTE, 276), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_balloon_change", "", "", &shape_list_206, NULL },
    { OP(PROG_REMOTE, 277), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.get_hostname", "virDomainGetHostname", "domain:write", &shape_list_12, &shape_list_40 },
    { OP(PROG_REMOTE, 278), OPK_CALL, CLASS_DOMAIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_security_label_list", "virDomainGetSecurityLabelList", "domain:read", &shape_list_9, &shape_list_207 },
    { OP(PROG_REMOTE, 279), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 3, 0x0u, 65536,
      "domain.pin_emulator", "virDomainPinEmulator", "domain:write+save?config", &shape_list_208, NULL },
    { OP(PROG_REMOTE, 280), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 3, 0x0u, 4096,
      "domain.get_emulator_pin_info", "virDomainGetEmulatorPinInfo", "domain:read", &shape_list_209, &shape_list_210 },
    { OP(PROG_REMOTE, 281), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "connect.list_all_storage_pools", "virConnectListAllStoragePools", "connect:search_storage_pools", &shape_list_201, &shape_list_211 },
    { OP(PROG_REMOTE, 282), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "storage_pool.list_all_volumes", "virStoragePoolListAllVolumes", "storage_pool:search_storage_vols", &shape_list_212, &shape_list_213 },
    { OP(PROG_REMOTE, 283), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "connect.list_all_networks", "virConnectListAllNetworks", "connect:search_networks", &shape_list_201, &shape_list_214 },
    { OP(PROG_REMOTE, 284), OPK_CALL, CLASS_INTERFACE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "connect.list_all_interfaces", "virConnectListAllInterfaces", "connect:search_interfaces", &shape_list_201, &shape_list_215 },
    { OP(PROG_REMOTE, 285), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "connect.list_all_node_devices", "virConnectListAllNodeDevices", "connect:search_node_devices", &shape_list_201, &shape_list_216 },
    { OP(PROG_REMOTE, 286), OPK_CALL, CLASS_NWFILTER, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "connect.list_all_nwfilters", "virConnectListAllNWFilters", "connect:search_nwfilters", &shape_list_201, &shape_list_217 },
    { OP(PROG_REMOTE, 287), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "connect.list_all_secrets", "virConnectListAllSecrets", "connect:search_secrets", &shape_list_201, &shape_list_218 },
    { OP(PROG_REMOTE, 288), OPK_CALL, CLASS_CONNECT, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "node.set_memory_parameters", "virNodeSetMemoryParameters", "connect:write", &shape_list_219, NULL },
    { OP(PROG_REMOTE, 289), OPK_CALL, CLASS_CONNECT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 4096,
      "node.get_memory_parameters", "virNodeGetMemoryParameters", "connect:read", &shape_list_220, &shape_list_221 },
    { OP(PROG_REMOTE, 290), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 5, 0, 0, 0x0u, 65536,
      "domain.block_commit", "virDomainBlockCommit", "domain:block_write", &shape_list_222, NULL },
    { OP(PROG_REMOTE, 291), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 5, 0, 0, 0x0u, 5242880,
      "network.update", "virNetworkUpdate", "network:write+save?config", &shape_list_223, NULL },
    { OP(PROG_REMOTE, 292), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_pmsuspend_disk", "", "", &shape_list_9, NULL },
    { OP(PROG_REMOTE, 293), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 1, 0, 0, 0, 2, -1, 0, 0x0u, 4096,
      "node.get_cpu_map", "virNodeGetCPUMap", "connect:read", &shape_list_224, &shape_list_225 },
    { OP(PROG_REMOTE, 294), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "domain.fstrim", "virDomainFSTrim", "domain:fs_trim", &shape_list_226, NULL },
    { OP(PROG_REMOTE, 295), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 4096,
      "domain.send_process_signal", "virDomainSendProcessSignal", "domain:send_signal", &shape_list_227, NULL },
    { OP(PROG_REMOTE, 296), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 1, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.open_channel", "virDomainOpenChannel", "domain:open_device", &shape_list_228, NULL },
    { OP(PROG_REMOTE, 297), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 2, -1, 0, 0x0u, 65536,
      "node_device.lookup_scsi_host_by_wwn", "virNodeDeviceLookupSCSIHostByWWN", "node_device:getattr", &shape_list_229, &shape_list_86 },
    { OP(PROG_REMOTE, 298), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.get_job_stats", "virDomainGetJobStats", "domain:read", &shape_list_12, &shape_list_230 },
    { OP(PROG_REMOTE, 299), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "domain.migrate_get_compression_cache", "virDomainMigrateGetCompressionCache", "domain:migrate", &shape_list_12, &shape_list_231 },
    { OP(PROG_REMOTE, 300), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.migrate_set_compression_cache", "virDomainMigrateSetCompressionCache", "domain:migrate", &shape_list_232, NULL },
    { OP(PROG_REMOTE, 301), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 65536,
      "node_device.detach_flags", "virNodeDeviceDetachFlags", "node_device:detach", &shape_list_233, NULL },
    { OP(PROG_REMOTE, 302), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 16777216,
      "domain.migrate_begin3_params", "virDomainMigrateBegin3Params", "domain:migrate", &shape_list_234, &shape_list_150 },
    { OP(PROG_REMOTE, 303), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 16777216,
      "domain.migrate_prepare3_params", "virDomainMigratePrepare3Params", "domain:migrate+start+write", &shape_list_235, &shape_list_152 },
    { OP(PROG_REMOTE, 304), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 1, 0, 0, 2, -1, 0, 0x0u, 16777216,
      "domain.migrate_prepare_tunnel3_params", "virDomainMigratePrepareTunnel3Params", "domain:migrate+start+write", &shape_list_235, &shape_list_154 },
    { OP(PROG_REMOTE, 305), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 4, 0, 0, 0x0u, 16777216,
      "domain.migrate_perform3_params", "virDomainMigratePerform3Params", "domain:migrate", &shape_list_236, &shape_list_154 },
    { OP(PROG_REMOTE, 306), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 16777216,
      "domain.migrate_finish3_params", "virDomainMigrateFinish3Params", "domain:migrate", &shape_list_237, &shape_list_157 },
    { OP(PROG_REMOTE, 307), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 16777216,
      "domain.migrate_confirm3_params", "virDomainMigrateConfirm3Params", "domain:migrate", &shape_list_238, NULL },
    { OP(PROG_REMOTE, 308), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 3, 0x0u, 4096,
      "domain.set_memory_stats_period", "virDomainSetMemoryStatsPeriod", "domain:write+save?config", &shape_list_239, NULL },
    { OP(PROG_REMOTE, 309), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 1, 0, 1, -1, 0, 0x0u, 5242880,
      "domain.create_xml_with_files", "virDomainCreateXMLWithFiles", "domain:write+start", &shape_list_10, &shape_list_9 },
    { OP(PROG_REMOTE, 310), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 1, 0, 1, 0, 0, 0x0u, 4096,
      "domain.create_with_files", "virDomainCreateWithFiles", "domain:start", &shape_list_12, &shape_list_9 },
    { OP(PROG_REMOTE, 311), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 0,
      "domain.event_device_removed", "", "", &shape_list_240, NULL },
    { OP(PROG_REMOTE, 312), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 1, 0, 0, 0, 2, -1, 0, 0x0u, 65536,
      "connect.get_cpu_model_names", "virConnectGetCPUModelNames", "connect:read", &shape_list_241, &shape_list_242 },
    { OP(PROG_REMOTE, 313), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.network_event_register_any", "virConnectNetworkEventRegisterAny", "connect:search_networks", &shape_list_243, &shape_list_244 },
    { OP(PROG_REMOTE, 314), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.network_event_deregister_any", "virConnectNetworkEventDeregisterAny", "connect:read", &shape_list_244, NULL },
    { OP(PROG_REMOTE, 315), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "network.event_lifecycle", "", "", &shape_list_245, NULL },
    { OP(PROG_REMOTE, 316), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.domain_event_callback_register_any", "virConnectDomainEventRegisterAny", "connect:search_domains", &shape_list_246, &shape_list_244 },
    { OP(PROG_REMOTE, 317), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.domain_event_callback_deregister_any", "virConnectDomainEventDeregisterAny", "connect:read", &shape_list_244, NULL },
    { OP(PROG_REMOTE, 318), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_lifecycle", "", "", &shape_list_247, NULL },
    { OP(PROG_REMOTE, 319), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_reboot", "", "", &shape_list_248, NULL },
    { OP(PROG_REMOTE, 320), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_rtc_change", "", "", &shape_list_249, NULL },
    { OP(PROG_REMOTE, 321), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_watchdog", "", "", &shape_list_250, NULL },
    { OP(PROG_REMOTE, 322), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_io_error", "", "", &shape_list_251, NULL },
    { OP(PROG_REMOTE, 323), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_graphics", "", "", &shape_list_252, NULL },
    { OP(PROG_REMOTE, 324), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_io_error_reason", "", "", &shape_list_253, NULL },
    { OP(PROG_REMOTE, 325), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_control_error", "", "", &shape_list_254, NULL },
    { OP(PROG_REMOTE, 326), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_block_job", "", "", &shape_list_255, NULL },
    { OP(PROG_REMOTE, 327), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_disk_change", "", "", &shape_list_256, NULL },
    { OP(PROG_REMOTE, 328), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_tray_change", "", "", &shape_list_257, NULL },
    { OP(PROG_REMOTE, 329), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_pmwakeup", "", "", &shape_list_258, NULL },
    { OP(PROG_REMOTE, 330), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_pmsuspend", "", "", &shape_list_259, NULL },
    { OP(PROG_REMOTE, 331), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_balloon_change", "", "", &shape_list_260, NULL },
    { OP(PROG_REMOTE, 332), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_pmsuspend_disk", "", "", &shape_list_261, NULL },
    { OP(PROG_REMOTE, 333), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "domain.event_callback_device_removed", "", "", &shape_list_262, NULL },
    { OP(PROG_REMOTE, 334), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "domain.core_dump_with_format", "virDomainCoreDumpWithFormat", "domain:core_dump", &shape_list_263, NULL },
    { OP(PROG_REMOTE, 335), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.fsfreeze", "virDomainFSFreeze", "domain:fs_freeze", &shape_list_264, &shape_list_265 },
    { OP(PROG_REMOTE, 336), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.fsthaw", "virDomainFSThaw", "domain:fs_freeze", &shape_list_264, &shape_list_265 },
    { OP(PROG_REMOTE, 337), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.get_time", "virDomainGetTime", "domain:write", &shape_list_12, &shape_list_266 },
    { OP(PROG_REMOTE, 338), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 0, 0, 0, 0, 3, 0, 0, 0x0u, 4096,
      "domain.set_time", "virDomainSetTime", "domain:set_time", &shape_list_267, NULL },
    { OP(PROG_REMOTE, 339), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_block_job_2", "", "", &shape_list_268, NULL },
    { OP(PROG_REMOTE, 340), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 1, 0, 0, 0, 3, -1, 0, 0x0u, 65536,
      "node.get_free_pages", "virNodeGetFreePages", "connect:read", &shape_list_269, &shape_list_270 },
    { OP(PROG_REMOTE, 341), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "network.get_dhcp_leases", "virNetworkGetDHCPLeases", "network:read", &shape_list_271, &shape_list_272 },
    { OP(PROG_REMOTE, 342), OPK_CALL, CLASS_CONNECT, ROUTE_HOST, REPLAY_SAFE, 0, 0, 0, 0, 4, -1, 0, 0x0u, 65536,
      "connect.get_domain_capabilities", "virConnectGetDomainCapabilities", "connect:write", &shape_list_273, &shape_list_7 },
    { OP(PROG_REMOTE, 343), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 0, 0, 1, 2, 0, 0, 0x0u, 4096,
      "domain.open_graphics_fd", "virDomainOpenGraphicsFD", "domain:open_graphics", &shape_list_179, NULL },
    { OP(PROG_REMOTE, 344), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 2, -1, 0, 0x0u, 8388608,
      "connect.get_all_domain_stats", "virDomainListGetStats", "connect:search_domains", &shape_list_274, &shape_list_275 },
    { OP(PROG_REMOTE, 345), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 4, 0, 0, 0x0u, 5242880,
      "domain.block_copy", "virDomainBlockCopy", "domain:block_write", &shape_list_276, NULL },
    { OP(PROG_REMOTE, 346), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_callback_tunable", "", "", &shape_list_277, NULL },
    { OP(PROG_REMOTE, 347), OPK_CALL, CLASS_CONNECT, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 4, -1, 0, 0x0u, 65536,
      "node.alloc_pages", "virNodeAllocPages", "connect:write", &shape_list_278, &shape_list_279 },
    { OP(PROG_REMOTE, 348), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_callback_agent_lifecycle", "", "", &shape_list_280, NULL },
    { OP(PROG_REMOTE, 349), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.get_fsinfo", "virDomainGetFSInfo", "domain:fs_freeze", &shape_list_12, &shape_list_281 },
    { OP(PROG_REMOTE, 350), OPK_CALL, CLASS_DOMAIN, ROUTE_SUPERVISOR, REPLAY_SAFE, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "domain.define_xml_flags", "virDomainDefineXMLFlags", "domain:write+save", &shape_list_59, &shape_list_9 },
    { OP(PROG_REMOTE, 351), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 3, 0x0u, 4096,
      "domain.get_iothread_info", "virDomainGetIOThreadInfo", "domain:read", &shape_list_12, &shape_list_282 },
    { OP(PROG_REMOTE, 352), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 3, 0x0u, 65536,
      "domain.pin_iothread", "virDomainPinIOThread", "domain:write+save?config", &shape_list_283, NULL },
    { OP(PROG_REMOTE, 353), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.interface_addresses", "virDomainInterfaceAddresses", "domain:read+write?source=1", &shape_list_284, &shape_list_285 },
    { OP(PROG_REMOTE, 354), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_callback_device_added", "", "", &shape_list_286, NULL },
    { OP(PROG_REMOTE, 355), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 3, 0x0u, 4096,
      "domain.add_iothread", "virDomainAddIOThread", "domain:write+save?config", &shape_list_287, NULL },
    { OP(PROG_REMOTE, 356), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 3, 0x0u, 4096,
      "domain.del_iothread", "virDomainDelIOThread", "domain:write+save?config", &shape_list_287, NULL },
    { OP(PROG_REMOTE, 357), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "domain.set_user_password", "virDomainSetUserPassword", "domain:set_password", &shape_list_288, NULL },
    { OP(PROG_REMOTE, 358), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.rename", "virDomainRename", "domain:write+save", &shape_list_289, &shape_list_290 },
    { OP(PROG_REMOTE, 359), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_callback_migration_iteration", "", "", &shape_list_291, NULL },
    { OP(PROG_REMOTE, 360), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.register_close_callback", "virConnectRegisterCloseCallback", "connect:getattr", NULL, NULL },
    { OP(PROG_REMOTE, 361), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "connect.unregister_close_callback", "virConnectUnregisterCloseCallback", "connect:getattr", NULL, NULL },
    { OP(PROG_REMOTE, 362), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "connect.event_connection_closed", "", "", &shape_list_292, NULL },
    { OP(PROG_REMOTE, 363), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_callback_job_completed", "", "", &shape_list_293, NULL },
    { OP(PROG_REMOTE, 364), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "domain.migrate_start_post_copy", "virDomainMigrateStartPostCopy", "domain:migrate", &shape_list_12, NULL },
    { OP(PROG_REMOTE, 365), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 3, 0x0u, 4096,
      "domain.get_perf_events", "virDomainGetPerfEvents", "domain:read", &shape_list_12, &shape_list_294 },
    { OP(PROG_REMOTE, 366), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 3, 0x0u, 65536,
      "domain.set_perf_events", "virDomainSetPerfEvents", "domain:write", &shape_list_234, NULL },
    { OP(PROG_REMOTE, 367), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_callback_device_removal_failed", "", "", &shape_list_286, NULL },
    { OP(PROG_REMOTE, 368), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.storage_pool_event_register_any", "virConnectStoragePoolEventRegisterAny", "connect:search_storage_pools", &shape_list_295, &shape_list_244 },
    { OP(PROG_REMOTE, 369), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.storage_pool_event_deregister_any", "virConnectStoragePoolEventDeregisterAny", "connect:read", &shape_list_244, NULL },
    { OP(PROG_REMOTE, 370), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "storage_pool.event_lifecycle", "", "", &shape_list_296, NULL },
    { OP(PROG_REMOTE, 371), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.get_guest_vcpus", "virDomainGetGuestVcpus", "domain:write", &shape_list_12, &shape_list_294 },
    { OP(PROG_REMOTE, 372), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "domain.set_guest_vcpus", "virDomainSetGuestVcpus", "domain:write", &shape_list_297, NULL },
    { OP(PROG_REMOTE, 373), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "storage_pool.event_refresh", "", "", &shape_list_298, NULL },
    { OP(PROG_REMOTE, 374), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.node_device_event_register_any", "virConnectNodeDeviceEventRegisterAny", "connect:search_node_devices", &shape_list_299, &shape_list_244 },
    { OP(PROG_REMOTE, 375), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.node_device_event_deregister_any", "virConnectNodeDeviceEventDeregisterAny", "connect:read", &shape_list_244, NULL },
    { OP(PROG_REMOTE, 376), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "node_device.event_lifecycle", "", "", &shape_list_300, NULL },
    { OP(PROG_REMOTE, 377), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "node_device.event_update", "", "", &shape_list_301, NULL },
    { OP(PROG_REMOTE, 378), OPK_CALL, CLASS_VOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "storage_vol.get_info_flags", "virStorageVolGetInfoFlags", "storage_vol:read", &shape_list_67, &shape_list_71 },
    { OP(PROG_REMOTE, 379), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_callback_metadata_change", "", "", &shape_list_302, NULL },
    { OP(PROG_REMOTE, 380), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.secret_event_register_any", "virConnectSecretEventRegisterAny", "connect:search_secrets", &shape_list_303, &shape_list_244 },
    { OP(PROG_REMOTE, 381), OPK_CALL, CLASS_SECRET, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "connect.secret_event_deregister_any", "virConnectSecretEventDeregisterAny", "connect:read", &shape_list_244, NULL },
    { OP(PROG_REMOTE, 382), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "secret.event_lifecycle", "", "", &shape_list_304, NULL },
    { OP(PROG_REMOTE, 383), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "secret.event_value_changed", "", "", &shape_list_305, NULL },
    { OP(PROG_REMOTE, 384), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 3, 0, 3, 0x0u, 65536,
      "domain.set_vcpu", "virDomainSetVcpu", "domain:write+save?config", &shape_list_297, NULL },
    { OP(PROG_REMOTE, 385), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_block_threshold", "", "", &shape_list_306, NULL },
    { OP(PROG_REMOTE, 386), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "domain.set_block_threshold", "virDomainSetBlockThreshold", "domain:write", &shape_list_307, NULL },
    { OP(PROG_REMOTE, 387), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "domain.migrate_get_max_downtime", "virDomainMigrateGetMaxDowntime", "domain:migrate", &shape_list_12, &shape_list_308 },
    { OP(PROG_REMOTE, 388), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x1u, 4096,
      "domain.managed_save_get_xml_desc", "virDomainManagedSaveGetXMLDesc", "domain:read+read_secure?0x1", &shape_list_12, &shape_list_11 },
    { OP(PROG_REMOTE, 389), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 5242880,
      "domain.managed_save_define_xml", "virDomainManagedSaveDefineXML", "domain:write+hibernate", &shape_list_309, NULL },
    { OP(PROG_REMOTE, 390), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 3, 0, 3, 0x0u, 4096,
      "domain.set_lifecycle_action", "virDomainSetLifecycleAction", "domain:write", &shape_list_310, NULL },
    { OP(PROG_REMOTE, 391), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "storage_pool.lookup_by_target_path", "virStoragePoolLookupByTargetPath", "storage_pool:getattr", &shape_list_70, &shape_list_60 },
    { OP(PROG_REMOTE, 392), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 3, 0x0u, 65536,
      "domain.detach_device_alias", "virDomainDetachDeviceAlias", "domain:write+save?config", &shape_list_311, NULL },
    { OP(PROG_REMOTE, 393), OPK_CALL, CLASS_CONNECT, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 5, -1, 0, 0x0u, 5242880,
      "connect.compare_hypervisor_cpu", "virConnectCompareHypervisorCPU", "connect:write", &shape_list_312, &shape_list_112 },
    { OP(PROG_REMOTE, 394), OPK_CALL, CLASS_CONNECT, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 5, -1, 0, 0x0u, 5242880,
      "connect.baseline_hypervisor_cpu", "virConnectBaselineHypervisorCPU", "connect:write", &shape_list_313, &shape_list_117 },
    { OP(PROG_REMOTE, 395), OPK_CALL, CLASS_CONNECT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 4096,
      "node.get_sev_info", "virNodeGetSEVInfo", "connect:read", &shape_list_220, &shape_list_221 },
    { OP(PROG_REMOTE, 396), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.get_launch_security_info", "virDomainGetLaunchSecurityInfo", "domain:read", &shape_list_12, &shape_list_294 },
    { OP(PROG_REMOTE, 397), OPK_CALL, CLASS_NWFILTER_BINDING, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "nwfilter_binding.lookup_by_port_dev", "virNWFilterBindingLookupByPortDev", "nwfilter_binding:getattr", &shape_list_22, &shape_list_314 },
    { OP(PROG_REMOTE, 398), OPK_CALL, CLASS_NWFILTER_BINDING, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "nwfilter_binding.get_xml_desc", "virNWFilterBindingGetXMLDesc", "nwfilter_binding:read", &shape_list_315, &shape_list_11 },
    { OP(PROG_REMOTE, 399), OPK_CALL, CLASS_NWFILTER_BINDING, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "nwfilter_binding.create_xml", "virNWFilterBindingCreateXML", "nwfilter_binding:create", &shape_list_59, &shape_list_314 },
    { OP(PROG_REMOTE, 400), OPK_CALL, CLASS_NWFILTER_BINDING, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "nwfilter_binding.delete", "virNWFilterBindingDelete", "nwfilter_binding:delete", &shape_list_314, NULL },
    { OP(PROG_REMOTE, 401), OPK_CALL, CLASS_NWFILTER_BINDING, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "connect.list_all_nwfilter_bindings", "virConnectListAllNWFilterBindings", "connect:search_nwfilter_bindings", &shape_list_201, &shape_list_316 },
    { OP(PROG_REMOTE, 402), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 3, 0, 3, 0x0u, 65536,
      "domain.set_iothread_params", "virDomainSetIOThreadParams", "domain:write+save?config", &shape_list_317, NULL },
    { OP(PROG_REMOTE, 403), OPK_CALL, CLASS_POOL, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 0, -1, 0, 0x0u, 65536,
      "connect.get_storage_pool_capabilities", "virConnectGetStoragePoolCapabilities", "connect:read", &shape_list_141, &shape_list_7 },
    { OP(PROG_REMOTE, 404), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "network.list_all_ports", "virNetworkListAllPorts", "network:search_ports", &shape_list_318, &shape_list_319 },
    { OP(PROG_REMOTE, 405), OPK_CALL, CLASS_NETWORK_PORT, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 65536,
      "network_port.lookup_by_uuid", "virNetworkPortLookupByUUID", "network_port:getattr", &shape_list_320, &shape_list_321 },
    { OP(PROG_REMOTE, 406), OPK_CALL, CLASS_NETWORK_PORT, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 5242880,
      "network_port.create_xml", "virNetworkPortCreateXML", "network_port:create", &shape_list_322, &shape_list_321 },
    { OP(PROG_REMOTE, 407), OPK_CALL, CLASS_NETWORK_PORT, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "network_port.get_parameters", "virNetworkPortGetParameters", "network_port:read", &shape_list_323, &shape_list_137 },
    { OP(PROG_REMOTE, 408), OPK_CALL, CLASS_NETWORK_PORT, ROUTE_SIBLING, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "network_port.set_parameters", "virNetworkPortSetParameters", "network_port:write", &shape_list_324, NULL },
    { OP(PROG_REMOTE, 409), OPK_CALL, CLASS_NETWORK_PORT, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "network_port.get_xml_desc", "virNetworkPortGetXMLDesc", "network_port:read", &shape_list_325, &shape_list_11 },
    { OP(PROG_REMOTE, 410), OPK_CALL, CLASS_NETWORK_PORT, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 65536,
      "network_port.delete", "virNetworkPortDelete", "network_port:delete", &shape_list_325, NULL },
    { OP(PROG_REMOTE, 411), OPK_CALL, CLASS_CHECKPOINT, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 5242880,
      "domain.checkpoint_create_xml", "virDomainCheckpointCreateXML", "domain:checkpoint+fs_freeze?0x2", &shape_list_127, &shape_list_326 },
    { OP(PROG_REMOTE, 412), OPK_CALL, CLASS_CHECKPOINT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x1u, 4096,
      "domain.checkpoint_get_xml_desc", "virDomainCheckpointGetXMLDesc", "domain:read+read_secure?0x1", &shape_list_327, &shape_list_11 },
    { OP(PROG_REMOTE, 413), OPK_CALL, CLASS_CHECKPOINT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.list_all_checkpoints", "virDomainListAllCheckpoints", "domain:read", &shape_list_203, &shape_list_328 },
    { OP(PROG_REMOTE, 414), OPK_CALL, CLASS_CHECKPOINT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.checkpoint_list_all_children", "virDomainCheckpointListAllChildren", "domain:read", &shape_list_329, &shape_list_328 },
    { OP(PROG_REMOTE, 415), OPK_CALL, CLASS_CHECKPOINT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.checkpoint_lookup_by_name", "virDomainCheckpointLookupByName", "domain:read", &shape_list_131, &shape_list_326 },
    { OP(PROG_REMOTE, 416), OPK_CALL, CLASS_CHECKPOINT, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.checkpoint_get_parent", "virDomainCheckpointGetParent", "domain:read", &shape_list_327, &shape_list_330 },
    { OP(PROG_REMOTE, 417), OPK_CALL, CLASS_CHECKPOINT, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.checkpoint_delete", "virDomainCheckpointDelete", "domain:checkpoint", &shape_list_327, NULL },
    { OP(PROG_REMOTE, 418), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.get_guest_info", "virDomainGetGuestInfo", "domain:write", &shape_list_331, &shape_list_332 },
    { OP(PROG_REMOTE, 419), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "connect.set_identity", "virConnectSetIdentity", "connect:write", &shape_list_333, NULL },
    { OP(PROG_REMOTE, 420), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.agent_set_response_timeout", "virDomainAgentSetResponseTimeout", "domain:write", &shape_list_334, &shape_list_112 },
    { OP(PROG_REMOTE, 421), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 5242880,
      "domain.backup_begin", "virDomainBackupBegin", "domain:checkpoint+block_write", &shape_list_335, NULL },
    { OP(PROG_REMOTE, 422), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.backup_get_xml_desc", "virDomainBackupGetXMLDesc", "domain:read", &shape_list_12, &shape_list_11 },
    { OP(PROG_REMOTE, 423), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_memory_failure", "", "", &shape_list_336, NULL },
    { OP(PROG_REMOTE, 424), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.authorized_ssh_keys_get", "virDomainAuthorizedSSHKeysGet", "domain:write", &shape_list_337, &shape_list_338 },
    { OP(PROG_REMOTE, 425), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 5242880,
      "domain.authorized_ssh_keys_set", "virDomainAuthorizedSSHKeysSet", "domain:write", &shape_list_339, NULL },
    { OP(PROG_REMOTE, 426), OPK_CALL, CLASS_DOMAIN, ROUTE_OBJECT, REPLAY_SAFE, 1, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.get_messages", "virDomainGetMessages", "domain:read", &shape_list_12, &shape_list_340 },
    { OP(PROG_REMOTE, 427), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.start_dirty_rate_calc", "virDomainStartDirtyRateCalc", "domain:write", &shape_list_341, NULL },
    { OP(PROG_REMOTE, 428), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "node_device.define_xml", "virNodeDeviceDefineXML", "node_device:write", &shape_list_10, &shape_list_86 },
    { OP(PROG_REMOTE, 429), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "node_device.undefine", "virNodeDeviceUndefine", "node_device:delete", &shape_list_87, NULL },
    { OP(PROG_REMOTE, 430), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "node_device.create", "virNodeDeviceCreate", "node_device:start", &shape_list_87, NULL },
    { OP(PROG_REMOTE, 431), OPK_CALL, CLASS_NWFILTER, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "nwfilter.define_xml_flags", "virNWFilterDefineXMLFlags", "nwfilter:write+save", &shape_list_59, &shape_list_125 },
    { OP(PROG_REMOTE, 432), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "network.define_xml_flags", "virNetworkDefineXMLFlags", "network:write+save", &shape_list_59, &shape_list_30 },
    { OP(PROG_REMOTE, 433), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "node_device.get_autostart", "virNodeDeviceGetAutostart", "node_device:read", &shape_list_22, &shape_list_13 },
    { OP(PROG_REMOTE, 434), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 0, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "node_device.set_autostart", "virNodeDeviceSetAutostart", "node_device:write", &shape_list_342, NULL },
    { OP(PROG_REMOTE, 435), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "node_device.is_persistent", "virNodeDeviceIsPersistent", "node_device:read", &shape_list_22, &shape_list_110 },
    { OP(PROG_REMOTE, 436), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 65536,
      "node_device.is_active", "virNodeDeviceIsActive", "node_device:read", &shape_list_22, &shape_list_109 },
    { OP(PROG_REMOTE, 437), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "network.create_xml_flags", "virNetworkCreateXMLFlags", "network:write+start", &shape_list_59, &shape_list_30 },
    { OP(PROG_REMOTE, 438), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_memory_device_size_change", "", "", &shape_list_343, NULL },
    { OP(PROG_REMOTE, 439), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.set_launch_security_state", "virDomainSetLaunchSecurityState", "domain:write", &shape_list_234, NULL },
    { OP(PROG_REMOTE, 440), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 65536,
      "domain.save_params", "virDomainSaveParams", "domain:hibernate", &shape_list_234, NULL },
    { OP(PROG_REMOTE, 441), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "domain.restore_params", "virDomainRestoreParams", "domain:start+write", &shape_list_219, NULL },
    { OP(PROG_REMOTE, 442), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.abort_job_flags", "virDomainAbortJobFlags", "domain:write", &shape_list_12, NULL },
    { OP(PROG_REMOTE, 443), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 1, 0, 2, 0, 0, 0x0u, 65536,
      "domain.fd_associate", "virDomainFDAssociate", "domain:write", &shape_list_131, NULL },
    { OP(PROG_REMOTE, 444), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 0, 0, 0, 0, 5, 0, 0, 0x0u, 5242880,
      "network.set_metadata", "virNetworkSetMetadata", "", &shape_list_344, NULL },
    { OP(PROG_REMOTE, 445), OPK_CALL, CLASS_NETWORK, ROUTE_SIBLING, REPLAY_SAFE, 1, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "network.get_metadata", "virNetworkGetMetadata", "", &shape_list_345, &shape_list_196 },
    { OP(PROG_REMOTE, 446), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "network.event_callback_metadata_change", "", "", &shape_list_346, NULL },
    { OP(PROG_REMOTE, 447), OPK_CALL, CLASS_NODE_DEVICE, ROUTE_SIBLING, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 5242880,
      "node_device.update", "virNodeDeviceUpdate", "", &shape_list_347, NULL },
    { OP(PROG_REMOTE, 448), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 4096,
      "domain.graphics_reload", "virDomainGraphicsReload", "", &shape_list_348, NULL },
    { OP(PROG_REMOTE, 449), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 0, 0, 0x0u, 4096,
      "domain.get_autostart_once", "virDomainGetAutostartOnce", "", &shape_list_9, &shape_list_13 },
    { OP(PROG_REMOTE, 450), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 1, 0, 0, 0x0u, 4096,
      "domain.set_autostart_once", "virDomainSetAutostartOnce", "", &shape_list_25, NULL },
    { OP(PROG_REMOTE, 451), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 3, 0, 3, 0x0u, 65536,
      "domain.set_throttle_group", "virDomainSetThrottleGroup", "", &shape_list_349, NULL },
    { OP(PROG_REMOTE, 452), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 3, 0x0u, 65536,
      "domain.del_throttle_group", "virDomainDelThrottleGroup", "", &shape_list_350, NULL },
    { OP(PROG_REMOTE, 453), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_nic_mac_change", "", "", &shape_list_351, NULL },
    { OP(PROG_REMOTE, 454), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_vcpu_removed", "", "", &shape_list_352, NULL },
    { OP(PROG_REMOTE, 455), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "domain.event_callback_channel_lifecycle", "", "", &shape_list_353, NULL },
    { OP(PROG_REMOTE, 456), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 65536,
      "domain.announce_interface", "virDomainAnnounceInterface", "", &shape_list_354, NULL },
    { OP(PROG_QEMU, 1), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 0, 0, 0, 2, 0, 0, 0x0u, 5242880,
      "qemu.domain.monitor_command", "virDomainQemuMonitorCommand", "domain:write", &shape_list_355, &shape_list_356 },
    { OP(PROG_QEMU, 2), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 4096,
      "qemu.domain.attach", "virDomainQemuAttach", "domain:start+write", &shape_list_357, &shape_list_9 },
    { OP(PROG_QEMU, 3), OPK_CALL, CLASS_DOMAIN, ROUTE_LIVE, REPLAY_NEVER, 0, 0, 0, 0, 3, 0, 0, 0x0u, 5242880,
      "qemu.domain.agent_command", "virDomainQemuAgentCommand", "domain:write", &shape_list_358, &shape_list_359 },
    { OP(PROG_QEMU, 4), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 65536,
      "qemu.connect.domain_monitor_event_register", "virConnectDomainQemuMonitorEventRegister", "connect:search_domains+write", &shape_list_360, &shape_list_244 },
    { OP(PROG_QEMU, 5), OPK_CALL, CLASS_CONNECT, ROUTE_GATEWAY, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "qemu.connect.domain_monitor_event_deregister", "virConnectDomainQemuMonitorEventDeregister", "connect:write", &shape_list_244, NULL },
    { OP(PROG_QEMU, 6), OPK_EVENT, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, 1, 0, 0x0u, 0,
      "qemu.domain.monitor_event", "", "", &shape_list_361, NULL },
    { OP(PROG_QEMU, 7), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 1, 1, 2, 0, 0, 0x0u, 5242880,
      "qemu.domain.monitor_command_with_files", "virDomainQemuMonitorCommandWithFiles", "domain:write", &shape_list_355, &shape_list_356 },
    { OP(PROG_LXC, 1), OPK_CALL, CLASS_DOMAIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 1, 1, 0, 0, 0x0u, 4096,
      "lxc.domain.open_namespace", "virDomainLxcOpenNamespace", "domain:open_namespace", &shape_list_12, NULL },
    { OP(PROG_ADMIN, 1), OPK_CALL, CLASS_ADMIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 0, -1, 0, 0x0u, 4096,
      "admin.connect.open", "virAdmConnectOpen", "", &shape_list_141, NULL },
    { OP(PROG_ADMIN, 2), OPK_CALL, CLASS_ADMIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "admin.connect.close", "virAdmConnectClose", "", NULL, NULL },
    { OP(PROG_ADMIN, 3), OPK_CALL, CLASS_ADMIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 4096,
      "admin.connect.get_lib_version", "virAdmConnectGetLibVersion", "", NULL, &shape_list_362 },
    { OP(PROG_ADMIN, 4), OPK_CALL, CLASS_ADMIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 4096,
      "admin.connect.list_servers", "virAdmConnectListServers", "", &shape_list_363, &shape_list_364 },
    { OP(PROG_ADMIN, 5), OPK_CALL, CLASS_ADMIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 65536,
      "admin.connect.lookup_server", "virAdmConnectLookupServer", "", &shape_list_87, &shape_list_365 },
    { OP(PROG_ADMIN, 6), OPK_CALL, CLASS_ADMIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 4096,
      "admin.server.get_threadpool_parameters", "virAdmServerGetThreadPoolParameters", "", &shape_list_366, &shape_list_367 },
    { OP(PROG_ADMIN, 7), OPK_CALL, CLASS_ADMIN, ROUTE_SUPERVISOR, REPLAY_SAFE, 0, 0, 0, 0, 2, -1, 0, 0x0u, 65536,
      "admin.server.set_threadpool_parameters", "virAdmServerSetThreadPoolParameters", "", &shape_list_368, NULL },
    { OP(PROG_ADMIN, 8), OPK_CALL, CLASS_ADMIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 2, -1, 0, 0x0u, 4096,
      "admin.server.list_clients", "virAdmServerListClients", "", &shape_list_369, &shape_list_370 },
    { OP(PROG_ADMIN, 9), OPK_CALL, CLASS_ADMIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 2, -1, 0, 0x0u, 4096,
      "admin.server.lookup_client", "virAdmServerLookupClient", "", &shape_list_371, &shape_list_372 },
    { OP(PROG_ADMIN, 10), OPK_CALL, CLASS_ADMIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 4096,
      "admin.client.get_info", "virAdmClientGetInfo", "", &shape_list_373, &shape_list_374 },
    { OP(PROG_ADMIN, 11), OPK_CALL, CLASS_ADMIN, ROUTE_SUPERVISOR, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 4096,
      "admin.client.close", "virAdmClientClose", "", &shape_list_373, NULL },
    { OP(PROG_ADMIN, 12), OPK_CALL, CLASS_ADMIN, ROUTE_GATEWAY, REPLAY_SAFE, 1, 0, 0, 0, 1, -1, 0, 0x0u, 4096,
      "admin.server.get_client_limits", "virAdmServerGetClientLimits", "", &shape_list_366, &shape_list_367 },
    { OP(PROG_ADMIN, 13), OPK_CALL, CLASS_ADMIN, ROUTE_SUPERVISOR, REPLAY_SAFE, 0, 0, 0, 0, 2, -1, 0, 0x0u, 65536,
      "admin.server.set_client_limits", "virAdmServerSetClientLimits", "", &shape_list_368, NULL },
    { OP(PROG_ADMIN, 14), OPK_CALL, CLASS_ADMIN, ROUTE_SUPERVISOR, REPLAY_SAFE, 1, 0, 0, 0, 0, -1, 0, 0x0u, 4096,
      "admin.connect.get_logging_outputs", "virAdmConnectGetLoggingOutputs", "", &shape_list_141, &shape_list_375 },
    { OP(PROG_ADMIN, 15), OPK_CALL, CLASS_ADMIN, ROUTE_SUPERVISOR, REPLAY_SAFE, 1, 0, 0, 0, 0, -1, 0, 0x0u, 4096,
      "admin.connect.get_logging_filters", "virAdmConnectGetLoggingFilters", "", &shape_list_141, &shape_list_376 },
    { OP(PROG_ADMIN, 16), OPK_CALL, CLASS_ADMIN, ROUTE_SUPERVISOR, REPLAY_SAFE, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "admin.connect.set_logging_outputs", "virAdmConnectSetLoggingOutputs", "", &shape_list_377, NULL },
    { OP(PROG_ADMIN, 17), OPK_CALL, CLASS_ADMIN, ROUTE_SUPERVISOR, REPLAY_SAFE, 0, 0, 0, 0, 1, -1, 0, 0x0u, 5242880,
      "admin.connect.set_logging_filters", "virAdmConnectSetLoggingFilters", "", &shape_list_378, NULL },
    { OP(PROG_ADMIN, 18), OPK_CALL, CLASS_ADMIN, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 4096,
      "admin.server.update_tls_files", "virAdmServerUpdateTLSFiles", "", &shape_list_366, NULL },
    { OP(PROG_ADMIN, 19), OPK_CALL, CLASS_ADMIN, ROUTE_SUPERVISOR, REPLAY_SAFE, 0, 0, 0, 0, 1, -1, 0, 0x0u, 4096,
      "admin.connect.set_daemon_timeout", "virAdmConnectSetDaemonTimeout", "", &shape_list_379, NULL },
    { OP(PROG_ADMIN, 20), OPK_CALL, CLASS_ADMIN, ROUTE_SUPERVISOR, REPLAY_NEVER, 0, 0, 0, 0, 0, -1, 0, 0x0u, 4096,
      "admin.connect.daemon_shutdown", "virAdmConnectDaemonShutdown", "", &shape_list_141, NULL },
    { OP(PROG_LOCK, 1), OPK_CALL, CLASS_LOCK, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 262144,
      "lock.register", "", "", &shape_list_380, NULL },
    { OP(PROG_LOCK, 2), OPK_CALL, CLASS_LOCK, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 0, -1, 0, 0x0u, 262144,
      "lock.restrict", "", "", &shape_list_141, NULL },
    { OP(PROG_LOCK, 3), OPK_CALL, CLASS_LOCK, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 1, -1, 0, 0x0u, 262144,
      "lock.new", "", "", &shape_list_381, NULL },
    { OP(PROG_LOCK, 4), OPK_CALL, CLASS_LOCK, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 262144,
      "lock.create_resource", "", "", &shape_list_382, NULL },
    { OP(PROG_LOCK, 5), OPK_CALL, CLASS_LOCK, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 262144,
      "lock.delete_resource", "", "", &shape_list_382, NULL },
    { OP(PROG_LOCK, 6), OPK_CALL, CLASS_LOCK, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 262144,
      "lock.acquire_resource", "", "", &shape_list_382, NULL },
    { OP(PROG_LOCK, 7), OPK_CALL, CLASS_LOCK, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 2, -1, 0, 0x0u, 262144,
      "lock.release_resource", "", "", &shape_list_382, NULL },
    { OP(PROG_LOCK, 8), OPK_CALL, CLASS_LOCK, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, -1, -1, 0, 0x0u, 262144,
      "lock.create_lockspace", "", "", &shape_list_383, NULL },
    { OP(PROG_LOG, 1), OPK_CALL, CLASS_LOG, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 1, 3, -1, 0, 0x0u, 262144,
      "log.domain.open_log_file", "", "", &shape_list_384, &shape_list_385 },
    { OP(PROG_LOG, 2), OPK_CALL, CLASS_LOG, ROUTE_NONE, REPLAY_SAFE, 0, 0, 0, 0, 1, -1, 0, 0x0u, 262144,
      "log.domain.get_log_file_position", "", "", &shape_list_386, &shape_list_385 },
    { OP(PROG_LOG, 3), OPK_CALL, CLASS_LOG, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 3, -1, 0, 0x0u, 262144,
      "log.domain.read_log_file", "", "", &shape_list_387, &shape_list_388 },
    { OP(PROG_LOG, 4), OPK_CALL, CLASS_LOG, ROUTE_NONE, REPLAY_NEVER, 0, 0, 0, 0, 4, -1, 0, 0x0u, 5242880,
      "log.domain.append_log_file", "", "", &shape_list_389, &shape_list_279 },
    { OP(PROG_KEEPALIVE, 1), OPK_MESSAGE, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "keepalive.ping", "", "", NULL, NULL },
    { OP(PROG_KEEPALIVE, 2), OPK_MESSAGE, CLASS_NONE, ROUTE_NONE, REPLAY_SAFE, 1, 0, 0, 0, -1, -1, 0, 0x0u, 0,
      "keepalive.pong", "", "", NULL, NULL },
};
const unsigned op_table_n = sizeof op_table / sizeof op_table[0];
static const uint16_t by_name[] = { 474, 473, 465, 483, 466, 478, 477, 467, 468, 464, 482, 480, 479, 475, 469, 471, 472, 476, 470, 481, 65, 69, 66, 67, 68, 161, 393, 1, 157, 392, 316, 315, 105, 167, 104, 166, 134, 135, 361, 74, 343, 6, 311, 341, 58, 156, 4, 402, 202, 2, 109, 3, 148, 272, 283, 282, 284, 400, 285, 286, 280, 20, 137, 35, 73, 36, 126, 37, 178, 139, 71, 313, 312, 374, 373, 24, 136, 49, 72, 50, 125, 51, 177, 138, 70, 0, 359, 380, 379, 418, 368, 367, 59, 360, 163, 441, 354, 419, 455, 7, 159, 423, 424, 420, 421, 289, 344, 236, 238, 102, 239, 265, 250, 63, 242, 410, 416, 415, 411, 413, 414, 52, 333, 8, 309, 195, 9, 308, 10, 349, 355, 451, 11, 233, 12, 391, 160, 275, 240, 338, 384, 347, 330, 325, 454, 324, 353, 366, 332, 326, 322, 321, 323, 362, 317, 378, 358, 329, 331, 328, 318, 319, 327, 345, 320, 223, 310, 247, 172, 171, 194, 106, 437, 422, 452, 269, 291, 268, 168, 169, 267, 453, 170, 442, 334, 335, 293, 14, 448, 205, 193, 252, 237, 228, 261, 262, 279, 348, 417, 370, 276, 15, 256, 350, 162, 297, 395, 16, 17, 197, 425, 264, 254, 18, 364, 56, 222, 55, 120, 277, 211, 336, 229, 19, 199, 13, 447, 189, 182, 209, 352, 64, 149, 150, 201, 412, 273, 21, 22, 23, 181, 388, 387, 183, 103, 158, 212, 301, 217, 306, 62, 108, 216, 305, 298, 386, 241, 61, 215, 304, 60, 107, 213, 302, 147, 214, 303, 299, 165, 206, 363, 295, 200, 248, 342, 278, 351, 25, 224, 260, 266, 26, 357, 244, 53, 232, 440, 27, 191, 54, 231, 235, 234, 439, 210, 225, 294, 28, 449, 204, 251, 385, 371, 255, 401, 438, 389, 29, 30, 203, 196, 307, 263, 253, 365, 57, 218, 450, 337, 356, 383, 31, 198, 32, 257, 184, 190, 192, 243, 185, 271, 270, 274, 246, 187, 188, 186, 245, 426, 33, 34, 230, 173, 219, 220, 221, 132, 130, 133, 129, 155, 128, 127, 131, 496, 497, 489, 491, 487, 488, 486, 484, 490, 485, 495, 493, 492, 494, 463, 38, 39, 436, 40, 431, 41, 445, 314, 43, 44, 340, 444, 42, 151, 152, 403, 45, 46, 47, 443, 48, 290, 405, 409, 406, 408, 404, 407, 346, 100, 292, 226, 101, 339, 5, 288, 227, 121, 394, 111, 110, 287, 249, 429, 122, 427, 123, 300, 117, 375, 376, 432, 114, 113, 435, 434, 116, 112, 296, 115, 118, 119, 433, 428, 446, 179, 430, 176, 174, 175, 180, 398, 399, 397, 396, 460, 459, 458, 457, 456, 462, 461, 141, 381, 382, 144, 142, 146, 140, 143, 145, 78, 77, 75, 76, 80, 79, 369, 372, 88, 86, 87, 153, 154, 281, 91, 83, 390, 84, 85, 90, 82, 89, 81, 92, 124, 93, 208, 97, 377, 99, 98, 95, 94, 96, 259, 207, 164, 258 };
const uint32_t program_number[PROG_N] = { 0, 0x20008086u, 0x20008087u, 0x00068000u, 0x06900690u, 0x0ea7beefu, 0x87539319u, 0x6b656570u };

const struct op *op_find(uint32_t id)
{
    unsigned lo = 0, hi = op_table_n;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (op_table[mid].id == id)
            return &op_table[mid];
        if (op_table[mid].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

const struct op *op_find_name(const char *name, size_t n)
{
    unsigned lo = 0, hi = op_table_n;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        const struct op *op = &op_table[by_name[mid]];
        size_t have = strlen(op->name);
        int c = memcmp(name, op->name, n < have ? n : have);
        if (c == 0 && n == have)
            return op;
        if (c < 0 || (c == 0 && n < have))
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}
