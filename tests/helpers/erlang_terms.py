"""Erlang terms for property tests, of every kind that there is."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from kazoo_sup.terms.shapes import Bits, Export, Improper, Map, Pid, Port, Reference
from kazoo_sup.terms.values import Atom, Charlist

_U32 = st.integers(0, 2**32 - 1)
_NAMES = st.sampled_from(["a@b", "kazoo_apps@apps1.example.com"])
_SPECIAL = {"true", "false", "null"}
_PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)


def _bits(data: bytes, last: int) -> Bits:
    """Return the first LAST bits of the last octet behind the octets before it, the rest of it zero."""
    return Bits(data[:-1] + bytes((data[-1] & (0xFF << (8 - last)) & 0xFF,)), last)


def _map(pairs: list[tuple[Any, Any]]) -> Map:
    return Map(tuple(pairs))


ATOMS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20).filter(lambda text: text not in _SPECIAL).map(Atom)
)
_SINGLE = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.binary(min_size=250, max_size=270).map(lambda octets: -int.from_bytes(octets, "big"))
    | st.floats(allow_nan=False, allow_infinity=False)
    | ATOMS
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    | st.binary(max_size=40).filter(lambda octets: not _is_utf_8(octets))
    | st.text(_PRINTABLE, min_size=1, max_size=40).map(Charlist)
    | st.builds(_bits, st.binary(min_size=1, max_size=5), st.integers(1, 7))
    | st.builds(Pid, _NAMES, _U32, _U32, _U32)
    | st.builds(Port, _NAMES, st.integers(0, 2**64 - 1), _U32)
    | st.builds(Reference, _NAMES, _U32, st.lists(_U32, min_size=1, max_size=5).map(tuple))
    | st.builds(Export, st.just("lists"), st.just("reverse"), st.integers(0, 255))
)


_TAILS = ATOMS | st.integers() | st.booleans()


def _compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.builds(Improper, st.lists(inner, min_size=1, max_size=3).map(tuple), _TAILS)
        | st.lists(st.tuples(inner, inner), max_size=3, unique_by=lambda pair: repr(pair[0])).map(_map)
    )


@st.composite
def _single(draw: st.DrawFn) -> Any:
    """Draw a term without parts; as a function of its own it is shown by its name alone."""
    return draw(_SINGLE)


TERMS = st.recursive(_single(), _compound, max_leaves=12)


def same(left: Any, right: Any) -> bool:
    """Tell whether two terms are the same, types included: 1 is neither 1.0 nor true, an atom no binary."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, Improper):
        return same(left.items, right.items) and same(left.tail, right.tail)
    if isinstance(left, Map):
        return same(left.pairs, right.pairs)
    return repr(left) == repr(right)


def as_a_node_has_it(term: Any) -> Any:
    """Return a term as it comes back from a node, which knows no strings apart from lists and sorts its maps."""
    if isinstance(term, Charlist):
        return [ord(character) for character in term]
    if isinstance(term, list):
        return [as_a_node_has_it(each) for each in term]
    if isinstance(term, tuple):
        return tuple(as_a_node_has_it(each) for each in term)
    if isinstance(term, Improper):
        return Improper(as_a_node_has_it(term.items), as_a_node_has_it(term.tail))
    if isinstance(term, Map):
        return Map(tuple(sorted(as_a_node_has_it(term.pairs), key=repr)))
    return term


def _is_utf_8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True
