# SPDX-License-Identifier: Apache-2.0
"""Evidence files made by hand, and readers of reports that others wrote."""
import json
import subprocess
import time

from conftest import BUILD, ROOT

SURVEY_TOOL = BUILD / "src/cli/prove/survey-tool"
RUN = "aa00000000000000000000000000000a"
BEFORE = "bb00000000000000000000000000000b"
MACHINE = "1e489df0c9142bdc5991c2f2e71c7185"


def catalogue(vitrine, folder):
    """Id and hash of the catalogue that is in use, as an inventory writes them down."""
    root = folder / "empty-root"
    root.mkdir(exist_ok=True)
    r = vitrine.run("inventory", "--root", root, "--only", "packages", "--no-content", "--state", folder / "state-c",
                    "--evidence", folder / "c.db", "--format", "json")
    d = json.loads(r.text)
    return d["catalogue"], d["catalogue_sha256"]


class Evidence:
    def __init__(self, vitrine, folder):
        self.vitrine, self.folder, self.file = vitrine, folder, folder / "evidence.db"
        self.state = folder / "state"
        self.catalogue = catalogue(vitrine, folder)

    def add(self, what, run=RUN, host="web-07.agency.example", machine=MACHINE, age=60, known=True):
        subprocess.run([SURVEY_TOOL, self.file, what, run, host, machine, str(int(time.time()) - age),
                        *(self.catalogue if known else ())], check=True)
        return self

    def prove(self, *args, **kw):
        return self.vitrine.run("prove", "--state", self.state, "--evidence", self.file, *args, **kw)

    def proof(self, name="proof.dsse", *args):
        path = self.folder / name
        r = self.prove("bod-17-01", "--format", "statement", "-o", path, *args)
        assert path.exists(), r.err
        return path

    def key(self):
        r = self.prove("--keygen")
        assert r.code == 0, r.err
        return r.text.strip()

    def check(self, path, *args, key=None):
        return self.vitrine.run("prove", "--check", path, "--key", key or self.key(), "--state", self.state, *args)


def npm():
    subprocess.run([ROOT / "tools/install_npm.sh"], check=True)
    return ROOT / "build/npm"


def node(program, *args):
    return subprocess.run(["/usr/bin/node", "-e", program, *map(str, args)], cwd=npm(), check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


CYCLONEDX = """
const cdx = require('@cyclonedx/cyclonedx-library');
const text = require('fs').readFileSync(process.argv[1], 'utf8');
new cdx.Validation.JsonStrictValidator(cdx.Spec.Version.v1dot6).validate(text).then(e => {
  if (e) { console.log(JSON.stringify(e, null, 1)); process.exit(1); }
  console.log('valid');
}, e => { console.log(String(e)); process.exit(2); });
"""


def cyclonedx_errors(path):
    """What CycloneDX's own library has against a document."""
    p = node(CYCLONEDX, path)
    return "" if p.returncode == 0 and p.stdout.strip() == "valid" else p.stdout
