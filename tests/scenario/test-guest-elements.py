#!/usr/bin/python3
"""What a running guest may have (workers/plan/known.c) and no other test's guest has: a real QEMU takes it, paused, and the document says it."""
import os, subprocess, sys
import xml.etree.ElementTree as ET
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import QEMU, Box
from guestlib import allowed, assert_clean, fails, libvirt, status, step

IMAGES = "/var/lib/libvirt/images/"
VIRTIO = "iommu='on' ats='on' packed='on' page_per_vq='on'"
OLDER = "ats='on' packed='off' page_per_vq='on'"          # what is of both kinds has no IOMMU


def disk(rest, target, image="a.qcow2", driver="", kind="disk", attrs=""):
    fmt = "qcow2" if image.endswith("qcow2") else "raw"
    return "<disk type='file' device='%s' %s><driver name='qemu' type='%s' %s<source file='%s%s'/><target %s/>%s</disk>" % (
        kind, attrs, fmt, driver or "/>", IMAGES, image, target, rest)


MODULE = "<memory model='nvdimm'%s><source><path>" + IMAGES + "%s</path>%s</source><target><size unit='MiB'>32</size>%s</target></memory>"


# name: (machine, beside the devices, devices).  A document's <memory> and <vcpu> take the place of the usual.
GUESTS = {
    "words": ("pc", """<genid>e9392370-2917-565e-692b-d057f46512d6</genid><title>a title</title><description>some words</description>
<metadata><n:note xmlns:n='urn:n' a='b'><n:x/></n:note></metadata><memory unit='MiB' dumpCore='off'>64</memory><currentMemory unit='MiB'>48</currentMemory>
<memoryBacking><nosharepages/><source type='memfd'/><access mode='shared'/><allocation mode='immediate' threads='1'/><discard/></memoryBacking>
<memtune><hard_limit unit='GiB'>2</hard_limit><soft_limit unit='MiB'>900</soft_limit></memtune><vcpu placement='static' cpuset='0' current='1'>4</vcpu>
<vcpus><vcpu id='0' enabled='yes' hotpluggable='no' order='1'/><vcpu id='1' enabled='no' hotpluggable='yes'/><vcpu id='2' enabled='no' hotpluggable='yes'/><vcpu id='3' enabled='no' hotpluggable='yes'/></vcpus>
<iothreads>2</iothreads><iothreadids><iothread id='2' thread_pool_min='1' thread_pool_max='8'/><iothread id='4'/></iothreadids><defaultiothread thread_pool_min='1' thread_pool_max='16'/>
<cputune><shares>512</shares><global_period>100000</global_period><global_quota>90000</global_quota></cputune>
<resource><partition>/machine</partition></resource>
<sysinfo type='smbios'><bios><entry name='vendor'>us</entry></bios><system><entry name='manufacturer'>we</entry></system><baseBoard><entry name='product'>b</entry></baseBoard>
<chassis><entry name='asset'>c</entry></chassis><oemStrings><entry>one</entry><entry>two</entry></oemStrings></sysinfo><sysinfo type='fwcfg'><entry name='opt/org.x/y'>z</entry></sysinfo>
<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='cdrom'/><boot dev='hd'/><root>/dev/vda1</root><bootmenu enable='yes' timeout='3000'/><bios useserial='yes' rebootTimeout='5000'/><smbios mode='sysinfo'/></os>
<idmap><uid start='0' target='1000' count='10'/><gid start='0' target='1000' count='10'/></idmap>
<features><acpi/><apic/><pae/><privnet/><capabilities policy='allow'/><vmport state='off'/><pmu state='off'/><msrs unknown='ignore'/><xen><e820_host state='on'/><passthrough state='on' mode='sync_pt'/></xen><kvm><hidden state='on'/></kvm><tcg><tb-cache unit='MiB'>64</tb-cache></tcg><vmcoreinfo state='on'/></features>
<cpu mode='custom' match='exact' check='none'><model fallback='allow' vendor_id='GenuineIntel'>qemu64</model><topology sockets='4' dies='1' cores='1' threads='1'/><feature policy='disable' name='svm'/></cpu>
<clock offset='variable' adjustment='60' basis='utc'><timer name='rtc' tickpolicy='catchup' track='guest'/><timer name='pit' tickpolicy='delay'/><timer name='hpet' present='no'/></clock>
<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>preserve</on_crash><on_lockfailure>pause</on_lockfailure>
<pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm><seclabel type='none'/>""", "<serial type='null'/>"),
    "numa": ("q35", """<memory unit='MiB'>96</memory><maxMemory slots='4' unit='MiB'>512</maxMemory><vcpu>2</vcpu><numatune><memory mode='strict' nodeset='0'/><memnode cellid='1' mode='preferred' nodeset='0'/></numatune>
<features><acpi/><apic eoi='on'/><smm state='on'><tseg unit='MiB'>16</tseg></smm><ioapic driver='qemu'/><hyperv><relaxed state='on'/><vapic state='on'/><spinlocks state='on' retries='8191'/></hyperv></features>
<cpu><topology sockets='1' dies='1' cores='2' threads='1'/><numa><cell id='0' cpus='0' memory='49152' unit='KiB' memAccess='private'><distances><sibling id='0' value='10'/><sibling id='1' value='21'/></distances>
<cache level='1' associativity='direct' policy='writeback'><size value='10' unit='KiB'/><line value='8' unit='B'/></cache></cell><cell id='1' cpus='1' memory='49152' unit='KiB'/>
<interconnects><latency initiator='0' target='0' type='access' value='5'/><latency initiator='0' target='0' cache='1' type='access' value='2'/>
<bandwidth initiator='0' target='0' type='access' value='204800' unit='KiB'/><bandwidth initiator='0' target='0' cache='1' type='access' value='409600' unit='KiB'/></interconnects></numa></cpu>
<clock offset='absolute' start='1600000000'><timer name='tsc' frequency='1000000000'/></clock>
<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='-no-hpet'/><qemu:env name='A' value='b'/></qemu:commandline>
<qemu:override xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:device alias='rng0'><qemu:frontend><qemu:property name='max-bytes' type='unsigned' value='4096'/><qemu:property name='period' type='unsigned' value='1000'/></qemu:frontend></qemu:device></qemu:override>
<qemu:deprecation xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' behavior='omit'/>""",
             f"""<iommu model='intel'><driver intremap='off' caching_mode='on' eim='off' iotlb='on' aw_bits='48'/></iommu><rng model='virtio'><backend model='builtin'/><rate bytes='1024' period='500'/><driver {VIRTIO}/></rng>
<memballoon model='virtio' autodeflate='on' freePageReporting='on'><stats period='5'/><driver {VIRTIO}/></memballoon><watchdog model='i6300esb' action='poweroff'/><panic model='isa'/><panic model='hyperv'/>"""),
    "disks": ("pc", "<iothreads>1</iothreads><clock offset='localtime'/>",
              "<controller type='scsi' index='0' model='virtio-scsi'><driver queues='2' cmd_per_lun='8' max_sectors='512' ioeventfd='on' iothread='1' %s/></controller><controller type='usb' index='0' model='piix3-uhci'/>" % OLDER
              + disk("<serial>AB12</serial><readonly/><boot order='2'/><blockio logical_block_size='512' physical_block_size='4096'/><geometry cyls='8' heads='4' secs='32'/>", "dev='vda' bus='virtio'",
                     driver="cache='none' error_policy='stop' rerror_policy='report' io='threads' ioeventfd='on' event_idx='on' discard='unmap' detect_zeroes='unmap' iothread='1' queues='2' queue_size='256' %s>"
                            "<metadata_cache><max_size unit='MiB'>1</max_size></metadata_cache></driver>" % OLDER, attrs="snapshot='internal' model='virtio-non-transitional'")
              + disk("<wwn>5000c50015ea71aa</wwn><vendor>us</vendor><product>thing</product><shareable/>", "dev='sda' bus='scsi' rotation_rate='5000'", "b.img", "copy_on_read='off'/>")
              + disk("<backenddomain name='other'/>", "dev='sdb' bus='usb' removable='on'", "c.img").replace("c.img'/>", "c.img' startupPolicy='optional'><slices><slice type='storage' offset='512' size='1024'/></slices><seclabel model='dac' relabel='no'/></source>")
              + disk("<readonly/>", "dev='hdc' bus='ide' tray='open'", "d.img", kind="cdrom") + disk("", "dev='fda' bus='fdc'", "e.img", kind="floppy")),
    "buses": ("q35", "", """<controller type='pci' index='1' model='pcie-root-port'><model name='pcie-root-port'/><target chassis='1' port='0x10' hotplug='off'/></controller>
<controller type='pci' index='0' model='pcie-root'><pcihole64 unit='KiB'>1048576</pcihole64></controller>
<controller type='pci' index='2' model='pcie-to-pci-bridge'/><controller type='pci' index='3' model='pci-bridge'><target chassisNr='7'/></controller>
<controller type='usb' index='0' model='ich9-ehci1'/><controller type='usb' index='0' model='ich9-uhci1'><master startport='0'/></controller>
<controller type='usb' index='0' model='ich9-uhci2'><master startport='2'/></controller><controller type='usb' index='0' model='ich9-uhci3'><master startport='4'/></controller>
<controller type='usb' index='1' model='qemu-xhci' ports='8'/><controller type='sata' index='0'/><controller type='virtio-serial' index='0' ports='16' vectors='4'/><controller type='ccid' index='0'/>
<hub type='usb'/><input type='mouse' bus='usb'/><input type='tablet' bus='virtio'><driver %s/></input><input type='keyboard' bus='virtio'/>""" % VIRTIO),
    "modules": ("q35", """<memory unit='MiB'>256</memory><maxMemory slots='8' unit='MiB'>1024</maxMemory><features><acpi/></features><cpu><numa><cell id='0' cpus='0' memory='65536' unit='KiB'/></numa></cpu>""",
                MODULE % (" access='shared'", "n0.img", "<alignsize unit='KiB'>2048</alignsize>", "<node>0</node><label><size unit='KiB'>128</size></label><readonly/>")
                + MODULE.replace("nvdimm", "virtio-pmem") % ("", "n1.img", "", "") + """<memory model='dimm' access='private' discard='yes'><source><nodemask>0</nodemask><pagesize unit='KiB'>4</pagesize></source>
<target><size unit='MiB'>128</size><node>0</node></target></memory>"""),
    "huge": ("pc", """<memory unit='MiB'>48</memory><maxMemory slots='2' unit='MiB'>256</maxMemory><memoryBacking><hugepages><page size='2048' unit='KiB' nodeset='1'/></hugepages></memoryBacking><vcpu>2</vcpu>
<numatune><memory mode='strict' nodeset='0'/></numatune><features><acpi/></features><cpu><numa><cell id='0' cpus='0' memory='16384' unit='KiB'/><cell id='1' cpus='1' memory='16384' unit='KiB'/></numa></cpu>""",
             "<memory model='dimm'><source><pagesize unit='KiB'>2048</pagesize></source><target><size unit='MiB'>16</size><node>0</node></target></memory>"),
    "expander": ("q35", "<memory unit='MiB'>64</memory><cpu><numa><cell id='0' cpus='0' memory='65536' unit='KiB'/></numa></cpu>",
                 "<controller type='pci' index='1' model='pcie-expander-bus'><target busNr='180'><node>0</node></target></controller>"),
    "nics": ("pc", "", "<interface type='user'><mac address='52:54:00:00:00:01' type='static' check='no'/><ip family='ipv4' address='10.9.0.0' prefix='24'/><model type='virtio'/><boot order='1'/><rom bar='off'/>"
             "<driver rx_queue_size='512' tx_queue_size='256' event_idx='on' ioeventfd='on' txmode='iothread' %s><host csum='off' gso='off'/><guest tso4='off' ufo='off'/></driver><link state='down'/><acpi index='7'/><backenddomain name='other'/><guest dev='eth0'/></interface>"
             "<interface type='ethernet'><target dev='bhtap0'/><model type='e1000'/><mtu size='1400'/><tune><sndbuf>1600</sndbuf></tune></interface>" % OLDER),
    "lines": ("pc", "", """<serial type='file'><source path='/var/tmp/BOX/end.out' append='on'/><log file='/var/log/libvirt/qemu/l.log' append='on'/></serial>
<serial type='unix'><source mode='bind' path='/var/tmp/BOX/end.sock'/></serial><serial type='null'/><serial type='stdio'/><parallel type='pty'/><parallel type='vc'/><parallel type='file'><source path='/var/tmp/BOX/end.par'/></parallel>
<console type='pty'><target type='serial' port='0'/></console><console type='pty'><target type='virtio' port='1'/></console>
<channel type='unix'><source mode='bind' path='/var/lib/libvirt/qemu/f16.agent'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<channel type='unix'><source mode='bind'/><target type='virtio' name='org.x.y'/></channel>
<channel type='tcp'><source mode='bind' host='127.0.0.1' service='4009' tls='no'/><protocol type='telnets'/><target type='virtio' name='org.x.t'/></channel>
<channel type='qemu-vdagent'><source><clipboard copypaste='yes'/><mouse mode='client'/></source><target type='virtio' name='com.redhat.spice.0'/></channel>
<rng model='virtio'><backend model='egd' type='udp'><source mode='bind' host='127.0.0.1' service='4010'/><source mode='connect' host='127.0.0.1' service='4011'/></backend></rng>
<smartcard mode='passthrough' type='tcp'><source mode='bind' host='127.0.0.1' service='4012'/><protocol type='raw'/></smartcard>
<redirdev bus='usb' type='tcp'><source mode='connect' host='127.0.0.1' service='4013'><reconnect enabled='yes' timeout='2'/></source><protocol type='raw'/></redirdev><channel type='pty'><target type='virtio' name='org.x.z'/></channel>"""),
    "screen": ("pc", "", """<graphics type='vnc' port='5933' autoport='no' keymap='de' passwd='x' passwdValidTo='2040-01-01T00:00:00' connected='keep' sharePolicy='allow-exclusive' powerControl='yes'>
<listen type='address' address='127.0.0.1'/><audio id='1'/></graphics><audio id='1' type='none' timerPeriod='50'/>
<sound model='ich6'><codec type='micro'/><codec type='duplex'/><audio id='1'/></sound><sound model='ac97'/><sound model='es1370'/><sound model='sb16'/>
<video><model type='vga' vram='16384' heads='1' primary='yes'><resolution x='800' y='600'/></model></video><video><model type='qxl' ram='65536' vram='65536' vram64='65536' vgamem='16384' heads='1'/></video>"""),
    "socket": ("q35", "", """<graphics type='vnc'><listen type='socket' socket='/var/lib/libvirt/qemu/v.sock'/></graphics><video><driver %s/><model type='virtio' heads='2'/></video>
<sound model='ich9'/><sound model='usb'/><watchdog model='ib700' action='pause'/>""" % VIRTIO),
}


def document(name, box):
    machine, top, devices = GUESTS[name]
    top = ET.fromstring("<r>%s</r>" % top)
    have = {e.tag for e in top}
    usual = {"memory": "<memory unit='MiB'>64</memory>", "vcpu": "<vcpu>1</vcpu>", "os": "<os><type arch='x86_64' machine='%s'>hvm</type></os>" % machine}
    parts = [x for tag, x in usual.items() if tag not in have] + [ET.tostring(e, encoding="unicode") for e in top]
    return "<domain type='qemu'><name>%s</name>%s<devices><emulator>%s</emulator>%s</devices></domain>" % (
        name, "".join(parts), QEMU, devices.replace("BOX", os.path.basename(box.dir)))


def lost(asked, shown, path=""):
    """Elements and attributes of the one that the other has not; what may come often is looked for in any of them."""
    out = []
    for a, v in asked.attrib.items():
        if not any(s.get(a) == v for s in shown) and (asked.tag, a) not in UNSHOWN:
            out.append("%s/%s@%s='%s'" % (path, asked.tag, a, v))
    for e in asked:
        kids = [k for s in shown for k in s.findall(e.tag)]
        out += lost(e, kids, path + "/" + asked.tag) if kids else [path + "/" + asked.tag + "/" + e.tag]
    return out


def modules(box, dom):
    """Files as memory: those of the start and such as come later are mapped by QEMU, whose account may open them as long as it has them; a module that cannot go stays."""
    for model, name, more in (("nvdimm", "n2.img", "<node>0</node>"), ("virtio-pmem", "n3.img", "")):
        dom.attachDevice(MODULE.replace("nvdimm", model) % ("", name, "", more))
    paths = [box.dir + IMAGES + "n%d.img" % i for i in range(4)]
    maps = open("/proc/%d/maps" % box.role("guest")[0]).read()
    assert all(os.path.basename(p) in maps for p in paths), maps
    assert all(allowed(p) for p in paths), [allowed(p) for p in paths]
    for device, code, words in ((MODULE % ("", "n2.img", "", "<node>0</node>"), libvirt.VIR_ERR_INTERNAL_ERROR, "unplug"), (MODULE.replace("nvdimm", "virtio-pmem") % ("", "n3.img", "", ""), libvirt.VIR_ERR_INTERNAL_ERROR, "unplug")):
        assert words in str(fails(code, dom.detachDevice, device))
    for name, words in (("none.img", "No such file"), (".", "Unable to open")):
        assert words in str(fails(libvirt.VIR_ERR_SYSTEM_ERROR, dom.attachDevice, MODULE % ("", name, "", "<node>0</node>")))
    return lambda: all(os.path.exists(p) and not allowed(p) for p in paths)


class Pool:
    """Huge pages of the host's, more than it has, for as long as a guest needs them; whether they are there."""
    PATH, PAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB/", 16

    def __enter__(self):
        self.had = self.read("nr")
        self.write(self.had + self.PAGES)
        return self.read("free") >= self.PAGES

    def __exit__(self, *exc):
        self.write(self.had)

    def read(self, what):
        return int(open(self.PATH + what + "_hugepages").read())

    def write(self, n):
        open(self.PATH + "nr_hugepages", "w").write(str(n))


def huge(box, con):
    """Memory on huge pages, of a node and of a module: all of it is there from the start on; QEMU says when the host has too few."""
    xml = document("huge", box)
    if not os.path.exists(Pool.PATH):
        print("# this kernel has no huge pages of 2 MiB")
        return
    if not Pool().read("free"):
        assert "Cannot allocate memory" in str(fails(libvirt.VIR_ERR_INTERNAL_ERROR, con.createXML, xml, libvirt.VIR_DOMAIN_START_PAUSED))
    with Pool() as there:
        if not there:
            print("# this host has no memory in such large pieces")
            return
        dom = con.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED)
        assert not lost(ET.fromstring(xml), [ET.fromstring(dom.XMLDesc())]), dom.XMLDesc()
        (pid,) = box.role("guest")
        assert status(pid)["HugetlbPages"].split() == ["32768", "kB"], status(pid)
        # The node as libvirtd has it with <source type='memfd'/>; without huge pages it is no file.
        words = open("/proc/%d/cmdline" % pid).read().split("\0")
        for line in ('{"qom-type":"memory-backend-ram","id":"ram-node0","size":16777216,"host-nodes":[0],"policy":"bind"}',
                     '{"qom-type":"memory-backend-memfd","id":"ram-node1","hugetlb":true,"hugetlbsize":2097152,"prealloc":true,"size":16777216,"host-nodes":[0],"policy":"bind"}',
                     '{"qom-type":"memory-backend-memfd","id":"memdimm0","hugetlb":true,"hugetlbsize":2097152,"prealloc":true,"size":16777216}'):
            assert line in words, (line, words)
        dom.destroy()


# Shown in another form or as what it became, or a secret.
UNSHOWN = {("memory", "unit"), ("hard_limit", "unit"), ("soft_limit", "unit"), ("currentMemory", "unit"), ("maxMemory", "unit"), ("tseg", "unit"), ("max_size", "unit"), ("tb-cache", "unit"), ("size", "unit"), ("alignsize", "unit"), ("pagesize", "unit"),
           ("graphics", "passwd"), ("graphics", "passwdValidTo"), ("graphics", "connected"), ("type", "machine"), ("cpu", "check"), ("model", "fallback")}

with Box("elements") as box:
    os.makedirs(box.dir + IMAGES, exist_ok=True)
    for i in range(4):
        subprocess.check_call(["truncate", "-s", "32M", box.dir + IMAGES + "n%d.img" % i])
    for image in ("a.qcow2", "b.img", "c.img", "d.img", "e.img"):
        subprocess.check_call(["qemu-img", "create", "-q", "-f", "qcow2" if "qcow2" in image else "raw", box.dir + IMAGES + image, "1440k" if image[0] == "e" else "1M"])
    con, bad = box.connect(), []
    step("huge")
    huge(box, con)
    for name in [g for g in GUESTS if g != "huge"]:
        step(name)
        try:
            xml = document(name, box)
            dom = con.defineXML(xml)
            dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
            bad += ["%s: %s is lost" % (name, x) for x in lost(ET.fromstring(xml), [ET.fromstring(dom.XMLDesc())])]
            assert dom.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER], dom.state()
            gone = modules(box, dom) if name == "modules" else lambda: True
            dom.destroy()
            assert gone(), "a right to a file is left"
            dom.undefine()
        except libvirt.libvirtError as e:
            bad.append("%s: %s" % (name, e))
    con.close()
    assert not bad, "\n".join(bad)
    assert_clean(box)
