"""Functions called on running nodes from the command line: what is shown, what a run exits with, what is asked."""

from __future__ import annotations

import json
import socket
import subprocess

import pytest

from helpers import real_servers
from helpers.real_servers import SUP
from kazoo_sup.cli import catalogue
from kazoo_sup.errors import Stopped, Terminated
from kazoo_sup.terms.values import Atom
from kazoo_sup.transports.erlang.connection import Endpoint, Node

pytestmark = pytest.mark.integration


def link(node):
    there = Endpoint(name=node.name, cookie=node.cookie, epmd_port=node.epmd_port)
    return Node(there, own_host="localhost", largest=64 << 20)


@pytest.fixture
def live(sup, node):
    """Run sup on a host where the node is the one that it looks for."""

    def run(*words, env=None, **more):
        return sup(*words, env={**reaching(node), **(env or {})}, **more)

    return run


def reaching(node):
    return {
        "ERL_EPMD_PORT": str(node.epmd_port),
        "KAZOO_COOKIE": node.cookie,
        "SUP_HOST": "localhost",
        "SUP_AMQP_URL": "",
    }


def words_of(command):
    return [f"{each.name}-value" for each in command.parameters]


BRIEF = 5
"""Seconds after which a call is given up that never ends; what it prints before that is to be seen."""

ON_NODE = [each for each in catalogue.commands() if each.on_node]
REFUSED_FOR_GOOD = {
    *(
        ("kazoo_proper_maintenance", name)
        for name in ("run_module", "run_modules", "run_seq_module", "run_seq_modules")
    ),
    ("kapps_maintenance", "check_release"),
}


class TestTables:
    def test_every_function_of_a_node_s_own_answers_where_there_is_a_node(self, live, node):
        exports = {}
        for each in ON_NODE:
            least = sum(1 for parameter in each.parameters if parameter.required)
            arities = range(least, len(each.parameters) + 1)
            exports.setdefault(each.module, []).extend((Atom(each.name), arity) for arity in arities)
        with link(node) as connection:
            for module, found in exports.items():
                connection.call("stand_in", "make", [Atom(module), found])
        answered = set()
        for each in ON_NODE:
            patience = BRIEF if each.on_node.stays else real_servers.START_SECONDS
            done = live("-f", "json", "--yes", each.module, each.name, *words_of(each), "-t", str(patience))
            if each.on_node.stays:
                assert f"{{called,{each.module},{each.name}," in json.loads(done.stdout)["text"][0]
                answered.add((each.module, each.name))
            elif not each.on_node.forbidden:
                result = json.loads(done.stdout)["result"]
                assert result == ["called", each.module, each.name, words_of(each)], each
                answered.add((each.module, each.name))
        everything = {(each.module, each.name) for each in ON_NODE}
        assert everything - answered == REFUSED_FOR_GOOD

    @pytest.mark.parametrize(("module", "name"), sorted(REFUSED_FOR_GOOD))
    def test_some_are_refused_for_good(self, live, node, module, name):
        with link(node) as connection:
            connection.call("stand_in", "make", [Atom(module), [(Atom(name), 0), (Atom(name), 1)]])
        words = ["x"] if name.endswith("module") else []
        for options in ([], ["--live"]):
            done = live(*options, module, name, *words)
            assert (done.code, done.stdout) == (3, "")

    def test_without_a_node_each_is_refused_and_it_is_said_how_it_was_looked_for(self, sup):
        env = {"ERL_EPMD_PORT": str(real_servers.free_port()), "SUP_HOST": "localhost", "SUP_AMQP_URL": ""}
        for each in ON_NODE:
            done = sup(each.module, each.name, *words_of(each), env=env)
            assert (done.code, done.stdout) == (3, ""), each
            assert each.on_node.forbidden or "; looked for kazoo_apps@localhost: no Erlang port mapper" in done.stderr


class TestShown:
    def test_printed_text_and_result(self, live):
        done = live("probe_maintenance", "texts")
        assert (done.code, done.stdout) == (0, '€ü abc #{a => [1,"x"]}\nplain ☎\nbinary true\nok\n')

    def test_it_is_called_as_sup_calls(self, live):
        assert live("-e", "erlang", "get", "is_sup_call").stdout == "true\n"

    @pytest.mark.parametrize(
        ("words", "code", "stdout"),
        [
            (["erlang", "node"], 0, "kazoo_apps@localhost\n"),
            (["io", "format", "no end"], 0, "no endok\n"),
            (["probe_maintenance", "answer", "Zoë"], 2, '{ok,<<"Zoë">>}\n'),
            (["probe_maintenance", "quiet"], 0, ""),
            (["probe_maintenance", "throws"], 2, "thrown\n"),
            (["probe_maintenance", "boom"], 3, ""),
            (["probe_maintenance", "exits"], 3, ""),
            (["probe_maintenance", "late_timeout"], 4, ""),
            (["-t", str(BRIEF), "probe_maintenance", "waits", "600000"], 3, ""),
            (["probe_maintenance", "nosuch"], 1, ""),
            (["nosuch", "nosuch"], 1, ""),
            (["erlang", "node", "more", "words"], 1, ""),
            (["erlang", "binary_to_integer", "-7"], 0, "-7\n"),
            (["erlang", "binary_to_integer", "--", "-7"], 0, "-7\n"),
            (["-e", "lists", "sum", "[1,2.5]"], 0, "3.5\n"),
            (["-e", "erlang", "is_pid", "<0.1.0>"], 0, "true\n"),
            (["-e", "erlang", "is_map", "#{a => [<<1>>]}"], 0, "true\n"),
            (["-e", "lists", "sum", "[1,"], 1, ""),
            (["--live", "kz_datamgr", "nosuch"], 1, ""),
            (["unicode", "characters_to_list", "äö"], 0, '"äö"\n'),
            (["-e", "erlang", "hd", "[a|b]"], 0, "a\n"),
            (["-e", "erlang", "bit_size", "<<1:3>>"], 0, "3\n"),
            (["-e", "lists", "map", "fun erlang:abs/1", "[-1,2]"], 0, "[1,2]\n"),
            (["-e", "maps", "size", "#{[1] => 1, 1 => 2, 1.0 => 3, true => 4}"], 0, "4\n"),
            (["-e", "erlang", "length", '"ab" "c"'], 0, "3\n"),
            (["-e", "erlang", "hd", "[a|b"], 1, ""),
            (["-e", "erlang", "hd", "fun() -> ok end"], 1, ""),
            (["--dry-run", "-e", "probe_maintenance", "answer", "[a|b"], 1, ""),
            (["x" * 256, "f"], 1, ""),
            (["--live", "kz_datamgr", "x" * 256], 1, ""),
            (["-e", "erlang", "is_atom", "x" * 255], 0, "true\n"),
            (["-e", "erlang", "is_atom", f"#{{a => ['{'x' * 256}']}}"], 1, ""),
        ],
    )
    def test_texts_and_exit_codes(self, live, words, code, stdout):
        done = live(*words)
        assert (done.code, done.stdout) == (code, stdout), done.stderr

    def test_v_tells_whom_it_speaks_to_and_no_cookie(self, live, node):
        done = live("-v", "erlang", "node")
        assert done.stdout == (
            "Connected to service kazoo_apps@localhost with cookie ****\n"
            "Running erlang:node()\nResult: kazoo_apps@localhost\n"
        )
        assert node.cookie not in done.stdout + done.stderr

    def test_json_has_the_term_and_what_was_printed(self, live):
        found = json.loads(live("-f", "json", "probe_maintenance", "texts").stdout)
        assert (found["text"], found["result"]) == (['€ü abc #{a => [1,"x"]}', "plain ☎", "binary true"], "ok")
        found = json.loads(live("-f", "json", "io", "format", "no end").stdout)
        assert (found["text"], found["result"], found["exit_code"]) == (["no end"], "ok", 0)

    def test_json_of_what_failed_after_it_had_printed(self, live):
        done = live("-f", "json", "-e", "-t", str(BRIEF), "timer", "apply_interval", "[1]")
        assert json.loads(done.stdout)["status"] == "error"

    def test_a_large_result_is_shown_whole(self, live):
        large, limit = 3 << 20, {"SUP_LIMIT_MEGABYTES": "4"}
        done = live("probe_maintenance", "binary", str(large), env=limit)
        assert (done.code, len(done.stdout)) == (2, large + len('<<"">>\n')), done.stderr
        done = live("-f", "json", "probe_maintenance", "huge", "700000", env=limit)
        assert json.loads(done.stdout)["result"][-1] == 700_000

    @pytest.mark.parametrize(
        "words",
        [
            ("probe_maintenance", "answer", "Zoë"),
            ("probe_maintenance", "answer", "☎ and more"),
            ("-e", "maps", "from_list", '[{a,"x\\"y"},{<<1,255>>,1.5},{\'A b\',self}]'),
            ("-e", "probe_maintenance", "answer", '{badrpc,[1,2,"three"]}'),
            ("probe_maintenance", "boom"),
        ],
    )
    def test_large_results_are_written_like_small_ones(self, live, monkeypatch, words):
        small = live(*words)
        monkeypatch.setattr("kazoo_sup.kazoo.live.call._LARGE", 0)
        assert live(*words) == small

    def test_input_is_taken_from_standard_input(self, live):
        assert live("probe_maintenance", "name", input="Zoë\n", forked=True).stdout == "name? hello Zoë\nok\n"
        assert live("probe_maintenance", "menu", forked=True).stdout == "choice: nobody there\nno_choice\n"

    def test_what_is_printed_steers_no_terminal(self, live):
        assert live("probe_maintenance", "says", "\x1b[31mred").stdout == "\\x1b[31mred\n"


class TestWhichNode:
    def test_a_name_with_its_host(self, live):
        assert live("-n", "kazoo_apps@localhost", "erlang", "node", env={"SUP_HOST": "elsewhere"}).code == 0

    def test_one_that_the_settings_list_on_another_host(self, live, tmp_path):
        file = tmp_path / "sup.yaml"
        file.write_text("zones:\n  local:\n    kazoo_nodes: [kazoo_apps@localhost]\n")
        assert live("--config", str(file), "erlang", "node", env={"SUP_HOST": "elsewhere"}).code == 0

    def test_one_behind_a_tunnel_is_reached_without_epmd(self, live, node, tmp_path):
        with link(node) as connection:
            port = connection._listening()[0]
        file = tmp_path / "sup.yaml"
        place = f"127.0.0.1:{port}"
        file.write_text(
            f"zones:\n  local:\n    kazoo_nodes: [kazoo_apps@far.invalid]\n"
            f"    erlang_tunnels: {{kazoo_apps@far.invalid: '{place}'}}\n"
        )
        done = live("--config", str(file), "erlang", "node", env={"ERL_EPMD_PORT": str(real_servers.free_port())})
        assert (done.code, done.stdout) == (0, "kazoo_apps@localhost\n")

    def test_c_counts_before_everything_else(self, live, node):
        assert live("-c", node.cookie, "erlang", "node", env={"KAZOO_COOKIE": "wrong"}).code == 0
        done = live("-c", "wrong", "erlang", "node")
        assert done.code == 1
        assert "refused the cookie" in done.stderr

    def test_erlang_s_own_file_has_the_cookie(self, live, node, tmp_path):
        home = tmp_path / "another home"
        home.mkdir()
        file = home / ".erlang.cookie"
        file.write_text(f"{node.cookie}\n")
        file.chmod(0o400)
        env = {"KAZOO_COOKIE": "", "HOME": str(home)}
        done = live("erlang", "node", env=env)
        assert (done.code, done.stderr) == (0, "")
        file.chmod(0o644)
        done = live("erlang", "node", env=env)
        assert (done.code, done.stdout) == (0, "kazoo_apps@localhost\n")
        assert f"{file} holds a secret and others can read it" in done.stderr

    def test_one_that_takes_connections_over_ipv6(self, sup, tmp_path):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            pytest.skip("needs an IPv6 loopback address")
        node = real_servers.ErlangNode(tmp_path, "-proto_dist", "inet6_tcp", name="six", address="{0,0,0,0,0,0,0,1}")
        try:
            env = reaching(node)
            done = sup("-n", "six@::1", "erlang", "node", env=env)
            assert (done.code, done.stdout) == (0, "six@localhost\n"), done.stderr
            there = Endpoint(name=node.name, cookie=node.cookie, host="::1", epmd_port=node.epmd_port)
            port, _version = Node(there, own_host="localhost", largest=1 << 20)._listening()
            file = tmp_path / "sup.yaml"
            file.write_text(f"zones:\n  local:\n    erlang_tunnels: {{six@localhost: '[::1]:{port}'}}\n")
            done = sup("--config", str(file), "-n", "six", "erlang", "node", env=env)
            assert (done.code, done.stdout) == (0, "six@localhost\n"), done.stderr
            done = sup("-n", "seven@::1", "erlang", "node", env=env)
            assert f"epmd at [::1]:{node.epmd_port} knows six;" in done.stderr
        finally:
            node.stop()

    def test_a_name_that_is_not_known_there_tells_who_is(self, live):
        done = live("-n", "ecallmgr", "kapps_controller", "start_app", "x")
        assert done.code == 3
        assert "only ecallmgr@localhost itself can start x" in done.stderr
        assert "knows kazoo_apps" in done.stderr


class TestData:
    @pytest.mark.parametrize(
        ("term", "data"),
        [("<<1:3>>", "<<1:3>>"), ("<<255, 5:4>>", "<<255,5:4>>"), ("[1|2]", [1, 2]), ("{a,'',<<>>}", ["a", "", ""])],
    )
    def test_terms_that_json_has_no_word_for_are_written_as_erlang_does(self, live, term, data):
        done = live("-f", "json", "-e", "lists", "last", f"[{term}]")
        assert json.loads(done.stdout)["result"] == data


class TestChanges:
    def test_a_dry_run_tells_what_would_be_called(self, live):
        for words in (["kapps_controller", "start_app", "x"], ["--live", "erlang", "halt"]):
            done = live("--dry-run", *words)
            assert done.code == 0
            assert done.stdout.startswith("would call ")
            assert "on kazoo_apps@localhost" in done.stdout
        assert live("erlang", "node").code == 0

    def test_a_call_is_planned_and_then_made(self, live, node, tmp_path):
        plan = tmp_path / "plan"
        with link(node) as connection:
            connection.call("stand_in", "make", [Atom("kapps_controller"), [(Atom("start_app"), 1)]])
        done = live("kapps_controller", "start_app", "callflow", "--plan", str(plan))
        call = "call kapps_controller:start_app(callflow) on kazoo_apps@localhost"
        assert (done.code, done.stdout) == (0, f"would {call}\n")
        assert f"would {call}\n" in live("apply", str(plan), "--show").stdout
        done = live("apply", str(plan), "-y")
        assert (done.code, "callflow" in done.stdout) == (0, True)
        [row] = json.loads(live("-f", "json", "history", "show").stdout)["rows"]
        assert (row["what"], row["state"]) == (call, "saved")
        assert live("apply", str(plan), "-y").code == 1

    def test_a_call_of_what_is_not_known_here_leaves_no_plan(self, live, tmp_path):
        done = live("--live", "os", "putenv", "a", "b", "--plan", str(tmp_path / "plan"))
        assert (done.code, (tmp_path / "plan").exists()) == (1, False)
        assert "no plan was written: the command is not known here" in done.stderr

    @pytest.mark.parametrize(
        "words",
        [
            ("crossbar_maintenance", "create_account", "company", "realm", "ann", "hunter2"),
            ("kapps_config", "set_default", "some_app", "api_secret", "hunter2"),
            ("nobody_knows", "this", "some_app", "api_secret", "hunter2"),
        ],
    )
    def test_what_is_secret_here_is_so_there_too(self, live, words):
        runs = [live(*options, "--live", *words) for options in (["--dry-run"], ["-v"], ["-f", "json"])]
        recorded = [live("-f", "json", "history", word) for word in ("list", "show", "export")]
        shown = "".join(each.stdout + each.stderr for each in (*runs, *recorded))
        assert "hunter2" not in shown
        assert " ".join(words[:-1]) in recorded[0].stdout

    @pytest.mark.parametrize(
        ("options", "word"), [((), "hunter2"), (("-f", "json"), 'hunter2"and"'), (("-e",), '"hunter2"')]
    )
    def test_a_node_that_quotes_what_it_was_called_with_is_shown_without_secrets(self, live, options, word):
        done = live("--live", *options, "os", "getenv", "api_secret", word)
        assert done.code == 3
        assert "os,getenv" in done.stdout + done.stderr
        assert "hunter2" not in done.stdout + done.stderr

    def test_who_reads_is_answered_in_a_dry_run_too(self, live, node):
        with link(node) as connection:
            connection.call("stand_in", "make", [Atom("kazoo_maintenance"), [(Atom("mem_info"), 0)]])
        assert live("--dry-run", "kazoo_maintenance", "mem_info").stdout.startswith("{called,")

    def test_what_halts_the_node_takes_a_yes(self, live):
        done = live("kazoo_maintenance", "crash")
        assert done.code == 3
        assert "--yes" in done.stderr
        assert live("erlang", "node").code == 0

    def test_somebody_at_the_terminal_is_asked_before_work_is_disrupted(self, live, node):
        with link(node) as connection:
            connection.call("stand_in", "make", [Atom("kapps_controller"), [(Atom("stop_app"), 1)]])
        refused = live("kapps_controller", "stop_app", "x", tty=True, input="n\n")
        assert refused.code == 3
        assert "{called" not in refused.stdout
        assert "{called" in live("kapps_controller", "stop_app", "x", tty=True, input="y\n").stdout


class TestManyNodes:
    @pytest.fixture
    def three(self, node, tmp_path):
        found = [node]
        for name in ("ecallmgr", "other"):
            directory = tmp_path / name
            directory.mkdir()
            found.append(real_servers.ErlangNode(directory, name=name, epmd_port=node.epmd_port))
        yield found
        for each in found[1:]:
            each.stop()

    @pytest.fixture
    def listed(self, tmp_path):
        def write(*names):
            file = tmp_path / "nodes.yaml"
            file.write_text(f"zones:\n  local:\n    kazoo_nodes: [{', '.join(names)}]\n")
            return str(file)

        return write

    def test_each_has_its_section_or_row(self, live, three, listed):
        names = sorted(each.name for each in three)
        config = listed(*names)
        done = live("--config", config, "--nodes", "all", "erlang", "node")
        assert (done.code, done.stdout) == (0, "".join(f"{name}:\n{name}\n" for name in names))
        rows = json.loads(live("--config", config, "--nodes", "all", "-f", "json", "erlang", "node").stdout)["rows"]
        assert [(row["node"], row["result"]) for row in rows] == [(name, name) for name in names]
        done = live("--config", config, "--nodes", "e*", "probe_maintenance", "says", "hello")
        assert done.stdout == "ecallmgr@localhost:\nhello\n"

    def test_where_one_is_not_there_the_others_answer(self, live, node, listed):
        done = live("--config", listed(node.name, "gone@localhost"), "--nodes", "all", "erlang", "node")
        assert (done.code, done.stdout) == (5, f"{node.name}:\n{node.name}\n")
        assert "gone@localhost" in done.stderr

    def test_an_error_names_its_node_once(self, live, node, listed):
        done = live("--config", listed(node.name, "gone@localhost"), "--nodes", "all", "erlang", "node")
        [line] = done.stderr.splitlines()
        assert line.startswith("sup: there is no node gone@localhost: epmd at localhost:")

    def test_a_node_that_was_not_reached_has_certainly_not_done_it(self, live, node, listed):
        words = ("--config", listed(node.name, "gone@localhost"), "--nodes", "all", "probe_maintenance", "says", "x")
        assert live(*words).code == 5
        [row] = json.loads(live("-f", "json", "history", "list").stdout)["rows"]
        assert row["changed"] == "1 deed, 1 unsaved"

    @pytest.mark.parametrize(
        ("ending", "code", "told"),
        [
            (KeyboardInterrupt(), 130, "lost@localhost: interrupted"),
            (Stopped(Terminated()), 143, "lost@localhost: terminated"),
        ],
    )
    def test_what_came_before_the_run_was_cut_off_is_shown_and_recorded(
        self, live, node, listed, monkeypatch, ending, code, told
    ):
        def cut_off(asked, function, _deadline):
            name, first = asked[0]
            yield name, function(name, first)
            raise ending

        monkeypatch.setattr("kazoo_sup.kazoo.zone.servers.ask_all", cut_off)
        config = listed(node.name, "lost@localhost")
        done = live("--config", config, "--nodes", "all", "probe_maintenance", "says", "hello")
        assert (done.code, done.stdout) == (code, f"{node.name}:\nhello\n")
        assert told in done.stderr
        [row] = json.loads(live("-f", "json", "history", "list").stdout)["rows"]
        assert row["changed"] == "1 deed, 1 unknown"

    def test_where_none_is_there(self, live, listed):
        done = live("--config", listed("gone@localhost", "lost@localhost"), "--nodes", "all", "erlang", "node")
        assert (done.code, done.stdout) == (1, "")

    @pytest.mark.parametrize("gone", ["aaa@localhost", "zzz@localhost"])
    def test_where_none_succeeds_who_comes_first_decides_nothing(self, live, node, listed, gone):
        config = listed(node.name, gone)
        done = live("--config", config, "--nodes", "all", "erlang", "binary_to_integer", "x")
        assert (done.code, done.stdout) == (3, "")
        assert len(done.stderr.splitlines()) == 2

    @pytest.mark.parametrize(("pattern", "shown"), [("x*", "x*"), ("", "''")])
    def test_a_pattern_that_means_none(self, live, node, listed, pattern, shown):
        done = live("--config", listed(node.name), "--nodes", pattern, "erlang", "node")
        assert done.code == 1
        assert f"no node of zone local is named like {shown}; there is {node.name}" in done.stderr


def test_what_is_printed_comes_while_the_function_runs(environment, node):
    command = [SUP, "probe_maintenance", "waits_for_word"]
    pipes = {"stdout": subprocess.PIPE, "stdin": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env={**environment, **reaching(node)}, **pipes) as program:
        assert program.stdout.readline() == "before\n"
        program.stdin.write("go on\n")
        program.stdin.flush()
        assert program.stdout.readline() == "after go on\n"
        assert program.wait(real_servers.START_SECONDS) == 0


def test_an_escript_has_the_same_results(environment, node, tmp_path):
    escript = tmp_path / "as_sup"
    escript.write_text(
        "#!/usr/bin/env escript\n%%! -sname as_sup@localhost -setcookie " + node.cookie + "\n"
        "main([M, F | As]) ->\n"
        "    Call = [as_sup, list_to_atom(M), list_to_atom(F), [list_to_binary(A) || A <- As]],\n"
        f"    R = rpc:call('{node.name}', sup, in_kazoo, Call),\n"
        '    io:format("~s~n", [io_lib:print(R, 1, 100000000, -1)]).\n'
    )
    env = {**environment, **reaching(node), "PATH": "/usr/bin:/bin"}
    for words in (["maps", "new"], ["base64", "encode", "abc"], ["probe_maintenance", "texts"]):
        theirs = subprocess.run(
            [real_servers.program("escript", "erlang-base"), str(escript), *words],
            env=env,
            capture_output=True,
            timeout=real_servers.START_SECONDS,
            check=False,
        )
        ours = subprocess.run(
            [SUP, *words], env=env, capture_output=True, timeout=real_servers.START_SECONDS, check=False
        )
        expected = theirs.stdout.decode("latin-1").replace("\\x{20AC}", "€").replace("\\x{260E}", "☎")
        assert ours.stdout.decode() == expected, theirs.stderr
