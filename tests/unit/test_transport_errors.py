"""What the errors of transports carry beside their sentence."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from string import Formatter

import pytest

from kazoo_sup import transports
from kazoo_sup.cli.render.output import error_as_json
from kazoo_sup.errors import Delivered, ServerRefused, ServerUnreachable, TimedOut, TransportError

REFUSED = {"server": "CouchDB", "status": 500, "request": "PUT /db", "reason": "no"}


def kinds(kind: type = TransportError) -> Iterator[type]:
    for each in kind.__subclasses__():
        yield each
        yield from kinds(each)


def every_kind() -> list[type]:
    for module in pkgutil.walk_packages(transports.__path__, f"{transports.__name__}."):
        import_module(module.name)
    return sorted({each for each in kinds() if each.__module__.startswith(transports.__name__)}, key=str)


@pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_each_fact_of_a_sentence_is_an_attribute_with_a_type(kind):
    declared = {name for each in kind.__mro__ for name in vars(each).get("__annotations__", ())}
    named = {field for _, field, _, _ in Formatter().parse(kind.__doc__) if field}
    assert named <= declared


def test_facts_are_attributes():
    error = ServerRefused(**REFUSED, content=b"{}")
    assert (error.status, error.reason, error.content, error.code) == (500, "no", b"{}", None)
    assert str(error) == "CouchDB answered 500 to PUT /db: no"


@pytest.mark.parametrize(
    ("error", "delivered", "told"),
    [
        (ServerUnreachable(server="x", address="y", reason="z"), Delivered.NO, {"sent": False}),
        (TimedOut(seconds=1, doing=""), Delivered.MAYBE, {"lost": True}),
        (ServerRefused(**REFUSED), Delivered.YES, {}),
        (ServerRefused(**REFUSED, delivered=Delivered.MAYBE), Delivered.MAYBE, {"lost": True}),
    ],
)
def test_an_error_says_whether_its_request_arrived(error, delivered, told):
    assert error.delivered is delivered
    facts = error_as_json(error)["facts"]
    assert facts == {**error.attributes, **told}
