"""Tasks, templates of e-mails and undelivered notifications, through the program: against a CouchDB and a broker."""

from __future__ import annotations

import csv
import io
import json
import threading
from urllib.parse import quote

import pytest
import requests

from helpers.kazoo_nodes import KazooNode, gregorian
from kazoo_sup.lab.seed import ACCOUNT, ACCOUNT_DATABASE
from kazoo_sup.messages.names import plain

pytestmark = pytest.mark.integration

TIMEOUT = 600
ACTIONS = {
    "numbers": {
        "import": {"description": "d", "expected_content": "text/csv", "mandatory": ["e164"], "optional": ["name"]},
        "list": {"description": "d"},
    }
}
TEMPLATE = "notification.voicemail_full"


@pytest.fixture
def documents(cluster):
    """Give functions that put and get a document of a database."""

    class Documents:
        def url(self, database, name):
            return f"{cluster}/{quote(plain(database), safe='')}/{quote(name, safe='')}"

        def put(self, database, document):
            requests.put(self.url(database, document["_id"]), json=document, timeout=TIMEOUT).raise_for_status()

        def get(self, database, name, below=""):
            answer = requests.get(self.url(database, name) + below, timeout=TIMEOUT)
            return None if answer.status_code == 404 else answer

        def change(self, database, name, **fields):
            self.put(database, {**self.get(database, name).json(), **fields})

    return Documents()


@pytest.fixture
def run(at, amqp_url):
    def run(*words, **more):
        return at(*words, env={"SUP_AMQP_URL": amqp_url}, **more)

    return run


class TasksNode(KazooNode):
    """A node that knows ACTIONS, starts tasks and, WORKING, finishes them with so many rows failed."""

    def __init__(self, url, documents, *, failing=None):
        replies = {
            ("tasks", "tasks.lookup", "lookup_req"): self._lookup,
            ("tasks", "tasks.start", "start_req"): self._start,
            ("tasks", "tasks.remove", "remove_req"): self._remove,
        }
        super().__init__(url, "kazoo_apps@tasks.example.com", replies)
        self._documents = documents
        self._failing = failing

    def _lookup(self, request):
        found = ACTIONS
        for name in (request.get("Category"), request.get("Action")):
            found = found.get(name, {}) if name else found
        if found and request.get("Category"):
            found = {request["Category"]: {request["Action"]: found} if request.get("Action") else found}
        return {"Event-Name": "lookup_resp", "Help": found}

    def _start(self, request):
        answer = {"Event-Name": "start_resp"}
        task = self._documents.get("tasks", request["Task-ID"])
        if task is None:
            return {**answer, "Reply": "not_found"}
        self._documents.change("tasks", request["Task-ID"], pvt_started_at=gregorian())
        if self._failing is not None:
            threading.Timer(0.5, self._finish, [request["Task-ID"], task.json()["pvt_total_rows"]]).start()
        return {**answer, "Reply": {"_read_only": {"id": request["Task-ID"], "status": "executing"}}}

    def _finish(self, task, rows):
        counts = {"pvt_total_rows_failed": self._failing, "pvt_total_rows_succeeded": rows - self._failing}
        self._documents.change("tasks", task, pvt_ended_at=gregorian(), **counts)

    def _remove(self, _request):
        return {"Event-Name": "remove_resp", "Reply": "task_running"}


@pytest.fixture
def numbers(tmp_path):
    file = tmp_path / "numbers.csv"
    file.write_text("e164,name\n+14155550100,one\n+14155550101,\n")
    return str(file)


def add(run, *more):
    return run("tasks_maintenance", "add", ACCOUNT, ACCOUNT, "numbers", "import", *more)


class TestTasks:
    def test_a_task_is_checked_stored_with_its_csv_and_listed(self, run, amqp_url, documents, numbers):
        with TasksNode(amqp_url, documents) as node:
            done = add(run, numbers)
        assert done.code == 0, done.stderr
        task = json.loads(done.stdout)["_read_only"]
        assert (task["total_count"], task["file_name"], task["status"]) == (2, "numbers.csv", "pending")
        assert not node.said("start_req")
        stored = documents.get("tasks", task["id"]).json()
        assert stored["_attachments"]["in.csv"]["content_type"] == "text/csv"
        (listed,) = json.loads(run("tasks_maintenance", "tasks", ACCOUNT).stdout)
        assert (listed["id"], listed["csvs"]) == (task["id"], ["in.csv"])
        assert json.loads(run("tasks_maintenance", "tasks").stdout) == [listed]
        assert json.loads(run("tasks_maintenance", "task", task["id"]).stdout) == {"_read_only": task}
        printed = run("tasks_maintenance", "task_input", task["id"]).stdout
        assert list(csv.reader(io.StringIO(printed)))[1] == ["+14155550100", "one"]

    @pytest.mark.parametrize(("failing", "code", "status"), [(0, 0, "success"), (1, 5, "partial"), (2, 3, "failure")])
    def test_a_started_task_is_followed_to_its_end(self, run, amqp_url, documents, numbers, failing, code, status):
        with TasksNode(amqp_url, documents, failing=failing):
            done = add(run, numbers, "--start")
        assert done.code == code, done.stderr
        added, started, ended = (json.loads(line)["_read_only"] for line in done.stdout.splitlines())
        assert added["id"] == started["id"] == ended["id"]
        assert (ended["status"], ended["failure_count"]) == (status, failing)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("name\none\n", "missing_mandatory_fields"),
            ("e164,name\n,one\n", "missing_mandatory_values"),
            ("e164,name\n+1\n", "ERROR: Empty CSV"),
            ("e164\n", "ERROR: Empty CSV"),
        ],
    )
    def test_wrong_input_is_refused_before_anything_is_stored(self, run, amqp_url, documents, tmp_path, content, said):
        (tmp_path / "wrong.csv").write_text(content)
        with TasksNode(amqp_url, documents):
            done = add(run, str(tmp_path / "wrong.csv"))
        assert done.code in (1, 3)
        assert said in done.stdout
        assert done.stderr
        assert json.loads(run("tasks_maintenance", "tasks").stdout) == []

    def test_an_action_that_takes_csv_is_refused_without_and_one_nobody_knows(self, run, amqp_url, documents):
        with TasksNode(amqp_url, documents):
            without = add(run)
            unknown = run("tasks_maintenance", "add", ACCOUNT, ACCOUNT, "numbers", "fold")
        assert json.loads(without.stdout)["errors"]["expected_content"] == "text/csv"
        assert unknown.stdout == "ERROR: No such category / action: numbers fold\n"
        assert unknown.code == without.code == 3

    def test_help_is_what_the_node_knows(self, run, amqp_url, documents):
        with TasksNode(amqp_url, documents):
            assert json.loads(run("tasks_maintenance", "help").stdout) == ACTIONS
            assert json.loads(run("tasks_maintenance", "help", "numbers").stdout) == ACTIONS["numbers"]
            assert json.loads(run("tasks_maintenance", "help", "numbers", "list").stdout) == ACTIONS["numbers"]["list"]
            assert run("tasks_maintenance", "help", "what").stdout == "ERROR: unknown_category\n"

    def test_what_the_node_refuses_is_said_and_is_no_success(self, run, amqp_url, documents):
        with TasksNode(amqp_url, documents) as node:
            refused = run("tasks_maintenance", "remove", "abc")
            missing = run("tasks_maintenance", "start", "abc")
            planned = run("tasks_maintenance", "start", "abc", "--dry-run")
        assert (refused.code, refused.stdout) == (3, "ERROR: task_running\n")
        assert (missing.code, missing.stdout) == (3, "ERROR: not_found\n")
        assert planned.code == 0
        assert len(node.said("start_req")) == 1

    def test_without_a_node_nothing_is_stored_and_it_is_said_who_is_missing(self, run, numbers):
        done = add(run, numbers)
        assert done.code != 0
        assert "tasks.lookup_req" in done.stderr
        assert json.loads(run("tasks_maintenance", "tasks").stdout) == []

    def test_compactions_are_kept_in_this_month(self, run, cluster):
        month = run("-f", "json", "tasks_maintenance", "compaction", "history").code
        assert month == 0
        name = f"{plain(ACCOUNT_DATABASE)}-{_month()}"
        requests.put(f"{cluster}/{quote(name, safe='')}", timeout=TIMEOUT).raise_for_status()
        done = run("tasks_maintenance", "compaction", "compact_db", "tasks")
        assert done.code == 0, done.stderr
        assert next(csv.DictReader(io.StringIO(done.stdout)))["database"] == "tasks"
        table = run("tasks_maintenance", "compaction", "history").stdout.splitlines()
        assert len(table) == 5
        job = table[3].split("|")[1].strip()
        assert f"id: {job}" in run("tasks_maintenance", "compaction", "history", job).stdout


def _month():
    from kazoo_sup.kazoo.documents.gregorian import moment

    at = moment(gregorian())
    return f"{at.year}{at.month:02}"


class TestTemplates:
    @pytest.fixture
    def files(self, tmp_path):
        (tmp_path / "voicemail_full.html").write_text("<p>full</p>")
        (tmp_path / "voicemail_full.text").write_text("full")
        return str(tmp_path)

    def test_a_template_with_its_texts_is_restored_and_forced_on_an_account(self, run, documents, files):
        documents.put("system_config", {"_id": TEMPLATE, "subject": "mine", "macros": {"a": 1}})
        documents.put(ACCOUNT_DATABASE, {"_id": TEMPLATE, "subject": "theirs"})
        documents.put(ACCOUNT_DATABASE, {"_id": "notification.new_user", "subject": "theirs"})
        restored = run("teletype_maintenance", "restore_system_template", "voicemail_full", "--templates", files)
        assert restored.code == 0, restored.stderr
        assert documents.get("system_config", TEMPLATE).json()["macros"] == {"a": 1}
        forced = run("teletype_maintenance", "force_system_default", ACCOUNT, "voicemail_full")
        assert forced.code == 0, forced.stderr
        copy = documents.get(ACCOUNT_DATABASE, TEMPLATE).json()
        assert copy["subject"] == documents.get("system_config", TEMPLATE).json()["subject"] != "mine"
        assert documents.get(ACCOUNT_DATABASE, TEMPLATE, "/template.text%2Fhtml").text == "<p>full</p>"
        assert documents.get(ACCOUNT_DATABASE, "notification.new_user").json()["subject"] == "theirs"
        removed = run("teletype_maintenance", "remove_customization", ACCOUNT)
        assert removed.stdout.splitlines()[1:] == ["  new_user: deleted", "  voicemail_full: deleted"]
        assert documents.get(ACCOUNT_DATABASE, TEMPLATE) is None

    def test_one_that_cannot_be_restored_stays(self, run, documents, tmp_path):
        documents.put("system_config", {"_id": TEMPLATE, "subject": "mine"})
        done = run("teletype_maintenance", "restore_system_template", TEMPLATE, "--templates", str(tmp_path))
        assert done.code == 3
        assert documents.get("system_config", TEMPLATE).json()["subject"] == "mine"


class TestNotifications:
    @pytest.fixture
    def waiting(self, documents):
        for number in range(3):
            documents.put("pending_notifications", self.notification(f"n{number}", 100 + number))
        documents.put("pending_notifications", self.notification("gone", 50, max_retried=True))

    def notification(self, name, modified, **more):
        payload = {"Account-ID": ACCOUNT, "Hook-ID": "h", "App-Name": "webhooks", "Other": "dropped"}
        return {
            "_id": name,
            "pvt_type": "failed_notify",
            "pvt_modified": modified,
            "notification_type": "webhook_disabled",
            "attempts": 2,
            "failure_reason": "r" * 70,
            "payload": payload,
            **more,
        }

    def test_they_are_listed_counted_and_deleted(self, run, waiting):
        table = run("notify_resend_maintenance", "pending", "2").stdout.splitlines()
        assert [line.split("|")[1].strip() for line in table[3:-2]] == ["n0", "n1"]
        assert {len(line) for line in table[:-1]} == {len(table[0])}
        assert table[-1].split(",")[0].endswith("3")
        assert "webhook_disabled" in run("notify_resend_maintenance", "statistics").stdout.splitlines()[0]
        failed = run("notify_resend_maintenance", "failed_by_type", "webhook_disabled").stdout
        assert "gone" in failed
        assert "n0" not in failed
        whole = run("notify_resend_maintenance", "failed", "5", "true").stdout
        assert json.JSONDecoder().raw_decode(whole)[0]["_id"] == "gone"
        assert run("notify_resend_maintenance", "delete_between", "101", "102").stdout.startswith("1 ")
        assert run("notify_resend_maintenance", "delete_older_than", "500").stdout.startswith("2 ")
        assert "n0" not in run("notify_resend_maintenance", "pending").stdout

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            ({"Status": "completed"}, 0),
            ({"Status": "failed", "Failure-Message": "no_to_addresses"}, 0),
            ({"Status": "failed", "Failure-Message": "badmatch"}, 3),
        ],
    )
    def test_one_is_sent_again_and_teletype_asked_how_it_went(self, run, amqp_url, waiting, answer, code):
        said = {("notifications", "notifications.webhook.#", "webhook_disabled"): lambda _request: _update(answer)}
        with KazooNode(amqp_url, "kazoo_apps@teletype.example.com", said) as teletype:
            done = run("notify_resend_maintenance", "send_notify", "n1")
        assert done.code == code, done.stderr
        (heard,) = teletype.said("webhook_disabled")
        assert (heard["Hook-ID"], heard["App-Name"]) == ("h", "sup")
        assert "Other" not in heard
        assert json.loads(run("notify_resend_maintenance", "notify_info", "n1").stdout)["_id"] == "n1"


def _update(answer):
    return {"Event-Category": "notification", "Event-Name": "notify_update", **answer}


class TestNodes:
    def test_what_a_node_runs_is_compared_with_what_it_is_to_run(self, run, amqp_url):
        assert run("kapps_config", "set_default", "kapps_controller", "kapps", '["crossbar","fax"]').code == 0
        advert = {"Expires": 5000, "WhApps": {"crossbar": {}, "pivot": {}}}
        with KazooNode(amqp_url, "kazoo_apps@apps7.example.com", advert=advert):
            check = run("-n", "kazoo_apps@apps7.example.com", "kazoo_apps_maintenance", "check")
            ready = run("-n", "kazoo_apps@apps7.example.com", "kazoo_apps_maintenance", "ready")
            distinct = run("-n", "kazoo_apps@apps7.example.com", "kazoo_apps_maintenance", "make_autostart_distinct")
            after = run("-n", "kazoo_apps@apps7.example.com", "kazoo_apps_maintenance", "check")
        assert (check.code, ready.code, distinct.code, after.code) == (2, 2, 0, 0)
        assert [line.split()[0] for line in check.stdout.splitlines()] == [
            "unexpected",
            "missing",
            "running",
            "configured",
        ]

    def test_a_password_is_read_from_standard_input_and_not_printed(self, run, documents):
        done = run("notify_maintenance", "configure_smtp_password", input="hush\n")
        assert (done.code, done.stdout) == (0, "ok\n")
        assert documents.get("system_config", "smtp_client").json()["default"]["password"] == "hush"
        assert "hush" not in done.stderr
