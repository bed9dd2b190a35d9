"""The view `numbers/reconcile_services` of accounts: features by number, and carrier modules by class of number.

Its code holds the zone's classifiers. A view of Kazoo's own making with the same classifiers is left as it is, for
nodes compare the text with theirs, and put theirs in its place at the next refresh of the account.

Source: Kazoo kazoo_number_manager_maintenance:update_number_services_view/1.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import value_at, with_value
from kazoo_sup.kazoo.numbers import classification
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from kazoo_sup.kazoo.numbers.classification import Classifiers
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

DESIGN = "_design/numbers"
PATH = ["views", "reconcile_services"]

_BRANCH = re.compile(r"""e164\.match\(("(?:[^"\\]|\\.)*")\)\)\s*resC\['([^']*)'\]""")
_MAP = """function (doc) {
  if (doc.pvt_type != 'number' || doc.pvt_deleted) { return; }
  var one = {}, resC = {}, features = {};
  one[doc.pvt_module_name] = 1;
  Object.keys(doc.pvt_features || {}).forEach(function (name) { features[name] = 1; });
  %s
  emit(doc._id, {classifications: resC, features: features});
}"""
_REDUCE = """function (keys, values, rereduce) {
  var total = {classifications: {}, features: {}};
  function add(into, counts) {
    Object.keys(counts).forEach(function (name) { into[name] = (into[name] || 0) + counts[name]; });
    return into;
  }
  values.forEach(function (value) {
    add(total.features, value.features || {});
    var classes = value.classifications || {};
    Object.keys(classes).forEach(function (name) {
      total.classifications[name] = add(total.classifications[name] || {}, classes[name]);
    });
  });
  return total;
}"""


def code(classifiers: Classifiers) -> dict[str, str]:
    """Return the view's code for these classifiers."""
    return {"map": _MAP % classification.javascript(classifiers, _block), "reduce": _REDUCE}


def _block(name: str) -> str:
    return f"resC['{name}'] = one;"


def counted_by(view: object) -> list[tuple[str, str]] | None:
    """Return the classes and expressions that a view's code goes by, whoever wrote it; None when that is not to see."""
    text = value_at(view, ["map"])
    if not isinstance(text, str) or not isinstance(value_at(view, ["reduce"]), str):
        return None
    try:
        return [(name, json.loads(expression)) for expression, name in _BRANCH.findall(text)]
    except ValueError:
        return None


def update(zone: Zone, database: str) -> bool:
    """Bring the view in an account's database up to the zone's classifiers; False when it was so already.

    Raises NotFound when the account's database is missing or nobody has registered its design document.
    """
    classifiers = classification.available(zone)
    wanted = [(name, each["regex"]) for name, each in classifiers.items() if isinstance(each.get("regex"), str)]

    def updated(stored: Document | None) -> Document:
        document = stored or _registered(zone, database)
        if counted_by(value_at(document, PATH)) == wanted:
            return document
        return with_value(document, PATH, code(classifiers))

    tally = changes.update(zone, database, DESIGN, updated)
    return bool(tally.document) and not tally.counts["unchanged"]


def _registered(zone: Zone, database: str) -> Document:
    if zone.couchdb.exists(plain(database)):
        for design in views.registered(zone, database):
            if design["_id"] == DESIGN:
                return design
    raise NotFound(server="CouchDB", what=f"{DESIGN} for database {database}")
