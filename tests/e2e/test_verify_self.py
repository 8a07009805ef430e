# SPDX-License-Identifier: Apache-2.0
"""`vitrine doctor --verify-self`: an installed Vitrine against releases that `vitrine publish` published."""
import shutil
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import entries, parties, tlog  # noqa: E402
from conftest import BUILD, Vitrine  # noqa: E402
from test_publish import OWNERS, House  # noqa: E402

PROGRAMS = {"bin/vitrine": "vitrine", "libexec/vitrine/vitrine-worker": "vitrine-worker",
            "libexec/vitrine/vitrine-compiler": "vitrine-compiler",
            "libexec/vitrine/vitrine-updater": "vitrine-updater"}


class Setting:
    """A publisher with two rebuilders, and a Vitrine that is installed below a prefix of its own."""

    def __init__(self, vitrine, path):
        self.path, self.house = path, House(vitrine, path / "house")
        self.prefix = path / "usr"
        for name, program in PROGRAMS.items():
            target = self.prefix / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(BUILD / program, target)
        self.installed = Vitrine(self.prefix / "bin/vitrine", vitrine.database, path / "cache")
        self.rebuilders = [self.house.keygen(f"rebuilder{i}") for i in (1, 2)]
        args = ["init", self.house.dir, "--origin", "example.org/log", "--bare", "--threshold", 2]
        args += [a for r in self.rebuilders for a in ("--rebuilder", r)]
        self.house.ok(*args, *[a for o in OWNERS for a in ("--owner", self.house.pubs[o])])
        self.policy = path / "who"
        self.policy.write_text(f"log {self.house.vkey}\nquorum none\n")
        self.house.load()
        self.house.commit()

    def publish(self, version="0.1.0"):
        """The index of the release."""
        self.house.ok("release", self.house.dir, *[self.prefix / n for n in PROGRAMS], "--name", "vitrine",
                      "--program-version", version, "--source", "c0ffee", "--strip", self.prefix)
        self.house.commit()
        return next(i for i, e in reversed(list(enumerate(self.house.audit().entries))) if e.kind == "release")

    def attest(self, who, index, root=None):
        self.house.ok("attest", self.house.dir, *[(root or self.prefix) / n for n in PROGRAMS], "--release", index,
                      "--strip", root or self.prefix)
        p = self.path / "proposal"
        self.house.ok("propose", self.house.dir, "-o", p)
        for name in (who, "alice", "bob", "alice", "bob"):
            self.house.run("sign", p, "--key", self.house.key(name), "--yes")
        self.house.ok("commit", self.house.dir, p)

    def check(self, *args, log=None, code=0, policy=True):
        r = self.installed.run("doctor", "--verify-self", *(["--policy", self.policy] if policy else []),
                               *(["--log", log or self.house.public()] if log is not False else []), *args)
        assert r.code == code, (r.text, r.err)
        return r

    def json(self, *args, **kw):
        return self.check("--format=json", *args, **kw).lines[0]

    def results(self, **kw):
        return {f["name"] or Path(f["path"]).name: f["result"] for f in self.json(**kw)["files"]}


@pytest.fixture
def s(vitrine, tmp_path):
    return Setting(vitrine, tmp_path)


def test_installed_is_the_release(s):
    index = s.publish()
    assert s.results() == dict.fromkeys(PROGRAMS, "same")
    r = s.check()
    assert f"entry {index} of the log example.org/log" in r.text and "as many of the owners as it takes" in r.text
    assert "by nobody whose word is in the log" in r.text and "The files of this release; 0 rebuilders" in r.text
    assert "1 are asked for" in s.check("--rebuilders=1", code=1).text


def test_rebuilders(s):
    index = s.publish()
    s.attest("rebuilder1", index)
    assert "rebuilder1 got the same files" in s.check("--rebuilders=1").text
    s.check("--rebuilders=2", code=1)
    s.attest("rebuilder1", index)   # twice is still one
    s.check("--rebuilders=2", code=1)
    other = s.path / "other"
    shutil.copytree(s.prefix, other)
    with open(other / "bin/vitrine", "ab") as f:
        f.write(b"\0")
    s.attest("rebuilder2", index, other)
    x = s.json(code=1)
    assert [(r["name"], r["differs"]) for r in x["rebuilders"]] == [
        ("example.org/rebuilder1", None), ("example.org/rebuilder1", None), ("example.org/rebuilder2", "bin/vitrine")]
    assert "GOT OTHER BYTES, or none, for bin/vitrine" in s.check(code=1).text


@pytest.mark.parametrize("name", PROGRAMS)
def test_one_byte_differs(s, name):
    s.publish()
    with open(s.prefix / name, "ab") as f:
        f.write(b"\0")
    assert s.results(code=1) == {**dict.fromkeys(PROGRAMS, "same"), name: "differs"}
    assert "NOT the files of this release." in s.check(code=1).text


def test_missing_and_unnamed(s):
    s.publish()
    worker = s.prefix / "libexec/vitrine/vitrine-worker"
    worker.rename(s.prefix / "bin/vitrine-worker")
    found = s.results(code=1)
    assert found["libexec/vitrine/vitrine-worker"] == "missing" and found["vitrine-worker"] == "not-in-release"


def test_another_disk(s, tmp_path):
    """What is installed elsewhere is checked by a program that is not part of it."""
    s.publish()
    disk = tmp_path / "disk"
    shutil.copytree(s.prefix, disk / "usr")
    s.check("--prefix", disk / "usr")
    (disk / "usr/bin/vitrine").write_bytes(b"evil")
    assert set(s.results().values()) == {"same"}
    assert s.json("--prefix", disk / "usr", code=1)["files"][0]["result"] == "differs"


def test_offline_from_a_bundle(s):
    s.publish()
    s.house.ok("bundle", s.house.dir, "-o", s.path / "b.tar")
    s.check(log=s.path / "b.tar")


def test_offline_from_proofs(s):
    index = s.publish()
    s.attest("rebuilder2", index)
    a = s.house.audit()
    attest = next(i for i, e in enumerate(a.entries) if e.kind == "attest")
    args = {}
    for i in (index, attest, 0):
        files = s.path / f"{i}.entry", s.path / f"{i}.tlog-proof"
        r = s.installed.run("log", "prove", "--policy", s.policy, s.house.public(), str(i), "-o", files[1], "--entry-to",
                            files[0])
        assert r.code == 0
        args[i] = ["--entry", files[0], "--proof", files[1]]
    x = s.json(*args[index], *args[attest], *args[0], "--rebuilders=1", log=False)
    assert x["well"] and x["release"]["signatures_checked"] and x["rebuilders"][0]["checked"]
    # without the root nobody's signature is checked, which is said and does not count
    r = s.check(*args[index], *args[attest], log=False)
    assert r.text.count("NOT CHECKED") == 2
    s.check(*args[index], *args[attest], "--rebuilders=1", log=False, code=1)
    entry = args[index][1]
    entry.write_bytes(entry.read_bytes().replace(b"c0ffee", b"c0ffef"))
    r = s.check(*args[index], *args[0], log=False, code=2)
    assert b"does not prove" in r.err


def test_as_update_conf_says(s):
    index = s.publish()
    leaf = entries.leaf(s.house.audit().entries[0].raw)
    conf = s.path / "update.conf"

    def write(root):
        conf.write_text(f"Policy {s.policy.name}\nLog example.org/log\nRoot {root}\nSource {s.house.public()}\n")
    write(leaf)
    r = s.installed.run("doctor", "--verify-self", "--config", conf)
    assert r.code == 0, r.err
    assert f"entry {index} of" in r.text
    write("0" * 64)
    r = s.installed.run("doctor", "--verify-self", "--config", conf)
    assert r.code == 2 and b"first root is not the one to be believed" in r.err


def test_after_the_owners_changed(s):
    index = s.publish()
    first = entries.leaf(s.house.audit().entries[0].raw)
    s.house.ok("rotate", s.house.dir, "--owner", s.house.pubs["bob"], "--threshold", 1, "--rebuilder", s.rebuilders[0])
    s.house.commit()
    s.attest("rebuilder1", index)
    r = s.check("--root", first, "--rebuilders=1")
    assert "rebuilder1 got the same files" in r.text


def test_newer_release_is_live(s):
    s.publish()
    (s.prefix / "bin/vitrine").write_bytes((s.prefix / "bin/vitrine").read_bytes() + b"\0")
    newer = s.publish("0.2.0")
    assert s.json()["release"] == {"index": newer, "name": "vitrine", "version": "0.2.0", "source": "c0ffee",
                                   "signatures_checked": True, "live": True}


def test_withdrawn_release(s):
    index = s.publish()
    s.house.ok("withdraw", s.house.dir, "--release", index, "--reason", "broken")
    s.house.commit()
    assert b"no release of vitrine is live" in s.check(code=2).err


def test_what_the_log_says_is_not_believed(vitrine, tmp_path):
    """One owner alone; an attest by nobody's key; tiles that are altered."""
    p = parties.Publisher(tmp_path / "log")
    p.rebuilders = [tlog.Key("rebuilder.example", tlog.ED25519, "r")]
    p.add_root(int(time.time()))
    policy = tmp_path / "policy"
    policy.write_text(f"log {p.log.key.vkey}\nquorum none\n")
    fields = [("name", "vitrine"), ("version", "9"), ("source", "x"), ("buildinfo", "-"),
              ("file", f"{'ab' * 32} 3 0 bin/vitrine")]

    def run(**kw):
        index, leaf = p.append("release", fields, **kw)
        p.live["release", "vitrine"] = index, leaf
        p.append("attest", [("release", leaf), ("file", f"{'ab' * 32} bin/vitrine")],
                 [tlog.Key("rebuilder.example", tlog.ED25519, "forged")])
        p.add_state()
        p.commit()
        return vitrine.run("doctor", "--verify-self", "--policy", policy, "--log", p.folder.path)
    r = run(keys=p.owners[:1])
    assert r.code == 2 and b"the release is signed by 1 of the 2 owners that it takes" in r.err
    r = run()
    assert r.code == 1 and "by nobody whose word is in the log" in r.text
    for bundle in p.folder.path.glob("tile/entries/*.p/*"):
        bundle.write_bytes(bundle.read_bytes().replace(b"ab" * 32, b"cd" * 32))
    r = vitrine.run("doctor", "--verify-self", "--policy", policy, "--log", p.folder.path)
    assert r.code == 2 and b"not what the log's signed head says" in r.err


def test_wrong_use(s):
    r = s.check("--entry", s.policy, log=False, code=2)
    assert b"a --proof with each --entry" in r.err
    assert s.installed.run("doctor", "--verify-self", "--config", s.path / "none").code == 2
    assert b"64 hexadecimal" in s.check("--root=xyz", code=2).err
