from __future__ import annotations

import gzip
import json
import re

import pytest

from kazoo_sup import messages
from kazoo_sup.commands import amqp
from kazoo_sup.messages import BadMessage, NeverSent, Undecodable, UnknownApi
from kazoo_sup.messages.apis import ROWS

NODE = "sup@ops1"
EXAMPLES = {
    "text": "x",
    "boolean": True,
    "integer": 3,
    "list": [],
    "object": {},
    "limit": 60,
    "": "user@example.org",
}


def build(name, **headers):
    return messages.build(name, {key.replace("_", "-"): value for key, value in headers.items()}, node=NODE)


def whole(api):
    """Return the fewest headers that a message of this API can have, each with a value of its kind."""
    headers = {}
    for group in api.required:
        header = api.headers[group[0]]
        headers[group[0]] = header.values[0] if header.values else EXAMPLES[header.type]
    for name in re.findall(r"\{([A-Za-z-]+)[!@]?\}", api.key):
        headers.setdefault(name, "a.b@c")
    return headers


@pytest.mark.parametrize("name", messages.all_names())
def test_every_row_of_the_table_can_be_built_and_checked(name):
    api = messages.find(name)
    assert api.exchange in messages.EXCHANGE_TYPES
    for answer in api.answers:
        assert messages.find(answer).is_answer
    if api.is_answer or name == "nodes.advertise":
        with pytest.raises(NeverSent):
            messages.build(name, whole(api), node=NODE)
        return
    built = messages.build(name, whole(api), node=NODE, queue="my-queue")
    messages.check(api, json.loads(built.body))
    assert built.payload["Server-ID"] == "my-queue"
    assert not built.routing_key.startswith(".")
    assert not built.routing_key.endswith(".") or name == "call.query_user_channels_req"
    assert "{" not in built.routing_key


def test_names_are_unique():
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_a_message_says_who_sends_it_and_what_it_is():
    payload = build("registration.flush", Realm="r").payload
    assert len(payload.pop("Msg-ID")) == 32
    assert payload.pop("App-Version")
    assert payload == {
        "Realm": "r",
        "Event-Category": "directory",
        "Event-Name": "reg_flush",
        "App-Name": "sup",
        "Node": NODE,
    }


@pytest.mark.parametrize(
    ("name", "headers", "key"),
    [
        ("switch.notify", {"Realm": "a.example.org", "Username": "user 1", "Event": "check-sync"}, None),
        ("registration.query_req", {"Realm": "all"}, "registration.query.all.*"),
        ("registration.query_req", {"Realm": "a.b", "Username": "u"}, "registration.query.a%2Eb.u"),
        ("call.query_user_channels_req", {}, "call.status_req."),
        ("call.query_user_channels_req", {"Username": "u", "Realm": "a.b"}, "call.status_req.u%3Aa%2Eb"),
        ("call.query_user_channels_req", {"Usernames": ["v"], "Realm": "r"}, "call.status_req.v%3Ar"),
        ("conference.search_req", {"Account-ID": "x"}, "conference.discovery"),
        ("presence.subscription", {"User": "sip:u@a.b", "Expires": 1}, "subscriptions.a%2Eb"),
        ("presence.subscription", {"User": "a.b", "Expires": 1}, "subscriptions.a%2Eb"),
        ("presence.reset", {"Realm": "*", "Username": "local"}, "presence.reset.*.local"),
        ("presence.probe", {"Username": "u", "Realm": "r", "Event-Package": "a.b"}, "probes.a.b"),
        (
            "authn.req",
            {"To": "u@Example.org", "From": "f", "Auth-User": "u", "Auth-Realm": "192.0.2.1"},
            "authn.req.example%2Eorg",
        ),
        (
            "authn.req",
            {"To": "u@t", "From": "f", "Auth-User": "u", "Auth-Realm": "Example.org"},
            "authn.req.example%2Eorg",
        ),
        ("im.sms_outbound", {"Message-ID": "m.1", "Body": "b", "From": "f", "To": "t"}, "sms.outbound.m%2E1"),
        (
            "im.sms_outbound",
            {"Message-ID": "m", "Body": "b", "From": "f", "To": "t", "Route-ID": "Way"},
            "sms.outbound.way.m",
        ),
        ("switch.command", {"Command": "send_http", "Args": {}}, "switch.command.*"),
    ],
)
def test_routing_keys_are_kazoo_s(name, headers, key):
    expected = key or "switch.notify.a%2Eexample%2Eorg.user+1"
    assert messages.build(name, headers, node=NODE).routing_key == expected


def test_what_is_empty_is_left_out_at_every_level_and_the_rest_stays():
    built = build(
        "switch.command", Command="send_http", Args={"Url": "", "Deep": {"a": None, "b": 0, "c": [], "d": False}}
    )
    assert built.payload["Args"] == {"Deep": {"b": 0, "c": [], "d": False}}


@pytest.mark.parametrize(
    ("name", "headers", "reason"),
    [
        ("switch.notify", {"Realm": "r", "Username": "u"}, "Event is missing"),
        ("switch.notify", {"Realm": "r", "Username": "u", "Event": ""}, "Event is missing"),
        ("conference.search_req", {}, "Conference-ID or Account-ID is missing"),
        ("registration.query_req", {"Realm": "r", "Fields": "x"}, "Fields must be a list"),
        ("registration.query_req", {"Realm": "r", "Count-Only": 1}, "Count-Only must be true or false"),
        ("presence.sync", {"Action": "Stop"}, "Action must be one of Request, Start, End"),
        ("presence.mwi_update", {"To": "u", "Messages-New": 1, "Messages-Saved": 0}, "To must be user@realm"),
        ("presence.mwi_update", {"To": "u@r", "Messages-New": "1", "Messages-Saved": 0}, "must be a whole number"),
        ("presence.update", {"Presence-ID": "u@r", "State": "early"}, "Call-ID is missing"),
        ("acdc_agent.pause", {"Account-ID": "a", "Agent-ID": "b", "Time-Limit": "600"}, "Time-Limit must be"),
        ("registration.flush", {"Realm": "r", "Usrname": "u"}, "it has no header Usrname"),
        ("registration.flush", {"Realm": "r", "Node": "ecallmgr@vm"}, "Node is not for the caller to give"),
        ("registration.flush", {"Realm": "r", "System-Log-ID": "1", "Raw-Headers": 1}, "Raw-Headers must be text"),
    ],
)
def test_what_kazoo_s_receivers_would_crash_on_is_refused(name, headers, reason):
    with pytest.raises(BadMessage, match=reason):
        messages.build(name, headers, node=NODE)


def test_an_unknown_name_gets_a_hint():
    with pytest.raises(UnknownApi, match=r"did you mean switch\.notify"):
        build("switch.notfy")


def test_a_mailbox_s_update_is_sent_in_the_form_that_kazoo_gives_it():
    built = build("presence.mwi_update", To="u@a.b", Messages_New=2, Messages_Saved=5, Call_ID="mine", From="other")
    assert built.routing_key == "mwi_updates.a%2Eb.u"
    payload = built.payload
    assert (payload["To"], payload["Presence-ID"], payload["To-User"], payload["To-Realm"]) == (
        "sip:u@a.b",
        "u@a.b",
        "u",
        "a.b",
    )
    assert payload["From"] == "other"
    assert (payload["Messages-Waiting"], payload["Messages-Saved"], payload["Messages-Urgent"]) == ("yes", 5, 0)
    assert len(payload["Call-ID"]) == 32
    assert build("presence.mwi_update", To="u@r", Messages_New=0, Messages_Saved=0).payload["Messages-Waiting"] == "no"


def answer(**more):
    payload = {
        "App-Name": "ecallmgr",
        "App-Version": "4.0.0",
        "Event-Category": "call_event",
        "Event-Name": "query_channels_resp",
        "Msg-ID": "1",
        "Channels": {},
    }
    return {key: value for key, value in {**payload, **more}.items() if value is not ...}


def test_answers_are_checked_by_the_same_rules():
    api = messages.find("call.query_channels_resp")
    messages.check(api, answer(Unheard="of"))
    for wrong, reason in (
        ({"Channels": []}, "Channels must be an object"),
        ({"Channels": ...}, "Channels is missing"),
        ({"Msg-ID": ...}, "Msg-ID is missing"),
        ({"Msg-ID": 1}, "Msg-ID must be text"),
        ({"Event-Name": "error"}, "it is called call_event error"),
    ):
        with pytest.raises(BadMessage, match=reason):
            messages.check(api, answer(**wrong))


def test_a_message_s_kind_is_known_by_its_name():
    found = messages.named("call_event", "query_channels_resp")
    assert found is not None
    assert found.name == "call.query_channels_resp"
    assert messages.named("call_event", "CHANNEL_CREATE") is None


def test_bodies_are_read_as_kazoo_s_listeners_read_them():
    body = json.dumps(answer()).encode()
    assert messages.decode("x", body, "application/json") == answer()
    assert messages.decode("x", gzip.compress(body), "application/json", "gzip") == answer()
    for wrong in ((body, None), (body, "text/plain"), (b"[1]", "application/json"), (b"{", "application/json")):
        with pytest.raises(Undecodable):
            messages.decode("x", *wrong)
    with pytest.raises(Undecodable):
        messages.decode("x", body, "application/json", "gzip")


@pytest.mark.parametrize(
    ("name", "header", "text", "value"),
    [
        ("switch.notify", "Username", "1001", "1001"),
        ("registration.query_req", "Count-Only", "true", True),
        ("registration.query_req", "Fields", '["Contact"]', ["Contact"]),
        ("presence.mwi_update", "Messages-New", "3", 3),
        ("acdc_agent.pause", "Time-Limit", "infinity", "infinity"),
        ("acdc_agent.pause", "Time-Limit", "600", 600),
        ("rate.req", "Options", '{"a":1}', {"a": 1}),
        ("sysconf.get_req", "Category", "[x", "[x"),
    ],
)
def test_headers_are_read_from_the_command_line_by_their_kind(name, header, text, value):
    assert messages.read_header(messages.find(name), header, text) == value


def test_a_header_that_cannot_be_read_is_refused():
    with pytest.raises(BadMessage, match="Messages-New must be a whole number, not 'x'"):
        messages.read_header(messages.find("presence.mwi_update"), "Messages-New", "x")


def test_messages_are_found_by_a_part_of_their_name_and_a_part_of_none_is_refused():
    assert {row["api"] for row in amqp.apis("websockets.").rows} >= {"websockets.module_req"}
    with pytest.raises(messages.UnknownApi, match="there is no message 'webscokets'"):
        amqp.apis("webscokets")
