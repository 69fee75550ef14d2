#!/usr/bin/python3
"""<disk type='dir'>: folders of the host that QEMU shows as FAT, beside libvirtd: a guest that reads a file of one, and of a floppy, which it cannot write to; what is refused, told, and not there live."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import BARE, W, Pair

# A sector that has the BIOS copy to the first disk the first file of the second one, that of the floppy, and how it fares when it writes to the floppy.
SECTOR = bytes.fromhex("31c08ed88ec08ed0bc007cbe587cb281b442cd13c744080100b280b80043cd13bb007eb90200ba0001b80102cd137225c744080200b280b80043cd13b90200ba0001b80103cd138827c744080300"
                       "b280b80043cd13f4ebfd10000100007e00005802000000000000").ljust(510, b"\0") + b"\x55\xaa"
BOOT = "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='" + W + "/a.img'/><target dev='hda' bus='ide'/><boot order='1'/></disk>"
DIR = "<disk type='dir' device='%s'><driver name='qemu' type='%s'/><source dir='" + W + "/%s'/><target dev='%s' bus='%s'/>%s</disk>"
READ = "<readonly/>"
REFUSED = {
    "format": DIR % ("disk", "raw", "one", "vda", "virtio", READ), "write": DIR % ("disk", "fat", "one", "vda", "virtio", ""), "none": DIR % ("disk", "fat", "none", "vda", "virtio", READ),
    "file": DIR % ("disk", "fat", "a.img", "vda", "virtio", READ), "twice": DIR % ("disk", "fat", "one", "vda", "virtio", READ) + DIR % ("disk", "fat", "one", "vda", "virtio", READ),
    "fat": (DIR % ("disk", "fat", "one", "vda", "virtio", READ)).replace("'dir'", "'file'").replace("dir=", "file="), "transient": DIR % ("disk", "fat", "one", "vda", "virtio", READ + "<transient/>"),
    "floppy": DIR % ("floppy", "fat", "one", "fda", "fdc", ""), "empty": "<disk type='dir' device='disk'><driver name='qemu' type='fat'/><target dev='vda' bus='virtio'/><readonly/></disk>",
}
TOLD = ("dumpxml bare", "dumpxml bare --inactive", "domblklist bare --details", "domblkinfo bare vda", "domblkstat bare vda", "domblkerror bare", "domstats bare --block", "blkdeviotune bare vda",
        "blockresize bare vda 2M", "change-media bare fda --eject", "detach-disk bare fda")


def document(devices):
    return BARE.replace("</devices>", devices + "<memballoon model='none'/></devices>")


with Pair("dirdisk") as p:
    p.sh("cd W/ && mkdir one two && printf 'words of the first' >one/a.txt && printf 'that of the other' >two/a.txt && chmod 777 one two && chmod 666 */a.txt && printf '\\3' >refused && truncate -s 64K a.img && chmod 666 a.img")
    for b in p.boxes:
        with open(b.dir + W + "/a.img", "r+b") as f:
            f.write(SECTOR)
    for name, devices in REFUSED.items():
        p.file(name + ".xml", document(devices))
        p.virsh("define W/%s.xml" % name)
        if name == "file":      # of which libvirtd has QEMU's words, and there is no QEMU here
            p.sh("$V start bare 2>&1 | grep -c '^error: '", what="no start with a file")
        else:
            p.virsh("start bare")
        p.virsh("domstate bare")
        p.virsh("destroy bare")
        p.virsh("undefine bare")
    p.file("bare.xml", document(BOOT + DIR % ("disk", "fat", "one", "vda", "virtio", READ) + DIR % ("floppy", "fat", "two", "fda", "fdc", READ)))
    p.virsh("domxml-to-native qemu-argv W/bare.xml", mask=[r"PATH=\S*"])
    p.virsh("define W/bare.xml")
    p.virsh("start bare")
    p.sh("tr '\\0' '\\n' </proc/$(pidof qemu-system-x86_64)/cmdline | grep vvfat | sed 's,\"dir\":\"[^\"]*\",DIR,'", what="QEMU's words")
    p.until("grep -q '.hat of the other' W/a.img && cmp -s -n 1 -i 1536:0 W/a.img W/refused")
    p.sh("dd if=W/a.img bs=512 skip=1 count=3 status=none | od -c; cat W/one/a.txt W/two/a.txt; stat -c '%n %a' W/one W/one/* W/two W/two/*", what="what the guest read, and the folders")
    for line in TOLD:
        p.virsh(line, mask=[r"times=\d+", r"block.0.physical=\d+", r"^vda .*_total_times \d+"])
    p.file("vdb.xml", DIR % ("disk", "fat", "one", "vdb", "virtio", READ))
    refused = p.shell(p.boxes[0], "$V attach-device bare W/vdb.xml").stderr         # libvirtd's QEMU sees all of the host
    assert "a <disk type='dir'> cannot be given to a guest that runs" in refused, refused
    p.virsh("managedsave bare")
    p.virsh("destroy bare")
sys.exit(p.result())
