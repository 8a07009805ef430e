# SPDX-License-Identifier: Apache-2.0
"""A network of its own for a test: a namespace with only a loopback device, a resolver, captures.

Works for root and for ordinary users; skips where the kernel gives no namespaces.
"""
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

HOST = "192.0.2.1"
NAMES = {"updates.example": HOST, "other.example": "192.0.2.2"}

# Answers questions for addresses: NAMES by A records, www.NAME by a CNAME, all else does not exist.
RESOLVER = r'''
import socket, struct, sys
names = dict(a.split("=") for a in sys.argv[2:])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
print("ready", flush=True)
while True:
    q, peer = s.recvfrom(512)
    labels, at = [], 12
    while q[at]:
        labels.append(q[at + 1:at + 1 + q[at]].decode())
        at += 1 + q[at]
    end = at + 5
    kind = struct.unpack(">H", q[at + 1:at + 3])[0]
    name, answers = ".".join(labels), b""
    count, code = 0, 3
    if name in names:
        code = 0
        if kind == 1:
            answers, count = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(names[name]), 1
    elif name.startswith("www.") and name[4:] in names:
        code = 0
        if kind == 1:
            answers = b"\xc0\x0c" + struct.pack(">HHIH", 5, 1, 60, 2) + b"\xc0\x10"
            answers += b"\xc0\x10" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(names[name[4:]])
            count = 2
    s.sendto(q[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, count, 0, 0) + q[12:end] + answers, peer)
'''


class Network:
    def __init__(self, folder):
        self.folder, self.processes = Path(folder), []
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        (self.folder / "hosts").write_text("127.0.0.1 localhost\n")
        mine = ["--user", "--map-root-user"] if os.geteuid() else []
        self.holder = subprocess.Popen(["unshare", *mine, "--net", "--mount", "sh", "-c",
                                        "mount --make-rprivate / && ip link set lo up && "
                                        f"mount --bind '{self.folder}/resolv.conf' /etc/resolv.conf && "
                                        f"mount --bind '{self.folder}/hosts' /etc/hosts && "
                                        f"ip address add {HOST}/32 dev lo && ip address add 192.0.2.2/32 dev lo && "
                                        "echo ready && exec sleep 100000"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.holder.stdout.readline() != b"ready\n":
            pytest.skip("no namespaces: " + self.holder.stderr.read().decode()[:200])
        self.enter = ["nsenter", "-t", str(self.holder.pid), "--net", "--mount",
                      *(["--user", "--preserve-credentials"] if os.geteuid() else [])]

    def start(self, *args, **kw):
        p = subprocess.Popen([*self.enter, *map(str, args)], **kw)
        self.processes.append(p)
        return p

    def run(self, *args, **kw):
        kw.setdefault("timeout", 300)
        return subprocess.run([*self.enter, *map(str, args)], check=False, capture_output=True, text=True, **kw)

    def python(self, code, *args):
        """A Python program that says "ready" when it is."""
        p = self.start(sys.executable, "-c", code, *args, stdout=subprocess.PIPE)
        assert p.stdout.readline() == b"ready\n"
        return p

    def resolver(self, address="127.0.0.1", names=None):
        return self.python(RESOLVER, address, *(f"{k}={v}" for k, v in (names or NAMES).items()))

    def listening(self, address, port):
        """Waits until somebody does, without connecting."""
        for _ in range(600):
            if f"{address}:{port} " in self.run("ss", "-Hltn").stdout:
                return
            time.sleep(0.05)
        raise AssertionError(f"nobody listens on {address}:{port}")

    def capture(self, path):
        return Capture(self, path)

    def close(self):
        for p in self.processes:
            if p.poll() is None:
                p.kill()
            p.wait()
        self.holder.kill()
        self.holder.wait()


# tcpdump gives up root's rights, which a namespace of an ordinary user does not let it. So for these the same
# in Python: a ring of packets shared with the kernel (packet(7), PACKET_RX_RING), written in tcpdump's format.
SNIFFER = r'''
import mmap, select, socket, struct, sys
FRAME, BLOCK, FRAMES = 1 << 17, 1 << 20, 256
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.setsockopt(263, 5, struct.pack("IIII", BLOCK, FRAME * FRAMES // BLOCK, FRAME, FRAMES))  # SOL_PACKET, PACKET_RX_RING
ring = mmap.mmap(s.fileno(), FRAME * FRAMES)
s.bind(("lo", 3))  # ETH_P_ALL
out = open(sys.argv[1], "wb", buffering=0)
out.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
print("listening on lo", file=sys.stderr, flush=True)
at = 0
while True:
    status, full, have, mac, _, _, _ = struct.unpack_from("LIIHHII", ring, at)
    if not status & 1:  # TP_STATUS_USER
        select.select([s], [], [])
        continue
    if ring[at + 32 + 10] == 4:  # sockaddr_ll: PACKET_OUTGOING; on this device each packet comes in as well
        out.write(struct.pack("<IIII", 0, 0, have, full) + ring[at + mac:at + mac + have])
    struct.pack_into("L", ring, at, 0)
    at = (at + FRAME) % (FRAME * FRAMES)
'''


class Capture:
    """What goes over the loopback device, until stop(): then all that went before is in the file."""

    def __init__(self, network, path):
        self.network, self.path = network, Path(path)
        command = [sys.executable, "-c", SNIFFER, path] if os.geteuid() else [
            "tcpdump", "-i", "lo", "-U", "--immediate-mode", "-s", "0", "-Z", "root", "-B", "16384", "-w", path]
        self.process = network.start(*command, stderr=subprocess.PIPE)
        for line in self.process.stderr:
            if b"listening on" in line:
                return
        pytest.skip("nothing may be captured here")

    def stop(self):
        # An ICMP packet, which the comparison does not look at, marks the end.
        mark = os.urandom(16).hex()
        self.network.run(sys.executable, "-c", "import socket, sys\n"
                         "s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)\n"
                         "s.sendto(bytes([8, 0, 0, 0, 0, 0, 0, 0]) + sys.argv[1].encode(), ('127.0.0.1', 0))", mark)
        for _ in range(600):
            if mark.encode() in self.path.read_bytes():
                break
            time.sleep(0.05)
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        return self.path


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def certificates(folder, *names):
    """A test CA and a server's certificate: (ca.pem, server.pem, server.key)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, cwd=folder)
    alternatives = ",".join(("IP:" if n[0].isdigit() else "DNS:") + n for n in names)
    (folder / "ext").write_text(f"subjectAltName={alternatives}\n")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj",
            "/CN=test", "-days", 30, "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=server")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            "server.pem", "-days", 30, "-extfile", "ext")
    return folder / "ca.pem", folder / "server.pem", folder / "server.key"


NGINX = """user root; daemon off; master_process off; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log {dir}/access.log;
  client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4;
  scgi_temp_path {dir}/t5;
  server {{ listen {host}:80; root {root}; }}
  {tls}
}}
"""


def nginx(network, folder, root, host=HOST, tls=None, protocols="TLSv1.2 TLSv1.3"):
    """A real web server; tls is (certificate, key)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    part = (f"server {{ listen {host}:443 ssl; root {root}; ssl_protocols {protocols}; ssl_certificate {tls[0]}; "
            f"ssl_certificate_key {tls[1]}; }}") if tls else ""
    conf = folder / "nginx.conf"
    conf.write_text(NGINX.format(dir=folder, host=host, root=root, tls=part))
    p = network.start("/usr/sbin/nginx", "-p", folder, "-c", conf, "-e", folder / "error.log")
    network.listening(host, 443 if tls else 80)
    return p
