"""displaylib.py: guests with a display in a box, and clients of their own beside it: what the tests of VNC and SPICE have in common."""
import os
from box import guest_xml, wait_for

# A client's program, which is run where the listener is, begins with this: s is connected to its first argument, and get(n) has the next n bytes.
CONNECT = r'''
import hashlib, os, socket, struct, subprocess, sys
a = sys.argv[1]
s = socket.socket(socket.AF_UNIX if a[0] == "/" else socket.AF_INET)
s.settimeout(30)
s.connect(a if a[0] == "/" else (a.split(":")[0], int(a.split(":")[1])))
def get(n):
    d = b""
    while len(d) < n:
        c = s.recv(n - len(d))
        if not c: sys.exit("closed")
        d += c
    return d
'''


def client(box, program, *argv, check=True):
    """What it says."""
    return box.run("/usr/bin/python3", "-c", CONNECT + program, *argv, check=check, timeout=60)


def start(box, name, graphics, devices="<video><model type='vga'/></video>"):
    dom = box.connect().defineXML(guest_xml(name, devices=graphics + devices))
    dom.create()
    return dom


def has_no_network(box):
    """No guest's QEMU has the host's."""
    host = os.readlink("/proc/%d/ns/net" % box.daemon_pid())
    for pid in box.role("guest"):
        assert os.readlink("/proc/%d/ns/net" % pid) != host


def outlives_worker(box, is_served):
    """The worker dies: the listener and the next client do not."""
    os.kill(box.role("qemu")[0], 9)
    wait_for("a client after the worker's death", is_served)
