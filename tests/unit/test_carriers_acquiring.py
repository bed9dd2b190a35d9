"""Numbers that are acquired from a carrier and given back, and what is stored of that."""

from __future__ import annotations

import pytest

from helpers.carrier_servers import Bandwidth2Server, BandwidthV2Server, PhonebookServer, SimwoodServer, TelnyxServer
from helpers.fault_server import says
from kazoo_sup.errors import Declined, ServerUnreachable
from kazoo_sup.kazoo.carriers import UnknownCarrier, acquiring
from kazoo_sup.kazoo.carriers.acquiring import NotStored, NotToAcquire, NotToDisconnect
from kazoo_sup.kazoo.carriers.base import CarrierLacks, CarrierRefused, OrderNotPlaced

NUMBER = "+14155550123"
DATABASE = "numbers/+1415"


@pytest.fixture
def served(zone):
    """Start a carrier that offers the number, for a zone that uses it."""
    running = []

    def serve(kind):
        server = kind().__enter__()
        running.append(server)
        server.offered = [NUMBER]
        zone.couchdb.put("system_config", {"_id": f"number_manager.{server.module[4:]}", "default": server.settings})
        return server

    yield serve
    for server in running:
        server.__exit__(None, None, None)


def put(zone, **fields):
    zone.couchdb.create(DATABASE)
    zone.couchdb.put(DATABASE, {"_id": NUMBER, "pvt_type": "number", **fields})


def stored(zone):
    return zone.couchdb.all(DATABASE).get(NUMBER)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("kazoo_sup.kazoo.carriers.knm_bandwidth2.POLL_INTERVAL", 0.0)


class TestAcquiring:
    def test_a_number_that_is_not_stored_yet(self, zone, served):
        served(TelnyxServer)
        assert acquiring.acquire(zone, NUMBER, "telnyx").counts == {"created": 1}
        document = stored(zone)
        assert list(document)[:5] == ["_id", "pvt_db_name", "pvt_state", "pvt_ported_in", "pvt_module_name"]
        assert document["pvt_db_name"] == "numbers%2F%2B1415"
        assert (document["pvt_state"], document["pvt_module_name"]) == ("available", "knm_telnyx")
        assert document["pvt_carrier_data"] == {"order_id": "8181"}
        assert "pvt_features" not in document
        assert [event["Database"] for event in zone.broker.events][-1] == "numbers%2F%2B1415"

    def test_one_in_discovery_keeps_what_is_known_of_it(self, zone, served):
        server = served(TelnyxServer)
        put(zone, pvt_state="discovery", pvt_module_name="knm_telnyx", pvt_carrier_data={"a": 1}, mine=1)
        assert acquiring.acquire(zone, NUMBER, None).counts == {"edited": 1}
        assert server.orders == {NUMBER: 1}
        assert stored(zone)["pvt_carrier_data"] == {"a": 1, "order_id": "8181"}
        assert (stored(zone)["pvt_state"], stored(zone)["mine"]) == ("available", 1)

    @pytest.mark.parametrize("state", ["available", "in_service", "reserved", "port_in", "aging", "released"])
    def test_one_that_is_here_already_is_not_ordered(self, zone, served, state):
        server = served(TelnyxServer)
        put(zone, pvt_state=state, pvt_module_name="knm_telnyx")
        with pytest.raises(NotToAcquire, match=state):
            acquiring.acquire(zone, NUMBER, "knm_telnyx")
        assert server.requests == []

    def test_the_default_carrier_marks_its_numbers_as_local(self, zone):
        acquiring.acquire(zone, NUMBER, None)
        assert (stored(zone)["pvt_module_name"], stored(zone)["pvt_features"]) == ("knm_local", {"local": {}})

    def test_a_carrier_that_refuses_leaves_nothing_behind(self, zone, served):
        served(TelnyxServer).offered = []
        with pytest.raises(CarrierRefused):
            acquiring.acquire(zone, NUMBER, "telnyx")
        with pytest.raises(CarrierLacks):
            acquiring.acquire(zone, NUMBER, "verizon")
        with pytest.raises(UnknownCarrier):
            acquiring.acquire(zone, NUMBER, "nobody")
        assert stored(zone) is None

    def test_nobody_is_asked_without_consent(self, zone, served):
        server = served(TelnyxServer)

        def refuse(deed):
            raise Declined(reason=deed)

        zone.run = zone.new_run(confirm=refuse)
        with pytest.raises(Declined, match="from Telnyx, which may cost"):
            acquiring.acquire(zone, NUMBER, "telnyx")
        assert server.requests == []

    def test_a_dry_run_shows_the_document_and_orders_nothing(self, zone, served):
        server = served(TelnyxServer)
        zone.rerun(dry_run=True)
        acquiring.acquire(zone, NUMBER, "telnyx")
        assert server.requests == []
        assert zone.reports[-1].planned
        assert zone.reports[-1].after["pvt_module_name"] == "knm_telnyx"
        assert not zone.couchdb.exists(DATABASE)

    def test_one_that_somebody_takes_meanwhile_stays_theirs(self, zone, served):
        served(TelnyxServer)
        put(zone, pvt_state="discovery", pvt_module_name="knm_telnyx")

        def taken(database, documents):
            if database == DATABASE and stored(zone)["pvt_state"] == "discovery":
                put(zone, pvt_state="in_service", pvt_module_name="knm_telnyx", pvt_assigned_to="acct")

        zone.couchdb.before_save.append(taken)
        acquiring.acquire(zone, NUMBER, None)
        assert (stored(zone)["pvt_state"], stored(zone)["pvt_assigned_to"]) == ("in_service", "acct")
        assert stored(zone)["pvt_carrier_data"] == {"order_id": "8181"}

    def test_what_was_ordered_is_told_when_it_cannot_be_stored(self, zone, served):
        served(TelnyxServer)

        def down(database, documents):
            if database == DATABASE and any(document["_id"] == NUMBER for document in documents):
                raise ServerUnreachable(server="CouchDB", address="a:1", reason="down")

        zone.couchdb.before_save.append(down)
        with pytest.raises(NotStored, match="was acquired at Telnyx, but its document was not saved: .*down; do not"):
            acquiring.acquire(zone, NUMBER, "telnyx")


class TestDisconnecting:
    def test_one_that_the_carrier_takes_back_is_released(self, zone, served):
        server = served(SimwoodServer)
        server.held = {NUMBER}
        put(zone, pvt_state="available", pvt_module_name="knm_simwood", pvt_carrier_data={"a": 1})
        assert acquiring.disconnect(zone, NUMBER).counts == {"edited": 1}
        assert server.held == set()
        assert (stored(zone)["pvt_state"], stored(zone)["pvt_carrier_data"]) == ("released", {"a": 1})

    def test_one_that_the_carrier_keeps_stays_and_that_is_told(self, zone, served):
        served(PhonebookServer)
        put(zone, pvt_state="available", pvt_module_name="knm_other")
        assert acquiring.disconnect(zone, NUMBER).counts == {"unchanged": 1}
        assert "the phonebook keeps" in zone.warnings[-1]

    @pytest.mark.parametrize("kind", [TelnyxServer, Bandwidth2Server, BandwidthV2Server])
    def test_one_that_an_account_only_releases_is_given_back_when_that_is_asked(self, zone, served, kind):
        server = served(kind)
        server.held = {NUMBER}
        put(zone, pvt_state="available", pvt_module_name=kind.module)
        assert acquiring.disconnect(zone, NUMBER).counts == {"edited": 1}
        assert (server.held, stored(zone)["pvt_state"]) == (set(), "released")

    @pytest.mark.parametrize("module", ["knm_local", "knm_mdn"])
    def test_local_ones_vanish(self, zone, module):
        put(zone, pvt_state="in_service", pvt_module_name=module)
        assert acquiring.disconnect(zone, NUMBER).counts == {"deleted": 1}
        assert stored(zone) is None

    def test_one_of_the_inventory_stays(self, zone):
        put(zone, pvt_state="available", pvt_module_name="knm_inventory")
        assert acquiring.disconnect(zone, NUMBER).counts == {"unchanged": 1}

    def test_one_that_somebody_has(self, zone, served):
        server = served(SimwoodServer)
        put(zone, pvt_state="in_service", pvt_module_name="knm_simwood", pvt_assigned_to="acct")
        with pytest.raises(NotToDisconnect, match="acct"):
            acquiring.disconnect(zone, NUMBER)
        with pytest.raises(NotToDisconnect, match=r"not in numbers/\+1212"):
            acquiring.disconnect(zone, "+12125550100")
        assert server.requests == []

    def test_one_that_the_carrier_does_not_take(self, zone, served):
        server = served(SimwoodServer)
        server.held = {NUMBER}
        put(zone, pvt_state="available", pvt_module_name="knm_simwood")
        server.fails(says(503))
        with pytest.raises(OrderNotPlaced):
            acquiring.disconnect(zone, NUMBER)
        assert stored(zone)["pvt_state"] == "available"
