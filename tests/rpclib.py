"""rpclib.py: libvirt's RPC by hand, message by message, for tests that say what no library would."""
import array, glob, importlib.util, os, socket, struct, sys

REMOTE, LOG, LOCK, KEEPALIVE = 0x20008086, 0x87539319, 0x0ea7beef, 0x6b656570
CALL, REPLY, REPLY_WITH_FDS = 0, 1, 5
HEAD = struct.Struct(">IIIiIII")        # length, program, version, procedure, kind, serial, status


def schema():
    """{program: all that ipc/schema says of it}, as gen.py reads it."""
    folder = os.path.join(os.environ.get("SRCDIR") or os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "ipc/schema")
    spec = importlib.util.spec_from_file_location("gen", os.path.join(folder, "gen.py"))
    gen = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(gen)
    programs = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.rpc")), key=lambda f: os.path.basename(f) != "remote.rpc"):
        gen.parse(path, programs)
    return programs


def string(s):
    s = s.encode() if isinstance(s, str) else s
    return struct.pack(">I", len(s)) + s + b"\0" * (-len(s) % 4)


def message(program, proc, args=b"", serial=0, version=1, kind=CALL, status=0):
    return HEAD.pack(HEAD.size + len(args), program, version, proc, kind, serial, status) + args


class Reader:
    """The bytes of a message, taken one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        self.at += n
        assert self.at <= len(self.data), "it ends too early"
        return self.data[self.at - n:self.at]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def i32(self):
        return struct.unpack(">i", self.take(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.take(8))[0]

    def string(self):
        n = self.u32()
        s = self.take(n)
        self.take(-n % 4)
        return s

    def optional(self):
        return self.string().decode(errors="replace") if self.u32() else None

    def error(self):
        """[code, domain, message, level, str1, str2, str3, int1, int2]"""
        out = [self.i32(), self.i32(), self.optional(), self.i32()]
        assert self.u32() == 0, "a domain in an error"
        out += [self.optional(), self.optional(), self.optional(), self.i32(), self.i32()]
        assert self.u32() == 0, "a network in an error"
        self.end()
        return out

    def end(self):
        assert self.at == len(self.data), "%d bytes are left over" % (len(self.data) - self.at)


class Client:
    """One connection to the daemon's socket path, whose program is this one. fds: descriptors that came with replies."""

    def __init__(self, path, program):
        self.program, self.serial, self.fds = program, 0, []
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(path)

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

    def send(self, proc, args=b"", program=None, **head):
        self.asked = program or self.program, proc, self.serial
        self.sock.sendall(message(*self.asked[:2], args, self.serial, **head))
        self.serial += 1

    def receive(self):
        """The reply to the last call: its results, and its error (Reader.error) or None."""
        n, program, _, proc, kind, serial, status = HEAD.unpack(self.exact(HEAD.size))
        assert kind in (REPLY, REPLY_WITH_FDS) and (program, proc, serial) == self.asked, "not the reply to what was asked"
        r = Reader(self.exact(n - HEAD.size))
        if kind == REPLY_WITH_FDS:
            fds = r.u32()
            self.exact(fds)             # each descriptor rides on a byte of its own
        return r, r.error() if status else None

    def ask(self, proc, args=b"", **head):
        self.send(proc, args, **head)
        return self.receive()
