#!/usr/bin/python3
"""A guest with a shared folder of the host (virtiofs): what it may do in it, what serves it and how that is shut in, and its end."""
import os, signal, subprocess, sys
import libvirt_qemu
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

PROGRAM = next((p for p in ("/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd") if os.path.exists(p)), None)
if not PROGRAM:
    skip("virtiofsd is not installed")
SHARED = "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"
FOLDER = "<filesystem type='mount'><driver type='virtiofs' queue='512'/>%s<source dir='%s'/><target dir='%s'/></filesystem>"
CAPS = sum(1 << c for c in (0, 1, 3, 4, 6, 7, 27, 31))      # CHOWN, DAC_OVERRIDE, FOWNER, FSETID, SETGID, SETUID, MKNOD, SETFCAP


def folder(box, name="share"):
    path = box.dir + "/var/lib/libvirt/images/" + name
    os.makedirs(path, exist_ok=True)
    return path


def xml(name="v1", where="/var/lib/libvirt/images/share", binary=""):
    return document(name, devices=FOLDER % (binary, where, "tag"), more=SHARED)


def servers(box):
    return [p for p, c in box.processes() if "virtiofsd" in c.split(" ")[0]]


def inside(box):
    """files of the host are the guest's and the other way round, with their owners; a link out of the folder leads nowhere"""
    path = folder(box)
    open(path + "/of-the-host", "w").write("from the host\n")
    os.chown(path + "/of-the-host", 1234, 1235)
    os.symlink("/etc/hostname", path + "/link")
    dom, con = boot(box, xml(binary="<binary xattr='on'><cache mode='always'/><lock posix='off' flock='on'/></binary>"))
    con.sh("modprobe virtiofs && mount -t virtiofs tag /mnt")
    assert con.sh("cat /mnt/of-the-host").strip() == "from the host"
    assert con.sh("stat -c %u:%g /mnt/of-the-host").strip() == "1234:1235"
    con.sh("echo from the guest >/mnt/of-the-guest && chown 77:78 /mnt/of-the-guest && mkdir /mnt/d && ln -s ../.. /mnt/d/up")
    st = os.stat(path + "/of-the-guest")
    assert open(path + "/of-the-guest").read() == "from the guest\n" and (st.st_uid, st.st_gid) == (77, 78)
    assert "No such" in con.sh("cat /mnt/link 2>&1; true") and "of-the-host" in con.sh("ls /mnt")
    con.close()


def confined(box):
    """root with capabilities over files alone; a view with the folder and programs; no network; in the guest's own group and namespace of processes"""
    (pid,), (qemu,) = servers(box), box.role("guest")
    s = status(pid)
    for cap in ("CapPrm", "CapEff", "CapBnd"):
        assert int(s[cap], 16) & ~(CAPS | 1 << 18) == 0, (cap, s[cap])
    assert s["NoNewPrivs"] == "1" and s["Seccomp"] == "2", s
    for ns in ("mnt", "net", "ipc", "uts"):
        assert os.readlink("/proc/%d/ns/%s" % (pid, ns)) not in [os.readlink("/proc/%d/ns/%s" % (p, ns)) for p in (qemu, box.daemon_pid(), os.getpid())], ns
    assert os.readlink("/proc/%d/ns/pid" % pid) == os.readlink("/proc/%d/ns/pid" % qemu)
    assert sorted(os.listdir("/proc/%d/root" % pid)) == sorted(os.listdir(folder(box)))
    assert "shared" not in os.listdir("/proc/%d/root" % qemu)
    assert "helper.sock" not in os.listdir(box.dir + "/var/lib/libvirt/qemu/domain-1-v1")
    assert all("/machine/qemu-" in l for l in open("/proc/%d/cgroup" % pid) if l.startswith("0::") or ":pids:" in l)


def ends(box):
    """it outlives the daemon, its own end is told in the guest's log, and it ends with its guest"""
    log = box.dir + "/var/log/libvirt/qemu/v1.log"
    os.kill(box.daemon_pid(), signal.SIGKILL)
    wait_for("the daemon's end", lambda: not box.role("supervisor"))
    (pid,) = servers(box)
    box.start()
    con = Console(box, "v1")
    con.send("\n")
    assert "of-the-host" in con.sh("ls /mnt")
    con.close()
    dom = box.connect().lookupByName("v1")
    dom.destroy()
    wait_for("its end", lambda: not servers(box))
    assert_clean(box)
    dom.create()
    os.kill(servers(box)[0], signal.SIGKILL)
    wait_for("its obituary", lambda: "helper virtiofsd ended: killed by signal 9" in open(log).read())
    assert dom.isActive() and box.role("guest")
    dom.destroy()
    assert_clean(box)
    assert os.path.exists(box.dir + "/var/log/libvirt/qemu/v1-fs0-virtiofsd.log")


def goes(box):
    """one of two goes while the guest runs, and who serves it; the other one serves on; a later start has both; one that somebody else serves comes and goes"""
    here, there = folder(box), folder(box, "other")
    open(there + "/of-the-other", "w").close()
    second = FOLDER % ("", there, "other")
    dom, con = boot(box, xml("v3").replace("</devices>", second + "</devices>"))
    con.sh("modprobe virtiofs && mkdir -p /one /two && mount -t virtiofs tag /one && mount -t virtiofs other /two && ls /two/of-the-other && umount /two")
    (left,) = [p for p in servers(box) if "of-the-other" not in os.listdir("/proc/%d/root" % p)]
    dom.detachDevice(second)
    wait_for("its end", lambda: servers(box) == [left])
    wait_for("the document's", lambda: "'other'" not in dom.XMLDesc())
    wait_for("QEMU's", lambda: '"chr-vu-fs1"' not in libvirt_qemu.qemuMonitorCommand(dom, '{"execute":"query-chardev"}', 0))
    fails(libvirt.VIR_ERR_DEVICE_MISSING, dom.detachDevice, second)
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.attachDevice, second)
    assert "a shared folder cannot be given to a guest that runs" in str(e), e
    con.sh("ls /one/of-the-host && ! mount -t virtiofs other /two")
    path = there + ".sock"
    server = subprocess.Popen(box.inside(PROGRAM, "--socket-path=" + path, "-o", "source=" + there + ",sandbox=chroot"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("who serves", lambda: os.path.exists(path))
    os.chmod(path, 0o666)
    third = second.replace("dir='%s'" % there, "socket='%s'" % path).replace("'other'", "'third'")
    dom.attachDevice(third)
    con.until("grep -q ' /two ' /proc/mounts || mount -t virtiofs third /two")
    con.sh("ls /two/of-the-other && umount /two")
    dom.detachDevice(third)
    server.wait(60)
    wait_for("the document's", lambda: "'third'" not in dom.XMLDesc())
    con.close()
    dom.destroy()
    dom.create()
    assert len(servers(box)) == 2, servers(box)
    dom.destroy()
    assert_clean(box)


def refused(box):
    """without shared memory; a folder that is not there, or that is the daemon's, has that in it or leads there; a program that is none of the host's"""
    con = box.connect()
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.defineXML, xml("v2").replace(SHARED, ""))
    assert "'virtiofs' requires shared memory" in str(e), e
    e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, con.createXML, xml("v2", "/nowhere"))
    assert "the virtiofs export directory '/nowhere' does not exist" in str(e), e
    os.makedirs(box.dir + "/var/lib/libvirt/qemu/save", exist_ok=True)
    for name, to in (("config", "/etc/libvirt"), ("kernel", "/proc/sys"), ("saved", "/var/lib/libvirt/qemu/save")):
        os.symlink(to, folder(box, "links") + "/" + name)
    for where in ("/etc/libvirt/qemu", "/proc/self", "/", "/etc", "/var/lib", "/var/lib/libvirt", "/dev", "/var/lib/libvirt/images/links/config", "/var/lib/libvirt/images/links/kernel", "/var/lib/libvirt/images/links/saved"):
        fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.createXML, xml("v2", where))
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.createXML, xml("v2", binary="<binary path='/bin/sh'/>"))
    assert "is no virtiofsd" in str(e), e
    assert_clean(box)
    assert not servers(box)


main(inside, confined, ends, goes, refused)
