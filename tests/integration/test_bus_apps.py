"""Applications over a real broker, played by nodes written from the protocol: several, slow, silent and erring ones."""

from __future__ import annotations

import json
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests

from helpers.kazoo_nodes import KazooNode, advertised, channel, ecallmgr, gregorian
from helpers.real_servers import AMPLE_SECONDS, until
from kazoo_sup.lab.seed import ACCOUNT, ACCOUNT_DATABASE

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


def silent(_request):
    return None


def heard(listening, event, count=1):
    """Return the messages called EVENT that a node has heard, once there are COUNT."""
    until(lambda: len(listening.said(event)) >= count, f"{count} {event}")
    return listening.said(event)


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
        (told,) = heard(listening, event)
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
        assert [told["Agent-ID"] for told in heard(listening, "logout", 2)] == ["bob", "eve"]
        assert asking("acdc_agent_maintenance", "acct_restart", ACCOUNT).code == 0
        assert asking("acdc_agent_maintenance", "agent_restart", ACCOUNT, "eve").code == 0
        assert [told["Agent-ID"] for told in heard(listening, "restart", 3)] == ["bob", "eve", "eve"]

    def test_nobody_listens(self, asking):
        done = asking("acdc_maintenance", "agent_login", ACCOUNT, "bob")
        assert (done.code, done.stdout) == (3, "")
        assert "no node of the cluster listens" in done.stderr

    def test_calls_of_several_nodes_are_told_and_who_errs_or_is_silent_is_named(self, asking, acdc, node):
        acdc("one", calls=[self.call("c1"), self.call("c2", "q2")])
        acdc("two", calls=[self.call("c3")], delay=0.5)
        node("acdc", "silent", {("kapps", STATS, "current_calls_req"): silent})
        node("acdc", "rubbish", {("kapps", STATS, "current_calls_req"): lambda _request: {"Event-Name": "rubbish"}})
        done = asking("acdc_maintenance", "current_calls", ACCOUNT, "--wait", str(AMPLE_SECONDS))
        assert done.code == 5
        assert done.stdout.startswith(f"call stats for account {ACCOUNT} (queue all)\ncall stats in Waiting\n")
        assert {f'Call-ID: <<"{each}">>' for each in ("c1", "c2", "c3")} <= set(done.stdout.splitlines())
        assert "answered by acdc@one, acdc@two" in done.stderr
        assert "no answer from acdc@silent" in done.stderr
        assert "acdc@rubbish answered" in done.stderr
        of_one = asking("-f", "json", "acdc_maintenance", "current_calls", ACCOUNT, "q2", "--wait", str(AMPLE_SECONDS))
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

    def test_where_no_node_is_there_and_none_is_stored_no_status_is_known(self, asking, put):
        put("acdc", {"_id": ACCOUNT, "pvt_type": "acdc_activation", "pvt_account_id": ACCOUNT})
        for words in (["current_statuses", ACCOUNT], ["agents_summary"], ["agents_detail", ACCOUNT]):
            done = asking("acdc_maintenance", *words)
            assert (done.code, done.stdout) == (5, "")
            assert "nobody could be asked for the statuses of the last hours" in done.stderr

    def test_a_call_that_hangs_is_abandoned(self, asking, acdc, put):
        put("acdc", {"_id": ACCOUNT, "pvt_type": "acdc_activation", "pvt_account_id": ACCOUNT})
        listening = acdc("one", calls=[self.call("c1")])
        done = asking("acdc_maintenance", "flush_call_stat", "c1")
        assert (done.code, done.stdout) == (0, "setting call to 'abandoned'\nok\n")
        (told,) = heard(listening, "abandoned")
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
        rows = requests.get(f"{cluster}/acdc/_all_docs", timeout=600).json()["rows"]
        assert {row["id"] for row in rows if not row["id"].startswith("_")} == {ACCOUNT}
        assert asking("acdc_maintenance", "refresh").code == 0
        assert [name for name in requests.get(f"{cluster}/_all_dbs", timeout=600).json() if "-20" in name]

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
        found = [line.partition(":")[2].strip() for line in details.splitlines() if line.startswith("Call ID")]
        assert sorted(found) == ["c1", "c2"]

    def test_nobody_is_there(self, asking):
        done = asking("jonny5_maintenance", "authz_summary")
        assert (done.code, done.stdout) == (5, "")

    def test_limits_come_from_the_documents(self, at, put):
        put(ACCOUNT_DATABASE, {"_id": "limits", "pvt_type": "limits", "calls": 4, "twoway_trunks": 2})
        rows = at("jonny5_maintenance", "limits_summary").stdout.splitlines()
        assert [cell.strip() for cell in rows[4].split("|")[1:8]] == [ACCOUNT, "4", "-1", "0", "0", "0", "2"]
        assert at("jonny5_maintenance", "limits_summary", ACCOUNT).stdout.splitlines() == rows
        assert "  Calls Hard Limit       : 4\n" in at("jonny5_maintenance", "limits_details", ACCOUNT).stdout


class TestWebsockets:
    """blackhole."""

    GET = ("sysconf", "websockets.get", "get_req")

    def session(self, number, account=ACCOUNT):
        return {
            "websocket_session_id": f"192.0.2.{number}:4000",
            "source": f"192.0.2.{number}",
            "timestamp": gregorian() - 75,
            "bindings": ["call.*", "object.*"],
            "account": account,
        }

    def knowing(self, *sessions):
        def get(request):
            return {
                "Event-Name": "get_resp",
                "Data": [each for each in sessions if each["account"] == request["Account-ID"]],
            }

        return get

    @pytest.fixture
    def blackholes(self, node):
        """Let two nodes live with a session each of the account, one of them slow, and one with somebody else's."""
        node("blackhole", "one", {self.GET: self.knowing(self.session(1), self.session(9, "f" * 32))})
        node("blackhole", "two", {self.GET: self.knowing(self.session(2))}, delay=0.5)

    @pytest.mark.usefixtures("blackholes")
    def test_sessions_of_all_nodes_are_one_table(self, asking):
        done = asking("blackhole_maintenance", "active_sessions_by_account", "lab.example.com")
        rows = [[cell.strip() for cell in line.split("|")] for line in done.stdout.splitlines()[2:-1]]
        assert done.code == 0
        assert [row[0] for row in sorted(rows)] == ["192.0.2.1:4000", "192.0.2.2:4000"]
        assert {row[3] for row in rows} == {ACCOUNT}
        assert rows[0][4] == "call.*, object.*"
        everybody = asking("-f", "json", "blackhole_maintenance", "active_sessions")
        peers = {each["websocket_session_id"] for each in json.loads(everybody.stdout)["result"]}
        assert peers == {"192.0.2.1:4000", "192.0.2.2:4000"}
        from_there = asking("blackhole_maintenance", "active_sessions_by_ip", "192.0.2.2")
        assert "192.0.2.2:4000" in from_there.stdout
        assert "192.0.2.1:4000" not in from_there.stdout

    def test_one_that_is_silent_or_errs_does_not_hide_the_other(self, asking, node):
        node("blackhole", "one", {self.GET: self.knowing(self.session(1))})
        node("blackhole", "silent", {self.GET: silent})
        node("blackhole", "rubbish", {self.GET: lambda _request: b"{"})
        done = asking("blackhole_maintenance", "active_sessions_by_account", ACCOUNT, "--wait", str(AMPLE_SECONDS))
        assert done.code == 5
        assert "192.0.2.1:4000" in done.stdout
        assert "blackhole@silent" in done.stderr

    def test_nobody_is_connected(self, asking, node):
        node("blackhole", "one", {self.GET: self.knowing()})
        assert asking("blackhole_maintenance", "active_sessions").stdout == "no active sessions\nok\n"


def test_a_text_names_the_node_for_which_it_is_sent(asking, node):
    listening = node("im", "one", {("im", "sms.outbound.#", "any"): silent})
    done = asking("-n", "kazoo_apps@ops", "doodle_maintenance", "send_outbound_sms", "+14155550100", "hello")
    assert (done.code, done.stdout) == (0, "ok\n")
    (told,) = heard(listening, "outbound")
    assert told["System-ID"] == "kazoo_apps@ops"


class TestPrompts:
    """media_mgr."""

    @pytest.fixture
    def prompts(self, put):
        listing = "function (doc) { if (doc.prompt_id) emit([doc.prompt_id, doc.language], null); }"
        put("system_media", {"_id": "_design/media", "views": {"listing_by_prompt": {"map": listing}}})
        audio = {"hello.wav": {"content_type": "audio/x-wav", "data": "UklGRg=="}}
        prompt = {"prompt_id": "hello", "language": "en-us", "pvt_type": "media"}
        put("system_media", {"_id": "en-us/hello", **prompt, "_attachments": audio})
        put("system_media", {"_id": "fr-fr/hello", **prompt, "language": "fr-fr"})

    @pytest.mark.usefixtures("prompts")
    def test_the_url_gives_the_recording(self, at, cluster):
        done = at("media_mgr_maintenance", "prompt_url", "hello", "lab.example.com")
        label, _, url = done.stdout.splitlines()[0].partition(": ")
        assert (done.code, label) == (0, f" URL for {ACCOUNT}/hello/en-us")
        server = urlsplit(cluster)
        login = (server.username, server.password) if server.username else None
        assert requests.get(url, auth=login, timeout=600).content == b"RIFF"
        french = at("media_mgr_maintenance", "prompt_url", "hello", ACCOUNT, "fr-fr")
        assert french.stdout == f"failed to find URL for {ACCOUNT}/hello/fr-fr: no_data\nok\n"
        missing = at("media_mgr_maintenance", "prompt_url", "unheard")
        assert missing.stdout == "failed to find URL for system_media/unheard/en-us: invalid_media_name\nok\n"

    @pytest.mark.usefixtures("prompts")
    def test_a_node_is_asked_for_what_it_serves_itself(self, asking, node):
        assert asking("kapps_config", "set_default", "kazoo_couch", "use_bigcouch_direct", "false").code == 0

        def requested(request):
            name = request["Media-Name"]
            if "en-us" in name:
                return {"Event-Name": "media_resp", "Media-Name": name, "Stream-URL": "http://node/hello"}
            return {"Event-Name": "media_error", "Media-Name": name, "Error-Code": "not_found"}

        assert asking("media_mgr_maintenance", "prompt_url", "hello").code == 3
        listening = node("media_mgr", "one", {("kapps", "media_req", "media_req"): requested})
        done = asking("media_mgr_maintenance", "prompt_url", "hello")
        assert done.stdout == " URL for system_media/hello/en-us: http://node/hello\nok\n"
        assert [told["Media-Name"] for told in heard(listening, "media_req")] == ["prompt://system_media/hello/en-us"]


@pytest.mark.parametrize("module", ["doodle_maintenance", "jonny5_maintenance", "conference_maintenance"])
def test_flushing_reaches_every_node(asking, node, module):
    listening = node("any", "one", {("configuration", "#", "any"): silent})
    done = asking(module, "flush")
    assert (done.code, done.stdout) == (0, "ok\n")
    until(lambda: ACCOUNT_DATABASE in {told["Database"] for told in listening.said("db_edited")}, "the account's")


class TestWhatKamailioIsTold:
    """frontier, which works on documents."""

    def test_a_default_is_changed_and_holds(self, at):
        done = at("frontier_maintenance", "update_system_default", "device.per_minute.invites", "55")
        assert (done.code, done.stdout) == (0, "Updating device.per_minute.invites from 100 to 55\nok\n")
        rates = at("frontier_maintenance", "lookup_rate_limits", "bob@lab.example.com").stdout
        assert "INVITE         :      55/m       5/s\n" in rates
        assert at("frontier_maintenance", "update_system_default", "device.per_minute", "55").code == 1
        assert at("frontier_maintenance", "update_system_default", "device.per_minute.invites", "x").code == 1

    def test_an_unknown_realm_may_not_send(self, at):
        acls = at("frontier_maintenance", "lookup_acls", "bob@nowhere.example.com").stdout
        assert "device bob@nowhere.example.com use policy allow,deny for cidrs:\n 0.0.0.0/0\n" in acls


@pytest.mark.parametrize(
    ("words", "app"),
    [
        (["blackhole_maintenance", "running_modules"], "blackhole"),
        (["call_inspector_maintenance", "flush"], "call_inspector"),
        (["call_inspector_maintenance", "start_hep_parser", "192.0.2.1", "9060"], "call_inspector"),
        (["jonny5_maintenance", "flush_channels"], "jonny5"),
    ],
)
def test_what_is_in_a_nodes_memory_alone_is_refused(at, words, app):
    done = at(*words)
    assert (done.code, done.stdout) == (3, "")
    assert f"only a node that runs {app} can" in done.stderr
