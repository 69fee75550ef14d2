/* fuzz-saved: the head of a saved state and its document, read and replaced.  Input: a byte that says how, and the file. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ipc/util.h"
#include "workers/saved.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct saved s = { 0 }, again = { 0 };
    struct err e = ERR_INIT;
    static const char xml[] = "<domain type='qemu'/>";
    AUTO_CLOSE fd = size ? memfd_create("saved", MFD_CLOEXEC) : -1;
    if (fd < 0 || util_write_full(fd, data + 1, size - 1) < 0)
        return 0;
    if (saved_read(fd, &s, &e)) {
        if (!e.code || s.data)
            abort();
        return 0;
    }
    /* Nothing of it is beyond the file, and the file is at QEMU's state. */
    if (s.len > s.h.data_len || s.h.data_len > size - 1 - sizeof s.h || lseek(fd, 0, SEEK_CUR) != (off_t)(sizeof s.h + s.h.data_len))
        abort();
    for (size_t i = 0; i < s.len; i++)
        if (!s.data[i])
            abort();
    /* Another document is read back as it was written, and what stands behind it is what it was. */
    if (saved_replace(fd, &s, xml, sizeof xml - 1, data[0] & 1, &e) == 0) {
        if (saved_read(fd, &again, &e) || again.len != sizeof xml - 1 || memcmp(again.data, xml, again.len) || again.h.was_running != (data[0] & 1u) || again.h.data_len != s.h.data_len ||
            !again.h.cookie != !s.h.cookie)
            abort();
        if (s.h.cookie && strncmp(again.data + again.h.cookie, s.data + s.h.cookie, s.h.data_len - s.h.cookie < again.h.data_len - again.h.cookie ? s.h.data_len - s.h.cookie : again.h.data_len - again.h.cookie))
            abort();
        if (lseek(fd, 0, SEEK_END) != (off_t)size - 1)
            abort();
    }
    free(s.data);
    free(again.data);
    return 0;
}
