"""The lab's content: consistent in itself and with what Kazoo's documents look like."""

from __future__ import annotations

import json
import re
import socket

import pytest

from kazoo_sup.errors import ServerUnreachable
from kazoo_sup.kazoo.config import schemas
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import document_hash
from kazoo_sup.lab import seed
from kazoo_sup.settings import resources

TIMES = ("pvt_created", "pvt_modified")


def seeded(database: str, identifier: str) -> dict:
    (found,) = [each for each in seed.documents()[database] if each["_id"] == identifier]
    return found


def without_times(document: dict) -> dict:
    return {key: value for key, value in document.items() if key not in TIMES}


def test_all_of_kazoos_own_databases_are_made_and_none_of_numbers():
    names = seed.databases()
    assert len(names) == len(set(names)) == 23
    assert set(seed.documents()) <= set(names)
    assert not [name for name in names if name.startswith("numbers")]


def test_documents_have_ids_of_their_own_and_no_revision():
    for documents in seed.documents().values():
        identifiers = [each["_id"] for each in documents]
        assert len(identifiers) == len(set(identifiers))
        assert not [each for each in documents if "_rev" in each]


def test_the_master_account_is_the_same_in_its_own_database_and_in_accounts():
    own, listed = seeded(seed.ACCOUNT_DATABASE, seed.ACCOUNT), seeded("accounts", seed.ACCOUNT)
    assert without_times(own) == without_times(listed)
    assert re.fullmatch("[0-9a-f]{32}", seed.ACCOUNT)
    assert own["pvt_account_id"] == own["_id"] == seeded("system_config", "accounts")["default"]["master_account_id"]
    assert own["pvt_account_db"] == seed.ACCOUNT_DATABASE
    assert own["realm"] == "lab.example.com"


def test_the_master_account_has_a_services_document_that_makes_it_a_reseller():
    services = seeded("services", seed.ACCOUNT)
    assert services["pvt_type"] == "service"
    assert services["pvt_account_db"] == seed.ACCOUNT_DATABASE
    assert services["pvt_reseller"] is True


def test_stamped_documents_carry_the_hash_of_what_they_hold():
    for document in (seeded("system_config", "number_manager"), seeded("system_schemas", "find_numbers")):
        assert document["pvt_document_hash"] == document_hash(document)


@pytest.mark.parametrize(
    ("dialled", "prefix", "rest"),
    [("4155550100", "+1", "4155550100"), ("0114930123456", "+", "4930123456"), ("4932123456", "+1", "4932123456")],
)
def test_the_first_converter_that_matches_makes_a_number_international(dialled, prefix, rest):
    converters = seeded("system_config", "number_manager")["default"]["e164_converters"]
    match, rule = next(
        (re.match(regex, dialled), rule) for regex, rule in converters.items() if re.match(regex, dialled)
    )
    assert rule["prefix"] == prefix
    assert [group for group in match.groups() if group][-1] == rest


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+18005550100", "tollfree_us"),
        ("+19005550100", "toll_us"),
        ("911", "emergency"),
        ("+12425550100", "caribbean"),
        ("+14155550100", "did_us"),
        ("+4930123456", "international"),
        ("100", "unknown"),
    ],
)
def test_classifiers_stand_in_the_order_in_which_kazoo_asks_them(number, expected):
    classifiers = seeded("system_config", "number_manager")["default"]["classifiers"]
    assert next(name for name, rule in classifiers.items() if re.match(rule["regex"], number)) == expected


def test_schema_files_are_valid_named_by_their_id_and_described():
    files = schemas.read_all(resources.config_directory() / "schemas")
    assert len(files) >= 8
    for name, schema in files.items():
        assert (schema["_id"], schema["provider"]) == (name, "kazoo-sup")
        assert schema["$schema"] == "http://json-schema.org/draft-04/schema#"
        undescribed = [key for key, value in schema["properties"].items() if not {"description", "$ref"} & set(value)]
        assert not undescribed, name


def test_schemas_refer_only_to_schemas_that_are_there():
    files = schemas.read_all(resources.config_directory() / "schemas")
    assert {each for schema in files.values() for each in schemas.references(schema)} <= set(files)


def test_some_schemas_are_stored_and_some_are_left_to_add():
    stored = {each["_id"] for each in seed.documents()["system_schemas"]}
    files = {path.stem for path in (resources.config_directory() / "schemas").glob("*.json")}
    assert stored < files
    assert {"accounts", "users", "profile"} <= stored, "create_account asks for these"


def test_a_search_for_numbers_needs_three_digits():
    prefix = schemas.read(resources.config_directory() / "schemas" / "find_numbers.json")["properties"]["prefix"]
    assert prefix["minLength"] == 3


def test_bundled_designs_are_named_like_their_file_and_for_databases_or_classes():
    designs = {
        path.stem: json.loads(path.read_text())
        for path in (resources.PACKAGE / "kazoo" / "databases" / "design").glob("*.json")
    }
    assert {"numbers", "numbers_managed", "numbers_inum", "accounts", "views"} <= set(designs)
    for name, design in designs.items():
        classification = design["kazoo"]["view_map"][0].get("classification")
        prefix = f"{classification}_" if classification in ("account", "modb") else ""
        assert name == prefix + design["_id"].removeprefix("_design/")
        assert design["language"] == "javascript"
        for target in design["kazoo"]["view_map"]:
            assert len(target) == 1
            assert set(target) <= {"database", "classification"}
        assert all(view["map"].startswith("function (doc) {") for view in design["views"].values())


def test_registrations_hold_the_bundled_designs_and_are_named_as_kazoo_names_them():
    registered = {each["_id"]: each for each in seed.documents()["system_data"] if "view_definition" in each}
    assert set(registered) == {
        "accounts-kazoo_apps-accounts",
        "numbers-kazoo_number_manager-numbers",
        "numbers/inum-kazoo_number_manager-numbers_inum",
        "numbers/managed-kazoo_number_manager-numbers_managed",
    }
    bundled = {each["_id"]: each for each in views.bundled()}
    for document in registered.values():
        definition = document["view_definition"]
        assert {**definition, "kazoo": document["kazoo"]} == bundled[definition["_id"]]
        assert document["pvt_type"] == "view_definition"


def test_the_accounts_design_is_stored_as_it_is_registered():
    assert (
        seeded("accounts", "_design/accounts")
        == seeded("system_data", "accounts-kazoo_apps-accounts")["view_definition"]
    )


def test_seeding_where_nobody_listens_says_where():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ServerUnreachable) as raised:
            seed.seed(url)
    assert url in str(raised.value)


def test_config_is_found_beside_the_package_and_inside_it(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "kazoo_sup"
    package.mkdir(parents=True)
    monkeypatch.setattr(resources, "PACKAGE", package)
    assert resources.config_directory() == tmp_path / "site-packages" / "config"
    (package / "config").mkdir()
    assert resources.config_directory() == package / "config"
