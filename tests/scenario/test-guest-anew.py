#!/usr/bin/python3
"""A daemon is told to execute itself anew, and what its keeper held was laid out by another build: its guests, their streams, and locks are kept as after a
daemon's death, its doors stay open."""
import glob, os, signal, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import locklib
from box import guest_xml, start_time
from guestlib import *

# In the keeper's place: once, when the file is there, the state that it is started with is marked as another build's.
KEEPER = """#!/usr/bin/python3
import os, sys
if os.path.exists(%(mark)r):
    change = open(%(how)r).read()
    if change != "always":
        os.unlink(%(mark)r)
    state = int(os.environ["BULKHEAD_KEEPER_STATE"])
    if change == "short":
        os.ftruncate(state, 12 + 256 + 44 + 100)
    else:
        os.pwrite(state, b"\\xff", 12 + 256)
os.execv(%(real)r, ["%(name)s"] + sys.argv[1:])
"""


def with_keeper(folder, name):
    """A folder of roles with that keeper; a function that makes its next start another build's."""
    os.makedirs(folder)
    for f in glob.glob(os.path.join(BUILD, "roles/*")):
        if os.path.basename(f) != "keeper":
            os.symlink(f, os.path.join(folder, os.path.basename(f)))
    words = {"mark": folder + "/mark", "how": folder + "/how", "real": os.path.join(BUILD, "roles/keeper"), "name": os.path.join(BUILD, name)}
    with open(folder + "/keeper", "w") as f:
        f.write(KEEPER % words)
    os.chmod(folder + "/keeper", 0o755)

    def arm(how):
        if not how:
            os.unlink(words["mark"])
            return
        open(words["how"], "w").write(how)
        open(words["mark"], "w").close()
    return arm


def hooked(box):
    """The daemon's hook script; what it was called for."""
    said = box.dir + "/var/lib/libvirt/images/said"
    path = box.dir + "/etc/libvirt/hooks/daemon"
    os.makedirs(os.path.dirname(path))
    with open(path, "w") as f:
        f.write("#!/bin/sh\necho $2 >> /var/lib/libvirt/images/said\n")
    os.chmod(path, 0o755)
    return lambda: open(said).read().split()


def guests(box, arm):
    """SIGUSR1 and SIGHUP: a guest with its console and log; the daemon's process, lock, doors and hook script, which hears of no start"""
    dom = box.connect().defineXML(guest_xml("n1"))
    dom.create()
    guest, keeper = box.role("guest"), box.daemon_pid()
    began = start_time(guest[0])
    for sig, how in (signal.SIGUSR1, "stamp"), (signal.SIGHUP, "stamp"), (signal.SIGUSR1, "short"):
        old = box.role("supervisor"), box.role("qemu"), box.role("log")
        mark = len(box.log_text())
        arm(how)
        os.kill(keeper, sig)
        wait_for("it is said", lambda: "laid out by another build" in box.log_text()[mark:])
        box.wait(1, 1)
        assert box.hooked() == ["start"], box.hooked()
        assert box.daemon_pid() == keeper and box.role("guest") == guest and start_time(guest[0]) == began
        wait_for("new ones", lambda: all(new and not set(new) & set(o) for new, o in zip((box.role("supervisor"), box.role("qemu"), box.role("log")), old)))
        Console(box, "n1").close()
        con = box.connect()
        con.lookupByName("n1").suspend()
        con.lookupByName("n1").resume()
        other = con.defineXML(guest_xml("n2"))
        other.create()
        other.destroy()
        other.undefine()
        con.close()
        assert box.run(os.path.join(BUILD, "virtqemud"), "-p", "/run/other.pid", check=False).returncode, "a second daemon runs"
    os.kill(keeper, signal.SIGUSR1)             # and as always
    box.wait(1, 1)
    # A front and a keeper of two builds do not execute one another for ever.
    arm("always")
    mark = len(box.log_text())
    os.kill(keeper, signal.SIGUSR1)
    wait_for("its end", lambda: not is_running(keeper))
    wait_for("its hook script's end", lambda: box.hooked() == ["start", "shutdown"])
    os.unlink(box.dir + "/etc/libvirt/hooks/daemon")
    assert box.log_text()[mark:].count("laid out by another build") == 1 and "not started by a daemon" in box.log_text()[mark:]
    arm("")
    box.start()
    box.wait(1, 1)
    assert box.role("guest") == guest
    box.connect().lookupByName("n1").destroy()
    assert_clean(box)
    wait_for("nothing that has ended stays unreaped", lambda: not [p for p, c in box.processes() if not c])


def locks(box, arm):
    """virtlockd behind -d: what was locked stays so"""
    image = box.dir + "/var/lib/libvirt/images/n.img"
    open(image, "w").close()
    sock = box.dir + "/run/libvirt/virtlockd-sock"
    def client():
        c = locklib.Client(sock)
        assert c.register(999991, "n") is None
        return c
    wait_for("virtlockd", lambda: os.path.exists(sock))
    c = wait_for("a connection", client)
    assert c.acquire("", "/var/lib/libvirt/images/n.img", 0) is None and locklib.is_locked(image)
    def keeper():
        return [p for p, words in box.processes() if words.split(" ")[0].endswith("/virtlockd")]
    def gone():
        assert locklib.is_locked(image)
        try:
            return not c.acquire("", "/var/lib/libvirt/images/n.img", 0)
        except Exception:
            return True
    pid = wait_for("one process", lambda: len(keeper()) == 1 and keeper())
    wait_for("its holder has it", lambda: locklib.held_by_holder(box))
    arm("stamp")
    assert not gone()
    os.kill(pid[0], signal.SIGUSR1)
    wait_for("the end of its connection", gone)
    other = wait_for("a connection", client)
    assert other.acquire("", "/var/lib/libvirt/images/n.img", 0) and locklib.is_locked(image)
    try:
        wait_for("the one process again, which may have a child that is not yet what it will be", lambda: keeper() == pid)
    except Timeout:
        print("%s was the one; there are: %s" % (pid, [(p, words[:80], box.run("cat", "/proc/%d/status" % p, check=False).stdout[:200]) for p, words in box.processes()]))
        raise
    other.close()


with Box("guest-anew", start=False) as box:
    for part, name in (guests, "virtqemud"), (locks, "virtlockd"):
        step(part.__doc__)
        folder = os.path.join(box.dir, "roles-" + name)
        arm = with_keeper(folder, name)
        command = "BULKHEAD_LIBEXECDIR=%s %s/%s" % (folder, BUILD, name)
        if part == guests:
            box.command = command
            box.hooked = hooked(box)
            box.start()
        else:
            box.say(command + " -d")
        part(box, arm)
