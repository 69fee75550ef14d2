#!/usr/bin/python3
"""Networks, storage, node devices, secrets, filters and interfaces by way of our daemon, which passes what is asked to the daemon that has them (Debian's libvirtd
plays that one, in folders of its own), beside a libvirtd that is asked itself."""
import os, re, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
import box
from needs import needed
from pair import Pair, told

FILES = {
    "net.xml": "<network><name>default</name><uuid>a0000000-0000-4000-8000-000000000001</uuid><forward mode='nat'/><bridge name='virbr7'/><mac address='52:54:00:a0:00:01'/>"
               "<ip address='192.168.177.1' netmask='255.255.255.0'><dhcp><range start='192.168.177.2' end='192.168.177.9'/></dhcp></ip></network>",
    "quiet.xml": "<network><name>quiet</name><uuid>a0000000-0000-4000-8000-000000000002</uuid><bridge name='virbr8'/><mac address='52:54:00:a0:00:02'/></network>",
    "wrong.xml": "<network><name>wrong</name><forward mode='teleport'/></network>",
    "noxml.xml": "<network><name>wrong</network>",
    "host.xml": "<host mac='52:54:00:00:00:07' name='seven' ip='192.168.177.7'/>",
    "port.xml": "<networkport><uuid>a0000000-0000-4000-8000-000000000003</uuid><owner><name>g</name><uuid>a0000000-0000-4000-8000-000000000004</uuid></owner><group/>"
                "<mac address='52:54:00:a0:00:03'/><plug type='network' bridge='virbr8'/></networkport>",
    "pool.xml": "<pool type='dir'><name>files</name><uuid>a0000000-0000-4000-8000-000000000005</uuid><target><path>/var/lib/libvirt/images/w/files</path></target></pool>",
    "vol.xml": "<volume><name>one.img</name><capacity unit='MiB'>4</capacity><allocation>0</allocation><target><format type='raw'/></target></volume>",
    "secret.xml": "<secret ephemeral='no' private='no'><uuid>a0000000-0000-4000-8000-000000000006</uuid><description>a word</description><usage type='volume'><volume>/x</volume></usage></secret>",
    "private.xml": "<secret ephemeral='yes' private='yes'><uuid>a0000000-0000-4000-8000-000000000007</uuid><usage type='ceph'><name>hush</name></usage></secret>",
    "filter.xml": "<filter name='mine' chain='root'><uuid>a0000000-0000-4000-8000-000000000008</uuid><rule action='drop' direction='in' priority='500'><tcp dstportstart='25'/></rule></filter>",
}

LINES = """net-list --all
net-define W/net.xml
net-define W/wrong.xml
net-define W/noxml.xml
net-define W/nofile.xml
net-create W/quiet.xml
net-list
net-list --all --name
net-list --inactive --table
net-list --persistent --uuid
net-list --transient
net-list --autostart
net-info default
net-info nosuch
net-info a0000000-0000-4000-8000-000000000002
net-dumpxml default
net-dumpxml default --inactive
net-dumpxml quiet
net-uuid default
net-name a0000000-0000-4000-8000-000000000001
net-name b0000000-0000-4000-8000-000000000001
net-autostart default
net-autostart default --disable
net-autostart quiet
net-start default
net-start default
net-start nosuch
net-info default
net-update default add ip-dhcp-host W/host.xml --live --config
net-update default add ip-dhcp-host W/host.xml --live
net-update default delete ip-dhcp-host W/host.xml --config
net-dumpxml default
net-dhcp-leases default
net-dhcp-leases quiet
net-port-list quiet
net-port-create quiet W/port.xml
net-port-list quiet
net-port-dumpxml quiet a0000000-0000-4000-8000-000000000003
net-port-tune quiet a0000000-0000-4000-8000-000000000003
net-port-delete quiet a0000000-0000-4000-8000-000000000003
net-port-delete quiet a0000000-0000-4000-8000-000000000003
net-desc default
net-metadata default urn:example:a
net-undefine quiet
net-destroy quiet
net-destroy quiet
net-destroy default
net-undefine default
net-event --list
net-event nothing
pool-list --all
pool-define W/pool.xml
pool-define W/net.xml
pool-build files
pool-start files
pool-start files
pool-autostart files
pool-list --details
pool-list --type dir
pool-list --type nothing
pool-info files
pool-info files --bytes
pool-dumpxml files
pool-refresh files
pool-uuid files
pool-name a0000000-0000-4000-8000-000000000005
pool-capabilities
find-storage-pool-sources dir
find-storage-pool-sources-as netfs nowhere.invalid
vol-create files W/vol.xml
vol-create files W/vol.xml
vol-create-as files two.qcow2 8M --format qcow2
vol-create-as files bad.x 8M --format nothing
vol-create-from files W/vol.xml two.qcow2 --inputpool files
vol-clone two.qcow2 three.qcow2 --pool files
vol-list files
vol-list files --details
vol-info one.img --pool files
vol-info two.qcow2 --pool files --physical
vol-info nosuch --pool files
vol-info one.img --pool nosuch
vol-dumpxml two.qcow2 --pool files
vol-path one.img --pool files
vol-key one.img --pool files
vol-name W/files/one.img
vol-pool W/files/one.img
vol-name /no/such/volume
vol-resize two.qcow2 16M --pool files
vol-resize two.qcow2 4M --pool files
vol-wipe one.img --pool files
vol-delete one.img --pool files
vol-delete one.img --pool files
vol-delete two.qcow2 --pool files
vol-create files W/vol.xml
vol-upload one.img W/bytes --pool files
!cmp W/bytes W/files/one.img
vol-upload one.img W/words --pool files --offset 1000
vol-upload one.img W/bytes --pool files --offset 5 --length 7
vol-upload one.img W/bytes --pool files
vol-upload nosuch W/bytes --pool files
vol-upload one.img W/nofile --pool files
vol-download one.img W/back --pool files
!sha256sum <W/back; cmp W/back W/files/one.img
vol-download one.img W/piece --pool files --offset 1000 --length 1234567
!sha256sum <W/piece
vol-download one.img W/none --pool files --offset 99999999999
vol-download nosuch W/none --pool files
vol-download one.img /nowhere/x --pool files
vol-upload one.img W/holes --pool files --sparse
vol-download one.img W/back --pool files --sparse
!cmp W/holes W/back; stat -c %s W/back; test $(stat -c %b W/back) -lt 4096; echo $?
vol-delete one.img --pool files
vol-upload one.img W/bytes --pool files
pool-destroy files
pool-delete files
pool-undefine files
pool-undefine files
pool-event --list
secret-list
secret-define W/secret.xml
secret-define W/private.xml
secret-define W/secret.xml
secret-define W/net.xml
secret-list
secret-list --private --no-ephemeral
secret-dumpxml a0000000-0000-4000-8000-000000000006
secret-dumpxml a0000000-0000-4000-8000-000000000009
secret-get-value a0000000-0000-4000-8000-000000000006
secret-set-value a0000000-0000-4000-8000-000000000006 aGVsbG8=
secret-get-value a0000000-0000-4000-8000-000000000006
secret-set-value a0000000-0000-4000-8000-000000000007 aGVsbG8=
secret-get-value a0000000-0000-4000-8000-000000000007
secret-undefine a0000000-0000-4000-8000-000000000006
secret-undefine a0000000-0000-4000-8000-000000000006
secret-undefine a0000000-0000-4000-8000-000000000007
secret-event --list
nwfilter-list
nwfilter-define W/filter.xml
nwfilter-define W/net.xml
nwfilter-list
nwfilter-dumpxml mine
nwfilter-dumpxml nosuch
nwfilter-dumpxml a0000000-0000-4000-8000-000000000008
nwfilter-undefine mine
nwfilter-undefine mine
nwfilter-binding-list
nwfilter-binding-dumpxml nosuch
nwfilter-binding-delete nosuch
nodedev-list
nodedev-list --tree
nodedev-list --cap net
nodedev-list --cap nothing
nodedev-dumpxml computer
nodedev-dumpxml net_lo_00_00_00_00_00_00
nodedev-dumpxml nosuch
nodedev-info computer
nodedev-create W/net.xml
nodedev-destroy nosuch
nodedev-event --list
iface-list --all
iface-dumpxml lo
iface-name 00:00:00:00:00:00
iface-mac lo
iface-mac nosuch
iface-start nosuch
iface-begin
iface-rollback
list --all"""



def events(b):
    """What is heard of objects, in its order, and what becomes of registrations."""
    import libvirt
    heard = []
    c = libvirt.open(b.uri)
    read = lambda name: open("%s/var/lib/libvirt/images/w/%s" % (b.dir, name)).read()
    note = lambda c, o, *v: heard.append("%s %s" % (o.usageID() if hasattr(o, "usageID") else o.name(), list(v[:-1])))
    ids = [c.networkEventRegisterAny(None, 0, note, None), c.storagePoolEventRegisterAny(None, 0, note, None), c.storagePoolEventRegisterAny(None, 1, note, None),
           c.nodeDeviceEventRegisterAny(None, 0, note, None), c.secretEventRegisterAny(None, 0, note, None), c.secretEventRegisterAny(None, 1, note, None)]
    def soon(n):
        box.wait_for("%d events" % n, lambda: len(heard) >= n)
    net = c.networkDefineXML(read("net.xml"))
    soon(1)
    one = c.networkEventRegisterAny(net, 0, lambda c, o, *v: heard.append("of one: " + o.name()), None)
    net.create()
    soon(3)
    c.networkEventDeregisterAny(one)
    net.destroy()
    net.undefine()
    soon(5)
    pool = c.storagePoolDefineXML(read("pool.xml"), 0)
    pool.build(0)
    pool.create()
    pool.refresh()
    pool.destroy()
    pool.undefine()
    soon(11)
    secret = c.secretDefineXML(read("secret.xml"))
    secret.setValue(b"value")
    said = told(lambda: secret.value())
    secret.undefine()
    soon(14)
    for drop, i in ((c.networkEventDeregisterAny, ids[0]), (c.storagePoolEventDeregisterAny, ids[1]), (c.secretEventDeregisterAny, ids[4])):
        drop(i)
        said += "\n" + told(drop, i)
    c.networkDefineXML(read("net.xml")).undefine()
    heard.append("none: %d" % len(heard))
    c.close()
    return "\n".join(heard) + "\n" + said


def looks(b):
    """Calls of the older kind, and errors with all that is in them."""
    import libvirt
    c = b.connect()
    said = []
    def call(name, *args):
        try:
            said.append("%s: %s" % (name, re.sub(" at 0x[0-9a-f]+", "", repr(getattr(c, name)(*args)))))
        except libvirt.libvirtError as e:
            said.append("%s: %s" % (name, [e.get_error_code(), e.get_error_domain(), e.get_error_message(), e.get_error_level(), e.get_str1(), e.get_str2(), e.get_str3(), e.get_int1(), e.get_int2()]))
    for name in ("numOfNetworks", "listNetworks", "numOfDefinedNetworks", "listDefinedNetworks", "numOfStoragePools", "listStoragePools", "listDefinedStoragePools", "numOfSecrets", "listSecrets",
                 "numOfNWFilters", "listNWFilters", "numOfInterfaces", "listInterfaces", "listDefinedInterfaces"):
        call(name)
    for flags in (0, 1 << 20):
        for name in ("listAllNetworks", "listAllStoragePools", "listAllSecrets", "listAllNWFilters", "listAllInterfaces"):
            call(name, flags)
    for name in ("networkLookupByName", "storagePoolLookupByName", "nodeDeviceLookupByName", "nwfilterLookupByName", "interfaceLookupByName", "storageVolLookupByKey", "storageVolLookupByPath",
                 "networkCreateXML", "networkDefineXML", "nwfilterDefineXML", "secretLookupByUUIDString"):
        call(name, "")
        call(name, "no/such")
    call("networkDefineXMLFlags", "<network/>", 1 << 9)
    call("storagePoolDefineXML", "<pool/>", 1 << 9)
    call("secretDefineXML", "<secret/>", 1 << 9)
    call("numOfDevices", None, 1 << 9)
    call("listDevices", "system", 0)
    return "\n".join(said)



def streams(b):
    """A stream that is given up half-way, both ways; holes by hand; two at a time; and what its end says of one that failed."""
    import libvirt
    c = libvirt.open(b.uri)
    w = b.dir + "/var/lib/libvirt/images/w/"
    said = []
    pool = c.storagePoolLookupByName("files") if "files" in [p.name() for p in c.listAllStoragePools()] else c.storagePoolCreateXML(open(w + "pool.xml").read(), 1)
    v = pool.createXML(open(w + "vol.xml").read())
    size = 4 << 20
    s, d = c.newStream(), c.newStream()
    v.upload(s, 0, 0, 0)
    s.send(b"x" * 100000)
    said.append(told(s.abort))
    v.download(d, 0, 0, 0)
    said.append(len(d.recv(70000)) > 0)
    said.append(told(d.abort))
    v.delete()          # of what was given up some is written, and what is a hole later is not emptied
    v = pool.createXML(open(w + "vol.xml").read())
    s, d = c.newStream(), c.newStream()
    v.upload(s, 0, 0, 1)
    s.send(b"a" * 5000)
    s.sendHole(size - 10000)
    s.send(b"b" * 5000)
    v.download(d, 0, 0, 0)
    said.append(told(s.finish))
    for beside in True, False:      # what is read while another writes is either's; afterwards it is whole
        got = bytearray()
        if not beside:
            d = c.newStream()
            v.download(d, 0, 0, 0)
        d.recvAll(lambda st, data, o: o.extend(data), got)
        said.append(told(d.finish))
        said.append([len(got), beside or bytes(got).strip(b"\0") == b"a" * 5000 + bytes(size - 10000) + b"b" * 5000])
    for flags in (2, 1 << 20):
        said.append(told(v.upload, c.newStream(), 0, 0, flags))
        said.append(told(v.download, c.newStream(), 0, 0, flags))
    v.delete()
    said.append(told(v.upload, c.newStream(), 0, 0, 0))
    pool.destroy()
    c.close()
    return "\n".join(map(str, said))


def run_events():
    import libvirt
    while True:
        libvirt.virEventRunDefaultImpl()


MASK = ["Active: .*", r"\b[0-9.]+ [MG]iB\b", "^(Capacity|Allocation|Available|Physical): .*", "<(capacity|allocation|available|physical|timestamps|atime|mtime|ctime|btime|inode|owner|group|mode)\\b[^>]*>[^<]*", "^ +<serial>.*"]
needed("dnsmasq", "iptables")
with Pair("siblings") as p:
    import libvirt
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=run_events, daemon=True).start()
    for name, text in FILES.items():
        p.file(name, text)
    ours, theirs = p.boxes
    p.virsh("net-list --all")
    p.virsh("net-info nosuch")
    ours.sibling(*"virtnetworkd virtnodedevd virtsecretd virtnwfilterd virtinterfaced virtstoraged".split())
    box.wait_for("it is there", lambda: ours.connect().listAllDevices())
    p.sh("cd W/ && seq 600000 | head -c 4194304 >bytes; echo some words >words; truncate -s 4M holes; printf begin | dd of=holes conv=notrunc; printf end | dd of=holes seek=5000 conv=notrunc",
         mask=[r"^! .* copied.*"], what="what is sent")
    for line in LINES.splitlines():
        if line[0] == "!":
            p.sh(line[1:], what=line)
        else:
            p.virsh(line, mask=MASK)
    p.same("streams", *p.each(streams))
    for line in ("net-list --all", "net-define W/net.xml", "net-event --list", "pool-list --all", "secret-get-value a0000000-0000-4000-8000-000000000006", "nodedev-list --cap system"):
        p.virsh(line, ro=True)
    p.same("events", *p.each(events))
    p.same("calls of all kinds", *p.each(looks))
sys.exit(p.result())
