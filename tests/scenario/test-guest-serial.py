#!/usr/bin/python3
"""Where a serial port goes: a file, a socket of whatever kind, a terminal with a log; no byte of it is lost when its log role is killed."""
import os, re, signal, socket, struct, sys, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

LINES = 3000
PRINT = "i=0; while [ $i -lt %d ]; do i=$((i+1)); echo line-$i-of-many%s; done; echo END-OF''-LINES%s"


def in_order(text, n=LINES):
    have = [int(x) for x in re.findall(r"line-(\d+)-of-many", text)]
    assert have == list(range(1, n + 1)), "%d lines; the first that is wrong: %s" % (len(have), next(((i + 1, x) for i, x in enumerate(have) if x != i + 1), None))


def read(path):
    return open(path, errors="replace").read()


def listen(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    s.listen(1)
    s.settimeout(60)
    return s


def told(s, words):
    """What came by a socket up to these words and with them."""
    s.settimeout(60)
    got = b""
    while words not in got:
        more = s.recv(4096)
        assert more, got
        got += more
    return got


def tcp(box, dom, console):
    """a port that is listened on with telnet, and a channel that comes to the running guest connected; QEMU has neither network nor a name for them"""
    enter_network(box)
    with socket.create_connection(("127.0.0.1", 4001), 30) as client:
        console.sh("stty -F /dev/ttyS3 raw -echo; echo to-the-telnet > /dev/ttyS3")
        assert told(client, b"to-the-telnet")[0] == 0xff, "no telnet"
    with socket.create_connection(("127.0.0.1", 4001), 30) as client:       # and the next one
        console.sh("echo to-another > /dev/ttyS3")
        told(client, b"to-another")
    device = "<channel type='tcp'><source mode='connect' host='localhost' service='4002'/><protocol type='raw'/><target type='virtio' name='org.test.tcp'/></channel>"
    e = fails(libvirt.VIR_ERR_SYSTEM_ERROR, dom.attachDevice, device)
    assert "Failed to connect to '127.0.0.1:4002'" in str(e), e
    with listen(4002) as server:
        dom.attachDevice(device)
        peer, _ = server.accept()
    name = console.until("grep -l org.test.tcp /sys/class/virtio-ports/*/name")
    port = "/dev/" + re.search(r"virtio-ports/(\w+)/name", name).group(1)
    console.send("exec 5<>%s; echo to-the-peer >&5; head -n 1 <&5; exec 5>&-\n" % port)
    told(peer, b"to-the-peer")
    peer.sendall(b"from-the-peer\n")
    console.expect("from-the-peer", 30)
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.attachDevice, device.replace("service='4002'/>", "service='4002'><reconnect enabled='yes' timeout='1'/></source>").replace("test.tcp", "test.again"))
    assert "makes sockets of its own" in str(e), e
    dom.detachDevice(device)
    assert not peer.recv(1), "the connection is left"
    peer.close()
    for pid in box.role("guest"):
        assert os.readlink("/proc/%d/ns/net" % pid) != os.readlink("/proc/%d/ns/net" % box.daemon_pid()), "a guest in the host's network"


def at_file(path):
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    os.chmod(path, 0o777)
    s.listen(1)
    s.settimeout(60)
    return s


def own_sockets(box):
    """datagrams, and connections that are made again: QEMU's own, in the host's network or by a socket's file; and two FIFOs, which it opens itself"""
    enter_network(box)
    talk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    talk.bind(("127.0.0.1", 4004))
    talk.settimeout(120)
    serial = "<serial type='udp'><source mode='bind' host='localhost' service='4003'/><source mode='connect' host='localhost' service='4004'/><target port='0'/></serial>"
    serial += "<serial type='tcp'><source mode='connect' host='localhost' service='4002'><reconnect enabled='yes' timeout='1'/></source><protocol type='raw'/><target port='1'/></serial>"
    fifos, there, later = (os.path.join(box.dir, n) for n in ("fifos", "there.sock", "later.sock"))
    for end, mode in (".in", 0o600), (".out", 0o620):
        os.mkfifo(fifos + end)
        os.chmod(fifos + end, mode)
    unix = "<source mode='connect' path='%s'><reconnect enabled='yes' timeout='1'/></source>"
    serial += "<serial type='unix'>%s<target port='2'/></serial><serial type='pipe'><source path='%s'/><target port='3'/></serial><controller type='virtio-serial' index='0'/>" % (unix % there, fifos)
    with listen(4002) as server, at_file(there) as file, at_file(later) as file_later:
        dom = box.connect().defineXML(document("s4", serial=serial, words="8250.nr_uarts=4"))
        dom.create()
        got = ""
        while "GUEST-READY" not in got:
            got += talk.recv(65536).decode("latin-1")
        for text in ("first", "again"):
            peer, _ = server.accept()
            talk.sendto(("echo it-is-%s > /dev/ttyS1\n" % text).encode(), ("127.0.0.1", 4003))
            told(peer, b"it-is-" + text.encode())
            peer.close()
        say = lambda line: talk.sendto((line + "\n").encode(), ("127.0.0.1", 4003))
        dom.attachDevice("<channel type='unix'>%s<target type='virtio' name='org.test.again'/></channel>" % (unix % later))
        for server, device in (file, "/dev/ttyS2"), (file_later, "$(echo /dev/vport*)"):
            say("(while :; do echo it-is-here > %s; sleep 1; done) &" % device)
            for _ in range(2):
                peer, _ = server.accept()
                told(peer, b"it-is-here")
                peer.close()
        with open(os.open(fifos + ".out", os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as out, open(fifos + ".in", "wb", buffering=0) as to:
            got = []
            says = lambda words: wait_for(words, lambda: got.append(out.read(4096) or b"") or words.encode() in b"".join(got), 60)
            say("exec 5<>/dev/ttyS3; stty raw -echo <&5; echo to-the-fifo >&5; read x <&5; echo it-is-$x >&5")
            says("to-the-fifo")
            to.write(b"from-the-fifo\n")
            says("it-is-from-the-fifo")
    pid = box.role("guest")[0]
    assert os.readlink("/proc/%d/ns/net" % pid) == os.readlink("/proc/%d/ns/net" % box.daemon_pid())
    dom.destroy()
    talk.close()
    assert_clean(box)
    acl = [os.getxattr(fifos + end, "system.posix_acl_access") for end in (".in", ".out")]
    assert acl and not any(named for named, _, _ in struct.iter_unpack("<HHI", b"".join(a[4:] for a in acl)) if named == 2), "the guest's right to the FIFOs is left"


def unresolved(box):
    """a host by its name, and a port by a service's, are refused"""
    for words in ("host='a.name' service='4001'", "host='127.0.0.1' service='telnet'", "host='127.0.0.1' service='65536'"):
        dom = box.connect().defineXML(document("names", serial="<serial type='tcp'><source mode='bind' %s/></serial>" % words, memory=64))
        e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.create)
        assert "not supported" in str(e), e
        dom.undefine()
    assert_clean(box)


def logged(box):
    """<log file=>: every numbered line once and in order, while roles are killed"""
    log = os.path.join(box.dir, "serial.log")
    out = os.path.join(box.dir, "second.out")
    sock = os.path.join(box.dir, "third.sock")
    serial = "<serial type='pty'><log file='%s' append='off'/><target port='0'/></serial><serial type='file'><source path='%s'/><target port='1'/></serial>" % (log, out)
    whole = os.path.join(box.dir, "second.log")
    serial = serial.replace("second.out'/>", "second.out'/><log file='%s'/>" % whole)
    serial += "<serial type='unix'><source mode='bind' path='%s'/><target port='2'/></serial>" % sock
    serial += "<serial type='tcp'><source mode='bind' host='127.0.0.1' service='4001'/><protocol type='telnet'/><target port='3'/></serial>"
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
    console.send("(echo it-is-''open; head -n 1) < /dev/ttyS2\n")
    console.expect("it-is-open", 30)
    client.sendall(b"from-the-socket\n")
    console.expect("from-the-socket", 30)
    tcp(box, dom, console)
    # The channel, as a terminal of the host.
    tty = re.search(r"(?s)<channel type='pty'>.*?<source path='([^']*)'", dom.XMLDesc()).group(1)
    terminal = os.open(tty, os.O_RDWR | os.O_NOCTTY)
    console.sh("echo to-the-channel > /dev/virtio-ports/org.test.0")
    assert b"to-the-channel" in os.read(terminal, 4096)
    os.close(terminal)

    # Not by the terminal, for while one is full, QEMU itself logs a byte anew with every try to write it there.
    console.send(PRINT % (LINES, " >/dev/ttyS1", " >/dev/ttyS1") + "\n")
    wait_for("the first line", lambda: "line-1-of" in read(whole), 60)
    console.close()
    for k in range(4):
        seen = len(read(whole))
        wait_for("the log grows", lambda: len(read(whole)) > seen or "END-OF" in read(whole), 60)
        for pid in box.role("log") + box.role("qemu"):
            os.kill(pid, signal.SIGKILL)
        if k < 3:
            wait_for("new instances", lambda: box.role("log"), 30)
    wait_for("the end of the lines", lambda: "END-OF-LINES" in read(whole), 120)
    in_order(read(whole))
    in_order(read(out))
    assert box.role("guest") == qemu
    client.close()
    box.connect().lookupByName("s1").destroy()
    assert_clean(box)
    assert not os.path.exists(sock), "the socket is left"


def alone(box):
    """no worker and no daemon: nobody reads the terminal, the guest prints on, and no line of its log is lost"""
    log = os.path.join(box.dir, "alone.log")
    out = os.path.join(box.dir, "alone.out")
    serial = "<serial type='pty'><log file='%s'/><target port='0'/></serial><serial type='file'><source path='%s'/><target port='1'/></serial>" % (log, out)
    dom, console = boot(box, document("s3", serial=serial, words="8250.nr_uarts=4"), ready=False)
    console.expect("# ")
    console.send(PRINT % (3 * LINES, "", "") + "; while :; do i=$((i+1)); echo more-of-it-$i; [ $((i%1000)) != 0 ] || echo $i >/dev/ttyS1; done\n")
    console.expect("line-1-of-many", 60)
    worker = box.role("qemu")
    console.close()
    time.sleep(0.2)
    assert box.role("qemu") == worker, "a client that hung up while the guest prints has ended the worker"
    for _ in range(5):                  # then it is given up
        worker = wait_for("a worker", lambda: box.role("qemu"), 30)
        for pid in worker:
            os.kill(pid, signal.SIGKILL)
        wait_for("its end", lambda: box.role("qemu") != worker, 30)
    wait_for("the end of the lines", lambda: "END-OF-LINES" in read(log), 120)
    assert not box.role("qemu"), "a worker is there"
    once = lambda text: re.sub(r"(.)\1+", r"\1", text)         # a terminal that was full for a moment: see above
    have = re.findall(r"(?m)^line-.*$", once(read(log).replace("\r", "")))
    assert have == [once("line-%d-of-many" % i) for i in range(1, 3 * LINES + 1)], (len(have), have[:3])
    box.stop_daemon()
    told = len(read(out).split())
    wait_for("the guest prints on without a daemon", lambda: len(read(out).split()) > told + 5, 60)
    box.start()
    dom = box.connect().lookupByName("s3")
    assert dom.isActive()
    dom.destroy()
    assert_clean(box)


def rolled(box):
    """<log file=> rolls over by size, over killed roles, in order and whole"""
    folder = os.path.join(box.dir, "logs")
    os.makedirs(folder)
    log = os.path.join(folder, "own.log")
    with open(os.path.join(box.dir, "etc/libvirt/virtlogd.conf"), "w") as f:
        f.write("max_size = 16384\nmax_backups = 9\n")
    box.stop_daemon()
    box.start()
    serial = "<serial type='pty'><target port='0'/></serial><serial type='file'><source path='%s'/><log file='%s'/><target port='1'/></serial>" % (log + "-too", log)
    dom, console = boot(box, document("s2", serial=serial, words="8250.nr_uarts=4"), ready=False)
    console.expect("# ")
    console.send(PRINT % (LINES, " >/dev/ttyS1", " >/dev/ttyS1") + "\n")
    wait_for("the first line", lambda: "line-1-of" in read(log), 60)
    console.close()
    files = lambda: [f for f in [log + ".%d" % i for i in range(9, -1, -1)] + [log] if os.path.exists(f)]
    text = lambda: "".join(read(f) for f in files())
    for _ in range(3):
        n = len(files())
        wait_for("one more file", lambda: len(files()) > n or "END-OF-LINES" in text(), 60)
        for pid in box.role("log"):
            os.kill(pid, signal.SIGKILL)
    wait_for("the end of the lines", lambda: "END-OF-LINES" in text(), 120)
    in_order(text())
    assert len(files()) > 3 and all(os.path.getsize(f) <= 16384 for f in files()), [os.path.getsize(f) for f in files()]
    dom.destroy()
    assert_clean(box)


def too_many(box):
    """more logs than a guest may have are refused by that name"""
    serial = "".join("<serial type='pty'><log file='%s/s%d'/><target port='%d'/></serial>" % (box.dir, i, i) for i in range(4))
    serial += "".join("<console type='pty'><log file='%s/c%d'/><target type='virtio' port='%d'/></console>" % (box.dir, i, i + 1) for i in range(4))
    dom = box.connect().defineXML(document("many", serial=serial, memory=64))
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.create)
    assert "too many logs" in str(e), e
    dom.undefine()
    assert_clean(box)


main(logged, own_sockets, unresolved, alone, rolled, too_many)
