"""Creating accounts: what they consist of, who becomes the master, and that nothing is left of what went wrong."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from pathlib import Path

import pytest

from helpers.interrupter import Interrupter, places
from helpers.memory_zone import MemoryZone
from kazoo_sup.errors import BadArgument, ServerUnreachable
from kazoo_sup.kazoo.accounts import account_creation, users
from kazoo_sup.kazoo.accounts.account_creation import LeftBehind
from kazoo_sup.kazoo.accounts.account_documents import Request
from kazoo_sup.kazoo.accounts.account_validation import Refused
from kazoo_sup.kazoo.config import schemas
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.settings.resources import config_directory
from kazoo_sup.texts import crossbar as texts

MASTER, SUB = "a" * 32, "b" * 32
ADMIN, USER = "c" * 32, "d" * 32


@pytest.fixture
def zone(tmp_path):
    """Return an empty cluster with files of schemas."""
    return MemoryZone(tmp_path, schemas_dir=config_directory() / "schemas")


@pytest.fixture
def settled(zone):
    """Return a cluster with its master account."""
    create(zone, "Master", "master.example.com", MASTER, ADMIN)
    zone.rerun()
    zone.broker.messages.clear()
    return zone


def create(zone, name, realm, account="", user="", password="s3cret", username="Admin"):
    return list(account_creation.create(zone, Request(name, realm, username, password, account, user)))


def own(zone, account):
    return zone.couchdb.all(plain(account_database(account)))


def contents(zone):
    """Return every document there is, but for those of databases that hold what an account needs."""
    return {
        name: {each: document for each, document in zone.couchdb.all(name).items() if not each.startswith("_design/")}
        for name in zone.couchdb.stored
        if name != "system_schemas"
    }


class TestTheFirst:
    def test_becomes_master_and_reseller_and_may_add_numbers(self, zone):
        create(zone, "Master", "master.example.com", MASTER, ADMIN)
        definition = own(zone, MASTER)[MASTER]
        assert definition == zone.couchdb.all("accounts")[MASTER]
        assert definition["pvt_tree"] == []
        for flag in ("pvt_superduper_admin", "pvt_wnm_allow_additions", "pvt_reseller"):
            assert definition[flag] is True
        assert "pvt_enabled" not in definition
        assert zone.couchdb.all("services")[MASTER]["pvt_reseller"] is True
        assert zone.couchdb.all("services")[MASTER]["pvt_reseller_id"] == MASTER
        assert zone.couchdb.all("system_config")["accounts"]["default"]["master_account_id"] == MASTER

    def test_has_keys_of_its_own(self, zone):
        create(zone, "Master", "master.example.com", MASTER)
        definition = own(zone, MASTER)[MASTER]
        assert len(bytes.fromhex(definition["pvt_api_key"])) == len(bytes.fromhex(definition["pvt_cpaas_token"])) == 32
        assert definition["pvt_api_key"] != definition["pvt_cpaas_token"]

    def test_a_master_that_is_configured_but_does_not_exist_is_none(self, zone):
        zone.couchdb.put("system_config", {"_id": "accounts", "default": {"master_account_id": "e" * 32}})
        create(zone, "Master", "master.example.com", MASTER)
        assert own(zone, MASTER)[MASTER]["pvt_tree"] == []
        assert zone.couchdb.all("system_config")["accounts"]["default"]["master_account_id"] == MASTER

    def test_an_account_that_is_only_in_its_own_database_is_not_passed_over(self, zone):
        zone.couchdb.put(plain(account_database(SUB)), {"_id": SUB, "pvt_type": "account", "name": "Lost"})
        with pytest.raises(Refused, match="empty_tree_accounts_exist"):
            create(zone, "Master", "master.example.com", MASTER)
        assert any(SUB in warning for warning in zone.warnings)

    def test_missing_databases_are_told_of(self, zone):
        events = create(zone, "Master", "master.example.com", MASTER)
        missing = [account_creation.DatabaseMissing(name) for name in account_creation.DATABASES]
        assert events[: len(missing)] == missing
        assert next(texts.of_creation(events)) == f"db '{account_creation.DATABASES[0]}' doesn't exist"


class TestAnother:
    def test_lies_below_the_master(self, settled):
        create(settled, "Sub", "sub.example.com", SUB, USER)
        definition = own(settled, SUB)[SUB]
        assert definition["pvt_tree"] == [MASTER]
        assert definition["pvt_enabled"] is True
        assert "pvt_superduper_admin" not in definition
        assert settled.couchdb.all("services")[SUB]["pvt_reseller_id"] == MASTER

    def test_is_disabled_below_a_disabled_parent(self, settled):
        for database in ("accounts", plain(account_database(MASTER))):
            settled.couchdb.put(database, {**settled.couchdb.all(database)[MASTER], "pvt_enabled": False})
        create(settled, "Sub", "sub.example.com", SUB)
        assert own(settled, SUB)[SUB]["pvt_enabled"] is False

    def test_is_counted_by_those_above(self, settled):
        create(settled, "Sub", "sub.example.com", SUB, USER)
        assert own(settled, MASTER)[MASTER]["descendants_count"] == 1
        assert settled.couchdb.all("accounts")[MASTER]["descendants_count"] == 1
        quantities = settled.couchdb.all("services")[MASTER]["quantities"]
        assert quantities["account"] == quantities["cascade"] == {"users": {"admin": 1}}

    def test_takes_over_how_its_reseller_is_notified(self, settled):
        database = plain(account_database(MASTER))
        settled.couchdb.put(database, {**own(settled, MASTER)[MASTER], "pvt_notification_preference": "teletype"})
        create(settled, "Sub", "sub.example.com", SUB)
        assert own(settled, SUB)[SUB]["pvt_notification_preference"] == "teletype"

    def test_its_user_can_log_in(self, settled):
        create(settled, "Sub", "sub.example.com", SUB, USER, "pa:ss wörd", "Bob@Example")
        user = own(settled, SUB)[USER]
        assert user["username"] == "bob@example"
        assert (user["pvt_md5_auth"], user["pvt_sha1_auth"]) == users.hashes("bob@example", "pa:ss wörd")
        assert "pa:ss" not in json.dumps(settled.couchdb.stored)

    def test_its_user_is_announced_with_the_password_and_to_nobody_else(self, settled):
        create(settled, "Sub", "sub.example.com", SUB, USER)
        told = [each for each in settled.broker.messages if b"s3cret" in each.body]
        assert [(each.exchange, each.routing_key) for each in told] == [("notifications", "notifications.user.new")]

    def test_where_the_broker_is_down_the_password_is_kept_nowhere(self, settled, tmp_path):
        settled.broker.down = "gone"
        create(settled, "Sub", "sub.example.com", SUB, USER)
        kept = [file.read_text() for file in Path(tmp_path).rglob("*.jsonl")]
        assert kept
        assert not any("s3cret" in each for each in kept)
        assert any("notification" in warning for warning in settled.warnings)

    def test_created_before_edited_is_what_nodes_hear(self, settled):
        create(settled, "Sub", "sub.example.com", SUB, USER)
        keys = settled.broker.keys
        for database in (account_database(SUB), "accounts"):
            created, edited = (f"doc_{action}.{database}.account.{SUB}" for action in ("created", "edited"))
            assert keys.index(created) < keys.index(edited)
        assert keys[0].startswith(f"db_created.{account_database(SUB)}.")


class TestRefused:
    @pytest.mark.parametrize(
        ("given", "path", "code"),
        [
            ({"realm": "MASTER.example.com"}, "realm", "unique"),
            ({"name": "ma-ster"}, "name", "unique"),
            ({"realm": "a"}, "realm", "minLength"),
            ({"realm": "ä.example.com"}, "realm", "pattern"),
            ({"name": ""}, "name", "minLength"),
            ({"username": "a b"}, "username", "pattern"),
            ({"username": ""}, "username", "minLength"),
            ({"password": ""}, "password", "required"),
        ],
    )
    def test_with_what_is_wrong_and_where_before_anything_is_touched(self, settled, given, path, code):
        before = copy.deepcopy(settled.couchdb.stored)
        with pytest.raises(Refused) as refused:
            create(settled, **{"name": "Sub", "realm": "sub.example.com", "account": SUB, **given})
        assert code in refused.value.errors[path]
        assert settled.couchdb.stored == before
        assert settled.broker.messages == []

    def test_names_may_be_alike_where_the_settings_say_so(self, settled):
        settled.couchdb.put("system_config", {"_id": "crossbar.accounts", "default": {"ensure_unique_name": False}})
        create(settled, "Master", "other.example.com", SUB)
        assert own(settled, SUB)[SUB]["name"] == "Master"

    def test_an_account_that_exists_is_never_touched(self, settled):
        before = copy.deepcopy(settled.couchdb.stored)
        with pytest.raises(BadArgument):
            create(settled, "Sub", "sub.example.com", MASTER)
        assert settled.couchdb.stored == before

    def test_what_is_left_of_an_account_is_not_taken_over(self, settled):
        settled.couchdb.create(plain(account_database(SUB)))
        with pytest.raises(BadArgument):
            create(settled, "Sub", "sub.example.com", SUB)

    def test_without_schema_files_those_that_come_with_the_program_do(self, tmp_path):
        zone = MemoryZone(tmp_path)
        create(zone, "Master", "master.example.com")
        assert zone.couchdb.all("system_schemas")["users"]["provider"] == "kazoo-sup"

    def test_a_schema_that_is_nowhere_is_named(self, tmp_path, monkeypatch):
        monkeypatch.setattr(schemas, "bundled", lambda: tmp_path)
        zone = MemoryZone(tmp_path)
        with pytest.raises(Refused) as refused:
            create(zone, "Master", "master.example.com")
        assert refused.value.errors["error"] == "schema users not found"
        assert any("update_schemas" in warning for warning in zone.warnings)


class TestHalfWay:
    """Whatever happens on the way, what was there before is there after, and nodes hear that databases are gone."""

    @staticmethod
    def assert_undone(zone, before):
        assert contents(zone) == before
        created = {key for key in zone.broker.keys if key.startswith("db_created.account")}
        assert {key.replace("db_created", "db_deleted") for key in created} <= set(zone.broker.keys)

    def test_a_server_that_fails_at_any_save(self, fresh):
        for failing in range(1, 100):
            zone = fresh()
            before, count = contents(zone), iter(range(1, 1000))

            def fail(database, documents, count=count, failing=failing):
                if next(count) == failing:
                    raise ServerUnreachable(server="CouchDB", address="x", reason="down")

            zone.couchdb.before_save.append(fail)
            try:
                create(zone, "Sub", "sub.example.com", SUB, USER)
            except ServerUnreachable:
                self.assert_undone(zone, before)
            else:
                assert failing > 12
                return
        pytest.fail("it never came through")

    def test_an_interruption_at_any_step(self, fresh, first):
        watched = account_creation.__file__
        with Interrupter(watched) as interrupter:
            create(fresh(), "Sub", "sub.example.com", SUB, USER)
        interrupted = 0
        for at in places(interrupter.seen, 40):
            zone = fresh()
            before = contents(zone)
            with contextlib.suppress(KeyboardInterrupt), Interrupter(watched, at=at):
                create(zone, "Sub", "sub.example.com", SUB, USER)
            if SUB not in zone.couchdb.all("accounts"):
                interrupted += 1
                self.assert_undone(zone, before)
            else:  # it had come to the end
                assert USER in own(zone, SUB)
                assert zone.couchdb.all("services")[SUB]["quantities"]["account"] == {"users": {"admin": 1}}
                above = SUB if first else MASTER
                assert zone.couchdb.all("system_config")["accounts"]["default"]["master_account_id"] == above
        assert interrupted > 20

    def test_what_cannot_be_undone_is_named(self, settled):
        def fail(database, documents):
            if database == "services":
                settled.couchdb.delete = unreachable
                unreachable(database)

        def unreachable(database):
            raise ServerUnreachable(server="CouchDB", address="x", reason="down")

        settled.couchdb.before_save.append(fail)
        with pytest.raises(LeftBehind, match=SUB):
            create(settled, "Sub", "sub.example.com", SUB, USER)

    @pytest.fixture(params=[True, False], ids=["first", "another"])
    def first(self, request):
        return request.param

    @pytest.fixture
    def fresh(self, settled, tmp_path, first):
        """Return a function that makes a cluster anew: without any account, or with its master."""
        stored = copy.deepcopy(settled.couchdb.stored)
        if first:
            kept = {name: stored[name] for name in (*account_creation.DATABASES, "services")}
            stored = {name: {"_design/x": {"_id": "_design/x", "_rev": "1-x"}} for name in kept} | {
                "system_schemas": kept["system_schemas"]
            }

        def fresh():
            zone = MemoryZone(tmp_path / "fresh")
            zone.couchdb.stored = copy.deepcopy(stored)
            return zone

        return fresh


def test_a_dry_run_shows_all_and_changes_nothing(settled):
    before = copy.deepcopy(settled.couchdb.stored)
    settled.rerun(dry_run=True)
    create(settled, "Sub", "sub.example.com", SUB, USER)
    assert settled.couchdb.stored == before
    assert settled.broker.messages == []
    shown = {(report.database, report.id) for report in settled.reports if report.planned}
    assert {(account_database(SUB), SUB), ("accounts", SUB), (account_database(SUB), USER), ("services", SUB)} <= shown


class TestRealms:
    def test_an_account_without_a_realm_gets_a_random_one(self, settled):
        create(settled, "Sub", "", SUB)
        realm = own(settled, SUB)[SUB]["realm"]
        assert re.fullmatch(r"[0-9a-f]{6}\.sip\.2600hz\.com", realm)

    def test_what_it_is_made_of_is_set(self, settled):
        values = {"account_realm_suffix": "sip.example.com", "random_realm_strength": 5}
        settled.couchdb.put("system_config", {"_id": "crossbar.accounts", "default": values})
        create(settled, "Sub", "", SUB)
        assert re.fullmatch(r"[0-9a-f]{10}\.sip\.example\.com", own(settled, SUB)[SUB]["realm"])


class TestTwoAtOnce:
    """Somebody else makes an account with the same realm between our look and our saving."""

    @pytest.fixture
    def rival(self, settled, monkeypatch):
        """Give a function that has one appear when ours is saved, and act at each of our looks from then on."""
        monkeypatch.setattr(account_creation.time, "sleep", lambda _seconds: None)

        def appear(identifier, then=lambda copy: None, **more):
            copy = {
                "_id": identifier,
                "pvt_type": "account",
                "realm": "sub.example.com",
                "name": "Other",
                "pvt_tree": [],
                **more,
            }

            def save(database, documents):
                if database == "accounts" and any(document["_id"] == SUB for document in documents):
                    settled.couchdb.before_save.clear()
                    settled.couchdb.put("accounts", copy)

            settled.couchdb.before_save.append(save)
            get_many = settled.couchdb.get_many

            def looked(database, ids):
                found = get_many(database, ids)
                if identifier in ids:
                    then(copy)
                return found

            monkeypatch.setattr(settled.couchdb, "get_many", looked)

        return appear

    def test_one_that_was_made_meanwhile_goes_before_and_nothing_is_left_of_ours(self, settled, rival):
        before = contents(settled)
        rival("9" * 32)
        with pytest.raises(Refused, match="failed to validate account") as refused:
            create(settled, "Sub", "sub.example.com", SUB)
        assert refused.value.errors["realm"]["unique"]["message"] == "Account realm already in use"
        after = contents(settled)
        assert after["accounts"].pop("9" * 32)
        assert after == before

    def test_of_two_in_the_making_the_one_with_the_lower_id_goes_on(self, settled, rival):
        def undone(copy):
            settled.couchdb.put("accounts", {"_id": copy["_id"], "_deleted": True})

        rival("f" * 32, undone, pvt_sup_pending=True)
        create(settled, "Sub", "sub.example.com", SUB)
        assert "pvt_sup_pending" not in settled.couchdb.all("accounts")[SUB]
        assert "pvt_sup_pending" not in own(settled, SUB)[SUB]

    @pytest.mark.parametrize("lower", [True, False])
    def test_the_other_is_refused(self, settled, rival, lower):
        def finished(copy):
            settled.couchdb.put("accounts", {key: each for key, each in copy.items() if key != "pvt_sup_pending"})

        rival("0" * 32 if lower else "f" * 32, finished, pvt_sup_pending=True)
        with pytest.raises(Refused):
            create(settled, "Sub", "sub.example.com", SUB)
        assert SUB not in settled.couchdb.all("accounts")

    def test_one_that_stays_in_the_making_is_not_waited_for_without_end(self, settled, rival, monkeypatch):
        monkeypatch.setattr(account_creation, "RIVALS_WAIT", 0.0)
        rival("f" * 32, pvt_sup_pending=True)
        with pytest.raises(Refused):
            create(settled, "Sub", "sub.example.com", SUB)
