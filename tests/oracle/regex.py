# SPDX-License-Identifier: Apache-2.0
"""Strings that a regular expression matches, drawn at random from its parse tree."""
import re
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import sre_constants as C
    import sre_parse


class Unsupported(ValueError):
    pass


CATEGORIES = {C.CATEGORY_DIGIT: b"0123456789", C.CATEGORY_SPACE: b" \t\n",
              C.CATEGORY_WORD: b"abcxyzABCXYZ0189_", C.CATEGORY_NOT_DIGIT: b"abc xyz-",
              C.CATEGORY_NOT_SPACE: b"abcxyz019-.", C.CATEGORY_NOT_WORD: b" -./:"}
PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789 _-./\\+=<>()[]{}\"'#%&;:,\n\r\t"


def _class(items, rng):
    negated = items and items[0][0] is C.NEGATE
    allowed = set()
    for op, arg in items[negated:]:
        if op is C.LITERAL:
            allowed.add(arg)
        elif op is C.RANGE:
            allowed.update(range(arg[0], min(arg[1], 255) + 1))
        elif op is C.CATEGORY:
            if arg in (C.CATEGORY_NOT_DIGIT, C.CATEGORY_NOT_SPACE, C.CATEGORY_NOT_WORD):
                allowed.update(CATEGORIES[arg])
            else:
                allowed.update(CATEGORIES[arg])
                if negated and arg is C.CATEGORY_WORD:
                    allowed.update(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
                if negated and arg is C.CATEGORY_SPACE:
                    allowed.update(b"\r\v\f")
    if negated:
        pool = [b for b in PLAIN if b not in allowed] or [b for b in range(256) if b not in allowed]
    else:
        pool = [b for b in PLAIN if b in allowed] or sorted(b for b in allowed if b < 256)
    if not pool:
        raise Unsupported("empty class")
    return bytes([rng.choice(pool)])


def _emit(tree, rng, groups, depth=0):
    out = b""
    for op, arg in tree:
        if op is C.LITERAL:
            if arg > 255:
                raise Unsupported("code point")
            out += bytes([arg])
        elif op is C.NOT_LITERAL:
            out += bytes([rng.choice([b for b in PLAIN if b != arg])])
        elif op is C.ANY:
            out += bytes([rng.choice(b"abcxyz0189 ._-")])
        elif op is C.IN:
            out += _class(arg, rng)
        elif op is C.BRANCH:
            out += _emit(rng.choice(arg[1]), rng, groups, depth + 1)
        elif op is C.SUBPATTERN:
            s = _emit(arg[3], rng, groups, depth + 1)
            groups[arg[0]] = s
            out += s
        elif op in (C.MAX_REPEAT, C.MIN_REPEAT, C.POSSESSIVE_REPEAT):
            lo, hi, sub = arg
            hi = min(hi, lo + (6 if rng.random() < 0.7 else 30))
            for _ in range(rng.randint(lo, hi)):
                out += _emit(sub, rng, groups, depth + 1)
        elif op is C.ATOMIC_GROUP:
            out += _emit(arg, rng, groups, depth + 1)
        elif op is C.GROUPREF:
            out += groups.get(arg, b"")
        elif op in (C.AT, C.ASSERT, C.ASSERT_NOT):
            if op is C.ASSERT and arg[0] > 0:
                out += _emit(arg[1], rng, groups, depth + 1)
        else:
            raise Unsupported(str(op))
        if len(out) > 20000:
            raise Unsupported("too long")
    return out


def example(regex, flags, rng):
    """Bytes that match the expression; (mostly: look-arounds are ignored); raises Unsupported."""
    f = (re.I if "i" in flags else 0) | (re.S if "s" in flags else 0) | (
        re.M if "m" in flags else 0) | (re.X if "x" in flags else 0)
    try:
        source = regex.encode("latin-1")
        tree = sre_parse.parse(source, f)
    except (re.error, OverflowError, RecursionError) as e:
        raise Unsupported(str(e)) from e
    # Not checked by a search: Python's can take exponential time where PCRE2's limits end it.
    return _emit(tree, rng, {})
