"""Values for completion, looked up on real servers."""

from __future__ import annotations

import pytest

from kazoo_sup.cli.completion import looking_up


@pytest.fixture
def looked_up(cluster, monkeypatch, tmp_path):
    """Return a function that looks values up on the lab."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SUP_COUCHDB_URL", cluster)
    monkeypatch.setenv("SUP_AMQP_URL", "")
    return lambda kind, of="": looking_up.look_up(kind, of, config=None, zone=None)


@pytest.mark.integration
class TestCouchDB:
    def test_accounts_by_name_and_realm(self, looked_up, put):
        account = {"pvt_type": "account", "name": "Some Shop", "realm": "shop.example.org", "pvt_tree": []}
        put("accounts", {"_id": "5" * 32, "pvt_account_id": "5" * 32, **account})
        found = looked_up("accounts")
        assert {"Some Shop", "shop.example.org"} <= set(found)
        assert "shop.example.org" in looked_up("realms")
        assert "Some Shop" not in looked_up("realms")

    def test_categories_and_their_keys(self, looked_up, put):
        put("system_config", {"_id": "odd.one", "default": {"a": {"b": 1}}, "west": {"c": 2}, "pvt_type": "config"})
        assert "odd.one" in looked_up("categories")
        assert looked_up("keys", "odd.one") == ["a", "a.b", "c"]
        assert looked_up("keys", "none") == []

    def test_databases(self, looked_up):
        found = looked_up("databases")
        assert "system_config" in found
        assert all(each.startswith("numbers/") for each in looked_up("number_databases"))

    def test_schemas(self, looked_up, put):
        put("system_schemas", {"_id": "some_schema"})
        assert "some_schema" in looked_up("schemas")

    def test_modules_and_apps(self, looked_up):
        assert "cb_accounts" in looked_up("crossbar_modules")
        assert "bh_call" in looked_up("blackhole_modules")
        assert "knm_local" in looked_up("carrier_modules")
        assert "crossbar" in looked_up("apps")


@pytest.mark.integration
def test_backends_and_their_servers(haproxy, looked_up, monkeypatch, tmp_path):
    settings = tmp_path / "sup.yaml"
    settings.write_text(f"zones: {{west: {{haproxy: {{near: 'unix:{haproxy.user_socket}'}}}}}}\n")
    monkeypatch.setenv("SUP_CONFIG", str(settings))
    backends = looked_up("haproxy_backends")
    assert backends
    assert looked_up("haproxy_servers", backends[0])
    assert looked_up("haproxy") == ["near"]
    assert looked_up("zones") == ["west"]
