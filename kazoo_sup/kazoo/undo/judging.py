"""Whether a document may be taken back as it stands now, and to what: pure, documents in, documents out."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Literal, NamedTuple

from kazoo_sup.changes import masking
from kazoo_sup.changes.change import same
from kazoo_sup.changes.merging import BothChanged, merged
from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.kazoo.documents import body_of, objects_by_name
from kazoo_sup.kazoo.undo.index import GONE

if TYPE_CHECKING:
    from collections.abc import Collection

    from kazoo_sup.changes.journal import Done, KeptFile
    from kazoo_sup.kazoo.undo.index import Step
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Was

Edited = Literal["left", "merged", "overwritten"]
"""What becomes of a document that somebody edited since."""

STAMPS = frozenset({"pvt_modified", "pvt_document_hash", "pvt_node", "pvt_request_id", "pvt_auth_user_id"})
"""What every save sets again, so that no two writers agree on it; a merged document keeps that of the later edit."""

COUNTED = frozenset({*STAMPS, "quantities", "pvt_dirty"})
"""What is counted in a services document, and is recounted when all is done."""

SERVICES = "services"


class EditedSince(SupError):
    """{database}/{id}: {reason}; it is left alone"""

    exit_code = ExitCode.PARTIAL
    remedy = "with --merge that edit is kept beside what is taken back, with --force it is lost"

    database: str
    id: str
    reason: str


class ChangedSince(SupError):
    """{deed}: it was {before}, the run left {left}, and now it is {now}; it is left alone"""

    exit_code = ExitCode.PARTIAL

    deed: str
    before: str
    left: str
    now: str


class SoBefore(SupError):
    """it is as it was before: nothing needs to be taken back"""


def judge_deed(done: Done, now: Was, edited: Edited) -> None:
    """See whether a deed may be taken back, where NOW tells what there is; nobody knows of one that does not tell it.

    Raises ChangedSince, and SoBefore where nothing is left to do.
    """
    if now.reverse == ():
        raise SoBefore
    if now.reverse is None or same(done.left, done.before) or same(now.before, done.left):
        return
    if same(now.before, done.before):
        raise SoBefore
    if edited == "overwritten":
        return
    before, left, there = (_in_words(each) for each in (done.before, done.left, now.before))
    raise ChangedSince(deed=done.deed, before=before, left=left, now=there)


def _in_words(value: Json) -> str:
    if value is None:
        return "not there"
    hidden = masking.of_document({"value": value})["value"]
    return hidden if isinstance(hidden, str) else json.dumps(hidden)


class Verdict(NamedTuple):
    """What to store in place of `found`, None to delete it; or why nothing is, or that nothing needs to be.

    `lost` are the attachments that nobody has any more.
    """

    found: Document | None
    wanted: Document | None = None
    clash: str = ""
    done: bool = False
    lost: tuple[str, ...] = ()


def judge(step: Step, found: Document | None, edited: Edited) -> Verdict:
    """Judge the step against what is stored now."""
    wanted = step.entry.before
    if _alike(found, wanted):
        return Verdict(found, wanted, done=True)
    if _is_ours(step, found) or edited == "overwritten":
        if wanted is None:
            return Verdict(found)
        whole = _with_files(wanted, found, step.entry.files)
        return Verdict(found, whole, lost=tuple(sorted(set(_stubs(wanted)) - set(_stubs(whole)))))
    why = _what_happened(step, found)
    if step.entry.database == SERVICES:
        aside, merging = COUNTED, True
    else:
        aside, merging = STAMPS, edited == "merged"
    if not merging or wanted is None or found is None or step.after is None:
        return Verdict(found, clash=why)
    try:
        both = merged(body_of(step.after), body_of(wanted), body_of(found), aside=aside)
    except BothChanged as error:
        return Verdict(found, clash=f"{why}, and {error}")
    whole = {**both, **{name: found[name] for name in ("_id", "_rev", "_attachments") if name in found}}
    return Verdict(found, whole, done=same(whole, found))


def _is_ours(step: Step, found: Document | None) -> bool:
    """Return whether the document stands as the runs left it."""
    if found is None:
        return step.gone or GONE in (step.newest, step.sure)
    if found.get("_rev") in (step.newest, step.sure):
        return True
    if step.otherwise is not None and _alike(found, step.otherwise):
        return True
    return step.after is not None and not step.gone and _alike(found, step.after)


def _what_happened(step: Step, found: Document | None) -> str:
    if found is None:
        return "somebody deleted it since"
    return "somebody created it again" if step.gone or step.newest == GONE else "somebody edited it since"


def _alike(one: Document | None, other: Document | None) -> bool:
    if one is None or other is None:
        return one is other
    return same(body_of(one), body_of(other)) and _digests(one) == _digests(other)


def _digests(document: Document) -> Document:
    return {name: stub.get("digest") for name, stub in _stubs(document).items()}


def _stubs(document: Document | None) -> dict[str, Document]:
    return objects_by_name((document or {}).get("_attachments"))


def _with_files(wanted: Document, found: Document | None, kept: Collection[KeptFile]) -> Document:
    """Return a document as it is stored, with those of its attachments that are still there or were kept."""
    body = body_of(wanted)
    there, files = _stubs(found), {each.name: each for each in kept}
    attachments: Document = {}
    for name, stub in _stubs(wanted).items():
        file = files.get(name)
        if name in there and there[name].get("digest") == stub.get("digest"):
            attachments[name] = there[name]
        elif file is not None and file.content is not None:
            data = base64.b64encode(file.content).decode()
            attachments[name] = {"content_type": file.content_type, "data": data}
    return {**body, "_attachments": attachments} if attachments else body
