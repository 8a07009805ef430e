#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The style rules that a program can check (CONTRIBUTING.md has all of them).

usage: check_style.py [ROOT]

SPDX lines, calls that are banned (everywhere, or in the pure folders), goto labels, lengths of
functions and files, notes left for later, headers that do not compile alone.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

MAX_FUNCTION, MAX_FILE = 80, 600
ANYWHERE = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atoll|strtok|system|popen|"
                      r"tmpnam|mktemp|alloca)\s*\(")
IMPURE = re.compile(r"(?<![\w.>])(printf|fprintf|puts|fopen|open|openat|fread|fwrite|getenv|time|clock_gettime|"
                    r"gettimeofday|rand|srand|random|pthread_create|fork|exit|abort|setlocale|syslog|"
                    r"socket|connect)\s*\(")
COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
FOR_TESTS = re.compile(r"(_test|_fuzz|_bench|_tool)\.[ch]$|/fake_\w+\.[ch]$|/fuzz\.h$")
SPDX = "SPDX-License-Identifier: Apache-2.0"
CODE = (".c", ".h", ".def", ".inc", ".py", ".sh")


def files(root):
    r = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                       capture_output=True, text=True)
    if r.returncode == 0:
        names = r.stdout.splitlines()
    else:
        names = [os.path.relpath(os.path.join(d, n), root) for d, dirs, ns in os.walk(root)
                 for n in ns if not os.path.relpath(d, root).startswith(("build", ".git"))]
    return sorted(n for n in names if os.path.isfile(os.path.join(root, n)))


def pure_folders(root):
    with open(os.path.join(root, "src/LAYERS")) as f:
        return tuple("src/" + line.split(":")[0] + "/" for line in f
                     if not line.startswith("#") and "# PURE" in line)


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def check_text(name, text, pure):
    lines = text.splitlines()
    out = []
    is_code = name.endswith(CODE) or name.endswith("meson.build") or name in ("try", "check", ".ci/run")
    if is_code and SPDX not in "\n".join(lines[:4]):
        out.append(f"{name}:1: no SPDX line")
    if name.startswith(("src/", "include/")) and name.endswith((".c", ".h")) and len(lines) > MAX_FILE:
        out.append(f"{name}: {len(lines)} lines, more than {MAX_FILE}")
    for n, line in enumerate(lines, 1):
        if is_code and name != "tools/check_style.py" and re.search(r"\b(TODO|FIXME|XXX)\b", line):
            out.append(f"{name}:{n}: a note for later")
    if not name.endswith((".c", ".h")) or name.startswith(("tests/", "tools/")):
        return out
    code = COMMENT_OR_STRING.sub(blank, text)
    is_pure = name.startswith(pure) and not FOR_TESTS.search(name)
    for n, line in enumerate(code.splitlines(), 1):
        for rx in (ANYWHERE, IMPURE) if is_pure else (ANYWHERE,):
            m = rx.search(line)
            if m:
                out.append(f"{name}:{n}: {m[1]}() is not used here")
        m = re.search(r"\bgoto\s+(\w+)", line)
        if m and m[1] != "out":
            out.append(f"{name}:{n}: label {m[1]}: only out")
    return out


def check_functions(root, names):
    r = subprocess.run(["ctags", "--output-format=json", "--fields=+ne", "--kinds-C=f", "-f", "-",
                        *names], cwd=root, capture_output=True, text=True)
    out = []
    for line in r.stdout.splitlines():
        tag = json.loads(line)
        n = tag.get("end", tag["line"]) - tag["line"] + 1
        if n > MAX_FUNCTION:
            out.append(f"{tag['path']}:{tag['line']}: {tag['name']}() has {n} lines, more than {MAX_FUNCTION}")
    if r.returncode:
        out.append("ctags: " + r.stderr.strip())
    return out


def check_headers(root, headers):
    def one(name):
        with tempfile.NamedTemporaryFile("w", suffix=".c") as f:
            path = re.sub(r"^(src|include)/", "", name)
            f.write(f'#include "{path}"\n#include "{path}"\n')
            f.flush()
            r = subprocess.run(["cc", "-std=c17", "-D_GNU_SOURCE", "-fsyntax-only", "-I", root + "/src",
                                "-I", root + "/include", f.name], capture_output=True, text=True)
        why = [line for line in r.stderr.splitlines() if "error:" in line] or ["?"]
        return [f"{name}: does not compile alone: {why[0]}"] if r.returncode else []
    with ThreadPoolExecutor(2) as pool:
        return [e for es in pool.map(one, headers) for e in es]


def check(root):
    names, pure, out = files(root), pure_folders(root), []
    for name in names:
        if name.startswith(("tests/data/", "tests/oracle/data/", "content/")):
            continue
        try:
            with open(os.path.join(root, name), encoding="utf-8") as f:
                out += check_text(name, f.read(), pure)
        except UnicodeDecodeError:
            out.append(f"{name}: not UTF-8")
    c = [n for n in names if n.startswith("src/") and n.endswith(".c")]
    out += check_functions(root, c)
    out += check_headers(root, [n for n in names if n.startswith(("src/", "include/")) and n.endswith(".h")
                               and not FOR_TESTS.search(n)])
    return out


if __name__ == "__main__":
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    found = check(sys.argv[1] if len(sys.argv) > 1 else here)
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)
