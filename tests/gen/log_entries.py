#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the first inputs of the fuzz targets entry, delta, delta-make, plan and cli-review.

usage: log_entries.py

By tests/adversary, which shares no code with what is tested: entries of each kind, signed, some of
them not quite right; deltas between small files; pairs of files; plans.
"""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from adversary import entries  # noqa: E402
from adversary.tlog import Key  # noqa: E402

ORIGIN = "log.example/content"
KEYS = {n: Key(n, seed=bytes([i + 1]) * 32) for i, n in enumerate(("alice", "bob", "carol", "rex"))}
OLD = {"a.hsb": b"1\n2\n3\n4\n", "b.ldb": b"x;y\n", "c.yar": b"rule r { condition: false }", "d": b"gone\n"}
NEW = {"a.hsb": b"0\n1\n2\nthree\n4\n", "b.ldb": b"x;y\n", "c.yar": b"rule s {\n}", "e": b"new\n\n"}


def h(n):
    return f"{n:064x}"


def bodies():
    owners = [("key", KEYS[n].vkey) for n in ("alice", "bob", "carol")]
    payload = b"".join(NEW[n] for n in sorted(NEW))
    full, _ = entries.chunked(payload)
    delta, _ = entries.chunked(entries.delta("main", 6, 7, OLD, NEW))
    files = [("file", entries.file_line(n, NEW[n])) for n in sorted(NEW)]
    yield "root", [("version", 2), ("previous", h(1)), ("expires", entries.when(1900000000)),
                   ("threshold", 2)] + owners + [("rebuilder", KEYS["rex"].vkey)]
    yield "content", [("name", "main"), ("version", 7), ("previous", h(6)), ("note", "A stealer's rules")] + \
        files + [("full", c) for c in full] + [("from", 6)] + [("delta", c) for c in delta]
    yield "directive", [("name", "quarantine"), ("version", 1), ("previous", "-")] + files + \
        [("full", c) for c in full]
    yield "release", [("name", "vitrine"), ("version", "1.0-1"), ("source", "0123abc"), ("buildinfo", "-"),
                      ("file", f"{h(7)} 100 0 bin/vitrine")]
    yield "attest", [("release", h(9)), ("file", f"{h(7)} bin/vitrine")]
    yield "withdraw", [("what", "content"), ("name", "main"), ("version", 7), ("reason", "finds bash")]
    yield "withdraw", [("what", "rule"), ("name", "main"), ("file", "a.hsb"), ("line", h(5)), ("reason", "no")]
    yield "state", [("version", 1), ("previous", "-"), ("time", entries.when(1790000000)),
                    ("expires", entries.when(1791000000)), ("root", f"0 {h(1)}"),
                    ("live", f"content 3 {h(3)}"), ("live", f"withdraw 5 {h(4)}")]


def save(target, name, data):
    folder = ROOT / "tests/data/fuzz" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def plan(sets):
    out = b"vitrine/plan/v1\ntree 9\nstate 8 1 2026-11-24T04:00:00Z 2026-12-08T04:00:00Z\n"
    for head, bodies_ in sets:
        out += head + b"".join(b"entry %d\n%s" % (len(b), b) for b in bodies_)
    return out


def main():
    texts = []
    for i, (kind, fields) in enumerate(bodies()):
        text = entries.text(kind, fields)
        texts.append(text)
        entry = entries.signed(text, ORIGIN, list(KEYS.values())[:3])
        assert entries.Entry(entry).signers(ORIGIN, KEYS.values()) == 3
        save("entry", f"{i}-{kind}", entry)
        save("entry", f"{i}-{kind}-unsigned", text)
    save("entry", "bad-order", texts[-1].replace(b"time", b"timf"))
    save("entry", "bad-kind", b"vitrine/other/v1\n")
    save("entry", "bad-padding", texts[5].replace(b"7", b"07"))
    delta = entries.delta("main", 6, 7, OLD, NEW)
    save("delta", "all", delta)
    save("delta", "none", entries.delta("main", 6, 7, OLD, OLD))
    save("delta", "fits", b"vitrine/delta/v1\nset s 1 2\nadd a\n+n\nfile f\n=1\n-b\n+c\n=1\n-b\nput p 2\n\n\n\n")
    save("delta", "bad-end", delta[:-1])
    for i, text in enumerate(texts):
        save("cli-review", str(i), text)
    save("cli-review", "delta", delta)
    save("cli-review", "rules", b"vitrine/delta/v1\nset s 1 2\nfile a.hsb\n-a:1:N\x1b[m\n+b:1:N\x1b[m\n-c:1:O\n=1\n+c:1:O\n"
         b"add b.ign2\n+N\n+f:1:M\ndrop c.ldb\nput d.yar 2\nx\n\n")
    for name, old, new in (("edit", b"a\nb\nc\n", b"a\nx\nc\n"), ("move", b"abcdefgh", b"efghabcd"),
                           ("same", b"aaaaaa", b"aabaa"), ("empty", b"", b"q\n"), ("end", b"a\n", b"a")):
        save("delta-make", name, (b"1" if b"\n" not in old else b"0") + old + b"\0" + new)
    first, nxt = texts[1], texts[1].replace(b"version 7", b"version 8").replace(b"from 6", b"from 7")
    save("plan", "all", plan([(b"set content 2\n", [first, nxt]), (b"set directive 1\n", [texts[2]]),
                              (b"rules 1\n", [texts[6]])]))
    save("plan", "none", plan([(b"rules 0\n", [])]))
    save("plan", "bad-chain", plan([(b"set content 2\n", [nxt, first]), (b"rules 0\n", [])]))


if __name__ == "__main__":
    main()
