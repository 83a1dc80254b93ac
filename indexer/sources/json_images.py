"""The parts of a JSON file that describes images in lists of objects, with the place of each for messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from indexer.sources.rows import ObjectHook, parse_json
from indexer.sources.values import as_captions, checked_text
from retrieval.errors import SourceError


def read_document(path: Path, *, object_hook: ObjectHook | None = None) -> Mapping[str, Any]:
    """The JSON object that is the whole file, each object in it as `object_hook` returns it.

    Raises `SourceError` where the file cannot be read, is no JSON, or another value than an object.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not UTF-8 text (byte {error.start + 1}); save it as UTF-8") from error
    document = parse_json(text, str(path), object_hook=object_hook)
    if not isinstance(document, dict):
        raise SourceError(f"{path}: not a JSON object; write {{...}} with a list called 'images' in it")
    return document


def objects_in(fields: Mapping[str, Any], key: str, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object of the list called `key`, after its own place: `place, key[0]` and so on."""
    items = fields.get(key)
    if not isinstance(items, list):
        raise SourceError(f"{place}: no list called {key!r}; add it")
    for position, item in enumerate(items):
        item_place = f"{place}, {key}[{position}]"
        if not isinstance(item, dict):
            raise SourceError(f"{item_place}: not a JSON object; write {{...}}")
        yield item_place, item


def text_of(fields: Mapping[str, Any], key: str, place: str) -> str:
    """The field called `key`, a text that is not blank."""
    value = fields.get(key)
    if not isinstance(value, str) or not value.strip():
        raise SourceError(f"{place}: {key!r} must be a text that is not empty, not {_shown(value)}; write it there")
    return checked_text(value, what=repr(key), place=place)


def caption_of(fields: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    """The field called `key` as a caption, trimmed; none where it is blank."""
    value = fields.get(key)
    if not isinstance(value, str):
        raise SourceError(f"{place}: {key!r} must be the text of a caption, not {_shown(value)}; write it there")
    return as_captions(value, what=repr(key), place=place)


def _shown(value: object) -> str:
    text = "missing" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
