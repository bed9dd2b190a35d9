"""Completing values of the cluster: what is remembered is told at once, and looked up for the next time."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.account_zone import ACCOUNT, PLAIN, account_zone
from helpers.real_servers import SUP
from kazoo_sup.cli import catalogue, options
from kazoo_sup.cli.completion import looking_up, remembered, suggestions, typed
from kazoo_sup.cli.options import Options

FOLDER = Path(typed.__file__).parents[3] / "completions"
NODE = "kazoo_apps@host.example.org"


@pytest.fixture
def looked_up(monkeypatch):
    """Collect what would be looked up in a process of its own."""
    asked = []
    monkeypatch.setattr(remembered, "_look_up", lambda *what: asked.append(what))
    return asked


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Give a cache and an environment of its own; nothing answers there."""
    for name in [each for each in os.environ if each.startswith(("SUP_", "KAZOO_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SUP_COUCHDB_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SUP_AMQP_URL", "")
    return tmp_path


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """Return a `sup` that completes however slow the machine is; what its deadline does has a test of its own."""
    path = tmp_path_factory.mktemp("bin") / "sup"
    path.write_text(
        f"#!{sys.executable}\n"
        "from kazoo_sup.__main__ import main\n"
        "from kazoo_sup.cli.completion import completing\n"
        "completing.DEADLINE = 600\n"
        "main()\n"
    )
    path.chmod(0o755)
    return path


def remember(kind, *found, of="", zone=None):
    path = remembered.file(kind, of, config=None, zone=zone)
    remembered.remember(path, list(found))
    return path


@pytest.fixture
def known(home):
    """Remember some values of each kind."""
    remember("accounts", "Acme Corp", "acme.example.org", "Other", "x'y")
    remember("account_names", "Acme Corp", "Other")
    remember("carrier_modules", "knm_local", "knm_managed")
    remember("databases", "accounts", "system_config")
    remember("monster_apps", "7a0b1c")
    remember("categories", "accounts", "ecallmgr", "media")
    remember("categories", "eastern", zone="east")
    remember("keys", "default_timezone", "default.language", of="accounts")
    remember("keys", "acls", of="ecallmgr")
    remember("nodes", NODE, "ecallmgr@host.example.org")
    remember("zones", "east", "west")
    remember("haproxy_backends", "couch", "bigcouch")
    remember("haproxy_servers", "db1", "db2", of="couch")


VALUES = [
    ("crossbar_maintenance promote_account Ac", ["Acme Corp"]),
    ("crossbar_maintenance promote_account 'Acme C", ["Acme Corp"]),
    ("crossbar_maintenance promote_account Acme\\ C", ["Acme Corp"]),
    ("crossbar_maintenance promote_account x", ["x'y"]),
    ("-v crossbar_maintenance -f json promote_account acme", ["acme.example.org"]),
    ("crossbar_maintenance find_account_by_name ", ["Acme Corp", "Other"]),
    ("crossbar_maintenance create_account ", []),
    ("crossbar_maintenance app ", ["7a0b1c"]),
    ("crossbar_maintenance set_app_label 7", ["7a0b1c"]),
    ("hangups_maintenance set_threshold acme", ["acme.example.org"]),
    ("kapps_maintenance ensure_reseller_id_services acme.example.org acme", ["acme.example.org"]),
    ("kapps_maintenance import_account x acme", ["acme.example.org"]),
    ("kapps_maintenance validate_system_config e", ["ecallmgr"]),
    ("kapps_maintenance check_system_config e", ["ecallmgr"]),
    ("ecallmgr_maintenance node_details k", [NODE]),
    ("couchdb replicate_start s", ["system_config"]),
    ("number list acme.example.org --carrier knm_m", ["knm_managed"]),
    ("kazoo_number_manager_maintenance convert_carrier_module knm_local ", ["knm_local", "knm_managed"]),
    ("kazoo_number_manager_maintenance generate_numbers ", []),
    ("kapps_config get ", ["accounts", "ecallmgr", "media"]),
    ("-z east kapps_config get ", ["eastern"]),
    ("kapps_config get --zone east e", ["eastern"]),
    ("kapps_config get accounts default", ["default_timezone", "default.language"]),
    ("kapps_config get ecallmgr ", ["acls"]),
    ("kapps_config get unheard_of ", []),
    ("kapps_config get accounts default_timezone ", []),
    ("ecallmgr_maintenance channel_summary k", [NODE]),
    ("-z ", ["east", "west"]),
    ("kapps_config get accounts x --zone w", ["west"]),
    ("-n ecall", ["ecallmgr@host.example.org"]),
    ("--zone=w", ["west"]),
    ("kapps_config get --zone=east e", ["eastern"]),
    ("history list --account Ac", ["Acme Corp"]),
    ("history list --account=ac", ["acme.example.org"]),
    ("history list --since=ac", []),
    ("haproxy drain ", ["couch", "bigcouch"]),
    ("haproxy drain couch d", ["db1", "db2"]),
    ("kapps_config fetch current accounts default_", ["default_timezone"]),
    ("kapps_config", []),
    ("kapps_config get -", []),
    ("nonsense get ", []),
    ("", []),
]


@pytest.mark.parametrize(("line", "found"), VALUES)
def test_values_by_what_is_typed(known, looked_up, line, found):
    assert sorted(suggestions.values(line, Options())) == sorted(found)


TYPED = [
    ("apply pl", ["plan.json ", "plans/"]),
    ("apply ./plan.", ["./plan.json "]),
    ("number import a", ["'a file.csv' "]),
    ("number import 'a f", ["file.csv' "]),
    ("number import a\\ f", ["file.csv "]),
    ('number import "a', ['"a file.csv" ']),
    ("couchdb backup --to=pl", ["--to=plan.json ", "--to=plans/"]),
    ("couchdb backup --to='a f", ["file.csv' "]),
    ("crossbar_maintenance promote_account 'Acme C", ["Corp' "]),
    ("crossbar_maintenance promote_account x", ["'x'\"'\"'y' "]),
    ("crossbar_maintenance promote_account 'x", ["'x'\"'\"'y' "]),
    ('crossbar_maintenance promote_account "x', ['"x\'y" ']),
    ('crossbar_maintenance promote_account Acme" C', []),
    ("number port stat", ["status "]),
    ("kapps_config get ato", []),
    ("kapps_config get --output pl", ["plan.json ", "plans/"]),
    ("kapps_config get pl", []),
    ("history list --since pl", []),
    ("und", ["undo "]),
    ("help und", ["undo "]),
    ("help outbox fl", ["flush "]),
    ("undo --fo", ["--format ", "--force "]),
    ("--format=j", ["--format=json "]),
    ("ex", ["exit "]),
]


@pytest.mark.parametrize(("line", "found"), TYPED)
def test_our_own_shell_completes_names_options_and_files(known, looked_up, tmp_path, monkeypatch, line, found):
    monkeypatch.chdir(tmp_path)
    Path("plans").mkdir()
    Path("plan.json").touch()
    Path("a file.csv").touch()
    assert sorted(suggestions.for_line(line, Options())) == sorted(found)


def test_what_there_is_is_told_and_looked_up_when_it_is_old(home, looked_up):
    path = remember("categories", "accounts")
    os.utime(path, (time.time() - 2 * remembered.FRESH,) * 2)
    assert suggestions.values("kapps_config get ", Options()) == ["accounts"]
    assert looked_up == [("categories", "", None, None)]
    assert suggestions.values("kapps_config get ", Options()) == ["accounts"]
    assert len(looked_up) == 1, "somebody is looking already"


def test_what_is_fresh_is_not_looked_up(known, looked_up):
    suggestions.values("kapps_config get accounts ", Options())
    assert not looked_up


def test_what_is_very_old_is_not_told(home, looked_up):
    path = remember("categories", "accounts")
    os.utime(path, (time.time() - 2 * remembered.LONGEST,) * 2)
    assert suggestions.values("kapps_config get ", Options()) == []
    assert len(looked_up) == 1


def test_another_cluster_has_values_of_its_own(known, looked_up, monkeypatch):
    monkeypatch.setenv("SUP_COUCHDB_URL", "http://127.0.0.1:2")
    assert suggestions.values("kapps_config get ", Options()) == []


def test_the_cache_is_nobody_else_s(known):
    path = remember("categories", "accounts")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_link_in_its_place_is_not_followed(home, looked_up, tmp_path):
    path = remember("categories", "accounts")
    (tmp_path / "elsewhere").write_text("planted\n")
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    assert suggestions.values("kapps_config get ", Options()) == []


def test_what_would_break_a_line_is_left_out(home):
    path = remember("accounts", "fine", "two\nlines", "\x1b[31mred", "")
    assert path.read_text() == "fine\n"
    path.write_text("fine\nfi\x1b[31mred\n")  # damaged
    assert suggestions.values("crossbar_maintenance promote_account fi", Options()) == ["fine"]


def test_a_cache_that_cannot_be_written_is_no_matter(home, looked_up, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    assert suggestions.values("kapps_config get ", Options()) == []


def test_every_kind_of_value_can_be_looked_up():
    tables = (suggestions._KINDS, suggestions._OF_MODULE, suggestions._OF_FUNCTION, suggestions._OPTIONS)
    kinds = {kind for table in tables for kind in table.values()} - {""}
    assert kinds == {*looking_up._LOOKING, "zones"}


def test_what_is_said_of_a_parameter_is_said_of_one_that_there_is():
    names = [(each.module, each.name, one.metavar) for each in catalogue.commands() for one in each.parameters]
    assert set(suggestions._KINDS) <= {metavar for _, _, metavar in names}
    assert set(suggestions._OF_MODULE) <= {(module, metavar) for module, _, metavar in names}
    assert set(suggestions._OF_FUNCTION) <= set(names)


def test_names_and_apps_are_looked_up_as_they_are_typed(tmp_path):
    zone = account_zone(tmp_path)
    account = {"_id": ACCOUNT, "pvt_account_id": ACCOUNT, "pvt_type": "account", "pvt_tree": [], "name": "Acme Corp"}
    zone.couchdb.put("accounts", account)
    zone.couchdb.put_views("accounts", "accounts")
    zone.couchdb.put("system_config", {"_id": "accounts", "default": {"master_account_id": ACCOUNT}})
    zone.couchdb.put(PLAIN, {"_id": "7a0b1c", "pvt_type": "app", "name": "numbers"})
    assert list(looking_up._account_names(zone, "")) == ["Acme Corp"]
    assert list(looking_up._monster_apps(zone, "")) == ["7a0b1c"]


def test_the_options_with_looked_up_values_are_there():
    names = {name for each in options.COMMON for name in each.names}
    assert set(typed.NAMED) == set(suggestions._OPTIONS) <= names


def completed(sup, shell, line):
    """Complete a line in a real shell; return the candidates as the shell would put them in."""
    environment = {**os.environ, "PATH": f"{sup.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    if shell == "bash":
        script = (
            'source "$1"; COMP_LINE=$2; COMP_POINT=${#COMP_LINE}; read -ra COMP_WORDS <<<"$2"; '
            '[[ $2 == *" " ]] && COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); '
            '_sup; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        command = ["bash", "--norc", "-c", script, "bash", str(FOLDER / "sup.bash"), line]
    else:
        command = ["fish", "--no-config", "-c", f"source {FOLDER}/sup.fish; complete -C $argv[1]", line]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return [each.partition("\t")[0] for each in done.stdout.splitlines() if each], done.stderr


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("sup kapps_config get acc", ["accounts"]),
        ("sup history list --account Ac", ["Acme Corp"]),
        ("sup history list --who Ac", []),
        ("sup -z east kapps_config get ", ["eastern"]),
        ("sup -z w", ["west"]),
        ("sup crossbar_maintenance promote_account Ac", ["Acme Corp"]),
    ],
)
def test_shells_complete_them(known, patient, shell, line, found):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    there, said = completed(patient, shell, line)
    assert ([each.replace("\\", "") for each in there], said) == (found, "")


@pytest.mark.parametrize(
    ("breaks", "told"), [([], "@host.example.org"), ([" :="], NODE), ([" @"], "@host.example.org")]
)
def test_bash_gets_only_what_comes_behind_the_last_break_of_a_word(known, patient, breaks, told):
    line = "sup ecallmgr_maintenance channel_summary kazoo_apps@h"
    done = subprocess.run([patient, "__complete", "bash", line, *breaks], capture_output=True, text=True, check=True)
    assert done.stdout == f"{told}\n"


ODD = ["a@b.example.org", "c:d=e@f", """k `id` $HOME \\ "x" y""", "O'Brien & Sons; (*)", "Ünïcode Ø"]


@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_bash_on_a_terminal_puts_them_into_the_line_as_they_are(home, patient, quote):
    remember("accounts", *ODD)
    pexpect = pytest.importorskip("pexpect")
    env = {**os.environ, "PATH": "/usr/bin:/bin", "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    shell = pexpect.spawn("bash", ["--norc", "-i"], env=env, encoding="utf-8", timeout=600, dimensions=(50, 200))
    told = f'sup() {{ [[ $1 == __complete ]] && {patient} "$@" || {{ printf \'<%s>\' "$@"; echo; }}; }}'
    shell.sendline(f"source {FOLDER}/sup.bash; {told}; echo rea''dy")
    shell.expect("ready\r\n")
    for begun in ("a@b", "c:d=e", "c:d", "k", "O", "Ü"):
        shell.send(f"sup crossbar_maintenance promote_account {quote}{begun}\t\n")
        shell.expect(r"<promote_account><(.*)>\r\n")
        assert shell.match[1] == next(each for each in ODD if each.startswith(begun))
    shell.close(force=True)


def test_zsh_completes_them(known, home, patient):
    pexpect = pytest.importorskip("pexpect")
    if not shutil.which("zsh"):
        pytest.skip("zsh is not installed")
    env = {**os.environ, "PATH": f"{patient.parent}:/usr/bin:/bin", "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    shell = pexpect.spawn("zsh", ["-f", "-i"], env=env, encoding="utf-8", timeout=600, dimensions=(50, 200))
    setting_up = (
        f"PS1=''; unset zle_bracketed_paste; fpath=({FOLDER} $fpath); "
        f"autoload -Uz compinit; compinit -u -d {home}/dump; "
        'show() { zle complete-word; print -r -- "[$BUFFER]" }; zle -N show; bindkey "^I" show; print rea""dy'
    )
    shell.sendline(setting_up)
    shell.expect("ready\r\n")
    for line, whole in [
        ("sup kapps_config get med", "sup kapps_config get media"),
        ("sup crossbar_maintenance promote_account Acm", "sup crossbar_maintenance promote_account Acme\\ Corp"),
        ("sup -z eas", "sup -z east"),
    ]:
        shell.send(f"\x15{line}\t")
        shell.expect(r"\[(sup.*)\]")
        assert shell.match[1].rstrip() == whole
    shell.close(force=True)


def test_a_server_that_is_down_is_silence(home):
    for _ in range(2):
        done = subprocess.run([SUP, "__complete", "fish", "sup kapps_config get "], capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    done = subprocess.run([SUP, "__look_up", "categories", "", "", ""], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def test_who_is_slow_tells_nothing(home):
    program = (
        "import sys, time; from kazoo_sup.cli.completion import completing, suggestions; "
        "suggestions.values = lambda *_: time.sleep(3600); completing.main(['bash', 'sup a b '])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_completing_imports_no_library_that_takes_its_time(known, patient):
    command = [sys.executable, "-X", "importtime", patient, "__complete", "bash", "sup kapps_config get acc"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert (done.stdout, "kazoo_sup.cli.completion.suggestions" in found) == ("accounts\n", True)
    assert not found & {
        "typer",
        "requests",
        "yaml",
        "inspect",
        "dataclasses",
        "kazoo_sup.cli.app",
        "kazoo_sup.settings.loading",
    }
