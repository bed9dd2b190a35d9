"""Values of settings and documents, as they are typed."""

from __future__ import annotations

from typing import Annotated

from kazoo_sup import terms, types
from kazoo_sup.arguments.reads import Reads, utf_8
from kazoo_sup.kazoo.documents.values import to_float, to_integer


def _read_setting(text: str, _zone: object) -> types.Json:
    """Read a setting: text, unless it is a JSON list or object; what begins like one but is not JSON is refused."""
    return _read_json_setting(text, None) if text.lstrip()[:1] in ("[", "{") else utf_8(text)


def _read_json_setting(text: str, _zone: object) -> types.Json:
    """Read JSON and nothing else: of what the shell took the quotes out of, nobody knows what was meant."""
    try:
        return terms.read_json(utf_8(text))
    except ValueError as error:
        kind = "begins like JSON but is not JSON" if text.lstrip()[:1] in ("[", "{") else "is not JSON"
        raise ValueError(
            f"{text!r} {kind}: {error}. Within single quotes the shell leaves double quotes alone; "
            "kapps_config set_string stores a text as it stands"
        ) from error


def _read_json(text: str, _zone: object) -> types.Json:
    return terms.read_value(utf_8(text))


def _read_types(text: str, _zone: object) -> list[str]:
    found = _read_json(text, None)
    kinds = [found] if isinstance(found, str) else found
    if not isinstance(kinds, list) or not all(isinstance(each, str) and each for each in kinds):
        raise ValueError("it is neither a pvt_type nor a JSON list of them")
    return kinds


def _read_integer(text: str, _zone: object) -> int:
    return to_integer(text)


def _read_float(text: str, _zone: object) -> float:
    return to_float(text)


Setting = Annotated[types.Json, Reads(_read_setting)]
"""A setting's value: text, unless it is written as a JSON list or object."""


JsonSetting = Annotated[types.Json, Reads(_read_json_setting)]
"""A setting's value: JSON."""


Json = Annotated[types.Json, Reads(_read_json)]
"""Any JSON value, or an Erlang literal for one."""


DocumentTypes = Annotated[list[str], Reads(_read_types)]
"""Types of documents, `pvt_type`: one, or a JSON list."""


Integer = Annotated[int, Reads(_read_integer)]
"""A whole number; a fraction is rounded."""


Float = Annotated[float, Reads(_read_float)]
"""A number."""
