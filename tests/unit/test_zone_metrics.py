"""A zone as Prometheus reads it, and the dashboard that shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kazoo_sup.texts import metrics

ROOT = Path(__file__).parents[2]
LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.e+]+)')


def row(component, name, state, zone="east", **details):
    return {"zone": zone, "component": component, "name": name, "state": state, "details": details}


ROWS = [
    row("broker", "b:5672", "ok", queues=12, broken=[], missing=["a", "b"]),
    row("couchdb", 'odd "name" \\ of\ntwo lines', "critical", error="gone"),
    row("kazoo", "nodes", "unknown", zone="west"),
]


def samples(rows, now=1000.5):
    found = {}
    for line in metrics.lines(rows, now):
        if line.startswith("#"):
            continue
        matched = LINE.fullmatch(line)
        assert matched, line
        key = (matched[1], matched[2] or "")
        assert key not in found  # Prometheus refuses a file that says the same twice
        found[key] = float(matched[3])
    return found


def test_each_component_is_in_one_state():
    found = samples(ROWS)
    broker = 'zone="east",component="broker",name="b:5672"'
    assert found["kazoo_component_state", f'{broker},state="ok"'] == 1
    assert sum(value for (name, _), value in found.items() if name == "kazoo_component_state") == len(ROWS)


def test_numbers_are_told_and_lists_are_counted():
    found = samples(ROWS)
    facts = {labels.rpartition("fact=")[2]: value for (name, labels), value in found.items() if name.endswith("fact")}
    assert facts == {'"queues"': 12, '"broken"': 0, '"missing"': 2}


def test_a_zone_is_as_its_worst_component():
    found = samples(ROWS)
    assert found["kazoo_zone_state", 'zone="east"'] == 3
    assert found["kazoo_zone_state", 'zone="west"'] == 1
    assert found["kazoo_zone_components", 'zone="east",state="critical"'] == 1
    assert found["kazoo_status_time_seconds", ""] == 1000.5


def test_a_name_with_quotes_and_line_ends_stays_one_line():
    assert any(r'name="odd \"name\" \\ of\ntwo lines"' in labels for _, labels in samples(ROWS))


def test_what_a_server_says_that_is_no_character_or_no_number_spoils_no_file():
    text = "\n".join(metrics.lines([row("broker", "a\ud800\udcffb", "critical", huge=10**400, deep=-(10**400))], 1.0))
    assert r'name="a\\ud800\\udcffb"' in text.encode().decode()
    found = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith("kazoo_component_fact")]
    assert found == ["inf", "-inf"]


def test_of_two_with_the_same_name_the_worst_is_told():
    found = samples([row("kamailio", "k", "critical"), row("kamailio", "k", "ok")])
    assert found["kazoo_component_state", 'zone="east",component="kamailio",name="k",state="critical"'] == 1


@pytest.mark.parametrize("rows", [[], ROWS])
def test_each_metric_is_introduced_once_before_its_samples(rows):
    introduced = [line.split()[2] for line in metrics.lines(rows, 1.0) if line.startswith("# TYPE")]
    assert len(introduced) == len(set(introduced))
    assert {name for name, _ in samples(rows)} <= set(introduced)


def test_the_dashboard_asks_for_metrics_that_there_are():
    dashboard = json.loads((ROOT / "config/grafana-zones.json").read_text())
    asked = {name for each in _expressions(dashboard) for name in re.findall(r"kazoo_\w+", each)}
    there = {line.split()[2] for line in metrics.lines([], 1.0) if line.startswith("# TYPE")}
    assert asked
    assert asked <= there


def _expressions(value):
    if isinstance(value, dict):
        for key, each in value.items():
            if key in ("expr", "query") and isinstance(each, str):
                yield each
            else:
                yield from _expressions(each)
    elif isinstance(value, list):
        for each in value:
            yield from _expressions(each)
