#!/usr/bin/python3
"""Who may do what, by bulkhead-access.conf."""
import os, signal, subprocess, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from accesslib import argv, calls, check, result
from box import Box, guest_xml, wait_for
from pair import told

ALICE, BOB, CAROL, OPS = 4001, 4002, 4003, 5001
DENIED = "error 88 of 55: access denied: 'QEMU' denied access"
RULES = f"""# who may do what
allow user 0 *
allow user {ALICE} connect.getattr,connect.search-domains,connect.read
deny user {ALICE} domain.delete,domain.write secret-*
allow user {ALICE} domain.* alice-*
allow group {OPS} connect.*
allow group {OPS} domain.read,domain.getattr,domain.start,domain.stop,domain.suspend
allow all connect.getattr
allow user {CAROL} connect.search-domains
allow user {CAROL} domain.getattr,domain.read 11111111-2222-3333-4444-555555555555
"""


def rules(b, text):
    path = b.dir + "/etc/libvirt/bulkhead-access.conf"
    if text is None:
        os.unlink(path)
    else:
        open(path, "w").write(text)


def reload(b, wait=True):
    before = b.role("supervisor")
    os.kill(b.daemon_pid(), signal.SIGHUP)
    wait_for("a new supervisor", lambda: b.role("supervisor") and b.role("supervisor") != before and not set(b.role("supervisor")) & set(before))
    if wait:
        b.wait()


def lists(b):
    check("root sees all", calls(b, 0, ["c.listAllDomains()"]), {"c.listAllDomains()": "['alice-1', 'bob-1', 'secret-1']"})
    check("alice sees hers", calls(b, ALICE, ["c.listAllDomains()", "c.listDefinedDomains()", "c.numOfDefinedDomains()", "[x[0].name() for x in c.getAllDomainStats()]"]),
          {"c.listAllDomains()": "['alice-1']", "c.listDefinedDomains()": "['alice-1']", "c.numOfDefinedDomains()": "1", "[x[0].name() for x in c.getAllDomainStats()]": "['alice-1']"})
    check("who is in a group sees what it may", calls(b, BOB, ["c.listAllDomains()"], groups=[OPS]), {"c.listAllDomains()": "['alice-1', 'bob-1', 'secret-1']"})
    check("a guest by its UUID", calls(b, CAROL, ["c.listAllDomains()", "d('bob-1').info()[0]", "d('alice-1').info()[0]"]),
          {"c.listAllDomains()": "['bob-1']", "d('bob-1').info()[0]": "5", "d('alice-1').info()[0]": DENIED})
    check("who may only connect may not list", calls(b, BOB, ["c.getType()", "c.listAllDomains()", "c.getInfo()"]),
          {"c.getType()": "QEMU", "c.listAllDomains()": DENIED, "c.getInfo()": DENIED})


def changes(b):
    answers = calls(b, ALICE, ["d('bob-1').create()", "d('bob-1').undefine()", "d('alice-1').setMaxMemory(65536)", "d('alice-1').XMLDesc(1) != ''", "d('secret-1').undefine()",
        "c.lookupByUUIDString('11111111-2222-3333-4444-555555555555').name()", "c.lookupByName('nobody')", "c.defineXML(open('/run/x/alice-2').read()).name()",
        "c.defineXML(open('/run/x/bob-2').read()).name()", "c.defineXML(open('/run/x/secret-1').read()).name()", "c.createXML(open('/run/x/bob-2').read()).name()", "d('alice-2').undefine()"])
    answers["c.lookupByName('nobody')"] = answers["c.lookupByName('nobody')"][:11]
    check("alice changes hers only", answers, {
        "d('bob-1').create()": DENIED, "d('bob-1').undefine()": DENIED, "d('alice-1').setMaxMemory(65536)": "0", "d('alice-1').XMLDesc(1) != ''": "True", "d('secret-1').undefine()": DENIED,
        "c.lookupByUUIDString('11111111-2222-3333-4444-555555555555').name()": DENIED, "c.lookupByName('nobody')": "error 42 of", "c.defineXML(open('/run/x/alice-2').read()).name()": "alice-2",
        "c.defineXML(open('/run/x/bob-2').read()).name()": DENIED, "c.defineXML(open('/run/x/secret-1').read()).name()": DENIED, "c.createXML(open('/run/x/bob-2').read()).name()": DENIED, "d('alice-2').undefine()": "0"})
    answers = calls(b, BOB, ["d('bob-1').create()", "d('bob-1').suspend()", "d('bob-1').interfaceAddresses(0)", "d('bob-1').interfaceAddresses(1)", "d('bob-1').destroy()", "d('bob-1').XMLDesc(0) != ''", "d('bob-1').XMLDesc(1)", "d('bob-1').setMaxMemory(65536)"], groups=[OPS])
    check("a group's permissions, and no more", answers, {"d('bob-1').create()": "0", "d('bob-1').suspend()": "0", "d('bob-1').interfaceAddresses(0)": "{}", "d('bob-1').interfaceAddresses(1)": DENIED, "d('bob-1').destroy()": "0", "d('bob-1').XMLDesc(0) != ''": "True",
        "d('bob-1').XMLDesc(1)": DENIED, "d('bob-1').setMaxMemory(65536)": DENIED})


EVENTS = """
import libvirt, sys
libvirt.registerErrorHandler(lambda *a: None, None)
libvirt.virEventRegisterDefaultImpl()
c, got = libvirt.open("qemu:///system"), []
c.domainEventRegisterAny(None, 0, lambda c, d, e, x, o: got.append("%s %d" % (d.name(), e)), None)
print("ready", flush=True)
while "alice-1 1" not in got and "alice-2 1" not in got:
    libvirt.virEventRunDefaultImpl()
print(got)
"""


def events(b):
    p = subprocess.Popen(b.inside(*argv(ALICE, (), ["/usr/bin/python3", "-c", EVENTS])), stdout=subprocess.PIPE, text=True)
    p.stdout.readline()
    c = b.connect()
    for name in "bob-2", "alice-2":
        c.defineXML(guest_xml(name)).undefine()
    check("events of one's own guests only", p.communicate(timeout=60)[0].strip(), "['alice-2 0', 'alice-2 1']")
    c.close()


def may(b, *words):
    r = b.run("env", "BULKHEAD_LIBEXECDIR=%s/roles" % b.build, "%s/virtqemud" % b.build, "--may", *words, check=False)
    return "%d %s" % (r.returncode, (r.stdout + r.stderr).strip())


def dry_runs(b):
    check("dry run: yes, with its line", may(b, str(ALICE), "domain.start", "alice-1"), "0 yes: bulkhead-access.conf:5")
    check("dry run: a rule says no", may(b, str(ALICE), "domain.write", "secret-1"), "1 no: bulkhead-access.conf:4")
    check("dry run: no rule", may(b, str(ALICE), "domain.start", "bob-1"), "1 no: no rule is about it")
    check("dry run: of the host", may(b, str(ALICE), "connect.read"), "0 yes: bulkhead-access.conf:3")
    check("dry run: a name is not enough", may(b, str(CAROL), "domain.read", "bob-1"), "2 that depends on the guest's UUID: bulkhead-access.conf:10")
    check("dry run: both", may(b, str(CAROL), "domain.read", "bob-1/11111111-2222-3333-4444-555555555555"), "0 yes: bulkhead-access.conf:10")
    check("dry run: no such action", may(b, "root", "domain.strat", "x"), "2 virtqemud: 'domain.strat' is no permission of libvirt's, like domain.start")
    check("dry run: no such user", may(b, "nobody-of-that-name", "domain.start", "x"), "2 virtqemud: no user 'nobody-of-that-name'")


def files(b):
    """The file is read anew with SIGHUP; one that is bad changes nothing, and lets no daemon start."""
    rules(b, RULES + f"allow user {BOB} *\n")
    check("a new rule is not in force yet", calls(b, BOB, ["c.listAllDomains()"]), {"c.listAllDomains()": DENIED})
    reload(b)
    check("and then is", calls(b, BOB, ["c.listAllDomains()"]), {"c.listAllDomains()": "['alice-1', 'bob-1', 'secret-1']"})
    rules(b, "allow all *\nallow user root domain.strat\n")
    reload(b)
    check("a bad file is told with its line", "bulkhead-access.conf:2: a permission of libvirt's is expected" in b.log_text(), True)
    check("and changes nothing", calls(b, CAROL, ["c.getInfo()"]), {"c.getInfo()": DENIED})
    rules(b, "allow user nobody-of-that-name *\n")
    b.stop_daemon()
    b.start(wait=False)
    wait_for("why it does not start", lambda: "bulkhead-access.conf:1: no user 'nobody-of-that-name'" in b.log_text())
    rules(b, None)
    b.start()
    check("without a file nobody is asked for", (calls(b, BOB, ["len(c.getInfo())"]), b.role("auth")), ({"len(c.getInfo())": "8"}, []))
    c = b.connect()
    rules(b, "deny all *\n")
    reload(b, wait=False)
    check("a connection that was there before the rules", told(c.listAllDomains), DENIED)


def deaths(b):
    """Whoever says who may do what is killed again and again: nothing is allowed that was not, and what is, goes on."""
    for i in range(3):
        for p in b.role("auth"):
            os.kill(p, signal.SIGKILL)
        check("killed before a call", calls(b, ALICE, ["c.listAllDomains()", "d('bob-1').create()", "d('alice-1').setMaxMemory(65536)"]),
              {"c.listAllDomains()": "['alice-1']", "d('bob-1').create()": DENIED, "d('alice-1').setMaxMemory(65536)": "0"})


with Box("access", start=False) as b:
    open(b.dir + "/etc/libvirt/virtqemud.conf", "w").write('unix_sock_rw_perms = "0777"\n')
    rules(b, RULES)
    b.start()
    b.run("mkdir", "-p", "/run/x")
    for name in "alice-2", "bob-2", "secret-1":
        open(b.dir + "/run/x/" + name, "w").write(guest_xml(name))
    c = b.connect()
    for name in "alice-1", "secret-1":
        c.defineXML(guest_xml(name))
    c.defineXML(guest_xml("bob-1").replace("</name>", "</name><uuid>11111111-2222-3333-4444-555555555555</uuid>"))
    c.close()
    lists(b)
    changes(b)
    events(b)
    dry_runs(b)
    deaths(b)
    files(b)
sys.exit(result())
