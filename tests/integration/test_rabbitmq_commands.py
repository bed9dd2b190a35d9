"""The module rabbitmq with a real RabbitMQ and its management API."""

from __future__ import annotations

import json
import socket
import uuid
from urllib.parse import quote, urlsplit

import pika
import pytest
import requests

from helpers import real_servers
from helpers.real_servers import START_SECONDS, until

pytestmark = pytest.mark.integration

NODE = "kazoo_apps@my-host.example.com"


@pytest.fixture
def api(rabbitmq):
    """Change something by the management API itself."""

    def ask(method, path, **body):
        answer = requests.request(method, f"{rabbitmq.api_url}/api/{path}", json=body or None, timeout=START_SECONDS)
        answer.raise_for_status()
        return answer

    return ask


@pytest.fixture
def rabbitmq_sup(sup, api, rabbitmq):
    """`sup rabbitmq` with the broker's management API in its settings."""

    def run(*words, **more):
        return sup("rabbitmq", *words, env={"SUP_AMQP_URL": rabbitmq.url, "SUP_RABBITMQ_API": rabbitmq.api_url}, **more)

    return run


@pytest.fixture
def rows(rabbitmq_sup):
    """The rows of a listing."""

    def listed(*words):
        done = rabbitmq_sup(*words, "--format", "json")
        assert (done.code, done.stderr) == (0, "")
        return json.loads(done.stdout)["rows"]

    return listed


@pytest.fixture
def called():
    """The name that this test's own connection gives itself."""
    return f"test {uuid.uuid4()}"


@pytest.fixture
def connection(rabbitmq, called):
    parameters = pika.URLParameters(rabbitmq.url)
    parameters.client_properties = {"connection_name": called}
    connection = pika.BlockingConnection(parameters)
    yield connection
    if connection.is_open:
        connection.close()


@pytest.fixture
def channel(connection):
    return connection.channel()


@pytest.fixture
def queue(channel):
    """A queue with three messages and nobody who consumes them."""
    name = f"lonely {uuid.uuid4()} <é/#?>"
    channel.queue_declare(name, auto_delete=False)
    channel.confirm_delivery()
    for _ in range(3):
        channel.basic_publish("", name, b"{}")
    yield name
    channel.queue_delete(name)


def ready(channel, queue):
    return channel.queue_declare(queue, passive=True).method.message_count


def test_nodes_and_totals_are_shown(rows, rabbitmq_sup):
    (node,) = until(lambda: (found := rows("status"))[0]["memory"] and found, "the node's statistics")
    assert node["running"] is True
    assert node["memory"] < node["memory_limit"]
    facts = {row["name"]: row["value"] for row in rows("overview")}
    assert facts["version"]
    assert facts["exchanges"] >= 7
    assert rabbitmq_sup("alarms").code == 0


def test_queues_are_shown_page_by_page(rows, channel):
    prefix = uuid.uuid4().hex
    names = [f"{prefix} {number}" for number in range(3)]
    for name in names:
        channel.queue_declare(name, exclusive=True)
    assert {row["queue"] for row in rows("queues") if row["queue"].startswith(prefix)} == set(names)
    assert rows("queues", "--vhost", "/")


def test_bindings_exchanges_consumers_and_connections_are_shown(rows, channel, called):
    exchange, queue = f"x {uuid.uuid4()}", f"q {uuid.uuid4()}"
    channel.exchange_declare(exchange, "topic", auto_delete=True)
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange, "a.*.#")
    channel.basic_consume(queue, lambda *_: None, consumer_tag="tag")
    (binding,) = rows("bindings", "--exchange", exchange)
    assert (binding["destination"], binding["key"], binding["to"]) == (queue, "a.*.#", "queue")
    assert binding in rows("bindings")
    (found,) = [row for row in rows("exchanges") if row["exchange"] == exchange]
    assert (found["type"], found["durable"], found["auto_delete"]) == ("topic", False, True)

    def consumers():
        return [row for row in rows("consumers") if row["queue"] == queue and row["connection"]]

    (consumer,) = until(consumers, "the consumer to be shown")
    assert consumer["tag"] == "tag"
    (own,) = until(lambda: [row for row in rows("connections") if row["called"] == called], "the connection")
    assert own["connection"] == consumer["connection"]
    assert own["client"]


def test_kazoos_own_view_tells_who_listens(rows, channel):
    own = f"{NODE}-cf_exe-<0.1234.0>-deadbeef"
    channel.exchange_declare("callmgr", "topic")
    channel.exchange_declare("hangups.nobody", "topic", auto_delete=True)
    for queue, exchange in ((own, "callmgr"), ("callflow_listener", "callmgr"), ("nobody_listener", "hangups.nobody")):
        channel.queue_declare(queue, auto_delete=True)
        channel.queue_bind(queue, exchange, "#")
    for queue in (own, "callflow_listener"):
        channel.basic_consume(queue, lambda *_: None)

    def seen():
        found = {row["queue"]: row for row in rows("kazoo_queues")}
        return found if found[own]["consumers"] and found["callflow_listener"]["consumers"] else None

    queues = until(seen, "the consumers to be shown")
    assert (queues[own]["app"], queues[own]["module"], queues[own]["nodes"]) == ("callflow", "cf_exe", NODE)
    shared = queues["callflow_listener"]
    assert (shared["app"], shared["nodes"], shared["exchanges"]) == ("callflow", NODE, "callmgr")
    assert queues["nobody_listener"]["note"] == "no consumer"
    exchanges = {row["exchange"]: row for row in rows("kazoo_exchanges")}
    assert (exchanges["callmgr"]["apps"], exchanges["callmgr"]["note"]) == ("callflow", None)
    assert exchanges["hangups.nobody"]["note"] == "nobody listens"
    assert exchanges["omnipresence"]["note"].startswith("not declared")
    channel.queue_delete("nobody_listener")


def test_what_no_queue_was_bound_for_is_counted(rows, channel):
    channel.exchange_declare("presence.lost", "topic", auto_delete=True)
    for _ in range(3):
        channel.basic_publish("presence.lost", "a", b"{}")

    def lost():
        total, *channels = rows("unroutable")
        return channels if (total["dropped"] or 0) >= 3 and channels else None

    assert until(lost, "the lost messages to be counted")[0]["dropped"] >= 3


def test_a_queue_is_purged_after_it_was_asked_about(rabbitmq_sup, channel, queue):
    done = rabbitmq_sup("purge", queue)
    assert done.code == 3
    assert f"of queue {queue}" in done.stderr
    assert rabbitmq_sup("purge", queue, "--dry-run").code == 0
    assert ready(channel, queue) == 3
    assert rabbitmq_sup("purge", queue, tty=True, input="n\n").code == 3
    assert ready(channel, queue) == 3
    assert rabbitmq_sup("purge", queue, "--yes").code == 0
    assert ready(channel, queue) == 0


def test_a_connection_is_closed(rabbitmq_sup, rows, connection, called):
    (own,) = until(lambda: [row for row in rows("connections") if row["called"] == called], "the connection")
    assert rabbitmq_sup("close_connection", own["connection"], "--dry-run").code == 0
    connection.process_data_events(1)
    assert rabbitmq_sup("close_connection", own["connection"]).code == 0
    with pytest.raises(pika.exceptions.ConnectionClosed, match="closed by an operator"):
        connection.process_data_events(START_SECONDS)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("purge", "nope", "--yes"), 3, "has no queue 'nope' in virtual host '/'"),
        (("close_connection", "nope"), 3, "has no connection 'nope'"),
        (("queues", "--vhost", "nope"), 3, "has no virtual host 'nope'"),
        (("shovels",), 3, "rabbitmq_shovel_management"),
        (("federation",), 3, "rabbitmq_federation_management"),
        (("purge", "..", "--yes"), 1, "cannot be asked for"),
        (("queues", "127.0.0.1:1"), 1, "cannot reach RabbitMQ at 127.0.0.1:1"),
        (("queues", "elsewhere"), 1, "has no RabbitMQ management API server 'elsewhere'"),
    ],
)
def test_a_refused_command_never_exits_0(rabbitmq_sup, words, code, reason):
    done = rabbitmq_sup(*words)
    assert (done.code, done.stdout) == (code, "")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_user_without_rights_is_refused(sup, api, rabbitmq):
    user = f"low{uuid.uuid4().hex}"
    api("PUT", f"users/{user}", password="hunter2", tags="management")
    there = urlsplit(rabbitmq.api_url)
    for password in ("hunter2", "wrong"):
        url = f"http://{user}:{quote(password)}@{there.hostname}:{there.port}"
        done = sup("rabbitmq", "status", env={"SUP_RABBITMQ_API": url})
        assert done.code == 3
        assert "refused the credentials" in done.stderr
        assert password not in done.stdout + done.stderr
    api("DELETE", f"users/{user}")


def test_policies_are_shown(rows, api):
    api("PUT", "policies/%2F/limit", pattern="^lonely", definition={"max-length": 5}, **{"apply-to": "queues"})
    (policy,) = [row for row in rows("policies") if row["policy"] == "limit"]
    assert (policy["kind"], policy["pattern"], policy["definition"]) == ("policy", "^lonely", {"max-length": 5})
    api("DELETE", "policies/%2F/limit")


def test_a_memory_alarm_exits_2(rabbitmq_sup, rows, rabbitmq):
    rabbitmq.control("set_vm_memory_high_watermark", "0.00001")
    try:
        done = until(lambda: (ran := rabbitmq_sup("alarms")).code and ran, "the alarm")
        assert done.code == 2
        assert "publishers are blocked" in done.stdout
    finally:
        rabbitmq.control("set_vm_memory_high_watermark", "0.6")
    until(lambda: rabbitmq_sup("alarms").code == 0, "the alarm to end")


def test_several_management_apis_go_by_their_names(sup, api, rabbitmq, tmp_path):
    settings = tmp_path / "sup.yaml"
    there = urlsplit(rabbitmq.api_url)
    settings.write_text(
        "zones:\n  local:\n    rabbitmq_api:\n      gone: http://127.0.0.1:1\n"
        f"      here: http://127.0.0.1:{there.port}\n",
        encoding="utf-8",
    )
    for words in (("status",), ("alarms",)):
        done = sup("--config", str(settings), "rabbitmq", *words)
        assert done.code == 5
        assert "gone" not in done.stdout
    done = sup("--config", str(settings), "rabbitmq", "status", "here")
    assert done.code == 0
    assert "here" in done.stdout
    assert sup("--config", str(settings), "rabbitmq", "purge", "q").code == 1


@pytest.fixture
def permitted_nothing(api, rabbitmq):
    """A function that makes a user with tags and without permissions; returns the management API's URL for him."""
    users = []

    def make(tags):
        users.append(f"nobody{uuid.uuid4().hex}")
        api("PUT", f"users/{users[-1]}", password="hunter2", tags=tags)
        there = urlsplit(rabbitmq.api_url)
        return f"http://{users[-1]}:hunter2@{there.hostname}:{there.port}"

    yield make
    for user in users:
        api("DELETE", f"users/{user}")


@pytest.mark.parametrize("tags", ["management", "monitoring"])
@pytest.mark.parametrize("listing", ["queues", "exchanges", "bindings", "policies"])
def test_a_user_without_permissions_is_not_shown_an_empty_broker(sup, permitted_nothing, channel, listing, tags):
    channel.queue_declare(f"unseen {uuid.uuid4()}", exclusive=True)
    done = sup("rabbitmq", listing, env={"SUP_RABBITMQ_API": permitted_nothing(tags)})
    assert (done.code, done.stdout) == (5, "")
    assert " of RabbitMQ has no permissions in " in done.stderr


def test_a_user_of_few_rights_sees_queues_and_that_he_does_not_see_who_listens(sup, api, permitted_nothing, channel):
    queue = f"{NODE}-cf_exe-<0.4321.0>-deadbeef"
    channel.queue_declare(queue, auto_delete=True)
    channel.basic_consume(queue, lambda *_: None)
    url = permitted_nothing("management")
    api("PUT", f"permissions/%2F/{urlsplit(url).username}", configure="", write="", read=".*")

    def shown(listing):
        done = sup("-f", "json", "rabbitmq", listing, env={"SUP_RABBITMQ_API": url})
        assert done.code == 5
        return json.loads(done.stdout), done.stderr

    def seen():
        rows, said = shown("kazoo_queues")
        return [(row, said) for row in rows["rows"] if row["queue"] == queue and row["consumers"]]

    [(row, said)] = until(seen, "the queue's consumer to be counted")
    assert (row["app"], row["nodes"], row["consumers"]) == ("callflow", NODE, 1)
    assert "only consumers and connections of its own are listed" in said
    assert "only its own virtual hosts are listed" in shown("queues")[1]


@pytest.mark.parametrize(("tags", "code"), [("management", 5), ("monitoring", 0)])
def test_consumers_are_shown_to_who_monitors_whatever_his_permissions(sup, permitted_nothing, channel, tags, code):
    queue = f"unseen {uuid.uuid4()}"
    channel.queue_declare(queue, exclusive=True)
    channel.basic_consume(queue, lambda *_: None)

    def shown_to(url):
        return sup("rabbitmq", "consumers", env={"SUP_RABBITMQ_API": url})

    monitor = permitted_nothing("monitoring")
    until(lambda: queue in shown_to(monitor).stdout, "the consumer to be shown")
    done = shown_to(permitted_nothing(tags))
    assert done.code == code
    assert (queue in done.stdout, "only consumers of its own are listed" in done.stderr) == (code == 0, code == 5)


def test_an_exchange_that_is_not_there_is_no_empty_list(rabbitmq_sup):
    for words in (("--vhost", "/"), ()):
        done = rabbitmq_sup("bindings", "--exchange", "nope", *words)
        assert (done.code, done.stdout, done.stderr) == (3, "", "sup: RabbitMQ has no exchange 'nope'\n")


def test_a_broker_that_hangs_does_not_hide_what_another_lists(sup, api, rabbitmq, channel, tmp_path):
    name = f"seen {uuid.uuid4()}"
    channel.queue_declare(name, exclusive=True)
    parts = urlsplit(rabbitmq.api_url)
    file = tmp_path / "sup.yaml"
    with socket.create_server(("127.0.0.1", 0)) as hung:
        well = {"url": f"http://{parts.hostname}:{parts.port}", "username": parts.username, "password": parts.password}
        apis = {"stuck": f"http://127.0.0.1:{hung.getsockname()[1]}", "well": well}
        file.write_text(json.dumps({"zones": {"local": {"rabbitmq_api": apis, "amqp": []}}}), encoding="utf-8")
        file.chmod(0o600)
        done = sup("--config", str(file), "-t", "15", "rabbitmq", "queues")
    assert done.code == 5
    assert name in done.stdout
    assert "timed out after 15 s waiting for stuck" in done.stderr


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    broker = real_servers.RabbitMQ(tmp_path_factory.mktemp("bare"), statistics=False)
    queue = f"{broker.api_url}/api/queues/%2F/lonely"
    requests.put(queue, json={"durable": True}, timeout=START_SECONDS).raise_for_status()
    yield broker
    broker.close()


@pytest.fixture
def bare_sup(sup, bare):
    couchdb = "http://127.0.0.1:1"
    env = {"SUP_AMQP_URL": bare.url, "SUP_RABBITMQ_API": bare.api_url, "SUP_COUCHDB_URL": couchdb}
    return lambda *words: sup(*words, env=env)


class TestWithoutStatistics:
    """A broker that keeps no statistics still tells which alarms are in effect; the rest is not known."""

    def test_what_is_not_told_is_unknown(self, bare_sup):
        done = bare_sup("rabbitmq", "alarms")
        assert done.code == 5
        assert "keeps no statistics" in done.stderr
        assert bare_sup("rabbitmq", "queues").code == 0
        lost = bare_sup("rabbitmq", "unroutable")
        assert (lost.code, "keeps no statistics: how many messages were lost is not known" in lost.stderr) == (5, True)
        rows = json.loads(bare_sup("zone", "status", "--deadline", "20", "-f", "json").stdout)["rows"]
        found = {row["component"]: row for row in rows}
        assert (found["rabbitmq"]["state"], found["queues"]["state"]) == ("unknown", "unknown")
        assert "whether lonely has consumers is not known" in found["queues"]["summary"]

    def test_an_alarm_is_one(self, bare_sup, bare):
        bare.control("set_vm_memory_high_watermark", "absolute", "1")
        try:
            done = until(lambda: (ran := bare_sup("rabbitmq", "alarms")).code == 2 and ran, "the alarm")
            assert "memory  publishers are blocked" in done.stdout
            rows = json.loads(bare_sup("zone", "status", "--deadline", "20", "-f", "json").stdout)["rows"]
            assert {row["state"] for row in rows if row["component"] == "rabbitmq"} == {"critical"}
        finally:
            bare.control("set_vm_memory_high_watermark", "0.8")
