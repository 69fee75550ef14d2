#!/usr/bin/python3
"""Our virtqemud with lock_manager = "lockd", with our virtlockd and with Debian's: disks and <lease> elements are leased before a guest's CPUs run, a guest
on what is leased elsewhere is refused in libvirt's words, leases go when it is paused, and live exactly as long as its QEMU, whoever of the daemon dies."""
import contextlib, hashlib, os, signal, socket, struct, subprocess, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from locklib import *
from needs import needed_modules
needed_modules("libvirt")
import libvirt
from box import QEMU, is_running, wait_for

LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
SPACE, MINE = "/var/lib/libvirt/lockd/files", "/var/lib/libvirt/lockd/mine"


def children(b, parent, role):
    """Those of a role that are one daemon's: there are two of them in the box."""
    own = open("/proc/%d/task/%d/children" % (parent, parent)).read().split()
    return [p for p in b.role(role) if str(p) in own]


def left_over(b):
    return [w for w in b.left_over() if not w.endswith("bulkhead-hand-open")]       # virtlockd has one ready


class Leases:
    """What another host's virtlockd would find locked: the same question for ours and for Debian's."""

    def __init__(self, b, lockspace):
        self.b, self.lockspace = b, lockspace

    def name(self, file):
        return hashlib.sha256((IMAGES + file).encode()).hexdigest() if self.lockspace else IMAGES + file

    def path(self, file):
        return self.b.dir + (SPACE + "/" if self.lockspace else "") + self.name(file)

    def held(self, file, shared=False):
        return os.path.exists(self.path(file)) and is_locked(self.path(file), shared)

    def elsewhere(self):
        """A guest of another host, as far as this virtlockd knows."""
        c = Client(self.b.lock_sock)
        assert c.register(999990, "elsewhere", 9) is None
        return c

    def take(self, c, file):
        return c.acquire(SPACE if self.lockspace else "", self.name(file), AUTOCREATE if self.lockspace else 0)

    def give(self, c, file):
        return c.release(SPACE if self.lockspace else "", self.name(file))


@contextlib.contextmanager
def part(name, peer=False, conf=""):
    """A box with disks, virtlockd, and a virtqemud to be started; in the end nothing is left over there."""
    b = lock_box("leases-" + name, peer=peer, virtqemud=True)
    open(os.path.join(b.dir, "etc/libvirt/qemu.conf"), "a").write('lock_manager = "lockd"\n')
    open(os.path.join(b.dir, "etc/libvirt/qemu-lockd.conf"), "w").write(conf)
    for i in range(6):
        with open(b.images + "/d%d.img" % i, "w") as f:
            f.truncate(1 << 20)
    try:
        yield b
        wait_for("nothing is left over", lambda: not left_over(b))
        print("ok " + name, flush=True)
    except BaseException:
        print(b.log_text()[-4000:], left_over(b))
        raise
    finally:
        b.stop()


def end_lockd(b):
    lockd = min(p for p, k in b.processes() if k.split(" ")[0].endswith("/virtlockd"))
    os.kill(lockd, signal.SIGTERM)
    wait_for("the end of virtlockd", lambda: not is_running(lockd))


def plugged(l, a, other, held_by):
    """A disk that comes is leased before QEMU has it, and no more when it has gone; what is refused leaves nothing."""
    usb = lambda file, dev="sda": disk(file, dev, bus="usb")
    was = a.XMLDesc()
    refused(lambda: a.attachDevice(usb("d3.img")), libvirt.VIR_ERR_RESOURCE_BUSY, "resource busy: Lockspace resource '%s' is locked" % l.name("d3.img") + held_by("elsewhere", 999990))
    assert a.XMLDesc() == was and not l.held("d4.img")
    a.attachDevice(usb("d4.img"))
    assert l.held("d4.img") and l.take(other, "d4.img")[0] == 87
    refused(lambda: a.attachDevice(usb("none.img", "sdb")), libvirt.VIR_ERR_SYSTEM_ERROR, "none.img")
    a.suspend()
    assert not l.held("d4.img") and not l.held("d0.img")
    a.attachDevice(usb("d5.img", "sdb"))
    assert not l.held("d5.img")
    a.resume()
    assert l.held("d4.img") and l.held("d5.img") and l.held("d0.img")
    for file, dev in (("d4.img", "sda"), ("d5.img", "sdb")):
        a.detachDevice(usb(file, dev))
        wait_for("the lease of " + file, lambda: not l.held(file))
    assert l.held("d0.img") and l.held("d1.img")


def paused_and_saved(l, c, other):
    """Paused, by the start or later, a guest has none; and saved. A guest m runs behind it."""
    p = c.createXML(xml("p", disk("d3.img", "vda")), libvirt.VIR_DOMAIN_START_PAUSED)
    refused(p.resume, libvirt.VIR_ERR_RESOURCE_BUSY, l.name("d3.img"))
    assert p.state()[0] == libvirt.VIR_DOMAIN_PAUSED
    assert l.give(other, "d3.img") is None
    p.resume()
    assert l.held("d3.img")
    p.suspend()
    assert not l.held("d3.img") and l.take(other, "d3.img") is None
    refused(p.resume, libvirt.VIR_ERR_RESOURCE_BUSY)
    assert l.give(other, "d3.img") is None
    p.resume()
    p.destroy()
    wait_for("p's lease has gone with it", lambda: not l.held("d3.img"))
    # A managed save, and what goes on from it.
    m = c.defineXML(xml("m", disk("d3.img", "vda")))
    m.create()
    m.managedSave()
    wait_for("m's lease has gone with it", lambda: not l.held("d3.img"))
    assert l.take(other, "d3.img") is None
    refused(m.create, libvirt.VIR_ERR_RESOURCE_BUSY, l.name("d3.img"))
    assert m.hasManagedSaveImage() and l.give(other, "d3.img") is None
    m.create()
    assert l.held("d3.img") and not m.hasManagedSaveImage()


def outlives(b, l):
    """The daemon's processes die, it is started anew in place, and another one takes the guests over. The guest m, as the last one has it."""
    guests = set(b.role("guest"))
    for role in ("qemu", "supervisor", None, "keeper"):
        old = children(b, b.daemon_pid(), "supervisor") if not role else b.role(role)      # the first kill is virtlockd's supervisor's, too
        if role == "keeper":
            b.stop_daemon()
            b.start()
            b.wait(running=2)
        elif role:
            for pid in old:
                os.kill(pid, signal.SIGKILL)
            wait_for("the end of " + role, lambda: not any(is_running(x) for x in old))
        else:
            os.kill(b.daemon_pid(), signal.SIGUSR1)
            wait_for("the end of the supervisor", lambda: not any(is_running(x) for x in old))
        c = wait_for("it answers", b.connect)
        a, m = wait_for("the guests", lambda: (c.lookupByName("a"), c.lookupByName("m")))
        assert l.held("d0.img") and l.held("d3.img") and set(b.role("guest")) == guests
        wait_for("suspend", lambda: m.suspend() == 0)
        assert not l.held("d3.img") and l.held("d0.img"), role
        wait_for("resume", lambda: m.resume() == 0)
        assert l.held("d3.img"), role
    return m


def life(name):
    peer, lockspace = name.startswith("peer"), name.endswith("files")
    with part(name, peer, 'file_lockspace_dir = "%s"\n' % SPACE if lockspace else "") as b:
        l = Leases(b, lockspace)
        b.start()
        c = b.connect()
        other = l.elsewhere()
        a = c.createXML(xml("a", disk("d0.img", "vda") + disk("d1.img", "vdb", "<shareable/>") + disk("d2.img", "vdc", "<readonly/>")))
        assert l.held("d0.img") and l.held("d1.img") and not l.held("d1.img", shared=True) and not l.held("d2.img")
        if not peer:
            told = {r[1]: r for r in leases(b)}
            assert set(told) == {l.name("d0.img"), l.name("d1.img")}, told
            row = told[l.name("d0.img")]
            assert row[0] == (SPACE if lockspace else "") and row[2] == "a" and row[3] == a.UUIDString() and row[4] == a.ID() and row[6] == "exclusive", row
            assert told[l.name("d1.img")][6] == "shared"
        # Another guest, here and of another host, has the disk.
        # Ours names who has it behind libvirt's words.
        held_by = lambda name, pid: "" if peer else ": held by domain '%s' (pid %d)" % (name, pid)
        r = l.take(other, "d0.img")
        assert r[0] == 87 and r[2] == "resource busy: Lockspace resource '%s' is locked" % l.name("d0.img") + held_by("a", 0 if peer else row[5]), r
        assert l.take(other, "d3.img") is None
        refused(lambda: c.createXML(xml("b", disk("d3.img", "vda"))), libvirt.VIR_ERR_RESOURCE_BUSY, "resource busy: Lockspace resource '%s' is locked" % l.name("d3.img") + held_by("elsewhere", 999990))
        refused(lambda: c.createXML(xml("b", disk("d4.img", "vda") + disk("d3.img", "vdb"))), libvirt.VIR_ERR_RESOURCE_BUSY, l.name("d3.img"))
        wait_for("nothing is left of it", lambda: len(b.role("guest")) == 1 and not l.held("d4.img"))
        s = c.createXML(xml("s", disk("d1.img", "vda", "<shareable/>")))
        s.destroy()
        assert l.held("d1.img")
        plugged(l, a, other, held_by)
        paused_and_saved(l, c, other)
        m = outlives(b, l)
        # QEMU is stopped by other means than a call.
        m.suspend()
        m.resume()
        b.virsh("qemu-monitor-command", "m", '{"execute":"stop"}')
        wait_for("m's lease is given up", lambda: not l.held("d3.img"))
        m.resume()
        assert l.held("d3.img")
        # Leases end with QEMU, also when no daemon is there to see it.
        b.stop_daemon(signal.SIGKILL)
        assert l.held("d0.img") and l.held("d3.img")
        for pid in b.role("guest"):
            os.kill(pid, signal.SIGKILL)
        wait_for("no lease is left", lambda: not l.held("d0.img") and not l.held("d1.img") and not l.held("d3.img"))
        b.start()
        c = b.connect()
        m = c.lookupByName("m")
        m.create()
        pid = [x for x, k in b.processes() if k.startswith(QEMU)][0]
        os.kill(pid, signal.SIGKILL)
        wait_for("the end of m", lambda: not m.isActive() and not l.held("d3.img"))
        other.close()
        c.close()


def rules():
    """Leases that the document names, disks without any, and no virtlockd."""
    with part("rules", conf="auto_disk_leases = 0\n") as b:
        l = Leases(b, False)
        b.start()
        c = b.connect()
        lease = "<lease><lockspace>space</lockspace><key>key</key><target path='%s'%s/></lease>"
        refused(lambda: c.createXML(xml("a", disk("d0.img", "vda"))), libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "Read/write, exclusive access, disks were present, but no leases specified")
        c.createXML(xml("r", disk("d0.img", "vda", "<readonly/>"))).destroy()
        refused(lambda: c.createXML(xml("a", lease % (MINE, ""))), libvirt.VIR_ERR_INTERNAL_ERROR, "Lockspace for path %s/space does not exist" % MINE)
        refused(lambda: c.createXML(xml("a", lease % (MINE, " offset='1024'"))), libvirt.VIR_ERR_INTERNAL_ERROR, "Offset must be zero for this lock manager")
        other = l.elsewhere()
        assert other.create_lockspace(MINE + "/space") is None and other.create(MINE + "/space", "key") is None
        a = c.createXML(xml("a", disk("d0.img", "vda") + lease % (MINE, "")))
        assert [r[:3] for r in leases(b)] == [[MINE + "/space", "key", "a"]], leases(b)
        refused(lambda: c.createXML(xml("b", disk("d1.img", "vda") + lease % (MINE, ""))), libvirt.VIR_ERR_RESOURCE_BUSY, "Lockspace resource 'key' is locked: held by domain 'a' (pid %d)" % leases(b)[0][5])
        refused(lambda: a.detachDeviceFlags(lease % (MINE, ""), LIVE), libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "live change of the leases that a guest holds is not supported with lock_manager='lockd'")
        assert a.XMLDesc().count("<lease>") == 1
        a.suspend()             # a guest that stands has no leases: others of them when it goes on
        assert other.create(MINE + "/space", "more") is None
        a.detachDeviceFlags(lease % (MINE, ""), LIVE)
        a.attachDeviceFlags((lease % (MINE, "")).replace("key<", "more<"), LIVE)
        worker = b.role("qemu")[0]
        os.kill(worker, signal.SIGKILL)
        wait_for("another worker", lambda: b.role("qemu") not in ([], [worker]))
        a.resume()
        assert [r[:3] for r in leases(b)] == [[MINE + "/space", "more", "a"]] and a.XMLDesc().count("<lease>") == 1, (leases(b), a.XMLDesc())
        a.destroy()
        other.close()
        end_lockd(b)
        refused(lambda: c.createXML(xml("a", disk("d0.img", "vda") + lease % (MINE, ""))), libvirt.VIR_ERR_INTERNAL_ERROR, "Failed to connect socket to '/run/libvirt/virtlockd-sock'")
        c.close()


def names():
    """Block devices that several hosts reach, by a name that all of them have: as LVM, as a multipath device, as udev had it from scsi_id."""
    lvm, wwid = "LVM-" + "v" * 32 + "abcdefGHIJklmnOPQRstuvWXYZ012345", "360014051234567890abcdef012345678"
    key = "abcdef-GHIJ-klmn-OPQR-stuv-WXYZ-012345"
    backing = "/var/tmp/bh-leases-disk.%d" % os.getpid()
    with open(backing, "w") as f:
        f.truncate(1 << 20)
    r = subprocess.run(["losetup", "-f", "--show", backing], capture_output=True, text=True)
    if r.returncode:
        os.unlink(backing)
        print("    no loop device: the names of block devices are not tried: " + r.stderr.strip(), flush=True)
        return
    device = r.stdout.strip()
    number = "%d:%d" % (os.major(os.stat(device).st_rdev), os.minor(os.stat(device).st_rdev))
    dirs = {w: "/var/lib/libvirt/lockd/" + w for w in ("lvm", "scsi", "files")}
    conf = "".join('%s_lockspace_dir = "%s"\n' % (w if w != "files" else "file", d) for w, d in dirs.items())
    with contextlib.ExitStack() as undo:
        undo.callback(os.unlink, backing)
        undo.callback(subprocess.run, ["losetup", "-d", device])
        b = undo.enter_context(part("names", conf=conf))
        b.start()
        c = b.connect()
        b.run("mount", "-t", "tmpfs", "none", "/sys/dev/block")
        document = xml("a", "<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='%s'/><target dev='vda' bus='virtio'/></disk>" % device + disk("d0.img", "vdb"))
        by_path = [dirs["files"], hashlib.sha256(device.encode()).hexdigest(), "a"]

        def told(uuid, udev):
            b.run("sh", "-ec", "mkdir -p /sys/dev/block/%s/dm; echo '%s' > /sys/dev/block/%s/dm/uuid; mkdir -p /run/udev/data; printf '%s' > /run/udev/data/b%s" % (number, uuid, number, udev, number))
            a = c.createXML(document)
            rows = [r[:3] for r in leases(b)]
            assert [dirs["files"], hashlib.sha256((IMAGES + "d0.img").encode()).hexdigest(), "a"] in rows and len(rows) == 2, rows
            a.suspend()
            assert not leases(b)
            a.resume()
            assert [r[:3] for r in leases(b)] == rows
            a.destroy()
            return rows[0] if rows[1][0] == dirs["files"] and rows[0][0] != rows[1][0] else next(r for r in rows if r[1] != hashlib.sha256((IMAGES + "d0.img").encode()).hexdigest())

        refused(lambda: c.createXML(document), libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "there is no udev that knows the SCSI name of '%s'" % device)
        assert told(lvm, "E:ID_BUS=scsi\\nE:ID_SERIAL=%s\\n" % wwid) == [dirs["lvm"], key, "a"]
        assert told("mpath-" + wwid, "") == [dirs["scsi"], wwid, "a"]
        assert told("", "S:disk\\nE:ID_BUS=scsi\\nE:ID_SERIAL=%s\\nE:ID_SERIAL_SHORT=x\\n" % wwid) == [dirs["scsi"], wwid, "a"]
        # Another bus's serial number is none that scsi_id would tell; nor is what is no plain logical volume one of lvs's.
        assert told(lvm + "-cow", "S:disk\\nE:ID_BUS=ata\\nE:ID_SERIAL=disk_1\\n") == by_path
        # A name that is none.
        b.run("sh", "-ec", "printf 'S:disk\\nE:ID_BUS=scsi\\nE:ID_SERIAL=../../x\\n' > /run/udev/data/b" + number)
        refused(lambda: c.createXML(document), libvirt.VIR_ERR_INTERNAL_ERROR, "nobody has said what '%s' is called" % device)
        c.close()


class FakeLockd:
    """Where virtlockd listens: says yes, when it may go on, to the first `yes` connections' calls, and `says` to everything else."""

    def __init__(self, path, yes, says):
        self.yes, self.says, self.asked, self.go = yes, says, [], threading.Event()
        self.go.set()
        self.sock = socket.socket(socket.AF_UNIX)
        if os.path.exists(path):
            os.unlink(path)
        self.sock.bind(path)
        self.sock.listen(8)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        n = 0
        while True:
            try:
                c, _ = self.sock.accept()
            except OSError:
                return
            n += 1
            threading.Thread(target=self.serve, args=(c, n <= self.yes), daemon=True).start()

    def serve(self, c, yes):
        data = b""
        try:
            while True:
                more = c.recv(65536)
                if not more:
                    return
                data += more
                while len(data) >= 28 and len(data) >= struct.unpack(">I", data[:4])[0]:
                    size, program, version, proc, kind, serial, status = struct.unpack(">IIIiIII", data[:28])
                    self.asked.append(proc)
                    data = data[size:]
                    if yes:
                        self.go.wait()
                        c.sendall(struct.pack(">IIIiIII", 28, program, version, proc, 1, serial, 0))
                    elif self.says is None:
                        c.close()
                        return
                    else:
                        c.sendall(self.says)
        except OSError:
            return


class Saying:
    """A call in a thread, on a connection of its own: its result, or the error's code."""

    def __init__(self, b, call):
        self.said = None
        self.thread = threading.Thread(target=self.run, args=(b, call))
        self.thread.start()

    def run(self, b, call):
        c = b.connect()
        try:
            self.said = getattr(c.lookupByName("m"), call)()
        except libvirt.libvirtError as e:
            self.said = -e.get_error_code()
        c.close()

    def end(self):
        self.thread.join(60)
        return self.said


def meanwhile():
    """What comes while a resume waits for its leases, or a suspend for QEMU; and a resume whose talk with virtlockd dies, twice."""
    with part("meanwhile") as b:
        end_lockd(b)
        fake = FakeLockd(b.lock_sock, 1000, None)
        b.start()
        c = b.connect()
        m = c.defineXML(xml("m", disk("d0.img", "vda")))
        m.create()

        def resume():
            fake.go.clear()
            fake.asked.clear()
            s = Saying(b, "resume")
            wait_for("leases are asked for", lambda: fake.asked)
            return s
        m.suspend()
        wait_for("they are given up", lambda: RELEASE in fake.asked)
        resuming = resume()
        suspending = Saying(b, "suspend")
        suspending.thread.join(0.5)                 # time to go wrong
        assert suspending.said is None and resuming.said is None, (suspending.said, resuming.said)
        fake.go.set()
        assert (resuming.end(), suspending.end()) == (0, 0), (resuming.said, suspending.said)
        assert m.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER] and fake.asked.index(ACQUIRE) < fake.asked.index(RELEASE)
        # It may have got them: they are given up, else they would be another's for the next resume.
        resuming = resume()
        died = []
        for turn in "once", "twice":
            died += wait_for("a talk", lambda: [p for p in b.role("talk") if p not in died])
            os.kill(died[-1], signal.SIGKILL)
        assert resuming.end() == -libvirt.VIR_ERR_INTERNAL_ERROR, resuming.said
        fake.go.set()
        wait_for("they are given up", lambda: RELEASE in fake.asked)
        assert ACQUIRE not in fake.asked
        m.resume()
        # A suspend that QEMU has not answered.
        qemu = b.role("guest")[0]
        os.kill(qemu, signal.SIGSTOP)
        suspending = Saying(b, "suspend")
        wait_for("QEMU is asked", lambda: m.controlInfo()[0] == libvirt.VIR_DOMAIN_CONTROL_OCCUPIED)
        saving = Saying(b, "managedSave")
        saving.thread.join(0.5)                     # it waits
        assert saving.said is None and suspending.said is None, (saving.said, suspending.said)
        os.kill(qemu, signal.SIGCONT)
        assert (suspending.end(), saving.end()) == (0, 0), (suspending.said, saving.said)
        m.create()
        assert m.state()[0] == libvirt.VIR_DOMAIN_PAUSED, m.state()
        m.resume()
        # A worker that is killed while one call is at work, and others wait for it: each has its answer, what may be done twice that of the next worker, and the guest goes on.
        qemu = b.role("guest")[0]
        os.kill(qemu, signal.SIGSTOP)
        first = Saying(b, "suspend")
        wait_for("QEMU is asked", lambda: m.controlInfo()[0] == libvirt.VIR_DOMAIN_CONTROL_OCCUPIED)
        waiting = [Saying(b, call) for call in ("resume", "suspend", "managedSave")]
        waiting[-1].thread.join(0.5)
        assert [s.said for s in waiting] == [None] * 3, [s.said for s in waiting]
        os.kill(b.role("qemu")[0], signal.SIGKILL)
        assert waiting[-1].end() == -libvirt.VIR_ERR_INTERNAL_ERROR, waiting[-1].said
        os.kill(qemu, signal.SIGCONT)
        said = [s.end() for s in (first, *waiting[:2])]
        assert said == [0, -libvirt.VIR_ERR_OPERATION_FAILED, 0] and m.state()[0] == libvirt.VIR_DOMAIN_PAUSED, (said, m.state())
        m.resume()
        assert b.role("guest") == [qemu] and m.state()[0] == libvirt.VIR_DOMAIN_RUNNING and not m.hasManagedSaveImage(), m.state()
        m.destroy()
        fake.sock.close()
        c.close()


def hostile():
    """What is no virtlockd: a start is refused, and nothing else comes of it."""
    with part("hostile") as b:
        end_lockd(b)
        b.start()
        c = b.connect()
        error = struct.pack(">IIIiIII", 28 + 8, 0x0ea7beef, 1, REGISTER, 1, 0, 1) + b"\xff" * 8
        for yes, says, code, words in ((0, b"\xff" * 56, libvirt.VIR_ERR_SYSTEM_ERROR, "virtlockd does not register the guest"), (0, None, libvirt.VIR_ERR_SYSTEM_ERROR, "virtlockd does not register the guest"),
                                       (0, error * 2, libvirt.VIR_ERR_SYSTEM_ERROR, "virtlockd does not register the guest"), (1, b"\xff" * 64, libvirt.VIR_ERR_RPC, "makes no sense"),
                                       (1, None, libvirt.VIR_ERR_RPC, "closed the connection"), (1, error, libvirt.VIR_ERR_RPC, "makes no sense")):
            fake = FakeLockd(b.lock_sock, yes, says)
            refused(lambda: c.createXML(xml("a", disk("d0.img", "vda"))), code, words)
            assert fake.asked[:2] == [REGISTER, RESTRICT][:len(fake.asked)] and (not yes or fake.asked[2] == REGISTER), fake.asked
            fake.sock.close()
            wait_for("nothing is left over", lambda: not left_over(b))
        c.close()


OTHERS = {"rules": rules, "names": names, "meanwhile": meanwhile, "hostile": hostile}
for word in sys.argv[1:] or [*OTHERS, "ours-direct", "peer-files"]:      # or ours-files, peer-direct
    OTHERS[word]() if word in OTHERS else life(word)
