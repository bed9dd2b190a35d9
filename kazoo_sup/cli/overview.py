"""What the help of `sup` itself tells before it lists modules: the jobs that are done most, and how to find others."""

from __future__ import annotations

from kazoo_sup.cli import catalogue

JOBS = (
    ("how everything is", "zone status"),
    ("what is wrong", "zone doctor"),
    ("create an account", "crossbar_maintenance create_account …"),
    ("find an account", "crossbar_maintenance find_account_by_name NAME"),
    ("look at a number", "number show NUMBER"),
    ("add numbers from a file", "number create FILE …"),
    ("read a setting", "kapps_config get CATEGORY KEY"),
    ("change a setting", "kapps_config set_default CATEGORY KEY VALUE"),
    ("have settings read again", "kapps_config flush"),
    ("let a carrier in", "-n ecallmgr ecallmgr_maintenance allow_carrier …"),
    ("let a proxy in", "-n ecallmgr ecallmgr_maintenance allow_sbc …"),
    ("see the calls", "ecallmgr_maintenance channel_summary"),
    ("see the phones", "ecallmgr_maintenance registrar_summary"),
    ("see carriers' gateways", "freeswitch gateways"),
    ("see proxies' servers", "kamailio dispatcher list"),
    ("what sup has changed", "history"),
    ("refresh an account", "kapps_maintenance refresh ACCOUNT"),
    ("take the last run back", "undo"),
    ("import prompts", "kazoo_media_maintenance import_prompts DIRECTORY en-us"),
)
"""Each job with the words after `sup`; `…` stands for arguments that the function's help explains."""

FIRST = (
    "zone status",
    "zone doctor",
    "crossbar_maintenance create_account …",
    "crossbar_maintenance find_account_by_name NAME",
    "number show NUMBER",
    "kapps_config get CATEGORY KEY",
    "kapps_config set_default CATEGORY KEY VALUE",
    "ecallmgr_maintenance channel_summary",
    "ecallmgr_maintenance registrar_summary",
    "freeswitch gateways",
)
"""The jobs that most people come for, as in JOBS."""

SHELL = """Run the commands that are typed, one a line, on connections that are kept.

The line is completed with TAB and earlier ones are found with the arrow keys; secrets are not among them. A line of
options alone, as -z ZONE, holds for those after it. Ctrl-C ends a command, Ctrl-D, exit or quit the shell."""
FROM_INPUT = """Run the commands of standard input, one a line, on connections that are kept.

A line is read as a shell reads words: quotes keep words together, # begins a comment. Errors name the line. The exit
code is the highest of all commands. With -f json each command's envelope is a line, with -f yaml a document."""

FINDING = (
    ("sup help topics", "every module in a line, and more jobs"),
    ("sup --list WORDS", "functions with all of WORDS in name or help"),
    ("sup MODULE", "the functions of a module"),
    ("sup MODULE FUNCTION --help", "what a function does, its arguments, an example"),
    ("sup help options", "what every command takes: --dry-run, -f json …"),
)

_OWN = (
    "zone",
    "number",
    "knm_carriers",
    "freeswitch",
    "kamailio",
    "haproxy",
    "rabbitmq",
    "couchdb",
    "amqp",
    "history",
    "outbox",
    "changes",
    "config",
    "node",
    "lab",
)


EVERY_COMMAND = "Every command takes -z ZONE, -f FORMAT, --dry-run and more: sup help options"


def first() -> list[tuple[str, str]]:
    """Return the jobs that most people come for."""
    return [(job, words) for job, words in JOBS if words in FIRST]


def modules() -> tuple[list[tuple[str, str]], list[str]]:
    """Return the modules of our own and of third parties with their help, and the names of those that are Kazoo's."""
    summaries = catalogue.modules()
    kazoo = [name for name in catalogue.own_modules() if name not in _OWN]
    return [(name, summaries[name]) for name in (*_OWN, *(set(summaries) - set(_OWN) - set(kazoo)))], kazoo
