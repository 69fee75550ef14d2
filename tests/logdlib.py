"""logdlib.py: the log daemon's program by libvirt's RPC, over its socket: what libvirtd and virtqemud say to virtlogd, call by call."""
import array, os, socket, struct, uuid

LOG, KEEPALIVE = 0x87539319, 0x6b656570
OPEN, POSITION, READ, APPEND = 1, 2, 3, 4
TRUNCATE = 1
UUID = uuid.UUID("aaaaaaaa-bbbb-4ccc-8ddd-000000000001").bytes


class Error(Exception):
    """code, domain, text and errno of an error reply."""

    def __init__(self, code, domain, text, sys):
        super().__init__("error %d of domain %d: %s" % (code, domain, text))
        self.code, self.domain, self.text, self.sys = code, domain, text, sys


def string(s):
    s = s.encode() if isinstance(s, str) else s
    return struct.pack(">I", len(s)) + s + b"\0" * (-len(s) % 4)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def i32(self):
        return struct.unpack(">i", self.take(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.take(8))[0]

    def string(self):
        s = self.take(self.u32())
        self.at += -len(s) % 4
        return s

    def optional(self):
        return self.string() if self.u32() else None


class Logd:
    """One connection. path: the socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(path)
        self.serial = 0
        self.fds = []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.sock.close()
        while self.fds:
            os.close(self.fds.pop())

    def exact(self, n):
        data = b""
        while len(data) < n:
            more, ancillary, _, _ = self.sock.recvmsg(n - len(data), socket.CMSG_SPACE(4 * 8))
            for level, kind, value in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds = array.array("i")
                    fds.frombytes(value[:len(value) - len(value) % 4])
                    self.fds += fds
            if not more:
                raise EOFError("the daemon closed the connection")
            data += more
        return data

    def send(self, proc, args, prog=LOG, version=1, kind=0, status=0):
        self.sock.sendall(struct.pack(">IIIiIII", 28 + len(args), prog, version, proc, kind, self.serial, status) + args)
        self.serial += 1

    def receive(self):
        """A Reader of a reply's results. Raises Error."""
        n, = struct.unpack(">I", self.exact(4))
        prog, version, proc, kind, serial, status = struct.unpack(">IIiIII", self.exact(24))
        r = Reader(self.exact(n - 28))
        if kind == 5:
            self.exact(r.u32())                  # each descriptor rides on a byte of its own
        if status == 0:
            return r
        code, domain, text = r.i32(), r.i32(), r.optional()
        r.i32(), r.u32(), r.optional(), r.optional(), r.optional()
        raise Error(code, domain, (text or b"").decode(errors="replace"), r.i32())

    def call(self, proc, args, **kw):
        self.send(proc, args, **kw)
        return self.receive()

    def open(self, path, flags=0, driver="qemu", name="one"):
        """(descriptor of the pipe, inode, offset)"""
        r = self.call(OPEN, string(driver) + UUID + string(name) + string(path) + struct.pack(">I", flags))
        return self.fds.pop(), r.u64(), r.u64()

    def position(self, path, flags=0):
        r = self.call(POSITION, string(path) + struct.pack(">I", flags))
        return r.u64(), r.u64()

    def read(self, path, inode=0, offset=0, maxlen=1 << 20, flags=0):
        return self.call(READ, string(path) + struct.pack(">QQQI", inode, offset, maxlen, flags)).string()

    def append(self, path, message, flags=0, driver="qemu", name="one"):
        return self.call(APPEND, string(driver) + UUID + string(name) + string(path) + string(message) + struct.pack(">I", flags)).i32()
