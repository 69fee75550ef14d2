#!/usr/bin/python3
"""VNC: ports that are picked or asked for, a unix socket, a password, each by an RFB handshake; QEMU itself has no network."""
import os, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import guest_xml
from guestlib import *
import displaylib
from displaylib import has_no_network, outlives_worker, start

# ADDRESS [ANSWER to the challenge, "wrong"]: prints the security types, then what it was told.
CLIENT = r'''
version = get(12)
s.sendall(b"RFB 003.008\n")
types = get(get(1)[0])
print(version.decode().strip(), list(types))
if 1 in types:
    s.sendall(b"\1")
    assert get(4) == b"\0\0\0\0"
    s.sendall(b"\1")
    w, h = struct.unpack(">HH", get(4))
    get(16)
    name = get(struct.unpack(">I", get(4))[0]).decode()
    s.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, 1, 1))
    print("screen", w, h, name, get(1) == b"\0")
elif 2 in types:
    s.sendall(b"\2")
    challenge = get(16)
    key = sys.argv[2].encode()[:8].ljust(8, b"\0")
    key = bytes(int("{:08b}".format(b)[::-1], 2) for b in key)
    r = subprocess.run(["openssl", "enc", "-des-ecb", "-nopad", "-provider", "legacy", "-provider", "default", "-K", key.hex()], input=challenge, capture_output=True)
    s.sendall(r.stdout if r.returncode == 0 else bytes(16))
    print("result", struct.unpack(">I", get(4))[0], "openssl", r.returncode)
'''


def client(box, *argv, **kw):
    return displaylib.client(box, CLIENT, *argv, **kw).stdout


def ports(box):
    """autoport, two guests; a port that is asked for; one that is taken"""
    doms = [start(box, "v%d" % i, "<graphics type='vnc' autoport='yes'/>") for i in (1, 2)]
    assert box.virsh("vncdisplay", "v1").stdout.strip() == "127.0.0.1:0" and box.virsh("vncdisplay", "v2").stdout.strip() == "127.0.0.1:1"
    doms.append(start(box, "v3", "<graphics type='vnc' port='5950' autoport='no' listen='127.0.0.1'/>"))
    for name, port in (("v1", 5900), ("v2", 5901), ("v3", 5950)):
        said = client(box, "127.0.0.1:%d" % port)
        assert "RFB 003.008 [1]" in said and "True" in said and "(%s)" % name in said, said
    assert "port='5901'" in doms[1].XMLDesc()
    taken = box.connect().defineXML(guest_xml("v4", devices="<graphics type='vnc' port='5950' autoport='no'/>"))
    try:
        taken.create()
    except libvirt.libvirtError as e:
        print("    " + str(e))
    else:
        raise AssertionError("two guests on one port")
    has_no_network(box)
    outlives_worker(box, lambda: "[1]" in client(box, "127.0.0.1:5900", check=False))
    for d in doms:
        d.destroy()
    assert_clean(box)
    assert displaylib.client(box, CLIENT, "127.0.0.1:5900", check=False).returncode != 0, "something listens still"


def secret(box):
    """a password: asked for, the right one opens, another does not; shown to nobody who may not see it"""
    dom = start(box, "v5", "<graphics type='vnc' autoport='yes' passwd='s3cret'/>")
    assert "s3cret" not in dom.XMLDesc() and "s3cret" in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)
    assert "s3cret" not in open("/proc/%d/cmdline" % box.role("guest")[0]).read()
    wrong, right = client(box, "127.0.0.1:5900", "other"), client(box, "127.0.0.1:5900", "s3cret")
    assert "[2]" in wrong and "result 1" in wrong, wrong
    if "openssl 0" in right:
        assert "result 0" in right, right
    else:
        print("    no DES here: the right password is not tried")
    # Defined anew while it runs, and so with the first password that its definition has.
    plain = start(box, "v7", "")
    plain.connect().defineXML(guest_xml("v7", "<graphics type='vnc' passwd='s3cret'/>", memory=48).replace("<memory", "<uuid>%s</uuid><memory" % plain.UUIDString(), 1))
    assert "s3cret" not in plain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) and "s3cret" not in libvirt.openReadOnly(box.uri + "-ro").lookupByName("v7").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert plain.maxMemory() == 32 << 10
    for d in (plain, dom):
        d.destroy()
    assert plain.maxMemory() == 48 << 10, "what is shown is the definition's again"


def unix(box):
    """a unix socket"""
    path = os.path.join(box.dir, "vnc.sock")
    dom = start(box, "v6", "<graphics type='vnc' socket='%s'/>" % path)
    said = client(box, path)
    assert "RFB 003.008 [1]" in said and "True" in said, said
    dom.destroy()
    assert_clean(box)
    assert not os.path.exists(path), "the socket is left"


def websocket(box):
    """a websocket, to which QEMU cannot be given clients, is refused by its name"""
    dom = box.connect().defineXML(guest_xml("v-ws", devices="<graphics type='vnc' websocket='-1'/>"))
    e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.create)
    assert "websocket" in str(e), e
    dom.undefine()


main(ports, secret, unix, websocket)
