"""An account's own settings, its reseller's and the cluster's (Kazoo kapps_account_config)."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.config import account_config
from kazoo_sup.kazoo.config.account_config import MISSING
from kazoo_sup.messages.names import account_database, plain

MASTER, RESELLER, PARENT, SUB = (letter * 32 for letter in "0123")
TREE = {MASTER: [], RESELLER: [MASTER], PARENT: [MASTER, RESELLER], SUB: [MASTER, RESELLER, PARENT]}


@pytest.fixture
def zone(zone):
    """The zone, with a master, its reseller, an account of that one and a sub-account."""
    for account, tree in TREE.items():
        definition = {"_id": account, "pvt_type": "account", "pvt_tree": tree}
        zone.couchdb.put(plain(account_database(account)), definition)
        services = {"_id": account, "pvt_reseller_id": RESELLER if len(tree) > 1 else MASTER}
        zone.couchdb.put("services", {**services, **({"pvt_reseller": True} if len(tree) < 2 else {})})
    return zone


@pytest.fixture
def put(zone):
    def put(account, **fields):
        """Store an account's document, or for None the default section of the cluster's."""
        if account is None:
            zone.couchdb.put("system_config", {"_id": "c", "default": fields, "local": {"zoned": 1}})
        else:
            document = {"_id": "configs_c", "pvt_type": "account_config", **fields}
            zone.couchdb.put(plain(account_database(account)), document)

    return put


def stored(zone, account=SUB):
    return zone.couchdb.all(plain(account_database(account))).get("configs_c")


class TestReading:
    def test_get_sees_the_account_s_own_document_only(self, zone, put):
        put(RESELLER, k="reseller")
        put(None, k="system")
        assert account_config.get(zone, SUB, "c", "k") is MISSING
        assert account_config.get(zone, SUB, "c", "k", "fallback") == "fallback"
        put(SUB, k="own")
        assert account_config.get(zone, SUB, "c", "k") == "own"

    @pytest.mark.parametrize(
        ("documents", "found"),
        [
            ({SUB: "own", RESELLER: "reseller", None: "system"}, "own"),
            ({PARENT: "parent", RESELLER: "reseller", None: "system"}, "reseller"),
            ({PARENT: "parent", None: "system"}, "system"),
            ({}, "fallback"),
        ],
    )
    def test_global_is_the_account_s_or_its_reseller_s_or_the_system_s(self, zone, put, documents, found):
        for account, value in documents.items():
            put(account, k=value)
        assert account_config.get_global(zone, SUB, "c", "k", "fallback") == found

    def test_the_first_document_answers_and_the_system_for_what_it_lacks(self, zone, put):
        put(SUB, x=1)
        put(RESELLER, k="reseller")
        put(None, k="system")
        assert account_config.get_global(zone, SUB, "c", "k") == "system"

    @pytest.mark.parametrize(
        ("documents", "found"),
        [
            ({SUB: "own", RESELLER: "reseller", None: "system"}, "reseller"),
            ({SUB: "own", None: "system"}, "system"),
            ({SUB: "own"}, MISSING),
        ],
    )
    def test_from_the_reseller_the_account_itself_does_not_count(self, zone, put, documents, found):
        for account, value in documents.items():
            put(account, k=value)
        assert account_config.get_from_reseller(zone, SUB, "c", "k") == found

    def test_a_reseller_is_not_its_own_reseller(self, zone, put):
        zone.couchdb.put("services", {"_id": RESELLER, "pvt_reseller": True, "pvt_reseller_id": RESELLER})
        put(RESELLER, k="own")
        put(None, k="system")
        assert account_config.get_from_reseller(zone, RESELLER, "c", "k") == "system"

    def test_without_a_services_document_the_nearest_reseller_above_counts(self, zone, put):
        zone.couchdb.put("services", {"_id": SUB, "_deleted": True})
        put(RESELLER, k="reseller")
        assert account_config.get_from_reseller(zone, SUB, "c", "k") == "reseller"

    def test_reading_never_writes(self, zone):
        for strategy in account_config.STRATEGIES:
            account_config.with_strategy(zone, strategy, SUB, "c", "k", "fallback")
        account_config.get_global(zone, SUB, "c", "k", "fallback")
        account_config.effective(zone, SUB, "c")
        assert zone.couchdb.written == []


class TestStrategies:
    @pytest.fixture(autouse=True)
    def everywhere(self, put):
        put(SUB, o={"sub": 1, "who": "sub"}, k="sub")
        put(PARENT, o={"parent": 1, "who": "parent"}, k="parent", p="parent")
        put(RESELLER, o={"reseller": 1, "who": "reseller"}, k="reseller", r="reseller")
        put(MASTER, o={"master": 1}, m="master")
        put(None, o={"system": 1, "who": "system"}, k="system", s="system")

    @pytest.mark.parametrize(
        ("strategy", "merged"),
        [
            ("global", {"sub": 1, "who": "sub"}),
            ("reseller", {"reseller": 1, "who": "reseller"}),
            ("global_merge", {"sub": 1, "who": "sub", "reseller": 1, "system": 1}),
            ("reseller_merge", {"who": "reseller", "reseller": 1, "system": 1}),
            ("hierarchy_merge", {"sub": 1, "who": "sub", "parent": 1, "reseller": 1, "system": 1}),
        ],
    )
    def test_the_merging_ones_lay_objects_over_each_other(self, zone, strategy, merged):
        assert account_config.with_strategy(zone, strategy, SUB, "c", "o") == merged

    @pytest.mark.parametrize(
        ("strategy", "key", "found"),
        [
            ("global", "s", "system"),
            ("global", "r", "reseller"),
            ("global", "p", MISSING),
            ("reseller", "k", "reseller"),
            ("reseller", "s", "system"),
            ("hierarchy_merge", "p", "parent"),
            ("hierarchy_merge", "m", MISSING),
            ("hierarchy_merge", "k", "sub"),
        ],
    )
    def test_a_plain_value_comes_from_the_nearest(self, zone, strategy, key, found):
        assert account_config.with_strategy(zone, strategy, SUB, "c", key) == found

    def test_a_reseller_s_hierarchy_ends_with_itself(self, zone):
        assert account_config.with_strategy(zone, "hierarchy_merge", RESELLER, "c", "m") is MISSING

    def test_zones_have_no_say(self, zone):
        assert account_config.with_strategy(zone, "global", SUB, "c", "zoned") is MISSING

    def test_another_strategy_is_refused_with_those_there_are(self, zone):
        with pytest.raises(ValueError, match="'best' is none of global, reseller, global_merge"):
            account_config.with_strategy(zone, "best", SUB, "c", "k")


class TestWriting:
    def test_a_new_document_is_the_account_s(self, zone):
        document = account_config.set_value(zone, SUB, "c", "k", "v")
        kept = {key: value for key, value in stored(zone).items() if key not in ("pvt_created", "pvt_modified")}
        assert kept.pop("pvt_document_hash")
        assert kept == {
            "_id": "configs_c",
            "k": "v",
            "pvt_account_id": SUB,
            "pvt_account_db": account_database(SUB),
            "pvt_type": "account_config",
            "pvt_node": zone.node,
        }
        assert document["_rev"].startswith("1-")
        assert zone.broker.keys == [f"doc_created.{account_database(SUB)}.account_config.configs_c"]
        assert zone.broker.events[0]["Account-ID"] == SUB

    def test_other_keys_stay_and_dots_are_no_path(self, zone, put):
        put(SUB, x={"y": 1})
        account_config.set_value(zone, SUB, "c", "x.y", "v")
        public = {key: value for key, value in stored(zone).items() if not key.startswith(("_", "pvt_"))}
        assert public == {"x": {"y": 1}, "x.y": "v"}

    def test_what_is_set_already_writes_nothing_but_is_told(self, zone, put):
        put(SUB, k="v")
        account_config.set_value(zone, SUB, "c", "k", "v")
        assert zone.couchdb.written == []
        assert zone.broker.keys == [f"doc_edited.{account_database(SUB)}.account_config.configs_c"]

    @pytest.mark.parametrize(
        ("documents", "public"),
        [
            ({SUB: {"own": 1}, RESELLER: {"reseller": 1}, None: {"system": 1}}, {"own": 1, "k": "v"}),
            ({RESELLER: {"reseller": 1}, None: {"system": 1}}, {"reseller": 1, "k": "v"}),
            ({None: {"system": 1}}, {"system": 1, "k": "v"}),
            ({}, {"k": "v"}),
        ],
    )
    def test_set_global_copies_what_answered_until_now(self, zone, put, documents, public):
        for account, fields in documents.items():
            put(account, **fields)
        reseller = stored(zone, RESELLER)
        account_config.set_global(zone, SUB, "c", "k", "v")
        found = stored(zone)
        assert {key: value for key, value in found.items() if not key.startswith(("_", "pvt_"))} == public
        assert (found["_id"], found["pvt_account_id"], found["pvt_type"]) == ("configs_c", SUB, "account_config")
        assert stored(zone, RESELLER) == reseller

    def test_another_writer_s_key_is_kept_when_both_write_at_once(self, zone, put):
        put(SUB, k="old")

        def meddle(database, documents):
            zone.couchdb.before_save.clear()
            put(SUB, k="old", theirs=1)

        zone.couchdb.before_save.append(meddle)
        account_config.set_value(zone, SUB, "c", "k", "v")
        assert (stored(zone)["k"], stored(zone)["theirs"]) == ("v", 1)
