#!/usr/bin/python3
"""Our virtlockd and Debian's, in turn: acquires and releases, memory.  See bench.py.

  lockd.py [ROUNDS [SECONDS]]

Lease files come and go with their lease: on the disk, where the file system's work is most of a call for both, and in memory, where the daemons' is.
"""
import os, shutil, statistics, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import BUILD
from locklib import *

SECONDS = sys.argv[2] if len(sys.argv) > 2 else "2"


def own(b):
    """The daemon's processes."""
    return [p for p, c in b.processes() if "lockd" in c or c.startswith("bulkhead-")]


def cpu_us(b):
    total = 0
    for p in own(b):
        try:
            total += int(open("/proc/%d/schedstat" % p).read().split()[0]) / 1000
        except OSError:
            pass
    return total


def pairs(work, clients, place):
    """(pairs a second, processor microseconds that one costs the daemon)"""
    def measure(b):
        p = subprocess.Popen([os.path.join(BUILD, "tests/bench/client"), b.lock_sock, work, str(clients), SECONDS, place(b)], stdout=subprocess.PIPE, text=True)
        time.sleep(float(SECONDS) / 4)      # in the middle: what the gateways used is gone with them
        before, t = cpu_us(b), time.monotonic()
        time.sleep(float(SECONDS) / 2)
        used = (cpu_us(b) - before) / (time.monotonic() - t)
        out = p.communicate()[0].split()
        assert p.returncode == 0
        rate = dict(zip(out[::2], map(float, out[1::2])))["rate"] / 2
        return rate, used / rate
    return measure


def pss_kib(b):
    total = 0
    for p in own(b):
        with open("/proc/%d/smaps_rollup" % p) as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total


def memory(b, n=10000):
    """KiB that one lock more costs"""
    with Client(b.lock_sock) as c:
        space = b.dir + "/many"
        assert c.create_lockspace(space) is None and c.register(999991) is None
        before = pss_kib(b)
        for i in range(n):
            assert c.acquire(space, "%064x" % i, AUTOCREATE) is None
        each = (pss_kib(b) - before) / n
        for i in range(n):
            assert c.release(space, "%064x" % i) is None
    return each, 0


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    sides = [lock_box("bench-lockd-ours"), lock_box("bench-lockd-theirs", peer=True)]
    folder = tempfile.mkdtemp(prefix="bench-lockd-", dir="/dev/shm")
    disk, mem, images = (lambda b: b.dir + "/files"), (lambda b: folder + "/" + os.path.basename(b.dir)), (lambda b: "/var/lib/libvirt/images")
    try:
        for b in sides:
            for i in range(8):
                open("%s/%d.img" % (b.images, i), "w").close()
        print("load %.1f, %d processors" % (os.getloadavg()[0], os.cpu_count()))
        rows = [("PSS, no lock, KiB", lambda b: (pss_kib(b), 0), 1)]
        rows += [("pairs/s, %s, %d client%s" % (what, n, "s"[n == 1:]), pairs(work, n, place), rounds) for what, work, place in
                 (("files in memory", "lease", mem), ("files on the disk", "lease", disk), ("images", "image", images)) for n in (1, 8)]
        rows += [("KiB a lock, 10000 locks", memory, 1)]
        for name, fn, times in rows:
            got = [[], []]
            for _ in range(times):
                for i, b in enumerate(sides):
                    got[i].append(fn(b))
            (ours, our_cpu), (theirs, their_cpu) = ([statistics.median(x) for x in zip(*g)] for g in got)
            print("%-36s ours %10.2f  Debian's %10.2f  ratio %5.2f" % (name, ours, theirs, ours / theirs) +
                  ("   processor us a pair: %6.1f and %6.1f" % (our_cpu, their_cpu) if our_cpu else ""), flush=True)
    finally:
        shutil.rmtree(folder)
        for b in sides:
            b.stop()


main()
