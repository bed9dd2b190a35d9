"""The inside of a Kazoo node, its logs, memory and code: all of it is refused here, and says what shows or does it."""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.outcome import Outcome

_LEVEL = (
    "run Kazoo's own sup on the node's host; what it logs from its start on stands in [log] of its config.ini: "
    "syslog, console and file"
)
_MEMORY = "`sup kz_nodes status` shows how much memory each node uses"
_ALL_MEMORY = "run Kazoo's own sup on the node's host, or recon in its Erlang shell"


@command
def console_level(level: str) -> Outcome:
    """Refused: the LEVEL of console.log is kept in the memory of each node."""
    raise refused(f"set the level of its console.log to {level}", _LEVEL)


@command
def error_level(level: str) -> Outcome:
    """Refused: the LEVEL of error.log is kept in the memory of each node."""
    raise refused(f"set the level of its error.log to {level}", _LEVEL)


@command
def syslog_level(level: str) -> Outcome:
    """Refused: the LEVEL of what goes to syslog is kept in the memory of each node."""
    raise refused(f"set the level of what it sends to syslog to {level}", _LEVEL)


@command
def crash() -> Outcome:
    """Refused: a node writes its dump and halts by itself."""
    raise refused("halt with a crash dump")


@command
def debug_dump() -> Outcome:
    """Refused: what would be dumped is the memory of a node."""
    raise refused("dump its processes, ports and tables")


@command
def etop() -> Outcome:
    """Refused: the processes shown would be a node's own."""
    raise refused("show its processes")


@command
def ets_info() -> Outcome:
    """Refused: the tables shown would be a node's own."""
    raise refused("show its tables")


@command
def gc_all() -> Outcome:
    """Refused: the garbage is a node's own."""
    raise refused("collect its garbage")


@command
def gc_pids(pids: str) -> Outcome:
    """Refused: the processes PIDS are a node's own."""
    raise refused(f"collect the garbage of its processes {pids}")


@command
def gc_top_mem_consumers(n: int = 10) -> Outcome:
    """Refused: the N processes with most memory are a node's own."""
    raise refused(f"collect the garbage of the {n} processes with most memory")


@command
def hotload(module: str) -> Outcome:
    """Refused: the code of MODULE is loaded in each node."""
    raise refused(f"load {module} anew")


@command
def hotload_app(app: str) -> Outcome:
    """Refused: the code of APP is loaded in each node."""
    raise refused(f"load the modules of {app} anew")


@command
def mem_info(top_n: str = "10") -> Outcome:
    """Refused: how the memory is shared among the TOP_N applications is known to each node alone."""
    raise refused(f"tell how its memory is shared among {top_n} applications", _MEMORY)


@command
def top_mem_consumers(len_: int = 10) -> Outcome:
    """Refused: which LEN processes use most memory is known to each node alone."""
    raise refused(f"name the {len_} processes with most memory", _ALL_MEMORY)
