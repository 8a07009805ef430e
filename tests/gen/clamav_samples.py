#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seed inputs of the fuzz targets clamav_body, clamav_line and clamav_cvd.

usage: clamav_samples.py [tests/data/fuzz]
"""
import gzip
import hashlib
import io
import os
import sys
import tarfile

OUT = sys.argv[1] if len(sys.argv) > 1 else "tests/data/fuzz"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"

# Offset, target and modifiers (first byte), then a body.
BODIES = {
    "plain": (0, "68656c6c6f"),
    "nocase": (8, "48656C6C6F??4?"),
    "wide": (16, "6865(6c|6d)6f{2}"),
    "all-modifiers": (32, "68656c6c6f"),
    "jumps": (1, "6865{2}6c6c{-3}6f6f{4-}2020{5-6}7777*7878"),
    "nibbles": (2, "4?6865?1??????????7a"),
    "nested": (3, "6865((61|62)63|6465{3}66|??67)6c6c"),
    "negated": (0, "6865!(61|62)6c!(6161|6262)"),
    "bounds": (4, "(B)6865(W)6c6c(L)*!(B)6f6f!(W)"),
    "anchor": (1, "68[1-2]6c6c6f[3-4]77"),
    "long-jump": (0, "6865{4294967294}6c6c"),
    "unclosed": (0, "6865(61|(62"),
}

# File name extension and lines.
LINES = {
    "hdb": [MD5 + ":10:A.Name", MD5 + ":*:A.Name:73", MD5.upper() + ":4294967295:A:1:255", MD5 + ":0:A"],
    "hsb": [MD5 + "00000000:10:A", MD5 + MD5 + ":10:A"],
    "mdb": ["512:" + MD5 + ":A.Name"],
    "fp": [MD5 + ":10:A"],
    "ndb": ["A:0:*:6865", "B:1:EP+3,4:6865??6c6c", "C:9:SL+1:6865", "D:0:$4:6865", "E:1:VI:68656c6c:1:255", "# c", ""],
    "db": ["A (old)=6865*6c6c"],
    "ldb": [
        "A;Engine:81-255,Target:0;(0&1)|2=0,1>3,4;6865;0,5:6c6c::wi;6f6f::f",
        "B;Target:1,FileSize:1-2,EntryPoint:3-4,NumberOfSections:5-6,Container:CL_TYPE_ZIP;0;6865",
        "C;Engine:1-255,Target:0,Intermediates:CL_TYPE_ZIP>CL_TYPE_ANY,HandlerType:CL_TYPE_PDF;0;6865",
        "D;Engine:81-255,Target:0;1;6865;10,20:0=1/a(?<x>b)\\/;c/greismxAEU",
        "E;Engine:81-255,Target:0;0&1;6865;0(>>0x10#ile4#=0x20,<100)",
        "F;Engine:81-255,Target:0;0&1;6865;${1-2}3$",
        "G;Target:0;((((0|1)>1,2)&2)|(3));6865;6866;6867;6868",
        "H;Target:0;0;fuzzy_img#af2ad01ed42993c7",
    ],
    "cdb": ["A:CL_TYPE_ZIP:1-100:a.*\\.exe:2:3-4:1:5-6:deadbeef:*", "B:*:*:*:*:*:*:*:*:*:1:255"],
    "ign": ["a.ndb:1:A.Name", "A.Name"],
    "ign2": ["A.Name", "A.Name:" + MD5],
    "idb": ["icon:a:b:00"],
    "cbc": ["ClamBC"],
}


def write(target, name, data):
    folder = os.path.join(OUT, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def tar():
    """A ustar archive without closing blocks, as ClamAV writes it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for name, text in (("COPYING", b"x"), ("x.info", b"y"), ("x.ndb", b"A:0:*:6865\n"), ("d/y.hdb", b"#\n")):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            t.addfile(info, io.BytesIO(text))
        end = t.offset
    return out.getvalue()[:end]


def header(rest):
    md5 = hashlib.md5(rest).hexdigest()
    return ("ClamAV-VDB:21 Nov 2026 22-19 +0000:7:42:90:%s:sig:me:1795299563" % md5).encode().ljust(512)


for name, (choice, body) in BODIES.items():
    write("clamav_body", name, bytes([choice]) + body.encode())
for ext, lines in LINES.items():
    write("clamav_line", ext, (ext + "\n" + "\n".join(lines) + "\n").encode())
write("clamav_line", "crlf", b"ndb\n\xef\xbb\xbfA:0:*:6865\r\n   \r\nB:0:*:68\x0065")
packed = gzip.compress(tar(), mtime=0)
write("clamav_cvd", "gzip", header(packed) + packed)
write("clamav_cvd", "tar", header(tar()) + tar())
write("clamav_cvd", "only-gzip", packed)
write("clamav_cvd", "only-tar", tar())
write("clamav_cvd", "wrong-md5", header(b"") + packed)
