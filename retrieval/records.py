"""What a catalogue record may hold, checked where records enter, and a digest of one."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence

from retrieval.errors import InputError, RecordError
from retrieval.types import CatalogRecord

MAX_DOC_ID_BYTES = 2_000
"""In UTF-8; what the index of a PostgreSQL table takes with room to spare."""
LONGEST_CAPTION = 10_000
LARGEST_ATTRIBUTES = 65_536


def check_record(record: CatalogRecord) -> CatalogRecord:
    """Return the record if a database can hold it.

    Raises:
        RecordError: for a doc_id, caption or attribute that is empty or too long, not
            plain text (NUL bytes, lone surrogates) or not a finite JSON value.
    """
    _check_text(record.doc_id, "doc_id", MAX_DOC_ID_BYTES)
    if not 1 <= len(record.doc_id.encode()) <= MAX_DOC_ID_BYTES:
        raise RecordError(
            f"the doc_id has {len(record.doc_id.encode()):,} bytes: 1 to {MAX_DOC_ID_BYTES:,} are possible"
        )
    for caption in record.captions:
        _check_text(caption, "a caption", LONGEST_CAPTION)
    for name, value in record.attributes.items():
        _check_text(name, "an attribute's name", 200)
        _check_value(value, name)
    return record


def as_list(texts: Sequence[str], what: str) -> tuple[str, ...]:
    """The texts; `InputError` for a single one, which Python would take for the list of its letters."""
    if isinstance(texts, str):
        raise InputError(f"{what} are one text, {texts[:50]!r}: give a list of texts")
    return tuple(texts)


def _check_value(value: object, name: str) -> None:
    if isinstance(value, list):
        if others := [single for single in value if not isinstance(single, str)]:
            raise RecordError(
                f"attribute {name!r} is a list with {type(others[0]).__name__} in it: use a list of texts"
            )
        for single in value:
            _check_text(single, f"attribute {name!r}", LARGEST_ATTRIBUTES)
    elif isinstance(value, str):
        _check_text(value, f"attribute {name!r}", LARGEST_ATTRIBUTES)
    elif isinstance(value, float) and not math.isfinite(value):
        raise RecordError(f"attribute {name!r} is not a finite number")
    elif value is not None and not isinstance(value, int | float):
        raise RecordError(
            f"attribute {name!r} is a {type(value).__name__}: use text, a number, a bool or a list of texts"
        )


def record_sha256(record: CatalogRecord) -> str:
    """Digest of what is said of an image (captions and attributes); changes when any of it does."""
    said = {"captions": record.captions, "attributes": dict(record.attributes)}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _check_text(text: object, what: str, longest: int) -> None:
    if not isinstance(text, str):
        raise RecordError(f"{what} must be a text, not {type(text).__name__}")
    if len(text) > longest:
        raise RecordError(f"{what} has {len(text):,} characters: {longest:,} is the most")
    if "\0" in text:
        raise RecordError(f"{what} contains a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RecordError(f"{what} contains a character that is not valid Unicode") from None
