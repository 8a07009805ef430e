# SPDX-License-Identifier: Apache-2.0
"""What a collector that was taken over can do: read below the root that it was handed, and nothing else. The one that
looks at processes has no such root; it can read what its user may, but change nothing, tell nobody, and not read the
memory of programs (position-independent ones, as Debian's all are). Each way is one in reader_escapes.c."""
import os
import shutil
import signal
import subprocess

import pytest
from conftest import BUILD

HELPER = BUILD / "tests" / "containment" / "reader-escapes"
USERS = ["self", "nobody"] if os.geteuid() == 0 else ["self"]
pytestmark = pytest.mark.skipif(not HELPER.exists(), reason="this build has no such helper")
NAMES = subprocess.run([HELPER], capture_output=True, text=True, check=True).stdout.split() if HELPER.exists() else []

# All that may work, by role; of these what depends on the user's rights may be refused, too.
ALLOWED = {"collector": {"read_below"},
           "processes": {"read_below", "passwd", "maps", "dot_dot", "link_out", "shadow"}}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    for p in (folder, folder.parent, folder.parent.parent):
        p.chmod(0o755)
    shutil.copy(HELPER, folder / "reader-escapes")
    root = folder / "root"
    root.mkdir()
    (root / "file").write_text("text")
    os.mkfifo(root / "fifo", 0o666)
    (root / "out").symlink_to("/etc/passwd")
    (folder / "outside").write_text("text")
    root.chmod(0o777)
    (root / "file").chmod(0o666)
    return folder


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("role", ["collector", "processes"])
@pytest.mark.parametrize("name", NAMES)
def test_ways_out(place, user, role, name):
    as_user = ["runuser", "-u", "nobody", "--"] if user == "nobody" else []
    other = subprocess.Popen([*as_user, "sleep", "60"])
    try:
        if as_user:
            pids = subprocess.run(["pgrep", "-P", str(other.pid), "sleep"], capture_output=True, text=True, check=False)
            pid = pids.stdout.strip() or other.pid
        else:
            pid = other.pid
        p = subprocess.run([*as_user, place / "reader-escapes", role, place / "root", str(pid), name],
                           capture_output=True, text=True, timeout=60, check=False)
        alive = other.poll() is None
    finally:
        other.kill()
        other.wait()
    assert alive
    if p.returncode == 4 and role == "collector" and name in ALLOWED["processes"]:
        pytest.skip("no Landlock in this kernel")
    killed = p.returncode in (-signal.SIGSYS, 128 + signal.SIGSYS)
    assert killed or p.returncode in (0, 4), (p.returncode, p.stdout, p.stderr)
    if name == "read_below":
        assert p.stdout == "worked\n"
    elif name not in ALLOWED[role]:
        assert killed or p.stdout == "refused\n", p.stdout
    assert sorted(f.name for f in (place / "root").iterdir()) == ["fifo", "file", "out"]
    assert (place / "root" / "file").read_text() == "text"


def test_maps_are_there_to_be_tried(place):
    """Or that memory is refused would show nothing."""
    with subprocess.Popen(["sleep", "60"]) as other:
        p = subprocess.run([place / "reader-escapes", "processes", place / "root", str(other.pid), "maps"],
                           capture_output=True, text=True, timeout=60, check=False)
        other.kill()
    assert p.stdout == "worked\n"
