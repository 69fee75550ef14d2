/* api_peek.c: some of the guest's memory, for who debugs it.
 *
 * QEMU writes memory to files of its own view only; its monitor for people tells it in words, which are read here, a piece at a time. */
#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/ops.h"

enum { MEMORY_VIRTUAL = 1, MEMORY_PHYSICAL = 2, PIECE = 16384, PAGE = 4096 };

struct peek { uint64_t at; uint32_t size, done; bool physical; uint8_t *bytes; };

static void next(struct call *c);

static void free_peek(void *extra)
{
    free(((struct peek *)extra)->bytes);
}

static uint32_t piece(const struct peek *p)
{
    return p->size - p->done < PIECE ? p->size - p->done : PIECE;
}

/* Lines of "ADDRESS: 0x00 0x00 ...".  How many bytes were told, at most n. */
static uint32_t read_words(const char *s, uint8_t *dst, uint32_t n)
{
    uint32_t got = 0;
    while (got < n && (s = strchr(s, ':'))) {
        for (s++; *s == ' ' && s[1] == '0' && s[2] == 'x' && got < n; got++) {
            char *end;
            unsigned long v = strtoul(s + 3, &end, 16);
            if (end != s + 5 || v > UINT8_MAX)
                return got;
            dst[got] = (uint8_t)v;
            s = end;
        }
    }
    return got;
}

static void on_words(struct call *c, json_t *ret)
{
    struct peek *p = c->extra;
    const char *text = json_string_value(ret);
    uint32_t n = piece(p), got = text ? read_words(text, p->bytes + p->done, n) : 0;
    /* Where there is no memory QEMU's own command tells zeros of physical addresses: as far as the page goes. */
    uint64_t hole = PAGE - (p->at + p->done + got) % PAGE;
    if (got != n && p->physical)
        got = hole < n - got ? got + (uint32_t)hole : n;
    if (got != n && !p->physical)
        call_failf(c, VIR_ERR_INTERNAL_ERROR, "unable to execute QEMU command 'memsave': Invalid addr 0x%016" PRIx64 "/size %u specified", p->at, p->size);
    else {
        p->done += got;
        next(c);
    }
}

static void next(struct call *c)
{
    struct peek *p = c->extra;
    struct mp_out o;
    char line[64];
    if (p->done < p->size) {
        snprintf(line, sizeof line, "%s /%uxb 0x%" PRIx64, p->physical ? "xp" : "x", piece(p), p->at + p->done);
        call_qmp(c, "human-monitor-command", json_pack("{s:s}", "command-line", line), on_words);
        return;
    }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_bin(&o, p->bytes, p->size);
    call_out(c, &o);
}

OP_ARGS(api_memory_peek)
{
    uint64_t at = mp_get_uint(&in);
    uint32_t size = mp_get_u32(&in), flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    if ((flags != MEMORY_VIRTUAL && flags != MEMORY_PHYSICAL) || size > LIMIT_REMOTE_DOMAIN_MEMORY_PEEK_BUFFER) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "%s", size > LIMIT_REMOTE_DOMAIN_MEMORY_PEEK_BUFFER ? "size > maximum buffer size" : "flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL");
        return;
    }
    struct call *c = call_new(g, rq);
    struct peek *p = call_extra(c, sizeof *p);
    c->free_extra = free_peek;
    *p = (struct peek){ .at = at, .size = size, .physical = flags == MEMORY_PHYSICAL, .bytes = calloc(1, (size_t)size + 1) };
    BUG_ON(!p->bytes);
    next(c);
}
