#!/usr/bin/env python3
"""The schema against the facts file: numbers, names, shapes, limits, rights, streams, descriptors, releases.

usage: test-schema.py [SCHEMA-DIR PROTOCOL.JSON]    (status 77: the facts file is not at hand)
"""
import glob
import importlib.util
import json
import os
import re
import sys

SCALARS = {'int': 'I32', 'unsigned int': 'U32', 'hyper': 'I64', 'unsigned hyper': 'U64', 'double': 'F64', 'char': 'I8',
           'unsigned char': 'U8', 'short': 'I16', 'unsigned short': 'U16'}
FLAG_BITS = {'VIR_DOMAIN_XML_SECURE': 1, 'VIR_DOMAIN_XML_MIGRATABLE': 8, 'VIR_DOMAIN_REBOOT_GUEST_AGENT': 2,
             'VIR_DOMAIN_SHUTDOWN_GUEST_AGENT': 2, 'VIR_DOMAIN_VCPU_GUEST': 8, 'VIR_DOMAIN_SNAPSHOT_XML_SECURE': 1,
             'VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE': 64, 'VIR_DOMAIN_SAVE_IMAGE_XML_SECURE': 1, 'VIR_DOMAIN_CHECKPOINT_XML_SECURE': 1,
             'VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE': 2}
READING = re.compile(r':(read|getattr|search_\w+)$')
# Refused to read-only connections though the permission is one of reading, and the other way round.
RO_REFUSED = {'domain.set_scheduler_parameters', 'domain.get_launch_security_info'}
RO_ALLOWED = {'connect.set_identity'}
# Of which the protocol says less than libvirt's driver asks for: it carries them out as the newer call without flags for one or the other.
RIGHTS = {name: {'domain:write', 'domain:save'} for name in ('domain.set_scheduler_parameters', 'domain.set_max_memory')}


def load_gen(path):
    spec = importlib.util.spec_from_file_location('gen', path)
    gen = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(gen)
    return gen


class Facts:
    """A field of the facts as nested tuples; the same is made of the schema's."""

    def __init__(self, facts):
        self.types, self.structs, self.unions, self.enums = {}, {}, {}, set()
        for p in facts['programs'].values():
            self.types.update(p.get('typedefs', {}))
            self.structs.update(p.get('structs', {}))
            self.unions.update(p.get('unions', {}))
            self.enums.update(p.get('enums', {}))

    def fields(self, fields):
        return tuple((f['name'], self.value(f)) for f in fields)

    def value(self, f):
        t, array, most = f['type'], f.get('array'), f.get('max', f.get('len'))
        if t == 'opaque':
            return ('BYTES' if array == 'variable' else 'FIXED', most)
        if t == 'char' and array:
            return ('CHARS', array, most)
        inner = self.plain(t)
        if f.get('optional'):
            inner = ('optional', inner)
        if array:
            assert array == 'variable', f
            inner = ('many', most, inner)
        return inner

    def plain(self, t):
        if t in SCALARS:
            return (SCALARS[t],)
        if t in self.enums:
            return ('I32',)
        if t in self.unions:
            return ('union',) + tuple((a['value'], self.plain(a['type'])) for a in self.unions[t]['arms'])
        if t in self.structs:
            return ('struct',) + self.fields(self.structs[t])
        d = self.types[t]
        if d['type'] == 'string':
            return ('STRING', d['max'])
        return self.value(d)


def ours(fields):
    return tuple((f.name, our_value(f)) for f in fields)


def our_value(f):
    if f.kind == 'TEXT':
        v = ('CHARS', 'variable', f.size + 1)
    elif f.kind == 'TEXT_FIXED':
        v = ('CHARS', 'fixed', f.size)
    elif f.kind == 'CHARS':
        v = ('CHARS', 'variable', f.size)
    elif f.kind in ('STRING', 'BYTES', 'FIXED'):
        v = (f.kind, f.size)
    elif f.kind == 'STRUCT':
        v = ('struct',) + ours(f.sub.fields)
    elif f.kind == 'UNION':
        v = ('union',) + tuple((n, ('I32',) if a.kind == 'BOOL' else our_value(a)) for n, a in zip(f.sub.values, f.sub.fields))
    else:
        v = (f.kind,)
    if f.array == 'OPTIONAL':
        v = ('optional', v)
    elif f.array == 'VARIABLE':
        v = ('many', f.most, v)
    return v


def rights(acl):
    """The facts' rules in the schema's words, as a set."""
    out, config = set(), False
    for a in acl or []:
        if a.get('rule') == 'none':
            continue
        name = '%s:%s' % (a['object'], a['permission'])
        if a.get('flags_unset'):
            config = True
        elif a.get('flags_set') and a['flags_set'][0].endswith('AFFECT_CONFIG'):
            assert config
            out.add(name + '?config')
        elif a.get('flags_set'):
            out |= {'%s?0x%x' % (name, FLAG_BITS[x]) for x in a['flags_set']}
        elif a.get('param'):
            out.add('%s?%s=1' % (name, a['param']))
        else:
            out.add(name)
    return out


def our_rights(o):
    out, choice = set(), next((f.name for f in o.args if f.word == 'choice'), None)
    cls, _, parts = o.right.partition(':')
    for part in parts.split('+') if parts else []:
        name, _, cond = part.partition('?')
        if choice and cond:         # it is in the header, in place of flags
            out.add('%s:%s?%s=%d' % (cls, name, choice, int(cond, 16)))
        elif cond.startswith('0x'):
            bits = int(cond, 16)
            out |= {'%s:%s?0x%x' % (cls, name, 1 << b) for b in range(32) if bits >> b & 1}
        else:
            out.add('%s:%s' % (cls, part))
    return out


class Tap:
    count = failed = 0

    def ok(self, good, text, detail=''):
        self.count += 1
        self.failed += not good
        print('%sok %d - %s' % ('' if good else 'not ', self.count, text))
        if not good and detail:
            print('# %s' % (detail,))


def test_program(tap, schema, facts, name, p):
    s = schema[name]
    tap.ok(s.number == p['program'] and s.version == p['version'], '%s: program and version' % name)
    limits = dict(p['constants'], **(p.get('constants_after_9_0_0') or {}))
    tap.ok(sorted(s.limits.values()) == sorted(limits.values()), '%s: limits' % name)
    ops = {o.number: o for o in s.ops}
    tap.ok(sorted(ops) == [q['number'] for q in sorted(p['procedures'], key=lambda q: q['number'])], '%s: numbers' % name)
    bad = {k: [] for k in ('name', 'shape', 'right', 'rule for read-only', 'stream and descriptors', 'release', 'header arguments')}
    for q in p['procedures']:
        o = ops[q['number']]
        args = q.get('msg', q.get('args', []))
        if o.method.replace('.', '_') != q['short'] or o.kind != q['kind']:
            bad['name'].append(o.name)
        if ours(o.args) != facts.fields(args) or ours(o.ret) != facts.fields(q.get('ret', [])):
            bad['shape'].append((o.name, ours(o.args), facts.fields(args)))
        if o.kind == 'call' and our_rights(o) != RIGHTS.get(o.name, rights(q.get('acl'))):
            bad['right'].append((o.name, our_rights(o), rights(q.get('acl'))))
        fds = (q.get('descriptors') or {}).get('direction', '')
        marks = {m for m, on in (('stream', q.get('stream')), ('fds_in', fds in ('client-to-server', 'both')),
                                 ('fds_out', fds in ('server-to-client', 'both'))) if on}
        if o.marks - {'given'} != marks:
            bad['stream and descriptors'].append(o.name)
        if (o.since or '9.0.0') != q['since'].split()[0]:
            bad['release'].append(o.name)
        if o.kind == 'call' and name in ('remote', 'qemu') and q.get('acl'):
            need = {r for r in rights(q['acl']) if '?' not in r}
            ro = all(READING.search(r) for r in need) and o.name not in RO_REFUSED or o.name in RO_ALLOWED
            if o.ro != ro:
                bad['rule for read-only'].append(o.name)
        for a in args:
            if a['name'] == 'flags' and a['type'] == 'unsigned int' and not any(f.word in ('flags', 'affect', 'config') for f in o.args) \
                    and o.kind == 'call':
                bad['header arguments'].append(o.name)
    for what, which in bad.items():
        tap.ok(not which, '%s: %s of %d operations' % (name, what, len(ops)), which[:3])


def main(schema_dir, path):
    if not os.path.exists(path):
        print('1..0 # SKIP no facts at %s' % path)
        return 77
    gen = load_gen(os.path.join(schema_dir, 'gen.py'))
    schema = {}
    for f in sorted(glob.glob(os.path.join(schema_dir, '*.rpc')), key=lambda f: not f.endswith('/remote.rpc')):
        gen.parse(f, schema)
    with open(path) as f:
        facts = json.load(f)
    tap = Tap()
    tap.ok(set(schema) == set(facts['programs']), 'programs')
    for name, p in facts['programs'].items():
        test_program(tap, schema, Facts(facts), name, p)
    print('1..%d' % tap.count)
    return 1 if tap.failed else 0


if __name__ == '__main__':
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
    sys.exit(main(*(sys.argv[1:] or [os.path.join(top, 'ipc/schema'), os.path.join(top, '../shared/facts/protocol.json')])))
