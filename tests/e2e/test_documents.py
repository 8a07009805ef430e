# SPDX-License-Identifier: Apache-2.0
"""Directives and catalogues: the published JSON Schemas and the program agree on good and bad documents;
what only the program can judge (too general, dangling, twice) it refuses with the reason and the place."""
import copy
import json
import re
import subprocess

import pytest
from conftest import BUILD, ROOT

jsonschema = pytest.importorskip("jsonschema")
CONTENT = ROOT / "content"
SHIPPED = sorted(CONTENT.glob("directives/*.json")) + sorted(CONTENT.glob("catalogue/*.json"))


def schema(name):
    s = json.loads((ROOT / f"docs/formats/{name}-1.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(s)
    return jsonschema.Draft202012Validator(s)


SCHEMAS = {"directive": schema("directive"), "catalogue": schema("catalogue"), "exceptions": schema("directive")}


def kind_of(doc):
    return str(doc.get("format", "vitrine/directive/1")).split("/")[1] if isinstance(doc, dict) else "directive"


def program(path):
    p = subprocess.run([BUILD / "vitrine", "directive", "check", path], capture_output=True, text=True, check=False, timeout=60)
    return p.returncode, p.stderr


def by_schema(doc):
    return SCHEMAS.get(kind_of(doc), SCHEMAS["directive"]).is_valid(doc)


def load(name):
    return json.loads((CONTENT / name).read_text())


FAR = load("directives/far-52-204-23.json")
FAR["provenance"] = {"": FAR["provenance"][""]}  # no pointers that a change could leave dangling
SMALL = load("catalogue/replacements.json")
LDB = {"format": "ldb", "line": "Engine:81-255,Target:6;0;0011223344556677"}
EXCEPTIONS = {"format": "vitrine/exceptions/1", "directive": "bod-17-01", "exceptions": [
    {"id": "x", "approver": "A", "reason": "R", "products": ["kaspersky-*"], "expires": "2030-01-01"}]}


def put(doc, path, value):
    """A copy with the value at the path; the value DROP takes the key away."""
    doc = copy.deepcopy(doc)
    at = doc
    for key in path[:-1]:
        at = at[key]
    if value is DROP:
        del at[path[-1]]
    elif isinstance(at, list) and path[-1] == len(at):
        at.append(value)
    else:
        at[path[-1]] = value
    return doc


DROP = object()
RULE = ("rules", 0)
GOOD = [
    put(FAR, ["note"], "é ü 漢字"), put(FAR, ["threshold"], 99.99), put(FAR, ["threshold"], 50), put(FAR, ["effective"], DROP),
    put(FAR, ["holidays"], {"dates": ["2024-01-01", "2024-07-05"]}), put(FAR, ["supersedes"], ["other"]),
    put(FAR, ["actions"], []), put(FAR, ["entities"], []), put(FAR, ["actions", 1, "due"], "P30D"),
    put(FAR, ["source"], {"url": "u", "quote": "q", "retrieved": "2024-02-29", "sha256": "a" * 64}),
    put(FAR, ["actions", 0], {"id": "a", "verb": "status", "text": "t", "due": "P1M", "repeats": "P1M", "until": "2030-01-31"}),
    put(SMALL, ["rules"], []), put(SMALL, ["rules", 0, "match"], {"manager": ["dpkg"], "name": ["kesl*"], "product": ["abc"]}),
    put(SMALL, RULE, {"id": "r", "product": "ultraav", "kind": "content", "signature": LDB, "source": "press", "confidence": "read"}),
    put(SMALL, RULE, {"id": "r", "product": "ultraav", "kind": "folder", "names": ["abc", "*.def", "ghi"], "least": 3, "embedded": True,
                      "source": "press", "confidence": "memory"}),
    put(SMALL, RULE, {"id": "r", "product": "ultraav", "kind": "executable", "match": {"signer": ["Ultra AV*"]}, "decisive": True,
                      "source": "press", "confidence": "second-hand"}),
    put(SMALL, ["products", 0, "prefixes"], ["/opt/ultraav"]), put(SMALL, ["products", 0, "units"], ["ultraav.service"]),
    EXCEPTIONS, put(EXCEPTIONS, ["exceptions"], []),
]
# Both refuse these.
BAD = [
    *[put(FAR, [k], DROP) for k in ("format", "id", "version", "title", "issuer", "status", "issued", "source", "applies_to", "scope",
                                    "entities", "products", "actions", "report_template", "required", "threshold", "sources",
                                    "provenance")],
    *[put(FAR, [k], v) for k, v in [
        ("extra", 1), ("format", "vitrine/directive/2"), ("id", "FAR"), ("id", "a" * 65), ("title", ""), ("title", "a\nb"), ("title", 3),
        ("title", "x" * 4097), ("status", "lapsed"), ("issued", "13 Sep 2017"), ("issued", "2017-13-01"), ("products", []),
        ("required", []), ("required", ["files"]), ("required", ["boot", "boot"]), ("threshold", 49), ("threshold", 101),
        ("threshold", "100"), ("entities", {}), ("supersedes", ["A B"]), ("holidays", {"us": True}), ("sources", {}),
        ("scope", {"branded": False, "embedded": False, "services": False, "hardware": False}), ("scope", {"branded": True})]],
    put(FAR, ["products", 0, "products"], ["*"]), put(FAR, ["products", 0, "products"], ["*-security"]),
    put(FAR, ["products", 0, "cpe"], ["cpe:2.3:a:*:*:*:*:*:*:*:*:*:*"]), put(FAR, ["products", 0, "purl"], ["pkg:deb/*"]),
    put(FAR, ["actions", 0, "due"], "30 days"), put(FAR, ["actions", 0, "due"], "P0D"), put(FAR, ["actions", 0, "verb"], "obey"),
    put(FAR, ["actions", 0, "repeats"], "P30D"), put(FAR, ["actions", 0, "until"], "complete"), put(FAR, ["actions", 1, "due"], "P1M"),
    put(FAR, ["actions", 1, "due"], "2024-01-01"), put(FAR, ["actions", 1, "due"], DROP), put(FAR, ["actions", 0, "extra"], 1),
    put(FAR, ["provenance", ""], DROP), put(FAR, ["provenance", ""], {"source": "study"}), put(FAR, ["source", "sha256"], "A" * 64),
    put(FAR, ["provenance", "", "confidence"], "certain"), put(FAR, ["report_template", 0, "title"], DROP),
    *[put(SMALL, [k], DROP) for k in ("format", "id", "version", "title", "sources", "products", "rules")],
    *[put(SMALL, ["products", 0, k], DROP) for k in ("id", "name", "entity", "category", "source", "confidence")],
    *[put(SMALL, [*RULE, k], DROP) for k in ("id", "product", "kind", "match", "source", "confidence")],
    put(SMALL, [*RULE, "kind"], "thing"), put(SMALL, [*RULE, "match"], {}), put(SMALL, [*RULE, "match"], {"nme": ["abc"]}),
    put(SMALL, [*RULE, "match"], {"name": []}), put(SMALL, [*RULE, "match"], {"name": "abc"}), put(SMALL, [*RULE, "names"], ["abc"]),
    put(SMALL, [*RULE, "match"], {"name": ["a*" * 9]}), put(SMALL, [*RULE, "fold"], ["nme"]), put(SMALL, [*RULE, "decisive"], 1),
    put(SMALL, [*RULE, "match"], {"name": ["abc", "abc"]}), put(SMALL, [*RULE, "match"], {"name": ["abc"] * 129}),
    put(SMALL, ["products", 0, "prefixes"], ["/opt"]), put(SMALL, ["products", 0, "prefixes"], ["/opt/*"]),
    put(SMALL, ["products", 0, "units"], ["*.service"]), put(SMALL, ["products", 0, "accounts"], ["a*"]),
    put(SMALL, RULE, {"id": "r", "product": "ultraav", "kind": "folder", "names": ["abc", "def", "ghi"], "least": 2, "source": "press",
                      "confidence": "read"}),
    put(SMALL, RULE, {"id": "r", "product": "ultraav", "kind": "content", "signature": dict(LDB, format="yara"), "source": "press",
                      "confidence": "read"}),
    put(EXCEPTIONS, ["directive"], DROP), put(EXCEPTIONS, ["exceptions", 0, "products"], ["*"]),
    put(EXCEPTIONS, ["exceptions", 0, "products"], []), put(EXCEPTIONS, ["exceptions", 0, "expires"], DROP), [], 3, "x", None, {},
]


def content(line, fmt="ldb"):
    return {"id": "r", "product": "ultraav", "kind": "content", "signature": {"format": fmt, "line": line}, "source": "press",
            "confidence": "read"}


# Hard case 16: the schema's form is kept, but the document would widen the scope to people's own files.
HOSTILE = {
    "any path": (put(SMALL, [*RULE, "match"], {"path": ["*"]}), "/rules/0/match/path/0: a path begins with"),
    "home folders": (put(SMALL, [*RULE, "match"], {"path": ["/home/*"]}), "anybody's files may be there"),
    "one person": (put(SMALL, [*RULE, "match"], {"path": ["/home/alice/ultraav"]}), "one person's folder"),
    "documents by path": (put(put(SMALL, [*RULE, "kind"], "file"), ["rules", 0, "match"], {"path": ["/home/*/taxes*.pdf"]}),
                          "looks for documents"),
    "documents by name": (put(put(SMALL, [*RULE, "kind"], "file"), ["rules", 0, "match"], {"name": ["union-letter.odt"]}),
                          "looks for documents"),
    "an extension": (put(put(SMALL, [*RULE, "kind"], "file"), ["rules", 0, "match"], {"name": ["*.ppl"]}), "anybody's files"),
    "every package": (put(SMALL, [*RULE, "match"], {"manager": ["dpkg"]}), "nobody's product"),
    "every name": (put(SMALL, [*RULE, "match"], {"name": ["*"]}), "fewer than 3 fixed"),
    "empty files": (put(SMALL, RULE, content("d41d8cd98f00b204e9800998ecf8427e:1", "hdb")), "hash of an empty file"),
    "short bytes": (put(SMALL, RULE, content("Engine:81-255,Target:6;0;00112233445566")), "fewer than 8 fixed bytes"),
    "any file": (put(SMALL, RULE, content("0:*:00112233445566778899", "ndb")), "also into documents"),
    "text files": (put(SMALL, RULE, content("Engine:81-255,Target:7;0;00112233445566778899")), "also into documents"),
    "what is not there": (put(SMALL, RULE, content("Engine:81-255,Target:6;0=0;0011223344556677")), "a count of none"),
    "regular expressions": (put(SMALL, RULE, content("Engine:81-255,Target:6;0;0/secret/i")), "pairs of hexadecimal"),
    "no product": (put(SMALL, [*RULE, "product"], "nothing"), "/rules/0/product: there is no product"),
    "a sweep of home": (put(SMALL, ["products", 0, "prefixes"], ["/home/alice"]), "not in people's folders"),
    "a sweep of the system": (put(SMALL, ["products", 0, "prefixes"], ["/usr/lib"]), "not one product's own"),
    "climbing out": (put(SMALL, ["products", 0, "prefixes"], ["/opt/../etc/ultraav"]), '".." component'),
    "stopping sshd": (put(SMALL, ["products", 0, "units"], ["ssh.service"]), "the system itself needs"),
    "removing root": (put(SMALL, ["products", 0, "accounts"], ["root"]), "an account of the system"),
    "a name that decides": (put(SMALL, [*RULE, "decisive"], True), "only a signer or a hash"),
}
ONLY_PROGRAM = {
    "no such day": (put(FAR, ["issued"], "2023-02-29"), "/issued: not a date"),
    "dangling": (put(FAR, ["provenance", "/nothing"], {"source": "study", "confidence": "read"}), "leads nowhere"),
    "no such source": (put(FAR, ["provenance", "", "source"], "hearsay"), "no source of that id"),
    "itself": (put(FAR, ["supersedes"], ["far-52-204-23"]), "another directive"),
    "two rules": (put(SMALL, ["rules", 1], SMALL["rules"][0]), "two rules have the id"),
    "order of holidays": (put(FAR, ["holidays", "dates"], ["2024-02-01", "2024-01-01"]), "not after the one before"),
}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_what_ships_is_good_for_both(path):
    doc = json.loads(path.read_text())
    assert by_schema(doc)
    assert program(path) == (0, "")


@pytest.mark.parametrize("n", range(len(GOOD)))
def test_both_take(n, tmp_path):
    path = tmp_path / "doc.json"
    path.write_text(json.dumps(GOOD[n]))
    assert program(path) == (0, "")
    assert by_schema(GOOD[n])


@pytest.mark.parametrize("n", range(len(BAD)))
def test_both_refuse(n, tmp_path):
    path = tmp_path / "doc.json"
    path.write_text(json.dumps(BAD[n]))
    code, err = program(path)
    assert code == 2 and str(path) in err
    assert not by_schema(BAD[n])


@pytest.mark.parametrize("name", [*HOSTILE, *ONLY_PROGRAM])
def test_hard_case_16_refused_with_the_reason(name, tmp_path):
    doc, why = {**HOSTILE, **ONLY_PROGRAM}[name]
    path = tmp_path / "doc.json"
    path.write_text(json.dumps(doc))
    code, err = program(path)
    assert code == 2 and why in err, err


def test_the_schema_knows_all_kinds_and_attributes():
    facts = (ROOT / "src/inventory/facts.def").read_text()
    words = {k: re.findall(rf'^VT_{k}\(\w+, "([^"]+)"', facts, re.M) for k in ("AREA", "FACT", "ATTR")}
    defs = SCHEMAS["catalogue"].schema["$defs"]
    assert defs["rule"]["properties"]["kind"]["enum"] == words["FACT"]
    assert list(defs["usual"]["properties"]["match"]["properties"]) == words["ATTR"]
    assert SCHEMAS["directive"].schema["$defs"]["directive"]["properties"]["required"]["items"]["enum"] == words["AREA"]


def test_globs_that_name_nothing_are_told(tmp_path):
    path = tmp_path / "doc.json"
    path.write_text(json.dumps(put(FAR, ["products", 0, "products"], ["kaspersky-*", "kaspersy-*"])))
    p = subprocess.run([BUILD / "vitrine", "directive", "check", path], capture_output=True, text=True, check=False, timeout=60)
    assert p.returncode == 0 and "note: /products/0/products/1: 'kaspersy-*' is no product" in p.stdout
    assert p.stdout.count("note:") == 1
    p = subprocess.run([BUILD / "vitrine", "directive", "check", *SHIPPED], capture_output=True, text=True, check=False, timeout=60)
    assert "note:" not in p.stdout and len(p.stdout.splitlines()) == len(SHIPPED)


def test_provenance_says_memory_where_the_study_does():
    for name in ("ndaa-2019-889", "far-52-204-25"):
        assert load(f"directives/{name}.json")["provenance"][""]["confidence"] == "memory"
    rules = {r["id"]: r for c in ("kaspersky", "covered-list") for r in load(f"catalogue/{c}.json")["rules"]}
    for rule in ("windows-signer", "windows-avp-service", "kesl-modules", "kess-package", "kics-package", "ksc-package", "hisuite-package",
                 "dahua-sdk-file", "ivms-package", "smartpss-package"):
        assert rules[rule]["confidence"] == "memory", rule
    assert all(r["confidence"] in ("read", "second-hand", "derived", "memory") for r in rules.values())


@pytest.mark.parametrize("text,where", [
    ("", "line 1"), ("{", "line 1"), ('{"format": 1e999}', "line 1"), ('{"id": "a", "id": "a"}', "duplicate"), ("\xff", "line 1"),
    ('{"format": "vitrine/directive/1", "title": "\\u0000"}', "line 1"), ("[" * 5000, "line 1"), ("{}x", "line 1")])
def test_no_json(text, where, tmp_path):
    path = tmp_path / "doc.json"
    path.write_bytes(text.encode("latin-1"))
    code, err = program(path)
    assert code == 2 and where in err
