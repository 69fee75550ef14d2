#!/usr/bin/python3
"""libvirt-dbus on a bus of its own: every property and most methods of a connection and of guests, and its signals, as with libvirtd."""
import os, re, sys
import xml.etree.ElementTree as ET
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import wait_for
from needs import needed
from pair import Pair, guests

needed("libvirt-dbus", "dbus-daemon", "gdbus")
BUS = "unix:path=/run/bus"
QEMU = "/org/libvirt/QEMU"
GUEST = {name: "/org/libvirt/QEMU/domain/_b0000000_0000_4000_8000_00000000000%d" % n for name, n in (("busy", 1), ("idle", 2), ("bare", 3))}
# Of the methods that the interface files name, those that are not called with nothing: they end or change a guest, their answer is of the moment or
# long, or they are about objects of other daemons; and libvirt-dbus itself may end over SetGuestVcpus.
NOT_SO = re.compile("Migrate|Destroy|Reset|Reboot|Undefine|CoreDump|Save|Screenshot|Open|Restore|Suspend|Shutdown|InterfaceChange|InjectNMI|CPUStats|DomainStats|"
                    "GetStats|GetGuestInfo|GetFSInfo|FSTrim|FSFreeze|FSThaw|Time|Pin|IOThread|Block|FindStorage|CPU|SetUserPassword|SendProcessSignal|Capabilities|JobStats|"
                    "MemoryStats|GetJobInfo|FreePages|GetXMLDesc|Pool|Volume|Network|Secret|NWFilter|NodeDevice|Interface|Snapshot|Checkpoint|"
                    "MemoryPeek|SecurityLabel|ListDomains|SetGuestVcpus")
EMPTY = {"u": "0", "i": "0", "s": "", "t": "0", "x": "0", "b": "false", "d": "0", "v": "<0>", "a{sv}": "{}"}
MASKS = [r"'Id': <<-?\d+>>", r"uint64 \d{6,}", r"\(int64 \d+,\)"]


def call(p, path, method, *args, status=None, mask=()):
    return p.sh("gdbus call --address %s -d org.libvirt -o %s -m %s %s" % (BUS, path, method, " ".join(args)), mask=[*MASKS, *mask], status=status,
                what=" ".join([method, os.path.basename(path), *(a[:30] for a in args)]))


def every_method(p, interface, path):
    """All in one command line, for each has a start of its own."""
    tree, lines = ET.parse("/usr/share/dbus-1/interfaces/org.libvirt.%s.xml" % interface), []
    for method in tree.getroot().iter("method"):
        name = method.get("name")
        if not NOT_SO.search(name):
            given = " ".join("'%s'" % EMPTY.get(a.get("type"), "[]") for a in method.iter("arg") if a.get("direction") == "in")
            lines.append("echo; echo %s; gdbus call --address %s -d org.libvirt -o %s -m org.libvirt.%s.%s %s 2>&1" % (name, BUS, path, interface, name, given))
    p.sh("; ".join(lines), mask=MASKS, what="%d methods of %s %s" % (len(lines), interface, os.path.basename(path)))


with Pair("dbus") as p:
    guests(p)
    for b in p.boxes:
        b.say("dbus-daemon --session --nofork --nopidfile --address=%s >/run/bus.log 2>&1" % BUS)
    p.each(lambda b: wait_for("the bus", lambda: os.path.exists(b.dir + "/run/bus")))
    for b in p.boxes:
        b.say("DBUS_SYSTEM_BUS_ADDRESS=%s libvirt-dbus --system >/run/libvirt-dbus.log 2>&1" % BUS)
    p.sh("gdbus wait --address %s --timeout 30 org.libvirt" % BUS, status=0)
    for b in p.boxes:
        b.say("gdbus monitor --address %s -d org.libvirt >/run/signals 2>&1" % BUS)
    p.each(lambda b: wait_for("the monitor", lambda: "owned by" in open(b.dir + "/run/signals").read()))
    call(p, QEMU, "org.freedesktop.DBus.Properties.GetAll", "org.libvirt.Connect", status=0)
    call(p, QEMU, "org.libvirt.Connect.ListDomains", "0", status=0)
    for name in ("busy", "idle"):
        call(p, QEMU, "org.libvirt.Connect.DomainDefineXML", '"$(cat W/%s.xml)"' % name, status=0)
    call(p, QEMU, "org.libvirt.Connect.DomainCreateXML", '"$(cat W/bare.xml)"', "0", status=0)
    call(p, GUEST["busy"], "org.libvirt.Domain.Create", "0", status=0)
    call(p, GUEST["busy"], "org.libvirt.Domain.Create", "0", status=1)
    for name in GUEST:
        call(p, GUEST[name], "org.freedesktop.DBus.Properties.GetAll", "org.libvirt.Domain", status=0)
    call(p, QEMU, "org.libvirt.Connect.DomainLookupByName", "busy", status=0)
    call(p, QEMU, "org.libvirt.Connect.DomainLookupByName", "nosuch", status=1)
    for interface in ("Network", "StoragePool", "Secret", "NWFilter"):
        call(p, QEMU, "org.libvirt.Connect.List%ss" % interface, "0", status=0)
    every_method(p, "Connect", QEMU)
    every_method(p, "Domain", GUEST["busy"])
    every_method(p, "Domain", GUEST["idle"])
    call(p, GUEST["idle"], "org.libvirt.Domain.GetXMLDesc", "0", status=0)
    call(p, GUEST["idle"], "org.freedesktop.DBus.Properties.Set", "org.libvirt.Domain", "Autostart", "'<true>'", status=0)
    call(p, GUEST["idle"], "org.freedesktop.DBus.Properties.Get", "org.libvirt.Domain", "Autostart", status=0)
    for method in ("Suspend", "Resume", "Destroy 0", "Undefine 0"):
        call(p, GUEST["busy"], "org.libvirt.Domain." + method.split()[0], *method.split()[1:], status=0)
    call(p, GUEST["bare"], "org.libvirt.Domain.Destroy", "0", status=0)
    # Event 5: stopped, 1: undefined.
    for name, ends in (("busy", (", 5, ", ", 1, ")), ("bare", (", 5, ",))):
        def signals(b):
            return re.findall(r"DomainEvent \(objectpath '%s', .*\)" % GUEST[name], open(b.dir + "/run/signals").read())
        p.each(lambda b: wait_for("the signals of " + name, lambda: all(any(e in s for s in signals(b)) for e in ends)))
        p.same("signals of " + name, *("\n".join(s) for s in p.each(signals)))
    call(p, QEMU, "org.libvirt.Connect.ListDomains", "0", status=0)
sys.exit(p.result())
