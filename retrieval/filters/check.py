"""Whether a filter fits the attributes at hand: a name that nobody has, a comparison that can never hold."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from retrieval.errors import FilterError, InputError
from retrieval.filters.ast import (
    Comparison,
    Condition,
    Contains,
    Filter,
    Flag,
    Membership,
    Number,
    Text,
    Value,
    quote_name,
)
from retrieval.filters.attribute import ValueKind
from retrieval.filters.lexer import NUMBER, filter_error

_WORDS: Mapping[ValueKind, str] = {
    "number": "numbers",
    "string": "strings",
    "boolean": "true or false",
    "list": "lists of strings",
}
_KIND_OF = {Number: "a number", Text: "a string", Flag: "a truth value"}
_LISTED_NAMES = 8


def check_name(name: str, known: Collection[str]) -> None:
    """Raise `InputError` where no item has an attribute of this name."""
    if name not in known:
        raise InputError(f"no item has an attribute {quote_name(name)}; {_suggestion(name, known)}")


def check(where: Filter, known: Mapping[str, Mapping[ValueKind, int]]) -> None:
    """Raise `FilterError` for the first condition that names no attribute or compares with a type it never has.

    `known` gives for each attribute how many values of each kind there are.
    """
    for condition in where.conditions():
        kinds = known.get(condition.name)
        if kinds is None:
            message = f"no item has an attribute {quote_name(condition.name)}; {_suggestion(condition.name, known)}"
            raise _error(where, message, condition.position)
        for value in _values(condition):
            if not _fitting(value) & kinds.keys():
                raise _error(where, _mixed(condition.name, value, kinds), value.position)


def _error(where: Filter, message: str, position: int) -> FilterError:
    return filter_error(message, text=where.text or str(where), position=position)


def _values(condition: Condition) -> tuple[Value, ...]:
    match condition:
        case Comparison(_, _, value) | Contains(_, value):
            return (value,)
        case Membership(_, values):
            return values
        case _:
            return ()


def _fitting(value: Value) -> frozenset[ValueKind]:
    match value:
        case Number():
            return frozenset({"number"})
        case Text():
            return frozenset({"string", "list"})
        case Flag():
            return frozenset({"boolean"})


def _suggestion(name: str, known: Collection[str]) -> str:
    lowered = {other.lower(): other for other in known}
    near = difflib.get_close_matches(name.lower(), lowered, n=3)
    if near:
        return f"did you mean {' or '.join(quote_name(lowered[other]) for other in near)}?"
    if not known:
        return "there are no attributes at all"
    listed = ", ".join(map(quote_name, sorted(known)[:_LISTED_NAMES]))
    return f"there are {listed}{' and more' if len(known) > _LISTED_NAMES else ''}"


def _mixed(name: str, value: Value, kinds: Mapping[ValueKind, int]) -> str:
    holds = " and ".join(_WORDS[kind] for kind in sorted(kinds))
    return f"{quote_name(name)} holds {holds}, never {_KIND_OF[type(value)]} such as {value}{_remedy(value, kinds)}"


def _remedy(value: Value, kinds: Mapping[ValueKind, int]) -> str:
    match value:
        case Text(text) if "number" in kinds and NUMBER.fullmatch(text):
            return f"; write {text} without quotes"
        case Text(text) if "boolean" in kinds and text.lower() in ("true", "false"):
            return f"; write {text.lower()} without quotes"
        case Number() if "string" in kinds or "list" in kinds:
            return f'; write "{value}" in quotes'
        case _:
            return ""
