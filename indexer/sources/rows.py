"""Rows of a manifest as named fields, whatever the file format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.sources.lines import place_of, utf8_lines
from retrieval.errors import SourceError


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line that it starts on, from 1, and its fields as JSON values."""

    line: int
    fields: Mapping[str, Any]


def read_jsonl(path: Path) -> Iterator[Row]:
    """One JSON object a line; blank lines are skipped. Raises `SourceError` naming the line."""
    for number, line in enumerate(utf8_lines(path), start=1):
        if line.strip():
            yield Row(number, parse_object(line, place_of(path, number)))


def parse_object(text: str | bytes, place: str) -> dict[str, Any]:
    """A JSON object. Raises `SourceError` for anything else, invalid UTF-8 included."""
    value = _parsed(text, place)
    if not isinstance(value, dict):
        raise SourceError(f"{place}: not a JSON object; write one object in {{...}} for each image")
    return value


def parse_list(text: str, place: str) -> Any:
    """A text that begins like a JSON list as that list; any other as it is."""
    return _parsed(text, place) if text.lstrip().startswith("[") else text


def _parsed(text: str | bytes, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{place}: not valid JSON ({error}); correct it") from error
