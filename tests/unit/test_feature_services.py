"""Services of features are told before a number is saved, and the bus afterwards; what they refuse is not stored."""

from __future__ import annotations

import functools

import pytest

from helpers.fault_server import says, stores_then_says, stores_then_stalls
from helpers.feature_servers import DashServer, VitelityFeatures
from helpers.memory_zone import MemoryZone
from kazoo_sup import messages
from kazoo_sup.errors import ServerUnreachable
from kazoo_sup.kazoo.numbers import lifecycle, store
from kazoo_sup.kazoo.numbers.lifecycle import Policy, Request, Setting
from kazoo_sup.kazoo.numbers.providers import Rules
from kazoo_sup.kazoo.numbers.targets import Target
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.transports import net

ACCOUNT = "1" * 32
NUMBER = "+14155550100"
DATABASE = "numbers/+1415"
ADDRESS = {"street_address": "1 main st", "locality": "townsville", "region": "CA", "postal_code": "94103"}
XML_BOMB = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;&x;">]><r>&y;</r>'


@pytest.fixture
def published(monkeypatch):
    """What is published."""
    found = []
    monkeypatch.setattr(net, "ASKING_AGAIN", net.ASKING_AGAIN._replace(first=0.001))
    monkeypatch.setattr("kazoo_sup.kazoo.numbers.number_notices.bus.publish", lambda _zone, asked: found.extend(asked))
    return found


@pytest.fixture
def zone(tmp_path, published):
    zone = MemoryZone(tmp_path)
    account = plain(account_database(ACCOUNT))
    for database in ("accounts", "services", "system_config", "system_data", "system_schemas", "port_requests"):
        zone.couchdb.create(database)
    zone.couchdb.create("pending_notifications")
    for database in (account, DATABASE):
        zone.couchdb.create(database)
    for database in (account, "accounts"):
        zone.couchdb.put(database, {"_id": ACCOUNT, "name": "ACME", "pvt_type": "account"})
    return zone


def perform(zone, deed, **rules):
    chosen = Rules(**{"e911_provider": "knm_dash_e911", **rules})
    setting = Setting(Policy(default_module="knm_inventory"), rules=lambda account: chosen)
    return store.perform(zone, [Target(NUMBER)], lambda _target: deed, setting, label="test").counts


def update(public):
    return lifecycle.update(Request(public=public))


def stored(zone):
    return zone.couchdb.all(DATABASE).get(NUMBER)


@pytest.fixture
def number(zone):
    document = {
        "_id": NUMBER,
        "pvt_type": "number",
        "pvt_state": "in_service",
        "pvt_module_name": "knm_inventory",
        "pvt_assigned_to": ACCOUNT,
        "pvt_created": 63_900_000_000,
        "pvt_modified": 63_900_000_000,
    }
    for database in (DATABASE, plain(account_database(ACCOUNT))):
        zone.couchdb.put(database, dict(document))
    return document


def configure(zone, category, settings):
    zone.couchdb.put("system_config", {"_id": f"number_manager.{category}", "default": settings})
    zone.read_afresh()


@pytest.fixture
def dash(zone, number):
    with DashServer() as server:
        configure(zone, "dash_e911", server.settings)
        yield server


class TestDash:
    def test_an_address_is_checked_put_into_force_and_kept_as_dash_has_it(self, zone, dash):
        assert perform(zone, update({"e911": ADDRESS}))["edited"] == 2
        (address,) = dash.addresses.items()
        assert address == (
            "14155550100",
            {"address1": "1 main st", "community": "townsville", "state": "CA", "postalcode": "94103"}
            | {"callername": "ACME"},
        )
        kept = stored(zone)["pvt_features"]["e911"]
        assert kept == {
            "street_address": "1 MAIN ST",
            "locality": "TOWNSVILLE",
            "region": "CA",
            "postal_code": "94103",
            "location_id": "l0",
            "latitude": "37.1",
            "status": "PROVISIONED",
        }
        assert stored(zone)["e911"] == kept

    def test_what_is_in_force_is_not_told_again(self, zone, dash):
        perform(zone, update({"e911": ADDRESS}))
        before = len(dash.requests)
        zone.rerun()
        perform(zone, update({"e911": stored(zone)["e911"], "note": "x"}))
        assert len(dash.requests) == before

    def test_a_release_takes_the_number_out(self, zone, dash):
        perform(zone, update({"e911": ADDRESS}))
        zone.rerun()
        assert "failed" not in perform(zone, lifecycle.release())
        assert dash.addresses == {}
        assert "e911" not in (stored(zone).get("pvt_features") or {})

    @pytest.mark.parametrize(
        ("attributes", "reason"),
        [
            ({"validity": "INVALID"}, "no such street"),
            ({"fitting": 2}, "more than one address fits: 1 MAIN ST, TOWNSVILLE, CA, 94103; 1 MAIN ST"),
            ({"provisions": False}, "not in force"),
            ({"validity": "WHATEVER"}, "is not known"),
        ],
    )
    def test_what_it_does_not_put_into_force_is_not_stored(self, zone, dash, number, attributes, reason):
        for name, value in attributes.items():
            setattr(dash, name, value)
        assert perform(zone, update({"e911": ADDRESS})) == {"failed": 1}
        assert reason in str(zone.reports[-1].error)
        assert "e911" not in stored(zone)
        assert dash.addresses == {}

    def test_a_number_that_dash_cannot_take_out_stays(self, zone, dash):
        perform(zone, update({"e911": ADDRESS}))
        dash.addresses.clear()
        zone.rerun()
        assert perform(zone, lifecycle.release()) == {"failed": 1}
        assert stored(zone)["pvt_assigned_to"] == ACCOUNT

    @pytest.mark.parametrize(
        "fault",
        [says(401), says(403), says(500, b"s3cret"), says(200, XML_BOMB), says(200, b"<r><Location>"), says(200, b"")],
    )
    def test_faults_are_told_without_secrets(self, zone, dash, fault):
        dash.fails(*[fault] * 10)
        assert perform(zone, update({"e911": ADDRESS})) == {"failed": 1}
        told = str(zone.reports[-1].error)
        assert NUMBER in told
        assert "s3cret" not in told
        assert "e911" not in stored(zone)

    def test_an_answer_lost_after_the_address_was_taken_is_unknown_and_the_next_run_tells_it_again(self, zone, dash):
        dash.fails(None, stores_then_says(500))
        assert perform(zone, update({"e911": ADDRESS})) == {"failed": 1}
        assert "is not known" in str(zone.reports[-1].error)
        assert "e911" not in stored(zone)
        zone.rerun()
        assert perform(zone, update({"e911": ADDRESS}))["edited"] == 2
        assert stored(zone)["e911"]["status"] == "PROVISIONED"

    def test_a_service_that_is_silent_is_not_asked_for_every_number(self, zone, dash):
        other = "+14155550101"
        for database in (DATABASE, plain(account_database(ACCOUNT))):
            zone.couchdb.put(database, {**stored(zone), "_id": other})
        dash.fails(*[stores_then_stalls] * 30)
        zone.give_up_after(0.5)
        setting = Setting(Policy(default_module="knm_inventory"), rules=lambda account: Rules())
        wanted = update({"e911": ADDRESS})
        tally = store.perform(zone, [Target(NUMBER), Target(other)], lambda _target: wanted, setting, label="test")
        assert tally.counts == {"failed": 2}
        assert "is not asked again" in str(zone.reports[-1].error)
        assert b"4155550101" not in b"".join(each.body for each in dash.requests)

    def test_a_dry_run_only_says_whom_it_would_tell(self, zone, dash):
        zone.rerun(dry_run=True)
        perform(zone, update({"e911": ADDRESS}))
        assert dash.requests == []
        assert any("knm_dash_e911" in deed for deed in zone.deeds)
        assert "e911" not in stored(zone)

    def test_without_credentials_it_says_what_is_missing(self, zone, number):
        assert perform(zone, update({"e911": ADDRESS})) == {"failed": 1}
        assert "auth_username" in str(zone.reports[-1].error)

    def test_somebody_elses_edit_keeps_the_address_as_dash_has_it_and_dash_is_told_once(self, zone, dash):
        meddling(zone, {"note": "theirs"})
        perform(zone, lifecycle.update(Request(public={"e911": ADDRESS}, overwrite=False)))
        assert len(dash.added) == 1
        document = stored(zone)
        assert (document["e911"]["status"], document["note"]) == ("PROVISIONED", "theirs")


def meddling(zone, edit):
    """Somebody edits the number between its reading and its saving."""

    def meddle(database, _documents):
        if database == DATABASE:
            zone.couchdb.before_save.clear()
            zone.couchdb.put(database, {**stored(zone), **edit})

    zone.couchdb.before_save.append(meddle)


@pytest.fixture
def vitelity(zone, number):
    with VitelityFeatures() as server:
        configure(zone, "vitelity", server.settings)
        yield server


class TestVitelity:
    e911 = staticmethod(functools.partial(perform, e911_provider="knm_vitelity_e911"))
    cnam = staticmethod(functools.partial(perform, cnam_provider="knm_vitelity_cnam"))

    @pytest.mark.parametrize("region", ["CA", "ca", "California"])
    def test_an_address_is_sent_with_the_letters_of_its_state(self, zone, vitelity, region):
        address = {**ADDRESS, "region": region, "extended_address": "Suite 12"}
        assert self.e911(zone, update({"e911": address}))["edited"] == 2
        sent = vitelity.sent["4155550100"]
        assert (sent["state"], sent["unittype"], sent["unitnumber"], sent["name"]) == ("CA", "Suite", "12", "ACME")
        assert stored(zone)["pvt_features"]["e911"] == address
        zone.rerun()
        assert "failed" not in self.e911(zone, update({}))
        assert vitelity.sent == {}

    def test_a_region_that_is_no_state_is_refused_before_anything_is_sent(self, zone, vitelity):
        assert self.e911(zone, update({"e911": {**ADDRESS, "region": "Bavaria"}})) == {"failed": 1}
        assert vitelity.requests == []

    def test_names_and_the_look_up_are_switched_where_they_change(self, zone, vitelity, published):
        wanted = {"cnam": {"display_name": "ACME", "inbound_lookup": True}}
        self.cnam(zone, update(wanted))
        assert (vitelity.names, vitelity.looked_up) == ({"4155550100": "ACME"}, {"4155550100"})
        assert [name for name, _ in published] == ["notifications.cnam_request"]
        before = len(vitelity.requests)
        zone.rerun()
        self.cnam(zone, update({**wanted, "note": "x"}))
        assert len(vitelity.requests) == before
        zone.rerun()
        self.cnam(zone, lifecycle.release())
        assert vitelity.looked_up == set()
        assert any("keeps the name" in warning for warning in zone.warnings)

    def test_a_refusal_names_the_number_and_the_reason(self, zone, vitelity):
        vitelity.fails(says(200, b"<content><status>fail</status><error>no such did</error></content>"))
        assert self.cnam(zone, update({"cnam": {"display_name": "ACME"}})) == {"failed": 1}
        assert "no such did" in str(zone.reports[-1].error)
        assert "cnam" not in stored(zone)


class TestNotices:
    def test_a_new_caller_name_is_announced_once_the_number_is_saved(self, zone, number, published):
        perform(zone, update({"cnam": {"display_name": "ACME"}}))
        ((name, headers),) = published
        assert name == "notifications.cnam_request"
        assert headers == {
            "Account-ID": ACCOUNT,
            "Number-State": "in_service",
            "Local-Number": False,
            "Number": "(415) 555 - 0100",
            "Acquired-For": "system",
            "Cnam": {"display_name": "ACME"},
        }
        assert messages.build(name, headers, node="sup@a").payload["Event-Name"] == "cnam_request"
        published.clear()
        zone.rerun()
        perform(zone, update({"cnam": {"display_name": "ACME"}, "note": "x"}))
        assert published == []

    def test_a_number_that_is_not_saved_is_not_announced(self, zone, number, published):
        perform(zone, update({"cnam": {"display_name": "ACME"}, "e911": ADDRESS}))
        assert published == []

    def test_what_reaches_nobody_is_kept_for_the_next_try(self, zone, number, monkeypatch):
        def down(_zone, _asked):
            raise ServerUnreachable(server="RabbitMQ", address="a:1", reason="connection refused")

        monkeypatch.setattr("kazoo_sup.kazoo.numbers.number_notices.bus.publish", down)
        assert perform(zone, update({"cnam": {"display_name": "ACME"}}))["edited"] == 2
        (kept,) = zone.couchdb.all("pending_notifications").values()
        assert (kept["notification_type"], kept["pvt_type"], kept["attempts"]) == ("cnam_request", "failed_notify", 1)
        assert kept["payload"]["Cnam"] == {"display_name": "ACME"}
        assert any("connection refused" in warning for warning in zone.warnings)

    def test_a_port_is_announced_with_its_request(self, zone, number, published, monkeypatch):
        request = {"_id": "p1", "pvt_account_id": ACCOUNT}
        monkeypatch.setattr(
            "kazoo_sup.kazoo.numbers.number_notices.port_requests.active", lambda _zone, numbers: {numbers[0]: request}
        )
        zone.couchdb.put(DATABASE, {**stored(zone), "pvt_state": "port_in"})
        perform(zone, update({"port": {"service_provider": "Other"}}))
        ((name, headers),) = published
        assert (name, headers["Port-Request-ID"]) == ("notifications.port_request", "p1")
        assert messages.build(name, headers, node="sup@a").payload["Port"] == {"service_provider": "Other"}
        assert stored(zone)["pvt_features"]["port"] == {"service_provider": "Other"}

    def test_a_port_without_a_request_is_told_to_nobody(self, zone, number, published, monkeypatch):
        monkeypatch.setattr("kazoo_sup.kazoo.numbers.number_notices.port_requests.active", lambda _zone, _numbers: {})
        zone.couchdb.put(DATABASE, {**stored(zone), "pvt_state": "port_in"})
        perform(zone, update({"port": {"service_provider": "Other"}}))
        assert published == []
        assert any("has no port request" in warning for warning in zone.warnings)
