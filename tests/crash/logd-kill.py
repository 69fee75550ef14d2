#!/usr/bin/python3
"""virtlogd under a guest that writes at full speed, with files rolling over all the time: log role, supervisor and every other child of the daemon are
killed, and the daemon is told to re-execute itself, again and again. Then every byte is in the files, once, in order; the client that was
connected all the time still is; and nobody but the killed one has died."""
import os, random, re, signal, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from logdbox import FOLDER, LogBox, Writer, check_lines
from box import wait_for
from logdlib import Error

SECONDS = int(os.environ.get("KILL_SECONDS", "15"))
SIZE = (4 << 20) * (1 + SECONDS // 20)      # at most 1000 files are kept
WHAT = ["log", "supervisor", "USR1", "gateway", "hand-open"]

random.seed(1)
with LogBox("logd-kill", "max_size = %d\nmax_backups = 1000\nlog_level = 4\n" % SIZE) as b:
    keeper = b.daemon_pid()
    with b.client() as c:
        fd, _, _ = c.open(FOLDER + "g.log", 1)
        w = Writer(fd)
        own = set(b.role("gateway"))        # all of them, the client's too: it must not lose its connection to a kill of ours
        done = {k: 0 for k in WHAT}
        end = time.time() + SECONDS
        while time.time() < end:
            what = random.choices(WHAT, [5, 3, 2, 1, 1])[0]
            if what == "USR1":
                os.kill(keeper, signal.SIGUSR1)
            else:
                pids = [p for p in b.role(what) if what != "gateway" or p not in own]
                for p in pids[:1]:
                    try:
                        os.kill(p, signal.SIGKILL)
                    except ProcessLookupError:
                        continue
            done[what] += 1
            time.sleep(random.random() * 0.03)
            assert c.position(FOLDER + "g.log")[1] <= SIZE
        lines = w.stop()
        wait_for("the stream's end", lambda: not b.role("log"), 60)
        files = check_lines(b, "g.log", lines, SIZE)
        c.append(FOLDER + "g.log", "still here\n")
    assert b.daemon_pid() == keeper, "the daemon's process is the same"
    print("%s: %d lines in %d files: each once, in order" % (", ".join("%d times %s" % (n, k) for k, n in done.items()), lines, files))

# The keeper itself. Its roles go on by themselves until the guest's end, and a daemon that is started meanwhile leaves that file to them.
with LogBox("logd-keeper", "max_size = %d\nmax_backups = 1000\nlog_level = 4\n" % SIZE) as b:
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
