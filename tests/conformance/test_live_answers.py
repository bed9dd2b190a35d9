"""What Kazoo's own `sup` printed of a cluster with calls comes out of what that cluster's nodes answer on the bus.

The recorded answers and texts stand beside the checkout, or in SUP_LIVE_DIR. The nodes are played with the answers as
they are, their times moved to now; what cannot come out alike a second time (times, sizes, processes) is not compared.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.kazoo_nodes import GREGORIAN_EPOCH, SHARED, KazooNode, gregorian

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = Path(os.environ.get("SUP_LIVE_DIR") or ROOT.parent / "shared" / "kazoo" / "live")

OF_THE_BUS = {
    "ecallmgr_maintenance": {
        "list_fs_nodes",
        "node_details",
        "node_summary",
        "channel_summary",
        "channel_details",
        "show_channels",
        "show_calls",
        "conference_summary",
        "conference_details",
        "registrar_summary",
        "registrar_details",
        "registrar_sync",
        "flush_registrar",
        "check_sync",
        "reload_acls",
        "allow_carrier",
        "allow_sbc",
        "deny_sbc",
        "limit_channel_uptime",
        "hangup_long_running_channels",
        "add_fs_node",
        "remove_fs_node",
    },
    "kz_nodes": {"status"},
    "kapps_maintenance": {"call_id_status"},
}
"""Functions whose text follows from what nodes answer, and from what other recorded commands have configured."""

UNTOLD = re.compile(
    r"^(Supervisor  |Workers|    <\d|Capabilities|  \w+ +provided by|Pinger"
    r"|Profile-Name|Enforce-Minimum|Exit-Sound|Enter-Sound|Running|Answered|Dynamic)"
)
"""Lines of what a node does not tell: its processes, FreeSWITCH's modules, a conference's profile and state."""

MASKS = (
    (re.compile(r"\b63\d{9}\b"), "TIME"),
    (re.compile(r"^(elapsed_s +: )\d+", re.MULTILINE), r"\1N"),
    (re.compile(r"^(Expires +: )-?\d+/", re.MULTILINE), r"\1N/"),
    (re.compile(r"\| +-?\d+ \|$", re.MULTILINE), "| N |"),
    (re.compile(r"\| \d+ +(\| [0-9a-f]{32} \|true )"), r"| N \1"),
    (re.compile(r"^(Memory Usage|Processes|Ports)( +: ).*", re.MULTILINE), r"\1\2N"),
    (re.compile(r"\((\d+[dhms])+\) *"), "(N) "),
    # FreeSWITCH's version, where Kazoo has that of mod_kazoo.
    (re.compile(r"^(Client +: ).*", re.MULTILINE), r"\1V"),
    (re.compile(r"(\| change_me +\| )[^|]+\|"), r"\1V|"),
    # The name of a single node, of which Kazoo says that it is undefined; the broker's address.
    (re.compile(r"^(Node        : )undefined$", re.MULTILINE), r"\1freeswitch@vm"),
    (re.compile(r"^(Broker        : ).*", re.MULTILINE), r"\1B"),
    (re.compile(r"://[^@/\"]+@"), "://"),
)


def masked(text: str) -> list[str]:
    """Return a text's lines without what differs from time to time."""
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return [line for line in text.splitlines() if not UNTOLD.match(line)]


def moved(found: Any, seconds: int) -> Any:
    """Return a payload with every time in it so many seconds later."""
    if isinstance(found, dict):
        return {key: moved(each, seconds) for key, each in found.items()}
    if isinstance(found, list):
        return [moved(each, seconds) for each in found]
    is_time = isinstance(found, int) and found > GREGORIAN_EPOCH
    return found + seconds if is_time else found


class Answers:
    """The recorded answers, by what was asked, and the last advertisement of each node."""

    def __init__(self, recorded: dict[str, Any]) -> None:
        self._adverts = {each["payload"]["Node"]: each["payload"] for each in _advertised(recorded)}
        self._later = gregorian() - max(_times(self._adverts))
        self._known = [each for each in recorded.values() if isinstance(each, dict)]

    def advert(self, node: str) -> dict[str, Any]:
        return moved(self._adverts[node], self._later)

    def to(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the answers to the same question, for everything there is to know where it was asked for that."""
        same = [each for each in self._known if _asked(each["request"]["payload"]) == _asked(request)]
        full = [each for each in same if each["request"]["payload"].get("Fields", "all") == "all"]
        for each in full[:1]:
            answers = moved(each["responses"], self._later)
            return [_only(_without_id(answer), request.get("Fields")) for answer in answers]
        return []

    def questions(self) -> Iterator[tuple[str, str]]:
        for each in self._known:
            yield each["request"]["exchange"], each["request"]["payload"]["Event-Name"]


def _advertised(recorded: dict[str, Any]) -> list[dict[str, Any]]:
    return next(each for name, each in recorded.items() if name.startswith("advertise"))


def _times(found: Any) -> Iterator[int]:
    if isinstance(found, dict | list):
        for each in found.values() if isinstance(found, dict) else found:
            yield from _times(each)
    elif isinstance(found, int) and found > GREGORIAN_EPOCH:
        yield found


def _asked(payload: dict[str, Any]) -> dict[str, Any]:
    ours = {"App-Name", "App-Version", "Msg-ID", "Node", "Server-ID", "Fields", "System-Log-ID", "exchange", "key"}
    return {key: each for key, each in payload.items() if key not in ours and (key, each) != ("Active-Only", False)}


def _without_id(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in answer.items() if key not in ("Msg-ID", "Node")}


def _only(answer: dict[str, Any], fields: Any) -> dict[str, Any]:
    if not isinstance(fields, list):
        return answer
    if isinstance(found := answer.get("Channels"), dict):
        kept = {uuid: {key: each[key] for key in fields if key in each} for uuid, each in found.items()}
        return {**answer, "Channels": kept}
    if isinstance(found := answer.get("Fields"), list):
        return {**answer, "Fields": [{key: each[key] for key in fields if key in each} for each in found]}
    return answer


@pytest.fixture
def recorded() -> dict[str, Any]:
    for name in ("answers.json", "commands.json"):
        if not (RECORDINGS / name).exists():
            pytest.skip(f"there are no recorded answers of a cluster with calls in {RECORDINGS}")
    return {name: json.loads((RECORDINGS / f"{name}.json").read_text()) for name in ("answers", "commands")}


@pytest.mark.integration
def test_recorded_texts_come_out_of_the_recorded_answers(recorded, at, broker):
    answers = Answers(recorded["answers"])
    keys = {"callevt": "call.status_req.#", "registrar": "registration.#", "conference": "conference.#"}
    listens = {(exchange, keys.get(exchange, "#"), event): answers.to for exchange, event in answers.questions()}
    run: Callable[..., Any] = lambda *words: at(*words, env={"SUP_AMQP_URL": broker.url})  # noqa: E731 - short
    compared, differing = set(), {}
    with (
        KazooNode(broker.url, "ecallmgr@vm", listens, shared=SHARED, advert=answers.advert("ecallmgr@vm")),
        KazooNode(broker.url, "kazoo_apps@vm", advert=answers.advert("kazoo_apps@vm")),
    ):
        run("-n", "ecallmgr@vm", "ecallmgr_maintenance", "add_fs_node", "freeswitch@vm")
        for each in recorded["commands"]:
            words = ["-n", "ecallmgr@vm", *each["argv"][2:]] if each["argv"][0] == "-n" else each["argv"]
            module, function = words[2:4] if words[0] == "-n" else words[:2]
            if function not in OF_THE_BUS.get(module, ()):
                continue
            if function == "add_fs_node":
                run(*words)  # the recorded ones are of a node that is there
            done = run(*words)
            compared.add(each["name"])
            if (done.code, masked(done.stdout)) != (each["rc"], masked(each["stdout"])):
                lines = difflib.unified_diff(masked(each["stdout"]), masked(done.stdout), "Kazoo", "ours", lineterm="")
                differing[each["name"]] = f"{each['rc']} {done.code} {done.stderr}" + "\n".join(lines)
    assert compared
    assert not differing, "\n\n".join(f"{name}: {how}" for name, how in differing.items())
