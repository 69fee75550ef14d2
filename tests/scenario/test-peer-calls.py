#!/usr/bin/python3
"""Calls that virsh makes seldom or never, by python3-libvirt and by hand, beside libvirtd: the same results, or the same error."""
import json, os, re, socket, struct, sys, time, zlib
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import guest_xml, wait_for
from needs import needed_modules
from pair import BARE, BUSY, IDLE, Pair, W, guests, told
from rpclib import HEAD, REMOTE, Client, string

needed_modules("libvirt")

# Of a connection c, a running guest d and one that is off, i.
CALLS = """c.getMaxVcpus(None)
c.getMaxVcpus('qemu')
c.getMaxVcpus('xen')
c.getMaxVcpus('nothing')
c.getSysinfo(0)
c.getSysinfo(1)
c.getFreePages([3], 0, 1, 0)
c.getFreePages([4], 9, 1, 0)
c.getFreePages([4], 0, 1, 1)
len(c.getFreePages([4, 2048], 0, 1, 0))
len(c.getCellsFreeMemory(0, 1))
c.getCellsFreeMemory(9, 1)
c.setIdentity({'user-name': 'x', 'group-name': 'y', 'process-id': 1}, 0)
c.setIdentity({'nothing': 'x'}, 0)
c.setIdentity({}, 1)
ET.fromstring(c.getCapabilities()).find('host/cpu/arch').text
sorted({g.find('arch').get('name') + ' ' + g.find('os_type').text for g in ET.fromstring(c.getCapabilities()).findall('guest')})
c.defineXMLFlags(BARE, 0).name()
c.defineXMLFlags(BARE, 1).name()
c.defineXMLFlags(BARE.replace('<vcpu>', '<nothing/><vcpu>'), 0).name()
c.defineXMLFlags(BARE, 2)
c.lookupByName('bare').undefine()
c.suspendForDuration(9, 1, 0)
[x.launchSecurityInfo(f) for f in (0, 1, 4, 1 << 20)]
i.addIOThread(5, 2)
i.addIOThread(5, 2)
i.delIOThread(5, 2)
[x.memoryParameters(f) for f in (0, 1, 2)]
x.memoryParameters(3)
x.memoryParameters(8)
[x.blkioParameters(f) for f in (0, 1, 2)]
x.blkioParameters(3)
x.schedulerType()
[x.schedulerParametersFlags(f) for f in (0, 1, 2)]
x.schedulerParametersFlags(3)
x.schedulerParametersFlags(16)
x.schedulerParameters()
[x.numaParameters(f) for f in (0, 1, 2)]
x.numaParameters(3)
[x.interfaceParameters('52:54:00:b0:00:01', f) for f in (0, 1, 2)]
x.interfaceParameters('52:54:00:b0:00:02', 0)
x.interfaceParameters('nothing', 0)
x.interfaceParameters('52:54:00:b0:00:01', 3)
x.setMemoryFlags(40960, 2)
x.setMemoryFlags(40960, 0)
x.setMemoryFlags(1 << 40, 2)
x.setMemoryFlags(1 << 40, 0)
x.setMemoryFlags(0, 2)
x.setMemoryFlags(40960, 8)
x.setMemoryFlags(65536, 6)
x.setMemoryFlags(65536, 5)
x.maxMemory()
x.setMaxMemory(131072)
x.setMaxMemory(65536)
x.setMaxMemory(0)
i.setSchedulerParameters({'cpu_shares': 512})
x.schedulerParameters()['cpu_shares']
i.attachDevice(NIC)
i.detachDevice(NIC)
i.attachDevice('<disk/>')
i.attachDevice('<nothing/>')
i.attachDevice('x')
x.blockPeek('vda', 0, 4, 0)
x.blockPeek('hda', 4096, 8, 0)
x.blockPeek(W + '/cd.iso', 4096, 8, 0)
d.blockPeek('hda', (1 << 20) - 4, 4, 0)
d.blockPeek(W + '/cd.iso', (1 << 20) - 4, 8, 0)
d.blockPeek(W + '/cd.iso', 1 << 40, 4, 0)
d.blockPeek('hda', 1 << 63, 4, 0)
x.blockPeek('hda', 0, 0, 0)
x.blockPeek('hda', 0, 4, 1)
x.blockPeek('nothing', 0, 4, 0)
zlib.crc32(d.blockPeek('hda', 0, 1 << 20, 0))
c.defineXML(RAW).blockPeek('sda', 4096, 8, 0)
c.lookupByName('raw').blockPeek('sda', 0, 5 << 20, 0)
c.lookupByName('raw').undefine()
c.createXML(RAW, 1).blockPeek('sda', 4096, 8, 0)
c.lookupByName('raw').destroy()
[sizes(c.createXML(o, 1)) for o in ODD]
[x.memoryPeek(0, 8, f) for f in (1, 2)]
x.memoryPeek(0, 8, 0)
x.memoryPeek(0, 8, 3)
x.memoryPeek(0, 8, 4)
d.memoryPeek(0xfffc8, 56, 1)
d.memoryPeek(0xfffc8, 56, 2)
zlib.crc32(d.memoryPeek(0xf0000, 65536, 2))
d.memoryPeek(0, 0, 2)
len(d.memoryPeek(0, 1 << 20, 1))
d.memoryPeek((64 << 20) - 4, 8, 2)
d.memoryPeek(1 << 40, 4, 2)
x.memoryPeek(0, 5 << 20, 2)
files(x, '{"execute": "getfd", "arguments": {"fdname": "x"}}', [0], 0)
files(d, '{"execute": "getfd", "arguments": {"fdname": "x"}}', [0, 1], 0)
files(x, '{"execute": "getfd", "arguments": {"fdname": "x"}}', [], 0)
files(x, 'info name', [], 1)
files(x, 'info name', [0], 8)
[keys(d, s) for s in range(11)]
d.agentSetResponseTimeout(-3, 0)
d.agentSetResponseTimeout(-2, 0)
d.agentSetResponseTimeout(-1, 0)
d.agentSetResponseTimeout(0, 0)
d.agentSetResponseTimeout(5, 0)
x.agentSetResponseTimeout(-5, 0)
x.agentSetResponseTimeout(5, 1)
x.openChannel('nothing', c.newStream(0), 0)
x.openChannel('channel0', c.newStream(0), 8)
d.openConsole('console0', c.newStream(0), 1)
d.openConsole('', c.newStream(0), 0)
c.createXML(PORTS, 1).name()
c.lookupByName('ports').openConsole(None, c.newStream(0), 0)
c.lookupByName('ports').openConsole('console0', c.newStream(0), 0)
c.lookupByName('ports').openConsole('serial0', c.newStream(0), 0)
c.lookupByName('ports').openConsole('serial1', c.newStream(0), 0)
c.lookupByName('ports').openConsole('console1', c.newStream(0), 0)
c.lookupByName('ports').openChannel('com.redhat.spice.0', c.newStream(0), 0)
c.lookupByName('ports').openChannel('channel0', c.newStream(0), 0)
c.lookupByName('ports').openChannel(None, c.newStream(0), 0)
c.lookupByName('ports').destroy()
x.blkioParameters(8)
x.numaParameters(8)
x.interfaceParameters('52:54:00:b0:00:01', 8)
x.blockIoTune('vda', 8)
vnc(x, lambda s: x.openGraphics(0, s.fileno(), 0))
vnc(x, lambda s: x.openGraphics(0, s.fileno(), 1))
vnc(x, lambda s: x.openGraphics(7, s.fileno(), 0))
vnc(x, lambda s: x.openGraphics(0, s.fileno(), 8))
x.openGraphicsFD(9, 0)
x.openGraphicsFD(0, 4)
vnc_fd(x.openGraphicsFD(0, 0))
vnc_fd(x.openGraphicsFD(0, 1))"""
PORTS = BARE.replace("bare", "ports").replace("3</uuid>", "4</uuid>").replace("</devices>", """<serial type='null'/><serial type='unix'><source mode='bind' path='%s/port'/></serial>
<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel><graphics type='spice'/></devices>""" % W)
RAW = BARE.replace("bare", "raw").replace("3</uuid>", "5</uuid>").replace("</devices>", """<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s/cd.iso'/>
<target dev='sda' bus='sata'/><readonly/></disk></devices>""" % W)
# Memory that is no whole number of MiB: with a balloon, without one, of cells and modules.
PLAIN = BARE.replace("bare", "odd").replace("3</uuid>", "6</uuid>").replace("<memory unit='MiB'>32<", "<memory unit='KiB'>65300<")
ODD = [PLAIN, PLAIN.replace("</devices>", "<memballoon model='none'/></devices>"), PLAIN.replace("<memory ", "<maxMemory slots='2' unit='KiB'>999999</maxMemory><memory ").replace(
    "</os>", "</os><features><acpi/></features><cpu><numa><cell id='0' cpus='0' memory='65301' unit='KiB'/></numa></cpu>").replace(
    "</devices>", "<memory model='dimm'><target><size unit='KiB'>100000</size><node>0</node></target></memory></devices>")]
NIC = "<interface type='user'><mac address='52:54:00:b0:00:09'/><model type='virtio'/></interface>"


def sizes(x):
    """What is said of a guest's memory, once it runs"""
    found = re.findall(r"<(?:memory|currentMemory|maxMemory|size|cell)\b.*", x.XMLDesc()), x.info()[1:3], x.maxMemory()
    x.destroy()
    return found


def keys(x, codeset):
    """Which codes are keys of this set, and how it is called"""
    said = [(k, told(x.sendKey, codeset, 0, [k], 1, 0)) for k in [*range(1 << 8), 0x101, 0x11c, 0xe01c, 0xe05b, 0xe068, 0xe11d]]
    return [k for k, r in said if r == "0"], {re.sub(r"\d+", "N", r) for _, r in said}


def files(x, command, fds, flags):
    """What QEMU is told with a file for it"""
    import libvirt_qemu
    text, back = libvirt_qemu.qemuMonitorCommandWithFiles(x, command, fds, flags)
    return re.sub(r"libvirt-\d+", "N", text), back


def greeting(s):
    s.settimeout(20)
    return s.recv(12)


def vnc(x, call):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        call(theirs)
        return greeting(ours)


def vnc_fd(fd):
    with socket.socket(fileno=fd) as s:
        return greeting(s)


def greeted(fn):
    try:
        return told(lambda: str(fn()))
    except OSError as e:
        return "no greeting: %s" % e


def ask(b):
    import xml.etree.ElementTree as ET
    c, out = b.connect(), []
    os.makedirs(b.dir + "/run/lock", exist_ok=True)     # where libvirtd notes who has a console
    d, i = c.defineXML(BUSY), c.defineXML(IDLE)
    d.create()
    for line in CALLS.splitlines():
        for x in [d, i] if re.search(r"\bx\b", line.replace("'x'", "")) else [None]:
            values = dict(globals(), c=c, d=d, i=i, x=x, ET=ET)
            out.append(("%s%s" % (line, " of %s" % x.name() if x else ""), greeted(lambda: eval(line, values))))
    d.destroy()
    c.close()
    return out


# Old clients listen without callback ids, and the events come without.
REGISTER, DEREGISTER, REGISTER_ANY, DEREGISTER_ANY = 105, 106, 167, 168
OPEN, CLOSE, AUTH_LIST, LIFECYCLE, GET_URI, SECOND = 1, 2, 66, 107, 110, 10


def old_events(b):
    """What comes on the wire of a client of long ago, message by message."""
    out, con = [], b.connect()
    dom = con.defineXML(BARE)
    with Client(b.sock, REMOTE) as k:
        def call(proc, args=b""):
            r, e = k.ask(proc, args)
            out.append("call %d: %s %s" % (proc, r.data.hex() if not e else "", e and e[:3]))
        call(AUTH_LIST)
        call(OPEN, struct.pack(">I", 1) + string("qemu:///system") + struct.pack(">I", 0))
        call(GET_URI)
        for on, off, args in ((REGISTER, DEREGISTER, b""), (REGISTER_ANY, DEREGISTER_ANY, struct.pack(">i", 0))):
            call(on, args)
            call(on, args)
            dom.create()
            n, program, _, proc, kind, serial, status = HEAD.unpack(k.exact(HEAD.size))
            out.append("message %d: %s" % (proc, (kind, serial, status)))
            body = k.exact(n - HEAD.size)
            out.append(re.sub(r"\d+$", "", body[:28].hex()))
            n, _, _, proc, *rest = HEAD.unpack(k.exact(HEAD.size))
            out.append("message %d, ends in %s" % (proc, k.exact(n - HEAD.size)[-8:].hex()))
            call(off, args)
            call(off, args)
            dom.destroy()
        call(REGISTER_ANY, struct.pack(">i", 16))
        call(REGISTER_ANY, struct.pack(">i", 99))
        call(DEREGISTER_ANY, struct.pack(">i", 3))
    dom.undefine()
    con.close()
    return "\n".join(out)


NS = "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"
GIVEN = "<disk type='file' device='disk'><driver name='qemu' type='%%s'/><source file='%s/cd.iso' fdgroup='g'/><backingStore type='file'><format type='raw'/><source file='%s/cd.iso' fdgroup='h'/></backingStore><target dev='vdb' bus='virtio'/></disk>" % (W, W)
# What no other test's guest has: (beside the devices, devices).
STARTED = {"Asia/Tokyo": ("<clock offset='timezone' timezone='Asia/Tokyo'/>", ""), "no such zone": ("<clock offset='timezone' timezone='../No/Such'/>", ""),
           "smartcard log": ("", "<smartcard mode='passthrough' type='unix'><source mode='bind' path='/var/lib/libvirt/qemu/card'/><log file='/var/log/libvirt/qemu/a.log' append='on'/></smartcard>"),
           "redirdev log": ("", "<redirdev bus='usb' type='unix'><source mode='bind' path='/var/lib/libvirt/qemu/redir'/><log file='/var/log/libvirt/qemu/b.log'/></redirdev>"),
           "rng log": ("", "<rng model='virtio'><backend model='egd' type='udp'><source mode='bind' host='127.0.0.1' service='4110'/><source mode='connect' host='127.0.0.1' service='4111'/>"
                           "<log file='/var/log/libvirt/qemu/c.log'/></backend></rng>"),
           "baselabel": ("<seclabel type='dynamic' model='dac'><baselabel>x</baselabel></seclabel>", ""), "baselabel of nobody": ("<seclabel type='dynamic'><baselabel>x</baselabel></seclabel>", ""),
           "arguments": ("<qemu:commandline %s><qemu:arg value='-no-hpet'/></qemu:commandline>" % NS, ""), "no arguments": ("<qemu:commandline %s/>" % NS, ""),
           "environment": ("<clock offset='timezone' timezone='Asia/Tokyo'/><qemu:commandline %s><qemu:env name='BH_A' value='a b=c'/><qemu:env name='BH_EMPTY'/><qemu:env name='TZ' value='America/Havana'/>"
                           "<qemu:env name='BH_A' value='later'/></qemu:commandline>" % NS, ""),
           **{"environment of %s" % n: ("<qemu:commandline %s><qemu:env name='%s' value='x'/></qemu:commandline>" % (NS, n), "") for n in ("", "1A", "A-B")},
           "abilities": ("<qemu:capabilities %s><qemu:add capability='blockdev'/><qemu:del capability='netdev.stream'/></qemu:capabilities>" % NS, ""),
           "an unknown ability": ("<qemu:capabilities %s><qemu:del capability='x'/></qemu:capabilities>" % NS, ""),
           "another property": ("<qemu:override %s><qemu:device alias='balloon0'><qemu:frontend><qemu:property name='deflate-on-oom' type='bool' value='true'/></qemu:frontend></qemu:device></qemu:override>" % NS, ""),
           "an old machine": ("<os><type arch='x86_64' machine='pc-i440fx-1.7'>hvm</type></os>", ""),
           "a device tree": ("<os><type arch='x86_64' machine='pc'>hvm</type><dtb>%s/cd.iso</dtb></os>" % W, ""),
           "descriptors": ("", GIVEN % "raw"), "descriptors below": ("", GIVEN.replace(" fdgroup='g'", "", 1) % "qcow2"),
           "TPM of its own": ("", "<tpm><backend type='emulator' persistent_state='maybe'/></tpm>"), "TPM bank": ("", "<tpm><backend type='emulator' version='2.0'><active_pcr_banks><x/></active_pcr_banks></backend></tpm>"),
           "TPM secret": ("", "<tpm><backend type='emulator'><encryption secret='x'/></backend></tpm>"), "TPM proxy": ("", "<tpm model='tpm-spapr-proxy'><backend type='passthrough'/></tpm>"),
           "memorytune": ("<cputune><memorytune vcpus='0'><node id='0' bandwidth='60'/></memorytune></cputune>", ""),
           "teaming": ("", "<interface type='user'><mac address='52:54:00:00:00:01'/><model type='virtio'/><teaming type='persistent'/><alias name='ua-b'/></interface>"),
           "source ip": ("", "<interface type='user'><source><ip address='10.1.1.1' family='ipv4' prefix='24'/></source></interface>")}


def shown(b, name):
    """A paused guest's clock and document, and what logs there are."""
    import libvirt_qemu
    c, out = b.connect(), []
    out.append(told(c.createXML, re.sub(r"<os>.*?</os>(?=<os>)", "", guest_xml("x", STARTED[name][1], extra=STARTED[name][0])), 1))
    if out == ["x"]:
        x = c.lookupByName("x")
        date = json.loads(libvirt_qemu.qemuMonitorCommand(x, '{"execute":"qom-get","arguments":{"path":"/machine","property":"rtc-time"}}', 0))["return"]
        now = time.gmtime()
        ahead = (date["tm_hour"] - now.tm_hour) * 60 + date["tm_min"] - now.tm_min
        out += ["hours from UTC: %d" % (round(ahead / 60) % 24), "logs: %s" % sorted(f for f in os.listdir(b.dir + "/var/log/libvirt/qemu") if len(f) == 5), b.run("sh", "-c", "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep ^BH_[AE] | sort -u", check=False).stdout, x.XMLDesc()] + [told(x.messages, flags) for flags in (0, 1, 2, 4)]
        wait_for("the status file", lambda: "custom-monitor" in open(b.dir + "/run/libvirt/qemu/x.xml").read())
        taints = re.findall("<taint .*", open(b.dir + "/run/libvirt/qemu/x.xml").read())
        said = r"^[-0-9]{10} [:.0-9]{12}\+0000: Domain id=%d is tainted: ((?!custom-monitor).*)" % x.ID()
        logged = lambda: sorted(re.findall(said, b.run("cat", "/var/log/libvirt/qemu/x.log", check=False).stdout, re.M))
        wait_for("taints in the log", lambda: len(logged()) == len(taints) - 1)
        out += taints + logged()
        x.destroy()
    c.close()
    return "\n".join(out)


with Pair("calls") as p:
    guests(p)
    p.sh("printf 'look at me' | dd of=%s/cd.iso bs=1 seek=4096 conv=notrunc status=none" % W, what="what is in an image")
    ours, theirs = p.each(ask)
    for (what, a), (_, t) in zip(ours, theirs):
        p.same(what, a, t)
    for name in STARTED:
        p.same("a guest with " + name, *p.each(shown, name), mask=[(r"^<domain (.*)id='\d+'", r"<domain \1")])
    p.same("messages of an old client", *p.each(old_events))
sys.exit(p.result())
