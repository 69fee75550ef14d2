#!/usr/bin/python3
"""vnctls.py PORT PKI [client]: a VNC client that speaks VeNCrypt (RFB, security type 19): what the server offers, what comes of a handshake with the certificates of PKI (or without one of
the client's), and the screen's name."""
import socket, ssl, struct, sys

X509_NONE = 260
port, pki = int(sys.argv[1]), sys.argv[2]
s = socket.create_connection(("127.0.0.1", port), 60)
word = lambda n: s.recv(n, socket.MSG_WAITALL) if not isinstance(s, ssl.SSLSocket) else b"".join(s.recv(1) for _ in range(n))
s.sendall(word(12))
kinds = list(word(word(1)[0]))
print("security types", kinds)
if 19 not in kinds:
    sys.exit(0)
s.sendall(bytes([19]))
s.sendall(word(2))
refused, n = word(2)
kinds = struct.unpack(">%dI" % n, word(4 * n))
print("of VeNCrypt", kinds)
s.sendall(struct.pack(">I", X509_NONE))
assert word(1) == b"\1", "refused"
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
tls.load_verify_locations(pki + "/ca-cert.pem")
if sys.argv[3:]:
    tls.load_cert_chain(pki + "/client-cert.pem", pki + "/client-key.pem")
try:
    s = tls.wrap_socket(s, server_hostname="localhost")
    print("the server's certificate is right")
    assert word(4) == bytes(4), "not let in"
    s.sendall(b"\1")
    w, h = struct.unpack(">HH", word(24)[:4])
    print("a screen of %dx%d" % (w, h))
except (OSError, IndexError, struct.error, AssertionError) as e:
    print("the connection ends")
