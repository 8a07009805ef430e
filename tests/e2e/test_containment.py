# SPDX-License-Identifier: Apache-2.0
"""Containment, shown from inside: what a taken-over, broken or lying worker can do.

The programs in tests/containment link the shipped worker's own code (its library and its main)
with an engine that attacks. Each test runs as the user who runs it and, if that is root, as
"nobody" too, because namespaces and limits differ.
"""
import bz2
import gzip
import hashlib
import io
import lzma
import os
import re
import shutil
import struct
import subprocess
import tarfile
import time
import zipfile
import zlib
from pathlib import Path

import pytest

BUILD = Path(os.environ.get("VITRINE_BUILD", "build"))
HELPERS = BUILD / "tests" / "containment"
USERS = ["self", "nobody"] if os.geteuid() == 0 else ["self"]

# These two pass any filter: the kernel handles them before seccomp looks (uretprobe, uprobe).
KERNEL_EXEMPT = {335, 336}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The helpers, copied to where "nobody" may run them."""
    folder = tmp_path_factory.mktemp("programs")
    for p in (folder, folder.parent, folder.parent.parent):
        p.chmod(0o755)
    for name in ("pool-scan", "worker-faulty", "worker-hostile", "sweep", "allowed", "escape-names", "verify-hostile"):
        shutil.copy(HELPERS / name, folder / name)
    (folder / "image").write_bytes(b"image")
    return folder


def run(user, *args, timeout=120):
    command = [str(a) for a in args]
    if user == "nobody":
        command = ["runuser", "-u", "nobody", "--", *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def scan(programs, user, worker, paths, time_ms=20000, grace_ms=1000, workers=2, image="image"):
    """{file name: (verdict, rules, reasons)} as the pool reports them."""
    p = run(user, programs / "pool-scan", programs / worker, programs / image, workers, time_ms,
            grace_ms, *paths)
    assert p.returncode == 0, p.stderr
    answers = {}
    for line in p.stdout.splitlines():
        path, verdict, rules, reasons = line.split(" ")
        name = Path(path).name
        assert name not in answers, "answered twice"
        answers[name] = (verdict, rules, reasons)
    return answers


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.fixture
def files(programs, request):
    folder = programs / re.sub(r"[^A-Za-z0-9_-]", "_", request.node.name)
    folder.mkdir()
    folder.chmod(0o755)
    return folder


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("role", ["worker", "compiler", "updater", "collector", "processes", "verifier"])
def test_every_system_call_number(programs, user, role):
    table = {}
    for line in run("self", programs / "allowed").stdout.splitlines():
        r, number, name, _ = line.split()
        if r == role:
            table[int(number)] = name
    p = run(user, programs / "sweep", role)
    assert p.returncode == 0, p.stdout
    *lines, last = p.stdout.splitlines()
    assert last == "tried 960"
    survived = set()
    for line in lines:
        table_kind, number, _ = line.split(" ", 2)
        assert table_kind == "native", line
        survived.add(int(number))
    assert survived - KERNEL_EXEMPT <= set(table), "a call that the table does not have"
    # Those with a condition on their arguments die with all arguments zero; the rest survives.
    plain = {n for n, name in table.items() if name not in
             ("recvmsg", "sendmsg", "madvise", "futex", "write", "socket", "fcntl")}
    assert plain <= survived


def escapes(programs):
    return run("self", programs / "escape-names").stdout.split()


@pytest.mark.parametrize("user", USERS)
def test_ways_out(programs, files, user):
    names = escapes(programs)
    assert len(names) >= 30
    paths = [write(files, f"try-{n}", f"TRY {n}".encode()) for n in names]
    victim = Path("/tmp/vitrine-victim")
    escaped = Path("/tmp/vitrine-escaped")
    victim.write_text("here")
    try:
        answers = scan(programs, user, "worker-hostile", paths)
        assert victim.read_text() == "here"
        assert not escaped.exists() and not escaped.is_symlink()
    finally:
        victim.unlink(missing_ok=True)
    # Not only refused: each one ended the worker.
    assert answers == {f"try-{n}": ("INCOMPLETE", "", "worker-crashed") for n in names}


def test_ways_out_are_real():
    """Outside of the sandbox the same attempts work, so that the test above tests something."""
    harmless = ["open", "openat", "openat2", "stat", "readlink", "unix", "socketpair",
                "pipe", "memfd", "mmap_exec", "mprotect_exec", "getuid", "getrandom", "uname",
                "inotify", "execve", "int80"]
    p = run("self", HELPERS / "escape-names", *harmless)
    failed = [line for line in p.stdout.splitlines() if not line.endswith(" works")]
    # int80 depends on the kernel's configuration, openat2 on its version
    assert [f for f in failed if f.split()[0] not in ("int80", "openat2")] == []


FAULTS = {
    "crash": "worker-crashed",
    "abort": "worker-crashed",
    "exit": "worker-crashed",
    "syscall": "worker-crashed",
    "close-channel": "worker-crashed",
    "empty-message": "worker-crashed",
    "hang": "worker-timeout",
    "hang-alive": "worker-timeout",
    "memory": "memory",
    "memory-crash": "worker-crashed",
    "garbage": "worker-protocol",
    "huge-message": "worker-protocol",
    "wrong-number": "worker-protocol",
    "double": "worker-protocol",
    "bad-verdict": "worker-protocol",
    "ready-again": "worker-protocol",
    "endless-output": "worker-protocol",
    "send-fd": "worker-protocol",
}


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_broken_worker(programs, files, user, fault):
    """Its file is INCOMPLETE with the right reason; all others of the batch are answered right."""
    paths, expected = [], {}
    for i in range(100):
        if i == 37:
            paths.append(write(files, "fault", f"FAULT {fault}".encode()))
            expected["fault"] = ("INCOMPLETE", "", FAULTS[fault])
        elif i % 3 == 0:
            paths.append(write(files, f"hit{i}", f"HIT Rule{i}".encode()))
            expected[f"hit{i}"] = ("DETECTED", f"Rule{i}", "")
        else:
            paths.append(write(files, f"clean{i}", b"clean"))
            expected[f"clean{i}"] = ("CLEAN", "", "")
    time_ms = 1000 if "hang" in fault else 20000
    assert scan(programs, user, "worker-faulty", paths, time_ms=time_ms) == expected


def test_all_faults_at_once(programs, files):
    paths, expected = [], {}
    for n in range(3):
        for fault in (f for f in FAULTS if "hang" not in f and "memory" not in f):
            paths.append(write(files, f"{fault}{n}", f"FAULT {fault}".encode()))
            expected[f"{fault}{n}"] = ("INCOMPLETE", "", FAULTS[fault])
            paths.append(write(files, f"hit-{fault}{n}", b"HIT Rule"))
            expected[f"hit-{fault}{n}"] = ("DETECTED", "Rule", "")
    assert scan(programs, "self", "worker-faulty", paths) == expected


def test_long_report(programs, files):
    """A report of 3 MB comes over in pieces, whole."""
    answers = scan(programs, "self", "worker-faulty", [write(files, "many", b"MANY")])
    assert answers == {"many": ("DETECTED", "1000", "")}


def test_bad_image(programs, files):
    """An image that the worker refuses is an error, not a pool that starts workers for ever."""
    bad = write(files, "bad-image", b"BAD")
    p = run("self", programs / "pool-scan", programs / "worker-faulty", bad, 2, 1000, 1000,
            write(files, "clean", b"clean"))
    assert p.returncode == 2
    assert "malformed" in p.stderr


def test_no_worker(programs, files):
    not_a_program = write(files, "not-a-program", b"not a program")
    for worker in (files / "missing", not_a_program):
        p = run("self", programs / "pool-scan", worker, programs / "image", 2, 1000, 1000,
                write(files, "clean", b"clean"))
        assert p.returncode == 2


def test_sparse_file_in_bounded_memory(programs, files):
    """1 GiB is mapped and scanned; no worker's resident memory follows."""
    path = files / "sparse"
    path.touch()
    os.truncate(path, 1 << 30)
    p = subprocess.Popen([programs / "pool-scan", programs / "worker-faulty", programs / "image",
                          "1", "120000", "1000", path], stdout=subprocess.PIPE, text=True)
    peak = 0
    while p.poll() is None:
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
            except (OSError, ValueError):
                continue
            if int(fields["PPid"]) == p.pid and "VmHWM" in fields:
                peak = max(peak, int(fields["VmHWM"].split()[0]))
        time.sleep(0.02)
    out = p.stdout.read()
    assert out.split(" ")[1] == "CLEAN", out
    assert 0 < peak < 200 << 10, f"{peak} KiB"


def test_truncated_while_mapped(programs, files):
    """A mapped file that shrinks is INCOMPLETE changed; nobody dies of SIGBUS."""
    path = files / "shrinks"
    outcomes = []
    # Shrunk before the worker maps it, the file is just a small one; then once more, later.
    for delay in (0.1, 0.3, 1, 2):
        path.touch()
        os.truncate(path, 16 << 30)
        p = subprocess.Popen([programs / "pool-scan", programs / "worker-faulty",
                              programs / "image", "1", "120000", "1000", path],
                             stdout=subprocess.PIPE, text=True)
        time.sleep(delay)
        os.truncate(path, 4096)
        out, _ = p.communicate(timeout=60)
        outcomes.append(out.split(" ", 1)[1])
        if outcomes[-1] != "CLEAN  \n":
            break
    assert outcomes[-1] == "INCOMPLETE  changed\n", outcomes


@pytest.mark.parametrize("closed", ["user", "user net", "user net mnt ipc pid uts cgroup"])
def test_fewer_namespaces(programs, files, closed):
    """Where the kernel refuses namespaces, workers start with fewer; the filter still holds."""
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare(1)")
    clean, out = write(files, "clean", b"clean"), write(files, "try", b"TRY getuid")
    limits = "".join(f"echo 0 > /proc/sys/user/max_{kind}_namespaces; " for kind in closed.split())
    p = run("self", "unshare", "-Ur", "sh", "-c", limits + 'exec "$@"', "sh",
            programs / "pool-scan", programs / "worker-hostile", programs / "image", 1, 5000, 1000,
            clean, out)
    if "unshare failed" in p.stderr or "Permission denied" in p.stderr:
        pytest.skip("no namespaces here to close")
    assert p.returncode == 0, p.stderr
    assert sorted(line.split(" ", 1)[1] for line in p.stdout.splitlines()) == [
        "CLEAN  ", "INCOMPLETE  worker-crashed"]


def test_executable_that_only_real_root_may_read(programs, files):
    """In a user namespace root is nobody to other users' files: the pool falls back."""
    if os.geteuid() != 0:
        pytest.skip("root only")
    worker = files / "worker"
    shutil.copy(programs / "worker-faulty", worker)
    worker.chmod(0o700)
    shutil.chown(worker, "nobody")
    answers = scan(programs, "self", worker, [write(files, "hit", b"HIT Rule")])
    assert answers == {"hit": ("DETECTED", "Rule", "")}


def children(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append((int(stat.parent.name), fields[0]))
    return found


def test_workers_die_with_their_supervisor(programs, files):
    hang = [write(files, f"hang{i}", b"FAULT hang") for i in range(2)]
    p = subprocess.Popen([programs / "pool-scan", programs / "worker-faulty", programs / "image",
                          "2", "60000", "1000", *hang], stdout=subprocess.PIPE)
    time.sleep(0.5)
    workers = [pid for pid, _ in children(p.pid)]
    assert workers
    p.kill()
    p.wait()
    deadline = time.time() + 5
    while any(Path(f"/proc/{w}").exists() for w in workers) and time.time() < deadline:
        time.sleep(0.05)
    assert [w for w in workers if Path(f"/proc/{w}").exists()] == []


def test_worker_has_nothing(programs, files):
    """Seen from outside: no descriptor but the channel, a fixed environment, own namespaces."""
    if os.geteuid() != 0:
        pytest.skip("another process's namespaces are root's to see")
    secret = open(files / "secret", "w")
    os.set_inheritable(secret.fileno(), True)
    p = subprocess.Popen([programs / "pool-scan", programs / "worker-faulty", programs / "image",
                          "1", "60000", "1000", write(files, "hang", b"FAULT hang")],
                         stdout=subprocess.PIPE, close_fds=False,
                         env={**os.environ, "SECRET": "yes"})
    try:
        time.sleep(0.5)
        (worker, _), = children(p.pid)
        proc = Path(f"/proc/{worker}")
        fds = {int(f.name): os.readlink(f) for f in (proc / "fd").iterdir()}
        assert [fds[i] for i in range(3)] == ["/dev/null"] * 3
        assert fds[3].startswith("socket:")
        assert [t for n, t in fds.items() if n > 3] == [str(files / "hang")]
        assert (proc / "environ").read_bytes() == b"LC_ALL=C\0TZ=UTC0\0"
        status = (proc / "status").read_text()
        assert "\nNoNewPrivs:\t1\n" in status
        assert "\nSeccomp:\t2\n" in status
        assert "\nCapEff:\t0000000000000000\n" in status
        kinds = ["net", "mnt", "ipc", "pid_for_children", "uts"]
        # inside a chroot the kernel gives nobody a user namespace; root has the others all the same
        if subprocess.run(["unshare", "--user", "true"], capture_output=True).returncode == 0:
            kinds.append("user")
        for kind in kinds:
            assert os.readlink(proc / "ns" / kind) != os.readlink(f"/proc/self/ns/{kind}"), kind
    finally:
        p.kill()
        p.wait()
        secret.close()


# The verifying child of `vitrine update`: the shipped one, with a verification that was taken over.

def landlocked():
    lsm = Path("/sys/kernel/security/lsm")
    return not lsm.exists() or "landlock" in lsm.read_text()


@pytest.fixture
def update(files):
    """An update folder as one is after some updates."""
    folder = files / "update"
    for name in ("chunk", "sets/g1", "chunk/aa"):
        (folder / name).mkdir(parents=True)
    for name in ("trusted", "settings", "plan", "sets/g1/base.vtdb", "chunk/aa/a"):
        (folder / name).write_text("as it was")
    for p in (folder, *folder.rglob("*")):
        p.chmod(0o777 if p.is_dir() else 0o666)
    return folder


def verify(programs, user, folder, *what):
    p = run(user, programs / "verify-hostile", folder, *what)
    assert p.returncode == 0, p.stderr
    return p.stdout.splitlines()


@pytest.mark.parametrize("user", USERS)
def test_ways_out_of_the_verifier(programs, update, user):
    victim, escaped = Path("/tmp/vitrine-victim"), Path("/tmp/vitrine-escaped")
    victim.write_text("here")
    try:
        answers = {n: verify(programs, user, update, "out", n)[-1] for n in escapes(programs)}
        assert victim.read_text() == "here"
        assert not escaped.exists() and not escaped.is_symlink()
    finally:
        victim.unlink(missing_ok=True)
    # standard error is /dev/null there
    assert {n for n, a in answers.items() if "WORKED" in a} == {"write_stderr"}
    answers.pop("write_stderr")
    # the few that it has calls for are refused by Landlock; each other one ends it
    denied = {n for n, a in answers.items() if a == "stale: denied"}
    killed = {n for n, a in answers.items() if "signal 31" in a}
    assert denied | killed == set(answers), answers
    assert len(killed) > 70 and {"unix", "socketpair", "execve", "open", "memfd"} <= killed
    assert "openat" in denied


@pytest.mark.parametrize("user", USERS)
def test_verifier_writes_nothing_but_pieces(programs, update, user):
    if not landlocked():
        pytest.skip("no Landlock")
    for name in ("settings", "trusted", "plan", "new", "sets/g1/base.vtdb", "sets/g1/new", "../new", "/tmp/vitrine-new"):
        assert verify(programs, user, update, "put", name) == ["stale: denied"], name
    for name in ("chunk/aa/a", "chunk/new"):
        assert verify(programs, user, update, "put", name) == ["stale: WORKED"], name
    assert verify(programs, user, update, "read", "trusted") == ["stale: WORKED"]
    for name in ("/etc/passwd", "../../image", "../secret"):
        assert verify(programs, user, update, "read", name) == ["stale: denied"], name


LOG_PATHS = ["checkpoint", "tile/0/000.p/3", "tile/entries/x001/234", "history/12", "chunk/ab/ab" + "0" * 62]


def test_verifier_asks_for_files_of_a_log_only(programs, update):
    """What is asked of a source goes to a web server, perhaps: it has no room for messages."""
    for path in LOG_PATHS:
        assert verify(programs, "self", update, "ask", path) == ["served " + path, "stale: WORKED"]
    for path in ("/etc/passwd", "../x", "checkpoint/../x", "checkpoint?secret", "secret", "tile/0/0", "tile/entries",
                 "history/", "history/01", "history/1/2", "chunk/ab/aa" + "0" * 62, "chunk/ab/ab" + "0" * 61,
                 "chunk/AB/AB" + "0" * 62, "update.conf", "a" * 250):
        assert verify(programs, "self", update, "ask", path) == \
            ["failed: the verifying process spoke badly and was ended"], path


@pytest.mark.parametrize("what, says", [
    (("refusal", "9999"), "spoke badly"), (("refusal", "0"), "without a result"), (("source", "7"), "spoke badly"),
    (("crash",), "signal 4"), (("exit",), "without a result"),
])
def test_verifier_is_not_believed(programs, update, what, says):
    answer, = verify(programs, "self", update, *what)
    assert answer.startswith("failed: ") and says in answer


def test_verifier_has_nothing(programs, update):
    if os.geteuid() != 0:
        pytest.skip("another process's namespaces are root's to see")
    secret = open(update / "secret", "w")
    os.set_inheritable(secret.fileno(), True)
    p = subprocess.Popen([programs / "verify-hostile", update, "wait"], stdout=subprocess.PIPE, close_fds=False,
                         env={**os.environ, "SECRET": "yes"})
    try:
        p.stdout.readline()
        (child, _), = children(p.pid)
        proc = Path(f"/proc/{child}")
        fds = {int(f.name): os.readlink(f) for f in (proc / "fd").iterdir()}
        assert [fds[i] for i in range(3)] == ["/dev/null"] * 3
        assert fds[3].startswith("socket:")
        assert {n: t for n, t in fds.items() if n > 3} == {4: str(update), 5: str(update / "chunk")}
        assert (proc / "environ").read_bytes().strip(b"\0") == b""
        status = (proc / "status").read_text()
        for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000"):
            assert f"\n{line}\n" in status
        for kind in ("net", "mnt", "ipc", "uts"):
            assert os.readlink(proc / "ns" / kind) != os.readlink(f"/proc/self/ns/{kind}"), kind
    finally:
        p.kill()
        p.wait()
        secret.close()


# What follows uses the shipped executables.

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
COMPILER, WORKER = BUILD / "vitrine-compiler", BUILD / "vitrine-worker"
shipped = pytest.mark.skipif(not (COMPILER.exists() and WORKER.exists()), reason="not built")


def compile_run(programs, output, mode, *sources, user="self"):
    return run(user, programs / "compile-run", programs / "vitrine-compiler", output, mode, *sources)


@pytest.fixture(scope="module")
def image(programs):
    for name in ("compile-run",):
        shutil.copy(HELPERS / name, programs / name)
    for path in (COMPILER, WORKER):
        shutil.copy(path, programs / path.name)
    source = programs / "eicar.ndb"
    source.write_text(f"Eicar:0:*:{EICAR.hex()}\n")
    out = programs / "eicar.img"
    p = compile_run(programs, out, "strict", source)
    assert p.returncode == 0, p.stdout
    out.chmod(0o644)
    return out


def xar(name, content):
    data = zlib.compress(content)
    sha1 = hashlib.sha1
    toc = (f'<?xml version="1.0" encoding="UTF-8"?><xar><toc><checksum style="sha1"><offset>0'
           f'</offset><size>20</size></checksum><file id="1"><name>{name}</name><type>file</type>'
           f'<data><length>{len(data)}</length><offset>20</offset><size>{len(content)}</size>'
           f'<encoding style="application/x-gzip"/>'
           f'<extracted-checksum style="sha1">{sha1(content).hexdigest()}</extracted-checksum>'
           f'<archived-checksum style="sha1">{sha1(data).hexdigest()}</archived-checksum>'
           f'</data></file></toc></xar>').encode()
    packed = zlib.compress(toc)
    head = struct.pack(">4sHHQQI", b"xar!", 28, 1, len(packed), len(toc), 1)
    return head + packed + sha1(packed).digest() + data


def cpio(name, content):
    def entry(n, body):
        fields = (1, 0o100644, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(n) + 1, 0)
        h = b"070701" + b"".join(b"%08x" % f for f in fields) + n + b"\0"
        return h + b"\0" * (-len(h) % 4) + body + b"\0" * (-len(body) % 4)
    return entry(name, content) + entry(b"TRAILER!!!", b"")


def zipped(method, name="e.com"):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", method) as z:
        z.writestr(name, EICAR + b" " * 1000)
    return b.getvalue()


def tarred():
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode="w") as t:
        info = tarfile.TarInfo("ordner/\u30d5\u00e4.com")
        info.size = len(EICAR)
        t.addfile(info, io.BytesIO(EICAR))
    return b.getvalue()


def archives(folder):
    """One of each container that can be made here; with names that are not ASCII."""
    tar = tarred()
    made = {
        "plain": EICAR,
        "a.tar": tar,
        "a.tar.gz": gzip.compress(tar),
        "a.tar.bz2": bz2.compress(tar),
        "a.tar.xz": lzma.compress(tar),
        "a.tar.lzma": lzma.compress(tar, format=lzma.FORMAT_ALONE),
        "stored.zip": zipped(zipfile.ZIP_STORED),
        "deflate.zip": zipped(zipfile.ZIP_DEFLATED, "\u30d5.com"),
        "bzip2.zip": zipped(zipfile.ZIP_BZIP2),
        "lzma.zip": zipped(zipfile.ZIP_LZMA),
        "a.cpio": cpio(b"\xff\xfe.com", EICAR),
        "a.xar": xar("e.com", EICAR),
    }
    for name, content in made.items():
        (folder / name).write_bytes(content)
    member = folder / "f\u00e4\u30d5.com"
    member.write_bytes(EICAR)
    tools = {
        "7z.7z": ["7z", "a", "-bd"],
        "ppmd.7z": ["7z", "a", "-bd", "-m0=PPMd"],
        "bzip2.7z": ["7z", "a", "-bd", "-m0=BZip2"],
        "ppmd.zip": ["7z", "a", "-bd", "-tzip", "-mm=PPMd"],
        "deflate64.zip": ["7z", "a", "-bd", "-tzip", "-mm=Deflate64"],
        "joliet.iso": ["genisoimage", "-quiet", "-R", "-J", "-input-charset", "utf-8", "-o"],
        "a.a": ["ar", "rc"],
        "a.zst": ["zstd", "-q", "-o"],
    }
    for name, command in tools.items():
        if shutil.which(command[0]):
            subprocess.run([*command, folder / name, member], check=True, capture_output=True)
    return [f for f in folder.iterdir()]


@shipped
@pytest.mark.parametrize("user", USERS)
def test_every_unpacker_inside(programs, files, image, user):
    """No library needs a system call that the filter does not have."""
    answers = scan(programs, user, "vitrine-worker", archives(files), image=image.name)
    assert {n: a for n, a in answers.items() if a[:2] != ("DETECTED", "Eicar")} == {}


@shipped
@pytest.mark.parametrize("user", USERS)
def test_shipped_worker_has_no_test_hooks(programs, files, image, user):
    paths = [write(files, f"f-{f}", f"FAULT {f}".encode()) for f in FAULTS]
    paths += [write(files, f"t-{n}", f"TRY {n}".encode()) for n in escapes(programs)]
    answers = scan(programs, user, "vitrine-worker", paths, image=image.name)
    assert set(answers.values()) == {("CLEAN", "", "")}


@shipped
@pytest.mark.parametrize("content", [b"", b"x", b"x" * 4096, os.urandom(1 << 16)],
                         ids=["empty", "byte", "page", "random"])
def test_hostile_image(programs, files, content):
    bad = write(files, "bad-image", content)
    p = run("self", programs / "pool-scan", WORKER, bad, 1, 1000, 1000, write(files, "c", b"c"))
    assert p.returncode == 2
    assert p.stdout == ""


@shipped
def test_compiler_reports(programs, files, image):
    good = write(files, "a.ndb", f"Good:0:*:{EICAR.hex()}\nbad line\n".encode())
    out = files / "out.img"
    p = compile_run(programs, out, "lax", good)
    assert p.returncode == 0
    assert p.stdout.splitlines()[0].startswith("aside a.ndb:2 0 ")
    assert f"bytes {out.stat().st_size} asides 1 0 0 0" in p.stdout
    p = compile_run(programs, out, "strict", good)
    assert p.returncode == 1
    assert "failed : bad lines" in p.stdout
    p = compile_run(programs, out, "lax", write(files, "notes.txt", b"hello"))
    assert p.returncode == 1
    assert "failed notes.txt: not a signature file" in p.stdout
    p = compile_run(programs, out, "lax", write(files, "x.cvd", b"ClamAV-VDB:" + b"x" * 600))
    assert p.returncode == 1
    assert "failed x.cvd: " in p.stdout


@shipped
@pytest.mark.parametrize("user", USERS)
def test_compiler_takes_many_files(programs, files, image, user):
    """More than one message's worth of descriptors; the same bytes in any order."""
    sources = [write(files, f"s{i}.ndb", f"Rule{i}:0:*:{EICAR.hex()}{i:08x}\n".encode())
               for i in range(300)]
    files.chmod(0o777)
    one, two = files / "one", files / "two"
    p = compile_run(programs, one, "strict", *sources, user=user)
    assert p.returncode == 0 and p.stdout.startswith("sets 300 "), p.stdout
    p = compile_run(programs, two, "strict", *reversed(sources), user=user)
    assert p.returncode == 0
    assert one.read_bytes() == two.read_bytes()


@shipped
def test_compiler_that_can_not_write(programs, files, image):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    p = compile_run(programs, "/dev/full", "lax", programs / "eicar.ndb")
    assert p.returncode == 1
    assert "the image can't be written" in p.stdout


def imports(program):
    p = subprocess.run(["nm", "-D", "-u", program], capture_output=True, text=True, check=True)
    return {line.split()[-1].split("@")[0] for line in p.stdout.splitlines()}


@shipped
def test_imports():
    """What the roles' own code can name. Their libraries name more: the filter is the control."""
    names = imports(WORKER) | imports(COMPILER)
    forbidden = {"socket", "connect", "bind", "listen", "accept", "open", "open64", "openat",
                 "openat64", "fopen", "fopen64", "creat", "execve", "execv", "execvp", "execl",
                 "execlp", "fexecve", "system", "popen", "fork", "vfork", "posix_spawn", "dlopen",
                 "ptrace", "kill", "getaddrinfo", "gethostbyname", "sendto", "unlink", "rename",
                 "socketpair", "pipe", "memfd_create", "mprotect"}
    assert names & forbidden == set()
    assert "write" not in imports(WORKER)
