"""The SIP messages of a call, as the call_inspector nodes have seen them.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from typing import Any

from kazoo_sup import terms
from kazoo_sup.command import command
from kazoo_sup.kazoo import bus, collecting
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.kazoo.values import Integer
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


@command
def flush(call_id: str | None = None) -> Outcome:
    """Refuse to make a node forget the SIP messages it has collected, all or those of CALL_ID."""
    whose = "" if call_id is None else f" of {call_id}"
    raise refused(f"forget the SIP messages{whose} on its disk", app=_APP)


@command
def list_active_parsers() -> Outcome:
    """Refuse to list what a node reads SIP messages from."""
    raise refused("list what it reads SIP messages from", app=_APP)


@command
def start_freeswitch_parser(filename: str, log_ip: str, log_port: Integer) -> Outcome:
    """Refuse to have a node read the SIP messages in FILENAME, the log of a FreeSWITCH at LOG_IP and LOG_PORT."""
    raise refused(f"read {filename} as the log of the FreeSWITCH at {log_ip}:{log_port}", app=_APP)


@command
def start_kamailio_parser(filename: str, log_ip: str, log_port: Integer) -> Outcome:
    """Refuse to have a node read the SIP messages in FILENAME, the log of a Kamailio at LOG_IP and LOG_PORT."""
    raise refused(f"read {filename} as the log of the Kamailio at {log_ip}:{log_port}", app=_APP)


@command
def start_hep_parser(ip: str, port: Integer) -> Outcome:
    """Refuse to have a node listen at IP and PORT for SIP messages in HEP."""
    raise refused(f"listen at {ip}:{port} for HEP", app=_APP)


@command
def stop_active_parser(id_: str) -> Outcome:
    """Refuse to have a node stop reading SIP messages from ID, a file or ip:port."""
    raise refused(f"stop reading from {id_}", app=_APP)


def _without_call_id(found: Any) -> list[dict[str, Any]]:
    listed = found if isinstance(found, list) else []
    return [
        {key: value for key, value in each.items() if key != "call-id"} for each in listed if isinstance(each, dict)
    ]
