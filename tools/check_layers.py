#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Enforces src/LAYERS: which folder may include which.

usage: check_layers.py [ROOT]

Every #include "..." in src/ is a path from src/ (or include/) into the file's own folder or one
that LAYERS lists for it. A folder may only list folders above it, so no cycle can be declared.
A main.c and the tests beside the code may include whatever their executable links.
"""
import os
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
LOOSE = ("main.c", "_test.c", "_fuzz.c", "_bench.c")


def read_layers(path):
    layers, errors = {}, []
    with open(path) as f:
        for n, line in enumerate(f, 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            folder, _, allowed = line.partition(":")
            for a in allowed.split():
                if a not in layers:
                    errors.append(f"src/LAYERS:{n}: {folder} names {a}, which does not stand above it")
            layers[folder.strip()] = set(allowed.split())
    return layers, errors


def folder_of(path, layers):
    """The deepest layer that holds a path like engine/core/rule.h."""
    folder = os.path.dirname(path)
    while folder and folder not in layers:
        folder = os.path.dirname(folder)
    return folder


def check_file(root, path, layers):
    with open(os.path.join(root, "src", path), encoding="utf-8") as f:
        text = f.read()
    folder = folder_of(path, layers)
    if not folder:
        return [f"src/{path}: its folder is not in src/LAYERS"]
    errors = []
    for inc in INCLUDE.findall(text):
        if not any(os.path.exists(os.path.join(root, d, inc)) for d in ("src", "include")) or ".." in inc:
            errors.append(f'src/{path}: "{inc}" is not a path from src/')
            continue
        target = folder_of(inc, layers)
        if target != folder and target not in layers[folder] and not path.endswith(LOOSE):
            errors.append(f'src/{path}: {folder} may not include "{inc}" ({target or "no layer"})')
    return errors


def check(root):
    layers, errors = read_layers(os.path.join(root, "src/LAYERS"))
    for folder, _, names in os.walk(os.path.join(root, "src")):
        for name in sorted(names):
            if name.endswith((".c", ".h", ".def", ".inc")):
                path = os.path.relpath(os.path.join(folder, name), os.path.join(root, "src"))
                errors += check_file(root, path, layers)
    return errors


if __name__ == "__main__":
    found = check(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)
