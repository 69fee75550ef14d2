#!/usr/bin/python3
"""Hook scripts beside libvirtd's: the same ones with the same arguments, in the same order, and what comes of those that fail."""
import os, signal, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import wait_for
from pair import BARE, W, Pair, error_words

NOTE = """#!/bin/sh
# What it was called with, and the document's root; it fails when there is a file that says so.
echo "${0##*/} $* $(sed -n '1{s/ id=.[0-9]*./ id/;p}')" >> W/log
[ ! -e W/fail.${0##*/}.$2 ] || { echo "words of $2" >&2; exit 3; }
""".replace("W", W)
EDIT = """#!/bin/sh
[ "$2" = restore ] || exit 0
case $(cat W/edit) in
title) sed 's/<name>/<title>of a hook<\\/title><name>/' ;;
garbage) echo garbage ;;
blank) echo; echo ' ' ;;
other) sed 's/<name>[^<]*/<name>other/' ;;
signal) kill -9 $$ ;;
words) echo first >&2; echo second >&2; exit 1 ;;
esac
""".replace("W", W)
MASK = [(r"LC_ALL=C PATH=\S*( HOME=\S*)?", "ENV"), r"MAC: .*"]


def write(b, name, text, mode=0o755):
    path = b.dir + "/etc/libvirt/hooks/" + name
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def logged(b):
    try:
        with open(b.dir + W + "/log") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def log(b):
    """What was called since the last time."""
    text = logged(b)
    if text:
        os.unlink(b.dir + W + "/log")
    return text


def called(p, what, lines=0):
    """Both had the same calls; with lines, once there are so many of them: until then the scripts still write."""
    for b in p.boxes:
        wait_for("%s: %d calls" % (what, lines), lambda: logged(b).count("\n") >= lines)
    p.same(what, *p.each(log))


def steps(p, *lines):
    for line in lines:
        p.virsh(line, mask=MASK)
        called(p, "hooks of " + line)


def fails(p):
    for script, op in (("qemu", "prepare"), ("10-first", "start"), ("20-second", "started"), ("qemu", "stopped")):
        p.sh("touch W/fail.%s.%s" % (script, op))
        steps(p, "start bare", "domstate bare --reason", "destroy bare")
        p.sh("rm W/fail.%s.%s" % (script, op))


def starts_that_fail(p):
    p.file("nodisk.xml", BARE.replace("</devices>", "<disk type='file'><source file='/nosuch'/><target dev='vda'/></disk></devices>").replace("bare", "nodisk").replace("003", "004"))
    p.file("badargs.xml", BARE.replace("bare", "badargs").replace("003", "005").replace("</devices>", "<disk type='file'><source file='%s/bad.xml'/><driver name='qemu' type='qcow2'/><target dev='vda'/></disk></devices>" % W))
    p.file("bad.xml", "no image")
    for name in ("nodisk", "badargs"):
        p.virsh("create W/%s.xml" % name, mask=[r"error: (internal error|Cannot access|cannot)[^\n]*(\n[^\n]*)*"])
        called(p, "hooks of " + name)


def restores(p):
    for b in p.boxes:
        write(b, "qemu", EDIT)
        for n in ("10-first", "20-second"):
            os.unlink(b.dir + "/etc/libvirt/hooks/qemu.d/" + n)
    p.virsh("create W/bare.xml")
    for word in ("garbage", "other", "signal", "words", "title", "blank"):
        p.file("edit", word)
        p.sh("$V save bare W/s; true", mask=[r"(?s).*"])      # where it runs
        p.virsh("restore W/s", mask=MASK + [r"error: (unsupported configuration: Target domain name.*|internal error: the document is of another domain)"])
        p.virsh("list --all --title", mask=[r"^ \d+"])


def error(b):
    import libvirt
    c = b.connect()
    try:
        c.lookupByName("bare").create()
    except libvirt.libvirtError as e:
        return error_words(e)
    finally:
        c.close()


with Pair("hooks", start=False) as p:
    for b in p.boxes:
        for name in ("qemu", "daemon", "qemu.d/20-second", "qemu.d/10-first"):
            write(b, name, NOTE)
        write(b, "qemu.d/15-not-executable", NOTE, 0o644)
        write(b, "network", NOTE)
    p.file("bare.xml", BARE)
    p.each(lambda b: b.start())
    called(p, "the daemon's start", 1)
    steps(p, "define W/bare.xml", "start bare", "suspend bare", "resume bare", "reset bare", "destroy bare", "start bare", "dump bare W/d", "save bare W/s", "restore W/s",
          "managedsave bare", "start bare", "shutdown bare")
    p.each(lambda b: b.stop_daemon())
    called(p, "the daemon's end, which a guest does not feel", 1)
    p.each(lambda b: b.start())
    called(p, "a guest that is taken over", 4)
    p.each(lambda b: os.kill(b.daemon_pid(), signal.SIGHUP))
    called(p, "SIGHUP", 1)
    p.virsh("""qemu-monitor-command bare '{"execute":"quit"}'""", mask=[r"(?s).*"])
    called(p, "a guest that ends by itself", 6)
    steps(p, "undefine bare", "create W/bare.xml", "destroy bare", "define W/bare.xml")
    fails(p)
    starts_that_fail(p)
    p.sh("touch W/fail.qemu.prepare")
    p.same("code and domain of the error", *p.each(error), mask=MASK)
    p.sh("rm W/fail.qemu.prepare; rm -f W/log")
    p.virsh("undefine bare")
    restores(p)
    p.virsh("destroy bare")
    p.virsh("define W/bare.xml")
    for text in ("#!/nosuch\n", "exit 1\n"):
        for b in p.boxes:
            write(b, "qemu", text)
        p.virsh("start bare", mask=MASK)
    for b in p.boxes:
        write(b, "qemu", NOTE, 0o644)
    steps(p, "start bare", "destroy bare")
    sys.exit(p.result())
