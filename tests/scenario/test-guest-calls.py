"""Calls about a running guest, by stock virsh and python3-libvirt: QEMU's and the agent's answers, statistics, the document that changes."""
import json, os, struct, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from guestlib import Box, assert_clean, boot, document, fails, libvirt, step, wait_for

DEVICES = """<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/var/lib/libvirt/images/d.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/var/lib/libvirt/images/r.img'/><target dev='vdb' bus='virtio'/></disk>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<graphics type='vnc' autoport='yes' passwd='geheim'/><video><model type='vga'/></video>
<memballoon model='virtio'><stats period='1'/></memballoon>"""


def typed(dom, which=0):
    return dom.connect().domainListGetStats([dom], which)[0][1]


def monitor(box, dom):
    step("monitor")
    r = json.loads(box.virsh("qemu-monitor-command", "q1", '{"execute":"query-status"}').stdout)
    assert r["return"]["status"] == "running" and r["id"].startswith("libvirt-"), r
    assert "VM status: running" in box.virsh("qemu-monitor-command", "--hmp", "q1", "info status").stdout
    r = json.loads(box.virsh("qemu-monitor-command", "q1", '{"execute":"nonsense"}').stdout)
    assert r["error"]["class"] == "CommandNotFound", r
    import libvirt_qemu
    fails(1, libvirt_qemu.qemuMonitorCommand, dom, "no json", 0)
    fails(1, libvirt_qemu.qemuMonitorCommand, dom, '{"execute":"query-status","id":1}', 0)
    fails(8, libvirt_qemu.qemuMonitorCommand, dom, "{}", 64)
    assert "custom monitor" in dom.messages(0)[0]


def agent(box, dom):
    step("agent")
    import libvirt_qemu
    wait_for("the agent", lambda: "return" in box.virsh("qemu-agent-command", "q1", '{"execute":"guest-ping"}', check=False).stdout, 120)
    target = "<target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>"
    assert target in dom.XMLDesc(0)
    e = fails(1, libvirt_qemu.qemuAgentCommand, dom, '{"execute":"guest-nonsense"}', 5, 0)
    assert "unable to execute QEMU agent command 'guest-nonsense'" in str(e)
    assert abs(dom.getTime()["seconds"] - time.time()) < 3600
    info = dom.guestInfo(0)
    assert info["os.machine"] == "x86_64" and info["disk.0.alias"] == "vda" and info["if.count"] >= 1, info
    assert dom.interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT)["lo"]["addrs"][0]["addr"] == "127.0.0.1"
    assert dom.fsInfo() == []
    assert dom.vcpusFlags(libvirt.VIR_DOMAIN_VCPU_GUEST) == 1
    fails(8, dom.guestInfo, 1 << 20, 0)
    fails(74, dom.interfaceAddresses, 9)


def statistics(box, dom, console):
    step("statistics")
    console.sh("dd if=/dev/zero of=/dev/vdb bs=64k count=32 2>/dev/null; sync")
    time.sleep(0.6)         # counters are served again for half a second
    s = typed(dom)
    assert s["state.state"] == 1 and s["vcpu.current"] == 1 and s["vcpu.0.time"] > 0 and s["cpu.time"] > 0, s
    assert s["block.count"] == 2 and s["block.1.name"] == "vdb" and s["block.1.wr.bytes"] >= 2 << 20, s
    assert s["block.1.capacity"] == 16 << 20 and s["block.1.physical"] >= 2 << 20, s
    assert s["balloon.current"] == dom.maxMemory() and "balloon.available" in s, s
    assert "bulkhead.stale" not in s
    assert set(k.split(".")[0] for k in typed(dom, libvirt.VIR_DOMAIN_STATS_BLOCK)) == {"block"}
    rd, rd_b, wr, wr_b, errs = dom.blockStats("vdb")
    assert wr_b >= 2 << 20 and errs == -1
    assert dom.blockStats("")[3] >= wr_b
    assert dom.blockStatsFlags("vdb")["wr_bytes"] == wr_b
    assert dom.blockInfo("vdb")[0] == 16 << 20
    assert dom.memoryStats()["actual"] == dom.maxMemory() and dom.memoryStats()["rss"] > 0
    (n, state, cpu_time, cpu), = dom.vcpus()[0]
    assert (n, state) == (0, 1) and cpu_time > 0
    assert dom.getCPUStats(True)[0]["cpu_time"] > 0
    if os.path.exists("/sys/fs/cgroup/cpuacct"):        # version 2 does not tell
        each, total = dom.getCPUStats(False), dom.getCPUStats(True)[0]["cpu_time"]
        assert len(each) == os.sysconf("SC_NPROCESSORS_CONF") and 0 < sum(c["cpu_time"] for c in each) <= total, (each, total)
    assert dom.diskErrors() == {} and dom.jobInfo()[0] == 0 and dom.controlInfo()[0] == 0
    fails(8, dom.blockStats, "nosuch")
    fails(8, dom.blockInfo, "nosuch")
    fails(8, dom.interfaceStats, "nosuch")


def memory(box, dom):
    step("memory")
    dom.setMemory(128 << 10)
    wait_for("the balloon", lambda: dom.memoryStats()["actual"] == 128 << 10)
    assert "<currentMemory unit='KiB'>131072</currentMemory>" in dom.XMLDesc(0)
    wait_for("dominfo", lambda: dom.info()[2] == 128 << 10)
    fails(8, dom.setMemory, 1 << 20)
    fails(55, dom.setMemoryFlags, 64 << 10, libvirt.VIR_DOMAIN_AFFECT_LIVE | libvirt.VIR_DOMAIN_MEM_MAXIMUM)
    dom.setMemory(dom.maxMemory())


def document_changes(box, dom):
    step("metadata")
    live = libvirt.VIR_DOMAIN_AFFECT_LIVE
    fails(80, dom.metadata, libvirt.VIR_DOMAIN_METADATA_ELEMENT, "http://x/y", live)
    dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, "<a b='c'><d>t</d></a>", "k", "http://x/y", live)
    assert "<d>t</d>" in dom.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, "http://x/y", live)
    assert '<k:a xmlns:k="http://x/y" b="c">' in dom.XMLDesc(0)
    assert "http://x/y" not in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    fails(35, dom.setMetadata, libvirt.VIR_DOMAIN_METADATA_ELEMENT, "<a", "k", "http://x/z", live)
    dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "a title", None, None, live)
    assert dom.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None, live) == "a title"
    step("secrets")
    assert "geheim" not in dom.XMLDesc(0) and "geheim" in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)
    fails(8, dom.XMLDesc, 64)


def screenshot(box, dom):
    step("screenshot")
    for _ in range(2):
        stream = dom.connect().newStream(0)
        assert dom.screenshot(stream, 0) == "image/png"
        data = b""
        while True:
            part = stream.recv(65536)
            if not part:
                break
            data += part
        stream.finish()
        assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND", (len(data), data[:16])
        assert struct.unpack(">II", data[16:24]) == (720, 400) or data, data[16:24]
    fails(55, dom.screenshot, dom.connect().newStream(0), 7)


def keys(box, dom):
    step("keys")
    box.virsh("send-key", "q1", "KEY_LEFTCTRL", "KEY_A")
    box.virsh("send-key", "q1", "--codeset", "qnum", "30")
    fails(1, dom.sendKey, libvirt.VIR_KEYCODE_SET_LINUX, 0, [60000], 1, 0)
    fails(8, dom.sendKey, 99, 0, [1], 1, 0)
    box.virsh("inject-nmi", "q1")


def display(box, dom):
    step("VNC")
    port = int(dom.XMLDesc(0).split("<graphics type='vnc' port='")[1].split("'")[0])
    r = box.run("python3", "-c", "import socket; s=socket.create_connection(('127.0.0.1',%d)); s.settimeout(30); print(s.recv(12))" % port)
    assert "RFB 003" in r.stdout, r
    fd = dom.openGraphicsFD(0, libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH)
    assert os.read(fd, 4) == b"RFB "
    os.close(fd)
    fails(1, dom.openGraphicsFD, 5, 0)


def processors(box, dom, console):
    step("processors")
    def present():
        return console.sh("cat /sys/devices/system/cpu/present").strip()
    def places():
        return [c["qom-path"] for c in json.loads(box.virsh("qemu-monitor-command", "q1", '{"execute":"query-hotpluggable-cpus"}').stdout)["return"] if "qom-path" in c]
    assert dom.vcpusFlags() == 1 and present() == "0"
    dom.setVcpus(4)
    wait_for("the guest sees them", lambda: present() == "0-3", 60)
    assert (len(places()), len(dom.vcpus()[0]), dom.vcpusFlags()) == (4, 4, 4), (places(), dom.vcpus(), dom.vcpusFlags())
    assert typed(dom)["vcpu.current"] == 4
    # QEMU's TCG sends no event when one has gone: its place tells.
    dom.setVcpu("2", 0)
    assert present() == "0-1,3" and "/machine/peripheral/vcpu2" not in places()
    assert [v[0] for v in dom.vcpus()[0]] == [0, 1, 3] and "<vcpu id='2' enabled='no'" in dom.XMLDesc()
    dom.setVcpus(1)
    assert present() == "0" and dom.vcpusFlags() == 1
    e = fails(84, dom.setVcpu, "0", 0)
    assert "vcpu '0' can't be unplugged" in str(e), e


def paused(box, dom):
    step("paused")
    import libvirt_qemu
    dom.suspend()
    dom.suspend()
    assert box.virsh("domstate", "--reason", "q1").stdout.strip() == "paused (user)"
    fails(55, libvirt_qemu.qemuAgentCommand, dom, '{"execute":"guest-ping"}', 5, 0)
    assert typed(dom)["state.state"] == 3
    dom.resume()
    fails(55, dom.resume)
    assert box.virsh("domstate", "--reason", "q1").stdout.strip() == "running (unpaused)"


def off(box, dom):
    step("off")
    import libvirt_qemu
    r = box.virsh("shutdown", "q1", "--mode", "agent", check=False)
    assert r.returncode == 0, r.stderr
    wait_for("off", lambda: not dom.isActive(), 60)
    for call, args in ((dom.suspend, ()), (dom.reset, ()), (dom.memoryStats, ()), (dom.screenshot, (dom.connect().newStream(0), 0)), (dom.blockStats, ("vda",)),
                       (libvirt_qemu.qemuMonitorCommand, (dom, "{}", 0)), (dom.sendKey, (0, 0, [30], 1, 0)), (dom.getTime, ())):
        e = fails(55, call, *args)
        assert "domain is not running" in str(e), e


with Box("calls") as box:
    images = box.dir + "/var/lib/libvirt/images"
    os.makedirs(images, exist_ok=True)
    box.run("qemu-img", "create", "-q", "-f", "qcow2", "/var/lib/libvirt/images/d.qcow2", "64M")
    box.run("qemu-img", "create", "-q", "-f", "raw", "/var/lib/libvirt/images/r.img", "16M")
    dom, console = boot(box, document("q1", DEVICES).replace("<vcpu>1<", "<vcpu current='1'>5<"))
    monitor(box, dom)
    agent(box, dom)
    statistics(box, dom, console)
    memory(box, dom)
    document_changes(box, dom)
    screenshot(box, dom)
    keys(box, dom)
    display(box, dom)
    paused(box, dom)
    processors(box, dom, console)
    console.close()
    off(box, dom)
    assert_clean(box)
