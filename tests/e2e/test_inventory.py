# SPDX-License-Identifier: Apache-2.0
"""vitrine inventory, check and explain, on systems, images and disks that are really there."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time

import jsonschema
import pytest
from conftest import BUILD, ROOT
from look_alike import System, dpkg_entry

pytestmark = pytest.mark.skipif(not (BUILD / "vitrine-collector").exists(), reason="this build has no collector")


class Look:
    """Inventories with an evidence file of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.env = dict(os.environ, LC_ALL="C.UTF-8", HOME=str(folder))
        for name in ("STATE", "CONFIG", "CACHE"):
            self.env[f"XDG_{name}_HOME"] = str(folder / name.lower())

    def run(self, *args, ok=(0, 1, 2), **kw):
        p = subprocess.run([BUILD / "vitrine", *map(str, args)], env=self.env, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, check=False, timeout=600, **kw)
        assert p.returncode in ok, f"exit {p.returncode}: {p.stdout}{p.stderr}"
        return p

    def inventory(self, *args, ok=(0, 1), **kw):
        p = self.run("inventory", "--format", "json", *args, ok=ok, **kw)
        return json.loads(p.stdout)

    def check(self, directive, *args, **kw):
        p = self.run("check", "--format", "json", directive, *args, **kw)
        return p.returncode, json.loads(p.stdout) if p.stdout else p.stderr


@pytest.fixture
def look(tmp_path):
    return Look(tmp_path / "state")


@pytest.fixture
def system(tmp_path):
    return System(tmp_path / "system")


def found(survey, product=None):
    return [(f["product"], f["place"], f["confidence"]) for f in survey["findings"]
            if product is None or f["product"] == product]


def confirmed(survey):
    return {(f["product"], f["place"]) for f in survey["findings"] if f["confidence"] == "confirmed"}


KESL = "kaspersky-endpoint-security-linux"


# ---- what is there

def test_nothing_is_there(look, system):
    survey = look.inventory("--root", system.root, ok=(0,))
    assert survey["findings"] == []
    areas = survey["subjects"][0]["areas"]
    assert {a: areas[a]["answer"] for a in ("packages", "content", "boot", "trust", "accounts")} == dict.fromkeys(
        ("packages", "content", "boot", "trust", "accounts"), "not found")
    assert "processes" not in areas and "network" not in areas
    status, said = look.check("bod-17-01")
    assert (status, said["shown"]) == (0, "absent"), said
    assert "No product that" in said["sentence"] and str(system.root) in said["sentence"]


def test_package_with_all_that_belongs_to_it(look, system):
    system.package()
    survey = look.inventory("--root", system.root, ok=(1,))
    [finding] = [f for f in survey["findings"] if f["product"] == KESL]
    assert finding["confidence"] == "confirmed" and finding["place"] == ""
    kinds = {o["kind"] for o in finding["observations"]}
    assert {"package", "file", "executable", "content", "unit", "account"} <= kinds
    status, said = look.check("bod-17-01")
    assert (status, said["shown"]) == (1, "found")


def test_four_hidden_copies(look, system):
    system.package()
    system.tarball()
    image = system.image()
    system.embedded()
    survey = look.inventory("--root", system.root, "--image", image, ok=(1,))
    by_subject = {(survey["subjects"][f["subject"]]["kind"], f["product"], f["place"])
                  for f in survey["findings"] if f["confidence"] == "confirmed"}
    assert ("root", KESL, "") in by_subject
    assert any(s[:2] == ("root", KESL) and s[2].startswith("/srv/old") for s in by_subject), by_subject
    assert ("root", "kaspersky-scan-engine", "/usr/lib/mailgate/engine") in by_subject
    assert ("layer", KESL, "") in by_subject
    [sdk] = [f for f in survey["findings"] if f["product"] == "kaspersky-scan-engine"
             and f["place"] == "/usr/lib/mailgate/engine"]
    assert sdk["embedded"]
    [layered] = [f for f in survey["findings"] if survey["subjects"][f["subject"]]["kind"] == "layer"
                 and f["product"] == KESL]
    assert layered["hidden"]


def test_embedded_code_is_for_some_directives_only(look, system):
    """Hard case 3: in scope of section 1634, expressly not addressed by BOD 17-01."""
    system.embedded()
    look.inventory("--root", system.root, ok=(1,))
    status, said = look.check("bod-17-01")
    assert (status, said["shown"]) == (0, "absent"), said
    assert [f["standing"] for f in said["findings"]] == ["embedded, not addressed"]
    status, said = look.check("ndaa-2018-1634")
    assert (status, said["shown"]) == (1, "found"), said


def test_explain_shows_each_observation_and_how_to_see_it_again(look, system):
    system.package()
    survey = look.inventory("--root", system.root, ok=(1,))
    [finding] = [f for f in survey["findings"] if f["product"] == KESL]
    text = look.run("explain", finding["id"], ok=(0,)).stdout
    commands = re.findall(r"repeat  (.*)", text)
    assert len(commands) == len(finding["observations"])
    for o in finding["observations"]:
        assert o["locus"] in text and o["sha256"] in text
        if o["kind"] in ("file", "unit", "account") and "&& vitrine" not in o["repeat"]:
            p = subprocess.run(["sh", "-c", o["repeat"]], capture_output=True, text=True, check=False)
            # a folder has no bytes to hash
            assert p.returncode == 0 or "Is a directory" in p.stderr, (o["repeat"], p.stderr)
    [package] = [o for o in finding["observations"] if o["kind"] == "package"]
    p = subprocess.run(["sh", "-c", package["repeat"]], capture_output=True, text=True, check=False)
    assert "Status: install ok installed" in p.stdout, (package["repeat"], p.stderr)
    assert look.run("explain", "F000").returncode == 2


def schema(name):
    return jsonschema.Draft202012Validator(json.loads((ROOT / f"docs/formats/{name}-1.schema.json").read_text()))


def test_json_follows_the_published_schemas(look, system, tmp_path):
    """What was found, what was missed, what is embedded, excepted and hidden, of a root, an image and its layers."""
    system.package()
    system.tarball()
    system.embedded()
    os.mkfifo(system.root / "srv/fifo")
    (tmp_path / "nothing.raw").write_bytes(bytes(4096))
    survey = look.inventory("--root", system.root, "--image", system.image(), "--disk", tmp_path / "nothing.raw",
                            "--exclude", "/home/*", ok=(0, 1, 2))
    schema("inventory").validate(survey)
    assert {s["kind"] for s in survey["subjects"]} == {"root", "image", "layer", "disk"}
    state = ["--state", look.folder / "directives"]
    look.run("directive", "add", "bod-17-01", *state, ok=(0,))
    look.run("directive", "except", "bod-17-01", "--product", KESL, "--scope", "*:/srv/old", "--until", "2099-01-01",
             "--approver", "somebody", "--reason", "a test", *state, ok=(0,))
    status, said = look.check("bod-17-01", *state)
    schema("check").validate(said)
    assert status == 1 and {"covered", "excepted", "embedded, not addressed"} <= {f["standing"] for f in said["findings"]}
    assert said["doubts"] and said["not_assessable"]
    one = json.loads(look.run("explain", "--format", "json", survey["findings"][0]["id"], *state, ok=(0,)).stdout)
    assert one == survey["findings"][0]
    for document, name in ((survey, "inventory"), (said, "check")):
        with pytest.raises(jsonschema.ValidationError):
            schema(name).validate(dict(document, more=1))
        for key in document:
            with pytest.raises(jsonschema.ValidationError):
                schema(name).validate({k: v for k, v in document.items() if k != key})


def test_schemas_and_pages_name_what_there_is():
    """Each row of facts.def and misses.def, in the schemas and in docs/formats/facts.md; each column of the evidence."""
    facts = (ROOT / "src/inventory/facts.def").read_text()
    misses = (ROOT / "src/inventory/misses.def").read_text()
    page = (ROOT / "docs/formats/facts.md").read_text()
    words = {kind: re.findall(rf'^VT_{kind}\(\w+, "([^"]+)"', facts + misses, re.M)
             for kind in ("AREA", "FACT", "ATTR", "MISS")}
    assert all(len(w) > 7 for w in words.values())
    for word in sum(words.values(), []):
        assert re.search(rf"^\| `{re.escape(word)}` \|", page, re.M), word
    for name in ("inventory", "check"):
        defs = json.loads((ROOT / f"docs/formats/{name}-1.schema.json").read_text())["$defs"]
        assert defs["area"]["enum"] == words["AREA"] and defs["fact"]["enum"] == words["FACT"]
    defs = json.loads((ROOT / "docs/formats/inventory-1.schema.json").read_text())["$defs"]
    assert defs["miss"]["enum"] == words["MISS"]


@pytest.mark.parametrize("command", ["inventory", "check", "explain"])
def test_pages_name_each_option(look, command):
    page = (ROOT / f"docs/cli/{command}.md").read_text()
    options = set(re.findall(r"--([a-z-]+)", look.run(command, "--help", ok=(0,)).stdout)) - {"help", "save"}
    assert len(options) > 5
    missing = [o for o in options if f"`--{o}" not in page and f", `--{o}" not in page]
    assert not missing, missing


def test_evidence_page_names_each_column(look, system):
    look.inventory("--root", system.root)
    page = (ROOT / "docs/formats/evidence.md").read_text()
    with sqlite3.connect(look.folder / "state/vitrine/inventory/evidence.db") as db:
        tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        assert len(tables) == 9
        for table in tables:
            [section] = re.findall(rf"^## {table}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
            columns = [r[1] for r in db.execute(f"PRAGMA table_info({table})")]
            assert re.findall(r"^\| `(\w+)` \|", section, re.M) == columns, table


# ---- what keeps "absent" from being shown

def test_missing_database_is_unknown(look, system):
    """OpenSCAP #348, #733: without a database nothing is known."""
    shutil.rmtree(system.root / "var/lib/dpkg")
    look.inventory("--root", system.root)
    status, said = look.check("bod-17-01")
    assert (status, said["shown"]) == (2, "not shown")
    assert any(d["area"] == "packages" and "unknown" in d["text"] for d in said["doubts"])


def test_corrupt_database_is_unknown(look, system):
    (system.root / "var/lib/dpkg/status").write_bytes(b"\0garbage\xff" * 100)
    look.inventory("--root", system.root)
    status, said = look.check("bod-17-01")
    assert (status, said["shown"]) == (2, "not shown")


@pytest.mark.parametrize("state,there", [
    ("install ok installed", True), ("hold ok installed", True), ("deinstall ok installed", True),
    ("install ok half-installed", True), ("install ok unpacked", True), ("install reinstreq half-installed", True),
    ("deinstall ok config-files", False), ("purge ok not-installed", False)])
def test_all_three_words_of_a_status(look, system, state, there):
    """Hard case 4; osquery #4740, Wazuh #21909, and what is marked for removal but still there."""
    system.add_status(dpkg_entry("kesl", state))
    survey = look.inventory("--root", system.root)
    [component] = [c for c in survey["components"] if c["name"] == "kesl"]
    assert component["status"] == state and component["installed"] == there


def test_other_file_systems_and_what_was_left_out(look, system):
    (system.root / "srv/backup").mkdir()
    look.inventory("--root", system.root, "--exclude", "/srv/backup")
    status, said = look.check("bod-17-01")
    assert (status, said["shown"]) == (2, "not shown")
    assert any("not looked into" in d["text"] for d in said["doubts"])


def test_unreadable_files_count(look, system):
    """Hard case 14. As an ordinary user; root reads everything."""
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    (system.root / "srv/secret").mkdir(mode=0o700)
    (system.root / "srv/secret/x").write_text("x")
    for path in (look.folder, system.root, *system.root.parents):
        if str(path).startswith("/tmp/"):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o755)
    look.folder.mkdir(exist_ok=True)
    os.chown(look.folder, 65534, 65534)
    survey = look.inventory("--root", system.root, user=65534, group=65534, extra_groups=[])
    assert survey["subjects"][0]["areas"]["content"]["missed"].get("unreadable", 0) >= 1


def test_special_files_are_not_opened(look, system):
    os.mkfifo(system.root / "srv/fifo")
    started = time.monotonic()
    survey = look.inventory("--root", system.root, ok=(0,))
    assert time.monotonic() - started < 120
    assert survey["subjects"][0]["areas"]["content"]["missed"] == {"special": 1}
    assert look.check("bod-17-01")[0] == 0


def test_a_root_that_is_not_there(look, tmp_path):
    p = look.run("inventory", "--root", tmp_path / "nowhere")
    assert p.returncode == 2 and "nowhere" in p.stderr
    status, said = look.check("bod-17-01")
    assert (status, said["shown"]) == (2, "not shown")


def test_check_without_an_inventory(look):
    p = look.run("check", "bod-17-01")
    assert p.returncode == 2 and "inventory" in p.stderr


# ---- disguises and false friends

def test_renamed_and_moved(look, system):
    """Hard case 1: another name in another place: what it holds tells."""
    system.put("home/user/.cache/thing/helper", system.kesl())
    survey = look.inventory("--root", system.root, ok=(1,))
    assert found(survey) == [(KESL, "/home/user/.cache/thing", "candidate")]
    status, said = look.check("bod-17-01")
    assert (status, said["shown"]) == (2, "not shown")


def test_false_friends_raise_nothing_confirmed(look, system):
    """Hard case 13: names of test libraries, rules and reports about the product, an empty file."""
    system.put("home/user/app/build.gradle", 'testImplementation "com.kaspersky.android-components:kaspresso:1.5"\n')
    system.put("home/user/rules/sigma.yml", "detection:\n  path: /opt/kaspersky/kesl/bin/kesl-control\n")
    system.put("home/user/ioc.txt", "kesl klnagent kavehost appinfo.kli /opt/kaspersky/kesl/ /var/opt/kaspersky/kesl\n")
    system.put("srv/kesl-control", "")
    system.put("opt/KasperskyOS-Community-Edition-1.1/readme", "same vendor, not a security product")
    shutil.copytree(BUILD / "content", system.root / "usr/share/vitrine/content", symlinks=False)
    survey = look.inventory("--root", system.root)
    assert confirmed(survey) == set()


# ---- others' roots and images

def test_packages_of_a_root_below(look, system, tmp_path):
    """A chroot in /srv is a copy of its own."""
    inner = System(tmp_path / "inner")
    inner.package()
    shutil.copytree(inner.root, system.root / "srv/chroot/a", symlinks=True)
    survey = look.inventory("--root", system.root, ok=(1,))
    assert (KESL, "/srv/chroot/a") in confirmed(survey)


def test_runs_are_kept(look, system):
    first = look.inventory("--root", system.root)
    system.package()
    second = look.inventory("--root", system.root)
    listed = look.run("inventory", "--list", ok=(0,)).stdout
    assert listed.index(second["run"]) < listed.index(first["run"])
    assert look.check("bod-17-01")[0] == 1
    assert look.check("bod-17-01", "--run", first["run"][:8])[0] == 0


def test_the_collector_is_locked_up(look, system, tmp_path):
    """From its filter on it opens to read, below the root, and asks for nothing else."""
    trace = tmp_path / "trace"
    p = subprocess.run(["strace", "-f", "-y", "-e", "trace=socket,connect,execve,execveat,openat,openat2,seccomp", "-o",
                        trace, BUILD / "vitrine", "inventory", "--root", system.root, "--only", "packages"],
                       env=look.env, capture_output=True, check=False, timeout=300)
    assert p.returncode == 0, p.stderr
    lines = trace.read_text().splitlines()
    [collector] = {m[1] for m in (re.match(r"(\d+) +execveat\(\d+<.*/vitrine-collector>", x) for x in lines) if m}
    own = [x.split(None, 1)[1] for x in lines if x.split()[0] == collector]
    locked = own[next(i for i, x in enumerate(own) if x.startswith("seccomp(")) + 1:]
    opened = [x for x in locked if x.startswith("openat")]
    assert len(opened) > 3, locked
    assert not [x for x in locked if x.startswith(("socket", "connect", "execve"))]
    assert not [x for x in opened if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", x)]
    assert not [x for x in opened if f"<{system.root}" not in x], "by a descriptor of the root or below it"
