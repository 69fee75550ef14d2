#!/usr/bin/python3
"""Transient disks beside libvirtd: documents, what is in the images' folder, what such a guest cannot do, errors."""
import os, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import guest_xml
from pair import Pair, W


def disk(more="", dev="vda", bus="virtio", path=W + "/a.raw", fmt="raw", device="disk", kind="file"):
    source = "<source protocol='nbd' name='x'><host name='127.0.0.1' port='3333'/></source>" if kind == "network" else "<source %s='%s'/>" % ("dev" if kind == "block" else "file", path) if path else ""
    return "<disk type='%s' device='%s'><driver name='qemu' type='%s'/>%s<target dev='%s' bus='%s'/>%s<transient%s/></disk>" % (kind, device, fmt, source, dev, bus, *(more if isinstance(more, tuple) else ("", more)))


SHARE = " shareBacking='yes'"
REFUSED = {"readonly": disk(("<readonly/>", "")), "floppy": disk(dev="fda", bus="fdc", device="floppy"), "cdrom": disk(dev="sda", bus="sata", device="cdrom"), "empty": disk(dev="sda", bus="sata", device="cdrom", path=None),
           "sata": disk(SHARE, "sda", "sata"), "block": disk(path="/dev/loop0", kind="block"), "network": disk(kind="network"), "lun": disk(dev="sda", bus="scsi", path="/dev/loop0", kind="block", device="lun")}
RUN = {"sata": disk(dev="sda", bus="sata"), "ordered": disk(("<boot order='1'/>", "")), "ends": disk(("<backingStore/>", ""), path=W + "/b.qcow2", fmt="qcow2"), "scsi": disk(SHARE, "sda", "scsi"),
       "two": disk() + disk(dev="vdb", path=W + "/b.qcow2", fmt="qcow2") + disk(dev="vdc", path=W + "/c.raw").replace("<transient/>", ""), "missing": disk(path=W + "/none")}
SHOWN = r"$V dumpxml %s | sed -n '/<disk/,/disk>/p'"

with Pair("transient") as p:
    p.sh("cd W/ && truncate -s 1M a.raw c.raw && qemu-img create -q -f qcow2 base.qcow2 2M && qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 b.qcow2")
    for name, it in REFUSED.items():
        p.file(name + ".xml", guest_xml(name, it))
        p.virsh("define W/%s.xml" % name)
    for name, it in RUN.items():
        p.file(name + ".xml", guest_xml(name, it))
        p.virsh("create W/%s.xml" % name)
        p.sh(SHOWN % name)
        p.sh("ls W/; cd W/; for o in *.TRANSIENT-*; do qemu-img info -U $o | grep -v '^disk size'; done")
        if name == "two":
            for line in ("domblklist two", "managedsave two", "save two W/saved", "dump two W/dumped", "dump two W/memory --memory-only", "blockresize two vda 4M", "change-media two vda --eject", "domblklist two --inactive"):
                p.virsh(line)
            p.sh("cd W/; qemu-img info -U a.raw.TRANSIENT-two | grep virtual; qemu-img info -U a.raw | grep virtual")
        p.virsh("destroy " + name)
        p.sh("ls W/")
    p.sh("touch W/a.raw.TRANSIENT-sata")
    p.virsh("create W/sata.xml")
    p.sh("ls W/")
sys.exit(p.result())
