"""Asking many things at once, of which some fail."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from kazoo_sup.errors import ServerUnreachable, SupError, TimedOut
from kazoo_sup.kazoo.zone.health.probes import NotTellable, Once, Probe, run_all, zones
from kazoo_sup.settings import Settings, Timeouts, ZoneSettings
from kazoo_sup.zone import Run, Session


@dataclass
class Place:
    name: str = "east"
    asked: list[str] = field(default_factory=list)


def refuse():
    raise ServerUnreachable(server="X", address="h:1", reason="connection refused")


def found(*probes, deadline=60.0):
    place = Place()
    return [
        answer if isinstance(answer, str) else type(answer)
        for _, answer in run_all([(place, probe) for probe in probes], deadline, lambda _probe, error: error)
    ]


def test_results_keep_the_order_of_the_probes_whoever_is_first():
    late = threading.Event()

    def second():
        late.set()
        return "b"

    def first():
        assert late.wait(600)
        return "a"

    assert found(Probe("x", "1", first, list), Probe("x", "2", second, list)) == ["a", "b"]


def test_one_that_fails_and_one_that_is_not_understood_leave_the_others_alone():
    assert found(
        Probe("x", "1", refuse, list),
        Probe("x", "2", dict, lambda answer: [answer["missing"]]),
        Probe("x", "3", lambda: int("rubbish"), list),
        Probe("x", "4", lambda: "ab", list),
    ) == [ServerUnreachable, NotTellable, NotTellable, "a", "b"]


def test_one_that_hangs_ends_with_the_deadline():
    over = threading.Event()
    try:
        assert found(Probe("x", "1", over.wait, list), Probe("x", "2", lambda: "a", list), deadline=2) == [
            TimedOut,
            "a",
        ]
    finally:
        over.set()


@pytest.mark.parametrize("fails", [True, False])
def test_what_several_need_is_fetched_once(fails):
    fetched = []

    def fetch():
        fetched.append(1)
        return refuse() if fails else "a"

    once = Once(fetch)
    results = []

    def ask():
        try:
            results.append(once())
        except SupError as error:
            results.append(type(error))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert fetched == [1]
    assert results == [ServerUnreachable if fails else "a"] * 5


class TestZones:
    def settings(self, tmp_path, **more):
        named = {name: ZoneSettings(name, timeouts=Timeouts(5, 0.5)) for name in ("east", "west")}
        return Settings(**{"zones": named, "active": "", "state_dir": tmp_path, "host": "h", "origins": {}, **more})

    def test_all_are_looked_at_unless_one_is_chosen(self, tmp_path):
        assert [zone.name for zone in zones(self.settings(tmp_path), Run(Session()), 1)] == ["east", "west"]
        found = zones(self.settings(tmp_path, active="west"), Run(Session()), 1)
        assert [zone.name for zone in found] == ["east", "west"]
        chosen = self.settings(tmp_path, active="west", chosen=True)
        assert [zone.name for zone in zones(chosen, Run(Session()), 1)] == ["west"]

    def test_no_timeout_is_longer_than_the_deadline(self, tmp_path):
        assert zones(self.settings(tmp_path), Run(Session()), 1)[0].settings.timeouts == Timeouts(1, 0.5)
