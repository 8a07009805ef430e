# SPDX-License-Identifier: Apache-2.0
"""A collector that was taken over, between the real programs: it is ended, what it was to look at is unknown, and
nothing that it says makes "absent" of a run that went wrong. tests/containment/collector_hostile.c has the ways."""
import json
import os
import shutil
import subprocess
import time

import pytest
from conftest import BUILD

HELPERS = BUILD / "tests" / "containment"
pytestmark = pytest.mark.skipif(not (HELPERS / "collector-hostile").exists(), reason="this build has no such helper")

BADLY = "answered badly"
WAYS = {
    "garbage": BADLY, "unknown-id": "ended too early", "other-role": BADLY, "before-subject": BADLY,
    "two-subjects": BADLY, "second-root": BADLY, "kinds": BADLY, "parent": BADLY, "no-rule": BADLY,
    "rule-of-other-kind": BADLY, "content": BADLY, "digest": BADLY, "counts": BADLY, "read-unseen": BADLY,
    "fifo": BADLY, "folder": BADLY, "socket": BADLY, "device": BADLY, "path-only": BADLY, "writable": BADLY,
    "no-descriptor": BADLY, "descriptor-elsewhere": "ended too early", "backwards": BADLY,
    "crash": "crashed (Segmentation fault)", "leave": "ended too early", "early": "ended too early",
    "between": "ended too early", "nothing": "nothing in it to look at", "open-end": BADLY,
    "says-stopped": "stopped", "says-memory": "no memory", "escapes-in-why": "owned",
    "many-subjects": BADLY,
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The shipped programs, with the hostile collector in the place of the other."""
    folder = tmp_path_factory.mktemp("programs")
    for name in ("vitrine", "vitrine-worker", "vitrine-compiler"):
        shutil.copy(BUILD / name, folder / name)
    shutil.copy(HELPERS / "collector-hostile", folder / "vitrine-collector")
    (folder / "content").symlink_to((BUILD / "content").resolve())
    return folder


def vitrine(programs, tmp_path, *args, timeout=300):
    env = dict(os.environ, LC_ALL="C.UTF-8", HOME=str(tmp_path))
    for name in ("STATE", "CONFIG", "CACHE"):
        env[f"XDG_{name}_HOME"] = str(tmp_path / name.lower())
    return subprocess.run([programs / "vitrine", *map(str, args)], env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False, timeout=timeout)


def way(tmp_path, name):
    root = tmp_path / "roots" / name
    root.mkdir(parents=True)
    return root


def survey_of(programs, tmp_path, *args):
    p = vitrine(programs, tmp_path, "inventory", "--format", "json", "--state", tmp_path, "--evidence",
                tmp_path / "evidence.db", *args)
    return p, json.loads(p.stdout) if p.stdout else None


def check(programs, tmp_path):
    p = vitrine(programs, tmp_path, "check", "--format", "json", "--state", tmp_path, "--evidence",
                tmp_path / "evidence.db", "bod-17-01")
    return p.returncode, json.loads(p.stdout)["shown"]


def test_honest_words_show_absence(programs, tmp_path):
    """Or the others would show nothing."""
    root = way(tmp_path, "honest")
    p, survey = survey_of(programs, tmp_path, "--root", root)
    assert p.returncode == 0, p.stderr
    assert survey["subjects"][0]["name"] == str(root)
    assert check(programs, tmp_path) == (0, "absent")


@pytest.mark.parametrize("name", WAYS)
def test_lies(programs, tmp_path, name):
    root = way(tmp_path, name)
    what = ("--image", root) if name == "many-subjects" else ("--root", root)
    before = set(os.listdir("/tmp"))
    p, survey = survey_of(programs, tmp_path, *what)
    assert p.returncode == 2, (p.returncode, p.stderr)
    assert WAYS[name].encode() in p.stderr, p.stderr
    assert not any(byte in p.stderr for byte in (b"\033", b"\x9b", b"\007"))
    assert not [n for n in set(os.listdir("/tmp")) - before if n.startswith("vitrine-hostile")] or name == "writable"
    assert survey["subjects"]
    for subject in survey["subjects"][:3]:
        assert subject["areas"] and all(a["answer"] in ("unknown", "found") for a in subject["areas"].values()), subject
    assert check(programs, tmp_path) == (2, "not shown")


def test_areas_that_are_passed_over(programs, tmp_path):
    p, survey = survey_of(programs, tmp_path, "--root", way(tmp_path, "unasked"))
    assert p.returncode == 0 and all(a["answer"] == "unknown" for a in survey["subjects"][0]["areas"].values())
    assert check(programs, tmp_path) == (2, "not shown")


def test_one_liar_among_others(programs, tmp_path):
    """Says that it was stopped, so that what comes after it would not be looked at."""
    liar, other = way(tmp_path, "says-stopped"), way(tmp_path, "honest")
    p, survey = survey_of(programs, tmp_path, "--root", liar, "--root", other)
    assert p.returncode == 2
    assert [s["name"] for s in survey["subjects"]] == [str(liar), str(other)]
    assert check(programs, tmp_path) == (2, "not shown")


def test_escapes_are_shown_harmless(programs, tmp_path):
    root = way(tmp_path, "escapes-in-text")
    p = vitrine(programs, tmp_path, "inventory", "--state", tmp_path, "--evidence", tmp_path / "e.db", "--root", root)
    said = p.stdout + p.stderr
    p = vitrine(programs, tmp_path, "check", "--state", tmp_path, "--evidence", tmp_path / "e.db", "bod-17-01")
    said += p.stdout + p.stderr
    p = vitrine(programs, tmp_path, "inventory", "--format", "json", "--state", tmp_path, "--evidence",
                tmp_path / "e.db", "--root", root)
    [finding] = json.loads(p.stdout)["findings"]
    p = vitrine(programs, tmp_path, "explain", "--state", tmp_path, "--evidence", tmp_path / "e.db", finding["id"])
    said += p.stdout + p.stderr
    assert b"kesl-control" in said
    assert not any(byte in said for byte in (b"\033", b"\x9b", b"\007")), said


def test_size_is_the_file_s_own(programs, tmp_path):
    p, _ = survey_of(programs, tmp_path, "--root", way(tmp_path, "wrong-size"))
    assert p.returncode == 0, p.stderr


@pytest.mark.parametrize("name,stop_ms,error,why", [
    ("many-observations", 120000, 7, "more than there is memory for"), ("many-components", 120000, 7, "memory"),
    ("silence", 60000, 11, "took too long"), ("heartbeats", 60000, 11, "took too long"),
    ("crawl", 60000, 11, "took too long"), ("flood", 1000, 10, "stopped"), 
])
def test_no_patience_without_end(tmp_path, name, stop_ms, error, why):
    """96 times the silence is all that signs of life buy: 15 minutes and a day, 50 ms and 5 s here."""
    root = way(tmp_path, name)
    began = time.monotonic()
    p = subprocess.run([HELPERS / "collect-run", HELPERS / "collector-hostile", root, "50" if error == 11 else "9000",
                        str(stop_ms)], capture_output=True, text=True, timeout=150, check=True)
    code, asked, broken, said = p.stdout.strip().split(" ", 3)
    assert (int(code), why in said) == (error, True), p.stdout
    assert asked == broken == "2"
    assert time.monotonic() - began < 110
