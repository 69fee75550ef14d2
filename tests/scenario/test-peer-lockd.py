#!/usr/bin/python3
"""Debian's libvirtd, unmodified, with our virtlockd in place of its own: guests get their leases, a second guest on a leased disk is refused and told
who has it, leases go with their guest, and libvirtd does not notice that virtlockd's processes die."""
import hashlib, os, signal, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from locklib import *
from needs import needed_modules
needed_modules("libvirt")
import libvirt
from box import QEMU, is_running, kill, wait_for

SPACE = "/var/lib/libvirt/lockd/files"


def guests(b, lockspace):
    """direct: the image itself is locked; else a lease file with the hash of its path as its name"""
    conf = os.path.join(b.dir, "etc/libvirt")
    open(conf + "/qemu.conf", "a").write('lock_manager = "lockd"\nsecurity_driver = "none"\nuser = "root"\ngroup = "root"\n')
    open(conf + "/qemu-lockd.conf", "w").write('file_lockspace_dir = "%s"\n' % SPACE if lockspace else "")
    for i in range(6):
        with open(b.images + "/d%d.img" % i, "w") as f:
            f.truncate(1 << 20)
    b.start()
    c = b.connect()
    path = lambda i: IMAGES + "d%d.img" % i
    name = lambda i: hashlib.sha256(path(i).encode()).hexdigest() if lockspace else path(i)
    host = lambda i: b.dir + (SPACE + "/" if lockspace else "") + name(i)
    a = c.createXML(xml("a", disk("d0.img")))
    told = leases(b)
    assert len(told) == 1 and told[0][:3] == [SPACE if lockspace else "", name(0), "a"] and told[0][6] == "exclusive", told
    assert told[0][3] == a.UUIDString(), told
    assert is_locked(host(0))
    # A guest of another host has this disk.  (On one host QEMU's own lock comes before.)
    other = Client(b.lock_sock)
    assert other.register(999990, "elsewhere", 9) is None
    space, auto = (SPACE, AUTOCREATE) if lockspace else ("", 0)
    assert other.acquire(space, name(3), auto) is None
    refused(lambda: c.createXML(xml("b", disk("d3.img"))), libvirt.VIR_ERR_RESOURCE_BUSY, "Lockspace resource '%s' is locked: held by domain 'elsewhere' (pid 999990)" % name(3))
    assert [r[2] for r in leases(b) if r[1] == name(3)] == ["elsewhere"] and len(leases(b)) == 2
    assert other.release(space, name(3)) is None
    c.createXML(xml("b", disk("d3.img"))).destroy()
    wait_for("the end of b's lease", lambda: len(leases(b)) == 1)
    # Two that share, and one that does not.
    s1 = c.createXML(xml("s1", disk("d1.img", extra="<shareable/>")))
    s2 = c.createXML(xml("s2", disk("d1.img", extra="<shareable/>")))
    assert sorted(r[2] for r in leases(b) if r[6] == "shared") == ["s1", "s2"]
    assert other.acquire(space, name(1), auto)[0] == 87
    # Suspended, a guest has no lease, and gets none back that is another's by then.
    a.suspend()
    assert not is_locked(host(0)) if not lockspace else not os.path.exists(host(0))
    assert other.acquire(space, name(0), auto) is None
    refused(a.resume, libvirt.VIR_ERR_RESOURCE_BUSY, name(0))
    assert other.release(space, name(0)) is None
    a.resume()
    assert [r[2] for r in leases(b) if r[1] == name(0)] == ["a"]
    # virtlockd's processes die, and it is started anew in place: libvirtd notices nothing, nor does a guest.
    daemon = min(p for p, k in b.processes() if k.split(" ")[0].endswith("/virtlockd"))
    everyone = set(b.role("guest"))
    for turn, role in enumerate(("supervisor", "lock", "gateway", None)):
        old = b.role(role) if role else b.role("supervisor")
        kill(old if role else [daemon], signal.SIGKILL if role else signal.SIGUSR1)
        wait_for("the end of " + str(role), lambda: not any(is_running(p) for p in old))
        wait_for("the leases are told", lambda: len(leases(b)) == 3)
        assert is_locked(host(0)) and set(b.role("guest")) == everyone
        if role != "gateway":           # one is a client's that libvirtd just gets
            n = c.createXML(xml("n%d" % turn, disk("d2.img")))
            assert is_locked(host(2))
            n.destroy()
    # A guest's end, whatever it is, is its leases'.
    a.destroy()
    wait_for("the end of a's lease", lambda: not [r for r in leases(b) if r[2] == "a"])
    assert not os.path.exists(host(0)) if lockspace else not is_locked(host(0))
    killed = [p for p, k in b.processes() if k.startswith(QEMU) and "guest=s1," in k][0]
    os.kill(killed, signal.SIGKILL)
    wait_for("the end of s1's lease", lambda: [r[2] for r in leases(b)] == ["s2"])
    s2.destroy()
    wait_for("no lease is left", lambda: leases(b) == [])
    c.close()
    print("ok guests,", "lease files" if lockspace else "images")


for lockspace in (False, True):
    with lock_box("peer-lockd-" + ("files" if lockspace else "direct"), libvirtd=True) as b:
        guests(b, lockspace)
