/* xmlc.h: one call of the role: its caller, environment, and the two kinds of answers. */
#ifndef BULKHEAD_XMLC_XMLC_H
#define BULKHEAD_XMLC_XMLC_H
#include "ipc/internal.h"
#include "workers/worker.h"
#include "workers/xmlc/doc.h"
#include "workers/xmlc/plug.h"

struct job {
    struct worker *w;
    const struct request *rq;
    struct doc_env env;
    struct err e;
    struct mp_in in;            /* arguments of an API call, behind the array's header */
    const char *stored;         /* text of the stored definition, NULL none */
    size_t stored_len;
    struct tree *t;             /* the stored definition, for calls on one */
    struct plug_run run;        /* of a running guest; t NULL: the call is not on one */
    unsigned cpus;              /* of the host */
    bool is_live;               /* t is a running guest's */
    uint64_t peek_at;           /* of the image that j->t has left: where others shall read, and how much; 0: they need not */
    uint32_t peek_size;
    int file;                   /* a client's, which the call is about, borrowed; -1: none came */
    int grants;                 /* of the run, -1: none */
    struct mp_out event;        /* fields of a metadata-change event behind its domain; empty: none */
};

/* A call on a stored definition: works on j->t.  Writes the reply's values into o (an array header included).  Returns 0: answer with o;
 * 1: j->t was changed and is to be stored, o is the reply; 2: the answer is for others to make, of the resources that j->t has left;
 * -1: j->e is set. */
typedef int stored_fn(struct job *j, struct mp_out *o);
struct stored_op { uint32_t op; stored_fn *fn; };
extern const struct stored_op stored_ops[], stored_sets[], live_sets[];      /* ops.c, ops-set.c; each ends with op 0 */
int args_end(struct job *j);                                    /* after the last getter: 0, or -1 with j->e */
int memory_set(struct job *j, uint64_t kib, bool maximum);      /* in j->t; 0 or -1 */
/* Calls on a document in the arguments, without an object. */
int on_native(struct job *j, struct mp_out *o);                 /* connect.domain_xml_to_native */
int on_compare_cpu(struct job *j, struct mp_out *o);            /* cpu-ops.c */
int on_compare_hypervisor_cpu(struct job *j, struct mp_out *o);
int on_baseline_cpu(struct job *j, struct mp_out *o);
int on_baseline_hypervisor_cpu(struct job *j, struct mp_out *o);

/* The answer's three parts, and what goes with them: xml is the text to store, or the packed devices of a running guest. 0, or -1 with j->e set */
int send_parts(struct job *j, const void *xml, size_t n, const struct tree *form, struct manifest_out *mo, struct doc_result *d, const struct mp_out *reply);
/* A definition: its manifest is that of a run, made on a copy. 0, or -1 with j->e set */
int send_definition(struct job *j, struct tree *t, struct doc_result *d, const struct mp_out *reply);

/* libvirt's names for states and their reasons, as in status files. */
int state_parse(const char *state, const char *reason, int32_t *s, int32_t *r);

/* Reads msgpack's dom argument and forgets it: the supervisor chose the object. */
void skip_dom(struct job *j);
#endif
