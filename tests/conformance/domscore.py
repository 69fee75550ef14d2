#!/usr/bin/env python3
"""domscore.py [-v] [-l] [DOMTOOL] [REGEX]: how many documents xmlc answers as libvirtd does.

Feeds the recorded domain documents (CONFORMANCE, or ../shared/conformance beside the source tree; skipped when it is not there) to domtool
and compares: the XML that comes back, or the error code of a refusal. UUIDs and MACs that an input does not hold are masked.
-l lists the cases that differ, -v shows how."""
import gzip
import json
import os
import re
import subprocess
import sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from needs import skip  # noqa: E402

args = [a for a in sys.argv[1:] if not a.startswith('-')]
opts = [a for a in sys.argv[1:] if a.startswith('-')]
here = os.path.dirname(os.path.abspath(__file__))
root = os.environ.get('CONFORMANCE') or os.path.join(here, '../../../shared/conformance')
for up in ('../../../shared/conformance', '../../../../shared/conformance'):
    if not os.path.isdir(root):
        root = os.path.join(here, up)
tool = args[0] if args else os.path.join(os.environ.get('BUILDDIR', os.path.join(here, '../..')), 'tests/tool/domtool')
want = re.compile(args[1] if len(args) > 1 else '.')
if not os.path.isdir(root):
    skip('no recorded answers here')
sys.path.insert(0, root)
import conflib  # noqa: E402

cases = [c for c in json.load(open(os.path.join(root, 'cases/index.json')))['cases']
         if c['kind'] == 'domain' and c['split'] == 'open' and want.search(c['id'])]
base = json.load(gzip.open(os.path.join(root, 'baseline/libvirtd-open.json.gz'), 'rt', encoding='utf-8', errors='surrogateescape'))['cases']
files = [os.path.join(root, c['path']) for c in cases]


def ask(*more):
    out = subprocess.run([tool, *more, *os.environ.get('DOMTOOL_ARGS', '').split(), 'xml', *files, '/dev/null'], stdout=subprocess.PIPE, text=True,
                         errors='surrogateescape').stdout
    return dict(re.findall(r'^== (.*)\n((?:(?!== ).*\n)*)', out, re.M))


answers, strict = ask(), ask('-s')
count = dict(accept=0, equal=0, exact=0, reject=0, code=0, msg=0, wrong_accept=0, wrong_reject=0, valid=0, valid_same=0)
for c, f in zip(cases, files):
    b = dict((o, r) for o, r in reversed(base[c['id']]['ops']))
    mine = answers.get(f, 'error -1 0 no answer\n')
    src = open(f, encoding='utf-8', errors='surrogateescape').read()
    norm = conflib.Normaliser(src, [])
    bad = mine.startswith('error')
    note = None
    if b['define'].get('ok'):
        count['accept'] += 1
        theirs = b.get('xml_secure', b['xml']).get('v')
        if bad:
            count['wrong_reject'] += 1
            note = 'refused: ' + mine.strip()
        else:
            r = conflib.compare_trees(conflib.xml_tree(theirs, norm), conflib.xml_tree(mine, norm), conflib.xml_group)
            count['equal'] += r['equal']
            count['exact'] += r['exact']
            if not r['equal']:
                note = '\n      '.join('%s %s %s | %s' % d for d in r['diffs'][:20])
    else:
        count['reject'] += 1
        e = b['define']
        if not bad:
            count['wrong_accept'] += 1
            note = 'accepted, libvirtd: %s %s %s' % (e['code'], e['dom'], e['msg'])
        else:
            code, dom, msg = re.match(r'error (-?\d+) (\d+) ((?:.|\n)*)\n', mine).groups()
            count['code'] += int(code) == e['code'] and int(dom) == e['dom']
            count['msg'] += norm.text(msg) == norm.text(e['msg'])
            if int(code) != e['code'] or int(dom) != e['dom'] or ('-v' in opts and norm.text(msg) != norm.text(e['msg'])):
                note = 'error %s, libvirtd: %s %s %s' % (mine.strip(), e['code'], e['dom'], e['msg'])
    v = b.get('define_validate')
    if v:
        got = strict.get(f, 'error -1 0 no answer\n')
        got = int(got.split()[1]) if got.startswith('error') else 0
        count['valid'] += 1
        count['valid_same'] += got == (v.get('code') or 0)
        if got != (v.get('code') or 0):
            note = (note + '\n      ' if note else '') + 'validated: %d, libvirtd: %s %s' % (got, v.get('code') or 0, (v.get('msg') or '')[:200])
    if note and opts:
        print(c['id'] + ('\n      ' + note if '-v' in opts else ''))
print('accepted by libvirtd %(accept)d: equal %(equal)d, exact %(exact)d, refused by us %(wrong_reject)d; '
      'refused by libvirtd %(reject)d: same code %(code)d, same text %(msg)d, accepted by us %(wrong_accept)d; '
      'with validation %(valid)d: same code %(valid_same)d' % count)
least = int(os.environ.get('CONFORMANCE_LEAST', '244'))       # of the recording we know
sys.exit(1 if count['equal'] < min(least, count['accept']) else 0)
