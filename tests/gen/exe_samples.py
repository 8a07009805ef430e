# SPDX-License-Identifier: Apache-2.0
"""Writes small executables with known headers, for the tests and fuzz targets of engine/exe and
engine/type: tests/data/fuzz/{pe,elf,macho,identify}/. None of them can run.

usage: exe_samples.py [tests/data/fuzz]
"""
import os
import struct
import sys

# No two places of it look the same, so that a signature shows where it stands.
CODE = bytes(range(0x40, 0x80))


def padded(data, size):
    assert len(data) <= size
    return data + bytes(size - len(data))


def imports(is64, base):
    """An import directory at address `base` for three libraries, and its size."""
    libraries = [
        (b"KERNEL32.dll", [b"ExitProcess", b"GetTickCount"]),
        (b"WS2_32.dll", [115]),  # WSAStartup
        (b"foo.ocx", [7]),
    ]
    width, top = (8, 1 << 63) if is64 else (4, 1 << 31)
    heads, tail = [], b""
    start = base + 20 * (len(libraries) + 1)
    for name, functions in libraries:
        thunks = []
        for f in functions:
            if isinstance(f, int):
                thunks.append(top | f)
            else:
                thunks.append(start + len(tail))
                tail += b"\0\0" + f + b"\0"
        table = start + len(tail)
        tail += b"".join(t.to_bytes(width, "little") for t in thunks + [0])
        heads.append(struct.pack("<IIIII", table, 0, 0, start + len(tail), table))
        tail += name + b"\0"
    return b"".join(heads) + bytes(20) + tail


def block(key, value, children=b"", text=True):
    """One block of VS_VERSIONINFO; `value` is bytes."""
    key = key.encode("utf-16le") + b"\0\0"
    head = key + bytes(-(6 + len(key)) % 4) + value + (bytes(-len(value) % 4) if children else b"")
    size = 6 + len(head) + len(children)
    count = len(value) // 2 if text else len(value)
    return struct.pack("<HHH", size, count, text) + head + children


def aligned(blocks):
    return b"".join(b + bytes(-len(b) % 4) for b in blocks)


def version():
    strings = [block(k, (v + "\0").encode("utf-16le"))
               for k, v in (("CompanyName", "Vitrine"), ("OriginalFilename", "a.exe"))]
    table = block("040904b0", b"", aligned(strings))
    info = block("StringFileInfo", b"", table)
    var = block("VarFileInfo", b"", block("Translation", struct.pack("<HH", 0x409, 1200),
                                          text=False))
    fixed = struct.pack("<I", 0xFEEF04BD) + bytes(48)
    return block("VS_VERSION_INFO", fixed, aligned([info, var]), text=False)


def resources(base):
    """A resource directory: type 16, name 1, language 0x409, one version."""
    def directory(entry, to):
        return struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, entry, to)
    data = version()
    return (directory(16, 0x80000000 | 24) + directory(1, 0x80000000 | 48) +
            directory(0x409, 72) + struct.pack("<IIII", base + 88, len(data), 0, 0) + data)


def pe(is64, file_alignment=0x200, shift=0):
    """.text, .idata and .rsrc at 0x200, 0x400 and 0x600, entry point at 0x1010, an overlay.
    `shift` is added to the raw pointer of .idata."""
    rva = [0x1000, 0x2000, 0x3000]
    content = [padded(CODE, 0x200), padded(imports(is64, rva[1]), 0x200),
               padded(resources(rva[2]), 0x400)]
    directories = [(0, 0)] * 16
    directories[1] = (rva[1], 80)
    directories[2] = (rva[2], len(content[2]))
    optional = struct.pack("<HBBIIIII", 0x20B if is64 else 0x10B, 14, 0, 0x200, 0x600, 0, 0x1010,
                           0x1000)
    optional += struct.pack("<Q", 0x140000000) if is64 else struct.pack("<II", 0x2000, 0x400000)
    optional += struct.pack("<IIHHHHHHIIIIHH", 0x1000, file_alignment, 6, 0, 0, 0, 6, 0, 0, 0x4000,
                            0x200, 0, 3, 0)
    optional += struct.pack("<QQQQ" if is64 else "<IIII", 0x100000, 0x1000, 0x100000, 0x1000)
    optional += struct.pack("<II", 0, 16) + b"".join(struct.pack("<II", *d) for d in directories)
    coff = struct.pack("<HHIIIHH", 0x8664 if is64 else 0x14C, 3, 0, 0, 0, len(optional), 0x102)
    table, raw = b"", 0x200
    for name, address, data in zip((b".text", b".idata", b".rsrc"), rva, content):
        table += struct.pack("<8sIIIIIIHHI", name, len(data), address, len(data),
                             raw + (shift if name == b".idata" else 0), 0, 0, 0, 0, 0xE0000020)
        raw += len(data)
    head = padded(b"MZ", 0x3C) + struct.pack("<I", 0x40) + b"PE\0\0" + coff + optional + table
    return padded(head, 0x200) + b"".join(content) + b"overlay"


def elf(is64, big):
    """One loaded segment (file 0x100 at address 0x401000), entry 0x401010; three sections."""
    e = ">" if big else "<"
    a = "Q" if is64 else "I"
    ehsize, phsize, shsize = (64, 56, 64) if is64 else (52, 32, 40)
    code, names = 0x100, b"\0.text\0.bss\0"
    shoff = code + 0x40
    ident = b"\x7fELF" + bytes([2 if is64 else 1, 2 if big else 1, 1]) + bytes(9)
    head = ident + struct.pack(e + "HHI" + a * 3 + "IHHHHHH", 2, 62 if is64 else 3, 1, 0x401010,
                               ehsize, shoff, 0, ehsize, phsize, 1, shsize, 3, 0)
    if is64:
        ph = struct.pack(e + "IIQQQQQQ", 1, 5, code, 0x401000, 0x401000, 0x40, 0x1000, 0x1000)
    else:
        ph = struct.pack(e + "IIIIIIII", 1, code, 0x401000, 0x401000, 0x40, 0x1000, 5, 0x1000)
    def section(kind, address, offset, size):
        return struct.pack(e + "II" + a * 4 + "II" + a * 2, 1, kind, 0, address, offset, size, 0, 0,
                           1, 0)
    sections = (section(0, 0, 0, 0) + section(1, 0x401000, code, 0x40) +
                section(8, 0x402000, code + 0x40, 0x1000))
    return padded(head + ph, code) + padded(CODE[:0x30] + names, 0x40) + sections + b"overlay"


def macho(is64, big, main):
    """A __TEXT segment of the whole file with one section (0x400 at address 0x1400, 0x40 bytes)
    and a __bss; entry at file offset 0x410, by LC_MAIN or by a thread's state."""
    e = ">" if big else "<"
    a = "Q" if is64 else "I"
    cpu = (0x01000007 if is64 else 7) if not big else (0x01000012 if is64 else 18)
    def section(name, address, size, offset):
        return struct.pack(e + "16s16s" + a * 2 + "I" * (8 if is64 else 7), name, b"__TEXT",
                           address, size, offset, *[0] * (7 if is64 else 6))
    sections = section(b"__text", 0x1400, 0x40, 0x400) + section(b"__bss", 0x2000, 0x100, 0)
    fields = struct.pack(e + "16s" + a * 4 + "IIII", b"__TEXT", 0x1000, 0x1000, 0, 0x440, 7, 5, 2,
                         0)
    segment = struct.pack(e + "II", 0x19 if is64 else 1, 8 + len(fields) + len(sections))
    segment += fields + sections
    if main:
        entry = struct.pack(e + "IIQQ", 0x80000028, 24, 0x410, 0)
    else:
        words = {7: 16, 0x01000007: 21, 18: 40, 0x01000012: 38}[cpu]
        pc = {7: 10, 0x01000007: 16, 18: 0, 0x01000012: 0}[cpu]
        state = [0] * words
        state[pc] = 0x1410
        data = struct.pack(e + a * words, *state)
        entry = struct.pack(e + "IIII", 5, 16 + len(data), 1, len(data) // 4) + data
    commands = segment + entry
    head = struct.pack(e + "IIIIIII", 0xFEEDFACF if is64 else 0xFEEDFACE, cpu, 3, 2, 2,
                       len(commands), 0) + (bytes(4) if is64 else b"")
    return padded(head + commands, 0x400) + CODE + b"overlay"


def fat(slices):
    """A fat file: x86 and PowerPC slices on 4 KiB; the last reaches past the end."""
    head, body = struct.pack(">II", 0xCAFEBABE, len(slices)), b""
    for i, s in enumerate(slices):
        more = 16 if i == len(slices) - 1 else 0
        head += struct.pack(">IIIII", (7, 18)[i], 3, 0x1000 * (i + 1), len(s) + more, 12)
        body += padded(s, 0x1000) if not more else s
    return padded(head, 0x1000) + body


def samples():
    pe32, pe64 = pe(False), pe(True)
    yield "pe/pe32", pe32
    yield "pe/pe64", pe64
    yield "pe/small-alignment", pe(False, 0x10, 0x10)
    yield "pe/unaligned", pe(False, 0x200, 0x10)
    yield "pe/cut", pe32[:0x150]
    for is64 in (False, True):
        for big in (False, True):
            name = "%d%s" % (64 if is64 else 32, "be" if big else "le")
            yield "elf/" + name, elf(is64, big)
            yield "macho/" + name, macho(is64, big, False)
    yield "elf/cut", elf(True, False)[:0x60]
    yield "macho/main", macho(True, False, True)
    yield "macho/fat", fat([macho(False, False, False), macho(False, True, False)])
    yield "macho/cut", macho(True, False, True)[:0x80]
    yield "identify/pe", pe32
    yield "identify/html", b"Some text\n<a class=x\nhref='x'>\n"
    yield "identify/utf16", "\ufeff<html>".encode("utf-16le")
    yield "identify/mail", b"Received: from x\n\nhello\n"
    yield "identify/xml", b"<?xml version='1.0'?><?mso-application progid=\"Word.Document\"?>"
    yield "identify/zip", (b"PK\3\4" + bytes(22) + struct.pack("<HH", 5, 0) + b"xl/ab" +
                           b"PK\3\4" + bytes(22))
    yield "identify/sfx", (b"MZ" + bytes(62) + b"MSCF" + bytes(4) + struct.pack("<I", 60) +
                           bytes(4) + struct.pack("<I", 44) + bytes(4) + b"\3\1" + bytes(40))
    yield "identify/tar", padded(padded(b"name", 257) + b"ustar\00000", 512)
    yield "identify/mbr", (bytes(446) + struct.pack("<BBHBBHII", 0x80, 0, 0, 7, 0, 0, 1, 9) +
                           bytes(48) + b"\x55\xaa" + bytes(512))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "data", "fuzz")
    for name, data in samples():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)


if __name__ == "__main__":
    main()
