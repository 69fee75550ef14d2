/* dbus.h: the few messages of D-Bus that are needed: bytes made, and bytes looked at.  No descriptor, no state. */
#ifndef BULKHEAD_AUTH_DBUS_H
#define BULKHEAD_AUTH_DBUS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DBUS_MESSAGE_MAX = 65536, DBUS_TEXT_MAX = 256 };
/* What is said before the first message, Hello among it: the bus answers DATA, then OK. */
size_t dbus_greeting(uint8_t *to, size_t size);

struct dbus_pair { const char *key, *value; };
struct dbus_subject { uint32_t pid, uid; };
/* polkit's CheckAuthorization, and the end of one.  cancel: a name for it, unique on the connection.  0: it does not fit. */
size_t dbus_check(uint8_t *to, size_t size, uint32_t serial, const struct dbus_subject *s, const char *action, const struct dbus_pair *details, unsigned n, bool interactive, const char *cancel);
size_t dbus_cancel(uint8_t *to, size_t size, uint32_t serial, const char *cancel);

enum dbus_kind { DBUS_OTHER, DBUS_ANSWER, DBUS_ERROR };
struct dbus_message {
    enum dbus_kind kind;
    uint32_t serial;            /* of the call that it answers */
    char error[DBUS_TEXT_MAX], text[DBUS_TEXT_MAX];     /* DBUS_ERROR: name and words */
    bool checked;               /* DBUS_ANSWER: it is one of CheckAuthorization, and says: */
    bool authorized, challenge, dismissed;
};
/* Looks at the message at p.  Its length; 0: more bytes are needed; -1: it is none that can be. */
long dbus_read(const uint8_t *p, size_t n, struct dbus_message *m);
#endif
