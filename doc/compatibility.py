#!/usr/bin/env python3
"""compatibility.py [--check]: makes compatibility.md beside it of the schemas, of the table of what a running guest gets (workers/plan/known.c), of
our own recorded documents (tests/golden/xmlc), and of what tests were seen to do (tested.tsv, which tests/tool/record.py writes).

--check compares instead, and tells besides of each procedure that has a route and is answered in no test."""
import collections
import glob
import importlib.util
import os
import re
import sys
import xml.etree.ElementTree as ET

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, 'tests/conformance'))
import documents  # noqa: E402  (reads the document tables too)

HEAD = '''# Compatibility

Made by [compatibility.py](compatibility.py), not by hand: of the schemas (`ipc/schema/*.rpc`, `workers/xmlc/schema/*.sx`), of the table of what a running
guest gets (`workers/plan/known.c`), and of what tests were seen to do. "Tested by" is no search for words: `tests/tool/record.py` runs tests with
daemons that tell what they answer, send and start, and notes it in [tested.tsv](tested.tsv), at most %d tests for each line. A test (`test-compatibility.py`)
fails when this page is old, when a test named is not there, or when a procedure that works is answered in none; another one (`test-routes.py`) asks a
daemon each procedure once, so that no route here is one that nobody answers.
'''
# They would change the host that the tests run on.
UNTESTED = {'node.suspend_for_duration', 'node.set_memory_parameters'}
EVENTS_FROM = ['workers/qemu/*.c', 'supervisor/qemud/*.c', 'workers/gateway/lockd.c', 'workers/gateway/sibling-events.c']


def read(*path):
    with open(os.path.join(TOP, *path)) as f:
        return f.read()


def load(name, *path):
    spec = importlib.util.spec_from_file_location(name, os.path.join(TOP, *path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tested():
    """{what: [test]}; what is a procedure (with "!" where it was refused), <element>, <element attribute> or <element attribute=value>."""
    lines = read('doc/tested.tsv').splitlines()
    return {what: tests.split() for what, tests in (line.split('\t') for line in lines)}


def names(tests):
    return ', '.join(re.sub(r'^test-|\.(py|sh)$', '', t) for t in tests)


# ---- procedures ----

def programs():
    gen, found = load('opgen', 'ipc/schema/gen.py'), {}
    for path in sorted(glob.glob(os.path.join(TOP, 'ipc/schema/*.rpc')), key=lambda f: os.path.basename(f) != 'remote.rpc'):
        gen.parse(path, found)
    return [found[n] for n in gen.PROGRAMS if n in found]


class Code:
    """What of it no schema says: which events somebody sends."""

    def __init__(self):
        sent = ' '.join(open(f).read() for p in EVENTS_FROM for f in sorted(glob.glob(os.path.join(TOP, p))))
        self.sent = set(re.findall(r'\bOP_[A-Z0-9_]+', sent))
        pairs = re.findall(r'\{ (OP_\w+), (OP_\w+),', read('workers/gateway/events.c'))
        self.sent |= {old for new, old in pairs if new in self.sent}

    def answer(self, o):
        """(whether it works, in words)."""
        if o.kind == 'message':
            return True, 'works'
        if o.kind == 'event':
            return (True, 'sent') if o.constant in self.sent else (False, 'never sent')
        if o.route == 'none':
            return False, 'refused: error 3'
        if o.method.startswith('auth.') and o.method not in ('auth.list', 'auth.polkit'):
            return False, 'refused: error 45'
        if o.route != 'sibling':
            return True, 'works'
        return (False, 'refused: error 3') if 'stream' in o.marks else (True, 'passed on')


def untested(seen):
    """Procedures that work and that no test has been seen to call."""
    code = Code()
    return [o.name for p in programs() for o in p.ops if code.answer(o)[0] and o.kind == 'call' and o.name not in UNTESTED
            and not {o.name, o.name + '!'} & set(seen)]


def write_procedures(out, seen):
    code = Code()
    out.append('## Procedures\n\nError 3 is "this function is not supported by the connection driver", with the function\'s name; 45 is "authentication failed". The calls for '
               'networks, storage, node devices, interfaces, secrets and filters are passed on to the daemon that has them; where there is none, lists are empty, lookups find nothing, and the rest is error 3. "Refused in": '
               'no test was seen to get another answer than an error.\n')
    head = '| program | works | tested | passed on | refused or never sent |\n| --- | --- | --- | --- | --- |'
    tables = []
    for p in programs():
        if p.name in ('internal', 'keepalive'):
            continue
        count = collections.Counter()
        rows = ['### %s\n' % p.name, '| no | procedure | public function | | answered in |', '| --- | --- | --- | --- | --- |']
        for o in sorted(p.ops, key=lambda o: o.number):
            works, words = code.answer(o)
            tests, refused = seen.get(o.name, []), seen.get(o.name + '!', []) if works else []
            count['passed' if words == 'passed on' else 'works' if works else 'refused'] += 1
            count['tested'] += bool(tests or refused)
            cell = names(tests) or ('of the host: not tested' if o.name in UNTESTED else '') or ('refused in ' + names(refused) if refused else '')
            rows.append('| %d | %s | %s | %s | %s |' % (o.number, o.name, o.api, words + (', since ' + o.since if o.since else ''), cell))
        head += '\n| %s | %d | %d | %d | %d |' % (p.name, count['works'], count['tested'], count['passed'], count['refused'])
        tables += rows + ['']
    out += [head, ''] + tables


# ---- documents ----

class Known:
    """What workers/plan/known.c lets a running guest have, by the rules of its check()."""

    def __init__(self):
        source = read('workers/plan/known.c')
        text = re.search(r'rows\[\] = \{\n(.*?)\n\};', source, re.S).group(1)
        for name, words in re.findall(r'^#define (\w+) ("[^"]*")$', source, re.M):     # lists that several rows have
            text = re.sub(r'\b%s\b' % name, words, text)
        text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
        text = re.sub(r'"\s+"', '', text)
        self.rows = {p: (a.split(), c.split()) for p, a, c in re.findall(r'\{ "([^"]*)",\s+"([^"]*)",\s+"([^"]*)" \}', text)}
        self.any = re.search(r'any_device\[\] = "([^"]*)"', read('workers/plan/known.c')).group(1).split()

    def row(self, path):
        """Of <domain>'s path, or None when an element on the way is not in the table."""
        steps = path.split('/')[1:]
        if not steps:
            return self.rows['domain']
        device = steps[0] == 'devices'
        if device and len(steps) == 1:
            return ['*'], ['*']
        if device:
            steps = ['module' if s == 'memory' else s for s in steps[1:2]] + steps[2:]      # <memory> is the guest's as well
            if steps == ['emulator']:
                return [], []
            if steps[0] not in self.rows:
                return None
        elif steps[0] not in self.rows['domain'][1]:
            return None
        at = steps[0]
        row = self.rows.get(at, ([], []))
        for n, step in enumerate(steps[1:]):
            if row[1] == ['*']:
                return row
            if step not in row[1] and not (device and n == 0 and step in self.any):
                return None
            at = 'backing' if step == 'backingStore' else at + '/' + step
            row = self.rows.get(at) or (self.rows.get('*/' + at.split('/', 1)[1]) if device and '/' in at else None) or ([], [])
        return row


def elements():
    """[(path, {attribute: row})] in printing order; what is itself again below itself is there once."""
    types, gen = documents.TYPES, documents.gen
    found = []

    def walk(same, path, inside):
        """same: the rows of one element, which may depend on others' attributes."""
        attrs, kids = {}, {}
        for row in same:
            for k in gen.rows(types[row.type] if row.type else row):
                if 'ATTR' in k.flags:
                    attrs.setdefault(k.name, k)
                else:
                    kids.setdefault(k.name, []).append(k)
        found.append((path, attrs))
        for name, rows in kids.items():
            if not {k.type for k in rows} & inside:
                walk(rows, path + '/' + name, inside | {k.type for k in rows if k.type})

    walk([types['domain']], 'domain', {'domain'})
    return found


def recorded():
    """{path: [file]} of our own documents with libvirtd's answers: what was kept as libvirtd keeps it, or made the same command line."""
    found = {}

    def note(e, path, name):
        tag = re.sub(r'^\{.*\}', 'qemu:', e.tag)
        path = path + '/' + tag if path else tag
        for what in [path] + ['%s %s' % (path, a) for a in e.attrib]:
            if name not in found.setdefault(what, []):
                found[what].append(name)
        for k in e if tag != 'metadata' else []:
            note(k, path, name)

    for f in sorted(glob.glob(os.path.join(TOP, 'tests/golden/xmlc/*.out'))):
        note(ET.parse(f).getroot(), '', os.path.basename(f))
    for name in ('snippets.txt', 'native.txt'):
        lines = [x for x in read('tests/golden/xmlc', name).splitlines() if x.strip() and x[0] != '#']
        for line, answer in zip(lines[::2], lines[1::2]):
            if not answer.startswith('= error'):
                note(ET.fromstring(documents.snippet(line)[0]), '', name)
    return found


KINDS = ('type', 'model', 'bus', 'device')


def attributes(path, attrs, row, seen):
    """Cells: attributes that a guest ran with in a test, those that it may have, those that a start refuses."""
    ran, may, refused = [], [], []
    for a in attrs:
        if row[0] != ['*'] and a not in row[0]:
            refused.append(a)
        elif '<%s %s>' % (path, a) in seen:
            head = '<%s %s=' % (path, a)
            values = [w[len(head):-1] for w in seen if w.startswith(head)] if a in KINDS else []
            ran.append('%s (%s)' % (a, ' '.join(sorted(values))) if values else a)
        else:
            may.append(a)
    return ', '.join(ran), ', '.join(may), ', '.join(refused)


def write_documents(out, seen):
    known, kept = Known(), recorded()
    out.append('''## Documents

Every element that libvirt 9.0 knows is checked and kept in a definition, with its attributes; what no row of the schema knows is left out as libvirt
leaves it out, or refused with `--validate`. A guest is started with what the plan can give to QEMU; a start of a guest that has more is refused with
error 67 and the element's or attribute's name, so nothing is dropped in silence. *ran* names attributes that a guest had in a test, with the kinds of
device; *also* those that it may have besides. *kept by* are documents of `tests/golden/xmlc` with libvirtd's answer, `native.txt` with its command line.
''')
    rows, count = [], collections.Counter()
    for path, attrs in elements():
        row, short = known.row(path), path.replace('domain/devices/', '')
        by = kept.get(path, [])
        by = ', '.join(re.sub(r'\.out$', '', b) for b in by[:2])
        if row is None:
            count['refused'] += 1
            rows.append('| %s | refused | | | %s | | %s |' % (short, ', '.join(attrs), by))
            continue
        tests = seen.get('<%s>' % path, [])
        count['ran' if tests else 'may'] += 1
        rows.append('| %s | %s | %s | %s | %s | %s | %s |' % ((short, 'works' if tests else 'planned') + attributes(path, attrs, row, seen) + (names(tests[:2]), by)))
    out.append('Of %d elements %d ran in a test, %d may be in a running guest and no test has it, and %d make a start fail.\n' % (
        sum(count.values()), count['ran'], count['may'], count['refused']))
    out += ['| element | a start | ran | also | refused | ran in | kept by |', '| --- | --- | --- | --- | --- | --- | --- |'] + rows + ['']


def make():
    seen = tested()
    out = [HEAD % max(map(len, seen.values()))]
    write_procedures(out, seen)
    write_documents(out, seen)
    return re.sub(r' +\|', ' |', '\n'.join(out).rstrip('\n')) + '\n'


def check():
    seen, bad = tested(), []
    if read('doc/compatibility.md') != make():
        bad.append('compatibility.md is not what compatibility.py makes: run it')
    for test in sorted({t for tests in seen.values() for t in tests}):
        if not os.path.exists(os.path.join(TOP, 'tests/scenario', test)):
            bad.append('%s is in tested.tsv and not in tests/scenario' % test)
    known = {o.name for p in programs() for o in p.ops} | {'<%s>' % path for path, _ in elements()}
    bad += ['%s is in tested.tsv and in no schema' % w for w in seen if ' ' not in w and w.rstrip('!') not in known]
    bad += ['%s works and no test is known to call it: run tests/tool/record.py with the one that does' % n for n in untested(seen)]
    print('\n'.join(bad))
    return 1 if bad else 0


if __name__ == '__main__':
    if sys.argv[1:] == ['--check']:
        sys.exit(check())
    with open(os.path.join(TOP, 'doc/compatibility.md'), 'w') as md:
        md.write(make())
