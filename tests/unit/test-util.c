/* Strings that do not fit are refused, not cut; full reads and writes end at what there is. */
#include <errno.h>
#include <fcntl.h>
#include "ipc/util.h"
#include "tests/tap.h"

int main(void)
{
    char small[4] = "xyz";

    tap_int(util_copy_str(small, sizeof small, "abc"), 0, "three bytes and the NUL fit into four");
    tap_str(small, "abc", "they are copied");
    tap_int(util_copy_str(small, sizeof small, "abcd"), -ENAMETOOLONG, "four bytes do not");
    tap_str(small, "", "what does not fit leaves nothing behind");
    tap_int(util_format(small, sizeof small, "%d", 123), 0, "a number that fits");
    tap_int(util_format(small, sizeof small, "%d", 1234), -ENAMETOOLONG, "a number that does not");

    int p[2];
    char got[8] = "";
    tap_ok(pipe2(p, O_CLOEXEC) == 0, "a pipe");
    tap_int(util_write_full(p[1], "hello", 5), 5, "all is written");
    close(p[1]);
    tap_int(util_read_full(p[0], got, sizeof got), 5, "a read ends at the end of file");
    tap_mem(got, "hello", 5, "with what was written");
    tap_int(util_read_full(-1, got, 1), -EBADF, "an error is a negative errno");
    close(p[0]);

    uint64_t a = util_now_ns(), b = util_now_ns();
    tap_ok(b >= a, "time does not go back");
    {
        AUTO_CLOSE fd = p[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        tap_ok(fd >= 0, "a scope-bound descriptor");
    }
    tap_int(fcntl(p[0], F_GETFD), -1, "is closed at the end of its scope");
    return tap_done();
}
