# SPDX-License-Identifier: Apache-2.0
"""`vitrine log follow`: a monitor reads logs that were really published, and alerts on what it must alert on."""
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import entries, parties, servers, tlog  # noqa: E402
from conftest import BUILD  # noqa: E402
from test_log import NEW, OLD, Events, Monitor, fork  # noqa: E402
from test_publish import OWNERS, House, hashes  # noqa: E402

HOUR = 3600


@pytest.fixture
def m(vitrine, tmp_path):
    """A monitor that has seen the first version, without an alert."""
    m = Monitor(vitrine, tmp_path)
    m.publish(OLD)
    first = m.follow()
    assert first.code == 0 and not first.alerts
    return m


def cosign_all(p, now=None, witnesses=None):
    """Everybody signs whatever there is."""
    return [w.collude(p.log.text(), int(now or time.time())) for w in (witnesses or p.witnesses) + p.mirrors]


def chunk_of(m, index, key="delta"):
    (_, _, name), = entries.Entry(m.p.log.entries[index]).chunks(key)
    return m.log / entries.chunk_path(name)


def only(events, alert):
    """The one kind of alert there is."""
    assert events.code == 1 and set(events.alerts) == {alert}, events.of("alert")
    return events.of("alert")[0]


# -- what is followed


def test_first_run_shows_everything(vitrine, tmp_path):
    m = Monitor(vitrine, tmp_path)
    m.publish(OLD)
    e = m.follow()
    assert e.code == 0
    head, = e.of("head")
    assert head["size"] == 3 and head["new"] == 3 and len(head["cosigners"]) == 5
    assert [x["title"] for x in e.of("entry")] == ["root 1", "content main 1", "state 1"]
    content = e.of("entry")[1]
    assert content["added"] == 41 and "Old.39" in content["review"]
    assert e.of("end")[0] == {"type": "end", "size": 3, "entries": 3, "alerts": 0}


def test_a_change_is_a_diff_of_rules(m):
    m.publish()
    e = m.follow()
    assert e.code == 0 and [x["index"] for x in e.of("entry")] == [3, 4]
    content = e.of("entry")[0]
    assert (content["added"], content["removed"], content["changed"]) == (2, 1, 0)
    for line in ("  - Old.7\n", "  + New.7\n", "  + Extra.Rule\n"):
        assert line in content["review"]
    assert "Old.8" not in content["review"]
    # and it goes on where it was
    again = m.follow()
    assert again.code == 0 and not again.of("entry") and not again.of("head")


def test_a_version_that_hides_its_changes_is_compared_here(m):
    """It comes whole, without a delta: what changed is found out from the version before."""
    m.publish(NEW, full=True, delta=False)
    content = m.follow().of("entry")[0]
    assert "which this one does not say itself" in content["review"]
    assert (content["added"], content["removed"]) == (2, 1) and "Old.8" not in content["review"]


def test_human_output(m):
    m.publish()
    r = m.run("follow", m.log, "--state", m.path / "state", "--once")
    assert r.code == 0, r.err
    assert "ENTRY 3: content main 2" in r.text and "  + Extra.Rule\n" in r.text and "2 new entries; alerts: 0" in r.text
    m.publish(OLD)
    r = m.run("follow", m.log, "--state", m.path / "state", "--once", "--most=1")
    assert "and 2 more that are not shown" in r.text


def test_many_versions_of_several_sets(m):
    files = dict(OLD)
    for i in range(30):
        files["daily.hsb"] += b"%032x:9:Next.%d\n" % (1000 + i, i)
        m.p.add_content("main", files, full=i % 7 == 6, delta=i % 7 != 6)
        m.p.add_content("extra", {"a.ndb": b"X%d:0:*:00\n" % i})
        m.p.add_content("rules", {"t.txt": b"text without an end %d" % i}, kind="directive")
        m.p.add_state()
    assert not m.p.commit()
    e = m.follow()
    assert e.code == 0 and not e.alerts and len(e.of("entry")) == 120
    assert all(x["added"] == 1 and x["removed"] == 0 for x in e.of("entry") if x["title"].startswith("content main"))
    kept = [p for p in (m.path / "state").rglob("chunk/*/*")]
    assert len(kept) < 70, "chunks of versions that nothing builds on are not kept"
    assert [p.name for p in (m.path / "state").rglob("tile/0/*.p/*")] == [str(m.p.log.size)]
    # a second monitor, begun from nothing, agrees
    assert m.follow(state="other").code == 0


def test_a_release_and_who_rebuilt_it(m):
    m.p.rebuilders = [tlog.Key(f"rebuilder{i}.example", tlog.ED25519, f"r{i}") for i in (1, 2)]
    m.p.add_root(int(time.time()))
    hashes = {"bin/vitrine": "aa" * 32, "bin/vitrine-worker": "bb" * 32}
    index, leaf = m.p.append("release", [("name", "vitrine"), ("version", "1.0"), ("source", "c0ffee"), (
        "buildinfo", "-")] + [("file", f"{h} 10 0 {n}") for n, h in hashes.items()])
    m.p.live["release", "vitrine"] = (index, leaf)
    m.p.add_state()
    attest = [("release", leaf)] + [("file", f"{h} {n}") for n, h in hashes.items()]
    m.p.append("attest", attest, [m.p.rebuilders[0]])
    m.p.add_state()
    assert not m.p.commit()
    e = m.follow()
    assert set(e.alerts) == {"new-key"} and "RELEASE of the program vitrine" in e.of("entry")[1]["review"]
    attest[1] = ("file", f"{'cc' * 32} bin/vitrine")
    m.p.append("attest", attest, [m.p.rebuilders[1]])
    m.p.add_state()
    assert not m.p.commit()
    assert "bin/vitrine" in only(m.follow(), "rebuild")["text"]


def test_over_http_and_from_a_bundle(m, program):
    shutil.copy(BUILD / "vitrine-updater", program.parent / "vitrine-updater")
    m.publish()
    with servers.Server(m.log) as s:
        e = m.follow(s.url)
        assert e.code == 0 and [x["index"] for x in e.of("entry")] == [3, 4]
        assert m.vitrine.run("egress", "verify", "--ledger", m.path / "state/egress").code == 0
    r = m.run("follow", s.url, "--state", m.path / "state", "--once", "--format=jsonl")
    assert r.code == 2 and Events(r).alerts == ["unreachable"]
    m.publish(OLD)
    e = m.follow(m.p.folder.tar(m.path / "stick.tar"))
    assert e.code == 0 and [x["index"] for x in e.of("entry")] == [5, 6]


def test_waits_and_goes_on(m):
    p = m.vitrine.start("log", "follow", "--policy", m.policy, m.log, "--state", m.path / "state", "--interval=50ms",
                        "--format=jsonl", stdout=subprocess.PIPE)
    try:
        assert b'"end"' in p.stdout.readline()
        r = m.run("follow", m.log, "--state", m.path / "state", "--once")
        assert r.code == 2 and b"another one works in it" in r.err
        m.publish()
        lines = b""
        while b"Extra.Rule" not in lines or not lines.endswith(b'"alerts":0}\n'):
            lines += p.stdout.readline()
        p.send_signal(signal.SIGTERM)
        p.stdout.read()
        assert p.wait(20) == 0
    finally:
        p.kill()
        p.wait()
    assert not m.follow().of("entry")


def test_killed_at_any_time_it_misses_nothing(vitrine, tmp_path):
    m = Monitor(vitrine, tmp_path)
    for i in range(40):
        m.p.add_content("main", dict(OLD, **{"x.ndb": b"".join(b"X%d:0:*:00\n" % k for k in range(i + 1))}))
        m.p.add_state()
    assert not m.p.commit()
    seen = set()
    for i in range(60):
        with open(tmp_path / "out", "wb") as out:
            p = vitrine.start("log", "follow", "--policy", m.policy, m.log, "--state", m.path / "state", "--once",
                              "--format=jsonl", stdout=out)
            time.sleep(0.002 * i)
            p.kill()
            p.wait()
        for line in (tmp_path / "out").read_bytes().split(b"\n")[:-1]:
            if b'"type":"entry"' in line:
                seen.add(int(line.split(b'"index":')[1].split(b",")[0]))
            assert b'"alert"' not in line
    e = m.follow()
    assert e.code == 0
    assert seen | {x["index"] for x in e.of("entry")} == set(range(m.p.log.size))


def test_what_vitrine_publish_publishes(vitrine, tmp_path):
    """A life of a log by the publisher's own tool: alerts where there is something to see, and only there."""
    house = House(vitrine, tmp_path / "house")

    def follow(*alerts):
        r = vitrine.run("log", "follow", "--log", house.vkey, house.public(), "--state", tmp_path / "state", "--once",
                        "--format=jsonl")
        e = Events(r)
        assert e.code == (1 if alerts else 0) and sorted(set(e.alerts)) == sorted(alerts), e.of("alert")
        return [x["title"].split()[0] for x in e.of("entry")]

    def version(n, *args):
        (house.source / "a.hdb").write_text(hashes(n))
        house.load(*args)
        house.commit()
    house.load()
    house.commit()
    assert follow() == ["root", "content", "state"]
    version(1)
    version(2, "--full")
    assert follow() == ["content", "state"] * 2
    house.ok("withdraw", house.dir, "--set", "main", "--version", 3, "--reason", "fires on everything")
    house.commit()
    assert follow("withdrawal") == ["withdraw", "state"]
    version(3)    # ends that withdrawal
    assert follow() == ["content", "state"]
    line = (house.source / "a.hdb").read_text().splitlines()[3]
    house.ok("withdraw", house.dir, "--set", "main", "--file", "a.hdb", "--line", line, "--reason", "fires on ls")
    house.commit()
    index = house.audit().size - 2
    assert follow("withdrawal") == ["withdraw", "state"]
    house.commit(propose=("--lift", str(index)))
    assert follow("gone") == ["state"]
    house.ok("rotate", house.dir, *[a for o in OWNERS[:2] for a in ("--owner", house.pubs[o])], "--threshold", 2)
    house.commit()
    assert follow("owners") == ["root", "state"]
    for v in ("1.0", "1.1"):
        house.ok("release", house.dir, house.key("alice"), "--name", "vitrine", "--program-version", v, "--source", "abc",
                 "--strip", house.path)
        house.commit()
    assert follow() == ["release", "state"] * 2
    house.commit()
    assert follow() == ["state"]


def test_what_it_keeps_is_damaged(m):
    """Its own disk is not the log's fault: the piece is fetched again."""
    kept, = (m.path / "state").rglob("chunk/*/*")
    kept.write_bytes(b"?" * kept.stat().st_size)
    m.publish()
    e = m.follow()
    assert e.code == 0 and e.of("entry")[0]["added"] == 2
    tile, = (m.path / "state").rglob("tile/0/*.p/*")
    tile.write_bytes(bytes(tile.stat().st_size))
    r = m.run("follow", m.log, "--state", m.path / "state", "--once")
    assert r.code == 2 and b"the hashes that are kept are damaged" in r.err


def test_what_two_monitors_saw_is_compared(m):
    other = fork(m)
    assert m.follow().code == 0
    r = m.run("compare", m.path / "state", m.log)
    assert r.code == 0 and "the same head" in r.text
    assert m.follow(other.folder.path, state="theirs").code == 0
    r = m.run("compare", m.path / "state", m.path / "theirs", "--site", other.folder.path, "--evidence", m.path / "kept")
    assert r.code == 1 and len(list((m.path / "kept").iterdir())) == 1


# -- alerts, each alone


def test_alert_new_key(m):
    new = m.p.owners + [tlog.Key("owner9.example", tlog.ED25519, "nine")]
    m.p.add_root(int(time.time()), owners=new)
    m.p.add_state()
    assert not m.p.commit()
    alert = only(m.follow(), "new-key")
    assert alert["index"] == 3 and "owner9.example" in alert["text"]


def test_alert_owners_that_go(m):
    m.p.add_root(int(time.time()), owners=m.p.owners[:2], threshold=1, keys=m.p.owners)
    m.p.add_state()
    assert not m.p.commit()
    e = m.follow()
    only(e, "owners")
    assert any("owner3.example" in a["text"] for a in e.of("alert"))
    assert any("1 owners must sign from now on; it was 2" in a["text"] for a in e.of("alert"))
    assert "FEWER" in e.of("entry")[0]["review"]


def test_alert_root_without_the_old_quorum(m):
    mine = [tlog.Key(f"mallory{i}.example", tlog.ED25519, f"mal{i}") for i in range(3)]
    m.p.add_root(int(time.time()), owners=mine, keys=mine)
    m.p.add_state()
    assert not m.p.commit()
    e = m.follow()
    assert e.code == 1 and {"root", "new-key"} <= set(e.alerts)


def test_alert_another_first_root(m):
    leaf = entries.leaf(m.p.log.entries[0])
    assert m.follow(state="new", options=["--root", leaf]).code == 0
    e = m.follow(state="newer", options=["--root", "0" * 64])
    assert only(e, "root")["index"] == 0


def test_alert_withdrawal(m):
    m.p.add_withdraw("rule", "main", "fires on /bin/sh", file="daily.hsb", line="%064x" % 1)
    m.p.add_state()
    assert not m.p.commit()
    alert = only(m.follow(), "withdrawal")
    assert alert["index"] == 3 and "fires on /bin/sh" in alert["text"]


def test_alert_withdrawal_that_ends(m):
    m.p.add_withdraw("rule", "main", "fires on /bin/sh", file="daily.hsb", line="%064x" % 1)
    m.p.add_state()
    m.p.live = {k: v for k, v in m.p.live.items() if k[0] != "withdraw"}
    m.p.add_state()
    assert not m.p.commit()
    assert sorted(set(m.follow().alerts)) == ["gone", "withdrawal"]


def test_alert_set_that_ends_silently(m):
    del m.p.live["content", "main"]
    m.p.add_state()
    assert not m.p.commit()
    assert "content main 1" in only(m.follow(), "gone")["text"]


def test_alert_unreadable_chunk_and_when_it_is_there_again(m):
    m.publish()
    chunk = chunk_of(m, 3)
    away = m.path / "away"
    chunk.rename(away)
    e = m.follow()
    alert = only(e, "unreadable")
    assert alert["index"] == 3 and chunk.name in alert["text"] and "is missing" in alert["text"]
    assert "the rules are not at hand" in e.of("entry")[0]["review"]
    # as long as it is away
    assert only(m.follow(), "unreadable")["index"] == 3
    # what builds on it can't be checked either
    m.p.chunks = {}
    m.p.add_content("main", OLD)
    m.p.add_state()
    m.p.upload()
    m.p.show(m.p.signed(cosign_all(m.p)))
    e = m.follow()
    assert {a["index"] for a in e.of("alert")} == {3}
    away.rename(chunk)
    e = m.follow()
    assert e.code == 0 and [x["index"] for x in e.of("readable")] == [3, 5]
    assert "  + Extra.Rule\n" in e.of("readable")[0]["review"]
    e = m.follow()
    assert e.code == 0 and not e.of("readable")


def test_alert_unreadable_chunk_with_other_bytes(m):
    m.publish()
    chunk = chunk_of(m, 3)
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"?")
    assert "other bytes than the log says" in only(m.follow(), "unreadable")["text"]


def test_alert_chunk_that_only_a_mirror_has(m):
    m.publish()
    mirror = m.p.folder.copy(m.path / "mirror")
    chunk_of(m, 3).unlink()
    e = m.follow(m.log, mirror.path)
    alert = only(e, "unreadable")
    assert alert["place"] == str(m.log) and "  + Extra.Rule\n" in e.of("entry")[0]["review"]
    assert m.follow(m.log, mirror.path).code == 0


@pytest.mark.parametrize("sizes", [(1, 1), (1, 2), (2, 1)])
def test_alert_fork(m, sizes):
    """The log was seen, and then goes on otherwise: evidence that anybody can check is kept."""
    other = fork(m, *sizes)
    assert m.follow().code == 0
    e = m.follow(other.folder.path)
    assert "fork" in e.alerts and e.code == 1 and not e.of("entry")
    evidence = Path(next(a for a in e.of("alert") if a["alert"] == "fork")["evidence"])
    assert evidence.parent == m.path / "state/evidence"
    check = m.vitrine.run("log", "verify", "--evidence", evidence, "--log", m.p.log.key.vkey)
    assert check.code == 0 and "two heads that no single log can have" in check.text
    # the true log is followed on
    m.publish(OLD)
    assert m.follow().code == 0


def test_alert_fork_between_places(m):
    """Two places show different logs at the same time."""
    other = fork(m)
    e = m.follow(m.log, other.folder.path)
    assert "fork" in e.alerts
    assert list((m.path / "state/evidence").iterdir())


def test_alert_fork_before_what_was_seen(m):
    """The log is now shorter and different: the tree that was seen is kept, and proves it."""
    for i in range(300):
        m.p.add_state()
    assert not m.p.commit()
    assert m.follow().code == 0
    twin = parties.Publisher(m.path / "twin", seed="twin")
    twin.log.key, twin.owners = m.p.log.key, m.p.owners
    twin.add_state()
    twin.upload()
    twin.show(twin.signed(cosign_all(m.p) and [w.collude(twin.log.text(), int(time.time()))
                                              for w in m.p.witnesses + m.p.mirrors]))
    shutil.rmtree(m.log)
    e = m.follow(twin.folder.path)
    assert "fork" in e.alerts and "rollback" in e.alerts
    evidence, = (m.path / "state/evidence").iterdir()
    assert m.run("verify", "--evidence", evidence).code == 0


def test_alert_rollback(m):
    before = m.p.folder.copy(m.path / "before")
    m.publish()
    assert m.follow().code == 0
    only(m.follow(before.path), "rollback")


def test_alert_rewritten_entry(m):
    """The same size with another entry: a fork."""
    m.p.log.replace(1, m.p.log.entries[1].replace(b"name main", b"name evil"))
    m.p.upload()
    m.p.show(m.p.signed(cosign_all(m.p)))
    only(m.follow(), "fork")


def test_alert_quorum(m):
    m.p.add_state()
    m.p.upload()
    m.p.show(m.p.signed(cosign_all(m.p, witnesses=m.p.witnesses[:1])))
    e = m.follow()
    only(e, "quorum")
    assert [x["index"] for x in e.of("entry")] == [3], "it is shown nevertheless"


def test_alert_false_cosignature(m):
    other = m.p.witnesses[0].collude(m.p.log.text(2), int(time.time()))
    m.p.show(m.p.signed([other] + cosign_all(m.p, witnesses=m.p.witnesses[1:])))
    assert "cosignature" in only(m.follow(), "head")["text"]


def test_alert_head_of_another_key(m):
    m.p.folder.put("checkpoint", m.p.signed(key=tlog.Key(m.p.origin, tlog.ED25519, "stolen")))
    assert "not signed by the log's key" in only(m.follow(), "head")["text"]


def test_alert_stale(m):
    now = int(time.time())
    m.p.show(m.p.signed(cosign_all(m.p, now - 3 * HOUR)))
    assert m.follow().code == 0
    only(m.follow(options=["--max-age=2h"]), "stale")


def test_alert_expired(m):
    now = int(time.time())
    m.p.add_state(now, expires=now + 1)
    assert not m.p.commit()
    time.sleep(1.1)
    only(m.follow(), "expired")


def test_alert_tree(m):
    m.publish()
    bundle = m.log / "tile/entries/000.p/5"
    good = bundle.read_bytes()
    bundle.write_bytes(good.replace(b"name main\nversion 2", b"name evil\nversion 2"))
    e = m.follow()
    only(e, "tree")
    assert not e.of("entry")
    bundle.write_bytes(good)
    e = m.follow()
    assert e.code == 0 and [x["index"] for x in e.of("entry")] == [3, 4]


def test_alert_hidden_entries(m):
    m.publish()
    (m.log / "tile/entries/000.p/5").unlink()
    assert "missing" in only(m.follow(), "unreadable")["text"]


def test_alert_entry(m):
    m.p.append("content2", [("name", "main")])
    m.p.add_state()
    assert not m.p.commit()
    only(m.follow(), "entry")


def test_alert_signature(m):
    m.p.add_content("main", NEW, keys=m.p.owners[:1])
    m.p.add_state()
    assert not m.p.commit()
    assert "signed by 1 where 2 are needed" in only(m.follow(), "signature")["text"]


def test_alert_version(m):
    m.p.add_content("main", NEW, version=7)
    m.p.add_state()
    assert not m.p.commit()
    e = m.follow()
    assert e.code == 1 and "version" in e.alerts


def test_alert_state(m):
    m.p.add_state(live=[(0, "content", entries.leaf(m.p.log.entries[0]))])
    assert not m.p.commit()
    e = m.follow()
    assert e.code == 1 and "state" in e.alerts


def test_alert_last_entry_is_no_state(m):
    m.p.add_content("main", NEW)
    assert not m.p.commit()
    assert "the last entry is not a state" in only(m.follow(), "state")["text"]


def test_alert_set_that_goes_back(m):
    m.publish()
    old = entries.leaf(m.p.log.entries[1])
    m.p.add_state(live=[(1, "content", old)])
    assert not m.p.commit()
    assert "goes back" in only(m.follow(), "state")["text"]


def test_alert_content_that_is_not_what_it_says(m):
    def other(fields):
        return [(k, v.replace(entries.file_line("daily.hsb", NEW["daily.hsb"])[:8], "00000000") if k == "file" else v)
                for k, v in fields]
    m.p.add_content("main", NEW, alter=other)
    m.p.add_state()
    m.p.mirrors = []
    m.p.upload()
    m.p.show(m.p.signed(cosign_all(m.p)))
    e = m.follow()
    assert "content" in e.alerts and "does not give its files" in e.of("alert")[0]["text"]


def test_alert_another_number_of_lines(m):
    def other(fields):
        return [(k, v.replace(" 41 daily.hsb", " 40 daily.hsb") if k == "file" else v) for k, v in fields]
    m.p.add_content("main", NEW, alter=other)
    m.p.add_state()
    assert not m.p.commit()
    assert "number of lines" in only(m.follow(), "content")["text"]


def test_what_others_wrote_can_not_write_to_the_terminal(m):
    """File names and rules are bytes of somebody else's."""
    m.publish(dict(NEW, **{"x.ndb": b"\x1b[2J\x1b]0;owned\x07Evil:0:*:00\n"}))
    r = m.run("follow", m.log, "--state", m.path / "state", "--once")
    assert r.code == 0 and b"\x1b" not in r.out and b"Evil" in r.out


def test_wrong_use(m):
    for args, word in (([], b"at least one PLACE"), (["--root", "xyz", m.log], b"64 hexadecimal"),
                       (["--log", m.p.log.key.vkey, m.log], b"either --policy")):
        r = m.run("follow", *args, "--once")
        assert r.code == 2 and word in r.err
    seen, = (m.path / "state").rglob("seen")
    seen.write_bytes(b"vitrine/follow/v1\nat 99\n")
    r = m.run("follow", m.log, "--state", m.path / "state", "--once")
    assert r.code == 2 and b"seen" in r.err
