#!/usr/bin/python3
"""What a managed save goes on from is changed by a client: another document, another state to begin in, firmware variables that begin anew; the same as in libvirtd."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import BARE, Pair, W, guests

NV = BARE.replace("bare", "nv").replace("0000003<", "0000004<").replace("</type>", f"</type><loader readonly='yes' type='pflash'>{W}/code.fd</loader><nvram template='{W}/vars.fd'>{W}/nv.fd</nvram>")
# The variables are the first bytes of a file that QEMU has for its flash: what is put there is seen by the next start, unless that is to make it anew.
CHANGED = "!printf changed_ | dd of=W/nv.fd conv=notrunc status=none; head -c 8 W/nv.fd"
LINES = f"""define W/busy.xml
define W/bare.xml
define W/nv.xml
start bare
managedsave-define bare W/bare.xml
managedsave bare
managedsave-dumpxml bare
managedsave-define bare W/bare.xml --paused --running
managedsave-define bare W/idle.xml
managedsave-define bare W/nothing.xml
managedsave-define bare W/bare.xml --paused
start bare
domstate bare --reason
managedsave bare
managedsave-define bare W/bare.xml --running
start bare
domstate bare --reason
managedsave bare
!EDITOR='sed -i s/destroy/restart/' $V managedsave-edit bare
managedsave-dumpxml bare
!EDITOR=true $V managedsave-edit bare --paused
!EDITOR=true $V managedsave-edit bare --running
start bare
domstate bare --reason
dumpxml bare
destroy bare
start busy
managedsave busy
!$V managedsave-dumpxml busy | sed s,disk.qcow2,other.qcow2, >W/busy2.xml
managedsave-define busy W/busy2.xml
start busy
domblklist busy
destroy busy
start nv
!head -c 8 W/nv.fd
destroy nv
{CHANGED}
start nv
!head -c 8 W/nv.fd
save nv W/nv.save
restore W/nv.save --reset-nvram
!head -c 8 W/nv.fd
destroy nv
{CHANGED}
start nv --reset-nvram
!head -c 8 W/nv.fd; stat -c %a W/nv.fd; ls -d W/nv.fd*
managedsave nv
{CHANGED}
start nv --reset-nvram
!head -c 8 W/nv.fd; stat -c %a W/nv.fd; ls -d W/nv.fd*
destroy nv
{CHANGED}
undefine nv --keep-nvram
create W/nv.xml --reset-nvram
!head -c 8 W/nv.fd"""

with Pair("managedsave") as p:
    guests(p)
    p.file("nv.xml", NV)
    p.sh("cd %s && truncate -s 1M code.fd vars.fd && printf template | dd of=vars.fd conv=notrunc status=none && chmod 666 code.fd vars.fd" % W, what="the firmware")
    for line in LINES.splitlines():
        if line.startswith("!"):
            p.sh(line[1:])
        else:
            p.virsh(line)
sys.exit(p.result())
