# SPDX-License-Identifier: Apache-2.0
"""`vitrine witness serve` and `vitrine mirror serve`, spoken to over HTTP by requests made from the
specifications (tests/adversary)."""
import gzip
import hashlib
import http.client
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import parties, tlog  # noqa: E402

BUILD = Path(os.environ.get("VITRINE_BUILD", Path(__file__).resolve().parents[2] / "build")).resolve()
SPAN = 60   # seconds that anything may take on a busy machine


@pytest.fixture(scope="module")
def binary(program):
    for name in ("vitrine-updater",):
        if (BUILD / name).exists() and not (program.parent / name).exists():
            shutil.copy(BUILD / name, program.parent / name)
    return str(program)


class Service:
    """A running witness or mirror."""

    def __init__(self, binary, kind, folder, logs, settings="", before=()):
        self.binary, self.kind, self.folder, self.before = binary, kind, Path(folder), list(before)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state, self.conf = self.folder / "state", self.folder / f"{kind}.conf"
        self.vkey = self.tool("keygen", str(self.folder / "key"), f"{kind}.example/{self.folder.name}").strip()
        self.key = tlog.Verifier.parse(self.vkey)
        self.conf.write_text(
            f"# a {kind}\nListen 127.0.0.1:0\nKey {self.folder / 'key'}\nState {self.state}\nPrefix /w\n"
            + "".join(f"Log {line}\n" for line in logs) + settings)
        self.process = None

    def tool(self, *args, code=0):
        p = subprocess.run([self.binary, self.kind, *args], capture_output=True, text=True, timeout=SPAN)
        assert p.returncode == code, p.stderr
        return p.stdout if code == 0 else p.stderr

    def start(self):
        self.log = open(self.folder / "stderr", "a+b")
        begin = self.log.seek(0, os.SEEK_END)
        self.process = subprocess.Popen([*self.before, self.binary, self.kind, "serve", "--config", str(self.conf)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)
        end = time.time() + SPAN
        while time.time() < end:
            said = (self.folder / "stderr").read_bytes()[begin:].decode()
            m = re.search(r"listening on http://127\.0\.0\.1:(\d+)/w", said)
            if m:
                self.port = int(m[1])
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError(f"does not start: {self.said}")

    @property
    def said(self):
        return (self.folder / "stderr").read_text()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """A clean end."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(SPAN) == 0, self.said

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SPAN)

    def request(self, method, path, body=None, headers=None, prefix="/w"):
        c = self.connect()
        c.request(method, prefix + path, body, headers or {})
        r = c.getresponse()
        data = r.read()
        c.close()
        return r.status, r.headers.get("Content-Type"), data

    def add(self, body):
        return self.request("POST", "/add-checkpoint", body)

    def status(self, body):
        return self.add(body)[0]

    def get(self, path):
        status, _, data = self.request("GET", path)
        return data if status == 200 else None

    def until(self, what, seconds=SPAN):
        end = time.time() + seconds
        while time.time() < end:
            got = what()
            if got:
                return got
            assert self.process.poll() is None, self.said
            time.sleep(0.05)
        raise AssertionError(f"did not come: {self.said}")


def make_log(name="log.example/one", size=0):
    log = parties.Log(tlog.Key(name, tlog.ED25519, f"key of {name}"))
    for i in range(size):
        log.add(b"entry %d\n" % i)
    return log


def hexed(origin):
    return hashlib.sha256(origin.encode()).hexdigest()


def cosigned(service, log, size, reply):
    """The reply is cosignatures of that head; their time."""
    text = log.text(size)
    _, signatures = tlog.parse_note(tlog.note(text, [reply]))
    times = tlog.signed_by(text, signatures, service.key)
    assert len(times) == len(signatures) == 1
    return times[0]


@pytest.fixture
def witness(binary, tmp_path):
    log = make_log(size=300)
    w = Service(binary, "witness", tmp_path / "w1", [log.key.vkey])
    w.of = log
    with w:
        yield w


# ---- tlog-witness, each status

def test_200_cosigns_and_remembers(witness):
    log = witness.of
    before = int(time.time())
    status, kind, reply = witness.add(log.request(0, 7))
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    assert before <= cosigned(witness, log, 7, reply) <= time.time()
    status, _, reply = witness.add(log.request(7, 300))
    assert status == 200
    cosigned(witness, log, 300, reply)
    # the same again only makes it fresh
    status, _, reply = witness.add(log.request(300, 300))
    assert status == 200
    cosigned(witness, log, 300, reply)


def test_unknown_keys_are_ignored(witness):
    log, text = witness.of, witness.of.text(5)
    other = tlog.Key("somebody.example", tlog.ED25519, "x")
    note = tlog.note(text, [other.line(text), log.key.line(text), tlog.Key(log.origin, seed="y").line(text)])
    assert witness.status(tlog.add_checkpoint(0, [], note)) == 200


def test_400_what_is_not_a_request(witness):
    log = witness.of
    good = log.request(0, 7)
    for bad in (b"", b"old 0", b"old 0\n", b"old 00\n" + good[6:], b"old -1\n" + good[6:], b"old x\n\n" + good[7:],
                good[6:], good[:-1], good.replace(b"\n7\n", b"\n07\n"), b"old 0\n" + b"A" * 44 + b"=\n" + good[6:],
                b"old 0\n" + (tlog.b64(bytes(32)).encode() + b"\n") * 64 + good[6:], good + b"\0",
                good.replace(log.origin.encode() + b"\n", log.origin.encode() + b"\n\n", 1)):
        assert witness.status(bad) == 400, bad
    assert witness.status(log.request(8, 7)) == 400     # older than the old size
    assert witness.status(good) == 200


def test_403_not_signed_by_the_log(witness):
    log, text = witness.of, witness.of.text(7)
    stranger = tlog.Key(log.origin, tlog.ED25519, "another key")
    assert witness.status(tlog.add_checkpoint(0, [], tlog.note(text, [stranger.line(text)]))) == 403
    wrong = log.key.line(log.text(8))
    assert witness.status(tlog.add_checkpoint(0, [], tlog.note(text, [wrong]))) == 403
    assert witness.status(log.request(0, 7)) == 200


def test_404_unknown_log(witness):
    assert witness.status(make_log("other.example", 3).request(0)) == 404
    assert witness.request("GET", "/nothing")[0] == 404
    assert witness.request("POST", "/add-checkpoint", b"", prefix="")[0] == 404
    assert witness.request("PUT", "/add-checkpoint", b"")[0] == 405


def test_409_says_the_size(witness):
    log = witness.of
    assert witness.add(log.request(5, 7)) == (409, "text/x.tlog.size", b"0\n")
    assert witness.status(log.request(0, 7)) == 200
    for old in (0, 3, 8):
        assert witness.add(log.request(old, 300)) == (409, "text/x.tlog.size", b"7\n")
    # a client that is behind is no evidence of anything
    assert not (witness.state / "evidence").exists()


def test_422_not_consistent(witness):
    log = witness.of
    assert witness.status(log.request(0, 7)) == 200
    body = log.request(7, 300)
    lines = body.split(b"\n")
    assert witness.status(b"\n".join(lines[:1] + lines[2:])) == 422
    lines[1] = tlog.b64(bytes(32)).encode()
    assert witness.status(b"\n".join(lines)) == 422
    assert witness.status(body) == 200


def test_413_and_415(witness):
    assert witness.request("POST", "/add-checkpoint", b"x" * 70000)[0] == 413
    assert witness.request("POST", "/add-checkpoint", b"x", {"Content-Encoding": "gzip"})[0] == 415


def test_a_fork_is_refused_and_kept_as_evidence(witness):
    log = witness.of
    assert witness.status(log.request(0, 7)) == 200
    twin = make_log(log.origin, 7)
    twin.replace(3, b"something else\n")
    assert witness.status(twin.request(7, 7)) == 409
    twin.add(b"more\n")
    assert witness.status(twin.request(7, 8)) == 422
    folder = witness.state / "evidence" / hexed(log.origin)
    kept = sorted(p.name.split("-")[0] for p in folder.iterdir())
    assert kept == ["fork", "suspect"]
    # both heads, each signed by the log, are in the file: proof for anyone
    text = next(folder.glob("fork-*")).read_bytes()
    assert log.key.line(log.text(7)) in text and log.key.line(twin.text(7)) in text
    # the same again is no new file, and a client with a size that is behind does not hide it
    assert witness.status(twin.request(7, 7)) == 409
    assert witness.status(twin.request(2, 7)) == 409
    assert len(list(folder.iterdir())) == 3
    assert "FORK" in witness.said
    err = witness.tool("status", "--config", str(witness.conf), code=2)
    assert err == ""
    assert witness.status(log.request(7, 9)) == 200


def test_evidence_is_bounded(witness):
    log = witness.of
    assert witness.status(log.request(0, 7)) == 200
    twin = make_log(log.origin, 7)
    for i in range(90):
        twin.replace(3, b"lie %d\n" % i)
        assert witness.status(twin.request(7, 7)) == 409
    assert len(list((witness.state / "evidence" / hexed(log.origin)).iterdir())) == 64


def test_monitors_get_the_latest_cosigned_head(witness):
    log = witness.of
    path = f"/{hexed(log.origin)}/checkpoint"
    assert witness.get(path) is None
    for size in (7, 300):
        assert witness.status(log.request(0 if size == 7 else 7, size)) == 200
        text, signatures = tlog.parse_note(witness.get(path))
        assert text == log.text(size)
        assert tlog.signed_by(text, signatures, log.key) and tlog.signed_by(text, signatures, witness.key)
    assert witness.get(f"/{hexed('nobody')}/checkpoint") is None
    assert witness.get(f"/{hexed(log.origin)}/../journal") is None


# ---- state

def test_the_state_outlives_a_restart(witness):
    log = witness.of
    assert witness.status(log.request(0, 7)) == 200
    witness.stop()
    witness.start()
    assert witness.add(log.request(0, 7)) == (409, "text/x.tlog.size", b"7\n")
    assert witness.status(log.request(7, 9)) == 200
    assert f"{log.origin}: size 9" in witness.tool("status", "--config", str(witness.conf))


def test_a_log_taken_out_of_the_configuration_is_not_forgotten(witness):
    log = witness.of
    assert witness.status(log.request(0, 7)) == 200
    witness.stop()
    conf = witness.conf.read_text()
    witness.conf.write_text(re.sub("Log .*\n", "", conf))
    witness.start()
    assert witness.status(log.request(7, 9)) == 404
    witness.stop()
    witness.tool("add-log", "--config", str(witness.conf), log.key.vkey)
    witness.start()
    assert witness.add(log.request(0, 9)) == (409, "text/x.tlog.size", b"7\n")


def test_killed_at_any_moment_it_never_signs_two_histories(binary, tmp_path):
    """Two histories of one log are pushed at once while the witness is killed again and again. Whatever was
    answered before a kill must be what the witness stands by after it."""
    one, two = make_log(size=400), make_log(size=400)
    for i in range(50, 400):
        two.replace(i, b"other %d\n" % i)
    w = Service(binary, "witness", tmp_path / "w", [one.key.vkey])
    signed = {}     # size: root, of all that was answered with 200
    chance = random.Random(7)
    stop = threading.Event()

    def push(log):
        size = 0
        while not stop.is_set():
            new = min(size + 1 + chance.randrange(3), 400)
            try:
                status, _, reply = w.add(log.request(size, new))
            except (OSError, http.client.HTTPException):
                time.sleep(0.002)
                continue
            if status == 200:
                root = log.tree.root(new)
                assert signed.setdefault(new, root) == root
                size = new
            elif status == 409 and reply:
                size = min(int(reply), 399)
    with w:
        assert w.status(one.request(0, 50)) == 200
        threads = [threading.Thread(target=push, args=(log,)) for log in (one, two)]
        for t in threads:
            t.start()
        for _ in range(12):
            time.sleep(chance.random() * 0.1)
            w.kill()
            w.start()
        stop.set()
        for t in threads:
            t.join()
        # the newest may have been written down without anybody being told
        head = tlog.parse_note(w.get(f"/{hexed(one.origin)}/checkpoint"))[0]
    _, last, root = tlog.parse_checkpoint(head)
    assert len(signed) > 3 and max(signed) <= last
    signed[last] = root
    roots = [next((log for log in (one, two) if log.tree.root(s) == r), None) for s, r in sorted(signed.items())]
    assert len({id(log) for log, s in zip(roots, sorted(signed)) if s > 50}) == 1


def test_a_torn_last_write_is_passed_over_and_damage_is_not(witness):
    log = witness.of
    for size in (7, 9, 12):
        assert witness.status(log.request({7: 0, 9: 7, 12: 9}[size], size)) == 200
    witness.kill()
    journal = witness.state / "journal"
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole[-100:][:60])      # power went while a batch was written
    witness.start()
    assert witness.add(log.request(0, 9))[2] == b"12\n"
    witness.kill()
    whole = journal.read_bytes()
    for size in (20, 30):
        witness.start()
        assert witness.status(log.request(12 if size == 20 else 20, size)) == 200
        witness.kill()
    # something in the middle of what was whole: an older state must not come back
    witness.start()
    for old, new in ((30, 31), (31, 32)):
        assert witness.status(log.request(old, new)) == 200
    witness.kill()
    data = bytearray(journal.read_bytes())
    data[40] ^= 1
    journal.write_bytes(data)
    p = subprocess.run([witness.binary, "witness", "serve", "--config", str(witness.conf)], capture_output=True,
                       text=True, timeout=SPAN)
    assert p.returncode == 2 and "journal cannot be used" in p.stderr
    journal.write_bytes(whole)
    witness.start()


def test_races_sign_one_chain(witness):
    """Many clients at once, each on its own connection, over one log: every 200 follows the one before."""
    log = witness.of
    bodies = {(a, b): log.request(a, b) for a in range(0, 60) for b in (a + 1, a + 2, a + 3)}
    done, lock = [], threading.Lock()

    def run(seed):
        chance, size, c = random.Random(seed), 0, witness.connect()
        while size < 57:
            step = (size, size + 1 + chance.randrange(3))
            c.request("POST", "/w/add-checkpoint", bodies[step])
            r = c.getresponse()
            data = r.read()
            if r.status == 200:
                with lock:
                    done.append(step)
                size = step[1]
            else:
                assert r.status == 409, r.status
                size = int(data)
        c.close()
    threads = [threading.Thread(target=run, args=(i,)) for i in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    done.sort()
    assert done[0][0] == 0 and all(a[1] == b[0] for a, b in zip(done, done[1:])), done


def test_the_clock_goes_back(binary, tmp_path):
    library = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")))

    def faked(by):
        return ["env", f"LD_PRELOAD={library}", f"FAKETIME={by}"]
    log = make_log(size=20)
    w = Service(binary, "witness", tmp_path / "w", [log.key.vkey], "MaxClockStep 1h\n")
    with w:
        late = cosigned(w, log, 7, w.add(log.request(0, 7))[2])
        w.stop()
        w.before = faked("-10m")
        w.start()
        # a little: never an older cosignature than one given before
        assert cosigned(w, log, 9, w.add(log.request(7, 9))[2]) >= late
        w.stop()
        w.before = faked("-2d")
        w.start()
        # a lot: nothing is signed, and it says so
        assert w.status(log.request(9, 11)) == 500
        assert "clock" in w.said
        w.stop()
        w.before = []
        w.start()
        assert w.status(log.request(9, 11)) == 200


def test_a_full_disk_is_not_a_promise(binary, tmp_path):
    """The journal cannot grow: no 200, and the process ends so that somebody sees it."""
    log = make_log(size=20)
    w = Service(binary, "witness", tmp_path / "w", [log.key.vkey], before=["prlimit", "--fsize=900"])
    with w:
        sizes = [0]
        while len(sizes) < 12:
            status, _, data = w.add(log.request(sizes[-1], sizes[-1] + 1))
            if status != 200:
                break
            sizes.append(sizes[-1] + 1)
        assert status == 500
        assert w.process.wait(SPAN) == 2
        w.before = []
        w.start()
        assert int(w.add(log.request(19, 20))[2]) >= sizes[-1]


# ---- being a server

def test_slow_clients_keep_nobody_waiting_and_are_ended(binary, tmp_path):
    log = make_log(size=20)
    w = Service(binary, "witness", tmp_path / "w", [log.key.vkey], "RequestTimeout 2s\n")
    with w:
        slow = []
        for begin in (b"", b"POST /w/add-ch", b"POST /w/add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nold"):
            s = socket.create_connection(("127.0.0.1", w.port))
            s.sendall(begin)
            slow.append(s)
        assert w.status(log.request(0, 7)) == 200
        ended, end = set(), time.time() + SPAN
        while len(ended) < 3 and time.time() < end:
            # each keeps sending, a byte at a time: that is no excuse
            for i, s in enumerate(slow):
                try:
                    if i not in ended:
                        s.sendall(b"x" if i else b"G")
                except OSError:
                    ended.add(i)
            time.sleep(0.25)
        assert len(ended) == 3
        assert w.status(log.request(7, 9)) == 200


def test_connections_are_bounded(binary, tmp_path):
    log = make_log(size=20)
    w = Service(binary, "witness", tmp_path / "w", [log.key.vkey], "MaxConnectionsPerAddress 4\n")
    with w:
        held = [socket.create_connection(("127.0.0.1", w.port)) for _ in range(4)]
        w.until(lambda: len(list(Path(f"/proc/{w.process.pid}/task").iterdir())) >= 6)
        with pytest.raises((OSError, http.client.HTTPException)):
            w.add(log.request(0, 7))
        for s in held:
            s.close()

        def again():
            try:
                return w.status(log.request(0, 7)) == 200
            except (OSError, http.client.HTTPException):
                return False
        w.until(again)


def test_it_has_locked_itself_down(witness):
    status = Path(f"/proc/{witness.process.pid}/status").read_text()
    assert re.search(r"NoNewPrivs:\s+1", status)
    assert re.search(r"CapEff:\s+0+\n", status)
    if "system call" not in witness.said:
        assert re.search(r"Seccomp:\s+2", status)


def test_a_socket_in_the_file_system(binary, tmp_path):
    log = make_log(size=20)
    w = Service(binary, "witness", tmp_path / "w", [log.key.vkey])
    path = tmp_path / "s"
    w.conf.write_text(w.conf.read_text() + f"Listen {path}\n")
    with w:
        for _ in range(2):
            s = socket.socket(socket.AF_UNIX)
            s.connect(str(path))
            s.sendall(b"GET /w/nothing HTTP/1.0\r\n\r\n")
            assert b" 404 " in s.recv(100)
            s.close()
            w.kill()
            w.start()       # over the socket that was left behind


def test_one_process_a_state_folder(witness):
    p = subprocess.run([witness.binary, "witness", "serve", "--config", str(witness.conf)], capture_output=True,
                       text=True, timeout=SPAN)
    assert p.returncode == 2 and "another process" in p.stderr


def test_check_and_bad_configurations(binary, tmp_path):
    log = make_log()
    w = Service(binary, "witness", tmp_path / "w", [log.key.vkey])
    assert f"log {log.origin}" in w.tool("serve", "--check", "--config", str(w.conf))
    assert not w.state.exists()
    good = w.conf.read_text()
    for line, cause in (("Poll 5\n", "not a setting of this service"), ("Lisen 1\n", "no setting"),
                        ("MaxConnections 0\n", "too small"), ("Key x\n", "twice"), ("Listen\n", "no value"),
                        (f"Log {log.key.vkey}\n", "two Log lines"), ("Listen localhost\n", "ADDRESS:PORT")):
        w.conf.write_text(good + line)
        assert cause in w.tool("serve", "--check", "--config", str(w.conf), code=2)
    w.conf.write_text(good)
    os.chmod(w.folder / "key", 0o644)
    assert "600" in w.tool("serve", "--check", "--config", str(w.conf), code=2)


# ---- the mirror

RULES = b"Test.Rule.%d:0:*:%s\n"


def rules(n, seed=0):
    chance = random.Random(seed)
    return b"".join(RULES % (i, chance.randbytes(16).hex().encode()) for i in range(n))


@pytest.fixture
def publisher(tmp_path):
    p = parties.setting(tmp_path / "site", witnesses=2, mirrors=0)
    p.publish("base", {"a.ndb": rules(3000), "b.ndb": rules(50, 1)}, size=20000)
    return p


def mirror_of(binary, folder, p, settings="Poll 1s\n", place=None, witnesses=False):
    lines = "".join(f"Witness {w.key.vkey}\n" for w in p.witnesses) if witnesses else ""
    place = p.folder.path if place is None else place
    return Service(binary, "mirror", folder, [f"{p.log.key.vkey} {place}".strip()], settings + lines)


def mirrored(m, p, size=None):
    """The checkpoint that the mirror serves, if it has its cosignature of that size."""
    note = m.get(f"/{hexed(p.origin)}/checkpoint")
    if not note:
        return None
    text, signatures = tlog.parse_note(note)
    assert tlog.signed_by(text, signatures, p.log.key) and tlog.signed_by(text, signatures, m.key)
    at = tlog.parse_checkpoint(text)[1]
    assert text == p.log.text(at)
    return note if at == (p.log.size if size is None else size) else None


def same_files(m, p, skip=("checkpoint", "history")):
    """Every file of the log is in the mirror's folder and served, byte for byte."""
    count = 0
    for path in p.folder.path.rglob("*"):
        name = str(path.relative_to(p.folder.path))
        if path.is_file() and not name.startswith(skip):
            assert m.get(f"/{hexed(p.origin)}/{name}") == path.read_bytes(), name
            assert (m.state / "logs" / hexed(p.origin) / name).read_bytes() == path.read_bytes()
            count += 1
    return count


def add_entries(log, start, end, size=None, packages=None, ticket=b"", origin=None, alter=None):
    """The body of tlog-mirror's add-entries, all packages or only so many."""
    size = end if size is None else size
    origin = (origin or log.origin).encode()
    out = [struct.pack(">H", len(origin)), origin, struct.pack(">QQH", start, end, len(ticket)), ticket]
    at = start // 256 * 256
    while at < end and (packages is None or packages > 0) and start != end:
        first, last = max(at, start), min(at + 256, end)
        entries = log.entries[first:last]
        if alter:
            entries = alter(first, list(entries))
        proof = subtree_proof(log.tree, at, last, size)
        out += [struct.pack(">H", len(e)) + e for e in entries] + [bytes([len(proof)]), *proof]
        at += 256
        packages = None if packages is None else packages - 1
    return b"".join(out)


def subtree_proof(tree, start, end, size):
    """draft-ietf-plants-merkle-tree-certs, SUBTREE_PROOF."""
    def sub(start, end, lo, hi, known):
        n = hi - lo
        if start == lo and end == hi:
            return [] if known else [tree.range(lo, hi)]
        k = lo + tlog.split(n)
        if end <= k:
            return sub(start, end, lo, k, known) + [tree.range(k, hi)]
        if start >= k:
            return sub(start, end, k, hi, known) + [tree.range(lo, k)]
        return sub(k, end, k, hi, False) + [tree.range(lo, k)]
    return sub(start, end, 0, size, True)


def upload(m, body, headers=None):
    return m.request("POST", "/add-entries", body, {"Content-Type": "application/octet-stream", **(headers or {})})


def test_mirror_fetches_checks_stores_and_cosigns(binary, tmp_path, publisher):
    p = publisher
    with mirror_of(binary, tmp_path / "m", p) as m:
        m.until(lambda: mirrored(m, p))
        assert same_files(m, p) > 5
        # the witnesses' cosignatures came along
        text, signatures = tlog.parse_note(mirrored(m, p))
        assert all(tlog.signed_by(text, signatures, w.key) for w in p.witnesses)
        for i in range(3):
            p.publish("base", {"a.ndb": rules(3000 + i + 1), "b.ndb": rules(50, 1)})
            m.until(lambda: mirrored(m, p))
        assert same_files(m, p) > 8
        for path in (p.folder.path / "history").iterdir():
            text, signatures = tlog.parse_note(m.get(f"/{hexed(p.origin)}/history/{path.name}"))
            assert text == p.log.text(int(path.name))
        for bad in ("journal", "../../journal", "chunk/../checkpoint", "tile", "lock", ".", "history/x"):
            assert m.get(f"/{hexed(p.origin)}/{bad}") is None
        assert f"{p.log.size} entries stored and cosigned" in m.tool("status", "--config", str(m.conf))
        # with no log any more, it still serves
        shutil.rmtree(p.folder.path)
        assert mirrored(m, p)


def test_mirror_by_http_through_the_updater(binary, tmp_path, publisher):
    from adversary import servers
    p = publisher
    if not (BUILD / "vitrine-updater").exists():
        pytest.skip("no vitrine-updater in this build")
    with servers.Server(p.folder.path) as server:
        with mirror_of(binary, tmp_path / "m", p, place=server.url) as m:
            m.until(lambda: mirrored(m, p))
            same_files(m, p)
            assert (m.state / "egress").is_dir()


def test_mirror_does_not_cosign_with_a_hidden_chunk(binary, tmp_path, publisher):
    p = publisher
    chunk = sorted(p.folder.path.rglob("chunk/*/*"))[0]
    data = chunk.read_bytes()
    chunk.unlink()
    with mirror_of(binary, tmp_path / "m", p) as m:
        m.until(lambda: chunk.name in m.said)
        assert mirrored(m, p) is None
        status, kind, body = upload(m, add_entries(p.log, p.log.size, p.log.size))
        assert (status, kind) == (202, "text/x.tlog.mirror-info")
        assert body == b"%d\n%d\n\n" % (p.log.size, p.log.size)
        # altered is no better than hidden
        chunk.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        m.until(lambda: "not what it should be" in m.said)
        assert mirrored(m, p) is None
        assert "pending" in m.tool("status", "--config", str(m.conf))
        # and once it is there, it is all right
        chunk.write_bytes(data)
        m.until(lambda: mirrored(m, p))
        status, _, reply = upload(m, add_entries(p.log, p.log.size, p.log.size))
        assert status == 200
        cosigned(m, p.log, p.log.size, reply)


def test_mirror_does_not_take_altered_entries(binary, tmp_path, publisher):
    p = publisher
    bundle = next(p.folder.path.rglob("tile/entries/000.p/*"))
    good = bundle.read_bytes()
    bundle.write_bytes(good[:50] + bytes([good[50] ^ 1]) + good[51:])
    with mirror_of(binary, tmp_path / "m", p) as m:
        m.until(lambda: "its entries" in m.said)
        assert mirrored(m, p) is None
        bundle.write_bytes(good)
        m.until(lambda: mirrored(m, p))


def test_mirror_keeps_evidence_of_a_fork(binary, tmp_path, publisher):
    p = publisher
    with mirror_of(binary, tmp_path / "m", p) as m:
        first = m.until(lambda: mirrored(m, p))
        twin = p.fork(tmp_path / "other")
        twin.log.replace(1, b"vitrine/other/v1\n")
        twin.upload()
        twin.show(twin.signed())
        shutil.rmtree(p.folder.path)
        shutil.copytree(twin.folder.path, p.folder.path)
        m.until(lambda: "FORK" in m.said)
        assert tlog.parse_note(m.get(f"/{hexed(p.origin)}/checkpoint"))[0] == tlog.parse_note(first)[0]


def test_mirror_goes_on_after_kills(binary, tmp_path, publisher):
    p = publisher
    m = mirror_of(binary, tmp_path / "m", p)
    chance = random.Random(3)
    with m:
        for i in range(6):
            p.publish("base", {"a.ndb": rules(3000, i), "b.ndb": rules(50, 1)}, size=3000)
            time.sleep(chance.random() * 0.2)
            m.kill()
            m.start()
        m.until(lambda: mirrored(m, p))
        same_files(m, p)
        # restarted with everything there: it serves at once, and its word stays
        m.stop()
        m.start()
        assert mirrored(m, p)


def test_mirror_passes_on_only_cosignatures_that_verify(binary, tmp_path, publisher):
    p = publisher
    text = p.log.text()
    false = p.witnesses[1].key.line(p.log.text(1), 5)
    p.show(p.signed([p.witnesses[0].key.line(text, 5), false, tlog.Key("x.example", tlog.COSIGNATURE).line(text, 5)]))
    with mirror_of(binary, tmp_path / "m", p, witnesses=True) as m:
        note = m.until(lambda: mirrored(m, p))
        names = sorted(name for name, _, _ in tlog.parse_note(note)[1])
        assert names == sorted([p.origin, m.key.name, p.witnesses[0].key.name])


# ---- tlog-mirror's add-entries

@pytest.fixture
def sent(binary, tmp_path):
    """A mirror of a log that has no place: entries are sent to it. Entries of others are only bytes."""
    log = make_log(size=1000)
    m = Service(binary, "mirror", tmp_path / "m", [log.key.vkey])
    m.of = log
    with m:
        yield m


def test_entries_are_sent_in_packages(sent):
    m, log = sent, sent.of
    assert upload(m, add_entries(log, 0, 0)) == (409, "text/x.tlog.mirror-info", b"0\n0\n\n")
    # the mirror cosigns nothing here
    assert m.add(log.request(0, 300)) == (200, "text/plain; charset=utf-8", b"")
    assert upload(m, add_entries(log, 0, 0)) == (409, "text/x.tlog.mirror-info", b"300\n0\n\n")
    assert m.add(log.request(300, 1000))[0] == 200
    assert upload(m, add_entries(log, 0, 1000, packages=2)) == (202, "text/x.tlog.mirror-info", b"1000\n512\n\n")
    # from before what is there, and broken off in the middle of a package
    body = add_entries(log, 400, 1000)
    assert upload(m, body[:-3]) == (202, "text/x.tlog.mirror-info", b"1000\n768\n\n")
    assert upload(m, add_entries(log, 900, 1000))[0] == 409
    assert m.get(f"/{hexed(log.origin)}/checkpoint") is None
    status, kind, reply = upload(m, add_entries(log, 768, 1000))
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    cosigned(m, log, 1000, reply)
    # what it serves is the log
    for name, data in {**tlog.tiles(log.tree, 1000), **tlog.bundles(log.entries, 1000)}.items():
        assert m.get(f"/{hexed(log.origin)}/{name}") == data, name
    text, signatures = tlog.parse_note(m.get(f"/{hexed(log.origin)}/checkpoint"))
    assert text == log.text() and tlog.signed_by(text, signatures, m.key)
    # a size that was pending and is behind
    assert upload(m, add_entries(log, 300, 300))[0] == 409
    m.stop()
    m.start()
    assert m.get(f"/{hexed(log.origin)}/checkpoint")
    assert upload(m, add_entries(log, 1000, 1000))[0] == 200


def test_entries_at_odd_places(sent):
    m, log = sent, sent.of
    size = 0
    for new in (1, 2, 3, 255, 256, 257, 511, 513, 770, 1000):
        assert m.add(log.request(size, new))[0] == 200
        status, _, reply = upload(m, add_entries(log, size, new, ticket=b"any"))
        assert status == 200
        cosigned(m, log, new, reply)
        for name, data in {**tlog.tiles(log.tree, new), **tlog.bundles(log.entries, new)}.items():
            assert m.get(f"/{hexed(log.origin)}/{name}") == data, (new, name)
        size = new


def test_entries_that_are_refused(sent):
    m, log = sent, sent.of
    assert upload(m, add_entries(log, 0, 5, origin="other.example"))[0] == 404
    assert m.add(log.request(0, 600))[0] == 200
    good = add_entries(log, 0, 600)
    for bad in (b"", good[:10], good[:100], b"\xff" * 50, good[:20] + b"\xff" * 2000):
        assert upload(m, bad)[0] in (400, 404, 409), bad[:20]
    assert upload(m, add_entries(log, 0, 599, size=600))[0] == 409

    def other(first, entries):
        return [b"a lie"] + entries[1:] if first == 256 else entries
    assert upload(m, add_entries(log, 0, 600, alter=other))[0] == 422
    # what came before the lie was right, and stays
    assert upload(m, add_entries(log, 0, 0))[2] == b"600\n256\n\n"
    assert upload(m, add_entries(log, 0, 600))[0] == 200


def test_entries_compressed_and_streamed(sent):
    m, log = sent, sent.of
    assert m.add(log.request(0, 1000))[0] == 200
    body = gzip.compress(add_entries(log, 0, 1000))
    assert upload(m, body[:len(body) // 2], {"Content-Encoding": "gzip"})[0] in (202, 400)
    # without a length, in small pieces
    c = m.connect()
    c.request("POST", "/w/add-entries", iter([body[i:i + 700] for i in range(0, len(body), 700)]),
              {"Content-Encoding": "gzip"}, encode_chunked=True)
    r = c.getresponse()
    reply = r.read()
    assert r.status == 200
    cosigned(m, log, 1000, reply)
    assert upload(m, body, {"Content-Encoding": "br"})[0] == 415


def test_entries_from_several_at_once(sent):
    m, log = sent, sent.of
    assert m.add(log.request(0, 1000))[0] == 200
    body, got = add_entries(log, 0, 1000), []
    threads = [threading.Thread(target=lambda: got.append(upload(m, body))) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [g[0] for g in got] == [200] * 6
    for g in got:
        cosigned(m, log, 1000, g[2])
    for name, data in {**tlog.tiles(log.tree, 1000), **tlog.bundles(log.entries, 1000)}.items():
        assert m.get(f"/{hexed(log.origin)}/{name}") == data, name


def test_mirror_signs_an_unchanged_head_again(binary, tmp_path, publisher):
    p = publisher
    with mirror_of(binary, tmp_path / "m", p, "Poll 1s\nRestamp 1s\n") as m:
        first = m.until(lambda: mirrored(m, p))
        m.until(lambda: mirrored(m, p) != first)
