#!/usr/bin/python3
"""Definitions that calls other than define change: processors, memory, I/O threads, pins, limits of every kind, events, what is done at the end; and what libvirtd refuses.
Every step ends with the document that came of it, where it is another one."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import BARE, EMULATOR, Pair, guests

BRIDGE = f"""<domain type='qemu'><name>br</name><memory>1024</memory><vcpu cpuset='0'>4</vcpu><cputune><shares>3</shares></cputune><os><type arch='x86_64'>hvm</type></os>
<cpu><topology sockets='1' cores='2' threads='2'/></cpu><devices>{EMULATOR}<interface type='bridge'><source bridge='br0'/><mac address='52:54:00:b0:00:03'/></interface>
<disk type='file'><source file='/i/a'/><target dev='vda'/><iotune><total_iops_sec>9</total_iops_sec><group_name>g0</group_name></iotune></disk>
<disk type='file'><source file='/i/b'/><target dev='vdb'/></disk></devices></domain>"""
# What libvirtd takes though it could not read it again (a maximum beyond the machine's, cpu_shares=1, a floor without a network) is refused here, and not among these.
IDLE = """setvcpus 2 --config
setvcpus 4 --config --maximum
setvcpus 3 --config
setvcpus 3
setvcpus 1 --live
setvcpus 1 --guest
setvcpu 1 --enable --config
setvcpu 1,3 --enable --config
setvcpu 3 --enable --config
setvcpu 3 --enable --config
setvcpu 9 --enable --config
setvcpu 9999 --enable --config
setvcpu x --enable --config
setvcpu 0 --disable --config
setvcpu 0-3 --disable --config
setvcpus 2 --config
setvcpus 3 --config --hotpluggable
setvcpus 2 --config --maximum
setmaxmem 131072
setmaxmem 131072 --live
setmem 65536
blkdeviotune sda --total-iops-sec 100 --config
blkdeviotune sda --total-iops-sec-max 50 --config
blkdeviotune sda --total-iops-sec 100 --total-iops-sec-max 200 --total-iops-sec-max-length 3 --config
blkdeviotune sda --size-iops-sec 4096 --config
blkdeviotune sda --group-name g0 --config
blkdeviotune sda --read-iops-sec 5 --write-iops-sec 6 --config
blkdeviotune sda --total-bytes-sec 9999999999999999 --config
blkdeviotune nosuch --total-iops-sec 100 --config
blkdeviotune sda --total-iops-sec 100 --read-iops-sec 5 --config
blkdeviotune sda --total-bytes-sec 100 --read-bytes-sec-max 5 --total-bytes-sec-max 7 --config
blkdeviotune sda --total-iops-sec 100 --live
blkdeviotune sda --read-iops-sec 0 --total-iops-sec-max 0 --config
blkdeviotune sda
iothreadadd 1 --config
iothreadadd 1 --config
iothreadadd 4
iothreadadd 0 --config
iothreadadd 5 --live
iothreadset 1 --poll-max-ns 100 --config
iothreadset 9 --poll-max-ns 100 --config
iothreadset 1 --poll-max-ns 9999999999999 --config
iothreadset 1 --thread-pool-min 4 --config
iothreadset 1 --thread-pool-max 4 --config
iothreadset 1 --thread-pool-min 4 --config
iothreadset 1 --thread-pool-min 5 --config
iothreadset 1 --thread-pool-min -2 --config
iothreadset 1 --thread-pool-max 0 --config
iothreadset 1 --thread-pool-max -1 --config
iothreadset 1 --thread-pool-max -1 --thread-pool-min -1 --config
iothreadset 4 --thread-pool-min 4 --thread-pool-max 8 --config
iothreadpin 1 0 --config
iothreadpin 4 1 --config
iothreadpin 9 1 --config
iothreadinfo
iothreaddel 1 --config
iothreaddel 9 --config
iothreaddel 4 --config
perf
perf --enable cmt --config
perf --enable cpu_cycles,mbml --config
perf --disable cmt --config
perf --enable cmt --live
perf
vcpupin 0 0 --config
vcpupin 9 0 --config
vcpupin 0 0 --live
vcpupin 2 1 --config
vcpupin 1 1 --config
vcpupin 0 r --config
vcpupin 0 1
vcpupin
emulatorpin 0 --config
emulatorpin 1
emulatorpin 0 --live
emulatorpin r --config
schedinfo --set cpu_shares=2000 --config
schedinfo --set vcpu_quota=1 --config
schedinfo --set vcpu_quota=-1 --config
schedinfo --set vcpu_period=10 --config
schedinfo --set global_period=10000 --set global_quota=5000 --config
schedinfo --set emulator_quota=5000 emulator_period=20000 iothread_quota=6000 iothread_period=30000 vcpu_period=10000 --config
schedinfo --set nosuch=1 --config
schedinfo --set cpu_shares=2000 --live
schedinfo --set vcpu_period=0 --config
memtune --hard-limit 200000 --config
memtune --soft-limit 100000 --swap-hard-limit 300000 --config
memtune --hard-limit 400000 --config
memtune --hard-limit -1 --config
memtune --swap-hard-limit -1 --config
memtune --min-guarantee 5 --config
memtune --soft-limit 100 --live
memtune --soft-limit 77
memtune
blkiotune --weight 500 --config
blkiotune --device-weights /dev/null,500 --config
blkiotune --device-weights /dev/nosuch,500 --config
blkiotune --device-weights /dev/null --config
blkiotune --device-weights /dev/null,x --config
blkiotune --device-read-iops-sec /dev/null,300,/dev/zero,400 --config
blkiotune --device-read-iops-sec /dev/null,300, --config
blkiotune --device-write-iops-sec /dev/null,300 --device-read-bytes-sec /dev/null,5000 --device-write-bytes-sec /dev/null,6000 --config
blkiotune --device-read-iops-sec /dev/zero,0 --config
blkiotune --weight 500 --live
blkiotune
numatune --mode strict --nodeset 0 --config
numatune --mode 2 --nodeset 0 --config
numatune --mode preferred --config
numatune --mode 9 --config
numatune --nodeset 99 --config
numatune --nodeset x --config
numatune --nodeset 0,^0 --config
numatune --mode interleave --nodeset 0-1 --live
domiftune 52:54:00:b0:00:02 --inbound 100,200,300 --config
domiftune nosuch --inbound 100 --config
domiftune 52:54:00:b0:00:02 --inbound 100 --live
set-lifecycle-action poweroff preserve --config
set-lifecycle-action poweroff restart --config
set-lifecycle-action reboot destroy --config
set-lifecycle-action crash rename-restart --config
set-lifecycle-action crash coredump-destroy --config
set-lifecycle-action reboot coredump-destroy --config
set-lifecycle-action crash preserve --live
set-lifecycle-action crash preserve"""
BR = """domiftune 52:54:00:b0:00:03 --inbound 100,200,300 --config
domiftune 52:54:00:b0:00:03 --outbound 100 --config
domiftune 52:54:00:b0:00:03 --inbound 0 --config
domiftune 52:54:00:b0:00:03 --inbound 1,2 --outbound 0 --config
blkdeviotune vdb --group-name g0 --config
blkdeviotune vdb --total-iops-sec 20 --config
numatune --mode interleave --config
numatune --nodeset 0 --config
setvcpus 8 --maximum --config
setvcpus 2 --config"""

SCHEDULERS = ["<emulatorsched scheduler='%s'/>" % s for s in ("batch", "idle")] + [
    "<vcpusched vcpus='0' scheduler='idle'/><iothreadsched iothreads='1' scheduler='batch'/>",
    *("<emulatorsched scheduler='%s' priority='%d'/>" % x for x in (("fifo", 0), ("rr", 100), ("fifo", -3), ("fifo", 1))),
    "<vcpusched vcpus='0' scheduler='rr' priority='99'/>", "<iothreadsched iothreads='1' scheduler='fifo' priority='2'/>",
    "<vcpusched vcpus='0' scheduler='other'/>", "<vcpusched vcpus='0' scheduler='fifo'/>"]

import libvirt
last = {}


def document(box, name):
    con = box.connect()
    xml = con.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    con.close()
    return xml


with Pair("tune") as p:
    guests(p)
    p.file("br.xml", BRIDGE)
    for name, lines in ("idle", IDLE), ("br", BR):
        p.virsh("define W/%s.xml" % name)
        for line in lines.splitlines():
            command, _, rest = line.partition(" ")
            p.virsh("%s %s %s" % (command, name, rest))
            if "--config" in line or command == "setmaxmem":
                now = p.each(document, name)
                if now != last.get(name):
                    p.same("the document after %s" % line, *now)
                last[name] = now
    # Schedulers of threads: those that need no right, and those of which a host may refuse to let a guest have them.
    for words in SCHEDULERS:
        p.file("sched.xml", BARE.replace("<os>", "<iothreads>1</iothreads><cputune>%s</cputune><os>" % words))
        p.sh("$V create W/sched.xml --paused; $V dumpxml bare | grep sched; $V destroy bare", mask=[r"pid \d+"], what=words)
sys.exit(p.result())
