# SPDX-License-Identifier: Apache-2.0
"""`vitrine directive` from outside: what is kept, dates by the calendar and by business days, exceptions,
supersession, signatures, and calendars that another program reads."""
import json
import re
import subprocess
from datetime import date, datetime, timedelta, timezone

import pytest
from conftest import BUILD, ROOT, Vitrine

icalendar = pytest.importorskip("icalendar")
CONTENT = ROOT / "content"


class Directives:
    """The command with a state and a configuration of its own."""

    def __init__(self, path):
        self.path, self.config = path, path / "config/vitrine"
        self.vitrine = Vitrine(BUILD / "vitrine", "", path / "cache")
        self.vitrine.env.update(XDG_STATE_HOME=str(path / "state"), XDG_CONFIG_HOME=str(path / "config"))
        self.store = path / "state/vitrine/directives"

    def run(self, *args, **kw):
        return self.vitrine.run("directive", *[str(a) for a in args], **kw)

    def ok(self, *args):
        r = self.run(*args)
        assert r.code == 0, r.err.decode()
        return r.text

    def refused(self, *args):
        r = self.run(*args)
        assert r.code == 2, r.text
        return r.err.decode()

    def json(self, *args):
        return json.loads(self.ok(*args, "--format", "json"))

    def key(self, name):
        path = self.path / f"{name}.key"
        r = self.vitrine.run("publish", "keygen", f"example.org/{name}", "-o", str(path), "--bare")
        assert r.code == 0
        return path, r.text.strip()

    def trust(self, *vkeys):
        self.config.mkdir(parents=True, exist_ok=True)
        (self.config / "directive-keys").write_text("# who may tell us what to remove\n" + "".join(v + "\n" for v in vkeys))

    def document(self, name="own.json", of="bod-17-01", **changes):
        doc = json.loads((CONTENT / f"directives/{of}.json").read_text())
        doc.update(changes)
        path = self.path / name
        path.write_text(json.dumps(doc))
        return path


@pytest.fixture
def d(tmp_path):
    return Directives(tmp_path)


# What is kept ------------------------------------------------------------------------------------


def test_everything_that_ships_can_be_added(d):
    ids = [x["id"] for x in d.json("list", "--all")]
    assert ids == sorted(p.stem for p in (CONTENT / "directives").glob("*.json"))
    d.ok("add", *ids)
    assert [x["id"] for x in d.json("list")] == ids
    for x in ids:
        d.ok("show", x)
        d.ok("show", x, "--sources")
        assert d.ok("show", x, "--format", "json") == (CONTENT / f"directives/{x}.json").read_text()
    d.ok("drop", *ids)
    assert d.json("list") == []
    assert not list(d.store.glob("*.json"))


def test_add_is_repeatable_and_never_goes_back(d):
    d.ok("add", "bod-17-01", "--on", "2017-09-14")
    assert "kept already" in d.ok("add", "bod-17-01")
    newer = d.document(version="2")
    assert "replaced" in d.ok("add", newer, "--unsigned")
    assert "older than 2" in d.refused("add", "bod-17-01")
    d.ok("drop", "bod-17-01")
    d.ok("add", "bod-17-01")


def test_a_newer_document_is_announced(d):
    d.ok("add", d.document(version="0.9"), "--unsigned")
    assert "version 1 has come (shipped)" in d.ok("list")
    d.ok("add", "bod-17-01")
    assert "has come" not in d.ok("list")


def test_unknown_ids_and_verbs_are_told_with_the_nearest(d):
    assert "did you mean 'bod-17-01'?" in d.refused("add", "bod-17-02")
    assert "did you mean 'due'?" in d.refused("duee")
    assert "no directive of that id was added" in d.refused("drop", "bod-17-01")
    assert "no directive of that id was added" in d.refused("drop", "../../etc/passwd")
    assert "not a date" in d.refused("due", "--on", "2017-02-30")


def test_a_changed_document_is_refused(d):
    d.ok("add", "bod-17-01")
    path = d.store / "bod-17-01.json"
    path.write_text(path.read_text().replace("P30D", "P300D"))
    for verb in (["list"], ["due"], ["show", "bod-17-01"]):
        assert "changed after it was added" in d.refused(*verb)
    d.ok("add", "bod-17-01")
    d.ok("list")
    (d.store / "bod-17-01.json").write_text("{}")
    assert "/format: missing" in d.refused("list")
    d.ok("add", "bod-17-01")
    d.ok("list")


# Dates -------------------------------------------------------------------------------------------


def dates(d, *args):
    return [(x["date"], x.get("action", x.get("exception")), x["days_left"]) for x in d.json("due", *args)["dates"]]


def test_the_days_of_bod_17_01(d):
    assert dates(d, "bod-17-01", "--on", "2017-09-13", "--until", "2018-02-10") == [
        ("2017-10-13", "identify", 30), ("2017-10-13", "report", 30), ("2017-11-12", "plan", 60), ("2017-12-12", "begin", 90),
        ("2018-01-11", "status", 120), ("2018-02-10", "status", 150)]
    d.ok("add", "bod-17-01")
    (x,) = d.json("list", "--on", "2017-10-10")
    assert x["day"] == 27 and x["next"]["date"] == "2017-10-13" and x["next"]["days_left"] == 3
    (x,) = d.json("list", "--on", "2018-01-12")
    assert x["next_report"] == {"date": "2018-02-10", "days_left": 29, "number": 2, "action": "status", "verb": "status"}


def test_what_has_passed_is_shown_once(d):
    text = d.ok("due", "bod-17-01", "--on", "2020-03-01", "--until", "2020-04-15")
    assert "Tue 2017-12-12  810 days ago" in text
    assert [x for x in re.findall(r"no\. (\d+)", text)] == ["26", "27", "28"]
    every = dates(d, "bod-17-01", "--on", "2020-03-01", "--from", "2017-09-13", "--until", "2020-04-15")
    status = [date.fromisoformat(x[0]) for x in every if x[1] == "status"]
    assert status == [date(2018, 1, 11) + timedelta(30 * n) for n in range(len(status))] and len(status) == 28
    assert date(2020, 2, 29) not in status


def test_business_days_are_counted_and_shown(d):
    # 4 July 2024 was a Thursday
    got = dates(d, "far-52-204-23", "--on", "2024-07-03", "--found", "2024-07-03", "--from", "2024-07-03")
    assert got == [("2024-07-09", "report", 6), ("2024-07-23", "follow-up", 20)]
    text = d.ok("due", "far-52-204-23", "--on", "2024-07-03", "--found", "2024-07-03")
    assert "in 6 days (3 business days)" in text
    assert "3 business days after 2024-07-03 (the discovery); holidays not counted: 2024-07-04" in text
    text = d.ok("due", "far-52-204-23", "--on", "2024-07-03")
    assert "after a discovery (--found): report" in text and "2024-07-09" not in text


def test_fixed_dates_and_months(d):
    assert [x[0] for x in dates(d, "bod-26-02", "--on", "2026-02-05", "--until", "2028-12-31")] == [
        "2026-05-05", "2027-02-05", "2027-08-05", "2028-02-05"]
    assert [x[:2] for x in dates(d, "bis-2024-kaspersky", "--on", "2024-07-01")] == [("2024-07-20", "no-new"), ("2024-09-29", "no-updates")]


def test_superseded_mid_plan(d):
    d.ok("add", "acn-2022-4336")
    assert "SUPERSEDED by acn-2025 of 2025-11-14" in d.ok("list")
    new = d.document("new.json", id="bod-99-01", issued="2018-02-01", supersedes=["bod-17-01"])
    d.ok("add", "bod-17-01")
    args = ("due", "bod-17-01", "--on", "2018-01-01", "--until", "2018-06-01")
    assert "2018-02-10" in d.ok(*args)
    d.ok("add", new, "--unsigned")
    text = d.ok(*args)
    assert "2018-01-11" in text and "2018-02-10" not in text
    assert "superseded by bod-99-01 on 2018-02-01: its dates from that day on no longer count" in text
    x = {x["id"]: x for x in d.json("list")}
    assert x["bod-17-01"]["superseded_by"] == "bod-99-01" and x["bod-99-01"]["superseded_by"] is None
    assert "SUPERSEDED  bod-99-01, 2018-02-01" in d.ok("show", "bod-17-01")


def test_hard_case_15_a_clock_that_was_set_back(d):
    d.ok("add", "bod-17-01")
    assert "clock says" not in d.run("list").err.decode()
    clock = d.store / "clock"
    assert clock.read_text() == str(datetime.now(timezone.utc).date())
    clock.write_text("2040-01-31")
    r = d.run("due", "--format", "json")
    assert json.loads(r.text)["on"] == "2040-01-31"
    assert "but here it has been 2040-01-31: that counts" in r.err.decode() and str(clock) in r.err.decode()
    assert d.json("due", "--on", "2017-10-01")["on"] == "2017-10-01"
    clock.write_text("2017-09-14")
    d.ok("list")
    assert clock.read_text() == str(datetime.now(timezone.utc).date())


# Exceptions --------------------------------------------------------------------------------------


def test_exceptions(d):
    d.ok("add", "bod-17-01")
    grant = ("except", "bod-17-01", "--product", "kaspersky-network-agent", "--approver", "J. Doe, CISO", "--reason", "no spare")
    d.ok(*grant, "--until", "2024-02-29", "--scope", "*/srv/*", "--mitigation", "isolated", "--on", "2024-01-01")
    d.ok(*grant, "--until", "2024-03-31", "--on", "2024-01-01")
    text = d.ok("due", "--on", "2024-02-20")
    assert "Thu 2024-02-29  expires in 9 days  bod-17-01: exception local-1 approved by J. Doe, CISO" in text
    assert "Thu 2024-02-29  expired 1 day ago" in d.ok("due", "--on", "2024-03-01")
    assert "exceptions: 1 in force, 1 expired" in d.ok("list", "--on", "2024-03-01")
    shown = d.ok("show", "bod-17-01", "--on", "2024-03-01")
    assert "kaspersky-network-agent at */srv/*, EXPIRED 2024-02-29 (1 day ago)" in shown and "instead: isolated" in shown
    assert "or one that has passed" in d.refused(*grant, "--until", "2023-12-31", "--on", "2024-01-01")
    assert "begin with 3 fixed" in d.refused("except", "bod-17-01", "--product", "*", "--approver", "A", "--reason", "R",
                                            "--until", "2999-01-01")
    assert "there is an exception of that name" in d.refused(*grant, "--until", "2999-01-01", "--name", "local-2")
    assert d.run(*grant).code == 2
    d.ok("except", "bod-17-01", "--revoke", "local-1")
    assert "no exception of that name" in d.refused("except", "bod-17-01", "--revoke", "local-1")
    assert [x["id"] for x in json.loads((d.store / "bod-17-01.exceptions.json").read_text())["exceptions"]] == ["local-2"]
    d.ok("check", d.store / "bod-17-01.exceptions.json")
    d.ok("drop", "bod-17-01")
    assert sorted(p.name for p in d.store.iterdir()) == ["clock", "lock"]


# Signatures --------------------------------------------------------------------------------------


def test_signed_documents(d):
    doc = d.document()
    (alice, alice_v), (bob, bob_v) = d.key("alice"), d.key("bob")
    assert "nobody has signed it" in d.refused("add", doc)
    d.ok("sign", doc, "--key", alice)
    assert "there are no keys to check it with" in d.refused("add", doc)
    d.trust(bob_v)
    assert "signed by none of the keys" in d.refused("add", doc)
    d.ok("add", doc, "--key", alice_v)
    d.ok("drop", "bod-17-01")
    d.trust(bob_v, alice_v)
    assert "(example.org/alice+" in d.ok("add", doc)
    d.ok("sign", doc, "--key", bob)
    assert doc.with_name("own.json.sig").read_text().count("\u2014") == 2
    assert re.search(r"example.org/bob\+[0-9a-f]{8}, example.org/alice\+[0-9a-f]{8}", d.ok("add", doc))
    (x,) = d.json("list")
    assert x["origin"] == "signed" and x["who"].startswith("example.org/bob+")


def test_forged_and_moved_signatures(d):
    doc = d.document()
    alice, vkey = d.key("alice")
    d.trust(vkey)
    d.ok("sign", doc, "--key", alice)
    sig = doc.with_name("own.json.sig")
    good = sig.read_text()
    doc.write_text(doc.read_text() + " ")
    assert "it signs another document" in d.refused("add", doc)
    assert "it signs another document" in d.refused("add", doc, "--unsigned")  # a signature that is there must hold
    doc = d.document()
    line = good.splitlines()[3]
    last = line.split()[-1]
    forged = last[:20] + ("A" if last[20] != "A" else "B") + last[21:]
    sig.write_text(good.replace(last, forged))
    assert "does not verify" in d.refused("add", doc)
    sig.write_text("")
    assert "not a signed note" in d.refused("add", doc)
    sig.write_text(good)
    d.ok("add", doc)


def test_unsigned_is_shown_everywhere(d):
    d.ok("add", d.document(), "--unsigned")
    assert "NOT SIGNED" in d.ok("list") and "nobody (unsigned)" in d.ok("show", "bod-17-01")
    assert d.json("list")[0]["origin"] == "unsigned"
    assert b"NOT SIGNED" in d.run("show", "bod-17-01").err and b"NOT SIGNED" in d.run("due", "bod-17-01").err


def test_sign_checks_first(d):
    key, _ = d.key("alice")
    path = d.path / "bad.json"
    path.write_text("{}")
    assert "/format: missing" in d.refused("sign", path, "--key", key)
    assert not path.with_name("bad.json.sig").exists()


def test_documents_of_the_update_log_are_found(d):
    folder = d.path / "state/vitrine/update/directives/orders"
    folder.mkdir(parents=True)
    d.document("x.json", id="bod-99-01").rename(folder / "bod-99-01.json")
    (folder / "cat.json").write_text((CONTENT / "catalogue/replacements.json").read_text())
    (folder / "README").write_text("x")
    x = {x["id"]: x for x in d.json("list", "--all")}["bod-99-01"]
    assert x["origin"] == "log" and x["who"] == "update log"
    d.ok("add", "bod-99-01")
    assert d.json("list")[0]["origin"] == "log"


# Calendars ---------------------------------------------------------------------------------------


def calendar(d, *args):
    raw = d.run("due", "--format", "ics", *args).out
    return raw, icalendar.Calendar.from_ical(raw)


def test_calendar_as_another_program_reads_it(d):
    d.ok("add", "bod-17-01", "far-52-204-23", "bod-26-02")
    # one backslash: this reader takes off the quoting twice
    reason = "wait; see \\server, then: \u201cB\u00fcro\u201d \u6f22\u5b57" * 6
    d.ok("except", "bod-17-01", "--product", "kaspersky-scan-engine", "--until", "2027-01-31", "--approver", "A, B; C", "--reason", reason,
         "--on", "2026-01-01")
    args = ("--on", "2026-11-27", "--until", "2027-12-31", "--found", "2026-11-25")
    raw, cal = calendar(d, *args)
    events = [c for c in cal.walk("VEVENT")]
    want = d.json("due", *args)["dates"]
    assert [(e["DTSTART"].dt.isoformat(), e["DTEND"].dt - e["DTSTART"].dt) for e in events] == [
        (x["date"], timedelta(1)) for x in want]
    for e, x in zip(events, want):
        if "action" in x:
            assert x["text"] in str(e["DESCRIPTION"]) and x["reckoning"] in str(e["DESCRIPTION"])
        else:
            assert reason in str(e["DESCRIPTION"]) and "A, B; C" in str(e["DESCRIPTION"])
        assert str(e["SUMMARY"]).startswith(x["directive"] + ": ")
        assert e["DTSTAMP"].dt == datetime(2026, 11, 27, tzinfo=timezone.utc)
        assert [a["ACTION"] for a in e.walk("VALARM")] == ["DISPLAY"]
    assert len({str(e["UID"]) for e in events}) == len(events) > 12
    assert b"wait\\; see \\\\server\\, then" in raw.replace(b"\r\n ", b"")
    lines = raw.split(b"\r\n")
    assert lines[-1] == b"" and all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    for line in lines:
        line.decode("utf-8")  # no character is cut
    assert calendar(d, *args)[0] == raw
    # written on another day, the same dates are the same events
    later = calendar(d, "--on", "2026-11-28", *args[2:])[1]
    assert [str(e["UID"]) for e in later.walk("VEVENT")] == [str(e["UID"]) for e in events]


def test_an_empty_calendar(d):
    raw, cal = calendar(d)
    assert cal["VERSION"] == "2.0" and not list(cal.walk("VEVENT")) and raw.startswith(b"BEGIN:VCALENDAR\r\n")


def test_names_cant_write_to_the_terminal(d):
    doc = d.document(title="a\u202eb", issuer="I")
    assert "\u202e" not in d.ok("show", doc, "--unsigned")


def test_verbs_have_help():
    for verb in re.findall(r'VT_DIRECTIVE_VERB\(\w+, "(\w+)"', (ROOT / "src/cli/directive/verbs.def").read_text()):
        p = subprocess.run([BUILD / "vitrine", "directive", verb, "--help"], capture_output=True, text=True, check=False)
        assert p.returncode == 0 and p.stdout.startswith(f"Usage: vitrine directive {verb}")
