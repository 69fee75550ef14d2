#!/bin/sh
# Keepalive of libvirt's RPC: a client's ping is answered; the daemon pings whoever asked for it, and drops who does not answer.
. "${SRCDIR:-.}/tests/functions.sh"
requires virsh "$PYTHON"
requires_built supervisor gateway conf xmlc
box
printf 'keepalive_interval = 1\nkeepalive_count = 2\n' >"$BOX/virtqemud.conf"
start_daemon -f "$BOX/virtqemud.conf"
"$PYTHON" - "$SOCKETS/virtqemud-sock" <<'END'
import select, socket, struct, sys, time

KEEPALIVE, REMOTE, PING, PONG = 0x6b656570, 0x20008086, 1, 2


class Client:
    def __init__(self, asks):
        self.s, self.buf, self.pings, self.pongs, self.ended = socket.socket(socket.AF_UNIX), b"", 0, 0, None
        self.s.connect(sys.argv[1])
        self.born = time.monotonic()
        if asks:        # CONNECT_SUPPORTS_FEATURE, 10
            self.send(REMOTE, 60, 0, 0, struct.pack(">i", 10))

    def send(self, prog, proc, kind, serial, body=b""):
        self.s.sendall(struct.pack(">IIIiIII", 28 + len(body), prog, 1, proc, kind, serial, 0) + body)

    def read(self, answers):
        data = self.s.recv(65536)
        if not data:
            self.ended = time.monotonic() - self.born
        self.buf += data
        while len(self.buf) >= 4 and len(self.buf) >= struct.unpack(">I", self.buf[:4])[0]:
            n, prog, vers, proc, kind, serial, status = struct.unpack(">IIIiIII", self.buf[:28])
            self.buf = self.buf[n:]
            if prog == KEEPALIVE:
                assert (vers, kind, serial, status, n) == (1, 2, 0, 0, 28), "a message of keepalive"
                self.pings += proc == PING
                self.pongs += proc == PONG
                if proc == PING and answers:
                    self.send(KEEPALIVE, PONG, 2, 0)


def run(seconds, until=lambda: False):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        for s in select.select([c.s for c in clients if c.ended is None], [], [], 0.05)[0]:
            c = next(c for c in clients if c.s is s)
            c.read(answers=c is lively)


lively, dead, silent, asker = clients = [Client(True), Client(True), Client(False), Client(False)]
asker.send(KEEPALIVE, PING, 2, 0)
run(60, lambda: asker.pongs)
assert asker.pongs == 1, "no answer to a ping"
run(60, lambda: dead.ended)
print("--- who does not answer: %d pings, and the end after %s s" % (dead.pings, dead.ended and round(dead.ended, 1)))
assert dead.ended and dead.pings == 2 and dead.ended >= 2
run(60, lambda: lively.pings >= 3 or lively.ended is not None)
assert lively.ended is None and lively.pings >= 3, "who answers is served: %d pings" % lively.pings
assert silent.ended is None and asker.ended is None and silent.pings == asker.pings == 0, "who has not asked for it is left alone"
lively.send(REMOTE, 60, 0, 1, struct.pack(">i", 10))
run(60, lambda: lively.pings >= 5 or lively.ended is not None)
assert lively.ended is None and lively.pings >= 5
END
