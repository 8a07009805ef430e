# SPDX-License-Identifier: Apache-2.0
"""What `vitrine scan` does with every kind of thing that it may find in a file system."""
import os
import resource
import socket
import subprocess
import time

import pytest
from conftest import EICAR, MARK

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")


def test_clean_and_found(vitrine, tree):
    (tree / "clean").write_text("nothing here")
    (tree / "bad").write_bytes(EICAR)
    r = vitrine.scan(tree)
    assert r.code == 1
    assert r.files[str(tree / "clean")]["verdict"] == "CLEAN"
    bad = r.files[str(tree / "bad")]
    assert bad["verdict"] == "DETECTED" and bad["bytes"] == len(EICAR)
    assert bad["detections"] == [{"rule": "Test.Eicar", "path": "", "set": "test.ndb", "line": 1}]


def test_exit_codes(vitrine, tree):
    (tree / "clean").write_text("nothing here")
    (tree / "bad").write_bytes(EICAR)
    assert vitrine.scan(tree / "clean").code == 0
    assert vitrine.scan(tree / "bad").code == 1
    assert vitrine.scan(tree / "missing").code == 2
    assert vitrine.scan(tree / "missing", tree / "bad").code == 1  # found beats error
    assert vitrine.run("scan", "--db", tree / "missing", tree).code == 2
    assert vitrine.run("scan").code == 2


def test_recursion(vitrine, tree):
    (tree / "a/b").mkdir(parents=True)
    (tree / "top").write_text("x")
    (tree / "a/b/deep").write_text("x")
    assert set(vitrine.scan(tree).files) == {str(tree / "top"), str(tree / "a/b/deep")}
    assert set(vitrine.scan("--no-recursive", tree).files) == {str(tree / "top")}
    assert vitrine.scan(f"{tree}/").files.keys() == {f"{tree}/top", f"{tree}/a/b/deep"}


def test_filters(vitrine, tree):
    (tree / "keep").mkdir()
    (tree / "skip").mkdir()
    for name in ("keep/a.txt", "keep/a.bin", "skip/b.txt"):
        (tree / name).write_text("x")

    def names(*args):
        return {os.path.relpath(p, tree) for p in vitrine.scan(*args, tree).files}

    assert names("--exclude", "*.bin") == {"keep/a.txt", "skip/b.txt"}
    assert names("--include=*.txt") == {"keep/a.txt", "skip/b.txt"}
    assert names("--include=*.txt", "--exclude", "*/keep/*") == {"skip/b.txt"}
    assert names("--exclude-dir", "skip") == {"keep/a.txt", "keep/a.bin"}
    r = vitrine.scan("--exclude-dir", "skip", "--exclude", "*.bin", tree)
    assert r.summary["skipped"]["excluded"] == 2


def test_special_files(vitrine, tree):
    os.mkfifo(tree / "fifo")
    s = socket.socket(socket.AF_UNIX)
    s.bind(str(tree / "socket"))
    s.close()
    r = vitrine.scan(tree)
    assert (r.code, r.files, r.summary["skipped"]["special"]) == (0, {}, 2)
    for path in (tree / "fifo", tree / "socket", "/dev/null"):
        r = vitrine.scan(path, timeout=20)
        f = r.files[str(path)]
        assert (f["verdict"], f["incomplete"]) == (
            "INCOMPLETE", [{"reason": "special-file", "path": ""}])
        assert r.code == 0
        assert vitrine.scan("--strict", path).code == 2


def test_symbolic_links(vitrine, tree):
    (tree / "d").mkdir()
    (tree / "d/file").write_bytes(EICAR)
    (tree / "to-file").symlink_to("d/file")
    (tree / "to-dir").symlink_to("d")
    (tree / "d/up").symlink_to("..")
    (tree / "self").symlink_to("self")
    (tree / "nowhere").symlink_to("missing")
    r = vitrine.scan(tree)
    assert set(r.files) == {str(tree / "d/file")}
    assert r.summary["skipped"]["links"] == 5
    # named on the command line: followed
    assert set(vitrine.scan(tree / "to-file").files) == {str(tree / "to-file")}
    assert str(tree / "to-dir/file") in vitrine.scan(tree / "to-dir").files
    # all of them, and no loop
    r = vitrine.scan("--follow", tree, timeout=20)
    assert set(r.files) == {str(tree / p) for p in ("d/file", "to-file", "to-dir/file")}
    assert (r.code, r.summary["errors"]) == (1, 0)
    assert vitrine.scan(tree / "nowhere").code == 2
    assert vitrine.scan(tree / "self").code == 2


@ROOT_ONLY
def test_unreadable(vitrine, tree):
    (tree / "secret").write_text("x")
    (tree / "secret").chmod(0)
    (tree / "closed").mkdir()
    (tree / "closed/file").write_text("x")
    (tree / "closed").chmod(0)
    (tree / "open").write_text("x")
    for p in (tree, *tree.parents[:2]):
        p.chmod(0o755)
    vitrine.env["XDG_CACHE_HOME"] = "/nonexistent"
    r = vitrine.scan(tree, before=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
    (tree / "closed").chmod(0o755)
    assert r.code == 2
    for name in ("secret", "closed"):
        f = r.files[str(tree / name)]
        assert f["incomplete"] == [{"reason": "unreadable", "path": ""}]
        assert f["error"] == "Permission denied"
        assert f"{tree / name}: Permission denied".encode() in r.err
    assert r.files[str(tree / "open")]["verdict"] == "CLEAN"
    assert r.summary["errors"] == 2


def test_names_of_any_bytes(vitrine, tree):
    names = [b"\xff\xfe.bin", b"new\nline", b"\x1b[31mred", b"quote\"\\", b"x" * 255,
             "\u202egpj.exe".encode(), b"-rf", b" "]
    for name in names:
        with open(os.path.join(os.fsencode(tree), name), "wb") as f:
            f.write(EICAR)
    r = vitrine.scan(tree)
    import base64
    got = set()
    for f in r.lines[:-1]:
        raw = base64.b64decode(f["path_b64"]) if "path_b64" in f else f["path"].encode()
        got.add(os.path.basename(raw))
        assert ("path_b64" in f) == (b"\xff" in raw)
    assert got == set(names)
    human = vitrine.run("scan", "--db", vitrine.database, tree).out
    assert b"\x1b" not in human and b"\xff" not in human and "\u202e".encode() not in human
    assert human.count(b": DETECTED Test.Eicar (test.ndb:1)\n") == len(names)


def make_deep(folder, levels, name):
    """A folder `levels` deep, further than any path can name; returns a list of its parts."""
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    with os.fdopen(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=fd), "wb") as f:
        f.write(EICAR)
    os.close(fd)
    return [str(folder), *[name] * levels, "file"]


@pytest.mark.parametrize("levels, name", [(16, "n" * 255), (40, "n" * 255), (1200, "dir")])
def test_deep_paths(vitrine, tree, levels, name):
    """Past PATH_MAX, and past the number of descriptors that the walk holds."""
    (tree / "a-first").write_text("x")
    parts = make_deep(tree, levels, name)
    (tree / "z-last").write_text("x")
    try:
        r = vitrine.scan(tree)
        assert set(r.files) == {
            "/".join(parts), str(tree / "a-first"), str(tree / "z-last")}
        assert r.summary["detections"] == 1 and r.summary["errors"] == 0
        # and as a path from a list, which may be as long
        r = vitrine.scan("--files-from", "-", input="/".join(parts).encode() + b"\n", stdin=None)
        assert r.files["/".join(parts)]["verdict"] == "DETECTED"
    finally:
        subprocess.run(["rm", "-rf", tree], check=True)


def test_siblings_after_deep_branches(vitrine, tree):
    """Folders that were closed to save descriptors are taken up where they were left."""
    expected = set()
    for i in range(30):
        parts = make_deep(tree, 0, "")  # writes tree/file
        branch = tree / f"branch{i}"
        branch.mkdir()
        parts = make_deep(branch, 40, "d")
        expected.add("/".join(parts))
        (branch / "beside").write_text("x")
        expected.add(str(branch / "beside"))
    expected.add(str(tree / "file"))
    assert set(vitrine.scan(tree).files) == expected


def many_files(vitrine, tree, count):
    fd = os.open(tree, os.O_RDONLY)
    for i in range(count):
        os.close(os.open(f"{i:07}", os.O_WRONLY | os.O_CREAT, dir_fd=fd))
    os.close(fd)
    with open(tree / "0000000", "wb") as f:
        f.write(EICAR)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    r = vitrine.run("scan", "--db", vitrine.database, tree, timeout=900)
    assert r.code == 1
    assert f"Scanned {count:,} files" in r.text
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak == before or peak < 100 * 1024  # KiB


def test_many_files(vitrine, tree):
    many_files(vitrine, tree, 100_000)


@pytest.mark.long
def test_a_million_files(vitrine, tree):
    many_files(vitrine, tree, 1_000_000)


def test_standard_input(vitrine, tree):
    for data, verdict in ((EICAR, "DETECTED"), (b"clean", "CLEAN"), (b"", "CLEAN")):
        r = vitrine.scan("-", input=data, stdin=None)
        assert r.files["-"]["verdict"] == verdict
        assert r.files["-"]["bytes"] == len(data)
    with open(tree / "f", "wb+") as f:
        f.write(EICAR)
        f.flush()
        assert vitrine.scan("-", stdin=f).files["-"]["verdict"] == "DETECTED"


def test_standard_input_past_its_limit(vitrine):
    r = vitrine.scan("--max-file-size", "64K", "-", input=EICAR + bytes(100_000), stdin=None)
    f = r.files["-"]
    assert f["verdict"] == "DETECTED" and f["bytes"] == 65536
    assert {"reason": "limit-file-size", "path": ""} in f["incomplete"]
    r = vitrine.scan("--max-file-size", "64K", "-", input=bytes(100_000), stdin=None)
    assert r.files["-"]["verdict"] == "INCOMPLETE"


def test_file_lists(vitrine, tree):
    (tree / "one").write_bytes(EICAR)
    (tree / "two").write_bytes(EICAR)
    (tree / "new\nline").write_text("x")
    plain = tree.parent / "list"
    plain.write_text(f"{tree / 'one'}\n\n{tree / 'two'}")
    assert set(vitrine.scan("--files-from", plain).files) == {
        str(tree / "one"), str(tree / "two")}
    nul = "\0".join([str(tree / "new\nline"), str(tree / "one"), ""]).encode()
    for args in (["-0"], ["-0", "--files-from=-"], ["--null", "--files-from", "-"]):
        r = vitrine.scan(*args, input=nul, stdin=None)
        assert set(r.files) == {str(tree / "new\nline"), str(tree / "one")}
    # operands come first, folders in the list are walked
    r = vitrine.scan("--files-from", "-", plain, input=str(tree).encode(), stdin=None)
    assert set(r.files) == {str(plain)} | {str(tree / n) for n in ("one", "two", "new\nline")}
    assert vitrine.scan("--files-from", tree / "missing").code == 2


def test_names_in_a_list_are_files(vitrine, tree):
    (tree / "-").write_bytes(EICAR)
    r = vitrine.scan("--files-from", "-", input=b"-\n", stdin=None, cwd=tree)
    assert r.files["-"]["verdict"] == "DETECTED"
    assert vitrine.scan("--files-from", "-", "-", input=EICAR, stdin=None).code == 2


def test_a_slow_list_does_not_hold_up_results(vitrine, tree):
    (tree / "bad").write_bytes(EICAR)
    p = vitrine.start("scan", "--db", vitrine.database, "--format=jsonl", "--files-from=-",
                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for _ in range(3):
        p.stdin.write(os.fsencode(tree / "bad") + b"\n")
        p.stdin.flush()
        assert b"DETECTED" in p.stdout.readline()
    p.stdin.write(os.fsencode(tree / "bad"))  # the last one without its newline
    out, _ = p.communicate(timeout=30)
    assert out.count(b"DETECTED") == 2 and p.returncode == 1  # the summary has the word too


def test_vanished(vitrine, tree):
    """A file that the walk saw but that is gone when it is opened is told as such."""
    fd = os.open(tree, os.O_RDONLY)
    for i in range(20000):
        os.close(os.open(f"{i:05}", os.O_WRONLY | os.O_CREAT, dir_fd=fd))
    p = vitrine.start("scan", "--db", vitrine.database, "--format=jsonl", "-j1", str(tree),
                      stdout=subprocess.PIPE)
    for i in reversed(range(20000)):
        os.unlink(f"{i:05}", dir_fd=fd)
    out, _ = p.communicate(timeout=60)
    os.close(fd)
    assert p.returncode in (0,)
    for line in out.splitlines():
        assert b'"unreadable"' not in line


def test_file_that_changes(vitrine, tree):
    """Shrunk or grown while it is read: the scan ends well and says so or saw one state of it."""
    size = 64 << 20
    path = tree / "changing"
    with open(path, "wb") as f:
        f.truncate(size)
        p = vitrine.start("scan", "--db", vitrine.database, "--format=jsonl", "-j1", str(path),
                          stdout=subprocess.PIPE)
        end = time.monotonic() + 20
        while p.poll() is None and time.monotonic() < end:
            f.truncate(size // 2)
            f.truncate(4096)
            f.truncate(size * 2)
        out, _ = p.communicate(timeout=60)
    import json
    report = json.loads(out.splitlines()[0])
    assert report["verdict"] in ("CLEAN", "INCOMPLETE")
    assert {i["reason"] for i in report["incomplete"]} <= {"changed"}
    assert p.returncode == 0


def peak_memory_of_group(p):
    """Peak resident KiB of a process's children, by looking while it runs."""
    peak = {}
    while p.poll() is None:
        for pid in os.listdir("/proc"):
            if not pid.isdigit():
                continue
            try:
                with open(f"/proc/{pid}/stat") as f:
                    parent = int(f.read().rsplit(")", 1)[1].split()[1])
                if parent != p.pid:
                    continue
                with open(f"/proc/{pid}/status") as f:
                    fields = dict(line.split(":", 1) for line in f if ":" in line)
                # a sparse file's pages are the page cache's: anonymous memory is the worker's own
                peak[pid] = max(peak.get(pid, 0), int(fields["RssAnon"].split()[0]))
            except (OSError, KeyError, ValueError, IndexError):
                continue
        time.sleep(0.02)
    return max(peak.values(), default=0)


def large_file(vitrine, tree, size):
    path = tree / "large"
    with open(path, "wb") as f:
        f.seek(size - len(MARK))
        f.write(MARK)
    p = vitrine.start("scan", "--db", vitrine.database, "--format=jsonl", "--max-time=10m",
                      str(path), stdout=subprocess.PIPE)
    peak = peak_memory_of_group(p)
    out, _ = p.communicate(timeout=600)
    import json
    report = json.loads(out.splitlines()[0])
    assert (report["bytes"], report["verdict"]) == (size, "DETECTED"), report
    assert peak < 200 * 1024
    path.unlink()


def test_large_file(vitrine, tree):
    large_file(vitrine, tree, 768 << 20)


@pytest.mark.long
def test_8_gib_sparse_file(vitrine, tree):
    large_file(vitrine, tree, (8 << 30) + 3)


def test_limits_are_reported(vitrine, tree):
    (tree / "big").write_bytes(bytes(70_000))
    r = vitrine.scan("--max-file-size=64K", tree)
    assert r.files[str(tree / "big")]["incomplete"] == [{"reason": "limit-file-size", "path": ""}]
    assert r.code == 0
    assert vitrine.scan("--max-file-size=64K", "--strict", tree).code == 2


def test_kernel_interfaces_are_passed_over(vitrine):
    r = vitrine.scan("--include", "nothing", "--exclude-dir", "/[!ps]*", "/", timeout=300)
    assert r.summary["skipped"]["filesystems"] >= 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to look into a worker")
def test_workers_hold_nothing_that_can_be_written(vitrine, tree):
    """Whatever a worker is handed is open for reading only, but for its channel and /dev/null."""
    rules = tree / "rules.ndb"
    rules.write_text("Any:0:*:" + MARK.hex() + "\n")
    with open(tree / "zero", "wb") as f:
        f.truncate(1 << 40)
    for cache in (str(tree / "cache"), "/dev/null/none"):  # compiled to a file, and to memory
        with open(tree / "zero", "rb+") as stdin:
            p = vitrine.start("scan", "--db", str(rules), "--max-time=1h", "-j1", "-", stdin=stdin,
                              env=dict(vitrine.env, XDG_CACHE_HOME=cache),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.5)
        with open(f"/proc/{p.pid}/task/{p.pid}/children") as f:
            (worker,) = f.read().split()
        files = {}
        for fd in os.listdir(f"/proc/{worker}/fd"):
            with open(f"/proc/{worker}/fdinfo/{fd}") as f:
                flags = next(int(x.split()[1], 8) for x in f if x.startswith("flags"))
            files[os.readlink(f"/proc/{worker}/fd/{fd}")] = flags & os.O_ACCMODE
        writable = [x for x in files if files[x] and not x.startswith("socket:")]
        p.kill()
        p.wait()
        assert [x for x in writable if x != "/dev/null"] == []
        assert len(files) >= 3, files


@ROOT_ONLY
def test_one_file_system(vitrine, tree):
    (tree / "mounted").mkdir()
    (tree / "here").write_text("x")
    cover = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs none {tree}/mounted && '
             f'echo x >{tree}/mounted/there && mkdir {tree}/mounted/proc && '
             f'mount -t proc none {tree}/mounted/proc && exec "$@"', "sh"]
    if subprocess.run([*cover, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    both = {str(tree / "here"), str(tree / "mounted/there")}
    r = vitrine.scan(tree, before=cover)
    assert set(r.files) == both and r.summary["skipped"]["filesystems"] == 1  # proc
    r = vitrine.scan("--one-file-system", tree, before=cover)
    assert set(r.files) == {str(tree / "here")} and r.summary["skipped"]["filesystems"] == 1
    r = vitrine.scan("-x", tree, tree / "mounted", before=cover)
    assert set(r.files) == both
