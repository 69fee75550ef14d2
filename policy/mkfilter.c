/* mkfilter.c: makes filters.c, the BPF of every <role>.policy, for the machine it is compiled for.
 *
 *   mkfilter FOLDER > filters.c
 *
 * A table (bulkhead-policy(5)):
 *   role NAME                          which table this is
 *   default kill | default errno NAME  for calls no line speaks of; kill if not said
 *   allow CALL ... [TEST]   # reason
 *   errno NAME CALL ... [TEST]   # reason
 *   kill CALL ... [TEST]   # reason
 *   use TABLE                          its lines, at this place
 * TEST: argN == CONST | argN in CONST ... | argN & CONST == CONST; joined by "and".  argN is the 32 bits that an int argument has, longN
 * all 64.  A line's first match wins, so that a table says its own before "use base".
 * A call that this machine does not have is skipped; a name that libseccomp does not know at all is an error. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/birth.h"
#include "policy/constants.h"

enum { RULES_MAX = 1024, TESTS_MAX = 4, VALUES_MAX = 32, INSNS_MAX = 4000, CALLS_A_LINE = 48, DEPTH_MAX = 4, BLOCK_MAX = 250, LEAF_MAX = 4 };
struct test { int arg; bool wide; uint64_t mask, value[VALUES_MAX]; int values; };
struct rule { int nr; uint32_t action; int tests; struct test test[TESTS_MAX]; const char *table; };
struct table { uint32_t fallback; struct rule rule[RULES_MAX]; int rules; };
static const struct { const char *name; uint64_t value; } constants[] = {
#define C(name) { #name, (uint64_t)(name) },
    CONSTANTS(C)
#undef C
};
static const char *folder, *file;     /* `file` is one of `opened`, so that rules of one table have the same pointer */
static int line;
static char opened[64][32];
static int nopened;

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "%s/%s.policy:%d: ", folder, file ? file : "", line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

/* A number, or names joined by "|". */
static uint64_t constant(const char *text)
{
    uint64_t v = 0;
    char copy[256], *save = NULL, *end;
    if (isdigit((unsigned char)*text)) {
        v = strtoull(text, &end, 0);
        if (*end)
            die("bad number '%s'", text);
        return v;
    }
    snprintf(copy, sizeof copy, "%s", text);
    for (char *p = strtok_r(copy, "|", &save); p; p = strtok_r(NULL, "|", &save)) {
        size_t i = 0, n = sizeof constants / sizeof constants[0];
        while (i < n && strcmp(constants[i].name, p))
            i++;
        if (i == n)
            die("unknown constant '%s' (they are in policy/constants.h)", p);
        v |= constants[i].value;
    }
    return v;
}

/* One test, from word i on; returns the word after it. */
static int parse_test(char **w, int n, int i, struct test *t)
{
    *t = (struct test){ .mask = UINT64_MAX };
    t->wide = !strncmp(w[i], "long", 4);
    t->arg = w[i][t->wide ? 4 : 3] - '0';
    if (t->arg < 0 || t->arg > 5 || w[i][t->wide ? 5 : 4])
        die("arguments are arg0 to arg5, long0 to long5, not '%s'", w[i]);
    i++;
    if (i + 1 < n && !strcmp(w[i], "&")) {
        t->mask = constant(w[i + 1]);
        i += 2;
    }
    if (i + 1 >= n)
        die("a test ends too early");
    if (!strcmp(w[i], "==")) {
        t->value[t->values++] = constant(w[i + 1]);
        return i + 2;
    }
    if (strcmp(w[i++], "in"))
        die("'%s' is no comparison", w[i - 1]);
    for (; i < n && strcmp(w[i], "and"); i++) {
        if (t->values == VALUES_MAX)
            die("too many values");
        t->value[t->values++] = constant(w[i]);
    }
    return i;
}

static bool is_test(const char *w)
{
    return (!strncmp(w, "arg", 3) && isdigit((unsigned char)w[3])) || (!strncmp(w, "long", 4) && isdigit((unsigned char)w[4]));
}

static void add_rules(struct table *t, uint32_t action, char **w, int n)
{
    struct rule r = { .action = action, .table = file };
    int i = 0, calls;
    while (i < n && !is_test(w[i]))
        i++;
    calls = i;
    while (i < n) {
        if (r.tests == TESTS_MAX || !is_test(w[i]))
            die("'%s' is not the begin of a test", w[i]);
        i = parse_test(w, n, i, &r.test[r.tests++]);
        if (i < n && (strcmp(w[i++], "and") || i == n))
            die("tests are joined by \"and\"");
    }
    if (!calls)
        die("no system call named");
    for (i = 0; i < calls; i++) {
        r.nr = seccomp_syscall_resolve_name(w[i]);
        if (r.nr == __NR_SCMP_ERROR)
            die("no system call '%s'", w[i]);
        if (r.nr < 0)
            continue;       /* another machine's */
        for (int k = 0; k < t->rules; k++)
            if (t->rule[k].nr == r.nr && !t->rule[k].tests && t->rule[k].table == file)
                die("'%s' is decided by an earlier line", w[i]);
        if (t->rules == RULES_MAX)
            die("too many rules");
        t->rule[t->rules++] = r;
    }
}

static uint32_t action_errno(const char *name)
{
    return SECCOMP_RET_ERRNO | (uint32_t)constant(name);
}

static void parse_file(struct table *t, const char *name, int depth)
{
    const char *outer = file;
    int outer_line = line;
    char path[512], text[1024];
    if (depth > DEPTH_MAX)
        die("tables that use one another");
    if (nopened == (int)(sizeof opened / sizeof opened[0]))
        die("too many tables");
    file = opened[nopened++];
    snprintf(opened[nopened - 1], sizeof opened[0], "%s", name);
    line = 0;
    snprintf(path, sizeof path, "%s/%s.policy", folder, name);
    FILE *in = fopen(path, "re");
    if (!in)
        die("%s", strerror(errno));
    while (fgets(text, sizeof text, in)) {
        char *w[CALLS_A_LINE], *save = NULL, *reason = strchr(text, '#');
        int n = 0;
        line++;
        if (!strchr(text, '\n'))
            die("line too long, or no newline at the end");
        if (reason) {
            *reason++ = 0;
            reason += strspn(reason, " \t\n");
        }
        for (char *p = strtok_r(text, " \t\n", &save); p; p = strtok_r(NULL, " \t\n", &save)) {
            if (n == CALLS_A_LINE)
                die("too many words");
            w[n++] = p;
        }
        if (!n)
            continue;
        if (!reason || !*reason)
            die("a line without a reason");
        bool known = true;
        if (!strcmp(w[0], "role") && n == 2) {
            if (strcmp(w[1], name))
                die("the table of role '%s' has another name", w[1]);
        } else if (!strcmp(w[0], "use") && n == 2)
            parse_file(t, w[1], depth + 1);
        else if (!strcmp(w[0], "default") && n == 2 && !strcmp(w[1], "kill"))
            t->fallback = SECCOMP_RET_KILL_PROCESS;
        else if (!strcmp(w[0], "default") && n == 3 && !strcmp(w[1], "errno"))
            t->fallback = action_errno(w[2]);
        else if (!strcmp(w[0], "allow") && n > 1)
            add_rules(t, SECCOMP_RET_ALLOW, w + 1, n - 1);
        else if (!strcmp(w[0], "kill") && n > 1)
            add_rules(t, SECCOMP_RET_KILL_PROCESS, w + 1, n - 1);
        else if (!strcmp(w[0], "errno") && n > 2)
            add_rules(t, action_errno(w[1]), w + 2, n - 2);
        else if (!strcmp(w[0], "default") && n == 2 && !strcmp(w[1], "allow"))
            t->fallback = SECCOMP_RET_ALLOW;
        else
            known = false;
        if (!known)
            die("not understood: %s", w[0]);
    }
    fclose(in);
    file = outer;
    line = outer_line;
}

static struct sock_filter code[INSNS_MAX];
static int ncode;

static int emit(uint16_t op, uint32_t k, int jt, int jf)
{
    if (ncode == INSNS_MAX || jt > 255 || jf > 255)
        die("filter too large");
    code[ncode] = (struct sock_filter){ .code = op, .k = k, .jt = (uint8_t)jt, .jf = (uint8_t)jf };
    return ncode++;
}
static void load(size_t offset) { emit(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }
static size_t arg_low(int n) { return offsetof(struct seccomp_data, args) + 8 * (size_t)n + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0); }
static size_t arg_high(int n) { return offsetof(struct seccomp_data, args) + 8 * (size_t)n + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 0 : 4); }

/* Jumps whose false branch leads to the next rule, set when that is known. */
static int miss[TESTS_MAX * 2], nmiss;
static void need(uint32_t k) { miss[nmiss++] = emit(BPF_JMP | BPF_JEQ | BPF_K, k, 0, 0); }

static void emit_test(const struct test *t)
{
    uint32_t mask_low = (uint32_t)t->mask, mask_high = (uint32_t)(t->mask >> 32);
    if (t->wide) {
        if (t->values != 1)
            die("longN takes one value");
        load(arg_high(t->arg));
        if (t->mask != UINT64_MAX)
            emit(BPF_ALU | BPF_AND | BPF_K, mask_high, 0, 0);
        need((uint32_t)(t->value[0] >> 32));
    }
    load(arg_low(t->arg));
    if (t->mask != UINT64_MAX)
        emit(BPF_ALU | BPF_AND | BPF_K, mask_low, 0, 0);
    for (int i = 0; i < t->values - 1; i++)
        emit(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)t->value[i], t->values - 1 - i, 0);
    need((uint32_t)t->value[t->values - 1]);
}

static void emit_call(const struct table *t, int first)
{
    int nr = t->rule[first].nr;
    int head = emit(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 0);
    bool decided = false;
    for (int i = first; i < t->rules && !decided; i++) {
        const struct rule *r = &t->rule[i];
        if (r->nr != nr)
            continue;
        nmiss = 0;
        for (int k = 0; k < r->tests; k++)
            emit_test(&r->test[k]);
        emit(BPF_RET | BPF_K, r->action, 0, 0);
        for (int k = 0; k < nmiss; k++) {
            int over = ncode - miss[k] - 1;
            if (over > BLOCK_MAX)
                die("too many tests for one call");
            code[miss[k]].jf = (uint8_t)over;
        }
        decided = !r->tests;
    }
    if (!decided)
        emit(BPF_RET | BPF_K, t->fallback, 0, 0);
    int over = ncode - head - 1;
    if (over > BLOCK_MAX)
        die("too many rules for one call");
    code[head].jf = (uint8_t)over;
}

/* The calls that lines speak of, by number: a search in halves, for at load the kernel runs the program for every call there is, to
 * remember which are let through without a look at arguments. */
struct call { int nr, first; };

static void emit_search(const struct table *t, const struct call *c, int n)
{
    if (n > LEAF_MAX) {
        int half = n / 2;
        emit(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)c[half].nr, 0, 1);
        int over = emit(BPF_JMP | BPF_JA, 0, 0, 0);
        emit_search(t, c, half);
        code[over].k = (uint32_t)(ncode - over - 1);
        emit_search(t, c + half, n - half);
        return;
    }
    for (int i = 0; i < n; i++)
        emit_call(t, c[i].first);
    emit(BPF_RET | BPF_K, t->fallback, 0, 0);
}

static int by_number(const void *a, const void *b)
{
    return ((const struct call *)a)->nr - ((const struct call *)b)->nr;
}

static void emit_table(const struct table *t, uint32_t arch)
{
    static struct call calls[RULES_MAX];
    int n = 0;
    ncode = 0;
    load(offsetof(struct seccomp_data, arch));
    emit(BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0);
    emit(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    load(offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    emit(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);     /* x32 numbers: another ABI with the same arch value */
    emit(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
#endif
    for (int i = 0; i < t->rules; i++) {
        int k = 0;
        while (k < n && calls[k].nr != t->rule[i].nr)
            k++;
        if (k == n)
            calls[n++] = (struct call){ t->rule[i].nr, i };
    }
    qsort(calls, (size_t)n, sizeof *calls, by_number);
    emit_search(t, calls, n);
}

static uint32_t native_arch(void)
{
    static const struct { uint32_t scmp, audit; } archs[] = {
        { SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64 }, { SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64 }, { SCMP_ARCH_ARM, AUDIT_ARCH_ARM }, { SCMP_ARCH_X86, AUDIT_ARCH_I386 },
        { SCMP_ARCH_PPC64LE, AUDIT_ARCH_PPC64LE }, { SCMP_ARCH_S390X, AUDIT_ARCH_S390X }, { SCMP_ARCH_RISCV64, AUDIT_ARCH_RISCV64 },
    };
    for (size_t i = 0; i < sizeof archs / sizeof archs[0]; i++)
        if (archs[i].scmp == seccomp_arch_native())
            return archs[i].audit;
    die("this machine's architecture is not known here");
}

int main(int argc, char **argv)
{
    static const char *const names[] = {
#define R(id, name) name,
        ROLES(R)
#undef R
        "qemu-system", "qemu-shut", "helper",
    };
    static struct table t;
    if (argc != 2) {
        fprintf(stderr, "usage: mkfilter FOLDER\n");
        return 2;
    }
    folder = argv[1];
    uint32_t arch = native_arch();
    int len[sizeof names / sizeof names[0]] = { 0 };
    printf("/* Made by mkfilter from the tables; not to be changed. */\n#include <linux/filter.h>\n#include \"policy/policy.h\"\n");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (i == ROLE_KEEPER)
            continue;       /* it starts what needs other calls than itself, and a filter is inherited */
        t = (struct table){ .fallback = SECCOMP_RET_KILL_PROCESS };
        nopened = 0;
        parse_file(&t, names[i], 0);
        emit_table(&t, arch);
        printf("\nstatic const struct sock_filter filter_%zu[] = {    /* %s */\n", i, names[i]);
        for (int k = 0; k < ncode; k++)
            printf("    { 0x%02x, %u, %u, 0x%08x },\n", code[k].code, code[k].jt, code[k].jf, code[k].k);
        printf("};\n");
        len[i] = ncode;
    }
    printf("\nconst struct policy_filter policy_filters[FILTER_N] = {\n");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (len[i])
            printf("    [%zu] = { \"%s\", filter_%zu, %d },\n", i, names[i], i, len[i]);
    printf("};\n");
    return 0;
}
