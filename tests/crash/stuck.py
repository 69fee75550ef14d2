#!/usr/bin/python3
"""stuck.py: one QEMU of 20 is stopped (SIGSTOP) and 25 clients hang on it: everything about the others goes on in bounded time.

Also: destroy of the stuck one, and 200 silent connections that never say a word. Needs root, QEMU, python3-libvirt.
"""
import os, signal, socket, sys, threading, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import box
from box import guest_xml, wait_for
from needs import needed_modules, needs_root

needs_root()
needed_modules("libvirt")
import libvirt
GUESTS = int(os.environ.get("STUCK_GUESTS", "20"))
BOUND = 15.0        # seconds, on a loaded machine; typical is milliseconds, and who waits for the stuck one does for half a minute
n = failed = 0


def ok(cond, what):
    global n, failed
    n += 1
    failed += not cond
    print("%sok %d - %s" % ("" if cond else "not ", n, what), flush=True)


def timed(what, fn, bound=BOUND):
    t = time.time()
    try:
        v = fn()
        err = ""
    except Exception as e:
        v, err = None, " (%s)" % e
    took = time.time() - t
    ok(not err and took < bound, "%s: %.0f ms%s" % (what, took * 1000, err))
    return v


def main():
    with box.Box("stuck") as b:
        c = b.connect()
        for i in range(GUESTS):
            c.defineXML(guest_xml("g%d" % i))
        for i in range(GUESTS - 1):
            c.lookupByName("g%d" % i).create()
        victim = c.lookupByName("g0")
        pid = [p for p in b.role("guest") if b"guest=g0," in open("/proc/%d/cmdline" % p, "rb").read()][0]
        os.kill(pid, signal.SIGSTOP)

        hung = []
        def hang():
            try:
                k = b.connect()
                hung.append(k)
                k.lookupByName("g0").memoryStats()
                k.lookupByName("g0").suspend()
            except libvirt.libvirtError:
                pass
        threads = [threading.Thread(target=hang, daemon=True) for _ in range(25)]
        for t in threads:
            t.start()
        wait_for("25 clients hang on it", lambda: len(hung) == 25)

        timed("connect, with 25 clients stuck", lambda: b.connect().close())
        timed("list", lambda: c.listAllDomains())
        timed("info of another", lambda: c.lookupByName("g1").info())
        timed("info of the stuck one", lambda: victim.info())
        timed("state of the stuck one", lambda: victim.state())
        timed("dumpxml of another", lambda: c.lookupByName("g1").XMLDesc(0))
        timed("dumpxml of the stuck one", lambda: victim.XMLDesc(0))
        timed("suspend and resume of another", lambda: (c.lookupByName("g1").suspend(), c.lookupByName("g1").resume()))
        timed("start of another", lambda: c.lookupByName("g%d" % (GUESTS - 1)).create())
        timed("destroy of another", lambda: c.lookupByName("g2").destroy())
        stats = timed("stats of all", lambda: c.getAllDomainStats())
        ok(stats and len(stats) == GUESTS, "the stuck one is among them")
        t = time.time()
        timed("destroy of the stuck one", victim.destroy)
        wait_for("its QEMU has ended", lambda: not box.is_running(pid))
        ok(time.time() - t < BOUND, "and its QEMU is gone")
        timed("it starts again", victim.create)

        silent = []
        for i in range(200):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(60)
            try:
                s.connect(b.sock)
                silent.append(s)
            except OSError:
                s.close()
        timed("connect and list with 200 silent connections", lambda: b.connect().listAllDomains())
        timed("and the old connection goes on", lambda: c.listAllDomains())
        for s in silent:
            s.close()
        for t in threads:
            t.join(60)
        ok(not any(t.is_alive() for t in threads), "every stuck client was answered")
        for d in c.listAllDomains():
            if d.isActive():
                d.destroy()
            d.undefine()
        c.close()
        b.stop_daemon()
        left = b.left_over()
        ok(not left, "nothing left over %s" % left)
    print("1..%d" % n)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
