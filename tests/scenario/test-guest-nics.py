#!/usr/bin/python3
"""Network interfaces: user mode with its DHCP, a bridge with ping both ways, a tap of our own; lists and counters; nothing stays behind."""
import os, re, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *

NICS = """<interface type='user'><mac address='52:54:00:00:00:01'/><model type='virtio'/></interface>
<interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br-test'/><model type='virtio'/></interface>
<interface type='ethernet'><mac address='52:54:00:00:00:03'/><target dev='eth-test'/><model type='virtio'/></interface>"""
PING = "ping -c 3 -W 5 -i 0.2 %s >/dev/null"


def ping(box, address):
    wait_for("an answer of " + address, lambda: box.run("busybox", "ping", "-c", "1", "-W", "2", address, check=False).returncode == 0, 60)


def nics(box):
    """three at once"""
    box.run("ip", "link", "add", "br-test", "type", "bridge")
    box.run("ip", "addr", "add", "10.9.0.1/24", "dev", "br-test")
    box.run("ip", "link", "set", "br-test", "up")
    before = box.run("ip", "-o", "link").stdout
    dom, console = boot(box, document("n1", devices=NICS))
    # By address: the guest's order is the bus's.
    names = dict(re.findall(r"(eth\d) (52:54:00:00:00:0\d)", console.sh("for d in /sys/class/net/eth*; do echo ${d##*/} $(cat $d/address); done")))
    user, bridge, ethernet = (n for n, mac in sorted(names.items(), key=lambda i: i[1]))
    console.sh("printf '#!/bin/sh\\n[ $1 = bound ] && echo LEASE $ip $router $dns\\n' > /tmp/dhcp; chmod +x /tmp/dhcp; ip link set %s up" % user)
    assert "LEASE 10.0.2.15 10.0.2.2 10.0.2.3" in console.sh("udhcpc -i %s -n -q -s /tmp/dhcp" % user)

    console.sh("ip addr add 10.9.0.2/24 dev %s; ip link set %s up" % (bridge, bridge))
    ping(box, "10.9.0.2")
    console.sh(PING % "10.9.0.1")
    box.run("ip", "addr", "add", "10.10.0.1/24", "dev", "eth-test")
    console.sh("ip addr add 10.10.0.2/24 dev %s; ip link set %s up" % (ethernet, ethernet))
    ping(box, "10.10.0.2")
    console.sh(PING % "10.10.0.1")

    rows = [l.split() for l in box.virsh("domiflist", "n1").stdout.splitlines()[2:] if l.strip()]
    assert [r[1] for r in rows] == ["user", "bridge", "ethernet"] and rows[1][2] == "br-test" and rows[2][0] == "eth-test", rows
    tap = rows[1][0]
    assert re.fullmatch(r"vnet\d+", tap) and "master br-test" in box.run("ip", "link", "show", tap).stdout
    # As the guest sees it: what it received is what the tap sent.
    for dev in (tap, "eth-test"):
        stat = {k: int(v) for k, v in re.findall(r"^\S+ (\w+) (\d+)", box.virsh("domifstat", "n1", dev).stdout, re.M)}
        assert stat["rx_packets"] >= 4 and stat["tx_packets"] >= 4 and stat["rx_errs"] == 0, stat
        host = {k: int(box.run("cat", "/sys/class/net/%s/statistics/%s" % (dev, k)).stdout) for k in ("rx_bytes", "tx_bytes")}
        assert stat["rx_bytes"] <= host["tx_bytes"] and stat["tx_bytes"] <= host["rx_bytes"] and stat["rx_bytes"] * 2 > host["tx_bytes"], (stat, host)
    stats = dom.connect().getAllDomainStats(libvirt.VIR_DOMAIN_STATS_INTERFACE)[0][1]
    assert stats["net.count"] == 3 and stats["net.1.name"] == tap, stats
    dom.destroy()
    console.close()
    assert_clean(box)
    assert box.run("ip", "-o", "link").stdout.count("\n") == before.count("\n"), box.run("ip", "-o", "link").stdout


def missing(box):
    """no such bridge: refused, and nothing is left"""
    dom = box.connect().defineXML(document("n2", devices=NICS.replace("br-test", "br-none")))
    try:
        dom.create()
    except libvirt.libvirtError as e:
        assert "br-none" in str(e), e
    else:
        raise AssertionError("started on a bridge that is not there")
    assert_clean(box)
    assert "eth-test" not in box.run("ip", "-o", "link").stdout


main(nics, missing)
