"""logdbox.py: our virtlogd alone in a box, and a guest that writes numbered lines into its pipes without a pause, for tests."""
import fcntl, os, re, signal, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import box, logdlib
from needs import needs_root

FOLDER = "/var/log/libvirt/qemu/"


class LogBox(box.Box):
    def __init__(self, name, conf="", command=None, env="", **kw):
        needs_root()
        super().__init__(name, peer=True, start=False, **kw)
        self.word = "virtlogd"
        self.program = env + " " + (command or self.ours("virtlogd"))
        with open(self.dir + "/etc/libvirt/virtlogd.conf", "w") as f:
            f.write(conf)
        self.path = self.dir + "/run/libvirt/virtlogd-sock"
        self.begin()

    def begin(self):
        self.say(self.program)
        box.wait_for("virtlogd answers", lambda: self.client().close() is None)

    def client(self):
        return logdlib.Logd(self.path)

    def host(self, name):
        """A file of the log folder, from outside."""
        return self.dir + FOLDER + name

    def text(self, name):
        with open(self.host(name), errors="replace") as f:
            return f.read()


def line(n):
    return b"line %d %s\n" % (n, b"." * (n * 7919 % 97))


class Writer:
    """A process that writes line after line into a descriptor, until it is told to stop. rate: bytes a second, 0: as fast as it can."""

    def __init__(self, fd):
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) & ~os.O_NONBLOCK)
        r, w = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            signal.signal(signal.SIGUSR1, self.told)
            self.stopped, n = False, 0
            while not self.stopped:
                data = memoryview(b"".join(line(k) for k in range(n, n + 500)))
                n += 500
                while data:
                    data = data[os.write(fd, data):]        # an interrupted write is taken up again
            os.write(w, b"%d" % n)
            os._exit(0)
        os.close(fd)
        os.close(w)
        self.result = r

    def told(self, *_):
        self.stopped = True

    def stop(self):
        """How many lines it wrote."""
        os.kill(self.pid, signal.SIGUSR1)
        n = int(os.read(self.result, 32))
        os.close(self.result)
        assert os.waitpid(self.pid, 0)[1] == 0
        return n


def check_lines(b, name, lines, size, without=lambda data: data):
    """Every line is in the files, once, in order; no file is larger than size, and all but the last end with a line. without: takes out what others wrote.
    Returns how many files."""
    backups = sorted((int(m[1]) for m in map(lambda f: re.fullmatch(re.escape(name) + r"\.(\d+)", f), os.listdir(b.host(""))) if m), reverse=True)
    files = ["%s.%d" % (name, i) for i in backups] + [name]
    n, rest = 0, b""
    for f in files:
        data = open(b.host(f), "rb").read()
        assert len(data) <= size, "%s: %d bytes" % (f, len(data))
        data = without(data)
        assert f == name or data.endswith(b"\n"), "%s ends with %r" % (f, data[-20:])
        for l in (rest + data).splitlines(True):
            if not l.endswith(b"\n"):
                rest = l
                break
            assert l == line(n), "%s: wanted line %d, got %r" % (f, n, l[:60])
            n += 1
            rest = b""
    assert not rest and n == lines, "%d lines of %d in %d files, then %r" % (n, lines, len(files), rest[:60])
    return len(files)
