"""The SIP messages of a call, as the call_inspector nodes have seen them.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from kazoo_sup import terms
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.bus import collect
from kazoo_sup.kazoo.live.refusals import only_there
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Result
from kazoo_sup.types import Document
from kazoo_sup.zone import Zone

_APP = "call_inspector"


@command
def callid_details(zone: Zone, call_id: str, *, wait: int = bus.ANSWER_SECONDS) -> Result:
    """Print all SIP messages of the call CALL_ID that any node has seen, as a JSON list."""
    asked = collect.Collector(
        collect.Reach([zone], wait),
        [("inspector.lookup_req", {"Call-ID": call_id})],
        apps=(_APP,),
        what="SIP messages",
    )
    chunks: list[object] = []
    nobody = True
    for answer in asked:
        nobody = False
        chunks += answer["Chunks"] if isinstance(answer["Chunks"], list) else []
    lines = [f'Not found: "{call_id}"'] if nobody else [terms.json_encode(chunks)]
    if asked.errors and not nobody:
        lines.insert(0, f'Partial results for "{call_id}"')
    return Answer(NO_RETURN, lines=lines, data=chunks, report=BulkReport(errors=asked.errors))


@command
def inspect_call_id(zone: Zone, call_id: str, *, wait: int = bus.ANSWER_SECONDS) -> Result:
    """Print what the first node that answers knows of the call CALL_ID: messages, parties and analysis, as JSON."""
    answer = bus.request(zone, "inspector.lookup_req", {"Call-ID": call_id}, seconds=wait)
    found = {
        "call-id": call_id,
        "messages": _without_call_id(answer["Chunks"]),
        "dialog_entities": answer.get("Dialog-Entities", []),
        "analysis": _without_call_id(answer.get("Analysis", [])),
    }
    return Answer(NO_RETURN, lines=[terms.json_encode(found)], data=found)


def _without_call_id(found: object) -> list[Document]:
    listed = found if isinstance(found, list) else []
    return [
        {key: value for key, value in each.items() if key != "call-id"} for each in listed if isinstance(each, dict)
    ]


ON_NODE = (
    OnNode(
        "flush",
        "[CALL_ID]",
        "Make the node forget the SIP messages it has collected, all or those of CALL_ID.",
        only_there("forget the SIP messages on its disk", app=_APP),
        "disrupts",
    ),
    OnNode(
        "list_active_parsers",
        "",
        "List what the node reads SIP messages from.",
        only_there("list what it reads SIP messages from", app=_APP),
    ),
    OnNode(
        "start_freeswitch_parser",
        "FILENAME LOG_IP LOG_PORT",
        "Have the node read FILENAME, the log of the FreeSWITCH at LOG_IP and LOG_PORT.",
        only_there("read {filename} as the log of the FreeSWITCH at {log_ip}:{log_port}", app=_APP),
        "changes",
    ),
    OnNode(
        "start_kamailio_parser",
        "FILENAME LOG_IP LOG_PORT",
        "Have the node read FILENAME, the log of the Kamailio at LOG_IP and LOG_PORT.",
        only_there("read {filename} as the log of the Kamailio at {log_ip}:{log_port}", app=_APP),
        "changes",
    ),
    OnNode(
        "start_hep_parser",
        "IP PORT",
        "Have the node listen at IP and PORT for SIP messages in HEP.",
        only_there("listen at {ip}:{port} for HEP", app=_APP),
        "changes",
    ),
    OnNode(
        "stop_active_parser",
        "ID",
        "Have the node stop reading SIP messages from ID, a file or ip:port.",
        only_there("stop reading from {id}", app=_APP),
        "changes",
    ),
)
"""What only a running node can do."""
