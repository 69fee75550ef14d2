#!/usr/bin/python3
"""Our virtlockd and Debian's, in turn: acquires and releases, memory.  See bench.py.

  lockd.py [ROUNDS]
"""
import os, statistics, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import BUILD
from locklib import *


def pairs(b, clients):
    out = subprocess.run([os.path.join(BUILD, "tests/bench/client"), b.lock_sock, "lease", str(clients), "2", b.dir + "/files"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    return dict(zip(out[::2], map(float, out[1::2])))["rate"] / 2


def pss_kib(b):
    total = 0
    for p, c in b.processes():
        if "lockd" in c or c.startswith("bulkhead-"):
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
    return each


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    sides = [lock_box("bench-lockd-ours"), lock_box("bench-lockd-theirs", peer=True)]
    try:
        print("load %.1f, %d processors" % (os.getloadavg()[0], os.cpu_count()))
        for name, fn in (("PSS, no lock, KiB", pss_kib), ("pairs/s, 1 client", lambda b: pairs(b, 1)), ("pairs/s, 8 clients", lambda b: pairs(b, 8)), ("KiB a lock, 10000 locks", memory)):
            got = [[], []]
            for _ in range(1 if fn in (pss_kib, memory) else rounds):
                for i, b in enumerate(sides):
                    got[i].append(fn(b))
            ours, theirs = map(statistics.median, got)
            print("%-26s ours %10.2f  Debian's %10.2f  ratio %6.2f" % (name, ours, theirs, ours / theirs), flush=True)
    finally:
        for b in sides:
            b.stop()


main()
