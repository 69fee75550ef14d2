/* migrate.h: saving and restoring a guest's state. */
#ifndef BULKHEAD_QEMU_MIGRATE_H
#define BULKHEAD_QEMU_MIGRATE_H
#include "workers/packs.h"
#include "workers/qemu/guest.h"

/* A save or dump, from its call until the guest goes on or ends. */
struct saving {
    struct request rq;
    int fd;                     /* the file; -1: an earlier instance's */
    bool was_running, written /* the guest stays stopped until more is heard */, unwanted, aborted, answer /* rq, when it is over */;
    bool named;                 /* into a client's file: who opened that writes the word that it is whole, when all of it is on the disk */
    bool dump, reset, ends /* the guest does, when it is written */, memory;
    uint32_t format;            /* of a dump */
    enum pack pack;             /* how QEMU's state is packed */
    bool direct;                /* past the host's cache */
    struct loop_timer again;
    unsigned tries;
};
/* The file for QEMU, which the command that follows takes; where it did not, it is taken back, for QEMU would keep it open as long as the guest runs. */
#define STATE_FD "state"
void state_give(struct guest *g, int fd);                              /* fd borrowed */
void state_take_back(struct guest *g);
OP_FN(save_call);                       /* IN_SAVE */
bool saving_has_all(struct guest *g, const struct request *rq);      /* is all that the guest has a part of its state? Else the call is answered */
struct saving *saving_begin(struct guest *g, const struct request *rq, int fd);     /* takes fd over */
void saving_stop(struct guest *g, int32_t reason, bool stop);          /* then what is to be written is written; stop false: a dump of a guest that runs */
void saving_stream(struct guest *g);                                   /* QEMU's own state into the file */
void saving_out(struct guest *g, const struct err *e);                 /* it is written, or e */
void saving_error(struct guest *g, const struct err *e);
/* dump.c */
void dump_go(struct guest *g);
OP_FN(dump_call);                       /* IN_DUMP */
void dump_completed(struct guest *g, json_t *data);                    /* QEMU's event */
OP_FN(saved_event);                     /* IN_SAVED */
enum saving_note { SAVING_NOT, SAVING_PAUSED, SAVING_RUNNING };         /* what the guest did before */
int32_t saving_note(const struct guest *g);
void saving_resume(struct guest *g);    /* an earlier instance was saving the guest (g->was_saving): it waits for IN_SAVED, or its end */
/* Reads g->restore_fd into a QEMU that waits for it; done is called once. */
void restore_begin(struct guest *g, void (*done)(struct guest *g, const struct err *e));
/* pack.c: QEMU's end of a socket behind which its state is packed into the file (borrowed, until the end), or comes from there (taken over, unless it fails); or a negative errno.  One at a time.
 * direct: past the host's cache, if the file stands where a block begins; -EINVAL: its file system cannot.
 * done is called once, after pack_said(), which tells that QEMU's migration is at its end: e as it, or the packer's own reason. */
int pack_begin(struct guest *g, int file, enum pack kind, bool direct, bool unpacks, void (*done)(struct guest *g, const struct err *e));
void pack_said(struct guest *g, const struct err *e);
int saving_end(struct guest *g, struct err *e);       /* the same of g->saving, whose done is saving_out; -1 with *e set */
void pack_free(struct guest *g);        /* gives it up, if there is one, and calls nobody */
void migration_gone(struct guest *g);   /* QEMU has ended */
#endif
