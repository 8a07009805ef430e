# SPDX-License-Identifier: Apache-2.0
"""libvitrine installed, and docs/library.md's program built against it as a stranger would."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("VITRINE_BUILD", os.path.join(ROOT, "build"))


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more)


def test_a_program_builds_against_the_installed_library(tmp_path):
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", str(tmp_path))
    pc = next(p for p, _, names in os.walk(tmp_path) if "vitrine.pc" in names)
    env = {**os.environ, "PKG_CONFIG_PATH": pc, "PKG_CONFIG_SYSROOT_DIR": str(tmp_path)}
    flags = run("pkg-config", "--cflags", "vitrine", env=env).stdout.split()
    libs = run("pkg-config", "--libs", "vitrine", env=env).stdout.split()
    program = tmp_path / "example"
    source = os.path.join(ROOT, "tests", "engine", "library_example.c")
    run("cc", "-D_GNU_SOURCE", source, *flags, *libs, "-o", str(program))

    rules = tmp_path / "own.ndb"
    rules.write_text("Own.Marker:0:*:" + b"some marker".hex() + "\n")
    image = tmp_path / "own.vdb"
    run(os.path.join(BUILD, "vitrine"), "db", "build", "-o", str(image), str(rules))
    sample = tmp_path / "sample"
    sample.write_text("here is some marker")
    out = run(str(program), str(image), str(sample)).stdout
    assert out == f"{sample}: DETECTED\n  Own.Marker\n"
