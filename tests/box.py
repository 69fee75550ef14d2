"""box.py: a daemon in private mount, net, ipc and pid namespaces with folders of its own, for tests and the benchmark.

The box's pid 1 is a shell that waits (so that orphans are reaped) on a shell that runs the lines it is sent: a daemon can be
stopped and started again while its guests run on.  The sockets are reached from outside through the folder behind /run.
Needs root.
"""
import atexit, fcntl, glob, os, re, shutil, signal, subprocess, sys, tempfile, time

BUILD = os.environ.get("BUILDDIR") or os.environ.get("BUILD") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QEMU = "/usr/bin/qemu-system-x86_64"

BOX = r'''
B=$1; shift
mount --make-rprivate /
mount --bind $B/run /run; mkdir -p /run/libvirt
for d in etc/libvirt var/lib/libvirt var/log/libvirt var/log/swtpm var/cache/libvirt; do
  mkdir -p $B/$d /$d; mount --bind $B/$d /$d
done
mkdir -p /var/log/libvirt/qemu /var/lib/libvirt/images
# Where the host signs for TPMs: empty, and its owner's as on the host.
d=var/lib/swtpm-localca; [ ! -d /$d ] || { mkdir $B/$d && chown --reference=/$d $B/$d && chmod --reference=/$d $B/$d && mount --bind $B/$d /$d; }
# Control groups of its own: two daemons' first guests of one name would share a group, and its end.
mkdir $B/cg; mount -t tmpfs cg $B/cg
for h in /sys/fs/cgroup/*/cgroup.procs; do
  d=${h%/*}; [ -e $d/cgroup.procs ] && mkdir -p $B/cg/${d##*/} $d/${B##*/} || continue
  for f in cpuset.cpus cpuset.mems; do [ -s $d/${B##*/}/$f ] || cat $d/$f >$d/${B##*/}/$f; done 2>/dev/null
  mount --bind $d/${B##*/} $B/cg/${d##*/}
done
[ -z "$(ls $B/cg)" ] || { umount -R /sys/fs/cgroup && mount --move $B/cg /sys/fs/cgroup; }
ip link set lo up
# Interfaces in /sys are those of the net namespace that mounted it.
mkdir $B/sys; mount -t sysfs sys $B/sys && mount --rbind /sys/fs/cgroup $B/sys/fs/cgroup && mount --rbind $B/sys /sys
"$@"
exit     # not exec: pid 1 must be a process that waits, for it has to reap orphans
'''


SIBLING = "; ".join("""for d in run lib log cache etc; do mkdir -p $B/$d; done; mkdir -p $B/lib/images; echo stdio_handler=\\"file\\" >$B/etc/qemu.conf
mount --bind /var/lib/libvirt/images $B/lib/images
mount --rbind $B/lib /var/lib/libvirt
mount --bind $B/run /run/libvirt; mount --bind $B/etc /etc/libvirt; mount --bind $B/log /var/log/libvirt; mount --bind $B/cache /var/cache/libvirt
exec libvirtd""".splitlines())


OWNER = os.getpid()     # a process that a test forks ends without any of this


def told_to_end(*_):
    """By a limit of time, mostly: no box is left behind then either."""
    if os.getpid() != OWNER:
        os._exit(1)
    sys.exit("told to end")


signal.signal(signal.SIGTERM, told_to_end)


class Timeout(Exception):
    pass


def wait_for(what, fn, limit=60):
    """Polls fn until it gives something true, which is returned; libvirt's errors count as not yet."""
    import libvirt
    end, last = time.time() + limit, None
    while time.time() < end:
        try:
            v = fn()
            if v:
                return v
        except (libvirt.libvirtError, OSError) as e:
            last = e
        time.sleep(0.01)
    raise Timeout("%s: not within %d s (%s)" % (what, limit, last))


def is_running(pid):
    """A first thread that is a zombie may have others that end a little later, and hold its locks as long."""
    try:
        return open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[0] not in "ZX" or len(os.listdir("/proc/%d/task" % pid)) > 1
    except OSError:
        return False


def kill(pids, sig=signal.SIGKILL):
    """A signal for processes that may have ended by themselves meanwhile; how many there were."""
    there = 0
    for pid in pids:
        try:
            os.kill(pid, sig)
            there += 1
        except ProcessLookupError:
            pass
    return there


def start_time(pid):
    """Of a process, in ticks since boot; None when it is gone."""
    try:
        return int(open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[19])
    except OSError:
        return None


def guest_xml(name, devices="", memory=32, extra=""):
    return f"""<domain type='qemu'><name>{name}</name><memory unit='MiB'>{memory}</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>{extra}
<devices><emulator>{QEMU}</emulator><serial type='pty'/><memballoon model='virtio'/>{devices}</devices></domain>"""


def macvtaps_alone():
    """Nodes of macvtaps are /dev/tap<number>: each box has its own numbers of interfaces, but all of a host's have one /dev.  Whoever makes some waits for the others; until this file is
    closed, or the process ends."""
    lock = open("/var/tmp/bulkhead-macvtaps.lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


class Box:
    """peer: Debian's libvirtd and virtlogd instead of our virtqemud. logd: the command line of another virtlogd instead of Debian's."""

    def __init__(self, name="box", peer=False, build=BUILD, env="", start=True, logd="virtlogd"):
        self.peer, self.env, self.build = peer, env, build
        self.command = logd + " -d; libvirtd" if peer else "BULKHEAD_LIBEXECDIR=%s/roles %s/virtqemud" % (build, build)
        self.word = "libvirtd" if peer else "virtqemud"
        self.dir = tempfile.mkdtemp(prefix="bh-%s-" % name, dir="/var/tmp")
        for d in ("run", "etc/libvirt/qemu"):
            os.makedirs(os.path.join(self.dir, d))
        for f in glob.glob("/etc/libvirt/qemu.conf"):
            shutil.copy(f, os.path.join(self.dir, "etc/libvirt"))
        os.chmod(self.dir, 0o755)
        self.sock = os.path.join(self.dir, "run/libvirt", ("libvirt" if peer else "virtqemud") + "-sock")
        self.uri = "qemu+unix:///system?socket=" + self.sock
        self.logname = os.path.join(self.dir, "daemon.log")
        self.log = open(self.logname, "ab")
        self.box = subprocess.Popen(
            ["unshare", "-m", "-n", "-i", "-p", "-f", "--mount-proc", "--propagation", "private", "--kill-child", "sh", "-c", BOX, "sh", self.dir,
             "sh", "-c", 'while read -r line; do eval "$line" & done; kill -9 -1'],
            stdin=subprocess.PIPE, stdout=self.log, stderr=self.log, start_new_session=True)
        atexit.register(self.stop)      # whatever becomes of the test
        if start:
            try:
                self.start()
            except BaseException:
                self.__exit__(*sys.exc_info())
                raise

    def ours(self, program):
        """The command line of another daemon of the build."""
        return "BULKHEAD_LIBEXECDIR=%s/roles %s/%s" % (self.build, self.build, program)

    def __enter__(self):
        return self

    def __exit__(self, kind, e, *where):
        """When a test fails, what its programs and the daemon said is shown."""
        if kind and not issubclass(kind, SystemExit):
            if isinstance(e, subprocess.CalledProcessError):
                print("%s%s" % (e.stdout, e.stderr))
            print("--- the daemon said:\n" + self.log_text()[-8000:], flush=True)
        self.stop()

    def say(self, line):
        """Runs a shell line inside, in the background."""
        self.box.stdin.write((line + "\n").encode())
        self.box.stdin.flush()

    def inside(self, *argv):
        """The command line that runs a command inside."""
        inner = [p for p, c in self.processes() if c.startswith("sh -c while")]
        return ["nsenter", "-t", str(inner[0]), "-m", "-n", "-i", "-p", "--", *argv]

    def run(self, *argv, check=True, **kw):
        """Runs a command inside and waits for it."""
        return subprocess.run(self.inside(*argv), check=check, capture_output=True, text=True, **kw)

    def virsh(self, *argv, **kw):
        return self.run("virsh", "-c", "qemu:///system", *argv, **kw)

    def start(self, env=None, wait=True):
        env = self.env if env is None else env
        self.say((env + " " if env else "") + self.command if not self.peer else self.command)
        if wait:
            self.wait()

    def wait(self, guests=None, running=None, limit=120):
        """Until it answers; and until it lists so many guests and running ones, if given."""
        def answers():
            c = self.connect()
            try:
                return (guests is None or len(c.listAllDomains()) == guests) and (running is None or len(c.listAllDomains(1)) == running)
            finally:
                c.close()
        wait_for(self.word + " answers", answers, limit)

    def sibling(self, *names):
        """Debian's libvirtd beside ours, in folders of its own but for the images', as the daemons of those names ("virtnetworkd" ...), or as itself."""
        self.say("B=%s/sibling unshare -m --propagation private sh -c '%s'" % (self.dir, SIBLING))
        inside = self.dir + "/sibling/run/libvirt-sock"
        wait_for("a libvirtd beside ours", lambda: os.path.exists(inside) and os.path.exists(inside + "-ro"))
        for name in names or ["libvirt"]:
            for end in ("-sock", "-sock-ro"):
                os.symlink(inside.replace("-sock", end), self.dir + "/run/libvirt/" + name + end)
        if not os.path.lexists(self.dir + "/run/libvirt/common"):       # by what is in there libvirt's daemons know each other
            os.symlink(os.path.dirname(inside) + "/common", self.dir + "/run/libvirt/common")

    def connect(self):
        import libvirt
        libvirt.registerErrorHandler(lambda *a: None, None)
        return libvirt.open(self.uri)

    def processes(self):
        """[(host pid, command line)] of all in the box."""
        children, cmd = {}, {}
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                stat = open("/proc/%s/stat" % p).read()
                cmd[int(p)] = open("/proc/%s/cmdline" % p).read().replace("\0", " ").strip()
            except OSError:
                continue
            children.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(p))
        found, todo = [], [self.box.pid]
        while todo:
            for k in children.get(todo.pop(), []):
                found.append((k, cmd.get(k, "")))
                todo.append(k)
        return sorted(found)

    def role(self, role):
        """Host pids of a role: "keeper", "supervisor", "gateway", "qemu" (the worker), "guest" (a QEMU) ..."""
        word = {"keeper": self.command.split()[-1], "guest": QEMU}.get(role, "bulkhead-" + role)
        return [p for p, c in self.processes() if c.split(" ")[0] == word]

    def daemon_pid(self):
        """Its first process. One that was just born of it has its command line as well, and it has none for a moment when it executes itself."""
        def found():
            return [(start_time(p) or 1 << 63, p) for p, c in self.processes() if c and os.path.basename(c.split()[0]) == self.word]
        return min(wait_for("a process of " + self.word, found))[1]

    def stop_daemon(self, sig=signal.SIGTERM, limit=30):
        pid = self.daemon_pid()
        os.kill(pid, sig)
        wait_for("the daemon's end", lambda: not is_running(pid), limit)

    def log_text(self):
        return open(self.logname, errors="replace").read()

    def left_over(self):
        """What a guest's run could leave behind, as a list of words; empty when all is gone."""
        left = ["process %d %s" % (p, c[:60]) for p, c in self.processes()
                if c.startswith(("bulkhead-qemu", "bulkhead-log", "bulkhead-pid1", "bulkhead-hand", "bulkhead-probe", QEMU))]
        spare = self.role("xmlc")       # two are born before they are needed
        left += ["process %d xmlc" % p for p in spare[2:]]
        for pattern in ("run/libvirt/qemu/*.xml", "run/libvirt/qemu/*.pid", "run/libvirt/qemu/*.run", "run/libvirt/qemu/*.door", "run/libvirt/qemu/*.late", "var/lib/libvirt/qemu/domain-*", "var/lib/libvirt/qemu/channel/target/domain-*",
                        "var/lib/libvirt/images/*.TRANSIENT-*", "*.TRANSIENT-*"):
            left += ["file " + f[len(self.dir):] for f in glob.glob(os.path.join(self.dir, pattern)) if not f.endswith("/driver.pid")]
        links = self.run("ip", "-o", "link", check=False).stdout
        left += ["link " + l.split(":")[1].strip() for l in links.splitlines() if re.search(": (vnet|tap|macvtap|bh)", l)]
        return left

    def stop(self):
        """Ends all that runs in it, and removes it."""
        if os.getpid() != OWNER:
            return
        atexit.unregister(self.stop)
        try:
            self.box.stdin.close()
            self.box.wait(20)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self.box.kill()
            self.box.wait()
        try:
            wait_for("its end", self.removed, 20)
        except Timeout:
            print(self.dir + " is left over", flush=True)

    def removed(self):
        """Folder and control groups: who was just killed may still be there, and write."""
        if not os.environ.get("KEEP_BOX"):
            shutil.rmtree(self.dir, ignore_errors=True)
        left = [self.dir] if os.path.exists(self.dir) and not os.environ.get("KEEP_BOX") else []
        for group in glob.glob("/sys/fs/cgroup/*/" + os.path.basename(self.dir)):
            for path, _, _ in os.walk(group, topdown=False):
                try:
                    os.rmdir(path)
                except OSError:
                    left.append(path)
        return not left
