"""The attributes of many items in columns: append rows, take constant snapshots, filter."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import numpy as np

from retrieval.errors import InputError
from retrieval.filters.ast import Filter
from retrieval.filters.attribute import ValueKind
from retrieval.filters.attribute_builder import AttributeBuilder
from retrieval.filters.batch import group
from retrieval.filters.growing import Growing
from retrieval.filters.snapshot import AttributeSnapshot
from retrieval.types import AttributeValue, BoolArray, KeyArray

MAX_ROWS = 2**31 - 1


class AttributeTable:
    """Append-only attributes of items named by their index keys.

    Appends take turns; everything else reads the last snapshot, takes no lock and may run in any thread meanwhile. To
    filter and then look at `keys`, take one `snapshot` and ask it for both.
    """

    def __init__(self) -> None:
        self._appending = threading.Lock()
        self._keys = Growing(np.int64)
        self._builders: dict[str, AttributeBuilder] = {}
        self._snapshot = AttributeSnapshot(self._keys.view(), {})

    def append(self, keys: KeyArray, rows: Sequence[Mapping[str, AttributeValue]]) -> None:
        """Add one row of attributes for each key, int64 (n,), visible all at once. Keys are not checked for repeats.

        Raises `InputError`, and adds nothing, when the lengths differ or a value is not an `AttributeValue`.
        """
        if keys.shape != (len(rows),):
            raise InputError(f"keys of shape {keys.shape} do not go with {len(rows):,} rows of attributes")
        with self._appending:
            first = len(self._snapshot.keys)
            if first + len(rows) > MAX_ROWS:
                raise InputError(f"an attribute table holds at most {MAX_ROWS:,} rows; use one per segment")
            batches = group(rows, first)
            attributes = dict(self._snapshot.attributes)
            for (name, kind), (at, values) in batches.items():
                self._builders.setdefault(name, AttributeBuilder()).extend(kind, at, values)
            attributes |= {name: self._builders[name].freeze() for name, _ in batches}
            self._keys.extend(keys)
            self._snapshot = AttributeSnapshot(self._keys.view(), attributes)

    def snapshot(self) -> AttributeSnapshot:
        """The table as it is now; it never changes."""
        return self._snapshot

    @property
    def keys(self) -> KeyArray:
        """Keys of the rows in the order of appending, int64 (rows,), read-only."""
        return self._snapshot.keys

    def mask(self, where: Filter) -> BoolArray:
        """Which rows pass, bool (rows,). See `AttributeSnapshot.mask`."""
        return self._snapshot.mask(where)

    def check(self, where: Filter) -> None:
        """Raise `FilterError` where the filter does not fit. See `AttributeSnapshot.check`."""
        self._snapshot.check(where)

    def names(self) -> Mapping[str, Mapping[ValueKind, int]]:
        """The attributes and how many rows have a value of each kind."""
        return self._snapshot.names()

    @property
    def nbytes(self) -> int:
        """Bytes held, room to grow included."""
        with self._appending:
            return self._keys.nbytes + sum(builder.nbytes for builder in self._builders.values())
