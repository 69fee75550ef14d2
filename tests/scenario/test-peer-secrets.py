#!/usr/bin/python3
"""Images that are encrypted (LUKS, in a file of its own and in qcow2), whose secret another daemon keeps (Debian's libvirtd beside ours), side by side with libvirtd, which has secrets itself:
starts, devices that come and go, what clients are told where a secret is missing, of another usage or wrong; and that nobody but QEMU can have read it."""
import base64, os, shutil, signal, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from pair import *

WORD, WRONG = "geheim-%d" % os.getpid(), "wrong"
UUID = "a0000000-0000-4000-8000-00000000000%s"
SECRETS = {"1": ("volume", "volume", "/v1", "yes"), "2": ("ceph", "name", "c1", "no"), "3": ("volume", "volume", "/v3", "no"), "4": ("volume", "volume", "a name", "no")}
INDEX = [r" index='\d+'"]      # a device that did not come costs libvirtd a number
ENC = "<encryption format='luks'><secret type='passphrase' %s/></encryption>"

CIPHER = "<cipher name='serpent' size='128' mode='cbc' hash='sha1'/><ivgen name='essiv' hash='sha256'/></encryption>"      # not what the image has


def by(n):
    return "uuid='%s'" % (UUID % n)


def disk(fmt, ref, file=None, target="vda", inside=False):
    enc = ENC % ref
    return "<disk type='file' device='disk'><driver name='qemu' type='%s'/><source file='%s/%s'>%s</source><target dev='%s' bus='%s'/>%s</disk>" % (
        fmt, W, file or fmt + ".luks", enc if inside else "", target, "usb" if target[0] == "s" else "virtio", "" if inside else enc)


def guest(name, *disks):
    return "<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices>%s%s</devices></domain>" % (
        name, EMULATOR, "".join(disks))


def images(boxes):
    """Made once, for finding out how often a word is to be hashed takes its time; each begins with something to be read again."""
    at = boxes[0].dir + W
    secret = ["--object", "secret,id=s,data=" + WORD]
    for name, driver, options, key in (("raw.luks", "luks", "", "key-secret=s"), ("qcow2.luks", "qcow2", "encrypt.format=luks,encrypt.", "encrypt.key-secret=s")):
        subprocess.run(["qemu-img", "create", "-q", *secret, "-f", driver, "-o", "%siter-time=10,%s" % (options, key), at + "/" + name, "4M"], check=True)
        io(boxes[0], name, "write -P 65 0 4k")
        os.chmod(at + "/" + name, 0o666)
    shutil.copy(at + "/qcow2.luks", at + "/small.luks")
    os.chmod(at + "/small.luks", 0o666)
    for name in ("raw.luks", "qcow2.luks", "small.luks"):
        shutil.copy(at + "/" + name, boxes[1].dir + W)
        os.chmod(boxes[1].dir + W + "/" + name, 0o666)


def io(b, name, *commands):
    driver, key = ("luks", "key-secret") if name == "raw.luks" else ("qcow2", "encrypt.key-secret")
    return subprocess.run(["qemu-io", "--object", "secret,id=s,data=" + WORD, "--image-opts", "driver=%s,%s=s,file.filename=%s%s/%s" % (driver, key, b.dir, W, name),
                           *[x for c in commands for x in ("-c", c)]], check=True, capture_output=True, text=True).stdout


WRITE = """$V qemu-monitor-command %s --hmp 'qemu-io -d /machine/peripheral/virtio-disk%d/virtio-backend "write -P 66 4k 4k"'"""
OBJECTS = """$V qemu-monitor-command %s '{"execute":"qom-list","arguments":{"path":"/objects"}}' | grep -o 'masterKey0\|encryption-secret0' | sort"""


def holders(b, word, but=("qemu-system", "libvirtd")):
    """Who in the box has the word in its memory, or on its command line, but QEMUs and the daemon that keeps secrets; and which files of the daemon's have it."""
    found = []
    for pid, cmd in b.processes():
        name = os.path.basename(cmd.split(" ")[0])
        if name.startswith(but):
            found += [cmd] * (word.decode() in cmd)
            continue
        try:
            maps = [l.split() for l in open("/proc/%d/maps" % pid)]
            with open("/proc/%d/mem" % pid, "rb", 0) as mem:
                for m in maps:
                    lo, hi = (int(x, 16) for x in m[0].split("-"))
                    if "w" in m[1] and hi - lo < 64 << 20:
                        mem.seek(lo)
                        found += [name] * (word in mem.read(hi - lo))
        except OSError:
            pass            # it has ended, or that is not memory to be read
    for top in ("/run/libvirt", "/log", "/lib", "/var/log/libvirt"):
        for folder, _, files in os.walk(b.dir + top):
            for f in files:
                at = os.path.join(folder, f)
                if os.path.isfile(at) and "/sibling" not in at and os.path.getsize(at) < 8 << 20:
                    found += [at] * (word in open(at, "rb").read())
    return found


def main():
    with Pair("secrets") as p:
        for n, (usage, element, name, private) in SECRETS.items():
            p.file("s%s.xml" % n, "<secret ephemeral='yes' private='%s'><uuid>%s</uuid><usage type='%s'><%s>%s</%s></usage></secret>" % (private, UUID % n, usage, element, name, element))
        for name, text in {"none": guest("none", disk("raw", by(9))), "usage": guest("usage", disk("raw", "usage='/nowhere'")), "type": guest("type", disk("raw", by(2))),
                           "raw": guest("raw", disk("raw", by(1))), "cipher": guest("cipher", disk("raw", by(1)).replace("</encryption>", CIPHER)),
                           "inside": guest("inside", disk("raw", by(1), inside=True).replace("</encryption>", CIPHER)), "bad": guest("bad", disk("qcow2", by(3))), "two": guest("two", disk("qcow2", "usage='a name'", inside=True), disk("raw", by(4), target="vdb")),
                           "d-none": disk("qcow2", by(9), target="sdb"), "d-bad": disk("qcow2", by(3), target="sdb"), "d": disk("qcow2", by(4), "small.luks", "sdb", True)}.items():
            p.file(name + ".xml", text)
        images(p.boxes)
        ours = p.boxes[0]
        p.sh("rm W/word")
        ours.sibling("virtsecretd")
        for n in SECRETS:
            p.virsh("secret-define W/s%s.xml" % n)
        for n in ("none", "usage", "type", "raw"):
            p.virsh("create W/%s.xml" % n)
        for n, v in (("1", WORD), ("2", WORD), ("3", WRONG), ("4", WORD)):
            p.virsh("secret-set-value %s %s" % (UUID % n, base64.b64encode(v.encode()).decode()))
        p.virsh("secret-get-value " + UUID % 1)
        for n in ("type", "bad"):
            p.virsh("create W/%s.xml" % n, mask=[r"(qemu unexpectedly closed the|process exited while connecting to) monitor: \S+Z qemu-system-x86_64: -blockdev .*(?=: Invalid)"])
        for n in ("cipher", "inside"):
            p.virsh("create W/%s.xml" % n)
            p.sh("$V dumpxml %s | grep -A30 '<disk' && $V destroy %s" % (n, n), mask=INDEX)
        p.virsh("create W/two.xml")
        p.sh("$V dumpxml two | grep -A30 '<disk'", mask=INDEX)
        for n in 0, 1:
            p.sh(WRITE % ("two", n), status=0)
        p.virsh("destroy two")
        looked = "".join(io(ours, f, "read -P 65 0 4k", "read -P 66 4k 4k") for f in ("raw.luks", "qcow2.luks"))
        p.same("what its QEMU wrote is there", str(("Pattern" in looked, looked.count("read 4096/4096"))), "(False, 4)")
        p.virsh("create W/raw.xml")
        for n in ("d-none", "d-bad", "d"):
            p.virsh("attach-device raw W/%s.xml" % n)
        p.sh("$V dumpxml raw | grep -A30 '<disk'", mask=INDEX)
        p.sh(OBJECTS % "raw", status=0)
        p.virsh("detach-disk raw sdb")
        p.until((OBJECTS % "raw") + " | wc -l | grep -q 2")
        p.virsh("attach-device raw W/d.xml")
        p.sh(OBJECTS % "raw", status=0)
        p.same("nobody else has the word", str(holders(ours, WORD.encode())), "[]")
        p.same("nobody but they, that is", str({"libvirtd", "qemu-system-x86_64"} <= set(holders(ours, WORD.encode(), ("none",)))), "True")
        p.same("nor its other form", str(holders(ours, base64.b64encode(WORD.encode()))), "[]")
        # Ours live on, whoever ends: what comes later is encrypted with the same key.
        def dies(role):
            before = ours.role(role)
            box.kill(before)
            box.wait_for("another " + role, lambda: len(ours.role(role)) == len(before) and not set(ours.role(role)) & set(before))

        def restarts():
            ours.stop_daemon(signal.SIGKILL)
            ours.start()
        for end in (lambda: dies("qemu")), (lambda: dies("supervisor")), restarts:
            end()
            ours.wait(running=1)
            p.virsh("detach-disk raw sdb")
            p.until((OBJECTS % "raw") + " | wc -l | grep -q 2")
            p.virsh("attach-device raw W/d.xml")
        p.virsh("destroy raw")
        # What was saved is encrypted with another key than whoever goes on from it has.
        for line in ("define W/raw.xml", "start raw", "managedsave raw", "start raw"):
            p.virsh(line)
        p.virsh("destroy raw")
    return p.result()


sys.exit(main())
