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


def find(case):
    for name, test in ROWS:
        if test(case):
            return name
    return None
