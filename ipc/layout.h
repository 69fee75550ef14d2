/* layout.h: which daemon this is, and every host path it uses, made once in the front from the build's prefix or the user's XDG folders. */
#ifndef BULKHEAD_LAYOUT_H
#define BULKHEAD_LAYOUT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum daemon_id { DAEMON_QEMUD, DAEMON_LOGD, DAEMON_LOCKD, DAEMON_N };
struct layout {
    char sock_dir[100];    /* /run/libvirt                        $XDG_RUNTIME_DIR/libvirt */
    char state_dir[128];   /* /run/libvirt/qemu  (status, pid)    $XDG_RUNTIME_DIR/libvirt/qemu/run */
    char conf_dir[128];    /* /etc/libvirt                        $XDG_CONFIG_HOME/libvirt */
    char def_dir[128];     /* /etc/libvirt/qemu                   $XDG_CONFIG_HOME/libvirt/qemu */
    char lib_dir[128];     /* /var/lib/libvirt/qemu               $XDG_CONFIG_HOME/libvirt/qemu/lib */
    char log_dir[128];     /* /var/log/libvirt/qemu               $XDG_CACHE_HOME/libvirt/qemu/log */
    char cache_dir[128];   /* /var/cache/libvirt/qemu             $XDG_CACHE_HOME/libvirt/qemu/cache */
    char pid_file[128];    /* /run/virtqemud.pid                  $XDG_RUNTIME_DIR/libvirt/virtqemud.pid */
    char libexec_dir[256]; /* role binaries: PKGLIBEXECDIR, or BULKHEAD_LIBEXECDIR from the environment (build tree) */
    bool session;
    char daemon[16];       /* virtqemud: the program, stem of its sockets, server of its main door */
    char supervisor[24];   /* program in libexec_dir */
    uint32_t id;           /* enum daemon_id */
    uint32_t only_uid;     /* who alone is served; ~0u: whom the doors' modes let in */
};
/* Fills *l, for the daemon that the front was built for. 0 or a negative errno. */
int layout_init(struct layout *l, bool session);
/* Files of a run are in LIB_DIR/domain-ID-NAME and the like, with the first 20 characters of the guest's name (UTF-8): how many bytes that is. */
size_t short_name_bytes(const char *name);
#endif
