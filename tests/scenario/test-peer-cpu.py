#!/usr/bin/python3
"""The processor of a guest: what host-model, a model and its features become, what QEMU is told and what it made of it, as with libvirtd."""
import os, re, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from needs import needed_modules
from pair import EMULATOR, Pair, error_words, told

needed_modules("libvirt")
import libvirt

START = {
    "none": "", "host-model": "<cpu mode='host-model'/>", "more": "<cpu mode='host-model'><feature policy='disable' name='avx2'/><feature policy='optional' name='avx512f'/></cpu>",
    "vendor": "<cpu mode='host-model'><model vendor_id='KVMKVMKVM123'/></cpu>", "maximum": "<cpu mode='maximum'><feature policy='disable' name='avx2'/></cpu>",
    "minimum": "<cpu match='minimum'><model>Penryn</model></cpu>", "gone": "<cpu><model>EPYC</model></cpu>", "lacks": "<cpu><model>Icelake-Server</model></cpu>",
    "unknown": "<cpu><model>Icelake-Client</model></cpu>",
    "policies": "<cpu><model>Penryn</model><topology sockets='1' cores='1' threads='1'/><feature policy='disable' name='sse4.1'/><feature policy='require' name='avx512f'/>"
                "<feature policy='optional' name='avx'/><feature policy='forbid' name='popcnt'/><feature policy='force' name='aes'/><feature name='osxsave'/></cpu>",
    "as-told": "<cpu check='full'><model>qemu64</model><feature name='hypervisor'/><feature name='lahf_lm'/></cpu>",
}
REFUSED = {
    "passthrough": "<cpu mode='host-passthrough'/>", "full": "<cpu check='full'><model>qemu64</model></cpu>", "partial": "<cpu check='partial'><model>EPYC</model></cpu>",
    "asked": "<cpu mode='host-model'><feature name='avx512f'/></cpu>", "nobody": "<cpu><model fallback='forbid'>Icelake-Client</model></cpu>",
    "nonsense": "<cpu><model>NoSuch</model></cpu>", "feature": "<cpu><model>Penryn</model><feature name='nosuch'/></cpu>",
}


COMPARED = ["<cpu><arch>x86_64</arch><model>486</model></cpu>", "<cpu match='exact'><model>pentium3</model></cpu>", "<cpu match='strict'><model>pentium</model></cpu>",
    "<cpu match='exact'><model>pentium</model><feature policy='forbid' name='lm'/></cpu>", "<cpu match='exact'><model>486</model><feature policy='optional' name='vmx'/></cpu>",
    "<cpu match='exact'><model>EPYC-Milan</model></cpu>", "<cpu match='exact'><model>486</model><vendor>Intel</vendor></cpu>", "<cpu match='exact'><arch>x86_64</arch><model>486</model></cpu>",
    "<cpu match='exact'><model>NoSuch</model></cpu>", "<cpu match='exact'><model>486</model><feature name='nosuch'/></cpu>", "<cpu><arch>ppc64</arch><model>POWER8</model></cpu>", "<cpu", "<domain/>", "<cpu/>"]


X = "<cpu><arch>x86_64</arch><model>%s</model>%s</cpu>"
BASELINES = [[X % ("qemu64", "")], [X % ("Westmere", "<feature name='vmx'/>"), X % ("Nehalem", "")], [X % ("Penryn", ""), X % ("Penryn", "<feature name='invtsc'/>")],
    [X % ("Penryn", "<feature name='invtsc'/>")], [X % ("Opteron_G3", ""), X % ("Opteron_G5", "")], [X % ("Opteron_G3", ""), X % ("Penryn", "")],
    [X % ("Penryn", "<vendor>Intel</vendor>"), X % ("Westmere", "<vendor>Intel</vendor>")], [X % ("Penryn", "<vendor>Intel</vendor>"), X % ("Westmere", "")],
    [X % ("Penryn", "<vendor>AMD</vendor>")], [X % ("EPYC", ""), X % ("EPYC-Rome", ""), X % ("EPYC-Milan", "")], [X % ("Skylake-Client", ""), X % ("Broadwell", ""), X % ("Haswell", "")],
    [X % ("486", ""), X % ("qemu64", "")], ["<cpu match='exact'><model>Penryn</model><feature policy='disable' name='sse4.1'/></cpu>", X % ("Penryn", "")], [X % ("NoSuch", "")],
    ["<cpu><arch>x86_64</arch></cpu>"], ["<cpu"], ["<domain/>"], ["<cpu mode='host-model'/>"],
    ["host"], ["host", X % ("qemu64", "")], [X % ("Penryn", "<vendor>Intel</vendor>"), X % ("Opteron_G3", "")], [X % ("EPYC", ""), X % ("Skylake-Server", "")],
    [X % ("Opteron_G3", "<feature name='monitor'/>")], [X % ("Penryn", "<feature name='osxsave'/><feature name='xsaves'/>")], [X % ("Penryn", ""), "<cpu><arch>ppc64</arch><model>POWER8</model></cpu>"], [X % ("Penryn", "<feature name='nosuch'/>")]]


def baseline(b, cpus):
    """What several processors have in common, of any model and of one for guests."""
    con = b.connect()
    here = re.search(r"<cpu>.*?</cpu>", con.getCapabilities(), re.S)[0]
    out = [told(lambda: con.baselineCPU([here if c == "host" else c for c in cpus], flags)) for flags in (0, 1, 2, 3, 4)]
    if not any(f in "".join(cpus) for f in ("host", "xsaves", "Skylake-Server", "invtsc", "EPYC", "Haswell", "POWER8", "x86_64</arch></cpu>")):     # of which libvirtd takes more for possible than QEMU has
        out += [told(lambda: con.baselineHypervisorCPU(None, None, None, "qemu", cpus, flags)) for flags in (0, 1, 2)]
    con.close()
    return "\n".join(out)


def document(name, cpu):
    return f"""<domain type='qemu'><name>{name}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>{cpu}
<devices>{EMULATOR}</devices></domain>"""


def cpu(dom, flags):
    return (re.search(r" *<cpu( [^>]*/>|.*</cpu>)", dom.XMLDesc(flags), re.S) or ["none"])[0]


def tell(b, name):
    """Everything that is said of a guest's processor: defined, as a command line, running."""
    def word(argv):
        return re.search(r"-cpu (\S+)", argv)[1]
    con = b.connect()
    text = document(name, START.get(name) or REFUSED.get(name, ""))
    out = ["native: " + told(lambda: word(con.domainXMLToNative("qemu-argv", text)))]
    dom = None
    try:
        dom = con.defineXML(text)
        out += ["defined, %d: %s" % (flags, cpu(dom, flags)) for flags in (0, libvirt.VIR_DOMAIN_XML_UPDATE_CPU, libvirt.VIR_DOMAIN_XML_MIGRATABLE)]
        dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        out += ["running, %d: %s" % (flags, cpu(dom, flags)) for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE, libvirt.VIR_DOMAIN_XML_MIGRATABLE)]
        pid = [p for p, c in b.processes() if "guest=%s," % name in c][0]
        out += ["run: " + word(open("/proc/%d/cmdline" % pid).read().replace("\0", " "))]
        dom.destroy()
    except libvirt.libvirtError as e:
        out += [error_words(e)]
    if dom:
        dom.undefine()
    con.close()
    return "\n".join(out)


def compare(b, text):
    """A processor with the host's, and with what a guest can have; with and without an error for one that does not fit."""
    con = b.connect()
    out = [told(lambda: "%d" % con.compareCPU(text, flags)) for flags in (0, 1)]
    out += [told(lambda: "%d" % con.compareHypervisorCPU(None, None, None, kind, text, 1)) for kind in (None, "qemu")]
    con.close()
    return "\n".join(out)


def feature_names():
    """Every feature that we know."""
    text = open(os.path.join(os.environ.get("SRCDIR", "."), "workers/cpu-features.def")).read()
    return re.findall(r'\bF\("([^"]+)"', text)


def unknown(b, names):
    """Of the features, those that the daemon does not know."""
    con = b.connect()
    out = [n for n in names if "Unknown CPU feature" in told(lambda: str(con.compareCPU(X % ("qemu64", "<feature name='%s'/>" % n))))]
    con.close()
    return " ".join(out)


def restart(b):
    """Both forms of a guest whose processor is not quite as it was told, before and after a restart of the daemon."""
    con = b.connect()
    con.createXML(document("gone", START["gone"]), libvirt.VIR_DOMAIN_START_PAUSED)
    told = []
    for again in (False, True):
        if again:
            b.stop_daemon()
            b.start()
            b.wait(running=1)
            con = b.connect()
        told.append("\n".join(con.lookupByName("gone").XMLDesc(flags) for flags in (0, libvirt.VIR_DOMAIN_XML_MIGRATABLE)))
        con.close()
    return told


with Pair("cpu") as p:
    for name in [*START, *REFUSED]:
        p.same(name, *p.each(tell, name))
    for text in COMPARED:
        p.same("compare " + text, *p.each(compare, text))
    for cpus in BASELINES:
        p.same("baseline " + " ".join(cpus), *p.each(baseline, cpus))
    names = feature_names()
    p.same("%d features" % len(names), *p.each(unknown, names + ["nosuch"]))
    before, after = restart(p.boxes[0])
    p.same("after a restart", after, before)
sys.exit(p.result())
