"""What calling a function of Erlang's own, or of Kazoo's, does to a node."""

from __future__ import annotations

import pytest

from kazoo_sup.cli import catalogue
from kazoo_sup.kazoo.live import effects

ALL = {effects.READS, effects.CHANGES, effects.DISRUPTS, effects.HALTS}


@pytest.mark.parametrize(
    ("module", "function", "effect"),
    [
        ("erlang", "memory", "reads"),
        ("erlang", "binary_to_integer", "reads"),
        ("erlang", "is_pid", "reads"),
        ("lists", "sum", "reads"),
        ("ets", "info", "reads"),
        ("ets", "insert", "changes"),
        ("ets", "delete", "disrupts"),
        ("application", "which_applications", "reads"),
        ("application", "start", "changes"),
        ("application", "stop", "disrupts"),
        ("erlang", "halt", "disrupts"),
        ("init", "stop", "disrupts"),
        ("erlang", "spawn", "changes"),
        ("kz_nodes", "status", "changes"),
        ("a_plugin", "of_somebody", "changes"),
    ],
)
def test_a_function_of_which_nothing_is_known_changes_something(module, function, effect):
    assert effects.of(module, function) == effect


def test_the_tables_of_kazoo_s_modules_have_no_other_words():
    assert {each.on_node.effect for each in catalogue.commands() if each.on_node} == ALL


@pytest.mark.parametrize(
    ("module", "function", "effect"),
    [
        # kazoo_amqp_maintenance.erl: it prints what is wrong, and mends nothing
        ("kazoo_amqp_maintenance", "validate_assignments", "reads"),
        # acdc_queue_manager_diag.erl: a process that the queue's manager feeds
        ("acdc_maintenance", "start_queue_diagnostics", "changes"),
        # observer's etop.erl: the node traces all of its processes
        ("kazoo_maintenance", "etop", "changes"),
        # ci_datastore.erl: the files are deleted
        ("call_inspector_maintenance", "flush", "disrupts"),
        # trunkstore_maintenance.erl: processes whose channel is not found are killed
        ("trunkstore_maintenance", "clear_old_calls", "disrupts"),
        ("kazoo_maintenance", "debug_dump", "changes"),
        ("kazoo_maintenance", "crash", "halts"),
    ],
)
def test_what_kazoo_s_source_does(module, function, effect):
    assert catalogue.command(module, function).on_node.effect == effect
