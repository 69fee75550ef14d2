#!/usr/bin/python3
"""The daemon, all of it, is killed while a guest's QEMU is there and the guest does not run yet: nothing is left of it, and it can be started again."""
import os, signal, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import guest_xml
from guestlib import *


def half_started(box, name, made):
    """A start that stands: its QEMU is stopped before it says its first word. The client's thread, and QEMU's pid."""
    def start():
        try:
            box.connect().createXML(guest_xml(name)) if made else box.connect().lookupByName(name).create()
        except libvirt.libvirtError as e:
            print("the client: %s" % e)
    client = threading.Thread(target=start, daemon=True)
    client.start()
    qemu = wait_for("its QEMU", lambda: box.role("guest"))[0]
    os.kill(qemu, signal.SIGSTOP)
    return client, qemu


def killed(box, name, made):
    client, qemu = half_started(box, name, made)
    folder = os.path.join(box.dir, "run/libvirt/qemu")
    wait_for("the hand's note", lambda: os.path.exists("%s/%s.run" % (folder, name)))
    wait_for("the hand's end", lambda: not box.role("hand-launch"))
    assert box.role("guest") == [qemu], "it ran before it could be stopped"
    for role in ("keeper", "supervisor", "qemu", "conf"):
        for pid in box.role(role):
            os.kill(pid, signal.SIGKILL)
    client.join(30)
    wait_for("nothing lives of it but the guest", lambda: not box.role("keeper") and not box.role("supervisor") and not box.role("qemu"))
    os.kill(qemu, signal.SIGCONT)
    box.start()
    wait_for("no QEMU is left", lambda: not box.role("guest"))
    con = box.connect()
    left = lambda: [(d.name(), d.isActive()) for d in con.listAllDomains()]
    wait_for("the guest's end", lambda: left() == ([] if made else [(name, 0)]))
    dom = con.createXML(guest_xml(name)) if made else con.lookupByName(name)
    if not made:
        dom.create()
    assert dom.isActive() and len(box.role("guest")) == 1
    dom.destroy()
    if not made:
        dom.undefine()
    con.close()
    assert_clean(box)


def defined(box):
    """a guest that is defined"""
    box.connect().defineXML(guest_xml("h1"))
    killed(box, "h1", False)


def transient(box):
    """a transient one"""
    killed(box, "h2", True)


main(defined, transient)
