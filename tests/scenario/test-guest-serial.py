#!/usr/bin/python3
"""Where a serial port goes: a file, a unix socket, a terminal with a log; no byte of it is lost when its log role is killed."""
import os, re, signal, socket, sys, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

LINES = 3000


def logged(box):
    """<log file=>: every numbered line once and in order, while roles are killed"""
    log = os.path.join(box.dir, "serial.log")
    out = os.path.join(box.dir, "second.out")
    sock = os.path.join(box.dir, "third.sock")
    serial = "<serial type='pty'><log file='%s' append='off'/><target port='0'/></serial><serial type='file'><source path='%s'/><target port='1'/></serial>" % (log, out)
    serial += "<serial type='unix'><source mode='bind' path='%s'/><target port='2'/></serial>" % sock
    serial += "<channel type='pty'><target type='virtio' name='org.test.0'/></channel>"
    dom, console = boot(box, document("s1", serial=serial, words="8250.nr_uarts=4"))
    qemu = box.role("guest")
    wait_for("the log begins", lambda: "HELLO-FROM-GUEST" in open(log).read(), 30)
    console.close()

    # The file and the socket.
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    client.connect(sock)
    console = Console(box, "s1")
    console.sh("stty -F /dev/ttyS2 raw -echo; echo to-the-file > /dev/ttyS1; echo to-the-socket > /dev/ttyS2")
    wait_for("the file's line", lambda: "to-the-file" in open(out).read(), 30)
    got = b""
    while b"to-the-socket" not in got:
        got += client.recv(4096)
    console.send("head -n 1 < /dev/ttyS2\n")
    time.sleep(0.5)
    client.sendall(b"from-the-socket\n")
    console.expect("from-the-socket", 30)
    # The channel, as a terminal of the host.
    tty = re.search(r"(?s)<channel type='pty'>.*?<source path='([^']*)'", dom.XMLDesc()).group(1)
    terminal = os.open(tty, os.O_RDWR | os.O_NOCTTY)
    console.sh("echo to-the-channel > /dev/virtio-ports/org.test.0")
    assert b"to-the-channel" in os.read(terminal, 4096)
    os.close(terminal)

    console.send("i=0; while [ $i -lt %d ]; do i=$((i+1)); echo line-$i-of-many; done; echo END-OF''-LINES\n" % LINES)
    console.expect("line-1-of-many", 60)        # an abort may throw away what was not sent yet
    console.close()
    lines = lambda: re.findall(r"line-(\d+)-of-many", open(log, errors="replace").read())
    for k in range(4):
        seen = len(lines())
        wait_for("the log grows", lambda: len(lines()) > seen or len(lines()) == LINES, 60)
        # Not the worker: while nobody empties the terminal, QEMU itself logs a byte anew with every try to write it there.
        for pid in box.role("log"):
            os.kill(pid, signal.SIGKILL)
        if k < 3:
            wait_for("new instances", lambda: box.role("log"), 30)
    wait_for("the end of the lines", lambda: "END-OF-LINES" in open(log, errors="replace").read(), 120)
    have = [int(n) for n in lines()]
    assert have == list(range(1, LINES + 1)), "%d lines; the first that is wrong: %s" % (len(have), next(((i + 1, n) for i, n in enumerate(have) if n != i + 1), None))
    assert box.role("guest") == qemu
    client.close()
    box.connect().lookupByName("s1").destroy()
    assert_clean(box)
    assert not os.path.exists(sock), "the socket is left"


def rolled(box):
    """<log file=> rolls over by size, over killed roles, in order and whole"""
    folder = os.path.join(box.dir, "logs")
    os.makedirs(folder)
    log = os.path.join(folder, "own.log")
    with open(os.path.join(box.dir, "etc/libvirt/virtlogd.conf"), "w") as f:
        f.write("max_size = 16384\nmax_backups = 9\n")
    box.stop_daemon()
    box.start()
    dom, console = boot(box, document("s2", serial="<serial type='pty'><log file='%s'/></serial>" % log), ready=False)
    console.expect("# ")
    console.send("i=0; while [ $i -lt %d ]; do i=$((i+1)); echo line-$i-of-many; done; echo END-OF''-LINES\n" % LINES)
    console.expect("line-1-of-many", 60)
    console.close()
    files = lambda: [f for f in [log + ".%d" % i for i in range(9, -1, -1)] + [log] if os.path.exists(f)]
    text = lambda: "".join(open(f, errors="replace").read() for f in files())
    for _ in range(3):
        n = len(files())
        wait_for("one more file", lambda: len(files()) > n or "END-OF-LINES" in text(), 60)
        for pid in box.role("log"):
            os.kill(pid, signal.SIGKILL)
    wait_for("the end of the lines", lambda: "END-OF-LINES" in text(), 120)
    have = [int(n) for n in re.findall(r"line-(\d+)-of-many", text())]
    assert have == list(range(1, LINES + 1)), (len(have), [os.path.getsize(f) for f in files()])
    assert len(files()) > 3 and all(os.path.getsize(f) <= 16384 for f in files()), [os.path.getsize(f) for f in files()]
    dom.destroy()
    assert_clean(box)


main(logged, rolled)
