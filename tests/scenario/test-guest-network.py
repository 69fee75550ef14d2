#!/usr/bin/python3
"""A guest on networks of Debian's libvirtd, which is our network daemon here: its lease, its port there from the start to every kind of end, networks that are another
host's bridge, and what libvirtd says of those that are not there."""
import os, struct, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import ovslib
from guestlib import *
from pair import told as told_of
from rpclib import REMOTE, Client, string

needed("libvirtd", "dnsmasq", "iptables")
LAN = """<network><name>a lan</name><bridge name='virbr7' stp='off'/><ip address='192.168.77.1' netmask='255.255.255.0'>
<dhcp><range start='192.168.77.20' end='192.168.77.29'/></dhcp></ip><portgroup name='slow'><bandwidth><inbound average='1000' peak='2000' burst='100'/></bandwidth></portgroup></network>"""
OUT = "<network><name>out</name><forward mode='bridge'/><bridge name='br-out'/></network>"
DIRECT = "<network><name>direct</name><forward mode='private'><interface dev='v0'/></forward></network>"
PASS = "<network><name>pass</name><forward mode='passthrough'><interface dev='v1'/><interface dev='v2'/></forward></network>"
NIC = "<interface type='network'><mac address='52:54:00:77:00:0%d'/><source network='%s'%s/><model type='virtio'/></interface>"
LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
LEASES = libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE
peer = {}


def networks(box):
    """libvirtd as the network daemon of this host; none before it is there"""
    dom = box.connect().defineXML(BARE % ("n0", NIC % (1, "a lan", "")))
    e = fails(libvirt.VIR_ERR_SYSTEM_ERROR, dom.create)
    assert "virtnetworkd-sock" in str(e), e
    assert_clean(box)
    box.sibling("virtnetworkd")
    con = wait_for("libvirtd", lambda: libvirt.open("qemu+unix:///system?socket=" + box.dir + "/run/libvirt/virtnetworkd-sock"))
    box.run("ip", "link", "add", "br-out", "type", "bridge")
    for i in range(3):
        box.run("ip", "link", "add", "v%d" % i, "address", "02:00:00:00:00:0%d" % i, "type", "veth", "peer", "name", "w%d" % i)
    peer.update({n.name(): n for n in map(con.networkDefineXML, (LAN, OUT, DIRECT, PASS))})
    e = fails(libvirt.VIR_ERR_OPERATION_INVALID, dom.create)
    assert "network 'a lan' is not active" in str(e), e
    for n in peer.values():
        n.create()
    dom.undefine()


def ports(network):
    return sorted(p.UUIDString() for p in peer[network].listAllPorts())


def port_ids(dom):
    return sorted(re.findall(r"portid='([^']*)'", dom.XMLDesc(0)))


def no_ports(network="a lan"):
    wait_for("no ports of " + network, lambda: not ports(network))


def lease(box):
    """a guest gets its lease, and others beside it come and go"""
    dom, console = boot(box, document("n1", devices=NIC % (1, "a lan", "")))
    bridge = re.search(r"<source network='a lan' portid='([^']*)' bridge='virbr7'/>", dom.XMLDesc(0))
    assert bridge and ports("a lan") == [bridge.group(1)], dom.XMLDesc(0)
    assert "portid" not in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    own = peer["a lan"].listAllPorts()[0].XMLDesc(0)
    assert "<name>n1</name>" in own and dom.UUIDString() in own and "52:54:00:77:00:01" in own, own
    console.sh("printf '#!/bin/sh\\n[ $1 = bound ] && echo LEASE $ip\\n' > /tmp/dhcp; chmod +x /tmp/dhcp; ip link set eth0 up")
    got = re.search(r"LEASE (192\.168\.77\.2\d)", console.sh("udhcpc -i eth0 -t 20 -T 1 -n -q -s /tmp/dhcp"))
    assert got, console.text[-2000:]
    wait_for("the lease", lambda: [l["ipaddr"] for l in peer["a lan"].DHCPLeases()] == [got.group(1)])
    addresses(box, dom, got.group(1))
    dom.attachDeviceFlags(NIC % (2, "a lan", " portgroup='slow'"), LIVE)
    dom.attachDeviceFlags(NIC % (3, "out", ""), LIVE)
    assert len(ports("a lan")) == 2 and len(ports("out")) == 1 and port_ids(dom) == sorted(ports("a lan") + ports("out")), dom.XMLDesc(0)
    assert re.search(r"<interface type='bridge'>\s*<mac address='52:54:00:77:00:03'/>\s*<source network='out' portid='[^']*' bridge='br-out'/>", dom.XMLDesc(0)), dom.XMLDesc(0)
    taps = re.findall(r"<target dev='(vnet\d+)'/>", dom.XMLDesc(0))
    masters = [re.search(r"master (\S+)", box.run("ip", "link", "show", t).stdout).group(1) for t in taps]
    assert masters == ["virbr7", "virbr7", "br-out"], masters
    if "htb" in box.run("tc", "qdisc", "show", "dev", taps[1]).stdout:
        assert "rate 8Mbit ceil 16Mbit burst 100Kb" in box.run("tc", "class", "show", "dev", taps[1]).stdout
    actual = r"<interface type='network'>\s*<mac address='52:54:00:77:00:03'/>\s*<source network='out' portid='[^']*'/>\s*<actual type='bridge'>\s*<source bridge='br-out'/>"
    wait_for("libvirt's words for it in the status file", lambda: re.search(actual, open(box.dir + "/run/libvirt/qemu/n1.xml").read()))
    dom.updateDeviceFlags((NIC % (1, "a lan", "")).replace("<model", "<link state='down'/><model"), LIVE)
    assert len(ports("a lan")) == 2 and "<link state='down'/>" in dom.XMLDesc(0)
    for mac, net in (3, "out"), (2, "a lan"):
        dom.detachDeviceFlags(NIC % (mac, net, ""), LIVE)
        wait_for("its port's end", lambda: port_ids(dom) == sorted(ports("a lan") + ports("out")) and len(port_ids(dom)) == mac - 1)
    assert len(ports("a lan")) == 1
    console.close()
    os.kill(box.role("guest")[0], 9)
    no_ports()
    assert_clean(box)


def addresses(box, dom, leased):
    """what its network daemon and its host know of a guest's addresses, beside libvirtd's own guest with the same interface"""
    con = wait_for("libvirtd", lambda: libvirt.open("qemu+unix:///system?socket=" + box.dir + "/run/libvirt/virtnetworkd-sock"))
    for ip, mac, state in ((leased, "52:54:00:77:00:01", "reachable"), ("192.168.77.40", "52:54:00:77:00:01", "stale"), ("192.168.77.41", "52:54:00:77:00:01", "permanent"),
                           ("192.168.77.42", "52:54:00:77:00:01", "noarp"), ("192.168.77.43", "52:54:00:77:00:09", "stale"), ("192.168.77.44", "52:54:00:77:00:01", "failed")):
        box.run("ip", "neigh", "replace", ip, "lladdr", mac, "dev", "virbr7", "nud", state)
    theirs = con.createXML(BARE % ("theirs", NIC % (1, "a lan", "")), libvirt.VIR_DOMAIN_START_PAUSED)
    known = lambda d, source: [(i["hwaddr"], [(a["addr"], a["type"], a["prefix"]) for a in i["addrs"]]) for name, i in d.interfaceAddresses(source).items()]
    try:
        assert known(dom, LEASES) == known(theirs, LEASES) == [("52:54:00:77:00:01", [(leased, 0, 24)])]
        # libvirtd cannot read this in newer kernels.
        own = sorted(re.findall(r"\S+ +ipv4 +(\S+)", box.virsh("domifaddr", "n1", "--source", "arp").stdout))
        assert own == [leased + "/0", "192.168.77.40/0"], own
        for d in dom, theirs:
            fails(libvirt.VIR_ERR_NO_HOSTNAME, d.hostname, libvirt.VIR_DOMAIN_GET_HOSTNAME_LEASE)
            assert d.name() not in str(fails(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, d.interfaceAddresses, 7))
    finally:
        theirs.destroy()
    with Client(box.sock + "-ro", REMOTE) as c:        # no library of libvirt's refuses what is the agent's to a client that only reads
        u32 = lambda *v: struct.pack(">%dI" % len(v), *v)
        c.ask(1, u32(1) + string("qemu:///system") + u32(1))
        answers = [c.ask(353, string("n1") + dom.UUID() + u32(dom.ID(), source, 0))[1] for source in range(3)]
        assert [e and e[0] for e in answers] == [None, libvirt.VIR_ERR_OPERATION_DENIED, None], answers


def failures(box):
    """a start and an attach that fail leave no port"""
    con = box.connect()
    for name, nic, code, text in (("n2", NIC % (2, "nosuch", ""), libvirt.VIR_ERR_NO_NETWORK, "no network with matching name 'nosuch'"),
                                  ("n4", "<interface type='bridge'><source bridge='br-none'/></interface>", libvirt.VIR_ERR_SYSTEM_ERROR, "br-none")):
        e = fails(code, con.createXML, BARE % (name, NIC % (1, "a lan", "") + nic), 0)
        assert text in str(e), e
        no_ports()
        no_ports("direct")
        assert_clean(box)
    theirs = libvirt.open("qemu+unix:///system?socket=" + box.dir + "/run/libvirt/virtnetworkd-sock")
    peer["ovs"] = theirs.networkCreateXML(OUT.replace("<name>out", "<name>ovs").replace("</network>", "<virtualport type='openvswitch'/><vlan><tag id='5'/></vlan></network>"))
    tagged = (NIC % (2, "out", "")).replace("<model", "<vlan><tag id='5'/></vlan><model")
    for nic in [tagged] + [re.sub("type='network'|<source[^>]*>", lambda m: "type='%s'" % kind if m.group()[0] == "t" else source, tagged)
                           for kind, source in (("bridge", "<source bridge='br-out'/>"), ("ethernet", ""), ("user", ""))]:
        told = [(e.get_error_code(), e.get_error_domain(), str(e)) for e in (fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, c.createXML, BARE % ("tagged", nic), 0) for c in (con, theirs))]
        assert told[0] == told[1] and "vlan tag" in told[0][2], told
    e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, con.createXML, BARE % ("tagged", NIC % (2, "ovs", "")), 0)
    assert "Unable to add port vnet0 to OVS bridge br-out" in str(e), e
    no_ports("out")
    no_ports("ovs")
    dom = con.createXML(BARE % ("n5", NIC % (1, "a lan", "")), 0)
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.attachDevice, tagged)
    assert "vlan tag" in str(e), e
    no_ports("out")
    before = ports("a lan")
    assert len(before) == 1
    fails(libvirt.VIR_ERR_NO_NETWORK, dom.attachDevice, NIC % (2, "nosuch", ""))
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, dom.attachDevice, (NIC % (2, "a lan", "")).replace("<model", "<target dev='br-out'/><model"))
    no_ports("direct")
    wait_for("the one port that it had", lambda: ports("a lan") == before == port_ids(dom))
    dom.destroy()
    no_ports()


def macvtaps(box):
    """networks that give macvtaps, beside libvirtd's guests on them"""
    con, theirs = box.connect(), libvirt.open("qemu+unix:///system?socket=" + box.dir + "/run/libvirt/virtnetworkd-sock")
    def shown(dom):
        return re.sub(r"macvtap\d+|'[0-9a-f-]{36}'", "X", "".join(re.findall("<interface.*?</interface>", dom.XMLDesc(0), re.S)))
    def over(dev):
        return re.findall(r"(?m)^\d+: (macvtap\d+)@%s: .*\n.*link/ether (\S+)" % dev, box.run("ip", "link").stdout)
    for net, devs in ("direct", ["v0"]), ("pass", ["v1", "v2"]):
        nic = NIC % (1, net, "")
        told = []
        for c in con, theirs:
            dom = c.createXML(BARE % ("m1", nic), 0)
            (name, mac), = over(devs[0])
            assert mac == "52:54:00:77:00:01" and "<target dev='%s'/>" % name in dom.XMLDesc(0), (name, mac)
            assert box.run("cat", "/sys/class/net/%s/address" % devs[0]).stdout.strip() == (mac if net == "pass" else "02:00:00:00:00:00")
            told.append(shown(dom))
            if c is con:
                actual = r"<source network='%s' portid='[^']*'/>\s*<actual type='direct'>\s*<source dev='%s' mode='%s'/>" % (net, devs[0], "passthrough" if net == "pass" else "private")
                wait_for("libvirt's words for it in the status file", lambda: re.search(actual, open(box.dir + "/run/libvirt/qemu/m1.xml").read()))
                assert ports(net) == port_ids(dom)
            dom.destroy()
            no_ports(net)
            wait_for("the macvtap's end", lambda: not over(devs[0]))
            assert box.run("cat", "/sys/class/net/%s/address" % devs[0]).stdout.strip() == "02:00:00:00:00:0%s" % devs[0][1]
        assert told[0] == told[1], told
    # Two guests, and then there is none left; whoever dies, it is known whose is whose.
    doms = [con.createXML(BARE % ("m%d" % i, NIC % (i, "pass", "")), 0) for i in (2, 3)]
    said = [(e.get_error_code(), str(e)) for e in (fails(libvirt.VIR_ERR_INTERNAL_ERROR, c.createXML, BARE % ("m4", NIC % (4, "pass", "")), 0) for c in (con, theirs))]
    assert said[0] == said[1], said
    for role in "supervisor", "qemu":
        os.kill(box.role(role)[0], 9)
        wait_for("the next " + role, lambda: [len(port_ids(d)) for d in doms] == [1, 1])
    box.stop_daemon(9)
    os.kill(box.role("guest")[0], 9)
    box.start()
    wait_for("the end of the one that ended meanwhile", lambda: len(over("v1") + over("v2")) == 1 and len(ports("pass")) == 1)
    for d in wait_for("the next daemon", box.connect().listAllDomains):
        if d.isActive():
            d.destroy()
    no_ports("pass")
    assert_clean(box)
    assert not over("v1") + over("v2")
    assert [box.run("cat", "/sys/class/net/v%d/address" % i).stdout.strip() for i in (1, 2)] == ["02:00:00:00:00:01", "02:00:00:00:00:02"]


FRAMES = """import array, fcntl, socket, struct, sys
c = array.array("B", struct.pack("23I", 0xe, *[0] * 22))
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8946, struct.pack("16sPQ", sys.argv[1].encode(), c.buffer_info()[0], 0))
print(struct.unpack("23I", c)[2])"""


def bridge_ports(box):
    """what else is said of a port of a bridge: alone on it, and frames that are handed on at once; from its document, its network, and while it runs, beside libvirtd's"""
    con, theirs = box.connect(), libvirt.open("qemu+unix:///system?socket=" + box.dir + "/run/libvirt/virtnetworkd-sock")
    peer["alone"] = theirs.networkDefineXML("<network><name>alone</name><bridge name='virbr8' stp='off'/><port isolated='yes'/></network>")
    peer["alone"].create()
    said = lambda isolated="", frames="": ("<port isolated='%s'/>" % isolated if isolated else "") + ("<coalesce><rx><frames max='%s'/></rx></coalesce>" % frames if frames else "")
    on = lambda kind, name, more="", mac=1: "<interface type='%s'><mac address='52:54:00:78:00:0%d'/><source %s='%s'/><model type='virtio'/>%s</interface>" % (kind, mac, kind, name, more)
    mine = lambda dom, dev: (box.run("cat", "/sys/class/net/%s/brport/isolated" % dev).stdout, box.run("/usr/bin/python3", "-c", FRAMES, dev).stdout)

    def shown(dom):
        xml = re.findall("<interface.*?</interface>", dom.XMLDesc(0), re.S)
        return [(re.sub(r"vnet\d+|'[0-9a-f-]{36}'", "X", x), mine(dom, re.search("target dev='(.*?)'", x).group(1))) for x in xml]

    def tell(c, first, changes, deaths=False):
        dom = c.createXML(BARE % ("b1", first), libvirt.VIR_DOMAIN_START_PAUSED)
        told = [shown(dom)]
        for nic in changes:
            told.append((told_of(dom.updateDeviceFlags, nic, LIVE), shown(dom)))
        told.append((told_of(dom.attachDeviceFlags, on("bridge", "br-out", said("yes", 5), 2), LIVE), shown(dom)))
        if deaths and c is con:
            for role in "supervisor", "qemu":
                os.kill(box.role(role)[0], 9)
                wait_for("the next " + role, lambda: shown(dom) == told[-1][1])
        dom.destroy()
        return told

    every = ("yes", 9), ("yes", 0), ("", 8), (), ("no",), ("yes",), ()
    for kind, name, first, then in (("bridge", "br-out", ("yes", 7), every), ("bridge", "br-out", (), every[:2]), ("network", "out", ("yes", 7), every), ("network", "alone", (), (("", 8), (), ("no", 8), ("yes",)))):
        ours, other = (tell(c, on(kind, name, said(*first)), [on(kind, name, said(*x)) for x in then], name == "alone") for c in (con, theirs))
        for i, (a, b) in enumerate(zip(ours, other)):
            assert a == b, (kind, name, first, i, a, b)
    # What is not a port of a bridge.
    for nic in (on("network", "direct", said("yes")), on("network", "direct", said("", 4)), re.sub("<source.*?>", "", on("ethernet", "x", said("yes"))), re.sub("<source.*?>", "", on("ethernet", "x", said("", 4))),
                re.sub("<source.*?>", "<source dev='v0' mode='bridge'/>", on("direct", "x", said("yes")))):
        told = []
        for c in con, theirs:
            told.append(told_of(lambda: c.createXML(BARE % ("b2", nic), 0).destroy()))
        assert told[0] == told[1], (nic, told)
    # Names of taps, given or made up, and cards on USB, which come to a running guest only.
    usb = "<interface type='bridge'><mac address='52:54:00:78:00:0%d'/><source bridge='br-out'/><model type='usb-net'/></interface>"
    for first in on("bridge", "br-out"), on("bridge", "br-out", "<target dev='of-b3'/>"), on("network", "alone"), on("network", "direct"):
        told = []
        for c in con, theirs:
            dom = c.createXML(BARE % ("b3", first), libvirt.VIR_DOMAIN_START_PAUSED)
            own = re.search("<target dev='(.*?)'", dom.XMLDesc(0)).group(1)
            told.append([told_of(dom.updateDeviceFlags, re.sub("<target.*?>", "", first).replace("<model", "<target dev='%s'/><link state='%s'/><model" % (name, state)), LIVE)
                         for name, state in ((own, "down"), ("of-b4", "down"), ("vnet99", "up"), ("of-b3", "up"))])
            told[-1] += [told_of(dom.updateDeviceFlags, first, LIVE), told_of(dom.attachDeviceFlags, usb % 7, LIVE), re.sub(r"vnet\d+", "X", str(re.findall("<interface.*?</interface>", dom.XMLDesc(0), re.S)[1:])), told_of(dom.detachDeviceFlags, usb % 7, LIVE)]
            dom.destroy()
        assert told[0] == told[1], (first, told)
    for c in con, theirs:
        assert "connect flags 00" in told_of(c.createXML, BARE % ("b3", usb % 7), 0)
    for net in "out", "alone", "direct":
        no_ports(net)
    assert_clean(box)


def moves(box):
    """a tap that goes from bridge to bridge while the guest runs, named by itself or by a network, beside libvirtd's; over deaths, and in what is saved"""
    con, theirs = box.connect(), libvirt.open("qemu+unix:///system?socket=" + box.dir + "/run/libvirt/virtnetworkd-sock")
    box.run("ip", "link", "add", "br-two", "type", "bridge")
    for name, more in (("two", "<bridge name='br-two'/><port isolated='yes'/>"), ("nowhere", "<bridge name='br-nowhere'/>"), ("switch", "<bridge name='br-two'/><virtualport type='openvswitch'/>")):
        peer[name] = theirs.networkCreateXML("<network><name>%s</name><forward mode='bridge'/>%s</network>" % (name, more))
    nic = lambda kind, source="", more="": "<interface type='%s'><mac address='52:54:00:7a:00:01'/>%s<model type='virtio'/>%s</interface>" % (kind, source, more)
    bridge = lambda name, more="": nic("bridge", "<source bridge='%s'/>" % name, more)
    network = lambda name, more="", source="": nic("network", "<source network='%s'%s/>" % (name, source), more)

    def shown(dom):
        xml = re.search("<interface.*?</interface>", dom.XMLDesc(0), re.S).group()
        dev, port = re.search("target dev='(.*?)'", xml).group(1), re.findall("portid='(.*?)'", xml)
        wait_for("no other port", lambda: port == sum((ports(n) for n in peer if peer[n].isActive()), []))
        link = box.run("ip", "-d", "link", "show", dev).stdout
        return re.sub(r"(vnet|macvtap)\d+|portid='[0-9a-f-]{36}'", "X", xml), re.findall(r"master \S+|isolated o\w+", link)

    told = []
    for c in con, theirs:
        dom = c.createXML(BARE % ("m1", bridge("br-out")), 0)
        told.append([shown(dom)])
        for to in (bridge("br-two"), bridge("br-two", "<link state='down'/>"), bridge("br-nowhere"), bridge("lo"), bridge("br-out", "<mtu size='1400'/>"), bridge("br-out", "<port isolated='yes'/>"), network("out"), network("a lan"),
                   network("two"), network("nosuch"), network("nowhere"), network("switch"), network("direct"), bridge("br-two"), bridge("br-two", "<vlan><tag id='5'/></vlan>"),
                   bridge("br-out", "<virtualport type='openvswitch'/>"), nic("user"), nic("ethernet"), nic("direct", "<source dev='v0'/>"), network("two", "<port isolated='no'/>"), network("out")):
            told[-1].append((to, re.sub(r"vnet\d+", "X", told_of(dom.updateDeviceFlags, to, LIVE)), shown(dom)))
        dom.destroy()
        for first, to in ((network("direct"), network("out")), (network("direct"), bridge("br-out")), (nic("ethernet", "", "<target dev='of-m1'/>"), bridge("br-out")), (nic("ethernet", "", "<target dev='of-m1'/>"), nic("ethernet", "<source><ip address='10.1.1.1'/></source>"))):
            dom = c.createXML(BARE % ("m2", first), 0)
            told[-1].append((first, told_of(dom.updateDeviceFlags, to, LIVE), shown(dom)))
            dom.destroy()
        for name in peer:
            no_ports(name)
    assert len(told[0]) == len(told[1]) == 26
    for a, b in zip(*told):
        assert a == b, (a, b)
    # Where it is whoever comes next finds, and a saved guest comes back there.
    dom = con.defineXML(BARE % ("m3", bridge("br-out")))
    dom.create()
    for to in bridge("br-two"), network("two"), bridge("br-out"):
        dom.updateDeviceFlags(to, LIVE)
        had = shown(dom)
        for role in "supervisor", "qemu":
            os.kill(box.role(role)[0], 9)
            wait_for("the next " + role, lambda: shown(dom) == had)
        wait_for("its saving", lambda: dom.managedSave() == 0)
        dom.create()
        assert shown(dom) == had, (shown(dom), had)
    dom.destroy()
    dom.undefine()
    assert_clean(box)


def profiles(box):
    """ports of others' switches: which types ask for them, and what is said where nobody answers, beside libvirtd's"""
    con, theirs = box.connect(), libvirt.open("qemu+unix:///system?socket=" + box.dir + "/run/libvirt/virtnetworkd-sock")
    one = "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f"
    ports_of = ("802.1Qbg", "<parameters managerid='11' typeid='1193047' typeidversion='2' instanceid='%s'/>" % one), ("802.1Qbh", "<parameters profileid='finance'/>"), \
        ("midonet", "<parameters interfaceid='%s'/>" % one), ("openvswitch", "<parameters interfaceid='%s'/>" % one), ("", "<parameters interfaceid='%s'/>" % one)
    sources = ("bridge", "<source bridge='br-out'/>"), ("direct", "<source dev='v0' mode='bridge'/>"), ("network", "<source network='a lan'/>"), ("network", "<source network='out'/>"), ("network", "<source network='direct'/>"), ("ethernet", ""), ("user", "")
    for kind, source in sources:
        for name, parameters in ports_of:
            for tag in "", "<vlan><tag id='5'/></vlan>":
                nic = "<interface type='%s'><mac address='52:54:00:7b:00:01'/>%s<virtualport%s>%s</virtualport>%s</interface>" % (kind, source, " type='%s'" % name if name else "", parameters, tag)
                macvtap, switch = kind == "direct" or "direct" in source, name == "openvswitch" and (kind == "bridge" or "out" in source)
                waits = name == "802.1Qbg" and macvtap and not tag       # libvirtd does, for ever
                ours, other = ((switch or waits) and c is theirs or told_of(lambda: c.createXML(BARE % ("p1", nic), 0).destroy()) for c in (con, theirs))
                assert ("Unable to add port" if switch else "not supported yet") in ours if other is True else re.sub("port vnet\\d*", "port X", ours) == re.sub("port vnet\\d*", "port X", other), (nic, ours, other)
    dom = con.createXML(BARE % ("p2", NIC % (1, "a lan", "")), 0)
    before = dom.XMLDesc(0)
    for kind, source, name in ("bridge", "<source bridge='br-out'/>", "midonet"), ("direct", "<source dev='v0'/>", "802.1Qbh"), ("network", "<source network='direct'/>", "802.1Qbh"):
        nic = "<interface type='%s'>%s<virtualport type='%s'>%s</virtualport></interface>" % (kind, source, name, dict(ports_of)[name])
        fails(libvirt.VIR_ERR_INTERNAL_ERROR, dom.attachDeviceFlags, nic, LIVE)
        assert dom.XMLDesc(0) == before
    dom.destroy()
    for name in peer:
        no_ports(name)
    assert_clean(box)


def switch(box):
    """ports of Open vSwitch: what they are there, cold and live, by name and by a network's word, through deaths and a saving, and that none outlives its tap"""
    con, uuid = box.connect(), "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4%d"
    box.run("ip", "link", "add", "br-sw", "type", "bridge")
    db = ovslib.Switch(box.dir + "/run/openvswitch/db.sock", "br-out", "br-sw")
    def nic(i, parameters="", more="", bridge="br-sw"):
        return "<interface type='bridge'><mac address='52:54:00:7d:00:0%d'/><source bridge='%s'/><virtualport type='openvswitch'><parameters interfaceid='%s' %s/></virtualport>%s<model type='virtio'/></interface>" % (
            i, bridge, uuid % i, parameters, more)
    def ids(i, dom, tap=None):
        own = {"attached-mac": "52:54:00:7d:00:0%d" % i, "iface-id": uuid % i, "vm-id": dom.UUIDString(), "iface-status": "active"}
        return dict(own, **{"port-profile": "web-1", "ifname": tap}) if tap else own
    trunk = "<vlan trunk='yes'><tag id='7' nativeMode='untagged'/><tag id='9'/></vlan>"
    dom, console = boot(box, document("sw", devices=nic(1, "profileid='web-1'", "<vlan><tag id='5'/></vlan>") + nic(2, "", trunk)))
    assert db.ports("br-sw") == [({"name": "vnet0", "tag": 5}, ids(1, dom, "vnet0")), ({"name": "vnet1", "tag": 7, "vlan_mode": "native-untagged", "trunks": ["set", [7, 9]]}, ids(2, dom))], db.ports("br-sw")
    assert "master" not in box.run("ip", "link", "show", "vnet0").stdout and "<tag id='7' nativeMode='untagged'/>" in dom.XMLDesc(0)
    # Another guest's, and what is there by the name of a tap that is to come.
    dom.attachDeviceFlags(nic(3), LIVE)
    dom.attachDeviceFlags(NIC % (4, "ovs", ""), LIVE)
    shown = re.search(r"<source network='ovs' portid='[^']*' bridge='br-out'/>\s*<vlan>\s*<tag id='5'/>\s*</vlan>\s*<virtualport type='openvswitch'>\s*<parameters interfaceid='([^']*)'/>", dom.XMLDesc(0))
    assert shown and db.ports("br-out")[0][0] == {"name": "vnet3", "tag": 5} and db.ports("br-out")[0][1]["iface-id"] == shown.group(1), (dom.XMLDesc(0), db.ports("br-out"))
    # What a switch cannot be told, and what fails, leaves nothing.
    for device, code, text in ((nic(5, "", "<bandwidth><inbound average='100'/></bandwidth>"), libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "<bandwidth>"), (nic(5, "profileid='a b'"), libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "profile"),
                               (nic(5, bridge="virbr7"), libvirt.VIR_ERR_INTERNAL_ERROR, "to OVS bridge virbr7"), (nic(5, bridge="br-none"), libvirt.VIR_ERR_SYSTEM_ERROR, "Cannot get interface MTU on 'br-none'")):
        e = fails(code, dom.attachDeviceFlags, device, LIVE)
        assert text in str(e) and len(db.ports("br-sw")) == 3, e
    # Its VLANs while it runs, and none of a network's; what the switch does not take is nowhere.
    def retagged(vlan):
        dom.updateDeviceFlags(nic(3, "", vlan), LIVE)
        return db.ports("br-sw")[2][0]
    tagged = "<vlan><tag id='6'/></vlan>"
    assert retagged(trunk) == {"name": "vnet2", "tag": 7, "vlan_mode": "native-untagged", "trunks": ["set", [7, 9]]}, db.ports("br-sw")
    assert retagged("") == {"name": "vnet2"} and retagged("<coalesce><rx><frames max='4'/></rx></coalesce>") == {"name": "vnet2"}, db.ports("br-sw")
    assert retagged(tagged) == {"name": "vnet2", "tag": 6} and "<tag id='6'/>" in dom.XMLDesc(0) and db.ports("br-sw")[2][1] == ids(3, dom), db.ports("br-sw")
    db.answer = b'{"id":1,"error":"no","result":null}'
    e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, retagged, trunk)
    assert "Unable to set vlan configuration on port vnet2" in str(e), e
    db.answer = None
    assert db.ports("br-sw")[2][0] == {"name": "vnet2", "tag": 6} and dom.XMLDesc(0).count("<tag id='6'/>") == 1 and dom.XMLDesc(0).count("<vlan trunk") == 1, (db.ports("br-sw"), dom.XMLDesc(0))
    fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, dom.updateDeviceFlags, nic(3, "", tagged, "br-out"), LIVE)
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.updateDeviceFlags, nic(3, "", tagged).replace("<virtualport", "<x").replace("</virtualport", "</x"), LIVE)
    dom.updateDeviceFlags(nic(2, "", trunk.replace("</vlan>", "<tag id='11'/></vlan>")), LIVE)
    for answer in b"x", b'{"id":1,"error":"no","result":null}', b'{"id":1,"error":null,"result":[{"rows":[{"_uuid":["uuid","x"]}]}]}', b"{}", b"[" * 70000, b'{"a":"' + b"b" * 70000:
        db.answer = answer
        e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, dom.attachDeviceFlags, nic(5), LIVE)
        assert "Unable to add port vnet4 to OVS bridge br-sw" in str(e), e
    db.answer, db.follows = None, False
    assert retagged("") == {"name": "vnet2"} and "has not come to the VLANs of vnet2" in box.log_text(), db.ports("br-sw")      # the database has them
    e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, dom.attachDeviceFlags, nic(5), LIVE)      # after five seconds, as libvirtd
    assert len(db.ports("br-sw")) == 3 and "vnet4" not in box.run("ip", "link").stdout
    db.follows = True
    def left():         # a guest that has not looked at it yet does not let it go
        try:
            dom.detachDeviceFlags(nic(3), LIVE)
        except libvirt.libvirtError:
            pass
        return [p["name"] for p, _ in db.ports("br-sw")] == ["vnet0", "vnet1"]
    wait_for("the port's end", left)
    for role in "qemu", "supervisor":
        os.kill(box.role(role)[0], 9)
        wait_for("the next " + role, lambda: "vnet3" in dom.XMLDesc(0))
    console.close()
    had = db.ports("br-sw")
    wait_for("its saving", lambda: dom.managedSave() == 0)
    wait_for("no port", lambda: not db.ports("br-sw") + db.ports("br-out"))
    dom.create()
    assert sorted(i["iface-id"] for _, i in db.ports("br-sw")) == sorted(i["iface-id"] for _, i in had), db.ports("br-sw")
    assert [p["trunks"][1] for p, _ in db.ports("br-sw") if "trunks" in p] == [[7, 9, 11]], db.ports("br-sw")
    wait_for("its saving", lambda: dom.managedSave() == 0)
    dom.managedSaveDefineXML(dom.managedSaveGetXMLDesc(libvirt.VIR_DOMAIN_XML_SECURE).replace("<tag id='5'/>", "<tag id='6'/>", 1))
    dom.create()
    assert sorted(p.get("tag") for p, _ in db.ports("br-sw")) == [6, 7], db.ports("br-sw")
    dom.destroy()
    assert not db.ports("br-sw") + db.ports("br-out")
    e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, con.createXML, BARE % ("half", nic(6) + nic(7, bridge="virbr7")))
    assert not db.ports("br-sw") and "to OVS bridge virbr7" in str(e), e
    dom.create()
    os.kill(box.role("guest")[0], 9)
    wait_for("no port", lambda: not db.ports("br-sw") + db.ports("br-out"))
    dom.undefine()
    for name in peer:
        no_ports(name)
    assert_clean(box)


def host_addresses(box):
    """addresses and routes of the host at its end of a tap, and taps that somebody else looks after, beside libvirtd's"""
    con, theirs = box.connect(), libvirt.open("qemu+unix:///system?socket=" + box.dir + "/run/libvirt/virtnetworkd-sock")
    eth = lambda source, more="": "<interface type='ethernet'><mac address='52:54:00:79:00:01'/><source>%s</source><model type='virtio'/>%s</interface>" % (source, more)
    ip = lambda a, more="": "<ip address='%s' %s/>" % (a, more)
    route = lambda a, more="", gateway="gateway='10.3.0.9'": "<route address='%s' %s %s/>" % (a, gateway, more)
    own, four = ip("10.3.0.1", "prefix='24'"), "family='ipv4' "
    box.run("ip", "tuntap", "add", "dev", "there", "mode", "tap")

    def shown(dom):
        xml = re.search("<interface.*?</interface>", dom.XMLDesc(0), re.S).group()
        dev = re.search("target dev='(.*?)'", xml).group(1)
        seen = "".join(box.run("ip", *words.split(), dev).stdout for words in ("addr show", "route show dev", "-6 route show dev"))
        flags = re.search("<(.*?)>", seen).group(1)
        lines = [l.strip() for l in seen.splitlines() if "fe80" not in l and re.search(r"inet6? |10\.|fd0\d", l)]
        return re.sub(r"vnet\d+", "X", str((xml, re.sub(",?LOWER_UP|,?NO-CARRIER", "", flags), lines))).replace(" tentative", "").replace(" linkdown", "")

    for source, more in ((ip("10.3.0.1", "prefix='24' peer='10.3.0.2'") + ip("10.4.0.1", four + "prefix='24'") + ip("fd00::1", "family='ipv6' prefix='64'") + route("10.5.0.0", "prefix='16'", "gateway='10.4.0.9'"), ""),
                         (ip("10.3.0.1") + ip("172.16.0.1") + ip("192.168.5.1") + ip("fd01::1"), ""), (own + route("10.5.0.0", four + "netmask='255.255.0.0' metric='7'") + route("0.0.0.0", "prefix='0'"), ""),
                         (ip("fd01::1", "prefix='64'") + "<route family='ipv6' address='fd02::' prefix='48' gateway='fd01::9'/>", ""), (own, "<target dev='there' managed='no'/>"), (own, "<bandwidth/>"),
                         (own + route("10.5.0.0", "prefix='16'", "gateway='10.9.0.9'"), ""), (own * 2, ""), (own + route("10.6.0.0"), ""), (own + route("10.5.0.0", "prefix='16'", ""), ""), (own + route("10.5.0.7", "prefix='16'"), ""),
                         (ip("10.3.0.x"), ""), (ip("10.3.0.1", "prefix='40'"), ""), (ip("10.3.0.1", "peer='x'"), ""), (ip("10.3.0.1", "family='ipv6'"), ""), ("", "<target managed='no'/>"), ("", "<target dev='nothere' managed='no'/>")):
        told = []
        for c in con, theirs:
            try:
                dom = c.createXML(BARE % ("h1", eth(source, more)), 0)
            except libvirt.libvirtError as e:
                told.append((e.get_error_code(), e.get_error_domain(), e.get_error_code() == libvirt.VIR_ERR_SYSTEM_ERROR or str(e)))
                continue
            told.append(shown(dom))
            dom.destroy()
            box.run("ip", "addr", "flush", "dev", "there")
        assert told[0] == told[1], (source, more, told)
    # One that comes to a guest that runs.
    dom = con.createXML(BARE % ("h2", NIC % (1, "alone", "")), 0)
    dom.attachDevice(eth(own, "<target dev='of-h2'/>"))
    assert "10.3.0.1/24" in box.run("ip", "addr", "show", "of-h2").stdout
    dom.destroy()
    assert "of-h2" not in box.run("ip", "link").stdout
    # A program that a document names: libvirtd runs it as root, we do not.
    ran = box.dir + "/ran"
    with open(box.dir + "/script", "w") as f:
        f.write("#!/bin/sh\nid -u >>%s\n" % ran)
    os.chmod(f.name, 0o755)
    for word in "script", "downscript":
        program = "<%s path='%s'/>" % (word, f.name)
        e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.createXML, BARE % ("h3", eth("", program)), 0)
        assert "<%s>" % word in str(e) and not os.path.exists(ran), e
        theirs.createXML(BARE % ("h3", eth("", program)), 0).destroy()
        assert open(ran).read() == "0\n"
        os.remove(ran)
    no_ports("alone")
    assert_clean(box)


def deaths(box):
    """who dies, and who comes after, knows of the port"""
    con = box.connect()
    dom = con.createXML(BARE % ("n6", NIC % (1, "a lan", "")), 0)
    had = port_ids(dom)
    for role in "supervisor", "qemu":
        os.kill(box.role(role)[0], 9)
        wait_for("the next " + role, lambda: port_ids(dom) == had and ports("a lan") == had)
    dom.destroy()
    no_ports()
    con.createXML(BARE % ("n7", NIC % (1, "a lan", "")), 0)
    box.stop_daemon(9)
    box.start()
    dom = wait_for("the next daemon", lambda: box.connect().lookupByName("n7"))
    wait_for("its port", lambda: port_ids(dom) == ports("a lan") and len(ports("a lan")) == 1)
    dom.destroy()
    no_ports()
    # The supervisor dies while the ports of a guest that has ended are being given up.
    dom = box.connect().createXML(BARE % ("n9", NIC % (1, "a lan", "")), 0)
    ends_unfinished(box, "n9")
    no_ports()
    # One that ends while no daemon is there.
    box.connect().createXML(BARE % ("n8", NIC % (1, "a lan", "")), 0)
    box.stop_daemon(9)
    os.kill(box.role("guest")[0], 9)
    box.start()
    no_ports()
    assert_clean(box)


def dying_hands(box):
    """a guest's end whose hands die each time they look for what it had in the network: its port is given up all the same, and so is the rest"""
    dom, keeper = box.connect().defineXML(BARE % ("n7", NIC % (1, "a lan", ""))), box.daemon_pid()
    died = lambda: box.log_text().count("n7: network: the hand-net process ended")
    for turn in range(40):
        before = died()
        dom.create()
        assert len(ports("a lan")) == 1
        end = threading.Thread(target=dom.destroy)
        end.start()
        while end.is_alive():
            strike(keeper, "hand-net", signal.SIGKILL)
        end.join()
        no_ports()
        assert_clean(box)
        if died() == before + 3:            # else one was faster than we are
            break
    else:
        raise AssertionError("no three hands were ever caught at work")
    dom.undefine()


alone = macvtaps_alone()
main(networks, lease, failures, bridge_ports, moves, profiles, switch, host_addresses, macvtaps, deaths, dying_hands)
