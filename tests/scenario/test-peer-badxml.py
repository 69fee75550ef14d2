#!/usr/bin/python3
"""Documents that are no XML, or not of a domain: refused with libvirtd's words, place and caret included; nothing is stored."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import BARE, Pair, guests, told

DOCUMENTS = {
    "empty": "", "spaces": "  \n", "words": "some words\n", "letter": "x", "declaration": "<?xml version='1.0'?>",
    "open": "<domain>\n <name>a</name>\n", "crossed": "<domain>\n\t<name>a</nome>\n</domain>", "twice": "<domain>\n<a b='1' b='2'/>\n</domain>",
    "unquoted": "<domain>\n <memory unit=KiB>1</memory>\n</domain>", "entity": "<domain>&nobody;</domain>", "after": "<domain/>after",
    "tabs": "<domain>\t\t<a>", "long": "<domain><name>%s</nome></domain>" % ("n" * 100), "root": "<network><name>a</name></network>",
    "nothing": "<domain/>", "type": "<domain type='none'><name>a</name></domain>", "typeless": "<domain><name>a</name></domain>", "nameless": "<domain type='qemu'><memory>1024</memory></domain>",
}

# What a start does not find, or QEMU does not take: (in the document, in its place).
MISSING = {
    "kernel": ("<os>", "<os><kernel>/nosuch/kernel</kernel>"), "initrd": ("<os>", "<os><kernel>/var/lib/libvirt/images/w/bare.xml</kernel><initrd>/nosuch/initrd</initrd>"),
    "disk": ("<devices>", "<devices><disk type='file'><source file='/nosuch.img'/><target dev='vda'/></disk>"),
    "cdrom": ("<devices>", "<devices><disk type='file' device='cdrom'><source file='/nosuch.iso'/><target dev='hda'/></disk>"),
    "serial": ("<devices>", "<devices><serial type='file'><source path='/nosuch/x'/></serial>"),
    "emulator": ("/usr/bin/qemu-system-x86_64", "/nosuch/qemu"), "label": ("</devices>", "</devices><seclabel type='dynamic' model='selinux'/>"),
    "fw_cfg": ("<devices>", "<sysinfo type='fwcfg'><entry name='opt/a' file='/nosuch/x'/></sysinfo><devices>"), "cpus": ("<vcpu>", "<vcpu cpuset='1000'>"),
    "connect": ("<devices>", "<devices><serial type='unix'><source mode='connect' path='/nosuch/x'/></serial>"), "device": ("<devices>", "<devices><serial type='dev'><source path='/nosuch/x'/></serial>"),
    "nvram": ("</os>", "<loader type='pflash' readonly='yes'>/var/lib/libvirt/images/w/bare.xml</loader><nvram template='/var/lib/libvirt/images/w/bare.xml'>/proc/nosuch/x</nvram></os>"),
    "listens": ("<devices>", "<devices><graphics type='vnc' autoport='yes'><listen type='address' address='127.0.0.1'/><listen type='address' address='127.0.0.2'/></graphics>"),
    "host": ("<devices>", "<cpu mode='host-passthrough'/><devices>"),
    "image": ("<devices>", "<devices><disk type='file'><driver name='qemu' type='qcow2'/><source file='/var/lib/libvirt/images/w/bare.xml'/><target dev='vda'/></disk>"),
}

with Pair("badxml") as p:
    guests(p)
    p.virsh("define W/idle.xml")
    for name, text in DOCUMENTS.items():
        p.file(name, text)
        p.virsh("define W/" + name)
    p.virsh("create W/words")
    p.virsh("define W/not-there")
    for text in ("<a", "<a><b></a>", "words", "<a b=1/>"):
        p.virsh("metadata idle urn:example:a --key a --set '%s' --config" % text)
    p.file("same-name", open(p.boxes[0].dir + "/var/lib/libvirt/images/w/idle.xml").read().replace("000000000002", "000000000099"))
    p.file("same-uuid", open(p.boxes[0].dir + "/var/lib/libvirt/images/w/idle.xml").read().replace("<name>idle", "<name>other"))
    p.virsh("define W/same-name")
    p.virsh("define W/same-uuid")
    varies = [r"\d{4}-\d\d-\d\dT[0-9:.]+Z", r"/sys/fs/cgroup/\S+", "process exited while connecting to monitor|qemu unexpectedly closed the monitor"]
    clients = p.each(lambda b: b.connect())
    for name, (old, new) in MISSING.items():
        text = BARE.replace(old, new)
        p.file(name, text)
        p.virsh("create W/" + name, mask=varies)
        p.same(name + ": code and domain", *(told(c.createXML, text) for c in clients), mask=varies)
    p.virsh("list --all")
sys.exit(p.result())
