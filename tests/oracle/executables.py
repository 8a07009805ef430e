# SPDX-License-Identifier: Apache-2.0
"""Compares what Vitrine and ClamAV read from the headers of executables.

usage: executables.py PROBE [FILE...]

PROBE is the program oracle-probe of the build folder. Without files: the samples in
tests/data/fuzz, some programs of this system and ClamAV's own test files where they are installed.
For each file: the MD5s of a PE's sections (sigtool --mdb), its import hash (sigtool --imp, and
pefile where it is installed), and for all formats one signature each at EP+0, at Sx+0 for each
section and, for a PE, at VI for each version string. Exit status 0: no difference; 1: some; 77:
ClamAV is not installed.
"""
import os
import sys

# This folder holds a types.py of its own, which must not hide Python's.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import glob
import hashlib
import json
import re
import shutil
import subprocess
import tempfile

try:
    import pefile
except ImportError:
    pefile = None

TARGET = {"pe": 1, "elf": 6, "macho": 9}
LENGTH = 12


def output(*command):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                         check=False)
    return run.stdout.decode(errors="replace")


def signatures(our, data):
    """Name, offset and bytes of each signature that must match."""
    if our["entry"] >= 0 and our["entry"] + LENGTH <= len(data):
        yield "EP", "EP+0", data[our["entry"]:our["entry"] + LENGTH]
    for i, (offset, size, _, _) in enumerate(our["sections"]):
        text = data[offset:offset + min(size, LENGTH)]
        if len(text) >= 3:
            yield "S%d" % i, "S%d+0" % i, text
    for i, (offset, _) in enumerate(our["versions"]):
        yield "VI%d" % i, "VI", data[offset:offset + LENGTH]


def missed(our, path, folder):
    """The signatures that ClamAV does not find where we say that they are."""
    with open(path, "rb") as f:
        data = f.read()
    wanted = list(signatures(our, data))
    base = os.path.join(folder, "x.ndb")
    with open(base, "w", encoding="ascii") as f:
        for name, offset, text in wanted:
            f.write("%s:%d:%s:%s\n" % (name, TARGET[our["type"]], offset, text.hex()))
    copy = os.path.join(folder, "file")
    shutil.copyfile(path, copy)
    found = set(re.findall(r": (\w+)\.UNOFFICIAL FOUND",
                           output("clamscan", "-z", "--no-summary", "-d", base, copy)))
    return [name for name, _, _ in wanted if name not in found], data


def pe_hashes(our, path, data):
    """Differences in the hashes of sections and imports."""
    ours = sorted("%d:%s" % (size, hashlib.md5(data[at:at + size]).hexdigest())
                  for at, size, _, _ in our["sections"] if size)
    theirs = sorted(re.findall(r"Section\{\d+\}: (\d+:[0-9a-f]{32})", output("sigtool", "--mdb", path)))
    if ours != theirs and theirs:
        yield "section hashes: %s, ClamAV %s" % (ours, theirs)
    text = bytes.fromhex(our["imports"])
    ours = hashlib.md5(text).hexdigest()
    theirs = re.findall(r"Imphash: ([0-9a-f]{32})", output("sigtool", "--imp", path))
    # ClamAV reads no imports of some packed files: the hash of nothing.
    if theirs and theirs[0] not in (ours, hashlib.md5(b"").hexdigest()):
        yield "import hash: %s, ClamAV %s" % (ours, theirs[0])
    if pefile and text:
        try:
            theirs = pefile.PE(path).get_imphash()
        except pefile.PEFormatError:
            theirs = ""
        if theirs and theirs != ours:
            yield "import hash: %s, pefile %s" % (ours, theirs)


def default_files():
    here = os.path.dirname(os.path.abspath(__file__))
    for pattern in ("pe/*", "elf/*", "macho/*"):
        yield from sorted(glob.glob(os.path.join(here, "..", "data", "fuzz", pattern)))
    yield from sorted(glob.glob("/usr/share/clamav-testfiles/*.exe"))
    yield from (p for p in ("/bin/true", "/bin/ls", "/usr/bin/clamscan") if os.path.exists(p))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if not shutil.which("clamscan") or not shutil.which("sigtool"):
        print("skipped: clamscan and sigtool are not installed")
        return 77
    files = sys.argv[2:] or list(default_files())
    bad = compared = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            our = json.loads(output(sys.argv[1], path))
            if "sections" not in our:
                continue
            compared += 1
            absent, data = missed(our, path, folder)
            if our["type"] == "macho" and absent == ["EP"]:
                absent = []  # docs/compat-clamav.md: ClamAV has no entry point for x86
            found = ["ClamAV does not match at %s" % ", ".join(absent)] if absent else []
            if our["type"] == "pe":
                found += pe_hashes(our, path, data)
            for line in found:
                print("%s: %s" % (path, line))
            bad += bool(found)
    print("%d executables, %d with differences%s" %
          (compared, bad, "" if pefile else " (pefile is not installed)"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
