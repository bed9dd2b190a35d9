"""Erlang terms as Kazoo's `sup` prints them, and Erlang and JSON values read from text.

A Python `str` is an Erlang binary (a JSON string), `Atom` an atom, `Charlist` an Erlang string, `None` the atom
`null`, a `dict` the object jiffy decodes JSON into: `{[{<<"key">>,Value}]}`. Lists, tuples and numbers are themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.facades import facade
from kazoo_sup.terms.values import OK, UNDEFINED, Atom, BadTerm, Charlist, Term, as_data, from_json, to_json

if TYPE_CHECKING:
    from kazoo_sup.terms.arguments import read_json, read_value
    from kazoo_sup.terms.jiffy import json_encode, json_pretty
    from kazoo_sup.terms.layout import formatted, pretty
    from kazoo_sup.terms.printing import dumps
    from kazoo_sup.terms.reading import loads

__all__ = [
    "OK",
    "UNDEFINED",
    "Atom",
    "BadTerm",
    "Charlist",
    "Term",
    "as_data",
    "dumps",
    "formatted",
    "from_json",
    "json_encode",
    "json_pretty",
    "loads",
    "pretty",
    "read_json",
    "read_value",
    "to_json",
]

_HOMES = {
    "dumps": "printing",
    "formatted": "layout",
    "json_encode": "jiffy",
    "json_pretty": "jiffy",
    "loads": "reading",
    "pretty": "layout",
    "read_json": "arguments",
    "read_value": "arguments",
}

__getattr__ = facade(__name__, _HOMES)
