/* tls.c: which folders of certificates there are for what a guest's QEMU does by TLS, before qemu.conf says otherwise: looked for once, here, for no role sees them. */
#include <unistd.h>
#include "daemon/daemon.h"
#include "ipc/util.h"

void tls_ask(struct settings *s)
{
    static const char *const own[TLS_USES_N] = { [TLS_VNC] = "/etc/pki/libvirt-vnc", [TLS_SPICE] = "/etc/pki/libvirt-spice", [TLS_CHARDEV] = "/etc/pki/libvirt-chardev", [TLS_NBD] = "/etc/pki/libvirt-nbd" };
    util_copy_str(s->tls[TLS_DEFAULT].dir, sizeof s->tls[TLS_DEFAULT].dir, "/etc/pki/qemu");
    s->tls[TLS_DEFAULT].verify = 1;
    for (size_t i = TLS_DEFAULT + 1; i < TLS_USES_N; i++) {
        s->tls[i].verify = TLS_AS_DEFAULT;
        if (access(own[i], F_OK) == 0)
            util_copy_str(s->tls[i].dir, sizeof s->tls[i].dir, own[i]);
    }
}
