# SPDX-License-Identifier: Apache-2.0
"""Roots of Debian systems with look-alikes of a banned product, for the tests of removals.

The base is made by debootstrap once a session; a test gets a copy. Packages are really built with
dpkg-deb and installed with dpkg; nothing of any vendor is in them.
"""
import json
import os
import shutil
import subprocess
from pathlib import Path

import conftest

MACHINE = "0123456789abcdef0123456789abcdef"
UNIT = """[Unit]
Description=look-alike
[Service]
ExecStart=/opt/kaspersky/kesl/bin/kesl 1000
[Install]
WantedBy=multi-user.target
"""


def sh(*args, **kw):
    return subprocess.run([*map(str, args)], check=True, capture_output=True, text=True, **kw)


def mirror():
    """Where this machine has its packages from."""
    r = sh("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
    return next(u for u in r.stdout.split() if "security" not in u)


def base_root(folder):
    """A minimal Debian, kept between sessions for an hour of a developer's patience."""
    kept = Path(os.environ.get("VITRINE_TEST_ROOT", "/var/tmp/vitrine-test-root"))
    if not (kept / "etc/debian_version").exists():
        shutil.rmtree(kept, ignore_errors=True)
        part = folder / "base"
        sh("debootstrap", "--variant=minbase", "bookworm", part, mirror())
        for bulk in ("usr/share/doc", "usr/share/locale", "usr/share/man", "usr/share/zoneinfo", "usr/share/i18n",
                     "var/cache/apt/archives", "var/lib/apt/lists", "usr/lib/x86_64-linux-gnu/gconv",
                     "usr/lib/locale", "usr/share/perl5", "usr/share/common-licenses", "usr/share/info"):
            shutil.rmtree(part / bulk, ignore_errors=True)
        (part / "etc/machine-id").write_text(MACHINE + "\n")
        (part / "etc/systemd/system/multi-user.target.wants").mkdir(parents=True, exist_ok=True)
        sh("cp", "-a", part, kept)
    return kept


class Package:
    """A Debian package: files by path (bytes, or a link's target as str), and scripts."""

    def __init__(self, name="kesl", version="12.0.0-1", depends=None, description="look-alike", provides=None):
        self.name, self.version, self.depends = name, version, depends
        self.description, self.provides = description, provides
        self.files, self.scripts = {}, {}

    def build(self, folder):
        top = Path(folder) / f"{self.name}-build"
        shutil.rmtree(top, ignore_errors=True)
        (top / "DEBIAN").mkdir(parents=True)
        control = [f"Package: {self.name}", f"Version: {self.version}", "Architecture: amd64",
                   "Maintainer: Nobody <nobody@example.org>"]
        if self.depends:
            control.append(f"Depends: {self.depends}")
        if self.provides:
            control.append(f"Provides: {self.provides}")
        control.append(f"Description: {self.description}")
        (top / "DEBIAN/control").write_text("\n".join(control) + "\n")
        for path, content in self.files.items():
            to = top / path.lstrip("/")
            to.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                to.symlink_to(content)
            else:
                to.write_bytes(content)
                to.chmod(0o755 if content[:4] == b"\x7fELF" or content[:2] == b"#!" else 0o644)
        for script, text in self.scripts.items():
            p = top / "DEBIAN" / script
            p.write_text("#!/bin/sh\n" + text)
            p.chmod(0o755)
        out = Path(folder) / f"{self.name}_{self.version}_amd64.deb"
        sh("dpkg-deb", "--root-owner-group", "-b", top, out)
        return out


def kesl(**kw):
    p = Package(**kw)
    program = Path("/bin/sleep").read_bytes() + b"look-alike of the banned product\n"
    p.files = {
        "/opt/kaspersky/kesl/bin/kesl": program,
        "/opt/kaspersky/kesl/lib64/libx.so": b"not a library, but long enough to be told from others: " + bytes(range(64)),
        "/usr/bin/kesl-control": "/opt/kaspersky/kesl/bin/kesl",
        "/lib/systemd/system/kesl.service": UNIT.encode(),
    }
    return p


def snapshot(root):
    """Every path below the root with what it is; the content of files by hash of the text of stat."""
    r = sh("find", ".", "-xdev", "-printf", "%P\t%y\t%m\t%U\t%G\t%l\n", cwd=root)
    seen = {line.split("\t")[0]: line for line in r.stdout.splitlines()}
    r = sh("bash", "-c", "find . -xdev -type f -print0 | xargs -0 sha256sum", cwd=root)
    for line in r.stdout.splitlines():
        sha, path = line.split("  ", 1)
        seen[path[2:]] += "\t" + sha
    return seen


# What dpkg, ldconfig and userdel write of their own accord.
RECORDS = ("var/lib/dpkg", "etc/ld.so.cache", "var/cache/ldconfig", "etc/group", "etc/gshadow",
           "etc/passwd", "etc/shadow", "etc/.pwd.lock", "var/log/dpkg.log", "var/log/alternatives.log")


def differences(before, after):
    return sorted(p for p in before.keys() | after.keys()
                  if before.get(p) != after.get(p) and not p.startswith(RECORDS))


class Vitrine(conftest.Vitrine):
    """The command, with what it says on standard error as text."""

    def run(self, *args, **kw):
        r = super().run(*args, **kw)
        r.error = r.err.decode("utf-8", "replace")
        return r


class Machine:
    """A root with its state folder, plan and approval, and the commands on it."""

    def __init__(self, vitrine, root, folder):
        self.v, self.root, self.folder = vitrine, Path(root), Path(folder)
        self.state = self.folder / "state"
        self.plan_file = self.folder / "plan.json"
        self.key = self.folder / "officer.key"
        (self.state / "inventory").mkdir(parents=True, exist_ok=True)
        self.evidence = self.state / "inventory/evidence.db"
        self.extra = []

    def install(self, *debs):
        sh("dpkg", f"--root={self.root}", "-i", *debs)

    def leftovers(self):
        """What such a product leaves behind: data, logs, a unit copied by its launcher, a group."""
        r = self.root
        (r / "etc/systemd/system/multi-user.target.wants").mkdir(parents=True, exist_ok=True)
        (r / "etc/systemd/system/multi-user.target.wants/kesl.service").symlink_to("/lib/systemd/system/kesl.service")
        (r / "etc/systemd/system/kesl.service").write_text(UNIT)
        (r / "var/opt/kaspersky/kesl/private").mkdir(parents=True)
        (r / "var/opt/kaspersky/kesl/private/state.db").write_bytes(b"state")
        (r / "var/log/kaspersky").mkdir(parents=True)
        with open(r / "etc/group", "a") as f:
            f.write("kesladmin:x:990:\n")

    def inventory(self):
        return self.v.run("inventory", "--no-content", "--evidence", self.evidence, "--root", self.root, *self.extra, timeout=300)

    def plan(self, *args):
        if not any(a in ("--replacement", "--no-replacement") for a in args):
            args = (*args, "--no-replacement", "test: nobody uses it")
        return self.v.run("plan", "bod-17-01", "--state", self.state, "--root", self.root, "-o", self.plan_file,
                          *args, *self.extra)

    @property
    def steps(self):
        return json.loads(self.plan_file.read_text())["steps"]

    def approve(self):
        if not self.key.exists():
            assert self.v.run("publish", "keygen", "officer", "-o", self.key, "--bare").code == 0
        line = next(x for x in self.key.read_text().splitlines() if x.startswith("key "))
        config = Path("/etc/vitrine") if os.geteuid() == 0 else Path(self.v.env["HOME"]) / ".config/vitrine"
        config.mkdir(parents=True, exist_ok=True)
        (config / "approvers").write_text(line[4:] + "\n")
        return self.v.run("approve", self.plan_file, "--key", self.key, "--yes")

    def remove(self, *args, **kw):
        return self.v.run("remove", self.plan_file, "--state", self.state, "--root", self.root, *args, *self.extra,
                          timeout=300, **kw)

    def verify(self, *args):
        return self.v.run("verify", self.plan_file, "--state", self.state, "--root", self.root, *args, timeout=300)

    def ready(self):
        assert self.inventory().code == 1
        r = self.plan()
        assert r.code == 1, r.err
        assert self.approve().code == 0

    @property
    def journal(self):
        p = next((self.state / "removals").glob("*/journal"))
        return [json.loads(line) for line in p.read_bytes().splitlines()]
