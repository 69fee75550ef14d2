#!/usr/bin/python3
"""virtlogd by its socket, as libvirtd speaks to it: what is refused and with which words, while somebody else's stream goes on; a disk that is full, a
folder that goes away; files that are removed; and that it is there as long as a stream is."""
import os, shutil, signal, stat, struct, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import is_running, kill, wait_for
from logdbox import FOLDER, LogBox, line
from logdlib import Error, OPEN, TRUNCATE, UUID
from rpclib import REMOTE, string


def refused(what, call, code, domain, text, sys_=None):
    try:
        r = call()
    except Error as e:
        assert (e.code, e.domain) == (code, domain) and text in e.text and sys_ in (None, e.sys), "%s: %s (errno %s)" % (what, e, e.sys)
        return
    raise AssertionError("%s: %r instead of an error" % (what, r))


def errors(b):
    """bad input: the documented error each time, and nobody else notices"""
    other = b.client()
    fd, ino, _ = other.open(FOLDER + "other.log")
    # A file of the box: on the host there is none of that name, should anybody follow such a link from outside.
    with open(b.host("elsewhere"), "w") as f:
        f.write("not a log\n")
    os.symlink(FOLDER + "elsewhere", b.host("link.log"))
    os.symlink(FOLDER + "elsewhere", b.host("linked.log.0"))
    os.mkfifo(b.host("fifo.log"))
    os.mknod(b.host("null.log"), 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    open(b.host("two.log"), "w").close()
    os.link(b.host("two.log"), b.host("names.log"))
    with b.client() as c:
        for name, sys_ in (("link.log", 40), ("fifo.log", None), ("null.log", None), ("names.log", 31), ("", 21), ("none/x.log", 2), ("n" * 300, 36), ("n" * 254, 36)):
            refused("open " + name, lambda: c.open(FOLDER + name), 38, 0, "Unable to open file: %s%s" % (FOLDER, name), sys_)
            refused("begin anew " + name, lambda: c.open(FOLDER + name, TRUNCATE), 38, 0, "Unable to open file: %s%s" % (FOLDER, name), sys_)
            refused("append " + name, lambda: c.append(FOLDER + name, "text\n"), 38, 0, "Unable to open file: %s%s" % (FOLDER, name), sys_)
        refused("open nothing", lambda: c.open(""), 38, 0, "Unable to open file: : No such file or directory", 2)
        refused("open a long path", lambda: c.open("/" + "x" * 5000), 38, 0, "File name too long", 36)
        for path in (FOLDER + "other.log", "/var/log/libvirt/../libvirt//qemu/other.log"):
            refused("open " + path, lambda: c.open(path), 38, 63, "Cannot open log file: '%s': Device or resource busy" % path, 16)
        assert not os.path.exists(b.host("n" * 254)), "what was refused has made no file"
        fd253 = c.open(FOLDER + "n" * 253)[0]
        os.write(fd253, b"a name whose backups have one, too\n")
        wait_for("it is written", lambda: b.text("n" * 253) != "")
        os.close(fd253)
        refused("read of no path", lambda: c.read("no.log", 7, 8), 38, 0, "Unable to seek to inode 7 offset 8: Bad file descriptor", 9)
        refused("position of none", lambda: c.position(FOLDER + "closed.log"), 1, 63, "internal error: No open log file " + FOLDER + "closed.log")
        for name, inode in (("other.log", 2), ("other.log", 0), ("link.log", 0), ("linked.log", 0), ("fifo.log", 0), ("none.log", 0)):
            refused("read " + name, lambda: c.read(FOLDER + name, inode), 38, 0, "Unable to seek to inode %d offset 0: Bad file descriptor" % inode, 9)
        refused("4 GiB", lambda: c.read(FOLDER + "other.log", ino, 0, 1 << 32), 1, 7, "internal error: Requested data len 4294967296 is larger than maximum 4194304")
        refused("an offset of no file", lambda: c.read(FOLDER + "other.log", ino, 1 << 63), 38, 0, "Unable to seek to inode", 22)
        assert c.read(FOLDER + "other.log", ino, 1 << 40) == b"", "beyond the end there is nothing"
        refused("flags", lambda: c.read(FOLDER + "other.log", ino, flags=4), 8, 63, "unsupported flags (0x4) in function virLogHandlerDomainReadLogFile")
        refused("another program", lambda: c.call(1, b"", program=REMOTE), 39, 7, "Cannot find program 536903814 version 1")
        refused("another version", lambda: c.call(1, b"", version=2), 39, 7, "Cannot find program 2270401305 version 2")
        refused("no procedure", lambda: c.call(5, b""), 39, 7, "unknown procedure: 5")
        refused("half a call", lambda: c.call(1, b"\0\0\0\4qe"), 39, 7, "Unable to decode message payload")
        refused("a message of 4 MiB and 1", lambda: c.append(FOLDER + "big.log", "x" * ((4 << 20) + 1)), 39, 7, "Unable to decode message payload")
    for bad in (struct.pack(">I", 3), struct.pack(">I", 1 << 30), b"GET / HTTP/1.0\r\n\r\n", b"\x94\x00\x01"):
        c = b.client()
        c.sock.sendall(bad)
        if bad[:1] != b"\x94":
            try:
                assert c.sock.recv(1) == b"", bad
            except ConnectionResetError:
                pass
        c.close()
    os.write(fd, b"goes on\n")
    wait_for("the other stream goes on", lambda: b.text("other.log") == "goes on\n")
    assert other.position(FOLDER + "other.log") == (ino, 8)
    assert b.text("elsewhere") == "not a log\n" and b.text("two.log") == ""
    os.close(fd)
    other.close()


def removed(b):
    """a log that somebody removes is made anew; one that was closed can be opened at once"""
    with b.client() as c:
        fd, _, _ = c.open(FOLDER + "gone.log")
        os.write(fd, b"one\n")
        wait_for("one", lambda: b.text("gone.log") == "one\n")
        os.unlink(b.host("gone.log"))
        os.write(fd, b"two\n")
        wait_for("two", lambda: os.path.exists(b.host("gone.log")) and b.text("gone.log") == "two\n")
        os.close(fd)
        # The end is seen at once: the next guest of that name is not refused.
        for i in range(20):
            os.close(c.open(FOLDER + "gone.log")[0])


def hands(b):
    """one hand opens what comes one after the other, keeps nothing of it, and may be killed at any time; many at once have one each, for a moment"""
    with b.client() as c:
        fds, seen, few = [], set(), 1000
        held = lambda hand: len(os.listdir("/proc/%d/fd" % hand))
        for i in range(30):
            fds.append(c.open(FOLDER + "h%d.log" % i)[0])
            refused("open a folder", lambda: c.open(FOLDER), 38, 0, "Unable to open file", 21)
            hand, = b.role("hand-open")
            seen.add(hand)
            few = min(few, held(hand))
            if i == 20:
                os.kill(hand, signal.SIGKILL)
                wait_for("its end", lambda: not b.role("hand-open"))
        assert len(seen) == 2, seen
        wait_for("what it opened is closed", lambda: held(hand) == few)     # its answer may be here before it has closed that
        for i in range(10):         # killed just before it gets the next call
            os.kill(b.role("hand-open")[0], signal.SIGKILL)
            os.close(c.open(FOLDER + "i%d.log" % i)[0])
    clients = [b.client() for _ in range(8)]
    for i, c in enumerate(clients):
        c.send(OPEN, string("qemu") + UUID + string("one") + string(FOLDER + "g%d.log" % i) + struct.pack(">I", 0))
    for c in clients:
        assert not c.receive()[1]
        c.close()
    wait_for("one hand is left", lambda: len(b.role("hand-open")) == 1)
    for fd in fds:
        os.close(fd)


def ahead(b):
    """the second of streams that are opened one after the other has the next one's role born; that may be killed, sees its own folder only, and goes when nobody comes"""
    os.makedirs(b.host("elsewhere.d"))
    wait_for("there is none", lambda: not b.role("log"))
    fds = {}
    with b.client() as c:
        for name in ["a%d.log" % i for i in range(6)] + ["elsewhere.d/a.log", "a6.log"]:
            before = set(b.role("log"))
            fds[name] = c.open(FOLDER + name)[0]
            if name not in ("a0.log", "a5.log"):        # the first that a supervisor sees for a while
                wait_for("its role, and the next one's", lambda: len(b.role("log")) == len(fds) + 1)
            if name == "a3.log":
                idle, = [p for p in set(b.role("log")) - before if not any("pipe:" in os.readlink("/proc/%d/fd/%s" % (p, f)) for f in os.listdir("/proc/%d/fd" % p) if int(f) > 4)]
                os.kill(idle, signal.SIGKILL)
            if name == "a4.log":
                os.kill(b.role("supervisor")[0], signal.SIGKILL)
        for name, fd in fds.items():
            os.write(fd, name.encode() + b"\n")
        for name in fds:
            wait_for("what was written", lambda: b.text(name) == name + "\n")
    wait_for("the next one's is gone", lambda: len(b.role("log")) == len(fds))
    for fd in fds.values():
        os.close(fd)
    wait_for("all are gone", lambda: not b.role("log"))


def full(b):
    """a full disk: the writer goes on, bytes wait while they can, a line marks what could not be kept, and one warning is said"""
    b.run("mkdir", "-p", "/var/log/libvirt/small")
    b.run("mount", "-t", "tmpfs", "-o", "size=4m", "small", "/var/log/libvirt/small")
    b.run("sh", "-c", "dd if=/dev/zero of=/var/log/libvirt/small/filler bs=1k count=3900 2>/dev/null")
    with b.client() as c:
        fd, ino, _ = c.open("/var/log/libvirt/small/s.log")
        start = time.time()
        for n in range(60000):
            os.write(fd, line(n))
            if n in (20000, 40000, 50000):      # what could not be kept is counted beyond a process's life
                kill(b.role("log") + (b.role("supervisor") if n == 40000 else []))
        assert time.time() - start < 30, "the writer waited"
        wait_for("the last one has found it out", lambda: b.log_text().count("cannot write s.log") >= 2)
        b.run("rm", "/var/log/libvirt/small/filler")
        text = lambda: b.run("cat", "/var/log/libvirt/small/s.log").stdout
        wait_for("the mark", lambda: " bytes are missing here]\n" in text())
        wait_for("the last line", lambda: text().endswith(line(59999).decode()))
        os.close(fd)
    lost = int(text().split(" bytes are missing")[0].rsplit("[", 1)[1])
    whole = sum(len(line(n)) for n in range(60000))
    mark = "[%d bytes are missing here]\n" % lost
    assert text().count("bytes are missing") == 1 and len(text().replace("\n" + mark, "").replace(mark, "")) + lost == whole, (lost, whole, len(text()))
    wait_for("word of it", lambda: "s.log can be written again" in b.log_text())
    said = [l for l in b.log_text().splitlines() if ": error : log[" in l and "cannot write s.log" in l]
    assert 2 <= len(said) <= 4, said            # once for each of the role's lives


def away(b):
    """a folder that is removed: the writer goes on, and as soon as there is one again, so does its log"""
    folder = b.dir + "/var/log/libvirt/away"
    os.makedirs(folder)
    with b.client() as c:
        fd, ino, _ = c.open("/var/log/libvirt/away/s.log")
        os.write(fd, b"before\n")
        wait_for("the file", lambda: os.path.getsize(folder + "/s.log") == 7)
        shutil.rmtree(folder)
        start = time.time()
        for n in range(60000):
            os.write(fd, line(n))
        assert time.time() - start < 30, "the writer waited"
        for p in b.role("supervisor"):
            os.kill(p, signal.SIGKILL)
        os.makedirs(folder)
        def text():
            with open(folder + "/s.log") as f:
                return f.read()
        wait_for("the mark", lambda: os.path.exists(folder + "/s.log") and " bytes are missing here]\n" in text())
        wait_for("the last line", lambda: text().endswith(line(59999).decode()))
        os.write(fd, b"after\n")
        wait_for("it goes on", lambda: text().endswith("after\n"))
        os.kill(b.role("supervisor")[0], signal.SIGKILL)
        kill(b.role("log"))
        os.write(fd, b"and on\n")
        wait_for("it goes on", lambda: text().endswith("after\nand on\n"))
        os.close(fd)
    lost = int(text().split(" bytes are missing")[0].rsplit("[", 1)[1])
    whole = sum(len(line(n)) for n in range(60000)) + len("after\nand on\n")
    mark = "[%d bytes are missing here]\n" % lost
    assert text().count("bytes are missing") == 1 and len(text().replace(mark, "")) + lost == whole, (lost, whole, len(text()))


def timeout(b):
    """--timeout does not end it while a stream is open, and does after that"""
    b.program = b.program.replace("/virtlogd", "/virtlogd --timeout 1")
    keeper = b.daemon_pid()
    os.kill(keeper, signal.SIGTERM)
    wait_for("its end", lambda: not is_running(keeper))
    b.begin()
    with b.client() as c:
        fd, _, _ = c.open(FOLDER + "t.log")
    time.sleep(3)
    os.write(fd, b"still there\n")
    wait_for("the line", lambda: b.text("t.log") == "still there\n")
    os.close(fd)
    wait_for("the daemon's end", lambda: not b.role("supervisor") and not b.role("log"), 30)
    b.program = b.program.replace(" --timeout 1", "")


def ended(b):
    """told to end, the daemon has what its pipes hold written first, and nothing of it stays"""
    b.begin()
    with b.client() as c:
        fd, _, _ = c.open(FOLDER + "e.log")
    for p in b.role("log"):
        os.kill(p, signal.SIGSTOP)
    os.write(fd, b"last words\n")
    keeper = b.daemon_pid()
    os.kill(keeper, signal.SIGTERM)
    wait_for("the end of the others", lambda: not b.role("supervisor") and not is_running(keeper))
    for p in b.role("log"):
        os.kill(p, signal.SIGCONT)
    wait_for("the role's end", lambda: not b.role("log"))
    assert b.text("e.log") == "last words\n"
    os.close(fd)


def old(b):
    """max_age_days: what is too old goes, an open log stays"""
    os.makedirs(b.dir + "/var/log/libvirt/lxc", exist_ok=True)
    for name in ("qemu/old.log", "qemu/old.log.0", "lxc/old.log", "lxc/kept.txt"):
        with open(b.dir + "/var/log/libvirt/" + name, "w"):
            pass
        os.utime(b.dir + "/var/log/libvirt/" + name, (1000, 1000))
    with open(b.dir + "/etc/libvirt/virtlogd.conf", "a") as f:
        f.write("max_age_days = 30\n")
    b.begin()
    here = lambda: sorted(f for d in ("qemu", "lxc") for f in os.listdir(b.dir + "/var/log/libvirt/" + d) if f.startswith(("old", "kept")))
    wait_for("old logs are gone", lambda: here() == ["kept.txt"])
    assert os.path.exists(b.host("other.log"))
    wait_for("whoever did that is gone", lambda: not b.role("log"))


with LogBox("logd", "max_backups = 3\n") as b:
    for step in (errors, removed, hands, ahead, full, away, timeout, ended, old):
        print("--- " + step.__doc__, flush=True)
        step(b)
