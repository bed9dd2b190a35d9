"""From where devices and realms may send, and how much: their documents, their ancestors' and the zone's defaults."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.calls import frontier
from kazoo_sup.names import account_database, plain

ACCOUNT, PARENT = "1" * 32, "2" * 32
REALM = "acme.example.com"
OF_DEVICES = "device-default-rate-limits"


def emitted(name, kind, minute):
    """Return what the view tells of a name: how many registrations in a minute, and in a second a tenth of that."""
    return [
        ([name, "registrations"], {"type": kind, "per_minute": minute}),
        ([name, "registrations"], {"type": kind, "per_second": minute // 10}),
    ]


@pytest.fixture
def realm(zone):
    """A zone with an account that has a parent; documents say by `rates` what their views tell."""
    zone.couchdb.put("accounts", {"_id": "_design/accounts"}, {"_id": ACCOUNT, "pvt_type": "account", "realm": REALM})
    for account in (ACCOUNT, PARENT):
        database = plain(account_database(account))
        zone.couchdb.put(database, {"_id": "_design/rate_limits"}, {"_id": "_design/access_lists"})
    zone.couchdb.put(plain(account_database(ACCOUNT)), {"_id": ACCOUNT, "pvt_tree": [PARENT]})
    zone.couchdb.views["rate_limits", "crossbar_listing"] = lambda each: each.get("rates", [])
    zone.couchdb.views["rate_limits", "list_by_owner"] = lambda each: [(each["owner"], None)] if "owner" in each else []
    zone.couchdb.views["access_lists", "crossbar_listing"] = lambda each: each.get("lists", [])
    return zone


def registrations(zone, entity, kind):
    found = frontier.rates(zone, entity)[kind]
    return found.name, found.rates["registrations", "per_minute"], found.rates["registrations", "per_second"]


class TestRates:
    def test_of_what_says_nothing_the_defaults_hold(self, realm):
        assert registrations(realm, f"bob@{REALM}", "device") == ("bob", 20, 2)
        assert registrations(realm, f"bob@{REALM}", "realm") == (REALM, 100, 20)
        realm.couchdb.put(
            "system_config",
            {
                "_id": "frontier",
                "default": {
                    "rate_limits": {
                        "device": {"per_minute": {"registrations": 7}, "per_second": {"registrations": 3}},
                        "account": frontier.DEFAULTS["account"],
                    }
                },
            },
        )
        realm.rerun()
        assert registrations(realm, f"bob@{REALM}", "device") == ("bob", 7, 3)

    def test_a_device_goes_before_what_its_account_says_of_devices(self, realm):
        database = plain(account_database(ACCOUNT))
        rates = [*emitted(OF_DEVICES, "device", 40), *emitted(REALM, "realm", 50)]
        realm.couchdb.put(database, {"_id": "account", "rates": rates})
        assert registrations(realm, f"bob@{REALM}", "device") == ("bob", 40, 4)
        assert registrations(realm, f"bob@{REALM}", "realm") == (REALM, 50, 5)
        realm.couchdb.put(database, {"_id": "bob", "rates": emitted("bob", "device", 60)})
        assert registrations(realm, f"bob@{REALM}", "device") == ("bob", 60, 6)

    def test_where_the_account_says_nothing_its_parent_does(self, realm):
        said = {"per_minute": {"total_packets": 9}, "per_second": {"total_packets": 1}}
        realm.couchdb.put(plain(account_database(PARENT)), {"_id": "limits", "owner": PARENT, "account": said})
        found = frontier.rates(realm, REALM)["realm"].rates
        assert (found["total_packets", "per_minute"], found["invites", "per_minute"]) == (9, 200)

    def test_nobody_knows_the_realm(self, realm):
        lines = list(frontier.rate_lines(frontier.rates(realm, "bob@nowhere.example.com")))
        assert lines[0] == "Device rates for bob"
        assert lines[1] == "REGISTER       :      -1/m      -1/s"
        assert lines[4] == "Realm rates for nowhere.example.com"


class TestAccessLists:
    def test_those_of_the_device_and_its_realm(self, realm):
        lists = [
            (name, {"type": kind, "acls": {"order": "deny,allow", "cidrs": ["192.0.2.0/24", "198.51.100.7/32"]}})
            for name, kind in (("bob", "device"), (REALM, "realm"), ("eve", "device"))
        ]
        realm.couchdb.put(plain(account_database(ACCOUNT)), {"_id": "lists", "lists": lists})
        assert list(frontier.acls(realm, f"bob@{REALM}")) == [
            f"looking for ACL records for bob@{REALM}:",
            "device bob use policy deny,allow for cidrs:",
            " 192.0.2.0/24",
            " 198.51.100.7/32",
            f"realm {REALM} use policy deny,allow for cidrs:",
            " 192.0.2.0/24",
            " 198.51.100.7/32",
        ]
        assert len(list(frontier.acls(realm, REALM))) == 4

    def test_nobody_may_send_for_a_realm_that_is_unknown(self, realm):
        assert list(frontier.acls(realm, "nowhere.example.com")) == [
            "looking for ACL records for nowhere.example.com:",
            "realm nowhere.example.com use policy allow,deny for cidrs:",
            " 0.0.0.0/0",
        ]
