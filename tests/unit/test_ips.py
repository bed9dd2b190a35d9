"""Dedicated addresses and their copies in accounts (Kazoo kz_ip)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.memory_zone import MemoryZone
from kazoo_sup.errors import ServerUnreachable
from kazoo_sup.kazoo.billing import ips
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts.ips import table

ONE, OTHER = "1" * 32, "2" * 32
IP = "192.0.2.7"
DOWN = ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")


def database(account):
    return plain(account_database(account))


@pytest.fixture
def zone(zone):
    zone.couchdb.create(database(ONE))
    zone.couchdb.create(database(OTHER))
    ips.add(zone, IP, "zone", "host")
    return zone


def copies(zone):
    return [account for account in (ONE, OTHER) if IP in zone.couchdb.all(database(account))]


def test_an_assigned_address_is_in_the_account_just_as_in_its_own_database(zone):
    ips.assign(zone, IP, ONE)
    assert zone.couchdb.all(database(ONE))[IP] == zone.couchdb.all(ips.DATABASE)[IP]
    for account in (ONE, OTHER):
        with pytest.raises(ips.Refused, match="already_assigned"):
            ips.assign(zone, IP, account)
    ips.release(zone, IP)
    assert copies(zone) == []
    ips.assign(zone, IP, OTHER)
    assert copies(zone) == [OTHER]


def test_deleting_an_address_leaves_no_copy(zone):
    ips.assign(zone, IP, ONE)
    ips.delete(zone, IP)
    assert copies(zone) == []
    assert IP not in zone.couchdb.all(ips.DATABASE)
    with pytest.raises(ips.Refused, match="not_found"):
        ips.delete(zone, IP)


@pytest.mark.parametrize("work", [lambda zone: ips.assign(zone, IP, ONE), ips.release, ips.delete])
@pytest.mark.parametrize("place", [ips.DATABASE, database(ONE)])
def test_the_same_command_completes_what_a_failing_server_left(zone, work, place):
    if work in (ips.release, ips.delete):
        ips.assign(zone, IP, ONE)
        inner, work = work, lambda zone: inner(zone, IP)

    def fail(name, _documents):
        if name == place:
            raise DOWN

    zone.couchdb.before_save.append(fail)
    with pytest.raises(ServerUnreachable):
        work(zone)
    zone.couchdb.before_save.clear()
    work(zone)
    stored = zone.couchdb.all(ips.DATABASE).get(IP, {})
    assert copies(zone) == [account for account in [stored.get("pvt_assigned_to")] if account]


def test_an_address_that_somebody_else_takes_meanwhile_is_not_assigned_twice(zone):
    def take(name, _documents):
        if name == ips.DATABASE:
            zone.couchdb.before_save.clear()
            taken = {**zone.couchdb.all(name)[IP], "pvt_status": "assigned", "pvt_assigned_to": OTHER}
            zone.couchdb.put(name, taken)

    zone.couchdb.before_save.append(take)
    with pytest.raises(ips.Refused, match="already_assigned"):
        ips.assign(zone, IP, ONE)
    assert copies(zone) == []


def test_refreshing_writes_missing_copies_and_rights_wrong_ones(zone):
    ips.assign(zone, IP, ONE)
    zone.couchdb.put(database(ONE), {"_id": IP, "pvt_type": "dedicated_ip", "pvt_host": "wrong"})
    counts = ips.refresh(zone).counts
    assert zone.couchdb.all(database(ONE))[IP] == zone.couchdb.all(ips.DATABASE)[IP]
    assert counts == {"edited": 1}
    assert ips.refresh(zone).counts == {"unchanged": 1}


def test_the_table_is_as_wide_whatever_stands_in_it(zone):
    ips.add(zone, "2001:db8::1", "a-zone-with-a-long-name", "h" * 50)
    lines = list(table(ips.listed(zone, None)))
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 6
    assert list(table(ips.listed(zone, "nowhere"))) == ["No IPs found"]


STEPS = st.lists(st.sampled_from(["add", "release", "delete", ONE, OTHER]), max_size=12)


@given(steps=STEPS)
def test_whatever_is_done_the_copies_are_where_the_address_is_assigned(tmp_path_factory, steps):
    zone = MemoryZone(tmp_path_factory.mktemp("state"))
    for name in ("system_data", database(ONE), database(OTHER)):
        zone.couchdb.create(name)
    for step in steps:
        try:
            if step == "add":
                ips.add(zone, IP, "zone", "host")
            elif step in ("release", "delete"):
                {"release": ips.release, "delete": ips.delete}[step](zone, IP)
            else:
                ips.assign(zone, IP, step)
        except ips.Refused:
            pass
        stored = zone.couchdb.all(ips.DATABASE).get(IP, {}) if zone.couchdb.exists(ips.DATABASE) else {}
        assert copies(zone) == [account for account in [stored.get("pvt_assigned_to")] if account]
        assert (stored.get("pvt_status") == "assigned") is bool(copies(zone))
