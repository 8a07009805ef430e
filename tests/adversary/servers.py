# SPDX-License-Identifier: Apache-2.0
"""Web servers for tests, each in a thread on a free port of the loopback: plain, slow, endless, huge."""
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from functools import partial


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, str(self.headers)))
        evil = self.server.evil
        if not (evil and evil(self, self.path)):
            super().do_GET()


class Server:
    """Serves `folder`. `evil(handler, path)` may answer a request itself; True if it did."""

    def __init__(self, folder, evil=None, address="127.0.0.1"):
        self.http = ThreadingHTTPServer((address, 0), partial(Handler, directory=str(folder)))
        self.http.daemon_threads = True
        self.http.seen, self.http.evil, self.http.stopping = [], evil, threading.Event()
        self.url = f"http://{address}:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def seen(self):
        """[(path, headers)] of all requests so far."""
        return self.http.seen

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.stopping.set()
        self.http.shutdown()
        self.http.server_close()


def begin(h, length=None, status=200):
    h.send_response(status)
    if length is None:
        h.send_header("Transfer-Encoding", "chunked")
    else:
        h.send_header("Content-Length", str(length))
    h.end_headers()


def trickle(h, _path, seconds=0.5):
    """A byte every so often, for ever."""
    h.close_connection = True
    try:
        begin(h, 1 << 20)
        while not h.server.stopping.wait(seconds):
            h.wfile.write(b"u")
            h.wfile.flush()
    except OSError:
        pass
    return True


def endless(h, _path):
    """Bytes as fast as they go, for ever, no length given."""
    h.close_connection = True
    block = b"10000\r\n" + b"u" * 0x10000 + b"\r\n"
    try:
        begin(h)
        while not h.server.stopping.is_set():
            h.wfile.write(block)
    except OSError:
        pass
    return True


def huge(h, _path, length=1 << 40):
    """Says that a terabyte comes, and begins with it."""
    h.close_connection = True
    try:
        begin(h, length)
        while not h.server.stopping.is_set():
            h.wfile.write(b"u" * 0x10000)
    except OSError:
        pass
    return True


def silent(h, _path):
    """Takes the request and says nothing."""
    h.close_connection = True
    h.server.stopping.wait(600)
    return True


def endless_head(h, _path):
    """Headers without end."""
    h.close_connection = True
    try:
        h.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not h.server.stopping.is_set():
            h.wfile.write(b"X-More: " + b"u" * 1000 + b"\r\n")
    except OSError:
        pass
    return True


def missing(h, _path):
    h.send_error(404)
    return True


def away(h, _path, to="http://127.0.0.1:1/"):
    """Sends elsewhere, which nobody follows."""
    h.send_response(302)
    h.send_header("Location", to)
    h.send_header("Content-Length", "0")
    h.end_headers()
    return True


def only(part, evil):
    """`evil` for paths with `part` in them, the folder for the others."""
    return lambda h, path: evil(h, path) if part in path else False
