#!/usr/bin/env python3
"""gen.py OUT.c FOLDER FILE.sx...: the document tables of xmlc from their readable form.

A .sx file describes elements by indentation, two blanks a level. The order of rows is the canonical printing order.

  enum NAME VALUE...          a set of values
  error NAME CODE DOMAIN TEXT an error for a bad value; one %s in TEXT is the value, or one %n the attribute's or element's name
  type NAME                   rows below are the attributes and children of elements that say =NAME
  document NAME               the same, and a root element of that name
  use NAME                    the rows of a type, here

  @attr VTYPE [word...]       an attribute
  elem[*] [:VTYPE] [word...]  a child element; * any number of them, otherwise the first counts
      =TYPE  its rows are those of a type      keep   stays when empty         any    kept as it is, unread
      mixed  its children keep their order whatever their kind     closed  another child is refused, with err=
      lots   more than SCHEMA_MANY_MAX of them are read

  VTYPE  str, an enum's name, u8 u16 u32 u64 i32 i64, n32 (not below 0, in words of its own),
         l64 (in words of its own), x (0x%x) x1 x2 x4 x8 (padded), uuid mac bitmap usbport mode8 any2 any4 (hex, or -1 for any);
         sizes with a unit: kib (KiB in and out), kib_b (bytes in, KiB out), byt (bytes), mibm (MiB), pretty (MiB in, largest unit out);
         akib, apretty: the same in an attribute; aplain_kib, aplain_b: a number whose unit is not looked at; unit: the unit's own attribute
  words  need (must be there)  nz (zero is refused)  +V (added when absent)  -V (left out when equal)  live (of a running guest only)
         secret (printed only to those who may see secrets)  err=NAME (a bad value)  miss=NAME (it is not there)  empty=NAME (a bitmap that nothing is left of)
         blank (an empty value is none)  lax (a bad value is none)  based (of a decimal number: 0x and 0 in front count)  bare (of a hexadecimal one: 0x may be left out)  ?attr=V,V (only if the element has that value; ?^attr the parent's,
         ?^^attr its parent's; ?!attr none of these)
"""
import os
import sys

enums, errors, types, docs = {}, {}, {}, []
SCALAR = {'str': 'STR', 'uuid': 'UUID', 'mac': 'MAC', 'bitmap': 'BITMAP', 'usbport': 'USBPORT', 'mode8': 'MODE8', 'unit': 'UNIT'}
NUM = {'u8': ('UINT', 0xff), 'u16': ('UINT', 0xffff), 'u32': ('UINT', 0xffffffff), 'u64': ('UINT', (1 << 64) - 1),
       'i32': ('INT', (1 << 31) - 1), 'i64': ('INT', (1 << 63) - 1), 'n32': ('NINT', (1 << 31) - 1), 'l64': ('LONG', (1 << 63) - 1)}
HEX = {'x': (0, 0xffffffffffffffff), 'x1': (1, 0xffffffff), 'x2': (2, 0xffffffff), 'x4': (4, 0xffffffff), 'x8': (8, 0xffffffff)}
ANY = {'any2': 2, 'any4': 4}
SIZE = {'kib': 'KIB', 'kib_b': 'KIB_B', 'byt': 'BYTES', 'mibm': 'MIBM', 'pretty': 'PRETTY', 'akib': 'AKIB', 'apretty': 'APRETTY',
        'aplain_kib': 'APLAIN_KIB', 'aplain_b': 'APLAIN_B'}


class Row:
    def __init__(self, name, where):
        self.name, self.where = name, where
        self.flags, self.vt, self.width, self.max, self.values = set(), 'NONE', 0, 0, None
        self.default, self.err, self.miss, self.empty, self.conds, self.type, self.kids, self.uses = None, None, None, None, [], None, [], None


def fail(where, text):
    sys.exit('%s: %s' % (where, text))


def set_vtype(r, v):
    if v in SCALAR:
        r.vt = SCALAR[v]
    elif v in NUM:
        r.vt, r.max = NUM[v]
    elif v in HEX:
        r.vt, (r.width, r.max) = 'HEX', HEX[v]
    elif v in ANY:
        r.vt, r.width, r.max = 'HEXANY', ANY[v], 0xffff
    elif v in SIZE:
        r.vt = SIZE[v]
    else:
        r.vt, r.values = 'ENUM', v


def words(r, ws):
    for w in ws:
        if w in ('need', 'nz', 'live', 'secret', 'keep', 'mixed', 'closed', 'lots', 'blank', 'lax', 'based', 'bare'):
            r.flags.add(w.upper())
        elif w == 'any':
            r.flags.add('ANY')
        elif w[0] == '+':
            r.flags.add('ADD')
            r.default = w[1:]
        elif w[0] == '-':
            r.flags.add('OMIT')
            r.default = w[1:]
        elif w.startswith('err='):
            r.err = w[4:]
        elif w.startswith('miss='):
            r.miss = w[5:]
            r.flags.add('NEED')
        elif w.startswith('empty='):
            r.empty = w[6:]
        elif w[0] == '=':
            r.type = w[1:]
        elif w[0] == ':':
            set_vtype(r, w[1:])
        elif w[0] == '?':
            a, vals = w[1:].split('=')
            up = len(a) - len(a.lstrip('^'))
            a = a.lstrip('^')
            r.conds.append((up, a.startswith('!'), a.lstrip('!'), vals.split(',')))
        else:
            fail(r.where, 'word %r' % w)


def read(path):
    stack = []
    for n, line in enumerate(open(path), 1):
        where = '%s:%d' % (path, n)
        text = line.strip()
        if not text or text.startswith('#'):
            continue
        depth = (len(line) - len(line.lstrip(' '))) // 2
        w = text.split()
        if depth == 0:
            if w[0] == 'enum':
                enums[w[1]] = w[2:]
            elif w[0] == 'error':
                code, dom, msg = text.split(None, 4)[2:]
                errors[w[1]] = (int(code), int(dom), msg)
            elif w[0] in ('type', 'document'):
                types[w[1]] = r = Row(w[1], where)
                stack = [r]
                if w[0] == 'document':
                    docs.append(w[1])
            else:
                fail(where, 'unknown line')
            continue
        if depth > len(stack):
            fail(where, 'indentation')
        del stack[depth:]
        if w[0] == 'use':
            r = Row('', where)
            r.uses = w[1]
        elif w[0].startswith('@'):
            r = Row(w[0][1:], where)
            r.flags.add('ATTR')
            set_vtype(r, w[1])
            words(r, w[2:])
        else:
            r = Row(w[0].rstrip('*'), where)
            if w[0].endswith('*'):
                r.flags.add('MANY')
            words(r, w[1:])
        stack[-1].kids.append(r)
        stack.append(r)


def rows(r):
    for k in r.kids:
        if k.uses:
            if k.uses not in types:
                fail(k.where, 'no type %s' % k.uses)
            yield from rows(types[k.uses])
        else:
            yield k


out, todo, done = [], [], {}


def tname(r):
    """C name of the body of a row: its own rows or those of its type."""
    body = r
    if r.type:
        if r.type not in types:
            fail(r.where, 'no type %s' % r.type)
        body = types[r.type]
    if not body.kids:
        return None
    if id(body) not in done:
        done[id(body)] = 'sx_%d_%s' % (len(done), body.name.replace('-', '_').replace(':', '_'))
        todo.append(body)
    return done[id(body)]


def cstr(s):
    return 'NULL' if s is None else '"%s"' % s.replace('\\', '\\\\').replace('"', '\\"')


def emit_type(body):
    name = done[id(body)]
    attr = [k for k in rows(body) if 'ATTR' in k.flags]
    kids = [k for k in rows(body) if 'ATTR' not in k.flags]
    for part, lst in (('a', attr), ('k', kids)):
        if not lst:
            continue
        lines = []
        for i, k in enumerate(lst):
            cond = 'NULL'
            if k.conds:
                cond = '%s_%s%d' % (name, part, i)
                out.append('static const struct sx_cond %s[] = {%s, {0, 0, NULL, NULL}};' % (cond, ', '.join(
                    '{%d, %d, "%s", (const char *const[]){%s, NULL}}' % (u, neg, a, ', '.join(cstr(v) for v in vs)) for u, neg, a, vs in k.conds)))
            if k.vt == 'ENUM' and k.values not in enums:
                fail(k.where, 'no value type %s' % k.values)
            for e in (k.err, k.miss, k.empty):
                if e and e not in errors:
                    fail(k.where, 'no error %s' % e)
            body2 = None if part == 'a' else tname(k)
            lines.append('\t{%s, SX_%s, %s, %d, %s, %s, %s, %s, %s, %s},' % (
                cstr(k.name), k.vt, ' | '.join('SXF_' + f for f in sorted(k.flags - {'ATTR'})) or '0', k.width, '%dull' % k.max,
                'sx_enum_' + k.values.replace('-', '_') if k.vt == 'ENUM' else 'NULL', cstr(k.default), ', '.join('&sx_error_' + e if e else 'NULL' for e in (k.err, k.miss, k.empty)), cond,
                '&' + body2 if body2 else 'NULL'))
        out.append('static const struct sx_row %s_%s[] = {\n%s\n};' % (name, part, '\n'.join(lines)))
    out.append('%sconst struct sx_type %s = {%s, %d, %s, %d};' % (
        '' if body.name in docs else 'static ', name, name + '_a' if attr else 'NULL', len(attr), name + '_k' if kids else 'NULL', len(kids)))


def main():
    for f in [os.path.join(sys.argv[2], f) for f in sys.argv[3:]]:
        read(f)
    for d in docs:
        done[id(types[d])] = 'schema_' + d
        todo.append(types[d])
    while todo:
        emit_type(todo.pop(0))
    head = ['/* Made by schema/gen.py from schema/ *.sx. */', '#include "workers/xmlc/schema.h"']
    for n, v in sorted(enums.items()):
        head.append('static const char *const sx_enum_%s[] = {%s, NULL};' % (n.replace('-', '_'), ', '.join(cstr(x) for x in v)))
    used = {e for t in list(types.values()) for k in walk(t) for e in (k.err, k.miss, k.empty) if e}
    for n, (c, d, t) in sorted(errors.items()):
        if n in used:
            head.append('static const struct sx_error sx_error_%s = {%d, %d, %s};' % (n, c, d, cstr(t)))
    for n in done.values():
        head.append('%sconst struct sx_type %s;' % ('' if n.startswith('schema_') else 'static ', n))
    ue = {k.values for t in types.values() for k in walk(t) if k.vt == 'ENUM'}
    for n in sorted(set(enums) - ue):
        sys.stderr.write('gen.py: enum %s is not used\n' % n)
    head = [h for h in head if not any(h.startswith('static const char *const sx_enum_%s[' % n.replace('-', '_')) for n in set(enums) - ue)]
    open(sys.argv[1], 'w').write('\n'.join(head + out) + '\n')


def walk(r):
    for k in r.kids:
        yield k
        yield from walk(k)


if __name__ == '__main__':
    main()
