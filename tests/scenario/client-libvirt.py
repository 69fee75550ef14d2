"""client-libvirt.py FILE: python3-libvirt with the daemon of LIBVIRT_DEFAULT_URI and the guest of that document.
Each line is something that a program relies on; a failed one is told, and the exit status is 1."""
import sys
import threading
import time
import libvirt
import libvirt_qemu

failed = 0


def check(what, good):
    global failed
    print('ok' if good else 'FAILED', '-', what, flush=True)
    failed += not good


def error(fn, *args):
    try:
        fn(*args)
    except libvirt.libvirtError as e:
        return e
    return None


def wait(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def loop():
    while True:
        libvirt.virEventRunDefaultImpl()


libvirt.registerErrorHandler(lambda *_: None, None)
libvirt.virEventRegisterDefaultImpl()
threading.Thread(target=loop, daemon=True).start()
conn = libvirt.open()
conn.setKeepAlive(2, 5)
check('type, versions', conn.getType() == 'QEMU' and conn.getLibVersion() == 9000000 and conn.getVersion() > 7000000)
check('a local connection', conn.isAlive() and conn.isSecure() and conn.getHostname())
events, monitor = [], []
first = conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, lambda c, d, e, x, o: events.append((d.name(), e, x)), None)

guest = conn.defineXML(open(sys.argv[1]).read())
name = guest.name()
check('defined, not running', guest.isPersistent() and not guest.isActive() and guest.ID() == -1 and guest.state() == [5, 0])
check('looked up by name and uuid', conn.lookupByName(name).UUID() == guest.UUID() and conn.lookupByUUID(guest.UUID()).name() == name)
for flags, shown in ((0, True), (1, False), (2, True), (4, True), (8, False), (64, True), (16, False), (1024, False), (2048, True), (512, True)):
    check('list with flags %d' % flags, (name in [d.name() for d in conn.listAllDomains(flags)]) == shown)
check('lists of the old kind', name in conn.listDefinedDomains() and conn.listDomainsID() == [])

e = error(conn.lookupByName, 'none')
check('error of a look-up', e and e.get_error_code() == 42 and e.get_error_domain() == 10 and e.get_str2() == "no domain with matching name 'none'")
e = error(conn.listAllDomains, 1 << 20)
check('error of an argument', e and e.get_error_message() == 'unsupported flags (0x100000) in function qemuConnectListAllDomains' and e.get_str1() == 'qemuConnectListAllDomains')
e = error(conn.networkLookupByName, 'none')
check('objects of another daemon, which is not here', conn.listAllNetworks() == [] and conn.numOfStoragePools() == 0 and e and e.get_error_code() == 43 and "'none'" in e.get_error_message())
check('a guest that does not run', error(guest.suspend).get_error_code() == 55)

guest.create()
check('runs', guest.isActive() and guest.ID() > 0 and guest.state()[0] == 1 and conn.listDomainsID() == [guest.ID()])
check('events of a start', wait(lambda: [x[1:] for x in events if x[0] == name][-2:] == [(4, 0), (2, 0)]))
second = conn.domainEventRegisterAny(guest, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, lambda *_: monitor.append(1), None)

# A console of a connection of its own: the library serves one waiting thread a connection well, not two.
other = libvirt.open()
stream, seen = other.newStream(0), bytearray()
other.lookupByName(name).openConsole(None, stream, 0)


def reader():
    try:
        while data := stream.recv(1024):
            seen.extend(data)
    except libvirt.libvirtError:
        pass


threading.Thread(target=reader, daemon=True).start()
check('the console speaks', wait(lambda: b'#' in seen, 120))
typing = libvirt.open().lookupByName(name)
e = error(typing.openConsole, None, typing.connect().newStream(0), 0)
check('one at a time', e is not None)

check('CPU time runs', wait(lambda: guest.info()[4] > 0) and guest.info()[:4] == [1, guest.maxMemory(), guest.maxMemory(), 1])
stats = dict((d.name(), s) for d, s in conn.getAllDomainStats())[name]
check('statistics', stats['state.state'] == 1 and stats['cpu.time'] > 0 and stats['balloon.maximum'] > 0 and 'bulkhead.stale' not in stats)
check('of some guests', [d.name() for d, s in conn.domainListGetStats([guest], libvirt.VIR_DOMAIN_STATS_STATE)] == [name])
own = []
libvirt_qemu.qemuMonitorEventRegister(conn, guest, '^(stop|resume)$', lambda c, d, e, s, m, x, o: own.append(e), None, 3)
guest.suspend()
check('paused', guest.state() == [3, 1] and guest.info()[0] == 3)
guest.resume()
check('events of one guest', wait(lambda: len(monitor) >= 2))
check("QEMU's own events, by pattern", wait(lambda: own == ['STOP', 'RESUME']))
check("QEMU's own commands", '"running"' in libvirt_qemu.qemuMonitorCommand(guest, '{"execute":"query-status"}', 0))
conn.domainEventDeregisterAny(second)
reading = libvirt.openReadOnly()
e = error(reading.lookupByName(name).destroy)
check('read-only', e and e.get_error_code() == 29 and e.get_error_message() == 'operation forbidden: read only access prevents virDomainDestroy')
guest.destroy()
check('stopped', guest.state() == [5, 2] and wait(lambda: events[-1] == (name, 5, 1)))
guest.undefine()
check('and gone', error(conn.lookupByName, name).get_error_code() == 42)
conn.domainEventDeregisterAny(first)
conn.close()
sys.exit(failed != 0)
