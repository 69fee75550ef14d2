/* manifest.h: the numbered list of host resources that one guest may use, and what came of opening them.
 *
 * Made by xmlc from a document; checked and committed by the supervisor; carried out by hands.  A worker can name an entry
 * by its index only.  The file form is: struct manifest_head, then entries, each a fixed part followed by its strings. */
#ifndef BULKHEAD_MANIFEST_H
#define BULKHEAD_MANIFEST_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MANIFEST_MAGIC 0x4d4e4631u
#define MANIFEST_ENTRIES_MAX 256
#define MANIFEST_BYTES_MAX (2u << 20)

enum manifest_kind {
    MK_IMAGE = 1,    /* path: disk image or block device. flags: MF_*; parent: index of the overlay above, -1 top. Only to be looked into: c bytes from a (low half), b (high half) on */
    MK_BIND,         /* path: file bound read-only into QEMU's view at /res/<index> (kernel, initrd, dtb, firmware, ROM); aux: it has a name there, in the folder /res/<index of the first> (parent: its index) (certificates: b says what for, a that the peer's is asked for) */
    MK_FILE_OUT,     /* path: file a chardev writes, or the helper that is its parent. MF_APPEND */
    MK_LOG,          /* path: file a chardev writes through a log role (<log file=>, and a guest's own log). MF_APPEND */
    MK_PTY,          /* a pseudo-terminal: QEMU gets the master, the worker the slave */
    MK_UNIX_LISTEN,  /* path: QEMU gets the listening socket. aux "worker": the worker gets it (guest agent: QEMU gets a socketpair end) */
    MK_UNIX_CONNECT, /* path: QEMU gets a connected socket; a: 1 a character device's, which libvirt looks for itself */
    MK_PAIR,         /* a socketpair: one end QEMU, the other the worker (guest agent channel) */
    MK_TCP_LISTEN,   /* aux: numeric address; a: port, or 0 with b..c the range to pick from. QEMU gets the listening socket; MF_WORKER: the worker gets it (VNC: add_client) */
    MK_LINE,         /* path: a terminal, printer port or FIFO of the host's, which QEMU gets open to read and write; a: 1 a device. Where there are FIFOs path.in and path.out, these:
                      * bound at /res/<index>.in and .out in its view, for the guest's account to open, and no descriptor */
    MK_TCP_CONNECT,  /* aux: numeric address; a: port. QEMU gets a connected socket */
    MK_TAP,          /* path: wanted interface name ("" or with %d: made), aux: bridge ("" none); a: queues; b: mtu (0 none); mac; flags MF_VNET_HDR, MF_MANAGED.
                      * c: enum macvtap_mode: a macvtap over the interface aux */
    MK_DEVNODE,      /* path: device node bound into the view at the same path (/dev/kvm, /dev/urandom ...) */
    MK_HOSTNET,      /* QEMU stays in the host's net namespace (user-mode NIC, datagrams, connections that it makes again) */
    MK_NVRAM,        /* path: writable firmware variables, made from aux (template) when absent */
    MK_TUNE,         /* aux: what the host's kernel is told of the guest: limits of its control groups, CPUs of its threads ("shares=2000 cpus=0-3 v0=1"; supervisor/hand_tune.h). One at most */
    MK_LINK,         /* what else there is to know of the tap that is its parent. path: the bridge or interface that the network daemon named, if it is a network's, or the bridge that the tap was moved to; a: enum link_kind; b: 1: the tap was there before, and is to move; aux: limits and port
                      * ("in=1000,2000,512 out=0,0,0 isolated=1"; supervisor/hand_shape.h). It changes while the guest runs */
    MK_STATE,        /* path: file of a client's choice for a guest's state or memory, made or emptied; MF_PROBE: a saved state (save.h) that is there, MF_RO: to be read. Of no guest's
                      * document */
    MK_NODE,         /* path: a character device of the host, which QEMU gets open (not in its view); aux: what is said where the host has none. /dev/vhost-vsock: a: the guest's number there, 0: any that is free; the grant's port tells.
                      * c: 1: one that reaches the guest's memory (vDPA); a, b: as of MK_VFIO */
    MK_SHM,          /* path: a file of /dev/shm that guests share, made if it is absent; QEMU gets it open, and the guest's account may open it again */
    MK_HELPER,       /* a program of the host beside QEMU, and a connection of QEMU's with it (supervisor/hand_helper.c). a: enum helper_kind; path: the one file or folder of the host that it
                      * may see, if its kind has one; aux: what the document says of it, as words ("version=2.0 banks=sha1,sha256") */
    MK_PERF,         /* aux: a performance event by libvirt's name ("page_faults"), counted for QEMU: our end is a socket with its descriptor in it (supervisor/hand_perf.h) */
    MK_MEMORY,       /* path: a file of the host's that QEMU maps as a part of its guest's memory, and gets open; the guest's account may open it again. MF_FRESH: a new one without a name, in the folder of that path */
    MK_FILTER,       /* aux: the filter of the tap that is its parent, as the network filter daemon is told of it, but for the tap's name: <filterbinding>; "": none. It changes while the guest runs */
    MK_USB,          /* a USB device of the host's, which QEMU gets open and no other guest has: a: vendor << 16 | product (0 whichever), b: bus, c: device (0 wherever); MF_OPTIONAL: it may be
                      * missing, but not another guest's. The grant's name: "BUS:DEVICE" */
    MK_SHARE,        /* path: a folder bound at /res/<index> in QEMU's view, which QEMU serves to its guest; MF_RO: not to be written; format: IMG_FAT of one that is shown as a disk. What is qemu.conf's user's is QEMU's there (supervisor/hand_share.c) */
    MK_SECRET,       /* a secret that the host's secret daemon keeps. aux: its usage and name ("volume uuid=0a81f5b2-...", "ceph usage=client.x"), or what it is (cookies: "none value=a=b; c=d"); path: what came of it, as QEMU takes
                      * it: IV and value, in base64, encrypted with the run's key ("iv=... data=..."). That changes while the guest starts, or the device comes */
    MK_SOCKET,       /* path: a socket of the host's that everybody may connect to; QEMU gets its file (O_PATH), and connects by itself: it passes descriptors over no connection that it is given, or shall connect again; a: as of MK_UNIX_CONNECT */
    MK_VFIO,         /* a PCI or mediated device of the host's that QEMU reaches by VFIO, and no other guest has: path: its address ("0000:07:00.0") or UUID; aux: how it is given away: "pci", "pci vfio" ...,
                      * or a mediated device's model; MF_MANAGED: its driver changes for it; a, b: KiB of memory that QEMU may lock, low and high half, all set: no limit. The grant's name: its group */
    MK_GIVEN,        /* aux: a group of descriptors that the caller gave (given.h): a disk image, as MK_IMAGE */
    MK_KIND_N
};
enum link_kind { LINK_OWN, LINK_BRIDGE /* of the host's */, LINK_MACVTAP /* + enum macvtap_mode, over an interface of the host's */ };
enum macvtap_mode { MACVTAP_VEPA = 1, MACVTAP_PRIVATE, MACVTAP_BRIDGE, MACVTAP_PASSTHROUGH, MACVTAP_MODE_N };
enum helper_kind { HELPER_SWTPM, HELPER_VIRTIOFS, HELPER_PASST, HELPER_KIND_N };
enum manifest_flags {
    MF_RO = 1, MF_BLOCK = 2 /* must be a block device */, MF_FILE = 4 /* must be a regular file */, MF_SHARED = 8 /* no exclusive lock */,
    MF_APPEND = 16, MF_OPTIONAL = 32 /* absent is no error (cdrom startupPolicy) */, MF_PROBE = 64 /* find its format and chain at start */,
    MF_BACKING = 128 /* named by an image's header, not by the document */, MF_VNET_HDR = 256, MF_MANAGED = 512, MF_WORKER = 1024 /* the worker gets our end */,
    MF_GONE = 4096 /* of a device that a running guest has no more: nobody looks at it */,
    MF_EMPTY = 2048 /* nothing to open: a removable drive without medium */, MF_FRESH = 8192 /* MK_NVRAM: made anew from its template, whatever is there; MK_IMAGE: an overlay that is made, and goes with the run: aux: the disk's name */,
    MF_CHOSEN = 32768 /* MK_IMAGE, MK_BIND; the template of an MK_NVRAM: by what descriptors of the host's say, and by no document: opened with the rights of qemu.conf's user */,
    MF_SIZE = 16384 /* MK_IMAGE: an overlay that is made stands on it; unless it is raw, a (low half) and b are the disk's size, as a probe says */,
};
enum image_format { IMG_NONE, IMG_RAW, IMG_QCOW2, IMG_QCOW, IMG_QED, IMG_VMDK, IMG_VDI, IMG_VPC, IMG_VHDX, IMG_ISO, IMG_LUKS, IMG_DIR, IMG_BOCHS, IMG_CLOOP, IMG_DMG, IMG_COW, IMG_PLOOP, IMG_FAT, IMG_UNKNOWN, IMG_N };
const char *image_format_name(int f);            /* "qcow2"; NULL for none */
int image_format_parse(const char *s, size_t n); /* IMG_UNKNOWN if it is none */

struct manifest_head { uint32_t magic, entries, bytes, pad; };
struct manifest_entry {
    uint16_t kind;
    uint16_t size;          /* whole entry with strings and padding, multiple of 8 */
    uint32_t flags;
    uint32_t index;         /* position, from 0 */
    int32_t parent;
    uint32_t format;        /* enum image_format */
    uint32_t a, b, c;
    uint8_t mac[6];
    uint16_t path_len, aux_len;   /* bytes with NUL, 0 = absent; path then aux follow the fixed part */
    uint8_t pad[6];
};
_Static_assert(sizeof(struct manifest_entry) == 48, "fixed part");
/* size is u16: paths are bounded by 4096 each. */

/* Checked reader: walks entries; every length, kind, index and NUL is checked. */
struct manifest_in { const uint8_t *p, *end; uint32_t left, next; };
int manifest_open(struct manifest_in *in, const void *p, size_t n);        /* 0 or -EPROTO */
int manifest_next(struct manifest_in *in, struct manifest_entry *e, const char **path, const char **aux);   /* 1, 0 at a clean end, -EPROTO */
/* Writer into a caller's buffer. */
struct manifest_out { uint8_t *p; size_t len, cap; uint32_t entries; };
void manifest_begin(struct manifest_out *o, void *buf, size_t cap);
int manifest_add(struct manifest_out *o, struct manifest_entry *e, const char *path, const char *aux);      /* fills size, index, lengths; the index, or -ENOSPC */
ssize_t manifest_finish(struct manifest_out *o);                           /* bytes */

/* What the hands made of each entry, in the order of entries. */
struct grant {
    uint32_t index;
    int32_t error;          /* 0 or a negative errno (MF_OPTIONAL entries only; otherwise the start fails); or GRANT_THEIRS */
    int16_t qemu_fd[2];     /* descriptor numbers in QEMU (QEMU_FD_BASE..), -1 none: [0] the main one, [1] the read-only twin of a writable image;
                             * MK_HELPER: the helper's end of the connection, which hand-launch gives to it and not to QEMU */
    uint8_t made;           /* 1: carried out by this hand (each hand answers for all entries; merge those that are made) */
    uint8_t nqemu;          /* descriptors in QEMU from qemu_fd[0] on: a multi-queue MK_TAP has one a queue */
    uint8_t nworker;        /* descriptors on our side */
    uint8_t is_new;         /* MK_TAP: the interface is ours to delete; MK_NVRAM, MK_STATE: made now */
    uint32_t port;          /* MK_TCP_LISTEN: the one that was bound; MK_NODE: the guest's number at /dev/vhost-vsock */
    uint64_t dev, ino, size;   /* images: what was opened (pin), size in bytes of a block device or file; MK_UNIX_LISTEN, MK_STATE: the socket's place, the file's */
    uint32_t is_block;
    uint32_t probed_format; /* enum image_format, for MF_PROBE */
    char name[108];         /* MK_PTY: path of the slave (/dev/pts/N); MK_TAP: interface name */
};
#define QEMU_FD_BASE 10
#define QEMU_FD_KEY (QEMU_FD_BASE + 1)    /* of a start with a monitor, which is the first: the key that the run's secrets are encrypted with */
#define GRANT_THEIRS 1      /* no hand of ours opened it: QEMU has it from the daemon that began the guest */
#define GRANTS_MAGIC 0x47524e31u
struct grants_head { uint32_t magic, n; int32_t monitor_fd; /* number in QEMU of the listening monitor socket, -1 none: libvirt's daemon began the guest */
    uint32_t next_fd; /* first number in QEMU that was never given away in this run; 0: none was */ };
#endif
