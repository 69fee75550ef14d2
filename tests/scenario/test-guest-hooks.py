#!/usr/bin/python3
"""Hook scripts that take too long, leave something behind, say too much or ask the daemon itself; whose they must be; and what becomes of them when the supervisor dies."""
import os, signal, subprocess, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import Box, guest_xml, wait_for
from needs import needed, needs_root

needs_root()
needed("virsh", "qemu-system-x86_64")
W = "/var/lib/libvirt/images"
n, begun = 0, time.time()


def ok(what):
    global n
    n += 1
    print("ok %d - %s (%d s)" % (n, what, time.time() - begun), flush=True)


class Hooks:
    def __init__(self, box):
        self.box, self.dir = box, box.dir + "/etc/libvirt/hooks"
        os.makedirs(self.dir, exist_ok=True)
        os.makedirs(box.dir + W, exist_ok=True)

    def script(self, text, name="qemu", mode=0o755, owner=0):
        """text: lines of a shell script, $2 is the step, W the folder for files."""
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w") as f:
            f.write("#!/bin/sh\nW=%s V='virsh -c qemu:///system'\necho \"$*\" >> $W/log\n%s\nexit 0\n" % (W, text))
        os.chmod(path + ".new", mode)
        os.chown(path + ".new", owner, -1)
        os.rename(path + ".new", path)

    def read(self, name):
        try:
            with open(self.box.dir + W + "/" + name) as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def said(self, name):
        """When something is in that file."""
        return wait_for(name, lambda: self.read(name))

    def clear(self):
        for f in os.listdir(self.box.dir + W):
            os.unlink(self.box.dir + W + "/" + f)


def pid_of(box, word):
    return [p for p, c in box.processes() if c == word]


def start(box, fails=None):
    r = box.virsh("start", "g", check=False)
    if fails is None:
        assert r.returncode == 0, r.stderr
    else:
        assert r.returncode and fails in r.stderr, r.stderr
    return r


def conf(box, text):
    with open(box.dir + "/etc/libvirt/qemu.conf", "w") as f:
        f.write(text)


def restart(box):
    box.stop_daemon()
    box.start()


def too_late(b, h):
    h.script("[ $2 != prepare ] || { sleep 3456 & setsid sh -c 'trap \"\" TERM HUP; sleep 3457; true' & sleep 3458; }")
    conf(b, "bulkhead_hook_timeout = 2\n")
    restart(b)
    begun = time.time()
    start(b, "not ended within 2 seconds")
    assert time.time() - begun < 50
    assert not [c for p, c in b.processes() if "sleep 345" in c], b.processes()
    assert h.read("log").split("\n")[:3] == ["g prepare begin -", "g stopped end -", "g release end -"], h.read("log")
    ok("a script that takes too long is killed with all that it has started, and the start fails")
    h.script("[ $2 != stopped ] || sleep 3456")
    start(b)
    begun = time.time()
    b.virsh("destroy", "g")
    assert time.time() - begun < 50 and h.read("log").endswith("g stopped end -\ng release end -\n"), h.read("log")
    assert b.virsh("domstate", "g").stdout.strip() == "shut off"
    wait_for("nothing left", lambda: not b.left_over())
    ok("one that takes too long at the guest's end keeps it from nothing")
    conf(b, "")
    restart(b)


def leaves(b, h):
    h.script("[ $2 != prepare ] || { sleep 4567 & }")
    start(b)
    wait_for("what it started", lambda: pid_of(b, "sleep 4567"))
    b.virsh("destroy", "g")
    ok("what a script leaves running runs on, with the script's own stdout and stderr, and is waited for by nobody")
    was = pid_of(b, "sleep 4567")
    conf(b, "bulkhead_hook_timeout = 2\n")
    restart(b)
    h.script("[ $2 != prepare ] || { sleep 4569 & sleep 4570; }", name="qemu.d/next")
    start(b, "not ended within 2 seconds")
    assert len(pid_of(b, "sleep 4567")) == len(was) + 1 and not pid_of(b, "sleep 4569") and not pid_of(b, "sleep 4570"), b.processes()
    os.unlink(h.dir + "/qemu.d/next")
    conf(b, "")
    restart(b)
    ok("a script that is killed takes nothing along that another one of its step has left")
    for p in pid_of(b, "sleep 4567"):
        os.kill(p, signal.SIGKILL)


def floods(b, h):
    h.script("[ $2 != prepare ] || { head -c 9000000 /dev/zero; head -c 9000000 /dev/zero | tr '\\0' x >&2; echo the last words >&2; }")
    start(b)
    b.virsh("destroy", "g")
    h.script("[ $2 != prepare ] || { head -c 3000000 /dev/zero | tr '\\0' x >&2; printf '\\001\\033[31m the last words' >&2; exit 1; }")
    r = start(b, "the last words")
    assert len(r.stderr) < 1500 and "\033" not in r.stderr, r.stderr
    h.script("cat > /dev/null; [ $2 != restore ] || head -c 9000000 /dev/zero | tr '\\0' x")
    start(b)
    b.virsh("save", "g", W + "/saved")
    r = b.virsh("restore", W + "/saved", check=False)
    assert r.returncode and "prints more than a document may have" in r.stderr, r.stderr
    ok("a script's output is bounded")


def saved(b, h):
    """Of a managed save a script may make what it likes, but for what of the host the guest had not when it was saved."""
    disk = "<disk type='file'><source file='%s/g.xml'/><target dev='vda'/></disk>" % W
    for edit, worked in (("s|<name>|<title>of a hook</title><name>|", True), ("s|<emulator>|%s<emulator>|" % disk, False)):
        h.script("")
        start(b)
        b.virsh("managedsave", "g")
        h.script("[ $2 != restore ] || sed \"%s\"" % edit)
        start(b, None if worked else "which the guest did not have when it was saved")
        if worked:
            assert "of a hook" in b.virsh("dumpxml", "g").stdout
            b.virsh("destroy", "g")
        else:
            b.virsh("managedsave-remove", "g")
    ok("what a script makes of a saved document is judged as that")


def confined(b, h):
    h.script("""[ $2 != prepare ] || { cat > $W/xml; tr '\\0' '\\n' < /proc/$$/environ | sort > $W/env; ls /proc/$$/fd > $W/fds; while read -r k v; do echo "$k $v"; done < /proc/$$/status > $W/status
        [ $(cut -d' ' -f6 /proc/$$/stat) = $$ ] && pwd > $W/leader; readlink /proc/$$/ns/mnt /proc/$$/ns/net > $W/ns
        ip link add h0 type bridge && ip link del h0 && mkdir -p $W/m && mount -t tmpfs m $W/m && umount $W/m && rmdir $W/m && echo yes > $W/root 2> $W/why; python3 -c "import ctypes; ctypes.CDLL(None).init_module(None, 0, None)" || echo no > $W/modules; }""")
    start(b)
    xml = h.read("xml")
    assert xml.startswith("<domain type='qemu' id='") and xml.rstrip().endswith("</domain>") and "<name>g</name>" in xml, xml
    assert [l for l in h.read("env").split("\n") if l and l[:4] not in ("PWD=", "OLDP", "SHLV", "_=/u")] == ["LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], h.read("env")
    assert not set(h.read("fds").split()) - {"0", "1", "2", "10", "11", "12"}, h.read("fds")     # the shell keeps some from 10 on
    status = dict(l.split(": ", 1) for l in h.read("status").splitlines() if ": " in l)       # by the shell itself, which blocks signals while it starts another program
    # Of what is ignored SIGPIPE is nobody's fault; nor are the two that belong to the C library, which whoever starts the test may have ignored.
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2" and int(status["SigBlk"], 16) == 0 and not int(status["SigIgn"], 16) & ~(1 << 12 | 3 << 31), status
    caps = int(status["CapEff"], 16)
    assert caps == int(status["CapBnd"], 16) and caps >> 12 & 1 and caps >> 21 & 1 and not caps & (1 << 16 | 1 << 17 | 1 << 19 | 1 << 25), status
    assert h.read("leader") == "/\n" and h.read("root") == "yes\n" and h.read("modules") == "no\n", os.listdir(b.dir + W)
    assert h.read("ns").split() == [os.readlink("/proc/%d/ns/%s" % (b.daemon_pid(), x)) for x in ("mnt", "net")]
    b.virsh("destroy", "g")
    ok("a script has root's everyday rights in the host's namespaces, and none over the kernel, over time, or over other processes' memory")


def asks_back(b, h):
    asks = "for c in list dominfo dumpxml domstate; do [ $c = list ] && a='--all' || a=$1; timeout 30 $V $c $a > $W/$2.$c 2>&1; echo $? >> $W/$2.$c; done"
    h.script("cat > /dev/null; " + asks)
    start(b)
    b.virsh("destroy", "g")
    for step in ("prepare", "start", "started", "stopped", "release"):
        for call in ("list", "dominfo", "domstate"):
            assert h.read(step + "." + call).split("\n")[-2] == "0", (step, call, h.read(step + "." + call))
        assert h.read(step + ".dumpxml").split("\n")[-2] != "124", (step, "nobody answered")
        assert ("<name>g</name>" in h.read(step + ".dumpxml")) == (step in ("prepare", "start", "started")), (step, h.read(step + ".dumpxml"))
    assert "id='" in h.read("started.dumpxml")
    ok("whatever a script asks about its own guest is answered")
    h.script("cat > /dev/null; [ $1.$2 != g.started ] || { $V start other && $V attach-device other $W/rng.xml && $V desc other --live told by a hook && $V destroy other && echo done > $W/other; } > $W/said 2>&1")
    h.clear()
    with open(b.dir + W + "/rng.xml", "w") as f:
        f.write("<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>")
    start(b)
    assert h.read("other") == "done\n", h.read("said")
    b.virsh("destroy", "g")
    ok("what it does to another guest is done, that one's scripts within")
    conf(b, "bulkhead_hook_timeout = 3\n")
    restart(b)
    h.script("cat > /dev/null; [ $2 != prepare ] || $V desc $1 --config too early")
    start(b, "not ended within 3 seconds")
    conf(b, "")
    restart(b)
    start_again(b, h)
    h.script("[ $2 != prepare ] || $V destroy $1")
    start(b, "destroyed")
    start_again(b, h)
    ok("a change of its own guest waits for the end of the start, and so for the deadline; a destroy ends both")


def start_again(b, h):
    h.script("")
    wait_for("nothing left", lambda: not b.left_over())
    start(b)
    b.virsh("destroy", "g")


def whose(b, h):
    def runs():
        h.clear()
        start(b)
        b.virsh("destroy", "g")
        return bool(h.read("log"))
    h.script("", owner=1)
    assert not runs()
    h.script("", mode=0o775)
    assert not runs()
    h.script("")
    assert runs()
    os.chmod(h.dir, 0o777)
    assert not runs()
    os.chmod(h.dir, 0o755)
    os.chown(h.dir, 1, -1)
    assert not runs()
    os.chown(h.dir, 0, -1)
    h.script("", name="qemu.d/late")
    os.unlink(h.dir + "/qemu")
    assert runs()
    os.chmod(h.dir + "/qemu.d", 0o777)
    assert not runs()
    os.chmod(h.dir + "/qemu.d", 0o755)
    os.unlink(h.dir + "/qemu.d/late")
    assert "belongs to somebody else, or others may write to it" in b.log_text()
    ok("scripts are root's alone, and so are their folders")


def none_costs_nothing(b, h):
    """No hand and no xmlc more than before where there is no script; found again with SIGHUP."""
    if os.path.exists(h.dir + "/qemu"):
        os.unlink(h.dir + "/qemu")
    restart(b)
    h.script("")
    start(b)
    b.virsh("destroy", "g")
    assert not h.read("log")
    os.kill(b.daemon_pid(), signal.SIGHUP)
    def heard():
        start(b)
        b.virsh("destroy", "g")
        return h.read("log")
    wait_for("the script is found", heard)
    ok("whether there are scripts is looked at when the daemon starts, and with SIGHUP")


def supervisor_dies(b, h):
    """In each step: what is begun is undone or goes on, and the scripts hear of it."""
    c = b.connect()
    for step in ("prepare", "start", "started", "release"):
        b.wait()
        h.clear()
        h.script("cat > /dev/null; [ $2 != %s ] || [ -e $W/once ] || { touch $W/once; echo $$ > $W/at; sleep 5678; }" % step)
        if step == "release":
            start(b)
        p = subprocess.Popen(["virsh", "-c", b.uri, "destroy" if step == "release" else "start", "g"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        h.said("at")
        wait_for("the script at work", lambda: pid_of(b, "sleep 5678"))
        os.kill(b.role("supervisor")[0], signal.SIGKILL)
        out = p.communicate(timeout=60)[0]
        assert p.returncode == 0, (step, out)
        wait_for("the script's end", lambda: not pid_of(b, "sleep 5678"))
        lines = h.read("log")
        if step in ("prepare", "start"):        # undone, and done for the call that came again
            assert lines.count("g release end -") == 1 and lines.count("g prepare begin -") == 2 and lines.endswith("g started begin -\n"), (step, lines)
        elif step == "started":
            assert lines.count("\n") == 3, lines
        else:
            assert lines.endswith("g stopped end -\ng release end -\n"), (step, lines)
        assert b.virsh("domstate", "g").stdout.strip() == ("shut off" if step == "release" else "running")
        if step != "release":
            b.virsh("destroy", "g")
        wait_for("nothing left", lambda: not b.left_over())
        ok("the supervisor dies while a script is at work: %s" % step)
    c.close()


def destroyed(b, h):
    h.clear()
    h.script("cat > /dev/null; [ $2 != start ] || { echo $$ > $W/at; sleep 6789; }")
    p = subprocess.Popen(["virsh", "-c", b.uri, "start", "g"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    h.said("at")
    b.virsh("destroy", "g")
    assert p.wait(60) and "destroyed" in p.communicate()[0]
    wait_for("the script's end", lambda: not pid_of(b, "sleep 6789") and not b.left_over())
    assert h.read("log").endswith("g stopped end -\ng release end -\n")
    ok("a start that is given up ends its scripts")


def of_the_daemon(b, h):
    os.unlink(h.dir + "/qemu")
    h.clear()
    b.stop_daemon()
    h.script("[ $2 != shutdown ] || sleep 1; echo $2 done >> $W/log", name="daemon")
    b.start()
    restart(b)
    want = "- start - start\nstart done\n- shutdown - shutdown\nshutdown done\n- start - start\nstart done\n"
    assert h.read("log") == want, h.read("log")
    h.script("[ $2 != reload ] || { timeout 20 $V list > $W/reload; echo $? >> $W/reload; }", name="daemon")
    os.kill(b.daemon_pid(), signal.SIGHUP)
    wait_for("the reload's answer", lambda: h.read("reload").endswith("\n0\n"))
    ok("the daemon's own scripts run one after the other, and one at a reload is answered by it")
    os.unlink(h.dir + "/daemon")


with Box("hooks") as b:
    h = Hooks(b)
    b.stop_daemon()
    h.script("")
    b.start()
    for name in ("g", "other"):
        with open(b.dir + W + "/g.xml", "w") as f:
            f.write(guest_xml(name, extra="<features><acpi/></features>"))
        b.virsh("define", W + "/g.xml")
    for fn in (confined, saved, too_late, leaves, floods, asks_back, whose, none_costs_nothing, supervisor_dies, destroyed, of_the_daemon):
        h.clear()
        fn(b, h)
print("1..%d" % n)
