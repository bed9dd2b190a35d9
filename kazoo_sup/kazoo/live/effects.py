"""What calling a function does to a node, for functions of Erlang's own; Kazoo's are in the tables ON_NODE.

A function of which nothing is known is taken for one that changes something.
"""

from __future__ import annotations

READS, CHANGES, DISRUPTS, HALTS = "reads", "changes", "disrupts", "halts"
"""It only tells something; it changes something; it disrupts work, so that somebody at the terminal is asked; it ends
the node, which takes a yes from everybody."""

_TELL_ONLY = frozenset(
    ("base64", "binary", "calendar", "io", "io_lib", "lists", "maps", "math", "proplists", "string", "unicode")
)
"""Modules whose functions change nothing."""

_TELLING = {
    "application": ("get_all_env", "get_all_key", "get_env", "get_key", "loaded_applications", "which_applications"),
    "code": (
        *("all_available", "all_loaded", "get_mode", "get_object_code", "get_path", "is_loaded", "lib_dir"),
        *("module_md5", "module_status", "modified_modules", "priv_dir", "root_dir", "which"),
    ),
    "erlang": (
        *("date", "fun_info", "get_cookie", "group_leader", "localtime", "memory", "monotonic_time", "node", "nodes"),
        *("now", "phash2", "port_info", "ports", "process_info", "processes", "registered", "statistics"),
        *("system_info", "system_time", "time", "timestamp", "universaltime", "whereis"),
    ),
    "ets": ("all", "first", "i", "info", "last", "lookup", "match", "match_object", "member", "select", "tab2list"),
    "file": ("get_cwd", "list_dir", "read_file", "read_file_info"),
    "gen_event": ("which_handlers",),
    "inet": ("gethostname", "getifaddrs", "getiflist"),
    "init": ("get_argument", "get_arguments", "get_plain_arguments", "get_status", "script_id"),
    "net_adm": ("localhost", "names"),
    "net_kernel": ("get_net_ticktime", "longnames"),
    "os": ("getenv", "getpid", "system_time", "timestamp", "type", "version"),
    "recon": ("bin_leak", "get_state", "info", "node_stats_list", "proc_count", "proc_window", "scheduler_usage"),
    "supervisor": ("count_children", "which_children"),
    "sys": ("get_state", "get_status"),
}
_CONVERTS = ("atom_to_", "binary_to_", "float_to_", "integer_to_", "is_", "iolist_to_", "list_to_", "term_to_")
"""How those functions of the module erlang begin that make one term of another, or tell of what kind it is."""

_DISRUPTING = {
    "application": ("set_env", "stop", "unload", "unset_env"),
    "code": ("delete", "purge"),
    "erlang": ("delete_module", "disconnect_node", "exit", "garbage_collect", "halt", "purge_module", "set_cookie"),
    "ets": ("delete", "delete_all_objects", "match_delete", "select_delete"),
    "heart": ("clear_cmd",),
    "init": ("reboot", "restart", "stop"),
    "net_kernel": ("stop",),
    "supervisor": ("delete_child", "restart_child", "terminate_child"),
    "sys": ("replace_state", "suspend", "terminate"),
}


def of(module: str, function: str) -> str:
    """Return the effect of a function that no table of Kazoo's has."""
    if function in _DISRUPTING.get(module, ()):
        return DISRUPTS
    converts = module == "erlang" and function.startswith(_CONVERTS)
    tells = module in _TELL_ONLY or function in _TELLING.get(module, ())
    return READS if converts or tells else CHANGES
