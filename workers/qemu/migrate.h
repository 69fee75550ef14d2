/* migrate.h: saving and restoring a guest's state. */
#ifndef BULKHEAD_QEMU_MIGRATE_H
#define BULKHEAD_QEMU_MIGRATE_H
#include "workers/qemu/guest.h"

OP_FN(save_call);                       /* IN_SAVE */
OP_FN(saved_event);                     /* IN_SAVED */
enum saving_note { SAVING_NOT, SAVING_PAUSED, SAVING_RUNNING };         /* what the guest did before */
int32_t saving_note(const struct guest *g);
void saving_resume(struct guest *g);    /* an earlier instance was saving the guest (g->was_saving): it waits for IN_SAVED, or its end */
/* Reads g->restore_fd into a QEMU that waits for it; done is called once. */
void restore_begin(struct guest *g, void (*done)(struct guest *g, const struct err *e));
void migration_gone(struct guest *g);   /* QEMU has ended */
#endif
