#!/usr/bin/python3
"""Our virtlogd and Debian's, in turn: how fast a guest's output goes to its file, what that costs, and for how long a re-execution stops it.

  logd.py [--quick] [--streams N]      N: how many open streams are made of ours at last (1000)

Files roll over at 2 MiB, as they do by default.  Needs root and a built tree (BUILD)."""
import argparse, fcntl, os, signal, statistics, sys, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import wait_for
from logdbox import FOLDER, LogBox

BLOCK = b"".join(b"[%8d.%06d] a guest's kernel says something that is as long as such lines are\n" % (i, i) for i in range(800))
TICK = os.sysconf("SC_CLK_TCK")


def daemon(b):
    return [p for p, c in b.processes() if c and not c.startswith(("sh ", "unshare ", "nsenter"))]


def read(p, name):
    try:
        with open("/proc/%d/%s" % (p, name)) as f:
            return f.read()
    except OSError:             # it has ended
        return ""


def cpu_s(b):
    """Of all its processes, in seconds."""
    t = 0
    for p in daemon(b):
        w = read(p, "stat").rsplit(")", 1)[-1].split()
        t += int(w[11]) + int(w[12]) if w else 0
    return t / TICK


def pss_kib(b):
    return sum(int(l.split()[1]) for p in daemon(b) for l in read(p, "smaps_rollup").splitlines() if l.startswith("Pss:"))


def opened(b, names):
    fds = []
    for n in names:
        with b.client() as c:
            fd = c.open(FOLDER + n, 1)[0]
            fcntl.fcntl(fd, fcntl.F_SETFL, 0)
            fds.append(fd)
    return fds


def pump(b, streams, total):
    """MB/s of `total` bytes through so many streams at once, each with a writer of its own, and CPU seconds a GB."""
    fds, each = opened(b, ["b%d.log" % i for i in range(streams)]), total // streams
    cpu, t, pids = cpu_s(b), time.time(), []
    for fd in fds:
        pid = os.fork()
        if pid == 0:
            done = 0
            while done < each:
                done += os.write(fd, BLOCK)
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    with b.client() as c:           # its answer comes when all is in the file
        c.position(FOLDER + "b0.log")
    took, cpu = time.time() - t, cpu_s(b) - cpu
    for fd in fds:
        os.close(fd)
    time.sleep(0.5)
    return each * streams / took / 1e6, cpu / (each * streams / 1e9)


def stall_ms(b, ask):
    """The longest write of a guest that writes 2000 bytes every 0.2 ms, over a re-execution, and how long a call takes that is made right after it was told to.
    ask: libvirt's answers none that come just then."""
    answer = 0
    fd, = opened(b, ["stall.log"])
    worst, told, end = 0, False, time.time() + 1.2
    with b.client() as c:
        while time.time() < end:
            t = time.perf_counter()
            os.write(fd, BLOCK[:2000])
            worst = max(worst, time.perf_counter() - t)
            if not told and time.time() > end - 0.9:
                os.kill(b.daemon_pid(), signal.SIGUSR1)
                told, t = True, time.perf_counter()
                if ask:
                    c.position(FOLDER + "stall.log")
                    answer = time.perf_counter() - t
            time.sleep(0.0002)
    os.close(fd)
    time.sleep(0.3)
    return worst * 1e3, answer * 1e3


def row(name, unit, values):
    ours, peer = (statistics.median(v) for v in values)
    print("| %s | %.1f | %.1f | %s | %.2f |" % (name, ours, peer, unit, ours / peer if peer else float("nan")), flush=True)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--quick", action="store_true")
    ap.add_argument("--streams", type=int, default=1000)
    args = ap.parse_args()
    size, reps = (100 << 20, 3) if args.quick else (1 << 30, 5)
    print("load %.1f %.1f %.1f, %d processors" % (*os.getloadavg(), os.cpu_count()))
    print("| work | Bulkhead | libvirt | unit | ratio |\n|---|---:|---:|---|---:|")
    with LogBox("bench-ours") as ours, LogBox("bench-peer", command="virtlogd") as peer:
        sides = (ours, peer)
        for streams in (1, 50):
            got = [[pump(b, streams, size) for b in sides] for _ in range(reps)]
            row("%d stream%s" % (streams, "s" * (streams > 1)), "MB/s", [[g[i][0] for g in got] for i in (0, 1)])
            row("the same", "CPU s/GB", [[g[i][1] for g in got] for i in (0, 1)])
        got = [[stall_ms(b, b is ours) for b in sides] for _ in range(reps)]
        row("longest write of a guest over SIGUSR1", "ms", [[g[i][0] for g in got] for i in (0, 1)])
        print("| a call that is made right after SIGUSR1 | %.1f | no answer | ms | |" % statistics.median(g[0][1] for g in got), flush=True)
    for side, kw in (("ours", {}), ("libvirt", {"command": "virtlogd"})):
        with LogBox("bench-many", "max_clients = 2000\n", **kw) as b:
            before, t = pss_kib(b), time.time()
            fds = opened(b, ["m%d.log" % i for i in range(args.streams)])
            took = time.time() - t
            for i, fd in enumerate(fds):
                os.write(fd, b"line of %d\n" % i)
            wait_for("all are written", lambda: all(os.path.getsize(b.host("m%d.log" % i)) == len("line of %d\n" % i) for i in range(args.streams)))
            n = {p: len(os.listdir("/proc/%d/fd" % p)) for p in daemon(b)}
            print("%s: %d streams open in %.1f s, all written to; %.0f KiB a stream, %d processes, at most %d descriptors in one" % (
                side, args.streams, took, (pss_kib(b) - before) / args.streams, len(n), max(n.values())), flush=True)
            t = time.time()
            for fd in fds:
                os.close(fd)
            if side == "ours":
                wait_for("all are closed", lambda: not b.role("log"), 120)
                print("all gone %.1f s after they were closed" % (time.time() - t))


if __name__ == "__main__":
    main()
