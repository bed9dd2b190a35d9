"""One database of many fails: the others are done, the failing one is named, and the run ends partly done."""

from __future__ import annotations

import json

import pytest

from helpers.failing_proxy import FailingProxy
from kazoo_sup.lab.seed import ACCOUNT
from kazoo_sup.messages.names import account_database, plain

pytestmark = pytest.mark.integration

NUMBERS = "kazoo_number_manager_maintenance"
SICK, WELL, LAST = "numbers/+1415", "numbers/+1212", "numbers/+1617"
AREAS = {WELL: "+12125550170", SICK: "+14155550170", LAST: "+16175550170"}
OTHER = "b" * 32


@pytest.fixture
def numbers(at):
    for number in AREAS.values():
        assert at("number", "create", number, ACCOUNT, "--carrier", "inventory").code == 0


@pytest.fixture
def proxy(cluster, numbers):
    with FailingProxy(cluster, {SICK: 500}) as started:
        yield started


@pytest.fixture
def sick(sup, proxy):
    """Give `sup` as `at` does, while the numbers of one area cannot be read."""
    return lambda *words, **more: sup(*words, env={"SUP_COUCHDB_URL": proxy.url, "SUP_AMQP_URL": ""}, **more)


@pytest.mark.parametrize(
    "words", [("dump",), ("list", ACCOUNT), ("search", "+1", "--state", "in_service")], ids=" ".join
)
def test_a_listing_holds_the_others_and_says_what_is_missing(sick, words):
    code, out, err = sick("number", *words)
    assert code == 5
    assert [line.partition(",")[0] for line in out.splitlines()[1:]] == [AREAS[WELL], AREAS[LAST]]
    assert f"{SICK} is missing from this list" in err


@pytest.mark.parametrize("how", ["cut", 403])
def test_however_it_fails(sick, proxy, how):
    proxy.failing[SICK] = how
    code, out, err = sick("number", "dump")
    assert code == 5
    assert [line.partition(",")[0] for line in out.splitlines()[1:]] == [AREAS[WELL], AREAS[LAST]]
    assert f"{SICK} is missing from this list" in err


def test_a_listing_for_machines_is_whole_and_names_what_is_missing(sick):
    code, out, _err = sick("-f", "json", "number", "dump")
    answer = json.loads(out)
    assert (code, answer["status"], answer["exit_code"]) == (5, "partial", 5)
    assert [row["e164"] for row in answer["rows"]] == [AREAS[WELL], AREAS[LAST]]
    assert SICK in answer["errors"][0]["message"]


def test_a_listing_of_nothing_but_what_fails_has_failed(sick):
    code, _out, err = sick("number", "dump", "--prefix", "+1415")
    assert code == 3
    assert err


def test_numbers_that_are_named_are_shown_but_for_those(sick):
    code, out, err = sick("number", "show", "-", input="\n".join(AREAS.values()))
    assert code == 5
    assert AREAS[WELL] in out
    assert AREAS[LAST] in out
    assert AREAS[SICK] in err


def test_a_deed_is_done_to_the_others(sick, stored):
    code, _out, err = sick("number", "release", "-", ACCOUNT, input="\n".join(AREAS.values()))
    assert code == 5
    assert AREAS[SICK] in err
    assert {area: stored(area, number)["pvt_state"] for area, number in AREAS.items()} == {
        WELL: "available",
        LAST: "available",
        SICK: "in_service",
    }


def test_numbers_are_imported_whose_database_can_be_written(sick, proxy, stored, tmp_path):
    file = tmp_path / "numbers.csv"
    file.write_text("e164,account_id\n+14155550171,lab.example.com\n+12125550171,lab.example.com\n")
    proxy.only = "_bulk_docs"
    code, _out, err = sick("number", "import", str(file))
    assert code == 5
    assert "+14155550171" in err
    assert stored(WELL, "+12125550171") is not None
    assert stored(SICK, "+14155550171") is None


def test_services_that_could_not_be_counted_are_with_the_next_run(numbers, sup, at, stored, cluster):
    words = ("number", "create", "+12125550172", ACCOUNT, "--carrier", "inventory")
    before = _numbers_of(stored("services", ACCOUNT))
    with FailingProxy(cluster, {"services": 500}) as proxy:
        proxy.only = "_bulk_docs"
        code, _out, err = sup(*words, env={"SUP_COUCHDB_URL": proxy.url, "SUP_AMQP_URL": ""})
    assert code == 5, err
    assert f"the services of account {ACCOUNT} were not counted: " in err
    assert stored(WELL, "+12125550172") is not None
    assert _numbers_of(stored("services", ACCOUNT)) == before
    assert at(*words).code == 0
    assert _numbers_of(stored("services", ACCOUNT)) == before + 1


def _numbers_of(services):
    return services["quantities"]["account"]["phone_numbers"]["did_us"]


def test_one_number_that_cannot_be_reached_is_not_said_to_be_missing(sick):
    code, out, err = sick(NUMBERS, "delete", AREAS[SICK])
    assert (code, out) == (3, "")
    assert AREAS[SICK] in err


def test_carriers_are_counted_and_converted_in_the_others(sick, stored):
    code, out, err = sick(NUMBERS, "carrier_module_usage")
    assert code == 5
    assert out.splitlines()[-2:] == ["Totals:", "    knm_inventory: 2"]
    assert "1415" in err
    code, out, err = sick(NUMBERS, "convert_carrier_module", "knm_inventory", "knm_local")
    assert code == 5
    assert "1415" in err
    assert {stored(area, number)["pvt_module_name"] for area, number in AREAS.items() if area != SICK} == {"knm_local"}


@pytest.mark.parametrize(
    "function",
    [
        "refresh_numbers_dbs",
        "purge_discovery",
        "purge_deleted",
        "migrate_unassigned_numbers",
        "migrate",
        "copy_number_dbs_to_accounts",
        "fix_apps_for_number_dbs",
    ],
)
def test_upkeep_of_number_databases_goes_on(sick, function):
    code, out, err = sick(NUMBERS, function)
    assert code == 5
    assert "1617" in out or function.startswith("purge")
    assert "1415" in err
    assert "ok" not in out.splitlines()


class TestAccounts:
    """The same with the databases of one account."""

    @pytest.fixture
    def sick(self, sup, cluster, put, at):
        """Give `sup` while the databases of a second account, which the master account has below it, fail."""
        created = at("crossbar_maintenance", "create_account", "Other", "other.example.com", "admin", "secret-word-1")
        assert created.code == 0, created
        [other] = [row["id"] for row in self.accounts(cluster) if row["id"] != ACCOUNT]
        name = plain(account_database(other))
        with FailingProxy(cluster, {name: 500}) as proxy:

            def run(*words, **more):
                done = sup(*words, env={"SUP_COUCHDB_URL": proxy.url, "SUP_AMQP_URL": ""}, **more)
                return (*done, other)

            yield run

    def accounts(self, cluster):
        import requests

        rows = requests.get(f"{cluster}/accounts/_all_docs", timeout=600).json()["rows"]
        return [row for row in rows if not row["id"].startswith("_")]

    @pytest.mark.parametrize(
        "words",
        [
            ("crossbar_maintenance", "migrate_accounts_data"),
            ("crossbar_maintenance", "migrate"),
            (NUMBERS, "fix_apps_for_account_dbs"),
            (NUMBERS, "copy_accounts_to_number_dbs"),
            (NUMBERS, "remove_wrong_assigned_from_accounts"),
            ("kapps_maintenance", "cleanup_aggregated_accounts"),
            ("kapps_maintenance", "find_invalid_acccount_dbs"),
            ("kazoo_services_maintenance", "remove_orphaned_services"),
            ("acdc_maintenance", "migrate"),
        ],
        ids=" ".join,
    )
    def test_the_others_are_done(self, sick, words):
        code, _out, err, other = sick("-y", *words)
        assert code == 5, err
        assert other[4:] in err

    def test_descendants_are_synced_but_for_one(self, sick, at):
        created = at("crossbar_maintenance", "create_account", "Third", "third.example.com", "admin", "secret-word-1")
        assert created.code == 0
        code, out, err, other = sick("kazoo_services_maintenance", "sync_descendants", ACCOUNT)
        assert code == 5, err
        assert out.startswith(f"syncing 2 descendants of {ACCOUNT}  syncing ")
        assert not out.rstrip().endswith("ok")
        assert other[4:] in err

    def test_a_migration_takes_its_further_steps(self, sick):
        code, out, err, _other = sick("-y", "kapps_maintenance", "migrate")
        assert code == 5, err
        assert "removing deprecated databases" in out
        assert "databases failed" in err
