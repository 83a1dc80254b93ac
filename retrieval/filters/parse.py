"""The grammar of the filter language as a recursive descent; docs/filters.md gives it in EBNF."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from retrieval.errors import FilterError
from retrieval.filters.ast import (
    And,
    Comparison,
    Condition,
    Contains,
    Exists,
    Filter,
    Flag,
    Membership,
    Node,
    Not,
    Number,
    Operator,
    Or,
    Text,
    Value,
    quote,
    quote_name,
)
from retrieval.filters.lexer import Kind, Token, filter_error, lex

MAX_LENGTH = 10_000
"""Characters of a filter."""

MAX_DEPTH = 64
"""How deep parentheses and `not` may nest."""

MAX_CONDITIONS = 1_000
"""How many comparisons a filter may hold; values of an `in` list are bounded by the length alone."""

_HINTS = {
    "is": "for presence write exists(NAME) or not exists(NAME), for equality =",
    "like": 'for a part of a text write contains "text"',
    "between": "write NAME >= LOW and NAME <= HIGH",
    "has": 'write contains "text"',
}


def parse_filter(text: str) -> Filter:
    """Parse a filter such as `category = "dress" and price < 50`.

    Raises `FilterError` with the 0-based position of the first thing that is wrong.
    """
    if len(text) > MAX_LENGTH:
        message = f"a filter has at most {MAX_LENGTH:,} characters, not {len(text):,}"
        raise filter_error(message, text=text, position=MAX_LENGTH)
    return Filter(_Parser(text).whole(), text)


class _Parser:
    """One token of look-ahead over the tokens of `text`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = lex(text)
        self._token = next(self._tokens)
        self._depth = 0
        self._conditions = 0

    def whole(self) -> Node:
        """The tree of all of the text; `FilterError` names the place at which it is none."""
        if self._at("end"):
            raise self._error("the filter is empty; write something like price < 50, or leave it out")
        node = self._disjunction()
        if self._at(")"):
            raise self._error("a ')' that no '(' opened")
        if not self._at("end"):
            raise self._error(f"expected 'and', 'or' or the end, found {self._token}")
        return node

    def _disjunction(self) -> Node:
        terms = self._joined("or", self._conjunction)
        return terms[0] if len(terms) == 1 else Or(terms)

    def _conjunction(self) -> Node:
        terms = self._joined("and", self._negation)
        return terms[0] if len(terms) == 1 else And(terms)

    def _joined(self, keyword: str, term: Callable[[], Node]) -> tuple[Node, ...]:
        terms = [term()]
        while self._skipped(keyword):
            terms.append(term())
        return tuple(terms)

    def _negation(self) -> Node:
        start = self._token
        if not self._skipped("not"):
            return self._primary()
        self._enter(start)
        term = self._negation()
        self._depth -= 1
        return Not(term)

    def _primary(self) -> Node:
        start = self._token
        if start.kind != "(":
            return self._condition()
        self._advance()
        self._enter(start)
        node = self._disjunction()
        self._close(start)
        self._depth -= 1
        return node

    def _condition(self) -> Condition:
        start = self._token
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise self._error(f"a filter has at most {MAX_CONDITIONS:,} comparisons")
        if self._skipped("exists"):
            return self._exists()
        name = self._name()
        match self._token.kind, self._token.value:
            case "operator", _:
                return self._comparison(name, start)
            case "keyword", "in":
                return self._membership(name, start, negated=False)
            case "keyword", "not":
                self._advance()
                return self._membership(name, start, negated=True)
            case "keyword", "contains":
                return self._contains(name, start)
        hint = _HINTS.get(str(self._token.value).lower(), "such as = or < or in")
        raise self._error(f"expected a comparison after {quote_name(name)}, found {self._token}; {hint}")

    def _exists(self) -> Exists:
        opening = self._expect("(", "expected '(' and an attribute name after 'exists'")
        position = self._token.position
        name = self._name()
        self._close(opening)
        return Exists(name, position)

    def _comparison(self, name: str, start: Token) -> Comparison:
        sign = self._advance()
        value = self._value(sign)
        operator = cast(Operator, sign.value)
        if isinstance(value, Flag) and operator not in ("=", "!="):
            raise self._error(f"{value} compares with = and != only, not with {operator}", value.position)
        return Comparison(name, operator, value, start.position)

    def _membership(self, name: str, start: Token, *, negated: bool) -> Membership:
        if not self._skipped("in"):
            raise self._error(f"expected 'in' after 'not', found {self._token}; otherwise 'not' stands before the name")
        opening = self._expect("(", "expected '(' after 'in'")
        values = [self._value(opening)]
        while self._at(","):
            values.append(self._value(self._advance()))
        self._close(opening)
        return Membership(name, tuple(values), negated, start.position)

    def _contains(self, name: str, start: Token) -> Contains:
        value = self._value(self._advance())
        if not isinstance(value, Text):
            raise self._error(f"contains takes a text in quotes, found {value}", value.position)
        return Contains(name, value, start.position)

    def _name(self) -> str:
        token = self._token
        if token.kind == "name":
            return str(self._advance().value)
        if token.kind in ("string", "number"):
            raise self._error(f"expected an attribute name, found {token}; the name stands first, as in price > 50")
        if token.kind == "keyword":
            raise self._error(
                f"expected an attribute name, found the keyword {token}; a name like that goes in `backticks`"
            )
        raise self._error(f"expected an attribute name, found {token}")

    def _value(self, after: Token) -> Value:
        token = self._token
        match token.kind, token.value:
            case "string", str(text):
                value: Value = Text(text, token.position)
            case "number", (int() | float()) as number:
                value = Number(number, token.position)
            case "keyword", ("true" | "false") as word:
                value = Flag(word == "true", token.position)
            case "keyword", "null":
                raise self._error("null is not a value; for presence write exists(NAME) or not exists(NAME)")
            case "name", str(name):
                quoted = quote(name, '"')
                raise self._error(f"expected a value after {after}, found {token}; text goes in quotes: {quoted}")
            case _:
                raise self._error(f"expected a value after {after}, found {token}")
        self._advance()
        return value

    def _at(self, kind: Kind) -> bool:
        return self._token.kind == kind

    def _advance(self) -> Token:
        token = self._token
        if not self._at("end"):
            self._token = next(self._tokens)
        return token

    def _skipped(self, keyword: str) -> bool:
        found = self._token.kind == "keyword" and self._token.value == keyword
        if found:
            self._advance()
        return found

    def _expect(self, kind: Kind, message: str) -> Token:
        if not self._at(kind):
            raise self._error(f"{message}, found {self._token}")
        return self._advance()

    def _close(self, opening: Token) -> None:
        self._expect(")", f"expected ')' for the '(' at position {opening.position + 1}")

    def _enter(self, start: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"parentheses and 'not' may nest {MAX_DEPTH} deep", start.position)

    def _error(self, message: str, position: int | None = None) -> FilterError:
        at = self._token.position if position is None else position
        return filter_error(message, text=self._text, position=at)
