#!/usr/bin/python3
"""python3-libvirt with its default event loop: lifecycle events in libvirtd's order and detail; old calls and new ones with the same answers."""
import os, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import wait_for
from needs import needed_modules
from pair import BARE, BUSY, IDLE, Pair, guests, told

needed_modules("libvirt")
import libvirt


def loop():
    while True:
        libvirt.virEventRunDefaultImpl()


def life(b):
    """Lives through all of it on one connection, while another one listens: the events, by the new way of listening and by the old one."""
    c, ears, seen, old = b.connect(), b.connect(), [], []
    def hear(c, d, event, detail, data):
        data.append("%s %d %d %d" % (d.name(), event, detail, d.ID()))
    ids = [ears.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, hear, seen)]
    ears.domainEventRegister(hear, old)
    d = c.defineXML(BUSY)
    c.defineXML(BUSY.replace("<vcpu current='1'>2", "<vcpu>1"))
    d.create()
    d.suspend()
    d.resume()
    d.destroy()
    d.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    d.resume()
    d.undefine()
    d.destroy()
    d = c.defineXML(BARE)
    d.create()
    os.kill(qemu(b, "bare"), 9)
    wait_for("the guest's end is seen", lambda: not d.isActive())
    d.undefine()
    c.createXML(BARE).destroy()
    t = c.createXML(BARE, libvirt.VIR_DOMAIN_START_AUTODESTROY)
    del t, d
    c.close()
    wait_for("autodestroy", lambda: not ears.listAllDomains())
    ears.defineXML(IDLE).undefine()
    wait_for("the last event", lambda: seen and seen[-1].startswith("idle 1") and old and old[-1].startswith("idle 1"))
    ears.domainEventDeregisterAny(ids[0])
    ears.domainEventDeregister(hear)
    ears.close()
    return "\n".join(seen), "\n".join(old)


def qemu(b, name):
    return [p for p in b.role("guest") if b"guest=%s," % name.encode() in open("/proc/%d/cmdline" % p, "rb").read()][0]


def calls(b):
    """(what, answer) of calls that clients still make in both forms."""
    out, c = [], b.connect()
    def ask(what, fn):
        out.append((what, told(fn)))
    for when in ("none", "defined", "running", "paused"):
        d = None
        if when == "defined":
            c.defineXML(IDLE), c.defineXML(BUSY), c.defineXML(BUSY)
        elif when == "running":
            c.lookupByName("busy").create()
        elif when == "paused":
            c.lookupByName("busy").suspend()
        for name in ("numOfDomains", "listDomainsID", "numOfDefinedDomains", "listDefinedDomains", "listAllDomains", "getType", "isAlive",
                     "isSecure", "isEncrypted", "getLibVersion", "getVersion", "getHostname", "getURI"):
            ask("%s: %s" % (when, name), getattr(c, name))
        for bit in range(14):
            ask("%s: listAllDomains(%d)" % (when, 1 << bit), lambda: c.listAllDomains(1 << bit))
        ask("%s: listAllDomains(1 << 20)" % when, lambda: c.listAllDomains(1 << 20))
        ask("%s: lookupByID" % when, lambda: c.lookupByID(1))
        ask("%s: lookupByName" % when, lambda: c.lookupByName("busy"))
        ask("%s: lookupByUUIDString" % when, lambda: c.lookupByUUIDString("b0000000-0000-4000-8000-000000000002"))
        if when == "none":
            continue
        clashes = {"the same": BUSY, "another of its name": BUSY.replace("-000000000001<", "-000000000009<"), "one without uuid": BUSY.replace("<uuid>b0000000-0000-4000-8000-000000000001</uuid>", ""),
                   "another of its uuid": BUSY.replace(">busy<", ">busier<")}
        for what, xml in clashes.items():
            for call in c.createXML, c.defineXML:
                if when != "defined" or what != "the same":     # that one would run then
                    ask("%s: %s of %s" % (when, call.__name__, what), lambda: call(xml))
        for guest in ("busy", "idle"):
            d = c.lookupByName(guest)
            for name in ("info", "state", "maxMemory", "maxVcpus", "vcpusFlags", "autostart", "isActive", "isPersistent", "isUpdated", "OSType", "hasManagedSaveImage",
                         "UUIDString", "ID", "name", "schedulerType", "jobInfo", "jobStats", "controlInfo", "diskErrors", "messages", "hostname",
                         "emulatorPinInfo", "securityLabelList"):
                args = {"vcpusFlags": (0,), "controlInfo": ()}.get(name, ())
                def one():
                    v = getattr(d, name)(*args)
                    return v[:4] if name == "info" else v
                ask("%s: %s.%s" % (when, guest, name), one)
            for name, args in (("vcpusFlags", (4,)), ("vcpusFlags", (1,)), ("vcpusFlags", (2,)), ("vcpusFlags", (3,)), ("XMLDesc", (1 << 12,)), ("createWithFlags", (1 << 20,)),
                               ("destroyFlags", (8,)), ("undefineFlags", (1 << 20,)), ("shutdownFlags", (1 << 10,)), ("setAutostart", (1,)), ("autostart", ()),
                               ("metadata", (2, "urn:example:note", 2)), ("metadata", (0, None, 2)), ("metadata", (7, None, 2)), ("memoryStats", ()), ("interfaceStats", ("nothing",)), ("blockStats", ("nothing",))):
                def call():
                    v = getattr(d, name)(*args)
                    return sorted(v) if isinstance(v, dict) else v
                ask("%s: %s.%s%s" % (when, guest, name, args), call)
    session = libvirt.open("qemu+unix:///session?socket=" + b.sock)
    ask("session by the system's socket", session.getURI)
    return out


libvirt.virEventRegisterDefaultImpl()
threading.Thread(target=loop, daemon=True).start()
with Pair("python") as p:
    guests(p)
    for what, (ours, theirs) in zip(("lifecycle events", "lifecycle events, the old way"), zip(*p.each(life))):
        p.same(what, ours, theirs)
        print("    " + theirs.replace("\n", "; "))
    for b in p.boxes:
        b.stop_daemon()
        b.start()
    for (what, ours), (_, theirs) in zip(*p.each(calls)):
        p.same(what, ours, theirs, mask=[(r"qemu\+unix://\S+", "URI"), (r"\+\d+:\+\d+", "USER")])
sys.exit(p.result())
