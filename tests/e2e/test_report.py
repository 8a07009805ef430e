# SPDX-License-Identifier: Apache-2.0
"""vitrine report: proofs of many machines as one report. Hard case 15: the host that is missing."""
import csv
import io
import json
import re
import subprocess
import time

import pytest

from prove_data import Evidence


class Fleet:
    def __init__(self, vitrine, tmp_path):
        self.vitrine, self.tmp = vitrine, tmp_path
        self.folder, self.keys, self.list = tmp_path / "fleet", tmp_path / "keys", tmp_path / "expected"
        self.folder.mkdir()
        self.keys.write_text("# the machines' keys\n")
        self.machines = {}

    def machine(self, name):
        if name not in self.machines:
            folder = self.tmp / ("m-" + name)
            folder.mkdir()
            self.machines[name] = Evidence(self.vitrine, folder)
        return self.machines[name]

    def answer(self, name, what, days=0, known=True):
        """A run of `days` ago and its proof, put into the folder."""
        e = self.machine(name)
        number = len(list(self.folder.iterdir()))
        run = f"{number:032x}"
        e.add(what, run=run, host=name + ".agency.example", machine=f"{hash_of(name):032x}", age=days * 86400 + 60)
        if known and e.key() not in self.keys.read_text():
            self.keys.write_text(self.keys.read_text() + e.key() + "\n")
        path = self.folder / f"{name}-{number}.dsse"
        e.proof(path, "--run", run)
        return path

    def report(self, *args, directive="bod-17-01"):
        return self.vitrine.run("report", "--fleet", self.folder, "--key", self.keys, "--state", self.tmp / "s",
                                *args, directive)

    def json(self, *args):
        r = self.report("--format", "json", *args)
        return r.code, json.loads(r.text)


def hash_of(name):
    return int.from_bytes(name.encode().ljust(16, b"\0")[:16], "big")


@pytest.fixture
def fleet(vitrine, tmp_path):
    return Fleet(vitrine, tmp_path)


def test_counts_per_product_over_all_machines(fleet):
    fleet.answer("a", "absent")
    fleet.answer("b", "found")
    fleet.answer("c", "candidate")
    fleet.answer("d", "unknown")
    code, d = fleet.json()
    assert code == 1 and d["shown"] == "found" and d["total"] == 4
    assert d["counts"] == {"shown absent": 1, "found": 1, "not shown": 2, "no answer in the period": 0,
                           "never answered": 0}
    assert d["products"] == [{"id": "kaspersky-endpoint-security-linux", "name": "Kaspersky Endpoint Security for Linux",
                              "machines": 1, "candidates": 1, "stale": 0}]
    assert d["sentence"].startswith("Of 4 machines, 1 is shown to be without any product that bod-17-01 covers")


def test_hard_case_15_a_host_that_is_missing_from_the_report_is_named_and_counted(fleet):
    fleet.answer("a", "absent")
    assert fleet.report().code == 0
    fleet.list.write_text("# from the asset register\na.agency.example  office\nz.agency.example, cellar\n\n")
    code, d = fleet.json("--expected", fleet.list)
    assert code == 2 and d["shown"] == "not shown"
    assert d["total"] == 2 and d["counts"]["never answered"] == 1
    silent = next(m for m in d["machines"] if m["state"] == "never answered")
    assert silent["host"] == "z.agency.example"
    text = fleet.report("--expected", fleet.list).text
    assert "z.agency.example: never answered" in text
    html = fleet.report("--expected", fleet.list, "--format", "html").text
    assert "z.agency.example" in html and "never answered" in html
    rows = list(csv.DictReader(io.StringIO(fleet.report("--expected", fleet.list, "--format", "csv").text)))
    assert [r["state"] for r in rows] == ["shown absent", "never answered"]


def test_machines_are_expected_by_their_id_too_and_others_are_marked(fleet):
    fleet.answer("a", "absent")
    fleet.answer("b", "absent")
    fleet.list.write_text(f"{hash_of('a'):032x}\n")
    code, d = fleet.json("--expected", fleet.list)
    assert code == 0 and d["total"] == 2
    assert {m["host"]: m["expected"] for m in d["machines"]} == {"a.agency.example": True, "b.agency.example": False}


def test_an_old_proof_is_no_answer(fleet):
    fleet.answer("a", "absent", days=40)
    code, d = fleet.json()
    assert code == 2 and d["counts"]["no answer in the period"] == 1
    assert fleet.json("--period", "60d")[0] == 0
    assert fleet.report("--period", "soon").code == 2


def test_what_a_silent_machine_had_is_said_apart(fleet):
    fleet.answer("a", "found", days=40)
    fleet.answer("b", "absent")
    code, d = fleet.json()
    assert code == 2 and d["counts"]["found"] == 0
    assert [(p["machines"], p["stale"]) for p in d["products"]] == [(0, 1)]


def test_the_latest_proof_counts_and_the_earlier_ones_are_progress(fleet):
    fleet.answer("a", "found", days=61)
    fleet.answer("a", "found", days=31)
    fleet.answer("a", "absent", days=1)
    fleet.answer("b", "found", days=31)
    fleet.answer("b", "found", days=1)
    code, d = fleet.json()
    assert code == 1 and d["counts"]["found"] == 1 and d["total"] == 2
    assert [p["counts"]["found"] for p in d["progress"]][-2:] == [2, 1]
    html = fleet.report("--format", "html").text
    assert "<svg" in html and html.count("<rect") >= 4
    assert not re.search(r"<script|(src|href)\s*=", html)


def test_hard_case_15_a_newer_proof_is_not_undone_by_replaying_an_older_one(fleet):
    old = fleet.answer("a", "absent", days=20)
    fleet.answer("a", "found", days=2)
    (fleet.folder / "zz-again.dsse").write_bytes(old.read_bytes())
    code, d = fleet.json()
    assert code == 1 and d["total"] == 1 and d["counts"]["found"] == 1


def test_hard_case_15_what_is_refused_counts_as_no_answer(fleet):
    fleet.answer("a", "absent")
    stranger = fleet.answer("b", "absent", known=False)
    forged = fleet.answer("c", "found")
    forged.write_text(forged.read_text().replace('"payload": "eyJ', '"payload": "eyK'))
    (fleet.folder / "note.txt").write_text("hello")
    (fleet.folder / "below").mkdir()
    fleet.list.write_text("a.agency.example\nb.agency.example\nc.agency.example\n")
    code, d = fleet.json("--expected", fleet.list)
    assert code == 2 and d["total"] == 3 and d["counts"]["never answered"] == 2
    why = {r["file"]: r["why"] for r in d["refused"]}
    assert set(why) == {stranger.name, forged.name, "note.txt"}
    assert "signature" in why[stranger.name] and "DSSE" in why["note.txt"]


def test_hard_case_15_one_machine_can_not_answer_for_another(fleet):
    """Its key is known, and it signs a run of another machine's."""
    fleet.answer("a", "absent")
    e = fleet.machine("a")
    e.add("absent", run="f" * 32, host="b.agency.example", machine="b" * 32)
    r = e.prove("bod-17-01", "--format", "statement", "--run", "f" * 32, "-o", fleet.folder / "b.dsse")
    assert r.code == 2 and not (fleet.folder / "b.dsse").exists()


def test_proofs_of_another_directive_are_refused(fleet):
    fleet.answer("a", "absent")
    r = fleet.report("--format", "json", directive="ndaa-2018-1634")
    assert r.code == 2 and json.loads(r.text)["total"] == 0
    assert "another directive" in json.loads(r.text)["refused"][0]["why"]


def test_hard_case_15_a_proof_from_the_future_is_refused(fleet, tmp_path):
    e = fleet.machine("a")
    fleet.keys.write_text(e.add("absent", run="1" * 32, host="a", age=-86400).key() + "\n")
    e.prove("bod-17-01", "--format", "statement", "-o", fleet.folder / "a.dsse", before=["faketime", "-f", "+2d"])
    assert (fleet.folder / "a.dsse").exists()
    code, d = fleet.json()
    assert code == 2 and d["total"] == 0 and "clock" in d["refused"][0]["why"]


def test_the_chart_is_shown_by_chromium(fleet):
    for i, what in enumerate(["found", "absent"]):
        fleet.answer("a", what, days=31 - 30 * i)
    path = fleet.tmp / "fleet.html"
    assert fleet.report("--format", "html", "-o", path).code == 0
    p = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
                        f"--user-data-dir={fleet.tmp}/chromium", path.as_uri()],
                       check=False, capture_output=True, text=True, timeout=120)
    assert "shown absent" in p.stdout and p.stdout.count("<rect") >= 2
    assert time.strftime("%Y", time.gmtime()) in p.stdout
