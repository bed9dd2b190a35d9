"""Names that FreeSWITCH knows, and takes for something else, or for nothing, when they are mistyped.

Those of the versions 1.4 to 1.10 are here; a server that lacks one says so, or is told of. Source: FreeSWITCH
switch_types.h (switch_call_cause_t), switch_channel.c (switch_channel_str2cause), switch_event.c (EVENT_NAMES).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from kazoo_sup.errors import BadArgument

_CAUSES = """
    NONE=0 UNALLOCATED_NUMBER=1 NO_ROUTE_TRANSIT_NET=2 NO_ROUTE_DESTINATION=3 CHANNEL_UNACCEPTABLE=6
    CALL_AWARDED_DELIVERED=7 NORMAL_CLEARING=16 USER_BUSY=17 NO_USER_RESPONSE=18 NO_ANSWER=19
    SUBSCRIBER_ABSENT=20 CALL_REJECTED=21 NUMBER_CHANGED=22 REDIRECTION_TO_NEW_DESTINATION=23
    EXCHANGE_ROUTING_ERROR=25 DESTINATION_OUT_OF_ORDER=27 INVALID_NUMBER_FORMAT=28 FACILITY_REJECTED=29
    RESPONSE_TO_STATUS_ENQUIRY=30 NORMAL_UNSPECIFIED=31 NORMAL_CIRCUIT_CONGESTION=34 NETWORK_OUT_OF_ORDER=38
    NORMAL_TEMPORARY_FAILURE=41 SWITCH_CONGESTION=42 ACCESS_INFO_DISCARDED=43 REQUESTED_CHAN_UNAVAIL=44
    PRE_EMPTED=45 FACILITY_NOT_SUBSCRIBED=50 OUTGOING_CALL_BARRED=52 INCOMING_CALL_BARRED=54
    BEARERCAPABILITY_NOTAUTH=57 BEARERCAPABILITY_NOTAVAIL=58 SERVICE_UNAVAILABLE=63 BEARERCAPABILITY_NOTIMPL=65
    CHAN_NOT_IMPLEMENTED=66 FACILITY_NOT_IMPLEMENTED=69 SERVICE_NOT_IMPLEMENTED=79 INVALID_CALL_REFERENCE=81
    INCOMPATIBLE_DESTINATION=88 INVALID_MSG_UNSPECIFIED=95 MANDATORY_IE_MISSING=96 MESSAGE_TYPE_NONEXIST=97
    WRONG_MESSAGE=98 IE_NONEXIST=99 INVALID_IE_CONTENTS=100 WRONG_CALL_STATE=101 RECOVERY_ON_TIMER_EXPIRE=102
    MANDATORY_IE_LENGTH_ERROR=103 PROTOCOL_ERROR=111 INTERWORKING=127 SUCCESS=142 ORIGINATOR_CANCEL=487
    CRASH=700 SYSTEM_SHUTDOWN=701 LOSE_RACE=702 MANAGER_REQUEST=703 BLIND_TRANSFER=800 ATTENDED_TRANSFER=801
    ALLOTTED_TIMEOUT=802 USER_CHALLENGE=803 MEDIA_TIMEOUT=804 PICKED_OFF=805 USER_NOT_REGISTERED=806
    PROGRESS_TIMEOUT=807 INVALID_GATEWAY=808 GATEWAY_DOWN=809 INVALID_URL=810 INVALID_PROFILE=811 NO_PICKUP=812
    SRTP_READ_ERROR=813 BOWOUT=814 BUSY_EVERYWHERE=815 DECLINE=816 DOES_NOT_EXIST_ANYWHERE=817
    NOT_ACCEPTABLE=818 UNWANTED=819 NO_IDENTITY=820 BAD_IDENTITY_INFO=821 UNSUPPORTED_CERTIFICATE=822
    INVALID_IDENTITY=823 STALE_DATE=824 REJECT_ALL=825
"""
CAUSES = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", _CAUSES)}
"""Causes for which a call ends, by name; one by another name is taken for NORMAL_CLEARING."""

_EVENTS = """
    ADD_SCHEDULE ALL API BACKGROUND_JOB CALL_DETAIL CALL_SECURE CALL_SETUP_REQ CALL_SETUP_RESULT CALL_UPDATE
    CERT_RELOAD CHANNEL_ANSWER CHANNEL_APPLICATION CHANNEL_BRIDGE CHANNEL_CALLSTATE CHANNEL_CREATE CHANNEL_DATA
    CHANNEL_DESTROY CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_HOLD
    CHANNEL_ORIGINATE CHANNEL_OUTGOING CHANNEL_PARK CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_STATE
    CHANNEL_UNBRIDGE CHANNEL_UNHOLD CHANNEL_UNPARK CHANNEL_UUID CLIENT_DISCONNECTED CLONE CODEC COMMAND
    CONFERENCE_DATA CONFERENCE_DATA_QUERY CUSTOM DEL_SCHEDULE DETECTED_SPEECH DETECTED_TONE DEVICE_STATE DTMF
    EXE_SCHEDULE FAILURE GENERAL HEARTBEAT INBOUND_CHAN LOG MEDIA_BUG_START MEDIA_BUG_STOP MESSAGE MESSAGE_QUERY
    MESSAGE_WAITING MODULE_LOAD MODULE_UNLOAD NAT NOTALK NOTIFY NOTIFY_IN OUTBOUND_CHAN PHONE_FEATURE
    PHONE_FEATURE_SUBSCRIBE PLAYBACK_START PLAYBACK_STOP PRESENCE_IN PRESENCE_OUT PRESENCE_PROBE PRIVATE_COMMAND
    PUBLISH RECORD_START RECORD_STOP RECV_INFO RECV_MESSAGE RECV_RTCP_MESSAGE RELOADXML REQUEST_PARAMS
    RE_SCHEDULE ROSTER SEND_INFO SEND_MESSAGE SEND_RTCP_MESSAGE SERVER_DISCONNECTED SESSION_CRASH
    SESSION_HEARTBEAT SHUTDOWN SHUTDOWN_REQUESTED SOCKET_DATA STARTUP TALK TEXT TRAP UNPUBLISH
"""
EVENTS = frozenset(re.findall(r"\w+", _EVENTS))
"""Events that can be subscribed to; others are left out without a word."""

_CUSTOM = "CUSTOM"
_ALL = "ALL"
_PREFIX = "SWITCH_EVENT_"


def cause(text: str) -> str:
    """Return a cause by name, or by number, as it is typed; BadArgument for one that there is not."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len("999") else None
    if text and text.upper() not in CAUSES and number not in CAUSES.values():
        near = _near(text.upper(), CAUSES)
        raise BadArgument(parameter="--cause", reason=f"{text!r} is not a cause that FreeSWITCH knows{near}")
    return text


def subscriptions(text: str) -> list[str]:
    """Return what to subscribe to, one event each, by names with commas or blanks between them.

    What comes after CUSTOM are subclasses, such as sofia::register, and belongs to it. Raises BadArgument for a name
    that is not an event.
    """
    found: list[str] = []
    names = iter(text.replace(",", " ").split() or [_ALL])
    for name in names:
        if name.upper() == _CUSTOM:
            found.append(_custom(list(names)))
            break
        found.append(_event(name))
    return found


def _custom(subclasses: list[str]) -> str:
    if not subclasses:
        reason = f"{_CUSTOM} alone matches nothing; name subclasses after it: {_CUSTOM},sofia::register, or take {_ALL}"
        raise BadArgument(parameter="NAMES", reason=reason)
    return " ".join([_CUSTOM, *subclasses])


def _event(name: str) -> str:
    event = name.upper().removeprefix(_PREFIX)
    if event in EVENTS:
        return event
    hint = f"; a subclass comes after {_CUSTOM}, as in {_CUSTOM},{name}" if "::" in name else _near(event, EVENTS)
    raise BadArgument(parameter="NAMES", reason=f"{name!r} is not an event of FreeSWITCH{hint}")


def _near(word: str, known: Collection[str]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(word, known, n=1)
    return f"; is it {found[0]}?" if found else ""
