"""Crossbar's list of modules."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.config import crossbar_modules


def stored(zone):
    return zone.couchdb.all("system_config")["crossbar"]["default"]["autoload_modules"]


def put(zone, *modules):
    zone.couchdb.put("system_config", {"_id": "crossbar", "default": {"autoload_modules": list(modules)}})


def test_without_a_list_it_is_the_one_that_crossbar_brings(zone):
    assert crossbar_modules.stored(zone) == list(crossbar_modules.DEFAULT)


def test_versions_are_dropped_and_each_is_there_once(zone):
    put(zone, "cb_users_v2", "cb_users_v1", "cb_about")
    assert crossbar_modules.stored(zone) == ["cb_about", "cb_users"]


def test_one_that_is_added_comes_first_and_only_once(zone):
    put(zone, "cb_about", "cb_sup")
    assert crossbar_modules.add(zone, "cb_sup")
    assert stored(zone) == ["cb_sup", "cb_about"]


def test_one_that_is_removed_is_gone(zone):
    put(zone, "cb_about", "cb_sup")
    assert crossbar_modules.remove(zone, "cb_about")
    assert stored(zone) == ["cb_sup"]


def test_a_node_loads_both_versions_where_there_are_two():
    assert crossbar_modules.loaded(["cb_users", "cb_about"]) == ["cb_about", "cb_users_v1", "cb_users_v2"]


@pytest.mark.parametrize("name", ["about", "cb_", "cb_About", "cb_x;", ""])
def test_what_is_no_module_is_refused(name):
    with pytest.raises(ValueError, match="not a module of crossbar"):
        crossbar_modules.check(name)


def test_a_migration_takes_out_what_is_no_more_and_adds_what_is_missing():
    modules = [*crossbar_modules.DEFAULT[1:], "cb_signup", "cb_mine"]
    after, deprecated, missing = crossbar_modules.migrated(modules)
    assert (deprecated, missing) == (["cb_signup"], [crossbar_modules.DEFAULT[0]])
    assert after == sorted([*crossbar_modules.DEFAULT, "cb_mine"])


def test_a_migration_leaves_a_complete_list_as_it_is():
    modules = [*reversed(crossbar_modules.DEFAULT)]
    assert crossbar_modules.migrated(modules) == (modules, [], [])
