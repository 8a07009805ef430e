#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the first inputs of the fuzz targets of src/tree and of executables' signatures.

usage: tree_seeds.py [tests/data/fuzz]

Needs mke2fs, sfdisk, qemu-img, osslsigncode and openssl.
"""
import gzip
import os
import subprocess
import sys
import tempfile

import image_samples as im
import signed_samples


def sh(command, cwd):
    subprocess.run(["sh", "-ec", command], cwd=cwd, check=True, capture_output=True,
                   env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def main(folder):
    def write(target, name, data):
        os.makedirs(os.path.join(folder, target), exist_ok=True)
        with open(os.path.join(folder, target, name), "wb") as f:
            f.write(data)
    few = [im.tar(x) for x in (
        [im.d("a"), im.f("a/b"), im.s("l", "a"), im.h("h", "a/b")],
        [im.f("a/.wh.b", ""), im.f("l/c", "c"), im.f("x/.wh..wh..opq", ""), im.f("x/y")])]
    with tempfile.TemporaryDirectory() as t:
        im.docker_save(os.path.join(t, "docker"), [(["a:b"], few)])
        with open(os.path.join(t, "docker"), "rb") as f:
            data = f.read()
        write("tree-image", "docker", data)
        write("tree-image", "docker-gzip", gzip.compress(data, mtime=0))
        blobs = im.oci([("one", None, [(few[0], "gzip"), (few[1], "zstd")]), ("", "amd64", [(few[0], "plain")])])
        write("tree-image", "oci", im.tar([im.member(k, v) for k, v in blobs.items()]))
        mark = b"LAYER" + b"\0" * 507
        write("tree-layer", "two", few[0] + mark + few[1])
        write("tree-layer", "all", mark.join(im.tar(x) for x in im.LAYERS))
        write("tree-layer", "gnu", im.tar(im.LAYERS[0], im.tarfile.GNU_FORMAT))
        sh("mkdir d; echo hello > d/file; ln -s file d/link; mkdir -p d/a/b; ln -s $(printf %070d 1) d/slow;"
           "mke2fs -q -t ext2 -b 1024 -N 16 -I 128 -m 0 -d d ext2 64;"
           "mke2fs -q -t ext4 -O ^has_journal,inline_data,^resize_inode -b 1024 -N 16 -m 0 -d d ext4 80; truncate -s 64k ext2; truncate -s 80k ext4;"
           "truncate -s 24k small; echo data | dd of=small bs=512 seek=3 conv=notrunc;"
           "qemu-img convert -O qcow2 -o cluster_size=512 small q1;"
           "qemu-img convert -c -O qcow2 -o cluster_size=1024 ext2 q2;"
           "qemu-img convert -c -O qcow2 -o cluster_size=1024,compression_type=zstd ext2 q3;"
           "qemu-img convert -O qcow2 -o compat=0.10,cluster_size=512 small q4;"
           "truncate -s 2M m g; printf 'start=1,size=63,type=83\nstart=64,size=100,type=5\n"
           "start=65,size=9,type=82\nstart=80,size=30,type=83\n' | sfdisk -q m;"
           "printf 'label: gpt\nstart=34,size=128\nstart=200,size=8\n' | sfdisk -q g; truncate -s 100k m g", t)
        for name, target in (("ext2", "tree-disk"), ("ext4", "tree-disk"), ("m", "tree-disk"), ("g", "tree-disk"),
                             ("q1", "tree-disk"), ("q2", "tree-qcow2"), ("q3", "tree-qcow2"), ("q4", "tree-qcow2"),
                             ("q1", "tree-qcow2")):
            with open(os.path.join(t, name), "rb") as f:
                write(target, name, f.read())
        signed_samples.main(os.path.join(t, "s"))
        for name in ("signed.exe", "signed32.exe", "plain.exe", "thin", "adhoc", "fat"):
            with open(os.path.join(t, "s", name), "rb") as f:
                write("exe-artefact", name, f.read())
        sh("echo 'int f(void){return 1;}' > f.c; cc -shared -fPIC -nostdlib -Wl,-soname,libf.so -Wl,--build-id "
           "-Wl,-z,max-page-size=512 -s -o f.so f.c; cc -c f.c", t)
        for name in ("f.so", "f.o"):
            with open(os.path.join(t, name), "rb") as f:
                write("exe-artefact", name, f.read())


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "tests/data/fuzz")
