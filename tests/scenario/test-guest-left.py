#!/usr/bin/python3
"""Something dies or fails while a daemon takes over the guests that run: none of them is lost by it, and nobody takes what is theirs."""
import glob, os, signal, sys, time
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
    con.defineXML(guest_xml("l2", "<channel type='unix'><source mode='bind' path='/run/l2.sock'/><target type='virtio' name='x'/></channel>")).create()
    dom = con.lookupByName("l2")
    number, guest = dom.ID(), box.role("guest")
    began, folder = start_time(guest[0]), os.path.join(box.dir, "run/libvirt/qemu")
    con.defineXML(guest_xml("l3"))
    con.close()
    status = folder + "/l2.xml"
    box.stop_daemon()
    text = open(status).read()
    open(status, "w").write("nothing")
    box.start()
    wait_for("it is said", lambda: "l2, which ran when the last daemon ended" in box.log_text())
    files = glob.glob(folder + "/%d.door" % number) + glob.glob(folder + "/l2.*") + glob.glob(box.dir + "/var/lib/libvirt/qemu/domain-%d-l2/*" % number) + [box.dir + "/run/l2.sock"]
    assert len(files) == 9, files
    there = {f: os.stat(f).st_ino for f in files}
    con = box.connect()
    other, again = con.lookupByName("l3"), con.lookupByName("l2")

    def untouched():
        assert {f: os.stat(f).st_ino for f in files if os.path.exists(f)} == there
        assert start_time(guest[0]) == began and open(status).read() == "nothing"
    # With the id and the name that it has, and then with its name.
    for turn in range(2):
        print(fails(libvirt.VIR_ERR_OPERATION_INVALID, again.create))
        untouched()
    # Another one begins with the id: of the next daemon, whose first it is.
    box.stop_daemon()
    box.start()
    con = box.connect()
    other = con.lookupByName("l3")
    print(fails(libvirt.VIR_ERR_OPERATION_FAILED, other.create))
    untouched()
    other.create()
    assert other.ID() != number
    other.destroy()
    untouched()
    other.undefine()
    con.close()
    box.stop_daemon()
    open(status, "w").write(text)
    box.start()
    dom = kept(box, "l2", guest)
    assert dom.ID() == number and start_time(guest[0]) == began
    dom.suspend()
    dom.destroy()
    assert not os.path.exists(box.dir + "/run/l2.sock")
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
