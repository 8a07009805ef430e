#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does Vitrine take the signature lines that ClamAV takes, and set aside those that it refuses?

    tests/oracle/accept.py build/src/compile/clamav/clamav-lines

Runs clamscan on each line below as a database of its own and compares: a line that loads must be
added, one that stops the load must be set aside as bad, one that is skipped must be set aside as
unsupported or for another level. A line that differs on purpose names a row of "Lines that load
differently" in docs/compat-clamav.md; one that no longer differs fails as well. Exit 77 (skipped)
without clamscan.
"""
import os
import sys

# This folder holds a types.py of its own, which must not hide Python's.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import re
import shutil
import subprocess
import tempfile

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
SHA1 = MD5 + "00000000"
SHA256 = MD5 + MD5

# extension -> [line or (line, row of the table)]
HASH = [
    MD5 + ":10:N", MD5.upper() + ":10:N", SHA1 + ":10:N", SHA256 + ":10:N", MD5 + ":1:N:1:216",
    MD5 + ":*:N:73", (MD5 + ":*:N", "any-size"), (MD5 + ":*:N:72", "any-size"), MD5 + ":4294967294:N",
    (MD5 + ":4294967295:N", "size-4g"), MD5 + ":4294967296:N", MD5 + ":0:N", MD5 + ":-1:N", MD5 + ":10x:N",
    MD5 + "::N", MD5 + ":x:N", MD5 + ":0x10:N", (MD5 + ": 10:N", "blank-number"),
    (MD5 + ":+10:N", "blank-number"), MD5 + ":10:", MD5 + ":10", MD5, MD5 + ":10:N:217", MD5 + ":10:N:300",
    MD5 + ":10:N:1:215", MD5 + ":10:N:1:100", (MD5 + ":10:N::", "empty-level"),
    (MD5 + ":10:N:x", "level-text"), (MD5 + ":10:N:1:x", "level-text"), MD5 + ":10:N:1:255:7",
    MD5[:-1] + "g:10:N", MD5[:-1] + ":10:N", MD5[:-2] + ":10:N", SHA256 + MD5 + ":10:N", " " + MD5 + ":10:N",
    "10:" + MD5 + ":N", "# comment",
]
SECTION = [
    "10:" + MD5 + ":N", "10:" + SHA1 + ":N", "10:" + SHA256 + ":N", "*:" + MD5 + ":N:73",
    ("*:" + MD5 + ":N", "any-size"), "0:" + MD5 + ":N", MD5 + ":10:N", "10:" + MD5, "10:" + MD5 + ":N:217",
]


def ndb(*bodies):
    return [("A:0:*:" + b[0], b[1]) if isinstance(b, tuple) else "A:0:*:" + b for b in bodies]


BODIES = ndb(
    "68656c6c6f", "68656C6C6F", "686", "68656c6", "68g5", "68656g", "", "68 65", " 6865", "hello",
    ("6865", "two-bytes"), ("68656c6c6f ", "trailing-blank"), "68", "6?", "??", "68??6c", "6??5", "68??", "??6865",
    "6865??", "????6865", "6?6865", "?86865", "6865?6", "68?g", "6865??????????????????????6c",
    # jumps
    "6865{2}6f", "6865{0}6c6c", "6865{0}6f", "6865{0}", "{0}6865", "6865{-0}6f20", "6865{0-0}6f20", "6865(6c{0}6c|6d6e)6f", "6865{127}6f", "6865{127}6f20", "6865{128}6f", "6865{128}6f20", "6865{-4}6f20",
    "6865{2-}6f20", "6865{2-4}6f20", "6865{2-2}6f20", ("6865{4-2}6f20", "range-upside-down"), "6865{a}6f20",
    "6865{-}6f20", "6865{}6f20", "6865{1-2-3}6f20", "6865{-4}6f", "68{-4}6f20", "6865*6f", "6865*6f20", "68656*6f20",
    "*6865", "6865*", "6865**6f20", "6865*{2-3}6f20", "{2}6865", "6865{2}", "6865{2-4}", "{2-4}6865", "6865{2",
    "6865*686c*6869", "6865*68*6869", "6865{1-2}68??*6869",
    # anchors
    "6865[1-2]6f", "6865[2]6f", "65[1-3]6f20776f", "6f[1-5]726c64", "68[1-2]656c", "6865[1-2]", "[1-2]6865",
    ("6865[2-2]6f20", "anchor-both"), ("6865[1-2]6c[0-1]6f", "anchor-both"), ("6865[1-2]6f20776f", "anchor-both"),
    "6865[0-33]6f", "6865[0-32]6f", "6865[2-1]6f", ("6865[-2]6f", "anchor-open"), "6865[2-]6f",
    # alternatives
    "68(65|66)6c", "6865(6c|6d)6f", "(68|69)656c", "(68|69)", "(6865|6965)6c6c", "(6865|6965)", "6c6c6f(20|21)",
    "6c6c(6f20|6f21)", "!(65)6c6c6f", "68!(66|67)6c6c", "68!(66|6768)6c6c", "6865!(6d6d|6e6e)6f20", "!(6?)6c6c6f",
    "68!(6?|77)6c6c", "!((68|69)|77)656c", "6865(6c|6c6d)6f", ("68(65|6665)6c6c", "variable-first"),
    ("68(6?|66)6c6c", "variable-first"), "6865(6c{1}6f|6c6d)20", "6865(6c??6f|6c6d)20", "6865(6c{1-2}6f|6c6d)20",
    "6865(6c{200}6f|6c6d)20", "6865(6c*6f|6c6d)20", "((68|69)65|7777)6c6c", "((68|69)|77)656c",
    "6c6c((((68|69)|6a)|6b)|6c)6d6d", ("6865(6c|)6f", "alternative-empty"), "6865()6f", "6865(6c|6d", "6865)6c", ("6865(6c||6d)6f", "alternative-empty"), "6865(6|6d)6f", "6865!6c6c",
    "6865|6c6d",
    # boundaries
    "(B)6865", "(L)6865", "(W)6865", "6865(B)", "6865(L)", "6865(W)", ("!(B)6865", "negated-boundary"), ("!(L)6865", "negated-boundary"), ("!(W)6865", "negated-boundary"), "(B)6865(B)",
    "686c(B)6c6c", "686c(W)6c6c", "686c(L)6c6c", "6c6c6f(20|(W))776f", "6865(B)*6c6c", ("20(B)776f", "bound-after-one"), ("6f(W)776f", "bound-after-one"), "(B)", "6865(C)6c6c",
)
OFFSETS = [
    "A:0:*:686566", "A:0:5:686566", "A:0:0,5:686566", "A:0:EOF-5:686566", "A:0:EOF-5,2:686566", "A:0::686566", "A:0:$1:6865", "A:0:$31:6865",
    "A:0:$32:6865", "A:0:$:6865", "A:0:$a:6865", "A:1:EP+0:686566", "A:1:EP-5:686566", "A:6:EP+0:6865", "A:9:EP+0:6865",
    "A:1:S0+0:686566", "A:1:S12+34,5:686566", "A:1:SE0:686566", "A:1:SL+1:686566", "A:1:VI:686566", "A:0:EP+0:686566", "A:7:EP+0:6865",
    "A:2:S0+0:6865", "A:0:VI:6865", "A:2:VI:6865", "A:6:VI:6865", "A:6:EP:6865", "A:1:EP5:686566", "A:1:S+0:686566", "A:1:S0:686566",
    "A:1:S0-1:686566", "A:1:SE0+1:686566", "A:1:SL-1:686566", "A:1:SL:686566", "A:0:EOF:686566", "A:0:EOF+4:686566", "A:0:-1:686566",
    "A:0:abc:686566", "A:0:0x10:686566", "A:0: 5:686566", "A:0:EOF-5,x:686566", "A:0:*,5:686566", ("A:0:5,:686566", "offset-shift-empty"),
    ("A:1:SE:686566", "section-empty"), ("A:1:VI+1:686566", "vi-junk"), ("A:1:VIx:686566", "vi-junk"),
    ("A:0:5,99999999999:686566", "offset-too-large"), "A:0:99999999999:686566", ("A:1:S100000+0:686566", "offset-too-large"),
    "A:14:*:6865", "A:13:*:6865", "A:15:*:6865", "A:99:*:6865", "A:a:*:686566", "A:-1:*:686566", "A:0 :*:686566", "A::*:686566",
    "A:0:*:686566:", "A:0:*:686566:80:255", "A:0:*:686566:216:216", "A:0:*:686566:217", "A:0:*:686566:1:50", "A:0:*:686566:x",
    ("A:0:*:686566::", "empty-level"), "A:0:*:686566:80:255:1", "A:0:*:686566::i", "A:0:*", "A:0", ":0:*:686566", " :0:*:686566", "A B:0:*:686566",
    " #x",
]


def tdb(*rows):
    return [("A;%s;0;686566" % r[0], r[1]) if isinstance(r, tuple) else "A;%s;0;686566" % r for r in rows]


E = "Engine:51-255,"
TDB = tdb(
    "Target:0", E + "Target:0", "", "Engine:51-255", "Engine:51,Target:0", "Engine:217-255,Target:0", "Engine:0-215,Target:0",
    "Engine:0-216,Target:0", "Target:0,Engine:51-255", "Target:15", "Target:x", "Foo:1,Target:0", "Target:0,Foo:1", "Target:0,Foo", "Target:0,",
    "Target:-1", "Target: 0", "Target:0 ", "target:0", "Target", ("Target:0,FileSize:1-100", "no-engine"), ("Target:0,Container:CL_TYPE_ZIP", "no-engine"),
    E + "Target:0,FileSize:1-100", E + "Target:0,FileSize:-100", E + "Target:0,FileSize:5", E + "Target:0,FileSize:1-x", E + "Target:0,FileSize:1-2-3",
    (E + "Target:0,FileSize:100-1", "range-upside-down"), (E + "Target:0,FileSize:1-", "range-open"), E + "Target:0,EntryPoint:1-5",
    E + "Target:1,EntryPoint:1-5", E + "Target:6,NumberOfSections:1-5", E + "Target:9,NumberOfSections:1-5", E + "Target:2,NumberOfSections:1-5",
    E + "Target:1,EntryPoint:5", E + "Target:0,Container:CL_TYPE_ZIP", (E + "Target:0,Container:CL_TYPE_ANY", "container-any"),
    E + "Target:0,Container:CL_TYPE_FOO", E + "Target:0,Container:ZIP", E + "Target:0,Intermediates:CL_TYPE_ZIP>CL_TYPE_RAR",
    E + "Target:0,Intermediates:CL_TYPE_ANY", E + "Target:0,Intermediates:CL_TYPE_ZIP>", E + "Target:0,Intermediates:CL_TYPE_FOO",
    E + "Target:0,Intermediates:" + ">".join(["CL_TYPE_ZIP"] * 16), (E + "Target:0,Intermediates:" + ">".join(["CL_TYPE_ZIP"] * 17), "intermediates-17"),
    E + "Target:0,HandlerType:CL_TYPE_ZIP", E + "Target:0,HandlerType:CL_TYPE_FOO", (E + "Target:1,IconGroup1:X", "icons"),
    (E + "Target:1,IconGroup2:X", "icons"), "20191220" + E + "Target:0", E + "Target:0,Target:1", E + "Target:0,FileSize:1-2,FileSize:3-4",
)
H = "68656c"


def ldb(*rows):
    return [("A;Engine:81-255,Target:0;" + r[0], r[1]) if isinstance(r, tuple) else "A;Engine:81-255,Target:0;" + r for r in rows]


LOGIC = ldb(
    "0;" + H, "1;" + H, "0|1;" + H, "0;%s;%s" % (H, H), "0&1;%s;%s" % (H, H), "0&2;%s;%s;%s" % (H, H, H), "0&1|2;%s;%s;%s" % (H, H, H),
    "((0));" + H, "(0;" + H, "0);" + H, "();" + H, ";" + H, "0&;" + H, "&0;" + H, "0&&1;%s;%s" % (H, H), "0 & 1;%s;%s" % (H, H),
    "0,1;%s;%s" % (H, H), "(0)(1);%s;%s" % (H, H), "0&0;" + H, "00;" + H, "64;" + H, "a;" + H, "!0;" + H, "(0|1;%s;%s" % (H, H),
    "0=1;" + H, "0=0;" + H, "0>1;" + H, "0<2;" + H, "0=1,1;" + H, "(0|1)=1,1;%s;%s" % (H, H), "(0|1)>1,2;%s;%s" % (H, H), "0=;" + H, "0=x;" + H,
    "0=1,;" + H, "0>=1;" + H, "0==1;" + H, "0=>1;" + H, "0=1,&1;%s;%s" % (H, H), ("(0)=1;" + H, "group-of-one"), "0;", "0;;", "0;%s;" % H, "0&1;%s;" % H,
    "&".join(map(str, range(64))) + (";" + H) * 64, "&".join(map(str, range(65))) + (";" + H) * 65,
    # content
    "0;%s::i" % H, "0;%s::" % H, "0;%s::q" % H, "0;%s::ii" % H, "0;%s::iwfa" % H, "0;%s::aw" % H, "0;%s:i" % H, "0;0:" + H, "0;EOF-5:" + H, "0;*:" + H, "0;:" + H,
    "0;0:0:" + H, "0;0,5:" + H, "0;EP+0:" + H, "0;6865", "0;68", "0;6865{2-3}6f20::i", "0;6865(6c|6d)6f::i", "0;6865*6f20::w",
    "0;4?62::i", "0;%s&77" % H,
    # regular expressions
    "1;%s;0/wor/" % H, "1;%s;0/w\\/x/" % H, "1;%s;0/d/x/" % H, "1;%s;0/a\\;b/" % H, "1;%s;0/a;b/" % H, "1&2;%s;0/a;b/i;%s" % (H, H), "1;%s;0/a\\x3Bb/" % H,
    "1;%s;0//" % H, "1;%s;0/(/" % H, "1;%s;0/[/" % H, "1;%s;0/a{2,1}/" % H, "1;%s;0/a" % H, "1;%s;/wor/" % H, "1;%s;1/wor/" % H, "1;%s;2/wor/" % H,
    "1;0/wor/;" + H, "0;0/wor/", "0;/wor/", "1;%s;0/wor/q" % H, "1;%s;0/wor/gresmxAEUi" % H, "1;%s;0/wor/G" % H, "1;%s;2:0/hello/" % H,
    "1;%s;2,5:0/hello/e" % H, "1;%s;*:0/hello/" % H, "1;%s;EP+0:0/hello/" % H, "1;%s;0=1/wor/" % H, "1;%s;(0)/wor/" % H, "1;%s;(0/wor/" % H, "1;%s;x/wor/" % H,
    "1;%s; 0/wor/" % H, "1;%s;0/wor/i::w" % H, "1;%s;$1:0/wor/" % H, "1;%s;0/(?<n>wor)/" % H, "1;%s;0/(?P<a>wo)(?P<a>r)/" % H, "1;%s;0/\\x{100}/" % H,
    "2;%s;%s;0,1/wor/" % (H, H), ("1;%s;0/(*UTF)wor/" % H, "regex-utf"), ("1;%s;0/(*UCP)wor/" % H, "regex-utf"), "1;%s;0/\\Cwor/" % H, "1;%s;0/(?R)?a/" % H,
    # byte comparisons
    *["1;%s;%s" % (H, b) for b in (
        "0(>>0#hb2#=0x1F)", "0(<<4#hle4#>5)", "0(>>1#db5#=31)", "0(>>1#d5#=31)", "0(>>1#dl5#=31)", "0(>>1#de5#=31)", "0(>>1#ab5#=31)", "0(>>0#il1#=0x68)",
        "0(>>0#ib2#=1)", "0(>>0#ib4#=1)", "0(>>0#ib8#=1)", "0(>>0#ib3#=1)", "0(>>0#ib16#=1)", "0(>>0#ib1#>1,<0xff)", "0(>>0#ib1#>1,<0xff,=3)",
        "0(>>0#ib1#>1,)", "0(>>0#ib1#)", "0(>>0#ib1#!1)", "0(>>0#ib1#=x)", "0(>>x#ib1#=1)", "0(>>0x10#ib1#=1)", "0(>0#ib1#=1)", "0(>>0#zb1#=1)", "0(>>0#ib#=1)",
        "0(>>0#ib0#=1)", "0(>>0#ib1#=1", "x(>>0#ib1#=1)", "0(>>0#ibe1#=1)", "0(>>0#iel1#=1)", "0(>>0#hb18#=1)", "0(>>0#hb19#=1)", "0(>>0#db20#=1)", "0(>>0#ib0x1#=1)",
        "0(>>0##=1)", "0|0(>>0#ib1#=1)", "0( >>0#ib1#=1)", "0(>>0#ib1#>=1)", "00(>>0#ib1#=1)")],
    *[("1;%s;%s" % (H, b), "bytecmp-junk") for b in (
        "0(>>0#ib1#=)", "0(>>#ib1#=1)", "(>>0#ib1#=1)", "5(>>0#ib1#=1)", "1(>>0#ib1#=1)", "0(>>-1#ib1#=1)", "0(>>0#ib1#=-1)", "0(>>0#ib1#= 1)",
        "0(>>0#ib1#=1)x", "0(>>0#b1#=1)", "0(>>4294967296#ib1#=1)", "0(>>0#ib8#=0x1ffffffffffffffff)")],
    *[("1;%s;%s" % (H, b), "bytecmp-order") for b in ("0(>>0#i2#=1)", "0(>>0#h2#=1)", "0(>>0#a2#=1)")],
    # macros and images
    "0&1;%s;${6-7}12$" % H, "0&1;%s;${6-7}31$" % H, "0&1;%s;${6-7}32$" % H, "0&1;%s;${6}1$" % H, "0&1;%s;${-6}1$" % H, "0&1;%s;${6-}1$" % H, "0&1;%s;${6-7}$" % H,
    "0&1;%s;${6-7}1" % H, "0&1;%s;$1$" % H, "0&1;%s;${a-7}1$" % H, ("0&1;%s;${7-6}1$" % H, "range-upside-down"), ("0;${6-7}12$", "macro-first"),
    ("0&1;%s;fuzzy_img#af2ad01ed42993c7" % H, "images"),
) + ["A;Target:0;0", "A;Target:0", "A", ";Target:0;0;" + H, "A/B;Target:0;0;" + H]
CDB = ["A:" + x if isinstance(x, str) else ("A:" + x[0], x[1]) for x in (
    "CL_TYPE_ZIP:*:.*:*:*:*:*:*:*", "*:*:*:*:*:*:*:*:*", "CL_TYPE_ANY:*:a:*:*:*:*:*:*", ("CL_TYPE_FOO:*:.*:*:*:*:*:*:*", "cdb-type"), "CL_TYPE_ZIP:*:.*:*:*:*:*:*",
    "CL_TYPE_ZIP:*:.*:*:*:*:*:*:*:1:300", "CL_TYPE_ZIP:*:.*:*:*:*:*:*:*:300", "CL_TYPE_ZIP:*:.*:*:*:*:*:*:*:1:300:2", "CL_TYPE_ZIP:1-100:.*:1-5:6:0:1:deadbeef:*",
    "CL_TYPE_ZIP:1-:.*:*:*:*:*:*:*", "CL_TYPE_ZIP:-5:.*:*:*:*:*:*:*", ("CL_TYPE_ZIP:5-1:.*:*:*:*:*:*:*", "range-upside-down"), "CL_TYPE_ZIP:x:.*:*:*:*:*:*:*",
    "CL_TYPE_ZIP:*:(:*:*:*:*:*:*", "CL_TYPE_ZIP:*:[:*:*:*:*:*:*", "CL_TYPE_ZIP:*::*:*:*:*:*:*", "CL_TYPE_ZIP:*:.*:*:*:2:*:*:*", "CL_TYPE_ZIP:*:.*:*:*:x:*:*:*",
    ("CL_TYPE_ZIP:*:.*:*:*:*:*:zz:*", "crc-junk"), ("CL_TYPE_ZIP:*:.*:*:*:*:*:deadbeef0:*", "crc-junk"), "CL_TYPE_7Z:*:.*:*:*:*:*:zz:*",
    "CL_TYPE_ZIP:*:[[:alpha:]]x:*:*:*:*:*:*", "CL_TYPE_ZIP:*:a\\:b:*:*:*:*:*:*", "CL_TYPE_ZIP:*:a{1,3}\\.exe$:*:*:*:*:*:*", ("CL_TYPE_ZIP::a:*:*:*:*:*:*", "range-empty"),
    "CL_TYPE_ZIP:*:a:*:*:*:1:*:x", "CL_TYPE_RAR:*:a:*:*:1:1-2:1f:*", (":*:a:*:*:*:1:*:*", "cdb-type"))]
IGN = ["A", ":", "A B", ("A:" + MD5, "ign2-short-name"), "A.Longer-Name:" + MD5, "x:1:A", "A:bc35", "A:zz356bae4c42f19a3de16e333ba3569c"]
DB = ["A=686566", "A (Clam)=686566", "A=6865*6c20", "A=74*6c", "=686566", "A=", "A"]

CASES = {
    "hdb": HASH, "hsb": HASH[:8], "imp": HASH[:3] + [HASH[5]], "fp": HASH[:8], "sfp": HASH[:8], "mdb": SECTION, "msb": SECTION,
    "ndb": BODIES + OFFSETS, "sdb": OFFSETS[:3], "ldb": TDB + LOGIC, "cdb": CDB, "ign2": IGN, "ign": ["A", "x:1:A", "x:y:A", "a:1:b:c"], "db": DB,
}
LISTS_ONLY = ("ign", "ign2")  # nothing to count as a signature


def clamscan(ext, line):
    """'loads', 'skips' or 'fails'."""
    with tempfile.TemporaryDirectory() as d:
        db, sample = os.path.join(d, "t." + ext), os.path.join(d, "sample")
        with open(db, "w", encoding="latin-1") as f:
            f.write(line + "\n")
        with open(sample, "w", encoding="ascii") as f:
            f.write("hello world\n")
        r = subprocess.run(["clamscan", "-d", db, sample], capture_output=True, check=False)
        known = re.search(rb"Known viruses: (\d+)", r.stdout)
        if r.returncode < 0:
            return "crashes"
        if r.returncode == 2:
            return "fails"
        return "loads" if ext in LISTS_ONLY or int(known.group(1)) else "skips"


def vitrine(tool, ext, line):
    """The same three words, and what the tool said."""
    with tempfile.TemporaryDirectory() as d:
        db = os.path.join(d, "t." + ext)
        with open(db, "w", encoding="latin-1") as f:
            f.write(line + "\n")
        said = subprocess.run([tool, db], capture_output=True, check=True).stdout.decode("latin-1")
    first = said.split("\n", 1)[0]
    aside = re.match(r"1 (BAD|UNSUPPORTED|REFUSED|LEVEL) ", first)
    if first.startswith("rules "):
        return "skips", ""
    if not aside:
        return "loads", first
    return ("fails" if aside.group(1) == "BAD" else "skips"), first


def documented_rows():
    doc = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "compat-clamav.md")
    with open(doc, encoding="utf-8") as f:
        section = f.read().split("\n## Lines that load differently", 1)[-1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([a-z0-9-]+)` \|", section, re.M))


def main():
    if not shutil.which("clamscan"):
        print("no clamscan here: skipped")
        return 77
    rows, used, bad, n = documented_rows(), set(), 0, 0
    for ext, cases in CASES.items():
        for case in cases:
            line, row = case if isinstance(case, tuple) else (case, "")
            theirs, (ours, said) = clamscan(ext, line), vitrine(sys.argv[1], ext, line)
            n += 1
            used.add(row)
            if (theirs != ours) == bool(row) and (not row or row in rows):
                continue
            bad += 1
            print(".%s %s\n    ClamAV %s, Vitrine %s%s: %s" % (ext, line[:200], theirs, ours, " (row %s)" % row if row else "", said))
    for row in rows - used:
        bad += 1
        print("row %s of docs/compat-clamav.md has no line here" % row)
    print("%d lines, %d on purpose different kinds, %d unexpected" % (n, len(used - {""}), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
