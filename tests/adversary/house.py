# SPDX-License-Identifier: Apache-2.0
"""An honest publisher: `vitrine publish`, three owners of whom two must sign, cosigned by services."""
import os
import re
import subprocess
from pathlib import Path

from . import audit, parties, tlog

OWNERS = ("alice", "bob", "carol")


class House:
    """`shown(args, output)` is told of each command. `services`: witnesses, then mirrors, not started yet."""

    def __init__(self, program, folder, origin, witnesses, mirrors, shown=None, before=()):
        self.program, self.folder, self.origin = str(program), Path(folder), origin
        self.shown, self.before = shown, list(before)
        self.folder.mkdir(parents=True)
        self.env = dict(os.environ, LC_ALL="C.UTF-8", XDG_STATE_HOME=str(self.folder / "state"))
        self.dir, self.public = self.folder / "log", self.folder / "log/public"
        owners = []
        for name in OWNERS:
            owners += ["--owner", self.run("keygen", f"{name}.example", "-o", self.key(name), "--bare").strip()]
        policy = [f"witness {k} {s.key.vkey} {s.url}" for word, group in (("w", witnesses), ("m", mirrors))
                  for k, s in ((f"{word}{i}", s) for i, s in enumerate(group))]
        for word, name, group in (("w", "witnesses", witnesses), ("m", "mirrors", mirrors)):
            policy.append(f"group {name} all " + " ".join(f"{word}{i}" for i in range(len(group))))
        policy += ["group everybody all witnesses mirrors", "quorum everybody"]
        (self.folder / "policy").write_text("\n".join(policy) + "\n")
        said = self.run("init", self.dir, "--origin", origin, "--bare", "--threshold", 2, *owners,
                        "--policy", self.folder / "policy")
        self.log = tlog.Verifier.parse(re.search(r"log key: (\S+)", said)[1])
        self.public.mkdir(parents=True, exist_ok=True)

    def key(self, name):
        return self.folder / (name + ".key")

    def run(self, *args):
        p = subprocess.run([*self.before, self.program, "publish", *map(str, args)], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                           timeout=300, env=self.env)
        if self.shown:
            self.shown(["publish", *map(str, args)], p.stdout)
        assert p.returncode == 0, f"vitrine publish {args[0]} ended with {p.returncode}: {p.stdout}"
        return p.stdout

    def publish(self, files, note, name="main"):
        """Imports, has two owners sign, commits."""
        source = self.folder / "source"
        source.mkdir(exist_ok=True)
        for file, data in files.items():
            (source / file).write_bytes(data)
        self.run("import", self.dir, source, "--set", name, "--note", note)
        self.sign_and_commit()

    def sign_and_commit(self):
        proposal = self.folder / "proposal"
        self.run("propose", self.dir, "-o", proposal)
        for owner in OWNERS[:2]:
            self.run("sign", proposal, "--key", self.key(owner), "--yes")
        # the first signed only the entries: the state that names them waits for both
        again = subprocess.run([self.program, "publish", "sign", proposal, "--key", self.key(OWNERS[0]), "--yes"],
                               stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=self.env)
        assert again.returncode == 0 or "nothing for this key to sign" in again.stderr, again.stderr
        self.run("commit", self.dir, proposal)

    @property
    def first_root(self):
        """Its leaf, which an owner's policy names."""
        return audit.Audit(self.public, self.log.vkey).roots[0][1].leaf

    def stolen(self):
        """Everything that it has, in the hands of somebody else."""
        return parties.Publisher.stolen(self.public, tlog.keyfile(self.dir / "private/log.key"),
                                        [tlog.keyfile(self.key(o)) for o in OWNERS])
