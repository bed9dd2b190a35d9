"""Applications over a real broker, played by nodes written from the protocol: several, slow, silent and erring ones."""

from __future__ import annotations

import json
from contextlib import ExitStack
from urllib.parse import quote

import pytest
import requests
from kazoo_nodes import KazooNode, advertised, channel, ecallmgr, gregorian

from kazoo_sup.lab.seed import ACCOUNT, ACCOUNT_DATABASE
from kazoo_sup.names import plain

pytestmark = pytest.mark.integration

STATS = "acdc_stats.#"
ACTIONS = "acdc.agent.action.#"


@pytest.fixture
def asking(at, broker):
    """Give `sup` with the seeded CouchDB and our broker."""

    def run(*words, env=None, **more):
        return at(*words, env={"SUP_AMQP_URL": broker.url, **(env or {})}, **more)

    return run


@pytest.fixture
def node(broker):
    """Give a function that lets a node of an application live until the test ends."""
    with ExitStack() as stack:

        def start(app, name, answers, **more):
            return stack.enter_context(KazooNode(broker.url, f"{app}@{name}", answers, advert=advertised(app), **more))

        yield start


@pytest.fixture
def put(cluster):
    """Give a function that stores documents in a database, which it makes."""

    def store(database, *documents):
        name = quote(plain(database), safe="")
        requests.put(f"{cluster}/{name}", timeout=60)
        for each in documents:
            requests.put(f"{cluster}/{name}/{quote(each['_id'])}", json=each, timeout=60).raise_for_status()

    return store


def silent(_request):
    return None


class TestCallCentres:
    """ACDc."""

    @pytest.fixture
    def acdc(self, node):
        """Give a function that starts an acdc node that knows calls and statuses of the account."""

        def start(name, *, calls=(), statuses=None, **more):
            def asked_for_calls(request):
                waiting = [each for each in calls if request.get("Queue-ID") in (None, each["Queue-ID"])]
                return {"Event-Name": "current_calls_resp", "Query-Time": gregorian(), "Waiting": waiting}

            def asked_for_statuses(request):
                agents = {
                    agent: {str(time): {"agent_id": agent, "status": status, "timestamp": time}}
                    for agent, (status, time) in (statuses or {}).items()
                    if request.get("Agent-ID") in (None, agent)
                }
                return {"Event-Name": "status_resp", "Agents": agents}

            answers = {
                ("kapps", STATS, "current_calls_req"): asked_for_calls,
                ("kapps", STATS, "status_req"): asked_for_statuses,
                ("kapps", ACTIONS, "any"): silent,
            }
            return node("acdc", name, answers, **more)

        return start

    def call(self, call_id, queue="q1"):
        return {"Call-ID": call_id, "Queue-ID": queue, "Account-ID": ACCOUNT, "Misses": []}

    @pytest.mark.parametrize(
        ("words", "event", "headers"),
        [
            (["agent_login"], "login", {}),
            (["agent_logout"], "logout", {}),
            (["agent_pause"], "pause", {"Time-Limit": 600}),
            (["agent_pause", "30"], "pause", {"Time-Limit": 30}),
            (["agent_pause", "infinity"], "pause", {"Time-Limit": "infinity"}),
            (["agent_resume"], "resume", {}),
            (["agent_queue_login", "q1"], "login_queue", {"Queue-ID": "q1"}),
            (["agent_queue_logout", "q1"], "logout_queue", {"Queue-ID": "q1"}),
        ],
    )
    def test_agents_are_told_what_they_do(self, asking, acdc, words, event, headers):
        listening = acdc("one")
        done = asking("acdc_maintenance", words[0], "lab.example.com", "bob", *words[1:])
        assert (done.code, done.stdout) == (0, "ok\n")
        assert f"the account {ACCOUNT} has no user bob" in done.stderr
        (told,) = listening.said(event)
        assert {"Account-ID": ACCOUNT, "Agent-ID": "bob", **headers}.items() <= told.items()
        assert told["key"] == f"acdc.agent.action.{event}.{ACCOUNT}.bob"

    def test_all_agents_of_an_account_log_out_or_start_anew(self, asking, acdc, put):
        listing = "function (doc) { if (doc.queues) emit(doc._id, null); }"
        design = {"_id": "_design/agents", "views": {"crossbar_listing": {"map": listing}}}
        users = [{"_id": name, "pvt_type": "user", "queues": ["q1"]} for name in ("bob", "eve")]
        put(ACCOUNT_DATABASE, design, *users, {"_id": "joe", "pvt_type": "user"})
        listening = acdc("one")
        done = asking("acdc_maintenance", "logout_agents", ACCOUNT)
        assert done.stdout.splitlines() == [
            f"Sending notices to logout agents for {ACCOUNT}",
            f"Sending notice to log out agent bob ({ACCOUNT})",
            f"Sending notice to log out agent eve ({ACCOUNT})",
            "ok",
        ]
        assert [told["Agent-ID"] for told in listening.said("logout")] == ["bob", "eve"]
        assert asking("acdc_agent_maintenance", "acct_restart", ACCOUNT).code == 0
        assert asking("acdc_agent_maintenance", "agent_restart", ACCOUNT, "eve").code == 0
        assert [told["Agent-ID"] for told in listening.said("restart")] == ["bob", "eve", "eve"]

    def test_nobody_listens(self, asking):
        done = asking("acdc_maintenance", "agent_login", ACCOUNT, "bob")
        assert (done.code, done.stdout) == (3, "")
        assert "no node of the cluster listens" in done.stderr

    def test_calls_of_several_nodes_are_told_and_who_errs_or_is_silent_is_named(self, asking, acdc, node):
        acdc("one", calls=[self.call("c1"), self.call("c2", "q2")])
        acdc("two", calls=[self.call("c3")], delay=0.5)
        node("acdc", "silent", {("kapps", STATS, "current_calls_req"): silent})
        node("acdc", "rubbish", {("kapps", STATS, "current_calls_req"): lambda _request: {"Event-Name": "rubbish"}})
        done = asking("acdc_maintenance", "current_calls", ACCOUNT, "--wait", "3")
        assert done.code == 5
        assert done.stdout.startswith(f"call stats for account {ACCOUNT} (queue all)\ncall stats in Waiting\n")
        assert {f'Call-ID: <<"{each}">>' for each in ("c1", "c2", "c3")} <= set(done.stdout.splitlines())
        assert "answered by acdc@one, acdc@two" in done.stderr
        assert "no answer from acdc@silent" in done.stderr
        assert "acdc@rubbish answered" in done.stderr
        of_one = asking("-f", "json", "acdc_maintenance", "current_calls", ACCOUNT, "q2", "--wait", "3")
        waiting = [call["Call-ID"] for answer in json.loads(of_one.stdout)["result"] for call in answer["Waiting"]]
        assert waiting == ["c2"]

    def test_nobody_answers(self, asking, node):
        node("acdc", "silent", {("kapps", STATS, "current_calls_req"): silent})
        done = asking("acdc_maintenance", "current_calls", ACCOUNT, "--wait", "1")
        assert (done.code, done.stdout) == (4, "")

    def test_statuses_of_all_nodes_are_one_table_with_the_newest(self, asking, acdc, put):
        put("acdc", {"_id": ACCOUNT, "pvt_type": "acdc_activation", "pvt_account_id": ACCOUNT})
        time = gregorian()
        acdc("one", statuses={"bob": ("ready", time - 9), "eve": ("paused", time)})
        acdc("two", statuses={"bob": ("connected", time)})
        done = asking("acdc_maintenance", "current_statuses", ACCOUNT)
        rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in done.stdout.splitlines()[2:-1]]
        assert (done.code, rows) == (0, [["bob", "connected"], ["eve", "paused"]])
        everything = asking("acdc_agent_maintenance", "status")
        assert everything.stdout == f"ACDc Agents Status\n{done.stdout}"
        for module, function in (("acdc_maintenance", "agent_detail"), ("acdc_agent_maintenance", "agent_status")):
            of_one = asking(module, function, ACCOUNT, "eve")
            assert "eve" in of_one.stdout
            assert "bob" not in of_one.stdout

    def test_a_call_that_hangs_is_abandoned(self, asking, acdc, put):
        put("acdc", {"_id": ACCOUNT, "pvt_type": "acdc_activation", "pvt_account_id": ACCOUNT})
        listening = acdc("one", calls=[self.call("c1")])
        done = asking("acdc_maintenance", "flush_call_stat", "c1")
        assert (done.code, done.stdout) == (0, "setting call to 'abandoned'\nok\n")
        (told,) = listening.said("abandoned")
        assert (told["Queue-ID"], told["key"]) == ("q1", f"acdc_stats.call.{ACCOUNT}.q1")
        done = asking("acdc_maintenance", "flush_call_stat", "c9")
        assert (done.code, done.stdout) == (0, "nothing found for call c9\nok\n")

    def test_accounts_with_queues_are_switched_on(self, asking, put, cluster):
        listing = "function (doc) { if (doc.pvt_type === 'queue') emit(doc._id, null); }"
        put(ACCOUNT_DATABASE, {"_id": "_design/queues", "views": {"crossbar_listing": {"map": listing}}})
        put(ACCOUNT_DATABASE, {"_id": "q1", "pvt_type": "queue"})
        put("acdc", {"_id": "f" * 32, "pvt_type": "acdc_activation", "pvt_account_id": "f" * 32})
        done = asking("acdc_maintenance", "migrate")
        assert done.code == 0
        assert f"saved account {ACCOUNT} to db\nmigration complete\nok\n" in done.stdout
        rows = requests.get(f"{cluster}/acdc/_all_docs", timeout=60).json()["rows"]
        assert {row["id"] for row in rows if not row["id"].startswith("_")} == {ACCOUNT}
        assert asking("acdc_maintenance", "refresh").code == 0
        assert [name for name in requests.get(f"{cluster}/_all_dbs", timeout=60).json() if "-20" in name]

    def test_what_only_a_node_can_do_is_refused(self, asking):
        for words in (["queues_restart", ACCOUNT], ["current_queues", ACCOUNT], ["queue_detail", ACCOUNT, "q1"]):
            done = asking("acdc_maintenance", *words)
            assert (done.code, done.stdout) == (3, "")
            assert "only a node that runs acdc can" in done.stderr


class TestCallsThatAreBilled:
    """jonny5."""

    @pytest.fixture
    def calls(self, broker):
        """Let two ecallmgr nodes live, who know two calls of the account and one of nobody's."""
        billed = {"account_id": ACCOUNT, "account_billing": "per_minute"}
        with (
            ecallmgr(broker.url, "ecallmgr@one", channels=[channel("c1", **billed), channel("c0")]),
            ecallmgr(broker.url, "ecallmgr@two", channels=[channel("c1", **billed), channel("c2", **billed)]),
        ):
            yield

    @pytest.mark.usefixtures("calls")
    def test_calls_of_all_nodes_are_counted_once(self, asking):
        done = asking("jonny5_maintenance", "authz_summary")
        row = [cell.strip() for cell in done.stdout.splitlines()[3].split("|")[1:-1]]
        assert (done.code, row) == (0, [ACCOUNT, "2", "2", "0", "0", "0", "2"])
        assert asking("jonny5_maintenance", "authz_summary", "lab.example.com").stdout == done.stdout
        details = asking("jonny5_maintenance", "authz_details", ACCOUNT).stdout
        assert [line.split(":")[1].strip() for line in details.splitlines() if line.startswith("Call ID")] == [
            "c1",
            "c2",
        ]

    def test_nobody_is_there(self, asking):
        assert asking("jonny5_maintenance", "authz_summary").stdout == "no channels found\n"

    def test_limits_come_from_the_documents(self, at, put):
        put(ACCOUNT_DATABASE, {"_id": "limits", "pvt_type": "limits", "calls": 4, "twoway_trunks": 2})
        rows = at("jonny5_maintenance", "limits_summary").stdout.splitlines()
        assert [cell.strip() for cell in rows[4].split("|")[1:8]] == [ACCOUNT, "4", "-1", "0", "0", "0", "2"]
        assert at("jonny5_maintenance", "limits_summary", ACCOUNT).stdout.splitlines() == rows
        assert "  Calls Hard Limit       : 4\n" in at("jonny5_maintenance", "limits_details", ACCOUNT).stdout
