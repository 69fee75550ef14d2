#!/usr/bin/python3
"""Debian's virt-install, virt-xml and virt-clone: what they say, and the guests they make and change, as with libvirtd; and a guest of virt-install's boots.

Images lie below /dev: elsewhere virtinst makes a storage pool of the folder first, which takes a storage daemon."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from guestlib import INITRD, KERNEL, WORDS, Console
from needs import needed
from pair import Pair, guests

needed("virt-install", "virt-xml", "virt-clone")
C = "--connect qemu:///system"
INSTALL = "virt-install %s --virt-type qemu --osinfo detect=off,require=off --noautoconsole --memory 64 " % C
S = "/dev/shm"
PROGRESS = [r"\d+ B  [\d:]+.*", r"(?<=<domain type='qemu') id='\d+'", r"^\s*-?\d*\s+(?=\S+\s+(running|shut off))"]
# Exit status, command line.
LINES = """
0 I --name a --import --disk S/disk.qcow2,driver.type=qcow2 --network none --graphics none --print-xml
0 I --name a --import --disk S/disk.qcow2,driver.type=qcow2 --network none --graphics none
0 $V dumpxml a
1 I --name a --import --disk none
1 I --name a2 --import --disk S/disk.qcow2 --network none
0 I --name b --cdrom S/cd.iso --disk none --network none --graphics none --transient
0 $V list --all
0 $V destroy b
1 $V domstate b
0 I --name q --import --disk none --machine q35 --network user,model=virtio --graphics vnc,listen=127.0.0.1 --video qxl --rng /dev/urandom --watchdog i6300esb --panic default --memballoon none --vcpus 1,maxvcpus=2 --cpu Penryn --noreboot
0 $V dumpxml q --inactive
1 virt-xml C nosuch --edit --memory 128
1 virt-clone C -o a -n c --auto-clone
0 $V destroy a
0 virt-xml C a --edit --memory 128 --print-diff --define
0 virt-xml C a --edit --metadata title=hello --define
0 virt-xml C a --add-device --disk S/cd.iso,device=cdrom --define
0 virt-xml C a --add-device --network user,model=e1000 --define
0 virt-xml C a --edit target=hda --disk driver.cache=none --define
0 virt-xml C a --remove-device --network 1 --define
1 virt-xml C a --remove-device --disk target=vdz --define
0 virt-xml C a --build-xml --disk S/other.qcow2
0 $V dumpxml a
0 virt-xml C a --remove-device --disk target=hdb --define
0 virt-xml C a --edit --memory 96 --start
0 virt-xml C a --edit --memory 80 --define
0 virt-xml C a --add-device --disk S/other.qcow2,driver.type=qcow2,target.bus=virtio --update --define
0 virt-xml C a --add-device --rng /dev/urandom --update
1 virt-xml C a --add-device --sound ich6 --update
0 virt-xml C a --remove-device --rng 1 --update
0 virt-xml C a --remove-device --disk target=vda --define
0 $V dumpxml a
0 $V destroy a
0 virt-clone C -o a -n c --file S/clone.qcow2
0 $V dumpxml c
0 cmp S/disk.qcow2 S/clone.qcow2
0 virt-clone C -o a -n d --file S/other.qcow2 --preserve-data --mac 52:54:00:11:22:33
0 virt-clone C -o q --auto-clone
0 $V start c
0 $V list --all
"""

with Pair("virtinst") as p:
    guests(p)
    p.sh("mount -t tmpfs shm %s && cp /var/lib/libvirt/images/w/* %s/" % (S, S), status=0)
    for line in filter(None, LINES.splitlines()):
        status, command = line.split(" ", 1)
        words = [{"I": INSTALL.strip(), "C": C}.get(w, w.replace("S/", S + "/")) for w in command.split()]
        p.sh(" ".join(words), mask=PROGRESS, what=command, status=int(status))
    # What virt-install chooses when little is said: SPICE, its agent and USB channels, sound.
    boot = INSTALL + "--name k --memory 160 --import --disk none --network user --boot 'kernel=%s,initrd=%s,kernel_args=\"%s\"'" % (KERNEL, INITRD, WORDS)
    p.sh(boot, mask=PROGRESS, what="virt-install --boot kernel=", status=0)
    p.virsh("dumpxml k", mask=PROGRESS)
    console = Console(p.boxes[0], "k")
    console.send("\n")
    console.expect("GUEST-READY|# ")
    print("# the guest is up", flush=True)
    console.close()
sys.exit(p.result())
