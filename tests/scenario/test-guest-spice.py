#!/usr/bin/python3
"""SPICE: ports that are picked or asked for, a unix socket, a password, each by the protocol's own handshake; agent, sound and USB by its channels."""
import os, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import guest_xml
from guestlib import *
import displaylib
from displaylib import has_no_network, outlives_worker, start

GOOD, DENIED = "REDQ link 0 result 0 message 103", "REDQ link 0 result 7 message none"
DEVICES = """<video><model type='qxl'/></video><sound model='ich6'/><channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>
<controller type='usb' model='ich9-ehci1'/><redirdev bus='usb' type='spicevmc'/><redirdev bus='usb' type='spicevmc'/>
<redirfilter><usbdev class='0x08' vendor='0x1234' product='0xbeef' version='2.0' allow='yes'/><usbdev allow='no'/></redirfilter>"""


def client(box, address, password="", **kw):
    return displaylib.client(box, displaylib.SPICE, address, password, **kw).stdout.strip()


def ports(box):
    """autoport, two guests; a port that is asked for, and with it TLS, which there is not; the definition keeps none that was picked"""
    doms = [start(box, "s1", "<graphics type='spice' autoport='yes'><image compression='off'/><clipboard copypaste='no'/><gl enable='no'/></graphics>", DEVICES),
            start(box, "s2", "<graphics type='spice' autoport='yes'/>"), start(box, "s3", "<graphics type='spice' port='5950' listen='127.0.0.1'/>")]
    for dom, port in zip(doms, (5900, 5901, 5950)):
        assert "<graphics type='spice' port='%d' autoport='%s' listen='127.0.0.1'>" % (port, "no" if port == 5950 else "yes") in dom.XMLDesc(), dom.XMLDesc()
        assert client(box, "127.0.0.1:%d" % port) == GOOD
    assert "5900" not in doms[0].XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert box.virsh("domdisplay", "s1").stdout.strip() == "spice://127.0.0.1:5900"
    for more, words in (("tlsPort='-1'", "spice TLS is disabled"), ("tlsPort='5961'", "TLS is disabled"), ("defaultMode='secure'", "TLS connection is not available")):
        try:
            box.connect().createXML(guest_xml("s4", "<graphics type='spice' port='5960' %s/>" % more))
        except libvirt.libvirtError as e:
            assert e.get_error_code() == libvirt.VIR_ERR_CONFIG_UNSUPPORTED and words in str(e), e
        else:
            raise AssertionError("it was started: " + more)
    has_no_network(box)
    outlives_worker(box, lambda: client(box, "127.0.0.1:5900", check=False) == GOOD)
    for d in doms:
        d.destroy()
    assert_clean(box)


def doors(box):
    """a password; a socket; a client by descriptor where nobody listens; the events of a client, once each"""
    events = Events(box)
    seen = []
    con = box.connect()
    con.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_GRAPHICS, lambda c, d, phase, local, remote, auth, subject, _: seen.append((d.name(), phase)), None)
    doms = [start(box, "p1", "<graphics type='spice' autoport='yes' passwd='hush'/>"), start(box, "p2", "<graphics type='spice'><listen type='socket'/></graphics>"),
            start(box, "p3", "<graphics type='spice' passwd='hush'><listen type='none'/></graphics>")]
    assert client(box, "127.0.0.1:5900", "hush") == GOOD
    assert client(box, "127.0.0.1:5900", "rush") == DENIED
    assert client(box, "127.0.0.1:5900") == DENIED
    wait_for("the client's events", lambda: [p for n, p in seen if n == "p1"][:3] == [0, 1, 2], 30)
    path = re.search(r"socket='([^']*spice.sock)'", doms[1].XMLDesc()).group(1)
    assert client(box, path) == GOOD
    # Nobody but the caller has the other end.
    fd = doms[2].openGraphicsFD(0, 0)
    assert fd >= 0
    os.close(fd)
    for d in doms:
        d.destroy()
        events.wait(d.name(), "lifecycle", libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
    assert_clean(box)


main(ports, doors)
