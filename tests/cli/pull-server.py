# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server of models that misbehaves, for pull.sh: pull-server.py MODEL PORT-FILE LOG [CERTIFICATE]

GET /HOW/NAME sends the file NAME of MODEL in the manner HOW. Each request is a line of LOG: its path, its Range, the
bytes that were sent, and its Authorization. As a proxy it is the server of every name.
With a certificate (and its key, in one file) it answers over TLS, too, on the second port of the file."""
import hashlib
import http.server
import os
import ssl
import sys
import threading
import time

model, port_file, log = sys.argv[1:4]
WEIGHTS = "model.safetensors"
seen = {}


def read(name):
    with open(os.path.join(model, name), "rb") as f:
        return f.read()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.sent = 0
        try:
            self.answer()
        finally:
            with open(log, "a") as f:
                f.write(f"{self.path} {self.headers.get('Range', '-')} {self.sent} {self.headers.get('Authorization', '-')}\n")

    def answer(self):
        how, _, name = self.path.replace("http://proxied.invalid", "").lstrip("/").rpartition("/")
        count = seen[self.path] = seen.get(self.path, 0) + 1
        self.close_connection = True
        if how == "missing" or how.startswith("hub/"):
            how, name = self.hub(how, name)
            if how is None:
                return
        if how == "forbidden":
            return self.fail(403)
        if how == "down" or how == "flaky" and count < 3:
            return self.fail(503)
        if how == "bad-sum" and name == "SHA256SUMS":
            digest = hashlib.sha256(b"another file").hexdigest()
            return self.send(how, f"{digest}  {WEIGHTS}\n".encode(), name)
        if how in ("evil", "deep", "escape") and name == WEIGHTS:
            return self.fail(404)
        if how == "escape" and name == WEIGHTS + ".index.json":
            return self.send(how, b'{"weight_map": {"x": "/\\u001b[31m"}}', name)
        if how == "endless" and name == "vocab.json":
            return self.endless()
        if how == "huge" and name == WEIGHTS:
            return self.promise(10**15)
        if how == "to-plain":
            return self.redirect(f"http://127.0.0.1:{server.server_address[1]}/good/{name}")
        if how == "to-file":
            return self.redirect("file://" + os.path.join(model, name))
        if how == "around":
            return self.redirect(self.path)
        if how.startswith("to-other-host"):
            return self.redirect(f"http://localhost:{self.server.server_address[1]}/good/{name}")
        if how == "dotted-sums" and name == "SHA256SUMS":
            return self.send(how, f"{hashlib.sha256(b'another file').hexdigest().upper()}  ./{WEIGHTS}\n".encode(), name)
        if how == "deep" and name == WEIGHTS + ".index.json":
            return self.send(how, b"[" * 1000000, name)
        if how == "evil" and name == WEIGHTS + ".index.json":
            return self.send(how, b'{"weight_map": {"x": "../../escaped"}}', name)
        if how == "broken" and name == "config.json":
            return self.send(how, b"{", name)
        if not os.path.exists(os.path.join(model, name)):
            return self.fail(404)
        self.send(how, read(name), name)

    def hub(self, how, name):
        """As Hugging Face: the size and the checksum are in a redirection."""
        parts = how.split("/")
        if parts[0] == "missing" or parts[1:4] != ["owner", "name", "resolve"]:
            self.fail(404)
            return None, None
        if not os.path.exists(os.path.join(model, name)):
            self.fail(404)
            return None, None
        data = read(name)
        lie = parts[4] == "lie" and name == WEIGHTS
        self.send_response(302)
        self.send_header("Location", f"/good/{name}")
        self.send_header("X-Linked-Size", str(len(data) + (1 if lie else 0)))
        self.send_header("X-Linked-Etag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None, None

    def promise(self, size):
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(b"x")

    def redirect(self, where):
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")  # as it is: the next request has a connection of its own
        self.end_headers()

    def endless(self):
        """A gigabyte, should nobody hang up before."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for _ in range(1024):
                self.wfile.write(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
                self.sent += 1 << 20
        except OSError:
            pass

    def fail(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send(self, how, data, name):
        start = 0
        wanted = self.headers.get("Range")
        ranged = wanted is not None and how != "cut-no-range" and self.headers.get("If-Range") == '"tag"'
        if ranged:
            start = int(wanted.split("=")[1].rstrip("-"))
        if ranged and how == "shifted":
            start -= 7
        if ranged and start >= len(data):
            return self.fail(416)
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("ETag", '"tag"')
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        body = data[start:]
        if name == WEIGHTS and (how in ("cut", "cut-no-range") or how == "shifted" and not ranged and seen[self.path] == 1):
            body = body[:len(data) // 3 + 1]
        if name == WEIGHTS and how == "stall" and start == 0:
            body = body[:len(data) // 2]
        try:
            if name == WEIGHTS and how == "slow":
                self.wfile.write(body[:1000])
                self.wfile.flush()
                time.sleep(2)
                body = body[1000:]
            self.wfile.write(body)
            self.wfile.flush()
            self.sent = len(body)
            if name == WEIGHTS and how == "stall" and start == 0:
                time.sleep(20)
        except OSError:
            pass

    def log_message(self, *args):
        pass


def serve(certificate):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever).start()
    return server


server = serve(None)
ports = [str(server.server_address[1])] + [str(serve(path).server_address[1]) for path in sys.argv[4:]]
with open(port_file + ".new", "w") as f:
    f.write(" ".join(ports))
os.rename(port_file + ".new", port_file)
