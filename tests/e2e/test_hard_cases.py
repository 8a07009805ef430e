# SPDX-License-Identifier: Apache-2.0
"""Hard cases for inventories that no other file has: disguises, places, layers, disks, and what must not be called absent.

docs/hard-cases.md lists all of them; the last tests here hold it to the tree.
"""
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import BUILD, ROOT
from look_alike import System, docker_archive, dpkg_entry
from test_inventory import KESL, Look, confirmed, found

pytestmark = pytest.mark.skipif(not (BUILD / "vitrine-collector").exists(), reason="this build has no collector")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
ALPINE = {"etc/os-release": b"ID=alpine\n", "lib/apk/db/installed": b"P:busybox\nV:1.36\nA:x86_64\n\n"}


@pytest.fixture
def look(tmp_path):
    return Look(tmp_path / "state")


@pytest.fixture
def system(tmp_path):
    return System(tmp_path / "system")


def content_doubts(look):
    status, said = look.check("bod-17-01")
    assert (status, said["shown"]) == (2, "not shown"), said
    return [d["text"] for d in said["doubts"] if d["area"] == "content"]


def missed(survey, subject=0, area="content"):
    return survey["subjects"][subject]["areas"][area]["missed"]


# ---- 1: renamed, moved

def test_case_1_moved_tree_with_other_case(look, system):
    """The names are in capitals, the place is another one: what the files hold tells, and their names do."""
    program = system.kesl()
    system.put("home/user/BACKUP/OPT/KASPERSKY/BIN/KESL-CONTROL", program)
    system.put("home/user/BACKUP/OPT/KASPERSKY/LIBEXEC/MAIN", program)
    survey = look.inventory("--root", system.root, ok=(1,))
    assert (KESL, "/home/user/BACKUP/OPT/KASPERSKY") in confirmed(survey)


def test_case_1_stripped(look, system):
    program = system.kesl()
    subprocess.run(["strip", "-s", program], check=True)
    system.put("home/user/x/main", program)
    assert found(look.inventory("--root", system.root, ok=(1,))) == [(KESL, "/home/user/x", "candidate")]


# ---- 2: copies that no package manager knows

@pytest.mark.parametrize("place", ["home/user/Downloads", "srv/old", "root/.local/share"])
def test_case_2_tarball(look, system, place):
    system.tarball(f"{place}/x.tgz")
    assert (KESL, "/" + place) in confirmed(look.inventory("--root", system.root, ok=(1,)))


IN_NAMESPACE = """
import os, shutil, subprocess, sys
root, program, collect = sys.argv[1], sys.argv[2], sys.argv[3:]
subprocess.run(["mount", "-t", "tmpfs", "none", root + "/media/usb"], check=True)
os.makedirs(root + "/media/usb/portable/bin")
shutil.copy(program, root + "/media/usb/portable/bin/kesl-control")
shutil.copy(program, root + "/media/usb/portable/bin/kesl")
sys.exit(subprocess.run(collect).returncode)
"""


@root_only
def test_case_2_mounted_media(look, system):
    """A portable copy on a stick is found; where other file systems are not entered, nothing is shown."""
    (system.root / "media/usb").mkdir(parents=True)
    start = ["unshare", "-m", "/usr/bin/python3", "-c", IN_NAMESPACE, system.root, system.kesl(), BUILD / "vitrine",
             "inventory", "--root", system.root, "--format", "json"]
    p = subprocess.run([*map(str, start)], env=look.env, capture_output=True, text=True, check=False, timeout=300)
    assert p.returncode == 1, p.stderr
    assert look.check("bod-17-01")[0] == 1
    p = subprocess.run([*map(str, start), "-x"], env=look.env, capture_output=True, text=True, check=False, timeout=300)
    assert p.returncode == 0, p.stderr
    assert any("mount-not-entered" in t for t in content_doubts(look))


# ---- 5: layers

def image_subjects(survey, kind):
    return [i for i, s in enumerate(survey["subjects"]) if s["kind"] == kind]


def with_product(survey, kind):
    return {f["subject"] for f in survey["findings"]
            if f["product"] == KESL and survey["subjects"][f["subject"]]["kind"] == kind}


def copies(system):
    data = system.kesl().read_bytes()
    return {"opt/kaspersky/kesl/bin/kesl-control": data, "opt/kaspersky/kesl/libexec/kesl": data}


@pytest.mark.parametrize("way", [{"opt/.wh.kaspersky": b""}, {"opt/kaspersky/.wh..wh..opq": b""},
                                 {"opt/kaspersky/kesl/bin/.wh.kesl-control": b"",
                                  "opt/kaspersky/kesl/libexec/.wh.kesl": b""}], ids=["whiteout", "opaque", "each"])
def test_case_5_taken_away_by_a_later_layer(look, system, tmp_path, way):
    """It is gone from the container's view, and still shipped with the image."""
    image = tmp_path / "a.tar"
    image.write_bytes(docker_archive([{**ALPINE, **copies(system)}, way], ["a:1"]))
    survey = look.inventory("--image", image, ok=(1,))
    [layer] = with_product(survey, "layer")
    assert survey["subjects"][layer]["hidden"]
    assert [f["hidden"] for f in survey["findings"] if f["product"] == KESL and f["subject"] == layer] == [True]
    assert not any(f["confidence"] == "confirmed" for f in survey["findings"]
                   if survey["subjects"][f["subject"]]["kind"] == "image")
    assert look.check("bod-17-01")[0] == 1


def test_case_5_bare_whiteout_hides_nothing(look, system, tmp_path):
    """stereoscope #647: a file that is called '.wh.' takes nothing away."""
    image = tmp_path / "a.tar"
    image.write_bytes(docker_archive([{**ALPINE, **copies(system)}, {"opt/kaspersky/kesl/bin/.wh.": b""}], ["a:1"]))
    survey = look.inventory("--image", image, ok=(1,))
    assert with_product(survey, "image") and look.check("bod-17-01")[0] == 1


def test_case_5_hard_link_in_a_layer(look, system, tmp_path):
    """The second name of a file is a copy, though the archive holds its bytes once."""
    data, layer = system.kesl().read_bytes(), io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as t:
        info = tarfile.TarInfo("srv/data/first")
        info.size = len(data)
        t.addfile(info, io.BytesIO(data))
        info = tarfile.TarInfo("opt/kaspersky/kesl/bin/kesl-control")
        info.type, info.linkname = tarfile.LNKTYPE, "srv/data/first"
        t.addfile(info)
    rootfs = tmp_path / "a.tar"
    rootfs.write_bytes(layered([layer.getvalue()]))
    survey = look.inventory("--image", rootfs, ok=(1,))
    seen = {o["locus"] for f in survey["findings"] for o in f["observations"] if o["kind"] == "content"}
    assert {"/srv/data/first", "/opt/kaspersky/kesl/bin/kesl-control"} <= seen, seen


def layered(layers):
    """A docker archive of layers that are tar files already."""
    data = docker_archive([{"mark%d" % i: b"x"} for i in range(len(layers))], ["a:1"])
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as t, tarfile.open(fileobj=out, mode="w") as o:
        config = json.load(t.extractfile("config.json"))
        manifest = json.load(t.extractfile("manifest.json"))
        digests = [hashlib.sha256(x).hexdigest() for x in layers]
        config["rootfs"]["diff_ids"] = ["sha256:" + d for d in digests]
        manifest[0]["Layers"] = [f"{d}/layer.tar" for d in digests]
        blobs = dict(zip(manifest[0]["Layers"], layers))
        blobs["config.json"], blobs["manifest.json"] = json.dumps(config).encode(), json.dumps(manifest).encode()
        for name, blob in blobs.items():
            info = tarfile.TarInfo(name)
            info.size = len(blob)
            o.addfile(info, io.BytesIO(blob))
    return out.getvalue()


def test_case_5_base_image_that_two_images_share(look, system, tmp_path):
    """Both images that stand on the layer are named, not only the first."""
    base = {**ALPINE, **copies(system)}
    images = [tmp_path / "a.tar", tmp_path / "b.tar"]
    for i, path in enumerate(images):
        path.write_bytes(docker_archive([base, {f"srv/app{i}": b"app"}], [f"app{i}:1"]))
    survey = look.inventory("--image", images[0], "--image", images[1], ok=(1,))
    assert len(with_product(survey, "image")) == 2 and len(with_product(survey, "layer")) == 2


@pytest.mark.parametrize("place", ["var/lib/docker/overlay2/0123abcd/diff/opt/kaspersky/kesl",
                                   "var/lib/docker/volumes/data/_data/kesl",
                                   "var/lib/containers/storage/overlay/0123abcd/diff/opt/kaspersky/kesl"],
                         ids=["stopped container", "volume", "podman"])
def test_case_5_what_a_container_engine_keeps(look, system, place):
    """Of containers that do not run, and of volumes: files like others on the host."""
    program = system.kesl()
    system.put(place + "/bin/kesl-control", program)
    system.put(place + "/libexec/kesl", program)
    survey = look.inventory("--root", system.root, ok=(1,))
    assert any(p == KESL and where.startswith("/" + place[:24]) for p, where in confirmed(survey)), confirmed(survey)


# ---- 6: disks

def ext4(system, path):
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", system.root, path, "64M"], check=True)


def test_case_6_disk_with_ext4(look, system, tmp_path):
    system.package()
    ext4(system, tmp_path / "vm.raw")
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", tmp_path / "vm.raw", tmp_path / "vm.qcow2"], check=True)
    for name in ("vm.raw", "vm.qcow2"):
        survey = look.inventory("--disk", tmp_path / name, ok=(1,))
        assert survey["subjects"][0]["kind"] == "disk" and (KESL, "") in confirmed(survey), name
        assert look.check("bod-17-01")[0] == 1


def test_case_6_clean_disk_is_shown_absent(look, system, tmp_path):
    ext4(system, tmp_path / "vm.raw")
    look.inventory("--disk", tmp_path / "vm.raw", ok=(0,))
    status, said = look.check("bod-17-01")
    assert (status, said["shown"]) == (0, "absent"), said


@pytest.mark.parametrize("name,at,magic,why", [("btrfs", 0x10040, b"_BHRfS_M", "unsupported"),
                                               ("luks", 0, b"LUKS\xba\xbe\0\2", "encrypted")])
def test_case_6_disk_that_is_not_read_is_named_and_unknown(look, tmp_path, name, at, magic, why):
    disk = tmp_path / "vm.raw"
    with open(disk, "wb") as f:
        f.truncate(8 << 20)
        f.seek(at)
        f.write(magic)
    survey = look.inventory("--disk", disk)
    [subject] = survey["subjects"]
    assert subject["platform"] == name and missed(survey).get(why) == 1
    assert {a["answer"] for a in subject["areas"].values()} == {"unknown"}
    assert content_doubts(look)


@root_only
def test_case_6_bind_mount_below_the_root(look, system):
    system.package()
    (system.root / "srv/again").mkdir()
    p = subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$1/opt" "$1/srv/again" && shift && exec "$@"', "sh",
                        str(system.root), str(BUILD / "vitrine"), "inventory", "--root", str(system.root)],
                       env=look.env, capture_output=True, text=True, check=False, timeout=300)
    assert p.returncode == 1, p.stderr
    status, said = look.check("bod-17-01")
    seen = {o["locus"] for f in said["findings"] for o in f["finding"]["observations"]}
    assert status == 1 and any(x.startswith("/srv/again/") for x in seen), seen


# ---- 7: links

def test_case_7_links_in_loops_and_out_of_the_root(look, system, tmp_path):
    """Nothing outside of the root is looked at, and no loop is endless."""
    outside = System(tmp_path / "outside")
    outside.package()
    for name, target in {"srv/loop": "loop", "srv/a": "b", "srv/b": "a", "srv/up": "../../..", "srv/self": ".",
                         "srv/out": str(outside.root), "opt/kaspersky": str(outside.root / "opt/kaspersky"),
                         "etc/cron.d": str(outside.root / "etc")}.items():
        (system.root / name).symlink_to(target)
    survey = look.inventory("--root", system.root)
    assert all(f["confidence"] == "candidate" for f in survey["findings"]), found(survey)
    for f in survey["findings"]:      # the link's own name is a sign, what it leads to is none
        assert {o["kind"] for o in f["observations"]} == {"file"}


# ---- 14: what can't be looked at is never absent

def test_case_14_huge_sparse_file(look, system):
    with open(system.put("srv/huge", "x"), "r+b") as f:
        f.truncate(3 << 30)
    survey = look.inventory("--root", system.root, ok=(0,))
    assert missed(survey) == {"too-large": 1}
    assert any("too-large" in t for t in content_doubts(look))


def test_case_14_sparse_file_below_the_limit_is_read(look, system):
    program = system.kesl().read_bytes()
    with open(system.put("srv/sparse", program), "r+b") as f:
        f.truncate(100 << 20)
    survey = look.inventory("--root", system.root, ok=(1,))
    assert found(survey) == [(KESL, "/srv", "candidate")] and missed(survey) == {}


def test_case_14_limit_of_the_user(look, system):
    system.put("srv/big", b"x" * 4096)
    survey = look.inventory("--root", system.root, "--max-file-size", "4000", ok=(0,))
    assert missed(survey)["too-large"] >= 1 and content_doubts(look)


def test_case_14_archive_bomb(look, system):
    piece = gzip.compress(bytes(64 << 20))
    system.put("srv/bomb.gz", gzip.compress(piece * 40))     # 2.5 GiB of zeros, two levels down
    survey = look.inventory("--root", system.root, ok=(0,))
    assert missed(survey) == {"scanner": 1}, missed(survey)
    assert any("scanner" in t for t in content_doubts(look))


def test_case_14_encrypted_archive(look, system, tmp_path):
    subprocess.run(["zip", "-q", "-P", "secret", "-j", tmp_path / "x.zip", system.kesl()], check=True)
    system.put("srv/x.zip", tmp_path / "x.zip")
    survey = look.inventory("--root", system.root, ok=(0,))
    assert missed(survey) == {"scanner": 1}
    assert [m["locus"] for m in survey["subjects"][0]["missed"]] == ["/srv/x.zip"] and content_doubts(look)


def test_case_14_one_closed_archive_among_thousands(look, system, tmp_path):
    """The threshold is not for what may hide anything: an archive that can't be opened keeps "absent" from being shown."""
    for i in range(2000):
        system.put(f"srv/data/{i}", "x")
    subprocess.run(["zip", "-q", "-P", "secret", "-j", tmp_path / "x.zip", system.kesl()], check=True)
    system.put("srv/x.zip", tmp_path / "x.zip")
    survey = look.inventory("--root", system.root, ok=(0,))
    assert missed(survey) == {"scanner": 1}
    assert look.check("bod-17-01")[0] == 2
    assert "1 scanner" in look.run("prove", "bod-17-01", "--format", "report").stdout


def test_case_14_damaged_archive(look, system, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a", os.urandom(5000))
    data = bytearray((tmp_path / "x.zip").read_bytes())
    data[200:400] = bytes(200)
    system.put("srv/x.zip", bytes(data))
    survey = look.inventory("--root", system.root, ok=(0,))
    assert missed(survey) == {"scanner": 1} and content_doubts(look)


@root_only
def test_case_14_devices_and_sockets(look, system):
    os.mknod(system.root / "srv/null", 0o600 | 0o020000, os.makedev(1, 3))
    os.mkfifo(system.root / "srv/fifo")
    survey = look.inventory("--root", system.root, ok=(0,))
    assert missed(survey) == {"special": 2}
    assert look.check("bod-17-01")[0] == 0        # there is nothing in them that could be a product


@root_only
def test_case_14_unreadable_database(look, system):
    """A user who can't read the database learns nothing from it."""
    system.add_status(dpkg_entry("kesl"))
    (system.root / "var/lib/dpkg/status").chmod(0)
    for path in (look.folder, system.root, *system.root.parents):
        if str(path).startswith("/tmp/"):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o755)
    os.chown(look.folder, 65534, 65534)
    survey = look.inventory("--root", system.root, user=65534, group=65534, extra_groups=[])
    assert survey["subjects"][0]["areas"]["packages"]["answer"] == "unknown"
    status, said = look.check("bod-17-01")
    assert status == 2 and any(d["area"] == "packages" and "unknown" in d["text"] for d in said["doubts"]), said


# ---- what others got wrong

def test_wazuh_38965_a_removal_is_seen_by_the_next_look(look, system):
    """Nothing is remembered from run to run: there is no event that could be lost."""
    system.package()
    look.inventory("--root", system.root, ok=(1,))
    for path in ("opt/kaspersky", "var/opt/kaspersky"):
        shutil.rmtree(system.root / path)
    (system.root / "usr/lib/systemd/system/kesl.service").unlink()
    for path, pattern in (("var/lib/dpkg/status", r"Package: kesl\n(.+\n)+"), ("etc/group", r"kesladmin.*\n")):
        file = system.root / path
        file.write_text(re.sub(pattern, "", file.read_text()))
    (system.root / "var/lib/dpkg/info/kesl.list").unlink()
    survey = look.inventory("--root", system.root, ok=(0,))
    assert survey["findings"] == [] and look.check("bod-17-01")[0] == 0


def test_fleet_53413_29233_copies_outside_of_known_folders(look, system):
    """No list of folders is asked: the whole tree is."""
    program = system.kesl()
    for place in ("srv/tools/x", "home/user/.local/share/x", "var/cache/x", "usr/local/games/x"):
        system.put(place + "/kesl-control", program)
        system.put(place + "/main", program)
    places = {where for product, where in confirmed(look.inventory("--root", system.root, ok=(1,))) if product == KESL}
    assert {"/srv/tools/x", "/home/user/.local/share/x", "/var/cache/x", "/usr/local/games/x"} <= places


def test_grype_342_a_name_of_another_vendor_confirms_nothing(look, system):
    """A package that happens to have a product's short name, of another manager and vendor."""
    system.put("srv/app/node_modules/kesl/package.json", '{"name": "kesl", "version": "1.0.0"}')
    system.put("usr/lib/python3/dist-packages/kesl-1.0.dist-info/METADATA",
               "Metadata-Version: 2.1\nName: kesl\nVersion: 1.0\n")
    survey = look.inventory("--root", system.root)
    assert {c["manager"] for c in survey["components"] if c["name"] == "kesl"} == {"npm", "pypi"}
    assert confirmed(survey) == set()


def test_grype_342_syft_2281_the_vendor_of_a_cpe_counts_and_none_is_guessed(look, system, tmp_path):
    """A CPE of another vendor with a product's name is another product; packages get no CPE that nobody stated."""
    def supply(cpe):
        (tmp_path / "sbom.json").write_text(json.dumps({
            "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "components": [{"type": "library", "name": "part", "bom-ref": "a", "cpe": cpe}],
            "compositions": [{"aggregate": "complete", "assemblies": ["a"]}]}))
        return look.run("supply", tmp_path / "sbom.json", "--directive", "ndaa-2018-1634").returncode

    assert supply("cpe:2.3:a:kaspersky:endpoint_security:12:*:*:*:*:*:*:*") == 1
    assert supply("cpe:2.3:a:acme:endpoint_security:12:*:*:*:*:*:*:*") != 1
    system.package()
    bom = json.loads(look.run("inventory", "--root", system.root, "--format", "cyclonedx").stdout)
    assert bom["components"] and not [c for c in bom["components"] if "cpe" in c]


# ---- docs/hard-cases.md

def names_of_tests():
    names = {}
    for path in [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "src").rglob("*_test.c"), *(ROOT / "src").rglob("*_test.h")]:
        for name in re.findall(r"^(?:def|static void) (test_\w+)\(", path.read_text(), re.M):
            names.setdefault(name, set()).add(path.name)
    return names


def test_the_page_names_only_tests_that_exist():
    page = (ROOT / "docs/hard-cases.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 60
    missing = named - set(names_of_tests())
    assert not missing, sorted(missing)
    files = set(re.findall(r"`(\w+(?:_test\.c|\.py))`", page))
    there = {f for names in names_of_tests().values() for f in names} | {p.name for p in Path(ROOT / "tests").rglob("*.py")}
    assert files <= there, files - there


def test_the_page_has_all_groups_and_failures():
    page = (ROOT / "docs/hard-cases.md").read_text()
    for n in range(1, 17):
        assert re.search(rf"^\| {n} \|", page, re.M), n
    for issue in ("osquery #4740", "Fleet #7804", "FusionInventory #692", "Wazuh #21909", "#38965", "#15432", "Syft",
                  "Fleet #53413", "#29233", "#22773", "#21763", "#36619", "#26254", "OpenSCAP #348", "#733", "#678",
                  "stereoscope #647", "Syft #2281", "Grype #342"):
        assert issue in page, issue
