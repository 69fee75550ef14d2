/* fuzz-conf: the configuration files' grammar and keys, and rules of access.  Input: a byte that chooses the file, then its text.
 * Warnings are part of the work: run with -close_fd_mask=2. */
#include <stdlib.h>
#include <string.h>
#include "ipc/birth.h"
#include "ipc/layout.h"
#include "ipc/log.h"
#include "workers/conf/access.h"
#include "workers/conf/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken can be gone by. */
static void fuzz_rules(const char *text, size_t n)
{
    static const uint32_t groups[] = { 0 };
    static const uint8_t uuid[16] = { 0x11 };
    const struct access_client c = { .ngroups = 1, .groups = groups };
    const struct access_object o = { ACCESS_GUEST, "guest", uuid };
    struct access_rules *r = NULL;
    struct err e = ERR_INIT;
    size_t size;
    uint32_t line;
    if (access_parse("f", text, n, &r, &size, &e) < 0) {
        if (e.code == 0 || strncmp(e.detail, "f:", 2))
            abort();
    } else if (!access_rules_good(r, size) || (access_judge(r, &c, "domain.start", &o, &line) == ACCESS_YES && !line)) {
        abort();
    }
    free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings s = { .magic = SETTINGS_MAGIC, .daemon = size > 1 ? data[1] % DAEMON_N : 0 };
    struct err e = ERR_INIT;
    if (!size)
        return 0;
    if (data[0] % CONF_FILE_N == CONF_FILE_ACCESS)
        fuzz_rules((const char *)data + 1, size - 1);
    /* An error names the place; without one no setting is beyond its text. */
    if (settings_apply(&s, data[0] % CONF_FILE_N, "f", (const char *)data + 1, size - 1, &e) < 0) {
        if (e.code == 0 || strncmp(e.detail, "f:", 2))
            abort();
    } else if (s.magic != SETTINGS_MAGIC || !memchr(s.vnc_password, 0, sizeof s.vnc_password) || !memchr(s.unix_sock_dir, 0, sizeof s.unix_sock_dir)) {
        abort();
    }
    /* What was said of the log is read again, as it is shown, to the same. */
    struct settings again;
    if (settings_finish(&s, &e) < 0)
        return 0;
    again = s;
    if (settings_finish(&again, &e) == 0) {
        if (memcmp(again.log[LOG_OUTPUTS].to, s.log[LOG_OUTPUTS].to, sizeof s.log[LOG_OUTPUTS].to) || memcmp(again.log[LOG_FILTERS].from, s.log[LOG_FILTERS].from, LOG_ROLES_MAX))
            abort();
    } else if (!strstr(e.detail, "too long")) {
        abort();
    }
    for (int role = 0; role < LOG_ROLES_MAX; role++)
        if (s.log[LOG_FILTERS].from[role] > LOG_L_ERR)
            abort();
    return 0;
}
