"""From the text of a filter to tokens, one at a time, with an error at the first character that fits nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from retrieval.errors import FilterError
from retrieval.filters.ast import KEYWORDS, NAME, quote

Kind: TypeAlias = Literal["name", "keyword", "string", "number", "operator", "(", ")", ",", "end"]

OPERATORS = {"=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

_MARKS: Mapping[str, Kind] = {"(": "(", ")": ")", ",": ","}
_MISTAKES = {
    "=>": ">=", "=<": "<=", "<>": "!=", "=!": "!=", "===": "=", "!==": "!=",
    "&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", "~": "contains", "=~": "contains",
}  # fmt: skip
_SPACE = re.compile(r"\s*")
_OPERATOR = re.compile(r"[=!<>&|~^]+")
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NUMBER_LIKE = re.compile(r"[+-]?\.?[0-9][\w.:+-]*")
_QUOTED = {mark: re.compile(rf"{mark}((?:[^{mark}\\]|\\.)*+){mark}", re.DOTALL) for mark in "\"'`"}
_ESCAPE = re.compile(r"\\(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'", "`": "`"}


@dataclass(frozen=True, slots=True)
class Token:
    """`value` is what the token stands for: a name or string without quotes, a number, a lower-case keyword."""

    kind: Kind
    value: str | int | float
    position: int
    source: str

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end of the filter"
        source = self.source if len(self.source) <= 30 else self.source[:29] + "…"
        return f"the {self.kind} {source}" if self.kind in ("name", "string", "number") else f"'{source}'"


def lex(text: str) -> Iterator[Token]:
    """Yield the tokens of `text`, the last one of kind "end". Raises `FilterError`."""
    position = 0
    while (position := _end_of_space(text, position)) < len(text):
        token = _token(text, position)
        yield token
        position += len(token.source)
    yield Token("end", "", position, "")


def filter_error(message: str, *, text: str, position: int) -> FilterError:
    """A `FilterError` whose message stays on one line whatever the filter holds; offsets are unchanged."""
    return FilterError(_on_one_line(message), expression=_on_one_line(text), position=position)


def _token(text: str, position: int) -> Token:
    char = text[position]
    if char in _QUOTED:
        return _quoted(text, position, char)
    if char in _MARKS:
        return Token(_MARKS[char], char, position, char)
    if found := _OPERATOR.match(text, position):
        return _operator(text, position, found[0])
    if found := _NUMBER_LIKE.match(text, position):
        return _number(text, position, found[0])
    if found := NAME.match(text, position):
        return _word(position, found[0])
    if char in "“”„‘’":
        raise filter_error(f"{char} is a typographic quote; write \" or '", text=text, position=position)
    raise filter_error(f"unexpected character {quote(char, chr(39))}", text=text, position=position)


def _word(position: int, word: str) -> Token:
    keyword = word.lower()
    return Token("keyword", keyword, position, word) if keyword in KEYWORDS else Token("name", word, position, word)


def _operator(text: str, position: int, source: str) -> Token:
    if source in OPERATORS:
        return Token("operator", OPERATORS[source], position, source)
    meant = _MISTAKES.get(source)
    advice = f"did you mean {meant} ?" if meant else f"there are {' '.join(OPERATORS)}"
    raise filter_error(f"unknown operator {source} ; {advice}", text=text, position=position)


def _number(text: str, position: int, source: str) -> Token:
    if not NUMBER.fullmatch(source):
        message = f"{source[:30]} is not a number; dates and other text go in quotes"
        raise filter_error(message, text=text, position=position)
    try:
        value = int(source) if source.lstrip("+-").isdigit() else float(source)
    except ValueError:  # Python refuses integers of more than 4,300 digits
        value = float("inf")
    if value in (float("inf"), float("-inf")):
        raise filter_error("a number that is too large to compare with", text=text, position=position)
    return Token("number", value, position, source)


def _quoted(text: str, position: int, mark: str) -> Token:
    what: Kind = "name" if mark == "`" else "string"
    found = _QUOTED[mark].match(text, position)
    if found is None:
        raise filter_error(f"unterminated {what}: no closing {mark}", text=text, position=position)
    return Token(what, _unescape(text, found.start(1), found.end(1)), position, found[0])


def _unescape(text: str, start: int, end: int) -> str:
    """Undo the escapes of JSON, and of the other two quotes, in text[start:end]."""
    pieces = []
    while found := _ESCAPE.search(text, start, end):
        pieces += [text[start : found.start()], _escaped(text, found)]
        start = found.end()
    return "".join([*pieces, text[start:end]])


def _escaped(text: str, found: re.Match[str]) -> str:
    code = found[1]
    if code in _ESCAPED:
        return _ESCAPED[code]
    if len(code) == 5:
        return chr(int(code[1:], 16))
    if len(code) == 11:  # two halves of one character beyond U+FFFF, as JSON writes it
        return (chr(int(code[1:5], 16)) + chr(int(code[7:], 16))).encode("utf-16", "surrogatepass").decode("utf-16")
    message = f"unknown escape \\{code}; a backslash itself is written \\\\"
    raise filter_error(message, text=text, position=found.start())


def _end_of_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _on_one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
