#!/usr/bin/python3
"""Terminals and FIFOs of the host behind serial ports, consoles and channels, forwarded addresses, ours beside libvirtd: their documents, what they carry, what comes and goes while a guest
runs, what is refused."""
import os, pty, socket, sys, tty
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


AGAIN = "<source mode='connect' path='%s'><reconnect enabled='yes' timeout='1'/></source>"
FIFO = W + "/fifo"
RUN = [line("pipe", FIFO), line("pipe", FIFO, "parallel"), line("pipe", FIFO, "console", "<target type='virtio'/>") + VIRTIO, channel("pipe", FIFO),
       line("pipe", W + "/pair"), line("pipe", W + "/pair", "parallel"), channel("pipe", W + "/pair"), line("pipe", W + "/half"),
       *["<%s%s type='unix'>%s%s</%s>" % (e, more, AGAIN % (W + "/ok.sock"), inside, e) for e, more, inside in (("serial", "", ""), ("parallel", "", ""), ("channel", "", "<target type='virtio' name='a'/>"), ("console", "", "<target type='virtio'/>"),
         ("redirdev", " bus='usb'", ""), ("smartcard", " mode='passthrough'", ""))], "<rng model='virtio'><backend model='egd' type='unix'>%s</backend></rng>" % (AGAIN % (W + "/ok.sock")),
       "<serial type='unix'>%s</serial>" % (AGAIN % (W + "/ok.sock")) + "<graphics type='vnc' port='5907' listen='127.0.0.1'/>", "<serial type='tcp'>" + AGAIN.replace("path='%s'", "host='127.0.0.1' service='4999'") + "</serial>",
       "<serial type='null'/>" + guestfwd(), guestfwd("10.0.2.2", "1") + guestfwd("10.0.2.3", "2"), "<serial type='stdio'/><parallel type='vc'/>"]
REFUSED = ["<serial type='unix'>%s</serial>" % (AGAIN % (W + "/none.sock")), "<serial type='unix'><source mode='connect' path='%s/none.sock'/></serial>" % W, "<serial type='unix'>%s</serial>" % (AGAIN % (W + "/ok.sock")).replace("connect'", "bind'"),
           "<serial type='unix'>%s</serial>" % (AGAIN % (W + "/ok.sock")).replace(" timeout='1'", ""), line("dev", "/dev/none"), line("dev", ""), line("dev", W), line("pipe", W + "/none"), guestfwd("10.0.2.1", "0"), *[guestfwd(a) for a in ("10.0.2.1:80-cmd:/bin/id ", "10.0.2.1 ", "10.0.2", "::1", "a", "")], "<channel type='null'><target type='guestfwd' port='1'/></channel>",
           "<serial type='dev'/>", "<serial type='pipe'/>"]


def terminal(b):
    """A terminal of the host in W/tty, for this box; both of its ends."""
    ends = pty.openpty()
    tty.setraw(ends[1])
    os.symlink(os.ttyname(ends[1]), b.dir + W + "/tty")
    return ends


def listen(b):
    s = socket.socket(socket.AF_UNIX)
    s.bind(b.dir + W + "/ok.sock")
    os.chmod(b.dir + W + "/ok.sock", 0o777)
    s.listen(200)
    return s


with Pair("lines") as p:
    p.sh("mkfifo W/fifo W/pair.in W/pair.out W/half.in W/half")
    servers = p.each(listen)

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
    # by a socket, from one that was started with a connection of its own
    p.sh("virsh -c qemu:///system destroy n; virsh -c qemu:///system undefine n", MASK)
    define(VIRTIO + "<serial type='unix'>%s</serial>" % (AGAIN % (W + "/ok.sock")))
    for devices in ("<channel type='unix'>%s<target type='virtio' name='a'/></channel>" % (AGAIN % (W + "/ok.sock")), "<channel type='unix'>%s<target type='virtio' name='a'/></channel>" % (AGAIN % (W + "/none.sock")),
                    "<redirdev bus='usb' type='unix'>%s</redirdev>" % (AGAIN % (W + "/ok.sock")), "<parallel type='unix'>%s</parallel>" % (AGAIN % (W + "/ok.sock")), *[line("pipe", W + "/pair", e) for e in ("serial", "parallel")]):
        p.file("d.xml", devices)
        p.virsh("attach-device n W/d.xml", MASK)
        p.virsh(SHOW, MASK)
        p.virsh("detach-device n W/d.xml", MASK)
        p.virsh(SHOW, MASK)
    p.sh("virsh -c qemu:///system destroy n; virsh -c qemu:///system undefine n", MASK)
sys.exit(p.result())
