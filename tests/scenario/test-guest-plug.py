#!/usr/bin/python3
"""Devices come to a running guest and go: disks and interfaces, live, stored and both; over deaths of those who are at it, a later daemon, a managed save;
what fails leaves nothing."""
import os, re, signal, subprocess, sys, threading
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import kill
from guestlib import *

LIVE, CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG
NIC = "<interface type='bridge'><mac address='52:54:00:00:00:1%d'/><source bridge='br-test'/><model type='virtio'/></interface>"
CHANNEL = "<channel type='unix'><target type='virtio' name='org.example.%d'/></channel>"
CD = "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>%s<target dev='hdc' bus='ide'/><readonly/></disk>"
guest = {}


def image(box, name, base=None):
    """A disk of somebody's."""
    path = os.path.join(box.dir, name + ".qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path] + (["-b", base, "-F", "qcow2"] if base else ["8M"]), check=True)
    os.chown(path, 1234, 1235)
    os.chmod(path, 0o640)
    return path


def disk(path, target="vdb", more=""):
    return "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/><target dev='%s' bus='virtio'/>%s</disk>" % (path, target, more)


def dom(box):
    return box.connect().lookupByName("p1")


def has(d, what, config=False):
    return what in d.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE if config else 0)


def sees(target, there=True):
    """Whether the guest has that disk, soon."""
    guest["console"].until("[ %s -b /dev/%s ]" % ("" if there else "!", target))


def gone(d, path):
    wait_for("the end of %s" % path, lambda: not has(d, path), 30)


def free(path):
    """Nobody has a lock on it, and it is whose it was."""
    wait_for("%s is nobody's" % path, lambda: subprocess.run(["qemu-img", "info", path], capture_output=True).returncode == 0 and
             subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write 0 512", path], capture_output=True).returncode == 0)
    st = os.stat(path)
    assert (st.st_uid, st.st_gid, st.st_mode & 0o777) == (1234, 1235, 0o640), st


def settle(box, limit=60):
    box.wait(limit=limit)


def start(box):
    """a guest"""
    box.run("ip", "link", "add", "br-test", "type", "bridge")
    box.run("ip", "link", "set", "br-test", "up")
    guest["dom"], guest["console"] = boot(box, document("p1", devices="<controller type='virtio-serial' index='0'/>" + CD % ""))
    guest["links"] = box.run("ip", "-o", "link").stdout.count("\n")


def disks(box):
    """a disk with a chain, live; the same stored; both; each goes as it came"""
    d, base = dom(box), image(box, "base")
    a = image(box, "a", base)
    d.attachDevice(disk(a))
    assert has(d, a) and has(d, "<backingStore type='file'") and not has(d, a, True)
    sees("vda")
    guest["console"].sh("echo hello-disk > /dev/vda; sync")
    fails(libvirt.VIR_ERR_XML_ERROR, d.attachDevice, disk(a))
    d.detachDevice(disk(a))
    gone(d, a)
    sees("vda", False)
    free(a)
    d.attachDeviceFlags(disk(a), CONFIG)
    assert has(d, a, True) and not has(d, a)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, d.attachDeviceFlags, disk(a), LIVE | CONFIG)        # the stored one has it: nothing was done
    assert not has(d, a)
    d.detachDeviceFlags(disk(a), CONFIG)
    assert not has(d, a, True)
    d.attachDeviceFlags(disk(a), LIVE | CONFIG)
    assert has(d, a, True) and has(d, a)
    d.detachDeviceFlags(disk(a), LIVE | CONFIG)
    gone(d, a)
    assert not has(d, a, True)
    free(a)
    d.attachDeviceFlags(disk(a), libvirt.VIR_DOMAIN_AFFECT_CURRENT)
    alias = re.search(r"<alias name='(virtio-disk\d+)'", d.XMLDesc()).group(1)
    d.detachDeviceAlias(alias, LIVE)
    gone(d, a)
    free(a)


def transient(box):
    """a disk whose overlay goes with it, and the image is what it was; one that is refused leaves none; nor is one taken that was there"""
    d, path = dom(box), image(box, "passing")
    overlay, it = path + ".TRANSIENT-p1", disk(path, more="<transient/>")
    d.attachDevice(it)
    assert has(d, overlay) and os.path.exists(overlay)
    sees("vda")
    guest["console"].sh("echo goes-again > /dev/vda; sync")
    fails(libvirt.VIR_ERR_OPERATION_INVALID, d.managedSave)
    assert overlay in str(fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, d.attachDevice, disk(path, "vdc", "<transient/>"))) and os.path.exists(overlay)
    d.detachDevice(it)
    gone(d, path)
    wait_for("the overlay's end", lambda: not os.path.exists(overlay), 30)
    assert b"goes-again" not in open(path, "rb").read()
    free(path)
    open(overlay, "w").close()
    os.setxattr(overlay, "user.bulkhead.overlay", b"%d" % d.ID())       # as another host's daemon might number its guests
    assert overlay in str(fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, d.attachDevice, it))
    os.unlink(overlay)
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, d.attachDevice, it.replace("<transient/>", "<serial>%s</serial><transient/><address type='pci' bus='0' slot='1' function='7'/>" % ("s" * 19)))
    assert not os.path.exists(overlay)


def media(box):
    """media of a drive, one after the other"""
    d = dom(box)
    one, two = (os.path.join(box.dir, n + ".iso") for n in ("one", "two"))
    for path in (one, two):
        with open(path, "wb") as f:
            f.write(os.path.basename(path).ljust(16).encode())
            f.truncate(1 << 20)
    for path in (one, two):
        d.updateDeviceFlags(CD % ("<source file='%s'/>" % path), LIVE | libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE)
        assert has(d, path)
        guest["console"].until("head -c 16 /dev/sr0 | grep %s" % os.path.basename(path))
    assert not has(d, one)
    d.updateDeviceFlags(CD % "", LIVE | libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE)
    assert not has(d, two)


def refused(box):
    """what is not there, or another's, is refused, and nothing is left of it"""
    d, before = dom(box), dom(box).XMLDesc()
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, d.attachDevice, disk("/nonexistent/a"))
    bad = os.path.join(box.dir, "bad.qcow2")
    open(bad, "wb").write(b"no image" * 8192)
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, d.attachDevice, disk(bad))
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, d.attachDevice, disk("/proc/kcore"))
    listener = "<channel type='unix'><source mode='bind' path='%s/%%s/x.sock'/><target type='virtio' name='org.example.9'/></channel>" % box.dir
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, d.attachDevice, listener % "nowhere")
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, d.attachDevice, "<channel type='pty'><log file='%s/x.log'/><target type='virtio' name='org.example.9'/></channel>" % box.dir)
    assert dom(box).XMLDesc() == before
    off = box.connect().defineXML(document("p2"))
    assert "not running" in str(fails(libvirt.VIR_ERR_OPERATION_INVALID, off.attachDevice, disk(bad)))
    fails(libvirt.VIR_ERR_OPERATION_INVALID, off.attachDeviceFlags, disk(bad), LIVE)
    off.undefine()


def channel_out(d, n):
    d.detachDeviceAlias(re.search(r"org.example.%d'[^>]*/>\s*<alias name='([^']*)'" % n, d.XMLDesc()).group(1), LIVE)


def nics(box):
    """a tap on a bridge"""
    d = dom(box)
    d.attachDevice(NIC % 1)
    tap = re.search(r"<target dev='(vnet\d+)'", d.XMLDesc()).group(1)
    assert "master br-test" in box.run("ip", "link", "show", tap).stdout
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, d.attachDevice, (NIC % 2).replace("br-test", "br-none"))
    d.detachDevice(NIC % 1)
    gone(d, "52:54:00:00:00:11")
    wait_for("no tap", lambda: box.run("ip", "-o", "link").stdout.count("\n") == guest["links"])


def many(box):
    """one after the other, under the same name"""
    d, a = dom(box), image(box, "many")
    for i in range(4):
        d.attachDevice(disk(a))
        d.detachDevice(disk(a))
        gone(d, a)
    free(a)


def channels(box):
    """sockets of a guest's own: made and removed"""
    d = dom(box)
    d.attachDevice(CHANNEL % 1)
    path = re.search(r"<source mode='bind' path='([^']*org.example.1)'", d.XMLDesc()).group(1)
    box.run("test", "-S", path)
    channel_out(d, 1)
    gone(d, "org.example.1")
    wait_for("no socket", lambda: box.run("test", "-e", path, check=False).returncode)


def deaths(box):
    """supervisor, worker and hands are killed while a disk comes and goes: what the client is told is so"""
    path = image(box, "killed")
    for turn, role in enumerate(("supervisor", "qemu", "hand-open", "xmlc", "supervisor", "qemu")):
        it = disk(path, more="<transient/>" if turn % 2 == turn // 4 else "")      # each of the first two once with an overlay
        for come in (True, False):
            d = dom(box)
            stop = threading.Event()

            def strike():
                # Some moments after the call was sent.
                stop.wait(0.02 + 0.03 * turn)
                kill(box.role(role)[:1])
            t = threading.Thread(target=strike)
            t.start()
            ok = True
            try:
                (d.attachDevice if come else d.detachDevice)(it)
            except libvirt.libvirtError as e:
                ok = False
                print("    %s killed, %s: %s" % (role, "attach" if come else "detach", e))
            stop.set()
            t.join()
            settle(box)
            if come:
                wait_for("an answer that is so", lambda: has(dom(box), path) == ok, 30)
                if not ok:
                    dom(box).attachDevice(it)
            elif ok:
                gone(dom(box), path)
            else:
                # A detach whose outcome is not known: it goes now, or has gone.
                try:
                    dom(box).detachDevice(it)
                except libvirt.libvirtError as e:
                    assert e.get_error_code() in (libvirt.VIR_ERR_DEVICE_MISSING, libvirt.VIR_ERR_OPERATION_FAILED), e
                gone(dom(box), path)
            if not come:
                free(path)
                wait_for("the overlay's end", lambda: not os.path.exists(path + ".TRANSIENT-p1"), 30)


def later(box):
    """another daemon knows what the guest was given, and takes it back"""
    path = image(box, "later")
    dom(box).attachDevice(disk(path))
    dom(box).attachDevice(NIC % 3)
    dom(box).attachDevice(CHANNEL % 3)
    before = dom(box).XMLDesc().replace(" state='disconnected'", "")       # which QEMU is asked for by a new worker
    guest["console"].close()
    box.stop_daemon()
    wait_for("the end of what it had", lambda: not [r for r in ("supervisor", "qemu", "log") if box.role(r)])
    box.start()
    d = dom(box)
    assert d.XMLDesc().replace(" state='disconnected'", "") == before, (before, d.XMLDesc())
    socket = re.search(r"<source mode='bind' path='([^']*org.example.3)'", before).group(1)
    for xml, what in ((disk(path), path), (NIC % 3, "52:54:00:00:00:13"), ("", "org.example.3")):
        d.detachDevice(xml) if xml else channel_out(d, 3)
        gone(d, what)
    free(path)
    wait_for("no tap", lambda: box.run("ip", "-o", "link").stdout.count("\n") == guest["links"])
    wait_for("no socket", lambda: box.run("test", "-e", socket, check=False).returncode)
    d.attachDevice(disk(path))
    d.detachDevice(disk(path))
    gone(d, path)
    guest["console"] = Console(box, "p1")
    guest["console"].send("\n")


def saved(box):
    """a managed save has what the guest was given, and not what it gave back"""
    kept, back = image(box, "kept"), image(box, "back")
    d = dom(box)
    d.attachDevice(disk(kept))
    d.attachDevice(disk(back, "vdc"))
    d.detachDevice(disk(back, "vdc"))
    gone(d, back)
    d.managedSave()
    assert is_off(d)
    free(kept)
    d.create()
    assert has(d, kept) and not has(d, back)
    d.detachDevice(disk(kept))
    gone(d, kept)
    free(kept)


def destroyed(box):
    """a guest whose QEMU, or whose worker, answers nothing is destroyed while a device comes, or it is saved: the client hears of it, and nothing is left"""
    path = "/var/lib/libvirt/qemu/destroyed.sock"
    attach = lambda d: d.attachDevice("<channel type='unix'><source mode='bind' path='%s'/><target type='virtio' name='org.example.5'/></channel>" % path)
    there = lambda: box.run("test", "-S", path, check=False).returncode == 0
    at_work = lambda: [w for w in box.run("sh", "-c", box.command + " --worker").stdout.splitlines() if w.startswith("hand-open ") and " spare " not in w]
    guest["console"].close()
    for who, call in 4 * [("guest", attach)] + [("qemu", attach), ("qemu", lambda d: d.managedSave())]:
        said = []

        def ask():
            try:
                call(dom(box))
            except libvirt.libvirtError as e:
                said.append(e)
        stopped = box.role(who)[0]
        os.kill(stopped, signal.SIGSTOP)
        t, u = threading.Thread(target=ask, daemon=True), threading.Thread(target=lambda: dom(box).destroy(), daemon=True)
        t.start()
        if call == attach:
            wait_for("the socket", there)
        wait_for("nothing but the answer to come", lambda: not at_work())
        u.start()
        u.join(30)
        t.join(30)
        assert said and not u.is_alive() and not t.is_alive() and is_off(dom(box)), (who, said)
        assert not there() and not is_running(stopped), who
        assert not dom(box).hasManagedSaveImage()
        assert_clean(box)
        dom(box).create()


def anonymous(pid):
    """KiB of a process's memory that is no file's."""
    with open("/proc/%d/smaps_rollup" % pid) as f:
        return sum(int(line.split()[1]) for line in f if line.startswith("Anonymous:"))


def goes(d, path):
    try:
        d.detachDevice(disk(path))
    except libvirt.libvirtError:
        pass
    return not has(d, path)


def steady(box):
    """processes that come and go, and devices, leave no trace in the memory of those who stay"""
    path = image(box, "steady")
    worker, supervisor = box.role("qemu")[0], box.role("supervisor")[0]
    before = anonymous(worker), anonymous(supervisor)
    for i in range(600):
        libvirt.open(box.uri).close()
    dom(box).attachDevice(disk(path))
    wait_for("the disk's end", lambda: goes(dom(box), path), 60)        # a guest that has not looked at it yet does not let it go
    after = anonymous(worker), anonymous(supervisor)
    print("    worker and supervisor: %s KiB, then %s" % (before, after))
    assert after[0] - before[0] < 2048 and after[1] - before[1] < 100, (before, after)


def end(box):
    """a guest that ends with what it was given leaves nothing"""
    d, path = dom(box), image(box, "last")
    d.attachDevice(disk(path))
    d.attachDevice(NIC % 4)
    d.attachDevice(CHANNEL % 4)
    d.destroy()
    assert_clean(box)
    free(path)
    assert box.run("ip", "-o", "link").stdout.count("\n") == guest["links"], box.run("ip", "-o", "link").stdout
    d.create()
    assert not has(d, path)
    d.destroy()


parts = [start, disks, transient, media, refused, nics, many, channels, deaths, later, saved, destroyed, steady, end]
if len(sys.argv) > 1:
    parts = [p for p in parts if p.__name__ in ["start"] + sys.argv[1:]]
main(*parts)
