from __future__ import annotations

import pytest

from kazoo_sup.kazoo.bus import nodes
from kazoo_sup.texts import nodes as texts

NOW = 63_900_000_000
BROKER = "amqp://127.0.0.1:5672"


def status(zone="local", **adverts):
    named = {f"{name}@vm": advert for name, advert in adverts.items()}
    return list(texts.status(named, zone=zone, broker=BROKER, now=NOW))


def advert(**more):
    return {"WhApps": {}, "Version": "4.3", **{key.replace("_", "-"): value for key, value in more.items()}}


def started(seconds):
    return {"Startup": NOW - seconds, "Roles": []}


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59, "59s"), (60, "1m"), (475, "7m55s"), (3600, "1h"), (90_061, "1d1h1m1s")]
)
def test_spans_are_written_as_kazoo_writes_them(seconds, text):
    assert nodes.elapsed(seconds) == text


@pytest.mark.parametrize(
    ("octets", "text"), [(0, "0B"), (1023, "1023B"), (1024, "1.00KB"), (77_500_000, "73.91MB"), (3 * 2**30, "3.00GB")]
)
def test_sizes_are_written_as_kazoo_writes_them(octets, text):
    assert texts.size(octets) == text


def test_nodes_come_by_name_from_the_last_to_the_first_each_with_an_empty_line_behind():
    lines = status(a=advert(), b=advert())
    assert [line for line in lines if line.startswith("Node  ")] == ["Node          : b@vm", "Node          : a@vm"]
    assert lines.count("") == 2


def test_what_is_nothing_is_left_out():
    labels = [line.partition(":")[0].strip() for line in status(a=advert(Processes=0))]
    assert labels == ["Node", "Version", "Memory Usage", "Zone", "Broker", ""]


def test_the_viewer_s_own_zone_is_marked_unless_it_is_local():
    assert "Zone          : eu (local)" in status("eu", a=advert(Zone="eu"))
    assert "Zone          : us" in status("eu", a=advert(Zone="us"))
    assert "Zone          : local" in status("local", a=advert(Zone="local"))


def test_applications_are_four_a_line_and_one_with_roles_ends_its_line():
    apps = {name: started(60) for name in "edcba"}
    lines = status(a=advert(WhApps=apps))
    found = [line for line in lines if "(1m)" in line]
    assert found[0] == "WhApps        : " + "".join(f"{name}(1m)".ljust(25) for name in "abcd")
    assert found[1] == " " * 16 + "e(1m)".ljust(25)
    apps["b"] = {"Startup": NOW - 60, "Roles": ["Proxy", "Registrar"]}
    lines = status(a=advert(WhApps=apps))
    assert lines[5].endswith("b(1m)".ljust(25) + "Proxy , Registrar")
    assert lines[6].startswith(" " * 16 + "c(1m)")


def test_kamailio_counts_from_1970():
    apps = {"kamailio": {"Startup": NOW - 62_167_219_200 - 120, "Roles": []}}
    assert "WhApps        : " + "kamailio(2m)".ljust(25) in status(a=advert(WhApps=apps))


def test_applications_may_be_a_plain_list():
    assert "WhApps        : " + "x".ljust(25) in status(a=advert(WhApps=["x"]))


def test_counts_stand_with_media_servers():
    servers = {"freeswitch@b": {"Startup": NOW - 5}, "freeswitch@a": {"Startup": NOW - 60}}
    lines = status(a=advert(Media_Servers=servers, Channels=6))
    assert lines[5:-1] == [
        "Channels      : 6",
        "Conferences   : 0",
        "Registrations : 0",
        "Media Servers : freeswitch@a (1m)",
        "                freeswitch@b (5s)",
    ]
    assert "Registrations : 3" in status(a=advert(Registrations=3))


def test_information_is_told_without_passwords():
    secret = {"connections": {"amqp://kazoo:secret@10.0.0.1:5672": {"channel_count": 1}}}
    lines = status(a=advert(Node_Info={"amqp": secret, "count": 3, "text": "t"}, Globals={"total": 0, "x": 2}))
    assert 'Node Info     : amqp: {"connections":{"amqp://kazoo:****@10.0.0.1:5672":{"channel_count":1}}}' in lines
    assert "                count         : 3" in lines
    assert "                text: t" in lines
    assert "Globals       : total (0) x (2)" in lines
    assert nodes.without_passwords("amqp://guest:guest@h") == "amqp://guest:guest@h"


def test_kamailio_s_roles_are_told():
    roles = {
        "Registrar": {"Registrations": 7},
        "Dispatcher": {"Groups": {"Primary": {"1": {"destination": "sip:10.0.0.1:11000", "flags": "AP"}}}},
        "Presence": {"Subscribers": {"dialog": 2, "presence": 3}},
        "Proxy": {
            "Listeners": {
                "one": {"proto": "udp", "address": "10.0.0.1", "port": 5060},
                "two": {"proto": "tcp", "address": "10.0.0.1", "advertise": "203.0.113.1", "port": 7000},
                "three": {"proto": "udp", "address": "10.0.0.1", "port": 7000},
            }
        },
    }
    lines = status(kamailio=advert(Roles=roles))
    assert "Roles         : Dispatcher Presence Proxy Registrar " in lines
    assert "Dispatcher Pri: sip:10.0.0.1:11000 (AP)   " in lines
    assert "Subscribers   : presence (3)  dialog (2)  " in lines
    assert "Registrations : 7" in lines
    assert "Listening on  : 10.0.0.1    udp (5060 7000) " in lines
    assert "                203.0.113.1 tcp (7000) " in lines


def test_a_node_is_dead_when_it_was_silent_for_a_quarter_longer_than_it_said(monkeypatch):
    monkeypatch.setattr(nodes.time, "monotonic", lambda: 100.0)
    assert nodes.is_alive({"Expires": 8000}, heard=90.0)
    assert not nodes.is_alive({"Expires": 8000}, heard=89.9)
    assert nodes.is_alive({}, heard=0)
