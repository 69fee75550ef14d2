#!/usr/bin/python3
"""The guest agent: its event, commands, addresses, a shutdown by it; and one that answers rubbish without end."""
import json, os, sys, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

CHANNEL = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
NIC = "<interface type='user'><mac address='52:54:00:00:00:09'/><model type='virtio'/></interface>"
PORT = "/dev/virtio-ports/org.qemu.guest_agent.0"
CONNECTED, DISCONNECTED = libvirt.VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED, libvirt.VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_DISCONNECTED
dom = console = events = None


def agent(box):
    """connected as event and in the document; guest-ping; addresses"""
    global dom, console, events
    events = Events(box)
    dom, console = boot(box, document("g1", devices=CHANNEL + NIC))
    wait_for("the event", lambda: any(e[:3] == ("g1", "agent", CONNECTED) for e in events.seen), 60)
    assert "state='connected'" in dom.XMLDesc()
    assert json.loads(box.virsh("qemu-agent-command", "g1", '{"execute":"guest-ping"}').stdout) == {"return": {}}
    console.sh("ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up")
    out = box.virsh("domifaddr", "g1", "--source", "agent").stdout
    assert "10.0.2.15/24" in out and "52:54:00:00:00:09" in out and "127.0.0.1/8" in out, out
    r = box.virsh("qemu-agent-command", "g1", '{"execute":"no-such-thing"}', check=False)
    assert r.returncode and "no-such-thing" in r.stderr, r


def hostile(box):
    """an agent that answers rubbish without end: bounded in time, and nobody else notices"""
    console.sh("kill $(cat /run/qga.pid)")
    console.until("! pidof qemu-ga")
    wait_for("the event", lambda: any(e[:3] == ("g1", "agent", DISCONNECTED) for e in events.seen), 60)
    fails(libvirt.VIR_ERR_AGENT_UNRESPONSIVE, dom.shutdownFlags, libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT)
    console.send("(yes '{\"return\": {\"a\": [[[[[[[[' > %s) & (sleep 1; cat %s > /dev/null) &\n" % (PORT, PORT))
    wait_for("the port is open", lambda: "state='connected'" in dom.XMLDesc(), 30)
    began = time.time()
    r = box.virsh("qemu-agent-command", "g1", "--timeout", "3", '{"execute":"guest-ping"}', check=False, timeout=60)
    assert r.returncode and time.time() - began < 20, (r, time.time() - began)
    print("    " + r.stderr.split("\n")[0])
    began = time.time()
    assert dom.info()[0] == libvirt.VIR_DOMAIN_RUNNING and dom.connect().getAllDomainStats() and dom.XMLDesc()
    assert time.time() - began < 5
    worker = box.role("qemu")[0]
    rss = int(next(l for l in open("/proc/%d/status" % worker) if l.startswith("VmRSS")).split()[1])
    assert rss < 64 << 10, "the worker holds %d KiB" % rss
    console.send("kill %1 %2; killall yes cat\n")


def shutdown(box):
    """shutdown by the agent, when there is a good one again"""
    console.send("\n")
    console.until("! pidof yes")        # which has the port
    console.sh("qemu-ga -d -f /run/qga.pid -t /run -l /run/qga.log")
    wait_for("the agent answers", lambda: box.virsh("qemu-agent-command", "g1", '{"execute":"guest-ping"}', check=False).returncode == 0, 60)
    box.virsh("shutdown", "g1", "--mode", "agent")
    console.expect("AGENT-SHUTDOWN -h -P|AGENT-SHUTDOWN -P", 60)
    wait_for("the guest is off", lambda: is_off(dom), 60)
    events.wait("g1", "lifecycle", libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
    assert_clean(box)


main(agent, hostile, shutdown)
