#!/usr/bin/python3
"""A guest is destroyed while a hand opens its files, is stopped there or waits for a peer, or while one launches it: nothing of the run is left, and it
starts again at once."""
import os, signal, socket, sys, threading, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *


def starting(box, name):
    """A start in a thread of its own, and a list that gets what it ended with."""
    errors = []

    def start():
        c = box.connect()
        try:
            c.lookupByName(name).create()
            errors.append("it started")
        except libvirt.libvirtError as e:
            errors.append(str(e))
        c.close()

    thread = threading.Thread(target=start)
    thread.start()
    return thread, errors


def given_up(box):
    """destroy while hand-open waits in a path, running or stopped"""
    folder = os.path.join(box.dir, "sockets")
    os.makedirs(folder)
    os.chmod(folder, 0o777)
    mine, busy = os.path.join(folder, "mine"), os.path.join(folder, "busy")
    # A listener whose queue is full: connect() waits.
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(busy)
    os.chmod(busy, 0o777)
    listener.listen(0)
    waiting = []
    while len(waiting) < 100:
        s = socket.socket(socket.AF_UNIX)
        s.setblocking(False)
        try:
            s.connect(busy)
        except BlockingIOError:
            break
        waiting.append(s)
    serial = "<serial type='unix'><source mode='bind' path='%s'/><target port='0'/></serial><serial type='unix'><source mode='connect' path='%s'/><target port='1'/></serial>" % (mine, busy)
    channel = "<channel type='unix'><target type='virtio' name='org.test.0'/></channel>"
    xml = document("g", channel, serial=serial, memory=64)
    con = box.connect()
    dom = con.defineXML(xml)
    for stopped in (False, True, True):
        thread, errors = starting(box, "g")
        hand = wait_for("a hand at work", lambda: os.path.exists(mine) and box.role("hand-open"), 30)
        if stopped:
            for pid in hand:
                os.kill(pid, signal.SIGSTOP)
        began = time.time()
        dom.destroy()
        assert time.time() - began < 20, "destroy took %.1f s" % (time.time() - began)
        thread.join(60)
        assert "destroyed" in errors.pop(), errors
        assert is_off(dom)
        assert not os.path.exists(mine), os.listdir(folder)
        assert_clean(box)
    # The same sockets, now that somebody listens.
    for s in waiting:
        s.close()
    accepted = []
    threading.Thread(target=lambda: [accepted.append(listener.accept()[0]) for _ in range(len(waiting) + 1)], daemon=True).start()
    dom.create()
    assert os.path.exists(mine)
    dom.destroy()
    assert_clean(box)
    assert not os.path.exists(mine)


def given_up_late(box):
    """destroy while hand-launch has the call and is stopped: what it would have launched never runs"""
    dom = box.connect().defineXML(document("l", memory=64))
    keeper, caught = box.daemon_pid(), 0
    for turn in range(40):
        thread, errors = starting(box, "l")
        hand = None
        while not hand and not errors:
            hand = strike(keeper, "hand-launch", signal.SIGSTOP)
        if not hand:            # it was faster than we are
            thread.join(60)
            dom.destroy()
            continue
        worker = box.role("qemu")
        # Its worker waits for the hand when it has nothing else to do any more.
        wait_for("the worker's wait", lambda: len({(time.sleep(0.02), ticks(worker[0]))[1] for _ in range(10)}) == 1, 30)
        dom.destroy()
        thread.join(60)
        if is_running(hand):
            os.kill(hand, signal.SIGCONT)
        wait_for("the hand's end", lambda: not is_running(hand), 30)
        assert "destroyed" in errors.pop(), errors
        assert is_off(dom) and dom.ID() == -1
        assert_clean(box)
        caught += 1
        if caught == 3:
            break
    assert caught, "no hand was ever caught at work"
    dom.create()
    dom.destroy()
    assert_clean(box)


def ticks(pid):
    f = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return f[11], f[12], f[21]


main(given_up, given_up_late)
