# SPDX-License-Identifier: Apache-2.0
"""Two implementations of the same formats, one in C, one in tests/adversary: do they agree?"""
import random
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import audit, parties, tlog  # noqa: E402
from adversary.services import Remote, RemoteMirror, Service  # noqa: E402


@pytest.fixture
def witness(program, tmp_path):
    s = Service(program, "witness", tmp_path / "witness", "witness.example/w1")
    yield s
    s.stop()


def dialogue(random_, log, other, size):
    """An add-checkpoint request: true, or wrong in one of the ways that the protocol knows."""
    source = random_.choice([log, log, log, log, other])
    new = min(source.size, max(1, size + random_.randint(-1, 9)))
    old = random_.choice([size, size, size, random_.randint(0, source.size)])
    body = source.request(old, new)
    how = random_.random()
    if how < 0.1:
        body = body.replace(b"\n\n", b"\n" + tlog.b64(random_.randbytes(32)).encode() + b"\n\n", 1)
    elif how < 0.2:
        text = source.text(new)
        body = tlog.add_checkpoint(old, [], tlog.note(text, [source.key.line(text)]))
    elif how < 0.25:
        text = tlog.checkpoint("unknown.example", new, source.tree.root(new))
        body = tlog.add_checkpoint(old, [], tlog.note(text, [source.key.line(text)]))
    elif how < 0.3:
        text = source.text(new)
        body = tlog.add_checkpoint(old, [], tlog.note(text, [tlog.Key(source.origin, seed="no").line(text)]))
    return body


def test_witnesses_agree(witness):
    """A thousand requests, true and false ones: the same status, and the same state in the end."""
    r = random.Random(3)
    log = parties.Log(tlog.Key("log.example", seed="log"))
    for i in range(4000):
        log.add(b"%d" % i)
    other = parties.Log(log.key)
    for i in range(4000):
        other.add(b"%d" % (i if i < 20 else -i))
    mine = parties.Witness("python.example", "x")
    witness.configure([(log.key.vkey, None)])
    witness.start()
    seen = {}
    for i in range(1000):
        body = dialogue(r, log, other, mine.size)
        try:
            mine.add_checkpoint(body, log.key, 0)
            want = 200
        except parties.Refused as e:
            want = e.status
        got, answer = witness.post("/add-checkpoint", body)
        assert got == want, body
        seen[got] = seen.get(got, 0) + 1
        if got == 200:
            text, _ = tlog.parse_note(tlog.parse_add_checkpoint(body)[2])
            stamp, = witness.cosignature(text, answer)
            assert abs(stamp - time.time()) < 60
        if i == 500:    # what it said it remembers
            witness.stop()
            witness.start()
    assert {200, 400, 403, 404, 409, 422} <= set(seen), seen
    assert mine.size > 256


def test_services_and_publisher_agree(program, tmp_path):
    """Vitrine's witnesses and mirror cosign what a Python publisher publishes, but for a hidden chunk."""
    p = parties.setting(tmp_path / "public", witnesses=0, mirrors=0)
    services = [Service(program, kind, tmp_path / name, f"{name}.example")
                for kind, name in (("witness", "w1"), ("witness", "w2"), ("mirror", "m1"))]
    try:
        for s in services:
            s.configure([(p.log.key.vkey, tmp_path / "public")])
            s.start()
        p.witnesses, p.mirrors = [Remote(s) for s in services[:2]], [RemoteMirror(services[2])]
        for i in range(3):
            assert p.publish("main", {"a.ndb": b"".join(b"Test.%d:0:*:%040x\n" % (j, j) for j in range(i, i + 5))}) == []
            assert p.publish("other", {"b.hdb": b"%032x:68:Test\n" % i}) == []
        for _ in range(150):    # past a tile
            p.add_content("main", {"a.ndb": b"%d\n" % p.log.size})
            p.add_state()
        assert p.commit() == []
        seen = audit.Audit(tmp_path / "public", p.log.key.vkey)
        assert seen.problems == [] and seen.cosigned(s.key.vkey for s in services) == 3
        p.add_content("main", {"a.ndb": b"for one only\n"})
        p.add_state()
        p.upload(chunks={})
        lines, refused = p.cosignatures()
        assert [name for name, _ in refused] == ["m1.example"] and len(lines) == 2, refused
        q = p.fork(tmp_path / "other")
        p.upload()
        p.add_state()
        q.add_content("main", {"a.ndb": b"targeted\n"})
        q.add_state()
        p.upload()
        q.upload()
        assert [e.status for _, e in p.cosignatures()[1]] == []
        assert {e.status for _, e in q.cosignatures()[1]} <= {409, 422} and len(q.cosignatures()[1]) == 3
    finally:
        for s in services:
            s.stop()


@pytest.fixture
def log_tool(vitrine, tmp_path):
    """A published log of some size, its policy, and `vitrine log`."""
    p = parties.setting(tmp_path / "public")
    for i in range(140):
        p.add_content("main", {"a.ndb": b"".join(b"Test.%d:0:*:%040x\n" % (j, j) for j in range(i, i + 4)),
                               "b.bin": b"no lines %d" % i})
        p.add_state()
    assert p.commit() == []
    policy = tmp_path / "policy"
    policy.write_text(tlog.policy([p.log.key], [w.key for w in p.witnesses], [m.key for m in p.mirrors], 2, 1))
    return p, lambda verb, *args: vitrine.run("log", verb, *map(str, args), "--policy", policy), policy


def test_logs_and_proofs_agree(log_tool, tmp_path):
    """`vitrine log` reads what Python wrote; each believes the other's proofs, and no altered one."""
    p, log, _ = log_tool
    size = p.log.size
    r = log("show", p.folder.path)
    assert r.code == 0, r.err
    assert p.log.entries[size - 1] in log("show", p.folder.path, size - 1).out
    signed = p.folder.get("checkpoint")
    for index in (0, 1, 255, 256, size - 2, size - 1):
        entry, proof = tmp_path / f"entry-{index}", tmp_path / f"proof-{index}"
        r = log("prove", p.folder.path, index, "-o", proof, "--entry-to", entry)
        assert r.code == 0, r.err
        at, path, theirs = tlog.parse_proof_file(proof.read_bytes())
        assert entry.read_bytes() == p.log.entries[index] and at == index and theirs == signed
        assert tlog.check_inclusion(index, size, tlog.leaf_hash(p.log.entries[index]), path, p.log.tree.root())
        mine = tlog.proof_file(index, p.log.tree.inclusion(index, size), signed)
        assert mine == proof.read_bytes()
        assert log("verify", entry, "--proof", proof).code == 0
        for wrong in (tlog.proof_file(index ^ 1, p.log.tree.inclusion(index, size), signed),
                      tlog.proof_file(index, p.log.tree.inclusion(index, size)[:-1], signed),
                      tlog.proof_file(index, p.log.tree.inclusion(index, size), p.signed())):
            proof.write_bytes(wrong)
            assert log("verify", entry, "--proof", proof).code == 1


def test_logs_agree_on_what_is_a_fork(log_tool, tmp_path):
    """`vitrine log compare` says of two folders what is so, and keeps a proof that it believes itself."""
    p, log, _ = log_tool
    q = p.fork(tmp_path / "other")
    same = p.fork(tmp_path / "same")
    p.add_state()
    assert p.commit() == []
    q.add_content("main", {"a.ndb": b"targeted\n"})
    q.upload()
    q.show(q.signed())
    r = log("compare", p.folder.path, same.folder.path, "--evidence", tmp_path / "evidence", "--state", tmp_path / "s")
    assert r.code == 0, r.err
    r = log("compare", p.folder.path, q.folder.path, "--evidence", tmp_path / "evidence", "--state", tmp_path / "s")
    assert r.code == 1, r.err
    kept = [f for f in (tmp_path / "evidence").rglob("*") if f.is_file()]
    assert kept
    assert any(log("verify", "--evidence", f).code == 0 for f in kept)
    for f in kept:
        f.write_bytes(f.read_bytes().replace(tlog.b64(q.log.tree.root()).encode(), tlog.b64(b"\0" * 32).encode()))
    assert not any(log("verify", "--evidence", f).code == 0 for f in kept)
