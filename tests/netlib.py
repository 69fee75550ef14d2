#!/usr/bin/python3
"""netlib.py: servers that a disk's bytes come from, on loopback: by HTTP and HTTPS with ranges, and certificates for them.

    netlib.py FOLDER PORT [CERTIFICATES]        serves files of FOLDER until it is killed
"""
import base64, glob, http.server, os, re, ssl, subprocess, sys, threading


def has(*modules):
    """Has QEMU what it needs for such disks?"""
    return all(glob.glob("/usr/lib/*/qemu/block-%s.so" % m) or glob.glob("/usr/lib*/qemu*/block-%s.so" % m) for m in modules)


def pki(where):
    """A folder with an authority of its own, and pairs that it signed for a server and a client, by the names that libvirt and QEMU have for such."""
    os.makedirs(where)
    run = lambda *argv: subprocess.run(argv, check=True, capture_output=True, cwd=where)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run("openssl", "req", "-x509", *key, "-days", "30", "-subj", "/CN=an authority", "-addext", "keyUsage=critical,keyCertSign", "-keyout", "ca-key.pem", "-out", "ca-cert.pem")
    for end in ("server", "client"):
        run("openssl", "req", *key, "-subj", "/CN=localhost", "-keyout", end + "-key.pem", "-out", end + ".csr")
        with open(os.path.join(where, "ext"), "w") as f:
            f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=%sAuth\n" % end)
        run("openssl", "x509", "-req", "-in", end + ".csr", "-CA", "ca-cert.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "30", "-extfile", "ext", "-out", end + "-cert.pem")
    return where


# Who sees what is in these folders, which are the served one by other names.
ASKS = {"/locked": ("Authorization", "Basic " + base64.b64encode(b"me:geheim-geheim").decode()), "/jar": ("Cookie", "a=b; c=d")}


class Ranges(http.server.BaseHTTPRequestHandler):
    """Files of one folder, by ranges, as QEMU asks for them."""
    protocol_version = "HTTP/1.1"

    def do_HEAD(self, send=False):
        self.server.asked.append((self.path, self.headers.get("Cookie")))
        header, wanted = ASKS.get(os.path.dirname(self.path), (None, None))
        if header and self.headers.get(header) != wanted:
            self.send_error(403)
            return
        try:
            with open(os.path.join(self.server.dir, os.path.basename(self.path.split("?")[0])), "rb") as f:
                data = f.read()
        except OSError:
            self.send_error(404)
            return
        part = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first, last = (int(part[1]), min(int(part[2] or len(data)), len(data) - 1)) if part else (0, len(data) - 1)
        self.send_response(206 if part else 200)
        self.send_header("Accept-Ranges", "bytes")
        if part:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (first, last, len(data)))
        self.send_header("Content-Length", str(last + 1 - first))
        self.end_headers()
        if send:
            self.wfile.write(data[first:last + 1])

    def do_GET(self):
        self.do_HEAD(True)

    def log_message(self, *words):
        pass


class Http:
    """A thread's server of a folder, in the network that the thread is in; asked: (path, cookies) of each request."""
    def __init__(self, folder, port, certificates=None):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Ranges)
        self.server.dir, self.server.asked, self.server.daemon_threads = folder, [], True
        if certificates:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificates + "/server-cert.pem", certificates + "/server-key.pem")
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.asked = self.server.asked
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    Http(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]).thread.join()
