/* landlock.h: files, TCP, signals and abstract sockets denied but for a few folders, where the kernel has landlock. */
#ifndef BULKHEAD_LANDLOCK_H
#define BULKHEAD_LANDLOCK_H
#include <stdbool.h>

#define LANDLOCK_FOLDERS_MAX 16
struct landlock_folder { int fd; bool may_write; };
struct landlock_plan {
    struct landlock_folder folder[LANDLOCK_FOLDERS_MAX];
    unsigned n;
    bool read_given;                    /* reading is not limited: who has no file system can read only below a descriptor it is given */
    const char *const *read_paths;      /* ends with NULL; one that is absent is skipped; NULL: none */
};
/* Enters; no_new_privs must be set.  Returns the kernel's version of landlock, or a negative errno: -ENOSYS, -EOPNOTSUPP: not there. */
int landlock_enter(const struct landlock_plan *plan);
#endif
