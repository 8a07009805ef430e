#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the fuzz targets that read what a network, a bundle or a capture says.

usage: egress_seeds.py [FOLDER]      (default: tests/data/fuzz)
"""
import hashlib
import struct
import sys
from pathlib import Path

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "data/fuzz")


def save(target, name, data):
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def entry(seq, kind, peer, data):
    return (f"vitrine/egress/v1\nseq {seq}\ntime {1700000000000000 + seq}\nkind {kind}\npeer {peer}\nlength {len(data)}\n"
            f"sha256 {hashlib.sha256(data).hexdigest()}\n\n").encode() + data


save("egress-entry", "open", entry(0, "open", "192.0.2.1:80 updates.example", b""))
save("egress-entry", "tcp", entry(255, "tcp", "[2001:db8::1]:8080 h", b"GET / HTTP/1.1\r\n\r\n"))
save("egress-entry", "dns", entry(2 ** 62, "dns", "127.0.0.1:53", bytes(range(32))))
save("egress-entry", "wrong-digest", entry(1, "tls", "p", b"a")[:-1] + b"b")

OK = b"HTTP/1.1 200 OK\r\n"
for name, text in {
        "length": OK + b"Content-Length: 5\r\n\r\nabcde", "close": b"HTTP/1.0 404 Not Found\r\n\r\nabc",
        "chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0a\r\n0123456789\r\n0\r\nA: b\r\n\r\n",
        "none": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", "interim": b"HTTP/1.1 100 Continue\r\n\r\n",
        "both": OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "two": OK + b"Content-Length: 1\r\n" * 2 + b"\r\n",
        "short": OK + b"Content-Length: 500\r\n\r\nabc", "badchunk": OK + b"Transfer-Encoding: chunked\r\n\r\nx\r\n"}.items():
    save("http-response", name, b"\x02" + text)


def name_bytes(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def question(kind):
    tail = struct.pack(">HHHHHH", 0, 0x100, 1, 0, 0, 0) + name_bytes("updates.example") + struct.pack(">HH", kind, 1)
    h = 2166136261
    for b in tail:
        h = (h ^ b) * 16777619 & 0xffffffff
    return struct.pack(">H", (h ^ h >> 16) & 0xffff) + tail[2:]


def answer(kind, records, code=0):
    q = question(kind)
    return q[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0) + q[12:] + b"".join(records)


def record(kind, data, owner=b"\xc0\x0c"):
    return owner + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


V4, V6 = bytes([192, 0, 2, 1]), bytes([0x20, 1, 0xd, 0xb8] + [0] * 11 + [1])
save("dns", "a", answer(1, [record(1, V4), record(1, V4)]))
save("dns", "cname", answer(1, [record(5, name_bytes("cdn.example")), record(1, V4, name_bytes("cdn.example"))]))
# the last byte says which question it answers: odd is AAAA
save("dns", "aaaa", answer(28, [record(28, V6)]))
save("dns", "nosuch", answer(1, [], 3) + b"\0")
save("dns", "loop", answer(1, [record(5, b"\xc0\x2f", b"\xc0\x21"), record(1, V4, b"\xc0\x0c")]))
save("dns", "hosts", b"127.0.0.1 localhost\n# x\n192.0.2.7\tother updates.example # y\n2001:db8::1 UPDATES.example\n")
save("dns", "resolv", b"; c\nsearch x\nnameserver 192.0.2.53\nnameserver 2001:db8::53\noptions edns0\nnameserver x\n")
for i, url in enumerate(("http://updates.example/tile/0/x001/067.p/3", "https://[2001:DB8::1]:8443/~a-b_c", "http://192.0.2.1:80/",
                         "http://u@h/", "https://h/a/../b", "http://h:99999/", "http://h")):
    save("dns", f"url{i}", url.encode())


def tar(name, size=0, kind=b"0", prefix=b"", magic=b"ustar\x0000"):
    h = bytearray(512)

    def put(at, b):
        h[at:at + len(b)] = b
    put(0, name), put(100, b"0000644\0"), put(108, b"0000000\0"), put(116, b"0000000\0"), put(124, b"%011o\0" % size)
    put(136, b"00000000000\0"), put(156, kind), put(257, magic), put(345, prefix)
    put(148, b" " * 8)
    put(148, b"%06o\0 " % sum(h))
    return bytes(h)


save("tar", "file", tar(b"./tile/0/000", 96))
save("tar", "folder", tar(b"./", 0, b"5"))
save("tar", "prefix", tar(b"b" * 100, 8, prefix=b"a/" * 77))
save("tar", "gnu", tar(b"checkpoint", 8, magic=b"ustar  \0"))
save("tar", "link", tar(b"x", 0, b"2"))
save("tar", "up", tar(b"a/../../x", 1))
save("tar", "end", bytes(512))


def ip(proto, payload, src=(127, 0, 0, 1), dst=(192, 0, 2, 1)):
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0x4000, 64, proto, 0) + bytes(src) + bytes(dst) + payload


def ip6(proto, payload):
    return struct.pack(">IHBB", 6 << 28, len(payload), proto, 64) + V6 + V6 + payload


def tcp(seq, flags, data=b"", ports=(40000, 80)):
    return struct.pack(">HHIIBBHHH", *ports, seq & 0xffffffff, 0, 0x50, flags, 1000, 0, 0) + data


def udp(data, ports=(40000, 53)):
    return struct.pack(">HHHH", *ports, 8 + len(data), 0) + data


def pcap(packets, link=1, order="<", magic=0xa1b2c3d4):
    out = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 262144, link)
    for p in packets:
        out += struct.pack(order + "IIII", 1, 2, len(p), len(p)) + p
    return out


def ether(p):
    return bytes(12) + (b"\x86\xdd" if p[0] >> 4 == 6 else b"\x08\0") + p


GET = b"GET / HTTP/1.1\r\n\r\n"
PACKETS = [ip(17, udp(b"question"), dst=(127, 0, 0, 1)), ip(17, udp(b"answer", (53, 40000)), dst=(127, 0, 0, 1)),
           ip(6, tcp(0xfffffff8, 2)), ip(6, tcp(5, 18, b"", (80, 40000)), src=(192, 0, 2, 1), dst=(127, 0, 0, 1)),
           ip(6, tcp(0xfffffff9 + 8, 24, GET[8:])), ip(6, tcp(0xfffffff9, 24, GET[:8])), ip(6, tcp(0xfffffff9, 24, GET[:8])),
           ip(6, tcp(6, 24, b"HTTP/1.1 200 OK\r\n", (80, 40000)), src=(192, 0, 2, 1), dst=(127, 0, 0, 1))]
save("pcap", "ethernet", pcap([ether(p) for p in PACKETS]))
save("pcap", "raw-big-endian", pcap(PACKETS, 101, ">"))
save("pcap", "null-nanoseconds", pcap([b"\x02\0\0\0" + p for p in PACKETS], 0, "<", 0xa1b23c4d))
save("pcap", "cooked", pcap([struct.pack(">HHHQH", 4, 1, 6, 0, 0x800) + p for p in PACKETS], 113))
save("pcap", "cooked2", pcap([struct.pack(">HHIHBBQ", 0x800, 0, 1, 1, 4, 6, 0) + p for p in PACKETS], 276))
save("pcap", "v6", pcap([ether(ip6(6, tcp(1, 2))), ether(ip6(0, b"\x06\0" + bytes(6) + tcp(2, 24, b"x")))]))
save("pcap", "fragment", pcap([ether(ip(17, udp(b"x"))[:6] + b"\x20\0" + ip(17, udp(b"x"))[8:])]))
save("pcap", "conflict", pcap([ether(p) for p in (*PACKETS, ip(6, tcp(0xfffffff9, 24, b"PUT / HT")))]))
save("pcap", "gap", pcap([ether(p) for p in (PACKETS[2], PACKETS[4])]))
save("pcap", "cut", pcap([ether(p) for p in PACKETS])[:-5])
