"""A QEMU that lies: what its monitor may send, and what it must not be able to do to its worker."""
import fcntl, os, sys, json, socket, struct, termios, threading, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from qemulib import FORMATS, IN, KIND, OPS, PCI, Failed, Worker, memfd, msgpack, plug
from qemulies import SOON, XML, Monitor, alive, error, guest, not_found, run


ONE = 16                    # LEASES_ONE; the entry of its image is 0


def unread(m):
    """Bytes that the worker has still to read."""
    return struct.unpack("i", fcntl.ioctl(m.ours, termios.TIOCOUTQ, b"\0\0\0\0"))[0]


def works(w):
    alive(w)
    for _ in range(3):
        try:
            answer = w.call("domain.monitor_command", '{"execute":"query-status"}', 0)[0]
        except Failed as e:
            # A line that is dropped may have been the answer to what is in flight, which therefore fails; the next call must not.
            if "exceeds buffer size" not in str(e):
                raise
            continue
        assert json.loads(answer)["return"]["status"] == "running"
        return
    raise AssertionError("no call gets through any more")


def malformed(w, m):
    for b in (b"garbage\n", b"{\n", b"\0\0\0\n", b"[]\n", b"1\n", b'"x"\n', b"null\n", b"{}\n", b'{"return":1}\n', b'{"error":3}\n', b'{"event":5}\n',
              b'{"event":"STOP"}\n{"event":"RESUME","data":[]}\n', b'{"event":"x\\u0000y","data":{}}\n', b'{"event":"lower case"}\n',
              b'{"return":{},"id":"libvirt-99999999999999999999"}\n', b'{"return":{},"id":7}\n', b'{"return":{},"id":"libvirt-0"}\n', b"\xff\xfe\xfd\n",
              b'{"event":"BALLOON_CHANGE","data":{"actual":-5}}\n', b'{"event":"RTC_CHANGE","data":{"offset":99999999999999}}\n',
              b'{"event":"VSERPORT_CHANGE","data":{"id":"nosuch","open":true}}\n', b'{"event":"DEVICE_DELETED","data":{"device":"' + b"a" * 5000 + b'"}}\n',
              b'{"event":"' + b"A" * 5000 + b'"}\n', b'{"QMP":[]}\n', b'{"event":"STOP","timestamp":"now"}\n{"event":"RESUME"}\n'):
        m.send(b)
    works(w)


def deep(w, m):
    m.send(b"[" * 100000 + b"]" * 100000 + b"\n")
    m.send(b'{"return":' + b'{"a":' * 5000 + b"1" + b"}" * 5001 + b"\n")
    works(w)


def many_values(w, m):
    m.send(b'{"event":"X","data":{"v":[' + b"[]," * 1500000 + b"0]}}\n")
    works(w)
    rss = int([l for l in open("/proc/%d/status" % w.pid) if l.startswith("VmHWM")][0].split()[1])
    assert rss < 120000, "%d KiB for a message that should never have been parsed" % rss


def huge_line(w, m):
    """30 MiB without a newline: skipped, and the stream goes on after it."""
    for _ in range(30):
        m.send(b"x" * (1 << 20))
    alive(w)
    m.send(b"\n")
    works(w)
    rss = int([l for l in open("/proc/%d/status" % w.pid) if l.startswith("VmRSS")][0].split()[1])
    assert rss < (200000 if os.environ.get("SANITIZED") else 30000), "%d KiB are kept" % rss


def huge_reply(w, m):
    m.answers["query-huge"] = lambda c: b'{"return":"' + b"y" * (12 << 20) + b'","id":"' + c["id"].encode() + b'"}\n'
    text = w.fails(1, "domain.monitor_command", '{"execute":"query-huge"}', 0)
    assert "exceeds buffer size" in text, text
    works(w)


def duplicate_and_out_of_order(w, m):
    m.hold.update(("a", "b", "c"))
    s = [w.begin("domain.monitor_command", '{"execute":"%s"}' % n, 0) for n in "abc"]
    w.until(lambda: len(m.held) == 3, "three commands")
    for i in (2, 0, 1):
        m.answer(m.held[i], {"which": i})
        m.answer(m.held[i], {"which": 77})
    for i in range(3):
        r = json.loads(w.result(s[i])[0])
        assert r["return"] == {"which": i}, r
    works(w)


def invented_ids(w, m):
    """An answer to a command not sent yet must not become its answer."""
    last = int(m.seen[-1]["id"].split("-")[1])
    for n in range(last + 1, last + 20):
        m.say({"return": {"status": "forged"}, "id": "libvirt-%d" % n})
    w.until(lambda: unread(m) == 0, "the worker has read them: what comes after its question is an answer")
    works(w)


def event_flood(w, m):
    """Half a million events: the worker goes on serving, the supervisor gets a bounded part."""
    stop = threading.Event()
    line = b"".join(json.dumps({"event": "BALLOON_CHANGE", "data": {"actual": (i % 60 + 2) << 20}, "timestamp": {"seconds": 1, "microseconds": 0}}).encode() + b"\n"
                    for i in range(1000))

    def flood():
        for _ in range(500):
            if stop.is_set():
                return
            m.send(line)
    t = threading.Thread(target=flood, daemon=True)
    t.start()
    seen, end = len(w.events) + len(w.states), time.monotonic() + 3
    while time.monotonic() < end:
        alive(w)
        w.step(0.01)
    rate = (len(w.events) + len(w.states) - seen) / 3
    assert rate < 1500, "%d frames a second for the supervisor" % rate
    stop.set()
    m.ours.shutdown(socket.SHUT_RDWR)
    w.until(lambda: w.stopped, "the end")


def state_flood(w, m):
    """Changes of state come all of them, in their order, and not at once."""
    seen, many, began = len(w.states), 60, time.monotonic()
    for i in range(many):
        for event in ("STOP", "RESUME"):
            m.say({"event": event, "timestamp": {"seconds": 1, "microseconds": 0}})
    told = lambda: [s["event"] for s in w.states[seen:] if s["event"] >= 0]
    w.until(lambda: len(told()) >= 2 * many, "every change")
    assert told() == [3, 4] * many, told()
    assert time.monotonic() - began > 0.8
    works(w)


def no_answer(w, m):
    """A QEMU that stops answering: one deadline, then refusals at once; what needs no QEMU goes on; late answers heal it."""
    m.hold.update(("query-status", "stop", "query-blockstats", "query-named-block-nodes", "query-dirty-rate"))
    s = [w.begin("domain.monitor_command", '{"execute":"query-status"}', 0) for _ in range(25)]
    t = time.monotonic()
    while time.monotonic() - t < 5:
        alive(w)
        w.step(0.1)
    b = time.monotonic()
    r = w.call("connect.get_all_domain_stats", [], 0, 0, dom=False)
    assert time.monotonic() - b < SOON
    assert ["bulkhead.stale", 6, True] in r[0][0][1], r
    for i in s:
        w.error_of(i, 68)
    assert time.monotonic() - t > 8
    b = time.monotonic()
    w.fails(68, "domain.suspend")
    w.fails(68, "domain.set_vcpus", 1)
    assert time.monotonic() - b < SOON, "a stale monitor must refuse at once"
    assert any(x["flags"] & 64 for x in w.states), "the supervisor must know"
    alive(w)
    m.hold.clear()
    for c in m.held:
        m.answer(c)
    w.until(lambda: not w.states[-1]["flags"] & 64, "fresh again")
    works(w)


def half_a_line(w, m):
    """A reply in single bytes."""
    m.answers["query-slow"] = lambda c: b""
    s = w.begin("domain.monitor_command", '{"execute":"query-slow"}', 0)
    w.until(lambda: m.seen and m.seen[-1]["execute"] == "query-slow", "the command")
    for b in json.dumps({"return": {"ok": 1}, "id": m.seen[-1]["id"]}).encode() + b"\n":
        m.send(bytes([b]))
    assert '"ok":1' in w.result(s)[0]
    works(w)


def too_many_commands(w, m):
    m.hold.add("query-x")
    s = [w.begin("domain.monitor_command", '{"execute":"query-x"}', 0) for _ in range(400)]
    w.until(lambda: len(w.replies) >= 400 - 256, "refusals")
    alive(w)
    w.until(lambda: len(m.held) + len(w.replies) >= 400, "the others with QEMU")
    for c in list(m.held):
        m.answer(c)
    ok = 0
    for i in s:
        try:
            w.result(i)
            ok += 1
        except Failed as e:
            assert e.code == 68, e
    assert 200 <= ok <= 256, ok
    works(w)


def closes(w, m):
    m.hold.add("query-x")
    s = w.begin("domain.monitor_command", '{"execute":"query-x"}', 0)
    w.until(lambda: m.held, "the command")
    m.ours.shutdown(socket.SHUT_RDWR)
    w.error_of(s, 9)
    w.until(lambda: w.stopped, "the end")
    assert (w.stopped["reason"], w.stopped["detail"]) == (3, 5), w.stopped
    w.fails(55, "domain.suspend")


def renote(w, change):
    """What a worker that is gone noted for the next one, changed."""
    place, place_bytes = struct.Struct("=IIQII"), 8 << 20
    magic, _, seq, n, _ = max((place.unpack(os.pread(w.checkpoint, place.size, i * place_bytes).ljust(place.size, b"\0")) for i in range(2)), key=lambda p: p[2])
    notes = msgpack.unpackb(os.pread(w.checkpoint, n, seq % 2 * place_bytes + place.size), raw=False)
    change(notes)
    data, seq = msgpack.packb(notes, use_bin_type=True), seq + 1
    h = 2166136261 ^ seq
    for b in data:
        h = (h ^ b) * 16777619 & 0xffffffff
    os.pwrite(w.checkpoint, place.pack(magic, h, seq, len(data), 0) + data, seq % 2 * place_bytes)


def leased(notes):
    """As a guest that was started with lock_manager = "lockd" has it."""
    assert notes[13] == 0, notes[:14]
    notes[13] = 1


def sent(m, name):
    return [c for c in m.seen if c["execute"] == name]


def save(w, supervisor=0):
    """Begins one; its call."""
    w.serial += 1
    fd = memfd(b"", seal=False)
    w.send(KIND["FRAME_CALL"], IN["IN_SAVE"], serial=w.serial, origin=supervisor, fds=[fd])
    os.close(fd)
    return w.serial


def dump(w, flags=None):
    """The same of a dump, a client's, or (without flags) one that the guest's document wants."""
    w.serial += 1
    fd = memfd(b"", seal=False)
    args = b"" if flags is None else msgpack.packb([["g", b"\x11" * 16, 1], "/nowhere", flags], use_bin_type=True)
    w.send(KIND["FRAME_CALL"], IN["IN_DUMP"] if flags is None else OPS["domain.core_dump"], args, serial=w.serial, fds=[fd])
    os.close(fd)
    return w.serial


def unwanted(w):
    """The supervisor's word that nothing comes of a save."""
    w.send(KIND["FRAME_EVENT"], IN["IN_SAVED"])


def awhile(w, seconds=1.5):
    """Time to go wrong"""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        w.step(0.1)


def owner_in_the_dark(w, m):
    """A guest of leases, suspended; its next worker is not told its state: it asks again, and no CPU runs before that and before its leases are taken."""
    w.call("domain.suspend")
    w.kill()
    renote(w, leased)
    m.answers["query-status"] = lambda c: error("no")
    m.hold.add("cont")
    w.next_instance()
    s = w.begin("domain.resume")
    awhile(w)
    assert not m.held and not w.leases, (m.held, w.leases)
    alive(w)
    m.answers["query-status"] = {"status": "paused"}
    w.until(lambda: m.held, "the CPUs shall run")
    assert w.leases == [0, 1], w.leases     # given up, since it stands, then taken
    m.event("RESUME")
    m.answer(m.held[0])
    w.result(s)
    alive(w)


def late_resume(w, m, then="running"):
    """A guest of leases that QEMU lets run long after it was asked to, or does not: it keeps them until that is known."""
    w.call("domain.suspend")
    w.kill()
    renote(w, leased)
    m.answers["query-status"] = {"status": "paused"}
    m.hold.add("cont")
    w.next_instance()
    w.until(lambda: w.leases == [0], "it stands, and gives its leases up")
    w.fails(68, "domain.resume")
    awhile(w, 0.5)
    assert w.leases == [0, 1], w.leases
    m.answers["query-status"] = {"status": then}
    if then == "running":
        m.event("RESUME")
        m.answer(m.held.pop())
        w.until(lambda: w.states[-1]["state"] == 1, "it runs")
        awhile(w)
        assert w.leases == [0, 1], w.leases
    else:
        m.answer(m.held.pop(), lambda c: error("no"))
        w.until(lambda: w.leases == [0, 1, 0], "it stands still")
    alive(w)


def one_lease(w, m):
    """A disk goes from a guest of leases, and the supervisor cannot see to it yet: it is told again, and the lease, which may be another disk's by then, is left alone."""
    w.kill()
    renote(w, leased)
    w.res.add("MK_IMAGE", "/d", qemu=(memfd(b""), os.open("/dev/null", os.O_RDONLY)), fmt=FORMATS["IMG_RAW"])
    w.next_instance()
    disk = ("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/d' bulkhead-m='0'/><target dev='vda' bus='virtio'/><alias name='virtio-disk0'/>"
            "%s</disk>" % (PCI % 5))
    plug(w, "PLUG_IN", disk, first=0)
    assert w.leases == [ONE | 1], w.leases
    m.answers["device_del"] = not_found
    w.unplug_fails = 2
    plug(w, "PLUG_OUT", disk)
    w.until(lambda: w.unplugged == ["virtio-disk0"], "the supervisor has seen to it")
    assert w.leases == [ONE | 1, ONE] and not w.unplug_fails, w.leases


def no_resume(w, m):
    late_resume(w, m, "paused")


def saved_in_the_dark(w, m):
    """A worker dies as its guest is being saved, and the next one is not told what QEMU does: it waits for the supervisor's word all the same."""
    m.answers["query-migrate"] = {"status": "completed"}
    w.result(save(w))
    w.kill()
    m.seen.clear()
    m.answers["query-status"] = lambda c: error("no")
    w.next_instance()
    awhile(w)
    m.answers["query-status"] = {"status": "postmigrate"}
    w.until(lambda: w.states and w.states[-1]["asks"], "it asks for word")
    assert (w.states[-1]["state"], w.states[-1]["reason"]) == (3, 3), w.states[-1]
    s = w.begin("domain.resume")
    awhile(w, 0.5)
    assert not sent(m, "cont"), "it runs beside its image"
    unwanted(w)
    w.until(lambda: sent(m, "cont") and w.states[-1]["state"] == 1, "it goes on")
    assert "already running" in w.error_of(s, 55)


def paused_and_saved(w, m):
    """A guest that was paused is being saved as its worker dies: it is not resumed beside its image, and not by the end of its save either."""
    w.call("domain.suspend")
    m.seen.clear()
    m.answers["query-migrate"] = {"status": "completed"}
    m.answers["query-status"] = {"status": "postmigrate"}
    w.result(save(w))
    w.next_instance()
    s = w.begin("domain.resume")
    w.until(lambda: w.states and w.states[-1]["asks"], "it asks for word")
    awhile(w, 0.5)
    assert not sent(m, "cont"), "it runs beside its image"
    w.next_instance()
    w.until(lambda: w.states and w.states[-1]["asks"], "so does the one after it")
    unwanted(w)
    awhile(w, 0.5)
    assert not sent(m, "cont"), m.seen
    w.call("domain.resume")
    w.until(lambda: w.states[-1]["state"] == 1, "by its client's word only")


def save_meets_reboot(w, m):
    """A guest that powers off to be rebooted as its save begins: QEMU is reset, and has yet to stop."""
    m.hold |= {"stop", "query-migrate"}
    w.call("domain.reboot", 1, arg=1)
    s = save(w)
    w.until(lambda: m.held, "it is to stop")
    m.event("SHUTDOWN", guest=True)
    w.until(lambda: sent(m, "system_reset"), "it is reset")
    return s


def rebooted_and_saved(w, m):
    """A worker dies as its guest is being saved and rebooted at the same time: the next one does not start it beside its image."""
    s = save_meets_reboot(w, m)
    m.answer(m.held.pop())
    w.until(lambda: m.held, "its state is being written")
    w.kill()
    m.held.clear()
    m.seen.clear()
    m.answers["query-status"] = {"status": "prelaunch"}
    w.next_instance()
    w.until(lambda: w.states and w.states[-1]["asks"], "it asks for word")
    awhile(w, 0.5)
    assert not sent(m, "cont"), "it runs beside its image"
    unwanted(w)
    w.until(lambda: sent(m, "cont") and w.states[-1]["state"] == 1, "it goes on")


def refused_file(w, m):
    """A QEMU that does not take the file for a state or a dump is told to close it: it would keep it open as long as the guest runs."""
    for command, call in (("migrate", lambda: save(w)), ("migrate", lambda: dump(w, 0)), ("dump-guest-memory", lambda: dump(w, 16))):
        m.seen.clear()
        m.answers[command] = lambda c: error("no")
        w.error_of(call(), 9 if command == "dump-guest-memory" else 1)
        w.until(lambda: sent(m, "closefd"), "the file is closed")
        assert [c["arguments"] for c in sent(m, "getfd")] == [c["arguments"] for c in sent(m, "closefd")], m.seen
        w.until(lambda: w.states[-1]["state"] == 1, "it goes on")
    alive(w)


def watchdog_dumps(w, m):
    """A guest whose watchdog has it dumped goes on after that, unless a client was told meanwhile that it is suspended: before the dump, while it is written, and before the supervisor has seen to it."""
    for when in range(4):
        w, m = guest("<watchdog model='ib700' action='dump'><alias name='watchdog0'/></watchdog>")
        try:
            m.hold.add("dump-guest-memory")
            m.seen.clear()
            m.event("WATCHDOG", action="pause")
            m.event("STOP")
            w.until(lambda: w.dumps, "a dump is asked for")
            if when == 1:
                w.call("domain.suspend")
            s = dump(w)
            w.until(lambda: m.held, "it is written")
            waits = w.begin("domain.suspend") if when == 2 else 0
            alive(w)
            m.event("DUMP_COMPLETED", result={"status": "completed", "total": 1, "completed": 1})
            m.answer(m.held.pop())
            w.result(s)
            if waits:
                w.result(waits)
            if when == 3:
                w.call("domain.suspend")
            w.send(KIND["FRAME_REPLY"], IN["IN_DUMP"], serial=w.dumps[0])
            if when == 0:
                w.until(lambda: w.states[-1]["state"] == 1, "it goes on")
                continue
            awhile(w, 0.5)
            assert not sent(m, "cont") and (w.states[-1]["state"], w.states[-1]["reason"]) == (3, 1), (when, w.states[-1])
            w.call("domain.resume")
            w.until(lambda: w.states[-1]["state"] == 1, "it is resumed")
        finally:
            w.close()


def stuck_after_a_save(w, m):
    """A QEMU that does not answer as a save is given up: it is asked again when it does."""
    m.answers["query-migrate"] = {"status": "completed"}
    m.seen.clear()
    w.result(save(w))
    m.hold.add("query-x")
    w.fails(68, "domain.monitor_command", '{"execute":"query-x"}', 0)
    unwanted(w)
    awhile(w, 12)
    assert not sent(m, "cont") and w.states[-1]["state"] == 3
    m.answer(m.held.pop())
    w.until(lambda: sent(m, "cont") and w.states[-1]["state"] == 1, "it goes on")


def stuck_in_a_save(w, m):
    """A QEMU that says how far it is and then, to something else, nothing: the save is given up, once."""
    m.answers["query-migrate"] = {"status": "active"}
    s = save(w)
    w.until(lambda: sent(m, "query-migrate"), "it is written")
    m.hold.add("query-x")
    w.fails(68, "domain.monitor_command", '{"execute":"query-x"}', 0)
    w.error_of(s, 68)
    alive(w)


def slow_reboot(w, m):
    """A QEMU that takes its time over a reboot is not ended for it."""
    m.hold.add("cont")
    m.seen.clear()
    w.call("domain.reboot", 1, arg=1)
    m.event("SHUTDOWN", guest=True)
    w.until(lambda: sent(m, "system_reset"), "it is reset")
    m.event("RESET")
    w.until(lambda: m.held, "it is to start")
    m.answers["query-status"] = {"status": "prelaunch"}
    awhile(w, 11)
    assert not sent(m, "quit")
    m.hold.clear()
    m.answer(m.held.pop())
    w.until(lambda: len(sent(m, "cont")) == 2 and w.states[-1]["state"] == 1, "it is started")
    m.event("SHUTDOWN", guest=True)
    w.until(lambda: sent(m, "quit"), "and that was its reboot: a power-off is one again")


def restored_half(_w, _m):
    """A worker dies when its guest's state was restored and before it ran: the next one lets it run."""
    m = Monitor()
    w = Worker(XML % "", launch=lambda argv, fds: (0, m.theirs))
    try:
        m.answers.update({"query-migrate": {"status": "completed"}, "query-status": {"status": "paused"}})
        m.hold.add("cont")
        w.serial += 1
        fd = memfd(struct.pack("=16sIIIII56x", b"LibvirtQemudSave", 2, 1, 1, 0, 0) + b"\0", seal=False)
        w.send(KIND["FRAME_CALL"], IN["IN_START"], serial=w.serial, fds=[fd])
        os.close(fd)
        w.until(lambda: m.held, "it is to run")
        assert (w.states[-1]["state"], w.states[-1]["reason"]) == (3, 2), w.states
        w.kill()
        m.hold.clear()
        renote(w, leased)
        w.leases.clear()
        w.next_instance()
        w.until(lambda: w.states and w.states[-1]["state"] == 1, "it runs")
        assert len(sent(m, "cont")) == 2 and not w.leases, (m.seen, w.leases)      # what it had it keeps
        alive(w)
    finally:
        w.close()


def reboots_while_saved(w, m):
    """A guest that powers off to be rebooted as its save begins is not started beside its image; one that is at it is saved when it runs again."""
    s = save_meets_reboot(w, m)
    m.seen.clear()
    m.answer(m.held.pop())
    m.event("RESET")
    w.until(lambda: m.held, "its state is being written")
    assert not sent(m, "cont"), m.seen
    m.answer(m.held.pop(), {"status": "failed"})
    w.error_of(s, 9)
    w.until(lambda: sent(m, "cont"), "it goes on after all")
    w.until(lambda: w.states[-1]["state"] == 1, "it runs")
    w.call("domain.reboot", 1, arg=1)
    m.event("SHUTDOWN", guest=True)
    w.until(lambda: sent(m, "system_reset"), "it is reset")
    s = save(w)
    behind = w.begin("domain.inject_nmi", 0)
    alive(w)
    assert not m.held and not w.replies, m.held
    w.send(KIND["FRAME_EVENT"], IN["IN_CANCEL"], serial=s)
    w.error_of(s, 68)
    w.result(behind)            # there is nobody any more whom it would wait for
    s = save(w)
    alive(w)
    assert not m.held, m.held
    m.event("RESET")
    w.until(lambda: m.held, "it is to stop")
    assert len(sent(m, "cont")) == 2, m.seen
    m.answer(m.held.pop())
    w.until(lambda: m.held, "its state is being written")
    m.answer(m.held.pop(), {"status": "failed"})
    w.error_of(s, 9)


def in_line(w, m):
    """Who waits for a save: no client has more than half of the room; who leaves is forgotten; the others have their turn in the order in which they came, or are told when there is no guest any more."""
    m.hold.add("query-migrate")
    s = save(w)
    w.until(lambda: m.held, "its state is being written")
    many = [w.begin("domain.inject_nmi", 0, origin=7) for _ in range(40)]
    for n in many[32:]:
        assert "cannot acquire state change lock (held by monitor=remoteDispatchDomainManagedSave)" in w.error_of(n, 68)
    last = w.begin("domain.suspend", origin=8)
    w.send(KIND["FRAME_EVENT"], IN["IN_CANCEL"], serial=many[0], origin=7)
    w.error_of(many[0], 68)
    assert not w.replies and not sent(m, "inject-nmi"), w.replies
    m.seen.clear()
    m.answer(m.held.pop(), {"status": "failed"})
    w.error_of(s, 9)
    for n in (*many[1:32], last):
        w.result(n)
    assert [c["execute"] for c in m.seen if c["execute"] in ("inject-nmi", "stop", "cont")] == ["cont"] + 31 * ["inject-nmi"] + ["stop"], m.seen
    s = save(w)
    w.until(lambda: m.held, "its state is being written")
    many = [w.begin("domain.inject_nmi", 0, origin=n) for n in range(7, 11)]
    many.append(w.begin("domain.suspend"))      # which has to ask a QEMU that stands nothing
    m.ours.shutdown(socket.SHUT_RDWR)
    for n in many:
        assert "not running" in w.error_of(n, 55)


def next_supervisor(w, m):
    """A supervisor dies over a save: what the next one asks for ends it, whether it was complete or not, and is done then."""
    for complete in (True, False):
        m.hold.add("query-migrate")
        m.seen.clear()
        s = save(w, 1)
        w.until(lambda: m.held, "its state is being written")
        if complete:
            m.answer(m.held.pop(), {"status": "completed"})
            w.result(s)
        again = save(w, 2)
        if not complete:
            alive(w)
            m.answer(m.held.pop(), {"status": "completed"})
            assert "nobody waits" in w.error_of(s, 9)
        w.until(lambda: m.held, "the next one is being written")
        assert [c["execute"] for c in m.seen if c["execute"] in ("stop", "cont")] == ["stop", "cont", "stop"], m.seen
        m.answer(m.held.pop(), {"status": "failed"})
        w.error_of(again, 9)
        w.until(lambda: w.states[-1]["state"] == 1, "it runs")


def job_told(w, m):
    """What a save does is told as QEMU has it while it is at work, and figures that are none as 0; when it is complete, by an event, and once to who asks."""
    ram = {"total": 1000, "transferred": 300, "remaining": 700, "mbps": 8.5, "duplicate": 1, "normal": 2, "normal-bytes": 8192, "dirty-sync-count": 1, "page-size": 4096}
    m.event("MIGRATION_PASS", **{"pass": 7})            # of no save
    works(w)                                            # so it is heard before there is one
    m.answers["query-migrate"] = {"status": "active", "total-time": 12, "ram": ram}
    s = save(w)
    w.until(lambda: sent(m, "query-migrate"), "it is at work")
    type_, params = w.call("domain.get_job_stats", 0)
    told = {p[0]: p[1:] for p in params}
    assert type_ == 2 and told["operation"] == [1, 2] and told["time_elapsed"] == [4, 12] and told["data_remaining"] == [4, 700] and told["memory_bps"] == [4, 1062500], (type_, told)
    assert "downtime" not in told and w.call("domain.get_job_info") == [2, 12, 0, 1000, 300, 700, 1000, 300, 700, 0, 0, 0]
    assert w.call("domain.get_job_stats", 1) == [0, []], "nothing is complete yet"
    m.event("MIGRATION_PASS", **{"pass": 2})
    for lies in ({"ram": 5}, {"ram": dict(ram, total=-1, mbps=1e308, normal="x", duplicate=[], remaining=1.5)}, {"total-time": {}, "ram": {"mbps": -3}}, []):
        m.answers["query-migrate"] = dict(lies, status="active") if lies else lies
        w.call("domain.get_job_stats", 0)
        assert len(w.call("domain.get_job_info")) == 12
    m.answers["query-migrate"] = {"status": "completed", "total-time": 1 << 62, "downtime": -5, "ram": dict(ram, total=-1, mbps=1e300, normal="x")}
    w.result(s)
    type_, params = w.call("domain.get_job_stats", 3)
    told = {p[0]: p[1:] for p in params}
    assert type_ == 3 and told["time_elapsed"] == [4, 1 << 62] and told["downtime"] == told["data_total"] == told["memory_normal"] == [4, 0] and "memory_bps" not in told, told
    assert w.call("domain.get_job_stats", 1) == [3, params] and w.call("domain.get_job_stats", 1) == [0, []]
    passes, done = ([e[2][1:] for e in w.events if e[1] == n] for n in (20, 21))
    assert passes == [[2]] and done == [[params]], (passes, done)
    works(w)


def bad_client_commands(w, m):
    for text in ("", "x", "[1]", '{"execute":"a","id":7}', "[" * 1000, '"' * 3, "{}" * 2):
        w.fails(1, "domain.monitor_command", text, 0)
    works(w)


def bad_frames(w, m):
    for body in (b"", b"\x90", b"\x91\x90", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\x92\x93\xa1g\xc4\x01\x01\x01\xa1x", b"\xff" * 1000):
        w.serial += 1
        w.send(KIND["FRAME_CALL"], OPS["domain.get_xml_desc"], body, serial=w.serial)
        w.error_of(w.serial, 39)
    works(w)


tests = [malformed, deep, many_values, huge_line, huge_reply, duplicate_and_out_of_order, invented_ids, half_a_line, too_many_commands, bad_client_commands, bad_frames,
         closes, job_told, owner_in_the_dark, saved_in_the_dark, paused_and_saved, rebooted_and_saved, restored_half, reboots_while_saved, in_line, next_supervisor, refused_file, watchdog_dumps, event_flood, state_flood]
waiting = [no_answer, late_resume, one_lease, no_resume, stuck_after_a_save, stuck_in_a_save, slow_reboot]      # for deadlines: all at once
run(tests, waiting)
