"""Devices that come to a running guest, change and go, without a supervisor: a real QEMU with a guest that uses them."""
import base64, json, os, socket, subprocess, sys, tempfile, time
import xml.etree.ElementTree as ET
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
import qemuguest
from needs import skip
from qemulib import FORMATS, PCI, PLUG, Failed, device, devices, events, plug, refused

folder = tempfile.mkdtemp(prefix="bh-plug-")


def qmp(w, command, **arguments):
    r = json.loads(w.call("domain.monitor_command", json.dumps({"execute": command, "arguments": arguments}), 0)[0])
    assert "return" in r, r
    return r["return"]


def things(w):
    """All that a device consists of in QEMU."""
    return {"nodes": sorted(n["node-name"] for n in qmp(w, "query-named-block-nodes")), "fdsets": sorted(f["fdset-id"] for f in qmp(w, "query-fdsets")),
            "chardevs": sorted(c["label"] for c in qmp(w, "query-chardev")), "objects": sorted(o["name"] for o in qmp(w, "qom-list", path="/objects")),
            "devices": sorted(o["name"] for o in qmp(w, "qom-list", path="/machine/peripheral"))}


def sh(w, command, limit=60):
    """What a command in the guest says."""
    def agent(name, **arguments):
        return json.loads(w.call("domain.agent_command", json.dumps({"execute": name, "arguments": arguments}), 20, 0)[0])["return"]
    pid = agent("guest-exec", path="/bin/sh", arg=["-c", command], **{"capture-output": True})["pid"]
    end = time.monotonic() + limit
    while True:
        s = agent("guest-exec-status", pid=pid)
        if s["exited"]:
            return s["exitcode"], base64.b64decode(s.get("out-data", "")).decode()
        assert time.monotonic() < end, command
        time.sleep(0.1)


def in_guest(w, command, limit=30):
    """The command succeeds in the guest, soon."""
    end = time.monotonic() + limit
    while True:
        status, out = sh(w, command)
        if status == 0:
            return out
        assert time.monotonic() < end, "in the guest: %s: %s" % (command, out)
        time.sleep(0.2)


def image(w, name, fmt="qcow2", size="24M"):
    path = os.path.join(folder, name)
    subprocess.check_call(["qemu-img", "create", "-q", "-f", fmt, path, size])
    return path, w.res.image(path, fmt)


def out(w, xml, alias):
    """A guest that has much to do may need longer than the call waits."""
    w.unplugged.clear()
    plug(w, "PLUG_OUT", xml)
    w.until(lambda: w.unplugged, alias + " goes")
    assert w.unplugged == [alias], w.unplugged


def take_out(w, xml, alias, before):
    """Until QEMU has nothing of it any more."""
    out(w, xml, alias)
    assert device(w, alias) is None
    assert events(w, "domain.event_callback_device_removed", alias)
    w.until(lambda: things(w) == before, "nothing is left of %s: %r, not %r" % (alias, things(w), before))


def story_virtio_disk(w):
    before = things(w)
    path, i = image(w, "c.qcow2")
    backing = os.path.join(folder, "d-base.raw")
    subprocess.check_call(["qemu-img", "create", "-q", "-f", "raw", backing, "24M"])
    xml = ("<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s' bulkhead-m='%d'/><target dev='vdc' bus='virtio'/><alias name='virtio-disk2'/>%s</disk>"
           % (path, i, PCI % 9))
    plug(w, "PLUG_IN", xml, first=i)
    assert events(w, "domain.event_callback_device_added", "virtio-disk2")
    d = device(w, "virtio-disk2")
    assert d.find("source").get("index") == "3" and d.find("backingStore") is not None, ET.tostring(d)
    assert [x.find("target").get("dev") for x in devices(w).findall("disk")] == ["vda", "vdb", "vdc"]
    assert "libvirt-3-format" in things(w)["nodes"] and i in things(w)["fdsets"]
    in_guest(w, "test -b /dev/vdc && echo hello > /dev/vdc && sync && head -c 5 /dev/vdc | grep hello")
    assert w.call("domain.block_stats", "vdc")[2] > 0
    # It comes again, as after the death of whoever asked: done is done.
    plug(w, "PLUG_IN", xml, first=i)
    assert [x.find("target").get("dev") for x in devices(w).findall("disk")] == ["vda", "vdb", "vdc"]
    w.until(lambda: "vdc" in (w.status or ""), "the status file has it")
    take_out(w, xml, "virtio-disk2", before)
    plug(w, "PLUG_OUT", xml)            # and so is what is done there
    # a chain of two; numbers that were given once are not given again
    path, i = image(w, "d.qcow2")
    b = w.res.add("MK_IMAGE", backing, qemu=(os.open(backing, os.O_RDONLY),), flags=128, fmt=FORMATS["IMG_RAW"], parent=i)
    xml = xml.replace("<alias", "<iotune><total_iops_sec>1000</total_iops_sec></iotune><alias").replace("c.qcow2", "d.qcow2").replace("bulkhead-m='%d'" % (i - 1), "bulkhead-m='%d'" % i)
    plug(w, "PLUG_IN", xml, first=i)
    d = device(w, "virtio-disk2")
    assert d.find("source").get("index") == "4" and d.find("backingStore").get("index") == "5" and d.find("backingStore/source").get("file") == backing, ET.tostring(d)
    assert {i, b} <= set(things(w)["fdsets"])
    assert [x["inserted"]["iops"] for x in qmp(w, "query-block") if "virtio-disk2" in x["qdev"]] == [1000]
    in_guest(w, "test -b /dev/vdc && head -c 1 /dev/vdc | wc -c | grep 1")
    take_out(w, xml, "virtio-disk2", before)


SCSI = "<controller type='scsi' index='0' model='virtio-scsi'><alias name='scsi0'/>%s</controller>" % (PCI % 10)


def scsi_disk(path, entry, fmt="raw", unit=0):
    return ("<disk type='file' device='disk'><driver name='qemu' type='%s'/><source file='%s' bulkhead-m='%d'/><target dev='sd%s' bus='scsi'/><alias name='scsi0-0-0-%d'/>"
            "<address type='drive' controller='0' bus='0' target='0' unit='%d'/></disk>" % (fmt, path, entry, "ab"[unit], unit, unit))


def no_image(w):
    """A file that is no image, and its entry."""
    path = os.path.join(folder, "bad.qcow2")
    with open(path, "wb") as f:
        f.write(b"no image" * 8192)
    return path, w.res.image(path, "qcow2")


def story_scsi(w):
    """A controller with its disk; beside it one that is no image, of which all is taken back while the other goes on."""
    before = things(w)
    path, i = image(w, "s.raw", "raw")
    plug(w, "PLUG_IN", SCSI + scsi_disk(path, i), first=i)
    assert device(w, "scsi0") is not None and events(w, "domain.event_callback_device_added", "scsi0-0-0-0") and not events(w, "domain.event_callback_device_added", "scsi0")
    in_guest(w, "modprobe virtio_scsi; modprobe sd_mod; test -b /dev/sda && echo there > /dev/sda && head -c 5 /dev/sda | grep there")
    with_disk = things(w)
    bad, k = no_image(w)
    text = refused(w, 1, "PLUG_IN", scsi_disk(bad, k, "qcow2", 1), first=k)
    assert text.startswith("unable to execute QEMU command 'blockdev-add'") and "not in qcow2 format" in text, text
    assert things(w) == with_disk and device(w, "scsi0-0-0-1") is None
    out(w, scsi_disk(path, i), "scsi0-0-0-0")
    take_out(w, SCSI, "scsi0", before)


def story_half_a_pair(w):
    """A controller that comes with a disk which does not: it goes again."""
    before = things(w)
    w.events.clear()
    bad, i = no_image(w)
    refused(w, 1, "PLUG_IN", SCSI + scsi_disk(bad, i, "qcow2"), first=i)
    assert device(w, "scsi0") is None
    w.until(lambda: things(w) == before, "nothing is left")
    assert not events(w, "domain.event_callback_device_added", "scsi0") and not events(w, "domain.event_callback_device_removed", "scsi0")


def story_half_of_one(w):
    """A disk whose device QEMU refuses, with a controller that it has taken: of the disk nothing is left, though the guest, which stands, does not let the controller go."""
    before = things(w)
    path, i = image(w, "lun.raw", "raw")
    w.call("domain.suspend")
    text = refused(w, 1, "PLUG_IN", SCSI.replace("0x0a", "0x16") + scsi_disk(path, i).replace("device='disk'", "device='lun'"), first=i)
    assert "SG_IO" in text, text
    w.until(lambda: things(w)["nodes"] == before["nodes"], "nothing is left of the disk", 10)      # QEMU closes what is in sets when it runs
    assert "scsi0" in things(w)["devices"]
    w.call("domain.resume")
    w.until(lambda: things(w)["devices"] == before["devices"], "nor of the controller", 60)


def story_medium(w):
    """A drive; its medium comes and goes, and stays while the guest has the tray locked, unless it is forced out."""
    before, alias = things(w), "scsi0-0-0-1"
    drive = ("<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>%s<target dev='sdb' bus='scsi'/><readonly/><alias name='scsi0-0-0-1'/>"
             "<address type='drive' controller='0' bus='0' target='0' unit='1'/></disk>")
    plug(w, "PLUG_IN", SCSI, first=len(w.res.entries))
    with_controller = things(w)
    i = w.res.add("MK_IMAGE", "", flags=2048)
    plug(w, "PLUG_IN", drive.replace("<readonly/>", "<iotune><total_iops_sec>500</total_iops_sec></iotune><readonly/>") % "", first=i)
    in_guest(w, "modprobe virtio_scsi; modprobe sr_mod; test -b /dev/sr0")
    empty = things(w)
    iso = os.path.join(folder, "m.iso")
    with open(iso, "wb") as f:
        f.write(b"medium one".ljust(1 << 20, b"\0"))
    i = w.res.add("MK_IMAGE", iso, qemu=(os.open(iso, os.O_RDONLY),), flags=1, fmt=FORMATS["IMG_RAW"])
    full = drive % ("<source file='%s' bulkhead-m='%d'/>" % (iso, i))
    plug(w, "PLUG_CHANGE", full, first=i)
    assert device(w, alias).find("source").get("file") == iso
    in_guest(w, "head -c 10 /dev/sr0 | grep 'medium one'")
    assert [x["inserted"]["iops"] for x in qmp(w, "query-block") if alias in x["qdev"]] == [500]
    assert device(w, alias).find("iotune/total_iops_sec").text == "500"
    in_guest(w, "sleep 1000 < /dev/sr0 > /dev/null 2>&1 & echo $! > /run/holder")
    in_guest(w, "readlink /proc/$(cat /run/holder)/fd/0 | grep sr0")
    mounted = things(w)
    text = refused(w, 1, "PLUG_CHANGE", drive % "", first=len(w.res.entries))
    assert text == "unable to execute QEMU command 'blockdev-remove-medium': Tray of device '%s' is not open" % alias, text
    assert things(w) == mounted and device(w, alias).find("source") is not None
    plug(w, "PLUG_CHANGE", drive % "", first=len(w.res.entries), flags=PLUG["PLUG_FORCE"])
    gone = device(w, alias).find("source")      # which has a number still, by which virsh tells that there is nothing to eject
    assert list(gone.keys()) == ["index"] and things(w) == empty, (gone.attrib, things(w), empty)
    assert [e for e in w.events if e[0].endswith("tray_change") and e[2][1] == alias], w.events[-5:]
    in_guest(w, "kill $(cat /run/holder) || true")
    plug(w, "PLUG_CHANGE", full, first=i)       # a second time, and it goes with its drive
    assert device(w, alias).find("source").get("file") == iso
    take_out(w, drive % "", alias, with_controller)
    take_out(w, SCSI, "scsi0", before)


def story_nic(w):
    before = things(w)
    i = w.res.add("MK_HOSTNET")
    nic = ("<interface type='user' bulkhead-m='%d'><mac address='52:54:00:00:00:77'/><model type='virtio'/><link state='%%s'/><alias name='net0'/>%s</interface>" % (i, PCI % 11))
    plug(w, "PLUG_IN", nic % "down", first=i)
    in_guest(w, "grep -l 52:54:00:00:00:77 /sys/class/net/*/address")
    name = in_guest(w, "grep -l 52:54:00:00:00:77 /sys/class/net/*/address").split("/")[4]
    in_guest(w, "ip link set %s up; grep 0 /sys/class/net/%s/carrier" % (name, name))
    plug(w, "PLUG_CHANGE", nic % "up", first=len(w.res.entries))
    in_guest(w, "grep 1 /sys/class/net/%s/carrier" % name)
    assert device(w, "net0").find("link").get("state") == "up"
    take_out(w, nic % "up", "net0", before)
    plug(w, "PLUG_IN", nic % "up", first=i)       # its back end has gone with it, or its name would be taken
    take_out(w, nic % "up", "net0", before)


def story_channel(w):
    before = things(w)
    i = w.res.pty()
    xml = ("<channel type='pty'><source bulkhead-m='%d'/><target type='virtio' name='a.port'/><alias name='channel1'/><address type='virtio-serial' controller='0' bus='0' port='2'/></channel>" % i)
    plug(w, "PLUG_IN", xml, first=i)
    assert device(w, "channel1").find("source").get("path").startswith("/dev/pts/")
    stream = w.call("domain.open_channel", "a.port", 0, fds=True)[1][0]
    in_guest(w, "p=$(grep -l a.port /sys/class/virtio-ports/*/name) && p=${p%/name} && echo from-the-guest > /dev/${p##*/}")
    got, end = b"", time.monotonic() + 20
    while b"from-the-guest" not in got and time.monotonic() < end:
        w.step(0.05)
        try:
            got += socket.socket(fileno=os.dup(stream)).recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            pass
    assert b"from-the-guest" in got, got
    take_out(w, xml, "channel1", before)
    os.close(stream)


def story_small_ones(w):
    bus = "/sys/bus/pci/devices/0000:00:%02x.0"
    for xml, alias, found in (("<rng model='virtio'><backend model='builtin'/><alias name='rng5'/>%s</rng>" % (PCI % 12), "rng5", bus % 12),
                              ("<input type='tablet' bus='usb'><alias name='input7'/><address type='usb' bus='0' port='2'/></input>", "input7", "/"),       # Debian's cloud kernel has no USB
                              ("<watchdog model='i6300esb' action='none'><alias name='watchdog0'/>%s</watchdog>" % (PCI % 13), "watchdog0", bus % 13),
                              ("<controller type='virtio-serial' index='1'><alias name='virtio-serial1'/>%s</controller>" % (PCI % 14), "virtio-serial1", bus % 14)):
        before = things(w)
        plug(w, "PLUG_IN", xml)
        assert alias in things(w)["devices"], alias
        in_guest(w, "test -e " + found)
        take_out(w, xml, alias, before)


def story_memory(w):
    """A module: it counts as the guest's memory, and its place is QEMU's word."""
    def sizes():
        d = ET.fromstring(w.call("domain.get_xml_desc", 1, arg=1)[0])
        return int(d.find("memory").text), int(d.find("currentMemory").text)
    blocks = int(in_guest(w, "ls -d /sys/devices/system/memory/memory* | wc -l"))
    dimm = ("<memory model='dimm'><target><size unit='KiB'>131072</size></target><alias name='dimm0'/><address type='dimm' slot='0'/></memory>")
    was, before = sizes(), things(w)
    plug(w, "PLUG_IN", dimm)
    w.until(lambda: device(w, "dimm0").find("address").get("base"), "its place is known")
    assert sizes() == (was[0] + 131072, was[1] + 131072), sizes()
    in_guest(w, "test $(ls -d /sys/devices/system/memory/memory* | wc -l) -eq %d" % (blocks + 1))
    take_out(w, dimm, "dimm0", before)
    assert sizes() == was
    # one of which the guest gets as much as is asked for
    mem = ("<memory model='virtio-mem'><target><size unit='KiB'>262144</size><block unit='KiB'>2048</block><requested unit='KiB'>%%d</requested></target><alias name='virtiomem0'/>%s</memory>"
           % (PCI % 15))
    plug(w, "PLUG_IN", mem % 0)
    in_guest(w, "modprobe virtio_mem; lsmod | grep virtio_mem")
    plug(w, "PLUG_CHANGE", mem % 131072)
    w.until(lambda: device(w, "virtiomem0").find("target/current") is not None and device(w, "virtiomem0").find("target/current").text == "131072", "the guest takes it", 30)
    assert [e for e in w.events if e[0] == "domain.event_memory_device_size_change" and e[2][1] == "virtiomem0"], w.events[-5:]
    assert sizes() == (was[0] + 262144, was[1])


def story_refused(w):
    """What cannot be plugged in is named, and QEMU is asked for nothing."""
    before = things(w)
    for xml, word in (("<hostdev mode='subsystem' type='pci'><alias name='hostdev0'/></hostdev>", "PCI passthrough"), ("<video><model type='vga'/><alias name='video1'/></video>", "video"),
                      ("<rng model='virtio'><backend model='builtin'/></rng>", "alias"),
                      ("<disk type='file' device='disk'><source file='/x' bulkhead-m='200'/><target dev='vdx' bus='virtio'/><alias name='q'/>%s</disk>" % (PCI % 20), "opened")):
        for what in ("PLUG_IN", "PLUG_CHANGE"):
            try:
                plug(w, what, xml)
                raise AssertionError("done: " + xml)
            except Failed as e:
                assert what == "PLUG_CHANGE" or word in e.detail, e
    text = refused(w, 1, "PLUG_IN", "<disk type='file' device='disk'><source file='/x' bulkhead-m='0'/><target dev='vdx' bus='virtio'/><alias name='q'/>%s</disk>" % (PCI % 20),
                   first=len(w.res.entries))
    assert "descriptor" in text, text
    assert things(w) == before
    assert "malformed" in refused(w, 1, "PLUG_IN", "<rng/>", nfds=7)


def story_in_the_dark(w):
    """A device that goes while there is no worker is missed by the next one."""
    xml = "<input type='mouse' bus='usb'><alias name='input8'/><address type='usb' bus='0' port='2'/></input>"
    before = things(w)
    plug(w, "PLUG_IN", xml)
    w.unplugged.clear()
    w.in_the_dark("DEVICE_DELETED", "device_del", id="input8")
    w.next_instance()
    w.until(lambda: w.unplugged == ["input8"], "it is missed")
    assert device(w, "input8") is None and things(w) == before
    assert device(w, "virtio-disk0") is not None and device(w, "channel0") is not None and device(w, "balloon0") is not None
    # And one whose end nobody had heard of as the worker died: told again.
    plug(w, "PLUG_IN", xml)
    w.untold, before = 1, list(w.unplugged)
    plug(w, "PLUG_OUT", xml)
    assert w.unplugged == before
    w.until(lambda: not w.untold, "it was told once")
    w.next_instance()
    w.until(lambda: w.unplugged == before + ["input8"], "and once more")


def real():
    import glob
    kernels = sorted(glob.glob("/boot/vmlinuz-*cloud*"))
    if not kernels or not os.path.exists("/usr/sbin/qemu-ga"):
        skip("needs Debian's cloud kernel and qemu-ga")
    release = kernels[-1].split("vmlinuz-")[1]
    initrd = os.path.join(os.environ.get("BUILDDIR") or ".", "tests/guest/initrd-%s.gz" % release)
    if not os.path.exists(initrd):
        os.makedirs(os.path.dirname(initrd), exist_ok=True)
        subprocess.check_call([os.path.join(os.environ.get("SRCDIR", "."), "tests/guest/mkinitrd.sh"), initrd, release])
    qemuguest.XML = qemuguest.XML.replace("<memory unit", "<maxMemory slots='4' unit='KiB'>1048576</maxMemory><memory unit", 1)
    w = qemuguest.make(kernels[-1], initrd)
    try:
        w.start()
        w.until(lambda: any(e[0].endswith("agent_lifecycle") and e[2][1] == 1 for e in w.events), "the agent", 120)
        for story in (story_virtio_disk, story_scsi, story_half_a_pair, story_half_of_one, story_medium, story_nic, story_channel, story_small_ones, story_memory, story_refused, story_in_the_dark):
            if len(sys.argv) < 2 or story.__name__ in sys.argv[1:]:
                t = time.monotonic()
                story(w)
                print("ok - %s (%.1f s)" % (story.__name__, time.monotonic() - t), flush=True)
    except BaseException:
        if w.pid:
            print(w.last_words()[-3000:])
        raise
    finally:
        w.close()


try:
    real()
finally:
    subprocess.call(["rm", "-rf", folder])
