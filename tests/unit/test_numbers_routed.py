"""To whom calls to a number go, by its document, its account and port requests."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.numbers import routed_to
from kazoo_sup.messages.names import account_database, plain

NUMBER = "+14155550101"
ACCOUNT = "0123456789abcdef0123456789abcdef"
DATABASE = plain(account_database(ACCOUNT))


@pytest.fixture
def owned(zone):
    """A zone with an account, and a function that stores its number."""
    zone.couchdb.create(DATABASE)
    zone.couchdb.put(DATABASE, {"_id": ACCOUNT, "enabled": True})
    zone.couchdb.create("numbers/+1415")

    def number(**more):
        stored = {"_id": NUMBER, "pvt_state": "in_service", "pvt_assigned_to": ACCOUNT, **more}
        zone.couchdb.put("numbers/+1415", stored)
        return zone

    return number


def properties(zone):
    return routed_to.look_up(zone, NUMBER).properties


def unrouted(zone):
    with pytest.raises(routed_to.Unrouted) as caught:
        routed_to.look_up(zone, NUMBER)
    return caught.value.reason


def test_the_number_of_an_account_goes_there(owned):
    route = routed_to.look_up(owned(), NUMBER)
    assert route.account == ACCOUNT
    assert list(route.properties) == [
        *("pending_port", "local", "number", "account_id", "prepend"),
        *("inbound_cnam", "ringback_media", "transfer_media", "force_outbound"),
    ]
    assert route.properties["local"] is True


def test_its_features_are_told(owned):
    features = {
        "prepend": {"enabled": True, "name": "ACME"},
        "ringback": {"early": "media1", "transfer": "media2"},
        "inbound_cnam": {"inbound_lookup": True},
        "force_outbound": True,
    }
    found = properties(owned(pvt_module_name="knm_inventory", pvt_features=features))
    assert (found["prepend"], found["ringback_media"], found["transfer_media"]) == ("ACME", "media1", "media2")
    assert (found["inbound_cnam"], found["local"], found["force_outbound"]) == (True, False, True)
    found = properties(owned(pvt_features={"prepend": {"enabled": False, "name": "ACME"}}))
    assert (found["prepend"], found["inbound_cnam"]) == (None, False)


@pytest.mark.parametrize(
    ("state", "module", "settings", "forced"),
    [
        ("in_service", "knm_local", {}, True),
        ("in_service", "knm_local", {"force_local_outbound": False}, False),
        ("in_service", "knm_inventory", {}, False),
        ("in_service", "knm_inventory", {"default_force_outbound": True}, True),
        ("port_in", "knm_inventory", {}, True),
        ("port_in", "knm_inventory", {"force_port_in_outbound": False}, False),
        ("port_out", "knm_local", {"force_port_out_outbound": False}, True),
    ],
)
def test_when_calls_from_inside_leave_first(owned, state, module, settings, forced):
    zone = owned(pvt_state=state, pvt_module_name=module)
    zone.couchdb.put("system_config", {"_id": "number_manager", "default": settings})
    assert properties(zone)["force_outbound"] is forced
    assert properties(zone)["pending_port"] is (state == "port_in")


def test_why_calls_go_to_nobody(owned):
    assert unrouted(owned(pvt_assigned_to=None)) == "unassigned"
    assert unrouted(owned(pvt_state="aging")) == ("not_in_service", ACCOUNT)
    zone = owned()
    zone.couchdb.put(DATABASE, {"_id": ACCOUNT, "enabled": False})
    assert unrouted(zone) == ("account_disabled", ACCOUNT)


def test_a_number_on_its_way_here_is_found_by_its_port_request(zone):
    assert unrouted(zone) == "not_found"
    zone.couchdb.put_views("port_requests", "port_requests")
    port = {"_id": "p", "pvt_type": "port_request", "pvt_account_id": ACCOUNT, "numbers": {NUMBER: {}}}
    zone.couchdb.put("port_requests", port)
    assert routed_to.look_up(zone, NUMBER).account == ACCOUNT
    assert properties(zone)["pending_port"] is True
    zone.couchdb.put("system_config", {"_id": "number_manager", "default": {"fetch_account_from_ports": False}})
    zone.rerun()
    assert unrouted(zone) == "not_found"
