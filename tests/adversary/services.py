# SPDX-License-Identifier: Apache-2.0
"""Vitrine's own witnesses and mirrors as processes, and what it takes to talk to them."""
import http.client
import socket
import subprocess
import time
from pathlib import Path

from . import parties, tlog
from .tlog import Bad


def free_port(address="127.0.0.1"):
    with socket.socket() as s:
        s.bind((address, 0))
        return s.getsockname()[1]


class Service:
    """`vitrine witness serve` or `vitrine mirror serve`. `before`: a command in front, such as `ip netns exec`."""

    def __init__(self, program, kind, folder, name, address="127.0.0.1", port=None, before=()):
        self.program, self.kind, self.folder = str(program), kind, Path(folder)
        self.folder.mkdir(parents=True)
        self.address, self.port = address, port or free_port(address)
        self.before, self.process, self.said = list(before), None, self.folder / "said"
        p = subprocess.run([self.program, kind, "keygen", self.folder / "key", name], capture_output=True, text=True,
                           check=True)
        self.key = tlog.Verifier.parse(p.stdout.split()[0])
        self.config = self.folder / f"{kind}.conf"

    @property
    def url(self):
        return f"http://{self.address}:{self.port}"

    def configure(self, logs, witnesses=(), **settings):
        """`logs`: [(vkey, where a mirror reads it)]."""
        values = [("Listen", f"{self.address}:{self.port}"), ("Key", self.folder / "key"),
                  ("State", self.folder / "state"), *settings.items()]
        values += [("Log", f"{vkey} {place}" if self.kind == "mirror" else vkey) for vkey, place in logs]
        values += [("Witness", k.vkey) for k in witnesses]
        self.config.write_text("".join(f"{k} {v}\n" for k, v in values))

    def start(self, seconds=30):
        with open(self.said, "ab") as f:
            self.process = subprocess.Popen([*self.before, self.program, self.kind, "serve", "--config", self.config],
                                            stdin=subprocess.DEVNULL, stdout=f, stderr=f)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if self.before:     # somewhere else: it says so itself
                if self.said.read_bytes():
                    time.sleep(0.2)
                    return self
            else:
                try:
                    socket.create_connection((self.address, self.port), 1).close()
                    return self
                except OSError:
                    pass
            time.sleep(0.02)
        raise AssertionError(f"{self.kind} does not start: {self.said.read_text(errors='replace')}")

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def post(self, path, body, kind="application/octet-stream"):
        """(status, body of the answer)"""
        c = http.client.HTTPConnection(self.address, self.port, timeout=30)
        try:
            c.request("POST", path, body, {"Content-Type": kind})
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def get(self, path):
        c = http.client.HTTPConnection(self.address, self.port, timeout=30)
        try:
            c.request("GET", path)
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def cosignature(self, text, answer):
        """The times of the one line in a witness's answer; Bad if it is not its word on this text."""
        _, signatures = tlog.parse_note(tlog.note(text, [answer]))
        if len(signatures) != 1:
            raise Bad("not one cosignature")
        return tlog.signed_by(text, signatures, self.key)




class Remote:
    """A witness or mirror that runs as a service, for a parties.Publisher."""

    def __init__(self, service):
        self.service, self.key = service, service.key

    def ask(self, log, size):
        """Sends the head; the answer to it once the old size is the right one."""
        old = 0
        for _ in range(2):
            status, answer = self.service.post("/add-checkpoint", log.request(old, size))
            if status != 409 or not answer.strip().isdigit():
                break
            old = int(answer)
            if old > size:
                break
        if status != 200:
            raise parties.Refused(status, answer.decode(errors="replace").strip())
        return answer

    def cosign(self, log, _now, size=None):
        return self.ask(log, log.size if size is None else size)


class RemoteMirror(Remote, parties.Mirror):
    def vouch(self, log, _folder, _now, size=None):
        size = log.size if size is None else size
        self.ask(log, size)
        start = 0
        for _ in range(3):
            status, answer = self.service.post("/add-entries", tlog.add_entries(
                log.origin, log.entries, log.tree, start, size))
            if status not in (202, 409):
                break
            end, start = (int(x) for x in answer.split(b"\n")[:2])
            if end != size or start > size:
                break
        if status != 200:
            raise parties.Refused(status, answer.decode(errors="replace").strip())
        return answer
