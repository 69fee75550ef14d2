#!/usr/bin/python3
"""Memory in files of the host (<memoryBacking><source type='file'/>): the same backends as libvirtd's, and what the guest has is in the folder, without a name here."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import EMULATOR, Pair, W

NUMA = "<cpu><numa><cell id='0' cpus='0' memory='32' unit='MiB'/><cell id='1' cpus='1' memory='32' unit='MiB' memAccess='private'%s/></numa></cpu>"
# What <memoryBacking> says beside the source, <cpu>, and the folder that qemu.conf names.
GUESTS = {
    "plain": ("", "", ""),
    "shared": ("<access mode='shared'/><allocation mode='immediate'/>", "", "ram"),
    "numa": ("<access mode='shared'/><discard/>", NUMA % " discard='no'", ""),
}
MODULE = "<memory model='dimm'><target><size unit='MiB'>32</size><node>0</node></target></memory>"
# QEMU's own word of each part: its mem-path apart.
SAYS = r"""tr '\0' '\n' </proc/$(cat /run/libvirt/qemu/%s.pid)/cmdline | grep '"memory-backend-file"' | sed 's/"mem-path":"[^"]*",//'"""
MAPPED = "grep -c ' %s/' /proc/$(cat /run/libvirt/qemu/%s.pid)/maps"


def document(name, backing, cpu):
    return (f"<domain type='qemu'><name>{name}</name><maxMemory slots='2' unit='MiB'>512</maxMemory><memory unit='MiB'>64</memory><memoryBacking><source type='file'/>{backing}</memoryBacking><vcpu>2</vcpu>"
            f"<os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>{cpu or NUMA % ''}<devices>{EMULATOR}<memballoon model='none'/></devices></domain>")


with Pair("ram", start=False) as p:
    for own in ("", W + "/ram"):
        for b in p.boxes:
            os.makedirs(b.dir + W + "/ram", exist_ok=True)
            with open(b.dir + "/etc/libvirt/qemu.conf", "w") as f:
                f.write('stdio_handler = "file"\n' + ('memory_backing_dir = "%s"\n' % own if own else ""))
            if own:
                b.stop_daemon()
            b.start()
        for name, (backing, cpu, folder) in GUESTS.items():
            if bool(own) != bool(folder):
                continue
            p.file("m.xml", document(name, backing, cpu))
            p.file("d.xml", MODULE)
            p.virsh("create W/m.xml --paused")
            p.sh(SAYS % name, what="parts of " + name)
            where = own or "/var/lib/libvirt/qemu/ram"
            p.sh(MAPPED % (where, name), what="where the memory of %s is" % name)
            p.virsh("attach-device %s W/d.xml --live" % name)
            p.sh(MAPPED % (where, name), what="with a module")
            p.virsh("save %s W/m.save" % name)
            p.virsh("restore W/m.save")
            p.virsh("domstate " + name)
            p.virsh("destroy " + name)
            p.sh("find %s -type f | wc -l" % where, what="nothing is left of " + name)
sys.exit(p.result())
