#!/usr/bin/python3
"""Folders of the host that QEMU serves (9p), beside libvirtd: what a guest reads, writes and is refused in each access mode, and whose its files are on the host; how far such a QEMU reaches."""
import os, pwd, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *
from needs import needed
from pair import Pair, W

needed("cc", "cpio")
USER = "libvirt-qemu"
SHARE = W + "/share-%s"
MODES = {"passthrough": "", "mapped": " fmode='0640' dmode='0750'", "squash": " multidevs='remap'", "readonly": ""}
# Each in every mode; NAME of what the host has made, or the guest.
LINES = ["ls", "get of-the-host", "stat of-the-host", "get of-the-user", "get secret", "stat secret", "put of-the-guest hello", "get of-the-guest", "stat of-the-guest", "attr of-the-guest", "put of-the-user again", "put of-the-host no",
         "chown of-the-guest 5 6", "stat of-the-guest", "mkdir folder", "stat folder", "link pointer /etc/passwd", "get pointer", "get escape", "fifo pipe", "stat pipe", "device node", "stat node", "raw ..", "raw .. .. etc passwd", "raw ../../etc/passwd",
         "raw folder .. of-the-user", "raw escape", "ls"]


def initrd(folder):
    """The guest's, with a client of 9p: its kernel has none."""
    made = folder + "/initrd"
    os.makedirs(folder + "/extra/bin")
    subprocess.run(["cc", "-static", "-O1", "-Wall", "-Wextra", "-Werror", "-o", folder + "/extra/bin/nine", os.path.join(SRC, "tests/guest/nine.c")], check=True)
    more = subprocess.run("find . | cpio -o -H newc -R 0:0 --quiet | gzip -1", shell=True, cwd=folder + "/extra", check=True, capture_output=True).stdout
    with open(made, "wb") as f:
        f.write(open(INITRD, "rb").read() + more)
    return made


def folders(box):
    user = pwd.getpwnam(USER)
    for mode in MODES:
        path = box.dir + SHARE % mode
        os.makedirs(path)
        os.chown(path, user.pw_uid, user.pw_gid)
        for name, words, bits, mine in (("of-the-host", "from the host", 0o644, False), ("of-the-user", "the user's", 0o640, True), ("secret", "root's", 0o600, False)):
            with open(path + "/" + name, "w") as f:
                f.write(words)
            os.chmod(path + "/" + name, bits)
            if mine:
                os.chown(path + "/" + name, user.pw_uid, user.pw_gid)
        os.symlink("/etc/hostname", path + "/escape")


def document_of(box, name="n", made=None):
    out = ""
    for i, (mode, more) in enumerate(MODES.items()):
        access = "passthrough" if mode == "readonly" else mode
        out += "<filesystem type='mount' accessmode='%s'%s><driver type='path' wrpolicy='immediate'/><source dir='%s'/><target dir='t%d'/>%s<address type='pci' domain='0' bus='0' slot='%d' function='0'/></filesystem>" % (
            access, more, SHARE % mode, i, "<readonly/>" if mode == "readonly" else "", 16 + i)
    return document(name, out).replace(INITRD, made or INITRD)


def on_the_host(box):
    out = []
    for mode in MODES:
        top = box.dir + SHARE % mode
        for name in sorted(os.listdir(top)):
            path = top + "/" + name
            st = os.lstat(path)
            attrs = {a: os.getxattr(path, a, follow_symlinks=False).hex() for a in sorted(os.listxattr(path, follow_symlinks=False))}
            words = os.readlink(path) if os.path.islink(path) else open(path).read() if os.path.isfile(path) else ""
            out.append("%s/%s %o %d:%d %s %s" % (mode, name, st.st_mode, st.st_uid, st.st_gid, words, attrs))
    return "\n".join(out)


def story(box, made):
    """What the guest hears, line by line; and what is on the host then."""
    folders(box)
    os.makedirs(box.dir + "/run/lock", exist_ok=True)       # for libvirtd's consoles
    dom, con = boot(box, document_of(box, made=made))
    said = []
    for i, mode in enumerate(MODES):
        for line in LINES:
            heard = con.sh("NINE=0000:00:1%d.0 nine %s 2>&1; true" % (i, line)).replace("\r", "").strip()
            said.append("%s: %s: %s" % (mode, line, " ".join(sorted(heard.split("\n"))) if line == "ls" else heard))
    # QEMU has a number of its own here for what is the user's, and tells the guest that.
    said = "\n".join(said).replace(str(os.stat("/proc/%d" % box.role("guest")[0]).st_uid), str(pwd.getpwnam(USER).pw_uid)) if box is p.boxes[0] else "\n".join(said)
    shown = [l for l in dom.XMLDesc().splitlines() if "filesystem" in l or "source dir" in l or "readonly" in l]
    con.close()
    return said, on_the_host(box), "\n".join(shown)


def reach(box):
    """Of ours: what such a QEMU has of the folders, and of the host otherwise."""
    (qemu,) = box.role("guest")
    s, user = status(qemu), pwd.getpwnam(USER)
    assert int(s["CapEff"], 16) == 0 and s["Seccomp"] == "2" and int(s["Uid"].split()[0]) not in (0, user.pw_uid), s
    mounts = [l.split() for l in open("/proc/%d/mountinfo" % qemu) if " /res/" in l and "/share-" in l]
    assert len(mounts) == len(MODES) and all({"nosuid", "nodev", "noexec"} <= set(m[5].split(",")) for m in mounts), mounts
    assert ["ro" in m[5].split(",") for m in mounts] == [mode == "readonly" for mode in MODES], mounts


def refused(box):
    """A folder that is the daemon's or the kernel's, has one in it, or one mounted in it, is a link to one, or is none."""
    os.symlink("/var/lib/libvirt/qemu", box.dir + W + "/link")
    box.run("mkdir", "-p", W + "/root/a b/proc")
    box.run("mount", "--bind", "/proc", W + "/root/a b/proc")
    for where in ("/", "/proc/1", "/sys", "/var/lib/libvirt", "/etc/libvirt/qemu", "/var/lib", W + "/link", W + "/root", W + "/root/a b", W + "/none", "/etc/hostname"):
        xml = document("x", "<filesystem type='mount'><source dir='%s'/><target dir='t'/></filesystem>" % where, memory=64)
        try:
            box.connect().createXML(xml)
        except libvirt.libvirtError as e:
            print("    %s: %s" % (where, e))
            continue
        raise AssertionError("a guest has " + where)


with Pair("9p") as p:
    ours = p.boxes[0]
    ours.stop_daemon()
    with open(ours.dir + "/etc/libvirt/qemu.conf", "w") as f:
        f.write('user = "%s"\ngroup = "%s"\n' % (USER, USER))
    ours.start()
    made = initrd(ours.dir)
    told = p.each(story, made)
    for what, one, other in zip(("what the guest hears", "what is on the host", "the documents"), *told):
        p.same(what, one, other)
    assert "mapped: get of-the-guest: hellodone" in told[0][0] and "mapped/of-the-guest 100640" in told[0][1], told[0]
    reach(ours)
    p.each(lambda b: b.connect().lookupByName("n").destroy())
    refused(ours)
    assert_clean(ours)
sys.exit(p.result())
