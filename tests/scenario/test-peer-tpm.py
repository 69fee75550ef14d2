#!/usr/bin/python3
"""TPM emulators of guests beside libvirtd: documents, states, what is left of them, errors, capabilities."""
import os, pty, sys, threading, tty
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import guest_xml, wait_for
from needs import needed
from pair import Pair, W

needed("swtpm", "swtpm_setup")
TPMS = {
    "plain": "<tpm><backend type='emulator'/></tpm>", "crb": "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>",
    "crb12": "<tpm model='tpm-crb'><backend type='emulator' version='1.2'/></tpm>", "version": "<tpm><backend type='emulator' version='3.0'/></tpm>",
    "banks": "<tpm model='tpm-tis'><backend type='emulator' version='2.0'><active_pcr_banks><sha256/><sha1/></active_pcr_banks></backend></tpm>",
    "banks12": "<tpm><backend type='emulator' version='1.2'><active_pcr_banks><sha256/></active_pcr_banks></backend></tpm>",
    "stays": "<tpm><backend type='emulator' version='2.0' persistent_state='yes'/></tpm>", "external": "<tpm><backend type='external'/></tpm>",
    "spapr": "<tpm model='tpm-spapr'><backend type='emulator' version='2.0'/></tpm>", "two": "<tpm><backend type='emulator'/></tpm><tpm><backend type='emulator'/></tpm>",
}
STATES = "cd /var/lib/libvirt/swtpm && find . -name '*.permall' -o -type d | sort"

NODES = "null zero full random urandom pts shm kvm net tty"
# A /dev of the box's own, with what is read and written by us as its TPM.
DEV = """set -e; d=$1/dev; mkdir $d; mount -t tmpfs none $d
for n in %s; do [ ! -e /dev/$n ] || { if [ -d /dev/$n ]; then mkdir $d/$n; else touch $d/$n; fi; mount --rbind /dev/$n $d/$n; }; done
mknod -m 666 $d/ptmx c 5 2; touch $d/tpm0; mount --bind $2 $d/tpm0; mount --rbind $d /dev""" % NODES


def answer(end):
    """Each command: done, and nothing to say; a TPM of version 2.0 or 1.2, as it was asked."""
    while True:
        asked = os.read(end, 4096)
        os.write(end, (b"\x80\x01" if asked[:2] == b"\x80\x01" else b"\x00\xc4") + b"\0\0\0\x0a\0\0\0\0")


def with_device(b):
    ours, its = pty.openpty()
    tty.setraw(its)
    threading.Thread(target=answer, args=(ours,), daemon=True).start()
    wait_for("the box", lambda: any(c.startswith("sh -c while") for _, c in b.processes()))
    b.run("sh", "-c", DEV, "sh", b.dir, os.ttyname(its))
    b.start()


with Pair("tpm", start=False) as p:
    p.each(with_device)
    for name, tpm in {"host": "<tpm><backend type='passthrough'/></tpm>", "absent": "<tpm><backend type='passthrough'><device path='/dev/tpmrm0'/></backend></tpm>"}.items():
        p.file("dev.xml", guest_xml(name, tpm))
        p.virsh("create W/dev.xml")
        if name != "absent":
            p.sh("$V dumpxml %s | sed -n '/<tpm/,/tpm>/p'" % name)
            p.virsh("qemu-monitor-command %s --hmp info tpm" % name, mask=[r"path=\S+,cancel-path=\S+"])
            p.virsh("destroy " + name)
    p.virsh("domcapabilities --virttype qemu", mask=[r"(?s)\A.*(?=<tpm)", r"(?s)</tpm>.*"])
    for i, (name, tpm) in enumerate(TPMS.items()):
        p.file(name + ".xml", guest_xml(name, tpm).replace("<memory ", "<uuid>7c000000-0000-4000-8000-0000000000%02d</uuid><memory " % i, 1))
        p.virsh("define W/%s.xml" % name)
        p.sh("$V dumpxml --inactive %s | sed -n '/<tpm/,/tpm>/p'" % name)
    for name in ("plain", "crb", "banks", "stays"):
        p.virsh("start " + name)
        p.sh("$V dumpxml %s | sed -n '/<tpm/,/tpm>/p'" % name)
        p.sh(STATES)
        p.virsh("destroy " + name)
    for line in ("undefine plain --tpm --keep-tpm", "undefine plain --keep-tpm", "undefine crb", "undefine stays", "undefine banks --tpm"):
        p.virsh(line)
        p.sh(STATES)
    p.virsh("define W/stays.xml")
    p.virsh("undefine stays --tpm")
    for name in ("banks", "stays"):
        p.virsh("create W/%s.xml" % name)
        p.virsh("destroy " + name)
        p.sh(STATES)
    p.virsh("define W/crb.xml")
    p.file("nothing", "")
    for program in ("swtpm_setup", "swtpm"):
        p.each(lambda b: b.run("mount", "--bind", b.dir + W + "/nothing", "/usr/bin/" + program))
        p.virsh("start crb")
        p.each(lambda b: b.run("umount", "/usr/bin/" + program))
    p.virsh("undefine crb")
    p.sh(STATES)
sys.exit(p.result())
