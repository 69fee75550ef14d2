/* tap.h: what a unit test needs to speak TAP.
 *
 *   int main(void)
 *   {
 *       tap_ok(frame_send(...) == 0, "an empty frame is sent");
 *       tap_int(n, 3, "three rows");
 *       tap_str(text, "none", "text of case %d", i);
 *       return tap_done();
 *   }
 *
 * A failed point tells its file, line, and what was got; the rest of the test goes on. */
#ifndef BULKHEAD_TAP_H
#define BULKHEAD_TAP_H
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 4, 5), unused))
static bool tap_point(bool good, const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    printf("%sok %d - ", good ? "" : "not ", ++tap_count);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    if (!good) {
        printf("# failed at %s:%d\n", file, line);
        tap_failed++;
    }
    fflush(stdout);     /* a crash further on must not lose what was proven */
    return good;
}

#define tap_ok(cond, ...) tap_point(cond, __FILE__, __LINE__, __VA_ARGS__)
#define tap_int(got, want, ...) __extension__({ \
    long long got_ = (long long)(got), want_ = (long long)(want); \
    bool same_ = tap_point(got_ == want_, __FILE__, __LINE__, __VA_ARGS__); \
    if (!same_) printf("# got %lld, want %lld\n", got_, want_); \
    same_; })
#define tap_str(got, want, ...) __extension__({ \
    const char *got_ = (got), *want_ = (want); \
    bool same_ = tap_point(got_ && want_ ? !strcmp(got_, want_) : got_ == want_, __FILE__, __LINE__, __VA_ARGS__); \
    if (!same_) printf("# got \"%s\"\n# want \"%s\"\n", got_ ? got_ : "(null)", want_ ? want_ : "(null)"); \
    same_; })
#define tap_mem(got, want, len, ...) tap_point(!memcmp(got, want, len), __FILE__, __LINE__, __VA_ARGS__)
__attribute__((format(printf, 1, 2), unused))
static void tap_note(const char *fmt, ...)
{
    va_list ap;

    printf("# ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

/* A point that cannot be looked at here: says why, counts as neither. */
#define tap_skip(why) printf("ok %d # SKIP %s\n", ++tap_count, why)
/* The whole program: nothing of it can be looked at here. */
#define tap_skip_all(why) do { printf("1..0 # SKIP %s\n", why); exit(0); } while (0)

/* Plan and exit code; the last thing a test does, so that an early exit is seen as a failure. */
__attribute__((unused))
static int tap_done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed != 0;
}
#endif
