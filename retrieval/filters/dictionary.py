"""Dictionary encoding: each distinct value of a column is stored once and stands as a small code in the rows.

A dictionary has one writer; its snapshots are constant and safe in every thread while it grows.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from retrieval.filters.ast import Ordering
from retrieval.filters.growing import Growing
from retrieval.filters.oracle import COMPARE
from retrieval.types import BoolArray

Term = TypeVar("Term", str, int)
CodeArray = NDArray[np.int32]

_LEADING = 8


@dataclass(frozen=True, slots=True, eq=False)
class Terms(Generic[Term]):
    """The first `size` entries of a dictionary, as one snapshot sees them."""

    values: Sequence[Term]
    codes: Mapping[Term, int]
    size: int

    def among(self, wanted: Iterable[Term]) -> list[int]:
        """Codes of those wanted values that occur."""
        return [code for code in map(self.codes.get, wanted) if code is not None and code < self.size]

    def ordered(self, sign: Ordering, bound: Term | float) -> BoolArray:
        """Which terms are < (<=, >, >=) `bound`, bool (size,)."""
        return self._test(COMPARE[sign], bound)

    def containing(self, part: Term) -> BoolArray:
        """Which terms, strings all, have `part` in them, bool (size,)."""
        return self._test(str.__contains__, part)

    def _test(self, test: Callable[..., bool], operand: Term | float) -> BoolArray:
        return np.fromiter(map(test, islice(self.values, self.size), repeat(operand)), dtype=np.bool_, count=self.size)


@dataclass(frozen=True, slots=True, eq=False)
class Texts(Terms[str]):
    """Terms that are strings; `leading` is uint64 (size,), see `_leading`."""

    leading: NDArray[np.uint64]

    def ordered(self, sign: Ordering, bound: str | float) -> BoolArray:
        """Which texts are < (<=, >, >=) `bound` by code points, bool (size,).

        Only texts that begin like `bound` are compared in full: ISO dates are decided at the speed of integers.
        """
        start = _leading([str(bound)])[0]
        found: BoolArray = self.leading < start if sign in ("<", "<=") else self.leading > start
        alike = np.flatnonzero(self.leading == start)
        found[alike] = [COMPARE[sign](self.values[code], bound) for code in alike.tolist()]
        return found


class Dictionary(Generic[Term]):
    """A growing dictionary."""

    def __init__(self) -> None:
        self._codes: _Codes[Term] = _Codes()
        self._term_bytes = 0

    def encode(self, values: Sequence[Term]) -> CodeArray:
        """Codes of `values`, int32 (n,); unseen ones are added."""
        known = len(self._codes)
        codes = np.fromiter(map(self._codes.__getitem__, values), dtype=np.int32, count=len(values))
        self._note(self._codes.in_order[known:])
        return codes

    def snapshot(self) -> Terms[Term]:
        """The dictionary as it is now."""
        return Terms(self._codes.in_order, self._codes, len(self._codes))

    @property
    def nbytes(self) -> int:
        """Bytes of the terms and of the tables that hold them."""
        return self._term_bytes + sys.getsizeof(self._codes) + sys.getsizeof(self._codes.in_order)

    def _note(self, added: Sequence[Term]) -> None:
        self._term_bytes += sum(map(sys.getsizeof, added))


class TextDictionary(Dictionary[str]):
    """A growing dictionary of strings, fast at ordering."""

    def __init__(self) -> None:
        super().__init__()
        self._leading = Growing(np.uint64)

    def snapshot(self) -> Texts:
        """The dictionary as it is now."""
        return Texts(self._codes.in_order, self._codes, len(self._codes), self._leading.view())

    @property
    def nbytes(self) -> int:
        """Bytes of the terms and of the tables that hold them."""
        return super().nbytes + self._leading.nbytes

    def _note(self, added: Sequence[str]) -> None:
        super()._note(added)
        self._leading.extend(_leading(added))


class _Codes(dict[Term, int]):
    """Value to code; asking for an unseen value gives it the next code."""

    def __init__(self) -> None:
        super().__init__()
        self.in_order: list[Term] = []

    def __missing__(self, value: Term) -> int:
        self.in_order.append(value)
        code = self[value] = len(self)
        return code


def _leading(texts: Iterable[str]) -> NDArray[np.uint64]:
    """The first 8 bytes of each text in UTF-8 as a big-endian number: numbers that differ order as the texts do."""
    heads = (text[:_LEADING].encode("utf-8", "surrogatepass")[:_LEADING].ljust(_LEADING, b"\0") for text in texts)
    return np.frombuffer(b"".join(heads), dtype=">u8").astype(np.uint64)
