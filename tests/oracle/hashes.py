# SPDX-License-Identifier: Apache-2.0
"""Hash signatures for generated objects: digests cannot be inverted, so they are written after."""
import hashlib
import os
import struct

ALGOS = (hashlib.md5, hashlib.sha1, hashlib.sha256)


def pe_sections(data):
    """[(offset, size)] of a PE file that wrap.py made."""
    if data[:2] != b"MZ" or len(data) < 0x100:
        return []
    at = struct.unpack_from("<I", data, 0x3C)[0]
    if data[at:at + 4] != b"PE\0\0":
        return []
    n, opt = struct.unpack_from("<H", data, at + 6)[0], struct.unpack_from("<H", data, at + 20)[0]
    out = []
    for i in range(n):
        size, pos = struct.unpack_from("<II", data, at + 24 + opt + 40 * i + 16)
        out.append((pos, size))
    return out


def write(recipes, folder, out, rng):
    """Hash signatures of some objects, and of digests and sizes that are off by one."""
    files = {e: open(os.path.join(out, "generated." + e), "w") for e in ("hdb", "hsb", "mdb", "msb")}
    for name in rng.sample(sorted(recipes), min(len(recipes), 60 + len(recipes) // 20)):
        with open(os.path.join(folder, name), "rb") as f:
            data = f.read()
        algo = rng.choice(ALGOS)
        digest, size, tag = algo(data).hexdigest(), len(data), "hit"
        change = rng.random()
        if change < 0.2:
            size, tag = size + rng.choice((-1, 1)), "size"
        elif change < 0.4:
            digest, tag = ("0" if digest[0] != "0" else "1") + digest[1:], "digest"
        if rng.random() < 0.5:
            digest = digest.upper()
        any_size = rng.random() < 0.2
        line = f"{digest}:{'*' if any_size else size}:Gen.Hash.{tag}-{name}" + (":73" if any_size else "")
        files["hdb" if algo is hashlib.md5 and rng.random() < 0.5 else "hsb"].write(line + "\n")
        for i, (pos, n) in enumerate(pe_sections(data)):
            part = data[pos:pos + n]
            algo = rng.choice(ALGOS)
            digest, tag = algo(part).hexdigest(), "hit"
            if rng.random() < 0.3:
                n, tag = n + 1, "size"
            any_size = rng.random() < 0.2
            files["mdb" if algo is hashlib.md5 else "msb"].write(
                f"{'*' if any_size else n}:{digest}:Gen.Section.{tag}-{name}-{i}" +
                (":73" if any_size else "") + "\n")
    paths = []
    for f in files.values():
        f.close()
        if os.path.getsize(f.name):
            paths.append(f.name)
    return paths
