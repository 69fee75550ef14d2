#!/usr/bin/python3
"""Differential test of document handling: documents of our own making (documents.py) to libvirtd and to xmlc, and what differs, by cause.

  difftest.py make FAMILIES COUNT SEED FILE      families: plain,rows,tops,mixed,many,mutated (this one: of the documents in CONFORMANCE);
                                                 walk: every row of the tables with every value worth trying, COUNT times each
  difftest.py ask URI FILE ANSWERS               each to a daemon: define, dumpxml, dumpxml --migratable, define --validate, domxml-to-native
  difftest.py compare FILE ANSWERS [-c CAPS] [-n N] [-v] [REGEX]     with what domtool and argtool make of them; -v: the documents' names; CAPS: as a
                                                 daemon's cache has them, without the head
  difftest.py snippets URI FILE                  writes the answers of a daemon into tests/golden/xmlc/snippets.txt: a line a document, its answer below; into
                                                 a file of another name: what its command line has of it
  difftest.py show FILE ANSWERS NAME [-c CAPS]   one document, and how the answers differ

ask needs Debian's Python with libvirt's bindings.  compare needs the normalisation (conflib.py) of CONFORMANCE, beside the source by default."""
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
root = os.environ.get('CONFORMANCE') or os.path.join(here, '../../../shared/conformance')
build = os.environ.get('BUILDDIR', os.path.join(here, '../..'))


def ask(uri, docs, answers):
    import libvirt
    import time
    libvirt.registerErrorHandler(lambda a, b: None, None)

    def connect():
        for _ in range(100):
            try:
                return libvirt.open(uri)
            except libvirt.libvirtError:
                time.sleep(.2)
        sys.exit('no daemon at ' + uri)

    conn = connect()

    def call(fn, *a):
        try:
            return {'ok': 1, 'v': fn(*a)}
        except libvirt.libvirtError as e:
            if conn.isAlive() != 1:
                raise ConnectionError
            return {'ok': 0, 'code': e.get_error_code(), 'dom': e.get_error_domain(), 'msg': e.get_error_message()}

    def undefine(d):
        if not call(d.undefineFlags, 1 | 2 | 4 | 16)['ok']:
            call(d.undefine)

    out = open(answers, 'w')
    for name, x in json.load(open(docs)).items():
        r = {'name': name}
        try:
            r['define'] = call(conn.defineXML, x)
            d = r['define'].pop('v', None)
            if d:
                r['xml'] = call(d.XMLDesc, libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE)
                r['migratable'] = call(d.XMLDesc, libvirt.VIR_DOMAIN_XML_MIGRATABLE)
                undefine(d)
            r['valid'] = call(conn.defineXMLFlags, x, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
            d = r['valid'].pop('v', None)
            if d:
                undefine(d)
            r['native'] = call(conn.domainXMLToNative, 'qemu-argv', x, 0)
        except (ConnectionError, libvirt.libvirtError):
            r['lost'] = 1
            time.sleep(.7)
            conn = connect()
        out.write(json.dumps(r) + '\n')
        out.flush()
    os._exit(0)     # nothing is to be freed in order


def snippets(uri, path):
    import documents
    import libvirt
    libvirt.registerErrorHandler(lambda a, b: None, None)
    conn, out, native = libvirt.open(uri), [], not path.endswith('snippets.txt')
    for line in open(path):
        line = line.strip()
        if line.startswith('#') or not line:
            out.append(line)
        if not line or line[0] in '#=':
            continue
        x, tags = documents.snippet(line)
        try:
            if native:
                plain = documents.text(documents.base(documents.NAMED[line.split()[0]]))
                got = documents.added(*(conn.domainXMLToNative('qemu-argv', y, 0) for y in (x, plain)))
                out += [line, '= ' + got]
                continue
            d = conn.defineXML(x)
            got = documents.excerpt(d.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE), tags)
            d.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
        except libvirt.libvirtError as e:
            got = 'error %d %d %s' % (e.get_error_code(), e.get_error_domain(), e.get_error_message())
        out += [line, '= ' + got]
    open(path, 'w').write('\n'.join(out) + '\n')
    return 0


def tool(name, *args, **kw):
    return subprocess.run([os.path.join(build, 'tests/tool', name), *args], stdout=subprocess.PIPE, text=True, errors='surrogateescape', **kw)


def ours(docs, caps):
    """Name -> (answer, answer to validation, command line)."""
    names = list(docs)
    with tempfile.TemporaryDirectory() as d:
        files = ['%s/%d.xml' % (d, i) for i in range(len(names))]
        for f, n in zip(files, names):
            open(f, 'w').write(docs[n])
        opts = ['-c', caps] if caps else []

        def dom(*more):
            got = {}

            def some(part):
                p = tool('domtool', *more, *opts, 'xml', *part, '/dev/null')
                if p.returncode < 0 and len(part) > 1:      # which of them, and what of the others?
                    for f in part:
                        some([f])
                    return
                if p.returncode < 0:
                    print('domtool ended by signal', -p.returncode, 'at', names[files.index(part[0])])
                    return
                got.update(re.findall(r'^== (.*)\n((?:(?!== ).*\n)*)', p.stdout, re.M))

            for i in range(0, len(files), 200):
                some(files[i:i + 200])
            return got

        def native(f):
            return tool('argtool', 'native', *opts[1:], stdin=open(f)).stdout
        a, b = dom(), dom('-s')
        with concurrent.futures.ThreadPoolExecutor(2) as ex:
            c = list(ex.map(native, files))
    return {n: (a.get(f, 'error -1 0 no answer\n'), b.get(f, 'error -1 0 no answer\n'), c[i]) for i, (n, f) in enumerate(zip(names, files))}


def error_of(s):
    m = re.match(r'error (-?\d+) (\d+) ((?:.|\n)*)\n$', s)
    return (int(m.group(1)), int(m.group(2)), m.group(3)) if m else None


def plain(s):
    return re.sub(r'0x[0-9a-f]+|\d+', 'N', str(s))[:100]


def difference(L, doc, want, mine):
    """(class, cause, details) or None."""
    norm = L.Normaliser(doc)
    e = error_of(mine[0])
    if 'lost' in want:
        return None
    d = want['define']
    if not d['ok']:
        if not e:
            return 'accepted', '%d.%d %s' % (d['code'], d['dom'], L.generic_msg(d['msg'])), d['msg']
        if (e[0], e[1]) != (d['code'], d['dom']):
            return 'code', '%d.%d %s | ours %d.%d %s' % (d['code'], d['dom'], L.generic_msg(d['msg']), e[0], e[1], L.generic_msg(e[2])), d['msg'] + ' | ' + e[2]
        if norm.text(e[2]) != norm.text(d['msg']):
            return 'text', '%s | ours %s' % (L.generic_msg(d['msg']), L.generic_msg(e[2])), d['msg'] + ' | ' + e[2]
        return None
    if e:
        return 'refused', '%d.%d %s' % (e[0], e[1], L.generic_msg(e[2])), e[2]
    if not want['xml']['ok']:
        return None
    r = L.compare_trees(L.xml_tree(want['xml']['v'], norm), L.xml_tree(mine[0], norm), L.xml_group)
    if not r['exact']:
        if not r['diffs']:
            return 'order', '(order)', ''
        p, k, x, y = sorted(r['diffs'], key=lambda t: ('address' in t[0], 0))[0]
        return 'xml', '%s %s %s | %s' % (k, p, plain(x), plain(y)), '\n'.join('      %s %s %s | %s' % (q[1], q[0], q[2], q[3]) for q in r['diffs'][:12])
    v, w = want['valid'], error_of(mine[1])
    if bool(v['ok']) != (w is None) or (w and w[0] != v['code']):
        return 'valid', '%s | ours %s' % (v['ok'] and 'ok' or '%d %s' % (v['code'], plain(v['msg'].split('\n')[-1])), w and '%d %s' % (w[0], L.generic_msg(w[2])) or 'ok'), \
            (v.get('msg') or 'ok') + ' | ' + (w[2] if w else 'ok')
    n, m = want['native'], mine[2]
    me = re.match(r'error (\d+): ((?:.|\n)*)\n$', m)
    if n['ok'] and me:
        return 'native refused', L.generic_msg(me.group(2)), me.group(2)
    if not n['ok']:
        if not me:
            return 'native accepted', '%d.%d %s' % (n['code'], n['dom'], L.generic_msg(n['msg'])), n['msg']
        return None
    a, b = L.argv_tree(n['v'], norm), L.argv_tree(m, norm)
    if a.canon() != b.canon():
        r = L.compare_trees(L.sorted_argv(a), L.sorted_argv(b), L.argv_group)
        p, k, x, y = r['diffs'][0] if r['diffs'] else ('', 'order', '', '')
        return 'native', '%s %s %s | %s' % (k, p, plain(x), plain(y)), '\n'.join('      %s %s %s | %s' % (q[1], q[0], q[2], q[3]) for q in r['diffs'][:12])
    return None


def main():
    what, args = sys.argv[1] if len(sys.argv) > 1 else '', sys.argv[2:]
    if what == 'make' and len(args) == 4:
        import documents
        docs = documents.made(args[0], int(args[1]), int(args[2]), os.path.join(root, 'cases/open/domain'))
        json.dump(docs, open(args[3], 'w'), indent=0)
        print('%d documents' % len(docs))
        return 0
    if what == 'ask' and len(args) == 3:
        return ask(*args)
    if what == 'snippets' and len(args) == 2:
        return snippets(*args)
    if what not in ('compare', 'show') or len(args) < 2:
        print(__doc__)
        return 2
    sys.path.insert(0, root)
    import conflib as L
    caps, most, rest, verbose = None, 40, [], False
    it = iter(args[2:])
    for a in it:
        if a == '-c':
            caps = next(it)
        elif a == '-n':
            most = int(next(it))
        elif a == '-v':
            verbose = True
        else:
            rest.append(a)
    docs = json.load(open(args[0]))
    want = {r['name']: r for r in map(json.loads, open(args[1]))}
    docs = {n: x for n, x in docs.items() if n in want and (not rest or (n == rest[0] if what == 'show' else re.search(rest[0], n)))}
    mine = ours(docs, caps)
    classes, causes = collections.Counter(), collections.defaultdict(list)
    for n, x in docs.items():
        r = difference(L, x, want[n], mine[n])
        if what == 'show':
            print(x)
            for k, v in want[n].items():
                if k != 'name':
                    print('--', k, v.get('v') or v)
            print('-- ours', *mine[n], sep='\n')
            print('-- difference:', *(r or ['none']), sep='\n')
            return 0
        if r:
            classes[r[0]] += 1
            causes[r[0] + ': ' + r[1]].append((n, r[2]))
    for c, v in sorted(causes.items(), key=lambda t: -len(t[1]))[:most]:
        print('%4d  %s' % (len(v), c))
        if verbose:
            n, more = min(v, key=lambda t: len(docs[t[0]]))
            print('      e.g. %s\n%s' % (n, more if more.startswith('   ') else '      ' + more))
    print('%d documents, %d differ in %d ways: %s' % (len(docs), sum(classes.values()), len(causes), ', '.join('%s %d' % t for t in classes.most_common())))
    return 0


sys.exit(main())
