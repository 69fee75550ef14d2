#!/usr/bin/python3
"""A guest's console: greeting and input by a stream and by `virsh console`, on pc and q35; who may have it at a time; how a guest ends."""
import os, pty, select, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *


def virsh_console(box, name, *flags):
    """(process, terminal) of a `virsh console` in a terminal."""
    master, slave = pty.openpty()
    p = subprocess.Popen(["virsh", "-c", box.uri, "console", name, *flags], stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    return p, master


def terminal_says(master, what, limit=60):
    seen = b""
    end = time.time() + limit
    while what not in seen:
        assert time.time() < end, "the terminal did not say %r but %r" % (what, seen)
        if select.select([master], [], [], 0.1)[0]:
            try:
                seen += os.read(master, 4096)
            except OSError:
                time.sleep(0.05)
    return seen


def terminal_asks(master, line, what):
    """virsh throws away what was typed before it took the terminal: typed until it is answered."""
    for _ in range(20):
        os.write(master, line)
        try:
            return terminal_says(master, what, 3)
        except AssertionError as e:
            last = e
    raise last


def streams(box):
    """pc: greeting, input, a second one refused, --force takes it over"""
    dom, console = boot(box, document("c1", devices="<console type='pty'/>"))
    assert "HELLO-FROM-GUEST" in console.text
    assert console.sh("echo $((40+2))").strip() == "42"
    tty = box.virsh("ttyconsole", "c1").stdout.strip()
    assert tty.startswith("/dev/pts/") and "tty='%s'" % tty in dom.XMLDesc(0), tty
    other = box.connect()
    s = other.newStream(0)
    fails(libvirt.VIR_ERR_OPERATION_FAILED, other.lookupByName("c1").openConsole, None, s, libvirt.VIR_DOMAIN_CONSOLE_SAFE)
    forced = Console(box, "c1", flags=libvirt.VIR_DOMAIN_CONSOLE_FORCE)
    wait_for("the first console's end", lambda: console.ended)
    assert forced.sh("echo $((50+2))").strip() == "52"
    fails(libvirt.VIR_ERR_INVALID_ARG, dom.openConsole, "nosuch", other.newStream(0), 0)
    forced.close()


def virsh(box):
    """virsh console: input and output; refused while another has it; --force"""
    p, term = virsh_console(box, "c1")
    terminal_says(term, b"Escape character")
    terminal_asks(term, b"\necho ALIVE-$((40+2))\n", b"ALIVE-42")
    second, term2 = virsh_console(box, "c1", "--safe")
    terminal_says(term2, b"Active console session exists")
    second.wait(20)
    third, term3 = virsh_console(box, "c1", "--force")
    terminal_says(term3, b"Escape character")
    p.wait(20)
    terminal_asks(term3, b"\necho ALIVE-$((40+3))\n", b"ALIVE-43")
    os.write(term3, b"\x1d")
    third.wait(20)


def acpi(box):
    """virsh shutdown: the guest hears its power button, and the event says so"""
    events = Events(box)
    console = Console(box, "c1")
    box.virsh("shutdown", "c1")
    console.expect("POWER-BUTTON", 30)
    wait_for("the console's end", lambda: console.ended, 60)
    events.wait("c1", "lifecycle", libvirt.VIR_DOMAIN_EVENT_SHUTDOWN, libvirt.VIR_DOMAIN_EVENT_SHUTDOWN_GUEST)
    events.wait("c1", "lifecycle", libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
    assert box.virsh("domstate", "--reason", "c1").stdout.strip() == "shut off (shutdown)"
    assert_clean(box)


def q35(box):
    """q35: the same"""
    dom, console = boot(box, document("c2", machine="q35"))
    assert console.sh("echo $((60+2))").strip() == "62"
    console.send("poweroff -f\n")
    wait_for("the guest is off", lambda: is_off(dom), 60)
    assert_clean(box)


main(streams, virsh, acpi, q35)
