# SPDX-License-Identifier: Apache-2.0
"""Vectors that somebody else made, through the executables: VITRINE_TLOG_VECTORS names a JSON file with leaves,
log_vkey, witness_vkeys, checkpoint5, checkpoint7, cosignatures7, tlog_proof_ok, leaf_of_proof, policy,
add_checkpoint_5_to_7 and must_fail (name: proof). Without it there is nothing to test; tests/data/tlog has vectors of our own."""
import json
import os
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import tlog  # noqa: E402
from test_services import Service, hexed  # noqa: E402

FILE = os.environ.get("VITRINE_TLOG_VECTORS")
pytestmark = pytest.mark.skipif(not FILE, reason="VITRINE_TLOG_VECTORS names no file")
V = json.loads(Path(FILE).read_text("utf-8")) if FILE else {"must_fail": {}}
WRONG = {"one_cosig_only": "not cosigned as the policy asks", "same_witness_twice": "not cosigned as the policy asks",
         "cosig_timestamp_flipped": "cosignature is false", "wrong_index": "does not lead from this entry",
         "truncated_path": "does not lead from this entry", "leading_zero_index": "not a proof file",
         "extension_line_added": "not a proof file"}


@pytest.fixture
def verify(vitrine, tmp_path):
    (tmp_path / "policy").write_text(V["policy"])
    (tmp_path / "leaf").write_text(V["leaf_of_proof"])

    def run(proof):
        (tmp_path / "p").write_text(proof)
        return vitrine.run("log", "verify", tmp_path / "leaf", "--proof", tmp_path / "p", "--policy", tmp_path / "policy")
    return run


def test_the_good_proof(verify):
    r = verify(V["tlog_proof_ok"])
    assert r.code == 0, r.text
    index = re.search(r"^index (\d+)$", V["tlog_proof_ok"], re.M)[1]
    assert f"index  {index} of {len(V['leaves'])}" in r.text


@pytest.mark.parametrize("name", sorted(V["must_fail"]))
def test_must_fail(verify, name):
    r = verify(V["must_fail"][name])
    assert r.code == 1 and "NOT PROVEN" in r.text
    assert WRONG.get(name, "") in r.text


def test_every_cosignature_counts(verify):
    """Any two of the three are enough; none alone is."""
    head = V["tlog_proof_ok"].split("\n\n")[0] + "\n\n"
    lines = V["cosignatures7"]
    for a in lines:
        assert verify(head + V["checkpoint7"] + a).code == 1
        for b in lines:
            assert verify(head + V["checkpoint7"] + a + b).code == (1 if a == b else 0)


def test_a_witness_answers_the_request(program, tmp_path):
    """add-checkpoint from 5 to 7, after it has seen 5; and the same bytes again."""
    with Service(str(program), "witness", tmp_path / "w", [V["log_vkey"]]) as w:
        assert w.add(V["add_checkpoint_5_to_7"].encode())[::2] == (409, b"0\n")
        assert w.status(b"old 0\n\n" + V["checkpoint5"].encode()) == 200
        status, _, line = w.add(V["add_checkpoint_5_to_7"].encode())
        assert status == 200
        origin = V["log_vkey"].split("+")[0]
        text, signatures = tlog.parse_note(w.get(f"/{hexed(origin)}/checkpoint"))
        assert text.decode() == V["checkpoint7"].split("\n\n")[0] + "\n"
        assert tlog.signed_by(text, signatures, tlog.Verifier.parse(V["log_vkey"]))
        assert tlog.signed_by(*tlog.parse_note(V["checkpoint7"].encode() + line), w.key)
        assert w.add(V["add_checkpoint_5_to_7"].encode())[::2] == (409, b"7\n")
