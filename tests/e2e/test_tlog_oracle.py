# SPDX-License-Identifier: Apache-2.0
"""src/tlog and Go's golang.org/x/mod/sumdb (Debian's golang-golang-x-mod-dev) answer the same
questions about the same logs and notes: roots, proofs that each makes and the other checks, proofs
that were tampered with, tiles, paths, signatures. Both are asked in one batch each, over pipes.
"""
import hashlib
import os
import random
import subprocess
from base64 import b64decode, b64encode

import pytest
from conftest import BUILD, ROOT

SIZES = [*range(1, 601), *sorted(s for e in range(10, 13) for s in (2**e - 1, 2**e, 2**e + 1))]
NOTE_DASH = "\u2014 "


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("go")
    env = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOCACHE=str(folder / "cache"),
               GOFLAGS="", HOME=str(folder), CGO_ENABLED="0")
    subprocess.run(["/usr/bin/go", "build", "-o", folder / "peer", ROOT / "tests/oracle/tlog/peer.go"],
                   env=env, cwd=folder, check=True)
    return {"ours": BUILD / "tests/oracle/tlog/tlog-peer", "go": folder / "peer"}


def ask(peer, questions):
    p = subprocess.run([peer], input="\n".join(questions) + "\n", stdout=subprocess.PIPE, text=True,
                       check=True, timeout=600)
    answers = p.stdout.splitlines()
    assert len(answers) == len(questions)
    return answers


def agree(peers, questions):
    ours, go = ask(peers["ours"], questions), ask(peers["go"], questions)
    different = [(q[:300], a[:300], b[:300]) for q, a, b in zip(questions, ours, go) if a != b]
    assert not different, f"{len(different)} of {len(questions)}; the first: {different[0]}"
    return ours


def leaf(i):
    return hashlib.sha256(b"\0leaf-%d" % i).hexdigest()


def roots(peers):
    return dict(zip(SIZES, agree(peers, [f"root {n}" for n in SIZES])))


def mutations(rng, proof):
    """Proofs that differ from this one, as hexadecimal."""
    p = [proof[i:i + 64] for i in range(0, len(proof), 64)] if proof != "-" else []
    k = rng.randrange(len(p)) if p else 0
    if p:
        flip = bytearray.fromhex(p[k])
        flip[rng.randrange(32)] ^= 1 << rng.randrange(8)
        yield p[:k] + [flip.hex()] + p[k + 1:]
        yield p[:k] + p[k + 1:]
        yield p[:k] + [p[k]] + p[k:]
    if len(p) > 1:
        yield p[::-1] if p[::-1] != p else p[1:]
    yield p + [leaf(1)]
    yield [leaf(2)] + p


def test_roots(peers):
    assert len(set(roots(peers).values())) == len(SIZES)


def test_inclusion(peers):
    rng, root = random.Random(1), roots(peers)
    places = [(i, n) for n in SIZES for i in {0, n - 1, n // 2, rng.randrange(n), rng.randrange(n)}]
    proofs = agree(peers, [f"include {i} {n}" for i, n in places])
    good = [f"included {i} {n} {root[n]} {leaf(i)} {p}" for (i, n), p in zip(places, proofs)]
    assert set(agree(peers, good)) == {"yes"}
    bad = []
    for (i, n), p in zip(places, proofs):
        bad += [f"included {i} {n} {root[n]} {leaf(i)} {''.join(m) or '-'}" for m in mutations(rng, p)]
        bad.append(f"included {i} {n} {root[n]} {leaf(i + 1)} {p}")
        bad.append(f"included {i} {n} {root[SIZES[0] if n > 1 else 2]} {leaf(i)} {p}")
        if n > 1:
            bad.append(f"included {(i + 1 + rng.randrange(n - 1)) % n} {n} {root[n]} {leaf(i)} {p}")
        bad.append(f"included {i + n} {n} {root[n]} {leaf(i)} {p}")
    assert len(bad) > 15000 and set(agree(peers, bad)) == {"no"}


def test_consistency(peers):
    rng, root = random.Random(2), roots(peers)
    pairs = [(m, n) for n in SIZES for m in {1, n, SIZES[SIZES.index(n) // 2],
                                             *(rng.choice(SIZES[:SIZES.index(n) + 1]) for _ in range(3))}]
    proofs = agree(peers, [f"consist {m} {n}" for m, n in pairs])
    good = [f"consistent {m} {n} {root[m]} {root[n]} {p}" for (m, n), p in zip(pairs, proofs)]
    assert set(agree(peers, good)) == {"yes"}
    bad = []
    for (m, n), p in zip(pairs, proofs):
        bad += [f"consistent {m} {n} {root[m]} {root[n]} {''.join(x) or '-'}" for x in mutations(rng, p)]
        other = root[rng.choice([s for s in SIZES if s not in (m, n)])]
        bad.append(f"consistent {m} {n} {other} {root[n]} {p}")
        bad.append(f"consistent {m} {n} {root[m]} {other} {p}")
        if m != n:
            bad.append(f"consistent {n} {m} {root[n]} {root[m]} {p}")
    assert len(bad) > 15000 and set(agree(peers, bad)) == {"no"}


def test_tiles(peers):
    rng = random.Random(3)
    agree(peers, [f"tiles {rng.randrange(n + 1)} {n}" for n in SIZES] + [f"tiles 0 {n}" for n in SIZES])
    tiles = [(0, n, w) for n in range(16) for w in (1, 2, 3, 100, 128, 255, 256)]
    tiles += [(1, 0, w) for w in range(1, 17)]
    assert "refused" not in agree(peers, [f"tile {level} {n} {w}" for level, n, w in tiles])


def test_tile_paths(peers):
    rng, paths = random.Random(4), []
    for _ in range(3000):
        n = rng.randrange(10 ** rng.randrange(1, 16))
        digits = f"{n:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
        path = f"tile/{rng.randrange(8)}/" + "".join(f"x{g}/" for g in groups[:-1]) + groups[-1]
        path += rng.choice(["", f".p/{rng.randrange(1, 256)}"])
        paths.append(path)
        broken = list(path)
        at = rng.randrange(5, len(broken))
        broken[at:at + rng.randrange(2)] = rng.choice(["", "0", "x", "/", ".p/", "9", " "])
        paths.append("".join(broken))
    answers = agree(peers, ["path " + p.encode().hex() for p in paths])
    assert answers.count("refused") > 1000 and "refused" not in answers[::2]


def vkey(name, seed_of=None, kind=1):
    """A verifier key for the seed sha256(name); asks nobody's code but PyNaCl's."""
    from nacl.signing import SigningKey
    public = bytes(SigningKey(hashlib.sha256((seed_of or name).encode()).digest()).verify_key)
    ident = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).hexdigest()[:8]
    return f"{name}+{ident}+{b64encode(bytes([kind]) + public).decode()}"


def signed(peers, name, texts, who):
    seed = hashlib.sha256(name.encode()).hexdigest()
    return [bytes.fromhex(a) for a in
            ask(peers[who], [f"sign {name} {seed} {t.encode().hex()}" for t in texts])]


def test_notes_signed_by_each_are_the_same(peers):
    texts = ["text\n", "\n", "two\n\nparagraphs\n", "\u00e9\U0001f511\n", "x" * 5000 + "\n",
             "log.example/a\n7\nCwB/uRXrmyoUb1SxyG7FO2ZPjkVbdmCwtu4T7cDZIcA=\n"]
    ours, go = (signed(peers, "some.example/key", texts, who) for who in ("ours", "go"))
    assert ours == go
    answers = agree(peers, [f"open {vkey('some.example/key')} {n.hex()}" for n in ours])
    assert answers == [f"signed some.example/key {t.encode().hex()}" for t in texts]


def test_notes_of_several_keys(peers):
    text = "log.example/a\n7\nCwB/uRXrmyoUb1SxyG7FO2ZPjkVbdmCwtu4T7cDZIcA=\n"
    a, b, c = ((signed(peers, n, [text], "ours")[0].decode())[len(text) + 1:] for n in ("a.example", "b.example", "c.example"))
    forged = signed(peers, "a.example", ["other\n"], "go")[0].decode()[len("other\n") + 1:]
    both = f"{vkey('a.example')},{vkey('b.example')}"
    cases = {a + b + c: f"signed a.example b.example {text.encode().hex()}",
             c + a: f"signed a.example {text.encode().hex()}", c: "unsigned", forged: "invalid",
             b + forged: "invalid", c + c + a: f"signed a.example {text.encode().hex()}"}
    answers = agree(peers, [f"open {both} {(text + chr(10) + lines).encode().hex()}" for lines in cases])
    assert answers == list(cases.values())
    # the same name with another key, and the same key under another name, are keys that signed nothing
    for known in (vkey("a.example", "b.example"), vkey("z.example", "a.example")):
        assert agree(peers, [f"open {known} {(text + chr(10) + a).encode().hex()}"]) == ["unsigned"]


def test_broken_notes(peers):
    """Any one change. Ours is stricter in one thing: bits behind the end of base64 must be zero."""
    rng = random.Random(5)
    note = signed(peers, "a.example", ["first\n\nlast line \u00e9\n"], "go")[0]
    note += (NOTE_DASH + "b.example " + b64encode(b"\0\0\0\1" + bytes(64)).decode() + "\n").encode()
    questions = []
    for _ in range(6000):
        bad = bytearray(note)
        at = rng.randrange(len(bad))
        how = rng.randrange(4)
        if how == 0:
            bad[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            del bad[at:at + rng.randrange(1, 20)]
        elif how == 2:
            bad[at:at] = rng.choice([b"\n", b"\n\n", b" ", b"+", NOTE_DASH.encode(), b"\t", b"A", b"\xc2\xa0", b"="])
        else:
            bad = bad[:at]
        questions.append(f"open {vkey('a.example')} {bytes(bad).hex() or '-'}")
    ours, go = ask(peers["ours"], questions), ask(peers["go"], questions)
    assert {a.split(" ")[0] for a in ours} == {"signed", "invalid", "unsigned", "malformed"}
    refusals = ("malformed", "invalid")  # which of two faults is seen first does not matter
    different = [(q, a, b) for q, a, b in zip(questions, ours, go)
                 if a != b and not (a in refusals and b in refusals)]
    for q, a, b in different:
        lines = bytes.fromhex(q.split(" ")[2]).decode().splitlines()
        blobs = [line.split(" ")[2] for line in lines if line.startswith(NOTE_DASH)]
        assert a == "malformed" and any(b64encode(b64decode(x)).decode() != x for x in blobs), (q, a, b)
    assert len(different) < 60


def test_vectors_are_what_their_program_writes():
    subprocess.run(["/usr/bin/python3", ROOT / "tests/gen/tlog_vectors.py", "--check"], check=True)
