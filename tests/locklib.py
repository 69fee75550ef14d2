"""locklib.py: a client of the lock program, for tests of virtlockd: ours and Debian's get the same bytes."""
import socket, struct

PROGRAM = 0x0ea7beef
REGISTER, RESTRICT, NEW, CREATE, DELETE, ACQUIRE, RELEASE, CREATE_LOCKSPACE = range(1, 9)
SHARED, AUTOCREATE = 1, 2


def string(text):
    b = text if isinstance(text, bytes) else text.encode()
    return struct.pack(">I", len(b)) + b + b"\0" * (-len(b) % 4)


def message(proc, args, serial=0, program=PROGRAM):
    return struct.pack(">IIIiIII", 28 + len(args), program, 1, proc, 0, serial, 0) + args


def error(body):
    """[code, domain, message, level, str1, str2, str3, int1, int2] of an error's bytes."""
    at, out = [0], []

    def number():
        at[0] += 4
        return struct.unpack_from(">i", body, at[0] - 4)[0]

    def text():
        if not number():
            return None
        n = number()
        at[0] += n + (-n % 4)
        return body[at[0] - n - (-n % 4):at[0] - (-n % 4)].decode()
    out += [number(), number(), text(), number()]
    assert number() == 0, "a domain in an error"
    return out + [text(), text(), text(), number(), number()]


class Client:
    """One connection.  Each call returns None, or the error as a list that begins with code, domain and message."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(path)
        self.serial = 0

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def take(self, n):
        b = b""
        while len(b) < n:
            more = self.sock.recv(n - len(b))
            if not more:
                raise EOFError("the daemon has closed the connection")
            b += more
        return b

    def send(self, proc, args):
        self.sock.sendall(message(proc, args, self.serial))
        self.serial += 1

    def reply(self):
        size, program, version, proc, kind, serial, status = struct.unpack(">IIIiIII", self.take(28))
        body = self.take(size - 28)
        assert (program, version, kind) == (PROGRAM, 1, 1), "not a reply of this program"
        if status:
            return error(body)
        assert not body, "results where there are none"
        return None

    def call(self, proc, args):
        self.send(proc, args)
        return self.reply()

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

def skip(why):
    print("SKIP: " + why)
    raise SystemExit(77)


def lock_box(name, peer=False, libvirtd=False):
    """A box with virtlockd: ours, or Debian's; and with Debian's libvirtd as its client."""
    import os, shutil
    from box import BUILD, Box, wait_for
    if os.geteuid():
        skip("needs root")
    for program in (["virtlockd"] if peer else []) + (["libvirtd", "virtlogd", "virsh"] if libvirtd else []):
        if not shutil.which(program):
            skip(program + " is not installed")
    b = Box(name, peer=libvirtd, start=False)
    if not libvirtd:
        b.word = "virtlockd"
    ours = "BULKHEAD_LIBEXECDIR=%s/roles %s/virtlockd" % (BUILD, BUILD)
    b.lockd = "virtlockd" if peer else ours
    if not libvirtd:
        b.command = b.lockd
    b.lock_sock = os.path.join(b.dir, "run/libvirt/virtlockd-sock")
    b.images = os.path.join(b.dir, "var/lib/libvirt/images")
    b.say(b.lockd)
    wait_for("virtlockd answers", lambda: Client(b.lock_sock).close() is None)
    wait_for("the box is made", lambda: os.path.isdir(b.images))
    return b


def msgpack_call(path, method, args=b"\x90"):
    """The answer to one call of the admin door by msgpack-RPC: its results; numbers, strings, arrays and nil are enough here."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect(path)
    data = b""

    def need(at, n):
        nonlocal data
        while len(data) < at + n:
            more = s.recv(65536)
            if not more:
                raise EOFError("the daemon has closed the connection")
            data += more
        return data[at:at + n]

    def value(at):
        t = need(at, 1)[0]
        if t < 0x80 or t >= 0xe0:
            return t - 256 * (t >= 0xe0), at + 1
        if t == 0xc0:
            return None, at + 1
        if t in (0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3):
            n = 1 << (t & 3)
            return int.from_bytes(need(at + 1, n), "big", signed=t >= 0xd0), at + 1 + n
        if 0xa0 <= t < 0xc0 or t in (0xc4, 0xc5, 0xc6, 0xd9, 0xda, 0xdb):
            w = 0 if t < 0xc0 else 1 << (t - 0xc4 if t < 0xd0 else t - 0xd9)
            n = t & 31 if not w else int.from_bytes(need(at + 1, w), "big")
            b = need(at + 1 + w, n)
            return (b if 0xc4 <= t <= 0xc6 else b.decode()), at + 1 + w + n
        w = 0 if t < 0xa0 else 1 << (t - 0xdb)
        assert 0x90 <= t < 0xa0 or t in (0xdc, 0xdd), "no answer of that kind: %#x" % t
        n = t & 15 if not w else int.from_bytes(need(at + 1, w), "big")
        out, at = [], at + 1 + w
        for _ in range(n):
            v, at = value(at)
            out.append(v)
        return out, at
    answer, at = None, 0
    for i, (m, a) in enumerate((("admin.connect.open", b"\x91\x00"), (method, args))):
        s.sendall(b"\x94\x00" + bytes([i]) + b"\xd9" + bytes([len(m)]) + m.encode() + a)
        answer, at = value(at)
        assert answer[:2] == [1, i] and answer[2] is None, answer
    s.close()
    return answer[3]


def leases(b):
    """[lockspace, resource, owner, uuid, id, pid, mode, since] of each."""
    return msgpack_call(b.lock_sock.replace("virtlockd-sock", "virtlockd-admin-sock"), "internal.leases")[0]


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
