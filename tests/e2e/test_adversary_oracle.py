# SPDX-License-Identifier: Apache-2.0
"""Two implementations of the same formats, one in C, one in tests/adversary: do they agree?"""
import random
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import parties, tlog  # noqa: E402
from adversary.services import Service  # noqa: E402


@pytest.fixture
def witness(program, tmp_path):
    s = Service(program, "witness", tmp_path / "witness", "witness.example/w1")
    yield s
    s.stop()


def dialogue(random_, log, other, size):
    """An add-checkpoint request: true, or wrong in one of the ways that the protocol knows."""
    source = random_.choice([log, log, log, log, other])
    new = min(source.size, max(1, size + random_.randint(-1, 9)))
    old = random_.choice([size, size, size, random_.randint(0, source.size)])
    body = source.request(old, new)
    how = random_.random()
    if how < 0.1:
        body = body.replace(b"\n\n", b"\n" + tlog.b64(random_.randbytes(32)).encode() + b"\n\n", 1)
    elif how < 0.2:
        text = source.text(new)
        body = tlog.add_checkpoint(old, [], tlog.note(text, [source.key.line(text)]))
    elif how < 0.25:
        text = tlog.checkpoint("unknown.example", new, source.tree.root(new))
        body = tlog.add_checkpoint(old, [], tlog.note(text, [source.key.line(text)]))
    elif how < 0.3:
        text = source.text(new)
        body = tlog.add_checkpoint(old, [], tlog.note(text, [tlog.Key(source.origin, seed="no").line(text)]))
    return body


def test_witnesses_agree(witness):
    """A thousand requests, true and false ones: the same status, and the same state in the end."""
    r = random.Random(3)
    log = parties.Log(tlog.Key("log.example", seed="log"))
    for i in range(4000):
        log.add(b"%d" % i)
    other = parties.Log(log.key)
    for i in range(4000):
        other.add(b"%d" % (i if i < 20 else -i))
    mine = parties.Witness("python.example", "x")
    witness.configure([(log.key.vkey, None)])
    witness.start()
    seen = {}
    for i in range(1000):
        body = dialogue(r, log, other, mine.size)
        try:
            mine.add_checkpoint(body, log.key, 0)
            want = 200
        except parties.Refused as e:
            want = e.status
        got, answer = witness.post("/add-checkpoint", body)
        assert got == want, body
        seen[got] = seen.get(got, 0) + 1
        if got == 200:
            text, _ = tlog.parse_note(tlog.parse_add_checkpoint(body)[2])
            stamp, = witness.cosignature(text, answer)
            assert abs(stamp - time.time()) < 60
        if i == 500:    # what it said it remembers
            witness.stop()
            witness.start()
    assert {200, 400, 403, 404, 409, 422} <= set(seen), seen
    assert mine.size > 1000
