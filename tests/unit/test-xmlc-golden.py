#!/usr/bin/env python3
"""What xmlc makes of our own documents is what libvirtd 9.0 made of them (tests/golden/xmlc/*.out, snippets.txt); and its answer, read again, is itself."""
import glob
import os
import re
import subprocess
import sys
import tempfile

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
sys.path.insert(0, os.path.join(src, 'tests/conformance'))
import documents  # noqa: E402

lines = [x.rstrip('\n') for x in open(os.path.join(src, 'tests/golden/xmlc/snippets.txt')) if x.strip() and x[0] != '#']
with tempfile.TemporaryDirectory() as folder:
    made = [documents.snippet(x) for x in lines[::2]]
    files = ['%s/%d' % (folder, i) for i in range(len(made))]
    for f, (xml, tags) in zip(files, made):
        open(f, 'w').write(xml)
    answers = dict(a.split('\n', 1) for a in ('\n' + ask('xml', *files)).split('\n== ')[1:])
for f, (xml, tags), line, want in zip(files, made, lines[::2], lines[1::2]):
    got = answers[f]
    got = '= ' + (got.rstrip('\n') if got.startswith('error') else documents.excerpt(got, tags))
    if got != want:
        bad += 1
        print('%s\n  libvirtd %s\n  here     %s' % (line, want, got))


def native(xml):
    return subprocess.run([os.path.join(build, 'tests/tool/argtool'), 'native'], input=xml, stdout=subprocess.PIPE, text=True).stdout


lines = [x.rstrip('\n') for x in open(os.path.join(src, 'tests/golden/xmlc/native.txt')) if x.strip() and x[0] != '#']
plain = {m: native(documents.text(documents.base(v))) for m, v in documents.NAMED.items()}
for line, want in zip(lines[::2], lines[1::2]):
    got = native(documents.snippet(line)[0])
    code = re.match(r'= error (\d+)', want)
    got = '= ' + (got.strip() if got.startswith('error') else documents.added(got, plain[line.split()[0]]))
    if not got.startswith(code.group(0)) if code else got != want:
        bad += 1
        print('%s\n  libvirtd %s\n  here     %s' % (line, want, got))
if len(inputs) < 10 or len(made) < 100:
    print('only %d documents found' % (len(inputs) + len(made)))
    bad += 1
sys.exit(1 if bad else 0)
