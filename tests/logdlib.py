"""logdlib.py: the log daemon's program by libvirt's RPC, over its socket: what libvirtd and virtqemud say to virtlogd, call by call."""
import struct, uuid
from rpclib import LOG, Client, string

OPEN, POSITION, READ, APPEND = 1, 2, 3, 4
TRUNCATE = 1
UUID = uuid.UUID("aaaaaaaa-bbbb-4ccc-8ddd-000000000001").bytes


class Error(Exception):
    """code, domain, text and errno of an error reply."""

    def __init__(self, code, domain, text, level, str1, str2, str3, sys, int2):
        super().__init__("error %d of domain %d: %s" % (code, domain, text))
        self.code, self.domain, self.text, self.sys = code, domain, text or "", sys


class Logd(Client):
    """One connection. path: the socket."""

    def __init__(self, path):
        super().__init__(path, LOG)

    def call(self, proc, args, **head):
        """A Reader of a reply's results. Raises Error."""
        r, error = self.ask(proc, args, **head)
        if error:
            raise Error(*error)
        return r

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
