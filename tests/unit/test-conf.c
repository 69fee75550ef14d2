/* test-conf: configuration grammar and keys, and the store of definitions, in a folder of its own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/access.h"
#include "ipc/frame.h"
#include "ipc/index.h"
#include "ipc/internal.h"
#include "ipc/layout.h"
#include "ipc/util.h"
#include "tests/tap.h"
#include "workers/conf/grammar.h"
#include "workers/conf/settings.h"
#include "workers/filters.h"
#include "workers/outputs.h"
#include "workers/conf/store.h"

/* ---- grammar ---- */

/* Assignments as "key=i:5 key=s:text key=l:3/2 " (items/strings). */
static int collect(void *data, const char *key, const struct conf_value *v, struct err *e)
{
    char *out = data;
    size_t n = strlen(out);
    (void)e;
    if (v->type == CONF_INT)
        snprintf(out + n, 1024 - n, "%s=i:%lld ", key, (long long)v->number);
    else if (v->type == CONF_STR)
        snprintf(out + n, 1024 - n, "%s=s:%.*s ", key, (int)v->len, v->str);
    else
        snprintf(out + n, 1024 - n, "%s=l:%u/%u ", key, v->items, v->strings);
    return 0;
}

static void test_grammar(void)
{
    static const struct { const char *text, *want; } good[] = {
        { "", "" }, { "\n \t\n# only a comment", "" }, { "a = 1", "a=i:1 " }, { "a=1\r\nb = 2 # two\n", "a=i:1 b=i:2 " },
        { "a = -5\nb = +7", "a=i:-5 b=i:7 " }, { "a = 9223372036854775807", "a=i:9223372036854775807 " },
        { "a = -9223372036854775808", "a=i:-9223372036854775808 " }, { "a = \"x # y\"", "a=s:x # y " }, { "a = 'x\"y'", "a=s:x\"y " },
        { "a = \"\"", "a=s: " }, { "a = \"\"\"x\ny\"z\"\"\"\nb = 1", "a=s:x\ny\"z b=i:1 " }, { "a = \"x\\\"", "a=s:x\\ " },
        { "a = []", "a=l:0/0 " }, { "a = [ \"x\", 'y',\n # comment\n 3, ]\nb=1", "a=l:3/2 b=i:1 " }, { "a_B-1.c = 1", "a_B-1.c=i:1 " }, { "a = 1\na = 2", "a=i:1 a=i:2 " },
    };
    static const struct { const char *text, *want; } bad[] = {
        { "a", "t:1: an assignment (=) is expected" }, { "a =", "t:1: a value is expected: a number, a string in quotes, or a list in brackets" },
        { "\n\na = x", "t:3: a value is expected: a number, a string in quotes, or a list in brackets" }, { "= 1", "t:1: a name is expected" },
        { "1a = 1", "t:1: a name is expected" }, { "a = 1 2", "t:1: the end of the line is expected" }, { "a = \"x", "t:1: the string does not end" },
        { "a = \"x\ny\"", "t:1: the string does not end" }, { "a = \"\"\"x\n\"\"", "t:2: the string does not end" }, { "a = [ 1", "t:1: a comma or the end of the list is expected" }, { "a = [ 1,", "t:1: the list does not end" },
        { "a = [ 1 2 ]", "t:1: a comma or the end of the list is expected" }, { "a = [ , ]", "t:1: a value is expected: a number, a string in quotes, or a list in brackets" },
        { "a = [ [ 1 ] ]", "t:1: a value is expected: a number, a string in quotes, or a list in brackets" }, { "a = 9223372036854775808", "t:1: the number is too great" },
        { "a = 99999999999999999999", "t:1: the number is too great" }, { "a = -", "t:1: a number is expected" }, { "a = 0x1f", "t:1: the end of the line is expected" },
        { "a23456789012345678901234567890123456789012345678901234567890abcd = 1", "t:1: the name is too long" },
    };
    char got[1024];
    struct err e;
    for (size_t i = 0; i < ARRAY_N(good); i++) {
        got[0] = 0;
        int r = conf_parse("t", good[i].text, strlen(good[i].text), collect, got, &e);
        tap_str(r ? e.detail : got, good[i].want, "grammar %zu is read", i);
    }
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        got[0] = 0;
        e = (struct err)ERR_INIT;
        int r = conf_parse("t", bad[i].text, strlen(bad[i].text), collect, got, &e);
        tap_str(r ? e.detail : "no error", bad[i].want, "grammar %zu is refused", i);
    }
    tap_ok(conf_parse("t", "a = \"x\0y\"", 9, collect, (got[0] = 0, got), &e) == 0, "a NUL in a string is the reader's matter");
    tap_ok(conf_parse("t", "a\0 = 1", 6, collect, got, &e) < 0, "a NUL elsewhere is refused");
}

/* ---- keys ---- */

/* The roles whose level is not the general one, as "role:level" in the order of the roles. */
static const char *levels(const struct logging *log, unsigned general)
{
    static char buf[512];
    *buf = 0;
    for (int role = 0; role < LOG_ROLES_MAX; role++)
        if (log->from[role] != (role < ROLE_N ? general : 0))
            snprintf(buf + strlen(buf), sizeof buf - strlen(buf), "%s%s:%u", *buf ? " " : "", role_name(role), log->from[role]);
    return buf;
}

static void test_filters(void)
{
    static const struct { const char *text, *shown /* NULL: refused */, *levels /* or the error */; } rows[] = {
        { "", "", "" }, { "  ", "", "" }, { "1:gateway", "1:*gateway* ", "gateway:1" }, { "4:remote", "4:*remote* ", "gateway:4" },
        { "1:logging", "1:*logging* ", "supervisor:1 log:1 zip:1 talk:1" }, { "1:locking", "1:*locking* ", "lock:1 holder:1 talk:1" },
        { "2:qemu_monitor", "2:*qemu_monitor* ", "qemu:2" }, { "1:nothing", "1:*nothing* ", "" },
        { "1:hand-net 4:hand-", "1:*hand-net* 4:*hand-* ", "hand-open:4 hand-net:1 hand-hook:4 hand-launch:4" }, { "4:hand- 1:hand-net", "4:*hand-* 1:*hand-net* ", "hand-open:4 hand-net:4 hand-hook:4 hand-launch:4" },
        { "3:qemu 1:qemu", "3:*qemu* 1:*qemu* ", "" }, { "01:zip", "1:*zip* ", "zip:1" }, { "+1:+zip:x", "1:*zip* ", "zip:1" }, { " \t1:zip  2:probe", "1:*zip* 2:*probe* ", "probe:2 zip:1" },
        { "1:z*p 2:p?obe", "1:*z*p* 2:*p?obe* ", "probe:2 zip:1" }, { "1:z?", "1:*z?* ", "zip:1" }, { "1:zip?", "1:*zip?* ", "" }, { "1:*zi*", "1:**zi** ", "zip:1" },
        { "1:client?rpc", "1:*client?rpc* ", "" }, { "1:aab*ab", "1:*aab*ab* ", "" }, { "2:do*o*do*in", "2:*do*o*do*in* ", "" }, { "2:d*n?dom*n", "2:*d*n?dom*n* ", "" }, { "2:c*.d*n_c?nf", "2:*c*.d*n_c?nf* ", "xmlc:2" },
        { "nonsense", NULL, "Malformed format for filter 'nonsense'" }, { "1:zip nonsense", NULL, "Malformed format for filter 'nonsense'" },
        { "1 :zip", NULL, "Malformed format for filter '1'" }, { "1:", NULL, "Invalid match string ''" }, { "1::zip", NULL, "Invalid match string ''" }, { "1:+", NULL, "Invalid match string '+'" },
        { ":zip", NULL, "Invalid priority '' for filter ':zip'" }, { "0:zip", NULL, "Invalid priority '0' for filter '0:zip'" }, { "5:zip", NULL, "Invalid priority '5' for filter '5:zip'" },
        { "1x:zip", NULL, "Invalid priority '1x' for filter '1x:zip'" }, { "zip:1", NULL, "Invalid priority 'zip' for filter 'zip:1'" }, { "-1:zip", NULL, "Invalid priority '-1' for filter '-1:zip'" },
        { "-18446744073709551615:zip", NULL, "Invalid priority '-18446744073709551615' for filter '-18446744073709551615:zip'" },
        { "18446744073709551617:zip", NULL, "Invalid priority '18446744073709551617' for filter '18446744073709551617:zip'" },
    };
    struct settings s = { .log_level = 3, .daemon = DAEMON_LOGD };
    struct err e = ERR_INIT;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct logging log = { .text = "" }, was;
        util_copy_str(log.text, sizeof log.text, rows[i].text);
        was = log;
        int r = filters_parse(&log, &s, &e);
        if (rows[i].shown)
            tap_ok(r == 0 && !strcmp(log.text, rows[i].shown) && !strcmp(levels(&log, 3), rows[i].levels), "filters \"%s\": shown \"%s\": %s", rows[i].text, log.text, levels(&log, 3));
        else
            tap_ok(r < 0 && !strcmp(e.detail, rows[i].levels) && !memcmp(&log, &was, sizeof log), "filters \"%s\": %s", rows[i].text, e.detail);
    }
    static const struct { uint32_t daemon; const char *text, *levels; } of[] = {
        { DAEMON_QEMUD, "1:logging", "log:1 zip:1 talk:1" }, { DAEMON_QEMUD, "1:qemu_driver", "supervisor:1" }, { DAEMON_LOCKD, "1:lock_daemon", "supervisor:1" }, { DAEMON_LOCKD, "1:qemu_driver", "" },
    };
    for (size_t i = 0; i < ARRAY_N(of); i++) {
        struct logging log = { .text = "" };
        s.daemon = of[i].daemon;
        util_copy_str(log.text, sizeof log.text, of[i].text);
        tap_str(filters_parse(&log, &s, &e) == 0 ? levels(&log, 3) : e.detail, of[i].levels, "filters of daemon %u: \"%s\"", s.daemon, of[i].text);
    }
    struct logging log = { .text = "1:*" };
    bool all = filters_parse(&log, &s, &e) == 0;
    for (int role = 0; role < LOG_ROLES_MAX; role++)
        all = all && log.from[role] == (role < ROLE_N);
    tap_ok(all && !strcmp(log.text, "1:*** "), "a filter of all");

    /* As many as there can be: what is shown is longer than what was said. */
    bool right = true;
    unsigned fitted = 0;
    for (unsigned n = 1; 4 * n < sizeof log.text; n++) {
        log = (struct logging){ .text = "" };
        for (unsigned i = 0; i < n; i++)
            memcpy(log.text + 4 * i, "2:z ", 4);
        if (filters_parse(&log, &s, &e) == 0)
            fitted += strlen(log.text) == 6 * n && log.from[ROLE_ZIP] == 2;
        else
            right = right && n > (sizeof log.text - 1) / 6 && !strcmp(e.detail, "the text is too long");
    }
    tap_ok(right && fitted == (sizeof log.text - 1) / 6, "filters: %u, and no more", fitted);
    memset(log.text, '1', sizeof log.text);
    tap_ok(filters_parse(&log, &s, &e) < 0, "a text without an end");

    /* What the environment says, and --verbose. */
    struct settings env = { .log_level = 1 }, file = { .log_level = 4 };
    util_copy_str(env.log[LOG_FILTERS].text, LOG_SETTING_MAX, "2:zip");
    util_copy_str(file.log[LOG_FILTERS].text, LOG_SETTING_MAX, "2:xmlc");
    util_copy_str(file.log[LOG_OUTPUTS].text, LOG_SETTING_MAX, "2:stderr");
    settings_env(&file, &env);
    tap_ok(settings_finish(&file, &e) == 0 && file.log_level == 1 && !strcmp(levels(&file.log[LOG_FILTERS], 1), "zip:2") && !strcmp(file.log[LOG_OUTPUTS].text, "2:stderr"), "the environment has the last word");
    static const struct { uint32_t level, verbose, want; } words[] = { { 0, 0, 3 }, { 0, 1, 2 }, { 4, 1, 2 }, { 1, 1, 1 }, { 4, 0, 4 } };
    for (size_t i = 0; i < ARRAY_N(words); i++) {
        file = (struct settings){ .log_level = words[i].level, .log_verbose = words[i].verbose };
        tap_ok(settings_finish(&file, &e) == 0 && file.log_level == words[i].want && !*levels(&file.log[LOG_FILTERS], words[i].want), "level %u%s", words[i].level, words[i].verbose ? ", verbose" : "");
    }
    file = (struct settings){ .log_behind = 1, .daemon = DAEMON_LOCKD };
    tap_ok(settings_finish(&file, &e) == 0 && !strcmp(file.log[LOG_OUTPUTS].text, "3:syslog:virtlockd") && file.log[LOG_OUTPUTS].to[0].to == LOG_TO_SYSLOG, "without outputs, behind -d: %s", file.log[LOG_OUTPUTS].text);
    util_copy_str(file.log[LOG_FILTERS].text, LOG_SETTING_MAX, "1:");
    tap_ok(settings_finish(&file, &e) < 0 && !strcmp(e.detail, "log_filters: Invalid match string ''"), "%s", e.detail);
}

static void test_keys(void)
{
    static const char text[] = "max_clients = 7\nmax_clients = 9\nunix_sock_rw_perms = \"0770\"\nunix_sock_group = \"libvirt\"\nauth_unix_rw = \"polkit\"\n"
        "host_uuid = \"8f07fe28-753f-2729-d76d-bdbd892f949a\"\nkeepalive_interval = -1\n";
    static const struct { int file; const char *text, *want; } bad[] = {
        { CONF_FILE_DAEMON, "\nmax_clients = \"7\"", "f:2: max_clients: a number is expected" },
        { CONF_FILE_DAEMON, "max_clients = 0", "f:1: max_clients: 0 is not between 1 and 1048576" },
        { CONF_FILE_DAEMON, "max_clients = 4294967297", "f:1: max_clients: 4294967297 is not between 1 and 1048576" },
        { CONF_FILE_DAEMON, "unix_sock_rw_perms = 770", "f:1: unix_sock_rw_perms: a string of octal digits, up to \"0777\" is expected" },
        { CONF_FILE_DAEMON, "unix_sock_rw_perms = \"0888\"", "f:1: unix_sock_rw_perms: a string of octal digits, up to \"0777\" is expected" },
        { CONF_FILE_DAEMON, "unix_sock_rw_perms = \"4777\"", "f:1: unix_sock_rw_perms: 2559 is not between 0 and 511" },
        { CONF_FILE_DAEMON, "auth_unix_rw = \"pam\"", "f:1: auth_unix_rw: \"none\", \"sasl\" or \"polkit\" is expected" },
        { CONF_FILE_DAEMON, "host_uuid = \"00000000-0000-0000-0000-000000000000\"", "f:1: host_uuid: a UUID that is not one digit over and over is expected" },
        { CONF_FILE_DAEMON, "listen_tls = 2", "f:1: listen_tls: 0 or 1 is expected" },
        { CONF_FILE_DAEMON, "access_drivers = [ 1 ]", "f:1: access_drivers: a list of \"polkit\" and \"nop\" is expected" },
        { CONF_FILE_QEMU, "vnc_listen = \"0123456789012345678901234567890123456789012345678901234567890123\"",
          "f:1: vnc_listen: at most 63 characters, and none of them NUL" },
        { CONF_FILE_QEMU, "stdio_handler = \"none\"", "f:1: stdio_handler: \"logd\" or \"file\" is expected" },
        { CONF_FILE_QEMU, "nvram = \"a:b\"", "f:1: nvram: a list of strings is expected" },
        { CONF_FILE_LOGD, "max_size = -1", "f:1: max_size: -1 is not between 0 and 2147483647" },
        { CONF_FILE_LOGD, "log_level = \"1\"", "f:1: log_level: a number is expected" },
    };
    struct settings s = { .magic = SETTINGS_MAGIC, .remote_display_port_min = 5900, .remote_display_port_max = 65535, .stdio_handler = STDIO_LOGD };
    struct err e;

    int r = settings_apply(&s, CONF_FILE_DAEMON, "f", text, sizeof text - 1, &e);
    tap_ok(r == 0 && s.max_clients == 7 && s.unix_sock_rw_perms == 0770 && !strcmp(s.unix_sock_group, "libvirt") && s.auth_unix_rw == AUTH_POLKIT &&
           s.host_uuid[0] == 0x8f && s.host_uuid[15] == 0x9a && s.keepalive_interval == UINT32_MAX, "values are where they belong; of two the first one counts");
    static const char drivers[] = "access_drivers = [ \"nop\" ]\naccess_drivers = [ \"polkit\" ]\n";
    s.access = ACCESS_RULES;
    r = settings_apply(&s, CONF_FILE_DAEMON, "f", drivers, sizeof drivers - 1, &e);
    tap_ok(r == 0 && s.access == ACCESS_RULES, "rules that were read before the drivers stay: %u", s.access);
    static const char qemu[] = "stdio_handler = \"file\"\nsecurity_driver = [ \"selinux\", \"apparmor\" ]\nsecurity_driver = \"none\"\nmax_core = \"unlimited\"\n"
        "nothing_of_ours = [ 1, \"x\" ]\nbulkhead_chain_pin_relaxed = 1\nseccomp_sandbox = -1\n";
    r = settings_apply(&s, CONF_FILE_QEMU, "f", qemu, sizeof qemu - 1, &e);
    tap_ok(r == 0 && s.stdio_handler == STDIO_FILE && s.chain_pin_relaxed && settings_finish(&s, &e) == 0, "qemu.conf");
    static const char logd[] = "log_level = 1\nmax_clients = 55\nmax_size = 4096\nmax_age_days = 7\nlog_root = \"/x\"\nbulkhead_timestamps = 1\nbulkhead_rate_limit = 1000\n";
    r = settings_apply(&s, CONF_FILE_LOGD, "f", logd, sizeof logd - 1, &e);
    tap_ok(r == 0 && s.max_clients == 7 && s.log_level == 3 && s.log_max_size == 4096 && s.log_stamps && !s.log_max_age_days, "virtlogd.conf, for another daemon");
    s.daemon = DAEMON_LOGD;
    r = settings_apply(&s, CONF_FILE_LOGD, "f", logd, sizeof logd - 1, &e);
    tap_ok(r == 0 && s.max_clients == 55 && s.log_level == 1 && s.log_max_age_days == 7 && s.log_rate == 1000 && !strcmp(s.log_root, "/x"), "and for itself");
    s.daemon = DAEMON_QEMUD;
    static const char lockd[] = "auto_disk_leases = 0\nrequire_lease_for_disks = 1\nfile_lockspace_dir = \"/f\"\nlvm_lockspace_dir = \"/l\"\nscsi_lockspace_dir = \"/s\"\n";
    s.auto_disk_leases = 1;
    r = settings_apply(&s, CONF_FILE_QEMU_LOCKD, "f", lockd, sizeof lockd - 1, &e);
    tap_ok(r == 0 && !s.auto_disk_leases && s.require_lease_for_disks == 1 && !strcmp(s.file_lockspace_dir, "/f") && !strcmp(s.lvm_lockspace_dir, "/l") && !strcmp(s.scsi_lockspace_dir, "/s"), "qemu-lockd.conf");
    static const char *const managers[] = { "lockd", "nop", "sanlock" };
    for (size_t i = 0; i < ARRAY_N(managers); i++) {
        util_copy_str(s.lock_manager, sizeof s.lock_manager, managers[i]);
        tap_ok((settings_finish(&s, &e) == 0) == (i < 2), "lock_manager %s", managers[i]);
    }
    *s.lock_manager = 0;
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        e = (struct err)ERR_INIT;
        r = settings_apply(&s, bad[i].file, "f", bad[i].text, strlen(bad[i].text), &e);
        tap_str(r ? e.detail : "no error", bad[i].want, "bad value %zu is refused", i);
    }
    static const struct { const char *text, *want; } outputs[] = {
        { "", "1:stderr" }, { " ", "1:stderr" }, { "1:stderr", "1:stderr" }, { " 01:file:/var/log/a  +4:syslog:x 3:journald ", "1:file:/var/log/a 4:syslog:x 3:journald" },
        { "1:stderr 2:file:/a 3:stderr 4:file:/b", "2:file:/a 3:stderr 4:file:/b" }, { "1:file:/a 1:file:/b 1:file:/c 1:file:/d 2:file:/a", "1:file:/b 1:file:/c 1:file:/d 2:file:/a" },
        { "nonsense", "log_outputs: Malformed format for log output 'nonsense'" }, { "stderr:1", "log_outputs: Invalid log priority 'stderr' for log output 'stderr:1'" },
        { ":stderr", "log_outputs: Invalid log priority '' for log output ':stderr'" }, { "5:stderr", "log_outputs: Invalid log priority '5' for log output '5:stderr'" },
        { "1:stderr 1:", "log_outputs: Invalid log destination '' for log output '1:'" }, { "1:std", "log_outputs: Invalid log destination 'std' for log output '1:std'" },
        { "1:stderr:x", "log_outputs: Log output '1:stderr:x' does not meet the format requirements for destination type 'stderr'" },
        { "1:file", "log_outputs: Log output '1:file' does not meet the format requirements for destination type 'file'" },
        { "1:file:/a:b", "log_outputs: Log output '1:file:/a:b' does not meet the format requirements for destination type 'file'" },
        { "1:file:a", "log_outputs: Log output '1:file:a': at most 239 characters, and an absolute path where it is a file" },
        { "1:file:/a 1:file:/b 1:file:/c 1:file:/d 1:file:/e", "log_outputs: more than 4 log outputs" },
    };
    for (size_t i = 0; i < ARRAY_N(outputs); i++) {
        util_copy_str(s.log[LOG_OUTPUTS].text, LOG_SETTING_MAX, outputs[i].text);
        r = settings_finish(&s, &e);
        tap_str(r ? e.detail : s.log[LOG_OUTPUTS].text, outputs[i].want, "log_outputs = \"%s\"", outputs[i].text);
    }
    struct logging full = { .text = "" };
    char said[LOG_SETTING_MAX];
    for (unsigned i = 0, n = 0; i < LOG_OUTPUTS_MAX; i++)
        n += (unsigned)snprintf(full.text + n, sizeof full.text - n, "%s1:file:/%u%0*d", i ? " " : "", i, (int)sizeof full.to[0].name - 3, 0);
    memcpy(said, full.text, sizeof said);
    r = outputs_parse(&full, &e);
    tap_ok(r == 0 && full.to[LOG_OUTPUTS_MAX - 1].to == LOG_TO_FILE && !strcmp(said, full.text) && strlen(said) > LOG_OUTPUTS_MAX * sizeof full.to[0].name, "log_outputs: as much as there can be");
    s.log[LOG_OUTPUTS] = (struct logging){ .text = "" };
    s.remote_display_port_min = 6000;
    s.remote_display_port_max = 5999;
    tap_ok(settings_finish(&s, &e) < 0, "ports the wrong way round are refused");
}

/* ---- store ---- */

static char top[PATH_MAX];

static int folder(const char *name)
{
    char path[PATH_MAX];
    if (util_format(path, sizeof path, "%s/%s", top, name) < 0 || (mkdir(path, 0755) < 0 && errno != EEXIST))
        return -1;
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct conf_name named(uint32_t dir, const char *name)
{
    struct conf_name n = { .dir = dir };
    util_copy_str(n.name, sizeof n.name, name);
    return n;
}

/* The text behind the head of a stored file. */
static bool holds(const struct store *s, const struct conf_name *n, const char *want)
{
    struct err e;
    const void *p;
    size_t len;
    int fd;
    if (store_read(s, n, &fd, &e) < 0)
        return false;
    bool good = frame_map(fd, 1 << 20, &p, &len) == 0 && len > strlen(want) && !memcmp(p, "<!--\n", 5) &&
        !memcmp((const char *)p + len - strlen(want), want, strlen(want));
    if (len)
        munmap((void *)(uintptr_t)p, len);
    close(fd);
    return good;
}

static int listed(const struct store *s, uint32_t dir, struct conf_entry *out, size_t max)
{
    struct err e;
    const void *p;
    size_t len;
    int fd;
    if (store_list(s, dir, &fd, &e) < 0 || frame_map(fd, 1 << 20, &p, &len) < 0)
        return -1;
    size_t n = len / sizeof *out;
    if (len)
        memcpy(out, p, (n < max ? n : max) * sizeof *out);
    if (len)
        munmap((void *)(uintptr_t)p, len);
    close(fd);
    return (int)n;
}

static void test_store(void)
{
    struct store s;
    struct err e = ERR_INIT;
    struct conf_entry list[8], entry;
    struct conf_name n = named(DIR_DEFINITIONS, "demo");
    char link[64];
    struct stat st;
    int fd;

    for (int i = 0; i < DIR_KIND_N; i++)
        s.dir[i] = -1;
    s.dir[DIR_DEFINITIONS] = folder("qemu");
    s.dir[DIR_AUTOSTART] = folder("qemu/autostart");
    s.dir[DIR_SAVE] = folder("save");
    tap_int(listed(&s, DIR_DEFINITIONS, list, 8), 0, "an empty folder");
    tap_ok(store_write(&s, &n, "<domain/>\n", 10, &entry, &e) == 0 && holds(&s, &n, "\n-->\n\n<domain/>\n"), "written and read: %s", e.detail);
    tap_ok(store_write(&s, &n, "<domain>2</domain>\n", 19, &entry, &e) == 0 && holds(&s, &n, "<domain>2</domain>\n"), "replaced");
    tap_ok(fstatat(s.dir[DIR_DEFINITIONS], "demo.xml", &st, 0) == 0 && (st.st_mode & 07777) == 0600, "mode 0600");
    tap_ok(store_autostart(&s, &n, 1, &e) == 0 && store_autostart(&s, &n, 1, &e) == 0, "autostart on, twice");
    ssize_t len = readlinkat(s.dir[DIR_AUTOSTART], "demo.xml", link, sizeof link - 1);
    link[len > 0 ? len : 0] = 0;
    tap_str(link, "../demo.xml", "the link");
    tap_ok(listed(&s, DIR_DEFINITIONS, list, 8) == 1 && !strcmp(list[0].doc.name, "demo") && list[0].beside == SLOT_AUTOSTART && list[0].file.size > 19 && list[0].file.ino == st.st_ino,
           "listed, with autostart");
    tap_ok(store_autostart(&s, &n, 0, &e) == 0 && store_autostart(&s, &n, 0, &e) == 0 && listed(&s, DIR_DEFINITIONS, list, 8) == 1 && !list[0].beside,
           "autostart off, twice");

    /* What a crash in the middle of a write leaves is no object, and is in nobody's way. */
    fd = openat(s.dir[DIR_DEFINITIONS], ".bulkhead.new", O_WRONLY | O_CREAT, 0600);
    tap_ok(fd >= 0 && write(fd, "half", 4) == 4, "half a file is left over");
    close(fd);
    tap_ok(listed(&s, DIR_DEFINITIONS, list, 8) == 1, "and not listed");
    tap_ok(store_write(&s, &n, "<a/>\n", 5, &entry, &e) == 0 && holds(&s, &n, "<a/>\n"), "and replaced");

    static const char *const bad[] = { "", ".", "..", "a/b", "../x", "/etc/passwd" };
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        struct conf_name b = named(DIR_DEFINITIONS, bad[i]);
        tap_ok(store_write(&s, &b, "x", 1, &entry, &e) < 0 && store_read(&s, &b, &fd, &e) < 0 && store_remove(&s, &b, 0, &e) < 0 && store_autostart(&s, &b, 1, &e) < 0,
               "name \"%s\" is refused", bad[i]);
    }
    struct conf_name full = { .dir = DIR_DEFINITIONS };
    memset(full.name, 'x', sizeof full.name);
    tap_ok(store_write(&s, &full, "x", 1, &entry, &e) < 0, "a name without an end is refused");
    full.name[252] = 0;
    tap_ok(store_write(&s, &full, "x", 1, &entry, &e) < 0 && e.code == VIR_ERR_XML_ERROR, "a name too long for a file is refused");
    full.name[251] = 0;
    tap_ok(store_write(&s, &full, "x", 1, &entry, &e) == 0 && store_remove(&s, &full, 0, &e) == 0, "the longest is not");
    struct conf_name odd = named(DIR_DEFINITIONS, "a--b $(x)'");
    tap_ok(store_write(&s, &odd, "<a/>\n", 5, &entry, &e) == 0 && holds(&s, &odd, "virsh edit NAME\n-->\n\n<a/>\n") && store_remove(&s, &odd, 0, &e) == 0,
           "a name that would end the comment is not in it");

    /* Whoever can write to the folder can still not make us read or list elsewhere. */
    tap_ok(symlinkat("/etc/hostname", s.dir[DIR_DEFINITIONS], "link.xml") == 0 && mkfifoat(s.dir[DIR_DEFINITIONS], "fifo.xml", 0600) == 0, "a link and a FIFO");
    struct conf_name l = named(DIR_DEFINITIONS, "link"), q = named(DIR_DEFINITIONS, "fifo");
    tap_ok(store_read(&s, &l, &fd, &e) < 0 && store_read(&s, &q, &fd, &e) < 0 && listed(&s, DIR_DEFINITIONS, list, 8) == 1, "are neither read nor listed");
    tap_ok(store_write(&s, &l, "<a/>\n", 5, &entry, &e) == 0 && fstatat(s.dir[DIR_DEFINITIONS], "link.xml", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode),
           "a write replaces the link itself");

    struct conf_name save = named(DIR_SAVE, "demo"), none = named(DIR_STATUS, "demo"), wild = named(99, "demo");
    tap_ok(store_write(&s, &save, "x", 1, &entry, &e) < 0 && store_write(&s, &none, "x", 1, &entry, &e) < 0 && store_read(&s, &wild, &fd, &e) < 0, "other folders are refused");
    fd = openat(s.dir[DIR_SAVE], "demo.save", O_WRONLY | O_CREAT, 0600);
    close(fd);
    store_write(&s, &n, "<domain/>\n", 10, &entry, &e);
    uint32_t beside = 0;
    for (int i = listed(&s, DIR_DEFINITIONS, list, 8); i > 0; i--)
        beside |= strcmp(list[i - 1].doc.name, "demo") ? 0 : list[i - 1].beside;
    tap_int(beside, SLOT_MANAGED_SAVE, "a definition is listed with its saved state");
    tap_ok(store_remove(&s, &save, 0, &e) == 0 && listed(&s, DIR_SAVE, list, 8) == 0, "a saved state is removed");
    tap_ok(store_autostart(&s, &n, 1, &e) == 0 && store_remove(&s, &n, 0, &e) == 0 && store_remove(&s, &n, 0, &e) == 0 && store_read(&s, &n, &fd, &e) < 0 &&
           fstatat(s.dir[DIR_AUTOSTART], "demo.xml", &st, AT_SYMLINK_NOFOLLOW) < 0, "removed with its link; again is no error");
    tap_ok(e.code == VIR_ERR_SYSTEM_ERROR && e.sys == ENOENT, "reading what is not there is a system error");
    for (int i = 0; i < DIR_KIND_N; i++)
        util_closep(&s.dir[i]);
}

/* ---- another name ---- */

static struct index page;

static void index_says(const char *name)
{
    struct index_slot *row = index_begin(&page, 3);
    row->used = 1;
    snprintf(row->name, sizeof row->name, "%s", name);
    index_end(&page, 3);
}

/* Which of the two names have a file, a link, and whether there is a note: "old new link-old link-new note". */
static const char *there(const struct store *s)
{
    static const struct { int dir; const char *file, *word; } all[] = {
        { DIR_DEFINITIONS, "old.xml", "old " }, { DIR_DEFINITIONS, "new.xml", "new " }, { DIR_AUTOSTART, "old.xml", "link-old " }, { DIR_AUTOSTART, "new.xml", "link-new " },
        { DIR_DEFINITIONS, ".bulkhead.rename.3", "note " }, { DIR_SAVE, "new.save", "saved " },
    };
    static char words[128];
    struct stat st;
    words[0] = 0;
    for (size_t i = 0; i < ARRAY_N(all); i++)
        if (fstatat(s->dir[all[i].dir], all[i].file, &st, AT_SYMLINK_NOFOLLOW) == 0)
            strcat(words, all[i].word);
    return words;
}

static void test_rename(void)
{
    struct store s = { .index = { .head = NULL } };
    struct err e = ERR_INIT;
    struct conf_entry entry;
    struct conf_name was = named(DIR_DEFINITIONS, "old"), is = named(DIR_DEFINITIONS, "new"), bad = named(DIR_DEFINITIONS, "a/b"), save = named(DIR_SAVE, "new");
    int rw, ro, fd;
    for (int i = 0; i < DIR_KIND_N; i++)
        s.dir[i] = -1;
    s.dir[DIR_DEFINITIONS] = folder("rename");
    s.dir[DIR_AUTOSTART] = folder("rename/autostart");
    s.dir[DIR_SAVE] = folder("rename/save");
    tap_ok(index_create(&rw, &ro) == 0 && index_map(&page, rw, true) == 0, "an index page");
    page.head->slots = 4;
    store_write(&s, &was, "<old/>", 6, &entry, &e);
    store_autostart(&s, &was, 1, &e);
    tap_ok(store_rename(&s, &is, 3, "<new/>", 6, &entry, &e) < 0, "without an index nobody has another name");
    s.index = page;
    tap_ok(store_rename(&s, &is, 3, "<new/>", 6, &entry, &e) < 0 && store_rename(&s, &is, 4, "<new/>", 6, &entry, &e) < 0, "nor a row that is nobody's");
    index_says("old");
    tap_ok(store_rename(&s, &was, 3, "<new/>", 6, &entry, &e) < 0 && store_rename(&s, &bad, 3, "<new/>", 6, &entry, &e) < 0 && store_rename(&s, &save, 3, "<new/>", 6, &entry, &e) < 0,
           "the same name, none of a file's, another folder");
    tap_str(there(&s), "old link-old ", "nothing came of all that");

    fd = openat(s.dir[DIR_SAVE], "new.save", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    util_closep(&fd);
    tap_ok(store_rename(&s, &is, 3, "<new/>", 6, &entry, &e) == 0 && !strcmp(entry.doc.name, "new") && holds(&s, &is, "<new/>"), "begun: %s", e.detail);
    tap_str(there(&s), "old new link-old link-new note ", "both files, both links, a note; what was saved under that name is gone");
    store_settle(&s);
    tap_str(there(&s), "old link-old ", "the index has the old name: undone");
    tap_ok(store_rename(&s, &is, 3, "<new/>", 6, &entry, &e) == 0 && store_rename(&s, &is, 3, "<new/>", 6, &entry, &e) == 0, "begun twice");
    index_says("new");
    tap_ok(store_renamed(&s, 3, &e) == 0 && store_renamed(&s, 3, &e) == 0, "ended twice");
    tap_str(there(&s), "new link-new ", "one name");

    index_says("old");
    store_write(&s, &was, "<old/>", 6, &entry, &e);
    store_rename(&s, &is, 3, "<new/>", 6, &entry, &e);
    index_says("new");
    store_settle(&s);
    tap_str(there(&s), "new link-new ", "the index has the new name: done by whoever comes next");
    index_says("old");
    store_write(&s, &was, "<old/>", 6, &entry, &e);
    store_rename(&s, &is, 3, "<new/>", 6, &entry, &e);
    index_says("new");
    tap_ok(mkdirat(s.dir[DIR_AUTOSTART], "old.xml", 0700) == 0 && store_renamed(&s, 3, &e) < 0, "what is in the way of its end: %s", e.detail);
    tap_str(there(&s), "old new link-old link-new note ", "leaves all that");
    tap_ok(store_late(&s, "new", &e) < 0 && store_late(&s, "old", &e) < 0 && store_late(&s, "other", &e) == 0 && store_late(&s, NULL, &e) == 0, "nothing is done with either name");
    struct conf_name third = named(DIR_DEFINITIONS, "third");
    tap_ok(store_rename(&s, &third, 3, "<third/>", 8, &entry, &e) < 0 && strstr(there(&s), "note "), "nor does it get a third one, whose note would take the place of the first");
    unlinkat(s.dir[DIR_AUTOSTART], "old.xml", AT_REMOVEDIR);
    tap_ok(store_late(&s, NULL, &e) == 0 && store_late(&s, "new", &e) == 0, "and when nothing is in the way any more");
    tap_str(there(&s), "new link-new ", "it has its end");

    fd = openat(s.dir[DIR_DEFINITIONS], ".bulkhead.rename.3", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    tap_ok(fd >= 0 && write(fd, "old/new", 7) == 7, "a note that a power cut brought back");
    util_closep(&fd);
    s.index.head = NULL;
    store_settle(&s);
    tap_str(there(&s), "new link-new ", "undoes nothing without the old file");
    index_says("old");
    s.index = page;
    store_write(&s, &was, "<old/>", 6, &entry, &e);
    is = named(DIR_DEFINITIONS, "gone");
    tap_ok(store_rename(&s, &is, 3, "<new/>", 17u << 20, &entry, &e) < 0 && e.code == VIR_ERR_INTERNAL_ERROR, "a text that is too long");
    tap_ok(!strstr(there(&s), "note") && strstr(there(&s), "old "), "leaves no note");
    for (int i = 0; i < DIR_KIND_N; i++)
        util_closep(&s.dir[i]);
    util_closep(&rw);
    util_closep(&ro);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    if (util_format(top, sizeof top, "%s/bulkhead-conf-XXXXXX", tmp ? tmp : "/tmp") < 0 || !mkdtemp(top))
        tap_skip_all("no folder for temporary files");
    test_grammar();
    test_keys();
    test_filters();
    test_store();
    test_rename();
    char away[PATH_MAX];
    if (util_format(away, sizeof away, "rm -rf '%s'", top) == 0 && system(away) != 0)
        tap_note("%s is left over", top);
    return tap_done();
}
