# SPDX-License-Identifier: Apache-2.0
"""Options, help and messages of the command line."""
import re

import pytest
from conftest import EICAR, ROOT


def test_version_and_help(vitrine):
    assert vitrine.run("--version").text.startswith("vitrine 0.")
    top = vitrine.run("--help")
    assert top.code == 0 and all(c in top.text for c in ("scan", "db", "doctor"))
    for command in ("scan", "db", "doctor"):
        a, b = vitrine.run("help", command), vitrine.run(command, "--help")
        assert (a.out, a.code) == (b.out, b.code) and a.code == 0 and "Usage:" in a.text
    for verb in ("build", "info", "list", "find", "explain", "diff", "verify"):
        r = vitrine.run("db", verb, "--help")
        assert r.code == 0 and f"vitrine db {verb}" in r.text
    assert vitrine.run().code == 2


@pytest.mark.parametrize("args, message", [
    (["scam"], "did you mean 'scan'?"),
    (["db", "biuld"], "did you mean 'build'?"),
    (["scan", "--folow", "x"], "did you mean '--follow'?"),
    (["scan", "-Q", "x"], "unknown option '-Q'"),
    (["scan", "--db"], "--db needs a value"),
    (["scan", "--strict=yes", "x"], "takes no value"),
    (["scan", "--max-file-size", "10X", "x"], "'10X' is not a value of --max-file-size"),
    (["scan", "--max-file-size", "99999999999999999999", "x"], "is not a value"),
    (["scan", "--max-file-size", "-1", "x"], "is not a value"),
    (["scan", "--format=xml", "x"], "human|jsonl|json|csv|sarif|html"),
    (["scan", "-j", "0", "x"], "--jobs is 1 to"),
    (["scan", "--max-depth=unlimited", "x"], "--max-depth is 0 to"),
    (["scan"], "no PATH given"),
    (["db", "build", "x"], "give -o IMAGE"),
    (["db", "diff", "x"], "give two databases"),
    (["db", "list", "x"], "takes no operand"),
    (["doctor", "x"], "takes no operand"),
])
def test_mistakes(vitrine, args, message):
    r = vitrine.run(*args)
    assert r.code == 2 and message in r.err.decode()


def test_ways_to_write_options(vitrine, tree):
    (tree / "-z").write_bytes(EICAR)
    for args in (["-j1", "-z"], ["-zj1"], ["-zj", "1"], ["-j=1"], ["--jobs=1"], ["--jobs", "1"],
                 ["--no-recursive", "--recursive"], ["--no-strict"], ["--max-ratio=unlimited"], ["--max-depth=0"],
                 ["--max-time=1500ms"], ["--max-object-size", "1KiB"]):
        assert vitrine.scan(*args, tree).code == 1, args
    assert vitrine.scan("--", "-z", cwd=tree).code == 1
    assert vitrine.scan(tree, "-q").code == 1  # options behind operands


def test_doctor(vitrine):
    import json
    r = vitrine.run("doctor", "--db", vitrine.database)
    assert r.code == 0, r.text
    assert "a sandboxed worker found Test.Eicar" in r.text
    assert "system call filter" in r.text
    j = json.loads(vitrine.run("doctor", "--db", vitrine.database, "--format=json").out)
    assert j["well"] and j["test"]["found"] and j["protection"]
    assert vitrine.run("doctor", "--db", "/nonexistent").code == 2


def test_try_builds_every_program():
    """`./try` builds only what it needs, which must be all that the commands start."""
    programs = re.findall(r"^(?:\w+ = )?\s*(?:\w+ = )?executable\('(vitrine[a-z-]*)'", (ROOT / "meson.build").read_text(), re.M)
    assert len(programs) >= 5
    [line] = [x for x in (ROOT / "try").read_text().splitlines() if x.startswith("quietly ninja")]
    assert set(programs) <= set(line.split())
