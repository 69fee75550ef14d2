#!/usr/bin/python3
"""Saved states and dumps in files of the client's choice: the same answers as libvirtd's, the same owner and mode, and the same when the file is bad."""
import os, struct, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import BARE, Pair, guests

MADE = """cd W/ || exit 1; umask 022
truncate -s 0 empty; printf LibvirtQemud > short; printf 'LibvirtQemudSave' > magic; printf 'NotLibvirtsMagic%076d' 0 > wrong
mkdir -p dir; mkfifo fifo; ln -s nowhere dangling; printf x > other; ln other twice; ln -s s.save link; echo mine > old; chmod 640 old; chown 1:1 old"""
LINES = """save bare W/s.save
stat s.save
domstate bare --reason
list --all
save-image-dumpxml W/s.save --xpath //name
restore W/s.save
domstate bare --reason
restore W/s.save
stat s.save
save bare W/s.save --paused
restore W/s.save
domstate bare --reason
save bare W/s.save
restore W/s.save --running
domstate bare --reason
save bare W/s.save --running --paused
save bare W/nodir/s
save bare W/dir
stat nodir
domstate bare
save bare relative-name/x
save nosuch W/x
save idle W/x
stat x
restore W/nosuch
restore W/dir
restore W/empty
restore W/short
restore W/magic
restore W/wrong
restore W/part
restore W/huge
restore W/long
restore W/zero
restore W/v3
restore W/nonul
restore W/noxml
restore W/badxml
restore W/nostate
list --all
save-image-dumpxml W/nosuch
save-image-dumpxml W/dir
save-image-dumpxml W/empty
save-image-dumpxml W/short
save-image-dumpxml W/magic
save-image-dumpxml W/wrong
save-image-dumpxml W/part
save-image-dumpxml W/huge
save-image-dumpxml W/long
save-image-dumpxml W/zero
save-image-dumpxml W/v3
save-image-dumpxml W/nonul
save-image-dumpxml W/noxml
save-image-dumpxml W/badxml
save bare W/old
stat old
restore W/old
save busy W/b.save
domstate busy --reason
save-image-dumpxml W/b.save
save-image-dumpxml W/b.save --security-info
restore W/link
restore W/b.save --paused
domstate busy --reason
destroy busy
managedsave-dumpxml busy
save-image-define W/b.save W/nosuch.xml
save-image-define W/b.save W/busy.xml
save-image-define W/b.save W/bare.xml
save-image-define W/b.save W/bigger.xml
save-image-define W/b.save W/empty
save-image-define W/wrong W/busy.xml
save-image-define W/nosuch W/busy.xml
save-image-define W/b.save W/busy.xml --running
save-image-define W/b.save W/busy.xml --running --paused
save-image-dumpxml W/b.save
restore W/b.save --xml W/bare.xml
restore W/b.save --xml W/bigger.xml
restore W/b.save --xml W/empty
restore W/b.save --xml W/busy.xml
domstate busy --reason
save busy W/c.save --xml W/bare.xml
save busy W/c.save --xml W/bigger.xml
save busy W/c.save --xml W/empty
domstate busy
save busy W/c.save --xml W/busy.xml --bypass-cache
stat c.save
restore W/c.save --bypass-cache
domstate busy --reason
undefine busy
save busy W/c.save
list --all
restore W/c.save
list --all
dump bare W/d1
stat d1
domstate bare --reason
resume bare
dump bare W/d1 --live
dump bare W/d2 --memory-only
stat d2
head d2
dump bare W/d3 --memory-only --format elf
dump bare W/d4 --memory-only --format kdump-zlib
head d4
dump bare W/d5 --memory-only --format kdump-lzo
dump bare W/d6 --memory-only --format kdump-snappy
dump bare W/d7 --memory-only --format win-dmp
stat d7
dump bare W/d8 --memory-only --format nosuch
dump bare W/d9 --format kdump-zlib
stat d9
dump bare W/da --memory-only --live
dump bare W/da --memory-only --reset
domstate bare --reason
dump bare W/da --live --crash
dump bare W/da --live --reset
dump bare W/da --crash --reset
dump bare W/da --bypass-cache
dump bare W/da --memory-only --bypass-cache
dump bare W/nodir/x
dump bare W/dir
dump nosuch W/x
dump idle W/x
stat x
suspend bare
dump bare W/db --memory-only
domstate bare --reason
resume bare
dump bare W/old
stat old
dump bare W/dc --crash
stat dc
domstate bare --reason
list --all
dump busy W/dc --crash --memory-only
domstate busy --reason
list --all"""


def image(name, magic=b"LibvirtQemudSave", version=2, length=None, text=b"<domain/>", after=b"QEVM", nul=b"\0"):
    data = text + nul
    return name, struct.pack("=16sIIII60x", magic, version, len(data) if length is None else length, 1, 0) + data + after


IMAGES = [image("part", b"LibvirtQemudPart"), image("huge", length=0xffffffff), image("long", length=1 << 24), image("zero", length=0), image("v3", version=3),
          image("nonul", nul=b""), image("noxml", text=b"no document at all"), image("badxml", text=b"<domain type='qemu'><name>x</name></domain>"),
          image("nostate", text=BARE.replace("bare", "other").replace("0003<", "0009<").encode(), after=b"")]

with Pair("files") as p:
    guests(p)
    p.file("bigger.xml", open(p.boxes[0].dir + "/var/lib/libvirt/images/w/busy.xml").read().replace(">64<", ">128<"))
    p.sh(MADE)
    for name, data in IMAGES:
        for b in p.boxes:
            with open("%s/var/lib/libvirt/images/w/%s" % (b.dir, name), "wb") as f:
                f.write(data)
    p.virsh("create W/bare.xml")
    p.virsh("define W/busy.xml")
    p.virsh("define W/idle.xml")
    p.virsh("start busy")
    for line in LINES.splitlines():
        words = line.split()
        if words[0] == "stat":
            p.sh("cd W/ && stat -c '%%U:%%G %%a %%F' %s" % words[1], what=line)
        elif words[0] == "head":
            p.sh("cd W/ && head -c 8 %s | od -c" % words[1], what=line)
        else:
            p.virsh(line, mask=[r"\d{4}-\d\d-\d\dT[\d:.]*Z "])
sys.exit(p.result())
