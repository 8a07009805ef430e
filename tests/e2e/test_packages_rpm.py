# SPDX-License-Identifier: Apache-2.0
"""What rpm says is installed: databases of the three kinds, compared with rpm -qa, and broken ones."""
import importlib.util
import shutil
import sqlite3

import pytest

from package_roots import Rpm, as_rpm, collect, copy_tree, header, size, write_bdb, write_ndb

pytestmark = pytest.mark.skipif(not shutil.which("rpmbuild"), reason="needs rpm")
needs_bdb = pytest.mark.skipif(not importlib.util.find_spec("bsddb3"), reason="needs python3-bsddb3")
DB = "/usr/lib/sysimage/rpm/"
BANNED = ("kesl", "2:12.1.0-1543", "x86_64", "AO Example", "Proprietary", "kesl-12.1.0-1543.src.rpm")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    r = Rpm(tmp_path_factory.mktemp("rpm"))
    r.install("kesl", "12.1.0", "1543", epoch=2, vendor="AO Example", files=100)
    r.install("common", noarch=True, files=1)
    r.install("large", files=1500)  # its header is larger than a page of any database
    return r


@pytest.fixture
def rpm(made, tmp_path):
    """A copy of the root, to be broken."""
    r = Rpm.__new__(Rpm)
    r.root = copy_tree(made.root, tmp_path / "root")
    r.db = r.root / Rpm.folder
    return r


def test_sqlite_is_told_as_rpm_tells_it(made):
    a = collect(made.root)
    assert as_rpm(a) == made.query() and BANNED in as_rpm(a) and len(a.facts) == 3
    assert a.sources == ["rpm " + DB + "rpmdb.sqlite"] and not a.missed
    f = a.one("kesl")
    assert f["locus"] == DB + "rpmdb.sqlite#kesl:x86_64" and f["installed"] == "1"


@needs_bdb
@pytest.mark.parametrize("big_endian", [False, True])
def test_berkeley_db_is_told_as_rpm_tells_it(rpm, big_endian):
    before = rpm.query()
    write_bdb(rpm.db / "Packages", rpm.blobs(), big_endian)
    rpm.drop_sqlite()
    a = collect(rpm.root)
    assert as_rpm(a) == before and a.sources == ["rpm " + DB + "Packages"] and not a.missed
    assert rpm.query(backend="bdb_ro") == before


@needs_bdb
def test_berkeley_db_of_many_packages(rpm, tmp_path):
    """Buckets that were split, pages behind pages, small headers inside of the page."""
    blobs = rpm.blobs()
    many = [(n, blobs[n % 2][1]) for n in range(1, 1500)]
    many += [(n, header(f"tiny{n}")) for n in range(1500, 2500)]
    write_bdb(rpm.db / "Packages", many)
    rpm.drop_sqlite()
    a = collect(rpm.root)
    assert len(a.facts) == 2499 and len({f["name"] for f in a.facts}) == 1002 and not a.missed


def test_ndb(rpm):
    before = rpm.query()
    write_ndb(rpm.db / "Packages.db", rpm.blobs())
    rpm.drop_sqlite()
    a = collect(rpm.root)
    assert as_rpm(a) == before and a.sources == ["rpm " + DB + "Packages.db"] and not a.missed


def test_ndb_with_one_bit_changed(rpm):
    write_ndb(rpm.db / "Packages.db", rpm.blobs())
    rpm.drop_sqlite()
    b = bytearray((rpm.db / "Packages.db").read_bytes())
    b[5000] ^= 1
    (rpm.db / "Packages.db").write_bytes(b)
    a = collect(rpm.root)
    assert len(a.facts) == 3 and not a.sources and ("malformed", DB + "Packages.db") in a.missed


def test_what_is_only_in_the_log_is_seen(made, tmp_path):
    """A package that was installed, but not yet written from the write-ahead log into the database."""
    r = Rpm.__new__(Rpm)
    r.root = copy_tree(made.root, tmp_path / "root")
    r.db = r.root / Rpm.folder
    with sqlite3.connect(r.db / "rpmdb.sqlite") as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA wal_autocheckpoint=0")
        db.execute("INSERT INTO Packages(blob) VALUES (?)", (header("late"),))
        db.execute("DELETE FROM Packages WHERE hnum = 2")
        db.execute("DELETE FROM Name WHERE hnum = 2")
        db.commit()
        assert size(r.db / "rpmdb.sqlite-wal") > 0
        live = copy_tree(r.root, tmp_path / "live")
    a = collect(live)
    assert {f["name"] for f in a.facts} == {"kesl", "large", "late"} and a.sources and not a.missed
    # the same, with the end of the log cut off: the transaction never happened
    log = live / Rpm.folder / "rpmdb.sqlite-wal"
    log.write_bytes(log.read_bytes()[:-10])
    a = collect(live)
    assert {f["name"] for f in a.facts} == {"kesl", "large", "common"} and a.sources


def test_entry_taken_out_behind_rpms_back_is_unknown(rpm):
    with sqlite3.connect(rpm.db / "rpmdb.sqlite") as db:
        db.execute("DELETE FROM Packages WHERE hnum = 1")
    a = collect(rpm.root)
    assert not a.by_name("kesl") and not a.sources and ("malformed", DB + "rpmdb.sqlite") in a.missed


@pytest.mark.parametrize("schema", [
    "CREATE VIEW Packages AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x AS hnum, x AS blob FROM c",
    "CREATE TABLE Other(x)",
    "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob AS (hex(zeroblob(1000000))))",
    "CREATE VIRTUAL TABLE Packages USING fts5(hnum, blob)",
    "CREATE TABLE Packages(x)",
])
def test_database_with_another_schema_is_unknown(rpm, schema):
    rpm.drop_sqlite()
    with sqlite3.connect(rpm.db / "rpmdb.sqlite") as db:
        db.execute(schema)
        if "hex" in schema:
            db.executemany("INSERT INTO Packages(hnum) VALUES (?)", [(n,) for n in range(1, 20)])
    a = collect(rpm.root)
    assert not a.facts and not a.sources and ("malformed", DB + "rpmdb.sqlite") in a.missed


def kinds(rpm, kind):
    if kind == "Packages":
        write_bdb(rpm.db / kind, rpm.blobs())
    elif kind == "Packages.db":
        write_ndb(rpm.db / kind, rpm.blobs())
    if kind != "rpmdb.sqlite":
        rpm.drop_sqlite()
    return rpm.db / kind


@pytest.mark.parametrize("kind", ["rpmdb.sqlite", "Packages.db", pytest.param("Packages", marks=needs_bdb)])
def test_truncated_database_is_unknown(rpm, kind):
    path = kinds(rpm, kind)
    whole = path.read_bytes()
    for k in range(16):
        path.write_bytes(whole[:len(whole) * k // 16])
        a = collect(rpm.root)
        assert not a.sources and a.missed, k


@pytest.mark.parametrize("kind", ["rpmdb.sqlite", "Packages.db", pytest.param("Packages", marks=needs_bdb)])
def test_empty_database_is_unknown(rpm, kind):
    blobs, rpm.blobs = rpm.blobs(), lambda: []
    assert blobs
    path = kinds(rpm, kind)
    if kind == "rpmdb.sqlite":
        rpm.drop_sqlite()
        Rpm.rpm(rpm, "--initdb")
    assert path.exists()
    a = collect(rpm.root)
    assert not a.sources and a.missed == [("no-source", DB + kind)]


def test_database_of_another_root_is_unknown(rpm, tmp_path):
    other = tmp_path / "other"
    copy_tree(rpm.db, other / Rpm.folder)
    a = collect(other)
    assert len(a.facts) == 3 and not a.sources and ("malformed", DB + "rpmdb.sqlite") in a.missed
    assert a.one("kesl")["state"] == "files-missing"


def test_openscap_348_no_rpmdb_is_unknown(rpm):
    shutil.rmtree(rpm.db)
    a = collect(rpm.root)
    assert not a.sources and a.missed == [("no-source", "/")]


def test_old_place_is_a_link(rpm):
    (rpm.root / "var/lib").mkdir(parents=True)
    (rpm.root / "var/lib/rpm").symlink_to("../../usr/lib/sysimage/rpm")
    a = collect(rpm.root)
    assert len(a.facts) == 3 and len(a.sources) == 1


def test_database_left_behind_by_a_change_of_kind_is_read_too(rpm):
    write_ndb(rpm.db / "Packages.db", [(1, header("forgotten"))])
    a = collect(rpm.root)
    assert {f["name"] for f in a.facts} == {"kesl", "large", "common", "forgotten"}


def test_root_below_the_tree(rpm, tmp_path):
    a = collect(tmp_path)
    assert len(a.facts) == 3 and not a.sources and not [m for m in a.missed if m[0] != "no-source"]
    assert a.one("kesl")["locus"] == "/root" + DB + "rpmdb.sqlite#kesl:x86_64"
