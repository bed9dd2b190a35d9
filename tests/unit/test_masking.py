"""What is shown of documents holds no text that stands under the name of a secret, however deep."""

from __future__ import annotations

import pytest

from kazoo_sup.changes import masking
from kazoo_sup.cli import catalogue

SECRET = "geheim"


@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        [SECRET],
        {"a": SECRET},
        [{"a": [SECRET, 3]}],
        {"default": {"deep": [[SECRET]]}},
    ],
)
@pytest.mark.parametrize("name", ["password", "passwords", "token", "api_secret", "cookie", "pin", "pins"])
def test_no_text_below_the_name_of_a_secret_is_shown(name, value):
    shown = masking.of_document({"default": {name: value, "other": "kept"}}, {"default": {name: value}})
    assert SECRET not in str(shown)
    assert masking.MASK in str(shown)
    assert shown["default"]["other"] == "kept"


def test_a_secret_that_is_another_now_is_told_from_one_that_stayed():
    before = {"tokens": {"a": "x", "b": "y"}, "passwords": ["x", "y"]}
    after = {"tokens": {"a": "x", "b": "z"}, "passwords": ["x", "z"]}
    shown = masking.of_document(after, before)
    mask, changed = masking.MASK, f"{masking.MASK} (changed)"
    assert shown == {"tokens": {"a": mask, "b": changed}, "passwords": [mask, changed]}


def test_what_is_counted_or_switched_stays():
    limits = {"tokens": {"max": 5, "enabled": True, "none": None}, "token_costs": 3}
    assert masking.of_document(limits) == limits
    rules = {"password_strength": 3, "require_pin": True, "pins": []}
    assert masking.of_document(rules) == rules


def test_a_secret_may_be_a_number():
    mask = masking.MASK
    shown = masking.of_document({"pin": 1234, "member": {"pins": [1, 2]}, "password": 5}, {"pin": 4321})
    assert shown == {"pin": f"{mask} (changed)", "member": {"pins": [mask, mask]}, "password": mask}


@pytest.mark.parametrize("name", ["properties", "views"])
def test_what_describes_a_field_or_a_view_of_that_name_is_shown(name):
    described = {name: {"password": {"type": "string", "map": "function(doc) {}"}}}
    assert masking.of_document(described) == described
    assert SECRET not in str(masking.of_document({name: {"password": SECRET, "b": {"password": SECRET}}}))


@pytest.mark.parametrize("name", ["uri", "amqp_uri", "phonebook_url"])
def test_credentials_in_urls_are_masked_wherever_they_are(name):
    before, after = f"amqp://kazoo:{SECRET}1@h", f"amqp://kazoo:{SECRET}2@h"
    shown = masking.of_document({"default": {name: after, "all": [after, 5]}}, {"default": {name: before, "all": []}})
    assert shown == {"default": {name: "amqp://****@h (changed)", "all": ["amqp://****@h", 5]}}
    same = masking.of_document({name: [after]}, {name: [after]})
    assert same == {name: ["amqp://****@h"]}
    assert masking.of_document({name: "http://h/a@b"}) == {name: "http://h/a@b"}
    queried = masking.of_document({name: f"https://h/x?a=1&api_key={SECRET}&key={SECRET}#b"})
    assert queried == {name: "https://h/x?a=1&api_key=****&key=****#b"}
    assert masking.of_document({name: "https://h/x?startkey=1&keys=2"}) == {name: "https://h/x?startkey=1&keys=2"}


@pytest.mark.parametrize(
    "document",
    [
        {"authorization_header": f"Bearer {SECRET}"},  # services.http_sync
        {"headers": {"Authorization": f"Basic {SECRET}"}},
        {"record_pin": SECRET},  # menus
        {"offline_configuration_key": SECRET},  # crossbar.freeswitch
        {"account": "a", "container": "c", "key": SECRET},  # storage at Azure
        {"certificate": f"-----BEGIN RSA PRIVATE KEY-----{SECRET}"},  # pusher's apple
    ],
)
def test_what_is_secret_by_its_place_or_its_look_is_masked(document):
    shown = masking.of_document({"default": document})
    assert (SECRET in str(shown), masking.MASK in str(shown)) == (False, True)


def test_what_is_named_like_a_secret_on_a_command_line_is_taken_for_one():
    """Also where no word before it says so: the journal keeps command lines."""
    typed = [(each, one) for each in catalogue.commands() for one in each.parameters if one.kind == "argument"]
    named = [(each, one) for each, one in typed if masking._FIELD.search(one.name)]
    assert named
    assert [f"{each.usage}: {one.metavar}" for each, one in named if not one.secret] == []


def test_what_is_assigned_in_an_order_is_masked():
    order = f"originate {{sip_auth_password={SECRET},a=1,'x_token'=2,api_key='{SECRET} b'}}sofia/x/1 1000"
    assert masking.without_assigned(order) == (
        "originate {sip_auth_password=****,a=1,'x_token'=2,api_key=****}sofia/x/1 1000"
    )


def test_credentials_of_an_address_whose_query_has_a_secret_are_masked_too():
    assert masking.of_words([f"http://u:{SECRET}@h/x?token={SECRET}"]) == ["http://****@h/x?token=****"]
