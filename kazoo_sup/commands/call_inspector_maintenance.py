"""The SIP messages of a call, as the call_inspector nodes have seen them.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from typing import Any

from kazoo_sup import terms
from kazoo_sup.command import command
from kazoo_sup.kazoo import bus, collecting
from kazoo_sup.outcome import NO_RETURN, Outcome, text
from kazoo_sup.zone import Zone

_APP = "call_inspector"


@command
def callid_details(zone: Zone, call_id: str, *, wait: int = bus.ANSWER_SECONDS) -> Outcome:
    """Print all SIP messages of the call CALL_ID that any node has seen, as a JSON list."""
    asked = collecting.Collecting(
        collecting.Reach([zone], wait), [("inspector.lookup_req", {"Call-ID": call_id})], apps=(_APP,)
    )
    chunks: list[Any] = []
    nobody = True
    for answer in asked:
        nobody = False
        chunks += answer["Chunks"] if isinstance(answer["Chunks"], list) else []
    lines = [f'Not found: "{call_id}"'] if nobody else [terms.json_encode(chunks)]
    if asked.errors and not nobody:
        lines.insert(0, f'Partial results for "{call_id}"')
    return text(lines, result=NO_RETURN, data=chunks, errors=asked.errors)


@command
def inspect_call_id(zone: Zone, call_id: str, *, wait: int = bus.ANSWER_SECONDS) -> Outcome:
    """Print what the first node that answers knows of the call CALL_ID: messages, parties and analysis, as JSON."""
    answer = bus.request(zone, "inspector.lookup_req", {"Call-ID": call_id}, seconds=wait)
    found = {
        "call-id": call_id,
        "messages": _without_call_id(answer["Chunks"]),
        "dialog_entities": answer.get("Dialog-Entities", []),
        "analysis": _without_call_id(answer.get("Analysis", [])),
    }
    return text(terms.json_encode(found), result=NO_RETURN, data=found)


def _without_call_id(found: Any) -> list[dict[str, Any]]:
    listed = found if isinstance(found, list) else []
    return [
        {key: value for key, value in each.items() if key != "call-id"} for each in listed if isinstance(each, dict)
    ]
