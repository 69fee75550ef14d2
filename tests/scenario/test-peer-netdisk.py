#!/usr/bin/python3
"""Disks that come over the network, ours beside libvirtd: what QEMU is told and what it answers, by protocol, with servers where there are some; who they let in by a password that
another daemon keeps, or by a cookie; chains, media, figures, refusals."""
import base64, os, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import netlib
from box import wait_for
from needs import needed, skip
from pair import *

if not netlib.has("curl", "iscsi", "rbd", "nfs", "gluster"):
    skip("QEMU's modules for disks by network (qemu-block-extra) are not installed")
needed("tgtd", "tgtadm", "openssl", "qemu-img", "qemu-nbd")

MASK = [r"\d{4}-\d\d-\d\dT[\d:.]+Z", r"qemu unexpectedly closed the monitor|process exited while connecting to monitor", r"after \d+ ms", r"block\.\d+\.rd\.(reqs|bytes|times)=\d+", r"rd_\w+ \d+", r"index='\d+'",
        r'"conf":"[^"]*"', r"conf file [^:]*", (r"^! \n", ""), r"20\d{4}(?= +262144)|block\.\d\.physical=\d+", (r'internal error: X: X qemu-system-x86_64: -blockdev .*/(nbd\.sock|no\.sock|self/fd/\d+)".*?\}: ', ""), r"failed on socket \S+"]
SHOW = "| sed -n '/<disk/,/.disk>/p'"
HOST = "<host name='localhost' port='4180'/>"


def disk(protocol, name, source="", fmt="raw", attrs="", host=HOST, dev="vda", bus="virtio", device="disk", more="<readonly/>"):
    return (f"<disk type='network' device='{device}'><driver name='qemu' type='{fmt}'/><source protocol='{protocol}' name='{name}'{attrs}>{host}{source}</source>"
            f"<target dev='{dev}' bus='{bus}'/>{more}</disk>")


def host(port, name="127.0.0.1", more=""):
    return "<host name='%s' port='%d'%s/>" % (name, port, more)


def below(protocol, name, at=HOST):
    return "<backingStore type='network'><format type='raw'/><source protocol='%s' name='%s'>%s</source><backingStore/></backingStore>" % (protocol, name, at)


UUID = "a0000000-0000-4000-8000-00000000000%d"
SECRETS = [("iscsi", "target", "geheim-geheim"), ("iscsi", "target", "wrong"), ("ceph", "name", "geheim-geheim")]


def auth(n, kind="iscsi", who="me"):
    return "<auth username='%s'><secret type='%s' uuid='%s'/></auth>" % (who, kind, UUID % n)


def cookies(**jar):
    return "<cookies>%s</cookies>" % "".join("<cookie name='%s'>%s</cookie>" % c for c in jar.items())


def keep_secrets(p):
    p.boxes[0].sibling("virtsecretd")
    for n, (usage, element, value) in enumerate(SECRETS):
        p.file("secret.xml", "<secret private='yes'><uuid>%s</uuid><usage type='%s'><%s>s%d</%s></usage></secret>" % (UUID % n, usage, element, n, element))
        p.virsh("secret-define W/secret.xml")
        p.virsh("secret-set-value %s %s" % (UUID % n, base64.b64encode(value.encode()).decode()))


def serve(b):
    """The servers of one box, whose processes end with it."""
    d = b.dir + W
    subprocess.run("cd %s && echo hello > raw.img && truncate -s 1M raw.img && qemu-img create -q -f qcow2 plain.qcow2 1M && qemu-img create -q -f qcow2 -b raw.img -F raw over.qcow2 && truncate -s 256K over.qcow2 && chmod 666 *" % d, shell=True, check=True)
    netlib.pki(d + "/pki")
    lib = netlib.__file__
    for argv in ((sys.executable, lib, d, "4180"), (sys.executable, lib, d, "4443", d + "/pki"), ("tgtd", "-f", "--iscsi", "portal=127.0.0.1:3260", "-C", "7"),
                 ("qemu-nbd", "-t", "-e", "9", "-f", "raw", "-x", "x", "-k", W + "/nbd.sock", W + "/raw.img")):
        subprocess.Popen(b.inside(*argv), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    target = "tgtadm -C 7 --lld iscsi --mode target --op %s --tid 1 %s"
    wait_for("tgtd", lambda: b.run("sh", "-c", target % ("new", "-T iqn.2026-11.test:t"), check=False).returncode == 0)
    b.run("sh", "-c", "tgtadm -C 7 --lld iscsi --op new --mode account --user me --password geheim-geheim && tgtadm -C 7 --lld iscsi --op new --mode target --tid 2 -T iqn.2026-11.test:locked && "
          "tgtadm -C 7 --lld iscsi --op bind --mode account --tid 2 --user me")
    for tid in "12":
        b.run("sh", "-c", ("tgtadm -C 7 --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 -b %s/raw.img && " % W + target % ("bind", "-I ALL")).replace("--tid 1", "--tid " + tid))
    wait_for("qemu-nbd", lambda: os.path.exists(d + "/nbd.sock"))
    os.chmod(d + "/nbd.sock", 0o777)
    for port in (4180, 4443):
        wait_for("the server of port %d" % port, lambda: b.run("sh", "-c", "exec 3<>/dev/tcp/127.0.0.1/%d" % port, check=False).returncode == 0 or b.run("curl", "-sk", "https://127.0.0.1:%d/raw.img" % port, check=False).returncode in (0, 35))


# Each is started, asked for its figures, and destroyed; or fails in the same words.
RUN = [
    disk("http", "raw.img", "<readahead size='65536'/><timeout seconds='7'/>", attrs=" query='a=b&amp;c'"), disk("http", "raw.img", more=""), disk("http", "no such.img"),
    disk("http", "raw.img", "<slices><slice type='storage' offset='512' size='1024'/></slices>"), disk("http", "plain.qcow2", fmt="qcow2", device="cdrom", bus="ide", dev="hda"),
    disk("http", "over.qcow2", fmt="qcow2", more="<readonly/>" + below("http", "raw.img")),
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s/over.qcow2'/><target dev='vda' bus='virtio'/>%s</disk>" % (W, below("http", "raw.img")),
    disk("https", "raw.img", host=host(4443)), disk("https", "raw.img", "<ssl verify='no'/>", host=host(4443)),
    disk("iscsi", "iqn.2026-11.test:t/1", "<initiator><iqn name='iqn.2026-11.test:me'/></initiator>", host=host(3260), more=""), disk("iscsi", "iqn.2026-11.test:none/1", host=host(3260)), disk("iscsi", "iqn.2026-11.test:t/1x", host=host(3260)),
    # who has a password, or a cookie
    disk("iscsi", "iqn.2026-11.test:locked/1", auth(0), host=host(3260), more=""), disk("iscsi", "iqn.2026-11.test:locked/1", host=host(3260), more=auth(1)),
    disk("iscsi", "iqn.2026-11.test:locked/1", auth(2), host=host(3260)), disk("iscsi", "iqn.2026-11.test:locked/1", auth(7), host=host(3260)), disk("iscsi", "iqn.2026-11.test:locked/1", host=host(3260)),
    disk("http", "locked/raw.img", more="<readonly/>" + auth(0)), disk("http", "locked/raw.img", auth(1)), disk("http", "locked/raw.img", auth(0, "ceph")), disk("http", "locked/raw.img", auth(0, who="you")),
    disk("http", "jar/raw.img", cookies(a="b", c="d")), disk("http", "jar/raw.img", cookies(a="b")), disk("http", "over.qcow2", fmt="qcow2", more="<readonly/>" + below("http", "jar/raw.img", HOST + cookies(a="b", c="d"))),
    disk("rbd", "p/i", auth(2, "ceph"), host=host(4999)), disk("rbd", "p/i", auth(0, "ceph"), host=host(4999)), disk("ssh", "x", auth(0), host=host(4999)), disk("nbd", "x", auth(0), host=host(4999)),
    # nobody serves these
    disk("rbd", "pool/image", "<snapshot name='s'/><config file='/etc/hosts'/>", host=host(6789) + host(6789, "127.0.0.2")), disk("nfs", "/export/x", "<identity user='1' group='2'/>", host="<host name='127.0.0.1'/>"),
    disk("gluster", "vol/x", host=host(4999) + host(4998)), disk("ftp", "x", host=host(4999)), disk("ftps", "x", host=host(4999)), disk("sheepdog", "x", host=host(4999)),
    # what libvirt itself refuses
    disk("http", "x", attrs=" tls='yes'"), disk("vxhs", "x"), disk("http", "x", host=""),
    *[disk(p, "x/y", host=host(4999) + host(4998)) for p in ("nbd", "ssh", "https", "ftp", "sheepdog")],
    disk("nfs", "/x", host="<host name='a'/><host name='b'/>"), disk("rbd", "p/i", host=host(1, more=" transport='rdma'")),
]


def scsi(name="iqn.2026-11.test:t/1", source="", at=host(3260), more="", attrs=""):
    return "<hostdev mode='subsystem' type='scsi'%s><source protocol='iscsi' name='%s'>%s%s</source>%s</hostdev>" % (attrs, name, at, source, more)


LOCKED, ME = "iqn.2026-11.test:locked/1", "<initiator><iqn name='iqn.2026-11.test:me'/></initiator>"
VIRTIO = "<controller type='scsi' index='0' model='virtio-scsi'/>"
# LUNs whose commands are the guest's own.
HOSTDEVS = [
    scsi(), scsi(more="<readonly/><shareable/><boot order='1'/>", attrs=" sgio='filtered' rawio='yes'") + VIRTIO, scsi(source=ME) + disk("http", "raw.img"), scsi(LOCKED, auth(0)) + VIRTIO, scsi(LOCKED, auth(1)), scsi(LOCKED, auth(7)),
    scsi(LOCKED), scsi("iqn.2026-11.test:none/1"), scsi("iqn.2026-11.test:t"), scsi("iqn.2026-11.test:t/7"), scsi("iqn.2026-11.test:t/x"), scsi(at=host(4999)), scsi(at="<host name='127.0.0.1'/>"), scsi(at=host(3260, "localhost")),
    scsi() + scsi(), scsi() + scsi(LOCKED, auth(0)) + VIRTIO + disk("iscsi", "iqn.2026-11.test:t/1", host=host(3260)), scsi(more="<address type='drive' controller='1' bus='0' target='0' unit='3'/>"),
    scsi(attrs=" sgio='unfiltered'"), scsi(at=host(3260) + host(3261)), scsi(at=host(3260, more=" transport='unix'")),
]
HOSTDEVS += [scsi(at=host(3260) + "<address bus='0' target='0' unit='0'/>"), scsi(at="<host name='::1'/>")]
COUNTED = [(r"libvirt-\d+", "libvirt-N"), *MASK]       # libvirtd counts those that failed
LUN = disk("iscsi", "iqn.2026-11.test:t/1", host=host(3260), device="lun", bus="scsi", dev="sda", more="")
ANY = LUN.replace("device='lun'", "device='lun' rawio='yes' sgio='filtered'")
LUNS = [LUN, LUN + VIRTIO, ANY.replace("</disk>", "<readonly/><shareable/><boot order='1'/></disk>") + VIRTIO, LUN.replace("'scsi'", "'virtio'").replace("sda", "vda"),
        LUN.replace("iscsi", "http"), LUN.replace("'scsi'", "'sata'"), LUN.replace("'lun'", "'lun' sgio='unfiltered'"), ANY.replace("'lun'", "'disk'"), LUN.replace("'raw'", "'qcow2'"),
        ANY.replace("type='network'", "type='file'").replace("protocol='iscsi' name", "file"), LUN.replace("</disk>", "<serial>S1</serial></disk>") + VIRTIO, LUN.replace("</disk>", "<wwn>5000000000000001</wwn></disk>") + VIRTIO]
PLUGS = [scsi(), scsi(LOCKED, auth(0), more="<readonly/>"), scsi(LOCKED, auth(1)), scsi(source=ME, more="<shareable/><alias name='ua-scsi'/>"), scsi("iqn.2026-11.test:none/1"), scsi(at=host(4999)), ANY]
HAS = """virsh -c qemu:///system dumpxml n | sed -n "/<hostdev/,/.hostdev>/p;/type='scsi'/,/controller>/p" ; virsh -c qemu:///system qemu-monitor-command n '{"execute":"query-named-block-nodes"}' | """ \
    """grep -o '"node-name": *"[^"]*"\|"ro": *[a-z]*' | tr '\\n' ' '; virsh -c qemu:///system qemu-monitor-command n --hmp 'info qtree' | grep -A14 scsi-generic | grep -v bootindex= """
OBJECTS = """$V qemu-monitor-command n '{"execute":"qom-list","arguments":{"path":"/objects"}}' | grep -o 'masterKey0\|[a-z]*-secret0' | sort | tr '\\n' ' '"""
# By a socket of the host's files: nobody else of its network is there for the guest, unless it listens in that itself.
SOCKET = "<host transport='unix' socket='%s/nbd.sock'/>" % W
BY_SOCKET = [disk("nbd", "x", host=SOCKET), disk("nbd", "x", host=SOCKET) + "<graphics type='vnc' port='5907' listen='127.0.0.1'/>", disk("nbd", "none", host=SOCKET), disk("nbd", "x", host=SOCKET.replace("nbd.", "no.")),
             disk("nbd", "x", host=SOCKET, more=""), disk("nbd", "x", "<reconnect delay='10'/><reconnect enabled='yes' timeout='3'/>", host=SOCKET), disk("nbd", "x", host="<host transport='unix'/>"),
             disk("nbd", "x", host="<host transport='unix' name='a' socket='%s/nbd.sock'/>" % W), disk("nbd", "x", host="<host name='localhost' socket='/a'/>"),
             disk("gluster", "vol/x", host=SOCKET), disk("gluster", "vol/x", host=SOCKET + host(4998) + SOCKET)]
# While it runs: media, disks that come, and what is asked of them.
LIVE = ["update-device n W/cd.xml", "dumpxml n " + SHOW, "update-device n W/cd.xml", "change-media n hda --eject", "dumpxml n " + SHOW, "update-device n W/cd.xml",
        "domblklist n --details", "domblkinfo n --all", "domstats n --block --backing", "domblkstat n hda", "blockresize n hda 2M", "domblkinfo n raw.img", "destroy n",
        "domblklist n --details", "domblkinfo n --all", "blockresize n hda 2M", "domstats n --block --backing", "undefine n"]

with Pair("netdisk") as p:
    p.each(serve)
    keep_secrets(p)

    def define(devices, features=""):
        p.file("n.xml", BARE.replace("bare", "n").replace("</devices>", devices + "</devices>").replace("</os>", "</os>" + features))
        p.virsh("define W/n.xml")
        p.virsh("start n", MASK)
        p.virsh("dumpxml n " + SHOW, MASK)

    for devices in RUN + BY_SOCKET:
        define(devices)
        p.virsh("domblkinfo n --all", MASK)
        p.virsh("domstats n --block --backing", MASK)
        p.sh("virsh -c qemu:///system destroy n; virsh -c qemu:///system undefine n", MASK)
    for devices in HOSTDEVS:
        define(devices)
        if "<auth" not in devices:      # whose value nobody is asked for here
            p.sh("virsh -c qemu:///system domxml-to-native qemu-argv --domain n | tr ' ' '\\n' | grep 'libvirt-[0-9]'")
        p.sh("sed -n '/<hostdev/,/.hostdev>/p' /run/libvirt/qemu/n.xml")
        p.sh(HAS)
        p.sh(OBJECTS)
        p.sh("virsh -c qemu:///system destroy n; virsh -c qemu:///system undefine n", MASK)
    for devices in LUNS:
        define(devices)
        p.sh(HAS.replace("scsi-generic", "scsi-block"))
        p.sh("virsh -c qemu:///system destroy n; virsh -c qemu:///system undefine n", MASK)
    for machine, plugs in (VIRTIO + disk("http", "raw.img"), PLUGS), (disk("http", "raw.img"), PLUGS[:2]):     # one that has a controller, and one that gets it
        define(machine, "<features><acpi/></features>")
        for devices in plugs:
            p.file("d.xml", devices)
            for line in ("attach-device", "attach-device", "detach-device", "detach-device"):
                p.virsh(line + " n W/d.xml", COUNTED)
                p.sh(HAS, COUNTED)
                p.sh(OBJECTS)
        p.sh("virsh -c qemu:///system destroy n; virsh -c qemu:///system undefine n", MASK)
    p.file("cd.xml", disk("http", "raw.img", device="cdrom", bus="ide", dev="hda"))
    define(disk("http", "plain.qcow2", fmt="qcow2", device="cdrom", bus="ide", dev="hda"))
    for devices in disk("iscsi", "iqn.2026-11.test:locked/1", auth(0), host=host(3260), dev="sdb", bus="usb"), disk("http", "jar/raw.img", auth(0) + cookies(a="b", c="d"), dev="sdb", bus="usb"), disk("nbd", "x", host=SOCKET, dev="sdb", bus="usb", more=""):
        p.file("d.xml", devices)
        p.virsh("attach-device n W/d.xml")
        p.sh(OBJECTS)
        p.virsh("detach-disk n sdb")
        p.until(OBJECTS + " | grep -qv secret")
    p.file("d.xml", BY_SOCKET[-1].replace("vda", "vdb"))
    said = p.shell(p.boxes[0], "$V attach-device n W/d.xml").stderr         # libvirtd's QEMU sees all of the host
    assert "cannot be given to a guest that runs" in said, said
    for line in LIVE:
        p.virsh(line, MASK)
    # libvirtd leaves it to QEMU to open what a server's image names.
    p.boxes[0].run("sh", "-c", "virsh -c qemu:///system define %s/n.xml" % W)
    p.file("n.xml", BARE.replace("bare", "n").replace("</devices>", disk("http", "over.qcow2", fmt="qcow2") + "</devices>"))
    r = p.shell(p.boxes[0], "virsh -c qemu:///system create W/n.xml")
    p.same("a server's image that names another one", r.stderr.strip().splitlines()[-1] if r.stderr.strip() else r.stdout,
           "error: unsupported configuration: disk 'vda': its image on a server names 'raw.img' as what it stands on: <backingStore> has to say so")
sys.exit(p.result())
