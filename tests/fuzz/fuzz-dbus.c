/* fuzz-dbus: what comes from a bus.  Input: the bytes of its connection behind the greeting. */
#include <stdlib.h>
#include <string.h>
#include "workers/auth/dbus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dbus_message m;
    for (long n; size && (n = dbus_read(data, size, &m)) > 0; data += n, size -= (size_t)n) {
        if ((size_t)n > size || n > DBUS_MESSAGE_MAX || !memchr(m.error, 0, sizeof m.error) || !memchr(m.text, 0, sizeof m.text))
            abort();
        /* Only an answer to the question says yes. */
        if ((m.authorized || m.challenge || m.dismissed) && (!m.checked || m.kind != DBUS_ANSWER))
            abort();
    }
    return 0;
}
