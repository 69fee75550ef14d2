"""pair.py: the same virsh command lines against our daemon and against Debian's libvirtd, side by side, and what differs in their answers.

    with Pair("lifecycle") as p:
        p.file("a.xml", "<domain ...")          # the same file in both boxes: W/a.xml on command lines
        p.virsh("define W/a.xml")
        p.virsh("dominfo a", mask=[r"CPU time: .*"])
    sys.exit(p.result())

An answer is the exit code, stdout and stderr. What differs by nature is masked: see MASKS. Needs root.
"""
import concurrent.futures, difflib, os, re, shlex, shutil, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import box

W = "/var/lib/libvirt/images/w"
MASKS = [
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\b52:54:00(:[0-9a-f]{2}){3}\b", "MAC"),
    (r"/dev/pts/\d+", "/dev/pts/N"),
    # The account of a guest: one of its own here.
    (r"<(label|imagelabel)>\+\d+:\+\d+</", r"<\1>USER</"),
    (r"\+\d+:\+\d+ \((permissive|enforcing)\)", "USER"),
    (r"(/domain-)\d+(-)", r"\1N\2"),
]


def skip(why):
    print("SKIP: " + why)
    sys.exit(77)


class Pair:
    def __init__(self, name, **kw):
        if os.geteuid() != 0:
            skip("needs root")
        for program in ("virsh", "libvirtd", "virtlogd", "qemu-system-x86_64"):
            if not shutil.which(program):
                skip(program + " is not installed")
        self.count = self.differ = 0
        self.pool = concurrent.futures.ThreadPoolExecutor(2)
        self.boxes = [None, None]
        try:
            for i in (0, 1):
                self.boxes[i] = box.Box("%s-%s" % (name, ("ours", "peer")[i]), peer=i == 1, **kw)
        except BaseException:
            self.__exit__()
            raise
        for b in self.boxes:
            os.makedirs(b.dir + W, exist_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for b in self.boxes:
            if b:
                b.stop()

    def each(self, fn, *args):
        """fn(box, ...) for both at once: [ours, theirs]."""
        return list(self.pool.map(lambda b: fn(b, *args), self.boxes))

    def file(self, name, data):
        for b in self.boxes:
            with open("%s%s/%s" % (b.dir, W, name), "w") as f:
                f.write(data)

    def sh(self, line, mask=(), what=None):
        """Runs a shell line in both, and compares."""
        line = re.sub(r"\bW/", W + "/", line)
        def run(b):
            r = b.run("timeout", "60", "sh", "-c", line, check=False, errors="replace", env=dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", HOME=b.dir, V="virsh -c qemu:///system"))
            return "exit %d\n%s%s" % (r.returncode, r.stdout, "".join("! " + l + "\n" for l in r.stderr.splitlines()))
        return self.same(what or line, *self.each(run), mask=mask)

    def virsh(self, line, mask=(), ro=False):
        return self.sh("virsh -c qemu:///system %s%s" % ("-r " if ro else "", line), mask, what=("-r " if ro else "") + line)

    def same(self, what, ours, theirs, mask=()):
        """Compares two texts; true when they are the same after masking."""
        for pattern, instead in [*MASKS, *((m, "X") if isinstance(m, str) else m for m in mask)]:
            ours, theirs = re.sub(pattern, instead, ours, flags=re.M), re.sub(pattern, instead, theirs, flags=re.M)
        self.count += 1
        if ours == theirs:
            print("ok %d - %s" % (self.count, what), flush=True)
            return True
        self.differ += 1
        print("not ok %d - %s" % (self.count, what))
        for l in list(difflib.unified_diff(theirs.splitlines(), ours.splitlines(), "libvirtd", "ours", lineterm="", n=1))[:60]:
            print("    " + l)
        sys.stdout.flush()
        return False

    def result(self):
        print("1..%d\n# %d of %d answers are the same" % (self.count, self.count - self.differ, self.count))
        return 1 if self.differ or not self.count else 0
