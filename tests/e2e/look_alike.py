# SPDX-License-Identifier: Apache-2.0
"""Systems with look-alikes of covered products, made from the catalogue's published facts: names, paths and strings.
No file of a vendor is needed, and none is here."""
import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

# What kesl-paths-in-elf and scanengine-names-in-elf ask for.
KESL = 'const char *where[] = {"/opt/kaspersky/kesl/", "/var/opt/kaspersky/kesl"};'
ENGINE = 'const char *what[] = {"kavehost", "appinfo.kli"};'


def compiled(folder, strings, name):
    """An ELF program that holds these strings."""
    out = folder / name
    source = folder / (name + ".c")
    source.write_text(strings + "\nint main(int argc, char **argv) { (void)argv; return argc > 99; }\n")
    subprocess.run(["gcc", "-O0", "-o", out, source], check=True)
    source.unlink()
    return out


def dpkg_entry(name, status="install ok installed", version="12.1.0-1543", extra=""):
    return (f"Package: {name}\nStatus: {status}\nMaintainer: Nobody <nobody@example.org>\nArchitecture: amd64\n"
            f"Version: {version}\nDescription: look-alike\n{extra}\n")


class System:
    """A folder that looks like the root of a small Debian system."""

    def __init__(self, root):
        self.root = Path(root)
        for folder in ("etc", "usr/bin", "usr/lib", "var/lib/dpkg/info", "home/user", "srv", "opt", "root"):
            (self.root / folder).mkdir(parents=True)
        self.put("etc/os-release", "ID=debian\nVERSION_ID=12\n")
        self.put("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n")
        self.put("etc/group", "root:x:0:\nuser:x:1000:\n")
        self.put("etc/ssl/certs/ca-certificates.crt", self.certificate())
        self.put("var/lib/dpkg/status", dpkg_entry("base-files", version="12"))
        self.put("var/lib/dpkg/info/base-files.list", "/.\n/etc/os-release\n")
        self.put("usr/lib/systemd/system/quiet.service", "[Service]\nExecStart=/usr/bin/true\n")
        self.tools = self.root.parent / (self.root.name + "-tools")
        self.tools.mkdir()

    @staticmethod
    def certificate(subject="/O=Example/CN=Example Root"):
        p = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                            "-nodes", "-keyout", "/dev/null", "-days", "30", "-subj", subject],
                           check=True, capture_output=True, text=True)
        return p.stdout

    def put(self, path, content):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copy(content, path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)
        return path

    def add_status(self, text):
        with open(self.root / "var/lib/dpkg/status", "a", encoding="utf-8") as f:
            f.write(text)

    def kesl(self):
        return compiled(self.tools, KESL, "kesl")

    def engine(self):
        return compiled(self.tools, ENGINE, "engine")

    # ---- the copies

    def package(self):
        """Installed by the package manager, with unit, groups and a root certificate."""
        program = self.kesl()
        self.put("opt/kaspersky/kesl/bin/kesl-control", program)
        self.put("opt/kaspersky/kesl/libexec/kesl", program)
        self.put("var/opt/kaspersky/kesl/common/kesl.ini", "[General]\n")
        self.put("usr/lib/systemd/system/kesl.service",
                 "[Service]\nExecStart=/opt/kaspersky/kesl/libexec/kesl\n[Install]\nWantedBy=multi-user.target\n")
        self.add_status(dpkg_entry("kesl"))
        self.put("var/lib/dpkg/info/kesl.list",
                 "/.\n/opt\n/opt/kaspersky\n/opt/kaspersky/kesl\n/opt/kaspersky/kesl/bin\n"
                 "/opt/kaspersky/kesl/bin/kesl-control\n/opt/kaspersky/kesl/libexec\n/opt/kaspersky/kesl/libexec/kesl\n"
                 "/usr/lib/systemd/system/kesl.service\n")
        with open(self.root / "etc/group", "a", encoding="utf-8") as f:
            f.write("kesladmin:x:990:\n")

    def tarball(self, path="srv/old/kesl-12.tar.gz"):
        program = self.kesl()
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:gz") as t:
            t.add(program, "opt/kaspersky/kesl/bin/kesl-control")
            t.add(program, "opt/kaspersky/kesl/libexec/kesl")
        self.put(path, data.getvalue())

    def embedded(self, folder="usr/lib/mailgate/engine"):
        """The SDK, inside of another product."""
        for name in ("appinfo.kli", "kavbase.kdl", "integrity_check_sdk.xml", "kavhttpd.xml"):
            self.put(f"{folder}/{name}", "look-alike\n")
        self.put(f"{folder}/bases/base001.dat", "x")
        self.put(f"{folder}/ppl/core.ppl", "x")
        self.put(f"{folder}/lib/mg-helper", self.engine())
        self.put("usr/lib/mailgate/bin/mailgate", compiled(self.tools, "", "mailgate"))

    def image(self, path="srv/images/web.tar"):
        """A container image that holds a copy in a layer; a later layer takes it away."""
        program = self.kesl().read_bytes()
        below = {"etc/os-release": b"ID=alpine\n", "opt/kaspersky/kesl/bin/kesl-control": program,
                 "opt/kaspersky/kesl/libexec/kesl": program}
        self.put(path, docker_archive([below, {"opt/.wh.kaspersky": b"", "srv/app": b"app"}], ["web:1.0"]))
        return self.root / path


def layer(files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as t:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            t.addfile(info, io.BytesIO(content))
    return data.getvalue()


def docker_archive(layers, tags):
    """As `docker save` writes it."""
    blobs = {}
    names = []
    for files in layers:
        data = layer(files)
        digest = hashlib.sha256(data).hexdigest()
        names.append(f"{digest}/layer.tar")
        blobs[names[-1]] = data
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [
        "sha256:" + n.split("/")[0] for n in names]}, "history": [{"created_by": f"step {i}"} for i in range(len(names))]})
    blobs["config.json"] = config.encode()
    blobs["manifest.json"] = json.dumps([{"Config": "config.json", "RepoTags": tags, "Layers": names}]).encode()
    return layer(blobs)


def compressed(data):
    return gzip.compress(data)
