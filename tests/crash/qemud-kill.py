#!/usr/bin/python3
"""virtqemud under clients, each of which works on a guest of its own: its processes are killed, one or two at the same moment, and it is told to re-execute
itself, again and again. No call hangs, what clients were told is so, nothing is left over. matrix.py kills one role at each frame; here it is chance, and
more than one. KILL_SECONDS: of kills; KILL_SEED: other calls and other kills; KILL_ROLES: what is killed, separated by commas."""
import json, os, random, signal, sys, threading, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import Box, guest_xml, kill, wait_for
from guestlib import libvirt, step
import libvirt_qemu

SECONDS = float(os.environ.get("KILL_SECONDS", "20"))
SEED = int(os.environ.get("KILL_SEED", "1"))
ROLES = os.environ.get("KILL_ROLES", "supervisor,conf,qemu,log,gateway,xmlc,hand-open,hand-net,hand-launch,USR1").split(",")
GUESTS = 4
CALL_LIMIT = 60     # seconds for one call, whatever dies
STATE_LIMIT = 30    # until a guest is what it should be, when a supervisor or worker is away
SETTLE = 3          # a call that failed, for its client or the supervisor was gone, may still be carried out
LOST = (libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_ERR_RPC)      # the connection is gone

NONE, OFF, SAVED, RUNNING, PAUSED = "not there", "off", "saved", "running", "paused"
BESIDE = "running beside its image"     # for a moment, of a start that goes on


def inactive(con, name):
    return con.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)


# call: (in which states, which it leads to, None the same; what is done)
CALLS = {
    "define": ((NONE,), OFF, lambda c, n: c.defineXML(guest_xml(n))),
    "define again": ((OFF, RUNNING, PAUSED), None, lambda c, n: c.defineXML(inactive(c, n))),
    "undefine": ((OFF,), NONE, lambda c, n: c.lookupByName(n).undefine()),
    "start": ((OFF,), RUNNING, lambda c, n: c.lookupByName(n).create()),
    "start paused": ((OFF,), PAUSED, lambda c, n: c.lookupByName(n).createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)),
    "restore": ((SAVED,), RUNNING, lambda c, n: c.lookupByName(n).create()),
    "forget": ((SAVED,), OFF, lambda c, n: c.lookupByName(n).managedSaveRemove()),
    "suspend": ((RUNNING,), PAUSED, lambda c, n: c.lookupByName(n).suspend()),
    "resume": ((PAUSED,), RUNNING, lambda c, n: c.lookupByName(n).resume()),
    "save": ((RUNNING,), SAVED, lambda c, n: c.lookupByName(n).managedSave()),
    "destroy": ((RUNNING, PAUSED), OFF, lambda c, n: c.lookupByName(n).destroy()),
    "look": ((OFF, SAVED, RUNNING, PAUSED), None, lambda c, n: (c.lookupByName(n).XMLDesc(), c.lookupByName(n).info())),
    "autostart": ((OFF, RUNNING), None, lambda c, n: c.lookupByName(n).setAutostart(1)),
}


def state(con, name):
    try:
        dom = con.lookupByName(name)
        image = dom.hasManagedSaveImage()
        if not dom.isActive():
            return SAVED if image else OFF
        now = dom.state()[0]
        return BESIDE if image else {libvirt.VIR_DOMAIN_RUNNING: RUNNING, libvirt.VIR_DOMAIN_PAUSED: PAUSED}.get(now, "state %d" % now)
    except libvirt.libvirtError as e:
        if e.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
            raise
        return NONE


class Client(threading.Thread):
    """Works on one guest. may: what the guest may be; more than one state after a call that failed."""

    def __init__(self, box, n):
        super().__init__(daemon=True)
        self.box, self.name, self.dice = box, "g%d" % n, random.Random(SEED * 100 + n)
        self.con, self.may, self.settled, self.stop = None, {NONE}, 0, False
        self.wrong, self.story, self.done = [], [], 0
        self.doing, self.since = "", 0

    def ask(self, what, fn):
        self.doing, self.since = what, time.monotonic()
        try:
            return fn()
        finally:
            if time.monotonic() - self.since > CALL_LIMIT:
                self.wrong.append("%s took %.0f s" % (what, time.monotonic() - self.since))

    def look(self):
        """The guest's state: asked until it is one that may be, for a while."""
        end, now = time.monotonic() + STATE_LIMIT, None
        while now not in self.may and time.monotonic() < end:
            try:
                self.con = self.con or self.ask("connect", self.box.connect)
                now = self.ask("state", lambda: state(self.con, self.name))
            except libvirt.libvirtError as e:
                self.con, now = None, str(e)
            time.sleep(0 if now in self.may else 0.05)
        return now

    def run(self):
        try:
            while not self.stop and not self.wrong:
                self.turn()
        except Exception as e:
            self.wrong.append(repr(e))

    def turn(self):
        now = self.look()
        if now not in self.may:
            self.wrong.append("%s is %s, and should be %s" % (self.name, now, " or ".join(self.may)))
        if now not in self.may or time.monotonic() < self.settled:
            time.sleep(0.05)
            return
        word = self.dice.choice([k for k, (states, _, _) in CALLS.items() if now in states])
        _, then, fn = CALLS[word]
        then = then or now
        began, said = time.time(), "done"
        try:
            self.ask(word, lambda: fn(self.con, self.name))
            self.may = {then}
            self.done += 1
        except libvirt.libvirtError as e:
            said = str(e)
            self.may = {now, then}
            self.settled = time.monotonic() + SETTLE
            if e.get_error_code() in LOST:
                self.con = None
        self.story.append("%s %.3f-%.3f %s: %s" % (self.name, began % 1000, time.time() % 1000, word, said))


class Killer:
    def __init__(self, box):
        self.box, self.dice, self.count, self.story = box, random.Random(SEED), {}, []

    def kill(self, what):
        # The keeper waits longer and longer for a supervisor that dies often, unless it has been executed anew.
        if what == "supervisor" and self.count.get(what, 0) > self.count.get("USR1", 0) + 2:
            what = "USR1"
        pids = self.box.role("keeper" if what == "USR1" else what)
        if pids:
            pid = pids[0] if what == "USR1" else self.dice.choice(pids)
            if not kill([pid], signal.SIGUSR1 if what == "USR1" else signal.SIGKILL):
                return
            self.count[what] = self.count.get(what, 0) + 1
            self.story.append("%.3f %s %d" % (time.time() % 1000, what, pid))

    def turn(self):
        for what in self.dice.sample(ROLES, min(len(ROLES), self.dice.choice((1, 1, 2)))):
            self.kill(what)


def twins(box):
    """Sockets that two workers have: they would take a monitor's answers from one another."""
    seen = {}
    for pid in box.role("qemu"):
        try:
            for fd in os.listdir("/proc/%d/fd" % pid):
                seen.setdefault(os.readlink("/proc/%d/fd/%s" % (pid, fd)), set()).add(pid)
        except OSError:
            pass
    return {s: sorted(pids) for s, pids in seen.items() if s.startswith("socket:") and len(pids) > 1}


def qemus(box):
    out = []
    for pid in box.role("guest"):
        try:
            out.append(open("/proc/%d/cmdline" % pid).read().split("guest=")[1].split(",")[0])
        except (OSError, IndexError):
            pass
    return sorted(out)


def afterwards(box, clients):
    """Nobody dies any more: all is as clients were told, QEMU agrees, and all can be taken away."""
    wait_for("conf, which comes again seldom if it is killed often", lambda: box.role("conf"))
    for c in clients:
        now = c.look()
        assert now in c.may, "%s is %s, and should be %s" % (c.name, now, " or ".join(c.may))
    con = wait_for("a connection", box.connect)
    running = sorted(d.name() for d in con.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE))
    wait_for("a QEMU for each guest that runs: %s" % running, lambda: qemus(box) == running)
    wait_for("one worker a guest", lambda: not twins(box))
    for name in running:
        dom = con.lookupByName(name)
        said = json.loads(wait_for("the monitor", lambda: libvirt_qemu.qemuMonitorCommand(dom, '{"execute":"query-status"}', 0)))["return"]["status"]
        said = PAUSED if said in ("prelaunch", "postmigrate") else said     # never started, or a save that failed
        assert said == state(con, name), "QEMU of %s is %s, and the daemon says %s" % (name, said, state(con, name))
    for dom in con.listAllDomains():
        if dom.isActive():
            dom.destroy()
        dom.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)
    try:
        wait_for("nothing left over", lambda: not box.left_over(), 30)
    finally:
        print("left over: %s" % box.left_over())
    for folder in ("etc/libvirt/qemu", "etc/libvirt/qemu/autostart", "var/lib/libvirt/qemu/save"):
        left = [f.name for f in os.scandir(os.path.join(box.dir, folder)) if not f.is_dir()] if os.path.isdir(os.path.join(box.dir, folder)) else []
        assert not left, "%s has %s" % (folder, left)


step("kills of virtqemud's processes under clients, seed %d" % SEED)
with Box("qemud-kill") as box:
    clients, killer, since = [Client(box, n) for n in range(GUESTS)], Killer(box), {}
    try:
        for c in clients:
            c.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and not any(c.wrong for c in clients):
            killer.turn()
            time.sleep(0.05 + killer.dice.random() * 0.6)
            since = {k: since.get(str(k), time.monotonic()) for k in map(str, twins(box).items())}
            assert all(time.monotonic() - t < 2 for t in since.values()), "two workers of a guest: %s" % since
        for c in clients:
            c.stop = True
        for c in clients:
            c.join(2 * CALL_LIMIT)
            assert not c.is_alive(), "%s hangs in %s" % (c.name, c.doing)
        assert not any(c.wrong for c in clients), [w for c in clients for w in c.wrong]
        print("killed: %s; calls that were carried out: %d" % (killer.count, sum(c.done for c in clients)))
        assert sum(c.done for c in clients) > SECONDS
        afterwards(box, clients)
    except BaseException:
        print("--- kills:\n" + "\n".join(killer.story[-40:]))
        for c in clients:
            print("--- %s:\n%s" % (c.name, "\n".join(c.story[-6:])))
        print("--- the daemon said:\n" + "\n".join(l for l in box.log_text().splitlines()[-300:] if ": log " not in l), flush=True)
        raise
