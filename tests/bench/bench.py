#!/usr/bin/python3
"""The same client work against Bulkhead's virtqemud and Debian's libvirtd, in turn, as ratios.

  bench.py [--quick] [--only REGEX] [--ours] [--out FILE.md]

Both daemons run at once, each in private mount, net, ipc and pid namespaces with folders of its own; work alternates between
them (A B A B ...), so that a machine whose speed drifts slows both. A ratio below 1 means Bulkhead takes less. Rows are taken in
order; what a row needs to be defined or running is made when it comes to it, so that --only skips the rest. A row that fails is
told, the others are taken all the same, and the exit status is 1. --ours: libvirtd is not started. Needs root, python3-libvirt,
libvirt-daemon, qemu-system-x86_64, and a built tree (BUILD, default the source folder).
"""
import argparse, math, os, re, socket, statistics, subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import box
from box import BUILD, QEMU

CHUNK = 50              # documents between one side and the other
DISK = "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/var/lib/libvirt/images/plug.img'/><target dev='sda' bus='scsi'/></disk>"
ANEW_MS = 700           # pause between two calls: what a daemon keeps for a moment is old by then


class Side(box.Box):
    """One daemon in its box, and what the benchmark asks of it."""

    def __init__(self, name, peer):
        super().__init__(name[:1], peer, BUILD)
        self.name, self.defined, self.running, self.con = name, 0, 0, None

    def open(self):
        import libvirt
        if not self.con:
            self.con = libvirt.open(self.uri)
        return self.con

    def close(self):
        if self.con:
            self.con.close()
            self.con = None

    def define(self, n):
        con, t = self.open(), time.time()
        for i in range(self.defined, n):
            con.defineXML(box.guest_xml("bench-%d" % i))
            self.defined = i + 1
        return time.time() - t

    def undefine(self, n):
        con, t = self.open(), time.time()
        while self.defined > n:
            con.lookupByName("bench-%d" % (self.defined - 1)).undefine()
            self.defined -= 1
        return time.time() - t

    def run_guests(self, n):
        con = self.open()
        while self.running < n:
            con.lookupByName("bench-%d" % self.running).create()
            self.running += 1
        while self.running > n:
            con.lookupByName("bench-%d" % (self.running - 1)).destroy()
            self.running -= 1

    def native(self, work, clients=1, secs=1, name="", pause_ms=0):
        out = subprocess.run([os.path.join(BUILD, "tests/bench/client"), self.sock, work, str(clients), str(secs), name, str(pause_ms)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if out.returncode:
            raise RuntimeError("%s: %s" % (self.name, out.stderr.strip() or "the client ended with %d" % out.returncode))
        words = out.stdout.split()
        return dict(zip(words[::2], map(float, words[1::2])))

    def pss_kib(self):
        """Of all processes but the guests and the box's own."""
        total = 0
        for p, c in self.processes():
            if c.startswith((QEMU, "sh ", "unshare ")):
                continue
            try:
                with open("/proc/%d/smaps_rollup" % p) as f:
                    total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
            except OSError:
                pass
        return total

    def restart(self):
        """Seconds from the start of the daemon until it lists every guest."""
        self.close()
        self.stop_daemon()
        t = time.time()
        self.start(wait=False)
        self.wait(self.defined, self.running)
        return time.time() - t


def bare_qemu():
    """Seconds from exec to an answered QMP command, and from SIGTERM, which a destroyed guest gets first, to the exit seen, of a QEMU started by nobody's daemon."""
    a, b = socket.socketpair()
    t = time.time()
    p = subprocess.Popen([QEMU, "-S", "-M", "pc", "-m", "32", "-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg",
                          "-device", "virtio-balloon-pci", "-chardev", "pty,id=s", "-serial", "chardev:s",
                          "-chardev", "socket,id=m,fd=%d" % b.fileno(), "-mon", "chardev=m,mode=control"],
                         pass_fds=[b.fileno()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    b.close()
    with a, a.makefile("rw") as f:
        f.readline()
        for c in ("qmp_capabilities", "query-status"):
            f.write('{"execute":"%s"}\n' % c)
            f.flush()
            f.readline()
        started = time.time() - t
        t = time.time()
        p.terminate()
        p.wait()
        return started, time.time() - t


class Bench:
    def __init__(self, args):
        self.args, self.rows, self.failed, self.sides = args, [], [], []
        self.only = re.compile(args.only or ".")
        self.reps = 3 if args.quick else 7
        self.secs = 0.5 if args.quick else 2
        self.took = {}          # (what, side's name) -> seconds or samples of work that was done on the way

    # ---- what rows need ----

    def need(self, defined=None, running=None):
        """Brings both sides there, in turn."""
        while defined is not None and any(s.defined != defined for s in self.sides):
            for s in self.sides:
                kind = "define" if s.defined < defined else "undefine"
                t = s.define(min(s.defined + CHUNK, defined)) if kind == "define" else s.undefine(max(s.defined - CHUNK, defined))
                self.took[kind, s.name] = self.took.get((kind, s.name), 0) + t
        for s in self.sides if running is not None else ():
            s.run_guests(running)

    def in_turn(self, fn, reps=None, warm=1):
        """{side: samples}; the first rounds warm both up."""
        got = {s: [] for s in self.sides}
        for i in range((reps or self.reps) + warm):
            for s in self.sides:
                v = fn(s)
                if i >= warm:
                    got[s].append(v)
        return got

    # ---- measurements: each gives {side: samples} ----

    def native(self, work, field="median_us", clients=1, **kw):
        return lambda: self.in_turn(lambda s: s.native(work, clients, kw.get("secs", self.secs), kw.get("name", ""), kw.get("pause_ms", 0))[field])

    def pss(self):
        return {s: [s.pss_kib()] for s in self.sides}

    def pss_per_guest(self):
        """Of as many as run now; all of them end, and are started again by the next row that needs them."""
        n, full = self.sides[0].running, self.pss()
        self.need(running=0)
        empty = self.pss()
        return {s: [(full[s][0] - empty[s][0]) / n] for s in self.sides}

    def on_the_way(self, kind):
        return lambda: {s: [self.took[kind, s.name]] for s in self.sides}

    def restart(self):
        return self.in_turn(lambda s: s.restart(), reps=1 if self.args.quick else 3, warm=0)

    def lives(self):
        """Starts and ends, in turn with a bare QEMU's: milliseconds more than it."""
        import libvirt
        if "create" not in self.took:
            more = {"create": {s: [] for s in self.sides}, "destroy": {s: [] for s in self.sides}}
            for i in range(self.reps * 3 + 1):
                bare = bare_qemu()
                for s in self.sides:
                    d = s.open().lookupByName("bench-%d" % (i % s.defined))
                    t = time.time()
                    d.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
                    t2 = time.time()
                    d.destroy()
                    t3 = time.time()
                    if i:
                        more["create"][s].append((t2 - t - bare[0]) * 1000)
                        more["destroy"][s].append((t3 - t2 - bare[1]) * 1000)
            self.took.update(more)
        return self.took

    def at_once(self, n):
        """As many starts at once, in turn with as many bare QEMUs: how many times what those take."""
        def together(work):
            t = time.time()
            with ThreadPoolExecutor(n) as pool:
                took = list(pool.map(work, range(n)))
            return time.time() - t, took

        import libvirt
        got = {s: [] for s in self.sides}
        for i in range(self.reps + 1):
            bare = max(started for started, _ in together(lambda i: bare_qemu())[1])
            for s in self.sides:
                con = s.open()
                took, _ = together(lambda i: con.lookupByName("bench-%d" % i).createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED))
                together(lambda i: con.lookupByName("bench-%d" % i).destroy())
                if i:
                    got[s].append(took / bare)
        return got

    def plugs(self):
        """A SCSI disk comes to a running guest and goes; the first one brings its controller."""
        if "attach" not in self.took:
            more = {"attach": {s: [] for s in self.sides}, "detach": {s: [] for s in self.sides}}
            for s in self.sides:
                s.open().createXML(box.guest_xml("bench-plug", extra="<features><acpi/></features>"))
                os.makedirs(s.dir + "/var/lib/libvirt/images", exist_ok=True)
                with open(s.dir + "/var/lib/libvirt/images/plug.img", "w") as f:
                    f.truncate(1 << 20)
            for i in range(self.reps * 3 + 1):
                for s in self.sides:
                    d = s.open().lookupByName("bench-plug")
                    t = time.time()
                    d.attachDevice(DISK)
                    t2 = time.time()
                    d.detachDevice(DISK)
                    t3 = time.time()
                    if i:
                        more["attach"][s].append((t2 - t) * 1000)
                        more["detach"][s].append((t3 - t2) * 1000)
            for s in self.sides:
                s.open().lookupByName("bench-plug").destroy()
            self.took.update(more)
        return self.took

    # ---- the table ----

    def table(self):
        """(name, what it needs, measurement, unit, goal)"""
        yield "PSS of the daemon, nothing defined", {}, self.pss, "KiB", ""
        for n in (1, 8, 64):
            yield "no-op latency, %d clients" % n, {}, self.native("noop", clients=n), "us", "<= 1" if n == 1 else ""
            yield "no-op throughput, %d clients" % n, {}, self.native("noop", "rate", n), "calls/s", ">= 3" if n == 64 else ""
        yield "connect, open, close", {}, self.native("connect"), "us", ""
        yield "connect, open, close, 20 ms apart", {}, self.native("connect", pause_ms=20), "us", ""
        for n in (10, 100, 1000):
            yield "list of %d defined" % n, {"defined": n}, self.native("list"), "us", "<= 1"
        yield "define of 1000", {"defined": 1000}, self.on_the_way("define"), "s", ""
        for work in ("lookup", "info", "state", "dumpxml"):
            yield work, {"defined": 1000}, self.native(work, name="bench-500"), "us", ""
        yield "PSS of the daemon, 1000 defined", {"defined": 1000}, self.pss, "KiB", ""
        yield "restart with 1000 defined", {"defined": 1000}, self.restart, "s", ""
        yield "create less bare QEMU's start", {"defined": self.least(20)}, lambda: self.lives()["create"], "ms", "<= 40 ms"
        yield "destroy less QEMU's own exit", {"defined": self.least(20)}, lambda: self.lives()["destroy"], "ms", "<= 15 ms"
        yield "start of 20 at once, by bare QEMU's", {"defined": self.least(20), "running": 0}, lambda: self.at_once(20), "times", "<= 2 times"
        yield "attach of a disk", {}, lambda: self.plugs()["attach"], "ms", ""
        yield "detach of a disk", {}, lambda: self.plugs()["detach"], "ms", ""
        for n in (1, 20, 50):
            need = {"defined": self.least(50), "running": n}
            yield "domstats with %d running" % n, need, self.native("stats"), "us", "<= 0.1" if n == 50 else ""
            yield "domstats with %d running, asked anew" % n, need, self.native("stats", pause_ms=ANEW_MS, secs=3), "us", "<= 0.1" if n == 50 else ""
            if n == 50:
                yield "restart with 50 running", need, self.restart, "s", ""
            yield "PSS per running guest, %d running" % n, need, self.pss_per_guest, "KiB", "<= 430 KiB"
        yield "undefine of 1000", {"defined": 1000, "running": 0}, self.undefine_all, "s", ""

    def least(self, n):
        """As many as are defined anyway, or n."""
        return max(n, *(s.defined for s in self.sides))

    def undefine_all(self):
        self.took = {}
        self.need(defined=0)
        return self.on_the_way("undefine")()

    def row(self, name, got, unit, goal):
        mid = [statistics.median(got[s]) for s in self.sides]
        ours, peer = mid[0], mid[1] if len(mid) > 1 else math.nan
        ratio = ours / peer if peer else math.nan
        self.rows.append((name, ours, peer, unit, ratio, goal, min(got[self.sides[0]])))
        print("%-40s ours %10.3f  libvirtd %10.3f %-9s ratio %6.3f  %-10s (ours at best %.3f)" % (name, ours, peer, unit, ratio, goal, min(got[self.sides[0]])), flush=True)

    def run(self):
        import libvirt
        libvirt.registerErrorHandler(lambda *a: None, None)
        try:
            self.sides.append(Side("bulkhead", False))
            if not self.args.ours:
                self.sides.append(Side("libvirtd", True))
            print("load %.1f %.1f %.1f, %d processors" % (*os.getloadavg(), os.cpu_count()), flush=True)
            for name, need, measure, unit, goal in self.table():
                if not self.only.search(name):
                    continue
                try:
                    self.need(**need)
                    self.row(name, measure(), unit, goal)
                except Exception as e:
                    print("%-40s FAILED: %s: %s" % (name, type(e).__name__, e), flush=True)
                    self.failed.append(name)
            for s in self.sides:
                s.close()
        finally:
            for s in self.sides:
                s.stop()
        return 1 if self.failed else 0

    def write(self, path):
        with open(path, "w") as f:
            f.write("| work | Bulkhead | libvirtd | unit | ratio | to reach |\n|---|---:|---:|---|---:|---|\n")
            for name, o, p, unit, ratio, goal, _ in self.rows:
                f.write("| %s | %.3f | %.3f | %s | %.3f | %s |\n" % (name, o, p, unit, ratio, goal))
            f.writelines("| %s | failed | | | | |\n" % name for name in self.failed)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--quick", action="store_true")
    ap.add_argument("--only")
    ap.add_argument("--ours", action="store_true")
    ap.add_argument("--out")
    args = ap.parse_args()
    b = Bench(args)
    try:
        status = b.run()
    finally:
        if args.out:
            b.write(args.out)
    sys.exit(status)
