#!/usr/bin/python3
"""A guest with a TPM emulator beside it: what it is shut in with, its state from run to run, and what becomes of both when one of them, or the daemon, ends."""
import os, shutil, signal, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

needed("swtpm", "swtpm_setup")
TPM = "<tpm model='tpm-tis'><backend type='emulator' version='2.0'%s/></tpm>"
UUID = "7b000000-0000-4000-8000-00000000000%d"


def helpers(box):
    return [p for p, c in box.processes() if c.startswith("/usr/bin/swtpm ")]


def state(box, i=1):
    """The files of a guest's state; None: it has none."""
    folder = box.dir + "/var/lib/libvirt/swtpm/" + UUID % i
    return sorted(d + "/" + f for d in os.listdir(folder) for f in os.listdir(folder + "/" + d)) if os.path.exists(folder) else None


def xml(name, i, tpm=TPM % "", **kw):
    return document(name, devices=tpm, **kw).replace("<memory ", "<uuid>%s</uuid><memory " % (UUID % i), 1)


def inside(box):
    """the guest has a TPM, extends a register of it, and finds its own state again at its next start; a save and restore go on with it"""
    dom, con = boot(box, xml("t1", 1))
    assert con.sh("cat /sys/class/tpm/tpm0/tpm_version_major").strip() == "2"
    zero = con.sh("cat /sys/class/tpm/tpm0/pcr-sha256/16").strip()
    # TPM2_PCR_Extend of register 16, and TPM2_NV_DefineSpace of a word of non-volatile memory
    extend = "80020000004100000182000000100000000940000009000000000000000001000b" + "11" * 32
    con.sh("printf '%s' >/tmp/c; exec 3<>/dev/tpm0; cat /tmp/c >&3; head -c 10 <&3 >/tmp/r; exec 3>&-" % "".join("\\x" + extend[i:i + 2] for i in range(0, len(extend), 2)))
    after = con.sh("cat /sys/class/tpm/tpm0/pcr-sha256/16").strip()
    assert set(zero) == {"0"} and len(zero) == 64 and after != zero, (zero, after)
    con.close()
    dom.managedSave()
    assert not helpers(box)
    dom.create()
    con = Console(box, "t1")
    con.send("\n")
    assert con.sh("cat /sys/class/tpm/tpm0/pcr-sha256/16").strip() == after
    con.close()
    assert state(box) == ["tpm2/.lock", "tpm2/tpm2-00.permall"], state(box)
    log = box.dir + "/var/log/swtpm/libvirt/qemu/t1-swtpm.log"
    assert "Successfully authored TPM state" in open(log).read()


def confined(box):
    """uid of its own, no capability, filters, namespaces of its own but for processes; it sees its state, and no other file of the host's; QEMU sees nothing of it"""
    box.connect().defineXML(xml("t2", 2)).create()
    pids, qemus = helpers(box), box.role("guest")
    assert len(pids) == 2 and len(qemus) == 2, (pids, qemus)
    uids = set()
    for pid in pids + qemus + box.role("qemu"):
        ids = set(status(pid)["Uid"].split())
        assert len(ids) == 1 and "0" not in ids, ids
        uids |= ids
    assert len(uids) == 6, uids
    for pid in pids:
        s = status(pid)
        assert s["Groups"].strip() == "" and set(s["Gid"].split()) == set(s["Uid"].split()), s
        for cap in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(s[cap], 16) == 0, cap
        assert s["NoNewPrivs"] == "1" and s["Seccomp"] == "2", s
        links = {ns: os.readlink("/proc/%d/ns/%s" % (pid, ns)) for ns in ("mnt", "net", "ipc", "uts", "pid")}
        others = pids + qemus + [box.daemon_pid(), os.getpid()]
        for ns in ("mnt", "net", "ipc", "uts"):
            assert links[ns] not in [os.readlink("/proc/%d/ns/%s" % (p, ns)) for p in others if p != pid], ns
        assert [links["pid"]] == [os.readlink("/proc/%d/ns/pid" % q) for q in qemus if os.readlink("/proc/%d/ns/pid" % q) == links["pid"]]
        root = "/proc/%d/root" % pid
        wait_for("a state that is written", lambda: sorted(os.listdir(root + "/state")) == [".lock", "tpm2-00.permall"])      # by another name at first
        assert not os.path.exists(root + "/home") and not os.path.exists(root + "/var/lib")
        assert not os.path.exists(root + "/etc/passwd") and not os.path.exists(root + "/var/lib/swtpm-localca")
        for line in open("/proc/%d/mountinfo" % pid):
            point, options = line.split()[4:6]
            assert "ro" in options.split(",") or point in ("/state", "/run", "/proc") or point.startswith("/dev/"), line
        open_files = {os.readlink("/proc/%d/fd/%s" % (pid, f)) for f in os.listdir("/proc/%d/fd" % pid)}
        assert not [f for f in open_files if f.startswith("/") and not f.startswith(("/null", "/dev/null", "/state/", "/var/log/swtpm/"))], open_files
        cgroup = [l for l in open("/proc/%d/cgroup" % pid) if l.startswith("0::") or ":memory:" in l or ":pids:" in l]
        assert cgroup and all("/machine/qemu-" in l for l in cgroup), cgroup
    for q in qemus:
        assert not os.path.exists("/proc/%d/root/state" % q)
    folder = box.dir + "/var/lib/libvirt/swtpm/" + UUID % 2 + "/tpm2"
    assert os.stat(folder).st_uid == 0 and os.stat(folder).st_mode & 0o7777 == 0o770
    box.connect().lookupByName("t2").destroy()
    wait_for("its TPM's end", lambda: len(helpers(box)) == 1)
    box.connect().lookupByName("t2").undefine()


def restarts(box):
    """neither a supervisor's nor a daemon's end touches it; whoever comes next ends both"""
    pid, con = helpers(box)[0], box.connect()
    os.kill(box.role("supervisor")[0], signal.SIGKILL)
    wait_for("the next supervisor", lambda: con.lookupByName("t1").isActive())
    os.kill(box.daemon_pid(), signal.SIGKILL)
    wait_for("the daemon's end", lambda: not box.role("supervisor"))
    assert helpers(box) == [pid]
    box.start()
    console = Console(box, "t1")
    console.send("\n")
    assert console.sh("cat /sys/class/tpm/tpm0/tpm_version_major").strip() == "2"
    console.close()


def dies(box):
    """its own end is told in the guest's log, and the guest goes on; at the guest's next start it is there again"""
    dom = box.connect().lookupByName("t1")
    os.kill(helpers(box)[0], signal.SIGKILL)
    log = box.dir + "/var/log/libvirt/qemu/t1.log"
    wait_for("its obituary", lambda: "helper swtpm ended: killed by signal 9" in open(log).read())
    console = Console(box, "t1")
    console.send("\n")
    assert "still here" in console.sh("echo still here")
    console.close()
    dom.destroy()
    assert_clean(box)
    dom.create()
    assert len(helpers(box)) == 1
    os.kill(box.role("guest")[0], signal.SIGKILL)
    wait_for("both ends", lambda: is_off(dom) and not helpers(box))
    assert_clean(box)


def goes(box):
    """the state goes with the definition, or with a guest that has none, unless somebody wants it to stay"""
    con = box.connect()
    keep, away = libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM, libvirt.VIR_DOMAIN_UNDEFINE_TPM
    con.lookupByName("t1").undefineFlags(keep)
    assert state(box)
    con.defineXML(xml("t1", 1)).undefine()
    assert state(box) is None
    stays = xml("t3", 3, TPM % " persistent_state='yes'")
    dom = con.defineXML(stays)
    dom.create()
    dom.undefine()
    assert state(box, 3)
    dom.destroy()
    wait_for("no guest", lambda: not helpers(box))
    assert state(box, 3)
    con.defineXML(stays).undefineFlags(away)
    assert state(box, 3) is None
    dom = con.createXML(xml("t4", 4, "<tpm model='tpm-crb'><backend type='emulator'><active_pcr_banks><sha1/><sha384/></active_pcr_banks></backend></tpm>"))
    assert state(box, 4)
    dom.destroy()
    wait_for("no state", lambda: state(box, 4) is None)
    dom = con.createXML(xml("t5", 5, "<tpm model='tpm-tis'><backend type='emulator'/></tpm>"))
    assert state(box, 5) == ["tpm1.2/.lock", "tpm1.2/tpm-00.permall"], state(box, 5)
    dom.destroy()
    wait_for("no state", lambda: state(box, 5) is None)


def fails_to_start(box):
    """a program that is not there, or that makes no state: nothing is left but words; one that is not root's is not started"""
    con = box.connect()
    dom = con.defineXML(xml("t6", 6))
    hide = lambda what, where: box.run("mount", "--bind", what, where)
    hide("/dev/null", "/usr/bin/swtpm")
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.create)
    assert "TPM version '2.0' is not supported" in str(e) and "Unable to find 'swtpm' binary" in box.log_text(), e
    box.run("umount", "/usr/bin/swtpm")
    hide("/bin/false", "/usr/bin/swtpm_setup")
    e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, dom.create)
    assert "Could not run '/usr/bin/swtpm_setup'. exitstatus: 1; Check error log '/var/log/swtpm/libvirt/qemu/t6-swtpm.log' for details." in str(e), e
    box.run("umount", "/usr/bin/swtpm_setup")
    stranger = box.dir + "/stranger"
    shutil.copy("/usr/bin/swtpm", stranger)
    os.chmod(stranger, 0o777)
    hide(stranger, "/usr/bin/swtpm")
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.create)
    assert "is not one of the host's own programs" in str(e), e
    box.run("umount", "/usr/bin/swtpm")
    secret = xml("t7", 7, TPM.replace("%s/>", "><encryption secret='6dd3e4a5-1d76-44ce-961f-f119f5aad935'/></backend>"))
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, con.createXML, secret)
    assert "encryption" in str(e), e
    assert_clean(box)
    assert not helpers(box)
    dom.create()
    dom.destroy()
    dom.undefine()
    assert_clean(box)
    assert not os.listdir(box.dir + "/var/lib/libvirt/swtpm")


def signs(box):
    """what makes states may write where the host signs for them, but not when it changes a state that an emulator has written"""
    ca = "/var/lib/swtpm-localca"
    if not os.path.isdir(ca) or os.stat(ca).st_uid == 0:
        print("# no folder for certificates")
        return
    dom = box.connect().defineXML(xml("t8", 8, "<tpm model='tpm-crb'><backend type='emulator' version='2.0'><active_pcr_banks><sha256/></active_pcr_banks></backend></tpm>"))
    dom.create()
    dom.destroy()
    open(box.dir + "/run/probe", "w").write("#!/bin/sh\necho \"as $(id -u), $(ls -d %s 2>&1)\"\n" % ca)
    os.chmod(box.dir + "/run/probe", 0o755)
    box.run("mount", "--bind", "/run/probe", "/usr/bin/swtpm_setup")
    dom.create()
    box.run("umount", "/usr/bin/swtpm_setup")
    said = [l for l in open(box.dir + "/var/log/swtpm/libvirt/qemu/t8-swtpm.log") if l.startswith("as ")]
    assert len(said) == 1 and "No such file" in said[0] and not said[0].startswith("as %d," % os.stat(ca).st_uid), said
    dom.destroy()
    dom.undefine()


main(inside, confined, restarts, dies, goes, signs, fails_to_start)
