#!/usr/bin/python3
"""What a domain has none of, beside libvirtd: snapshots, checkpoints, backups, jobs of disks.  And what only ours tells: a block job that somebody began
through the monitor by the name that libvirt gives it."""
import ctypes, os, re, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import Pair, guests

LINES = """snapshot-list %s
snapshot-list %s --tree
snapshot-list %s --roots --internal
snapshot-list %s --leaves --no-metadata
snapshot-list nosuch
snapshot-info %s x
snapshot-info %s --current
snapshot-dumpxml %s x
snapshot-delete %s x
snapshot-revert %s x
snapshot-current %s
snapshot-current %s --name
snapshot-parent %s x
checkpoint-list %s
checkpoint-list %s --topological
checkpoint-dumpxml %s x
checkpoint-delete %s x
checkpoint-parent %s x
backup-dumpxml %s
blockjob %s vda
blockjob %s vda --raw
blockjob %s vda --bytes
blockjob %s vda --abort
blockjob %s vda --abort --async
blockjob %s vda --pivot
blockjob %s vda 5
blockjob %s sdz
blockjob %s hda
blockjob %s """ + "/var/lib/libvirt/images/w/disk.qcow2"


def bits(b):
    """Which flags are known."""
    import libvirt
    c = b.connect()
    d = c.lookupByName("busy")
    said = []
    for name, *args in (("snapshotNum",), ("snapshotListNames",), ("listAllSnapshots",), ("hasCurrentSnapshot",), ("snapshotLookupByName", "x"), ("snapshotLookupByName", "y" * 200), ("snapshotCurrent",),
                        ("listAllCheckpoints",), ("checkpointLookupByName", "x"), ("backupGetXMLDesc",), ("blockJobInfo", "vda"), ("blockJobInfo", ""), ("blockJobAbort", "vda"), ("blockJobSetSpeed", "vda", 7)):
        for bit in range(-1, 32):
            try:
                r = repr(getattr(d, name)(*args, 1 << bit if bit >= 0 else 0))
            except libvirt.libvirtError as e:
                r = "%d %d %s" % (e.get_error_code(), e.get_error_domain(), e.get_error_message())
            said.append("%s %d: %s" % (name, bit, r))
    return "\n".join(said)


def old_list(b):
    """The list of names, which Python's binding asks for when there are some only."""
    lib = ctypes.CDLL("libvirt.so.0")
    lib.virConnectOpen.restype = lib.virDomainLookupByName.restype = ctypes.c_void_p
    c = ctypes.c_void_p(lib.virConnectOpen(b.uri.encode()))
    d = ctypes.c_void_p(lib.virDomainLookupByName(c, b"busy"))
    names = (ctypes.c_char_p * 4)()
    said = "%d %d" % (lib.virDomainSnapshotListNames(d, names, 4, 0), lib.virDomainSnapshotListNames(d, names, 4, 1 << 20))
    lib.virDomainFree(d)
    lib.virConnectClose(c)
    return said


with Pair("none") as p:
    guests(p)
    p.virsh("define W/busy.xml")
    for state in ("off", "running"):
        for line in LINES.splitlines():
            p.virsh(line % "busy" if "%s" in line else line)
        p.same("the old list of names", *p.each(old_list))
        p.same("all flags of a guest that is " + state, *p.each(bits))
        if state == "off":
            p.virsh("start busy")
    p.virsh("blockjob busy vda 9999999999999")

    ours = p.boxes[0]
    command = ("qemu-monitor-command", "busy")
    def expect(what, is_so, r):
        p.count += 1
        p.differ += not is_so
        print("%sok %d - %s%s" % ("" if is_so else "not ", p.count, what, "" if is_so else ": %r" % (r,)), flush=True)
    d = ours.connect().lookupByName("busy")
    node = "libvirt-%s-format" % re.search(r"disk.qcow2' index='(\d+)'", d.XMLDesc(0)).group(1)
    ours.virsh(*command, '{"execute":"blockdev-add","arguments":{"driver":"null-co","node-name":"sink","size":16777216}}')
    ours.virsh("qemu-monitor-command", "busy", "--hmp", 'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "write 1M 4M"')
    r = ours.virsh(*command, '{"execute":"blockdev-mirror","arguments":{"job-id":"copy-vda-libvirt-1-format","device":"%s","target":"sink","sync":"full","speed":1}}' % node)
    expect("a copy is begun through the monitor", '"return"' in r.stdout, r)
    info = d.blockJobInfo("vda", 1)
    expect("its type and speed are told", info.get("type") == 2 and info.get("bandwidth") == 1 and info["end"] > info["cur"] >= 0, info)
    expect("in MiB a second it is rounded up", d.blockJobInfo("vda", 0).get("bandwidth") == 1, d.blockJobInfo("vda", 0))
    expect("another disk has none", d.blockJobInfo("hda", 0) == {}, d.blockJobInfo("hda", 0))
    r = ours.virsh("blockjob", "busy", "vda", "--abort", check=False)
    expect("it is not ours to end", r.returncode == 1 and "was not begun by this daemon" in r.stderr, r)
    ours.virsh(*command, '{"execute":"block-job-cancel","arguments":{"device":"copy-vda-libvirt-1-format","force":true}}')
sys.exit(p.result())
