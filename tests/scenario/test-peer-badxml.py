#!/usr/bin/python3
"""Documents that are no XML, or not of a domain: refused with libvirtd's words, place and caret included; nothing is stored."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import Pair, guests

DOCUMENTS = {
    "empty": "", "spaces": "  \n", "words": "some words\n", "letter": "x", "declaration": "<?xml version='1.0'?>",
    "open": "<domain>\n <name>a</name>\n", "crossed": "<domain>\n\t<name>a</nome>\n</domain>", "twice": "<domain>\n<a b='1' b='2'/>\n</domain>",
    "unquoted": "<domain>\n <memory unit=KiB>1</memory>\n</domain>", "entity": "<domain>&nobody;</domain>", "after": "<domain/>after",
    "tabs": "<domain>\t\t<a>", "long": "<domain><name>%s</nome></domain>" % ("n" * 100), "root": "<network><name>a</name></network>",
    "nothing": "<domain/>", "type": "<domain type='none'><name>a</name></domain>", "nameless": "<domain type='qemu'><memory>1024</memory></domain>",
}

with Pair("badxml") as p:
    guests(p)
    p.virsh("define W/idle.xml")
    for name, text in DOCUMENTS.items():
        p.file(name, text)
        p.virsh("define W/" + name)
    p.virsh("create W/words")
    p.virsh("define W/not-there")
    for text in ("<a", "<a><b></a>", "words", "<a b=1/>"):
        p.virsh("metadata idle urn:example:a --key a --set '%s' --config" % text)
    p.file("same-name", open(p.boxes[0].dir + "/var/lib/libvirt/images/w/idle.xml").read().replace("000000000002", "000000000099"))
    p.file("same-uuid", open(p.boxes[0].dir + "/var/lib/libvirt/images/w/idle.xml").read().replace("<name>idle", "<name>other"))
    p.virsh("define W/same-name")
    p.virsh("define W/same-uuid")
    p.virsh("list --all")
sys.exit(p.result())
