"""The shape of a filter: conditions on attributes, joined by and, or and not.

`str()` of any node is its canonical text, which parses to an equal node. Positions are 0-based offsets into the text
that was parsed, of a value or of a condition's name; they serve error messages and play no part in equality.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from retrieval.errors import InputError

Ordering: TypeAlias = Literal["<", "<=", ">", ">="]
Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]

KEYWORDS = frozenset({"and", "or", "not", "in", "contains", "exists", "true", "false", "null"})
NAME = re.compile(r"[^\W\d]\w*(?:[.-]\w+)*")
"""A name that needs no backticks, unless it is a keyword."""

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Text:
    """A string constant."""

    value: str
    position: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return quote(self.value, '"')


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number; 50 and 50.0 are the same. Raises `InputError` for NaN and infinities."""

    value: int | float
    position: int = field(default=0, compare=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise InputError(f"a filter compares with finite numbers only, not {self.value}")

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`."""

    value: bool
    position: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return "true" if self.value else "false"


Value: TypeAlias = Text | Number | Flag
"""Constants of different types are never equal, although `True == 1` in Python."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`name operator value`; a `Flag` goes with = and != only."""

    name: str
    operator: Operator
    value: Value
    position: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{quote_name(self.name)} {self.operator} {self.value}"


@dataclass(frozen=True, slots=True)
class Membership:
    """`name in (values)`, or `name not in (values)` where negated."""

    name: str
    values: tuple[Value, ...]
    negated: bool = False
    position: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        word = "not in" if self.negated else "in"
        return f"{quote_name(self.name)} {word} ({', '.join(map(str, self.values))})"


@dataclass(frozen=True, slots=True)
class Contains:
    """`name contains "text"`: a substring of a string, or an element of a list."""

    name: str
    value: Text
    position: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{quote_name(self.name)} contains {self.value}"


@dataclass(frozen=True, slots=True)
class Exists:
    """`exists(name)`."""

    name: str
    position: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return f"exists({quote_name(self.name)})"


@dataclass(frozen=True, slots=True)
class Not:
    """Everything that `term` does not match."""

    term: Node

    def __str__(self) -> str:
        return f"not {_enclosed(self.term, (And, Or))}"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more terms."""

    terms: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(_enclosed(term, (And, Or)) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more terms."""

    terms: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(_enclosed(term, (Or,)) for term in self.terms)


Condition: TypeAlias = Comparison | Membership | Contains | Exists
Node: TypeAlias = Condition | Not | And | Or


@dataclass(frozen=True, slots=True)
class Filter:
    """A whole filter; `text` is what it was parsed from, and plays no part in equality."""

    root: Node
    text: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return str(self.root)

    def conditions(self) -> Iterator[Condition]:
        """Every condition on an attribute, in the order of the text."""
        yield from _conditions(self.root)


def quote(text: str, mark: str) -> str:
    """`text` between two `mark`s, on one line: control characters, backslashes and marks are escaped."""
    return mark + "".join(_escape(char, mark) for char in text) + mark


def quote_name(name: str) -> str:
    """`name` as a filter writes it: bare where that is possible, else in backticks."""
    bare = NAME.fullmatch(name) and name.lower() not in KEYWORDS
    return name if bare else quote(name, "`")


def _escape(char: str, mark: str) -> str:
    if char == mark:
        return "\\" + char
    if char in _ESCAPES:
        return _ESCAPES[char]
    return char if char.isprintable() or char >= "\ud800" else f"\\u{ord(char):04x}"


def _enclosed(node: Node, looser: tuple[type, ...]) -> str:
    return f"({node})" if isinstance(node, looser) else str(node)


def _conditions(node: Node) -> Iterator[Condition]:
    match node:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _conditions(term)
        case Not(term):
            yield from _conditions(term)
        case _:
            yield node
