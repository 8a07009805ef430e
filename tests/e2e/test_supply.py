# SPDX-License-Identifier: Apache-2.0
"""vitrine supply: what makers say of their products, against directives."""
import json
import time

import pytest

from prove_data import Evidence, cyclonedx_errors

COMPLETE = [{"aggregate": "complete"}]


def cyclonedx(components, whole=None, **more):
    d = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    if whole:
        d["metadata"] = {"component": dict({"type": "application"}, **whole)}
    return dict(d, **more)


def component(name, **more):
    return dict({"type": "library", "name": name}, **more)


@pytest.fixture
def supply(vitrine, tmp_path):
    def run(document, *args, directive=("ndaa-2018-1634",), name="sbom.json"):
        path = tmp_path / name
        path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
        chosen = [a for d in directive for a in ("--directive", d)]
        return vitrine.run("supply", "--state", tmp_path / "state", *chosen, *args, path)
    return run


def test_documents_of_these_tests_are_valid(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(cyclonedx([component("zlib", supplier={"name": "Kaspersky"})],
                                         {"name": "Gateway"}, compositions=COMPLETE)))
    assert cyclonedx_errors(path) == ""


@pytest.mark.parametrize("what, by", [
    ({"cpe": "cpe:2.3:a:kaspersky:anti-virus_sdk:8:*:*:*:*:*:*:*"}, "cpe"),
    ({"cpe": "cpe:/a:kaspersky_lab:anti-virus:8"}, "cpe"),
    ({"purl": "pkg:deb/debian/kesl@12.0.0?arch=amd64"}, "purl"),
    ({"purl": "pkg:rpm/astra/KESL-gui@12"}, "purl"),
    ({"supplier": {"name": "AO Kaspersky Lab"}}, "maker"),
    ({"manufacturer": {"name": "kaspersky lab"}}, "maker"),
    ({"publisher": "Kaspersky"}, "maker"),
    ({"authors": [{"name": "Kaspersky"}]}, "maker"),
])
def test_found_by_each_way(supply, what, by):
    r = supply(cyclonedx([component("engine", **what)], {"name": "Gateway"}, compositions=COMPLETE),
               "--format", "json", directive=("bis-2024-kaspersky",))
    if r.code == 1:
        match = json.loads(r.text)["results"][0]
        assert match["by"] == by and match["part"] is True
        return
    # Entities are named differently by directives; the others of that law are looked at as well.
    r = supply(cyclonedx([component("engine", **what)], {"name": "Gateway"}, compositions=COMPLETE), "--format", "json")
    assert r.code == 1, r.text
    assert json.loads(r.text)["results"][0]["by"] == by


def test_nothing_in_a_complete_list(supply):
    r = supply(cyclonedx([component("zlib", purl="pkg:generic/zlib@1.3", supplier={"name": "Mark Adler"})],
                         {"name": "Gateway", "publisher": "Somebody"}, compositions=COMPLETE))
    assert r.code == 0, r.text
    assert "nothing found" in r.text


@pytest.mark.parametrize("aggregate", ["incomplete", "unknown", "not_specified", "incomplete_third_party_only"])
def test_an_incomplete_list_shows_nothing(supply, aggregate):
    r = supply(cyclonedx([component("zlib")], compositions=[*COMPLETE, {"aggregate": aggregate}]), "--assume-complete")
    assert r.code == 2 and "not complete" in r.text


def test_a_list_that_says_nothing_of_its_completeness(supply):
    document = cyclonedx([component("zlib")])
    r = supply(document)
    assert r.code == 2 and "does not say" in r.text
    assert supply(document, "--assume-complete").code == 0


@pytest.mark.parametrize("document", [
    b"", b"{", b"[]", b"{}", b"\x00\xff", b'{"bomFormat":"CycloneDX","specVersion":"9.9"}',
    b'{"bomFormat":"CycloneDX","specVersion":"1.6"}', b'{"bomFormat":"CycloneDX","bomFormat":"x"}',
    b'{"spdxVersion":"SPDX-3.0","packages":[]}', b'{"spdxVersion":"SPDX-2.3","packages":[{}]}',
    b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library"}]}',
    b"<bom xmlns='http://cyclonedx.org/schema/bom/1.6'/>"])
def test_what_can_not_be_read_shows_nothing(supply, document):
    r = supply(document)
    assert r.code == 2 and "not shown" in r.text


def test_a_missing_file_does_not_stop_the_others(vitrine, tmp_path):
    good = tmp_path / "good.json"
    good.write_text(json.dumps(cyclonedx([component("x", publisher="Kaspersky")], compositions=COMPLETE)))
    r = vitrine.run("supply", "-d", "ndaa-2018-1634", "--state", tmp_path / "s", tmp_path / "none.json", good)
    assert r.code == 1 and b"none.json" in r.err


def test_nested_components_are_found(supply):
    inner = component("deep", publisher="Kaspersky")
    for i in range(100):
        inner = component(f"level-{i}", components=[inner])
    assert supply(cyclonedx([inner], compositions=COMPLETE)).code == 1


def test_hard_case_3_embedded_code_is_out_of_scope_of_bod_17_01(supply):
    part = cyclonedx([component("engine", cpe="cpe:2.3:a:kaspersky:engine:8:*:*:*:*:*:*:*")],
                     {"name": "Gateway", "publisher": "Somebody"}, compositions=COMPLETE)
    r = supply(part, directive=("bod-17-01",))
    assert r.code == 0 and "embedded, not addressed" in r.text
    assert supply(part).code == 1
    whole = cyclonedx([component("zlib")], {"name": "Endpoint", "publisher": "Kaspersky"}, compositions=COMPLETE)
    assert supply(whole, directive=("bod-17-01",)).code == 1


def test_hard_case_13_names_that_only_look_alike(supply):
    friends = cyclonedx([component("kasperskyreader", publisher="Kasperskyfans"), component("sigma-rules-kaspersky"),
                         component("threat-report", description="about Kaspersky")], compositions=COMPLETE)
    assert supply(friends).code == 0
    maybe = supply(cyclonedx([component("x", publisher="Institute Kaspersky of Music")], compositions=COMPLETE))
    assert maybe.code == 2 and "candidate" in maybe.text


def test_spdx_json(supply):
    package = {"SPDXID": "SPDXRef-a", "name": "engine", "versionInfo": "8", "downloadLocation": "NOASSERTION",
               "supplier": "Organization: AO Kaspersky Lab (info@vendor.example)"}
    document = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": [package]}
    assert supply(document, directive=("bod-17-01", "ndaa-2018-1634")).code == 1
    package["supplier"] = "NOASSERTION"
    assert supply(document, "--assume-complete").code == 0
    for kind, locator in [("cpe23Type", "cpe:2.3:a:kaspersky:x:1:*:*:*:*:*:*:*"), ("purl", "pkg:deb/kesl@1")]:
        package["externalRefs"] = [{"referenceCategory": "SECURITY", "referenceType": kind, "referenceLocator": locator}]
        assert supply(document).code == 1
    del package["externalRefs"]
    document["relationships"] = [{"spdxElementId": "SPDXRef-a", "relationshipType": "DEPENDS_ON",
                                  "relatedSpdxElement": "NOASSERTION"}]
    assert supply(document, "--assume-complete").code == 2


def test_spdx_tag_value(supply):
    text = (b"SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentComment: <text>PackageName: no\n</text>\n"
            b"PackageName: zlib\nSPDXID: SPDXRef-z\nPackageSupplier: Person: M. A.\n\n"
            b"PackageName: engine\r\nSPDXID: SPDXRef-e\r\nPackageVersion: 8\r\n"
            b"ExternalRef: SECURITY cpe23Type cpe:2.3:a:kaspersky:engine:8:*:*:*:*:*:*:*\r\n"
            b"Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-e\n")
    r = supply(text, "--format", "json", directive=("bod-17-01",), name="x.spdx")
    assert r.code == 1, r.text
    results = json.loads(r.text)["results"]
    assert results[0]["part"] is False and results[-1]["components"] == 2


def test_our_own_lists_are_read(vitrine, supply, tmp_path):
    evidence = Evidence(vitrine, tmp_path).add("found")
    path = tmp_path / "own.json"
    evidence.prove("bod-17-01", "--format", "cyclonedx", "-o", path)
    assert vitrine.run("supply", "-d", "ndaa-2018-1634", "--state", tmp_path / "s", path).code == 1


def test_all_directives_without_a_choice_and_many_components(vitrine, tmp_path):
    path = tmp_path / "big.json"
    path.write_text(json.dumps(cyclonedx(
        [component(f"lib{i}", purl=f"pkg:npm/lib{i}@1.0.{i}", cpe=f"cpe:2.3:a:v{i}:lib{i}:1:*:*:*:*:*:*:*")
         for i in range(5000)], compositions=COMPLETE)))
    start = time.monotonic()
    r = vitrine.run("supply", "--state", tmp_path / "s", path)
    assert r.code == 0, r.text
    assert time.monotonic() - start < 30
