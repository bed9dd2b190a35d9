"""What there is in Kazoo, releases 4.3 and 5.0 taken together, by name, so that an unknown name is noticed.

Clusters have modules of their own, too: a name that is not known here is asked about, and taken with --yes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.errors import did_you_mean
from kazoo_sup.kazoo.notifications import notification_templates

if TYPE_CHECKING:
    from collections.abc import Collection

    from kazoo_sup.zone import Zone

RELEASES = "Kazoo 4.3 or 5.0"

_CROSSBAR_MODULES = """
about access_lists accounts acdc_call_stats acls agents alerts allotments api_auth apps_link apps_store auth
basic_auth blacklists braintree bulk call_inspector callflows cccps cdrs channels clicktocall comments conferences
configs connectivity contact_list devices dialplans directories faxboxes faxes freeswitch functions
global_provisioner_templates groups hotdesks ip_auth ips ledgers limits lists local_provisioner_templates
local_resources media menus metaflows migration_disable_notify migrations mms mobile_manager multi_factor noauthn
noauthz notifications onboard parked_calls phone_numbers pivot port_requests presence profile queues quickcall
rate_limits rates recordings registrations resource_selectors resource_templates resources schemas search security
services shared_auth simple_authz skels sms storage sup system_configs system_status tasks templates temporal_rules
temporal_rules_sets token_auth token_restrictions transactions ubiquiti_auth user_auth users vmboxes webhooks
websockets whitelabel
"""
CROSSBAR_MODULES = frozenset(f"cb_{name}" for name in _CROSSBAR_MODULES.split())
"""Modules of the API, those of other applications too, without the version of the API."""

_BLACKHOLE_MODULES = """
authz_subscribe call conference fax object ping presence skel token_auth
"""
BLACKHOLE_MODULES = frozenset(f"bh_{name}" for name in _BLACKHOLE_MODULES.split())
"""Modules of the websockets."""

EDR_BACKENDS = frozenset({"amqp", "file", "http", "skel"})
"""Types of backends of the event records, without edr_be_."""

CONVERTERS = frozenset({"regex"})
"""What converts numbers, without knm_converter_."""

_FEATURE_PROVIDERS = """
cnam_notifier dash_e911 telnyx_cnam telnyx_e911 vitelity_cnam vitelity_e911
"""
FEATURE_PROVIDERS = frozenset(f"knm_{name}" for name in _FEATURE_PROVIDERS.split())
"""What keeps a number's caller name and emergency address."""

CNAM_LOOKUPS = frozenset({"opencnam", "telnyx"})
"""Where callers' names are looked up, without stepswitch_cnam_."""

SPEECH = frozenset({"flite", "google", "ispeech", "voicefabric"})
"""What speaks texts: FreeSWITCH's own, and modules without kazoo_tts_."""

TELETYPE_MODULES = frozenset(f"teletype_{name}" for name in notification_templates.defaults())
"""Modules of the mails."""

_CATEGORIES = """
accounts acdc alerts ananke auth blackhole braintree call_command call_inspector callflow callflow.call_forward
callflow.dynamic_cid callflow.hotdesk callflow.menu callflow.park callflow.resources camper cccp cdr cluster
cluster_manager cnam conferences crossbar crossbar.accounts crossbar.acdc_call_stats crossbar.alerts crossbar.auth
crossbar.braintree crossbar.call_inspector crossbar.callflows crossbar.cdrs crossbar.channels crossbar.contact_list
crossbar.devices crossbar.freeswitch crossbar.local_resources crossbar.media crossbar.notifications crossbar.onboard
crossbar.phone_numbers crossbar.phonebook crossbar.resources crossbar.shared_auth crossbar.sms crossbar.templates
crossbar.token_restrictions crossbar.ubiquiti crossbar.users crossbar.voicemail datamgr doodle ecallmgr edr epmd fax
frontier hangups hotornot ips jonny5 kapps_controller kapps_maintenance kazoo.pdf kazoo_amqp kazoo_convert
kazoo_convert.convertapi kazoo_couch kazoo_directory kazoo_endpoint kazoo_endpoint.mobile kazoo_events kazoo_im
kazoo_web keys konami konami_pro kzt_twiml_util ledgers limits media metaflows milliwatt mobile mobile_manager modb
notify notify.cnam_request notify.deregister notify.fax notify.fax_inbound_error_to_email
notify.fax_outbound_error_to_email notify.first_occurrence notify.low_balance notify.new_account
notify.password_recovery notify.port_cancel notify.port_request notify.port_request_admin notify.ported
notify.system_alert notify.topup notify.transaction notify.voicemail_deleted notify.voicemail_full
notify.voicemail_to_email number_manager number_manager.bandwidth number_manager.bandwidth2 number_manager.dash_e911
number_manager.locality number_manager.other number_manager.simwood number_manager.telnyx number_manager.vitelity
number_manager.voip_innovations number_manager.voxbone omnipresence phonebook pivot pivot.twiml privacy provisioner
pusher qubicle registrar reorder servers services services.http_sync sms sms_command smtp_client speech speech.google
speech.ibm stepswitch stepswitch.cnam sysconf system_data tasks tasks.bill_early tasks.cleanup tasks.fax_cleanup
tasks.ledger_rollover tasks.modb_creation tasks.notify_resend tasks.numbers tasks.services_rollover telemetry
telemetry.waveguide teletype token_buckets topup trunkstore webhooks webrtc whitelabel yodb
"""
CATEGORIES = frozenset(_CATEGORIES.split())
"""Categories of system_config that have a schema."""


def is_category(name: str) -> bool:
    """Return whether a category of system_config is one of Kazoo's; each kind of notification has one."""
    return name in CATEGORIES or name.startswith("notification.")


def check(zone: Zone, what: str, name: str, known: Collection[str]) -> None:
    """Ask whether NAME is meant, where it is not one of the KNOWN ones: WHAT they are, "module of crossbar".

    Raises Declined where nobody is there to ask, unless --yes was given.
    """
    if name not in known:
        zone.run.confirm(f"store {name}, but no {what} of {RELEASES} is called so{did_you_mean(name, known)}")
