"""How an operator names what numbers have: states, carrier modules, features, public fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from kazoo_sup import terms
from kazoo_sup.command import Reads
from kazoo_sup.kazoo import carriers
from kazoo_sup.kazoo.numbers import providers, states

if TYPE_CHECKING:
    from kazoo_sup.kazoo.documents import Document


def _state(text: str, _zone: Any) -> str:
    if text not in states.ALL:
        raise ValueError(f"{text!r} is no state, they are {', '.join(states.ALL)}")
    return text


def _carrier(text: str, _zone: Any) -> str:
    return carriers.known(text)


def _feature(text: str, _zone: Any) -> str:
    if text not in providers.PUBLIC_KEYS:
        raise ValueError(f"{text!r} is no feature that is set, they are {', '.join(providers.PUBLIC_KEYS)}")
    return text


def _public_fields(text: str, _zone: Any) -> Document:
    try:
        found = terms.read_json(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{text!r} is no JSON object")  # noqa: TRY004 - what was typed is wrong, not a caller
    private = [key for key in found if key.startswith(("_", "pvt_"))]
    if private:
        raise ValueError(f"{', '.join(private)}: these are private fields")
    return found


State = Annotated[str, Reads(_state)]
"""A state of numbers."""

CarrierModule = Annotated[str, Reads(_carrier)]
"""A carrier module, with or without `knm_`."""

Feature = Annotated[str, Reads(_feature)]
"""A feature of numbers, by the public field that asks for it."""

PublicFields = Annotated[dict[str, Any], Reads(_public_fields)]
"""A JSON object of a number's public fields."""
