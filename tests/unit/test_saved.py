"""What a run says of the documents it had saved, whatever ends it before its end."""

from __future__ import annotations

import pytest

from kazoo_sup.changes import Report
from kazoo_sup.cli.saved import Saved
from kazoo_sup.errors import Interrupted, NotFound, Terminated, TimedOut, Unfinished

ENDINGS = [Interrupted(), Terminated(), TimedOut(seconds=4, doing="")]


def after(*reports):
    saved, warnings = Saved(), []
    for each in reports:
        saved.note(each)
    return saved, warnings


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.identifier)
def test_a_signal_and_a_time_limit_do(ending):
    saved, warnings = after(*(Report("db", str(each), "created") for each in range(3)))
    assert saved.told(ending, warnings.append) is ending
    [said] = warnings
    assert said.startswith("3 documents were saved before that")


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.identifier)
def test_not_where_nothing_was(ending):
    reports = [
        Report("db", "a", "created", planned=True),
        Report("db", "b", "unchanged"),
        Report("db", "c", "failed"),
        Report("db", "", "created"),
    ]
    saved, warnings = after(*reports)
    assert saved.told(ending, warnings.append) is ending
    assert warnings == []


def test_a_server_that_went_away_is_told_with_what_all_of_the_run_has_saved():
    saved, warnings = after(*(Report("db", str(each), "edited") for each in range(7)))
    ending = saved.told(Unfinished(reason="it went away", saved=2), warnings.append)
    assert "7 documents were saved before that" in str(ending)
    assert warnings == []


def test_other_errors_say_what_they_say():
    saved, warnings = after(Report("db", "a", "deleted"))
    error = NotFound(server="CouchDB", what="database x")
    assert saved.told(error, warnings.append) is error
    assert warnings == []
