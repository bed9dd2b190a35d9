"""Erlang terms as Kazoo's `sup` prints them, and Erlang and JSON values read from text.

A Python `str` is an Erlang binary (a JSON string), `Atom` an atom, `Charlist` an Erlang string, `None` the atom
`null`, a `dict` the object jiffy decodes JSON into: `{[{<<"key">>,Value}]}`. Lists, tuples and numbers are themselves.
"""

from __future__ import annotations

from kazoo_sup.terms.arguments import read_value
from kazoo_sup.terms.jiffy import json_encode, json_pretty
from kazoo_sup.terms.layout import pretty
from kazoo_sup.terms.printing import dumps
from kazoo_sup.terms.reading import loads
from kazoo_sup.terms.values import OK, UNDEFINED, Atom, BadTerm, Charlist, Term, from_json, to_json

__all__ = [
    "OK",
    "UNDEFINED",
    "Atom",
    "BadTerm",
    "Charlist",
    "Term",
    "dumps",
    "from_json",
    "json_encode",
    "json_pretty",
    "loads",
    "pretty",
    "read_value",
    "to_json",
]
