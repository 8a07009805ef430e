# SPDX-License-Identifier: Apache-2.0
"""What dpkg says is installed, compared with dpkg-query on roots that dpkg wrote, and what other inventories got wrong."""
import shutil

import pytest

from package_roots import Dpkg, as_dpkg, collect, copy_tree, run, write

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="needs dpkg")
FAIL = "#!/bin/sh\nexit 1\n"


def conf(name):
    return {"files": {f"/etc/{name}.conf": "1\n", f"/opt/{name}/tool": "x"}, "conffiles": [f"/etc/{name}.conf"]}


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """One package in each state that dpkg can be brought to leave behind."""
    d = Dpkg(tmp_path_factory.mktemp("states"))
    for name in ("plain", "held", "marked", "doomed"):
        d.install(name)
    for name in ("leftover", "purged"):
        d.install(name, **conf(name))
    d.select("held", "hold")
    d.select("marked", "deinstall")
    d.select("doomed", "purge")
    d.dpkg("-r", "leftover")
    d.dpkg("-P", "purged")
    d.dpkg("--unpack", d.build("unpacked"))
    d.dpkg("-i", d.build("halfconf", scripts={"postinst": FAIL}), check=False)
    d.install("halfgone", scripts={"postrm": FAIL})
    d.dpkg("-r", "halfgone", check=False)
    d.dpkg("-i", d.build("halfinst", scripts={"preinst": FAIL, "postrm": FAIL}), check=False)
    d.install("waited", files={"/opt/waited/tool": "x"}, scripts={"triggers": "interest /opt/spool\n"})
    d.dpkg("--no-triggers", "-i", d.build("waiting", files={"/opt/spool/x": "x"}))
    return d


def test_every_state_is_told_as_dpkg_tells_it(states):
    a = collect(states.root)
    assert as_dpkg(a) == states.query()
    words = {f["status"] for f in a.facts}
    assert words >= {"install ok installed", "hold ok installed", "deinstall ok installed", "purge ok installed",
                     "deinstall ok config-files", "install ok unpacked", "install ok half-configured",
                     "install ok triggers-pending", "install ok triggers-awaited"}, words
    assert a.sources == ["dpkg /var/lib/dpkg"] and not a.missed


def test_osquery_4740_fleet_7804_removed_package_is_not_installed(states):
    a = collect(states.root)
    assert a.one("leftover")["status"] == "deinstall ok config-files"
    assert a.one("leftover")["installed"] == "0" and not a.by_name("purged")


def test_wazuh_21909_held_package_is_installed(states):
    f = collect(states.root).one("held")
    assert (f["status"], f["installed"]) == ("hold ok installed", "1")


def test_syft_deinstall_ok_installed_is_still_on_disk(states):
    f = collect(states.root).one("marked")
    assert (f["status"], f["installed"]) == ("deinstall ok installed", "1")
    assert (states.root / "opt/marked/all/tool").exists()
    assert collect(states.root).one("doomed")["installed"] == "1"


def test_what_is_installed_is_what_has_files_on_disk(states):
    for f in collect(states.root).facts:
        state = f["status"].split()[2]
        assert f["installed"] == ("0" if state in ("config-files", "not-installed") else "1"), f


def test_two_architectures_of_one_package(tmp_path):
    d = Dpkg(tmp_path)
    d.dpkg("--add-architecture", "i386")
    for arch in ("amd64", "i386"):
        d.install("libkesl", arch=arch, extra="Multi-Arch: same\n")
    a = collect(d.root)
    assert as_dpkg(a) == d.query() and len(a.facts) == 2 and not a.missed
    assert {f["locus"] for f in a.facts} == {f"/var/lib/dpkg/status#libkesl:{x}" for x in ("amd64", "i386")}


@pytest.fixture
def small(tmp_path):
    d = Dpkg(tmp_path)
    for name in ("base", "kesl", "other"):
        d.install(name, version="12.1.0-1")
    assert collect(d.root).sources
    return d


def test_no_database_is_unknown_not_absent(tmp_path):
    """OpenSCAP #348: everything was true where there was no database."""
    (tmp_path / "etc").mkdir()
    a = collect(tmp_path)
    assert not a.sources and not a.facts and a.missed == [("no-source", "/")]


def test_missing_status_is_unknown(small):
    (small.db / "status").unlink()
    a = collect(small.root)
    assert not a.sources and ("no-source", "/var/lib/dpkg/status") in a.missed
    # its files are still there under info
    assert {f["name"] for f in a.facts} == {"base", "kesl", "other"}
    assert all(f["installed"] == "1" and f["status"] == "no entry" for f in a.facts)


@pytest.mark.parametrize("text", ["", "\n\n", "\0" * 4096, "garbage\n"])
def test_empty_or_foreign_status_is_unknown(small, text):
    (small.db / "status").write_text(text)
    a = collect(small.root)
    assert not a.sources and ("malformed", "/var/lib/dpkg/status") in a.missed


def test_truncated_status_is_unknown(small):
    whole = (small.db / "status").read_bytes()
    for n in range(1, len(whole) - 2):
        (small.db / "status").write_bytes(whole[:n])
        a = collect(small.root)
        assert not a.sources, whole[:n][-60:]
        assert a.missed


def test_damaged_entry_is_told_and_no_answer(small):
    text = (small.db / "status").read_text()
    (small.db / "status").write_text(text.replace("Package: kesl\n", "Package: kesl\n???\n"))
    a = collect(small.root)
    assert a.one("kesl")["version"] == "12.1.0-1" and not a.sources
    assert ("malformed", "/var/lib/dpkg/status#kesl:all") in a.missed


def test_entry_taken_away_leaves_its_files(small):
    text = (small.db / "status").read_text().split("\n\n")
    (small.db / "status").write_text("\n\n".join(p for p in text if "Package: kesl\n" not in p))
    a = collect(small.root)
    f = a.one("kesl")
    assert f["status"] == "no entry" and f["installed"] == "1" and f["locus"] == "/var/lib/dpkg/info/kesl.list#kesl"
    assert ("malformed", "/var/lib/dpkg/info/kesl.list#kesl") in a.missed


def test_entry_without_files(small):
    (small.db / "info/kesl.list").unlink()
    a = collect(small.root)
    assert a.one("kesl")["installed"] == "1" and ("malformed", "/var/lib/dpkg/info#kesl") in a.missed
    shutil.rmtree(small.root / "opt/other")
    assert collect(small.root).one("other")["state"] == "files-missing"


def test_database_of_another_root_is_unknown(small, tmp_path):
    other = tmp_path / "elsewhere"
    copy_tree(small.db, other / "var/lib/dpkg")
    (other / "opt").mkdir()
    a = collect(other)
    assert len(a.facts) == 3 and not a.sources and ("malformed", "/var/lib/dpkg") in a.missed


def test_status_copied_without_its_lists_is_unknown(small, tmp_path):
    d = Dpkg(tmp_path / "b")
    for n in range(8):
        d.install(f"tool{n}")
    shutil.copy(small.db / "status", d.db / "status")
    assert not collect(d.root).sources


def test_chroot_inside_of_the_tree(small, tmp_path):
    d = Dpkg(tmp_path / "host")
    d.install("base")
    copy_tree(small.root, d.root / "srv/chroot")
    a = collect(d.root)
    assert a.one("kesl")["locus"] == "/srv/chroot/var/lib/dpkg/status#kesl:all"
    assert a.sources == ["dpkg /var/lib/dpkg"]


def test_chroot_is_no_answer_for_the_host(small, tmp_path):
    copy_tree(small.root, tmp_path / "host/srv/chroot")
    a = collect(tmp_path / "host")
    assert a.by_name("kesl") and not a.sources and ("no-source", "/") in a.missed


def test_crlf_and_folded_and_doubled_fields(small):
    text = (small.db / "status").read_text()
    write(small.db / "status", text.replace("\n", "\r\n"))
    a = collect(small.root)
    assert as_dpkg(a) == {(n, "12.1.0-1", "all", "install ok installed") for n in ("base", "kesl", "other")}
    write(small.db / "status", text.replace("Status: install ok installed", "Status: install\n ok\n installed"))
    assert as_dpkg(collect(small.root)) == as_dpkg(a)
    write(small.db / "status", text.replace("Package: kesl\n", "Package: kesl\nPackage: nothing\n"))
    a = collect(small.root)
    assert a.one("kesl") and not a.sources


def test_update_that_was_not_merged(small):
    write(small.db / "updates/0001", "Package: late\nStatus: install ok installed\nVersion: 3\nArchitecture: all\n"
                                     "Maintainer: m\nDescription: d\n\n")
    write(small.db / "info/late.list", "/.\n")
    a = collect(small.root)
    assert a.one("late")["locus"] == "/var/lib/dpkg/updates/0001#late:all" and a.sources


def test_image_without_dpkg_has_status_d(tmp_path):
    """As images without a shell have it: no Status, sums instead of lists."""
    write(tmp_path / "var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 2026a\nArchitecture: all\nMaintainer: m\n")
    write(tmp_path / "var/lib/dpkg/status.d/libc6", "Package: libc6\nVersion: 2.36\nArchitecture: amd64\n")
    write(tmp_path / "var/lib/dpkg/status.d/libc6.md5sums", "d41d8cd98f00b204e9800998ecf8427e  lib/libc.so.6\n")
    a = collect(tmp_path)
    assert not a.sources  # libc is not here
    write(tmp_path / "lib/libc.so.6", "x")
    a = collect(tmp_path)
    assert a.sources == ["dpkg /var/lib/dpkg"] and {f["name"] for f in a.facts} == {"tzdata", "libc6"}
    assert all(f["installed"] == "1" for f in a.facts) and not a.missed


def test_status_that_is_no_file(small):
    (small.db / "status").unlink()
    (small.db / "status").mkdir()
    a = collect(small.root)
    assert not a.sources and any(locus == "/var/lib/dpkg/status" for _, locus in a.missed)


def test_link_out_of_the_tree_is_not_followed(small, tmp_path):
    write(tmp_path / "outside", "Package: evil\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n")
    (small.db / "status").unlink()
    (small.db / "status").symlink_to(tmp_path / "outside")
    assert not collect(small.root).by_name("evil")


def test_packages_of_this_system(tmp_path):
    """This machine's own database, without the files that it tells of."""
    copy_tree("/var/lib/dpkg", tmp_path / "var/lib/dpkg")
    a = collect(tmp_path)
    out = run("dpkg-query", "-W", "-f", "${Package}\\t${Version}\\t${Architecture}\\t${Status}\\n")
    assert as_dpkg(a) == {tuple(line.split("\t")) for line in out.splitlines()}
    assert not a.sources and ("malformed", "/var/lib/dpkg") in a.missed


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("debootstrap"), reason="needs debootstrap")
def test_debootstrap(tmp_path):
    targets = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages")
    uri, name, _ = next(line.split() for line in targets.splitlines() if line.endswith(" main") and "deb" in line)
    run("debootstrap", "--variant=minbase", name, tmp_path / "root", uri, timeout=600)
    a = collect(tmp_path / "root")
    out = run("dpkg-query", f"--admindir={tmp_path}/root/var/lib/dpkg", "-W",
              "-f", "${Package}\\t${Version}\\t${Architecture}\\t${Status}\\n")
    assert as_dpkg(a) == {tuple(line.split("\t")) for line in out.splitlines()}
    assert a.sources == ["dpkg /var/lib/dpkg"] and not a.missed
