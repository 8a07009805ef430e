# SPDX-License-Identifier: Apache-2.0
"""`vitrine update` and its verbs, `vitrine config policy`: what people see and decide."""
import json
import re
import sys
import tarfile
import time
from pathlib import Path

import pytest
from conftest import BUILD

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import parties, tlog  # noqa: E402
from adversary.machine import Machine, can_update, text  # noqa: E402

A, B, C = (b"vitrine-" + b"verbs-%s-77d1" % x for x in (b"a", b"b", b"c"))
pytestmark = pytest.mark.skipif(not can_update(BUILD), reason="this build has no vitrine update")


def ndb(**rules):
    return b"".join(b"%s:0:*:%s\n" % (name.replace("_", ".").encode(), data.hex().encode())
                    for name, data in rules.items())


class World:
    def __init__(self, folder, **settings):
        self.p = parties.setting(folder / "public")
        self.m = Machine(BUILD / "vitrine", folder / "machine")
        self.folder = folder
        self.trust(**settings)

    def trust(self, **settings):
        self.m.trust(self.p, [self.folder / "public"], **settings)

    def publish(self, **rules):
        assert self.p.publish("main", {"a.ndb": ndb(**rules)}) == []

    def run(self, *args, code=0):
        p = self.m.run("update", *args)
        assert p.returncode == code, f"exit {p.returncode}: {text(p)}"
        return text(p)

    def finds(self, *data):
        return [self.m.finds(x) for x in data]


@pytest.fixture
def world(tmp_path):
    w = World(tmp_path)
    w.publish(Rule_A=A, Rule_B=B)
    w.run()
    return w


# ---- what is shown

def test_before_the_first_update(tmp_path):
    w = World(tmp_path)
    assert "nothing from updates" in w.run("status", code=1)
    status = w.m.status()
    assert status["last"] is None and status["in_use"] is None and status["log"] is None
    assert w.run("history") == ""


def test_status_of_a_machine_that_is_up_to_date(world):
    status = world.m.status()
    assert status["in_use"]["sets"] == [{"name": "main", "version": 1}]
    assert status["last"]["outcome"] == "updated" and status["last"]["refusal"] is None
    assert status["log"]["origin"] == world.p.origin and status["log"]["size"] == world.p.log.size
    assert status["log"]["root"] == world.p.log.tree.root().hex()
    assert {c["name"] for c in status["log"]["cosigners"]} == {x.key.name for x in world.p.witnesses + world.p.mirrors}
    steps = {s["step"]: s["result"] for s in status["steps"]}
    assert steps.pop(10) == "not yet audited"
    assert set(steps) == set(range(14)) - {10} and set(steps.values()) == {"passed"}
    shown = world.run("status")
    assert "10  not yet audited" in shown and "witness2.example" in shown


def test_status_says_where_an_update_stopped(world):
    world.trust(MaxAge="0")
    time.sleep(1.1)
    said = world.run(code=1)
    assert "REFUSED (stale)" in said and "what to do" in said and "scans go on with what was in use" in said
    status = world.m.status()
    steps = {s["step"]: s["result"] for s in status["steps"]}
    assert steps[3] == "passed" and steps[4] == "refused" and steps[5] == "not reached"
    assert status["refusal"]["id"] == "stale" and status["refusal"]["step"] == 4
    assert status["verified"] < status["last"]["time"] or status["verified"]
    assert "stale" in world.run("status", code=1)


def test_status_of_each_source(world):
    world.p.publish("main", {"a.ndb": ndb(Rule_A=A)})
    world.m.trust(world.p, [world.folder / "nowhere", world.folder / "public"])
    assert "nowhere: unreachable" in world.run()
    source, = world.m.status()["last"]["sources"]
    assert source["refusal"] == "unreachable" and source["place"].endswith("nowhere")


def test_history(world):
    world.run()
    world.run("hold", "--by", "Ann Example")
    lines = world.run("history").splitlines()
    assert len(lines) == 2 and "updated, state 1 as g1" in lines[0] and lines[1].endswith("hold: Ann Example")
    assert len(world.run("history", "--all").splitlines()) == 3
    rows = [json.loads(x) for x in world.run("history", "--all", "--format", "jsonl").splitlines()]
    assert [(r["action"], r["outcome"]) for r in rows] == [
        ("update", "updated"), ("update", "same"), ("hold", "decided")]


def test_diff_shows_what_would_change_and_changes_nothing(world):
    assert "asks for what is in use" in world.run("diff")
    world.publish(Rule_A=A, Rule_C=C)
    shown = world.run("diff", code=1)
    assert re.search(r"set main, version 1 to 2", shown)
    assert "- Rule.B" in shown and "+ Rule.C" in shown and "Rule.A" not in shown
    assert world.finds(A, B, C) == [True, True, False]
    assert world.m.status()["last"]["outcome"] == "updated"
    world.run()
    assert world.finds(A, B, C) == [True, False, True]


def test_diff_without_the_deltas_in_between(world):
    """Both versions are unpacked and compared where the log's deltas don't lead from one to the other."""
    world.p.add_content("main", {"a.ndb": ndb(Rule_A=A, Rule_C=C)}, full=True, delta=False)
    world.p.add_state()
    assert world.p.commit() == []
    shown = world.run("diff", code=1)
    assert "- Rule.B" in shown and "+ Rule.C" in shown and "Rule.A" not in shown


def test_diff_of_what_is_refused(world):
    world.publish(Rule_C=C)
    world.trust(MaxAge="0")
    time.sleep(1.1)
    assert "REFUSED (stale)" in world.run("diff", code=2)


def test_diff_of_a_bundle(world):
    world.publish(Rule_A=A, Rule_C=C)
    tar = world.p.folder.tar(world.folder / "news.tar")
    world.m.trust(world.p, [world.folder / "nowhere"])
    assert "+ Rule.C" in world.run("diff", "--bundle", tar, code=1)
    world.run("--bundle", tar)
    assert world.finds(C) == [True]


def test_hostile_names_don_t_reach_the_terminal(world):
    rule = "Evil\x1b[2J"
    world.p.publish("main", {"a.ndb": ndb(Rule_A=A) + f"{rule}:0:*:{C.hex()}\n".encode()})
    assert "\x1b" not in world.run("diff", code=1)


# ---- what people decide

def content(shown):
    return re.search(r"content ([0-9a-f]{16})", shown)[1]


@pytest.mark.parametrize("how", ["hold", "Approve"])
def test_nothing_applies_until_a_person_approved(world, how):
    if how == "hold":
        world.run("hold", "--by", "Ann")
    else:
        world.trust(Approve="all")
    world.run()     # nothing new: nothing to approve
    world.publish(Rule_A=A, Rule_C=C)
    assert "REFUSED (held)" in world.run(code=1)
    assert world.finds(B, C) == [True, False]
    status = world.m.status()
    assert status["refusal"]["id"] == "held" and status["waits"]["state"]["version"] == 2
    shown = world.run("diff", code=1)
    assert f"vitrine update approve --by NAME {content(shown)}" in shown
    assert status["waits"]["content"].startswith(content(shown))
    world.run("approve", content(shown), code=2)                       # nobody's name
    world.run("approve", "--by", "Bob", "0" * 16, code=2)              # something else
    world.run("approve", "--by", "Bob", content(shown)[:4], code=2)    # hardly anything
    assert world.finds(B, C) == [True, False]
    world.run("approve", "--by", "Bob", content(shown))
    assert world.finds(B, C) == [False, True]
    assert world.m.status()["waits"] is None
    world.run("approve", "--by", "Bob", content(shown), code=2)        # nothing waits any more
    assert "approve: " + content(shown) + " by Bob" in world.run("history")
    world.run()


def test_an_approval_is_for_what_was_looked_at(world):
    """While a person reads, something else is published: it is not approved with it."""
    world.run("hold", "--by", "Ann")
    world.publish(Rule_A=A, Rule_C=C)
    read = content(world.run("diff", code=1))
    world.publish(Rule_A=A)
    world.run(code=1)
    assert "another one" in world.run("approve", "--by", "Bob", read, code=2)
    assert world.finds(B, C) == [True, False]


def test_an_approval_outlives_a_new_state_with_the_same_content(world):
    world.run("hold", "--by", "Ann")
    world.publish(Rule_A=A, Rule_C=C)
    read = content(world.run("diff", code=1))
    world.p.add_state()
    assert world.p.commit() == []
    world.run(code=1)
    world.run("approve", "--by", "Bob", read)
    assert world.finds(B, C) == [False, True]


def test_hold_ends(world):
    world.run("hold", "--by", "Ann")
    world.publish(Rule_C=C)
    world.run(code=1)
    world.run("hold", "--by", "Ann", "--release")
    world.run()
    assert world.finds(A, C) == [False, True]


def test_directives_wait_and_signatures_do_not(world):
    world.trust(Approve="directives")
    world.p.add_content("main", {"a.ndb": ndb(Rule_C=C)})
    world.p.add_content("house-rules", {"rules.txt": b"be kind\n"}, kind="directive")
    world.p.add_state()
    assert world.p.commit() == []
    assert "a directive waits" in world.run()
    assert world.finds(A, C) == [False, True]
    laid_out = world.m.state / "update/directives/house-rules/rules.txt"
    assert not laid_out.exists()
    assert world.m.status()["waits"]
    shown = world.run("diff", code=1)
    assert "NEW DIRECTIVE house-rules" in shown and "be kind" in shown
    world.run("approve", "--by", "Bob", content(shown))
    assert laid_out.read_bytes() == b"be kind\n"
    assert world.m.status()["waits"] is None


def orders(world, files):
    """A version of a directive set."""
    world.p.add_content("orders", files, kind="directive")
    world.p.add_state()
    assert world.p.commit() == []


def test_directives_of_an_update_are_what_commands_read(world):
    content = BUILD / "content"
    directive = json.loads((content / "directives/bod-17-01.json").read_text())
    good = json.dumps(dict(directive, id="bod-99-01", version="3")).encode()
    catalogue = (content / "catalogue/replacements.json").read_bytes().replace(b"2026-11-27", b"2027-01-01")
    orders(world, {"a.json": good, "cat.json": catalogue, "notes.txt": b"to all\n"})
    world.run()
    folder = world.m.state / "update/directives/orders"
    assert sorted(p.name for p in folder.iterdir()) == ["a.json", "cat.json", "notes.txt"]
    listed = {x["id"]: x for x in json.loads(world.m.run("directive", "list", "--all", "--format", "json").stdout)}
    assert listed["bod-99-01"]["origin"] == "log" and listed["bod-99-01"]["who"].startswith("update log: state ")
    assert world.m.run("directive", "add", "bod-99-01").returncode == 0

    # a file that a version no longer has is gone; so is the set, once it is withdrawn
    orders(world, {"a.json": good})
    world.run()
    assert [p.name for p in folder.iterdir()] == ["a.json"]
    world.p.add_withdraw("directive", "orders", "in error", version=2)
    world.p.add_state()
    assert world.p.commit() == []
    world.run()
    assert not folder.exists()
    assert "bod-99-01" in text(world.m.run("directive", "list"))  # what was added stays added


def test_a_directive_that_widens_its_scope_is_refused(world):
    doc = json.loads((BUILD / "content/catalogue/replacements.json").read_text())
    doc["rules"][0]["match"] = {"path": ["/home/*"]}
    orders(world, {"cat.json": json.dumps(doc).encode()})
    said = world.run(code=1)
    assert "REFUSED (document)" in said and "orders: cat.json: /rules/0/match/path/0: it names no product's folder" in said
    assert "document" in world.run("history")
    assert not (world.m.state / "update/directives/orders").exists()
    assert world.finds(A) == [True]


def test_pin(world):
    world.run("pin", "--by", "Ann", "main")
    world.publish(Rule_C=C)
    world.run()
    assert world.finds(A, C) == [True, False]
    assert "PINNED        version 1 of main; by Ann" in world.run("status")
    world.run("pin", "--by", "Ann", "--remove", "main")
    world.run()
    assert world.finds(A, C) == [False, True]
    world.run("pin", "--by", "Ann", "--remove", "main", code=2)
    world.run("pin", "--by", "Ann", "nosuch", code=2)
    world.run("pin", "--by", "Ann", "../x", "1", code=2)


def test_a_pin_does_not_keep_what_is_withdrawn(world):
    world.publish(Rule_B=B)
    world.run()
    world.run("pin", "--by", "Ann", "main")
    world.publish(Rule_C=C)
    world.p.add_withdraw("content", "main", "fires on good files", version=2)
    world.p.add_state()
    assert world.p.commit() == []
    world.run()
    assert world.finds(A, B, C) == [True, True, False]     # the version before it


def test_rollback_at_once(world):
    world.publish(Rule_C=C)
    world.run()
    world.m.trust(world.p, [world.folder / "nowhere"])     # no source is needed
    assert "in use again: g1" in world.run("rollback", "--by", "Ann")
    assert world.finds(A, C) == [True, False]
    world.trust()
    world.run()
    assert world.finds(A, C) == [True, False]
    assert "ROLLED BACK   to version 1 of main; by Ann" in world.run("status")
    world.run("pin", "--by", "Ann", "--remove", "main")
    world.run()
    assert world.finds(A, C) == [False, True]


def test_rollback_within_the_log(world):
    world.publish(Rule_B=B)
    world.run()
    world.publish(Rule_C=C)
    world.run()
    world.run("rollback", "--by", "Ann", "main", "1")
    assert world.finds(A, B, C) == [True, True, False]
    world.run("rollback", "--by", "Ann", "main", "9", code=2)
    world.run("rollback", "--by", "Ann", "main", "0", code=2)


def test_nothing_to_roll_back_to(world):
    world.run("rollback", "--by", "Ann", code=2)
    world.run("rollback", "--by", "Ann", "main", code=2)


def test_a_rule_is_given_back(world):
    """Withdrawn from the large image, and later not any more."""
    import hashlib
    line = ndb(Rule_B=B).rstrip(b"\n")
    world.p.add_withdraw("rule", "main", "by mistake", file="a.ndb", line=hashlib.sha256(line).hexdigest())
    world.p.add_state()
    assert world.p.commit() == []
    assert "WITHDRAWN at once: main/a.ndb" in world.run("diff", code=1)
    world.run()
    world.run("--merge")
    assert world.finds(A, B) == [True, False]
    for key in [k for k in world.p.live if k[0] == "withdraw"]:
        del world.p.live[key]
    world.p.add_state()
    assert world.p.commit() == []
    assert "given back: main/a.ndb" in world.run("diff", code=1)
    world.run()
    assert world.finds(A, B) == [True, True]


# ---- evidence

def forked(world):
    q = world.p.fork(world.folder / "other")
    world.p.add_state()
    assert world.p.commit() == []
    world.run()
    q.add_content("main", {"a.ndb": ndb(Rule_C=C)})
    for _ in range(3):
        q.add_state()
    body = q.log.text()
    q.upload()
    q.show(q.signed([c.collude(body, int(time.time())) for c in q.witnesses + q.mirrors]))
    world.m.trust(world.p, [q.folder.path])
    assert "EVIDENCE OF A FORK" in world.run(code=1)
    return q


def test_evidence_is_kept_once_and_acknowledged_by_name(world):
    forked(world)
    kept, = world.m.evidence
    world.run(code=1)
    assert world.m.evidence == [kept]
    world.trust()
    world.run()
    assert "EVIDENCE      " + kept.name in world.run("status", code=1)
    world.run("acknowledge", "--by", "Ann", "nosuch", code=2)
    world.run("acknowledge", "--by", "Ann", kept.name)
    assert "acknowledged by Ann" in world.run("status")
    assert kept.exists()
    assert world.m.status()["evidence"] == [
        {"file": kept.name, "time": world.m.status()["evidence"][0]["time"], "acknowledged": "Ann"}]


def test_evidence_of_an_update_can_be_checked_by_others(world, tmp_path):
    """In the form that `vitrine log` keeps too: two heads, a root, a proof."""
    q = forked(world)
    data = world.m.evidence[0].read_bytes()
    head, rest = data.split(b"\nshorter ", 1)
    assert head == b"vitrine/evidence/v1\nlog " + world.p.log.key.vkey.encode()
    size, rest = rest.split(b"\n", 1)
    shorter, rest = rest[:int(size)], rest[int(size):]
    size, rest = rest[len(b"longer "):].split(b"\n", 1)
    longer, rest = rest[:int(size)], rest[int(size):]
    lines = rest.decode().split("\n")
    assert lines[0].startswith("root ") and lines[-2:] == ["", ""]
    (_, m, old), (_, n, new) = (tlog.parse_checkpoint(tlog.parse_note(x)[0]) for x in (shorter, longer))
    root = tlog.unb64(lines[0][5:])
    proof = [tlog.unb64(x) for x in lines[1:-2]]
    assert (m, n) == (world.p.log.size, q.log.size) and root != old
    assert tlog.check_consistency(m, root, n, new, proof)


def test_another_log_needs_a_person(world, tmp_path):
    q = parties.setting(tmp_path / "other", seed="other")
    q.log.key = tlog.Key("another.example/log", seed="another")
    q.log.entries, q.root = [], None
    q.log = parties.Log(q.log.key)
    q.add_root(int(time.time()))
    assert q.publish("main", {"a.ndb": ndb(Rule_C=C)}) == []
    world.m.trust(q, [q.folder.path])
    assert "REFUSED (policy)" in world.run(code=1)
    assert "--new-log" in text(world.m.update())
    world.run("acknowledge", "--by", "Ann", "--new-log")
    world.run()
    assert world.finds(A, C) == [False, True]
    assert any(p.name.startswith("trusted-") for p in world.m.evidence)


def test_what_was_trusted_can_be_given_up(world):
    (world.m.state / "update/trusted").write_bytes(b"?")
    assert "--new-log" in world.run(code=2)
    world.run("status", code=2)
    world.run("acknowledge", "--by", "Ann", "--new-log")
    world.run()
    assert world.finds(A) == [True]


def test_content_that_workers_died_on_is_not_used_again(world):
    """As scans leave it behind, when workers died on a generation that came by an update."""
    import os
    world.publish(Rule_C=C)
    world.run()
    sets = world.m.state / "update/sets"
    os.symlink("g2", sets / "bad")
    for name, to in (("live", "g1"), ("good", "g1")):
        (sets / name).unlink()
        os.symlink(to, sets / name)
    assert "REFUSED (crashed-before)" in world.run(code=1)
    assert world.finds(A, C) == [True, False]
    assert "workers died on g2, state 2" in world.run("status", code=1)
    assert world.m.status()["put_back"]["generation"] == "g2"
    world.publish(Rule_A=A, Rule_C=C)       # something else
    world.run()
    assert world.finds(A, C) == [True, True]


# ---- loud

def test_under_systemd_lines_have_a_priority(world):
    import os
    import subprocess
    world.trust(MaxAge="0")
    time.sleep(1.1)
    r, w = os.pipe()
    st = os.fstat(w)
    p = subprocess.run([world.m.program, "update"], env=dict(world.m.env, JOURNAL_STREAM=f"{st.st_dev}:{st.st_ino}"),
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=w, check=False, timeout=60)
    os.close(w)
    said = os.read(r, 65536).decode()
    os.close(r)
    assert p.returncode == 1
    assert said.startswith("<3>vitrine update: REFUSED (stale)") and "\n<5>vitrine update: scans go on" in said


def test_two_updates_wait_for_each_other(world):
    import fcntl
    world.publish(Rule_C=C)
    import subprocess
    with open(world.m.state / "update/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        p = subprocess.Popen([world.m.program, "update"], env=world.m.env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            p.wait(1)
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0 and b"waiting for it" in err, out + err


def test_pieces_that_nobody_needs_go(world):
    chunks = world.m.state / "update/chunk"
    for i in range(4):
        world.p.add_content("main", {"a.ndb": ndb(Rule_A=A) + ndb(**{f"Rule_X{i}": b"x" * 30 + b"%d" % i})},
                            full=True, delta=False)
        world.p.add_state()
        assert world.p.commit() == []
        world.run()
    assert len([f for f in chunks.rglob("*") if f.is_file()]) == 1


def test_bundle_by_publish_tool_is_a_tar(world):
    """The tests' bundles are what tar makes of the folder."""
    tar = world.p.folder.tar(world.folder / "b.tar")
    with tarfile.open(tar) as t:
        assert "checkpoint" in {n.removeprefix("./") for n in t.getnames()}


# ---- the policy in words

def test_policy_in_words(tmp_path):
    w = World(tmp_path, CoolOff="1h", Approve="directives")
    said = text(w.m.run("config", "policy"))
    for words in ("Two of these three (witness1.example, witness2.example, witness3.example) must say",
                  "One of these two (mirror1.example, mirror2.example) must say that they keep",
                  "wait until they have been public for 1 hour", "A person approves directives",
                  "at most 48 hours old", str(tmp_path / "public"), "No update can change any of this"):
        assert words in said, said
    assert "WARNING" not in said


def test_policy_in_words_warns(tmp_path):
    w = World(tmp_path)
    w.m.trust(w.p, [], witnesses=[], mirrors=[w.p.mirrors[0].key], need_mirrors=1, Witnesses=None, Mirrors=None,
              CoolOff="0")
    said = text(w.m.run("config", "policy"))
    assert "only 'vitrine update --bundle FILE' works" in said
    assert "a single witness is enough" in said and "no mirror has to vouch" in said and "nothing waits" in said


def test_policy_that_can_t_be_used(tmp_path):
    w = World(tmp_path)
    with open(w.m.config / "update.conf", "a") as f:
        f.write("Colour blue\n")
    p = w.m.run("config", "policy")
    assert p.returncode == 2 and b"update.conf:" in p.stderr and b"there is no option 'Colour'" in p.stderr
    assert "REFUSED (policy)" in w.run(code=2)
    assert w.m.status()["refusal"]["id"] == "policy"
