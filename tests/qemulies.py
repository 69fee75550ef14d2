"""qemulies.py: a QEMU that the test plays: its end of the monitor, a worker that takes it for its guest, and a run of tests, each of which has a pair of these."""
import concurrent.futures, json, os, socket, sys, threading, time
from qemulib import Worker

XML = """<domain type='qemu' id='1'><name>g</name><uuid>11111111-1111-1111-1111-111111111111</uuid><memory unit='KiB'>65536</memory>
<currentMemory unit='KiB'>65536</currentMemory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<controller type='pci' index='0' model='pci-root'><alias name='pci.0'/></controller>%s
<memballoon model='none'/></devices></domain>"""
GREETING = {"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}, "package": ""}, "capabilities": []}}
SOON = 5        # seconds for what is answered at once: half of what a worker gives its QEMU


def error(text):
    return {"error": {"class": "GenericError", "desc": text}}


def not_found(c):
    return error("Device '%s' not found" % c["arguments"]["id"])


class Monitor:
    """answers: what a command returns, or a function of the command that gives the message, or bytes. hold: commands that are not answered; they are in held."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.seen, self.held, self.hold, self.answers = [], [], set(), {}
        self.lock = threading.Lock()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        self.say(GREETING)
        for line in self.ours.makefile("rb"):
            line = line.strip(b"\xff\n")
            if not line:
                continue
            c = json.loads(line)
            self.seen.append(c)
            name = c["execute"]
            if name in self.hold:
                self.held.append(c)
                continue
            if name in ("cont", "stop"):
                self.event("RESUME" if name == "cont" else "STOP")
            self.answer(c)

    def answer(self, c, value=None):
        name = c["execute"]
        if value is None:
            value = self.answers.get(name, {"status": "running"} if name == "query-status" else [] if name.startswith("query-") else {})
        message = value(c) if callable(value) else {"return": value}
        if isinstance(message, bytes):
            self.send(message)
        else:
            self.say(dict(message, id=c["id"]))

    def event(self, name, **data):
        self.say({"event": name, "data": data, "timestamp": {"seconds": 1, "microseconds": 2}})

    def say(self, o):
        self.send(json.dumps(o).encode() + b"\r\n")

    def send(self, b):
        try:
            with self.lock:
                self.ours.sendall(b)
        except OSError:
            pass


def guest(devices="", res=None):
    """A worker whose guest has started, and its monitor."""
    m = Monitor()
    w = Worker(XML % devices, res, launch=lambda argv, fds: (0, m.theirs))
    w.start()
    return w, m


def alive(w):
    """Calls that need no QEMU, in time."""
    t = time.monotonic()
    assert "<name>g</name>" in w.call("domain.get_xml_desc", 0)[0]
    w.call("domain.get_control_info", 0)
    assert time.monotonic() - t < SOON


def run(tests, waiting, guest=guest):
    """Each test with a worker and a monitor of its own: those that wait for deadlines all at once. Words on the command line choose."""
    def one(t):
        w, m = guest()
        try:
            t(w, m)
            if w.pid and os.waitpid(w.pid, os.WNOHANG)[0]:
                raise AssertionError("the worker has ended")
            print("ok - " + t.__name__, flush=True)
        except BaseException:
            print("not ok - %s\n%s" % (t.__name__, w.last_words()[-3000:]))
            raise
        finally:
            w.close()

    def wanted(which):
        return [t for t in which if len(sys.argv) < 2 or t.__name__ in sys.argv[1:]]
    for t in wanted(tests):
        one(t)
    with concurrent.futures.ThreadPoolExecutor(max(len(waiting), 1)) as pool:
        list(pool.map(one, wanted(waiting)))
