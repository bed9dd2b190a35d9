"""What Kazoo's own `sup` showed of calls to live nodes comes out of nodes that answer as those did.

The recorded calls stand beside the checkout, or in SUP_LIVE_CALLS_DIR. Erlang's own functions are called as they are;
the modules of Kazoo are played, and do what was seen of them: they print, return, fail, take too long, or are absent.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from helpers import real_servers
from kazoo_sup.terms.values import Atom
from kazoo_sup.transports.erlang.connection import Endpoint, Node
from kazoo_sup.transports.erlang.external import decode

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = Path(os.environ.get("SUP_LIVE_CALLS_DIR") or ROOT.parent / "shared" / "conformance" / "live-calls")
KAZOO = ("kapps_", "kazoo_", "kz_", "knm_", "hr_")
SUFFIX = "_maintenance"
CRASHED = 127
"""What the escript ends with when it fails itself, which ours does not."""

RESULTS = (0, 2)
FAILED = "Command failed: "
UNKNOWN = "Invalid command or wrong number of arguments, please try again"
NODES = ("kazoo_apps", "ecallmgr")

DIFFERS_BY_NODE = {
    *(("erlang", each) for each in ("date", "get_cookie", "group_leader", "loaded", "make_ref", "now", "processes")),
    ("application", "which_applications"),
    ("code", "all_available"),
    ("code", "root_dir"),
    ("init", "get_arguments"),
    ("net_adm", "localhost"),
    ("net_adm", "names"),
}
"""What tells of the node: the exit code is the same, and the kind of term."""

WITH_ARGUMENT = ("-n", "--node", "-t", "--timeout", "-c", "--cookie")
NEGATIVE = re.compile(r"-\d")
ODD_OCTET = re.compile(r"\\x([0-9a-f]{2})")
"""How an octet of Kazoo's output that is no UTF-8 stands in the recordings: it is a character of Latin-1."""

TOLD_BY_V = re.compile(r"\AConnected to service .*\nRunning .*\n")

COOKIE_OF_THE_RECORDINGS = "secretcookie"


@dataclass
class Recorded:
    """One recorded call, its words taken apart."""

    argv: list[str]
    code: int
    stdout: str
    stderr: str
    env: dict[str, str] = field(default_factory=dict)
    node: str = NODES[0]
    called: tuple[str, ...] = ()
    words: list[str] = field(default_factory=list)

    @property
    def module(self) -> str:
        return self.called[0] if self.called else ""

    @property
    def is_kazoos(self) -> bool:
        return self.module.startswith(KAZOO) or self.module.endswith(SUFFIX)

    @property
    def failure(self) -> str:
        """The text behind "Command failed: ", if any."""
        return self.stderr.removeprefix(FAILED).strip() if self.stderr.startswith(FAILED) else ""

    @property
    def name(self) -> str:
        return " ".join(f"{key}={text}" for key, text in self.env.items()) + " " + " ".join(self.argv)


def recorded() -> list[Recorded]:
    found = [json.loads(file.read_text()) for file in sorted(RECORDINGS.glob("*.json"))]
    if not found:
        pytest.skip(f"there are no recorded calls in {RECORDINGS}")
    return [_taken_apart(each) for each in found]


def _taken_apart(each: dict[str, Any]) -> Recorded:
    env = each.get("env") or {}
    call = Recorded(each["argv"], each["rc"], each["stdout"], each["stderr"], env, env.get("KAZOO_NODE", NODES[0]))
    rest = list(call.argv)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        value = rest.pop(0) if option in WITH_ARGUMENT and rest else ""
        if option in ("-n", "--node"):
            call.node = value
        elif option.startswith("-n"):
            call.node = option[2:]
    call.called = tuple(rest[:2])
    call.words = [word for word in rest[2:] if word != "--"]
    return call


def differs_because(call: Recorded) -> str:
    """Return why ours does something else than what was recorded on purpose, nothing where it does the same."""
    words, dashes = call.argv, call.argv.index("--") if "--" in call.argv else len(call.argv)
    where = call.env.get("KAZOO_CONFIG", "")
    given = [word for word in words if word.startswith(("-c", "--cookie"))]
    reasons = {
        "Kazoo's sup itself crashes there": call.code == CRASHED,
        "the escript cannot start without a place for its cookie": "Unable to start command bridge" in call.stderr,
        "a negative number is a word": any(NEGATIVE.match(word) for word in words[:dashes]),
        "-- may stand in front of everything": words[:1] == ["--"],
        "the help is there to be read, and is not a mistake": words == ["--help"],
        "no words, or half a command, are told what there is": len(call.called) < 2 or not all(call.called),
        "a time that is not a number is said to be so": words[:2] == ["-t", "abc"],
        "a node without a name is refused before anybody is asked": words[:2] == ["-n", ""],
        "a node may be named with its host": "@" in call.node,
        "words go to the node as UTF-8": not "".join(call.words).isascii() and not call.is_kazoos and not call.env,
        "-c counts, and KAZOO_COOKIE where the files have none": bool(given or "KAZOO_COOKIE" in call.env)
        and not where.endswith("config_nocookie.ini")
        and not any(word.endswith(COOKIE_OF_THE_RECORDINGS) for word in given),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


class Players:
    """Two nodes that do what was recorded of Kazoo's, and the way to tell them."""

    def __init__(self, directory: Path) -> None:
        self.nodes: dict[str, real_servers.ErlangNode] = {}
        for name in NODES:
            place = directory / name
            place.mkdir()
            port = self.nodes[NODES[0]].epmd_port if self.nodes else None
            self.nodes[name] = real_servers.ErlangNode(
                place, name=name, epmd_port=port, cookie=COOKIE_OF_THE_RECORDINGS
            )

    def stop(self) -> None:
        for each in reversed(self.nodes.values()):
            each.stop()

    def learn(self, calls: list[Recorded]) -> None:
        """Have the nodes play the modules of Kazoo that are called."""
        for name, node in self.nodes.items():
            here = [call for call in calls if call.node == name and call.is_kazoos]
            there = Endpoint(name=node.name, cookie=node.cookie, epmd_port=node.epmd_port)
            with Node(there, own_host="localhost", largest=64 << 20) as link:
                exports: dict[str, set[tuple[Atom, int]]] = {call.module: set() for call in here}
                for call in here:
                    if call.code == 1:
                        continue  # it is not there
                    module, function = map(Atom, call.called)
                    told = [(module, function, call.words), *_what_it_does(link, call)]
                    link.call("stand_in", "tell", told)
                    exports[call.module].add((function, len(call.words)))
                for module, found in exports.items():
                    link.call("stand_in", "make", [Atom(module), sorted(found)])


def _what_it_does(link: Node, call: Recorded) -> tuple[str, Any]:
    """Return what a called function prints, and how it ends."""
    stdout = TOLD_BY_V.sub("", _octets_as_characters(call.stdout))
    if call.failure == "timeout":
        return stdout, Atom("hang")
    if call.failure:
        found = _parsed(link, call.failure)
        assert found is not None, f"{call.failure} is not a term"
        _exit, reason = found
        if isinstance(reason, tuple) and _is_stack(reason[-1]):
            return stdout, (Atom("raise"), *reason)
        return stdout, (Atom("exit"), reason)
    printed, _, last = stdout.removesuffix("\n").rpartition("\n")
    value = _parsed(link, last.removeprefix("Result: "))
    if value is None:  # a function that answers with nothing but text, or with what cannot be made a second time
        return stdout, (Atom("value"), Atom("no_return"))
    return f"{printed}\n" if printed else "", (Atom("value"), value)


def _is_stack(found: Any) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(each, tuple) for each in found)


def _parsed(link: Node, text: str) -> Any:
    """Return the term that a text is, None where it is none."""
    found = decode(link.call("stand_in", "parse", [text]))
    return found[1] if isinstance(found, tuple) and found[0] == "ok" else None


def _octets_as_characters(text: str) -> str:
    return ODD_OCTET.sub(lambda found: chr(int(found[1], 16)), text)


@pytest.fixture(scope="module")
def players(tmp_path_factory):
    """Return nodes of these tests alone, for what they are told to answer stays with them."""
    found = Players(tmp_path_factory.mktemp("replayed"))
    yield found
    found.stop()


@pytest.fixture
def replayed(sup, players, tmp_path):
    """Run a recorded call as it was run then, where the config.ini has the cookie, or, as then, has not."""
    sections = "".join(f"[{name}]\ncookie = {COOKIE_OF_THE_RECORDINGS}\n" for name in NODES)
    for name, text in (("config.ini", sections), ("config_nocookie.ini", "[kazoo_apps]\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    epmd_port = players.nodes[NODES[0]].epmd_port

    def run(call: Recorded) -> Any:
        env = {"ERL_EPMD_PORT": str(epmd_port), "SUP_HOST": "localhost", "SUP_AMQP_URL": ""}
        name = Path(call.env.get("KAZOO_CONFIG", "config.ini")).name
        env |= call.env | {"KAZOO_CONFIG": str(tmp_path / name)}
        words = ["--live", "--yes", *call.argv] if call.is_kazoos else call.argv
        return sup(*words, env=env)

    return run


def begins(text: str) -> str:
    """Return the kind of the term that a text is."""
    if text[:1] == "'" or text[:1].islower():
        return "atom"
    return "number" if text[:1].isdigit() else text[:1]


def expected(call: Recorded) -> str:
    """Return what ours prints where Kazoo's printed this: its cookie it does not."""
    text = _octets_as_characters(call.stdout)
    if not call.is_kazoos:
        text = text.replace("@vm\n", "@localhost\n")
    return text.replace(f"@vm with cookie {COOKIE_OF_THE_RECORDINGS}", "@localhost with cookie ****")


def says_the_same(call: Recorded, stderr: str) -> bool:
    """Tell whether what went wrong is told in Kazoo's words; where in the code it did so differs from node to node."""
    if call.stderr.startswith(UNKNOWN):
        return UNKNOWN in stderr
    if not call.failure:
        return call.code in RESULTS or bool(stderr)
    told = _octets_as_characters(call.failure)
    shown = stderr.partition(FAILED)[2].strip()
    if call.is_kazoos:
        return shown == told
    reason = re.match(r"\{'EXIT',\{+[^,]+", told)
    return shown.startswith(reason[0] if reason else told)


@pytest.mark.integration
def test_recorded_calls_come_out_alike(replayed, players):
    calls = [call for call in recorded() if not differs_because(call)]
    players.learn(calls)
    differing = {}
    for call in calls:
        done = replayed(call)
        wanted, shown = expected(call), done.stdout
        if call.called in DIFFERS_BY_NODE and call.code == 0:
            wanted, shown = begins(wanted), begins(shown)
        if (done.code, shown) != (call.code, wanted) or not says_the_same(call, done.stderr):
            differing[call.name] = (done.code, shown[-300:], done.stderr[-600:], "Kazoo's:", call.code, wanted[-300:])
    assert calls
    assert not differing, "\n".join(f"{name}: {how}" for name, how in differing.items())


def test_what_differs_is_little_and_has_its_reason():
    reasons = Counter(filter(None, map(differs_because, recorded())))
    assert reasons.total() < len(recorded()) / 8, reasons
