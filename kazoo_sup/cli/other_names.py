"""Names of modules and functions that are in guides and not in Kazoo 4.3: older ones, later ones, and Erlang's own.

`SAME` are those whose equivalent does exactly that: they are taken for it. `INSTEAD` says of all others what does it
here, or who. A name is `module`, or `module function`, or `module function/N` for a call with N arguments; the more
exact one goes first. What Kazoo 4.3 itself has is never looked for here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kazoo_sup.cli import catalogue
from kazoo_sup.errors import UsageError

_NUMBERS = "kazoo_number_manager_maintenance"
_ON_THE_NODE = "with a function and its arguments it is called on a running node"
_SERVICE = "systemctl stop, start or restart kazoo-applications (or kazoo-ecallmgr) on the node's host does that"
_FORGET = (
    "what a node caches is in its own memory; sup kapps_config flush has every node read the settings again, "
    "sup kazoo_data_maintenance flush all documents"
)
_COMPACT = "CouchDB compacts by itself; sup couchdb compact does it now, sup tasks_maintenance compaction as a task"
_TEXT_MESSAGES = "doodle sends the messages that wait by itself; sup doodle_maintenance lists what it has here"
_LEDGERS = "ledgers are carried over from month to month since Kazoo 4.3: sup kazoo_ledgers_maintenance"
_SENDERS = "credits and debits are made with Crossbar's API (ledgers) since Kazoo 4.3; nothing here does it"
_CHILDREN = "here each account is named: sup crossbar_maintenance disable_account, or enable_account"
_FAX_WORKERS = f"it is about the processes of a node of Kazoo 5: {_ON_THE_NODE}"
_KAZOO_5 = f"it is of Kazoo 5, whose documents differ: {_ON_THE_NODE}"
_TESTS = "it runs Kazoo's own tests on a node; nothing here does it"
_VIEWS = "sup kapps_maintenance refresh DATABASE puts the views of a database in place"

SAME = {
    # Kazoo 3
    "whapps_maintenance": "kapps_maintenance",
    "whapps_config": "kapps_config",
    "whapps_account_config": "kapps_account_config",
    "whapps_controller": "kapps_controller",
    "whapps_util": "kapps_util",
    "whistle_maintenance": "kazoo_maintenance",
    "whistle_amqp_maintenance": "kazoo_amqp_maintenance",
    "whistle_media_maintenance": "kazoo_media_maintenance",
    "whistle_services_maintenance": "kazoo_services_maintenance",
    "whistle_couch_maintenance": "kazoo_couch_maintenance",
    "whistle_transactions_maintenance": "kazoo_transactions_maintenance",
    "whistle_number_manager_maintenance": _NUMBERS,
    "wnm_util normalize_number": "knm_converters normalize",
    "wnm_util to_e164": "knm_converters normalize",
    "wnm_util to_npan": "knm_converters to_npan",
    "wnm_util to_1npan": "knm_converters to_1npan",
    "wnm_util classify_number": "knm_converters classify",
    "wnm_util is_reconcilable": "knm_converters is_reconcilable",
    "wnm_util pretty_print": "knm_util pretty_print",
    "wh_nodes": "kz_nodes",
    "couch_mgr": "kz_datamgr",
    "wh_media_util": "kz_media_util",
    "kazoo_maintenance nodes/0": "kz_nodes status",
    # Kazoo 4.0 to 4.2
    "ecallmgr_config get": "kapps_config get ecallmgr",
    "ecallmgr_config fetch/1": "kapps_config get ecallmgr",
    "ecallmgr_config fetch/2": "kapps_config get ecallmgr",
    "ecallmgr_config fetch/3": "kapps_config get ecallmgr",
    "ecallmgr_config flush": "kapps_config flush ecallmgr",
    "kapps_maintenance blocking_refresh/0": "kapps_maintenance refresh",
    "kazoo_couch_maintenance flush": "kazoo_data_maintenance flush_docs",
    # Kazoo 5
    "kazoo_numbers_maintenance": _NUMBERS,
    "cnam_maintenance flush": "stepswitch_maintenance cnam_flush",
    **{
        f"media_mgr_maintenance {name}": f"kazoo_media_maintenance {name}"
        for name in (
            "fix_media_names",
            "import_prompt",
            "import_prompts",
            "migrate",
            "migrate_prompts",
            "refresh",
            "register_views",
            "remove_empty_media_docs",
            "set_account_language",
        )
    },
    **{
        f"teletype_maintenance {name}": f"notify_maintenance {name}"
        for name in (
            "configure_smtp_auth",
            "configure_smtp_password",
            "configure_smtp_port",
            "configure_smtp_relay",
            "configure_smtp_username",
            "reload_smtp_configs",
        )
    },
}

INSTEAD = {
    # Erlang's own
    "erlang halt": _SERVICE,
    "erlang": f"it is Erlang's own: {_ON_THE_NODE}",
    "init": _SERVICE,
    **dict.fromkeys(
        (
            *("application", "code", "ets", "file", "gen_server", "inet", "io", "lager", "lists", "maps"),
            *("net_adm", "net_kernel", "observer", "os", "recon", "rpc", "supervisor", "sys"),
        ),
        f"it is Erlang's own: {_ON_THE_NODE}",
    ),
    # Kazoo's own code, not made for operators
    **dict.fromkeys(("kz_cache", "wh_cache", "kazoo_caches_maintenance"), _FORGET),
    "amqp_mgr": "sup rabbitmq connections shows who is connected, sup kz_nodes status which broker each node uses",
    "crossbar_bindings": "sup crossbar_maintenance running_modules shows which modules nodes load",
    "crossbar_bindings modules_loaded": "sup crossbar_maintenance running_modules shows which modules nodes load",
    "crossbar_module_sup": "sup crossbar_maintenance start_module, and stop_module",
    "crossbar_init": "sup crossbar_maintenance start_module, and stop_module",
    "kazoo_bindings": f"it is in a node's memory: {_ON_THE_NODE}",
    "couch_compactor_fsm": _COMPACT,
    "kt_compactor": _COMPACT,
    "ecallmgr_config": "sup -n ecallmgr kapps_config has the same words, with ecallmgr for CATEGORY",
    "ecallmgr_fs_nodes": "sup ecallmgr_maintenance has it: node_summary, node_details, channel_summary",
    "ecallmgr_fs_channels": "sup ecallmgr_maintenance channel_summary, and channel_details",
    "ecallmgr_registrar": "sup ecallmgr_maintenance registrar_summary, and registrar_details",
    "ecallmgr_util": "sup freeswitch api speaks to FreeSWITCH itself",
    "freeswitch_media": "sup freeswitch api speaks to FreeSWITCH itself",
    "kz_services": "sup kazoo_services_maintenance",
    "wh_services": "sup kazoo_services_maintenance",
    "kz_util": f"it is not a function for operators: {_ON_THE_NODE}",
    "wh_util": f"it is not a function for operators: {_ON_THE_NODE}",
    "kz_amqp_connections": "sup rabbitmq connections shows who is connected, sup kz_nodes status each node's broker",
    "knm_number": "sup number has it: show, move, release, reserve, delete",
    "knm_numbers": "sup number has it: list, show, move, release, reserve, delete",
    "wh_number_manager": "sup number has it: list, show, move, release, reserve, delete",
    "stepswitch_resources": "sup stepswitch_maintenance resources shows them",
    "kapi_maintenance": "a node is asked on the bus: sup amqp publish; for views and databases sup kapps_maintenance",
    # Kazoo 3
    "cdr_maintenance": f"it is in a node's memory: {_ON_THE_NODE}",
    "ecallmgr_maintenance authz_summary": "sup jonny5_maintenance authz_summary shows the calls that are authorised",
    "jonny5_maintenance stop_reconciler": "Kazoo 3 had it; sup jonny5_maintenance flush makes limits be read again",
    "stepswitch_maintenance refresh": "sup kapps_maintenance refresh offnet puts the views of resources in place",
    "kapps_maintenance blocking_refresh": "sup kapps_maintenance refresh does it for all databases, without a pause",
    f"{_NUMBERS} reconcile": "sup kazoo_services_maintenance reconcile ACCOUNT counts what an account uses",
    f"{_NUMBERS} reconcile_accounts": "sup kazoo_services_maintenance reconcile all counts what accounts use",
    f"{_NUMBERS} reconcile_numbers": f"sup {_NUMBERS} fix_apps_for_number_dbs",
    f"{_NUMBERS} reconcile_providers": f"sup {_NUMBERS} carrier_module_usage shows what carriers numbers have",
    f"{_NUMBERS} refresh": f"sup {_NUMBERS} refresh_numbers_dbs",
    f"{_NUMBERS} activate_phone_number": "sup number create NUMBERS ACCOUNT",
    f"{_NUMBERS} create_phone_number": "sup number create NUMBERS",
    f"{_NUMBERS} create_and_activate_phone_number": "sup number create NUMBERS ACCOUNT",
    f"{_NUMBERS} cleanup_phone_numbers": f"sup {_NUMBERS} fix_account_db_numbers ACCOUNT",
    "kazoo_maintenance ibrowse_cleanup": f"it is in a node's memory: {_ON_THE_NODE}",
    # Kazoo 4.0 to 4.2
    f"{_NUMBERS} fix_account_numbers": f"sup {_NUMBERS} fix_account_db_numbers ACCOUNT",
    f"{_NUMBERS} fix_accounts_numbers": f"sup {_NUMBERS} fix_account_db_numbers ACCOUNT, for each",
    f"{_NUMBERS} copy_account_to_number_dbs": f"sup {_NUMBERS} copy_single_account_to_number_dbs ACCOUNT",
    "crossbar_maintenance check_system_configs": "sup kapps_maintenance check_system_configs",
    **{
        f"doodle_maintenance {name}": _TEXT_MESSAGES
        for name in (
            "check_pending_sms_for_delivery",
            "check_pending_sms_for_outbound_delivery",
            "check_sms_by_device_id",
            "check_sms_by_owner_id",
            "start_check_sms_by_account",
            "start_check_sms_by_device_id",
            "start_check_sms_by_owner_id",
        )
    },
    "fax_maintenance versions_in_use": "sup kazoo_convert_maintenance versions_in_use",
    "kapps_maintenance delete_system_media_references": "Kazoo 4.0 did it once for the prompts of Kazoo 3; it is done",
    "kapps_maintenance init_dbs": f"{_VIEWS}; sup kapps_maintenance migrate makes those that are missing",
    "kapps_maintenance rebuild_token_auth": "sup kapps_maintenance rebuild_db token_auth",
    "kapps_maintenance remove_depreciated_databases": "sup kapps_maintenance remove_deprecated_databases",
    "kazoo_couch_maintenance": _COMPACT,
    **{
        f"kazoo_modb_maintenance {name}": _LEDGERS
        for name in (
            "current_rollups",
            "dump_transactions",
            "fix_rollup",
            "rollup_account",
            "rollup_accounts",
            "verify_all_rollups",
            "verify_rollups",
        )
    },
    "kazoo_services_maintenance credit": _SENDERS,
    "kazoo_services_maintenance debit": _SENDERS,
    "kazoo_transactions_maintenance disable_top_up": "sup kazoo_services_maintenance disable_topup",
    "kazoo_transactions_maintenance enable_top_up": "sup kazoo_services_maintenance enable_topup",
    "kazoo_transactions_maintenance top_up_status": "sup kazoo_services_maintenance topup_status",
    "kazoo_transactions_maintenance": _LEDGERS,
    "omnipresence_maintenance list_terminated_callids": f"it is in a node's memory: {_ON_THE_NODE}",
    "pusher_maintenance add_google_app": "Google's old service is gone; sup pusher_maintenance add_firebase_app",
    "registrar_maintenance refresh_views": "sup kapps_maintenance refresh sip_auth puts the views in place",
    "trunkstore_maintenance i_understand_migrate": "it was for the data of Kazoo 2; nothing here does it",
    "trunkstore_maintenance migrate": _KAZOO_5,
    "webhooks_maintenance reset_webhooks_list": "sup kapps_maintenance refresh webhooks puts the views in place",
    # Kazoo 5
    "braintree_maintenance": "nothing here speaks to Braintree: " + _ON_THE_NODE,
    "crossbar_maintenance cascade_disable_accounts": _CHILDREN,
    "crossbar_maintenance cascade_disable_delinquent": _CHILDREN,
    "crossbar_maintenance cascade_enable_accounts": _CHILDREN,
    "crossbar_maintenance rename_and_refresh_app": "sup crossbar_maintenance refresh_app PATH, then set_app_label",
    "crossbar_maintenance update_schema": "sup crossbar_maintenance update_schemas does it for all that differ",
    "crossbar_maintenance wait_for_prechecks": "nothing here waits for a node; sup zone status shows what is up",
    "cnam_maintenance": "sup stepswitch_maintenance cnam_flush",
    "ecallmgr_maintenance hangup": "sup freeswitch uuid_kill UUID hangs one call up",
    "ecallmgr_maintenance publish_reload_acls": "sup ecallmgr_maintenance reload_acls",
    "ecallmgr_maintenance reload_media_acls": "sup ecallmgr_maintenance reload_acls",
    "ecallmgr_maintenance reload_trusted": "sup ecallmgr_maintenance reload_acls",
    **{
        f"fax_maintenance {name}": _FAX_WORKERS
        for name in ("account_workers", "worker_info", "locked_jobs", "overview")
    },
    **{
        f"fax_maintenance {deed}_{whose}": _FAX_WORKERS
        for deed in ("remove", "force_remove", "force_exit")
        for whose in ("single_stale_worker", "account_stale_workers", "all_stale_workers")
    },
    **dict.fromkeys(
        [f"kazoo_auth_maintenance flush_{what}" for what in ("tokens", "profiles", "private_keys")], _FORGET
    ),
    "kazoo_speech_maintenance set_asr_api_key": "it is a setting: sup kapps_config get_category speech",
    "kazoo_speech_maintenance set_asr_provider": "it is a setting: sup kapps_config get_category speech",
    **{
        f"{_NUMBERS} destructively_remove_from_{where}_if_not_in_numdb": f"sup {_NUMBERS} "
        "remove_wrong_assigned_from_accounts removes what an account has wrongly"
        for where in ("account_db", "single_account_db")
    },
    **{
        f"{_NUMBERS} destructively_remove_from_{where}_if_not_in_accountdb": "no number is removed here because an "
        f"account has no copy: sup {_NUMBERS} copy_number_dbs_to_accounts makes the copies"
        for where in ("number_dbs", "single_numdb")
    },
    "pusher_maintenance add_apple_pem_file": "sup pusher_maintenance add_apple_app NAME FILE",
    "pusher_maintenance add_firebase_v1_app": "sup pusher_maintenance add_firebase_app has Firebase's old keys; "
    + _KAZOO_5,
    "pusher_maintenance add_firebase_v1_app_from_service_account_file": _KAZOO_5,
    "registrar_maintenance migrate": _KAZOO_5,
    "webhooks_maintenance reset_hook_definition": _KAZOO_5,
    "webhooks_maintenance reset_hook_definitions": _KAZOO_5,
    "webhooks_maintenance start_module": f"a node starts its modules itself: {_ON_THE_NODE}",
    **dict.fromkeys(
        ("kazoo_yodb_maintenance", "kapps_maintenance migrate_yodbs"), "there are databases of years in Kazoo 5 only"
    ),
    "knm_converter_migrate_maintenance": _KAZOO_5,
    **dict.fromkeys(("kz_fixturedb_maintenance", "properly_maintenance", "skel_maintenance"), _TESTS),
    # Other programs, and what is looked for without a module
    "fs_cli": "sup freeswitch api has FreeSWITCH run any command, and sup freeswitch lists what there is beside it",
    **dict.fromkeys(
        ("kamcmd", "kamctl"), "sup kamailio rpc calls any RPC command, and sup kamailio lists what there is beside it"
    ),
    **dict.fromkeys(("rabbitmqctl", "rabbitmqadmin"), "sup rabbitmq lists what there is"),
    "sofia": "sup freeswitch sofia_status shows the SIP profiles, sup freeswitch gateways the gateways",
    **dict.fromkeys(
        ("status", "health", "doctor"), "sup zone status shows how everything is, sup zone doctor what is wrong"
    ),
    **dict.fromkeys(
        ("calls", "channels"), "sup ecallmgr_maintenance channel_summary shows the calls, sup freeswitch channels, too"
    ),
    "media_maintenance": "sup kazoo_media_maintenance has it",
    "number_manager_maintenance": f"sup {_NUMBERS} has it",
    **dict.fromkeys(
        ("registrations", "registrar", "phone", "phones"),
        "sup ecallmgr_maintenance registrar_summary shows phones, sup kamailio registrations_list, too",
    ),
    **dict.fromkeys(
        ("user", "users", "device", "devices"),
        "users and devices are made in Monster UI or the API; sup callflow_maintenance lookup_endpoint shows what a "
        "phone is, sup --list user all that is about them",
    ),
    **dict.fromkeys(
        ("hangup", "kill"),
        "sup freeswitch uuid_kill hangs one call up, sup ecallmgr_maintenance hangup_long_running_channels old ones",
    ),
    **dict.fromkeys(
        ("acl", "acls", "reloadacl"),
        "sup ecallmgr_maintenance acl_summary shows access lists, sup ecallmgr_maintenance reload_acls has every "
        "FreeSWITCH read them again",
    ),
    **dict.fromkeys(
        ("flush", "reload"),
        "sup kapps_config flush has every node read the settings again, sup kazoo_data_maintenance flush all "
        "documents, sup ecallmgr_maintenance reload_acls the access lists",
    ),
    **dict.fromkeys(("backup", "restore"), "sup couchdb backup makes backups, sup couchdb restore brings them back"),
    "nodes": "sup kz_nodes status shows the nodes, with their apps",
    "apps": "sup kapps_controller running_apps shows those of a node, sup kz_nodes status those of all",
    "version": "sup --version",
    **{
        f"kapps_config {word}": "sup kapps_config set_json CATEGORY KEY null removes a key"
        for word in ("unset", "delete", "remove")
    },
    **{f"kapps_config {word}": "sup kapps_config get_category CATEGORY shows all of one" for word in ("list", "show")},
    **dict.fromkeys(
        ("number add", "number assign"), "sup number create NUMBERS ACCOUNT, or sup number move, does that"
    ),
    "gateways": "sup freeswitch gateways shows the carriers' gateways",
    **dict.fromkeys(
        ("account", "accounts"),
        "sup crossbar_maintenance find_account_by_name finds one, and sup --list account all that is about them",
    ),
    "numbers": "sup number list shows those of an account, sup number dump all",
    **dict.fromkeys(("kazoo-applications", "kazoo-ecallmgr", "restart"), _SERVICE),
}


class OtherName(UsageError):
    """there is no {typed} here; {instead}"""

    typed: str
    instead: str


class FunctionFirst(UsageError):
    """the function comes before its arguments: sup {module} {function} {argument} …"""

    remedy = "sup {module} {function} {argument} …"

    module: str
    function: str
    argument: str


class OneWord(UsageError):
    """{typed!r} is one word; module, function and arguments are words of their own, without quotes around them all"""

    remedy = "leave out the quotes around them all"

    typed: str


class ErlangCall(UsageError):
    """{typed!r} is Erlang; here module, function and arguments are words of their own: sup {command}"""

    remedy = "sup {command}"

    typed: str
    command: str


def translated(words: Sequence[str]) -> list[str]:
    """Return WORDS, a module, a function and its arguments, with another name of the same replaced; else as they are.

    Raises OtherName where the name is known and something else, or nothing, does it here, and another error where the
    words are in another order or shape.
    """
    found = list(words)
    for _ in range(2):  # an old module may be one that had another name later
        new = None if _is_known(found) else _first(SAME, found)
        if new is None:
            break
        name, replacement = new
        found = [*replacement.split(), *found[len(name.split()) :]]
    if not _is_known(found):
        if instead := _first(INSTEAD, found):
            raise OtherName(typed=" ".join(words[:2]), instead=instead[1])
        _judge_shape(found)
    return found


def _judge_shape(words: Sequence[str]) -> None:
    call = re.fullmatch(r"(\w+):(\w+)(\(.*)?", words[0], re.DOTALL)
    if call and call[1] in catalogue.modules():
        raise ErlangCall(typed=words[0], command=f"{call[1]} {call[2]}")
    if words[0].partition(" ")[0] in catalogue.modules() and " " in words[0]:
        raise OneWord(typed=words[0])
    if words[0] not in catalogue.modules() or not words[1:]:
        return
    functions = catalogue.module(words[0]).functions
    name = words[1].partition("(")[0]
    if name in functions:
        raise ErlangCall(typed=words[1], command=functions[name].usage.removeprefix("sup "))
    if words[2:] and words[2] in functions:
        raise FunctionFirst(module=words[0], function=words[2], argument=words[1])


def _is_known(words: Sequence[str]) -> bool:
    if words[0] not in catalogue.modules():
        return False
    functions = catalogue.module(words[0]).functions
    return not words[1:] or words[1] in functions or "_".join(words[1:3]) in functions


def _first(names: Mapping[str, str], words: Sequence[str]) -> tuple[str, str] | None:
    """Return the most exact of NAMES that fits, without its number of arguments, and what it stands for."""
    module, function = words[0], " ".join(words[:2])
    arguments = sum(1 for word in words[2:] if not word.startswith("-"))
    for name, key in ((function, f"{function}/{arguments}"), (function, function), (module, module)):
        if key in names and (key != module or module not in catalogue.modules()):
            return name, names[key]
    return None
