# SPDX-License-Identifier: Apache-2.0
"""The whole dance of an update in network namespaces (tests/adversary/dance.py)."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BUILD, readable_by_all

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
from adversary import network  # noqa: E402
from adversary.machine import can_update  # noqa: E402


def test_a_rule_comes_to_two_machines_and_nothing_else_leaves_them(program, tmp_path):
    if not can_update(BUILD):
        pytest.skip("this build has no vitrine update")
    why = network.why_not()
    if why:
        pytest.skip("no network namespaces here: " + why)
    if not (program.parent / "vitrine-updater").exists():
        shutil.copy(BUILD / "vitrine-updater", program.parent)
        readable_by_all(program.parent)
    p = subprocess.run([*network.inside(), "/usr/bin/python3", TESTS / "adversary/dance.py", program, tmp_path],
                       check=False, capture_output=True, text=True, timeout=600,
                       env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
    assert p.returncode == 0, p.stdout + p.stderr
    assert p.stdout.splitlines()[-1] == "both machines sent the same"
