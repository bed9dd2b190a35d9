"""Plans in a zone in memory: what is refused, what an interrupted one leaves, and that nothing else is done."""

from __future__ import annotations

import hashlib
import json

import pytest

from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes import Change, Report
from kazoo_sup.changes.plans import InUse, NoPlan, NotPlanned, Plan, Use, Writer
from kazoo_sup.errors import SettingsError, SupError
from kazoo_sup.kazoo.undo import planned
from kazoo_sup.kazoo.undo.planned import AppliedAlready, BegunAlready, ForAnotherCluster, NotAsPlanned, Stale
from kazoo_sup.results import Done


@pytest.fixture
def zone(tmp_path):
    made = MemoryZone(tmp_path / "state")
    for database in ("db", "system_config"):
        made.couchdb.create(database)
    made.couchdb.put("db", *({"_id": f"{number:04}", "n": number} for number in range(2500)))
    return made


def planning(zone, path, work):
    """Do WORK as a run with --plan."""
    writer = Writer(path, ("db", "work"))
    zone.rerun(dry_run=True)
    work(zone)
    for report in zone.reports:
        writer.note(report, zone)
    writer.finish(zone)
    zone.rerun()


def mixed(zone):
    """Edit, delete and create."""
    stored = zone.couchdb.get_many("db", [f"{number:04}" for number in range(2500)])
    made = [Change("db", None if each["n"] % 3 else {**each, "n": -1}, each) for each in stored.values()]
    changes.apply(zone, [*made, Change("db", {"_id": "new"}, None)])


def expected():
    return {f"{number:04}": {"_id": f"{number:04}", "n": -1} for number in range(0, 2500, 3)} | {"new": {"_id": "new"}}


@pytest.fixture
def plan(zone, tmp_path):
    path = tmp_path / "plan"
    planning(zone, path, mixed)
    return Plan(path)


def carry_out(zone, plan):
    planned.check(zone, plan)
    return planned.carry_out(zone, plan, lambda _report: None)


def test_exactly_what_was_planned_is_done_and_every_change_announced(zone, plan):
    before = zone.couchdb.all("db")
    assert zone.couchdb.all("db") == before
    assert carry_out(zone, plan) == {"edited": 834, "deleted": 1666, "created": 1}
    assert zone.couchdb.all("db") == expected()
    assert len(zone.broker.events) == 2501
    with pytest.raises(AppliedAlready):
        planned.check(zone, plan)


@pytest.mark.parametrize(
    "theirs", [{"_id": "0000", "n": 0, "x": 1}, {"_id": "0001", "_deleted": True}, {"_id": "new", "x": 1}]
)
def test_a_document_that_has_changed_keeps_all_from_being_done(zone, plan, theirs):
    zone.couchdb.put("db", theirs)
    before = zone.couchdb.all("db")
    with pytest.raises(Stale, match=f"db/{theirs['_id']}"):
        carry_out(zone, plan)
    assert zone.couchdb.all("db") == before


def test_who_is_faster_while_it_is_carried_out_keeps_what_is_theirs(zone, plan):
    def meddle(_database, _documents):
        zone.couchdb.before_save.clear()
        zone.couchdb.put("db", {"_id": "0000", "theirs": True})

    zone.couchdb.before_save.append(meddle)
    assert carry_out(zone, plan)["failed"] == 1
    assert zone.couchdb.all("db")["0000"] == {"_id": "0000", "theirs": True}


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_what_was_interrupted_is_completed(zone, plan, batches):
    save, count = zone.couchdb.save, iter(range(10))

    def failing(database, documents):
        if next(count) >= batches:
            raise KeyboardInterrupt
        return save(database, documents)

    zone.couchdb.save = failing
    with pytest.raises(KeyboardInterrupt):
        carry_out(zone, plan)
    zone.couchdb.save = save
    carry_out(zone, plan)
    assert zone.couchdb.all("db") == expected()
    with pytest.raises(AppliedAlready):
        planned.check(zone, plan)


def test_what_was_made_before_the_interruption_is_followed_as_well(zone, plan):
    use = Use(zone.state_dir, plan.id)
    heard, followed = [], []

    def fails():
        raise SettingsError(source="counting", reason="cut off")

    with pytest.raises(SettingsError):
        planned.carry_out(zone, plan, lambda _report: None, fails)
    assert "done" not in use.state
    planned.check(zone, plan)
    planned.carry_out(zone, plan, heard.append, lambda: followed.append(dict(use.state)))
    assert {(each.id, each.action) for each in heard} >= {("new", "created"), ("0000", "edited"), ("0001", "deleted")}
    assert len(heard) == 2501
    assert ["done" in each for each in followed] == [False]
    assert "done" in use.state


def test_two_runs_do_not_carry_it_out_at_once(zone, plan):
    with planned.alone(zone, plan):
        with pytest.raises(InUse), planned.alone(zone, plan):
            pytest.fail("both do")
        zone.rerun(dry_run=True)
        with planned.alone(zone, plan):
            zone.rerun()
    with planned.alone(zone, plan):
        carry_out(zone, plan)


def test_on_another_cluster_it_is_refused(zone, plan):
    zone.rerun()
    zone.couchdb.uuid = "1" * 32
    with pytest.raises(ForAnotherCluster):
        carry_out(zone, plan)


def test_databases_to_be_created_and_forgotten_are_part_of_it(zone, tmp_path):
    def work(zone):
        changes.create_database(zone, "fresh", [{"_id": "_design/x", "views": {}}])
        changes.forget(zone, "db")

    planning(zone, tmp_path / "plan", work)
    assert not zone.couchdb.exists("fresh")
    carry_out(zone, Plan(tmp_path / "plan"))
    assert set(zone.couchdb.all("fresh")) == {"_design/x"}
    assert [event["Database"] for event in zone.broker.events if event["Event-Name"] == "db_edited"] == ["db"]


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (Report("db", "", "deleted", planned=True), "a database deleted"),
        (Report("db", "a", "failed", error=SupError(reason="it cannot be")), "it cannot be"),
        (
            Report("db", "a", "edited", {"_id": "a"}, {"_attachments": {"f": {"content_type": "x"}}}, planned=True),
            "attachments of db/a",
        ),
    ],
)
def test_what_no_plan_can_hold_leaves_none(zone, tmp_path, report, said):
    writer = Writer(tmp_path / "plan", ("db", "work"))
    writer.note(Report("db", "z", "created", None, {"_id": "z"}, planned=True), zone)
    writer.note(report, zone)
    with pytest.raises(NotPlanned, match=said):
        writer.finish(zone)
    assert [each.name for each in tmp_path.iterdir() if each.name != "state"] == []


def twice(zone):
    """Give the setting two keys, each on top of what is there, and tell a server something."""
    for key in ("a", "b"):
        changes.update(zone, "system_config", "s", lambda stored, key=key: {**(stored or {"_id": "s"}), key: 1})
    changes.act(zone, "tell fs1", lambda: zone.told.append("fs1"), was=changes.Was({"weight": 1}))


@pytest.fixture
def repeated(zone, tmp_path):
    """Plan what only the command itself can do, and let plans repeat it."""
    zone.told = []
    path = tmp_path / "repeated"
    writer = Writer(path, ("db", "work"), {"module": "db", "name": "work"})
    zone.rerun(dry_run=True, foretold=lambda deed, before: writer.foretold(deed, before, zone))
    twice(zone)
    for report in zone.reports:
        writer.note(report, zone)
    writer.finish(zone)
    plan = Plan(path)

    def repeat(there, wanted):
        assert wanted == plan.repeat == {"module": "db", "name": "work"}
        twice(there)
        return Done()

    zone.rerun(repeat=repeat)
    return plan


def test_a_document_that_is_changed_twice_is_changed_by_the_command_itself(zone, repeated):
    assert [type(each).__name__ for each in repeated.changes()] == ["PlannedDeed", "Planned", "Planned"]
    assert (zone.couchdb.all("system_config"), zone.told) == ({}, [])
    planned.check(zone, repeated)
    assert (zone.couchdb.all("system_config"), zone.told) == ({}, [])
    planned.repeat(zone, repeated)
    assert zone.couchdb.all("system_config")["s"] == {"_id": "s", "a": 1, "b": 1}
    assert zone.told == ["fs1"]
    with pytest.raises(AppliedAlready):
        planned.check(zone, repeated)


def test_where_the_command_would_do_something_else_now_nothing_is_done(zone, repeated):
    zone.couchdb.put("system_config", {"_id": "s", "theirs": 1})
    with pytest.raises(NotAsPlanned, match=r"now it would change system_config/s \(where there is revision 1-"):
        planned.check(zone, repeated)
    assert (zone.couchdb.all("system_config"), zone.told) == ({"s": {"_id": "s", "theirs": 1}}, [])


def test_one_that_broke_off_half_way_is_not_begun_again(zone, repeated):
    def half(_there, _wanted):
        raise KeyboardInterrupt

    planned.check(zone, repeated)
    zone.rerun(repeat=half)
    with pytest.raises(KeyboardInterrupt):
        planned.repeat(zone, repeated)
    with pytest.raises(BegunAlready):
        planned.check(zone, repeated)


def test_where_the_command_cannot_be_repeated_a_document_that_is_changed_twice_leaves_none(zone, tmp_path):
    with pytest.raises(NotPlanned, match="it cannot be repeated"):
        planning(zone, tmp_path / "plan", twice)


def test_a_directory_that_is_not_there_is_told(zone, tmp_path):
    with pytest.raises(SettingsError, match="cannot be written"):
        planning(zone, tmp_path / "nowhere" / "plan", mixed)


def test_a_link_is_not_followed_and_no_plan_is_read_that_is_another_s(zone, plan, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotPlanned):
        Writer(tmp_path / "link", ())
    with pytest.raises(NoPlan):
        Plan(tmp_path)


FOREIGN = {
    "a document that is none": lambda lines: _with(lines, 1, before="x"),
    "a list in place of a document": lambda lines: _with(lines, 1, after=[1]),
    "an id that is none": lambda lines: _with(lines, 1, id=None),
    "a database that is none": lambda lines: _with(lines, 1, db=3),
    "a line of another version": lambda lines: [lines[0], {"x": 1}, *lines[1:]],
    "a command of numbers": lambda lines: [{"plan": {**lines[0]["plan"], "command": [1]}}, *lines[1:]],
    "an end without questions": lambda lines: [*lines[:-1], {"end": {"changes": 1}}],
    "an end that counts nothing": lambda lines: [*lines[:-1], {"end": {"changes": "x", "asks": []}}],
    "designs that are none": lambda lines: [
        lines[0],
        {"database": "x", "act": "created", "designs": ["x"]},
        *lines[1:],
    ],
}
"""What another version, or nobody, writes into a plan."""


def _with(lines, place, **fields):
    return [*lines[:place], {**lines[place], **fields}, *lines[place + 1 :]]


@pytest.mark.parametrize("foreign", FOREIGN)
def test_what_this_version_does_not_write_is_no_plan(zone, tmp_path, foreign):
    path = tmp_path / "plan"
    planning(zone, path, lambda zone: changes.apply(zone, [Change("db", {"_id": "new"}, None)]))
    *body, end = FOREIGN[foreign]([json.loads(line) for line in path.read_text().splitlines()])
    written = "".join(f"{json.dumps(line)}\n" for line in body)
    end["end"]["sum"] = hashlib.sha256(written.encode()).hexdigest()
    path.write_text(f"{written}{json.dumps(end)}\n")
    with pytest.raises(NoPlan, match="it is not a plan"):
        Plan(path)
