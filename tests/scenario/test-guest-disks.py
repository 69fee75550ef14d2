#!/usr/bin/python3
"""Disks: every bus, raw and qcow2 with backing chains in several folders, read-only, block device, CD; what the guest wrote is on the host;
images are locked while a guest has them; an image that was rewritten to name another file is refused; disks by NBD, whose server goes and comes again, and by HTTP."""
import hashlib, json, os, re, socket, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *
import netlib

SIZE, AT = 16 << 20, 1 << 20


def img(*argv):
    return subprocess.run(["qemu-img", *argv], check=True, capture_output=True, text=True).stdout


def raw(path, label):
    """A raw image that begins with a word, by which the guest knows it."""
    with open(path, "wb") as f:
        f.write(label.ljust(16).encode())
        f.truncate(SIZE)


def disk(path, target, bus, fmt="raw", kind="file", more="", device="disk"):
    return "<disk type='%s' device='%s'><driver name='qemu' type='%s'/><source %s='%s'/><target dev='%s' bus='%s'/>%s</disk>" % (
        kind, device, fmt, "dev" if kind == "block" else "file", path, target, bus, more)


class Images:
    def __init__(self, box):
        self.dir = os.path.join(box.dir, "images")
        for d in ("a", "b", "c"):
            os.makedirs(os.path.join(self.dir, d))
        p = self.path
        for name in ("virtio", "scsi", "ide", "block", "ro", "cd", "base"):
            raw(p("a/" + name), name)
        img("create", "-q", "-f", "qcow2", "-b", p("a/base"), "-F", "raw", p("b/mid"))
        img("create", "-q", "-f", "qcow2", "-b", p("b/mid"), "-F", "qcow2", p("c/top"))
        self.loop = None
        r = subprocess.run(["losetup", "-f", "--show", p("a/block")], capture_output=True, text=True)
        if r.returncode == 0:
            self.loop = r.stdout.strip()
        else:
            print("    no loop device: no block device is tried: " + r.stderr.strip())

    def path(self, name):
        return os.path.join(self.dir, name)

    def xml(self):
        p = self.path
        out = disk(p("a/virtio"), "vda", "virtio") + disk(p("c/top"), "vdb", "virtio", "qcow2") + disk(p("a/ro"), "vdc", "virtio", more="<readonly/>")
        out += disk(p("a/scsi"), "sda", "scsi") + disk(p("a/ide"), "hda", "ide") + disk(p("a/cd"), "hdc", "ide", device="cdrom", more="<readonly/>")
        out += "<controller type='scsi' model='virtio-scsi'/>"
        return out + (disk(self.loop, "vdd", "virtio", kind="block") if self.loop else "")

    def close(self):
        if self.loop:
            subprocess.run(["losetup", "-d", self.loop])


images = None


def use(box):
    """all at once on pc: the guest finds them, writes them, and the host has what it wrote; figures"""
    dom, console = boot(box, document("d1", devices=images.xml()))
    console.sh("modprobe virtio_scsi; modprobe sd_mod")
    console.until("[ -e /dev/sdb ]")
    out = console.sh("for d in /dev/vd? /dev/sd? /dev/sr0; do echo $d=$(head -c 16 $d); done")
    found = {label: dev for dev, label in re.findall(r"(/dev/\S+?)=(\w+)", out)}
    want = {"virtio", "base", "ro", "scsi", "ide", "cd"} | ({"block"} if images.loop else set())
    assert set(found) == want, out
    write = sorted(want - {"ro", "cd"})
    assert console.sh("cat /sys/block/%s/ro" % found["ro"][5:]).strip() == "1"
    sums = console.sh("dd if=/dev/urandom of=/tmp/x bs=64k count=8 2>/dev/null; for d in %s; do dd if=/tmp/x of=$d bs=64k seek=16 conv=fsync 2>/dev/null; done; md5sum < /tmp/x"
                      % " ".join(found[w] for w in write))
    md5 = sums.split()[0]
    # Figures, while it runs.
    rows = dict(l.split(None, 1) for l in box.virsh("domblklist", "d1").stdout.splitlines()[2:] if l.strip())
    assert rows["vdb"] == images.path("c/top") and rows["hdc"] == images.path("a/cd") and len(rows) == len(want), rows
    info = dict(re.findall(r"(\w+):\s+(\d+)", box.virsh("domblkinfo", "d1", "vdb").stdout))
    assert info["Capacity"] == str(SIZE) and int(info["Physical"]) == os.stat(images.path("c/top")).st_size, info
    stat = dict(re.findall(r"^vda (\w+) (\d+)", box.virsh("domblkstat", "d1", "vda").stdout, re.M))
    assert int(stat["wr_bytes"]) == 8 << 16 and int(stat["wr_req"]) > 0 and int(stat["rd_bytes"]) > 0 and int(stat["flush_operations"]) > 0, stat
    locked(box)
    dom.destroy()
    console.close()
    for w in write:
        src = {"base": "c/top"}.get(w, "a/" + w)
        fmt = "qcow2" if w == "base" else "raw"
        flat = images.path("flat")
        img("convert", "-f", fmt, "-O", "raw", images.path(src), flat)
        data = open(flat, "rb").read()
        assert hashlib.md5(data[AT:AT + (8 << 16)]).hexdigest() == md5, "the guest's bytes are not in " + src
    base = open(images.path("a/base"), "rb").read()
    assert base[AT:AT + 16] == bytes(16), "a backing file was written"
    assert_clean(box)


def locked(box):
    """While d1 runs."""
    for name in ("a/virtio", "a/scsi", "c/top", "b/mid", "a/base"):
        fmt = "raw" if name[0] == "a" else "qcow2"
        r = subprocess.run(["qemu-io", "-f", fmt, "-c", "write 0 512", images.path(name)], capture_output=True, text=True)
        assert "lock" in r.stderr, "%s can be written: %s" % (name, r)
    r = subprocess.run(["qemu-img", "info", images.path("c/top")], capture_output=True, text=True)
    assert r.returncode and "lock" in r.stderr, r
    con = box.connect()
    for name, fmt in (("a/virtio", "raw"), ("c/top", "qcow2")):
        other = con.defineXML(document("d2", devices=disk(images.path(name), "vda", "virtio", fmt)))
        e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, other.create)
        assert "lock" in str(e), e
        other.undefine()
    # Readers of a backing file do not shut each other out.
    img("create", "-q", "-f", "qcow2", "-b", images.path("a/base"), "-F", "raw", images.path("b/other"))
    other = con.defineXML(document("d2", devices=disk(images.path("b/other"), "vda", "virtio", "qcow2")))
    other.create()
    other.destroy()
    other.undefine()


def pinned(box):
    """an image that was rewritten to name a file outside of the guest's folders is refused; one inside is taken"""
    dom = box.connect().lookupByName("d1")
    secret = os.path.join(box.dir, "secret")
    raw(secret, "secret")
    img("rebase", "-u", "-f", "qcow2", "-F", "raw", "-b", secret, images.path("c/top"))
    try:
        dom.create()
    except libvirt.libvirtError as e:
        print("    " + str(e))
    else:
        raise AssertionError("the rewritten image was opened: " + re.search(r"(?s)<backingStore.*?</backingStore>", dom.XMLDesc()).group(0))
    assert_clean(box)
    img("rebase", "-u", "-f", "qcow2", "-F", "qcow2", "-b", images.path("b/mid"), images.path("c/top"))
    dom.create()
    chain = re.findall(r"<backingStore type='file' index='\d+'>\s*<format type='(\w+)'/>\s*<source file='([^']*)'", dom.XMLDesc())
    assert chain == [("qcow2", images.path("b/mid")), ("raw", images.path("a/base"))], chain
    dom.destroy()
    # In the folder of its own disk: a file of nobody is taken, the disk of another guest is not, however it got there.
    raw(images.path("c/plain"), "plain")
    raw(images.path("c/theirs"), "theirs")
    other = box.connect().defineXML(document("d3", devices=disk(images.path("c/theirs"), "vda", "virtio"), memory=64))
    other.create()
    other.destroy()
    other.undefine()
    for name, good in (("c/plain", True), ("c/theirs", False)):
        img("rebase", "-u", "-f", "qcow2", "-F", "raw", "-b", images.path(name), images.path("c/top"))
        if good:
            dom.create()
            dom.destroy()
        else:
            e = fails(libvirt.VIR_ERR_OPERATION_DENIED, dom.create)
            assert "disk of guest 'd3'" in str(e), e
    assert_clean(box)
    # An image that had no backing file when its guest got it has none later, but for a file of nobody in its folder.
    img("create", "-q", "-f", "qcow2", images.path("c/alone"), str(SIZE))
    alone = box.connect().defineXML(document("d4", devices=disk(images.path("c/alone"), "vda", "virtio", "qcow2"), memory=64))
    alone.create()
    alone.destroy()
    for name, good in ((secret, False), (images.path("c/theirs"), False), (images.path("c/plain"), True)):
        img("rebase", "-u", "-f", "qcow2", "-F", "raw", "-b", name, images.path("c/alone"))
        if good:
            alone.create()
            alone.destroy()
        else:
            e = fails(libvirt.VIR_ERR_OPERATION_DENIED, alone.create)
            assert "was '' and is '%s' now" % name in str(e), e
    alone.undefine()
    assert_clean(box)
    # One key of qemu.conf, and the header is believed again.
    img("rebase", "-u", "-f", "qcow2", "-F", "raw", "-b", secret, images.path("c/top"))
    fails(libvirt.VIR_ERR_OPERATION_DENIED, dom.create)
    conf = os.path.join(box.dir, "etc/libvirt/qemu.conf")
    for text, names in (("bulkhead_chain_pin_relaxed = 1\n", (secret, images.path("c/theirs"), images.path("b/mid"))), ("", ())):
        box.stop_daemon()
        with open(conf, "w") as f:
            f.write(text)
        box.start()
        dom = box.connect().lookupByName("d1")
        for name in names:
            img("rebase", "-u", "-f", "qcow2", "-F", "qcow2" if "mid" in name else "raw", "-b", name, images.path("c/top"))
            dom.create()
            dom.destroy()
    assert_clean(box)


def q35(box):
    """sata and its CD on q35, as QEMU has them; a block device is asked for where a file is"""
    devices = disk(images.path("a/ide"), "sda", "sata") + disk(images.path("a/cd"), "sdb", "sata", device="cdrom", more="<readonly/>")
    con = box.connect()
    dom = con.defineXML(document("d3", machine="q35", devices=devices))
    dom.create()
    blocks = json.loads(box.virsh("qemu-monitor-command", "d3", '{"execute":"query-block"}').stdout)["return"]
    have = {b["inserted"]["image"]["filename"] + " " + b["qdev"] for b in blocks if "inserted" in b}
    assert len(have) == 2 and any("sata0-0-0" in h for h in have), have
    assert dom.blockInfo("sda")[0] == SIZE
    dom.destroy()
    wrong = con.defineXML(document("d4", devices=disk(images.path("a/ide"), "vda", "virtio", kind="block")))
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, wrong.create)
    wrong.undefine()
    missing = con.defineXML(document("d4", devices=disk(images.path("none"), "vda", "virtio")))
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, missing.create)
    assert_clean(box)


def kept(box):
    """what QEMU has told the guest is written is in the image after a destroy, though the guest never asked for it to be flushed"""
    path = images.path("a/kept")
    img("create", "-f", "qcow2", path, str(SIZE))
    dom, console = boot(box, document("d5", devices=disk(path, "vda", "virtio", "qcow2")))
    console.sh("dd if=/dev/urandom of=/dev/vda bs=64k count=20 oflag=direct")
    console.close()
    dom.destroy()
    assert sum(m["length"] for m in json.loads(img("map", "--output=json", path)) if m["data"]) == 20 << 16
    assert_clean(box)


def transient(box):
    """what the guest writes to a transient disk is there until its run ends, however that does; the image stays what it was"""
    p = images.path
    raw(p("a/passing"), "passing")
    img("create", "-q", "-f", "qcow2", "-b", p("a/passing"), "-F", "raw", p("b/passing"))
    was = [open(p(n), "rb").read() for n in ("a/passing", "b/passing")]
    xml = document("d9", devices=disk(p("a/passing"), "vda", "virtio", more="<transient shareBacking='yes'/>") + disk(p("b/passing"), "vdb", "virtio", "qcow2", more="<transient shareBacking='yes'/>"))
    overlays = [p(n) + ".TRANSIENT-d9" for n in ("a/passing", "b/passing")]
    there = lambda: [os.path.exists(o) for o in overlays]
    for turn in ("destroyed", "QEMU killed", "daemon killed"):
        dom, console = boot(box, xml)
        assert all(there()), turn
        assert console.sh("head -c 7 /dev/vda; head -c 7 /dev/vdb").split() == ["passingpassing"], turn
        console.sh("echo written > /dev/vda; echo written > /dev/vdb; dd if=/dev/urandom of=/dev/vdb bs=64k seek=16 count=9 conv=fsync")
        if turn == "destroyed":
            dom.reset(0)
            console.expect("GUEST-READY")
            console.expect("# ")
            assert console.sh("head -c 7 /dev/vda; head -c 7 /dev/vdb").split() == ["writtenwritten"]
            img("check", "-U", overlays[0])
            other = box.connect().createXML(document("d10", devices=disk(p("b/passing"), "vda", "virtio", "qcow2", more="<transient shareBacking='yes'/>"), memory=64))
            other.destroy()
            for more in ("<transient/>", ""):
                fails(libvirt.VIR_ERR_INTERNAL_ERROR, box.connect().createXML, document("d10", devices=disk(p("b/passing"), "vda", "virtio", "qcow2", more=more), memory=64))
            dom.destroy()
        elif turn == "QEMU killed":
            os.kill(box.role("guest")[0], 9)
        else:
            box.stop_daemon(9)
            box.start()
            box.connect().lookupByName("d9").destroy()
        console.close()
        wait_for("the overlays' end", lambda: not any(there()))
        assert [open(p(n), "rb").read() for n in ("a/passing", "b/passing")] == was, turn
        wait_for("the guest's end", lambda: is_off(box.connect().lookupByName("d9")))
        box.connect().lookupByName("d9").undefine()
    dom = box.connect().defineXML(xml)
    open(overlays[1], "w").write("somebody's")
    assert overlays[1] in str(fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, dom.create))
    assert open(overlays[1]).read() == "somebody's" and not os.path.exists(overlays[0])
    os.unlink(overlays[1])
    dom.undefine()
    assert_clean(box)


class Server:
    """What is on a port of the box's own loopback: an image, under the name "disk"."""
    def __init__(self, path, port):
        self.argv = ["qemu-nbd", "-t", "-e", "4", "-f", "raw", "-b", "127.0.0.1", "-p", str(port), "-x", "disk", path]
        self.port = port
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.argv)
        wait_for("qemu-nbd", self.answers)

    def answers(self):
        assert self.process.poll() is None, "qemu-nbd has ended"
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
            return True
        except ConnectionRefusedError:
            return False

    def stop(self):
        self.process.kill()
        self.process.wait()


def by_nbd(target, port, host="127.0.0.1", fmt="raw", policy="report", more=""):
    return ("<disk type='network' device='disk'><driver name='qemu' type='%s' error_policy='%s'/><source protocol='nbd' name='disk'%s><host name='%s' port='%s'/></source>"
            "<target dev='%s' bus='virtio'/></disk>" % (fmt, policy, more, host, port, target))


def elsewhere():
    """Images whose headers have their data in a file that QEMU sees: (format and name, where)."""
    name = "/etc/hosts"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=%s,data_file_raw=on" % ("x" * len(name)), "qcow2", str(SIZE)], check=True, cwd=images.path("a"))
    with open(images.path("a/qcow2"), "r+b") as f:
        data = f.read()
        f.seek(data.index(b"x" * len(name)))
        f.write(name.encode())
    with open(images.path("a/vmdk"), "w") as f:
        f.write('# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW %d FLAT "%s" 0\n' % (SIZE >> 9, name))
    return ("qcow2", name), ("vmdk", name)


def by_http(dom, console):
    """An overlay on a server that stands on another server's image, if the document says so."""
    img("create", "-q", "-f", "qcow2", "-b", "plugged", "-F", "raw", images.path("a/over"))
    xml = ("<disk type='network' device='disk'><driver name='qemu' type='qcow2'/><source protocol='http' name='over'><host name='localhost' port='4104'/></source>%s"
           "<target dev='vdb' bus='virtio'/><readonly/></disk>")
    below = "<backingStore type='network'><format type='raw'/><source protocol='nbd' name='disk'><host name='127.0.0.1' port='4102'/></source><backingStore/></backingStore>"
    server = netlib.Http(images.path("a"), 4104)
    try:
        e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.attachDevice, xml % "")
        assert "names 'plugged' as what it stands on" in str(e), e
        for fmt, name in elsewhere():
            for end in ("", "<backingStore/>"):
                e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.attachDevice, xml.replace("qcow2", fmt).replace("'over'", "'%s'" % fmt) % end)
                assert "has its data in '%s'" % name in str(e), e
        dom.attachDevice(xml % below)
        console.until("[ -e /dev/vdb ]")
        assert console.sh("head -c 7 /dev/vdb").strip() == "plugged"
        dom.detachDevice(xml % below)
        wait_for("the disk to go", lambda: "vdb" not in dom.XMLDesc())
    finally:
        server.stop()


def goes_on(dom, console):
    """QEMU connects while the first of the requests fails: the guest may stop once more."""
    if dom.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
        dom.resume()
    return "read-it-@again" in console.text


def network(box):
    """disks by NBD and HTTP, at a start and plugged in; when the server dies the guest hears of it, or stops and goes on with the next one"""
    enter_network(box)
    con = box.connect()
    for name in ("nbd", "plugged"):
        raw(images.path("a/" + name), name)
    dom = con.defineXML(document("d6", devices=by_nbd("vda", 4101, "localhost")))
    e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, dom.create)
    assert "Failed to connect to 'localhost:4101': Connection refused" in str(e), e
    assert_clean(box)
    dom.undefine()
    servers = []
    try:
        for name, port in (("nbd", 4101), ("plugged", 4102)):
            servers.append(Server(images.path("a/" + name), port))
        dom, console = boot(box, document("d6", devices=by_nbd("vda", 4101, "localhost", policy="stop")))
        assert console.sh("head -c 3 /dev/vda").strip() == "nbd"
        assert "vda      disk" in box.virsh("domblklist", "d6").stdout
        e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.attachDevice, by_nbd("vdb", 4103).replace("'nbd'", "'rbd'").replace("name='disk'", "name='a/b'").replace("/></source>", "/><config file='/c'/></source>"))
        assert "<config> of a disk" in str(e), e
        if netlib.has("curl"):
            by_http(dom, console)
        e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, dom.attachDevice, by_nbd("vdb", 4103))
        assert "Failed to connect to '127.0.0.1:4103': Connection refused" in str(e), e
        dom.attachDevice(by_nbd("vdb", 4102))
        console.until("[ -e /dev/vdb ]")
        assert console.sh("head -c 7 /dev/vdb").strip() == "plugged"
        console.sh("echo from-the-guest | dd of=/dev/vdb bs=512 seek=8 conv=sync,fsync 2>/dev/null")
        with open(images.path("a/plugged"), "rb") as f:
            assert f.read()[4096:4110] == b"from-the-guest"
        # A server that has gone: an error for the guest, and nothing else of it.
        servers[1].stop()
        assert "rc=1" in console.sh("dd if=/dev/vdb of=/dev/null bs=512 count=1 skip=99 iflag=direct 2>/dev/null; echo rc=$?")
        dom.detachDevice(by_nbd("vdb", 4102))
        wait_for("the disk to go", lambda: "vdb" not in dom.XMLDesc())
        # Or it stops, and goes on when there is one again.
        servers[0].stop()
        console.send("dd if=/dev/vda of=/dev/null bs=512 count=1 skip=99 iflag=direct && echo read-it-@''again\n")
        wait_for("the guest to stop", lambda: dom.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR])
        assert dom.diskErrors() == {"vda": libvirt.VIR_DOMAIN_DISK_ERROR_UNSPEC}, dom.diskErrors()
        servers[0].start()
        wait_for("the guest to go on", lambda: goes_on(dom, console))
        dom.destroy()
        console.close()
        dom.undefine()
    finally:
        for s in servers:
            s.stop()
    alone = boot(box, document("d7"))[0]
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, alone.attachDevice, by_nbd("vdb", 4102))
    assert "makes sockets of its own" in str(e), e
    alone.destroy()
    alone.undefine()
    dom = con.defineXML(document("d8", devices=by_nbd("vda", 4101, more=" tls='yes'"), memory=64))
    e = fails(libvirt.VIR_ERR_SYSTEM_ERROR, dom.create)     # with certificates: test-peer-tls.py
    assert "ca-cert.pem" in str(e), e
    dom.undefine()
    assert_clean(box)


def prepare(box):
    """images"""
    global images
    images = Images(box)


try:
    main(prepare, use, pinned, q35, kept, transient, network)
finally:
    if images:
        images.close()
