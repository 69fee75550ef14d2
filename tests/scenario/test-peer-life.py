#!/usr/bin/python3
"""A guest's life by virsh, its mistakes included: the same answers, and the same states in between, as libvirtd's."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import wait_for
from pair import BARE, Pair, guests

LINES = """define W/busy.xml
define W/idle.xml
define W/busy.xml
create W/bare.xml
create W/bare.xml
domstate bare --reason
domblkstat bare
screenshot bare W/bare.ppm
qemu-monitor-command bare '{"nothing":1}'
undefine bare
autostart bare
destroy bare
domstate bare
create W/bare.xml --paused
domstate bare --reason
dumpxml bare --inactive
shutdown bare
shutdown bare --mode agent
resume bare
domstate bare --reason
destroy bare --graceful
list --all
start nosuch
start busy
start busy
domstate busy --reason
suspend busy
domstate busy --reason
list --state-paused
suspend busy
resume busy
resume busy
domstate busy --reason
suspend idle
resume idle
suspend nosuch
reboot busy --mode acpi
reboot busy --mode agent
reboot busy --mode nosuch
reboot idle
reset busy
reset idle
shutdown busy --mode acpi
shutdown busy --mode agent
shutdown idle
domstate busy --reason
inject-nmi busy
inject-nmi idle
send-key busy KEY_A KEY_B
send-key idle KEY_A
start idle
domid idle
destroy idle
domstate idle --reason
domid idle
destroy idle
destroy nosuch
start idle --paused
domstate idle --reason
resume idle
domstate idle --reason
destroy idle
start idle --force-boot
destroy idle
start idle --autodestroy
domstate idle
autostart busy
autostart idle
list --all --autostart
autostart busy
autostart idle --disable
autostart busy --disable
autostart nosuch
managedsave idle --bypass-cache --running --paused
managedsave-remove idle
managedsave-remove nosuch
managedsave-dumpxml idle
managedsave-dumpxml nosuch
managedsave busy
managedsave-dumpxml busy
managedsave-dumpxml busy --security-info
managedsave busy
domstate busy --reason
list --all --managed-save
dominfo busy
start busy --paused
domstate busy --reason
resume busy
domstate busy --reason
desc idle --config --title "one title"
desc idle --config "some words"
desc idle
desc idle --title
desc busy --live only for now
desc busy
desc busy --config
desc idle --live x
dommemstat idle --period 3 --config
dommemstat busy --period 3 --live --config
metadata idle urn:example:a --key a --set "<a><b/></a>" --config
metadata idle urn:example:a
metadata idle urn:example:a --remove --config
metadata idle urn:example:a
metadata busy urn:example:a --key a --set "<a/>" --config
metadata busy urn:example:a --config
dumpxml idle
dumpxml busy --inactive
undefine busy
domstate busy
list --all --transient
list --all --persistent
destroy busy
list --all
undefine idle --nvram
undefine idle
undefine nosuch"""

PINNED = """create W/pinned.xml
vcpupin pinned
emulatorpin pinned
vcpupin pinned --live
dumpxml pinned --xpath //vcpu
schedinfo pinned"""

with Pair("life") as p:
    guests(p)
    p.file("pinned.xml", BARE.replace("bare", "pinned").replace("<vcpu>", "<vcpu cpuset='0'>").replace("<os>", "<cputune><shares>512</shares></cputune><os>"))
    for line in PINNED.splitlines():
        p.virsh(line)
    p.sh("for q in $(pgrep -x qemu-system-x86); do grep -h Cpus_allowed_list /proc/$q/task/*/status; done | sort -u", what="threads of a guest with a cpuset")
    p.virsh("destroy pinned")
    for line in LINES.splitlines():
        p.virsh(line)
        if line.endswith("--autodestroy"):      # its end begins as virsh is gone
            p.each(lambda b: wait_for("the guest is off", lambda: b.virsh("domstate", "idle").stdout.strip() == "shut off", 60))
        if line.startswith("autostart"):
            p.sh("cd /etc/libvirt/qemu; echo *.xml; ls autostart 2>/dev/null | sort")
sys.exit(p.result())
