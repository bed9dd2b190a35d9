"""What Kazoo makes of phone numbers: E.164, national forms, classes. `sup number explain` shows all of it at once."""

from __future__ import annotations

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.command import command
from kazoo_sup.kazoo.numbers import classification, e164
from kazoo_sup.messages.names import number_database
from kazoo_sup.results import UNDEFINED, Answer
from kazoo_sup.zone import Zone


@command
def normalize(zone: Zone, number: str, account: AccountId | None = None) -> Answer:
    """Show NUMBER in E.164 form, by the converters of the system, or as ACCOUNT would dial it."""
    return Answer(e164.for_account(number, account, zone) if account else e164.converted_as_typed(number, zone))


@command
def is_normalized(zone: Zone, number: str) -> Answer:
    """Show whether NUMBER is in E.164 form already: no converter changes it."""
    return Answer(e164.converted_as_typed(number, zone) == number)


@command
def to_npan(number: str) -> Answer:
    """Show a NUMBER of North America as its ten digits, any other as it is."""
    return Answer(e164.to_npan(number))


@command
def is_npan(number: str) -> Answer:
    """Show whether to_npan leaves NUMBER as it is."""
    return Answer(e164.to_npan(number) == number)


@command
def to_1npan(number: str) -> Answer:
    """Show a NUMBER of North America as 1 and its ten digits, any other as it is."""
    return Answer(e164.to_1npan(number))


@command
def is_1npan(number: str) -> Answer:
    """Show whether to_1npan leaves NUMBER as it is."""
    return Answer(e164.to_1npan(number) == number)


@command
def to_db(number: str) -> Answer:
    """Show the database in which the document of NUMBER, in E.164 form, is kept."""
    return Answer(number_database(number) or UNDEFINED)


@command
def is_reconcilable(zone: Zone, number: str) -> Answer:
    """Show whether the number manager takes NUMBER for a phone number."""
    return Answer(e164.is_reconcilable(e164.converted_as_typed(number, zone), zone))


@command
def classify(zone: Zone, number: str) -> Answer:
    """Show the class of NUMBER, such as did_us or tollfree_us."""
    found = classification.classify(e164.converted_as_typed(number, zone), classification.available(zone))
    return Answer(found or UNDEFINED)


@command
def available_classifiers(zone: Zone) -> Answer:
    """Show all classes of numbers with their expressions."""
    return Answer(classification.available(zone))
