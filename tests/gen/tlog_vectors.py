#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/tlog and the first inputs of the tlog fuzz targets.

usage: tlog_vectors.py [--check]

A log of seven entries, three witnesses and a policy of two of them, made here from the
specifications (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-policy,
tlog-witness, tlog-tiles) with Python's hashlib and PyNaCl, so that our C code is not its own
judge. Each file below proof/ is named for what it is; all but those that begin with "good" must be
refused. --check compares with what is there and writes nothing.
"""
import hashlib
import struct
import sys
from base64 import b64decode, b64encode
from pathlib import Path

from nacl.signing import SigningKey

ROOT = Path(__file__).resolve().parents[2]
DATA, FUZZ = ROOT / "tests/data/tlog", ROOT / "tests/data/fuzz"
ORIGIN, TIME = "log.example/vectors", 1790000000
LEAVES = [b"entry %d" % i for i in range(7)]


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def b64(raw):
    return b64encode(raw).decode()


# ---- RFC 6962, section 2.1, as it is written --------------------------------------------------

def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def tree(d):
    if not d:
        return sha256()
    if len(d) == 1:
        return sha256(b"\0", d[0])
    k = split(len(d))
    return sha256(b"\1", tree(d[:k]), tree(d[k:]))


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    return path(m, d[:k]) + [tree(d[k:])] if m < k else path(m - k, d[k:]) + [tree(d[:k])]


def subproof(m, d, whole):
    if m == len(d):
        return [] if whole else [tree(d)]
    k = split(len(d))
    if m <= k:
        return subproof(m, d[:k], whole) + [tree(d[k:])]
    return subproof(m - k, d[k:], False) + [tree(d[:k])]


# ---- notes ------------------------------------------------------------------------------------

class Key:
    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        self.seed = sha256(b"vitrine test key ", name.encode())
        self.signing = SigningKey(self.seed)
        self.public = bytes(self.signing.verify_key)
        self.id = sha256(name.encode(), b"\n", bytes([kind]), self.public)[:4]

    @property
    def vkey(self):
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"

    def line(self, text, time=TIME):
        if self.kind == 4:
            message = f"cosignature/v1\ntime {time}\n{text}".encode()
            blob = struct.pack(">Q", time) + self.signing.sign(message).signature
        else:
            blob = self.signing.sign(text.encode()).signature
        return f"\u2014 {self.name} {b64(self.id + blob)}\n"


LOG = Key(ORIGIN, 1)
W = [Key(f"witness.example/w{i}", 4) for i in (1, 2, 3)]
STRANGER = Key("stranger.example/x", 4)
OTHER = Key("other.example/log", 1)


def head(n, leaves=LEAVES, extension=""):
    return f"{ORIGIN}\n{n}\n{b64(tree(leaves[:n]))}\n{extension}"


def note(text, *lines):
    return text + "\n" + "".join(lines)


def cosigned(text, *witnesses):
    return note(text, LOG.line(text), *(w.line(text, TIME + i) for i, w in enumerate(witnesses)))


def proof_file(index, hashes, checkpoint, extra=""):
    return (f"c2sp.org/tlog-proof@v1\n{extra}index {index}\n" + "".join(b64(h) + "\n" for h in hashes) +
            "\n" + checkpoint)


def flipped(line, at):
    """The signature line with a bit of its blob the other way."""
    words = line.split(" ")
    raw = bytearray(b64decode(words[2]))
    raw[at] ^= 1
    return f"{words[0]} {words[1]} {b64(bytes(raw))}\n"


def proofs():
    text, p = head(7), path(3, LEAVES)
    good = cosigned(text, W[0], W[2])
    one = note(text, LOG.line(text), W[0].line(text))
    text_ext = head(7, extension="more\n")
    yield "good", proof_file(3, p, good)
    yield "good-with-extra", proof_file(3, p, good, "extra " + b64(b"of no authority") + "\n")
    yield "good-with-unknown-keys", proof_file(3, p, good + STRANGER.line(text) + flipped(STRANGER.line(text), 20) +
                                               "\u2014 " + W[1].name + " " + b64(b"\0\0\0\1" + b"other type") + "\n")
    yield "good-witness-again-later", proof_file(3, p, good + W[0].line(text, TIME + 100))
    yield "one-cosignature-only", proof_file(3, p, one)
    yield "wrong-index", proof_file(2, p, good)
    yield "truncated-path", proof_file(3, p[:-1], good)
    yield "longer-path", proof_file(3, p + p[:1], good)
    yield "leading-zero-index", proof_file("03", p, good)
    yield "same-witness-twice", proof_file(3, p, one + W[0].line(text, TIME + 9))
    yield "cosignature-time-flipped", proof_file(
        3, p, note(text, LOG.line(text), W[0].line(text), flipped(W[2].line(text), 11)))
    yield "cosignature-of-third-is-bad", proof_file(3, p, good + flipped(W[1].line(text), 40))
    yield "extension-line", proof_file(3, p, cosigned(text_ext, W[0], W[2]))
    yield "extension-line-added", proof_file(3, p, good.replace("\n\n", "\nmore\n\n"))
    yield "log-signature-missing", proof_file(3, p, note(text, W[0].line(text), W[2].line(text)))
    yield "log-signature-bad", proof_file(
        3, p, note(text, flipped(LOG.line(text), 30), W[0].line(text), W[2].line(text)))
    yield "signed-by-another-log", proof_file(
        3, p, note(text, OTHER.line(text), W[0].line(text), W[2].line(text)))
    yield "other-tree", proof_file(3, p, cosigned(head(7, LEAVES[:6] + [b"rewritten"]), W[0], W[2]))
    yield "strangers-cosignature", proof_file(3, p, cosigned(text, W[0], STRANGER))


def add_checkpoint(old, hashes, checkpoint):
    return f"old {old}\n" + "".join(b64(h) + "\n" for h in hashes) + "\n" + checkpoint


def files():
    policy = f"# two of three\nlog {LOG.vkey} https://log.example/\nlog {OTHER.vkey}\n\n" + "".join(
        f"witness w{i + 1} {w.vkey}\n" for i, w in enumerate(W)) + "group\tg  2 w1 w2 w3 \nquorum g\n"
    yield DATA / "policy", policy
    yield DATA / "checkpoint-5", note(head(5), LOG.line(head(5)))
    yield DATA / "checkpoint-7", note(head(7), LOG.line(head(7)))
    yield DATA / "checkpoint-7-cosigned", cosigned(head(7), *W)
    forked = head(7, LEAVES[:2] + [b"fork"] + LEAVES[3:])
    yield DATA / "checkpoint-7-forked", note(forked, LOG.line(forked))
    consistency = subproof(5, LEAVES, True)
    plain = note(head(7), LOG.line(head(7)))
    yield DATA / "add-checkpoint-5-7", add_checkpoint(5, consistency, plain)
    yield DATA / "add-checkpoint-0-7", add_checkpoint(0, [], plain)
    for name, text in proofs():
        yield DATA / "proof" / name, text
        yield FUZZ / "tlog_proof" / name, text
    yield FUZZ / "tlog_note" / "cosigned", cosigned(head(7), *W)
    yield FUZZ / "tlog_note" / "two-empty-lines", note("text\n\nmore\n", LOG.line("text\n\nmore\n"))
    yield FUZZ / "tlog_checkpoint" / "seven", head(7)
    yield FUZZ / "tlog_checkpoint" / "extension", head(7, extension="more\n")
    yield FUZZ / "tlog_key" / "log", LOG.vkey
    yield FUZZ / "tlog_key" / "witness", W[0].vkey
    yield FUZZ / "tlog_policy" / "two-of-three", policy
    yield FUZZ / "tlog_policy" / "nested", policy.replace(
        "quorum g", f"witness w4 {STRANGER.vkey}\ngroup h all g w4\nquorum h")
    yield FUZZ / "tlog_policy" / "none", "quorum none\n"
    yield FUZZ / "tlog_witness" / "five-to-seven", add_checkpoint(5, consistency, plain)
    yield FUZZ / "tlog_witness" / "first", add_checkpoint(0, [], plain)
    for name, text in (("full", "tile/0/x001/x234/067"), ("partial", "tile/7/000.p/255"),
                       ("entries", "tile/entries/x001/067.p/1"), ("zeros", "tile/0/x000/067")):
        yield FUZZ / "tlog_tile_path" / name, text
    bundle = b"".join(struct.pack(">H", len(d)) + d for d in LEAVES)
    yield FUZZ / "tlog_bundle" / "seven", bundle
    yield FUZZ / "tlog_bundle" / "short", bundle[:-1]


def main():
    wrong = 0
    for file, content in files():
        raw = content.encode() if isinstance(content, str) else content
        if "--check" in sys.argv:
            if not file.is_file() or file.read_bytes() != raw:
                print(f"{file.relative_to(ROOT)}: not what this program writes")
                wrong = 1
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(raw)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
