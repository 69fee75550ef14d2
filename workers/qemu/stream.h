/* stream.h: character devices and files that a client reads and writes through the daemon. */
#ifndef BULKHEAD_QEMU_STREAM_H
#define BULKHEAD_QEMU_STREAM_H
#include "ipc/loop.h"
#include "workers/qemu/guest.h"

/* Bytes between a terminal (or a file) of ours and a client's end of a socketpair. */
#define STREAM_BUF 4096u
struct pump { uint8_t *p; size_t len, off; };    /* p is there only while something waits in it */
struct stream {
    struct stream *next;
    struct guest *g;
    struct chardev *dev;                /* NULL: a file that is sent (screenshot) */
    struct loop_source peer;            /* our end of the client's pair */
    struct loop_source file;            /* unused for a chardev: its own source serves it */
    int peer_fd, file_fd;
    struct pump in, out;                /* client -> device, device -> client */
    bool device_ended;
};
/* One chardev of which we hold an end. A pty's slave is kept open always: QEMU spins on a pty that nobody holds. */
struct chardev {
    struct chardev *next;
    struct guest *g;
    struct loop_source src;
    int fd;
    uint32_t entry;                     /* manifest index */
    struct stream *user;                /* at most one */
    bool lent;                          /* a connection that QEMU was given for its user's sake, and which goes with it */
};

int chardev_add(struct guest *g, int fd, uint32_t entry);               /* takes fd over */
void chardev_remove(struct chardev *c);                                 /* its device has gone; a client's stream ends */
struct chardev *chardev_find(struct guest *g, const struct tree *dev);  /* by the element's mark */
/* Makes the pair: *client is for the caller to send and close. 0 or negative errno. */
int stream_open_chardev(struct guest *g, struct chardev *c, int *client);
/* Sends a whole file (its descriptor is taken over) and ends. */
int stream_open_file(struct guest *g, int fd, int *client);
void stream_close(struct stream *s);
void stream_close_user(struct chardev *c);     /* if there is one; the next one has the same of it */
#endif
