"""The inside of a Kazoo node, its logs, memory and code: all of it is the node's own."""

from __future__ import annotations

from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.kazoo.live.refusals import only_there

_LEVEL = (
    "run Kazoo's own sup on the node's host; what it logs from its start on is in [log] of its config.ini: "
    "syslog, console and file"
)
_MEMORY = "`sup kz_nodes status` shows how much memory each node uses"
_ALL_MEMORY = "run Kazoo's own sup on the node's host, or recon in its Erlang shell"


ON_NODE = (
    OnNode(
        "console_level",
        "LEVEL",
        "Set the LEVEL of console.log.",
        only_there("set the level of its console.log to {level}", _LEVEL),
        "changes",
    ),
    OnNode(
        "error_level",
        "LEVEL",
        "Set the LEVEL of error.log.",
        only_there("set the level of its error.log to {level}", _LEVEL),
        "changes",
    ),
    OnNode(
        "syslog_level",
        "LEVEL",
        "Set the LEVEL of what goes to syslog.",
        only_there("set the level of what it sends to syslog to {level}", _LEVEL),
        "changes",
    ),
    OnNode("crash", "", "Have the node write a crash dump and halt.", only_there("halt with a crash dump"), "halts"),
    OnNode(
        "debug_dump",
        "",
        "Write the node's processes, ports and tables to files on its host.",
        only_there("dump its processes, ports and tables"),
        "changes",
    ),
    OnNode(
        "etop",
        "",
        "Show the node's busiest processes every few seconds, until Ctrl-C; the node traces them for that.",
        only_there("show its processes"),
        "changes",
    ),
    OnNode("ets_info", "", "Show how much memory each of the node's tables takes.", only_there("show its tables")),
    OnNode(
        "gc_all",
        "",
        "Collect the garbage of all of the node's processes.",
        only_there("collect its garbage"),
        "changes",
    ),
    OnNode(
        "gc_pids",
        "PIDS",
        "Collect the garbage of the processes PIDS; it takes -e: `-e '[<0.12.0>]'`.",
        only_there("collect the garbage of its processes {pids}"),
        "changes",
    ),
    OnNode(
        "gc_top_mem_consumers",
        "[N]",
        "Collect the garbage of the N processes with most memory.",
        only_there("collect the garbage of the processes with most memory"),
        "changes",
    ),
    OnNode("hotload", "MODULE", "Load the code of MODULE again.", only_there("load {module} again"), "changes"),
    OnNode(
        "hotload_app",
        "APP",
        "Load the code of all modules of APP again.",
        only_there("load the modules of {app} again"),
        "changes",
    ),
    OnNode(
        "mem_info",
        "[TOP_N]",
        "Show how the node's memory is shared among its TOP_N applications.",
        only_there("tell how its memory is shared among applications", _MEMORY),
    ),
    OnNode(
        "top_mem_consumers",
        "[LEN]",
        "Show the LEN processes with most memory.",
        only_there("name the processes with most memory", _ALL_MEMORY),
    ),
)
"""What only a running node can do."""
