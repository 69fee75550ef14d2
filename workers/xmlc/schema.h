/* schema.h: the document tables (made from schema/ *.sx) and what is done with them.
 *
 * One walk over a client's tree along the tables checks every value and gives the canonical tree: elements and attributes
 * that libvirt knows, in its printing order, values in its spelling.  What the tables do not know is left out, as libvirt
 * does, or refused when the client asked for validation. */
#ifndef BULKHEAD_XMLC_SCHEMA_H
#define BULKHEAD_XMLC_SCHEMA_H
#include "ipc/err.h"
#include "workers/bitmap.h"
#include "workers/tree.h"

enum sx_vtype { SX_NONE, SX_STR, SX_ENUM, SX_UINT, SX_INT, SX_NINT, SX_LONG, SX_HEX, SX_HEXANY, SX_UUID, SX_MAC, SX_BITMAP, SX_USBPORT, SX_MODE8, SX_UNIT,
    SX_KIB, SX_KIB_B, SX_BYTES, SX_MIBM, SX_PRETTY, SX_AKIB, SX_APRETTY, SX_APLAIN_KIB, SX_APLAIN_B };
enum sx_flags { SXF_NEED = 1, SXF_NZ = 2, SXF_MANY = 4, SXF_KEEP = 8, SXF_ADD = 16, SXF_OMIT = 32, SXF_LIVE = 64, SXF_SECRET = 128, SXF_ANY = 256, SXF_MIXED = 512, SXF_CLOSED = 1024, SXF_LOTS = 2048, SXF_BLANK = 4096, SXF_LAX = 8192, SXF_BASED = 16384, SXF_BARE = 32768 };
#define SCHEMA_MANY_MAX 1024        /* of elements that there may be any number of: later steps compare them with each other */
struct sx_error { int code, domain; const char *text; };
struct sx_cond { int up; int negate; const char *attr; const char *const *values; };
struct sx_type;
struct sx_row {
    const char *name;
    uint8_t vtype;              /* enum sx_vtype: of the attribute, or of the element's text */
    uint16_t flags;             /* enum sx_flags */
    uint8_t width;              /* digits of a hex number */
    uint64_t max;
    const char *const *values;  /* SX_ENUM */
    const char *deflt;          /* with SXF_ADD, SXF_OMIT */
    const struct sx_error *err; /* for a bad value; NULL: libvirt's usual one */
    const struct sx_error *miss;        /* for one that has to be there */
    const struct sx_error *empty;       /* for a bitmap that nothing is left of; NULL: it is left out */
    const struct sx_cond *cond; /* ends with attr NULL */
    const struct sx_type *type; /* attributes and children of the element */
};
struct sx_type { const struct sx_row *attr; unsigned nattr; const struct sx_row *kid; unsigned nkid; };

extern const struct sx_type schema_domain;

enum schema_flags { SCHEMA_STRICT = 1 /* refuse what is unknown, with VIR_ERR_XML_INVALID_SCHEMA */, SCHEMA_LIVE = 2 /* keep what only a running guest has */ };
/* Makes the canonical form of raw, whose rows are those of type. NULL with *e set. The caller frees it; raw is unchanged. */
struct tree *schema_apply(const struct sx_type *type, const struct tree *raw, unsigned flags, struct err *e);
/* Puts attributes and children of t (canonical form) into printing order again after code has changed them, all the way down; elements
 * that say nothing any more go. */
void schema_order(const struct sx_type *type, struct tree *t);

/* value.c: writes the canonical spelling of v into out (n bytes). unit: the element's unit attribute (sizes), *out_unit: the one
 * to print, NULL none. 0, or -1 with *e set. element and attr (NULL: the text) name the place. */
int value_check(const struct sx_row *row, const char *element, const char *attr, const char *v, const char *unit, char *out, size_t n,
    const char **out_unit, struct err *e);
/* Sets *e to a table's error, with v in the place of its %s, or name (an attribute's or element's) in the place of its %n. Returns -1. */
int schema_refuse(const struct sx_error *what, const char *name, const char *v, struct err *e);
#endif
