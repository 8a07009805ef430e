# SPDX-License-Identifier: Apache-2.0
"""The whole dance in a network of its own: dance.py PROGRAM FOLDER, run by tests/e2e/test_dance.py.

A publisher and a mirror behind nginx, three witnesses, two mirrors, two machines, a capture on each. Prints what
it saw, a line a step; an AssertionError ends it.
"""
import sys
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from adversary import parties, tlog  # noqa: E402
from adversary.machine import Machine, text  # noqa: E402
from adversary.network import Network, wait_for  # noqa: E402
from adversary.services import Remote, RemoteMirror, Service  # noqa: E402

MARK = b"vitrine-" + b"dance-mark-7f3a"
OTHER = b"Test.Other:0:*:" + (b"vitrine-" + b"dance-other").hex().encode() + b"\n"


def services(net, program, folder, origin_vkey, place):
    out = []
    for kind, names in (("witness", ("w1", "w2", "w3")), ("mirror", ("m1", "m2"))):
        for name in names:
            s = Service(program, kind, folder / name, f"{name}.{net.domain}", address=net.nodes[name], port=8080,
                        before=net.on(name))
            s.configure([(origin_vkey, place)], **({"Poll": "5"} if kind == "mirror" else {}))
            s.start()
            wait_for(s.address, s.port, s.process, s.said)
            out.append(s)
    return out[:3], out[3:]


def updated(net, name, machine):
    p = machine.update(before=net.on(name))
    assert p.returncode == 0, f"{name}: exit {p.returncode}: {text(p)}"


def dance(program, folder):
    net, started = Network(folder), []
    for name in ("pub", "w1", "w2", "w3", "m1", "m2", "c1", "c2"):
        net.add(name)
    try:
        p = parties.setting(folder / "public", witnesses=0, mirrors=0, origin=f"pub.{net.domain}/log")
        net.nginx("pub", folder / "public")
        witnesses, mirrors = services(net, program, folder, p.log.key.vkey, f"http://pub.{net.domain}")
        started = witnesses + mirrors
        p.witnesses, p.mirrors = [Remote(s) for s in witnesses], [RemoteMirror(s) for s in mirrors]
        copy = tlog.sha256(p.origin.encode()).hex()
        net.nginx("m1", mirrors[0].folder / "state/logs")
        print("up: nginx for the publisher and for a mirror's folder, 3 witnesses, 2 mirrors")

        machines = {name: Machine(program, folder / f"machine-{name}") for name in ("c1", "c2")}
        captures = {name: net.capture(name) for name in machines}
        for m in machines.values():
            m.trust(p, [f"http://pub.{net.domain}", f"http://m1.{net.domain}/{copy}"])
        assert p.publish("main", {"main.ndb": OTHER}) == []
        for name, m in machines.items():
            updated(net, name, m)
            assert not m.finds(MARK)
        print("both machines have the first version; it does not find the test file")

        rule = b"Test.Dance:0:*:" + MARK.hex().encode() + b"\n"
        assert p.publish("main", {"main.ndb": OTHER + rule}) == []
        with urllib.request.urlopen(f"http://m1.{net.domain}/{copy}/checkpoint", timeout=30) as r:
            assert tlog.parse_checkpoint(tlog.parse_note(r.read())[0])[1] == p.log.size
        for name, m in machines.items():
            updated(net, name, m)
            assert m.finds(MARK)
        print("a rule was published; both machines have it, and find the test file")

        net.started[0].terminate()      # the publisher's own web server is gone
        net.started[0].wait(20)
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
