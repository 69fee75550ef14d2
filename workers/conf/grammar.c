/* grammar.c: see grammar.h. */
#include "workers/conf/grammar.h"
#include <limits.h>
#include <stdbool.h>
#include <string.h>

struct parser { const char *name, *p, *end; unsigned line; struct err *e; };

static int at(const struct parser *s) { return s->p < s->end ? (unsigned char)*s->p : -1; }
static bool is_blank(int c) { return c == ' ' || c == '\t'; }
static bool is_eol(int c) { return c == '\n' || c == '\r'; }
static bool is_digit(int c) { return c >= '0' && c <= '9'; }
static bool is_alpha(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static int fail(struct parser *s, const char *what)
{
    return err_set(s->e, VIR_ERR_CONF_SYNTAX, VIR_FROM_CONF, "%s:%u: %s", s->name, s->line, what);
}

static void skip_blanks(struct parser *s)
{
    while (is_blank(at(s)))
        s->p++;
}

static void skip_comment(struct parser *s)
{
    if (at(s) == '#')
        while (at(s) >= 0 && !is_eol(at(s)))
            s->p++;
}

/* Blanks, ends of lines and comments. */
static void skip_lines(struct parser *s)
{
    for (;;) {
        skip_blanks(s);
        skip_comment(s);
        if (!is_eol(at(s)))
            return;
        s->line += at(s) == '\n';
        s->p++;
    }
}

static int parse_number(struct parser *s, struct conf_value *v)
{
    bool minus = at(s) == '-';
    int64_t n = 0;
    if (minus || at(s) == '+')
        s->p++;
    if (!is_digit(at(s)))
        return fail(s, "a number is expected");
    for (; is_digit(at(s)); s->p++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_sub_overflow(n, at(s) - '0', &n))     /* below zero: its range is the wider */
            return fail(s, "the number is too great");
    if (!minus && n == INT64_MIN)
        return fail(s, "the number is too great");
    v->type = CONF_INT;
    v->number = minus ? n : -n;
    return 0;
}

static int parse_string(struct parser *s, struct conf_value *v)
{
    int quote = at(s);
    bool tall = s->end - s->p >= 3 && !memcmp(s->p, "\"\"\"", 3);
    s->p += tall ? 3 : 1;
    const char *start = s->p;
    for (;; s->p++) {
        if (at(s) < 0 || (!tall && is_eol(at(s))))
            return fail(s, "the string does not end");
        if (tall ? s->end - s->p >= 3 && !memcmp(s->p, "\"\"\"", 3) : at(s) == quote)
            break;
        s->line += at(s) == '\n';
    }
    v->type = CONF_STR;
    v->str = start;
    v->len = (size_t)(s->p - start);
    s->p += tall ? 3 : 1;
    return 0;
}

static int parse_scalar(struct parser *s, struct conf_value *v)
{
    int c = at(s);
    if (c == '"' || c == '\'')
        return parse_string(s, v);
    if (is_digit(c) || c == '-' || c == '+')
        return parse_number(s, v);
    return fail(s, "a value is expected: a number, a string in quotes, or a list in brackets");
}

static int parse_list(struct parser *s, struct conf_value *v)
{
    struct conf_value item;
    const char *start = ++s->p;
    for (;;) {
        skip_lines(s);
        if (at(s) == ']')
            break;
        if (at(s) < 0)
            return fail(s, "the list does not end");
        if (parse_scalar(s, &item) < 0)
            return -1;
        v->items++;
        v->strings += item.type == CONF_STR;
        skip_lines(s);
        if (at(s) == ',')
            s->p++;
        else if (at(s) != ']')
            return fail(s, "a comma or the end of the list is expected");
    }
    v->type = CONF_LIST;
    v->str = start;
    v->len = (size_t)(s->p - start);
    s->p++;
    return 0;
}

static int parse_assignment(struct parser *s, conf_assign_fn *fn, void *data)
{
    char key[CONF_KEY_MAX];
    size_t n = 0;
    struct conf_value v = { .type = CONF_INT };

    if (!is_alpha(at(s)))
        return fail(s, "a name is expected");
    for (; is_alpha(at(s)) || is_digit(at(s)) || at(s) == '-' || at(s) == '.'; s->p++) {
        if (n == sizeof key - 1)
            return fail(s, "the name is too long");
        key[n++] = *s->p;
    }
    key[n] = 0;
    skip_blanks(s);
    if (at(s) != '=')
        return fail(s, "an assignment (=) is expected");
    s->p++;
    skip_blanks(s);
    v.line = s->line;
    if ((at(s) == '[' ? parse_list(s, &v) : parse_scalar(s, &v)) < 0)
        return -1;
    skip_blanks(s);
    skip_comment(s);
    if (at(s) >= 0 && !is_eol(at(s)))
        return fail(s, "the end of the line is expected");
    return fn(data, key, &v, s->e);
}

int conf_parse(const char *name, const char *text, size_t n, conf_assign_fn *fn, void *data, struct err *e)
{
    struct parser s = { .name = name, .p = text, .end = text + n, .line = 1, .e = e };
    if (n > CONF_TEXT_MAX)
        return fail(&s, "the file is too long");
    for (;;) {
        skip_lines(&s);
        if (at(&s) < 0)
            return 0;
        if (parse_assignment(&s, fn, data) < 0)
            return -1;
    }
}
