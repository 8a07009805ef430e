# SPDX-License-Identifier: Apache-2.0
"""A machine that is kept up to date: an owner's policy, a state folder, and `vitrine` run over them."""
import json
import os
import re
import subprocess
from pathlib import Path

from . import entries, tlog

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def text(process):
    return (process.stdout + process.stderr).decode("utf-8", "replace")


def can_update(build):
    """Does this build have what updates need?"""
    if not (Path(build) / "vitrine-updater").exists() or not (Path(build) / "vitrine").exists():
        return False
    p = subprocess.run([Path(build) / "vitrine", "help"], check=False, capture_output=True, text=True)
    return re.search(r"^ *update ", p.stdout + p.stderr, re.M) is not None


class Machine:
    def __init__(self, program, folder):
        self.program, self.folder = str(program), Path(folder)
        self.env = dict(os.environ, LC_ALL="C.UTF-8", HOME=str(self.folder / "home"))
        for name in ("STATE", "CONFIG", "CACHE", "DATA"):
            self.env[f"XDG_{name}_HOME"] = str(self.folder / name.lower())
        self.state = self.folder / "state/vitrine"
        self.config = self.folder / "config/vitrine"
        self.config.mkdir(parents=True, exist_ok=True)
        self.state.mkdir(parents=True, exist_ok=True)
        (self.folder / "home").mkdir(exist_ok=True)

    def trust(self, publisher, sources, witnesses=None, mirrors=None, need_witnesses=2, need_mirrors=1,
              logs=None, root=None, **settings):
        """Writes the owner's policy: whose word counts, where to look, and for how long."""
        witnesses = [w.key for w in publisher.witnesses] if witnesses is None else witnesses
        mirrors = [m.key for m in publisher.mirrors] if mirrors is None else mirrors
        (self.config / "policy").write_text(tlog.policy(
            logs or [publisher.log.key], witnesses, mirrors, need_witnesses, need_mirrors))
        self.configure(root or entries.leaf(publisher.log.entries[0]), sources, **settings)

    def configure(self, root, sources, **settings):
        values = {"Policy": str(self.config / "policy"), "Witnesses": "witnesses", "Mirrors": "mirrors",
                  "Root": root, "CoolOff": "0",
                  "CoolOffRelease": "0", **settings}
        lines = [f"{k} {v}" for k, v in values.items() if v is not None]
        lines += [f"Source {s}" for s in sources]
        (self.config / "update.conf").write_text("\n".join(lines) + "\n")

    def believe(self, log, root, witnesses, mirrors, sources, **settings):
        """The same for a log's verifier and services."""
        (self.config / "policy").write_text(tlog.policy(
            [log], [s.key for s in witnesses], [s.key for s in mirrors], 2, 1))
        self.configure(root, sources, **settings)

    def run(self, *args, before=(), timeout=300, clock=None, **env):
        """`clock`: seconds that this machine's clock is wrong by, by Debian's libfaketime."""
        if clock is not None:
            env.update(LD_PRELOAD=str(FAKETIME), FAKETIME=f"{clock:+d}", FAKETIME_DONT_FAKE_MONOTONIC="1")
        return subprocess.run([*before, self.program, *map(str, args)], env=dict(self.env, **env), check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)

    def update(self, *args, **kw):
        return self.run("update", *args, **kw)

    def status(self):
        p = self.run("update", "status", "--format", "json")
        try:
            return json.loads(p.stdout)
        except ValueError:
            raise AssertionError(f"update status: exit {p.returncode}: {text(p)}") from None

    def finds(self, data):
        """Does a scan with the content in use find this?"""
        file = self.folder / "object"
        file.write_bytes(data)
        p = self.run("scan", "--format=jsonl", file)
        assert p.returncode in (0, 1), text(p)
        return p.returncode == 1

    @property
    def evidence(self):
        return [p for p in (self.state / "evidence").rglob("*") if p.is_file()]
