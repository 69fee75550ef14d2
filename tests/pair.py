"""pair.py: the same virsh command lines against our daemon and against Debian's libvirtd, side by side, and what differs in their answers.

    with Pair("lifecycle") as p:
        p.file("a.xml", "<domain ...")          # the same file in both boxes: W/a.xml on command lines
        p.virsh("define W/a.xml")
        p.virsh("dominfo a", mask=[r"CPU time: .*"])
    sys.exit(p.result())

An answer is the exit code, stdout and stderr. What differs by nature is masked: see MASKS. Needs root.
"""
import concurrent.futures, difflib, os, re, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import box
from needs import needed, needed_modules, needs_root

W = "/var/lib/libvirt/images/w"
MASKS = [
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\b52:54:00(:[0-9a-f]{2}){3}\b", "MAC"),
    (r"/dev/pts/\d+", "/dev/pts/N"),
    # virsh's own, when it is interrupted as an event of its connection is on its way within it.
    (r"^! error: One or more references were leaked after disconnect from the hypervisor\n", ""),
    # The account of a guest: one of its own here.
    (r"<(label|imagelabel)>\+\d+:\+\d+</", r"<\1>USER</"),
    (r"\+\d+:\+\d+ \((permissive|enforcing)\)", "USER"),
    (r"(/domain-)\d+(-)", r"\1N\2"),
]
# virsh hears the end of a save or dump from a thread, whose word is lost if it comes before virsh listens: of one that is refused at once, by its own library even, and with the
# processors busy, it then waits for ever, with the first half of its words said.  Such a line is said again.
HUNG = "^error: Failed"

# virsh and what it hears. Its own log tells when it listens: to each of the events that it is to hear, the daemon has answered.
EAR = """rm -f /run/ear.log; line="%s"; n=1; [ "$line" = "${line#*--all}" ] || n=$($V event --list | grep -c .)
listens() { awk -v n=$n '/EventRegister(Any)?:/ { asked = 1 } asked && /pass the buck to/ { asked = 0; got++ } END { exit got < n }' /run/ear.log 2>/dev/null; }
LIBVIRT_LOG_FILTERS="1:libvirt 1:rpc" LIBVIRT_LOG_OUTPUTS=1:file:/run/ear.log $V $line --timeout 50 >/run/heard & v=$!
ended() { ! kill -0 $v 2>/dev/null; }
until listens || ended; do sleep 0.1; done
(%s) >/dev/null 2>&1
until ended || [ $(grep -c ^event /run/heard) -ge %d ]; do sleep 0.1; done
sleep 0.2; kill -INT $v 2>/dev/null; wait $v; e=$?; cat /run/heard; exit $e"""


def error_words(e):
    return "error %d of %d: %s" % (e.get_error_code(), e.get_error_domain(), e)


def told(fn, *args):
    """What a call of libvirt's gives, guests by their names, or its error's code, domain and text, as one line."""
    import libvirt
    try:
        v = fn(*args)
    except libvirt.libvirtError as e:
        return error_words(e)
    named = lambda x: x.name() if isinstance(x, libvirt.virDomain) else str(x)
    return str(sorted(map(named, v))) if isinstance(v, list) else named(v)


class Pair:
    def __init__(self, name, **kw):
        needs_root()
        needed_modules("libvirt")       # box.py's
        needed("virsh", "libvirtd", "virtlogd", "qemu-system-x86_64")
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

    def shell(self, b, line):
        line = re.sub(r"\bW/", W + "/", line)
        for _ in range(4):
            r = b.run("timeout", "60", "sh", "-c", line, check=False, errors="replace", env=dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", HOME=b.dir, V="virsh -c qemu:///system"))
            if r.returncode != 124 or not re.search(HUNG, r.stderr, re.M):
                break
        return r

    def until(self, line):
        """Until the shell line succeeds in both."""
        self.each(lambda b: box.wait_for(line, lambda: self.shell(b, line).returncode == 0))

    def sh(self, line, mask=(), what=None, status=None):
        """Runs a shell line in both, and compares; with a status, that is what it has to end with."""
        def run(b):
            r = self.shell(b, line)
            return "exit %d\n%s%s" % (r.returncode, r.stdout, "".join("! " + l + "\n" for l in r.stderr.splitlines()))
        ours, theirs = self.each(run)
        if status is not None:
            theirs = re.sub(r"^exit .*", "exit %d" % status, theirs)
        return self.same(what or line, ours, theirs, mask=mask)

    def virsh(self, line, mask=(), ro=False):
        return self.sh("virsh -c qemu:///system %s%s" % ("-r " if ro else "", line), mask, what=("-r " if ro else "") + line)

    def hears(self, listen, acts, events=1000, mask=()):
        """What `virsh LISTEN` tells of virsh command lines, in both: until it ends by itself, or has told of so many events."""
        deeds = "; ".join("$V " + a for a in acts)
        self.sh(EAR % (listen, deeds, events), what="%s: %s" % (listen, "; ".join(acts)), mask=mask)

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


# Two guests for the scenarios: one with the usual devices, one on q35 that stays off; and a bare one.
IMAGES = "cd %s && qemu-img create -q -f qcow2 disk.qcow2 16M && qemu-img create -q -f qcow2 other.qcow2 16M && truncate -s 1M cd.iso && chmod 666 disk.qcow2 other.qcow2 cd.iso" % W
EMULATOR = "<emulator>/usr/bin/qemu-system-x86_64</emulator>"
BUSY = f"""<domain type='qemu'><name>busy</name><uuid>b0000000-0000-4000-8000-000000000001</uuid><title>a busy one</title>
<memory unit='MiB'>64</memory><vcpu current='1'>2</vcpu><iothreads>1</iothreads><os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices>{EMULATOR}
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{W}/disk.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='{W}/cd.iso'/><target dev='sda' bus='sata'/><readonly/></disk>
<interface type='user'><mac address='52:54:00:b0:00:01'/><model type='virtio'/></interface>
<serial type='pty'/><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<graphics type='vnc' port='5911' listen='127.0.0.1'/><memballoon model='virtio'/></devices></domain>""".replace("bus='sata'", "bus='ide'").replace("sda", "hda")
IDLE = f"""<domain type='qemu'><name>idle</name><uuid>b0000000-0000-4000-8000-000000000002</uuid><description>never runs</description>
<metadata><x:note xmlns:x="urn:example:note" kind="first"><x:line/></x:note></metadata>
<memory unit='MiB'>96</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices>{EMULATOR}
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{W}/other.qcow2'/><target dev='sda' bus='sata'/></disk>
<interface type='user'><mac address='52:54:00:b0:00:02'/><model type='e1000e'/></interface><serial type='pty'/><memballoon model='none'/></devices></domain>"""
BARE = f"""<domain type='qemu'><name>bare</name><uuid>b0000000-0000-4000-8000-000000000003</uuid><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>{EMULATOR}</devices></domain>"""


def guests(p):
    """The documents and images in both boxes."""
    p.file("busy.xml", BUSY)
    p.file("idle.xml", IDLE)
    p.file("bare.xml", BARE)
    p.sh(IMAGES)
