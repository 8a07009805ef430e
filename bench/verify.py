#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What checking one update costs a machine whose log is large: processor time and memory of its verifying child.

usage: bench/verify.py [--entries 10000000] [--runs 5]

The log has that many entries in front of those that matter; the machine has verified it before, and some hundred
entries later one set has a new version. build/ (or $VITRINE_BUILD) must have src/proc/verify-bench
(ninja src/proc/verify-bench). Needs about 1 GB of memory.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("VITRINE_BUILD", ROOT / "build"))
sys.path.insert(0, str(ROOT / "tests"))
from adversary import entries, parties, tlog  # noqa: E402
from adversary.machine import Machine, text  # noqa: E402

GREW = 700      # entries between the two updates
EDGE = 100      # files of leaves and entries that are served, before the end of the tree


def filler(i):
    return b"filler %d" % i + b"." * 500


class Tree(tlog.Tree):
    """All whole subtrees, in arrays of 32 bytes a node."""

    def __init__(self, size):
        self.levels, self.size = [bytearray(32 * size)], size
        row = self.levels[0]
        for i in range(size):
            row[32 * i:32 * i + 32] = sha256(b"\0" + filler(i)).digest()
        while len(row) >= 64:
            up = bytearray(len(row) // 64 * 32)
            for i in range(len(up) // 32):
                up[32 * i:32 * i + 32] = sha256(b"\1" + row[64 * i:64 * i + 64]).digest()
            self.levels.append(up)
            row = up

    @property
    def leaves(self):
        return self

    def append(self, leaf):
        """A leaf, and the subtrees that it makes whole."""
        node, level, index = leaf, 0, self.size
        self.size += 1
        while True:
            if level == len(self.levels):
                self.levels.append(bytearray())
            self.levels[level] += node
            if not index & 1:
                return
            node = sha256(b"\1" + bytes(self.levels[level][-64:])).digest()
            level, index = level + 1, index >> 1

    def __len__(self):
        return self.size

    def range(self, start, end):
        n = end - start
        if n & (n - 1) == 0 and start % n == 0:
            at = 32 * (start // n)
            return bytes(self.levels[n.bit_length() - 1][at:at + 32])
        k = tlog.split(n)
        return tlog.node_hash(self.range(start, start + k), self.range(start + k, end))


class Entries:
    def __init__(self, size):
        self.fillers, self.tail = size, []

    def append(self, e):
        self.tail.append(e)

    def __len__(self):
        return self.fillers + len(self.tail)

    def __getitem__(self, i):
        return filler(i) if i < self.fillers else self.tail[i - self.fillers]


def publish(p, folder):
    """The files near the tree's edge, all higher tiles, and the head with everybody's cosignature."""
    log, size = p.log, p.log.size
    level, nodes = 0, size
    while nodes:
        step = 256 ** level
        last = (nodes + 255) // 256
        for index in range(max(0, last - EDGE), last):
            width = min(256, nodes - index * 256)
            folder.put(tlog.tile_path(level, index, width), b"".join(
                log.tree.range(i * step, (i + 1) * step) for i in range(index * 256, index * 256 + width)))
            if level == 0:
                folder.put(tlog.tile_path("entries", index, width),
                           tlog.bundle(log.entries[i] for i in range(index * 256, index * 256 + width)))
        level, nodes = level + 1, nodes // 256
    for name, data in p.chunks.items():
        folder.put(name, data)
    body, now = log.text(), int(time.time())
    folder.put("checkpoint", p.signed([c.collude(body, now) for c in p.witnesses + p.mirrors]))


def rules(n):
    return {"a.ndb": b"".join(b"Bench.%d:0:*:%s\n" % (i, sha256(b"%d" % i).hexdigest().encode()) for i in range(n))}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--entries", type=int, default=10_000_000)
    ap.add_argument("--runs", type=int, default=5)
    a = ap.parse_args()
    work = Path(tempfile.mkdtemp(prefix="vitrine-bench-"))
    try:
        p = parties.setting(work / "public", witnesses=5, mirrors=2)
        p.log.entries, p.log.tree = Entries(a.entries), Tree(a.entries)
        p.root = None
        p.add_root(int(time.time()))
        root = entries.leaf(p.log.entries[p.log.size - 1])
        p.add_content("main", rules(1000))
        p.add_state()
        publish(p, p.folder)
        m = Machine(BUILD / "vitrine", work / "machine")
        m.trust(p, [p.folder.path], need_witnesses=3, root=root)
        done = m.update()
        if done.returncode:
            sys.exit(f"bench/verify.py: {text(done)}")
        for i in range(GREW):
            p.log.add(filler(-i))
        p.add_content("main", rules(1010))
        p.add_state()
        publish(p, p.folder)
        for _ in range(a.runs):
            state = work / "state"
            shutil.copytree(m.state / "update", state, symlinks=True)
            r = subprocess.run([BUILD / "src/proc/verify-bench", m.config / "update.conf", state], check=True,
                               capture_output=True, text=True)
            print(f"{p.log.size:,} entries: {r.stdout.strip()}", flush=True)
            shutil.rmtree(state)
    finally:
        shutil.rmtree(work)


main()
