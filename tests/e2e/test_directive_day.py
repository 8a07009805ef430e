# SPDX-License-Identifier: Apache-2.0
"""From an order to its proof, on a machine with four hidden copies: what docs/directive-guide.md shows.

A package with all that it leaves behind, a tarball in /srv, a copy in a layer of a container image that a later
layer takes away, and the engine inside of another product.
"""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import remedy
from conftest import Vitrine
from look_alike import ENGINE, KESL, compiled, docker_archive
from remedy import Machine, differences, kesl, sh, snapshot

needs = [t for t in ("debootstrap", "dpkg-deb", "gcc") if not shutil.which(t)]
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: packages are installed into roots"),
    pytest.mark.skipif(bool(needs), reason="needs " + ", ".join(needs)),
]


@pytest.fixture
def machine(program, tmp_path):
    try:
        base = remedy.base_root(tmp_path)
    except subprocess.CalledProcessError as e:
        pytest.skip("debootstrap can't reach a Debian mirror: " + e.stderr[-200:])
    approvers = Path("/etc/vitrine/approvers")
    was = approvers.read_bytes() if approvers.exists() else None
    root = Path("/var/tmp") / f"vitrine-day-{os.getpid()}"
    shutil.rmtree(root, ignore_errors=True)
    sh("cp", "-a", base, root)
    m = Machine(Vitrine(program, "none", tmp_path / "cache"), root, tmp_path)
    hide(m)
    yield m
    shutil.rmtree(root, ignore_errors=True)
    if was is None:
        approvers.unlink(missing_ok=True)
    else:
        approvers.write_bytes(was)


def hide(m):
    """The four copies."""
    program = compiled(m.folder, KESL, "kesl-program")
    package = kesl()
    package.files["/opt/kaspersky/kesl/libexec/kesl"] = program.read_bytes()
    m.install(package.build(m.folder))
    m.leftovers()
    old = m.root / "srv/old"
    old.mkdir(parents=True)
    tree = m.folder / "tree/opt/kaspersky/kesl"
    (tree / "bin").mkdir(parents=True)
    shutil.copy(program, tree / "bin/kesl-control")
    shutil.copy(program, tree / "bin/kesl")
    sh("tar", "-C", m.folder / "tree", "-czf", old / "kesl.tar.gz", "opt")
    m.image = m.folder / "web.tar"      # as it came out of a registry
    data = program.read_bytes()
    m.image.write_bytes(docker_archive([
        {"etc/os-release": b"ID=alpine\n", "lib/apk/db/installed": b"P:busybox\nV:1.36\nA:x86_64\n\n",
         "opt/kaspersky/kesl/bin/kesl-control": data, "opt/kaspersky/kesl/libexec/kesl": data},
        {"opt/.wh.kaspersky": b"", "srv/app": b"app"}], ["web:1.0"]))
    engine = m.root / "usr/lib/mailgate/engine"
    (engine / "ppl").mkdir(parents=True)
    (engine / "bases").mkdir()
    for name in ("appinfo.kli", "kavbase.kdl", "integrity_check_sdk.xml", "kavhttpd.xml"):
        (engine / name).write_text("look-alike\n")
    shutil.copy(compiled(m.folder, ENGINE, "mg-helper"), engine / "mg-helper")


def run(m, *args, code=None):
    r = m.v.run(*args, timeout=600)
    if code is not None:
        assert r.code == code, f"vitrine {' '.join(map(str, args))}: exit {r.code}\n{r.text}\n{r.err}"
    return r


def evidence(m):
    return ["--evidence", m.evidence]


def look(m, code):
    r = run(m, "inventory", *evidence(m), "--root", m.root, "--image", m.image, "--format", "json", code=code)
    return json.loads(r.text)


def check(m, directive, code):
    r = run(m, "check", directive, "--state", m.state, *evidence(m), "--format", "json", code=code)
    return json.loads(r.text)


def test_a_day(machine):
    m = machine
    state = ["--state", m.state]

    # the order comes in
    for directive in ("bod-17-01", "ndaa-2018-1634"):
        run(m, "directive", "add", directive, *state, code=0)
    assert "bod-17-01" in run(m, "directive", "list", *state, "--on", "2017-09-20", code=0).text
    due = run(m, "directive", "due", *state, "--on", "2017-09-20", code=0).text
    assert "2017-10-13" in due and "2017-11-12" in due and "2017-12-12" in due
    assert "not shown" not in due

    # what is here
    before = look(m, code=1)
    found = {(before["subjects"][f["subject"]]["kind"], f["product"], f["place"])
             for f in before["findings"] if f["confidence"] == "confirmed"}
    linux = "kaspersky-endpoint-security-linux"
    assert ("root", linux, "") in found
    assert ("root", linux, "/srv/old") in found
    assert ("layer", linux, "") in found
    assert ("root", "kaspersky-scan-engine", "/usr/lib/mailgate/engine") in found
    assert check(m, "bod-17-01", code=1)["shown"] == "found"
    told = check(m, "ndaa-2018-1634", code=1)
    standing = {f["finding"]["product"]: f["standing"] for f in told["findings"]}
    assert standing["kaspersky-scan-engine"] == "covered"
    standing = {f["finding"]["product"]: f["standing"] for f in check(m, "bod-17-01", code=1)["findings"]}
    assert standing["kaspersky-scan-engine"] == "embedded, not addressed"
    one = next(f for f in before["findings"] if f["place"] == "/srv/old")
    assert "kesl.tar.gz" in run(m, "explain", one["id"], *state, *evidence(m), code=0).text

    # the plan, a person's word for it, and the removal
    r = run(m, "plan", "bod-17-01", *state, "--root", m.root, "-o", m.plan_file, "--no-replacement",
            "test: nobody uses this machine", "--element", "a=Agency of Tests", code=1)
    assert m.approve().code == 0
    whole = snapshot(m.root)
    r = m.remove()
    assert "DRY RUN" in r.text and snapshot(m.root) == whole     # told, not done
    r = m.remove("--apply")
    assert r.code in (0, 1), r.text + r.err
    plan = json.loads(m.plan_file.read_text())
    by_person = [s for s in plan["steps"] if s["step"] == "person"]
    assert by_person, [s["step"] for s in plan["steps"]]

    # what the plan leaves to a person: the image is built again without it, archives are thrown away
    m.image.write_bytes(docker_archive([
        {"etc/os-release": b"ID=alpine\n", "lib/apk/db/installed": b"P:busybox\nV:1.36\nA:x86_64\n\n",
         "srv/app": b"app"}], ["web:1.1"]))
    (m.root / "srv/old/kesl.tar.gz").unlink(missing_ok=True)
    m.v.run("remove", m.plan_file, *state, "--root", m.root, "--resume", timeout=600)
    r = m.verify()
    assert r.code == 2 and "a person has to say that this was done" in r.text, r.text
    words = [a for i, s in enumerate(plan["steps"], 1) if s["step"] == "person"
             for a in ("--done", f"{i}=J. Doe: thrown away or built again")]
    r = m.verify(*words)
    assert r.code == 0, r.text
    assert m.verify("--done", "1=J. Doe").code == 2       # not a person's step

    # nothing outside of the plan changed
    changed = [p for p in differences(whole, snapshot(m.root)) if not p.startswith("srv/old")]
    planned = {f["path"].lstrip("/") for s in plan["steps"] for f in s.get("files", [])}
    strange = [p for p in changed if not re.search(r"kaspersky|kesl", p) and p not in planned]
    assert set(strange) <= {"opt"}, strange     # dpkg takes a folder away that its last package leaves empty

    # what is shown now
    after = look(m, code=1)                                        # the embedded engine is still there
    said = check(m, "bod-17-01", code=0)
    assert said["shown"] == "absent" and "No product that bod-17-01 covers" in said["sentence"]
    assert check(m, "ndaa-2018-1634", code=1)["shown"] == "found"

    # and proven: anybody can check it, offline
    proof = m.folder / "proof.dsse"
    key = run(m, "prove", "--keygen", *state, code=0).text.split()[-1]
    run(m, "prove", "bod-17-01", *state, *evidence(m), "--before", before["run"], "--format", "statement", "-o", proof,
        "--challenge", "december", code=0)
    r = run(m, "prove", "--check", proof, "--key", key, "--directive", "bod-17-01", "--challenge", "december", code=0)
    assert "No product that bod-17-01 covers" in r.text
    forged = m.folder / "forged.dsse"
    forged.write_text(proof.read_text().replace('"payload": "', '"payload": "A', 1)
                      if '"payload": "' in proof.read_text() else proof.read_text()[:-40])
    assert run(m, "prove", "--check", forged, "--key", key).code == 2
    run(m, "prove", "bod-17-01", *state, *evidence(m), "--format", "html", "-o", m.folder / "report.html", code=0)
    assert "No product that bod-17-01 covers" in (m.folder / "report.html").read_text()
    assert after["run"] != before["run"]
