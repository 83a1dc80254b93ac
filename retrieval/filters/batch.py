"""From rows of attributes to one batch of values per attribute and type, checked before anything is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

from retrieval.errors import InputError
from retrieval.filters.ast import quote_name
from retrieval.filters.attribute import ValueKind
from retrieval.types import AttributeValue

Batch: TypeAlias = tuple[list[int], list[Any]]
"""Row numbers, ascending, and the value that each has: all of one kind."""

_KINDS: Mapping[type, ValueKind] = {str: "string", int: "number", float: "number", bool: "boolean", list: "list"}


def group(rows: Sequence[Mapping[str, AttributeValue]], first_row: int) -> Mapping[tuple[str, ValueKind], Batch]:
    """Group the values of `rows`, numbered from `first_row`; None counts as absent.

    Raises `InputError` for a value that is not an `AttributeValue`.
    """
    batches: dict[tuple[str, ValueKind], Batch] = {}
    for row, attributes in enumerate(rows, first_row):
        for name, value in attributes.items():
            if value is None:
                continue
            kind = _KINDS.get(type(value)) or _kind_of_subclass(name, value)
            batch = batches.get((name, kind))
            if batch is None:
                batch = batches[name, kind] = ([], [])
            batch[0].append(row)
            batch[1].append(value)
    _check_elements(batches.items())
    return batches


def _kind_of_subclass(name: str, value: object) -> ValueKind:
    for kind, word in _KINDS.items():
        if isinstance(value, kind):
            return word
    raise _refused(name, value, "strings, numbers, true, false, lists of strings and null")


def _check_elements(batches: Iterable[tuple[tuple[str, ValueKind], Batch]]) -> None:
    for (name, kind), (_, values) in batches:
        if kind != "list" or set(map(type, chain.from_iterable(values))) <= {str}:
            continue
        for element in chain.from_iterable(values):
            if not isinstance(element, str):
                raise _refused(name, element, "strings in a list")


def _refused(name: str, value: object, known: str) -> InputError:
    return InputError(f"attribute {quote_name(name)} holds a value of type {type(value).__name__}; it may hold {known}")
