#!/usr/bin/python3
"""Daemons beside ours (networks, storage, ...) that the test plays: each procedure is passed on and its answer comes back, as whom they are asked, what is
asked of them first, and what becomes of one that lies, hangs or dies: its calls fail, others go on, and the next call finds it again."""
import array, os, socket, struct, sys, threading
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import Box, wait_for
from needs import needed_modules, needs_root
from rpclib import CALL, HEAD, KEEPALIVE, REMOTE, REPLY, Client, message, schema, string

needs_root()
needed_modules("libvirt")       # box.py's
NAMES = ("virtnetworkd", "virtnodedevd", "virtsecretd", "virtnwfilterd", "virtinterfaced", "virtstoraged")
AUTH_LIST, AUTH_POLKIT, OPEN, HOSTNAME, NETWORKS, NETWORK_XML = 66, 70, 1, 59, 52, 43
EVENT, STREAM, REPLY_FDS, HOLE = 2, 3, 5, 6
UPLOAD, DOWNLOAD, MORE, SPARSE = 208, 209, 2, 1
SHARE = 5                   # max_client_requests, as it is by itself
NET, VOL = string("default") + bytes(16), string("files") + string("one") + string("/files/one")
u32 = lambda *v: struct.pack(">%dI" % len(v), *v)


def value(f):
    """Some value of a field, as XDR."""
    if f.array == "OPTIONAL" or f.array == "VARIABLE" or f.kind in ("BYTES", "TEXT", "CHARS"):
        return u32(0)
    if f.kind in ("STRUCT", "UNION"):
        return values(f.sub.fields) if f.kind == "STRUCT" else u32(1, 7)
    if f.kind == "STRING":
        return string("some " + f.name)
    if f.kind == "FIXED":
        return bytes(range(f.size)) + bytes(-f.size % 4)
    return struct.pack(">d", 1.5) if f.kind == "F64" else struct.pack(">Q", 1 << 40) if f.kind in ("I64", "U64") else u32(1 if f.kind == "BOOL" else 0 if f.name == "flags" else 7)


def values(fields):
    return b"".join(map(value, fields))


def error(code, domain, text, str1="one", str2="two", int1=11):
    optional = lambda s: u32(1) + string(s)
    return u32(code, domain) + optional(text) + u32(2, 0) + optional(str1) + optional(str2) + u32(0, int1, 12, 0)


class Fake:
    """All siblings. lie: what is done in place of an honest answer (connection, head, arguments -> bytes to send, None: be honest)."""

    def __init__(self, box, ops):
        self.ops, self.lie, self.said, self.came, self.number = ops, None, [], [], 6
        for name in NAMES:
            for end in ("-sock", "-sock-ro"):
                s = socket.socket(socket.AF_UNIX)
                s.bind(box.dir + "/run/libvirt/" + name + end)
                os.chmod(box.dir + "/run/libvirt/" + name + end, 0o777)
                s.listen(16)
                threading.Thread(target=self.accept, args=(s, name + end), daemon=True).start()

    def accept(self, s, name):
        while True:
            c = s.accept()[0]
            self.came.append((name, struct.unpack("3i", c.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1:]))
            threading.Thread(target=self.serve, args=(c, name), daemon=True).start()

    def serve(self, c, name):
        f = c.makefile("rb")
        try:
            while True:
                data = f.read(HEAD.size)
                if len(data) < HEAD.size:
                    break
                head = HEAD.unpack(data)
                args = f.read(head[0] - HEAD.size)
                self.said.append((name, head, args))
                out = self.lie(c, head, args) if self.lie else None
                out = self.honest(head) if out is None else out
                if out == "end":
                    break
                c.sendall(out)
        except OSError:
            pass
        f.close()
        c.close()

    def results(self, proc):
        if "event_register_any" in self.ops[proc].method:
            self.number += 1
            return u32(self.number)
        return {AUTH_LIST: u32(1, 0), AUTH_POLKIT: u32(1)}.get(proc) or values(self.ops[proc].ret)

    def honest(self, head, **other):
        n, program, version, proc, kind, serial, status = head
        v = dict(program=program, proc=proc, args=self.results(proc), serial=serial, kind=REPLY, status=0)
        v.update(other)
        return message(**v)


count = failed = 0


def ok(is_so, what, seen=""):
    global count, failed
    count += 1
    failed += not is_so
    print("%sok %d - %s%s" % ("" if is_so else "not ", count, what, "" if is_so else ": %r" % (seen,)), flush=True)


def client(box, ro=False, uri="qemu:///system"):
    c = Client(box.sock + ("-ro" if ro else ""), REMOTE)
    c.ask(OPEN, u32(1) + string(uri) + u32(1 if ro else 0))
    return c


def everything(box, fake, ops):
    """Each procedure of theirs, once: the arguments come as they were said, and so does the answer."""
    with client(box) as c:
        number = None
        for o in ops.values():
            if o.kind != "call" or o.route != "sibling" or "stream" in o.marks:
                continue
            args, want = values(o.args), fake.results(o.number)
            if "event_deregister_any" in o.method:
                args = number
            r, e = c.ask(o.number, args)
            if "event_register_any" in o.method:
                number, want = r.data, r.data
            name, head, there = fake.said[-1]
            there = args if "event_deregister_any" in o.method and there == u32(fake.number) else there
            ok(e is None and r.data == want and there == args and head[3] == o.number, "%s goes to %s" % (o.method, name), (e, r.data, want, there, args))


def greetings(box, fake):
    """What is said first, and what becomes of a refusal."""
    def first(proc, answer):
        return lambda c, head, args: fake.honest(head, **answer) if head[3] == proc else None
    for what, lie, code in (
            ("who asks for no name", first(AUTH_LIST, {"args": u32(0)}), 0), ("who asks policykit, which agrees", first(AUTH_LIST, {"args": u32(1, 2)}), 0),
            ("who wants a password", first(AUTH_LIST, {"args": u32(1, 1)}), 45), ("who lets nobody in", first(OPEN, {"args": error(38, 7, "no"), "status": 1}), 38),
            ("who has no such driver", first(OPEN, {"args": error(5, 0, "no"), "status": 1}), 0), ("who says nonsense first", first(AUTH_LIST, {"args": u32(1 << 30)}), 39),
            ("policykit refuses", lambda c, head, args: fake.honest(head, args=u32(1, 2)) if head[3] == AUTH_LIST else
             fake.honest(head, args=error(79, 60, "not you"), status=1) if head[3] == AUTH_POLKIT else None, 79)):
        fake.lie = lie
        with client(box) as c:
            e = c.ask(NETWORKS)[1]
            ok((e[0] if e else 0) == code, what, e)
    fake.lie, fake.said = None, []
    with client(box) as c:
        c.ask(NETWORKS)
    ok([h[3] for n, h, a in fake.said] == [AUTH_LIST, OPEN, NETWORKS] and fake.said[1][2] == u32(1) + string("network:///system") + u32(0), "the driver's own URI is opened", fake.said)
    fake.said = []
    with client(box, ro=True) as c:
        c.ask(NETWORKS)
        e = c.ask(NETWORK_XML, NET + u32(0))[1]
    ok(fake.said[0][0] == "virtnetworkd-sock-ro" and fake.said[1][2][-4:] == u32(1) and e is None, "who only reads comes by the other door", fake.said)


def identity(box, fake):
    fake.came = []
    pid = os.fork()
    if not pid:
        os.setgroups([5002])
        os.setresgid(5001, 5001, 5001)
        os.setresuid(5000, 5000, 5000)
        with client(box) as c:
            os._exit(0 if c.ask(NETWORKS)[1] is None else 1)
    status = os.waitpid(pid, 0)[1]
    ok(status == 0 and fake.came == [("virtnetworkd-sock", (5000, 5001))], "it is the client who comes", (status, fake.came))


def lies(box, fake):
    """One that breaks a rule loses its connection, the call fails, and the next one finds it again."""
    def with_fd(c, head, args):
        data = fake.honest(head)
        c.sendmsg([data[:8]], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
        return data[8:]
    told = lambda **v: lambda c, head, args: fake.honest(head, **v)
    table = {
        "another call's serial": lambda c, head, args: fake.honest(head, serial=head[5] + 1), "another procedure": told(proc=NETWORK_XML), "another program": told(program=0x20008087),
        "a call": told(kind=CALL), "descriptors are announced": told(kind=REPLY_FDS), "a stream": told(kind=STREAM), "an unknown kind": told(kind=77), "an unknown status": told(status=2),
        "too little": told(args=b"\0\0"), "too much": told(args=u32(1, 2)), "an error of nothing": told(args=b"", status=1), "an error that is none": told(args=error(0, 0, ""), status=1),
        "half an error": told(args=error(1, 2, "three")[:-4], status=1), "more than an error": told(args=error(1, 2, "three") + u32(0), status=1),
        "a length of nothing": lambda c, head, args: u32(0) + fake.honest(head)[4:], "a length of everything": lambda c, head, args: u32(0xffffffff) + fake.honest(head)[4:],
        "an event that is none": lambda c, head, args: message(REMOTE, 315, b"xx", 1, kind=EVENT), "an event of others": lambda c, head, args: message(REMOTE, 370, u32(7) + NET + u32(1, 1), 1, kind=EVENT),
        "no event at all": lambda c, head, args: message(REMOTE, NETWORKS, u32(1), 1, kind=EVENT), "a descriptor": with_fd, "it dies": lambda c, head, args: "end",
        "it dies over an answer": lambda c, head, args: (c.sendall(fake.honest(head)[:20]), "end")[1],
    }
    with client(box) as c:
        for what, lie in table.items():
            fake.lie = lambda c, head, args, lie=lie: lie(c, head, args) if head[3] == NETWORKS else None
            e = c.ask(NETWORKS)[1]
            fake.lie = None
            again = c.ask(NETWORKS)
            ok(e and e[0] in (38, 39) and again[1] is None and again[0].data == u32(7), "a lie: " + what, (e, again))
        fake.lie = lambda c, head, args: fake.honest(head, args=string("x" * (5 << 20)), proc=NETWORK_XML)
        e = c.ask(NETWORK_XML, NET + u32(0))[1]
        ok(e and e[0] == 39, "more text than there may be", e)
        fake.lie = lambda c, head, args: fake.honest(head, args=error(42, 19, "words of its own", int1=5), status=1) if head[3] == NETWORKS else None
        e = c.ask(NETWORKS)[1]
        ok(e == [42, 19, "words of its own", 2, "one", "two", None, 5, 12], "an error comes as it was said", e)
        fake.lie = lambda c, head, args: message(KEEPALIVE, 1, b"", 0, kind=EVENT) + fake.honest(head)
        fake.said = []
        r, e = c.ask(NETWORKS)
        wait_for("a pong", lambda: any(h[1] == KEEPALIVE and h[3] == 2 for n, h, a in fake.said))
        ok(e is None and r.data == u32(7), "who asks whether we live hears it")
        fake.lie = None


def pour(sock, data):
    """What of it is left when nobody has taken any for a while."""
    left = memoryview(data)
    sock.settimeout(2)
    try:
        while left:
            left = left[sock.send(left):]
    except TimeoutError:
        pass
    sock.settimeout(60)
    return left


def floods(box, fake):
    """One that asks whether we live, and hears no answer: it is read no further, and goes on when it reads."""
    ping, n, seen = message(KEEPALIVE, 1, b"", 0, kind=EVENT), 1 << 19, {}
    def flood(c, head, args):
        if head[3] != NETWORKS:
            return None
        left, heard = pour(c, ping * n), 0
        seen["stopped"] = len(left) > 0
        writer = threading.Thread(target=c.sendall, args=(left,))
        writer.start()
        while heard < n * len(ping):
            heard += len(c.recv(1 << 16))
        writer.join()
        seen["heard"] = heard
        return None
    fake.lie = flood
    with client(box) as c:
        r, e = c.ask(NETWORKS)
        ok(e is None and seen == {"stopped": True, "heard": n * len(ping)}, "who does not hear is not heard, and nothing is lost", (e, seen))
    fake.lie = None


def hangs(box, fake):
    """Who says nothing keeps those waiting who asked it."""
    go, held = threading.Event(), []
    def late(c, head, args):
        if head[3] != NETWORKS:
            return None
        held.append(head)
        go.wait(60)
    fake.lie = late
    with client(box) as c, client(box) as other:
        c.send(NETWORKS)
        waiting = [c.asked]
        wait_for("the call is there", lambda: held)
        r, e = c.ask(HOSTNAME)
        ok(e is None and r.string(), "other calls of the client are answered meanwhile", e)
        ok(c.ask(71)[1] is None, "and those for another sibling")
        fake.lie = lambda c, head, args: None
        ok(other.ask(NETWORKS)[1] is None, "and other clients'")
        for _ in range(SHARE - 1):
            c.send(NETWORKS)
            waiting.append(c.asked)
        ok(c.ask(HOSTNAME)[1] is None, "also when it has asked as often as a client may")
        go.set()
        answers = []
        for c.asked in waiting:
            r, e = c.receive()
            answers.append(e or r.data)
        ok(answers == [u32(7)] * SHARE, "the answers come late", answers)
    go.clear()
    fake.lie = lambda c, head, args: go.wait(60) and None
    with client(box) as c:
        c.send(NETWORKS)
        r, e = c.ask(HOSTNAME)
        ok(e is None, "one that does not even greet keeps nobody else waiting")
    go.set()
    fake.lie = None
    with client(box) as c:
        ok(c.ask(NETWORKS)[1] is None, "and is forgotten with its client")


def heard(box, fake):
    """Events have the number that the client was told, and end with the registration, or with the connection."""
    ear = {}
    fake.lie = lambda c, head, args: ear.update(c=c) if head[3] == 313 else None
    say = lambda number: ear["c"].sendall(message(REMOTE, 315, u32(number) + NET + u32(2, 0), 1, kind=EVENT))
    with client(box) as c:
        numbers = [c.ask(313, u32(0, 0))[0].u32() for _ in range(2)]
        ok(numbers[0] != numbers[1], "two registrations have two numbers", numbers)
        theirs = fake.number - 1, fake.number
        for number in (theirs[1] + 1, *theirs):
            say(number)
        got = []
        for _ in range(2):
            n, program, _, proc, kind, serial, status = HEAD.unpack(c.exact(HEAD.size))
            got.append((proc, kind, c.exact(n - HEAD.size)))
        ok(sorted(got) == sorted((315, EVENT, u32(k) + NET + u32(2, 0)) for k in numbers), "each hears of it by its own, and nobody of another's", got)
        ok(c.ask(314, u32(numbers[0]))[1] is None and fake.said[-1][2] == u32(theirs[0]), "one goes")
        ok(c.ask(314, u32(numbers[0]))[1][0] == 1, "and is not known any more")
        fake.lie = None
        ear["c"].shutdown(socket.SHUT_RDWR)
        wait_for("the connection is new", lambda: c.ask(NETWORKS)[1] is None)
        e = c.ask(314, u32(numbers[1]))[1]
        ok(e and e[0] == 1 and "not registered" in e[2], "what was registered over another connection is not, here", e)
    with client(box) as c:
        number = c.ask(313, u32(0, 0))[0].u32()
        fake.lie = lambda c, head, args: fake.honest(head, args=u32(fake.number)) if head[3] == 313 else None
        e = c.ask(313, u32(0, 0))[1]
        fake.lie = None
        gone = c.ask(314, u32(number))[1]
        ok(e and e[0] == 39 and gone and "not registered" in gone[2], "a number for two registrations is a lie", (e, gone))
        ok(c.ask(313, u32(0, 0))[1] is None, "and the next one finds it again")


class Streaming:
    """A client's stream, and the sibling's part of it: c is the connection there, heard what came over it, say() a word of the sibling's."""

    def __init__(self, box, fake, proc, flags=0):
        self.fake, self.proc, self.heard, self.c = fake, proc, [], None
        fake.lie = self.serve
        self.client = client(box)
        self.error = self.client.ask(proc, VOL + struct.pack(">QQI", 0, 0, flags))[1]
        self.serial = self.client.asked[2]

    def serve(self, c, head, args):
        if head[3] == self.proc and head[4] == CALL:
            self.c, self.there = c, head[5]
        if head[4] not in (STREAM, HOLE):
            return None
        self.heard.append((head[3], head[4], head[6], args, head[5] == self.there))
        return b""

    def word(self, data=b"", status=MORE, kind=STREAM, **other):
        return message(REMOTE, self.proc, data, **dict(dict(serial=self.serial, kind=kind, status=status), **other))

    def tell(self, *args, **kw):
        self.client.sock.sendall(self.word(*args, **kw))

    def say(self, *args, **kw):
        self.c.sendall(self.word(*args, **dict(dict(serial=self.there), **kw)))

    def hear(self):
        """(kind, status, bytes) of the next message of the stream's."""
        n, program, _, proc, kind, serial, status = HEAD.unpack(self.client.exact(HEAD.size))
        data = self.client.exact(n - HEAD.size)
        assert (program, proc, serial) == (REMOTE, self.proc, self.serial), (program, proc, kind, serial, status, data)
        return kind, status, data

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.client.close()
        self.fake.lie = None


def hole(n):
    return struct.pack(">QI", n, 0)


def streams(box, fake):
    """What goes over a stream comes as it is, both ways, and ends as either side says."""
    with Streaming(box, fake, UPLOAD) as s:
        for piece in (b"some bytes", b"y" * 262120, b""):
            s.tell(piece)
        s.tell(status=0)
        wait_for("all of it", lambda: len(s.heard) == 4)
        ok(s.error is None and s.heard == [(UPLOAD, STREAM, MORE, b"some bytes", True), (UPLOAD, STREAM, MORE, b"y" * 262120, True), (UPLOAD, STREAM, MORE, b"", True),
           (UPLOAD, STREAM, 0, b"", True)], "an upload goes to the sibling", (s.error, [h[:3] for h in s.heard]))
        s.tell(b"late")
        s.say(status=0)
        ok(s.hear() == (STREAM, 0, b""), "and its end comes back")
        s.tell(b"later")
        ok(s.client.ask(NETWORKS)[1] is None and len(s.heard) == 4, "what comes behind it goes nowhere", s.heard[4:])
    with Streaming(box, fake, UPLOAD, SPARSE) as s:
        s.tell(hole(1 << 40), kind=HOLE)
        s.tell(status=1)
        wait_for("both", lambda: len(s.heard) == 2)
        ok(s.heard == [(UPLOAD, HOLE, MORE, hole(1 << 40), True), (UPLOAD, STREAM, 1, b"", True)], "a hole, and that the client has had enough", s.heard)
        s.say(b"not heard")
        s.say(error(9, 38, "given up"), status=1)
        kind, status, data = s.hear()
        ok((kind, status, data) == (STREAM, 1, error(9, 38, "given up")), "which is answered in the sibling's words", (kind, status, data))
    with Streaming(box, fake, UPLOAD) as s:
        s.tell(b"x", status=77)
        wait_for("the client's end", lambda: s.heard)
        s.say(error(9, 38, "no such word"), status=1)
        heard, again = s.hear(), s.client.ask(NETWORKS)[1]
        ok(s.heard == [(UPLOAD, STREAM, 1, b"", True)] and heard == (STREAM, 1, error(9, 38, "no such word")) and again is None, "what is no word of a stream ends it for both, and nothing else", (s.heard, heard, again))
    with Streaming(box, fake, DOWNLOAD, SPARSE) as s:
        s.say(b"x" * 262120)
        s.say(hole(5), kind=HOLE)
        s.say()
        got = [s.hear() for _ in range(3)]
        ok(got == [(STREAM, MORE, b"x" * 262120), (HOLE, MORE, hole(5)), (STREAM, MORE, b"")], "a download comes to the client", [(g[0], g[1], len(g[2])) for g in got])
        s.tell(status=0)
        wait_for("the end", lambda: s.heard)
        s.say(status=0)
        ok(s.hear() == (STREAM, 0, b""), "and ends as it says")
    for what, kw in (("a hole that was not asked for", dict(data=hole(5), kind=HOLE)), ("half a hole", dict(data=hole(5)[:8], kind=HOLE)), ("less than a hole", dict(data=hole(1 << 63), kind=HOLE))):
        with Streaming(box, fake, UPLOAD, SPARSE if kw["data"] != hole(5) else 0) as s:
            s.tell(**kw)
            try:
                s.client.sock.settimeout(10)
                gone = s.client.sock.recv(1) == b""
            except ConnectionError:
                gone = True
            ok(gone and not s.heard, "a client ends by " + what, s.heard)


def stream_lies(box, fake):
    """A sibling that breaks a stream's rules loses the connection, and each of the client's streams over it fails; the next call finds it again."""
    table = {
        "a stream of nobody's": lambda s: s.say(b"x", serial=s.there + 7), "another procedure's": lambda s: s.c.sendall(message(REMOTE, UPLOAD, b"x", s.there, kind=STREAM, status=MORE)),
        "an end that nobody asked for": lambda s: s.say(status=0), "an unknown status": lambda s: s.say(status=7), "an error that is none": lambda s: s.say(error(0, 0, ""), status=1),
        "half an error": lambda s: s.say(error(1, 2, "three")[:-4], status=1), "an empty error": lambda s: s.say(status=1), "a hole that was not asked for": lambda s: s.say(hole(5), kind=HOLE),
        "it dies": lambda s: s.c.shutdown(socket.SHUT_RDWR),
    }
    for what, lie in table.items():
        with Streaming(box, fake, DOWNLOAD) as s:
            lie(s)
            kind, status, data = s.hear()
            again = s.client.ask(NETWORKS)[1]
            ok((kind, status) == (STREAM, 1) and again is None, "a stream's lie: " + what, (kind, status, data, again))
    for what, kw in (("half a hole", dict(data=hole(5)[:8], kind=HOLE)), ("a hole of less than nothing", dict(data=hole(1 << 63), kind=HOLE)), ("a hole that is an end", dict(data=hole(5), kind=HOLE, status=0))):
        with Streaming(box, fake, DOWNLOAD, SPARSE) as s:
            s.say(**kw)
            kind, status, data = s.hear()
            ok((kind, status) == (STREAM, 1), "a stream's lie: " + what, (kind, status, data))
    with Streaming(box, fake, DOWNLOAD) as s:
        s.say(error(38, 18, "the disk is broken"), status=1)
        ok(s.hear() == (STREAM, 1, error(38, 18, "the disk is broken")) and s.client.ask(NETWORKS)[1] is None, "one that fails tells why, and costs nothing else")
    fake.lie = lambda c, head, args: fake.honest(head, args=error(50, 18, "no such volume"), status=1) if head[3] == UPLOAD else None
    with client(box) as c:
        e = c.ask(UPLOAD, VOL + bytes(20))[1]
        ok(e and e[:3] == [50, 18, "no such volume"] and c.ask(NETWORKS)[1] is None, "a refused one is none", e)
    fake.lie = lambda c, head, args: "end" if head[3] == UPLOAD else None
    with client(box) as c:
        e = c.ask(UPLOAD, VOL + bytes(20))[1]
        ok(e and e[0] == 38 and c.ask(NETWORKS)[1] is None, "who dies over the call is told of once", e)
    fake.lie = None


def stream_stands(box, fake):
    """A stream stands still when its receiver does, and then loses nothing."""
    most = 64 << 20
    with Streaming(box, fake, DOWNLOAD) as s:
        piece, n = s.word(b"z" * 262000, serial=s.there), most >> 18
        left = pour(s.c, piece * n)
        ok(len(left) > most // 2, "a client that does not read a download keeps it where it is", len(left))
        writer = threading.Thread(target=s.c.sendall, args=(left,))
        writer.start()
        good = all(s.hear() == (STREAM, MORE, b"z" * 262000) for _ in range(n))
        writer.join()
        ok(good, "and then has all of it")
    with Streaming(box, fake, UPLOAD) as s:
        go, honest = threading.Event(), s.serve
        fake.lie = lambda c, head, args: (go.wait(60), honest(c, head, args))[1]
        piece, n = s.word(b"z" * 262000), most >> 18
        left = pour(s.client.sock, piece * n)
        ok(len(left) > most // 2, "a sibling that does not read an upload keeps it where it is", len(left))
        go.set()
        s.client.sock.sendall(left)
        wait_for("all of it", lambda: len(s.heard) == n)
        ok(all(h[3] == b"z" * 262000 for h in s.heard) and s.client.ask(NETWORKS)[1] is None, "and then has all of it")


def main():
    ops = {o.number: o for o in schema()["remote"].ops}
    with Box("siblings", start=False) as box:
        with open(box.dir + "/etc/libvirt/virtqemud.conf", "w") as f:
            f.write('auth_unix_rw = "none"\nauth_unix_ro = "none"\nunix_sock_rw_perms = "0777"\n')
        box.start()
        fake = Fake(box, ops)
        everything(box, fake, ops)
        greetings(box, fake)
        identity(box, fake)
        lies(box, fake)
        floods(box, fake)
        hangs(box, fake)
        heard(box, fake)
        streams(box, fake)
        stream_lies(box, fake)
        stream_stands(box, fake)
    print("1..%d" % count)
    return 1 if failed else 0


sys.exit(main())
