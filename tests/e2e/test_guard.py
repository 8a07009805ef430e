# SPDX-License-Identifier: Apache-2.0
"""Guards: pins and masks that are undone exactly, alerts, and programs that the kernel does not start."""
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from remedy import Package, Vitrine, kesl, sh, snapshot
from test_remove import base, programs  # noqa: F401  (fixtures)

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: fanotify asks only root, and dpkg installs into roots"),
    pytest.mark.skipif(not shutil.which("debootstrap"), reason="needs debootstrap"),
]
MARK = b"look-alike of the banned product"
CATALOGUE = {
    "format": "vitrine/catalogue/1", "id": "test-guard", "version": "1", "title": "For the tests of guards",
    "sources": {"here": {"text": "made for a test"}},
    "products": [{"id": "kaspersky-test-program", "name": "Look-alike", "entity": "kaspersky",
                  "category": "security-software", "source": "here", "confidence": "read"}],
    "rules": [
        {"id": "guard-content", "product": "kaspersky-test-program", "kind": "content", "source": "here",
         "confidence": "read", "signature": {"format": "ldb", "line": "Engine:81-255,Target:6;0;" + MARK.hex()}},
        {"id": "guard-path", "product": "kaspersky-test-program", "kind": "executable", "source": "here",
         "confidence": "read", "match": {"path": ["*/banned-tool/bin/*"]}},
        {"id": "guard-name", "product": "kaspersky-test-program", "kind": "executable", "source": "here",
         "confidence": "read", "match": {"name": ["banned-name"]}},
        {"id": "guard-soname", "product": "kaspersky-test-program", "kind": "executable", "source": "here",
         "confidence": "read", "match": {"soname": ["libbannedsdk*.so.1"]}},
        {"id": "guard-build-id", "product": "kaspersky-test-program", "kind": "executable", "source": "here",
         "confidence": "read", "match": {"build-id": ["00112233445566778899aabbccddeeff00112233"]}},
    ],
}


@pytest.fixture
def vitrine(programs, tmp_path):  # noqa: F811
    return Vitrine(programs, "none", tmp_path / "cache")


@pytest.fixture
def root(base):  # noqa: F811
    r = Path("/var/tmp") / f"vitrine-guard-{os.getpid()}"
    shutil.rmtree(r, ignore_errors=True)
    sh("cp", "-a", base, r)
    yield r
    shutil.rmtree(r, ignore_errors=True)


@pytest.fixture
def guard(vitrine, root, tmp_path):
    def run(verb, *args):
        return vitrine.run("guard", "bod-17-01", verb, "--root", root, "--state", tmp_path / "state", *args)
    return run


def test_on_pins_and_masks_and_off_undoes_exactly(guard, root):
    (root / "etc/dnf").mkdir()
    (root / "etc/dnf/dnf.conf").write_text("[main]\ngpgcheck=1\n")
    before = snapshot(root)
    r = guard("on")
    assert r.code == 0, r.text + r.error
    pin = (root / "etc/apt/preferences.d/vitrine-bod-17-01.pref").read_text()
    assert "Pin-Priority: -1" in pin and " kesl " in pin and "*" not in pin.split("Package:")[1].split("\n")[0]
    assert "kesl" in (root / "etc/dnf/dnf.conf").read_text()
    assert (root / "etc/systemd/system/kesl.service").readlink() == Path("/dev/null")
    assert (root / "etc/systemd/system/timers.target.wants/vitrine-guard-bod-17-01-check.timer").is_symlink()
    assert guard("status").code == 0
    assert guard("on").code == 2  # it is on
    assert guard("off").code == 0
    after = snapshot(root)
    changed = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}
    assert not changed
    assert guard("off").code == 2 and "off" in guard("status").text


def test_apt_believes_the_pin(guard, root, tmp_path):
    """apt itself is asked: the package is there, and is no candidate."""
    assert guard("on").code == 0
    deb = kesl().build(tmp_path)
    repository = root / "srv/repo"
    repository.mkdir(parents=True)
    shutil.copy(deb, repository)
    size = deb.stat().st_size
    sha = sh("sha256sum", deb).stdout.split()[0]
    (repository / "Packages").write_text(
        "Package: kesl\nVersion: 12.0.0-1\nArchitecture: amd64\nMaintainer: x <x@example.org>\n"
        f"Filename: ./{deb.name}\nSize: {size}\nSHA256: {sha}\nDescription: look-alike\n\n")
    (root / "etc/apt/sources.list").write_text("deb [trusted=yes] file:/srv/repo ./\n")

    def candidate():
        sh("chroot", root, "apt-get", "-o", "APT::Sandbox::User=root", "update")
        text = sh("chroot", root, "apt-cache", "policy", "kesl").stdout
        return next(line for line in text.splitlines() if "Candidate" in line)

    assert "(none)" in candidate()
    assert guard("off").code == 0
    assert "12.0.0-1" in candidate()


def test_status_and_check_tell_what_was_changed(guard, root):
    assert guard("on").code == 0
    assert guard("check").code == 0
    (root / "etc/systemd/system/kesl.service").unlink()
    (root / "etc/apt/preferences.d/vitrine-bod-17-01.pref").write_text("nothing\n")
    assert guard("status").code == 1
    r = guard("check", "--format=jsonl")
    assert r.code == 1
    assert {x["alert"] for x in r.lines} == {"guard-missing", "guard-changed"}
    r = guard("off")
    assert r.code == 1 and "CHANGED" in r.text
    assert (root / "etc/apt/preferences.d/vitrine-bod-17-01.pref").read_text() == "nothing\n"


def test_check_tells_when_it_returns(guard, root, tmp_path):
    assert guard("on").code == 0
    sh("dpkg", f"--root={root}", "-i", kesl().build(tmp_path))
    r = guard("check", "--format=jsonl")
    assert r.code == 1
    assert any(x["alert"] == "returned" and "kesl" in x["what"] for x in r.lines)
    kept = (tmp_path / "state/guard/bod-17-01/alerts").read_text().splitlines()
    assert [json.loads(x)["alert"] for x in kept] == [x["alert"] for x in r.lines]


@pytest.mark.parametrize("name, description, told", [
    ("ultraav", "whatever it says", True),
    ("nobody-knows-me", "endpoint protection for everybody", True),
    ("hello", "a greeting", False),
])
def test_check_tells_of_a_replacement(guard, root, tmp_path, name, description, told):
    old = Package("old-scanner", description="antivirus that was here before")
    sh("dpkg", f"--root={root}", "-i", old.build(tmp_path))
    assert guard("on").code == 0
    sh("dpkg", f"--root={root}", "-i", Package(name, "1.0", description=description).build(tmp_path))
    r = guard("check", "--format=jsonl")
    alerts = [x for x in r.lines if x["alert"] == "replacement"] if r.out else []
    if name == "ultraav" and not alerts:
        pytest.skip("the catalogue has no rule for packages of that name")
    assert bool(alerts) == told
    assert not any("old-scanner" in x["what"] for x in alerts)


def test_a_unit_that_stands_there_is_not_replaced(guard, root):
    (root / "etc/systemd/system/kesl.service").write_text("[Service]\n")
    r = guard("on")
    assert r.code == 1 and "something else stands there" in r.text
    assert (root / "etc/systemd/system/kesl.service").read_text() == "[Service]\n"
    guard("off")
    assert (root / "etc/systemd/system/kesl.service").read_text() == "[Service]\n"


# Programs -----------------------------------------------------------------------------------------

class Serving:
    def __init__(self, vitrine, folder, *args):
        self.mount = folder / "mount"
        self.mount.mkdir()
        sh("mount", "-t", "tmpfs", "tmpfs", self.mount)
        catalogue = folder / "catalogue.json"
        catalogue.write_text(json.dumps(CATALOGUE))
        self.alerts = folder / "state/guard/bod-17-01/alerts"
        self.p = vitrine.start("guard", "bod-17-01", "serve", "--state", folder / "state", "--catalogue", catalogue,
                               "--unsigned", "--path", self.mount, *args, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        self.first = self.p.stdout.readline()

    def program(self, name, extra=b"", of="/bin/true"):
        to = self.mount / name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(of, to)
        with open(to, "ab") as f:
            f.write(extra)
        return to

    def starts(self, program):
        try:
            return subprocess.run([program], check=False, timeout=60).returncode == 0
        except PermissionError:
            return False

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        out, err = self.p.communicate(timeout=30)
        return out + err

    def close(self):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()
        subprocess.run(["umount", "-l", self.mount], check=False)


@pytest.fixture
def serve(vitrine, tmp_path):
    made = []

    def start(*args):
        s = Serving(vitrine, tmp_path, *args)
        made.append(s)
        if "Guarding" not in s.first:
            s.p.wait(timeout=10)
            pytest.skip("fanotify is not there: " + s.p.stderr.read()[-200:])
        return s
    yield start
    for s in made:
        s.close()


def test_programs_are_denied_by_content_path_and_soname(serve, tmp_path):
    s = serve()
    assert s.starts(s.program("clean"))
    assert not s.starts(s.program("renamed", MARK))
    assert not s.starts(s.program("banned-tool/bin/x"))
    assert s.starts(s.program("banned-name"))  # a name alone is no evidence
    source = tmp_path / "x.c"
    source.write_text("int main(void) { return 0; }\n")
    sdk = tmp_path / "libb.so"
    sh("gcc", "-shared", "-fPIC", "-Wl,-soname,libbannedsdk7.so.1", "-o", sdk, "-x", "c", "/dev/null")
    sh("gcc", "-o", s.mount / "embeds", source, "-Wl,--no-as-needed", sdk)
    assert not s.starts(s.mount / "embeds")
    sh("gcc", "-o", s.mount / "marked", source, "-Wl,--build-id=0x00112233445566778899aabbccddeeff00112233")
    assert not s.starts(s.mount / "marked")
    # the same file that was clean gets other content: it is looked at again
    clean = s.mount / "clean"
    assert s.starts(clean)
    with open(clean, "ab") as f:
        f.write(MARK)
    assert not s.starts(clean)
    denied = [json.loads(x) for x in s.alerts.read_text().splitlines()]
    assert {x["alert"] for x in denied} == {"denied"} and len(denied) == 5
    assert "5 denied, 0 let through" in s.stop()
    # without a guard all of them start
    assert s.starts(s.mount / "renamed")


def test_strict_denies_by_name_too(serve):
    s = serve("--strict")
    assert not s.starts(s.program("banned-name"))
    assert s.starts(s.program("other-name"))


def test_a_guard_that_is_killed_lets_programs_start(serve):
    s = serve()
    bad = s.program("bad", MARK)
    assert not s.starts(bad)
    s.p.kill()
    s.p.wait()
    assert s.starts(bad)


def test_what_is_not_answered_in_time_is_let_through_and_told(serve):
    """The workers are stopped: no answer comes. The program starts, and that is written down."""
    s = serve("--wait", "1s")
    for worker in sh("pgrep", "-P", s.p.pid).stdout.split():
        os.kill(int(worker), signal.SIGSTOP)
    start = time.monotonic()
    assert s.starts(s.program("unseen"))
    assert time.monotonic() - start < 30
    alerts = [json.loads(x) for x in s.alerts.read_text().splitlines()]
    assert alerts and all(x["alert"] == "let-through" for x in alerts)


def test_many_programs_at_once(serve):
    s = serve()
    programs_ = [s.program(f"p{i}", MARK if i % 5 == 0 else str(i).encode()) for i in range(40)]
    running = []
    for p in programs_:
        running.append(subprocess.Popen(["sh", "-c", f"exec {p}"], stderr=subprocess.DEVNULL))
    codes = [p.wait(timeout=60) for p in running]
    assert [c == 0 for c in codes] == [i % 5 != 0 for i in range(40)]
