"""What numbers have and where they are: numbers themselves, states, carrier modules, features, databases, pools."""

from __future__ import annotations

import re
from typing import Annotated

from kazoo_sup import terms
from kazoo_sup.arguments.lists import read_each
from kazoo_sup.arguments.reads import Reads
from kazoo_sup.kazoo import carriers
from kazoo_sup.kazoo.numbers import e164, features, pools, providers, states
from kazoo_sup.kazoo.numbers.number_databases import database_of
from kazoo_sup.kazoo.numbers.pools import Pool
from kazoo_sup.types import Document

_BEGINNING = re.compile(r"\+[0-9]*", re.ASCII)


def _state(text: str, _zone: object) -> str:
    if text not in states.ALL:
        raise ValueError(f"{text!r} is not a state, they are {', '.join(states.ALL)}")
    return text


def _prefix(text: str, _zone: object) -> str:
    if not _BEGINNING.fullmatch(text):
        raise ValueError(f"{text!r} is not how stored numbers begin: + and digits, such as +1415")
    return text


def _carrier(text: str, _zone: object) -> str:
    return carriers.of_number(text)


def _any_carrier(text: str, _zone: object) -> str:
    return carriers.known(text)


def _feature(text: str, _zone: object) -> str:
    if text not in providers.PUBLIC_KEYS:
        raise ValueError(f"{text!r} is not a feature that is set, they are {', '.join(providers.PUBLIC_KEYS)}")
    return text


def _public_fields(text: str, _zone: object) -> Document:
    try:
        found = terms.read_json(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{text!r} is not a JSON object")  # noqa: TRY004 - what was typed is wrong, not a caller
    private = [key for key in found if key.startswith(("_", "pvt_"))]
    if private:
        raise ValueError(f"{', '.join(private)}: these are private fields")
    if expected := features.other_than_expected(found):
        raise ValueError(f"{text!r} does not fit: {expected}")
    return found


E164 = Annotated[str, Reads(e164.read, "NUMBER")]
"""A phone number in any form the zone's converters know, in E.164 form."""


NumberDatabase = Annotated[str, Reads(database_of)]
"""A number database, by its name, its prefix or a number of it."""


NumberDatabaseList = Annotated[
    list[str],
    Reads(lambda text, zone: read_each(text, lambda each: database_of(each, zone), "number databases")),
]
"""A JSON list of number databases."""


NumberList = Annotated[
    list[str],
    Reads(lambda text, zone: read_each(text, lambda each: e164.read(each, zone), "numbers")),
]
"""A JSON list of numbers, in E.164 form."""


State = Annotated[str, Reads(_state)]
"""A state of numbers."""


Prefix = Annotated[str, Reads(_prefix)]
"""How numbers begin, as they are stored: + and digits."""

CarrierModule = Annotated[str, Reads(_carrier)]
"""A carrier module of numbers, with or without `knm_`, or by its name before Kazoo 4.0."""


AnyCarrierModule = Annotated[str, Reads(_any_carrier)]
"""A carrier module by its own name, also one whose numbers are read as another one's."""


Feature = Annotated[str, Reads(_feature)]
"""A feature of numbers, by the public field that asks for it."""


PublicFields = Annotated[Document, Reads(_public_fields)]
"""A JSON object of a number's public fields."""


PoolName = Annotated[Pool, Reads(pools.find, "CARRIER")]
"""A carrier module that generates numbers."""
