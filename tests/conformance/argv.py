#!/usr/bin/env python3
"""How many of the recorded documents give libvirt's own QEMU command line (domxml-to-native), normalised as the recorder does.

argv.py [-v] [REGEX]     prints "equal / total"; -v shows what differs.  The documents are in ../shared/conformance beside the source; where
they are not, the test is skipped.  It fails when fewer are equal than have been."""
import os, re, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from needs import skip  # noqa: E402

FLOOR = 220
src = os.environ.get('SRCDIR', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..'))
build = os.environ.get('BUILDDIR', src)
shared = os.environ.get('CONFORMANCE', os.path.join(src, '../shared/conformance'))
if not os.path.isdir(shared):
    skip('no recorded documents at ' + shared)
sys.path.insert(0, shared)
import conflib  # noqa: E402

verbose = '-v' in sys.argv
only = [a for a in sys.argv[1:] if a != '-v']
base, cases = os.path.join(shared, 'baseline/open/domain'), os.path.join(shared, 'cases/open/domain')


def options(line):
    return [o.strip() for o in re.split(r' (?=-[a-z]{2})', line.replace('\\\n', ' '))]


equal = total = 0
for name in sorted(f[:-5] for f in os.listdir(base) if f.endswith('.args')):
    path = os.path.join(cases, name + '.xml')
    if not os.path.exists(path) or (only and not re.search(only[0], name)):
        continue
    total += 1
    text = open(path).read()
    got = subprocess.run([os.path.join(build, 'tests/tool/argtool'), 'native'], input=text.encode(), capture_output=True)
    if got.returncode not in (0, 3):
        print('==', name, 'argtool:', got.returncode, got.stderr.decode().strip())
        sys.exit(1)
    want, mine = open(os.path.join(base, name + '.args')).read(), got.stdout.decode()
    if got.returncode:
        if verbose:
            print('==', name, mine.strip())
        continue
    norm = conflib.Normaliser(text)
    a, b = conflib.argv_tree(want, norm), conflib.argv_tree(mine, norm)
    if a.canon() == b.canon():
        equal += 1
    elif verbose:
        print('==', name)
        left, right = options(want), options(mine)
        for o in left:
            if o not in right and '"fd' not in o:
                print('  -', o[:300])
        for o in right:
            if o not in left and '"fd' not in o:
                print('  +', o[:300])
print('%d / %d' % (equal, total))
if not only and equal < FLOOR:
    print('there have been %d' % FLOOR)
    sys.exit(1)
