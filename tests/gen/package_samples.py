#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seed inputs of the fuzz targets package-* and collect-*: small databases of package managers.

usage: package_samples.py [tests/data/fuzz]

Those of Berkeley DB need python3-bsddb3.
"""
import io
import os
import sqlite3
import struct
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "tests/data/fuzz")

DPKG = """Package: kesl
Status: deinstall ok installed
Version: 12.1.0-1
Architecture: amd64
Multi-Arch: same
Maintainer: Example AO <a@example.org>
Source: kesl-src (12)
Conffiles:
 /etc/kesl.conf d41d8cd98f00b204e9800998ecf8427e
Description: look-alike
 of something
 .

Package: gone
Status: purge ok not-installed

"""
TEXTS = {
    "dpkg": {
        "status": DPKG, "crlf": DPKG.replace("\n", "\r\n"), "cut": DPKG[:70], "folded": DPKG.replace("ok ", "\n ok\n "),
        "twice": DPKG.replace("Version", "Package: x\nVersion"), "no-colon": "Package: a\njunk\n b\n\n:\n",
        "list": "/.\n/opt\n/opt/kesl\n/opt/kesl/tool\n/etc\n", "list-name": "libkesl:amd64.list",
    },
    "apk": {"installed": "C:Q1x\nP:kesl\nV:12-r0\nA:x86_64\no:kesl\nm:Example AO\nL:MIT\nF:opt\nF:opt/kesl\nR:tool\na:0:0:755\n"
                         "Z:Q1y\nf:fs\n\nP:b\nV:1\n\n", "odd": "P:\n\nX\nP:a\nP:b\n\n"},
    "pacman": {"desc": "%NAME%\nkesl\n\n%VERSION%\n2:12-1\n\n%BASE%\nkesl\n\n%ARCH%\nx86_64\n\n%LICENSE%\na\nb\n\n",
               "files": "%FILES%\nopt/\nopt/kesl/tool\n\n%BACKUP%\netc/x\n"},
    "snap": {"state": '{"data":{"snaps":{"a":{"type":"app","sequence":[{"name":"a","revision":"1"},{"snap":{"revision":"x2"}}],'
                      '"active":true,"current":"x2","channel":"stable"},"b":{}}}}',
             "yaml": "name: a\nversion: '1.0' # x\nlicense: \"MIT\"\n  name: b\n", "file": "a_b_12.snap"},
    "flatpak": {"metadata": "[Application]\nname=org.example.Kesl\nruntime=org.example.Platform/x86_64/1\n\n[Context]\nname=x\n",
                "path": "/var/lib/flatpak/app/org.example.Kesl/x86_64/stable/" + "0123456789abcdef" * 4 + "/metadata",
                "deploy": "local\0" + "0123456789abcdef" * 4 + "\0" + "\0" * 8 + "appdata-version\0" + "\0" * 0 +
                          "12.1.0\0\0s\0appdata-license\0" + "\0" * 7 + "MIT\0\0s"},
    "npm": {"package": '{"name":"@a/b","version":"1","author":{"name":"x"},"license":{"type":"MIT"}}',
            "bom": '\ufeff{"name":"b","licenses":[{"type":"ISC"}]}', "path": "/a/node_modules/@a/b/package.json"},
    "python": {"metadata": "Metadata-Version: 2.1\nName: kesl\nVersion: 12\nAuthor: UNKNOWN\nAuthor-email: a@example.org\n"
                           "License: a\n        b\n\nName: not this\n", "path": "/a/b.dist-info/METADATA"},
    "java": {"pom": "#c\n!d\ngroupId=org.example\nartifactId: kesl\nversion 12\n",
             "manifest": "Manifest-Version: 1.0\r\nBundle-SymbolicName: org.example.ke\r\n sl;x:=1\r\nBundle-Version: 1\r\n\r\nName: a\r\n",
             "name": "META-INF/maven/a/b/pom.properties"},
    "swid": {"tag": '<?xml version="1.0"?><SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" name="K" '
                    'version="1" tagId="t" patch="true"><Entity name="E" role="softwareCreator"/></SoftwareIdentity>',
             "entity": '<!DOCTYPE x [<!ENTITY a "bb">]><SoftwareIdentity name="&a;"/>'},
}


def header(name, files=0):
    data, entries = b"", []

    def add(tag, kind, content, count):
        nonlocal data
        if kind == 4:
            data += b"\0" * (-len(data) % 4)
        entries.append(struct.pack(">IIII", tag, kind, len(data), count))
        data += content
    for tag, text in ((1000, name), (1001, "12.1.0"), (1002, "1"), (1011, "Example AO"), (1014, "MIT"), (1022, "x86_64"),
                      (1044, name + ".src.rpm")):
        add(tag, 6, text.encode() + b"\0", 1)
    add(1003, 4, struct.pack(">I", 2), 1)
    if files:
        add(1116, 4, b"".join(struct.pack(">I", i % 2) for i in range(files)), files)
        add(1117, 8, b"".join(f"file{i}".encode() + b"\0" for i in range(files)), files)
        add(1118, 8, b"/opt/kesl/\0/usr/bin/\0", 2)
    return struct.pack(">II", len(entries), len(data)) + b"".join(entries) + data


def ndb(blobs):
    slots, data, at = [], b"", 256
    for number, blob in blobs:
        size = 28 + len(blob)
        blocks = (size + 15) // 16
        body = struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + blob + b"\0" * (blocks * 16 - size)
        data += body + struct.pack("<II4s", zlib.adler32(body), len(blob), b"BlbE")
        slots.append(struct.pack("<4sIII", b"Slot", number, at, blocks))
        at += blocks
    slots += [struct.pack("<4sIII", b"Slot", 0, 0, 0)] * (254 - len(slots))
    return struct.pack("<4sIIIIIII", b"RpmP", 0, 1, 1, len(blobs) + 1, 0, 0, 0) + b"".join(slots) + data


def bdb(blobs, order):
    from bsddb3 import db
    with tempfile.TemporaryDirectory() as tmp:
        d = db.DB()
        d.set_pagesize(512)
        d.set_lorder(4321 if order == ">" else 1234)
        d.open(tmp + "/x", dbtype=db.DB_HASH, flags=db.DB_CREATE)
        d.put(struct.pack(order + "I", 0), struct.pack(order + "I", len(blobs)))
        for number, blob in blobs:
            d.put(struct.pack(order + "I", number), blob)
        d.close()
        return Path(tmp, "x").read_bytes()


def sqlite(blobs, wal):
    """The database, and the log of one transaction more if wanted."""
    with tempfile.TemporaryDirectory() as tmp:
        con = sqlite3.connect(tmp + "/x", isolation_level=None)
        con.execute("PRAGMA page_size=512")
        if wal:
            con.execute("PRAGMA journal_mode=WAL")
        con.execute("CREATE TABLE Packages(hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        con.execute("CREATE TABLE Name(key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)")
        for number, blob in blobs:
            con.execute("INSERT INTO Packages VALUES (?, ?)", (number, blob))
            con.execute("INSERT INTO Name VALUES ('x', ?, 0)", (number,))
        log = b""
        if wal:
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            con.execute("INSERT INTO Packages VALUES (77, ?)", (header("late"),))
            log = Path(tmp, "x-wal").read_bytes()
        db = Path(tmp, "x").read_bytes()
        con.close()
        return db, log


def jar():
    inner, b = io.BytesIO(), io.BytesIO()
    pom = "groupId=org.example\nartifactId=kesl\nversion=1\n"
    with zipfile.ZipFile(inner, "w") as z:
        z.writestr(zipfile.ZipInfo("META-INF/maven/a/b/pom.properties"), pom)
    with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF"), "Implementation-Title: x\n")
        z.writestr(zipfile.ZipInfo("lib/x.jar"), inner.getvalue())
    return b.getvalue()


def put(target, name, content):
    folder = OUT / target
    os.makedirs(folder, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def main():
    for target, texts in TEXTS.items():
        for name, text in texts.items():
            put("package-" + target, name, text)
    blobs = [(1, header("kesl", 40)), (2, header("common")), (5, header("other", 3))]
    for number, blob in blobs:
        put("package-rpm", f"header-{number}", blob)
    put("package-ndb", "three", ndb(blobs))
    put("package-ndb", "empty", ndb([]))
    put("package-bdb", "little", bdb(blobs, "<"))
    put("package-bdb", "big", bdb(blobs[:1], ">"))
    db, _ = sqlite(blobs, False)
    put("collect-rpm-sqlite", "plain", b"\0\0\0\0" + db)
    db, log = sqlite(blobs, True)
    put("collect-rpm-sqlite", "log", struct.pack("<I", len(log)) + log + db)
    put("package-wal", "log", bytes([len(db) // 512]) + db + log)
    put("package-wal", "cut", bytes([len(db) // 512]) + db + log[:-100])
    put("package-wal", "none", bytes([len(db) // 512]) + db)
    put("collect-jar", "nested", jar())


main()
