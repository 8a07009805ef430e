# SPDX-License-Identifier: Apache-2.0
"""Differences between Vitrine and ClamAV that are known; each is a row in docs/compat-clamav.md.

A row here is a name, which that page has as an anchor, and a test of one difference. Keep them
narrow: a row that is too wide hides the next mistake.
"""
from dataclasses import dataclass


@dataclass
class Case:
    rule: str        # the name that one side alone reports
    side: str        # that side: "clamav" or "vitrine"
    recipe: dict     # how the object was made
    sig: object      # the rule's signature in the model, None for hashes
    others: set      # what the other side reports
    incomplete: list # reasons why Vitrine did not see all of it
    path: str


ROWS = []


def row(name):
    def add(test):
        ROWS.append((name, test))
        return test
    return add


TEXT = ("text", "html", "mail", "pdf", "rtf")


@row("normalised-text")
def _(c):
    """ClamAV looks for signatures of text, mail and HTML in a copy in lower case, without markup or
    superfluous blanks, and for others there too; also in HTML that stands within other files."""
    in_text = c.recipe["wrap"].split(" ")[0] in TEXT
    of_text = c.sig is not None and c.sig.target in (3, 4, 7)
    return in_text and (c.side == "clamav" or of_text) or c.side == "clamav" and of_text


@row("normalised-html")
def _(c):
    """ClamAV looks at the normalised copies of an HTML file only, not at the file itself."""
    return c.side == "vitrine" and c.recipe["wrap"].split(" ")[0] == "html"


@row("entry-macho")
def _(c):
    """ClamAV's entry point of a Mach-O for x86 is 0."""
    return c.sig is not None and c.sig.target == 9 and any(s.offset.kind == "ep" for s in c.sig.subs)


@row("macro")
def _(c):
    """ClamAV's macro subsignatures match now and then; the manual's own example does not."""
    return c.sig is not None and any(s.kind == "macro" for s in c.sig.subs)


@row("section-pe64")
def _(c):
    """Section hashes never match in 64-bit PE files."""
    return c.side == "vitrine" and c.rule.startswith("Gen.Section") and c.recipe["wrap"].startswith("pe64")


def find(case):
    for name, test in ROWS:
        if test(case):
            return name
    return None
