"""The options that every command takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from kazoo_sup.cli import options, shell
from kazoo_sup.cli.options import Options
from kazoo_sup.cli.shared import Shared


def test_what_comes_later_wins_and_what_is_not_said_leaves_the_earlier():
    first = Options().overlaid({"node": "ecallmgr", "format": "json", "quiet": True})
    second = first.overlaid({"node": None, "format": "yaml", "quiet": None, "timeout": 3})
    assert second == Options(node="ecallmgr", format="yaml", quiet=True, timeout=3)
    assert first.format == "json"


def test_what_is_no_option_is_left_alone():
    assert Options().overlaid({"own_key": "x", "config": Path("a.yaml")}) == Options(config=Path("a.yaml"))


def test_the_node_is_the_one_named_or_that_of_the_environment_or_kazoos_applications(monkeypatch):
    monkeypatch.delenv("KAZOO_NODE", raising=False)
    assert Options().meant_node == "kazoo_apps"
    monkeypatch.setenv("KAZOO_NODE", "ecallmgr")
    assert Options().meant_node == "ecallmgr"
    assert Options(node="kazoo_apps@apps1").meant_node == "kazoo_apps@apps1"


def test_the_prompt_of_the_shell_names_the_zone_of_the_node_in_the_environment(tmp_path, monkeypatch):
    sections = {"kazoo_apps": "east", "ecallmgr": "west"}
    text = "".join(f"[zone]\nname = {zone}\nuri = amqp://{zone}.example.com\n" for zone in sections.values())
    text += "".join(f"[{node}]\nhost = a.example.com\nzone = {zone}\n" for node, zone in sections.items())
    file = tmp_path / "config.ini"
    file.write_text(text)
    monkeypatch.setenv("SUP_HOST", "a.example.com")
    monkeypatch.setenv("KAZOO_NODE", "ecallmgr")
    assert shell._zone(Options(config=file), Shared())[0] == "west"


def test_nothing_is_said_at_first():
    assert all(getattr(Options(), field) is None for field in Options._fields)


@pytest.mark.parametrize(
    ("names", "takes_a_value"),
    [
        (("-n", "--node"), True),
        (("-c", "--cookie"), True),
        (("-t", "--timeout"), True),
        (("-v", "--verbose"), False),
        (("-s", "--use_short"), False),
        (("-?", "-h", "--help"), False),
        (("-f", "--format"), True),
        (("--dry-run",), False),
        (("-y", "--yes"), False),
    ],
)
def test_kazoo_s_own_and_ours_are_described(names, takes_a_value):
    [described] = [each for each in options.described() if set(each.names) == set(names)]
    assert bool(described.metavar) is takes_a_value
    assert described.help.endswith(".")


def test_no_name_is_given_twice():
    names = [name for each in options.described() for name in each.names]
    assert len(names) == len(set(names))
    assert len(options.described()) == len(Options._fields) + 1
