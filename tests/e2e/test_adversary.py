# SPDX-License-Identifier: Apache-2.0
"""Attacks on updates by a publisher who has turned evil: it holds all of its own keys, the log's too.

It doesn't hold those of the witnesses and mirrors that the owner of the machine chose, except where the name
of a test says so. Each test is one attack: what is refused and with which id, that scans go on with
the content that was in use before, and the evidence that is kept where there is some.
"""
import copy
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import BUILD, readable_by_all

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import entries, parties, servers, tlog  # noqa: E402
from adversary.machine import FAKETIME, Machine, can_update, text  # noqa: E402

HOUR, DAY = 3600, 86400
OLD, NEW, EVIL = (b"vitrine-" + b"attack-%d-7f3a" % i for i in range(3))


def rule(name, data):
    return b"%s:0:*:%s\n" % (name, data.hex().encode())


FIRST = {"main.ndb": rule(b"Test.Old", OLD)}
SECOND = {"main.ndb": rule(b"Test.Old", OLD) + rule(b"Test.New", NEW)}
TARGETED = {"main.ndb": rule(b"Test.Old", OLD) + rule(b"Test.Evil", EVIL)}


class World:
    """A publisher, its witnesses and mirrors, and one machine that has the first version in use.

    All of that was 50 hours ago, so that nothing shown from then on is fresh by itself.
    """

    def __init__(self, folder, program):
        self.folder, self.program = Path(folder), program
        self.now = int(time.time())
        self.then = self.now - 50 * HOUR
        self.public = self.folder / "public"
        self.p = parties.setting(self.public, now=self.then)
        assert self.p.publish("main", FIRST, now=self.then) == []
        self.m = Machine(program, self.folder / "machine")
        self.trust(MaxAge="100h")
        done = self.m.update()
        assert done.returncode == 0, text(done)
        assert self.m.finds(OLD) and not self.m.finds(NEW)
        self.trust()

    def copy(self, folder):
        """The same world somewhere else; keys stay, folders are copied."""
        new = copy.copy(self)
        shutil.copytree(self.folder, folder, symlinks=True)
        new.folder, new.public = Path(folder), Path(folder) / "public"
        p, new.p = self.p, copy.copy(self.p)
        for name in ("log", "witnesses", "mirrors", "chunks", "sets", "live"):
            setattr(new.p, name, copy.deepcopy(getattr(p, name)))
        new.p.folder = parties.Folder(new.public)
        new.m = Machine(self.program, new.folder / "machine")
        new.now = int(time.time())
        new.trust()
        return new

    def trust(self, sources=None, publisher=None, **kw):
        self.m.trust(publisher or self.p, sources or [self.public], **kw)

    def collude(self, p, witnesses, mirrors, now=None, size=None, extensions=()):
        """Shows p's head with cosignatures of these, who sign anything."""
        now, body = now or self.now, p.log.text(size, extensions)
        signed = p.signed([c.collude(body, now) for c in witnesses + mirrors], size, extensions)
        p.upload(size)
        p.show(signed, size)
        return signed

    def all_collude(self, p, **kw):
        return self.collude(p, p.witnesses, p.mirrors, **kw)


pytestmark = pytest.mark.skipif(not can_update(BUILD), reason="this build has no vitrine update")


@pytest.fixture(scope="session")
def machine_program(program):
    """The executables of `program` and those of updates."""
    for name in ("vitrine-updater",):
        if not (program.parent / name).exists():
            shutil.copy(BUILD / name, program.parent / name)
    readable_by_all(program.parent)
    return program


@pytest.fixture(scope="session")
def first_world(machine_program, tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"), machine_program)


@pytest.fixture
def w(first_world, tmp_path):
    return first_world.copy(tmp_path / "w")


def refused(w, ids, evidence=False, args=(), **kw):
    """Runs an update and shows that it is refused as one of `ids`, loudly, and that nothing else changed."""
    had = set(w.m.evidence)
    done = w.m.update(*args, **kw)
    ids = (ids,) if isinstance(ids, str) else ids
    assert done.returncode != 0, "not refused: " + text(done)
    assert done.returncode in (1, 2), text(done)
    status = w.m.status()
    assert status["last"]["refusal"] in ids, (status, text(done))
    assert done.stderr.strip(), "says nothing"
    assert w.m.finds(OLD), "the old set is gone"
    assert not w.m.finds(EVIL) and not w.m.finds(NEW)
    kept = set(w.m.evidence) - had
    if evidence:
        assert kept, "no evidence was kept: " + text(done)
    return status, done, kept


def accepted(w, *args, **kw):
    done = w.m.update(*args, **kw)
    assert done.returncode == 0, text(done)
    return done


# ---- nothing that only one machine sees

def test_honest_update_arrives(w):
    """The attacks below fail because they are attacks: the same steps without one work."""
    assert w.p.publish("main", SECOND, now=w.now) == []
    accepted(w)
    assert w.m.finds(NEW) and w.m.finds(OLD)


def test_targeted_content(w):
    """Content for one machine, signed by all owners and the log, that no witness has seen."""
    q = w.p.fork(w.folder / "only-for-you")
    q.add_content("main", TARGETED)
    q.add_state(w.now)
    q.upload()
    q.show(q.signed())
    w.trust([q.folder.path])
    refused(w, "quorum")


def test_targeted_content_in_cosigned_files(w):
    """The public head, with other entries and tiles below it."""
    q = w.p.fork(w.folder / "only-for-you")
    w.p.publish("main", SECOND, now=w.now)
    q.add_content("main", TARGETED)
    q.add_state(w.now)
    q.upload()
    q.folder.put("checkpoint", w.p.folder.get("checkpoint"))
    w.trust([q.folder.path])
    refused(w, "tile")


def test_split_view(w):
    """Two heads of one size. The witnesses sign one; the other is for the victim."""
    q = w.p.fork(w.folder / "other")
    w.p.publish("main", SECOND, now=w.now)
    q.add_content("main", TARGETED)
    q.add_state(w.now)
    assert {e.status for _, e in q.commit(w.now)} == {409}
    w.trust([q.folder.path])
    refused(w, "quorum")


def test_split_view_with_all_witnesses_colluding(w):
    """Nobody can stop it on a fresh machine; one that has seen the other head keeps both as proof."""
    q = w.p.fork(w.folder / "other")
    w.p.add_state(w.now)
    assert w.p.commit(w.now) == []
    accepted(w)
    q.add_content("main", TARGETED)
    while q.log.size < w.p.log.size:
        q.add_state(w.now)
    q.log.entries[w.p.log.size:] = []
    q.log = replayed(q.log)
    w.all_collude(q)
    w.trust([q.folder.path])
    _, _, kept = refused(w, "fork", evidence=True)
    shown = b"".join(p.read_bytes() for p in kept)
    assert q.log.text().split(b"\n")[2] in shown and w.p.log.text().split(b"\n")[2] in shown


def test_fork_that_grows(w):
    """A longer log that is not the one seen before, cosigned by everybody."""
    q = w.p.fork(w.folder / "other")
    w.p.add_state(w.now)
    w.p.commit(w.now)
    accepted(w)
    q.add_content("main", TARGETED)
    for _ in range(3):
        q.add_state(w.now)
    w.all_collude(q)
    w.trust([q.folder.path])
    refused(w, "fork", evidence=True)


def test_dropped_entry(w):
    """The log forgets an entry that it published."""
    p = w.p
    p.publish("main", SECOND, now=w.now)
    p.add_state(w.now)
    p.log.drop(1)
    p.add_state(w.now)
    w.all_collude(p)
    refused(w, "fork", evidence=True)


def test_rewritten_entry(w):
    """The log says that it had always published something else."""
    p = w.p
    old = p.log.entries[1]
    p.log.replace(1, old.replace(b"name main\n", b"name mean\n"))
    p.add_state(w.now)
    w.all_collude(p)
    refused(w, "fork", evidence=True)


def replayed(log):
    """The log anew from its entries."""
    new = parties.Log(log.key)
    for e in log.entries:
        new.add(e)
    return new


# ---- nothing old

def test_rollback(w):
    """The head from before, after the new one was seen."""
    before = w.p.folder.copy(w.folder / "before")
    w.p.add_state(w.now)
    w.p.commit(w.now)
    accepted(w)
    w.trust([before.path], MaxAge="100h")
    refused(w, "rollback")


def test_rollback_with_fresh_cosignatures(w):
    """The same, and everybody swears that it is new."""
    q = w.p.fork(w.folder / "before")
    w.p.add_state(w.now)
    w.p.commit(w.now)
    accepted(w)
    w.all_collude(q)
    w.trust([q.folder.path])
    refused(w, "rollback")


def test_freeze(w):
    """The last head for ever: true, but 50 hours old."""
    refused(w, "stale")


def test_freeze_with_the_publishers_word_only(w):
    """A new signature of the log does not make an old head fresh."""
    p = w.p
    head = p.folder.get("checkpoint")
    text_, _ = tlog.parse_note(head)
    p.folder.put("checkpoint", head.replace(p.log.key.line(text_), b"") + p.log.key.line(text_))
    refused(w, "stale")


def test_freeze_before_one_machine_was_new(w):
    """An old head is refused on a machine that has never seen another one, too."""
    m, w.m = w.m, Machine(w.program, w.folder / "new-machine")
    w.trust()
    done = w.m.update()
    assert done.returncode != 0 and w.m.status()["last"]["refusal"] == "stale"
    assert not w.m.finds(OLD)
    w.m = m


def test_starvation_by_serving_nothing(w):
    """No answer is not "no news"."""
    empty = w.folder / "empty"
    empty.mkdir()
    w.trust([empty])
    refused(w, "unreachable")


def test_starvation_by_web_server(w):
    with servers.Server(w.public, servers.missing) as s:
        w.trust([s.url])
        refused(w, "unreachable")
    w.trust([s.url])    # and nobody there at all
    refused(w, "unreachable")


def test_starvation_by_one_source(w):
    """Where one source is frozen and one has the news, the news arrives."""
    frozen = w.p.folder.copy(w.folder / "frozen")
    w.p.publish("main", SECOND, now=w.now)
    w.trust([frozen.path, w.public])
    accepted(w)
    assert w.m.finds(NEW)


def test_expired_state(w):
    """Fresh cosignatures of a state that the owners wanted gone long ago."""
    w.p.add_content("main", TARGETED)
    w.p.add_state(w.then + HOUR, expires=w.now - HOUR)
    assert w.p.commit(w.now) == []
    refused(w, "expired")


def test_expired_root(w):
    w.p.add_root(w.now, expires=w.now - HOUR)
    w.p.add_content("main", TARGETED)
    w.p.add_state(w.now)
    assert w.p.commit(w.now) == []
    refused(w, "root-expired")


def test_version_of_a_state_runs_ahead(w):
    """A state of version 2^62 would make every later one look old."""
    w.p.add_content("main", TARGETED)
    w.p.add_state(w.now, version=1 << 62)
    assert w.p.commit(w.now) == []
    refused(w, "state")


def test_version_of_a_set_runs_ahead(w):
    w.p.add_content("main", TARGETED, version=1 << 62, full=True, delta=False)
    w.p.add_state(w.now)
    assert w.p.commit(w.now) == []
    refused(w, "content")


def test_version_of_a_set_runs_ahead_in_two_steps(w):
    """The version before it is there, too; only that one does not follow."""
    w.p.add_content("main", TARGETED, version=(1 << 62) - 1, full=True, delta=False)
    w.p.add_content("main", TARGETED, full=True, delta=False)
    w.p.add_state(w.now)
    assert w.p.commit(w.now) == []
    refused(w, "content")


def test_state_from_the_future(w):
    w.p.add_content("main", TARGETED)
    w.p.add_state(w.now + DAY)
    assert w.p.commit(w.now) == []
    refused(w, ("state", "future"))


def test_cosignatures_from_the_future(w):
    """Signed ahead, to be fresh when nobody signs any more."""
    w.p.publish("main", TARGETED, now=w.now)
    w.all_collude(w.p, now=w.now + 2 * DAY)
    refused(w, "future")


# ---- quorums

def test_k_minus_1_witnesses_collude(w):
    q = w.p.fork(w.folder / "other")
    q.add_content("main", TARGETED)
    q.add_state(w.now)
    w.collude(q, q.witnesses[:1], q.mirrors)
    w.trust([q.folder.path])
    refused(w, "quorum")


def test_witness_counted_twice(w):
    """Two cosignatures of one key, of two times."""
    q = w.p.fork(w.folder / "other")
    q.add_content("main", TARGETED)
    q.add_state(w.now)
    body, (a, *_) = q.log.text(), q.witnesses
    q.upload()
    q.show(q.signed([a.collude(body, w.now), a.collude(body, w.now - 1),
                     *(m.collude(body, w.now) for m in q.mirrors)]))
    w.trust([q.folder.path])
    refused(w, "quorum")


def test_witness_counted_twice_under_two_names(w):
    """The owner's policy does not take one key for two witnesses."""
    q = w.p.fork(w.folder / "other")
    q.add_content("main", TARGETED)
    q.add_state(w.now)
    keys = [q.witnesses[0].key, q.witnesses[0].key.renamed("somebody-else.example"), q.witnesses[1].key]
    body = q.log.text()
    q.upload()
    q.show(q.signed([k.line(body, w.now) for k in keys[:2]] + [m.collude(body, w.now) for m in q.mirrors]))
    w.trust([q.folder.path], witnesses=keys)
    refused(w, "policy")
    w.trust([q.folder.path])    # and under a name that it does not know, it does not count
    refused(w, "quorum")


def test_mirror_counted_as_witness(w):
    q = w.p.fork(w.folder / "other")
    q.add_content("main", TARGETED)
    q.add_state(w.now)
    w.collude(q, q.witnesses[:1], q.mirrors)
    w.trust([q.folder.path], need_witnesses=2)
    refused(w, "quorum")


def test_false_cosignature(w):
    """A cosignature of another head, moved here; those of others would be enough."""
    q = w.p.fork(w.folder / "other")
    q.add_content("main", TARGETED)
    q.add_state(w.now)
    body, other = q.log.text(), w.p.log.text()
    q.upload()
    q.show(q.signed([q.witnesses[0].collude(body, w.now), q.witnesses[1].collude(body, w.now),
                     q.witnesses[2].collude(other, w.now), *(m.collude(body, w.now) for m in q.mirrors)]))
    w.trust([q.folder.path])
    refused(w, "signature")


def test_cosignature_with_another_time(w):
    """The head of 50 hours ago with the time of its cosignatures changed to now."""
    text_, signatures = tlog.parse_note(w.p.folder.get("checkpoint"))
    stamp = w.now.to_bytes(8, "big")
    lines = [f"{tlog.DASH}{name} {tlog.b64(kid + (stamp + blob[8:] if len(blob) == 72 else blob))}\n".encode()
             for name, kid, blob in signatures]
    w.p.folder.put("checkpoint", tlog.note(text_, lines))
    refused(w, "signature")


def test_hidden_chunk(w):
    """Content that is logged and that nobody but the victim may read: no mirror vouches for it."""
    p = w.p
    p.add_content("main", TARGETED)
    p.add_state(w.now)
    p.upload(chunks={})
    lines, no = p.cosignatures(w.now)
    assert [name for name, _ in no] == ["mirror1.example", "mirror2.example"]
    p.upload()    # for the victim they are there
    p.show(p.signed(lines))
    refused(w, "mirrors")


def test_hidden_chunk_with_mirrors_colluding(w):
    """Mirrors that lie about what they have are found out by who asks for it."""
    p = w.p
    p.add_content("main", TARGETED)
    p.add_state(w.now)
    lines = [x.cosign(p.log, w.now) for x in p.witnesses + p.mirrors]
    p.upload(chunks={})
    p.show(p.signed(lines))
    refused(w, "chunk")


# ---- what the owners must have signed

def publish_wrongly(w, change, **kw):
    """`change` adds entries; then all is published with true cosignatures."""
    change(w.p)
    w.p.add_state(w.now, **kw)
    assert w.p.commit(w.now) == []


def test_content_without_quorum_of_owners(w):
    publish_wrongly(w, lambda p: p.add_content("main", TARGETED, keys=p.owners[:1]))
    refused(w, "content")


def test_content_signed_by_one_owner_under_two_names(w):
    twice = [w.p.owners[0], w.p.owners[0].renamed("zz.example")]
    publish_wrongly(w, lambda p: p.add_content("main", TARGETED, keys=twice))
    refused(w, "content")


def test_state_without_quorum_of_owners(w):
    w.p.add_content("main", TARGETED)
    w.p.add_state(w.now, keys=w.p.owners[:1])
    assert w.p.commit(w.now) == []
    refused(w, "state")


def test_rotated_root_without_old_quorum(w):
    """New owners who made themselves so."""
    new = [tlog.Key(f"new{i}.example") for i in range(3)]

    def change(p):
        p.add_root(w.now, owners=new, threshold=2, keys=new[:2] + p.owners[:1])
        p.add_content("main", TARGETED)
    publish_wrongly(w, change)
    refused(w, "root")


def test_rotated_root_without_new_quorum(w):
    """New owners who may not know of it."""
    new = [tlog.Key(f"new{i}.example") for i in range(3)]

    def change(p):
        old = p.signers
        p.add_root(w.now, owners=new, threshold=2, keys=old + new[:1])
        p.add_content("main", TARGETED)
    publish_wrongly(w, change)
    refused(w, "root")


def test_root_that_skips_a_version(w):
    publish_wrongly(w, lambda p: (p.add_root(w.now, version=7), p.add_content("main", TARGETED)))
    refused(w, "root")


def test_rotated_root_with_both_quorums_is_followed(w):
    """For comparison: how owners do change."""
    new = [tlog.Key(f"new{i}.example") for i in range(3)]
    publish_wrongly(w, lambda p: (p.add_root(w.now, owners=new, threshold=2), p.add_content("main", SECOND)))
    accepted(w)
    assert w.m.finds(NEW)


def test_old_owners_after_rotation(w):
    """Keys that were rotated away sign nothing any more."""
    old, new = w.p.signers, [tlog.Key(f"new{i}.example") for i in range(3)]
    publish_wrongly(w, lambda p: (p.add_root(w.now, owners=new, threshold=2),
                                  p.add_content("main", TARGETED, keys=old)))
    refused(w, "content")


def test_first_root_of_somebody_else(w):
    """A log with the same key and other owners: the policy names the first root."""
    q = parties.Publisher(w.folder / "other", seed="another", now=w.now)
    q.log.key, q.witnesses, q.mirrors = w.p.log.key, w.p.witnesses, w.p.mirrors
    q.log.entries, q.root = [], None
    q.log = replayed(q.log)
    q.add_root(w.now)
    q.add_content("main", TARGETED)
    for _ in range(4):
        q.add_state(w.now)
    w.all_collude(q)
    w.m, old = Machine(w.program, w.folder / "new-machine"), w.m
    w.trust([q.folder.path], publisher=w.p)
    done = w.m.update()
    assert done.returncode != 0 and w.m.status()["last"]["refusal"] == "root", text(done)
    assert not w.m.finds(EVIL)
    w.m = old
    w.trust([q.folder.path], publisher=w.p)
    refused(w, "fork", evidence=True)


# ---- pieces that do not belong together

def test_mix_and_match_content_of_two_versions(w):
    """A state that names the entry of another set for this one's."""
    def change(p):
        p.add_content("other", {"other.ndb": rule(b"Test.Evil", EVIL)})
        index, _ = p.live["content", "other"]
        p.live["content", "other"] = (index, p.sets["content", "main"].leaf)
    publish_wrongly(w, change)
    refused(w, ("state", "content"))


def test_mix_and_match_delta_on_another_version(w):
    """A delta that is not from the version that it names."""
    def change(p):
        p.add_content("main", SECOND)
        wrong = p.sets["content", "main"]
        wrong.files = {"main.ndb": rule(b"Test.Other", b"x" * 20)}
        p.add_content("main", TARGETED)
    publish_wrongly(w, change)
    refused(w, "payload")


def test_two_versions_of_a_set_live(w):
    def change(p):
        p.live["content", "main (old)"] = p.live["content", "main"]
        p.add_content("main", TARGETED)
    publish_wrongly(w, change)
    refused(w, ("state", "content"))


def test_withdrawn_version_stays_live(w):
    def change(p):
        p.add_content("main", TARGETED)
        keep = dict(p.live)
        p.add_withdraw("content", "main", "finds documents", version=2)
        p.live.update(keep)
    publish_wrongly(w, change)
    refused(w, ("state", "content"))


def test_last_entry_is_no_state(w):
    """Whoever hides the newest state behind another entry hides what is live."""
    w.p.add_state(w.now)
    w.p.add_content("main", TARGETED)
    assert w.p.commit(w.now) == []
    refused(w, "state")


def test_state_that_forgets_the_one_before(w):
    w.p.add_content("main", TARGETED)
    w.p.add_state(w.now, alter=lambda f: [(k, v if k != "previous" else "0" * 64) for k, v in f])
    assert w.p.commit(w.now) == []
    refused(w, "state")


def test_unknown_kind_of_entry_goes_live(w):
    """What a client does not know it does not use, and says so."""
    def change(p):
        index, leaf = p.append("program", [("name", "main"), ("run", "/bin/sh")])
        p.live["program", "main"] = (index, leaf)
        p.add_content("main", TARGETED)
    publish_wrongly(w, change)
    refused(w, "state")


def test_unknown_key_in_an_entry(w):
    publish_wrongly(w, lambda p: p.add_content("main", TARGETED, alter=lambda f: [*f, ("run", "/bin/sh")]))
    refused(w, "content")


def test_file_name_that_leads_out(w):
    publish_wrongly(w, lambda p: p.add_content("main", {"../../../etc/evil.ndb": rule(b"Test.Evil", EVIL)}))
    refused(w, "content")


def test_wrong_origin(w):
    """The owners' other log, cosigned by all; the policy names this one."""
    q = parties.Publisher(w.folder / "other", origin="updates.example/other", seed="x", now=w.now)
    q.owners, q.witnesses, q.mirrors = w.p.owners, w.p.witnesses, w.p.mirrors
    q.add_content("main", TARGETED)
    q.add_state(w.now)
    w.all_collude(q)
    w.trust([q.folder.path])
    refused(w, "log")


def test_head_signed_by_another_key(w):
    w.p.add_state(w.now)
    w.p.upload()
    lines, _ = w.p.cosignatures(w.now)
    w.p.show(w.p.signed(lines, key=tlog.Key(w.p.origin)))
    refused(w, "log")


def test_entry_of_another_log_replayed(w):
    """Content that the owners signed for a test log."""
    q = parties.Publisher(None, origin="updates.example/test", seed="x", now=w.now)
    q.owners, q.sets = w.p.owners, dict(w.p.sets)
    q.add_content("main", TARGETED)

    def change(p):
        p.chunks.update(q.chunks)
        index = p.log.add(q.log.entries[-1])
        p.live["content", "main"] = (index, entries.leaf(q.log.entries[-1]))
    publish_wrongly(w, change)
    refused(w, "content")


def test_extension_line_added(w):
    """A line that no witness vouches for and no monitor audits."""
    w.p.add_content("main", TARGETED)
    w.p.add_state(w.now)
    w.all_collude(w.p, extensions=["for-your-eyes-only 1"])
    refused(w, "checkpoint")


# ---- bytes

def altered(data, at=-1):
    b = bytearray(data)
    b[at] ^= 1
    return bytes(b)


def files(w, prefix):
    return sorted(str(p.relative_to(w.public)) for p in (w.public / prefix).rglob("*") if p.is_file())


def test_tile_altered(w):
    w.p.publish("main", TARGETED, now=w.now)
    for name in files(w, "tile/0"):
        w.p.folder.put(name, altered(w.p.folder.get(name)))
    refused(w, "tile")


def test_entry_altered(w):
    w.p.publish("main", TARGETED, now=w.now)
    for name in files(w, "tile/entries"):
        w.p.folder.put(name, w.p.folder.get(name).replace(b"\nname main\n", b"\nname mean\n"))
    refused(w, "tile")


def test_chunk_altered(w):
    had = set(files(w, "chunk"))
    w.p.publish("main", TARGETED, now=w.now)
    for name in set(files(w, "chunk")) - had:
        w.p.folder.put(name, altered(w.p.folder.get(name), 12))
    refused(w, "chunk")


def test_chunk_cut_off(w):
    had = set(files(w, "chunk"))
    w.p.publish("main", TARGETED, now=w.now)
    for name in set(files(w, "chunk")) - had:
        w.p.folder.put(name, w.p.folder.get(name)[:-3])
    refused(w, "chunk")


def test_zip_bomb_chunk(w):
    """A chunk of a few kilobytes that says it is small and unpacks to 200 MB."""
    frame = entries.pack(b"\n" * (200 << 20), 19)
    publish_frame(w, frame, len(TARGETED["main.ndb"]))
    refused(w, ("chunk", "payload"))


def test_zip_bomb_without_a_size(w):
    """The same as a stream, whose head says no size."""
    frame = subprocess.run(["zstd", "-q", "-19", "-c"], input=b"\n" * (64 << 20), capture_output=True,
                           check=True).stdout
    publish_frame(w, frame, len(TARGETED["main.ndb"]))
    refused(w, ("chunk", "payload"))


def publish_frame(w, frame, raw):
    name = hashlib.sha256(frame).hexdigest()

    def change(p):
        p.chunks[entries.chunk_path(name)] = frame
        p.add_content("main", TARGETED, full=True, delta=False, alter=lambda f: [
            (k, f"{raw} {len(frame)} {name}" if k == "full" else v) for k, v in f])
    publish_wrongly(w, change)


def test_chunk_larger_than_allowed(w):
    def change(p):
        p.chunks["chunk/00/" + "0" * 64] = b"whatever"
        p.add_content("main", TARGETED, full=True, delta=False, alter=lambda f: [
            (k, v if k != "full" else f"{1 << 40} {1 << 40} {'0' * 64}") for k, v in f])
    publish_wrongly(w, change)
    refused(w, "content")


@pytest.mark.parametrize("evil", [servers.endless, servers.huge, servers.endless_head, servers.trickle, servers.silent],
                         ids=lambda f: f.__name__)
@pytest.mark.parametrize("part", ["checkpoint", "tile/entries", "chunk"])
def test_slow_and_endless_data(w, part, evil):
    """Each kind of file, served without end, without a word or a byte at a time."""
    w.p.publish("main", TARGETED, now=w.now)
    with servers.Server(w.public, servers.only(part, evil)) as s:
        w.trust([s.url], Timeout="2s")
        refused(w, ("unreachable", "size", "chunk"), timeout=120)


def test_redirection_is_not_followed(w):
    w.p.publish("main", TARGETED, now=w.now)
    with servers.Server(w.public) as to:
        with servers.Server(w.public, lambda h, path: servers.away(h, path, to.url + path)) as s:
            w.trust([s.url])
            refused(w, "unreachable")
        assert not to.seen


def test_huge_files_in_a_folder(w):
    w.p.publish("main", TARGETED, now=w.now)
    for name in ("checkpoint", *files(w, "tile/entries")):
        os.truncate(w.public / name, 1 << 36)
    refused(w, ("unreachable", "size"))


def test_special_files_in_a_folder(w):
    """A stick whose checkpoint is a pipe or leads elsewhere."""
    w.p.publish("main", TARGETED, now=w.now)
    head = w.p.folder.get("checkpoint")
    for make in (os.mkfifo, lambda p: os.symlink("/etc/shadow", p), os.mkdir):
        w.p.folder.remove("checkpoint")
        make(w.public / "checkpoint")
        refused(w, ("unreachable", "size", "checkpoint"), timeout=60)
        if os.path.isdir(w.public / "checkpoint"):
            os.rmdir(w.public / "checkpoint")
            w.p.folder.put("checkpoint", head)
        else:
            w.p.folder.remove("checkpoint")
            w.p.folder.put("checkpoint", head)


# ---- content that is signed and harmful

def test_content_that_matches_bash(w):
    data = Path("/bin/bash").read_bytes()
    hexed = data[4096:4096 + 64].hex().encode()
    publish_wrongly(w, lambda p: p.add_content("main", dict(FIRST, **{"more.ndb": b"Test.Evil:0:*:" + hexed + b"\n"})))
    refused(w, "tryout-goodware")


def test_content_that_matches_bash_by_hash(w):
    data = Path("/bin/bash").read_bytes()
    line = f"{__import__('hashlib').sha256(data).hexdigest()}:{len(data)}:Test.Evil\n".encode()
    publish_wrongly(w, lambda p: p.add_content("main", dict(FIRST, **{"more.hsb": line})))
    refused(w, "tryout-goodware")


def test_content_with_21_fields_where_20_are_known(w):
    line = b"Test.Evil:0:*:" + EVIL.hex().encode() + b":0:255" + b":x" * 15 + b"\n"
    publish_wrongly(w, lambda p: p.add_content("main", dict(FIRST, **{"more.ndb": line})))
    refused(w, "bad-lines")


def test_content_with_a_catastrophic_expression(w):
    """Fires on all that has a few letters, and tries for ever."""
    line = rb"Test.Evil;Engine:81-255,Target:0;0;65;0/(.*)*(.*)*(.*)*(a|aa|.)+\x00\xff\x01\xfe{400}$/s" + b"\n"
    publish_wrongly(w, lambda p: p.add_content("main", dict(FIRST, **{"more.ldb": line})))
    refused(w, ("tryout-trouble", "tryout-slow", "tryout-goodware", "bad-lines", "compile"))


def test_content_that_eats_the_compiler(w):
    """Alternatives of alternatives: a matcher beyond all bounds."""
    part = b"(" + b"|".join(b"%04x" % i for i in range(4000)) + b")"
    line = b"Test.Evil:0:*:" + b"4d5a" + b"??".join([part] * 60) + b"\n"
    publish_wrongly(w, lambda p: p.add_content("main", dict(FIRST, **{"more.ndb": line * 1})))
    done = w.m.update()
    assert done.returncode in (0, 1, 2), text(done)
    assert w.m.finds(OLD)
    if done.returncode == 0:    # it could be compiled and is harmless: fine too
        assert w.m.status()["last"]["refusal"] in (None, "")


def test_content_that_takes_rules_back(w):
    """A set may not carry a list that silences the rules of other sets."""
    line = hashlib.sha256(FIRST["main.ndb"].rstrip(b"\n")).hexdigest().encode() + b"\n"
    publish_wrongly(w, lambda p: p.add_content("other", {"quiet.withdrawn": line}))
    refused(w, ("content", "payload"))


def test_content_whose_own_sample_is_missed(w):
    files_ = dict(FIRST, **{"main.samples": b"Test.Old " + tlog.b64(b"something else").encode() + b"\n"})
    publish_wrongly(w, lambda p: p.add_content("main", files_))
    refused(w, "tryout-sample")


def test_content_of_other_files_than_it_says(w):
    def change(p):
        p.add_content("main", TARGETED, full=True, delta=False, alter=lambda f: [
            (k, entries.file_line("main.ndb", TARGETED["main.ndb"].swapcase()) if k == "file" else v) for k, v in f])
    publish_wrongly(w, change)
    refused(w, "payload")


# ---- the owner's rules

def test_cool_off(w):
    """What was published a minute ago waits; what has been public for long enough goes live."""
    w.p.publish("main", SECOND, now=w.now - 60)
    w.trust(CoolOff="1h")
    done = w.m.update()
    assert w.m.finds(OLD) and not w.m.finds(NEW), text(done)
    w.trust(CoolOff="30s")
    accepted(w)
    assert w.m.finds(NEW)


def test_cool_off_with_a_head_of_the_publishers_word(w):
    """Backdated by who holds the log's key, and by one witness of the two that it takes."""
    w.p.add_content("main", TARGETED)
    w.p.add_state(w.now)
    assert w.p.commit(w.now) == []
    body = w.p.log.text()
    w.p.folder.put(f"history/{w.p.log.size}", w.p.signed(
        [w.p.witnesses[0].collude(body, w.now - DAY), *(m.collude(body, w.now - DAY) for m in w.p.mirrors)]))
    w.trust(CoolOff="1h")
    done = w.m.update()
    assert w.m.finds(OLD) and not w.m.finds(EVIL), text(done)


def test_withdrawal_does_not_wait(w):
    w.trust(CoolOff="1h")
    line = FIRST["main.ndb"].rstrip(b"\n")
    w.p.add_withdraw("rule", "main", "fires on good files", file="main.ndb",
                     line=hashlib.sha256(line).hexdigest())
    w.p.add_state(w.now)
    assert w.p.commit(w.now) == []
    accepted(w)
    assert not w.m.finds(OLD)


def test_update_does_not_change_the_owners_policy(w):
    def every():
        return {p: p.read_bytes() for p in sorted(w.m.config.rglob("*")) if p.is_file()}
    before = every()
    publish_wrongly(w, lambda p: p.add_content("main", dict(SECOND, **{"update.conf": b"MaxAge 100000h\n"})))
    w.m.update()
    assert every() == before
    assert w.m.finds(OLD)


# ---- clocks

clocked = pytest.mark.skipif(not FAKETIME, reason="libfaketime is not installed")


@clocked
def test_clock_moved_forward(w):
    """Nothing is fresh any more: refused, and no reason to stop scanning."""
    w.p.publish("main", SECOND, now=w.now)
    refused(w, "stale", clock=49 * HOUR)
    accepted(w)
    assert w.m.finds(NEW)


@clocked
def test_clock_moved_forward_and_back(w):
    """A clock that was wrong once does not lock the machine out for ever."""
    w.p.publish("main", FIRST, now=w.now)
    accepted(w, clock=40 * HOUR)
    w.p.publish("main", SECOND, now=w.now)
    accepted(w)
    assert w.m.finds(NEW)


@clocked
def test_clock_moved_back(w):
    """So that the head of 50 hours ago looks fresh: what the machine has seen since is newer."""
    before = w.p.folder.copy(w.folder / "before")
    q = w.p.fork(w.folder / "frozen")
    w.p.add_state(w.now)
    w.p.commit(w.now)
    accepted(w)
    refused(w, ("clock", "future"), clock=-49 * HOUR)
    w.trust([before.path])
    refused(w, ("rollback", "clock"), clock=-49 * HOUR)
    q.add_state(w.now)
    q.log = copy.deepcopy(w.p.log)
    w.all_collude(q, now=w.now - 48 * HOUR)
    w.trust([q.folder.path])
    refused(w, ("rollback", "clock"), clock=-49 * HOUR)


# ---- power loss

CHANGES = ("write,pwrite64,rename,renameat,renameat2,linkat,symlinkat,unlinkat,mkdirat,fsync,fdatasync,syncfs,"
           "copy_file_range,ftruncate")


def steps(w, folder):
    """How often each changing system call is made by an update that is not disturbed."""
    one = w.copy(folder)
    log = folder / "strace"
    done = one.m.update(before=["strace", "-f", "-qq", "-o", log, "-e", f"trace={CHANGES}"])
    assert done.returncode == 0, text(done)
    count = {}
    for line in log.read_text(errors="replace").splitlines():
        m = re.match(r"[0-9]+ +([a-z0-9_]+)\(", line)
        if m:
            count[m[1]] = count.get(m[1], 0) + 1
    return count


def points(count, most):
    """Evenly spread (call, n), at most `most`; the first and last of each call always."""
    every = [(call, n) for call in sorted(count) for n in range(1, count[call] + 1)]
    edges = {(call, n) for call in count for n in (1, count[call])}
    step = max(1, len(every) // most)
    return [x for i, x in enumerate(every) if x in edges or i % step == 0]


def power_loss(w, tmp_path, most):
    w.p.publish("main", SECOND, now=w.now)
    count = steps(w, tmp_path / "whole")
    assert sum(count.values()) > 10, count
    for call, n in points(count, most):
        one = w.copy(tmp_path / f"{call}-{n}")
        one.m.update(before=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                             "-e", f"inject={call}:signal=KILL:when={n}"])
        assert one.m.finds(OLD), f"killed at {call} {n}: nothing in use"
        one.m.status()
        accepted(one)
        assert one.m.finds(NEW) and one.m.finds(OLD), f"killed at {call} {n}: not there after another try"
        shutil.rmtree(one.folder)


def test_interrupted_at_many_steps(w, tmp_path):
    power_loss(w, tmp_path, 12)


@pytest.mark.long
def test_interrupted_at_every_step(w, tmp_path):
    power_loss(w, tmp_path, 1 << 30)


def test_piece_of_content_damaged_on_this_machine(w):
    """A chunk that a disk lost half of is fetched again, not believed and not fatal."""
    w.p.publish("main", SECOND, now=w.now)
    kept = [f for f in (w.m.state / "update/chunk").rglob("*") if f.is_file()]
    for f in kept:
        f.chmod(0o600)
        f.write_bytes(f.read_bytes()[:10])
    for p in w.p.chunks:
        f = w.m.state / "update" / p
        f.parent.mkdir(parents=True, exist_ok=True)
        if not f.exists():
            f.write_bytes(b"")
    w.m.update()
    assert w.m.finds(OLD)
    accepted(w)
    assert w.m.finds(NEW) and w.m.finds(OLD)


def test_what_was_trusted_is_damaged(w):
    """Without what it has seen, a machine says so; it does not begin anew by itself."""
    w.p.publish("main", SECOND, now=w.now)
    (w.m.state / "update/trusted").write_bytes(b"\0" * 100)
    done = w.m.update()
    assert done.returncode == 2 and b"trusted" in done.stderr, text(done)
    assert w.m.finds(OLD) and not w.m.finds(NEW)


# ---- offline

def test_bundle_from_a_stick(w):
    """The same checks, no network: a good one arrives, a targeted one does not."""
    q = w.p.fork(w.folder / "other")
    w.p.publish("main", SECOND, now=w.now)
    q.add_content("main", TARGETED)
    q.add_state(w.now)
    w.collude(q, q.witnesses[:1], q.mirrors)
    refused(w, "quorum", args=["--bundle", q.folder.tar(w.folder / "evil.tar")])
    accepted(w, "--bundle", w.p.folder.tar(w.folder / "good.tar"))
    assert w.m.finds(NEW)


def test_bundle_that_is_no_bundle(w):
    bad = w.folder / "bad.tar"
    bad.write_bytes(b"\xff" * 4096)
    refused(w, "unreachable", args=["--bundle", bad])


# ---- the table

def test_the_table_of_the_threat_model_is_what_is_tested():
    """Each attack here is in docs/threat-model.md, and each test that it names exists."""
    page = (Path(__file__).resolve().parents[2] / "docs/threat-model.md").read_text()
    updates = page.split("\n## Updates\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", updates))
    here = {n for n in globals() if n.startswith("test_")}
    control = {"test_honest_update_arrives", "test_rotated_root_with_both_quorums_is_followed",
               "test_withdrawal_does_not_wait", "test_the_table_of_the_threat_model_is_what_is_tested"}
    assert here - named == control
    assert named - here == set()
