#!/usr/bin/python3
"""qemu.conf's user and group own what host programs use of a guest: sockets, terminals, files; QEMU itself keeps a uid of its own."""
import os, pwd, re, stat, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *
from box import guest_xml


def configure(box, text):
    box.stop_daemon()
    with open(os.path.join(box.dir, "etc/libvirt/qemu.conf"), "w") as f:
        f.write(text)
    box.start()


def owners(box, name):
    """uid and gid of each thing that was made for a guest, and the uid of its QEMU"""
    folder = os.path.join(box.dir, "owned-" + name)
    os.makedirs(folder)
    os.chmod(folder, 0o777)
    old = os.path.join(folder, "old")
    open(old, "w").close()
    serial = "<serial type='pty'><log file='%s/log'/><target port='0'/></serial><serial type='unix'><source mode='bind' path='%s/sock'/><target port='1'/></serial>" % (folder, folder)
    serial += "<serial type='file'><source path='%s/out'/><target port='2'/></serial><serial type='file'><source path='%s'/><target port='3'/></serial>" % (folder, old)
    dom = box.connect().defineXML(document(name, "<channel type='unix'><target type='virtio' name='org.test.0'/></channel>", serial=serial))
    dom.create()
    xml = dom.XMLDesc()
    channel = box.dir + re.search(r"(?s)<channel type='unix'>.*?path='([^']*)'", xml).group(1)
    tty = re.search(r"(?s)<serial type='pty'>.*?<source path='([^']*)'", xml).group(1)
    paths = {"log": folder + "/log", "sock": folder + "/sock", "out": folder + "/out", "old": old, "channel": channel, "tty": tty}
    seen = {what: (os.stat(p).st_uid, os.stat(p).st_gid) for what, p in paths.items()}
    assert stat.S_IMODE(os.stat(paths["sock"]).st_mode) == 0o775
    qemu = os.stat("/proc/%d" % box.role("guest")[0]).st_uid
    dom.destroy()
    dom.undefine()
    return seen, qemu


def owned(box):
    """user and group; by number; without dynamic_ownership; a name that nobody has"""
    nobody = pwd.getpwnam("nobody")
    root, made = (0, 0), ("log", "sock", "out", "channel", "tty")
    for i, (text, want) in enumerate((
            ("", root),
            ('user = "nobody"\ngroup = "nogroup"\n', (nobody.pw_uid, nobody.pw_gid)),
            ('user = "nobody"\n', (nobody.pw_uid, nobody.pw_gid)),
            ('user = "+4711"\ngroup = "4712"\n', (4711, 4712)),
            ('user = "nobody"\ngroup = "nogroup"\ndynamic_ownership = 0\n', root))):
        configure(box, text)
        seen, qemu = owners(box, "o%d" % i)
        wrong = {k: v for k, v in seen.items() if v != (root if k == "old" else want) and not (k == "tty" and want == root)}
        assert not wrong, (text, wrong)
        assert qemu not in (0, nobody.pw_uid, 4711), "QEMU has no uid of its own: %d" % qemu
    box.stop_daemon()
    with open(os.path.join(box.dir, "etc/libvirt/qemu.conf"), "w") as f:
        f.write('user = "no-such-user"\n')
    box.start(wait=False)
    wait_for("the daemon says so", lambda: "no user 'no-such-user'" in box.log_text(), 30)
    with open(os.path.join(box.dir, "etc/libvirt/qemu.conf"), "w") as f:
        f.write("")
    box.start()
    assert_clean(box)


def few_uids(box):
    """as many guests run as there are uids for them, each with one of its own; one more is refused"""
    configure(box, "bulkhead_uid_count = 128\n")
    con = box.connect()
    doms = [con.defineXML(guest_xml("f%d" % i)) for i in range(17)]
    for dom in doms[:16]:
        dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    uids = {os.stat("/proc/%d" % p).st_uid for p in box.role("guest") + box.role("qemu")}
    assert len(uids) == 32, uids
    r = box.virsh("start", "f16", check=False, timeout=30)
    assert r.returncode and "too many guests run" in r.stderr, r
    doms[3].destroy()
    box.virsh("start", "f16", timeout=30)
    for dom in doms:
        if dom.isActive():
            dom.destroy()
        dom.undefine()
    configure(box, "")
    assert_clean(box)


main(owned, few_uids)
