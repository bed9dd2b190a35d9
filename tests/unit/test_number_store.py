"""Deeds to many numbers: the number, its copy with its account, and nothing else, whatever happens on the way."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from helpers.memory_zone import MemoryZone
from kazoo_sup.errors import ServerUnreachable, SupError
from kazoo_sup.kazoo.carriers.base import Carrier, CarrierRefused
from kazoo_sup.kazoo.numbers import lifecycle, planning, store
from kazoo_sup.kazoo.numbers.lifecycle import Policy, Request, Setting
from kazoo_sup.kazoo.numbers.targets import Target
from kazoo_sup.messages.names import account_database, number_database, plain

ONE, OTHER, THIRD = ("1" * 32, "2" * 32, "3" * 32)
NUMBERS = ("+14155550100", "+14155550101", "+442079460000")
SYSTEM_DATABASES = ("accounts", "services", "system_config", "system_data", "system_schemas", "port_requests")
DOWN = ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")


def prepare(zone):
    for database in (*SYSTEM_DATABASES, *(plain(account_database(account)) for account in (ONE, OTHER, THIRD))):
        zone.couchdb.create(database)
    for database in {plain(number_database(number)) for number in NUMBERS}:
        zone.couchdb.create(database)
    return zone


@pytest.fixture
def zone(tmp_path):
    return prepare(MemoryZone(tmp_path))


def perform(zone, deed, *numbers, policy=None, **options):
    zone.rerun(**options)
    setting = Setting(policy or Policy())
    return store.perform(zone, map(Target, numbers or NUMBERS), lambda _target: deed, setting, label="test")


def copies(zone, number):
    """Return the accounts that have a copy of a number, and the copies."""
    found = {account: zone.couchdb.all(plain(account_database(account))).get(number) for account in (ONE, OTHER, THIRD)}
    return {account: copy for account, copy in found.items() if copy}


def stored(zone, number):
    return zone.couchdb.all(plain(number_database(number))).get(number)


def check(zone):
    """Every number is where it belongs, and nowhere else."""
    for number in NUMBERS:
        document = stored(zone, number)
        owner = (document or {}).get("pvt_assigned_to")
        assert copies(zone, number) == ({owner: document} if owner else {})


def test_a_new_number_gets_its_databases_and_its_copy(zone):
    del zone.couchdb.stored["numbers/+4420"]
    tally = perform(zone, lifecycle.create(Request(ONE)))
    assert tally.counts == {"created": 6}
    assert set(zone.couchdb.stored) >= {"numbers/+1415", "numbers/+4420"}
    check(zone)


def test_every_change_is_announced_for_both_databases(zone):
    perform(zone, lifecycle.create(Request(ONE)), NUMBERS[0])
    events = [(event["Event-Name"], event["Database"], event["ID"]) for event in zone.broker.events]
    assert events == [
        ("doc_created", account_database(ONE), NUMBERS[0]),
        ("doc_created", "numbers%2F%2B1415", NUMBERS[0]),
    ]


def test_the_account_before_loses_the_copy(zone):
    perform(zone, lifecycle.create(Request(ONE)))
    perform(zone, lifecycle.move(Request(OTHER)))
    check(zone)
    assert set(copies(zone, NUMBERS[0])) == {OTHER}


def test_what_is_so_already_is_not_written_again(zone):
    perform(zone, lifecycle.create(Request(ONE)))
    before = len(zone.couchdb.written)
    assert perform(zone, lifecycle.create(Request(ONE))).counts == {"unchanged": 3}
    assert perform(zone, lifecycle.move(Request(ONE))).counts == {"unchanged": 3}
    assert len(zone.couchdb.written) == before


def test_an_account_without_a_database_has_no_copy(zone):
    assert perform(zone, lifecycle.create(Request("4" * 32)), NUMBERS[0]).counts == {"created": 1}


def test_a_number_that_fails_stops_no_other(zone):
    perform(zone, lifecycle.create(Request(ONE)), NUMBERS[0])
    tally = perform(zone, lifecycle.create(Request(OTHER)))
    assert tally.counts["failed"] == 1
    assert [report.id for report in zone.reports if report.error] == [NUMBERS[0]]
    assert stored(zone, NUMBERS[1])["pvt_assigned_to"] == OTHER
    check(zone)


def test_a_bad_line_is_told_with_its_line(zone):
    targets = [Target("abc", 7, wrong="'abc' is not a phone number"), Target(NUMBERS[0], 8)]
    tally = store.perform(zone, targets, lambda _target: lifecycle.create(Request(ONE)), Setting(), label="test")
    assert tally.counts == {"failed": 1, "created": 2}
    assert str(tally.errors[0]) == "line 7: 'abc' is not a phone number"


def test_a_number_twice_is_done_to_twice(zone):
    told = []
    deeds = {1: lifecycle.create(Request(ONE)), 2: lifecycle.move(Request(OTHER)), 3: lifecycle.create(Request(ONE))}
    targets = [Target(NUMBERS[0], line) for line in deeds]
    store.perform(
        zone, targets, lambda target: deeds[target.line], Setting(), label="test",
        outcome=store.Outcome(lambda target, error: told.append((target.line, error is None))),
    )  # fmt: skip
    assert told == [(1, True), (2, True), (3, False)]
    assert set(copies(zone, NUMBERS[0])) == {OTHER}


def test_a_dry_run_shows_both_documents_and_writes_nothing(zone):
    tally = perform(zone, lifecycle.create(Request(ONE)), NUMBERS[0], dry_run=True)
    assert tally.counts == {"created": 2}
    assert all(report.planned for report in zone.reports)
    assert zone.couchdb.written == []


def test_what_is_being_ported_in_is_not_created(zone):
    zone.couchdb.put_views("port_requests", "port_requests")
    port = {"_id": "p1", "pvt_type": "port_request", "pvt_account_id": OTHER, "pvt_port_state": "submitted"}
    zone.couchdb.put("port_requests", {**port, "numbers": {NUMBERS[0]: {}}})
    tally = perform(zone, lifecycle.create(Request(ONE)))
    assert str(tally.errors[0]) == f"{NUMBERS[0]} is being ported in: port request p1 of account {OTHER}"
    assert stored(zone, NUMBERS[0]) is None
    assert perform(zone, lifecycle.create(Request(ONE, ported_in=True)), NUMBERS[0]).counts == {"created": 2}


def meddling(zone, edit):
    """Have somebody else edit the first number while it is being saved, once."""

    def meddle(database, _documents):
        if database == "numbers/+1415":
            zone.couchdb.before_save.clear()
            zone.couchdb.put(database, {**zone.couchdb.get(database, NUMBERS[0]), **edit})

    zone.couchdb.before_save.append(meddle)


def test_somebody_elses_edit_is_kept(zone):
    perform(zone, lifecycle.create(Request(ONE)), NUMBERS[0])
    meddling(zone, {"note": "theirs"})
    perform(zone, lifecycle.move(Request(OTHER)), NUMBERS[0])
    assert stored(zone, NUMBERS[0])["note"] == "theirs"
    check(zone)


def test_a_number_that_somebody_else_took_meanwhile_leaves_no_copy(zone):
    perform(zone, lifecycle.create(Request(state="available", module_name="knm_inventory")), NUMBERS[0])
    meddling(zone, {"pvt_state": "port_in", "pvt_assigned_to": THIRD})
    assert perform(zone, lifecycle.reserve(Request(OTHER)), NUMBERS[0]).counts["failed"] == 1
    assert OTHER not in copies(zone, NUMBERS[0])


def test_a_refused_change_leaves_the_copies_as_the_number_is(zone):
    perform(zone, lifecycle.create(Request(ONE)), NUMBERS[0])
    meddling(zone, {"pvt_features_denied": ["prepend"], "prepend": {"enabled": True}})
    assert perform(zone, lifecycle.move(Request(OTHER)), NUMBERS[0]).counts["failed"] == 1
    check(zone)


def test_a_server_that_fails_half_way_leaves_what_a_second_run_completes(zone):
    perform(zone, lifecycle.create(Request(ONE)))
    for at in itertools.count():
        zone.couchdb.before_save[:] = [failing_at(at)]
        try:
            perform(zone, lifecycle.move(Request(OTHER)))
        except SupError:
            zone.couchdb.before_save.clear()
            perform(zone, lifecycle.move(Request(OTHER)))
            check(zone)
            perform(zone, lifecycle.move(Request(ONE)))
        else:
            break
    assert at > 2


def failing_at(call):
    calls = itertools.count()

    def fail(_database, _documents):
        if next(calls) == call:
            raise DOWN

    return fail


class Spy(Carrier):
    """Notes what it was asked; refuses when told."""

    name = "knm_spy"
    asked: list[str]
    refuses = False

    def acquire(self, number):
        return self._answer("acquire", number)

    def disconnect(self, number):
        return self._answer("disconnect", number)

    def _answer(self, deed, number):
        self.asked.append(deed)
        if self.refuses:
            raise CarrierRefused(carrier=self.name, number=number["_id"], reason="no")
        return {**number, "pvt_carrier_data": {"order": deed}}


@pytest.fixture
def carrier(zone, monkeypatch):
    spy = Spy(zone)
    spy.asked = []
    monkeypatch.setattr("kazoo_sup.kazoo.numbers.store.carriers.of", lambda _zone, _name: spy)
    found = {"_id": NUMBERS[0], "pvt_type": "number", "pvt_state": "discovery", "pvt_module_name": "knm_inventory"}
    zone.couchdb.put("numbers/+1415", found)
    return spy


class TestCarrier:
    def test_is_asked_for_a_number_that_was_found_there(self, zone, carrier):
        perform(zone, lifecycle.move(Request(ONE)), NUMBERS[0])
        assert carrier.asked == ["acquire"]
        assert stored(zone, NUMBERS[0])["pvt_carrier_data"] == {"order": "acquire"}
        perform(zone, lifecycle.move(Request(OTHER)), NUMBERS[0])
        assert carrier.asked == ["acquire"]
        check(zone)

    def test_is_told_of_a_number_that_becomes_nobodys(self, zone, carrier):
        perform(zone, lifecycle.move(Request(ONE)), NUMBERS[0])
        perform(zone, lifecycle.release(), NUMBERS[0])
        assert carrier.asked == ["acquire", "disconnect"]
        assert stored(zone, NUMBERS[0])["pvt_state"] == "available"

    def test_is_not_asked_under_a_dry_run(self, zone, carrier):
        perform(zone, lifecycle.move(Request(ONE)), NUMBERS[0], dry_run=True)
        assert carrier.asked == []

    def test_that_refuses_keeps_the_number_as_it_was(self, zone, carrier):
        carrier.refuses = True
        assert perform(zone, lifecycle.move(Request(ONE)), NUMBERS[0]).counts == {"failed": 1}
        assert stored(zone, NUMBERS[0])["pvt_state"] == "discovery"

    def test_is_asked_once_though_somebody_else_edits_meanwhile(self, zone, carrier):
        meddling(zone, {"note": "theirs"})
        perform(zone, lifecycle.move(Request(ONE)), NUMBERS[0])
        assert carrier.asked == ["acquire"]
        document = stored(zone, NUMBERS[0])
        assert (document["pvt_carrier_data"], document["note"]) == ({"order": "acquire"}, "theirs")
        check(zone)


accounts = st.sampled_from((ONE, OTHER, THIRD))
some_numbers = st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=4)


class Operators(RuleBasedStateMachine):
    """Whatever operators do to numbers, in any order and with a server that fails in between: the copies agree."""

    def __init__(self):
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.zone = prepare(MemoryZone(self.directory))
        self.policy = Policy()

    def teardown(self):
        shutil.rmtree(self.directory)

    def do(self, deed, numbers, fails_at=None):
        if fails_at is not None:
            self.zone.couchdb.before_save[:] = [failing_at(fails_at)]
        try:
            perform(self.zone, deed, *numbers, policy=self.policy)
        except SupError:
            self.zone.couchdb.before_save.clear()
            perform(self.zone, deed, *numbers, policy=self.policy)
        self.zone.couchdb.before_save.clear()

    @rule(
        numbers=some_numbers,
        account=accounts,
        module=st.sampled_from(("knm_local", "knm_inventory", "knm_mdn")),
        fails_at=st.one_of(st.none(), st.integers(0, 4)),
    )
    def create(self, numbers, account, module, fails_at):
        self.do(lifecycle.create(Request(account, module_name=module)), numbers, fails_at)

    @rule(numbers=some_numbers, account=accounts, fails_at=st.one_of(st.none(), st.integers(0, 4)))
    def move(self, numbers, account, fails_at):
        self.do(lifecycle.move(Request(account)), numbers, fails_at)

    @rule(numbers=some_numbers, account=accounts, fails_at=st.one_of(st.none(), st.integers(0, 4)))
    def reserve(self, numbers, account, fails_at):
        self.do(lifecycle.reserve(Request(account)), numbers, fails_at)

    @rule(numbers=some_numbers, fails_at=st.one_of(st.none(), st.integers(0, 4)))
    def delete(self, numbers, fails_at):
        self.do(lifecycle.delete, numbers, fails_at)

    @rule(numbers=some_numbers, account=accounts, fails_at=st.one_of(st.none(), st.integers(0, 4)))
    def release(self, numbers, account, fails_at):
        self.do(lifecycle.release(account), numbers, fails_at)

    @rule(numbers=some_numbers)
    def recycle(self, numbers):
        self.do(lifecycle.recycle, numbers)

    @rule(ages=st.booleans(), deletes=st.booleans())
    def settings_change(self, ages, deletes):
        self.policy = Policy(should_age=ages, should_permanently_delete=deletes)

    @invariant()
    def every_number_is_with_its_account_alone(self):
        check(self.zone)


Operators.TestCase.settings = settings(max_examples=60, stateful_step_count=20)
TestOperators = Operators.TestCase


class TestBatches:
    """The next batch is planned while the one before it is saved."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch):
        monkeypatch.setattr(planning, "BATCH", 2)

    def numbers(self, count):
        return [f"+1415555{place:04}" for place in range(count)]

    def test_are_told_in_their_order(self, zone):
        told = []
        numbers = self.numbers(7)
        outcome = store.Outcome(lambda target, error: told.append((target.number, error)))
        deed = lifecycle.create(Request(ONE))
        store.perform(zone, map(Target, numbers), lambda _target: deed, Setting(), label="test", outcome=outcome)
        assert told == [(number, None) for number in numbers]
        assert copies(zone, numbers[6]) == {ONE: stored(zone, numbers[6])}

    def test_that_name_a_number_again_are_done_to_what_the_one_before_left(self, zone):
        first, second, third = self.numbers(3)
        deeds = [lifecycle.create(Request(ONE)), lifecycle.move(Request(OTHER)), lifecycle.move(Request(THIRD))]
        lines = [(first, 0), (second, 0), (first, 1), (third, 0), (third, 1), (first, 2), (second, 2)]
        targets = [Target(number, place) for number, place in lines]
        tally = store.perform(zone, targets, lambda target: deeds[target.line], Setting(), label="test")
        assert tally.counts["failed"] == 0
        assert [stored(zone, each)["pvt_assigned_to"] for each in (first, second, third)] == [THIRD, THIRD, OTHER]
        assert stored(zone, first)["pvt_previously_assigned_to"] == OTHER
        assert [set(copies(zone, each)) for each in (first, second, third)] == [{THIRD}, {THIRD}, {OTHER}]

    def test_are_planned_while_the_one_before_is_saved(self, zone):
        numbers, planned, is_planned = self.numbers(6), [], threading.Event()

        def deed_of(target):
            planned.append(target.number)
            if target.number == numbers[3]:
                is_planned.set()
            return lifecycle.create(Request(ONE))

        zone.couchdb.before_save.append(lambda *_saved: is_planned.wait(60))
        store.perform(zone, map(Target, numbers), deed_of, Setting(), label="test")
        assert is_planned.is_set()
        assert planned == numbers

    @pytest.mark.parametrize("before", [2, 4, 6])
    def test_are_done_though_what_comes_after_them_cannot_be_read(self, zone, before):
        numbers = self.numbers(7)

        def targets():
            yield from map(Target, numbers[: before + 1])
            raise LookupError

        with pytest.raises(LookupError):
            store.perform(zone, targets(), lambda _target: lifecycle.create(Request(ONE)), Setting(), label="test")
        assert [each for each in numbers if stored(zone, each)] == numbers[:before]
