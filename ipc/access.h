/* access.h: the rules of bulkhead-access.conf as fixed structs.  conf makes them of the file, in its sandbox; the front finds the ids of users and groups;
 * auth judges by them, and `virtqemud --may`. */
#ifndef BULKHEAD_ACCESS_H
#define BULKHEAD_ACCESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "internal.h"

/* struct settings, access. */
enum access_by { ACCESS_RULES = 1 /* bulkhead-access.conf */, ACCESS_POLKIT = 2 /* access_drivers */ };
enum { MAY_BITMAP_BYTES = INDEX_SLOTS_MAX / 8 };     /* IN_MAY */
#define ACCESS_MAGIC 0x41434331u
enum { ACCESS_RULES_MAX = 4096, ACCESS_WORD_MAX = 64 /* bytes of a name of a user, group or permission, with NUL */ };
enum access_who { ACCESS_ALL, ACCESS_USER, ACCESS_GROUP };
enum access_guest { ACCESS_ANY_GUEST, ACCESS_GUEST_NAME, ACCESS_GUEST_UUID };
struct access_rule {
    uint32_t line;                  /* in the file */
    uint8_t allow, who /* enum access_who */, guest /* enum access_guest */, pad;
    uint32_t id;                    /* of user or group, once the front has found it */
    char name[ACCESS_WORD_MAX];     /* user or group, as it stands in the file */
    char permission[ACCESS_WORD_MAX];       /* "domain.start"; '*' is any text */
    char pattern[NAME_MAX_BYTES];   /* of guests' names; '*' is any text */
    uint8_t uuid[16];
};
struct access_rules { uint32_t magic, n; struct access_rule rule[]; };
#define ACCESS_BYTES_MAX (sizeof(struct access_rules) + ACCESS_RULES_MAX * sizeof(struct access_rule))
/* Whether n bytes are rules that can be gone by: magic, size, and that every text ends. */
bool access_rules_good(const struct access_rules *r, size_t n);

/* Who asks: as the kernel knew the client at its connect. */
struct access_client { uint32_t uid, gid, ngroups; const uint32_t *groups; };
enum access_about { ACCESS_NO_GUEST /* of the host, or of none that has a name yet */, ACCESS_SOME_GUEST /* of one that a document will name: it is asked again then */, ACCESS_GUEST };
struct access_object { enum access_about about; const char *name; const uint8_t *uuid /* NULL: not known, see below */; };
enum access_answer { ACCESS_NO, ACCESS_YES, ACCESS_OPEN /* that depends on the guest's uuid */ };
/* The first rule that is about all of these decides; without one it is no.  *line: that rule's, 0 none. */
enum access_answer access_judge(const struct access_rules *r, const struct access_client *c, const char *permission, const struct access_object *o, uint32_t *line);
/* '*' in pattern is any text, of any length. */
bool access_matches(const char *pattern, const char *text);
/* Whether pattern is a permission of libvirt's ("domain.start"), or matches one. */
bool access_permission(const char *pattern);
/* A UUID as libvirt writes it; small or large letters. */
bool access_uuid(const char *text, uint8_t uuid[16]);
#endif
