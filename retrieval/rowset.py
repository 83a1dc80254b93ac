"""Which rows of a segment a search may return, in each of the forms that an index asks for."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval.types import BoolArray, KeyArray


class RowSet:
    """A constant set of row numbers 0..size-1. Other forms are made when first asked for, and kept.

    `bitmap` is uint8 (size / 8, rounded up), row r at bit r % 8 of byte r // 8, and no bit set beyond the last row.
    """

    def __init__(self, bitmap: NDArray[np.uint8], size: int) -> None:
        bitmap.flags.writeable = False
        self.bitmap = bitmap
        self.size = size

    @classmethod
    def of_mask(cls, mask: BoolArray) -> RowSet:
        """The rows that are True in bool (size,)."""
        return cls(np.packbits(mask, bitorder="little"), len(mask))

    @classmethod
    def of_rows(cls, rows: KeyArray, size: int) -> RowSet:
        """Row numbers, int64 (n,), in any order."""
        mask = np.zeros(size, np.bool_)
        mask[rows] = True
        return cls.of_mask(mask)

    def __and__(self, other: RowSet) -> RowSet:
        return RowSet(self.bitmap & other.bitmap, self.size)

    @cached_property
    def count(self) -> int:
        """How many rows there are in it."""
        return int(np.bitwise_count(self.bitmap).sum())

    @property
    def mask(self) -> BoolArray:
        """Bool (size,), made anew each time: it is eight times as large as the bitmap."""
        return np.unpackbits(self.bitmap, count=self.size, bitorder="little").view(np.bool_)

    @cached_property
    def rows(self) -> KeyArray:
        """Row numbers, ascending int64 (n,)."""
        return np.flatnonzero(self.mask)

    @property
    def nbytes(self) -> int:
        """Bytes held at present."""
        rows = self.__dict__.get("rows")
        return self.bitmap.nbytes + (0 if rows is None else rows.nbytes)

    def has(self, rows: KeyArray) -> BoolArray:
        """Which of some row numbers, int64 (n,), are in the set."""
        bits: BoolArray = (self.bitmap[rows >> 3] >> (rows & 7).astype(np.uint8) & 1).view(np.bool_)
        return bits
