#!/usr/bin/python3
"""Pins, limits and performance events of a guest: from its start, live, stored and both, as the host's kernel has them; over deaths of those who are at it and a later daemon; what fails
changes nothing."""
import glob, os, signal, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

LIVE, CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG
CPUS = len(os.sched_getaffinity(0))
if CPUS < 2 or max(os.sched_getaffinity(0)) != CPUS - 1:
    skip("two processors are needed, 0 and 1 among them")
ALL = "0-%d" % (CPUS - 1)
EVENTS = os.path.exists("/proc/sys/kernel/perf_event_paranoid")         # the kernel has them
PINS = """<iothreads>2</iothreads><cputune><shares>2048</shares><quota>90000</quota><vcpupin vcpu='0' cpuset='1'/><emulatorpin cpuset='0'/><iothreadpin iothread='2' cpuset='0'/>
<emulatorsched scheduler='batch'/><vcpusched vcpus='1' scheduler='idle'/><iothreadsched iothreads='2' scheduler='idle'/></cputune>%s""" % ("<perf><event name='task_clock' enabled='yes'/></perf>" if EVENTS else "")
UNLIMITED = (1 << 53) - 1
guest = {}


def dom(box):
    return box.connect().lookupByName("t1")


def bits(*cpus):
    return tuple(i in cpus for i in range(CPUS))


def threads(box):
    """{name of a thread of QEMU's: [CPUs it may run on]}"""
    found = {}
    for pid in box.role("guest"):
        for task in glob.glob("/proc/%d/task/*" % pid):
            try:
                status = open(task + "/status").read()
                found.setdefault(open(task + "/comm").read().strip(), []).append(re.search(r"Cpus_allowed_list:\s*(.*)", status).group(1))
            except OSError:
                pass
    return found


def runs_on(box, thread, cpus):
    got = threads(box)
    assert got.get(thread) == [cpus], (thread, cpus, got)


def scheduled(box, **wanted):
    """Each thread as its <..sched> says; what has none, as the emulator, which began it.  What a scheduler was set with QEMU has not."""
    (pid,) = box.role("guest")
    for task in glob.glob("/proc/%d/task/*" % pid):
        name = open(task + "/comm").read().strip().split("/")[0].replace("IO ", "").replace(" ", "_")
        is_now, should = os.sched_getscheduler(int(os.path.basename(task))), wanted.get(name, os.SCHED_BATCH)
        assert is_now == should, (name, is_now, should)
    limits = [re.findall(r"Max (?:nice|realtime) priority .*", open("/proc/%s/limits" % who).read()) for who in (pid, "self")]
    assert limits[0] == limits[1] and len(limits[0]) == 2, limits


def status_of(check, *args, **kw):
    try:
        return check(*args, **kw) is None
    except AssertionError:
        return False


def emulator_on(box, cpus):
    got = {name: on for name, on in threads(box).items() if not name.startswith(("CPU ", "IO "))}
    assert got and all(c == cpus for on in got.values() for c in on), (cpus, got)


def group(box, v1, v2, inner=""):
    """A value of the guest's control groups, of version 1 or 2; None: the host has no such controller."""
    for path in glob.glob("/sys/fs/cgroup/*/%s/machine/*t1*" % os.path.basename(box.dir)):
        for name in v1, v2:
            file = os.path.join(path, inner, name)
            if os.path.exists(file):
                text = open(file).read().strip()
                return text if name == v1 else (v2, text)
    return None


def limit(box, v1, v2, value, value2=None, inner=""):
    got = group(box, v1, v2, inner)
    if not group(box, v1, v2) and not inner:
        print("# this host has no %s" % v1)
        return
    assert got == str(value) or got == (v2, str(value2 if value2 is not None else value)), (v1, value, got)


def counted(box):
    ((_, stats),) = box.connect().domainListGetStats([dom(box)], libvirt.VIR_DOMAIN_STATS_PERF)
    return {name[len("perf."):]: value for name, value in stats.items() if name.startswith("perf.")}


def go_on(box, before):
    """Events are counted from where they were."""
    now = counted(box)
    assert now.keys() == before.keys() and all(now[name] >= value for name, value in before.items()), (before, now)
    wait_for("more of them", lambda: now.get("task_clock", -1) < counted(box).get("task_clock", 0))


def has(d, what, config=False):
    return what in d.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE if config else 0)


def as_started(box):
    runs_on(box, "CPU 0/TCG", "1")
    runs_on(box, "IO iothread2", "0")
    runs_on(box, "IO iothread1", ALL)
    emulator_on(box, "0")
    scheduled(box, iothread2=os.SCHED_IDLE)
    limit(box, "cpu.shares", "cpu.weight", 2048)
    limit(box, "cpu.cfs_quota_us", "cpu.max", 90000, "90000 100000", "vcpu0")


def start(box):
    """what the definition says holds from the start on"""
    guest["dom"], guest["console"] = boot(box, document("t1", more=PINS).replace("<vcpu>1<", "<vcpu current='1'>2<"), ready=False)
    as_started(box)
    tasks = glob.glob("/sys/fs/cgroup/cpu*/%s/machine/*t1*/vcpu0/tasks" % os.path.basename(box.dir))
    assert all(len(open(t).read().split()) == 1 for t in tasks), tasks
    if EVENTS:      # all threads are counted
        first = counted(box)
        used = dom(box).info()[4]
        assert list(first) == ["task_clock"] and 0 < first["task_clock"] and used / 2 < counted(box)["task_clock"], (first, used)


def pins(box):
    """threads are pinned live, in the definition, in both"""
    d = dom(box)
    d.pinVcpu(0, bits(0))
    runs_on(box, "CPU 0/TCG", "0")
    assert has(d, "<vcpupin vcpu='0' cpuset='0'/>") and has(d, "<vcpupin vcpu='0' cpuset='1'/>", True)
    d.pinVcpuFlags(0, bits(0), CONFIG)
    d.pinVcpuFlags(0, bits(1), LIVE)
    runs_on(box, "CPU 0/TCG", "1")
    assert has(d, "<vcpupin vcpu='0' cpuset='1'/>") and has(d, "<vcpupin vcpu='0' cpuset='0'/>", True)
    d.pinVcpuFlags(0, bits(0, 1), LIVE | CONFIG)
    runs_on(box, "CPU 0/TCG", "0-1")
    assert has(d, "<vcpupin vcpu='0' cpuset='0-1'/>") and has(d, "<vcpupin vcpu='0' cpuset='0-1'/>", True)
    assert d.vcpuPinInfo(LIVE)[0] == bits(0, 1), d.vcpuPinInfo(LIVE)
    d.pinEmulator(bits(1), LIVE | CONFIG)
    emulator_on(box, "1")
    assert d.emulatorPinInfo(LIVE) == d.emulatorPinInfo(CONFIG) == bits(1)
    d.pinIOThread(1, bits(1), LIVE | CONFIG)
    d.pinIOThread(2, bits(1), LIVE)
    for i in "12":
        runs_on(box, "IO iothread" + i, "1")
    assert has(d, "<iothreadpin iothread='2' cpuset='0'/>", True) and [i[2] for i in d.ioThreadInfo(LIVE)] == [bits(1)] * 2 if len(d.ioThreadInfo(LIVE)[0]) > 2 else True
    # The rest is where it was.
    runs_on(box, "CPU 0/TCG", "0-1")
    emulator_on(box, "1")


def come(box):
    """threads that come while the guest runs"""
    d = dom(box)
    d.addIOThread(7, LIVE)
    wait_for("the new thread where it belongs", lambda: threads(box).get("IO iothread7") == [ALL])      # and not where its maker is
    scheduled(box, iothread2=os.SCHED_IDLE)
    d.pinIOThread(7, bits(0), LIVE)
    runs_on(box, "IO iothread7", "0")
    assert has(d, "<iothreadpin iothread='7' cpuset='0'/>")
    d.delIOThread(7, LIVE)
    d.pinVcpuFlags(1, bits(0), LIVE)            # which is not there yet
    assert has(d, "<vcpupin vcpu='1' cpuset='0'/>") and not has(d, "iothread='7'"), d.XMLDesc()
    d.setVcpusFlags(2, LIVE)
    wait_for("the second vCPU where it belongs", lambda: threads(box).get("CPU 1/TCG") == ["0"])
    wait_for("its scheduler", lambda: status_of(scheduled, box, iothread2=os.SCHED_IDLE, CPU_1=os.SCHED_IDLE))
    limit(box, "cpu.cfs_quota_us", "cpu.max", 90000, "90000 100000", "vcpu1")


def shares(box):
    """shares and quotas"""
    d = dom(box)
    d.setSchedulerParameters({"cpu_shares": 300})
    limit(box, "cpu.shares", "cpu.weight", 300)
    d.setSchedulerParametersFlags({"cpu_shares": 400, "vcpu_period": 50000, "vcpu_quota": 40000, "emulator_quota": 70000, "iothread_quota": 60000, "iothread_period": 30000}, LIVE)
    limit(box, "cpu.shares", "cpu.weight", 400)
    limit(box, "cpu.cfs_quota_us", "cpu.max", 40000, "40000 50000", "vcpu0")
    limit(box, "cpu.cfs_quota_us", "cpu.max", 70000, "70000 100000", "emulator")
    limit(box, "cpu.cfs_quota_us", "cpu.max", 60000, "60000 30000", "iothread1")
    live = d.schedulerParametersFlags(LIVE)
    assert (live["cpu_shares"], live["vcpu_quota"], live["iothread_period"]) == (400, 40000, 30000), live
    assert d.schedulerParametersFlags(CONFIG)["cpu_shares"] == 2048
    for flags in LIVE, CONFIG:      # the binding asks for the old ones first, and cannot do both at once
        d.setSchedulerParametersFlags({"global_period": 50000, "global_quota": 200000, "vcpu_quota": -1}, flags)
    limit(box, "cpu.cfs_quota_us", "cpu.max", 200000, "200000 50000")
    limit(box, "cpu.cfs_quota_us", "cpu.max", -1, "max 50000", "vcpu0")
    assert d.schedulerParametersFlags(CONFIG)["global_quota"] == 200000
    for flags in LIVE, CONFIG:
        d.setSchedulerParametersFlags({"global_quota": -1}, flags)
    limit(box, "cpu.cfs_quota_us", "cpu.max", -1, "max 50000")


def events(box):
    """performance events, enabled and disabled"""
    def held():
        return [len(os.listdir("/proc/%d/fd" % box.role(role)[0])) for role in ("supervisor", "qemu", "keeper")]
    if not EVENTS:
        return
    d = dom(box)
    before, had = d.XMLDesc(), held()
    for flags in LIVE, CONFIG:
        d.setPerfEvents({"page_faults": True, "context_switches": True}, flags)
    assert list(counted(box)) == ["task_clock", "page_faults", "context_switches"], counted(box)
    wait_for("the guest's events", lambda: counted(box)["context_switches"] > 0)
    go_on(box, counted(box))
    assert d.perfEvents(LIVE)["page_faults"] and d.perfEvents(CONFIG)["task_clock"] and not d.perfEvents(LIVE)["cpu_clock"]
    # What cannot be changes nothing.
    was = d.XMLDesc()
    fails(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, d.setPerfEvents, {"cpu_clock": True, "page_faults": False, "cmt": True}, LIVE)
    assert d.XMLDesc() == was and list(counted(box)) == ["task_clock", "page_faults", "context_switches"]
    # One that is counted anew begins at nothing.
    used = counted(box)["task_clock"]
    d.setPerfEvents({"task_clock": False, "cpu_migrations": True}, LIVE)
    assert list(counted(box)) == ["page_faults", "context_switches", "cpu_migrations"] and has(d, "<event name='task_clock' enabled='no'/>")
    d.setPerfEvents({"task_clock": True}, LIVE)
    assert counted(box)["task_clock"] < used
    for on in [False] + [True, False] * 16:
        fails(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, d.setPerfEvents, {"cpu_clock": True, "cmt": True}, LIVE)
        d.setPerfEvents({"page_faults": on, "context_switches": on, "cpu_migrations": on}, LIVE)
    # Clients come and go meanwhile: a few descriptors more or less are theirs.
    wait_for("nobody to hold what is not counted", lambda: all(now < at_first + 10 for now, at_first in zip(held(), had)))
    assert list(counted(box)) == ["task_clock"] and before == re.sub(r"\s*<event name='\w+' enabled='no'/>", "", d.XMLDesc())
    d.setPerfEvents({"cpu_clock": True}, LIVE)      # for what comes


def memory(box):
    """limits of memory, whichever has to go first"""
    d = dom(box)
    if not group(box, "memory.limit_in_bytes", "memory.max"):
        print("# this host has no memory controller")
        return
    for hard, swap in (1 << 20, 1 << 21), (1 << 22, 1 << 23), (1 << 19, 1 << 20):
        d.setMemoryParameters({"hard_limit": hard, "swap_hard_limit": swap, "soft_limit": hard // 2}, LIVE)
        limit(box, "memory.limit_in_bytes", "memory.max", hard << 10)
        limit(box, "memory.memsw.limit_in_bytes", "memory.swap.max", swap << 10, (swap - hard) << 10)
        limit(box, "memory.soft_limit_in_bytes", "memory.high", hard << 9)
    assert d.memoryParameters(LIVE)["hard_limit"] == 1 << 19 and not has(d, "<memtune>", True)
    fails(libvirt.VIR_ERR_INVALID_ARG, d.setMemoryParameters, {"hard_limit": 1 << 22}, LIVE)
    if glob.glob("/sys/fs/cgroup/memory/*"):       # version 2 kills instead
        fails(libvirt.VIR_ERR_SYSTEM_ERROR, d.setMemoryParameters, {"hard_limit": 1024}, LIVE)
        limit(box, "memory.limit_in_bytes", "memory.max", 1 << 29)
        assert d.memoryParameters(LIVE)["hard_limit"] == 1 << 19
    d.setMemoryParameters({"swap_hard_limit": UNLIMITED, "hard_limit": UNLIMITED}, LIVE)
    assert group(box, "memory.limit_in_bytes", "memory.max") in ("9223372036854771712", ("memory.max", "max"))


def refused(box):
    """what cannot be changes nothing"""
    d = dom(box)
    before, was = d.XMLDesc(), threads(box)
    for flags in LIVE, CONFIG, LIVE | CONFIG:
        fails(libvirt.VIR_ERR_INVALID_ARG, d.pinVcpuFlags, 2, bits(0), flags)
        fails(libvirt.VIR_ERR_INVALID_ARG, d.pinVcpuFlags, 0, bits(), flags)
        fails(libvirt.VIR_ERR_INVALID_ARG, d.pinEmulator, bits(), flags)
        fails(libvirt.VIR_ERR_INVALID_ARG, d.pinIOThread, 1, bits(), flags)
        fails(libvirt.VIR_ERR_INVALID_ARG, d.pinIOThread, 99, bits(0), flags)
    for flags in LIVE, CONFIG:
        fails(libvirt.VIR_ERR_INVALID_ARG, d.setSchedulerParametersFlags, {"vcpu_quota": 5}, flags)
        fails(libvirt.VIR_ERR_INVALID_ARG, d.setSchedulerParametersFlags, {"vcpu_period": 5}, flags)
        fails(libvirt.VIR_ERR_INVALID_ARG, d.setMemoryParameters, {"hard_limit": 8, "swap_hard_limit": 4}, flags)
    fails(libvirt.VIR_ERR_INVALID_ARG, d.setSchedulerParametersFlags, {"cpu_shares": 1}, LIVE)
    if group(box, "cpu.shares", "cpu.weight"):
        d.setSchedulerParametersFlags({"iothread_quota": 20000, "vcpu_quota": 120000}, LIVE)
        d.setSchedulerParametersFlags({"global_quota": 50000, "vcpu_quota": 20000, "emulator_quota": 50000}, LIVE)       # less for all of them at once
        before = d.XMLDesc()
        if glob.glob("/sys/fs/cgroup/cpu/*"):       # which takes no share that is more than the whole
            fails(libvirt.VIR_ERR_SYSTEM_ERROR, d.setSchedulerParametersFlags, {"vcpu_quota": 300000, "cpu_shares": 777}, LIVE)
        limit(box, "cpu.shares", "cpu.weight", 400)
        limit(box, "cpu.cfs_quota_us", "cpu.max", 20000, "20000 50000", "vcpu0")
    assert d.XMLDesc() == before and threads(box) == was


def deaths(box):
    """whoever dies: what was said stays, and what is said next is done"""
    for role in "qemu", "supervisor", "conf":
        old, were = box.role(role), counted(box)
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        wait_for("another " + role, lambda: box.role(role) and not set(old) & set(box.role(role)))
        d = dom(box)
        wait_for("the pins in the document", lambda: has(d, "<emulatorpin cpuset='1'/>"))
        emulator_on(box, "1")
        go_on(box, were)
        d.pinEmulator(bits(0), LIVE)
        emulator_on(box, "0")
        d.pinEmulator(bits(1), LIVE)
        emulator_on(box, "1")


def later(box):
    """the next daemon has it as it is, and changes it"""
    d = dom(box)
    d.pinVcpuFlags(0, bits(1), LIVE)
    before, were = d.XMLDesc(), counted(box)
    box.stop_daemon()
    box.start()
    box.wait(running=1)
    d = dom(box)
    wait_for("the document", lambda: d.XMLDesc() == before)
    runs_on(box, "CPU 0/TCG", "1")
    go_on(box, were)
    d.pinVcpuFlags(0, bits(0), LIVE)
    runs_on(box, "CPU 0/TCG", "0")
    d.pinVcpuFlags(0, bits(0), CONFIG)


def saved(box):
    """a guest that was saved is where it was, and so is one that is started anew"""
    d = dom(box)
    d.pinIOThread(2, bits(1), LIVE)
    d.managedSave()
    d.create()
    runs_on(box, "CPU 0/TCG", "0")
    runs_on(box, "IO iothread2", "1")
    emulator_on(box, "1")
    assert list(counted(box)) == (["cpu_clock", "task_clock"] if EVENTS else [])
    d.destroy()
    assert not glob.glob("/sys/fs/cgroup/*/%s/machine/*t1*" % os.path.basename(box.dir))
    d.create()
    runs_on(box, "CPU 0/TCG", "0")
    runs_on(box, "IO iothread2", "0")
    emulator_on(box, "1")
    scheduled(box, iothread2=os.SCHED_IDLE)
    d.destroy()
    # What cannot be is refused, and nothing is left.
    xml = d.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert "<emulatorpin cpuset='1'/>" in xml
    box.connect().defineXML(xml.replace("<emulatorpin cpuset='1'/>", "<emulatorpin cpuset='%d'/>" % (CPUS + 5)))
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, d.create)
    assert_clean(box)


parts = [start, pins, come, shares, events, memory, refused, deaths, later, saved]
if len(sys.argv) > 1:
    parts = [p for p in parts if p.__name__ in ["start"] + sys.argv[1:]]
main(*parts)
