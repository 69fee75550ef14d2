#!/usr/bin/env python3
"""Makes the tables of ipc/op.h, a reference and a fuzz dictionary of the schema.

usage: gen.py --out DIR FILE.rpc...

The form of the files is told at the head of remote.rpc.  Whatever is odd in one of them ends the run with file and line.
"""
import os
import re
import sys

PROGRAMS = ['internal', 'remote', 'qemu', 'lxc', 'admin', 'lock', 'log', 'keepalive']     # the order of enum program
CLASSES = {'none': 'NONE', 'connect': 'CONNECT', 'domain': 'DOMAIN', 'network': 'NETWORK', 'storage_pool': 'POOL', 'storage_vol': 'VOL',
           'interface': 'INTERFACE', 'node_device': 'NODE_DEVICE', 'secret': 'SECRET', 'nwfilter': 'NWFILTER',
           'network_port': 'NETWORK_PORT', 'nwfilter_binding': 'NWFILTER_BINDING', 'snapshot': 'SNAPSHOT', 'checkpoint': 'CHECKPOINT',
           'admin': 'ADMIN', 'log': 'LOG', 'lock': 'LOCK'}
ROUTES = ['none', 'gateway', 'supervisor', 'object', 'live', 'doc', 'host', 'sibling', 'lease', 'plug']
REPLAYS = ['safe', 'never']
MARKS = ['stream', 'fds_in', 'fds_out', 'given']
SCALARS = {'i32': 'I32', 'u32': 'U32', 'i64': 'I64', 'u64': 'U64', 'f64': 'F64', 'bool': 'BOOL', 'i8': 'I8', 'u8': 'U8', 'i16': 'I16',
           'u16': 'U16', 'flags': 'U32', 'affect': 'U32', 'config': 'U32', 'word': 'I32', 'choice': 'U32'}
HEADER_ARGS = {'flags': 0, 'affect': 3, 'config': 2, 'word': 0, 'choice': 0}       # type of the argument in the frame's header: what `affects` says
BYTES_MAX = 4 << 20                                                   # no limit of ours is above it but cpumaps
CAP_MAX = 32 << 20


class Bad(Exception):
    pass


class Field:
    def __init__(self, name, word, kind, array='ONE', most=0, size=0, sub=None):
        self.name, self.word, self.kind, self.array, self.most, self.size, self.sub = name, word, kind, array, most, size, sub

    def c(self):
        sub = '&' + self.sub.symbol if self.sub else 'NULL'
        return '{ "%s", SH_%s, SA_%s, %d, %d, %s }' % (self.name, self.kind, self.array, self.most, self.size, sub)


class Struct:
    def __init__(self, program, name, fields, values=None, is_object=False):
        self.program, self.name, self.fields, self.values, self.is_object = program, name, fields, values, is_object
        self.symbol = 'shape_%s' % re.sub(r'\W', '_', name if program == 'remote' else program + '_' + name)

    def elems(self):
        return sum(2 if f.kind == 'UNION' and f.array == 'ONE' else 1 for f in self.fields)


class Op:
    pass


class Program:
    def __init__(self, name, number, version):
        self.name, self.number, self.version = name, number, version
        self.limits, self.types, self.ops, self.use = {}, {}, [], None

    def limit(self, word):
        if word.isdigit():
            return int(word)
        if word in self.limits:
            return self.limits[word]
        if self.use:
            return self.use.limit(word)
        raise Bad('no limit "%s"' % word)

    def type(self, word):
        return self.types.get(word) or (self.use.type(word) if self.use else None)

    def field(self, text):
        name, _, word = text.partition(':')
        if not re.fullmatch(r'[A-Za-z_0-9]+', name) or not word:
            raise Bad('"%s" is no FIELD:TYPE' % text)
        m = re.fullmatch(r'([a-z_0-9]+)(\?|<(\w+)>|\[(\w+)\])?', word)
        if not m:
            raise Bad('"%s" is no type' % word)
        base, how, most, exact = m.groups()
        array, n = 'ONE', 0
        if base in ('bytes', 'text', 'chars'):
            if exact:
                kind = {'bytes': 'FIXED', 'text': 'TEXT_FIXED'}.get(base)
                size = self.limit(exact)
            elif most:
                kind = {'bytes': 'BYTES', 'text': 'TEXT', 'chars': 'CHARS'}[base]
                size = self.limit(most) - (base == 'text')            # the counted NUL
            else:
                kind = None
            if not kind or not 0 < size <= 2 * BYTES_MAX:
                raise Bad('"%s" needs a good size' % word)
            return Field(name, word, kind, size=size)
        if exact:
            raise Bad('"%s": only bytes and text have an exact size' % word)
        if how == '?':
            array = 'OPTIONAL'
        elif most:
            array, n = 'VARIABLE', self.limit(most)
        if base == 'string':
            return Field(name, word, 'STRING', array, n, self.limit('string'))
        if base == 'uuid':
            return Field(name, word, 'FIXED', array, n, 16)
        if base in SCALARS:
            return Field(name, word, SCALARS[base], array, n)
        sub = self.type(base)
        if not sub:
            raise Bad('no type "%s"' % base)
        if sub.values and array != 'ONE':
            raise Bad('a union cannot be optional or many')
        return Field(name, word, 'UNION' if sub.values else 'STRUCT', array, n, sub=sub)

    def fields(self, words):
        if words == ['-']:
            return []
        out = [self.field(w) for w in words]
        if not out or len({f.name for f in out}) != len(out):
            raise Bad('fields are missing or named twice')
        return out

    def op(self, kind, number, method):
        o = Op()
        o.program, o.kind, o.number, o.method = self, kind, int(number), method
        if not 0 < o.number < 65536 or not re.fullmatch(r'[a-z_0-9]+(\.[a-z_0-9]+)?', method):
            raise Bad('bad number or method')
        if any(o.number == p.number or method == p.method for p in self.ops):
            raise Bad('%d or %s is there already' % (o.number, method))
        o.constant = 'OP_%s_%s' % (self.name.upper(), method.replace('.', '_').upper())
        o.name = method if self.name == 'remote' else self.name + '.' + method
        o.marks, o.since = set(), None
        o.cls, o.route, o.replay, o.cap, o.api, o.right, o.ro = 'none', 'none', 'safe', 0, '', '', True
        o.judged = False
        o.ret = []
        self.ops.append(o)
        return o


def take_marks(o, words):
    for w in words:
        if w.startswith('since='):
            o.since = w[6:]
        elif w in MARKS:
            o.marks.add(w)
        else:
            raise Bad('no mark "%s"' % w)


def one_of(word, words, what):
    if word not in words:
        raise Bad('"%s" is no %s' % (word, what))
    return word


def parse_call(program, words):
    if len(words) < 12 or '->' not in words:
        raise Bad('a call needs NO METHOD API CLASS RIGHT RO ROUTE REPLAY CAP ARGS -> REPLY')
    o = program.op('call', words[0], words[1])
    rest, marks = words[9:], []
    if ';' in rest:
        cut = rest.index(';')
        rest, marks = rest[:cut], rest[cut + 1:]
    arrow = rest.index('->')
    o.api = '' if words[2] == '-' else words[2]
    o.cls = one_of(words[3], CLASSES, 'class')
    o.ro = one_of(words[5], ['ro', 'rw'], 'ro or rw') == 'ro'
    o.route = one_of(words[6], ROUTES, 'route')
    o.replay = one_of(words[7], REPLAYS, 'replay class')
    m = re.fullmatch(r'(\d+)([km])', words[8])
    o.cap = int(m.group(1)) << {'k': 10, 'm': 20}[m.group(2)] if m else 0
    if not 0 < o.cap <= CAP_MAX:
        raise Bad('"%s" is no cap' % words[8])
    o.args, o.ret = program.fields(rest[:arrow]), program.fields(rest[arrow + 1:])
    take_marks(o, marks)
    o.right = '' if words[4] == '-' else words[4] if ':' in words[4] else o.cls + ':' + words[4]
    o.ro_deny = 0
    for part in o.right.partition(':')[2].split('+') if o.right else []:
        m = re.fullmatch(r'([a-z_]+)(?:\?(0x[0-9a-f]+|config))?', part)
        if not m:
            raise Bad('"%s" is no right' % part)
        if m.group(2) and m.group(2).startswith('0x'):
            o.judged = True
            o.ro_deny |= int(m.group(2), 16) if o.ro else 0


def parse(path, programs):
    program = None
    with open(path) as f:
        for no, line in enumerate(f, 1):
            words = line.partition('#')[0].split()
            if not words:
                continue
            try:
                if words[0] == 'program':
                    program = Program(one_of(words[1], PROGRAMS, 'program'), int(words[2], 16), int(words[3]))
                    if programs.setdefault(program.name, program) is not program or program.version != 1:
                        raise Bad('program twice, or not of version 1')
                elif program is None:
                    raise Bad('the program comes first')
                elif words[0] == 'use':
                    program.use = programs[words[1]]
                elif words[0] == 'limit':
                    program.limits[words[1]] = int(words[2])
                elif words[0] == 'union':
                    arms = [w.partition(':') for w in words[2:]]
                    program.types[words[1]] = Struct(program.name, words[1], [program.field('arm:' + a[2]) for a in arms],
                                                     [int(a[0]) for a in arms])
                elif words[0] in ('struct', 'object'):
                    if words[1] in program.types:
                        raise Bad('"%s" is there already' % words[1])
                    program.types[words[1]] = Struct(program.name, words[1], program.fields(words[2:]), is_object=words[0] == 'object')
                elif words[0] in ('event', 'message'):
                    o = program.op(words[0], words[1], words[2])
                    rest, marks = words[3:], []
                    if ';' in rest:
                        cut = rest.index(';')
                        rest, marks = rest[:cut], rest[cut + 1:]
                    o.args, o.ro_deny = program.fields(rest), 0
                    take_marks(o, marks)
                else:
                    parse_call(program, words)
            except (Bad, ValueError, IndexError, KeyError) as e:
                raise SystemExit('%s:%d: %s' % (path, no, e))
    if program is None:
        raise SystemExit('%s: no program' % path)


def op_values(o):
    """What struct op and struct op_route_row share, in one place."""
    flags = [i for i, f in enumerate(o.args) if f.word in HEADER_ARGS]
    objects = [i for i, f in enumerate(o.args) if f.kind == 'STRUCT' and f.array == 'ONE' and f.sub.is_object]
    words = [i for i in flags if o.args[i].word in ('word', 'choice')]
    flags = words or flags[-1:]
    return dict(id='OP(PROG_%s, %d)' % (o.program.name.upper(), o.number), kind='OPK_' + o.kind.upper(), cls='CLASS_' + CLASSES[o.cls],
                route='ROUTE_' + o.route.upper(), replay='REPLAY_' + o.replay.upper(), ro=int(o.ro), stream=int('stream' in o.marks),
                fds_in=2 if 'given' in o.marks else int('fds_in' in o.marks), fds_out=int('fds_out' in o.marks), arg_flags=flags[0] if flags else -1,
                arg_object=objects[0] if objects else -1, affects=HEADER_ARGS[o.args[flags[0]].word] if flags else 0,
                ro_deny='0x%xu' % o.ro_deny, judged=flags[0] if flags and o.judged else -1, cap=o.cap)


HEAD = '/* Made by gen.py from the schema (*.rpc); change that, not this. */\n'


def write_numbers(out, programs):
    out.write(HEAD + '#ifndef BULKHEAD_OP_NUMBERS_H\n#define BULKHEAD_OP_NUMBERS_H\n#include "ipc/op.h"\nenum op_number {\n')
    for p in programs:
        for o in sorted(p.ops, key=lambda o: o.number):
            out.write('    %s = OP(PROG_%s, %d),\n' % (o.constant, p.name.upper(), o.number))
    out.write('};\nenum op_limit {\n')
    for p in programs:
        for name, n in p.limits.items():
            out.write('    LIMIT_%s_%s = %d,\n' % (p.name.upper(), name.upper(), n))
    out.write('};\n#endif\n')


class Shapes:
    """Field lists, each written once however many operations have it."""

    def __init__(self, out):
        self.out, self.seen = out, {}

    def write(self, s):
        fields = '%s_fields' % s.symbol
        self.out.write('static const struct shape_field %s[] = {\n' % fields)
        for f in s.fields:
            self.out.write('    %s,\n' % f.c())
        self.out.write('};\n')
        values = 'NULL'
        if s.values:
            values = '%s_values' % s.symbol
            self.out.write('static const int32_t %s[] = { %s };\n' % (values, ', '.join(map(str, s.values))))
        self.out.write('%sconst struct shape_struct %s = { "%s", %s, %s, %d, %d };\n' % (
            '' if s.symbol == 'shape_error' else 'static ', s.symbol, s.name, fields, values, len(s.fields), s.elems()))

    def of_list(self, program, fields):
        if not fields:
            return 'NULL'
        key = tuple(f.c() for f in fields)
        if key not in self.seen:
            s = Struct(program, 'list_%d' % (len(self.seen) + 1), fields)
            s.symbol = 'shape_list_%d' % (len(self.seen) + 1)
            self.write(s)
            self.seen[key] = '&' + s.symbol
        return self.seen[key]


def write_table(out, programs, ops):
    out.write(HEAD + '#include <string.h>\n#include "ipc/op.h"\n')
    shapes = Shapes(out)
    for p in programs:
        for s in p.types.values():
            if s.symbol != 'shape_error' and not used(s, programs):
                raise SystemExit('%s: type %s is not used' % (p.name, s.name))
            shapes.write(s)
    rows = []
    for o in ops:
        v = op_values(o)
        args, ret = shapes.of_list(o.program.name, o.args), shapes.of_list(o.program.name, o.ret)
        rows.append('    { %(id)s, %(kind)s, %(cls)s, %(route)s, %(replay)s, %(ro)d, %(stream)d, %(fds_in)d, %(fds_out)d, %(arg_flags)d, '
                    '%(arg_object)d, %(affects)d, %(ro_deny)s, %(cap)d,' % v
                    + '\n      "%s", "%s", "%s", %s, %s },\n' % (o.name, o.api, o.right, args, ret))
    out.write('const struct op op_table[] = {\n' + ''.join(rows) + '};\n')
    out.write('const unsigned op_table_n = sizeof op_table / sizeof op_table[0];\n')
    by_name = sorted(range(len(ops)), key=lambda i: ops[i].name.encode())
    out.write('static const uint16_t by_name[] = { %s };\n' % ', '.join(map(str, by_name)))
    numbers = {p.name: p for p in programs}
    out.write('const uint32_t program_number[PROG_N] = { %s };\n' % ', '.join(
        '0x%08xu' % numbers[n].number if n in numbers else '0' for n in PROGRAMS))
    out.write(BSEARCH % dict(find='const struct op *op_find', table='op_table', n='op_table_n'))
    out.write('''
const struct op *op_find_name(const char *name, size_t n)
{
    unsigned lo = 0, hi = op_table_n;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        const struct op *op = &op_table[by_name[mid]];
        size_t have = strlen(op->name);
        int c = memcmp(name, op->name, n < have ? n : have);
        if (c == 0 && n == have)
            return op;
        if (c < 0 || (c == 0 && n < have))
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}
''')


BSEARCH = '''
%(find)s(uint32_t id)
{
    unsigned lo = 0, hi = %(n)s;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (%(table)s[mid].id == id)
            return &%(table)s[mid];
        if (%(table)s[mid].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}
'''


def used(s, programs):
    every = [f for p in programs for t in p.types.values() for f in t.fields]
    every += [f for p in programs for o in p.ops for f in o.args + o.ret]
    return any(f.sub is s for f in every)


def write_routes(out, ops):
    out.write(HEAD + '#include "ipc/op.h"\nconst struct op_route_row op_route_table[] = {\n')
    for o in ops:
        out.write('    { %(id)s, %(kind)s, %(cls)s, %(route)s, %(replay)s, %(ro)d, %(affects)d, %(fds_in)d, %(judged)d, %(cap)d, %(ro_deny)s },\n' % op_values(o))
    out.write('};\nconst unsigned op_route_table_n = sizeof op_route_table / sizeof op_route_table[0];\n')
    out.write(BSEARCH % dict(find='const struct op_route_row *op_route_find', table='op_route_table', n='op_route_table_n'))


def write_reference(out, programs):
    out.write('# Operations\n\nMade from the schema.  Arguments and results are arrays in the order given; how types travel is told in '
              'bulkhead-rpc(7).  *ro*: also on a read-only connection.  A route of *none* answers that the call is not supported.\n')
    for p in programs:
        out.write('\n## %s (0x%08x, version %d)\n' % (p.name, p.number, p.version))
        if p.types:
            out.write('\n| type | is |\n| --- | --- |\n')
            for s in p.types.values():
                what = ', '.join('%d: %s' % (v, f.word) for v, f in zip(s.values, s.fields)) if s.values else show(s.fields)
                out.write('| %s | %s |\n' % (s.name, what))
        out.write('\n| no | method | arguments | result | right | | route | public function |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n')
        for o in sorted(p.ops, key=lambda o: o.number):
            marks = ([o.kind] if o.kind != 'call' else ['ro'] if o.ro else []) + sorted(o.marks) + (['since ' + o.since] if o.since else [])
            out.write('| %d | %s | %s | %s | %s | %s | %s | %s |\n' % (
                o.number, o.name, show(o.args), show(o.ret), o.right, ', '.join(marks), o.route if o.kind == 'call' else '', o.api))


def show(fields):
    return ' '.join('%s:%s' % (f.name, f.word.replace('<', '&lt;').replace('>', '&gt;')) for f in fields)


def write_dictionary(out, programs):
    """libFuzzer's form: names for the msgpack door, header beginnings and typed-parameter heads for the other."""
    for p in programs:
        number = ''.join('\\x%02x' % b for b in p.number.to_bytes(4, 'big'))
        out.write('program_%s="%s\\x00\\x00\\x00\\x01"\n' % (p.name, number))
        for o in p.ops:
            out.write('"%s"\n' % o.name)
    for n in (0, 1, 2, 4, 7, 28, 0x10000, 0x400000, 0x400001, 0x7fffffff, 0x80000000, 0xffffffff):
        out.write('"%s"\n' % ''.join('\\x%02x' % b for b in n.to_bytes(4, 'big')))


def main(argv):
    if len(argv) < 3 or argv[0] != '--out':
        raise SystemExit(__doc__)
    programs = {}
    for path in sorted(argv[2:], key=lambda f: os.path.basename(f) != 'remote.rpc'):     # others use its types
        parse(path, programs)
    programs = [programs[n] for n in PROGRAMS if n in programs]
    ops = [o for p in programs for o in sorted(p.ops, key=lambda o: o.number)]
    os.makedirs(argv[1], exist_ok=True)
    for name, write, what in (('op-numbers.h', write_numbers, [programs]), ('op-table.c', write_table, [programs, ops]),
                              ('op-routes.c', write_routes, [ops]), ('operations.md', write_reference, [programs]),
                              ('bulkhead.dict', write_dictionary, [programs])):
        path = os.path.join(argv[1], name)
        with open(path + '.new', 'w') as out:
            write(out, *what)
        os.rename(path + '.new', path)


if __name__ == '__main__':
    main(sys.argv[1:])
