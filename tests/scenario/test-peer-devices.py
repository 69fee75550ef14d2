#!/usr/bin/python3
"""attach-device, detach-device, update-device and detach-device-alias of definitions: each kind of device, one that is there and one that is not, on pc and q35;
with libvirtd's words, and the document that comes of it."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import EMULATOR, Pair, told
import libvirt

CONFIG = libvirt.VIR_DOMAIN_AFFECT_CONFIG


def document(machine):
    return """<domain type='qemu'><name>d</name><uuid>d0000000-0000-4000-8000-000000000001</uuid><memory unit='MiB'>256</memory><maxMemory slots='4' unit='MiB'>2048</maxMemory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='%s'>hvm</type></os><cpu><numa><cell id='0' cpus='0-1' memory='262144' unit='KiB'/></numa></cpu><devices>%s
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/i/a.img'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='hdc' bus='%s'/><readonly/></disk><serial type='pty'/>
<interface type='user'><mac address='52:54:00:00:00:01'/><model type='virtio'/><alias name='ua-nic'/></interface></devices></domain>""" % (
        machine, EMULATOR, "ide" if machine == "pc" else "sata")


def disk(dev, bus, more="", source="<source file='/i/b.img'/>", kind="type='file' device='disk'"):
    return "<disk %s><driver name='qemu' type='raw'/>%s<target dev='%s' bus='%s'/>%s</disk>" % (kind, source, dev, bus, more)


DEVICES = {
    "disk": disk("vdb", "virtio"), "disk without source": disk("vdb", "virtio", source=""), "scsi disk": disk("sda", "scsi"),
    "lun": disk("sdb", "scsi", source="<source dev='/dev/sdx'/>", kind="type='block' device='lun'"), "block disk": disk("vdc", "virtio", "<serial>abc</serial>", "<source dev='/dev/sdx'/>", "type='block'"),
    "network disk": disk("vdd", "virtio", source="<source protocol='nbd' name='x'><host name='h' port='1'/></source>", kind="type='network'"),
    "cdrom": disk("hdc", "BUS", "<readonly/>", kind="type='file' device='cdrom'"), "disk that is there": disk("vda", "virtio", "<shareable/>"), "disk on another bus": disk("vda", "scsi"),
    "disk's alias": disk("vdb", "virtio", "<alias name='ua-x'/>"), "disk with a used alias": disk("vdb", "virtio", "<alias name='ua-nic'/>"),
    "disk with an address": disk("vdb", "virtio", "<address type='pci' domain='0' bus='0' slot='0x1b' function='0'/>"),
    "interface": "<interface type='user'><mac address='52:54:00:00:00:02'/><model type='e1000'/></interface>", "interface that is there": "<interface type='user'><mac address='52:54:00:00:00:01'/><model type='e1000'/></interface>",
    "interface without a MAC": "<interface type='user'><model type='e1000'/></interface>", "bridge": "<interface type='bridge'><mac address='52:54:00:00:00:03'/><source bridge='br0'/><model type='virtio'/></interface>",
    "controller": "<controller type='scsi' index='2' model='virtio-scsi'/>", "controller without index": "<controller type='scsi' model='virtio-scsi'/>", "usb controller": "<controller type='usb' index='0'/>",
    "virtio-serial": "<controller type='virtio-serial' index='1' ports='4'/>", "pci bridge": "<controller type='pci' index='9' model='pci-bridge'/>", "root port": "<controller type='pci' model='pcie-root-port'/>",
    "usb hostdev": "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0xbeef'/></source></hostdev>",
    "pci hostdev": "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0' bus='9' slot='4' function='0'/></source></hostdev>",
    "scsi hostdev": "<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/><address bus='0' target='0' unit='0'/></source></hostdev>",
    "serial": "<serial type='pty'><target port='1'/></serial>", "serial without port": "<serial type='pty'/>", "first serial": "<serial type='pty'><target port='0'/></serial>",
    "parallel": "<parallel type='file'><source path='/i/p'/><target port='0'/></parallel>", "channel": "<channel type='unix'><source mode='bind' path='/i/s'/><target type='virtio' name='org.x.0'/></channel>",
    "channel without path": "<channel type='unix'><target type='virtio' name='org.y.0'/></channel>", "guestfwd": "<channel type='pty'><target type='guestfwd' address='10.0.2.1' port='4600'/></channel>",
    "virtio console": "<console type='pty'><target type='virtio' port='1'/></console>", "serial console": "<console type='pty'><target type='serial' port='0'/></console>",
    "lease": "<lease><lockspace>s</lockspace><key>k</key><target path='/i/l'/></lease>", "memory": "<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target></memory>",
    "memory in a slot": "<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target><address type='dimm' slot='1'/></memory>",
    "rng": "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>", "redirdev": "<redirdev bus='usb' type='tcp'><source mode='connect' host='localhost' service='4000'/></redirdev>",
    "shmem": "<shmem name='s0'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>", "shmem without size": "<shmem name='s1'/>", "vsock": "<vsock model='virtio'><cid auto='no' address='4'/></vsock>",
    "watchdog": "<watchdog model='i6300esb' action='reset'/>", "usb tablet": "<input type='tablet' bus='usb'/>", "virtio mouse": "<input type='mouse' bus='virtio'/>", "ps2 mouse": "<input type='mouse' bus='ps2'/>",
    "evdev": "<input type='passthrough' bus='virtio'><source evdev='/dev/input/event1'/></input>", "filesystem": "<filesystem type='mount' accessmode='mapped'><source dir='/i'/><target dir='/y'/></filesystem>",
    "sound": "<sound model='ich6'/>", "video": "<video><model type='vga'/></video>", "graphics": "<graphics type='vnc'/>", "hub": "<hub type='usb'/>", "memballoon": "<memballoon model='virtio'/>", "panic": "<panic model='isa'/>",
    "tpm": "<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>", "smartcard": "<smartcard mode='host'/>", "nvram": "<nvram><address type='spapr-vio' reg='0x3000'/></nvram>",
    "iommu": "<iommu model='intel'/>", "audio": "<audio id='1' type='none'/>", "none": "<nonsense/>", "a beginning": "<disk", "words": "hello", "two": "<rng model='virtio'/><rng model='virtio'/>", "nothing": "", "domain": "<domain/>",
}


def story(box, machine, xml):
    """What is said, and the document that comes of it, whenever that is another one"""
    con = box.connect()
    out, last = [], None

    def step(what, dom, fn, *args):
        nonlocal last
        out.append("%s: %s" % (what, told(fn, *args)))
        now = dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        if now != last:
            out.append(now)
        last = now

    for missing in "detach", "update":
        dom = con.defineXML(document(machine))
        step(missing + " before", dom, getattr(dom, missing + "DeviceFlags"), xml, CONFIG)
        dom.undefine()
    dom = con.defineXML(document(machine))
    step("attach", dom, dom.attachDeviceFlags, xml, 0)
    step("again", dom, dom.attachDeviceFlags, xml, CONFIG)
    step("update", dom, dom.updateDeviceFlags, xml, CONFIG)
    step("detach", dom, dom.detachDeviceFlags, xml, CONFIG)
    step("detach again", dom, dom.detachDeviceFlags, xml, CONFIG)
    step("while it is off", dom, dom.attachDeviceFlags, xml, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    step("the old call", dom, dom.attachDevice, xml)
    step("the other one", dom, dom.detachDevice, xml)
    dom.undefine()
    con.close()
    return "\n".join(out)


def flags(box):
    con = box.connect()
    dom = con.defineXML(document("pc"))
    out = ["%d: %s" % (f, told(fn, DEVICES["rng"], f)) for f in (4, 8) for fn in (dom.attachDeviceFlags, dom.detachDeviceFlags, dom.updateDeviceFlags)]
    out += [told(dom.detachDeviceAlias, *a) for a in (("ua-nic", 8), ("ua-none", CONFIG), ("ua-nic", CONFIG), ("ua-nic", CONFIG), ("", CONFIG))]
    out.append(dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    dom.undefine()
    con.close()
    return "\n".join(out)


with Pair("devices") as p:
    for machine in "pc", "q35":
        for name, xml in DEVICES.items():
            p.same("%s, %s" % (machine, name), *p.each(story, machine, xml.replace("BUS", "ide" if machine == "pc" else "sata")))
    p.same("flags and aliases", *p.each(flags))
sys.exit(p.result())
