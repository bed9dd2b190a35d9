"""What the cluster's nodes are asked and told over a real broker: some answer, some dawdle, are silent, or err."""

from __future__ import annotations

import json
import uuid
from contextlib import ExitStack

import pika
import pytest
import requests

from helpers import kazoo_nodes
from helpers.kazoo_nodes import SHARED, KazooNode, advertised, channel, ecallmgr, registration
from helpers.real_servers import AMPLE_SECONDS, until
from helpers.shown import cells

pytestmark = pytest.mark.integration

ACCOUNT = "a" * 32
ROOM = {
    "account": ACCOUNT,
    "UUID": "1a2b",
    "Start-Time": 1,
    "Participants": [
        {
            "Call-ID": "call-1",
            "Conference-Channel-Vars": {"Member-ID": 5, "Talking": False, "Speak": True, "Is-Moderator": True},
        },
        {"Call-ID": "call-2", "Conference-Channel-Vars": {"Member-ID": 6, "Hear": True}},
    ],
}


@pytest.fixture
def asking(at, broker):
    """Give `sup -n ecallmgr` with the seeded CouchDB and our broker."""

    def run(*words, env=None, **more):
        return at("-n", "ecallmgr@ops", *words, env={"SUP_AMQP_URL": broker.url, **(env or {})}, **more)

    return run


@pytest.fixture
def nodes(broker):
    """Give a function that lets nodes live until the test ends; broker.url is put in."""
    with ExitStack() as stack:
        yield lambda make, *words, **more: stack.enter_context(make(broker.url, *words, **more))


class TestChannels:
    def test_several_nodes_answers_are_one_table_and_a_channel_of_two_is_shown_once(self, asking, nodes):
        nodes(ecallmgr, "ecallmgr@one", channels=[channel("c1"), channel("c2")])
        nodes(ecallmgr, "ecallmgr@two", channels=[channel("c2"), channel("c3", node="freeswitch@fs2")])
        done = asking("ecallmgr_maintenance", "channel_summary")
        assert done.code == 0
        assert sorted(row[0] for row in cells(done.stdout)) == ["c1", "c2", "c3"]
        assert done.stdout.endswith("Found 3 channels\n")
        assert done.stderr == "sup: answered by ecallmgr@one, ecallmgr@two\n"
        of_one = asking("ecallmgr_maintenance", "channel_summary", "freeswitch@fs2")
        assert cells(of_one.stdout) == [["c3", "freeswitch@fs2", "inbound", "1002", ACCOUNT]]

    def test_details_are_told_by_the_node_that_handles_the_call(self, asking, nodes):
        nodes(ecallmgr, "ecallmgr@one", channels=[channel("c1", handling_locally=True, username="one")])
        nodes(ecallmgr, "ecallmgr@two", channels=[channel("c1", username="two"), channel("c2")])
        done = asking("ecallmgr_maintenance", "channel_details", "c1")
        assert "\nhandling_locally   : true\n" in done.stdout
        assert "\nusername           : one\n" in done.stdout
        assert done.stdout.endswith("\n\nFound 1 channels\n")
        assert asking("ecallmgr_maintenance", "channel_details", "nowhere").stdout == "No channels found!\n"

    def test_one_slow_one_silent_and_one_that_errs_do_not_hide_the_others(self, asking, nodes):
        nodes(ecallmgr, "ecallmgr@good", channels=[channel("c1")])
        nodes(ecallmgr, "ecallmgr@slow", channels=[channel("c2")], delay=1)
        silent = {("callevt", "call.status_req.#", "query_channels_req"): lambda request: None}
        nodes(KazooNode, "ecallmgr@silent", silent, shared=SHARED, advert=advertised("ecallmgr"))
        wrong = {
            ("callevt", "call.status_req.#", "query_channels_req"): lambda request: [
                b"\x00 rubbish",
                {"Event-Name": "query_channels_resp", "Channels": "none", "Msg-ID": request["Msg-ID"]},
                {"Event-Name": "query_channels_resp", "Channels": {"x": {}}, "Msg-ID": "of another question"},
            ]
        }
        nodes(KazooNode, "ecallmgr@wrong", wrong, shared=SHARED, advert=advertised("ecallmgr"))
        done = asking("ecallmgr_maintenance", "channel_summary", "--wait", str(AMPLE_SECONDS))
        assert sorted(row[0] for row in cells(done.stdout)) == ["c1", "c2"]
        assert done.code == 5
        assert "answered by ecallmgr@good, ecallmgr@slow" in done.stderr
        assert "ecallmgr@wrong answered call.query_channels_req with something else" in done.stderr
        assert f"no answer from ecallmgr@silent within {AMPLE_SECONDS} s" in done.stderr

    def test_nodes_that_are_there_and_all_silent_are_no_empty_table(self, asking, nodes):
        silent = {("callevt", "call.status_req.#", "query_channels_req"): lambda request: None}
        nodes(KazooNode, "ecallmgr@silent", silent, shared=SHARED, advert=advertised("ecallmgr"))
        done = asking("ecallmgr_maintenance", "channel_summary", "--wait", "1")
        assert (done.code, done.stdout) == (4, "")
        assert "no answer to call.query_channels_req within 1 s" in done.stderr

    def test_where_nobody_is_nobody_is_asked(self, asking, nodes):
        other = nodes(
            KazooNode, "kazoo_apps@one", {("callevt", "#", "any"): lambda request: None}, advert=advertised("callflow")
        )
        done = asking("ecallmgr_maintenance", "channel_summary")
        assert (done.code, done.stdout) == (5, "")
        assert "no ecallmgr node is on the bus of zone local: nobody could be asked for channels" in done.stderr
        assert other.heard == []

    def test_old_channels_are_counted_but_only_freeswitch_could_end_them(self, asking, nodes):
        nodes(ecallmgr, "ecallmgr@one", channels=[channel("c1", handling_locally=True), channel("c2")])
        none = asking("ecallmgr_maintenance", "hangup_long_running_channels", "3600")
        assert none.stdout == 'hanging up channels older than <<"3600">> seconds\nhungup 0 channels\nok\n'
        some = asking("ecallmgr_maintenance", "hangup_long_running_channels", "10")
        assert (some.code, some.stdout) == (3, "")
        assert "only FreeSWITCH can hang up 1 channels" in some.stderr


class TestRegistrations:
    def test_of_a_registration_that_several_know_the_latest_is_shown(self, asking, nodes):
        now = kazoo_nodes.gregorian()
        nodes(
            ecallmgr,
            "ecallmgr@one",
            registrations=[registration("u1", "a.org"), registration("u2", "b.org", **{"Event-Timestamp": now - 30})],
        )
        nodes(
            ecallmgr,
            "ecallmgr@two",
            registrations=[registration("U2", "b.org", Contact="sip:u2@203.0.113.9", **{"Event-Timestamp": now + 60})],
        )
        done = asking("ecallmgr_maintenance", "registrar_summary")
        rows = {row[0]: row for row in cells(done.stdout)}
        assert set(rows) == {"u1@a.org", "U2@b.org"}
        assert rows["U2@b.org"][1:3] == ["203.0.113.9", "udp:198.51.100.1:5060"]
        assert done.stdout.endswith("Found 2 registrations\n")
        one = asking("ecallmgr_maintenance", "registrar_details", "u1@a.org")
        assert "\nUsername           : u1\n" in one.stdout
        assert one.stdout.endswith("Found 1 registrations\n")
        assert asking("ecallmgr_maintenance", "registrar_summary", "c.org").stdout == "No registrations found!\n"

    def test_flushing_all_tells_of_every_realm(self, asking, nodes, kamailio):
        node = nodes(ecallmgr, "ecallmgr@one", registrations=[registration("u1", "a.org"), registration("u2", "b.org")])
        assert asking("ecallmgr_maintenance", "flush_registrar").stdout == "ok\n"
        until(lambda: len(node.said("reg_flush")) == 2, "both realms")
        assert sorted(each["Realm"] for each in node.said("reg_flush")) == ["a.org", "b.org"]
        assert asking("ecallmgr_maintenance", "flush_registrar", "u1", "a.org").stdout == "ok\n"
        heard = kamailio.event(Event_Name="reg_flush", Username="u1")
        assert heard["Realm"] == "a.org"

    def test_kamailio_is_asked_to_tell_of_its_registrations(self, asking, kamailio):
        done = asking("ecallmgr_maintenance", "registrar_sync")
        assert (done.code, done.stdout) == (0, "")
        assert kamailio.event(Event_Name="reg_sync")["Event-Category"] == "directory"


class TestNobody:
    """Where no node is there, that is not taken for there being nothing."""

    @pytest.mark.parametrize(
        "words",
        [
            ("channel_summary",),
            ("channel_details",),
            ("channel_details", "c1"),
            ("conference_summary",),
            ("conference_details",),
            ("registrar_summary",),
            ("registrar_details", "u1", "a.org"),
            ("flush_registrar",),
            ("flush_registrar", "u1", "a.org"),
            ("list_fs_nodes",),
            ("node_summary",),
            ("node_details",),
            ("node_details", "freeswitch@fs1"),
            ("sync_channels",),
            ("sync_channels", "freeswitch@fs1"),
            ("sync_conferences",),
            ("flush_node_channels", "freeswitch@fs1"),
            ("flush_node_conferences", "freeswitch@fs1"),
            ("test_carrier_ip", "192.0.2.1"),
            ("test_sbc_ip", "192.0.2.1"),
            ("reload_acls",),
            ("hangup_long_running_channels", "5"),
        ],
    )
    def test_without_an_ecallmgr_nothing_is_said_and_nothing_ends_well(self, asking, words):
        done = asking("ecallmgr_maintenance", *words)
        assert (done.code, done.stdout) == (5, "")
        assert "no ecallmgr node is on the bus of zone local" in done.stderr

    def test_what_was_not_there_to_be_removed_is_not_called_saved(self, asking):
        asking("ecallmgr_maintenance", "add_fs_node", "freeswitch@fs1", "true")
        done = asking("ecallmgr_maintenance", "remove_acl", "nobody", "true")
        assert (done.code, done.stdout) == (5, "no ACL named nobody found\n")
        assert done.stderr.startswith("sup: nothing was changed, but FreeSWITCH was not told: no ecallmgr node")

    def test_a_configured_node_is_listed_and_the_answer_is_not_complete(self, asking):
        asking("ecallmgr_maintenance", "add_fs_node", "freeswitch@fs1", "true")
        done = asking("ecallmgr_maintenance", "node_summary")
        assert (done.code, [row[:2] for row in cells(done.stdout)]) == (5, [["freeswitch@fs1", "false"]])

    @pytest.mark.parametrize(
        "words",
        [
            ("kz_nodes", "status"),
            ("kz_nodes", "list"),
            ("kz_nodes", "whapps"),
            ("kz_nodes", "media_servers"),
            ("omnipresence_maintenance", "current_subscriptions", "a.org"),
            ("call_inspector_maintenance", "callid_details", "c1"),
            ("hangups_maintenance", "hangups_summary"),
        ],
    )
    def test_without_any_node_nothing_is_said_and_nothing_ends_well(self, asking, words):
        done = asking(*words, env={"SUP_NODES_TIMEOUT": "0.2"})
        assert (done.code, done.stdout) == (5, "")
        assert "node" in done.stderr

    @pytest.mark.parametrize(
        "words",
        [
            ("kapps_config", "flush"),
            ("ecallmgr_maintenance", "flush_acls"),
            ("ecallmgr_maintenance", "flush_authn"),
            ("kazoo_data_maintenance", "flush"),
            ("stepswitch_maintenance", "flush"),
        ],
    )
    def test_a_flush_that_reaches_no_broker_does_not_end_well(self, asking, words):
        done = asking(*words, env={"SUP_AMQP_URL": "amqp://guest:guest@127.0.0.1:1"})
        assert (done.code, done.stdout) == (5, "")
        assert "the nodes were not told to forget what they know" in done.stderr
        assert "kept for the next run" in done.stderr


class TestConferences:
    def test_they_are_found_by_the_accounts_that_have_channels(self, asking, nodes):
        nodes(ecallmgr, "ecallmgr@one", channels=[channel("call-1")], conferences={"room": ROOM})
        summary = asking("ecallmgr_maintenance", "conference_summary")
        assert cells(summary.stdout)[0][:5] == ["room", "freeswitch@fs1", "2", "77", ACCOUNT]
        details = asking("ecallmgr_maintenance", "conference_details", "1a2b").stdout
        assert "Participants       : 2\n    [6] call-2" in details
        assert details.rstrip().endswith("Found 1 conferences")
        assert ": Speak Is-Moderator\n" in details
        assert asking("ecallmgr_maintenance", "conference_details", "room").stdout == "No conferences found!\n"


class TestAcls:
    def test_a_change_reaches_every_freeswitch_and_every_cache(self, asking, nodes, kamailio):
        node = nodes(ecallmgr, "ecallmgr@ops", servers=("freeswitch@fs1", "freeswitch@fs2"))
        done = asking("ecallmgr_maintenance", "allow_sbc", "sbc1", "192.0.2.0/24")
        assert done.stdout.splitlines() == [
            "updating authoritative ACLs sbc1(192.0.2.0/24) to allow traffic",
            "issued reload ACLs to freeswitch@fs1",
            "issued reload ACLs to freeswitch@fs2",
        ]
        until(lambda: node.said("reload_acls"), "the reload")
        assert kamailio.event(Event_Name="reload_acls")
        deny = asking("ecallmgr_maintenance", "deny_sbc", "sbc2", "192.0.2.9")
        assert "192.0.2.9/32 (deny) lies within sbc1, 192.0.2.0/24 (allow)" in deny.stderr
        rows = cells(asking("ecallmgr_maintenance", "sbc_acls").stdout)
        assert [row[:4] for row in rows] == [
            ["sbc2", "192.0.2.9/32", "authoritative", "deny"],
            ["sbc1", "192.0.2.0/24", "authoritative", "allow"],
        ]
        tested = asking("ecallmgr_maintenance", "test_sbc_ip", "192.0.2.9")
        assert tested.stdout.splitlines() == [
            f"IP 192.0.2.9 on node {name} would be denied" for name in ("freeswitch@fs1", "freeswitch@fs2")
        ]
        assert asking("ecallmgr_maintenance", "test_sbc_ip", "192.0.2.8", "fs1").stdout.endswith("accepted\nok\n")
        assert asking("ecallmgr_maintenance", "test_sbc_ip", "192.0.2.8", "fs").code == 1
        removed = asking("ecallmgr_maintenance", "remove_acl", "sbc2")
        assert removed.stdout.startswith("removing authoritative ACLs sbc2(192.0.2.9/32) from ecallmgr system config\n")
        assert [row[0] for row in cells(asking("ecallmgr_maintenance", "acl_summary").stdout)] == ["sbc1"]

    def test_for_a_node_that_nobody_knows_nothing_is_stored(self, asking, nodes, stored):
        nodes(ecallmgr, "ecallmgr@one")
        before = stored("system_config", "ecallmgr")
        for words in (
            ["allow_sbc", "sbc1", "192.0.2.1"],
            ["deny_carrier", "c1", "192.0.2.2"],
            ["add_fs_node", "freeswitch@fs9", "false"],
        ):
            done = asking("ecallmgr_maintenance", *words)
            assert (done.code, done.stdout) == (1, "")
            assert done.stderr == (
                "sup: ecallmgr@ops is not heard, not in kazoo_nodes, and has no section: nothing was stored; "
                "heard is ecallmgr@one: name it with -n; `true` as the last argument is for all; or --yes\n"
            )
        assert stored("system_config", "ecallmgr") == before

    def test_but_it_is_when_all_are_meant_or_it_is_confirmed(self, asking, nodes, stored):
        nodes(ecallmgr, "ecallmgr@one")
        assert asking("ecallmgr_maintenance", "allow_sbc", "sbc1", "192.0.2.1", "true").code == 0
        assert asking("--yes", "ecallmgr_maintenance", "allow_sbc", "sbc2", "192.0.2.2").code == 0
        assert set(stored("system_config", "ecallmgr")["ecallmgr@ops"]["acls"]) == {"sbc1", "sbc2"}
        # There is a section by now.
        assert asking("ecallmgr_maintenance", "allow_sbc", "sbc3", "192.0.2.3").code == 0

    def test_a_node_of_the_settings_need_not_be_heard(self, cluster, sup, tmp_path):
        file = tmp_path / "sup.yaml"
        file.write_text(f"zones: {{east: {{couchdb: '{cluster}', amqp: [], kazoo_nodes: [ecallmgr@far]}}}}")
        words = ["--config", str(file), "ecallmgr_maintenance", "allow_sbc", "sbc1", "192.0.2.1"]
        assert sup("-n", "ecallmgr@near", *words).code == 1
        assert sup("-n", "ecallmgr@far", *words).code == 0

    def test_where_nobody_is_heard_the_one_that_saved_last_is_known(self, asking, stored, cluster):
        saved = {**stored("system_config", "ecallmgr"), "pvt_node": "ecallmgr@ops"}
        requests.put(f"{cluster}/system_config/ecallmgr", json=saved, timeout=AMPLE_SECONDS).raise_for_status()
        # What is saved from here beside it takes nothing from that.
        assert asking("kapps_config", "set_default", "ecallmgr", "some_key", "x").code == 0
        assert asking("ecallmgr_maintenance", "allow_sbc", "sbc1", "192.0.2.1").code == 0
        assert "acls" in stored("system_config", "ecallmgr")["ecallmgr@ops"]

    def test_a_name_that_was_only_given_here_makes_no_node_known(self, asking, stored):
        added = asking("ecallmgr_maintenance", "add_fs_node", "freeswitch@fs9")
        assert stored("system_config", "ecallmgr")["default"]["fs_nodes"] == ["freeswitch@fs9"], added
        done = asking("ecallmgr_maintenance", "allow_sbc", "sbc1", "192.0.2.1")
        assert (done.code, done.stdout) == (1, "")
        assert "no ecallmgr node was heard" in done.stderr
        assert "ecallmgr@ops" not in stored("system_config", "ecallmgr")

    def test_a_dry_run_tells_nobody(self, asking, nodes):
        node = nodes(ecallmgr, "ecallmgr@ops", servers=("freeswitch@fs1",))
        done = asking("--dry-run", "ecallmgr_maintenance", "allow_carrier", "c1", "192.0.2.1")
        assert done.code == 0
        assert '"cidr": "192.0.2.1/32"' in done.stdout
        assert asking("ecallmgr_maintenance", "carrier_acls").stdout.count("\n") == 4
        assert node.said("reload_acls") == []

    @pytest.mark.parametrize("address", ["192.0.2.1/24", "300.1.1.1", "no-such-host.invalid"])
    def test_what_is_no_address_is_refused_before_anything_is_touched(self, asking, address):
        done = asking("ecallmgr_maintenance", "allow_sbc", "sbc1", address)
        assert done.code == 1
        assert done.stdout.startswith(f"the supplied address {address} could not be processed.\n  is cidr: false\n")
        assert "is not an address" in done.stderr

    def test_without_a_broker_it_is_saved_and_said_that_nobody_was_told(self, asking):
        nowhere = {"SUP_AMQP_URL": "amqp://guest:guest@127.0.0.1:1"}
        assert asking("ecallmgr_maintenance", "add_fs_node", "freeswitch@fs1", "true").code == 2
        done = asking("ecallmgr_maintenance", "allow_sbc", "sbc1", "192.0.2.1", "true", env=nowhere)
        assert done.code == 5
        assert "the ACLs are saved, but FreeSWITCH was not told" in done.stderr
        assert "1 change event could not be published" in done.stderr
        assert len(json.loads(asking("-f", "json", "outbox", "list").stdout)["rows"]) == 1


class TestFreeSwitchNodes:
    def test_configured_and_connected_ones_are_told_apart(self, asking, nodes):
        nodes(ecallmgr, "ecallmgr@one", servers=("freeswitch@up",))
        added = asking("ecallmgr_maintenance", "add_fs_node", "freeswitch@down")
        assert (added.code, added.stdout.splitlines()) == (
            2,
            ["adding freeswitch@down to ecallmgr system config", "{error,no_connection}"],
        )
        assert asking("ecallmgr_maintenance", "get_fs_nodes").stdout == "freeswitch@down\n"
        assert asking("ecallmgr_maintenance", "list_fs_nodes").stdout == "freeswitch@up\n"
        rows = cells(asking("ecallmgr_maintenance", "node_summary").stdout)
        assert [row[:2] for row in rows] == [["freeswitch@down", "false"], ["freeswitch@up", "true"]]
        assert "Connected   : true\n" in asking("ecallmgr_maintenance", "node_details", "freeswitch@up").stdout
        refused = asking("ecallmgr_maintenance", "sync_channels", "freeswitch@up")
        assert (refused.code, refused.stdout) == (3, "")
        removed = asking("ecallmgr_maintenance", "remove_fs_node", "freeswitch@down")
        assert removed.stdout == "removing freeswitch@down from ecallmgr system config\nok\n"
        assert asking("ecallmgr_maintenance", "get_fs_nodes").stdout == ""


class TestNodes:
    def test_their_status_is_what_they_advertise(self, asking, nodes):
        nodes(ecallmgr, "ecallmgr@one", servers=("freeswitch@fs1",))
        nodes(KazooNode, "kazoo_apps@one", advert=advertised("callflow", "crossbar", up=3700))
        lines = asking("kz_nodes", "status").stdout.splitlines()
        assert lines[0] == "Node          : kazoo_apps@one"
        assert "Memory Usage  : 73.72MB" in lines
        assert any(line.startswith("WhApps        : callflow(1h1m") for line in lines)
        assert any(line.startswith("Media Servers : freeswitch@fs1 (8m") for line in lines)
        assert "Channels      : 0" in lines
        assert lines[-1] == "ok"
        listed = json.loads(asking("-f", "json", "kz_nodes", "whapps").stdout)["rows"]
        assert [(row["app"], row["node"]) for row in listed] == [
            ("callflow", "kazoo_apps@one"),
            ("crossbar", "kazoo_apps@one"),
            ("ecallmgr", "ecallmgr@one"),
        ]

    def test_a_node_s_applications_are_the_ones_it_advertises(self, asking, nodes):
        nodes(KazooNode, "kazoo_apps@one", advert=advertised("crossbar", "callflow"))
        exact = asking("-n", "kazoo_apps@one", "kapps_controller", "running_apps")
        assert (exact.code, exact.stdout) == (0, "[callflow,crossbar]\n")
        refused = asking("-n", "kazoo_apps@one", "kapps_controller", "stop_app", "callflow")
        assert (refused.code, refused.stdout) == (3, "")
        assert "only kazoo_apps@one itself can stop callflow" in refused.stderr


class TestSysconf:
    def test_it_is_asked_of_the_one_node_that_takes_the_question(self, asking, nodes):
        answers = {
            ("sysconf", "no.key.at.all", "get_req"): lambda request: {
                "Event-Name": "get_resp",
                "Category": request["Category"],
                "Key": request["Key"],
                "Value": "regex",
            },
            ("sysconf", "no.key.at.all", "set_req"): lambda request: {
                **{key: request[key] for key in ("Category", "Key", "Value")},
                "Event-Name": "set_resp",
            },
        }
        node = nodes(KazooNode, "kazoo_apps@one", answers, shared={"sysconf_listener": ("sysconf", "sysconf.*")})
        assert asking("sysconf", "get", "number_manager", "converter").stdout == '<<"regex">>\n'
        assert asking("sysconf", "set", "a", "b", '["x"]').stdout == '[<<"x">>]\n'
        assert asking("sysconf", "flush", "a").stdout == "ok\n"
        until(lambda: node.said("flush_req"), "the flush")

    def test_where_no_node_takes_it_the_question_fails_at_once(self, asking):
        done = asking("sysconf", "get", "a", "b", "--wait", "100")
        assert (done.code, done.stdout) == (3, "")
        assert "no node of the cluster listens for sysconf.get_req" in done.stderr


class TestPresence:
    def test_the_state_that_is_told_of_a_user_is_printed(self, asking, nodes):
        def tell(request):
            return {**request, "Event-Name": "update", "Presence-ID": "u1@a.org", "State": "online"}

        nodes(kazoo_nodes.Telling, "kazoo_apps@one", "presence", "subscriptions.#", "update.a%2Eorg.call", tell)
        done = asking("omnipresence_maintenance", "subscribe", "a.org", "u1")
        assert done.stdout == "Sent subscription for u1@a.org, recv'd update of state online\nok\n"

    def test_subscriptions_are_those_that_omnipresence_and_kamailio_tell_of(self, asking, nodes):
        told = [{"username": "u1", "realm": "a.org", "from": "sip:x@a.org", "expires": 60, "event": "presence"}]
        answers = {
            ("presence", "presence.search_req.#", "search_req"): lambda request: [
                {"Event-Name": "search_partial_resp", "Subscriptions": told},
                {"Event-Name": "search_resp", "Subscriptions": told},
            ]
        }
        nodes(KazooNode, "kamailio@one", answers, advert=advertised("kamailio"))
        done = asking("omnipresence_maintenance", "current_subscriptions", "a.org", "--wait", str(AMPLE_SECONDS))
        assert done.code == 0
        heading, line, result = done.stdout.splitlines()
        assert [cell.strip() for cell in line.split("|")][:4] == ["u1@a.org", "sip:x@a.org", "60", "presence"]
        assert len(heading) == len(line)
        assert result == "ok"

    def test_resets_and_lamps_reach_who_listens(self, asking, nodes):
        node = nodes(KazooNode, "kazoo_apps@one", {("presence", "#", "any"): lambda request: None})
        for words in (
            ("reset_subscription", "u1@a.org"),
            ("reset_realm", "a.org"),
            ("reset_zone",),
            ("reset_server", "kamailio@one"),
            ("send_mwi_update", "u1@a.org", "2", "3"),
        ):
            done = asking("omnipresence_maintenance", *words)
            assert (done.code, done.stdout) == (0, "ok\n"), done.stderr
        until(lambda: len(node.heard) == 5, "all messages")
        assert [each["key"] for each in node.heard] == [
            "presence.reset.a%2Eorg.u1",
            "presence.reset.a%2Eorg.*",
            "presence.reset.*.local",
            "presence.reset.*.kamailio%40one",
            "mwi_updates.a%2Eorg.u1",
        ]
        refused = asking("omnipresence_maintenance", "reset_cluster")
        assert (refused.code, len(node.heard)) == (3, 5)


class TestApplications:
    def test_a_module_of_blackhole_is_started_on_every_node(self, asking, nodes):
        answers = {
            ("kapps", "ws.module_req", "module_req"): lambda request: {
                "Event-Name": "module_resp",
                "Persisted": request["Persist"],
                "Started": True,
            }
        }
        for name in ("kazoo_apps@one", "kazoo_apps@two"):
            nodes(KazooNode, name, answers, advert=advertised("blackhole"))
        done = asking("blackhole_maintenance", "start_module", "bh_call", "false", "--wait", str(AMPLE_SECONDS))
        assert done.stdout.startswith("starting bh_call:\nnode kazoo_apps@")
        assert done.stdout.count("  Persisted: false\n  Started: true\n") == 2
        assert done.stdout.endswith("ok\n")

    def test_a_text_message_is_sent_as_kazoo_sends_it(self, asking, nodes):
        node = nodes(KazooNode, "kazoo_apps@one", {("im", "sms.outbound.#", "any"): lambda request: None})
        assert asking("doodle_maintenance", "send_outbound_sms", "+15550001", "+15550002", "hello").stdout == "ok\n"
        assert asking("doodle_maintenance", "send_outbound_sms", "+15550001", "bye").stdout == "ok\n"
        until(lambda: len(node.heard) == 2, "both messages")
        first, second = node.heard
        assert (first["From"], first["To"], first["Body"]) == ("+15550002", "+15550001", "hello")
        assert first["key"] == f"sms.outbound.{first['Message-ID']}"
        assert (second["From"], second["Body"]) == ("15552220001", "bye")

    def test_a_call_s_sip_messages_are_put_together(self, asking, nodes):
        for number in (1, 2):
            chunks = [{"call-id": "c1", "label": number}]
            answers = {
                ("monitor", "call_inspector.lookup", "lookup_req"): lambda request, chunks=chunks: {
                    "Event-Name": "lookup_resp",
                    "Chunks": chunks,
                }
            }
            nodes(KazooNode, f"kazoo_apps@{number}", answers, advert=advertised("call_inspector"))
        found = json.loads(
            asking("call_inspector_maintenance", "callid_details", "c1", "--wait", str(AMPLE_SECONDS)).stdout
        )
        assert sorted(each["label"] for each in found) == [1, 2]
        one = json.loads(asking("call_inspector_maintenance", "inspect_call_id", "c1").stdout)
        assert (one["call-id"], [list(each) for each in one["messages"]]) == ("c1", [["label"]])


class TestByHand:
    def test_what_is_published_is_heard_as_it_was_built(self, asking, kamailio):
        done = asking("ecallmgr_maintenance", "check_sync", "user1", "acme.example.org")
        assert done.stdout == "ok\n"
        heard = kamailio.event(Event_Name="notify", Username="user1")
        assert heard["Realm"] == "acme.example.org"
        assert heard["Event"] == "check-sync"
        assert heard["Node"].startswith("sup@")
        words = ("amqp", "publish", "registration.flush", "Realm=a.org", "Username=1001")
        assert asking(*words).stdout == "ok\n"
        assert kamailio.event(Event_Name="reg_flush", Username="1001")["Realm"] == "a.org"

    def test_what_nobody_listens_to_fails_unless_that_is_all_right(self, asking):
        words = ("amqp", "publish", "tasks.start_req", "Task-ID=1")
        done = asking(*words)
        assert (done.code, done.stdout) == (3, "")
        assert "listens for tasks.start" in done.stderr
        assert asking(*words, "--unheard").stdout == "ok\n"

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            (("switch.notify", "Realm=r"), "is missing"),
            (("switch.notify", "Realm"), "is not Name=value"),
            (("switch.notify", "Realm=r", "Realm=q"), "is there twice"),
            (("switch.notfy",), "did you mean switch.notify"),
            (("nodes.advertise", "Expires=5000"), "is not for sup to send"),
        ],
    )
    def test_what_is_no_message_is_refused(self, asking, words, reason):
        done = asking("amqp", "publish", *words)
        assert done.code == 1
        assert reason in done.stderr

    def test_the_bus_is_watched_as_json_lines(self, asking, nodes, broker):
        nodes(KazooNode, "kazoo_apps@one", advert={**advertised("callflow"), "Node-Password": "hidden"})
        done = asking("amqp", "watch", "nodes", "--event", "advertise", "--count", "2", "--json-lines")
        seen = [json.loads(line) for line in done.stdout.splitlines()]
        assert [(each["exchange"], each["api"], each["problem"]) for each in seen] == [
            ("nodes", "nodes.advertise", None)
        ] * 2
        assert seen[0]["payload"]["Node"] == "kazoo_apps@one"
        assert "hidden" not in done.stdout
        for words, reason in ((("nods",), "did you mean nodes"), (("targeted",), "exact keys")):
            wrong = asking("amqp", "watch", *words)
            assert wrong.code == 1
            assert reason in wrong.stderr


class TestBrokers:
    def test_an_exchange_of_the_wrong_type_is_told_and_not_waited_for(self, asking, broker):
        with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
            channel = connection.channel()
            channel.exchange_delete("tasks")
            channel.exchange_declare("tasks", "direct")
            try:
                done = asking("amqp", "publish", "tasks.start_req", "Task-ID=1")
            finally:
                channel.exchange_delete("tasks")
        assert (done.code, done.stdout) == (3, "")
        assert "PRECONDITION_FAILED" in done.stderr

    def test_no_broker_is_one_clear_sentence(self, asking):
        for words in (("kz_nodes", "status"), ("ecallmgr_maintenance", "channel_summary"), ("amqp", "watch")):
            done = asking(*words, env={"SUP_AMQP_URL": "amqp://guest:guest@127.0.0.1:1"})
            assert (done.code, done.stdout) == (1, "")
            assert done.stderr == "sup: cannot reach the AMQP broker: 127.0.0.1:1: connection refused\n"
        none = asking("ecallmgr_maintenance", "channel_summary", env={"SUP_AMQP_URL": ""})
        assert (none.code, none.stdout) == (1, "")

    def test_several_zones_are_asked_at_once(self, sup, nodes, broker, tmp_path):
        nodes(ecallmgr, "ecallmgr@one", channels=[channel("c1")])
        settings = tmp_path / "sup.yaml"
        nowhere = f"amqp://guest:{uuid.uuid4().hex}@127.0.0.1:1"
        settings.write_text(
            json.dumps({"zone": "here", "zones": {"here": {"amqp": [broker.url]}, "there": {"amqp": [nowhere]}}})
        )
        chosen = ("--config", str(settings), "ecallmgr_maintenance", "channel_summary")
        one = sup(*chosen)
        assert one.code == 0, one.stderr
        both = sup(*chosen, "--all-zones")
        assert [row[0] for row in cells(both.stdout)] == ["c1"]
        assert both.code == 1
        assert "cannot reach the AMQP broker" in both.stderr
