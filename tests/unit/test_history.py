"""What history shows: the runs that are asked for, without secrets, with settings that are broken too."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kazoo_sup.changes.change import Change
from kazoo_sup.changes.journal.frames import Members, packed
from kazoo_sup.changes.journal.recorder import Recorder, Told
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.undo import history
from kazoo_sup.settings.journaling import Journaling
from kazoo_sup.zone import Was

ACCOUNT = "0123456789abcdef0123456789abcdef"
ACCOUNT_DB = "account%2F01%2F23%2F456789abcdef0123456789abcdef"


@pytest.fixture
def state(environment):
    return Path(environment["XDG_STATE_HOME"]) / "kazoo-sup"


@pytest.fixture
def rows(sup):
    return lambda *words: json.loads(sup("-f", "json", "history", *words).stdout)["rows"]


def recorded(state, *, module="kapps_config", code=0, settled=True, deed=None, database=None, changes=()):
    ours = Recorder(Told(module, "f", (module, "f", "word")), warn=pytest.fail)
    ours.begin(state / "journal", Journaling(), zone="here", host="h", cluster=lambda: "abc")
    numbers = []
    if deed:
        numbers.append(ours.deed("here", deed, Was({"weight": 1, "password": "geheim"})).first)
    if database:
        numbers.append(ours.database("here", database, "deleted").first)
    if changes:
        begun = ours.changes("here", changes, {})
        numbers += range(begun.first, begun.first + begun.count)
    if settled:
        ours.settle(dict.fromkeys(numbers, "2-x"))
    run = ours.run
    if code is not None:
        ours.end(code)
    else:
        ours._lines.close()
    return run


def edited(database, identifier, **fields):
    before = {"_id": identifier, "_rev": "1-a", "password": "geheim"}
    return Change(database, {"_id": identifier, "password": "anders", **fields}, before)


def test_the_newest_run_first_with_its_end_and_whether_it_can_be_undone(state, rows):
    recorded(state, changes=[edited("db", "a"), edited("db", "b")])
    recorded(state, deed="hang up the call 1", code=3)
    recorded(state, database="old", changes=[edited("db", "a")], settled=False, code=None)
    first, second, third = rows()
    assert (first["ended"], first["changed"]) == ("interrupted", "2 unknown")
    assert first["undo"].startswith("partly: the database old was deleted")
    assert (second["ended"], second["changed"]) == ("failed", "1 deed")
    assert second["undo"] == "no: nothing takes back: hang up the call 1"
    assert (third["ended"], third["changed"], third["undo"]) == ("done", "2 edited", "yes")
    assert third["bytes"] > 0


def test_what_nothing_takes_back_is_said_once_for_all_nodes(state, rows):
    ours = Recorder(Told("m", "f", ("m", "f")), warn=pytest.fail)
    ours.begin(state / "journal", Journaling(), zone="here", host="h", cluster=lambda: "abc")
    told = [ours.deed("here", f"tell {name}: hupall", Was()).first for name in ("fs1", "fs2")]
    told.append(ours.database("here", "old", "deleted").first)
    ours.settle(dict.fromkeys(told))
    ours.end(0)
    [row] = rows()
    both = "nothing takes back: tell fs1: hupall, tell fs2: hupall"
    assert row["undo"] == f"no: {both}; the database old was deleted with all that was in it"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--module", "kapps_config"), {"config", "account", "month"}),
        (("--module", "haproxy"), {"drained"}),
        (("--database", "system_config"), {"config"}),
        (("--database", "account/01/23/456789abcdef0123456789abcdef"), {"account"}),
        (("--document", "numbers"), {"config"}),
        (("--account", ACCOUNT), {"account", "month", "owned"}),
        (("--account", "f" * 32), set()),
        (("--since", "1h"), {"config", "account", "month", "owned", "drained"}),
        (("--until", "2020-01-01"), set()),
        (("--who", "nobody-of-that-name"), set()),
    ],
)
def test_what_is_asked_for(state, rows, words, found):
    runs = {
        recorded(state, changes=[edited("system_config", "numbers")]): "config",
        recorded(state, changes=[edited(ACCOUNT_DB, "x")]): "account",
        recorded(state, changes=[edited(f"{ACCOUNT_DB}-202601", "y")]): "month",
        recorded(state, module="other", changes=[edited("numbers%2F%2B1415", "z", pvt_account_id=ACCOUNT)]): "owned",
        recorded(state, module="haproxy", deed="drain"): "drained",
    }
    assert {runs[row["run"]] for row in rows("list", *words)} == found


def test_no_format_shows_a_secret(state, sup):
    run = recorded(state, deed="set it", changes=[edited("db", "a", more=1)])
    for function in ("show", "diff", "export"):
        for form in ("text", "json", "yaml", "table"):
            answer = sup("-f", form, "history", function, run)
            assert answer.code == 0
            assert "geheim" not in answer.stdout + answer.stderr
            assert "anders" not in answer.stdout + answer.stderr
    assert "**** (changed)" in sup("history", "diff", run).stdout
    assert '+  "more": 1' in sup("history", "diff", run, "db/a").stdout
    assert sup("history", "diff", run, "db/b").stdout == ""


def test_who_changed_a_document(state, rows):
    first = recorded(state, changes=[edited("db", "a")])
    recorded(state, changes=[edited("db", "b"), edited("other", "a")])
    second = recorded(state, changes=[edited("db", "a", x=1)])
    found = rows("document", "db", "a")
    assert [row["run"] for row in found] == [second, first]
    assert {row["after"] for row in found} == {"2-x"}
    assert found[0]["command"] == "sup kapps_config f word"


def test_settings_that_are_broken_do_not_hide_it(tmp_path, rows):
    run = recorded(tmp_path / "elsewhere", changes=[edited("db", "a")])
    broken = tmp_path / "sup.yaml"
    broken.write_text(f"state_dir: {tmp_path / 'elsewhere'}\nzonse: {{}}\nzones: {{local: {{couchdb: 3}}}}\n")
    assert [row["run"] for row in rows("list", "--config", str(broken))] == [run]


def test_a_file_that_is_no_record_is_named_and_left_out(state, sup):
    run = recorded(state, changes=[edited("db", "a")])
    (state / "journal" / "20250101-000000000-aaaa.jsonl.gz").write_bytes(b"rubbish")
    answer = sup("history", "list")
    assert run in answer.stdout
    assert "20250101-000000000-aaaa.jsonl.gz cannot be read" in answer.stderr
    assert answer.code == 0


@pytest.mark.parametrize("beneath", ["", "deeper"])
def test_a_state_directory_that_is_a_file_is_not_an_empty_one(tmp_path, sup, beneath):
    (tmp_path / "file").write_text("")
    answer = sup("history", "list", env={"SUP_STATE_DIR": str(tmp_path / "file" / beneath)})
    assert answer.code == 1
    assert "cannot be read" in answer.stderr


def test_no_journal_yet(sup, rows):
    assert rows() == []
    answer = sup("history", "show")
    assert answer.code == 1
    assert "there is no run" in answer.stderr


def test_times():
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert history.moment("90m", now) == datetime(2026, 1, 31, 10, 30, tzinfo=UTC)
    assert history.moment("2d", now) == datetime(2026, 1, 29, 12, tzinfo=UTC)
    assert history.moment("2026-01-30") == datetime(2026, 1, 30, tzinfo=UTC)
    assert history.moment("2026-01-30T12:00+02:00") == datetime(2026, 1, 30, 10, tzinfo=UTC)
    for wrong in ("yesterday", "", "2026-13-01", "99999999999999w"):
        with pytest.raises(BadArgument):
            history.moment(wrong)


def test_a_damaged_record_is_told_of_and_hides_no_other(state, sup, rows):
    damaged = recorded(state, changes=[edited("db", "a")], code=None)
    whole = recorded(state, changes=[edited("db", "b")])
    path = state / "journal" / f"{damaged}.jsonl.gz"
    content = bytearray(path.read_bytes())
    content[path.read_bytes().index(b"\x1f\x8b", 1) + 30] ^= 0xFF
    path.write_bytes(content)
    first, second = rows()
    assert (first["run"], first["undo"]) == (whole, "yes")
    assert second["run"] == damaged
    assert "is damaged" in second["undo"]
    answer = sup("history", "show", damaged)
    assert answer.code == 3
    assert "is damaged" in answer.stderr


def test_a_run_that_goes_while_the_list_is_shown_is_left_out(state):
    journal = history.Journal(state / "journal")
    recorded(state, changes=[edited("db", "a")])
    kept = recorded(state, changes=[edited("db", "b")])
    found = history.runs(journal, history.Filter())
    assert next(found)["run"] == kept
    for path in (state / "journal").iterdir():
        path.unlink()
    assert list(found) == []


def members(path):
    with path.open("rb") as file:
        return list(Members(file, str(path)).forwards())


def rewrite(path, contents):
    written, previous = b"", 0
    for content in contents:
        member = packed(content, previous)
        previous = len(member)
        written += member
    path.write_bytes(written)


FOREIGN = {
    "a newer header": lambda found: [found[0].replace(b'"began"', b'"newer":1,"began"'), *found[1:]],
    "words that are none": lambda found: [found[0].replace(b'"command":[', b'"command":[1,'), *found[1:]],
    "about a list": lambda found: [found[0].replace(b'"about":{}', b'"about":[]'), *found[1:]],
    "no time": lambda found: [found[0].replace(b'"began":"', b'"began":"x'), *found[1:]],
    "a line that is no JSON": lambda found: [*found[:-1], b'{"n": \n'],
    "lines that are no objects": lambda found: [*found[:-1], b'17\n"n"\n[1]\nnull\n'],
    "a change of another shape": lambda found: [*found[:-1], b'{"n":9}\n'],
    "a document that is none": lambda found: [
        found[0],
        *(each.replace(b'"before":{', b'"before":"x","b":{') for each in found[1:-1]),
    ],
    "a file of no change": lambda found: [
        *found[:-1],
        b'{"file":7,"name":"x","type":"x","digest":"x","length":1,"content":"!"}\n{"n":7}\n',
    ],
    "an outcome of another shape": lambda found: [*found[:-1], b'{"saved":[1,2]}\n'],
    "no UTF-8": lambda found: [*found[:-1], b'{"n":"\xff"}\n'],
    "an end of another shape": lambda found: [*found[:-1], b'{"end":{}}\n'],
    "an end that is none": lambda found: [*found[:-1], b'{"end":null}\n'],
}
"""What another version, or nobody, writes into a record."""


@pytest.mark.parametrize("foreign", FOREIGN)
def test_what_this_version_does_not_write_is_told_and_hides_no_other_run(state, sup, rows, foreign):
    older = recorded(state, changes=[edited("db", "a")])
    run = recorded(state, changes=[edited("db", "a")])
    path = state / "journal" / f"{run}.jsonl.gz"
    rewrite(path, FOREIGN[foreign](members(path)))
    for words in (("list",), ("list", "--document", "a"), ("document", "db", "a")):
        answer = sup("history", *words)
        assert "defect" not in answer.stderr
        assert older in answer.stdout
        assert str(path) in answer.stderr + answer.stdout.replace("\n", "")
    for words in (("show", run), ("export", run), ("diff", run)):
        answer = sup("history", *words)
        assert "defect" not in answer.stderr
        assert "cannot be read" in answer.stderr or answer.code == 0


@pytest.mark.parametrize("kind", ["directory", "fifo", "link"])
def test_what_lies_in_the_place_of_a_record_keeps_nobody_waiting(state, sup, kind):
    older = recorded(state, changes=[edited("db", "a")])
    path = state / "journal" / "29990101-000000000-aaaa.jsonl.gz"
    {"directory": path.mkdir, "fifo": lambda: os.mkfifo(path), "link": lambda: path.symlink_to(os.devnull)}[kind]()
    answer = sup("history", "list")
    assert older in answer.stdout
    assert f"{path} cannot be read" in answer.stderr
    answer = sup("history", "show", "2999")
    assert answer.code == 3
    assert "cannot be read" in answer.stderr
    assert "defect" not in answer.stderr
