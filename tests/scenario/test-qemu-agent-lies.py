"""Guest agents that lie, and what QEMU is told beside what the agent did."""
import json, os, socket, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
import qemulies
from qemulib import Failed, Resources, Worker

CHANNEL = """<controller type='virtio-serial' index='0'><alias name='virtio-serial0'/><address type='pci' domain='0x0000' bus='0x00' slot='0x05' function='0x0'/></controller>
<channel type='unix'><source bulkhead-m='%d'/><target type='virtio' name='org.qemu.guest_agent.0'/><alias name='channel0'/><address type='virtio-serial' controller='0' bus='0' port='1'/></channel>"""


class Agent(threading.Thread):
    """answers: what a command returns; an exception's text is its error."""

    def __init__(self, end):
        super().__init__(daemon=True)
        self.end, self.answers, self.seen = end, {}, []
        self.start()

    def run(self):
        for line in self.end.makefile("rb"):
            c = json.loads(line.strip(b"\xff\n"))
            name = c["execute"]
            if name == "guest-sync-delimited":
                self.end.sendall(b"\xff" + json.dumps({"return": c["arguments"]["id"]}).encode() + b"\n")
                continue
            self.seen.append(name)
            value = self.answers.get(name, {})
            self.end.sendall(json.dumps({"error": {"desc": str(value)}} if isinstance(value, Exception) else {"return": value}).encode() + b"\n")


def guest():
    res, m, ends = Resources(), qemulies.Monitor(), {}
    i = res.pair()
    m.answers["query-chardev"] = [{"label": "charchannel0", "frontend-open": True}]

    def launch(argv, fds):
        ends.update({n: os.dup(fd) for n, fd in fds.items()})
        return 0, m.theirs
    w = Worker(qemulies.XML % (CHANNEL % i), res, launch=launch)
    w.start()
    w.agent = Agent(socket.socket(fileno=ends[res.qemu_of[i][0][0]]))
    w.until(lambda: "state='connected'" in w.call("domain.get_xml_desc", 0)[0], "the agent is there")
    m.seen.clear()
    return w, m


def told(w, types):
    return {name: value for name, kind, value in w.call("domain.get_guest_info", types, 0)[0]}


def numbers(w, m):
    """A number that cannot be is one that can, and the rest is told."""
    w.agent.answers = {"guest-get-fsinfo": [{"name": "a", "mountpoint": "/", "type": "x", "total-bytes": -1, "used-bytes": 1 << 62, "disk": []}],
                       "guest-network-get-interfaces": [{"name": "e", "ip-addresses": [{"ip-address-type": "ipv4", "ip-address": "1.2.3.4", "prefix": p} for p in (-1, 24, 1 << 40)]}]}
    fs = told(w, 16)
    assert (fs["fs.0.name"], fs["fs.0.total-bytes"], fs["fs.0.used-bytes"]) == ("a", 0, 1 << 62), fs
    nic = told(w, 64)
    assert [nic["if.0.addr.%d.prefix" % i] for i in range(3)] == [0, 24, 128], nic
    assert [a[2] for a in w.call("domain.interface_addresses", 1, 0, arg=1)[0][0][2]] == [0, 24, 128]


def clock(w, m):
    """QEMU makes up for no interrupts that a clock missed which the agent has set; for one that it has not set, it does."""
    def resets():
        return sum(c["execute"] == "rtc-reset-reinjection" for c in m.seen)
    w.call("domain.set_time", 1900000000, 5, 0)
    assert resets() == 1, m.seen
    w.agent.answers["guest-set-time"] = OSError("no clock")
    try:
        w.call("domain.set_time", 1900000000, 5, 0)
        raise AssertionError("set")
    except Failed as e:
        assert e.code == 1 and "no clock" in e.detail, e
    assert resets() == 1
    w.agent.answers = {}
    m.answers["rtc-reset-reinjection"] = lambda c: qemulies.error("no RTC")
    try:
        w.call("domain.set_time", 1900000000, 5, 0)
        raise AssertionError("set")
    except Failed as e:
        assert "no RTC" in e.detail, e


def flags(w, m):
    """What a client needs for a call by its flags was judged by the header: a gateway that says otherwise in the body is not answered."""
    for name in "domain.shutdown_flags", "domain.reboot":
        assert "payload" in w.fails(39, name, 2, arg=0)
    assert "guest-shutdown" not in w.agent.seen and not m.seen, (w.agent.seen, m.seen)
    w.begin("domain.shutdown_flags", 2, arg=2)
    w.until(lambda: "guest-shutdown" in w.agent.seen, "the agent is told")


qemulies.run([numbers, clock, flags], [], guest)
