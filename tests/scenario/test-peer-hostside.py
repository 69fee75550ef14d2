#!/usr/bin/python3
"""Devices that have something of the host, at a start and for a guest that runs, on both boards: memory that is shared, USB redirection, smart cards, sockets of vhost, input devices. What the host
has not is refused in libvirtd's words. The guest is paused."""
import os, re, socket, struct, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import EMULATOR, Pair, W, told
import libvirt

NAME = "bulkhead-test-%d" % os.getpid()       # of files in /dev/shm, which both boxes have in common: each has its own
DEVICES = ["<shmem name='%s-0'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>" % NAME, "<shmem name='%s-1' role='peer'><model type='ivshmem-plain'/></shmem>" % NAME,
    "<shmem name='%s-2'><model type='ivshmem'/></shmem>" % NAME, "<shmem name='a/b'><model type='ivshmem-plain'/></shmem>", "<shmem name='%s-3'><model type='ivshmem-doorbell'/></shmem>" % NAME,
    "<shmem name='%s-4'><model type='ivshmem-doorbell'/><server path='%s/server.sock'/><msi vectors='2' ioeventfd='off'/></shmem>" % (NAME, W), "<redirdev bus='usb' type='spicevmc'/>",
    "<vsock model='virtio'><cid auto='no' address='4'/></vsock>", "<vsock model='virtio'><cid auto='yes'/></vsock>", "<vsock/>", "<vsock model='virtio'><cid auto='no' address='2'/></vsock>",
    "<input type='passthrough' bus='virtio'><source evdev='/dev/input/event-none'/></input>", "<smartcard mode='passthrough' type='pty'/>", "<smartcard mode='passthrough' type='spicevmc'/>"]
if not os.path.exists("/dev/vfio/vfio"):
    DEVICES += ["<hostdev mode='subsystem' type='pci' managed='yes'>%s<source><address domain='0' bus='0x77' slot='3' function='0'/></source></hostdev>" % d for d in ("", "<driver name='vfio'/>", "<driver name='kvm'/>")]
    DEVICES += ["<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='53764d0e-85a0-42b4-af5c-2046b460b1dc'/></source></hostdev>"]
COLD = ["<shmem name='%s-5'><model type='ivshmem-plain'/><size unit='M'>3</size></shmem>" % NAME, "<shmem name='%s-6'><model type='ivshmem-plain'/><size unit='K'>512</size></shmem>" % NAME,
    "<input type='evdev'><source dev='/dev/input/event-none'/></input>"]
if not os.path.exists("/dev/vhost-scsi"):
    COLD += ["<hostdev mode='subsystem' type='scsi_host'><source protocol='vhost' wwpn='naa.512345678900000%d'/>%s</hostdev>" % x for x in enumerate(("", "<boot order='1'/>"))]


def document(name, machine, devices=""):
    ports = "" if machine == "pc" else "<controller type='pci' index='0' model='pcie-root'/>" + "<controller type='pci' model='pcie-root-port'/>" * 8
    return """<domain type='qemu'><name>%s</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='%s'>hvm</type></os><features><acpi/></features>
<devices>%s%s<controller type='usb' index='0' model='qemu-xhci'/>%s</devices></domain>""" % (name, machine, EMULATOR, ports, devices)


def server(box):
    """The other side of a doorbell: its version, a number, the memory"""
    s = socket.socket(socket.AF_UNIX)
    s.bind(box.dir + W + "/server.sock")
    os.chmod(box.dir + W + "/server.sock", 0o777)
    s.listen(8)

    def serve():
        kept = []
        while True:
            c, _ = s.accept()
            memory = os.memfd_create("shared")
            os.ftruncate(memory, 1 << 20)
            c.sendall(struct.pack("<qq", 0, len(kept)))
            socket.send_fds(c, [struct.pack("<q", -1)], [memory])
            for _ in range(2):          # its own vectors
                socket.send_fds(c, [struct.pack("<q", len(kept))], [os.eventfd(0)])
            kept.append((c, memory))
    threading.Thread(target=serve, daemon=True).start()


def shown(dom, name):
    return "\n".join(re.findall(r"^    <%s\b[^>]*/>$|^    <%s\b[^>]*[^/]>$.*?^    </%s>$" % (name, name, name), dom.XMLDesc(), re.S | re.M))


def story(box, machine):
    con, out = box.connect(), []
    own = "%s-%d" % (NAME, p.boxes.index(box))
    for i, x in enumerate(x.replace(NAME, own) for x in DEVICES + COLD):
        name = re.match(r"<(\w+)", x).group(1)
        said = told(lambda: con.createXML(document("c%d" % i, machine, x), libvirt.VIR_DOMAIN_START_PAUSED))
        if not said.startswith("error "):
            dom = con.lookupByName("c%d" % i)
            said += "\n" + shown(dom, name)
            dom.destroy()
        out.append(said)
    dom = con.createXML(document("d", machine), libvirt.VIR_DOMAIN_START_PAUSED)
    for x in (x.replace(NAME, own) for x in DEVICES):
        name = re.match(r"<(\w+)", x).group(1)
        out.append(told(dom.attachDeviceFlags, x, libvirt.VIR_DOMAIN_AFFECT_LIVE) + "\n" + shown(dom, name))
    dom.destroy()
    con.close()
    return [x.replace(own, NAME) for x in out]


# A terminal is shown where it is known: libvirtd asks QEMU for that of other devices only.
MASK = [(r"^ *<source path='/dev/pts/N'/>\n", "")]


try:
    with Pair("hostside") as p:
        for b in p.boxes:
            server(b)
        for machine in "pc", "q35":
            names = ["at a start: " + x for x in DEVICES + COLD] + ["live: " + x for x in DEVICES]
            for name, a, b in zip(names, *p.each(story, machine)):
                p.same(machine + ", " + name.replace(NAME, "NAME"), a, b, mask=MASK)
finally:
    for f in os.listdir("/dev/shm"):
        if f.startswith(NAME + "-"):      # and not those of a process whose number begins alike
            os.unlink("/dev/shm/" + f)
sys.exit(p.result())
