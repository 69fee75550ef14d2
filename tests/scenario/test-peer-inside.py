#!/usr/bin/python3
"""What an agent inside a guest does for virsh: file systems, accounts, keys, processors, sleep; with libvirtd's words, and the same outcome in the guest."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from guestlib import boot, document, wait_for
from pair import Pair, W

DEVICES = """<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s/d.qcow2'/><target dev='vda' bus='virtio'/></disk>""" % W
LINES = """domfsfreeze g
domfsfreeze g
domfsthaw g
domfsfreeze g --mountpoint /mnt
domfsthaw g --mountpoint /mnt
domfsthaw g
domfstrim g
domfstrim g --minimum 1000
domfstrim g --mountpoint /mnt
guestvcpus g
guestvcpus g --cpulist 1 --disable
guestvcpus g
guestvcpus g --cpulist 1 --enable
guestvcpus g --cpulist 1 --enable
guestvcpus g --cpulist 0 --disable
guestvcpus g --cpulist 0-1 --disable
guestvcpus g --cpulist 7 --disable
guestvcpus g --cpulist 1,5,9 --disable
guestvcpus g --cpulist x --disable
guestvcpus g --cpulist 9999 --disable
guestvcpus g
set-user-password g root secret
set-user-password g nosuch secret
set-user-password g root "a b:c"
set-user-sshkeys g root --file W/key
get-user-sshkeys g root
set-user-sshkeys g root --file W/key --remove
get-user-sshkeys g root
set-user-sshkeys g root --file W/key --reset
set-user-sshkeys g root --reset
get-user-sshkeys g root
get-user-sshkeys g nosuch
domhostname g --source agent
guestinfo g --os --hostname
blockresize g vda 16M
blockresize g vda 16777217B
blockresize g W/d.qcow2 20M
setvcpus g 1 --guest
guestvcpus g
setvcpus g 2 --guest
setvcpus g 3 --guest
setvcpus g 0 --guest
dompmsuspend g mem --duration 3
dompmwakeup g"""


def start(box):
    os.makedirs(box.dir + "/run/lock", exist_ok=True)       # where libvirtd notes who has a console
    dom, console = boot(box, document("g", devices=DEVICES).replace("<vcpu>1</vcpu>", "<vcpu>2</vcpu>"))
    console.sh("mkdir -p /root/.ssh; mount -t tmpfs t /mnt")
    wait_for("the agent", lambda: "state='connected'" in dom.XMLDesc(), 60)
    return console


with Pair("inside") as p:
    p.file("key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKey someone@example\n")
    p.sh("qemu-img create -q -f qcow2 W/d.qcow2 8M; chmod 666 W/d.qcow2")
    consoles = p.each(start)
    for line in LINES.splitlines():
        p.virsh(line)
    for line in "domtime g --time 1900000000", "domtime g --time -5", "domtime g --sync", "domtime g --now", "domtime g --now --sync":
        p.virsh(line)
    p.virsh("domtime g", mask=[r"Time: \d{10}$"])
    p.same("the guest sees its disk's size", *[c.sh("cat /sys/block/vda/size") for c in consoles])
    # libvirtd may answer before it knows that the guest sleeps, and may see its agent go first.
    slept = p.each(lambda b: b.virsh("dompmsuspend", "g", "mem", check=False).returncode)
    p.same("asleep at once", "%d %s" % (slept[0], p.boxes[0].virsh("domstate", "g").stdout.strip()), "0 pmsuspended")
    p.until("$V domstate g | grep pmsuspended")
    for line in "domfsfreeze g", "guestvcpus g", "dompmwakeup g", "dompmwakeup g":
        p.virsh(line)
sys.exit(p.result())
