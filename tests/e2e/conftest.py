# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: the executables of a build, a database, and ways to run them.

VITRINE_BUILD names the build folder (default: build). --long adds the tests that take minutes.
"""
import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("VITRINE_BUILD", ROOT / "build")).resolve()

# EICAR's test file, put together here so that no file of the project is one.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MARK = b"vitrine-" + b"test-mark-7f3a"
RULES = ("Test.Eicar:0:0:" + EICAR.hex() + "\nTest.Mark:0:*:" + MARK.hex() + "\n").encode()


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the tests that take minutes too")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes, needs --long")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--long"):
        for item in items:
            if "long" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs --long"))


class Result:
    def __init__(self, process):
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr

    @property
    def text(self):
        return self.out.decode("utf-8", "replace")

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def files(self):
        """Verdicts and reasons by path, of a jsonl report."""
        return {f["path"]: f for f in self.lines if f["type"] == "file"}

    @property
    def summary(self):
        last = self.lines[-1]
        assert last["type"] == "summary"
        return last


class Vitrine:
    def __init__(self, program, database, cache):
        self.program, self.database = str(program), str(database)
        self.env = dict(os.environ, XDG_CACHE_HOME=str(cache), LC_ALL="C.UTF-8")

    def run(self, *args, **kw):
        kw.setdefault("timeout", 120)
        kw.setdefault("stdin", None if "input" in kw else subprocess.DEVNULL)
        kw.setdefault("env", self.env)
        before = kw.pop("before", [])
        p = subprocess.run([*before, self.program, *map(os.fsdecode, args)], check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)
        return Result(p)

    def start(self, *args, **kw):
        kw.setdefault("env", self.env)
        return subprocess.Popen([self.program, *map(os.fsdecode, args)], **kw)

    def scan(self, *args, **kw):
        """`vitrine scan` with the tests' database, reporting in JSON Lines."""
        return self.run("scan", "--db", self.database, "--format=jsonl", *args, **kw)


def readable_by_all(path):
    for p in (path, *path.parents):
        if p.stat().st_uid == os.geteuid() and p != Path("/"):
            p.chmod(p.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH | stat.S_IRGRP | stat.S_IROTH)


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """The executables, copied to where any user may run them."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("vitrine", "vitrine-worker", "vitrine-compiler", "vitrine-collector"):
        shutil.copy(BUILD / name, folder / name)
    shutil.copytree(ROOT / "content", folder / "content")
    readable_by_all(folder)
    return folder / "vitrine"


@pytest.fixture(scope="session")
def database(program, tmp_path_factory):
    """An image with rules for EICAR and for MARK."""
    folder = tmp_path_factory.mktemp("db")
    source = folder / "test.ndb"
    source.write_bytes(RULES)
    image = folder / "test.vtdb"
    p = subprocess.run([program, "db", "build", "-q", "-o", image, source], check=False,
                       capture_output=True, text=True)
    assert p.returncode == 0, p.stderr
    readable_by_all(image)
    return image


@pytest.fixture
def vitrine(program, database, tmp_path):
    return Vitrine(program, database, tmp_path / "cache")


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder
