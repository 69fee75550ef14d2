#!/usr/bin/python3
"""matrix.py [--flow NAME] [--point TEXT] [--max N]: kills each role before and after each frame of each flow, then looks.

A first run with BULKHEAD_CRASH=trace lists the frames that a flow really exchanges. Then, for each of these points, the daemon is
started anew with that point armed, the flow is run, and the invariants are asserted by looking:

  - another guest, started before, has the same QEMU (pid and start time) and its log lost nothing;
  - the daemon answers, within bounded time, and its list agrees with the QEMUs there are;
  - the flow can be run again, or its result is there;
  - after everything was destroyed and undefined, no process, file, mount, cgroup or tap is left over.

Needs root, QEMU, python3-libvirt, and a build with --enable-crash-points (CRASH_BUILD or BUILDDIR).
"""
import argparse, glob, os, re, signal, sys, threading, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import box, hostdevlib, locklib
from box import guest_xml, macvtaps_alone, wait_for
from needs import needs_root, skip
from qemulib import IN

BUILD = os.environ.get("CRASH_BUILD") or box.BUILD
# The keeper is the daemon: its death is the daemon's, and is tested with the daemon's restart.
ROLES = ("supervisor", "gateway", "conf", "xmlc", "host", "probe", "hand-open", "hand-net", "hand-hook", "hand-launch", "log", "qemu", "talk")
CONNECT = ("IN_SERVE", "IN_SUBSCRIBE")
CALL_LIMIT = 90     # seconds for a call that a crash came across
# Flows of which only some points are new, by the names of their frames; a worker's IN_STATE tells that the state is restored, and the calls of attach, rename, plug,
# tune and of files of a client's choice are those whose work does not show.
ONLY = {"takeover": {"supervisor": ("IN_HAND_PIDFD",), "hand-open": ("IN_HAND_PIDFD",), "conf": ("IN_CONF_LIST",)}, "restore": {"supervisor": ("IN_START",), "qemu": ("IN_STATE", "IN_START")},
        "create": {"supervisor": ("1:10", "IN_DOC", "IN_HAND_OPEN")}, "attach": {"supervisor": ("1:160",)}, "rename": {"supervisor": ("1:358", "IN_CONF_RENAME", "IN_CONF_RENAMED"), "conf": ("IN_CONF_RENAME", "IN_CONF_RENAMED"), "xmlc": ("1:358",)}, "plug": {"supervisor": ("1:8", "IN_PLUG", "IN_HAND_SETTLE"), "qemu": ("IN_PLUG",), "hand-open": ("IN_HAND_OPEN", "IN_HAND_SETTLE"), "xmlc": ("1:8",)},
        "hostdev": {"supervisor": ("IN_HAND_OPEN", "IN_PLUG"), "qemu": ("IN_PLUG",), "hand-open": ("IN_HAND_OPEN",)},
        "vfio": {"supervisor": ("IN_HAND_OPEN", "IN_HAND_TUNE", "IN_PLUG"), "qemu": ("IN_PLUG",), "hand-open": ("IN_HAND_OPEN",), "hand-launch": ("IN_HAND_TUNE",)},
        "save_file": {"supervisor": ("1:232", "IN_SAVE", "IN_HAND_REAP", "IN_HAND_STATE"), "qemu": ("IN_SAVE",), "hand-open": ("IN_HAND_STATE",), "xmlc": ("1:232",)},
        "save_transient": {"supervisor": ("IN_HAND_REAP", "IN_HAND_STATE")},
        "restore_file": {"supervisor": ("1:233",), "xmlc": ("1:233",)}, "dump_file": {"supervisor": ("1:53", "IN_HAND_STATE"), "qemu": ("1:53",), "xmlc": ("1:53",)},
        "given": {"supervisor": ("1:9", "IN_HAND_OPEN"), "hand-open": ("IN_HAND_OPEN",), "gateway": ("1:443",)},
        "auto_dump": {"supervisor": ("IN_DUMP", "IN_HAND_STATE"), "qemu": ("IN_DUMP",), "xmlc": ("IN_DUMP",)},
        "tune": {"supervisor": ("1:225", "IN_PLUG", "IN_HAND_TUNE"), "qemu": ("IN_PLUG",), "hand-launch": ("IN_HAND_TUNE",), "xmlc": ("1:225",)},
        "count": {"supervisor": ("1:366", "IN_HAND_OPEN"), "qemu": ("IN_PLUG",), "hand-open": ("IN_HAND_OPEN",)},
        "domstats_off": {"supervisor": ("1:344",), "xmlc": ("1:344",)},
        "siblings": {"supervisor": ("IN_SIBLING", "IN_HAND_DAEMON"), "hand-open": ("IN_HAND_DAEMON",), "gateway": ("IN_SIBLING",)},
        "hooks": {"supervisor": ("IN_DOC_HOOK", "IN_HAND_HOOK"), "hand-hook": ("IN_HAND_HOOK",), "xmlc": ("IN_DOC_HOOK",)},
        "ports": {"supervisor": ("IN_TALK", "IN_DOC_PORTS"), "talk": ("IN_TALK",), "xmlc": ("IN_DOC_PORTS",)}, "unports": {"supervisor": ("IN_TALK",), "talk": ("IN_TALK",)},
        "filters": {"supervisor": ("IN_TALK",), "talk": ("IN_TALK",)}, "unfilters": {"supervisor": ("IN_TALK",), "talk": ("IN_TALK",)}, 
        "refilter": {"supervisor": ("IN_TALK", "IN_HAND_TUNE", "IN_PLUG"), "talk": ("IN_TALK",), "hand-net": ("IN_HAND_TUNE",)},
        "move": {"supervisor": ("IN_TALK", "IN_DOC_PORTS", "IN_HAND_TUNE", "IN_PLUG"), "talk": ("IN_TALK",), "xmlc": ("IN_DOC_PORTS",), "hand-net": ("IN_HAND_TUNE",)},
        "macvtap": {"supervisor": ("IN_HAND_NET",), "hand-net": ("IN_HAND_NET",)}, "macvtaps": {"supervisor": ("IN_HAND_NET", "IN_HAND_UNNET"), "hand-net": ("IN_HAND_NET", "IN_HAND_UNNET")},
        "secrets": {"supervisor": ("IN_HAND_DAEMON", "IN_TALK", "IN_DOC_PORTS"), "hand-open": ("IN_HAND_DAEMON",), "talk": ("IN_TALK",), "xmlc": ("IN_DOC_PORTS",)}}
LEASES = ("IN_LEASES_ASK", "IN_HAND_DAEMON", "IN_TALK")
LOGS = ("IN_HAND_DAEMON", "IN_TALK", "IN_HAND_OPEN")
ARMED_LATE = {"restore": "qemu ", "plug": "hand-open ", "hostdev": "hand-open ", "vfio": ("hand-open ", "hand-launch "), "count": "hand-open ", "tune": "hand-launch ", "unports": "talk ", "unfilters": "talk ", "refilter": ("talk ", "hand-net "), "move": ("talk ", "xmlc ", "hand-net ")}      # whose point is armed in the step itself only, by a file
BESIDE = {"logs": ("virtlogd", 'stdio_handler = "logd"\n'), "leases": ("virtlockd", 'lock_manager = "lockd"\n')}      # the daemon that a flow wants
PACKED = ("save_file", "restore_file")      # with what goes through the worker
NAMES = {"0:%d" % number: name for name, number in IN.items()}
FILTERED = "<interface type='ethernet'><mac address='52:54:00:00:00:01'/><filterref filter='%s'/></interface>"
USB = {2: 5, 3: 7, 4: 3, 5: 8}      # device numbers on the bus, and those of the nodes
GROUPS = (6, 7, 8, 9)               # of the IOMMU, and buses of the devices in them
PCI, BY_PCI = "0000:%02x:00.0", "<address domain='0x0000' bus='0x%02x' slot='0x00' function='0x0'/>"
SECRET = "a0000000-0000-4000-8000-00000000000a"
POINT = re.compile(r"crash point ((\S+) (before|after|got) (\d+:\d+) (\d+))")


class Flows:
    """Each: what must be there before, the step that is crashed, and what must hold when it has succeeded."""

    def __init__(self, b):
        self.b = b

    def con(self):
        return wait_for("a connection", self.b.connect)

    def dom(self, name="victim"):
        return self.con().lookupByName(name)

    def define(self):
        self.con().defineXML(guest_xml("victim"))
        if os.path.exists(self.b.dir + "/victim.state"):
            os.truncate(self.b.dir + "/victim.state", 0)        # of the point before: the next save finds a file

    def create(self):
        """One without a definition, of which nothing is left when it has ended."""
        self.define()
        self.dom().undefine()
        self.con().createXML(guest_xml("victim"))

    def save_transient(self):
        self.save_file()

    def define_leased(self):
        """With a lock manager from now on: this is the last flow."""
        self.image = self.b.dir + "/var/lib/libvirt/images/victim.img"
        with open(self.image, "w") as f:
            f.truncate(1 << 20)
        self.con().defineXML(guest_xml("victim", "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/var/lib/libvirt/images/victim.img'/>"
                                       "<target dev='vda' bus='virtio'/></disk>"))

    def define_logged(self):
        """With a log of a port beside that of its QEMU, and a disk's overlay."""
        path = "/var/lib/libvirt/images/passing.img"
        with open(self.b.dir + path, "w") as f:
            f.truncate(1 << 20)
        passing = "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/><target dev='vda' bus='virtio'/><transient/></disk>" % path
        self.con().defineXML(guest_xml("victim", passing).replace("<serial type='pty'/>", "<serial type='pty'><log file='/var/log/libvirt/qemu/port.log' append='off'/></serial>"))

    def define_pluggable(self):
        self.con().defineXML(guest_xml("victim", extra="<features><acpi/></features>"))

    def define_hooked(self):
        """With a hook script from now on, which notes what it is called for; not at the daemon's start, where the bystander's would come first."""
        self.define()
        heard = self.b.dir + "/victim.heard"
        open(heard, "w").close()
        os.makedirs(os.path.dirname(hook_of(self.b)), exist_ok=True)
        with open(hook_of(self.b), "w") as f:
            f.write("#!/bin/sh\n[ $1 != victim ] || echo $2 >> %s\n" % heard)
        os.chmod(hook_of(self.b), 0o755)
        was = self.b.role("supervisor")
        os.kill(self.b.daemon_pid(), signal.SIGHUP)
        wait_for("the next supervisor", lambda: self.b.role("supervisor") not in (was, []))
        self.b.wait()

    def has_networks(self):
        """With a daemon that has networks and filters, from now on."""
        if not os.path.lexists(self.b.dir + "/run/libvirt/virtnetworkd-sock"):
            self.b.sibling("virtnetworkd", "virtnwfilterd")

    def define_beside(self):
        self.has_networks()
        self.define()

    def beside(self):
        import libvirt
        return libvirt.open("qemu+unix:///system?socket=%s/run/libvirt/virtnetworkd-sock" % self.b.dir)

    def networks(self):
        return map(self.beside().networkLookupByName, ("ports", "others"))

    def define_filtered(self):
        """With an interface that has a filter, which there are two of."""
        self.has_networks()
        for name in "one", "two":
            self.beside().nwfilterDefineXML("<filter name='%s'/>" % name) if name not in self.beside().listNWFilters() else None
        self.con().defineXML(guest_xml("victim", FILTERED % "one"))

    def filters_of(self):
        """Of the guest, and of those that are bound: the same, whatever happened."""
        xml = self.dom().XMLDesc(0) if state_of(self.b) == "running" else ""
        return re.findall("<filterref filter='([^']*)'", xml), [n.filterName() for n in self.beside().listAllNWFilterBindings()]

    def filters(self):
        self.start()

    def unfilters(self):
        self.gives_up(lambda: not self.filters_of()[1])

    def refilter(self):
        """Another filter of a guest that runs: who is told that it is another finds it so."""
        name = "two" if self.filters_of()[0] == ["one"] else "one"
        open(self.b.marker, "w").close()
        try:
            self.dom().updateDeviceFlags(FILTERED % name, 1)
        finally:
            os.unlink(self.b.marker)
        assert self.filters_of() == ([name], [name]), "it has not the filter that it was given"

    def define_networked(self):
        """With a port of a network, which is a bridge of the host's."""
        self.has_networks()
        c = self.con()
        for name in {"ports", "others"} - set(c.listNetworks()):
            self.b.run("ip", "link", "add", "br-" + name, "type", "bridge")
            c.networkCreateXML("<network><name>%s</name><forward mode='bridge'/><bridge name='br-%s'/></network>" % (name, name))
        c.defineXML(guest_xml("victim", "<interface type='network'><source network='ports'/></interface>"))

    def define_encrypted(self):
        """With an image whose secret another daemon keeps."""
        self.has_networks()
        c, image = self.beside(), self.b.dir + "/var/lib/libvirt/images/secret.luks"
        if not os.path.exists(image):
            c.secretDefineXML("<secret ephemeral='no' private='yes'><uuid>%s</uuid><usage type='volume'><volume>v</volume></usage></secret>" % SECRET).setValue(b"word")
            os.symlink("virtnetworkd-sock", self.b.dir + "/run/libvirt/virtsecretd-sock")
            self.b.run("qemu-img", "create", "-q", "--object", "secret,id=s,data=word", "-f", "luks", "-o", "key-secret=s,iter-time=10", image[len(self.b.dir):], "1M")
        self.con().defineXML(guest_xml("victim", "<disk type='file'><source file='/var/lib/libvirt/images/secret.luks'/><target dev='vda' bus='virtio'/>"
                                       "<encryption format='luks'><secret type='passphrase' uuid='%s'/></encryption></disk>" % SECRET))

    def secrets(self):
        self.start()

    def port_ids(self):
        """Of the guest, and of its network: the same, whatever happened."""
        xml = self.dom().XMLDesc(0) if state_of(self.b) == "running" else ""
        return re.findall("portid='([^']*)'", xml), [p.UUIDString() for n in self.networks() for p in n.listAllPorts()]

    def ports(self):
        self.start()

    def move(self):
        """To another network while the guest runs, and so to another port."""
        to = "others" if "network='ports'" in self.dom().XMLDesc(0) else "ports"
        nic = re.search("<mac.*?/>", self.dom().XMLDesc(0)).group()
        open(self.b.marker, "w").close()
        try:
            self.dom().updateDeviceFlags("<interface type='network'>%s<source network='%s'/></interface>" % (nic, to), 1)
        finally:
            os.unlink(self.b.marker)
        assert "<source network='%s'" % to in self.dom().XMLDesc(0), "it is not where it was moved to"

    def place(self):
        """Of the guest's tap: where its document says that it is, and where it is."""
        xml = self.dom().XMLDesc(0)
        tap = re.search(r"<target dev='(vnet\d+)'", xml).group(1)
        return re.search("bridge='(.*?)'", xml).group(1), re.search(r"master (\S+)", self.b.run("ip", "link", "show", tap).stdout).group(1)

    def define_macvtap(self):
        """With an interface over one of the host's."""
        self.over()
        self.con().defineXML(guest_xml("victim", "<interface type='direct'><source dev='v0' mode='passthrough'/></interface>"))

    def over(self):
        if "v0@" not in self.b.run("ip", "link").stdout:
            self.b.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "w0")

    def macvtap(self):
        self.start()

    def macvtaps(self):
        """One more while the guest runs."""
        self.over()
        had = self.dom().XMLDesc(0).count("macvtap")
        self.dom().attachDevice("<interface type='direct'><source dev='v0' mode='bridge'/></interface>")
        assert wait_for("the document", lambda: self.dom().XMLDesc(0)).count("macvtap") == had + 1, "it is not there"

    def over_names(self):
        """Of the guest, and of the host."""
        xml = self.dom().XMLDesc(0) if state_of(self.b) == "running" else ""
        return sorted(re.findall(r"<target dev='(macvtap\d+)'", xml)), sorted(re.findall(r"(?m)^\d+: ((?:macvtap|bh)\S+)@v0:", self.b.run("ip", "link").stdout))

    def unports(self):
        self.gives_up(lambda: not self.port_ids()[1])

    def gives_up(self, done):
        """It is nobody's call that gives a port or a filter up: the point is armed in that talk, and not in the start's."""
        open(self.b.marker, "w").close()
        try:
            self.destroy()
            wait_for("what is given up", done)
        finally:
            os.unlink(self.b.marker)

    def siblings(self):
        """The first call of a client about networks, and one that it knows the way for."""
        c = self.con()
        c.listAllNetworks(0)
        c.numOfNetworks()

    def hooks(self):
        self.start()

    def heard(self):
        with open(self.b.dir + "/victim.heard") as f:
            return f.read().split()

    def logs(self):
        self.start()

    def leases(self):
        d = self.dom()
        if not d.isActive():
            d.create()
        d.suspend()
        d.resume()

    def start(self):
        self.dom().create()

    def running(self):
        d = self.dom()
        d.info(); d.XMLDesc(0); d.state(); d.memoryStats(); d.suspend(); d.resume()

    def console(self):
        import libvirt
        c = self.con()
        s = c.newStream(0)
        c.lookupByName("victim").openConsole(None, s, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
        s.send(b"x")
        s.finish()

    def domstats(self):
        self.con().getAllDomainStats()

    def domstats_off(self):
        self.con().domainListGetStats([self.dom()], 32)

    def shutdown(self):
        # A guest without a system does not hear its power button: what is walked is the call and its way to QEMU and back.
        self.dom().shutdown()

    def destroy(self):
        self.dom().destroy()

    def undefine(self):
        self.dom().undefine()

    def define_earlier(self):
        """The victim, by the name that it has before the flow."""
        d = self.con().defineXML(guest_xml("earlier"))
        d.setAutostart(1)

    def one_name(self):
        """The names that it has, in the list and on the disk: one, and the same."""
        folder = self.b.dir + "/etc/libvirt/qemu/"
        names = [d.name() for d in self.con().listAllDomains() if d.name() in ("earlier", "victim")]
        for d in (folder, folder + "autostart/"):
            assert sorted(f for f in os.listdir(d) if f.startswith(("earlier", "victim", ".bulkhead."))) == [n + ".xml" for n in names], "%s in the list, but %s has %s" % (names, d, os.listdir(d))
        return len(names) == 1

    def rename(self):
        self.dom("earlier").rename("victim", 0)
        assert self.one_name() and self.dom(), "it has not the name that it was given"

    def attach(self):
        """A device of which a definition may have any number: who is told that it is done has one more, and not two."""
        import libvirt

        def nics():
            return wait_for("the definition", lambda: self.dom().XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)).count("<interface ")
        had = nics()
        self.dom().attachDeviceFlags("<interface type='user'/>", libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        assert nics() == had + 1, "%d more NICs" % (nics() - had)

    def plug(self):
        """A disk for a guest that runs: who is told that it has come has it."""
        import subprocess
        d = self.dom()
        xml = wait_for("the document", lambda: d.XMLDesc(0))
        target = next("vd" + c for c in "cdefghijkl" if "vd%s'" % c not in xml)
        path = "%s/%s.qcow2" % (self.b.dir, target)
        if not os.path.exists(path):
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, "1M"], check=True)
        open(self.b.marker, "w").close()        # a hand's point is armed in those of this call only
        try:
            d.attachDevice("<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/><target dev='%s' bus='virtio'/><transient/></disk>" % (path, target))
        finally:
            os.unlink(self.b.marker)
        assert path in wait_for("the document", lambda: self.dom().XMLDesc(0)), "the disk is not there"

    def define_usb(self):
        """On a host with USB devices from now on."""
        if self.b.run("test", "-e", "/sys/bus/usb/devices/1-2", check=False).returncode:
            hostdevlib.fake_usb(self.b, {"1-%d" % n: (1, n, "1234", "beef", minor) for n, minor in USB.items()})
        self.con().defineXML(guest_xml("victim", "<controller type='usb' index='0' model='qemu-xhci' ports='8'/>", extra="<features><acpi/></features>"))

    def define_vfio(self):
        """On a host with an IOMMU as well."""
        self.define_usb()
        if self.b.run("test", "-e", "/dev/vfio", check=False).returncode:
            hostdevlib.fake_pci(self.b, {PCI % n: (n, "igb") for n in GROUPS})

    def give(self, form, has, devices):
        """A device of the host's for a guest that runs: who is told that it has come has it, and one that did not come is free again."""
        d = self.dom()
        xml = wait_for("the document", lambda: d.XMLDesc(0))
        device = next(has % n for n in devices if has % n not in xml)
        open(self.b.marker, "w").close()
        try:
            d.attachDevice(form % device)
        finally:
            os.unlink(self.b.marker)
        assert device in wait_for("the document", lambda: self.dom().XMLDesc(0)), "the device is not there"

    def hostdev(self):
        self.give("<hostdev mode='subsystem' type='usb'><source>%s</source></hostdev>", "<address bus='1' device='%d'/>", USB)

    def vfio(self):
        self.give("<hostdev mode='subsystem' type='pci' managed='yes'><source>%s</source></hostdev>", BY_PCI, GROUPS)

    def bound(self):
        """Of each PCI device of the host's: whether the guest has it, and whether its driver is VFIO's."""
        xml = self.dom().XMLDesc(0)
        return [(BY_PCI % n in xml, hostdevlib.pci_driver(self.b, PCI % n) == "vfio-pci") for n in GROUPS]

    def tune(self):
        """CPUs of a guest's threads: who is told that they are others finds them so, in the document and on the host; whoever failed, that nothing is between the two."""
        import libvirt
        d = self.dom()
        want = "0" if "cpuset='1'" in wait_for("the document", lambda: d.XMLDesc(0)) else "1"
        open(self.b.marker, "w").close()
        try:
            d.pinVcpuFlags(0, (want == "0", want == "1"), libvirt.VIR_DOMAIN_AFFECT_LIVE)
        finally:
            os.unlink(self.b.marker)
        assert "cpuset='%s'" % want in wait_for("the document", lambda: self.dom().XMLDesc(0)), "the pin is not there"
        on = set()
        for pid in self.b.role("guest"):
            for task in os.listdir("/proc/%d/task" % pid):
                status = open("/proc/%d/task/%s/status" % (pid, task)).read()
                if status.startswith("Name:\tCPU 0/") and "victim" in open("/proc/%d/cmdline" % pid).read():
                    on.add(re.search(r"Cpus_allowed_list:\s*(.*)", status).group(1))
        assert on == {want}, on

    def count(self):
        """A performance event: who is told that it is counted reads it."""
        import libvirt
        d = self.dom()
        on = not d.perfEvents()["task_clock"]
        open(self.b.marker, "w").close()
        try:
            d.setPerfEvents({"task_clock": on}, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        finally:
            os.unlink(self.b.marker)
        assert wait_for("the events", lambda: self.dom().perfEvents())["task_clock"] == on, "it is not as it was said"
        stats = wait_for("the counters", lambda: self.con().domainListGetStats([self.dom()], libvirt.VIR_DOMAIN_STATS_PERF))[0][1]
        assert ("perf.task_clock" in stats) == on, stats

    def takeover(self):
        """The next daemon, with the same point armed, finds the guests that run."""
        self.b.stop_daemon()
        self.b.start(self.b.armed)
        wait_for("a log role and a worker for each", lambda: len(self.b.role("log")) == len(self.b.role("qemu")) == len(self.b.role("guest")), 60)

    def save(self):
        self.dom().managedSave()

    def save_file(self):
        self.dom().saveFlags(self.b.dir + "/victim.state", None, 1)         # past the cache

    def restore_file(self):
        self.con().restoreFlags(self.b.dir + "/victim.state", None, 1)

    def dump_file(self):
        self.dom().coreDump(self.b.dir + "/victim.core", 16 | 4)    # memory only, past the cache: through the worker

    def define_given(self):
        with open(self.b.dir + "/given.img", "w") as f:
            f.truncate(1 << 20)
        self.con().defineXML(guest_xml("victim", "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/given' fdgroup='g'/><target dev='vda' bus='virtio'/></disk>"))

    def given(self):
        """Its disk's descriptor, and the start, by one connection."""
        with open(self.b.dir + "/given.img", "r+") as f:
            d = self.dom()
            d.FDAssociate("g", [f.fileno()], 0)
            d.create()

    def define_panicking(self):
        self.con().defineXML(guest_xml("victim", "<panic model='isa'/>", extra="<on_crash>coredump-restart</on_crash>"))

    def dumps(self):
        return glob.glob(self.b.dir + "/var/lib/libvirt/qemu/dump/*-victim-*")

    def stands(self):
        """Its dump could not be made, and the log tells."""
        return self.dom().state()[0] == 6 and self.b.log_text().count("no dump of a guest that panicked") > self.b.failed_dumps

    def auto_dump(self):
        """A panic, and until the guest runs again, with a dump more; or stands."""
        import libvirt_qemu
        if self.dom().state()[0] == 6:
            self.dom().destroy()
            self.start()
        self.b.failed_dumps = self.b.log_text().count("no dump of a guest that panicked")
        for file in self.dumps():
            os.unlink(file)
        libvirt_qemu.qemuMonitorCommand(self.dom(), "o /b 0x505 1", libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP)
        wait_for("what comes of the panic", lambda: (self.dumps() and self.dom().state() == [1, 9]) or self.stands())

    def is_whole(self):
        try:
            with open(self.b.dir + "/victim.state", "rb") as f:
                return f.read(16) == b"LibvirtQemudSave"
        except FileNotFoundError:
            return False

    def restore(self):
        """A start from saved state, with the point armed anew: another start came before.  A worker's is armed in that of this start only."""
        self.takeover()
        open(self.b.marker, "w").close()
        try:
            self.start()
        finally:
            os.unlink(self.b.marker)


#       flow        before it                   done when the victim is  (None: not there)
FLOWS = {
    "define":   ((),                            "defined"),
    "start":    (("define",),                   "running"),
    "create":   ((),                            "running"),
    "running":  (("define", "start"),           "running"),
    "console":  (("define", "start"),           "running"),
    "domstats": (("define", "start"),           "running"),
    "domstats_off": (("define",),               "defined"),
    "shutdown": (("define", "start"),           "running"),
    "destroy":  (("define", "start"),           "defined"),
    "undefine": (("define",),                   None),
    "rename":   (("define_earlier",),           "defined"),
    "attach":   (("define",),                   "defined"),
    "plug":     (("define_pluggable", "start"), "running"),
    "tune":     (("define_pluggable", "start"), "running"),
    "count":    (("define_pluggable", "start"), "running"),
    "takeover": (("define", "start"),           "running"),
    "save":     (("define", "start"),           "saved"),
    "restore":  (("define", "start", "save"),   "running"),
    "save_file": (("define", "start"),          "defined"),
    "save_transient": (("create",),             None),
    "restore_file": (("define", "start", "save_file"), "running"),
    "dump_file": (("define", "start"),          "running"),
    "given":    (("define_given",),             "running"),
    "auto_dump": (("define_panicking", "start"), "running"),
    "siblings": (("define_beside",),            "defined"),
    "ports":    (("define_networked",),         "running"),
    "unports":  (("define_networked", "start"), "defined"),
    "move":     (("define_networked", "start"), "running"),
    "filters":  (("define_filtered",),          "running"),
    "unfilters": (("define_filtered", "start"), "defined"),
    "refilter": (("define_filtered", "start"),  "running"),
    "macvtap":  (("define_macvtap",),           "running"),
    "macvtaps": (("define_pluggable", "start"), "running"),
    "secrets":  (("define_encrypted",),         "running"),
    "hooks":    (("define_hooked",),            "running"),
    "logs":     (("define_logged",),            "running"),
    "leases":   (("define_leased",),            "running"),
    # the last ones: the box has a made-up /dev from then on, in which no macvtap has a node
    "hostdev":  (("define_usb", "start"),       "running"),
    "vfio":     (("define_vfio", "start"),      "running"),
}


def state_of(b):
    import libvirt
    c = b.connect()
    try:
        d = c.lookupByName("victim")
        image = d.hasManagedSaveImage()
        return "running beside its image" if d.isActive() and image else "running" if d.isActive() else "saved" if image else "defined"
    except libvirt.libvirtError as e:
        if e.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
            raise
        return None
    finally:
        c.close()


def hook_of(b):
    return b.dir + "/etc/libvirt/hooks/qemu"


def attempt(fn):
    """Runs a step that may fail because of the crash, with a clear error; hanging is not allowed."""
    import libvirt
    outcome = []

    def run():
        try:
            fn()
            outcome.append(None)
        except libvirt.libvirtError as e:
            outcome.append(str(e))
        except AssertionError as e:     # what was answered is not so
            outcome.append(e)
        except Exception as e:
            outcome.append(repr(e))
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(CALL_LIMIT)
    assert outcome, "a call was not answered within %d s" % CALL_LIMIT
    if isinstance(outcome[0], AssertionError):
        raise outcome[0]
    return outcome[0]


def clean(b):
    """Everything away by the daemon's own means."""
    def once():
        c = b.connect()
        try:
            for d in c.listAllDomains():
                if d.name() == "victim":
                    if d.isActive():
                        d.destroy()
                    if d.isPersistent():
                        d.undefineFlags(1)      # with its image, if there is one
            return not [d for d in c.listAllDomains() if d.name() == "victim"]
        finally:
            c.close()
    wait_for("the victim is gone", once, 60)
    if os.path.exists(hook_of(b)):
        os.unlink(hook_of(b))


def guests(b):
    return {p: box.start_time(p) for p in b.role("guest")}


def check(b, flow, before, its, why):
    """The invariants, after the crash. why: what the client was told, None: that it is done."""
    for pid, t in before.items():
        assert box.start_time(pid) == t, "another guest's QEMU (%d) ended or is another" % pid
    assert os.path.exists(its), "another guest's first process is out of reach: %s" % its
    wait_for("the daemon's answer", lambda: state_of(b) or True, 60)
    assert state_of(b) != "running beside its image", "the guest runs, and so would its image at the next start"
    assert flow not in ("save", "restore") or state_of(b) != "defined", "what was saved is lost"

    def agrees():
        c = b.connect()
        try:
            return len(c.listAllDomains(1)) == len(guests(b))
        finally:
            c.close()
    wait_for("list and QEMUs agree", agrees, 60)
    assert flow != "create" or not why, "what an earlier supervisor had begun was in the way of its own call: %s" % why
    assert "state change lock" not in (why or ""), "the call waited for what it had begun itself: %s" % why
    # Once more: the flow must be possible again or have done its work.
    f = Flows(b)
    want = FLOWS[flow][1]

    if flow == "rename":
        assert f.one_name(), "it has not one name"
    assert flow not in ("hostdev", "vfio") or not why or "in use" not in why, "the device that the guest has was refused to it: %s" % why
    if flow in ("save_file", "save_transient"):
        wait_for("a whole file beside no guest that runs", lambda: f.is_whole() == (state_of(b) == want))
        assert f.is_whole() == (why is None), "the file is %swhole, and the client was told %s" % ("" if f.is_whole() else "not ", why)
        assert flow == "save_transient" or not f.is_whole() or f.dom().state() == [5, 5], "the guest is off, but not as one that was saved: %s" % f.dom().state()
    if flow == "restore_file":
        assert f.is_whole(), "a client's file is not as it was"
    if flow in ("save", "restore", "dump_file") or (flow.startswith("save_") and state_of(b) == "running"):         # by its next worker, if need be
        wait_for("it runs", lambda: state_of(b) == "saved" or f.dom().state()[0] == 1)
    if flow == "auto_dump":
        wait_for("it runs, or stands for want of a dump", lambda: f.dom().state()[0] == 1 or f.stands())
        assert len(f.dumps()) == (f.dom().state()[0] == 1), "dumps of one panic: %s" % f.dumps()
    if flow == "hooks":             # whatever was begun was told to be over, or the guest runs
        wait_for("the scripts have heard how it is", lambda: (state_of(b) == "running") == (f.heard()[-1:] not in ([], ["release"])))
    if flow in ("ports", "unports", "move"):
        wait_for("ports are as the guest is", lambda: len(set(map(tuple, f.port_ids()))) == 1)
    if flow == "move":
        wait_for("the tap is where its document says", lambda: len(set(f.place())) == 1)
    if flow in ("filters", "unfilters", "refilter"):
        wait_for("filters are as the guest is", lambda: len(set(map(tuple, f.filters_of()))) == 1)
    if flow in ("macvtap", "macvtaps"):
        wait_for("macvtaps are as the guest has them", lambda: len(set(map(tuple, f.over_names()))) == 1)
    if flow == "vfio":
        wait_for("drivers are as the guest has the devices", lambda: all(has == is_vfio for has, is_vfio in f.bound()))
    if flow == "leases":            # whatever was cut off: a guest has its lease when its CPUs run, and then only
        wait_for("leases are as the guest is", lambda: locklib.is_locked(b.dir + "/var/lib/libvirt/images/victim.img") == (f.dom().state()[0] == 1))

    def finished():
        if state_of(b) == want and flow not in ("running", "console", "domstats", "domstats_off", "shutdown", "takeover", "dump_file", "auto_dump", "leases", "attach", "plug", "hostdev", "vfio", "tune", "count", "siblings", "refilter", "macvtaps", "move"):
            return True
        return attempt(f.start if flow == "restore" else getattr(f, flow)) is None and state_of(b) == want
    wait_for("flow %s works again" % flow, finished, 60)
    assert flow != "leases" or locklib.is_locked(b.dir + "/var/lib/libvirt/images/victim.img"), "a guest that runs has no lease"


def prepare(b, flow):
    f = Flows(b)
    for step in FLOWS[flow][0]:
        getattr(f, step)()
    return f


def settled(b):
    """The log, once nothing more comes: what roles wrote reaches it a little later."""
    last = [None, time.monotonic()]

    def quiet():
        text = b.log_text()
        if text != last[0]:
            last[:] = text, time.monotonic()
        return time.monotonic() - last[1] > 0.5
    wait_for("a quiet log", quiet)
    return last[0]


def points(b, flow, tried):
    """The flow's frames, from a traced run, without those that an earlier flow has tried."""
    b.armed = "BULKHEAD_CRASH=trace"
    b.start(b.armed)
    f = prepare(b, flow)
    time_mark = len(settled(b))
    getattr(f, flow)()
    state_of(b)
    found = []
    for m in POINT.findall(settled(b)[time_mark:]):
        frame = NAMES.get(m[3], m[3])
        # of a daemon's start: what its supervisor asks the hands about the guests that run
        if flow == "leases" and m[1] != "talk" and frame not in LEASES:
            continue
        if flow in ("unports", "unfilters") and m[0].startswith("talk got"):      # armed in the second attempt as well, which is the last
            continue
        if flow == "logs":              # frames that leases have, too
            if m[1] in ROLES and frame in LOGS and m[0] not in found:
                found.append(m[0])
            continue
        wanted = frame in ONLY[flow].get(m[1], ()) if flow in ONLY else m[1] in ROLES and m[0] not in tried
        # A connection's first frames are armed in every spare gateway: one client after the other would lose its own, as it should.
        if wanted and m[0] not in found and not (m[1] == "gateway" and frame in CONNECT):
            found.append(m[0])
            tried.add(m[0])
    clean(b)
    b.stop_daemon()
    return found


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--flow", action="append")
    ap.add_argument("--point")
    ap.add_argument("--max", type=int, default=0, help="points a flow at most (spread over it)")
    a = ap.parse_args()
    needs_root()
    if "CRASH_POINTS" not in open(os.path.join(BUILD, "Makefile")).read():
        skip("%s has no crash points (CRASH_BUILD names a build with --enable-crash-points)" % BUILD)
    failed = total = 0
    tried = set()
    with box.Box("crash", build=BUILD, start=False) as b:
        b.marker = b.dir + "/armed"
        b.start("")
        c = b.connect()
        c.defineXML(guest_xml("bystander"))
        c.lookupByName("bystander").create()
        c.close()
        before = guests(b)
        assert len(before) == 1
        door = "%s/run/libvirt/qemu/%d.door" % (b.dir, b.connect().lookupByName("bystander").ID())
        b.stop_daemon()
        assert guests(b) == before, "the daemon's end touched a guest"
        alone = None
        for flow in a.flow or FLOWS:
            if alone:
                alone.close()
            alone = macvtaps_alone() if flow in ("macvtap", "macvtaps") else None
            if flow in BESIDE:
                daemon, line = BESIDE[flow]
                b.say(b.ours(daemon))
                wait_for("the other daemon", lambda: os.path.exists(b.dir + "/run/libvirt/%s-sock" % daemon))
            with open(b.dir + "/etc/libvirt/qemu.conf", "w") as f:
                f.write(line if flow in BESIDE else 'save_image_format = "gzip"\n' if flow in PACKED else "")
            todo = [a.point] if a.point else points(b, flow, tried)
            if a.max and len(todo) > a.max:
                todo = [todo[i * len(todo) // a.max] for i in range(a.max)]
            print("# flow %s: %d points" % (flow, len(todo)), flush=True)
            for point in todo:
                total += 1
                why = None
                mark = len(b.log_text())
                try:
                    b.armed = "BULKHEAD_CRASH='%s'" % point
                    if point.startswith(ARMED_LATE.get(flow, "-")):
                        b.armed += " BULKHEAD_CRASH_WHEN=" + b.marker
                    b.start(b.armed)
                    # Preparation may not be able to reach the point, but a gateway of the pool can.
                    f = prepare(b, flow)
                    why = attempt(getattr(f, flow))
                    check(b, flow, before, door, why)
                    clean(b)
                    b.stop_daemon()
                    left = [x for x in b.left_over() if not x.startswith("process") and "bystander" not in x and not door.endswith(x.split(" ", 1)[1])]
                    if flow == "logs":
                        wait_for("no stream is left in virtlogd", lambda: not b.role("log"))
                    left += ["QEMU %d" % p for p in guests(b) if p not in before]
                    assert not left, "left over: %s" % left
                    died = "ended: killed" in b.log_text()[mark:] or "signal" in b.log_text()[mark:]
                    print("ok %d - %s: %s%s" % (total, flow, point, "" if died else " # not reached") + (" (client told: %s)" % why if why else ""), flush=True)
                except Exception as e:      # noqa: a failed case is reported and the rest goes on
                    failed += 1
                    print("not ok %d - %s: %s\n# %s: %s" % (total, flow, point, type(e).__name__, e), flush=True)
                    for line in b.log_text()[mark:].splitlines()[-12:]:
                        print("#   " + line)
                    try:
                        if any(c.split(" ")[0].endswith("virtqemud") for p, c in b.processes()):
                            clean(b)
                            b.stop_daemon()
                    except Exception as e2:
                        print("# cannot go on: %s" % e2)
                        return 1
        print("1..%d" % total)
        print("# %d points, %d failed" % (total, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
