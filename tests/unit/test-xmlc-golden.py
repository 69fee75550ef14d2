#!/usr/bin/env python3
"""What xmlc makes of our own documents is what libvirtd 9.0 made of them (tests/golden/xmlc/*.out); and its answer, read again, is itself."""
import glob
import os
import subprocess
import sys

src, build = os.environ.get('SRCDIR', '.'), os.environ.get('BUILDDIR', '.')
tool = os.path.join(build, 'tests/tool/domtool')
bad = 0


def ask(*args):
    return subprocess.run([tool, *args], stdout=subprocess.PIPE, text=True).stdout


inputs = sorted(glob.glob(os.path.join(src, 'tests/golden/xmlc/*.xml')))
for path in inputs:
    want = path[:-4] + '.out'
    got = ask('xml', path)
    if got != open(want).read():
        bad += 1
        print('not as libvirtd made it:', path)
        subprocess.run(['diff', '-u', want, '-'], input=got, text=True)
    if ask('-s', '-S', 'xml', want) != got:
        bad += 1
        print('not its own answer:', want)
if len(inputs) < 10:
    print('only %d documents found' % len(inputs))
    bad += 1
sys.exit(1 if bad else 0)
