#!/usr/bin/python3
"""The same client work against Bulkhead's virtqemud and Debian's libvirtd, in turn, as ratios.

  bench.py [--quick] [--only REGEX] [--out FILE.md]

Both daemons run at once, each in private mount, net, ipc and pid namespaces with folders of its own; work alternates between
them (A B A B ...), so that a machine whose speed drifts slows both. A ratio below 1 means Bulkhead takes less. Needs root,
python3-libvirt, libvirt-daemon, qemu-system-x86_64, and a built tree (BUILD, default the source folder).
"""
import argparse, os, re, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import box
from box import BUILD, QEMU

class Side(box.Box):
    """One daemon in its box, and what the benchmark asks of it."""

    def __init__(self, name, peer):
        super().__init__(name[:1], peer, BUILD)
        self.name = name

    def pss_kib(self):
        total = 0
        for p, c in self.processes():
            if c.startswith((QEMU, "sh ", "unshare ")):
                continue
            try:
                for line in open("/proc/%d/smaps_rollup" % p):
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
            except OSError:
                pass
        return total

    def restart(self, guests, running):
        self.stop_daemon()
        t = time.time()
        self.start(wait=False)
        self.wait(guests, running)
        return time.time() - t


guest_xml = box.guest_xml


def native(side, work, clients, secs, name=""):
    out = subprocess.run([os.path.join(BUILD, "tests/bench/client"), side.sock, work, str(clients), str(secs), name],
                         check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return dict(zip(out[::2], map(float, out[1::2])))


def bare_qemu():
    """Seconds from exec to an answered QMP command, and from SIGKILL to the exit seen, of a QEMU started by nobody's daemon."""
    import socket
    a, b = socket.socketpair()
    t = time.time()
    p = subprocess.Popen([QEMU, "-S", "-M", "pc", "-m", "32", "-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg",
                          "-device", "virtio-balloon-pci", "-chardev", "pty,id=s", "-serial", "chardev:s",
                          "-chardev", "socket,id=m,fd=%d" % b.fileno(), "-mon", "chardev=m,mode=control"],
                         pass_fds=[b.fileno()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    b.close()
    f = a.makefile("rw")
    f.readline()
    for c in ("qmp_capabilities", "query-status"):
        f.write('{"execute":"%s"}\n' % c)
        f.flush()
        f.readline()
    started = time.time() - t
    t = time.time()
    p.kill()
    p.wait()
    return started, time.time() - t


class Bench:
    def __init__(self, args):
        self.args, self.rows = args, []
        self.only = re.compile(args.only or ".")
        self.reps = 3 if args.quick else 7
        self.secs = 0.5 if args.quick else 2

    def row(self, name, ours, peer, unit, goal="", lower=True):
        o, p = statistics.median(ours), statistics.median(peer)
        ratio = o / p if p else float("nan")
        self.rows.append((name, o, p, unit, ratio, goal))
        print("%-38s ours %10.3f  libvirtd %10.3f %-9s ratio %6.3f  %s" % (name, o, p, unit, ratio, goal), flush=True)

    def pairs(self, name, fn, unit, goal="", reps=None):
        if not self.only.search(name):
            return
        ours, peer = [], []
        for i in range((reps or self.reps) + 1):
            for side, into in ((self.a, ours), (self.b, peer)):
                v = fn(side)
                if i:               # the first round warms both up
                    into.append(v)
        self.row(name, ours, peer, unit, goal)

    def run(self):
        import libvirt
        libvirt.registerErrorHandler(lambda *a: None, None)
        self.a = Side("bulkhead", False)
        self.b = Side("libvirtd", True)
        sides = (self.a, self.b)
        try:
            self.measure(libvirt, sides)
        finally:
            for s in sides:
                s.stop()

    def measure(self, libvirt, sides):
        secs, only = self.secs, self.only
        con = {s: libvirt.open(s.uri) for s in sides}
        idle = {s: s.pss_kib() for s in sides}
        self.row("PSS of the daemon, nothing defined", [idle[self.a]], [idle[self.b]], "KiB")
        for n in (1, 8, 64):
            self.pairs("no-op latency, %d clients" % n, lambda s: native(s, "noop", n, secs)["median_us"], "us", "<= 1" if n == 1 else "")
            self.pairs("no-op throughput, %d clients" % n, lambda s: native(s, "noop", n, secs)["rate"], "calls/s", ">= 3" if n == 64 else "")
        self.pairs("connect, open, close", lambda s: native(s, "connect", 1, secs)["median_us"], "us")

        def define(s, lo, hi):
            t = time.time()
            for i in range(lo, hi):
                con[s].defineXML(guest_xml("bench-%d" % i))
            return time.time() - t

        have = 0
        for n in (10, 100, 1000):
            took = {s: define(s, have, n) for s in sides}
            if n == 1000:
                self.row("define of 900", [took[self.a]], [took[self.b]], "s")
            have = n
            self.pairs("list of %d defined" % n, lambda s: native(s, "list", 1, secs)["median_us"], "us", "<= 1")
        for work in ("lookup", "info", "state", "dumpxml"):
            self.pairs(work, lambda s: native(s, work, 1, secs, "bench-500")["median_us"], "us")
        if only.search("PSS of the daemon, 1000 defined"):
            self.row("PSS of the daemon, 1000 defined", [self.a.pss_kib()], [self.b.pss_kib()], "KiB")
        if only.search("restart with 1000 defined"):
            for c in con.values():
                c.close()
            self.row("restart with 1000 defined", [self.a.restart(1000, 0)], [self.b.restart(1000, 0)], "s")
            con.update({s: libvirt.open(s.uri) for s in sides})

        bare = [bare_qemu() for _ in range(self.reps)]
        start0, exit0 = (statistics.median(x[i] for x in bare) for i in (0, 1))
        times = {s: ([], []) for s in sides}
        for i in range(self.reps + 1):
            for s in sides:
                d = con[s].lookupByName("bench-%d" % i)
                t = time.time()
                d.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
                t2 = time.time()
                d.destroy()
                if i:
                    times[s][0].append((t2 - t - start0) * 1000)
                    times[s][1].append((time.time() - t2 - exit0) * 1000)
        self.row("create less bare QEMU's start", times[self.a][0], times[self.b][0], "ms", "<= 40 ms")
        self.row("destroy less QEMU's own exit", times[self.a][1], times[self.b][1], "ms", "<= 15 ms")

        have, before = 0, {s: s.pss_kib() for s in sides}
        for n in (1, 20, 50):
            for s in sides:
                for i in range(have, n):
                    con[s].lookupByName("bench-%d" % i).create()
            have = n
            self.pairs("domstats with %d running" % n, lambda s: native(s, "stats", 1, secs)["median_us"], "us", "<= 0.1" if n == 50 else "")
        self.row("PSS per running guest", [(self.a.pss_kib() - before[self.a]) / have], [(self.b.pss_kib() - before[self.b]) / have], "KiB", "<= 430")
        if only.search("restart with 50 running"):
            for c in con.values():
                c.close()
            self.row("restart with 50 running", [self.a.restart(1000, 50)], [self.b.restart(1000, 50)], "s")
            con.update({s: libvirt.open(s.uri) for s in sides})
        for s in sides:
            for d in con[s].listAllDomains(1):
                d.destroy()

        def undefine(s):
            t = time.time()
            for d in con[s].listAllDomains():
                d.undefine()
            return time.time() - t
        took = {s: undefine(s) for s in sides}
        self.row("undefine of 1000", [took[self.a]], [took[self.b]], "s")
        for c in con.values():
            c.close()

    def write(self, path):
        with open(path, "w") as f:
            f.write("| work | Bulkhead | libvirtd | unit | ratio | to reach |\n|---|---:|---:|---|---:|---|\n")
            for name, o, p, unit, ratio, goal in self.rows:
                f.write("| %s | %.3f | %.3f | %s | %.3f | %s |\n" % (name, o, p, unit, ratio, goal))


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--quick", action="store_true")
    ap.add_argument("--only")
    ap.add_argument("--out")
    args = ap.parse_args()
    b = Bench(args)
    try:
        b.run()
    finally:
        if args.out and b.rows:
            b.write(args.out)
