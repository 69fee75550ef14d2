"""locklib.py: a client of the lock program, for tests of virtlockd: ours and Debian's get the same bytes."""
import rpclib, socket, struct
from needs import needed, needs_root
from rpclib import LOCK, message, string

REGISTER, RESTRICT, NEW, CREATE, DELETE, ACQUIRE, RELEASE, CREATE_LOCKSPACE = range(1, 9)
SHARED, AUTOCREATE = 1, 2


class Client(rpclib.Client):
    """One connection.  Each call returns None, or the error as a list that begins with code, domain and message."""

    def __init__(self, path):
        super().__init__(path, LOCK)

    def call(self, proc, args):
        r, error = self.ask(proc, args)
        assert error or not r.data, "results where there are none"
        return error

    def register(self, pid, name="one", id=1, uuid=b"\x11" * 16, flags=0):
        return self.call(REGISTER, uuid + string(name) + struct.pack(">III", id, pid, flags))

    def restrict(self, flags=0):
        return self.call(RESTRICT, struct.pack(">I", flags))

    def new(self, path, flags=0):
        return self.call(NEW, string(path) + struct.pack(">I", flags))

    def create(self, path, name, flags=0):
        return self.call(CREATE, string(path) + string(name) + struct.pack(">I", flags))

    def delete(self, path, name, flags=0):
        return self.call(DELETE, string(path) + string(name) + struct.pack(">I", flags))

    def acquire(self, path, name, flags=0):
        return self.call(ACQUIRE, string(path) + string(name) + struct.pack(">I", flags))

    def release(self, path, name, flags=0):
        return self.call(RELEASE, string(path) + string(name) + struct.pack(">I", flags))

    def create_lockspace(self, path):
        return self.call(CREATE_LOCKSPACE, string(path))


# ---- daemons in a box (box.py) ----

def lock_box(name, peer=False, libvirtd=False, virtqemud=False, before=""):
    """A box with virtlockd: ours, after this shell line, or (peer) Debian's; and with Debian's libvirtd, or our virtqemud, as its client, to be started."""
    import os
    from box import BUILD, Box, wait_for
    needs_root()
    needed(*["virtlockd"] * peer, *["libvirtd", "virtlogd", "virsh"] * libvirtd)
    b = Box(name, peer=libvirtd, start=False)
    if not libvirtd and not virtqemud:
        b.word = "virtlockd"
    ours = before + "BULKHEAD_LIBEXECDIR=%s/roles %s/virtlockd" % (BUILD, BUILD)
    b.lockd = "virtlockd" if peer else ours
    if not libvirtd and not virtqemud:
        b.command = b.lockd
    b.lock_sock = os.path.join(b.dir, "run/libvirt/virtlockd-sock")
    b.images = os.path.join(b.dir, "var/lib/libvirt/images")
    b.say(b.lockd)
    wait_for("virtlockd answers", lambda: Client(b.lock_sock).close() is None)
    wait_for("the box is made", lambda: os.path.isdir(b.images))
    return b


class Msgpack:
    """A client by msgpack-RPC; numbers, strings, arrays and nil are enough here."""

    def __init__(self, path, admin=True):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(60)
        self.s.connect(path)
        self.data, self.msgid = b"", 0
        if admin:
            self.call("admin.connect.open", b"\x91\x00")

    def close(self):
        self.s.close()

    def take(self, n):
        while len(self.data) < n:
            more = self.s.recv(65536)
            if not more:
                raise EOFError("the daemon has closed the connection")
            self.data += more
        out, self.data = self.data[:n], self.data[n:]
        return out

    def value(self):
        t = self.take(1)[0]
        if t < 0x80 or t >= 0xe0:
            return t - 256 * (t >= 0xe0)
        if t == 0xc0:
            return None
        if t in (0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3):
            return int.from_bytes(self.take(1 << (t & 3)), "big", signed=t >= 0xd0)
        if 0xa0 <= t < 0xc0 or t in (0xc4, 0xc5, 0xc6, 0xd9, 0xda, 0xdb):
            w = 0 if t < 0xc0 else 1 << (t - 0xc4 if t < 0xd0 else t - 0xd9)
            b = self.take(t & 31 if not w else int.from_bytes(self.take(w), "big"))
            return b if 0xc4 <= t <= 0xc6 else b.decode()
        w = 0 if t < 0xa0 else 1 << (t - 0xdb)
        assert 0x90 <= t < 0xa0 or t in (0xdc, 0xdd), "no answer of that kind: %#x" % t
        return [self.value() for _ in range(t & 15 if not w else int.from_bytes(self.take(w), "big"))]

    def call(self, method, args=b"\x90"):
        """The results of one call."""
        self.msgid += 1
        self.s.sendall(b"\x94\x00" + bytes([self.msgid]) + b"\xd9" + bytes([len(method)]) + method.encode() + args)
        answer = self.value()
        assert answer[:2] == [1, self.msgid] and answer[2] is None, answer
        return answer[3]


def msgpack_call(path, method, args=b"\x90"):
    """The results of one call of the admin door."""
    m = Msgpack(path)
    try:
        return m.call(method, args)
    finally:
        m.close()


def leases(b):
    """[lockspace, resource, owner, uuid, id, pid, mode, since] of each."""
    return msgpack_call(b.lock_sock.replace("virtlockd-sock", "virtlockd-admin-sock"), "internal.leases")[0]


def held_by_holder(b):
    """How many locks, and folders of lockspaces, the daemon's holder has by now."""
    import os
    return sum("/var/lib/libvirt/" in os.readlink("/proc/%d/fd/%s" % (p, f)) for p in b.role("holder") for f in os.listdir("/proc/%d/fd" % p))


def is_locked(path, shared=False):
    """Would another virtlockd, with its POSIX lock, be refused?"""
    import fcntl, os
    fd = os.open(path, os.O_RDWR)
    try:
        fcntl.lockf(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB, 1, 0)
        return False
    except OSError:
        return True
    finally:
        os.close(fd)


# ---- libvirt's clients ----

IMAGES = "/var/lib/libvirt/images/"


def disk(file, target="vda", extra="", device="disk", bus="virtio"):
    return f"<disk type='file' device='{device}'><driver name='qemu' type='raw'/><source file='{IMAGES}{file}'/><target dev='{target}' bus='{bus}'/>{extra}</disk>"


def xml(name, devices, extra=""):
    from box import QEMU
    return f"""<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='pc'>hvm</type></os>{extra}
<devices><emulator>{QEMU}</emulator>{devices}</devices></domain>"""


def refused(fn, code, *words):
    import libvirt
    try:
        fn()
    except libvirt.libvirtError as e:
        assert e.get_error_code() == code, (e.get_error_code(), str(e))
        assert all(w in str(e) for w in words), str(e)
        return
    raise AssertionError("it was not refused")
