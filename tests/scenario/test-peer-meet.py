#!/usr/bin/python3
"""Two calls about one guest at once, beside libvirtd: the first is held up in a QEMU that stands still, the second comes meanwhile, and then QEMU goes on. Who has to wait and who does
not, and what becomes of both; and what is answered of a guest whose QEMU says nothing for long, because it was stopped or because it still connects to a disk's server."""
import os, signal, sys, threading, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import wait_for
from pair import BUSY, IDLE, Pair, W, guests
import libvirt as v, libvirt_qemu

DISK = "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s/%s.qcow2'/><target dev='%s' bus='virtio'/></disk>"
LIVE = v.VIR_DOMAIN_AFFECT_LIVE
CALLS = {
    "managedSave": lambda d: d.managedSave(),
    "save": lambda d: d.save(W + "/state"),
    "dump": lambda d: d.coreDump(W + "/core", 0),
    "dump of memory": lambda d: d.coreDump(W + "/core", v.VIR_DUMP_MEMORY_ONLY),
    "attach": lambda d: d.attachDevice(DISK % (W, "other", "vdb")),
    "detach": lambda d: d.detachDevice(DISK % (W, "disk", "vda")),
    "setmem": lambda d: d.setMemoryFlags(60 << 10, LIVE),
    "resize": lambda d: d.blockResize("vda", 17 << 10, 0),
    "setvcpus": lambda d: d.setVcpusFlags(2, LIVE),
    "suspend": lambda d: d.suspend(),
    "resume": lambda d: d.resume(),
    "destroy": lambda d: d.destroy(),
    "shutdown": lambda d: d.shutdownFlags(v.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN),
    "reset": lambda d: d.reset(),
    "metadata": lambda d: d.setMetadata(v.VIR_DOMAIN_METADATA_TITLE, "t", None, None, LIVE),
    "metadata of the definition": lambda d: d.setMetadata(v.VIR_DOMAIN_METADATA_TITLE, "t", None, None, v.VIR_DOMAIN_AFFECT_CONFIG),
    "iotune": lambda d: d.setBlockIoTune("vda", {"read_bytes_sec": 1000000}, LIVE),
    "sendkey": lambda d: d.sendKey(0, 0, [30], 1, 0),
    "period": lambda d: d.setMemoryStatsPeriod(2, LIVE),
    "threshold": lambda d: d.setBlockThreshold("vda", 1 << 20),
    "speed": lambda d: d.migrateSetMaxSpeed(100),
    "iothread": lambda d: d.addIOThread(5, LIVE),
    "dumpxml": lambda d: d.XMLDesc(),
    "state": lambda d: d.state(),
    "info": lambda d: d.info(),
    "id": lambda d: d.ID(),
    "list": lambda d: [x.name() for x in d.connect().listAllDomains(v.VIR_CONNECT_LIST_DOMAINS_ACTIVE)].index(d.name()),
    "labels": lambda d: d.securityLabelList(),
    "blockstats": lambda d: d.blockStats("vda"),
    "blockinfo": lambda d: d.blockInfo("vda"),
    "memorystats": lambda d: d.memoryStats(),
    "command": lambda d: libvirt_qemu.qemuMonitorCommand(d, '{"execute":"query-status"}', 0),
    "abort": lambda d: d.abortJob(),
    "control": lambda d: d.controlInfo(),
    "undefine": lambda d: d.undefineFlags(v.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE),
    "create": lambda d: d.create(),
}
AT_ONCE = ("dumpxml", "state", "info", "id", "list", "labels", "control")
# The one that is held up, and those that meet it, all at once.
MEET = [
    ("managedSave", [*AT_ONCE, "setmem", "resize", "setvcpus", "metadata", "iotune", "sendkey", "period", "threshold"]),
    ("managedSave", ["speed", "iothread", "suspend", "reset", "attach", "dump", "blockinfo", "command", "metadata of the definition"]),
    ("managedSave", ["abort"]), ("managedSave", ["destroy"]), ("managedSave", ["undefine"]), ("managedSave", ["create"]),
    ("dump", ["dump", "setmem", "dump of memory", "metadata"]), ("dump", ["suspend", "threshold"]), ("dump", ["abort"]), ("dump", ["save"]),
    ("dump of memory", ["abort", "suspend"]), ("dump of memory", ["managedSave"]),
    ("suspend", ["managedSave"]), ("suspend", ["resume"]),
    ("attach", ["attach", "suspend"]), ("attach", ["detach", "setmem"]),
    ("setvcpus", ["setvcpus", "setmem"]),
]
# What two different daemons say of a guest that is destroyed, or of a save of one that another save has ended just then.
LOST = (1, 9, 38)


def ask(b, guest, name, out, key):
    """The outcome of a call, by a connection of its own: ok, or the error's code."""
    c = b.connect()
    d = c.lookupByName(guest)
    try:
        CALLS[name](d)
        out[key] = "ok"
    except v.libvirtError as e:
        out[key] = "lost" if e.get_error_code() in LOST else "error %d" % e.get_error_code()
        out[key + " words"] = str(e)
    c.close()


def later(b, guest, name, out, key):
    t = threading.Thread(target=ask, args=(b, guest, name, out, key), daemon=True)
    t.start()
    return t


def qemu(b, guest):
    return next((p for p, c in b.processes() if "qemu-system" in c and "guest=%s," % guest in c), None)


def stand(b):
    """The guest defined anew and running, and its QEMU stopped: its pid."""
    c = b.connect()
    if "busy" in [d.name() for d in c.listAllDomains()]:
        d = c.lookupByName("busy")
        if d.isActive():
            d.destroy()
    wait_for("the end", lambda: not qemu(b, "busy"))
    d = c.defineXML(BUSY)
    if d.hasManagedSaveImage():
        d.managedSaveRemove()
    d.create()
    c.close()
    pid = qemu(b, "busy")
    os.kill(pid, signal.SIGSTOP)
    return pid


def answered(threads, out):
    """What is answered at once."""
    for n in AT_ONCE:
        if n in threads:
            threads[n].join(10)
            out[n] = "%s at once" % out.get(n, "hangs, not")


def meet(b, first, seconds):
    """Outcomes of all of them."""
    out = {}
    pid = stand(b)
    one = later(b, "busy", first, out, "first")
    time.sleep(0.3)             # which is at work by then, or soon
    others = {n: later(b, "busy", n, out, n) for n in seconds}
    answered(others, out)
    time.sleep(0.5)             # these are there by then, or come a little later
    if "destroy" not in seconds:
        os.kill(pid, signal.SIGCONT)
    for t in (one, *others.values()):
        t.join(100)
    return "\n".join("%s: %s" % (n, out.get(n, "hangs")) for n in ("first", *seconds))


def silent(b, guest, first, names):
    """Who is answered while `first` is at work for more than 30 seconds, and who is told that it waited for too long."""
    out = {}
    threads = {n: later(b, guest, n, out, n) for n in names}
    answered(threads, out)
    for t in threads.values():
        t.join(100)
    words = {out[n + " words"].split(" (held")[0] for n in names if n + " words" in out}
    ask(b, guest, "destroy", out, "destroy")
    first.join(60)
    return "\n".join("%s: %s" % (n, out.get(n, "hangs")) for n in (*names, "destroy")) + "\n%s" % sorted(words)


def stopped(b):
    stand(b)
    first = later(b, "busy", "managedSave", {}, "first")
    time.sleep(0.3)
    return silent(b, "busy", first, [*AT_ONCE, "managedSave", "dump", "attach", "setmem", "suspend", "resize", "shutdown", "metadata", "iothread"])


SERVER = "import socket, time; s = socket.create_server(('127.0.0.1', 10809)); time.sleep(600)"
MUTE = "<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='x'><host name='127.0.0.1' port='10809'/></source><target dev='vdc' bus='virtio'/></disk>"


def connecting(b):
    """A guest that is started, and whose QEMU waits for the first word of a disk's server."""
    c = b.connect()
    c.defineXML(IDLE.replace("<interface", MUTE + "<interface"))
    first = later(b, "idle", "create", {}, "first")
    wait_for("it connects", lambda: "10809" in b.run("ss", "-Htn", "state", "established", check=False).stdout)
    r = silent(b, "idle", first, [*AT_ONCE, "create", "managedSave", "setmem", "suspend", "attach", "command", "memorystats", "metadata of the definition", "undefine"])
    c.close()
    return r


def both(b):
    """Of two guests at once, for it takes long."""
    out = {}
    one = threading.Thread(target=lambda: out.update(one=stopped(b)))
    one.start()
    two = connecting(b)
    one.join()
    return out["one"] + "\n" + two


def outcomes(p, first, seconds):
    """Those of both. An abort that reaches QEMU as the job ends is taken and changes nothing, in either daemon: such a one is tried again."""
    for _ in range(3 if "abort" in seconds else 1):
        a, b = p.each(meet, first, seconds)
        if a == b:
            break
    return a, b


with Pair("meet") as p:
    guests(p)
    for first, seconds in MEET:
        p.same("%s meet %s" % (", ".join(seconds), first), *outcomes(p, first, seconds))
    for b in p.boxes:
        b.say("ip link set lo up; exec python3 -c \"%s\"" % SERVER)
        wait_for("the server", lambda: "10809" in b.run("ss", "-Hltn").stdout)
    p.same("a QEMU that stands still, and one that waits for a server", *p.each(both))
sys.exit(p.result())
