"""What Kazoo prints and asks while somebody puts together a metaflow. Source: Kazoo konami_maintenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.kazoo.callflows import metaflows
from kazoo_sup.kazoo.callflows.metaflows import Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MENU = (
    "1. Change Binding Digit",
    "2. Change Digit Timeout",
    "3. Change Numbers",
    "4. Change Patterns",
    "5. Show Current Defaults",
    "6. Save",
    "7. Exit",
    "",
)
_MUSIC = (
    "To set a system_media file as MOH, enter: /system_media/{MEDIA_ID}",
    "To set an account's media file as MOH, enter: /{ACCOUNT_ID}/{MEDIA_ID}",
    "To set an third-party HTTP url, enter: http://other.server.com/moh.mp3",
    "",
)
_QUESTIONS = {
    Question.ACTION: "Which action:",
    Question.DIGIT: "New binding digit:",
    Question.TIMEOUT: "New digit timeout (ms):",
    Question.BUILDER: "Which builder to add:",
    Question.NUMBER: "What number should invoke '{}'?",
    Question.EXPRESSION: "First, what regex should invoke the '{}'?",
    Question.EXISTING: "What would you like to do:",
    Question.HOLD_MUSIC: "Any custom music on hold to play ('n' to leave as default MOH, 'h' for help)?",
    Question.MEDIA: "What media file would you like to play?",
    Question.LEG: "On what leg of the call ('self', 'peer', or 'both')?",
    Question.RECORDING: "What action: 'start' or 'stop':",
    Question.RECORDING_LIMIT: "How many seconds to limit the recording to:",
    Question.RECORDING_FORMAT: "What format would you like the recording? ('wav' or 'mp3'):",
    Question.RECORDING_URL: "What URL to send the recording to at the end:",
    Question.TARGET: "What is the target extension/DID to transfer to?",
    Question.TAKEBACK: "What is the takeback DTMF ('n' to use the default)?",
    Question.TRANSFER_MUSIC: "Any custom music-on-hold ('n' for none, 'h' for help')?",
}
_UNKNOWN = {
    Question.ACTION: ("Action not recognized!", ""),
    Question.BUILDER: ("invalid option selected",),
    Question.EXISTING: ("invalid selection",),
}
_KINDS = {"numbers": "Number", "patterns": "Pattern"}


def question(asked: Question, module: str) -> str:
    """Return how a question is put; MODULE is what it is about."""
    if asked is Question.NUMBER and module == "transfer":
        return "First, what number should invoke 'transfer'?"
    return _QUESTIONS[asked].format(module)


def of_menu(events: Iterable[object], welcome: str) -> Iterator[str]:
    """Make Kazoo's lines of the menu, below WELCOME."""
    yield welcome
    for event in events:
        match event:
            case metaflows.MenuBegun():
                yield from _MENU
            case metaflows.MetaflowSaved():
                yield from ("Defaults successfully saved!", "")
            case metaflows.MetaflowShown():
                yield from _metaflow(event)
            case metaflows.ChoiceUnknown(asked):
                yield from _UNKNOWN[asked]
            case metaflows.NotANumber(answer):
                yield f"{answer!r} is not a whole number"
            case metaflows.BadExpression(reason):
                yield f"We were unable to compile the regex supplied: {reason}"
            case metaflows.MusicExplained():
                yield from _MUSIC
            case _:
                yield from _builder(event)


def _metaflow(found: metaflows.MetaflowShown) -> Iterator[str]:
    yield "The current default metaflow:"
    yield f"  Binding Digit: {found.digit}"
    yield f"  Digit Timeout(ms): {found.timeout}"
    yield f"  Numbers: {terms.json_encode(found.numbers)}"
    yield f"  Patterns: {terms.json_encode(found.patterns)}"
    yield ""


def _builder(event: object) -> Iterator[str]:
    match event:
        case metaflows.BuildersBegun(key, modules):
            yield f"{key.capitalize()} Builders:"
            yield from (f"  {place}. {module.capitalize()}" for place, module in enumerate(modules, start=1))
            yield from ("  0. Return to Menu", "")
        case metaflows.BuilderBegun("patterns", module):
            yield f"Let's add a {module} metaflow using a regex to capture the extension/DID"
        case metaflows.BuilderBegun(_, "transfer"):
            yield "Let's add a transfer metaflow to a specific extension/DID"
        case metaflows.BuilderBegun(_, module):
            yield f"Let's configure a '{module}' metaflow"
        case metaflows.BuilderEnded(key, found):
            yield from (f"  {key.capitalize()}: {terms.json_encode(found)}", "")
        case metaflows.ExistingFound(key, found):
            yield f"  Existing config for this {_KINDS[key].lower()}: {terms.json_encode(found)}"
            yield from (f"  e. Edit {_KINDS[key]}", f"  d. Delete {_KINDS[key]}")
