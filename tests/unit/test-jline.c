/* test-jline.c: JSON lines of QEMU: bounds, and numbers that only fit unsigned. */
#include <errno.h>
#include "workers/qemu/jline.h"
#include "tests/tap.h"

static void numbers(void)
{
    static const struct { const char *text; json_int_t want; } rows[] = {
        { "{\"v\": 18446744073709551615}", -1 }, { "{\"v\":9223372036854775808}", INT64_MIN }, { "{\"v\": 9223372036854775807}", INT64_MAX },
        { "{\"v\": -5}", -5 }, { "{\"a\": 18446744073709551615, \"s\": \"18446744073709551615 \\\" 9\", \"v\": 12}", 12 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int err;
        json_t *j = jline_parse(rows[i].text, strlen(rows[i].text), &err);
        tap_ok(j && json_integer_value(json_object_get(j, "v")) == rows[i].want, "number in %s", rows[i].text);
        json_t *s = json_object_get(j, "s");
        if (s)
            tap_str(json_string_value(s), "18446744073709551615 \" 9", "a string of digits is left alone");
        json_decref(j);
    }
}

static void refused(void)
{
    static const struct { const char *text; int err; } rows[] = {
        { "{", -EBADMSG }, { "{} {}", -EBADMSG }, { "", -EBADMSG }, { "{\"a\":1,}", -EBADMSG }, { "nothing", -EBADMSG }, { "{\"v\":99999999999999999999}", -EBADMSG },
        { "{\"v\":1e9223372036854775808}", -EBADMSG }, { "\"\xff\"", -EBADMSG },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int err = 0;
        json_t *j = jline_parse(rows[i].text, strlen(rows[i].text), &err);
        tap_ok(!j && err == rows[i].err, "refused: %s", rows[i].text);
        json_decref(j);
    }
    static char deep[100000];
    int err = 0;
    memset(deep, '[', sizeof deep);
    tap_ok(!jline_parse(deep, sizeof deep, &err) && err == -EMSGSIZE, "deep nesting is refused before it is parsed");
    memset(deep, ',', sizeof deep);
    deep[0] = '[';
    json_decref(jline_parse(deep, sizeof deep, &err));
    tap_ok(err < 0, "a flood of values is refused");
}

int main(void)
{
    numbers();
    refused();
    return tap_done();
}
