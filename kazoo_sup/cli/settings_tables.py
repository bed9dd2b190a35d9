"""The tables of the settings in sup.yaml for the docs, written from the schema of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.settings import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = "| setting | what it is | value | unless set | variable |\n| --- | --- | --- | --- | --- |"
_HEAD_OF_CREDENTIALS = "| key | what it is |\n| --- | --- |"


def settings_tables() -> str:
    """Return the tables of all settings: the file's, a zone's, those of TLS, and the keys of a server."""
    credentials = schema.definition("credentials")["properties"]
    parts = [
        "\n### The file\n",
        _table(schema.schema()),
        "### A zone\n",
        _table(schema.definition("zone")),
        "### TLS\n",
        "`couchdb_tls`, `amqp_tls` and `erlang_tls` have these.\n",
        _table(schema.definition("tls")),
        "### A server\n",
        "A URL, a list of URLs where several are taken, or these, of which one at most has the password.\n",
        _HEAD_OF_CREDENTIALS,
        *(f"| `{key}` | {each['description']} |" for key, each in credentials.items()),
    ]
    return "\n".join(parts) + "\n\n"


def _table(described: schema.Schema) -> str:
    return "\n".join([_HEAD, *_rows("", described)]) + "\n"


def _rows(place: str, described: schema.Schema) -> Iterator[str]:
    for key, each in described["properties"].items():
        name, found = schema.kind(each)
        inner = found["anyOf"][-1] if name == "journal" else found
        yield _row(place + key, each, found)
        if "properties" in inner and name != "tls":
            yield from _rows(f"{place}{key}.", inner)


def _row(name: str, each: schema.Schema, found: schema.Schema) -> str:
    if each.get("additionalProperties"):
        inner_name, inner = schema.kind(each["additionalProperties"])
        value = "zones by name" if inner_name == "zone" else f"by name: {inner['title']}"
    else:
        value = found.get("title", "the settings below")
    default = "" if "default" not in each else f"`{_written(each['default'])}`"
    variables = ", ".join(f"`{variable}`" for variable in each.get("x-environment", ()))
    return f"| `{name}` | {each['description']} | {value} | {default} | {variables} |"


def _written(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)
