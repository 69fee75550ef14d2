#!/usr/bin/python3
"""How a guest's run goes on and ends: reboot, reset, what on_reboot and on_poweroff ask for, a QEMU that dies."""
import os, signal, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

E = libvirt


def reboot(box):
    """reboot and reset: the same QEMU and id, the guest boots again"""
    events = Events(box)
    dom, console = boot(box, document("r1"))
    qemu, number = box.role("guest"), dom.ID()
    console.send("reboot -f\n")
    console.expect("HELLO-FROM-GUEST")
    events.wait("r1", "reboot")
    dom.reset()
    console.expect("HELLO-FROM-GUEST")
    console.expect("GUEST-READY")
    console.expect("# ")
    box.virsh("reboot", "r1", "--mode", "acpi")
    console.expect("POWER-BUTTON", 30)
    console.expect("HELLO-FROM-GUEST")
    assert (box.role("guest"), dom.ID()) == (qemu, number) and dom.state()[0] == E.VIR_DOMAIN_RUNNING
    dom.destroy()
    events.wait("r1", "lifecycle", E.VIR_DOMAIN_EVENT_STOPPED, E.VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
    assert box.virsh("domstate", "--reason", "r1").stdout.strip() == "shut off (destroyed)"
    console.close()
    assert_clean(box)


def actions(box):
    """on_poweroff=restart starts a guest again, on_reboot=destroy ends it; both at once, and preserve, are refused"""
    both = document("a1", more="<on_poweroff>restart</on_poweroff><on_reboot>destroy</on_reboot>")
    fails(E.VIR_ERR_CONFIG_UNSUPPORTED, box.connect().defineXML, both)
    fails(E.VIR_ERR_CONFIG_UNSUPPORTED, box.connect().defineXML, document("a1", more="<on_poweroff>preserve</on_poweroff>"))
    events = Events(box)
    dom, console = boot(box, document("a1", more="<on_poweroff>restart</on_poweroff>", words="halt"), ready=False)
    console.expect("HELLO-FROM-GUEST")
    console.expect("HELLO-FROM-GUEST")
    events.wait("a1", "reboot")
    dom.destroy()
    console.close()
    dom, console = boot(box, document("a2", more="<on_reboot>destroy</on_reboot>", words="run=reboot+-f"), ready=False)
    wait_for("the guest is off", lambda: is_off(dom), BOOT)
    assert console.text.count("HELLO-FROM-GUEST") == 1
    events.wait("a2", "lifecycle", E.VIR_DOMAIN_EVENT_STOPPED, E.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
    assert_clean(box)


def crash(box):
    """a QEMU that is killed: stopped/failed, state crashed"""
    events = Events(box)
    dom = box.connect().lookupByName("a1")
    dom.create()
    os.kill(box.role("guest")[0], signal.SIGKILL)
    events.wait("a1", "lifecycle", E.VIR_DOMAIN_EVENT_STOPPED, E.VIR_DOMAIN_EVENT_STOPPED_FAILED)
    assert box.virsh("domstate", "--reason", "a1").stdout.strip() == "shut off (crashed)"
    assert_clean(box)
    dom.create()
    dom.destroy()
    assert_clean(box)


def lock(box):
    """a guest called driver leaves the daemons' lock, driver.pid, alone"""
    path = os.path.join(box.dir, "run/libvirt/qemu/driver.pid")
    before = os.stat(path).st_ino, open(path).read()
    dom = box.connect().defineXML(document("driver", memory=64))
    dom.create()
    assert (os.stat(path).st_ino, open(path).read()) == before
    dom.destroy()
    assert (os.stat(path).st_ino, open(path).read()) == before
    assert_clean(box)


def autodestroy(box):
    """a guest that shall end with its client does, whoever died meanwhile"""
    own = box.connect()
    own.defineXML(document("au", memory=64))
    seen = box.connect().lookupByName("au")

    def begin():
        client = box.connect()
        client.lookupByName("au").createWithFlags(E.VIR_DOMAIN_START_PAUSED | E.VIR_DOMAIN_START_AUTODESTROY)
        return client, box.role("supervisor")

    client, before = begin()
    os.kill(before[0], signal.SIGKILL)
    wait_for("a new supervisor", lambda: box.role("supervisor") not in ([], before))
    assert seen.isActive()
    client.close()
    wait_for("its end with its client", lambda: is_off(seen))
    # The client leaves while nobody can hear of it.
    client, before = begin()
    os.kill(before[0], signal.SIGSTOP)
    gateways = box.role("gateway")
    client.close()
    wait_for("the gateway's end", lambda: len(box.role("gateway")) < len(gateways))
    os.kill(before[0], signal.SIGKILL)
    wait_for("its end", lambda: is_off(seen))
    # ... and in the middle of the start
    for turn in range(3):
        virsh = subprocess.Popen(["virsh", "-q", "-c", box.uri, "start", "au", "--autodestroy"])
        wait_for("the start", lambda: box.role("qemu") or virsh.poll() is not None)
        virsh.kill()
        virsh.wait()
        wait_for("its end", lambda: is_off(seen) and not box.role("qemu"))
    assert_clean(box)


main(reboot, actions, crash, lock, autodestroy)
