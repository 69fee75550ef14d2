#!/usr/bin/python3
"""Interfaces of type direct beside libvirtd's: each mode, what is refused and in which words, what is said of them and done to them while the guest runs, networks that
give macvtaps; and what is left of them, and of the address of an interface in passthrough mode, in the host."""
import os, re, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import macvtaps_alone, wait_for
from pair import EMULATOR, Pair, error_words, told
import libvirt

libvirt.registerErrorHandler(lambda *a: None, None)
LIVE, CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG
DOMAIN = """<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices>%s%%s</devices></domain>""" % ("%s", EMULATOR)
POOL = """<network><name>%s</name><forward mode='%s'>%s</forward></network>"""


def nic(mac, dev="v0", mode=" mode='bridge'", more="", model="virtio", attributes="type='direct'"):
    return "<interface %s><mac address='52:54:00:aa:00:%02x'/><source dev='%s'%s/><model type='%s'/>%s</interface>" % (attributes, mac, dev, mode, model, more)


def of_network(mac, name, more=""):
    return "<interface type='network'><mac address='52:54:00:aa:00:%02x'/><source network='%s'/><model type='virtio'/>%s</interface>" % (mac, name, more)


def links(box):
    """Those that a host's interfaces have to do with macvtaps, by address."""
    rows = []
    for line in box.run("ip", "-o", "-d", "link").stdout.splitlines():
        name, mac = re.search(r"^\d+: (\S+?)(?:@(\S+))?:", line), re.search(r"link/ether (\S+)", line)
        if not mac or not re.match("v[0-3]@|macvtap|own", name.group(0).split(" ", 1)[1]):
            continue
        mode = re.search(r"macvtap mode (\w+)", line)
        # A libvirtd that is refused a second macvtap over v2 leaves v2 with that one's address.
        rows.append((mode and name.group(2) or name.group(1)) + " %s %s %s %s %s" % (mac.group(1), name.group(1), name.group(2) if mode else "", mode and mode.group(1), "UP" if re.search("[<,]UP[,>]", line) else "down"))
    return "\n".join(sorted(rows))


def interfaces(dom, flags=0):
    return "\n".join(re.findall(r"<interface.*?</interface>", dom.XMLDesc(flags), re.S))


REFUSED = [("mtu", nic(3, more="<mtu size='1400'/>")), ("coalesce", nic(3, more="<coalesce><rx><frames max='5'/></rx></coalesce>")), ("vlan", nic(3, more="<vlan><tag id='5'/></vlan>")),
           ("no such interface", nic(3, "nosuch")), ("loopback", nic(3, "lo")), ("isolated", nic(3, more="<port isolated='yes'/>")), ("its address is another's", nic(1)),
           ("passthrough of one in use", nic(3, mode=" mode='passthrough'")), ("one that was passed through", nic(3, "v2", " mode='passthrough'")), ("the same in bridge mode", nic(3, "v2")),
           ("a tap of its own", nic(3, more="<backend tap='/dev/net/tun'/>")), ("an address in the guest", nic(3, more="<ip address='10.1.1.1'/>")), ("no mode at all", nic(3, mode=" mode='none'")),
           ("a script", nic(3, more="<script path='/bin/true'/>"))]
STARTED = [("bridge", nic(3)), ("vepa", nic(3, mode="")), ("private", nic(3, mode=" mode='private'")), ("an interface that is down", nic(3, "v3")), ("a name", nic(3, more="<target dev='own0'/>")),
           ("a name that is made", nic(3, more="<target dev='macvtap7'/>")), ("queues", nic(3, more="<driver name='qemu' queues='3'/>")), ("e1000", nic(3, model="e1000")),
           ("trusted filters", nic(3, attributes="type='direct' trustGuestRxFilters='yes'")), ("link, guest, downscript", nic(3, more="<downscript path='/bin/true'/><guest dev='x'/><link state='down'/>")),
           ("a send buffer", nic(3, more="<tune><sndbuf>1000</sndbuf></tune>")), ("passthrough", nic(3, "v1", " mode='passthrough'"))]
UPDATES = [("link", nic(1, more="<link state='down'/>")), ("link again", nic(1)), ("mode", nic(1, mode=" mode='vepa'")), ("interface", nic(1, "v1")), 
           ("mtu", nic(1, more="<mtu size='1400'/>")), ("model", nic(1, model="e1000")), ("user", "<interface type='user'><mac address='52:54:00:aa:00:01'/><model type='virtio'/></interface>"),
           ("bridge", "<interface type='bridge'><mac address='52:54:00:aa:00:01'/><source bridge='br9'/><model type='virtio'/></interface>")]
NAMES = [(r"^(v2 )\S+", r"\1MAC"), (r"macvtap\d+", "macvtapN"), ("^error 38 of (0|10):", "error 38:")]     # a hand's errors have the driver for their domain


def prepare(box, first):
    """Interfaces with addresses of their own.  Nodes in /dev have the interfaces' numbers, and all boxes of a host have one /dev."""
    lines = ["link add br%d type bridge" % (i + 100) for i in range(first)]
    for i in range(4):
        lines.append("link add v%d address 02:00:00:00:00:0%d type veth peer name w%d address 02:00:00:00:01:0%d" % (i, i, i, i))
        lines += ["link set w%d up" % i] + ["link set v%d up" % i] * (i < 3)
    box.run("sh", "-c", "printf '%b' \"$1\" | ip -batch -", "sh", "\\n".join(lines) + "\\n")
    return wait_for("the daemon", lambda: libvirt.open(box.uri))


def started(box, con, name, devices):
    """What became of it, and of the host's interfaces while it ran."""
    try:
        dom = con.createXML(DOMAIN % (name, devices), 0)
    except libvirt.libvirtError as e:
        return error_words(e)
    text = interfaces(dom) + "\n" + links(box)
    dom.destroy()
    wait_for("the end of its macvtap", lambda: "52:54:00:aa:00:03" not in links(box))
    return text


def main():
    alone = macvtaps_alone()
    with Pair("macvtap") as p:
        cons = [prepare(p.boxes[0], 1), prepare(p.boxes[1], 160)]
        def each(what, fn, mask=()):
            ours, theirs = p.pool.map(lambda i: fn(p.boxes[i], cons[i]), (0, 1))
            p.same(what, ours, theirs, [*NAMES, *mask])
        doms = {}
        def begin(box, con):
            doms[box] = con.createXML(DOMAIN % ("d", nic(1)), 0)
            doms[box, 2] = con.createXML(DOMAIN % ("p", nic(2, "v2", " mode='passthrough'")), 0)
            return interfaces(doms[box]) + "\n" + interfaces(doms[box, 2]) + "\n" + links(box)
        each("two guests", begin)
        for what, text in STARTED:
            each(what, lambda box, con: started(box, con, "s", text))
        for what, text in REFUSED:
            each("refused: " + what, lambda box, con: started(box, con, "r", text) + "\n" + links(box))
        for what, text in REFUSED:
            each("not defined: " + what, lambda box, con: told(lambda: con.defineXML(DOMAIN % ("def", text)).undefine()))
        each("the list", lambda box, con: box.virsh("domiflist", "d").stdout)
        each("counters", lambda box, con: re.sub(r"\d+$", "N", box.virsh("domifstat", "d", "52:54:00:aa:00:01").stdout, flags=re.M))
        for what, text in UPDATES:
            each("update: " + what, lambda box, con: told(doms[box].updateDeviceFlags, text, LIVE) + "\n" + interfaces(doms[box]) + "\n" + links(box))
        for what, text in (("another", nic(4, "v1")), ("with queues and a name", nic(5, "v1", more="<target dev='own5'/><driver name='qemu' queues='2'/>")), ("no such interface", nic(6, "nosuch")),
                           ("passed through", nic(6, "v2", " mode='passthrough'")), ("passthrough", nic(7, "v3", " mode='passthrough'")), ("mtu", nic(6, more="<mtu size='1400'/>"))):
            each("attach: " + what, lambda box, con: told(doms[box].attachDeviceFlags, text, LIVE) + "\n" + interfaces(doms[box]) + "\n" + links(box))
        for mac, dev in ((7, "v3"), (5, "v1")):
            # Nobody in the guest lets it go: the devices stay.
            each("detach %d" % mac, lambda box, con: told(doms[box].detachDeviceFlags, nic(mac, dev, " mode='passthrough'" if mac == 7 else " mode='bridge'"), LIVE))
        def end(box, con):
            doms[box].destroy()
            doms[box, 2].destroy()
            left = wait_for("the end of all", lambda: "macvtap" not in links(box) and links(box))
            assert box.peer or left.splitlines()[2] == "v2 02:00:00:00:00:02 v2  None UP", left
            return left
        each("all ends", end)
    sys.exit(p.result())


main()
