#!/usr/bin/python3
"""A guest whose network is passt: its address, ports both ways, how passt is shut in, its end; and what is refused."""
import os, signal, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

needed("/usr/bin/passt")
LOG = "/var/lib/libvirt/images/passt.log"
FORWARD = "<portForward proto='tcp' address='127.0.0.1'><range start='2022' to='22'/></portForward>"


def nic(more=FORWARD, backend="logFile='%s'" % LOG):
    return "<interface type='user'><mac address='52:54:00:00:00:01'/>%s<model type='virtio'/><backend type='passt' %s/></interface>" % (more, backend)


def helpers(box):
    return [p for p, c in box.processes() if c.startswith("/usr/bin/passt ")]


def ask_in(box, port, text):
    """What a server inside the box says to it; nothing if it hangs up, for none listens in the guest yet."""
    return box.run("busybox", "nc", "-w", "20", "127.0.0.1", str(port), input=text, check=False).stdout


def inside(box):
    """the guest gets the address that was asked for; a port of the host leads to it, and its gateway to the host"""
    for line in ("link add up0 type bridge", "addr add 192.0.2.2/24 dev up0", "link set up0 up", "route add default via 192.0.2.1"):
        box.run("ip", *line.split())
    dom, con = boot(box, document("p1", devices=nic("<source dev='up0'/><ip address='192.0.2.77' prefix='24'/><mtu size='1400'/>" + FORWARD)))
    con.sh("printf '#!/bin/sh\\n[ $1 = bound ] && echo LEASE $ip $router $mtu\\n' > /tmp/dhcp; chmod +x /tmp/dhcp; ip link set eth0 up")
    said = con.sh("udhcpc -i eth0 -n -q -O mtu -s /tmp/dhcp")
    assert "LEASE 192.0.2.77 192.0.2.1 1400" in said, said
    con.sh("ip addr add 192.0.2.77/24 dev eth0; ip route add default via 192.0.2.1; (echo of-the-guest | nc -l -p 22 >/tmp/got) & sleep 0")
    assert wait_for("the guest's port", lambda: ask_in(box, 2022, "of-the-host\n")) == "of-the-guest\n"
    con.until("grep of-the-host /tmp/got")
    box.say("busybox nc -ll -p 7777 -e /bin/echo from-loopback")
    con.until("timeout 3 nc 192.0.2.1 7777 </dev/null | grep from-loopback")
    assert "192.0.2.77" in open(box.dir + LOG).read()
    con.close()


def confined(box):
    """nobody, without a capability, a file, or another process; but with the host's network, which QEMU has not"""
    (pid,), (qemu,) = helpers(box), box.role("guest")
    s, q = status(pid), status(qemu)
    for cap in ("CapPrm", "CapEff"):
        assert int(s[cap], 16) == 0, (cap, s[cap])
    assert s["NoNewPrivs"] == "1" and s["Seccomp"] == "2", s
    assert len({s["Uid"].split()[0], q["Uid"].split()[0], "0"}) == 3, (s["Uid"], q["Uid"])
    ns = {n: [os.readlink("/proc/%d/ns/%s" % (p, n)) for p in (pid, qemu, box.daemon_pid())] for n in ("net", "mnt", "ipc", "uts", "user", "pid")}
    assert ns["net"][0] == ns["net"][2] != ns["net"][1] and ns["pid"][0] == ns["pid"][1], ns
    for n in ("mnt", "ipc", "uts", "user"):
        assert ns[n][0] not in ns[n][1:], (n, ns[n])
    assert os.listdir("/proc/%d/root" % pid) == []
    assert "passt" not in str(subprocess.check_output(["ls", "-l", "/proc/%d/fd" % qemu])), "the log is none of QEMU's"
    assert all("/machine/qemu-" in l for l in open("/proc/%d/cgroup" % pid) if l.startswith("0::") or ":pids:" in l)
    words = open("/proc/%d/cmdline" % pid).read().split("\0")
    assert words[words.index("--mac-addr"):-1] == ["--mac-addr", "52:54:00:00:00:01", "--mtu", "1400", "--interface", "up0", "--address", "192.0.2.77", "--netmask", "24",
                                                  "--tcp-ports", "127.0.0.1/2022:22"], words      # as libvirt has them


def ends(box):
    """it outlives the daemon, its own end is told in the guest's log, and it ends with its guest"""
    os.kill(box.daemon_pid(), signal.SIGKILL)
    wait_for("the daemon's end", lambda: not box.role("supervisor"))
    box.start()
    con = Console(box, "p1")
    con.send("\n")
    con.sh("(echo still-here | nc -l -p 22) & sleep 0")
    assert wait_for("the guest's port", lambda: ask_in(box, 2022, "")) == "still-here\n"
    con.close()
    dom = box.connect().lookupByName("p1")
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.attachDevice, nic("").replace("00:01", "00:02"))
    dom.destroy()
    wait_for("its end", lambda: not helpers(box))
    assert_clean(box)
    dom.create()
    os.kill(helpers(box)[0], signal.SIGKILL)
    wait_for("its obituary", lambda: "helper passt ended: killed by signal 9" in open(box.dir + "/var/log/libvirt/qemu/p1.log").read())
    assert dom.isActive() and box.role("guest")
    dom.destroy()
    assert_clean(box)


def refused(box):
    """what passt cannot do ends the start, with its status; no passt; words that would be options; a log of the daemon's"""
    con = box.connect()
    for name, more in (("no such device", "<source dev='none0'/>"), ("a port that is taken", FORWARD + FORWARD), ("a port that is none", FORWARD.replace("2022", "70022"))):
        e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, con.createXML, document("p2", devices=nic(more)))
        assert "Could not start 'passt'. exitstatus: 1; Check error log" in str(e), (name, e)
        assert_clean(box)
    for more in ("<source dev='a b'/>", "<source dev='lo --pcap'/>", "<portForward proto='tcp' address='127.0.0.1' dev='x y'/>"):
        e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.createXML, document("p2", devices=nic(more)))
        assert "the name of a device is none" in str(e), e
    many = "<portForward proto='tcp'>" + "".join("<range start='%d'/>" % p for p in range(10000, 10400)) + "</portForward>"
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.createXML, document("p2", devices=nic(many)))
    assert "more ports are forwarded" in str(e), e
    for path in ("/etc/libvirt/qemu/x", "/proc/x", "x"):
        fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.createXML, document("p2", devices=nic("", "logFile='%s'" % path)))
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.createXML, document("p2", devices=nic().replace("type='passt' logFile='%s'" % LOG, "vhost='/dev/vhost-net'")))
    assert "<portForward> is supported with <backend type='passt'/> only" in str(e), e
    open(box.dir + "/run/nothing", "w").close()
    box.run("mount", "--bind", box.dir + "/run/nothing", "/usr/bin/passt")
    e = fails(libvirt.VIR_ERR_SYSTEM_ERROR, con.createXML, document("p2", devices=nic()))
    assert "Cannot find 'passt' in path" in str(e), e
    assert_clean(box)


main(inside, confined, ends, refused)
