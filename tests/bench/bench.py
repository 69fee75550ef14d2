#!/usr/bin/python3
"""The same client work against Bulkhead's virtqemud and Debian's libvirtd, in turn, as ratios.

  bench.py [--quick] [--only REGEX] [--out FILE.md]

Both daemons run at once, each in private mount, net, ipc and pid namespaces with folders of its own; work alternates between
them (A B A B ...), so that a machine whose speed drifts slows both. A ratio below 1 means Bulkhead takes less. Needs root,
python3-libvirt, libvirt-daemon, qemu-system-x86_64, and a built tree (BUILD, default the source folder).
"""
import argparse, json, os, re, shutil, signal, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILD", TOP)
QEMU = "/usr/bin/qemu-system-x86_64"

BOX = r'''
B=$1; shift
mount --make-rprivate /
mount --bind $B/run /run; mkdir -p /run/libvirt
for d in etc/libvirt var/lib/libvirt var/log/libvirt var/cache/libvirt; do
  mkdir -p $B/$d /$d; mount --bind $B/$d /$d
done
mkdir -p /var/log/libvirt/qemu /var/lib/libvirt/images
ip link set lo up
"$@"
exit     # not exec: pid 1 must be a process that waits, for it has to reap orphans
'''


class Side:
    """One daemon in its box."""

    def __init__(self, name, command, sock):
        self.name, self.command = name, command
        self.dir = tempfile.mkdtemp(prefix="bh-%s-" % name[:1], dir="/var/tmp")
        for d in ("run", "etc/libvirt/qemu"):
            os.makedirs(os.path.join(self.dir, d))
        for f in ("qemu.conf",):
            if os.path.exists("/etc/libvirt/" + f):
                shutil.copy("/etc/libvirt/" + f, os.path.join(self.dir, "etc/libvirt"))
        self.sock = os.path.join(self.dir, "run/libvirt", sock)
        self.uri = "qemu+unix:///system?socket=" + self.sock
        self.log = open(os.path.join(self.dir, "daemon.log"), "ab")
        # A shell stays as pid 1 of the box, so that a daemon can be stopped and started while its guests run on.
        self.box = subprocess.Popen(
            ["unshare", "-m", "-n", "-i", "-p", "-f", "--mount-proc", "--kill-child", "sh", "-c", BOX, "sh", self.dir,
             "sh", "-c", 'while read -r line; do eval "$line" & done; kill -9 -1'],
            stdin=subprocess.PIPE, stdout=self.log, stderr=self.log, start_new_session=True)
        self.start()

    def say(self, line):
        self.box.stdin.write((line + "\n").encode())
        self.box.stdin.flush()

    def start(self):
        self.say(self.command)
        self.wait()

    def wait(self, guests=None, running=None):
        import libvirt
        end = time.time() + 120
        while time.time() < end:
            try:
                c = libvirt.open(self.uri)
                n = len(c.listAllDomains()) if guests is not None else None
                r = len(c.listAllDomains(1)) if running is not None else None
                c.close()
                if n == guests and r == running:
                    return
            except libvirt.libvirtError:
                pass
            time.sleep(0.005)
        raise SystemExit("%s did not answer; its log is %s" % (self.name, self.log.name))

    def pids(self):
        """Host pids of all processes in the box, with their command lines."""
        children, cmd = {}, {}
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                stat = open("/proc/%s/stat" % p).read()
                cmd[int(p)] = open("/proc/%s/cmdline" % p).read().replace("\0", " ")
            except OSError:
                continue
            children.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(p))
        found, todo = [], [self.box.pid]
        while todo:
            for k in children.get(todo.pop(), []):
                found.append((k, cmd.get(k, "")))
                todo.append(k)
        return found

    def daemon_pid(self):
        word = "libvirtd" if self.name == "libvirtd" else "virtqemud"
        return min(p for p, c in self.pids() if c and os.path.basename(c.split()[0]).startswith(word))

    def pss_kib(self):
        total = 0
        for p, c in self.pids():
            if "qemu-system" in c.split(" ")[0] or c.startswith(("sh ", "unshare ")):
                continue
            try:
                for line in open("/proc/%d/smaps_rollup" % p):
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
            except OSError:
                pass
        return total

    def restart(self, guests, running):
        pid = self.daemon_pid()
        os.kill(pid, signal.SIGTERM)
        while is_running(pid):
            time.sleep(0.002)
        t = time.time()
        self.say(self.command)
        self.wait(guests, running)
        return time.time() - t

    def stop(self):
        self.box.stdin.close()
        try:
            self.box.wait(20)
        except subprocess.TimeoutExpired:
            self.box.kill()
            self.box.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


def is_running(pid):
    try:
        return open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def guest_xml(name, i=0):
    return f"""<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><emulator>{QEMU}</emulator><serial type='pty'/><memballoon model='virtio'/></devices></domain>"""


def native(side, work, clients, secs, name=""):
    out = subprocess.run([os.path.join(BUILD, "tests/bench/client"), side.sock, work, str(clients), str(secs), name],
                         check=True, capture_output=True, text=True).stdout.split()
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
        self.a = Side("bulkhead", os.path.join(BUILD, "virtqemud"), "virtqemud-sock")
        self.b = Side("libvirtd", "virtlogd -d; libvirtd", "libvirt-sock")
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
