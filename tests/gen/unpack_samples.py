#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes one small container of each kind, as unit-test samples and fuzzing seeds.

    tests/gen/unpack_samples.py OUTDIR      (the project keeps its output in tests/data/fuzz)

Every container holds hello.txt and numbers.txt (single streams: numbers.txt alone). Those that a
Debian tool can write are written by that tool: zip, 7z, gzip, bzip2, xz, zstd, lz4, tar, cpio, ar,
genisoimage. The others are written here by their specification, as simple as the format allows.
"""
import bz2
import lzma
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

HELLO = b"hello\n"
NUMBERS = b"".join(b"%d\n" % i for i in range(2000))
FILES = [("hello.txt", HELLO), ("numbers.txt", NUMBERS)]


def run(*args, data=None, cwd=None):
    return subprocess.run(args, input=data, cwd=cwd, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def by_tool(folder, name, *args):
    """A container that a tool writes to a file."""
    run(*args, name, "hello.txt", "numbers.txt", cwd=folder)
    return (folder / name).read_bytes()


# --- zip, in pieces, so that it can be built wrongly

def local(name, method, packed, real, flags=0, crc=None, sizes=None):
    crc = zlib.crc32(real) if crc is None else crc
    csize, usize = sizes or (len(packed), len(real))
    return struct.pack("<4sHHHIIIIHH", b"PK\3\4", 20, flags, method, 0, crc, csize, usize,
                       len(name), 0) + name + packed


def central(name, method, packed, real, offset, flags=0, sizes=None):
    csize, usize = sizes or (len(packed), len(real))
    return struct.pack("<4sHHHHIIIIHHHHHII", b"PK\1\2", 20, 20, flags, method, 0,
                       zlib.crc32(real), csize, usize, len(name), 0, 0, 0, 0, 0, offset) + name


def end(count, size, offset, comment=b""):
    return struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, size, offset,
                       len(comment)) + comment


def deflate(data):
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    return z.compress(data) + z.flush()


def zip_of(members, method=8, pack=deflate, flags=0):
    body = b""
    directory = b""
    for name, data in members:
        packed = pack(data)
        directory += central(name.encode(), method, packed, data, len(body), flags)
        body += local(name.encode(), method, packed, data, flags)
    return body + directory + end(len(members), len(directory), len(body))


def zip_overlapping():
    """Three members whose data all reach over the members behind them, as in the "better zip
    bomb": each begins with a stored block that quotes the next local header."""
    packed = deflate(bytes(20000))
    real = bytes(20000)
    parts = []
    tail = local(b"c", 8, packed, real)
    stream, content = packed, real
    parts.append((b"c", stream, content, tail))
    for name in (b"b", b"a"):
        head = parts[-1][3][:31]
        stream = b"\0" + struct.pack("<HH", len(head), len(head) ^ 0xffff) + head + stream
        content = head + content
        parts.append((name, stream, content,
                      local(name, 8, stream[:36], content, sizes=(len(stream), len(content)))
                      + parts[-1][3][31:]))
    # Outermost first: a's header and quote, b's header and quote, c.
    body = local(b"a", 8, b"", parts[2][2], sizes=(len(parts[2][1]), len(parts[2][2])))
    body += parts[2][1]
    directory = b""
    for i, (name, stream, content, _) in enumerate(reversed(parts)):
        directory += central(name, 8, stream, content, i * 36)
    return body + directory + end(3, len(directory), len(body))


def zip_lzma():
    """Method 14 (APPNOTE 5.8.8) with an end marker."""
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}]

    def pack(data):
        props = bytes([(2 * 5 + 0) * 9 + 3]) + struct.pack("<I", 1 << 16)
        return b"\x09\x14" + struct.pack("<H", 5) + props + lzma.compress(
            data, lzma.FORMAT_RAW, filters=filters)
    return zip_of(FILES, 14, pack)


class Bits:
    """Bits, lowest first."""

    def __init__(self):
        self.value = self.n = 0

    def put(self, value, n):
        self.value |= value << self.n
        self.n += n

    def put_code(self, value, n):
        """A prefix code goes in from its highest bit."""
        for i in reversed(range(n)):
            self.put(value >> i & 1, 1)

    def bytes(self):
        return self.value.to_bytes((self.n + 7) // 8, "little")


def implode(data, flags):
    """APPNOTE 5.3, with trees whose codes are all equally long."""
    low, least = (7 if flags & 2 else 6), (3 if flags & 4 else 2)
    out, seen, at = Bits(), {}, 0
    trees = ([(256, 8)] if flags & 4 else []) + [(64, 6), (64, 6)]
    for symbols, length in trees:
        out.put(symbols // 16 - 1, 8)
        for _ in range(symbols // 16):
            out.put(0xf0 | length - 1, 8)
    while at < len(data):
        key = data[at:at + 3]
        start, n = seen.get(key, at), 0
        seen[key] = at
        while (at - start <= 64 << low and start < at and at + n < len(data)
               and data[start + n] == data[at + n] and n < 63 + 255 + least):
            n += 1
        if n < 3:
            out.put(1, 1)
            if flags & 4:
                out.put_code(~data[at] & 255, 8)
            else:
                out.put(data[at], 8)
            at += 1
            continue
        distance = at - start - 1
        out.put(0, 1)
        out.put(distance & (1 << low) - 1, low)
        out.put_code(~(distance >> low) & 63, 6)
        out.put_code(~min(n - least, 63) & 63, 6)
        if n - least >= 63:
            out.put(n - least - 63, 8)
        at += n
    return out.bytes()


def shrink(data):
    """APPNOTE 5.1, with one partial clearing."""
    out, table, width, word = Bits(), {}, 9, b""  # table: word -> code, of those above 256
    cleared = False

    def code_of(w):
        return w[0] if len(w) == 1 else table[w]

    for i in range(len(data) + 1):
        byte = data[i:i + 1]
        if byte and (not word or word + byte in table):
            word += byte
            continue
        while code_of(word) >= 1 << width:
            out.put(256, width)
            out.put(1, width)
            width += 1
        out.put(code_of(word), width)
        if len(table) > 1000 and len(word) == 1 and not cleared:
            out.put(256, width)
            out.put(2, width)
            table = {w: c for w, c in table.items() if any(w == v[:-1] for v in table)}
            cleared = True
        taken = set(table.values())
        table[word + byte] = next(c for c in range(257, 8192) if c not in taken)
        word = byte
    return out.bytes()


# --- others

def lzip(data):
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}]
    packed = lzma.compress(data, lzma.FORMAT_RAW, filters=filters)
    size = 6 + len(packed) + 20
    return (b"LZIP\x01\x10" + packed +
            struct.pack("<IQQ", zlib.crc32(data), len(data), size))


def compress(data):
    """compress(1): LZW, low bits first, codes as wide as the reader's table needs, up to 16."""
    table = {bytes([i]): i for i in range(256)}
    bits, n, word = 0, 0, b""

    def put(code, count):
        nonlocal bits, n
        bits |= code << n
        n += max(9, (255 + count).bit_length())

    count = 0
    for byte in (data[i:i + 1] for i in range(len(data))):
        if word + byte in table:
            word += byte
            continue
        count += 1
        put(table[word], count)
        table[word + byte] = len(table) + 1  # 256 is the clear code
        word = byte
    put(table[word], count + 1)
    return b"\x1f\x9d\x90" + bits.to_bytes((n + 7) // 8, "little")


def szdd(data):
    """Literals only: a control byte of all ones in front of each eight."""
    out = b"SZDD\x88\xf0\x27\x33A\0" + struct.pack("<I", len(data))
    return out + b"".join(b"\xff" + data[i:i + 8] for i in range(0, len(data), 8))


def cab(method):
    """One folder, one data block per 32 KiB, all files in it ([MS-CAB] 2)."""
    data = HELLO + NUMBERS
    block = data if method == 0 else b"CK" + deflate(data)
    files, offset = b"", 0
    for name, content in FILES:
        files += struct.pack("<IIHHHH", len(content), offset, 0, 0x5345, 0, 0x20)
        files += name.encode() + b"\0"
        offset += len(content)
    first_file = 36 + 8
    first_data = first_file + len(files)
    size = first_data + 8 + len(block)
    head = struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, size, 0, first_file, 0, 3, 1, 1, len(FILES),
                       0, 1234, 0)
    folder = struct.pack("<IHH", first_data, 1, method)
    return head + folder + files + struct.pack("<IHH", 0, len(block), len(data)) + block


def lha():
    """Level-0 headers, method -lh0- (stored)."""
    def crc16(data):
        crc = 0
        for b in data:
            crc ^= b
            for _ in range(8):
                crc = crc >> 1 ^ (0xa001 if crc & 1 else 0)
        return crc
    out = b""
    for name, data in FILES:
        h = b"-lh0-" + struct.pack("<IIIBB", len(data), len(data), 0x58000000, 0x20, 0)
        h += bytes([len(name)]) + name.encode() + struct.pack("<H", crc16(data))
        out += bytes([len(h), sum(h) & 255]) + h + data
    return out + b"\0"


def rar4(flags=0):
    """RAR 1.5 to 4 headers, method 0x30 (stored)."""
    def block(kind, head_flags, body, data=b""):
        raw = struct.pack("<BHH", kind, head_flags, 7 + len(body)) + body
        return struct.pack("<H", zlib.crc32(raw) & 0xffff) + raw + data
    out = b"Rar!\x1a\x07\0" + block(0x73, 0, bytes(6))
    for name, data in FILES:
        body = struct.pack("<IIBIIBBHI", len(data), len(data), 2, zlib.crc32(data), 0x58000000, 29,
                           0x30, len(name), 0x20) + name.encode()
        out += block(0x74, 0x8000 | flags, body, data)
    return out + block(0x7b, 0x4000, b"")


def rar5():
    """RAR 5 headers, method 0 (stored)."""
    def vint(v):
        out = b""
        while v >= 128:
            out += bytes([v & 127 | 128])
            v >>= 7
        return out + bytes([v])

    def block(body, data=b""):
        raw = vint(len(body)) + body
        return struct.pack("<I", zlib.crc32(raw)) + raw + data
    out = b"Rar!\x1a\x07\x01\0" + block(vint(1) + vint(0) + vint(0))
    for name, data in FILES:
        # type, header flags (data area), data size, file flags (crc), size, attributes, crc, ...
        body = vint(2) + vint(2) + vint(len(data)) + vint(4) + vint(len(data)) + vint(0o644)
        body += struct.pack("<I", zlib.crc32(data)) + vint(0) + vint(1)
        body += vint(len(name)) + name.encode()
        out += block(body, data)
    return out + block(vint(5) + vint(0) + vint(0))


def xar():
    heap, toc = b"", ""
    for i, (name, data) in enumerate(FILES):
        packed = zlib.compress(data)
        toc += ('<file id="%d"><name>%s</name><type>file</type><data><length>%d</length>'
                '<offset>%d</offset><size>%d</size><encoding style="application/x-gzip"/>'
                '</data></file>' % (i + 1, name, len(packed), len(heap), len(data)))
        heap += packed
    xml = ('<?xml version="1.0" encoding="UTF-8"?><xar><toc>%s</toc></xar>' % toc).encode()
    z = zlib.compress(xml)
    return struct.pack(">4sHHQQI", b"xar!", 28, 1, len(z), len(xml), 0) + z + heap


def warc():
    out = b""
    for name, data in FILES:
        out += (b"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: http://localhost/%s\r\n"
                b"WARC-Date: 2020-01-01T00:00:00Z\r\n"
                b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
                b"Content-Length: %d\r\n\r\n" % (name.encode(), len(data))) + data + b"\r\n\r\n"
    return out


def named_samples(d):
    """A name outside of ASCII, which these formats store as UTF-16."""
    (d / "n\u00e4me \U0001f600").write_bytes(HELLO)
    run("7z", "a", "-bd", "u.7z", "n\u00e4me \U0001f600", cwd=d)
    return {"archive/unicode.7z": (d / "u.7z").read_bytes()}


def tool_samples(d):
    s = {"zip/deflate.zip": by_tool(d, "a.zip", "zip", "-X", "-q"),
         "archive/lzma2.7z": by_tool(d, "a.7z", "7z", "a", "-bd"),
         "archive/encrypted.7z": by_tool(d, "e.7z", "7z", "a", "-bd", "-psecret"),
         "archive/encrypted-names.7z": by_tool(d, "n.7z", "7z", "a", "-bd", "-psecret", "-mhe=on"),
         "zip/encrypted.zip": by_tool(d, "e.zip", "7z", "a", "-bd", "-psecret"),
         "zip/aes.zip": by_tool(d, "s.zip", "7z", "a", "-bd", "-psecret", "-mem=AES256"),
         "archive/gnu.a": by_tool(d, "a.a", "ar", "rc"),
         "archive/joliet-rockridge.iso": by_tool(d, "a.iso", "genisoimage", "-quiet", "-J", "-R",
                                                 "-no-pad", "-o"),
         "archive/ustar.tar": by_tool(d, "a.tar", "tar", "--format=ustar", "-cf"),
         "archive/gnu.tar": by_tool(d, "g.tar", "tar", "--format=gnu", "-cf"),
         "archive/v7.tar": by_tool(d, "v.tar", "tar", "--format=v7", "-cf"),
         "archive/pax.tar": by_tool(d, "p.tar", "tar", "--format=pax", "-cf")}
    for method in ("Deflate64", "BZip2", "LZMA", "PPMd", "Copy"):
        name = method.lower() + ".zip"
        s["zip/" + name] = by_tool(d, name, "7z", "a", "-bd", "-tzip", "-mm=" + method)
    for method in ("BZip2", "PPMd", "Copy", "LZMA"):
        name = method.lower() + ".7z"
        s["archive/" + name] = by_tool(d, name, "7z", "a", "-bd", "-m0=" + method)
    s["zip/streamed.zip"] = run("zip", "-q", "-", "-", data=NUMBERS)
    s["zip/no-zip64-end.zip"] = run("zip", "-q", "-fz-", "-", "-", data=NUMBERS)
    s["zip/zip64.zip"] = by_tool(d, "z64.zip", "zip", "-q", "-fz")
    for kind in ("bin", "odc", "newc", "crc"):
        s["archive/%s.cpio" % kind] = run("cpio", "-o", "-H", kind, cwd=d,
                                          data=b"hello.txt\nnumbers.txt\n")
    s["stream/one.gz"] = run("gzip", "-c", "numbers.txt", cwd=d)
    s["stream/one.bz2"] = run("bzip2", "-c", data=NUMBERS)
    s["stream/one.xz"] = run("xz", "-c", data=NUMBERS)
    s["stream/one.lzma"] = run("xz", "--format=lzma", "-c", data=NUMBERS)
    s["stream/one.zst"] = run("zstd", "-qc", data=NUMBERS)
    s["stream/one.lz4"] = run("lz4", "-qc", data=NUMBERS)
    s["stream/legacy.lz4"] = run("lz4", "-qlc", data=NUMBERS)
    return s


def own_samples():
    half = len(NUMBERS) // 2
    good = zip_of(FILES)
    body = local(b"hello.txt", 0, HELLO, HELLO)
    directory = central(b"hello.txt", 0, HELLO, HELLO, 0)
    hidden = local(b"numbers.txt", 8, deflate(NUMBERS), NUMBERS)
    return {
        "zip/prefix.zip": b"#!/bin/sh\nexit\n" + good,
        "zip/comment.zip": good[:-22] + end(2, 112, len(good) - 22 - 112, b"c" * 300) + b"trailer",
        "zip/no-directory.zip": good[:good.index(b"PK\1\2")],
        "zip/hidden.zip": (hidden + body + central(b"hello.txt", 0, HELLO, HELLO, len(hidden)) +
                           end(1, len(directory), len(hidden) + len(body))),
        "zip/overlapping.zip": zip_overlapping(),
        "zip/lzma-marker.zip": zip_lzma(),
        "zip/zstd.zip": zip_of(FILES, 93, lambda d: run("zstd", "-qc", data=d)),
        "zip/xz.zip": zip_of(FILES, 95, lzma.compress),
        "zip/imploded-4k.zip": zip_of(FILES, 6, lambda d: implode(d, 0)),
        "zip/imploded-8k-literals.zip": zip_of(FILES, 6, lambda d: implode(d, 6), 6),
        "zip/shrunk.zip": zip_of(FILES, 1, shrink),
        "zip/unknown.zip": zip_of(FILES, 97),
        "stream/one.lz": lzip(NUMBERS),
        "stream/two.lz": lzip(NUMBERS[:half]) + lzip(NUMBERS[half:]),
        "stream/two.bz2": bz2.compress(NUMBERS[:half]) + bz2.compress(NUMBERS[half:]),
        "stream/two.xz": (lzma.compress(NUMBERS[:half]) + bytes(8) +
                          lzma.compress(NUMBERS[half:])),
        "stream/two.gz": run("gzip", "-c", data=NUMBERS[:half]) +
        run("gzip", "-c", data=NUMBERS[half:]),
        "stream/two.zst": run("zstd", "-qc", data=NUMBERS[:half]) +
        b"\x50\x2a\x4d\x18\4\0\0\0skip" + run("zstd", "-qc", data=NUMBERS[half:]),
        "stream/two.lz4": run("lz4", "-qc", data=NUMBERS[:half]) +
        run("lz4", "-qc", data=NUMBERS[half:]),
        "archive/one.Z": compress(NUMBERS),
        "archive/stored.lzh": lha(),
        "archive/stored4.rar": rar4(),
        "archive/stored5.rar": rar5(),
        "archive/encrypted4.rar": rar4(4),
        "archive/gzip.xar": xar(),
        "archive/resource.warc": warc(),
        "mspack/stored.cab": cab(0),
        "mspack/mszip.cab": cab(1),
        "mspack/literals.sz_": szdd(NUMBERS),
    }


def inflate64_samples(samples):
    """The packed bytes of the Deflate64 members, and deflate's three kinds of blocks."""
    zipped = samples["zip/deflate64.zip"]
    at = zipped.index(b"numbers.txt") + len("numbers.txt")
    size = struct.unpack_from("<I", zipped, zipped.index(b"PK\3\4", 20) + 18)[0]
    fixed = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_FIXED)
    return {
        "inflate64/numbers": zipped[at:at + size],
        "inflate64/stored": zlib.compress(HELLO, 0)[2:-4],
        "inflate64/fixed": fixed.compress(HELLO * 9) + fixed.flush(),
    }


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1])
    os.environ["TZ"] = "UTC"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, data in FILES:
            (folder / file).write_bytes(data)
            os.utime(folder / file, (1577836800, 1577836800))
        samples = tool_samples(folder) | named_samples(folder)
    samples |= own_samples()
    samples |= inflate64_samples(samples)
    for path, data in samples.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(data)


if __name__ == "__main__":
    main()
