#!/usr/bin/python3
"""Saved states and dumps that are packed (qemu.conf: save_image_format, dump_image_format), beside libvirtd: each goes on from what the other has packed, and what is
damaged, of an unknown kind or cannot be packed is told of in the same words, and costs no guest and no file."""
import os, shutil, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import BUILD
from needs import needed
from pair import BARE, W, Pair

with open(os.path.join(BUILD, "config.h")) as f:
    BUILT = f.read()
LIBRARIES = {"gzip": "ZLIB", "bzip2": "BZIP2", "xz": "XZ", "lzop": "LZO"}
FORMATS = [word for word in LIBRARIES if "#define HAVE_%s 1\n" % LIBRARIES[word] in BUILT and needed(word) is None]
OURS = 0


def at(box, name):
    return box.dir + W + "/" + name


def configure(p, word):
    for b in p.boxes:
        with open(b.dir + "/etc/libvirt/qemu.conf", "w") as f:
            f.write('save_image_format = "%s"\ndump_image_format = "%s"\n' % (word, word))
        b.stop_daemon()
        b.start()


def state(p):
    p.virsh("domstate bare --reason")


def one_format(p, word):
    configure(p, word)
    p.virsh("start bare")
    p.virsh("save bare W/s")
    state(p)
    p.sh("od -A n -t d4 -j 24 -N 8 W/s", what=word + ": whether it ran, and the number")
    p.sh("tail -c +$((93 + $(od -A n -t u4 -j 20 -N 4 W/s))) W/s | %s -dc | head -c 4" % word, what=word + ": what is packed")
    for i, b in enumerate(p.boxes):
        shutil.copy(at(b, "s"), at(p.boxes[1 - i], "other"))
    p.virsh("restore W/other")
    state(p)
    p.virsh("save bare W/s --paused")
    p.sh("virsh -c qemu:///system save-image-dumpxml W/s --security-info | sed 's/<on_crash>destroy/<on_crash>preserve/' >W/x; virsh -c qemu:///system save-image-define W/s W/x", what="save-image-define")
    p.sh("od -A n -t d4 -j 24 -N 8 W/s", what=word + ": still the number")
    p.virsh("restore W/s")
    state(p)
    p.virsh("resume bare")
    p.virsh("managedsave bare")
    p.virsh("start bare")
    state(p)
    p.virsh("dump bare W/d")
    p.sh("%s -dc W/d | head -c 4" % word, what=word + ": a dump")
    state(p)
    p.virsh("dump bare W/m --memory-only")
    p.sh("head -c 4 W/m | tail -c 3", what=word + ": a dump of the memory is none")
    p.virsh("destroy bare")


def damaged(p):
    """Of gzip's. libvirtd starts a program that says nothing of what it found, or waits: only that we refuse is looked at."""
    p.virsh("start bare")
    p.virsh("save bare W/s")
    ours = p.boxes[OURS]
    good = open(at(ours, "s"), "rb").read()
    begin = 92 + int.from_bytes(good[20:24], "little")
    middle = (begin + len(good)) // 2
    for name, data in (("cut", good[:middle]), ("tail", good[:-4]), ("bare", good[:begin]), ("sum", good[:-8] + bytes(8)), ("wild", good[:middle] + b"\xff" * 1000 + good[middle + 1000:]),
                       ("other", good[:28] + b"\2" + good[29:]), ("zeros", good[:begin] + bytes(100000)), ("raw", good[:28] + b"\0" + good[29:])):
        with open(at(ours, name), "wb") as f:
            f.write(data)
        r = p.shell(ours, "virsh -c qemu:///system restore W/" + name)
        p.same("a damaged one: " + name, "%d %s" % (r.returncode, p.shell(ours, "virsh -c qemu:///system domstate bare").stdout.split()), "1 ['shut', 'off']")
    p.sh(r"printf '\007' | dd of=W/s bs=1 seek=28 conv=notrunc status=none", what="a number of nobody's")
    p.virsh("restore W/s")
    p.virsh("save-image-dumpxml W/s --xpath //name")
    p.sh(r"printf '\001' | dd of=W/s bs=1 seek=28 conv=notrunc status=none", what="its own again")
    p.virsh("restore W/s")
    state(p)


def refused(p):
    """A word that is none, and a kind that cannot be had: a save is refused before anything is emptied or stopped, a dump is made as it is."""
    configure(p, "nothing")
    p.sh("cp W/s W/before")
    p.virsh("save bare W/s")
    p.sh("cmp W/s W/before", what="what was there is there")
    p.virsh("managedsave bare")
    state(p)
    p.virsh("dump bare W/d")
    p.sh("head -c 4 W/d", what="a dump is made as it is")
    for word in [w for w in LIBRARIES if w not in FORMATS][:1]:
        not_built(p, word)
    p.virsh("destroy bare")


def not_built(p, word):
    ours = p.boxes[OURS]
    configure(p, word)
    r = p.shell(ours, "virsh -c qemu:///system managedsave bare")
    p.same("a kind that we have not", r.stderr.strip().splitlines()[-1], "error: operation failed: Compression program for save image format in configuration file isn't available")
    r = p.shell(ours, "virsh -c qemu:///system dump bare W/d && head -c 4 W/d")
    p.same("and its dump", "%d %s" % (r.returncode, r.stdout.split()[-1]), "0 QEVM")


with Pair("packed") as p:
    p.file("bare.xml", BARE)
    p.virsh("define W/bare.xml")
    for word in FORMATS:
        one_format(p, word)
        if word == "gzip":
            damaged(p)
            p.virsh("destroy bare")
    p.virsh("start bare")
    refused(p)
sys.exit(p.result())
