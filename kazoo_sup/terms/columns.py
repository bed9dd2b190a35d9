"""Text in columns as Erlang's io:format pads and cuts it (io_lib_format:string/5, term/5)."""

from __future__ import annotations

from kazoo_sup.terms.values import UNDEFINED


def text_field(value: object, width: int) -> str:
    """Return what `~-WIDTHs` makes of a value: padded on the right, or cut."""
    return shown(value)[:width].ljust(width)


def number_field(value: int, width: int) -> str:
    """Return what `~-WIDTHB` makes of a whole number: padded on the right, or asterisks where there is no room."""
    text = str(value)
    return text.ljust(width) if len(text) <= width else "*" * width


def shown(value: object) -> str:
    """Return what `~s` makes of a value: nothing at all is `undefined`, true and false are their names."""
    if value is None:
        return UNDEFINED
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
