# SPDX-License-Identifier: Apache-2.0
"""Compares the signature targets that Vitrine and ClamAV give to small files of every type.

usage: types.py PROBE [NAME...]

PROBE is the program oracle-probe of the build folder. Each file holds a marker; a database has one
signature for the marker for each target; those that clamscan reports must be target 0 and the
target of our type. EXPLAINED lists the differences that docs/compat-clamav.md explains. Exit
status 0: none but these; 1: others; 77: clamscan is not installed.
"""
import os
import sys

# This folder must not be searched: this file's name is that of a module of Python.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import json
import re
import shutil
import struct
import subprocess
import tempfile

MARKER = b"vitrinemarker"
TARGETS = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14)
LINE = b"hello some words here\n"
REST = bytes(60)

# Name: the targets that ClamAV uses, where they are not 0 and ours.
EXPLAINED = {
    "empty": set(),                 # nothing to match
    "mail-from": {0, 4, 7},         # a message's body is a text of its own
    "mail-mbox": {0, 4, 7},
    "mail-received": {0, 4, 7},
    "java-minor": {0, 14},
    "java-64": {0, 14},
    "fat64": {0, 14},
    "zip-empty": {0, 14},
    "ar": {0, 7},
    "mbr-no-partition": {0},
    "gif-99": {0, 5},
    "bmp-text": {0, 5},
    "uu-no-mode": {0},
    "rar-short": {0},
    "mp3": set(), "ogg": set(), "sqlite": set(),
}


def head(size, *parts):
    """`size` zero bytes with each (offset, bytes) of `parts` in them."""
    data = bytearray(size)
    for offset, part in parts:
        data[offset:offset + len(part)] = part
    return bytes(data)


def texts():
    yield "text", LINE
    yield "text-latin1", b"caf\xe9 au lait\n"
    yield "text-utf8", "gr\u00fcn\n".encode()
    yield "text-escape", b"\x1b[0m hello\n"
    for c in (0, 1, 7, 11, 12, 27, 28, 127):
        yield "text-control-%02x" % c, b"abcdef" + bytes([c]) + b"ghij"
        yield "utf16-unit-%02x" % c, b"ab\1\1" + bytes([0, c]) + b"ghij"
    yield "utf16-zeros", b"\1\0\0\2" * 20
    yield "utf16-fffe", b"ab\1\1\xff\xfe"
    yield "utf16-late", b"\1" * 1022 + b"\0\0"
    yield "utf16-later", b"\1" * 1024 + b"\0\0"
    yield "utf16le-bom", b"\xff\xfe\0\0" + "hello".encode("utf-16le")
    yield "utf16le", "hello some words".encode("utf-16le")
    yield "utf16be", "hello some words".encode("utf-16be")
    for name, tag in (("html", "<html>"), ("upper", "<HTML>"), ("img", "<img"), ("iframe", "<iframe"),
                      ("table", "<tables"), ("object", "<object "), ("head", "<head>"),
                      ("script", "<script "), ("link", "<a class=x href='y'>"),
                      ("no-link", "<a\nhref='y'"), ("no-target", "<a name=x>"), ("body", "<body>"), ("div", "<div>"),
                      ("lang", "<html lang='en'>"), ("doctype", "<!doctype html>")):
        yield "html-" + name, LINE + tag.encode() + b" zz\n"
    for n in (1000, 1020, 5000, 100000):
        yield "html-at-%d" % n, (LINE * 5000)[:n] + b"<html>"
        yield "html-data-at-%d" % n, (b"\1\0\0\2" * 25000)[:n] + b"<html>"
        yield "pdf-at-%d" % n, (LINE * 5000)[:n] + b"%PDF-1.4\n"
    yield "html-utf16", "\ufeff<html><body>".encode("utf-16le")
    yield "html-control", b"hello\0<html>"
    for name, field in (("from", "From: a"), ("mbox", "From a Mon"), ("received", "Received: x"),
                        ("to", "To: x"), ("subject", "Subject: x"), ("date", "Date: x"),
                        ("spf", "Received-SPF: x"), ("path", "Return-Path: <a>"),
                        ("reply", "Reply-To: x"), ("mime", "MIME-Version: 1.0"),
                        ("lower", "from: x"), ("blank", "\nFrom: x"), ("uidl", "X-UIDL: 1"),
                        ("no-space", "From:x")):
        yield "mail-" + name, field.encode() + b"\nX-A: b\n\n"
    yield "uu", b"begin 644 x\n"
    yield "uu-no-mode", b"begin hello\n"
    yield "binhex", b"(This file must be converted with BinHex 4.0)\n:"
    yield "xdp", b'<?xml version="1.0"?>\n<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">'
    yield "xml-word", b'<?xml version="1.0"?>\n<?mso-application progid="Word.Document"?>\n'
    yield "xml-excel", b'<?xml version="1.0"?>\n<Workbook xmlns="x">\n'
    yield "ps", b"%!PS-Adobe-3.0\n"
    yield "rtf", b"{\\rtf1 "
    yield "rtf-space", b" {\\rtf1 "
    yield "warc", b"WARC/1.0\r\n"


def binaries():
    for name, magic in (
            ("mz", b"MZ"), ("zm", b"ZM"), ("elf", b"\x7fELF\2\1\1"),
            ("macho-32", b"\xce\xfa\xed\xfe"), ("macho-64be", b"\xfe\xed\xfa\xcf"),
            ("ole2", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), ("swf", b"FWS\x08"),
            ("swf-lzma", b"ZWS\x08"), ("gif", b"GIF89a"), ("gif-99", b"GIF99z"),
            ("png", b"\x89PNG\r\n\x1a\n"), ("jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
            ("jpeg2000", b"\0\0\0\x0cjP  \r\n\x87\n"), ("tiff", b"II*\0"), ("bmp", b"BM\xc8"),
            ("riff", b"RIFF\x20\0\0\0WAVE"), ("pyc", b"\x6f\r\r\n"), ("ico", b"\0\0\1\0\1\0"),
            ("zip", b"PK\3\4"), ("zip-empty", b"PK\5\6"), ("rar", b"Rar!\x1a\7\0"),
            ("rar-short", b"Rar!hello"), ("7z", b"7z\xbc\xaf\x27\x1c"),
            ("arj", b"\x60\xea\x20\0\x1e"), ("cab", b"MSCF\0\0\0\0"), ("egg", b"EGGA"),
            ("alz", b"ALZ\1"), ("lha", b"\x20\x40-lh5-"), ("cpio", b"070707" + b"0" * 70),
            ("cpio-old", b"\xc7\x71"), ("xar", b"xar!\0\x1c"), ("chm", b"ITSF\3"),
            ("szdd", b"SZDD\x88\xf0\x27\x33A\0"), ("gzip", b"\x1f\x8b\x08\0"), ("bzip2", b"BZh9"),
            ("xz", b"\xfd7zXZ\0"), ("zstd", b"\x28\xb5\x2f\xfd"), ("lz4", b"\x04\x22\x4d\x18"),
            ("lzip", b"LZIP\1"), ("compress", b"\x1f\x9d\x90"), ("lzma", b"\x5d\0\0\x80\0"),
            ("ar", b"!<arch>\nx/"), ("cryptff", b"\xb6\xb9\xac\xae\xfe\xff\xff\xff"),
            ("lnk", b"L\0\0\0\1\x14\2\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"),
            ("onenote", bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")),
            ("mp3", b"ID3\3\0"), ("ogg", b"OggS\0"), ("sqlite", b"SQLite format 3\0")):
        yield name, magic + (b"" if name in ("ar", "rar-short") else REST)
    yield "bmp-text", b"BMW is a car\n"
    for n in (1, 31, 32, 50, 64):
        yield ("java-64" if n == 64 else "cafebabe-%d" % n,
               b"\xca\xfe\xba\xbe" + struct.pack(">I", n) + REST)
    yield "java-minor", b"\xca\xfe\xba\xbe" + struct.pack(">HH", 3, 45) + REST
    yield "fat64", b"\xca\xfe\xba\xbf" + struct.pack(">I", 1) + REST
    yield "sis", struct.pack("<III", 0x10000000, 0x1000006D, 0x10000419) + REST
    yield "tar-member", head(512, (0, b"a"), (124, b"00000000015\0"), (257, b"ustar\00000"))
    yield "mbr", head(1536, (446, struct.pack("<BBHBBHII", 128, 0, 0, 7, 0, 0, 1, 2)),
                      (510, b"\x55\xaa"))
    yield "mbr-no-partition", head(1536, (510, b"\x55\xaa"))
    yield "gpt", head(20480, (446, struct.pack("<BBHBBHII", 0, 0, 0, 238, 0, 0, 1, 39)),
                      (510, b"\x55\xaa"), (512, b"EFI PART"))
    yield "iso", head(0x9000, (0x8000, b"\1CD001\1"), (0x8800, b"\xffCD001"))
    yield "udf", head(0xA000, (0x8000, b"\0BEA01"), (0x8800, b"\0NSR02"), (0x9000, b"\0TEA01"))
    yield "hfs+", head(4096, (1024, b"H+\0\4"))


def samples():
    yield "empty", b""
    for name, data in texts():
        yield name, data + (MARKER.decode().encode("utf-16le") if data[:2] == b"\xff\xfe" else
                            b"") + MARKER + b"\n"
    for name, data in binaries():
        yield name, data + MARKER
    yield "dmg", bytes(100) + MARKER + head(600, (88, b"koly\0\0\0\4\0\0\2\0"))


def clamav(folder, names):
    """The targets whose signature fired, for each name."""
    base = os.path.join(folder, "targets.ndb")
    with open(base, "w", encoding="ascii") as f:
        f.writelines("T%d:%d:*:%s\n" % (t, t, MARKER.hex()) for t in TARGETS)
    files = os.path.join(folder, "files")
    run = subprocess.run(["clamscan", "-z", "-i", "--no-summary", "-d", base, files],
                         stdout=subprocess.PIPE, timeout=300, check=False)
    fired = {name: set() for name in names}
    for line in run.stdout.decode(errors="replace").splitlines():
        match = re.fullmatch(r".*/([^/]+): T(\d+)\.UNOFFICIAL FOUND", line)
        if match:
            fired[match[1]].add(int(match[2]))
    return fired


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if not shutil.which("clamscan"):
        print("skipped: clamscan is not installed")
        return 77
    wanted = [s for s in samples() if len(sys.argv) == 2 or s[0] in sys.argv[2:]]
    bad = explained = 0
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "files"))
        paths = []
        for name, data in wanted:
            paths.append(os.path.join(folder, "files", name))
            with open(paths[-1], "wb") as f:
                f.write(data)
        theirs = clamav(folder, [name for name, _ in wanted])
        probe = subprocess.run([sys.argv[1]] + paths, stdout=subprocess.PIPE, check=True)
        ours = [json.loads(line) for line in probe.stdout.splitlines()]
    for (name, _), our in zip(wanted, ours):
        if theirs[name] == {0, our["target"]}:
            if name in EXPLAINED:
                print("%s: explained, but there is no difference" % name)
                bad += 1
        elif theirs[name] == EXPLAINED.get(name):
            explained += 1
        else:
            print("%s: %s, target %d, but ClamAV has %s" %
                  (name, our["type"], our["target"], sorted(theirs[name])))
            bad += 1
    print("%d files, %d explained differences, %d others" % (len(wanted), explained, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
