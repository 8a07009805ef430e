#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Times whole processes, Vitrine and ClamAV side by side, and writes bench/RESULTS.md.

usage: bench/run.py --real FOLDER [--full FOLDER] [--runs 5] [--megabytes 500] [--only WORD]
                    [--out FILE]

--real: a folder of real ClamAV signature files; --full: one of the official set's size (8 million).
Medians of --runs runs; what takes clamscan minutes is run on a sample or fewer times, and says so.
Every content is read once per process, from the page cache: what a disk would add is left out.
clamscan's rates are per processor second (it has one thread), so that its load time can be
subtracted on a busy machine too.
"""
import argparse
import datetime
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLAMSCAN = ["clamscan", "--no-summary", "--infected", "--max-filesize=2000M", "--max-scansize=2000M",
            "--max-scantime=600000"]
ROWS = []


# ---- measuring ------------------------------------------------------------------------------

def tree_rss(pid):
    """Proportional set size of a process and its descendants: shared pages count once."""
    total, todo = 0, [pid]
    while todo:
        p = todo.pop()
        try:
            with open(f"/proc/{p}/smaps_rollup") as f:
                total += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
            for t in os.listdir(f"/proc/{p}/task"):
                with open(f"/proc/{p}/task/{t}/children") as f:
                    todo += map(int, f.read().split())
        except (OSError, StopIteration, ValueError):
            continue
    return total


def run(cmd, sample_memory=False, stdout=subprocess.DEVNULL):
    """(seconds, MB of the largest process, MB of the whole tree or None, output, processor seconds)"""
    peak, stop = [0], threading.Event()
    start = time.monotonic()
    p = subprocess.Popen(cmd, stdout=stdout, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    watcher = None
    if sample_memory:
        def watch():
            while not stop.is_set():
                peak[0] = max(peak[0], tree_rss(p.pid))
                time.sleep(0.0005)
        watcher = threading.Thread(target=watch)
        watcher.start()
    out = p.stdout.read() if stdout == subprocess.PIPE else b""
    _, status, usage = os.wait4(p.pid, 0)
    seconds = time.monotonic() - start
    p.returncode = os.waitstatus_to_exitcode(status)
    stop.set()
    if watcher:
        watcher.join()
    if p.returncode not in (0, 1):
        print(f"bench: exit {p.returncode}: {' '.join(cmd)[:200]}", file=sys.stderr)
    return (seconds, usage.ru_maxrss / 1024, peak[0] / 1024 if sample_memory else None, out,
            usage.ru_utime + usage.ru_stime)


def median(cmd, n):
    """(median, least, most seconds; median of processor seconds, all processes together)"""
    runs = [run(cmd) for _ in range(n)]
    times = sorted(r[0] for r in runs)
    return statistics.median(times), times[0], times[-1], statistics.median(r[4] for r in runs)


def row(what, ours, theirs, ratio, note=""):
    ROWS.append((what, ours, theirs, ratio, note))
    print(" | ".join(ROWS[-1]), file=sys.stderr, flush=True)


def span(t, unit=1.0, digits=1):
    return f"{t[0] * unit:.{digits}f} ({t[1] * unit:.{digits}f}-{t[2] * unit:.{digits}f})"


# ---- inputs ---------------------------------------------------------------------------------

def system_files():
    out = []
    for top in ("/usr/bin", "/usr/lib"):
        for folder, _, names in os.walk(top):
            for n in names:
                p = os.path.join(folder, n)
                if os.path.isfile(p) and not os.path.islink(p):
                    out.append((p, os.path.getsize(p)))
    return sorted(out)


def pick(files, limit, rng):
    """A sample of about `limit` bytes, spread over all sizes."""
    some, total = [], 0
    for p, n in rng.sample(files, len(files)):
        if total + n <= limit:
            some.append(p)
            total += n
    return some, total


def small_files(files, folder, count, rng):
    """`count` different slices of about 5 KB."""
    big = [f for f in files if f[1] > 20000]
    total = 0
    for i in range(count):
        path, size = rng.choice(big)
        n = rng.randint(3000, 7000)
        with open(path, "rb") as f:
            f.seek(rng.randrange(size - n))
            data = f.read(n)
        d = os.path.join(folder, f"{i // 1000:02d}")
        os.makedirs(d, exist_ok=True)
        with open(os.path.join(d, f"{i:05d}"), "wb") as f:
            f.write(data)
        total += n
    return total


def subset(folder, out, want):
    """Signature files with the first `want` signatures, in the proportions of `folder`."""
    counts = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            counts[name] = sum(1 for _ in f)
    share = min(1.0, want / sum(counts.values()))
    os.makedirs(out, exist_ok=True)
    for name, n in counts.items():
        with open(os.path.join(folder, name), "rb") as f, open(os.path.join(out, name), "wb") as g:
            for line, _ in zip(f, range(max(1, int(n * share)))):
                g.write(line)
    return int(sum(counts.values()) * share)


# ---- scenarios ------------------------------------------------------------------------------

class Bench:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.vitrine = args.vitrine
        self.rng = random.Random(1)
        self.files = system_files()
        self.images, self.load = {}, {}

    def scan(self, image, *rest):
        return [self.vitrine, "scan", "--quiet", "--db", image, *rest]

    def build(self, name, folder):
        image = os.path.join(self.work, name + ".vdb")
        best = []
        for _ in range(self.args.build_runs):
            seconds, largest, tree, _, cpu = run([self.vitrine, "db", "build", "-o", image, folder], True)
            best.append((seconds, largest, tree, cpu))
        t = sorted(b[0] for b in best)
        self.images[name] = image
        if not os.path.exists(image):
            raise SystemExit(f"bench: db build made no {image}")
        row(f"`db build`, {name}", f"{statistics.median(t):.1f} s, {max(b[2] for b in best):.0f} MB peak",
            "none: it loads text at each start", "",
            f"image {os.path.getsize(image) / 1e6:.0f} MB; processor {best[0][3]:.1f} s; n={len(t)}")

    def cold(self, name, folder):
        small = os.path.join(self.work, "small.txt")
        with open(small, "w") as f:
            f.write("hello\n")
        n = self.args.runs
        ours = median(self.scan(self.images[name], "-j", "1", small), max(n, 11))
        memory = [run(self.scan(self.images[name], "-j", "1", small), True) for _ in range(n)]
        clam_n = n if name == "real" else self.args.slow_runs
        theirs = median([*CLAMSCAN, "-d", folder, small], clam_n)
        clam_rss = run([*CLAMSCAN, "-d", folder, small])[1]
        self.load[name] = theirs[3]
        row(f"one 6-byte file, cold start, {name}: ms", span(ours, 1000), span(theirs, 1000, 0),
            f"{theirs[0] / ours[0]:.0f}",
            f"processor {ours[3] * 1000:.0f} and {theirs[3] * 1000:.0f} ms; n={max(n, 11)} and {clam_n}")
        row(f"the same: MB of memory, largest process (whole tree)",
            f"{max(m[1] for m in memory):.0f} ({max(m[2] for m in memory):.0f})", f"{clam_rss:.0f}",
            f"{clam_rss / max(m[1] for m in memory):.0f}", "tree: proportional set size, sampled")

    def list_file(self, paths, name="list"):
        path = os.path.join(self.work, name)
        with open(path, "w") as f:
            f.write("\n".join(paths) + "\n")
        return path

    def object_bytes(self, image, jobs, paths):
        out = run([self.vitrine, "scan", "--format", "jsonl", "--db", image, "-j", str(jobs), *paths],
                  stdout=subprocess.PIPE)[3]
        last = json.loads(out.splitlines()[-1])
        return last.get("object_bytes") or last.get("bytes") or sum(n for _, n in self.files)

    def programs(self, name):
        """Without the archives that development kits put into /usr/lib: what bounds the matcher."""
        tops = ("/usr/bin/", "/usr/lib/x86_64-linux-gnu/")
        big, _ = pick([f for f in self.files if f[0].startswith(tops)], self.args.megabytes << 20,
                      random.Random(2))
        tops = ["--files-from", self.list_file(big, "programs")]
        total = self.object_bytes(self.images[name], 1, tops) / 1e6
        one = median(self.scan(self.images[name], "-j", "1", *tops), self.args.runs)
        mbs = (total / one[0], total / one[2], total / one[1])
        row(f"/usr/bin and /usr/lib/x86_64-linux-gnu, {total:.0f} MB of objects, one worker, {name}: MB/s",
            span(mbs, 1, 0), "", "", f"{total / one[3]:.0f} MB a processor second")

    def throughput(self, name, folder):
        self.programs(name)
        n = self.args.runs
        big, _ = pick(self.files, self.args.megabytes << 20, random.Random(2))
        tops = ["--files-from", self.list_file(big, "big")]
        total = self.object_bytes(self.images[name], 1, tops) / 1e6
        one = median(self.scan(self.images[name], "-j", "1", *tops), n)
        two = median(self.scan(self.images[name], "-j", "2", *tops), n)
        limit = 24 << 20 if name == "real" else 12 << 20
        sample, size = pick([f for f in self.files if f[1] < 4 << 20], limit, self.rng)
        listed = self.list_file(sample)
        s_ours = median(self.scan(self.images[name], "-j", "1", "--files-from", listed), n)
        s_theirs = median([*CLAMSCAN, "-d", folder, "--file-list=" + listed], self.args.slow_runs)
        clam = size / 1e6 / max(s_theirs[3] - self.load[name], 0.01)
        mbs = (total / one[0], total / one[2], total / one[1])
        row(f"a sample of /usr/bin and /usr/lib, {total:.0f} MB of objects, one worker, {name}: MB/s",
            span(mbs, 1, 0), f"{clam:.1f}", f"{mbs[0] / clam:.0f}",
            f"{total / one[3]:.0f} MB a processor second; clamscan: a sample of {size / 1e6:.0f} MB, "
            f"load time subtracted, n={self.args.slow_runs}")
        row(f"that sample, {name}: MB/s", f"{size / 1e6 / s_ours[0]:.0f}", f"{clam:.1f}",
            f"{size / 1e6 / s_ours[0] / clam:.0f}", "start-up included for Vitrine")
        row(f"two workers, {name}: MB/s", f"{total / two[0]:.0f}", "", "", 
            f"{one[0] / two[0]:.2f} times one; {total / two[3]:.0f} MB a processor second")

    def small(self, name, folder):
        d = os.path.join(self.work, "small")
        if not os.path.isdir(d):
            small_files(self.files, d, 10000, self.rng)
        t = median(self.scan(self.images[name], "-j", "2", d), self.args.runs)
        some = os.path.join(d, "00")
        count = 10000 if name == "real" else 1000
        c = median([*CLAMSCAN, "-d", folder, "-r", d if count == 10000 else some], self.args.slow_runs)
        clam = count / max(c[3] - self.load[name], 0.01)
        rate = (10000 / t[0], 10000 / t[2], 10000 / t[1])
        row(f"10,000 files of 5 KB, two workers, {name}: files/s", span(rate, 1, 0), f"{clam:.0f}",
            f"{rate[0] / clam:.0f}", f"{10000 / t[3]:.0f} files a processor second; clamscan: one process, {count} files, load time subtracted")

    def curve(self):
        d = os.path.join(self.work, "small")
        if not os.path.isdir(d):
            small_files(self.files, d, 10000, self.rng)
        for want in (10_000, 100_000, 1_000_000, 10_000_000):
            folder = os.path.join(self.work, f"subset-{want}")
            count = subset(self.args.full, folder, want)
            image = folder + ".vdb"
            run([self.vitrine, "db", "build", "-o", image, folder])
            t = median(self.scan(image, "-j", "1", d), self.args.runs)
            n = 1000 if want < 1_000_000 else 3000
            some = self.list_file([os.path.join(d, f"{i // 1000:02d}", f"{i:05d}") for i in range(n)])
            empty = os.path.join(self.work, "empty")
            open(empty, "w").close()
            load = median([*CLAMSCAN, "-d", folder, empty], 2)[3]
            c = median([*CLAMSCAN, "-d", folder, "--file-list=" + some], self.args.slow_runs)[3] - load
            row(f"a 5 KB file at {count:,} signatures, one worker: microseconds",
                f"{t[0] / 10000 * 1e6:.0f}", f"{c / n * 1e6:.0f}", f"{c / n / (t[0] / 10000):.0f}",
                f"processor {t[3] / 10000 * 1e6:.0f}; clamscan: {n} files, load time subtracted")
            shutil.rmtree(folder)


def machine():
    def first(path, key):
        with open(path) as f:
            for line in f:
                if line.startswith(key):
                    return line.split(":", 1)[1].strip()
        return "?"
    memory = int(first("/proc/meminfo", "MemTotal").split()[0]) // 1048576
    clam = subprocess.run(["clamscan", "--version"], capture_output=True, text=True).stdout.strip()
    return (f"{os.cpu_count()} processors, {first('/proc/cpuinfo', 'model name')}, {memory} GiB, "
            f"Linux {os.uname().release}; {clam}")


def write(path, args):
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True,
                            text=True).stdout.strip()
    others = ""  # sections that other programs' figures are in
    if os.path.exists(path):
        with open(path) as f:
            others = "".join("\n## " + part for part in f.read().split("\n## ")[1:])
    with open(path, "w") as f:
        f.write("# Measured\n\n")
        f.write(f"{datetime.date.today()}, {machine()}; commit {commit}. Made by `bench/run.py`: whole processes, "
                f"medians of {args.runs} runs (smallest-largest), clamscan's of {args.slow_runs} where it takes "
                "minutes. Contents come from the page cache and are read once per process.\n\n")
        if args.remark:
            f.write(args.remark + "\n\n")
        f.write("| what | Vitrine | clamscan | times | note |\n|---|---|---|---|---|\n")
        for r in ROWS:
            f.write("| " + " | ".join(r) + " |\n")
        f.write(others)


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument("--real", required=True)
    ap.add_argument("--full")
    ap.add_argument("--vitrine", default=os.path.join(ROOT, "build/vitrine"))
    ap.add_argument("--runs", type=int, default=5)
    ap.add_argument("--slow-runs", type=int, default=1)
    ap.add_argument("--build-runs", type=int, default=1)
    ap.add_argument("--megabytes", type=int, default=500, help="of /usr/bin and /usr/lib")
    ap.add_argument("--remark", default="", help="a sentence about the circumstances")
    ap.add_argument("--only", default="", help="cold, throughput, small or curve")
    ap.add_argument("--out", default=os.path.join(ROOT, "bench/RESULTS.md"))
    args = ap.parse_args()
    work = tempfile.mkdtemp(prefix="vitrine-bench-")
    try:
        b = Bench(args, work)
        for name, folder in (("real", args.real), ("full", args.full)):
            if not folder or args.only == "curve":
                continue
            b.build(name, folder)
            b.cold(name, folder)
            if args.only in ("", "throughput"):
                b.throughput(name, folder)
            if args.only in ("", "small"):
                b.small(name, folder)
        if args.full and args.only in ("", "curve"):
            b.curve()
        write(args.out, args)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
