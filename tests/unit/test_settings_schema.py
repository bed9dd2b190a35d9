"""config/sup.schema.json and the reader of sup.yaml take the same files, and name the same defaults and variables."""

from __future__ import annotations

import json
import re
from pathlib import Path
from unittest.mock import patch

import fastjsonschema
import pytest
import yaml
from hypothesis import event, given
from hypothesis import strategies as st

from kazoo_sup import settings
from kazoo_sup.settings import environment, loading, schema, sources, sup_yaml

ROOT = Path(__file__).resolve().parents[2]
valid = fastjsonschema.compile(schema.schema(), use_default=False)

BEYOND = re.compile(
    "a (user name|password) both in its URL|a password but no user name|there is no zone|a quote that is not closed"
)
"""What no schema tells: how parts of a URL fit what is given elsewhere, which zones there are, what a shell takes."""

WORDS = [
    *(
        "",
        "sup",
        "local",
        "yes",
        "off",
        "true",
        "required",
        "~/state",
        "pass show kazoo",
        "a@b.example.com",
        "@b",
        "a@",
    ),
    *("127.0.0.1:11500", "[::1]:1", "host:0", "host:65536", ":1", "[]:1"),
    *("http://c.example.com", "https://u:p@c.example.com:5984", "http:/c", "ftp://c", "c.example.com"),
    *("amqp://b", "amqps://u:p@b:5671/vhost", "esl://:x@f:8021", "esl:f", "tcp://h:9999", "udp://k:8090", "udp://k"),
    *("unix:/run/a.sock", "unix:///run/a.sock", "unix:a.sock", "fifo:/run/f", "binrpc:/run/c", "binrpc://k:2049"),
]
NUMBERS = [-1, 0, 1, 0.5, 80, 36500, 36501, 65535, 65536, 10**8, 10**8 + 1]

scalars = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(WORDS)
servers = st.dictionaries(
    st.sampled_from([*schema.definition("credentials")["properties"], "pasword"]),
    scalars | st.lists(scalars, max_size=2),
    max_size=3,
)
named = st.dictionaries(st.just("one"), scalars | servers, max_size=1)
values = scalars | st.lists(scalars, max_size=2) | servers | named


def group(described: schema.Schema) -> st.SearchStrategy:
    """Return settings as a part of the schema describes them, of all values, with now and then one that is unknown."""
    _, found = schema.kind(described)
    if "anyOf" in found and "properties" in found["anyOf"][-1]:
        return group(found["anyOf"][-1]) | values
    if "properties" not in found:
        return values
    keys = {name: group(each) for name, each in found["properties"].items()} | {"bogus": values}
    return st.lists(st.sampled_from([*keys]), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: keys[name] for name in names})
    )


zones = st.dictionaries(st.sampled_from(["local", "east"]), group(schema.definition("zone")) | scalars, max_size=2)
files = st.fixed_dictionaries({}, optional={"zones": zones | scalars}).flatmap(
    lambda with_zones: group(schema.schema()).map(
        lambda top: {**top, **with_zones} if isinstance(top, dict) else with_zones
    )
)


def is_valid(written: object) -> bool:
    try:
        valid(written)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


def problems(written: object) -> list[str]:
    """Return what the reader says of a file, which need not be written for that: some file systems are slow."""
    with patch.object(sources, "read", return_value=json.dumps(written).encode()):
        return [str(each) for each in sup_yaml.settings(Path("/nonexistent/sup.yaml"), environ={}).problems]


def described() -> dict[str, schema.Schema]:
    """Return every key of the schema that is a value, with its place."""
    found: dict[str, schema.Schema] = {}

    def walk(place: str, each: schema.Schema) -> None:
        name, inner = schema.kind(each)
        inner = inner["anyOf"][-1] if name == "journal" else inner
        if "properties" in inner:
            if "x-environment" in each:
                found[place] = each
            for key, value in inner["properties"].items():
                walk(f"{place}.{key}".lstrip("."), value)
        elif name:
            found[place] = each

    walk("", {**schema.schema(), "definitions": {}})
    walk("zones.local", schema.definition("zone"))
    return found


def agree(written: object) -> bool:
    """See that the schema and the reader say the same of a file, and return whether they take it."""
    found = problems(written)
    fits = is_valid(written)
    assert [each for each in found if not BEYOND.search(each)] == [] if fits else found, written
    return fits


BY_KIND = {schema.kind(each)[0]: place for place, each in described().items() if schema.kind(each)[0] != "tls"} | {
    kind: f"zones.local.{name}.one"
    for name, kind in [
        ("freeswitch", "event_socket"),
        ("kamailio", "kamailio_server"),
        ("haproxy", "stats_socket"),
        ("erlang_tunnels", "address"),
    ]
}
"""A key of each kind."""


@pytest.mark.parametrize("kind", BY_KIND)
def test_both_take_the_same_values_of_a_kind(kind):
    taken = 0
    for each in [None, True, False, *NUMBERS, *WORDS]:
        shapes = ([each], [each, "http://c"], {"one": each}, {"url": each}) if isinstance(each, str) else ()
        for value in (each, *shapes):
            written: object = value
            for name in reversed(BY_KIND[kind].split(".")):
                written = {name: written}
            taken += agree(written)
    assert taken


@given(files)
def test_any_file_is_taken_by_both_or_by_none(written):
    event("taken" if agree(written) else "refused")


def everything(text: str) -> str:
    """Return an example with every setting in force."""
    return re.sub(r"^( *)#(?=[a-z]| {2,}[-a-z])", r"\1", text, flags=re.MULTILINE)


class Yaml12(yaml.SafeLoader):
    """Reads as editors do: `on`, `off`, `yes` and `no` are text."""


Yaml12.yaml_implicit_resolvers = {
    first: [(tag, words) for tag, words in known if not tag.endswith(":bool")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Yaml12.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


@pytest.mark.parametrize("name", ["config/sup.example.yaml", "packaging/sup.yaml"])
def test_the_examples_are_valid_as_they_are_and_with_everything_in_force(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for each in (text, everything(text)):
        valid(yaml.load(each, Loader=Yaml12))


def test_the_example_names_every_key():
    written = everything((ROOT / "config/sup.example.yaml").read_text(encoding="utf-8"))
    for definition in ("zone", "tls"):
        for key in schema.definition(definition)["properties"]:
            assert re.search(rf"^ +{key}:", written, flags=re.MULTILINE), key
    for key in schema.definition("credentials")["properties"]:
        assert re.search(rf"\b{key}:", written), key


@pytest.mark.parametrize("name", ["config/sup.example.yaml", "packaging/sup.yaml"])
def test_editors_are_led_to_the_schema(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.match(r"# yaml-language-server: \$schema=\S*sup\.schema\.json\n", text)


def test_a_new_file_leads_editors_to_the_schema_that_is_installed():
    first = settings.example().partition("\n")[0]
    path = Path(first.removeprefix("# yaml-language-server: $schema="))
    assert json.loads(path.read_text(encoding="utf-8")) == schema.schema()


def test_defaults_are_those_that_are_built_in(monkeypatch):
    monkeypatch.setattr(loading, "file_in_use", lambda *_: None)
    built_in = {name: value for name, value, _ in settings.describe(settings.load(environ={"HOME": "/home/anna"}))}
    told = {place: each["default"] for place, each in described().items() if "default" in each}
    assert told
    for place, default in told.items():
        shown = "true" if default is True else "false" if default is False else str(default)
        at_home = shown.replace("~", "/home/anna").replace("guest:guest", "guest:****")
        if place != "zones.local.erlang_tls.verify":  # there without being asked for it
            assert built_in[place] == at_home, place


def test_variables_are_those_of_the_environment():
    told = {(name, place) for place, each in described().items() for name in each.get("x-environment", ())}
    read = {(name, ".".join(key)) for name, (key, _) in environment.GLOBAL.items()}
    for name, (keys, _) in environment.ZONE.items():
        told_of = [key[:1] if key[0].endswith("_tls") else key for key in keys]
        read |= {(name, ".".join(("zones", "local", *key))) for key in told_of}
    read |= {(name, "zones.local.couchdb") for name in environment.COUCHDB_VARIABLES}
    read |= {("SUP_AMQP_URL", "zones.local.amqp"), ("SUP_RABBITMQ_API", "zones.local.rabbitmq_api")}
    read.add(("SUP_ZONE", "zone"))
    assert told == read
