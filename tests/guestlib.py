"""guestlib.py: a real guest in a box (box.py): Debian's cloud kernel and an initrd of busybox and the agent, TCG, with its console in our hands."""
import ctypes, glob, os, re, signal, struct, subprocess, sys, threading, time
from box import Box, BUILD, QEMU, Timeout, is_running, macvtaps_alone, wait_for
from needs import needed, needed_modules, needs_root, skip

SRC = os.environ.get("SRCDIR") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORDS = "console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check mitigations=off random.trust_cpu=on rcupdate.rcu_expedited=1 printk.time=0"
BOOT = 120
# A guest with a name and these devices, and nothing to boot: where it matters what it has, not what it does.
BARE = """<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>%s</devices></domain>"""


def step(text):
    print("--- " + text, flush=True)


needs_root()
needed_modules("libvirt")
import libvirt
libvirt.registerErrorHandler(lambda *a: None, None)


def guest_files():
    """Kernel and initrd, made once a build."""
    kernels = sorted(glob.glob("/boot/vmlinuz-*cloud*"))
    if not kernels:
        skip("no cloud kernel in /boot (package linux-image-cloud-amd64)")
    release = kernels[-1].split("vmlinuz-")[1]
    initrd = os.path.join(BUILD, "tests/guest/initrd-%s.gz" % release)
    if not os.path.exists(initrd):
        os.makedirs(os.path.dirname(initrd), exist_ok=True)
        subprocess.check_call([os.path.join(SRC, "tests/guest/mkinitrd.sh"), initrd, release])
    return kernels[-1], initrd


needed(QEMU, "virsh", "busybox")
KERNEL, INITRD = guest_files()


def document(name, devices="", machine="pc", words="", memory=160, more="", serial="<serial type='pty'/>", os_more=""):
    """A guest that boots the kernel.  words: more of its command line; more: elements beside <devices>."""
    return f"""<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>{name}</name><memory unit='MiB'>{memory}</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='{machine}'>hvm</type><kernel>{KERNEL}</kernel><initrd>{INITRD}</initrd><cmdline>{WORDS} {words}</cmdline>{os_more}</os>
<features><acpi/></features>{more}<devices><emulator>{QEMU}</emulator>{serial}{devices}</devices></domain>"""


class Console:
    """A console of a guest by a stream of its own connection, read by a thread as it comes."""

    def __init__(self, box, name, dev=None, flags=0):
        self.con = box.connect()
        self.dom = self.con.lookupByName(name)
        self.stream = self.con.newStream(0)
        self.dom.openConsole(dev, self.stream, flags)
        self.text, self.at, self.serial, self.ended = "", 0, 0, False
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            while True:
                data = self.stream.recv(65536)
                if not data:
                    break
                self.text += data.decode("latin-1").replace("\r", "")
        except libvirt.libvirtError:
            pass
        self.ended = True

    def expect(self, pattern, limit=BOOT):
        """The match of the pattern in what came since the last one."""
        def look():
            return re.search(pattern, self.text[self.at:]) or (None if not self.ended else "ended")
        try:
            m = wait_for("the console says %r" % pattern, look, limit)
        except Timeout as e:
            raise Timeout("%s; it said:\n%s" % (e, self.text[-2000:])) from None
        if m == "ended":
            m = re.search(pattern, self.text[self.at:])
            if not m:
                raise Timeout("the console ended before %r; it said:\n%s" % (pattern, self.text[-2000:]))
        self.at += m.end()
        return m

    def send(self, text):
        data = text.encode()
        while data:
            data = data[self.stream.send(data):]

    def sh(self, command, limit=60):
        """Output of a shell command in the guest, which has to succeed."""
        self.serial += 1
        # The line that the guest echoes does not have the marks that its output has.
        self.send("echo @''B%d; %s; echo @''E%d $?\n" % (self.serial, command, self.serial))
        m = self.expect(r"@B%d\n((?s:.*))@E%d (\d+)" % (self.serial, self.serial), limit)
        if m.group(2) != "0":
            raise AssertionError("in the guest: %s: status %s: %s" % (command, m.group(2), m.group(1)))
        return m.group(1)

    def until(self, command, limit=30):
        """What a shell command says in the guest, where it has to succeed soon."""
        def look():
            out = self.sh("( %s ) 2>&1 && echo so-it-@''is || true" % command)
            return out if "so-it-@is" in out else None
        return wait_for("in the guest: " + command, look, limit)

    def close(self):
        """Never waits for long: an abort and a read of one connection at once can hang in the client's library, or its daemon."""
        def end():
            try:
                self.stream.abort()
            except libvirt.libvirtError:
                pass
            self.thread.join(10)
            self.con.close()
        ender = threading.Thread(target=end, daemon=True)
        ender.start()
        ender.join(20)


def boot(box, xml, ready=True, define=True):
    """Defines and starts a guest; its console from the first byte on."""
    con = box.connect()
    dom = con.defineXML(xml) if define else con.lookupByName(xml)
    dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    console = Console(box, dom.name())
    dom.resume()
    if ready:
        console.expect("GUEST-READY")
        console.expect("# ")
    return dom, console


def fails(code, call, *args):
    """The error that a call has to end with."""
    try:
        r = call(*args)
    except libvirt.libvirtError as e:
        assert e.get_error_code() == code, "error %s, not %s: %s" % (e.get_error_code(), code, e)
        return e
    raise AssertionError("%r%r gave %r, not error %d" % (call, args, r, code))


def ends_unfinished(box, name):
    """A guest's end, while the libvirtd beside ours hangs in what it is asked about it, and the supervisor dies of that."""
    (daemon,) = [p for p, c in box.processes() if "libvirtd" in c.split(" ")[0]]
    os.kill(daemon, signal.SIGSTOP)
    end = subprocess.Popen(["virsh", "-c", box.uri, "destroy", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("who asks", lambda: box.role("talk"))
    os.kill(box.role("supervisor")[0], signal.SIGKILL)
    os.kill(daemon, signal.SIGCONT)
    end.wait(60)


def strike(keeper, name, sig):
    """The pid of a process of the keeper's by that name, which has got the signal; None when there is none."""
    for pid in open("/proc/%d/task/%d/children" % (keeper, keeper)).read().split():
        try:
            if open("/proc/%s/comm" % pid).read() == name + "\n":
                os.kill(int(pid), sig)
                return int(pid)
        except OSError:
            pass


def is_off(dom):
    return dom.state()[0] == libvirt.VIR_DOMAIN_SHUTOFF


def status(pid):
    """What the kernel says of a process: {"Uid": ...}."""
    return dict(l.rstrip("\n").split(":\t", 1) for l in open("/proc/%d/status" % pid) if ":\t" in l)


def allowed(path):
    """Accounts in the file's access list."""
    acl = os.getxattr(path, "system.posix_acl_access")
    return [e[2] for e in struct.iter_unpack("<HHI", acl[4:]) if e[0] == 2]


def enter_network(box):
    """The sockets that this thread makes from here on are in the box's network."""
    with open("/proc/%d/ns/net" % box.daemon_pid()) as ns:
        if ctypes.CDLL(None).setns(ns.fileno(), 0x40000000):
            raise OSError("setns")


class Events:
    """Everything that happens to guests, in order: (guest, kind, ...)."""
    started = False

    def __init__(self, box):
        if not Events.started:
            Events.started = True
            libvirt.virEventRegisterDefaultImpl()
            threading.Thread(target=lambda: [libvirt.virEventRunDefaultImpl() for _ in iter(int, 1)], daemon=True).start()
        self.seen = []
        self.con = box.connect()
        ids = {"lifecycle": libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, "reboot": libvirt.VIR_DOMAIN_EVENT_ID_REBOOT,
               "agent": libvirt.VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, "balloon": libvirt.VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE}
        for word, i in ids.items():
            self.con.domainEventRegisterAny(None, i, lambda c, d, *a, word=word: self.seen.append((d.name(), word) + a[:-1]), None)

    def wait(self, *what, limit=60):
        try:
            wait_for("event %s" % (what,), lambda: what in self.seen, limit)
        except Timeout as e:
            raise Timeout("%s; seen: %s" % (e, self.seen)) from None


def assert_clean(box, limit=60):
    """Nothing of a run is left."""
    try:
        wait_for("nothing left over", lambda: not box.left_over(), limit)
    except Timeout:
        raise AssertionError("left over: %s" % box.left_over()) from None


def main(*parts, **kw):
    """Runs the parts of a script, each with the box."""
    with Box(os.path.basename(sys.argv[0])[5:-3], **kw) as box:
        for part in parts:
            step((part.__doc__ or part.__name__).strip())
            began = time.time()
            part(box)
            print("    (%.1f s)" % (time.time() - began), flush=True)
