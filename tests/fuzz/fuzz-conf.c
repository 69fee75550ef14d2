/* fuzz-conf: the configuration files' grammar and keys.  Input: a byte that chooses the file, then its text.
 * Warnings are part of the work: run with -close_fd_mask=2. */
#include <stdlib.h>
#include <string.h>
#include "ipc/birth.h"
#include "workers/conf/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings s = { .magic = SETTINGS_MAGIC };
    struct err e = ERR_INIT;
    if (!size)
        return 0;
    /* An error names the place; without one no setting is beyond its text. */
    if (settings_apply(&s, data[0] % CONF_FILE_N, "f", (const char *)data + 1, size - 1, &e) < 0) {
        if (e.code == 0 || strncmp(e.detail, "f:", 2))
            abort();
    } else if (s.magic != SETTINGS_MAGIC || !memchr(s.vnc_password, 0, sizeof s.vnc_password) || !memchr(s.unix_sock_dir, 0, sizeof s.unix_sock_dir)) {
        abort();
    }
    return 0;
}
