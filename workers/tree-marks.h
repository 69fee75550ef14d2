/* tree-marks.h: attributes of our own that xmlc puts into the tree form of a running guest for its worker.  They are never in XML text:
 * tree_form() takes them out, and a client's attributes of that prefix are not in the document tables. */
#ifndef BULKHEAD_TREE_MARKS_H
#define BULKHEAD_TREE_MARKS_H

/* Decimal index of the manifest entry of this element.  It is on:
 *   <source> of disk, backingStore, mirror, and of chardevs (serial, parallel, console, channel, redirdev, rng/backend, smartcard, external tpm/backend):
 *            the image; MK_FILE_OUT, MK_PTY, MK_UNIX_LISTEN, MK_UNIX_CONNECT, MK_PAIR, MK_TCP_LISTEN, MK_TCP_CONNECT, MK_HOSTNET, ...
 *   <host>   of a Gluster <source>, of transport unix: MK_SOCKET
 *   <log>    of a chardev: MK_LOG
 *   <source> of <reservations>: MK_SOCKET
 *   <secret> of <auth> and <encryption> of an image or an iSCSI <hostdev>, and its <cookies>: MK_SECRET
 *   <event>  of <perf>, enabled: MK_PERF
 *   <interface>: MK_TAP (bridge, ethernet, network, direct) or MK_HOSTNET (user), or MK_HELPER (user, by passt), MK_SOCKET (vhostuser), MK_NODE (vdpa)
 *   <graphics>: MK_TCP_LISTEN, MK_UNIX_LISTEN
 *   <vsock>, <device> of <backend> of tpm: MK_NODE; <hostdev>: MK_USB, MK_VFIO, MK_NODE (scsi_host); its <source>, over iSCSI: MK_HOSTNET; <shmem>: MK_SHM, MK_UNIX_CONNECT; <source> of <input>: MK_NODE; <memory> of <devices> in a file: MK_MEMORY
 *   <backend> of tpm, an emulator's, <filesystem>, virtiofs: MK_HELPER; virtiofs with <source socket=>: MK_UNIX_CONNECT
 *   <kernel>, <initrd>, <dtb>, <loader>, <nvram>, <acpi>/<table> of <os>; <rom> of a device; <backend> of rng: MK_BIND, MK_NVRAM, MK_DEVNODE
 * A removable drive without medium has an entry with MF_EMPTY and its <source> is absent: then the mark is on <disk>. */
#define MARK_MANIFEST "bulkhead:m"
/* What goes by TLS: the number of the entry (MK_BIND) of the first of its certificates, whose a tells that the peer's is asked for.  It is on <source> of a disk, of a layer and of a
 * chardev, and on <graphics>. */
#define MARK_TLS "bulkhead:tls"
/* Beside MARK_TLS, where the private key is encrypted: the number of the entry (MK_SECRET) of what opens it. */
#define MARK_TLS_KEY "bulkhead:tlskey"
/* Of a <graphics> by SPICE: the number of the entry (MK_TCP_LISTEN) of its port for TLS. */
#define MARK_TLS_PORT "bulkhead:tlsport"
/* Of a <graphics>: qemu.conf's password, for the time that the document has none; no document shows it. */
#define MARK_PASSWD "bulkhead:passwd"
/* On <loader>, <kernel> and <nvram>: a descriptor of the host's said which image that is, which template. */
#define MARK_CHOSEN "bulkhead:chosen"
/* An element beside <cpu>: the <cpu> the guest was started with, where what QEMU made of it differs; the migratable form shows it. */
#define MARK_CPU "bulkhead:cpu"
/* An element of a running guest with a <taint flag=''/> for each thing of this run for which libvirt calls it tainted, what has gone since among them.  Status files have these as libvirt's do. */
#define MARK_TAINTS "bulkhead:taints"
/* On <devices>: the first number that no block node of this run had: one that QEMU does not give back keeps its name. */
#define MARK_NODES "bulkhead:nodes"
/* On a removable <disk> whose medium was taken out while the guest ran: the number that the drive has since. Documents show <source index='...'/>. */
#define MARK_EMPTY "bulkhead:empty"
/* On an <interface> of type network that is another one here: "bridge" or "direct".  Documents of a running guest show that type, a status file has an <actual>. */
#define MARK_ACTUAL "bulkhead:actual"
/* On a <lease> of what a running guest's call brings (PLUG_CHANGE): it is one that goes, and not one that comes. */
#define MARK_GOES "bulkhead:goes"
/* On <source> of a <hostdev> that is a LUN of an iSCSI target: the number of its block node. */
#define MARK_NODE "bulkhead:node"
#endif
