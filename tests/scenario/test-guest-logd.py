#!/usr/bin/python3
"""Our virtqemud with stdio_handler = "logd", with our virtlogd and with Debian's: what QEMU says and what its ports write goes to the host's virtlogd, which
keeps it and rolls it over by its own rules; when virtqemud is killed or virtlogd begins anew meanwhile, no byte is lost; and what a virtlogd that is gone, refuses,
hangs or lies costs is that start."""
import array, os, re, shutil, signal, socket, struct, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from guestlib import *
from box import guest_xml, kill
from logdlib import Error, Logd
from rpclib import HEAD, LOG, REPLY, REPLY_WITH_FDS

FOLDER = "/var/log/libvirt/qemu/"
LINES, SIZE = 1500, 8192
PRINT = "i=0; while [ $i -lt %d ]; do i=$((i+1)); echo line-$i-of-many; done >/dev/ttyS1; echo END-OF''-LINES >/dev/ttyS1\n" % LINES
NONSENSE = "</devices><qemu:commandline><qemu:arg value='-nonsense'/></qemu:commandline>"


class Logged(Box):
    def __init__(self, name, logd):
        super().__init__(name, start=False)
        wait_for("the box is made", lambda: os.path.isdir(self.dir + "/var/lib/libvirt/images"))
        with open(self.dir + "/etc/libvirt/qemu.conf", "a") as f:
            f.write('stdio_handler = "logd"\n')
        with open(self.dir + "/etc/libvirt/virtlogd.conf", "w") as f:
            f.write("max_size = %d\nmax_backups = 9\n" % SIZE)
        self.logd_sock = self.dir + "/run/libvirt/virtlogd-sock"
        self.logd_line = logd or self.ours("virtlogd")
        self.begin_logd()

    def begin_logd(self):
        self.say(self.logd_line)
        wait_for("virtlogd answers", lambda: Logd(self.logd_sock).close() is None)

    def logd(self):
        found = [(start_time(p), p) for p, c in self.processes() if os.path.basename(c.split(" ")[0]) == "virtlogd"]
        return min(found)[1]

    def end_logd(self):
        pid = self.logd()
        os.kill(pid, signal.SIGTERM)
        wait_for("virtlogd's end", lambda: not is_running(pid))

    def host(self, name):
        return self.dir + FOLDER + name

    def file(self, name):
        with open(self.host(name), errors="replace") as f:
            return f.read()

    def whole(self, name):
        """All of its files, which may get other names meanwhile."""
        files = [name + ".%d" % i for i in range(8, -1, -1)] + [name]
        return "".join(wait_for("the files of " + name, lambda: [self.file(f) for f in files if os.path.exists(self.host(f))]))

    def has_stream(self, name):
        try:
            with Logd(self.logd_sock) as c:
                return c.position(FOLDER + name)
        except Error as e:
            assert e.code == libvirt.VIR_ERR_INTERNAL_ERROR, e
            return None

    def ended(self, *names):
        """These streams end. Ours is not asked, which it takes for a reason to keep what ends a little longer; it has no others then."""
        ours = self.logd_line != "virtlogd"
        wait_for("no stream is left", lambda: not self.role("log") if ours else not any(self.has_stream(n) for n in names))

    def clean(self):
        # Of our virtlogd a hand waits for the next call.
        wait_for("nothing is left over: %s" % self.left_over(), lambda: not [w for w in self.left_over() if not w.endswith("bulkhead-hand-open")])


def start_time(pid):
    import box
    return box.start_time(pid) or 1 << 63


def port(name, append="on", out="/run/out"):
    return "<serial type='pty'><target port='0'/></serial><serial type='file'><source path='%s'/><log file='%s%s' append='%s'/><target port='1'/></serial>" % (out, FOLDER, name, append)


def said(call, *words):
    """The error of a call that fails, which has these words in it."""
    try:
        call()
    except libvirt.libvirtError as e:
        assert all(w in str(e) for w in words), (words, str(e))
        return e
    raise AssertionError("a guest was started, against %r" % (words,))


def streams(b, peer):
    """A guest's own log and a port's, over deaths of ours."""
    step("what QEMU says and a port writes: nothing of virtqemud is on the way")
    with open(b.host("port.log"), "w") as f:
        f.write("of another time\n")
    dom, console = boot(b, document("s1", serial=port("port.log", "off"), words="8250.nr_uarts=4"))
    wait_for("virtlogd's roles and none of virtqemud's", lambda: len(b.role("log")) == (0 if peer else 2))       # one that is born ahead goes
    assert b.has_stream("s1.log") and b.has_stream("port.log") and "of another time" not in b.whole("port.log")
    head = b.file("s1.log")
    assert "starting up bulkhead" in head and "-name guest=s1" in head, head[:300]

    step("no byte is lost when virtqemud is killed and virtlogd executes itself anew, and virtlogd's rules count")
    out = b.dir + "/run/out"
    console.send(PRINT)
    wait_for("the first line", lambda: "line-1-of" in b.whole("port.log"))
    for k in range(2):
        for role in ("qemu", "supervisor"):
            kill(b.role(role))
            time.sleep(0.2)
        os.kill(b.logd(), signal.SIGUSR1)
        time.sleep(0.2)
    b.stop_daemon(signal.SIGKILL)
    seen = len(b.whole("port.log"))
    wait_for("the log goes on without virtqemud", lambda: len(b.whole("port.log")) > seen or "END-OF" in b.whole("port.log"))
    b.start()
    wait_for("the last line", lambda: "END-OF-LINES" in b.whole("port.log"), 120)
    have = [int(x) for x in re.findall(r"line-(\d+)-of-many", b.whole("port.log"))]
    assert have == list(range(1, LINES + 1)), "%d lines" % len(have)
    with open(out, errors="replace") as f:
        wait_for("byte for byte", lambda: b.whole("port.log") == (f.seek(0), f.read())[1])
    assert os.path.exists(b.host("port.log.1")) and all(os.path.getsize(b.host(f)) <= SIZE for f in os.listdir(b.host("")) if f.startswith("port.log"))
    console.close()
    c = wait_for("it answers", b.connect)
    dom = c.lookupByName("s1")
    os.kill(b.role("guest")[0], signal.SIGTERM)
    wait_for("its end", lambda: is_off(dom))
    wait_for("QEMU's last words", lambda: "terminating on signal 15" in b.file("s1.log"))
    assert b.file("s1.log").startswith(head)
    b.ended("s1.log", "port.log")


def errors(b, c):
    """Gives a guest that runs."""
    step("QEMU's last words as an error; a log that cannot be; one that is kept; two guests with one")
    with open(b.host("kept.log"), "w") as f:
        f.write("kept\n")
    xml = lambda name, log="kept.log": guest_xml(name).replace("<serial type='pty'/>", port(log))
    said(lambda: c.createXML(xml("two", "no/such/folder.log")), "Unable to open file: %sno/such/folder.log" % FOLDER)
    bad = guest_xml("bad").replace("<domain type='qemu'>", "<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>").replace("</devices>", NONSENSE)
    said(lambda: c.createXML(bad), "-nonsense: invalid option")
    b.ended("two.log", "bad.log")
    one = c.createXML(xml("one"))
    assert b.file("kept.log").startswith("kept\n")
    said(lambda: c.createXML(xml("two")), "kept.log")
    c.createXML(guest_xml("two")).destroy()
    return one


def without(b, c, one):
    """one: a guest that runs."""
    step("no virtlogd: no guest is started, those that run go on")
    b.end_logd()
    e = said(lambda: c.createXML(guest_xml("three")), "Failed to connect socket to '/run/libvirt/virtlogd-sock'")
    assert e.get_error_domain() == libvirt.VIR_FROM_RPC and one.isActive(), e
    said(lambda: c.lookupByName("three"))
    b.begin_logd()
    three = c.createXML(guest_xml("three"))
    assert one.isActive() and b.has_stream("three.log")
    one.destroy()
    three.destroy()


def own_file(b, c):
    step('stdio_handler = "file", for guests from then on: a log of ours, which does not roll over')
    with open(b.dir + "/etc/libvirt/qemu.conf", "w") as f:
        f.write('stdio_handler = "file"\n')
    os.kill(b.daemon_pid(), signal.SIGHUP)
    wait_for("it is in force", lambda: c.createXML(guest_xml("grows")).destroy() == 0 and len(b.file("grows.log")) > SIZE, 180)
    assert not os.path.exists(b.host("grows.log.0")) and not b.has_stream("grows.log")


def life(peer):
    with Logged("stdio-peer" if peer else "stdio-ours", "virtlogd" if peer else None) as b:
        b.start()
        streams(b, peer)
        c = b.connect()
        without(b, c, errors(b, c))
        if not peer:
            own_file(b, c)
        c.close()
        b.clean()


class FakeLogd:
    """Where virtlogd listens. answer(connection, header): what is said to each call."""

    def __init__(self, path):
        self.answer = None
        if os.path.exists(path):
            os.unlink(path)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(path)
        self.sock.listen(8)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                c, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        try:
            while True:
                head = c.recv(HEAD.size, socket.MSG_WAITALL)
                if len(head) < HEAD.size:
                    return
                c.recv(HEAD.unpack(head)[0] - HEAD.size, socket.MSG_WAITALL)
                self.answer(c, HEAD.unpack(head))
        except OSError:
            return


def reply(kind, fds, n=None, proc=None):
    """An answer with so many descriptors, which says that it has n."""
    def answer(c, head):
        body = struct.pack(">I", len(fds) if n is None else n) * (kind == REPLY_WITH_FDS) + struct.pack(">QQ", 1, 0)
        c.sendall(HEAD.pack(HEAD.size + len(body), LOG, 1, proc or head[3], kind, head[5], 0) + body)
        if fds:
            c.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds).tobytes())])
        elif kind == REPLY_WITH_FDS:
            c.sendall(b"\0")
    return answer


def hostile():
    """Whatever stands where virtlogd should: that start fails, and nothing else."""
    with Logged("stdio-hostile", None) as b:
        b.start()
        c = b.connect()
        calm = c.createXML(guest_xml("calm"))
        b.end_logd()
        fake = FakeLogd(b.logd_sock)
        r, w = os.pipe()
        null, plain = os.open("/dev/null", os.O_RDWR), os.open(b.dir + "/plain", os.O_RDWR | os.O_CREAT)
        step("answers that make no sense, and descriptors that are no pipe to be written")
        for what, answer in (("another kind", reply(REPLY, [])), ("no descriptor", reply(REPLY_WITH_FDS, [])), ("two", reply(REPLY_WITH_FDS, [w, w])), ("more than are told", reply(REPLY_WITH_FDS, [w, w], 1)),
                             ("a million", reply(REPLY_WITH_FDS, [w], 1 << 20)), ("the reading end", reply(REPLY_WITH_FDS, [r])), ("a file", reply(REPLY_WITH_FDS, [plain])),
                             ("a device", reply(REPLY_WITH_FDS, [null])), ("a socket", lambda k, h: reply(REPLY_WITH_FDS, [k.fileno()])(k, h)), ("of another call", reply(REPLY_WITH_FDS, [w], proc=9)),
                             ("noise", lambda k, h: k.sendall(os.urandom(200))), ("too long", lambda k, h: k.sendall(struct.pack(">I", 1 << 31) * 20)), ("half", lambda k, h: (k.sendall(b"\0\0\0\x30"), k.close())),
                             ("nothing", lambda k, h: k.shutdown(socket.SHUT_RDWR))):
            fake.answer = answer
            e = said(lambda: c.createXML(guest_xml("poor")))
            assert e.get_error_code() == libvirt.VIR_ERR_RPC, (what, str(e))
            said(lambda: c.lookupByName("poor"))
        step("one that says nothing")
        asked = threading.Event()
        fake.answer = lambda k, h: asked.set()
        failed = []
        t = threading.Thread(target=lambda: failed.append(said(lambda: b.connect().createXML(guest_xml("poor")))))
        t.start()
        assert asked.wait(60)
        calm.suspend()
        calm.resume()
        assert not failed and calm.isActive()
        t.join(60)
        assert failed[0].get_error_code() == libvirt.VIR_ERR_RPC, failed
        step("one that never reads what it has a pipe for: QEMU runs, and says that start's last word")
        fake.answer = reply(REPLY_WITH_FDS, [w])
        mute = c.createXML(guest_xml("mute"))
        mute.destroy()
        fake.sock.close()
        os.unlink(b.logd_sock)
        b.begin_logd()
        c.createXML(guest_xml("poor")).destroy()
        calm.destroy()
        c.close()
        b.clean()


which = sys.argv[1:] or ["ours", "peer"]
beside = None if sys.argv[1:] else subprocess.Popen([sys.executable, __file__, "hostile"])         # it waits, mostly
for word in which:
    if word == "peer" and not shutil.which("virtlogd"):
        print("# Debian's virtlogd is not installed")
    elif word == "hostile":
        hostile()
    else:
        life(word == "peer")
assert not beside or beside.wait() == 0, "what a hostile one does"
