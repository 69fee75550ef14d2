#!/usr/bin/python3
"""Our virtlockd and Debian's beside each other, as on two hosts of a shared file system: neither gets what the other one has; the same calls get the same
answers; and what is no call, or names what is no file to lock, costs nobody but who says it."""
import os, re, struct, subprocess, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import wait_for
from locklib import *

SPACE = "/var/lib/libvirt/lockd/files"
IMAGES = "/var/lib/libvirt/images/"
HELD = r": held by domain '(\w+)' \(pid (\d+)\)"      # behind libvirt's words


def two_hosts():
    """what one virtlockd has the other one does not get, both ways; and what each says"""
    ours = lock_box("lockd-ours")
    theirs = lock_box("lockd-theirs", peer=True)
    shared = os.path.join(ours.dir, "shared")
    os.makedirs(shared + "/files")
    for i in range(2):
        open(shared + "/i%d.img" % i, "w").close()
    with ours, theirs:
        both = [(Client(ours.lock_sock), "ours"), (Client(theirs.lock_sock), "Debian's")]
        for c, who in both:
            assert c.register(999991, who) is None and c.create_lockspace(shared + "/files") is None
        for (c, who), (d, other) in (both, both[::-1]):
            for args in (("", shared + "/i0.img"), (shared + "/files", "%064x" % 7)):
                auto = AUTOCREATE if args[0] else 0
                assert c.acquire(*args, auto) is None, who
                for flags in (0, SHARED):
                    r = d.acquire(*args, auto | flags)
                    assert r[:3] == [87, 51, "resource busy: Lockspace resource '%s' is locked" % args[1]], (other, r)
                assert c.release(*args) is None
                assert d.acquire(*args, auto) is None, other
                assert d.release(*args) is None
                assert c.acquire(*args, auto | SHARED) is None and d.acquire(*args, auto | SHARED) is None
                assert c.release(*args) is None
                assert not args[0] or os.path.exists(shared + "/files/" + args[1]), "a file that the other one has locked is gone"
                assert c.acquire(*args, auto)[0] == 87
                assert d.release(*args) is None
                assert not args[0] or not os.path.exists(shared + "/files/" + args[1])
        print("ok two hosts")
        made([(c, who, b.lock_sock) for (c, who), b in zip(both, (ours, theirs))], shared)
        same(ours, theirs)
    print("ok the same answers")


def outside():
    """a process beside virtlockd that has a file locked is named by its pid"""
    with lock_box("lockd-outside") as b, Client(b.lock_sock) as c:
        space, script = b.dir + "/space", "import fcntl, os, sys, time; f = [open(p, 'w') for p in sys.argv[1:]]; [fcntl.lockf(x, fcntl.LOCK_EX) for x in f]; f[0].write(str(os.getpid())); f[0].flush(); time.sleep(999)"
        assert c.register(999991) is None and c.create_lockspace(space) is None
        b.say("exec %s -c \"%s\" %s %s" % (sys.executable, script, b.images + "/image", space + "/file"))
        pid = wait_for("a process has them", lambda: open(b.images + "/image").read())
        for args in (("", IMAGES + "image"), (space, "file")):
            r = c.acquire(*args)
            assert r[:3] == [87, 51, "resource busy: Lockspace resource '%s' is locked: held by process %s" % (args[1], pid)], r
    print("ok outside")


def made(both, shared):
    """a file that comes and goes with its leases goes with the last one, if the first one said so: alike in both"""
    for first in (AUTOCREATE, 0):
        for last in (AUTOCREATE, 0):
            for order in (False, True):
                for c, who, sock in both:
                    with Client(sock) as d:
                        assert d.register(999994, who) is None
                        for path, args in ((shared + "/files/auto", (shared + "/files", "auto")), (shared + "/auto.img", ("", shared + "/auto.img"))):
                            if not first:
                                open(path, "w").close()
                            assert c.acquire(*args, SHARED | first) is None and d.acquire(*args, SHARED | last) is None, (who, args)
                            for one, is_last in ((c, False), (d, True)) if order else ((d, False), (c, True)):
                                assert one.release(*args) is None
                                assert os.path.exists(path) == (not is_last or not first), (who, args, first, last, order)
                                assert is_last or is_locked(path), "the other one holds it"
                            if not first:
                                os.unlink(path)
    print("ok files that come and go")


def same(ours, theirs):
    """The same calls to both, in order: (connection, method, arguments)."""
    folder = os.path.dirname(ours.dir) + "/%s/same"
    image, space = folder + "/image", folder + "/space"
    for b in (ours, theirs):
        os.makedirs(b.dir + "/same/folder")
        os.symlink("nowhere", b.dir + "/same/dangling")
        open(b.dir + "/same/image", "w").close()
    calls = []
    for method, args in (("restrict", ()), ("new", ("/x",)), ("create", ("/x", "y")), ("delete", ("/x", "y")), ("acquire", ("/x", "y")), ("release", ("/x", "y"))):
        calls += [(0, method, args), (0, method, args + (8,))]
    calls += [(0, "register", (999991, "one", 0)), (0, "register", (999991, "one", 1, b"\1" * 16, 1)), (0, "register", (999991,)), (1, "register", (999992, "two", 2))]
    for flags in (0, SHARED):
        calls += [(0, "acquire", ("", image, flags)), (0, "acquire", ("", image, flags)), (1, "acquire", ("", image, SHARED)), (1, "release", ("", image)), (0, "create", ("", image)),
                  (0, "delete", ("", image)), (0, "release", ("", image, 1)), (0, "release", ("", image)), (0, "release", ("", image)), (0, "release", ("", image))]
    for name in ("folder", "dangling", "none", "none/x"):
        calls += [(0, "acquire", ("", folder + "/" + name)), (0, "release", ("", folder + "/" + name))]
    calls += [(0, "acquire", ("", "")), (0, "acquire", ("", folder + "/none", AUTOCREATE)), (0, "create", ("", folder + "/none")), (0, "release", ("", folder + "/none")),
              (0, "create", ("", folder + "/none")), (0, "create", ("", folder + "/none")), (0, "delete", ("", folder + "/none")), (0, "delete", ("", folder + "/none")),
              (0, "create_lockspace", ("",)), (0, "new", ("",)), (0, "create_lockspace", (image,)), (0, "create_lockspace", (image + "/x",)), (0, "create_lockspace", (folder + "/dangling",)), (0, "new", (space,)), (0, "new", (space,)), (0, "create_lockspace", (space,)),
              (1, "acquire", (space, "r")), (1, "acquire", (space, "r", AUTOCREATE)), (0, "create", (space, "r")), (0, "delete", (space, "r")), (0, "release", (space, "r")), (1, "release", (space, "r")),
              (1, "acquire", (space, "r")), (0, "create", (space, "q")), (0, "create", (space, "q")), (1, "acquire", (space, "q")), (1, "release", (space, "q")), (0, "delete", (space, "q")),
              (0, "delete", (space, "q")), (0, "create", (space, "x" * 300)), (0, "acquire", (space, "x" * 300, AUTOCREATE)), (0, "acquire", ("/nowhere", "x")),
              (0, "restrict", (4,)), (0, "restrict", ()), (0, "restrict", ()), (0, "register", (5,)), (0, "acquire", ("", image)), (0, "acquire", ("", image, 8)), (0, "create_lockspace", (space,)),
              (0, "new", (space,)), (0, "release", ("", image)), (1, "call", (9, b"")), (1, "call", (0, b"")), (1, "call", (RESTRICT, b"")), (1, "acquire", ("", "/" + "y" * 70000)), (2, "register", (0xffffffff,)), (1, "acquire", ("", image)), (2, "release", ("", image)), (1, "release", ("", image))]
    holders = []
    clients = {b: [Client(b.lock_sock) for _ in range(3)] for b in (ours, theirs)}
    for who, method, args in calls:
        said = []
        for b in (ours, theirs):
            own = os.path.basename(b.dir)
            r = getattr(clients[b][who], method)(*[a.replace("%s", own) if isinstance(a, str) else a for a in args])
            said.append(eval(re.sub(HELD, "", repr(r).replace(own, "OWN")) if b is ours else repr(r).replace(own, "OWN")))
            holders += re.findall(HELD, repr(r)) if b is ours else []
        assert said[0] == said[1], "%s%s:\nours      %s\nDebian's  %s" % (method, args, *said)
    # What Debian's does not say: who has it.
    assert set(holders) == {("one", "999991"), ("two", "999992")}, holders
    print("ok %d calls" % len(calls))
    # An owner that nobody can know has its leases until they are released; one that had no connection of its own, too.
    for pid in (0, dead()):
        for b in (ours, theirs):
            path = image % os.path.basename(b.dir)
            with Client(b.lock_sock) as c:
                assert c.register(pid) is None and c.acquire("", path) is None
                served = set(b.role("gateway"))
            wait_for("the connection's end", lambda: b is theirs or not served <= set(b.role("gateway")))
            with Client(b.lock_sock) as c:
                assert c.register(pid) is None
                assert is_locked(path) and c.release("", path) is None and not is_locked(path)
    print("ok unknown owners")


def dead():
    p = subprocess.Popen(["true"])
    p.wait()
    return p.pid


def bad_input(b):
    """what is no call of the program costs whoever says it, and nobody else"""
    import socket
    good = Client(b.lock_sock)
    assert good.register(999993) is None
    open(b.images + "/bad.img", "w").close()
    assert good.acquire("", IMAGES + "bad.img") is None
    for data in (b"\xff" * 64, struct.pack(">I", 0x80000000) * 8, struct.pack(">I", 8), message(LOCK, ACQUIRE, string("")[:2]), message(LOCK, ACQUIRE, struct.pack(">I", 0xffffffff)),
                 message(LOCK, REGISTER, b"\0" * 16 + string(b"a\0b") + struct.pack(">III", 1, 1, 0)), b"\x94\0\1\xa4junk\x90", b"\xdd\xff\xff\xff\xff"):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        s.connect(b.lock_sock)
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        try:
            while s.recv(65536):
                pass
        except ConnectionResetError:
            pass
        s.close()
    bad = Client(b.lock_sock)
    assert bad.register(1, "n" * 300)[0] == 38
    assert bad.register(1) is None
    for args in (("", "relative"), ("", IMAGES + "a\nb"), ("", "/proc/self/mem"), ("", "/dev/tty"), ("", "/" + "d" * 5000), ("relative", "x"), ("", "/proc/self/fd/0")):
        assert bad.acquire(*args, AUTOCREATE if args[1] == "relative" else 0) is not None, args
    assert bad.create_lockspace("relative")[0] == 38
    # A link, a FIFO, a second name, planted in the folder of a lockspace.
    assert bad.create_lockspace(SPACE) is None
    folder = b.dir + SPACE
    open(b.images + "/victim", "w").write("precious")
    os.symlink(IMAGES + "victim", folder + "/link")
    os.mkfifo(folder + "/fifo")
    os.link(b.images + "/victim", folder + "/second")
    for name in ("link", "fifo", "second", "..", "../../x", "a/b", ""):
        for flags in (0, AUTOCREATE, SHARED | AUTOCREATE):
            assert bad.acquire(SPACE, name, flags)[0] == 38, name
        assert bad.create(SPACE, name)[0] == 38 and bad.delete(SPACE, name)[0] == 38, name
    assert open(b.images + "/victim").read() == "precious" and bad.delete("", IMAGES + "victim")[0] == 38
    bad.close()
    assert good.release("", IMAGES + "bad.img") is None
    good.close()
    print("ok bad input")


with lock_box("lockd-bad") as b:
    bad_input(b)
outside()
two_hosts()
