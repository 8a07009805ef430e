#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An update from its publisher to a machine, then three attacks on it: ./try update-demo

usage: update_demo.py VITRINE

Everything runs on the loopback, on free ports, in a temporary folder that is gone at the end. Exit
status 0 only if all went as it says.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from adversary import parties, servers, tlog  # noqa: E402
from adversary.house import House  # noqa: E402
from adversary.machine import Machine  # noqa: E402
from adversary.services import Remote, RemoteMirror, Service  # noqa: E402

MALWARE = b"This file plays the malware of the demonstration: " + b"vitrine-" + b"demo-4b1d\n"
SECRET = b"This file plays a document that somebody looks for: " + b"project-" + b"firefly\n"
COLOR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


class Wrong(Exception):
    """Something did not go as it should."""


def bold(text):
    return f"\033[1m{text}\033[0m" if COLOR else text


def step(text):
    print("\n" + bold(text), flush=True)


def say(text):
    print(textwrap.fill(" ".join(text.split()), 96, initial_indent="  ", subsequent_indent="  "), flush=True)


def quote(output):
    for line in output.strip().splitlines():
        print("  | " + line[:160], flush=True)


def check(true, what):
    if not true:
        raise Wrong(what)


class Demo:
    def __init__(self, program, folder):
        self.program, self.folder, self.services, self.servers = program, folder, [], []
        self.telling = False
        self.malware, self.secret = folder / "invoice.exe", folder / "minutes.txt"
        self.malware.write_bytes(MALWARE)
        self.secret.write_bytes(SECRET)

    def short(self, text):
        return text.replace(str(self.folder) + "/", "").replace(str(self.folder), ".")

    def command(self, *args, env=None, ok=(0,), shown=True):
        """Runs vitrine as a user would see it."""
        if shown:
            print("  $ vitrine " + self.short(" ".join(map(str, args))), flush=True)
        p = subprocess.run([self.program, *map(str, args)], env=env, stdin=subprocess.DEVNULL, check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                           cwd=self.folder, timeout=300)
        if shown:
            quote(self.short(p.stdout))
        check(p.returncode in ok, f"vitrine {args[0]} ended with {p.returncode}: {p.stdout}")
        return p

    # -- the parties

    def start(self):
        for kind, names in (("witness", ("university", "newspaper", "ministry")), ("mirror", ("library", "archive"))):
            self.services += [Service(self.program, kind, self.folder / n, f"{n}.example") for n in names]
        self.witnesses, self.mirrors = self.services[:3], self.services[3:]
        self.house = House(self.program, self.folder / "publisher", "updates.example/demo", self.witnesses,
                           self.mirrors, shown=self.publishing)
        self.web = self.serve(self.house.public)
        for s in self.services:
            s.configure([(self.house.log.vkey, self.web.url)], **({"Poll": "1h"} if s.kind == "mirror" else {}))
            s.start()
        self.machine = Machine(self.program, self.folder / "machine")
        self.env = dict(self.machine.env)
        say("publisher: updates.example/demo; alice, bob and carol own it, two of them must sign")
        say("witnesses: " + ", ".join(f"{s.key.name} {s.url}" for s in self.witnesses))
        say("mirrors: " + ", ".join(f"{s.key.name} {s.url}" for s in self.mirrors))
        say("machine: its owner believes what two of these witnesses and one of these mirrors vouch for")

    def publishing(self, args, output):
        """Shows what is of interest of a command of the publisher."""
        if not self.telling or args[1] not in ("import", "sign", "commit"):
            return
        lines = output.splitlines()
        if args[1] == "sign":
            lines = [x for x in lines if x.startswith(("content", "  note", "  +", "      ", "  must", "  signed", "  1 added"))]
        print("  $ vitrine " + self.short(" ".join(map(str, args))), flush=True)
        quote(self.short("\n".join(lines)))

    def serve(self, folder):
        self.servers.append(servers.Server(folder))
        return self.servers[-1]

    def trust(self, source):
        self.machine.believe(self.house.log, self.house.first_root, self.witnesses, self.mirrors, [source])

    def stop(self):
        for s in self.services:
            s.stop()
        for s in self.servers:
            s.__exit__()

    # -- what happens

    def scan(self, file, found):
        p = self.command("scan", "--no-summary", "--verbose", file, env=self.env, ok=(0, 1))
        check((p.returncode == 1) == found, f"{file.name} should{'' if found else ' not'} be detected")

    def rule(self):
        other = b"Demo.Other:0:*:" + b"nothing that is in any file".hex().encode() + b"\n"
        self.before = {"demo.ndb": other}
        self.after = {"demo.ndb": other + b"Demo.Invoice:0:*:" + (b"vitrine-" + b"demo-4b1d").hex().encode() + b"\n"}
        self.house.publish(self.before, "the first version")
        self.trust(self.web.url)
        self.command("update", env=self.env)
        self.command("scan", self.secret, env=self.env, shown=False)    # compiles what comes with Vitrine
        say("The machine is up to date. It does not know this file yet:")
        self.scan(self.malware, False)
        shutil.copytree(self.house.public, self.folder / "old")
        say("Two owners see and sign a rule for it, all three witnesses and both mirrors cosign, and the machine "
            "asks for news:")
        self.telling = True
        self.house.publish(self.after, "finds the invoice")
        self.telling = False
        self.command("update", env=self.env)
        self.scan(self.malware, True)

    def attack(self, source, ids):
        self.trust(source)
        p = self.command("update", env=self.env, ok=(1, 2))
        status = self.machine.status()
        check(status["last"]["refusal"] in ids, f"refused for another reason: {status}")
        say(f"Refused ({status['last']['refusal']}). The machine goes on with what it has:")
        self.scan(self.malware, True)
        self.scan(self.secret, False)
        return p

    def evil(self, name):
        q = self.house.stolen().fork(self.folder / name)
        q.witnesses, q.mirrors = [Remote(s) for s in self.witnesses], [RemoteMirror(s) for s in self.mirrors]
        q.add_content("main", {"demo.ndb": self.after["demo.ndb"] + b"Demo.Search:0:*:" + (b"project-" + b"firefly")
                               .hex().encode() + b"\n"})
        q.add_state()
        q.upload()
        return q

    def targeted(self):
        say("The publisher turns evil. It holds every key of its owners and of its log. For this one machine "
            "it signs a rule that looks for a document, in a log that looks like the public one. The public "
            "log goes on, and then it asks the witnesses to cosign the other one, too:")
        q = self.evil("for-one-machine")
        self.house.sign_and_commit()
        _, refused = q.cosignatures()
        for name, e in refused:
            say(f"{name}: {e.status}")
        check(len(refused) == 5, "somebody cosigned a fork")
        say("409 and 422 are the protocol's words for \"you showed me another log\". One witness was bought, "
            "and signs. One is not two:")
        body = q.log.text()
        bought = tlog.keyfile(self.services[0].folder / "key").line(body, int(time.time()))
        q.show(q.signed([bought]))
        self.attack(self.serve(q.folder.path).url, ("quorum",))

    def rolled_back(self):
        say("The publisher wants the machine to forget the rule, and serves it the log as it was before, "
            "with the true cosignatures of that time, just seconds old:")
        self.attack(self.serve(self.folder / "old").url, ("rollback",))

    def hidden(self):
        say("The publisher logs the evil rule in public, so that all witnesses cosign. But what is in it, it "
            "hides: the log has only a hash, and the chunk is given to this machine alone:")
        q, public = self.evil("hidden"), parties.Folder(self.house.public)
        chunks, victim = q.chunks, q.folder
        q.folder = public
        q.upload(chunks={})
        lines, refused = q.cosignatures()
        say(f"witnesses that cosigned: {len(lines)}; mirrors that would not: "
            + ", ".join(f"{name} ({e.status})" for name, e in refused))
        check(len(lines) == 3 and len(refused) == 2, "mirrors vouched for what they have not")
        check(chunks and not any((public.path / c).exists() for c in chunks), "nothing is hidden")
        q.folder = victim
        q.show(q.signed(lines))
        self.attack(self.serve(q.folder.path).url, ("mirrors", "quorum"))


def main(program):
    folder = Path(tempfile.mkdtemp(prefix="vitrine-demo-"))
    demo = Demo(program, folder)
    began = time.monotonic()
    try:
        step("Who takes part (all on this computer, in a temporary folder)")
        demo.start()
        step("A rule is published, and arrives")
        demo.rule()
        step("Attack 1: a rule for one machine only")
        demo.targeted()
        step("Attack 2: back to yesterday")
        demo.rolled_back()
        step("Attack 3: logged, but hidden")
        demo.hidden()
        step("What this does not stop")
        say("Two of the owner's witnesses and a mirror that all collude with the publisher; harmful rules that "
            "are published for everybody to see while nobody looks; somebody who is root on the machine. "
            "docs/threat-model.md has the whole list.")
        step(f"All of it went as it should, in {time.monotonic() - began:.0f} s.")
        return 0
    except (Wrong, AssertionError, OSError, subprocess.SubprocessError, KeyError) as e:
        step(f"It did not go as it should: {e}")
        return 1
    finally:
        demo.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(str(Path(sys.argv[1]).resolve())))
