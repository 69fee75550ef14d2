#!/usr/bin/python3
"""Each procedure of the schema is asked once of a real daemon, with arguments that say as little as they can: what has a route is answered
by who the route names, and what has none is not.  An answer may be any error but "not supported by the connection driver"."""
import os, socket, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import QEMU, Box, guest_xml
from needs import needed, needed_modules, needs_root
from rpclib import schema

needs_root()
needed(QEMU)
needed_modules("libvirt", "msgpack")
import msgpack

NO_SUPPORT = 3
UNASKED = {"node.suspend_for_duration"}         # a host that falls asleep is not worth the answer
GUESTS = {"busy": "b0b0b0b0-0000-4000-8000-000000000001", "idle": "b0b0b0b0-0000-4000-8000-000000000002"}


class Refused(Exception):
    pass


class Client:
    def __init__(self, sock, uri):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(60)
        self.s.connect(sock)
        self.unpacker = msgpack.Unpacker(raw=False, strict_map_key=False)
        if uri:
            self("connect.open", [uri, 0])

    def __enter__(self):
        return self

    def __exit__(self, *e):
        self.s.close()

    def __call__(self, method, args):
        """The error's number, 0 for an answer."""
        self.s.sendall(msgpack.packb([0, 1, method, args], use_bin_type=True))
        while True:
            for m in self.unpacker:
                if m[0] == 1:
                    return m[2][0] if m[2] else 0
            data = self.s.recv(65536)
            if not data:
                raise Refused("the daemon closed the connection over %s" % method)
            self.unpacker.feed(data)


def value(f, dom, flags):
    """The least that a field can be; the guest for a domain."""
    if f.array == "OPTIONAL":
        return None
    if f.array == "VARIABLE":
        return []
    if f.word in ("flags", "affect", "config"):
        return flags if f.word == "affect" else 0
    if f.kind == "STRUCT":
        return dom if f.sub.name == "domain" else [value(g, dom, 0) for g in f.sub.fields]
    if f.kind == "UNION":
        return [1, 0]
    if f.kind in ("STRING", "TEXT", "TEXT_FIXED", "CHARS"):
        return ""
    if f.kind in ("FIXED", "BYTES"):
        return bytes(f.size if f.kind == "FIXED" else 0) if f.word != "uuid" or not dom else dom[1]
    return 0.0 if f.kind == "F64" else 0


def guests(con):
    """A running guest and one that is not, whatever the call before did to them."""
    found = {d.name(): d for d in con.listAllDomains()}
    doms = []
    for name, uuid in GUESTS.items():
        dom = found.get(name)
        if dom is None or not dom.isPersistent():
            dom = con.defineXML(guest_xml(name).replace("</name>", "</name><uuid>%s</uuid>" % uuid))
        if name == "busy" and not dom.isActive():
            dom.create()
        if name == "idle" and dom.isActive():
            dom.destroy()
        doms.append([name, dom.UUID(), dom.ID()])
    return doms


def forms(o, busy, idle):
    """The ways to ask: (what of, guest, flags)."""
    if not any(f.kind == "STRUCT" and f.sub.name == "domain" for f in o.args):
        return [("", busy, 0)]
    if o.route == "live":
        return [("running", busy, 0)]
    if any(f.word == "affect" for f in o.args):
        return [("live", busy, 1), ("config", busy, 2), ("inactive", idle, 0)]
    return [("running", busy, 0), ("inactive", idle, 0)]


def main():
    programs, wrong, asked = schema(), [], 0
    with Box("routes") as box:
        con = box.connect()
        admin = os.path.join(box.dir, "run/libvirt/virtqemud-admin-sock")
        for name in ("remote", "qemu", "lxc", "admin"):
            for o in sorted((o for o in programs[name].ops if o.kind == "call"), key=lambda o: o.number):
                if o.name in UNASKED or o.method.startswith("auth."):
                    continue
                for what, dom, flags in forms(o, *guests(con)):
                    with Client(admin if name == "admin" else box.sock, None if o.method == "connect.open" else "qemu:///system") as client:
                        try:
                            code = client(o.name, [value(f, dom, flags) for f in o.args])
                        except (Refused, OSError) as e:
                            wrong.append("%s %s: %s" % (o.name, what, e))
                            continue
                    asked += 1
                    if "-v" in sys.argv:
                        print(o.name, what, o.route, code, flush=True)
                    if o.route == "sibling" and code == NO_SUPPORT:     # but for lists and lookups
                        continue
                    if (code == NO_SUPPORT) != (o.route == "none"):
                        wrong.append("%s %s: route %s, error %d" % (o.name, what, o.route, code))
        con.close()
    print("%d calls" % asked)
    for w in wrong:
        print("WRONG: " + w)
    return 1 if wrong else 0


sys.exit(main())
