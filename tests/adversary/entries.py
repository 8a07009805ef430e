# SPDX-License-Identifier: Apache-2.0
"""Entries of an update log, deltas and chunks (docs/formats/log.md), written and strictly read."""
import ctypes
import ctypes.util
import difflib
import hashlib
import re
from datetime import datetime, timezone

from .tlog import Bad, Verifier, b64, leaf_hash, unb64

ENTRY_MAX = 65535
CHUNK_RAW = 8 << 20
LINE_MAX = 1 << 20
KINDS = ("root", "content", "directive", "release", "attest", "withdraw", "state")


def when(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def leaf(entry):
    return leaf_hash(entry).hex()


# ---- writing

def text(kind, fields, version=1):
    """An entry's lines before its signatures; fields are (key, value) pairs, written as they are."""
    return "".join([f"vitrine/{kind}/v{version}\n"] + [f"{k} {v}\n" for k, v in fields]).encode()


def signed(body, origin, keys):
    """The entry with signatures of all of `keys`, in order of their names."""
    message = b"vitrine/entry/v1\n" + origin.encode() + b"\n" + body
    return body + b"".join(f"sig {k.name} {b64(k.id + k.sign(message))}\n".encode()
                           for k in sorted(keys, key=lambda k: k.name.encode()))


# ---- reading

NUMBER, HASH = r"(0|[1-9][0-9]{0,18})", r"[0-9a-f]{64}"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
NAME, FILE = r"[a-z0-9][a-z0-9._-]{0,63}", r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
PATH = FILE + "(/" + FILE + ")*"
TEXT, VKEY, LEAF = r".{1,1000}", r"\S+", f"({HASH}|-)"
CHUNK = f"{NUMBER} {NUMBER} {HASH}"
# key: (form, least, most) in the order in which they stand
SET = (("name", NAME, 1, 1), ("version", NUMBER, 1, 1), ("previous", LEAF, 1, 1), ("note", TEXT, 0, 1),
       ("file", f"{HASH} {NUMBER} {NUMBER} {FILE}", 1, 256), ("full", CHUNK, 0, 512),
       ("from", NUMBER, 0, 1), ("delta", CHUNK, 0, 512))
FORMS = {
    "root": (("version", NUMBER, 1, 1), ("previous", LEAF, 1, 1), ("expires", TIME, 1, 1),
             ("threshold", NUMBER, 1, 1), ("key", VKEY, 1, 64), ("rebuilder", VKEY, 0, 64)),
    "content": SET,
    "directive": SET,
    "release": (("name", NAME, 1, 1), ("version", TEXT, 1, 1), ("source", TEXT, 1, 1), ("buildinfo", LEAF, 1, 1),
                ("file", f"{HASH} {NUMBER} 0 {PATH}", 1, 256)),
    "attest": (("release", HASH, 1, 1), ("file", f"{HASH} {PATH}", 1, 256)),
    "withdraw": (("what", "content|directive|release|rule", 1, 1), ("name", NAME, 1, 1),
                 ("version", NUMBER, 0, 1), ("file", FILE, 0, 1), ("line", HASH, 0, 1), ("reason", TEXT, 1, 1)),
    "state": (("version", NUMBER, 1, 1), ("previous", LEAF, 1, 1), ("time", TIME, 1, 1), ("expires", TIME, 1, 1),
              ("root", f"{NUMBER} {HASH}", 1, 1),
              ("live", f"(content|directive|release|withdraw) {NUMBER} {HASH}", 0, 128)),
}


class Entry:
    """kind, fields {key: [values]}, body (what is signed), sigs [(name, id, signature)], leaf."""

    def __init__(self, raw):
        self.raw, self.leaf = raw, leaf(raw)
        if len(raw) > ENTRY_MAX or not raw.endswith(b"\n"):
            raise Bad("entry: its size or its end")
        if re.search(rb"[^\x20-\x7e\n]", raw) or b"\n\n" in raw:
            raise Bad("entry: a byte that may not be there")
        lines = raw.decode().split("\n")[:-1]
        m = re.fullmatch(r"vitrine/([a-z]+)/v1", lines[0])
        if not m or m[1] not in FORMS:
            raise Bad(f"entry: unknown kind {lines[0]}")
        self.kind = m[1]
        at = next((i for i, x in enumerate(lines) if x.startswith("sig ")), len(lines))
        self.body = "".join(x + "\n" for x in lines[:at]).encode()
        self.fields = self.read_fields(lines[1:at])
        self.sigs = self.read_sigs(lines[at:])
        self.check()

    def read_fields(self, lines):
        out, at = {}, 0
        for key, form, least, most in FORMS[self.kind]:
            values = []
            while at < len(lines) and lines[at].startswith(key + " "):
                value = lines[at][len(key) + 1:]
                if not re.fullmatch(form, value) or value != value.strip(" "):
                    raise Bad(f"{self.kind}: the value of {key}: {value}")
                values.append(value)
                at += 1
            if not least <= len(values) <= most:
                raise Bad(f"{self.kind}: {len(values)} lines {key}")
            out[key] = values
        if at != len(lines):
            raise Bad(f"{self.kind}: a line that may not be there: {lines[at]}")
        return out

    @staticmethod
    def read_sigs(lines):
        sigs = []
        for x in lines:
            m = re.fullmatch(r"sig ([^\s+]+) (\S+)", x)
            blob = unb64(m[2]) if m else b""
            if len(blob) != 68:
                raise Bad(f"entry: not a signature line: {x}")
            sigs.append((m[1], blob[:4], blob[4:]))
        ascending([s[0] for s in sigs], "signatures")
        return sigs

    def one(self, key):
        return self.fields[key][0] if self.fields[key] else None

    def number(self, key):
        return int(self.one(key))

    def files(self):
        """[(sha256, size, lines, name)]"""
        return [(h, int(s), int(n), f) for h, s, n, f in (x.split(" ") for x in self.fields["file"])]

    def chunks(self, key):
        """[(raw, packed, sha256)]"""
        return [(int(r), int(p), h) for r, p, h in (x.split(" ") for x in self.fields[key])]

    def live(self):
        return [(k, int(i), h) for k, i, h in (x.split(" ") for x in self.fields["live"])]

    def keys(self, key="key"):
        return [Verifier.parse(x) for x in self.fields[key]]

    def check(self):
        """What the forms cannot say."""
        if self.kind == "root":
            for key in ("key", "rebuilder"):
                keys = self.keys(key)
                ascending([k.name for k in keys], key)
                if len({k.public for k in keys}) != len(keys) or any(k.kind != 1 for k in keys):
                    raise Bad(f"root: a {key} twice, or of another type")
            if not 1 <= self.number("threshold") <= len(self.fields["key"]) or self.number("version") < 1:
                raise Bad("root: version or threshold")
        if self.kind in ("content", "directive"):
            ascending([f[3] for f in self.files()], "files")
            full, delta = self.fields["full"], self.fields["delta"]
            if not full and not delta or bool(delta) != bool(self.fields["from"]) or len(full + delta) > 512:
                raise Bad("content: full, from and delta")
        if self.kind == "withdraw":
            rule = self.one("what") == "rule"
            if rule != bool(self.fields["file"]) or rule != bool(self.fields["line"]) or \
                    rule == bool(self.fields["version"]):
                raise Bad("withdraw: version, file, line")
        if self.kind == "state":
            indexes = [i for _, i, _ in self.live()]
            if indexes != sorted(set(indexes)) or self.one("expires") <= self.one("time"):
                raise Bad("state: order of live, or times")
        if "previous" in self.fields and (self.one("previous") == "-") != (self.number("version") == 1):
            raise Bad(f"{self.kind}: previous and version")

    def signers(self, origin, keys):
        """How many of `keys` signed; Bad if one of them did falsely."""
        message, count = b"vitrine/entry/v1\n" + origin.encode() + b"\n" + self.body, 0
        for key in keys:
            for name, kid, sig in self.sigs:
                if name == key.name and kid == key.id:
                    if not key.check(message, sig):
                        raise Bad(f"{self.kind}: a false signature by {name}")
                    count += 1
        return count


def ascending(names, what):
    raw = [n.encode() for n in names]
    if raw != sorted(set(raw)):
        raise Bad(f"{what}: not in ascending order")


# ---- deltas

def by_line(data):
    """Its lines, or None for a file that is not line by line."""
    if not data.endswith(b"\n"):
        return None
    lines = data.split(b"\n")[:-1]
    return None if any(len(x) + 1 > LINE_MAX for x in lines) else lines


def delta(name, start, end, old, new):
    """From version `start` to `end` of a set; old and new are {file: bytes}."""
    out = [f"vitrine/delta/v1\nset {name} {start} {end}\n".encode()]
    for file in sorted(set(old) | set(new), key=str.encode):
        a, b = old.get(file), new.get(file)
        if a == b:
            continue
        if b is None:
            out.append(f"drop {file}\n".encode())
        elif by_line(b) is None or (a is not None and by_line(a) is None):
            out.append(f"put {file} {len(b)}\n".encode() + b + b"\n")
        elif a is None:
            out += [f"add {file}\n".encode()] + [b"+" + x + b"\n" for x in by_line(b)]
        else:
            out += [f"file {file}\n".encode(), runs(by_line(a), by_line(b))]
    return b"".join(out)


def runs(a, b):
    out, kept = [], 0
    for tag, i, j, k, n in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            kept = j - i
            continue
        if kept:
            out.append(f"={kept}\n".encode())
            kept = 0
        out += [b"-" + x + b"\n" for x in a[i:j]] + [b"+" + x + b"\n" for x in b[k:n]]
    return b"".join(out)


def apply(data, name, start, end, old):
    """The files that a delta makes of `old`, {file: bytes}."""
    head = f"vitrine/delta/v1\nset {name} {start} {end}\n".encode()
    if not data.startswith(head):
        raise Bad("delta: its head")
    new, at, last = dict(old), len(head), b""
    while at < len(data):
        line, at = cut(data, at)
        m = re.fullmatch(rb"(file|add|drop) (\S+)|put (\S+) ([0-9]+)", line)
        file = m and (m[2] or m[3])
        if not m or file <= last:
            raise Bad(f"delta: {line!r}")
        last, key = file, file.decode()
        if m[3]:
            n = int(m[4])
            if data[at + n:at + n + 1] != b"\n":
                raise Bad("delta: the end of a put")
            new[key], at = data[at:at + n], at + n + 1
        elif m[1] == b"drop":
            if new.pop(key, None) is None:
                raise Bad("delta: drops what is not there")
        else:
            if (key in old) != (m[1] == b"file"):
                raise Bad("delta: file or add")
            new[key], at = steps(data, at, by_line(old[key]) if key in old else [])
    return new


def steps(data, at, lines):
    out, stand = [], 0
    while at < len(data) and data[at:at + 1] in b"=-+":
        line, at = cut(data, at)
        sign, rest = line[:1], line[1:]
        if sign == b"+":
            out.append(rest)
        elif sign == b"-":
            if stand >= len(lines) or lines[stand] != rest:
                raise Bad("delta: another line than the one that goes")
            stand += 1
        else:
            n = int(rest)
            if stand + n > len(lines) or not n:
                raise Bad("delta: keeps too many lines")
            out += lines[stand:stand + n]
            stand += n
    return b"".join(x + b"\n" for x in out + lines[stand:]), at


def cut(data, at):
    end = data.find(b"\n", at)
    if end < 0:
        raise Bad("delta: cut off")
    return data[at:end], end + 1


# ---- chunks

ZSTD = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
for f in ("ZSTD_compressBound", "ZSTD_compress", "ZSTD_decompress", "ZSTD_findFrameCompressedSize"):
    getattr(ZSTD, f).restype = ctypes.c_size_t
ZSTD.ZSTD_compress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
ZSTD.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
ZSTD.ZSTD_findFrameCompressedSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
ZSTD.ZSTD_compressBound.argtypes = [ctypes.c_size_t]
ZSTD.ZSTD_isError.argtypes = [ctypes.c_size_t]


def pack(data, level=3):
    """One zstd frame."""
    out = ctypes.create_string_buffer(ZSTD.ZSTD_compressBound(len(data)))
    n = ZSTD.ZSTD_compress(out, len(out), data, len(data), level)
    assert not ZSTD.ZSTD_isError(n)
    return out.raw[:n]


def unpack(frame, raw):
    """Exactly `raw` bytes from exactly one frame."""
    if ZSTD.ZSTD_findFrameCompressedSize(frame, len(frame)) != len(frame):
        raise Bad("chunk: not one frame")
    out = ctypes.create_string_buffer(raw + 1)
    n = ZSTD.ZSTD_decompress(out, raw + 1, frame, len(frame))
    if ZSTD.ZSTD_isError(n) or n != raw:
        raise Bad("chunk: not of the size that the entry says")
    return out.raw[:raw]


def chunk_path(name):
    return f"chunk/{name[:2]}/{name}"


def chunked(data, size=CHUNK_RAW):
    """([value of a chunk line], {path: bytes})"""
    lines, files = [], {}
    for at in range(0, len(data), size):
        piece = data[at:at + size]
        frame = pack(piece)
        name = hashlib.sha256(frame).hexdigest()
        lines.append(f"{len(piece)} {len(frame)} {name}")
        files[chunk_path(name)] = frame
    return lines, files


def file_line(name, data):
    lines = by_line(data)
    return f"{hashlib.sha256(data).hexdigest()} {len(data)} {len(lines) if lines is not None else 0} {name}"
