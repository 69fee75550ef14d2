/* Events in their forms, streams both ways, statistics of many guests. */
#include "gateway-rpc.h"
#include "ipc/util.h"

static void register_event(int32_t id, bool one, uint8_t mark)
{
    struct mp_out a = args_of(2);
    mp_int(&a, id);
    if (one)
        put_guest(&a, "x", mark, -1);
    else
        mp_nil(&a);
    call(OP_REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY, &a);
    get();
}

static int32_t registered(void)
{
    struct mp_in in = reply_results(OP_REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY);
    return mp_get_i32(&in);
}

/* As the supervisor sends it: the domain as a struct. */
static void lifecycle_cut(uint8_t mark, int32_t event, size_t len)
{
    struct { struct dom_head d; uint8_t values[2]; uint8_t pad[6]; } body = { .d = { .name = "one", .id = 4, .values = 2 }, .values = { (uint8_t)event, 1 } };
    struct frame_head h = { .kind = FRAME_EVENT, .flags = FRAME_DOM, .op = OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE };
    memset(body.d.uuid, mark, sizeof body.d.uuid);
    frame_send(super, &h, &body, len, NULL, 0);
    turn();
}

static void lifecycle(uint8_t mark, int32_t event)
{
    lifecycle_cut(mark, event, sizeof(struct dom_head) + 2);
}

static uint64_t mask_sent(void)
{
    struct frame f;
    uint64_t m[2] = { 99, 99 };
    while (super_get(&f)) {
        if (f.h.op == OP_IN(IN_SUBSCRIBE) && f.body_len == sizeof m)
            memcpy(m, f.body, sizeof m);
        frame_done(&f);
    }
    return m[0] | (m[1] ? UINT64_C(1) << 63 : 0);
}

static void test_events(void)
{
    struct mp_out a;

    rpc_start(DOOR_RW, 0);
    register_event(0, false, 0);
    tap_int(registered(), 0, "the first callback is number 0");
    tap_int(mask_sent(), 1, "the supervisor is told which events are wanted");
    register_event(0, true, 2);
    tap_int(registered(), 1, "the same event of one guest is another callback");
    tap_int(mask_sent(), 99 | UINT64_C(1) << 63, "which changes nothing for the supervisor");
    register_event(0, true, 2);
    tap_int(reply_error().code, VIR_ERR_INVALID_ARG, "once");
    register_event(27, false, 0);
    tap_int(reply_error().code, VIR_ERR_INTERNAL_ERROR, "there is no event 27");
    register_event(12, false, 0);
    tap_int(registered(), 2, "pmsuspend");
    tap_int(mask_sent(), 1 | 1 << 12, "is asked for as well");

    lifecycle(1, 2);
    tap_ok(get() && reply.h.type == XDR_MESSAGE && reply.h.serial == 1 && reply.h.proc == 318 && reply.p[3] == 0, "an event of any guest: one callback's message");
    tap_ok(reply.n == 4 + 4 + 4 + 16 + 4 + 4 + 4 && reply.p[reply.n - 5] == 2, "with what happened");
    tap_ok(!get(), "and not the other's");
    lifecycle(2, 3);
    tap_ok(get() && reply.p[3] == 0 && get() && reply.p[3] == 1, "an event of that guest: both");

    a = args_of(1);
    put_guest(&a, "one", 1, 4);
    super_put(FRAME_EVENT, OP_REMOTE_DOMAIN_EVENT_CALLBACK_PMSUSPEND, 0, 12, a.p, a.len, NULL, 0);
    mp_out_free(&a);
    tap_ok(get() && reply.h.proc == 330 && reply.n == 4 + 4 + 4 + 4 + 16 + 4 && reply.p[7] == 0, "an event with the unused reason");

    a = args_of(1);
    mp_int(&a, 0);
    call(OP_REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY, &a);
    tap_ok(get() && reply.h.status == XDR_OK, "a callback is taken back");
    lifecycle(1, 4);
    tap_ok(!get(), "and is not called any more");
    a = args_of(1);
    mp_int(&a, 0);
    call(OP_REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY, &a);
    expect_error(VIR_ERR_INTERNAL_ERROR, "domain event callback 0 not registered");

    call(OP_REMOTE_CONNECT_DOMAIN_EVENT_REGISTER, NULL);
    tap_ok(get() && reply.h.status == XDR_OK, "the oldest form of registration");
    lifecycle(1, 5);
    tap_ok(get() && reply.h.proc == 107 && reply.n == 4 + 4 + 16 + 4 + 4 + 4, "is answered in the oldest form of event");
    a = args_of(1);
    mp_int(&a, 17);
    call(OP_REMOTE_CONNECT_DOMAIN_EVENT_REGISTER_ANY, &a);
    expect_error(VIR_ERR_INTERNAL_ERROR, "unsupported event ID 17");

    super_put(FRAME_EVENT, OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE, 0, 0, "\x93\x01\x02\x03", 4, NULL, 0);
    lifecycle_cut(1, 2, sizeof(struct dom_head) + 1);
    lifecycle_cut(1, 2, sizeof(struct dom_head) - 1);
    lifecycle_cut(1, 2, sizeof(struct dom_head) + 3);
    super_put(FRAME_EVENT, OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE, 0, 900, "\x90", 1, NULL, 0);
    super_put(FRAME_EVENT, OP_REMOTE_DOMAIN_EVENT_CALLBACK_REBOOT, 0, 0, "\x90", 1, NULL, 0);
    tap_ok(!get() && !gw->ended, "events that are none are dropped");
    gateway_stop();
}

static int32_t monitor_register(const char *name, uint32_t flags)
{
    struct mp_out a = args_of(3);
    mp_nil(&a);
    mp_str(&a, name);
    mp_uint(&a, flags);
    call(OP_QEMU_CONNECT_DOMAIN_MONITOR_EVENT_REGISTER, &a);
    get();
    if (reply.h.status != XDR_OK)
        return -reply_error().code;
    struct mp_in in = reply_results(OP_QEMU_CONNECT_DOMAIN_MONITOR_EVENT_REGISTER);
    return mp_get_i32(&in);
}

static unsigned monitor_event(const char *name)
{
    unsigned ids = 0;
    struct mp_out a = args_of(5);
    put_guest(&a, "one", 1, 4);
    mp_str(&a, name);
    mp_int(&a, 1);
    mp_uint(&a, 2);
    mp_nil(&a);
    super_put(FRAME_EVENT, OP_QEMU_DOMAIN_MONITOR_EVENT, 0, 64, a.p, a.len, NULL, 0);
    mp_out_free(&a);
    while (get())
        ids |= 1u << reply.p[3];
    return ids;
}

static void test_monitor_events(void)
{
    rpc_start(DOOR_RW, 0);
    tap_int(monitor_register(NULL, 0), 0, "all of QEMU's events");
    tap_int(monitor_register("STOP", 0), 1, "one by name");
    tap_int(monitor_register("stop", 2), 2, "by name in any case");
    tap_int(monitor_register("^VNC_", 1), 3, "by pattern");
    tap_int(monitor_register("(", 1), -VIR_ERR_INVALID_ARG, "a pattern that is none");
    tap_int(monitor_register("x", 4), -VIR_ERR_INVALID_ARG, "a flag that is none");
    tap_ok(mask_sent() >> 63, "the supervisor is told");
    tap_int(monitor_event("STOP"), 1 | 2 | 4, "STOP reaches three");
    tap_int(monitor_event("VNC_CONNECTED"), 1 | 8, "VNC_CONNECTED two");
    tap_int(monitor_event("RESUME"), 1, "RESUME one");
    gateway_stop();
}

/* ---- streams ---- */

static int open_console(uint32_t *serial)
{
    struct frame f;
    int s[2];
    struct mp_out a = args_of(3);
    put_guest(&a, "one", 1, 4);
    mp_nil(&a);
    mp_uint(&a, 0);
    *serial = call(OP_REMOTE_DOMAIN_OPEN_CONSOLE, &a);
    if (!super_get(&f) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s) < 0)
        return -1;
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, &s[1], 1);
    close(s[1]);
    return s[0];
}

static bool stream_msg(uint32_t serial, uint32_t status, size_t n)
{
    return get() && reply.h.type == XDR_STREAM && reply.h.proc == 201 && reply.h.serial == serial && reply.h.status == status && reply.n == n;
}

static void test_stream(void)
{
    uint32_t serial;
    char buf[64];
    static char lots[100000];

    rpc_start(DOOR_RW, 0);
    guest_put(3, "one", 1, 4, 1, 0);
    int guest = open_console(&serial);
    if (!tap_ok(guest >= 0 && get() && reply.h.type == XDR_REPLY && reply.h.status == XDR_OK, "a console is open"))
        return;
    tap_ok(send(guest, "l", 1, 0) == 1 && stream_msg(serial, XDR_CONTINUE, 1) && reply.p[0] == 'l', "one byte comes at once");
    say(OP_REMOTE_DOMAIN_OPEN_CONSOLE, XDR_STREAM, serial, XDR_CONTINUE, "abc", 3);
    tap_ok(recv(guest, buf, sizeof buf, 0) == 3 && !memcmp(buf, "abc", 3), "what the client types arrives");

    /* The guest reads nothing: the client must be held up, not the bytes kept. */
    size_t taken = 0;
    struct xdr_out o = { 0 };
    struct xdr_head h = { .prog = program_number[PROG_REMOTE], .vers = 1, .proc = 201, .type = XDR_STREAM, .serial = serial, .status = XDR_CONTINUE };
    size_t start = xdr_begin(&o, &h);
    xdr_raw(&o, lots, sizeof lots);
    xdr_end(&o, start);
    for (int i = 0; i < 200; i++) {
        ssize_t k = send(client, o.p + taken % o.len, o.len - taken % o.len, MSG_NOSIGNAL);
        if (k > 0)
            taken += (size_t)k;
        turn();
    }
    tap_ok(taken > 2 * sizeof lots && taken < 2000000, "a guest that does not read holds the client up (%zu)", taken);
    tap_ok(!gw->ended && !gw->conn.reading, "by leaving bytes in its socket");
    size_t drained = 0;
    for (int i = 0; i < 4000 && drained < taken / o.len * sizeof lots; i++) {
        ssize_t k = recv(guest, lots, sizeof lots, 0);
        drained += k > 0 ? (size_t)k : 0;
        turn();
    }
    tap_ok(drained >= taken / o.len * sizeof lots, "and goes on when it reads");
    if (taken % o.len)
        client_send(o.p + taken % o.len, o.len - taken % o.len);
    turn();
    while (recv(guest, lots, sizeof lots, 0) > 0)
        turn();
    xdr_out_free(&o);

    say(OP_REMOTE_DOMAIN_OPEN_CONSOLE, XDR_STREAM, serial, XDR_OK, NULL, 0);
    tap_ok(stream_msg(serial, XDR_OK, 0), "the client finishes, which is confirmed");
    tap_ok(recv(guest, buf, sizeof buf, 0) == 0, "and the guest's end is closed");
    say(OP_REMOTE_DOMAIN_OPEN_CONSOLE, XDR_STREAM, serial, XDR_CONTINUE, "late", 4);
    tap_ok(!get() && !gw->ended, "what comes after it is ignored");
    close(guest);

    guest = open_console(&serial);
    get();
    close(guest);
    tap_ok(stream_msg(serial, XDR_CONTINUE, 0), "the guest's end of data is an empty message");
    say(OP_REMOTE_DOMAIN_OPEN_CONSOLE, XDR_STREAM, serial, XDR_ERROR, NULL, 0);
    tap_ok(stream_msg(serial, XDR_OK, 0), "an abort is confirmed");
    tap_ok(!gw->streams, "and nothing is left");

    guest = open_console(&serial);
    get();
    say(OP_REMOTE_DOMAIN_OPEN_CONSOLE, XDR_HOLE, serial, XDR_CONTINUE, "\0\0\0\0\0\0\0\1\0\0\0\0", 12);
    tap_ok(client_ended(), "a hole on a stream that asked for none ends the client");
    close(guest);
    gateway_stop();
}

/* A client that does not read holds the guest's end up, and loses nothing. */
static void test_stream_slow(void)
{
    uint32_t serial;
    static char lots[65536];
    size_t sent = 0, got = 0;

    rpc_start(DOOR_RW, 0);
    guest_put(3, "one", 1, 4, 1, 0);
    int guest = open_console(&serial);
    get();
    for (int i = 0; i < 500; i++) {
        ssize_t k = send(guest, lots, sizeof lots, MSG_NOSIGNAL);
        sent += k > 0 ? (size_t)k : 0;
        turn();
    }
    tap_ok(sent < 3000000, "a client that does not read holds the guest up (%zu)", sent);
    while (got < sent && get())
        got += reply.n;
    tap_int(got, sent, "every byte arrives when it reads");
    close(guest);
    gateway_stop();
}

/* ---- statistics ---- */

static void put_record(struct frame *f, uint8_t mark, const char *name)
{
    struct mp_out a = args_of(1);
    mp_array(&a, 1);
    mp_array(&a, 2);
    put_guest(&a, name, mark, 4);
    mp_array(&a, 1);
    mp_array(&a, 3);
    mp_str(&a, "state.state");
    mp_int(&a, 1);
    mp_int(&a, 1);
    super_put(FRAME_REPLY, f->h.op, f->h.serial, 0, a.p, a.len, NULL, 0);
    mp_out_free(&a);
}

/* Number of records and of stale ones among them in `reply`. */
static void count_records(uint32_t *records, uint32_t *stale)
{
    char name[64];
    struct mp_in in = reply_results(OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS);
    *stale = 0;
    *records = mp_get_array(&in, 16384);
    for (uint32_t i = 0; i < *records; i++) {
        mp_get_array(&in, 2);
        mp_skip(&in);
        uint32_t n = mp_get_array(&in, 1000);
        for (uint32_t k = 0; k < n; k++) {
            mp_get_array(&in, 3);
            if (mp_get_strz(&in, name, sizeof name) && !strcmp(name, "bulkhead.stale"))
                ++*stale;
            mp_skip(&in);
            mp_skip(&in);
        }
    }
    tap_ok(!in.bad, "the records are whole");
}

static void test_stats(void)
{
    enum { GUESTS = 50 };
    struct mp_out a;
    struct frame f;
    uint32_t records, stale, asked = 0;

    rpc_start(DOOR_RW, 0);
    for (uint8_t i = 0; i < GUESTS; i++)
        guest_put(i, "guest", (uint8_t)(i + 1), i + 1, 1, 0);
    guest_put(GUESTS, "off", 200, -1, 5, SLOT_PERSISTENT);
    a = args_of(3);
    mp_array(&a, 0);
    mp_uint(&a, 1);
    mp_uint(&a, 0);
    uint64_t start = util_now_ms();
    call(OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, &a);
    struct frame saved[GUESTS];
    while (asked < GUESTS && super_get(&f))
        saved[asked++] = f;
    tap_int(asked, GUESTS, "all running guests are asked at once");
    for (uint32_t i = 0; i < asked; i++) {
        uint8_t mark = (uint8_t)(object_slot(saved[i].h.object) + 1);
        if (mark == 7)
            super_put(FRAME_REPLY, saved[i].h.op, saved[i].h.serial, 0, "\x91\x01", 2, NULL, 0);
        else if (mark == 8)
            put_record(&saved[i], 9, "another");
        else if (mark != 9)
            put_record(&saved[i], mark, "guest");
    }
    tap_ok(!get(), "one is missing: the answer waits");
    for (int i = 0; i < 3000 && !readable(client); i++)
        loop_once(10);
    uint64_t ms = util_now_ms() - start;
    tap_ok(get() && reply.h.status == XDR_OK, "but not for ever");
    tap_ok(ms >= 450 && ms < 10000, "half a second (%llu ms)", (unsigned long long)ms);
    count_records(&records, &stale);
    tap_int(records, GUESTS + 1, "every guest is in it");
    tap_int(stale, 3, "those that answered nonsense, of another, or nothing are marked");
    tap_ok(super_get(&f) && f.h.op == OP_IN(IN_CANCEL), "and the late one is called off");

    a = args_of(3);
    mp_array(&a, 2);
    put_guest(&a, "off", 200, -1);
    put_guest(&a, "gone", 250, -1);
    mp_uint(&a, 1);
    mp_uint(&a, 0);
    call(OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, &a);
    tap_ok(get(), "guests by name that do not run are answered at once");
    count_records(&records, &stale);
    tap_ok(records == 1 && !stale, "the ones that are there");
    a = args_of(3);
    mp_array(&a, 0);
    mp_uint(&a, 0);
    mp_uint(&a, 0x100);
    call(OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, &a);
    expect_error(VIR_ERR_INVALID_ARG, "unsupported flags (0x100) in function qemuConnectGetAllDomainStats");

    /* The client goes while workers are asked. */
    a = args_of(3);
    mp_array(&a, 0);
    mp_uint(&a, 1);
    mp_uint(&a, 0);
    call(OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, &a);
    gateway_stop();
    for (int i = 0; i < 60; i++)
        loop_once(10);
    tap_ok(true, "nothing is left of a call whose client has gone");
}

/* More guests than may be open at once: the next are asked as answers come. */
static void test_stats_window(void)
{
    enum { GUESTS = 200 };
    struct mp_out a;
    struct frame f;
    uint32_t asked = 0, first = 0, records, stale;

    rpc_start(DOOR_RW, 0);
    for (uint32_t i = 0; i < GUESTS; i++)
        guest_put(i, "guest", (uint8_t)(i + 1), (int32_t)i + 1, 1, 0);
    a = args_of(3);
    mp_array(&a, 0);
    mp_uint(&a, 1);
    mp_uint(&a, 0);
    call(OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, &a);
    static struct frame saved[GUESTS];
    while (first < GUESTS && super_get(&saved[first]))
        first++;
    tap_ok(first > 64 && first <= 256, "of 200 guests %u are asked at once", first);
    for (uint32_t i = 0; i < first; i++)
        put_record(&saved[i], (uint8_t)(object_slot(saved[i].h.object) + 1), "guest");
    for (asked = first; super_get(&f); asked++)
        put_record(&f, (uint8_t)(object_slot(f.h.object) + 1), "guest");
    tap_int(asked, GUESTS, "then the others");
    tap_ok(get(), "and the answer comes");
    count_records(&records, &stale);
    tap_ok(records == GUESTS && !stale, "with all of them");
    gateway_stop();
}

/* Of a guest that does not run, what its document says: n disks, each of that name, with an image. */
static void put_disks(struct frame *f, uint32_t n, const char *disk, const char *more)
{
    struct mp_out a = args_of(1);
    char name[64];
    mp_array(&a, 1);
    mp_array(&a, 2);
    put_guest(&a, "off", 200, -1);
    mp_array(&a, 2 * n + (more != NULL));
    for (uint32_t i = 0; i < 2 * n; i++) {
        snprintf(name, sizeof name, "block.%u.%s", i / 2, i % 2 ? "path" : "name");
        mp_array(&a, 3);
        mp_str(&a, name);
        mp_int(&a, 7);
        mp_str(&a, i % 2 ? "/image" : disk);
    }
    if (more) {
        mp_array(&a, 3);
        mp_str(&a, more);
        mp_int(&a, 7);
        mp_str(&a, "x");
    }
    super_put(FRAME_REPLY, f->h.op, f->h.serial, 0, a.p, a.len, NULL, 0);
    mp_out_free(&a);
}

/* The names of the parameters of the only record in `reply`. */
static const char *params_said(void)
{
    static char words[512];
    char name[64];
    struct mp_in in = reply_results(OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS);
    *words = 0;
    if (mp_get_array(&in, 16384) != 1)
        return "not one record";
    mp_get_array(&in, 2);
    mp_skip(&in);
    for (uint32_t n = mp_get_array(&in, 1000); n && mp_get_array(&in, 3) == 3 && mp_get_strz(&in, name, sizeof name) && strlen(words) < 400; n--) {
        snprintf(words + strlen(words), sizeof words - strlen(words), "%s ", name);
        mp_skip(&in);
        mp_skip(&in);
    }
    return words;
}

static void ask_off(struct frame *f)
{
    struct mp_out a = args_of(3);
    mp_array(&a, 1);
    put_guest(&a, "off", 200, -1);
    mp_uint(&a, 32);
    mp_uint(&a, 0);
    call(OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, &a);
    tap_ok(super_get(f) && f->h.op == OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS && f->h.object == object_make(0, 7) && !get(), "what a guest has that does not run is asked");
}

/* Guests that do not run: their documents are asked for disks, and then for each image's size. */
static void test_stats_off(void)
{
    struct frame f;
    char longer[200];
    rpc_start(DOOR_RW, 0);
    guest_put(0, "off", 200, -1, 5, SLOT_PERSISTENT);
    ask_off(&f);
    put_disks(&f, 3, "vda", NULL);
    for (unsigned i = 0; i < 3; i++) {
        tap_ok(super_get(&f) && f.h.op == OP_REMOTE_DOMAIN_GET_BLOCK_INFO && !get(), "then the size of image %u", i);
        if (i == 1)
            super_put(FRAME_ERROR, f.h.op, f.h.serial, 0, "junk", 4, NULL, 0);
        else
            super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, i ? "\x93\x01\x02\x03" : "\x93\x00\x02\x03", 4, NULL, 0);
    }
    tap_ok(get(), "and the answer comes");
    tap_str(params_said(), "block.0.name block.0.path block.0.capacity block.0.physical block.1.name block.1.path block.2.name block.2.path block.2.allocation block.2.capacity block.2.physical ",
            "with all that is known, and is not nothing");
    ask_off(&f);
    put_disks(&f, 1, "vda", "state.state");
    tap_ok(super_get(&f), "a size that is none");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x91\x01", 2, NULL, 0);
    tap_ok(get() && !strcmp(params_said(), "block.0.name block.0.path "), "is left out, as what is no disk's: %s", params_said());
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    ask_off(&f);
    put_disks(&f, 1, longer, NULL);
    tap_ok(get() && !*params_said(), "no disk has such a name: %s", params_said());
    ask_off(&f);
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x91\x01", 2, NULL, 0);
    tap_ok(get() && !*params_said(), "nonsense is nothing");
    ask_off(&f);
    put_disks(&f, 1, "vda", NULL);
    super_get(&f);
    gateway_stop();         /* the client goes meanwhile */
    tap_ok(true, "nothing is left of a call whose client has gone");
}

static uint64_t info_cpu_time(void)
{
    struct mp_in in = reply_results(OP_REMOTE_DOMAIN_GET_INFO);
    for (int i = 0; i < 4; i++)
        mp_skip(&in);
    return mp_get_uint(&in);
}

static void test_info(void)
{
    struct mp_out a;
    struct frame f;

    rpc_start(DOOR_RO, 0);
    guest_put(3, "one", 1, 4, 1, 0);
    for (int round = 0; round < 3; round++) {
        a = args_of(1);
        put_guest(&a, "one", 1, 4);
        call(OP_REMOTE_DOMAIN_GET_INFO, &a);
        if (!tap_ok(super_get(&f) && f.h.op == OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS && f.h.object == object_make(3, 7), "a running guest's worker is asked for its CPU time"))
            return;
        if (round == 0) {
            a = args_of(1);
            mp_array(&a, 1);
            mp_array(&a, 2);
            put_guest(&a, "one", 1, 4);
            mp_array(&a, 2);
            mp_array(&a, 3);
            mp_str(&a, "cpu.user");
            mp_int(&a, 4);
            mp_uint(&a, 1);
            mp_array(&a, 3);
            mp_str(&a, "cpu.time");
            mp_int(&a, 4);
            mp_uint(&a, 777);
            super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, a.p, a.len, NULL, 0);
            mp_out_free(&a);
        } else if (round == 1) {
            super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x91\x91\x01", 3, NULL, 0);
        }
        for (int i = 0; i < 100 && !readable(client); i++)
            loop_once(10);
        tap_ok(get(), "the call is answered");
        tap_int(info_cpu_time(), round ? 5 : 777, round == 0 ? "with it" : round == 1 ? "after nonsense with what is known" : "after silence too");
    }
    gateway_stop();
}

int main(void)
{
    loop_init();
    test_events();
    test_monitor_events();
    test_stream();
    test_stream_slow();
    test_stats();
    test_stats_window();
    test_stats_off();
    test_info();
    return tap_done();
}
