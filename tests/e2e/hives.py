# SPDX-License-Identifier: Apache-2.0
"""Registry hives for tests: an empty one by hand (libregf's description of the format), filled by libhivex."""
import struct

import hivex

SZ, BINARY, DWORD = 1, 3, 4


def empty():
    head, page = bytearray(4096), bytearray(4096)
    struct.pack_into("<4sII", head, 0, b"regf", 1, 1)
    struct.pack_into("<IIIIIII", head, 0x14, 1, 3, 0, 1, 0x20, 4096, 1)
    total = 0
    for word in struct.unpack("<127I", head[:508]):
        total ^= word
    struct.pack_into("<I", head, 508, total)
    struct.pack_into("<4sII", page, 0, b"hbin", 0, 4096)
    none = 0xffffffff
    struct.pack_into("<i2sH", page, 0x20, -0x60, b"nk", 0x2c)  # the root, named in one byte a character
    struct.pack_into("<IIIIII", page, 0x40, none, none, 0, none, 0x80, none)
    struct.pack_into("<H", page, 0x20 + 0x4c, 4)
    page[0x70:0x74] = b"ROOT"
    struct.pack_into("<i2sHIII", page, 0x80, -0x40, b"sk", 0, 0x80, 0x80, 1)
    struct.pack_into("<i", page, 0xc0, 4096 - 0xc0)
    return bytes(head + page)


def write(path, keys):
    """keys: {"A\\B": {"name": text, number or bytes}}"""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(empty())
    h = hivex.Hivex(str(path), write=True)
    for key, values in keys.items():
        node = h.root()
        for part in key.split("\\"):
            node = h.node_get_child(node, part) or h.node_add_child(node, part)
        for name, value in values.items():
            if isinstance(value, str):
                h.node_set_value(node, {"key": name, "t": SZ, "value": (value + "\0").encode("utf-16le")})
            elif isinstance(value, int):
                h.node_set_value(node, {"key": name, "t": DWORD, "value": struct.pack("<I", value)})
            else:
                h.node_set_value(node, {"key": name, "t": BINARY, "value": value})
    h.commit(None)
