#!/usr/bin/python3
"""PCI devices of the host's, given to guests by VFIO. Both boxes have the same made-up ones, with an IOMMU, drivers, and a QEMU whose VFIO answers: refusals, starts, a second guest, live, drivers that change and come
back, as the kernel was told; as a command line; over the daemon's death. And on a host without."""
import glob, os, re, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import Timeout, guest_xml, kill, wait_for
from hostdevlib import add_mdev, add_vdpa, fake_pci, fake_usb, pci_driver, pci_log
from pair import Pair, told
import libvirt

HOST = {"0000:07:00.0": (7, "igb"), "0000:08:00.0": (8, "igb"), "0000:08:00.1": (8, "igb"), "0000:09:00.0": (9, None), "0000:0a:00.0": (10, "pcieport", "0x060400", 1), "0000:0b:00.0": (None, "igb"),
    "0000:0c:00.0": (12, "vfio-pci")}
MADE = "53764d0e-85a0-42b4-af5c-2046b460b1dd"
LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE


def pci(bus, function=0, managed="yes", more=""):
    return "<hostdev mode='subsystem' type='pci' managed='%s'><source><address domain='0x0000' bus='0x%02x' slot='0x00' function='0x%x'/></source>%s</hostdev>" % (managed, bus, function, more)


def mdev(uuid, more=""):
    return "<hostdev mode='subsystem' type='mdev' model='vfio-pci'%s><source><address uuid='%s'/></source></hostdev>" % (more, uuid)


def by(driver):
    return "<driver name='%s'/>" % driver


REFUSED = [pci(7), pci(7, more=by("vfio")), pci(7, more=by("kvm")), pci(7, more=by("xen"))]
STARTS = [pci(7), pci(7, managed="no"), pci(7, more=by("vfio") + "<boot order='1'/><rom bar='off'/>"), pci(7) + pci(7), pci(7, more=by("kvm")), pci(8), pci(8) + pci(8, 1), pci(9), pci(15), pci(10), pci(11), pci(12),
    pci(12, managed="no"), pci(7) + pci(9), pci(7) + pci(15), mdev(MADE), mdev(MADE[::-1]), pci(7) + mdev(MADE, " display='off'")]


def guest(name, devices="", more=""):
    return guest_xml(name, devices, 32, "<features><acpi/></features>" + more)


def shown(dom):
    forms = ["\n".join(re.findall(r"^    <hostdev.*?</hostdev>", dom.XMLDesc(flags), re.S | re.M)) for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE, libvirt.VIR_DOMAIN_XML_MIGRATABLE)]
    import libvirt_qemu
    return "\n--\n".join(forms) + "\n" + "\n".join(re.findall(r'id "hostdev.*', libvirt_qemu.qemuMonitorCommand(dom, "info pci", libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP)))


def without(box):
    con, out = box.connect(), []
    for x in REFUSED:
        out.append(told(con.createXML, guest("a", x)))
    dom = con.createXML(guest("a"))
    for x in REFUSED:
        out.append(told(dom.attachDeviceFlags, x, LIVE))
    dom.destroy()
    con.close()
    return out


def drivers(box, until=None):
    """Which each device has; in time, for our hands do not wait for what a device that they give back gets."""
    has = lambda: " ".join(pci_driver(box, d) or "-" for d in HOST)
    told_all = lambda log: log.count("vfio-pci/unbind") == len(re.findall(r"drivers_probe .* \[\]", log))
    try:
        wait_for("drivers", lambda: until is None or until == has() and told_all(pci_log(box)), 20)
    except Timeout:
        pass
    return has()


def changes(box, was, until=None):
    """What the kernel was told since then, device by device, and the drivers after it."""
    has = drivers(box, until)
    return "".join(sorted(pci_log(box)[was:].splitlines(True), key=lambda l: l.split(" ")[1])) + has


FREE = " ".join(v[1] or "-" for v in HOST.values())


def starts(box):
    con, out = box.connect(), []
    for x in STARTS:
        was = len(pci_log(box))
        said = told(con.createXML, guest("a", x))
        if not said.startswith("error "):
            dom = con.lookupByName("a")
            said += "\n" + shown(dom) + "\n" + told(con.createXML, guest("b", x)) + "\n" + told(con.createXML, guest("b", pci(8, 1))) + "\n" + drivers(box)
            for d in sorted(con.listAllDomains(), key=lambda d: d.name()):
                d.destroy()
        out.append(said + "\n" + changes(box, was, FREE))
    con.close()
    return out


def live(box):
    con, out = box.connect(), []
    dom = con.createXML(guest("a", pci(8)))
    for x in (pci(7), pci(9), pci(7, managed="no"), pci(8, 1), pci(8), pci(15), pci(10), pci(11), pci(12, managed="no"), pci(7, more=by("kvm")), pci(7, more=by("xen")), mdev(MADE)):
        was = len(pci_log(box))
        said = told(dom.attachDeviceFlags, x, LIVE) + "\n" + shown(dom)
        if said.startswith("0"):
            said += told(con.createXML, guest("b", x)) + "\n" + told(dom.detachDeviceFlags, x, LIVE)
        else:
            said += told(dom.detachDeviceFlags, x, LIVE) if "bus='0x08'" not in x else ""
        out.append(said + "\n" + changes(box, was))
    out.append(told(dom.managedSave))
    dom.destroy()
    con.close()
    return out


def vdpa(number, more=""):
    return "<interface type='vdpa'><mac address='52:54:00:00:00:%02x'/><source dev='/dev/vhost-vdpa-%d'/>%s</interface>" % (number, number, more)


VDPA = [vdpa(1), vdpa(1, "<model type='virtio'/><driver queues='2'/>"), vdpa(1, "<model type='e1000'/>"), vdpa(9), vdpa(1, "<mtu size='1400'/>"), vdpa(1, "<link state='down'/>"),
    vdpa(1, "<bandwidth><inbound average='100'/></bandwidth>"), vdpa(1, "<filterref filter='x'/>"), vdpa(1, "<vlan><tag id='4'/></vlan>"), vdpa(1, "<virtualport type='openvswitch'/>"), vdpa(1, "<script path='/bin/true'/>"),
    vdpa(1, "<backend vhost='/dev/vhost-net'/>")]


def cards(box):
    con, out = box.connect(), []
    card = lambda dom: "\n".join(re.findall(r"^    <interface.*?</interface>", dom.XMLDesc(), re.S | re.M)) + "\n" + told(dom.interfaceParameters, "vnet0") + told(dom.interfaceStats, "52:54:00:00:00:01")
    for x in VDPA + [vdpa(1) + vdpa(2)]:
        said = told(con.createXML, guest("v", x))
        if not said.startswith("error "):
            said += "\n" + card(con.lookupByName("v"))
            con.lookupByName("v").destroy()
        out.append(said)
    for x in VDPA:
        dom = con.createXML(guest("v"))
        said = told(dom.attachDeviceFlags, x, LIVE) + "\n" + card(dom)
        if said.startswith("0"):
            said += told(dom.updateDeviceFlags, x.replace("</interface>", "<link state='down'/></interface>"), LIVE) + "\n" + told(dom.detachDeviceFlags, x, LIVE)
        out.append(said)
        dom.destroy()
    con.close()
    return out


def native(box):
    con, out = box.connect(), []
    for x in STARTS[:4] + STARTS[6:8]:
        said = told(con.domainXMLToNative, "qemu-argv", guest("n", x))
        out.append("\n".join(re.findall(r"\{[^{]*vfio-pci.*?\}", said)) or said)
    con.close()
    return out


def locks(pids):
    return sum("/vfio-0" in os.readlink(fd) for pid in pids for fd in glob.glob("/proc/%d/fd/*" % pid) if os.path.lexists(fd))


NO_GROUP = [(r"^d.*0000:0b:00.0 \[.*\]\n", "")]        # libvirtd finds that out when it has changed the driver
with Pair("pci") as p:
    for x, a, b in zip(REFUSED * 2, *p.each(without)):
        p.same("no VFIO on this host: " + x, a, b)
    p.each(fake_usb, {})
    p.each(fake_pci, HOST)
    p.each(add_mdev, MADE, 13)
    for x, a, b in zip(STARTS, *p.each(starts)):
        p.same("a start with " + x, a, b, NO_GROUP)
    for a, b in zip(*p.each(live)):
        p.same("a running guest: " + a.split("\n")[0], a, b, NO_GROUP)
    p.each(add_vdpa, 1)
    p.each(add_vdpa, 2)
    for x, a, b in zip(["a start with " + x for x in VDPA + [vdpa(1) + vdpa(2)]] + ["a running guest: " + x for x in VDPA], *p.each(cards)):
        p.same(x, a, b)
    for a, b in zip(*p.each(native)):
        p.same("as a command line: " + a, a, b)

    ours = p.boxes[0]
    con = ours.connect()
    wait_for("drivers", lambda: drivers(ours) == FREE)
    con.createXML(guest("kept", pci(7))).attachDeviceFlags(pci(8), LIVE)
    qemu = ours.role("guest")
    p.same("QEMU sees its devices' groups alone", " ".join(sorted(os.listdir("/proc/%d/root/dev/vfio" % qemu[0])) + sorted(os.listdir("/proc/%d/root/sys/bus/pci/devices" % qemu[0]))), "7 8 vfio 0000:07:00.0 0000:08:00.0")
    p.same("their locks are nobody's who would give them up", " ".join(r for r in ("keeper", "supervisor", "guest", "qemu", "gateway") if locks(ours.role(r))), "keeper supervisor")
    con.close()
    kill([ours.daemon_pid()])
    wait_for("the daemon's end", lambda: not ours.role("keeper"))
    ours.start()
    ours.wait(running=1)
    p.same("a later daemon has their locks", str(locks(ours.role("keeper"))), "2")
    con = ours.connect()
    p.same("after a later daemon it is its guest's", " ".join(told(con.createXML, guest("b", pci(n))) for n in (7, 8)),
        " ".join("error 55 of 0: Requested operation is not valid: PCI device 0000:0%d:00.0 is in use by driver QEMU, domain kept" % n for n in (7, 8)))
    kill(qemu)
    p.same("QEMU is killed, and drivers have them again", drivers(ours, FREE), FREE)
    con.createXML(guest("kept", pci(7) + pci(8)))
    con.close()
    kill([ours.daemon_pid()])
    wait_for("the daemon's end", lambda: not ours.role("keeper"))
    kill(ours.role("guest"))
    ours.start()
    p.same("the same while there is no daemon", drivers(ours, FREE), FREE)
    con = ours.connect()
    for what in ("supervisor", "hand-open", "hand-launch"):
        call = threading.Thread(target=told, args=(con.createXML, guest("killed", pci(7) + pci(8))))
        call.start()
        wait_for("a driver that changes", lambda: drivers(ours) != FREE)
        kill(ours.role(what))
        call.join()     # it comes again to the next supervisor
        told(lambda: con.lookupByName("killed").destroy())
        p.same("%s is killed as a guest starts" % what, drivers(ours, FREE), FREE)
    wait_for("nothing left over", lambda: not ours.left_over() and not glob.glob(ours.dir + "/run/libvirt/qemu/vfio-*"))
    con.close()
sys.exit(p.result())
