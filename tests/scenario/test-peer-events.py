#!/usr/bin/python3
"""What `virsh event` shows of a guest's life: libvirtd's events, in its order."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import Pair, guests

# What virsh listens to, what happens meanwhile, and with --loop how many events that is.
TALES = (
    ("event --event lifecycle --loop", ("define W/bare.xml", "undefine bare"), 2),
    ("event --event lifecycle --loop", ("create W/bare.xml", "destroy bare"), 4),
    ("event --event lifecycle --loop", ("create W/bare.xml --paused", "resume bare", "suspend bare", "destroy bare"), 6),
    ("event --event lifecycle --loop", ("define W/bare.xml", "start bare", "undefine bare", "destroy bare"), 6),
    ("event --domain busy --event lifecycle --loop", ("suspend busy", "create W/bare.xml", "resume busy", "destroy bare"), 2),
    ("event --domain busy --event reboot", ("reset busy",)),
    ("event --domain busy --event block-threshold --loop",
     ("domblkthreshold busy vda 1000", """qemu-monitor-command busy --hmp 'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "write 1M 64k"'"""), 2),
    ("event --domain busy --event lifecycle --loop", ("managedsave busy", "start busy", "managedsave busy --paused", "start busy", "resume busy"), 9),
    ("event --domain idle --event metadata-change", ("desc idle --config new",)),
    ("event --domain idle --event metadata-change", ("desc idle --config --title new",)),
    ("event --domain idle --event metadata-change", ("metadata idle urn:example:a --key a --set '<a/>' --config",)),
    ("event --domain busy --event metadata-change --loop", ("desc busy --live new", "desc busy --live --config both", "metadata busy urn:example:a --key a --set '<a/>' --config"), 3),
    ("event --domain idle --all --loop", ("autostart idle", "desc idle --config again", "undefine idle"), 2),
    ("qemu-monitor-event busy --event STOP", ("qemu-monitor-command busy --hmp stop", "resume busy")),
)

with Pair("events") as p:
    guests(p)
    for line in ("define W/busy.xml", "define W/idle.xml", "start busy", "event --list", "event", "event --event nothing", "event busy lifecycle --timeout 1"):
        p.virsh(line)
    for listen, acts, *lines in TALES:
        p.hears(listen, acts, *lines, mask=[(r"at \d+\.\d+", "at TIME"), (r'"(micro)?seconds": \d+', "TIME")])
sys.exit(p.result())
