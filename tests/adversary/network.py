# SPDX-License-Identifier: Apache-2.0
"""A network of its own for a test: namespaces on one bridge, a name server, nginx, captures.

Everything here runs inside of a process that has its own network and mount namespaces (inside()), as
root or as an ordinary user; nothing of it is seen outside or outlives it.
"""
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

NET = "10.77.0."


def why_not():
    """None if this kernel lets us have namespaces; else what it said."""
    p = subprocess.run([*inside(), "sh", "-c",
                        "mount -t tmpfs none /run && mkdir /run/netns && ip netns add try && "
                        "ip link add br0 type bridge && ip link add try0 type veth peer name eth0 netns try"],
                       check=False, capture_output=True, text=True)
    return None if p.returncode == 0 else (p.stderr.strip() or "unshare failed")


def inside():
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]


def run(*command, **kw):
    p = subprocess.run([str(x) for x in command], check=False, capture_output=True, text=True, **kw)
    assert p.returncode == 0, f"{command}: exit {p.returncode}: {p.stdout}{p.stderr}"
    return p.stdout


class Network:
    """Nodes by name; this process is on the bridge as 10.77.0.254 and answers questions for their names."""

    def __init__(self, folder, domain="vitrine.test"):
        self.folder, self.domain, self.nodes, self.started = Path(folder), domain, {}, []
        run("mount", "-t", "tmpfs", "none", "/run")
        os.mkdir("/run/netns")
        run("ip", "link", "add", "br0", "type", "bridge")
        run("ip", "addr", "add", NET + "254/24", "dev", "br0")
        run("ip", "link", "set", "br0", "up")
        run("ip", "link", "set", "lo", "up")
        conf = self.folder / "resolv.conf"
        conf.write_text(f"nameserver {NET}254\n")
        real = Path("/etc/resolv.conf").resolve()
        if real.exists():
            run("mount", "--bind", conf, real)
        self.names = NameServer(NET + "254", self.nodes, domain)

    def add(self, name):
        """A node with an address of its own; its address."""
        address = NET + str(len(self.nodes) + 1)
        run("ip", "netns", "add", name)
        run("ip", "link", "add", "v-" + name, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", "v-" + name, "master", "br0", "up")
        for command in (["addr", "add", address + "/24", "dev", "eth0"], ["link", "set", "eth0", "up"],
                        ["link", "set", "lo", "up"]):
            run(*self.on(name), "ip", *command)
        self.nodes[name] = address
        return address

    def on(self, name):
        """What to put in front of a command to run it there."""
        return ["nsenter", f"--net=/run/netns/{name}"]

    def start(self, name, *command, said=None):
        f = open(said or os.devnull, "ab")
        p = subprocess.Popen([*self.on(name), *map(str, command)], stdin=subprocess.DEVNULL, stdout=f, stderr=f)
        f.close()
        self.started.append(p)
        return p

    def nginx(self, name, root, port=80):
        """A plain static web server, as Debian ships it."""
        folder = self.folder / f"nginx-{name}"
        folder.mkdir()
        conf = folder / "nginx.conf"
        temporary = "".join(f"    {x}_temp_path {folder}/{x};\n"
                            for x in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf.write_text(f"""daemon off;
user root;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
{temporary}    server {{ listen {self.nodes[name]}:{port}; root {root}; }}
}}
""")
        p = self.start(name, shutil.which("nginx") or "/usr/sbin/nginx", "-p", folder, "-c", conf,
                       said=folder / "said")
        wait_for(self.nodes[name], port, p, folder / "said")
        return p

    def capture(self, name):
        """Records what passes the node's interface; end_capture() gives the file."""
        file = self.folder / f"{name}-{len(self.started)}.pcap"
        said = file.with_suffix(".said")
        command = [shutil.which("tcpdump") or "/usr/bin/tcpdump", "-i", "eth0", "-s", "0", "-U", "-n",
                   "--immediate-mode", "-Z", "root", "-w", file]
        if "deny" in Path("/proc/self/setgroups").read_text():
            command = [sys.executable, __file__, file]     # tcpdump as root insists on setting groups
        p = self.start(name, *command, said=said)
        end = time.monotonic() + 20
        while b"listening on" not in said.read_bytes():
            assert p.poll() is None and time.monotonic() < end, said.read_text()
            time.sleep(0.05)
        return p, file

    @staticmethod
    def end_capture(capture):
        p, file = capture
        time.sleep(0.5)
        p.send_signal(signal.SIGINT)
        p.wait(20)
        return file

    def close(self):
        for p in reversed(self.started):
            if p.poll() is None:
                p.terminate()
        for p in self.started:
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()


def wait_for(address, port, process=None, said=None, seconds=30):
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((address, port), 1).close()
            return
        except OSError:
            if (process and process.poll() is not None) or time.monotonic() > end:
                text = Path(said).read_text(errors="replace") if said else ""
                raise AssertionError(f"{address}:{port} does not answer: {text}") from None
            time.sleep(0.05)


class NameServer:
    """Answers A questions for <node>.<domain>; everything else has no answer."""

    def __init__(self, address, nodes, domain):
        self.nodes, self.domain = nodes, domain
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            try:
                self.socket.sendto(self.answer(data), peer)
            except (IndexError, struct.error, UnicodeDecodeError, OSError) as e:
                print(f"name server: {e}", file=sys.stderr)

    def answer(self, data):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode().lower())
            at += 1 + data[at]
        kind, = struct.unpack_from(">H", data, at + 1)
        question, node = data[12:at + 5], ".".join(labels).removesuffix("." + self.domain)
        known = node in self.nodes and len(labels) > 1
        answers = b""
        if known and kind == 1:
            answers = struct.pack(">HHHIH", 0xc00c, 1, 1, 60, 4) + socket.inet_aton(self.nodes[node])
        flags = 0x8180 | (0 if known else 3)
        return data[:2] + struct.pack(">HHHHH", flags, 1, 1 if answers else 0, 0, 0) + question + answers


def record(file):
    """What tcpdump -w does, for where tcpdump won't: every frame of eth0, whole."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind(("eth0", 0))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
    with open(file, "wb", buffering=0) as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 1 << 18, 1))
        print("listening on eth0", flush=True)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            while True:
                frame = s.recv(1 << 18)
                now = time.time_ns() // 1000
                f.write(struct.pack("<IIII", now // 1000000, now % 1000000, len(frame), len(frame)) + frame)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    record(sys.argv[1])
