#!/usr/bin/python3
"""A connection for reading: what it answers and what it refuses, with libvirtd's words."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import Pair, guests

LINES = """list --all
version
uri
hostname
nodeinfo
capabilities --xpath //host/cpu/arch
domstate idle --reason
dominfo idle
domblklist idle --details
dumpxml idle
dumpxml idle --inactive
dumpxml idle --migratable
dumpxml idle --security-info
desc idle
metadata idle urn:example:note
vcpucount idle
event --domain idle --event lifecycle --timeout 1
start idle
create W/bare.xml
define W/bare.xml
undefine idle
destroy idle
suspend idle
resume idle
shutdown idle
reboot idle
reset idle
autostart idle
managedsave idle
managedsave-remove idle
setmem idle 1024
desc idle --config x
metadata idle urn:example:a --key a --set "<a/>" --config
domxml-to-native qemu-argv W/bare.xml
qemu-monitor-command idle --hmp info status
qemu-agent-command idle {}
console idle
send-key idle KEY_A
screenshot idle
list --all --autostart
perf idle
perf idle --enable cmt --config
schedinfo idle
schedinfo idle --set cpu_shares=5 --config
memtune idle --soft-limit 77 --config
blkiotune idle --weight 500 --config
numatune idle --nodeset 0 --config
blkdeviotune idle sda
blkdeviotune idle sda --total-iops-sec 5 --config
setvcpus idle 1 --config
setvcpu idle 1 --disable --config
vcpupin idle 0 0 --config
emulatorpin idle 0 --config
iothreadadd idle 1 --config
iothreaddel idle 1 --config
iothreadset idle 1 --thread-pool-max 4 --config
set-lifecycle-action idle crash preserve --config
setmaxmem idle 1024
blockresize idle sda 32M
domfsfreeze idle
domfsthaw idle
domfstrim idle
guestvcpus idle
set-user-password idle a b
get-user-sshkeys idle root
dompmsuspend idle mem
dompmwakeup idle
domjobabort idle
domdirtyrate-calc idle
cpu-baseline W/cpu.xml
hypervisor-cpu-baseline W/cpu.xml
node-memory-tune
allocpages 4 0
domlaunchsecinfo idle"""

with Pair("readonly") as p:
    guests(p)
    p.file("cpu.xml", "<cpu><arch>x86_64</arch><model>qemu64</model></cpu>")
    p.virsh("define W/idle.xml")
    for line in LINES.splitlines():
        p.virsh(line, ro=True)
sys.exit(p.result())
