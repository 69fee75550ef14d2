/* talk.h: the parts of the role talk. */
#ifndef BULKHEAD_TALK_H
#define BULKHEAD_TALK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ipc/err.h"
#include "ipc/internal.h"
#include "ipc/layout.h"
#include "ipc/manifest.h"
#include "ipc/mp.h"
#include "ipc/settings.h"
#include "workers/rpc-client.h"
#include "workers/tree.h"

/* resources.c: what of a guest is leased, as libvirt's driver "lockd" has it. */
enum { RESOURCES_MAX = 1024 };
struct resource { char *space, *name; uint32_t flags; /* enum lock_flags */ };      /* space "": the file NAME itself */
struct resources { struct resource v[RESOURCES_MAX]; size_t n; bool has_unleased; /* a disk that only this guest writes, and none of v */ };
/* Disks that may be written (with auto_disk_leases) and <lease> elements, in the document's order. keys: NULL if none are wanted. 0, or -1 with *e set;
 * resources_free() in both cases.  only: of the disk alone whose image has that entry, -1: all. */
int resources_find(struct resources *r, const struct tree *domain, int only, const struct settings *s, const struct disk_keys *keys, struct err *e);
void resources_free(struct resources *r);

/* leases.c: all that is said to virtlockd over one connection. fd: connected, borrowed. what: LEASES_GIVE or LEASES_TAKE, of enum talk_what. 0, or -1 with *e
 * set; a take that fails has given up what it had got. */
int leases_say(int fd, const struct lock_owner *owner, const struct resources *r, const struct settings *s, uint32_t what, unsigned ms, struct err *e);

/* logs.c: to virtlogd, over one connection; fd, ms and result as above. A guest's own log is NAME.log in the folder of logs.
 * logs_open: the pipes that it answers, of the guest's own log and of each device's in the manifest's order; also of a failure there may be some.
 * logs_tail: the last bytes of the guest's own log, LOGS_TAIL_MAX at most; *text is the caller's to free. */
enum { PIPES_MAX = 64, LOGS_TAIL_MAX = 4096 };
struct pipes { int fd[PIPES_MAX]; unsigned n; };
int logs_open(int fd, const struct lock_owner *guest, const struct layout *l, int manifest, unsigned ms, struct pipes *p, struct err *e);
int logs_tail(int fd, const struct lock_owner *guest, const struct layout *l, unsigned ms, char **text, size_t *n, struct err *e);

/* ports.c: to the host's network daemon, over one connection.  With a domain: the ports that its links ask for (MK_LINK) and have not are made, and answers, begun by
 * mp_out_init(), gets [[index, document of the port] ...].  Without: those of what has gone from the manifest are given up, or, where from is one of its entries, of all from there on; 0: both.
 * 0, or -1 with *e set: what was made then stays, and is given up by another talk. */
int ports_say(int fd, const char *uri, int manifest, const struct tree *domain, uint32_t from, unsigned ms, struct mp_out *answers, struct err *e);

/* filters.c: to the host's network filter daemon, over one connection.  filters_set: the taps of the manifest `now` get the filters that it says where `was` says
 * something else, or all (was -1); where one fails, what was before is so again.  filters_drop: of what has gone from the manifest, and of all entries from that index
 * on.  Names of taps are those of the grants, or of the manifest where there are none.  0, or -1 with *e set. */
int filters_set(int fd, const char *uri, int now, int was, int grants, unsigned ms, struct err *e);
int filters_drop(int fd, const char *uri, int manifest, int grants, uint32_t from, unsigned ms, struct err *e);

/* secrets.c: to the host's secret daemon, over one connection. Those that the manifest names (MK_SECRET) and has no value of are looked up; answers, begun by mp_out_init(), gets
 * [[index, "iv=... data=..."] ...], encrypted with keys->key.  0, or -1 with *e set: the daemon's own error, or one in libvirt's words. */
enum { SECRET_BYTES_MAX = 3000 };       /* of a value: an entry of a manifest has room for so much */
int secrets_say(int fd, const char *uri, int manifest, const struct secret_keys *keys, unsigned ms, struct mp_out *answers, struct err *e);

/* sibling.c: fn is asked about each entry of the manifest: 0: nothing was said of it; 1: it put an answer behind those before; -1 with *e set.  answers, begun by mp_out_init() (NULL: none
 * are wanted), gets an array of them. 0, or -1 with *e set. */
typedef int sibling_fn(struct rpc_client *c, const struct manifest_entry *m, const char *path, const char *aux, const void *about, struct mp_out *answers, struct err *e);
int sibling_say(int fd, const char *uri, int manifest, unsigned ms, sibling_fn *fn, const void *about, struct mp_out *answers, struct err *e);
/* As a client that is let in by who it is. */
int talk_greet(struct rpc_client *c, const char *uri, struct err *e);
/* The one value of an answer, packed. */
void talk_put(struct mp_out *to, const struct mp_out *answer);

/* aes.c: AES-256 in CBC mode. out: aes_padded(n) bytes, a whole block at least more than n; may be in. */
enum { AES_BLOCK = 16, AES_KEY = 32 };
static inline size_t aes_padded(size_t n) { return (n / AES_BLOCK + 1) * AES_BLOCK; }
void aes_encrypt(const uint8_t key[AES_KEY], const uint8_t iv[AES_BLOCK], const void *in, size_t n, uint8_t *out);

/* sha256.c: of n bytes at p, in hex with a NUL. */
enum { SHA256_HEX = 65 };
void sha256_hex(const void *p, size_t n, char hex[SHA256_HEX]);
#endif
