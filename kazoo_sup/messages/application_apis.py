"""The messages of single applications: faxes, tasks, instant messages, agents, hangups, media. Rows as `apis` has them.

Sources: Kazoo kapi_fax, kapi_tasks, kapi_im, kapi_acdc_agent, kapi_acdc_stats, kapi_hangups, kapi_media,
kapi_inspector, kapi_websockets.
"""

from __future__ import annotations

from kazoo_sup.messages.rows import TARGETED, Row

_IM = (
    "Custom-Vars Request Account-ID Application-ID Route-Type=onnet|offnet System-ID Route-ID Originator-Properties "
    "Originator-Flags Target-Properties Target-Flags Endpoints Transaction-ID Custom-SIP-Headers Charges"
)
_FAX_STATUS = (
    "Status FaxBox-ID Account-ID Fax-Info Cloud-Job-ID Cloud-Printer-ID Direction=incoming|outgoing Page Stage "
    "Fax-State=start|prepare|send|receive|end|error Caller-ID-Name Caller-ID-Number Callee-ID-Name Callee-ID-Number"
)
_AGENT = "Queue-ID Presence-ID Presence-State"
_AGENT_ACTIONS = ("login", "logout", "resume", "end_wrapup", "login_queue", "logout_queue", "restart")

ROWS = (
    # kapi_fax, kapi_tasks, kapi_im
    Row("fax.status", "faxes", "fax.status.{Account-ID!}.{Job-ID}", "fax status", "Job-ID", _FAX_STATUS),
    Row("fax.start_account", "faxes", "fax.start.account.{Account-ID}", "start account", "Account-ID"),
    Row("fax.start_job", "faxes", "fax.start.job.{Job-ID}", "start job", "Job-ID Account-ID To-Number Control-Queue"),
    Row(
        "tasks.lookup_req",
        "tasks",
        "tasks.lookup",
        "tasks lookup_req",
        "",
        "Category Action",
        "tasks.lookup_resp",
    ),
    Row("tasks.lookup_resp", TARGETED, "", "tasks lookup_resp", "Help:object"),
    *(
        row
        for deed in ("start", "stop", "remove")
        for row in (
            Row(
                f"tasks.{deed}_req", "tasks", f"tasks.{deed}", f"tasks {deed}_req", "Task-ID", "", f"tasks.{deed}_resp"
            ),
            Row(f"tasks.{deed}_resp", TARGETED, "", f"tasks {deed}_resp", "Reply"),
        )
    ),
    Row(
        "im.sms_outbound",
        "im",
        "sms.outbound.{Route-ID~}.{Message-ID}",
        "sms outbound",
        "Message-ID Body From To",
        _IM,
    ),
    Row(
        "im.sms_inbound",
        "im",
        "sms.inbound.{Route-Type~}.{Message-ID}",
        "sms inbound",
        "Message-ID Body From To",
        _IM,
    ),
    # kapi_acdc_agent, kapi_acdc_stats
    *(
        Row(
            f"acdc_agent.{action}",
            "kapps",
            f"acdc.agent.action.{action}.{{Account-ID!}}.{{Agent-ID!}}",
            f"agent {action}",
            "Account-ID Agent-ID",
            _AGENT,
        )
        for action in _AGENT_ACTIONS
    ),
    Row(
        "acdc_agent.pause",
        "kapps",
        "acdc.agent.action.pause.{Account-ID!}.{Agent-ID!}",
        "agent pause",
        "Account-ID Agent-ID",
        f"{_AGENT} Alias Time-Limit:limit",
    ),
    Row(
        "acdc_stats.call_abandoned",
        "kapps",
        "acdc_stats.call.{Account-ID!}.{Queue-ID!}",
        "acdc_call_stat abandoned",
        "Call-ID Account-ID Queue-ID",
        "Abandon-Reason Abandon-Timestamp:integer",
    ),
    Row(
        "acdc_stats.current_calls_req",
        "kapps",
        "acdc_stats.query_call.{Account-ID!}.{Queue-ID!:all}",
        "acdc_stat current_calls_req",
        "Account-ID",
        "Queue-ID Agent-ID Status Start-Range End-Range",
        "acdc_stats.current_calls_resp acdc_stats.current_calls_err",
    ),
    Row(
        "acdc_stats.current_calls_resp",
        TARGETED,
        "",
        "acdc_stat current_calls_resp",
        "Query-Time",
        "Waiting Handled Abandoned Processed",
    ),
    Row("acdc_stats.current_calls_err", TARGETED, "", "acdc_stat current_calls_err", "Error-Reason"),
    Row(
        "acdc_stats.status_req",
        "kapps",
        "acdc_stats.query_status.{Account-ID!}.{Agent-ID!:all}",
        "acdc_stat status_req",
        "Account-ID",
        "Agent-ID Start-Range End-Range Status Limit",
        "acdc_stats.status_resp acdc_stats.status_err",
    ),
    Row("acdc_stats.status_resp", TARGETED, "", "acdc_stat status_resp", "Agents"),
    Row("acdc_stats.status_err", TARGETED, "", "acdc_stat status_err", "Error-Reason"),
    # kapi_hangups, kapi_media, kapi_inspector, kapi_websockets
    Row(
        "hangups.query_req",
        "kapps",
        "hangups.query",
        "hangups query_req",
        "Hangup-Cause",
        "Account-ID Raw-Data:boolean",
        "hangups.query_resp",
    ),
    Row(
        "hangups.query_resp",
        TARGETED,
        "",
        "hangups query_resp",
        "",
        "mean one_to_five five_to_fifteen one_to_fifteen start_time account_id hangup_cause one five fifteen day count "
        "meters",
    ),
    Row(
        "media.req",
        "kapps",
        "media_req",
        "media media_req",
        "Media-Name",
        "Stream-Type=new|extant Call-ID Text Voice=male|female Language Format=mp3|wav Account-ID Engine "
        "Protocol=http|https|shout|vlc",
        "media.resp media.error",
    ),
    Row("media.resp", TARGETED, "", "media media_resp", "Media-Name Stream-URL"),
    Row("media.error", TARGETED, "", "media media_error", "Media-Name Error-Code=not_found|no_data|other", "Error-Msg"),
    Row(
        "inspector.lookup_req",
        "monitor",
        "call_inspector.lookup",
        "call_inspector lookup_req",
        "Call-ID",
        "",
        "inspector.lookup_resp",
    ),
    Row("inspector.lookup_resp", TARGETED, "", "call_inspector lookup_resp", "Chunks", "Analysis Dialog-Entities"),
    Row(
        "inspector.filter_req",
        "monitor",
        "call_inspector.filter",
        "call_inspector filter_req",
        "Call-IDs",
        "",
        "inspector.filter_resp",
    ),
    Row("inspector.filter_resp", TARGETED, "", "call_inspector filter_resp", "", "Call-IDs"),
    Row(
        "websockets.module_req",
        "kapps",
        "ws.module_req",
        "websockets module_req",
        "Module Action=start|stop",
        "Persist:boolean",
        "websockets.module_resp",
    ),
    Row("websockets.module_resp", TARGETED, "", "websockets module_resp", "Persisted:boolean Started:boolean", "Error"),
    Row(
        "websockets.get_req",
        "sysconf",
        "websockets.get",
        "websockets get_req",
        "Account-ID",
        "Auth-Account-ID Socket-ID",
        "websockets.get_resp",
    ),
    Row("websockets.get_resp", TARGETED, "", "websockets get_resp", "", "Data"),
)
