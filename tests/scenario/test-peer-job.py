#!/usr/bin/python3
"""What libvirtd tells of a guest's managed save, and of a dump, as a job: events of its passes and of its completion, with the same figures by the same names and types;
what it tells who asks."""
import os, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import wait_for
from pair import Pair, guests


def story(b):
    """Events of the save, in their order, without what differs by nature: how much and how long, and the rate, which a save may be too short for."""
    import libvirt
    said = []
    c = b.connect()
    def heard(kind):
        return lambda conn, dom, *a: said.append((kind, a[:-1]))
    for number, kind in ((0, "lifecycle"), (20, "pass"), (21, "completed")):
        c.domainEventRegisterAny(None, number, heard(kind), None)
    d = c.lookupByName("busy")
    told = ["before: %r %r" % (d.jobStats(), d.jobInfo())]
    d.managedSave()
    wait_for("the guest's end", lambda: ("lifecycle", (5, 4)) in said)
    for kind, a in said:
        if kind == "completed":
            f = a[0]
            b.figures = f
            told.append("completed: operation %d, %s" % (f["operation"], ", ".join("%s %s" % (k, f[k] if k in ("data_remaining", "memory_remaining", "memory_page_size", "memory_total", "data_total", "memory_iteration") else type(f[k]).__name__) for k in f if k != "memory_bps")))
        else:
            told.append("%s %r" % (kind, a))
    c.close()
    return "\n".join(told)


def dump(b):
    """A dump of the whole state, which leaves figures, and one of memory alone, which leaves none; the guest goes on."""
    import libvirt
    said = []
    c = b.connect()
    c.domainEventRegisterAny(None, 20, lambda conn, dom, n, _: said.append(n), None)
    c.domainEventRegisterAny(None, 21, lambda conn, dom, f, _: said.append((f["operation"], sorted(set(f) - {"memory_bps"}))), None)
    d = c.lookupByName("busy")
    d.coreDump("/var/lib/libvirt/images/w/core", 0)
    wait_for("the end is told", lambda: len(said) > 2)
    keep = d.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED | libvirt.VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED)
    done = [d.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED) for _ in range(2)]
    d.coreDump("/var/lib/libvirt/images/w/core2", libvirt.VIR_DUMP_MEMORY_ONLY)
    told = "%r %r %r\n%r %r" % (said, keep == done[0], sorted((k, v if k in ("type", "operation", "data_remaining") else 0) for k, v in done[0].items() if k != "memory_bps"), done[1],
                                d.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED))
    c.close()
    return told


with Pair("job") as p:
    guests(p)
    import libvirt
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=lambda: [libvirt.virEventRunDefaultImpl() for _ in iter(int, 1)], daemon=True).start()
    p.virsh("define W/busy.xml")
    for turn in ("once", "again"):
        p.virsh("start busy")
        p.same("events of a save, " + turn, *p.each(story))
    f = p.boxes[0].figures
    p.same("figures that agree with each other", repr(f["memory_normal_bytes"] == f["memory_normal"] * f["memory_page_size"] and f["memory_processed"] > f["memory_normal_bytes"] > 0
                                                      and f["data_processed"] == f["memory_processed"]), "True")
    p.virsh("start busy")
    p.same("events of a dump", *p.each(dump))
    p.hears("event busy job-completed", ("managedsave busy",), mask=[(r"(?<=: )\d+$", "N"), (r"(?m)^\tmemory_bps.*\n", "")])
    # The figures of a save go with the run's worker; libvirtd's stay until they are read, which both do here.
    p.each(lambda b: b.virsh("domjobinfo", "busy", "--completed"))
    for line in ("domjobinfo busy", "domjobinfo busy --completed --rawstats", "start busy", "domjobinfo busy", "domjobinfo busy --completed", "domjobinfo busy --completed --keep-completed", "domjobinfo busy --keep-completed"):
        p.virsh(line)
sys.exit(p.result())
