/* test-mp.c: the msgpack writer, the guard and the cursor. */
#include <math.h>
#include "ipc/mp.h"
#include "tests/tap.h"

static void round_trip(void)
{
    static const int64_t ints[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, INT64_MAX, -1, -32, -33, -128, -129, -32769, INT64_MIN };
    struct mp_out o;
    struct mp_in in;

    mp_out_init(&o, 4096);
    mp_array(&o, sizeof ints / sizeof *ints);
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++)
        mp_int(&o, ints[i]);
    tap_int(mp_guard(o.p, o.len, 8, 4096, NULL), 0, "integers are well formed");
    mp_in_init(&in, o.p, o.len);
    tap_int(mp_get_array(&in, 100), sizeof ints / sizeof *ints, "their count");
    bool same = true;
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++)
        same = mp_get_int(&in) == ints[i] && same;
    tap_ok(same && mp_end(&in), "come back as they went, nothing left over");
    mp_out_free(&o);

    mp_out_init(&o, 4096);
    mp_array(&o, 7);
    mp_nil(&o);
    mp_bool(&o, true);
    mp_double(&o, -0.5);
    mp_str(&o, "gr\xc3\xbc\xc3\x9f");
    mp_str(&o, NULL);
    mp_bin(&o, "\0\xff", 2);
    mp_uint(&o, UINT64_MAX);
    tap_int(mp_guard(o.p, o.len, 8, 4096, NULL), 0, "a mixed array is well formed");
    mp_in_init(&in, o.p, o.len);
    size_t n;
    char s[16];
    mp_get_array(&in, 7);
    tap_ok(mp_get_nil(&in), "nil");
    tap_ok(mp_get_bool(&in), "true");
    tap_ok(mp_get_double(&in) == -0.5, "a double");
    tap_ok(mp_get_strz(&in, s, sizeof s), "a string that fits");
    tap_str(s, "gr\xc3\xbc\xc3\x9f", "is the one written");
    tap_ok(mp_get_nil(&in), "a string that is not there");
    const uint8_t *b = mp_get_bin(&in, &n);
    tap_ok(b && n == 2 && b[1] == 0xff, "binary");
    tap_ok(mp_get_uint(&in) == UINT64_MAX && mp_end(&in), "the largest number");
    mp_out_free(&o);
}

/* Documents that must be refused, or are only beginnings. */
static void guard(void)
{
    static const struct { const char *bytes; size_t n; int whole, stream; const char *what; } rows[] = {
        { "\x93\x01\x02", 3, -1, 1, "an array that lacks an element" },
        { "\xdd\xff\xff\xff\xff", 5, -1, -1, "five bytes that promise 4 billion elements" },
        { "\xdf\x7f\xff\xff\xff", 5, -1, -1, "a map of 2 billion" },
        { "\xc6\xff\xff\xff\xff", 5, -1, -1, "binary of 4 GiB" },
        { "\xdb\x00\x00\x00\x05" "abc", 8, -1, 1, "a string cut short" },
        { "\xa1\xff", 2, -1, -1, "a string that is not UTF-8" },
        { "\xa2\xc0\xaf", 3, -1, -1, "an overlong UTF-8 form" },
        { "\xa3\xed\xa0\x80", 4, -1, -1, "a UTF-16 surrogate" },
        { "\xa4\xf4\x90\x80\x80", 5, -1, -1, "a code point beyond Unicode" },
        { "\xc1", 1, -1, -1, "the byte that is never used" },
        { "\xd4\x01\x00", 3, -1, -1, "an extension type" },
        { "", 0, -1, 1, "nothing at all" },
        { "\x01\x02", 2, -1, 0, "something left over" },
        { "\xcd\x01", 2, -1, 1, "half a number" },
        { "\x90", 1, 0, 0, "an empty array" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t used;
        tap_int(mp_guard(rows[i].bytes, rows[i].n, 8, 1000, NULL), rows[i].whole, "whole: %s", rows[i].what);
        tap_int(mp_guard(rows[i].bytes, rows[i].n, 8, 1000, &used), rows[i].stream, "stream: %s", rows[i].what);
    }
    uint8_t deep[64];
    memset(deep, 0x91, sizeof deep);
    deep[8] = 0x01;
    tap_int(mp_guard(deep, 9, 8, 1000, NULL), 0, "eight levels where eight are allowed");
    deep[8] = 0x91;
    deep[9] = 0x01;
    tap_int(mp_guard(deep, 10, 8, 1000, NULL), -1, "nine levels are refused");
    memset(deep, 0x91, sizeof deep);
    tap_int(mp_guard(deep, sizeof deep, 1000, 1000, NULL), -1, "no caller can ask for more than the guard's own depth");
    tap_int(mp_guard("\xda\x03\xe8", 3, 8, 100, NULL), -1, "a string over the total");
}

static void cursor(void)
{
    struct mp_in in;
    size_t n;

    mp_in_init(&in, "\xa3" "abc", 4);
    tap_ok(mp_get_int(&in) == 0 && in.bad, "a string is no number");
    tap_ok(mp_get_str(&in, &n) == NULL, "bad is sticky");
    mp_in_init(&in, "\xce\x80\x00\x00\x00", 5);
    tap_ok(mp_get_i32(&in) == 0 && in.bad, "2^31 does not fit an int");
    mp_in_init(&in, "\xff", 1);
    tap_ok(mp_get_uint(&in) == 0 && in.bad, "-1 is not unsigned");
    mp_in_init(&in, "\xd0\x05", 2);
    tap_ok(mp_get_uint(&in) == 5 && mp_end(&in), "a positive number in a signed form is taken");
    mp_in_init(&in, "\xa3" "a\0b", 4);
    char s[8] = "x";
    tap_ok(!mp_get_strz(&in, s, sizeof s) && in.bad && !s[0], "a NUL inside a string is refused");
    mp_in_init(&in, "\xa5" "abcde", 6);
    tap_ok(!mp_get_strz(&in, s, 5) && in.bad, "a string that does not fit is refused, not cut");
    mp_in_init(&in, "\x93\x01\x02\x03\x04", 5);
    tap_ok(mp_skip(&in) && mp_get_int(&in) == 4 && mp_end(&in), "a whole value is skipped");
    mp_in_init(&in, "\x93\x01", 2);
    tap_ok(mp_get_array(&in, 10) == 0 && in.bad, "a count beyond the bytes left is refused");
    mp_in_init(&in, "\xc0", 1);
    tap_ok(!mp_get_bool(&in) && in.bad, "nil is no bool");
}

static void bounded_writer(void)
{
    struct mp_out o;
    mp_out_init(&o, 10);
    mp_str(&o, "123456789");
    tap_ok(!o.failed && o.len == 10, "up to its bound");
    mp_nil(&o);
    tap_ok(o.failed && o.len == 10, "and not a byte more");
    mp_out_free(&o);
}

int main(void)
{
    round_trip();
    guard();
    cursor();
    bounded_writer();
    return tap_done();
}
