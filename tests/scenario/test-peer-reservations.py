#!/usr/bin/python3
"""Disks whose reservations a program of the host keeps (<reservations managed='no'>), ours beside libvirtd with a real qemu-pr-helper: that QEMU reaches it; disks that come and
go; who is not there or not for everybody; what a document lacks. No device here takes a reservation: older virtio disks of loop devices stand for LUNs."""
import os, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import wait_for
from needs import needed, skip
from pair import *

needed("qemu-pr-helper", "losetup")
OLD = "pc-i440fx-2.6"        # whose virtio disks are the older ones, and so may be LUNs
MASK = [r"\d{4}-\d\d-\d\dT[\d:.]+Z", r"qemu unexpectedly closed the monitor|process exited while connecting to monitor", (r"Failed to connect to '[^']*'", "Failed to connect to 'X'"), r"index='\d+'",
        (r"internal error: X: X qemu-system-x86_64: ", ""), (", to which only some accounts may write", "")]
ASK = "$V qemu-monitor-command n '{\"execute\":\"query-pr-managers\"}'"
SHOW = "$V dumpxml n | sed -n '/<disk/,/.disk>/p'; " + ASK + " | sed 's/,\"id\":\"libvirt-[0-9]*\"//'"


def lun(loop, reservations="<reservations managed='no'><source type='unix' path='%s/pr.sock' mode='client'/></reservations>" % W, dev="vda"):
    return "<disk type='block' device='lun'><driver name='qemu' type='raw'/><source dev='%s'>%s</source><target dev='%s' bus='virtio'/></disk>" % (loop, reservations, dev)


def serve(b):
    helper = subprocess.Popen(b.inside("qemu-pr-helper", "-k", W + "/pr.sock"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = b.dir + W + "/pr.sock"
    wait_for("qemu-pr-helper", lambda: os.path.exists(path))
    os.chmod(path, 0o666)
    return helper


loops = []
with Pair("reservations") as p:
    try:
        for n in ("a", "b"):
            image = "%s%s/%s.img" % (p.boxes[0].dir, W, n)
            subprocess.run(["truncate", "-s", "1M", image], check=True)
            r = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, text=True)
            if r.returncode:
                skip("no loop device: " + r.stderr.strip())
            loops.append(r.stdout.strip())
        a, second = loops
        p.each(serve)

        def define(devices):
            p.file("n.xml", BARE.replace("bare", "n").replace("</os>", "</os><features><acpi/></features>").replace("</devices>", devices + "</devices>").replace("'pc'", "'%s'" % OLD))
            p.virsh("define W/n.xml", MASK)
            p.virsh("start n", MASK)
            p.sh(SHOW, MASK)

        define(lun(a) + "<controller type='scsi' model='virtio-scsi'/>")
        p.file("d.xml", lun(second, dev="vdb"))
        p.virsh("attach-device n W/d.xml", MASK)
        p.sh(SHOW, MASK)
        p.virsh("detach-device n W/d.xml", MASK)
        p.virsh("reset n")          # where nobody in the guest lets go of it
        p.until("! $V domblklist n | grep -q vdb")
        p.sh(SHOW, MASK)
        p.file("d.xml", lun(second, dev="sda").replace("'virtio'", "'scsi'"))      # it is no SCSI device: all that came before goes again
        p.virsh("attach-device n W/d.xml", MASK)
        p.until("! %s | grep -q libvirt-3" % ASK)
        p.sh(SHOW, MASK)
        p.sh("$V destroy n; $V undefine n", MASK)
        for r in ("pr.sock", "none.sock"), (" mode='client'", ""), ("type='unix'", ""), ("mode='client'", "mode='server'"), ("type='unix'", "type='tcp'"), (" path='%s/pr.sock'" % W, ""), ("managed='no'", ""), ("managed='no'", "managed='maybe'"), ("'lun'", "'disk'"):
            define(lun(a).replace(*r))
            p.sh("$V destroy n; $V undefine n", MASK)
        p.each(lambda b: os.chmod(b.dir + W + "/pr.sock", 0o600))
        define(lun(a))
        p.boxes[0].run("sh", "-c", "sed \"s/managed='no'/managed='yes'/\" %s/n.xml > %s/y.xml" % (W, W))
        p.same("a program that the daemon would have to start", p.shell(p.boxes[0], "$V create W/y.xml").stderr.splitlines()[-1],
               "error: unsupported configuration: <reservations managed='yes'> is not supported")
    finally:
        for l in loops:
            subprocess.run(["losetup", "-d", l])
sys.exit(p.result())
