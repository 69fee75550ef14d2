#!/usr/bin/python3
"""<disk type='vhostuser'>, served by a qemu-storage-daemon, and <filesystem>, by virtiofsd, beside libvirtd: a guest that boots from such a disk and writes to it, what is refused, told and changed, and what comes and
goes while the guest runs."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from needs import needed
from pair import BARE, W, Pair

needed("qemu-storage-daemon", "/usr/lib/qemu/virtiofsd")
SHARED = BARE.replace("<os>", "<features><acpi/></features><memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking><os>").replace("</devices>", "%s<memballoon model='none'/></devices>")
DISK = "<disk type='vhostuser' device='disk'>%s<source type='unix' path='" + W + "/%s'>%s</source><target dev='%s' bus='virtio'/>%s</disk>"
FOLDER = "<filesystem type='mount'><driver type='virtiofs'/><source %s/><target dir='%s'/></filesystem>"
FOUND = [(r"^ *<binary path='[^']*'/>\n", "")]      # the host's virtiofsd, which libvirtd names
VNC = "<graphics type='vnc' autoport='yes' listen='127.0.0.1'/>"
# A sector that has the BIOS write it to the disk once more, behind itself.
SECTOR = bytes.fromhex("31c08ed88ec0b80103bb007cb90200b600cd13f4ebfd").ljust(510, b"\0") + b"\x55\xaa"
UNTOLD = ("domblkinfo bare vda", "domblkinfo bare --all", "domblkstat bare vda", "domblkstat bare", "domblkerror bare", "domstats bare --block", "blkdeviotune bare vda", "blkdeviotune bare vda --config",
          "blockresize bare vda 2M", "blkdeviotune bare vda --total-bytes-sec 100", "blkdeviotune bare vda --total-bytes-sec 100 --config", "change-media bare vda --eject", "domblklist bare --details")


def serve(p, name):
    p.sh("qemu-storage-daemon --daemonize --pidfile W/{0}.pid --blockdev file,node-name=f,filename=W/{0}.img --export vhost-user-blk,id=e,addr.type=unix,addr.path=W/{0},node-name=f,writable=on && chmod 666 W/{0}".format(name),
         what="somebody serves " + name)


def refused(p):
    """QEMU's words are our hand's, and there is no QEMU: so only that it is refused is looked at where libvirtd has them of QEMU."""
    for bad, words in (("none", "No such file"), ("file", "."), ("alone", "shared memory")):
        p.virsh("define W/%s.xml" % bad)
        p.sh("$V start bare 2>&1 | grep -q '%s'; echo $?" % words, what="no start with %s" % bad)
        p.virsh("undefine bare")


def folders(p):
    """Of virtiofs: one that somebody else serves comes and goes, and one that was there from the start on goes."""
    fs = "$V dumpxml bare | sed -n '/<filesystem/,/.filesystem>/p'; $V qemu-monitor-command bare --hmp 'info chardev' | grep -o 'chr-vu-fs.'"
    p.sh("/usr/lib/qemu/virtiofsd --socket-path=%s/fs -o source=%s/share >/dev/null 2>&1 & until [ -S W/fs ]; do sleep 0.1; done; chmod 666 W/fs" % (W, W), what="somebody serves a folder")
    p.virsh("attach-device bare W/fs.xml")
    p.sh(fs, FOUND, what="a folder beside the first")
    for gone, alias in ("fs", "fs1"), ("own", "fs0"):
        p.virsh("detach-device bare W/%s.xml" % gone)
        p.virsh("reset bare")       # where nobody in the guest lets go of it
        p.until("! (%s) | grep -q -e \"target dir='%s'\" -e chr-vu-%s" % (fs, gone, alias))
        p.sh(fs, FOUND, what="without " + gone)
        p.virsh("detach-device bare W/%s.xml" % gone)
    p.until("! pidof virtiofsd")


with Pair("vhostdisk") as p:
    p.sh("mkdir W/share; truncate -s 1M W/a.img W/b.img && truncate -s 0 W/file")
    for b in p.boxes:
        with open(b.dir + W + "/a.img", "r+b") as f:
            f.write(SECTOR)
    p.file("vda.xml", SHARED % (DISK % ("<driver name='qemu' type='raw' queues='1'/>", "a", "", "vda", "<boot order='1'/>") + VNC + FOLDER % ("dir='%s/share'" % W, "own")))
    p.file("own.xml", FOLDER % ("dir='%s/share'" % W, "own"))
    p.file("fs.xml", FOLDER % ("socket='%s/fs'" % W, "fs"))
    for bad in "none", "file":
        p.file(bad + ".xml", SHARED % (DISK % ("", bad, "", "vda", "")))
    p.file("alone.xml", BARE.replace("</devices>", DISK % ("", "a", "", "vda", "") + "</devices>"))
    p.file("vdc.xml", DISK % ("", "none", "", "vdc", ""))
    p.file("vdb.xml", DISK % ("", "b", "<reconnect enabled='yes' timeout='1'/>", "vdb", ""))
    for i in "a", "b":
        serve(p, i)
    refused(p)
    p.virsh("define W/vda.xml")
    p.virsh("start bare")
    p.virsh("dumpxml bare", FOUND)
    p.sh("tr '\\0' '\\n' </proc/$(pidof qemu-system-x86_64)/cmdline | grep -A1 -e vhost-user-blk -e chr-vu-v | sed 's,path=.*/[^,]*,path=P,'", what="QEMU's words")
    p.until("cmp -n 512 -i 0:512 W/a.img W/a.img")
    for call in UNTOLD:
        p.virsh(call)
    p.virsh("attach-device bare W/vdb.xml")
    p.virsh("domblklist bare --details")
    p.sh("$V dumpxml bare | grep -A5 vhostuser", what="both")
    p.virsh("detach-disk bare vdb")
    p.sh("$V attach-device bare W/vdc.xml 2>&1 | grep -c 'No such file'", what="nobody serves the third")
    p.sh("$V domblklist bare; $V qemu-monitor-command bare --hmp 'info chardev' | grep -c chr-vu", what="nothing is left of it")
    folders(p)
    p.virsh("managedsave bare")
    p.virsh("save bare W/s")
    p.virsh("domstate bare --reason")
    p.virsh("destroy bare")
    p.sh("kill $(cat W/a.pid W/b.pid)", what="nobody serves any more")
sys.exit(p.result())
