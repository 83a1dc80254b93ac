"""Rows of a manifest as named fields, whatever the file format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from indexer.sources.lines import place_of, utf8_lines
from retrieval.errors import SourceError

ObjectHook: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""Gives what is to be kept of a JSON object that was just parsed."""


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
    value = parse_json(text, place)
    if not isinstance(value, dict):
        raise SourceError(f"{place}: not a JSON object; write one object in {{...}} for each image")
    return value


def parse_list(text: str, place: str) -> Any:
    """A text that begins like a JSON list as that list; any other as it is."""
    return parse_json(text, place) if text.lstrip().startswith("[") else text


def parse_json(text: str | bytes, place: str, *, object_hook: ObjectHook | None = None) -> Any:
    """Any JSON value, each object in it as `object_hook` returns it. Raises `SourceError` for what is none."""
    try:
        return json.loads(text, object_hook=object_hook)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{place}: not valid JSON ({error}); correct it") from error
