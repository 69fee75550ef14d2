#!/usr/bin/python3
"""A guest is destroyed while a hand opens its files, is stopped there or waits for a peer: nothing of the run is left, and it starts again at once."""
import os, signal, socket, sys, threading, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *


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
    errors = []

    def start():
        c = box.connect()
        try:
            c.lookupByName("g").create()
            errors.append("it started")
        except libvirt.libvirtError as e:
            errors.append(str(e))
        c.close()

    for stopped in (False, True, True):
        thread = threading.Thread(target=start)
        thread.start()
        hand = wait_for("a hand at work", lambda: os.path.exists(mine) and box.role("hand-open"), 30)
        if stopped:
            for pid in hand:
                os.kill(pid, signal.SIGSTOP)
        began = time.time()
        dom.destroy()
        assert time.time() - began < 3, "destroy took %.1f s" % (time.time() - began)
        thread.join(20)
        assert "destroyed" in errors.pop(), errors
        assert is_off(dom)
        assert not os.path.exists(mine), os.listdir(folder)
        assert_clean(box, 10)
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


main(given_up)
