"""Providers of features whose own service has to hear of a change: one module each, named as Kazoo names it.

`providers` decides what a number's features shall be; here the service is told of what is different then.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from kazoo_sup import changes
from kazoo_sup.changes import same
from kazoo_sup.errors import ExitCode, ServerUnreachable, SupError, TimedOut

if TYPE_CHECKING:
    from kazoo_sup.kazoo.numbers.lifecycle import Setting
    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.zone import Zone

SERVED = frozenset({"knm_dash_e911", "knm_telnyx_cnam", "knm_telnyx_e911", "knm_vitelity_cnam", "knm_vitelity_e911"})
"""The providers whose service is told from here."""

FEATURES = {"cnam": ("outbound_cnam", "inbound_cnam"), "e911": ("e911",)}
"""The features that are kept for each that a provider is chosen for."""


class ServiceDown(SupError):
    """{number}: {provider} gave no answer before and is not asked again: {reason}"""

    exit_code = ExitCode.PARTIAL

    number: str
    provider: str
    reason: str


class FeatureService(Protocol):
    """A provider of features, for a zone."""

    def tell(self, before: PhoneNumber | None, after: PhoneNumber) -> PhoneNumber:
        """Have the service bring into force what AFTER has and BEFORE lacks, and end what it has no longer.

        Returns the number as it shall be stored. Raises SupError when the service refuses or cannot be asked.
        """


def settled(
    zone: Zone, before: PhoneNumber | None, after: PhoneNumber, setting: Setting, down: dict[str, str]
) -> PhoneNumber:
    """Tell the services of what is different; return the number as it shall be stored.

    DOWN takes in providers that give no answer, with the reason: they are not asked for the next number.
    Raises SupError when one refuses or cannot be asked; under --dry-run it only says whom it would tell.
    """
    owned = after if after.assigned_to or before is None else before
    rules = setting.rules_of(owned)
    for feature, kept in FEATURES.items():
        provider = rules.provider(feature, owned.assigned_to)
        if provider not in SERVED or not _differs(before, after, kept):
            continue
        if provider in down:
            raise ServiceDown(number=after.number, provider=provider, reason=down[provider])
        deed = f"tell {provider} of {feature} of {after.number}"
        try:
            after = changes.act(zone, deed, partial(_service(zone, provider).tell, before, after)) or after
        except SupError as error:
            if _is_silence(error):
                down[provider] = error.reason or str(error)
            raise
    return after


def _is_silence(error: BaseException | None) -> bool:
    """Tell an error of a server that is not there or says nothing."""
    return error is not None and (isinstance(error, ServerUnreachable | TimedOut) or _is_silence(error.__cause__))


def without(before: PhoneNumber | None, after: PhoneNumber) -> PhoneNumber:
    """Return AFTER with the features that services keep, and what asks for them, as they were BEFORE."""
    public = dict(after.public or {})
    features = dict(after.features or {})
    for feature, kept in FEATURES.items():
        for fields, own, names in ((public, before and before.public, (feature,)), (features, _of(before), kept)):
            for name in names:
                fields.pop(name, None)
                if own and name in own:
                    fields[name] = own[name]
    return after.changed(public=public, features=features)


def _differs(before: PhoneNumber | None, after: PhoneNumber, kept: tuple[str, ...]) -> bool:
    was, now = _of(before), _of(after)
    return any(not same(was.get(name) or None, now.get(name) or None) for name in kept)


def _of(number: PhoneNumber | None) -> dict[str, object]:
    return dict((number.features if number else None) or {})


def _service(zone: Zone, provider: str) -> FeatureService:
    found: type[FeatureService] = import_module(f"{__name__}.{provider}").SERVICE
    return found(zone)  # type: ignore[call-arg]
