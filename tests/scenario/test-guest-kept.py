#!/usr/bin/python3
"""A daemon ends and another one begins: the guest's console, agent, screen and logs go on, by what its first process kept for them."""
import ctypes, difflib, glob, json, os, re, signal, socket, sys, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

AGENT = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
COUNT = "i=0; while :; do i=$((i+1)); echo line-$i-end >/dev/ttyS%d; done &\n"


def read(path):
    return open(path, errors="replace").read()


def again(box):
    box.stop_daemon()
    wait_for("the end of what it had", lambda: not [r for r in ("supervisor", "qemu", "log") if box.role(r)])     # a moment after its own
    box.start()


def numbers(text):
    return [int(x) for x in re.findall(r"line-(\d+)-end", text)]


def serials(box, name):
    """A terminal; a file that has a log beside it"""
    folder = os.path.join(box.dir, name)
    os.makedirs(folder)
    return folder, ("<serial type='pty'><target port='0'/></serial><serial type='file'><source path='%s/out'/><log file='%s/own.log'/><target port='1'/></serial>"
                    % (folder, folder))


def kept(box):
    """console, agent, VNC, the logs' lines in order, over three daemons; what the guest's definition and its document had"""
    folder, serial = serials(box, "k1")
    dom, console = boot(box, document("k1", serial=serial, devices=AGENT + "<graphics type='vnc' autoport='yes'/><video><model type='vga'/></video>", words="8250.nr_uarts=4"))
    guest = box.role("guest")
    console.send(COUNT % 1)
    console.expect("# ")
    console.close()
    dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "told", None, None, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    before = dom.XMLDesc()
    for turn in range(2):
        again(box)
        assert box.role("guest") == guest
        dom = box.connect().lookupByName("k1")
        console = Console(box, "k1")
        console.send("\n")
        console.expect("# ", 30)
        assert console.sh("echo turn-%d" % turn).strip().endswith("turn-%d" % turn)
        console.close()
        wait_for("the agent", lambda: json.loads(dom.connect().lookupByName("k1") and box.virsh("qemu-agent-command", "k1", '{"execute":"guest-ping"}').stdout) == {"return": {}}, 30)
        port = int(box.virsh("vncdisplay", "k1").stdout.split(":")[1]) + 5900
        hello = box.run("/usr/bin/python3", "-c", "import socket; s = socket.create_connection(('127.0.0.1', %d), 20); s.settimeout(20); print(s.recv(12))" % port, timeout=60)
        assert "RFB 003" in hello.stdout, hello
        assert len(box.role("log")) == 2, box.role("log")
        assert dom.XMLDesc() == before, "\n".join(difflib.unified_diff(before.split("\n"), dom.XMLDesc().split("\n"), lineterm=""))
        for pid in box.role("qemu") + box.role("log"):        # these go on as well as those of the first daemon
            os.kill(pid, signal.SIGKILL)
        wait_for("new ones", lambda: len(box.role("log")) == 2 and box.role("qemu"), 30)
    console = Console(box, "k1")
    console.send("kill %1\n")
    console.close()
    seen = lambda: read(os.path.join(folder, "own.log"))
    wait_for("the log has it all", lambda: numbers(seen()) == numbers(read(os.path.join(folder, "out"))), 30)
    have = numbers(seen())
    assert have == list(range(1, len(have) + 1)), "%d lines, out of order or with a gap" % len(have)
    # QEMU's own words go to its log: it ends by a signal.
    os.kill(guest[0], signal.SIGTERM)
    wait_for("the end", lambda: is_off(dom), 30)
    assert "terminating on signal 15" in read(os.path.join(box.dir, "var/log/libvirt/qemu/k1.log"))
    assert_clean(box)


def noisy(box):
    """one that prints megabytes while no daemon runs is not held up; its log goes on in the file of now, though that rolled over"""
    with open(os.path.join(box.dir, "etc/libvirt/virtlogd.conf"), "w") as f:
        f.write("max_size = 65536\nmax_backups = 3\n")
    again(box)
    folder, serial = serials(box, "k2")
    out, log = os.path.join(folder, "out"), os.path.join(folder, "own.log")
    dom, console = boot(box, document("k2", serial=serial, words="8250.nr_uarts=4"))
    console.send("yes 0123456789abcdef0123456789abcdef0123456789abcdef >/dev/ttyS1 &\n")
    wait_for("it rolled over", lambda: os.path.exists(log + ".1"), 60)
    console.close()
    box.stop_daemon()
    size = os.path.getsize(out)
    wait_for("it prints on, far more than a pipe holds", lambda: os.path.getsize(out) > size + (2 << 20), 120)
    stub = box.role("pid1")[0]
    box.start()
    now = lambda: (os.stat(log).st_ino, os.path.getsize(log))
    first = now()
    wait_for("the log grows", lambda: now() != first, 30)
    wait_for("and rolls over", lambda: os.stat(log).st_ino != first[0], 60)
    assert all(os.path.getsize(f) <= 65536 for f in (log, log + ".0", log + ".1", log + ".2"))
    assert box.role("pid1") == [stub]
    box.connect().lookupByName("k2").destroy()
    assert_clean(box)


def killed(box):
    """a log role that is killed while much is printed in small pieces: the next one finds all; pieces that fill a pipe with half of its bytes"""
    with open(os.path.join(box.dir, "etc/libvirt/virtlogd.conf"), "w") as f:
        f.write("max_size = 0\n")
    again(box)
    folder = os.path.join(box.dir, "k5")
    os.makedirs(folder)
    out, log = folder + "/out", folder + "/own.log"
    dom, console = boot(box, document("k5", devices="<channel type='file'><source path='%s'/><log file='%s'/><target type='virtio' name='x'/></channel>" % (out, log)))
    console.send("dd if=/dev/zero bs=256 count=20000 of=/dev/virtio-ports/x; echo all @''done\n")
    wait_for("the log grows", lambda: os.path.getsize(log) > 1 << 18, 60)
    roles, supervisor = box.role("log"), box.role("supervisor")[0]
    os.kill(supervisor, signal.SIGSTOP)     # there is no next instance before the pipe is full
    for pid in roles:
        os.kill(pid, signal.SIGKILL)
    end, size = time.time() + 1, os.path.getsize(out)
    while time.time() < end and os.path.getsize(out) < size + (1 << 19):        # more than it holds: some was thrown away
        time.sleep(0.01)
    os.kill(supervisor, signal.SIGCONT)
    wait_for("new ones", lambda: len(set(box.role("log")) - set(roles)) == 2, 30)
    console.expect("all @done", 120)
    assert os.path.getsize(out) == 20000 * 256
    wait_for("the log has it all", lambda: os.path.getsize(log) == os.path.getsize(out))
    console.send("dd if=/dev/zero bs=2049 of=/dev/virtio-ports/x &\n")
    wait_for("it prints again", lambda: os.path.getsize(out) > 20000 * 256, 30)
    console.close()
    box.stop_daemon()
    size = os.path.getsize(out)
    wait_for("it prints on", lambda: os.path.getsize(out) > size + (2 << 20), 60)
    box.start()
    dom = box.connect().lookupByName("k5")
    dom.destroy()
    assert_clean(box)


def believed(box):
    """a status file in which a hostile worker named other files: nothing of them is opened, renamed or removed"""
    folder, serial = serials(box, "k3")
    theirs = os.path.join(box.dir, "theirs")
    os.makedirs(theirs)
    sock = os.path.join(theirs, "sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sock)
    listener.listen(1)
    with open(os.path.join(theirs, "own.log"), "w") as f:
        f.write("theirs\n")
    serial += "<serial type='unix'><source mode='bind' path='%s/sock'/><target port='2'/></serial>" % folder
    dom, console = boot(box, document("k3", serial=serial, devices="<channel type='unix'><target type='virtio' name='org.test.0'/></channel>", words="8250.nr_uarts=4"))
    console.close()
    box.stop_daemon()
    status = os.path.join(box.dir, "run/libvirt/qemu/k3.xml")
    text = read(status)
    assert folder + "/own.log" in text and folder + "/sock" in text
    lie = lambda: open(status, "w").write(text.replace(folder, theirs))
    lie()
    box.start()
    console = Console(box, "k3")
    console.sh("echo line-1-end >/dev/ttyS1")
    wait_for("the line", lambda: numbers(read(os.path.join(folder, "own.log"))) == [1], 30)
    console.close()
    assert folder in box.connect().lookupByName("k3").XMLDesc()
    box.connect().lookupByName("k3").destroy()
    assert_clean(box)
    # One that ends before the next daemon, too.
    dom = box.connect().lookupByName("k3")
    dom.create()
    assert os.path.exists(folder + "/sock")
    box.stop_daemon()
    text = read(status)
    lie()
    os.kill(box.role("guest")[0], signal.SIGKILL)
    wait_for("its end", lambda: not box.role("guest"))
    box.start()
    wait_for("it is known to be off", lambda: is_off(box.connect().lookupByName("k3")))
    assert_clean(box)
    assert sorted(os.listdir(theirs)) == ["own.log", "sock"]
    assert read(os.path.join(theirs, "own.log")) == "theirs\n"
    listener.close()
    dom = box.connect().lookupByName("k3")
    dom.create()            # the socket that is left is no hindrance, and goes this time
    dom.destroy()
    assert not os.path.exists(folder + "/sock")


def closed(box):
    """a first process that does not answer costs its guest's streams until the next daemon and nothing else; its door and its memory are not its QEMU's"""
    folder, serial = serials(box, "k4")
    theirs = folder + "/theirs.log"
    open(theirs, "w").write("theirs\n")
    dom = box.connect().defineXML(document("k4", memory=64, serial=serial))
    dom.create()
    stub, guest = box.role("pid1")[0], box.role("guest")[0]
    uid = os.stat("/proc/%d" % guest).st_uid
    door = os.path.join(box.dir, "run/libvirt/qemu/%d.door" % dom.ID())
    assert os.stat(door).st_uid == 0 and os.stat(door).st_mode & 0o777 == 0o600
    # With QEMU's uid: the process that has it too is out of reach.
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        ok = open("/proc/self/status").read().count("Uid:\t%d" % uid)
        for path in ("mem", "environ", "fd", "maps"):
            try:
                os.listdir("/proc/%d/fd" % stub) if path == "fd" else open("/proc/%d/%s" % (stub, path), "rb+" if path == "mem" else "rb").read(1)
                ok = 0
            except PermissionError:
                pass
        PTRACE_ATTACH = 16
        if ctypes.CDLL(None).ptrace(PTRACE_ATTACH, stub, None, None) == 0:
            ok = 0
        try:
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(door)
            ok = 0
        except PermissionError:
            pass
        os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0, "a process with QEMU's uid reaches into its first process"
    # Visitors that stay, or send rubbish, keep nobody out: root's alone, but a hand may hang.
    visitors = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(3)]
    for v in visitors:
        v.connect(door)
        try:
            v.send(b"x" * 1000)
        except BrokenPipeError:         # it has answered and hung up already
            pass
    again(box)
    console = Console(box, "k4")
    console.close()
    box.stop_daemon()
    os.kill(stub, signal.SIGSTOP)
    began = time.time()
    box.start()
    dom = box.connect().lookupByName("k4")
    assert dom.isActive() and time.time() - began < 60
    assert "does not give what it holds" in box.log_text()
    os.kill(stub, signal.SIGCONT)
    fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, Console, box, "k4")
    # What the guest is told now is not in the notes that the first process has.
    dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "told", None, None, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    status = os.path.join(box.dir, "run/libvirt/qemu/k4.xml")
    wait_for("it is in the status file", lambda: "<title>told</title>" in read(status))
    again(box)
    dom = box.connect().lookupByName("k4")
    assert dom.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None, libvirt.VIR_DOMAIN_AFFECT_LIVE) == "told"
    # But its streams are theirs again.
    wait_for("its log roles", lambda: len(box.role("log")) == 2, 30)
    Console(box, "k4").close()
    # A worker that tells lies now: its guest's logs stay where they are.
    box.stop_daemon()
    text = read(status)
    assert folder + "/own.log" in text
    open(status, "w").write(text.replace(folder + "/own.log", theirs))
    box.start()
    wait_for("its log roles", lambda: len(box.role("log")) == 2, 30)
    # QEMU's side of the pipe: what is written comes by the role into the right file.
    qemu = [fd for fd in os.listdir("/proc/%d/fd" % guest) if os.readlink("/proc/%d/fd/%s" % (guest, fd)).startswith("pipe:") and int(fd) > 2]
    for fd in qemu:
        with open("/proc/%d/fd/%s" % (guest, fd), "w") as f:
            f.write("line-1-end\n" * 10000)
    wait_for("they are in its log", lambda: len(numbers(read(folder + "/own.log"))) >= 10000, 30)
    dom = box.connect().lookupByName("k4")
    assert dom.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None, libvirt.VIR_DOMAIN_AFFECT_LIVE) == "told" and box.role("log")
    dom.destroy()
    assert_clean(box)
    assert read(theirs) == "theirs\n" and not glob.glob(theirs + ".*")
    for v in visitors:
        v.close()


main(kept, noisy, killed, believed, closed)
