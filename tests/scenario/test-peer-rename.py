#!/usr/bin/python3
"""domrename beside libvirtd: names and files, the link that starts a guest by itself, events, errors; and what is ours alone: a change that a
daemon's end cut off is undone at the next one's start, and names that no file can have."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import Pair, guests

FILES = "cd /etc/libvirt/qemu; mkdir -p autostart; ls -A; cd autostart; for l in *.xml; do test ! -L $l || echo $l \"$(basename \"$(readlink $l)\")\"; done"

LINES = """define W/idle.xml
define W/bare.xml
domrename idle other
domrename other idle
domrename idle idle
domrename idle bare
domrename idle ''
domrename idle a/b
domrename nosuch idle
domrename idle
domrename idle 'two words'
dominfo 'two words'
dumpxml 'two words'
dumpxml idle
start 'two words' --paused
domrename 'two words' other
domrename 'two words' a/b
domrename 'two words' 'two words'
destroy 'two words'
domrename 'two words' +plus
autostart +plus
domrename +plus Ünlaut
dominfo Ünlaut
list --all --autostart --name
domrename Ünlaut idle
autostart idle --disable
domrename idle other
define W/idle.xml
desc other --config changed
desc other
desc other --config 'never runs'
domrename other idle
start bare
managedsave bare
domrename bare other
managedsave-remove bare
domrename bare other
create W/bare.xml
undefine other
create W/bare.xml
domrename bare other
destroy bare
list --all"""


def tail(p):
    """What libvirtd does otherwise, or in other words; and a daemon that is killed between the two files."""
    ours, ok = p.boxes[0], True

    def expect(what, is_so):
        nonlocal ok
        ok = ok and bool(is_so)
        p.count += 1
        p.differ += not is_so
        print("%sok %d - %s" % ("" if is_so else "not ", p.count, what), flush=True)

    import libvirt
    c = ours.connect()
    d = c.lookupByName("idle")
    def code(name, flags=0):
        try:
            return d.rename(name, flags)
        except libvirt.libvirtError as e:
            return e.get_error_code()
    for name, want in ((".", (1, 27)), ("..", (1, 27)), ("a\nb", (27,)), ("x" * 252, (27,)), ("x" * 256, (27,)), ("x" * 70000, (39,)), ("a\x01b", (35,))):
        got = code(name)
        expect("a name that is refused: %r: %s" % (name[:20], got), got in want and d.XMLDesc(2).find("<name>idle<") > 0)
    expect("flags that are not known", code("other", 1) == 8)
    expect("the longest name", code("x" * 251) == 0 and c.lookupByName("x" * 251).rename("idle", 0) == 0)
    folder = ours.dir + "/etc/libvirt/qemu/"
    d = c.lookupByName("idle")
    d.setAutostart(1)
    text = open(folder + "idle.xml").read()
    c.close()
    ours.stop_daemon()
    # What is on the disk between: the note, both files, both links.
    for name in ("begun", "late"):
        with open(folder + ".bulkhead.rename.0", "w") as f:
            f.write("idle/" + name)
        with open(folder + name + ".xml", "w") as f:
            f.write(text.replace("<name>idle<", "<name>%s<" % name))
        os.symlink("../%s.xml" % name, folder + "autostart/%s.xml" % name)
        if name == "late":      # only the note has not gone
            os.unlink(folder + "idle.xml")
            os.unlink(folder + "autostart/idle.xml")
        ours.start()
        names = [x.name() for x in ours.connect().listAllDomains()]
        want = "idle" if name == "begun" else "late"
        expect("one of two names after a daemon's end: %s" % names, names == [want] and sorted(os.listdir(folder)) == ["autostart", want + ".xml"] and os.listdir(folder + "autostart") == [want + ".xml"])
        ours.stop_daemon()
    with open(folder + ".bulkhead.rename.7", "w") as f:
        f.write("../../x/late")
    with open(folder + ".bulkhead.rename.8", "w") as f:
        f.write("late" * 2000)
    os.symlink("/etc/passwd", folder + ".bulkhead.rename.9")
    ours.start()
    names = [x.name() for x in ours.connect().listAllDomains()]
    expect("notes that say nothing good remove nothing: %s" % names, names == ["late"] and os.path.exists("/etc/passwd") and ours.log_text().count("that was begun stays as it is") == 3)


with Pair("rename") as p:
    guests(p)
    for line in LINES.splitlines():
        p.virsh(line)
        if line.startswith(("domrename", "autostart")):
            p.sh(FILES, what="files after: " + line)
    p.hears("event --event lifecycle --loop", ("domrename idle next", "domrename next idle"), 4)
    tail(p)
sys.exit(p.result())
