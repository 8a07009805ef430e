# SPDX-License-Identifier: Apache-2.0
"""Signed notes, checkpoints, cosignatures, trees, tiles: C2SP's formats and RFC 6962.

Nothing here is fast and nothing is shared with the C code, so that a mistake made there is not made
here too. Signing functions sign whatever they are given; that is what an adversary wants of them.
"""
import base64
import hashlib
import re
import struct

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt
from nacl.exceptions import BadSignatureError
from nacl.pwhash import argon2id
from nacl.signing import SigningKey, VerifyKey

ED25519, COSIGNATURE = 0x01, 0x04
WIDTH = 256
DASH = "\u2014 "


class Bad(Exception):
    """What was read is not what it should be; the text says why."""


def sha256(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    """Strict: one encoding of each value."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as e:
        raise Bad(f"base64: {e}") from e
    if b64(data) != text:
        raise Bad("base64: not canonical")
    return data


class Verifier:
    """A public key with a name."""

    def __init__(self, name, kind, public):
        self.name, self.kind, self.public = name, kind, public
        self.id = sha256(name.encode() + b"\n" + bytes([kind]) + public)[:4]

    @property
    def vkey(self):
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, vkey):
        m = re.fullmatch(r"([^+\s]+)\+([0-9a-f]{8})\+(\S+)", vkey)
        if not m:
            raise Bad(f"not a vkey: {vkey}")
        data = unb64(m[3])
        if len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
            raise Bad(f"a key of another type: {vkey}")
        key = cls(m[1], data[0], data[1:])
        if key.id.hex() != m[2]:
            raise Bad(f"the id is not that of name and key: {vkey}")
        return key

    def check(self, message, signature):
        try:
            VerifyKey(self.public).verify(message, signature)
        except (BadSignatureError, ValueError):
            return False
        return True


class Key(Verifier):
    """A private key with a name. `seed` makes it the same each time; None: random."""

    def __init__(self, name, kind=ED25519, seed=None):
        if isinstance(seed, str):
            seed = sha256(seed.encode())
        self.secret = SigningKey(seed) if seed else SigningKey.generate()
        super().__init__(name, kind, bytes(self.secret.verify_key))

    @property
    def seed(self):
        return bytes(self.secret)

    def sign(self, message):
        return bytes(self.secret.sign(message).signature)

    def renamed(self, name):
        """The same key under another name: one witness that would like to count twice."""
        return Key(name, self.kind, self.seed)

    def line(self, text, time=0):
        """A signature line for a note's text; a cosignature if the key is of that type."""
        if self.kind == COSIGNATURE:
            blob = struct.pack(">Q", time) + self.sign(cosigned(text, time))
        else:
            blob = self.sign(text)
        return f"{DASH}{self.name} {b64(self.id + blob)}\n".encode()


def keyfile(path, passphrase=None):
    """A private key from a file of docs/formats/keys.md."""
    lines = dict(x.split(" ", 1) for x in open(path, encoding="ascii").read().splitlines() if " " in x)
    public = Verifier.parse(lines["key"])
    if "bare" in lines:
        seed = unb64(lines["bare"])
    else:
        box = unb64(lines["sealed"])
        secret = argon2id.kdf(32, passphrase, box[:16], argon2id.OPSLIMIT_MODERATE, argon2id.MEMLIMIT_MODERATE)
        seed = crypto_aead_xchacha20poly1305_ietf_decrypt(box[40:], None, box[16:40], secret)
    key = Key(public.name, public.kind, seed)
    if key.vkey != public.vkey:
        raise Bad(f"{path}: the key is not that of its vkey")
    return key


def cosigned(text, time):
    return f"cosignature/v1\ntime {time}\n".encode() + text


# ---- notes and checkpoints

def note(text, lines):
    return text + b"\n" + b"".join(lines)


def parse_note(data):
    """(text, [(name, id, blob), ...])"""
    try:
        whole = data.decode()
    except UnicodeDecodeError as e:
        raise Bad("note: not UTF-8") from e
    if re.search(r"[\x00-\x09\x0b-\x1f]", whole):
        raise Bad("note: control character")
    at = whole.rfind("\n\n")
    if at < 0 or not whole.endswith("\n"):
        raise Bad("note: no empty line before signatures")
    text, rest = whole[:at + 1], whole[at + 2:]
    signatures = []
    for line in rest.split("\n")[:-1]:
        m = re.fullmatch(DASH + r"([^\s+]+) (\S+)", line)
        if not m:
            raise Bad(f"note: not a signature line: {line}")
        blob = unb64(m[2])
        if len(blob) < 5:
            raise Bad("note: a signature of less than five bytes")
        signatures.append((m[1], blob[:4], blob[4:]))
    if not signatures:
        raise Bad("note: no signatures")
    return text.encode(), signatures


def signed_by(text, signatures, key):
    """The times of this key's signatures (0 where its type has none); Bad if one is false."""
    times = []
    for name, kid, blob in signatures:
        if name != key.name or kid != key.id:
            continue
        time, message = 0, text
        if key.kind == COSIGNATURE:
            if len(blob) != 72:
                raise Bad(f"a cosignature of {key.name} of another length")
            time, = struct.unpack(">Q", blob[:8])
            message, blob = cosigned(text, time), blob[8:]
        if not key.check(message, blob):
            raise Bad(f"a false signature by {key.name}")
        times.append(time)
    return times


def checkpoint(origin, size, root, extensions=()):
    return "".join(f"{x}\n" for x in (origin, size, b64(root), *extensions)).encode()


def parse_checkpoint(text):
    lines = text.decode().split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise Bad("checkpoint: not three lines")
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise Bad("checkpoint: the size")
    root = unb64(lines[2])
    if len(root) != 32:
        raise Bad("checkpoint: the root")
    return lines[0], int(lines[1]), root


# ---- RFC 6962, section 2.1

def leaf_hash(entry):
    return sha256(b"\0" + entry)


def node_hash(left, right):
    return sha256(b"\1" + left + right)


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class Tree:
    """Leaf hashes, and what follows from them. Roots of whole subtrees are remembered."""

    def __init__(self, leaves=()):
        self.leaves, self.known = list(leaves), {}

    def copy(self):
        t = Tree(self.leaves)
        t.known = dict(self.known)
        return t

    def range(self, start, end):
        n = end - start
        if n == 0:
            return sha256(b"")
        if n == 1:
            return self.leaves[start]
        whole = n & (n - 1) == 0
        if whole and (start, end) in self.known:
            return self.known[start, end]
        k = split(n)
        h = node_hash(self.range(start, start + k), self.range(start + k, end))
        if whole:
            self.known[start, end] = h
        return h

    def root(self, size=None):
        return self.range(0, len(self.leaves) if size is None else size)

    def inclusion(self, index, size):
        def path(m, start, end):
            if end - start == 1:
                return []
            k = split(end - start)
            if m < k:
                return path(m, start, start + k) + [self.range(start + k, end)]
            return path(m - k, start + k, end) + [self.range(start, start + k)]
        return path(index, 0, size)

    def consistency(self, old, size):
        def sub(m, start, end, complete):
            if m == end - start:
                return [] if complete else [self.range(start, end)]
            k = split(end - start)
            if m <= k:
                return sub(m, start, start + k, complete) + [self.range(start + k, end)]
            return sub(m - k, start + k, end, False) + [self.range(start, start + k)]
        return [] if old in (0, size) else sub(old, 0, size, True)

    def subtree(self, start, end, size):
        """That the entries [start, end) are those of the tree: what an upload to a mirror carries."""
        def sub(s, e, at, n, whole):
            if s == 0 and e == n:
                return [] if whole else [self.range(at, at + n)]
            k = split(n)
            if e <= k:
                return sub(s, e, at, k, whole) + [self.range(at + k, at + n)]
            if k <= s:
                return sub(s - k, e - k, at + k, n - k, whole) + [self.range(at, at + k)]
            return sub(0, e - k, at + k, n - k, False) + [self.range(at, at + k)]
        return sub(start, end, 0, size, True)


def check_inclusion(index, size, leaf, path, root):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def check_consistency(old, old_root, size, root, proof):
    """RFC 9162, section 2.1.4.2; size 0 as tlog-witness has it."""
    if old > size:
        return False
    if old == 0:
        return not proof and old_root == sha256(b"")
    if old == size:
        return not proof and old_root == root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == root


# ---- tiles

def tile_number(n):
    parts = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        parts.insert(0, f"x{n % 1000:03d}")
    return "/".join(parts)


def tile_path(level, index, width):
    return f"tile/{level}/{tile_number(index)}" + ("" if width == WIDTH else f".p/{width}")


def bundle(entries):
    return b"".join(struct.pack(">H", len(e)) + e for e in entries)


def parse_bundle(data):
    entries, at = [], 0
    while at < len(data):
        if at + 2 > len(data):
            raise Bad("bundle: cut off")
        n, = struct.unpack_from(">H", data, at)
        if at + 2 + n > len(data):
            raise Bad("bundle: cut off")
        entries.append(data[at + 2:at + 2 + n])
        at += 2 + n
    return entries


def tiles(tree, size):
    """All tiles of a tree of this size: {path: bytes}."""
    out, level, nodes = {}, 0, size
    while nodes:
        step = WIDTH ** level
        for index in range((nodes + WIDTH - 1) // WIDTH):
            width = min(WIDTH, nodes - index * WIDTH)
            out[tile_path(level, index, width)] = b"".join(
                tree.range(i * step, (i + 1) * step)
                for i in range(index * WIDTH, index * WIDTH + width))
        level, nodes = level + 1, nodes // WIDTH
    return out


def bundles(entries, size):
    out = {}
    for index in range((size + WIDTH - 1) // WIDTH):
        width = min(WIDTH, size - index * WIDTH)
        out[tile_path("entries", index, width)] = bundle(entries[index * WIDTH:index * WIDTH + width])
    return out


# ---- messages and files around them

def add_checkpoint(old, proof, signed):
    return f"old {old}\n".encode() + b"".join(b64(h).encode() + b"\n" for h in proof) + b"\n" + signed


def parse_add_checkpoint(body):
    head, sep, signed = body.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    m = re.fullmatch(r"old (0|[1-9][0-9]*)", lines[0])
    if not sep or not m or len(lines) > 64:
        raise Bad("add-checkpoint: the request")
    return int(m[1]), [unb64(x) for x in lines[1:]], signed


def add_entries(origin, entries, tree, start, end):
    """The body of an upload of entries [start, end) to a mirror whose pending checkpoint has size `end`."""
    name = origin.encode()
    out = [struct.pack(">H", len(name)), name, struct.pack(">QQH", start, end, 0)]
    for base in range(start - start % WIDTH, end, WIDTH):
        some = range(max(start, base), min(end, base + WIDTH))
        proof = tree.subtree(base, some.stop, end)
        out += [bundle(entries[i] for i in some), bytes([len(proof)]), *proof]
    return b"".join(out)


def proof_file(index, path, signed, extra=None):
    head = "c2sp.org/tlog-proof@v1\n" + (f"extra {b64(extra)}\n" if extra is not None else "")
    return (head + f"index {index}\n" + "".join(b64(h) + "\n" for h in path) + "\n").encode() + signed


def parse_proof_file(data):
    head, sep, signed = data.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    if not sep or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Bad("proof: the head")
    if lines and lines[0].startswith("extra "):
        unb64(lines.pop(0)[6:])
    m = re.fullmatch(r"index (0|[1-9][0-9]*)", lines.pop(0) if lines else "")
    if not m:
        raise Bad("proof: the index")
    path = [unb64(x) for x in lines]
    if any(len(h) != 32 for h in path):
        raise Bad("proof: a hash")
    return int(m[1]), path, signed


def policy(logs, witnesses, mirrors, need_witnesses, need_mirrors):
    """A tlog-policy file with groups `witnesses` and `mirrors`. Keys may repeat: the reader says no."""
    out = [f"log {k.vkey}" for k in logs]
    for word, keys in (("w", witnesses), ("m", mirrors)):
        out += [f"witness {word}{i} {k.vkey}" for i, k in enumerate(keys, 1)]
    groups = []
    for word, name, keys, need in (("w", "witnesses", witnesses, need_witnesses),
                                   ("m", "mirrors", mirrors, need_mirrors)):
        if keys:
            names = " ".join(f"{word}{i}" for i in range(1, len(keys) + 1))
            out.append(f"group {name} {need} {names}")
            groups.append(name)
    out += [f"group all-of-it all {' '.join(groups)}", "quorum all-of-it"] if groups else ["quorum none"]
    return "\n".join(out) + "\n"
