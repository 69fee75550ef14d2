#!/usr/bin/env python3
"""keys.def against the facts file: every key of the files that conf reads is there, with its kind.

usage: test-config-keys.py [KEYS.DEF CONFIG-KEYS.TSV]    (status 77: the facts file is not at hand)
"""
import csv
import os
import re
import sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from needs import skip  # noqa: E402

FILES = {'virtqemud.conf': 'DAEMON', 'libvirtd.conf,': 'DAEMON', 'qemu.conf': 'QEMU', 'virtlogd.conf': 'LOGD', 'virtlockd.conf': 'LOCKD', 'qemu-lockd.conf': 'QEMU_LOCKD'}
ELSEWHERE = {'firewall_backend'}        # said to be of another file by the facts themselves


def kinds_of(text):
    """What kinds of keys.def a type of the facts may be."""
    if 'list' in text:
        return {'LIST', 'DRIVERS'} if text.startswith('str list') else {'STR_LIST'}
    if text.startswith('bool'):
        return {'BOOL'}
    if text.startswith('int'):
        return {'INT_STR'} if 'unlimited' in text else {'INT'}
    return {'STR', 'MODE', 'AUTH', 'UUID', 'HANDLER'}


def names_of(text):
    names = [n.strip() for n in re.sub(r'\(.*?\)', '', text).split(',')]
    if names[-1].endswith('/backup _tls_priority'):
        return ['migrate_tls_priority'] + [n + '_tls_priority' for n in ('vnc', 'spice', 'chardev', 'nbd', 'backup')]
    return names


def main(path, facts):
    if not os.path.exists(facts):
        skip('no facts at %s' % facts)
    ours = {}
    with open(path) as f:
        for m in re.finditer(r'^(SET|OWN|LATER|OLD|OTHER)\((\w+),\s*(\w+),\s*(\w+)', f.read(), re.M):
            key = (m.group(2), m.group(3))
            if key in ours:
                print('%s %s is there twice' % key)
                return 1
            ours[key] = m.group(4)
    bad, seen = [], set()
    with open(facts) as f:
        for row in list(csv.reader(f, delimiter='\t'))[1:]:
            file = FILES.get(row[0].split()[0])
            for name in names_of(row[1]) if file else []:
                if name in ELSEWHERE:
                    continue
                seen.add((file, name))
                if ours.get((file, name)) not in kinds_of(row[2]):
                    bad.append('%s %s: %s, should be %s' % (file, name, ours.get((file, name)), row[2]))
    bad += ['%s %s is in no facts' % k for k in ours if k not in seen and not k[1].startswith('bulkhead_')]
    print('%d keys' % len(seen))
    for b in bad:
        print(b)
    return 1 if bad or len(seen) < 150 else 0


if __name__ == '__main__':
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
    sys.exit(main(*(sys.argv[1:] or [os.path.join(here, 'workers/conf/keys.def'), os.path.join(here, '../shared/facts/config-keys.tsv')])))
