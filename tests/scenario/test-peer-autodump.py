#!/usr/bin/python3
"""What a guest's panic or its watchdog has the daemon do by itself, beside libvirtd: dumps in a folder of the daemon's (<on_crash>coredump-...</on_crash>, <watchdog action='dump'/>; qemu.conf:
auto_dump_path), and what becomes of the guest after them."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import EMULATOR, W, Pair

ZONE = "/usr/share/zoneinfo/Asia/Tokyo"
# The one sector of the guest's disk: it waits for a key by the BIOS. 'p' is a panic (a byte for QEMU's panic device), 'w' starts a watchdog (ib700) with no time left; others are nothing. After one of the
# two it hears no more: the BIOS keeps keys that came before it asked, and a second one of them would be a second dump.
SECTOR = bytes.fromhex("31c0b400cd163c70740d3c7775f4ba4304b00feef4ebfdba0505b001eef4ebfd").ljust(510, b"\0") + b"\x55\xaa"


def guest(name, crash="destroy", watchdog="none"):
    return f"""<domain type='qemu'><name>{name}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os><on_crash>{crash}</on_crash>
<devices>{EMULATOR}<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{W}/{name}.img'/><target dev='hda' bus='ide'/></disk><watchdog model='ib700' action='{watchdog}'/>
<panic model='isa'/><memballoon model='none'/></devices></domain>"""


def define(p, name, **kw):
    p.file(name + ".xml", guest(name, **kw))
    for b in p.boxes:
        with open("%s%s/%s.img" % (b.dir, W, name), "wb") as f:
            f.write(SECTOR.ljust(1 << 20, b"\0"))
        os.chmod(f.name, 0o666)
    p.virsh("define W/%s.xml" % name)


def press(p, name, key, done):
    """Until the guest has heard it: the BIOS is not there at once."""
    p.until("virsh -c qemu:///system send-key %s KEY_%s >/dev/null; sleep 0.3; %s" % (name, key, done))


def configure(p, text):
    for b in p.boxes:
        with open(b.dir + "/etc/libvirt/qemu.conf", "w") as f:
            f.write(text)
        b.stop_daemon()
        b.start()


# "Suspended" comes before a panic, or not: QEMU's events of both are a race.
STOPS = [(r"^event 'lifecycle' for domain '\w+': Suspended Paused\n", ""), (r"^event '(reboot|metadata-change)' for domain '\w+'.*\n", "")]
DATE = [(r"\d+-\d\d-\d\d-\d\d:\d\d:\d\d", "WHEN")]


def fall(p, name, key, done, folder, dumps=1, flags=""):
    """One key, and what comes of it: events, the state, and what is in the folder."""
    for b in p.boxes:
        p.shell(b, "rm -f %s/* W/events" % folder)
    p.virsh("start %s" % name)
    p.each(lambda b: p.shell(b, "virsh -c qemu:///system event --all --loop --domain %s >W/events 2>&1 & echo $! >W/pid" % name))
    p.until("virsh -c qemu:///system desc %s --live --title x >/dev/null; grep -q metadata-change W/events" % name)      # it listens
    press(p, name, key, done)
    p.sh("cd %s && for f in $(ls); do echo $f; stat -c '%%a %%U %%h' $f; file -b $f; done" % folder, DATE, what="%s: %d dumps" % (name, dumps))
    p.until("[ $(ls %s | wc -l) = %d ]" % (folder, dumps))
    p.virsh("domstate --reason " + name)
    p.virsh("domjobinfo %s --completed" % name)
    p.until("virsh -c qemu:///system desc %s --config x >/dev/null; grep -q 'metadata-change.*description' W/events" % name)      # it has heard all
    p.sh("kill $(cat W/pid); cat W/events", STOPS)


def state_is(name, word):
    return "virsh -c qemu:///system domstate --reason %s | grep -q '%s'" % (name, word)


with Pair("autodump") as p:
    folder = W + "/a/b"
    if os.path.exists(ZONE):
        p.sh("mount --bind %s /etc/localtime" % ZONE)
    configure(p, 'auto_dump_path = "%s"\ndump_image_format = "gzip"\n' % folder)
    define(p, "cd", crash="coredump-destroy")
    define(p, "cr", crash="coredump-restart")
    define(p, "wd", watchdog="dump")
    define(p, "wp", crash="coredump-destroy", watchdog="pause")
    fall(p, "cd", "P", state_is("cd", "shut off (crashed)"), folder)
    p.sh(r"""unset TZ; t=$(ls W/a/b | sed 's/1-cd-\(..........\)-/\1 /'); [ $(($(date +%s) - $(date -d "$t" +%s))) -lt 600 ]""", what="in the host's time", status=0)
    fall(p, "cr", "P", state_is("cr", "running (crashed)"), folder)
    fall(p, "wd", "W", state_is("wd", "running (unpaused)"), folder)
    p.virsh("suspend cr")
    p.virsh("resume cr")
    fall(p, "wp", "W", state_is("wp", "paused (watchdog)"), folder, 0)
    p.virsh("resume wp")
    p.virsh("destroy cr")
    p.virsh("destroy wd")
    p.virsh("destroy wp")
    # No room.
    p.sh("mount -t tmpfs -o size=1m none " + folder)
    fall(p, "cd", "P", state_is("cd", "crash"), folder, 0)
    fall(p, "cr", "P", state_is("cr", "crash"), folder, 0)
    fall(p, "wd", "W", state_is("wd", "running (unpaused)"), folder, 0)
sys.exit(p.result())
