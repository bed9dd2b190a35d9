"""Monster UI's apps: from their folders into the master account, shown and edited."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from helpers.memory_zone import MemoryZone
from kazoo_sup.cli.render.reports import documents
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.accounts.master_account import NoMasterAccount
from kazoo_sup.kazoo.config.schema_validation import InvalidDocument
from kazoo_sup.kazoo.documents import attachments, mime_types
from kazoo_sup.kazoo.monster_ui import app_files, apps
from kazoo_sup.kazoo.monster_ui.app_installation import Installation
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import crossbar
from kazoo_sup.texts import crossbar as texts

MASTER = "a" * 32
PLACE = plain(account_database(MASTER))
URL = "http://api.example.com:8000/v2"
SCHEMA = {
    "_id": "app",
    "type": "object",
    "required": ["name", "icon", "api_url"],
    "properties": {
        "name": {"type": "string", "minLength": 3},
        "phase": {"enum": ["alpha", "beta", "gold"]},
        "screenshots": {"type": "array", "items": {"type": "string"}},
    },
}


@pytest.fixture
def zone(tmp_path):
    """A cluster with a master account and the schema of apps."""
    zone = MemoryZone(tmp_path / "state")
    zone.couchdb.put("system_config", {"_id": "accounts", "default": {"master_account_id": MASTER}})
    zone.couchdb.put("system_schemas", SCHEMA)
    zone.couchdb.create(PLACE)
    return zone


@pytest.fixture
def folder(tmp_path):
    """A folder with the app `voip`, deep below it."""
    app = tmp_path / "ui" / "apps" / "voip"
    for name, content in {
        "icon/voip.png": b"ICON",
        "screenshots/one.png": b"ONE",
        "screenshots/two.png": b"TWO",
    }.items():
        file = app / "metadata" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    write(app)
    return tmp_path / "ui"


def write(app, **changes):
    said = {
        "name": "voip",
        "icon": "voip.png",
        "screenshots": ["one.png", "two.png"],
        "api_url": "http://elsewhere",
        "source_url": "http://source",
        "pvt_type": "app",
        **changes,
    }
    (app / "metadata" / "app.json").write_text(
        json.dumps({key: each for key, each in said.items() if each is not None})
    )


def install(zone, folder, keys=apps.INIT_KEYS, url=URL):
    installation = Installation(zone, keys, url)
    lines = [line for app in app_files.find(folder) for line in texts.of_apps(installation.install(app))]
    return lines, dict(installation.counts)


def stored(zone):
    (app,) = (each for each in zone.couchdb.all(PLACE).values() if each.get("pvt_type") == "app")
    return app


class TestInstalling:
    def test_document_and_images_are_saved_in_one_step(self, zone, folder):
        lines, counts = install(zone, folder)
        app = stored(zone)
        assert counts == {"created": 1}
        assert (app["name"], app["api_url"]) == ("voip", URL)
        assert "source_url" not in app
        assert app["pvt_account_id"] == MASTER
        contents = {name: base64.b64decode(each["data"]) for name, each in app["_attachments"].items()}
        assert contents == {"voip.png": b"ICON", "one.png": b"ONE", "two.png": b"TWO"}
        assert {each["content_type"] for each in app["_attachments"].values()} == {"image/png"}
        assert lines == [
            f" saved app voip as doc {app['_id']}",
            *(f"   saved {name} to {app['_id']}" for name in ("voip.png", "one.png", "two.png")),
        ]
        assert len([each for each in zone.couchdb.written if each[1] == app["_id"]]) == 1

    def test_without_a_url_the_app_has_none(self, zone, folder):
        install(zone, folder, url=None)
        assert "api_url" not in stored(zone)

    def test_init_takes_over_only_the_url(self, zone, folder):
        install(zone, folder)
        write(folder / "apps" / "voip", phase="beta")
        lines, counts = install(zone, folder, url="http://new")
        assert "phase" not in stored(zone)
        assert stored(zone)["api_url"] == "http://new"
        assert lines[0] == " app voip already loaded in system"
        assert counts == {"edited": 1}

    def test_refresh_takes_over_what_changed(self, zone, folder):
        install(zone, folder)
        write(folder / "apps" / "voip", phase="beta")
        lines, _counts = install(zone, folder, keys=("phase", "icon"), url=None)
        assert stored(zone)["phase"] == "beta"
        assert stored(zone)["api_url"] == URL
        assert " preparing to update phase" in lines
        assert " not updating icon, it is unchanged" in lines

    def test_other_keys_of_a_stored_app_stay(self, zone, folder):
        install(zone, folder)
        zone.couchdb.put(PLACE, {**stored(zone), "published": True})
        install(zone, folder, url="http://new")
        assert stored(zone)["published"] is True

    def test_which_keys_are_refreshed_is_a_setting(self, zone):
        assert apps.refreshed_keys(zone) == list(apps.REFRESH_KEYS)
        zone.couchdb.put("system_config", {"_id": "crossbar", "default": {"refresh_app_keys": ["phase"]}})
        zone.rerun()
        assert apps.refreshed_keys(zone) == ["phase"]

    @pytest.mark.parametrize(
        ("damage", "line"),
        [
            (lambda app: write(app, name="x"), "  failed to validate app data {0}: [wrong_length]"),
            (lambda app: write(app, icon=None), "  failed to validate app data {0}: [missing_required_property]"),
            (
                lambda app: (app / "metadata" / "app.json").unlink(),
                "  failed to incorporate app because there was no app.json in {0}/metadata",
            ),
            (lambda app: (app / "metadata" / "app.json").write_text("{"), "  failed to find metadata in {0}: "),
            (lambda app: (app / "metadata" / "app.json").write_text("[]"), "  failed to find metadata in {0}: "),
        ],
    )
    def test_what_is_wrong_is_told_and_nothing_is_saved(self, zone, folder, damage, line):
        app = folder / "apps" / "voip"
        damage(app)
        installation = Installation(zone, apps.INIT_KEYS, URL)
        (told,) = texts.of_apps(installation.install(app))
        assert told.startswith(line.format(app))
        assert installation.counts == {"failed": 1}
        assert zone.couchdb.all(PLACE) == {}

    @pytest.mark.parametrize("screenshots", [["one.png", "nosuch.png"], ["../icon/voip.png"]])
    def test_images_that_are_missing_or_elsewhere_count_as_a_failure(self, zone, folder, screenshots):
        write(folder / "apps" / "voip", screenshots=screenshots)
        lines, counts = install(zone, folder)
        assert counts == {"failed": 1}
        assert list(stored(zone)["_attachments"]) == ["voip.png"]
        assert any(line.startswith("  failed to ") for line in lines)

    def test_two_of_one_name_are_not_guessed_at(self, zone, folder):
        for identifier in ("x", "y"):
            zone.couchdb.put(PLACE, {"_id": identifier, "pvt_type": "app", "name": "voip"})
        lines, counts = install(zone, folder)
        assert lines == [" failed to find app voip: multiple_results"]
        assert counts == {"failed": 1}

    def test_without_a_master_account_it_is_said_how_to_make_one(self, tmp_path):
        with pytest.raises(NoMasterAccount, match="create_account"):
            Installation(MemoryZone(tmp_path), (), None)

    def test_a_dry_run_shows_no_contents(self, zone, folder):
        zone.couchdb.put_views(PLACE, "apps_store")
        before = zone.couchdb.all(PLACE)
        zone.rerun(dry_run=True)
        install(zone, folder)
        assert zone.couchdb.all(PLACE) == before
        assert not any("data" in each for each in documents(zone.reports[-1])[1]["_attachments"].values())


class TestFolders:
    def test_apps_are_found_in_order_and_a_loop_of_links_ends(self, folder):
        (folder / "apps" / "accounts" / "metadata").mkdir(parents=True)
        write(folder / "apps" / "accounts")
        (folder / "apps" / "voip" / "loop").symlink_to(folder)
        assert [each.name for each in app_files.find(folder)] == ["accounts", "voip"]

    def test_files_of_that_name_elsewhere_are_none(self, folder):
        (folder / "node_modules").mkdir()
        (folder / "node_modules" / "app.json").write_text("{}")
        assert [each.name for each in app_files.find(folder)] == ["voip"]

    @pytest.mark.parametrize("name", ["nosuch", "empty"])
    def test_a_folder_without_apps_is_refused(self, tmp_path, name):
        (tmp_path / "empty").mkdir()
        with pytest.raises(BadArgument):
            app_files.find(tmp_path / name)


class TestEditing:
    @pytest.fixture
    def app(self, zone):
        zone.couchdb.put(PLACE, {"_id": "x", "pvt_type": "app", "name": "voip", "icon": "voip.png"})
        return zone.couchdb.get(PLACE, "x")

    def test_a_field_is_set_where_it_fits(self, zone, app):
        apps.set_field(zone, account_database(MASTER), app, ["phase"], "gold")
        assert stored(zone)["phase"] == "gold"

    def test_one_that_does_not_fit_is_not(self, zone, app):
        with pytest.raises(InvalidDocument, match="phase: Value not found"):
            apps.set_field(zone, account_database(MASTER), app, ["phase"], "nosuch")
        assert "phase" not in stored(zone)

    def test_what_did_not_fit_before_does_not_matter(self, zone, app):
        assert "api_url" not in app
        apps.set_field(zone, account_database(MASTER), app, ["i18n", "en-US", "label"], "PBX")
        assert stored(zone)["i18n"] == {"en-US": {"label": "PBX"}}

    def test_an_icon_is_attached_and_named(self):
        app = apps.with_icon({"icon": "old.png"}, {"new.png": b"X"})
        assert (app["icon"], list(app["_attachments"])) == ("new.png", ["new.png"])

    def test_screenshots_are_added_to_those_there_are(self):
        app = apps.with_screenshots({"screenshots": ["a.png"]}, {"a.png": b"A", "b.png": b"B"})
        assert app["screenshots"] == ["a.png", "b.png"]


class TestShowing:
    def test_objects_are_indented_and_the_rest_is_json(self):
        value = {"id": "x", "i18n": {"en-US": {"label": "PBX", "features": ["a", "é"]}}, "published": True}
        assert list(crossbar.app("voip", value)) == [
            "App voip",
            '  id: "x"',
            "  i18n:",
            "    en-US:",
            '      label: "PBX"',
            '      features: ["a","é"]',
            "  published: true",
            "",
        ]

    def test_one_that_is_looked_up_by_id_is_sorted(self):
        shown = apps.summary({"_id": "x", "tags": [], "name": "voip", "i18n": {"b": 1, "a": 2}, "license": "-"})
        assert json.dumps(shown) == '{"i18n": {"a": 2, "b": 1}, "name": "voip", "tags": []}'


class TestAttachments:
    def test_what_is_attached_just_so_stays_a_stub(self):
        stub = {"stub": True, "length": 3, "digest": "md5-" + base64.b64encode(_md5(b"ONE")).decode()}
        document = {"_attachments": {"one.png": stub, "other": {"stub": True}}}
        assert attachments.with_files(document, {"one.png": b"ONE"}) == document
        changed = attachments.with_files(document, {"one.png": b"TWO"})["_attachments"]
        assert base64.b64decode(changed["one.png"]["data"]) == b"TWO"
        assert changed["other"] == {"stub": True}

    @pytest.mark.parametrize(
        ("name", "expected"), [("a.png", "image/png"), ("a.jpg", "image/jpeg"), ("a", "application/octet-stream")]
    )
    def test_the_ending_says_the_type(self, name, expected):
        assert mime_types.of(name) == expected


def _md5(content):
    return hashlib.md5(content, usedforsecurity=False).digest()
