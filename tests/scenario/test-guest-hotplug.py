#!/usr/bin/python3
"""Every kind of device that a running guest can get: plugged in, used from inside, changed where it can be, and taken out again, by libvirt's own client,
on both boards; and what a sandboxed QEMU cannot be given is refused by its name."""
import os, re, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import xml.etree.ElementTree as ET
from guestlib import *

LIVE, FORCE = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE
PORTS = "<controller type='pci' index='0' model='pcie-root'/>" + "".join("<controller type='pci' model='pcie-root-port'/>" for _ in range(14)) + "<controller type='pci' model='pcie-to-pci-bridge'/>"
MORE = "<maxMemory slots='4' unit='MiB'>1024</maxMemory><cpu><numa><cell id='0' cpus='0' memory='192' unit='MiB'/></numa></cpu>"
g = {}


def image(box, name, fmt="qcow2", text=None):
    path = os.path.join(box.dir, name)
    subprocess.run(["qemu-img", "create", "-q", "-f", fmt, path, "8M"], check=True)
    if text:
        with open(path, "r+b") as f:
            f.write(text)
    os.chmod(path, 0o666)
    return path


def devices():
    return ET.fromstring(g["dom"].XMLDesc()).find("devices")


def has(kind, **attrs):
    """Those of that kind of which some element has such attributes."""
    return [d for d in devices().findall(kind) if all(any(e.get(k.rstrip("_")) == v for e in d.iter()) for k, v in attrs.items())]


def guest(command):
    return g["console"].until(command)


def things():
    """All that a device consists of in QEMU."""
    def qmp(command):
        import json
        return json.loads(g["box"].virsh("qemu-monitor-command", g["dom"].name(), command).stdout)["return"]
    return (sorted(n["node-name"] for n in qmp('{"execute":"query-named-block-nodes"}')), sorted(f["fdset-id"] for f in qmp('{"execute":"query-fdsets"}')),
            sorted(c["label"] for c in qmp('{"execute":"query-chardev"}')), sorted(o["name"] for o in qmp('{"execute":"qom-list","arguments":{"path":"/objects"}}')),
            sorted(o["name"] for o in qmp('{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}')))


def there_and_back(xml, kind, use, count=1, by_alias=False, **attrs):
    """Plugged in, used, and taken out: nothing of it stays, not in QEMU either."""
    before, seen = things(), len(g["events"])
    g["dom"].attachDeviceFlags(xml, LIVE)
    mine = has(kind, **attrs)
    assert len(mine) == count, (kind, len(mine))
    alias = mine[-1].find("alias").get("name")
    wait_for("the event device-added of " + alias, lambda: ("added", alias) in g["events"][seen:])
    assert alias in things()[-1], things()
    use()
    if by_alias:
        g["dom"].detachDeviceAlias(alias, LIVE)
    else:
        g["dom"].detachDeviceFlags(ET.tostring(mine[-1]).decode(), LIVE)
    wait_for("the end of " + alias, lambda: len(has(kind, **attrs)) == count - 1, 30)
    wait_for("the event device-removed of " + alias, lambda: ("removed", alias) in g["events"][seen:])
    wait_for("nothing of %s in QEMU: %s" % (alias, before), lambda: things() == before)


def start(machine):
    def part(box):
        q35 = machine == "q35"
        g["box"] = box
        base = "<controller type='virtio-serial' index='0'/><controller type='scsi' index='0' model='virtio-scsi'/><controller type='usb' index='0' model='qemu-xhci'/>"
        g["dom"], g["console"] = boot(box, document("h-" + machine, machine=machine, memory=192, more=MORE, devices=base + (PORTS if q35 else "")))
        g["events"] = []
        events = Events(box)
        for word, i in (("added", libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED), ("removed", libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED)):
            events.con.domainEventRegisterAny(None, i, lambda c, d, alias, o, word=word, seen=g["events"]: seen.append((word, alias)), None)
        g["keep"] = events
        guest("modprobe virtio_scsi; modprobe sd_mod; modprobe sr_mod")
    part.__doc__ = "a guest on " + machine
    return part


def disks(box):
    """disks on virtio, SCSI and USB"""
    for bus, target, node in (("virtio", "vdx", "vda"), ("scsi", "sda", "sda")):
        path = image(box, bus + ".qcow2")
        xml = "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/><target dev='%s' bus='%s'/><serial>its-%s</serial></disk>" % (path, target, bus, bus)

        def use():
            guest("test -b /dev/%s && echo hello-%s > /dev/%s && sync && head -c 20 /dev/%s | grep hello-%s" % (node, bus, node, node, bus))
            stat = g["dom"].blockStats(target)
            assert stat[2] > 0, stat
            assert target in g["box"].virsh("domblklist", g["dom"].name()).stdout
            assert path in [v for k, v in g["dom"].connect().getAllDomainStats(libvirt.VIR_DOMAIN_STATS_BLOCK)[0][1].items() if k.endswith(".path")]
        there_and_back(xml, "disk", use, dev=target)
        assert b"hello" in subprocess.run(["qemu-io", "-f", "qcow2", "-r", "-c", "read -v 0 64", path], capture_output=True, check=True).stdout
    path = image(box, "usb.raw", "raw")
    there_and_back("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/><target dev='sdy' bus='usb'/></disk>" % path, "disk",
                   lambda: None, dev="sdy")         # Debian's cloud kernel has no USB


def media(box):
    """a drive, and media in it"""
    one, two = image(box, "one.iso", "raw", b"medium one"), image(box, "two.iso", "raw", b"medium two")
    drive = "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>%s<target dev='sdc' bus='scsi'/><readonly/></disk>"
    before = things()
    g["dom"].attachDeviceFlags(drive % "", LIVE)
    guest("test -b /dev/sr0")
    g["dom"].updateDeviceFlags(drive % ("<source file='%s'/>" % one), LIVE)
    guest("head -c 10 /dev/sr0 | grep 'medium one'")
    g["box"].virsh("change-media", g["dom"].name(), "sdc", two, "--update", "--live")
    guest("head -c 10 /dev/sr0 | grep 'medium two'")
    # The guest holds the door: only who insists gets in.
    g["console"].sh("sleep 1000 < /dev/sr0 > /dev/null 2>&1 & echo $! > /tmp/holder")
    guest("readlink /proc/$(cat /tmp/holder)/fd/0 | grep sr0")
    e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, g["dom"].updateDeviceFlags, drive % "", LIVE)
    assert "is not open" in str(e), e
    assert has("disk", dev="sdc")[0].find("source").get("file") == two
    g["dom"].updateDeviceFlags(drive % "", LIVE | FORCE)
    assert list(has("disk", dev="sdc")[0].find("source").keys()) == ["index"]
    guest("kill $(cat /tmp/holder); true")
    g["dom"].updateDeviceFlags(drive % ("<source file='%s'/>" % one), LIVE)     # and with a medium in it
    g["dom"].detachDeviceFlags(drive % "", LIVE)
    wait_for("the drive's end", lambda: not has("disk", dev="sdc"), 30)
    wait_for("nothing of it in QEMU", lambda: things() == before)
    for path in (one, two):
        subprocess.run(["qemu-io", "-f", "raw", "-c", "write 0 512", path], check=True, capture_output=True)       # nobody's lock


def nics(box):
    """a tap, its link and its counters"""
    mac = "52:54:00:00:00:99"
    xml = "<interface type='ethernet'><mac address='%s'/><target dev='hot-%s'/><model type='virtio'/>%%s</interface>" % (mac, g["dom"].name()[2:])

    def use():
        name = re.search(r"/net/(\w+)/", guest("grep -l %s /sys/class/net/*/address" % mac)).group(1)
        guest("ip link set %s up && grep 1 /sys/class/net/%s/carrier" % (name, name))
        tap = has("interface", address=mac)[0].find("target").get("dev")
        assert g["dom"].interfaceStats(tap)[4] >= 0
        live = ET.fromstring(ET.tostring(has("interface", address=mac)[0]))
        for state, carrier in (("down", "0"), ("up", "1")):
            g["box"].virsh("domif-setlink", g["dom"].name(), tap, state)
            guest("grep %s /sys/class/net/%s/carrier" % (carrier, name))
        assert live is not None and g["box"].run("ip", "link", "show", tap).returncode == 0
    there_and_back(xml % "", "interface", use, address=mac)
    there_and_back(xml % "<driver name='qemu' queues='2'/>", "interface", lambda: guest("grep -l %s /sys/class/net/*/address" % mac), address=mac)
    assert "hot-" not in box.run("ip", "-o", "link").stdout


def channels(box):
    """a port to talk through"""
    def use():
        stream = g["dom"].connect().newStream(0)
        g["dom"].openChannel("hot.port", stream, 0)
        guest("p=$(grep -l hot.port /sys/class/virtio-ports/*/name) && p=${p%/name} && echo from-the-guest > /dev/${p##*/}")
        got = b""
        while b"from-the-guest" not in got:
            got += stream.recv(1024)
        stream.abort()
    there_and_back("<channel type='pty'><target type='virtio' name='hot.port'/></channel>", "channel", use, name="hot.port")
    path = os.path.join(box.dir, "port.sock")

    def talk():
        import socket
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        s.connect(path)
        guest("p=$(grep -l sock.port /sys/class/virtio-ports/*/name) && p=${p%/name} && echo by-a-socket > /dev/${p##*/}")
        got = b""
        while b"by-a-socket" not in got:
            got += s.recv(100)
        s.close()
        port = "p=$(grep -l sock.port /sys/class/virtio-ports/*/name) && p=${p%/name} && "
        for flags in 0, libvirt.VIR_DOMAIN_CHANNEL_FORCE:       # one client more, of which there is one at a time
            stream = g["dom"].connect().newStream(0)
            g["dom"].openChannel("sock.port", stream, 0)
            fails(libvirt.VIR_ERR_OPERATION_FAILED, g["dom"].openChannel, "sock.port", g["dom"].connect().newStream(0), 0)
            if flags:
                first, stream = stream, g["dom"].connect().newStream(0)
                g["dom"].openChannel("sock.port", stream, flags)
                assert not first.recv(1024), "the first one's stream goes on"
            guest(port + "echo by-a-stream > /dev/${p##*/}")
            got = b""
            while b"by-a-stream" not in got:
                got += stream.recv(1024)
            stream.send(b"from-the-stream\n")
            guest(port + "head -n 1 < /dev/${p##*/} | grep from-the-stream")
            stream.abort()
    there_and_back("<channel type='unix'><source mode='bind' path='%s'/><target type='virtio' name='sock.port'/></channel>" % path, "channel", talk, name="sock.port")
    assert not os.path.exists(path)

    def agent():
        guest("p=$(grep -l org.qemu.guest_agent.0 /sys/class/virtio-ports/*/name) && p=${p%/name} && qemu-ga -d -p /dev/${p##*/} -f /run/qga.pid -t /run")
        wait_for("the agent", lambda: has("channel", name="org.qemu.guest_agent.0", state="connected"))
        assert "return" in g["box"].virsh("qemu-agent-command", g["dom"].name(), '{"execute":"guest-ping"}').stdout
        fails(libvirt.VIR_ERR_OPERATION_FAILED, g["dom"].openChannel, "org.qemu.guest_agent.0", g["dom"].connect().newStream(0), 0)
        guest("kill $(cat /run/qga.pid)")
    there_and_back("<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>", "channel", agent, by_alias=True, name="org.qemu.guest_agent.0")
    assert g["dom"].isActive()


def others(box):
    """randomness, pointers, a watchdog, a controller, memory"""
    rngs = int(re.search(r"n(\d+)n", guest("echo n$(ls /sys/bus/virtio/drivers/virtio_rng | grep -c virtio)n")).group(1))
    for backend in ("<backend model='builtin'/>", "<backend model='random'>/dev/urandom</backend>"):
        there_and_back("<rng model='virtio'>%s</rng>" % backend, "rng", lambda: guest("test $(ls /sys/bus/virtio/drivers/virtio_rng | grep -c virtio) -eq %d" % (rngs + 1)))
    there_and_back("<input type='tablet' bus='usb'/>", "input", lambda: None, type="tablet", bus="usb")
    there_and_back("<input type='keyboard' bus='virtio'/>", "input", lambda: guest("modprobe virtio_input; grep -l . /sys/bus/virtio/drivers/virtio_input/virtio*/uevent"), type="keyboard", bus="virtio")
    there_and_back("<watchdog model='i6300esb' action='none'/>", "watchdog", lambda: guest("grep -l 0x25ab /sys/bus/pci/devices/*/device"))
    there_and_back("<controller type='scsi' index='7' model='virtio-scsi'/>", "controller", lambda: guest("test $(ls -d /sys/class/scsi_host/host* | wc -l) -ge 2"), index="7", type="scsi")
    memory = int(ET.fromstring(g["dom"].XMLDesc()).find("memory").text)
    blocks = int(re.search(r"n(\d+)n", guest("echo n$(ls -d /sys/devices/system/memory/memory* | wc -l)n")).group(1))

    def use():
        guest("test $(ls -d /sys/devices/system/memory/memory* | wc -l) -eq %d" % (blocks + 1))
        assert int(ET.fromstring(g["dom"].XMLDesc()).find("memory").text) == memory + (128 << 10)
    there_and_back("<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target></memory>", "memory", use)
    assert int(ET.fromstring(g["dom"].XMLDesc()).find("memory").text) == memory
    module = "<memory model='virtio-mem'><target><size unit='MiB'>256</size><node>0</node><block unit='MiB'>2</block><requested unit='MiB'>%d</requested></target></memory>"

    def more():
        guest("modprobe virtio_mem; lsmod | grep virtio_mem")
        mine = ET.tostring(has("memory", model="virtio-mem")[0]).decode()
        g["dom"].updateDeviceFlags(re.sub("<requested unit='KiB'>0|<requested unit=.KiB.>0", "<requested unit='KiB'>131072", mine), LIVE)
        wait_for("the guest takes it", lambda: has("memory", model="virtio-mem")[0].findtext("target/current") == "131072", 30)
        g["dom"].updateDeviceFlags(mine, LIVE)
        wait_for("the guest gives it back", lambda: has("memory", model="virtio-mem")[0].findtext("target/current") == "0", 30)
    g["dom"].attachDeviceFlags(module % 0, LIVE)
    more()
    e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, g["dom"].detachDeviceFlags, ET.tostring(has("memory", model="virtio-mem")[0]).decode(), LIVE)       # QEMU 7.2's word
    assert "cannot be unplugged" in str(e) and has("memory", model="virtio-mem"), e


def shared(box):
    """memory that is shared with a program of the host, and a socket for a USB device"""
    path = "/dev/shm/bulkhead-test-%d" % os.getpid()

    def use():
        uid = int(has_uid().group(1))
        assert uid in allowed(path), "the guest's account has a right to it"
        with open(path, "r+b") as f:
            f.write(b"from the host")
        guest("d=$(dirname $(grep -l 0x1110 /sys/bus/pci/devices/*/device)) && echo 1 > $d/enable && a=$(sed -n 3p $d/resource | cut -d' ' -f1) && devmem $a 32 | grep -i 0x6D6F7266 && devmem $(($a + 4096)) 32 0x21216968")
        with open(path, "rb") as f:
            assert f.read(4100)[4096:] == b"hi!!"

    def has_uid():
        return re.search(r"<label>\+(\d+):", g["dom"].XMLDesc())

    try:
        there_and_back("<shmem name='%s'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>" % os.path.basename(path), "shmem", use)
        wait_for("its account has no right to it any more", lambda: not allowed(path))
    finally:
        if os.path.exists(path):
            os.unlink(path)
    sock = os.path.join(box.dir, "redir.sock")
    there_and_back("<redirdev bus='usb' type='unix'><source mode='bind' path='%s'/></redirdev>" % sock, "redirdev", lambda: os.stat(sock), type="unix")
    assert not os.path.exists(sock)
    there_and_back("<redirdev bus='usb' type='pty'/>", "redirdev", lambda: os.stat(has("redirdev", type="pty")[0].find("source").get("path")), type="pty")


def refused(box):
    """what it cannot be given"""
    before, xml = things(), g["dom"].XMLDesc()
    for dev, word in (("<vsock model='virtio'><cid auto='no' address='7'/></vsock>", "vsock"), ("<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='0xffff'/></source></hostdev>", ""),
                      ("<shmem name='bulkhead-test-m'><model type='ivshmem-plain'/><size unit='M'>3</size></shmem>", "shmem size must be a power of two"), ("<video><model type='vga'/></video>", "video"),
                      ("<disk type='file' device='disk'><source file='%s/none'/><target dev='vdz' bus='virtio'/></disk>" % box.dir, "none")):
        try:
            g["dom"].attachDeviceFlags(dev, LIVE)
            raise AssertionError("plugged in: " + dev)
        except libvirt.libvirtError as e:
            assert word in str(e), e
    assert things() == before and g["dom"].XMLDesc() == xml and not os.path.exists("/dev/shm/bulkhead-test-m")


def end(box):
    """nothing stays behind"""
    g["dom"].destroy()
    g["console"].close()
    g["dom"].undefine()
    assert_clean(box)


if __name__ == "__main__":
    main(start("pc"), disks, media, nics, channels, others, shared, refused, end, start("q35"), disks, nics, others, end)     # what sits on a bus of the board's, twice
