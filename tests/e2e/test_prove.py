# SPDX-License-Identifier: Apache-2.0
"""vitrine prove: what it writes is read by other people's readers, and what is forged, replayed or about
something else is refused (hard cases 13 and 15).
"""
import base64
import csv
import io
import json
import re
import stat
import subprocess

import jsonschema
import nacl.signing
import pytest

from conftest import ROOT
from prove_data import BEFORE, MACHINE, RUN, Evidence, cyclonedx_errors, node

STATES = {"absent": 0, "found": 1, "candidate": 2, "unknown": 2, "embedded": 0}


@pytest.fixture
def evidence(vitrine, tmp_path):
    return Evidence(vitrine, tmp_path)


@pytest.mark.parametrize("state", STATES)
def test_exit_status_and_sentence(evidence, state):
    r = evidence.add(state).prove("bod-17-01")
    assert r.code == STATES[state], r.err
    start = {0: "No product that bod-17-01 covers", 1: "1 cop", 2: "It is not shown"}[STATES[state]]
    assert r.text.startswith(start)
    assert "(a) Kaspersky-branded products found" in r.text


def test_embedded_code_is_out_of_scope_of_one_directive_and_in_scope_of_another(evidence):
    evidence.add("embedded")
    assert evidence.prove("bod-17-01").code == 0
    r = evidence.prove("ndaa-2018-1634")
    assert r.code == 1, r.text + r.err.decode()


def test_another_catalogue_than_the_inventorys_proves_nothing(evidence):
    r = evidence.add("absent", known=False).prove("bod-17-01")
    assert r.code == 2 and b"another catalogue" in r.err and not r.out


# CycloneDX ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
def test_cyclonedx_is_valid_by_its_own_library(evidence, state):
    evidence.add("found", run=BEFORE, age=9000).add(state)
    path = evidence.folder / "inv.cdx.json"
    r = evidence.prove("bod-17-01", "--run", RUN, "--before", BEFORE, "--format", "cyclonedx", "-o", path,
                       "--organisation", "Agency of Examples")
    assert r.code == STATES[state]
    assert cyclonedx_errors(path) == ""
    d = json.loads(path.read_text())
    refs = re.findall(r'"bom-ref": "([^"]*)"', path.read_text())
    assert len(refs) == len(set(refs)), "every bom-ref is there once"
    assert {"complete", "incomplete", "unknown"} >= {c["aggregate"] for c in d["compositions"]}
    if state == "unknown":
        assert d["compositions"][0]["aggregate"] == "unknown"
    if state == "found":
        claim = d["declarations"]["claims"][0]
        assert claim["predicate"] == "Covered products are present"
        assert [e for e in claim["evidence"] if e.startswith("finding-")]
    bash = next(c for c in d["components"] if c["name"] == "bash")
    assert bash["purl"] == "pkg:deb/bash@5.2.15-2%2Bb7?arch=amd64"
    assert bash["cpe"] == "cpe:2.3:a:gnu:bash:5.2.15:*:*:*:*:*:*:*"
    used = set(refs)
    for c in d["declarations"]["claims"]:
        assert {c["target"], *c["evidence"], *c["counterEvidence"]} <= used
    for c in d["compositions"]:
        assert set(c["assemblies"]) <= used


def test_the_library_refuses_what_is_wrong(evidence):
    path = evidence.folder / "bad.json"
    evidence.add("absent").prove("bod-17-01", "--format", "cyclonedx", "-o", path)
    path.write_text(path.read_text().replace('"aggregate": "complete"', '"aggregate": "full"'))
    assert "aggregate" in cyclonedx_errors(path)


def test_every_purl_is_read_by_packageurl_js(evidence):
    path = evidence.folder / "inv.json"
    evidence.add("found").prove("bod-17-01", "--format", "cyclonedx", "-o", path)
    purls = [c["purl"] for c in json.loads(path.read_text())["components"] if "purl" in c]
    assert len(purls) >= 2
    p = node("const {PackageURL} = require('packageurl-js'); for (const s of process.argv.slice(1)) "
             "PackageURL.fromString(s); console.log('ok')", *purls)
    assert p.stdout.strip() == "ok"


# OSCAL ----------------------------------------------------------------------------------------------

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def check_oscal_common(d):
    assert UUID.fullmatch(d["uuid"])
    assert {"title", "last-modified", "version", "oscal-version"} <= set(d["metadata"])


def check_observations(observations):
    for o in observations:
        assert {"uuid", "description", "methods", "collected"} <= set(o)
        assert set(o["methods"]) <= {"EXAMINE", "INTERVIEW", "TEST", "UNKNOWN"}
        assert UUID.fullmatch(o["uuid"])
    return {o["uuid"] for o in observations}


@pytest.mark.parametrize("state", STATES)
def test_oscal_results_have_what_nists_model_requires(evidence, state):
    """No registry that tests may use has NIST's JSON schema, so these are the fields that its reference
    pages mark as required, and what refers to what."""
    r = evidence.add(state).prove("bod-17-01", "--format", "oscal")
    d = json.loads(r.text)["assessment-results"]
    check_oscal_common(d)
    assert set(d) == {"uuid", "metadata", "import-ap", "results"}
    assert d["import-ap"]["href"]
    (result,) = d["results"]
    assert {"uuid", "title", "description", "start", "reviewed-controls"} <= set(result)
    assert result["reviewed-controls"]["control-selections"]
    known = check_observations(result["observations"])
    items = {i["uuid"] for i in result["local-definitions"]["inventory-items"]}
    assert all(s["subject-uuid"] in items for o in result["observations"] for s in o["subjects"])
    for f in result["findings"]:
        assert {"uuid", "title", "description", "target"} <= set(f)
        assert f["target"]["type"] in ("objective-id", "statement-id")
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9._-]*", f["target"]["target-id"])
        assert f["target"]["status"]["state"] in ("satisfied", "not-satisfied")
        assert {o["observation-uuid"] for o in f["related-observations"]} <= known
    remove = next(f for f in result["findings"] if f["title"].startswith("remove"))
    want = "satisfied" if STATES[state] == 0 else "not-satisfied"
    assert remove["target"]["status"]["state"] == want
    if STATES[state] == 2:
        assert remove["target"]["status"]["reason"] == "other"
        assert remove["target"]["status"]["remarks"].startswith("Unknown")


@pytest.mark.parametrize("state", STATES)
def test_oscal_plan_of_action(evidence, state):
    r = evidence.add(state).prove("bod-17-01", "--format", "oscal-poam")
    d = json.loads(r.text)["plan-of-action-and-milestones"]
    check_oscal_common(d)
    known = check_observations(d["observations"])
    risks = {r["uuid"] for r in d["risks"]}
    assert d["poam-items"]
    for item in d["poam-items"]:
        assert {"title", "description"} <= set(item)
        assert {o["observation-uuid"] for o in item.get("related-observations", [])} <= known
        assert {o["risk-uuid"] for o in item["related-risks"]} <= risks
    (risk,) = d["risks"]
    assert {"uuid", "title", "description", "statement", "status"} <= set(risk)
    assert risk["status"] == ("closed" if STATES[state] == 0 else "open")
    dates = [t["timing"]["on-date"]["date"][:10] for t in risk["remediations"][0]["tasks"]]
    assert {"2017-10-13", "2017-11-12", "2017-12-12"} <= set(dates)


# CSV and HTML ---------------------------------------------------------------------------------------


def test_csv_is_in_the_directives_order_and_holds_no_formulas(evidence):
    r = evidence.add("found").prove("bod-17-01", "--format", "csv")
    rows = list(csv.reader(io.StringIO(r.text, newline="")))
    assert len({len(row) for row in rows}) == 1
    ids = [row[1] for row in rows if row[0] == "report"]
    assert ids == sorted(ids) and set(ids) == {"a", "b", "c"}
    assert not [cell for row in rows for cell in row if cell[:1] in "=+@" and cell]
    assert [row for row in rows if row[0] == "finding" and row[4] == "covered"]


def test_html_is_one_file_that_loads_nothing(evidence):
    r = evidence.add("found", host="<script>alert(1)</script>\u202e").prove("bod-17-01", "--format", "html")
    assert "<script" not in r.text and "&lt;script&gt;" in r.text and "\u202e" not in r.text
    assert not re.search(r"(src|href)\s*=", r.text) and "url(" not in r.text
    assert "default-src 'none'" in r.text
    assert r.text.index('class="cover"') < r.text.index("What the directive asks for")


def test_html_opens_in_chromium_and_prints_the_sentence_on_its_first_page(evidence):
    path = evidence.folder / "report.html"
    evidence.add("absent").prove("bod-17-01", "--format", "html", "-o", path)
    p = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
                        f"--user-data-dir={evidence.folder}/chromium", path.as_uri()],
                       check=False, capture_output=True, text=True, timeout=120)
    assert "SHOWN ABSENT" in p.stdout and "No product that bod-17-01 covers" in p.stdout
    pdf = evidence.folder / "report.pdf"
    subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={pdf}",
                    f"--user-data-dir={evidence.folder}/chromium", path.as_uri()],
                   check=False, capture_output=True, timeout=120)
    assert pdf.read_bytes().startswith(b"%PDF")


# The statement --------------------------------------------------------------------------------------


def payload(path):
    d = json.loads(path.read_text())
    return base64.b64decode(d["payload"])


def public(vkey):
    return base64.b64decode(vkey.split("+", 2)[2])[1:]


def pae(kind, body):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body)


@pytest.mark.parametrize("state", STATES)
def test_the_statement_follows_its_published_schema(evidence, state):
    schema = json.loads((ROOT / "docs/formats/proof-1.schema.json").read_text())
    evidence.add("found", run=BEFORE, age=9000).add(state)
    path = evidence.proof("p", "--run", RUN, "--before", BEFORE, "--challenge", "c-1", "--reviewer", "R. Eviewer")
    statement = json.loads(payload(path))
    jsonschema.Draft202012Validator(schema).validate(statement)
    assert statement["predicate"]["run"]["shown"] == {0: "absent", 1: "found", 2: "not shown"}[STATES[state]]
    statement["predicate"]["run"]["shown"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(statement)


def test_dsse_is_verified_by_an_independent_implementation(evidence):
    path = evidence.add("absent").proof()
    d = json.loads(path.read_text())
    key = nacl.signing.VerifyKey(public(evidence.key()))
    key.verify(pae(d["payloadType"].encode(), payload(path)), base64.b64decode(d["signatures"][0]["sig"]))


def test_dsse_is_verified_by_sigstores_encoding_and_node(evidence):
    path = evidence.add("absent").proof()
    program = """
const {dsse} = require('@sigstore/core'), crypto = require('crypto');
const env = JSON.parse(require('fs').readFileSync(process.argv[1], 'utf8'));
const text = dsse.preAuthEncoding(env.payloadType, Buffer.from(env.payload, 'base64'));
const key = crypto.createPublicKey({format: 'jwk', key: {kty: 'OKP', crv: 'Ed25519', x: process.argv[2]}});
console.log(crypto.verify(null, text, key, Buffer.from(env.signatures[0].sig, 'base64')));
"""
    x = base64.urlsafe_b64encode(public(evidence.key())).decode().rstrip("=")
    assert node(program, path, x).stdout.strip() == "true"
    text = path.read_text()
    path.write_text(text.replace('"payload": "e', '"payload": "f'))
    assert node(program, path, x).stdout.strip() == "false"


def test_the_signature_is_verified_by_in_totos_library(evidence):
    """Debian's in-toto is older than DSSE: its library verifies the signature over an encoding made here."""
    path = evidence.add("absent").proof()
    d = json.loads(path.read_text())
    program = ("import sys\nfrom securesystemslib.signer import SSlibKey, Signature\n"
               "key = SSlibKey('ab' * 32, 'ed25519', 'ed25519', {'public': sys.argv[1]})\n"
               "key.verify_signature(Signature('ab' * 32, sys.argv[2]), sys.stdin.buffer.read())\n")
    args = ["/usr/bin/python3", "-c", program, public(evidence.key()).hex(),
            base64.b64decode(d["signatures"][0]["sig"]).hex()]
    body = pae(d["payloadType"].encode(), payload(path))
    p = subprocess.run(args, input=body, check=False, capture_output=True)
    assert p.returncode == 0, p.stderr
    assert subprocess.run(args, input=body + b" ", check=False, capture_output=True).returncode != 0


def test_the_machines_key_is_its_own(evidence):
    evidence.add("absent").key()
    mode = (evidence.state / "machine.key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert evidence.key() == evidence.key()
    assert evidence.key().startswith("machine-" + MACHINE[:16] + "+")


def test_check_says_what_was_shown(evidence):
    path = evidence.add("absent").proof()
    r = evidence.check(path, "--directive", "bod-17-01", "--max-age", "1d", "--machine", MACHINE)
    assert r.code == 0, r.text
    assert r.text.startswith("VALID: SHOWN ABSENT")


# Hard case 15: forged or replayed proofs ---------------------------------------------------------------


def sign_again(evidence, path, text):
    """What a thief of the machine's key can do: sign another text with it."""
    seed = base64.b64decode((evidence.state / "machine.key").read_text().split("bare ")[1])
    d = json.loads(path.read_text())
    body = text.encode()
    d["payload"] = base64.b64encode(body).decode()
    d["signatures"][0]["sig"] = base64.b64encode(
        nacl.signing.SigningKey(seed).sign(pae(d["payloadType"].encode(), body)).signature).decode()
    path.write_text(json.dumps(d))


def test_hard_case_15_a_forged_sentence_is_refused_without_and_with_the_key(evidence):
    path = evidence.add("found").proof()
    assert evidence.check(path).code == 1
    text = payload(path).decode().replace('"shown":"found"', '"shown":"absent"')
    d = json.loads(path.read_text())
    d["payload"] = base64.b64encode(text.encode()).decode()
    path.write_text(json.dumps(d))
    r = evidence.check(path)
    assert r.code == 2 and "no signature" in r.text
    sign_again(evidence, path, text)
    r = evidence.check(path)
    assert r.code == 2 and "what it holds shows: found" in r.text
    no_findings = re.sub(r'"observations":\[.*?\],"observationsSha256"', '"observations":[],"observationsSha256"', text)
    sign_again(evidence, path, no_findings)
    assert evidence.check(path).code == 2


def test_hard_case_15_a_doubt_can_not_be_left_out(evidence):
    path = evidence.add("unknown").proof()
    text = payload(path).decode()
    for was, now in [('"mount-not-entered":2', '"vanished":2'), ('"sources":0', '"sources":1'),
                     ('"shown":"not shown"', '"shown":"absent"')]:
        assert was in text
        sign_again(evidence, path, text.replace(was, now, 1))
        r = evidence.check(path)
        assert r.code == 2 and "REFUSED" in r.text, (was, r.text)


def test_hard_case_15_a_replayed_proof_is_refused(evidence):
    old = evidence.add("absent", age=40 * 86400).proof("old.dsse", "--challenge", "monday")
    assert evidence.check(old).code == 0
    assert evidence.check(old, "--max-age", "60d").code == 0
    for args, word in [(["--max-age", "30d"], "replay"), (["--not-before", "2026-11-20"], "replay"),
                       (["--challenge", "tuesday"], "challenge"), (["--machine", "0" * 32], "another machine"),
                       (["--directive", "ndaa-2018-1634"], "another directive")]:
        r = evidence.check(old, *args)
        assert r.code == 2 and r.text.startswith("REFUSED") and word in r.text, (args, r.text)
    assert evidence.check(old, "--challenge", "monday").code == 0


def test_hard_case_15_an_old_run_can_not_be_signed_anew_as_a_new_one(evidence):
    """The run's own time counts, not that of the signature."""
    path = evidence.add("absent", age=40 * 86400).proof()
    r = evidence.check(path, "--max-age", "7d")
    assert r.code == 2 and "older than" in r.text


def test_hard_case_15_a_clock_that_is_ahead_or_was_set_back(evidence, tmp_path):
    evidence.add("absent", age=-86400)
    r = evidence.prove("bod-17-01")
    assert r.code == 2 and b"clock" in r.err
    later = ["faketime", "-f", "+2d"]
    path = tmp_path / "ahead.dsse"
    r = evidence.prove("bod-17-01", "--format", "statement", "-o", path, before=later)
    assert r.code == 0, r.err
    r = evidence.check(path)
    assert r.code == 2 and "clock" in r.text


def test_hard_case_15_another_machines_key_speaks_for_that_machine_only(evidence, vitrine, tmp_path):
    path = evidence.add("absent").proof()
    folder = tmp_path / "other"
    folder.mkdir()
    other = Evidence(vitrine, folder).add("absent", machine="f" * 32)
    their_key = other.key()
    r = other.vitrine.run("prove", "--state", other.state, "--evidence", evidence.file, "bod-17-01", "--format",
                          "statement", "-o", tmp_path / "x")
    assert r.code == 2 and b"another machine" in r.err
    # and a text that it signed all the same
    seed_holder = Evidence.__new__(Evidence)
    seed_holder.state = other.state
    sign_again(seed_holder, path, payload(path).decode())
    r = evidence.check(path, key=their_key)
    assert r.code == 2 and "another machine" in r.text


def test_reviewers_countersign(evidence, vitrine, tmp_path):
    path = evidence.add("absent").proof("p.dsse", "--reviewer", "R. Eviewer")
    key, both = tmp_path / "reviewer.key", tmp_path / "both.dsse"
    (tmp_path / "pass").write_text("secret\n")
    r = vitrine.run("publish", "keygen", "agency.example/reviewer", "-o", key, "--passphrase-file", tmp_path / "pass")
    assert key.exists(), r.err
    r = evidence.prove("--countersign", path, "--key", key, "--passphrase-file", tmp_path / "pass", "-o", both)
    assert r.code == 0, r.err
    assert len(json.loads(both.read_text())["signatures"]) == 2
    assert evidence.check(both).code == 0
    assert evidence.check(both, key=key).code == 0
    assert evidence.check(path, key=key).code == 2


def test_hard_case_13_what_is_no_proof_is_refused(evidence, tmp_path):
    evidence.add("absent").key()
    for text in ["", "{}", "[]", '{"payloadType":"x","payload":"","signatures":[{"sig":""}]}', "\x00" * 100,
                 json.dumps({"payloadType": "application/vnd.in-toto+json", "payload": "e30=", "signatures": []})]:
        path = tmp_path / "no.dsse"
        path.write_text(text)
        r = evidence.check(path)
        assert r.code == 2 and "VALID" not in r.text


def test_hard_case_13_false_friends_do_not_count(evidence):
    """The vendor's other product is listed, and is no finding of the directive."""
    r = evidence.add("absent").prove("bod-17-01", "--format", "csv")
    friends = [row for row in csv.reader(io.StringIO(r.text)) if row[0] == "finding"]
    assert [row[4] for row in friends] == ["not named"] and r.code == 0
