# SPDX-License-Identifier: Apache-2.0
"""What runs, starts, is trusted and extends, through the real binaries: their sandbox included.

Hard cases 8 (processes), 9 (boot) and 10 (leftovers) of inventories. The collectors' own tests are
src/collect/*_test.c; here each is seen from outside.
"""
import io
import json
import os
import shutil
import socket
import struct
import subprocess
import tarfile
import time

import pytest

import hives
from conftest import BUILD, MARK

RULES = [
    ("ran", "process", {"path": ["*/vt-example", "/memfd:vt-example*"]}),
    ("heard", "listener", {"path": ["*/vt-example.socket"]}),
    ("started", "unit", {"command": ["/opt/vt-example/*"]}),
    ("loaded", "module", {"name": ["vtexample"]}),
    ("copied", "file", {"path": ["/opt/vt-example/*"]}),
    ("believed", "certificate", {"o": ["AO Example Lab"]}),
    ("extends", "extension", {"id": ["amkpcclbbgegoafihnpgomddadjhcadd"]}),
    ("belongs", "account", {"name": ["vtexample"]}),
]


@pytest.fixture
def catalogue(tmp_path):
    rules = [{"id": "vt-" + name, "product": "vt-example", "kind": kind, "match": match, "source": "test",
              "confidence": "read"} for name, kind, match in RULES]
    rules.append({"id": "vt-bytes", "product": "vt-example", "kind": "content", "source": "test", "confidence": "read",
                  "signature": {"format": "ldb", "line": "Engine:81-255,Target:6;0;" + MARK.hex()}})
    path = tmp_path / "catalogue.json"
    path.write_text(json.dumps({
        "format": "vitrine/catalogue/1", "id": "test", "version": "1", "title": "An example",
        "sources": {"test": {"text": "made up for this test"}},
        "products": [{"id": "vt-example", "name": "Example", "entity": "example", "category": "security-software",
                      "source": "test", "confidence": "read"}],
        "rules": rules}))
    return path


@pytest.fixture
def inventory(tmp_path, catalogue):
    def run(*args):
        r = subprocess.run([BUILD / "vitrine", "inventory", "--unsigned", "--catalogue", catalogue, "--evidence",
                            tmp_path / "evidence.db", "--state", tmp_path / "state", "--format", "json", *args],
                           capture_output=True, text=True, timeout=120, check=False)
        assert r.returncode in (0, 1), r.stderr
        return json.loads(r.stdout)
    return run


def signs(report):
    """The rules that fired, without the prefix, of all findings of the example."""
    return {o["rule"][3:] for f in report["findings"] if f["product"] == "vt-example" for o in f["observations"]}


def answers(report):
    return {area: a["answer"] for area, a in report["subjects"][0]["areas"].items()}


@pytest.fixture
def program(tmp_path):
    """A program with the mark in it; the runner ends what it starts."""
    started = []
    path = tmp_path / "vt-example"
    path.write_bytes(open("/bin/sleep", "rb").read() + MARK)
    path.chmod(0o755)

    def start(executable=path, **kw):
        started.append(subprocess.Popen([executable, "1000"], **kw))
        time.sleep(0.1)
        return started[-1]
    start.path = path
    yield start
    for p in started:
        p.kill()
        p.wait()


LIVE = ("--only", "processes,content,network", "--exclude", "/*")


def test_case_8_running(inventory, program):
    program()
    report = inventory(*LIVE)
    assert signs(report) == {"ran"}, "its file is where names lead: the walk would look at it"
    assert answers(report)["processes"] == "found"


def test_case_8_deleted_executable(inventory, program):
    program()
    program.path.unlink()
    report = inventory(*LIVE)
    assert signs(report) == {"ran", "bytes"}
    assert [f["confidence"] for f in report["findings"]] == ["confirmed"]


def test_case_8_memfd(inventory, program):
    fd = os.memfd_create("vt-example", 0)
    os.write(fd, program.path.read_bytes())
    program(f"/proc/self/fd/{fd}", pass_fds=[fd])
    os.close(fd)
    assert signs(inventory(*LIVE)) == {"ran", "bytes"}


@pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces")
def test_case_8_other_mount_namespace(inventory, program, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    script = 'mount -t tmpfs x "$1" && cp "$2" "$1/vt-example" && exec "$1/vt-example" 1000'
    p = subprocess.Popen(["unshare", "-m", "sh", "-c", script, "sh", inner, program.path])
    try:
        time.sleep(0.3)
        program.path.unlink()
        assert not list(inner.iterdir()), "no name leads there from outside"
        assert signs(inventory(*LIVE)) == {"ran", "bytes"}
    finally:
        p.kill()
        p.wait()


def test_case_8_restarting_itself(inventory, program, tmp_path):
    loop = tmp_path / "loop.sh"
    loop.write_text(f"while :; do {program.path} 0.3; done\n")
    p = subprocess.Popen(["sh", loop], start_new_session=True)
    try:
        seen = [signs(inventory("--only", "processes")) for _ in range(5)]
        assert {"ran"} in seen
    finally:
        os.killpg(p.pid, 9)
        p.wait()


def test_case_8_listener(inventory, tmp_path):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(tmp_path / "vt-example.socket"))
        s.listen()
        assert signs(inventory("--only", "network")) == {"heard"}


def put(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


BOOT = {
    "unit": ("etc/systemd/system/a.service", "[Service]\nExecStart=/opt/vt-example/run\n"),
    "drop-in": ("usr/lib/systemd/system/ssh.service.d/x.conf", "[Service]\nExecStartPre=/opt/vt-example/run\n"),
    "cron": ("etc/cron.d/a", "@reboot root /opt/vt-example/run\n"),
    "user's crontab": ("var/spool/cron/crontabs/root", "@daily /opt/vt-example/run\n"),
    "udev": ("etc/udev/rules.d/9.rules", 'ACTION=="add", RUN+="/opt/vt-example/run"\n'),
    "rc.local": ("etc/rc.local", "#!/bin/sh\n/opt/vt-example/run\n"),
    "autostart": ("etc/xdg/autostart/a.desktop", "[Desktop Entry]\nExec=/opt/vt-example/run\n"),
}


@pytest.mark.parametrize("way", BOOT)
def test_case_9_boot(inventory, tmp_path, way):
    root = tmp_path / "root"
    put(root, "etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    put(root, *BOOT[way])
    report = inventory("--root", root, "--only", "boot")
    assert signs(report) == {"started"}
    assert answers(report)["boot"] == "found"


def test_case_9_dkms_and_initramfs(inventory, tmp_path):
    root, inner = tmp_path / "root", tmp_path / "inner"
    put(root, "usr/src/vtexample-1/dkms.conf", 'PACKAGE_NAME="vtexample"\n')
    put(inner, "opt/vt-example/run", "x")
    (root / "boot").mkdir()
    subprocess.run("find . | cpio -o -H newc --quiet | zstd -q > ../root/boot/initrd.img-6.1", shell=True, cwd=inner,
                   check=True)
    assert signs(inventory("--root", root, "--only", "boot")) == {"loaded", "copied"}


def test_case_10_leftovers(inventory, tmp_path):
    root = tmp_path / "root"
    put(root, "etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    put(root, "etc/group", "vtexample:x:990:\n")
    put(root, "root/.config/chromium/Default/Extensions/amkpcclbbgegoafihnpgomddadjhcadd/1/manifest.json",
        '{"manifest_version": 3, "name": "x", "version": "1"}')
    (root / "etc/ssl/certs").mkdir(parents=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", tmp_path / "k.pem", "-out", root / "etc/ssl/certs/left.pem", "-days", "3650",
                    "-subj", "/O=AO Example Lab/CN=Example Root"], check=True, capture_output=True)
    only = ("--root", root, "--only", "trust,browsers,accounts")
    report = inventory(*only)
    assert signs(report) == {"believed", "extends", "belongs"}
    assert set(answers(report).values()) == {"found"}
    (root / "etc/ssl/certs/left.pem").unlink()
    put(root, "etc/group", "root:x:0:\n")
    shutil.rmtree(root / "root/.config")
    report = inventory(*only)
    assert signs(report) == set()
    assert set(answers(report).values()) == {"not found"}


def test_nothing_to_ask_is_unknown(inventory, tmp_path):
    (tmp_path / "empty").mkdir()
    report = inventory("--root", tmp_path / "empty", "--only", "boot,trust,browsers,accounts")
    assert set(answers(report).values()) == {"unknown"}


def layer(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def test_case_9_unit_that_a_later_layer_removes(inventory, tmp_path):
    layers = {"a/layer.tar": layer({"etc/passwd": "root:x:0:0::/root:/bin/sh\n", BOOT["unit"][0]: BOOT["unit"][1],
                                    "etc/systemd/system/b.service": "[Service]\nExecStart=/bin/true\n"}),
              "b/layer.tar": layer({"etc/systemd/system/.wh.a.service": ""})}
    image = tmp_path / "image.tar"
    with tarfile.open(image, "w") as tar:
        manifest = json.dumps([{"Config": "c.json", "RepoTags": ["x:1"], "Layers": list(layers)}]).encode()
        for name, data in {"manifest.json": manifest, "c.json": b'{"os":"linux"}', **layers}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    report = inventory("--image", image, "--only", "boot")
    boot = report["subjects"][0]["areas"]["boot"]
    assert (boot["answer"], boot["seen"], boot["read"]) == ("not found", 1, 1), "a container sees b.service only"


def test_case_10_windows_that_is_not_running(inventory, tmp_path):
    root = tmp_path / "disk"
    config = root / "WINDOWS/system32/config"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", tmp_path / "k.pem", "-out", tmp_path / "c.der", "-outform", "der", "-days", "3650",
                    "-subj", "/O=AO Example Lab/CN=Example Root"], check=True, capture_output=True)
    der = (tmp_path / "c.der").read_bytes()
    hives.write(config / "software", {
        "Microsoft\\Windows\\CurrentVersion\\Uninstall\\Müller Öl": {"DisplayName": "Ärger", "DisplayVersion": "1"},
        "Microsoft\\Windows\\CurrentVersion\\Run": {"x": "/opt/vt-example/run"},
        "Microsoft\\SystemCertificates\\ROOT\\Certificates\\AB": {"Blob": struct.pack("<III", 32, 1, len(der)) + der},
        "Google\\Chrome\\Extensions\\amkpcclbbgegoafihnpgomddadjhcadd": {"update_url": "https://example.org"}})
    hives.write(config / "SYSTEM", {"ControlSet001\\Services\\vtexample": {"Type": 1, "Start": 0}})
    hives.write(config / "SAM", {"SAM\\Domains\\Account\\Users\\Names\\vtexample": {}})
    report = inventory("--root", root, "--no-content")
    assert report["subjects"][0]["platform"] == "windows"
    assert signs(report) == {"started", "believed", "extends", "loaded", "belongs"}
    names = [(c["name"], c["manager"]) for c in report["components"]]
    assert names == [("Ärger", "windows")]
    assert "Müller Öl" in report["components"][0]["locus"]
    (config / "software").write_bytes(b"regf" + b"\xff" * 5000)
    report = inventory("--root", root, "--only", "packages,trust")
    assert answers(report) == {"packages": "unknown", "trust": "unknown"}
