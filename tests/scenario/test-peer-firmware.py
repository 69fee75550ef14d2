#!/usr/bin/python3
"""Firmware that is chosen by the host's descriptors: the same image, variables, machine and refusals as libvirtd's, and a UEFI that runs."""
import json, os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
import box
from needs import skip
from pair import EMULATOR, Pair, W

FOLDER, IMAGES = "/usr/share/qemu/firmware", "/usr/share/OVMF/"
if not os.path.exists(IMAGES + "OVMF_CODE_4M.fd") or not os.path.isdir(FOLDER):
    skip("ovmf is not installed")
OS = "sed -n '/<os/,/<.features/p'"


def descriptor(code="OVMF_CODE_4M.fd", vars="OVMF_VARS_4M.fd", features=(), mapping=None, mode=None, form="raw", machines=("pc-q35-*",), interfaces=("uefi",), arch="x86_64", **more):
    if not mapping:
        mapping = {"device": "flash", "executable": {"filename": IMAGES + code, "format": form}}
        mapping.update({"nvram-template": {"filename": IMAGES + vars, "format": "raw"}} if vars else {})
        mapping.update({"mode": mode} if mode else {})
    return {"description": "", "interface-types": list(interfaces), "mapping": mapping, "targets": [{"architecture": arch, "machines": list(machines)}], "features": list(features), "tags": [], **more}


def document(name, os_="", kind=" firmware='efi'", machine="q35", features="<acpi/>", devices=""):
    return (f"<domain type='qemu'><name>{name}</name><uuid>b0000000-0000-4000-8000-0000000000f1</uuid><memory unit='MiB'>128</memory><vcpu>1</vcpu><os{kind}><type arch='x86_64' machine='{machine}'>hvm</type>{os_}</os>"
            f"<features>{features}</features><devices>{EMULATOR}<memballoon model='none'/>{devices}</devices></domain>")


def asks(**features):
    return "<firmware>%s</firmware>" % "".join("<feature enabled='%s' name='%s'/>" % (v, k.replace("_", "-")) for k, v in features.items())


def named(attrs="readonly='yes'", code="OVMF_CODE.secboot.fd", more=""):
    return dict(kind="", os_=f"<loader {attrs} type='pflash'>{IMAGES}{code}</loader>{more}")


BIOS = "/usr/share/seabios/bios-256k.bin"
SECURE = descriptor(code="OVMF_CODE.secboot.fd", vars="OVMF_VARS.ms.fd", features=["secure-boot", "requires-smm"])
PLAIN = descriptor()
MEMORY = descriptor(mapping={"device": "memory", "filename": BIOS})
with_ = lambda d, **more: {**d, **more}
lacks = lambda key: {k: v for k, v in PLAIN.items() if k != key}
# What the host has, and what is asked of it. A text is a file's as it is.
STORY = [
    ([], [{}, named(), dict(kind=" firmware='bios'")]),
    ([PLAIN], [{}, dict(machine="pc"), dict(os_="<loader stateless='yes'/>"), dict(os_="<loader stateless='no'/>"), dict(os_=f"<nvram>{W}/x.fd</nvram>"), dict(os_=asks(enrolled_keys="no")),
               dict(os_="<loader secure='yes'/>"), dict(features="<acpi/></features><pm><suspend-to-mem enabled='yes'/></pm><features>")]),
    ([SECURE, PLAIN], [{}, dict(features="<acpi/><smm state='off'/>"), dict(features="<acpi/><smm state='on'><tseg unit='MiB'>48</tseg></smm>"), dict(os_=asks(secure_boot="no")), dict(os_=asks(secure_boot="yes")),
                       dict(os_=asks(enrolled_keys="yes")), dict(os_="<loader secure='yes'/>"), dict(machine="pc"),
                       named(), named(more=f"<nvram template='{IMAGES}OVMF_VARS.fd'/>"), named(more=f"<nvram>{W}/x.fd</nvram>"), named("readonly='yes' secure='no'"), named("readonly='yes' stateless='yes'"),
                       named(code="OVMF_CODE.snakeoil.fd")]),
    ([with_(SECURE, features=["secure-boot"])], [dict(os_="<loader secure='yes'/>"), dict(os_=asks(secure_boot="yes"))]),
    ([with_(SECURE, features=["requires-smm", "acpi-s3"])], [{}, dict(os_=asks(secure_boot="no")), dict(features="<acpi/></features><pm><suspend-to-mem enabled='yes'/></pm><features>")]),
    ([descriptor(vars=None, mode="stateless")], [{}, dict(os_="<loader stateless='yes'/>"), named("readonly='yes' stateless='yes'", "OVMF_CODE_4M.fd")]),
    ([descriptor(mode="combined")], [{}]),
    ([descriptor(form="qcow2")], [{}, named(code="OVMF_CODE_4M.fd")]),
    ([MEMORY], [{}, dict(os_="<loader stateless='no'/>")]),
    ([with_(MEMORY, **{"interface-types": ["bios"]})], [dict(kind=" firmware='bios'")]),
    ([descriptor(mapping={"device": "kernel", "filename": BIOS})], [{}]),
    ([descriptor(interfaces=["bios", "uefi"], features=["frob"])], [dict(kind=" firmware='bios'")]),
    (["", descriptor(machines=["pc-?35-7.*"])], [{}]),
    ([descriptor(machines=["q35"]), descriptor(arch="aarch64"), descriptor(machines=[])], [{}]),
    (["{"], [{}, named(), dict(kind="")]), (["[]"], [{}]), (["null"], [{}]),
    ([lacks("interface-types")], [{}]), ([lacks("mapping")], [{}]), ([lacks("targets")], [{}]), ([lacks("features")], [{}]),
    ([with_(PLAIN, **{"interface-types": ["frob"]})], [{}]), ([with_(PLAIN, **{"interface-types": [1]})], [{}]), ([with_(PLAIN, **{"interface-types": "uefi"})], [{}]),
    ([descriptor(mapping={"device": "frob"})], [{}]), ([descriptor(mapping={"a": 1})], [{}]), ([descriptor(mode="frob")], [{}]), ([descriptor(vars=None)], [{}]), ([descriptor(arch="frob")], [{}]),
    ([descriptor(mapping={"device": "flash"})], [{}]), ([descriptor(mapping={"device": "flash", "executable": {"format": "raw"}})], [{}]), ([descriptor(mapping={"device": "flash", "executable": {"filename": "a"}})], [{}]),
    ([with_(PLAIN, targets=[{}])], [{}]), ([with_(PLAIN, targets=[{"architecture": "x86_64"}])], [{}]),
]

with Pair("firmware", start=False) as p:
    for b in p.boxes:
        os.makedirs(b.dir + "/descriptors")
        b.say("mount --bind %s/descriptors %s && touch %s/mounted" % (b.dir, FOLDER, b.dir))
        box.wait_for("the folder", lambda: os.path.exists(b.dir + "/mounted"))
        b.start()
    turn = 0

    def host_has(files):
        """The descriptors of both, from now on: one more, for another machine, tells when they are seen; where one is bad none are."""
        global turn
        turn += 1
        seen = "/" + "./" * turn
        for b in p.boxes:
            where = b.dir + "/descriptors/"
            for f in os.listdir(where):
                os.unlink(where + f)
            for i, d in enumerate([*files, descriptor(mapping={"device": "memory", "filename": seen}, machines=["isapc"])]):
                with open("%s%d.json.new" % (b.dir + "/", i), "w") as f:
                    f.write(d if isinstance(d, str) else json.dumps(d))
                os.rename("%s%d.json.new" % (b.dir + "/", i), "%s%d.json" % (where, i))
        p.until("$V domcapabilities --machine isapc 2>&1 | grep -q -e '>%s<' -e '^error: internal error'" % seen)

    for files, asked in STORY:
        host_has(files)
        p.sh("$V domcapabilities --machine q35 | sed -n '/<os/,/<.os/p'", what="domcapabilities with %s" % files)
        for a in asked:
            p.file("f.xml", document("f", **a))
            p.sh("$V domxml-to-native qemu-argv W/f.xml | grep -o -e '-blockdev.*-accel' -e '-bios [^ ]*' -e '-kernel [^ ]*' -e '-global.*secure,value=on'", what="%s, of %s" % (a, files))

    host_has([SECURE, PLAIN])
    p.file("f.xml", document("f", asks(secure_boot="no")))
    p.file("s.xml", document("s").replace("f1<", "f2<"))
    for line in ("define W/f.xml", "define W/s.xml", "start s --paused", "dumpxml s | " + OS, "dumpxml s --migratable | " + OS, "dumpxml s --inactive | " + OS, "managedsave s", "managedsave-dumpxml s | " + OS,
                 "start s", "dumpxml s | " + OS, "domstate s", "destroy s", "undefine s", "undefine s --nvram", "start f", "dumpxml f | " + OS, "undefine f --keep-nvram", "destroy f"):
        p.virsh(line)
    p.sh("ls /var/lib/libvirt/qemu/nvram; stat -c %a /var/lib/libvirt/qemu/nvram/*")
    # Which image it is the guest says itself: on its serial port UEFI names what it looks for.
    p.file("u.xml", document("u", asks(secure_boot="no"), devices=f"<serial type='file'><source path='{W}/u.log'/></serial>"))
    p.virsh("create W/u.xml")
    p.until("grep -a -q BdsDxe W/u.log")
    p.sh("grep -a -c BdsDxe W/u.log | sed 's/[1-9][0-9]*/some/'")
    p.virsh("destroy u")
    # What a descriptor names is no way to a file that only root may read.
    host_has([descriptor(mapping={"device": "flash", "executable": {"filename": "/etc/shadow", "format": "raw"}, "nvram-template": {"filename": IMAGES + "OVMF_VARS_4M.fd", "format": "raw"}})])
    p.file("r.xml", document("r"))
    p.sh("$V create W/r.xml 2>&1 | grep -o -m1 'Permission denied'")
sys.exit(p.result())
