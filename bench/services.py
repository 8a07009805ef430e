#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How many checkpoints a second a witness cosigns, and how fast a mirror copies a log for the first time.

usage: services.py [--build FOLDER] [--work FOLDER] [--seconds N] [--size MB] [--only witness|mirror]

FOLDER/vitrine, FOLDER/vitrine-updater and FOLDER/src/proc/service/service-load (ninja
src/proc/service/service-load) are used. --work should be on the disk to be measured. The load generator
shares the machine with the witness, and signs each checkpoint that it sends.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from adversary import parties, tlog  # noqa: E402


class Service:
    def __init__(self, program, kind, folder, lines):
        folder.mkdir(parents=True)
        subprocess.run([program, kind, "keygen", folder / "key", f"{kind}.example/bench"], check=True,
                       stdout=subprocess.DEVNULL)
        (folder / "conf").write_text(f"Listen 127.0.0.1:0\nKey {folder / 'key'}\nState {folder / 'state'}\n" + lines)
        self.err = folder / "stderr"
        with open(self.err, "wb") as err:
            self.process = subprocess.Popen([program, kind, "serve", "-c", folder / "conf"], stderr=err)
        self.port = None
        while not self.port:
            assert self.process.poll() is None, self.err.read_text()
            m = re.search(r"listening on http://[^:]*:(\d+)", self.err.read_text())
            self.port = m and m[1]
            time.sleep(0.01)

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.terminate()
        self.process.wait()


def witness(args, work):
    load = args.build / "src/proc/service/service-load"
    for what, mode, logs, connections in (
            ("1,000 logs that grow, 64 connections", "grow", 1000, 64),
            ("1,000 logs that grow, 16 connections", "grow", 1000, 16),
            ("1,000 logs that grow, 1 connection", "grow", 1000, 1),
            ("1 log that grows, 1 connection", "grow", 1, 1),
            ("1,000 logs stamped again, 64 connections", "again", 1000, 64),
            ("1 log stamped again, 64 connections", "again", 1, 64)):
        keys = subprocess.run([load, "keys", str(logs)], check=True, capture_output=True, text=True).stdout
        w = Service(args.build / "vitrine", "witness", work / "witness",
                    "MaxConnectionsPerAddress 256\n" + keys)
        r = subprocess.run([load, mode, w.port, "/add-checkpoint", str(logs), str(connections), str(args.seconds)],
                           check=True, capture_output=True, text=True).stdout.strip()
        count = float(r.split()[0]) * args.seconds
        print(f"witness: {what}: {r}; {w.cpu() / count * 1e6:.0f} us of its processor time each", flush=True)
        w.end()
        shutil.rmtree(work / "witness")


def sync(path):
    fd = os.open(path, os.O_RDONLY)
    subprocess.run(["sync", "-f", path], check=True)
    os.close(fd)


def mirror(args, work):
    log = parties.Publisher(work / "site")
    # content that does not compress, in chunks of 8 MiB, as a log of that size would have
    for i in range(max(1, args.size // 64)):
        log.add_content(f"set{i}", {"a.ndb": os.urandom(min(args.size, 64) << 20)})
    log.add_state()
    log.upload()
    log.show(log.signed())
    total = sum(p.stat().st_size for p in (work / "site").rglob("*") if p.is_file())
    sync(work)
    started = time.monotonic()
    subprocess.run(["cp", "-r", work / "site", work / "copy"], check=True)
    sync(work)
    plain = time.monotonic() - started
    shutil.rmtree(work / "copy")
    sync(work)
    started = time.monotonic()
    m = Service(args.build / "vitrine", "mirror", work / "mirror", f"Log {log.log.key.vkey} {work / 'site'}\n")
    served = work / "mirror/state/logs" / tlog.sha256(log.origin.encode()).hex() / "checkpoint"
    while not served.exists():
        assert m.process.poll() is None, m.err.read_text()
        time.sleep(0.01)
    took = time.monotonic() - started
    print(f"mirror: {total / 1e6:.0f} MB, {log.log.size} entries: {took:.2f} s, {total / 1e6 / took:.0f} MB/s "
          f"({m.cpu():.2f} s of its processor time); cp and sync {plain:.2f} s, {total / 1e6 / plain:.0f} MB/s")
    m.end()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", type=Path, default=ROOT / "build")
    p.add_argument("--work", type=Path, default=Path("/var/tmp"))
    p.add_argument("--seconds", type=int, default=5)
    p.add_argument("--size", type=int, default=1024)
    p.add_argument("--only")
    args = p.parse_args()
    work = args.work / f"vitrine-bench-{os.getpid()}"
    work.mkdir()
    try:
        if args.only != "mirror":
            witness(args, work)
        if args.only != "witness":
            mirror(args, work)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
