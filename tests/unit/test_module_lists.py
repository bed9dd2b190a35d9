"""What nodes start with: teletype's modules and Kazoo's applications."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.config import autostart
from kazoo_sup.kazoo.notifications import notification_templates, teletype_modules
from kazoo_sup.texts import applications

NODE = "kazoo_apps@apps1.example.com"


def put(zone, category, **sections):
    zone.couchdb.put("system_config", {"_id": category, **sections})


class TestTeletype:
    def test_without_a_list_every_template_has_its_module(self, zone):
        assert len(teletype_modules.stored(zone)) == len(notification_templates.defaults())

    def test_a_module_is_known_by_its_template_by_the_list_or_by_its_file(self, zone, tmp_path, monkeypatch):
        monkeypatch.setattr(teletype_modules.view_registrations, "installed", lambda _application: tmp_path)
        (tmp_path / "ebin").mkdir()
        (tmp_path / "ebin" / "teletype_acme.beam").touch()
        known = ["teletype_topup", "teletype_acme", "teletype_mine"]
        assert [teletype_modules.is_known(each, ["teletype_mine"]) for each in [*known, "teletype_x"]] == [1, 1, 1, 0]

    def test_what_starts_comes_first_and_what_stops_goes_once(self, zone):
        put(zone, "notify", default={"autoload_modules": ["teletype_a", "teletype_b", "teletype_a"]})
        modules = teletype_modules.stored(zone)
        assert teletype_modules.remove(zone, "teletype_a", modules)
        document = zone.couchdb.all("system_config")["notify"]
        assert document["default"]["autoload_modules"] == ["teletype_b", "teletype_a"]
        zone.rerun()
        teletype_modules.add(zone, "teletype_c", teletype_modules.stored(zone))
        zone.rerun()
        assert teletype_modules.stored(zone) == ["teletype_c", "teletype_b", "teletype_a"]
        assert not teletype_modules.remove(zone, "teletype_c", ["teletype_c"])


class TestApplications:
    @pytest.mark.parametrize(
        ("sections", "apps"),
        [
            ({}, list(autostart.DEFAULT)),
            ({"default": {"kapps": ["crossbar"]}}, ["crossbar"]),
            ({"default": {"kapps": ["crossbar"]}, NODE: {"kapps": ["fax"]}}, ["fax"]),
        ],
    )
    def test_a_node_has_its_own_list_or_everybodys(self, zone, sections, apps):
        if sections:
            put(zone, "kapps_controller", **sections)
        assert autostart.configured(zone) == apps

    def test_a_node_that_is_named_after_an_application_starts_it(self, zone):
        zone.node = "ecallmgr@apps1.example.com"
        put(zone, "kapps_controller", default={"kapps": ["crossbar"]})
        assert autostart.configured(zone) == ["ecallmgr"]

    def test_what_is_stored_goes_where_the_list_stands(self, zone):
        put(zone, "kapps_controller", **{"default": {"kapps": ["a"]}, NODE: {"kapps": ["b"]}})
        autostart.store(zone, ["c", "b"])
        document = zone.couchdb.all("system_config")["kapps_controller"]
        assert (document[NODE]["kapps"], document["default"]["kapps"]) == (["c", "b"], ["a"])

    def test_differences_are_named_and_nothing_else(self):
        lines = list(applications.compared(["crossbar", "fax"], ["crossbar", "pivot", "acdc"]))
        assert [line.split(":")[0].split() for line in lines] == [
            ["unexpected", "applications"],
            ["missing", "application"],
            ["running", "applications"],
            ["configured", "applications"],
        ]
        assert lines[0].endswith(": acdc,pivot")
        assert {line.index(":") for line in lines} == {23}
