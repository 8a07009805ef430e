# SPDX-License-Identifier: Apache-2.0
"""`vitrine db`, and the databases that a scan finds, compiles and keeps."""
import hashlib
import io
import itertools
import json
import os
import signal
import subprocess
import tarfile
import time

import pytest
from conftest import EICAR, MARK, RULES

NDB = "One:0:*:" + b"first-marker-one".hex() + "\nTwo:0:*:" + b"second-marker-two".hex() + "\n"
HDB = hashlib.md5(b"hash-me").hexdigest() + ":7:Hashed\n"
LDB = "Logical;Engine:51-255,Target:0;0&1;" + b"alpha-part".hex() + ";" + b"omega-part".hex() + "\n"


@pytest.fixture
def folder(tmp_path):
    d = tmp_path / "signatures"
    d.mkdir()
    (d / "a.ndb").write_text(NDB)
    (d / "b.hdb").write_text(HDB)
    (d / "c.ldb").write_text(LDB)
    (d / "README").write_text("not a signature file")
    return d


def age(folder):
    """Makes files old enough for their look to be relied on."""
    time.sleep(2.1)


def build(vitrine, image, *sources):
    r = vitrine.run("db", "build", "-o", image, *sources)
    assert r.code == 0, r.err
    return r


def test_build_is_the_same_in_any_order(vitrine, folder, tmp_path):
    files = [folder / n for n in ("a.ndb", "b.hdb", "c.ldb")]
    images = set()
    for i, order in enumerate(itertools.permutations(files)):
        image = tmp_path / f"{i}.vtdb"
        build(vitrine, image, *order)
        images.add(image.read_bytes())
    image = tmp_path / "folder.vtdb"
    build(vitrine, image, folder)
    images.add(image.read_bytes())
    assert len(images) == 1


def test_build_counts(vitrine, folder, tmp_path):
    r = build(vitrine, tmp_path / "i.vtdb", folder)
    for text in ("2  byte patterns", "1  logical rules", "1  hashes of objects"):
        assert text in r.text
    assert b"compiling signatures from" in r.err and b"3 files" in r.err
    assert (tmp_path / "i.vtdb").stat().st_mode & 0o777 == 0o644
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("i.vtdb.")] == []


def test_bad_lines(vitrine, folder, tmp_path):
    (folder / "a.ndb").write_text(NDB + "Broken:0:*:zz\n" * 25 + "Three:0:*:" + MARK.hex() + "\n")
    (folder / "x.cbc").write_text("ClamBC")
    image = tmp_path / "i.vtdb"
    r = build(vitrine, image, folder)
    assert "a.ndb:3: bad: " in r.text and "a.ndb:22: bad: " in r.text
    assert "a.ndb:23: bad" not in r.text and "--verbose lists them" in r.text
    assert "x.cbc: refused: " in r.text or "x.cbc:1: refused: " in r.text
    assert "a.ndb:27: bad" in vitrine.run("db", "build", "-v", "-o", image, folder).text
    os.unlink(image)
    r = vitrine.run("db", "build", "--strict", "-o", image, folder)
    assert r.code == 2 and not image.exists()
    (tmp_path / "f").write_bytes(MARK)
    build(vitrine, image, folder)
    r = vitrine.run("scan", "--db", image, tmp_path / "f")
    assert "Three (a.ndb:28)" in r.text


def test_build_errors(vitrine, folder, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for args in ([tmp_path / "i", empty], [tmp_path / "i", tmp_path / "missing"],
                 [tmp_path / "no/i", folder], [tmp_path / "i", folder / "README"]):
        r = vitrine.run("db", "build", "-o", *args)
        assert r.code == 2 and r.err, args
    assert not (tmp_path / "i").exists()


def test_info_list_find_explain(vitrine, folder, tmp_path):
    image = tmp_path / "i.vtdb"
    build(vitrine, image, folder)
    r = vitrine.run("db", "info", image)
    assert "2  byte patterns" in r.text and "a.ndb" in r.text and "sha256:" in r.text
    info = json.loads(vitrine.run("db", "info", "--format=json", image).out)
    assert [s["name"] for s in info["sets"]] == ["a.ndb", "b.hdb", "c.ldb"]
    assert info["sets"][0]["sha256"] == hashlib.sha256(NDB.encode()).hexdigest()
    assert info["counts"]["byte patterns"] == 2
    listed = vitrine.run("db", "list", "--db", image).text
    assert listed.split("\n")[:-1] == [
        "One  a.ndb:1", "Two  a.ndb:2", "Hashed  b.hdb:1", "Logical  c.ldb:1"]
    as_json = json.loads(vitrine.run("db", "list", "--db", image, "--format=json").out)
    assert [r["rule"] for r in as_json] == ["One", "Two", "Hashed", "Logical"]
    assert vitrine.run("db", "find", "--db", image, "HASH").text == "Hashed  b.hdb:1\n"
    assert vitrine.run("db", "find", "--db", image, "T*").text == "Two  a.ndb:2\n"
    assert vitrine.run("db", "find", "--db", image, "nothing").code == 1
    for name in ("Hashed", "Hashed.UNOFFICIAL"):
        r = vitrine.run("db", "explain", "--db", image, name)
        assert r.code == 0 and "b.hdb:1" in r.text and HDB.strip() in r.text
    # a folder does as well as an image
    assert "Two" in vitrine.run("db", "explain", "--db", folder, "Two").text


def test_rules_that_are_not_in_force(vitrine, folder, tmp_path):
    line = NDB.splitlines()[1]
    (folder / "x.ign2").write_text(
        f"Hashed\nOne:{'0' * 32}\nTwo:{hashlib.md5(line.encode()).hexdigest()}\n")
    (folder / "d.ndb").write_text("Broken:0:*:zz\n")
    image = tmp_path / "i.vtdb"
    build(vitrine, image, folder)
    r = vitrine.run("db", "list", "--db", image).text.splitlines()
    assert "One  a.ndb:1" in r
    assert "Two  a.ndb:2  (ignored: an ignore list names it)" in r
    assert "Hashed  b.hdb:1  (ignored: an ignore list names it)" in r
    assert any(x.startswith("Broken  d.ndb:1  (bad: ") for x in r)
    j = json.loads(vitrine.run("db", "explain", "--format=json", "--db", image, "Two", "One").out)
    assert [(x["rule"], x["in_force"]) for x in j] == [("One", True), ("Two", False)]
    (tmp_path / "v").write_bytes(b"first-marker-one second-marker-two")
    r = vitrine.scan("-z", "--db", image, tmp_path / "v")
    assert {d["rule"] for d in r.files[str(tmp_path / "v")]["detections"]} == {"One"}


def test_diff(vitrine, folder, tmp_path):
    build(vitrine, tmp_path / "a", folder)
    (folder / "a.ndb").write_text(NDB.replace("One:0", "One:1") + "Four:0:*:" + MARK.hex() + "\n")
    (folder / "b.hdb").unlink()
    build(vitrine, tmp_path / "b", folder)
    r = vitrine.run("db", "diff", tmp_path / "a", tmp_path / "b")
    assert r.code == 1
    assert set(r.text.split("\n")[:-1]) == {
        "- Hashed  b.hdb:1", "~ One  a.ndb:1", "+ Four  a.ndb:3",
        "1 added, 1 removed, 1 changed"}
    j = json.loads(vitrine.run("db", "diff", "--format=json", tmp_path / "a", tmp_path / "b").out)
    assert (j["added"], j["removed"], j["changed"]) == (1, 1, 1) and len(j["rules"]) == 3
    same = vitrine.run("db", "diff", tmp_path / "a", tmp_path / "a")
    assert (same.code, same.text) == (0, "0 added, 0 removed, 0 changed\n")


def test_damaged_images_are_refused(vitrine, folder, tmp_path):
    image = tmp_path / "i.vtdb"
    build(vitrine, image, folder)
    assert vitrine.run("db", "verify", image).code == 0
    good = image.read_bytes()
    broken = {
        "cut": good[:-1],
        "cut header": good[:100],
        "longer": good + b"\0",
        "version": good[:8] + b"\xff" + good[9:],
        "empty": b"",
    }
    for at in (20, 60, 200, len(good) // 2, len(good) - 1):
        broken[f"bit at {at}"] = good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]
    for what, content in broken.items():
        image.write_bytes(content)
        for args in (["db", "verify", image], ["scan", "--db", image, tmp_path],
                     ["db", "info", image]):
            r = vitrine.run(*args)
            assert r.code == 2 and r.err, (what, args)


def test_compiled_once_and_again_when_changed(vitrine, folder, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"first-marker-one " + MARK)

    def scan(*more):
        r = vitrine.run("scan", "--db", folder, *more, victim)
        return b"compil" in r.err, r

    compiled, r = scan()
    assert compiled and r.code == 1 and "One (a.ndb:1)" in r.text
    assert b"compiling signatures from" in r.err and b"compiled in" in r.err
    assert not scan()[0]
    age(folder)
    assert not scan()[0] and not scan()[0]
    # looks different, is the same
    os.utime(folder / "a.ndb")
    assert not scan()[0]
    # a file beside the signatures does not matter
    (folder / "README").write_text("changed")
    assert not scan()[0]
    # is different
    (folder / "d.ndb").write_text("Marked:0:*:" + MARK.hex() + "\n")
    compiled, r = scan("-z")
    assert compiled and "Marked (d.ndb:1)" in r.text and "One (a.ndb:1)" in r.text
    (folder / "a.ndb").unlink()
    compiled, r = scan("-z")
    assert compiled and "One" not in r.text
    cache = tmp_path / "cache/vitrine/db"
    assert len(list(cache.glob("*.vtdb"))) == 1  # the older ones are gone
    assert not scan("-q")[0]


def test_several_databases(vitrine, folder, tmp_path):
    image = tmp_path / "i.vtdb"
    (tmp_path / "rules.ndb").write_bytes(RULES)
    build(vitrine, image, tmp_path / "rules.ndb")
    victim = tmp_path / "victim"
    victim.write_bytes(MARK + b"second-marker-two alpha-part omega-part")
    r = vitrine.run("scan", "-z", "--format=jsonl", "--db", image, "--db", folder / "a.ndb",
                    "-d", folder / "c.ldb", victim)
    assert {d["rule"] for d in r.files[str(victim)]["detections"]} == {
        "Test.Mark", "Two", "Logical"}
    assert r.summary["databases"] == [str(image), str(folder / "a.ndb"), str(folder / "c.ldb")]


def test_default_database(vitrine, tree):
    """The base content knows EICAR's test file."""
    (tree / "eicar.com").write_bytes(EICAR)
    r = vitrine.run("scan", "--format=jsonl", tree)
    assert r.code == 1, r.err
    assert r.files[str(tree / "eicar.com")]["verdict"] == "DETECTED"
    assert r.summary["databases"][0].endswith("content/base")


def container(files, md5=True):
    """A .cvd as ClamAV lays it out: a header of 512 bytes, then a compressed tar."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as t:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            t.addfile(info, io.BytesIO(text.encode()))
    body = tar.getvalue()
    header = ":".join(["ClamAV-VDB", "21 Nov 2026 12-00 +0000", "7", "3", "90",
                       hashlib.md5(body if md5 else b"").hexdigest(), "dsig", "tester", "0"])
    return header.encode().ljust(512) + body


def test_container(vitrine, tmp_path):
    source = tmp_path / "test.cvd"
    source.write_bytes(container({"test.ndb": NDB, "test.hdb": HDB, "COPYING": "no rules"}))
    r = build(vitrine, tmp_path / "i.vtdb", source)
    assert "test.cvd: version 7 of 21 Nov 2026" in r.text and "by tester" in r.text
    assert "signature was not checked" in r.text
    victim = tmp_path / "victim"
    victim.write_bytes(b"second-marker-two")
    assert "Two (test.cvd/test.ndb:2)" in vitrine.run(
        "scan", "--db", tmp_path / "i.vtdb", victim).text
    source.write_bytes(container({"test.ndb": NDB}, md5=False))
    assert vitrine.run("db", "build", "-o", tmp_path / "j.vtdb", source).code == 2


@pytest.mark.skipif(os.geteuid() != 0 or not os.path.isdir("/var/lib/clamav"),
                    reason="needs root to put a folder over /var/lib/clamav")
def test_clamav_folder_is_used(vitrine, folder, tree):
    (tree / "both").write_bytes(EICAR)
    (tree / "one").write_bytes(b"first-marker-one")
    cover = ["unshare", "-m", "sh", "-c",
             f'mount --bind {folder} /var/lib/clamav && exec "$@"', "sh"]
    if subprocess.run([*cover, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    r = vitrine.run("scan", "--format=jsonl", tree, before=cover)
    assert r.code == 1, r.err
    assert r.files[str(tree / "both")]["verdict"] == "DETECTED"
    assert r.files[str(tree / "one")]["detections"][0]["set"] == "a.ndb"
    assert r.summary["databases"][1] == "/var/lib/clamav"
    assert r.err.count(b"compiling") == 1


def test_interrupted_build_leaves_nothing(vitrine, tmp_path):
    source = tmp_path / "many.ndb"
    with open(source, "w") as f:
        for i in range(100_000):
            digest = hashlib.sha256(str(i).encode()).hexdigest()
            f.write(f"R{i}:0:*:{digest}\n")
    p = vitrine.start("db", "build", "-o", str(tmp_path / "i.vtdb"), str(source),
                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert b"compiling" in p.stderr.readline()
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=120)
    assert p.returncode == 130
    assert [x.name for x in tmp_path.iterdir() if x.name.startswith("i.vtdb")] == []


def test_runs_at_the_same_time(vitrine, folder, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"first-marker-one")
    runs = [vitrine.start("scan", "--db", str(folder), str(victim), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) for _ in range(8)]
    outputs = [p.communicate(timeout=60) for p in runs]
    assert all(p.returncode == 1 for p in runs)
    assert sum(b"compiling" in err for _, err in outputs) == 1
    assert len(list((tmp_path / "cache/vitrine/db").glob("*.vtdb"))) == 1


def test_cache_that_cannot_be_used(vitrine, folder, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"first-marker-one")
    cache = tmp_path / "cache/vitrine/db"
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    r = vitrine.run("scan", "--db", folder, victim)
    assert r.code == 1 and b"not kept" in r.err and b"others may write to it" in r.err
    assert list(cache.iterdir()) == []
    cache.chmod(0o700)
    (tmp_path / "plain").write_text("")
    r = vitrine.run("scan", "--db", folder, victim,
                    env=dict(vitrine.env, XDG_CACHE_HOME=str(tmp_path / "plain")))
    assert r.code == 1 and b"not kept" in r.err


def test_a_damaged_cached_image_is_not_used(vitrine, folder, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"first-marker-one")
    assert vitrine.run("scan", "--db", folder, victim).code == 1
    (image,) = (tmp_path / "cache/vitrine/db").glob("*.vtdb")
    content = bytearray(image.read_bytes())
    content[-1] ^= 1
    image.write_bytes(content)
    r = vitrine.run("scan", "--db", folder, victim)
    assert r.code == 1 and b"compiling" in r.err
