from __future__ import annotations

from types import SimpleNamespace

import pytest

from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, now
from kazoo_sup.kazoo.ecallmgr import switch_names, switches
from kazoo_sup.settings import Server


def test_a_channel_is_told_of_as_ecallmgr_does():
    row = {"uuid": "c1", "created_epoch": str(now() - GREGORIAN_EPOCH - 90)}
    dump = {
        "Unique-ID": "c1",
        "Call-Direction": "outbound",
        "Answer-State": "answered",
        "Caller-Destination-Number": "1002",
        "variable_ecallmgr_Account-ID": "a1",
        "variable_ecallmgr_Application-Logical-Direction": "inbound",
        "variable_ecallmgr_Ecallmgr-Node": "ecallmgr@gone",
        "variable_user_name": "dev1",
        "variable_sip_to_tag": "",
    }
    found = switches.channel(row, dump, "freeswitch@fs1")
    assert list(found) == sorted(found)
    assert found["elapsed_s"] in range(90, 100)
    assert found["timestamp"] in range(now() - 100, now() - 89)
    told = {key: text for key, text in found.items() if key not in ("elapsed_s", "timestamp")}
    assert told == {
        "account_id": "a1",
        "answered": True,
        "bridge_id": "c1",
        "channel_authorized": False,
        "destination": "1002",
        "direction": "inbound",
        "handling_locally": True,
        "is_loopback": False,
        "node": "freeswitch@fs1",
        "switch_nodename": "freeswitch@fs1",
        "username": "dev1",
        "uuid": "c1",
    }


def test_who_takes_part_is_told_with_what_holds_of_them_and_the_longest_first():
    members = [
        {"id": "6", "uuid": "c2", "flags": ["can_hear", "mute_detect"]},
        {"id": "5", "uuid": "c1", "flags": ["can_speak", "is_moderator", "can_hear"]},
    ]
    flags = {"Member-ID": 5, "Speak": True, "Hear": True, "Is-Moderator": True}
    first, second = switches.participants(members)
    assert (first["Call-ID"], first["Conference-Channel-Vars"]) == ("c1", flags)
    assert list(first["Conference-Channel-Vars"]) == list(flags)
    assert second["Conference-Channel-Vars"] == {"Member-ID": 6, "Hear": True}


@pytest.mark.parametrize(
    ("node", "found"),
    [
        ("freeswitch@fs1.example.com", "fs1"),
        ("freeswitch@fs2", "fs2"),
        ("fs1", "fs1"),
        ("fs1.example.com", "fs1"),
        ("freeswitch@fs1", "fs1"),
        ("freeswitch@fs1.example.org", None),
        ("freeswitch@fs3", None),
    ],
)
def test_a_node_is_the_server_with_its_name_or_at_its_host(node, found):
    servers = {"fs1": Server("esl://fs1.example.com:8021"), "fs2": Server("esl://192.0.2.1")}
    listed = switch_names.listed(SimpleNamespace(settings=SimpleNamespace(freeswitch=servers)))
    assert [each.called for each in listed if each.is_meant(node)] == ([found] if found else [])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("freeswitch@fs1", "freeswitch@fs1", True),
        ("freeswitch@FS1.example.com", "fs1.example.com", True),
        ("freeswitch@fs1", "freeswitch@fs1.example.com", True),
        ("fs1.example.com.", "fs1", True),
        ("freeswitch@fs1.example.com", "freeswitch@fs1.example.org", False),
        ("freeswitch@fs1", "freeswitch@fs2", False),
        ("freeswitch@192.0.2.1", "192.0.2.1", True),
        ("freeswitch@192", "192.0.2.1", False),
    ],
)
def test_two_names_are_of_one_node(one, other, same):
    assert switch_names.same_node(one, other) is same
