#!/usr/bin/python3
"""Saved states and dumps in files of a client's choice: a guest goes on where it was; who dies on the way leaves no half of a file that passes for a whole one."""
import os, signal, stat, struct, subprocess, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import guest_xml, kill
from guestlib import Console, Events, assert_clean, boot, document, fails, is_off, libvirt, main, wait_for

DIR = "/var/lib/libvirt/images/"
DISK = "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%sf.qcow2'/><target dev='vda' bus='virtio'/></disk>" % DIR
WHOLE, PART = b"LibvirtQemudSave", b"LibvirtQemudPart"


def magic(path):
    try:
        with open(path, "rb") as f:
            return f.read(16)
    except FileNotFoundError:
        return None


def there_and_back(box):
    """a guest with a definition: saved, looked at, changed in the file, restored"""
    os.makedirs(box.dir + DIR, exist_ok=True)
    box.run("qemu-img", "create", "-q", "-f", "qcow2", DIR + "f.qcow2", "16M")
    dom, console = boot(box, document("f1", DISK + "<graphics type='vnc' passwd='s3cret' listen='127.0.0.1'/>"))
    seen = Events(box)
    file = box.dir + DIR + "f1.state"
    console.sh("echo remember > /tmp/me; dd if=/dev/zero of=/dev/vda bs=4096 count=64 conv=fsync 2>/dev/null")
    console.close()
    box.virsh("save", "f1", DIR + "f1.state")
    assert is_off(dom) and not dom.hasManagedSaveImage()
    assert box.virsh("domstate", "--reason", "f1").stdout.strip() == "shut off (saved)"
    st = os.stat(file)
    assert (st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)) == (0, 0, 0o600), st
    with open(file, "rb") as f:
        word, version, data_len, running, compressed = struct.unpack("=16sIIII", f.read(32))
        assert (word, version, running, compressed) == (WHOLE, 2, 1, 0)
        f.seek(92 + data_len)
        assert f.read(4) == b"QEVM"
    xml = box.virsh("save-image-dumpxml", DIR + "f1.state").stdout
    assert "<name>f1</name>" in xml and "s3cret" not in xml
    assert "s3cret" in box.virsh("save-image-dumpxml", DIR + "f1.state", "--security-info").stdout
    con = dom.connect()
    # The same machine with another title; what would be another machine is refused, and the file stays as it is.
    before = open(file, "rb").read()
    secret = con.saveImageGetXMLDesc(DIR + "f1.state", libvirt.VIR_DOMAIN_SAVE_IMAGE_XML_SECURE)
    for was, now in (("<name>f1<", "<name>f9<"), (">163840<", ">163841<"), ("bus='virtio'", "bus='scsi'"), ("bus='0x00' slot='0x03'", "bus='0x00' slot='0x13'")):
        assert was in secret, was
        fails(67, con.saveImageDefineXML, DIR + "f1.state", secret.replace(was, now, 1), 0)
    fails(9, con.saveImageDefineXML, DIR + "f1.state", secret.replace("</name>", "</name><description>%s</description>" % ("x" * (1 << 20))), 0)
    assert open(file, "rb").read() == before
    con.saveImageDefineXML(DIR + "f1.state", secret.replace("</name>", "</name><title>changed</title>"), libvirt.VIR_DOMAIN_SAVE_PAUSED)
    assert "<title>changed</title>" in con.saveImageGetXMLDesc(DIR + "f1.state", 0) and os.path.getsize(file) == len(before)
    con.restore(DIR + "f1.state")
    assert dom.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_MIGRATION] and "<title>changed</title>" in dom.XMLDesc()
    assert "changed" not in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    dom.resume()
    console = Console(box, "f1")
    assert console.sh("cat /tmp/me").strip() == "remember"
    console.close()
    seen.wait("f1", "lifecycle", 5, 4)      # stopped, saved
    seen.wait("f1", "lifecycle", 2, 2)      # started, restored
    fails(55, con.restore, DIR + "f1.state")
    assert magic(file) == WHOLE             # a client's file is not ours to remove
    dom.destroy()
    # By parameters, and with a document of the client's from the first.
    dom.create()
    dom.saveParams({libvirt.VIR_DOMAIN_SAVE_PARAM_FILE: DIR + "p.state", libvirt.VIR_DOMAIN_SAVE_PARAM_DXML: dom.XMLDesc(9).replace("</name>", "</name><title>params</title>")})
    con.restoreParams({libvirt.VIR_DOMAIN_SAVE_PARAM_FILE: DIR + "p.state"}, libvirt.VIR_DOMAIN_SAVE_PAUSED)
    assert dom.state()[0] == libvirt.VIR_DOMAIN_PAUSED and "<title>params</title>" in dom.XMLDesc()
    dom.destroy()
    assert_clean(box)


def transient(box):
    """one without goes, and comes back; across a restart of the daemon, and as another file's guest"""
    con = box.connect()
    dom, console = None, None
    con.createXML(document("f2"), libvirt.VIR_DOMAIN_START_PAUSED)
    dom = con.lookupByName("f2")
    console = Console(box, "f2")
    dom.resume()
    console.expect("GUEST-READY")
    console.expect("# ")
    console.sh("echo remember > /tmp/me")
    console.close()
    dom.save(DIR + "//./f2.state")
    fails(42, con.lookupByName, "f2")
    assert_clean(box)
    box.stop_daemon()
    box.start()
    con = box.connect()
    con.restore(DIR + "f2.state")
    dom = con.lookupByName("f2")
    assert not dom.isPersistent() and dom.state() == [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_RESTORED]
    console = Console(box, "f2")
    assert console.sh("cat /tmp/me").strip() == "remember"
    console.close()
    # A file that asks for what no document may have gets it no more than that.
    data = open(box.dir + DIR + "f2.state", "rb").read()
    kernel = data[92:].split(b"<kernel>")[1].split(b"<")[0]
    forged = data.replace(kernel, b"/proc/kcore".ljust(len(kernel), b"x"), 1)
    open(box.dir + DIR + "forged", "wb").write(forged)
    dom.destroy()
    fails(67, con.restore, DIR + "forged")
    assert not [d for d in con.listAllDomains() if d.name() == "f2"]
    assert_clean(box)


def fails_in_turn(code, call, path):
    """As fails(), of a guest that an earlier call, which has been answered, may be about to let go on: until then it is refused for that."""
    def busy():
        try:
            fails(code, call, path)
        except AssertionError as e:
            assert str(e).startswith("error %d," % libvirt.VIR_ERR_OPERATION_INVALID), e
            return True
    wait_for("the turn of %r" % call, lambda: not busy())


def bad_files(box):
    """what is none, is not whole, or cannot be had; the guest that could not be saved runs on"""
    con, at = box.connect(), box.dir + DIR
    con.restoreFlags(DIR + "f1.state", None, libvirt.VIR_DOMAIN_SAVE_RUNNING)
    dom = con.lookupByName("f1")
    os.mkfifo(at + "fifo")
    os.symlink("nowhere", at + "dangling")
    os.symlink("f1.state", at + "link")
    os.mkdir(at + "folder")
    open(at + "two", "w").close()
    os.link(at + "two", at + "names")
    os.makedirs(at + "full")
    for path, code in (("fifo", 9), ("dangling", 38), ("link", 38), ("folder", 38), ("two", 38), ("nowhere/x", 38)):
        fails(code, dom.save, DIR + path)
        fails(code, dom.coreDump, DIR + path)
    for path in "/proc/sysrq-trigger", "/dev/null", "/etc/libvirt/qemu/f1.xml", "/var/lib/libvirt/qemu/save/f1.save":
        fails(9 if "null" in path else 67, dom.save, path)
    assert dom.isActive() and not os.path.exists(at + "nowhere") and os.path.getsize(at + "two") == 0 and magic(at + "f1.state") == WHOLE
    # No room: what was begun is removed; a file that was there before is not, and is none.
    box.run("mount", "-t", "tmpfs", "-o", "size=3m", "none", DIR + "full")
    inside = "/proc/%d/root" % box.daemon_pid() + DIR + "full/"
    open(inside + "had", "w").close()
    for name in "new", "had":
        for call in (lambda p: dom.save(p), lambda p: dom.coreDump(p), lambda p: dom.coreDump(p, libvirt.VIR_DUMP_MEMORY_ONLY)):
            fails_in_turn(9, call, DIR + "full/" + name)
            wait_for("it runs on", lambda: dom.state()[0] == libvirt.VIR_DOMAIN_RUNNING)
            wait_for("no new file", lambda: os.listdir(inside) == ["had"])
    assert os.listdir(inside) == ["had"] and magic(inside + "had") != WHOLE
    fails(9, con.restore, DIR + "full/had")
    dom.destroy()
    # Not one of these is opened for more than a look at its first bytes.
    def image(text=b"<domain/>", word=WHOLE, version=2, length=None, compressed=0, cookie=0):
        return struct.pack("=16sIIIII56x", word, version, len(text) + 1 if length is None else length, 1, compressed, cookie) + text + b"\0QEVM"
    for name, data, code in (("short", b"LibvirtQ", 9), ("wrong", image(word=b"x" * 16), 9), ("part", image(word=PART), 9), ("huge", image(length=0xffffffff), 9), ("past", image(length=1 << 20), 9),
                             ("zero", image(length=0), 9), ("new", image(version=3), 9), ("cookie", image(cookie=0xffffff00), 9), ("text", image(b"no document"), 35),
                             ("none", b"", 9), ("nodomain", image(b"<network/>"), 27)):
        with open(at + name, "wb") as f:
            f.write(data)
        e = fails(code, con.restore, DIR + name)
        fails(e.get_error_code(), con.saveImageGetXMLDesc, DIR + name, 0)
    for path, code in (("fifo", 9), ("dangling", 38), ("folder", 9), ("nosuch", 38)):
        fails(code, con.restore, DIR + path)
    fails(9, con.restore, "/etc/passwd")
    fails(9, con.saveImageDefineXML, "/etc/passwd", dom.XMLDesc(2), 0)
    fails(67, con.restore, "/var/lib/libvirt/qemu/save/f1.save")
    # The state is cut off: QEMU says so, and nothing is left.
    data = open(at + "f1.state", "rb").read()
    with open(at + "cut", "wb") as f:
        begin = 92 + struct.unpack("=I", data[20:24])[0]
        f.write(data[:begin + (len(data) - begin) // 2])
    e = fails(1, con.restore, DIR + "cut")
    assert "closed the monitor" in str(e), e
    assert is_off(dom)
    assert_clean(box)


def dumps(box):
    """for a debugger, and whole; the guest goes on, or ends, or begins anew"""
    con, at = box.connect(), box.dir + DIR
    con.restoreFlags(DIR + "f1.state", None, libvirt.VIR_DOMAIN_SAVE_RUNNING)
    dom, console = con.lookupByName("f1"), Console(box, "f1")
    box.virsh("dump", "f1", DIR + "elf", "--memory-only")
    kinds = subprocess.run(["file", "-b", at + "elf"], stdout=subprocess.PIPE, text=True).stdout if os.path.exists("/usr/bin/file") else "ELF 64-bit"
    with open(at + "elf", "rb") as f:
        head = f.read(64)
    ident, kind, machine, _, _, phoff, _, _, _, phsize, phnum = struct.unpack("=16sHHIQQQIHHH", head[:58])
    assert ident[:5] == b"\x7fELF\x02" and kind == 4 and machine == 62 and "ELF" in kinds, head      # a core of x86-64
    with open(at + "elf", "rb") as f:
        f.seek(phoff)
        loads = [struct.unpack("=IIQQQQQQ", f.read(phsize)) for _ in range(phnum)]
    assert sum(p[5] for p in loads if p[0] == 1) >= 160 << 20 and max(p[2] + p[5] for p in loads) <= os.path.getsize(at + "elf")
    st = os.stat(at + "elf")
    assert (st.st_uid, stat.S_IMODE(st.st_mode)) == (0, 0o600)
    dom.coreDumpWithFormat(DIR + "kdump", libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB, libvirt.VIR_DUMP_MEMORY_ONLY)
    assert magic(at + "kdump")[:8] == b"makedump" and 0 < os.path.getsize(at + "kdump") < os.path.getsize(at + "elf")
    fails(8, dom.coreDumpWithFormat, DIR + "x", libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_LZO, libvirt.VIR_DUMP_MEMORY_ONLY)
    for name, form, flags in (("x", libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB, 0), ("kdump", libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB, 0), ("kdump", 5, libvirt.VIR_DUMP_MEMORY_ONLY)):
        fails(8, dom.coreDumpWithFormat, DIR + name, form, flags)
    assert magic(at + "kdump")[:8] == b"makedump"       # what is refused empties no file
    fails(8, dom.coreDump, DIR + "x", 64)
    assert not os.path.exists(at + "x")
    for flags in 0, libvirt.VIR_DUMP_LIVE, libvirt.VIR_DUMP_BYPASS_CACHE:
        dom.coreDump(DIR + "raw", flags)
        assert magic(at + "raw")[:4] == b"QEVM" and dom.state() == [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_UNPAUSED], dom.state()
        assert console.sh("cat /tmp/me").strip() == "remember"
    dom.suspend()
    dom.coreDump(DIR + "raw", 0)
    assert dom.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER]
    dom.resume()
    assert console.sh("cat /tmp/me").strip() == "remember"
    dom.coreDump(DIR + "raw", libvirt.VIR_DUMP_RESET)
    console.expect("GUEST-READY")
    console.close()
    dom.coreDump(DIR + "crashed", libvirt.VIR_DUMP_CRASH)
    assert dom.state() == [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_CRASHED] and magic(at + "crashed")[:4] == b"QEVM"
    assert_clean(box)


def deaths(box):
    """who dies while a state or a dump is written: the guest runs on with no whole image beside it, or it is off and the image is whole"""
    file = box.dir + DIR + "d.state"
    dom = box.connect().lookupByName("f1")

    told = []       # of the last call: None: it is done, or why not

    def quietly(what, name="f1"):
        def call():
            try:
                d = box.connect().lookupByName(name)
                d.save(DIR + "d.state") if what == "save" else d.coreDump(DIR + "d.state", libvirt.VIR_DUMP_MEMORY_ONLY if what == "memory" else 0)
                told.append(None)
            except libvirt.libvirtError as e:
                told.append(e)
        told.clear()
        t = threading.Thread(target=call, daemon=True)
        t.start()
        return t

    for what in "save", "dump", "memory":
        for role in "qemu", "supervisor", "qemu supervisor", "hand-open", "xmlc":
            if not dom.isActive():
                dom.create()
            if os.path.exists(file):
                os.unlink(file)
            t = quietly(what)
            wait_for("the file is begun", lambda: not t.is_alive() or (os.path.exists(file) and os.path.getsize(file) > 0), 30)
            kill(sum((box.role(r) for r in role.split()), []))
            t.join(90)
            assert not t.is_alive(), (what, role)
            dom = wait_for("the daemon", lambda: box.connect().lookupByName("f1"))
            if dom.isActive():
                wait_for("it runs again", lambda: dom.state()[0] == libvirt.VIR_DOMAIN_RUNNING or is_off(dom), 60)
            if what == "save":
                assert (magic(file) == WHOLE) == is_off(dom), (role, magic(file), dom.state())
            else:
                assert dom.isActive(), (what, role, dom.state(), told)
    dom.isActive() and dom.destroy()
    if magic(file) == WHOLE:
        os.unlink(file)
    # One without a definition, of which nobody can be asked afterwards, and nobody is told that it is done.
    for what in "save", "dump":
        os.path.exists(file) and os.unlink(file)
        con = wait_for("the daemon", box.connect)
        con.createXML(guest_xml("f3"))
        qemu = box.role("guest")
        for pid in qemu:
            os.kill(pid, signal.SIGSTOP)        # it writes nothing
        t = quietly(what, "f3")
        wait_for("the file is made", lambda: not t.is_alive() or os.path.exists(file), 30)
        for pid in box.role("supervisor") + qemu:
            os.kill(pid, signal.SIGKILL)
        t.join(90)
        con = wait_for("the daemon", box.connect)
        wait_for("its end", lambda: not con.listAllDomains(1))
        assert told and told[0] and magic(file) != WHOLE, (what, magic(file), told)
    dom = con.lookupByName("f1")
    # Saved after all that.
    dom.create()
    dom.save(DIR + "d.state")
    dom.connect().restore(DIR + "d.state")
    dom.destroy()
    assert_clean(box)


def half_way(box):
    """whose supervisor dies during a start hears that it is done only when it is: the guest runs, and stays"""
    box.stop_daemon()       # the next one forgets how often its supervisor has died
    box.start()
    xml = guest_xml("d2").replace("</name>", "</name><uuid>d2d2d2d2-0000-4000-8000-000000000002</uuid>")
    for what, name in (("restore", "f1"), ("create", "d2")):
        for role in "qemu", "guest":
            said = []

            def call():
                con = box.connect()
                try:
                    con.restore(DIR + "d.state") if what == "restore" else con.createXML(xml)
                    said.append(True)
                except libvirt.libvirtError as e:
                    said.append(e)
            t = threading.Thread(target=call, daemon=True)
            t.start()
            wait_for("a start that is under way", lambda: not t.is_alive() or box.role(role), 30)
            kill(box.role("supervisor"))
            t.join(90)
            assert said, (what, role)
            wait_for("what was half made is undone", lambda: len(box.connect().listAllDomains(1)) == len(box.role("guest")))
            ids = [d.name() for d in box.connect().listAllDomains(1)]
            assert (ids == [name]) == (said == [True]), (what, role, said, ids)
            if ids:
                box.connect().lookupByName(name).destroy()
    box.connect().lookupByName("f1").undefine()
    assert_clean(box)


main(there_and_back, transient, bad_files, dumps, deaths, half_way)
