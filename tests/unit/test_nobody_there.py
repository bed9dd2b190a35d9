"""Telling and asking where nobody is there: that is said, and is not the same as nothing to know."""

from __future__ import annotations

import pytest

from kazoo_sup.commands import ecallmgr_maintenance
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.bus import collect


class Conversation:
    """A broker on which nobody consumes anything, and no queue is bound."""

    queue = "sup-0123"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def consumers(self, _queue):
        return 0

    def publish(self, messages, *, mandatory=False):
        return [each.routing_key for each in messages] if mandatory else []


@pytest.fixture
def deserted(zone, monkeypatch):
    monkeypatch.setattr(zone.connections, "conversation", lambda bindings: Conversation())
    return zone


def asked(zones, **more):
    return collect.Collector(collect.Reach(zones), [("call.query_channels_req", {})], what="channels", **more)


def test_a_sync_that_no_proxy_hears_fails(deserted):
    with pytest.raises(bus.NobodyListens):
        ecallmgr_maintenance.registrar_sync(deserted)


def test_a_flush_that_no_ecallmgr_hears_fails(deserted):
    with pytest.raises(bus.NobodyTold, match="nobody was told to forget registrations"):
        ecallmgr_maintenance.flush_registrar(deserted, "u1", "a.org")


def test_of_one_zone_the_error_says_what_was_asked(deserted):
    with pytest.raises(bus.NobodyThere, match="no ecallmgr node is on the bus of zone local: .* for channels"):
        list(asked([deserted]))


def test_of_several_zones_without_nodes_one_is_told(deserted):
    with pytest.raises(bus.NobodyThere):
        list(asked([deserted, deserted]))


def test_where_somebody_else_is_asked_it_is_left_to_the_caller(deserted):
    question = asked([deserted], replaced=True)
    assert list(question) == []
    assert (question.unheard, [each.identifier for each in question.nobody()]) == ([deserted], ["NobodyThere"])
