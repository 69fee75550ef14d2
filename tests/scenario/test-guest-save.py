"""Managed save: a guest put away and started again where it was; what goes wrong on the way leaves it running."""
import os, re, signal, struct, sys, threading, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import is_running, kill
from guestlib import Console, Events, assert_clean, boot, document, fails, is_off, libvirt, main, wait_for

DISK = "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/var/lib/libvirt/images/s.qcow2'/><target dev='vda' bus='virtio'/></disk>"


def image(box, name):
    return os.path.join(box.dir, "var/lib/libvirt/qemu/save", name + ".save")


def begun(part):
    """There is something in it: conf, which made it, has said so."""
    return os.path.exists(part) and os.path.getsize(part) > 0


def there_and_back(box):
    """save, start again, twice"""
    os.makedirs(box.dir + "/var/lib/libvirt/images", exist_ok=True)
    box.run("qemu-img", "create", "-q", "-f", "qcow2", "/var/lib/libvirt/images/s.qcow2", "16M")
    dom, console = boot(box, document("s1", DISK))
    seen = Events(box)
    console.sh("echo remember > /tmp/me")
    for turn in range(2):
        console.close()
        box.virsh("managedsave", "s1")
        assert is_off(dom) and dom.hasManagedSaveImage()
        assert box.virsh("domstate", "--reason", "s1").stdout.strip() == "shut off (saved)"
        assert "s1" in box.virsh("list", "--all", "--with-managed-save", "--name").stdout
        with open(image(box, "s1"), "rb") as f:
            magic, version, data_len, running, compressed = struct.unpack("=16sIIII", f.read(32))
            assert (magic, version, running, compressed) == (b"LibvirtQemudSave", 2, 1, 0)
            f.seek(92)
            assert f.read(8) == b"<domain "
            f.seek(92 + data_len)
            assert f.read(4) == b"QEVM"
        fails(55, dom.undefine)
        box.virsh("start", "s1")
        assert box.virsh("domstate", "--reason", "s1").stdout.strip() == "running (restored)"
        assert not dom.hasManagedSaveImage() and not os.path.exists(image(box, "s1"))
        console = Console(box, "s1")
        assert console.sh("cat /tmp/me").strip() == "remember"
    seen.wait("s1", "lifecycle", 5, 4)      # stopped, saved
    seen.wait("s1", "lifecycle", 2, 2)      # started, restored
    # Paused when it was saved, paused when it is back; and asked to run all the same.
    dom.suspend()
    dom.managedSave()
    dom.create()
    assert dom.state()[0] == libvirt.VIR_DOMAIN_PAUSED
    dom.managedSave(libvirt.VIR_DOMAIN_SAVE_RUNNING)
    dom.create()
    assert dom.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    console.close()
    # Across a restart of the daemon.
    dom.managedSave()
    box.stop_daemon()
    box.start()
    dom = box.connect().lookupByName("s1")
    assert dom.hasManagedSaveImage()
    dom.create()
    console = Console(box, "s1")
    assert console.sh("cat /tmp/me").strip() == "remember"
    console.close()
    # Thrown away: the guest boots anew.
    dom.managedSave()
    box.virsh("managedsave-remove", "s1")
    assert not dom.hasManagedSaveImage() and not os.path.exists(image(box, "s1"))
    fails(55, dom.managedSave)
    dom.create()
    dom.managedSave()
    box.virsh("start", "s1", "--force-boot")
    assert not dom.hasManagedSaveImage()
    assert box.virsh("domstate", "--reason", "s1").stdout.strip() == "running (booted)"
    dom.destroy()
    assert_clean(box)


DEVICES = """
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/var/lib/libvirt/images/top.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/var/lib/libvirt/images/a.img'/><target dev='vdb' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
<interface type='ethernet'><mac address='52:54:00:11:22:33'/><model type='virtio'/></interface>
<channel type='unix'><target type='virtio' name='org.example.0'/></channel>
<channel type='unix'><source mode='bind'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<graphics type='vnc' autoport='yes' listen='127.0.0.1'/>
<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"""


def no_more_than_it_had(box):
    """a guest of all kinds of resources goes on; a file that its QEMU wrote something else into gives it nothing else"""
    images = box.dir + "/var/lib/libvirt/images/"
    for name in "a.img", "b.img":
        with open(images + name, "wb") as f:
            f.truncate(1 << 20)
    box.run("qemu-img", "create", "-q", "-f", "raw", "/var/lib/libvirt/images/base.img", "16M")
    box.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.img", "-F", "raw", "/var/lib/libvirt/images/top.qcow2")
    dom = box.connect().defineXML(document("s4", DEVICES))
    file = image(box, "s4")
    dom.create()
    for turn in range(2):
        dom.managedSave()
        assert os.path.exists(file + ".manifest")
        dom.create()
        assert not os.path.exists(file + ".manifest")
    dom.managedSave()
    with open(file, "rb") as f:
        true = f.read(1 << 20)
    for was, now in ((b"images/a.img", b"images/b.img"), (b"<driver name='qemu' type='raw'/>", b"<driver name='qemu' type='qed'/>"), (b"52:54:00:11:22:33", b"52:54:00:11:22:34"),
                     (b"type='ethernet'", b"type='user'    "), (b"/dev/urandom", b"/dev//random"), (b"'127.0.0.1'", b"'127.0.0.2'")):
        assert was in true, was
        with open(file, "r+b") as f:
            f.write(true.replace(was, now))
        fails(9, dom.create)
        assert not dom.isActive() and dom.hasManagedSaveImage() and not box.role("guest"), now
    with open(file, "r+b") as f:
        f.write(true)
    # What was kept beside it can be damaged, too; and an image that has nothing beside it is libvirt's.
    os.rename(file + ".manifest", file + ".kept")
    with open(file + ".manifest", "wb") as f:
        f.write(b"nothing that is one")
    fails(1, dom.create)
    os.unlink(file + ".manifest")
    os.mkdir(file + ".manifest")
    fails(1, dom.create)
    os.rmdir(file + ".manifest")
    os.symlink(file + ".kept", file + ".manifest")
    fails(38, dom.create)
    os.unlink(file + ".manifest")
    dom.create()
    assert box.virsh("domstate", "--reason", "s4").stdout.strip() == "running (restored)"
    os.unlink(file + ".kept")
    dom.destroy()
    dom.undefine()
    assert_clean(box)


def nor_what_it_stands_on(box):
    """a layer that becomes a disk of its own in the forged document does not let the image's header name what lies beside it"""
    images = box.dir + "/var/lib/libvirt/images/"
    for folder in "mine", "golden":
        os.makedirs(images + folder, exist_ok=True)
    for name in "golden/base.img", "golden/secret.img", "mine/ro.img":
        with open(images + name, "wb") as f:
            f.truncate(1 << 20)
    at = "/var/lib/libvirt/images/"
    box.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", at + "golden/base.img", "-F", "raw", at + "mine/top.qcow2")
    dom = box.connect().defineXML(document("s5", """
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%smine/top.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%smine/ro.img'/><target dev='vdb' bus='virtio'/><readonly/></disk>""" % (at, at)))
    dom.create()
    dom.managedSave()
    file = image(box, "s5")
    with open(file, "rb") as f:
        true = f.read(1 << 20)
    end = true.index(b"\0", 92)
    text = true[92:end].decode()
    forged = re.sub(r"<backingStore type=.*?</backingStore>", "", text, flags=re.S).replace("mine/ro.img", "golden/base.img").encode()
    assert len(forged) <= len(text)
    box.run("qemu-img", "rebase", "-u", "-b", at + "golden/secret.img", "-F", "raw", at + "mine/top.qcow2")
    with open(file, "r+b") as f:
        f.write(true[:92] + forged.ljust(len(text), b"\0") + true[end:])
    e = fails(9, dom.create)
    assert "secret.img" in str(e), e
    box.run("qemu-img", "rebase", "-u", "-b", at + "golden/base.img", "-F", "raw", at + "mine/top.qcow2")
    with open(file, "r+b") as f:
        f.write(true)
    dom.create()
    dom.destroy()
    dom.undefine()


def its_own_socket(box):
    """what had the id of another guest's present run when it was saved takes nothing of that one's"""
    screen = "<graphics type='vnc'><listen type='socket'/></graphics>"
    names = ["customer-alpha-server-%d" % i for i in (1, 2)]
    one, two = (box.connect().defineXML(document(n, screen)) for n in names)

    def socket_of(dom):
        return box.dir + re.search(r"socket='([^']*)'", dom.XMLDesc()).group(1)

    one.create()
    one.managedSave()
    before = one.ID()
    box.stop_daemon()
    box.start()
    one, two = (box.connect().lookupByName(n) for n in names)
    two.create()
    theirs = socket_of(two)
    inode = os.stat(theirs).st_ino
    one.create()
    assert socket_of(one) != theirs and os.stat(theirs).st_ino == inode
    one.destroy()
    wait_for("its end", lambda: not one.isActive())
    assert os.stat(theirs).st_ino == inode and two.isActive()
    two.destroy()
    # Of two documents that name the same one, the second guest does not get it, and leaves it alone.
    named = "<graphics type='vnc'><listen type='socket' socket='/var/lib/libvirt/images/screen.sock'/></graphics>"
    third, fourth = (box.connect().defineXML(document(n, named)) for n in ("s6", "s7"))
    third.create()
    inode = os.stat(socket_of(third)).st_ino
    e = fails(38, fourth.create)
    assert "Unable to bind to UNIX socket path" in str(e) and os.stat(socket_of(third)).st_ino == inode, e
    third.destroy()
    wait_for("that one's end", lambda: not os.path.exists(box.dir + "/var/lib/libvirt/images/screen.sock"))
    wait_for("the socket's end", lambda: not os.path.exists(theirs))
    for dom in one, two, third, fourth:
        dom.undefine()
    assert_clean(box)


def trouble(box):
    """a damaged file, a transient guest, a worker that dies over it"""
    dom, console = boot(box, document("s2"))
    save = os.path.dirname(image(box, "s2"))
    console.close()
    t = dom.connect().createXML(document("s3").replace("<memory unit='MiB'>160", "<memory unit='MiB'>64"), 0)
    fails(55, t.managedSave)
    t.destroy()
    dom.managedSave()
    with open(image(box, "s2"), "r+b") as f:
        f.write(b"NoSuchThing")
    fails(9, dom.create)
    assert dom.hasManagedSaveImage(), "a file that cannot be read is kept"
    with open(image(box, "s2"), "r+b") as f:
        f.write(b"LibvirtQemudSave")
        f.seek(20)
        f.write(struct.pack("=I", 0xffffffff))
    fails(9, dom.create)
    dom.managedSaveRemove()
    dom.create()
    # The worker dies while it saves: either the guest is saved, or it runs on and nothing is left of the file.
    for k in range(4):
        thread = save_quietly(box)
        time.sleep(0.05 + k * 0.1)
        kill(box.role("qemu"))
        either_or(box, dom, thread)
    assert not [f for f in os.listdir(save) if f.endswith(".part")], os.listdir(save)
    dom.destroy()
    assert_clean(box)


def save_begun(box, dom):
    """A save that has its file, or was done before anybody could see it; again as long as the one before is not quite over"""
    part = image(box, dom.name()) + ".part"
    while True:
        thread = save_quietly(box)
        wait_for("the file, or the end", lambda: begun(part) or not thread.is_alive(), 30)
        if os.path.exists(part) or not dom.isActive():
            return thread


def either_or(box, dom, thread):
    """After a save that was disturbed"""
    thread.join(60)
    if dom.isActive():
        wait_for("running again", lambda: dom.state()[0] == libvirt.VIR_DOMAIN_RUNNING)
        wait_for("no image beside a guest that runs", lambda: not os.path.exists(image(box, dom.name())))
        assert not dom.hasManagedSaveImage()
    else:
        assert dom.hasManagedSaveImage()
        dom.create()
    Console(box, dom.name()).close()


def at_the_end(box):
    """who dies between the last byte of the state and the guest's end: the guest never runs beside its image"""
    dom, console = boot(box, document("s2")) if "s2" not in [d.name() for d in box.connect().listAllDomains()] else (box.connect().lookupByName("s2"), None)
    if console:
        console.close()
    elif not dom.isActive():
        dom.create()
    part = image(box, "s2") + ".part"
    for victims, then in (("qemu", signal.SIGCONT), ("qemu", signal.SIGKILL), ("supervisor", signal.SIGCONT), ("qemu supervisor", signal.SIGCONT)):
        conf = wait_for("conf", lambda: box.role("conf"))[0]
        thread = save_begun(box, dom)
        os.kill(conf, signal.SIGSTOP)           # it cannot give the file its name
        if dom.isActive() and os.path.exists(part):
            wait_for("the whole state", lambda: open(part, "rb").read(16) == b"LibvirtQemudSave" or not os.path.exists(part), 60)
            before = box.role("qemu")
            for role in victims.split():
                kill(box.role(role))
            if victims == "qemu":
                wait_for("a new worker", lambda: box.role("qemu") and box.role("qemu") != before, 30)
                time.sleep(1)                   # time to go wrong
                assert dom.state()[0] == libvirt.VIR_DOMAIN_PAUSED, "the guest runs while its image is being kept"
        os.kill(conf, then)
        either_or(box, dom, thread)
    dom.destroy()
    assert_clean(box)


def meanwhile(box):
    """a suspend waits for the end of a save, and is not undone by it; nor does it wait for ever"""
    dom = box.connect().lookupByName("s2")
    dom.create()
    part = image(box, "s2") + ".part"
    # (the save fails, how long the suspend has, what it gets)
    for lost, limit, code in ((True, 0.5, 0), (True, 60, libvirt.VIR_ERR_OPERATION_TIMEOUT), (False, 0.5, libvirt.VIR_ERR_OPERATION_INVALID)):
        conf, said = wait_for("conf", lambda: box.role("conf"))[0], []
        saving = save_begun(box, dom)
        os.kill(conf, signal.SIGSTOP)
        wait_for("the whole state", lambda: open(part, "rb").read(16) == b"LibvirtQemudSave", 60)

        def suspend():
            try:
                said.append(box.connect().lookupByName("s2").suspend())
            except libvirt.libvirtError as e:
                said.append(e.get_error_code())
        thread = threading.Thread(target=suspend)
        thread.start()
        thread.join(limit)                          # time to go wrong
        assert said == ([code] if limit > 1 else []), said
        if lost:
            os.unlink(part)
        os.kill(conf, signal.SIGKILL if lost else signal.SIGCONT)
        thread.join(60)
        saving.join(60)
        assert said == [code], said
        if not lost:
            assert dom.hasManagedSaveImage() and not dom.isActive()
        elif code:
            wait_for("running again", lambda: dom.state()[0] == libvirt.VIR_DOMAIN_RUNNING)
        else:
            assert dom.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER], dom.state()
            dom.resume()
    dom.managedSaveRemove()
    assert_clean(box)


def paused(box):
    """a save of a paused guest that comes to nothing is not why it stops the next time"""
    dom = box.connect().lookupByName("s2")
    dom.create()
    dom.suspend()
    part = image(box, "s2") + ".part"
    conf = wait_for("conf", lambda: box.role("conf"))[0]
    saving = save_quietly(box)
    wait_for("the file", lambda: begun(part), 30)
    os.kill(conf, signal.SIGSTOP)
    wait_for("the whole state", lambda: open(part, "rb").read(16) == b"LibvirtQemudSave", 60)
    os.unlink(part)
    kill([conf])
    saving.join(60)
    assert dom.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER], dom.state()
    wait_for("it goes on", lambda: dom.resume() == 0)
    box.virsh("qemu-monitor-command", "s2", '{"execute":"stop"}')
    wait_for("it is stopped", lambda: dom.state()[0] == libvirt.VIR_DOMAIN_PAUSED)
    assert dom.state()[1] == libvirt.VIR_DOMAIN_PAUSED_UNKNOWN, dom.state()
    dom.destroy()


def the_very_end(box):
    """a daemon that is killed as its guest ends for a save, and a supervisor as a guest that was paused does: the state is kept"""
    file, status = image(box, "s2"), os.path.join(box.dir, "run/libvirt/qemu/s2.xml")
    dom = box.connect().lookupByName("s2")
    keeper = box.daemon_pid()

    def held():
        """The worker, stopped between the name of the image and its own end: that takes a moment then"""
        dom.create()
        worker, thread = box.role("qemu")[0], save_quietly(box)
        while not os.path.exists(file) and thread.is_alive():
            pass
        kill([worker], signal.SIGSTOP)
        if is_running(worker):
            return worker, thread
        thread.join(60)                         # it was faster
        return None

    worker, thread = wait_for("a save that is caught at its end", held)
    wait_for("QEMU's end", lambda: not box.role("guest"))
    assert os.path.exists(status)
    kill([keeper])
    os.kill(worker, signal.SIGCONT)
    thread.join(60)
    wait_for("the daemon's end", lambda: not box.role("supervisor"))
    box.start()
    dom = box.connect().lookupByName("s2")
    wait_for("nothing of the run", lambda: not os.path.exists(status))
    assert not dom.isActive() and dom.hasManagedSaveImage() and os.path.exists(file)
    for turn in range(3):
        dom.create()
        dom.suspend()
        supervisor, keeper = box.role("supervisor")[0], box.daemon_pid()
        thread = save_quietly(box)
        wait_for("the name", lambda: os.path.exists(file) or not thread.is_alive())
        os.kill(keeper, signal.SIGSTOP)         # it has not ended QEMU yet, if we are lucky
        kill([supervisor])
        os.kill(keeper, signal.SIGCONT)
        thread.join(60)
        dom = wait_for("the guest", lambda: box.connect().lookupByName("s2"))
        wait_for("either", lambda: dom.isActive() != dom.hasManagedSaveImage())
        assert dom.hasManagedSaveImage() == os.path.exists(file)
        if dom.isActive():
            assert dom.state()[0] == libvirt.VIR_DOMAIN_PAUSED
            dom.destroy()
    if dom.hasManagedSaveImage():
        dom.managedSaveRemove()
    assert_clean(box)


def the_next_one(box):
    """a save that fails while its guest is destroyed takes away no later one's state"""
    file, said = image(box, "s2"), {}
    dom = box.connect().lookupByName("s2")
    dom.create()

    def call(what):
        def run():
            try:
                said[what] = getattr(box.connect().lookupByName("s2"), what)()
            except libvirt.libvirtError as e:
                said[what] = str(e)
        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(0.3)                         # they are to wait in this order
        return thread
    conf = wait_for("conf", lambda: box.role("conf"))[0]
    first = save_quietly(box)
    wait_for("the file", lambda: begun(file + ".part"), 30)
    os.kill(conf, signal.SIGSTOP)
    wait_for("the whole state", lambda: open(file + ".part", "rb").read(16) == b"LibvirtQemudSave", 60)
    os.unlink(file + ".part")
    waiting = [call(what) for what in ("destroy", "create", "managedSave")]
    os.kill(conf, signal.SIGCONT)
    for thread in [first] + waiting:
        thread.join(60)
    assert said == {"destroy": 0, "create": 0, "managedSave": 0}, said
    time.sleep(0.5)                             # time to go wrong
    assert not dom.isActive() and dom.hasManagedSaveImage() and os.path.exists(file), "the state is lost"
    dom.create()
    dom.destroy()
    assert_clean(box)


def save_quietly(box):
    """A thread that saves the guest, or does not"""
    def save():
        con = box.connect()
        try:
            con.lookupByName("s2").managedSave()
        except libvirt.libvirtError as e:
            print("    (a save that failed: %s)" % e, flush=True)
        con.close()
    thread = threading.Thread(target=save)
    thread.start()
    return thread


main(there_and_back, no_more_than_it_had, nor_what_it_stands_on, its_own_socket, trouble, at_the_end, meanwhile, paused, the_very_end, the_next_one)
