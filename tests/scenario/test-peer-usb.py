#!/usr/bin/python3
"""USB devices of the host's, of which both boxes have the same made-up ones: by vendor and product, by bus and device, by both; missing, ambiguous, optional and in use; at a start, live, as a command
line, over a managed save and a later daemon. QEMU tells which device it has. And on a host without USB; and SCSI hosts of vhost."""
import os, re, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import guest_xml, wait_for
from hostdevlib import add_usb, fake_usb, remove_usb
from pair import Pair, told
import libvirt

HOST = {"1-1": (1, 2, "1234", "beef", 5), "1-1.2": (1, 3, "1234", "beef", 7), "2-1": (2, 2, "5678", "0001", 3), "usb1": (1, 1, "1d6b", "0002", 8)}
GUEST = "<controller type='usb' index='0' model='qemu-xhci' ports='8'/>"


def usb(what, attr=""):
    return "<hostdev mode='subsystem' type='usb'><source%s>%s</source></hostdev>" % (attr, what)


def at(bus, device, attr=""):
    return usb("<address bus='%d' device='%d'/>" % (bus, device), attr)


def named(vendor, product, attr="", more=""):
    return usb("<vendor id='0x%s'/><product id='0x%s'/>%s" % (vendor, product, more), attr)


def policy(word):
    return " startupPolicy='%s'" % word


STARTS = [named("5678", "0001"), named("1234", "beef"), named("9999", "0001"), at(1, 2), at(1, 9), at(300, 70000), *(named("9999", "0001", policy(w)) for w in ("optional", "requisite", "mandatory")),
    *(named("1234", "beef", "", "<address bus='%d' device='%d'/>" % a) for a in ((1, 3), (2, 2))), named("1234", "beef", policy("optional"), "<address bus='2' device='2'/>"), at(1, 9, policy("optional")),
    named("5678", "0001", policy("optional")), *(at(1, 2, " guestReset='%s'" % w) for w in ("off", "uninitialized", "on")), at(1, 2) + at(1, 2), named("1234", "beef") + named("1234", "beef"),
    named("5678", "0001") + at(2, 2), at(1, 2) + at(1, 3) + named("5678", "0001")]
LIVE = [at(2, 2), named("5678", "0001"), at(1, 2), at(1, 9), named("9999", "0001", policy("requisite")), named("5678", "0001", "", "<address bus='2' device='2'/>")]


def shown(dom):
    """Its devices as each form of the document has them, and as QEMU has them."""
    import libvirt_qemu
    forms = ["\n".join(re.findall(r"^    <hostdev.*?</hostdev>", dom.XMLDesc(flags), re.S | re.M)) for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE, libvirt.VIR_DOMAIN_XML_MIGRATABLE)]
    return "\n--\n".join(forms) + "\n" + "\n".join(re.findall(r"Product (.*)", libvirt_qemu.qemuMonitorCommand(dom, "info usb", libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP)))


def guest(name, devices=""):
    return guest_xml(name, GUEST + devices)


def start(con, name, devices=""):
    said = told(con.createXML, guest(name, devices))
    if said.startswith("error "):
        return said, None
    dom = con.lookupByName(name)
    return said + "\n" + shown(dom), dom


def starts(box):
    con, out = box.connect(), []
    for x in STARTS:
        said, dom = start(con, "a", x)
        out.append(said)
        if dom:
            out[-1] += "\n" + start(con, "b", x)[0]     # which another one cannot have
            for d in con.listAllDomains():
                d.destroy()
    con.close()
    return out


NOTHING = ["<hostdev mode='subsystem' type='usb'>%s</hostdev>" % s for s in ("<source/>", "<source><address bus='0' device='0'/></source>")]


def live(box):
    con, out = box.connect(), []
    other = start(con, "other", at(1, 3))[1]
    dom = start(con, "a")[1]
    for x in LIVE + [at(1, 3)]:
        out.append(told(dom.attachDeviceFlags, x, libvirt.VIR_DOMAIN_AFFECT_LIVE) + "\n" + shown(dom))
        out[-1] += "\n" + told(dom.attachDeviceFlags, x, libvirt.VIR_DOMAIN_AFFECT_LIVE) + "\n" + start(con, "b", x)[0]
        for d in con.listAllDomains():
            if d.name() == "b":
                d.destroy()
        if "hostdev" in out[-1]:
            out[-1] += "\n" + told(dom.detachDeviceFlags, x, libvirt.VIR_DOMAIN_AFFECT_LIVE) + "\n" + shown(dom)
    for x in NOTHING:
        out.append(told(dom.detachDeviceFlags, x, libvirt.VIR_DOMAIN_AFFECT_LIVE))
    for d in (dom, other):
        d.destroy()
    con.close()
    return out


def saved(box):
    """A device that was found is found again, wherever it is by then."""
    con = box.connect()
    dom = con.defineXML(guest("saved", named("5678", "0001")))
    dom.create()
    out = [told(dom.managedSave), told(dom.create) + shown(dom)]
    dom.destroy()
    dom.undefine()
    con.close()
    return out


def native(box):
    con, out = box.connect(), []
    for x in STARTS[:1] + STARTS[3:4] + STARTS[9:10] + STARTS[14:17]:
        said = told(con.domainXMLToNative, "qemu-argv", guest("n", x))
        out.append("\n".join(re.findall(r"usb-host.*?\}", said)) or said)
    con.close()
    return out


def vhost(box):
    """As command lines: libvirtd looks for the host's configuration before it starts one."""
    con, out = box.connect(), []
    for i, model in enumerate(("", " model='virtio-transitional'", " model='virtio-non-transitional'")):
        x = guest("v", "<hostdev mode='subsystem' type='scsi_host'%s><source protocol='vhost' wwpn='naa.500140500000000%d'/></hostdev>" % (model, i))
        out.append("\n".join(re.findall(r"\S*vhost-scsi\S*", con.domainXMLToNative("qemu-argv", x))))
    con.close()
    return out


def without(box):
    con, out = box.connect(), []
    for x in (STARTS[0], STARTS[3], STARTS[6]):
        out.append(start(con, "a", x)[0])
    con.close()
    return out


# Only what is made of it counts: a path there, a descriptor here.
MASK = [(r"ID: .*", "")]
with Pair("usb") as p:
    for a, b in zip(*p.each(without)):
        p.same("no USB on this host", a, b)
    p.each(fake_usb, HOST)
    for x, a, b in zip(STARTS, *p.each(starts)):
        p.same("a start with " + x, a, b, MASK)
    for x, a, b in zip(LIVE + [at(1, 3)] + NOTHING, *p.each(live)):
        p.same("a running guest and " + x, a, b, MASK)
    for what, a, b in zip(("saved", "and restored"), *p.each(saved)):
        p.same(what, a, b, MASK)
    for a, b in zip(*p.each(native)):
        p.same("as a command line: " + a, a, b)
    for a, b in zip(*p.each(vhost)):
        p.same("a SCSI host of vhost, " + a, a, b, [(r'"vhostfd":"\d+"', "FD")])     # one that libvirtd has just then
    ours = p.boxes[0]
    con = ours.connect()
    said = told(con.createXML, guest("v", "<hostdev mode='subsystem' type='scsi_host'><source protocol='vhost' wwpn='naa.5001405000000000'/></hostdev>"))
    p.same("and QEMU has its node, which is none of vhost", str("vhost_set_owner failed: Inappropriate ioctl for device" in said), "True")
    con.createXML(guest("kept", named("5678", "0001")))
    con.close()
    ours.stop_daemon()
    ours.start()
    ours.wait(running=1)
    con = ours.connect()
    said = start(con, "b", at(2, 2))[0]
    p.same("after a later daemon it is its guest's", said, "error 55 of 0: Requested operation is not valid: USB device 002:002 is in use by driver QEMU, domain kept")
    con.lookupByName("kept").destroy()
    said, dom = start(con, "b", at(2, 2))
    p.same("and another's when that has ended", str(dom and dom.isActive()), "1")
    dom.destroy()
    wait_for("nothing left over", lambda: not ours.left_over())
    con.close()
sys.exit(p.result())
