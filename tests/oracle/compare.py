# SPDX-License-Identifier: Apache-2.0
"""Compares Vitrine with ClamAV, as a black box, on generated objects.

usage: compare.py [--sigs FILE_OR_FOLDER]... [--count 3000] [--seed 1] [--vitrine build/vitrine]
                  [--clamav-only] [--keep FOLDER]

Without --sigs, the signatures of data/ are used. Exit status 0: no unexplained difference;
1: at least one; 2: could not run.
"""
import os
import sys

# This folder holds a types.py of its own, which must not hide Python's.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import argparse
import collections
import json
import random
import shutil
import subprocess
import tempfile
import time

from oracle import explained, generate, hashes, sigs

HERE = os.path.dirname(os.path.abspath(__file__))
EXTENSIONS = ("hdb", "hsb", "hdu", "hsu", "mdb", "msb", "mdu", "msu", "imp", "ndb", "ndu", "ldb",
              "ldu", "cdb", "fp", "sfp", "ign", "ign2")


def signature_files(sources):
    out = []
    for s in sources:
        if os.path.isdir(s):
            out += [os.path.join(s, n) for n in sorted(os.listdir(s))]
        else:
            out.append(s)
    return [p for p in out if p.rsplit(".", 1)[-1] in EXTENSIONS]


def clamscan(files, folder):
    """({object: set of names}, objects on which clamscan crashed)"""
    cmd = ["clamscan", "-z", "--no-summary", "--stdout", "--max-filesize=100M",
           "--max-scansize=400M", "--max-recursion=17", "--max-files=10000"]
    for f in files:
        cmd += ["-d", f]
    todo = sorted(os.listdir(folder))
    out, crashed = collections.defaultdict(set), set()
    while todo:
        with tempfile.NamedTemporaryFile("w") as listed:
            listed.write("".join(os.path.join(folder, n) + "\n" for n in todo))
            listed.flush()
            r = subprocess.run(cmd + ["--file-list=" + listed.name], capture_output=True)
        last = None
        for line in r.stdout.decode("latin-1").splitlines():
            path, _, name = line.rpartition(": ")
            if not path.startswith(folder):
                continue
            last = os.path.basename(path)
            name = name.removesuffix(" FOUND").removesuffix(".UNOFFICIAL")
            if line.endswith(" FOUND") and not name.startswith("Heuristics."):
                out[last].add(name)
        if r.returncode >= 0:
            if r.returncode == 2 and last is None:
                sys.stderr.write(r.stderr.decode("latin-1")[-2000:])
                raise SystemExit(2)
            break
        # It died on the object after the last one that it answered for; that one may have had more
        # names to come.
        at = todo.index(last) + 1 if last else 0
        crashed.add(todo[at])
        todo = todo[at + 1:]
    return out, crashed


def vitrine(program, files, folder):
    cmd = [program, "scan", "--all-match", "--format", "jsonl"]
    for f in files:
        cmd += ["--db", f]
    r = subprocess.run(cmd + ["--", folder], capture_output=True)
    out, incomplete, seen = collections.defaultdict(set), {}, 0
    for line in r.stdout.splitlines():
        d = json.loads(line)
        if d["type"] != "file":
            continue
        seen += 1
        name = os.path.basename(d["path"])
        for hit in d["detections"]:
            out[name].add(hit["rule"].removesuffix(".UNOFFICIAL"))
        if d.get("incomplete"):
            incomplete[name] = [i["reason"] for i in d["incomplete"]]
    if r.returncode not in (0, 1) or not seen:
        sys.stderr.write(r.stderr.decode("latin-1")[-2000:] + f"\nvitrine: exit {r.returncode}\n")
        if not seen:
            raise SystemExit(2)
    return out, incomplete


def make(signatures, args, folder):
    """Writes the objects; returns {file name: recipe}."""
    rng = random.Random(args.seed)
    recipes, failures = {}, collections.Counter()
    usable = [s for s in signatures if s.format == "cdb" or s.subs]

    def failed(_sig, cause):
        failures[cause] += 1

    def add(recipe, data):
        name = f"{len(recipes):06d}"
        recipes[name] = recipe
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)

    for recipe, data in generate.objects(usable, args.count, rng, failed):
        add(recipe, data)
    for recipe, data in generate.members(usable, rng):
        add(recipe, data)
    return recipes, failures


def rates(recipes, clam, by_where, verbose):
    """How many positives fire in ClamAV, by feature: checks the generator."""
    total, fired, silent = collections.Counter(), collections.Counter(), collections.defaultdict(list)
    misses = hits = 0
    for name, r in recipes.items():
        hit = r["sig"] in clam.get(name, ())
        if r["change"]:
            misses += 1
            hits += hit
            continue
        for k in sigs.features(by_where[r["where"]], r["counts"]) | {"all"}:
            total[k] += 1
            fired[k] += hit
            if not hit:
                silent[k].append(name)
    for k in sorted(total):
        more = " ".join(f"{n}({recipes[n]['where']})" for n in silent[k][:4]) if verbose else ""
        print(f"  {k:24} {fired[k]:6} of {total[k]:6} {more}")
    print(f"  near misses that fire     {hits:6} of {misses:6}")


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument("--sigs", action="append", default=[])
    ap.add_argument("--count", type=int, default=3000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--vitrine", default=os.path.join(HERE, "../../build/vitrine"))
    ap.add_argument("--clamav-only", action="store_true", help="check the generator")
    ap.add_argument("--keep", help="leave objects, recipes and answers in this folder")
    ap.add_argument("--verbose", action="store_true")
    args = ap.parse_args()

    work = args.keep or tempfile.mkdtemp(prefix="vitrine-oracle-")
    folder = os.path.join(work, "objects")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    files = signature_files(args.sigs or [os.path.join(HERE, "data")])
    bad = []
    signatures = sigs.load(files, bad.append)
    start = time.time()
    recipes, failures = make(signatures, args, folder)
    generated = os.path.join(work, "generated")
    shutil.rmtree(generated, ignore_errors=True)
    os.makedirs(generated)
    files += hashes.write(recipes, folder, generated, random.Random(args.seed))
    print(f"oracle: {len(signatures)} signatures ({len(bad)} not understood), {len(recipes)} objects"
          f" in {time.time() - start:.0f} s; not made: {sum(failures.values())}")
    if args.verbose:
        for cause, n in failures.most_common(20):
            print(f"  {n:6} {cause}")
    start = time.time()
    clam, crashed = clamscan(files, folder)
    print(f"oracle: clamscan {time.time() - start:.0f} s, {len(clam)} objects detected,"
          f" crashed on {len(crashed)}")
    for name in sorted(crashed)[:3]:
        print(f"oracle: clamscan crashed on {name}: {recipes[name]}")
    for name in crashed:
        del recipes[name]
    by_where = {s.where: s for s in signatures}
    with open(os.path.join(work, "recipes.jsonl"), "w") as f:
        for name, r in recipes.items():
            f.write(json.dumps(dict(r, object=name, clamav=sorted(clam.get(name, ())))) + "\n")
    if args.clamav_only or args.verbose:
        rates(recipes, clam, by_where, args.verbose)
    status = 0
    if not args.clamav_only:
        start = time.time()
        ours, incomplete = vitrine(args.vitrine, files, folder)
        print(f"oracle: vitrine {time.time() - start:.1f} s, {len(ours)} objects detected")
        status = differences(recipes, clam, ours, incomplete, by_where, folder)
    if not args.keep and status == 0:
        shutil.rmtree(work)
    elif status:
        print("oracle: objects are left in " + folder)
    return status


def differences(recipes, clam, ours, incomplete, by_where, folder):
    known, unknown, detections = collections.Counter(), [], 0
    by_name = {s.name: s for s in by_where.values()}
    for name, r in recipes.items():
        a, b = clam.get(name, set()), ours.get(name, set())
        detections += len(a | b)
        for rule in sorted(a ^ b):
            case = explained.Case(rule=rule, side="clamav" if rule in a else "vitrine", recipe=r,
                                  sig=by_name.get(rule),
                                  others=a if rule in b else b,
                                  incomplete=incomplete.get(name, []),
                                  path=os.path.join(folder, name))
            row = explained.find(case)
            if row:
                known[row] += 1
            else:
                unknown.append((name, case))
    for row, n in sorted(known.items()):
        print(f"oracle: explained {n:6}  {row}")
    groups = collections.Counter((c.side, c.rule) for _, c in unknown)
    for (side, rule), n in groups.most_common(40):
        print(f"oracle: {n:5} only {side}: {rule}")
    shown = collections.Counter()
    for name, c in unknown:
        shown[c.side, c.rule] += 1
        if shown[c.side, c.rule] > 2 or sum(shown.values()) > 150:
            continue
        r = c.recipe
        print(f"oracle: only {c.side}: {c.rule} [{c.sig.where if c.sig else '?'}]\n"
              f"    object {name}: for {r['where']} change '{r['change']}' wrap {r['wrap']}"
              f" counts {r['counts']} incomplete {c.incomplete}")
        if c.sig:
            print("    " + c.sig.text[:300])
    print(f"oracle: {len(recipes)} objects, {detections} detections compared,"
          f" {sum(known.values())} explained differences, {len(unknown)} unexplained")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
