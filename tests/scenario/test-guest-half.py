#!/usr/bin/python3
"""The daemon, all of it, is killed while a guest's QEMU is there and the guest does not run yet: nothing is left of it, and it can be started again."""
import os, re, signal, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import guest_xml, kill
from guestlib import *


def begin_start(box, name, made):
    """A client that starts it, and its QEMU, which is stopped, before it says its first word if this host is not too busy."""
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


def half_killed(box, name, made):
    """The daemon is killed while a start stands: its QEMU is stopped before it says its first word. Whether it was: on a busy host the guest may run by then."""
    client, qemu = begin_start(box, name, made)
    folder = os.path.join(box.dir, "run/libvirt/qemu")
    wait_for("the hand's note", lambda: os.path.exists("%s/%s.run" % (folder, name)))
    wait_for("the hand's end", lambda: not box.role("hand-launch"))
    for role in ("keeper", "supervisor", "qemu", "conf"):
        kill(box.role(role))            # some end by themselves when the keeper has ended
    client.join(60)
    wait_for("nothing lives of it but the guest", lambda: not box.role("keeper") and not box.role("supervisor") and not box.role("qemu"))
    with open("%s/%s.xml" % (folder, name)) as f:
        half = re.search("<domstatus state='[a-z]*' reason='([a-z ]*)'", f.read()).group(1)
    assert half in ("starting up", "booted"), half
    os.kill(qemu, signal.SIGCONT)
    box.start()
    return half == "starting up"


def killed(box, name, made):
    for turn in range(20):
        if half_killed(box, name, made):
            break
        box.connect().lookupByName(name).destroy()
    else:
        skip("this host is too busy: each guest ran before it could be stopped")
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


WAITING = {
    "setmem": lambda d: d.setMemoryFlags(1 << 14, libvirt.VIR_DOMAIN_AFFECT_LIVE),
    "suspend": lambda d: d.suspend(),
    "blockstats": lambda d: d.blockStats(""),
}


def worker(box):
    """calls that wait for a guest whose worker dies as it is started are told what becomes of it"""
    box.connect().defineXML(guest_xml("h3"))
    for turn in range(20):
        client, qemu = begin_start(box, "h3", False)
        told = {}

        def ask(name):
            try:
                WAITING[name](box.connect().lookupByName("h3"))
            except libvirt.libvirtError as e:
                told[name] = (e.get_error_code(), str(e))
        threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in WAITING]
        for t in threads:
            t.start()
        time.sleep(1)           # they are there by then, or come a little later
        half = client.is_alive()
        kill(box.role("qemu"))
        kill([qemu], signal.SIGCONT)
        for t in (client, *threads):
            t.join(60)
        dom = box.connect().lookupByName("h3")
        if half:
            wait_for("the guest's end", lambda: not dom.isActive())
            assert {n: told.get(n, (0,))[0] for n in WAITING} == {n: libvirt.VIR_ERR_OPERATION_INVALID for n in WAITING}, told
            break
        dom.destroy()
    else:
        skip("this host is too busy: each guest ran before it could be stopped")
    dom.create()
    dom.destroy()
    dom.undefine()
    assert_clean(box)


main(defined, transient, worker)
