/* lockd.h: lockspaces, leases and their owners: what virtlockd's supervisor knows.
 *
 * All of it is one page of shared memory that the keeper holds, so that the next supervisor finds it as it was, and beside it a descriptor a lease, which
 * is the lock, and one a lockspace, its folder.  We hold copies, to give a lock up by; the keeper's is the one that makes it outlive us. */
#ifndef BULKHEAD_LOCKD_H
#define BULKHEAD_LOCKD_H
#include <string.h>
#include "holder.h"

#define PAGE_MAGIC 0x4c4b5032u
#define LEASES_MAX 32768u
#define SPACES_MAX 256u
#define HANDS_AGAIN 8u         /* that wait for another call: a birth costs ten times what a call does */
#define RESOURCE_MAX 1024u          /* bytes of a resource's name with its NUL */
#define TEXT_MAX 180u               /* most names of resource and owner fit */

/* A client's call, by which a supervisor knows what an earlier one did for it when it comes again. */
struct said { uint64_t number; uint32_t serial, pad; };
static inline bool said_is(const struct said *s, const struct caller *c) { return c->flags & FRAME_RESENT && s->number == c->number && s->serial == c->serial; }
static inline struct said said_by(const struct caller *c) { return (struct said){ c->number, c->serial, 0 }; }

enum lease_state { LEASE_FREE, LEASE_TAKING, LEASE_HELD, LEASE_GIVING };
struct lease {
    uint32_t state;                 /* enum lease_state; written last */
    uint32_t space, gen;
    uint8_t made;                   /* the file was made for it, in the direct lockspace */
    uint8_t local;                  /* the same: we give its lock up ourselves, for that waits for nobody */
    uint8_t doomed;                 /* its owner has ended: it is given up as soon as can be */
    uint8_t pad;
    struct said by;                 /* the call that took it, or gave it up */
    struct lease_row row;           /* what is told of it: flags, since, owner */
    uint32_t is_long;               /* its text is in the page's long_text */
    char text[TEXT_MAX];            /* the resource's name, and behind its NUL the owner's */
};
enum space_state { SPACE_FREE, SPACE_OPENING, SPACE_UP };
struct space { uint32_t state, pad; struct said by; char path[LOCK_TEXT_MAX]; };
/* What a client has said of itself, in the row of the client page that it has. */
struct client { uint64_t number /* of its gateway */; uint32_t pid /* its own, by the kernel's word */; uint8_t registered, restricted, watched /* its process */, pad; struct said by /* restricted */; struct lock_owner owner; };
/* used_*: rows once used: nobody looks at those beyond, which would cost memory. */
struct page { uint32_t magic, gen, used_spaces, used_clients, used_leases; uint32_t reserved[11]; struct space space[SPACES_MAX]; struct client client[CLIENTS_MAX]; uint32_t watched[CLIENTS_MAX] /* pids */;
    struct lease lease[LEASES_MAX]; char long_text[LEASES_MAX][RESOURCE_MAX + NAME_MAX_BYTES] /* of each row; memory is what is used of it */; };

/* page.c */
extern struct page *page;
extern uint32_t leases_used;        /* that are not free */
bool page_open(int fd);             /* takes over; -1: a new one, which the keeper gets. False: it cannot be */
static inline const char *lease_resource(const struct lease *l) { return l->is_long ? page->long_text[l - page->lease] : l->text; }
static inline const char *lease_owner(const struct lease *l) { return lease_resource(l) + strlen(lease_resource(l)) + 1; }
struct lease *lease_new(uint32_t space, const char *resource, const char *owner);  /* state still free, to be filled in and set; NULL: there are too many */
struct lease *lease_find(uint32_t space, const char *resource, struct lease *after);    /* any that is not free */
void lease_free(struct lease *l);   /* and its descriptor, here and with the keeper */
void lease_keep(struct lease *l, int fd);       /* takes fd over; the keeper gets a copy */
int lease_fd(const struct lease *l);
void lease_held(uint64_t object, int fd);       /* what the keeper had, before page_open() */
static inline uint32_t lease_index(const struct lease *l) { return (uint32_t)(l - page->lease); }
static inline uint64_t lease_object(const struct lease *l) { return object_make(lease_index(l), l->gen); }
void keep_fd(uint64_t object, uint32_t tag, uint32_t arg, int fd);       /* the keeper and the holder get a copy; the next three: the holder alone */
void hold_fd(uint64_t object, uint32_t tag, uint32_t arg, int fd);
void page_hold(void);
void lease_hold(uint32_t row);

/* spaces.c: the first one is the direct lockspace, whose path is empty and whose resources are paths of their own */
int space_find(const char *path);               /* one that is up, or -1 */
void space_call(const struct caller *c, const char *path, bool is_new);
int space_ask(struct flow *f, uint32_t space, uint32_t op, const struct lock_file *q, int fd);  /* a step's first half: its process is asked */
bool space_is_ours(uint32_t i);                 /* its process has nothing to do that an earlier supervisor asked for */
void space_heard(uint32_t i, uint64_t number);  /* it has done what we asked for */
void space_held(uint32_t i, int fd);
void space_inherit(struct peer *p, uint32_t i);
void space_hold(uint32_t i);
void spaces_open(void);                         /* the page is there */

/* leases.c */
void lease_acquire(const struct caller *c, const struct client *o, uint32_t space, const char *name, uint32_t flags);
void lease_release(const struct caller *c, const struct client *o, uint32_t space, const char *name, uint32_t flags);
void lease_create(const struct caller *c, const struct client *o, uint32_t space, const char *name, uint32_t flags);
void lease_delete(const struct caller *c, const struct client *o, uint32_t space, const char *name, uint32_t flags);
unsigned leases_end(uint32_t pid);              /* all of an owner; their number */
void leases_open(void);                         /* after a supervisor's death: half done things */
int lock_hand(struct flow *f, uint32_t what, uint32_t flags, const char *path, int fd);       /* a step's first half: IN_HAND_LEASE, fd (-1: none) with it */
int lock_again(struct flow *f, uint32_t space);              /* a step failed: once more, if it was a process that died over it */
int lock_done(struct flow *f, struct frame *fr, struct lock_done *d);   /* FLOW_NEXT with f->fd[FF_IMAGE] if a descriptor came, or -1 when it is malformed */

void lock_fail(const struct caller *c, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));       /* an error of libvirt's RPC part */

/* objects.c */
void lease_tell_lost(const struct lease *l);    /* whoever has asked for it */

/* check.c */
void checks_begin(void);                        /* there is a lease: from now on it is looked after */
bool check_is_at(const struct lease *l);        /* just now */

/* owners.c */
struct client *client_of(const struct peer *p); /* NULL: of no client */
void client_register(const struct caller *c, struct client *o, const struct lock_owner *as);
void watch_held(const struct held *h, int fd);  /* takes fd over */
void watch_hold(uint32_t i);
void owners_open(void);                         /* after a supervisor's death, behind leases_open() */
#endif
