# SPDX-License-Identifier: Apache-2.0
"""Minimal files of each target type, as canvases to place bytes on.

A Canvas knows where its own header bytes stand, where sections and the entry point are, and where
free room is. The smallest file that ClamAV takes for the type, nothing more.
"""
import gzip
import io
import struct
import tarfile
import zipfile

FILE_ALIGN = 0x200


class NoRoom(Exception):
    pass


class Canvas:
    def __init__(self, size, rng, filler):
        self.rng = rng
        self.bytes = bytearray(filler(rng, size))
        self.owned = bytearray(size)
        self.ep = None
        self.sections = []       # (offset, size) in the order that Sx counts
        self.free = (0, size)    # where floating bytes may stand

    @property
    def size(self):
        return len(self.bytes)

    def own(self, pos, data):
        """Header bytes."""
        self.bytes[pos:pos + len(data)] = data
        self.owned[pos:pos + len(data)] = b"\1" * len(data)

    def place(self, pos, data, soft=(0, 0)):
        """Writes data at pos; header or earlier bytes there must be equal. `soft` bytes before and
        after may already be taken by anything."""
        lead, trail = soft
        end = pos + len(data)
        if pos + lead < 0 or end - trail > self.size:
            raise NoRoom(f"{pos}+{len(data)} outside")
        for i, b in enumerate(data):
            p = pos + i
            if 0 <= p < self.size and self.owned[p] and self.bytes[p] != b \
                    and lead <= i < len(data) - trail:
                raise NoRoom(f"{p} is taken")
        for i, b in enumerate(data):
            p = pos + i
            if 0 <= p < self.size and not self.owned[p]:
                self.bytes[p] = b
                self.owned[p] = 1

    def find_room(self, n, lo=None, hi=None):
        lo = self.free[0] if lo is None else max(lo, 0)
        hi = self.free[1] if hi is None else min(hi, self.size)
        if hi - lo < n:
            raise NoRoom(f"{n} in {lo}..{hi}")
        for _ in range(60):
            p = self.rng.randrange(lo, hi - n + 1)
            if not any(self.owned[p:p + n]):
                return p
        p = self.owned.find(bytes(n), lo, hi)
        if p < 0:
            raise NoRoom(f"{n} bytes")
        return p


# No letters or digits, and so many zeros that ClamAV does not take it for UTF-16 text.
BINARY = list(range(0x80, 0xF0)) + [0] * 60 + [1, 2, 3, 5, 6, 14, 15, 16, 17]


def binary_filler(rng, n):
    return rng.choices(BINARY, k=n)


def text_filler(rng, n):
    return rng.choices(b"abcdefghij klmnopqrst\n", k=n)



class Needs:
    """What the placed bytes ask of the file: room in all, after the entry point, in sections."""

    def __init__(self):
        self.body = 64
        self.end = 0             # size at least
        self.before_ep = 0
        self.after_ep = 16
        self.section = {}        # index -> bytes
        self.last = 0
        self.nsections = None    # exactly
        self.size = None         # exactly
        self.ep = None           # file offset of the entry point, exactly


def align(n, a=FILE_ALIGN):
    return (n + a - 1) // a * a


def finish_size(needs, size):
    """The file's size when content asks for `size`."""
    size = max(size, needs.end)
    if needs.size is not None:
        if needs.size < size:
            raise NoRoom("does not fit FileSize")
        size = needs.size
    return size


def raw(needs, rng, filler=binary_filler):
    return Canvas(finish_size(needs, needs.body), rng, filler)


def text(needs, rng):
    return raw(needs, rng, text_filler)


def _plan_sections(needs, rng, minimum=1):
    n = needs.nsections
    if n is None:
        n = max([minimum, rng.randint(1, 4)] + [i + 1 for i in needs.section])
    elif needs.section and max(needs.section) >= n:
        raise NoRoom("no such section")
    sizes = [align(max(needs.section.get(i, 0), 1)) for i in range(n)]
    sizes[0] = max(sizes[0], align(needs.before_ep + needs.after_ep))
    sizes[-1] = max(sizes[-1], align(needs.last + 1))
    room = rng.randrange(n)
    sizes[room] = align(sizes[room] + needs.body)
    return sizes


def pe(needs, rng, plus=False):
    sizes = _plan_sections(needs, rng)
    n = len(sizes)
    header = align(0x80 + 24 + 0xF0 + 40 * n, 0x400)
    size = finish_size(needs, header + sum(sizes))
    c = Canvas(size, rng, binary_filler)
    if needs.ep is not None:
        ep_off = needs.ep - header
    else:
        ep_off = needs.before_ep + rng.randrange(0, sizes[0] - needs.before_ep - needs.after_ep + 1)
    if not 0 <= ep_off < sizes[0]:
        raise NoRoom("entry point")
    dos = b"MZ" + bytes(58) + struct.pack("<I", 0x80)
    opt_size = 0xF0 if plus else 0xE0
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664 if plus else 0x14C, n, 0x5F000000, 0, 0,
                                   opt_size, 0x22 if plus else 0x102)
    image = 0x1000 + sum(align(s, 0x1000) for s in sizes)
    if plus:
        opt = struct.pack("<HBBIIIII", 0x20B, 14, 0, sizes[0], 0, 0, 0x1000 + ep_off, 0x1000)
        opt += struct.pack("<QIIHHHHHHIIIIHHQQQQII", 0x140000000, 0x1000, FILE_ALIGN, 6, 0, 0, 0, 6,
                           0, 0, image, header, 0, 3, 0, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    else:
        opt = struct.pack("<HBBIIIIII", 0x10B, 14, 0, sizes[0], 0, 0, 0x1000 + ep_off, 0x1000, 0x1000)
        opt += struct.pack("<IIIHHHHHHIIIIHHIIIIII", 0x400000, 0x1000, FILE_ALIGN, 5, 0, 0, 0, 5, 0,
                           0, image, header, 0, 3, 0, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    opt += bytes(opt_size - len(opt))
    table, pos, rva = b"", header, 0x1000
    for i, s in enumerate(sizes):
        c.sections.append((pos, s))
        table += b".s%-6d" % i + struct.pack("<IIIIIIHHI", s, rva, s, pos, 0, 0, 0, 0, 0xE0000020)
        pos += s
        rva += align(s, 0x1000)
    head = dos + bytes(0x80 - len(dos)) + coff + opt + table
    c.own(0, head)
    c.free = (len(head), size)
    c.ep = header + ep_off
    return c


def pe64(needs, rng):
    return pe(needs, rng, True)


def elf(needs, rng):
    # Section header 0 is the null section, which ClamAV counts.
    sizes = _plan_sections(needs, rng, 2)
    sizes = [0] + sizes[1:] if len(sizes) > 1 and needs.nsections is None else sizes
    n = len(sizes)
    header = align(52 + 32 + 40 * n, 0x100)
    first = max(needs.before_ep + needs.after_ep, 0)
    size = finish_size(needs, header + first + sum(sizes))
    c = Canvas(size, rng, binary_filler)
    ep = needs.ep if needs.ep is not None else header + needs.before_ep + rng.randrange(0, 16)
    base = 0x8048000
    head = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, base + ep, 52,
                                                    84, 0, 52, 32, 1, 40, n, 0)
    head += struct.pack("<IIIIIIII", 1, 0, base, base, size, size, 5, 0x1000)
    pos = header
    for i, s in enumerate(sizes):
        if i == 0:
            head += bytes(40)
            c.sections.append((0, 0))
            continue
        head += struct.pack("<IIIIIIIIII", 0, 1, 6, base + pos, pos, s, 0, 0, 1, 0)
        c.sections.append((pos, s))
        pos += s
    c.own(0, head)
    c.free = (len(head), size)
    c.ep = ep
    return c


def macho(needs, rng):
    sizes = _plan_sections(needs, rng)
    n = len(sizes)
    header = align(28 + 56 + 68 * n + 80, 0x100)
    size = finish_size(needs, header + sum(sizes))
    c = Canvas(size, rng, binary_filler)
    ep = needs.ep if needs.ep is not None else header + needs.before_ep + rng.randrange(
        0, sizes[0] - needs.before_ep - needs.after_ep + 1)
    base = 0x1000
    seg = struct.pack("<II16sIIIIIIII", 1, 56 + 68 * n, b"__TEXT", base, size, 0, size, 7, 5, n, 0)
    pos = header
    for i, s in enumerate(sizes):
        seg += struct.pack("<16s16sIIIIIIIII", b"__s%d" % i, b"__TEXT", base + pos, s, pos, 2, 0, 0,
                           0x80000400, 0, 0)
        c.sections.append((pos, s))
        pos += s
    regs = [0] * 16
    regs[10] = base + ep
    thread = struct.pack("<IIII", 5, 80, 1, 16) + struct.pack("<16I", *regs)
    head = struct.pack("<IIIIIII", 0xFEEDFACE, 7, 3, 2, 2, len(seg) + len(thread), 0) + seg + thread
    c.own(0, head)
    c.free = (len(head), size)
    c.ep = ep
    return c


def ole2(needs, rng):
    # A compound file with one stream over all sectors behind FAT and directory ([MS-CFB] 2).
    body = align(max(needs.body, 4096))
    nfat = 1
    while nfat * 128 < nfat + 1 + body // 512:
        nfat += 1
    size = finish_size(needs, 512 + 512 * nfat + 512 + body)
    body = (size - 1024 - 512 * nfat) // 512 * 512
    while nfat * 128 < nfat + 1 + body // 512:
        nfat += 1
        body -= 512
    if nfat > 109:
        raise NoRoom("ole2")
    c = Canvas(size, rng, binary_filler)
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack(
        "<HHHHHHIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0, nfat, nfat, 0, 4096, 0xFFFFFFFE, 0,
        0xFFFFFFFE, 0)
    head += struct.pack("<109I", *(list(range(nfat)) + [0xFFFFFFFF] * (109 - nfat)))
    first = nfat + 1
    last = first + body // 512
    fat = [0xFFFFFFFD] * nfat + [0xFFFFFFFE]
    fat += [s + 1 for s in range(first, last - 1)] + [0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (nfat * 128 - len(fat))

    def entry(name, kind, child, start, size):
        name = (name + "\0").encode("utf-16le")
        return name.ljust(64, b"\0") + struct.pack("<HBBIII", len(name), kind, 1, 0xFFFFFFFF,
                                                   0xFFFFFFFF, child) + bytes(36) + struct.pack(
                                                       "<IQ", start, size)
    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Data", 2, 0xFFFFFFFF, first, body)
    directory += bytes(256)
    c.own(0, head + struct.pack(f"<{nfat * 128}I", *fat) + directory)
    c.free = (512 * (nfat + 2), size)
    return c


def _framed(name, prefix, suffix, filler):
    def make(needs, rng):
        size = finish_size(needs, len(prefix) + needs.body + len(suffix))
        c = Canvas(size, rng, filler)
        c.own(0, prefix)
        if suffix:
            c.own(size - len(suffix), suffix)
        c.free = (len(prefix), size - len(suffix))
        return c
    make.__name__ = name
    return make


html = _framed("html", b"<html><head><title>t</title></head><body>\n", b"\n</body></html>\n", text_filler)
mail = _framed("mail", b"Received: from a (b [127.0.0.1]) by c; Sat, 21 Nov 2026 10:00:00 +0000\n"
               b"From: a@example.org\nTo: b@example.org\nSubject: t\n"
               b"Date: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\n"
               b"MIME-Version: 1.0\nContent-Type: text/plain\n\n", b"\n", text_filler)
pdf = _framed("pdf", b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\n", b"\ntrailer\n<< >>\n%%EOF\n", text_filler)
gif = _framed("gif", b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff", b"", binary_filler)
png = _framed("png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0", b"", binary_filler)
jpeg = _framed("jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0", b"", binary_filler)
java = _framed("java", b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10", b"", binary_filler)
swf = _framed("swf", b"FWS\x0a\0\x10\0\0", b"", binary_filler)
rtf = _framed("rtf", b"{\\rtf1\\ansi ", b"}", text_filler)

# Target number -> makers of files of that type.
TARGETS = {0: [raw, raw, pe, elf], 1: [pe, pe, pe64], 2: [ole2], 3: [html], 4: [mail], 5: [gif, png, jpeg],
           6: [elf], 7: [text], 9: [macho], 10: [pdf], 11: [swf], 12: [java]}


def zip_of(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, method)
    return out.getvalue()


def tar_of(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def gzip_of(members):
    return gzip.compress(members[0][1], 6, mtime=0)


CONTAINERS = {"CL_TYPE_ZIP": zip_of, "CL_TYPE_POSIX_TAR": tar_of, "CL_TYPE_GZ": gzip_of}
