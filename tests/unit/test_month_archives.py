"""Old months, archived and deleted (Kazoo kazoo_modb_maintenance)."""

from __future__ import annotations

import pytest

from helpers import shown
from kazoo_sup.cli.render.ending import drained
from kazoo_sup.commands import kazoo_modb_maintenance
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.migrations import month_archives
from kazoo_sup.messages.names import account_database, encoded, plain
from kazoo_sup.results import PartlyDone

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
    lines = shown.lines(kazoo_modb_maintenance.delete_modbs(zone, "202001", "false"))
    assert lines[0] == "deleting all MODBs equal to or older than 2020/1"
    assert lines.count("    deleted: true") == 4
    assert set(left(zone)) == {"202002", months.this_month()}
    deleted = encoded(database(ONE, "202001"))
    assert next(key for key in zone.broker.keys if deleted in key).startswith("db_deleted.")


@pytest.mark.parametrize("period", ["", "2020", "20200101", "202013", "x202001", "this", "299901"])
def test_no_other_period_deletes_anything(zone, period):
    period = months.this_month() if period == "this" else period
    assert len(shown.lines(kazoo_modb_maintenance.delete_modbs(zone, period))) == 1
    assert len(left(zone)) == 8


def test_nothing_is_asked_where_there_is_nothing_to_delete(zone):
    def decline(deed):
        raise Declined(reason=deed)

    zone.run = zone.new_run(confirm=decline)
    assert shown.lines(kazoo_modb_maintenance.delete_modbs(zone, "200001")) == [
        "deleting all MODBs equal to or older than 2000/1"
    ]


def test_a_database_that_cannot_be_archived_stays(zone, monkeypatch, tmp_path):
    def archived(zone, database, directory):
        if months.of_database(database) == "201912":
            raise month_archives.Changed(database=database)
        yield month_archives.ArchivingBegun(database, str(directory))

    monkeypatch.setattr(month_archives, "_archive", archived)
    databases = month_archives.until(zone, "202001")
    *_events, report = month_archives.remove(zone, databases, archive=tmp_path)
    assert isinstance(report.failure, PartlyDone)
    assert "2 of 4" in str(report.failure)
    assert left(zone).count("201912") == 2
    assert left(zone).count("202001") == 0


class TestWhoMadeTheCopy:
    """A month goes only after a copy that this very run has made, in a place that nobody could foretell."""

    @pytest.fixture
    def copying(self, monkeypatch):
        """Let backups be made without a server; `planted` are those that somebody else has made already."""
        planted, places = set(), []

        def run(_zone, names, directory, *, verify, made):
            places.append(directory)
            assert verify
            for name in names:
                if name not in planted:
                    made(name)
                yield {"database": name, "documents": 7}

        monkeypatch.setattr("kazoo_sup.kazoo.couchdb.backup.run", run)
        monkeypatch.setattr("kazoo_sup.kazoo.couchdb.backup_file.read_manifest", lambda _file: {})
        return planted, places

    def test_it_stands_where_nobody_could_wait_for_it(self, zone, copying, tmp_path):
        for _ in range(2):
            list(month_archives.remove(zone, month_archives.until(zone, "201912"), archive=tmp_path))
            zone.couchdb.create(database(ONE, "201912"))
        _planted, places = copying
        first, second = dict.fromkeys(places)
        assert first.parent == second.parent == tmp_path
        assert first.name.startswith("kazoo-months-")
        assert first.stat().st_mode & 0o777 == 0o700

    def test_nothing_is_left_where_there_is_nothing_to_archive(self, zone, copying, tmp_path):
        archive = tmp_path / "archives"
        list(month_archives.remove(zone, month_archives.until(zone, "190001"), archive=archive))
        assert not archive.exists()

    def test_a_copy_that_was_there_already_does_not_count(self, zone, copying, tmp_path):
        planted, _places = copying
        planted.add(database(ONE, "201912"))
        *_events, report = month_archives.remove(zone, month_archives.until(zone, "201912"), archive=tmp_path)
        assert isinstance(report.failure, PartlyDone)
        assert "1 of 2" in str(report.failure)
        assert database(ONE, "201912") in zone.couchdb.stored
        assert database(OTHER, "201912") not in zone.couchdb.stored


def test_a_dry_run_deletes_nothing(zone):
    zone.rerun(dry_run=True)
    drained(kazoo_modb_maintenance.delete_modbs(zone, "202001", "false"))
    assert len(left(zone)) == 8
    assert len([each for each in zone.reports if each.planned]) == 4
