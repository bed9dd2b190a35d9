"""From where devices and realms may send, and how much: their documents, their ancestors' and the zone's defaults."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.ecallmgr import frontier
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts.ecallmgr import access_lines, rate_lines

ACCOUNT, PARENT = "1" * 32, "2" * 32
REALM = "acme.example.com"


def at_most(minute):
    """Return rates: how many registrations in a minute, and in a second a tenth of that."""
    return {"per_minute": {"registrations": minute}, "per_second": {"registrations": minute // 10}}


@pytest.fixture
def realm(zone):
    """A zone with an account that has a parent."""
    zone.couchdb.put_views("accounts", "accounts")
    zone.couchdb.put("accounts", {"_id": ACCOUNT, "pvt_type": "account", "pvt_account_id": ACCOUNT, "realm": REALM})
    for account in (ACCOUNT, PARENT):
        database = plain(account_database(account))
        zone.couchdb.put_views(database, "rate_limits", "access_lists")
    zone.couchdb.put(plain(account_database(ACCOUNT)), {"_id": ACCOUNT, "pvt_tree": [PARENT]})
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
        rates = {"_id": "account", "pvt_type": "rate_limits", "pvt_owner_type": "account", "pvt_queryname": REALM}
        realm.couchdb.put(database, {**rates, "device": at_most(40), "account": at_most(50)})
        assert registrations(realm, f"bob@{REALM}", "device") == ("bob", 40, 4)
        assert registrations(realm, f"bob@{REALM}", "realm") == (REALM, 50, 5)
        rates = {"_id": "bob", "pvt_type": "rate_limits", "pvt_owner_type": "device", "pvt_queryname": "bob"}
        realm.couchdb.put(database, {**rates, **at_most(60)})
        assert registrations(realm, f"bob@{REALM}", "device") == ("bob", 60, 6)

    def test_where_the_account_says_nothing_its_parent_does(self, realm):
        said = {"per_minute": {"total_packets": 9}, "per_second": {"total_packets": 1}}
        limits = {"_id": "limits", "pvt_type": "rate_limits", "pvt_owner_id": PARENT, "account": said}
        realm.couchdb.put(plain(account_database(PARENT)), limits)
        found = frontier.rates(realm, REALM)["realm"].rates
        assert (found["total_packets", "per_minute"], found["invites", "per_minute"]) == (9, 200)

    def test_nobody_knows_the_realm(self, realm):
        lines = list(rate_lines(frontier.rates(realm, "bob@nowhere.example.com")))
        assert lines[0] == "Device rates for bob"
        assert lines[1] == "REGISTER       :      -1/m      -1/s"
        assert lines[4] == "Realm rates for nowhere.example.com"


class TestAccessLists:
    def test_those_of_the_device_and_its_realm(self, realm):
        lists = {"access_lists": {"order": "deny,allow", "cidrs": ["192.0.2.0/24", "198.51.100.7/32"]}}
        devices = ({"_id": name, "pvt_type": "device", "sip": {"username": name}, **lists} for name in ("bob", "eve"))
        account = {"_id": ACCOUNT, "pvt_type": "account", "realm": REALM, **lists}
        realm.couchdb.put(plain(account_database(ACCOUNT)), account, *devices)
        assert list(access_lines(f"bob@{REALM}", frontier.acls(realm, f"bob@{REALM}"))) == [
            f"looking for ACL records for bob@{REALM}:",
            "device bob use policy deny,allow for cidrs:",
            " 192.0.2.0/24",
            " 198.51.100.7/32",
            f"realm {REALM} use policy deny,allow for cidrs:",
            " 192.0.2.0/24",
            " 198.51.100.7/32",
        ]
        assert list(frontier.acls(realm, REALM)) == [
            frontier.Access("realm", REALM, "deny,allow", ["192.0.2.0/24", "198.51.100.7/32"])
        ]

    def test_nobody_may_send_for_a_realm_that_is_unknown(self, realm):
        assert list(access_lines("nowhere.example.com", frontier.acls(realm, "nowhere.example.com"))) == [
            "looking for ACL records for nowhere.example.com:",
            "realm nowhere.example.com use policy allow,deny for cidrs:",
            " 0.0.0.0/0",
        ]
