"""accesslib.py: what users of a box may do: lines of Python, each a call, made as a user of a given uid and groups inside the box."""
import os, textwrap
from needs import needed, needed_modules, needs_root

needs_root()
needed("setpriv", "/usr/bin/qemu-system-x86_64")
needed_modules("libvirt")       # box.py's
SCRIPT = textwrap.dedent("""
    import libvirt, os, sys
    libvirt.registerErrorHandler(lambda *a: None, None)
    sys.path.insert(0, sys.argv[1])
    from pair import told, error_words
    uri, lines = sys.argv[2], sys.stdin.read().splitlines()
    try:
        c = libvirt.openReadOnly(uri) if "-r" in sys.argv else libvirt.open(uri)
    except libvirt.libvirtError as e:
        print("open -> " + error_words(e))
        sys.exit()
    d = c.lookupByName
    for line in lines:
        print("%s -> %s" % (line, told(lambda: eval(line))))
    c.close()
""")


def argv(uid, groups=(), program=()):
    return ["setpriv", "--reuid=%d" % uid, "--regid=%d" % uid, "--groups=" + ",".join(map(str, groups)) if groups else "--clear-groups", "--", *program]


def calls(b, uid, lines, groups=(), ro=False, uri="qemu:///system"):
    """{line: answer}; of a connection that was not opened {"open": why}."""
    tests = os.path.dirname(os.path.abspath(__file__))
    r = b.run(*argv(uid, groups, ["/usr/bin/python3", "-c", SCRIPT, tests, uri] + ["-r"] * ro), input="\n".join(lines), check=False)
    if r.returncode:
        raise AssertionError("a user's program: " + r.stdout + r.stderr)
    return dict(line.split(" -> ", 1) for line in r.stdout.splitlines() if " -> " in line)


bad = []


def check(what, got, want):
    print("%s  %s" % ("ok " if got == want else "BAD", what))
    if got != want:
        bad.append(what)
        print("     %r\nnot  %r" % (got, want), flush=True)


def result():
    """The exit status of a test that has checked all."""
    print("%d bad" % len(bad))
    return bool(bad)
