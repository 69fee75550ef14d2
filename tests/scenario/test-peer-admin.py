#!/usr/bin/python3
"""virt-admin on the admin socket: servers, workers, clients and logging, as libvirtd tells them."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import wait_for
from needs import needed
from pair import Pair

LINES = """uri
version
srv-threadpool-info SERVER
srv-threadpool-set SERVER --max-workers 30
srv-threadpool-set SERVER --min-workers 50
srv-threadpool-set SERVER --min-workers 40 --max-workers 30
srv-threadpool-set SERVER --priority-workers 7
srv-threadpool-set SERVER --min-workers 0 --max-workers 0
srv-threadpool-info SERVER
srv-threadpool-info nothing
srv-clients-info SERVER
srv-clients-set SERVER --max-clients 4000
srv-clients-set SERVER --max-clients 10
srv-clients-set SERVER --max-unauth-clients 30 --max-clients 3000
srv-clients-set SERVER
srv-clients-info SERVER
srv-clients-list SERVER
srv-clients-list nothing
client-info SERVER 99
client-info nothing 1
client-disconnect SERVER 99
dmn-log-info
daemon-log-filters
daemon-log-outputs
daemon-log-filters nonsense
daemon-log-filters 1:qemu
daemon-log-filters
daemon-log-filters 1:*qemu*
daemon-log-filters
daemon-log-filters "01:a +2:+b 3:c:d"
daemon-log-filters
daemon-log-filters "2:y  1:x"
daemon-log-filters
daemon-log-filters "1:x nonsense"
daemon-log-filters 1:
daemon-log-filters :x
daemon-log-filters 0:x
daemon-log-filters 5:x
daemon-log-filters 1:+
daemon-log-filters 1x:x
daemon-log-filters -- -1:x
daemon-log-filters 18446744073709551617:x
daemon-log-filters "1 :x"
daemon-log-filters 1::x
daemon-log-filters "1:	x,y"
daemon-log-filters
daemon-log-filters "1:x 1:x"
daemon-log-filters
daemon-log-filters ""
daemon-log-filters
daemon-log-outputs 1:stderr
daemon-log-outputs
daemon-log-outputs 3:file:/var/log/libvirt/other.log
daemon-log-outputs
daemon-log-outputs nonsense
daemon-log-outputs 1
daemon-log-outputs 1:
daemon-log-outputs :stderr
daemon-log-outputs 0:stderr
daemon-log-outputs 5:stderr
daemon-log-outputs x:stderr
daemon-log-outputs 1x:stderr
daemon-log-outputs " 1:stderr"
daemon-log-outputs +1:stderr
daemon-log-outputs 01:stderr
daemon-log-outputs 1:nowhere
daemon-log-outputs 1:stderr:
daemon-log-outputs 1:stderr:more
daemon-log-outputs 1:syslog
daemon-log-outputs 1:syslog:
daemon-log-outputs 1:syslog:a:b
daemon-log-outputs 1:file
daemon-log-outputs 1:file:/var/log/libvirt/a:b
daemon-log-outputs 1:journald:x
daemon-log-outputs "2:stderr 1:nowhere"
daemon-log-outputs "1:stderr  2:file:/var/log/libvirt/other.log"
daemon-log-outputs "1:stderr 2:stderr"
daemon-log-outputs
daemon-log-outputs ""
daemon-log-outputs
srv-list | tail -n +3 | awk '{ print $2 }' | sort
dmn-timeout --timeout 300
daemon-timeout --timeout 300
daemon-timeout --timeout 0
daemon-timeout --timeout -1
daemon-timeout --timeout 5000000
server-update-tls SERVER
server-update-tls nothing
nothing"""
NAMES = [("libvirtd|virtqemud", "SERVER")]
BUSY = [(r"^(nWorkers|freeWorkers|jobQueueDepth)( +): \d+", r"\1\2: N")]
CLIENT = [(r"\d{4}-\d\d-\d\d [0-9:+]+", "TIME"), (r"(unix_process_id *:) \d+", r"\1 PID"), (r"^ ?\d+ +", "ID "), (r"^(id +): \d+", r"\1: ID"), (r"'\d+'", "ID")]
# One client more than those that look: its entry, what is known of it, and its end.
CLIENTS = """(echo; sleep 50) 2>/dev/null | virsh -q -c qemu:///system >/dev/null 2>&1 &
unix() { $A srv-clients-list $S | awk '$2 == "unix" { print $1 }'; }
soon() { for i in $(seq 300); do "$@" && break; sleep 0.1; done; }
is_there() { id=$(unix); [ -n "$id" ]; }
is_gone() { [ -z "$(unix)" ]; }
soon is_there
$A srv-clients-list $S; $A srv-clients-info $S; $A client-info $S $id; $A client-disconnect $S $id
soon is_gone
$A srv-clients-list $S; $A client-info $S $id"""
HEAD = "S=$(test -S /run/libvirt/virtqemud-admin-sock && echo virtqemud || echo libvirtd); A=\"virt-admin -c $S:///system\"; "

needed("virt-admin")
PLAIN = ("virtlogd", "virtlockd")
with Pair("admin") as p:
    for line in LINES.splitlines():
        p.sh(HEAD + "$A " + line.replace("SERVER", "$S"), what=line, mask=NAMES + (BUSY if "threadpool" in line else []))
    p.sh(HEAD + CLIENTS, what="a client comes, is looked at and sent away", mask=NAMES + CLIENT)
    # The same of the two small daemons, but for all the ways to say where a log goes. Debian's virtlogd runs as a daemon, which has another output by default.
    output = [("3:(stderr|file:/var/log/libvirt/virtlogd.log)", "OUTPUT")]
    ours, theirs = p.boxes
    for name in PLAIN:
        ours.say(ours.ours(name))
        if name != "virtlogd":          # which libvirtd's box has
            theirs.say(name)
        for b in p.boxes:
            wait_for(name, lambda: b.run("virt-admin", "-c", name + ":///system", "srv-list", check=False).returncode == 0)
        for line in LINES.splitlines():
            if not line.startswith("daemon-log-") or line.split(None, 1)[1:] in ([], ["1:qemu"], ["1:stderr"], ["nonsense"], ['""']):
                p.sh("virt-admin -c %s:///system %s" % (name, line.replace("SERVER", name)), what=name + ": " + line, mask=BUSY if "threadpool" in line else output)
sys.exit(p.result())
