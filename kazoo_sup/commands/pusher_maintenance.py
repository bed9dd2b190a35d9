"""Push notifications to phones: credentials of applications, and a test."""

from __future__ import annotations

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.reads import FileName
from kazoo_sup.arguments.secrets import ELSEWHERE, Secret, password
from kazoo_sup.command import command
from kazoo_sup.errors import Declined, NotFound
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.documents import values
from kazoo_sup.kazoo.notifications import push_notifications
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.results import Answer, Done
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone


@command
def add_firebase_app(zone: Zone, app_id: str, secret: Secret = ELSEWHERE) -> Done:
    """Store the API key SECRET with which the application APP_ID is pushed over Firebase.

    SECRET - or none is taken from SUP_PASSWORD, or asked for: other users of this host see arguments.
    """
    push_notifications.set_firebase(zone, app_id, password(zone.run, secret))
    return Done()


@command
def add_apple_app(
    zone: Zone, app_id: str, certfile: FileName, host: str = push_notifications.APPLE_HOST
) -> Answer | Done:
    """Store the certificate in CERTFILE with which the application APP_ID is pushed over Apple's HOST.

    A file that cannot be read answers {error,…} (exit code 2).
    """
    try:
        certificate = push_notifications.read_certificate(certfile)
    except OSError as error:
        return Answer((Atom("error"), values.posix_reason(error)))
    push_notifications.set_apple(zone, app_id, certificate, host)
    return Done()


@command
def push(zone: Zone, account: AccountId, device_id: str) -> Done:
    """Push a test call to the device DEVICE_ID of ACCOUNT, with the tokens that are stored with it.

    It goes over the bus to any node that runs pusher; Kazoo's does it in one node.
    """
    device = zone.couchdb.get(plain(account_database(account)), device_id)
    if device is None:
        raise NotFound(server="CouchDB", what=f"device {device_id} in account {account}")
    settings = device.get("push")
    if not isinstance(settings, dict):
        raise Declined(reason="error: no push properties for device")
    bus.publish(zone, [("pusher.push_req", push_notifications.test_message(settings))])
    return Done()
