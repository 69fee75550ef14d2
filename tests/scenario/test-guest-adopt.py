#!/usr/bin/python3
"""A later daemon takes running guests over: by what was noted when they were started, whatever their status files say; NAME.pid is libvirt's."""
import glob, os, re, signal, socket, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *


def state(box, name):
    return os.path.join(box.dir, "run/libvirt/qemu", name)


def inside(box, host_pid):
    """A process's pid in the box"""
    return int(re.search(r"NSpid:.*", open("/proc/%d/status" % host_pid).read()).group(0).split()[2])


def pid_of(box, name):
    """Host pid of a guest's QEMU"""
    return [p for p in box.role("guest") if "guest=%s," % name in open("/proc/%d/cmdline" % p).read()][0]


def change(path, pattern, new):
    text = open(path).read()
    assert re.search(pattern, text), text[:500]
    with open(path, "w") as f:
        f.write(re.sub(pattern, new, text, count=1))


def small(name):
    return document(name, memory=64).replace("<kernel>", "<!--").replace("</cmdline>", "-->")


def taken(box):
    """pid file; taken over; a status file that names another guest's process and id; a pid that was used again"""
    con = box.connect()
    for name in ("a", "b"):
        con.defineXML(small(name)).create()
    pids = {name: pid_of(box, name) for name in ("a", "b")}
    for name, pid in pids.items():
        assert open(state(box, name + ".pid")).read() == "%d\n" % inside(box, pid)
        assert os.stat(state(box, name + ".pid")).st_mode & 0o777 == 0o644
    ids = {name: con.lookupByName(name).ID() for name in pids}
    con.close()

    box.stop_daemon()
    assert os.path.exists(state(box, "a.pid"))
    box.start()
    con = box.connect()
    assert {name: con.lookupByName(name).ID() for name in pids} == ids
    con.lookupByName("a").suspend()
    con.lookupByName("a").resume()
    assert {name: pid_of(box, name) for name in pids} == pids
    con.close()

    # A hostile worker wrote b's pid and id into a's status file.
    box.stop_daemon()
    theirs = re.search(r"pid='(\d+)'", open(state(box, "b.xml")).read()).group(1)
    change(state(box, "a.xml"), r"pid='\d+'", "pid='%s'" % theirs)
    change(state(box, "a.xml"), r"<domain type='qemu' id='\d+'", "<domain type='qemu' id='%d'" % ids["b"])
    box.start()
    con = box.connect()
    assert {name: con.lookupByName(name).ID() for name in pids} == ids, "ids of the status files"
    con.lookupByName("a").destroy()
    wait_for("a is gone", lambda: not is_running(pids["a"]))
    assert is_running(pids["b"]) and con.lookupByName("b").isActive(), "b was killed for a"
    assert not os.path.exists(state(box, "a.pid")) and os.path.exists(state(box, "b.pid"))

    # a ends while no daemon runs, and its first process's pid is that of another guest's now.
    con.lookupByName("a").create()
    con.close()
    box.stop_daemon()
    os.kill(pid_of(box, "a"), 9)
    wait_for("a is gone", lambda: len(box.role("guest")) == 1)
    change(state(box, "a.run"), r"^\d+", theirs)
    box.start()
    con = box.connect()
    wait_for("a is known to be off", lambda: is_off(con.lookupByName("a")))
    assert is_running(pids["b"]) and con.lookupByName("b").isActive(), "b was killed for a"
    assert not os.path.exists(state(box, "a.run"))
    con.lookupByName("b").destroy()
    assert_clean(box)


def opened(box, name):
    """The console of a guest that booted before, at its prompt"""
    console = Console(box, name, flags=libvirt.VIR_DOMAIN_CONSOLE_FORCE)
    console.send("\n")
    console.expect("# ")
    return console


def devices(box, dom):
    """Devices that libvirtd's guest is given by this daemon, and those it had, change and go; under this daemon, another worker of it, and the next daemon. The guest and its console"""
    live = libvirt.VIR_DOMAIN_AFFECT_LIVE
    console = opened(box, "f")
    rng = "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
    disk = lambda name, target: DISK % ("disk", "qcow2", name, target, "virtio")
    medium = lambda source: "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>%s<target dev='hdc' bus='ide'/><readonly/></disk>" % source
    nodes = lambda: box.virsh("qemu-monitor-command", "f", '{"execute":"query-named-block-nodes","arguments":{"flat":true}}').stdout
    names = lambda: sorted(set(re.findall(r"libvirt-\d+-\w+", nodes())))

    had = names()
    dom.attachDevice(rng)
    console.until("test $(ls /sys/bus/virtio/drivers/virtio_rng | grep -c virtio) -ge 1")
    dom.attachDevice(disk("new.qcow2", "vdc"))
    console.until("grep vdc /proc/partitions")
    console.sh("echo from-guest > /dev/vdc")
    assert len(names()) == len(had) + 2, (had, names())
    fails(libvirt.VIR_ERR_XML_ERROR, dom.attachDevice, disk("new.qcow2", "vdc"))
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, dom.attachDevice, disk("absent.qcow2", "vdd"))
    dom.updateDeviceFlags(medium("<source file='/var/lib/libvirt/images/new.iso'/>"), live)
    dom.updateDeviceFlags("<interface type='ethernet'><mac address='%s'/><target dev='lent0'/><model type='virtio'/><link state='down'/></interface>" %
                          re.search("<mac address='(.*?)'", dom.XMLDesc()).group(1), live)
    console.until("grep 0 /sys/class/net/eth0/carrier")

    # What libvirtd gave it goes, with what was behind it.
    dom.detachDevice(disk("more.qcow2", "vdb"))
    console.until("! grep vdb /proc/partitions")
    wait_for("its nodes have gone", lambda: "more.qcow2" not in nodes())
    dom.detachDeviceAlias("net0")
    console.until("! test -e /sys/class/net/eth0")
    wait_for("its tap has gone", lambda: "lent0" not in box.run("cat", "/proc/net/dev").stdout)

    # (The guest calls the next disk vdb again.)  The worker's next instance, and then the next daemon, know of both, and do not mistake numbers of an earlier one for their own.
    console.close()
    os.kill(box.role("qemu")[0], signal.SIGKILL)
    dom.attachDevice(disk("late.qcow2", "vdd"))
    console = opened(box, "f")
    console.until("grep vdb /proc/partitions")
    dom.detachDevice(disk("late.qcow2", "vdd"))
    console.until("! grep vdb /proc/partitions")
    was = dom.XMLDesc()
    console.close()
    dom.connect().close()
    box.stop_daemon()
    box.start()
    dom = box.connect().lookupByName("f")
    assert dom.XMLDesc() == was
    console = opened(box, "f")
    dom.attachDevice(disk("late.qcow2", "vdd"))
    console.until("grep vdb /proc/partitions")
    dom.detachDevice(disk("new.qcow2", "vdc"))
    console.until("! grep vdc /proc/partitions")
    dom.detachDevice(disk("late.qcow2", "vdd"))
    console.until("! grep vdb /proc/partitions")
    dom.detachDevice(rng)
    console.until("test $(ls /sys/bus/virtio/drivers/virtio_rng | grep -c virtio) -eq 0")
    dom.updateDeviceFlags(medium(""), live)
    wait_for("its nodes have gone", lambda: not any(n in nodes() for n in ("new.qcow2", "late.qcow2", "new.iso", "cd.iso")))
    assert "more" not in dom.XMLDesc()
    for name in "new.qcow2", "late.qcow2":       # nobody has it open, or locked
        said = subprocess.run(["qemu-io", "-f", "qcow2", "-c", "read -v 0 16", name], cwd=os.path.join(box.dir, "var/lib/libvirt/images"), capture_output=True, text=True)
        assert said.returncode == 0 and ("from.guest" in said.stdout) == (name == "new.qcow2"), said
    return dom, console


TUNED = "<iothreads>1</iothreads><cputune><shares>512</shares><vcpupin vcpu='0' cpuset='0'/></cputune>"


def in_groups(box, file, wanted):
    """What the groups say that libvirtd made for f, where the host has such"""
    for path in glob.glob("/sys/fs/cgroup/*/%s/machine/qemu-*-f.libvirt-qemu/%s" % (os.path.basename(box.dir), file)):
        assert open(path).read().strip() == str(wanted), (path, open(path).read(), wanted)


def runs_on(box, thread, wanted):
    """Which CPUs QEMU's thread of that name may run on"""
    for task in glob.glob("/proc/%d/task/*" % pid_of(box, "f")):
        if open(task + "/comm").read().startswith(thread):
            got = os.sched_getaffinity(int(os.path.basename(task)))
            assert got == wanted, (thread, got, wanted)
            return
    raise AssertionError("no thread '%s'" % thread)


def limits(box, dom):
    """libvirtd's guest has its limits and pins changed, in the groups that libvirtd made; what fails changes nothing"""
    live, every = libvirt.VIR_DOMAIN_AFFECT_LIVE, os.sched_getaffinity(0)
    bits = lambda cpus: tuple(i in cpus for i in range(max(every) + 1))
    in_groups(box, "cpu.shares", 512)
    runs_on(box, "CPU 0", {0})
    for cpus in ({max(every)}, every, {0}, {max(every)}):
        dom.pinVcpuFlags(0, bits(cpus), live)
        runs_on(box, "CPU 0", cpus)
        dom.pinEmulator(bits(cpus), live)
        runs_on(box, "qemu-", cpus)
        dom.pinIOThread(1, bits(cpus), live)
        runs_on(box, "IO iothread1", cpus)
    dom.setSchedulerParametersFlags({"cpu_shares": 300, "vcpu_period": 50000, "vcpu_quota": 40000, "emulator_quota": 70000}, live)
    dom.setMemoryParameters({"hard_limit": 700000, "soft_limit": 600000}, live)
    dom.setBlockIoTune("vda", {"total_bytes_sec": 1 << 20}, live)
    if glob.glob("/sys/fs/cgroup/cpu*/%s/machine" % os.path.basename(box.dir)):
        fails(libvirt.VIR_ERR_SYSTEM_ERROR, dom.setMemoryParameters, {"hard_limit": 8}, live)      # less than it has
    for turn in range(2):
        for file, wanted in ("cpu.shares", 300), ("vcpu0/cpu.cfs_quota_us", 40000), ("emulator/cpu.cfs_quota_us", 70000), ("memory.limit_in_bytes", 700000 << 10):
            in_groups(box, file, wanted)
        runs_on(box, "CPU 0", {max(every)})
        is_now = dom.schedulerParametersFlags(live), dom.memoryParameters(live)
        assert is_now[0]["cpu_shares"] == 300 and is_now[1]["hard_limit"] == 700000, (is_now, dom.XMLDesc())
        assert dom.vcpuPinInfo(live) == [bits({max(every)})] and dom.blockIoTune("vda", live)["total_bytes_sec"] == 1 << 20
        if turn == 0:                   # and under the next daemon, which has the status file only
            wait_for("it is noted", lambda: "<total_bytes_sec>%d<" % (1 << 20) in open(state(box, "f.xml")).read())
            dom.connect().close()
            box.stop_daemon()
            box.start()
            dom = box.connect().lookupByName("f")
    dom.setBlockIoTune("vda", {"total_bytes_sec": 0}, live)
    dom.setSchedulerParametersFlags({"cpu_shares": 512}, live)
    in_groups(box, "cpu.shares", 512)
    fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, dom.setPerfEvents, {"task_clock": True}, live)      # what would have to have begun with it
    return dom


def foreign(box):
    """a guest that Debian's libvirtd started is taken over and ended; not when its pid was used again"""
    ours = box.command
    with Box("guest-adopt-peer", peer=True) as b:
        os.makedirs(os.path.join(b.dir, "run/lock"), exist_ok=True)       # libvirtd notes there who has a console
        make_images(os.path.join(b.dir, "var/lib/libvirt/images"))
        _, console = boot(b, document("f", LENT, more=TUNED))
        console.sh("ip link set eth0 up")
        console.close()
        b.connect().defineXML(small("g")).create()
        pids = {name: pid_of(b, name) for name in ("f", "g")}
        b.stop_daemon(signal.SIGKILL)
        os.kill(pids["g"], 9)
        wait_for("g is gone", lambda: not is_running(pids["g"]))
        # A process of that name that began after the note was written.
        later = state(b, "g.pid")
        change(later, r"\d+", str(inside(b, pids["f"])))
        os.utime(later, (time.time() - 3600, time.time() - 3600))
        b.peer, b.command, b.word = False, ours, "virtqemud"
        b.sock = os.path.join(b.dir, "run/libvirt/virtqemud-sock")
        b.uri = "qemu+unix:///system?socket=" + b.sock
        b.start()
        con = b.connect()
        dom = con.lookupByName("f")
        wait_for("g is known to be off", lambda: is_off(con.lookupByName("g")))
        assert dom.isActive() and is_running(pids["f"]), b.log_text()[-2000:]
        assert "Permission denied" not in b.log_text(), b.log_text()[-2000:]        # its folders are qemu.conf's user's
        # Its console, agent and counters are had by the names in its status file.
        console = opened(b, "f")
        console.sh("ip addr add 10.9.9.1/24 dev eth0; ping -c 1 -W 1 10.9.9.9 || true")
        wait_for("the agent answers", lambda: b.virsh("qemu-agent-command", "f", '{"execute":"guest-ping"}', check=False).returncode == 0, 60)
        wait_for("the interface's counters", lambda: dom.interfaceStats("lent0")[4] > 0)
        console.close()
        # The next daemon has them as well; but not what a worker wrote into the file that is another's.
        (_, slave), xml, was = os.openpty(), state(b, "f.xml"), None
        # Nor what the agent's name leads to, in a folder that is QEMU's own: a socket of root's.
        agent = glob.glob(os.path.join(b.dir, "var/lib/libvirt/qemu/channel/target/*-f/*"))[0]
        folder = os.open(os.path.dirname(agent), os.O_PATH)
        trap = socket.socket(socket.AF_UNIX)
        trap.bind("/proc/self/fd/%d/trap" % folder)
        os.chmod("/proc/self/fd/%d/trap" % folder, 0o600)
        trap.listen()
        trap.setblocking(False)
        for own in True, False, True:
            con.close()
            b.stop_daemon()
            was = was or open(xml).read()
            with open(xml, "w") as f:
                f.write(was if own else re.sub(r"/dev/pts/\d+", os.ttyname(slave), was).replace("dev='lent0'", "dev='lo'"))
            if own and os.path.islink(agent):
                os.rename(agent + ".was", agent)
            elif not own:
                os.rename(agent, agent + ".was")
                os.symlink("trap", agent)
            b.start()
            con = b.connect()
            dom = con.lookupByName("f")
            if own:
                assert dom.interfaceStats("lent0")[4] > 0
                dom.openConsole(None, con.newStream())
            else:
                fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, dom.openConsole, None, con.newStream())
                fails(libvirt.VIR_ERR_INTERNAL_ERROR, dom.interfaceStats, "lo")
                try:
                    assert not trap.accept(), "the hand connected to what is root's"
                except BlockingIOError:
                    pass
        os.unlink(os.path.join(os.path.dirname(agent), "trap"))
        con.close()
        dom = limits(b, b.connect().lookupByName("f"))
        fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, dom.setInterfaceParameters, "lent0", {"inbound.average": 100}, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        dom, console = devices(b, dom)
        con = dom.connect()
        console.close()
        con.lookupByName("f").managedSave()
        assert con.lookupByName("f").hasManagedSaveImage()
        con.lookupByName("f").create()
        pids["f"] = pid_of(b, "f")
        dom.suspend()
        assert dom.state()[0] == libvirt.VIR_DOMAIN_PAUSED
        dom.destroy()
        wait_for("f is gone", lambda: not is_running(pids["f"]))
        assert_clean(b)


def becomes(box, peer, command):
    """The box's daemon is another one from its next start on; what its own was"""
    was = box.command
    box.peer, box.command, box.word = peer, command, "libvirtd" if peer else "virtqemud"
    box.sock = os.path.join(box.dir, "run/libvirt", ("libvirt" if peer else "virtqemud") + "-sock")
    box.uri = "qemu+unix:///system?socket=" + box.sock
    return was


AGENT = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
TAP = "<interface type='ethernet'><target dev='lent0'/><model type='virtio'/></interface>"
NAMES = ("disk.qcow2", "low.qcow2", "more.qcow2", "cd.iso")
DISK = "<disk type='file' device='%s'><driver name='qemu' type='%s'/><source file='/var/lib/libvirt/images/%s'/><target dev='%s' bus='%s'/></disk>"
LENT = (DISK % ("disk", "qcow2", "disk.qcow2", "vda", "virtio") + DISK % ("disk", "qcow2", "more.qcow2", "vdb", "virtio") + DISK % ("cdrom", "raw", "cd.iso", "hdc", "ide") +
        AGENT + TAP)


def kept(box):
    """The console of the guest that was lent, which knows what it was told before"""
    console = opened(box, "lent")
    assert "kept" in console.sh("cat /tmp/kept")
    return console


def make_images(images):
    os.makedirs(images, exist_ok=True)
    subprocess.check_call("qemu-img create -q -f qcow2 low.qcow2 8M; qemu-img create -q -f qcow2 -F qcow2 -b low.qcow2 disk.qcow2 8M; for n in more new late; do qemu-img create -q -f qcow2 $n.qcow2 8M; done; truncate -s 4M cd.iso new.iso",
                          shell=True, cwd=images)


def to_be_lent(box, images):
    """Two guests of ours, one with images of somebody's; their QEMUs, by name"""
    make_images(images)
    os.makedirs(os.path.join(box.dir, "run/lock"), exist_ok=True)       # libvirtd notes there who has a console
    for n in NAMES:
        os.chown(os.path.join(images, n), 12345, 12346)
        os.chmod(os.path.join(images, n), 0o600)
    _, console = boot(box, document("lent", LENT))
    box.connect().defineXML(small("other")).create()
    console.sh("echo kept > /tmp/kept")
    console.close()
    return {name: pid_of(box, name) for name in ("lent", "other")}


def at_libvirtd(box, pids):
    """What is done with them while they are libvirtd's"""
    con = box.connect()
    dom = con.lookupByName("lent")
    assert dom.isActive() and dom.state() == [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_UNPAUSED] and dom.ID() == 1, (dom.state(), box.log_text()[-3000:])
    assert dom.blockStats("vda")[0] > 0 and dom.blockInfo("vda")[0] == 8 << 20
    dom.suspend()
    dom.resume()
    console = kept(box)
    dom.attachDevice("<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>")
    console.until("test $(ls /sys/bus/virtio/drivers/virtio_rng | grep -c virtio) -ge 1")
    dom.detachDevice(DISK % ("disk", "qcow2", "more.qcow2", "vdb", "virtio"))
    console.until("! grep vdb /proc/partitions")
    dom.updateDeviceFlags("<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>", libvirt.VIR_DOMAIN_AFFECT_LIVE)
    dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "told to libvirtd", None, None, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    con.lookupByName("other").destroy()
    wait_for("other is gone", lambda: not is_running(pids["other"]))
    console.close()
    con.close()


def lent(box):
    """Debian's libvirtd takes our guests over as they run, works with them, and gives them back with what it changed; no file changes its owner"""
    with Box("guest-lent-peer", peer=True, start=False) as b:
        theirs = b.command
    images = os.path.join(box.dir, "var/lib/libvirt/images")
    pids = to_be_lent(box, images)
    box.stop_daemon()

    ours, conf = becomes(box, True, theirs), os.path.join(box.dir, "etc/libvirt/qemu.conf")
    was = open(conf).read() if os.path.exists(conf) else ""
    with open(conf, "w") as f:
        f.write("cgroup_controllers = []\n")       # where the groups of a guest are it cannot see in a box
    box.start()
    at_libvirtd(box, pids)
    box.stop_daemon()
    assert is_running(pids["lent"])

    becomes(box, False, ours)
    with open(conf, "w") as f:
        f.write(was)
    box.start()
    con = box.connect()
    dom = con.lookupByName("lent")
    wait_for("other is known to be off", lambda: is_off(con.lookupByName("other")))
    assert dom.isActive() and dom.ID() == 1 and pid_of(box, "lent") == pids["lent"], box.log_text()[-3000:]
    xml = dom.XMLDesc()
    assert "<rng" in xml and "more.qcow2" not in xml and "cd.iso" not in xml and dom.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None, libvirt.VIR_DOMAIN_AFFECT_LIVE) == "told to libvirtd", xml
    assert dom.blockStats("vda")[0] > 0
    kept(box).close()
    dom.destroy()
    wait_for("lent is gone", lambda: not is_running(pids["lent"]))
    for n in NAMES:
        st = os.stat(os.path.join(images, n))
        assert (st.st_uid, st.st_gid) == (12345, 12346), (n, st)
    for n in ("lent", "other"):
        con.lookupByName(n).undefine()
    assert_clean(box)


def late(box):
    """what a guest was told just before the daemon ended is on the disk for the next one, however slow that is"""
    dom = box.connect().defineXML(small("late"))
    dom.create()
    conf = box.role("conf")[0]
    wait_for("it is noted", lambda: os.path.exists(state(box, "late.xml")))
    settled = lambda: os.stat(state(box, "late.xml")).st_mtime < time.time() - 1       # what a start itself has to note is written
    wait_for("nothing more is noted", settled)
    os.kill(conf, signal.SIGSTOP)

    def goes_on():
        wait_for("the supervisor's end", lambda: not box.role("supervisor"))
        os.kill(conf, signal.SIGCONT)
    thread = threading.Thread(target=goes_on)
    dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "told late", None, None, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    thread.start()
    box.stop_daemon()
    thread.join()
    box.start()
    dom = box.connect().lookupByName("late")
    assert dom.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None, libvirt.VIR_DOMAIN_AFFECT_LIVE) == "told late"
    dom.destroy()
    dom.undefine()
    assert_clean(box)


parts = [taken, late, lent, foreign]
if len(sys.argv) > 1:
    parts = [p for p in parts if p.__name__ in sys.argv[1:]]
main(*parts)
