#!/usr/bin/python3
"""Debian's libvirtd, unmodified, with our virtlogd in place of its own: each guest's log, serial ports' logs that are kept or begun anew, error texts
read back, rolling over, kills and SIGUSR1 in the middle, and a host that changes from its virtlogd to ours."""
import os, re, signal, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from guestlib import *
from box import guest_xml, kill
from logdbox import FOLDER

needed("libvirtd", "virtlogd")
LINES = 1000
PRINT = "i=0; while [ $i -lt %d ]; do i=$((i+1)); echo line-$i-of-many; done >/dev/ttyS1; echo END-OF''-LINES >/dev/ttyS1\n" % LINES


class Logged(Box):
    def host(self, name):
        return self.dir + FOLDER + name

    def file(self, name):
        with open(self.host(name), errors="replace") as f:
            return f.read()

    def logd(self):
        return [p for p, c in self.processes() if os.path.basename(c.split(" ")[0]) == "virtlogd"]

    def quiet(self):
        wait_for("the log roles' end", lambda: not self.role("log"))


def port(name, append):
    return "<serial type='file'><source path='/run/port.out'/><log file='%s%s' append='%s'/><target port='1'/></serial>" % (FOLDER, name, append)


with Logged("logd-libvirtd", peer=True, start=False) as b:
    b.command = b.ours("virtlogd") + " -d; libvirtd"
    with open(b.dir + "/etc/libvirt/virtlogd.conf", "w") as f:
        f.write("max_size = 8192\nmax_backups = 9\n")
    os.makedirs(b.dir + "/run/lock")             # of its consoles
    b.start()
    ours = b.logd()
    assert len(ours) == 1 and b.role("gateway"), "our virtlogd runs"
    c = b.connect()

    step("the log of a guest and of its serial ports")
    ports = "<serial type='pty'><target port='0'/></serial><serial type='file'><source path='/run/second.out'/><log file='%ssecond.log' append='off'/><target port='1'/></serial>" % FOLDER
    dom, console = boot(b, document("s1", serial=ports, words="8250.nr_uarts=4"))
    assert len(b.role("log")) == 3, b.role("log")           # libvirtd has the file behind a port written by it, too
    log = b.file("s1.log")
    assert "LC_ALL=C" in log and "-name guest=s1" in log, log[:300]

    step("no line is lost when processes are killed, and with SIGUSR1")
    console.send(PRINT)
    wait_for("the first line", lambda: "line-1-of" in b.file("second.log") or os.path.exists(b.host("second.log.0")))
    for k in range(4):
        for role in ("log", "supervisor"):
            kill(b.role(role))
            time.sleep(0.2)
        os.kill(ours[0], signal.SIGUSR1)
        time.sleep(0.2)
    whole = lambda: "".join(b.file("second.log.%d" % i) for i in range(8, -1, -1) if os.path.exists(b.host("second.log.%d" % i))) + b.file("second.log")
    wait_for("the last line", lambda: "END-OF-LINES" in whole(), 120)
    have = [int(x) for x in re.findall(r"line-(\d+)-of-many", whole())]
    assert have == list(range(1, LINES + 1)), "%d lines" % len(have)
    assert all(os.path.getsize(b.host(f)) <= 8192 for f in os.listdir(b.host("")) if f.startswith("second.log")), "no file is larger than it may be"
    console.close()
    dom.destroy()
    wait_for("the line of its end", lambda: "shutting down, reason=destroyed" in b.file("s1.log"))
    b.quiet()
    assert b.logd() == ours and b.file("s1.log").startswith(log), "nothing that was logged has changed"

    step("again, at once: the log goes on, and rolls over")
    for i in range(6):
        c.createXML(guest_xml("again")).destroy()
    text = "".join(b.file(f) for f in os.listdir(b.host("")) if f.startswith("again.log"))
    assert text.count("-name guest=again") == 6 and text.count("reason=destroyed") == 6, text
    assert os.path.exists(b.host("again.log.0")), os.listdir(b.host(""))

    step("a serial log that is kept, and one that is begun anew")
    for how, want in (("on", "kept\n"), ("off", "")):
        with open(b.host("tty.log"), "w") as f:
            f.write("kept\n")
        dom = c.createXML(guest_xml("port", port("tty.log", how)).replace("<serial type='pty'/>", "<serial type='pty'><target port='0'/></serial>"))
        assert ("kept\n" in b.file("tty.log")) == bool(want), how
        dom.destroy()
        b.quiet()

    step("QEMU's last words are the error's text")
    bad = guest_xml("bad").replace("<domain type='qemu'>", "<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>").replace(
        "</devices>", "</devices><qemu:commandline><qemu:arg value='-nonsense'/></qemu:commandline>")
    try:
        c.createXML(bad)
        raise AssertionError("a guest with a bad option was started")
    except libvirt.libvirtError as e:
        assert "-nonsense: invalid option" in str(e), e

    step("a link in place of a log is not followed: that guest is not started")
    os.symlink(FOLDER + "elsewhere", b.host("link.log"))
    try:
        c.createXML(guest_xml("link"))
        raise AssertionError("a guest was started with a link as its log")
    except libvirt.libvirtError as e:
        assert "Unable to open file: %slink.log" % FOLDER in str(e) and not os.path.exists(b.host("elsewhere")), e
    b.quiet()
    c.close()

with Logged("logd-upgrade", peer=True) as b:
    step("a host that changes from libvirt's virtlogd to ours")
    c = b.connect()
    old = c.createXML(guest_xml("old"))
    theirs = b.logd()
    os.kill(theirs[0], signal.SIGTERM)
    wait_for("its end", lambda: not is_running(theirs[0]))
    b.say(b.ours("virtlogd"))
    wait_for("ours", lambda: b.role("gateway"))
    new = c.createXML(guest_xml("new"))
    assert "-name guest=new" in b.file("new.log") and old.isActive() and new.isActive() and len(b.role("log")) == 1
    old.destroy()
    wait_for("the line of its end", lambda: "shutting down, reason=destroyed" in b.file("old.log"))
    new.destroy()
    c.close()
