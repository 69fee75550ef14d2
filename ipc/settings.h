/* settings.h: the daemon's settings as one fixed struct.  conf reads virtqemud.conf and qemu.conf in its sandbox and gives back this;
 * nobody else parses a configuration file.  Every value is bounded here and checked again by settings_check() in the keeper. */
#ifndef BULKHEAD_SETTINGS_H
#define BULKHEAD_SETTINGS_H
#include <stdint.h>
#define SETTINGS_MAGIC 0x53455431u
enum { REQUIRE_UNLESS_AUTO = 2 };
enum stdio_handler { STDIO_OWN /* a log role of the guest's; the key is not set */, STDIO_FILE /* the same, and files grow on */, STDIO_LOGD /* the host's virtlogd */ };
enum hooks { HOOKS_QEMU = 1, HOOKS_DAEMON = 2, HOOKS_BEGUN = 4 /* the daemon has started before, as an earlier build */ };
enum auth_kind { AUTH_NONE = 0, AUTH_SASL = 1, AUTH_POLKIT = 2 };
/* Where log lines go; which of stderr and syslog it is without any depends on who started the daemon. */
enum log_to { LOG_TO_NONE /* the end of the table */, LOG_TO_STDERR, LOG_TO_FILE, LOG_TO_SYSLOG, LOG_TO_JOURNALD };
#define LOG_OUTPUTS_MAX 4
#define LOG_ROLES_MAX 32
#define LOG_SETTING_MAX 1024    /* bytes of the text of outputs or filters, with its NUL */
struct log_output { uint32_t to /* enum log_to */, level; char name[240] /* a file's path; syslog's name for us, "": the daemon's */; };
/* A text of log_filters or log_outputs and what it comes to: made in a sandbox, of the settings by conf, for the admin program by its gateway. */
enum log_part { LOG_FILTERS, LOG_OUTPUTS, LOG_PARTS_N };
struct logging {
    char text[LOG_SETTING_MAX];          /* as libvirt shows it; of filters "": there are none */
    union { uint8_t from[LOG_ROLES_MAX] /* by role: the least level of its lines */; struct log_output to[LOG_OUTPUTS_MAX]; };
};
/* What a guest's QEMU does by TLS, each with a folder of certificates (QEMU's tls-creds-x509). */
enum tls_use { TLS_DEFAULT /* what the others have that say nothing */, TLS_VNC, TLS_SPICE, TLS_CHARDEV, TLS_NBD, TLS_USES_N };
#define TLS_AS_DEFAULT 2
struct tls_setting {
    char dir[128];                       /* "": TLS_DEFAULT's */
    char secret[40];                     /* the UUID of the secret that opens the private key; "": it is not encrypted */
    uint32_t on;                         /* by TLS unless a document says that it is not */
    uint32_t verify;                     /* who connects shows a certificate, too: 0, 1, TLS_AS_DEFAULT */
};
enum host_program { PROGRAM_SWTPM = 1 };
#define PROGRAM_FOLDERS "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"       /* where they are looked for, in this order */
struct settings {
    uint32_t magic;
    uint32_t unix_sock_ro_perms, unix_sock_rw_perms, unix_sock_admin_perms;
    char unix_sock_group[64], unix_sock_dir[100];
    uint32_t auth_unix_ro, auth_unix_rw;
    uint32_t max_clients, max_queued_clients, max_anonymous_clients, min_workers, max_workers, prio_workers, max_client_requests;
    uint32_t admin_max_clients, admin_min_workers, admin_max_workers, admin_max_queued_clients, admin_max_client_requests;
    uint32_t keepalive_interval, keepalive_count, admin_keepalive_interval, admin_keepalive_count;
    uint32_t log_level;                  /* 0: not set */
    uint32_t log_verbose;                /* --verbose: not above info */
    uint32_t log_behind;                 /* --daemon: without outputs it is syslog, not stderr */
    struct logging log[LOG_PARTS_N];
    uint8_t host_uuid[16];
    /* qemu.conf */
    char vnc_listen[64], spice_listen[64], vnc_password[64], spice_password[64];
    struct tls_setting tls[TLS_USES_N];
    uint32_t vnc_auto_unix_socket, spice_auto_unix_socket, remote_display_port_min, remote_display_port_max;
    char user[64], group[64];
    uint32_t dynamic_ownership, max_processes, max_files, max_queued;
    uint32_t stdio_handler;              /* enum stdio_handler */
    uint32_t uid_base, uid_count;        /* bulkhead_uid_base, bulkhead_uid_count: guests' and workers' uids */
    uint32_t chain_pin_relaxed;          /* bulkhead_chain_pin_relaxed */
    char save_image_format[32], dump_image_format[32];
    uint32_t auto_start_bypass_cache, auto_dump_bypass_cache;
    char auto_dump_path[256];            /* "": dump in the layout's lib_dir */
    char memory_backing_dir[256];        /* "": ram in the layout's lib_dir */
    uint32_t log_max_size, log_max_backups;   /* bytes, files: virtlogd.conf max_size, max_backups */
    char lock_manager[32];
    uint32_t timeout_s;                  /* --timeout, set by the keeper; 0 none */
    uint32_t owner_uid, owner_gid;       /* of user and group, found before the daemon is locked in; 0xffffffff: none */
    uint32_t daemon;                     /* enum daemon_id: whose settings these are */
    uint32_t log_rate, log_age_hours, log_stamps, log_compress, log_max_age_days;    /* virtlogd.conf: bulkhead_rate_limit (bytes a second), bulkhead_max_age_hours, bulkhead_timestamps, bulkhead_compress, max_age_days; 0 off */
    char log_root[128];                  /* folder that log_max_age_days is about; "": that of the guests' logs */
    /* qemu-lockd.conf */
    uint32_t auto_disk_leases, require_lease_for_disks;      /* the second: 0, 1, or REQUIRE_UNLESS_AUTO */
    char file_lockspace_dir[256], lvm_lockspace_dir[256], scsi_lockspace_dir[256];
    /* not of a file, but found before the daemon is locked in */
    uint32_t kvm_error;                  /* errno of opening KVM's device; 0: it can be had */
    uint32_t kvm_vcpus, kvm_tsc_khz, kvm_tsc_scales;     /* the most processors a guest can have; its time stamp counter, 0 unknown */
    uint64_t arch_capabilities;          /* a register of the processors', IA32_ARCH_CAPABILITIES, which root or KVM tells; 0 unknown */
    uint32_t hooks;                      /* enum hooks: what there are scripts for */
    uint32_t hook_timeout_s;             /* bulkhead_hook_timeout */
    uint32_t access;                     /* enum access_by (access.h): who has to say yes to each call; 0: whoever is connected may all that the door lets through */
    uint32_t programs;                   /* bits of enum host_program: what of the host's a guest can have beside QEMU */
    uint32_t reserved[16];
};
#endif
