# SPDX-License-Identifier: Apache-2.0
"""Publisher, witnesses, mirrors, and the folder that they publish.

Everybody is honest by default. The publisher does what it is told in any order, signs with whichever keys it
is given, and can be copied: two copies that go on differently are a fork. Witnesses and mirrors
refuse what the protocol refuses, unless asked to collude().
"""
import copy
import random
import shutil
import tarfile
import time as clock
from pathlib import Path

from . import audit, entries, tlog
from .tlog import Key

HOUR, DAY = 3600, 86400


class Refused(Exception):
    def __init__(self, status, why):
        super().__init__(f"{status}: {why}")
        self.status = status


class Log:
    """Entries, their tree, and a key that signs any head of it."""

    def __init__(self, key):
        self.key, self.entries, self.tree = key, [], tlog.Tree()

    def __deepcopy__(self, memo):
        new = Log(self.key)
        new.entries, new.tree = list(self.entries), self.tree.copy()
        return new

    @property
    def origin(self):
        return self.key.name

    @property
    def size(self):
        return len(self.entries)

    def add(self, entry):
        """Its index."""
        self.entries.append(entry)
        self.tree.leaves.append(tlog.leaf_hash(entry))
        return self.size - 1

    def replace(self, index, entry):
        """What a log must never do."""
        self.entries[index] = entry
        self.tree = tlog.Tree(tlog.leaf_hash(e) for e in self.entries)

    def drop(self, index):
        """Nor this."""
        del self.entries[index]
        self.tree = tlog.Tree(tlog.leaf_hash(e) for e in self.entries)

    def text(self, size=None, extensions=()):
        size = self.size if size is None else size
        return tlog.checkpoint(self.origin, size, self.tree.root(size), extensions)

    def request(self, old, size=None):
        """The body of an add-checkpoint request."""
        size = self.size if size is None else size
        text = self.text(size)
        proof = self.tree.consistency(old, size) if old <= size else []
        return tlog.add_checkpoint(old, proof, tlog.note(text, [self.key.line(text)]))


class Witness:
    """tlog-witness: cosigns heads of a log that only grows."""

    def __init__(self, name, seed=None):
        self.key, self.size, self.root = Key(name, tlog.COSIGNATURE, seed), 0, tlog.sha256(b"")

    def add_checkpoint(self, body, log, now):
        """Its signature line; Refused with the status of the protocol."""
        old, proof, signed = tlog.parse_add_checkpoint(body)
        text, signatures = tlog.parse_note(signed)
        origin, size, root = tlog.parse_checkpoint(text)
        if origin != log.name:
            raise Refused(404, "unknown log")
        try:
            if not tlog.signed_by(text, signatures, log):
                raise Refused(403, "not signed by the log")
        except tlog.Bad as e:
            raise Refused(403, str(e)) from e
        if old > size:
            raise Refused(400, "old size past the new")
        if old != self.size:
            raise Refused(409, f"the size is {self.size}")
        if old == size and root != self.root:
            raise Refused(409, "another root of the same size")
        if not tlog.check_consistency(old, self.root, size, root, proof):
            raise Refused(422, "not consistent")
        self.size, self.root = size, root
        return self.key.line(text, now)

    def cosign(self, log, now, size=None):
        return self.add_checkpoint(log.request(self.size, size), log.key, now)

    def collude(self, text, now):
        """Signs anything."""
        return self.key.line(text, now)


class Mirror(Witness):
    """tlog-mirror: a cosigner that has read, checked and kept every entry and chunk."""

    def vouch(self, log, folder, now, size=None):
        size = log.size if size is None else size
        for path in audit.needed(log, size):
            if not (folder.path / path).is_file():
                raise Refused(422, f"not to be had: {path}")
        return self.cosign(log, now, size)


class Folder:
    """What is served: static files."""

    def __init__(self, path):
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)

    def put(self, name, data):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name("." + file.name)
        temporary.write_bytes(data)
        temporary.rename(file)

    def get(self, name):
        return (self.path / name).read_bytes()

    def remove(self, name):
        (self.path / name).unlink()

    def write(self, log, size=None):
        """Tiles and bundles of a tree of that size, over those that are there."""
        size = log.size if size is None else size
        files = tlog.tiles(log.tree, size)
        files.update(tlog.bundles(log.entries, size))
        for name, data in files.items():
            self.put(name, data)

    def copy(self, path):
        shutil.copytree(self.path, path, dirs_exist_ok=True)
        return Folder(path)

    def tar(self, path):
        """The bundle that goes on a stick."""
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as t:
            for file in sorted(p for p in self.path.rglob("*") if p.is_file()):
                t.add(file, arcname=str(file.relative_to(self.path)))
        return Path(path)


class Publisher:
    """An update log's publisher with all of its keys, and its public folder."""

    def __init__(self, folder, origin="updates.example/vitrine", owners=3, threshold=2, seed=None, now=None):
        seed = seed or f"{origin} {random.random()}"
        self.folder = folder if isinstance(folder, Folder) or folder is None else Folder(folder)
        self.log = Log(Key(origin, tlog.ED25519, f"log {seed}"))
        self.owners = [Key(f"owner{i}.example", tlog.ED25519, f"owner {i} {seed}") for i in range(1, owners + 1)]
        self.threshold, self.rebuilders = threshold, []
        self.witnesses, self.mirrors = [], []
        self.chunks = {}    # {path: bytes}
        self.sets = {}      # {(kind, name): Version}
        self.live = {}      # {(kind, name): (index, leaf)}, what the next state says
        self.root = self.state = None   # Version of the newest one
        self.started = int(clock.time()) if now is None else now
        self.add_root(self.started)

    def fork(self, folder):
        """The same publisher with the same past, about to say something else to somebody."""
        witnesses, mirrors, path = self.witnesses, self.mirrors, self.folder
        self.witnesses, self.mirrors, self.folder = [], [], None
        try:
            twin = copy.deepcopy(self)
        finally:
            self.witnesses, self.mirrors, self.folder = witnesses, mirrors, path
        twin.witnesses, twin.mirrors = witnesses, mirrors
        twin.folder = path.copy(folder)
        return twin

    @classmethod
    def stolen(cls, folder, log_key, owners):
        """Goes on from what somebody else published, with keys that were theirs."""
        seen = audit.Audit(folder, log_key.vkey)
        if seen.problems:
            raise tlog.Bad("; ".join(seen.problems))
        p = cls.__new__(cls)
        p.folder, p.log, p.owners = Folder(folder), Log(log_key), list(owners)
        for raw in seen.raw:
            p.log.add(raw)
        index, e = seen.roots[-1]
        p.root, p.threshold, p.rebuilders = Version(e.number("version"), index, e.leaf), e.number("threshold"), []
        index, e = seen.states[-1]
        p.state = Version(e.number("version"), index, e.leaf)
        p.sets = {k: Version(e.number("version"), i, e.leaf, files) for k, (i, e, files) in seen.sets.items()}
        p.live = {(kind, seen.entries[i].one("name") if kind != "withdraw" else leaf): (i, leaf)
                  for kind, i, leaf in seen.states[-1][1].live()}
        p.witnesses, p.mirrors, p.chunks, p.started = [], [], {}, int(clock.time())
        return p

    @property
    def origin(self):
        return self.log.origin

    @property
    def signers(self):
        return self.owners[:self.threshold]

    def append(self, kind, fields, keys=None, alter=None):
        """Signs and adds an entry; `alter` changes its (key, value) pairs first. (index, leaf)"""
        if alter:
            fields = alter(list(fields))
        raw = entries.signed(entries.text(kind, fields), self.origin, self.signers if keys is None else keys)
        return self.log.add(raw), entries.leaf(raw)

    # -- entries; `keys` and `alter` as above

    def add_root(self, now, expires=None, owners=None, threshold=None, version=None, keys=None, alter=None):
        """A root; with `owners` a rotation, signed by the old and the new ones unless `keys` says otherwise."""
        old = self.root
        before = self.signers if old else []
        self.owners = owners or self.owners
        self.threshold = threshold or self.threshold
        if keys is None:
            keys = list({k.name: k for k in before + self.signers}.values())
        number = version or (old.version + 1 if old else 1)
        fields = [("version", number), ("previous", old.leaf if old else "-"),
                  ("expires", entries.when(expires or now + 3650 * DAY)), ("threshold", self.threshold)]
        fields += [("key", k.vkey) for k in sorted(self.owners, key=lambda k: k.name.encode())]
        fields += [("rebuilder", k.vkey) for k in sorted(self.rebuilders, key=lambda k: k.name.encode())]
        index, leaf = self.append("root", fields, keys, alter)
        self.root = Version(number, index, leaf)
        return index

    def add_content(self, name, files, kind="content", full=None, delta=None, version=None, note=None,
                    keys=None, alter=None, size=entries.CHUNK_RAW):
        """A version of a set. The first comes whole, others as a delta, unless `full` and `delta` say more."""
        old = self.sets.get((kind, name))
        full, delta = (not old if full is None else full), (bool(old) if delta is None else delta)
        number = version or (old.version + 1 if old else 1)
        order = sorted(files, key=str.encode)
        fields = [("name", name), ("version", number), ("previous", old.leaf if old else "-")]
        fields += [("note", note)] if note else []
        fields += [("file", entries.file_line(f, files[f])) for f in order]
        if full:
            lines, chunks = entries.chunked(b"".join(files[f] for f in order), size)
            fields += [("full", x) for x in lines]
            self.chunks.update(chunks)
        if delta:
            lines, chunks = entries.chunked(
                entries.delta(name, old.version, number, old.files, files), size)
            fields += [("from", old.version)] + [("delta", x) for x in lines]
            self.chunks.update(chunks)
        index, leaf = self.append(kind, fields, keys, alter)
        self.sets[kind, name] = Version(number, index, leaf, dict(files))
        self.live[kind, name] = (index, leaf)
        return index

    def add_withdraw(self, what, name, reason, version=None, file=None, line=None, keys=None, alter=None):
        fields = [("what", what), ("name", name)]
        fields += [(k, v) for k, v in (("version", version), ("file", file), ("line", line)) if v is not None]
        index, leaf = self.append("withdraw", fields + [("reason", reason)], keys, alter)
        self.live["withdraw", f"{what} {name} {version} {file} {line}"] = (index, leaf)
        if what in ("content", "directive") and (what, name) in self.live and \
                self.sets[what, name].version == version:
            del self.live[what, name]
        return index

    def add_state(self, now=None, expires=None, version=None, live=None, keys=None, alter=None):
        now = int(clock.time()) if now is None else now
        old = self.state
        number = version or (old.version + 1 if old else 1)
        if live is None:
            live = sorted((index, kind, leaf) for (kind, _), (index, leaf) in self.live.items())
        fields = [("version", number), ("previous", old.leaf if old else "-"), ("time", entries.when(now)),
                  ("expires", entries.when(expires or now + 30 * DAY)),
                  ("root", f"{self.root.index} {self.root.leaf}")]
        fields += [("live", f"{kind} {index} {leaf}") for index, kind, leaf in live]
        index, leaf = self.append("state", fields, keys, alter)
        self.state = Version(number, index, leaf)
        return index

    # -- making it public

    def signed(self, lines=(), size=None, extensions=(), key=None):
        text = self.log.text(size, extensions)
        return tlog.note(text, [(key or self.log.key).line(text), *lines])

    def upload(self, size=None, chunks=None):
        self.folder.write(self.log, size)
        for path, data in (self.chunks if chunks is None else chunks).items():
            if not (self.folder.path / path).exists():
                self.folder.put(path, data)

    def cosignatures(self, now=None):
        """Those of everybody who does not refuse; and who did: [(name, Refused)]."""
        now = int(clock.time()) if now is None else now
        lines, refused = [], []
        for one in self.witnesses + self.mirrors:
            try:
                lines.append(one.vouch(self.log, self.folder, now) if isinstance(one, Mirror)
                             else one.cosign(self.log, now))
            except Refused as e:
                refused.append((one.key.name, e))
        return lines, refused

    def show(self, signed, size=None):
        """The checkpoint that the folder serves from now on."""
        size = self.log.size if size is None else size
        if not (self.folder.path / f"history/{size}").exists():
            self.folder.put(f"history/{size}", signed)
        self.folder.put("checkpoint", signed)

    def commit(self, now=None):
        """What an honest publisher does: upload, ask everybody, then show. The refusals."""
        self.upload()
        lines, refused = self.cosignatures(now)
        self.show(self.signed(lines))
        return refused

    def publish(self, name, files, now=None, **kw):
        """A version of a set that goes live. The refusals."""
        self.add_content(name, files, **kw)
        self.add_state(now)
        return self.commit(now)


class Version:
    """Of a root, a state or a set: its number, where it stands, what it is made of."""

    def __init__(self, version, index, leaf, files=None):
        self.version, self.index, self.leaf, self.files = version, index, leaf, files


def setting(folder, witnesses=3, mirrors=2, seed=None, now=None, **kw):
    """A publisher with its witnesses and mirrors, nothing published yet."""
    seed = seed or str(random.random())
    p = Publisher(folder, seed=seed, now=now, **kw)
    p.witnesses = [Witness(f"witness{i}.example", f"witness {i} {seed}") for i in range(1, witnesses + 1)]
    p.mirrors = [Mirror(f"mirror{i}.example", f"mirror {i} {seed}") for i in range(1, mirrors + 1)]
    return p
