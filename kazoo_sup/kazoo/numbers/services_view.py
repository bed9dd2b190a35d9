"""The view of an account's numbers by class, carrier and feature, `numbers/reconcile_services`.

It depends on the zone's number classifiers, so that it is no part of the design document that is registered, but added
to it in each account's database. Source: Kazoo kazoo_number_manager_maintenance:update_number_services_view/1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document
from kazoo_sup.kazoo import system_config, views
from kazoo_sup.kazoo.documents import with_value
from kazoo_sup.names import plain
from kazoo_sup.resources import config_directory

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

DESIGN = "_design/numbers"
_PATH = ["views", "reconcile_services"]


def update(zone: Zone, database: str) -> bool:
    """Bring the view in an account's (encoded) database up to the zone's classifiers; False when it was so already."""
    view = {"map": map_function(_classifiers(zone)), "reduce": REDUCE_FUNCTION}
    registered = next((each for each in views.registered(zone, database) if each["_id"] == DESIGN), None)

    def again(stored: Document | None) -> Document:
        return with_value(stored or registered or {"_id": DESIGN, "language": "javascript"}, _PATH, view)

    stored = zone.couchdb.get(plain(database), DESIGN)
    tally = changes.apply(zone, [Change(database, again(stored), stored, again)])
    return bool(tally.document) and not tally.counts["unchanged"]


def map_function(classifiers: Mapping[str, Any]) -> str:
    """Return the view's map: each number emits its carrier under its class, the first that matches, and its features.

    CLASSIFIERS are those of system_config, in their order, with their regular expressions.
    """
    expressions = [
        [name, each["regex"]]
        for name, each in classifiers.items()
        if isinstance(each, Mapping) and isinstance(each.get("regex"), str)
    ]
    return "\n".join(
        (
            "function (doc) {",
            "  if (doc.pvt_type !== 'number' || doc.pvt_deleted) return;",
            f"  var classes = {json.dumps(expressions)};",
            "  var carrier = {}, classified = {}, features = {};",
            "  carrier[doc.pvt_module_name] = 1;",
            "  for (var i = 0; i < classes.length; i++) {",
            "    if (doc._id.match(classes[i][1])) { classified[classes[i][0]] = carrier; break; }",
            "  }",
            "  Object.keys(doc.pvt_features || {}).forEach(function (feature) { features[feature] = 1; });",
            "  emit(doc._id, {classifications: classified, features: features});",
            "}",
        )
    )


REDUCE_FUNCTION = """\
function (keys, values) {
  function add(sums, more) {
    Object.keys(more || {}).forEach(function (key) { sums[key] = (sums[key] || 0) + more[key]; });
    return sums;
  }
  return values.reduce(function (sums, value) {
    add(sums.features, value.features);
    Object.keys(value.classifications || {}).forEach(function (name) {
      sums.classifications[name] = add(sums.classifications[name] || {}, value.classifications[name]);
    });
    return sums;
  }, {classifications: {}, features: {}});
}"""
"""The view's reduce: the sums of carriers by class, and of features."""


def _classifiers(zone: Zone) -> Mapping[str, Any]:
    found = system_config.get(zone, "number_manager", "classifiers", None)
    if isinstance(found, Mapping):
        return found
    file = config_directory() / "schemas" / "system_config.number_manager.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    default: Mapping[str, Any] = schema["properties"]["classifiers"]["default"]
    return default
