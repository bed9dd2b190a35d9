"""Old months, archived and deleted (Kazoo kazoo_modb_maintenance)."""

from __future__ import annotations

import pytest

from kazoo_sup.commands import kazoo_modb_maintenance
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo import months
from kazoo_sup.kazoo.every_account import PartlyDone
from kazoo_sup.kazoo.upkeep import month_archives
from kazoo_sup.names import account_database, encoded, plain

ONE, OTHER = "1" * 32, "2" * 32


def database(account, month):
    return plain(months.database(account, month))


@pytest.fixture
def zone(zone):
    for account in (ONE, OTHER):
        zone.couchdb.create(plain(account_database(account)))
        for month in ("201912", "202001", "202002", months.this_month()):
            zone.couchdb.create(database(account, month))
    return zone


def left(zone):
    return sorted(months.of_database(name) for name in zone.couchdb.stored if months.of_database(name))


def test_a_month_and_all_before_it_are_chosen_and_no_account_itself(zone):
    chosen = list(month_archives.until(zone, "202001").names())
    assert chosen == [encoded(database(account, month)) for account in (ONE, OTHER) for month in ("201912", "202001")]
    assert list(month_archives.until(zone, "202001", account=OTHER).names()) == chosen[2:]
    assert list(month_archives.until(zone, "202001", start=OTHER).names()) == chosen[2:]
    assert month_archives.described(chosen) == "4 databases of 2 accounts, the months 201912, 202001"


def test_as_many_months_are_kept_as_the_zone_says(zone):
    assert month_archives.active(zone) == month_archives.ACTIVE
    month = months.this_month()
    for _month in range(3):
        month = months.before(month)
    assert month_archives.last_archived(2) == month
    assert month_archives.last_archived(-5) == months.before(months.this_month())


def test_whole_months_go_only_when_it_was_confirmed(zone):
    def decline(deed):
        raise Declined(reason=deed)

    zone.run = zone.new_run(confirm=decline)
    with pytest.raises(Declined, match="without an archive, 4 databases"):
        kazoo_modb_maintenance.delete_modbs(zone, "202001", "false")
    assert len(left(zone)) == 8
    zone.run = zone.new_run()
    lines = list(kazoo_modb_maintenance.delete_modbs(zone, "202001", "false").text)
    assert lines[0] == "deleting all MODBs equal to or older than 2020/1"
    assert lines.count("    deleted: true") == 4
    assert set(left(zone)) == {"202002", months.this_month()}
    deleted = encoded(database(ONE, "202001"))
    assert next(key for key in zone.broker.keys if deleted in key).startswith("db_deleted.")


@pytest.mark.parametrize("period", ["", "2020", "20200101", "202013", "x202001", months.this_month(), "299901"])
def test_no_other_period_deletes_anything(zone, period):
    assert len(list(kazoo_modb_maintenance.delete_modbs(zone, period).text)) == 1
    assert len(left(zone)) == 8


def test_nothing_is_asked_where_there_is_nothing_to_delete(zone):
    def decline(deed):
        raise Declined(reason=deed)

    zone.run = zone.new_run(confirm=decline)
    assert list(kazoo_modb_maintenance.delete_modbs(zone, "200001").text) == [
        "deleting all MODBs equal to or older than 2000/1"
    ]


def test_a_database_that_cannot_be_archived_stays(zone, monkeypatch, tmp_path):
    def archived(zone, database, directory):
        if months.of_database(database) == "201912":
            raise month_archives.Changed(database=database)
        yield f"archiving to {directory}"

    monkeypatch.setattr(month_archives, "_archived", archived)
    databases = month_archives.until(zone, "202001")
    with pytest.raises(PartlyDone, match="2 of 4"):
        list(month_archives.removed(zone, databases, archive=tmp_path))
    assert left(zone).count("201912") == 2
    assert left(zone).count("202001") == 0


def test_a_dry_run_deletes_nothing(zone):
    zone.rerun(dry_run=True)
    kazoo_modb_maintenance.delete_modbs(zone, "202001", "false")
    assert len(left(zone)) == 8
    assert len([each for each in zone.reports if each.planned]) == 4
