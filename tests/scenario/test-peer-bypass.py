#!/usr/bin/python3
"""Saved states and dumps past the host's cache (--bypass-cache; qemu.conf: auto_start_bypass_cache, auto_dump_bypass_cache), beside libvirtd: what is in the kernel's cache of each file that was
written or read, and that the guest which comes back is the one that was saved."""
import os, random, struct, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from needs import needed
from pair import BARE, W, Pair

needed("fincore", "mount")
BASE, FULL = 0x200000, 8 << 20
# A kernel (multiboot) that is 8 MiB which do not pack, and does nothing: so a guest has a state worth a file.
HEAD = struct.pack("<8I", 0x1badb002, 1 << 16, (-0x1badb002 - (1 << 16)) & 0xffffffff, BASE, BASE, BASE + FULL, BASE + FULL, BASE + 32)
KERNEL = (HEAD + b"\xfa\xf4\xeb\xfd" + random.Random(7).randbytes(FULL))[:FULL]
# More memory than a worker could once write into one file (64 MiB).
GUEST = BARE.replace("'MiB'>32<", "'MiB'>96<").replace("</os>", "<kernel>%s/kernel</kernel></os><on_crash>coredump-destroy</on_crash>" % W).replace("</devices>", "<panic model='isa'/><memballoon model='none'/></devices>")
MANAGED = "/var/lib/libvirt/qemu/save/bare.save"


def memory(p):
    """The guest's own: the kernel's end, where it was loaded."""
    p.sh("$V qemu-monitor-command bare --hmp 'xp /4xw 0x%x' | head -1" % (BASE + FULL - 16))


def cached(p, name, what, spared):
    """Whether the cache has more of the file than who reads its head needs; then it has nothing of it."""
    p.sh("test $(fincore -b -n -o RES W/{0}) -lt $((4 << 20)); r=$?; echo $r; dd of=W/{0} oflag=nocache conv=notrunc,fdatasync count=0 status=none; exit $r".format(name),
         what=what + ": is the cache spared", status=0 if spared else 1)


def up(p):
    p.virsh("start bare")
    p.until("virsh -c qemu:///system qemu-monitor-command bare --hmp 'xp /1xw 0x%x' | grep -q %08x" % (BASE + FULL - 4, int.from_bytes(KERNEL[-4:], "little")))


def files(p):
    for flag in "", " --bypass-cache":
        p.virsh("save bare W/s" + flag)
        cached(p, "s", "save" + flag, flag)
        p.virsh("restore W/s" + flag)
        cached(p, "s", "restore" + flag, flag)
        memory(p)
        p.virsh("dump bare W/d --live" + flag)
        p.sh("head -c 4 W/d")
        cached(p, "d", "dump" + flag, flag)
        p.virsh("dump bare W/m --live --memory-only" + flag)
        p.sh("stat -c %s W/m")
        p.sh("tail -c 4096 W/m | od -A n -t x1 | head -1")
        cached(p, "m", "dump of the memory" + flag, flag)
    p.virsh("dump bare W/z --memory-only --format kdump-zlib --bypass-cache")
    p.sh("head -c 16 W/z")
    p.sh("rm W/[dmz]")


def managed(p):
    for flag in "", " --bypass-cache":
        p.virsh("managedsave bare" + flag)
        p.sh("ln %s W/l" % MANAGED)
        cached(p, "l", "managedsave" + flag, flag)
        p.virsh("start bare" + flag)
        cached(p, "l", "start" + flag, flag)
        p.sh("rm W/l")
    memory(p)


def nowhere(p):
    """A file system that always has its files in the cache."""
    p.sh("mkdir W/ram && mount -t ramfs none W/ram && chmod 1777 W/ram")
    p.sh("$V save bare W/ram/s --bypass-cache 2>/dev/null", what="a save where there is nothing but the cache")
    p.sh("$V dump bare W/ram/d --memory-only --bypass-cache 2>/dev/null", what="a dump there")
    p.virsh("domstate bare")
    p.virsh("save bare W/ram/s")
    p.sh("$V restore W/ram/s --bypass-cache 2>/dev/null", what="a restore")
    p.virsh("list --all --name")
    p.virsh("restore W/ram/s")
    memory(p)
    p.sh("rm W/ram/s; umount W/ram")


def again(p, *lines):
    for b in p.boxes:
        with open(b.dir + "/etc/libvirt/qemu.conf", "w") as f:
            f.writelines(l + "\n" for l in (*lines, 'auto_dump_path = "%s/auto"' % W))
        b.stop_daemon()
        b.run("rm", "/run/libvirt/qemu/autostarted")     # the host's first daemon starts guests
        b.start()


def by_itself(p):
    p.virsh("autostart bare")
    p.virsh("managedsave bare --bypass-cache")
    p.sh("ln %s W/l" % MANAGED)
    again(p, "auto_start_bypass_cache = 1", "auto_dump_bypass_cache = 1")
    p.until("virsh -c qemu:///system domstate bare | grep -q running")
    cached(p, "l", "a start with the daemon's", True)
    memory(p)
    p.sh("$V qemu-monitor-command bare --hmp 'o /b 0x505 1'")
    p.until("virsh -c qemu:///system domstate bare | grep -q shut")
    p.sh("mv W/auto/* W/a")
    p.sh("stat -c %s W/a")
    cached(p, "a", "a dump that nobody asked for", True)


with Pair("bypass") as p:
    p.file("bare.xml", GUEST)
    for b in p.boxes:
        with open(b.dir + W + "/kernel", "wb") as f:
            f.write(KERNEL)
    p.virsh("define W/bare.xml")
    up(p)
    files(p)
    managed(p)
    nowhere(p)
    by_itself(p)
sys.exit(p.result())
