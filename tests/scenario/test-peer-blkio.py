#!/usr/bin/python3
"""Limits of single disks of the host, of a guest that starts and of one that runs: what is said, and what the kernel is told.  A call that fails in part has changed nothing here."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from needs import skip
from pair import EMULATOR, Pair

DISKS = ["/dev/loop0", "/dev/loop1"]
if not all(map(os.path.exists, DISKS)):
    skip("no loop devices")
GUEST = "<domain type='qemu'><name>%s</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>%s<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>" + EMULATOR + "</devices></domain>"
LIVE = """--device-weights /dev/loop0,500
--device-read-bytes-sec /dev/loop0,1000000
--device-read-bytes-sec /dev/loop0,2000000,/dev/loop1,3000000 --device-write-iops-sec /dev/loop0,100
--device-write-bytes-sec /dev/none,5
--device-write-bytes-sec W/file,5
--device-read-bytes-sec /dev/loop0
--device-read-bytes-sec /dev/loop0,0
--device-read-bytes-sec /dev/loop1,0,/dev/loop0,0
--device-read-iops-sec /dev/loop1,7
--weight 500 --device-write-iops-sec /dev/loop0,9
--device-write-iops-sec /dev/loop0,77
--device-write-iops-sec /dev/loop0,0"""
DEVICE = "<device><path>%s</path>%s</device>"
STARTS = ["<weight>600</weight>" + DEVICE % ("/dev/loop0", "<read_bytes_sec>10000</read_bytes_sec><write_iops_sec>20</write_iops_sec>") + DEVICE % ("/dev/loop1", "<write_bytes_sec>4096</write_bytes_sec><read_iops_sec>3</read_iops_sec>"),
    DEVICE % ("/dev/loop0", "<weight>500</weight>"), DEVICE % ("/dev/none", "<read_bytes_sec>10000</read_bytes_sec>"), DEVICE % ("/etc/passwd", "<read_bytes_sec>10000</read_bytes_sec>")]


def kernel(p, name, after):
    group = "qemu-*-%s.libvirt-qemu" % name
    p.sh("for f in $(find /sys/fs/cgroup/ -path '*/%s/*_device' -o -path '*/%s/io.max'); do echo ${f##*/} $(cat $f); done | sort" % (group, group), what="the kernel, after " + after)


with Pair("blkio") as p:
    p.sh("truncate -s 1M W/file")
    p.file("d.xml", GUEST % ("d", ""))
    p.virsh("create W/d.xml --paused")
    for line in LIVE.splitlines():
        p.virsh("blkiotune d " + line)
        p.virsh("blkiotune d")
        kernel(p, "d", line)
    p.sh("virsh -c qemu:///system dumpxml d | sed -n '/blkiotune/,/.blkiotune/p'")
    for x in STARTS:
        p.file("e.xml", GUEST % ("e", "<blkiotune>%s</blkiotune>" % x))
        p.virsh("create W/e.xml --paused")
        p.virsh("blkiotune e")
        kernel(p, "e", "a start with " + x)
        p.virsh("destroy e")
sys.exit(p.result())
