#!/usr/bin/env python3
"""What calls make of a run: aliases, places and marks of devices that come, what of the manifest is gone then, and a call that comes again. libvirtd's words are test-peer-plug.py's."""
import os, re, subprocess, sys, tempfile

BUILD = os.environ.get("BUILDDIR") or os.environ.get("BUILD") or "."
TOOL = os.path.join(BUILD, "tests/tool/domtool")
PORTS = "<controller type='pci' index='0' model='pcie-root'/>" + "<controller type='pci' model='pcie-root-port'/>" * 4
count = failed = 0


def document(machine, devices=""):
    return """<domain type='qemu'><name>d</name><memory unit='MiB'>64</memory><maxMemory slots='4' unit='MiB'>1024</maxMemory><vcpu>1</vcpu><os><type machine='%s'>hvm</type></os>
<cpu><numa><cell id='0' cpus='0' memory='65536'/></numa></cpu><devices>%s<disk type='file'><driver name='qemu' type='raw'/><source file='/a'/><target dev='vda'/></disk>%s</devices></domain>""" % (
        machine, PORTS if machine == "q35" else "", devices)


def disk(dev, more="", source="<source file='/b'/>", kind="type='file'", driver="raw"):
    return "<disk %s><driver name='qemu' type='%s'/>%s<target dev='%s'/>%s</disk>" % (kind, driver, source, dev, more)


def check(what, good, text=""):
    global count, failed
    count += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, what))
    if not good:
        print(re.sub("^", "    ", text, flags=re.M))


def plug(doc, *calls):
    """[answer of each call], the run's document and manifest at the end"""
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as f:
        f.write(doc)
        f.flush()
        out = subprocess.run([TOOL, "plug", f.name, *calls], capture_output=True, text=True).stdout
    parts = re.split(r"^== .*\n", out, flags=re.M)
    return parts[1:-1], parts[-1]


def story(what, doc, calls, answers=(), run=()):
    """answers: for each call what has to be in its answer, "!" before it: what must not; run: the same of the run at the end."""
    said, end = plug(doc, *calls)
    for i, wanted in enumerate([*answers, run]):
        text = end if i == len(answers) else said[i] if i < len(said) else ""
        for w in wanted if isinstance(wanted, (list, tuple)) else [wanted]:
            check("%s: %s" % (what, w.strip()), w[1:] not in text if w[0] == "!" else w in text, text)


def gone(n):
    return "%d image flags=4" % n      # 4096 and more


story("a disk on pc", document("pc"), ["attach", disk("vdb"), "attach", disk("vdd", source="<source file='/c'/>")],
    [["in\n", "virtio-disk1", "bulkhead:m='1'", "bus='0x00' slot='0x04'"], ["virtio-disk3", "bulkhead:m='2'", "slot='0x05'"]], ["1 image flags=0 parent=-1 format=1 a=0 b=0 c=0 path=/b", "2 image "])
story("disks between others", document("pc", disk("vdc", source="<source file='/c'/>")), ["attach", disk("vdb")], ["in\n"], ["path=/b"])
said, end = plug(document("pc", disk("vdc", source="<source file='/c'/>")), "attach", disk("vdb"))
check("a disk stands where its name belongs", re.findall(r"target dev='(\w+)' bus='virtio'", end) == ["vda", "vdb", "vdc"], end)
story("ports of q35", document("q35"), ["attach", disk("vdb"), "attach", disk("vdc", source="<source file='/c'/>"), "attach", disk("vdd", source="<source file='/d'/>")],
    ["slot='0x00'", "error 1 20 internal error: No more available PCI slots", "No more"], ["!path=/c"])
story("a controller comes first", document("pc"), ["attach", disk("sda", "<address type='drive' controller='1' bus='0' target='0' unit='3'/>")], [["<controller type='scsi' index='0'", "<alias name='scsi1'/>", "slot='0x05'"]])
said, end = plug(document("pc", "<controller type='scsi' model='virtio-scsi'/>"), "attach", disk("sdk"))
check("it is of the model that is there", "index='1' model='virtio-scsi'" in said[0] and said[0].index("<controller") < said[0].index("<disk"), said[0])
story("an image with layers that the document names", document("pc"), ["attach", disk("vdb", source="<source file='/b'/><backingStore type='file'><format type='raw'/><source file='/c'/></backingStore>", driver="qcow2"),
    "detach", "<disk><target dev='vdb'/></disk>", "gone", "virtio-disk1"], ["in\n", "out\n", "?\n"], [gone(1), gone(2), "!virtio-disk1", "0 image flags=0"])
story("a medium", document("pc", disk("hdc", kind="type='file' device='cdrom'", source="<source file='/x'/>")), ["update", disk("hdc", kind="type='file' device='cdrom'", source="<source file='/y'/>"),
    "attach", disk("hdc", kind="type='file' device='cdrom'", source="<source file='/y'/>"), "attach+", disk("hdc", kind="type='file' device='cdrom'", source="<source file='/y'/>"),
    "update", disk("hdc", kind="type='file' device='cdrom'", source="")],
    [["change\n", "file='/y' bulkhead:m='2'", "ide0-1-0"], ["change\n", "bulkhead:m='3'"], "none\n", ["change\n", "device='cdrom' bulkhead:m='4'", "!<source"]], [gone(1), gone(2), gone(3), "4 image flags=2049"])
story("the same medium", document("pc", disk("hdc", kind="type='file' device='cdrom'", source="<source file='/x'/>")), ["update", disk("hdc", kind="type='file' device='cdrom'", source="<source file='/x' startupPolicy='optional'/>")],
    [["change\n", "startupPolicy='optional' bulkhead:m='1'"]], ["!2 image"])
story("memory", document("pc"), ["attach", "<memory model='dimm'><target><size unit='MiB'>32</size><node>0</node></target></memory>", "attach", "<memory model='dimm'><target><size unit='MiB'>32</size><node>0</node></target></memory>",
    "alias", "dimm0", "gone", "dimm0"], [["dimm0", "slot='0'"], "slot='1'", "out\n", "?\n"], ["<memory unit='KiB'>98304<", "<currentMemory unit='KiB'>98304<", "!slot='0'"])
story("numbers of interfaces", document("pc", "<interface type='bridge'><source bridge='b'/></interface>" * 2), ["gone", "net0", "attach", "<interface type='bridge'><source bridge='b'/></interface>"], ["?\n", ["net2", "bulkhead:m='3'"]], ["1 tap flags=4"])
story("a USB device that is none", document("pc"), ["detach", "<hostdev mode='subsystem' type='usb'><source/></hostdev>", "detach", "<hostdev mode='subsystem' type='usb'><source><address bus='0' device='0'/></source></hostdev>"],
    ["host usb device vendor=0x0000 product=0x0000 not found"] * 2)
story("the host's network", document("pc", "<interface type='user'/>"), ["attach", "<interface type='user'/>", "gone", "net0", "gone", "net1"], ["bulkhead:m='1'", "?\n", "?\n"], ["1 hostnet flags=0"])
story("the host's network, still used", document("pc", "<interface type='user'/>"), ["attach", "<interface type='user'/>", "gone", "net0"], ["in\n", "?\n"], ["1 hostnet flags=0"])
def nbd(dev, host="127.0.0.1", port=7, more="", attrs=""):
    return disk(dev, more, "<source protocol='nbd' name='x'%s><host name='%s' port='%s'/></source>" % (attrs, host, port), "type='network'")


story("disks by NBD have the host's network", document("pc", nbd("vdb") + nbd("vdc", "::1")), ["attach", nbd("vdd", "localhost"), "gone", "virtio-disk1", "gone", "virtio-disk2", "gone", "virtio-disk3"],
    ["bulkhead:m='1'", "?\n", "?\n", "?\n"], ["1 hostnet flags=0", "!2 "])
story("QEMU looks names up, ports are numbers", document("pc", "<interface type='user'/>"), ["attach", nbd("vdb", "a.name"), "attach", nbd("vdc", port="nbd"), "attach", nbd("vdd", port=0), "attach", nbd("vde", port=65536), "attach", nbd("vdf", ""),
    "attach", nbd("vdg", more="<backingStore type='file'><format type='raw'/><source file='/c'/></backingStore>"), "attach", disk("vdh", source="<source protocol='rbd' name='p/x'/>", kind="type='network'")],
    ["<host name='a.name'", "error 8 0", "port='10809'", "error 8 0", "<host name=''", ["<backingStore", "file='/c' bulkhead:m='2'"], "in\n"])
def nbd_cd(port, source=True):
    return disk("hdc", kind="type='network' device='cdrom'", source="<source protocol='nbd' name='x'><host name='::1' port='%s'/></source>" % port if source else "")


story("a medium by NBD", document("pc", nbd_cd(1)), ["update", nbd_cd(2), "update", nbd_cd(1, False), "attach", nbd_cd(1, False), "update", disk("hdc", kind="type='file' device='cdrom'", source="<source file='/y'/>")],
    [["change\n", "port='2'"], ["change\n", "!<source"], [], ["change\n", "file='/y'"]])
story("a disk by NBD where there is no network of the host", document("pc"), ["attach", nbd("vdb")], ["error 67 10"])
unix = lambda dev: disk(dev, source="<source protocol='nbd' name='x'><host transport='unix' socket='/s'/></source>", kind="type='network'")
story("disks by a server's socket have that alone", document("pc", unix("vdb")), ["attach", unix("vdc"), "attach", nbd("vdd")], ["bulkhead:m='2'", "error 67 10"], ["1 socket flags=0", "2 socket flags=0", "!hostnet"])
story("such a disk where QEMU connects to nothing", document("pc"), ["attach", unix("vdb")], ["error 67 10"])
story("such a disk where QEMU has the host's network", document("pc", nbd("vdb")), ["attach", unix("vdc")], ["bulkhead:m='2'"], ["1 hostnet", "2 socket"])
story("such a disk beside a TCP socket", document("pc", unix("vdb") + "<serial type='tcp'><source mode='bind' host='127.0.0.1' service='1'/></serial>"), ["attach", nbd("vdc")], ["bulkhead:m='3'"], ["1 socket", "3 hostnet"])
story("no network of the host", document("pc"), ["attach", "<interface type='user'/>"], ["error 67 10"])
story("a channel", document("pc", "<controller type='virtio-serial'/>"), ["attach", "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"],
    [["channel0", "channel/target/domain-1-d/org.qemu.guest_agent.0", "port='1'", "!state="]], ["pair flags=1024"])
shown = "<channel type='unix'><source mode='bind' path='/var/lib/libvirt/qemu/channel/target/domain-%d-d/org.qemu.guest_agent.0'/><target type='virtio' name='org.qemu.guest_agent.0' state='disconnected'/></channel>"
story("a channel goes as it is shown", document("pc", "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"), ["detach", shown % 2, "detach", shown % 1], ["error 99 10", "out\n"])
story("a serial port and its console", document("pc", "<serial type='pty'/>"), ["gone", "serial0"], ["?\n"], ["!<console", "!<serial", "1 pty flags=4096"])
UDP = "<serial type='udp'><source mode='bind' host='127.0.0.1' service='1'/><source mode='connect' host='127.0.0.1' service='2'/></serial>"
story("a run whose console has two sources, and a serial port of a high number", document("pc", UDP + "<serial type='pty'><target port='3'/></serial><serial type='pty'/>"), ["attach", disk("vdb")], ["in\n"], ["virtio-disk1"])
again = disk("vdb")
story("done before", document("pc"), ["attach", again, "attach+", again, "detach+", disk("vdq"), "alias+", "nobody"], ["in\n", "none\n", "none\n", "none\n"])
passing = disk("vdc").replace("</disk>", "<transient/></disk>")
story("an overlay, done before", document("pc"), ["attach", passing, "attach+", passing, "attach+", passing.replace("<source file='", "<source file='/other")], ["in\n", "none\n", "error 27 20"])
story("not done yet", document("pc"), ["attach+", again, "detach+", again], ["in\n", "out\n"])
story("somebody else's", document("pc"), ["attach", again, "attach+", disk("vdb", source="<source file='/other'/>")], ["in\n", "error 27 20"])
story("what a guest cannot be given", document("pc", "<serial type='pty'/>"), ["attach", "<serial type='pty'><log file='/l'/><target type='pci-serial'/></serial>", "attach", "<rng model='virtio'><backend model='random'>/dev/hwrng</backend></rng>",
    "attach", "<interface type='bridge'><source bridge='b'/><rom file='/r'/></interface>"], ["error 67 10"] * 3)
LEASE = "<lease><lockspace>s</lockspace><key>%s</key><target path='/l'/></lease>"
story("a lease", document("pc"), ["attach", LEASE % "a", "attach", LEASE % "b", "attach", LEASE % "b", "attach+", LEASE % "b", "detach", LEASE % "a", "detach+", LEASE % "a", "detach", LEASE % "a"],
    [["change\n", "<key>a<", "!goes", "!alias"], "change\n", "error 55 10", "none\n", ["change\n", "<key>a<", "bulkhead:goes='yes'"], "none\n", "error 8 10"], ["<key>b<", "!<key>a<", "!goes"])
print("1..%d" % count)
sys.exit(1 if failed else 0)
