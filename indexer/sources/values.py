"""What a field of a manifest or of a sample's JSON may hold. Everything else is a `SourceError` that says where."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Mapping

from retrieval.errors import SourceError
from retrieval.records import MAX_DOC_ID_BYTES
from retrieval.types import AttributeValue

_INT64 = 2**63


def checked_text(value: str, *, what: str, place: str) -> str:
    """`value`, if every database can store it as UTF-8."""
    if "\0" in value:
        raise SourceError(f"{place}: {what} contains a NUL character; remove it")
    if not is_utf8(value):
        raise SourceError(f"{place}: {what} is not valid Unicode (a lone surrogate); write it as UTF-8")
    return value


def is_utf8(text: str) -> bool:
    """Whether a text can be written as UTF-8: no lone surrogates, which stand for odd bytes in file names."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escaped(name: str) -> str:
    r"""A file name with bytes that are not UTF-8 written as `\xNN`."""
    return name if is_utf8(name) else os.fsencode(name).decode("utf-8", "backslashreplace")


def as_doc_id(value: object, *, what: str, place: str) -> str:
    """A text or a whole number as a document id."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise SourceError(f"{place}: {what} must be a text or a whole number, not {_kind(value)}")
    if not value.strip():
        raise SourceError(f"{place}: {what} is empty; give every row an id")
    if len(value.encode(errors="surrogatepass")) > MAX_DOC_ID_BYTES:
        raise SourceError(f"{place}: {what} is longer than {MAX_DOC_ID_BYTES} bytes; give a shorter id")
    return checked_text(value, what=what, place=place)


def as_captions(value: object, *, what: str, place: str) -> tuple[str, ...]:
    """One text or a list of texts as captions, trimmed; blank ones and None are left out."""
    texts = value if isinstance(value, list) else [] if value is None else [value]
    captions = []
    for text in texts:
        if not isinstance(text, str):
            raise SourceError(f"{place}: {what} must be a text or a list of texts, not {_kind(text)}")
        captions.append(checked_text(text.strip(), what=what, place=place))
    return tuple(caption for caption in captions if caption)


def as_attribute(value: object, *, what: str, place: str) -> AttributeValue:
    """A JSON scalar or a list of texts as the value of an attribute; NaN counts as absent (None)."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return checked_text(value, what=what, place=place)
    if isinstance(value, int) and -_INT64 <= value < _INT64:
        return value
    if isinstance(value, float) and not math.isinf(value):
        return None if math.isnan(value) else value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [checked_text(item, what=what, place=place) for item in value]
    raise SourceError(
        f"{place}: {what} must be a text, a 64-bit number, true, false, null or a list of texts, not {_kind(value)}; "
        "convert it or exclude the field"
    )


def split_fields(
    fields: Mapping[str, object], *, is_caption: Callable[[str], bool], exclude: Collection[str], place: str
) -> tuple[tuple[str, ...], dict[str, AttributeValue]]:
    """Captions (each once, in order) and attributes of one record; an object named `attributes` is merged in."""
    captions: dict[str, None] = {}
    attributes: dict[str, AttributeValue] = {}
    for name, value in fields.items():
        if name in exclude:
            continue
        if is_caption(name):
            captions.update(dict.fromkeys(as_captions(value, what=repr(name), place=place)))
        elif name == "attributes" and isinstance(value, dict):
            nested = {key: item for key, item in value.items() if key not in exclude}
            _merge(attributes, nested, place)
        else:
            _merge(attributes, {name: value}, place)
    return tuple(captions), attributes


def _merge(attributes: dict[str, AttributeValue], fields: Mapping[str, object], place: str) -> None:
    for name, value in fields.items():
        if not name.strip():
            raise SourceError(f"{place}: an attribute has no name; name it or remove it")
        if name in attributes:
            raise SourceError(f"{place}: attribute {name!r} is given twice, in 'attributes' and beside it; keep one")
        kept = as_attribute(value, what=repr(checked_text(name, what="an attribute's name", place=place)), place=place)
        if kept is not None:
            attributes[name] = kept


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a mixed list", str: "a text", bool: "true or false", type(None): "null"}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "a number" if abs(value) < _INT64 else "a number that large"
    return names.get(type(value), type(value).__name__)
