"""Applications for logging in, their keys and the documents that come with Kazoo."""

from __future__ import annotations

import base64
import json

import pytest

from kazoo_sup import changes
from kazoo_sup.cli.render.reports import as_json
from kazoo_sup.kazoo.auth import auth_apps
from kazoo_sup.kazoo.auth.auth_apps import NoApplication
from kazoo_sup.kazoo.databases import shipped_documents
from kazoo_sup.kazoo.databases.shipped_documents import BadDocument


@pytest.fixture
def zone(zone):
    zone.couchdb.create("system_auth")
    return zone


def test_an_application_is_registered_once(zone):
    document = auth_apps.new("app", "a" * 32, "hush", email="x@example.com", oauth_provider="google")
    assert list(document)[2:4] == ["pvt_secret", "pvt_email"]
    assert auth_apps.register(zone, auth_apps.AUTH, document)["_rev"].startswith("1-")
    assert auth_apps.register(zone, auth_apps.AUTH, {**document, "pvt_secret": "other"}) is None
    assert zone.couchdb.all("system_auth")["app"]["pvt_secret"] == "hush"


def test_the_database_of_applications_is_made_where_it_is_missing(zone):
    assert auth_apps.register(zone, auth_apps.OAUTH, auth_apps.new("app", "a" * 32, "hush")) is not None
    assert zone.couchdb.exists("oauth")


def test_an_application_that_somebody_registers_meanwhile_is_left_to_them(zone):
    document = auth_apps.new("app", "a" * 32, "hush", auth_provider="google")

    def somebody_else(_database, _documents):
        zone.couchdb.before_save.clear()
        zone.couchdb.put("system_auth", {"_id": "app", "pvt_secret": "theirs"})

    zone.couchdb.before_save.append(somebody_else)
    assert auth_apps.register(zone, auth_apps.AUTH, document) is None
    assert zone.couchdb.all("system_auth")["app"]["pvt_secret"] == "theirs"


def test_a_key_is_stored_and_named_by_its_application(zone):
    zone.couchdb.put("system_auth", {"_id": "app", "pvt_type": "app"})
    application = auth_apps.register_key(zone, "app", "PEM")
    key = zone.couchdb.all("system_auth")[application["pvt_server_key"]]
    assert key["pvt_type"] == "system_key"
    assert base64.b64decode(key["_attachments"]["private_key.pem"]["data"]) == b"PEM"


def test_a_key_of_no_application_is_not_stored(zone):
    with pytest.raises(NoApplication):
        auth_apps.register_key(zone, "app", "PEM")
    assert not zone.couchdb.written


def test_a_key_is_not_shown(zone):
    zone.couchdb.put("system_auth", {"_id": "app", "pvt_type": "app"})
    zone.rerun(dry_run=True)
    auth_apps.register_key(zone, "app", "PEM")
    assert base64.b64encode(b"PEM").decode() not in json.dumps([as_json(each) for each in zone.reports])


def test_the_signing_secret_is_made_once(zone):
    auth_apps.ensure_secret(zone)
    made = zone.couchdb.all("system_config")["auth"]
    assert len(made["default"]["secret_for_user_signature"]) == 32
    zone.rerun()
    auth_apps.ensure_secret(zone)
    assert zone.couchdb.all("system_config")["auth"] == made


class TestShippedDocuments:
    def apply(self, zone, *files):
        return changes.apply(zone, shipped_documents.updates(zone, "system_auth", list(files))).counts

    @pytest.fixture
    def file(self, tmp_path):
        def write(name, content):
            path = tmp_path / name
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            return path

        return write

    def test_a_file_is_stored_once_and_again_when_it_changes(self, zone, file):
        assert self.apply(zone, file("a.json", {"_id": "a", "url": "x"})) == {"created": 1}
        assert self.apply(zone, file("a.json", {"_id": "a", "url": "x"})) == {"unchanged": 1}
        created = zone.couchdb.all("system_auth")["a"]["pvt_created"]
        assert self.apply(zone, file("a.json", {"_id": "a", "url": "y"})) == {"edited": 1}
        stored = zone.couchdb.all("system_auth")["a"]
        assert (stored["url"], stored["pvt_created"]) == ("y", created)

    @pytest.mark.parametrize("content", ["{", "[]", '{"url": "x"}'])
    def test_one_bad_file_keeps_all_from_being_stored(self, zone, file, content):
        with pytest.raises(BadDocument, match="b.json"):
            self.apply(zone, file("a.json", {"_id": "a"}), file("b.json", content))
        assert not zone.couchdb.written
