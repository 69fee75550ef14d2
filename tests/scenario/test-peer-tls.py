#!/usr/bin/python3
"""What of a guest goes by TLS, ours beside libvirtd: VNC, character devices and NBD disks with certificates of folders that qemu.conf names, with real clients and servers; what comes later;
keys that only root may read, keys that a secret opens; folders that hold none."""
import base64, os, shutil, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import netlib
from box import wait_for
from needs import needed
from pair import *

needed("openssl", "qemu-img", "qemu-nbd")
MASK = [r"\d{4}-\d\d-\d\dT[\d:.]+Z", r"qemu unexpectedly closed the monitor|process exited while connecting to monitor", r"Unable to access credentials [^:]*", (r"^! \n", ""), r"/res/\d+|%s/\w+" % W]
VNC = "<graphics type='vnc' port='5901' listen='127.0.0.1'/>"
SHOW = "$V dumpxml n %s | sed -n '/<disk/,/.disk>/p;/<serial/,/.serial>/p;/<rng/,/.rng>/p;/<graphics/,/.graphics>/p;/<redirdev/,/.redirdev>/p;/<smartcard/,/.smartcard>/p'"
SECRET = "a0000000-0000-4000-8000-000000000001"
OBJECTS = """$V qemu-monitor-command n '{"execute":"qom-list","arguments":{"path":"/objects"}}' | grep -oE '"[^"]*(tls|secret0)[^"]*"' | sort | tr '\\n' ' '"""
NATIVE = "$V domxml-to-native qemu-argv --xml W/n.xml | tr ' ' '\\n' | grep -A1 -e tls -e -vnc -e chardev"


def disk(dev="vda", attrs=" tls='yes'", port=10810, more=""):
    return ("<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='e'%s><host name='localhost' port='%d'/></source><target dev='%s' bus='virtio'/>%s</disk>" % (attrs, port, dev, more))


def tcp(mode, port, attrs=" tls='yes'", kind="serial", more=""):
    return "<%s type='tcp'><source mode='%s' host='127.0.0.1' service='%d'%s/><protocol type='raw'/>%s</%s>" % (kind, mode, port, attrs, more, kind)


def keys(b):
    """Certificates, of which libvirtd's QEMU has to be let at the keys and ours not, before the daemon starts: libvirtd wants the folder to be there."""
    d = b.dir + W
    os.makedirs(d, exist_ok=True)
    netlib.pki(d + "/pki")
    os.mkdir(d + "/none")
    shutil.copytree(d + "/pki", d + "/enc")
    for end in "server", "client":
        subprocess.run(["openssl", "pkcs8", "-topk8", "-in", "%s/pki/%s-key.pem" % (d, end), "-out", "%s/enc/%s-key.pem" % (d, end), "-v2", "aes-256-cbc", "-passout", "pass:geheim"], check=True)
    for folder in "pki", "enc":
        for name in os.listdir(os.path.join(d, folder)):
            os.chmod(os.path.join(d, folder, name), 0o644 if b.peer else 0o600)


def serve(b):
    """A server that wants to see certificates, and one that does not know TLS."""
    b.run("sh", "-c", "cd %s && truncate -s 1M a.img b.img && echo hello | dd of=a.img conv=notrunc status=none" % W)
    creds = "--object", "tls-creds-x509,id=t,dir=%s/pki,endpoint=server,verify-peer=on" % W, "--tls-creds", "t"
    for port, image, more in (10810, "a", creds), (10811, "b", ()), (10812, "b", creds):
        subprocess.Popen(b.inside("qemu-nbd", "-t", "-e", "9", "-f", "raw", "-x", "e", "-b", "127.0.0.1", "-p", str(port), *more, "%s/%s.img" % (W, image)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.Popen(b.inside("openssl", "s_server", "-accept", "4001", "-quiet", "-Verify", "1", "-CAfile", W + "/pki/ca-cert.pem", "-cert", W + "/pki/server-cert.pem", "-key", W + "/pki/server-key.pem"),
                     stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for port in 10810, 10811, 10812, 4001:
        wait_for("port %d" % port, lambda: b.run("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/%d" % port, check=False).returncode == 0)


def conf(b, text, first=False):
    """More of qemu.conf; first: of what is there twice, the first counts."""
    name = b.dir + "/etc/libvirt/qemu.conf"
    had = open(name).read() if os.path.exists(name) else ""
    with open(name, "w") as f:
        f.write(had * (not first) + text.replace("W/", W + "/") + had * first)


with Pair("tls", start=False) as p:
    for b in p.boxes:
        conf(b, 'default_tls_x509_cert_dir = "W/pki"\nvnc_tls_x509_verify = 0\nchardev_tls_x509_cert_dir = "W/pki"\n')
    p.each(keys)
    p.each(lambda b: b.start())
    p.each(serve)

    def begun(devices, native=True):
        p.file("n.xml", BARE.replace("bare", "n").replace("</os>", "</os><features><acpi/></features>").replace("</devices>", devices + "</devices>"))
        if native:
            p.sh(NATIVE)
        p.sh("$V define W/n.xml; $V start n", MASK)
        for form in "", "--inactive", "--migratable":
            p.sh(SHOW % form)

    def ended():
        p.sh("$V destroy n; $V undefine n")

    def vnc(*who):
        p.sh("%s %s 5901 W/pki %s" % (sys.executable, os.path.join(os.path.dirname(netlib.__file__), "vnctls.py"), " ".join(who)), what="a VNC client " + " ".join(who))

    # what a document asks for
    for devices in disk(), disk(attrs=" tls='yes' tlsHostname='localhost'"), disk(attrs=" tls='yes' tlsHostname='elsewhere'"), disk(attrs=" tls='no'"), disk(attrs=""), disk(port=10811), disk("vda") + disk("vdb", port=10812), disk(attrs="", port=10811):
        begun(devices)
        p.sh(OBJECTS)
        p.virsh("domblkinfo n vda", MASK)
        ended()
    begun(tcp("connect", 4001, more="<target port='0'/>") + tcp("bind", 4002, kind="serial", more="<target port='1'/>") + tcp("bind", 4003, "", more="<target port='2'/>") + tcp("connect", 10811, " tls='no'", more="<target port='3'/>") +
          "<redirdev bus='usb' type='tcp'><source mode='bind' host='127.0.0.1' service='4005'/></redirdev><smartcard mode='passthrough' type='tcp'><source mode='bind' host='127.0.0.1' service='4006'/></smartcard>" + VNC)
    p.sh(OBJECTS)
    p.sh("openssl s_client -connect 127.0.0.1:4002 -CAfile W/pki/ca-cert.pem -cert W/pki/client-cert.pem -key W/pki/client-key.pem -brief </dev/null 2>&1 | grep -i verif", what="a client of a chardev's")
    p.sh("openssl s_client -connect 127.0.0.1:4003 -brief </dev/null 2>&1 | grep -ci 'verif.*ok'", what="a chardev without TLS")
    vnc()
    ended()
    # what comes later: a certificate is seen by who saw it at the start
    begun(disk(), False)
    p.file("d.xml", disk("vdb", port=10812))
    for line in "attach-device n W/d.xml", "detach-device n W/d.xml", "detach-device n W/d.xml":
        p.virsh(line, MASK)
        p.sh(OBJECTS)
    ended()
    # what qemu.conf asks for
    p.each(lambda b: (b.stop_daemon(), conf(b, "vnc_tls = 1\nnbd_tls = 1\nchardev_tls = 1\n"), b.start()))
    begun(disk(attrs="") + tcp("connect", 4001, "", more="<target port='0'/>") + tcp("bind", 4002, "", more="<target port='1'/>") + tcp("bind", 4003, " tls='no'", more="<target port='2'/>") + VNC)
    p.sh(OBJECTS)
    p.sh("openssl s_client -connect 127.0.0.1:4002 -CAfile W/pki/ca-cert.pem -cert W/pki/client-cert.pem -key W/pki/client-key.pem -brief </dev/null 2>&1 | grep -i verif", what="a client of a chardev's")
    vnc()
    vnc("client")
    ended()
    begun(disk(attrs=" tls='no'", port=10811), False)
    p.file("d.xml", disk("vdb", "", 10812))
    for line in "attach-device n W/d.xml", "detach-device n W/d.xml":
        p.virsh(line, MASK)
        p.sh(OBJECTS)
    ended()
    p.each(lambda b: (b.stop_daemon(), conf(b, "vnc_tls_x509_verify = 1\n", True), b.start()))
    begun(VNC)
    vnc()
    vnc("client")
    ended()
    p.each(lambda b: (b.stop_daemon(), conf(b, "vnc_tls_x509_verify = 0\n"), b.start()))       # it is there already
    begun(VNC)
    vnc()
    ended()
    # private keys that are encrypted: what opens them is a secret of the host's
    p.file("s.xml", "<secret ephemeral='yes' private='yes'><uuid>%s</uuid><usage type='tls'><name>keys</name></usage></secret>" % SECRET)
    p.boxes[0].sibling("virtsecretd")
    p.each(lambda b: (b.stop_daemon(), conf(b, "".join('%s_tls_x509_cert_dir = "W/enc"\n' % use for use in ("default", "chardev", "vnc")) +
                                            "".join('%s_tls_x509_secret_uuid = "%s"\n' % (use, SECRET) for use in ("default", "chardev", "vnc")), True), b.start()))
    p.file("n.xml", BARE.replace("bare", "n").replace("</os>", "</os><features><acpi/></features>").replace("</devices>", disk() + tcp("bind", 4002) + VNC + "</devices>"))
    for line in "true", "secret-define W/s.xml", "secret-set-value %s %s" % (SECRET, base64.b64encode(b"other").decode()), "secret-set-value %s %s" % (SECRET, base64.b64encode(b"geheim").decode()):
        p.sh("$V %s; $V create W/n.xml" % line.replace("true", "version >/dev/null"), [*MASK, r"qemu-system-x86_64: -object .*key.pem"])
    p.sh(OBJECTS)
    p.sh("openssl s_client -connect 127.0.0.1:4002 -CAfile W/pki/ca-cert.pem -cert W/pki/client-cert.pem -key W/pki/client-key.pem -brief </dev/null 2>&1 | grep -i verif", what="a client of a chardev's")
    vnc("client")
    p.file("d.xml", disk("sdb", port=10812).replace("'virtio'", "'usb'"))
    os.kill(p.boxes[0].role("qemu")[0], 9)
    for line, grep in ("attach-device n W/d.xml", ""), ("detach-device n W/d.xml", "-v"), ("attach-device n W/d.xml", ""):
        p.virsh(line, MASK)
        p.until(OBJECTS + " | grep -q %s 'libvirt-[23]-storage_tls0-secret0'" % grep)
        p.sh(OBJECTS, [r"libvirt-[23]"])
    p.virsh("destroy n")
    p.each(lambda b: (b.stop_daemon(), conf(b, 'vnc_tls_x509_cert_dir = "W/none"\nvnc_tls_x509_verify = 0\n', True), b.start()))
    p.file("n.xml", BARE.replace("bare", "n").replace("</devices>", VNC + "</devices>"))
    said = p.shell(p.boxes[0], "$V create W/n.xml").stderr
    p.same("a folder without certificates", said, "error: Failed to create domain from %s/n.xml\nerror: unable to stat: %s/none/ca-cert.pem: No such file or directory\n" % (W, W))
sys.exit(p.result())
