"""Documents for difftest.py, made from seeds.py, from the document tables of xmlc, and from a folder of others (to cross and to mutate)."""
import copy
import glob
import os
import random
import re
import shlex
import sys
import xml.etree.ElementTree as ET

here = os.path.dirname(os.path.abspath(__file__))
schema = os.path.join(here, '../../workers/xmlc/schema')
sys.path.insert(0, here)
sys.path.insert(0, schema)
sys.dont_write_bytecode = True
import gen  # noqa: E402
import seeds  # noqa: E402

QEMU = 'http://libvirt.org/schemas/domain/qemu/1.0'
ET.register_namespace('qemu', QEMU)
BASE = """<domain type='%s'><name>t</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid><memory unit='KiB'>1048576</memory><vcpu>1</vcpu>
<os><type arch='%s' machine='%s'>hvm</type></os><devices><emulator>/usr/bin/qemu-system-%s</emulator></devices></domain>"""
MACHINES = [('qemu', 'x86_64', 'pc', 'x86_64'), ('qemu', 'x86_64', 'q35', 'x86_64'), ('kvm', 'x86_64', 'q35', 'x86_64'), ('qemu', 'i686', 'pc', 'i386'),
            ('kvm', 'x86_64', 'pc', 'x86_64')]


def parse_many(text):
    return list(ET.fromstring('<r xmlns:qemu="%s">%s</r>' % (QEMU, text)))


DEVICES = {k: parse_many(v) for k, v in seeds.DEVICES.items()}
TOPS = [parse_many(line) for line in seeds.TOP.strip().split('\n')]


def tables():
    for f in sorted(glob.glob(os.path.join(schema, '*.sx'))):
        gen.read(f)
    return gen.types


TYPES = tables()


def text(dom):
    return ET.tostring(dom, encoding='unicode')


def base(machine):
    return ET.fromstring(BASE % machine)


def put_top(dom, elements):
    """Elements of <domain> take the place of those that are there; the machine stays as it is unless the element says q35."""
    for e in elements:
        e = copy.deepcopy(e)
        if e.tag == 'devices':
            dom.find('devices').extend(list(e))
            continue
        old = dom.find(e.tag)
        if e.tag == 'os':
            t, o = e.find('type'), old.find('type')
            t.set('arch', o.get('arch'))
            if t.get('machine') == 'pc':
                t.set('machine', o.get('machine'))
        if old is not None and e.tag not in ('sysinfo', 'seclabel'):
            dom.remove(old)
        dom.append(e)


def needs(dom, dev):
    """What a device calls for so that it is not refused for want of it."""
    if dev.tag == 'memory' and dom.find('maxMemory') is None:
        put_top(dom, parse_many("<maxMemory slots='16' unit='KiB'>1099511627776</maxMemory><memory unit='KiB'>4194304</memory>"
                                "<cpu><numa><cell id='0' cpus='0' memory='1048576' unit='KiB'/></numa></cpu>"))
    if dev.get('type') == 'vhostuser' or (dev.find('driver') is not None and dev.find('driver').get('type') == 'virtiofs'):
        put_top(dom, parse_many("<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"))
    if dev.get('type') in ('spicevmc', 'spiceport', 'spice') and dev.tag != 'graphics' and dom.find("devices/graphics[@type='spice']") is None:
        dom.find('devices').append(ET.fromstring("<graphics type='spice' autoport='yes'/>"))
    if any('iothread' in (x.attrib or {}) for x in dev.iter('driver')) and dom.find('iothreads') is None:
        put_top(dom, parse_many('<iothreads>2</iothreads>'))
    if dev.find('audio') is not None and dom.find('devices/audio') is None:
        dom.find('devices').append(ET.fromstring("<audio id='1' type='none'/>"))
    if dev.tag == 'iommu' and dom.find('features') is None:
        put_top(dom, parse_many("<features><acpi/><ioapic driver='qemu'/></features>"))


def with_devices(machine, devs, extra=()):
    dom = base(machine)
    put_top(dom, extra)
    for d in devs:
        needs(dom, d)
    dom.find('devices').extend(copy.deepcopy(d) for d in devs)
    return dom


# ---- one row of the tables at a time

def body(row):
    return list(gen.rows(TYPES[row.type] if row.type else row))


def holds(row, chain):
    for up, neg, attr, vals in row.conds:
        at = chain[-1 - up] if up < len(chain) else None
        v = at.get(attr) if at is not None else None
        ok = (v or 'none') in vals or (v is not None and '*' in vals)
        if ok == neg:
            return False
    return True


def values(row, rnd, bad=True):
    if row.vt == 'ENUM':
        v = list(gen.enums[row.values])
        return v + ['zzz', ''] if bad else v
    if row.vt in ('UINT', 'HEX', 'INT', 'NINT', 'LONG'):
        v = ['1', '2', '3', '16', '0', '255']
        return v + ['-1', str(row.max), str(row.max + 1), 'x', '', ' 5', '+5', '0x1f', '5 ', '07'] if bad else v[:4]
    kinds = {'STR': ['a', 'ua-x', '/srv/x', ''], 'UUID': ['0a81f5b2-8403-7b23-c8d6-21ccc2f80d60', '0a81f5b284037b23c8d621ccc2f80d6f', 'xyz'],
             'MAC': ['52:54:00:00:00:07', '52:54:0:0:0:7', '53:54:00:00:00:07', 'z'], 'BITMAP': ['0', '0-1', '0,^0', '', '1-', 'a', '0-3,^2', '5000'],
             'USBPORT': ['1', '1.2', '1.2.3.4', '1.2.3.4.5', '0', '256', 'x'], 'MODE8': ['0644', '755', '1777', '9'], 'HEXANY': ['0x12', '-1', '12', '0x12345'],
             'UNIT': ['KiB', 'MiB', 'G', 'bytes', 'XiB']}
    return kinds.get(row.vt, ['1', '1024', '1048576', '0', '-1', 'x', '18446744073709551615'])


def minimal(row, chain):
    """An element of that row with what it has to have."""
    e = ET.Element(row.name if ':' not in row.name else '{%s}%s' % (QEMU, row.name.split(':')[1]))
    rnd = random.Random(1)
    for a in body(row):
        if 'ATTR' in a.flags and 'NEED' in a.flags and holds(a, chain + [e]) and a.name not in e.attrib:
            e.set(a.name, values(a, rnd, False)[0])
    if row.vt not in ('NONE',):
        e.text = values(row, rnd, False)[0]
    return e


def places(row, elem, chain):
    """(element, row, chain) of everything below that the tables know."""
    chain = chain + [elem]
    yield elem, row, chain
    for c in elem:
        for k in body(row):
            if 'ATTR' not in k.flags and k.name == c.tag and holds(k, chain):
                yield from places(k, c, chain)
                break


def tweak(dom, elem, row, rnd, chain):
    """One change of an element somewhere below elem that the tables can think of. Returns what was done."""
    at, r, chain = rnd.choice(list(places(row, elem, chain)))
    rows = [k for k in body(r) if holds(k, chain) and 'ANY' not in k.flags]
    if not rows and r.vt == 'NONE':
        return None
    if r.vt != 'NONE' and (not rows or rnd.random() < .3):
        at.text = rnd.choice(values(r, rnd))
        return 'text'
    k = rnd.choice(rows)
    if 'ATTR' in k.flags:
        if k.name in at.attrib and rnd.random() < .3:
            del at.attrib[k.name]
            return '-@' + k.name
        at.set(k.name, rnd.choice(values(k, rnd)))
        return '@%s=%s' % (k.name, at.get(k.name))
    old = [c for c in at if c.tag == k.name]
    if old and rnd.random() < .4:
        at.remove(old[0])
        return '-' + k.name
    if old and rnd.random() < .3:
        at.append(copy.deepcopy(old[0]))
        return '2*' + k.name
    e = old[0] if old else minimal(k, chain)
    if not old:
        at.append(e)
    if rnd.random() < .6:
        tweak(dom, e, k, rnd, chain)
    return '+' + k.name


DEVROWS = {k.name: k for k in gen.rows(TYPES['devices'])}


def row_of(kind):
    return DEVROWS.get(kind)


# ---- one line a document

NAMED = {'pc': MACHINES[0], 'q35': MACHINES[1], 'kvm': MACHINES[2], 'i686': MACHINES[3], 'kvmpc': MACHINES[4]}


def snippet(line):
    """"q35 <device.../><top element.../>": a document of that machine with these."""
    machine, rest = line.split(' ', 1)
    es = parse_many(rest)
    devs = [e for e in es if e.tag in DEVICES and not (e.tag == 'memory' and e.get('model') is None)]
    dom = base(NAMED[machine])
    put_top(dom, [e for e in es if e not in devs])
    dom.find('devices').extend(devs)
    return text(dom), {e.tag for e in es}


def excerpt(xml, tags):
    """Of a document that came back: the elements of these names, on one line."""
    dom = ET.fromstring(xml)
    for e in dom.iter():
        if e.tag in ('mac', 'uuid', 'parameters'):
            for a in ('address', 'instanceid', 'interfaceid'):
                e.attrib.pop(a, None)
        e.text, e.tail = (e.text or '').strip() or None, None
    return ''.join(text(e) for e in list(dom) + list(dom.find('devices')) if e.tag in tags and e.tag != 'devices')


def words(line):
    """Of a command line: each option with its argument."""
    out = []
    for w in shlex.split(line)[shlex.split(line).index('-S'):]:
        if w.startswith('-') or not out:
            out.append(w)
        else:
            out[-1] += ' ' + w
    return out


def added(line, plain):
    """What a command line has that that of the document without more does not have."""
    known = words(plain)
    return re.sub(r'"((?:vhost)?fd)":"-?\d+"', r'"\1":"N"', ' '.join(w for w in words(line) if w not in known))     # descriptors have any number


# ---- the families

def plain(rnd, n):
    """Every seed on every kind of machine."""
    for kind, devs in DEVICES.items():
        for i, d in enumerate(devs):
            for m in MACHINES[:4]:
                yield 'plain/%s-%d-%s-%s' % (kind, i, m[0] + m[1], m[2]), text(with_devices(m, [d]))
    for i, t in enumerate(TOPS):
        for m in MACHINES[:4]:
            dom = base(m)
            put_top(dom, t)
            yield 'plain/top-%d-%s-%s' % (i, m[0] + m[1], m[2]), text(dom)


def rows(rnd, n):
    """Seeds with one or two changes."""
    for i in range(n):
        kind = rnd.choice([k for k in DEVICES if row_of(k)])
        d = copy.deepcopy(rnd.choice(DEVICES[kind]))
        m = rnd.choice(MACHINES)
        dom = with_devices(m, [d])
        d = list(dom.find('devices'))[-1]
        what = [tweak(dom, d, row_of(kind), rnd, [dom, dom.find('devices')]) for _ in range(rnd.choice([1, 1, 1, 2]))]
        yield 'rows/%s-%d' % (kind, i), text(dom)


def tops(rnd, n):
    for i in range(n):
        t = [copy.deepcopy(e) for e in rnd.choice(TOPS)]
        dom = base(rnd.choice(MACHINES))
        put_top(dom, t)
        e = rnd.choice([x for x in dom if x.tag != 'devices'])
        for k in gen.rows(TYPES['domain']):
            if k.name == e.tag.replace('{%s}' % QEMU, 'qemu:') and 'ATTR' not in k.flags and 'ANY' not in k.flags:
                tweak(dom, e, k, rnd, [dom])
                break
        yield 'tops/%s-%d' % (e.tag.split('}')[-1], i), text(dom)


def mixed(rnd, n):
    """Several devices together: addresses, implicit controllers."""
    kinds = [k for k in DEVICES if k not in ('hostdev', 'tpm', 'nvram', 'crypto')]
    for i in range(n):
        m = rnd.choice(MACHINES)
        devs, used = [], set()
        for _ in range(rnd.choice([2, 3, 5, 8, 20, 40])):
            kind = rnd.choice(kinds + ['disk', 'disk', 'interface', 'controller', 'controller', 'channel', 'input'])
            d = copy.deepcopy(rnd.choice(DEVICES[kind]))
            t = d.find('target')
            if kind == 'disk' and t.get('dev') in used:
                t.set('dev', t.get('dev')[:2] + rnd.choice('abcdefghijkl') + rnd.choice(['', '', 'a', 'b']))
            if kind == 'disk':
                used.add(t.get('dev'))
            if kind in ('memballoon', 'watchdog', 'vsock', 'iommu', 'redirfilter', 'memory', 'nvram') and any(x.tag == kind for x in devs):
                continue
            if kind in ('interface', 'serial', 'channel') and d.find('address') is None and rnd.random() < .1:
                d.append(ET.fromstring("<address type='pci' domain='0x0000' bus='0x0%d' slot='0x%02x' function='0x0'/>" % (rnd.choice([0, 0, 1, 2]), rnd.randrange(1, 31))))
            for b in d.findall('boot'):
                d.remove(b)
            devs.append(d)
        yield 'mixed/%d' % i, text(with_devices(m, devs, rnd.choice(TOPS) if rnd.random() < .2 else ()))


def many(rnd, n):
    """Many of a few kinds: addresses run out, and buses are added."""
    safe = {k: [d for d in DEVICES[k] if d.find('address') is None and d.find('boot') is None and d.find('alias') is None] for k in DEVICES}
    for i in range(n):
        m = rnd.choice(MACHINES)
        devs = []
        for kind in rnd.sample(['disk', 'interface', 'controller', 'channel', 'input', 'hub', 'sound', 'serial', 'rng', 'redirdev', 'filesystem', 'console', 'video', 'shmem'],
                               rnd.choice([1, 2, 3])):
            pick = [d for d in safe[kind] if kind != 'disk' or d.get('device') == 'disk']
            pick = rnd.sample(pick, min(len(pick), rnd.choice([1, 2])))
            for k in range(rnd.choice([3, 9, 35, 40, 70])):
                d = copy.deepcopy(rnd.choice(pick))
                if kind == 'disk':
                    t = d.find('target')
                    t.set('dev', t.get('dev')[:2] + ('' if k < 26 else chr(96 + k // 26)) + chr(97 + k % 26))
                if kind == 'controller':
                    if d.get('index'):
                        d.set('index', str(k + (1 if d.get('type') == 'pci' else 0)))
                    for x in d.findall('target'):
                        d.remove(x)
                if kind == 'filesystem':
                    d.find('target').set('dir', 't%d' % k)
                devs.append(d)
        yield 'many/%d' % i, text(with_devices(m, devs))


def mutated(rnd, n, folder):
    """The documents of a folder: something taken out, doubled, moved to another machine, changed, or crossed with another's devices."""
    docs = []
    for f in sorted(glob.glob(os.path.join(folder, '*.xml'))):
        try:
            docs.append((os.path.basename(f)[:-4], ET.parse(f).getroot()))
        except ET.ParseError:
            pass
    docs = [d for d in docs if d[1].tag == 'domain' and d[1].find('devices') is not None and d[1].find('os/type') is not None]
    for i in range(n):
        name, dom = rnd.choice(docs)
        dom = copy.deepcopy(dom)
        what = []
        for _ in range(rnd.choice([1, 1, 2, 3])):
            devs = dom.find('devices')
            if devs is None or dom.find('os/type') is None:
                break
            op = rnd.choice(['noaddr', 'machine', 'drop', 'dropdev', 'dup', 'cross', 'crosstop', 'tweak', 'tweak', 'tweak', 'seed', 'arch'])
            what.append(op)
            if op == 'noaddr':
                for d in devs:
                    for a in d.findall('address'):
                        d.remove(a)
            elif op == 'machine':
                dom.find('os/type').set('machine', rnd.choice(['pc', 'q35', 'pc-i440fx-2.12', 'pc-q35-4.0', 'isapc', 'microvm', 'none']))
            elif op == 'arch':
                a = rnd.choice([('x86_64', 'x86_64'), ('i686', 'i386'), ('i686', 'x86_64')])
                dom.find('os/type').set('arch', a[0])
                if devs.find('emulator') is not None:
                    devs.find('emulator').text = '/usr/bin/qemu-system-' + a[1]
            elif op == 'drop':
                p = rnd.choice([e for e in dom.iter() if len(e)])
                c = rnd.choice(list(p))
                if p is not dom or c.tag not in ('name', 'devices', 'os'):
                    p.remove(c)
            elif op == 'dropdev' and len(devs):
                devs.remove(rnd.choice(list(devs)))
            elif op == 'dup' and len(devs):
                devs.append(copy.deepcopy(rnd.choice(list(devs))))
            elif op in ('cross', 'crosstop'):
                other = rnd.choice(docs)[1]
                frm = other.find('devices') if op == 'cross' else other
                to = devs if op == 'cross' else dom
                for e in rnd.sample(list(frm), min(len(frm), rnd.choice([1, 2, 4]))):
                    if e.tag in ('name', 'uuid', 'devices', 'emulator'):
                        continue
                    e = copy.deepcopy(e)
                    if op == 'cross':
                        if e.tag == 'disk' and e.find('target') is not None and rnd.random() < .8:
                            t = e.find('target')
                            t.set('dev', (t.get('dev') or 'vda')[:2] + rnd.choice('mnopqr'))
                        if rnd.random() < .7:
                            for a in e.findall('address'):
                                e.remove(a)
                    elif to.find(e.tag) is not None:
                        to.remove(to.find(e.tag))
                    to.append(e)
            elif op == 'seed':
                d = copy.deepcopy(rnd.choice(DEVICES[rnd.choice(list(DEVICES))]))
                needs(dom, d)
                devs.append(d)
            elif op == 'tweak':
                d = rnd.choice([e for e in devs if e.tag in DEVROWS] or [None])
                if d is not None:
                    tweak(dom, d, DEVROWS[d.tag], rnd, [dom, devs])
        yield 'mutated/%s-%s-%d' % (name, '+'.join(what), i), text(dom)


def element_changes(elem, row, chain):
    """(what, change) for everything that the tables know of elem: a change is a function that makes it, on a copy whose places() have the same order."""
    for i, (at, r, ch) in enumerate(places(row, elem, chain)):
        for v in values(r, None) if r.vt != 'NONE' else ():
            yield i, r, 'text=' + v, lambda e, v=v: setattr(e, 'text', v)
        for k in body(r):
            if 'ANY' in k.flags or not holds(k, ch):
                continue
            if 'ATTR' in k.flags:
                for v in values(k, None):
                    yield i, k, '@%s=%s' % (k.name, v), lambda e, k=k, v=v: e.set(k.name, v)
                if k.name in at.attrib:
                    yield i, k, '-@' + k.name, lambda e, k=k: e.attrib.pop(k.name)
                continue
            old = [c for c in at if c.tag == k.name]
            if old:
                yield i, k, '-' + k.name, lambda e, k=k: e.remove(e.find(k.name))
                yield i, k, '2*' + k.name, lambda e, k=k: e.append(copy.deepcopy(e.find(k.name)))
                continue
            new = minimal(k, ch)
            yield i, k, '+' + k.name, lambda e, new=new: e.append(copy.deepcopy(new))
            if len(ch) < 8:
                for _, kk, what, change in element_changes(new, k, ch):
                    if _ == 0:
                        yield i, kk, '+%s %s' % (k.name, what), lambda e, new=new, change=change: (e.append(copy.deepcopy(new)), change(e[-1]))


def walk(rnd, n):
    """Every row of the tables, with every value that is worth trying, in the first n seeds that have a place for it."""
    seen = {}

    def of(name, made, row, above):
        dom, elem = made()
        for i, k, what, change in element_changes(elem, row, above(dom)):
            seen[k.where, what] = seen.get((k.where, what), 0) + 1
            if seen[k.where, what] > n:
                continue
            dom, elem = made()
            at = list(places(row, elem, above(dom)))[i][0]
            change(at)
            yield 'walk/%s/%d/%s' % (name, i, what), text(dom)

    for kind, devs in DEVICES.items():
        for i, d in enumerate(devs if row_of(kind) else ()):
            m = MACHINES[i % 2]

            def made(d=d, m=m):
                dom = with_devices(m, [d])
                return dom, list(dom.find('devices'))[-1]
            yield from of('%s-%d' % (kind, i), made, row_of(kind), lambda dom: [dom, dom.find('devices')])
    domain = {k.name: k for k in gen.rows(TYPES['domain']) if 'ATTR' not in k.flags and 'ANY' not in k.flags}
    for i, t in enumerate([[]] + TOPS):
        m = MACHINES[i % 2]
        for e in ET.fromstring(text(base(m))) if not t else t:
            name = e.tag.replace('{%s}' % QEMU, 'qemu:')
            if name not in domain or name == 'devices':
                continue

            def made(t=t, m=m, tag=e.tag):
                dom = base(m)
                put_top(dom, t)
                return dom, dom.find(tag)
            yield from of('top-%d-%s' % (i, name), made, domain[name], lambda dom: [dom])


def made(which, count, seed, folder):
    """Dictionary of name -> document."""
    out = {}
    for w in which.split(','):
        rnd = random.Random('%s-%d' % (w, seed))
        f = {'plain': plain, 'rows': rows, 'tops': tops, 'mixed': mixed, 'many': many, 'walk': walk}.get(w)
        for name, x in f(rnd, count) if f else mutated(rnd, count, folder):
            out[name] = x
    return out
