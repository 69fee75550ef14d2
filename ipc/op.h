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
    ROUTE_PLUG,        /* the same, but a device comes to a running guest or goes from it: a flow of the supervisor. Without flags: only that */
    ROUTE_LIVE,        /* running guest's worker; else error 55 "domain is not running" */
    ROUTE_DOC,         /* an xmlc with the document in the arguments (no stored definition) */
    ROUTE_HOST,        /* the host worker: node facts, capabilities */
    ROUTE_SIBLING,     /* another daemon of libvirt (network, nodedev, ...) */
    ROUTE_LEASE,       /* virtlockd's supervisor, with a struct for a body */
    ROUTE_N
};
enum op_class { CLASS_NONE, CLASS_CONNECT, CLASS_DOMAIN, CLASS_NETWORK, CLASS_POOL, CLASS_VOL, CLASS_INTERFACE, CLASS_NODE_DEVICE,
    CLASS_SECRET, CLASS_NWFILTER, CLASS_NETWORK_PORT, CLASS_NWFILTER_BINDING, CLASS_SNAPSHOT, CLASS_CHECKPOINT, CLASS_ADMIN, CLASS_LOG, CLASS_LOCK, CLASS_N };
enum op_replay {
    REPLAY_SAFE,       /* may run twice (reads, idempotent sets): sent again to a worker's next instance */
    REPLAY_NEVER,      /* a dead worker's caller gets "outcome unknown" */
};

/* Shapes of values: what follows what in XDR, and as which msgpack value it travels inside (workers/xdr.h).
 *   integers, f64, bool  int, float, bool         char/short widths are widened to 4 bytes on the wire
 *   STRING               str (bin if its bytes are not UTF-8)
 *   BYTES, FIXED         bin; FIXED has exactly `bytes` bytes (a UUID: 16)
 *   TEXT, TEXT_FIXED     str; characters of 4 bytes each: with a counted NUL, or padded with NULs to `bytes`
 *   CHARS                bin; bytes of 4 bytes each (SASL data)
 *   STRUCT               array of its fields; UNION (typed parameter): two elements of the array around it, type and value
 *   SA_OPTIONAL          nil or the value; SA_VARIABLE: array of at most `max` */
enum shape_type { SH_I32, SH_U32, SH_I64, SH_U64, SH_F64, SH_BOOL, SH_I8, SH_U8, SH_I16, SH_U16,
    SH_STRING, SH_BYTES, SH_FIXED, SH_TEXT, SH_TEXT_FIXED, SH_CHARS, SH_STRUCT, SH_UNION };
enum shape_array { SA_ONE, SA_OPTIONAL, SA_VARIABLE };
struct shape_struct;
struct shape_field {
    const char *name;
    uint8_t type;                       /* enum shape_type */
    uint8_t array;                      /* enum shape_array */
    uint32_t max;                       /* SA_VARIABLE: most elements */
    uint32_t bytes;                     /* SH_STRING .. SH_CHARS: most bytes (FIXED kinds: exactly), without a counted NUL */
    const struct shape_struct *sub;     /* SH_STRUCT, SH_UNION */
};
struct shape_struct {
    const char *name;
    const struct shape_field *fields;   /* of a union: its arms */
    const int32_t *arm_values;          /* of a union: the discriminant of each arm; NULL for structs */
    uint16_t n;                         /* fields or arms */
    uint16_t elems;                     /* elements of the msgpack array (a union field counts two) */
};

enum { FDS_CLIENT = 1, FDS_GIVEN };
struct op {
    uint32_t id;                 /* OP(program, procedure) */
    uint8_t kind, cls, route, replay;
    bool ro;                     /* allowed on a read-only connection */
    bool stream;                 /* opens a stream */
    uint8_t fds_in, fds_out;     /* 1: the call / reply may carry descriptors; FDS_GIVEN: those that its client gave before (ipc/given.h) */
    int8_t arg_flags;            /* index of the argument (flags, or the call's one int) copied to frame_head.arg, -1 none */
    int8_t arg_object;           /* index of the argument that names the object (remote_nonnull_domain, ...), -1 none */
    uint8_t affects;             /* which of its flag bits 1 and 2 mean VIR_DOMAIN_AFFECT_LIVE and _CONFIG: the gateway sets FRAME_LIVE, FRAME_CONFIG */
    uint32_t ro_deny;            /* flags that are refused on a read-only connection although the call is not (secrets in XML) */
    uint32_t cap;                /* largest argument body accepted, bytes of msgpack */
    const char *name;            /* msgpack-RPC method: "domain.create_with_flags" */
    const char *api;             /* public function: "virDomainCreateWithFlags" */
    const char *right;           /* libvirt ACL permissions: "domain:start", "" none; see the head of ipc/schema/remote.rpc */
    const struct shape_struct *args, *ret;     /* NULL: none. Events: args is the message's struct */
};
const struct op *op_find(uint32_t id);                 /* NULL if there is none */
const struct op *op_find_name(const char *name, size_t n);
/* All of them, sorted by id. */
extern const struct op op_table[];
extern const unsigned op_table_n;
extern const struct shape_struct shape_error;          /* the error struct of replies, all programs */
/* OP_<PROGRAM>_<NAME> constants, e.g. OP_REMOTE_DOMAIN_CREATE, are in the generated "ipc/schema/op-numbers.h".  The full table is
 * libop.a, linked by those that speak libvirt's protocol only; the supervisor links libroutes.a: the same rows without shapes and names. */
struct op_route_row { uint32_t id; uint8_t kind, cls, route, replay; bool ro; uint8_t affects, fds_in; int8_t judged /* index of its flags, where what a client needs for the call depends on them; -1 */; uint32_t cap, ro_deny; };
extern const struct op_route_row op_route_table[];
extern const unsigned op_route_table_n;
const struct op_route_row *op_route_find(uint32_t id); /* NULL if there is none */
#endif
