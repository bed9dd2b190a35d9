"""Start-up time is a feature: what need not be imported is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kazoo_sup

HEAVY = (
    "requests",
    "urllib3",
    "couchdb",
    "pika",
    "yaml",
    "rich",
    "ssl",
    "http.client",
    "fastjsonschema",
    "pcre2",
    "dukpy",
    "msgspec",
)
LISTING = ("--version", "--help", "--list", "kapps_config --help", "kapps_config get --help", "help kapps_config get")


def imported(words: str) -> set[str]:
    """Return the names of all modules that a run has imported."""
    command = [sys.executable, "-X", "importtime", "-m", "kazoo_sup", *words.split()]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": "/"}, check=False)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_until_main_runs_ctrl_c_meets_no_module_that_loads():
    root = str(Path(kazoo_sup.__file__).parents[1])
    code = (
        f"import sys, os; sys.path.insert(0, {root!r}); before = set(sys.modules); import kazoo_sup.__main__; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["gc", "kazoo_sup", "kazoo_sup.__main__"]


@pytest.mark.parametrize("words", LISTING)
def test_help_and_lists_import_no_network_library_and_no_command(words):
    found = imported(words)
    assert "kazoo_sup.cli.app" in found
    assert not found & set(HEAVY)
    assert not [name for name in found if name.startswith(("kazoo_sup.commands.", "kazoo_sup.kazoo", "rich."))]


def test_a_command_that_needs_no_server_imports_no_network_library():
    assert not imported("config show") & {"requests", "urllib3", "couchdb", "pika", "rich"}


def test_a_read_imports_no_broker_no_yaml_and_no_table():
    found = imported("kapps_config get a b")
    assert "requests" in found
    assert not found & {"pika", "yaml", "rich", "fastjsonschema", "pcre2", "couchdb", "charset_normalizer.api"}


def test_a_read_imports_nothing_that_writes_and_no_parser():
    found = imported("kapps_config get a b")
    assert not found & {
        "typer",
        "kazoo_sup.cli.parsing",
        "kazoo_sup.changes",
        "kazoo_sup.kazoo.config.setting_checks",
        "readline",
        "dataclasses",
    }
    assert "inspect" not in found or sys.version_info >= (3, 12)  # there urllib3 has it by way of importlib.metadata


MOST = 314
"""Modules, Python's own and those of libraries among them; a few more than there are, for other versions of these."""


def test_a_read_imports_so_many_modules_and_no_more():
    assert len(imported("kapps_config get a b")) <= MOST


@pytest.mark.parametrize("words", ["--version", "--list", "list outbox"])
def test_what_is_told_at_once_wakes_no_parser(words):
    assert not imported(words) & {
        "typer",
        "inspect",
        "dataclasses",
        "kazoo_sup.cli.parsing",
        "kazoo_sup.cli.render.output",
    }


@pytest.mark.parametrize("words", ["erlang node", "--live erlang node", "kazoo_maintenance mem_info"])
def test_a_call_on_a_node_imports_no_list_of_packages_and_nothing_that_writes(words):
    found = imported(words)
    assert "kazoo_sup.transports.erlang.connection" in found
    assert not found & {
        *(*HEAVY, "importlib.metadata", "random", "secrets", "queue", "typer"),
        *("kazoo_sup.cli.parsing", "kazoo_sup.changes.revisions", "kazoo_sup.settings.sup_yaml"),
        *("dataclasses", "inspect"),
    }
