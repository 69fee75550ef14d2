#!/usr/bin/python3
"""Fifty locks of virtlockd: through signals and the death of each of its processes all of them are held; they end with their release, or their owner."""
import os, re, signal, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import is_running, kill, wait_for
from locklib import *

P = 999991
SPACE = "/var/lib/libvirt/lockd/files"
OWNER = """
import os, signal, sys, time
sys.path.insert(0, %r)
from locklib import *
if "deaf" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
own = Client("/run/libvirt/virtlockd-sock")
assert own.register(os.getpid(), "guest") is None and own.restrict() is None
if "many" in sys.argv:
    n = 60
    own2 = own
else:
    n = 1
if os.fork() == 0:          # as libvirtd does it: another process takes the leases
    other = Client("/run/libvirt/virtlockd-sock")
    assert other.register(os.getppid(), "guest") is None
    assert not [r for r in (other.acquire("", "/var/lib/libvirt/images/own%%d.img" %% i) for i in range(n)) if r]
    os._exit(0)
assert os.wait()[1] == 0
print("ready", os.getpid(), flush=True)
sys.stdin.readline()
own.close()
time.sleep(30)
"""


def names(b):
    """[path on the host, arguments of acquire]"""
    out = []
    for i in range(20):
        out.append((b.dir + SPACE + "/%064x" % i, (SPACE, "%064x" % i, AUTOCREATE)))
    for i in range(15):
        out.append((b.images + "/x%d.img" % i, ("", "/var/lib/libvirt/images/x%d.img" % i, 0)))
    for i in range(15):
        out.append((b.images + "/s%d.img" % i, ("", "/var/lib/libvirt/images/s%d.img" % i, SHARED)))
    return out


def held(b, all50):
    return sum(is_locked(path, not args[2] & SHARED) for path, args in all50)


def holder_has(b, n):
    """And the folder. A new one is told in a moment; nothing tells us when."""
    wait_for("the holder has %d locks" % n, lambda: held_by_holder(b) > n)


def survives(b, what, c, all50, gone=()):
    """Every lock is there, the client is served, and what is listed is what there is."""
    wait_for("the end of " + what, lambda: not any(is_running(p) for p in gone))
    n = held(b, all50)
    assert n == 50, "%s: %d of 50 held" % (what, n)
    assert c.acquire("", "/var/lib/libvirt/images/x0.img")[0] == 87, what
    told = leases(b)
    assert len(told) == 50, (what, len(told))
    for r in (c.acquire(SPACE, "more", AUTOCREATE), c.release(SPACE, "more")):
        assert r is None, (what, r)
    assert not os.path.exists(b.dir + SPACE + "/more")
    print("ok", what)


def deaths(b):
    for kind in "xs":
        for i in range(15):
            open(b.images + "/%s%d.img" % (kind, i), "w").close()
    c = Client(b.lock_sock)
    assert c.create_lockspace(SPACE) is None and c.register(P, "one", 7, b"\x12" * 16) is None
    all50 = names(b)
    begin = int(time.time())
    for path, args in all50:
        r = c.acquire(*args)
        assert r is None, r
    survives(b, "nothing", c, all50)
    row = next(r for r in leases(b) if r[1].endswith("s3.img"))
    assert row[:7] == ["", "/var/lib/libvirt/images/s3.img", "one", "12121212-1212-1212-1212-121212121212", 7, P, "shared"] and begin - 1 <= row[7] <= time.time() + 1, row
    shown = b.run("sh", "-c", b.lockd + " --leases").stdout
    assert shown.count("\n") == 51 and "exclusive" in shown and SPACE in shown, shown
    daemon = b.daemon_pid()
    os.kill(daemon, signal.SIGHUP)
    survives(b, "SIGHUP", c, all50)
    for turn in range(3):
        old = b.role("supervisor")
        os.kill(daemon, signal.SIGUSR1)
        wait_for("the next supervisor", lambda: b.role("supervisor") and b.role("supervisor") != old)
        survives(b, "SIGUSR1", c, all50, old)
    assert b.daemon_pid() == daemon
    for role in ("supervisor", "lock", "supervisor", "lock"):
        old = b.role(role)
        assert 1 <= len(old) <= (2 if role == "lock" else 1), (role, old)       # the direct lockspace has one from its first release on
        kill(old)
        survives(b, "SIGKILL of the " + role, c, all50, old)
    old = b.role("supervisor") + b.role("lock")
    kill(old)
    survives(b, "SIGKILL of the supervisor and the lock roles", c, all50, old)
    for turn in range(20):      # at any point between its death and the supervisor's hearing of it
        kill(b.role("lock"))
        time.sleep(turn * 0.0002)
        for r in (c.acquire(SPACE, "more", AUTOCREATE), c.release(SPACE, "more")):
            assert r is None, (turn, r)
    for turn in range(20):      # the hands that wait for a call; two kinds of calls to the next one
        kill(b.role("hand-open"))
        assert c.create_lockspace(SPACE + "/%d" % turn) is None
        kill(b.role("hand-open"))
        assert c.acquire("", "/var/lib/libvirt/images/more.img", AUTOCREATE) is None
        kill(b.role("hand-open"))
        assert c.release("", "/var/lib/libvirt/images/more.img") is None and not os.path.exists(b.images + "/more.img")
    old = b.role("gateway")
    kill(old)
    c = None

    def again():                # it may be given to one that was killed, and is not missed yet
        nonlocal c
        c = Client(b.lock_sock)
        return c.register(P) is None
    wait_for("a new connection", again)
    survives(b, "SIGKILL of the gateways", c, all50, old)
    # The holder is killed, and told everything anew; then the daemon is killed whole, and started again.
    old = b.role("holder")
    kill(old)
    survives(b, "SIGKILL of the holder", c, all50, old)
    for turn in range(2):
        wait_for("the next holder", lambda: b.role("holder") and b.role("holder") != old)
        old = b.role("holder")
        holder_has(b, 50)
        b.stop_daemon(signal.SIGKILL)
        wait_for("the end of all but the holder", lambda: not [r for r in ("supervisor", "lock", "gateway") if b.role(r)] and b.role("holder") == old)
        assert held(b, all50) == 50, held(b, all50)
        b.say(b.lockd)
        wait_for("a new connection", again)
        survives(b, "SIGKILL of the keeper", c, all50, old)
    # What is released is released, and nothing else.
    for i, (path, args) in enumerate(all50):
        assert c.release(*args[:2]) is None
        assert c.release(*args[:2])[0] == 87, "released twice"
        assert i < 20 or not is_locked(path), path
        assert i >= 20 or not os.path.exists(path), path
    assert leases(b) == [] and held(b, all50[20:]) == 0
    assert c.acquire(SPACE, "again", AUTOCREATE) is None and c.acquire(SPACE, "again", AUTOCREATE)[0] == 87
    assert c.release(SPACE, "again") is None
    c.close()


def owners(b):
    """an owner's end, with its connection or without"""
    import subprocess
    open(b.images + "/own0.img", "w").close()
    for i in range(1, 60):
        open(b.images + "/own%d.img" % i, "w").close()
    script = os.path.join(b.dir, "owner.py")
    open(script, "w").write(OWNER % os.path.dirname(os.path.abspath(sys.modules["locklib"].__file__)))

    def owner(*words):
        p = subprocess.Popen(b.inside(sys.executable, script, *words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = p.stdout.readline()
        assert line.startswith("ready"), line
        return p, int(open("/proc/%d/task/%d/children" % (p.pid, p.pid)).read())        # nsenter's child
    image = b.images + "/own0.img"
    free = lambda: leases(b) == [] and not is_locked(image)
    # It ends: by itself, or killed.
    p, pid = owner()
    assert is_locked(image) and len(leases(b)) == 1 and leases(b)[0][2] == "guest"
    os.kill(pid, signal.SIGKILL)
    wait_for("the lease's end with its owner", free)
    p.wait()
    # It drops its connection: it is told to end, and then made to.
    for words, status in (((), -signal.SIGTERM), (("deaf",), -signal.SIGKILL)):
        p, pid = owner(*words)
        begin = time.time()
        p.stdin.write("close\n")
        p.stdin.flush()
        wait_for("the lease's end with its connection", free)
        assert time.time() - begin < 1.5 or not words, "not at once"
        wait_for("the owner's end", lambda: not is_running(pid))
        assert not words or time.time() - begin > 1.4, "it was given no time"
        p.wait()
    # Its gateway is killed, which is not its doing: it goes on with its leases, which end with it.
    p, pid = owner("many")
    assert len(leases(b)) == 60
    kill(b.role("gateway"))
    for turn in range(2):
        time.sleep(0.2)
        assert is_locked(image) and len(leases(b)) == 60 and is_running(pid)
        kill(b.role("supervisor"))
    os.kill(pid, signal.SIGKILL)
    wait_for("the leases' end with their owner", free)
    p.wait()
    # Both supervisor and owner end at once.
    p, pid = owner("many")
    kill(b.role("supervisor") + [pid])
    wait_for("the leases' end with their owner", free)
    p.wait()
    print("ok owners")


def force(b, path):
    """Gives a lock up behind the daemon's back: with a descriptor of the holder's."""
    import ctypes, fcntl, struct
    libc = ctypes.CDLL(None, use_errno=True)
    pid = b.role("holder")[0]
    n = next(int(f) for f in os.listdir("/proc/%d/fd" % pid) if os.path.exists("/proc/%d/fd/%s" % (pid, f)) and os.path.samefile("/proc/%d/fd/%s" % (pid, f), path))
    pidfd = os.pidfd_open(pid)
    fd = libc.syscall(438, pidfd, n, 0)     # pidfd_getfd
    assert fd >= 0, os.strerror(ctypes.get_errno())
    fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_UNLCK, 0, 0, 1, 0))      # F_OFD_SETLK
    os.close(fd)
    os.close(pidfd)


def lost(b):
    """a lock that somebody takes away: it is taken back, or told as lost"""
    import fcntl
    c = Client(b.lock_sock)
    assert c.register(P) is None and c.create_lockspace(SPACE) is None
    told = [Msgpack(b.lock_sock, admin=False), Msgpack(b.lock_sock.replace("lockd-sock", "lockd-admin-sock"))]
    deaf = Msgpack(b.lock_sock, admin=False)
    for m in told + [deaf]:
        assert m.call("internal.lease_events", b"\x91\x01") == [] and m.call("internal.leases") == [[]]
    assert deaf.call("internal.lease_events", b"\x91\x00") == []
    kill(b.role("supervisor"))                      # the next one knows who has asked
    for args in ((SPACE, "gone", AUTOCREATE), ("", "/var/lib/libvirt/images/x0.img", SHARED)):
        assert c.acquire(*args) is None
        path = b.dir + SPACE + "/gone" if args[0] else b.images + "/x0.img"
        wait_for("the holder has it", lambda: [f for f in os.listdir("/proc/%d/fd" % b.role("holder")[0]) if os.path.realpath("/proc/%d/fd/%s" % (b.role("holder")[0], f)).endswith(os.path.basename(path))])
        force(b, path)
        assert not is_locked(path)
        wait_for("it is taken back", lambda: is_locked(path))
        assert leases(b)[0][6] == ("shared" if args[2] & SHARED else "exclusive")
        other = os.open(path, os.O_RDWR)
        force(b, path)
        fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
        wait_for("it is told as lost", lambda: leases(b)[0][6] == "lost")
        wait_for("it is logged", lambda: "the lock of 'one' on '%s' in lockspace '%s' is lost: another one has it" % args[1::-1] in b.log_text())
        for m in told:
            said = m.value()
            assert said[:2] == [2, "internal.lease_lost"] and said[2][:3] + said[2][5:7] == [args[0], args[1], "one", P, "lost"], said
        assert c.release(*args[:2]) is None and leases(b) == [] and os.path.exists(path)
        os.close(other)
    for m in told + [deaf]:
        assert m.call("internal.leases") == [[]], "it is told once, to who asked"
        m.close()
    print("ok lost")


def long(b):
    """names of any length, of resources and owners, are there after a supervisor's death"""
    inside, want = "/var/lib/libvirt/images", []
    with Client(b.lock_sock) as c:
        for n, owner in ((60, "o"), (150, "o" * 29), (150, "o" * 30), (1023, "o" * 255)):
            path = "/x%d-%d" % (n, len(owner))
            while len(inside + path) < n:       # folders that fill it up
                path = "/" + "d" * min(200, n - len(inside + path) - 1) + path if n - len(inside + path) > 1 else path + "x"
            os.makedirs(os.path.dirname(b.images + path), exist_ok=True)
            open(b.images + path, "w").close()
            assert len(inside + path) == n and c.register(P, owner) is None and c.acquire("", inside + path) is None, n
            want.append((inside + path, owner))
        assert c.acquire("", inside + "/" + "y" * 1024)[0] == 38
        old = b.role("supervisor")
        kill(old)
        wait_for("the next supervisor", lambda: b.role("supervisor") and b.role("supervisor") != old)
        assert [(l[1], l[2]) for l in leases(b)] == want
        for path, _ in want:
            assert c.acquire("", path)[0] == 87 and c.release("", path) is None
    assert leases(b) == []
    print("ok long")


def ended(b):
    """A daemon that ends in good order gives up what it has, and nothing stays behind."""
    c = Client(b.lock_sock)
    assert c.register(P) is None and c.acquire(SPACE, "last", AUTOCREATE) is None and c.acquire("", "/var/lib/libvirt/images/x1.img") is None
    shown = b.run("sh", "-c", b.lockd + " --worker").stdout
    assert "took a lock" in shown and "holder" in shown, shown
    b.stop_daemon()
    wait_for("the end of all", lambda: not [p for p, k in b.processes() if k.startswith("bulkhead-")])
    assert not is_locked(b.images + "/x1.img") and not is_locked(b.dir + SPACE + "/last")
    assert not [f for f in os.listdir(b.dir + "/run/libvirt") if f.startswith("virtlockd")]
    b.say(b.lockd)
    wait_for("the next daemon", lambda: leases(b) == [])
    print("ok ended")


def limited(b):
    """Where the limit of descriptors is low, what cannot be held is not granted. (Where the daemon may raise it, all of these are.)"""
    c = Client(b.lock_sock)
    assert c.register(P) is None and c.create_lockspace(SPACE) is None
    said = [c.acquire(SPACE, "r%d" % i, AUTOCREATE) for i in range(800)]
    n = said.count(None)
    assert n > 200 and not any(said[:n]) and all(r[:3] == [9, 51, "operation failed: there are too many leases"] for r in said[n:]), said[n:][:2]
    with Client(b.lock_sock) as other:
        assert other.register(P + 1) is None, "others have no room"

    def all_held():
        return len(leases(b)) == n and all(is_locked(b.dir + SPACE + "/r%d" % i) for i in range(n))
    for role in ("supervisor", "holder", "supervisor"):
        old = b.role(role)
        kill(old)
        wait_for("the next " + role, lambda: b.role(role) and b.role(role) != old)
        assert all_held(), (role, n, len(leases(b)))
    holder_has(b, n)
    b.stop_daemon(signal.SIGKILL)
    b.say(b.lockd)
    wait_for("the next daemon has them all", all_held)
    print("ok limited", n)


def no_holder(b, kind, role):
    """What is no holder says always a little more, and the daemon starts: it does not wait for ever. How much it said."""
    import array, socket, struct, threading
    b.stop_daemon()
    path = b.dir + "/run/libvirt/virtlockd-held"
    wait_for("the last holder's end", lambda: not b.role("holder"))
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(1)
    fd = os.open("/dev/null", os.O_RDONLY)
    held = struct.pack("<IIQQIIiI", kind, role, 77 << 32 | 1, 0, 0, 0, 0, 0)          # of an object
    head = struct.pack("<IBBHIIQQII", 0x424b4801, 4, 1, 0, 1, 0, 0, 0, 0, len(held))        # EVENT IN_HELD
    told = []

    def talk():
        c, _ = listener.accept()
        try:
            while True:
                c.sendmsg([head + held], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
                told.append(1)
                time.sleep(0.5)
        except OSError:
            pass
    threading.Thread(target=talk, daemon=True).start()
    b.say(b.lockd)
    wait_for("virtlockd answers", lambda: Client(b.lock_sock).close() is None, 50)
    listener.close()
    return len(told)


def no_holders(b):
    HELD_PROCESS, HELD_FD = 2, 3
    header = open(os.path.join(os.environ.get("SRCDIR", "."), "ipc/birth.h")).read()
    pid1 = re.findall(r"R\((\w+),", header[header.index("define ROLES"):]).index("PID1")
    n = no_holder(b, HELD_PROCESS, pid1)
    assert n == 1 and "taken over whole: Protocol error" in b.log_text(), "/dev/null is no process"
    n = no_holder(b, HELD_FD, 0)
    assert n > 10 and "%d descriptors that it held" % n in b.log_text(), (n, b.log_text()[-1000:])
    print("ok no holder")


with lock_box("lockd-slow") as b:
    no_holders(b)
with lock_box("lockd-held") as b:
    deaths(b)
    owners(b)
    lost(b)
    long(b)
    ended(b)
with lock_box("lockd-limited", before="ulimit -n 700; ") as b:
    limited(b)
with lock_box("lockd-old-kernel", before="%s/oldkernel.py env " % os.path.dirname(os.path.abspath(sys.modules["locklib"].__file__))) as b:
    owners(b)
