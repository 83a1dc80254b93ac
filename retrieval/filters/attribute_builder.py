"""The writing side of an attribute: values of one kind at a time, each to the column that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from retrieval.filters.attribute import Attribute, ValueKind
from retrieval.filters.builders import CodedBuilder, FlagBuilder, ListBuilder, NumberBuilder
from retrieval.filters.columns import NumberArray, is_exact
from retrieval.filters.dictionary import Dictionary, TextDictionary

Column = TypeVar("Column", covariant=True)


class Builder(Protocol[Column]):
    """What the builders of all columns have in common."""

    def freeze(self) -> Column:
        """The column as it is now."""


class AttributeBuilder:
    """Builds an `Attribute`; columns come into being with their first value."""

    def __init__(self) -> None:
        self._numbers: NumberBuilder | None = None
        self._integers: CodedBuilder[int] | None = None
        self._strings: CodedBuilder[str] | None = None
        self._flags: FlagBuilder | None = None
        self._lists: ListBuilder | None = None

    def extend(self, kind: ValueKind, rows: Sequence[int], values: Sequence[Any]) -> None:
        """Append values of one kind; `rows` ascend and lie beyond those appended before."""
        at = np.array(rows, dtype=np.int32)
        match kind:
            case "number":
                self._extend_numbers(rows, values)
            case "string":
                self._strings = self._strings or CodedBuilder(TextDictionary())
                self._strings.extend(at, values)
            case "boolean":
                self._flags = self._flags or FlagBuilder()
                self._flags.extend(at, values)
            case "list":
                self._lists = self._lists or ListBuilder()
                self._lists.extend(at, values)

    def freeze(self) -> Attribute:
        """The attribute as it is now."""
        return Attribute(
            _frozen(self._numbers),
            _frozen(self._integers),
            _frozen(self._strings),
            _frozen(self._flags),
            _frozen(self._lists),
        )

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        builders = (self._numbers, self._integers, self._strings, self._flags, self._lists)
        return sum(builder.nbytes for builder in builders if builder)

    def _extend_numbers(self, rows: Sequence[int], values: Sequence[float]) -> None:
        at = np.array(rows, dtype=np.int32)
        rounded = _as_floats(values)
        large = np.flatnonzero(np.abs(rounded) >= 2.0**53).tolist()
        wide = [i for i in large if not is_exact(values[i])]
        if len(wide) < len(values):
            self._numbers = self._numbers or NumberBuilder()
            self._numbers.extend(np.delete(at, wide), np.delete(rounded, wide))
        if wide:
            self._integers = self._integers or CodedBuilder(Dictionary[int]())
            self._integers.extend(at[wide], [int(values[i]) for i in wide])


def _frozen(builder: Builder[Column] | None) -> Column | None:
    return builder.freeze() if builder else None


def _as_floats(values: Sequence[float]) -> NumberArray:
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:  # an integer beyond the largest float64
        return np.array([value if is_exact(value) else np.inf for value in values], dtype=np.float64)
