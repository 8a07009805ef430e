# SPDX-License-Identifier: Apache-2.0
"""`vitrine log`: logs that the adversary's library publishes, read, proven, compared and watched."""
import hashlib
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from adversary import entries, parties, servers, tlog  # noqa: E402
from adversary.machine import Machine, can_update  # noqa: E402
from conftest import BUILD  # noqa: E402

OLD = {"daily.hsb": b"".join(b"%032x:%d:Old.%d\n" % (i, i + 10, i) for i in range(40)), "text.ldb": b"one\n"}
NEW = {"daily.hsb": OLD["daily.hsb"].replace(b":Old.7\n", b":New.7\n") + b"a9f0e66b" * 4 + b":70:Extra.Rule\n",
       "text.ldb": b"one\n"}


class Monitor:
    """A publisher, its folder, a policy, and the command."""

    def __init__(self, vitrine, path, **kw):
        self.vitrine, self.path = vitrine, path
        self.p = parties.setting(path / "log", **kw)
        self.policy = path / "policy"
        self.write_policy()

    @property
    def log(self):
        return self.p.folder.path

    def write_policy(self, witnesses=2, mirrors=1):
        self.policy.write_text(tlog.policy([self.p.log.key], [w.key for w in self.p.witnesses],
                                           [m.key for m in self.p.mirrors], witnesses, mirrors))

    def run(self, verb, *args, **kw):
        return self.vitrine.run("log", verb, "--policy", self.policy, *args, **kw)

    def follow(self, *places, state="state", options=()):
        """The exit status, and the events by type."""
        r = self.run("follow", *(places or [self.log]), "--state", self.path / state, "--once", "--format=jsonl",
                     *options)
        assert r.code in (0, 1), r.err
        return Events(r)

    def publish(self, files=None, now=None, **kw):
        assert not self.p.publish("main", files or NEW, now, **kw)


class Events:
    def __init__(self, result):
        self.code, self.all = result.code, result.lines

    def of(self, kind):
        return [e for e in self.all if e["type"] == kind]

    @property
    def alerts(self):
        return [e["alert"] for e in self.of("alert")]


@pytest.fixture
def m(vitrine, tmp_path):
    m = Monitor(vitrine, tmp_path)
    m.publish(OLD)
    return m


def test_show_lists_and_prints_entries(m):
    r = m.run("show", m.log)
    assert r.code == 0, r.err
    assert re.search(r"^ +0  root 1  signed by owner1.example,owner2.example$", r.text, re.M)
    assert re.search(r"^ +1  content main 1 ", r.text, re.M) and re.search(r"^ +2  state 1 ", r.text, re.M)
    assert "witness1.example at 20" in r.text and "size  3\n" in r.text
    rows = m.run("show", "--format=jsonl", m.log).lines
    assert rows[0]["type"] == "head" and rows[0]["size"] == 3 and len(rows[0]["cosigners"]) == 5
    assert [x["kind"] for x in rows[1:]] == ["root", "content", "state"]
    by_index = m.run("show", m.log, "1")
    text = "".join(x + "\n" for x in by_index.text.splitlines() if not x.startswith("# "))
    assert text.encode() == m.p.log.entries[1]
    for word in (rows[2]["leaf"], "content", "content/main"):
        assert m.run("show", m.log, word).out == by_index.out
    for word in ("3", "content/other", "f" * 64):
        r = m.run("show", m.log, word)
        assert r.code == 2 and b"no such entry" in r.err


def test_show_of_a_bundle_by_the_log_key_alone(m, vitrine):
    bundle = m.p.folder.tar(m.path / "stick.tar")
    r = vitrine.run("log", "show", "--log", m.p.log.key.vkey, bundle)
    assert r.code == 0 and "content main 1" in r.text


def test_show_refuses_what_the_head_does_not_say(m):
    bundle = m.log / "tile/entries/000.p/3"
    good = bundle.read_bytes()
    bundle.write_bytes(good.replace(b"name main", b"name evil"))
    r = m.run("show", m.log)
    assert r.code == 2 and b"not what the log's signed head says" in r.err and "evil" not in r.text
    bundle.write_bytes(good)
    m.write_policy(witnesses=3)
    m.p.folder.put("checkpoint", m.p.signed(m.p.cosignatures()[0][1:]))
    r = m.run("show", m.log)
    assert r.code == 2 and b"not cosigned" in r.err


def test_whom_to_believe_must_be_said(m, vitrine):
    for args in ([], ["--policy", m.policy, "--log", m.p.log.key.vkey]):
        r = vitrine.run("log", "show", *args, m.log)
        assert r.code == 2 and b"either --policy" in r.err
    other = tlog.Key("updates.example/vitrine", tlog.ED25519, "another")
    r = vitrine.run("log", "show", "--log", other.vkey, m.log)
    assert r.code == 2 and b"not signed by the log's key" in r.err
    other = tlog.Key("other.example", tlog.ED25519, "another")
    r = vitrine.run("log", "show", "--log", other.vkey, m.log)
    assert r.code == 2 and b"not the one to be believed" in r.err


def test_prove_and_verify(m):
    proof, entry = m.path / "p.tlog-proof", m.path / "entry"
    assert m.run("prove", m.log, "1", "-o", proof, "--entry-to", entry).code == 0
    assert entry.read_bytes() == m.p.log.entries[1]
    index, path, signed = tlog.parse_proof_file(proof.read_bytes())
    assert index == 1 and signed == (m.log / "checkpoint").read_bytes()
    assert tlog.check_inclusion(1, 3, m.p.log.tree.leaves[1], path, m.p.log.tree.root())
    r = m.run("verify", entry, "--proof", proof)
    assert r.code == 0 and "PROVEN" in r.text and "index  1 of 3" in r.text and "witness2.example at 20" in r.text
    again = m.run("prove", m.log, "--entry", entry)
    assert again.code == 0 and again.out == proof.read_bytes()
    # a file of the content, by its hash
    file = m.path / "daily.hsb"
    file.write_bytes(OLD["daily.hsb"])
    r = m.run("verify", file, "--entry", entry, "--proof", proof, "--format=json")
    assert r.code == 0 and r.lines[0]["proven"] and r.lines[0]["named"] == "daily.hsb"
    file.write_bytes(NEW["daily.hsb"])
    r = m.run("verify", file, "--entry", entry, "--proof", proof)
    assert r.code == 1 and "names no file with this content" in r.text
    # another entry, another policy, too few cosignatures
    entry.write_bytes(m.p.log.entries[0])
    assert "does not lead from this entry" in m.run("verify", entry, "--proof", proof).text
    entry.write_bytes(m.p.log.entries[1])
    m.p.witnesses = [parties.Witness(f"w{i}.example") for i in range(3)]
    m.write_policy()
    r = m.run("verify", entry, "--proof", proof)
    assert r.code == 1 and "not cosigned as the policy asks" in r.text


def test_a_proof_from_a_thousand_entries_survives_mail_only_whole(m):
    for i in range(1000):
        m.p.add_withdraw("rule", "main", f"number {i}", file="daily.hsb", line="%064x" % i)
    m.p.live = {k: v for k, v in m.p.live.items() if k[0] == "content"}
    m.p.add_state()
    assert not m.p.commit()
    proof, entry = m.path / "p.tlog-proof", m.path / "entry"
    r = m.run("prove", m.log, "700", "-o", proof, "--entry-to", entry)
    assert r.code == 0, r.err
    assert m.run("verify", entry, "--proof", proof).code == 0
    data = proof.read_bytes()
    proof.write_bytes(data.replace(b"\n", b"\r\n"))
    r = m.run("verify", entry, "--proof", proof)
    assert r.code == 1 and "CR line ends" in r.text
    proof.write_bytes(data)
    entry.write_bytes(entry.read_bytes().replace(b"\n", b"\r\n"))
    r = m.run("verify", entry, "--proof", proof)
    assert r.code == 1 and "CR line ends" in r.text
    lines = data.split(b"\n")
    lines[3], lines[4] = lines[4], lines[3]
    proof.write_bytes(b"\n".join(lines))
    entry.write_bytes(m.p.log.entries[700])
    assert m.run("verify", entry, "--proof", proof).code == 1


# -- compare


def fork(m, size_a=1, size_b=2):
    """Two folders with other ends, each with as many versions more."""
    other = m.p.fork(m.path / "fork")
    for i in range(size_a):
        m.p.publish("main", dict(NEW, **{"a.ldb": b"%d\n" % i}))
    for i in range(size_b):
        other.publish("main", dict(NEW, **{"b.ldb": b"%d\n" % i}))
        other.folder.put("checkpoint", other.signed(
            [w.collude(other.log.text(), int(time.time())) for w in m.p.witnesses + m.p.mirrors]))
    return other


def test_compare_says_consistent(m):
    before = m.path / "before"
    before.write_bytes((m.log / "checkpoint").read_bytes())
    r = m.run("compare", before, m.log)
    assert r.code == 0 and "the same head" in r.text
    m.publish()
    r = m.run("compare", before, m.log)
    assert r.code == 0 and "first 3 of the 5" in r.text, r.err
    after = m.path / "after"
    after.write_bytes((m.log / "checkpoint").read_bytes())
    r = m.run("compare", after, before)
    assert r.code == 2 and "--site" in r.text
    assert m.run("compare", after, before, "--site", m.log).code == 0
    r = m.run("compare", before, m.path)
    assert r.code == 2 and b"no checkpoint" in r.err


def test_compare_with_what_a_machine_believes(m, program):
    """The head that `vitrine update` pinned, against the log and against a fork of it."""
    if not can_update(BUILD):
        pytest.skip("this build has no vitrine update")
    m.publish({"a.ndb": b"Test.A:0:*:76697472696e652d746573742d6d61726b\n"})
    for name in ("vitrine-updater",):
        shutil.copy(BUILD / name, program.parent / name)
    machine = Machine(program, m.path / "machine")
    machine.trust(m.p, [m.log])
    done = machine.update()
    assert done.returncode == 0, done.stderr
    assert "the same head" in m.run("compare", machine.state, m.log).text
    other = fork(m)
    assert "consistent" in m.run("compare", machine.state, m.log).text
    machine.update()    # the head is verified, whatever becomes of the content
    r = m.run("compare", machine.state, other.folder.path, "--evidence", m.path / "kept")
    assert r.code == 1, (r.text, r.err)


@pytest.mark.parametrize("sizes", [(1, 1), (1, 2), (2, 1)])
def test_compare_finds_a_fork_and_keeps_evidence(m, sizes):
    other = fork(m, *sizes)
    r = m.run("compare", m.log, other.folder.path, "--evidence", m.path / "kept", "--format=json")
    assert r.code == 1, r.err
    evidence = Path(r.lines[0]["evidence"])
    assert r.lines[0]["result"] == "fork" and evidence.parent == m.path / "kept"
    # by anybody, with nothing but the log's key
    check = m.vitrine.run("log", "verify", "--evidence", evidence, "--log", m.p.log.key.vkey)
    assert check.code == 0 and "two heads that no single log can have" in check.text
    data = evidence.read_bytes()
    for at in range(0, len(data), 7):
        evidence.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
        r = m.vitrine.run("log", "verify", "--evidence", evidence, "--log", m.p.log.key.vkey)
        # cosignatures are no part of what is proven
        assert r.code == 1 or b"example" in data[max(0, at - 260):at + 260], at
    evidence.write_bytes(data.replace(b"\n", b"\r\n"))
    r = m.vitrine.run("log", "verify", "--evidence", evidence, "--log", m.p.log.key.vkey)
    assert r.code == 1 and "CR line ends" in r.text


def test_nobody_can_make_evidence_against_an_honest_log(m):
    before = (m.log / "checkpoint").read_bytes()
    m.publish()
    after = (m.log / "checkpoint").read_bytes()
    tree = m.p.log.tree
    for root in (tree.root(3), bytes(32)):
        text = (f"vitrine/evidence/v1\nlog {m.p.log.key.vkey}\nshorter {len(before)}\n").encode() + before
        text += f"longer {len(after)}\n".encode() + after + b"root " + tlog.b64(root).encode() + b"\n"
        text += b"".join(tlog.b64(h).encode() + b"\n" for h in tree.consistency(3, 5)) + b"\n"
        (m.path / "e").write_bytes(text)
        r = m.vitrine.run("log", "verify", "--evidence", m.path / "e", "--log", m.p.log.key.vkey)
        assert r.code == 1 and ("no fork is shown" in r.text or "does not lead" in r.text)
