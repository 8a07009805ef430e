#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Times an update of ten thousand lines in a large set, from a web server on the loopback to a detection.

usage: bench/update.py --signatures FOLDER [--changes 10000] [--runs 3]

Publisher, witnesses and mirrors are those of tests/adversary; the machine runs the build in build/
(or $VITRINE_BUILD). Rules of the set that fire on this system are left out first: the try-out would refuse
them. Prints Markdown rows for bench/RESULTS.md.
"""
import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("VITRINE_BUILD", ROOT / "build"))
sys.path.insert(0, str(ROOT / "tests"))
from adversary import entries, parties, servers  # noqa: E402
from adversary.machine import Machine, text  # noqa: E402

GOOD = ["/usr/bin", "/usr/sbin", "/usr/lib", "/etc", "/usr/share/doc"]
MARK = b"vitrine-" + b"bench-mark-%d"


def read(folder):
    files = {}
    for path in sorted(Path(folder).iterdir()):
        data = path.read_bytes()
        files[path.name] = data if data.endswith(b"\n") else data + b"\n"
    return files


def without_false_alarms(folder, files):
    """The same set without the rules that fire on this system."""
    p = subprocess.run([BUILD / "vitrine", "scan", "-q", "-z", "-i", "--db", folder, "--format=jsonl", *GOOD],
                       check=False, capture_output=True)
    lines = {}
    for line in p.stdout.splitlines():
        found = json.loads(line).get("detections")
        for d in found if isinstance(found, list) else []:
            lines.setdefault(os.path.basename(d["set"]), set()).add(d["line"])
    for name, numbers in lines.items():
        kept = [x for i, x in enumerate(files[name].split(b"\n"), 1) if i not in numbers]
        files[name] = b"\n".join(kept)
    return sum(map(len, lines.values()))


def changed_line(name, line, rng):
    f = line.split(b":")
    if name.endswith((".hsb", ".hdb", ".mdb", ".msb")):
        at = 0 if name.endswith(("hsb", "hdb")) else 1
        f[at] = rng.randbytes(len(f[at]) // 2).hex().encode()
        f[2] += b"x"
        return b":".join(f)
    return b"Changed." + line


def change(files, count, rng, run):
    """`count` lines replaced in place, most of them hashes as in the set; and one new rule to look for."""
    new = dict(files)
    total = sum(f.count(b"\n") for f in files.values())
    for name, data in files.items():
        lines = data.split(b"\n")[:-1]
        share = round(count * len(lines) / total)
        for i in rng.sample(range(len(lines)), min(share, len(lines))):
            lines[i] = changed_line(name, lines[i], rng)
        new[name] = b"\n".join(lines) + b"\n"
    new["bench.ndb"] = files["bench.ndb"] + b"Bench.%d:0:*:%s\n" % (run, (MARK % run).hex().encode())
    return new


def in_place(a, b):
    """Runs of a delta where lines were only replaced or added at the end: difflib would take hours."""
    out, kept = [], 0
    for i, line in enumerate(b):
        if i < len(a) and a[i] == line:
            kept += 1
            continue
        if kept:
            out.append(b"=%d\n" % kept)
        kept = 0
        out += [b"-" + a[i] + b"\n"] if i < len(a) else []
        out.append(b"+" + line + b"\n")
    return b"".join(out)


class Counter:
    """Bytes of files that were asked for."""

    def __init__(self, server, folder):
        self.server, self.folder, self.at = server, Path(folder), len(server.seen)

    def bytes(self):
        total = 0
        for path, _ in self.server.seen[self.at:]:
            file = self.folder / path.lstrip("/")
            total += file.stat().st_size if file.is_file() else 0
        return total


def timed(f):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    result = f()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, cpu, result


def update(m, *args):
    done = m.update(*args)
    if done.returncode:
        sys.exit(f"bench/update.py: vitrine update: exit {done.returncode}: {text(done)}")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--signatures", required=True)
    ap.add_argument("--changes", type=int, default=10000)
    ap.add_argument("--runs", type=int, default=3)
    a = ap.parse_args()
    entries.runs = in_place
    rng = random.Random(7)
    files = read(a.signatures)
    dropped = without_false_alarms(a.signatures, files)
    files["bench.ndb"] = b"Bench.First:0:*:%s\n" % (MARK % 0).hex().encode()
    lines = sum(f.count(b"\n") for f in files.values())
    folder = Path(tempfile.mkdtemp(prefix="vitrine-bench-"))
    try:
        p = parties.setting(folder / "public")
        p.publish("main", files)
        m = Machine(BUILD / "vitrine", folder / "machine")
        with servers.Server(folder / "public") as server:
            m.trust(p, [server.url])
            count = Counter(server, folder / "public")
            wall, cpu, _ = timed(lambda: update(m))
            print(f"{lines:,} lines ({dropped} left out: they fire on this system)")
            print(f"| first update | {count.bytes() / 1e6:.1f} MB | {wall:.1f} s | {cpu:.1f} s of processors |")
            rows = []
            for run in range(1, a.runs + 1):
                files = change(files, a.changes, rng, run)
                p.publish("main", files)
                count = Counter(server, folder / "public")
                wall, cpu, _ = timed(lambda: update(m))
                scan, _, found = timed(lambda: m.finds(MARK % run))
                if not found:
                    sys.exit("bench/update.py: the new rule does not fire")
                rows.append((count.bytes(), wall, cpu, scan))
            size, wall, cpu, scan = (statistics.median(column) for column in zip(*rows))
            print(f"| {a.changes:,} lines changed, median of {a.runs} | {size / 1e6:.2f} MB | {wall:.1f} s, and"
                  f" {scan:.2f} s for the first scan | {cpu:.1f} s of processors |")
            wall, cpu, _ = timed(lambda: update(m, "--merge"))
            print(f"| merged | | {wall:.1f} s | {cpu:.1f} s of processors |")
    finally:
        shutil.rmtree(folder)


main()
