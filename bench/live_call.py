"""How long a function called on a running node takes: beside Python alone, beside an escript, and on one link."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import harness
from harness import PYTHON, SUP, Column, Sample

from helpers import real_servers
from kazoo_sup.terms.values import Atom
from kazoo_sup.transports.erlang.connection import Endpoint, Node

CALLS = 2000
"""Calls of which one sample on a kept link is the mean."""

NODES = 20
NAMES = [f"kazoo_apps@apps{number}.example.invalid" for number in range(1, NODES + 1)]
PYTHON_ALONE, LIVE, TOLD = "python -c pass", "sup erlang node", "sup --live erlang node"
LINK, ESCRIPT = "one call on a link", "an escript, as sup.erl"
ONE, MANY = "sup --nodes, 1 name", f"sup --nodes, {NODES} names"
LARGEST = 64 << 20


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=21)
    asked = parser.parse_args()
    port = real_servers.free_port()
    with harness.scratch() as directory, running(directory, port) as node, link(node) as kept:
        as_sup = escript(directory, node)
        environment = harness.environment(
            directory,
            ERL_EPMD_PORT=str(node.epmd_port),
            KAZOO_CONFIG=str(directory / "config.ini"),
            SUP_HOST="localhost",
            SUP_AMQP_URL="",
        )
        nodes = ["--config", str(settings(directory, port, node.cookie)), "--nodes"]
        commands = {
            PYTHON_ALONE: [PYTHON, "-c", "pass"],
            LIVE: [SUP, "erlang", "node"],
            TOLD: [SUP, "--live", "erlang", "node"],
            ESCRIPT: [real_servers.program("escript", "erlang-base"), str(as_sup), "erlang", "node"],
            ONE: [SUP, *nodes, NAMES[0], "erlang", "node"],
            MANY: [SUP, *nodes, "all", "erlang", "node"],
        }
        contestants: dict[str, Callable[[], Sample]] = {
            name: partial(harness.process, command, environment) for name, command in commands.items()
        }
        contestants[LINK] = partial(calls, kept)
        samples = harness.in_turn(asked.rounds, contestants)
    show(samples, as_json=asked.json)


def show(samples: Mapping[str, list[Sample]], *, as_json: bool) -> None:
    """Print the table."""
    medians = {name: harness.seconds(each) for name, each in samples.items()}
    worked = {name: harness.cpu(each) for name, each in samples.items()}
    rows = [
        {
            "what": name,
            "median_ms": medians[name] * 1000,
            "fastest_ms": min(sample.seconds for sample in each) * 1000,
            "cpu_ms": worked[name] * 1000 or None,
            "peak_mb": harness.peak(each) or None,
        }
        for name, each in samples.items()
    ]
    columns = [
        Column("what", "what"),
        Column("median_ms", "median ms", "{:.2f}"),
        Column("fastest_ms", "fastest", "{:.2f}"),
        Column("cpu_ms", "CPU ms", "{:.0f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [
        f"{name}: {medians[name] / medians[PYTHON_ALONE]:.1f} times Python alone (aim: 8 at most),"
        f" {medians[name] / medians[ESCRIPT]:.2f} of the escript, {worked[name] / worked[ESCRIPT]:.2f} of its CPU"
        " (aim: 0.35 at most)"
        for name in (LIVE, TOLD)
    ]
    notes += [
        f"{1 / medians[LINK]:,.0f} calls a second on a link (aim: 3,000), the mean of {CALLS:,} at a time",
        f"{NODES} names take {medians[MANY] / medians[ONE]:.2f} times one (aim: 1.5 at most); they are one node's",
    ]
    harness.show("a call on a running node", columns, rows, notes, as_json=as_json)


@contextmanager
def running(directory: Path, port: int) -> Iterator[real_servers.ErlangNode]:
    """Run a private Erlang node, with the stand-ins of the tests for Kazoo's modules."""
    place = directory / "node"
    place.mkdir()
    listening = ["inet_dist_listen_min", str(port), "inet_dist_listen_max", str(port)]
    started = real_servers.ErlangNode(place, "-kernel", *listening)
    try:
        yield started
    finally:
        started.stop()


def link(node: real_servers.ErlangNode) -> Node:
    """Return a connection of this process."""
    there = Endpoint(name=node.name, cookie=node.cookie, epmd_port=node.epmd_port)
    return Node(there, own_host="localhost", largest=LARGEST)


def calls(kept: Node) -> Sample:
    """Measure calls one after another on a connection that is there already."""
    call = [Atom("bench@localhost"), Atom("erlang"), Atom("node"), []]
    began = time.perf_counter()
    for _ in range(CALLS):
        kept.call("sup", "in_kazoo", call)
    return Sample((time.perf_counter() - began) / CALLS)


def settings(directory: Path, port: int, cookie: str) -> Path:
    """Write settings in which the one node has many names, each behind a tunnel that leads to it."""
    tunnels = "".join(f"      {name}: 127.0.0.1:{port}\n" for name in NAMES)
    file = directory / "sup.yaml"
    zone = f"    cookie: {cookie}\n    kazoo_nodes: [{', '.join(NAMES)}]\n    erlang_tunnels:\n{tunnels}"
    file.touch(mode=0o600)
    file.write_text(f"zones:\n  local:\n{zone}", encoding="utf-8")
    return file


ESCRIPT_TEXT = """\
#!/usr/bin/env escript
%%! +A0 -hidden
-mode(compile).

main([Module, Function | Words]) ->
    _ = os:cmd("epmd -daemon"),
    _ = net_kernel:stop(),
    Random = [hd(integer_to_list(N, 16)) || <<N:4>> <= crypto:strong_rand_bytes(2)],
    Own = list_to_atom("sup_" ++ Random ++ "@localhost"),
    {ok, _} = net_kernel:start([Own, shortnames]),
    {ok, Settings} = file:read_file(os:getenv("KAZOO_CONFIG")),
    {match, [Cookie]} = re:run(Settings, "^cookie = (\\\\S+)", [multiline, {capture, all_but_first, list}]),
    true = erlang:set_cookie(node(), list_to_atom(Cookie)),
    {ok, _} = inet:gethostbyname("localhost"),
    Node = '@NODE@',
    pong = net_adm:ping(Node),
    Call = [Own, list_to_atom(Module), list_to_atom(Function), [list_to_binary(Word) || Word <- Words]],
    Result = rpc:call(Node, sup, in_kazoo, Call, infinity),
    io:format(standard_io, "~s~n", [io_lib:print(Result, 1, 1 bsl 59, -1)]),
    halt(0).
"""


def escript(directory: Path, node: real_servers.ErlangNode) -> Path:
    """Write what does as Kazoo's sup.erl:main/2 does, call by call, with Erlang's own modules.

    Its shell script, its parsers of options and of the whole config.ini, and the release's other modules are left out.
    """
    configuration = directory / "config.ini"
    configuration.touch(mode=0o600)
    configuration.write_text(f"[kazoo_apps]\ncookie = {node.cookie}\n", encoding="utf-8")
    file = directory / "as_sup"
    file.write_text(ESCRIPT_TEXT.replace("@NODE@", node.name), encoding="utf-8")
    return file


if __name__ == "__main__":
    main()
