#!/usr/bin/python3
"""virtlogd under a guest that writes at full speed, with files rolling over all the time: log role, supervisor and every other child of the daemon are
killed, and the daemon is told to re-execute itself, each a hundred times at least (20 times a guest, of KILL_GUESTS). Then every byte is in the files, once, in order; the client that was
connected all the time still is; and nobody but the killed one has died."""
import itertools, os, random, re, signal, sys, threading, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from logdbox import FOLDER, LogBox, Writer, check_lines
from box import kill, wait_for
from logdlib import Error

KILLS, GUESTS = 20, int(os.environ.get("KILL_GUESTS", "5"))
LIMIT_S = 10 * KILLS                        # far more than they take
SIZE = 8 << 20                              # at most 1000 files are kept
WHAT = ["log", "supervisor", "USR1", "gateway", "hand-open"]
PLAIN = "max_size = %d\nmax_backups = 1000\nlog_level = 4\n" % SIZE


class Visitors(threading.Thread):
    """Clients that come, open a log of their own and go, so that there are gateways and hands to be killed. What becomes of them does not matter."""

    def __init__(self, b):
        super().__init__(daemon=True)
        self.b, self.stopped, self.served = b, False, 0

    def run(self):
        for n in itertools.count():
            if self.stopped:
                return
            try:
                with self.b.client() as c:
                    os.close(c.open(FOLDER + "visitor%d.log" % (n % 20))[0])
                    self.served += 1
            except (Error, OSError, EOFError):
                pass


def writes(pid, name):
    """Whether the process has that log open."""
    try:
        return any(os.readlink("/proc/%d/fd/%s" % (pid, f)).endswith("/" + name) for f in os.listdir("/proc/%d/fd" % pid))
    except OSError:
        return False


def killed(b, c, name, keeper, own):
    """A guest's life long: its log is written at full speed while each of WHAT is killed KILLS times at least. How often, and how many lines there are."""
    fd, _, _ = c.open(FOLDER + name, 1)
    w = Writer(fd)
    done = {k: 0 for k in WHAT}
    end = time.time() + LIMIT_S
    while min(done.values()) < KILLS:
        assert time.time() < end, done
        # A re-execution forgets who died how often: without it each would be waited for longer and longer.
        what = random.choice(WHAT)
        pids = [keeper] if what == "USR1" else [p for p in b.role(what) if p not in own and (what != "log" or writes(p, name))]
        if not kill(random.sample(pids, min(len(pids), 1)), signal.SIGUSR1 if what == "USR1" else signal.SIGKILL):      # it is being born, or has gone
            continue
        done[what] += 1
        time.sleep(random.random() * 0.03)
        assert c.position(FOLDER + name)[1] <= SIZE
    lines = w.stop()
    wait_for("the stream's end", lambda: not any(writes(p, name) for p in b.role("log")), 60)
    check_lines(b, name, lines, SIZE)
    for f in os.listdir(b.host("")):
        if f.startswith(name):
            os.unlink(b.host(f))
    return done, lines


random.seed(1)
with LogBox("logd-kill", PLAIN) as b:
    keeper, lines, done = b.daemon_pid(), 0, dict.fromkeys(WHAT, 0)
    with b.client() as c:
        c.append(FOLDER + "g.log", "here\n")        # it has its gateway
        own = set(b.role("gateway"))        # all of them, the client's too: it must not lose its connection to a kill of ours
        visitors = Visitors(b)
        visitors.start()
        for guest in range(GUESTS):         # of each, the files are removed: so there are not too many
            d, n = killed(b, c, "g%d.log" % guest, keeper, own)
            lines, done = lines + n, {k: done[k] + d[k] for k in WHAT}
        visitors.stopped = True
        visitors.join()
        c.append(FOLDER + "g.log", "still here\n")
    assert b.daemon_pid() == keeper, "the daemon's process is the same"
    assert visitors.served, "others were served meanwhile"
    print("%s: %d lines: each once, in order; %d visitors served" % (", ".join("%d times %s" % (n, k) for k, n in done.items()), lines, visitors.served))

# The keeper itself. Its roles go on by themselves until the guest's end, and a daemon that is started meanwhile leaves that file to them.
with LogBox("logd-keeper", PLAIN) as b:
    with b.client() as c:
        fd, _, _ = c.open(FOLDER + "g.log", 1)
    w = Writer(fd)
    wait_for("a file has rolled over", lambda: os.path.exists(b.host("g.log.0")))
    os.kill(b.daemon_pid(), signal.SIGKILL)
    wait_for("the end of all others", lambda: not b.role("supervisor") and not b.role("gateway"))
    assert len(b.role("log")) == 1, b.processes()
    b.begin()
    with b.client() as c:
        try:
            c.open(FOLDER + "g.log")
            raise AssertionError("opened although an earlier guest writes to it")
        except Error as e:
            assert (e.code, e.domain, e.sys) == (38, 63, 16), e
        for i in range(200):
            c.append(FOLDER + "g.log", "<from outside %d>" % i)
        lines = w.stop()
        wait_for("the end of the role of the first daemon", lambda: not b.role("log"), 60)
        os.close(c.open(FOLDER + "g.log")[0])
    said = []
    files = check_lines(b, "g.log", lines, SIZE, lambda data: re.sub(rb"<from outside (\d+)>", lambda m: said.append(int(m[1])) or b"", data))
    assert said == list(range(200)), said
    print("SIGKILL of the keeper: %d lines in %d files: each once, in order, and 200 of the next daemon's clients" % (lines, files))
