# SPDX-License-Identifier: Apache-2.0
"""The tests' own implementation of logs and updates (tests/adversary), against published values and itself."""
import copy
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import audit, entries, parties, tlog  # noqa: E402

# Certificate Transparency's eight test leaves, and their root.
LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                     "606162636465666768696a6b6c6d6e6f")]
ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
# A log of c2sp.org's formats with three witnesses, checked with Go's golang.org/x/mod/sumdb.
LOG = "av.example/log1+d93c4c33+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
WITNESSES = ("witness.example/w1+f65f8fd1+BNBKsjJ0K7SrOhNovUYV5ObQIkq3GgFrr4UgozLJd4c3",
             "witness.example/w3+475a2c7a+BGbNYIuSi4jlDg7+qjP68cQ87+BylLC4fp/gq6ajz3Yz")
HEAD = ("av.example/log1\n7\nCwB/uRXrmyoUb1SxyG7FO2ZPjkVbdmCwtu4T7cDZIcA=\n\n"
        "\u2014 av.example/log1 2TxMM6YtPUWflcU6GRjcaDy/5kPTBZQu7J371ix6OuWCxOyKWhErMu4njI2PD8naMSTB/+AaAJYmMEQg1m9v"
        "XwJYDgU=\n"
        "\u2014 witness.example/w1 9l+P0QAAAABqsTuAYCNxesxP8XRYjmvIBjsmG7RVsFQQ1qr2U5Y9U4nOmnXAPTmUNWtarz86qNKlUUgDZYsAIXbf"
        "v6fWzEaa2spZBA==\n"
        "\u2014 witness.example/w3 R1osegAAAABqsTuCxOYSZD8NnGDSumGNL+BHwlO2XC+b2WuFZgadcgAsXpr+0zAXe5694iZHH5dla9PUF92vWOVb"
        "/upTQa4ix5meDg==\n").encode()


def test_roots_of_certificate_transparency():
    tree = tlog.Tree(map(tlog.leaf_hash, LEAVES))
    assert tree.root().hex() == ROOT
    assert tree.root(0).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_log_that_go_verified():
    text, signatures = tlog.parse_note(HEAD)
    origin, size, root = tlog.parse_checkpoint(text)
    assert (origin, size) == ("av.example/log1", 7)
    assert tlog.Tree(tlog.leaf_hash(f"leaf-{i}".encode()) for i in range(7)).root() == root
    assert tlog.signed_by(text, signatures, tlog.Verifier.parse(LOG)) == [0]
    for w in WITNESSES:
        assert tlog.signed_by(text, signatures, tlog.Verifier.parse(w))[0] >> 20 == 0x6ab
    for data in (HEAD.replace(b"AABqsTuA", b"AABqsTuB"), HEAD.replace(b"\n7\n", b"\n6\n")):
        text, signatures = tlog.parse_note(data)
        with pytest.raises(tlog.Bad):
            tlog.signed_by(text, signatures, tlog.Verifier.parse(WITNESSES[0]))


def test_each_proof_verifies_and_no_altered_one():
    tree = tlog.Tree(tlog.leaf_hash(bytes([i])) for i in range(40))
    for size in range(1, 41):
        for i in range(size):
            path = tree.inclusion(i, size)
            assert tlog.check_inclusion(i, size, tree.leaves[i], path, tree.root(size))
            assert not tlog.check_inclusion(i, size, tree.leaves[(i + 1) % 40], path, tree.root(size))
        for old in range(size + 1):
            proof = tree.consistency(old, size)
            assert tlog.check_consistency(old, tree.root(old), size, tree.root(size), proof)
            assert not tlog.check_consistency(old, b"\1" * 32, size, tree.root(size), proof)
            assert not tlog.check_consistency(old, tree.root(old), size, tree.root(size), proof + [b"\0" * 32])


def test_tiles_of_a_tree_of_seventy_thousand():
    """The example of c2sp.org/tlog-tiles."""
    tree = tlog.Tree([b"\0" * 32] * 70000)
    names = list(tlog.tiles(tree, 70000))
    assert [n for n in names if ".p/" in n] == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert len(names) == 277
    assert tlog.tile_path(0, 1234067, 256) == "tile/0/x001/x234/067"


def test_deltas_make_what_they_were_made_from():
    old = {"a.ndb": b"1\n2\n3\n4\n", "b.hdb": b"x\n", "c.yar": b"no end", "same.ndb": b"=\n"}
    new = {"a.ndb": b"0\n1\n3\n4\n5\n", "c.yar": b"still\nnone", "d.ndb": b"+\n-\n", "same.ndb": b"=\n"}
    data = entries.delta("main", 1, 2, old, new)
    assert data == (b"vitrine/delta/v1\nset main 1 2\nfile a.ndb\n+0\n=1\n-2\n=2\n+5\ndrop b.hdb\n"
                    b"put c.yar 10\nstill\nnone\nadd d.ndb\n++\n+-\n")
    assert entries.apply(data, "main", 1, 2, old) == new
    with pytest.raises(tlog.Bad):
        entries.apply(data, "main", 1, 2, dict(old, **{"a.ndb": b"1\nother\n3\n4\n"}))


def test_an_honest_publisher_has_nothing_wrong(tmp_path):
    p = parties.setting(tmp_path / "public")
    for i in range(140):    # over the edge of a tile
        assert p.publish("main", {"a.ndb": b"".join(b"%d\n" % j for j in range(i, i + 5))}) == []
    p.add_withdraw("rule", "main", "finds what it should not", file="a.ndb", line="0" * 64)
    p.add_root(p.started, owners=p.owners[1:], threshold=2)
    p.add_state()
    assert p.commit() == []
    a = audit.Audit(tmp_path / "public", p.log.key.vkey, entries.leaf(p.log.entries[0]))
    assert a.problems == [] and a.size == 284
    assert a.cosigned(k.key.vkey for k in p.witnesses) == 3


@pytest.mark.parametrize("wrong, says", [
    (lambda p: p.log.replace(1, p.log.entries[1].replace(b"main", b"mean")), "false signature"),
    (lambda p: p.add_content("main", {"a.ndb": b"3\n"}, keys=p.owners[:1]), "owners' threshold"),
    (lambda p: p.add_content("main", {"a.ndb": b"3\n"}, version=9), "does not follow"),
    (lambda p: p.add_root(0, owners=p.owners[1:], threshold=2, keys=p.owners[2:]), "threshold"),
    (lambda p: p.append("content", [("name", "main")]), "lines version"),
    (lambda p: p.append("intruder", [("name", "main")]), "unknown kind"),
    (lambda p: p.chunks.clear(), "No such file"),
], ids=lambda x: x if isinstance(x, str) else "")
def test_an_audit_sees_what_is_wrong(tmp_path, wrong, says):
    p = parties.setting(tmp_path / "public")
    p.add_content("main", {"a.ndb": b"1\n"})
    wrong(p)
    p.add_state()
    p.commit()
    problems = audit.Audit(tmp_path / "public", p.log.key.vkey).problems
    assert any(says in x for x in problems), problems


def test_witnesses_refuse_a_fork(tmp_path):
    p = parties.setting(tmp_path / "one")
    p.publish("main", {"a.ndb": b"1\n"})
    q = p.fork(tmp_path / "two")
    p.publish("main", {"a.ndb": b"2\n"})
    refused = q.publish("main", {"a.ndb": b"3\n"})
    assert len(refused) == 5
    assert {e.status for _, e in refused} == {409}
    q.publish("main", {"a.ndb": b"4\n"})
    with pytest.raises(parties.Refused) as e:
        p.witnesses[0].cosign(q.log, 0)
    assert e.value.status == 422


def test_a_mirror_vouches_for_nothing_that_is_hidden(tmp_path):
    p = parties.setting(tmp_path / "public")
    p.add_content("main", {"a.ndb": b"1\n"})
    p.add_state()
    p.chunks.clear()
    assert [name for name, _ in p.commit()] == ["mirror1.example", "mirror2.example"]


def test_keys_copy():
    k = tlog.Key("a.example", seed="x")
    assert copy.deepcopy(k).sign(b"m") == k.sign(b"m") == k.renamed("b.example").sign(b"m")
    assert tlog.Verifier.parse(k.vkey).check(b"m", k.sign(b"m")) and k.id != k.renamed("b.example").id


def test_stolen_keys_go_on_where_the_owner_was(tmp_path):
    p = parties.setting(tmp_path / "public")
    p.publish("main", {"a.ndb": b"1\n"})
    p.publish("main", {"a.ndb": b"1\n2\n"})
    thief = parties.Publisher.stolen(tmp_path / "public", p.log.key, p.owners)
    thief.witnesses, thief.mirrors = p.witnesses, p.mirrors
    assert thief.publish("main", {"a.ndb": b"3\n"}) == []
    a = audit.Audit(tmp_path / "public", p.log.key.vkey)
    assert a.problems == [] and a.sets["content", "main"][2] == {"a.ndb": b"3\n"}
