/* typed.h: typed parameters: of a call, checked against those it knows, and of an answer. */
#ifndef BULKHEAD_TYPED_H
#define BULKHEAD_TYPED_H
#include "ipc/err.h"
#include "ipc/mp.h"

enum typed_type { TYPED_INT = 1, TYPED_UINT, TYPED_LLONG, TYPED_ULLONG, TYPED_DOUBLE, TYPED_BOOL, TYPED_STRING };
#define TYPED_MAX 64u

/* One that a call knows.  path: the element whose text is the value, or "element@attribute" (tree-params.c; NULL: it is not so simple).  live: what the kernel
 * has when the document is silent; stored: what a definition shows then. */
struct param { const char *name, *path; int type; int64_t stored, live; };

/* One that a call brought.  which: its row in the table.  i: TYPED_INT, _LLONG;  u: _UINT, _ULLONG, _BOOL;  s: _STRING. */
struct typed { unsigned which; int64_t i; uint64_t u; char *s; };
struct typed_list { unsigned n; struct typed v[TYPED_MAX]; };

/* Reads the array of [name, type, value] that comes next.  0; or -1 with *e in libvirt's words: one that is not known, of another type, or there twice.
 * typed_free() is due in either case. */
int typed_read(struct mp_in *in, const struct param *known, unsigned nknown, struct typed_list *out, struct err *e);
void typed_free(struct typed_list *l);
#define AUTO_TYPED __attribute__((cleanup(typed_free))) struct typed_list
/* The parameter of a row; NULL: it did not come. */
const struct typed *typed_find(const struct typed_list *l, unsigned which);

/* One of an answer begins: its value comes next. */
void typed_head(struct mp_out *o, const char *name, int type);

/* Those of an answer, counted as they are written; max 0: as many as there are, else those beyond it are left out.  fmt: the name.  A string that is NULL is none. */
struct typed_out { struct mp_out o; uint32_t n, max; };
void typed_put_int(struct typed_out *t, int64_t v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void typed_put_uint(struct typed_out *t, uint64_t v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void typed_put_llong(struct typed_out *t, int64_t v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void typed_put_ullong(struct typed_out *t, uint64_t v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void typed_put_bool(struct typed_out *t, bool v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void typed_put_str(struct typed_out *t, const char *v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The array of them goes into o; t is empty then. */
void typed_out_end(struct typed_out *t, struct mp_out *o);
#endif
