"""What is doubtful about a setting that shall be stored: a misspelt category, key or name, a value that does not fit.

Kazoo stores whatever it is given, and its nodes then use what they have built in, without a word. Here what is doubtful
is told, and asked about where somebody is at the terminal; a script gets what it asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache, partial
from typing import TYPE_CHECKING

from kazoo_sup.kazoo import carriers
from kazoo_sup.kazoo.config import autostart, expressions, known_names, schemas, system_config
from kazoo_sup.kazoo.config.expressions import BadExpression
from kazoo_sup.kazoo.config.schema_validation import dotted, faults
from kazoo_sup.kazoo.config.schemas import UnknownSchema, UnusableSchema
from kazoo_sup.kazoo.documents import as_object, is_private, value_at, with_value
from kazoo_sup.kazoo.documents.values import to_boolean, to_float, to_integer
from kazoo_sup.kazoo.numbers import states

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

_NEAR = 0.8
_CARRIERS = ("carrier module", frozenset(carriers.ALL))
_NAMES: Mapping[tuple[str, str], tuple[str, Collection[str]]] = {
    ("number_manager", "carrier_modules"): _CARRIERS,
    ("number_manager", "available_module_name"): _CARRIERS,
    ("tasks.numbers", "import_defaults_to_carrier"): _CARRIERS,
    ("crossbar", "autoload_modules"): ("module of crossbar", known_names.CROSSBAR_MODULES),
    ("blackhole", "autoload_modules"): ("module of blackhole", known_names.BLACKHOLE_MODULES),
    ("kapps_controller", "kapps"): ("application", autostart.APPLICATIONS),
    ("number_manager", "converter"): ("converter", known_names.CONVERTERS),
    ("number_manager", "converters"): ("converter", known_names.CONVERTERS),
    ("number_manager", "cnam_provider"): ("provider of features", known_names.FEATURE_PROVIDERS),
    ("number_manager", "e911_provider"): ("provider of features", known_names.FEATURE_PROVIDERS),
    ("stepswitch.cnam", "provider"): ("provider of callers' names", known_names.CNAM_LOOKUPS),
    ("speech", "tts_provider"): ("provider of speech", known_names.SPEECH),
    ("notify", "autoload_modules"): ("module of teletype", known_names.TELETYPE_MODULES),
}

_WHETHER = ("always", "if_available", "never")
_WORDS: Mapping[tuple[str, str], Collection[str]] = {
    ("number_manager", "released_state"): states.ALL,  # knm_phone_number:is_state/1
    ("crossbar.accounts", "allow_move"): ("superduper_admin", "tree"),  # cb_accounts:validate_move/4
    ("smtp_client", "auth"): _WHETHER,  # teletype_util, notify_util: smtp_auth_option/1
    ("smtp_client", "tls"): _WHETHER,  # smtp_tls_option/1 there
    ("token_buckets", "tokens_fill_time"): ("day", "hour", "minute", "second"),  # kz_token_bucket:normalize_fill_time/1
    ("kazoo_convert", "fax_converter"): ("fax_converter", "fax_converter_convertapi"),  # kz_convert:convert_to_module/1
    ("notify", "notification_app"): ("notify", "teletype"),  # notify_listener, teletype: should_handle_notification
    ("hotornot", "trie_module"): ("hon_trie", "hon_trie_lru"),  # hotornot_config:trie_module/0
    ("speech", "tts_args_encode"): ("multipart", "urlencode"),  # kazoo_tts_voicefabric:voicefabric_request_body/2
    ("stepswitch.cnam", "http_method"): ("get", "post", "put"),  # stepswitch_cnam_opencnam:get_http_method/0
    ("ecallmgr", "authz_default_action"): ("allow", "deny"),  # ecallmgr_fs_authz:authz_default/3: all but deny allow
    ("auth", "default_multi_factor_provider"): ("duo",),  # kz_mfa_auth:module_name/1
}
"""Settings, by the last part of their keys, that nodes know only some words for, and no schema tells which."""


def _regexes(value: object) -> Iterator[Json]:
    for each in as_object(value).values():
        found = each.get("regex") if isinstance(each, dict) else each
        if found is not None:
            yield found


def _itself(value: object) -> Iterator[Json]:
    yield value


def _patterns(value: object) -> Iterator[Json]:
    yield from as_object(value_at(value, ["patterns"]))


_EXPRESSIONS: Mapping[tuple[str, str], Callable[[Json], Iterable[Json]]] = {
    ("number_manager", "e164_converters"): as_object,
    ("number_manager", "classifiers"): _regexes,
    ("number_manager", "reconcile_regex"): _itself,
    ("metaflows", "default_metaflow"): _patterns,
    ("pusher", "User-Agents"): _regexes,
}
"""Settings that hold expressions, and how these are got out of them."""

_READ_AS = {"integer": to_integer, "number": to_float, "boolean": to_boolean}
"""How nodes take a text where they expect something else."""


def check(zone: Zone, category: str, key: str, value: object, *, account: bool = False) -> None:
    """Tell what is doubtful about a setting of system_config, or of an ACCOUNT's own, and ask whether it is meant.

    Raises Declined when somebody at the terminal says no.
    """
    found = list(doubts(zone, category, key, value, account=account))
    for sentence in found:
        zone.run.warn(sentence)
    if found:
        zone.run.confirm_watched(f"store {category} {key} all the same")


def doubts(zone: Zone, category: str, key: str, value: object, *, account: bool = False) -> Iterator[str]:
    """Yield a sentence for each thing that is doubtful; what takes a key away, None, is never."""
    if value is None:
        return
    stored = zone.configuration(category)
    if stored is None and not known_names.is_category(category):
        yield from _misspelt("category", category, _categories(zone), "there is no {} yet")
    path = system_config.keys(key)
    schema = _schema(zone, category, account=account)
    if schema is not None:
        yield from _of_key(zone, schema, stored or {}, category, path)
        yield from _of_value(zone, schema, category, path, value)
    yield from _of_expressions(category, path, value)
    if (category, key) in _NAMES:
        what, known = _NAMES[category, key]
        for name in value if isinstance(value, list) else [value]:
            if not isinstance(name, dict | list) and name not in known:
                yield f"no {what} of {known_names.RELEASES} is called {name!r}{_meant(str(name), known)}"
    words = _WORDS.get((category, path[-1]), ())
    if words and not isinstance(value, dict | list) and value not in words:
        where = f"{category} {'.'.join(path)}"
        unknown = f"no node of {known_names.RELEASES} knows {value!r}{_meant(str(value), words)}"
        yield f"{where} can be {', '.join(words)}; {unknown}"


def _categories(zone: Zone) -> Collection[str]:
    stored = {each["_id"] for each in zone.couchdb.documents(system_config.DATABASE, include_docs=False)}
    return known_names.CATEGORIES | stored


def _schema(zone: Zone, category: str, *, account: bool) -> Document | None:
    for kind in ("account_config", "system_config") if account else ("system_config",):
        try:
            return schemas.get(zone, f"{kind}.{category}")
        except UnknownSchema:
            continue
    return None


def _of_key(zone: Zone, schema: Document, stored: Document, category: str, path: Sequence[str]) -> Iterator[str]:
    """Report the first part of a key that neither the schema nor any section has, but that is near to one of them."""
    for place, part in enumerate(path):
        try:
            schema = _meant_by(zone, schema)
        except UnknownSchema:
            return  # which is told of the value
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties or schema.get("patternProperties"):
            return
        known = {*properties, *(key for of, key in _NAMES if of == category)}
        known |= {
            name
            for section in stored
            if not is_private(section)
            for name in as_object(value_at(stored, [section, *path[:place]]))
        }
        if part not in known:
            yield from _misspelt("key", part, known, f"{category} has no {{}}")
            return
        schema = schemas.parts(schema).get(part, {})


def _meant_by(zone: Zone, schema: Document) -> Document:
    """Return a schema, or that to which it refers. Raises UnknownSchema."""
    reference = schema.get("$ref")
    return schemas.get(zone, schemas.referred(reference)) if isinstance(reference, str) else schema


def _inside(zone: Zone, schema: Document, key: str) -> Document:
    """Return what a schema says of a KEY in it: by its name, or else by an expression that the name fits.

    Raises UnknownSchema where it refers to none, BadExpression for an expression that is none.
    """
    schema = _meant_by(zone, schema)
    named = schemas.parts(schema)
    if key in named:
        return named[key]
    for expression, found in schemas.parts(schema, "patternProperties").items():
        if expressions.read_for_text(expression, "a pattern of the schema").search(key):
            return found
    return {}


def _of_value(zone: Zone, schema: Document, category: str, path: Sequence[str], value: object) -> Iterator[str]:
    """Tell what of a value does not fit its part of the schema."""
    *above, key = path
    expected = schema
    try:
        for part in path:
            expected = _inside(zone, expected, part)
        wrapped = {"properties": {key: expected}}
        given = {key: _as_nodes_read(value, expected.get("type"))}
        found = faults(wrapped, given, cache(partial(schemas.get, zone)))
    except (UnknownSchema, UnusableSchema, BadExpression) as error:
        yield f"{category} {'.'.join(path)} was not checked: {error}"
        return
    for fault in found:
        where = dotted((*above, *fault.path))
        yield f"{category} {where} does not fit its schema: {fault.as_json()['message']}; nodes may not take it"


def _of_expressions(category: str, path: list[str], value: object) -> Iterator[str]:
    top = (category, path[0])
    if top not in _EXPRESSIONS:
        return
    whole = with_value({}, path, value)[path[0]]
    for expression in _EXPRESSIONS[top](whole):
        try:
            expressions.read(expression, f"{category} {path[0]}")
        except BadExpression as error:
            yield f"{error}; nodes fail on it"


def _as_nodes_read(value: object, kind: object) -> Json:
    if isinstance(value, str) and isinstance(kind, str) and kind in _READ_AS:
        try:
            return _READ_AS[kind](value)
        except ValueError:
            return value
    return value


def _misspelt(what: str, name: str, known: Collection[str], sentence: str) -> Iterator[str]:
    meant = _meant(name, known)
    if meant:
        yield sentence.format(f"{what} {name}") + meant


def _meant(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=_NEAR)
    return f"; is {near[0]} meant?" if near else ""
