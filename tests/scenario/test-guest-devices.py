#!/usr/bin/python3
"""Video, input, entropy, memory balloon, USB; addresses stay what they were over restarts."""
import json, os, re, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import guest_xml
from guestlib import *

RNG = "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
BALLOON = "<memballoon model='virtio'><stats period='1'/></memballoon>"
MANY = RNG + """<video><model type='vga'/></video><graphics type='vnc'/><input type='tablet' bus='usb'/><input type='keyboard' bus='usb'/>
<controller type='usb' model='qemu-xhci'/><controller type='scsi' model='virtio-scsi'/><controller type='virtio-serial'/>
<interface type='user'><model type='virtio'/></interface><channel type='pty'><target type='virtio' name='org.test.0'/></channel><memballoon model='virtio'/>"""


def guest(box):
    """the guest draws entropy; the balloon takes memory and gives it back; statistics"""
    events = Events(box)
    dom, console = boot(box, document("m1", devices=RNG + BALLOON, memory=256))
    assert "virtio_rng" in console.sh("cat /sys/class/misc/hw_random/rng_available")
    assert console.sh("head -c 64 /dev/hwrng | wc -c").strip() == "64"
    total = lambda: int(re.search(r"MemTotal:\s+(\d+)", console.sh("cat /proc/meminfo")).group(1))
    before = total()
    dom.setMemory(180 << 10)
    wait_for("the balloon", lambda: dom.info()[2] <= 180 << 10, 60)
    assert before - total() > 60 << 10, (before, total())
    wait_for("the event", lambda: any(e[:2] == ("m1", "balloon") and e[2] <= 180 << 10 for e in events.seen), 30)
    stats = wait_for("statistics", lambda: (lambda s: s if {"unused", "available"} <= set(s) else None)(dom.memoryStats()), 60)
    assert stats["actual"] == 180 << 10 and 0 < stats["unused"] < 256 << 10 and stats["rss"] > 0, stats
    out = dict(l.split() for l in box.virsh("dommemstat", "m1").stdout.splitlines() if l.strip())
    assert out["actual"] == str(180 << 10) and "unused" in out, out
    dom.setMemory(256 << 10)
    wait_for("the balloon", lambda: dom.info()[2] == 256 << 10, 60)
    dom.destroy()
    assert_clean(box)


def stable(box):
    """pc and q35 with many devices: the definition is the same before and after, the running document twice, and over the daemon's restart"""
    def shown(dom):
        # What is of this run: its number, and what was made for it.
        text = re.sub(r" id='\d+'|domain-\d+-|/dev/pts/\d+|index='\d+'|-?\d+ kB", "", dom.XMLDesc(), count=0)
        return [l for l in text.splitlines() if "label" not in l]
    con = box.connect()
    for machine in ("pc", "q35"):
        dom = con.defineXML(guest_xml("a-" + machine, devices=MANY).replace("machine='pc'", "machine='%s'" % machine).replace("<memballoon model='virtio'/>", "", 1))
        defined = dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        runs = []
        for _ in range(2):
            dom.create()
            runs.append(shown(dom))
            assert dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) == defined
            pci = json.loads(box.virsh("qemu-monitor-command", "a-" + machine, '{"execute":"query-pci"}').stdout)["return"]
            have = {(b["bus"], d["slot"], d["function"]) for b in pci for d in b["devices"]}
            for slot in re.findall(r"type='pci' domain='0x0000' bus='0x00' slot='0x(..)' function='0x0'", defined):
                assert (0, int(slot, 16), 0) in have, (slot, have)
            dom.destroy()
        assert runs[0] == runs[1], [x for x in zip(*runs) if x[0] != x[1]]
        assert len(re.findall("<address ", defined)) > 8, defined
    box.stop_daemon()
    box.start()
    assert box.connect().lookupByName("a-q35").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) == defined
    assert_clean(box)


def video(box):
    """each video model is QEMU's; one that this QEMU does not have is refused"""
    con = box.connect()
    for model, qemu in (("vga", "VGA"), ("cirrus", "cirrus-vga"), ("bochs", "bochs-display"), ("virtio", "virtio-vga"), ("none", None)):
        dom = con.defineXML(guest_xml("video-" + model, devices="<video><model type='%s'/></video><graphics type='vnc'/>" % model))
        dom.create()
        argv = open("/proc/%d/cmdline" % box.role("guest")[0]).read()
        assert qemu is None or '"driver":"%s"' % qemu in argv, (model, re.findall(r'"driver":"([^"]*)"', argv))
        dom.destroy()
    assert_clean(box)


main(guest, stable, video)
