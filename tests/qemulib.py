"""qemulib.py: a supervisor of one qemu worker, for tests: gives birth to roles/qemu, carries its IN_LAUNCH out by a plain fork and
exec of QEMU (or not at all, with a monitor of the test's own), and speaks frames with it.  No daemon, no privilege, no sandboxed QEMU."""
import array, ctypes, json, os, re, select, signal, socket, struct, subprocess, tempfile, time
import xml.etree.ElementTree as ET
from needs import needed_modules

SRC = os.environ.get("SRCDIR") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("BUILDDIR") or SRC
WAIT = 60.0


needed_modules("msgpack")
import msgpack


def _text(path):
    return re.sub(r"/\*.*?\*/", "", open(os.path.join(SRC, path)).read(), flags=re.S)


def enum(path, first):
    """Values of the C enum whose first member is `first`."""
    body = re.search(r"enum\s*\w*\s*\{\s*(%s\b[^}]*)\}" % first, _text(path)).group(1)
    out, v = {}, 0
    for m in body.split(","):
        m = m.strip()
        if not m:
            continue
        name, _, val = m.partition("=")
        v = eval(val, {}, out) if val else v
        out[name.strip()] = v
        v += 1
    return out


BFD = enum("ipc/birth.h", "BFD_NONE")
IN = enum("ipc/internal.h", "IN_HELD")
MK = enum("ipc/manifest.h", "MK_IMAGE")
PLUG = dict(enum("ipc/internal.h", "PLUG_IN"), PLUG_FORCE=4)
KIND = enum("ipc/frame.h", "FRAME_CALL")
FLAG = enum("ipc/frame.h", "FRAME_BIG")
FORMATS = enum("ipc/manifest.h", "IMG_NONE")
ROLE_QEMU = [r for r, _ in re.findall(r'R\((\w+),\s*"([\w-]+)"\)', _text("ipc/birth.h"))].index("QEMU")


def ops():
    out = {}
    for prog, number in (("remote", 1), ("qemu", 2)):
        for line in open(os.path.join(SRC, "ipc/schema/%s.rpc" % prog)):
            m = re.match(r"\s*(?:event\s+)?(\d+)\s+(\w+\.\w+)\s", line)
            if m:
                out[m.group(2)] = number << 16 | int(m.group(1))
    return out


OPS = ops()
OP_NAMES = {v: k for k, v in OPS.items()}
HEAD = struct.Struct("=IBBHIIQQII")
MAGIC = int(re.search(r"FRAME_MAGIC\s+(0x[0-9a-f]+)", _text("ipc/frame.h")).group(1), 16)
BIRTH_MAGIC = int(re.search(r"BIRTH_MAGIC\s+(0x[0-9a-f]+)", _text("ipc/birth.h")).group(1), 16)
MANIFEST_MAGIC = int(re.search(r"MANIFEST_MAGIC\s+(0x[0-9a-f]+)", _text("ipc/manifest.h")).group(1), 16)
GRANTS_MAGIC = int(re.search(r"GRANTS_MAGIC\s+(0x[0-9a-f]+)", _text("ipc/manifest.h")).group(1), 16)
OBJECT = 7 << 32 | 3
UID = 71003 if os.geteuid() == 0 else 0xffffffff       # a guest's own
F_ADD_SEALS, SEALS = 1033, 0x2 | 0x4 | 0x8


def proc_folder(pid):
    """As hand-launch gives it: a mount of its own."""
    fd = ctypes.CDLL(None).syscall(428, -100, b"/proc/%d" % pid, 1 | os.O_CLOEXEC)
    return fd if fd >= 0 else os.open("/proc/%d/stat" % pid, os.O_RDONLY)


def memfd(data, seal=True):
    fd = os.memfd_create("test", os.MFD_CLOEXEC | 2)
    os.write(fd, data) if data else None
    if seal:
        import fcntl
        fcntl.fcntl(fd, F_ADD_SEALS, SEALS)
    return fd


def tree(el):
    """A document as workers get it. Attributes bulkhead:m are written bulkhead-m in the test's XML."""
    attrs = []
    for k, v in el.attrib.items():
        attrs += [k.replace("bulkhead-m", "bulkhead:m"), v]
    text = el.text if el.text and el.text.strip() else None
    return [el.tag, text, attrs, [tree(c) for c in el]]


class Failed(Exception):
    def __init__(self, code, domain, detail):
        super().__init__("error %d (%d): %s" % (code, domain, detail))
        self.code, self.domain, self.detail = code, domain, detail


class Resources:
    """Manifest and grants, made together as the hands would."""

    def __init__(self):
        self.entries, self.grants, self.qemu, self.worker, self.next_fd, self.keep = [], [], [], [], 10, []
        self.qemu_of = {}

    def add(self, kind, path="", aux="", qemu=(), worker=(), flags=0, fmt=0, name="", port=0, parent=-1):
        i = len(self.entries)
        p, a = path.encode(), aux.encode()
        strings = (p + b"\0" if p else b"") + (a + b"\0" if a else b"")
        size = (48 + len(strings) + 7) & ~7
        self.entries.append(struct.pack("=HHIIiIIII6sHH6x", MK[kind], size, flags, i, parent, fmt, 0, 0, 0, b"", len(p) + 1 if p else 0, len(a) + 1 if a else 0)
                            + strings.ljust(size - 48, b"\0"))
        fds = [-1, -1]
        for k, fd in enumerate(qemu):
            fds[k] = self.next_fd
            self.qemu.append((self.next_fd, fd))
            self.qemu_of.setdefault(i, []).append((self.next_fd, fd))
            self.next_fd += 1
        for fd in worker:
            self.worker.append((i, fd))
        self.grants.append(struct.pack("=IihhBBBBI4xQQQII108s4x", i, 0, fds[0], fds[1], 1, len(qemu), len(worker), 0, port, 0, 0, 0, 0, fmt, name.encode()))
        return i

    def image(self, path, fmt):
        return self.add("MK_IMAGE", path, qemu=(os.open(path, os.O_RDWR), os.open(path, os.O_RDONLY)), fmt=FORMATS["IMG_" + fmt.upper()])

    def pty(self):
        import pty, tty
        master, slave = pty.openpty()
        tty.setraw(slave)
        return self.add("MK_PTY", qemu=(master,), worker=(slave,), name=os.ttyname(slave))

    def pair(self):
        a, b = socket.socketpair()
        self.keep += [a, b]
        return self.add("MK_PAIR", qemu=(a.detach(),), worker=(b.detach(),))

    def listener(self):
        s = socket.create_server(("127.0.0.1", 0))
        port = s.getsockname()[1]
        self.keep.append(s)
        return self.add("MK_TCP_LISTEN", aux="127.0.0.1", worker=(s.detach(),), port=port), port

    def file(self, path):
        return self.add("MK_BIND", path)

    def manifest(self):
        body = b"".join(self.entries)
        return struct.pack("=IIII", MANIFEST_MAGIC, len(self.entries), 16 + len(body), 1) + body

    def blob(self, monitor):
        return struct.pack("=IIiI", GRANTS_MAGIC, len(self.grants), monitor, 0) + b"".join(self.grants)


class Worker:
    def __init__(self, xml, res=None, resume=None, instance=0, checkpoint=None, launch=None, trace=False):
        """resume: (qmp socket, pid): the guest runs already. launch: called with (argv, {number: fd}) instead of starting QEMU;
        gives (pid, our end of the monitor)."""
        self.res = res or Resources()
        self.launch = launch or self.start_qemu
        self.serial, self.replies, self.events, self.states, self.stopped, self.status, self.status_fails = 0, {}, [], [], None, None, 0
        self.qemu, self.qmp, self.tail, self.leases, self.unplugged, self.untold, self.unplug_fails, self.dumps = None, None, b"", [], [], 0, 0, []
        self.checkpoint = checkpoint if checkpoint is not None else memfd(b"", seal=False)
        self.xml, self.instance = xml, instance
        self.monitor = socket.socket(socket.AF_UNIX)
        self.dir = tempfile.mkdtemp(prefix="bh-qemu-")
        self.monitor.bind(self.dir + "/monitor.sock")
        self.monitor.listen(1)
        self.born(resume, instance, trace)

    def born(self, resume=None, instance=0, trace=False):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for s in (ours, theirs):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.chan = ours
        fds = [(BFD["BFD_TREE"], 0, memfd(msgpack.packb(tree(ET.fromstring(self.xml)), use_bin_type=True))),
               (BFD["BFD_MANIFEST"], 0, memfd(self.res.manifest())), (BFD["BFD_GRANTS"], 0, memfd(self.res.blob(9)))]
        fds += [(BFD["BFD_CHECKPOINT"], 0, self.checkpoint)]
        fds += [(BFD["BFD_CHARDEV"], entry, fd) for entry, fd in self.res.worker]
        if resume:
            sock, pid = resume
            fds += [(BFD["BFD_QMP"], 0, sock.fileno())]
            if pid:
                fds += [(BFD["BFD_PROC"], 0, proc_folder(pid))]
        kinds = bytes(k for k, _, _ in fds).ljust(100, b"\0")
        args = struct.pack("=100I", *([a for _, a, _ in fds] + [0] * (100 - len(fds))))
        birth = struct.pack("=IHHQIIIIII64s", BIRTH_MAGIC, ROLE_QEMU, len(fds), OBJECT, UID, UID, 1, instance, int(os.environ.get("BH_LOG", "3")),
                            (2 if resume else 0) | (4 if trace else 0), b"test") + kinds + args
        birth = birth.ljust(608, b"\0")
        give = [theirs.fileno(), memfd(birth)] + [fd for _, _, fd in fds]
        exe = os.path.join(BUILD, "roles/qemu")
        self.log = tempfile.TemporaryFile()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                ctypes.CDLL(None).prctl(1, signal.SIGKILL)
                high = [__import__("fcntl").fcntl(fd, 0, 500) for fd in give]
                err = __import__("fcntl").fcntl(self.log.fileno(), 0, 500)
                os.closerange(3, 500)
                for i, fd in enumerate(high):
                    os.dup2(fd, 3 + i)
                os.dup2(err, 2)
                os.closerange(3 + len(high), 900)
                os.execv(exe, ["qemu"])
            finally:
                os._exit(127)
        theirs.close()
        os.close(give[1])

    # -- frames --
    def send(self, kind, op, body=b"", arg=0, serial=0, origin=0, fds=()):
        flags = 0
        fds = list(fds)
        if len(body) > 65536:
            flags, fds, big = FLAG["FRAME_BIG"], [memfd(body)] + fds, body
            body = b""
        head = HEAD.pack(MAGIC, kind, len(fds), flags, op, serial, OBJECT, origin, arg, len(body))
        self.chan.sendmsg([head + body], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])

    def refuse(self, op, serial, text):
        self.send(KIND["FRAME_ERROR"], op, struct.pack("=iii", 1, 10, -1) + text + b"\0", serial=serial)

    def recv(self, timeout):
        if not select.select([self.chan], [], [], timeout)[0]:
            return None
        try:
            data, anc, _, _ = self.chan.recvmsg(66000, 4096)
        except ConnectionResetError:
            data = b""
        if not data:
            _, how = os.waitpid(self.pid, 0)
            self.pid = None
            raise EOFError("the worker has ended (status %#x): %s" % (how, self.last_words()))
        fds = []
        for level, kind, d in anc:
            fds += list(array.array("i", d[:len(d) // 4 * 4]))
        magic, kind, nfds, flags, op, serial, obj, origin, arg, n = HEAD.unpack(data[:40])
        assert magic == MAGIC and obj == OBJECT and nfds == len(fds) and n == len(data) - 40, (hex(magic), obj, nfds, fds)
        body = data[40:]
        if flags & FLAG["FRAME_BIG"]:
            fd = fds.pop(0)
            body = os.pread(fd, os.fstat(fd).st_size, 0)
            os.close(fd)
        return kind, op, serial, arg, body, fds

    def last_words(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def step(self, timeout=0.5):
        """Handles one frame of the worker. False: none came."""
        f = self.recv(timeout)
        if not f:
            return False
        kind, op, serial, arg, body, fds = f
        if kind in (KIND["FRAME_REPLY"], KIND["FRAME_ERROR"]):
            self.replies[serial] = (kind, op, body, fds)
        elif kind == KIND["FRAME_CALL"] and op == IN["IN_LAUNCH"]:
            self.on_launch(serial, body, fds)
        elif kind == KIND["FRAME_CALL"] and op == IN["IN_LOG_TAIL"]:
            self.send(KIND["FRAME_REPLY"], op, self.tail, serial=serial)
        elif kind == KIND["FRAME_CALL"] and op == IN["IN_LEASES_ASK"]:
            self.leases.append(arg)
            self.send(KIND["FRAME_REPLY"], op, serial=serial)
        elif kind == KIND["FRAME_CALL"] and op == IN["IN_DUMP"]:
            self.dumps.append(serial)           # the test answers
        elif kind == KIND["FRAME_CALL"] and op == IN["IN_UNPLUGGED"]:
            if self.untold:         # so often nobody answers
                self.untold -= 1
                return True
            if self.unplug_fails:
                self.unplug_fails -= 1
                self.refuse(op, serial, b"not now")
                return True
            self.unplugged.append(body.rstrip(b"\0").decode())
            self.send(KIND["FRAME_REPLY"], op, serial=serial)
        elif op == IN["IN_STATE"] or op == IN["IN_STOPPED"]:
            s = struct.unpack("=iiiiIIQQII", body)
            s = dict(zip(("state", "reason", "event", "detail", "flags", "mask", "mem", "cpu", "vcpus", "pad"), s), asks=arg)
            if op == IN["IN_STOPPED"]:
                self.stopped = s
            self.states.append(s)
        elif op == IN["IN_STATUS_XML"]:
            self.status = os.pread(fds[0], os.fstat(fds[0]).st_size, 0).decode()
            os.close(fds[0])
            if self.status_fails:
                self.status_fails -= 1
                self.status = None
                self.refuse(op, serial, b"no room")
            else:
                self.send(KIND["FRAME_REPLY"], op, b"", serial=serial)
        else:
            name, uuid, dom_id, values = struct.unpack("=256s16siI", body[:280])
            rest = msgpack.Unpacker(raw=False)
            rest.feed(body[280:])
            self.events.append((OP_NAMES.get(op, op), arg, [[name.rstrip(b"\0").decode(), uuid, dom_id]] + [next(rest) for i in range(values)]))
        return True

    def until(self, what, why, timeout=WAIT):
        end = time.monotonic() + timeout
        while not what():
            self.step(0.2)
            if time.monotonic() > end:
                raise AssertionError("waited in vain: %s\n%s" % (why, self.last_words()))
        return what()

    def begin(self, name, *args, origin=1, dom=True, arg=0):
        self.serial += 1
        body = msgpack.packb(([["g", b"\x11" * 16, 1]] if dom else []) + list(args), use_bin_type=True)
        self.send(KIND["FRAME_CALL"], OPS[name], body, arg=arg, serial=self.serial, origin=origin)
        return self.serial

    def result(self, serial, timeout=WAIT, fds=False):
        self.until(lambda: serial in self.replies, "an answer", timeout)
        kind, op, body, got = self.replies.pop(serial)
        if kind == KIND["FRAME_ERROR"]:
            code, domain, _ = struct.unpack("=iii", body[:12])
            raise Failed(code, domain, body[12:].rstrip(b"\0").decode())
        r = msgpack.unpackb(body, raw=False) if op >> 16 else body
        return (r, got) if fds else r

    def call(self, name, *args, **kw):
        timeout = kw.pop("timeout", WAIT)
        fds = kw.pop("fds", False)
        return self.result(self.begin(name, *args, **kw), timeout, fds)

    def error_of(self, serial, code, timeout=WAIT):
        """The words of the error that a call ends with."""
        try:
            r = self.result(serial, timeout)
        except Failed as e:
            assert e.code == code, e
            return e.detail
        raise AssertionError("%r and not error %d" % (r, code))

    def fails(self, code, name, *args, **kw):
        return self.error_of(self.begin(name, *args, **kw), code)

    def start(self, flags=0):
        self.serial += 1
        self.send(KIND["FRAME_CALL"], IN["IN_START"], arg=flags, serial=self.serial)
        return self.result(self.serial)

    def plug(self, what, devices, first=None, flags=0, nfds=None):
        """IN_PLUG; its serial. first: the first entry of self.res that is new."""
        give, rows = [], b""
        if what != "PLUG_OUT":
            give = [memfd(self.res.manifest()), memfd(self.res.blob(9))]
            new = range(len(self.res.entries)) if first is None else range(first, len(self.res.entries))
            for number, fd in [q for i in new for q in self.res.qemu_of.get(i, [])]:
                rows += struct.pack("=hBBI", number, 0, 0, 0)
                give.append(fd)
            for entry, fd in self.res.worker:
                if entry in new:
                    rows += struct.pack("=hBBI", -1, BFD["BFD_CHARDEV"], 0, entry)
                    give.append(fd)
        n = len(rows) // 8
        body = struct.pack("=II", n if nfds is None else nfds, flags) + rows.ljust(8 * 128, b"\0")
        give.insert(0, memfd(msgpack.packb(tree(ET.fromstring("<devices>%s</devices>" % devices)), use_bin_type=True)))
        self.serial += 1
        self.send(KIND["FRAME_CALL"], IN["IN_PLUG"], body, arg=PLUG[what], serial=self.serial, fds=give)
        os.close(give[0])
        return self.serial

    # -- QEMU --
    def on_launch(self, serial, body, fds):
        size = os.fstat(fds[0]).st_size
        argv = os.pread(fds[0], size, 0).rstrip(b"\0").split(b"\0")
        os.close(fds[0])
        self.argv = [a.decode() for a in argv]
        pid, self.qmp = self.launch(self.argv, dict(self.res.qemu))
        give = [self.qmp.fileno(), proc_folder(pid or os.getpid())]
        self.send(KIND["FRAME_REPLY"], IN["IN_LAUNCH"], struct.pack("=iiQII", pid, pid, 0, 0, 0), serial=serial, fds=give)
        os.close(give[1])

    def start_qemu(self, argv, numbers):
        """QEMU with the numbers the grants told, /res/N replaced by the manifest's paths."""
        argv = [re.sub(r"/res/(\d+)", lambda m: self.paths[int(m.group(1))], a) for a in argv]
        plan = {9: self.monitor.fileno(), **numbers}
        err = tempfile.TemporaryFile()
        pid = os.fork()
        if pid == 0:
            try:
                import fcntl
                ctypes.CDLL(None).prctl(1, signal.SIGKILL)
                high = {n: fcntl.fcntl(fd, 0, 500) for n, fd in plan.items()}
                e = fcntl.fcntl(err.fileno(), 0, 500)
                os.closerange(3, 500)
                for n, fd in high.items():
                    os.dup2(fd, n)
                os.dup2(e, 2)
                os.dup2(e, 1)
                os.closerange(500, 900)
                os.execv(argv[0], argv)
            finally:
                os._exit(127)
        self.qemu, self.qemu_err = pid, err
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.dir + "/monitor.sock")
        return pid, s

    @property
    def paths(self):
        out = {}
        for i, e in enumerate(self.res.entries):
            n = struct.unpack("=H", e[38:40])[0]
            out[i] = e[48:48 + n - 1].decode() if n else ""
        return out

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.pid = None
        self.chan.close()

    def next_instance(self):
        """The keeper's part when a worker has died: another one, with the same descriptors and the same monitor."""
        if self.pid:
            self.kill()
        assert not self.qemu or os.waitpid(self.qemu, os.WNOHANG) == (0, 0), "QEMU went with its worker"
        self.states.clear()
        self.replies.clear()
        self.instance += 1
        self.born(resume=(self.qmp, self.qemu or 0), instance=self.instance)

    def in_the_dark(self, event, command, **arguments):
        """The worker dies, and QEMU carries out a command before there is another one, which will not hear of it."""
        self.kill()
        self.qmp.sendall(json.dumps({"execute": command, "arguments": arguments, "id": "dark"}).encode() + b"\n")
        self.qmp.settimeout(WAIT)
        said = b""
        while not (b'"dark"' in said and b'"%s"' % event.encode() in said and said.endswith(b"\n")):
            said += self.qmp.recv(65536)
        self.qmp.settimeout(None)

    def close(self):
        for pid in (self.pid, self.qemu):
            try:
                if pid:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        subprocess.call(["rm", "-rf", self.dir])


# -- devices that come to a running guest and go --
PCI = "<address type='pci' domain='0x0000' bus='0x00' slot='0x%02x' function='0x0'/>"


def devices(w):
    return ET.fromstring(w.call("domain.get_xml_desc", 1, arg=1)[0]).find("devices")


def device(w, alias):
    found = [d for d in devices(w) if d.find("alias") is not None and d.find("alias").get("name") == alias]
    return found[0] if found else None


def plug(w, what, xml, **kw):
    return w.result(w.plug(what, xml, **kw))


def refused(w, code, what, xml, **kw):
    return w.error_of(w.plug(what, xml, **kw), code)


def events(w, name, alias):
    return [e for e in w.events if e[0] == name and e[2][1:] == [alias]]
