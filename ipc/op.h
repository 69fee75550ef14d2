/* op.h: every operation, from the tables that ipc/schema/gen.py makes of ipc/schema/<program>.rpc. */
#ifndef BULKHEAD_OP_H
#define BULKHEAD_OP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum program { PROG_INTERNAL, PROG_REMOTE, PROG_QEMU, PROG_LXC, PROG_ADMIN, PROG_LOCK, PROG_LOG, PROG_KEEPALIVE, PROG_N };
#define OP(prog, proc) ((uint32_t)(prog) << 16 | (uint32_t)(proc))
#define OP_PROG(op) ((op) >> 16)
#define OP_PROC(op) ((op) & 0xffffu)
/* Wire number of each program, version 1 each; 0 for PROG_INTERNAL. */
extern const uint32_t program_number[PROG_N];

enum op_kind { OPK_CALL, OPK_EVENT, OPK_MESSAGE };
enum op_route {
    ROUTE_NONE,        /* not implemented: "this function is not supported by the connection driver: <api>" (error 3) */
    ROUTE_GATEWAY,     /* answered by the gateway: from the index page, or of the connection itself */
    ROUTE_SUPERVISOR,  /* a flow or a table of the supervisor */
    ROUTE_OBJECT,      /* running guest: its worker; else (or FRAME_CONFIG): an xmlc with the stored definition */
    ROUTE_LIVE,        /* running guest's worker; else error 55 "domain is not running" */
    ROUTE_DOC,         /* an xmlc with the document in the arguments (no stored definition) */
    ROUTE_HOST,        /* the host worker: node facts, capabilities */
    ROUTE_SIBLING,     /* another daemon of libvirt (network, nodedev, ...) */
    ROUTE_N
};
enum op_class { CLASS_NONE, CLASS_CONNECT, CLASS_DOMAIN, CLASS_NETWORK, CLASS_POOL, CLASS_VOL, CLASS_INTERFACE, CLASS_NODE_DEVICE,
    CLASS_SECRET, CLASS_NWFILTER, CLASS_NETWORK_PORT, CLASS_NWFILTER_BINDING, CLASS_SNAPSHOT, CLASS_CHECKPOINT, CLASS_ADMIN, CLASS_LOG, CLASS_LOCK, CLASS_N };
enum op_replay {
    REPLAY_SAFE,       /* may run twice (reads, idempotent sets): sent again to a worker's next instance */
    REPLAY_NEVER,      /* a dead worker's caller gets "outcome unknown" */
};

/* Shapes of values, one field after the other, as a flat program for the transcoder. */
enum shape_type { SH_I32, SH_U32, SH_I64, SH_U64, SH_DOUBLE, SH_CHAR /* widened to 4 bytes */, SH_UCHAR, SH_SHORT, SH_USHORT,
    SH_STRING, SH_OPAQUE, SH_STRUCT, SH_UNION /* typed parameter: int discriminant + arm */ };
enum shape_array { SA_ONE, SA_OPTIONAL, SA_FIXED, SA_VARIABLE };
struct shape_struct;
struct shape_field {
    const char *name;
    uint8_t type;                       /* enum shape_type */
    uint8_t array;                      /* enum shape_array; SH_STRING: bounds its bytes unless array says more */
    bool string_optional;               /* an optional string (remote_string): presence word first */
    uint32_t max;                       /* elements (SA_FIXED: exactly), or bytes of a string or opaque */
    uint32_t elem_max;                  /* bytes of each element, for arrays of strings or opaques */
    const struct shape_struct *sub;     /* SH_STRUCT, SH_UNION */
};
struct shape_struct {
    const char *name;
    const struct shape_field *fields;   /* SH_UNION: arms, `max` of the arm's entry in arm_values gives the discriminant */
    const int32_t *arm_values;          /* SH_UNION only */
    uint16_t n;
};

struct op {
    uint32_t id;                 /* OP(program, procedure) */
    uint8_t kind, cls, route, replay;
    bool ro;                     /* allowed on a read-only connection */
    bool stream;                 /* opens a stream */
    uint8_t fds_in, fds_out;     /* 1: the call / reply may carry descriptors */
    int8_t arg_flags;            /* index of the argument copied to frame_head.arg, -1 none */
    int8_t arg_object;           /* index of the argument that names the object (remote_nonnull_domain, ...), -1 none */
    bool affects;                /* its flags hold VIR_DOMAIN_AFFECT_LIVE/CONFIG (1, 2): the gateway sets FRAME_LIVE/FRAME_CONFIG */
    uint32_t cap;                /* largest argument body accepted, bytes of msgpack */
    const char *name;            /* msgpack-RPC method: "domain.create_with_flags" */
    const char *api;             /* public function: "virDomainCreateWithFlags" */
    const char *right;           /* libvirt ACL permission: "domain:start", "" none */
    const struct shape_struct *args, *ret;     /* NULL: none. Events: args is the message's struct */
};
const struct op *op_find(uint32_t id);                 /* NULL if there is none */
const struct op *op_find_name(const char *name, size_t n);
/* OP_<PROGRAM>_<NAME> constants, e.g. OP_REMOTE_DOMAIN_CREATE, are in the generated "op-numbers.h"
 * (it is also what supervisor code uses; the full tables with shapes are linked by the gateway only; the supervisor links
 * "op-routes.c": the same array without shapes and names). */
struct op_route_row { uint32_t id; uint8_t kind, cls, route, replay; bool ro; uint8_t fds_in; uint32_t cap; };
const struct op_route_row *op_route_find(uint32_t id);
#endif
