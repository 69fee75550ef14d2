/* tree-form.h: what of a guest's tree a client sees, by the flags of virDomainGetXMLDesc. Used where trees are printed: xmlc, qemu worker. */
#ifndef BULKHEAD_TREE_FORM_H
#define BULKHEAD_TREE_FORM_H
#include "ipc/manifest.h"
#include "workers/tree.h"

enum tree_form_flags { FORM_SECURE = 1, FORM_INACTIVE = 2, FORM_UPDATE_CPU = 4, FORM_MIGRATABLE = 8, FORM_STATUS = 1 << 16 /* of a status file: nothing is taken out but our marks */,
    FORM_RUN = 1 << 17 /* of a running guest: the inactive form keeps names and labels of the run, for they stand in no definition */ };

/* Changes t (a <domain>, live or stored) in place: takes out secrets unless FORM_SECURE; with FORM_INACTIVE or FORM_MIGRATABLE what only a
 * running guest has (ids, generated aliases, ports, paths ...); and always our own marks (tree-marks.h). */
void tree_form(struct tree *t, unsigned flags);
/* The kind of <audio> that libvirt adds to these <devices> when they have none; NULL: it adds none. */
const char *form_implicit_audio(const struct tree *devices);
extern const char *const macvtap_modes[MACVTAP_MODE_N];      /* enum macvtap_mode as documents have it; [0]: NULL */
#endif
