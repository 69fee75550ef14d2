#!/usr/bin/python3
"""Numbers of images as libvirtd gives them: chains that the document names, that the headers tell, both; drives that are empty."""
import os, re, shutil, sys, tempfile
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

EMPTY = "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk><disk type='file' device='floppy'><target dev='fda' bus='fdc'/></disk>"


def disk(folder, name, named):
    """An image on two others, of which the document names so many; with both it says that there is no more."""
    chain = "<backingStore/>" if named == 2 else ""
    for below in range(named, 0, -1):
        chain = "<backingStore type='file'><format type='qcow2'/><source file='%s/%s%d'/>%s</backingStore>" % (folder, name, below, chain)
    return "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s/%s0'/>%s<target dev='vd%s' bus='virtio'/></disk>" % (folder, name, chain, name)


def numbers(box, name, devices):
    dom = box.connect().defineXML(document(name, memory=64, devices=devices).replace("<kernel>", "<!--").replace("</cmdline>", "-->"))
    dom.create()
    found = re.findall(r"<source file='[^']*/(\w\d)' index='(\d+)'/>|<backingStore type='file' index='(\d+)'>\s*<format[^>]*>\s*<source file='[^']*/(\w\d)'/>", dom.XMLDesc())
    dom.destroy()
    return sorted((top or below, int(n or m)) for top, n, m, below in found)


def compare(ours):
    """four cases, ours and libvirtd's"""
    folder = tempfile.mkdtemp(prefix="bh-nodes-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    try:
        for name in "abcd":
            for i in (2, 1, 0):
                base = [] if i == 2 else ["-F", "qcow2", "-b", "%s/%s%d" % (folder, name, i + 1)]
                subprocess.check_call(["qemu-img", "create", "-q", "-f", "qcow2", *base, "%s/%s%d" % (folder, name, i), "1M"])
        d = lambda *words: "".join(disk(folder, w[0], int(w[1])) for w in words)
        cases = {"told": d("a0", "b0"), "named": d("a2", "b2"), "both": d("a2", "b0", "c1", "d2"), "empty": d("a0") + EMPTY + d("b2")}
        got = {k: numbers(ours, k, v) for k, v in cases.items()}
        assert len(got["both"]) == 12, got
        with Box("peer-nodes", peer=True) as peer:
            want = {k: numbers(peer, k, v) for k, v in cases.items()}
        assert got == want, "\n".join("%s: %s, libvirtd %s" % (k, got[k], want[k]) for k in cases)
        assert_clean(ours)
    finally:
        shutil.rmtree(folder)


main(compare)
