/* hand_passt.c: a guest's network by way of the host's own sockets (passt). Part of hand-launch, with its privilege and peer.
 *
 * SAFETY: it is the one helper with the host's network, which is all that it is for: no right but those that any user of the host has there, and a view without
 * a file of the host but name servers and programs. Before it hears the guest it takes a user namespace and an empty root of its own, and its own list of system calls. */
#include "supervisor/hand_helper.h"
#include <errno.h>
#include <string.h>
#include "ipc/util.h"
#include "policy/policy.h"

enum { FILES = 1 << 17 /* a socket a port that is forwarded, and one a connection */ };

/* What a document may say to passt, as options of its command line: xmlc's words (workers/xmlc/passt.c), and what may be in them. */
static const struct { const char *option, *chars; } options[] = {
    { "mac-addr", "0123456789abcdefABCDEF:" }, { "mtu", "0123456789" }, { "interface", NULL }, { "address", "0123456789abcdef.:" }, { "netmask", "0123456789" },
    { "tcp-ports", NULL }, { "udp-ports", NULL },       /* NULL: whatever prints: names of interfaces */
};

/* The option that begins at *word, which goes on to the next one; its value, of *n bytes. -1: it is none. */
static int next_option(const char **word, const char **value, int *n)
{
    size_t all = strcspn(*word, " "), key = strcspn(*word, "= ");
    const char *w = *word;
    *word += all + (w[all] == ' ');
    *value = w + key + 1;
    *n = (int)(all - key) - 1;
    for (size_t i = 0; *n > 0 && i < ARRAY_N(options); i++)
        if (strlen(options[i].option) == key && !strncmp(w, options[i].option, key))
            return !options[i].chars || strspn(*value, options[i].chars) >= (size_t)*n ? (int)i : -1;
    return -1;
}

static int prepare(struct helper *p, const struct helpers *all, struct err *e)
{
    const char *value;
    if (all->session)       /* it wants /proc, which a view in a user's own namespace has not */
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<backend type='passt'> is not yet supported in session mode");
    int n, r = helper_find("passt", p->program, all->session, e);
    if (r > 0)
        return err_sys(e, VIR_FROM_NONE, ENOENT, "Cannot find 'passt' in path");
    for (const char *word = p->aux; r == 0 && *word; )
        if (next_option(&word, &value, &n) < 0)
            r = err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed words for passt");
    return r;
}

static void args(const struct helper *p, const struct helpers *all, struct helper_args *a)
{
    const char *value;
    int n;
    helper_arg(a, "%s", p->program);
    helper_arg(a, "--one-off");
    helper_arg(a, "--fd");
    helper_arg(a, "%d", HELPER_FD_QEMU);
    helper_arg(a, "--foreground");
    helper_arg(a, "--stderr");
    if (p->log < 0)
        helper_arg(a, "--quiet");
    helper_arg(a, "--pid");
    helper_arg(a, HELPER_READY_PATH);
    for (const char *word = p->aux; *word; ) {
        int i = next_option(&word, &value, &n);
        if (i < 0)
            return;
        helper_arg(a, "--%s", options[i].option);
        helper_arg(a, "%.*s", n, value);
    }
}

const struct helper_row helper_passt = { .name = "passt", .prepare = prepare, .args = args, .filter = FILTER_HELPER, .hostnet = true, .says_ready = true, .files = FILES };
