"""RabbitMQ's management API in the settings: one, or several by name."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kazoo_sup import settings
from kazoo_sup.errors import NotFound, SettingsError, SupError
from kazoo_sup.kazoo.zone.servers import PartlyListed, SeveralServers, choose, list_in_turn
from kazoo_sup.settings import Server

ONE, TWO = Server("http://mq1:15672"), Server("http://mq2:15672", "sup", "hunter2")


@pytest.fixture
def api(tmp_path: Path):
    """The setting rabbitmq_api of a file in which it has the given text."""

    def read(text: str, **environ: str) -> Any:
        path = tmp_path / "sup.yaml"
        path.write_text(f"zones: {{east: {{rabbitmq_api: {text}}}}}\n", encoding="utf-8")
        path.chmod(0o600)
        return settings.load(config=path, environ=environ).zone().rabbitmq_api

    return read


def test_one_has_no_name(api):
    assert api("'http://mq1:15672'") == ONE
    assert api("{url: 'http://mq2:15672', username: sup, password: hunter2}") == TWO


def test_several_have_names(api):
    text = "{mq1: 'http://mq1:15672', mq2: {url: 'http://mq2:15672', username: sup, password: hunter2}}"
    assert api(text) == {"mq1": ONE, "mq2": TWO}


def test_the_environment_goes_before_all_of_them(api):
    assert api("{mq1: 'http://mq1:15672'}", SUP_RABBITMQ_API="http://mq9:1") == Server("http://mq9:1")


@pytest.mark.parametrize("text", ["{username: sup}", "{mq1: 'amqp://mq1'}", "{mq1: 'http://mq1', url: 'http://mq2'}"])
def test_what_is_neither_is_refused(api, text: str):
    with pytest.raises(SettingsError, match=r"zones\.east\.rabbitmq_api"):
        api(text)


def test_names_choose():
    zone: Any = SimpleNamespace(name="east", settings=SimpleNamespace(rabbitmq_api={"mq1": ONE, "mq2": TWO}))
    assert choose(zone, "rabbitmq_api", "mq2") == [("mq2", TWO)]
    assert choose(zone, "rabbitmq_api") == [("mq1", ONE), ("mq2", TWO)]
    assert choose(zone, "rabbitmq_api", "mq2:15672") == [("mq2", TWO)]
    with pytest.raises(SeveralServers):
        choose(zone, "rabbitmq_api", reading=False)


def failing(name: str, _server: Server) -> Any:
    yield "first"
    if name != "mq2":
        raise NotFound(server=name, what="more")
    yield "second"


def test_a_server_that_breaks_off_does_not_hide_those_after_it():
    found = list_in_turn([("mq1", ONE), ("mq2", TWO)], failing)
    assert [next(found) for _ in range(3)] == [("mq1", "first"), ("mq2", "first"), ("mq2", "second")]
    with pytest.raises(PartlyListed, match="mq1 has no more; what was listed is not all") as told:
        next(found)
    assert told.value.exit_code == 5


@pytest.mark.parametrize("servers", [[("mq1", ONE)], [("mq1", ONE), ("mq3", TWO)]])
def test_when_all_break_off_the_first_error_is_raised(servers: Any):
    with pytest.raises(SupError) as told:
        list(list_in_turn(servers, failing))
    assert str(told.value) == "mq1 has no more"
