#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Container images with everything that layers may do, and what they are when unpacked.

usage: image_samples.py FOLDER

Writes FOLDER/{docker.tar,oci.tar,layout/,...} and, for each image, FOLDER/NAME.merged: the lines that
a walk over the merged tree should print. The reference below is written from the OCI specification,
and knows nothing of the product's code.
"""
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile


def sha(b):
    return "sha256:" + hashlib.sha256(b).hexdigest()


def member(name, data=None, kind=tarfile.REGTYPE, link="", mode=0o644, pax=None):
    t = tarfile.TarInfo(name)
    t.type, t.linkname, t.mode, t.mtime = kind, link, mode, 1000000000
    if data is not None:
        t.size = len(data)
    if pax:
        t.pax_headers = pax
    return t, data


def d(name):
    return member(name, kind=tarfile.DIRTYPE, mode=0o755)


def s(name, to):
    return member(name, kind=tarfile.SYMTYPE, link=to)


def h(name, to):
    return member(name, kind=tarfile.LNKTYPE, link=to)


def f(name, data="x"):
    return member(name, data.encode())


def tar(members, form=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as t:
        for info, data in members:
            t.addfile(info, io.BytesIO(data) if data is not None else None)
    return out.getvalue()


LAYERS = [
    [d("./"), d("etc/"), f("etc/passwd", "root"), f("etc/removed", "gone"), d("opt"), d("opt/a"),
     f("opt/a/one", "1"), f("opt/a/two", "2"), d("usr"), d("usr/lib"), s("lib", "usr/lib"),
     f("usr/lib/base.so", "base"), f("file-to-folder", "f"), d("folder-to-file"),
     f("folder-to-file/inside", "i"), s("link-to-folder", "opt"), d("srv"), f("srv/keep", "keep"),
     h("srv/hard", "srv/keep"), d("deep"), d("deep/er"), f("deep/er/x", "x"), f("bare/keep", "bare"),
     member("dev/null", kind=tarfile.CHRTYPE), member("run/pipe", kind=tarfile.FIFOTYPE),
     f("long/" + "n" * 200 + "/" + "m" * 200, "long"), f("names/\u00fc\u4e2d", "utf8")],
    # whiteouts, a link's folder used as a path, duplicates, names that try to leave
    [f("etc/.wh.removed", ""), f("opt/a/.wh..wh..opq", ""), f("opt/a/three", "3"),
     f("lib/added.so", "added"), d("file-to-folder"), f("file-to-folder/x", "fx"),
     f("folder-to-file", "now a file"), d("link-to-folder"), f("link-to-folder/y", "ly"),
     f("bare/.wh.", ""), f("deep/.wh.er", ""), f("dup", "first"), f("dup", "second"),
     f("../../escape", "e"), f("/absolute", "a"), f("a/b/../../c", "c"),
     h("srv/again", "srv/keep"), f("only/in/implicit", "imp")],
    # new things where whiteouts were, and a file with content in a whiteout's name
    [f("etc/removed", "new"), f("srv/.wh.keep", ""), f("srv/.wh.hard", "payload"), f("opt/a/.wh.nothing", ""),
     f("deep/.wh..", "dot"), f("deep/.wh...", "dots")],
]
MERGED = """d /etc|f /etc/passwd root|f /etc/removed new|d /opt|d /opt/a|f /opt/a/three 3|d /usr|d /usr/lib
l /lib|f /usr/lib/base.so base|f /usr/lib/added.so added|d /file-to-folder|f /file-to-folder/x fx
f /folder-to-file now a file|d /link-to-folder|f /link-to-folder/y ly|d /srv|f /srv/again keep|d /deep|d /bare
f /bare/keep bare|f /bare/.wh. |d /dev|o /dev/null|d /run|o /run/pipe|d /long|f /dup second|f /escape e
f /absolute a|d /a|f /c c|d /only|d /only/in|f /only/in/implicit imp|d /names|f /names/\u00fc\u4e2d utf8
f /deep/.wh.. dot|f /deep/.wh... dots"""
MERGED = [x for line in MERGED.split("\n") for x in line.split("|")]
MERGED = [x for x in MERGED if x != "d /a"]  # "a/b/../../c" is "c": nothing is made on the way
MERGED += ["d /long/" + "n" * 200, "f /long/" + "n" * 200 + "/" + "m" * 200 + " long"]


def config(layers, commands):
    return json.dumps({"os": "linux", "architecture": "amd64",
                       "rootfs": {"type": "layers", "diff_ids": [sha(x) for x in layers]},
                       "history": [{"created_by": c} for c in commands] +
                       [{"created_by": "CMD", "empty_layer": True}]}).encode()


def docker_save(path, images):
    """images: (tags, layers). As docker wrote it until 2023: ID/layer.tar, shared layers as links."""
    members, manifest, at = [], [], {}
    for tags, layers in images:
        names = []
        for i, x in enumerate(layers):
            name = hashlib.sha256(x + repr(tags).encode()).hexdigest() + "/layer.tar"
            members.append(d(name.split("/")[0]))
            members.append(s(name, "../" + at[x]) if x in at else member(name, x))
            at.setdefault(x, name)
            names.append(name)
        c = config(layers, [f"step {i}" for i in range(len(layers))])
        members.append(member(sha(c)[7:] + ".json", c))
        manifest.append({"Config": sha(c)[7:] + ".json", "RepoTags": tags, "Layers": names})
    members.append(member("manifest.json", json.dumps(manifest).encode()))
    with open(path, "wb") as out:
        out.write(tar(members, tarfile.USTAR_FORMAT))


def compress(data, how):
    if how == "gzip":
        return gzip.compress(data, mtime=0)
    if how == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout
    return data


def oci(images):
    """images: (name, platform, [(layer, compression)]); those with a platform in an inner index."""
    blobs, top, inner = {}, [], []

    def blob(b):
        blobs["blobs/sha256/" + sha(b)[7:]] = b
        return {"digest": sha(b), "size": len(b)}
    for name, platform, layers in images:
        c = config([x for x, _ in layers], ["step"] * len(layers))
        kinds = {"gzip": "+gzip", "zstd": "+zstd", "plain": ""}
        m = {"schemaVersion": 2, "config": blob(c),
             "layers": [dict(blob(compress(x, how)), mediaType="application/vnd.oci.image.layer.v1.tar" + kinds[how])
                        for x, how in layers]}
        entry = dict(blob(json.dumps(m).encode()), mediaType="application/vnd.oci.image.manifest.v1+json")
        if platform:
            inner.append(dict(entry, platform={"os": "linux", "architecture": platform}))
        else:
            top.append(dict(entry, annotations={"org.opencontainers.image.ref.name": name}))
    if inner:
        inner.append({"digest": sha(b"not saved"), "size": 9, "platform": {"os": "linux", "architecture": "s390x"}})
        top.append(dict(blob(json.dumps({"manifests": inner}).encode()), annotations={
            "org.opencontainers.image.ref.name": "multi"}))
    blobs["index.json"] = json.dumps({"schemaVersion": 2, "manifests": top}).encode()
    blobs["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    return blobs


def write_layout(folder, blobs):
    for name, b in blobs.items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "wb") as out:
            out.write(b)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    at = lambda name: os.path.join(folder, name)
    layers = [tar(x) for x in LAYERS]
    layers[2] = tar(LAYERS[2], tarfile.GNU_FORMAT)
    docker_save(at("docker.tar"), [(["web:1", "web:latest"], layers), (["base:1"], layers[:1])])
    with open(at("docker.tar"), "rb") as i, gzip.open(at("docker.tar.gz"), "wb") as o:
        o.write(i.read())
    how = list(zip(layers, ["gzip", "zstd", "plain"]))
    blobs = oci([("one", None, how), ("", "amd64", how[:2]), ("", "arm64", how[:1])])
    write_layout(at("layout"), blobs)
    with open(at("oci.tar"), "wb") as out:
        out.write(tar([member(k, v) for k, v in blobs.items()]))
    bad = dict(blobs)
    for k in sorted(bad):
        if bad[k][:4] == b"\x28\xb5\x2f\xfd":
            bad[k] = bad[k][:-1] + b"?"
    write_layout(at("bad-digest"), bad)
    gone = {k: v for k, v in blobs.items() if v[:4] != b"\x28\xb5\x2f\xfd"}
    write_layout(at("gone-layer"), gone)
    with open(at("merged"), "w") as out:
        out.write("\n".join(sorted(MERGED)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
