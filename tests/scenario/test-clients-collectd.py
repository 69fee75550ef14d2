#!/usr/bin/python3
"""collectd's virt plug-in, writing CSV for two intervals: the same files with the same columns, and the same values of what stands still, as with libvirtd."""
import glob, os, re, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import wait_for
from needs import needed
from pair import Pair, guests

needed("collectd")
CONF = """BaseDir "/run/collectd"
PluginDir "/usr/lib/collectd"
TypesDB "/usr/share/collectd/types.db"
Interval 1
Hostname "host"
FQDNLookup false
LoadPlugin logfile
<Plugin logfile>
  LogLevel warning
  File "/run/collectd.log"
  Timestamp false
</Plugin>
LoadPlugin csv
<Plugin csv>
  DataDir "/run/collectd"
  StoreRates false
</Plugin>
LoadPlugin virt
<Plugin virt>
  Connection "qemu:///system"
  RefreshInterval 1
  HostnameFormat name
  PluginInstanceFormat name
  ExtraStats "cpu_util disk disk_err domain_state job_stats_background pcpu vcpu vcpupin memory disk_physical disk_allocation disk_capacity"
</Plugin>
"""
STILL = re.compile("domain_state|memory-(total|actual_balloon)|disk_capacity|cpu_affinity|disk_error")


def files(b):
    """{file: its lines} without the day of their names."""
    found = {}
    for path in glob.glob(b.dir + "/run/collectd/*/*/*"):
        found[re.sub(r"-\d{4}-\d\d-\d\d$", "", path[len(b.dir):])] = open(path).read().splitlines()
    return found


def said(b):
    out = []
    for name, lines in sorted(files(b).items()):
        values = lines[-1].split(",")[1:]
        out.append("%s: %s %s" % (name, lines[0], " ".join(values) if STILL.search(name) else "%d values" % len(values)))
    return "\n".join(out)


with Pair("collectd") as p:
    guests(p)
    p.virsh("create W/busy.xml")
    p.virsh("define W/idle.xml")
    p.file("collectd.conf", CONF)
    p.sh("mkdir -p /run/collectd")
    for b in p.boxes:
        b.say("collectd -f -C /var/lib/libvirt/images/w/collectd.conf >/run/collectd.out 2>&1")
    # A heading and two intervals.
    p.each(lambda b: wait_for("two intervals", lambda: [f for f, lines in files(b).items() if "domain_state" in f and len(lines) > 2] and
                              all(len(lines) > 2 for lines in files(b).values()), 30))
    p.same("files and what stands still", *p.each(said))
    p.same("some are there", *("many" if len(files(b)) > 20 else said(b) for b in p.boxes))
    p.sh("! grep . /run/collectd.log")
sys.exit(p.result())
