#!/usr/bin/python3
"""Something dies or fails while a daemon takes over the guests that run: none of them is lost by it, and nobody takes what is theirs."""
import os, signal, sys, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import guest_xml, start_time
from guestlib import *


def kept(box, name, guest):
    """The guest runs, with worker, log and console."""
    dom = box.connect().lookupByName(name)
    assert dom.isActive() and box.role("guest") == guest, box.log_text()[-2000:]
    wait_for("its worker and log role", lambda: len(box.role("log")) == len(box.role("qemu")) == len(guest))
    Console(box, name).close()
    return dom


def hand_killed(box):
    """the hand that finds a guest's processes is killed: another one finds them"""
    box.connect().defineXML(guest_xml("l1")).create()
    guest, stub = box.role("guest"), box.role("pid1")[0]
    box.stop_daemon()
    os.kill(stub, signal.SIGSTOP)           # the hand waits for it
    box.start(wait=False)
    os.kill(wait_for("a hand", lambda: box.role("hand-open"))[0], signal.SIGKILL)
    wait_for("its end is known", lambda: "hand-open" in box.log_text() and "signal 9" in box.log_text())
    os.kill(stub, signal.SIGCONT)
    box.wait()
    kept(box, "l1", guest).destroy()
    assert_clean(box)


def unreadable(box):
    """one that cannot be taken over: its id is nobody else's, it is not started a second time, and the next daemon has all of it"""
    con = box.connect()
    dom = con.defineXML(guest_xml("l2"))
    dom.create()
    number, guest = dom.ID(), box.role("guest")
    began, door = start_time(guest[0]), os.path.join(box.dir, "run/libvirt/qemu/%d.door" % number)
    con.defineXML(guest_xml("l3"))
    con.close()
    status = os.path.join(box.dir, "run/libvirt/qemu/l2.xml")
    box.stop_daemon()
    os.rename(status, status + ".away")
    open(status, "w").write("nothing")
    box.start()
    wait_for("it is said", lambda: "l2, which ran when the last daemon ended" in box.log_text())
    con = box.connect()
    other, again = con.lookupByName("l3"), con.lookupByName("l2")
    for i in range(3):
        try:
            other.create()
            break
        except libvirt.libvirtError as e:       # the first id that would be its is another one's
            print(e)
    assert other.isActive() and other.ID() != number and os.path.exists(door)
    print(fails(libvirt.VIR_ERR_OPERATION_INVALID, again.create))
    other.destroy()
    assert os.path.exists(door) and os.path.exists(status[:-4] + ".run") and box.role("guest") == guest
    box.stop_daemon()
    os.rename(status + ".away", status)
    box.start()
    dom = kept(box, "l2", guest)
    assert dom.ID() == number and start_time(guest[0]) == began
    dom.destroy()
    box.connect().lookupByName("l3").undefine()
    assert_clean(box)


def conf_dead(box):
    """conf is dead, and nobody has heard it yet, when it is called: the next one is"""
    con = box.connect()
    for turn in range(3):
        dom = con.defineXML(guest_xml("l4"))
        supervisor, conf = box.role("supervisor")[0], wait_for("conf", lambda: box.role("conf"))[0]
        time.sleep(0.5)                     # whatever either has still to do is done
        os.kill(supervisor, signal.SIGSTOP)
        said = []
        call = threading.Thread(target=lambda: said.append(dom.undefine()), daemon=True)
        call.start()
        time.sleep(0.5)                     # the call is in the supervisor's queue, before conf's end
        os.kill(conf, signal.SIGKILL)
        wait_for("its end", lambda: conf not in box.role("conf"))
        os.kill(supervisor, signal.SIGCONT)
        call.join(30)
        assert said == [0], said
        assert not [d for d in con.listAllDomains() if d.name() == "l4"]


main(hand_killed, unreadable, conf_dead)
