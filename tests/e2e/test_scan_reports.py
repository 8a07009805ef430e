# SPDX-License-Identifier: Apache-2.0
"""The formats that `vitrine scan` reports in, and how it behaves towards terminals and pipes."""
import csv
import fcntl
import html.parser
import io
import json
import os
import pty
import signal
import struct
import subprocess
import termios
import time
import urllib.parse

import jsonschema
import pytest
from conftest import EICAR, MARK, ROOT

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((ROOT / "docs/formats/scan-1.schema.json").read_text()))


@pytest.fixture
def hostile(tree):
    """Files whose names attack whatever shows them."""
    names = [b"bad", b"<script>alert(1)", b"new\nline", b"\xff\xfe", b"\x1b[2J",
             b'quote",comma', b"=1+1", b"%41?#"]
    for name in names:
        with open(os.path.join(os.fsencode(tree), name), "wb") as f:
            f.write(EICAR)
    (tree / "clean").write_text("x")
    return tree


def test_jsonl_and_json_follow_the_schema(vitrine, hostile):
    r = vitrine.scan(hostile, hostile / "missing", "/dev/null")
    for line in r.lines:
        SCHEMA.validate(line)
    assert r.files[str(hostile / "missing")]["error"] == "No such file or directory"
    r = vitrine.scan("--format=json", hostile)
    document = json.loads(r.out)
    SCHEMA.validate(document)
    assert len(document["files"]) == 9 and document["summary"]["exit"] == r.code == 1
    empty = json.loads(vitrine.scan("--format=json", "--exclude=*", hostile).out)
    SCHEMA.validate(empty)
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(dict(document, more=1))


def test_the_page_has_every_key_and_reason():
    page = (ROOT / "docs/formats/scan-1.md").read_text()
    schema = json.loads((ROOT / "docs/formats/scan-1.schema.json").read_text())["$defs"]
    reasons = (ROOT / "src/engine/core/reasons.def").read_text()
    for word in schema["reason"]["enum"]:
        assert f'"{word}"' in reasons and f"`{word}`" in page
    assert reasons.count("VT_REASON(") - 1 == len(schema["reason"]["enum"])
    for part in ("file", "summary"):
        for key in schema[part]["properties"]:
            assert key in page


def test_csv(vitrine, hostile):
    r = vitrine.scan("--format=csv", hostile)
    rows = list(csv.reader(io.StringIO(r.out.decode("utf-8", "surrogateescape"), newline="")))
    assert rows[0] == ["path", "verdict", "bytes", "inner_path", "rule", "set", "line", "reason"]
    assert all(len(row) == 8 for row in rows)
    paths = {os.fsencode(row[0]) for row in rows[1:]}
    assert paths == {os.path.join(os.fsencode(hostile), n) for n in os.listdir(os.fsencode(hostile))}
    assert [str(hostile / "bad"), "DETECTED", "68", "", "Test.Eicar", "test.ndb", "1", ""] in rows


def test_sarif(vitrine, hostile):
    r = vitrine.scan("--format=sarif", hostile, hostile / "missing")
    document = json.loads(r.out)
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert [x["id"] for x in run["tool"]["driver"]["rules"]] == ["Test.Eicar"]
    uris = [x["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for x in run["results"]]
    decoded = {urllib.parse.unquote_to_bytes(u.removeprefix("file://")) for u in uris}
    assert decoded == {os.path.join(os.fsencode(hostile), n)
                       for n in os.listdir(os.fsencode(hostile)) if n != b"clean"}
    assert all(x["ruleId"] == "Test.Eicar" and x["level"] == "error" for x in run["results"])
    (invocation,) = run["invocations"]
    (note,) = invocation["toolExecutionNotifications"]
    assert note["descriptor"]["id"] == "unreadable" and not invocation["executionSuccessful"]
    none = json.loads(vitrine.scan("--format=sarif", hostile / "clean").out)
    assert none["runs"][0]["results"] == [] and none["runs"][0]["tool"]["driver"]["rules"] == []


class Page(html.parser.HTMLParser):
    VOID = {"meta", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_html(vitrine, hostile):
    r = vitrine.scan("--format=html", hostile)
    page = Page()
    page.feed(r.out.decode())
    assert page.open == []
    assert page.seen.isdisjoint({"script", "img", "link", "a", "iframe"})
    assert f"{hostile}/<script>alert(1)" in page.text
    assert b"\x1b" not in r.out and "Content-Security-Policy" in r.text


def test_several_outputs(vitrine, hostile, tmp_path):
    outs = [tmp_path / f"r.{x}" for x in ("jsonl", "json", "csv", "sarif", "html", "txt")]
    args = [f"--output={o}" for o in outs] + ["-o", f"jsonl:{tmp_path}/odd name"]
    r = vitrine.run("scan", "--db", vitrine.database, *args, hostile)
    assert r.code == 1 and r.text.count("DETECTED") == 8
    for line in outs[0].read_text().splitlines():
        SCHEMA.validate(json.loads(line))
    for out in (outs[1], outs[3]):
        json.loads(out.read_text())
    assert "DETECTED" in outs[5].read_text()
    assert len((tmp_path / "odd name").read_text().splitlines()) == 10
    assert vitrine.scan("-o", tmp_path / "r.doc", hostile).code == 2
    assert vitrine.scan("-o", tmp_path / "no/r.csv", hostile).code == 2


def test_a_report_that_cannot_be_written_is_an_error(vitrine, tree):
    (tree / "clean").write_text("x")
    r = vitrine.scan("-o", "jsonl:/dev/full", tree)
    assert r.code == 2 and b"/dev/full: No space left on device" in r.err
    with open("/dev/full", "wb") as full:
        p = vitrine.start("scan", "--db", vitrine.database, "--format=jsonl", str(tree),
                          stdout=full, stderr=subprocess.PIPE)
        _, err = p.communicate(timeout=30)
    assert p.returncode == 2 and b"standard output: No space left" in err


def test_what_is_listed(vitrine, hostile):
    def run(*args):
        return vitrine.run("scan", "--db", vitrine.database, *args, hostile)

    assert "clean: CLEAN" not in run().text
    assert "clean: CLEAN" in run("--verbose").text
    assert "clean" not in vitrine.scan("--infected", hostile).text.replace(str(hostile), "") \
        .split('"type":"summary"')[0]
    assert "Scanned" in run().text and "Scanned" not in run("--no-summary").text
    quiet = run("--quiet")
    assert (quiet.out, quiet.err, quiet.code) == (b"", b"", 1)


def test_colors(vitrine, hostile):
    def run(*args, **env):
        return vitrine.run("scan", "--db", vitrine.database, *args, hostile / "bad",
                           env=dict(vitrine.env, **env)).out

    assert b"\x1b" not in run()
    assert b"\x1b[1;31mDETECTED" in run("--color=always")
    assert b"\x1b[1;31mDETECTED" in run("--color=always", NO_COLOR="1")
    assert b"\x1b" not in run("--color", "never")


def in_terminal(vitrine, *args, columns=100, env=()):
    """Runs with a terminal as standard output and error; returns what it showed."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    p = vitrine.start(*args, stdin=slave, stdout=slave, stderr=slave,
                      env=dict(vitrine.env, TERM="xterm", **dict(env)))
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    return p.wait(timeout=60), shown


def test_progress_on_a_terminal(vitrine, tree):
    with open(tree / "large", "wb") as f:
        f.truncate(512 << 20)
    (tree / "bad").write_bytes(EICAR)
    args = ("scan", "--db", vitrine.database, "-j1", tree / "large", tree / "bad")
    code, shown = in_terminal(vitrine, *args, columns=60)
    assert code == 1
    assert b"files" in shown and b"left" in shown  # the total is known: plain files
    bars = [line for line in shown.split(b"\r") if b" files  " in line]
    assert bars and all(len(b.split(b"\x1b")[0]) < 60 for b in bars)
    assert shown.rstrip().endswith(b"clean")  # the bar is gone at the end
    last = shown[shown.rindex(b"Scanned"):]
    assert b" found  " not in last
    code, shown = in_terminal(vitrine, *args, "--no-progress")
    assert b" found  " not in shown
    _, shown = in_terminal(vitrine, *args, "--no-progress", env={"NO_COLOR": "1"}.items())
    assert b"\x1b" not in shown
    # not a terminal: only if asked for
    assert b" found  " not in vitrine.scan(tree).err
    assert b" found  " in vitrine.scan("--progress", tree).err


def slow_scan(vitrine, tree, **kw):
    """A scan that takes long enough to be interrupted: many files, then many more."""
    for i in range(2000):
        (tree / f"{i}").write_bytes(os.urandom(8) + MARK)
    with open(tree / "zero", "wb") as f:
        f.truncate(1 << 40)
    return vitrine.start("scan", "--db", vitrine.database, "--format=jsonl", "--max-time=unlimited",
                         "-j1", str(tree), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(x) for x in f.read().split()]


@pytest.mark.parametrize("number, code, group", [
    (signal.SIGINT, 130, False), (signal.SIGINT, 130, True), (signal.SIGTERM, 143, False)])
def test_signals(vitrine, tree, number, code, group):
    p = slow_scan(vitrine, tree, start_new_session=True)
    time.sleep(1.0)
    workers = children_of(p.pid)
    assert workers
    (os.killpg if group else os.kill)(p.pid, number)
    out, err = p.communicate(timeout=20)
    assert p.returncode == code, err
    lines = [json.loads(x) for x in out.splitlines()]
    for line in lines:
        SCHEMA.validate(line)
    assert lines[-1]["type"] == "summary" and lines[-1]["interrupted"]
    assert lines[-1]["exit"] == code
    assert not any(x.get("incomplete") for x in lines[:-1])  # no worker "crashed"
    time.sleep(0.2)
    assert not [w for w in workers if os.path.exists(f"/proc/{w}")]


def test_workers_die_with_us(vitrine, tree):
    p = slow_scan(vitrine, tree)
    time.sleep(1.0)
    workers = children_of(p.pid)
    p.kill()
    p.communicate(timeout=20)
    time.sleep(0.5)
    alive = [w for w in workers if os.path.exists(f"/proc/{w}")
             and "Z" not in open(f"/proc/{w}/stat").read().rsplit(")", 1)[1].split()[0]]
    assert workers and not alive


def test_broken_pipe(vitrine, tree):
    for i in range(5000):
        (tree / f"{i:0200}").write_text("x")
    p = vitrine.start("scan", "--db", vitrine.database, "--format=jsonl", str(tree),
                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first = p.stdout.readline()
    p.stdout.close()
    err = p.stderr.read()
    assert p.wait(timeout=30) == 141
    assert json.loads(first)["verdict"] == "CLEAN" and err == b""
