#!/usr/bin/python3
"""Filters of a guest's interfaces, of Debian's libvirtd, which is our network filter daemon here and has guests of its own beside ours: a binding for each tap from the
start to every kind of end, changes while the guest runs, and what is said of filters that are not there."""
import os, re, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *
from pair import told

needed("libvirtd", "ebtables")
FILTER = "<filter name='%s' chain='root'>%s</filter>"
FILTERS = {"plain": "", "own-mac": "<rule action='drop' direction='out' priority='500'><mac match='no' srcmacaddr='$MAC'/></rule>",
           "needs": "<rule action='drop' direction='out' priority='500'><ip match='no' srcipaddr='$WHAT'/></rule>",
           "own-ip": "<rule action='drop' direction='out' priority='500'><ip match='no' srcipaddr='$IP'/></rule>"}
REF = "<filterref filter='%s'>%s</filterref>"
IP = "<parameter name='IP' value='10.0.0.%d'/>"
NIC = "<interface type='%s'><mac address='52:54:00:77:%s:0%d'/>%s<model type='virtio'/>%s</interface>"
LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
peer = {}


def nic(i, ref="", kind="bridge", side="00", more=""):
    """The interface with that number, of our guest or, side 01, of libvirtd's own."""
    return NIC % (kind, side, i, "<source bridge='br-f'/>" if kind == "bridge" else "", ref + more)


def bindings(owner):
    """{the tap's name: its binding's document} of the guest of that name."""
    found = {b.portDev(): b.XMLDesc(0) for b in peer["con"].listAllNWFilterBindings()}
    return {dev: xml for dev, xml in found.items() if "<name>%s</name>" % owner in xml}


def filters(owner):
    return sorted(re.search("filterref filter='([^']*)'", xml).group(1) for xml in bindings(owner).values())


def alike(xml, owner):
    """A binding or an error with nothing in it that is one guest's or the other's."""
    return re.sub(r"vnet\d+|52:54:00:77:0[01]|<name>%s<|<uuid>[^<]*<" % owner, "X", xml)


def daemon(box):
    """none before there is a daemon that has filters"""
    con = box.connect()
    box.run("ip", "link", "add", "br-f", "type", "bridge")
    e = fails(libvirt.VIR_ERR_SYSTEM_ERROR, con.createXML, BARE % ("f0", nic(1, REF % ("plain", ""))), 0)
    assert "virtnwfilterd-sock" in str(e), e
    assert_clean(box)
    box.sibling("virtnwfilterd")
    peer["con"] = wait_for("libvirtd", lambda: libvirt.open("qemu+unix:///system?socket=" + box.dir + "/run/libvirt/virtnwfilterd-sock"))
    for name, rules in FILTERS.items():
        peer["con"].nwfilterDefineXML(FILTER % (name, rules))


def same(box):
    """what is bound, beside libvirtd's own guest with the same interface: at the start, live, and where it fails"""
    con, theirs = box.connect(), peer["con"]
    two = [REF % ("own-ip", IP % 1), REF % ("plain", IP % 2 + IP % 3)]
    for kind, ref in zip(("bridge", "ethernet"), two):
        doms = [c.createXML(BARE % (name, nic(1, ref, kind, side)), 0) for c, name, side in ((con, "f1", "00"), (theirs, "t1", "01"))]
        ours, other = [sorted(alike(x, d.name()) for x in bindings(d.name()).values()) for d in doms]
        assert ours == other and len(ours) == 1, (ours, other)
        ours, other = [re.search("<filterref.*</filterref>", d.XMLDesc(0), re.S).group() for d in doms]
        assert ours == other, (ours, other)
        for d in doms:
            d.destroy()
        wait_for("no bindings", lambda: not bindings("f1"))
    bad = REF % ("nosuch", ""), REF % ("needs", IP % 6)
    for ref in bad:
        ours, other = [told(c.createXML, BARE % ("bad", nic(2, ref, "bridge", side)), 0) for c, side in ((con, "00"), (theirs, "01"))]
        assert ours == other and "error" in ours, (ours, other)
        # The filter of another interface was there already.
        e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, con.createXML, BARE % ("bad", nic(1, two[1]) + nic(2, ref)), 0)
        wait_for("no bindings", lambda: not bindings("bad"))
        assert_clean(box)
    dom, console = boot(box, document("f2", nic(1, two[1])))
    other = theirs.createXML(BARE % ("t2", nic(1, two[1], "bridge", "01")), 0)
    doms = dom, other

    def both(what, i, ref="", more=""):
        """The same call for both guests, and the same answer and bindings."""
        said = [alike(told(getattr(d, what), nic(i, ref, "bridge", side, more), LIVE), d.name()) for d, side in ((dom, "00"), (other, "01"))]
        assert said[0] == said[1], said
        wait_for("bindings as libvirtd's after %s %s" % (what, ref), lambda: sorted(alike(x, "f2") for x in bindings("f2").values()) == sorted(alike(x, "t2") for x in bindings("t2").values()))
        words = [re.findall("<filterref filter='([^']*)'", d.XMLDesc(0)) for d in doms]
        assert words[0] == words[1] == filters("f2") or what != "updateDeviceFlags", (words, filters("f2"))
        return said[0]
    update = lambda *a: both("updateDeviceFlags", *a)
    assert update(1, REF % ("own-mac", "")) == "0" and filters("f2") == ["own-mac"]
    (tap,) = bindings("f2")
    assert "-i %s -j" % tap in box.run("ebtables", "-t", "nat", "-L").stdout
    for ref in bad:
        assert "attempting to restore old rules" in update(1, ref) and filters("f2") == ["own-mac"]
        assert "error" in both("attachDeviceFlags", 3, ref)
    assert "-i %s -j" % tap in box.run("ebtables", "-t", "nat", "-L").stdout
    assert update(1, REF % ("own-ip", IP % 4)) == update(1, REF % ("own-ip", IP % 5)) == "0" and "10.0.0.5" in bindings("f2")[tap]
    assert update(1) == "0" and not filters("f2") and "-i %s -j" % tap not in box.run("ebtables", "-t", "nat", "-L").stdout
    assert update(1, REF % ("plain", ""), "<link state='down'/><bandwidth/>") == "0" and filters("f2") == ["plain"]
    # An interface that comes, goes and comes again at once, with the same tap's name.
    ref = two[0]
    both("attachDeviceFlags", 2, ref)
    assert len(filters("f2")) == 2
    dom.detachDeviceFlags(nic(2), LIVE)
    dom.attachDeviceFlags(nic(2, ref), LIVE)
    assert len(filters("f2")) == 2 and set(bindings("f2")) == set(re.findall("target dev='([^']*)'", dom.XMLDesc(0)))
    dom.detachDeviceFlags(nic(2), LIVE)
    wait_for("one binding", lambda: filters("f2") == ["plain"])
    console.close()
    for d in doms:
        d.destroy()
    dom.undefine()
    wait_for("no bindings", lambda: not peer["con"].listAllNWFilterBindings())


def ends(box):
    """whoever dies, and whatever comes after, a guest has its binding, and none is left"""
    con = box.connect()
    dom = con.defineXML(BARE % ("f3", nic(1, REF % ("own-mac", "")) + nic(2)))
    dom.create()
    had = bindings("f3")
    assert len(had) == 1
    for role in "supervisor", "qemu":
        os.kill(box.role(role)[0], 9)
        wait_for("the next " + role, lambda: dom.XMLDesc(0).count("<filterref") == 1 and bindings("f3") == had)
    box.stop_daemon(9)
    box.start()
    dom = wait_for("the next daemon", lambda: box.connect().lookupByName("f3"))
    assert bindings("f3") == had
    wait_for("the next worker", lambda: dom.updateDeviceFlags(nic(1, REF % ("plain", "")), LIVE) == 0)
    assert filters("f3") == ["plain"]
    dom.managedSave()
    wait_for("no bindings", lambda: not bindings("f3"))
    dom.create()
    assert filters("f3") == ["plain"]
    dom.reset()
    # Another's binding by its tap's name is none of ours to give up.
    (tap,) = bindings("f3")
    was = bindings("f3")[tap]
    peer["con"].nwfilterBindingLookupByPortDev(tap).delete()
    peer["con"].nwfilterBindingCreateXML(re.sub("<uuid>[^<]*", "<uuid>c7a5fdbd-cdaf-9455-926a-d65c16db1809", was.replace("f3", "another")), 0)
    os.kill(box.role("guest")[0], 9)
    wait_for("its end", lambda: not dom.isActive())
    assert_clean(box)
    wait_for("the talk's end", lambda: not box.role("talk"))
    assert list(bindings("another")) == [tap]
    # What is left of one that has gone is in nobody's way.
    dom.create()
    assert not bindings("another") and filters("f3") == ["own-mac"]
    # The supervisor dies while it is being given up.
    ends_unfinished(box, "f3")
    wait_for("no bindings", lambda: not bindings("f3"))
    # One that ends while no daemon is there.
    wait_for("the next supervisor", lambda: dom.create() == 0)
    box.stop_daemon(9)
    os.kill(box.role("guest")[0], 9)
    box.start()
    wait_for("no bindings", lambda: not bindings("f3"))
    assert_clean(box)


main(daemon, same, ends)
