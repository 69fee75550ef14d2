#!/usr/bin/python3
"""Sessions, where the kernel lets a user make no namespaces and where it does: the daemon says what its sandbox lacks, and its guest starts, outlives it and ends, which the user's own hook
script hears. In its namespaces the guest has a TPM, too, whose emulator has the user's id, for there is no other."""
import ctypes, os, shutil, subprocess, sys, tempfile
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from box import BUILD, QEMU, guest_xml, wait_for
from needs import needed, needs_root, skip

needs_root()
needed("virsh", QEMU)
USER = 65534
CLONE_NEWUSER = 0x10000000
SCRIPT = r"""
set -e
if [ $1 = bare ]; then ! unshare -U true 2>/dev/null; else unshare -Un true || exit 77; fi
URI="qemu+unix:///session?socket=$HOME/run/libvirt/virtqemud-sock"
daemon() { mkfifo ready; ../virtqemud --notify-fd 7 7>ready & DAEMON=$!; read -r line <ready; rm ready; }
trap 'virsh -q -c "$URI" destroy g || :; kill $DAEMON' EXIT     # of a failure
daemon
virsh -q -c "$URI" define g.xml
virsh -q -c "$URI" start g
kill $DAEMON; wait $DAEMON || :
daemon
virsh -q -c "$URI" list
virsh -q -c "$URI" ttyconsole g
virsh -q -c "$URI" destroy g
virsh -q -c "$URI" list --all
trap - EXIT
kill $DAEMON; wait $DAEMON || :
"""


def run(folder, home, bare):
    """As that user; bare: in a user namespace of which he may make no other."""
    up, down = os.pipe(), os.pipe()
    out = open(os.path.join(folder, "out"), "wb")
    pid = os.fork()
    if pid == 0:
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            if bare and libc.unshare(CLONE_NEWUSER):
                os._exit(77)
            os.write(up[1], b"x")
            os.read(down[0], 1)
            if bare:
                with open("/proc/sys/user/max_user_namespaces", "w") as f:
                    f.write("0")
            else:
                os.setgroups([])
            os.setresgid(USER, USER, USER)
            os.setresuid(USER, USER, USER)
            os.chdir(home)
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
            os.execve("/bin/sh", ["sh", "-c", SCRIPT, "sh", "bare" if bare else "spaces"], {"HOME": home, "XDG_RUNTIME_DIR": home + "/run", "PATH": os.environ["PATH"], "BULKHEAD_LIBEXECDIR": folder + "/roles"})
        finally:
            os._exit(1)
    os.close(up[1])
    if os.read(up[0], 1) and bare:
        for ids in ("uid_map", "gid_map"):
            with open("/proc/%d/%s" % (pid, ids), "w") as f:
                f.write("0 0 1\n%d %d 1\n" % (USER, USER))
    os.write(down[1], b"x")
    ended = []
    wait_for("the script's end", lambda: ended.append(os.waitpid(pid, os.WNOHANG)) or ended[-1][0] == pid, 120)
    return os.waitstatus_to_exitcode(ended[-1][1])


TPM = "<tpm model='tpm-tis'><backend type='emulator' version='2.0'/></tpm>" if shutil.which("swtpm_setup") else ""


def session(bare, devices=""):
    folder = tempfile.mkdtemp(prefix="bh-bare-", dir="/var/tmp")
    try:
        os.chmod(folder, 0o755)
        home = os.path.join(folder, "home")
        os.makedirs(os.path.join(home, "run"))
        with open(os.path.join(home, "g.xml"), "w") as f:
            f.write(guest_xml("g", devices))
        shutil.copytree(os.path.join(BUILD, "roles"), os.path.join(folder, "roles"), ignore=shutil.ignore_patterns("*.o", ".deps"))
        shutil.copy(os.path.join(BUILD, "virtqemud"), folder)
        hooks = os.path.join(home, ".config/libvirt/hooks")
        os.makedirs(hooks)
        with open(hooks + "/qemu", "w") as f:
            f.write("#!/bin/sh\necho $(id -u) $* >> %s/heard\n" % home)
        os.chmod(hooks + "/qemu", 0o755)
        for path in (home, home + "/run", home + "/.config", home + "/.config/libvirt", hooks, hooks + "/qemu"):
            os.chown(path, USER, USER)
        status = run(folder, home, bare)
        said = open(os.path.join(folder, "out")).read()
        if status == 77:
            skip("no user namespaces here" + (" at all" if bare else " for users"))
        print(said)
        assert status == 0, status
        assert ("lacks namespaces" in said) == bare and "sandbox of supervisor lacks" in said, "it does not say so"
        assert " 1   g   running" in said and "/dev/pts/" in said and " -   g   shut off" in said
        heard = open(os.path.join(home, "heard")).read().splitlines()
        assert heard == ["%d g %s" % (USER, s) for s in ("prepare begin -", "start begin -", "started begin -", "reconnect begin -", "stopped end -", "release end -")], heard
        wait_for("the end of all of it", lambda: subprocess.run(["pgrep", "-f", folder], capture_output=True).returncode == 1)
        print("PASS: a session %s namespaces of its own" % ("without" if bare else "with"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


session(True)
session(False, TPM)
