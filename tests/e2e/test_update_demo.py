# SPDX-License-Identifier: Apache-2.0
"""./try update-demo says what it shows, and only if it is so."""
import shutil
import subprocess
import sys

import pytest
from conftest import BUILD, ROOT, readable_by_all

sys.path.insert(0, str(ROOT / "tests"))
from adversary.machine import can_update  # noqa: E402


@pytest.mark.skipif(not can_update(BUILD), reason="this build has no vitrine update")
def test_update_demo(program, tmp_path):
    if not (program.parent / "vitrine-updater").exists():
        shutil.copy(BUILD / "vitrine-updater", program.parent)
        readable_by_all(program.parent)
    p = subprocess.run(["/usr/bin/python3", ROOT / "tools/update_demo.py", program], check=False,
                       capture_output=True, text=True, timeout=600, env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"})
    assert p.returncode == 0, p.stdout + p.stderr
    assert p.stdout.count("Refused (") == 3 and "All of it went as it should" in p.stdout
    assert not list(tmp_path.iterdir()), "leaves something behind"
