#!/usr/bin/python3
"""virtlockd under clients that take locks and give them up without a pause: its processes are killed and the daemon is told to re-execute itself, again and
again. No two clients ever have the same lock, none that was granted is lost, and in the end what clients were told, what is listed and what is
locked are the same. KILL_SECONDS: of all rounds; KILL_SEED: another order of kills."""
import os, random, signal, sys, threading, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import kill, wait_for
from locklib import *

SECONDS = float(os.environ.get("KILL_SECONDS", "24"))
SEED = int(os.environ.get("KILL_SEED", "1"))
SPACE, IMAGES = "/var/lib/libvirt/lockd/files", "/var/lib/libvirt/images"
CLIENTS, OWN, COMMON = 3, 5, 2
BUSY = 87           # who acquires what is locked, or releases what is not, is told this

# What is killed how often; whether clients keep their connections. The keeper is killed in a round without the holder: of both at once nothing remains.
ROUNDS = [
    ({"supervisor": 4, "USR1": 4, "HUP": 1, "lock": 1, "holder": 1}, True),
    ({"supervisor": 2, "USR1": 2, "gateway": 3, "lock": 1, "holder": 1, "hand-open": 2}, False),
    ({"keeper": 2, "supervisor": 1, "gateway": 1, "lock": 1}, False),
]


class Worker(threading.Thread):
    """A client. held: the locks that it was granted, as (lockspace, resource)."""
    has = {}                        # (lockspace, resource): who has it; of all

    def __init__(self, b, n, is_kept):
        super().__init__(daemon=True)
        self.b, self.n, self.is_kept, self.rnd = b, n, is_kept, random.Random(SEED * 100 + n)
        self.names = [(SPACE, "own%d-%d" % (n, i)) for i in range(OWN)] + [("", "%s/own%d-%d" % (IMAGES, n, i)) for i in range(OWN)]
        if is_kept:                 # else whether one has it may be unknown to him for a moment
            self.names += [("", "%s/common%d" % (IMAGES, i)) for i in range(COMMON)]
        self.told = []              # of what was answered last: time, name, and the answer
        self.held, self.calls, self.refused, self.lost, self.error = set(), 0, 0, 0, None
        self.stopped = False
        self.connect()

    def connect(self):
        def one():
            try:
                self.client = Client(self.b.lock_sock)
                assert self.client.register(800000 + self.n) is None
                return True
            except EOFError:        # it was given to a process that is dead
                return False
        wait_for("a connection", one)

    def note(self, what, name, answer):
        self.told = self.told[-100:] + [(time.time(), self.n, what, name, answer and answer[:3])]

    def acquire(self, name):
        r = self.client.acquire(*name, AUTOCREATE if name[0] else 0)
        self.note("acquire", name, r)
        if r is None:
            assert Worker.has.setdefault(name, self) is self, "granted to two: %s" % (name,)
            self.held.add(name)
            return
        self.refused += 1
        is_common, of_hand = "common" in name[1], "hand-open process" in r[2]
        assert (is_common and r[0] == BUSY) or (of_hand and not self.is_kept), "refused: %s %s" % (name, r)

    def release(self, name):
        self.held.remove(name)      # whatever comes: after a lost connection it is released again
        del Worker.has[name]
        r = self.client.release(*name)
        self.note("release", name, r)
        assert r is None, "not released: %s %s" % (name, r)

    def again(self, name):
        """The connection was lost over a call whose outcome is unknown: undone until there is nothing."""
        self.lost += 1
        assert not self.is_kept, "a connection is lost"
        self.connect()
        while (r := self.client.release(*name)) is None or r[0] != BUSY:
            pass

    def one(self):
        name = self.rnd.choice(self.names)
        undo = False
        while True:
            try:
                if undo:
                    self.again(name)
                else:
                    (self.release if name in self.held else self.acquire)(name)
                return
            except (EOFError, ConnectionError):
                undo = True

    def run(self):
        try:
            while not self.stopped:
                self.one()
                self.calls += 1
        except BaseException as e:
            self.error = e


def strike(b, what):
    if what in ("USR1", "HUP"):
        os.kill(b.daemon_pid(), getattr(signal, "SIG" + what))
    elif what == "keeper":
        b.stop_daemon(signal.SIGKILL)
        b.say(b.lockd)
        wait_for("the next daemon", lambda: Client(b.lock_sock).close() is None)
        wait_for("its holder has them all", lambda: held_by_holder(b) > len(leases(b)))     # with the folder
    else:
        kill(b.role(what)[:1])


def on_host(b, name):
    return b.dir + (name[0] + "/" if name[0] else "") + name[1]


def check(b, workers):
    held = {n for w in workers for n in w.held}
    assert len(held) == sum(len(w.held) for w in workers)
    listed = {(l[0], l[1]): l[5] for l in leases(b)}
    for name in held ^ set(listed):
        print("%s: %s is listed, %s granted; the last answers about it:" % (name, listed.get(name, "nobody"), [800000 + w.n for w in workers if name in w.held]))
        print(*sorted(t for w in workers for t in w.told if t[3] == name)[-20:], sep="\n")
    assert set(listed) == held, "what was granted is not what is listed"
    for w in workers:
        assert all(listed[n] == 800000 + w.n for n in w.held), listed
        for n in w.names:
            path = on_host(b, n)
            there = os.path.exists(path)        # a call that was lost with its gateway may leave an empty file in the lockspace
            assert there or (n[0] and n not in held), "%s is not there" % (n,)
            assert not (there and w.is_kept and n[0]) or n in held, "%s is there" % (n,)
            assert not there or is_locked(path) == (n in held), "%s: listed %s, locked %s" % (n, n in held, is_locked(path))
    return len(held)


def chaos(b, kinds, is_kept, seconds, rnd):
    workers = [Worker(b, n, is_kept) for n in range(CLIENTS)]
    done = dict.fromkeys(kinds, 0)
    for w in workers:
        w.start()
    end = time.time() + seconds
    while time.time() < end and not any(w.error for w in workers):
        what = rnd.choices(list(kinds), list(kinds.values()))[0]
        strike(b, what)
        done[what] += 1
        time.sleep(rnd.random() * 0.2)
    for w in workers:
        w.stopped = True
    for w in workers:
        w.join(90)
        if w.error:
            raise w.error
        assert not w.is_alive(), "a call without an answer"
    wait_for("the daemon answers", lambda: Client(b.lock_sock).close() is None)
    n = check(b, workers)
    print("%s: %d calls, %d refused, %d connections lost, %d locks held at the end" % (", ".join("%d times %s" % (k, what) for what, k in done.items()),
          sum(w.calls for w in workers), sum(w.refused for w in workers), sum(w.lost for w in workers), n))
    for w in workers:
        for name in list(w.held):
            w.release(name)
        w.client.close()
    assert check(b, workers) == 0
    assert sum(w.calls for w in workers) > 100


with lock_box("lockd-kill") as b:
    for i in range(CLIENTS):
        for k in range(OWN):
            open("%s/own%d-%d" % (b.images, i, k), "w").close()
    for k in range(COMMON):
        open("%s/common%d" % (b.images, k), "w").close()
    with Client(b.lock_sock) as c:
        assert c.register(1) is None and c.create_lockspace(SPACE) is None
    rnd = random.Random(SEED)
    for kinds, is_kept in ROUNDS:
        chaos(b, kinds, is_kept, SECONDS / len(ROUNDS), rnd)
    assert "locks are lost" not in b.log_text()
