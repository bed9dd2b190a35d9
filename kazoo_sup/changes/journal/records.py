"""What a record says, as its readers get it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields, Json

State = Literal["saved", "unsaved", "unknown"]
"""What became of something: `unknown` when the run ended, or the record does, before the reply was there."""

SHOWN_DATABASES = 1000
SHOWN_REASONS = 20

_NOTHING = "nothing takes back: "


@dataclass(frozen=True, slots=True)
class Header:
    """What a run said of itself when it began to change something."""

    run: str
    began: str
    user: str = ""
    sudo_user: str = ""
    host: str = ""
    zone: str = ""
    cluster: str = ""
    module: str = ""
    function: str = ""
    command: tuple[str, ...] = ()
    version: str = ""
    about: Fields = field(default_factory=dict)

    @property
    def who(self) -> str:
        """The person, as far as this host knows: who became another with sudo is named first."""
        return f"{self.sudo_user} as {self.user}" if self.sudo_user else self.user

    @property
    def typed(self) -> str:
        """The command as it was typed, secrets masked."""
        return " ".join(("sup", *self.command))


@dataclass(frozen=True, slots=True)
class KeptFile:
    """An attachment as it was before; `content` is None where only what it was is known."""

    name: str
    content_type: str
    digest: str
    length: int
    content: bytes | None


class Changed(NamedTuple):
    """One document that the run changed, or tried to: a tuple, for a run may have as many as a cluster has documents.

    `before` has its `_rev`. `act` is created, edited, deleted or restored. `set` and `gone` are the fields in which the
    document that was sent differs from it.
    """

    number: int
    zone: str
    database: str
    id: str
    act: str
    before: Document | None
    revision: str | None
    state: State
    set: Document
    gone: Sequence[str]
    files: tuple[KeptFile, ...] = ()

    @property
    def after(self) -> Document | None:
        """What was sent, None for a deletion, with the new `_rev` where it was saved."""
        if self.act == "deleted":
            return None
        after: Document = {"_id": self.id} if self.revision else {}
        after |= self.before or {}
        for name in self.gone:
            after.pop(name, None)
        after |= self.set
        if self.revision:
            after["_rev"] = self.revision
        else:
            after.pop("_rev", None)
        return after


@dataclass(frozen=True, slots=True)
class DatabaseChanged:
    """A database that the run created or deleted, or tried to."""

    number: int
    zone: str
    database: str
    act: str
    state: State


@dataclass(frozen=True, slots=True)
class Done:
    """A deed that is not a document.

    `reverse` are the words of the `sup` command that takes it back: None where nothing does, no words where the deed
    left nothing that could be taken back. `left` is the value that it left in place of that `before`; the same where
    that is not known.
    """

    number: int
    zone: str
    deed: str
    before: Json
    reverse: tuple[str, ...] | None
    state: State
    left: Json = None


Entry = Changed | DatabaseChanged | Done


@dataclass(frozen=True, slots=True)
class Undoable:
    """Whether a run can be undone, and why not or not wholly."""

    verdict: Literal["yes", "partly", "no"]
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in a few words."""
        return ": ".join(filter(None, (self.verdict, self.why)))

    @property
    def why(self) -> str:
        """Say the reasons, and once for all deeds that nothing takes back them, as they are told to one node each."""
        deeds = [each.removeprefix(_NOTHING) for each in self.reasons if each.startswith(_NOTHING)]
        said = dict.fromkeys(
            f"{_NOTHING}{', '.join(deeds)}" if each.startswith(_NOTHING) else each for each in self.reasons
        )
        return "; ".join(said)


@dataclass(slots=True)
class Summary:
    """What a run did in all.

    `counts` by action: created, edited, deleted, restored (documents), databases, deeds, unsaved and unknown.
    `databases` are the first SHOWN_DATABASES that it changed something in; `every_database` tells that these are all.
    `lasting` is what cannot be taken back, in words, by how often; `reversible` how much can be.
    `unfinished` tells that a run that takes changes back, or makes them again, did not come through all of them, `left`
    that it left some alone, since somebody has edited the documents.
    """

    counts: Counter[str] = field(default_factory=Counter)
    databases: dict[str, None] = field(default_factory=dict)
    every_database: bool = True
    lasting: Counter[str] = field(default_factory=Counter)
    reversible: int = 0
    incomplete: str = ""
    unfinished: bool = False
    left: bool = False
    at: str = ""
    code: int | None = None

    def expected(self, database: str) -> None:
        """Take in that something in a database is about to be changed."""
        if database in self.databases:
            return
        if len(self.databases) < SHOWN_DATABASES:
            self.databases[database] = None
        else:
            self.every_database = False

    def add(self, action: str, entry: Entry) -> None:
        """Take in something that was done or may have been."""
        self.counts[action] += 1
        lasting = lasting_of(entry)
        if isinstance(entry, Changed):
            self.reversible += entry.act != "restored"  # without the attachments that were too large it comes back, too
        elif not lasting:
            self.reversible += not (isinstance(entry, Done) and entry.reverse == ())
        if not lasting:
            return
        if lasting in self.lasting or len(self.lasting) < SHOWN_REASONS:
            self.lasting[lasting] += 1
        else:
            self.lasting["and more"] += 1

    @property
    def changed(self) -> int:
        """How many documents, databases and other things the run changed, or may have."""
        return sum(count for name, count in self.counts.items() if name != "unsaved")

    @property
    def undoable(self) -> Undoable:
        """Whether what was done can be taken back."""
        reasons = tuple(f"{why} ({count} times)" if count > 1 else why for why, count in self.lasting.items())
        if self.incomplete:
            reasons = (*reasons, self.incomplete)
        if not self.reversible:
            return Undoable("no", reasons or ("there is nothing to take back",))
        return Undoable("partly" if reasons else "yes", reasons)

    def as_json(self) -> Document:
        """Return what is in the end of a record."""
        return {
            "at": self.at,
            "code": self.code,
            "counts": dict(self.counts),
            "databases": list(self.databases),
            "every_database": self.every_database,
            "lasting": dict(self.lasting),
            "reversible": self.reversible,
            "incomplete": self.incomplete,
            "unfinished": self.unfinished,
            "left": self.left,
        }

    @classmethod
    def of_json(cls, end: Fields) -> Summary:
        """Return the summary that is in the end of a record."""
        return cls(
            counts=Counter(end["counts"]),
            databases=dict.fromkeys(end["databases"]),
            every_database=end["every_database"],
            lasting=Counter(end["lasting"]),
            reversible=end["reversible"],
            incomplete=end["incomplete"],
            unfinished=bool(end.get("unfinished")),
            left=bool(end.get("left")),
            at=end["at"],
            code=end["code"],
        )


def lasting_of(entry: Entry) -> str:
    """Tell why what was done cannot be taken back; nothing where it can."""
    if isinstance(entry, Changed):
        if entry.act == "restored":
            return "documents came from a backup over others that are not known"
        if entry.files and any(each.content is None for each in entry.files):
            return "attachments were too large to keep"
    elif isinstance(entry, DatabaseChanged):
        if entry.act == "deleted":
            return f"the database {entry.database} was deleted with all that was in it"
    elif entry.reverse is None:
        return f"{_NOTHING}{entry.deed}"
    return ""
