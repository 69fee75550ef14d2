"""Devices that come to a running guest, change and go, and QEMUs that refuse, lie, or say nothing."""
import os, socket, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
import qemulies
from qemulib import FORMATS, PCI, Failed, Resources, device, events, memfd, plug, refused
from qemulies import alive, error, not_found

TABLET = "<input type='tablet' bus='usb'><alias name='input0'/><address type='usb' bus='0' port='1'/></input>"
USB = "<controller type='usb' index='0' model='piix3-uhci'><alias name='usb'/><address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x2'/></controller>"
CTRL = "<controller type='scsi' index='0' model='virtio-scsi'><alias name='scsi0'/>%s</controller>" % (PCI % 10)
DISK = ("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/d' bulkhead-m='0'/><target dev='sda' bus='scsi'/><alias name='scsi0-0-0-0'/>"
        "<address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>")
USB_DISK = ("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/d' bulkhead-m='0'/><target dev='sda' bus='usb'/><alias name='usb-disk0'/>"
            "<address type='usb' bus='0' port='2'/></disk>")
UNDONE = ["device_del", "blockdev-del", "blockdev-del", "remove-fd", "remove-fd"]
DONE = ["add-fd", "add-fd", "blockdev-add", "blockdev-add", "device_add"]


def forged():
    """A guest that has started; the first entry of its manifest is an image that no device has yet."""
    res = Resources()
    w, m = qemulies.guest(TABLET + USB, res)
    res.add("MK_IMAGE", "/d", qemu=(memfd(b""), os.open("/dev/null", os.O_RDONLY)), fmt=FORMATS["IMG_RAW"])
    m.seen.clear()
    return w, m


def names(m):
    """The commands that change something."""
    return [c["execute"] for c in m.seen if not c["execute"].startswith("query-") and c["execute"] not in ("qmp_capabilities", "cont", "stop", "qom-list")]


def next_worker(w, m):
    """The one before is killed over what QEMU holds."""
    w.kill()
    m.seen.clear()
    m.hold.clear()
    m.held.clear()
    w.next_instance()


def refused_at_each(w, m):
    """Whatever step QEMU refuses: those before it are undone, the last one first, and nothing else."""
    done = DONE + ["device_add"]
    for n in range(len(done)):
        m.seen.clear()
        count = [0]

        def nth(c):
            count[0] += 1
            return error("no room") if count[0] == n + 1 else {"return": {}}
        m.answers = {name: nth for name in done}
        m.answers["device_del"] = not_found
        text = refused(w, 1, "PLUG_IN", CTRL + DISK, first=0)
        assert text == "unable to execute QEMU command '%s': no room" % done[n], text
        assert names(m) == done[:n + 1] + UNDONE[len(UNDONE) - n:], (n, names(m))
        assert device(w, "scsi0") is None and not [e for e in w.events if "device" in str(e[0])]


def waits_for_the_guest(w, m):
    """A controller that came and is not wanted any more goes when the guest lets it go: the answer waits for that, but not for ever."""
    second = lambda c: error("no room") if c["arguments"]["id"] == "scsi0-0-0-0" else {"return": {}}
    m.answers = {"device_add": second}
    s = w.plug("PLUG_IN", CTRL + DISK, first=0)
    w.until(lambda: "device_del" in names(m), "it is taken out again")
    m.answers["device_del"] = not_found
    m.event("DEVICE_DELETED", device="scsi0", path="/machine/peripheral/scsi0")
    assert "no room" in w.error_of(s, 1, 4)
    assert not w.unplugged, "the supervisor never had it"
    m.answers = {"device_add": second}
    t = time.monotonic()
    refused(w, 1, "PLUG_IN", CTRL + DISK, first=0)
    assert time.monotonic() - t > 4
    m.answers = {}
    m.seen.clear()
    plug(w, "PLUG_IN", USB_DISK, first=0)
    assert device(w, "usb-disk0") is not None and names(m) == DONE, names(m)


def killed_in_between(w, m):
    """A worker dies at each step of a plug: the next one undoes what was done, and then does it when it is asked again."""
    for name in ("add-fd", "blockdev-add", "device_add"):
        m.answers, m.hold = {"device_del": not_found}, {name}
        w.plug("PLUG_IN", USB_DISK, first=0)
        w.until(lambda: m.held, name + " is asked for")
        next_worker(w, m)
        assert plug(w, "PLUG_IN", CTRL, first=len(w.res.entries)) == b""
        assert names(m) == UNDONE + ["device_add"], names(m)         # what came waits for that
        assert device(w, "usb-disk0") is None and device(w, "scsi0") is not None
        plug(w, "PLUG_IN", CTRL, first=len(w.res.entries))      # again: it is there
        assert names(m).count("device_add") == 1
        w.unplugged.clear()
        m.answers = {}
        s = w.plug("PLUG_OUT", CTRL)
        w.until(lambda: "device_del" in names(m)[5:], "it is to go")
        m.event("DEVICE_DELETED", device="scsi0", path="/x")
        w.result(s)
        assert w.unplugged == ["scsi0"]


def lets_go_late(w, m):
    """What the worker before had plugged in as it died goes when the guest consents, later than libvirt would wait; the same comes after that, and finds its names free."""
    m.hold = {"device_add"}
    w.plug("PLUG_IN", USB_DISK, first=0)
    w.until(lambda: m.held, "it comes")
    next_worker(w, m)
    s = w.plug("PLUG_IN", USB_DISK, first=0)
    w.until(lambda: names(m) == ["device_del"], "it shall go")
    end = time.monotonic() + 6
    while time.monotonic() < end:
        w.step(0.2)
    assert names(m) == ["device_del"], names(m)
    m.answers["device_del"] = not_found
    m.event("DEVICE_DELETED", device="usb-disk0", path="/x")
    w.result(s)
    assert names(m) == UNDONE + DONE, names(m)
    assert device(w, "usb-disk0") is not None and not w.unplugged


def says_nothing(w, m):
    """One deadline, an error, and when it answers again what it may have done is undone."""
    m.answers, m.hold = {"device_del": not_found}, {"blockdev-add"}
    t = time.monotonic()
    s = w.plug("PLUG_IN", USB_DISK, first=0)
    while time.monotonic() - t < 5:
        alive(w)
        w.step(0.2)
    w.error_of(s, 68)
    alive(w)
    assert "remove-fd" not in names(m)
    m.hold.clear()
    for c in m.held:
        m.answer(c)
    w.until(lambda: names(m)[-3:] == ["blockdev-del", "remove-fd", "remove-fd"], "it is undone: %r" % names(m))


def dies(w, m):
    s = w.plug("PLUG_OUT", "<input><alias name='input0'/></input>")
    w.until(lambda: "device_del" in names(m), "it is to go")
    m.ours.shutdown(socket.SHUT_RDWR)
    assert "no longer running" in w.error_of(s, 9)
    w.until(lambda: w.stopped, "the end")
    refused(w, 55, "PLUG_IN", CTRL, first=1)


def consent(w, m):
    """The guest rejects it; says nothing; lets it go much later; QEMU never had it."""
    out = "<input><alias name='input0'/></input>"
    s = w.plug("PLUG_OUT", out)
    w.until(lambda: "device_del" in names(m), "it is to go")
    m.event("DEVICE_UNPLUG_GUEST_ERROR", device="input0", path="/x")
    assert w.error_of(s, 9) == "unplug of device was rejected by the guest"
    assert events(w, "domain.event_callback_device_removal_failed", "input0") and device(w, "input0") is not None
    t = time.monotonic()
    waits = w.begin("domain.suspend")           # of its kind, a call waits
    s = w.plug("PLUG_OUT", out)
    w.result(waits)
    w.result(s)
    assert time.monotonic() - t > 4 and device(w, "input0") is not None and not w.unplugged
    m.event("DEVICE_DELETED", device="input0", path="/x")
    w.until(lambda: w.unplugged == ["input0"], "it went")
    assert device(w, "input0") is None and events(w, "domain.event_callback_device_removed", "input0")
    for _ in range(3):
        m.event("DEVICE_DELETED", device="input0", path="/x")
        m.event("DEVICE_DELETED", device="nosuch", path="/x")
        m.event("DEVICE_DELETED", path="/x")
        m.event("DEVICE_UNPLUG_GUEST_ERROR", device=5)
    alive(w)
    assert w.unplugged == ["input0"]
    m.answers["device_del"] = not_found
    plug(w, "PLUG_OUT", "<controller><alias name='usb'/></controller>")
    assert w.unplugged == ["input0", "usb"]


def gone_before_the_answer(w, m):
    """QEMU tells that a device has gone, and then that device_del found none of that name."""
    m.hold = {"device_del"}
    m.answers["device_del"] = not_found
    s = w.plug("PLUG_OUT", "<input><alias name='input0'/></input>")
    w.until(lambda: m.held, "it is to go")
    m.event("DEVICE_DELETED", device="input0", path="/x")
    w.until(lambda: w.unplugged == ["input0"], "it went")
    m.answer(m.held.pop())
    w.result(s)
    assert device(w, "input0") is None


def undone_before_the_answer(w, m):
    """A device is taken out again, because QEMU refused what follows it, and QEMU tells that it has gone before it answers."""
    def device_del(c):
        m.event("DEVICE_DELETED", device=c["arguments"]["id"], path="/x")
        return {"return": {}}
    m.answers = {"block_set_io_throttle": lambda c: error("no"), "device_del": device_del}
    t = time.monotonic()
    refused(w, 1, "PLUG_IN", USB_DISK.replace("<alias", "<iotune><total_iops_sec>9</total_iops_sec></iotune><alias"), first=0)
    assert time.monotonic() - t < qemulies.SOON
    assert names(m) == DONE + ["block_set_io_throttle"] + UNDONE, names(m)


def slow_for_the_second(w, m):
    """Two are to go, and QEMU takes its time to answer for the second: the wait for the first is over by then."""
    m.hold = {"device_del"}
    s = w.plug("PLUG_OUT", "<input><alias name='input0'/></input><controller><alias name='usb'/></controller>")
    w.until(lambda: m.held, "the first")
    m.answer(m.held.pop())
    m.event("DEVICE_DELETED", device="input0", path="/x")
    w.until(lambda: m.held, "the second")
    end = time.monotonic() + 6
    while time.monotonic() < end:
        w.step(0.2)
    assert s not in w.replies, w.replies
    m.answer(m.held.pop())
    m.event("DEVICE_DELETED", device="usb", path="/x")
    w.result(s)
    assert w.unplugged == ["input0", "usb"], w.unplugged


def in_use_for_a_while(w, m):
    """What a device had is in use for some time after QEMU finds the device no more: it is taken out all the same, and before the client is told."""
    plug(w, "PLUG_IN", USB_DISK, first=0)
    tries = []

    def blockdev_del(c):
        node = c["arguments"]["node-name"]
        tries.append(node)
        return error("Block device %s is in use" % node) if tries.count(node) < 4 else {"return": {}}
    m.answers = {"device_del": not_found, "blockdev-del": blockdev_del}
    m.seen.clear()
    plug(w, "PLUG_OUT", USB_DISK)
    assert names(m) == ["device_del"] + ["blockdev-del"] * 8 + ["remove-fd"] * 2 and w.unplugged == ["usb-disk0"], (names(m), w.unplugged)


def whose_error(w, m):
    """A disk whose name begins another's name is another disk; what is no disk's is nobody's."""
    cd = ("<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><target dev='%s' bus='usb'/><readonly/><alias name='%s'/><address type='usb' bus='0' port='%d'/></disk>")
    for n, (dev, alias) in enumerate((("sda", "usb-disk1"), ("sdb", "usb-disk10"))):
        entry = w.res.add("MK_IMAGE", "", flags=2048)
        plug(w, "PLUG_IN", (cd % (dev, alias, n + 2)).replace("<disk", "<disk bulkhead-m='%d'" % entry), first=entry)
    m.answers["query-block"] = [{"qdev": q, "io-status": "failed", "inserted": {"bps": 7, "bps_rd": 0}} for q in ("/machine/peripheral/usb-disk10", "nobody", "usb-disk", "", "x" * 5000)]
    assert w.call("domain.get_disk_errors", 9, 0)[0] == [["sdb", 1]]
    assert [{p[0]: p[2] for p in w.call("domain.get_block_io_tune", dev, 99, 0)[0]}["total_bytes_sec"] for dev in ("sda", "sdb")] == [0, 7]


def one_after_the_other(w, m):
    """Calls that come while one is worked on wait for it, descriptors and all."""
    m.hold = {"device_add"}
    a = w.plug("PLUG_IN", "<rng model='virtio'><backend model='builtin'/><alias name='rng0'/>%s</rng>" % (PCI % 12), first=1)
    b = w.plug("PLUG_IN", USB_DISK, first=0)
    c = w.plug("PLUG_OUT", "<rng><alias name='rng0'/></rng>")
    w.until(lambda: m.held, "the first")
    alive(w)
    assert names(m) == ["object-add", "device_add"], names(m)
    m.hold.clear()
    m.answer(m.held.pop())
    w.result(a)
    w.result(b)
    w.until(lambda: names(m)[-1] == "device_del", "the last")
    m.event("DEVICE_DELETED", device="rng0", path="/x")
    w.result(c)
    assert names(m) == ["object-add", "device_add"] + DONE + ["device_del", "object-del"], names(m)


def nonsense(w, m):
    for answer in ({"return": None}, {"return": [[]]}, {"return": "x"}, {"error": []}, {"error": {"desc": 7}}):
        m.answers = dict.fromkeys(("device_add", "device_del"), lambda c: answer)
        try:
            plug(w, "PLUG_IN", CTRL, first=1)
            m.answers["device_del"] = not_found
            plug(w, "PLUG_OUT", CTRL)
        except Failed as e:
            assert e.code == 1, e
            m.event("DEVICE_DELETED", device="scsi0", path="/x")
        alive(w)


LYING = [refused_at_each, whose_error, in_use_for_a_while, gone_before_the_answer, undone_before_the_answer, killed_in_between, dies, one_after_the_other, nonsense]
WAITING = [waits_for_the_guest, slow_for_the_second, says_nothing, consent, lets_go_late]          # all at once
qemulies.run(LYING, WAITING, forged)
