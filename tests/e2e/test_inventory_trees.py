# SPDX-License-Identifier: Apache-2.0
"""Inventories of container images and disks, by the executables: what is in a layer below, in a partition, in a
file system that is not whole."""
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BUILD
from look_alike import System, docker_archive
from test_inventory import KESL, Look

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gen"))
import image_samples as im  # noqa: E402

pytestmark = pytest.mark.skipif(not (BUILD / "vitrine-collector").exists(), reason="this build has no collector")


@pytest.fixture
def look(tmp_path):
    return Look(tmp_path / "state")


@pytest.fixture
def system(tmp_path):
    return System(tmp_path / "system")


def sh(command, folder):
    subprocess.run(["sh", "-ec", command], cwd=folder, check=True, capture_output=True,
                   env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def need(*programs):
    for p in programs:
        if not shutil.which(p, path="/usr/sbin:/usr/bin:/sbin:/bin"):
            pytest.skip(f"no {p}")


def content(survey, i=0):
    return survey["subjects"][i]["areas"]["content"]


def program(system):
    return system.kesl().read_bytes()


def layers(system):
    data = program(system)
    os_release = im.f("etc/os-release", "ID=alpine\n")
    member = lambda name: im.member(name, data, mode=0o755)
    return [im.tar([os_release, member("opt/kaspersky/kesl/libexec/kesl"), member("opt/kaspersky/kesl/bin/kesl-control")]),
            im.tar([im.f("opt/.wh.kaspersky", "")])]


def test_hard_case_5_layout_with_compressed_layers(look, system, tmp_path):
    need("zstd")
    below, above = layers(system)
    im.write_layout(str(tmp_path / "layout"), im.oci([("app:1", None, [(below, "gzip"), (above, "zstd")])]))
    survey = look.inventory("--image", tmp_path / "layout", ok=(1,))
    [image, low, high] = survey["subjects"]
    assert (image["kind"], low["kind"], high["kind"]) == ("image", "layer", "layer")
    assert low["hidden"] and not high["hidden"]
    assert content(survey, 0)["answer"] == "not found" and content(survey, 1)["answer"] == "found"
    [finding] = [f for f in survey["findings"] if f["product"] == KESL]
    assert finding["subject"] == 1 and finding["hidden"]
    assert all(o["hidden"] for o in finding["observations"])
    # the engine looked into the file, too
    assert "content" in {o["kind"] for o in finding["observations"]}


def test_a_layer_that_does_not_have_its_digest_is_not_shown(look, system, tmp_path):
    below, above = layers(system)
    blobs = im.oci([("app:1", None, [(above, "plain"), (below, "plain")])])
    name = "blobs/sha256/" + im.sha(below)[7:]
    blobs[name] = blobs[name][:-1] + b"?"
    im.write_layout(str(tmp_path / "layout"), blobs)
    survey = look.inventory("--image", tmp_path / "layout")
    assert content(survey, 0)["answer"] == "unknown"
    assert content(survey, 2)["missed"] == {"malformed": 1}
    status, said = look.check("bod-17-01")
    assert status == 2, said


def test_hard_case_6_partitions_of_a_qcow2_disk(look, system, tmp_path):
    need("mke2fs", "sfdisk", "qemu-img")
    data = program(system)
    system.put("home/user/tool/libexec/kesl", data)
    system.put("home/user/tool/bin/kesl-control", data)
    sh(f"mke2fs -q -t ext4 -d {system.root} p 40M; truncate -s 64M d; printf 'label: gpt\n"
       "start=2048,size=81920\nstart=86016,size=8192\n' | sfdisk -q d;"
       "dd if=p of=d bs=512 seek=2048 conv=notrunc; printf 'LUKS\\272\\276' | dd of=d bs=512 seek=86016 conv=notrunc;"
       "qemu-img convert -c -O qcow2 -o compression_type=zstd d d.qcow2", tmp_path)
    survey = look.inventory("--disk", tmp_path / "d.qcow2", ok=(1,))
    [first, second] = survey["subjects"]
    assert "partition 1" in first["name"] and "partition 2" in second["name"]
    assert content(survey, 0)["answer"] == "found"
    assert {o["kind"] for f in survey["findings"] for o in f["observations"]} >= {"file", "content"}
    # what is encrypted is unknown, and nothing can be shown absent
    assert content(survey, 1)["answer"] == "unknown"
    assert "encrypted" in content(survey, 1)["missed"]


def test_hard_case_6_disks_that_are_not_read(look, tmp_path):
    need("qemu-img", "mke2fs")
    sh("truncate -s 2M x; printf XFSB | dd of=x conv=notrunc; mke2fs -q -t ext4 base 8M;"
       "qemu-img create -q -f qcow2 -b base -F raw back", tmp_path)
    for name in ("x", "back"):
        survey = look.inventory("--disk", tmp_path / name)
        assert content(survey)["answer"] == "unknown"
        assert content(survey)["missed"] == {"unsupported": 1}
        status, _ = look.check("bod-17-01")
        assert status == 2


def test_a_damaged_archive_ends_the_collector_well(look, system, tmp_path):
    data = docker_archive([{"a": b"a" * 1000}], ["x:1"])
    for cut in (100, 700, len(data) // 2, len(data) - 3000):
        (tmp_path / "cut.tar").write_bytes(data[:cut])
        p = look.run("inventory", "--image", tmp_path / "cut.tar", "--format", "json")
        assert p.returncode in (0, 2), p.stderr
        if p.returncode == 0:
            assert '"unknown"' in p.stdout
