# SPDX-License-Identifier: Apache-2.0
"""pacman, flatpak, apk, snaps, packages of languages, and databases that nobody reads."""
import gzip
import importlib.metadata
import io
import json
import os
import shutil
import sqlite3
import subprocess
import zipfile
from pathlib import Path

import pytest

from package_roots import collect, header, run, write




@pytest.fixture
def pacman(tmp_path):
    if not shutil.which("pacman"):
        pytest.skip("needs pacman")
    root, pkg = tmp_path / "root", tmp_path / "pkg"
    (root / "var/lib/pacman").mkdir(parents=True)
    write(tmp_path / "pacman.conf", "[options]\nArchitecture = auto\nSigLevel = Never\n")
    for name, version in (("kesl", "2:12.1.0-1"), ("base", "3-2")):
        write(pkg / name / f"opt/{name}/tool", name)
        write(pkg / name / ".PKGINFO",
              f"pkgname = {name}\npkgbase = {name}\npkgver = {version}\npkgdesc = look-alike\nurl = x\n"
              "builddate = 1700000000\npackager = Example AO <a@example.org>\nsize = 1\narch = x86_64\n"
              "license = custom\nlicense = GPL\n")
        archive = tmp_path / f"{name}.pkg.tar.xz"
        run("tar", "-cJf", archive, ".PKGINFO", "opt", cwd=pkg / name)
        run("pacman", "--root", root, "--dbpath", root / "var/lib/pacman", "--config", tmp_path / "pacman.conf",
            "--cachedir", tmp_path, "--hookdir", tmp_path / "hooks", "--noconfirm", "-U", archive)
    return root


def test_pacman_is_told_as_pacman_tells_it(pacman, tmp_path):
    a = collect(pacman)
    out = run("pacman", "--root", pacman, "--dbpath", pacman / "var/lib/pacman", "--config", tmp_path / "pacman.conf", "-Q")
    assert {(f["name"], f["version"]) for f in a.facts} == {tuple(line.split()) for line in out.splitlines()}
    assert a.sources == ["pacman /var/lib/pacman/local"] and not a.missed
    assert a.one("kesl")["vendor"] == "Example AO <a@example.org>"


def test_pacman_entry_without_its_text_is_unknown(pacman):
    (pacman / "var/lib/pacman/local/kesl-2:12.1.0-1/desc").write_text("")
    a = collect(pacman)
    assert not a.sources and any(m[0] == "malformed" for m in a.missed)


def test_pacman_of_another_root_is_unknown(pacman):
    shutil.rmtree(pacman / "opt")
    assert not collect(pacman).sources


APP = ('<?xml version="1.0"?><components version="0.8" origin="x"><component type="desktop"><id>org.example.Kesl</id>'
       '<name>K</name><project_license>LicenseRef-proprietary</project_license><releases>'
       '<release version="12.1.0" timestamp="1700000000"/></releases></component></components>')


def test_flatpak_of_a_user_is_told_as_flatpak_tells_it(tmp_path):
    if not shutil.which("flatpak"):
        pytest.skip("needs flatpak")
    root = tmp_path / "root"
    home = root / "home/anna"
    home.mkdir(parents=True)
    env = dict(os.environ, HOME=str(home), XDG_DATA_HOME=str(home / ".local/share"),
               FLATPAK_SYSTEM_DIR=str(root / "var/lib/flatpak"))
    repo, rt, app = tmp_path / "repo", tmp_path / "rt", tmp_path / "app"
    write(rt / "metadata", "[Runtime]\nname=org.example.Platform\nruntime=org.example.Platform/x86_64/1\n"
                           "sdk=org.example.Platform/x86_64/1\n")
    (rt / "files").mkdir()
    (rt / "usr/bin").mkdir(parents=True)
    write(app / "metadata", "[Application]\nname=org.example.Kesl\nruntime=org.example.Platform/x86_64/1\ncommand=x\n")
    write(app / "files/bin/x", "x")
    (app / "export").mkdir()
    write(app / "files/share/app-info/xmls/org.example.Kesl.xml.gz", gzip.compress(APP.encode()))
    flatpak = lambda *args: run("flatpak", *args, env=env)
    flatpak("build-export", "--runtime", repo, rt, "1")
    flatpak("build-export", repo, app, "stable")
    flatpak("--user", "remote-add", "--no-gpg-verify", "local", repo)
    flatpak("--user", "install", "-y", "--noninteractive", "local", "org.example.Kesl")
    a = collect(root)
    listed = flatpak("--user", "list", "--columns=application,version,arch,origin").splitlines()
    kesl = a.one("org.example.Kesl")
    assert [line.split() for line in listed if "Kesl" in line] == [
        [kesl[k] for k in ("name", "version", "arch", "source")]]
    assert kesl["status"] == "active" and kesl["license"] == "LicenseRef-proprietary" and kesl["installed"] == "1"
    assert kesl["path"].startswith("/home/anna/.local/share/flatpak/app/org.example.Kesl/x86_64/stable/")
    assert a.one("org.example.Platform")["status"] == "active"
    assert not a.sources  # an answer for flatpaks is none for the system


APK = """C:Q1wXyhFVAzyHa3t2C6zg4m5wZjWs4=
P:musl
V:1.2.4-r2
A:x86_64
S:383459
I:622592
T:the musl c library (libc) implementation
U:https://musl.libc.org/
L:MIT
o:musl
m:Timo Teras <timo.teras@iki.fi>
t:1696441378
c:f93af038c3de7146121c2ea8124ba5ce29b4b058
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1Ae2hE3DRSYlYMn2ZNcmtcQKvWVA=

C:Q1bTtF5526tETKfL+lnigzIDvm+2o=
P:kesl
V:12.1.0-r0
A:x86_64
L:Proprietary
o:kesl
m:Example AO <a@example.org>
F:opt
F:opt/kaspersky
R:kesl
a:0:0:755
Z:Q1Ae2hE3DRSYlYMn2ZNcmtcQKvWVA=
f:fFs

"""


@pytest.fixture
def alpine(tmp_path):
    write(tmp_path / "lib/apk/db/installed", APK)
    write(tmp_path / "lib/ld-musl-x86_64.so.1", "x")
    write(tmp_path / "opt/kaspersky/kesl", "x")
    return tmp_path


def test_apk(alpine):
    a = collect(alpine)
    assert a.sources == ["apk /lib/apk/db/installed"] and not a.missed
    f = a.one("kesl")
    assert (f["version"], f["arch"], f["license"], f["status"]) == ("12.1.0-r0", "x86_64", "Proprietary", "installed broken")
    assert f["locus"] == "/lib/apk/db/installed#kesl:x86_64" and f["installed"] == "1"
    assert a.one("musl")["vendor"] == "Timo Teras <timo.teras@iki.fi>"


@pytest.mark.parametrize("text", ["", APK[:300], APK.replace("P:kesl\n", ""), APK.replace("L:MIT", "garbage"), "ADB.x"])
def test_broken_apk_database_is_unknown(alpine, text):
    write(alpine / "lib/apk/db/installed", text)
    a = collect(alpine)
    assert not a.sources and a.missed and a.missed[0][1].startswith("/lib/apk/db/installed")


def test_apk_where_lib_is_a_link(alpine):
    (alpine / "usr").mkdir()
    shutil.move(alpine / "lib", alpine / "usr/lib")
    (alpine / "lib").symlink_to("usr/lib")
    a = collect(alpine)
    assert len(a.facts) == 2 and a.sources == ["apk /usr/lib/apk/db/installed"] and not a.missed


def test_apk_of_another_root_is_unknown(alpine):
    shutil.rmtree(alpine / "opt")
    (alpine / "lib/ld-musl-x86_64.so.1").unlink()
    assert not collect(alpine).sources


def snapd_state(**snaps):
    return json.dumps({"data": {"auth": {}, "snaps": snaps}, "changes": {}, "tasks": {}})


def snap_entry(current, revisions, active=True, kind="app"):
    return {"type": kind, "sequence": [{"name": "x", "snap-id": "y", "revision": r} for r in revisions],
            "active": active, "current": current, "channel": "latest/stable"}


def test_fleet_22658_wazuh_15432_snaps(tmp_path):
    write(tmp_path / "var/lib/snapd/state.json", snapd_state(
        kesl=snap_entry("12", ["11", "12"]), off=snap_entry("x1", ["x1"], active=False)))
    write(tmp_path / "snap/kesl/12/meta/snap.yaml", "name: kesl\nversion: '12.1' # comment\nlicense: Proprietary\napps:\n  version: 9\n")
    for name in ("kesl_11.snap", "kesl_12.snap", "off_x1.snap", "stray_7.snap", "README"):
        write(tmp_path / "var/lib/snapd/snaps" / name, "hsqs")
    write(tmp_path / "var/lib/snapd/seed/snaps/seeded_3.snap", "hsqs")
    write(tmp_path / "snap/tried/x1/meta/snap.yaml", "name: tried\nversion: 2\n")
    (tmp_path / "snap/tried/current").symlink_to("x1")
    (tmp_path / "snap/bin").mkdir()
    a = collect(tmp_path)
    told = {(f["locus"], f.get("version"), f["status"], f["installed"]) for f in a.facts}
    state = "/var/lib/snapd/state.json#"
    assert told == {(state + "kesl_11", None, "old revision", "1"), (state + "kesl_12", "12.1", "active", "1"),
                    (state + "off_x1", None, "disabled", "1"),
                    ("/snap/tried/x1#tried_x1", "2", "no entry", "1"),
                    ("/var/lib/snapd/snaps/stray_7.snap#stray", None, "no entry", "1"),
                    ("/var/lib/snapd/seed/snaps/seeded_3.snap#seeded", None, "no entry", "1")}
    assert not a.sources


def test_system_made_of_snaps(tmp_path):
    write(tmp_path / "var/lib/snapd/state.json", snapd_state(**{"pc-kernel": snap_entry("1", ["1"], kind="kernel")}))
    write(tmp_path / "var/lib/snapd/modeenv", "mode=run\n")
    a = collect(tmp_path)
    assert a.sources == ["snap /var/lib/snapd/state.json"] and not a.missed


@pytest.mark.parametrize("text", ["", "{", "[]", '{"data": 1}', '{"data": {"snaps": []}}'])
def test_broken_state_of_snapd(tmp_path, text):
    write(tmp_path / "var/lib/snapd/state.json", text)
    a = collect(tmp_path)
    assert ("malformed", "/var/lib/snapd/state.json") in a.missed and not a.facts


def test_python_packages_as_python_lists_them(tmp_path):
    here = Path("/usr/lib/python3/dist-packages")
    kinds = [p for p in here.iterdir() if p.name.endswith((".dist-info", ".egg-info"))]
    if not kinds:
        pytest.skip("no Python packages here")
    to = tmp_path / "srv/app/lib/python3.11/site-packages"
    to.mkdir(parents=True)
    for p in kinds:
        shutil.copytree(p, to / p.name) if p.is_dir() else shutil.copy(p, to / p.name)
    a = collect(tmp_path)
    listed = {(d.metadata["Name"], d.version) for d in importlib.metadata.distributions(path=[str(to)])}
    assert {(f["name"], f["version"]) for f in a.facts if f["manager"] == "pypi"} == listed


def test_npm_packages(tmp_path):
    top = tmp_path / "srv/app"
    write(top / "package.json", '{"name": "not-installed", "version": "1.0.0"}')
    write(top / "node_modules/left/package.json", '{"name": "left", "version": "1.2.3", "license": {"type": "MIT"}}')
    write(top / "node_modules/@acme/tool/package.json",
          '\ufeff{"name": "@acme/tool", "version": "2.0.0", "author": {"name": "Acme"}, "license": "ISC"}')
    write(top / "node_modules/left/node_modules/deep/package.json", '{"name": "deep", "version": "0.1.0"}')
    write(top / "node_modules/left/lib/package.json", '{"type": "module"}')
    write(top / "node_modules/nameless/package.json", "{}")
    write(top / "node_modules/broken/package.json", "{")
    a = collect(tmp_path)
    assert {(f["name"], f["version"], f.get("license"), f.get("vendor")) for f in a.facts} == {
        ("left", "1.2.3", "MIT", None), ("@acme/tool", "2.0.0", "ISC", "Acme"), ("deep", "0.1.0", None, None)}
    assert ("malformed", "/srv/app/node_modules/broken/package.json") in a.missed and len(a.missed) == 2


def test_npm_lists_the_same(tmp_path):
    top = Path("/usr/lib/node_modules")
    if not shutil.which("npm") or not top.is_dir():
        pytest.skip("needs npm")
    shutil.copytree(top, tmp_path / "usr/lib/node_modules", symlinks=True)
    a = collect(tmp_path)
    told = {(f["path"], f["name"], f.get("version")) for f in a.facts if f["manager"] == "npm"}
    listed = json.loads(subprocess.run(["npm", "ls", "-g", "--all", "--json", "--long", "--prefix", tmp_path / "usr"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout)
    want, todo = set(), [listed]
    while todo:
        d = todo.pop()
        todo += d.get("dependencies", {}).values()
        if d.get("name") and d.get("path") and "/node_modules/" in d["path"]:
            want.add((d["path"].removeprefix(str(tmp_path)), d["name"], d["version"]))
    assert want and want <= told


def jar(**members):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in members.items():
            z.writestr(name, content)
    return b.getvalue()


def pom(group, artifact, version):
    return {f"META-INF/maven/{group}/{artifact}/pom.properties":
            f"#Generated\ngroupId={group}\nartifactId={artifact}\nversion={version}\n"}


def test_jars(tmp_path):
    inner = jar(**pom("org.example", "inner", "3.0"))
    deepest = jar(**pom("org.example", "too-deep", "1"))
    outer = jar(**pom("org.example", "fat", "1.0"), **pom("org.other", "shaded", "2.0"),
                **{"META-INF/MANIFEST.MF": "Implementation-Title: ignored\n", "WEB-INF/lib/inner.jar": inner,
                   "WEB-INF/lib/nest.jar": jar(**{"x.jar": deepest}), "a.class": b"\xca\xfe\xba\xbe"})
    write(tmp_path / "opt/app.war", outer)
    write(tmp_path / "opt/bundle.JAR", jar(**{"META-INF/MANIFEST.MF": (
        "Manifest-Version: 1.0\r\nBundle-SymbolicName: org.example.bundle;sing\r\n leton:=true\r\nBundle-Version: 4.\r\n 5\r\n"
        "Implementation-Vendor: Example AO\r\n\r\nName: other\r\nImplementation-Version: 9\r\n")}))
    write(tmp_path / "opt/plain.jar", jar(**{"a.class": "x"}))
    write(tmp_path / "opt/broken.jar", outer[:200])
    a = collect(tmp_path)
    assert {(f["locus"], f["name"], f["version"]) for f in a.facts} == {
        ("/opt/app.war#META-INF/maven/org.example/fat/pom.properties", "org.example:fat", "1.0"),
        ("/opt/app.war#META-INF/maven/org.other/shaded/pom.properties", "org.other:shaded", "2.0"),
        ("/opt/app.war!WEB-INF/lib/inner.jar#META-INF/maven/org.example/inner/pom.properties", "org.example:inner", "3.0"),
        ("/opt/bundle.JAR#META-INF/MANIFEST.MF", "org.example.bundle", "4.5")}
    assert a.one("org.example.bundle")["vendor"] == "Example AO"
    assert [m for m in a.missed if m[1] != "/"] == [("malformed", "/opt/broken.jar")]


def test_jar_bomb_is_a_gap_and_no_crash(tmp_path):
    write(tmp_path / "bomb.jar", jar(**{"META-INF/MANIFEST.MF": b"\0" * (200 << 20)}))
    write(tmp_path / "nest.jar", jar(**{f"{n}.jar": jar(x=b"\0" * (80 << 20)) for n in range(3)}))
    a = collect(tmp_path)
    assert ("limit", "/bomb.jar") in a.missed


def test_identification_tags(tmp_path):
    write(tmp_path / "usr/share/swidtag/org.example/x.swidtag",
          '<?xml version="1.0" encoding="utf-8"?><SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" '
          'name="Example Endpoint &amp; More" version="12" tagId="org.example.12"><Entity name="Reseller" regid="r" '
          'role="distributor"/><Entity name="Example AO" regid="e" role="tagCreator softwareCreator"/></SoftwareIdentity>')
    write(tmp_path / "usr/lib/swidtag/bad.swidtag", "<SoftwareIdentity name='x'")
    bomb = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 20))
    write(tmp_path / "usr/lib/swidtag/bomb.swidtag",
          f'<!DOCTYPE x [<!ENTITY a0 "xxxxxxxxxx">{bomb}]><SoftwareIdentity name="&a19;"/>')
    a = collect(tmp_path)
    f = a.one("Example Endpoint & More")
    assert (f["version"], f["vendor"], f["source"], f["manager"]) == ("12", "Example AO", "org.example.12", "swid")
    assert len(a.facts) == 1 and len([m for m in a.missed if m[0] == "malformed"]) == 2


def test_database_that_nobody_reads_is_named(tmp_path):
    (tmp_path / "var/db/pkg/app-misc/kesl-1").mkdir(parents=True)
    a = collect(tmp_path)
    assert not a.sources and a.missed == [("unsupported", "/var/db/pkg")]


def test_the_same_inside_of_the_sandbox(alpine, vitrine):
    """Every parser within the collector's process: nothing needs what its filter refuses."""
    write(alpine / "var/lib/snapd/state.json", snapd_state(kesl=snap_entry("12", ["11", "12"])))
    write(alpine / "srv/node_modules/left/package.json", '{"name": "left", "version": "1"}')
    write(alpine / "srv/a.dist-info/METADATA", "Name: a\nVersion: 1\n")
    write(alpine / "srv/b.jar", jar(**pom("org.example", "b", "1"), **{"c.jar": jar(**pom("org.example", "c", "1"))}))
    write(alpine / "usr/share/swidtag/x.swidtag", "<SoftwareIdentity name='tagged' version='1' tagId='t'/>")
    write(alpine / f"home/x/flatpak/app/org.example.F/x86_64/stable/{'0123456789abcdef' * 4}/metadata",
          "[Application]\nname=org.example.F\n")
    blob = header("rpmmed")
    with sqlite3.connect(write(alpine / "var/lib/rpm/rpmdb.sqlite", b"")) as db:
        db.execute("CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB)")
        db.execute("INSERT INTO Packages VALUES (1, ?)", (blob,))
    a = collect(alpine)
    managers = {f["manager"] for f in a.facts}
    assert managers == {"apk", "snap", "npm", "pypi", "maven", "swid", "flatpak", "rpm"}
    r = vitrine.run("inventory", "--root", alpine, "--only", "packages", "--format", "cyclonedx",
                    "--evidence", alpine.parent / "evidence.db")
    assert r.code in (0, 1), r.err
    told = sorted(c["name"] for c in json.loads(r.out)["components"] if c["type"] in ("application", "library"))
    assert len(told) == len(a.facts), (told, [f["name"] for f in a.facts])
