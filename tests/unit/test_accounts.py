"""How an operator may name an account."""

from __future__ import annotations

import pytest

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import find
from kazoo_sup.messages.names import account_database, plain

ONE, TWO, OTHER = "1" * 32, "2" * 32, "3" * 32


@pytest.fixture
def zone(zone):
    """The zone, with three accounts in both places."""
    for identifier, name, realm in (
        (ONE, "Acme, Inc.", "acme.example.com"),
        (TWO, "Twin", "two.example.com"),
        (OTHER, "Twin", "three.example.com"),
    ):
        document = {"_id": identifier, "pvt_type": "account", "name": name, "realm": realm}
        zone.couchdb.put("accounts", document)
        zone.couchdb.put(plain(account_database(identifier)), document)
    zone.couchdb.put_views("accounts", "accounts")
    return zone


@pytest.mark.parametrize("month", ["", "-202611"])
@pytest.mark.parametrize("form", [ONE, account_database(ONE), plain(account_database(ONE))])
def test_by_id_and_by_every_form_of_a_database(zone, form, month):
    assert find(form + month, zone) == ONE


@pytest.mark.parametrize("name", ["acme.example.com", "ACME.Example.com", "Acme, Inc."])
def test_by_realm_in_any_case_and_by_exact_name(zone, name):
    assert find(name, zone) == ONE


@pytest.mark.parametrize("name", ["Acme Inc", "acme, inc.", "Acme", "example.com", "", " Acme, Inc.", "*"])
def test_nearly_is_not_enough(zone, name):
    with pytest.raises(ValueError, match="^no account has the id, database, realm or name "):
        find(name, zone)


def test_a_name_of_several_accounts_is_refused_with_their_ids(zone):
    with pytest.raises(ValueError, match=f"^2 accounts are called 'Twin': {TWO}, {OTHER}$"):
        find("Twin", zone)


def test_only_the_first_of_many_are_shown(zone):
    for digit in "abcdef":
        zone.couchdb.put("accounts", {"_id": digit * 32, "pvt_type": "account", "name": "Same"})
    with pytest.raises(ValueError, match=r"^6 accounts are called 'Same': (\w{32}, ){5}…$"):
        find("Same", zone)


def test_a_realm_goes_before_a_name(zone):
    zone.couchdb.put("accounts", {"_id": "4" * 32, "pvt_type": "account", "name": "acme.example.com"})
    assert find("acme.example.com", zone) == ONE


def test_an_id_that_nobody_has_is_refused(zone):
    with pytest.raises(ValueError, match=f"^there is no account {'f' * 32}$"):
        find("f" * 32, zone)


@pytest.mark.parametrize("place", ["accounts", plain(account_database(ONE))])
def test_one_of_its_two_definitions_is_enough(zone, place):
    zone.couchdb.put(place, {"_id": ONE, "_deleted": True})
    assert find(ONE, zone) == ONE


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_account_is_found_without_the_view_of_realms_and_nothing_is_saved(zone, dry_run):
    zone.couchdb.put("accounts", {"_id": "_design/accounts", "_deleted": True})
    zone.rerun(dry_run=dry_run)
    assert find("acme.example.com", zone) == ONE
    assert zone.couchdb.written == []


def test_as_a_parameter_it_says_which_argument_was_wrong(zone):
    from kazoo_sup.command import bind

    def function(account: AccountId, zone: accounts.Any) -> tuple[str, str]:
        return account, zone

    function.__annotations__ = {"account": AccountId, "zone": type(zone).__mro__[1]}
    given = {"Zone": lambda: zone}
    assert bind(function, ["acme.example.com"], {}, given) == (ONE, zone)
    with pytest.raises(BadArgument, match="^ACCOUNT: no account has"):
        bind(function, ["nobody"], {}, given)


@pytest.mark.parametrize(
    ("name", "normal"), [("Acme, Inc.", "acmeinc"), ("Zürich 1", "zrich1"), ("", ""), ("_-.", ""), ("²", "")]
)
def test_names_are_looked_up_without_what_the_view_leaves_out(name, normal):
    assert accounts.normalised_name(name) == normal
