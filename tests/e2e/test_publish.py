# SPDX-License-Identifier: Apache-2.0
"""`vitrine publish` from outside: a log of its own, audited by the second implementation in
tests/adversary after each step; kills at every file that a step writes; tampering; cosigners."""
import hashlib
import io
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from conftest import BUILD, Vitrine, readable_by_all

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
from adversary import tlog  # noqa: E402
from adversary.audit import Audit  # noqa: E402
from adversary.services import Service  # noqa: E402

OWNERS = ("alice", "bob", "carol")
LINES = 3000


def hashes(first=0, n=LINES):
    return "".join(f"{hashlib.md5(b'%d' % i).hexdigest()}:{100 + i}:Test.Name-{i}\n" for i in range(first, first + n))


class House:
    """A publisher with three owners, two of whom must sign."""

    def __init__(self, vitrine, path, threshold=2, policy=None):
        self.vitrine, self.path = vitrine, path
        path.mkdir()
        self.dir, self.source = path / "log", path / "source"
        self.source.mkdir()
        (self.source / "a.hdb").write_text(hashes())
        (self.source / "b.ndb").write_text("Test.Mark:0:*:76697472696e65\n")
        self.pubs = {o: self.keygen(o) for o in OWNERS}
        args = ["init", self.dir, "--origin", "example.org/log", "--bare", "--threshold", threshold]
        args += [a for o in OWNERS for a in ("--owner", self.pubs[o])]
        if policy:
            (path / "policy").write_text(policy)
            args += ["--policy", path / "policy"]
        r = self.ok(*args)
        self.vkey = re.search(r"log key: (\S+)", r.text)[1]

    def keygen(self, name):
        return self.ok("keygen", "example.org/" + name, "-o", self.key(name), "--bare").text.strip()

    def key(self, name):
        return self.path / (name + ".key")

    def run(self, *args, **kw):
        return self.vitrine.run("publish", *[str(a) for a in args], **kw)

    def ok(self, *args, code=0, **kw):
        r = self.run(*args, **kw)
        assert r.code == code, (args, r.err.decode())
        return r

    def public(self, *parts):
        return self.dir.joinpath("public", *parts)

    def load(self, *args, source=None):
        return self.ok("import", self.dir, source or self.source, "--set", "main", *args)

    def signed(self, *who, **kw):
        """The name of a proposal that all have signed."""
        p = self.path / "proposal"
        self.ok("propose", self.dir, "-o", p, *kw.get("propose", ()))
        who = who or ("alice", "bob")
        for name in (*who, *who):
            r = self.run("sign", p, "--key", self.key(name), "--yes")
            if r.code:
                assert b"nothing for this key to sign" in r.err
        return p

    def commit(self, *who, **kw):
        r = self.ok("commit", self.dir, self.signed(*who, **kw))
        self.audit()
        return r

    def audit(self):
        a = Audit(self.public(), self.vkey)
        assert a.problems == []
        r = self.ok("check", self.dir)
        assert "problems: 0" in r.text
        return a

    def live(self):
        """[(kind, name, version)] of the newest state."""
        a = Audit(self.public(), self.vkey)
        out = []
        for line in a.entries[-1].raw.decode().splitlines():
            if line.startswith("live "):
                kind, index, _ = line.split(" ")[1:]
                text = a.entries[int(index)].raw.decode()
                out.append((kind, *(re.search(rf"^{k} (.*)$", text, re.M)[1] for k in ("name", "version"))))
        return out


@pytest.fixture
def house(vitrine, tmp_path):
    return House(vitrine, tmp_path / "house")


@pytest.fixture
def published(house):
    house.load()
    house.commit()
    return house


def test_first_version_is_full_and_whole(house):
    house.load("--note", "the first")
    house.commit()
    assert house.live() == [("content", "main", "1")]
    assert house.public("checkpoint").read_bytes() == house.public("history/3").read_bytes()
    # nothing private is among what a web server serves
    served = b"".join(p.read_bytes() for p in house.public().rglob("*") if p.is_file())
    for key in [*house.path.glob("*.key"), house.dir / "private/log.key"]:
        assert key.read_text().splitlines()[2].split()[1].encode() not in served
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE((house.dir / "private").stat().st_mode) == 0o700
    # drafts, chunks and proposals that are used up are gone
    assert not [p for p in (house.dir / "private").rglob("*") if p.is_file() and p.parent.name != "private"]


def test_next_version_is_a_delta(published):
    lines = (published.source / "a.hdb").read_text().splitlines(True)
    lines[10] = lines[10].replace("Name-10", "Renamed")
    del lines[500]
    (published.source / "a.hdb").write_text("".join(lines))
    (published.source / "new.ldb").write_text("Test.L;Engine:51-255,Target:0;0;616263646566\n")
    (published.source / "b.ndb").unlink()
    r = published.load()
    assert "full -" in r.text
    shown = published.ok("sign", "--show", published.signed()).text
    for text in ("- Test.Name-10\n", "+ Test.Renamed\n", "- Test.Name-500\n", "new.ldb", "Test.L"):
        assert text in shown, text
    assert "Test.Name-11" not in shown
    published.ok("commit", published.dir, published.path / "proposal")
    a = published.audit()
    assert published.live() == [("content", "main", "2")]
    text = a.entries[3].raw.decode()
    assert "\nfrom 1\n" in text and "\nfull " not in text
    assert sum(int(line.split()[2]) for line in text.splitlines() if line.startswith("delta ")) < 1000


def test_full_again_when_deltas_add_up(published):
    (published.source / "a.hdb").write_text(hashes(0, 10) + hashes(50000, LINES))
    published.load()
    published.commit()
    a = Audit(published.public(), published.vkey)
    text = a.entries[3].raw.decode()
    assert "\nfull " in text and "\ndelta " in text
    # the next small one is counted from this full one
    (published.source / "a.hdb").write_text(hashes(0, 9) + hashes(50000, LINES))
    assert "full -" in published.load().text
    assert "full -" not in published.load("--full").text


def test_nothing_changed_is_no_version(published):
    assert "nothing changed" in published.load().text
    assert not list((published.dir / "private/draft").iterdir())


def test_bad_lines_are_refused_or_kept(house):
    (house.source / "b.ndb").write_text("Test.Mark:0:*:76697472696e65\nTest.Bad:0:*:zz\n")
    r = house.run("import", house.dir, house.source, "--set", "main")
    assert r.code == 2 and b"b.ndb:2: bad: " in r.err and b"--keep-bad" in r.err
    assert [p.name for p in (house.dir / "private/draft").iterdir()] == ["0-root"]
    house.load("--keep-bad")
    house.commit()


def test_containers_are_opened_by_the_sandboxed_compiler(house):
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as t:
        for name, text in (("daily.hdb", hashes()), ("daily.ndb", "# a comment\nTest.C:0:*:76697472696e65\n")):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            t.addfile(info, io.BytesIO(text.encode()))
    head = f"ClamAV-VDB:21 Nov 2026 10-00 +0000:7:{LINES + 1}:90:{hashlib.md5(tar.getvalue()).hexdigest()}:x:tester:1"
    cvd = house.path / "daily.cvd"
    cvd.write_bytes(head.encode().ljust(512) + tar.getvalue())
    house.load(source=cvd)
    house.commit()
    text = Audit(house.public(), house.vkey).entries[1].raw.decode()
    wanted = hashlib.sha256(hashes().encode()).hexdigest()
    assert f"file {wanted} {len(hashes())} {LINES} daily.hdb\n" in text
    # an archive that is none
    cvd.write_bytes(head.encode().ljust(512) + b"\x1f\x8b" + b"x" * 1000)
    r = house.run("import", house.dir, cvd, "--set", "main")
    assert r.code == 2 and b"daily.cvd" in r.err


def test_files_that_may_not_be_in_a_set(house):
    for name in ("x.withdrawn", "with space.ndb", "-.ndb"):
        (house.source / name).write_text("Test.X:0:*:6162636465\n")
        r = house.run("import", house.dir, house.source, "--set", "main")
        assert r.code == 2 and b"a file of a set has" in r.err, name
        (house.source / name).unlink()
    assert house.run("import", house.dir, house.source, "--set", "Upper").code == 2


def test_owners_sign_in_any_order_and_copies_merge(house):
    house.load()
    p = house.path / "proposal"
    copies = [house.path / f"copy{i}" for i in range(3)]
    house.ok("propose", house.dir, "-o", p)
    for name, copy in zip(("carol", "alice"), copies):
        house.ok("sign", p, "--key", house.key(name), "--yes", "-o", copy)
        assert house.run("commit", house.dir, copy).code == 2
    house.ok("merge", *copies[:2], "-o", p)
    for name, copy in zip(("bob", "carol"), copies):
        house.ok("sign", p, "--key", house.key(name), "--yes", "-o", copy)
    house.ok("commit", house.dir, *copies[:2])
    a = house.audit()
    names = [[s.split()[1] for s in e.raw.decode().splitlines() if s.startswith("sig ")] for e in a.entries]
    assert names == [["example.org/alice", "example.org/carol"]] * 2 + [["example.org/bob", "example.org/carol"]]


def test_too_few_signatures_are_not_published(house):
    house.load()
    p = house.path / "proposal"
    house.ok("propose", house.dir, "-o", p)
    house.ok("sign", p, "--key", house.key("alice"), "--yes")
    r = house.run("commit", house.dir, p)
    assert r.code == 2 and b"too few" in r.err
    assert not house.public("checkpoint").exists() and not house.public("tile").exists()
    # once is once
    assert house.run("sign", p, "--key", house.key("alice"), "--yes").code == 2
    # a stranger's key
    house.keygen("mallory")
    r = house.run("sign", p, "--key", house.key("mallory"), "--yes")
    assert r.code == 2 and b"nothing for this key to sign" in r.err
    # without a yes nothing is signed
    before = p.read_bytes()
    r = house.run("sign", p, "--key", house.key("bob"), input=b"y\n")
    assert r.code == 2 and p.read_bytes() == before
    assert house.run("sign", p, "--key", house.key("bob"), input=b"yes\n").code == 0


def test_altered_proposals_are_refused(house):
    house.load()
    p = house.path / "proposal"
    house.ok("propose", house.dir, "-o", p)
    house.ok("sign", p, "--key", house.key("alice"), "--yes")
    good = p.read_bytes()
    size = re.search(rb"full (\d+) ", good)[1]
    for old, new in ((b"Test", b"Tost"), (b"threshold 2", b"threshold 1"),
                     (b"full " + size, b"full " + size[:-1] + (b"1" if size[-1:] != b"1" else b"2")),
                     (b"\nsize 0\n", b"\nsize 1\n"), (b"\ntime 20", b"\ntime 19")):
        if old not in good:
            continue
        p.write_bytes(good.replace(old, new, 1))
        r = house.run("sign", p, "--key", house.key("bob"), "--yes")
        if r.code == 0:
            assert house.run("commit", house.dir, p).code == 2, old
    for n in range(0, len(good), 97):
        p.write_bytes(good[:n])
        assert house.run("sign", p, "--show").code in (0, 2)
        assert house.run("commit", house.dir, p).code == 2
    assert not house.public("checkpoint").exists()


def test_a_proposal_on_an_older_log_is_refused(published):
    old = published.signed()
    kept = old.read_bytes()
    published.ok("commit", published.dir, old)
    old.write_bytes(kept)
    r = published.run("commit", published.dir, old)
    assert r.code == 2 and b"the log has grown" in r.err
    published.audit()


def test_a_state_alone_renews(published):
    before = tlog.parse_checkpoint(tlog.parse_note(published.public("checkpoint").read_bytes())[0])[1]
    published.commit(propose=("--valid", "30d"))
    a = published.audit()
    assert a.size == before + 1
    assert published.live() == [("content", "main", "1")]


def test_withdrawn_version_gives_way_to_the_one_before(published):
    (published.source / "a.hdb").write_text(hashes(1))
    published.load()
    published.commit()
    assert published.run("withdraw", published.dir, "--set", "main", "--version", 3, "--reason", "x").code == 2
    published.ok("withdraw", published.dir, "--set", "main", "--version", 2, "--reason", "finds too much")
    shown = published.ok("sign", "--show", published.signed()).text
    assert "finds too much" in shown and "Live again: entry 1, version 1 of main" in shown
    published.ok("commit", published.dir, published.path / "proposal")
    published.audit()
    assert published.live() == [("content", "main", "1"), ("withdraw", "main", "2")]
    # the next version is the third, and ends the withdrawal
    (published.source / "a.hdb").write_text(hashes(2))
    published.load()
    published.commit()
    assert published.live() == [("content", "main", "3")]


def test_withdrawn_rule_stays_until_it_is_lifted(published):
    line = (published.source / "a.hdb").read_text().splitlines()[7]
    args = ["withdraw", published.dir, "--set", "main", "--file", "a.hdb", "--line"]
    assert b"warning" not in published.ok(*args, line, "--reason", "false").err
    published.commit()
    a = published.audit()
    index = a.size - 2
    assert hashlib.sha256(line.encode()).hexdigest() in a.entries[index].raw.decode()
    assert f"live withdraw {index} " in a.entries[-1].raw.decode()
    published.load("--full", "--note", "x", source=published.source)    # nothing changed
    (published.source / "b.ndb").write_text("Test.Mark:0:*:7669747269\n")
    published.load()
    published.commit()
    assert f"live withdraw {index} " in published.audit().entries[-1].raw.decode()
    assert published.run("propose", published.dir, "-o", published.path / "p", "--lift", 1).code == 2
    published.commit(propose=("--lift", str(index)))
    assert "live withdraw" not in published.audit().entries[-1].raw.decode()


def test_rotation_needs_the_old_and_the_new_owners(published):
    new = {o: published.keygen(o) for o in ("dave", "erin")}
    published.ok("rotate", published.dir, "--owner", new["dave"], "--owner", new["erin"], "--owner",
                 published.pubs["alice"], "--threshold", 2)
    (published.source / "b.ndb").write_text("Test.Mark:0:*:7669747269\n")
    published.load()
    for who in (("dave", "erin"), ("alice", "bob"), ("bob", "dave")):
        assert published.run("commit", published.dir, published.signed(*who)).code == 2, who
    p = published.signed("alice", "bob", "dave")
    published.ok("commit", published.dir, p)
    published.audit()
    # from now on the new ones
    (published.source / "b.ndb").write_text("Test.Mark:0:*:76697472\n")
    published.load()
    assert published.run("commit", published.dir, published.signed("bob", "carol")).code == 2
    published.commit("dave", "erin")


def test_withdrawal_of_a_rule_that_is_not_there(published):
    args = ["withdraw", published.dir, "--file", "a.hdb", "--line", "no such line", "--reason", "false"]
    assert b"no line of that file in version 1 is this one" in published.ok(*args, "--set", "main").err
    assert b"there is no such set" in published.ok(*args, "--set", "other", code=2).err


def test_release_attest_directive(house):
    rebuilder = house.keygen("rebuilder")
    args = ["init", house.dir, "--origin", "example.org/log", "--bare", "--threshold", 2, "--rebuilder", rebuilder]
    house.ok(*args, *[a for o in OWNERS for a in ("--owner", house.pubs[o])])
    house.load()
    (house.path / "doc").mkdir()
    (house.path / "doc" / "rules.txt").write_text("no line end")
    house.ok("import", house.dir, house.path / "doc", "--set", "ask-first", "--directive")
    house.commit()
    built = house.path / "root/bin"
    built.mkdir(parents=True)
    (built / "vitrine").write_bytes(b"ELF")
    house.ok("release", house.dir, built / "vitrine", "--name", "vitrine", "--program-version", "1.0", "--source",
             "abc", "--strip", house.path / "root")
    house.commit()
    a = house.audit()
    index = next(i for i, e in enumerate(a.entries) if e.kind == "release")
    assert " 3 0 bin/vitrine\n" in a.entries[index].raw.decode()
    house.ok("attest", house.dir, built / "vitrine", "--release", index, "--strip", house.path / "root")
    assert house.run("commit", house.dir, house.signed()).code == 2
    p = house.path / "proposal"
    house.ok("sign", p, "--key", house.key("rebuilder"), "--yes")
    for name in ("alice", "bob"):
        house.run("sign", p, "--key", house.key(name), "--yes")
    house.ok("commit", house.dir, p)
    house.audit()
    assert ("directive", "ask-first", "1") in house.live()


def test_passphrases(house):
    key, secret = house.path / "sealed.key", house.path / "secret"
    secret.write_text("correct horse\nsecond line\n")
    house.ok("keygen", "example.org/zoe", "-o", key, "--passphrase-file", secret)
    assert "\nsealed " in key.read_text() and "horse" not in key.read_text()
    r = house.run("keygen", "example.org/zoe", "-o", key, "--passphrase-file", secret)
    assert r.code == 2 and b"exists" in r.err
    house.load()
    p = house.path / "proposal"
    args = ["init", house.dir, "--origin", "example.org/log", "--threshold", 1, "--owner", key]
    house.ok(*args)
    house.ok("propose", house.dir, "-o", p)
    wrong = house.path / "wrong"
    wrong.write_text("correct horsE\n")
    r = house.run("sign", p, "--key", key, "--yes", "--passphrase-file", wrong)
    assert r.code == 2 and b"not its passphrase" in r.err
    # no terminal, no file: said, not waited for
    r = house.run("sign", p, "--key", key, "--yes", start_new_session=True)
    assert r.code == 2 and b"--passphrase-file" in r.err
    fd = os.open(secret, os.O_RDONLY)
    house.ok("sign", p, "--key", key, "--yes", "--passphrase-file", f"/dev/fd/{fd}", pass_fds=(fd,))
    os.close(fd)
    house.ok("commit", house.dir, p)
    key.chmod(0o640)
    r = house.run("sign", p, "--key", key, "--yes", "--passphrase-file", secret)
    assert r.code == 2 and b"mode 600" in r.err


def tamper(path, at=-1):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_check_finds_what_was_tampered_with(published):
    (published.source / "a.hdb").write_text(hashes(1))
    published.load()
    published.commit()
    good = published.path / "good"
    shutil.copytree(published.public(), good)
    files = sorted(p.relative_to(good) for p in good.rglob("*") if p.is_file())
    older = {"tile/0/000.p/3", "tile/entries/000.p/3"}  # what only readers of older checkpoints need
    assert len([f for f in files if f.parts[0] == "chunk"]) == 2
    for f in files:
        if str(f) in older:
            continue
        for what in ("change", "remove"):
            shutil.rmtree(published.public())
            shutil.copytree(good, published.public())
            if what == "change":
                tamper(published.public(f), len((good / f).read_bytes()) // 2)
            else:
                published.public(f).unlink()
            r = published.run("check", published.dir)
            if (str(f), what) == ("checkpoint", "remove"):
                assert "0 entries" in r.text or r.code == 1
                continue
            assert r.code == 1, (f, what, r.text)
    shutil.rmtree(published.public())
    shutil.copytree(good, published.public())
    published.audit()


def test_bundles_hold_what_a_client_needs(published):
    (published.source / "a.hdb").write_text(hashes(1))
    published.load()
    published.commit()
    for args, chunks in (((), 2), (("--since", "3"), 1), (("--since", "5"), 0)):
        out, again = published.path / "b.tar", published.path / "again.tar"
        published.ok("bundle", published.dir, "-o", out, *args)
        published.ok("bundle", published.dir, "-o", again, *args)
        assert out.read_bytes() == again.read_bytes()
        with tarfile.open(out) as t:
            names = t.getnames()
            for m in t.getmembers():
                assert t.extractfile(m).read() == published.public(m.name).read_bytes()
        assert len([n for n in names if n.startswith("chunk/")]) == chunks
        assert {"checkpoint", "history/5", "tile/0/000.p/5", "tile/entries/000.p/5"} <= set(names)


def test_one_at_a_time(published):
    import fcntl
    with open(published.dir / "private/lock") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        r = published.run("check", published.dir)
        assert r.code == 2 and b"another 'vitrine publish'" in r.err
    published.audit()


# A power loss at each file ----------------------------------------------------------------------


def can_strace():
    return shutil.which("strace") and subprocess.run(
        ["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_strace(), reason="strace may not trace here")
def test_commit_killed_at_each_file_goes_on(published):
    """Killed before each rename, that is before each file becomes visible: what is public is whole
    all the time, and the same commit, done again, comes to the same log."""
    (published.source / "a.hdb").write_text(hashes(1))
    published.load()
    p = published.signed()
    start = published.path / "start"
    shutil.copytree(published.dir, start)
    published.ok("commit", published.dir, p)
    outcome = {f.relative_to(published.public()): f.read_bytes() for f in published.public().rglob("*") if f.is_file()}
    for call in ("renameat", "unlinkat"):
        for n in range(1, 40):
            shutil.rmtree(published.dir)
            shutil.copytree(start, published.dir)
            killer = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                      f"inject={call}:signal=SIGKILL:when={n}"]
            r = published.vitrine.run("publish", "commit", published.dir, p, before=killer)
            if r.code == 0:
                break
            a = Audit(published.public(), published.vkey)
            assert a.problems == [] and a.size in (3, 5), (call, n)
            again = published.run("commit", published.dir)
            if b"nothing is under way" in again.err:
                if a.size == 3:
                    published.ok("commit", published.dir, p)
            else:
                assert again.code == 0, (call, n, again.err)
            now = {f.relative_to(published.public()): f.read_bytes()
                   for f in published.public().rglob("*") if f.is_file() and "~" not in f.name}
            assert now == outcome, (call, n)
            assert not list((published.dir / "private/draft").iterdir())
        else:
            raise AssertionError("never done")
        assert n > (5 if call == "renameat" else 2)


# Cosigners ------------------------------------------------------------------------------------------


@pytest.fixture
def services(program):
    if not (program.parent / "vitrine-updater").exists():
        shutil.copy(BUILD / "vitrine-updater", program.parent)
        readable_by_all(program.parent)
    made = []

    def make(kind, folder, name):
        made.append(Service(program, kind, folder, name))
        return made[-1]
    yield make
    for s in made:
        s.stop()


def test_quorum_of_witnesses_and_a_mirror(vitrine, services, tmp_path):
    witnesses = [services("witness", tmp_path / f"w{i}", f"w{i}.example") for i in range(2)]
    mirror = services("mirror", tmp_path / "m", "m.example")
    policy = "".join(f"witness {s.key.name.split('.')[0]} {s.key.vkey} {s.url}\n" for s in (*witnesses, mirror))
    policy += "group witnesses 2 w0 w1\ngroup both 2 witnesses m\nquorum both\n"
    house = House(vitrine, tmp_path / "house", policy=policy)
    for s in (*witnesses, mirror):
        s.configure([(house.vkey, str(house.public()))])
    house.load()
    p = house.signed()
    witnesses[0].start()
    args = ("--ledger", tmp_path / "ledger", "--wait", "3s")
    # too few: nothing is public, and it says who is missing
    r = house.run("commit", house.dir, p, *args)
    assert r.code == 1, r.err
    assert b"missing: w1" in r.err and b"missing: m" in r.err and b"missing: w0" not in r.err
    assert not house.public("checkpoint").exists()
    # another proposal can't take its place
    assert house.run("commit", house.dir, p, *args).code == 2
    witnesses[1].start()
    mirror.start()
    args = ("--ledger", tmp_path / "ledger", "--wait", "60s")
    r = house.ok("commit", house.dir, *args)
    a = house.audit()
    assert a.cosigned([s.key.vkey for s in (*witnesses, mirror)]) == 3
    # the mirror serves it
    prefix = "/" + hashlib.sha256(b"example.org/log").hexdigest()
    assert mirror.get(prefix + "/tile/entries/000.p/3")[1] == house.public("tile/entries/000.p/3").read_bytes()
    # the next version, and freshness without one
    (house.source / "a.hdb").write_text(hashes(1))
    house.load()
    house.ok("commit", house.dir, house.signed(), *args)
    a = house.audit()
    first = house.public("checkpoint").read_bytes()
    time.sleep(1.1)
    house.ok("commit", house.dir, "--refresh", *args)
    assert house.audit().cosigned([s.key.vkey for s in (*witnesses, mirror)]) == 3
    second = house.public("checkpoint").read_bytes()
    assert second != first and tlog.parse_note(first)[0] == tlog.parse_note(second)[0]
    assert house.public("history/5").read_bytes() == first
    # a ledger of all that left
    r = vitrine.run("egress", "verify", "--ledger", tmp_path / "ledger")
    assert r.code in (0, 2)
