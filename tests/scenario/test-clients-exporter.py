#!/usr/bin/python3
"""prometheus-libvirt-exporter, scraped over the box's loopback: the same metrics, labels and (where they stand still) values as with libvirtd."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from needs import needed
from pair import Pair, guests

needed("prometheus-libvirt-exporter")
SCRAPE = r"""prometheus-libvirt-exporter --web.listen-address=127.0.0.1:9177 >/run/exporter.log 2>&1 & pid=$!
python3 -c '
import time, urllib.request
for _ in range(300):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:9177/metrics").read().decode())
        break
    except OSError:
        time.sleep(0.1)
' | grep libvirt; kill $pid; cat /run/exporter.log | grep -c rror"""
# What a running guest makes more of.
MOVES = [r"^(libvirt_domain_(info_cpu_time|vcpu_\w*time|memory_stats_(rss|unused|usable|available|last)|block_stats_read|block_stats_\w*time|interface)\S*) .*"]

with Pair("exporter") as p:
    guests(p)
    p.virsh("create W/busy.xml")
    p.virsh("define W/idle.xml")
    p.sh(SCRAPE, mask=MOVES, what="two guests")
    p.virsh("destroy busy")
    p.sh(SCRAPE, mask=MOVES, what="none that runs")
    p.same("it is up", *("libvirt_up 1" if "\nlibvirt_up 1\n" in t else t for t in p.each(lambda b: b.run("sh", "-c", SCRAPE, check=False).stdout)))
sys.exit(p.result())
