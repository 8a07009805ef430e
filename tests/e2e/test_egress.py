# SPDX-License-Identifier: Apache-2.0
"""What leaves the machine: the egress ledger next to captures, and the updater next to bad servers."""
import base64
import fcntl
import hashlib
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from conftest import BUILD, readable_by_all
from network import HOST, Network, certificates, nginx

ELIMIT, EARG, EPEER = 7, 8, 11
FILES = {"checkpoint": b"small\n", "tile/0/000.p/3": os.urandom(96), "chunk/ab/big": os.urandom(2_000_000), "empty": b""}


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bin")
    for name in ("vitrine", "vitrine-updater"):
        shutil.copy(BUILD / name, folder / name)
    shutil.copy(BUILD / "tests/egress/fetch", folder / "fetch")
    readable_by_all(folder)
    return folder


@pytest.fixture
def network(tmp_path):
    made = []

    def make(name="net"):
        n = Network(tmp_path / name)
        made.append(n)
        return n
    yield make
    for n in made:
        n.close()


@pytest.fixture
def root(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "www" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    readable_by_all(tmp_path / "www")
    return tmp_path / "www"


class Client:
    """Requests through an updater; each answer is (status, bytes, SHA-256) or (error, why)."""

    def __init__(self, programs, ledger, network=None, timeout_ms=5000, slowest=1000, certificates=None, before=()):
        self.command = [*(network.enter if network else []), *before, programs / "fetch", programs / "vitrine-updater",
                        ledger, str(timeout_ms), str(slowest), *([certificates] if certificates else [])]
        self.ledger = ledger

    def run(self, *lines):
        p = subprocess.run(list(map(str, self.command)), input="".join(line + "\n" for line in lines), check=False,
                           capture_output=True, text=True, timeout=300)
        assert p.returncode == 0, p.stderr
        out = [parse(line) for line in p.stdout.splitlines()]
        assert len(out) == len(lines)
        return out


def parse(line):
    if line.startswith("error "):
        _, number, why = line.split(" ", 2)
        return int(number), why
    status, size, digest = line.split()
    return int(status), int(size), digest


def good(content, status=200):
    return status, len(content), hashlib.sha256(content).hexdigest()


def egress(programs, *args):
    return subprocess.run([programs / "vitrine", "egress", *map(str, args)], check=False, capture_output=True, text=True,
                          timeout=120)


def entries(programs, ledger):
    p = egress(programs, "list", "--format=jsonl", "--ledger", ledger)
    assert p.returncode == 0, p.stderr
    out = [json.loads(line) for line in p.stdout.splitlines()]
    for e in out:
        e["bytes"] = base64.b64decode(e["bytes"])
    return out


def fetch_all(host, scheme="http"):
    return [f"get 10000000 {scheme}://{host}/{name}" for name in FILES]


def test_ledger_equals_capture(programs, network, root, tmp_path):
    net = network()
    net.resolver()
    nginx(net, tmp_path / "nginx", root)
    capture = net.capture(tmp_path / "c.pcap")
    client = Client(programs, tmp_path / "ledger", net)
    got = client.run(*fetch_all("updates.example"), "get 1000 http://www.updates.example/checkpoint",
                     "get 10 http://nosuch.example/x", "get 10 http://updates.example/nosuch",
                     f"get 10 http://{HOST}:81/refused")
    capture.stop()
    assert got[:4] == [good(c) for c in FILES.values()]
    assert got[4] == good(FILES["checkpoint"])
    assert got[5][0] == EPEER and "no such host" in got[5][1]
    assert got[6][0] == 404
    assert got[7][0] == EPEER and "refuses" in got[7][1]
    r = egress(programs, "verify", "--ledger", tmp_path / "ledger", "--capture", tmp_path / "c.pcap")
    assert r.returncode == 0, r.stdout + r.stderr
    assert "equal" in r.stdout
    kinds = [e["kind"] for e in entries(programs, tmp_path / "ledger")]
    assert kinds.count("tcp") == 6 and kinds.count("dns") >= 6 and kinds.count("tls") == 0


def test_ledger_equals_capture_by_other_means(programs, network, root, tmp_path):
    """The same with a comparison that has nothing of ours: requests found in the capture's bytes."""
    net = network()
    net.resolver()
    nginx(net, tmp_path / "nginx", root)
    capture = net.capture(tmp_path / "c.pcap")
    Client(programs, tmp_path / "ledger", net).run("get 1000 http://updates.example/checkpoint")
    raw = capture.stop().read_bytes()
    sent = [e["bytes"] for e in entries(programs, tmp_path / "ledger") if e["bytes"]]
    assert len(sent) == 3
    assert sent[2] == (b"GET /checkpoint HTTP/1.1\r\nHost: updates.example\r\nUser-Agent: vitrine\r\nAccept: */*\r\n"
                       b"Connection: keep-alive\r\n\r\n")
    for s in sent:
        assert s in raw
    # payload bytes that left by TCP towards port 80, from tcpdump's own reading
    text = subprocess.run(["tcpdump", "-r", str(tmp_path / "c.pcap"), "-n", "dst port 80"], check=True, capture_output=True,
                          text=True).stdout
    assert sum(int(n) for n in re.findall(r"length (\d+)", text)) == len(sent[2])


def test_a_byte_that_was_not_entered_shows(programs, network, root, tmp_path):
    net = network()
    net.resolver()
    nginx(net, tmp_path / "nginx", root)
    capture = net.capture(tmp_path / "c.pcap")
    Client(programs, tmp_path / "ledger", net).run("get 1000 http://updates.example/checkpoint")
    net.run("/usr/bin/python3", "-c", f"import socket; s = socket.create_connection(('{HOST}', 80)); s.send(b'x')")
    capture.stop()
    r = egress(programs, "verify", "--ledger", tmp_path / "ledger", "--capture", tmp_path / "c.pcap")
    assert r.returncode == 1 and "1 bytes left and are not in the ledger" in r.stdout
    # and the other way round: the ledger has more than was sent
    Client(programs, tmp_path / "ledger", net).run("get 1000 http://updates.example/checkpoint")
    r = egress(programs, "verify", "--ledger", tmp_path / "ledger", "--capture", tmp_path / "c.pcap")
    assert r.returncode == 1 and "not in the capture" in r.stdout


def records(data):
    out = []
    while data:
        n = int.from_bytes(data[3:5], "big")
        assert data[0] in (20, 21, 22, 23) and data[1] == 3 and len(data) >= 5 + n
        out.append((data[0], n))
        data = data[5 + n:]
    return out


@pytest.mark.parametrize("protocols, overhead", [("TLSv1.2", 24), ("TLSv1.3", 17)])
def test_tls_records_equal_capture(programs, network, root, tmp_path, protocols, overhead):
    net = network()
    net.resolver()
    ca, cert, key = certificates(tmp_path / "ca", "updates.example", HOST)
    nginx(net, tmp_path / "nginx", root, tls=(cert, key), protocols=protocols)
    body = os.urandom(100_000)
    (tmp_path / "body").write_bytes(body)
    capture = net.capture(tmp_path / "c.pcap")
    client = Client(programs, tmp_path / "ledger", net, certificates=ca)
    got = client.run(*fetch_all("updates.example", "https"), f"get 100 https://{HOST}/checkpoint",
                     f"post 1000 https://updates.example/checkpoint application/octet-stream {tmp_path}/body",
                     "get 100 https://other.example/checkpoint")
    capture.stop()
    assert got[:4] == [good(c) for c in FILES.values()]
    assert got[4] == good(FILES["checkpoint"])
    assert got[5][0] == 405
    r = egress(programs, "verify", "--ledger", tmp_path / "ledger", "--capture", tmp_path / "c.pcap")
    assert r.returncode == 0, r.stdout + r.stderr
    log = entries(programs, tmp_path / "ledger")
    plain = [e["bytes"] for e in log if e["kind"] == "plain"]
    assert b"".join(plain).endswith(body) and plain[0].startswith(b"GET /checkpoint HTTP/1.1\r\n")
    # Each plain text is followed by the one record that it became: TLS 1.3 adds a type and
    # 16 bytes (RFC 8446, section 5.2), 1.2 with AES-GCM 8 and 16 (RFC 5288).
    for i, e in enumerate(log):
        if e["kind"] == "plain":
            assert log[i + 1]["kind"] == "tls"
            assert records(log[i + 1]["bytes"]) == [(23, len(e["bytes"]) + overhead)]
        elif e["kind"] == "tls":
            records(e["bytes"])


def test_certificates_are_checked(programs, network, root, tmp_path):
    net = network()
    net.resolver()
    ca, cert, key = certificates(tmp_path / "ca", "elsewhere.example")
    other, _, _ = certificates(tmp_path / "other", "x.example")
    nginx(net, tmp_path / "nginx", root, tls=(cert, key))
    for name, trust, why in (("wrong-name", ca, "hostname mismatch"), ("wrong-ca", other, "unable to get local issuer"),
                             ("system", None, "unable to get local issuer")):
        if trust is None and not Path("/etc/ssl/certs/ca-certificates.crt").exists():
            why = "no certificates"
        (status, said), = Client(programs, tmp_path / name, net, certificates=trust).run(
            "get 100 https://updates.example/checkpoint")
        assert status == EPEER and why in said, said
        assert not [e for e in entries(programs, tmp_path / name) if e["kind"] == "plain"]


def test_old_tls_is_refused(programs, network, root, tmp_path):
    net = network()
    ca, cert, key = certificates(tmp_path / "ca", HOST)
    server = net.start("openssl", "s_server", "-accept", f"{HOST}:443", "-cert", cert, "-key", key, "-tls1_1", "-cipher",
                       "ALL:@SECLEVEL=0", "-quiet", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    net.listening(HOST, 443)
    (status, said), = Client(programs, tmp_path / "ledger", net, certificates=ca).run(f"get 100 https://{HOST}/x")
    assert status == EPEER and "TLS" in said, said
    server.kill()


ECHO = r'''
import http.server, socket, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(int(self.path[1:]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
server = Server(("::1", 8080), Handler)
print("ready", flush=True)
server.serve_forever()
'''


def test_posts_over_ipv6(programs, network, tmp_path):
    """A body of several entries; its answer comes back whatever the status."""
    net = network()
    net.python(ECHO)
    body = os.urandom(150_000)
    (tmp_path / "body").write_bytes(body)
    (tmp_path / "nothing").write_bytes(b"")
    capture = net.capture(tmp_path / "c.pcap")
    got = Client(programs, tmp_path / "ledger", net).run(
        f"post 200000 http://[::1]:8080/200 application/octet-stream {tmp_path}/body",
        f"post 200000 http://[::1]:8080/409 text/plain {tmp_path}/body",
        f"post 100 http://[::1]:8080/422 text/plain {tmp_path}/nothing",
        f"post 1000 http://[::1]:8080/200 text/plain {tmp_path}/body", f"post 10 http://[::1]:8080/200 text/html {tmp_path}/nothing")
    capture.stop()
    assert got[:3] == [good(body), good(body, 409), good(b"", 422)]
    assert [g[0] for g in got[3:]] == [ELIMIT, EARG]
    r = egress(programs, "verify", "--ledger", tmp_path / "ledger", "--capture", tmp_path / "c.pcap")
    assert r.returncode == 0, r.stdout + r.stderr
    log = [e for e in entries(programs, tmp_path / "ledger") if e["kind"] == "tcp"]
    assert log[0]["peer"] == "[::1]:8080 ::1" and log[0]["length"] == 32768
    assert b"".join(e["bytes"] for e in log[:5]) == (
        b"POST /200 HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: vitrine\r\nAccept: */*\r\nConnection: keep-alive\r\n"
        b"Content-Length: 150000\r\nContent-Type: application/octet-stream\r\n\r\n" + body)


def test_full_disk_sends_nothing(programs, network, root, tmp_path):
    net = network()
    nginx(net, tmp_path / "nginx", root)
    small = tmp_path / "small"
    small.mkdir()
    if net.run("mount", "-t", "tmpfs", "-o", "size=64k", "none", small).returncode:
        pytest.skip("nothing may be mounted here")
    capture = net.capture(tmp_path / "c.pcap")
    got = Client(programs, small / "ledger", net).run(*[f"get 100 http://{HOST}/checkpoint"] * 400)
    capture.stop()
    assert got[0] == good(FILES["checkpoint"])
    refused = [g for g in got if g[0] == EPEER]
    assert refused and all("ledger can't be" in g[1] or "nothing is sent" in g[1] for g in refused), refused[-1]
    assert refused[-1] == got[-1]
    r = net.run(programs / "vitrine", "egress", "verify", "--ledger", small / "ledger", "--capture", tmp_path / "c.pcap", "--partial")
    assert r.returncode == 0, r.stdout + r.stderr


def test_two_machines_send_the_same(programs, network, root, tmp_path):
    ca, cert, key = certificates(tmp_path / "ca", "updates.example")
    sent = []
    for name in ("a", "b"):
        net = network(name)
        net.resolver()
        nginx(net, tmp_path / f"nginx-{name}", root, tls=(cert, key))
        if name == "b":
            net.run("hostname", "another")
        client = Client(programs, tmp_path / f"ledger-{name}", net, certificates=ca,
                        before=["env", f"USER={name}", f"HOME=/home/{name}", "LANG=xx_YY", f"SSL_CERT_FILE=/{name}"])
        assert client.run(*fetch_all("updates.example"), *fetch_all("www.updates.example"),
                          "get 100 https://updates.example/checkpoint")[-1] == good(FILES["checkpoint"])
        sent.append([(e["kind"], e["bytes"]) for e in entries(programs, tmp_path / f"ledger-{name}") if e["kind"] != "tls"])
    assert sent[0] == sent[1]
    r = egress(programs, "diff", tmp_path / "ledger-a", tmp_path / "ledger-b")
    assert r.returncode == 0 and "the same" in r.stdout
    # a third request makes a difference, and an export can be compared as well
    client.run("get 100 http://updates.example/empty")
    out = subprocess.run([programs / "vitrine", "egress", "export", "--ledger", tmp_path / "ledger-b"], check=True,
                         capture_output=True).stdout
    (tmp_path / "b.tar").write_bytes(out)
    r = egress(programs, "diff", tmp_path / "ledger-a", tmp_path / "b.tar")
    assert r.returncode == 1 and "only in B" in r.stdout and "GET /empty" in r.stdout


def test_killed_in_the_middle(programs, network, root, tmp_path):
    """Whatever the moment, what was sent is in the ledger."""
    net = network()
    net.resolver()
    nginx(net, tmp_path / "nginx", root)
    capture = net.capture(tmp_path / "c.pcap")
    client = Client(programs, tmp_path / "ledger", net)
    dice, killed = random.Random(1), 0
    for _ in range(12):
        p = subprocess.Popen(list(map(str, client.command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(5):
            for name in ("checkpoint", "empty"):
                p.stdin.write(f"get 1000 http://updates.example/{name}\n")
        p.stdin.flush()
        time.sleep(dice.random() * 0.08)
        for child in Path(f"/proc/{p.pid}/task/{p.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
            killed += 1
        p.communicate(timeout=120)
    capture.stop()
    assert killed > 3
    r = egress(programs, "verify", "--ledger", tmp_path / "ledger", "--capture", tmp_path / "c.pcap", "--partial")
    assert r.returncode == 0, r.stdout + r.stderr
    # and it goes on, with the tree intact
    assert client.run("get 1000 http://updates.example/checkpoint") == [good(FILES["checkpoint"])]
    r = egress(programs, "verify", "--ledger", tmp_path / "ledger")
    assert r.returncode == 0, r.stderr


def test_entered_and_synced_before_it_is_sent(programs, network, root, tmp_path):
    """The system calls themselves: in front of each sendto, a write of its bytes and a sync."""
    net = network()
    net.resolver()
    nginx(net, tmp_path / "nginx", root)
    trace = tmp_path / "trace"
    client = Client(programs, tmp_path / "ledger", net, before=["strace", "-f", "-xx", "-s", "100000", "-o", trace, "-e",
                                                              "trace=network,pwrite64,write,writev,fdatasync,execveat"])
    assert client.run(*fetch_all("updates.example")) == [good(c) for c in FILES.values()]
    pids, state, sends = set(), None, 0
    for line in trace.read_text().splitlines():
        pid, call = line.split(maxsplit=1)
        if call.startswith("execveat("):
            pids.add(pid)
        if pid not in pids:
            continue
        assert not re.match(r"(write|writev|sendmmsg|sendfile|splice)\(", call)
        if call.startswith("pwrite64("):
            state = ["written", call.split('"')[1]]
        elif re.match(r"(<\.\.\. )?fdatasync\b", call) and call.endswith("= 0") and state:
            state[0] = "synced"
        elif call.startswith("sendto("):
            sends += 1
            assert state[0] == "synced" and state[1].endswith(call.split('"')[1])
        elif call.startswith("sendmsg("):
            assert call.startswith("sendmsg(3,")
    assert sends == len([e for e in entries(programs, tmp_path / "ledger") if e["bytes"]])


def test_one_function_sends():
    """Of all the objects it is made of one calls sendto, and the executable can't send in another way."""
    users = {}
    for archive in (o for name in ("base", "crypto", "sign", "tlog", "os", "ipc", "sandbox", "egress", "url", "http", "updater")
                    for o in BUILD.glob(f"src/**/libvt-{name}.a.p/*.o")):
        names = subprocess.run(["nm", "-u", archive], check=True, capture_output=True, text=True).stdout.split()
        for name in names:
            users.setdefault(name.split("@")[0], set()).add(archive.name)
    assert users["sendto"] == {"wire.c.o"}
    assert users["sendmsg"] == {"channel.c.o"}
    for name in ("send", "sendmmsg", "sendfile", "sendfile64", "splice", "writev", "SSL_set_fd", "BIO_new_socket",
                 "BIO_new_connect", "getaddrinfo"):
        assert name not in users, (name, users[name])
    updater = subprocess.run(["nm", "-D", "-u", BUILD / "vitrine-updater"], check=True, capture_output=True, text=True).stdout
    imports = {w.split("@")[0] for w in updater.split()}
    assert {"sendto", "sendmsg", "recvfrom"} <= imports
    assert not imports & {"send", "write", "writev", "sendmmsg", "sendfile", "splice", "bind", "listen", "accept", "execve",
                          "fork", "system", "getaddrinfo", "gethostname", "uname", "getenv", "secure_getenv"}


# --- servers that behave badly: a script of what one connection gets back, by plain sockets ---

BAD = r'''
import socket, sys, threading, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], 80)); s.listen(16)
print("ready", flush=True)
OK = b"HTTP/1.1 200 OK\r\n"
def endless(c):
    c.sendall(OK + b"\r\n")
    while True: c.sendall(b"x" * 65536)
def endless_head(c):
    c.sendall(OK)
    while True: c.sendall(b"A: " + b"b" * 1000 + b"\r\n")
def endless_line(c):
    while True: c.sendall(b"H" * 65536)
def endless_chunk_line(c):
    c.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n1;")
    while True: c.sendall(b"a" * 4096)
def endless_interim(c):
    while True: c.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
def endless_trailers(c):
    c.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n")
    while True: c.sendall(b"a: b\r\n")
def slow(c):
    c.sendall(OK + b"Content-Length: 100000\r\n\r\n")
    while True: c.sendall(b"x"); time.sleep(0.3)
def slow_head(c):
    for b in (OK + b"A: b\r\n" * 1000): c.sendall(bytes([b])); time.sleep(0.3)
def silent(c): time.sleep(1000)
def stalls(c): c.sendall(OK + b"Content-Length: 10\r\n\r\nabc"); time.sleep(1000)
def huge(c): c.sendall(OK + b"Content-Length: 999999999999\r\n\r\n"); time.sleep(1000)
def huge_chunk(c): c.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\n"); endless_raw(c)
def endless_raw(c):
    while True: c.sendall(b"x" * 65536)
def early(c): c.sendall(OK + b"Content-Length: 10\r\n\r\nabc")
def nothing(c): pass
def garbage(c): c.sendall(bytes(range(256)) * 300)
def two_lengths(c): c.sendall(OK + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc")
def both(c): c.sendall(OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
def gzip(c): c.sendall(OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")
def bare_lf(c): c.sendall(b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc")
def http2(c): c.sendall(b"HTTP/2 200\r\n\r\n")
def redirect(c): c.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://other.example/\r\nContent-Length: 0\r\n\r\n")
def chunked(c): c.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n")
def until_close(c): c.sendall(b"HTTP/1.0 200 OK\r\n\r\nabcde")
def cookie(c): c.sendall(OK + b"Set-Cookie: id=1\r\nETag: x\r\nContent-Length: 5\r\n\r\nabcde")
def serve(c):
    try:
        head = b""
        while b"\r\n\r\n" not in head:
            part = c.recv(65536)
            if not part: return
            head += part
        globals()[head.split()[1][1:].decode()](c)
        c.shutdown(socket.SHUT_WR)
        c.recv(1)
    except OSError:
        pass
    finally:
        c.close()
while True:
    c, _ = s.accept()
    threading.Thread(target=serve, args=(c,), daemon=True).start()
'''


@pytest.fixture
def bad(programs, network, tmp_path):
    net = network()
    net.resolver()
    net.python(BAD, HOST)
    return Client(programs, tmp_path / "ledger", net, timeout_ms=1500, slowest=1000)


@pytest.mark.parametrize("name, error, why", [
    ("endless", ELIMIT, "longer than"), ("endless_head", EPEER, "16 KiB"), ("endless_line", EPEER, "16 KiB"),
    ("endless_chunk_line", EPEER, "chunks out of shape"), ("endless_interim", EPEER, "interim"),
    ("endless_trailers", EPEER, "chunks out of shape"), ("silent", EPEER, "sent nothing for 1.5 s"),
    ("stalls", EPEER, "sent nothing"), ("huge", ELIMIT, "longer than"), ("huge_chunk", ELIMIT, "longer than"),
    ("early", EPEER, "ends too early"), ("nothing", EPEER, "closed without an answer"),
    ("garbage", EPEER, "16 KiB|not HTTP"), ("two_lengths", EPEER, "Content-Length twice"), ("both", EPEER, "both"),
    ("gzip", EPEER, "Content-Encoding"), ("bare_lf", EPEER, "closed without|speaks badly|too early"), ("http2", EPEER, "not HTTP/1.1"),
])
def test_bad_server(bad, name, error, why):
    (status, said), = bad.run(f"get 1000000 http://{HOST}/{name}")
    assert status == error and re.search(why, said), said


@pytest.mark.parametrize("name", ["slow", "slow_head"])
def test_slow_server(bad, name):
    (status, said), = bad.run(f"get 1000000 http://{HOST}/{name}")
    assert status == EPEER and "bytes a second" in said, said


def test_servers_that_are_merely_different(bad):
    got = bad.run(*(f"get 100 http://{HOST}/{name}" for name in ("chunked", "until_close", "cookie")),
                  f"get 100 http://{HOST}/redirect")
    assert got[:3] == [good(b"abcde")] * 3
    assert got[3][0] == 302


def test_nothing_of_the_server_comes_back(programs, bad):
    """No cookie, validator or redirection shows in what is sent next."""
    bad.run(*(f"get 100 http://{HOST}/{name}" for name in ("cookie", "redirect", "cookie")))
    sent = [e["bytes"] for e in entries(programs, bad.ledger) if e["kind"] == "tcp"]
    assert sent[0] == sent[2] and len(sent) == 3


def test_memory_is_bounded(programs, bad):
    """An endless answer with a limit of 64 MiB: the updater itself stays small."""
    p = subprocess.Popen(list(map(str, bad.command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    status = None
    while not status:  # it ends by itself when it has nothing to do
        p.stdin.write(f"get 67108864 http://{HOST}/endless\nget 1000 http://{HOST}/cookie\n")
        p.stdin.flush()
        assert parse(p.stdout.readline())[0] == ELIMIT
        assert parse(p.stdout.readline()) == good(b"abcde")
        for child in Path(f"/proc/{p.pid}/task/{p.pid}/children").read_text().split():
            status = Path(f"/proc/{child}/status").read_text()
    assert "vitrine-updater" in status
    assert int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) < 64 << 10
    assert re.search(r"Seccomp:\s*2", status)
    assert re.search(r"NoNewPrivs:\s*1", status)
    p.stdin.close()
    p.wait()


@pytest.mark.parametrize("url", [
    "http://h/?q=1", "http://h/a%20b", "http://user@h/", "http://h/#x", "ftp://h/", "h", "http:///x", "http://h:0/", "http://h:65536/",
    "http://h/../etc", "http://h/./x", "http://-h/", "http://h..x/", "http://1.2.3/", "http://[::1/", "http://[x]/", "http://h/\x01",
    "http://h/" + "a" * 2100], ids=lambda url: url[:16])
def test_urls_that_are_not_sent(programs, tmp_path, url):
    (status, _), = Client(programs, tmp_path / "ledger").run(f"get 10 {url}")
    assert status in (EARG, EPEER)
    assert not (tmp_path / "ledger").exists() or not entries(programs, tmp_path / "ledger")


def test_sites_of_all_kinds(programs, network, root, tmp_path):
    net = network()
    net.resolver()
    nginx(net, tmp_path / "nginx", root)
    subprocess.run(["tar", "--format=ustar", "-cf", tmp_path / "b.tar", "-C", root, "."], check=True)
    places = ["http://updates.example", "http://updates.example/", str(root), f"file://{root}", str(tmp_path / "b.tar")]
    client = Client(programs, tmp_path / "ledger", net)
    for place in places:
        got = client.run(*(f"site 10000000 {place} {name}" for name in FILES), f"site 10 {place} nosuch/x",
                         f"site 10 {place} ../x", f"site 1000 {place} chunk/ab/big")
        assert got[:4] == [good(c) for c in FILES.values()], place
        assert [g[0] for g in got[4:]] == [1, EARG, ELIMIT], place


def test_verify_sees_changes(programs, network, root, tmp_path):
    net = network()
    nginx(net, tmp_path / "nginx", root)
    ledger = tmp_path / "ledger"
    lines = [f"get 100 http://{HOST}/checkpoint"] * 300
    assert set(Client(programs, ledger, net).run(*lines)) == {good(FILES["checkpoint"])}
    r = egress(programs, "verify", "--ledger", ledger)
    assert r.returncode == 0 and "tiles       1\n" in r.stdout
    kept = egress(programs, "export", "--checkpoint", "--ledger", ledger).stdout
    (tmp_path / "kept").write_text(kept)
    assert Client(programs, ledger, net).run(lines[0])
    r = egress(programs, "verify", "--ledger", ledger, "--checkpoint", tmp_path / "kept")
    assert r.returncode == 0 and "begins with it" in r.stdout
    # A byte changed, with its digest: only the tree can tell.
    for path in ("tile/entries/000", "current"):
        copy = tmp_path / ("copy-" + path.replace("/", "-"))
        shutil.copytree(ledger, copy)
        data = (copy / path).read_bytes().replace(b"GET /checkpoint", b"GET /Checkpoint", 1)
        at = data.index(b"GET /Checkpoint")
        request = data[at:data.index(b"\r\n\r\n", at) + 4]
        old = hashlib.sha256(request.replace(b"Checkpoint", b"checkpoint")).hexdigest().encode()
        (copy / path).write_bytes(data.replace(old, hashlib.sha256(request).hexdigest().encode(), 1))
        r = egress(programs, "verify", "--ledger", copy)
        assert r.returncode == 2 and ("tile" in r.stderr or "checkpoint" in r.stderr), r.stderr
    # Without its digest: the entry itself tells. A ledger that is damaged takes nothing more.
    copy = tmp_path / "copy"
    shutil.copytree(ledger, copy)
    data = (copy / "current").read_bytes()
    (copy / "current").write_bytes(data.replace(b"GET", b"PUT", 1))
    assert egress(programs, "verify", "--ledger", copy).returncode == 2
    (status, said), = Client(programs, copy, net).run(lines[0])
    assert status == EPEER and "damaged" in said
    # Cut: the checkpoint that is there knows of more.
    shutil.rmtree(copy)
    shutil.copytree(ledger, copy)
    os.truncate(copy / "current", 0)
    assert egress(programs, "verify", "--ledger", copy).returncode == 2
    (status, said), = Client(programs, copy, net).run(lines[0])
    assert status == EPEER and "damaged" in said


def merkle_root(leaves):
    """RFC 6962, section 2.1, word by word."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + merkle_root(leaves[:k]) + merkle_root(leaves[k:])).digest()


def test_export_is_a_tlog(programs, network, root, tmp_path):
    """The exported log by other means: bundles, tiles, root and signature."""
    net = network()
    nginx(net, tmp_path / "nginx", root)
    Client(programs, tmp_path / "ledger", net).run(*[f"get 100 http://{HOST}/checkpoint"] * 300)
    out = subprocess.run([programs / "vitrine", "egress", "export", "--ledger", tmp_path / "ledger"], check=True,
                         capture_output=True).stdout
    files = {m.name: tarfile.open(fileobj=io.BytesIO(out)).extractfile(m).read() for m in tarfile.open(fileobj=io.BytesIO(out))}
    text, signature = files["checkpoint"].split(b"\n\n")
    origin, size, root_hash = text.decode().split("\n")
    size = int(size)
    assert size >= 301
    assert set(files) == {"checkpoint", "key.pub", "tile/entries/000", f"tile/entries/001.p/{size - 256}", "tile/0/000",
                          f"tile/0/001.p/{size - 256}", "tile/1/000.p/1"}
    data, raw = files["tile/entries/000"] + files[f"tile/entries/001.p/{size - 256}"], []
    while data:
        n = int.from_bytes(data[:2], "big")
        raw.append(data[2:2 + n])
        data = data[2 + n:]
    assert len(raw) == size
    leaves = [hashlib.sha256(b"\0" + r).digest() for r in raw]
    assert b"".join(leaves) == files["tile/0/000"] + files[f"tile/0/001.p/{size - 256}"]
    assert merkle_root(leaves[:256]) == files["tile/1/000.p/1"]
    assert base64.b64encode(merkle_root(leaves)).decode() == root_hash
    name, key_id, key = files["key.pub"].decode().strip().split("+", 2)
    dash, signer, blob = signature.decode().strip().split(" ")
    assert dash == "\u2014" and signer == name == origin
    blob, key = base64.b64decode(blob), base64.b64decode(key)
    assert key[0] == 1 and blob[:4].hex() == key_id == hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    nacl_signing = pytest.importorskip("nacl.signing")
    nacl_signing.VerifyKey(key[1:]).verify(text + b"\n", blob[4:])


def test_one_at_a_time(programs, network, root, tmp_path):
    net = network()
    nginx(net, tmp_path / "nginx", root)
    client = Client(programs, tmp_path / "ledger", net)
    p = subprocess.Popen(list(map(str, client.command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    p.stdin.write(f"get 100 http://{HOST}/checkpoint\n")
    p.stdin.flush()
    assert parse(p.stdout.readline()) == good(FILES["checkpoint"])
    # It has the ledger, and gives it up when it has nothing to do; then each can go on.
    assert client.run(f"get 100 http://{HOST}/checkpoint") == [good(FILES["checkpoint"])]
    p.stdin.write(f"get 100 http://{HOST}/checkpoint\n")
    p.stdin.flush()
    assert parse(p.stdout.readline()) == good(FILES["checkpoint"])
    p.stdin.close()
    p.wait()
    # Whoever does not give it up keeps the others from sending.
    with open(tmp_path / "ledger/lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (status, said), = Client(programs, tmp_path / "ledger", net, timeout_ms=300).run(f"get 100 http://{HOST}/checkpoint")
        assert status == EPEER and "in use" in said
    assert len([e for e in entries(programs, tmp_path / "ledger") if e["kind"] == "tcp"]) == 3
    assert egress(programs, "verify", "--ledger", tmp_path / "ledger").returncode == 0


def test_show_and_help(programs, network, root, tmp_path):
    net = network()
    nginx(net, tmp_path / "nginx", root)
    Client(programs, tmp_path / "ledger", net).run(f"get 100 http://{HOST}/checkpoint")
    r = egress(programs, "show", "--ledger", tmp_path / "ledger", 1)
    assert r.returncode == 0 and "GET /checkpoint HTTP/1.1\n" in r.stdout
    r = egress(programs, "show", "--format=hex", "--ledger", tmp_path / "ledger", 1)
    assert "00000000  47 45 54 20 2f" in r.stdout
    r = subprocess.run([programs / "vitrine", "egress", "show", "--format=raw", "--ledger", tmp_path / "ledger", "1"], check=True,
                       capture_output=True)
    assert r.stdout == entries(programs, tmp_path / "ledger")[1]["bytes"]
    for seq in ("2", "x", "-1", "99999999999999999999"):
        assert egress(programs, "show", "--ledger", tmp_path / "ledger", "--", seq).returncode == 2
    assert egress(programs, "list", "--ledger", tmp_path / "nosuch").returncode == 2
    (tmp_path / "empty").mkdir()
    assert egress(programs, "list", "--ledger", tmp_path / "empty").returncode == 2
    for verb in ("list", "show", "verify", "diff", "export"):
        assert egress(programs, verb, "--help").returncode == 0
