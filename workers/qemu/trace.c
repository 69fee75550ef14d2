#include "config.h"
#include "workers/qemu/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "ipc/loop.h"
#include "ipc/util.h"

#define QUEUE_BYTES (1u << 20)      /* waits for the reader at most */

/* ---- secrets ---- */

/* Keys whose values are secrets wherever they stand: passwords of displays and users, secret objects, what programs in the guest read and say. */
static const char *const secret_keys[] = { "password", "passwd", "data", "secret", "buf-b64", "keys", "input-data", "crypted-password", "env", "out-data", "err-data" };

static bool is_secret(const char *key)
{
    for (size_t i = 0; i < ARRAY_N(secret_keys); i++)
        if (!strcmp(key, secret_keys[i]))
            return true;
    return false;
}

/* A line for QEMU's own shell is free text: of "info" all is shown, of every other command the first word. */
static json_t *masked_line(const char *s)
{
    size_t n = strcspn(s, " ");
    return !s[n] || !strncmp(s, "info ", 5) ? json_string(s) : json_sprintf("%.*s ***", (int)n, s);
}

json_t *trace_masked(json_t *v, unsigned depth)
{
    if (depth > TRACE_DEPTH_MAX)
        return json_string("...");
    if (json_is_object(v)) {
        json_t *o = json_object(), *x;
        const char *k;
        json_object_foreach(v, k, x)
            if (is_secret(k) && (json_is_string(x) || json_is_array(x)))
                json_object_set_new(o, k, json_string("***"));
            else if (!strcmp(k, "command-line") && json_is_string(x))
                json_object_set_new(o, k, masked_line(json_string_value(x)));
            else
                json_object_set_new(o, k, trace_masked(x, depth + 1));
        return o;
    }
    if (json_is_array(v)) {
        json_t *a = json_array(), *x;
        size_t i;
        json_array_foreach(v, i, x)
            json_array_append_new(a, trace_masked(x, depth + 1));
        return a;
    }
    return json_incref(v);
}

/* ---- the one reader ---- */

static struct { struct loop_source src; char *queue; size_t len; uint64_t began_ms; unsigned left_out; } reader = { .src.fd = -1 };

static void reader_close(void)
{
    int fd = reader.src.fd;
    if (fd < 0)
        return;
    loop_del(&reader.src);
    close(fd);
    free(reader.queue);
    reader.queue = NULL;
    reader.len = 0;
}

static void reader_write(void)
{
    ssize_t n = reader.len ? send(reader.src.fd, reader.queue, reader.len, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        reader_close();
        return;
    }
    if (n > 0) {
        reader.len -= (size_t)n;
        memmove(reader.queue, reader.queue + n, reader.len);
    }
    loop_mod(&reader.src, EPOLLIN | (reader.len ? EPOLLOUT : 0));
}

static void reader_event(struct loop_source *s, uint32_t events)
{
    char buf[256];
    ssize_t n = events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? recv(s->fd, buf, sizeof buf, MSG_DONTWAIT) : 1;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        reader_close();
    else
        reader_write();
}

bool trace_is_on(void)
{
    return reader.src.fd >= 0;
}

int trace_open(int *client)
{
    int pair[2];
    reader_close();
    char *queue = malloc(QUEUE_BYTES);
    if (!queue || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
        free(queue);
        return -ENOMEM;
    }
    int r = loop_add(&reader.src, pair[0], EPOLLIN, reader_event, NULL);
    if (r < 0) {
        close(pair[0]);
        close(pair[1]);
        free(queue);
        reader.src.fd = -1;
        return r;
    }
    reader.queue = queue;
    reader.began_ms = loop_now_ms();
    reader.left_out = 0;
    *client = pair[1];
    return 0;
}

void trace_json(const char *channel, const char *direction, json_t *v)
{
    char head[96] = "";
    uint64_t ms = loop_now_ms() - reader.began_ms;
    json_t *m = trace_masked(v, 0);
    AUTO_FREE char *text = json_dumps(m, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    size_t n = text ? strlen(text) : 0;
    json_decref(m);
    if (reader.left_out)
        snprintf(head, sizeof head, "(%u lines are left out)\n", reader.left_out);
    size_t at = strlen(head);
    snprintf(head + at, sizeof head - at, "%6llu.%03llu %s %s ", (unsigned long long)ms / 1000, (unsigned long long)ms % 1000, channel, direction);
    at = strlen(head);
    if (!text || reader.len + at + n + 1 > QUEUE_BYTES) {
        reader.left_out++;
        return;
    }
    reader.left_out = 0;
    memcpy(reader.queue + reader.len, head, at);
    memcpy(reader.queue + reader.len + at, text, n);
    reader.len += at + n;
    reader.queue[reader.len++] = '\n';
    reader_write();
}
