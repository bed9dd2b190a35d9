"""The notifications that applications publish and teletype answers: names, routing keys and headers.

Source: Kazoo kapi_notifications.
"""

from __future__ import annotations

COMMON = (
    "To Cc Bcc From Reply-To Subject HTML Text Account-ID Account-DB Preview Attachment-URL Timestamp Details Message"
)
"""Headers that any of them may have."""

_TABLE = """
account_zone_change account.zone_change: Account-ID Zones |
bill_reminder account.reminder: Account-ID Due-Date Items Timestamp | Payment-Token
low_balance account.low_balance: Account-ID Current-Balance |
new_account account.new: Account-ID | Account-API-Key Account-Name Account-Realm
service_added account.service_added: Account-ID Audit-Log Items Timestamp |
topup account.topup: Account-ID Amount Response Success Timestamp | Add-Ons Billing-Address Card-Last-Four
  Currency-Code Discounts ID Purchase-Order Tax-Amount
transaction account.transaction: Account-ID Amount Response Success Timestamp | Service-Plan Add-Ons Billing-Address
  Card-Last-Four Currency-Code Discounts ID Purchase-Order Tax-Amount
inbound_fax fax.inbound: Account-ID Fax-ID From-Realm From-User To-Realm To-User | Call-ID Callee-ID-Name
  Callee-ID-Number Caller-ID-Name Caller-ID-Number Fax-Info Fax-Notifications Fax-Timestamp FaxBox-ID Owner-ID
inbound_fax_error fax.inbound_error: Account-ID From-Realm From-User To-Realm To-User | Call-ID Callee-ID-Name
  Callee-ID-Number Caller-ID-Name Caller-ID-Number Fax-Error Fax-Info Fax-ID Fax-Notifications Fax-Result-Code
  Fax-Timestamp FaxBox-ID Owner-ID
outbound_fax fax.outbound: Account-ID Callee-ID-Number Caller-ID-Number Fax-ID Fax-JobId | Call-ID Callee-ID-Name
  Caller-ID-Name Fax-Info Fax-Notifications Fax-Timestamp FaxBox-ID Owner-ID
outbound_fax_error fax.outbound_error: Fax-ID Fax-JobId | Call-ID Callee-ID-Name Callee-ID-Number Caller-ID-Name
  Caller-ID-Number Fax-Error Fax-Info Fax-Notifications Fax-Timestamp FaxBox-ID Owner-ID
outbound_smtp_fax_error fax.outbound_smtp_error: Account-ID Fax-From-Email Errors Timestamp | Fax-To-Email FaxBox-ID
  FaxBox-Name FaxBox-Timezone Number Owner-ID Original-Number
cnam_request number.cnam_request: Account-ID Number Cnam | Acquired-For Local-Number Number-State Request
port_cancel number.port_cancel: Account-ID Port-Request-ID | Authorized-By Local-Number Number Number-State Port
  Reason Version
port_comment number.port_comment: Account-ID Port-Request-ID Comment | Reason Authorized-By Local-Number Number
  Number-State Port Reason Version
port_pending number.port_pending: Account-ID Port-Request-ID | Authorized-By Local-Number Number Number-State Port
  Reason Version
port_rejected number.port_rejected: Account-ID Port-Request-ID | Authorized-By Local-Number Number Number-State Port
  Reason Version
port_request number.port_request: Account-ID Port-Request-ID | Authorized-By Local-Number Number Number-State Port
  Reason Version
port_scheduled number.port_scheduled: Account-ID Port-Request-ID | Authorized-By Local-Number Number Number-State Port
  Reason Version
port_unconfirmed number.port_unconfirmed: Account-ID Port-Request-ID | Authorized-By Local-Number Number Number-State
  Port Reason Version
ported number.ported: Account-ID Port-Request-ID | Authorized-By Local-Number Number Number-State Port Reason Version
denied_emergency_bridge registration.denied_emergency_bridge: Account-ID Call-ID | Emergency-Caller-ID-Name
  Emergency-Caller-ID-Number Outbound-Caller-ID-Name Outbound-Caller-ID-Number
deregister sip.deregister: Account-ID Username Realm | Authorizing-ID Call-ID Contact Event-Timestamp Expires
  FreeSWITCH-Hostname From-Host From-User Network-IP Network-Port Presence-Hosts Profile-Name RPid Status
  Suppress-Unregister-Notify To-Host To-User User-Agent
first_occurrence sip.first_occurrence: Account-ID Occurrence |
missed_call sip.missed_call: Account-ID Call-ID Call-Bridged Message-Left | Caller-ID-Name Caller-ID-Number From-Realm
  From-User Notify To-Realm To-User Timestamp
register sip.register: Account-ID Username Realm | Authorizing-ID Authorizing-Type Call-ID Contact Event-Timestamp
  Expires From-Host From-User Network-IP Network-Port Owner-ID To-Host To-User Suppress-Unregister-Notify User-Agent
system_alert system.alert: Message Subject | Details Line Module Pid Request-ID Section
customer_update user.customer_update: Account-ID | DataBag Recipient-ID Template-ID User-Type
new_user user.new: Account-ID User-ID | Password
password_recovery user.password_recovery: Account-ID Email Password-Reset-Link | First-Name Last-Name Timezone User-ID
voicemail_full voicemail.full: Account-ID Max-Message-Count Message-Count Voicemail-Box |
voicemail_new voicemail.new: Account-ID From-Realm From-User To-Realm To-User Voicemail-Box Voicemail-ID
  Voicemail-Timestamp | Call-ID Caller-ID-Name Caller-ID-Number Voicemail-Length Voicemail-Transcription
voicemail_saved voicemail.saved: Account-ID From-Realm From-User To-Realm To-User Voicemail-Box Voicemail-ID
  Voicemail-Timestamp | Call-ID Caller-ID-Name Caller-ID-Number Voicemail-Length Voicemail-Transcription
voicemail_deleted voicemail.deleted: Account-ID From-Realm From-User To-Realm To-User Reason Voicemail-Box
  Voicemail-ID Voicemail-Timestamp | Call-ID Caller-ID-Name Caller-ID-Number Voicemail-Length Voicemail-Transcription
webhook webhook.callflow: Data Hook | Timestamp
webhook_disabled webhook.disabled: Account-ID Hook-ID |
"""
# Each row: the event, CATEGORY.NAME of its routing key, the headers it needs | those it may have.


def events() -> list[tuple[str, str, str, str]]:
    """Return each notification: its event, the end of its routing key, the headers it needs, those it may have."""
    found = []
    for row in _TABLE.replace("\n  ", " ").strip().splitlines():
        name, _, headers = row.partition(": ")
        event, key = name.split()
        needed, _, optional = headers.partition("|")
        found.append((event, key, needed.strip(), optional.strip()))
    return found
