#!/usr/bin/python3
"""bulkhead_compress of virtlogd: what logs rolled over to is compressed beside the stream; clients read it as before, by the inode that it had; and
whatever is killed in between, each line is there once, in one form or the other, and nothing half done stays."""
import gzip, os, random, re, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import kill, wait_for
from logdbox import FOLDER, LogBox, line
from logdlib import Error
from needs import skip

if not os.path.exists(os.path.join(os.environ.get("BUILDDIR", "."), "roles/zip")):
    skip("built without zlib")
SIZE = 100000


def files(b, name):
    """[(number, whether it is compressed)], the oldest first"""
    found = (re.fullmatch(re.escape(name) + r"\.(\d+)(\.gz)?", f) for f in os.listdir(b.host("")))
    return sorted(((int(m[1]), bool(m[2])) for m in found if m), reverse=True)


def data_of(b, name, number, zipped):
    with (gzip.open if zipped else open)(b.host("%s.%d%s" % (name, number, ".gz" if zipped else "")), "rb") as f:
        return f.read()


def settled(b, name, lines=0):
    """Whether all but the live one are compressed; of so many lines, when the last one is there, for the pipe may have a part of them yet."""
    found = files(b, name)
    if not found or not all(z for _, z in found) or os.path.exists(b.host(name + ".gz.part")):
        return False
    with open(b.host(name), "rb") as f:
        return not lines or (f.read() or data_of(b, name, *found[-1])).endswith(line(lines - 1))


def check(b, name, lines):
    """Every line, once, in order, through all files."""
    numbers = [n for n, _ in files(b, name)]
    assert len(set(numbers)) == len(numbers) and numbers == list(range(len(numbers) - 1, -1, -1)), files(b, name)
    data = b"".join(data_of(b, name, *f) for f in files(b, name)) + open(b.host(name), "rb").read()
    assert data == b"".join(line(n) for n in range(lines)), "%d bytes in %d files" % (len(data), len(numbers))


def write(fd, first, last):
    for n in range(first, last):
        os.write(fd, line(n))


def reading(b):
    """compressed once it has rolled over, and read by the inode that it had"""
    with b.client() as c:
        fd, ino, _ = c.open(FOLDER + "r.log", 1)
        os.set_blocking(fd, True)
        write(fd, 0, 1000)
        here = c.position(FOLDER + "r.log")
        assert here[0] == ino and here[1] == sum(len(line(n)) for n in range(1000))
        write(fd, 1000, 6000)
        wait_for("all are compressed", lambda: settled(b, "r.log", 6000))
        check(b, "r.log", 6000)
        assert c.read(FOLDER + "r.log", *here, 4 << 20) == b"".join(line(n) for n in range(1000, 6000)), "from a place before they were"
        assert c.read(FOLDER + "r.log", ino, 1 << 30, 1000) == data_of(b, "r.log", 1, True)[:1000], "beyond its end the next begins"
        # Damaged by somebody: an error, and the stream goes on.
        oldest = b.host("r.log.2.gz")
        whole = open(oldest, "rb").read()
        with open(oldest, "wb") as f:
            f.write(whole[:len(whole) // 2])
        try:
            c.read(FOLDER + "r.log", ino, 0, 4 << 20)
            raise AssertionError("half a file was read")
        except Error as e:
            assert e.sys == 5, e
        with open(oldest, "wb") as f:
            f.write(whole)
        write(fd, 6000, 6100)
        assert c.position(FOLDER + "r.log")[1] == os.path.getsize(b.host("r.log"))
        os.close(fd)
    wait_for("the stream's end", lambda: not b.role("log"))
    with b.client() as c:       # a file that is no stream just now
        assert c.read(FOLDER + "r.log", *here, 4 << 20) == b"".join(line(n) for n in range(1000, 6100))


def dropped(b):
    """compressed ones count as backups do: the oldest goes"""
    with b.client() as c:
        fd, _, _ = c.open(FOLDER + "d.log", 1)
        os.set_blocking(fd, True)
        write(fd, 0, 30000)
        wait_for("all are compressed", lambda: settled(b, "d.log", 30000))
        assert [n for n, _ in files(b, "d.log")] == list(range(7, -1, -1)), files(b, "d.log")
        data = b"".join(data_of(b, "d.log", *f) for f in files(b, "d.log")) + open(b.host("d.log"), "rb").read()
        assert b"".join(line(n) for n in range(30000)).endswith(data) and len(data) > 7 * SIZE * 0.9
        os.close(fd)


def half(b):
    """what a crash leaves between its two steps: the plain one counts, and the rest goes when the log is opened"""
    for name, text in (("h.log", b"live\n"), ("h.log.0", b"plain\n"), ("h.log.gz.part", b"part")):
        with open(b.host(name), "wb") as f:
            f.write(text)
    with gzip.open(b.host("h.log.0.gz"), "wb") as f:
        f.write(b"compressed\n")
    ino = os.stat(b.host("h.log.0")).st_ino
    with b.client() as c:
        assert c.read(FOLDER + "h.log", ino, 0, 1000) == b"plain\nlive\n"
        fd, _, _ = c.open(FOLDER + "h.log")
        wait_for("it is compressed", lambda: settled(b, "h.log"))
        assert data_of(b, "h.log", 0, True) == b"plain\n"
        assert c.read(FOLDER + "h.log", ino, 0, 1000) == b"plain\nlive\n"
        os.close(fd)


def killed(b):
    """zip roles, log roles and supervisors are killed while a guest writes"""
    done = dict.fromkeys(("zip", "log", "supervisor"), 0)
    with b.client() as c:
        fd, _, _ = c.open(FOLDER + "k.log", 1)
        os.set_blocking(fd, True)
        n, end = 0, time.time() + 60
        while (min(done.values()) < 2 or sum(done.values()) < 30) and time.time() < end:
            write(fd, n, n + 300)
            n += 300
            what = random.choices(list(done), [6, 5, 1])[0]
            until = time.time() + 0.2
            while not b.role(what) and time.time() < until:
                write(fd, n, n + 300)
                n += 300
            done[what] += kill(b.role(what)[:1])
        kill(b.role("log"))             # a failure waits half a minute before it is tried again; a new instance does not
        wait_for("all are compressed", lambda: settled(b, "k.log", n))
        assert c.position(FOLDER + "k.log")[1] <= SIZE
        check(b, "k.log", n)
        os.close(fd)
    print("%s: %d lines in %d files" % (", ".join("%d times %s" % (v, k) for k, v in done.items()), n, 1 + len(files(b, "k.log"))))
    assert min(done.values()) > 1, done


def sandboxed(b):
    """the zip role has no rights, no folder, and the least priority"""
    with b.client() as c:
        fd, _, _ = c.open(FOLDER + "s.log", 1)
        os.set_blocking(fd, True)
        block, seen = os.urandom(50000).hex().encode() + b"\n", {}
        end = time.time() + 20
        while not seen and time.time() < end:
            os.write(fd, block)
            for p in b.role("zip"):
                try:
                    status = dict(l.split(":", 1) for l in open("/proc/%d/status" % p).read().splitlines())
                    nice = int(open("/proc/%d/stat" % p).read().rsplit(")", 1)[1].split()[16])
                    if status["Seccomp"].strip() == "2":        # it has locked itself in
                        seen = dict(uid=int(status["Uid"].split()[0]), caps=int(status["CapPrm"], 16), nice=nice, fds=len(os.listdir("/proc/%d/fd" % p)))
                except (OSError, KeyError):
                    pass
        assert seen and seen["uid"] >= 65536 and seen["caps"] == 0 and seen["nice"] == 19 and seen["fds"] < 12, seen
        os.close(fd)


random.seed(1)
with LogBox("logd-zip", "max_size = %d\nmax_backups = 8\nbulkhead_compress = 1\n" % SIZE) as b:
    for step in (reading, dropped, half, sandboxed):
        print("--- " + step.__doc__, flush=True)
        step(b)
with LogBox("logd-zip-kill", "max_size = %d\nmax_backups = 5000\nbulkhead_compress = 1\n" % SIZE) as b:
    print("--- " + killed.__doc__, flush=True)
    try:
        killed(b)
    except BaseException:
        print(b.log_text()[-3000:])
        raise
