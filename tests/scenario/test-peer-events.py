#!/usr/bin/python3
"""What `virsh event` shows of a guest's life: libvirtd's events, in its order."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import Pair, guests

# What virsh listens to, and what happens meanwhile.
TALES = (
    ("event --event lifecycle --loop", ("define W/bare.xml", "undefine bare")),
    ("event --event lifecycle --loop", ("create W/bare.xml", "destroy bare")),
    ("event --event lifecycle --loop", ("create W/bare.xml --paused", "resume bare", "suspend bare", "destroy bare")),
    ("event --event lifecycle --loop", ("define W/bare.xml", "start bare", "undefine bare", "destroy bare")),
    ("event --domain busy --event lifecycle --loop", ("suspend busy", "create W/bare.xml", "resume busy", "destroy bare")),
    ("event --domain busy --event reboot", ("reset busy",)),
    ("event --domain busy --event block-threshold --loop",
     ("domblkthreshold busy vda 1000", """qemu-monitor-command busy --hmp 'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "write 1M 64k"'""")),
    ("event --domain busy --event lifecycle --loop", ("managedsave busy", "start busy", "managedsave busy --paused", "start busy", "resume busy")),
    ("event --domain idle --event metadata-change", ("desc idle --config new",)),
    ("event --domain idle --event metadata-change", ("desc idle --config --title new",)),
    ("event --domain idle --event metadata-change", ("metadata idle urn:example:a --key a --set '<a/>' --config",)),
    ("event --domain busy --event metadata-change --loop", ("desc busy --live new", "desc busy --live --config both", "metadata busy urn:example:a --key a --set '<a/>' --config")),
    ("event --domain idle --all --loop", ("autostart idle", "desc idle --config again", "undefine idle")),
    ("qemu-monitor-event busy --event STOP", ("qemu-monitor-command busy --hmp stop", "resume busy")),
)

# The client's own log tells when virsh listens: to each of the events it is to hear, the daemon has answered.
EAR = """ear() { awk -v n=$n '/EventRegister(Any)?:/ { asked = 1 } asked && /pass the buck to/ { asked = 0; got++ } END { exit got < n }' /run/ear.log 2>/dev/null; }
rm -f /run/ear.log; line="%s"; n=1; [ "$line" = "${line#*--all}" ] || n=$($V event --list | grep -c .)
LIBVIRT_LOG_FILTERS="1:libvirt 1:rpc" LIBVIRT_LOG_OUTPUTS=1:file:/run/ear.log $V $line --timeout 50 & v=$!
until ear || ! kill -0 $v 2>/dev/null; do sleep 0.1; done
(%s) >/dev/null 2>&1; sleep 0.7; kill -INT $v 2>/dev/null; wait $v"""

with Pair("events") as p:
    guests(p)
    for line in ("define W/busy.xml", "define W/idle.xml", "start busy", "event --list", "event", "event --event nothing", "event busy lifecycle --timeout 1"):
        p.virsh(line)
    for listen, acts in TALES:
        # The acts have all the time they need, and what comes of the last one a little; then virsh is told to end.
        deeds = "; ".join("$V " + a for a in acts)
        p.sh(EAR % (listen, deeds), what="%s: %s" % (listen, "; ".join(acts)),
             mask=[(r"at \d+\.\d+", "at TIME"), (r'"(micro)?seconds": \d+', "TIME")])
sys.exit(p.result())
