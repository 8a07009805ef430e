# SPDX-License-Identifier: Apache-2.0
"""Reads a published folder from end to end, as a monitor would, and says all that is wrong with it."""
import hashlib
from pathlib import Path

from . import entries, tlog
from .entries import Entry
from .tlog import Bad


def needed(log, size):
    """The paths that a mirror of a log of this size must have."""
    paths = list(tlog.tiles(log.tree, size)) + list(tlog.bundles(log.entries, size))
    for raw in log.entries[:size]:
        try:
            e = Entry(raw)
        except Bad:
            continue
        if e.kind in ("content", "directive"):
            paths += [entries.chunk_path(h) for _, _, h in e.chunks("full") + e.chunks("delta")]
    return paths


class Audit:
    """`problems` is empty for a folder in order. Needs the log's vkey; a first root's leaf if it is known."""

    def __init__(self, folder, log_vkey, first_root=None):
        self.path, self.key, self.problems = Path(folder), tlog.Verifier.parse(log_vkey), []
        self.raw, self.entries, self.sets, self.roots, self.states = [], [], {}, [], []
        self.signatures = []
        try:
            self.read_head()
            self.read_tree()
        except (Bad, OSError) as e:
            self.problems.append(str(e))
            return
        for index, raw in enumerate(self.raw):
            try:
                e = Entry(raw)
                self.entries.append(e)
                getattr(self, "see_" + e.kind)(index, e)
            except (Bad, OSError) as err:
                self.problems.append(f"entry {index}: {err}")
        if first_root and (not self.roots or self.roots[0][1].leaf != first_root):
            self.problems.append("another first root")
        if not self.states or self.states[-1][0] != self.size - 1:
            self.problems.append("the last entry is not a state")

    def get(self, name):
        return (self.path / name).read_bytes()

    def read_head(self):
        self.note = self.get("checkpoint")
        self.text, self.signatures = tlog.parse_note(self.note)
        self.origin, self.size, self.root = tlog.parse_checkpoint(self.text)
        if self.origin != self.key.name or not tlog.signed_by(self.text, self.signatures, self.key):
            raise Bad("checkpoint: not signed by the log")

    def cosigned(self, vkeys):
        """How many of these keys cosigned the head, distinct ones."""
        keys = {k.public: k for k in map(tlog.Verifier.parse, vkeys)}
        return sum(bool(tlog.signed_by(self.text, self.signatures, k)) for k in keys.values())

    def read_tree(self):
        for index in range((self.size + tlog.WIDTH - 1) // tlog.WIDTH):
            width = min(tlog.WIDTH, self.size - index * tlog.WIDTH)
            some = tlog.parse_bundle(self.get(tlog.tile_path("entries", index, width)))
            if len(some) != width:
                raise Bad("bundle: another number of entries")
            self.raw += some
        self.tree = tlog.Tree(map(tlog.leaf_hash, self.raw))
        if self.tree.root() != self.root:
            raise Bad("the entries do not make the root")
        for name, data in tlog.tiles(self.tree, self.size).items():
            if self.get(name) != data:
                raise Bad(f"another {name}")

    # -- one method a kind

    def by_owners(self, e):
        if not self.roots:
            raise Bad("no root before it")
        root = self.roots[-1][1]
        if e.signers(self.origin, root.keys()) < root.number("threshold"):
            raise Bad(f"{e.kind}: not signed by the owners' threshold")

    def see_root(self, index, e):
        if e.signers(self.origin, e.keys()) < e.number("threshold"):
            raise Bad("root: not signed by its own threshold")
        if self.roots:
            self.by_owners(e)
            before = self.roots[-1][1]
            if e.number("version") != before.number("version") + 1 or e.one("previous") != before.leaf:
                raise Bad("root: does not follow the one before")
        elif index or e.number("version") != 1:
            raise Bad("root: the first one is not the first entry")
        self.roots.append((index, e))

    def see_content(self, index, e):
        self.by_owners(e)
        key = e.kind, e.one("name")
        old = self.sets.get(key)
        if e.number("version") != (old[1].number("version") + 1 if old else 1) or \
                e.one("previous") != (old[1].leaf if old else "-"):
            raise Bad(f"{e.one('name')}: does not follow the version before")
        files = self.payload(e, old)
        for h, size, lines, name in e.files():
            data = files[name]
            found = entries.by_line(data)
            if len(data) != size or hashlib.sha256(data).hexdigest() != h or lines != len(found or ()):
                raise Bad(f"{name}: not what the entry says")
        self.sets[key] = (index, e, files)

    see_directive = see_content

    def chunks(self, e, key):
        out = b""
        for raw, packed, name in e.chunks(key):
            frame = self.get(entries.chunk_path(name))
            if len(frame) != packed or hashlib.sha256(frame).hexdigest() != name or raw > entries.CHUNK_RAW:
                raise Bad(f"chunk {name}: its size or hash")
            out += entries.unpack(frame, raw)
        return out

    def payload(self, e, old):
        whole = changed = None
        if e.fields["full"]:
            data, whole = self.chunks(e, "full"), {}
            for _, size, _, name in e.files():
                whole[name], data = data[:size], data[size:]
            if data:
                raise Bad("full: more than the files")
        if e.fields["delta"]:
            if not old or old[1].number("version") != e.number("from"):
                raise Bad("delta: from a version that is not the one before")
            changed = entries.apply(self.chunks(e, "delta"), e.one("name"), e.number("from"),
                                    e.number("version"), old[2])
            if whole is not None and whole != changed:
                raise Bad("full and delta differ")
        files = changed if whole is None else whole
        if set(files) != {f[3] for f in e.files()}:
            raise Bad("other files than the entry says")
        return files

    def see_release(self, _, e):
        self.by_owners(e)

    see_withdraw = see_release

    def see_attest(self, _, e):
        if not self.roots or e.signers(self.origin, self.roots[-1][1].keys("rebuilder")) < 1:
            raise Bad("attest: not signed by a rebuilder")

    def see_state(self, index, e):
        self.by_owners(e)
        old = self.states[-1][1] if self.states else None
        if e.number("version") != (old.number("version") + 1 if old else 1) or \
                e.one("previous") != (old.leaf if old else "-") or (old and e.one("time") < old.one("time")):
            raise Bad("state: does not follow the one before")
        at, leaf = self.roots[-1][0], self.roots[-1][1].leaf
        if e.one("root") != f"{at} {leaf}":
            raise Bad("state: another root than the one in force")
        for kind, i, h in e.live():
            if i >= index or self.entries[i].leaf != h or self.entries[i].kind != kind:
                raise Bad(f"state: entry {i} is not that {kind}")
        self.states.append((index, e))
