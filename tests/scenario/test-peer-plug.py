#!/usr/bin/python3
"""Devices of a running guest: attach-, detach-, update-device and detach-device-alias, on pc and q35; with libvirtd's words, and the document that comes of it.

The guest is paused, so that no one answers for a PCI slot, or touches a drive: what has gone from the bus of a disk, a USB port or a virtio-serial port is gone, what was on PCI
stays. QEMU keeps the descriptors of a paused guest's images, and with them their locks, so each disk has an image of its own."""
import os, re, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import wait_for
from pair import EMULATOR, Pair, W, told
import libvirt

I = W + "/"
CD = "type='file' device='cdrom'"
FLOPPY = "type='file' device='floppy'"
ISO = "<source file='%sc.iso'/>" % I


def disk(dev, bus, more="", source="<source file='%sb.img'/>" % I, kind="type='file' device='disk'", driver="type='raw'"):
    return "<disk %s><driver name='qemu' %s/>%s<target dev='%s' bus='%s'/>%s</disk>" % (kind, driver, source, dev, bus, more)


def vda(more="", driver="type='raw'", source="<source file='%sa.img'/>" % I, kind="type='file' device='disk'"):
    return disk("vda", "virtio", more, source, kind, driver)


def nic(more="", mac="01", model="virtio", kind="type='user'"):
    return "<interface %s><mac address='52:54:00:00:00:%s'/><model type='%s'/>%s</interface>" % (kind, mac, model, more)


def vnc(attributes, inside=""):
    return "<graphics type='vnc' listen='127.0.0.1' %s>%s</graphics>" % (attributes, inside)


def dimm(more="", size="128", target="<node>0</node>"):
    return "<memory model='dimm'><target><size unit='MiB'>%s</size>%s</target>%s</memory>" % (size, target, more)


def virtio_mem(requested, more="", size=128, block=2048):
    return "<memory model='virtio-mem'><target><size unit='MiB'>%d</size><node>0</node><block unit='KiB'>%d</block><requested unit='KiB'>%d</requested></target>%s</memory>" % (size, block, requested, more)


def channel(name, source="<source mode='bind' path='%s%%s'/>" % I, more=""):
    return "<channel type='unix'>%s<target type='virtio' name='%s'/>%s</channel>" % (source % name if "%s" in source else source, name, more)


LEASE = "<lease><lockspace>s</lockspace><key>%s</key><target path='%s'/></lease>"


def document(machine, bare=False):
    pc = machine == "pc"
    ports = "" if pc else "<controller type='pci' index='0' model='pcie-root'/>" + "<controller type='pci' model='pcie-root-port'/>" * (4 if bare else 16)
    more = "" if bare else """<controller type='scsi' index='0' model='virtio-scsi'/><controller type='virtio-serial' index='0' ports='8'/>
%s<disk %s><target dev='sdc' bus='scsi'/><readonly/></disk><disk %s><target dev='hdc' bus='%s'/><readonly/></disk>%s
<serial type='pty'/><interface type='user'><mac address='52:54:00:00:00:01'/><model type='virtio'/><alias name='ua-nic'/><link state='up'/></interface>
<graphics type='vnc' port='5999' passwd='x' keymap='de' listen='127.0.0.1'/>""" % (disk("sda", "scsi", "<serial>S1</serial>", "<source file='%sb2.img'/>" % I), CD, CD, "ide" if pc else "sata",
        "<disk %s><target dev='fda' bus='fdc'/></disk>" % FLOPPY if pc else "")
    return """<domain type='qemu'><name>d</name><uuid>d0000000-0000-4000-8000-000000000001</uuid><memory unit='MiB'>64</memory><maxMemory slots='4' unit='MiB'>1024</maxMemory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='%s'>hvm</type></os><features><acpi/></features><cpu><numa><cell id='0' cpus='0' memory='65536' unit='KiB'/></numa></cpu>
<devices>%s%s%s<controller type='usb' index='0' model='qemu-xhci'/>%s</devices></domain>""" % (machine, EMULATOR, ports, vda(), more)


def steps(bus):
    """What is done to the guest, in order: a call and its device; bus: of its first cdrom"""
    def hdc(source, more="<readonly/>", driver="type='raw'", kind=CD):
        return disk("hdc", bus, more, source, kind, driver)
    yield from (("update", x) for x in (
        [vda(m) for m in ("", "<serial>x</serial>", "<wwn>5000c50015ea71ad</wwn>", "<boot order='1'/>", "<readonly/>", "<shareable/>", "<transient/>", "<iotune><total_bytes_sec>1000000</total_bytes_sec></iotune>",
            "<address type='pci' domain='0' bus='0' slot='0x1c' function='0'/>", "<alias name='ua-q'/>", "<alias name='virtio-disk0'/>", "<blockio logical_block_size='512'/>",
            "<geometry cyls='16' heads='16' secs='63'/>", "<vendor>X</vendor>", "<backingStore/>")] +
        [vda(driver="type='raw' " + d) for d in ("cache='none'", "io='threads'", "error_policy='stop'", "rerror_policy='stop'", "discard='unmap'", "detect_zeroes='on'", "ioeventfd='on'", "event_idx='on'",
            "copy_on_read='on'", "queues='2'", "iothread='1'")] +
        [vda(source="<source file='%sb.img'/>" % I), vda(source=""), vda(source="<source file='%sa.img' startupPolicy='optional'/>" % I), vda(kind="type='file' device='disk' snapshot='no'"),
         vda(kind="type='file' device='lun'"), vda(kind=CD), disk("vda", "scsi"), disk("sda", "scsi", "", "<source file='%sb2.img'/>" % I), disk("sda", "scsi", "<serial>S2</serial>", "<source file='%sb2.img'/>" % I),
         disk("vdz", "virtio"), disk("vdz", "virtio", source=""),
         hdc(ISO), hdc(ISO, ""), hdc(""), hdc("", ""), hdc(ISO, driver="type='raw' cache='none'"), hdc(ISO, "<readonly/><serial>x</serial>"), hdc(ISO, kind="type='file' device='disk'")]))
    yield from (("attach", x) for x in (hdc(ISO), hdc(""), disk("sdc", "scsi", "<readonly/>", ISO, CD)))
    yield from [("detach", hdc("")), ("detach", "<disk><target dev='hdc'/></disk>"), ("detach", disk("sdc", "scsi", "", "", CD)), ("attach", disk("sdd", "scsi", "<readonly/>", ISO, CD)), ("alias", "scsi0-0-0-3"),
        ("detach", disk("vdb", "virtio")), ("attach", disk("vdb", "virtio")), ("attach", disk("vdb", "virtio", "<alias name='ua-b'/>")), ("update", disk("vdb", "virtio")),
        ("attach", disk("vde", "virtio", "<shareable/>", "<source file='%sh.img'/>" % I)), ("detach", disk("vde", "virtio")),
        ("attach", disk("sdb", "scsi", "<alias name='foo'/>", "<source file='%sd.img'/>" % I)), ("detach", disk("sdb", "virtio")), ("detach", disk("sdb", "scsi")),
        ("attach", disk("sde", "scsi", "<alias name='ua-nic'/>", "<source file='%sd.img'/>" % I)), ("attach", disk("sdg", "usb", "", "<source file='%sf.img'/>" % I)), ("detach", "<disk><target dev='sdg'/></disk>"),
        ("attach", disk("sdh", "scsi", "<address type='drive' controller='0' bus='0' target='3' unit='2'/>", "<source file='%sg.img'/>" % I)),
        ("attach", disk("sdi", "scsi", "<address type='drive' controller='0' bus='0' target='3' unit='2'/>")), ("alias", "scsi0-0-3-2"),
        ("attach", disk("sdi", "scsi", "<address type='drive' controller='0' bus='1' target='3' unit='2'/>")),
        ("attach", disk("sdm", "scsi", "", "<source file='%se.img'/>" % I)), ("detach", disk("sdm", "scsi")),        # with a controller, which stays
        ("attach", disk("vdc", "virtio", "<address type='pci' domain='0' bus='0' slot='1' function='0'/>")), ("attach", disk("vdc", "virtio", "<address type='pci' domain='0' bus='0' slot='0x1c' function='1'/>")),
        ("attach", disk("vdc", "virtio", "<address type='pci' domain='0' bus='99' slot='1' function='0'/>")), ("attach", disk("vdc", "virtio", source="")), ("attach", "<disk><target dev='sdl'/></disk>"),
        ("attach", disk("vdd", "virtio", "<boot order='1'/>")), ("attach", disk("fdb", "fdc", kind=FLOPPY)), ("attach", vda()), ("attach", disk("vda", "scsi")), ("detach", disk("vdq", "virtio")),
        ("attach", disk("vdx", "virtio", kind="type='file' device='lun'")), ("attach", disk("vdx", "virtio", kind=CD)), ("attach", "<disk type='file'><driver name='phy'/><source file='%sb.img'/><target dev='vdy' bus='virtio'/></disk>" % I)]
    yield from (("update", x) for x in
        [nic(m) for m in ("", "<link state='down'/>", "<link state='up'/>", "<driver queues='2'/>", "<driver name='qemu'/>", "<boot order='1'/>", "<rom bar='off'/>", "<mtu size='1400'/>", "<alias name='ua-nic'/>",
            "<alias name='ua-other'/>", "<coalesce><rx><frames max='1'/></rx></coalesce>", "<tune><sndbuf>10</sndbuf></tune>", "<address type='pci' domain='0' bus='0' slot='0x1c' function='0'/>", "<acpi index='4'/>")] +
        [nic(model="e1000"), nic(mac="09"), "<interface type='user'><mac address='52:54:00:00:00:01'/></interface>", nic(kind="type='ethernet'")])
    yield from [("attach", nic(mac="02", model="virtio")), ("update", nic("<link state='down'/>", "02")), ("attach", nic("<address type='pci' domain='0' bus='0' slot='1' function='0'/>", "03")), ("detach", nic(mac="07"))]
    yield from (("update", vnc("port='5999' " + a)) for a in ("passwd='x' keymap='de'", "passwd='y' keymap='de'", "keymap='de'", "passwd='x'", "passwd='x' keymap='fr'", "passwd='x' keymap='de' connected='keep'",
        "passwd='x' keymap='de' connected='disconnect'", "passwd='x' keymap='de' passwdValidTo='2030-01-01T00:00:00'", "passwd='morethaneight' keymap='de'"))
    yield from (("update", x) for x in (vnc("port='5998' keymap='de'"), vnc("autoport='yes' keymap='de'"), vnc("port='5999' keymap='de'", "<listen type='none'/>").replace(" listen='127.0.0.1'", ""),
        "<graphics type='vnc' port='5999' keymap='de'/>", "<graphics type='spice'/>"))
    yield from [("attach", virtio_mem(0)), ("update", virtio_mem(65537)), ("update", virtio_mem(65536)), ("update", virtio_mem(65536, "<alias name='virtiomem0'/>")), ("attach", dimm()), ("update", dimm("<alias name='dimm0'/>")),
        ("attach", dimm(size="4096")), ("attach", dimm(target="<node>3</node>")), ("attach", dimm(target="")), ("attach", dimm("<address type='dimm' slot='9'/>")), ("attach", dimm("<address type='dimm' slot='0'/>")),
        ("attach", dimm("<address type='dimm' slot='2'/>")), ("detach", dimm(size="256"))]
    yield from [("attach", x) for x in ("<controller type='scsi' index='0' model='virtio-scsi'/>", "<controller type='sata' index='7'/>", "<controller type='ccid'/>", "<controller type='usb' index='0'/>", "<controller type='virtio-serial'/>",
        "<controller type='pci' index='9' model='pci-bridge'/>", "<controller type='scsi' model='virtio-scsi'/>")]
    yield from [("detach", x) for x in ("<controller type='scsi' index='0'/>", "<controller type='scsi' model='virtio-scsi'/>", "<controller type='usb' index='0'/>", "<controller type='pci' index='0'/>")]
    yield from [("attach", "<input type='keyboard' bus='usb'/>"), ("detach", "<input type='keyboard' bus='usb'><alias name='nope'/></input>"), ("detach", "<input type='keyboard' bus='usb'/>"), ("detach", "<input type='keyboard'/>"),
        ("attach", "<input type='tablet'/>"), ("detach", "<input type='tablet' bus='usb'><address type='usb' bus='0' port='4'/></input>"), ("attach", "<input type='tablet' bus='usb'><address type='usb' bus='0' port='9'/></input>"),
        ("attach", "<input type='mouse' bus='ps2'/>"), ("attach", "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"), ("attach", "<rng model='virtio'><backend model='random'>/dev/random</backend></rng>"),
        ("detach", "<rng model='virtio'><backend model='random'>/dev/hwrng</backend></rng>"), ("detach", "<watchdog model='i6300esb'/>"), ("attach", "<watchdog model='itco'/>"), ("attach", "<watchdog model='ib700'/>"),
        ("detach", "<redirdev bus='usb' type='unix'><source mode='bind' path='/r'/></redirdev>"), ("detach", "<shmem name='s0'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>"),
        ("detach", "<vsock model='virtio'><cid auto='no' address='4'/></vsock>"), ("attach", "<filesystem type='mount' accessmode='mapped'><source dir='/i'/><target dir='/y'/></filesystem>"),
        ("detach", "<filesystem type='mount' accessmode='mapped'><source dir='/i'/><target dir='/y'/></filesystem>")]
    yield from [("attach", channel("o.1")), ("attach", channel("o.1")), ("detach", channel("o.2")), ("attach", channel("o.2", more="<address type='virtio-serial' controller='0' bus='0' port='1'/>")),
        ("attach", channel("o.3", more="<address type='virtio-serial' controller='0' bus='0' port='40'/>")), ("attach", channel("o.4", more="<address type='virtio-serial' controller='3' bus='0' port='1'/>")),
        ("attach", channel("o.5", more="<address type='virtio-serial' controller='0' bus='0' port='7'/>")), ("detach", channel("o.5")), ("detach", channel("o.1")), ("attach", channel("org.qemu.guest_agent.0", "")), ("alias", "channel0"),
        ("attach", channel("o.6", "")), ("shown", "channel0"), ("attach", "<console type='pty'/>"), ("detach", "<console type='pty'/>"), ("attach", "<serial type='pty'><target type='usb-serial' port='2'/></serial>"), ("attach", "<serial type='pty'><target type='usb-serial'/></serial>"),
        ("alias", "serial1"), ("detach", "<serial type='file'><source path='/x'/><target port='0'/></serial>"), ("alias", "serial0")]
    yield from [("attach", LEASE % ("k1", "/l")), ("attach", LEASE % ("k2", "/l' offset='512")), ("update", LEASE % ("k2", "/m")), ("detach", LEASE % ("k3", "/l")), ("detach", LEASE % ("k1", "/other")),
        ("attach", "<lease><lockspace>s</lockspace><target path='/y'/></lease>"), ("attach", LEASE % ("k9", "/l")), ("detach", "<lease><lockspace>s</lockspace><key>k9</key></lease>"),
        ("detach", LEASE % ("k9", "/l")), ("detach", LEASE % ("k9", "/l")), ("attach", "<lease><lockspace>s</lockspace><key>k9</key></lease>"),
        ("attach", "<redirdev bus='usb' type='pty'/>"), ("detach", "<redirdev bus='usb' type='pty'/>"), *[(w, x) for x in ("<input type='evdev'><source dev='/dev/input/event0'/></input>", "<input type='mouse' bus='ps2'/>") for w in ("attach", "detach")], ("attach", LEASE % ("k1", "/l"))]
    for x in ("<sound model='ich6'/>", "<video><model type='vga'/></video>", "<hub type='usb'/>", "<memballoon model='virtio'/>", "<panic model='isa'/>", "<smartcard mode='host'/>", "<nvram><address type='spapr-vio' reg='0x3000'/></nvram>",
            "<iommu model='intel'/>", "<audio id='1' type='none'/>", "<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>", "<nonsense/>", "<disk", ""):
        yield from [("attach", x), ("detach", x), ("update", x)]
    yield from [("update", "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"), ("update", "<input type='tablet' bus='usb'/>"), ("update", "<controller type='scsi' index='0'/>"), ("update", "<serial type='pty'/>"),
        ("attach", "<graphics type='vnc'/>"), ("detach", "<graphics type='vnc'/>")]
    yield from [("alias", a) for a in ("nope", "", "ide0-1-0" if bus == "ide" else "sata0-0-2", "balloon0", "input0", "usb", "pci.0" if bus == "ide" else "pcie.0", "scsi0")]


# No controller for SCSI or virtio-serial, no port: what comes with a device, and what has to be there.
BARE = [("attach", channel("o.1")), ("attach", "<console type='file'><source path='%sk'/><target type='virtio'/></console>" % I), ("attach", disk("sda", "scsi", driver="type='raw' cache='none'")), ("attach", disk("sdb", "sata")),
    ("attach", "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"), ("attach", disk("vdc", "virtio", "", "<source file='%sd.img'/>" % I)), ("attach", disk("vdd", "virtio", "", "<source file='%se.img'/>" % I)), ("attach", "<input type='mouse' bus='virtio'/>"),
    ("attach", "<input type='mouse' bus='virtio'/>"), ("attach", disk("hda", "ide", "", "<source file='%sf.img'/>" % I)), ("attach", "<controller type='ide'/>"), ("attach", disk("sdc", "sata", "<address type='drive' controller='2' bus='0' target='0' unit='1'/>"))]


# Where a DIMM is and how much a guest took of memory of virtio: QEMU is asked for that a little later.
LATER = r" base='0x[0-9a-f]+'| *<current unit='KiB'>0</current>\n"


# Of a guest without USB, and of definitions: what comes along is not judged with the device.
NO_USB = [("attach", x) for x in (disk("sda", "usb"), "<input type='tablet' bus='usb'/>", "<hub type='usb'/>", "<redirdev bus='usb' type='unix'><source mode='bind' path='/r'/></redirdev>",
    "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0x5678'/></source></hostdev>")]
SERIAL = "<serial type='dev'><source path='/dev/ttyS2'/><target type='pci-serial' port='0'/></serial>"
STORED = [("attach", SERIAL), ("detach", SERIAL)] + [("attach", x) for x in ("<controller type='ide'/>", "<controller type='ide' index='1'/>", disk("hda", "ide"), disk("hdc", "ide", "<readonly/>", ISO, CD), "<serial type='pty'><target type='usb-serial'/></serial>",
    "<input type='tablet' bus='usb'/>", disk("sdc", "scsi", "<address type='drive' controller='4' bus='0' target='5' unit='6'/>"),
    disk("sdd", "scsi", "<address type='drive' controller='4' bus='0' target='1' unit='0'/>"), disk("sda", "sata"), disk("sdb", "scsi", "<address type='drive' controller='3' bus='0' target='0' unit='1'/>"), channel("o.1"),
    channel("o.2", more="<address type='virtio-serial' controller='2' bus='0' port='1'/>"))] + [("update", disk("sdc", "scsi", "<address type='drive' controller='4' bus='0' target='5' unit='6'/>")),
    ("detach", disk("hda", "ide")), ("attach", disk("hdd", "ide", "<address type='drive' controller='2' bus='0' target='0' unit='0'/>"))]


def story(box, xml, todo, flags=libvirt.VIR_DOMAIN_AFFECT_LIVE):
    """What is said to each call, and what of the document is another one then"""
    con = box.connect()
    live = flags == libvirt.VIR_DOMAIN_AFFECT_LIVE
    dom = con.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED) if live else con.defineXML(xml)
    out, last = [dom.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)], None
    for what, xml in todo:
        if what == "shown":         # detached by what its document says of it
            what, xml = "detach", re.search(r"<channel(?:(?!</channel>).)*<alias name='%s'/>.*?</channel>" % xml, dom.XMLDesc(), re.S).group()
        text = told(dom.detachDeviceAlias, xml, 0) if what == "alias" else told(getattr(dom, what + "DeviceFlags"), xml, flags)
        if what == "alias" and not text.startswith("error "):      # this one waits for nobody
            wait_for("the end of " + xml, lambda: "<alias name='%s'/>" % xml not in dom.XMLDesc())
        now = re.sub(LATER, "", dom.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)).splitlines()
        text += "".join("\n" + l for l in now if last and l not in last)
        last = now
        out.append("%s %s\n%s" % (what, xml, text))
    out.append("\n".join(last))
    dom.destroy() if live else dom.undefine()
    con.close()
    return out


# What differs by nature: numbers of images, of which libvirtd gives one to an empty drive too.
MASK = [(r" index='\d+'/>", "/>"), (r"^ *<source/>\n", ""), (r"\n *<source/>$", "")]


def compare(what, xml, todo, *flags):
    ours, theirs = p.each(story, xml, todo, *flags)
    names = ["start"] + ["%s %s" % (w, x[:100]) for w, x in todo] + ["end"]
    for name, a, b in zip(names, ours, theirs):
        p.same("%s, %s" % (what, name), a, b, mask=MASK)


with Pair("plug") as p:
    for n in "a.img", "b.img", "b2.img", "c.iso", "d.img", "e.img", "f.img", "g.img", "h.img":
        for b in p.boxes:
            with open("%s%s/%s" % (b.dir, W, n), "w") as f:
                f.truncate(1 << 20)
    for machine, bus in ("pc", "ide"), ("q35", "sata"):
        for bare in False, True:
            compare(machine + (", bare" if bare else ""), document(machine, bare), BARE if bare else list(steps(bus)))
        bare = document(machine, True)
        for flags in libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG:
            compare("%s without USB, %d" % (machine, flags), bare.replace("index='0' model='qemu-xhci'", "model='none'"), NO_USB, flags)
        compare(machine + ", stored", bare, STORED, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
sys.exit(p.result())
