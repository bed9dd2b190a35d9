"""The messages that `sup` speaks, one row an API: where it goes, what it is called, what it must and may hold.

The columns are the name here (Kazoo's module and function), exchange, routing key, "category name", required headers,
optional headers, and the names of the answers. A header may say its type (`Expires:integer`) and its values
(`Action=start|stop`); of `A|B` one must be there. In a routing key `{Header}` stands for the encoded value of a header,
`{Header!}` for the raw one, `{Header@}` for what follows its @, `{Header<}` for what precedes it, `{Header~}` for one
in lower case that is left out with the dot before it where there is none; `{Header:else}` says what is there
without the header. A row without a routing key is an answer, which goes to the queue of whoever asked.

Sources: the kapi_ modules of Kazoo's core/kazoo_amqp/src/api, kapi_acdc_agent and kapi_acdc_stats.
"""

from __future__ import annotations

from kazoo_sup.messages import application_apis, notification_apis
from kazoo_sup.messages.rows import TARGETED, Row

_DOCUMENT = (
    "Account-ID Date-Created Date-Modified Doc Is-Soft-Deleted:boolean Rev:text Type Version Origin-Cache",
    "doc_created doc_edited doc_deleted",
    "db_created db_edited db_deleted",
)
_REGISTRATION = (
    "Status User-Agent Call-ID Profile-Name Presence-Hosts Account-ID Account-DB From-User From-Host To-User To-Host "
    "RPid Authorizing-ID FreeSWITCH-Hostname FreeSWITCH-Nodename Network-IP Network-Port Suppress-Unregister-Notify "
    "Register-Overwrite-Notify Original-Contact Registrar-Node Proxy-Path AOR RUID Proxy-Protocol Proxy-IP Proxy-Port "
    "Source-IP Source-Port First-Registration Custom-Channel-Vars"
)
_PRESENCE = (
    "To To-Tag From From-Tag Call-ID Target-Call-ID Switch-URI Event-Package From-User From-Realm To-User To-Realm"
)
_DIALOG_STATES = "early|confirmed|terminated"
_MWI = (
    "Messages-Urgent:integer Messages-Urgent-Saved:integer Message-Account Messages-Waiting Call-ID Expires "
    "Presence-ID Extended-Presence-ID From From-User From-Realm To-User To-Realm"
)
_MWI_REQUIRED = "To Messages-New:integer Messages-Saved:integer"
_CHANNEL = "Custom-Application-Vars Custom-Channel-Vars"
_CONFERENCE = (
    "Answered Dynamic Locked Participant-Count Participants Run-Time Running Start-Time Switch-External-IP "
    "Switch-Hostname Switch-URL UUID Zone"
)
_NODE = (
    "WhApps:apps md5 Media-Servers:object Used-Memory Processes Ports Version Channels Conferences Registrations Zone "
    "Globals:object Node-Info:object Roles:object"
)

ROWS = (
    # kapi_conf
    *(
        Row(
            f"conf.{event}",
            "configuration",
            f"{event}.{{Database!}}.{{Type!:undefined}}.{{ID}}",
            f"configuration {event}",
            "ID:text Database",
            _DOCUMENT[0],
        )
        for event in (*_DOCUMENT[1].split(), *_DOCUMENT[2].split())
    ),
    Row(
        "conf.doc_type_update",
        "configuration",
        "configuration.doc_type_update.{Type!}",
        "configuration doc_type_update",
        "Type",
        "Action Account-ID",
    ),
    # kapi_sysconf
    Row(
        "sysconf.get_req",
        "sysconf",
        "sysconf.get",
        "sysconf get_req",
        "Category:text Key",
        "Default",
        "sysconf.get_resp",
    ),
    Row("sysconf.get_resp", TARGETED, "", "sysconf get_resp", "Category:text Key Value"),
    Row(
        "sysconf.set_req",
        "sysconf",
        "sysconf.set",
        "sysconf set_req",
        "Category:text Key Value",
        "Node-Specific:boolean",
        "sysconf.set_resp",
    ),
    Row("sysconf.set_resp", TARGETED, "", "sysconf set_resp", "Category:text Key Value", "Status"),
    Row("sysconf.flush_req", "sysconf", "sysconf.flush", "sysconf flush_req", "Category:text", "Key"),
    # kapi_switch
    Row("switch.reload_acls", "switch", "switch.reload_acls", "switch_event reload_acls"),
    Row("switch.reload_gateways", "switch", "switch.reload_gateways", "switch_event reload_gateways"),
    Row("switch.fs_xml_flush", "switch", "switch.fs_xml_flush", "switch_event fs_xml_flush", "Username", "Realm"),
    Row(
        "switch.notify",
        "switch",
        "switch.notify.{Realm}.{Username}",
        "switch_event notify",
        "Username Realm Event",
        "Body Content-Type",
    ),
    Row(
        "switch.command",
        "switch",
        "switch.command.{FreeSWITCH-Node:*}",
        "switch_event command",
        "Command Args:object",
        "FreeSWITCH-Node",
        "switch.reply",
    ),
    Row(
        "switch.reply",
        TARGETED,
        "",
        "switch_event reply",
        "Command Result",
        "FreeSWITCH-Node Error Response Event-Data",
    ),
    # kapi_registration
    Row(
        "registration.success",
        "registrar",
        "registration.success.{Realm}.{Username}",
        "directory reg_success",
        "Event-Timestamp Contact Expires Username Realm",
        _REGISTRATION,
    ),
    Row(
        "registration.query_req",
        "registrar",
        "registration.query.{Realm}.{Username:*}",
        "directory reg_query",
        "Realm",
        "Username Count-Only:boolean Fields:list",
        "registration.query_resp registration.query_err",
    ),
    Row(
        "registration.query_resp",
        TARGETED,
        "",
        "directory reg_query_resp",
        "",
        "Registrar-Age Count:integer Fields:list",
    ),
    Row("registration.query_err", TARGETED, "", "directory reg_query_error", "", "Registrar-Age"),
    Row("registration.flush", "registrar", "registration.flush.{Realm}", "directory reg_flush", "Realm", "Username"),
    Row("registration.sync", "registrar", "registration.sync", "directory reg_sync"),
    # kapi_authn, kapi_authz, kapi_rate
    Row(
        "authn.req",
        "callmgr",
        "authn.req.{Auth-Realm}",
        "directory authn_req",
        "To From Auth-User Auth-Realm",
        "Method Switch-Hostname Orig-IP Orig-Port Call-ID Media-Server",
        "authn.resp authn.err",
    ),
    Row("authn.resp", TARGETED, "", "directory authn_resp", "Auth-Method Auth-Password"),
    Row("authn.err", TARGETED, "", "directory authn_err"),
    *(
        Row(
            name,
            "callmgr",
            key,
            "authz authz_req",
            "Call-Direction Call-ID Caller-ID-Name Caller-ID-Number From Request To",
            "Custom-Application-Vars Custom-Channel-Vars From-Network-Addr From-Network-Port Other-Leg-Call-ID "
            "Switch-Hostname",
            "authz.resp",
        )
        for name, key in (
            ("authz.req", "authz.authorize"),
            ("authz.broadcast_req", "authz.authorize.broadcast"),
        )
    ),
    Row(
        "authz.resp",
        TARGETED,
        "",
        "authz authz_resp",
        "Call-ID Is-Authorized",
        "Account-ID Account-Billing Reseller-ID Reseller-Billing Custom-Channel-Vars Call-Direction Soft-Limit "
        "Other-Leg-Call-ID",
    ),
    Row(
        "authz.balance_check_req",
        "callmgr",
        "authz.balance_check",
        "authz balance_check_req",
        "Accounts:list",
        "",
        "authz.balance_check_resp",
    ),
    Row("authz.balance_check_resp", TARGETED, "", "authz balance_check_resp", "Balances:object"),
    Row(
        "rate.req",
        "callmgr",
        "rate.req",
        "rate req",
        "To-DID",
        "Account-ID Authorizing-Type Call-ID Direction From-DID Options Outbound-Flags Ratedeck-ID Resource-ID "
        "Resource-Type Send-Empty:boolean",
        "rate.resp",
    ),
    Row(
        "rate.resp",
        TARGETED,
        "",
        "rate resp",
        "",
        "Base-Cost Discount-Percentage Prefix Pvt-Cost Rate Rate-Description Rate-Increment Rate-Minimum Rate-Name "
        "Rate-NoCharge-Time Rate-Version Ratedeck-ID Surcharge Update-Callee-ID",
    ),
    # kapi_call
    Row(
        "call.channel_status_req",
        "callevt",
        "call.status_req.{Call-ID}",
        "call_event channel_status_req",
        "Call-ID",
        "Active-Only:boolean",
        "call.channel_status_resp",
    ),
    Row(
        "call.channel_status_resp",
        TARGETED,
        "",
        "call_event channel_status_resp",
        "Call-ID Status=active|tmpdown|terminated",
        f"{_CHANNEL} Error-Msg From-Tag Other-Leg-Call-ID Realm Switch-Hostname Switch-Nodename Switch-URL "
        "To-Tag Username",
    ),
    Row(
        "call.query_auth_id_req",
        "callevt",
        "call.status_req.{Auth-ID}",
        "call_event query_auth_id_req",
        "Auth-ID",
        "",
        "call.query_auth_id_resp",
    ),
    Row("call.query_auth_id_resp", TARGETED, "", "call_event query_auth_id_resp", "", "Channels:list"),
    Row(
        "call.query_user_channels_req",
        "callevt",
        "call.status_req.{Username:}",
        "call_event query_user_channels_req",
        "",
        "Active-Only:boolean Authorizing-IDs:list Realm Username Usernames:list",
        "call.query_user_channels_resp",
    ),
    Row("call.query_user_channels_resp", TARGETED, "", "call_event query_user_channels_resp", "", "Channels:list"),
    Row(
        "call.query_account_channels_req",
        "callevt",
        "call.status_req.{Account-ID}",
        "call_event query_account_channels_req",
        "Account-ID",
        "Active-Only:boolean Username Usernames:list",
        "call.query_account_channels_resp",
    ),
    Row(
        "call.query_account_channels_resp", TARGETED, "", "call_event query_account_channels_resp", "", "Channels:list"
    ),
    Row(
        "call.query_channels_req",
        "callevt",
        "call.status_req.channels",
        "call_event query_channels_req",
        "",
        "Fields Call-ID Active-Only:boolean",
        "call.query_channels_resp",
    ),
    Row("call.query_channels_resp", TARGETED, "", "call_event query_channels_resp", "Channels:object"),
    # kapi_conference
    Row(
        "conference.search_req",
        "conference",
        "conference.discovery",
        "conference search_req",
        "Conference-ID|Account-ID",
        "",
        "conference.search_resp conference.error",
    ),
    Row("conference.search_resp", TARGETED, "", "conference search_resp", "Conferences|Conference-ID", _CONFERENCE),
    Row("conference.error", TARGETED, "", "conference error", "Error-Message", "Request Conference-ID"),
    Row(
        "conference.command",
        "conference",
        "conference.command.{Conference-ID!}",
        "conference command",
        "Conference-ID:text Application-Name=deaf_participant|undeaf_participant|mute_participant|unmute_participant|"
        "kick|lock|unlock|participants|play|stop_play|record|recordstop|relate_participants|set|participant_volume_in|"
        "participant_volume_out|participant_energy|dial|say|tts",
        "Participant-ID Media-Name Call-ID Energy-Level Affects Parameter Value Other-Participant Relationship "
        "Volume-In-Level Volume-Out-Level Endpoints Text Voice Language",
        "conference.participants_resp conference.error",
    ),
    Row("conference.participants_resp", TARGETED, "", "conference participants_resp", "Participants", "Conference-ID"),
    # kapi_presence
    Row(
        "presence.search_req",
        "presence",
        "presence.search_req.{Realm}",
        "presence search_req",
        "Realm",
        "Username Event-Package Search-Type",
        "presence.search_partial_resp presence.search_resp",
    ),
    Row("presence.search_partial_resp", TARGETED, "", "presence search_partial_resp", "Subscriptions"),
    Row("presence.search_resp", TARGETED, "", "presence search_resp", "", "Subscriptions"),
    Row(
        "presence.subscription",
        "presence",
        "subscriptions.{User@}",
        "presence subscription",
        "User Expires:integer",
        "Queue From Event-Package Call-ID From-Tag To-Tag Contact",
    ),
    Row(
        "presence.update",
        "presence",
        "update.{Presence-ID@}.{Call-ID}",
        "presence update",
        f"Presence-ID State=trying|online|offline|{_DIALOG_STATES}",
        f"{_PRESENCE} Call-Direction",
    ),
    Row(
        "presence.dialog",
        "presence",
        "dialog.{Presence-ID@}.{Call-ID}",
        "presence dialog_update",
        "To From",
        f"{_PRESENCE} State={_DIALOG_STATES} Direction From-URI To-URI Expires Flush-Level Presentity Presentity-User "
        "Presentity-Realm Call-Cookie Presence-ID",
    ),
    Row(
        "presence.probe",
        "presence",
        "probes.{Event-Package!}",
        "presence probe",
        "Username Realm Event-Package",
        "From-User From-Realm To-User To-Realm Expires Call-ID",
    ),
    Row("presence.mwi_update", "presence", "mwi_updates.{To@}.{To<}", "presence mwi_update", _MWI_REQUIRED, _MWI),
    Row(
        "presence.mwi_unsolicited_update",
        "presence",
        "mwi_unsolicited_updates.{To@}",
        "presence mwi_unsolicited_update",
        _MWI_REQUIRED,
        _MWI,
    ),
    Row("presence.mwi_query", "presence", "mwi_queries.{Realm}", "presence mwi_query", "Username Realm", "Call-ID"),
    Row(
        "presence.register_overwrite",
        "presence",
        "register_overwrites.{Realm}",
        "presence register_overwrite",
        "Previous-Contact Contact Username Realm",
    ),
    Row(
        "presence.reset",
        "presence",
        "presence.reset.{Realm}.{Username}",
        "presence reset",
        "Realm Username",
        "Event-Package",
    ),
    Row("presence.flush", "presence", "flush", "presence flush", "Type", "User Event-Package"),
    Row("presence.sync", "presence", "sync", "presence sync", "Action=Request|Start|End", "Event-Package"),
    # kapi_nodes: heard, never said
    Row("nodes.advertise", "nodes", "", "nodes advertise", "Expires", _NODE),
    # kapi_notifications
    *(
        Row(
            f"notifications.{event}",
            "notifications",
            f"notifications.{key}",
            f"notification {event}",
            needed,
            " ".join(each for each in f"{notification_apis.COMMON} {optional}".split() if each not in needed.split()),
            "notifications.update",
        )
        for event, key, needed, optional in notification_apis.events()
    ),
    Row(
        "notifications.update",
        TARGETED,
        "",
        "notification notify_update",
        "Status=completed|disabled|failed|ignored|pending",
        "Failure-Message Metadata",
    ),
    # kapi_pusher; no token is in the key (push_routing_key/1 looks for a header that there is not)
    Row(
        "pusher.push_req",
        "pushes",
        "notification.push.{Token-Type}.*",
        "notification push_req",
        "Token-ID Token-Type Token-App Payload:object",
        "Queue Call-ID Badge Sound Account-ID Endpoint-ID Expires Token-Reg Alert Alert-Key Alert-Params:list",
    ),
    *application_apis.ROWS,
)
