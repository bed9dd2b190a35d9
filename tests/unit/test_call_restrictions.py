"""Call restrictions of accounts, devices and trunks, and endpoints as calls see them."""

from __future__ import annotations

import pytest

from helpers.account_zone import ACCOUNT, OTHER, PLAIN, account_zone
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.callflows import call_restrictions, endpoints
from kazoo_sup.texts import callflows as texts

DENIED = {"caribbean": {"action": "deny"}}


@pytest.fixture
def zone(tmp_path):
    zone = account_zone(tmp_path / "state")
    account = {"_id": ACCOUNT, "pvt_type": "account", "name": "Acme Inc.", "realm": "acme.example.com"}
    zone.couchdb.put("accounts", account, {"_id": OTHER, "pvt_type": "account", "name": "B", "realm": "b.example.com"})
    zone.couchdb.put(PLAIN, account)
    zone.couchdb.put(
        PLAIN,
        {
            "_id": "d1",
            "pvt_type": "device",
            "name": "Desk",
            "owner_id": "u1",
            "sip": {"method": "password", "username": "Desk1"},
        },
        {"_id": "u1", "pvt_type": "user", "username": "ann", "first_name": "Ann", "call_restriction": DENIED},
        {
            "_id": "t1",
            "pvt_type": "sys_info",
            "account": {"auth_realm": "ACME.example.com"},
            "servers": [{"auth": {"auth_user": "pbx"}}],
        },
    )
    return zone


class TestRestricting:
    def test_an_account_in_both_its_places(self, zone):
        said = list(texts.lines([call_restrictions.restrict_account(zone, ACCOUNT, "caribbean", "deny")]))
        assert said == ["found account: <<\"Acme Inc.\">>  ...  classifier 'caribbean' switched to action 'deny'"]
        for database in ("accounts", PLAIN):
            assert zone.couchdb.all(database)[ACCOUNT]["call_restriction"] == DENIED

    def test_a_device_whatever_the_case_of_its_username(self, zone):
        call_restrictions.restrict_device(zone, "DESK1@acme.example.com", "caribbean", "inherit")
        assert zone.couchdb.all(PLAIN)["d1"]["call_restriction"] == {"caribbean": {"action": "inherit"}}
        assert zone.broker.keys[-1].endswith(".device.d1")

    def test_a_trunk(self, zone):
        call_restrictions.restrict_trunk(zone, "PBX@acme.example.com", "caribbean", "deny")
        assert zone.couchdb.all(PLAIN)["t1"]["call_restriction"] == DENIED

    def test_what_somebody_else_saves_meanwhile_stays(self, zone):
        def meddle(_database, _documents):
            zone.couchdb.before_save.clear()
            zone.couchdb.put(PLAIN, {**zone.couchdb.get(PLAIN, "d1"), "name": "New"})

        zone.couchdb.before_save.append(meddle)
        call_restrictions.restrict_device(zone, "desk1@acme.example.com", "caribbean", "deny")
        assert zone.couchdb.all(PLAIN)["d1"]["name"] == "New"
        assert zone.couchdb.all(PLAIN)["d1"]["call_restriction"] == DENIED

    @pytest.mark.parametrize(
        ("uri", "error"),
        [
            ("desk1", BadArgument),
            ("@acme.example.com", BadArgument),
            ("desk1@nowhere.example.com", call_restrictions.NoAccount),
            ("nobody@acme.example.com", call_restrictions.NotOne),
        ],
    )
    def test_what_is_not_there_is_refused_with_an_exit_code_of_its_own(self, zone, uri, error):
        with pytest.raises(error) as raised:
            call_restrictions.restrict_device(zone, uri, "caribbean", "deny")
        assert raised.value.exit_code == 1
        assert all(identifier.startswith("_design/") for _database, identifier, _action in zone.couchdb.written)

    def test_only_classes_that_the_zone_has(self, zone):
        call_restrictions.check(zone, "tollfree_us")
        with pytest.raises(call_restrictions.NoSuchClassifier, match="'moon' not among"):
            call_restrictions.check(zone, "moon")


def test_a_listing_names_everybody_who_is_restricted(zone):
    call_restrictions.restrict_account(zone, ACCOUNT, "international", "deny")
    lines = list(texts.restrictions(call_restrictions.of_account(zone, ACCOUNT)))
    denied = 'Classifier <<"{}">>:\t\t action <<"deny">>'
    assert lines.index(denied.format("international")) < lines.index("Username: ann")
    assert lines[lines.index("Username: ann") + 2] == denied.format("caribbean")
    assert {"Device: Desk", "Trunk: pbx@acme.example.com"} <= set(lines)


class TestEndpoint:
    def test_a_device_is_merged_with_its_owner_and_its_account(self, zone):
        zone.couchdb.put(
            PLAIN,
            {**zone.couchdb.get(PLAIN, "d1"), "sip": {"method": "password", "username": "Desk1", "password": "geheim"}},
        )
        shown = texts.endpoint(endpoints.look_up(zone, "Desk1", "acme.example.com"))
        assert "geheim" not in shown
        assert '{<<"name">>,<<"Ann">>}' in shown
        assert '{<<"Endpoint-ID">>,<<"d1">>}' in shown
        assert '{[{<<"caribbean">>,{[{<<"action">>,<<"deny">>}]}}]}' in shown

    def test_what_is_not_found_is_told_as_kazoo_does(self, zone):
        assert texts.endpoint(endpoints.look_up(zone, "x", "nowhere")) == "unable to find account with realm nowhere"
        said = texts.endpoint(endpoints.look_up(zone, "x", "acme.example.com"))
        assert said.startswith("unable to find username x in account%2Fab%2Fab%2F")

    @pytest.mark.parametrize("change", [{"enabled": False}, {"pvt_type": "menu"}])
    def test_one_that_takes_no_calls_says_why(self, zone, change):
        zone.couchdb.put(PLAIN, {**zone.couchdb.get(PLAIN, "d1"), **change})
        assert texts.endpoint(endpoints.look_up(zone, "Desk1", "acme.example.com")).startswith("{error,")

    def test_one_that_is_deleted_is_not_found(self, zone):
        zone.couchdb.put(PLAIN, {**zone.couchdb.get(PLAIN, "d1"), "pvt_deleted": True})
        assert texts.endpoint(endpoints.look_up(zone, "Desk1", "acme.example.com")).startswith(
            "unable to find username Desk1"
        )

    def test_what_the_account_denies_nobody_allows(self):
        account = {"call_restriction": DENIED}
        owner = {"call_restriction": {"caribbean": {"action": "allow"}}}
        found = endpoints.merge(account, {}, owner, ["caribbean"])
        assert found["call_restriction"] == DENIED

    def test_the_owner_s_restriction_goes_before_the_device_s(self):
        device = {"call_restriction": DENIED}
        owner = {"call_restriction": {"caribbean": {"action": "allow"}}}
        assert endpoints.merge({}, device, owner, ["caribbean"])["call_restriction"]["caribbean"]["action"] == "allow"

    @pytest.mark.parametrize(
        "key", ["caller_id_options", "dial_plan", "formatters", "metaflows", "mobile", "music_on_hold"]
    )
    def test_the_owner_s_settings_lie_over_the_device_s_and_those_over_the_account_s(self, key):
        account, device = {key: {"a": 1, "b": 1, "c": 1}}, {key: {"b": 2, "c": 2}}
        assert endpoints.merge(account, device, {key: {"c": 3}}, [])[key] == {"a": 1, "b": 2, "c": 3}

    def test_users_who_share_a_device_deny_only_what_all_deny(self):
        users = [{"call_restriction": DENIED}, {}]
        one = endpoints.shared_restrictions(endpoints.as_one_user(users, ["caribbean"]), ["caribbean"])
        assert one["call_restriction"]["caribbean"]["action"] == "allow"
        one = endpoints.as_one_user(users[:1] * 2, ["caribbean"])
        assert one["call_restriction"] == DENIED

    def test_recordings_are_written_out_for_every_direction_and_network(self):
        device = {"call_recording": {"any": {"any": {"enabled": True}}, "inbound": {"onnet": {"enabled": False}}}}
        found = endpoints.merge({}, device, {}, [])["call_recording"]["endpoint"]
        assert found["outbound"] == {"onnet": {"enabled": True}, "offnet": {"enabled": True}}
        assert found["inbound"]["onnet"] == {"enabled": False}
        assert found["inbound"]["offnet"] == {"enabled": True}

    def test_flags_of_all_are_gathered(self):
        found = endpoints.merge({"outbound_flags": ["a"]}, {"outbound_flags": {"dynamic": ["b"]}}, {}, [])
        assert found["outbound_flags"] == {"dynamic": ["b"], "static": ["a"]}
