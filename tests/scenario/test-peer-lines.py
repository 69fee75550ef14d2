#!/usr/bin/python3
"""Terminals and FIFOs of the host behind serial ports, consoles and channels, forwarded addresses, ours beside libvirtd: their documents, what they carry, what comes and goes while a guest
runs, what is refused."""
import os, pty, sys, tty
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from pair import *

SHOW = "dumpxml n | sed -n '/<devices/,/.devices>/p'"
MASK = [r"\d{4}-\d\d-\d\dT[\d:.]+Z", r"qemu unexpectedly closed the monitor|process exited while connecting to monitor", (r"internal error: X: X qemu-system-x86_64: -chardev [^:]*: ", "")]
VIRTIO = "<controller type='virtio-serial' index='0'/>"


def line(kind, path, element="serial", target=""):
    return "<%s type='%s'><source path='%s'/>%s</%s>" % (element, kind, path, target, element)


def channel(kind, path, name="org.test.0"):
    return line(kind, path, "channel", "<target type='virtio' name='%s'/>" % name)


def guestfwd(address="10.0.2.1", port="4600"):
    return "<channel type='null'><target type='guestfwd' address='%s' port='%s'/></channel>" % (address, port)


FIFO = W + "/fifo"
RUN = [line("pipe", FIFO), line("pipe", FIFO, "parallel"), line("pipe", FIFO, "console", "<target type='virtio'/>") + VIRTIO, channel("pipe", FIFO),
       "<serial type='null'/>" + guestfwd(), guestfwd("10.0.2.2", "1") + guestfwd("10.0.2.3", "2"), "<serial type='stdio'/><parallel type='vc'/>"]
REFUSED = [line("dev", "/dev/none"), line("dev", W), line("pipe", W + "/none"), guestfwd("10.0.2.1", "0"), *[guestfwd(a) for a in ("10.0.2.1:80-cmd:/bin/id ", "10.0.2.1 ", "10.0.2", "::1", "a", "")], "<channel type='null'><target type='guestfwd' port='1'/></channel>",
           "<serial type='dev'/>", "<serial type='pipe'/>"]


def terminal(b):
    """A terminal of the host in W/tty, for this box; both of its ends."""
    ends = pty.openpty()
    tty.setraw(ends[1])
    os.symlink(os.ttyname(ends[1]), b.dir + W + "/tty")
    return ends


with Pair("lines") as p:
    p.sh("mkfifo W/fifo W/pair.in W/pair.out")

    def define(devices):
        p.file("n.xml", BARE.replace("bare", "n").replace("</devices>", devices + "</devices>"))
        p.virsh("define W/n.xml", MASK)
        return p.virsh("start n", MASK)

    for devices in RUN + REFUSED:
        define(devices)
        p.virsh(SHOW, MASK)
        p.sh("virsh -c qemu:///system destroy n; virsh -c qemu:///system undefine n", MASK)
    terminals = p.each(terminal)
    for devices in (line("dev", W + "/tty"), line("dev", W + "/tty", "parallel"), channel("dev", W + "/tty")):
        define(devices)
        p.virsh(SHOW, MASK)
        p.sh("virsh -c qemu:///system destroy n; virsh -c qemu:///system undefine n", MASK)
    # while it runs
    define(VIRTIO)
    for devices in (channel("dev", W + "/tty"), channel("pipe", FIFO), channel("dev", "/dev/none"), guestfwd(), *["<channel type='%s'><target type='virtio' name='a'/></channel>" % t for t in ("vc", "stdio", "null")]):
        p.file("d.xml", devices)
        p.virsh("attach-device n W/d.xml", MASK)
        p.virsh(SHOW, MASK)
        p.virsh("detach-device n W/d.xml", MASK)
        p.virsh(SHOW, MASK)
    p.sh("virsh -c qemu:///system destroy n; virsh -c qemu:///system undefine n", MASK)
sys.exit(p.result())
