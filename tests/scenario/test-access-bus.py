#!/usr/bin/python3
"""A system bus that lies, hangs or hangs up: nobody gets in by it, others go on, and a bus that is well again is used again."""
import os, socket, struct, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from accesslib import calls, check, result
from box import Box

USER, LINE = 4001, "c.getType()"


def answer(serial, yes=1, kind=2, sig=b"(bba{ss})", reply=None):
    """What polkit's answer to call `serial` looks like."""
    fields = b"\5\1u\0" + struct.pack("<I", serial if reply is None else reply) + b"\x08\1g\0" + bytes([len(sig)]) + sig + b"\0"
    body = struct.pack("<III4x", yes, 0, 0)
    head = b"l" + bytes([kind]) + b"\1\1" + struct.pack("<III", len(body), 77, len(fields)) + fields
    return head + b"\0" * (-len(head) % 8) + body


# What the bus says to the question with that serial; None: nothing, b"": it hangs up.
LIES = [("garbage", lambda s: b"\xff" * 64), ("hangs up", lambda s: b""), ("another's answer", lambda s: answer(s, reply=s + 1)), ("an answer of another shape", lambda s: answer(s, sig=b"(bbas)")),
        ("a signal", lambda s: answer(s, kind=4)), ("a truth of two", lambda s: answer(s, yes=2)), ("no", lambda s: answer(s, yes=0)), ("too long", lambda s: b"l\2\1\1" + b"\xff\xff\xff\x7f" * 3),
        ("a call", lambda s: b"l\1\0\1" + struct.pack("<III", 0, s, 0))]


class Bus(threading.Thread):
    """Knows the greeting and as much of D-Bus as it takes to find a question's serial."""
    def __init__(self, path):
        super().__init__(daemon=True)
        self.cancelled, self.served = threading.Event(), 0
        self.says, self.listening = None, socket.socket(socket.AF_UNIX)
        self.listening.bind(path)
        os.chmod(path, 0o777)
        self.listening.listen(16)
        self.start()

    def run(self):
        while True:
            threading.Thread(target=self.serve, args=(self.listening.accept()[0],), daemon=True).start()

    def serve(self, c):
        self.served += 1
        try:
            got = b""
            while b"BEGIN\r\n" not in got:
                got += c.recv(4096) or b"BEGIN\r\n"
            c.sendall(b"DATA\r\nOK 0123456789abcdef\r\n")
            got = got.split(b"BEGIN\r\n", 1)[1]
            while True:
                while len(got) >= 16:
                    body, serial, fields = struct.unpack("<III", got[4:16])
                    n = 16 + (fields + 7) // 8 * 8 + body
                    if len(got) < n:
                        break
                    if b"CancelCheckAuthorization" in got[:n]:
                        self.cancelled.set()
                    elif b"CheckAuthorization" in got[:n]:
                        word = self.says(serial)
                        if word == b"":
                            c.close()
                            return
                        c.sendall(word or b"")
                    got = got[n:]
                more = c.recv(4096)
                if not more:
                    return
                got += more
        except OSError:
            pass


with Box("bus", start=False) as b:
    open(b.dir + "/etc/libvirt/virtqemud.conf", "w").write('unix_sock_rw_perms = "0777"\nauth_unix_rw = "polkit"\n')
    os.makedirs(b.dir + "/run/dbus")
    bus = Bus(b.dir + "/run/dbus/system_bus_socket")
    b.start()
    bus.says = answer
    check("an honest bus", calls(b, USER, [LINE]), {LINE: "QEMU"})
    for what, says in LIES:
        silent = what in ("another's answer", "a signal", "a call")
        # What is no answer is waited for; so that this takes no half minute the bus hangs up behind it.
        bus.says = (lambda s, says=says: says(s) + b"\xff" * 64) if silent else says
        got = calls(b, USER, [LINE])
        check("%s: no" % what, list(got) == ["open"] and got["open"].split(":")[0] in ("error 1 of 47", "error 45 of 60"), True)
        check("%s: root goes on" % what, calls(b, 0, [LINE]), {LINE: "QEMU"})
    bus.says = answer
    check("honest again", calls(b, USER, [LINE]), {LINE: "QEMU"})
    check("auth is the same as before", len(b.role("auth")), 1)

    # Somebody is asked for a password and types none: who asks meanwhile is answered, and so is who asks afterwards, over the same connection.
    served, got = bus.served, []
    asked = threading.Event()
    bus.says = lambda s: asked.set()
    slow = threading.Thread(target=lambda: got.append(calls(b, USER, [LINE])))
    slow.start()
    asked.wait(60)
    bus.says = answer
    check("another one while nobody types", calls(b, USER, [LINE]), {LINE: "QEMU"})
    slow.join(120)
    check("who did not type: no", [list(g) == ["open"] and g["open"].split(":")[0] for g in got], ["error 79 of 60"])
    check("polkit is told that nobody waits", bus.cancelled.wait(60), True)
    check("another one afterwards", calls(b, USER, [LINE]), {LINE: "QEMU"})
    check("all over one connection", bus.served - served, 0)
sys.exit(result())
