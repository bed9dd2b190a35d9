"""What commands hand back, and what becomes of many items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pytest

from kazoo_sup.errors import BadArgument, ExitCode, Interrupted, ServerRefused, Unfinished
from kazoo_sup.results import (
    NO_RETURN,
    OK,
    UNDEFINED,
    Answer,
    BulkReport,
    Done,
    Listing,
    NothingDone,
    PartlyDone,
    event_data,
    exit_code,
    partly,
)
from kazoo_sup.terms import Atom

REFUSED = ServerRefused(server="CouchDB", status=500, request="PUT db", reason="no")
IN_PART = Unfinished(reason="cut off", saved=3)
MISUSED = BadArgument(parameter="KEY", reason="no")


def test_without_more_it_is_ok_as_kazoo_says_it():
    assert Answer().term == Done().term == OK
    assert all(isinstance(each, Atom) for each in (OK, NO_RETURN, UNDEFINED))


def test_a_listing_is_all_that_is_shown_and_its_rows_wait():
    rows = iter([{"a": 1}])
    shown = Listing(("a",), rows)
    assert (shown.term, shown.columns, shown.lines) == (NO_RETURN, ("a",), ())
    assert next(rows) == {"a": 1}


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (BulkReport(), ExitCode.OK),
        (BulkReport({}), ExitCode.OK),
        (BulkReport({"edited": 3}), ExitCode.OK),
        (BulkReport({"unchanged": 3}), ExitCode.OK),
        (BulkReport({"skipped": 3}), ExitCode.OK),
        (BulkReport({"edited": 1, "failed": 1}), ExitCode.PARTIAL),
        (BulkReport({"unchanged": 1, "failed": 1}), ExitCode.PARTIAL),
        (BulkReport({"skipped": 1, "failed": 1}), ExitCode.PARTIAL),
        (BulkReport({"failed": 2}), ExitCode.FAILED),
        (BulkReport({"failed": 2}, [MISUSED]), ExitCode.FAILED),
        (BulkReport(errors=[MISUSED, REFUSED]), ExitCode.USAGE),
        (BulkReport({"edited": 2}, [IN_PART]), ExitCode.PARTIAL),
        (BulkReport({"edited": 2}, of="databases"), ExitCode.OK),
        (BulkReport({"edited": 1, "failed": 1}, [REFUSED], "databases"), ExitCode.PARTIAL),
        (BulkReport({"failed": 2}, [REFUSED], "databases"), ExitCode.FAILED),
        (BulkReport({"failed": 2}, [IN_PART, REFUSED], "databases"), ExitCode.PARTIAL),
        (BulkReport({"failed": 1}, [MISUSED], "databases"), ExitCode.USAGE),
    ],
)
def test_what_became_of_the_items_decides_the_exit_code(report, code):
    assert report.exit_code is code


@pytest.mark.parametrize(
    ("report", "code", "failed", "expected"),
    [
        (None, None, False, ExitCode.NOT_OK),
        (BulkReport({"edited": 1}), None, False, ExitCode.NOT_OK),
        (BulkReport({"failed": 1}), None, False, ExitCode.FAILED),
        (BulkReport({"failed": 1}), 7, False, ExitCode.FAILED),
        (None, 7, True, 7),
    ],
)
def test_the_report_comes_before_the_term(report, code, failed, expected):
    assert exit_code(False, report, maintenance=True, code=code, failed=failed) == expected


def test_a_change_that_failed_uncounted_makes_the_run_partly_done():
    assert exit_code(OK, None, maintenance=True, failed=True) is ExitCode.PARTIAL


class TestReport:
    REPORT = BulkReport({"created": 1, "edited": 2, "unchanged": 3, "skipped": 4, "failed": 5}, [REFUSED], "accounts")

    def test_sorts_the_actions(self):
        assert self.REPORT.as_data() == {"of": "accounts", "done": 3, "unchanged": 3, "skipped": 4, "failed": 5}

    def test_says_how_many_parts_failed(self):
        assert str(self.REPORT.failure) == "5 of 15 accounts failed; the same command tries them again"
        assert isinstance(self.REPORT.failure, PartlyDone)

    def test_says_when_nothing_was_done(self):
        failure = BulkReport({"failed": 2}, [REFUSED], "accounts").failure
        assert isinstance(failure, NothingDone)
        assert str(failure) == f"all 2 accounts failed, the last one: {REFUSED}"

    def test_of_one_part_is_its_own_error(self):
        assert BulkReport({"failed": 1}, [REFUSED], "accounts").failure is REFUSED

    def test_of_documents_has_no_sentence(self):
        assert BulkReport({"failed": 1, "edited": 1}, [REFUSED]).failure is None

    def test_adds_up(self):
        both = self.REPORT + BulkReport({"edited": 1}, [MISUSED])
        assert (both.of, both.counts["edited"], list(both.errors)) == ("accounts", 3, [REFUSED, MISUSED])
        assert (BulkReport() + BulkReport(errors=[MISUSED])).counts is None

    def test_of_who_did_not_answer(self):
        assert partly(2, []) is None
        assert partly(0, [REFUSED]) == BulkReport(errors=[REFUSED])
        assert partly(0, [MISUSED, IN_PART, REFUSED]).exit_code is ExitCode.PARTIAL
        assert partly(0, [MISUSED, REFUSED]).exit_code is partly(0, [REFUSED, MISUSED]).exit_code is ExitCode.FAILED
        assert partly(0, [MISUSED, MISUSED]).exit_code is ExitCode.USAGE
        assert partly(0, [REFUSED, Interrupted(), MISUSED]).exit_code is ExitCode.INTERRUPTED
        assert (partly(0, [MISUSED, REFUSED]) + BulkReport()).exit_code is ExitCode.FAILED
        assert partly(2, [REFUSED]).counts == {"answered": 2, "failed": 1}


def test_an_event_is_carried_by_its_name_and_its_fields():
    @dataclass(frozen=True)
    class DatabaseRead:
        database: str
        error: ServerRefused | None = None

    assert event_data(DatabaseRead("db")) == {"event": "database_read", "database": "db", "error": None}
    assert event_data(DatabaseRead("db", REFUSED))["error"]["error"] == "ServerRefused"
    assert event_data({"a": 1}) == {"a": 1}


def test_what_an_event_is_made_of_is_data_as_well():
    class Part(NamedTuple):
        name: str
        error: ServerRefused | None = None

    @dataclass(frozen=True)
    class Whole:
        parts: tuple[Part, ...]

    @dataclass(frozen=True)
    class WholeRead:
        of: Whole

    found = event_data(WholeRead(Whole((Part("a"), Part("b", REFUSED)))))
    assert found["event"] == "whole_read"
    assert found["of"]["parts"][0] == {"name": "a", "error": None}
    assert found["of"]["parts"][1]["error"]["error"] == "ServerRefused"
