"""Health on a terminal."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from kazoo_sup.cli.render.listings import draw_pages
from kazoo_sup.texts.drawing import Line, condensed, findings_page, health_page


def row(component, name, state="ok", summary="fine", zone="east", **more):
    return {"zone": zone, "component": component, "name": name, "state": state, "summary": summary, **more}


def drawn(page, width=80, **console):
    stream = io.StringIO()
    Console(file=stream, width=width, **console).print(page)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_every_component_has_a_line_below_its_zone():
    rows = [row("freeswitch", "fs1"), row("freeswitch", "fs2", "critical", "down"), row("haproxy", "lb1", zone="west")]
    lines = drawn(health_page(rows, 80, 40))
    assert lines[0] == "east   ✖ 1 critical   ● 1 ok"
    assert [line.split() for line in lines[1:3]] == [["●", "freeswitch", "fs1", "fine"], ["✖", "fs2", "down"]]
    assert lines[3:5] == ["", "west   ● 1 ok"]


def test_where_there_is_no_room_what_is_well_stands_in_one_line():
    rows = [row("freeswitch", f"fs{number}.example.com") for number in range(30)]
    rows.append(row("freeswitch", "fs30.example.com", "warning", "almost full"))
    lines = drawn(health_page(rows, 200, 20))
    assert len(lines) == 3
    assert lines[1].split()[:5] == ["●", "freeswitch", "30", "ok", "fs0,"]
    assert "fs30.example.com" in lines[2]


def test_condensed_lines_name_everybody_once_and_keep_addresses():
    rows = [
        row("dispatcher", "p1.example.com set 1"),
        row("dispatcher", "p1.example.com set 2"),
        row("dispatcher", "192.0.2.1:5"),
    ]
    assert list(condensed(rows)) == [Line("dispatcher", "3 ok", "ok", "p1, 192.0.2.1:5")]
    assert list(condensed(rows[:1])) == [Line("dispatcher", "p1.example.com set 1", "ok", "fine")]


@pytest.mark.parametrize("width", [20, 80])
def test_lines_are_never_longer_than_the_terminal_and_never_wrap(width):
    lines = drawn(health_page([row("couchdb node", "couchdb@" + "x" * 60, "critical", "y" * 300)], width, 40), width)
    assert len(lines) <= 3
    assert max(map(len, lines)) <= width


def test_what_servers_say_cannot_change_the_terminal_or_the_markup():
    lines = drawn(
        health_page([row("haproxy", "lb1", "unknown", "\x1b]0;x\x07[red]no[/]")], 80, 40), force_terminal=False
    )
    assert "\\x1b]0;x\\x07[red]no[/]" in lines[1]


def test_nothing_to_draw_is_nothing():
    assert drawn(health_page([], 80, 40)) == []


def test_findings_stand_worst_first_each_with_what_to_do():
    rows = [
        {"zone": "east", "check": "clocks", "state": "ok", "subject": "", "found": "agree", "do": ""},
        {"zone": "east", "check": "names", "state": "critical", "subject": "h", "found": "lost", "do": "add h"},
    ]
    lines = drawn(findings_page(rows, 80, 40))
    assert [line.split() for line in lines[1:]] == [
        ["✖", "names", "h", "lost"],
        ["→", "add", "h"],
        ["●", "clocks", "agree"],
    ]


def test_a_terminal_that_cannot_go_back_has_each_page_when_it_is_known(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream, had = Terminal(), []

    def pages():
        for name in ("fs1", "fs2"):
            yield [row("freeswitch", name)]
            had.append(stream.getvalue())

    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdout", stream)
    draw_pages(health_page, pages(), live=True)
    assert ["fs1" in each for each in had] == [True, True]
    assert ["fs2" in each for each in had] == [False, True]
