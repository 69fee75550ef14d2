#!/usr/bin/python3
"""What qemu.conf says of displays, and SPICE by TLS, ours beside libvirtd: ports that are found, channels that must be secure, passwords and sockets for documents that name none; real clients."""
import os, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import displaylib, netlib
from pair import *

FORMS = "; ".join("$V %s | grep -e '[v<]graphics' -e '<listen' -e '<audio' -e '<channel'" % form for form in (
    "dumpxml n --security-info", "dumpxml n --migratable", "dumpxml n --inactive", "-r dumpxml n", "-r dumpxml n --migratable"))
NATIVE = "$V domxml-to-native qemu-argv --xml W/n.xml | tr ' ' '\\n' | grep -A1 -e -spice -e -vnc; "


def channel(name, mode):
    return "<channel name='%s' mode='%s'/>" % (name, mode)


def spice(attrs="", more=""):
    return "<graphics type='spice' %s>%s</graphics>" % (attrs, more)


def conf(b, text):
    with open(b.dir + "/etc/libvirt/qemu.conf", "w") as f:
        f.write(text.replace("W/", W + "/"))


def keys(b):
    """Before the daemon starts: libvirtd wants the folder to be there, and its QEMU to read the keys."""
    os.makedirs(b.dir + W, exist_ok=True)
    netlib.pki(b.dir + W + "/pki")
    for name in os.listdir(b.dir + W + "/pki"):
        os.chmod(b.dir + W + "/pki/" + name, 0o644 if b.peer else 0o600)


with Pair("display", start=False) as p:
    p.each(keys)

    def told(who):
        return p.each(lambda b: displaylib.client(b, displaylib.SPICE, *who, check=False).stdout)

    def shown(graphics, clients=(), then=()):
        """What there is to see of a guest with these; what clients are told by it, and when lines were said to virsh, the first one again."""
        p.file("n.xml", BARE.replace("bare", "n").replace("</devices>", graphics + "</devices>"))
        p.sh(NATIVE + "$V define W/n.xml; $V start n; %s; $V domdisplay n" % FORMS, what=graphics)
        for who in clients:
            p.same("a client " + " ".join(who), *told(who))
        for line in then:
            p.virsh(line)
        if then:
            p.same("the client once more", *told(clients[0]))
            displaylib.outlives_worker(p.boxes[0], lambda: told(clients[0])[0] == told(clients[0])[1])
        p.sh("$V destroy n; $V undefine n", what="its end")

    def with_conf(text, first=False):
        p.each(lambda b: (first or b.stop_daemon(), conf(b, text), b.start()))

    CA = W + "/pki/ca-cert.pem"
    with_conf('spice_tls = 1\nspice_tls_x509_cert_dir = "W/pki"\n', True)
    shown(spice("autoport='yes'"), [("127.0.0.1:5900", ""), ("127.0.0.1:5901", "", CA), ("127.0.0.1:5900", "", CA)])
    shown(spice("autoport='yes' passwd='hush' defaultMode='secure'"), [("127.0.0.1:5900", "hush", CA), ("127.0.0.1:5900", "rush", CA), ("127.0.0.1:5900", "hush")],
          ("managedsave n", "start n"))
    shown(spice("autoport='yes' defaultMode='insecure'", channel("main", "secure")), [("127.0.0.1:5900", ""), ("127.0.0.1:5901", "", CA)])
    shown(spice("port='5950' tlsPort='5951'", channel("main", "insecure") + channel("cursor", "secure")), [("127.0.0.1:5950", ""), ("127.0.0.1:5951", "", CA)])
    for g in (spice("autoport='yes' defaultMode='insecure'"), spice("port='5950'", channel("main", "secure")), spice("port='5950' tlsPort='-1'"), spice("tlsPort='5960' defaultMode='insecure'"),
              spice("tlsPort='5960'", channel("main", "insecure")), spice("port='-1' tlsPort='-1' passwd='x'"), spice("defaultMode='secure'"), spice("defaultMode='secure'", "<listen type='socket'/>"),
              spice()):
        shown(g)
    with_conf('spice_password = "geheim"\nspice_auto_unix_socket = 1\nvnc_password="abc"\nvnc_auto_unix_socket = 1\n')
    for g in (spice("autoport='yes'"), spice("port='5950' passwd='own'"), spice("port='5950' listen='127.0.0.1'"), "<graphics type='vnc'/>", "<graphics type='vnc' port='5999' passwd=''/>"):
        shown(g)
    shown(spice("port='5950' listen='127.0.0.1'"), [("127.0.0.1:5950", "geheim"), ("127.0.0.1:5950", "")])
    with_conf("")
    for g in (spice("autoport='yes' defaultMode='secure'"), spice("autoport='yes'", channel("main", "secure")), spice("port='5950' tlsPort='-1'"), spice("tlsPort='5951'"), spice("port='5950' passwd='a'") + "<audio id='1' type='none'/>",
              spice("autoport='yes'") + "<graphics type='vnc' passwd='b'/>"):
        shown(g)
    for attrs in "autoport='no'", "port='5899'":        # a port that nobody has chosen, and one that VNC has no number for
        shown("<graphics type='vnc' %s/>" % attrs)
sys.exit(p.result())
