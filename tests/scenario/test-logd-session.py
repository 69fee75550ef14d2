#!/usr/bin/python3
"""virtlogd of an ordinary user: a log in the user's folder, by libvirt's RPC and by msgpack-RPC on the same socket; kills in between."""
import array, os, re, shutil, signal, socket, subprocess, sys, tempfile, time, traceback
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from logdlib import Logd
from needs import needed

BUILD = os.environ.get("BUILDDIR", ".")
needed(BUILD + "/virtlogd")


def until(what, fn):
    for _ in range(6000):
        try:
            v = fn()
            if v:
                return v
        except OSError:
            pass
        time.sleep(0.01)
    raise AssertionError("not in time: " + what)


def pack(v):
    """The few kinds of values that the calls need."""
    if isinstance(v, int):
        return bytes([v]) if v < 128 else b"\xcf" + v.to_bytes(8, "big")
    if isinstance(v, str):
        return b"\xda" + len(v).to_bytes(2, "big") + v.encode()
    if isinstance(v, bytes):
        return b"\xc4" + bytes([len(v)]) + v
    return bytes([0x90 + len(v)]) + b"".join(map(pack, v))


def ask(sock, method, *args):
    """The bytes of a response, and a descriptor if one came with it."""
    sock.sendall(pack([0, 7, method, list(args)]))
    data, fds = b"", array.array("i")
    end = time.time() + 60
    while time.time() < end:
        more, control, _, _ = sock.recvmsg(1 << 20, socket.CMSG_SPACE(32))
        for _, _, value in control:
            fds.frombytes(value)
        data += more
        sock.settimeout(0.2)
        try:
            sock.recv(1, socket.MSG_PEEK)
        except socket.timeout:
            break
        finally:
            sock.settimeout(60)
    assert data[:3] == b"\x94\x01\x07", data
    return data[3:], fds[0] if fds else -1


def children(pid):
    return {p: c for p, c in ((int(p), open("/proc/%s/cmdline" % p).read().rstrip("\0")) for p in open("/proc/%d/task/%d/children" % (pid, pid)).read().split())}


def run(top):
    env = dict(os.environ, HOME=top, XDG_RUNTIME_DIR=top + "/run", XDG_CONFIG_HOME=top + "/config", XDG_CACHE_HOME=top + "/cache", BULKHEAD_LIBEXECDIR=BUILD + "/roles")
    os.makedirs(top + "/config/libvirt")
    os.makedirs(top + "/logs")
    os.mkdir(top + "/run", 0o700)
    with open(top + "/config/libvirt/virtlogd.conf", "w") as f:
        f.write("max_size = 100\nbulkhead_timestamps = 1\n")
    log, path = top + "/logs/a.log", top + "/run/libvirt/virtlogd-sock"
    said = open(top + "/said", "w+")
    daemon = subprocess.Popen([BUILD + "/virtlogd"], env=env, stderr=said)
    try:
        c = until("the daemon answers", lambda: os.path.exists(path) and Logd(path))
        fd, inode, offset = c.open(log, 1)
        assert (inode, offset) == (os.stat(log).st_ino, 0)
        for n in range(4):
            os.write(fd, b"line %d\n" % n)
            for p, command in children(daemon.pid).items():
                if command in ("bulkhead-log", "bulkhead-supervisor"):
                    os.kill(p, signal.SIGKILL)
            c.position(log)
        lines = c.read(log, inode, 0).decode().splitlines()
        assert len(lines) == 4 and all(re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000: line %d" % i, l) for i, l in enumerate(lines)), lines
        assert os.path.exists(log + ".0") and os.stat(log).st_mode & 0o777 == 0o600

        s = socket.socket(socket.AF_UNIX)
        s.settimeout(60)
        s.connect(path)
        body, _ = ask(s, "log.domain.open_log_file", "qemu", [b"0123456789abcdef", "one"], log, 0)
        assert b"Cannot open log file: '%s': Device or resource busy" % log.encode() in body, body
        body, other = ask(s, "log.domain.open_log_file", "qemu", [b"0123456789abcdef", "one"], top + "/logs/b.log", 1)
        assert body[:1] == b"\xc0" and other >= 0, body
        os.write(other, b"by the other protocol\n")
        body, _ = ask(s, "log.domain.append_log_file", "qemu", [b"0123456789abcdef", "one"], top + "/logs/b.log", "appended\n", 0)
        assert body == b"\xc0\x91\x00", body
        body, _ = ask(s, "log.domain.read_log_file", top + "/logs/b.log", [os.stat(top + "/logs/b.log").st_ino, 0], 1000, 0)
        assert body.startswith(b"\xc0\x91") and body.endswith(b": by the other protocol\nappended\n"), body
        body, _ = ask(s, "log.domain.get_log_file_position", top + "/logs/none.log", 0)
        assert b"No open log file" in body, body
        body, _ = ask(s, "connect.open", "qemu:///session", 0)
        assert b"unknown procedure" in body, body
    except BaseException:
        said.seek(0)
        print(said.read()[-3000:])
        raise
    finally:
        daemon.terminate()
        daemon.wait(30)


top = tempfile.mkdtemp(prefix="bh-logd-", dir="/var/tmp")
pid = os.fork()
if pid == 0:
    try:
        if os.geteuid() == 0:
            os.chown(top, 65534, 65534)
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        run(top)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
status = os.waitpid(pid, 0)[1]
shutil.rmtree(top, ignore_errors=True)
sys.exit(1 if status else 0)
