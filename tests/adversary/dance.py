# SPDX-License-Identifier: Apache-2.0
"""The whole dance in a network of its own: dance.py PROGRAM FOLDER, run by tests/e2e/test_dance.py.

A publisher and a mirror behind nginx, three witnesses, two mirrors, two machines, a capture on each. Prints what
it saw, a line a step; an AssertionError ends it.
"""
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import audit, tlog  # noqa: E402
from adversary.house import House  # noqa: E402
from adversary.machine import Machine, text  # noqa: E402
from adversary.network import Network, wait_for  # noqa: E402
from adversary.services import Service  # noqa: E402

MARK = b"vitrine-" + b"dance-mark-7f3a"
OTHER = b"Test.Other:0:*:" + (b"vitrine-" + b"dance-other").hex().encode() + b"\n"


def services(net, program, folder):
    out = []
    for kind, names in (("witness", ("w1", "w2", "w3")), ("mirror", ("m1", "m2"))):
        for name in names:
            out.append(Service(program, kind, folder / name, f"{name}.{net.domain}", address=net.nodes[name],
                               port=8080, before=net.on(name)))
    return out[:3], out[3:]


def start(witnesses, mirrors, log, place):
    for s in witnesses + mirrors:
        if s.kind == "mirror":      # it passes the witnesses' cosignatures on, too
            s.configure([(log.vkey, place)], [w.key for w in witnesses], Poll="1s", Restamp="2s")
        else:
            s.configure([(log.vkey, place)])
        s.start()
        wait_for(s.address, s.port, s.process, s.said)


def wait_for_copy(url, size, witnesses):
    """Until a mirror serves a head of that size with the witnesses' cosignatures."""
    end = time.monotonic() + 60
    while True:
        with urllib.request.urlopen(url, timeout=30) as r:
            text_, signatures = tlog.parse_note(r.read())
        if tlog.parse_checkpoint(text_)[1] == size and all(tlog.signed_by(text_, signatures, w.key) for w in witnesses):
            return
        assert time.monotonic() < end, f"the mirror does not pass on what witnesses signed: {signatures}"
        time.sleep(0.2)


def updated(net, name, machine):
    p = machine.update(before=net.on(name))
    assert p.returncode == 0, f"{name}: exit {p.returncode}: {text(p)}"


def dance(program, folder):
    net, started = Network(folder), []
    for name in ("pub", "w1", "w2", "w3", "m1", "m2", "c1", "c2"):
        net.add(name)
    try:
        witnesses, mirrors = services(net, program, folder)
        started = witnesses + mirrors
        p = House(program, folder / "house", f"pub.{net.domain}/log", witnesses, mirrors, before=net.on("pub"))
        web = net.nginx("pub", p.public)
        start(witnesses, mirrors, p.log, f"http://pub.{net.domain}")
        copy = tlog.sha256(p.origin.encode()).hex()
        net.nginx("m1", mirrors[0].folder / "state/logs")
        print("up: nginx for the publisher and for a mirror's folder, 3 witnesses, 2 mirrors")

        machines = {name: Machine(program, folder / f"machine-{name}") for name in ("c1", "c2")}
        captures = {name: net.capture(name) for name in machines}
        p.publish({"main.ndb": OTHER}, "the first version")
        for m in machines.values():
            m.believe(p.log, p.first_root, witnesses, mirrors, [f"http://pub.{net.domain}", f"http://m1.{net.domain}/{copy}"])
        for name, m in machines.items():
            updated(net, name, m)
            assert not m.finds(MARK)
        print("both machines have the first version; it does not find the test file")

        rule = b"Test.Dance:0:*:" + MARK.hex().encode() + b"\n"
        p.publish({"main.ndb": OTHER + rule}, "finds the test file")
        seen = audit.Audit(p.public, p.log.vkey, p.first_root)
        assert seen.problems == [] and seen.cosigned(s.key.vkey for s in started) == 5
        wait_for_copy(f"http://m1.{net.domain}/{copy}/checkpoint", seen.size, witnesses)
        for name, m in machines.items():
            updated(net, name, m)
            assert m.finds(MARK)
        print("a rule was published; both machines have it, and find the test file")

        web.terminate()
        web.wait(20)
        for name, m in machines.items():
            updated(net, name, m)
        print("the publisher is gone; both machines go on with the mirror's copy")

        for name, m in machines.items():
            file = net.end_capture(captures[name])
            v = m.run("egress", "verify", "--capture", file)
            assert v.returncode == 0, f"{name}: {text(v)}"
        print("each machine's ledger is what its capture saw leave, byte for byte")
        a, b = (m.state / "egress" for m in machines.values())
        d = machines["c1"].run("egress", "diff", a, b)
        assert d.returncode == 0, text(d)
        print("both machines sent the same")
    finally:
        for s in started:
            s.stop()
        net.close()


if __name__ == "__main__":
    dance(sys.argv[1], Path(sys.argv[2]))
