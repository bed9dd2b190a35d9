from __future__ import annotations

import pytest

from kazoo_sup.kazoo.auth import auth_by_ip

ACCOUNT = "0123456789abcdef0123456789abcdef"
DATABASE = "account/01/23/456789abcdef0123456789abcdef"
IP = "192.0.2.8"


@pytest.fixture
def registered(zone):
    """A zone in which a device with an owner authenticates by an address."""
    zone.couchdb.create("sip_auth")
    zone.couchdb.create(DATABASE)
    zone.couchdb.put_views("sip_auth", "credentials")
    device = {"_id": "device", "pvt_type": "device", "pvt_account_id": ACCOUNT, "owner_id": "owner"}
    zone.couchdb.put("sip_auth", {**device, "sip": {"method": "ip", "ip": IP}})
    zone.couchdb.put(DATABASE, {"_id": ACCOUNT}, {"_id": "device"}, {"_id": "owner"})
    return zone


def test_who_calls_from_an_address_is_told(registered):
    assert auth_by_ip.lookup(registered, IP) == (
        {
            "Account-ID": ACCOUNT,
            "Owner-ID": "owner",
            "Authorizing-ID": "device",
            "Inception": "on-net",
            "Authorizing-Type": "device",
        },
        None,
    )
    assert auth_by_ip.lookup(registered, "192.0.2.9") == ({}, "not_found")


@pytest.mark.parametrize(("identifier", "kind"), [(ACCOUNT, "account"), ("owner", "owner"), ("device", "device")])
def test_who_is_disabled_is_not_let_in(registered, identifier, kind):
    registered.couchdb.put(DATABASE, {"_id": identifier, "enabled": False})
    assert auth_by_ip.lookup(registered, IP) == ({}, (f"{kind}_disabled", identifier))


def test_the_setting_can_rule_it_out(registered):
    registered.couchdb.put("system_config", {"_id": "registrar", "default": {"use_aggregate": False}})
    assert auth_by_ip.lookup(registered, IP) == ({}, "not_found")
