#!/usr/bin/python3
"""Disks by descriptors that a client gives (virDomainFDAssociate, <source fdgroup=...>), beside libvirtd: a guest that boots from one and writes to it, chains, one that comes while the guest runs,
and what becomes of them when their connection goes."""
import os, re, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
import libvirt
from box import wait_for
from pair import BARE, W, Pair, told

DISK = "<disk type='file' device='%s'><driver name='qemu' type='%s'/><source file='/nowhere/%s' fdgroup='%s'/>%s<target dev='%s' bus='%s'/>%s</disk>"
BELOW = "<backingStore type='file'><format type='%s'/><source file='/nowhere/%s' fdgroup='%s'/><backingStore/></backingStore>"
# A sector that has the BIOS write it to the disk once more, behind itself.
SECTOR = bytes.fromhex("31c08ed88ec0b80103bb007cb90200b600cd13f4ebfd").ljust(510, b"\0") + b"\x55\xaa"
GUEST = BARE.replace("</devices>", "%s<memballoon model='none'/></devices>")
RW, RO = os.O_RDWR, os.O_RDONLY


class Given:
    """What one daemon says, line by line; descriptors are this process's, of files in the daemon's box."""

    def __init__(self, b):
        self.b, self.out, self.where = b, [], b.dir + W + "/"
        self.con = b.connect()
        with open(self.where + "a.img", "wb") as f:
            f.write(SECTOR.ljust(1 << 20, b"\0"))

    def say(self, what, fn, *args):
        self.out.append("%s: %s" % (what, told(fn, *args)))

    def give(self, dom, group, *files, flags=0):
        """files: (name, mode)"""
        fds = [os.open(self.where + name, mode) for name, mode in files]
        self.say("give " + group, dom.FDAssociate, group, fds, flags)
        for fd in fds:
            os.close(fd)

    def document(self, dom):
        self.out += re.findall(r"<disk.*?</disk>", dom.XMLDesc(0), re.S)

    def refused(self, what, fn):
        """Where the words are QEMU's."""
        try:
            fn()
            self.out.append(what + ": done")
        except libvirt.libvirtError:
            self.out.append(what + ": refused")

    def top(self):
        dom = self.con.defineXML(GUEST % DISK % ("disk", "raw", "a", "g", "", "vda", "virtio", ""))
        self.say("before", dom.create)
        self.say("no descriptors", dom.FDAssociate, "g", [], 0)
        self.give(dom, "g", ("a.img", RW), flags=8)
        self.give(dom, "other", ("a.img", RW))
        self.say("another group", dom.create)
        self.give(dom, "g", ("a.img", RO))
        self.refused("to be read only", dom.create)
        self.give(dom, "g", (".", RO))
        self.refused("a folder", dom.create)
        self.give(dom, "g", ("a.img", RO), ("a.img", RW), flags=libvirt.VIR_DOMAIN_FD_ASSOCIATE_SECLABEL_WRITABLE)
        self.say("the last of that name", dom.create)
        self.document(dom)
        wait_for("what the guest writes", lambda: open(self.where + "a.img", "rb").read(1024) == SECTOR * 2)
        self.say("blockInfo", dom.blockInfo, "vda")
        if not self.b.peer:         # libvirtd 9.0: "fd passed image source not initialized", and with libvirtd's copy of it a disk stays locked when its guest has ended
            self.live(dom)
            dom.destroy()
            dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        dom.destroy()
        self.con.close()
        self.con = self.b.connect()
        dom = self.con.lookupByName("bare")
        wait_for("the end of the connection", lambda: "not associated" in told(dom.create))
        self.say("by another connection", dom.create)
        dom.undefine()

    def live(self, dom):
        disk, live = DISK % ("disk", "qcow2", "b", "h", "", "sdb", "usb", ""), libvirt.VIR_DOMAIN_AFFECT_LIVE
        assert "group 'h' was not associated" in told(dom.attachDeviceFlags, disk, live)
        fd = os.open(self.where + "b.img", RW)
        dom.FDAssociate("h", [fd], 0)
        os.close(fd)
        dom.attachDeviceFlags(disk, live)
        assert "fdgroup='h'" in dom.XMLDesc(0) and "capacity" in str(self.con.domainListGetStats([dom], libvirt.VIR_DOMAIN_STATS_BLOCK)), dom.XMLDesc(0)
        dom.detachDeviceFlags(disk, live)

    def many(self, dom):
        """What one client may leave here is bounded, and costs only that call."""
        fds = [os.open(self.where + "c.img", RO) for _ in range(20)]
        said = [told(dom.FDAssociate, "m%d" % i, fds[:n], 0) for i, n in enumerate([20, 20, 20, 20, 4, 1] + [1] * 30)]
        assert [s == "0" for s in said] == [True] * 3 + [False, True] + [False] * 31 and "too many" in said[3], said
        said = [told(dom.FDAssociate, "n" * 252, fds[:1], 0)]
        assert "too many" in said[0], said
        for i in 0, 1, 2:           # in place of the earlier ones
            dom.FDAssociate("m%d" % i, fds[:1], 0)
        said = [told(dom.FDAssociate, "k%d" % i, fds[:1], 0) for i in range(40)]
        assert said.index(said[-1]) + 4 == 32 and said[0] == "0", said
        assert "group 'top' was not associated" in told(dom.create)
        for fd in fds:
            os.close(fd)
        self.con.close()
        self.con = self.b.connect()

    def chain(self):
        dom = self.con.defineXML(GUEST % (DISK % ("disk", "qcow2", "o", "top", BELOW % ("qcow2", "b", "below"), "sda", "scsi", "") + DISK % ("cdrom", "raw", "c", "cd", "", "hda", "ide", "<readonly/>")
                                          + "<controller type='scsi' model='virtio-scsi'/>"))
        if not self.b.peer:
            self.many(dom)
            dom = self.con.lookupByName("bare")
        self.give(dom, "top", ("o.img", RW))
        self.give(dom, "cd", ("c.img", RO))
        self.say("half", dom.create)
        self.give(dom, "below", ("b.img", RO))
        self.say("a chain", dom.create)
        self.document(dom)
        self.say("blockInfo", dom.blockInfo, "sda")
        dom.destroy()
        dom.undefine()


def all_of(b):
    g = Given(b)
    b.run("sh", "-c", "cd %s && qemu-img create -q -f qcow2 b.img 2M && qemu-img create -q -u -f qcow2 -b b.img -F qcow2 o.img 2M && truncate -s 64K c.img" % W)
    g.top()
    g.chain()
    g.con.close()
    return g.out


with Pair("given") as p:
    ours, theirs = p.each(all_of)
    for i in range(max(len(ours), len(theirs))):
        p.same((ours + [""] * 99)[i].split("\n")[0], (ours + [""] * 99)[i], (theirs + [""] * 99)[i])
sys.exit(p.result())
