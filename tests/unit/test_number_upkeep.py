"""Purging and cleaning numbers, their classes, the views that count them, port requests."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup import terms
from kazoo_sup.errors import BadArgument, ExitCode
from kazoo_sup.kazoo.databases import view_registrations, views
from kazoo_sup.kazoo.databases.walk import listed
from kazoo_sup.kazoo.numbers import (
    classification,
    features,
    number_databases,
    port_requests,
    purge,
    services_view,
    states,
    unassigned,
)
from kazoo_sup.kazoo.numbers.feature_permissions import changed, ensure_admin_only, of_system
from kazoo_sup.kazoo.numbers.number_databases import database_of
from kazoo_sup.kazoo.numbers.repair_events import Summed
from kazoo_sup.kazoo.numbers.summary import Summary
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import number_repairs, numbers
from kazoo_sup.transports.couchdb import SaveResult

ACCOUNT, PARENT, MASTER = (letter * 32 for letter in "123")
DATABASE = account_database(ACCOUNT)


def migrated(zone):
    *events, _report = port_requests.migrate(zone)
    return list(numbers.lines(events))


class TestPurging:
    @pytest.fixture(autouse=True)
    def stored(self, zone):
        for place in ("numbers/+1415", "numbers/+4420"):
            documents = ({"_id": f"+{n}", "pvt_state": "deleted" if n % 2 else "in_service"} for n in range(1, 5))
            zone.couchdb.put(place, *documents)

    def left(self, zone, place="numbers/+1415"):
        return {name for name in zone.couchdb.all(place) if name.startswith("+")}

    def test_removes_those_in_the_state_everywhere(self, zone):
        *events, report = purge.purge(zone, number_databases.every(zone), states.DELETED)
        lines = list(numbers.lines(events))
        assert report.counts == {"deleted": 4}
        assert self.left(zone) == self.left(zone, "numbers/+4420") == {"+2", "+4"}
        assert lines == [f"removing 2 numbers in state 'deleted' from numbers%2F%2B{code}" for code in ("1415", "4420")]

    def test_goes_on_page_by_page_and_ends_though_one_cannot_be_removed(self, zone, monkeypatch):
        monkeypatch.setattr(purge, "PAGE", 1)
        save = zone.couchdb._save

        def stubborn(database, document):
            if document["_id"] == "+1":
                return SaveResult("+1", None, "forbidden", "no")
            return save(database, document)

        monkeypatch.setattr(zone.couchdb, "_save", stubborn)
        *_events, report = purge.purge(zone, number_databases.every(zone), states.DELETED)
        assert (report.exit_code, report.failed) == (ExitCode.PARTIAL, 2)
        assert str(report.failure) == "2 of 4 numbers in state deleted failed; the same command tries them again"
        assert self.left(zone) == {"+1", "+2", "+4"}

    def test_spares_a_number_that_is_used_again_meanwhile(self, zone):
        def somebody(place, documents):
            if documents[0].get("_deleted"):
                zone.couchdb.before_save.clear()
                zone.couchdb.put(place, {"_id": "+1", "pvt_state": "in_service"})

        zone.couchdb.before_save.append(somebody)
        list(purge.purge(zone, number_databases.every(zone), states.DELETED))
        assert self.left(zone) == {"+1", "+2", "+4"}


class TestUnassigned:
    def test_a_number_loses_application_and_denied_features_only(self):
        document = {
            "_id": "+1",
            "pvt_used_by": "callflow",
            "pvt_features": {"cnam": {}, "local": {}, "prepend": {}},
            "cnam": {"display_name": "x", "inbound_lookup": True},
            "prepend": {"enabled": True},
            "pvt_modified": 1,
        }
        found = unassigned.cleaned(document)
        assert found.pop("pvt_modified") > 1
        assert found == {"_id": "+1", "pvt_features": {"local": {}, "prepend": {}}, "prepend": {"enabled": True}}

    def test_its_own_list_of_denied_features_counts(self):
        document = {
            "_id": "+1",
            "pvt_features_denied": ["prepend"],
            "cnam": {"display_name": "x"},
            "prepend": {"name": ""},
        }
        assert "cnam" in unassigned.cleaned(document)
        assert "prepend" not in unassigned.cleaned(document)

    @pytest.mark.parametrize(
        "document", [{"_id": "+1"}, {"_id": "+1", "pvt_assigned_to": ACCOUNT, "pvt_used_by": "callflow"}]
    )
    def test_one_that_is_clean_or_assigned_is_left_alone(self, document):
        assert unassigned.cleaned(document) is document

    def test_numbers_of_a_pool_are_looked_for_where_acquired_ones_are(self, zone):
        zone.couchdb.put("numbers/managed", {"_id": "+2223334000", "pvt_used_by": "x"})
        zone.couchdb.put("numbers/+1415", {"_id": "+14155550100", "pvt_used_by": "x"})
        *events, report = unassigned.migrate(zone, number_databases.every(zone))
        lines = list(numbers.lines(events))
        assert report.counts == {"edited": 1, "skipped": 1}
        assert "failed fixing 1 unassigned numbers." in lines
        assert zone.couchdb.all("numbers/managed")["+2223334000"]["pvt_used_by"] == "x"
        assert "pvt_used_by" not in zone.couchdb.all("numbers/+1415")["+14155550100"]

    def test_a_database_that_is_missing_is_named(self, zone):
        *events, report = unassigned.migrate(zone, listed(["numbers%2F%2B1999"]))
        *_, told, ended = numbers.lines(events)
        assert told == "failed to get unassigned DIDs from numbers%2F%2B1999: not_found"
        assert ended == " ==> done fixing numbers%2F%2B1999"
        assert "numbers/+1999" in str(report.failure)


class TestClasses:
    @pytest.mark.parametrize(
        ("number", "name"),
        [
            ("+18005550100", "tollfree_us"),
            ("+19005550100", "toll_us"),
            ("911", "emergency"),
            ("+12645550100", "caribbean"),
            ("+14155550100", "did_us"),
            ("+442079460000", "international"),
            ("1001", "unknown"),
        ],
    )
    def test_the_built_in_ones(self, number, name):
        assert classification.classify(number) == name

    def test_without_classifiers_there_is_no_class(self):
        assert classification.classify("1", {}) is None

    def test_text_and_nameless_ones_get_their_name(self):
        found = classification.normalised({"a": "^1", "b": {"regex": "^2"}, "c": 3})
        assert found == {"a": {"regex": "^1", "friendly_name": "a"}, "b": {"regex": "^2", "friendly_name": "b"}}

    @given(st.dictionaries(st.from_regex(r"\A[a-z_]{1,8}\Z"), st.text(max_size=12), max_size=4))
    def test_the_view_s_code_holds_the_classifiers_it_was_made_from(self, expressions):
        classifiers = {name: {"regex": expression} for name, expression in expressions.items()}
        assert services_view.counted_by(services_view.code(classifiers)) == list(expressions.items())


class TestServicesView:
    @pytest.fixture(autouse=True)
    def account(self, zone):
        zone.couchdb.create(plain(DATABASE))

    def test_is_made_once(self, zone):
        assert services_view.update(zone, DATABASE)
        assert not services_view.update(zone, DATABASE)
        design = zone.couchdb.all(plain(DATABASE))["_design/numbers"]
        assert {"assigned_to", "reconcile_services"} <= set(design["views"])

    def test_follows_the_zone_s_classifiers(self, zone):
        services_view.update(zone, DATABASE)
        zone.couchdb.put("system_config", {"_id": "number_manager", "default": {"classifiers": {"all": "^.*$"}}})
        zone.rerun()
        assert services_view.update(zone, DATABASE)
        view = zone.couchdb.all(plain(DATABASE))["_design/numbers"]["views"]["reconcile_services"]
        assert services_view.counted_by(view) == [("all", "^.*$")]

    def test_one_that_kazoo_made_of_the_same_classifiers_stays(self, zone):
        branches = "".join(
            f"  else if (e164.match({json.dumps(each['regex'])}))    resC['{name}'] = resM;"
            for name, each in classification.CLASSIFIERS.items()
        )
        view = {"map": f"function(doc) {{ {branches} }}", "reduce": "function() {}"}
        zone.couchdb.put(plain(DATABASE), {"_id": "_design/numbers", "views": {"reconcile_services": view}})
        assert not services_view.update(zone, DATABASE)


class TestRefreshing:
    def test_registered_designs_take_the_place_of_others_but_ours_do_not(self, zone):
        mine = {"_id": "_design/numbers", "views": {"status": {"map": "mine"}}}
        zone.couchdb.put("numbers/+1415", mine)
        assert views.refresh(zone, "numbers%2F%2B1415") == 0
        zone.couchdb.put_views("system_data", "views")
        registered = {"_id": "_design/numbers", "views": {"status": {"map": "theirs"}}}
        zone.couchdb.put(
            "system_data",
            {
                "_id": "numbers-kazoo_number_manager-numbers",
                "pvt_type": "view_definition",
                "kazoo": {"view_map": [{"classification": "numbers"}]},
                "view_definition": registered,
            },
        )
        assert views.refresh(zone, "numbers%2F%2B1415") == 1
        assert views.refresh(zone, "numbers%2F%2B1415") == 0
        assert zone.couchdb.all("numbers/+1415")["_design/numbers"] == registered
        assert zone.broker.keys == ["doc_edited.numbers%2F%2B1415.undefined._design%2Fnumbers"]
        zone.couchdb.create("numbers/+1416")
        assert views.refresh(zone, "numbers%2F%2B1416") == 1

    def test_a_database_that_is_not_there_stays_so(self, zone):
        assert views.refresh(zone, "numbers%2F%2B9999") == 0
        assert "numbers/+9999" not in zone.couchdb.stored


class TestRegistering:
    @pytest.fixture
    def directory(self, tmp_path):
        place = tmp_path / "app-4.3.2"
        (place / "priv/couchdb/views").mkdir(parents=True)
        return place

    def write(self, directory, name, content):
        (directory / "priv/couchdb/views" / f"{name}.json").write_text(json.dumps(content))

    def test_a_view_is_registered_as_kazoo_does_and_only_when_it_differs(self, zone, directory):
        from kazoo_sup import changes

        mapped = [{"classification": "account"}, {"database": "accounts"}]
        design = {"_id": "_design/x", "views": {"v": {"map": ["function(doc) {", "}"]}}, "kazoo": {"view_map": mapped}}
        self.write(directory, "x", design)
        assert view_registrations.installed("app", str(directory.parent)) == directory
        for _run in range(2):
            changes.apply(zone, view_registrations.registrations(zone, "app", directory))
        stored = zone.couchdb.all("system_data")["multi_db-app-x"]
        assert stored["kazoo"]["view_map"] == mapped[::-1]
        assert stored["view_definition"]["views"]["v"]["map"] == "function(doc) {}"
        assert (stored["application"], stored["name"], stored["version"]) == ("app", "x", "4.3.2")
        assert zone.couchdb.written == [("system_data", "multi_db-app-x", "created")]

    @pytest.mark.parametrize(
        "content", [[], {}, {"_id": "x", "kazoo": {"view_map": [{"database": "a"}]}}, {"_id": "_design/x"}]
    )
    def test_a_file_that_is_no_registration_stops_all(self, zone, directory, content):
        self.write(directory, "bad", content)
        with pytest.raises(view_registrations.BadView):
            list(view_registrations.registrations(zone, "app", directory))


class TestFeatures:
    def test_a_system_that_configures_none_allows_all(self, zone):
        assert of_system(zone) == sorted(features.ALL)

    def test_configured_providers_stand_in_for_the_list(self, zone):
        zone.couchdb.put("system_config", {"_id": "number_manager", "default": {"providers": ["cnam"]}})
        assert of_system(zone) == ["cnam"]

    def test_admin_only_ones_are_added_once(self, zone):
        zone.couchdb.put("system_config", {"_id": "number_manager", "default": {"features": {"allow": ["sms"]}}})
        assert ensure_admin_only(zone)
        zone.rerun()
        assert of_system(zone) == ["carrier_name", "sms"]
        assert ensure_admin_only(zone) is None

    def test_one_that_nobody_knows_is_named(self):
        assert "'x'" in numbers.unknown_feature("x")[0]

    @given(st.lists(st.sampled_from(features.ALL)), st.sampled_from(features.ALL), st.booleans())
    def test_a_list_with_or_without_one(self, names, feature, with_it):
        found = changed(names, feature, with_it=with_it)
        assert (feature in found) == with_it
        assert set(found) - {feature} == set(names) - {feature}


class TestPortRequests:
    @pytest.fixture(autouse=True)
    def accounts(self, zone):
        for account, tree in ((MASTER, []), (PARENT, [MASTER]), (ACCOUNT, [MASTER, PARENT])):
            definition = {"_id": account, "name": f"name of {account[0]}", "pvt_tree": tree}
            zone.couchdb.put(plain(account_database(account)), definition)
        zone.couchdb.put("system_config", {"_id": "accounts", "default": {"master_account_id": MASTER}})

    def request(self, name="p", **fields):
        base = {"_id": name, "pvt_type": "port_request", "pvt_account_id": ACCOUNT, "pvt_port_state": "submitted"}
        base |= {"numbers": {}}
        return {**base, **fields}

    def test_gets_what_is_missing_once(self, zone):
        zone.couchdb.put("port_requests", self.request(comments=[{"superduper_comment": True, "content": "x"}, {}]))
        assert "-- migrated 1 port requests" in migrated(zone)
        found = zone.couchdb.all("port_requests")["p"]
        assert found["pvt_tree"] == [MASTER, PARENT]
        assert (found["pvt_port_authority"], found["pvt_port_authority_name"]) == (MASTER, "name of 3")
        assert found["pvt_account_name"] == "name of 1"
        assert found["comments"] == [{"content": "x", "is_private": True}, {}]
        assert "-- migrated 0 port requests" in migrated(zone)

    def test_the_whitelabel_of_the_nearest_ancestor_names_the_authority(self, zone):
        zone.couchdb.put(plain(account_database(PARENT)), {"_id": "whitelabel", "port": {"authority": PARENT}})
        assert port_requests.port_authority(zone, ACCOUNT) == PARENT
        assert port_requests.port_authority(zone, PARENT) == MASTER

    def test_one_whose_account_is_gone_is_reported_and_the_others_done(self, zone):
        zone.couchdb.put("port_requests", self.request("a", pvt_account_id="9" * 32), self.request("b"))
        *_events, report = port_requests.migrate(zone)
        assert report.counts == {"edited": 1, "failed": 1}
        assert "pvt_tree" in zone.couchdb.all("port_requests")["b"]
        assert [each.id for each in zone.reports if each.error] == ["a"]


NAMES = st.text(st.sampled_from('ab"\\é'), min_size=1, max_size=3)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("touch"), NAMES, st.none() | NAMES),
            st.tuples(st.just("fail"), NAMES, NAMES, st.lists(NAMES, min_size=1, max_size=3)),
        ),
        min_size=1,
    )
)
def test_a_summary_is_what_kazoo_s_map_would_be(deeds):
    summary, wanted = Summary(), {}
    for name, database, *more in deeds:
        getattr(summary, name)(database, *more)
        entry = wanted.setdefault(database, {})
        if name == "fail":
            entry.setdefault("failed", {}).setdefault(more[0], []).extend(more[1])
        elif more[0] is not None:
            entry["last_error"] = more[0]

    def ordered(found):
        return {key: ordered(found[key]) for key in sorted(found, key=str.encode)} if isinstance(found, dict) else found

    lines = list(number_repairs.lines([Summed(summary)]))
    shown = {name: entry for name, entry in wanted.items() if entry}
    assert lines[:3] == ["::: done. see console log for error summary", "", ""]
    assert "\n".join(lines[3:]) == terms.json_pretty(ordered(shown))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("numbers/+1415", "numbers%2F%2B1415"),
        ("numbers%2F%2B1415", "numbers%2F%2B1415"),
        ("+1415", "numbers%2F%2B1415"),
        ("%2B1415", "numbers%2F%2B1415"),
        ("+14155550100", "numbers%2F%2B1415"),
        ("4155550100", "numbers%2F%2B1415"),
        ("managed", "numbers%2Fmanaged"),
    ],
)
def test_a_number_database_by_any_name(zone, text, found):
    assert database_of(text, zone) == found


@pytest.mark.parametrize("text", ["", "accounts", "numbers/", "12", "+1"])
def test_no_number_database(zone, text):
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        database_of(text, zone)


def test_a_number_database_that_is_not_there_is_no_prefix(zone):
    zone.couchdb.create("numbers/+1415")
    assert list(number_databases.one_or_all(zone, "numbers%2F%2B1415").names()) == ["numbers%2F%2B1415"]
    with pytest.raises(BadArgument, match="there is no database numbers/\\+1999"):
        number_databases.one_or_all(zone, "numbers%2F%2B1999")
