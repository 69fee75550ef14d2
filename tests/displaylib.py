"""displaylib.py: guests with a display in a box, and clients of their own beside it: what the tests of VNC and SPICE have in common."""
import os
from box import guest_xml, wait_for

# A client's program, which is run where the listener is, begins with this: s is connected to its first argument, and get(n) has the next n bytes.
CONNECT = r'''
import hashlib, os, socket, struct, subprocess, sys
a = sys.argv[1]
s = socket.socket(socket.AF_UNIX if a[0] == "/" else socket.AF_INET)
s.settimeout(30)
s.connect(a if a[0] == "/" else (a.split(":")[0], int(a.split(":")[1])))
def get(n):
    d = b""
    while len(d) < n:
        c = s.recv(n - len(d))
        if not c: sys.exit("closed")
        d += c
    return d
'''

# ADDRESS PASSWORD [CA]: opens SPICE's main channel, by TLS if there is an authority to trust, and prints what the server said: of the link, of the password, first message.
SPICE = r'''
if sys.argv[3:]:
    import ssl
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(sys.argv[3])
    try:
        s = tls.wrap_socket(s, server_hostname="localhost")
    except OSError:
        sys.exit("no TLS")
    print("by TLS", end=" ")
link = struct.pack("<IBBIII", 0, 1, 0, 0, 0, 18)
s.sendall(struct.pack("<4sIII", b"REDQ", 2, 2, len(link)) + link)
magic, major, minor, size = struct.unpack("<4sIII", get(16))
answer = get(size)
error, key = struct.unpack("<I", answer[:4])[0], answer[4:166]
if error:
    print("link", error)
    sys.exit()
def mask(seed, n):
    return b"".join(hashlib.sha1(seed + struct.pack(">I", i)).digest() for i in range(n // 20 + 1))[:n]
def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))
word = sys.argv[2].encode() + b"\0"
block = hashlib.sha1(b"").digest() + bytes(128 - 42 - len(word)) + b"\1" + word
seed = os.urandom(20)
block = xor(block, mask(seed, len(block)))
plain = xor(seed, mask(block, 20)) + block
s.sendall(pow(int.from_bytes(plain, "big"), 65537, int.from_bytes(key[-133:-5], "big")).to_bytes(128, "big"))
result = struct.unpack("<I", get(4))[0]
print(magic.decode(), "link", error, "result", result, "message", struct.unpack("<QHII", get(18))[1] if not result else "none")
'''


def client(box, program, *argv, check=True):
    """What it says."""
    return box.run("/usr/bin/python3", "-c", CONNECT + program, *argv, check=check, timeout=60)


def start(box, name, graphics, devices="<video><model type='vga'/></video>"):
    dom = box.connect().defineXML(guest_xml(name, devices=graphics + devices))
    dom.create()
    return dom


def has_no_network(box):
    """No guest's QEMU has the host's."""
    host = os.readlink("/proc/%d/ns/net" % box.daemon_pid())
    for pid in box.role("guest"):
        assert os.readlink("/proc/%d/ns/net" % pid) != host


def outlives_worker(box, is_served):
    """The worker dies: the listener and the next client do not."""
    os.kill(box.role("qemu")[0], 9)
    wait_for("a client after the worker's death", is_served)
