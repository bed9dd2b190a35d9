"""A plain command line is read without a parser, and just as the parser reads it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kazoo_sup.cli import argv as typed_words
from kazoo_sup.cli import catalogue, options, parsing, plain
from kazoo_sup.errors import SupError

COMMANDS = list(catalogue.commands())
OPTIONS = [name for each in options.COMMON for name in each.names]
VALUES = [
    "",
    "x",
    "7",
    "007",
    "-1",
    "-5.5",
    "json",
    "text",
    "csv",
    "٣",
    "--",
    "-",
    "a.yaml",
    "-n",
    "--zone",
    "é x",
    "\x85",
]
ODD = [
    "--",
    "-vq",
    "-njson",
    "--format=json",
    "--zone=",
    "-h",
    "-?",
    "--help",
    "-V",
    "--version",
    "--nonsense",
    "--dry",
]


def own_options(command):
    return [f"--{each.name.replace('_', '-')}" for each in command.parameters if each.kind == "option"]


@st.composite
def lines(draw):
    """Give command lines: most of them right or nearly so, with options of all kinds anywhere."""
    command = draw(st.sampled_from(COMMANDS))
    pieces = [[command.module], [command.name]]
    pieces += [[each] for each in draw(st.lists(st.sampled_from(VALUES), max_size=len(command.parameters) + 1))]
    names = [*OPTIONS, *own_options(command)]
    for name in draw(st.lists(st.sampled_from(names), max_size=4)):
        option = [name, draw(st.sampled_from(VALUES))] if draw(st.booleans()) else [name]
        pieces.insert(draw(st.integers(0, len(pieces))), option)
    if draw(st.integers(0, 5)) == 0:
        pieces.insert(draw(st.integers(0, len(pieces))), [draw(st.sampled_from([*ODD, *VALUES]))])
    return [word for piece in pieces for word in piece]


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines())
def test_what_is_plain_is_understood_as_the_parser_does(line):
    understood = plain.understood(line)
    if understood is not None:
        typed_words.refuse_host(line)
        parsed = parsing.request(line)
        assert parsed._replace(unknown=None) == understood._replace(unknown=None)
        assert repr(parsed.unknown) == repr(understood.unknown)


@pytest.mark.parametrize(
    "line",
    ["erlang node", "-v lists sum x -f json", "my_plugin do a b", "no.such x", "-e erlang halt", "x kapps_config"],
)
def test_what_only_a_node_may_have_is_plain_too(line):
    understood, parsed = plain.understood(line.split()), parsing.request(line.split())
    assert understood is not None
    assert understood._replace(unknown=None) == parsed._replace(unknown=None)
    assert repr(understood.unknown) == repr(parsed.unknown)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: f"{each.module} {each.name}")
def test_every_function_with_as_many_words_as_it_must_have_is_plain(command):
    words = ["x" for each in command.parameters if each.kind == "argument" and each.required]
    line = ["-z", "east", command.module, "-v", command.name, *words, "-f", "json"]
    understood = plain.understood(line)
    assert understood is not None
    assert (understood.words, understood.asked.zone, understood.asked.format) == (words, "east", "json")
    assert understood.command == command


@pytest.mark.parametrize(
    "line",
    [
        "kapps_config",
        "kapps_config nonsense",
        "kapps_config get",
        "kapps_config get a",
        "kapps_config get a b c d e",
        "kapps_config get a b -1",
        "kapps_config get a b --nonsense",
        "kapps_config get a b --help",
        "kapps_config get a b -t",
        "kapps_config get a b -t -1",
        "kapps_config get a b -f csvv",
        "-h kapps_config get a b",
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(line):
    assert plain.understood(line.split()) is None


@pytest.mark.parametrize("line", ["kapps_config get a", "kapps_config get a b --nonsense", "kapps_config get a b -t x"])
def test_the_parser_refuses_what_is_wrong(line):
    with pytest.raises(SupError) as refused:
        parsing.request(line.split())
    assert refused.value.exit_code == 1


@pytest.mark.parametrize(
    "words",
    [
        ["-z", "", "kapps_config", "get", "a", "b"],
        ["kapps_config", "get", "a", "b", "--zone="],
        ["-n", " ", "kapps_config", "get", "a", "b"],
        ["-c", "", "kapps_config", "get", "a", "b"],
        ["kapps_config", "get", "a", "b", "--confirm-within", ""],
        ["kapps_config", "get", "a", "b", "--config", ""],
        ["kapps_config", "get", "a", "b", "--output", ""],
        ["couchdb", "restore", "file", "--as", ""],
        ["couchdb", "backup", "--all", "--to", " "],
        ["kapps_maintenance", "migrate", "--from="],
        ["changes", "undo", "--only", "accounts", "--only", ""],
        ["number", "dump", "--prefix", ""],
        ["rabbitmq", "queues", "--vhost", ""],
    ],
)
def test_an_option_with_nothing_in_it_is_not_taken_for_none(words):
    assert plain.understood(words) is None
    with pytest.raises(SupError, match="it is empty") as refused:
        parsing.request(words)
    assert refused.value.exit_code == 1


@pytest.mark.parametrize("words", [["couchdb", "restore", "file"], ["kapps_maintenance", "migrate", "-z", "east"]])
def test_an_option_that_is_not_given_may_be_empty(words):
    assert isinstance(parsing.request(words), plain.Request)
