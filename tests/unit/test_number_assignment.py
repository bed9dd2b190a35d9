"""Whose a number is."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.numbers import assignment
from kazoo_sup.kazoo.numbers.assignment import NoAccount

ACCOUNT = "a" * 32


@pytest.mark.parametrize("text", ["+14155550100", "4155550100", "(415) 555-0100"])
@pytest.mark.parametrize("state", ["in_service", "reserved", "aging", None])
def test_its_account_in_whatever_form_and_state(zone, text, state):
    zone.couchdb.put("numbers/+1415", {"_id": "+14155550100", "pvt_assigned_to": ACCOUNT, "pvt_state": state})
    assert assignment.account_of(zone, text) == ACCOUNT


@pytest.mark.parametrize(
    ("text", "reason"), [("+14155550100", "not_found"), ("+1", "invalid_db_name"), ("", "invalid_db_name")]
)
def test_why_it_has_none(zone, text, reason):
    with pytest.raises(NoAccount, match=reason):
        assignment.account_of(zone, text)


def test_one_that_nobody_has(zone):
    zone.couchdb.put("numbers/+1415", {"_id": "+14155550100", "pvt_state": "available"})
    with pytest.raises(NoAccount, match="unassigned"):
        assignment.account_of(zone, "+14155550100")


class TestPorting:
    @pytest.fixture
    def porting(self, zone):
        zone.couchdb.put_views("port_requests", "port_requests")
        port = {"_id": "p", "pvt_type": "port_request", "pvt_account_id": ACCOUNT, "numbers": {"+14155550100": {}}}
        zone.couchdb.put("port_requests", port)
        return zone

    def test_belongs_to_who_ports_it_in(self, porting):
        assert assignment.account_of(porting, "+14155550100") == ACCOUNT

    def test_unless_the_settings_say_otherwise(self, porting):
        porting.couchdb.put("system_config", {"_id": "number_manager", "default": {"fetch_account_from_ports": False}})
        with pytest.raises(NoAccount):
            assignment.account_of(porting, "+14155550100")

    def test_unless_two_do(self, porting):
        other = {"_id": "q", "pvt_type": "port_request", "pvt_account_id": "b", "numbers": {"+14155550100": {}}}
        porting.couchdb.put("port_requests", other)
        with pytest.raises(NoAccount):
            assignment.account_of(porting, "+14155550100")
