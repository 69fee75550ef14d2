#!/usr/bin/python3
"""polkit says who may connect, and who may do what: the same answers as Debian's libvirtd gives, of a bus and a polkitd of each box's own."""
import os, signal, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from accesslib import calls, check, result
from box import Box, guest_xml, wait_for
from needs import needed, skip

POLKITD, ACTIONS = "/usr/lib/polkit-1/polkitd", "/usr/share/polkit-1/actions/org.libvirt.api.policy"
needed("dbus-daemon", "dbus-send", "libvirtd", "virtlogd", POLKITD)
if not os.path.exists(ACTIONS):
    skip(ACTIONS + " is not installed")
GAMES, NEWS, MAIL = 5, 9, 8        # users that every Debian has
RULES = """
polkit.addRule(function(action, subject) {
    if (action.id == "org.libvirt.unix.monitor")
        return subject.user == "mail" ? polkit.Result.NO : polkit.Result.YES;
    if (action.id == "org.libvirt.unix.manage")
        return subject.user == "games" ? polkit.Result.YES : subject.user == "news" ? polkit.Result.AUTH_ADMIN : polkit.Result.NO;
    if (action.id.indexOf("org.libvirt.api.") != 0 || subject.user == "root")
        return polkit.Result.YES;
    if (action.id.indexOf("org.libvirt.api.domain.") == 0 && (action.lookup("connect_driver") != "QEMU" || action.lookup("domain_name").indexOf("games-") != 0))
        return polkit.Result.NO;
    return action.id == "org.libvirt.api.domain.delete" || action.id == "org.libvirt.api.connect.write" ? polkit.Result.NO : polkit.Result.YES;
});
"""


def bus_start(b):
    b.say("exec dbus-daemon --system --nofork --nopidfile --address=unix:path=/run/dbus/system_bus_socket")
    wait_for("the bus", lambda: os.path.exists(b.dir + "/run/dbus/system_bus_socket"))
    b.say("exec " + POLKITD + " --no-debug")
    wait_for("polkitd", lambda: "org.freedesktop.PolicyKit1" in b.run("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.ListNames", check=False).stdout)


def processes(b, name):
    return [p for p, c in b.processes() if c.split(" ")[0] == name]


def prepare(b, access):
    word = "libvirtd" if b.peer else "virtqemud"
    with open(b.dir + "/etc/libvirt/%s.conf" % word, "w") as f:
        f.write('unix_sock_rw_perms = "0777"\nauth_unix_rw = "polkit"\nauth_unix_ro = "polkit"\n' + ('access_drivers = [ "polkit" ]\n' if access else ""))
    os.makedirs(b.dir + "/rules", exist_ok=True)
    os.makedirs(b.dir + "/run/dbus", exist_ok=True)
    open(b.dir + "/rules/10-test.rules", "w").write(RULES)
    b.say("mount --bind %s/rules /etc/polkit-1/rules.d && touch %s/mounted" % (b.dir, b.dir))
    wait_for("its rules", lambda: os.path.exists(b.dir + "/mounted"))


LINES = ["c.getType()", "c.listAllDomains()", "c.listDefinedDomains()", "c.numOfDefinedDomains()", "[x[0].name() for x in c.getAllDomainStats()]", "d('games-1').info()[0]", "d('root-1')",
         "d('games-1').XMLDesc(1) != ''", "d('games-1').setMaxMemory(65536)", "d('games-1').undefine()", "c.lookupByUUIDString('11111111-2222-3333-4444-555555555555')",
         "c.defineXML(open('/run/x/games-2').read()).name()", "c.defineXML(open('/run/x/root-2').read()).name()", "d('games-1').create()", "d('games-1').destroy()",
         "c.getInfo()[0]", "d('games-1').setAutostart(1)", "c.createXML(open('/run/x/root-3').read(), 2).name()", "c.domainXMLToNative('qemu-argv', open('/run/x/games-2').read(), 0) != ''"]


def answers(b):
    got = {}
    for user, lines in (GAMES, LINES), (NEWS, ["c.getType()"]), (MAIL, ["c.getType()"]), (0, ["c.listAllDomains()"]):
        for ro in False, True:
            if user == 0 and ro:
                continue
            for line, answer in calls(b, user, lines if not ro else lines[:6], ro=ro).items():
                got["%d%s: %s" % (user, " read-only" if ro else "", line)] = answer
            wait_for("what went with its client", lambda: "root-3" not in str(calls(b, 0, ["c.listAllDomains()"])))
    return got


def start(b, access):
    prepare(b, access)
    os.makedirs(b.dir + "/run/x", exist_ok=True)
    for name in "games-1", "games-2", "root-1", "root-2", "root-3":
        uuid = "<uuid>11111111-2222-3333-4444-555555555555</uuid>" if name == "root-1" else ""
        open(b.dir + "/run/x/" + name, "w").write(guest_xml(name).replace("</name>", "</name>" + uuid))
    bus_start(b)
    b.start(wait=False)     # who connects from outside of the box has no process id that its polkitd could look at
    wait_for("the daemon", lambda: calls(b, 0, ["c.getType()"]) == {"c.getType()": "QEMU"})
    calls(b, 0, ["c.defineXML(open('/run/x/%s').read())" % name for name in ("games-1", "root-1")])


def compare(access):
    got = []
    for peer in False, True:
        with Box("polkit", peer=peer, start=False) as b:
            start(b, access)
            got.append(answers(b))
            if not peer:
                trouble(b, access)
    for line in got[1]:
        check("%s%s" % ("access_drivers: " if access else "", line), got[0].get(line), got[1][line])


def trouble(b, access):
    """A bus that hangs, or is not there: nobody gets in, root's own connection goes on, and all is well once it is there again."""
    line = "c.getType()"
    for p in processes(b, POLKITD) + processes(b, "dbus-daemon"):
        os.kill(p, signal.SIGKILL)
    os.unlink(b.dir + "/run/dbus/system_bus_socket")
    check("without a bus", calls(b, GAMES, [line]), {"open": "error 1 of 47: internal error: Unable to get system bus connection: Could not connect: No such file or directory"})
    if not access:
        check("without a bus root needs none", calls(b, 0, [line]), {line: "QEMU"})
    for p in b.role("auth"):
        os.kill(p, signal.SIGKILL)
    bus_start(b)
    check("the bus is there again", calls(b, GAMES, [line]), {line: "QEMU"})


for access in False, True:
    compare(access)
sys.exit(result())
