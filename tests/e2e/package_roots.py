# SPDX-License-Identifier: Apache-2.0
"""Roots with packages that package managers really built and installed, and what the collectors say of them."""
import os
import shutil
import sqlite3
import struct
import subprocess
import zlib
from pathlib import Path

from conftest import BUILD

TOOL = BUILD / "src/collect/packages-tool"


class Answer:
    def __init__(self, text):
        rows = [line.split("\t") for line in text.splitlines()]
        pairs = [(r[0], dict(f.split("=", 1) for f in r[1:])) for r in rows]
        self.facts = [v for k, v in pairs if k == "fact"]
        self.missed = [(v["why"], v["locus"]) for k, v in pairs if k == "missed"]
        self.sources = [v["what"] for k, v in pairs if k == "source"]
        self.seen, self.read = next((int(v["seen"]), int(v["read"])) for k, v in pairs if k == "count")

    def by_name(self, name):
        return [f for f in self.facts if f["name"] == name]

    def one(self, name):
        found = self.by_name(name)
        assert len(found) == 1, found
        return found[0]


def collect(root):
    r = subprocess.run([TOOL, root], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
    assert r.returncode == 0, r.stderr
    return Answer(r.stdout.decode())


def run(*args, check=True, **kw):
    r = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **kw)
    assert not check or r.returncode == 0, r.stdout.decode("utf-8", "replace")
    return r.stdout.decode("utf-8", "replace")


class Dpkg:
    """A root with dpkg's own database, written by dpkg."""

    def __init__(self, folder):
        self.root, self.work = Path(folder) / "root", Path(folder) / "work"
        self.db = self.root / "var/lib/dpkg"
        for d in ("info", "updates", "triggers"):
            (self.db / d).mkdir(parents=True)
        (self.db / "status").touch()
        (self.db / "available").touch()
        (self.root / "bin").mkdir()
        self.count = 0

    def build(self, name, version="1.0", arch="all", files=None, scripts=None, conffiles=(), extra=""):
        self.count += 1
        top = self.work / str(self.count)
        (top / "DEBIAN").mkdir(parents=True)
        for path, text in (files if files is not None else {f"/opt/{name}/{arch}/tool": name}).items():
            to = top / path.lstrip("/")
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(text)
        (top / "DEBIAN/control").write_text(
            f"Package: {name}\nVersion: {version}\nArchitecture: {arch}\nMaintainer: Example AO <a@example.org>\n"
            f"{extra}Description: look-alike\n of something\n .\n else\n")
        if conffiles:
            (top / "DEBIAN/conffiles").write_text("".join(c + "\n" for c in conffiles))
        for script, text in (scripts or {}).items():
            p = top / "DEBIAN" / script
            p.write_text(text)
            p.chmod(0o755)
        deb = self.work / f"{name}_{version}_{arch}_{self.count}.deb"
        run("dpkg-deb", "--root-owner-group", "-b", top, deb)
        return deb

    def dpkg(self, *args, check=True, **kw):
        # scripts run outside of the root, which has no shell
        return run("dpkg", f"--root={self.root}", "--force-script-chrootless", "--force-not-root", "--log=/dev/null",
                   *args, check=check, **kw)

    def install(self, *args, **kw):
        return self.dpkg("-i", self.build(*args, **kw))

    def select(self, name, want):
        self.dpkg("--set-selections", input=f"{name} {want}\n".encode())

    def query(self):
        """What dpkg itself says: name, version, architecture, all three words."""
        out = run("dpkg-query", f"--admindir={self.db}", "-W",
                  "-f", "${Package}\\t${Version}\\t${Architecture}\\t${Status}\\n")
        return {tuple(line.split("\t")) for line in out.splitlines()}


def as_dpkg(answer):
    return {(f["name"], f.get("version", ""), f.get("arch", ""), f.get("status", "")) for f in answer.facts
            if f["manager"] == "dpkg"}


SPEC = """Name: {name}
Version: {version}
Release: {release}
{epoch}
Summary: look-alike
License: Proprietary
Vendor: {vendor}
{arch}
%description
look-alike
%install
mkdir -p %{{buildroot}}/opt/{name}
for i in $(seq 1 {files}); do echo $i > %{{buildroot}}/opt/{name}/file-number-$i; done
%files
/opt/{name}
"""


class Rpm:
    """A root with rpm's database, written by rpm."""

    folder = "usr/lib/sysimage/rpm"

    def __init__(self, folder):
        self.root, self.work = Path(folder) / "root", Path(folder) / "work"
        self.root.mkdir()
        self.work.mkdir()
        self.db = self.root / self.folder

    def build(self, name, version="1.0", release="1", epoch=None, vendor="Example AO", files=3, noarch=False):
        spec = self.work / f"{name}.spec"
        spec.write_text(SPEC.format(name=name, version=version, release=release, vendor=vendor, files=files,
                                    epoch=f"Epoch: {epoch}" if epoch else "",
                                    arch="BuildArch: noarch" if noarch else ""))
        run("rpmbuild", "-bb", "--define", f"_topdir {self.work}/top", spec)
        return next((self.work / "top/RPMS").rglob(f"{name}-{version}-{release}.*.rpm"))

    def rpm(self, *args, backend="sqlite"):
        r = subprocess.run(["rpm", "--root", str(self.root), "--define", f"_db_backend {backend}", "--dbpath",
                            "/" + self.folder, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           check=False)
        assert r.returncode == 0, r.stderr
        return r.stdout.decode()

    def install(self, *args, **kw):
        self.rpm("--nodeps", "-i", self.build(*args, **kw))

    def query(self, **kw):
        out = self.rpm("-qa", "--qf", "%{name}\\t%|epoch?{%{epoch}:}|%{version}-%{release}\\t%{arch}\\t%{vendor}\\t"
                                      "%{license}\\t%{sourcerpm}\\n", **kw)
        return {tuple(line.split("\t")) for line in out.splitlines()}

    def blobs(self):
        with sqlite3.connect(self.db / "rpmdb.sqlite") as db:
            return db.execute("SELECT hnum, blob FROM Packages ORDER BY hnum").fetchall()

    def drop_sqlite(self):
        for p in self.db.glob("rpmdb.sqlite*"):
            p.unlink()


def as_rpm(answer):
    return {tuple(f.get(k, "") for k in ("name", "version", "arch", "vendor", "license", "source"))
            for f in answer.facts if f["manager"] == "rpm"}


def write_bdb(path, blobs, big_endian=False):
    """rpm's Packages as Berkeley DB writes it: numbers to headers, and number 0 for the highest one."""
    from bsddb3 import db
    d = db.DB()
    order = ">" if big_endian else "<"
    if big_endian:
        d.set_lorder(4321)
    d.open(str(path), dbtype=db.DB_HASH, flags=db.DB_CREATE)
    d.put(struct.pack(order + "I", 0), struct.pack(order + "I", max((n for n, _ in blobs), default=0)))
    for number, blob in blobs:
        d.put(struct.pack(order + "I", number), bytes(blob))
    d.close()


def write_ndb(path, blobs):
    """rpm's Packages.db: a page of slots, then runs of 16-byte blocks."""
    slots, data, at = [], b"", 4096 // 16
    for number, blob in blobs:
        size = 16 + len(blob) + 12
        blocks = (size + 15) // 16
        body = struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + bytes(blob) + b"\0" * (blocks * 16 - size)
        data += body + struct.pack("<II4s", zlib.adler32(body), len(blob), b"BlbE")
        slots.append(struct.pack("<4sIII", b"Slot", number, at, blocks))
        at += blocks
    assert len(slots) <= 254
    slots += [struct.pack("<4sIII", b"Slot", 0, 0, 0)] * (254 - len(slots))
    head = struct.pack("<4sIIIIIII", b"RpmP", 0, 1, 1, len(blobs) + 1, 0, 0, 0)
    Path(path).write_bytes(head + b"".join(slots) + data)


def header(name):
    """The smallest header: a name, a version and a release."""
    data = b"".join(s.encode() + b"\0" for s in (name, "1", "2"))
    offsets = [0, len(name) + 1, len(name) + 3]
    entries = b"".join(struct.pack(">IIII", 1000 + i, 6, offsets[i], 1) for i in range(3))
    return struct.pack(">II", 3, len(data)) + entries + data


def copy_tree(src, dst):
    shutil.copytree(src, dst, symlinks=True)
    return dst


def write(path, content):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def size(path):
    return os.stat(path).st_size
