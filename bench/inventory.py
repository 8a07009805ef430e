#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast a root of a million small files is inventoried: what needs only metadata, and with all content.

usage: inventory.py [--build FOLDER] [--root FOLDER] [--files N] [--sample N] [--runs N] [--smaller N]

--root is kept between runs, and made if it is not there: a small Debian system with N files of 40 to 60 bytes below
/srv, in folders of 500. Peers on the same tree: `find -type f | wc -l`, and sha256sum of a sample of the files. The
second root of --smaller files shows whether memory grows with the number of files. Rows for RESULTS.md are printed.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def make(root, files):
    """Names and bytes by number: the same tree each time."""
    (root / "etc").mkdir(parents=True)
    (root / "var/lib/dpkg/info").mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "var/lib/dpkg/status").write_text(
        "Package: base-files\nStatus: install ok installed\nArchitecture: amd64\nVersion: 12\nDescription: x\n\n")
    (root / "var/lib/dpkg/info/base-files.list").write_text("/.\n/etc\n/etc/passwd\n")
    for i in range(files):
        if i % 500 == 0:
            folder = root / f"srv/data/{i // 50000}/{i // 500 % 100}"
            folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file-{i % 500}.txt").write_text(f"this is file number {i} and it holds little\n")


def processes_of(pid):
    """The process and all that came from it."""
    out, left = [], [pid]
    while left:
        p = left.pop()
        out.append(p)
        try:
            for task in Path(f"/proc/{p}/task").iterdir():
                left += map(int, (task / "children").read_text().split())
        except OSError:
            pass
    return out


class Peak(threading.Thread):
    """The most memory that each program of a run had resident, by its name."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.kib, self.over = pid, {}, False
        self.start()

    def run(self):
        while not self.over:
            for p in processes_of(self.pid):
                try:
                    status = dict(line.split(":", 1) for line in Path(f"/proc/{p}/status").read_text().splitlines())
                    name, kib = status["Name"].strip(), int(status["VmHWM"].split()[0])
                except (OSError, KeyError):
                    continue
                self.kib[name] = max(self.kib.get(name, 0), kib)
            time.sleep(0.05)


def timed(command, ok=(0,), **kw):
    """Seconds, seconds of processor time of all processes, and the peaks."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen([*map(str, command)], stdout=out, stderr=subprocess.DEVNULL, **kw)
        peak = Peak(p.pid)
        p.wait()
        peak.over = True
        assert p.returncode in ok, f"{command}: exit {p.returncode}"
        seconds = time.monotonic() - started
        out.seek(0)
        text = out.read()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, peak.kib, text


def inventory(args, root, *options):
    env = dict(os.environ, XDG_CACHE_HOME=str(args.cache), XDG_STATE_HOME=str(args.cache))
    best = None
    for _ in range(args.runs):
        s, cpu, kib, text = timed([args.build / "vitrine", "inventory", "--root", root, "--format", "json", "--no-save",
                                   *options], env=env)
        area = json.loads(text)["subjects"][0]["areas"]["content"]
        assert area["read"] == area["seen"] - area["missed"].get("special", 0), area
        if not best or s < best[0]:
            best = (s, cpu, kib, area["read"])
    return best


def row(what, result):
    s, cpu, kib, n = result
    names = {"vitrine-collect": "collector", "vitrine-worker": "worker"}     # /proc cuts names at 15 bytes
    memory = ", ".join(f"{names.get(name, name)} {k / 1024:.0f} MiB" for name, k in sorted(kib.items()) if k)
    print(f"| {what} | {n:,} | {s:.1f} s | {n / s:,.0f} | {n / cpu:,.0f} | {memory} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--root", type=Path, default=Path("/var/tmp/vitrine-million"))
    parser.add_argument("--files", type=int, default=1000000)
    parser.add_argument("--smaller", type=int, default=100000)
    parser.add_argument("--sample", type=int, default=20000)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    smaller = args.root.with_name(args.root.name + "-smaller")
    for root, files in ((args.root, args.files), (smaller, args.smaller)):
        if not root.exists():
            make(root, files)
    with tempfile.TemporaryDirectory() as cache:
        args.cache = Path(cache)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors at the start")
        print("| what | entries | time | a second | a second of processor time | memory, the most |\n|---|---|---|---|---|---|")
        s, cpu, kib, text = timed(["sh", "-c", 'find "$0" -type f | wc -l', args.root])
        row("`find -type f \\| wc -l`", (s, cpu, {}, int(text)))
        row("vitrine, metadata only (`--no-content`)", inventory(args, args.root, "--no-content"))
        row("the same, a tenth of the files", inventory(args, smaller, "--no-content"))
        row("vitrine, with all content", inventory(args, args.root))
        row("the same, a tenth of the files", inventory(args, smaller))
        s, cpu, kib, _ = timed(["sh", "-c", 'find "$0" -type f | head -n "$1" | xargs sha256sum', args.root, args.sample])
        row("`sha256sum` of a sample, many files a call", (s, cpu, {}, args.sample))
        few = args.sample // 10
        s, cpu, kib, _ = timed(["sh", "-c", 'find "$0" -type f | head -n "$1" | xargs -n 1 sha256sum', args.root, few])
        row("`find -exec sha256sum {} \\;`: one process a file", (s, cpu, {}, few))
        print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    sys.exit(main())
