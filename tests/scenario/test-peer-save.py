#!/usr/bin/python3
"""Saved states go over: what this daemon put away Debian's libvirtd restores, and the other way round."""
import os, shutil, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

needed("libvirtd", "virtlogd")
SAVE = "var/lib/libvirt/qemu/save"
DEVICES = """<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/><target dev='vda' bus='virtio'/></disk>
<interface type='user'><model type='virtio'/></interface><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng><memballoon model='virtio'/>"""


def over(one, other, name, words):
    """A guest that runs in one box is saved, and goes on in the other"""
    step("  %s: after %s" % (name, words))
    dom = one.connect().lookupByName(name)
    console = Console(one, name)
    console.sh("echo %s >> /tmp/me; dd if=/dev/zero of=/dev/vda bs=4096 count=64 conv=fsync 2>/dev/null" % words[-1])
    console.close()
    dom.managedSave()
    assert is_off(dom)
    os.makedirs(os.path.join(other.dir, SAVE), exist_ok=True)
    shutil.copy(os.path.join(one.dir, SAVE, name + ".save"), os.path.join(other.dir, SAVE))
    other.connect().defineXML(dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE))
    dom.managedSaveRemove()
    other.stop_daemon()             # it finds the files when it starts
    other.start()
    there = other.connect().lookupByName(name)
    assert there.hasManagedSaveImage()
    there.create()
    assert there.state() == [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_RESTORED], there.state()
    wait_for("the file is gone", lambda: not os.path.exists(os.path.join(other.dir, SAVE, name + ".save")))
    console = Console(other, name)
    assert console.sh("cat /tmp/me").split() == words
    console.close()


def both_ways(ours):
    """ours restored by libvirtd, libvirtd's restored by us; pc and q35"""
    with Box("guest-save-peer", peer=True) as peer:
        os.makedirs(os.path.join(peer.dir, "run/lock"), exist_ok=True)     # where it notes who has a console
        try:
            for name, one, other in (("pc", ours, peer), ("q35", peer, ours)):
                disk = os.path.join(ours.dir, name + ".qcow2")
                subprocess.check_call(["qemu-img", "create", "-q", "-f", "qcow2", disk, "16M"])
                os.chmod(disk, 0o666)
                boot(one, document(name, DEVICES % disk, machine="pc-%s-7.2" % name.replace("pc", "i440fx")))[1].close()
                over(one, other, name, ["there"])
                over(other, one, name, ["there", "and-back"])
                one.connect().lookupByName(name).destroy()
        except BaseException:
            print("--- libvirtd said:\n" + peer.log_text()[-3000:])
            for f in glob.glob(peer.dir + "/var/log/libvirt/qemu/*.log"):
                print(f, open(f).read()[-3000:])
            raise
    assert_clean(ours)


def moved(ours):
    """a host that was libvirtd's: its folder of saved states is its QEMU's user's; what it saved is restored once, and we save there"""
    command = ours.command
    with Box("guest-save-moved", peer=True) as b:
        # No kernel of the host's: libvirtd notes in a file's attributes who has it, for all boxes.
        b.connect().defineXML(document("m", memory=64).replace("<kernel>", "<!--").replace("</cmdline>", "-->")).create()
        b.connect().lookupByName("m").managedSave()
        b.stop_daemon()
        b.peer, b.command, b.word = False, command, "virtqemud"
        b.sock = os.path.join(b.dir, "run/libvirt/virtqemud-sock")
        b.uri = "qemu+unix:///system?socket=" + b.sock
        b.start()
        path = os.path.join(b.dir, SAVE, "m.save")
        dom = b.connect().lookupByName("m")
        assert dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE).startswith("<domain "), "the head of libvirtd's file is shown"
        for turn in range(2):
            assert os.path.exists(path) and dom.hasManagedSaveImage()
            dom.create()
            assert dom.state() == [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_RESTORED], dom.state()
            wait_for("the file is gone", lambda: not os.path.exists(path))
            dom.managedSave()
        dom.managedSaveRemove()
        assert not os.path.exists(path)
        assert_clean(b)


main(moved, both_ways)
