#!/usr/bin/python3
"""A long session of virsh, nearly every command with most of its options on a guest that runs, one that is off, one that is missing: the same exit code, the same words
and the same state behind them as with libvirtd.  The lines are peer-virsh.txt; the few whose answers differ, and why, are in peer-virsh-differs.txt."""
import os, re, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import EMULATOR, HUNG, W, Pair

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = {"N": [(r"\d+(\.\d+)?", "N"), (r" +", " "), (r"-+", "-")], "R": [(r"(?s)\A(exit \d+\n).*", r"\1")]}
RUN = r'''
n=0; V="virsh -c qemu:///system"; export V
while IFS= read -r line; do
    n=$((n+1))
    for try in 1 2 3 4; do
        timeout 30 sh -c "$line" >$1/$n.out 2>$1/$n.err </dev/null
        echo $? >$1/$n.rc
        grep -qx 124 $1/$n.rc && grep -q "$HUNG" $1/$n.err || break
    done
done <$1/lines
'''


def domain(name, number, devices="", machine="pc", memory=64, before="", vcpu="1", kind="qemu", after=""):
    return f"""<domain type='{kind}'><name>{name}</name><uuid>5a000000-0000-4000-8000-{number:012}</uuid>{before}<memory unit='MiB'>{memory}</memory><vcpu>{vcpu}</vcpu>
<os><type arch='x86_64' machine='{machine}'>hvm</type></os>{after}<devices>{EMULATOR}{devices}</devices></domain>"""


def disk(file, target, bus, more="", fmt="qcow2", kind="disk"):
    return f"<disk type='file' device='{kind}'><driver name='qemu' type='{fmt}'/><source file='{W}/{file}'/><target dev='{target}' bus='{bus}'/>{more}</disk>"


def nic(mac, more, kind="user"):
    return f"<interface type='{kind}'><mac address='{mac}'/>{more}</interface>"


def dimm(size, more="", node=0):
    return f"<memory model='dimm'><target><size unit='KiB'>{size}</size><node>{node}</node></target>{more}</memory>"


ON = domain("on", 1, vcpu="2", before="<metadata><n:note xmlns:n='urn:example:note'/></metadata>").replace("<vcpu>", "<vcpu current='1'>").replace("<os>", "<iothreads>1</iothreads><os>").replace(
    "</os>", "</os><features><acpi/><apic/></features>").replace("</devices>", disk("on.qcow2", "vda", "virtio", "<serial>ON1</serial>") + disk("cd.iso", "hdc", "ide", "<readonly/>", "raw", "cdrom")
    + nic("52:54:00:5a:00:01", "<model type='virtio'/>") + "<serial type='pty'/><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel><input type='tablet' bus='usb'/>"
    "<controller type='usb' model='qemu-xhci'/><graphics type='vnc' port='5911' listen='127.0.0.1'/><video><model type='vga'/></video><memballoon model='virtio'><stats period='10'/></memballoon></devices>")
OFF = domain("off", 2, disk("off.qcow2", "sda", "sata") + nic("52:54:00:5a:00:02", "<model type='e1000e'/>") + "<serial type='pty'/><memballoon model='none'/>", "q35", 96,
    "<title>the off one</title><description>it is off</description><metadata><n:note xmlns:n='urn:example:note' of='2'><n:line/></n:note></metadata>")
BAD = {     # name: (what of a good document, becomes what)
    "noname": ("<name>bad</name>", ""), "slashname": ("<name>bad", "<name>a/b"), "notype": (" type='qemu'", ""), "noos": ("<os>.*</os>", ""), "noarch": (" arch='x86_64'", ""),
    "badarch": ("x86_64'", "vax'"), "badmachine": ("'pc'", "'toaster'"), "nomemory": ("<memory .*?</memory>", ""), "badmemory": (">64<", ">many<"), "badvcpu": ("<vcpu>1", "<vcpu>x"),
    "manyvcpus": ("<vcpu>1", "<vcpu>999"), "badfeature": ("</os>", "</os><features><acpi/><smm state='maybe'/></features>"), "badaction": ("</os>", "</os><on_crash>explode</on_crash>"),
    "badclock": ("</os>", "</os><clock offset='yesterday'/>"), "badmodel": ("</os>", "</os><cpu><model>Abacus</model></cpu>"), "baduuid": ("5a000000", "5a"),
    "badcpu": ("</os>", "</os><cpu mode='strange'/>"), "badtopology": ("</os>", "</os><cpu><topology sockets='2' cores='2' threads='1'/></cpu>"),
    "badnuma": ("</os>", "</os><cpu><numa><cell id='0' cpus='0-9' memory='5'/></numa></cpu>"), "badpin": ("<os>", "<cputune><vcpupin vcpu='0' cpuset='x'/></cputune><os>"),
    "badtune": ("<os>", "<cputune><period>5</period></cputune><os>"), "badiothread": ("<os>", "<iothreads>-1</iothreads><os>"), "badboot": ("</type>", "</type><boot dev='moon'/>"),
    "noemulator": ("qemu-system-x86_64", "qemu-system-none"), "xen": ("type='qemu'", "type='xen'"), "kvm": ("type='qemu'", "type='kvm'"), "root": ("domain", "network"), "broken": ("</devices>", ""),
    "nokernel": ("</type>", "</type><kernel>/nowhere/vmlinuz</kernel>"), "badlabel": ("</devices>", "</devices><seclabel type='strange'/>"),
    "extra": ("</devices>", "</devices><extra/>"),
}
BAD_DEVICES = {
    "badbus": disk("a", "vda", "tram"), "twodisks": disk("a", "vda", "virtio") + disk("b", "vda", "virtio"), "badboot2": disk("a", "vda", "virtio", "<boot order='0'/>"),
    "twoaddr": disk("a", "vda", "virtio", "<address type='pci' slot='7'/>") + disk("b", "vdb", "virtio", "<address type='pci' slot='7'/>"),
    "badaddr": disk("a", "vda", "virtio", "<address type='pci' slot='0x77'/>"), "badmac": nic("nothing", ""), "badnic": nic("52:54:00:5a:00:07", "", "wormhole"),
    "badvideo": "<video><model type='hologram'/></video>", "badgraphics": "<graphics type='paper'/>", "badserial": "<serial type='wire'/>", "badsound": "<sound model='choir'/>", "badrng": "<rng model='virtio'><backend model='dice'/></rng>",
    "badtpm": "<tpm model='tpm-none'><backend type='emulator'/></tpm>", "badwatchdog": "<watchdog model='dog'/>", "badhostdev": "<hostdev mode='subsystem' type='pci'/>",
    "badinput": "<input type='voice'/>", "badfs": "<filesystem type='mount'><target dir='t'/></filesystem>", "badlease": "<lease/>", "badctl": "<controller type='tv'/>",
    "badusb": "<controller type='usb' model='none'/><input type='tablet' bus='usb'/>", "mdev": "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='none'/></source></hostdev>",
    "nodisk": disk("nothing.qcow2", "vda", "virtio"), "nobridge": nic("52:54:00:5a:00:08", "<source bridge='brnone'/>", "bridge"), "nonetwork": nic("52:54:00:5a:00:09", "<source network='none'/>", "network"),
    "nopool": "<disk type='volume' device='disk'><driver name='qemu' type='raw'/><source pool='none' volume='v'/><target dev='vda' bus='virtio'/></disk>",
}
DEVICES = {
    "rng": "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>", "watchdog": "<watchdog model='i6300esb' action='reset'/>", "if": nic("52:54:00:5a:00:11", "<model type='virtio'/>"),
    "input": "<input type='keyboard' bus='usb'/>", "input-at": "<input type='keyboard' bus='usb'><address type='usb' bus='0' port='1'/></input>", "pciserial": "<serial type='null'><target type='pci-serial' port='0'/></serial>",
    "sound": "<sound model='ich6'/>", "video": "<video><model type='cirrus'/></video>", "vnc": "<graphics type='vnc' autoport='yes'/>", "balloon": "<memballoon model='virtio'/>",
    "channel": "<channel type='unix'><target type='virtio' name='org.example.0'/></channel>", "console": "<console type='pty'><target type='virtio'/></console>", "serial": "<serial type='pty'><target port='1'/></serial>",
    "parallel": "<parallel type='pty'/>", "hostdev": "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0' bus='0x7f' slot='1' function='0'/></source></hostdev>",
    "usbhost": "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0xbeef'/></source></hostdev>", "redir": "<redirdev bus='usb' type='tcp'><source mode='connect' host='localhost' service='4000'/></redirdev>",
    "lease": f"<lease><lockspace>space</lockspace><key>key</key><target path='{W}/lease'/></lease>", "fs": f"<filesystem type='mount'><source dir='{W}/dir'/><target dir='tag'/></filesystem>",
    "tpm": "<tpm model='tpm-crb'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>", "vsock": "<vsock model='virtio'><cid auto='no' address='5'/></vsock>", "panic": "<panic model='isa'/>",
    "shmem": "<shmem name='shm'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>", "mem": dimm(131072), "mem2": dimm(131072, node=0), "mem-bad": dimm(131072, node=7), "mem-odd": dimm(100000),
    "mem-addr": dimm(131072, "<address type='dimm' slot='3' base='0x120000000'/>"), "scsi": "<controller type='scsi' model='virtio-scsi' index='4'/>", "disk": disk("d3.qcow2", "vdq", "virtio"),
    "cdrom": disk("cd.iso", "sdq", "sata", "<readonly/>", "raw", "cdrom"), "iommu": "<iommu model='intel'/>", "smartcard": "<smartcard mode='host'/>", "hub": "<hub type='usb'/>", "nvram": "<nvram/>", "nothing": "<nothing/>",
}
UPDATES = {
    "if": nic("52:54:00:5a:00:02", "<model type='e1000e'/><link state='down'/>"), "disk": disk("d4.qcow2", "sda", "sata"), "nodisk": disk("d4.qcow2", "sdx", "sata"), "vnc": "<graphics type='vnc' port='5922' autoport='no'/>",
    "on-if": nic("52:54:00:5a:00:01", "<model type='virtio'/><link state='down'/>"), "on-mac": nic("52:54:00:5a:00:77", "<model type='virtio'/>"), "on-model": nic("52:54:00:5a:00:01", "<model type='e1000'/>"),
    "on-vnc": "<graphics type='vnc' port='5911' listen='127.0.0.1' passwd='secret'/>", "on-port": "<graphics type='vnc' port='5912' listen='127.0.0.1'/>", "on-disk": disk("d1.qcow2", "vda", "virtio", "<serial>ON1</serial>"),
    "on-bus": disk("on.qcow2", "vda", "ide"), "on-cd": disk("cd2.iso", "hdc", "ide", "<readonly/>", "raw", "cdrom"),
}


def documents():
    cpu = "<model>%s</model>"
    files = {
        "on": ON, "off": OFF, "tmp": domain("tmp", 3, memory=32), "gone": domain("gone", 4, memory=32), "other": domain("other", 5, disk("other.qcow2", "vdb", "virtio"), memory=32, before="<title>another</title>"),
        "cells": domain("cells", 6, memory=256, vcpu="2", after="<features><acpi/></features><cpu><numa><cell id='0' cpus='0-1' memory='262144' unit='KiB'/></numa></cpu>").replace("<memory ", "<maxMemory slots='4' unit='MiB'>2048</maxMemory><memory "),
        "cell-bad": domain("bad", 7, DEVICES["mem"]), "other-name": domain("on", 8), "other-uuid": domain("fresh", 1),
        "words": "these are words\n", "void": "", "caps": f"<capabilities><host><cpu><arch>x86_64</arch>{cpu % 'qemu64'}</cpu></host></capabilities>",
        "cpu-ok": f"<cpu><arch>x86_64</arch>{cpu % 'qemu64'}</cpu>", "cpu-no": f"<cpu match='minimum'>{cpu % 'qemu64'}<feature policy='require' name='3dnow'/><feature policy='require' name='svm'/></cpu>", "cpu-odd": f"<cpu>{cpu % 'Abacus'}</cpu>",
        "cpu-two": f"<cpus><cpu mode='custom'><arch>x86_64</arch>{cpu % 'Westmere'}<vendor>Intel</vendor></cpu><cpu><arch>x86_64</arch>{cpu % 'Nehalem'}<feature name='aes'/></cpu></cpus>",
    }
    bad = domain("bad", 9)
    files.update({n: re.sub(a, b, bad, flags=re.S) for n, (a, b) in BAD.items()})
    files.update({n: domain("bad", 9, d) for n, d in BAD_DEVICES.items()})
    for n in ("extra", "nokernel", "nodisk", "nobridge", "nonetwork", "nopool"):      # of these there are guests
        files[n] = files[n].replace("<name>bad", "<name>" + n)
    files.update({"dev-" + n: d for n, d in DEVICES.items()})
    files.update({"upd-" + n: d for n, d in UPDATES.items()})
    return files


def session():
    """[(kind, what the line is called, its shell line)]"""
    for line in open(HERE + "/peer-virsh.txt"):
        line = line.rstrip("\n")
        if line and not line.startswith("#"):
            kind, rest = (line[0], line[2:].lstrip()) if line[1] == "|" else ("", line)
            shell = rest[1:] if rest.startswith("!") else "virsh -c qemu:///system " + rest
            yield kind, rest, re.sub(r"\bW/", W + "/", shell)


def run(b, lines):
    """Says the lines in the box, and gives an answer each."""
    d = b.dir + "/answers"
    os.mkdir(d)
    with open(d + "/lines", "w") as f:
        f.writelines(l + "\n" for l in lines)
    b.run("sh", "-c", RUN, "sh", d, stdin=-3, env=dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", HOME=b.dir, EDITOR="true", HUNG=HUNG))
    read = lambda n, what: open("%s/%d.%s" % (d, n, what), errors="replace").read()
    return ["exit %s%s%s" % (read(n, "rc"), read(n, "out"), "".join("! " + l + "\n" for l in read(n, "err").splitlines())) for n in range(1, len(lines) + 1)]


def known():
    """{number of the line among those of the same words: why}"""
    found = {}
    for line in open(HERE + "/peer-virsh-differs.txt"):
        if line.strip() and not line.startswith("#"):
            what, why = re.split(r"\s{3,}", line.strip(), maxsplit=1)
            found[what] = why
    return found


with Pair("virsh") as p:
    for name, text in documents().items():
        p.file(name + ".xml", text)
    p.sh("cd %s; for i in on off other d1 d2 d3 d4 d5; do qemu-img create -q -f qcow2 $i.qcow2 16M; done; truncate -s 1M cd.iso cd2.iso; mkdir dir; chmod 666 *.qcow2 *.iso" % W, what="the images")
    lines, differs, seen = list(session()), known(), {}
    ours, theirs = p.each(run, [shell for _, _, shell in lines])
    for (kind, what, _), a, b in zip(lines, ours, theirs):
        seen[what] = n = seen.get(what, 0) + 1
        what += " (%d)" % n if n > 1 else ""
        if kind == "S":
            a, b = ("\n".join(sorted(x.splitlines())) for x in (a, b))
        if what in differs:
            print("# %s: %s" % (what, differs.pop(what) if a != b else "the same by now, take it out of peer-virsh-differs.txt"))
        else:
            p.same(what, a, b, KINDS.get(kind, ()))
    for what in differs:
        p.differ += 1
        print("not ok - no such line: " + what)
sys.exit(p.result())
