# SPDX-License-Identifier: Apache-2.0
"""Objects that satisfy a signature, and near misses.

A recipe says which signature an object was made for, what was changed ("" for a positive), in which
file type it was wrapped. Whether an object fires is for the engines to say: a near miss of one
signature may well hit another.
"""
import copy

from oracle import regex, sigs, wrap

MAX_SIZE = 2 << 20
ALNUM = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Cannot(Exception):
    """No object can be made; the message is a class that can be counted."""


# ---- bodies ---------------------------------------------------------------------------------

def flips(body, mods):
    """Names of single changes that should stop a body from matching."""
    out = []
    for i, e in enumerate(body):
        if isinstance(e, sigs.Byte):
            if e.mask:
                out.append(("byte", i))
            if e.mask == 0xFF and chr(e.value).isalpha() and e.value < 128 and "i" not in mods:
                out.append(("case", i))
        elif isinstance(e, sigs.Gap):
            if e.max is not None and e.max < 20000:
                out += [("long", i)] * 4
            if e.min > 0:
                out += [("short", i)] * 4
        elif isinstance(e, sigs.Alt):
            out += [("alt", i)] * 4
        elif isinstance(e, sigs.Bound):
            out += [("bound", i)] * 8
    if "w" in mods:
        out.append(("narrow", 0))
    else:
        out.append(("widened", 0))
    if "f" in mods:
        out += [("before", 0), ("after", 0)] * 4
    return out


def _byte(e, rng, bad=False):
    v = e.value | (rng.randrange(256) & ~e.mask & 0xFF)
    if bad:
        bits = [b for b in range(8) if e.mask >> b & 1]
        v ^= 1 << rng.choice(bits)
    return v


def _fixed(elements, rng):
    return [v for e in elements for v in _element(e, rng, [])]


def _element(e, rng, filler):
    if isinstance(e, sigs.Byte):
        return [_byte(e, rng)]
    if isinstance(e, sigs.Gap):
        hi = e.min + 40 if e.max is None else e.max
        n = e.min if rng.random() < 0.3 else hi if hi < 2000 and rng.random() < 0.4 else rng.randint(
            e.min, min(hi, e.min + 60))
        return filler_bytes(rng, n, filler)
    if isinstance(e, sigs.Alt):
        choice = rng.choice(e.choices)
        if not e.negated:
            return _fixed(choice, rng)
        n = len(_fixed(choice, rng))
        return _outside(e.choices, n, rng)
    return _bound(e, rng, e.negated)


def _outside(choices, n, rng):
    for _ in range(50):
        v = [rng.randrange(256) for _ in range(n)]
        if not any(_could(c, v) for c in choices):
            return v
    return v


def _could(choice, v):
    return len(choice) == len(v) and all(
        isinstance(e, sigs.Byte) and x & e.mask == e.value for e, x in zip(choice, v))


def _bound(e, rng, violate):
    if violate:
        return [rng.choice(ALNUM)]
    return [rng.choice(b"\n" if e.kind == "L" else b" .\n-")]


def filler_bytes(rng, n, text):
    return rng.choices(b"abcdef gh" if text else wrap.BINARY, k=n)


def render(sub, rng, change, is_text):
    """Bytes of one match; how many bytes of context stand before and after it."""
    body, mods = sub.body, sub.mods
    kind, at = change or (None, -1)
    wide = "w" in mods and ("a" not in mods or rng.random() < 0.5)
    if kind == "narrow":
        wide = False
    elif kind == "widened":
        wide = True
    out, lead, trail = [], 0, 0
    for i, e in enumerate(body):
        if i == at and kind in ("byte", "case"):
            v = [e.value ^ 0x20 if kind == "case" else _byte(e, rng, True)]
        elif i == at and kind == "long":
            v = filler_bytes(rng, e.max + rng.choice((1, 1, 2, 9)), is_text)
        elif i == at and kind == "short":
            v = filler_bytes(rng, e.min - 1, is_text)
        elif i == at and kind == "alt":
            c = rng.choice(e.choices)
            v = _fixed(c, rng) if e.negated else _outside(e.choices, len(_fixed(c, rng)), rng)
        elif isinstance(e, sigs.Bound):
            v = _bound(e, rng, e.negated != (i == at and kind == "bound"))
            if i == 0:
                lead = 1
            elif i == len(body) - 1:
                trail = 1
        else:
            v = _element(e, rng, is_text)
        if "i" in mods and isinstance(e, (sigs.Byte, sigs.Alt)) and kind != "case":
            v = [x ^ 0x20 if chr(x).isalpha() and x < 128 and rng.random() < 0.5 else x for x in v]
        if wide and not isinstance(e, (sigs.Gap, sigs.Bound)):
            v = [b for x in v for b in (x, 0)]
        out += v
    if "f" in mods:
        before = [rng.choice(ALNUM if kind == "before" else b" .-\x01")]
        after = [rng.choice(ALNUM if kind == "after" else b" .-\x01")]
        if wide:
            before, after = before + [0], after + [0]
        out = before + out + after
        lead += len(before)
        trail += len(after)
    return bytes(out), lead, trail


def number(cmp, rng, wrong):
    """Bytes that a byte_compare accepts, or not."""
    lo, hi = 0, (1 << 63) - 1
    for op, v in cmp["cmps"]:
        if op == "=":
            lo, hi = max(lo, v), min(hi, v)
        elif op == ">":
            lo = max(lo, v + 1)
        else:
            hi = min(hi, v - 1)
    width, base = cmp["width"], cmp["base"]
    top = {"i": 256 ** width - 1, "h": 16 ** width - 1, "d": 10 ** width - 1, "a": 10 ** width - 1}
    hi = min(hi, top[base])
    if hi < lo:
        raise Cannot("byte_compare without a solution")
    v = rng.choice((lo, hi, rng.randint(lo, hi)))
    if wrong:
        v = max(0, min(top[base], rng.choice((lo - 1, hi + 1))))
    if base == "i":
        return v.to_bytes(width, "big" if cmp["big"] else "little")
    s = {"h": f"{v:X}" if rng.random() < 0.5 else f"{v:x}", "d": str(v), "a": str(v)}[base]
    if base == "a" and rng.random() < 0.4 and len(f"0x{v:x}") <= width:
        s = f"0x{v:x}"
        return s.encode() if not cmp["exact"] else (f"0x{v:0{width - 2}x}").encode()
    s = s.rjust(width, "0")
    if not cmp["big"] and base == "h" and rng.random() < 0.5 and width % 2 == 0:
        s = "".join(reversed([s[i:i + 2] for i in range(0, width, 2)]))
    return s.encode()


# ---- logic ----------------------------------------------------------------------------------

def solve(node, rng):
    """How often each subsignature should match: {index: count}."""
    if node[0] == "sub":
        return {node[1]: 1}
    if node[0] == "and":
        out = {}
        for n in node[1]:
            for k, v in solve(n, rng).items():
                out[k] = v if k not in out or out[k] == 0 else max(v, out[k])
        return out
    if node[0] == "or":
        picks = rng.sample(node[1], 1 if rng.random() < 0.7 else rng.randint(1, len(node[1])))
        return solve(("and", picks), rng)
    _, op, x, y, inner = node
    leaves = sorted(sigs.logic_subs(inner))
    total = {"=": x, ">": x + 1, "<": max(x - 1, 0)}[op]
    if total == 0:
        return {s: 0 for s in leaves}
    distinct = max(1, min(y or 1, len(leaves), total))
    out = {s: 1 for s in rng.sample(leaves, rng.randint(distinct, max(distinct, min(len(leaves), total))))}
    if inner[0] == "and":
        out = {s: 1 for s in leaves}
    while sum(out.values()) < total:
        out[rng.choice(sorted(out))] += 1
    return out


# ---- objects --------------------------------------------------------------------------------

class Plan:
    """One object to make."""

    def __init__(self, sig, rng):
        self.sig, self.rng = sig, rng
        self.counts = solve(sig.logic, rng)
        self.body_change = None  # (sub, occurrence, change)
        self.shift = None        # (sub, delta)
        self.target = None
        self.size = None         # "low" or "high"
        self.container = True
        self.number_wrong = None
        self.change = ""


def content_subs(plan):
    return [i for i, n in plan.counts.items() if n and i < len(plan.sig.subs)
            and plan.sig.subs[i].kind == "content"]


def miss(plan):
    """Changes one thing of a plan that satisfies its signature."""
    rng, sig = plan.rng, plan.sig
    options = []
    subs = content_subs(plan)
    for i in subs:
        options += [("body", i)] * 3
        if sig.subs[i].offset.kind not in ("any", "macro", "version"):
            options += [("offset", i)] * 3
    if len(sig.subs) > 1:
        options += [("drop", i) for i in subs] + [("more", i) for i in subs]
    if any(k in sig.tdb for k in ("FileSize",)):
        options += [("size", 0)] * 4
    if sig.target:
        options += [("target", 0)] * 2
    if "Container" in sig.tdb:
        options += [("container", 0)] * 4
    for i, n in plan.counts.items():
        if i < len(sig.subs) and sig.subs[i].kind == "bytecmp":
            options += [("number", i)] * 5
    if not options:
        raise Cannot("nothing to change")
    what, i = rng.choice(options)
    plan.change = what
    if what == "body":
        c = rng.choice(flips(sig.subs[i].body, sig.subs[i].mods))
        plan.body_change = (i, rng.randrange(plan.counts[i]), c)
        plan.change = f"{c[0]}@{i}.{c[1]}"
    elif what == "offset":
        o = sig.subs[i].offset
        plan.shift = (i, rng.choice((-1, o.shift + 1)))
        plan.change = f"offset{plan.shift[1]:+}@{i}"
    elif what in ("drop", "more"):
        plan.counts[i] += -1 if what == "drop" else 1
        plan.change = f"{what}@{i}"
    elif what == "size":
        plan.size = rng.choice(("low", "high"))
        plan.change = "size-" + plan.size
    elif what == "target":
        plan.target = rng.choice([t for t in wrap.TARGETS if t not in (0, sig.target)])
        plan.change = f"target={plan.target}"
    elif what == "container":
        plan.container = False
    else:
        plan.number_wrong = i
        plan.change = f"number@{i}"


def pieces(plan, macros, is_text):
    """What to place: (sub index, bytes, lead, trail, [(distance, bytes) that follow])."""
    sig, rng = plan.sig, plan.rng
    counts = dict(plan.counts)
    for i in list(counts):
        if i >= len(sig.subs):
            raise Cannot("logic names a subsignature that is not there")
        s = sig.subs[i]
        if not counts[i]:
            continue
        if s.kind == "pcre":
            for k, v in solve(s.trigger, rng).items():
                counts[k] = max(v, counts.get(k, 0))
        elif s.kind == "bytecmp":
            counts[s.cmp["trigger"]] = max(1, counts.get(s.cmp["trigger"], 0))
        elif s.kind == "macro":
            counts[i - 1] = max(1, counts.get(i - 1, 0))
        elif s.kind == "fuzzy":
            raise Cannot("fuzzy_img")
    out = []
    for i, n in sorted(counts.items()):
        s = sig.subs[i]
        for k in range(n):
            if s.kind == "content":
                change = None
                if plan.body_change and plan.body_change[:2] == (i, k):
                    change = plan.body_change[2]
                data, lead, trail = render(s, rng, change, is_text)
                out.append([i, data, lead, trail, []])
            elif s.kind == "pcre":
                try:
                    out.append([i, regex.example(s.regex, s.flags, rng), 0, 0, []])
                except regex.Unsupported as e:
                    raise Cannot("regex: " + str(e)[:40]) from e
    for i, n in sorted(counts.items()):
        s = sig.subs[i]
        if not n or s.kind not in ("bytecmp", "macro"):
            continue
        owner = s.cmp["trigger"] if s.kind == "bytecmp" else i - 1
        for p in out:
            if p[0] == owner:
                if s.kind == "bytecmp":
                    p[4].append((s.cmp["offset"], number(s.cmp, rng, plan.number_wrong == i)))
                else:
                    members = macros.get(s.macro[2])
                    if not members:
                        raise Cannot("empty macro group")
                    data, _, _ = render(rng.choice(members), rng, None, is_text)
                    lo, hi = s.macro[:2]
                    p[4].append((rng.choice((lo, hi, lo - 1, hi + 1)), data))
                break
    return out


def assemble(p):
    """One block of bytes for a piece and what follows it; gaps are None."""
    lo = min([-p[2]] + [d for d, _ in p[4]])
    hi = max([len(p[1]) - p[2]] + [d + len(b) for d, b in p[4]])
    block = [None] * (hi - lo)
    for i, b in enumerate(p[1]):
        block[i - p[2] - lo] = b
    for d, data in p[4]:
        for i, b in enumerate(data):
            if block[d + i - lo] is None or True:
                block[d + i - lo] = b
    return block, -lo  # bytes before the match's start


def measure(needs, sig, parts):
    for i, data, lead, trail, after in parts:
        block, before = assemble((i, data, lead, trail, after))
        n = len(block) + 4
        o = sig.subs[i].offset
        reach = o.value + n + o.shift + 2
        if o.kind == "abs":
            needs.end = max(needs.end, reach)
        elif o.kind == "eof":
            needs.end = max(needs.end, o.value + 8)
        elif o.kind == "ep":
            needs.after_ep = max(needs.after_ep, reach)
            needs.before_ep = max(needs.before_ep, -o.value + before + 2)
        elif o.kind == "section":
            needs.section[o.section] = max(needs.section.get(o.section, 0), reach)
        elif o.kind == "section_end":
            needs.section[o.section] = needs.section.get(o.section, 0) + n
        elif o.kind == "last":
            needs.last = max(needs.last, reach)
        else:
            needs.body += n + 2
    if max(needs.body, needs.end, needs.after_ep, needs.before_ep, needs.last,
           *needs.section.values(), 0) > MAX_SIZE:
        raise Cannot("larger than 2 MiB")


def base_offset(c, o, rng):
    """Where a match with a fixed offset starts, None if it may float."""
    slack = rng.choice((0, o.shift, rng.randint(0, o.shift))) if o.shift else 0
    if o.kind == "abs":
        return o.value + slack
    if o.kind == "eof":
        return c.size - o.value + slack
    if o.kind == "ep":
        if c.ep is None:
            return None
        return c.ep + o.value + slack
    if o.kind == "section":
        return c.sections[o.section][0] + o.value + slack if o.section < len(c.sections) else None
    if o.kind == "last":
        return c.sections[-1][0] + o.value + slack if c.sections else None
    return None


def put(c, block, pos):
    """Places a block whose None bytes are of no matter."""
    run = []
    for i, b in enumerate(block + [None]):
        if b is None:
            if run:
                c.place(pos + i - len(run), bytes(run))
            run = []
        else:
            run.append(b)


def build(plan, macros):
    """Returns the object's bytes and the name of its wrapping."""
    sig, rng = plan.sig, plan.rng
    if any(k.startswith("IconGroup") for k in sig.tdb):
        raise Cannot("IconGroup")
    target = sig.target if plan.target is None else plan.target
    if target not in wrap.TARGETS:
        raise Cannot(f"target {target}")
    makers = wrap.TARGETS[target]
    located = any(s.offset.kind in ("ep", "section", "section_end", "last") for s in sig.subs
                  if s.kind == "content")
    if target == 0 and located:
        makers = [wrap.pe, wrap.elf]
    if any(s.offset.kind == "version" for s in sig.subs):
        raise Cannot("offset VI")
    maker = rng.choice(makers)
    is_text = maker in (wrap.text, wrap.html, wrap.mail, wrap.pdf)
    parts = pieces(plan, macros, is_text)
    needs = wrap.Needs()
    measure(needs, sig, parts)
    needs.body = needs.body * 2 + 64
    if "NumberOfSections" in sig.tdb:
        lo, hi = sigs.parse_range(sig.tdb["NumberOfSections"])
        needs.nsections = rng.randint(lo, min(hi, lo + 6, 90))
    if "EntryPoint" in sig.tdb:
        lo, hi = sigs.parse_range(sig.tdb["EntryPoint"])
        needs.ep = max(lo, min(hi, 0x600))
    try:
        c = maker(needs, rng)
        if "FileSize" in sig.tdb:
            lo, hi = sigs.parse_range(sig.tdb["FileSize"])
            want = max(lo, min(hi, c.size))
            if plan.size == "low":
                want = lo - 1
            elif plan.size == "high":
                want = hi + 1
            if want > MAX_SIZE:
                raise Cannot("larger than 2 MiB")
            if want != c.size:
                needs.size = want
                c = maker(needs, rng)
        # Fixed ones first: they cannot move.
        fixed, floating = [], []
        for p in parts:
            pos = base_offset(c, sig.subs[p[0]].offset, rng)
            (floating if pos is None else fixed).append((p, pos))
        for p, pos in fixed:
            if plan.shift and plan.shift[0] == p[0]:
                pos += plan.shift[1]
            block, before = assemble(p)
            put(c, block, pos - before)
        for p, _ in floating:
            block, before = assemble(p)
            o = sig.subs[p[0]].offset
            lo = hi = None
            if o.kind == "section_end" and o.section < len(c.sections):
                lo, n = c.sections[o.section]
                hi = lo + n
                if plan.shift and plan.shift[0] == p[0]:
                    lo, hi = None, None
            elif is_text and rng.random() < 0.2:
                lo = None
            put(c, block, c.find_room(len(block) + 2, lo, hi) + 1)
    except wrap.NoRoom as e:
        raise Cannot("no room: " + str(e).split(" ")[-1] if "taken" in str(e) else "no room") from e
    data, how = bytes(c.bytes), maker.__name__
    want = sig.tdb.get("Container")
    if want and plan.container:
        if want not in wrap.CONTAINERS:
            raise Cannot("container " + want)
        data = wrap.CONTAINERS[want]([("member.bin", data)])
        how += " in " + want
    elif "Intermediates" in sig.tdb and plan.container:
        for want in reversed(sig.tdb["Intermediates"].split(">")):
            data = wrap.CONTAINERS.get(want, wrap.zip_of)([("member.bin", data)])
        how += " in " + sig.tdb["Intermediates"]
    return data, how


def macro_groups(signatures):
    out = {}
    for s in signatures:
        if s.format == "ndb" and s.subs[0].offset.kind == "macro":
            out.setdefault(s.subs[0].offset.value, []).append(s.subs[0])
    return out


def objects(signatures, count, rng, failed, misses=2):
    """Yields (recipe, bytes), `count` of them; failed(sig, cause) for what can't be made."""
    macros = macro_groups(signatures)
    signatures = [s for s in signatures if s.format != "cdb"]
    if not signatures:
        return
    with_feature = {}
    for s in signatures:
        for f in sigs.features(s):
            with_feature.setdefault(f, []).append(s)
    names = sorted(with_feature)
    made = 0
    while made < count:
        # Half of them by feature, so that the rare ones get their share.
        sig = rng.choice(signatures if rng.random() < 0.5 else with_feature[rng.choice(names)])
        for k in range(1 + misses):
            plan = Plan(sig, rng)
            try:
                if k:
                    miss(plan)
                data, how = build(plan, macros)
            except Cannot as e:
                failed(sig, str(e))
                continue
            yield dict(sig=sig.name, where=sig.where, change=plan.change, wrap=how,
                       counts=copy.copy(plan.counts)), data
            made += 1
            if made >= count:
                return


# ---- members of containers (.cdb) --------------------------------------------------------------

def members(signatures, rng):
    """Archives around the conditions of .cdb signatures."""
    for sig in signatures:
        if sig.format != "cdb":
            continue
        for _ in range(6):
            try:
                data, change, how = container_for(sig, rng)
            except (Cannot, regex.Unsupported):
                continue
            yield dict(sig=sig.name, where=sig.where, change=change, wrap=how, counts={}), data


def container_for(sig, rng):
    f = (sig.cdb + ["*"] * 10)[:10]
    kind = f[1] if f[1] in wrap.CONTAINERS else rng.choice(sorted(wrap.CONTAINERS))
    if f[1] not in ("*", kind):
        raise Cannot("container " + f[1])
    change = rng.choice(("", "", "name", "size", "position"))
    name = "member.bin" if f[3] in ("*", "") else regex.example(f[3], "", rng).decode("latin-1")
    if change == "name":
        name = "other-" + name[::-1]
    lo, hi = (20, 400) if f[5] == "*" else sigs.parse_range(f[5])
    n = rng.randint(lo, min(hi, lo + 200))
    if change == "size":
        n = hi + 1
    position = 1 if f[7] == "*" else sigs.parse_range(f[7])[0]
    if change == "position":
        position += 1
    parts = [(f"filler{i}.txt", b"nothing here %d" % i) for i in range(position - 1)]
    parts.append((name, bytes(wrap.binary_filler(rng, n))))
    return wrap.CONTAINERS[kind](parts), change, kind
