"""vhostuser.py: the other side of a <interface type='vhostuser'>: it answers QEMU, maps the guest's memory, and sees what frames the guest sends."""
import mmap, os, socket, struct, threading

GET_FEATURES, SET_MEM_TABLE, SET_VRING_ADDR, GET_VRING_BASE, SET_VRING_CALL, GET_PROTOCOL_FEATURES, GET_QUEUE_NUM, SET_VRING_ENABLE = 1, 5, 9, 11, 13, 15, 17, 18
QUEUES = 4
FEATURES = 1 << 32 | 1 << 30 | 1 << 22 | 1 << 17        # VIRTIO_F_VERSION_1, VHOST_USER_F_PROTOCOL_FEATURES, VIRTIO_NET_F_MQ (without which QEMU 7.2 falls over), VIRTIO_NET_F_CTRL_VQ
PROTOCOL = 1 << 0                   # more queues than one
SENDS = 1                           # the first ring that the guest sends by


class BackEnd(threading.Thread):
    """One connection with QEMU."""

    def __init__(self, path, before=None):
        """before: whose socket it listens at."""
        super().__init__(daemon=True)
        self.path, self.regions, self.rings, self.seen = path, [], {}, []
        self.sock = before.sock if before else socket.socket(socket.AF_UNIX)
        if not before:
            self.sock.bind(path)
            os.chmod(path, 0o777)
            self.sock.listen(1)
        self.start()

    def run(self):
        self.con = self.sock.accept()[0]
        try:
            while self.answer():
                pass
        except OSError:
            pass
        self.seen.append("end")

    def answer(self):
        head, fds, _, _ = socket.recv_fds(self.con, 12, 16)
        if len(head) < 12:
            return False
        request, flags, size = struct.unpack("=III", head)
        body = self.con.recv(size, socket.MSG_WAITALL) if size else b""
        if request == SET_MEM_TABLE:
            self.map(body, fds)
        elif request == SET_VRING_ADDR:
            index, _, *addresses = struct.unpack_from("=IIQQQ", body)
            self.rings[index] = addresses       # descriptors, used, available
        for fd in fds:
            os.close(fd)
        # Not GET_VRING_BASE's number: what the guest gave was taken by nobody.
        reply = {GET_FEATURES: struct.pack("=Q", FEATURES), GET_PROTOCOL_FEATURES: struct.pack("=Q", PROTOCOL), GET_QUEUE_NUM: struct.pack("=Q", QUEUES), GET_VRING_BASE: body[:4] + bytes(4)}.get(request)
        if reply is not None:
            self.con.sendall(struct.pack("=III", request, 5, len(reply)) + reply)
        self.seen.append(request)
        return True

    def map(self, body, fds):
        self.regions = []
        for i, fd in enumerate(fds):
            physical, size, user, offset = struct.unpack_from("=QQQQ", body, 8 + 32 * i)
            self.regions.append((physical, size, user, mmap.mmap(fd, offset + size), offset))

    def memory(self, address, size, user=False):
        for physical, length, user_address, where, offset in self.regions:
            at = address - (user_address if user else physical)
            if 0 <= at <= length - size:
                return where[offset + at:offset + at + size]
        raise AssertionError("QEMU told of no memory at %#x" % address)

    def sent(self):
        """The first frame that the guest sends, or None."""
        if SENDS not in self.rings or not self.regions:
            return None
        table, _, available = self.rings[SENDS]
        flags, n, first = struct.unpack("=HHH", self.memory(available, 6, user=True))
        if not n:
            return None
        data, more, index = b"", True, first
        while more:
            address, size, flags, following = struct.unpack("=QIHH", self.memory(table + 16 * index, 16, user=True))
            data, more, index = data + self.memory(address, size), flags & 1, following
        return data[12:]        # behind virtio's own head
