#!/usr/bin/python3
"""The resource agent VirtualDomain, called as pacemaker calls it: the same exit codes, words and guests as with libvirtd."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from box import wait_for
from needs import skip
from pair import BARE, Pair, W

AGENT = "/usr/lib/ocf/resource.d/heartbeat/VirtualDomain"
if not os.path.exists(AGENT):
    skip("resource-agents is not installed")
OK, ERR_INSTALLED, NOT_RUNNING = 0, 5, 7
STAMP = [r"\w\w\w +\d+ [\d:]+ ", r"(?<=domain type='qemu') id='\d+'", r"(?m)^ +\d+ +(?=vm)"]


def agent(p, action, status, **more):
    given = {"config": W + "/vm.xml", "hypervisor": "qemu:///system", "autoset_utilization_cpu": "false", "autoset_utilization_hv_memory": "false",
             "autoset_utilization_host_memory": "false", **more}
    env = " ".join("OCF_RESKEY_%s='%s'" % pair for pair in given.items())
    p.sh("OCF_ROOT=/usr/lib/ocf OCF_RESOURCE_INSTANCE=vm OCF_RESKEY_CRM_meta_timeout=20000 HA_RSCTMP=/run/ra %s %s %s" % (env, AGENT, action),
         mask=STAMP, what=" ".join([action, *more]), status=status)


with Pair("ocf") as p:
    p.file("vm.xml", BARE.replace("bare", "vm").replace("<name>", "\n<name>").replace("<uuid>", "\n<uuid>"))
    p.sh("mkdir -p /run/ra /run/resource-agents")
    agent(p, "validate-all", OK)
    agent(p, "monitor", NOT_RUNNING)
    agent(p, "status", NOT_RUNNING)
    agent(p, "start", OK)
    agent(p, "status", OK)
    agent(p, "monitor", OK)
    agent(p, "start", OK)
    p.virsh("list --all", mask=STAMP)
    p.virsh("dumpxml vm", mask=STAMP)
    agent(p, "stop", OK, force_stop="true")
    agent(p, "monitor", NOT_RUNNING)
    agent(p, "stop", OK)
    p.virsh("list --all")
    agent(p, "start", ERR_INSTALLED, config=W + "/nosuch.xml")
    # A guest that ends by itself, one that is paused, and one whose definition is kept beside the agent's file.
    agent(p, "start", OK)
    p.virsh("destroy vm")
    agent(p, "monitor", NOT_RUNNING)
    agent(p, "start", OK)
    p.virsh("suspend vm")
    agent(p, "monitor", OK)
    agent(p, "stop", OK, force_stop="true", save_config_on_stop="true")
    p.sh("grep -c '<name>vm</name>' W/vm.xml")
    p.each(lambda b: wait_for("no guest", lambda: not b.connect().listAllDomains()))
    p.virsh("define W/vm.xml")
    agent(p, "start", OK)
    agent(p, "stop", OK, force_stop="true")
    p.virsh("list --all")
sys.exit(p.result())
