# SPDX-License-Identifier: Apache-2.0
"""Names and versions (src/inventory/name) answer what dpkg, rpm, Python's packaging, node's semver and
packageurl-js answer. Pairs are made at random from the pieces that matter, with a fixed seed.
"""
import json
import random
import subprocess

import pytest

from conftest import BUILD, ROOT

NPM = ROOT / "build/npm"


def ask(questions):
    """The tool's answer to each, a line of words separated by tabs."""
    text = "".join("\t".join(q) + "\n" for q in questions)
    p = subprocess.run([BUILD / "src/inventory/name/names-tool"], input=text.encode(), check=True,
                       stdout=subprocess.PIPE)
    answers = p.stdout.decode().split("\n")[:-1]
    assert len(answers) == len(questions)
    return answers


@pytest.fixture(scope="session")
def npm():
    subprocess.run([ROOT / "tools/install_npm.sh"], check=True)
    return NPM


def node(npm, program, data):
    p = subprocess.run(["/usr/bin/node", "-e", program], input=json.dumps(data).encode(), cwd=npm,
                       check=True, stdout=subprocess.PIPE)
    return json.loads(p.stdout)


READ = "const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"


def pieces(rng, alphabet, low, high):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def pairs(make, n, seed):
    """Half of them unrelated, half of them one with a small change."""
    rng = random.Random(seed)
    out = []
    for i in range(n):
        a = make(rng)
        b = make(rng)
        if i % 2:
            cut = rng.randint(0, len(a))
            b = a[:cut] + rng.choice(["", "0", "~", "1", "a", ".", "+"]) + a[cut + rng.randint(0, 1):]
        out.append((a, b))
    return out


def differences(scheme, asked, answers, theirs):
    return [(scheme, a, b, ours, other) for (a, b), ours, other in zip(asked, answers, theirs)
            if ours != str(other)]


def test_debian_versions_as_dpkg_compares_them():
    def make(rng):
        s = pieces(rng, ["1:", "0:", "", "", "", ""], 1, 1)
        s += rng.choice("0123456789") + pieces(rng, ["0", "1", "9", "10", "a", "Z", "~", "+", ".", "-"], 0, 5)
        return s + rng.choice(["", "", "-1", "-1ubuntu2", "-0~rc1"])
    asked = [(a, b) for a, b in pairs(make, 400, 1)]
    answers = ask([("version", "deb", a, b) for a, b in asked])
    # One shell for all: three exits of dpkg say lt, eq, gt, or that it is no version.
    script = "while IFS='\t' read -r a b; do " \
             "r=x; for o in lt:-1 eq:0 gt:1; do if dpkg --compare-versions \"$a\" ${o%:*} \"$b\" 2>/dev/null; " \
             "then r=${o#*:}; break; fi; done; echo $r; done"
    p = subprocess.run(["bash", "-c", script], input="".join(f"{a}\t{b}\n" for a, b in asked).encode(),
                       check=True, stdout=subprocess.PIPE)
    theirs = p.stdout.decode().split()
    both = [(q, o, t) for q, o, t in zip(asked, answers, theirs) if o in ("-1", "0", "1") and t != "x"]
    assert len(both) > 300
    assert [x for x in both if x[1] != x[2]] == []


def test_rpm_versions_as_rpm_compares_them():
    def make(rng):
        s = rng.choice(["", "", "", "1:", "2:"])
        s += rng.choice("0123456789") + pieces(rng, ["0", "1", "9", "10", "a", "Zb", "~", "^", ".", "_", "+"], 0, 6)
        return s + "-" + rng.choice(["1", "2", "1.fc39", "1~rc", "01"])
    asked = pairs(make, 2000, 2)
    asked = [(a, b) for a, b in asked if "-" in a[1:-1] and "-" in b[1:-1]]
    answers = ask([("version", "rpm", a, b) for a, b in asked])
    program = ("import sys, rpm\n"
               "def evr(s):\n"
               "    e, _, r = s.rpartition(':')\n"
               "    v, _, l = r.rpartition('-')\n"
               "    return (e or '0', v, l)\n"
               "for line in sys.stdin:\n"
               "    a, b = line.rstrip('\\n').split('\\t')\n"
               "    try:\n"
               "        print(rpm.labelCompare(evr(a), evr(b)))\n"
               "    except ValueError:\n"
               "        print('x')\n")
    p = subprocess.run(["/usr/bin/python3", "-c", program], check=True, stdout=subprocess.PIPE,
                       input="".join(f"{a}\t{b}\n" for a, b in asked).encode())
    theirs = p.stdout.decode().split()
    kept = [i for i, a in enumerate(answers) if a in ("-1", "0", "1") and theirs[i] != "x"]
    assert len(kept) > 1300
    assert differences("rpm", [asked[i] for i in kept], [answers[i] for i in kept],
                       [theirs[i] for i in kept]) == []


def test_python_versions_as_packaging_compares_them():
    def make(rng):
        s = rng.choice(["", "", "", "1!", "v"])
        s += ".".join(rng.choice(["0", "1", "2", "10", "007"]) for _ in range(rng.randint(1, 4)))
        s += rng.choice(["", "", "a1", ".b2", "-rc", "_c3", "alpha", "pre1", "preview.2", "RC4"])
        s += rng.choice(["", "", "", ".post1", "-1", "post", ".rev2", "r3"])
        s += rng.choice(["", "", "", ".dev1", "dev", "-DEV2"])
        return s + rng.choice(["", "", "", "+abc.1", "+1.2", "+Ubuntu-1", "+01"])
    asked = pairs(make, 3000, 3)
    answers = ask([("version", "pypi", a, b) for a, b in asked])
    program = ("import sys\n"
               "from packaging.version import InvalidVersion, Version\n"
               "for line in sys.stdin:\n"
               "    a, b = line.rstrip('\\n').split('\\t')\n"
               "    try:\n"
               "        a, b = Version(a), Version(b)\n"
               "        print((a > b) - (a < b))\n"
               "    except InvalidVersion:\n"
               "        print('x')\n")
    p = subprocess.run(["/usr/bin/python3", "-c", program], check=True, stdout=subprocess.PIPE,
                       input="".join(f"{a}\t{b}\n" for a, b in asked).encode())
    theirs = p.stdout.decode().split()
    assert theirs.count("x") < 1500
    ours = [a if a in ("-1", "0", "1") else "x" for a in answers]
    assert differences("pypi", asked, ours, theirs) == []


def test_semantic_versions_as_node_compares_them(npm):
    def make(rng):
        s = ".".join(rng.choice(["0", "1", "2", "10"]) for _ in range(3))
        s += rng.choice(["", "", "-alpha", "-alpha.1", "-1", "-beta.11", "-rc-1.x", "-0a", "-a.b.c"])
        return s + rng.choice(["", "", "+build.1", "+20130313144700"])
    asked = pairs(make, 2000, 4)
    answers = ask([("version", "semver", a, b) for a, b in asked])
    theirs = node(npm, READ + "const s = require('semver'); console.log(JSON.stringify(input.map(([a, b]) => "
                  "s.valid(a) && s.valid(b) ? String(s.compare(a, b)) : 'x')))", asked)
    both = [i for i, a in enumerate(answers) if a in ("-1", "0", "1") and theirs[i] != "x"]
    assert len(both) > 1200
    assert differences("semver", [asked[i] for i in both], [answers[i] for i in both],
                       [theirs[i] for i in both]) == []


PURLS = [
    "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie", "pkg:DEB/Debian/Curl@7.50.3-1?distro=jessie&arch=i386",
    "pkg:npm/%40angular/animation@12.3.1", "pkg:npm/@angular/animation@12.3.1", "pkg:pypi/Django_Allauth@12.23",
    "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&epoch=2", "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64",
    "pkg:golang/google.golang.org/genproto#googleapis/api/annotations", "pkg:generic/a%20b@1:2",
    "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?packaging=sources",
    "pkg:generic/openssl@1.1.10g?download_url=https%3A%2F%2Fexample.org%2Fa.tgz&checksum=sha256%3Ade4d501267da",
    "pkg:snap/firefox@1?arch=amd64", "pkg:flatpak/org.gimp.GIMP@2.10", "pkg://gem/x@0.12.4",
    "pkg:oci/debian@sha256%3A244fd47e07d10?repository_url=docker.io%2Flibrary%2Fdebian&arch=amd64&tag=latest",
    "pkg:deb/debian/libstdc%2B%2B6@13.2.0", "pkg:generic/%C3%A9t%C3%A9@1",
]


def test_purls_as_packageurl_js_reads_and_writes_them(npm):
    answers = ask([("purl", p) for p in PURLS])
    theirs = node(npm, READ + "const {PackageURL} = require('packageurl-js'); console.log(JSON.stringify("
                  "input.map(s => {const p = PackageURL.fromString(s); return [p.type, p.namespace || '', p.name, "
                  "p.version || '', p.subpath || '', Object.fromEntries(Object.entries(p.qualifiers || {})), "
                  "p.toString()]})))", PURLS)
    for text, ours, other in zip(PURLS, answers, theirs):
        words = ours.split("\t")
        assert words[:5] == other[:5], text
        assert dict(w.split("=", 1) for w in words[5:-1]) == other[5], text
        # ':' in values is written bare by us, as ECMA-427 has it.
        assert words[-1].replace(":", "%3A") == other[6].replace(":", "%3A"), text
    # What we write, it reads as the same.
    again = node(npm, READ + "const {PackageURL} = require('packageurl-js'); console.log(JSON.stringify("
                 "input.map(s => PackageURL.fromString(s).toString())))", [a.split("\t")[-1] for a in answers])
    assert again == [t[6] for t in theirs]


def test_what_packageurl_js_refuses_is_refused(npm):
    bad = ["pkg:", "pkg:deb", "http://x/y", "pkg:3d/x@1", "pkg:d!b/x", "pkg:deb/x?1k=v", "pkg:deb/x?a%20b=c"]
    theirs = node(npm, READ + "const {PackageURL} = require('packageurl-js'); console.log(JSON.stringify("
                  "input.map(s => {try {PackageURL.fromString(s); return false} catch {return true}})))", bad)
    assert all(theirs)
    assert all("\t" not in a for a in ask([("purl", p) for p in bad]))
