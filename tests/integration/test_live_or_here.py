"""What is answered here where that can be done, and on a node where it cannot; and nodes that only the bus knows."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest

from helpers import real_servers
from helpers.kazoo_nodes import KazooNode, advertised, ecallmgr
from kazoo_sup.terms.values import Atom
from kazoo_sup.transports.erlang.connection import Endpoint, Node

pytestmark = pytest.mark.integration

ECALLMGR, APPS = "ecallmgr@localhost", "kazoo_apps@localhost"
PLAYED = {
    "ecallmgr_maintenance": [
        *(("sync_channels", 0), ("sync_channels", 1), ("sync_conferences", 0), ("sync_conferences", 1)),
        *(("flush_node_channels", 1), ("flush_node_conferences", 1)),
    ],
    "hotornot_maintenance": [("trie_rebuild", 0)],
    "kapps_controller": [("running_apps", 1)],
    "tasks_maintenance": [("compaction", 1)],
}
OF_FREESWITCH = [
    ("sync_channels",),
    ("sync_channels", "freeswitch@up"),
    ("sync_conferences",),
    ("sync_conferences", "freeswitch@up"),
    ("flush_node_channels", "freeswitch@up"),
    ("flush_node_conferences", "freeswitch@up"),
]


@pytest.fixture(scope="module")
def live_nodes(tmp_path_factory):
    """Return an ecallmgr and a node of applications that answer with what they are called with."""
    found = [real_servers.ErlangNode(tmp_path_factory.mktemp("ecallmgr"), name="ecallmgr")]
    try:
        found.append(real_servers.ErlangNode(tmp_path_factory.mktemp("kazoo_apps"), epmd_port=found[0].epmd_port))
        for node in found:
            there = Endpoint(name=node.name, cookie=node.cookie, epmd_port=node.epmd_port)
            with Node(there, own_host="localhost", largest=1 << 20) as link:
                for module, exports in PLAYED.items():
                    link.call("stand_in", "make", [Atom(module), [(Atom(name), arity) for name, arity in exports]])
        yield found
    finally:
        for node in reversed(found):
            node.stop()


@pytest.fixture
def reaching(live_nodes, broker):
    return {
        "ERL_EPMD_PORT": str(live_nodes[0].epmd_port),
        "KAZOO_COOKIE": live_nodes[0].cookie,
        "SUP_HOST": "localhost",
        "SUP_AMQP_URL": broker.url,
        "SUP_NODES_TIMEOUT": "2",
    }


@pytest.fixture
def run(at, reaching):
    """Give `sup` with the seeded CouchDB, the broker and the nodes."""

    def run(*words, env=None, **more):
        return at(*words, env={**reaching, **(env or {})}, **more)

    return run


@pytest.fixture
def without_nodes(run):
    """Give `sup` where a port mapper that there is not would have to know the nodes."""
    nowhere = str(real_servers.free_port())
    return lambda *words, **more: run(*words, env={"ERL_EPMD_PORT": nowhere}, **more)


@pytest.fixture
def heard(broker):
    """Give a function that lets nodes live on the bus until the test ends."""
    with ExitStack() as stack:
        yield lambda make, *words, **more: stack.enter_context(make(broker.url, *words, **more))


def called(module, function, *words):
    shown = ",".join(f'<<"{word}">>' for word in words)
    return f"{{called,{module},{function},[{shown}]}}\n"


def deeds(run):
    return [row["command"] for row in json.loads(run("-f", "json", "history", "list").stdout)["rows"]]


class TestWhereFreeSwitchIsConnected:
    @pytest.fixture(autouse=True)
    def connected(self, heard):
        heard(ecallmgr, ECALLMGR, servers=("freeswitch@up",))

    @pytest.mark.parametrize("words", OF_FREESWITCH)
    def test_the_node_does_it(self, run, words):
        done = run("-n", "ecallmgr", "ecallmgr_maintenance", *words)
        assert (done.code, done.stdout) == (2, called("ecallmgr_maintenance", *words)), done.stderr

    @pytest.mark.parametrize("words", OF_FREESWITCH)
    def test_without_the_node_it_is_refused_and_it_is_said_how_it_was_looked_for(self, without_nodes, words):
        done = without_nodes("-n", "ecallmgr", "ecallmgr_maintenance", *words)
        assert (done.code, done.stdout) == (3, "")
        assert "sup: only an ecallmgr node itself can " in done.stderr
        assert f"looked for {ECALLMGR}: no Erlang port mapper" in done.stderr

    def test_a_dry_run_calls_nothing(self, run):
        done = run("--dry-run", "-n", "ecallmgr", "ecallmgr_maintenance", "sync_channels")
        assert done.stdout == f"would call ecallmgr_maintenance:sync_channels() on {ECALLMGR}\n"

    def test_calls_that_are_forgotten_are_lost_so_somebody_at_the_terminal_is_asked(self, run):
        words = ("-n", "ecallmgr", "ecallmgr_maintenance", "flush_node_channels", "freeswitch@up")
        refused = run(*words, tty=True, input="n\n")
        assert refused.code == 3
        assert "{called" not in refused.stdout
        assert "{called" in run(*words, tty=True, input="y\n").stdout
        assert "{called" in run(*words).stdout

    def test_of_a_freeswitch_that_nobody_knows_no_node_is_told(self, run):
        done = run("-n", "ecallmgr", "ecallmgr_maintenance", "flush_node_channels", "freeswitch@down")
        assert (done.code, done.stdout) == (1, "")
        assert "did you mean freeswitch@up?" in done.stderr

    def test_history_has_it(self, run):
        run("-n", "ecallmgr", "ecallmgr_maintenance", "sync_channels")
        assert len(deeds(run)) == 1


class TestWithoutFreeSwitch:
    @pytest.mark.parametrize("words", [each for each in OF_FREESWITCH if len(each) == 1])
    def test_there_is_nothing_to_do_and_no_node_is_called(self, run, heard, words):
        heard(ecallmgr, ECALLMGR)
        done = run("-n", "ecallmgr", "ecallmgr_maintenance", *words)
        assert (done.code, done.stdout) == (0, "ok\n"), done.stderr

    def test_the_node_is_called_all_the_same_where_that_is_asked_for(self, run):
        done = run("--live", "-n", "ecallmgr", "ecallmgr_maintenance", "sync_channels")
        assert (done.code, done.stdout) == (2, called("ecallmgr_maintenance", "sync_channels"))


class TestByWhatIsConfigured:
    def test_a_trie_is_rebuilt_by_the_node_where_rates_are_kept_in_one(self, run, without_nodes):
        assert run("hotornot_maintenance", "trie_rebuild").stdout == "trie usage is not configured\nok\n"
        run("kapps_config", "set_default", "hotornot", "use_trie", "true")
        done = run("hotornot_maintenance", "trie_rebuild")
        assert (done.code, done.stdout) == (2, called("hotornot_maintenance", "trie_rebuild"))
        refused = without_nodes("hotornot_maintenance", "trie_rebuild")
        assert (refused.code, refused.stdout) == (3, "")
        assert "the trie is built in the memory of each node" in refused.stderr
        assert f"looked for {APPS}" in refused.stderr

    @pytest.mark.parametrize(
        "words", [("kapps_controller", "running_apps", "true"), ("tasks_maintenance", "compaction", "status")]
    )
    def test_what_only_reads_is_called_in_a_dry_run_too_and_is_no_deed(self, run, without_nodes, words):
        for options in ([], ["--dry-run"]):
            assert run(*options, *words).stdout == called(*words)
        assert deeds(run) == []
        assert without_nodes(*words).code == 3


class TestNodesOfTheBus:
    @pytest.fixture(autouse=True)
    def some(self, heard):
        heard(KazooNode, APPS, advert=advertised("callflow", "crossbar"))
        heard(ecallmgr, ECALLMGR)
        heard(KazooNode, "kamailio@localhost", advert=advertised("kamailio"))

    def test_all_are_those_that_advertise_themselves_and_are_erlang_s(self, run):
        done = run("--nodes", "all", "erlang", "node")
        assert (done.code, done.stdout) == (0, f"{ECALLMGR}:\n{ECALLMGR}\n{APPS}:\n{APPS}\n"), done.stderr

    def test_a_pattern_chooses_among_them(self, run):
        for pattern in ("ecall*", "*callmgr@localhost", "ecallmgr"):
            assert run("--nodes", pattern, "erlang", "node").stdout == f"{ECALLMGR}:\n{ECALLMGR}\n"
        none = run("--nodes", "kamailio", "erlang", "node")
        assert (none.code, none.stdout) == (1, "")
        assert f"there is {ECALLMGR}, {APPS}" in none.stderr

    def test_those_of_the_settings_come_first(self, run, tmp_path):
        file = tmp_path / "sup.yaml"
        file.write_text(f"zones:\n  local:\n    kazoo_nodes: [{APPS}]\n")
        assert run("--config", str(file), "--nodes", "all", "erlang", "node").stdout == f"{APPS}:\n{APPS}\n"

    def test_one_that_is_heard_and_cannot_be_reached_is_told(self, run, heard):
        heard(KazooNode, "far@localhost", advert=advertised("callflow"))
        done = run("--nodes", "all", "erlang", "node")
        assert (done.code, done.stdout) == (5, f"{ECALLMGR}:\n{ECALLMGR}\n{APPS}:\n{APPS}\n")
        assert done.stderr.startswith("sup: there is no node far@localhost: epmd at ")

    def test_a_dry_run_names_them_and_history_has_the_deed_for_each(self, run):
        words = ("--nodes", "all", "kapps_controller", "stop_app", "x")
        assert run("--dry-run", *words).stdout == f"would call kapps_controller:stop_app(x) on {ECALLMGR}, {APPS}\n"
        assert deeds(run) == []


def test_where_nobody_is_heard_there_is_no_node_to_call(run):
    done = run("--nodes", "all", "erlang", "node")
    assert (done.code, done.stdout) == (5, "")
    assert "no node was heard" in done.stderr
