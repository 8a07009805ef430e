#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wire_seeds.py FOLDER: writes the seed inputs of the fuzz target "wire" (src/ipc/wire_fuzz.c)."""
import struct
import sys
from pathlib import Path

# Message ids: the order of src/ipc/messages.def, from 1.
(SETUP, BATCH, READY, FAIL, PROGRESS, RESULTS, COMPILE, SOURCES, START, CONTAINER, ASIDES, COMPILED,
 FAILED, FETCH_SETUP, FETCH, FETCH_BODY, FETCH_DATA, FETCH_DONE, COLLECT, SUBJECT, COMPONENT, OBSERVATION, MISSED, FILE,
 COVERAGE, COLLECT_DONE, COLLECT_FAILED) = range(1, 28)
AREAS, MISSES = 8, 13


def message(kind, body=b""):
    m = struct.pack("<I", kind) + body
    return struct.pack("<H", len(m)) + m


def string(b):
    return struct.pack("<H", len(b)) + b


def head(number):
    return struct.pack("<B6Q", 1, number, 100, 200, 3, 0, 0)


def hit(rule, path=b"", suspicious=0, line=1):
    return struct.pack("<BQB", 2, line, suspicious) + string(rule) + string(b"main.ndb") + string(path)


def gap(reason, path=b""):
    return struct.pack("<BH", 3, reason) + string(path)


def done(verdict):
    return struct.pack("<BB", 4, verdict)


def aside(line, what):
    return string(b"main.ndb") + string(b"bad offset") + struct.pack("<IB", line, what)


SEEDS = {
    "clean": message(RESULTS, head(0) + done(0) + head(1) + done(0)),
    "hit": message(RESULTS, head(0) + hit(b"Eicar", b"a.zip/b.com") + done(3)),
    "suspicious": message(RESULTS, head(0) + hit(b"Weak", suspicious=1) + gap(3) + done(2)),
    "gap": message(RESULTS, head(0) + gap(0, b"secret.zip") + done(1)),
    "split": message(RESULTS, head(0) + hit(b"One")) + message(RESULTS, hit(b"Two", line=2) + done(3)),
    "wrong-number": message(RESULTS, head(9) + done(0)),
    "bad-verdict": message(RESULTS, head(0) + done(9)),
    "start": message(READY) + message(PROGRESS, struct.pack("<Q", 5)) + message(FAIL, b"\2\3"),
    "setup": message(SETUP, struct.pack("<II8Q", 1, 3, *range(8))),
    "batch": message(BATCH, struct.pack("<4Q", 0, 1, 2, 3)),
    "compile": message(COMPILE, struct.pack("<IB", 1, 1)) + message(ASIDES, aside(1, 0) + aside(2, 3)),
    "compiled": message(COMPILED, struct.pack("<6Q", 2, 4096, 1, 0, 0, 0)),
    "container": message(CONTAINER, string(b"main.cvd") + string(b"21 Nov 2026") + string(b"someone")
                         + struct.pack("<3QB", 62, 100, 90, 1)),
    "fetch": message(FETCH_SETUP, struct.pack("<IIIB", 1, 30000, 1000, 1))
             + message(FETCH, struct.pack("<BQQ", 1, 1 << 20, 3) + string(b"https://h.example/x") + string(b"text/plain"))
             + message(FETCH_BODY, b"abc") + message(FETCH_DATA, b"answer") + message(FETCH_DONE, b"\0\xc8\0" + string(b"")),
    "fetch-failed": message(FETCH_DONE, b"\x0b\0\0" + string(b"no such host")),
    "collect": message(COLLECT, struct.pack("<IBIBQQI", 1, 2, 255, 3, 1 << 30, 1 << 38, 1) + string(b"/srv/root")
                       + struct.pack("<I", 2) + string(b"*/cache") + string(b"/tmp/*")),
    "subject": message(SUBJECT, b"\1" + struct.pack("<IB", 0, 0) + string(b"/srv/root") + string(b"") + string(b"linux"))
               + message(COMPONENT, b"\1" + b"".join(map(string, (b"/l", b"dpkg", b"name", b"1", b"amd64", b"v", b"install ok installed",
                                                                b"", b"pkg:deb/debian/name@1", b"", b"MIT"))))
               + message(OBSERVATION, b"\1\5" + b"".join(map(string, (b"/opt/a", b"rule", b"product", b"name=a", b"0" * 64))))
               + message(MISSED, b"\1\2" + string(b"/big")) + message(FILE, struct.pack("<QB", 100, 1) + string(b"/opt/a"))
               + message(COVERAGE, struct.pack(f"<I{AREAS * (4 + MISSES)}Q", 255, *range(AREAS * (4 + MISSES))))
               + message(COLLECT_DONE),
    "collect-failed": message(COLLECT_FAILED, b"\3" + string(b"it is no disk")),
    "failed": message(FAILED, b"\3" + string(b"x.ndb") + string(b"malformed")),
}


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in SEEDS.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
