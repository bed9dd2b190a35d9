from __future__ import annotations

import pytest

from kazoo_sup.kazoo.ecallmgr import media_servers, registrations
from kazoo_sup.terms.columns import number_field, shown, text_field
from kazoo_sup.texts import ecallmgr as texts
from kazoo_sup.texts.ecallmgr import (
    channel_lines,
    channel_table,
    conference_lines,
    conference_table,
    media_server_lines,
    media_server_table,
    registration_lines,
    registration_table,
)


def cells(lines):
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]


@pytest.mark.parametrize(("value", "text"), [(None, "undefi"), (True, "true  "), ("abcdefgh", "abcdef"), (7, "7     ")])
def test_text_is_padded_or_cut(value, text):
    assert text_field(value, 6) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0   "), (-99, "-99 "), (9999, "9999"), (12345, "****"), (-1000, "****")]
)
def test_numbers_without_room_become_asterisks(value, text):
    assert number_field(value, 4) == text


def test_nothing_is_shown_as_undefined():
    assert shown(None) == "undefined"


CHANNELS = {
    "c1": {"Media-Node": "fs@a", "Call-Direction": "inbound", "Destination": "1001", "Account-ID": "x"},
    "c2": {"Media-Node": "fs@b", "Call-Direction": "outbound", "Destination": [49, 48]},
}


class TestChannels:
    def test_the_table_has_one_line_a_channel_and_a_count(self):
        lines = list(channel_table(CHANNELS))
        assert cells(lines)[1:] == [
            ["c1", "fs@a", "inbound", "1001", "x"],
            ["c2", "fs@b", "outbound", "10", "undefined"],
        ]
        assert lines[-1] == "Found 2 channels"
        assert len({len(line) for line in lines[:-1]}) == 1

    def test_no_channels_are_told_of(self):
        assert list(channel_table({})) == ["No channels found!"]
        assert list(channel_lines([])) == ["No channels found!"]

    def test_labels_are_cut_and_objects_shown_as_json(self):
        lines = list(channel_lines([{"custom_application_vars": {"a": 1}, "answered": False}]))
        assert lines == ["", 'custom_application_: {"a":1}', "answered           : false", "", "Found 1 channels"]


class TestRegistrations:
    @pytest.mark.parametrize(
        ("contact", "where"),
        [
            ("sip:dev1@192.0.2.21:5061;transport=udp", "192.0.2.21:5061"),
            ("<sip:dev1@192.0.2.21:5061>", "192.0.2.21:5061"),
            ("sip:dev1@10.0.0.5:5060;fs_path=sip:x;received=203.0.113.1:1024", "203.0.113.1:1024"),
            ("sip:192.0.2.21", "192.0.2.21"),
            ("undefined", "undefined"),
        ],
    )
    def test_a_contact_s_place_is_what_was_received_else_what_it_says(self, contact, where):
        assert registrations.host_and_port(contact) == where

    @pytest.mark.parametrize(
        ("facts", "path"),
        [
            ({"Proxy-Path": "sip:127.0.0.1:5060", "Proxy-Protocol": "tls"}, "tls:127.0.0.1:5060"),
            ({"Proxy-Path": "sip:proxy", "Proxy-Port": 5060}, "udp:proxy:5060"),
            ({"Proxy-IP": "127.0.0.1", "Proxy-Port": 5060}, "udp:127.0.0.1:5060"),
            ({"Proxy-IP": "127.0.0.1"}, "udp:127.0.0.1"),
            ({}, ""),
        ],
    )
    def test_the_way_is_the_proxy_s(self, facts, path):
        assert registrations.path(facts) == path

    def test_the_table_tells_how_long_each_still_holds(self, monkeypatch):
        monkeypatch.setattr(texts, "now", lambda: 1000)
        found = [
            {"Username": "u", "Realm": "r", "Contact": "c@h", "Call-ID": "i", "Expires": 60, "Event-Timestamp": 990},
            {"Username": "v", "Realm": "r", "Contact": "c@h", "Call-ID": "i", "Expires": "360", "Event-Timestamp": 1},
        ]
        lines = list(registration_table(found))
        assert lines[1].endswith("|  Exp |")
        assert [(row[0], row[4]) for row in cells(lines)[1:]] == [("u@r", "50"), ("v@r", "-639")]
        assert lines[-1] == "Found 2 registrations"
        details = list(registration_lines(found[:1]))
        assert "Expires            : 50/60" in details


class TestConferences:
    def test_what_is_not_told_is_left_out(self):
        found = [{"Conference-ID": "n", "UUID": "u", "Node": "fs@a", "Is-Local": True, "Participant-Count": 0}]
        assert cells(conference_table(found))[1] == ["n", "fs@a", "0", "0", "undefined", "true"]
        lines = list(conference_lines(found))
        assert [line.partition(":")[0].strip() for line in lines[1:5]] == ["Name", "Instance-ID", "Node", "Is-Local"]
        assert "Participants       : 0" in lines


class TestMediaServers:
    def test_a_cookie_that_is_nobody_s_default_is_not_shown(self):
        servers = {"fs@a": media_servers.MediaServer(Version="1.10")}
        for lines in (media_server_table(servers, "s3cret"), media_server_lines(servers, "s3cret")):
            text = "\n".join(lines)
            assert "s3cret" not in text
            assert "****" in text

    def test_elements_may_name_a_cookie(self, zone):
        listed = ["fs@a", {"cookie": "fs@b"}, "fs@c"]
        zone.couchdb.put("system_config", {"_id": "ecallmgr", "default": {"fs_nodes": listed}})
        assert media_servers.configured(zone, zone.node) == (["fs@a", "fs@b", "fs@c"], None)
        assert media_servers.without(listed, "fs@b") == ["fs@a", "fs@c"]
        assert media_servers.without(listed, "fs@x") == listed

    def test_what_is_no_list_is_told(self, zone):
        zone.couchdb.put("system_config", {"_id": "ecallmgr", "default": {"fs_nodes": 5}})
        names, wrong = media_servers.configured(zone, zone.node)
        assert names == []
        assert wrong == media_servers.Misconfigured(zone.node, 5)
        (said,) = texts.misconfigured(wrong)
        assert "was misconfigured(5), using []" in said
