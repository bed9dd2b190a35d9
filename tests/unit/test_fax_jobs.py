"""Fax jobs and faxes of earlier versions (Kazoo fax_maintenance)."""

from __future__ import annotations

import pytest

from helpers.account_zone import ACCOUNT, DATABASE, PLAIN, account_zone
from kazoo_sup.errors import ServerUnreachable
from kazoo_sup.kazoo.faxes import fax_jobs
from kazoo_sup.kazoo.faxes.fax_migration import Migration, month_of
from kazoo_sup.texts import faxes

MONTH = f"{PLAIN}-202411"
CREATED = 63_900_000_000
DOWN = ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")


@pytest.fixture
def zone(tmp_path):
    zone = account_zone(tmp_path / "state")
    fax = {"pvt_type": "private_media", "media_type": "tiff", "pvt_created": CREATED, "pvt_account_id": ACCOUNT}
    zone.couchdb.put_with_attachment(PLAIN, {"_id": "f1", **fax}, "a.tiff", b"II")
    return zone


class TestJobs:
    def test_a_table_is_as_wide_in_every_line(self, zone):
        job = {"_id": "j1", "pvt_type": "fax", "pvt_job_status": "pending", "pvt_modified": CREATED}
        zone.couchdb.put("faxes", job)
        lines = list(faxes.pending(fax_jobs.pending(zone)))
        assert len({len(line) for line in lines}) == 1
        assert lines[3].startswith("| j1 ")
        assert "(none)" in lines[3]

    @pytest.mark.parametrize(("seconds", "shown"), [(63_902_174_706, "2024-12-23 12:5:6"), (None, ""), (True, "")])
    def test_times_are_not_padded(self, seconds, shown):
        assert faxes.when(seconds) == shown

    def test_a_state_is_set_once(self, zone):
        zone.couchdb.put("faxes", {"_id": "j1", "pvt_job_status": "failed"})
        job = zone.couchdb.get("faxes", "j1")
        fax_jobs.set_state(zone, job, "pending")
        assert zone.couchdb.all("faxes")["j1"]["pvt_job_status"] == "pending"
        written = list(zone.couchdb.written)
        fax_jobs.set_state(zone, zone.couchdb.get("faxes", "j1"), "pending")
        assert zone.couchdb.written == written


class TestMigration:
    def test_a_fax_moves_to_its_month_with_its_file(self, zone):
        said = Migration().account(zone, DATABASE)
        assert list(faxes.lines(said)) == [
            f"moving doc {DATABASE}/f1 to {ACCOUNT}-202411/202411-f1",
            "document f1 moved to 202411-f1",
        ]
        assert zone.couchdb.all(MONTH)["202411-f1"]["pvt_type"] == "fax"
        assert zone.couchdb.contents[MONTH, "202411-f1", "a.tiff"] == b"II"
        assert "f1" not in zone.couchdb.all(PLAIN)
        assert list(faxes.lines(Migration().account(zone, DATABASE))) == [
            f"no fax docs in db for fax migration {DATABASE}"
        ]

    def test_what_was_taken_for_a_fax_and_is_none_becomes_media_again(self, zone):
        zone.couchdb.put(PLAIN, {"_id": "m1", "pvt_type": "fax", "media_type": "mp3"})
        Migration().account(zone, DATABASE)
        assert zone.couchdb.all(PLAIN)["m1"]["pvt_type"] == "private_media"

    def test_one_that_is_there_already_stays_unless_it_is_to_be_replaced(self, zone):
        zone.couchdb.put(MONTH, {"_id": "202411-f1", "mine": True})
        migration = Migration()
        said = migration.account(zone, DATABASE)
        assert list(faxes.lines(said))[-1].startswith("error ")
        assert migration.done.failed == 1
        Migration(override=True).account(zone, DATABASE)
        assert zone.couchdb.all(MONTH)["202411-f1"]["folder"] == "outbox"

    @pytest.mark.parametrize("delete", [True, False])
    def test_faxes_without_a_file_stay_unless_they_are_to_go(self, zone, delete):
        zone.couchdb.put("system_config", {"_id": "fax", "default": {"delete_empty_faxes": delete}})
        zone.couchdb.put(PLAIN, {"_id": "e1", "pvt_type": "fax", "media_type": "tiff"})
        Migration().account(zone, DATABASE)
        assert ("e1" in zone.couchdb.all(PLAIN)) is not delete

    def test_outbound_ones_move_when_they_have_ended(self, zone):
        fax = {"pvt_type": "fax", "pvt_created": CREATED, "pvt_account_id": ACCOUNT, "pvt_account_db": "wrong"}
        zone.couchdb.put(
            "faxes",
            {"_id": "done", "pvt_job_status": "completed", **fax},
            {"_id": "waiting", "pvt_job_status": "pending", **fax},
            {"_id": "nobody", "pvt_job_status": "failed", "pvt_type": "fax", "pvt_created": CREATED},
        )
        migration = Migration()
        said = list(faxes.lines(migration.outbound(zone)))
        assert f"document faxes/done moved to {DATABASE}-202411/202411-done" in said
        assert zone.couchdb.all(MONTH)["202411-done"]["folder"] == "outbox"
        assert set(zone.couchdb.all("faxes")) == {"nobody", "waiting"}
        assert migration.done.failed == 1

    def test_a_server_that_goes_away_ends_the_run(self, zone):
        def fail(_database, _identifier):
            raise DOWN

        zone.couchdb.before_attaching.append(fail)
        with pytest.raises(ServerUnreachable):
            Migration().account(zone, DATABASE)
        assert "f1" in zone.couchdb.all(PLAIN)

    def test_the_month_is_that_of_its_making(self):
        assert month_of({"pvt_created": CREATED}) == "202411"
        assert len(month_of({})) == 6
