# SPDX-License-Identifier: Apache-2.0
"""Verified content on its way into use: small images over the large one, merges, the try-out, falling back."""
import base64
import hashlib
import os
import sys
from pathlib import Path

import pytest
from conftest import BUILD

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import parties  # noqa: E402
from adversary.machine import Machine, text  # noqa: E402

A, B, C, D = (b"vitrine-" + b"apply-%s-51c0" % x for x in (b"a", b"b", b"c", b"d"))


def ndb(**rules):
    return b"".join(b"%s:0:*:%s\n" % (name.replace("_", ".").encode(), data.hex().encode())
                    for name, data in rules.items())


def hdb(name, data):
    return b"%s:%d:%s\n" % (hashlib.md5(data).hexdigest().encode(), len(data), name.encode())


class World:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.p = parties.setting(self.folder / "public")
        self.m = self.machine("machine")

    def machine(self, name):
        m = Machine(BUILD / "vitrine", self.folder / name)
        m.trust(self.p, [self.folder / "public"])
        return m

    def publish(self, files, name="main", **kw):
        assert self.p.publish(name, files, **kw) == []

    def update(self, *args, code=0):
        done = self.m.update(*args)
        assert done.returncode == code, text(done)
        return done

    @property
    def live(self):
        return sets(self.m) / "live"

    def finds(self, *data):
        return [self.m.finds(x) for x in data]


def sets(machine):
    return machine.state / "update/sets"


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_a_small_image_over_the_large_one(world):
    world.publish({"a.ndb": ndb(Rule_A=A, Rule_B=B), "b.hdb": hdb("Hash.C", C)})
    world.update()
    assert world.finds(A, B, C, D) == [True, True, True, False]
    assert not (world.live / "delta.vtdb").exists()
    base = (world.live / "base.vtdb").stat().st_ino

    world.publish({"a.ndb": ndb(Rule_A=A, Rule_D=D), "b.hdb": hdb("Hash.B", B)})
    world.update()
    assert world.finds(A, B, C, D) == [True, True, False, True]
    assert (world.live / "delta.vtdb").exists()
    assert (world.live / "base.vtdb").stat().st_ino == base, "compiled anew"

    # a second change over the same large image; what came with the first goes again
    world.publish({"a.ndb": ndb(Rule_A=A, Rule_B=B), "b.hdb": hdb("Hash.B", B)})
    world.update()
    assert world.finds(A, B, C, D) == [True, True, False, False]
    assert (world.live / "base.vtdb").stat().st_ino == base


def test_a_merge_is_what_a_new_machine_compiles(world):
    world.publish({"a.ndb": ndb(Rule_A=A, Rule_B=B)})
    world.update()
    world.publish({"a.ndb": ndb(Rule_C=C, Rule_B=B), "new.hdb": hdb("Hash.D", D)})
    world.update()
    assert (world.live / "delta.vtdb").exists()
    world.update("--merge")
    assert not (world.live / "delta.vtdb").exists()
    assert world.finds(A, B, C, D) == [False, True, True, True]

    fresh = world.machine("fresh")
    done = fresh.update()
    assert done.returncode == 0, text(done)
    assert digest(sets(fresh) / "live/base.vtdb") == digest(world.live / "base.vtdb")


@pytest.mark.parametrize("change", ["ignore", "drop", "group"])
def test_changes_that_need_a_new_large_image(world, change):
    first = {"a.ndb": ndb(Rule_A=A, Rule_B=B), "b.hdb": hdb("Hash.C", C)}
    world.publish(first)
    world.update()
    base = (world.live / "base.vtdb").stat().st_ino
    second = {
        "ignore": first | {"c.ign2": b"Rule.B\n"},
        "drop": {"a.ndb": ndb(Rule_A=A)},
        "group": first | {"d.ldb": b"Rule.G;Target:0;0&1;%s;${4-8}7$\n" % A.hex().encode(),
                          "e.ndb": b"Part.G:0:$7:%s\n" % B.hex().encode()},
    }[change]
    world.publish(second)
    world.update()
    assert (world.live / "base.vtdb").stat().st_ino != base
    assert not (world.live / "delta.vtdb").exists()
    assert world.finds(A)[0]
    if change == "ignore":
        assert world.finds(B, C) == [False, True]
    if change == "drop":
        assert world.finds(B, C) == [False, False]


def test_ignore_lists_hold_for_rules_that_come_later(world):
    world.publish({"a.ndb": ndb(Rule_A=A), "c.ign2": b"Rule.B\n"})
    world.update()
    world.publish({"a.ndb": ndb(Rule_A=A, Rule_B=B, Rule_C=C), "c.ign2": b"Rule.B\n"})
    world.update()
    assert (world.live / "delta.vtdb").exists()
    assert world.finds(A, B, C) == [True, False, True]


def test_two_sets(world):
    world.publish({"a.ndb": ndb(Rule_A=A)}, name="main")
    world.publish({"a.ndb": ndb(Rule_B=B)}, name="extra")
    world.update()
    assert world.finds(A, B) == [True, True]
    world.publish({"a.ndb": ndb(Rule_C=C)}, name="extra")
    world.update()
    assert world.finds(A, B, C) == [True, False, True]


@pytest.mark.parametrize("where", ["base", "delta"])
def test_a_rule_is_withdrawn(world, where):
    files = {"a.ndb": ndb(Rule_A=A, Rule_B=B)}
    world.publish(files)
    world.update()
    if where == "delta":
        files = {"a.ndb": ndb(Rule_A=A, Rule_B=B, Rule_C=C)}
        world.publish(files)
        world.update()
    line = ndb(Rule_B=B) if where == "base" else ndb(Rule_C=C)
    world.p.add_withdraw("rule", "main", "fires on good files", file="a.ndb",
                         line=hashlib.sha256(line.rstrip(b"\n")).hexdigest())
    world.p.add_state()
    assert world.p.commit() == []
    world.update()
    assert world.finds(A, B) == [True, where == "delta"]
    assert not world.finds(C)[0]


def sample(rule, data):
    return b"%s %s\n" % (rule.encode(), base64.b64encode(data))


def refused(world, expected):
    done = world.update(code=1)
    assert expected in text(done)
    assert world.m.status()["refusal"]["id"] == expected


def test_samples_that_are_found(world):
    world.publish({"a.ndb": ndb(Rule_A=A), "a.samples": sample("Rule.A", b"x" + A)})
    world.update()
    assert world.finds(A) == [True]


def test_samples_that_are_missed(world):
    world.publish({"a.ndb": ndb(Rule_A=A)})
    world.update()
    world.publish({"a.ndb": ndb(Rule_A=A, Rule_B=B), "a.samples": sample("Rule.B", b"something else")})
    refused(world, "tryout-sample")
    assert world.finds(A, B) == [True, False]


def test_rules_that_fire_on_this_system(world):
    world.publish({"a.ndb": ndb(Rule_A=A)})
    world.update()
    shell = Path("/bin/bash").read_bytes()
    world.publish({"a.ndb": ndb(Rule_A=A), "b.hdb": hdb("Evil.Shell", shell)})
    refused(world, "tryout-goodware")
    assert world.finds(A) == [True] and not world.m.finds(shell)


def test_lines_that_break_their_format(world):
    world.publish({"a.ndb": ndb(Rule_A=A)})
    world.update()
    world.publish({"a.ndb": ndb(Rule_A=A, Rule_B=B) + b"Rule.C:0:*:6162:1:2:3:4:5\n"})
    refused(world, "bad-lines")
    assert world.finds(A, B) == [True, False]


def test_a_damaged_image_falls_back_on_the_one_before(world):
    world.publish({"a.ndb": ndb(Rule_A=A)})
    world.update()
    world.publish({"a.ndb": ndb(Rule_A=A, Rule_B=B), "c.ign2": b"Nothing\n"})
    world.update()
    assert world.finds(A, B) == [True, True]
    image = world.live / "base.vtdb"
    data = bytearray(image.read_bytes())
    data[-1] ^= 1
    image.write_bytes(data)
    file = world.folder / "object"
    file.write_bytes(A)
    done = world.m.run("scan", file)
    assert done.returncode == 1 and b"damaged" in done.stderr
    assert world.finds(A, B) == [True, False]


def test_killed_at_each_rename(world):
    """A power loss at any step leaves one generation or the other, and the next run ends well."""
    if os.system("strace -V >/dev/null 2>&1"):
        pytest.skip("no strace")
    world.publish({"a.ndb": ndb(Rule_A=A)})
    world.update()
    world.publish({"a.ndb": ndb(Rule_A=A, Rule_B=B)})
    for call in ("renameat", "renameat2", "rename", "symlinkat", "linkat", "fsync"):
        for n in range(1, 30):
            done = world.m.update(before=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                                          "-e", f"inject={call}:signal=KILL:when={n}"])
            assert world.m.finds(A), (call, n, text(done))
            if done.returncode >= 0:
                break
    world.update()
    assert world.finds(A, B) == [True, True]
