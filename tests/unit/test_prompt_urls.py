"""Which recording of a prompt is played to whom, and from where."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.media import prompt_languages, prompt_urls
from kazoo_sup.messages.names import account_database, plain

ACCOUNT, RESELLER = "1" * 32, "2" * 32
DATABASES = {account: plain(account_database(account)) for account in (ACCOUNT, RESELLER)}


def recording(language, prompt="vm-hello", **more):
    return {"_id": f"{language}/{prompt}", "prompt_id": prompt, "language": language, "pvt_type": "media", **more}


@pytest.fixture
def prompts(zone):
    """A zone with a prompt in two languages, and an account with a reseller."""
    attached = {"_attachments": {"hello world.wav": {}}}
    zone.couchdb.put_views("system_media", "media", of=DATABASES[ACCOUNT])
    zone.couchdb.put("system_media", recording("en-us", **attached), recording("fr"))
    for account, database in DATABASES.items():
        zone.couchdb.put_views(database, "media")
        zone.couchdb.put(database, {"_id": account})
    zone.couchdb.put("services", {"_id": ACCOUNT, "pvt_reseller_id": RESELLER})
    zone.couchdb.put("services", {"_id": RESELLER, "pvt_reseller_id": RESELLER})
    return zone


@pytest.mark.parametrize(
    ("language", "tried"),
    [
        ("en", ["en"]),
        ("en-us", ["en-us", "en"]),
        ("en-us_fr-fr", ["en-us_fr-fr", "en-us", "en"]),
        ("klingon", ["klingon"]),
    ],
)
def test_languages_from_the_closest_on(language, tried):
    assert prompt_urls.languages(language) == tried


@pytest.mark.parametrize(
    ("language", "found"),
    [("fr-ca", "fr/vm-hello"), ("en-us", "en-us/vm-hello"), ("de", "en-us/vm-hello")],
)
def test_the_systems_in_the_closest_language_else_the_default(prompts, language, found):
    for account in (None, ACCOUNT):
        assert prompt_urls.find(prompts, "vm-hello", account, language) == ("system_media", found)
    assert prompt_urls.find(prompts, "vm-unheard", ACCOUNT, language) is None


def test_an_accounts_own_goes_before_its_resellers_and_the_systems(prompts):
    prompts.couchdb.put(DATABASES[RESELLER], recording("de"))
    assert prompt_urls.find(prompts, "vm-hello", ACCOUNT, "de") == (account_database(RESELLER), "de/vm-hello")
    prompts.couchdb.put(DATABASES[ACCOUNT], recording("de"))
    assert prompt_urls.find(prompts, "vm-hello", ACCOUNT, "de") == (account_database(ACCOUNT), "de/vm-hello")


def test_the_language_of_an_account(prompts):
    assert prompt_languages.of(prompts, ACCOUNT) == "en-us"
    prompts.couchdb.put(DATABASES[ACCOUNT], {"_id": ACCOUNT, "language": "FR-fr"})
    assert prompt_languages.of(prompts, ACCOUNT) == "fr-fr"
    prompts.couchdb.put(DATABASES[ACCOUNT], {"_id": "configs_media", "default_language": "de-DE"})
    assert prompt_languages.of(prompts, ACCOUNT) == "de-de"


def test_the_url_is_couchdbs(prompts):
    found = prompt_urls.url(prompts, "vm-hello", None, "en-us")
    start, _, revision = found.partition("?rev=")
    assert start.endswith("/system_media/en-us%2Fvm-hello/hello%20world.wav")
    assert revision == prompts.couchdb.get("system_media", "en-us/vm-hello")["_rev"]


@pytest.mark.parametrize(
    ("prompt", "language", "why"), [("vm-hello", "fr", "no_data"), ("no", "fr", "invalid_media_name")]
)
def test_why_there_is_none(prompts, prompt, language, why):
    with pytest.raises(prompt_urls.NoUrl, match=why):
        prompt_urls.url(prompts, prompt, None, language)
