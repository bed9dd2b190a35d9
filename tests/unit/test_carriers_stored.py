"""The carriers whose numbers are stored: what they are, what a search finds, what becomes of a number."""

from __future__ import annotations

import pytest

from helpers.memory_couchdb import MemoryCouchDB
from helpers.memory_zone import MemoryZone
from kazoo_sup.kazoo.carriers import ALL, STUBS, UnknownCarrier, known, of
from kazoo_sup.kazoo.carriers.base import CarrierLacks, CarrierRefused, NotAvailable, Query
from kazoo_sup.messages.names import MANAGED, account_database, plain

ACCOUNT, RESELLER = "a" * 32, "b" * 32


@pytest.fixture
def zone(tmp_path):
    return MemoryZone(tmp_path / "state", couchdb=MemoryCouchDB(["system_config"]))


def number(identifier, module="knm_local", state="available", **more):
    return {"_id": identifier, "pvt_module_name": module, "pvt_state": state, "pvt_type": "number", **more}


def found(zone, module, prefix="+1415", quantity=10, account=ACCOUNT, **more):
    return [each.number for each in of(zone, module).search(Query(prefix, quantity, account=account, **more))]


TRAITS = {  # is_local/0, is_number_billable/1, should_lookup_cnam/0, info/0 of each module
    "knm_local": (True, False, True, 10),
    "knm_inventory": (False, False, True, 10),
    "knm_managed": (True, True, True, 15),
    "knm_inum": (True, False, True, 15),
    "knm_mdn": (False, False, True, 0),
    "knm_reserved": (True, False, True, 10),
    "knm_reserved_reseller": (True, False, True, 10),
    "knm_other": (False, True, True, 10),
    "knm_vitelity": (False, True, False, 3),
}


@pytest.mark.parametrize("name", ALL)
def test_what_each_carrier_is(zone, name):
    carrier = of(zone, name)
    shown = (carrier.is_local, carrier.is_billable, carrier.looks_up_caller_names, carrier.longest_prefix)
    assert shown == TRAITS.get(name, (False, True, True, 3))
    assert carrier.name == name
    assert carrier.vanishes is (name in ("knm_local", "knm_mdn"))


def test_names_that_are_none(zone):
    assert known("telnyx") == "knm_telnyx"
    with pytest.raises(UnknownCarrier, match=r"knm_telnix.*did you mean knm_telnyx"):
        of(zone, "knm_telnix")
    with pytest.raises(UnknownCarrier):
        of(zone, "os")


@pytest.mark.parametrize("name", [each for each in ALL if each not in ("knm_other", "knm_telnyx", "knm_bandwidth2")])
def test_most_cannot_be_asked_about_single_numbers(zone, name):
    with pytest.raises(CarrierLacks):
        of(zone, name).check(["+14155550100"])


@pytest.mark.parametrize("name", ["knm_local", "knm_inventory"])
class TestOfAModule:
    @pytest.fixture(autouse=True)
    def stored(self, zone, name):
        zone.couchdb.create("numbers/+1415")
        zone.couchdb.put_views("numbers/+1415", "numbers")
        zone.couchdb.put(
            "numbers/+1415",
            number("+14155550100", name, pvt_carrier_data={"a": 1}),
            number("+14155550101", name, "in_service"),
            number("+14155550102", "knm_telnyx"),
            number("+14155550103", name),
            number("+14156660000", name),
        )

    def test_available_numbers_with_the_prefix(self, zone, name):
        assert found(zone, name) == ["+14155550100", "+14155550103", "+14156660000"]
        assert found(zone, name, "+1415555") == ["+14155550100", "+14155550103"]
        assert found(zone, name, quantity=1, offset=1) == ["+14155550103"]

    def test_what_is_known_of_them(self, zone, name):
        first = next(of(zone, name).search(Query("+1415", account=ACCOUNT)))
        assert (first.module_name, first.state, first.carrier_data) == (name, "available", {"a": 1})

    @pytest.mark.parametrize(("prefix", "account"), [("+1415", None), ("+141", ACCOUNT), ("1415555", ACCOUNT)])
    def test_nothing_without_an_account_or_a_database(self, zone, name, prefix, account):
        assert found(zone, name, prefix, account=account) == []
        assert found(zone, name, "+1212") == []


def test_reserved_numbers_of_the_account_and_of_its_reseller(zone):
    for owner, identifier in (ACCOUNT, "+14155550100"), (RESELLER, "+14155550200"):
        database = plain(account_database(owner))
        zone.couchdb.create(database)
        zone.couchdb.put_views(database, "numbers")
        zone.couchdb.put(database, number(identifier, state="reserved"), number(f"{identifier[:-1]}9"))
    assert found(zone, "knm_reserved", reseller=RESELLER) == ["+14155550100"]
    assert found(zone, "knm_reserved_reseller", reseller=RESELLER) == ["+14155550200"]
    assert found(zone, "knm_reserved_reseller") == []
    assert found(zone, "knm_reserved", account=None) == []


class TestPools:
    @pytest.fixture(autouse=True)
    def stored(self, zone):
        for pool in ("managed", "inum"):
            zone.couchdb.create(f"numbers/{pool}")
            zone.couchdb.put_views(f"numbers/{pool}", f"numbers_{pool}")
            zone.couchdb.put(
                f"numbers/{pool}",
                {"_id": "+14155550100", "pvt_account_id": ACCOUNT, "pvt_state": "available"},
                {"_id": "+14155550101", "pvt_account_id": ACCOUNT, "pvt_state": "in_service"},
                {"_id": "+14155550200", "pvt_account_id": RESELLER, "pvt_state": "available"},
            )

    @pytest.mark.parametrize(("name", "state"), [("knm_managed", "discovery"), ("knm_inum", "available")])
    def test_those_of_the_account_else_of_its_reseller(self, zone, name, state):
        assert found(zone, name, reseller=RESELLER) == ["+14155550100"]
        assert found(zone, name, reseller=RESELLER, offset=1) == ["+14155550200"]
        assert found(zone, name, account="c" * 32, reseller=RESELLER) == ["+14155550200"]
        assert found(zone, name, account=None) == []
        assert next(of(zone, name).search(Query("+1415", account=ACCOUNT))).state == state

    def test_the_pool_follows_the_number(self, zone):
        carrier, taken = of(zone, "knm_managed"), number("+14155550100", "knm_managed", "in_service")
        assert carrier.acquire({**taken, "pvt_assigned_to": ACCOUNT}) == {**taken, "pvt_assigned_to": ACCOUNT}
        pooled = {"_id": "+14155550100", "pvt_account_id": ACCOUNT, "pvt_module_name": "knm_managed"}
        in_service = {**pooled, "pvt_state": "in_service", "pvt_assigned_to": ACCOUNT}
        assert zone.couchdb.all(plain(MANAGED))["+14155550100"] == in_service
        assert zone.broker.keys
        carrier.disconnect(taken)
        assert zone.couchdb.all(plain(MANAGED))["+14155550100"] == {**pooled, "pvt_state": "available"}

    def test_an_inum_is_released(self, zone):
        of(zone, "knm_inum").disconnect(number("+14155550101", "knm_inum", pvt_assigned_to=ACCOUNT))
        pooled = zone.couchdb.all("numbers/inum")["+14155550101"]
        assert (pooled["pvt_state"], pooled["pvt_reserve_history"]) == ("released", [])
        assert "pvt_assigned_to" not in pooled

    def test_a_number_that_is_not_in_the_pool(self, zone):
        with pytest.raises(NotAvailable, match="numbers/managed"):
            of(zone, "knm_managed").acquire(number("+14155559999"))
        assert "+14155559999" not in zone.couchdb.all(plain(MANAGED))

    def test_a_dry_run_only_shows_it(self, zone):
        zone.rerun(dry_run=True)
        of(zone, "knm_managed").disconnect(number("+14155550101"))
        assert [report.planned for report in zone.reports] == [True]
        assert zone.couchdb.all("numbers/managed")["+14155550101"]["pvt_state"] == "in_service"


def test_numbers_of_mobile_services_are_only_in_service(zone):
    carrier = of(zone, "knm_mdn")
    mobile = number("+14155550100", "knm_mdn", "in_service")
    assert carrier.acquire(mobile) == mobile
    with pytest.raises(CarrierRefused, match="reserved"):
        carrier.acquire({**mobile, "pvt_state": "reserved"})
    assert found(zone, "knm_mdn") == []


@pytest.mark.parametrize("name", sorted(STUBS))
def test_carriers_that_are_only_a_name(zone, name):
    carrier = of(zone, name)
    assert found(zone, name) == []
    with pytest.raises(CarrierLacks, match=name):
        carrier.acquire(number("+14155550100"))
    if name == "knm_voxbone":
        with pytest.raises(CarrierLacks):
            carrier.disconnect(number("+14155550100"))
    else:
        assert carrier.disconnect(number("+14155550100")) == number("+14155550100")
