"""What of an answer is shown: --columns of a listing, or what the JMESPath expression of --query makes of it.

Both make another result of the one that a command hands back, so that every format shows it.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kazoo_sup.cli.render.ending import Ending, as_listing, has_pages, is_listing
from kazoo_sup.cli.render.listings import plain_cell, plain_json
from kazoo_sup.errors import SupError, UsageError, did_you_mean
from kazoo_sup.results import Answer, BulkReport, Listing, Live, Page, Result
from kazoo_sup.terms import as_data

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from kazoo_sup.cli.options import Options

Select = Callable[[Result], Result]


class NoJmespath(UsageError):
    """--query needs the package jmespath: pip install 'kazoo-sup[query]'"""

    remedy = "pip install 'kazoo-sup[query]'"


class QueryFailed(SupError):
    """--query: {reason}; what was asked for is done, but its answer is not shown"""

    reason: str


def selector(asked: Options, warn: Callable[[str], object]) -> Select:
    """Return what makes the result that is shown of the one that a command hands back.

    Raises UsageError for what cannot be understood, before anything is run.
    """
    columns = _named(asked.columns) if asked.columns is not None else ()
    query = _compiled(asked.query) if asked.query is not None else None
    if columns and query:
        raise UsageError(reason="--columns and --query exclude each other: a query can choose columns, [].{name: name}")

    def select(result: Result) -> Result:
        if query:
            return _queried(result, query)
        return _with_columns(result, columns, warn)

    return select


def _named(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise UsageError(reason="--columns takes names with commas between them")
    return names


def _compiled(text: str) -> ParsedResult:
    try:
        import jmespath
    except ImportError:
        raise NoJmespath from None
    try:
        query = jmespath.compile(text)
    except (jmespath.exceptions.JMESPathError, ValueError) as error:
        raise UsageError(reason=f"--query: {_first_line(error)}") from None
    for name, count in _calls(query.parsed):
        _check_call(name, count)
    return query


def _calls(node: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield the functions that an expression calls, each with the number of its arguments."""
    if node["type"] == "function_expression":
        yield node["value"], len(node["children"])
    for each in node["children"]:
        if isinstance(each, dict):
            yield from _calls(each)


def _check_call(name: str, count: int) -> None:
    """Raise UsageError for a call that JMESPath would refuse only when the work is done."""
    from jmespath.functions import Functions

    if name not in Functions.FUNCTION_TABLE:
        hint = did_you_mean(name, Functions.FUNCTION_TABLE)
        raise UsageError(reason=f"--query: there is no function {name}(){hint}")
    taken = Functions.FUNCTION_TABLE[name]["signature"]
    more = bool(taken) and taken[-1].get("variadic", False)
    if count < len(taken) or (count > len(taken) and not more):
        least = "at least " if more else ""
        wrong = f"wrong number of arguments for {name}(): {count}, where it takes {least}{len(taken)}"
        raise UsageError(reason=f"--query: {wrong}")


def _first_line(error: Exception) -> str:
    from jmespath.exceptions import JMESPathTypeError

    if isinstance(error, JMESPathTypeError):  # its own sentence has the whole answer in it
        wanted = " or ".join(error.expected_types)
        return f"{error.function_name}() takes {wanted}, and was given {error.actual_type}"
    return str(error).partition("\n")[0].rstrip(":. ")


def _with_columns(result: Result, columns: Sequence[str], warn: Callable[[str], object]) -> Result:
    result = as_listing(result)
    if isinstance(result, Listing):
        return result._replace(rows=_only(result.rows, columns, result.columns), columns=columns)
    if has_pages(result):
        assert isinstance(result, Live)
        pages = (_page(each, columns, result.columns) for each in result.events)
        return result._replace(events=pages, columns=columns, draw=None)
    warn("--columns is for listings, and this is not one")
    return result


def _page(event: object, columns: Sequence[str], known: Sequence[str]) -> object:
    """Return a page of COLUMNS alone; one that works is asked for no other than those KNOWN, before it begins."""
    if not isinstance(event, Page):
        return event
    if not isinstance(event.rows, Iterator):
        return Page(list(_only(event.rows, columns, known)))
    _check(columns, known)
    return Page(_only(event.rows, columns, known))


def _check(columns: Sequence[str], every: Sequence[str]) -> None:
    for name in columns:
        if name not in every:
            raise UsageError(reason=f"there is no column {name!r}; there are {', '.join(every)}")


def _only(items: Iterable[Any], columns: Sequence[str], known: Sequence[str]) -> Iterator[Any]:
    """Yield rows of COLUMNS alone; a first row may have more than those KNOWN, which are shown when nobody chooses.

    Errors and reports among them stay.
    """
    every: list[str] = []
    for item in items:
        if isinstance(item, SupError | BulkReport):
            yield item
            continue
        if not every:
            every = list(dict.fromkeys([*known, *item]))
            _check(columns, every)
        yield {name: item.get(name) for name in columns}


def _queried(result: Result, query: ParsedResult) -> Result:
    """Return a result that shows what the query makes of the listing, or of the value."""
    if isinstance(result, Live) and result.watched:
        raise UsageError(reason="--query needs a whole answer; this one goes on while somebody watches")
    ending = Ending(result)
    has_rows = is_listing(result)
    if isinstance(result, Listing):
        found: object = list(ending.rest(result.rows))
    elif isinstance(result, Live) and has_rows:
        found = [row for rows in ending.pages(result) for row in rows]
    else:
        # The work may lie behind it.
        deque(ending.rest(result.events if isinstance(result, Live) else result.lines), maxlen=0)
        found = as_data(result.term) if result.data is None else result.data
    value = _answer(query, found)
    code = result.code if isinstance(result, Answer | Listing) else None
    if isinstance(value, list) and (value or has_rows) and all(isinstance(each, dict) for each in value):
        columns = list(dict.fromkeys(key for each in value for key in each))
        # Of rows of which none is left nobody knows whether they would be objects: there is either, without any.
        data: object = None if value else []
        return Listing(columns, [*value, *ending.reports], data=data, term=result.term, instead=True, code=code)
    lines = [plain_cell(each) for each in (value if isinstance(value, list) else [value])]
    report = next((each for each in ending.reports if each.failure), next(iter(ending.reports), None))
    return Answer(result.term, value, lines, report, instead=True, code=code)


def _answer(query: ParsedResult, found: object) -> object:
    from jmespath.exceptions import JMESPathError

    try:
        return query.search(json.loads(plain_json(found)))
    except (JMESPathError, TypeError, ValueError) as error:
        raise QueryFailed(reason=_first_line(error)) from None
