"""The nodes, shards and databases of a cluster of which a node is down, as an operator is told of them."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from pathlib import Path
from types import SimpleNamespace

import pytest

from helpers.couchdb_server import BIGCOUCH, NODES, RANGES, CouchDBServer
from helpers.real_servers import free_port
from kazoo_sup import changes
from kazoo_sup.cli.render.reports import as_json
from kazoo_sup.commands import couchdb as commands
from kazoo_sup.errors import BadArgument, Declined, ExitCode, NotFound, SupError
from kazoo_sup.kazoo.couchdb import backup, databases, nodes, replication, resharding, security, tasks
from kazoo_sup.kazoo.zone import awaited
from kazoo_sup.results import Listing
from kazoo_sup.transports.couchdb import Administration

DOWN = NODES[2]


def listed(outcome):
    """The rows of an outcome up to the error that ends them, and that error."""
    rows = []
    try:
        pages = [outcome] if isinstance(outcome, Listing) else outcome.events
        rows.extend(row for page in pages for row in page.rows)
    except SupError as error:
        return rows, error
    return rows, next(iter(outcome.report.errors), None) if outcome.report else None


@pytest.fixture
def pauses(monkeypatch):
    """What happens in the pauses of whoever waits, one function for each."""
    found = []
    monkeypatch.setattr(awaited, "time", SimpleNamespace(sleep=lambda _seconds: found.pop(0)()))
    return found


class TestStatus:
    def test_each_node_has_a_row_with_what_is_wrong(self, cluster_server, zone_of):
        cluster_server.maintenance = {NODES[1]: "true"}
        outcome = commands.status(zone_of(cluster_server.url))
        assert [(row["node"], row["state"]) for row in outcome.rows] == [
            (NODES[0], "up"),
            (NODES[1], "up"),
            (DOWN, "down"),
        ]
        well, maintained, down = outcome.rows
        assert (well["wrong"], well["memory_mb"], well["open_databases"], well["errors_500"]) == (None, 50, 17, 3)
        assert maintained["wrong"] == "maintenance_mode is true"
        assert "not connected" in down["wrong"]
        [error] = outcome.report.errors
        assert error.exit_code is ExitCode.NOT_OK
        assert DOWN in str(error)
        assert NODES[0] not in str(error)

    def test_a_node_that_hangs_does_not_hide_the_others(self, monkeypatch):
        over = threading.Event()

        def row(_admin, _found, node):
            if node == NODES[0]:
                over.wait(600)
            return {"node": node, "state": "up", "wrong": None}

        monkeypatch.setattr(nodes, "_row", row)
        found = nodes.Cluster(connected=tuple(NODES), members=tuple(NODES))
        hung, *others = nodes._rows(None, found, 2)  # type: ignore[arg-type]
        over.set()
        assert hung["wrong"].startswith(f"does not report its state: timed out after 2 s waiting for {NODES[0]}")
        assert all(row["wrong"] is None for row in others)

    def test_a_node_that_is_down_is_not_asked(self, cluster_server, zone_of):
        list(commands.status(zone_of(cluster_server.url)).rows)
        assert not cluster_server.sent("GET", "node3")

    def test_all_is_well(self, cluster_server, zone_of):
        cluster_server.down = ()
        outcome = commands.status(zone_of(cluster_server.url))
        assert outcome.report.errors == []
        assert outcome.lines == ["CouchDB 3.4.2 answers, 3 of 3 nodes are connected"]

    def test_long_queues_and_the_state_of_the_one_that_answers(self, cluster_server, zone_of):
        cluster_server.up = "nolb"
        cluster_server.queues = {NODES[0]: {"couch_server": 20_000, "couch_db_updater": {"count": 3, "max": 1500}}}
        outcome = commands.status(zone_of(cluster_server.url))
        assert "20000 messages wait in couch_server" in outcome.rows[0]["wrong"]
        assert "1500 messages wait in couch_db_updater" in outcome.rows[0]["wrong"]
        assert "nolb" in str(outcome.report.errors[0])

    def test_a_node_that_is_no_member(self, zone_of):
        found = nodes.Cluster(connected=("a@x", "b@x"), members=("a@x",))
        assert [(node, found.state(node)) for node in found.names] == [("a@x", "up"), ("b@x", "not a member")]
        assert found.down == []

    def test_bigcouch_tells_its_nodes_only(self, zone_of):
        with CouchDBServer(version=BIGCOUCH) as server:
            outcome = commands.status(zone_of(server.url))
        assert [row["state"] for row in outcome.rows] == ["up", "up", "down"]
        assert outcome.data["product"] == "BigCouch 0.4.2"


class TestDatabases:
    @pytest.mark.parametrize(
        "info",
        [
            {"sizes": {"file": 4000, "active": 1000, "external": 900}, "cluster": {"q": 8, "n": 3}},
            {"disk_size": 4000, "other": {"data_size": 1000}},
            {"disk_size": 4000, "data_size": 1000},
        ],
    )
    def test_every_dialect_of_sizes_is_understood(self, info):
        assert databases.sizes("db", info).fragmentation == 75

    def test_what_is_not_said_stays_unknown(self):
        assert databases.sizes("db", {}).fragmentation is None
        assert databases.sizes("db", {"sizes": {"file": 0, "active": 0}}).fragmentation == 0
        assert databases.sizes("db", {"sizes": {"file": 10, "active": 20}}).fragmentation == 0

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ("size", ["c", "b", "a"]),
            ("fragmentation", ["a", "b", "c"]),
            ("waste", ["b", "a", "c"]),
            ("documents", ["b", "a", "c"]),
            ("name", ["a", "b", "c"]),
        ],
    )
    @pytest.mark.parametrize("top", [0, 2])
    def test_orders(self, cluster_server, zone_of, order, expected, top):
        cluster_server.add("a", documents=5, file=1000, active=100)
        cluster_server.add("b", documents=9, file=3000, active=1500)
        cluster_server.add("c", documents=1, file=4000, active=3900)
        outcome = commands.databases_(zone_of(cluster_server.url), order=order, top=top)
        assert [row["database"] for row in outcome.rows] == expected[: top or None]

    @pytest.mark.parametrize("wrong", [{"order": "colour"}, {"top": -1}])
    def test_an_order_that_is_none_is_refused(self, zone_of, wrong):
        with pytest.raises(BadArgument):
            commands.databases_(zone_of("http://192.0.2.1"), **wrong)

    ACCOUNT = "0123456789abcdef0123456789abcdef"
    PLAIN = "account/01/23/456789abcdef0123456789abcdef"

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("accounts", "accounts"),
            (ACCOUNT, PLAIN),
            (f"{ACCOUNT}-202611", f"{PLAIN}-202611"),
            (PLAIN.replace("/", "%2F"), PLAIN),
            ("numbers%2F%2B1415", "numbers/+1415"),
            ("numbers/+1415", "numbers/+1415"),
        ],
    )
    def test_a_database_goes_by_many_names(self, text, name):
        assert databases.name(text) == name

    def test_patterns_are_looked_up_where_they_can_be(self, cluster_server, zone_of):
        for name in ("accounts", "account/aa-202610", "account/ab-202611", "account/ac-202610", "dbs", "_dbs"):
            cluster_server.add(name)
        zone = zone_of(cluster_server.url)
        assert list(databases.chosen(zone, ["account/*-202610", "account/a[ab]*"], every=False)) == [
            "account/aa-202610",
            "account/ac-202610",
            "account/ab-202611",
        ]
        everything = list(databases.chosen(zone, [], every=True))
        assert set(everything) == {*cluster_server.databases}
        assert set(backup.worthwhile(everything)) == {*everything} - {"dbs", "_dbs"}

    @pytest.mark.parametrize(
        ("patterns", "every"), [([], False), (["accounts"], True), (["nosuch"], False), (["x*"], False)]
    )
    def test_nothing_too_much_or_what_is_missing_is_refused_at_once(self, cluster_server, zone_of, patterns, every):
        cluster_server.add("accounts")
        with pytest.raises(BadArgument):
            databases.chosen(zone_of(cluster_server.url), patterns, every=every)


class TestCompaction:
    def test_copies_on_a_node_that_is_down_are_reported(self, cluster_server, zone_of):
        cluster_server.add("here")
        cluster_server.holders = {"here": {span: list(NODES[:2]) for span in RANGES}}
        cluster_server.add("there")
        rows, error = listed(commands.compact(zone_of(cluster_server.url), "here", "there"))
        assert [(row["database"], row["state"]) for row in rows] == [("here", "started"), ("there", "started")]
        assert rows[0]["wrong"] is None
        assert DOWN in rows[1]["wrong"]
        assert error.exit_code is ExitCode.PARTIAL
        assert cluster_server.compacted == [("here",), ("there",)]

    def test_views_and_those_with_little_waste(self, cluster_server, zone_of):
        cluster_server.down = ()
        cluster_server.add("tidy", file=1000, active=900)
        cluster_server.add("waste", file=1000, active=100)
        cluster_server.databases["waste"]["_design/v"] = {"_id": "_design/v", "_rev": "1-a"}
        rows, error = listed(commands.compact(zone_of(cluster_server.url), all=True, views=True, fragmentation=50))
        assert [(row["database"], row["state"]) for row in rows] == [("tidy", "left alone"), ("waste", "started")]
        assert error is None
        assert cluster_server.compacted == [("waste",), ("waste", "v")]

    def test_each_is_waited_for_before_the_next_is_begun(self, cluster_server, zone_of, pauses):
        cluster_server.down = ()
        for name in ("one", "two"):
            cluster_server.add(name, file=5_000_000)
        task = {"type": "database_compaction", "database": f"shards/{RANGES[0]}/one.1554148353"}
        cluster_server.tasks = [task, {**task, "type": "view_compaction"}, {"type": "indexer", "database": "one"}]

        def done():
            assert cluster_server.compacted == [("one",)]
            cluster_server.tasks.clear()
            cluster_server.infos["one"]["file"] = 2_000_000

        pauses += [lambda: cluster_server.tasks.pop(1), done]
        rows, error = listed(commands.compact(zone_of(cluster_server.url), all=True, wait=True))
        assert error is None
        assert [(row["database"], row["state"], row["file_mb"], row["after_mb"]) for row in rows] == [
            ("one", "compacted", 5.0, 2.0),
            ("two", "compacted", 5.0, 5.0),
        ]
        assert (pauses, cluster_server.compacted) == ([], [("one",), ("two",)])

    def test_who_does_not_wait_any_longer_hears_that_it_goes_on(self, cluster_server, zone_of, pauses):
        cluster_server.down = ()
        cluster_server.add("one")
        cluster_server.tasks = [{"type": "database_compaction", "database": "one"}]

        def interrupt():
            raise KeyboardInterrupt

        pauses.append(interrupt)
        zone = zone_of(cluster_server.url)
        with pytest.raises(KeyboardInterrupt):
            listed(commands.compact(zone, "one", wait=True))
        assert zone.warnings == ["the compaction of one goes on; sup couchdb active_tasks --wait waits for it"]

    def test_a_dry_run_asks_and_starts_nothing(self, cluster_server, zone_of):
        cluster_server.down = ()
        cluster_server.add("db")
        zone = zone_of(cluster_server.url, dry_run=True)
        assert listed(commands.compact(zone, "db"))[0][0]["state"] == "would be started"
        assert listed(commands.compact(zone, "db", wait=True))[0][0]["state"] == "would be started"
        assert listed(commands.view_cleanup(zone, "db"))[0][0]["state"] == "would be started"
        assert (cluster_server.compacted, cluster_server.cleaned) == ([], [])

    def test_one_that_is_refused_does_not_stop_the_others(self, cluster_server, zone_of):
        cluster_server.down = ()
        for name in "abc":
            cluster_server.add(name)
        cluster_server.fails(_forbidden, to="POST /b/_compact")
        rows, error = listed(commands.compact(zone_of(cluster_server.url), all=True))
        assert [row["state"] for row in rows] == ["started", "failed", "started"]
        assert error.exit_code is ExitCode.PARTIAL
        assert "1 of 3 compactions" in str(error)

    def test_bigcouch_compacts_each_shard_on_the_admin_port_of_its_nodes(self, zone_of):
        hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
        members = tuple(f"bigcouch@{host}" for host in hosts)
        port = free_port()
        placed = {
            "_id": "a/b",
            "_rev": "1-a",
            "shard_suffix": list(b".1400"),
            "by_node": {each: list(RANGES) for each in members},
        }
        files = [f"shards/{span}/a/b.1400" for span in RANGES]
        with (
            CouchDBServer(version=BIGCOUCH, nodes=members, down=members[2:]) as server,
            CouchDBServer(version="1.6.1", host=hosts[0], port=port) as first,
            CouchDBServer(version="1.6.1", host=hosts[1], port=port) as second,
        ):
            server.add("a/b")
            for backdoor in (first, second):
                backdoor.databases["dbs"] = {"a/b": placed}
            for file in files:
                first.add(file)
            rows, error = listed(commands.compact(zone_of(server.url), "a/b", admin_port=port))
        assert [(row["node"], row["state"]) for row in rows] == [
            (members[0], "started"),
            (members[1], "failed"),
            (members[2], "started"),
        ]
        assert first.compacted == [(file,) for file in files]
        assert "no database shards/" in rows[1]["wrong"]
        assert "is down" in rows[2]["wrong"]
        assert error.exit_code is ExitCode.PARTIAL


def _forbidden(handler, _carry_out):
    from helpers.couchdb_server import refused

    handler.send(refused(403, "forbidden", "You are not a server admin."))


class TestResharding:
    def test_it_asks_and_tells_of_each_copy(self, cluster_server, zone_of):
        cluster_server.add("db")
        asked = []
        rows, error = listed(commands.reshard_start(zone_of(cluster_server.url, confirm=asked.append), "db"))
        assert "6 copies" in asked[0]
        assert len(rows) == 6
        assert [row["node"] for row in rows if row["wrong"]] == [DOWN, DOWN]
        assert error.exit_code is ExitCode.PARTIAL
        assert len(cluster_server.jobs) == 4

    def test_it_is_waited_for_and_what_is_not_split_is_told(self, cluster_server, zone_of, pauses):
        cluster_server.add("db")

        def end():
            for state, job in zip(
                ("completed", "failed", "stopped", "completed"), cluster_server.jobs.values(), strict=True
            ):
                job["job_state"] = state

        pauses += [lambda: None, end]
        rows, error = listed(commands.reshard_start(zone_of(cluster_server.url), "db", wait=True))
        assert sorted(str(row.get("state")) for row in rows) == [
            "None",
            "None",
            "completed",
            "completed",
            "failed",
            "stopped",
        ]
        assert [row["node"] for row in rows[-2:]] == [DOWN, DOWN]
        assert (error.exit_code, "4 of 6 shards" in str(error)) == (ExitCode.PARTIAL, True)

    def test_on_one_node_and_range(self, cluster_server, zone_of):
        cluster_server.add("db")
        words = {"on": NODES[1], "range": RANGES[0]}
        rows, error = listed(commands.reshard_start(zone_of(cluster_server.url), "db", **words))
        assert error is None
        assert [row["node"] for row in rows] == [NODES[1]]
        [row] = commands.reshard_status(zone_of(cluster_server.url), "db").rows
        assert (row["database"], row["range"], row["node"], row["state"]) == ("db", RANGES[0], NODES[1], "running")

    def test_a_job_that_is_not_there_is_no_empty_list(self, cluster_server, zone_of):
        cluster_server.add("db")
        zone = zone_of(cluster_server.url)
        assert list(commands.reshard_status(zone, "db").rows) == []
        with pytest.raises(NotFound, match="has no resharding job 001-0123456789abcdef0123"):
            commands.reshard_status(zone, "001-0123456789abcdef0123")

    def test_a_dry_run_shows_what_would_be_split(self, cluster_server, zone_of):
        cluster_server.add("db")
        rows, _ = listed(commands.reshard_start(zone_of(cluster_server.url, dry_run=True), "db", range=RANGES[0]))
        assert [row["node"] for row in rows] == list(NODES)
        assert cluster_server.jobs == {}

    def test_declining_starts_nothing(self, cluster_server, zone_of):
        cluster_server.add("db")

        def decline(deed):
            raise Declined(reason=deed)

        with pytest.raises(Declined):
            commands.reshard_start(zone_of(cluster_server.url, confirm=decline), "db")
        with pytest.raises(Declined):
            commands.reshard_stop(zone_of(cluster_server.url, confirm=decline))
        assert not cluster_server.sent("POST", "_reshard")
        assert cluster_server.reshard_state["state"] == "running"

    def test_a_job_and_all_of_it_stop_and_go_on(self, cluster_server, zone_of):
        cluster_server.add("db")
        zone = zone_of(cluster_server.url)
        listed(commands.reshard_start(zone, "db", on=NODES[0]))
        job = next(iter(cluster_server.jobs))
        commands.reshard_stop(zone, job)
        assert cluster_server.jobs[job]["job_state"] == "stopped"
        commands.reshard_start(zone, job)
        assert cluster_server.jobs[job]["job_state"] == "running"
        commands.reshard_stop(zone)
        assert cluster_server.reshard_state["state"] == "stopped"
        assert zone.own_node in commands.reshard_status(zone).lines[0]

    def test_what_was_stopped_before_is_not_started_by_an_undo(self, cluster_server, zone_of):
        admin = Administration(zone_of(cluster_server.url).couchdb)
        stopped = resharding.replaced(admin, "stopped", "")
        assert stopped == changes.Was("running", ("couchdb", "reshard_start"), "stopped")
        cluster_server.reshard_state["state"] = "stopped"
        assert resharding.replaced(admin, "stopped", "") == changes.PASSING
        assert resharding.replaced(admin, "stopped", "001-0123456789abcdef") == changes.UNKNOWN

    @pytest.mark.parametrize(
        "words",
        [
            (commands.reshard_start, "nosuch", {}),
            (commands.reshard_start, "db", {"on": "couchdb@elsewhere"}),
            (commands.reshard_start, "db", {"range": "00000000-ffffffff"}),
            (commands.reshard_start, "db", {"range": "half"}),
            (commands.reshard_start, "", {"on": NODES[0]}),
            (commands.reshard_stop, "db", {}),
            (commands.reshard_status, "nosuch", {}),
        ],
    )
    def test_what_is_wrong_is_refused(self, cluster_server, zone_of, words):
        cluster_server.add("db")
        perform, target, options = words
        with pytest.raises(BadArgument):
            perform(zone_of(cluster_server.url), target, **options)
        assert not cluster_server.sent("POST", "_reshard")

    def test_finished_jobs_come_last(self):
        found = [
            {"id": f"{number}", "job_state": state, "source": f"shards/{RANGES[0]}/db.1"}
            for number, state in enumerate(("completed", "failed", "running"))
        ]
        assert [row["state"] for row in resharding.jobs(found)] == ["failed", "running", "completed"]


class TestReplication:
    def test_an_end_elsewhere_gets_its_password_from_a_file(self, zone_of, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("me:pass word\n")
        end = replication.endpoint(zone_of("http://192.0.2.1"), "https://there:6984/db", secret, "TARGET")
        assert end == {"url": "https://there:6984/db", "headers": {"Authorization": "Basic bWU6cGFzcyB3b3Jk"}}

    @pytest.mark.parametrize(
        "text",
        [
            "https://me:secret@there/db",
            "ftp://there/db",
            "https://there",
            "https:///db",
            "http://[::1/db",
            "http://there:port/db",
        ],
    )
    def test_a_url_with_a_password_or_without_a_database_is_refused(self, zone_of, text):
        with pytest.raises(BadArgument) as told:
            replication.endpoint(zone_of("http://192.0.2.1"), text, None, "SOURCE")
        assert "secret" not in str(told.value)

    @pytest.mark.parametrize("content", [None, b"", b"nobody", b"\xff:\xfe"])
    def test_a_file_without_a_password_is_refused(self, zone_of, tmp_path, content):
        file = tmp_path / "secret"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(BadArgument):
            replication.endpoint(zone_of("http://192.0.2.1"), "http://there/db", file, "SOURCE")

    def test_it_is_stored_without_events_and_shown_without_credentials(self, cluster_server, zone_of, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("me:hidden")
        cluster_server.databases["_replicator"] = {}
        zone = zone_of(cluster_server.url)
        outcome = commands.replicate_start(zone, "a/b", "http://there/c", continuous=True, target_auth=str(secret))
        [document] = cluster_server.databases["_replicator"].values()
        assert document["source"]["url"] == "http://192.0.2.1:5984/a%2Fb"
        assert document["target"]["headers"]
        assert document["continuous"] is True
        [row] = outcome.rows
        assert (row["id"], row["source"], row["target"]) == (
            document["_id"],
            "http://192.0.2.1:5984/a%2Fb",
            "http://there/c",
        )
        assert "Basic" not in json.dumps([as_json(report) for report in zone.reports])
        assert (zone.broker.keys, zone.waiting) == ([], [])
        for row in list(commands.replicate_status(zone).rows):
            assert list(commands.replicate_status(zone, row["id"]).rows) == [row]
        [row] = commands.replicate_status(zone, document["_id"]).rows
        assert (row["id"], row["state"]) == (document["_id"], "not taken up")
        with pytest.raises(NotFound, match="no replication nobody"):
            list(commands.replicate_status(zone, "nobody").rows)
        commands.replicate_stop(zone, document["_id"])
        assert cluster_server.databases["_replicator"][document["_id"]]["_deleted"] is True

    @pytest.mark.parametrize(("state", "code"), [("completed", None), ("failed", ExitCode.NOT_OK)])
    def test_it_is_waited_for(self, cluster_server, zone_of, pauses, state, code):
        cluster_server.databases["_replicator"] = {}

        def scheduled(state):
            [identifier] = cluster_server.databases["_replicator"]
            cluster_server.replications = [{"doc_id": identifier, "state": state, "source": "a", "target": "c"}]

        pauses += [lambda: scheduled("crashing"), lambda: scheduled("running"), lambda: scheduled(state)]
        [row], error = listed(commands.replicate_start(zone_of(cluster_server.url), "a", "http://there/c", wait=True))
        assert (row["state"], error and error.exit_code, pauses) == (state, code, [])
        with pytest.raises(BadArgument):
            commands.replicate_start(zone_of(cluster_server.url), "a", "http://there/c", wait=True, continuous=True)

    def test_a_dry_run_stores_nothing_and_shows_no_secret(self, cluster_server, zone_of, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("me:hidden")
        cluster_server.databases["_replicator"] = {}
        zone = zone_of(cluster_server.url, dry_run=True)
        outcome = commands.replicate_start(zone, "a", "http://there/c", source_auth=str(secret))
        assert [row["state"] for row in outcome.rows] == ["would be started"]
        assert (zone.reports, cluster_server.databases["_replicator"]) == ([], {})

    def test_credentials_are_the_first_line_of_a_file_or_the_option_that_names_it_is_told(self, zone_of, tmp_path):
        zone = zone_of("http://127.0.0.1:1")
        file = tmp_path / "secret"
        file.write_bytes(b"\xef\xbb\xbfme:hidden\n")
        credentials = replication.endpoint(zone, "http://there/c", file, "SOURCE")["headers"]["Authorization"]
        assert credentials == f"Basic {b64encode(b'me:hidden').decode()}"
        file.write_text("hidden")
        with pytest.raises(BadArgument, match=f"^--target-auth: the first line of {file} does not read user:password$"):
            replication.endpoint(zone, "http://there/c", file, "TARGET")
        with pytest.raises(BadArgument, match="^--target-auth: cannot read /nosuch: No such file"):
            replication.endpoint(zone, "http://there/c", Path("/nosuch"), "TARGET")

    def test_one_that_keeps_failing_ends_the_status_badly(self, cluster_server, zone_of):
        cluster_server.replications = [
            {"doc_id": "good", "state": "running", "id": "1+continuous", "source": "http://u:p@a/x", "info": {}},
            {"doc_id": "bad", "state": "crashing", "error_count": 4, "info": {"error": "db_not_found"}},
        ]
        rows, error = listed(commands.replicate_status(zone_of(cluster_server.url)))
        assert [(row["id"], row["wrong"]) for row in rows] == [("good", None), ("bad", "db_not_found")]
        assert rows[0]["source"] == "http://a/x"
        assert rows[0]["continuous"] is True
        assert error.exit_code is ExitCode.NOT_OK

    def test_without_a_scheduler_the_documents_tell(self, zone_of):
        with CouchDBServer(version="2.0.0") as server:
            server.databases["_replicator"] = {
                "r": {
                    "_id": "r",
                    "_rev": "1-a",
                    "source": "http://u:p@a/x",
                    "target": "y",
                    "_replication_state": "error",
                }
            }
            rows, error = listed(commands.replicate_status(zone_of(server.url)))
        assert [(row["id"], row["state"], row["source"]) for row in rows] == [("r", "error", "http://a/x")]
        assert error is not None

    @pytest.mark.parametrize("words", [("start", "a"), ("start",), ("stop",), ("stop", "a", "b")])
    def test_too_few_or_many_words(self, sup, words):
        verb, *more = words
        done = sup("couchdb", f"replicate_{verb}", *more, env={"SUP_COUCHDB_URL": "http://192.0.2.1"})
        assert (done.code, done.stderr.count("\n")) == (1, 1)


class TestSecurity:
    def test_who_may_what(self, cluster_server, zone_of):
        cluster_server.add("closed")
        cluster_server.add("open")
        cluster_server.securities["closed"] = {"admins": {"names": ["a", "b"]}, "members": {"roles": ["_admin"]}}
        rows = {row["database"]: row for row in commands.security_(zone_of(cluster_server.url)).rows}
        assert rows["open"]["open"] is True
        assert (rows["closed"]["open"], rows["closed"]["admin_names"]) == (False, "a, b")

    def test_it_is_set_after_asking_shown_in_a_dry_run_and_left_when_it_is_so(self, cluster_server, zone_of):
        cluster_server.add("db")
        wanted = {"admins": {"roles": ["_admin"]}, "members": {"names": ["me"]}}
        dry = zone_of(cluster_server.url, dry_run=True)
        commands.security_(dry, "db", wanted)
        assert "db" not in cluster_server.securities
        assert [(report.planned, report.after) for report in dry.reports] == [(True, wanted)]
        asked = []
        zone = zone_of(cluster_server.url, confirm=asked.append)
        assert commands.security_(zone, "db", wanted).report.counts == {"edited": 1}
        assert cluster_server.securities["db"] == wanted
        assert len(asked) == 1
        assert commands.security_(zone, "db", wanted).report.counts == {"unchanged": 1}

    @pytest.mark.parametrize(
        "wrong",
        [[], "x", {"admins": []}, {"members": {"roles": "x"}}, {"members": {"names": [1]}}, {"admins": {"x": []}}],
    )
    def test_what_couchdb_would_misunderstand_is_refused(self, wrong):
        with pytest.raises(BadArgument):
            security.checked(wrong)


class TestTasksAndShards:
    def test_tasks_name_the_database_of_a_shard(self):
        rows = tasks.rows(
            [
                {
                    "type": "indexer",
                    "database": f"shards/{RANGES[0]}/a/b.1600",
                    "design_document": "_design/v",
                    "started_on": 0,
                },
                {"type": "replication", "source": "http://u:p@x/a/", "target": "b", "doc_id": "r", "docs_written": 4},
                {"type": "database_compaction", "database": "plain", "node": NODES[0], "progress": 12},
            ]
        )
        assert [row["database"] for row in rows] == ["a/b", None, "plain"]
        assert rows[0]["what"] == f"_design/v, shard {RANGES[0]}"
        assert rows[1]["what"] == "http://x/a/ to b, r"

    def test_shards_name_the_copies_that_cannot_be_reached(self, cluster_server, zone_of):
        cluster_server.add("db")
        cluster_server.holders = {"db": {RANGES[1]: [DOWN, NODES[0]], RANGES[0]: [NODES[0]]}}
        rows = list(commands.shards(zone_of(cluster_server.url), "db").rows)
        assert [(row["range"], row["copies"], row["down"]) for row in rows] == [
            (RANGES[0], 1, None),
            (RANGES[1], 2, DOWN),
        ]
        assert len(list(commands.shards(zone_of(cluster_server.url), "db", "doc").rows)) == 1
