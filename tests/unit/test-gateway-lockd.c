/* The lock program in the gateway: arguments become structs, flags and lengths are refused here, and the administrator is told who holds what. */
#include "gateway-rpc.h"
#include "ipc/util.h"

static void lockd_start(uint32_t door)
{
    gateway_start((struct serve){ .uid = 0, .door = door });
    gw->layout.id = DAEMON_LOCKD;
    next_serial = 0;
}

static struct mp_out owner_args(const char *name, uint32_t id, uint32_t pid, uint32_t flags)
{
    struct mp_out a = args_of(2);
    mp_array(&a, 4);
    mp_bin(&a, "0123456789abcdef", 16);
    mp_str(&a, name);
    mp_uint(&a, id);
    mp_uint(&a, pid);
    mp_uint(&a, flags);
    return a;
}

static struct mp_out what_args(const char *path, const char *name, uint32_t flags)
{
    struct mp_out a = args_of(3);
    mp_str(&a, path);
    mp_str(&a, name);
    mp_uint(&a, flags);
    return a;
}

static void test_structs(void)
{
    struct lock_owner o = { .id = 7, .pid = 4711 };
    struct frame f;
    struct mp_out a = owner_args("guest", 7, 4711, 0);
    memcpy(o.uuid, "0123456789abcdef", 16);
    memcpy(o.name, "guest", 6);
    lockd_start(DOOR_RW);
    call(OP_LOCK_REGISTER, &a);
    tap_ok(super_get(&f) && f.h.op == OP_LOCK_REGISTER && f.body_len == sizeof o && !memcmp(f.body, &o, sizeof o), "an owner, as a struct");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, NULL, 0);
    tap_ok(get() && reply.h.status == XDR_OK && reply.n == 0, "and its answer");

    static const char want[] = "\2\0\0\0\7\0\0\0/space\0name";
    a = what_args("/space", "name", LOCK_AUTOCREATE);
    call(OP_LOCK_ACQUIRE_RESOURCE, &a);
    tap_ok(super_get(&f) && f.body_len == sizeof want && !memcmp(f.body, want, sizeof want), "a path and a name");
    super_put(FRAME_EVENT, OP_IN(IN_EPOCH), 0, 2, NULL, 0, NULL, 0);
    tap_ok(super_get(&f) && f.h.flags & FRAME_RESENT && f.body_len == sizeof want && !memcmp(f.body, want, sizeof want), "which a new supervisor gets again");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, NULL, 0);
    get();

    a = what_args("", "", 0);
    call(OP_LOCK_RELEASE_RESOURCE, &a);
    tap_ok(super_get(&f) && f.body_len == 10 && !memcmp(f.body, "\0\0\0\0\1\0\0\0\0\0", 10), "empty ones");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, NULL, 0);
    get();
    a = args_of(1);
    mp_uint(&a, 0);
    call(OP_LOCK_RESTRICT, &a);
    tap_ok(super_get(&f) && f.body_len == 8 && !memcmp(f.body, "\0\0\0\0\0\0\0\0", 8), "none");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, NULL, 0);
    get();
    a = args_of(1);
    mp_str(&a, "/space");
    call(OP_LOCK_CREATE_LOCKSPACE, &a);
    tap_ok(super_get(&f) && f.body_len == 15 && !memcmp(f.body, "\0\0\0\0\7\0\0\0/space", 15), "a path");
    gateway_stop();
}

static void test_refused(void)
{
    static char longer[LOCK_TEXT_MAX + 1], owner[NAME_MAX_BYTES + 1];
    static const struct { uint32_t op; uint32_t flags; const char *said; } flags[] = {
        { OP_LOCK_ACQUIRE_RESOURCE, 7, "unsupported flags (0x4) in function virLockSpaceProtocolDispatchAcquireResource" },
        { OP_LOCK_RELEASE_RESOURCE, 1, "unsupported flags (0x1) in function virLockSpaceProtocolDispatchReleaseResource" },
        { OP_LOCK_CREATE_RESOURCE, 2, "unsupported flags (0x2) in function virLockSpaceProtocolDispatchCreateResource" },
        { OP_LOCK_DELETE_RESOURCE, 1u << 31, "unsupported flags (0x80000000) in function virLockSpaceProtocolDispatchDeleteResource" },
    };
    struct frame f;
    struct mp_out a;
    memset(longer, 'x', LOCK_TEXT_MAX);
    memset(owner, 'x', NAME_MAX_BYTES);
    lockd_start(DOOR_RW);
    for (size_t i = 0; i < ARRAY_N(flags); i++) {
        a = what_args("/space", "name", flags[i].flags);
        call(flags[i].op, &a);
        expect_error(VIR_ERR_INVALID_ARG, flags[i].said);
    }
    a = owner_args("guest", 7, 1, 1);
    call(OP_LOCK_REGISTER, &a);
    expect_error(VIR_ERR_INVALID_ARG, "unsupported flags (0x1) in function virLockSpaceProtocolDispatchRegister");
    a = owner_args(owner, 7, 1, 0);
    call(OP_LOCK_REGISTER, &a);
    tap_ok(get() && reply_error().code == VIR_ERR_SYSTEM_ERROR, "an owner's name that is too long");
    a = what_args(longer, "name", 0);
    call(OP_LOCK_ACQUIRE_RESOURCE, &a);
    tap_ok(get() && reply_error().code == VIR_ERR_SYSTEM_ERROR, "a path that is too long");
    a = what_args("", longer, 0);
    call(OP_LOCK_ACQUIRE_RESOURCE, &a);
    tap_ok(get() && reply_error().code == VIR_ERR_SYSTEM_ERROR, "a name that is too long");
    tap_ok(!super_get(&f), "nobody is asked for any of them");
    longer[LOCK_TEXT_MAX - 1] = 0;
    a = what_args(longer, longer, 0);
    call(OP_LOCK_ACQUIRE_RESOURCE, &a);
    tap_ok(super_get(&f) && f.body_len == sizeof(struct lock_what), "the longest that fit");
    gateway_stop();

    gateway_start((struct serve){ .uid = 0, .door = DOOR_RW });
    next_serial = 0;
    a = what_args("", "x", 0);
    call(OP_LOCK_ACQUIRE_RESOURCE, &a);
    expect_error(VIR_ERR_RPC, "Cannot find program 245874415 version 1");
    gateway_stop();
}

static const char open_call[] = "\x94\0\1\xb2" "admin.connect.open\x91\0", list_call[] = "\x94\0\2\xaf" "internal.leases\x90";

/* Asks for the leases; false: nobody is asked. */
static bool list(struct frame *f)
{
    char b[64];
    client_send(open_call, sizeof open_call - 1);
    client_get(b, sizeof b);
    client_send(list_call, sizeof list_call - 1);
    return super_get(f);
}

static void test_leases(void)
{
    static const char want[] = "\x94\1\2\xc0\x91\x91\x98\xa1/\xc4\2\xff\xfe\xa5guest\xd9\x24" "30313233-3435-3637-3839-616263646566\7\xcd\x12\x67\xa6shared\x64";
    struct { struct lease_row row; char text[12]; } row = { .row = { .since = 100, .id = 7, .pid = 4711, .flags = LOCK_SHARED }, .text = "/\0\xff\xfe\0guest" };
    const size_t n = sizeof row.row + 11;
    char got[512];
    struct frame f;
    memcpy(row.row.uuid, "0123456789abcdef", 16);
    lockd_start(DOOR_ADMIN);
    tap_ok(list(&f) && f.h.op == OP_IN(IN_LEASES), "the supervisor is asked who holds what");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, &row, n, NULL, 0);
    size_t k = client_get(got, sizeof got);
    tap_ok(k == sizeof want - 1 && !memcmp(got, want, k), "and its answer is told");
    for (size_t cut = 1; cut < n; cut += 7) {
        client_send(list_call, sizeof list_call - 1);
        super_get(&f);
        super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, &row, n - cut, NULL, 0);
        k = client_get(got, sizeof got);
        tap_ok(k > 5 && !memcmp(got, "\x94\1\2\x93", 4), "one that ends in the middle is an error");
    }
    gateway_stop();
    gateway_start((struct serve){ .uid = 0, .door = DOOR_ADMIN });
    tap_ok(!list(&f), "another daemon has no leases");
    k = client_get(got, sizeof got);
    tap_ok(k > 5 && !memcmp(got, "\x94\1\2\x93", 4), "and says so");
    gateway_stop();
}

static void test_events(void)
{
    static const char on_call[] = "\x94\0\3\xb5" "internal.lease_events\x91\1", off_call[] = "\x94\0\4\xb5" "internal.lease_events\x91\0";
    static const char want[] = "\x93\2\xb3" "internal.lease_lost\x98\xa1/\xa1x\xa5guest\xd9\x24" "30313233-3435-3637-3839-616263646566\7\xcd\x12\x67\xa4lost\x64";
    struct { struct lease_row row; char text[12]; } row = { .row = { .since = 100, .id = 7, .pid = 4711, .flags = LOCK_SHARED | LOCK_LOST }, .text = "/\0x\0guest" };
    const size_t n = sizeof row.row + 10;
    char got[512];
    uint64_t mask[2];
    struct frame f;
    memcpy(row.row.uuid, "0123456789abcdef", 16);
    lockd_start(DOOR_ADMIN);
    client_send(open_call, sizeof open_call - 1);
    client_get(got, sizeof got);
    said_open = true;       /* the admin door's open says nothing */
    super_put(FRAME_EVENT, OP_IN(IN_LEASE_LOST), 0, LEASE_LOST_EVENT, &row, n, NULL, 0);
    client_send(on_call, sizeof on_call - 1);
    size_t k = client_get(got, sizeof got);
    tap_ok(k == 5 && !memcmp(got, "\x94\1\3\xc0\x90", k), "a loss that nobody has asked for is not told");
    tap_ok(super_get(&f) && f.h.op == OP_IN(IN_SUBSCRIBE) && f.body_len == sizeof mask && memcpy(mask, f.body, sizeof mask) && mask[1] == 2 && !mask[0], "the supervisor hears who asks");
    super_put(FRAME_EVENT, OP_IN(IN_LEASE_LOST), 0, LEASE_LOST_EVENT, &row, n - 1, NULL, 0);
    super_put(FRAME_EVENT, OP_IN(IN_LEASE_LOST), 0, LEASE_LOST_EVENT, &row, n, NULL, 0);
    k = client_get(got, sizeof got);
    tap_ok(k == sizeof want - 1 && !memcmp(got, want, k), "and each loss is told, but none that is cut off");
    super_put(FRAME_EVENT, OP_IN(IN_EPOCH), 0, 2, NULL, 0, NULL, 0);
    tap_ok(super_get(&f) && f.h.op == OP_IN(IN_SUBSCRIBE) && !memcmp(f.body, mask, sizeof mask), "a new supervisor hears it, too");
    client_send(off_call, sizeof off_call - 1);
    client_get(got, sizeof got);
    tap_ok(super_get(&f) && f.h.op == OP_IN(IN_SUBSCRIBE) && memcpy(mask, f.body, sizeof mask) && !mask[1], "until it is enough");
    gateway_stop();
}

int main(void)
{
    loop_init();
    test_events();
    test_structs();
    test_refused();
    test_leases();
    return tap_done();
}
