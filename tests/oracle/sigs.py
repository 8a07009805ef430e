# SPDX-License-Identifier: Apache-2.0
"""ClamAV signature lines as a model to generate objects from.

Written from the ClamAV manual ("Signature formats") and from watching clamscan, on purpose without
a look at src/compile: two readers of one grammar, so that a mistake in either shows.
"""
import os
import re
from dataclasses import dataclass, field


class BadSignature(ValueError):
    pass


# Elements of a body: one byte under a mask, a gap, alternatives, a boundary.
@dataclass
class Byte:
    value: int
    mask: int


@dataclass
class Gap:
    min: int
    max: int | None  # None: no upper bound


@dataclass
class Alt:
    negated: bool
    choices: list  # of lists of elements


@dataclass
class Bound:
    kind: str  # B, L or W
    negated: bool


@dataclass
class Offset:
    kind: str = "any"  # any abs eof ep section section_end last version macro
    value: int = 0
    section: int = 0
    shift: int = 0


@dataclass
class Sub:
    kind: str  # content pcre bytecmp macro fuzzy
    text: str
    offset: Offset = field(default_factory=Offset)
    body: list = None
    mods: str = ""
    regex: str = ""
    trigger: object = None
    flags: str = ""
    cmp: dict = None
    macro: tuple = None


@dataclass
class Signature:
    name: str
    format: str  # ndb ldb cdb
    where: str   # file:line
    text: str
    target: int = 0
    tdb: dict = field(default_factory=dict)
    logic: object = None
    subs: list = field(default_factory=list)
    cdb: list = None


HEX = re.compile(r"[0-9a-fA-F?]{2}")


def parse_body(s, depth=0):
    """Returns the elements of a hex body; raises BadSignature."""
    out, i = [], 0
    while i < len(s):
        c = s[i]
        if c == "*":
            out.append(Gap(0, None))
            i += 1
        elif c in "{[":
            end = s.index("}" if c == "{" else "]", i)
            out.append(parse_gap(s[i + 1:end]))
            i = end + 1
        elif c in "(!":
            negated = c == "!"
            start = i + 1 + negated
            level, end = 1, start
            while level:
                level += {"(": 1, ")": -1}.get(s[end], 0)
                end += 1
            inner = s[start:end - 1]
            if inner in ("B", "L", "W"):
                out.append(Bound(inner, negated))
            else:
                out.append(Alt(negated, [parse_body(p, depth + 1) for p in split_top(inner, "|")]))
            i = end
        else:
            if not HEX.fullmatch(s[i:i + 2]):
                raise BadSignature("body: " + s[i:i + 8])
            hi, lo = s[i], s[i + 1]
            out.append(Byte((0 if hi == "?" else int(hi, 16) << 4) | (0 if lo == "?" else int(lo, 16)),
                            (0 if hi == "?" else 0xF0) | (0 if lo == "?" else 0x0F)))
            i += 2
    return out


def split_top(s, sep):
    parts, level, cur = [], 0, ""
    for c in s:
        level += {"(": 1, ")": -1}.get(c, 0)
        if c == sep and level == 0:
            parts.append(cur)
            cur = ""
        else:
            cur += c
    return parts + [cur]


def parse_gap(s):
    if "-" not in s:
        return Gap(int(s), int(s))
    lo, hi = s.split("-")
    return Gap(int(lo or 0), int(hi) if hi else None)


def parse_offset(s):
    shift = 0
    if "," in s:
        s, shift = s.split(",", 1)
        shift = int(shift)
    if s in ("*", ""):
        return Offset()
    if s.startswith("$"):
        return Offset("macro", int(s.strip("$")))
    for rx, kind in ((r"EP([+-]\d+)", "ep"), (r"EOF-(\d+)", "eof"), (r"SL\+(\d+)", "last"),
                     (r"(\d+)", "abs")):
        m = re.fullmatch(rx, s)
        if m:
            return Offset(kind, int(m[1]), shift=shift)
    m = re.fullmatch(r"S(\d+)\+(\d+)", s)
    if m:
        return Offset("section", int(m[2]), int(m[1]), shift)
    m = re.fullmatch(r"SE(\d+)", s)
    if m:
        return Offset("section_end", 0, int(m[1]), shift)
    if s == "VI":
        return Offset("version")
    raise BadSignature("offset: " + s)


# Logic: ("sub", n) | ("and", [..]) | ("or", [..]) | ("cmp", op, x, y or None, node)
def parse_logic(s):
    node, i = _logic_or(s, 0)
    if i != len(s):
        raise BadSignature("logic: " + s[i:])
    return node


def _logic_or(s, i):
    nodes, ops = [], []
    while True:
        node, i = _logic_atom(s, i)
        nodes.append(node)
        if i < len(s) and s[i] in "&|":
            ops.append(s[i])
            i += 1
        else:
            break
    if not ops:
        return nodes[0], i
    if len(set(ops)) == 1:
        return ("and" if ops[0] == "&" else "or", nodes), i
    # Mixed without parentheses: & binds before |.
    groups, cur = [], [nodes[0]]
    for op, n in zip(ops, nodes[1:]):
        if op == "&":
            cur.append(n)
        else:
            groups.append(cur)
            cur = [n]
    groups.append(cur)
    return ("or", [g[0] if len(g) == 1 else ("and", g) for g in groups]), i


def _logic_atom(s, i):
    if i < len(s) and s[i] == "(":
        node, i = _logic_or(s, i + 1)
        if i >= len(s) or s[i] != ")":
            raise BadSignature("logic: ) missing")
        i += 1
    else:
        m = re.compile(r"\d+").match(s, i)
        if not m:
            raise BadSignature("logic: " + s[i:])
        node, i = ("sub", int(m[0])), m.end()
    m = re.compile(r"([=<>])(\d+)(?:,(\d+))?").match(s, i)
    if m:
        node, i = ("cmp", m[1], int(m[2]), int(m[3]) if m[3] else None, node), m.end()
    return node, i


def logic_subs(node):
    if node[0] == "sub":
        return {node[1]}
    kids = node[1] if node[0] in ("and", "or") else [node[4]]
    return set().union(*map(logic_subs, kids))


def split_ldb(line):
    """Fields of a logical signature; ';' inside of a PCRE does not separate."""
    parts, cur, inside, prev = [], "", False, ""
    for c in line:
        if c == "/" and prev != "\\" and len(parts) >= 3:
            inside = not inside
        if c == ";" and not inside:
            parts.append(cur)
            cur = ""
        else:
            cur += c
        prev = c
    return parts + [cur]


BCMP = re.compile(r"(\d+)\((>>|<<)(-?\w+)#([hdai])([lb]?)(e?)(\d+)#([<>=]\w+)(?:,([<>=]\w+))?\)")


def parse_sub(s):
    m = re.fullmatch(r"\$\{(\d+)-(\d+)\}(\d+)\$", s)
    if m:
        return Sub("macro", s, macro=(int(m[1]), int(m[2]), int(m[3])))
    if s.startswith("fuzzy_img#"):
        return Sub("fuzzy", s)
    m = BCMP.fullmatch(s)
    if m:
        num = lambda t: int(t, 16) if t.lower().startswith("0x") else int(t)
        off = num(m[3]) * (1 if m[2] == ">>" else -1)
        cmps = [(c[0], num(c[1:])) for c in (m[8], m[9]) if c]
        return Sub("bytecmp", s, cmp=dict(trigger=int(m[1]), offset=off, base=m[4], big=m[5] == "b",
                                          exact=bool(m[6]), width=int(m[7]), cmps=cmps))
    if "/" in s:
        head, rest = s.split("/", 1)
        regex, flags = rest.rsplit("/", 1)
        off, _, trig = head.rpartition(":")
        return Sub("pcre", s, parse_offset(off), regex=regex, flags=flags.split("::")[0],
                   trigger=parse_logic(trig))
    mods = ""
    body = s
    if "::" in body:
        body, mods = body.rsplit("::", 1)
    off, _, body = body.rpartition(":")
    return Sub("content", s, parse_offset(off), parse_body(body), mods)


def parse_tdb(s):
    out = {}
    for part in s.split(","):
        key, _, value = part.partition(":")
        out[key] = value
    return out


def parse_range(s):
    lo, _, hi = s.partition("-")
    return (int(lo or 0), int(hi) if hi else int(lo))


def parse_line(line, ext, where):
    """One line of an .ndb, .ldb or .cdb file; None for what carries no signature."""
    if not line.strip() or line.startswith("#"):
        return None
    try:
        if ext in ("ndb", "ndu"):
            f = line.split(":")
            sub = Sub("content", f[3], parse_offset(f[2]), parse_body(f[3]))
            return Signature(f[0], "ndb", where, line, int(f[1]), {}, ("sub", 0), [sub])
        if ext in ("ldb", "ldu"):
            f = split_ldb(line)
            tdb = parse_tdb(f[1])
            return Signature(f[0], "ldb", where, line, int(tdb.get("Target", 0)), tdb,
                             parse_logic(f[2]), [parse_sub(x) for x in f[3:] if x])
        if ext == "cdb":
            f = line.split(":")
            return Signature(f[0], "cdb", where, line, cdb=f)
    except (ValueError, IndexError) as e:
        raise BadSignature(f"{where}: {e}") from e
    return None


def load(paths, on_bad=None):
    """Signatures of the files, in order; hash files have none here."""
    out = []
    for path in paths:
        base = os.path.basename(path)
        ext = base.rsplit(".", 1)[-1]
        if ext not in ("ndb", "ndu", "ldb", "ldu", "cdb"):
            continue
        with open(path, encoding="latin-1", newline="\n") as f:
            for n, line in enumerate(f, 1):
                try:
                    sig = parse_line(line.rstrip("\r\n"), ext, f"{base}:{n}")
                except BadSignature as e:
                    if on_bad:
                        on_bad(e)
                    continue
                if sig:
                    out.append(sig)
    return out


def features(sig, counts=None):
    """What a signature uses; with counts, what the subsignatures in it that count use."""
    out = {f"target {sig.target}", sig.format}
    out |= {"tdb " + k for k in sig.tdb if k not in ("Engine", "Target")}
    for i, s in enumerate(sig.subs):
        if counts is not None and not counts.get(i):
            continue
        out |= {s.kind, "offset " + s.offset.kind + (",shift" if s.offset.shift else "")}
        out |= {"modifier " + m for m in s.mods} | {s.kind + " flag " + f for f in s.flags}
        out |= {"element " + _kind(e) for e in s.body or []}
    _operators(sig.logic, out)
    return out


def _kind(e):
    if isinstance(e, Byte):
        return "byte" if e.mask == 255 else "nibble" if e.mask else "any byte"
    if isinstance(e, Gap):
        return "gap to the end" if e.max is None else "gap"
    if isinstance(e, Alt):
        return "not alternatives" if e.negated else "alternatives"
    return ("not " if e.negated else "") + "boundary " + e.kind


def _operators(node, out):
    if node is None or node[0] == "sub":
        return
    if node[0] == "cmp":
        out.add("logic " + node[1] + (",y" if node[3] is not None else ""))
        _operators(node[4], out)
    else:
        out.add("logic " + node[0])
        for n in node[1]:
            _operators(n, out)
