#!/usr/bin/python3
"""What virsh asks about the host and about guests, running and not: the same answers as libvirtd's, text for text."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import Pair, W, guests

N = [(r"\d+(\.\d+)?", "N")]                 # figures that are never twice the same
HOST = """version
version --daemon
uri
hostname
nodeinfo
maxvcpus
nodesevinfo
allocpages 2048 0
allocpages 2048 0 --all
allocpages 2048 0 --cellno 0 --add
hypervisor-cpu-compare W/cpu.xml --virttype qemu --arch aarch64
hypervisor-cpu-compare W/cpu.xml --virttype qemu --machine none-such
hypervisor-cpu-compare W/cpu.xml --virttype qemu --validate
hypervisor-cpu-baseline W/cpu.xml --virttype qemu --arch nothing
cpu-compare W/cpu.xml --validate
maxvcpus --type qemu
maxvcpus --type kvm
nodecpumap
sysinfo
cpu-models x86_64
cpu-models aarch64
cpu-models s390x
cpu-models nothing
nodecpustats --cpu 99
node-memory-tune
allocpages 2048 0 --cellno 77
allocpages 4 0 --cellno 0
allocpages 77 1
allocpages 77 1 --cellno 0
domcapabilities --virttype nosuch
domcapabilities
domcapabilities --machine nosuch
domcapabilities --machine none
domcapabilities --virttype qemu
domcapabilities --virttype qemu --machine q35
domcapabilities --virttype qemu --machine isapc
domcapabilities --virttype xen
domcapabilities --arch aarch64
domcapabilities --emulatorbin /nosuch
capabilities --xpath //host/cpu
list
list --all
dominfo nosuch
domname 77"""
GUESTS = """define W/busy.xml
define W/idle.xml
start busy
list
list --all
list --all --name
list --all --uuid
list --all --id
list --all --title
list --all --name --uuid
list --all --managed-save
list --inactive
list --state-running
list --state-paused
list --state-shutoff
list --state-other
list --all --autostart
list --all --no-autostart
list --all --persistent
list --all --transient
list --all --with-snapshot
list --all --without-snapshot
list --all --with-checkpoint
list --all --without-checkpoint
list --all --with-managed-save
list --all --without-managed-save
list --table --uuid
domid busy
domid idle
domname 1
domuuid idle
domname b0000000-0000-4000-8000-000000000002
domstate busy
domstate busy --reason
domstate idle --reason
domstate nosuch
domlaunchsecinfo busy
domlaunchsecinfo idle
domsetlaunchsecstate busy --secrethdr W/bare.xml --secret W/bare.xml
domcontrol busy
domcontrol idle
dominfo idle
dumpxml idle
dumpxml idle --inactive
dumpxml idle --security-info
dumpxml idle --update-cpu
dumpxml idle --migratable
dumpxml busy
dumpxml busy --security-info
dumpxml busy --inactive
dumpxml busy --migratable
dumpxml busy --xpath //devices/disk
dumpxml nosuch
domblklist busy
domblklist busy --details
domblklist busy --inactive
domblklist idle --details
domblklist nosuch
domblkinfo busy nosuch
domblkinfo idle sda
domblkinfo idle --all
domblkinfo idle /var/lib/libvirt/images/w/other.qcow2 --human
domblkinfo idle nosuch
domblkstat busy nosuch
domblkstat idle sda
domblkthreshold busy vda 1000
domblkthreshold busy vda[2] 64K
domblkthreshold busy vda[9] 64K
domblkthreshold busy nosuch 1000
domblkthreshold idle sda 1000
domblkerror busy
domblkerror idle
domiflist busy
domiflist idle
domif-getlink busy 52:54:00:b0:00:01
domif-getlink idle 52:54:00:b0:00:02
domifaddr busy
domifaddr idle
domstats nosuch
domstats busy --state
dommemstat idle
vcpucount busy
vcpucount idle
vcpucount busy --active --live
vcpucount busy --maximum --config
vcpucount nosuch
vcpucount idle --guest
blkdeviotune busy nosuch
blkdeviotune idle nosuch
vcpuinfo idle
vcpupin busy
vcpupin idle
emulatorpin busy
emulatorpin idle
iothreadinfo busy
iothreadinfo idle
domdisplay busy
domdisplay busy --type vnc
domdisplay idle
vncdisplay busy
vncdisplay idle
ttyconsole busy
ttyconsole idle
domtime idle --now
blkiotune idle --live
blkiotune busy --config
domjobinfo busy
domjobinfo busy --rawstats
domjobinfo idle
domjobinfo idle --completed
domjobinfo busy --completed
desc busy
desc busy --title
desc idle
desc idle --title
metadata idle urn:example:note
metadata idle urn:example:none
metadata idle urn:example:note --live
qemu-agent-command idle {}
qemu-monitor-command busy --hmp info status
qemu-monitor-command idle --hmp info status
console idle
console nosuch
domxml-to-native nosuch W/bare.xml
domxml-from-native qemu-argv W/bare.xml"""
FIGURES = """freecell
domblkstat busy vda
domifstat busy 52:54:00:b0:00:01
domstats busy
domstats --list-active --raw
domstats busy --cpu-total --balloon --vcpu --interface --iothread
domstats busy --block --backing
dommemstat busy
vcpuinfo busy
vcpuinfo busy --pretty
cpu-stats busy --total
nodecpustats
nodememstats"""



def groups(b):
    """Which groups of statistics there are, by their numbers, one by one and together; of a guest that is off without the one that tells
    libvirtd's own processor time."""
    import libvirt
    c = b.connect()
    said = []
    for names in (["busy"], ["idle"], ["busy", "idle"]):
        for flags in (0, libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS):
            for which in [0, 3, 0x401, 0x680, 0x7ff] + [1 << i for i in range(32)]:
                try:
                    r = [sorted({k.split(".")[0] for k in v} - ({"cpu"} if d.name() == "idle" else set())) for d, v in c.domainListGetStats([c.lookupByName(n) for n in names], which, flags)]
                except libvirt.libvirtError as e:
                    r = "%d %d %s" % (e.get_error_code(), e.get_error_domain(), e)
                said.append("%s %#x %#x: %s" % (names, flags, which, r))
    return "\n".join(said)


OFF = """<domain type='qemu'><name>off</name><memory>163840</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s/above.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s/plain.img'/><target dev='vdb' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s/nosuch.img'/><target dev='vdc' bus='virtio'/></disk>
<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='%s/cd.iso'/><target dev='hda' bus='ide'/><readonly/></disk>
<disk type='file' device='cdrom'><target dev='hdb' bus='ide'/><readonly/></disk>
<disk type='dir' device='cdrom'><driver name='qemu' type='fat'/><source dir='%s'/><target dev='sda' bus='sata'/><readonly/></disk>
<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='/dev/nosuch'/><target dev='vde' bus='virtio'/></disk>
<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='x'><host name='localhost' port='1'/></source><target dev='vdd' bus='virtio'/></disk>
</devices></domain>""".replace("%s", W)

# What other forms of a document leave out, say otherwise, or put where it would have been read.
FORMS = """<domain type='qemu'><name>forms</name><memory>163840</memory><vcpu>3</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
<cputune><vcpupin vcpu='2' cpuset='0'/><vcpupin vcpu='0' cpuset='0'/></cputune><perf><event name='cpu_cycles' enabled='no'/><event name='cmt' enabled='no'/></perf><devices>
<controller type='usb' index='1' model='piix3-uhci'/><controller type='pci' index='2' model='pci-bridge'/>
<disk type='network' device='cdrom'><source protocol='http' name='a'><host name='h'/><cookies><cookie name='a'>b</cookie></cookies></source><target dev='hda' bus='ide'/></disk>
<disk type='file' device='disk'><source file='/srv/a'/><target dev='sda' bus='scsi'/></disk><graphics type='vnc' passwd='hush'/>
<graphics type='spice'><listen type='none'/></graphics></devices></domain>"""

with Pair("queries") as p:
    guests(p)
    p.file("off.xml", OFF)
    p.sh("qemu-img create -q -f qcow2 W/below.qcow2 8M; qemu-img create -q -f qcow2 -F qcow2 -b W/below.qcow2 W/above.qcow2; truncate -s 3M W/plain.img; "
         "dd if=/dev/zero of=W/plain.img bs=64k count=1 conv=notrunc status=none; truncate -s 2M W/cd.iso")
    p.virsh("define W/off.xml")
    for line in "domstats off --block", "domstats off --block --backing", "domstats off --state --vcpu --block --interface", "domstats --list-inactive --block --raw":
        p.virsh(line)
    p.virsh("domstats off --block --nowait", ro=True)
    p.virsh("undefine off")
    for what in FORMS, FORMS.replace("machine='pc'", "machine='q35'"), FORMS.replace("<graphics type='spice'><listen type='none'/></graphics>", "<audio id='1' type='none'><input voices='1'/></audio>"):
        p.file("forms.xml", what)
        for line in "define W/forms.xml", "dumpxml forms", "dumpxml forms --migratable", "dumpxml forms --update-cpu", "dumpxml forms --migratable --security-info", "undefine forms":
            p.virsh(line)
    p.file("cpu.xml", "<cpu><arch>x86_64</arch><model>qemu64</model></cpu>")
    for line in (HOST + "\n" + GUESTS).splitlines():
        p.virsh(line)
    p.virsh("dominfo busy", mask=["CPU time: .*"])
    p.virsh("domblkinfo busy vda", mask=["(Allocation|Physical): .*"])
    for line in FIGURES.splitlines():
        p.virsh(line, mask=N)
    p.same("groups of statistics", *p.each(groups))
    p.sh("truncate -s 1000001 W/odd.img && chmod 666 W/odd.img")
    p.virsh("attach-disk busy W/odd.img vdz --subdriver raw")
    p.virsh("domblkinfo busy vdz", mask=["Allocation: .*"])
sys.exit(p.result())
