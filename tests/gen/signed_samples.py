#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Executables with version resources and signatures by a key made on the spot.

usage: signed_samples.py FOLDER

PE files are signed by osslsigncode, Mach-O ones by openssl over a code directory written here. The
vendor is made up.
"""
import hashlib
import os
import struct
import subprocess
import sys

CN, ORG = "Look-alike Lab", "AO Look-alike"
TEAM, IDENT = "2A3B4C5D6E", "com.look-alike.core"


def run(*args, **more):
    return subprocess.run(args, check=True, capture_output=True, **more).stdout


def block(key, value=b"", children=b"", text=False):
    """A block of a version resource; lengths of texts are in words."""
    k = key.encode("utf-16le") + b"\0\0"
    head = b"\0" * 6 + k
    head += b"\0" * (-len(head) % 4)
    body = head + value
    if children:
        body += b"\0" * (-len(body) % 4) + children
    n = len(value) // 2 if text else len(value)
    return struct.pack("<HHH", len(body), n, 1 if text else 0) + body[6:]


def join(blocks):
    out = b""
    for b in blocks:
        out += b"\0" * (-len(out) % 4) + b
    return out


def version_resource(strings):
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, 0x10002, 3, 0x10002, 3, 0x3F, 0, 4, 1, 0, 0, 0)
    table = block("040904b0", children=join(
        block(k, v.encode("utf-16le") + b"\0\0", text=True) for k, v in strings.items()), text=True)
    var = block("VarFileInfo", children=block("Translation", struct.pack("<HH", 0x409, 1200)), text=True)
    return block("VS_VERSION_INFO", fixed, join([var, block("StringFileInfo", children=table, text=True)]))


def pe(strings, wide=True):
    """A PE file with code and resources: type 3 (an icon, without use), then the version."""
    v = version_resource(strings) if strings else b""
    rva, at = 0x2000, 0x400
    tree = struct.pack("<IIHHHH", 0, 0, 0, 0, 0, 1) + struct.pack("<II", 16, 0x80000018)
    tree += struct.pack("<IIHHHH", 0, 0, 0, 0, 0, 1) + struct.pack("<II", 1, 0x80000030)
    tree += struct.pack("<IIHHHH", 0, 0, 0, 0, 0, 1) + struct.pack("<II", 0x409, 0x48)
    tree += struct.pack("<IIII", rva + 0x58, len(v), 0, 0)
    rsrc = tree + v
    rsrc += b"\0" * (-len(rsrc) % 0x200)
    dos = b"MZ" + b"\0" * 58 + struct.pack("<I", 64)
    coff = struct.pack("<HHIIIHH", 0x8664 if wide else 0x14C, 2, 0, 0, 0, 240 if wide else 224, 0x22)
    if wide:
        opt = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0x200, len(rsrc), 0, 0x1000, 0x1000)
        opt += struct.pack("<QIIHHHHHHIIIIHH", 0x140000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0,
                           0x3000, 0x200, 0, 3, 0)
        opt += struct.pack("<QQQQII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    else:
        opt = struct.pack("<HBBIIIIII", 0x10B, 14, 0, 0x200, len(rsrc), 0, 0x1000, 0x1000, 0x2000)
        opt += struct.pack("<IIIHHHHHHIIIIHH", 0x400000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0,
                           0x3000, 0x200, 0, 3, 0)
        opt += struct.pack("<IIIIII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    dirs = [(0, 0)] * 16
    if strings:
        dirs[2] = (rva, len(tree) + len(v))
    opt += b"".join(struct.pack("<II", *d) for d in dirs)
    sections = struct.pack("<8sIIIIIIHHI", b".text", 0x10, 0x1000, 0x200, 0x200, 0, 0, 0, 0, 0x60000020)
    sections += struct.pack("<8sIIIIIIHHI", b".rsrc", len(rsrc), rva, len(rsrc), at, 0, 0, 0, 0, 0x40000040)
    head = dos + b"PE\0\0" + coff + opt + sections
    return head + b"\0" * (0x200 - len(head)) + b"\xc3" * 0x200 + rsrc


def code_directory(page):
    """Over one page of code."""
    ident, team = IDENT.encode() + b"\0", TEAM.encode() + b"\0"
    size = 52
    total = size + len(ident) + len(team) + 32
    cd = struct.pack(">IIIIIIIIIBBBBIII", 0xFADE0C02, total, 0x20200, 0, total - 32, size, 0, 1, 0x1000, 32, 2, 0,
                     12, 0, 0, size + len(ident))
    return cd + ident + team + hashlib.sha256(page).digest()


def macho(folder, cpu, sign):
    """Signed twice: the length of the signature is in the page that it signs."""
    first = macho_of(folder, cpu, sign, 0)
    last = macho_of(folder, cpu, sign, len(first) - 0x1000)
    assert len(first) == len(last)
    return last


def macho_of(folder, cpu, sign, size):
    head = struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, 3, 2, 2, 40, 0, 0)
    head += struct.pack("<II", 0x1B, 24) + bytes(16)
    head += struct.pack("<IIII", 0x1D, 16, 0x1000, size)
    head += bytes(0x1000 - len(head))
    cd = code_directory(head)
    blobs = [(0, cd)]
    if sign:
        with open(os.path.join(folder, "cd"), "wb") as f:
            f.write(cd)
        der = run("openssl", "cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256", "-signer", "cert.pem",
                  "-inkey", "key.pem", "-in", "cd", cwd=folder)
        blobs.append((0x10000, struct.pack(">II", 0xFADE0B01, 8 + len(der)) + der))
    at, index, body = 12 + 8 * len(blobs), b"", b""
    for kind, b in blobs:
        index += struct.pack(">II", kind, at + len(body))
        body += b
    blob = struct.pack(">III", 0xFADE0CC0, at + len(body), len(blobs)) + index + body
    return head + blob


def fat(parts):
    out, body, at = struct.pack(">II", 0xCAFEBABE, len(parts)), b"", 0x1000
    for cpu, b in parts:
        b += b"\0" * (-len(b) % 0x1000)
        out += struct.pack(">IIIII", cpu, 3, at + len(body), len(b), 12)
        body += b
    return out + b"\0" * (at - len(out)) + body


def main(folder):
    os.makedirs(folder, exist_ok=True)
    path = lambda n: os.path.join(folder, n)
    write = lambda n, b: open(path(n), "wb").write(b)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path("key.pem"), "-out", path("cert.pem"),
        "-days", "3650", "-subj", f"/C=XX/O={ORG}/CN={CN}", "-addext", "extendedKeyUsage=codeSigning")
    strings = {"CompanyName": "AO Look-alike \u041b\u0430\u0431", "FileVersion": "21.3.10.391",
               "OriginalFilename": "avp.exe", "ProductName": "Look-alike Anti-Virus"}
    write("plain.exe", pe(strings))
    write("plain32.exe", pe(strings, wide=False))
    for name, source, digest in (("signed.exe", "plain.exe", "sha256"), ("signed32.exe", "plain32.exe", "sha1"),
                                 ("signed384.exe", "plain.exe", "sha384")):
        run("osslsigncode", "sign", "-certs", path("cert.pem"), "-key", path("key.pem"), "-h", digest,
            "-in", path(source), "-out", path(name))
    signed = open(path("signed.exe"), "rb").read()
    write("patched.exe", signed[:0x210] + b"\x90" + signed[0x211:])
    write("cut.exe", signed[:len(pe(strings))])
    write("appended.exe", signed + b"appended")
    # the signature pasted into another file
    other = pe({"CompanyName": "Somebody"})
    other += b"\0" * (-len(other) % 8)
    blob = signed[len(pe(strings)):]
    entry = 64 + 24 + 112 + 32
    write("pasted.exe", other[:entry] + struct.pack("<II", len(other), len(blob)) + other[entry + 8:] + blob)
    run("osslsigncode", "remove-signature", "-in", path("signed.exe"), "-out", path("stripped.exe"))
    x86, arm = macho(folder, 0x01000007, True), macho(folder, 0x0100000C, True)
    write("thin", x86)
    write("fat", fat([(0x01000007, x86), (0x0100000C, arm)]))
    write("adhoc", macho(folder, 0x0100000C, False))
    write("patched", x86[:0x800] + b"!" + x86[0x801:])
    i = x86.index(TEAM.encode())
    write("forged", x86[:i] + b"9" + x86[i + 1:])
    for n in ("cd", "key.pem", "cert.pem"):
        os.unlink(path(n))


if __name__ == "__main__":
    main(sys.argv[1])
