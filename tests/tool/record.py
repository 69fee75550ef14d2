#!/usr/bin/python3
"""record.py [-f] BUILDDIR [TEST...]: runs scenario tests (all that need root, when none is named) and notes in doc/tested.tsv which procedures
their daemons answered and refused, which events they sent, and which elements their guests ran with; doc/compatibility.py makes the table of it.

The tests get a build whose daemons are scripts that begin the real ones with LIBVIRT_DEBUG=1 and keep a copy of what they say: the gateway names
each call it answers then, and a guest's worker what the guest was started with.  Of each line at most MOST tests are noted.  -f: a test that fails is
noted too (one that compares levels of the log does, for this very reason).  Needs root."""
import glob, os, re, shutil, signal, subprocess, sys, tempfile

SRC = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOTED = os.path.join(SRC, "doc/tested.tsv")
MOST = 3
SCRIPT = """#!/bin/bash
f=$(mktemp -u %(log)s-XXXXXX) && mkfifo -m 666 "$f" || exit 1
(setsid tee -a "%(log)s" <"$f" >&2 3>&- &)
exec 2>"$f"
rm -f "$f"
export LIBVIRT_DEBUG=1
exec -a "$0" "%(real)s" "$@"
"""
SAID = re.compile(r"debug ?:? (?:gateway|qemu)[^:]*: (?:([a-z_]+(?:\.[a-z_0-9]+)+) (answered|sent|refused: error \d+)$|runs with (\S+):(.*))")


def shadow(build, log):
    """A folder that looks like the build."""
    d = tempfile.mkdtemp(prefix="bulkhead-record-", dir="/var/tmp")
    os.chmod(d, 0o755)
    for f in os.listdir(build):
        real, link = os.path.join(build, f), os.path.join(d, f)
        if re.fullmatch("virt[a-z]+d", f) and os.access(real, os.X_OK):
            with open(link, "w") as out:
                out.write(SCRIPT % dict(log=log, real=real))
            os.chmod(link, 0o755)
        else:
            os.symlink(real, link)
    return d


def read_log(log):
    """Procedures that were answered, the same with "!" for those that were refused, and elements."""
    seen = set()
    for line in open(log, errors="replace"):
        m = SAID.search(line.rstrip("\n"))
        if m and m.group(1) and not m.group(1).startswith("internal."):
            seen.add(m.group(1) + ("!" if m.group(2).startswith("refused") else ""))
        elif m and m.group(3) and "bulkhead:" not in m.group(3):
            path = re.sub(r"(/backingStore)+", "/backingStore", m.group(3))     # a chain is the same at every depth
            seen.add("<%s>" % path)
            for a in m.group(4).split():
                if not a.startswith("bulkhead:"):
                    seen.update("<%s %s>" % (path, x) for x in (a, a.partition("=")[0]))
    return seen


def run(build, test, failed_too):
    """What was seen, or None when the test failed or was skipped."""
    top = tempfile.mkdtemp(prefix="bulkhead-recorded-", dir="/var/tmp")
    os.chmod(top, 0o777)
    log = os.path.join(top, "said")
    open(log, "w").close()
    os.chmod(log, 0o666)
    d = shadow(build, log)
    try:
        env = dict(os.environ, SRCDIR=SRC, BUILDDIR=d, BUILD=d, PYTHON="/usr/bin/python3", PYTHONDONTWRITEBYTECODE="1")
        command = ["/usr/bin/python3"] if test.endswith(".py") else ["sh"]
        p = subprocess.run(command + [test], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
        if p.returncode:
            print("%s: status %d: %s" % (test, p.returncode, p.stdout.decode(errors="replace").strip()[-1500:]))
            return read_log(log) if failed_too and p.returncode == 1 else None
        return read_log(log)
    except subprocess.TimeoutExpired:
        print("%s: not in time" % test)
        return None
    finally:
        shutil.rmtree(d, ignore_errors=True)
        shutil.rmtree(top, ignore_errors=True)


def read_noted():
    if not os.path.exists(NOTED):
        return {}
    return {what: tests.split() for what, tests in (l.rstrip("\n").split("\t") for l in open(NOTED))}


def note(name, seen):
    noted = {what: [t for t in tests if t != name] for what, tests in read_noted().items()}
    for what in seen:
        tests = noted.setdefault(what, [])
        if len(tests) < MOST:
            tests.append(name)
    with open(NOTED + ".new", "w") as out:
        for what in sorted(noted):
            if noted[what]:
                out.write("%s\t%s\n" % (what, " ".join(sorted(noted[what]))))
    os.rename(NOTED + ".new", NOTED)


def main(argv):
    failed_too = argv[1:2] == ["-f"]
    argv = argv[failed_too:]
    if len(argv) < 2:
        raise SystemExit(__doc__)
    build, bad = os.path.abspath(argv[1]), 0
    signal.signal(signal.SIGTERM, lambda *a: sys.exit(1))           # what was made is removed
    tests = argv[2:] or sorted(glob.glob(os.path.join(SRC, "tests/scenario/test-*")))
    for test in tests:
        seen = run(build, os.path.abspath(test), failed_too)
        if seen is None:
            bad += 1
        else:
            print("%s: %d" % (os.path.basename(test), len(seen)), flush=True)
            note(os.path.basename(test), seen)
    return bad != 0


sys.exit(main(sys.argv))
