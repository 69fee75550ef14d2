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
list --all --autostart"""

with Pair("readonly") as p:
    guests(p)
    p.virsh("define W/idle.xml")
    for line in LINES.splitlines():
        p.virsh(line, ro=True)
sys.exit(p.result())
