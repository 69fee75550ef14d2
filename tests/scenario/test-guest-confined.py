#!/usr/bin/python3
"""Two running guests, looked at from outside: ids, capabilities, filters, namespaces, groups and what QEMU can reach."""
import json, os, sys, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import guest_xml
from guestlib import *

NAMESPACES = ("mnt", "pid", "net", "ipc", "uts")


def groups(pid):
    """{controller: folder} of a process."""
    out = {}
    for line in open("/proc/%d/cgroup" % pid):
        _, names, path = line.rstrip("\n").split(":", 2)
        for n in names.split(","):
            out[n] = "/sys/fs/cgroup/" + (n.replace("name=", "") or ("unified" if os.path.isdir("/sys/fs/cgroup/unified") else "")) + path
    return out


def qmp(box, name, **command):
    return json.loads(box.virsh("qemu-monitor-command", name, json.dumps(command)).stdout)


def confined(box):
    """uid of its own, no capability, no new privileges, filters, namespaces; nothing of the host to open"""
    con = box.connect()
    tune = "<memtune><hard_limit unit='MiB'>512</hard_limit></memtune><cputune><shares>300</shares><global_period>100000</global_period><global_quota>50000</global_quota></cputune>"
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.createXML, guest_xml("q0", extra="<resource><fibrechannel appid='x'/></resource>"))
    doms = [con.defineXML(guest_xml("q%d" % i, extra=tune)) for i in (1, 2)]
    for d in doms:
        d.create()
    pids = box.role("guest")
    assert len(pids) == 2, pids
    uids = set()
    for pid in pids:
        s = status(pid)
        ids = set(s["Uid"].split() + s["Gid"].split())
        assert len(ids) == 1 and "0" not in ids and s["Groups"].strip() == "", (ids, s["Groups"])
        uids |= ids
        for cap in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(s[cap], 16) == 0, cap
        assert s["NoNewPrivs"] == "1" and s["Seccomp"] == "2", s
    assert len(uids) == 2, "the guests share a uid"
    for ns in NAMESPACES:
        seen = {os.readlink("/proc/%d/ns/%s" % (p, ns)) for p in pids + [box.daemon_pid(), os.getpid()]}
        assert len(seen) >= 3 and len({os.readlink("/proc/%d/ns/%s" % (p, ns)) for p in pids + [box.daemon_pid()]}) == 3, ns
    for pid in pids:
        root = os.listdir("/proc/%d/root" % pid)
        assert "home" not in root and "root" not in root and "work" not in root, root
        assert not os.path.exists("/proc/%d/root/etc/shadow" % pid)
        for line in open("/proc/%d/mountinfo" % pid):
            point, options = line.split()[4:6]
            assert "ro" in options.split(",") or point.startswith(("/run", "/tmp", "/dev", "/proc", "/var")), line


def reach(box):
    """QMP, which a hostile QEMU would be: no file of the host, no process, no network"""
    for path in ("/etc/shadow", "/etc/passwd", "/var/lib/libvirt/images/x", "/root/x"):
        r = qmp(box, "q1", execute="blockdev-add", arguments={"driver": "file", "node-name": "x", "filename": path, "read-only": True})
        assert "No such file" in r["error"]["desc"], r
    r = qmp(box, "q1", execute="chardev-add", arguments={"id": "x", "backend": {"type": "socket", "data": {"server": False, "addr": {
        "type": "inet", "data": {"host": "127.0.0.1", "port": "22"}}}}})
    assert "error" in r, r
    # A program: QEMU is ended by its filter, and its guest with it alone.
    box.virsh("qemu-monitor-command", "q1", '{"execute":"migrate","arguments":{"uri":"exec:true"}}', check=False)
    con = box.connect()
    wait_for("q1's end", lambda: is_off(con.lookupByName("q1")))
    assert box.virsh("domstate", "--reason", "q1").stdout.strip() == "shut off (crashed)"
    assert len(box.role("guest")) == 1 and con.lookupByName("q2").isActive()


def limited(box):
    """groups: limits of the document and of ours; frozen and killed"""
    pid = box.role("guest")[0]
    g = groups(pid)
    read = lambda c, name: int(open(g[c] + "/" + name).read().split()[0])
    if "memory" in g and os.path.exists(g["memory"] + "/memory.limit_in_bytes"):
        assert read("memory", "memory.limit_in_bytes") == 512 << 20, g["memory"]
        assert read("cpu", "cpu.shares") == 300 and read("cpu", "cpu.cfs_quota_us") == 50000
        assert 0 < read("pids", "pids.max") < 10000
    else:
        print("    no groups of version 1 here")
    freeze = g[""] + "/cgroup.freeze"
    if not os.path.exists(freeze):
        print("    no groups of version 2 here")
        return
    assert "qemu" in g[""], g
    con = box.connect()
    with open(freeze, "w") as f:
        f.write("1")
    began = time.time()
    con.lookupByName("q2").destroy()
    took = time.time() - began
    assert not is_running(pid) and took < 5, took
    assert_clean(box)
    assert not os.path.exists(g[""]) and not any(os.path.exists(p) for c, p in g.items() if "qemu" in p), "a group is left"


def version2(box):
    """groups of version 2 alone: joined at birth, frozen, killed, removed; a limit that nothing here can hold is refused"""
    own = os.path.basename(box.dir)
    box.run("sh", "-c", """umount -R /sys/fs/cgroup; umount -R %s/sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup && mkdir -p /sys/fs/cgroup/%s &&
            mount --bind /sys/fs/cgroup/%s /sys/fs/cgroup""" % (box.dir, own, own))
    try:
        con = box.connect()
        dom = con.createXML(guest_xml("v2"))
        pid = box.role("guest")[0]
        path = [l.rstrip("\n")[3:] for l in open("/proc/%d/cgroup" % pid) if l.startswith("0::")][0]
        assert path.startswith("/%s/machine/qemu-" % own), path
        group = "/sys/fs/cgroup" + path[len(own) + 1:]
        box.run("sh", "-c", "echo 1 >%s/cgroup.freeze" % group)
        began = time.time()
        dom.destroy()
        took = time.time() - began
        assert not is_running(pid) and took < 5, took
        assert box.run("sh", "-c", "ls /sys/fs/cgroup/machine", check=False).stdout == "", "a group is left"
        tuned = guest_xml("v2", extra="<memtune><hard_limit unit='MiB'>512</hard_limit></memtune>")
        if "memory" in box.run("cat", "/sys/fs/cgroup/cgroup.controllers").stdout:
            con.createXML(tuned)
            assert box.run("sh", "-c", "cat /sys/fs/cgroup/machine/*/memory.max").stdout.strip() == str(512 << 20)
            con.lookupByName("v2").destroy()
        else:
            fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.createXML, tuned)
        tuned = guest_xml("v2", extra="<cputune><shares>300</shares></cputune>")
        if "cpu" not in box.run("cat", "/sys/fs/cgroup/cgroup.controllers").stdout.split():
            fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.createXML, tuned)
        assert_clean(box)
    finally:
        box.run("sh", "-c", "rmdir /sys/fs/cgroup/machine; umount /sys/fs/cgroup; rmdir /sys/fs/cgroup/" + own, check=False)


main(confined, reach, limited, version2)
